#include "lib/store_fill.h"

#include "lib/test.h"

#include <inttypes.h>
#include <stdlib.h>

struct en_id store_id(const char *what, uint64_t n)
{
    struct en_id id;
    uint64_t h = 14695981039346656037u;

    for (const char *p = what; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * 1099511628211u;
    for (size_t i = 0; i < sizeof(id.b); i++) {
        h = (h ^ ((n >> (8 * (i % 8))) & 0xff)) * 1099511628211u;
        id.b[i] = (uint8_t)(h >> 24);
    }
    return id;
}

struct en_id store_circle_id(uint64_t circle)
{
    return store_id("circle", circle);
}

struct en_id store_log_id(uint64_t circle, uint64_t number)
{
    return store_id("log", circle * 1000 + number);
}

struct en_id store_record_id(uint64_t circle, uint64_t number, uint64_t seq)
{
    return store_id("record", (circle * 1000 + number) * 1000000 + seq);
}

struct en_checkpoint store_checkpoint(uint64_t circle, uint64_t number,
                                      uint64_t seq)
{
    struct en_checkpoint cp = {.log = store_log_id(circle, number),
                               .seq = seq,
                               .id = store_record_id(circle, number, seq)};

    memset(cp.sig, (int)(0x40 + seq % 64), sizeof(cp.sig));
    return cp;
}

struct en_batch_log store_log_of(uint64_t circle, uint64_t number, uint8_t kind,
                                 bool own)
{
    return (struct en_batch_log){.cid = store_circle_id(circle),
                                 .log = store_log_id(circle, number),
                                 .device = store_id("device", number),
                                 .kind = kind,
                                 .own = own};
}

struct en_batch_record store_record(struct en_batch *b, uint64_t circle,
                                    uint64_t number, uint64_t seq, size_t len)
{
    struct en_batch_record r = {.log = store_log_id(circle, number),
                                .id = store_record_id(circle, number, seq),
                                .seq = seq,
                                .mark = EN_MARK_PAYLOAD};
    uint8_t *p = malloc(len + 1);

    assert_non_null(p);
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)(seq * 7 + i * 13 + number);
    memset(r.header, (int)(seq + 1), sizeof(r.header));
    r.payload = en_batch_keep(b, EN_SPAN(p, len));
    r.aux = en_batch_keep(b, EN_SPAN(p, len < 5 ? len : 5));
    free(p);
    return r;
}

void store_fill(struct en_batch *b, uint64_t circle, uint64_t number,
                uint8_t kind, bool own, uint64_t before, size_t n, size_t len)
{
    struct en_batch_log l = store_log_of(circle, number, kind, own);

    if (before == 0)
        assert_ok(en_batch_log(b, &l));
    for (uint64_t seq = before; seq < before + n; seq++) {
        struct en_batch_record r = store_record(b, circle, number, seq, len);
        struct en_checkpoint cp = store_checkpoint(circle, number, seq);

        assert_ok(en_batch_record(b, &r));
        if (own || seq + 1 == before + n)
            assert_ok(en_batch_checkpoint(b, &cp));
    }
}

struct en_row store_row(uint64_t circle, uint16_t kind, const char *key,
                        int64_t sort, const char *body)
{
    return (struct en_row){.cid = store_circle_id(circle),
                           .kind = kind,
                           .key = en_span_str(key),
                           .sort = sort,
                           .body = en_span_str(body)};
}

struct en_key_name store_key_name(uint64_t circle, uint8_t kind, uint64_t ref)
{
    struct en_id id = store_id("ref", ref);

    return (struct en_key_name){
        .cid = store_circle_id(circle), .kind = kind, .ref = en_id_short(&id)};
}

struct en_key store_key_value(uint8_t fill)
{
    struct en_key k;

    memset(k.b, fill, sizeof(k.b));
    return k;
}

/* ---- everything a store holds ---- */

static void line(struct en_buf *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void line(struct en_buf *out, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    assert_true(n > 0 && (size_t)n < sizeof(text));
    assert_ok(en_buf_add(out, text, (size_t)n));
}

/* Spans may be large: their length and a sum stand for them. */
static uint64_t sum(struct en_span s)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ s.p[i]) * 1099511628211u;
    return h;
}

static en_err dump_head(void *user, const struct en_head *h)
{
    char log[65];
    char id[65];

    en_hex(log, h->log.b, 32);
    en_hex(id, h->id.b, 32);
    line(user, "head %s %d %d %" PRIu64 " %s %" PRIx64 " %" PRIx64 "\n", log,
         h->kind, h->own, h->count, id, sum(EN_SPAN_OF(h->sig)),
         sum(EN_SPAN_OF(h->device.b)));
    return EN_OK;
}

static en_err dump_record(void *user, const struct en_stored *r)
{
    char id[65];

    en_hex(id, r->id.b, 32);
    line(user,
         "rec %s %" PRIx64 " %" PRIu64 " %d %" PRIx64 " %zu %" PRIx64
         " %zu %" PRIx64 " %" PRIu64 " %" PRIx64 "\n",
         id, sum(EN_SPAN_OF(r->log.b)), r->seq, (int)r->mark,
         sum(EN_SPAN(r->header, EN_HEADER_LEN)), r->payload.n, sum(r->payload),
         r->aux.n, sum(r->aux), r->arrival,
         r->sig != NULL ? sum(EN_SPAN(r->sig, 64)) : 0);
    return EN_OK;
}

static en_err dump_row(void *user, const struct en_row *r)
{
    line(user, "row %d %" PRIx64 " %" PRId64 " %zu %" PRIx64 "\n", r->kind,
         sum(r->key), r->sort, r->body.n, sum(r->body));
    return EN_OK;
}

struct logs {
    struct en_id id[64];
    size_t n;
};

static en_err collect_log(void *user, const struct en_head *h)
{
    struct logs *l = user;

    assert_true(l->n < 64);
    l->id[l->n++] = h->log;
    return EN_OK;
}

void store_dump(struct en_store *s, struct en_buf *out)
{
    struct logs logs = {.n = 0};

    assert_ok(en_store_frontier(s, NULL, dump_head, out));
    assert_ok(en_store_frontier(s, NULL, collect_log, &logs));
    for (size_t i = 0; i < logs.n; i++)
        assert_ok(en_store_scan(s, &logs.id[i], 0, dump_record, out));
    for (uint64_t c = 0; c < STORE_CIRCLES; c++) {
        struct en_id cid = store_circle_id(c);

        line(out, "circle %" PRIu64 "\n", c);
        assert_ok(en_store_frontier(s, &cid, dump_head, out));
        assert_ok(en_store_arrivals(s, &cid, 0, dump_record, out));
        for (uint16_t k = 0; k < STORE_KINDS; k++) {
            struct en_find q = {
                .cid = cid, .kind = k, .from = INT64_MIN, .to = INT64_MAX};

            assert_ok(en_store_find(s, &q, dump_row, out));
            for (uint64_t ref = 0; ref < STORE_REFS; ref++) {
                struct en_key_name name = store_key_name(c, (uint8_t)k, ref);
                struct en_key v;
                en_err err = en_store_key(s, &name, &v);

                if (err == EN_OK)
                    line(out, "key %d %" PRIu64 " %" PRIx64 "\n", k, ref,
                         sum(EN_SPAN_OF(v.b)));
                else
                    assert_int_equal(err, EN_ABSENT);
            }
        }
    }
}
