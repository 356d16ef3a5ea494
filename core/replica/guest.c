/*
 * guest.c - a circle not yet ours: what a joiner holds between the two yes and the
 * SECRET. Registers only, verified, in bounded memory; the disk sees nothing but
 * this device's new keys until the runs show it active.
 */
#include "replica/internal.h"

#include <stdlib.h>
#include <string.h>

/* A circle's registers at their soft limit are some 10 MB. */
#define GUEST_BYTES_MAX (32u << 20)

struct kept {
    struct en_buf body;
    struct en_id log, device;
    uint64_t from;
};

struct en_guest {
    struct en_circle *circle;
    struct kept *run;
    size_t runs, cap, bytes;
};

en_err en_guest_new(struct en_guest **g)
{
    en_err err;

    *g = calloc(1, sizeof(**g));
    if (*g == NULL)
        return EN_NOMEM;
    err = en_circle_new(&(*g)->circle);
    if (err != EN_OK) {
        free(*g);
        *g = NULL;
    }
    return err;
}

void en_guest_free(struct en_guest *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; i < g->runs; i++)
        en_buf_free(&g->run[i].body);
    free(g->run);
    en_circle_free(g->circle);
    free(g);
}

const struct en_circle *en_guest_circle(const struct en_guest *g)
{
    return g->circle;
}

static en_err keep(struct en_guest *g, struct en_span body,
                   const struct kept *what)
{
    en_err err;

    if (g->runs == g->cap) {
        size_t cap = g->cap < 16 ? 16 : g->cap * 2;
        struct kept *p = realloc(g->run, cap * sizeof(*p));

        if (p == NULL)
            return EN_NOMEM;
        g->run = p;
        g->cap = cap;
    }
    g->run[g->runs] = *what;
    g->run[g->runs].body = (struct en_buf){0};
    err = en_buf_add_span(&g->run[g->runs].body, body);
    if (err != EN_OK)
        return err;
    g->runs++;
    g->bytes += body.n;
    return EN_OK;
}

/* Who writes the log of this run: from the registers held, or, for the very first
 * run, from the GENESIS it begins with. */
static en_err whose(struct en_guest *g, const struct en_run *run,
                    struct en_id *cid, struct kept *k, uint8_t first_pk[32],
                    const struct en_signer **signer)
{
    uint8_t kind;
    struct en_op op;
    en_err err;

    *signer = NULL;
    if (en_circle_count(g->circle) > 0) {
        *cid = *en_circle_id(g->circle);
        *signer =
            en_circle_signer(g->circle, &run->log, &k->log, &k->device, &kind);
        return *signer != NULL && kind == EN_CONTROL ? EN_OK : EN_PROTOCOL;
    }
    if (run->from != 0 || run->rec[0].type != EN_OP_GENESIS)
        return EN_PROTOCOL;
    err = en_genesis_check(run->rec[0].payload, cid, &k->log, first_pk);
    if (err != EN_OK)
        return err;
    err = en_op_decode(EN_OP_GENESIS, run->rec[0].payload, &op);
    if (err != EN_OK)
        return err;
    en_device_id(cid, op.u.genesis.cert.p, &k->device);
    en_op_free(&op);
    return EN_OK;
}

en_err en_guest_ingest(struct en_guest *g, struct en_span body)
{
    struct en_run run = {0};
    struct en_checkpoint tip;
    struct kept k = {0};
    struct en_id cid;
    struct en_id before;
    const struct en_signer *signer;
    uint8_t first_pk[32];
    size_t count = en_circle_count(g->circle);
    uint64_t held;
    bool renews;
    en_err err;

    if (g->bytes + body.n > GUEST_BYTES_MAX)
        return EN_PROTOCOL;
    err = en_run_decode(body, EN_CONTROL, &run);
    if (err != EN_OK)
        return err;
    err = whose(g, &run, &cid, &k, first_pk, &signer);
    if (err != EN_OK)
        goto out;
    held = en_circle_log_count(g->circle, &k.log, &before);
    if (held == 0)
        before = k.log;
    k.from = run.from;
    err = EN_PROTOCOL;
    if (run.from != held)
        goto out;
    err = en_run_chain(&run, &cid, &k.log, &before);
    if (err != EN_OK)
        goto out;
    en_run_tip(&run, &k.log, &tip);
    renews = run.rec[run.n - 1].type == EN_OP_DEVKEY;
    if (!renews)
        err = en_checkpoint_verify(
            &tip,
            signer != NULL ? en_signer_control(signer, tip.seq) : first_pk);
    for (size_t i = 0; err == EN_OK && i < run.n; i++)
        err = en_circle_add(g->circle, &k.log, run.rec[i].header,
                            run.rec[i].payload);
    if (err == EN_OK && renews) {
        uint8_t kind;

        signer =
            en_circle_signer(g->circle, &run.log, &k.log, &k.device, &kind);
        err = en_checkpoint_verify(&tip, en_signer_control(signer, tip.seq));
    }
    if (err == EN_OK)
        err = keep(g, body, &k);
    if (err == EN_LATER || err == EN_ABSENT)
        err = EN_PROTOCOL; /* a sponsor sends in causal order */
    if (err != EN_OK)
        en_circle_rollback(g->circle, count);
out:
    en_run_free(&run);
    return err;
}

en_err en_guest_sponsor(const struct en_guest *g, const struct en_id16 *dev16,
                        uint8_t cls)
{
    const struct en_member *m = en_circle_dev16(g->circle, dev16);

    if (m == NULL || !m->active || m->cls != EN_CLASS_FACILITATOR)
        return EN_FORGED;
    return cls >= EN_CLASS_FACILITATOR && cls <= EN_CLASS_OBSERVER ? EN_OK
                                                                   : EN_FORGED;
}

/* -- this device's keys ---------------------------------------------------------- */

static const uint8_t key_kinds[] = {EN_KEY_SIGN, EN_KEY_WRAP, EN_KEY_LINK,
                                    EN_KEY_FIND, EN_KEY_DEVICE_SECRET};

static struct en_key *key_at(struct en_device_keys *k, size_t i)
{
    struct en_key *list[] = {&k->sign, &k->wrap, &k->link, &k->find,
                             &k->secret};

    return list[i];
}

static en_err new_keys(const struct en_id *cid,
                       const struct en_replica_env *env, uint8_t flags,
                       struct en_device_keys *k, uint8_t body[EN_CERT_LEN + 64])
{
    struct en_batch b = {0};
    struct en_cert cert = {.cid = *cid, .flags = flags};
    struct en_row row = {.cid = *cid,
                         .kind = EN_ROW_GUEST,
                         .key = id_span(cid),
                         .body = EN_SPAN(body, EN_CERT_LEN + 64)};
    en_err err = EN_OK;

    en_device_keys_new(k, env->rng);
    en_cert_of_keys(k, &cert);
    en_cert_encode(&cert, body);
    en_cert_sign(&k->sign, body, body + EN_CERT_LEN);
    for (size_t i = 0; err == EN_OK && i < sizeof(key_kinds); i++) {
        struct en_key_name n = key_name(cid, key_kinds[i], NULL);

        err = en_batch_key_put(&b, &n, key_at(k, i));
    }
    if (err == EN_OK)
        err = en_batch_row_put(&b, &row);
    if (err == EN_OK)
        err = en_store_commit(env->store, &b);
    en_batch_free(&b);
    return err;
}

en_err en_guest_keys(struct en_guest *g, const struct en_replica_env *env,
                     uint8_t flags, uint8_t cert[EN_CERT_LEN],
                     uint8_t cert_sig[64], struct en_key *sign)
{
    const struct en_id *cid = en_circle_id(g->circle);
    const struct en_id vault = {{0}};
    struct en_device_keys k = {0};
    struct en_buf row = {.max = EN_CERT_LEN + 64};
    uint8_t body[EN_CERT_LEN + 64];
    en_err err = en_store_row(env->store, &vault, EN_ROW_CIRCLE, id_span(cid),
                              NULL, NULL);

    /* New keys would take the place of those this vault signs with. */
    if (err == EN_OK)
        return EN_DENIED;
    if (err != EN_ABSENT)
        return err;
    err = en_store_row(env->store, cid, EN_ROW_GUEST, id_span(cid), NULL, &row);
    if (err == EN_OK && (row.n != sizeof(body) || row.p[49] != flags))
        err = EN_ABSENT;
    if (err == EN_OK) {
        struct en_key_name n = key_name(cid, EN_KEY_SIGN, NULL);

        memcpy(body, row.p, sizeof(body));
        err = en_store_key(env->store, &n, &k.sign);
    } else if (err == EN_ABSENT) {
        err = new_keys(cid, env, flags, &k, body);
    }
    if (err == EN_OK) {
        memcpy(cert, body, EN_CERT_LEN);
        memcpy(cert_sig, body + EN_CERT_LEN, 64);
        *sign = k.sign;
    }
    en_device_keys_wipe(&k);
    en_buf_free(&row);
    return err;
}

/* -- making it ours ---------------------------------------------------------------- */

struct held {
    const struct en_id *log;
    uint64_t count;
    struct en_id id;
};

static en_err find_held(void *user, const struct en_head *head)
{
    struct held *h = user;

    if (!en_id_eq(&head->log, h->log))
        return EN_OK;
    h->count = head->count;
    h->id = head->id;
    return EN_CLOSED;
}

/* One kept run into a batch of its own. What an adoption that was cut has stored
 * is passed over: its runs may have been cut elsewhere. */
static en_err store_kept(const struct en_guest *g, struct en_store *store,
                         const struct kept *k, const struct en_id *own,
                         struct en_batch *b)
{
    struct en_run run = {0};
    struct en_checkpoint tip;
    struct held h = {.log = &k->log};
    struct en_batch_log l = {.cid = *en_circle_id(g->circle),
                             .log = k->log,
                             .device = k->device,
                             .kind = EN_CONTROL,
                             .own = en_id_eq(&k->device, own)};
    struct en_id before = k->log;
    struct en_id known;
    en_err err = en_store_frontier(store, &l.cid, find_held, &h);

    if (err == EN_OK)
        err = en_run_decode(en_buf_span(&k->body), EN_CONTROL, &run);
    if (err != EN_OK)
        return err;
    /* What is there must be what the runs say. */
    err = EN_FORGED;
    if (h.count > 0 &&
        en_circle_id_at(g->circle, &k->device, h.count - 1, &known) &&
        !en_id_eq(&known, &h.id))
        goto out;
    err = EN_OK;
    if (h.count >= k->from + run.n)
        goto out;
    err = EN_FORGED;
    if (h.count < k->from ||
        (k->from > 0 &&
         !en_circle_id_at(g->circle, &k->device, k->from - 1, &before)))
        goto out;
    err = h.count == 0 ? en_batch_log(b, &l) : EN_OK;
    if (err == EN_OK)
        err = en_batch_expect(b, &k->log, h.count, &h.id);
    if (err == EN_OK)
        err = en_run_chain(&run, &l.cid, &k->log, &before);
    for (size_t i = h.count - k->from; err == EN_OK && i < run.n; i++) {
        struct en_batch_record rec = {.log = k->log,
                                      .id = run.rec[i].id,
                                      .seq = run.from + i,
                                      .payload = run.rec[i].payload};

        memcpy(rec.header, run.rec[i].header, EN_HEADER_LEN);
        err = en_batch_record(b, &rec);
    }
    if (err == EN_OK) {
        en_run_tip(&run, &k->log, &tip);
        err = en_batch_checkpoint(b, &tip);
    }
out:
    en_run_free(&run);
    return err;
}

en_err en_guest_adopt(struct en_guest *g, const struct en_replica_env *env,
                      const struct en_key *netsecret, struct en_replica **r)
{
    const struct en_id *cid = en_circle_id(g->circle);
    struct en_key_name name = key_name(cid, EN_KEY_NETSECRET, NULL);
    struct en_buf row = {.max = EN_CERT_LEN + 64};
    struct en_batch b = {0};
    const struct en_member *m = NULL;
    struct en_id device = {{0}};
    uint8_t body[33];
    struct en_row circle = {.kind = EN_ROW_CIRCLE};
    en_err err =
        en_store_row(env->store, cid, EN_ROW_GUEST, id_span(cid), NULL, &row);

    if (err == EN_OK && row.n != EN_CERT_LEN + 64)
        err = EN_FORGED;
    if (err == EN_OK) {
        en_device_id(cid, row.p, &device);
        m = en_circle_device(g->circle, &device);
        if (m == NULL || !m->active)
            err = EN_LATER;
    }
    /* A run at a time: the circle's row, last of all, is what makes it ours. */
    for (size_t i = 0; err == EN_OK && i < g->runs; i++) {
        err = store_kept(g, env->store, &g->run[i], &device, &b);
        if (err == EN_OK && !en_batch_empty(&b))
            err = en_store_commit(env->store, &b);
        en_batch_free(&b);
    }
    if (err == EN_OK)
        err = en_batch_key_put(&b, &name, netsecret);
    memcpy(body, device.b, 32);
    body[32] = 0;
    circle.key = id_span(cid);
    circle.body = EN_SPAN_OF(body);
    if (err == EN_OK)
        err = en_batch_row_put(&b, &circle);
    if (err == EN_OK)
        err = en_batch_row_delete(&b, cid, EN_ROW_GUEST, id_span(cid));
    if (err == EN_OK)
        err = en_store_commit(env->store, &b);
    en_batch_free(&b);
    en_buf_free(&row);
    if (err == EN_OK)
        err = en_replica_open(r, env, cid);
    return err;
}
