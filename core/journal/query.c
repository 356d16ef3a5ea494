/*
 * query.c - what is read out of the book. Each call first folds what changed.
 */
#include "base/text.h"
#include "journal/book_in.h"

#include <stdlib.h>
#include <string.h>

/*
 * Filters
 */

/* A filter with what it asks of every thing worked out once. */
struct sieve {
    const struct en_filter *f;
    uint32_t circle;
    bool nothing; /* the circle is not here */
    int32_t from, to;
    struct en_buf tag; /* folded */
    bool about;
    uint64_t hit; /* only what this search found; 0: no search */
};

static en_err sieve_make(const struct en_book *b, const struct en_filter *f,
                         struct sieve *s)
{
    *s = (struct sieve){
        .f = f, .circle = UINT32_MAX, .from = INT32_MIN, .to = INT32_MAX};
    if (f->cid != NULL) {
        s->circle = en_book_circle(b, f->cid);
        s->nothing = s->circle == UINT32_MAX;
    }
    if ((f->from.year != 0 && !en_day_valid(f->from)) ||
        (f->to.year != 0 && !en_day_valid(f->to)) ||
        (f->day.year != 0 && !en_day_valid(f->day)))
        return EN_RANGE;
    if (f->from.year != 0)
        s->from = en_day_number(f->from);
    if (f->to.year != 0)
        s->to = en_day_number(f->to);
    s->about = !en_id16_zero(&f->about);
    return en_text_fold(f->tag, &s->tag);
}

static void sieve_free(struct sieve *s)
{
    en_buf_free(&s->tag);
}

static bool of_other_years(const struct en_filter *f, int32_t number)
{
    struct en_day d = {0};
    int apart;

    if (!en_day_of_number(number, &d))
        return false;
    apart = d.year - f->day.year;
    if (apart == 0 || d.month != f->day.month ||
        (!f->month && d.day != f->day.day))
        return false;
    if (apart < 0)
        apart = -apart;
    return f->years == 0 || (unsigned)apart <= f->years;
}

static en_err has_tag(const struct sieve *s, const struct en_thing *t,
                      bool *yes)
{
    struct en_buf folded = {0};
    struct en_tail tail;
    en_err err = EN_OK;

    *yes = false;
    en_tail_of(t->shown, &tail);
    for (size_t i = 0; i < t->shown->tags && !*yes && err == EN_OK; i++) {
        en_buf_clear(&folded);
        err = en_text_fold(tail.tag[i], &folded);
        *yes = err == EN_OK &&
               en_span_eq(en_buf_span(&folded), en_buf_span(&s->tag));
    }
    en_buf_free(&folded);
    return err;
}

/* Kinds, owners and states: which pile a thing lies on. */
static bool on_pile(const struct en_book *b, const struct en_filter *f,
                    const struct en_thing *t)
{
    bool mine = en_thing_mine(b, t);
    bool twin = t->original != NULL && !t->original->deleted;

    if (!en_thing_listed(b, t) || t->deleted != f->deleted)
        return false;
    if ((t->kind == EN_KIND_DRAFT) != f->drafts)
        return false;
    if (f->mine && !mine)
        return false;
    if (f->letters && t->shown->opens == EN_OPENS_NONE)
        return false;
    if (f->shared)
        return t->kind == EN_KIND_SHARE || t->shares > 0;
    return t->kind != EN_KIND_SHARE || !mine || !twin;
}

static en_err passes(const struct en_book *b, const struct sieve *s,
                     const struct en_thing *t, bool *yes)
{
    const struct en_filter *f = s->f;
    int32_t day = en_when_key_day(t->key);

    *yes = false;
    if (s->hit != 0 && (t->hit != s->hit || en_thing_hidden(b, t)))
        return EN_OK;
    if (s->nothing || (s->circle != UINT32_MAX && t->circle != s->circle) ||
        day < s->from || day > s->to || !on_pile(b, f, t))
        return EN_OK;
    if (f->day.year != 0 && !of_other_years(f, day))
        return EN_OK;
    if (s->about && !en_id16_eq(&t->shown->about, &f->about) &&
        !en_id16_eq(&b->name[t->shown->sid], &f->about))
        return EN_OK;
    *yes = true;
    if (f->tag.n == 0)
        return EN_OK;
    if (en_thing_hidden(b, t)) {
        *yes = false;
        return EN_OK;
    }
    return has_tag(s, t, yes);
}

static en_err give_order(struct en_book *b, const struct sieve *s,
                         en_entry_fn fn, void *user, size_t *hits)
{
    struct en_view_entry row;
    size_t given = 0;
    bool stopped = false;

    for (uint32_t i = 0; i < b->order_n; i++) {
        struct en_thing *t = b->order[s->f->reverse ? i : b->order_n - 1 - i];
        bool yes;
        en_err err = passes(b, s, t, &yes);

        if (err != EN_OK)
            return err;
        if (!yes)
            continue;
        if (hits != NULL)
            (*hits)++;
        if (stopped || (s->f->limit > 0 && given == s->f->limit)) {
            if (hits == NULL)
                return EN_OK;
            continue;
        }
        en_thing_row(b, t, &row);
        given++;
        err = fn(user, &row);
        stopped = err == EN_CLOSED;
        if (err != EN_OK && !stopped)
            return err;
    }
    return EN_OK;
}

en_err en_book_list(struct en_book *b, const struct en_filter *f,
                    en_entry_fn fn, void *user)
{
    struct sieve s;
    en_err err = en_book_fold(b);

    if (err != EN_OK)
        return err;
    err = sieve_make(b, f, &s);
    if (err == EN_OK)
        err = give_order(b, &s, fn, user, NULL);
    sieve_free(&s);
    return err;
}

/*
 * Search
 */

static en_err on_doc(void *user, uint32_t doc)
{
    struct en_book *b = user;

    b->doc[doc]->thing->hit = b->searches;
    return EN_OK;
}

en_err en_book_search(struct en_book *b, struct en_span query, bool exact,
                      const struct en_filter *f, en_entry_fn fn, void *user,
                      size_t *hits)
{
    struct en_query *q = NULL;
    struct sieve s = {0};
    en_err err;

    if (hits != NULL)
        *hits = 0;
    err = en_query_parse(query, exact, &q);
    if (err != EN_OK)
        return err;
    err = en_book_index(b);
    if (err != EN_OK)
        goto out;
    b->searches++;
    err = en_search_run(b->search, q, on_doc, b);
    if (err == EN_OK)
        err = sieve_make(b, f, &s);
    if (err != EN_OK)
        goto out;
    s.hit = b->searches;
    err = give_order(b, &s, fn, user, hits);
out:
    sieve_free(&s);
    en_query_free(q);
    return err;
}

/* The nearest place at or before at where a line of a list may begin. */
static size_t window_start(struct en_span text, size_t at, size_t width)
{
    size_t reach = at > 4 * width ? at - 4 * width : 0;
    size_t start = at;
    size_t cols;

    while (start > reach && text.p[start - 1] != '\n')
        start--;
    while (start < at && (text.p[start] & 0xc0) == 0x80)
        start++;
    cols = en_text_width(EN_SPAN(text.p + start, at - start));
    if (cols > width) {
        start += en_text_cut(EN_SPAN(text.p + start, at - start), cols - width);
        /* Better at a word than in one, where there is a word to begin at. */
        for (size_t i = start; i < at; i++) {
            if (text.p[i] == ' ')
                return i + 1;
        }
    }
    return start;
}

static void cut_excerpt(struct en_span text, size_t width, struct en_excerpt *e)
{
    size_t match = en_text_width(
        EN_SPAN(text.p + e->match_from, e->match_to - e->match_from));
    size_t room = width > match ? width - match : 0;
    size_t before;

    e->from = window_start(text, e->match_from, room / 3);
    before = en_text_width(EN_SPAN(text.p + e->from, e->match_from - e->from));
    room = room > before ? room - before : 0;
    e->to =
        e->match_to +
        en_text_cut(EN_SPAN(text.p + e->match_to, text.n - e->match_to), room);
    if (e->to == e->from && text.n > e->to)
        e->to = text.n;
    e->before = e->from > 0;
    e->after = e->to < text.n;
}

static en_err text_of(struct en_book *b, const struct en_rev_kept *r,
                      struct en_buf *out)
{
    struct en_buf bytes = {0};
    struct en_content *c = malloc(sizeof(*c));
    en_err err = EN_NOMEM;

    if (c == NULL)
        goto out;
    err = en_book_bytes(b, r, &bytes);
    if (err == EN_OK)
        err = en_content_decode(en_buf_span(&bytes), c);
    if (err != EN_OK)
        goto out;
    en_buf_clear(out);
    err = en_buf_add_span(out, c->kind == EN_KIND_SHARE ? c->u.share.text
                                                        : c->u.entry.text);
out:
    en_buf_free(&bytes);
    free(c);
    return err;
}

en_err en_book_excerpt(struct en_book *b, const struct en_view_entry *row,
                       struct en_span query, bool exact, size_t width,
                       struct en_buf *text, struct en_excerpt *out)
{
    struct en_query *q = NULL;
    struct en_excerpt e = {0};
    en_err err;

    if (row->hidden)
        return EN_ABSENT;
    err = en_query_parse(query, exact, &q);
    if (err != EN_OK)
        return err;
    err = text_of(b, row->thing->shown, text);
    if (err == EN_OK)
        err = en_query_locate(q, en_buf_span(text), &e.match_from, &e.match_to);
    /* Found in another head, or in a title only? */
    for (const struct en_rev_kept *r = row->thing->rev;
         r != NULL && err == EN_ABSENT && row->heads > 1; r = r->next) {
        if (!r->head || r->deleted || r == row->thing->shown)
            continue;
        err = text_of(b, r, text);
        if (err == EN_OK)
            err = en_query_locate(q, en_buf_span(text), &e.match_from,
                                  &e.match_to);
    }
    if (err == EN_ABSENT) {
        e.match_from = e.match_to = 0;
        err = row->heads > 1 ? text_of(b, row->thing->shown, text) : EN_OK;
    }
    if (err == EN_OK) {
        cut_excerpt(en_buf_span(text), width, &e);
        *out = e;
    }
    en_query_free(q);
    return err;
}

/*
 * One thing
 */

/* Where in by_id ids begin whose letters are at least these n. */
static uint32_t lower_bound(const struct en_book *b, const char *typed,
                            size_t n)
{
    uint32_t lo = 0;
    uint32_t hi = b->by_id_n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        char letters[EN_LETTERS + 1];

        en_id_letters(&b->by_id[mid]->id, letters);
        if (memcmp(letters, typed, n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* What a person may choose from: ids, as many as fit. */
static en_err choose(const struct en_book *b, uint32_t first, uint32_t end,
                     struct en_why *why)
{
    char what[EN_WHY_TEXT_MAX];
    size_t n = 0;
    size_t count = 0;

    for (uint32_t i = first; i < end; i++) {
        char letters[EN_LETTERS + 1];
        size_t len = b->by_id[i]->unique;

        if (!en_thing_listed(b, b->by_id[i]))
            continue;
        count++;
        if (n + len + 2 > sizeof(what))
            continue;
        en_id_letters(&b->by_id[i]->id, letters);
        if (n > 0)
            what[n++] = ' ';
        memcpy(what + n, letters, len);
        n += len;
    }
    what[n] = '\0';
    return en_why_set(why, EN_CHOOSE, EN_WHY_ENTRIES, what, count, 0);
}

static en_err no_entry(struct en_span typed, struct en_why *why)
{
    char what[EN_WHY_TEXT_MAX];
    size_t n = typed.n < sizeof(what) ? typed.n : sizeof(what) - 1;

    if (n > 0)
        memcpy(what, typed.p, n);
    what[n] = '\0';
    return en_why_set(why, EN_ABSENT, EN_WHY_NO_ENTRY, what, 0, 0);
}

en_err en_book_find(struct en_book *b, struct en_span typed,
                    struct en_view_entry *row, struct en_why *why)
{
    const struct en_thing *found = NULL;
    const struct en_thing *own = NULL;
    char letters[EN_LETTERS + 1];
    bool one_id = true;
    uint32_t first;
    uint32_t end;
    size_t owns = 0;
    size_t count = 0;
    size_t n;
    en_err err = en_book_fold(b);

    if (err != EN_OK)
        return err;
    if (en_id_prefix(typed, letters, &n) != EN_OK || n < EN_LETTERS_MIN)
        return no_entry(typed, why);
    first = end = lower_bound(b, letters, n);
    for (; end < b->by_id_n; end++) {
        const struct en_thing *t = b->by_id[end];
        char full[EN_LETTERS + 1];

        en_id_letters(&t->id, full);
        if (memcmp(full, letters, n) != 0)
            break;
        if (!en_thing_listed(b, t))
            continue;
        count++;
        one_id = one_id && (found == NULL || en_id16_eq(&t->id, &found->id));
        found = t;
        if (en_thing_mine(b, t)) {
            own = t;
            owns++;
        }
    }
    if (count == 0)
        return no_entry(typed, why);
    if (count > 1 && (!one_id || owns != 1))
        return choose(b, first, end, why);
    en_thing_row(b, count == 1 ? found : own, row);
    return EN_OK;
}

en_err en_book_get(struct en_book *b, const struct en_id *cid,
                   const struct en_id16 *person, const struct en_id16 *id,
                   uint32_t kind, struct en_view_entry *row)
{
    const struct en_thing *t;
    uint32_t circle;
    uint32_t who;
    en_err err = en_book_fold(b);

    if (err != EN_OK)
        return err;
    circle = en_book_circle(b, cid);
    who = en_book_name(b, person);
    if (circle == UINT32_MAX || who == UINT32_MAX)
        return EN_ABSENT;
    t = en_book_thing(b, circle, who, id, kind);
    if (t == NULL || !en_thing_listed(b, t) || kind == EN_KIND_LINK)
        return EN_ABSENT;
    en_thing_row(b, t, row);
    return EN_OK;
}

en_err en_book_of_record(struct en_book *b, const struct en_id *record,
                         struct en_view_entry *row)
{
    const struct en_rev_kept *r;
    en_err err = en_book_fold(b);

    if (err != EN_OK)
        return err;
    r = en_book_rev(b, record);
    if (r == NULL || !en_thing_listed(b, r->thing) ||
        r->thing->kind == EN_KIND_LINK)
        return EN_ABSENT;
    en_thing_row(b, r->thing, row);
    return EN_OK;
}

static bool written_later(const struct en_rev_kept *x,
                          const struct en_rev_kept *y)
{
    if (x->time_ms != y->time_ms)
        return x->time_ms > y->time_ms;
    return en_id_cmp(&x->record, &y->record) > 0;
}

en_err en_book_last(struct en_book *b, struct en_view_entry *row)
{
    const struct en_thing *last = NULL;
    en_err err = en_book_fold(b);

    if (err != EN_OK)
        return err;
    for (uint32_t i = 0; i < b->order_n; i++) {
        const struct en_thing *t = b->order[i];

        if (t->kind != EN_KIND_ENTRY || t->deleted || !en_thing_listed(b, t))
            continue;
        if (last == NULL || written_later(t->shown, last->shown))
            last = t;
    }
    if (last == NULL)
        return EN_ABSENT;
    en_thing_row(b, last, row);
    return EN_OK;
}

/* Prints are hashes: what they find is compared. */
static en_err same_source(struct en_book *b, const struct en_rev_kept *r,
                          struct en_span importer, struct en_span foreign,
                          const struct en_when *when, struct en_span text,
                          bool *yes)
{
    struct en_buf kept = {0};
    struct en_tail tail;
    en_err err;

    en_tail_of(r, &tail);
    *yes = false;
    if (foreign.n > 0) {
        *yes = en_span_eq(tail.importer, importer) &&
               en_span_eq(tail.foreign, foreign);
        return EN_OK;
    }
    if (tail.foreign.n > 0 || r->text_len != text.n ||
        en_when_key(&r->when) != en_when_key(when))
        return EN_OK;
    err = text_of(b, r, &kept);
    *yes = err == EN_OK && en_span_eq(en_buf_span(&kept), text);
    en_buf_free(&kept);
    return err;
}

en_err en_book_of_source(struct en_book *b, struct en_span importer,
                         struct en_span foreign, const struct en_when *when,
                         struct en_span text, struct en_view_entry *row)
{
    const struct en_rev_kept *r;
    size_t i = EN_TABLE_START;
    uint64_t print;
    en_err err = en_book_fold(b);

    if (err != EN_OK)
        return err;
    if (foreign.n == 0 && !en_when_valid(when))
        return EN_ABSENT;
    print = en_book_print(b, importer, foreign, when, text);
    while (print != 0 && (r = en_table_next(&b->prints, print, &i)) != NULL) {
        bool yes;

        if (!en_thing_listed(b, r->thing))
            continue;
        err = same_source(b, r, importer, foreign, when, text, &yes);
        if (err != EN_OK)
            return err;
        if (!yes)
            continue;
        en_thing_row(b, r->thing, row);
        return EN_OK;
    }
    return EN_ABSENT;
}

en_err en_book_content(struct en_book *b, const struct en_id *record,
                       struct en_buf *bytes, struct en_content *content)
{
    const struct en_rev_kept *r = en_book_rev(b, record);
    en_err err;

    if (r == NULL)
        return EN_ABSENT;
    err = en_book_bytes(b, r, bytes);
    if (err == EN_OK)
        err = en_content_decode(en_buf_span(bytes), content);
    return err;
}

en_err en_book_versions(struct en_book *b, const struct en_thing *thing,
                        en_err (*fn)(void *user, const struct en_version *v),
                        void *user)
{
    for (const struct en_rev_kept *r = thing->rev; r != NULL; r = r->next) {
        struct en_version v;
        en_err err;

        en_rev_version(b, r, &v);
        err = fn(user, &v);
        if (err != EN_OK)
            return err == EN_CLOSED ? EN_OK : err;
    }
    return EN_OK;
}

en_err en_book_heads(struct en_book *b, const struct en_thing *thing,
                     struct en_id out[EN_AFTER_MAX], size_t *n)
{
    size_t skip = thing->heads > EN_AFTER_MAX ? thing->heads - EN_AFTER_MAX : 0;

    (void)b;
    *n = 0;
    for (const struct en_rev_kept *r = thing->rev; r != NULL; r = r->next) {
        if (!r->head)
            continue;
        if (skip > 0)
            skip--;
        else
            out[(*n)++] = r->record;
    }
    return EN_OK;
}

/*
 * Links
 */

static int link_cmp(const void *a, const void *b)
{
    const struct en_view_link *x = a;
    const struct en_view_link *y = b;

    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return en_id16_cmp(&x->share, &y->share);
}

static void make_link(const struct en_book *b, const struct en_thing *thing,
                      const struct en_rev_kept *r, const struct en_link *l,
                      struct en_view_link *out)
{
    uint32_t circle = en_book_circle(b, &l->cid);
    const struct en_thing *share = NULL;

    if (circle != UINT32_MAX && b->circle[circle].me != 0)
        share = en_book_thing(b, circle, b->circle[circle].me, &l->share,
                              EN_KIND_SHARE);
    *out = (struct en_view_link){
        .cid = l->cid,
        .sid = l->sid,
        .share = l->share,
        .revision = l->revision,
        .changed = !en_id_eq(&l->revision, &thing->shown->record),
        .live = share != NULL && !share->deleted && en_thing_listed(b, share),
        .line_from = l->line_from,
        .line_to = l->line_to,
        .time_ms = r->time_ms,
        .offset = r->offset,
    };
}

en_err en_book_links(struct en_book *b, const struct en_thing *thing,
                     en_err (*fn)(void *user, const struct en_view_link *l),
                     void *user)
{
    struct en_view_link *link = NULL;
    struct en_content *c = malloc(sizeof(*c));
    uint32_t n = 0;
    uint32_t cap = 0;
    en_err err = EN_NOMEM;

    if (c == NULL)
        return EN_NOMEM;
    for (uint32_t i = 0; i < b->thing_n; i++) {
        const struct en_thing *t = b->thing[i];
        const struct en_rev_kept *r = t->shown;
        void *p;

        if (t->kind != EN_KIND_LINK || t->circle != thing->circle ||
            t->person != thing->person || thing->kind != EN_KIND_ENTRY)
            continue;
        err = en_content_decode(
            EN_SPAN((const uint8_t *)r + r->size - r->kept, r->kept), c);
        if (err != EN_OK)
            goto out;
        if (!en_id16_eq(&c->u.link.original, &thing->id))
            continue;
        p = en_book_grow(link, &cap, (size_t)n + 1, sizeof(*link));
        if (p == NULL) {
            err = EN_NOMEM;
            goto out;
        }
        link = p;
        make_link(b, thing, r, &c->u.link, &link[n++]);
    }
    if (n > 1)
        qsort(link, n, sizeof(*link), link_cmp);
    err = EN_OK;
    for (uint32_t i = 0; i < n && err == EN_OK; i++)
        err = fn(user, &link[i]);
    if (err == EN_CLOSED)
        err = EN_OK;
out:
    free(link);
    free(c);
    return err;
}

en_err en_book_original(struct en_book *b, const struct en_thing *share,
                        struct en_view_entry *row)
{
    if (share->original == NULL)
        return EN_ABSENT;
    en_thing_row(b, share->original, row);
    return EN_OK;
}

/*
 * News, changes, counts
 */

static int by_time(const void *a, const void *b)
{
    const struct en_rev_kept *x = *(const struct en_rev_kept *const *)a;
    const struct en_rev_kept *y = *(const struct en_rev_kept *const *)b;

    if (x == y)
        return 0;
    return written_later(x, y) ? 1 : -1;
}

en_err en_book_news(struct en_book *b,
                    bool (*seen)(void *user, const struct en_id *record),
                    en_entry_fn fn, void *user)
{
    struct en_rev_kept **v;
    struct en_view_entry row;
    size_t n = 0;
    en_err err = en_book_fold(b);

    if (err != EN_OK || b->order_n == 0)
        return err;
    v = malloc(b->order_n * sizeof(struct en_rev_kept *));
    if (v == NULL)
        return EN_NOMEM;
    for (uint32_t i = 0; i < b->order_n; i++) {
        struct en_thing *t = b->order[i];

        if (!t->deleted && en_thing_listed(b, t) && !en_thing_mine(b, t) &&
            !seen(user, &t->shown->record))
            v[n++] = t->shown;
    }
    qsort(v, n, sizeof(struct en_rev_kept *), by_time);
    for (size_t i = 0; i < n && err == EN_OK; i++) {
        en_thing_row(b, v[i]->thing, &row);
        err = fn(user, &row);
    }
    free(v);
    return err == EN_CLOSED ? EN_OK : err;
}

/* Newest first; what a clock cannot tell apart in one thing, by its order. */
static int by_change(const void *a, const void *b)
{
    const struct en_rev_kept *x = *(const struct en_rev_kept *const *)a;
    const struct en_rev_kept *y = *(const struct en_rev_kept *const *)b;

    if (x->thing == y->thing && x->number != y->number &&
        x->time_ms == y->time_ms)
        return x->number > y->number ? -1 : 1;
    return -by_time(a, b);
}

/* Its latest parent that is here. */
static const struct en_rev_kept *before(const struct en_book *b,
                                        const struct en_rev_kept *r)
{
    const struct en_rev_kept *last = NULL;
    struct en_tail tail;

    en_tail_of(r, &tail);
    for (size_t i = 0; i < r->parents; i++) {
        const struct en_rev_kept *p = en_book_rev(b, &tail.parent[i]);

        if (p != NULL && p != r && p->thing == r->thing &&
            (last == NULL || p->number > last->number))
            last = p;
    }
    return last;
}

static bool is_change(const struct en_book *b, const struct en_rev_kept *r,
                      struct en_change *c)
{
    const struct en_rev_kept *p = before(b, r);

    if (r->undone || r->has_undoes)
        return false;
    *c = (struct en_change){
        .record = r->record, .time_ms = r->time_ms, .offset = r->offset};
    if (r->parents == 0) {
        c->kind = EN_CHANGE_WRITTEN;
        return !r->deleted;
    }
    if (p == NULL)
        return false;
    c->before = p->record;
    c->kind = r->deleted ? EN_CHANGE_DELETED : EN_CHANGE_EDITED;
    return true;
}

static void mark_undone(struct en_book *b, struct en_thing *t)
{
    for (struct en_rev_kept *r = t->rev; r != NULL; r = r->next)
        r->undone = false;
    for (struct en_rev_kept *r = t->rev; r != NULL; r = r->next) {
        struct en_rev_kept *gone;
        struct en_tail tail;

        en_tail_of(r, &tail);
        gone = tail.undoes != NULL ? en_book_rev(b, tail.undoes) : NULL;
        if (gone != NULL && gone->thing == t)
            gone->undone = true;
    }
}

en_err en_book_changes(struct en_book *b,
                       en_err (*fn)(void *user, const struct en_change *change,
                                    const struct en_view_entry *row),
                       void *user)
{
    struct en_rev_kept **v;
    size_t n = 0;
    en_err err = en_book_fold(b);

    if (err != EN_OK || b->revs.n == 0)
        return err;
    v = malloc(b->revs.n * sizeof(struct en_rev_kept *));
    if (v == NULL)
        return EN_NOMEM;
    for (uint32_t i = 0; i < b->order_n; i++) {
        struct en_thing *t = b->order[i];

        if (t->kind != EN_KIND_ENTRY || !en_thing_listed(b, t))
            continue;
        mark_undone(b, t);
        for (struct en_rev_kept *r = t->rev; r != NULL; r = r->next)
            v[n++] = r;
    }
    qsort(v, n, sizeof(struct en_rev_kept *), by_change);
    for (size_t i = 0; i < n && err == EN_OK; i++) {
        struct en_view_entry row;
        struct en_change change;

        if (!is_change(b, v[i], &change))
            continue;
        en_thing_row(b, v[i]->thing, &row);
        err = fn(user, &change, &row);
    }
    free(v);
    return err == EN_CLOSED ? EN_OK : err;
}

en_err en_book_profile(struct en_book *b, const struct en_id *cid,
                       struct en_view_profile *out)
{
    struct en_content *c;
    const struct en_thing *t = NULL;
    uint32_t circle;
    en_err err = en_book_fold(b);

    if (err != EN_OK)
        return err;
    circle = en_book_circle(b, cid);
    for (uint32_t i = 0; i < b->thing_n && circle != UINT32_MAX; i++) {
        const struct en_thing *x = b->thing[i];

        /* A circle has one; of several the one with the smallest id. */
        if (x->kind == EN_KIND_PROFILE && x->circle == circle &&
            (t == NULL || en_id16_cmp(&x->id, &t->id) < 0))
            t = x;
    }
    if (t == NULL)
        return EN_ABSENT;
    c = malloc(sizeof(*c));
    if (c == NULL)
        return EN_NOMEM;
    memset(out, 0, sizeof(*out));
    out->shown = t->shown->record;
    out->heads = t->heads;
    out->created_ms = t->rev->time_ms;
    out->created_offset = t->rev->offset;
    for (const struct en_rev_kept *r = t->rev; r != NULL; r = r->next) {
        const struct en_profile *p = &c->u.profile;

        err = en_content_decode(
            EN_SPAN((const uint8_t *)r + r->size - r->kept, r->kept), c);
        if (err != EN_OK)
            break;
        if (r == t->rev)
            out->lang = p->lang;
        if (r->head && p->aliases > out->aliases)
            out->aliases = p->aliases;
        if (r->head && p->sponsor > out->sponsor)
            out->sponsor = p->sponsor;
        if (r != t->shown)
            continue;
        out->name = p->name;
        out->preset = p->preset;
        out->old_cid = p->old_cid;
        out->old_frontier = p->old_frontier;
    }
    free(c);
    return err;
}

en_err en_book_count(struct en_book *b, const struct en_id *cid,
                     struct en_counts *out)
{
    uint32_t only = UINT32_MAX;
    en_err err = en_book_fold(b);

    memset(out, 0, sizeof(*out));
    if (err != EN_OK)
        return err;
    if (cid != NULL) {
        only = en_book_circle(b, cid);
        if (only == UINT32_MAX)
            return EN_OK;
    }
    for (uint32_t i = 0; i < b->thing_n; i++) {
        const struct en_thing *t = b->thing[i];

        if (only != UINT32_MAX && t->circle != only)
            continue;
        out->records += t->n;
        if (!en_thing_listed(b, t) || t->kind == EN_KIND_LINK)
            continue;
        if (t->kind == EN_KIND_DRAFT) {
            out->drafts += !t->deleted;
            continue;
        }
        if (t->deleted) {
            out->deleted++;
            continue;
        }
        out->split += t->heads > 1;
        if (t->kind == EN_KIND_ENTRY) {
            out->entries++;
            out->letters +=
                t->shown->opens != EN_OPENS_NONE && en_thing_hidden(b, t);
        } else {
            out->shares++;
            out->others += !en_thing_mine(b, t);
        }
    }
    for (size_t i = 0; i < b->newer.cap; i++) {
        const struct en_dropped *d = b->newer.slot[i].item;

        out->newer += d != NULL && (cid == NULL || en_id_eq(&d->cid, cid));
    }
    return EN_OK;
}
