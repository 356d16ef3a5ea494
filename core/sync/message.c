#include "sync/message.h"

#include "base/text.h"
#include "record/run.h"

#include <string.h>

/* type, then the greatest body: 0 is a type that does not exist. */
struct kind {
    const char *name;
    size_t max;
};

#define TIP_LEN   40 /* log16, seq, id16 */
#define SEQS_HEAD 18 /* log16, n */
#define JOIN_HEAD (EN_CERT_LEN + 64 + 64)

static const struct kind kinds[] = {
    [EN_MSG_HELLO] = {"hello", 1 + EN_HELLO_LEN},
    [EN_MSG_FRONTIER] = {"frontier", 3 + EN_FRONTIER_MAX *TIP_LEN},
    [EN_MSG_RUN] = {"run", EN_MESSAGE_MAX},
    [EN_MSG_DONE] = {"done", 1 + EN_DONE_LEN},
    [EN_MSG_FORKQ] = {"forkq", 1 + SEQS_HEAD + 8 * EN_FORKQ_MAX},
    [EN_MSG_FORKA] = {"forka", 1 + SEQS_HEAD + 24 * EN_FORKQ_MAX},
    [EN_MSG_EVID] = {"evid", 1 + EN_EVIDENCE_BYTES_MAX},
    [EN_MSG_MISS] = {"miss", 1 + SEQS_HEAD + 8 * EN_MISS_MAX},
    [EN_MSG_PAY] = {"pay", 29 + EN_CT_MAX},
    [EN_MSG_LIVE] = {"live", 1},
    [EN_MSG_PING] = {"ping", 1},
    [EN_MSG_BYE] = {"bye", 2},
    [EN_MSG_OFFER] = {"offer", 21 + EN_NAME_MAX},
    [EN_MSG_JOIN] = {"join", 1 + JOIN_HEAD + 4 + 2 * EN_LABEL_MAX},
    [EN_MSG_SECRET] = {"secret", 33},
    [EN_MSG_AGREE] = {"agree", 1},
};

_Static_assert(1 + EN_HELLO_LEN == 95, "HELLO as PROTOCOL 17.1 counts it");
_Static_assert(1 + EN_DONE_LEN == 41, "DONE likewise");
_Static_assert(1 + JOIN_HEAD + 4 == 311, "JOIN likewise");
_Static_assert(3 + EN_FRONTIER_MAX * TIP_LEN <= EN_MESSAGE_MAX &&
                   29 + EN_CT_MAX <= EN_MESSAGE_MAX,
               "every message fits in one");

size_t en_message_max(uint8_t type)
{
    return type < sizeof(kinds) / sizeof(*kinds) ? kinds[type].max : 0;
}

const char *en_message_name(uint8_t type)
{
    return en_message_max(type) > 0 ? kinds[type].name : "?";
}

void en_hello_encode(const struct en_hello *h, uint8_t out[EN_HELLO_LEN])
{
    en_put_u16(out, 1);
    en_put_u32(out + 2, h->capabilities);
    memcpy(out + 6, h->cid.b, 32);
    memcpy(out + 38, h->device.b, 16);
    memcpy(out + 54, h->digest, 32);
    en_put_u64(out + 86, h->time_ms);
}

en_err en_hello_decode(struct en_span body, struct en_hello *h)
{
    struct en_reader r = en_reader_of(body);

    /* A later version may be longer: its number alone is read. */
    if (en_read_u16(&r) != 1)
        return r.bad ? EN_PROTOCOL : EN_VERSION;
    h->capabilities = en_read_u32(&r);
    en_read_copy(&r, h->cid.b, sizeof(h->cid.b));
    en_read_copy(&r, h->device.b, sizeof(h->device.b));
    en_read_copy(&r, h->digest, sizeof(h->digest));
    h->time_ms = en_read_u64(&r);
    return en_read_done(&r) ? EN_OK : EN_PROTOCOL;
}

void en_done_encode(const struct en_tip *tip, uint8_t out[EN_DONE_LEN])
{
    memcpy(out, tip->log.b, 16);
    en_put_u64(out + 16, tip->seq);
    memcpy(out + 24, tip->id.b, 16);
}

en_err en_done_decode(struct en_span body, struct en_tip *tip)
{
    struct en_reader r = en_reader_of(body);

    *tip = (struct en_tip){0};
    en_read_copy(&r, tip->log.b, 16);
    tip->seq = en_read_u64(&r);
    en_read_copy(&r, tip->id.b, 16);
    return en_read_done(&r) && tip->seq < EN_SEQ_MAX ? EN_OK : EN_PROTOCOL;
}

static en_err seqs_encode(const struct en_seqs *m, size_t max,
                          struct en_buf *out)
{
    en_err err;

    assert(m->n >= 1 && m->n <= max);
    err = en_buf_reserve(out, SEQS_HEAD + 8 * m->n);
    if (err != EN_OK)
        return err;
    (void)en_buf_add(out, m->log.b, 16);
    (void)en_buf_add_u16(out, (uint16_t)m->n);
    for (size_t i = 0; i < m->n; i++)
        (void)en_buf_add_u64(out, m->seq[i]);
    return EN_OK;
}

static en_err seqs_decode(struct en_span body, size_t max, struct en_seqs *m)
{
    struct en_reader r = en_reader_of(body);

    en_read_copy(&r, m->log.b, 16);
    m->n = en_read_u16(&r);
    if (r.bad || m->n == 0 || m->n > max || r.n != 8 * m->n)
        return EN_PROTOCOL;
    for (size_t i = 0; i < m->n; i++) {
        m->seq[i] = en_read_u64(&r);
        if (m->seq[i] >= EN_SEQ_MAX || (i > 0 && m->seq[i] <= m->seq[i - 1]))
            return EN_PROTOCOL;
    }
    return EN_OK;
}

en_err en_miss_encode(const struct en_seqs *m, struct en_buf *out)
{
    return seqs_encode(m, EN_MISS_MAX, out);
}

en_err en_miss_decode(struct en_span body, struct en_seqs *m)
{
    return seqs_decode(body, EN_MISS_MAX, m);
}

en_err en_forkq_encode(const struct en_seqs *q, struct en_buf *out)
{
    return seqs_encode(q, EN_FORKQ_MAX, out);
}

en_err en_forkq_decode(struct en_span body, struct en_seqs *q)
{
    return seqs_decode(body, EN_FORKQ_MAX, q);
}

en_err en_forka_encode(const struct en_forka *a, struct en_buf *out)
{
    en_err err;

    assert(a->n >= 1 && a->n <= EN_FORKQ_MAX);
    err = en_buf_reserve(out, SEQS_HEAD + 24 * a->n);
    if (err != EN_OK)
        return err;
    (void)en_buf_add(out, a->log.b, 16);
    (void)en_buf_add_u16(out, (uint16_t)a->n);
    for (size_t i = 0; i < a->n; i++) {
        (void)en_buf_add_u64(out, a->at[i].seq);
        (void)en_buf_add(out, a->at[i].id.b, 16);
    }
    return EN_OK;
}

en_err en_forka_decode(struct en_span body, struct en_forka *a)
{
    struct en_reader r = en_reader_of(body);

    en_read_copy(&r, a->log.b, 16);
    a->n = en_read_u16(&r);
    if (r.bad || a->n == 0 || a->n > EN_FORKQ_MAX || r.n != 24 * a->n)
        return EN_PROTOCOL;
    for (size_t i = 0; i < a->n; i++) {
        a->at[i].seq = en_read_u64(&r);
        en_read_copy(&r, a->at[i].id.b, 16);
        if (a->at[i].seq >= EN_SEQ_MAX ||
            (i > 0 && a->at[i].seq <= a->at[i - 1].seq))
            return EN_PROTOCOL;
    }
    return EN_OK;
}

en_err en_evid_decode(struct en_span body, struct en_span *pack)
{
    /* A msgpack array of seven: elements 2..8. */
    if (body.n < 2 || body.n > EN_EVIDENCE_BYTES_MAX || body.p[0] != 0x97)
        return EN_PROTOCOL;
    *pack = body;
    return EN_OK;
}

en_err en_pay_encode(const struct en_pay *p, struct en_buf *out)
{
    en_err err;

    assert(p->ct.n >= EN_CT_MIN && p->ct.n <= EN_CT_MAX);
    err = en_buf_reserve(out, 28 + p->ct.n);
    if (err != EN_OK)
        return err;
    (void)en_buf_add(out, p->log.b, 16);
    (void)en_buf_add_u64(out, p->seq);
    (void)en_buf_add_u32(out, (uint32_t)p->ct.n);
    (void)en_buf_add_span(out, p->ct);
    return EN_OK;
}

en_err en_pay_decode(struct en_span body, struct en_pay *p)
{
    struct en_reader r = en_reader_of(body);
    size_t n;

    en_read_copy(&r, p->log.b, 16);
    p->seq = en_read_u64(&r);
    n = en_read_u32(&r);
    if (r.bad || p->seq >= EN_SEQ_MAX || n < EN_CT_MIN || n > EN_CT_MAX)
        return EN_PROTOCOL;
    p->ct = en_read_span(&r, n);
    return en_read_done(&r) ? EN_OK : EN_PROTOCOL;
}

en_err en_bye_decode(struct en_span body, uint8_t *code)
{
    if (body.n != 1 || body.p[0] >= EN_BYE_COUNT)
        return EN_PROTOCOL;
    *code = body.p[0];
    return EN_OK;
}

/* What is shown to people later is made harmless there; what is no text at all
 * goes no further than this. */
static bool is_label(struct en_span s, size_t max)
{
    return s.n >= 1 && s.n <= max && en_text_valid(s);
}

en_err en_offer_encode(const struct en_offer *o, struct en_buf *out)
{
    en_err err;

    assert(o->cls >= 1 && o->cls <= 3 && o->kind <= EN_OFFER_PAPER);
    if (!is_label(o->name, EN_NAME_MAX))
        return EN_RANGE;
    err = en_buf_reserve(out, 20 + o->name.n);
    if (err != EN_OK)
        return err;
    (void)en_buf_add_u8(out, o->cls);
    (void)en_buf_add_u8(out, o->kind);
    (void)en_buf_add(out, o->sponsor.b, 16);
    return en_buf_add_lv(out, o->name);
}

en_err en_offer_decode(struct en_span body, struct en_offer *o)
{
    struct en_reader r = en_reader_of(body);

    o->cls = en_read_u8(&r);
    o->kind = en_read_u8(&r);
    en_read_copy(&r, o->sponsor.b, 16);
    o->name = en_read_lv(&r, EN_NAME_MAX);
    if (!en_read_done(&r) || o->cls < 1 || o->cls > 3 ||
        o->kind > EN_OFFER_PAPER || !is_label(o->name, EN_NAME_MAX))
        return EN_PROTOCOL;
    return EN_OK;
}

en_err en_joining_encode(const struct en_joining *j, struct en_buf *out)
{
    en_err err;

    assert(j->cert.n == EN_CERT_LEN && j->cert_sig.n == 64 &&
           j->join_sig.n == 64);
    if (!is_label(j->person_label, EN_LABEL_MAX) ||
        !is_label(j->device_label, EN_LABEL_MAX))
        return EN_RANGE;
    err = en_buf_reserve(out,
                         JOIN_HEAD + 4 + j->person_label.n + j->device_label.n);
    if (err != EN_OK)
        return err;
    (void)en_buf_add_span(out, j->cert);
    (void)en_buf_add_span(out, j->cert_sig);
    (void)en_buf_add_span(out, j->join_sig);
    (void)en_buf_add_lv(out, j->person_label);
    return en_buf_add_lv(out, j->device_label);
}

en_err en_joining_decode(struct en_span body, struct en_joining *j)
{
    struct en_reader r = en_reader_of(body);

    j->cert = en_read_span(&r, EN_CERT_LEN);
    j->cert_sig = en_read_span(&r, 64);
    j->join_sig = en_read_span(&r, 64);
    j->person_label = en_read_lv(&r, EN_LABEL_MAX);
    j->device_label = en_read_lv(&r, EN_LABEL_MAX);
    if (!en_read_done(&r) || !is_label(j->person_label, EN_LABEL_MAX) ||
        !is_label(j->device_label, EN_LABEL_MAX))
        return EN_PROTOCOL;
    return EN_OK;
}
