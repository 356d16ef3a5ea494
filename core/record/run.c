#include "record/run.h"

#include <stdlib.h>
#include <string.h>

#define TYPE_DEVKEY 4
#define CONTROL_MIN 6  /* type, ct_len and a byte of operation */
#define JOURNAL_MIN 67 /* mark to nonce, and a payload hash */

en_err en_run_peek(struct en_span body, struct en_id16 *log, uint64_t *from)
{
    struct en_reader r = en_reader_of(body);

    en_read_copy(&r, log->b, 16);
    *from = en_read_u64(&r);
    return r.bad ? EN_PROTOCOL : EN_OK;
}

static en_err read_control(struct en_reader *r, struct en_run_record *rec)
{
    rec->mark = EN_MARK_PAYLOAD;
    rec->type = en_read_u8(r);
    rec->ct_len = en_read_u32(r);
    if (r->bad || rec->ct_len == 0 ||
        rec->ct_len > en_payload_max(EN_CONTROL, rec->type))
        return EN_PROTOCOL;
    rec->payload = en_read_span(r, rec->ct_len);
    return r->bad ? EN_PROTOCOL : EN_OK;
}

/* Epoch ids as a run lists them, and which of them its records name. */
struct listed {
    struct en_id16 id[EN_RUN_EPOCHS_MAX];
    bool used[EN_RUN_EPOCHS_MAX];
    size_t n;
};

static en_err read_journal(struct en_reader *r, struct listed *epochs,
                           struct en_run_record *rec)
{
    uint8_t mark = en_read_u8(r);
    uint8_t index;

    rec->type = en_read_u8(r);
    rec->ct_len = en_read_u32(r);
    rec->ctl_seq = en_read_u32(r);
    index = en_read_u8(r);
    rec->nonce = en_read_span(r, 24).p;
    if (r->bad || mark > EN_MARK_WITHDRAWN || rec->type == 0 ||
        rec->ctl_seq > EN_SEQ_MAX - 1 || index >= epochs->n ||
        rec->ct_len < EN_CT_MIN || rec->ct_len > EN_CT_MAX)
        return EN_PROTOCOL;
    rec->mark = (enum en_mark)mark;
    rec->epoch = epochs->id[index];
    epochs->used[index] = true;
    if (rec->mark == EN_MARK_PAYLOAD)
        rec->payload = en_read_span(r, rec->ct_len);
    else
        rec->hash = en_read_span(r, 32).p;
    return r->bad ? EN_PROTOCOL : EN_OK;
}

/* Each id stands once: otherwise a byte could change in transit, from one index to
 * another of the same epoch, and nothing would notice. */
static en_err read_epochs(struct en_reader *r, struct listed *epochs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        en_read_copy(r, epochs->id[i].b, 16);
        for (size_t j = 0; j < i; j++)
            if (en_id16_eq(&epochs->id[i], &epochs->id[j]))
                return EN_PROTOCOL;
    }
    epochs->n = n;
    return r->bad ? EN_PROTOCOL : EN_OK;
}

/* And each is used, for the same reason. */
static bool all_used(const struct listed *epochs)
{
    for (size_t i = 0; i < epochs->n; i++)
        if (!epochs->used[i])
            return false;
    return true;
}

/* The n records; a DEVKEY, which changes the key that vouches, comes last. */
static en_err read_records(struct en_reader *r, struct listed *epochs,
                           struct en_run *run)
{
    size_t payload = 0;
    en_err err;

    for (size_t i = 0; i < run->n; i++) {
        struct en_run_record *rec = &run->rec[i];

        err = run->kind == EN_CONTROL ? read_control(r, rec)
                                      : read_journal(r, epochs, rec);
        if (err != EN_OK)
            return err;
        payload += rec->payload.n;
        if (payload > EN_RUN_BYTES_MAX)
            return EN_PROTOCOL;
        if (run->kind == EN_CONTROL && rec->type == TYPE_DEVKEY &&
            i + 1 < run->n)
            return EN_PROTOCOL;
        if (i > 0 && rec->ctl_seq < run->rec[i - 1].ctl_seq)
            return EN_PROTOCOL;
    }
    return EN_OK;
}

en_err en_run_decode(struct en_span body, enum en_kind kind, struct en_run *run)
{
    struct en_reader r = en_reader_of(body);
    struct listed epochs = {.n = 0};
    size_t n;
    size_t m;
    en_err err;

    *run = (struct en_run){.kind = kind};
    en_read_copy(&r, run->log.b, 16);
    run->from = en_read_u64(&r);
    en_read_copy(&r, run->base.b, 16);
    n = en_read_u16(&r);
    m = en_read_u8(&r);
    if (r.bad || n == 0 || n > EN_RUN_RECORDS_MAX ||
        (kind == EN_CONTROL) != (m == 0) || run->from > EN_SEQ_MAX - n)
        return EN_PROTOCOL;
    err = read_epochs(&r, &epochs, m);
    if (err != EN_OK)
        return err;
    /* Each record takes at least so much: n is bounded by what is there. */
    if (n > r.n / (kind == EN_CONTROL ? CONTROL_MIN : JOURNAL_MIN))
        return EN_PROTOCOL;
    run->rec = calloc(n, sizeof(*run->rec));
    if (run->rec == NULL)
        return EN_NOMEM;
    run->n = n;
    err = read_records(&r, &epochs, run);
    run->sig = en_read_span(&r, 64).p;
    if (err == EN_OK && (!en_read_done(&r) || !all_used(&epochs)))
        err = EN_PROTOCOL;
    if (err != EN_OK)
        en_run_free(run);
    return err;
}

en_err en_run_chain(struct en_run *run, const struct en_id *cid,
                    const struct en_id *log, const struct en_id *before)
{
    struct en_id prev = *before;

    if (memcmp(run->base.b, before->b, 16) != 0 ||
        memcmp(run->log.b, log->b, 16) != 0)
        return EN_FORGED;
    for (size_t i = 0; i < run->n; i++) {
        struct en_run_record *rec = &run->rec[i];
        struct en_header h = {
            .kind = (uint8_t)run->kind,
            .type = rec->type,
            .ct_len = rec->ct_len,
            .seq = run->from + i,
            .ctl_seq = rec->ctl_seq,
            .epoch = rec->epoch,
            .prev = prev,
        };

        if (rec->nonce != NULL)
            memcpy(h.nonce, rec->nonce, sizeof(h.nonce));
        if (rec->mark == EN_MARK_PAYLOAD)
            en_payload_hash(cid, rec->payload, &h.payload_hash);
        else
            memcpy(h.payload_hash.b, rec->hash, 32);
        en_header_encode(&h, rec->header);
        en_record_id(cid, rec->header, &rec->id);
        prev = rec->id;
    }
    return EN_OK;
}

void en_run_tip(const struct en_run *run, const struct en_id *log,
                struct en_checkpoint *cp)
{
    cp->log = *log;
    cp->seq = run->from + run->n - 1;
    cp->id = run->rec[run->n - 1].id;
    memcpy(cp->sig, run->sig, sizeof(cp->sig));
}

void en_run_free(struct en_run *run)
{
    free(run->rec);
    *run = (struct en_run){0};
}

void en_run_begin(struct en_run_writer *w, enum en_kind kind,
                  const struct en_id *log, uint64_t from,
                  const struct en_id *before)
{
    w->log = en_id_short(log);
    w->from = from;
    w->base = en_id_short(before);
    w->kind = kind;
    w->epochs = 0;
    w->n = 0;
    w->payload = 0;
    w->ended = false;
    en_buf_clear(&w->records);
}

static size_t epoch_index(const struct en_run_writer *w, const uint8_t *header)
{
    size_t i = 0;

    while (i < w->epochs &&
           memcmp(w->epoch[i].b, header + EN_HEADER_EPOCH_AT, 16) != 0)
        i++;
    return i;
}

bool en_run_fits(const struct en_run_writer *w, const uint8_t *header,
                 size_t payload)
{
    if (w->ended || w->n >= EN_RUN_RECORDS_MAX ||
        w->payload + payload > EN_RUN_BYTES_MAX)
        return false;
    return w->kind == EN_CONTROL || epoch_index(w, header) < EN_RUN_EPOCHS_MAX;
}

en_err en_run_add(struct en_run_writer *w, const uint8_t *header,
                  enum en_mark mark, struct en_span payload)
{
    struct en_buf *b = &w->records;
    size_t index = epoch_index(w, header);
    en_err err = en_buf_reserve(b, 80 + payload.n);

    assert(en_run_fits(w, header, payload.n));
    if (err != EN_OK)
        return err;
    if (w->kind == EN_CONTROL) {
        assert(mark == EN_MARK_PAYLOAD);
        (void)en_buf_add_u8(b, header[2]);
        (void)en_buf_add(b, header + 4, 4);
        w->ended = header[2] == TYPE_DEVKEY;
    } else {
        if (index == w->epochs)
            memcpy(w->epoch[w->epochs++].b, header + EN_HEADER_EPOCH_AT, 16);
        (void)en_buf_add_u8(b, (uint8_t)mark);
        (void)en_buf_add_u8(b, header[2]);
        (void)en_buf_add(b, header + 4, 4);
        (void)en_buf_add(b, header + 16, 4);
        (void)en_buf_add_u8(b, (uint8_t)index);
        (void)en_buf_add(b, header + EN_HEADER_NONCE_AT, 24);
    }
    if (mark == EN_MARK_PAYLOAD)
        (void)en_buf_add_span(b, payload);
    else
        (void)en_buf_add(b, header + EN_HEADER_HASH_AT, 32);
    w->payload += payload.n;
    w->n++;
    return EN_OK;
}

en_err en_run_end(const struct en_run_writer *w, const uint8_t sig[64],
                  struct en_buf *out)
{
    en_err err;

    assert(w->n > 0);
    err = en_buf_reserve(out, 43 + 16 * w->epochs + w->records.n + 64);
    if (err != EN_OK)
        return err;
    (void)en_buf_add(out, w->log.b, 16);
    (void)en_buf_add_u64(out, w->from);
    (void)en_buf_add(out, w->base.b, 16);
    (void)en_buf_add_u16(out, (uint16_t)w->n);
    (void)en_buf_add_u8(out, (uint8_t)w->epochs);
    for (size_t i = 0; i < w->epochs; i++)
        (void)en_buf_add(out, w->epoch[i].b, 16);
    (void)en_buf_add_span(out, en_buf_span(&w->records));
    (void)en_buf_add(out, sig, 64);
    return EN_OK;
}

void en_run_writer_free(struct en_run_writer *w)
{
    en_buf_free(&w->records);
    *w = (struct en_run_writer){0};
}
