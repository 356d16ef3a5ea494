/*
 * terms.c - a query: parsed, and looked for in one text.
 */
#include "base/secret.h"
#include "base/text.h"
#include "journal/search_in.h"

#include <stdlib.h>
#include <string.h>

#define SEPARATOR 0xff /* between title and text: in no UTF-8, so in no query */

en_err en_fold_doc(struct en_folder *f, struct en_span title,
                   struct en_span text, struct en_buf *out)
{
    en_err err = en_fold(f, title, out, NULL);

    if (err == EN_OK)
        err = en_buf_add_u8(out, SEPARATOR);
    if (err == EN_OK)
        err = en_fold(f, text, out, NULL);
    return err;
}

static bool is_quote(int32_t cp)
{
    return cp == '"' || cp == 0x201c || cp == 0x201d || cp == 0xab ||
           cp == 0xbb;
}

static struct en_span trimmed(struct en_span s)
{
    while (s.n > 0 && s.p[0] == ' ') {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

/* A folded term at off..off+n of the buffer, whose memory may still move. */
struct piece {
    size_t off, n;
    bool phrase;
};

static en_err add_piece(struct en_buf *pieces, const struct en_buf *folded,
                        struct en_span s, bool phrase)
{
    struct piece p = {.n = s.n, .phrase = phrase};

    if (s.n == 0)
        return EN_OK;
    p.off = (size_t)(s.p - folded->p);
    return en_buf_add(pieces, &p, sizeof(p));
}

/* Splits folded[from..] at spaces and apostrophes. */
static en_err add_words(struct en_buf *pieces, const struct en_buf *folded,
                        size_t from)
{
    size_t start = from;
    en_err err = EN_OK;

    for (size_t i = from; i <= folded->n && err == EN_OK; i++) {
        if (i < folded->n && folded->p[i] != ' ' && folded->p[i] != '\'')
            continue;
        err = add_piece(pieces, folded, EN_SPAN(folded->p + start, i - start),
                        false);
        start = i + 1;
    }
    return err;
}

/* A term that the vocabulary answers alone. */
static bool is_plain(const struct en_folder *f, const struct en_term *t)
{
    size_t at = 0;

    return !t->phrase && t->s.n <= EN_WORD_KEY &&
           en_fold_word(f, t->s, &at).n == t->s.n;
}

/* Longest first: the rarest words narrow the search soonest. */
static int term_cmp(const void *a, const void *b)
{
    const struct en_term *ta = a;
    const struct en_term *tb = b;

    if (ta->s.n != tb->s.n)
        return ta->s.n > tb->s.n ? -1 : 1;
    return ta->s.p < tb->s.p ? -1 : ta->s.p > tb->s.p;
}

/* Folds segment after segment between quotation marks; a missing closing one is
 * as good as one at the end. */
static en_err split(struct en_query *q, struct en_span typed, bool exact,
                    struct en_buf *pieces)
{
    struct en_span left = typed;
    bool phrase = exact;
    en_err err = EN_OK;

    while (err == EN_OK && left.n > 0) {
        struct en_span part = left;
        size_t from = q->folded.n;
        bool quote = false;

        while (left.n > 0 && !quote) {
            struct en_span before = left;
            int32_t cp = en_text_next(&left);

            if (cp < 0)
                return EN_RANGE;
            part.n = (size_t)(left.p - part.p);
            quote = !exact && is_quote(cp);
            if (quote)
                part.n = (size_t)(before.p - part.p);
        }
        err = en_fold(&q->folder, part, &q->folded, NULL);
        if (err != EN_OK)
            break;
        if (q->folded.n == from)
            ; /* nothing between two marks */
        else if (phrase)
            err = add_piece(
                pieces, &q->folded,
                trimmed(EN_SPAN(q->folded.p + from, q->folded.n - from)), true);
        else
            err = add_words(pieces, &q->folded, from);
        phrase = exact || (quote ? !phrase : phrase);
    }
    return err;
}

en_err en_query_parse(struct en_span typed, bool exact, struct en_query **out)
{
    struct en_query *q;
    struct en_buf pieces = {0};
    en_err err;

    if (typed.n > EN_QUERY_MAX)
        return EN_RANGE;
    q = calloc(1, sizeof(*q));
    if (q == NULL)
        return EN_NOMEM;
    err = en_folder_init(&q->folder);
    if (err == EN_OK)
        err = split(q, typed, exact, &pieces);
    if (err != EN_OK)
        goto out;
    q->terms = pieces.n / sizeof(struct piece);
    if (q->terms > 0) {
        q->term = calloc(q->terms, sizeof(*q->term));
        if (q->term == NULL) {
            err = EN_NOMEM;
            goto out;
        }
    }
    for (size_t i = 0; i < q->terms; i++) {
        struct piece p;

        memcpy(&p, pieces.p + i * sizeof(p), sizeof(p));
        q->term[i].s = EN_SPAN(q->folded.p + p.off, p.n);
        q->term[i].phrase = p.phrase;
        q->term[i].plain = is_plain(&q->folder, &q->term[i]);
    }
    if (q->terms > 1)
        qsort(q->term, q->terms, sizeof(*q->term), term_cmp);
    *out = q;
    q = NULL;
out:
    en_query_free(q);
    en_buf_free(&pieces);
    return err;
}

bool en_query_empty(const struct en_query *q)
{
    return q->terms == 0;
}

void en_query_free(struct en_query *q)
{
    if (q == NULL)
        return;
    en_buf_free(&q->folded);
    free(q->term);
    en_wipe(q, sizeof(*q));
    free(q);
}

/* Where the term is found in folded text at or after from; folded.n if not. */
static size_t find_term(const struct en_folder *f, const struct en_term *t,
                        struct en_span folded)
{
    size_t from = 0;
    size_t len = 0;
    bool anywhere = t->phrase || en_fold_word(f, t->s, &len).p != t->s.p;

    while (from + t->s.n <= folded.n) {
        const uint8_t *p =
            memmem(folded.p + from, folded.n - from, t->s.p, t->s.n);

        if (p == NULL)
            break;
        from = (size_t)(p - folded.p);
        if (anywhere || en_fold_starts(f, folded, from))
            return from;
        from++;
    }
    return folded.n;
}

bool en_query_in(const struct en_query *q, bool plain_too,
                 struct en_span folded)
{
    for (size_t i = 0; i < q->terms; i++) {
        if (q->term[i].plain && !plain_too)
            continue;
        if (find_term(&q->folder, &q->term[i], folded) == folded.n)
            return false;
    }
    return q->terms > 0;
}

en_err en_query_matches(const struct en_query *q, struct en_span title,
                        struct en_span text, bool *yes)
{
    struct en_folder f = q->folder;
    struct en_buf folded = {0};
    en_err err = en_fold_doc(&f, title, text, &folded);

    if (err == EN_OK)
        *yes = en_query_in(q, true, en_buf_span(&folded));
    en_buf_free(&folded);
    en_wipe(&f, sizeof(f));
    return err;
}

en_err en_query_locate(const struct en_query *q, struct en_span text,
                       size_t *from, size_t *to)
{
    struct en_folder f = q->folder;
    struct en_buf folded = {0};
    struct en_buf map = {0};
    const uint32_t *at;
    size_t i;
    size_t end;
    en_err err = en_fold(&f, text, &folded, &map);

    if (err != EN_OK)
        goto out;
    err = EN_ABSENT;
    for (size_t k = 0; k < q->terms && err != EN_OK; k++) {
        i = find_term(&f, &q->term[k], en_buf_span(&folded));
        if (i == folded.n)
            continue;
        /* To the end of the character that the match ends in, with the marks
         * that folding dropped after it. */
        at = (const uint32_t *)(const void *)map.p;
        end = i + q->term[k].s.n;
        while (end < folded.n && at[end] == at[end - 1])
            end++;
        *from = at[i];
        *to = end < folded.n ? at[end] : text.n;
        err = EN_OK;
    }
out:
    en_buf_free(&folded);
    en_buf_free(&map);
    en_wipe(&f, sizeof(f));
    return err;
}
