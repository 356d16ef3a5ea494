#include "record/store.h"

#include <stdlib.h>
#include <string.h>

en_err en_store_frontier(struct en_store *s, const struct en_id *cid,
                         en_head_fn fn, void *user)
{
    return s->ops->frontier(s, cid, fn, user);
}

en_err en_store_scan(struct en_store *s, const struct en_id *log, uint64_t from,
                     en_stored_fn fn, void *user)
{
    return s->ops->scan(s, log, from, fn, user);
}

en_err en_store_arrivals(struct en_store *s, const struct en_id *cid,
                         uint64_t from, en_stored_fn fn, void *user)
{
    return s->ops->arrivals(s, cid, from, fn, user);
}

en_err en_store_get(struct en_store *s, const struct en_id *id, en_stored_fn fn,
                    void *user)
{
    return s->ops->get(s, id, fn, user);
}

en_err en_store_find(struct en_store *s, const struct en_find *q, en_row_fn fn,
                     void *user)
{
    return s->ops->find(s, q, fn, user);
}

en_err en_store_key(struct en_store *s, const struct en_key_name *name,
                    struct en_key *out)
{
    return s->ops->key(s, name, out);
}

en_err en_store_commit(struct en_store *s, const struct en_batch *b)
{
    if (b->failed)
        return EN_NOMEM;
    return s->ops->commit(s, b);
}

struct exact {
    struct en_span key;
    int64_t *sort;
    struct en_buf *body;
    bool found;
};

static en_err take_exact(void *user, const struct en_row *row)
{
    struct exact *x = user;
    en_err err;

    if (!en_span_eq(row->key, x->key))
        return EN_OK;
    x->found = true;
    if (x->sort != NULL)
        *x->sort = row->sort;
    if (x->body == NULL)
        return EN_CLOSED;
    err = en_buf_add_span(x->body, row->body);
    return err != EN_OK ? err : EN_CLOSED;
}

en_err en_store_row(struct en_store *s, const struct en_id *cid, uint16_t kind,
                    struct en_span key, int64_t *sort, struct en_buf *body)
{
    struct exact x = {.key = key, .sort = sort, .body = body};
    struct en_find q = {.cid = *cid,
                        .kind = kind,
                        .prefix = key,
                        .from = INT64_MIN,
                        .to = INT64_MAX};
    en_err err = en_store_find(s, &q, take_exact, &x);

    if (err != EN_OK)
        return err;
    return x.found ? EN_OK : EN_ABSENT;
}

/* Makes room for one more of size each; the old array may hold keys: wiped. */
static void *grow(struct en_batch *b, void *old, size_t n, size_t *cap,
                  size_t each)
{
    size_t more = *cap < 8 ? 8 : *cap * 2;
    void *p;

    if (b->failed)
        return NULL;
    if (n < *cap)
        return old;
    p = calloc(more, each);
    if (p == NULL) {
        b->failed = true;
        return NULL;
    }
    if (old != NULL) {
        memcpy(p, old, n * each);
        en_wipe(old, n * each);
        free(old);
    }
    *cap = more;
    return p;
}

#define ADD(array, count, cap, value)                                          \
    do {                                                                       \
        void *grown_ =                                                         \
            grow(b, b->array, b->count, &b->cap, sizeof(b->array[0]));         \
        if (grown_ == NULL)                                                    \
            return EN_NOMEM;                                                   \
        b->array = grown_;                                                     \
        b->array[b->count++] = (value);                                        \
    } while (0)

en_err en_batch_expect(struct en_batch *b, const struct en_id *log,
                       uint64_t count, const struct en_id *id)
{
    struct en_batch_head h = {.log = *log, .count = count};

    if (count > 0)
        h.id = *id;
    ADD(head, heads, head_cap, h);
    return EN_OK;
}

en_err en_batch_log(struct en_batch *b, const struct en_batch_log *log)
{
    ADD(log, logs, log_cap, *log);
    return EN_OK;
}

en_err en_batch_record(struct en_batch *b, const struct en_batch_record *rec)
{
    ADD(rec, recs, rec_cap, *rec);
    b->bytes += rec->payload.n + rec->aux.n;
    return EN_OK;
}

en_err en_batch_checkpoint(struct en_batch *b, const struct en_checkpoint *cp)
{
    ADD(cp, cps, cp_cap, *cp);
    return EN_OK;
}

en_err en_batch_mark(struct en_batch *b, const struct en_batch_mark *mark)
{
    ADD(mark, marks, mark_cap, *mark);
    b->bytes += mark->payload.n;
    return EN_OK;
}

en_err en_batch_key_put(struct en_batch *b, const struct en_key_name *name,
                        const struct en_key *value)
{
    struct en_batch_key k = {.name = *name, .value = *value};
    en_err err = EN_OK;
    void *p = grow(b, b->key, b->keys, &b->key_cap, sizeof(b->key[0]));

    if (p == NULL)
        err = EN_NOMEM;
    else {
        b->key = p;
        b->key[b->keys++] = k;
    }
    en_key_wipe(&k.value);
    return err;
}

en_err en_batch_key_destroy(struct en_batch *b, const struct en_key_name *name)
{
    struct en_batch_key k = {.name = *name, .destroy = true};

    ADD(key, keys, key_cap, k);
    return EN_OK;
}

en_err en_batch_row_put(struct en_batch *b, const struct en_row *row)
{
    struct en_batch_row r = {.row = *row};

    assert(row->key.n > 0 && row->key.n <= EN_ROW_KEY_MAX);
    ADD(row, rows, row_cap, r);
    b->bytes += row->body.n;
    return EN_OK;
}

en_err en_batch_row_delete(struct en_batch *b, const struct en_id *cid,
                           uint16_t kind, struct en_span key)
{
    struct en_batch_row r = {.row = {.cid = *cid, .kind = kind, .key = key},
                             .del = true};

    ADD(row, rows, row_cap, r);
    return EN_OK;
}

struct kept {
    struct kept *next;
    size_t n;
    uint8_t b[];
};

struct en_span en_batch_keep(struct en_batch *b, struct en_span s)
{
    struct kept *k;

    if (b->failed)
        return EN_SPAN(NULL, 0);
    k = malloc(sizeof(*k) + s.n);
    if (k == NULL) {
        b->failed = true;
        return EN_SPAN(NULL, 0);
    }
    k->n = s.n;
    k->next = b->kept;
    if (s.n > 0)
        memcpy(k->b, s.p, s.n);
    b->kept = k;
    return EN_SPAN(k->b, k->n);
}

bool en_batch_empty(const struct en_batch *b)
{
    return b->heads + b->logs + b->recs + b->cps + b->marks + b->keys +
               b->rows ==
           0;
}

void en_batch_free(struct en_batch *b)
{
    struct kept *k = b->kept;

    while (k != NULL) {
        struct kept *next = k->next;

        en_wipe(k->b, k->n);
        free(k);
        k = next;
    }
    if (b->key != NULL)
        en_wipe(b->key, b->keys * sizeof(b->key[0]));
    free(b->head);
    free(b->log);
    free(b->rec);
    free(b->cp);
    free(b->mark);
    free(b->key);
    free(b->row);
    *b = (struct en_batch){0};
}
