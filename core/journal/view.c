#include "journal/view.h"

#include "base/secret.h"
#include "base/text.h"
#include "journal/book_in.h"
#include "journal/revision.h"

#include <stdlib.h>
#include <string.h>

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* The longest beginning of at most EN_FIRST_WORDS_MAX bytes that ends at a
 * grapheme; s is longer. Between two ASCII characters there is always such an end
 * (CR LF does not come here), which saves looking at every character. */
static size_t cut_line(struct en_span s)
{
    size_t n = EN_FIRST_WORDS_MAX;

    if (s.p[n - 1] < 128 && s.p[n] < 128)
        return n;
    /* A character has at most as many columns as bytes, and the first of these
     * cuts that fits is the longest. */
    for (size_t cols = EN_FIRST_WORDS_MAX; cols > 0; cols--) {
        n = en_text_cut(s, cols);
        if (n <= EN_FIRST_WORDS_MAX)
            return n;
    }
    return 0;
}

en_err en_view_words(struct en_span text, struct en_buf *out, bool *cut)
{
    /* A few bytes more than are kept, so that the cut sees what follows it. */
    uint8_t line[EN_FIRST_WORDS_MAX + 64];
    size_t at = 0;
    size_t n = 0;
    en_err err;

    while (at < text.n && is_space(text.p[at]))
        at++;
    while (text.n > at && is_space(text.p[text.n - 1]))
        text.n--;
    while (at < text.n && n < sizeof(line)) {
        bool space = is_space(text.p[at]);

        line[n++] = space ? ' ' : text.p[at];
        at++;
        while (space && is_space(text.p[at]))
            at++; /* ends at a word: the text's own end is trimmed */
    }
    *cut = n > EN_FIRST_WORDS_MAX;
    err = en_buf_add(out, line, *cut ? cut_line(EN_SPAN(line, n)) : n);
    en_wipe(line, sizeof(line));
    return err;
}

/*
 * Folding one thing
 */

/* A tombstone named a record that a remaining revision replaces or had seen. */
static bool names_dropped(const struct en_book *b, const struct en_thing *t)
{
    for (const struct en_rev_kept *r = t->rev; r != NULL; r = r->next) {
        struct en_tail tail;

        en_tail_of(r, &tail);
        for (size_t i = 0; i < r->parents; i++) {
            if (en_book_is_dropped(b, &tail.parent[i]))
                return true;
        }
        for (size_t i = 0; i < r->afters; i++) {
            if (en_book_is_dropped(b, &tail.after[i]))
                return true;
        }
    }
    return false;
}

static void relink(struct en_thing *t, const struct en_rev *revs)
{
    struct en_rev_kept **at = &t->rev;

    for (uint32_t i = 0; i < t->n; i++) {
        struct en_rev_kept *r = revs[i].user;

        r->head = revs[i].head;
        r->number = i + 1;
        *at = r;
        at = &r->next;
    }
    *at = NULL;
}

en_err en_thing_fold(const struct en_book *b, struct en_thing *t)
{
    struct en_rev one = {0};
    struct en_rev *revs = &one;
    struct en_revs result;
    size_t i = 0;
    en_err err;

    if (t->n > 1) {
        revs = calloc(t->n, sizeof(*revs));
        if (revs == NULL)
            return EN_NOMEM;
    }
    for (struct en_rev_kept *r = t->rev; r != NULL; r = r->next, i++) {
        struct en_tail tail;

        en_tail_of(r, &tail);
        revs[i].record = r->record;
        revs[i].time_ms = r->time_ms;
        revs[i].deleted = r->deleted;
        revs[i].parents = r->parents;
        revs[i].parent = tail.parent;
        revs[i].afters = r->afters;
        revs[i].after = tail.after;
        revs[i].user = r;
    }
    assert(i == t->n);
    err = en_revs_fold(revs, t->n, &result);
    if (err != EN_OK)
        goto out;
    relink(t, revs);
    t->shown = revs[result.shown].user;
    t->heads = (uint32_t)result.heads;
    t->deleted = result.deleted || (b->dropped.n > 0 && names_dropped(b, t));
    t->key =
        t->shown->when.kind == EN_WHEN_NONE ? 0 : en_when_key(&t->shown->when);
out:
    if (revs != &one)
        free(revs);
    return err;
}

/*
 * Rows
 */

bool en_thing_mine(const struct en_book *b, const struct en_thing *t)
{
    return b->circle[t->circle].me != 0 && b->circle[t->circle].me == t->person;
}

bool en_thing_listed(const struct en_book *b, const struct en_thing *t)
{
    switch (t->kind) {
    case EN_KIND_ENTRY:
    case EN_KIND_DRAFT:
    case EN_KIND_LINK:
        return b->circle[t->circle].personal && en_thing_mine(b, t);
    case EN_KIND_SHARE: return !b->circle[t->circle].personal;
    default: return false;
    }
}

bool en_thing_hidden(const struct en_book *b, const struct en_thing *t)
{
    const struct en_rev_kept *r = t->shown;

    switch (r->opens) {
    case EN_OPENS_LAST: return !b->last_session;
    case EN_OPENS_DAY:
        return b->today.year == 0 || en_day_cmp(b->today, r->opens_day) < 0;
    default: return false;
    }
}

void en_thing_row(const struct en_book *b, const struct en_thing *t,
                  struct en_view_entry *row)
{
    const struct en_rev_kept *r = t->shown;
    struct en_tail tail;

    assert(r != NULL);
    memset(row, 0, sizeof(*row));
    en_tail_of(r, &tail);
    row->thing = t;
    row->kind = t->kind;
    row->cid = b->circle[t->circle].cid;
    row->sid = b->name[r->sid];
    row->person = b->name[t->person];
    row->id = t->id;
    en_id_letters(&t->id, row->letters);
    /* Drafts are not named by letters and have no neighbours to differ from. */
    row->unique = t->unique > 0 ? t->unique : EN_LETTERS_SHOWN;
    row->mine = en_thing_mine(b, t);
    row->deleted = t->deleted;
    row->letter = r->opens != EN_OPENS_NONE;
    row->hidden = en_thing_hidden(b, t);
    row->heads = t->heads;
    row->versions = t->n;
    row->version = r->number;
    row->shown = r->record;
    row->device = b->name[r->device];
    row->time_ms = r->time_ms;
    row->offset = r->offset;
    row->flags = r->flags;
    row->when = r->when;
    row->about = r->about;
    row->prompt = (enum en_prompt)r->prompt;
    row->importer = tail.importer;
    row->foreign = tail.foreign;
    row->opens = (enum en_opens)r->opens;
    row->opens_day = r->opens_day;
    row->text_len = r->text_len;
    row->lines = r->lines;
    row->shares = t->shares;
    row->twin = t->original != NULL && !t->original->deleted;
    row->of = r->of;
    row->aliases = r->aliases;
    if (row->hidden)
        return;
    row->title = tail.title;
    row->words = tail.words;
    row->words_cut = r->words_cut;
    row->tags = r->tags;
    memcpy(row->tag, tail.tag, sizeof(row->tag));
}

void en_rev_version(const struct en_book *b, const struct en_rev_kept *r,
                    struct en_version *v)
{
    bool hidden = en_thing_hidden(b, r->thing);
    struct en_tail tail;

    en_tail_of(r, &tail);
    *v = (struct en_version){
        .number = r->number,
        .record = r->record,
        .device = b->name[r->device],
        .time_ms = r->time_ms,
        .offset = r->offset,
        .head = r->head,
        .deleted = r->deleted,
        .flags = r->flags,
        .parents = r->parents,
        .parent = tail.parent,
        .when = r->when,
        .text_len = r->text_len,
        .lines = r->lines,
    };
    if (tail.undoes != NULL)
        v->undoes = *tail.undoes;
    if (hidden)
        return;
    v->title = tail.title;
    v->words = tail.words;
    v->words_cut = r->words_cut;
}
