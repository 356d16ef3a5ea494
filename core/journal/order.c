/*
 * order.c - the book brought up to date: things folded, lists sorted, links drawn,
 * words indexed.
 */
#include "journal/book_in.h"

#include <stdlib.h>
#include <string.h>

/*
 * The index
 */

static bool has_words(const struct en_thing *t)
{
    return t->kind == EN_KIND_ENTRY || t->kind == EN_KIND_SHARE;
}

static bool wants_doc(const struct en_thing *t, const struct en_rev_kept *r)
{
    return has_words(t) && !t->deleted && r->head && !r->deleted;
}

static en_err doc_text(void *user, uint32_t doc, struct en_buf *title,
                       struct en_buf *text);

static en_err open_index(struct en_book *b)
{
    struct en_search_source source = {.user = b, .seed = b->source.seed};

    if (b->search != NULL)
        return EN_OK;
    if (b->source.load != NULL)
        source.text = doc_text;
    return en_search_new(&source, &b->search);
}

static en_err take_number(struct en_book *b, uint32_t *n)
{
    void *p;

    if (b->doc_free_n > 0) {
        *n = b->doc_free[b->doc_free_n - 1];
        return EN_OK;
    }
    p = en_book_grow(b->doc, &b->doc_cap, (size_t)b->docs + 1,
                     sizeof(struct en_rev_kept *));
    if (p == NULL)
        return EN_NOMEM;
    b->doc = p;
    /* Room to give every number back, so that forgetting cannot fail. */
    p = en_book_grow(b->doc_free, &b->doc_free_cap, b->doc_cap,
                     sizeof(*b->doc_free));
    if (p == NULL)
        return EN_NOMEM;
    b->doc_free = p;
    *n = b->docs;
    return EN_OK;
}

en_err en_doc_add(struct en_book *b, struct en_rev_kept *r,
                  const struct en_content *c)
{
    struct en_span title;
    struct en_span text;
    uint32_t n;
    en_err err;

    if (r->doc != EN_NO_DOC || !has_words(r->thing) || r->deleted)
        return EN_OK;
    title = c->kind == EN_KIND_SHARE ? c->u.share.title : c->u.entry.title;
    text = c->kind == EN_KIND_SHARE ? c->u.share.text : c->u.entry.text;
    err = open_index(b);
    if (err == EN_OK)
        err = take_number(b, &n);
    if (err == EN_OK)
        err = en_search_add(b->search, n, title, text);
    if (err != EN_OK)
        return err;
    if (n == b->docs)
        b->docs++;
    else
        b->doc_free_n--;
    b->doc[n] = r;
    r->doc = n;
    return EN_OK;
}

void en_doc_forget(struct en_book *b, struct en_rev_kept *r)
{
    if (r->doc == EN_NO_DOC)
        return;
    en_search_remove(b->search, r->doc);
    b->doc[r->doc] = NULL;
    b->doc_free[b->doc_free_n++] = r->doc;
    r->doc = EN_NO_DOC;
}

/* What the index asks for when it has not kept a text. */
static en_err doc_text(void *user, uint32_t doc, struct en_buf *title,
                       struct en_buf *text)
{
    struct en_book *b = user;
    struct en_buf bytes = {0};
    struct en_content *c = malloc(sizeof(*c));
    en_err err = EN_NOMEM;

    if (c == NULL)
        goto out;
    err = en_book_bytes(b, b->doc[doc], &bytes);
    if (err == EN_OK)
        err = en_content_decode(en_buf_span(&bytes), c);
    if (err != EN_OK)
        goto out;
    err = en_buf_add_span(title, c->kind == EN_KIND_SHARE ? c->u.share.title
                                                          : c->u.entry.title);
    if (err == EN_OK)
        err = en_buf_add_span(text, c->kind == EN_KIND_SHARE ? c->u.share.text
                                                             : c->u.entry.text);
out:
    en_buf_free(&bytes);
    free(c);
    return err;
}

static en_err index_thing(struct en_book *b, struct en_thing *t,
                          struct en_buf *bytes, struct en_content *c)
{
    for (struct en_rev_kept *r = t->rev; r != NULL; r = r->next) {
        en_err err;

        if (!wants_doc(t, r) || r->doc != EN_NO_DOC)
            continue;
        err = en_book_bytes(b, r, bytes);
        if (err == EN_ABSENT || err == EN_NO_KEY)
            continue;
        if (err == EN_OK)
            err = en_content_decode(en_buf_span(bytes), c);
        if (err == EN_OK)
            err = en_doc_add(b, r, c);
        if (err != EN_OK)
            return err;
    }
    return EN_OK;
}

en_err en_book_index(struct en_book *b)
{
    struct en_buf bytes = {0};
    struct en_content *c = NULL;
    en_err err;

    err = en_book_fold(b);
    if (err == EN_OK)
        err = open_index(b);
    if (err != EN_OK || b->unindexed.next == &b->unindexed)
        return err;
    c = malloc(sizeof(*c));
    if (c == NULL)
        return EN_NOMEM;
    while (b->unindexed.next != &b->unindexed) {
        err = index_thing(b, b->unindexed.next->thing, &bytes, c);
        if (err != EN_OK)
            break;
        en_wait_take(b->unindexed.next);
    }
    en_buf_free(&bytes);
    free(c);
    return err;
}

/* After a fold: what is no head any more leaves the index at once, what became
 * one waits until somebody searches. */
static void settle_docs(struct en_book *b, struct en_thing *t)
{
    bool wanting = false;

    for (struct en_rev_kept *r = t->rev; r != NULL; r = r->next) {
        if (!wants_doc(t, r))
            en_doc_forget(b, r);
        else
            wanting = wanting || r->doc == EN_NO_DOC;
    }
    if (wanting)
        en_wait_put(&b->unindexed, &t->unindexed, t);
    else
        en_wait_take(&t->unindexed);
}

/*
 * Lists
 */

typedef int (*thing_cmp)(const struct en_book *b, const struct en_thing *x,
                         const struct en_thing *y);

static int cmp_owner(const struct en_book *b, const struct en_thing *x,
                     const struct en_thing *y)
{
    int c = en_id16_cmp(&b->name[x->person], &b->name[y->person]);

    if (c == 0)
        c = en_id_cmp(&b->circle[x->circle].cid, &b->circle[y->circle].cid);
    if (c == 0 && x->kind != y->kind)
        c = x->kind < y->kind ? -1 : 1;
    return c;
}

static int cmp_when(const struct en_book *b, const struct en_thing *x,
                    const struct en_thing *y)
{
    int c;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    /* Equal wall times of two zones. */
    c = en_when_cmp(&x->shown->when, &y->shown->when);
    if (c == 0)
        c = en_id16_cmp(&x->id, &y->id);
    return c != 0 ? c : cmp_owner(b, x, y);
}

static int cmp_id(const struct en_book *b, const struct en_thing *x,
                  const struct en_thing *y)
{
    int c = en_id16_cmp(&x->id, &y->id);

    return c != 0 ? c : cmp_owner(b, x, y);
}

/* Merge sort: comparisons need the book, and what is in order already costs one
 * comparison a merge. */
static void sort(const struct en_book *b, struct en_thing **v, size_t n,
                 struct en_thing **tmp, thing_cmp cmp)
{
    size_t mid = n / 2;
    size_t x = 0;
    size_t y = mid;

    if (n < 2)
        return;
    sort(b, v, mid, tmp, cmp);
    sort(b, v + mid, n - mid, tmp, cmp);
    if (cmp(b, v[mid - 1], v[mid]) <= 0)
        return;
    memcpy(tmp, v, mid * sizeof(struct en_thing *));
    for (size_t k = 0; x < mid; k++)
        v[k] = y == n || cmp(b, tmp[x], v[y]) <= 0 ? tmp[x++] : v[y++];
}

static en_err gather(struct en_book *b)
{
    void *p;

    if (b->order_rebuild) {
        b->order_n = 0;
        b->by_id_n = 0;
        for (uint32_t i = 0; i < b->thing_n; i++)
            b->thing[i]->ordered = false;
        b->order_rebuild = false;
    }
    p = en_book_grow(b->order, &b->order_cap, b->thing_n,
                     sizeof(struct en_thing *));
    if (p == NULL && b->thing_n > 0)
        return EN_NOMEM;
    b->order = p;
    p = en_book_grow(b->by_id, &b->by_id_cap, b->thing_n,
                     sizeof(struct en_thing *));
    if (p == NULL && b->thing_n > 0)
        return EN_NOMEM;
    b->by_id = p;
    for (uint32_t i = 0; i < b->thing_n; i++) {
        struct en_thing *t = b->thing[i];

        if (t->ordered || (!has_words(t) && t->kind != EN_KIND_DRAFT))
            continue;
        t->ordered = true;
        b->order[b->order_n++] = t;
        if (has_words(t))
            b->by_id[b->by_id_n++] = t;
    }
    return EN_OK;
}

/* Letters that two ids have in common at their beginning. */
static unsigned common_letters(const struct en_id16 *x, const struct en_id16 *y)
{
    unsigned bits = 0;

    for (size_t i = 0; i < sizeof(x->b); i++, bits += 8) {
        unsigned diff = x->b[i] ^ y->b[i];

        if (diff == 0)
            continue;
        while ((diff & 0x80) == 0) {
            diff <<= 1;
            bits++;
        }
        break;
    }
    return bits / 5;
}

static void count_letters(struct en_book *b)
{
    for (uint32_t i = 0; i < b->by_id_n; i++) {
        unsigned common = 0;
        unsigned n;

        if (i > 0)
            common = common_letters(&b->by_id[i]->id, &b->by_id[i - 1]->id);
        if (i + 1 < b->by_id_n) {
            n = common_letters(&b->by_id[i]->id, &b->by_id[i + 1]->id);
            common = n > common ? n : common;
        }
        n = common + 1 < EN_LETTERS_SHOWN ? EN_LETTERS_SHOWN : common + 1;
        b->by_id[i]->unique = (uint8_t)(n > EN_LETTERS ? EN_LETTERS : n);
    }
}

static en_err put_in_order(struct en_book *b)
{
    struct en_thing **tmp;
    en_err err = gather(b);

    if (err != EN_OK || b->order_n == 0)
        return err;
    tmp = malloc(b->order_n * sizeof(struct en_thing *));
    if (tmp == NULL)
        return EN_NOMEM;
    sort(b, b->order, b->order_n, tmp, cmp_when);
    sort(b, b->by_id, b->by_id_n, tmp, cmp_id);
    free(tmp);
    count_letters(b);
    return EN_OK;
}

/*
 * Links
 */

/* The two ends of a link of mine, each NULL where it is not here. */
static en_err link_ends(const struct en_book *b, const struct en_thing *t,
                        struct en_content *c, struct en_thing **original,
                        struct en_thing **share)
{
    const struct en_rev_kept *r = t->shown;
    uint32_t circle;
    en_err err;

    *original = NULL;
    *share = NULL;
    err = en_content_decode(
        EN_SPAN((const uint8_t *)r + r->size - r->kept, r->kept), c);
    if (err != EN_OK)
        return err;
    *original = en_book_thing(b, t->circle, t->person, &c->u.link.original,
                              EN_KIND_ENTRY);
    circle = en_book_circle(b, &c->u.link.cid);
    if (circle != UINT32_MAX && b->circle[circle].me != 0)
        *share = en_book_thing(b, circle, b->circle[circle].me,
                               &c->u.link.share, EN_KIND_SHARE);
    return EN_OK;
}

static en_err draw_links(struct en_book *b)
{
    struct en_content *c = malloc(sizeof(*c));
    en_err err = EN_OK;

    if (c == NULL)
        return EN_NOMEM;
    for (uint32_t i = 0; i < b->thing_n; i++) {
        b->thing[i]->shares = 0;
        b->thing[i]->original = NULL;
    }
    for (uint32_t i = 0; i < b->thing_n && err == EN_OK; i++) {
        struct en_thing *t = b->thing[i];
        struct en_thing *original;
        struct en_thing *share;

        if (t->kind != EN_KIND_LINK || !en_thing_listed(b, t))
            continue;
        err = link_ends(b, t, c, &original, &share);
        if (err != EN_OK || original == NULL || share == NULL)
            continue;
        if (!share->deleted && en_thing_listed(b, share))
            original->shares++;
        /* Of several originals, which honest devices never write, one that does
         * not depend on the order of arrival. */
        if (share->original == NULL ||
            en_id16_cmp(&original->id, &share->original->id) < 0)
            share->original = original;
    }
    free(c);
    return err;
}

/*
 * All of it
 */

/* Tombstones came or went: what names any record may be another now. */
static void judge_again(struct en_book *b)
{
    for (uint32_t i = 0; i < b->thing_n; i++) {
        struct en_thing *t = b->thing[i];

        if (t->n > 1 || t->rev->parents > 0 || t->rev->afters > 0)
            en_wait_put(&b->dirty, &t->dirty, t);
    }
    b->drops_stale = false;
}

en_err en_book_fold(struct en_book *b)
{
    en_err err;

    if (b->drops_stale)
        judge_again(b);
    while (b->dirty.next != &b->dirty) {
        struct en_thing *t = b->dirty.next->thing;

        err = en_thing_fold(b, t);
        if (err != EN_OK)
            return err;
        settle_docs(b, t);
        b->order_stale = true;
        b->links_stale = true;
        en_wait_take(&t->dirty);
    }
    if (b->order_stale || b->order_rebuild) {
        err = put_in_order(b);
        if (err != EN_OK)
            return err;
        b->order_stale = false;
    }
    if (b->links_stale) {
        err = draw_links(b);
        if (err != EN_OK)
            return err;
        b->links_stale = false;
    }
    return EN_OK;
}
