/*
 * exchange.c - what passes between a replica and other devices, by any road: tips,
 * runs out, runs in. One way in for everybody else's records, atomic; one function
 * that writes.
 */
#include "replica/internal.h"

#include <stdlib.h>
#include <string.h>

/* -- tips ---------------------------------------------------------------------- */

en_err en_replica_frontier(const struct en_replica *r, bool control_only,
                           struct en_frontier *f)
{
    en_err err = EN_OK;

    for (size_t i = 0; err == EN_OK && i < r->heads; i++) {
        const struct en_head *h = &r->head[i];
        struct en_tip tip = {.log = h->log, .seq = h->count - 1, .id = h->id};

        if (h->count == 0 || (control_only && h->kind != EN_CONTROL))
            continue;
        err = en_frontier_put(f, &tip);
    }
    return err;
}

static const struct en_head *head_of16(const struct en_replica *r,
                                       const struct en_id16 *log16)
{
    for (size_t i = 0; i < r->heads; i++)
        if (memcmp(r->head[i].log.b, log16->b, 16) == 0 && r->head[i].count > 0)
            return &r->head[i];
    return NULL;
}

en_err en_replica_compare(struct en_replica *r,
                          const struct en_frontier *theirs, bool *lacking)
{
    *lacking = false;
    for (size_t i = 0; i < theirs->n; i++) {
        struct en_id16 log16 = en_id_short(&theirs->tip[i].log);
        const struct en_head *h = head_of16(r, &log16);

        if (h == NULL || theirs->tip[i].seq >= h->count)
            *lacking = true;
    }
    return EN_OK;
}

struct at {
    struct en_id id;
    bool found;
};

static en_err take_id(void *user, const struct en_stored *rec)
{
    struct at *x = user;

    x->id = rec->id;
    x->found = true;
    return EN_CLOSED;
}

static en_err id_at(struct en_replica *r, const struct en_head *h, uint64_t seq,
                    struct en_id *id)
{
    struct at x = {.found = false};
    en_err err;

    if (seq >= h->count)
        return EN_ABSENT;
    if (seq == h->count - 1) {
        *id = h->id;
        return EN_OK;
    }
    err = en_store_scan(r->env.store, &h->log, seq, take_id, &x);
    if (err != EN_OK)
        return err;
    *id = x.id;
    return x.found ? EN_OK : EN_ABSENT;
}

en_err en_replica_id_at(struct en_replica *r, const struct en_id16 *log16,
                        uint64_t seq, struct en_id *id)
{
    const struct en_head *h = head_of16(r, log16);

    return h != NULL ? id_at(r, h, seq, id) : EN_ABSENT;
}

/* -- runs out ------------------------------------------------------------------ */

struct sending {
    struct en_replica *r;
    struct en_run_writer w;
    uint64_t upto; /* records of the log to be sent, at most */
    /* The last point at which the run may end. */
    size_t n, bytes, epochs, payload;
    uint8_t sig[64];
    struct en_id id;
};

static en_err send_record(void *user, const struct en_stored *rec)
{
    struct sending *x = user;
    struct en_id hash;
    enum en_mark mark = rec->mark;
    en_err err;

    if (rec->seq >= x->upto || !en_run_fits(&x->w, rec->header, rec->payload.n))
        return EN_CLOSED;
    if (mark == EN_MARK_PAYLOAD) {
        /* R7: what is relayed is compared again. */
        en_payload_hash(&x->r->cid, rec->payload, &hash);
        if (memcmp(hash.b, rec->header + EN_HEADER_HASH_AT, 32) != 0)
            return EN_FORGED;
    }
    err = en_run_add(&x->w, rec->header, mark, rec->payload);
    if (err != EN_OK || rec->sig == NULL)
        return err;
    x->n = x->w.n;
    x->bytes = x->w.records.n;
    x->epochs = x->w.epochs;
    x->payload = x->w.payload;
    x->id = rec->id;
    memcpy(x->sig, rec->sig, 64);
    return EN_OK;
}

/* One run of a log from seq on, before `upto`; tip is its end. */
static en_err build(struct en_replica *r, const struct en_head *h,
                    uint64_t from, uint64_t upto, struct en_buf *body,
                    struct en_tip *tip)
{
    struct sending x = {.r = r, .upto = upto};
    struct en_id before = h->log;
    en_err err = EN_OK;

    if (from > 0)
        err = id_at(r, h, from - 1, &before);
    if (err != EN_OK)
        return err;
    en_run_begin(&x.w, (enum en_kind)h->kind, &h->log, from, &before);
    err = en_store_scan(r->env.store, &h->log, from, send_record, &x);
    if (err == EN_OK && x.n == 0)
        err = EN_ABSENT;
    if (err == EN_OK) {
        x.w.n = x.n;
        x.w.records.n = x.bytes;
        x.w.epochs = x.epochs;
        x.w.payload = x.payload;
        err = en_run_end(&x.w, x.sig, body);
    }
    if (err == EN_OK)
        *tip =
            (struct en_tip){.log = h->log, .seq = from + x.n - 1, .id = x.id};
    en_run_writer_free(&x.w);
    return err;
}

en_err en_replica_run_at(struct en_replica *r, const struct en_id16 *log16,
                         uint64_t from, struct en_buf *body)
{
    const struct en_head *h = head_of16(r, log16);
    struct en_tip tip;

    return h != NULL ? build(r, h, from, h->count, body, &tip) : EN_ABSENT;
}

/* Where a peer stands in a log of ours: how many records it has. A tip that is
 * not on our chain is a fork: nothing more of that log is sent, the peer's own
 * FORKQ finds where it began. */
static en_err standing(struct en_replica *r, const struct en_head *h,
                       const struct en_frontier *theirs, uint64_t *has)
{
    struct en_id16 log16 = en_id_short(&h->log);
    const struct en_tip *t = en_frontier_find(theirs, &log16);
    struct en_id id;
    en_err err;

    *has = 0;
    if (t == NULL)
        return EN_OK;
    *has = h->count;
    if (t->seq >= h->count)
        return EN_OK;
    err = id_at(r, h, t->seq, &id);
    if (err != EN_OK)
        return err;
    if (memcmp(id.b, t->id.b, 16) == 0)
        *has = t->seq + 1;
    return EN_OK;
}

/* How many records of each of our logs the peer has, by place in r->head. */
static en_err standings(struct en_replica *r, const struct en_frontier *theirs,
                        uint64_t **has)
{
    en_err err = EN_OK;

    *has = calloc(r->heads > 0 ? r->heads : 1, sizeof(**has));
    if (*has == NULL)
        return EN_NOMEM;
    for (size_t i = 0; err == EN_OK && i < r->heads; i++)
        if (r->head[i].kind == EN_CONTROL)
            err = standing(r, &r->head[i], theirs, &(*has)[i]);
    return err;
}

/* The next control run in order of arrival, which is causal: the first record the
 * peer lacks, and those of the same log that arrived right after it. */
static en_err next_control(struct en_replica *r, struct en_frontier *theirs,
                           struct en_buf *body)
{
    const struct en_head *h = NULL;
    uint64_t *has = NULL;
    struct en_tip tip;
    struct en_id log;
    struct en_id l;
    struct en_id id;
    uint64_t seq;
    uint64_t s;
    uint64_t upto;
    size_t i;
    en_err err = standings(r, theirs, &has);

    if (err != EN_OK)
        goto out;
    err = EN_ABSENT;
    for (i = 0; en_circle_arrival(r->circle, i, &log, &seq, &id); i++) {
        h = head_find(r, &log);
        if (h != NULL && seq >= has[h - r->head])
            break;
        h = NULL;
    }
    if (h == NULL)
        goto out;
    upto = seq + 1;
    for (i++;
         en_circle_arrival(r->circle, i, &l, &s, &id) && en_id_eq(&l, &log);
         i++)
        upto = s + 1;
    err = build(r, h, seq, upto, body, &tip);
    if (err == EN_OK)
        err = en_frontier_put(theirs, &tip);
out:
    free(has);
    return err;
}

en_err en_replica_next(struct en_replica *r, struct en_frontier *theirs,
                       bool control_only, struct en_buf *body)
{
    en_err err = next_control(r, theirs, body);

    for (size_t i = 0; err == EN_ABSENT && !control_only && i < r->heads; i++) {
        const struct en_head *h = &r->head[i];
        struct en_tip tip;
        uint64_t has;

        if (h->kind != EN_JOURNAL || h->count == 0)
            continue;
        err = standing(r, h, theirs, &has);
        if (err != EN_OK)
            return err;
        err = EN_ABSENT;
        if (has >= h->count)
            continue;
        err = build(r, h, has, h->count, body, &tip);
        if (err == EN_OK)
            err = en_frontier_put(theirs, &tip);
    }
    return err;
}

/* -- runs in ------------------------------------------------------------------- */

/* One run being taken in. */
struct taking {
    struct en_replica *r;
    struct en_run run;
    struct en_id log, device;
    uint8_t kind;
    const struct en_signer *signer;
    struct en_head head; /* as held; count 0: none */
    struct en_checkpoint tip;
    size_t skip;            /* records of the run that are held already */
    struct en_buf *content; /* by record of the run, opened */
    bool *opened;
};

static en_err verify_tip(const struct taking *t)
{
    const struct en_run_record *last = &t->run.rec[t->run.n - 1];
    const uint8_t *pk = t->kind == EN_CONTROL
                            ? en_signer_control(t->signer, t->tip.seq)
                            : en_signer_journal(t->signer, last->ctl_seq);

    return en_checkpoint_verify(&t->tip, pk);
}

struct overlap {
    struct taking *t;
    size_t at;
    bool differs;
};

static en_err compare_held(void *user, const struct en_stored *rec)
{
    struct overlap *o = user;

    if (o->at >= o->t->run.n)
        return EN_CLOSED;
    if (!en_id_eq(&rec->id, &o->t->run.rec[o->at].id)) {
        o->differs = true;
        return EN_CLOSED;
    }
    o->at++;
    return EN_OK;
}

/* Decodes, chains to what is held, finds what is new. */
static en_err prepare(struct taking *t, struct en_span body,
                      struct en_ingest *out)
{
    struct en_replica *r = t->r;
    struct en_id16 log16;
    struct en_id before;
    uint64_t from;
    const struct en_head *h;
    struct overlap o = {.t = t};
    en_err err = en_run_peek(body, &log16, &from);

    if (err != EN_OK)
        return err;
    out->what = EN_RUN_LATER;
    t->signer =
        en_circle_signer(r->circle, &log16, &t->log, &t->device, &t->kind);
    if (t->signer == NULL)
        return EN_LATER;
    err = en_run_decode(body, (enum en_kind)t->kind, &t->run);
    if (err != EN_OK)
        return err;
    h = head_find(r, &t->log);
    if (h != NULL)
        t->head = *h;
    if (from > t->head.count)
        return EN_LATER;
    before = t->log;
    if (from > 0) {
        err = id_at(r, h, from - 1, &before);
        if (err != EN_OK)
            return err;
        if (memcmp(before.b, t->run.base.b, 16) != 0) {
            out->what = EN_RUN_FORK; /* perhaps: nothing is verified yet */
            return EN_LATER;
        }
    }
    err = en_run_chain(&t->run, &r->cid, &t->log, &before);
    if (err != EN_OK)
        return err;
    en_run_tip(&t->run, &t->log, &t->tip);
    if (from < t->head.count)
        err = en_store_scan(r->env.store, &t->log, from, compare_held, &o);
    t->skip = o.at;
    if (err == EN_OK && o.differs)
        out->what = EN_RUN_FORK;
    return err;
}

static en_err note_own_copy(struct en_replica *r)
{
    struct en_batch b = {0};
    uint8_t body[33];
    struct en_row row = {.kind = EN_ROW_CIRCLE, .key = id_span(&r->cid)};
    en_err err;

    r->signs = false;
    memcpy(body, r->device.b, 32);
    body[32] = 1;
    row.body = EN_SPAN_OF(body);
    err = en_batch_row_put(&b, &row);
    if (err == EN_OK)
        err = en_store_commit(r->env.store, &b);
    en_batch_free(&b);
    return err;
}

/* Two verified continuations: noted with its author, and nothing else changes. */
static en_err forked(struct taking *t)
{
    struct en_replica *r = t->r;
    struct en_batch b = {0};
    struct en_row row = {.cid = r->cid,
                         .kind = EN_ROW_FORK,
                         .key = id_span(&t->log),
                         .body = id_span(&t->device)};
    en_err err = verify_tip(t);

    if (err != EN_OK)
        return err;
    en_trace_line(r->env.trace, "fork kind=%u seq=%llu", t->kind,
                  (unsigned long long)t->run.from);
    err = note_fork(r, &t->device);
    if (err == EN_OK)
        err = en_batch_row_put(&b, &row);
    if (err == EN_OK)
        err = en_store_commit(r->env.store, &b);
    en_batch_free(&b);
    if (err == EN_OK && en_id_eq(&t->device, &r->device))
        err = note_own_copy(r);
    if (err == EN_OK)
        r->changes++;
    return err;
}

/* A control run whose last record is a DEVKEY changes the key for its own tip. */
static en_err take_control(struct taking *t, struct en_batch *b)
{
    struct en_replica *r = t->r;
    bool renews = t->run.rec[t->run.n - 1].type == EN_OP_DEVKEY;
    en_err err = renews ? EN_OK : verify_tip(t);

    for (size_t i = t->skip; err == EN_OK && i < t->run.n; i++) {
        struct en_run_record *rec = &t->run.rec[i];
        struct en_batch_record out = {.log = t->log,
                                      .id = rec->id,
                                      .seq = t->run.from + i,
                                      .payload = rec->payload};

        memcpy(out.header, rec->header, EN_HEADER_LEN);
        err = en_circle_add(r->circle, &t->log, rec->header, rec->payload);
        if (err == EN_OK)
            err = en_batch_record(b, &out);
    }
    if (err == EN_OK && renews) {
        /* The circle may have moved its arrays. */
        struct en_id16 log16 = en_id_short(&t->log);

        t->signer =
            en_circle_signer(r->circle, &log16, &t->log, &t->device, &t->kind);
        err = verify_tip(t);
    }
    return err;
}

static en_err missing_row(struct taking *t, struct en_batch *b, uint64_t seq)
{
    uint8_t key[40];
    struct en_row row = {.cid = t->r->cid, .kind = EN_ROW_MISSING};

    memcpy(key, t->log.b, 32);
    for (int i = 0; i < 8; i++)
        key[32 + i] = (uint8_t)(seq >> (56 - 8 * i));
    row.key = en_batch_keep(b, EN_SPAN_OF(key));
    return b->failed ? EN_NOMEM : en_batch_row_put(b, &row);
}

static en_err aside_row(struct taking *t, struct en_batch *b,
                        const struct en_id *record)
{
    struct en_row row = {.cid = t->r->cid,
                         .kind = EN_ROW_ASIDE,
                         .key = id_span(record),
                         .body = id_span(&t->device)};
    en_err err = note_aside(t->r, &t->device);

    return err == EN_OK ? en_batch_row_put(b, &row) : err;
}

static en_err take_journal(struct taking *t, struct en_batch *b)
{
    struct en_replica *r = t->r;
    const struct en_run_record *last = &t->run.rec[t->run.n - 1];
    const struct en_member *m = en_circle_device(r->circle, &t->device);
    struct en_id id;
    en_err err;

    if (en_circle_log_count(r->circle, &m->control, &id) < last->ctl_seq)
        return EN_LATER;
    for (size_t i = 0; i < t->run.n; i++)
        if (!en_signer_allows(t->signer, t->run.from + i,
                              t->run.rec[i].ctl_seq))
            return EN_FORGED;
    err = verify_tip(t);
    if (err != EN_OK)
        return err;
    t->content = calloc(t->run.n, sizeof(*t->content));
    t->opened = calloc(t->run.n, sizeof(*t->opened));
    if (t->content == NULL || t->opened == NULL)
        return EN_NOMEM;
    for (size_t i = t->skip; err == EN_OK && i < t->run.n; i++) {
        struct en_run_record *rec = &t->run.rec[i];
        struct en_batch_record out = {.log = t->log,
                                      .id = rec->id,
                                      .seq = t->run.from + i,
                                      .mark = rec->mark,
                                      .payload = rec->payload};

        memcpy(out.header, rec->header, EN_HEADER_LEN);
        /* DROPPED or WITHDRAWN is a claim: without the operation that says so
         * here, the payload is wanted. */
        if (rec->mark != EN_MARK_PAYLOAD) {
            out.mark = EN_MARK_MISSING;
            err = missing_row(t, b, out.seq);
        } else {
            err = open_record(r, rec->header, rec->payload, &t->device,
                              &t->content[i]);
            t->opened[i] = err == EN_OK;
            if (err == EN_FORGED)
                err = aside_row(t, b, &rec->id);
            else if (err == EN_NO_KEY)
                err = EN_OK;
        }
        if (err == EN_OK)
            err = en_batch_record(b, &out);
    }
    return err;
}

static void tell_taken(struct taking *t)
{
    struct en_replica *r = t->r;

    for (size_t i = t->skip; r->env.item != NULL && i < t->run.n; i++) {
        struct en_item item;

        if (!t->opened[i])
            continue;
        item_of(r, t->run.rec[i].header, &t->run.rec[i].id, &t->device,
                en_buf_span(&t->content[i]), &item);
        r->env.item(r->env.user, &item);
    }
}

static void taking_free(struct taking *t)
{
    for (size_t i = 0; t->content != NULL && i < t->run.n; i++)
        en_buf_free(&t->content[i]);
    free(t->content);
    free(t->opened);
    en_run_free(&t->run);
}

/* Everything that is new, in one commit. */
static en_err store_run(struct taking *t)
{
    struct en_replica *r = t->r;
    struct en_batch b = {0};
    struct en_batch_log l = {.cid = r->cid,
                             .log = t->log,
                             .device = t->device,
                             .kind = t->kind,
                             .own = en_id_eq(&t->device, &r->device)};
    struct en_head head = {.log = t->log,
                           .device = t->device,
                           .kind = t->kind,
                           .own = l.own,
                           .count = t->tip.seq + 1,
                           .id = t->tip.id};
    size_t count = en_circle_count(r->circle);
    bool own_ahead = l.own;
    en_err err = EN_OK;

    memcpy(head.sig, t->tip.sig, 64);
    if (t->head.count == 0)
        err = en_batch_log(&b, &l);
    if (err == EN_OK)
        err = en_batch_expect(&b, &t->log, t->head.count, &t->head.id);
    if (err == EN_OK)
        err = t->kind == EN_CONTROL ? take_control(t, &b) : take_journal(t, &b);
    if (err == EN_OK)
        err = en_batch_checkpoint(&b, &t->tip);
    if (err == EN_OK)
        err = head_put(r, &(struct en_head){.log = t->log,
                                            .device = t->device,
                                            .kind = t->kind,
                                            .own = l.own,
                                            .count = t->head.count,
                                            .id = t->head.id});
    if (err == EN_OK)
        err = en_store_commit(r->env.store, &b);
    en_batch_free(&b);
    if (err != EN_OK) {
        en_circle_rollback(r->circle, count);
        return err;
    }
    *head_find(r, &t->log) = head;
    r->changes++;
    if (t->kind == EN_JOURNAL)
        tell_taken(t);
    /* A verified record of our own that we did not have: somebody went on with
     * another copy of this vault. It must not sign again (PROTOCOL 5.6). */
    return own_ahead ? note_own_copy(r) : EN_OK;
}

en_err en_replica_ingest(struct en_replica *r, struct en_span body,
                         struct en_ingest *out)
{
    struct taking t = {.r = r};
    en_err err;

    *out = (struct en_ingest){.what = EN_RUN_LATER};
    err = prepare(&t, body, out);
    if (err == EN_LATER) {
        err = EN_OK;
        goto out;
    }
    if (err != EN_OK)
        goto out;
    if (out->what == EN_RUN_FORK) {
        err = forked(&t);
        goto out;
    }
    if (t.skip == t.run.n) {
        out->what = EN_RUN_KNOWN;
    } else {
        err = store_run(&t);
        if (err == EN_OK)
            out->what = EN_RUN_STORED;
        else if (err == EN_LATER)
            err = EN_OK;
    }
    if (out->what == EN_RUN_KNOWN || out->what == EN_RUN_STORED)
        out->tip =
            (struct en_tip){.log = t.log, .seq = t.tip.seq, .id = t.tip.id};
out:
    /* An operation that names an unknown device or log is out of order, and
     * EN_ABSENT a log of nobody: neither is the peer's forgery. */
    taking_free(&t);
    return err;
}

/* -- acknowledgements ---------------------------------------------------------- */

en_err en_replica_done(struct en_replica *r, const struct en_id *device,
                       const struct en_tip *tip)
{
    struct done *p;
    size_t i = 0;

    if (memcmp(tip->log.b, r->journal.b, 16) != 0)
        return EN_OK;
    while (i < r->dones && !en_id_eq(&r->done[i].device, device))
        i++;
    if (i == r->dones) {
        p = realloc(r->done, (r->dones + 1) * sizeof(*p));
        if (p == NULL)
            return EN_NOMEM;
        r->done = p;
        r->done[r->dones++] = (struct done){.device = *device};
    }
    if (tip->seq + 1 > r->done[i].journal) {
        r->done[i].journal = tip->seq + 1;
        r->done_dirty = true;
    }
    return EN_OK;
}

/* -- payloads that were missing -------------------------------------------------- */

struct wanted {
    struct en_id16 after;
    struct en_id log;
    uint64_t *seq;
    size_t max, n;
};

static en_err want(void *user, const struct en_row *row)
{
    struct wanted *w = user;
    uint64_t seq = 0;

    if (row->key.n != 40)
        return EN_FORGED;
    if (w->n == 0 && memcmp(row->key.p, w->after.b, 16) <= 0)
        return EN_OK;
    if (w->n == 0)
        memcpy(w->log.b, row->key.p, 32);
    if (w->n >= w->max || memcmp(w->log.b, row->key.p, 32) != 0)
        return EN_CLOSED;
    for (int i = 0; i < 8; i++)
        seq = seq << 8 | row->key.p[32 + i];
    w->seq[w->n++] = seq;
    return EN_OK;
}

en_err en_replica_missing(struct en_replica *r, struct en_id16 *log16,
                          uint64_t *seq, size_t max, size_t *n)
{
    struct wanted w = {.after = *log16, .seq = seq, .max = max};
    struct en_find q = {.cid = r->cid,
                        .kind = EN_ROW_MISSING,
                        .from = INT64_MIN,
                        .to = INT64_MAX};
    en_err err = en_store_find(r->env.store, &q, want, &w);

    *n = w.n;
    if (w.n > 0)
        *log16 = en_id_short(&w.log);
    return err;
}

struct paying {
    struct en_replica *r;
    uint64_t seq;
    struct en_buf *out;  /* copy the payload here, or */
    uint8_t header[128]; /* only learn the header */
    struct en_id id;
    bool found;
    enum en_mark mark;
};

static en_err pay_record(void *user, const struct en_stored *rec)
{
    struct paying *x = user;
    struct en_id hash;
    en_err err;

    if (rec->seq != x->seq)
        return EN_CLOSED;
    x->found = true;
    x->mark = rec->mark;
    x->id = rec->id;
    memcpy(x->header, rec->header, sizeof(x->header));
    if (x->out == NULL || rec->mark != EN_MARK_PAYLOAD)
        return EN_CLOSED;
    en_payload_hash(&x->r->cid, rec->payload, &hash);
    if (memcmp(hash.b, rec->header + EN_HEADER_HASH_AT, 32) != 0)
        return EN_FORGED;
    err = en_buf_add_span(x->out, rec->payload);
    return err != EN_OK ? err : EN_CLOSED;
}

en_err en_replica_payload(struct en_replica *r, const struct en_id16 *log16,
                          uint64_t seq, struct en_buf *out)
{
    const struct en_head *h = head_of16(r, log16);
    struct paying x = {.r = r, .seq = seq, .out = out};
    en_err err;

    if (h == NULL || h->kind != EN_JOURNAL || seq >= h->count)
        return EN_ABSENT;
    err = en_store_scan(r->env.store, &h->log, seq, pay_record, &x);
    if (err == EN_OK && (!x.found || x.mark != EN_MARK_PAYLOAD))
        err = EN_ABSENT;
    return err;
}

en_err en_replica_pay(struct en_replica *r, const struct en_id16 *log16,
                      uint64_t seq, struct en_span payload)
{
    const struct en_head *h = head_of16(r, log16);
    struct paying x = {.r = r, .seq = seq};
    struct en_batch b = {0};
    struct en_buf content = {0};
    struct en_batch_mark mark = {.mark = EN_MARK_PAYLOAD, .payload = payload};
    uint8_t key[40];
    struct en_id hash;
    en_err err;
    en_err opened;

    if (h == NULL || h->kind != EN_JOURNAL || seq >= h->count)
        return EN_ABSENT;
    err = en_store_scan(r->env.store, &h->log, seq, pay_record, &x);
    if (err != EN_OK)
        return err;
    if (!x.found || x.mark != EN_MARK_MISSING)
        return EN_ABSENT;
    en_payload_hash(&r->cid, payload, &hash);
    if (payload.n != en_get_u32(x.header + 4) ||
        memcmp(hash.b, x.header + EN_HEADER_HASH_AT, 32) != 0)
        return EN_FORGED;
    mark.log = h->log;
    mark.seq = seq;
    memcpy(key, h->log.b, 32);
    for (int i = 0; i < 8; i++)
        key[32 + i] = (uint8_t)(seq >> (56 - 8 * i));
    opened = open_record(r, x.header, payload, &h->device, &content);
    err = opened == EN_OK || opened == EN_NO_KEY || opened == EN_FORGED
              ? en_batch_mark(&b, &mark)
              : opened;
    if (err == EN_OK)
        err = en_batch_row_delete(&b, &r->cid, EN_ROW_MISSING, EN_SPAN_OF(key));
    if (err == EN_OK)
        err = en_store_commit(r->env.store, &b);
    if (err == EN_OK) {
        r->changes++;
        if (opened == EN_OK && r->env.item != NULL) {
            struct en_item item;

            item_of(r, x.header, &x.id, &h->device, en_buf_span(&content),
                    &item);
            r->env.item(r->env.user, &item);
        }
    }
    en_batch_free(&b);
    en_buf_free(&content);
    return err;
}
