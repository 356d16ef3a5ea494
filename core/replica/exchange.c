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
    size_t lo = 0;
    size_t hi = r->heads;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (memcmp(r->head[mid].log.b, log16->b, sizeof(log16->b)) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == r->heads || r->head[lo].count == 0 ||
        memcmp(r->head[lo].log.b, log16->b, sizeof(log16->b)) != 0)
        return NULL;
    return &r->head[lo];
}

en_err en_replica_compare(struct en_replica *r,
                          const struct en_frontier *theirs, bool *lacking)
{
    *lacking = false;
    for (size_t i = 0; i < theirs->n && !*lacking; i++) {
        struct en_id16 log16 = en_id_short(&theirs->tip[i].log);
        const struct en_head *h = head_of16(r, &log16);

        *lacking = h == NULL || theirs->tip[i].seq >= h->count;
    }
    return EN_OK;
}

struct at {
    struct en_id id;
    uint64_t ctl_seq;
    bool found;
};

static en_err take_at(void *user, const struct en_stored *rec)
{
    struct at *x = user;

    x->id = rec->id;
    x->ctl_seq = en_get_u64(rec->header + EN_HEADER_CTL_AT);
    x->found = true;
    return EN_CLOSED;
}

static en_err read_at(struct en_replica *r, const struct en_id *log,
                      uint64_t seq, struct at *x)
{
    en_err err;

    x->found = false;
    err = en_store_scan(r->env.store, log, seq, take_at, x);
    if (err != EN_OK)
        return err;
    return x->found ? EN_OK : EN_FORGED; /* the head says it is there */
}

/* Ids of control records and of tips are in memory. */
static en_err id_at(struct en_replica *r, const struct en_head *h, uint64_t seq,
                    struct en_id *id)
{
    struct at x;
    en_err err;

    if (seq >= h->count)
        return EN_ABSENT;
    if (seq == h->count - 1) {
        *id = h->id;
        return EN_OK;
    }
    if (h->kind == EN_CONTROL &&
        en_circle_id_at(r->circle, &h->device, seq, id))
        return EN_OK;
    err = read_at(r, &h->log, seq, &x);
    if (err == EN_OK)
        *id = x.id;
    return err;
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
    bool sparse;   /* payloads that do not fit are named as missing */
    /* The last point at which the run may end. */
    size_t n, bytes, epochs, payload;
    uint8_t sig[64];
    struct en_id id;
};

static en_err send_record(void *user, const struct en_stored *rec)
{
    struct sending *x = user;
    struct en_span payload = rec->payload;
    enum en_mark mark = rec->mark;
    struct en_id hash;
    en_err err;

    if (rec->seq >= x->upto)
        return EN_CLOSED;
    if (!en_run_fits(&x->w, rec->header, payload.n)) {
        if (!x->sparse || x->n > 0 || !en_run_fits(&x->w, rec->header, 0))
            return EN_CLOSED;
        mark = EN_MARK_MISSING;
        payload = EN_SPAN(NULL, 0);
    }
    if (mark == EN_MARK_PAYLOAD) {
        /* R7: what is relayed is compared again. */
        en_payload_hash(&x->r->cid, payload, &hash);
        if (memcmp(hash.b, rec->header + EN_HEADER_HASH_AT, 32) != 0)
            return EN_FORGED;
    }
    if (x->w.n == 0)
        memcpy(x->w.base.b, rec->header + EN_HEADER_PREV_AT, 16);
    err = en_run_add(&x->w, rec->header, mark, payload);
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

/*
 * One run of a log from seq on, before `upto`; tip is its end. Payloads that came
 * one by one, after their records, can leave more than a run between two
 * checkpoints: then what does not fit is left for the peer to ask for.
 */
static en_err build(struct en_replica *r, const struct en_head *h,
                    uint64_t from, uint64_t upto, struct en_buf *body,
                    struct en_tip *tip)
{
    struct sending x = {.r = r, .upto = upto};
    en_err err = EN_OK;

    for (int pass = 0; err == EN_OK && x.n == 0 && pass < 2; pass++) {
        x.sparse = pass == 1 && h->kind == EN_JOURNAL;
        en_run_begin(&x.w, (enum en_kind)h->kind, &h->log, from, &h->log);
        err = en_store_scan(r->env.store, &h->log, from, send_record, &x);
    }
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

/* Where a peer stands in a log of ours: how many records it has. A peer that only
 * has what is not on our chain is sent nothing more of that log: the fork procedure
 * finds where it began. */
static en_err standing(struct en_replica *r, const struct en_head *h,
                       const struct en_frontier *theirs, uint64_t *has)
{
    struct en_id16 log16 = en_id_short(&h->log);
    const struct en_tip *t = en_frontier_find(theirs, &log16);
    const struct en_tip *end = theirs->tip + theirs->n;
    bool ours = t == NULL;
    struct en_id id;
    en_err err;

    *has = 0;
    for (; t != NULL && t < end && memcmp(t->log.b, log16.b, 16) == 0; t++) {
        if (t->seq >= h->count)
            continue;
        err = id_at(r, h, t->seq, &id);
        if (err != EN_OK)
            return err;
        if (memcmp(id.b, t->id.b, 16) != 0)
            continue;
        ours = true;
        if (t->seq + 1 > *has)
            *has = t->seq + 1;
    }
    if (!ours)
        *has = h->count;
    return EN_OK;
}

/*
 * The next control run in order of arrival, which is causal: the first record the
 * peer lacks, and those of the same log that arrived right after it. What a peer
 * has is never lost again, so the search goes on where it ended the last time.
 */
static en_err next_control(struct en_replica *r, struct en_frontier *theirs,
                           struct en_buf *body)
{
    const struct en_head *h = NULL;
    struct en_tip tip;
    struct en_id log;
    struct en_id l;
    struct en_id id;
    uint64_t has = 0;
    uint64_t seq;
    uint64_t s;
    uint64_t upto;
    size_t i = theirs->sent;
    en_err err;

    for (; en_circle_arrival(r->circle, i, &log, &seq, &id); i++) {
        if (h == NULL || !en_id_eq(&h->log, &log)) {
            h = head_find(r, &log);
            if (h == NULL)
                continue;
            err = standing(r, h, theirs, &has);
            if (err != EN_OK)
                return err;
        }
        if (seq >= has && seq < h->count)
            break;
    }
    theirs->sent = i;
    if (!en_circle_arrival(r->circle, i, &log, &seq, &id))
        return EN_ABSENT;
    upto = seq + 1;
    for (i++;
         en_circle_arrival(r->circle, i, &l, &s, &id) && en_id_eq(&l, &log);
         i++)
        upto = s + 1;
    err = build(r, h, seq, upto, body, &tip);
    if (err == EN_OK)
        err = en_frontier_put(theirs, &tip);
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
    uint64_t ctl_before; /* ctl_seq of the record before the run */
    struct en_checkpoint tip;
    size_t skip;  /* records of the run that are held already */
    bool differs; /* the record at skip is another than the one held */
    struct en_buf
        plain; /* contents of the records that opened, one after another */
    struct piece {
        size_t at, n;
        bool opened;
    } * piece; /* by record of the run */
};

/* The key whose signature vouches for the end of the run. */
static en_err verify_tip(const struct taking *t)
{
    const struct en_run_record *last = &t->run.rec[t->run.n - 1];
    const uint8_t *pk = t->kind == EN_CONTROL
                            ? en_signer_control(t->signer, t->tip.seq)
                            : en_signer_journal(t->signer, last->ctl_seq);

    return en_checkpoint_verify(&t->tip, pk);
}

/* What the author's control log must show before a journal run can be judged, and
 * what it then says: EN_LATER, EN_FORGED. */
static en_err journal_fits(const struct taking *t)
{
    const struct en_circle *c = t->r->circle;
    const struct en_member *m = en_circle_device(c, &t->device);
    const struct en_run_record *rec = t->run.rec;
    struct en_id id;

    if (rec[0].ctl_seq < t->ctl_before)
        return EN_FORGED;
    if (en_circle_log_count(c, &m->control, &id) < rec[t->run.n - 1].ctl_seq)
        return EN_LATER;
    for (size_t i = 0; i < t->run.n; i++)
        if (!en_signer_allows(t->signer, t->run.from + i, rec[i].ctl_seq))
            return EN_FORGED;
    return EN_OK;
}

static en_err compare_held(void *user, const struct en_stored *rec)
{
    struct taking *t = user;

    if (t->skip >= t->run.n)
        return EN_CLOSED;
    if (!en_id_eq(&rec->id, &t->run.rec[t->skip].id)) {
        t->differs = true;
        return EN_CLOSED;
    }
    t->skip++;
    return EN_OK;
}

/* Decodes, chains to what is held, finds what is new. EN_LATER: cannot be judged
 * yet, or begins beside what is held (*fork). */
static en_err prepare(struct taking *t, struct en_span body, bool *fork)
{
    struct en_replica *r = t->r;
    struct en_id16 log16;
    struct at before;
    uint64_t from;
    const struct en_head *h;
    en_err err = en_run_peek(body, &log16, &from);

    if (err != EN_OK)
        return err;
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
    before.id = t->log;
    before.ctl_seq = 0;
    if (from > 0)
        err = read_at(r, &t->log, from - 1, &before);
    if (err != EN_OK)
        return err;
    if (memcmp(before.id.b, t->run.base.b, 16) != 0) {
        *fork = from > 0; /* perhaps: nothing is verified yet */
        return from > 0 ? EN_LATER : EN_FORGED;
    }
    t->ctl_before = before.ctl_seq;
    err = en_run_chain(&t->run, &r->cid, &t->log, &before.id);
    if (err != EN_OK)
        return err;
    en_run_tip(&t->run, &t->log, &t->tip);
    if (t->kind == EN_JOURNAL)
        err = journal_fits(t);
    if (err == EN_OK && from < t->head.count)
        err = en_store_scan(r->env.store, &t->log, from, compare_held, t);
    return err;
}

/* The row that says that this vault is an older copy of itself. */
static en_err old_copy_row(struct en_replica *r, struct en_batch *b)
{
    uint8_t body[33];
    struct en_row row = {.kind = EN_ROW_CIRCLE, .key = id_span(&r->cid)};

    memcpy(body, r->device.b, 32);
    body[32] = 1;
    row.body = en_batch_keep(b, EN_SPAN_OF(body));
    return b->failed ? EN_NOMEM : en_batch_row_put(b, &row);
}

/* It signs nothing more, from now on and after the next opening. */
static en_err note_old_copy(struct en_replica *r)
{
    struct en_batch b = {0};
    en_err err;

    if (!r->signs)
        return EN_OK;
    err = old_copy_row(r, &b);
    if (err == EN_OK)
        err = en_store_commit(r->env.store, &b);
    en_batch_free(&b);
    r->signs = false;
    return err;
}

/*
 * Whether the author signed this branch too. The keys of a control log are those
 * its own chain shows: of the branch only what both have in common is known here,
 * so a branch with a DEVKEY in it cannot be judged (EN_LATER).
 */
static en_err verify_branch(const struct taking *t)
{
    uint64_t k = t->run.from + t->skip;

    if (t->kind == EN_JOURNAL)
        return verify_tip(t);
    for (size_t i = t->skip; i < t->run.n; i++)
        if (t->run.rec[i].type == EN_OP_DEVKEY)
            return EN_LATER;
    return en_checkpoint_verify(&t->tip,
                                k == 0 ? t->signer->first
                                       : en_signer_control(t->signer, k - 1));
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
    bool own = en_id_eq(&t->device, &r->device);
    size_t forks = r->forks;
    bool known = false;
    en_err err = verify_branch(t);

    if (err == EN_LATER)
        return EN_OK;
    if (err == EN_OK)
        err = en_store_row(r->env.store, &r->cid, EN_ROW_FORK, row.key, NULL,
                           NULL);
    known = err == EN_OK;
    if (known || err != EN_ABSENT)
        return err;
    en_trace_line(r->env.trace, "fork kind=%u seq=%llu", t->kind,
                  (unsigned long long)(t->run.from + t->skip));
    err = note_fork(r, &t->device);
    if (err == EN_OK)
        err = en_batch_row_put(&b, &row);
    if (err == EN_OK && own)
        err = old_copy_row(r, &b);
    if (err == EN_OK)
        err = en_store_commit(r->env.store, &b);
    en_batch_free(&b);
    if (err != EN_OK) {
        r->forks = forks;
        return err;
    }
    r->signs = r->signs && !own;
    r->changes++;
    return EN_OK;
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

static void missing_key(const struct en_id *log, uint64_t seq, uint8_t key[40])
{
    memcpy(key, log->b, 32);
    for (int i = 0; i < 8; i++)
        key[32 + i] = (uint8_t)(seq >> (56 - 8 * i));
}

static en_err missing_row(struct taking *t, struct en_batch *b, uint64_t seq)
{
    uint8_t key[40];
    struct en_row row = {.cid = t->r->cid, .kind = EN_ROW_MISSING};

    missing_key(&t->log, seq, key);
    row.key = en_batch_keep(b, EN_SPAN_OF(key));
    return b->failed ? EN_NOMEM : en_batch_row_put(b, &row);
}

/* record outlives the batch; author is copied. */
static en_err aside_row(struct en_replica *r, struct en_batch *b,
                        const struct en_id *author, const struct en_id *record)
{
    struct en_row row = {
        .cid = r->cid, .kind = EN_ROW_ASIDE, .key = id_span(record)};
    en_err err = note_aside(r, author);

    row.body = en_batch_keep(b, id_span(author));
    if (err == EN_OK)
        err = b->failed ? EN_NOMEM : en_batch_row_put(b, &row);
    return err;
}

static en_err take_payload(struct taking *t, struct en_batch *b,
                           struct reading *reading, size_t i)
{
    const struct en_run_record *rec = &t->run.rec[i];
    struct piece *p = &t->piece[i];
    en_err err;

    p->at = t->plain.n;
    err = open_record(t->r, reading, rec->header, rec->payload, &t->device,
                      &t->plain);
    p->n = t->plain.n - p->at;
    p->opened = err == EN_OK;
    if (err == EN_FORGED)
        return aside_row(t->r, b, &t->device, &rec->id);
    return err == EN_NO_KEY ? EN_OK : err;
}

static en_err take_journal(struct taking *t, struct en_batch *b)
{
    struct reading reading = {.known = false};
    en_err err = verify_tip(t);

    if (err != EN_OK)
        return err;
    t->piece = calloc(t->run.n, sizeof(*t->piece));
    if (t->piece == NULL)
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
            err = take_payload(t, b, &reading, i);
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

        if (!t->piece[i].opened)
            continue;
        item_of(r, t->run.rec[i].header, &t->run.rec[i].id, &t->device,
                EN_SPAN(t->plain.p + t->piece[i].at, t->piece[i].n), &item);
        r->env.item(r->env.user, &item);
    }
}

static void taking_free(struct taking *t)
{
    en_buf_free(&t->plain);
    free(t->piece);
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
    struct en_head none = head;
    size_t count = en_circle_count(r->circle);
    size_t asides = r->asides;
    en_err err = EN_OK;

    memcpy(head.sig, t->tip.sig, 64);
    none.count = 0;
    if (t->head.count == 0)
        err = en_batch_log(&b, &l);
    if (err == EN_OK && head_find(r, &t->log) == NULL)
        err = head_put(r, &none);
    if (err == EN_OK)
        err = en_batch_expect(&b, &t->log, t->head.count, &t->head.id);
    if (err == EN_OK)
        err = t->kind == EN_CONTROL ? take_control(t, &b) : take_journal(t, &b);
    if (err == EN_OK)
        err = en_batch_checkpoint(&b, &t->tip);
    /* A verified record of our own that we did not have: somebody went on with
     * another copy of this vault. It must not sign again (PROTOCOL 5.6). */
    if (err == EN_OK && l.own)
        err = old_copy_row(r, &b);
    if (err == EN_OK)
        err = en_store_commit(r->env.store, &b);
    en_batch_free(&b);
    if (err != EN_OK) {
        en_circle_rollback(r->circle, count);
        r->asides = asides;
        /* The guard has seen more than this file: nothing of ours is taken back
         * into it, and nothing is signed. The run was good. */
        if (err == EN_MOVED && l.own) {
            err = note_old_copy(r);
            return err == EN_OK ? EN_LATER : err;
        }
        return err;
    }
    *head_find(r, &t->log) = head;
    r->signs = r->signs && !l.own;
    r->changes++;
    if (t->kind == EN_JOURNAL)
        tell_taken(t);
    return EN_OK;
}

static en_err take(struct taking *t, struct en_span body, struct en_ingest *out)
{
    bool fork = false;
    en_err err = prepare(t, body, &fork);

    if (fork || t->differs)
        out->what = EN_RUN_FORK;
    if (err != EN_OK)
        return err;
    if (t->differs)
        return forked(t);
    if (t->skip == t->run.n) {
        err = verify_tip(t);
        out->what = EN_RUN_KNOWN;
    } else {
        err = store_run(t);
        out->what = err == EN_OK ? EN_RUN_STORED : EN_RUN_LATER;
    }
    if (err == EN_OK)
        out->tip =
            (struct en_tip){.log = t->log, .seq = t->tip.seq, .id = t->tip.id};
    return err;
}

en_err en_replica_ingest(struct en_replica *r, struct en_span body,
                         struct en_ingest *out)
{
    struct taking t = {.r = r};
    en_err err;

    *out = (struct en_ingest){.what = EN_RUN_LATER};
    err = take(&t, body, out);
    taking_free(&t);
    return err == EN_LATER ? EN_OK : err;
}

/* -- acknowledgements ---------------------------------------------------------- */

/* A claim: what it names must be ours at that place, else it says nothing. */
en_err en_replica_done(struct en_replica *r, const struct en_id *device,
                       const struct en_tip *tip)
{
    struct en_id16 log16 = en_id_short(&tip->log);
    const struct en_head *h = head_of16(r, &log16);
    struct done *d;
    uint64_t *count;
    struct en_id id;
    size_t i = 0;
    en_err err;

    if (h == NULL || !h->own || tip->seq >= h->count)
        return EN_OK;
    while (i < r->dones && !en_id_eq(&r->done[i].device, device))
        i++;
    if (i < r->dones) {
        d = &r->done[i];
        count = h->kind == EN_JOURNAL ? &d->journal : &d->control;
        if (tip->seq < *count)
            return EN_OK;
    }
    err = id_at(r, h, tip->seq, &id);
    if (err != EN_OK || memcmp(id.b, tip->id.b, 16) != 0)
        return err;
    if (i == r->dones) {
        d = realloc(r->done, (r->dones + 1) * sizeof(*d));
        if (d == NULL)
            return EN_NOMEM;
        r->done = d;
        r->done[r->dones++] = (struct done){.device = *device};
    }
    d = &r->done[i];
    count = h->kind == EN_JOURNAL ? &d->journal : &d->control;
    *count = tip->seq + 1;
    r->done_dirty = true;
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
    struct reading reading = {.known = false};
    struct paying x = {.r = r, .seq = seq};
    struct en_batch b = {0};
    struct en_buf content = {0};
    struct en_batch_mark mark = {.mark = EN_MARK_PAYLOAD, .payload = payload};
    size_t asides = r->asides;
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
    missing_key(&h->log, seq, key);
    opened = open_record(r, &reading, x.header, payload, &h->device, &content);
    err = opened == EN_OK || opened == EN_NO_KEY ? EN_OK : opened;
    if (opened == EN_FORGED)
        err = aside_row(r, &b, &h->device, &x.id);
    if (err == EN_OK)
        err = en_batch_mark(&b, &mark);
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
    } else {
        r->asides = asides;
    }
    en_batch_free(&b);
    en_buf_free(&content);
    return err;
}
