#include "record/frontier.h"

#include "crypto/hash.h"
#include "crypto/labels.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_LEN 40

/* Where an entry with this log16 is, or would be. */
static size_t place(const struct en_frontier *f, const uint8_t log16[16])
{
    size_t lo = 0;
    size_t hi = f->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (memcmp(f->tip[mid].log.b, log16, 16) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

en_err en_frontier_put(struct en_frontier *f, const struct en_tip *tip)
{
    size_t at = place(f, tip->log.b);

    if (at < f->n && memcmp(f->tip[at].log.b, tip->log.b, 16) == 0) {
        f->tip[at] = *tip;
        return EN_OK;
    }
    if (f->n >= EN_FRONTIER_MAX)
        return EN_RANGE;
    if (f->n == f->cap) {
        size_t cap = f->cap < 16 ? 16 : f->cap * 2;
        struct en_tip *p = realloc(f->tip, cap * sizeof(*p));

        if (p == NULL)
            return EN_NOMEM;
        f->tip = p;
        f->cap = cap;
    }
    memmove(f->tip + at + 1, f->tip + at, (f->n - at) * sizeof(*f->tip));
    f->tip[at] = *tip;
    f->n++;
    return EN_OK;
}

struct en_tip *en_frontier_find(const struct en_frontier *f,
                                const struct en_id16 *log)
{
    size_t at = place(f, log->b);

    if (at < f->n && memcmp(f->tip[at].log.b, log->b, 16) == 0)
        return &f->tip[at];
    return NULL;
}

void en_frontier_digest(const struct en_frontier *f, const struct en_id *cid,
                        uint8_t digest[32])
{
    struct en_hash_state st;
    struct en_id16 salt = en_id_short(cid);

    en_hash_begin(&st, EN_L_FRONTIER, &salt);
    for (size_t i = 0; i < f->n; i++) {
        uint8_t seq[8];

        en_put_u64(seq, f->tip[i].seq);
        en_hash_add(&st, EN_SPAN(f->tip[i].log.b, 32));
        en_hash_add(&st, EN_SPAN_OF(seq));
        en_hash_add(&st, EN_SPAN(f->tip[i].id.b, 32));
    }
    en_hash_end(&st, digest);
}

en_err en_frontier_encode(const struct en_frontier *f, struct en_buf *out)
{
    en_err err;

    assert(f->n <= EN_FRONTIER_MAX);
    err = en_buf_reserve(out, 2 + f->n * ENTRY_LEN);
    if (err != EN_OK)
        return err;
    (void)en_buf_add_u16(out, (uint16_t)f->n);
    for (size_t i = 0; i < f->n; i++) {
        (void)en_buf_add(out, f->tip[i].log.b, 16);
        (void)en_buf_add_u64(out, f->tip[i].seq);
        (void)en_buf_add(out, f->tip[i].id.b, 16);
    }
    return EN_OK;
}

static int tip_cmp(const void *a, const void *b)
{
    const struct en_tip *x = a;
    const struct en_tip *y = b;
    int c = en_id_cmp(&x->log, &y->log);

    if (c == 0 && x->seq != y->seq)
        c = x->seq < y->seq ? -1 : 1;
    return c != 0 ? c : en_id_cmp(&x->id, &y->id);
}

en_err en_frontier_decode(struct en_span body, struct en_frontier *f)
{
    struct en_reader r = en_reader_of(body);
    size_t n = en_read_u16(&r);

    assert(f->n == 0 && f->tip == NULL);
    if (r.bad || n > EN_FRONTIER_MAX || r.n != n * ENTRY_LEN)
        return EN_PROTOCOL;
    if (n == 0)
        return EN_OK;
    f->tip = calloc(n, sizeof(*f->tip));
    if (f->tip == NULL)
        return EN_NOMEM;
    f->cap = n;
    for (size_t i = 0; i < n; i++) {
        struct en_tip *tip = &f->tip[f->n++];

        en_read_copy(&r, tip->log.b, 16);
        tip->seq = en_read_u64(&r);
        en_read_copy(&r, tip->id.b, 16);
        if (tip->seq > EN_SEQ_MAX - 1)
            goto refuse;
    }
    /* A peer's order costs one sort, whatever it is. */
    qsort(f->tip, f->n, sizeof(*f->tip), tip_cmp);
    for (size_t i = 1; i < n; i++)
        if (tip_cmp(&f->tip[i - 1], &f->tip[i]) == 0)
            goto refuse;
    return EN_OK;
refuse:
    en_frontier_free(f);
    return EN_PROTOCOL;
}

void en_frontier_free(struct en_frontier *f)
{
    free(f->tip);
    *f = (struct en_frontier){0};
}
