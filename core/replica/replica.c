#include "replica/replica.h"

#include "base/text.h"
#include "circle/kit.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/pwhash.h"
#include "replica/internal.h"

#include <stdlib.h>
#include <string.h>

/* A checkpoint every so often within one append, so that a run starting anywhere
 * finds one within its bounds. */
#define CHECKPOINT_RECORDS 128
#define CHECKPOINT_BYTES   (EN_RUN_BYTES_MAX / 2)

#define CIRCLE_BODY_LEN 33 /* own device id || flags, bit 0: an older copy */
#define DONE_BODY_LEN   16 /* control records u64 || journal records u64 */

static const struct en_id no_circle;

/* -- small things ------------------------------------------------------------ */

struct en_span id_span(const struct en_id *id)
{
    return EN_SPAN(id->b, sizeof(id->b));
}

struct en_key_name key_name(const struct en_id *cid, uint8_t kind,
                            const struct en_id16 *ref)
{
    struct en_key_name n = {.cid = *cid, .kind = kind};

    if (ref != NULL)
        n.ref = *ref;
    return n;
}

struct en_head *head_find(struct en_replica *r, const struct en_id *log)
{
    size_t lo = 0;
    size_t hi = r->heads;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = en_id_cmp(&r->head[mid].log, log);

        if (c == 0)
            return &r->head[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

en_err head_put(struct en_replica *r, const struct en_head *head)
{
    struct en_head *h = head_find(r, &head->log);
    size_t at = 0;

    if (h != NULL) {
        *h = *head;
        return EN_OK;
    }
    if (r->heads == r->head_cap) {
        size_t cap = r->head_cap < 16 ? 16 : r->head_cap * 2;
        struct en_head *p = realloc(r->head, cap * sizeof(*p));

        if (p == NULL)
            return EN_NOMEM;
        r->head = p;
        r->head_cap = cap;
    }
    while (at < r->heads && en_id_cmp(&r->head[at].log, &head->log) < 0)
        at++;
    memmove(r->head + at + 1, r->head + at, (r->heads - at) * sizeof(*r->head));
    r->head[at] = *head;
    r->heads++;
    return EN_OK;
}

static en_err id_list_add(struct en_id **list, size_t *n,
                          const struct en_id *id)
{
    struct en_id *p;

    for (size_t i = 0; i < *n; i++)
        if (en_id_eq(&(*list)[i], id))
            return EN_OK;
    p = realloc(*list, (*n + 1) * sizeof(*p));
    if (p == NULL)
        return EN_NOMEM;
    p[(*n)++] = *id;
    *list = p;
    return EN_OK;
}

en_err note_fork(struct en_replica *r, const struct en_id *device)
{
    return id_list_add(&r->fork, &r->forks, device);
}

en_err note_aside(struct en_replica *r, const struct en_id *device)
{
    return id_list_add(&r->aside, &r->asides, device);
}

const struct en_epoch_keys *keys_of(const struct en_replica *r,
                                    const struct en_id16 *epoch)
{
    for (size_t i = r->nopened; i-- > 0;)
        if (en_id16_eq(&r->opened[i].id, epoch))
            return &r->opened[i].keys;
    return NULL;
}

/* Keeps an epoch's keys in guarded memory; a known one is left alone. */
static en_err keep_epoch(struct en_replica *r, const struct en_key *seed,
                         const struct en_id *ctx)
{
    struct en_id16 id = en_id_short(ctx);
    struct opened *o;

    if (keys_of(r, &id) != NULL)
        return EN_OK;
    if (r->nopened == r->opened_cap) {
        size_t cap = r->opened_cap < 16 ? 16 : r->opened_cap * 2;

        o = en_guarded_alloc(cap * sizeof(*o), NULL);
        if (o == NULL)
            return EN_NOMEM;
        if (r->nopened > 0)
            memcpy(o, r->opened, r->nopened * sizeof(*o));
        en_guarded_free(r->opened);
        r->opened = o;
        r->opened_cap = cap;
    }
    o = &r->opened[r->nopened++];
    o->id = id;
    en_epoch_keys_of(seed, &r->cid, ctx, &o->keys);
    return EN_OK;
}

static struct undo undo_point(struct en_replica *r)
{
    struct undo u = {.count = en_circle_count(r->circle),
                     .opened = r->nopened,
                     .refused = r->nrefused};
    struct en_head *c = head_find(r, &r->control);
    struct en_head *j = head_find(r, &r->journal);

    if (c != NULL)
        u.control = *c;
    if (j != NULL)
        u.journal = *j;
    return u;
}

/* A log that did not exist yet keeps its place, empty. */
static void head_undo(struct en_head *h, const struct en_head *before)
{
    if (before->own)
        *h = *before;
    else
        h->count = 0;
}

static void undo(struct en_replica *r, const struct undo *u)
{
    struct en_head *c = head_find(r, &r->control);
    struct en_head *j = head_find(r, &r->journal);

    en_circle_rollback(r->circle, u->count);
    r->nrefused = u->refused;
    if (c != NULL)
        head_undo(c, &u->control);
    if (j != NULL)
        head_undo(j, &u->journal);
    if (r->opened != NULL && r->nopened > u->opened) {
        en_wipe(r->opened + u->opened,
                (r->nopened - u->opened) * sizeof(*r->opened));
        r->nopened = u->opened;
    }
}

/* -- opening ----------------------------------------------------------------- */

static en_err load_control(void *user, const struct en_stored *rec)
{
    struct en_replica *r = user;
    en_err err = en_circle_add(r->circle, &rec->log, rec->header, rec->payload);

    /* What was stored was verified: anything but memory is a damaged vault. */
    return err == EN_OK || err == EN_NOMEM ? err : EN_FORGED;
}

static en_err load_head(void *user, const struct en_head *head)
{
    return head_put(user, head);
}

static en_err load_key(struct en_replica *r, uint8_t kind, struct en_key *out,
                       bool must)
{
    struct en_key_name n = key_name(&r->cid, kind, NULL);
    en_err err = en_store_key(r->env.store, &n, out);

    return err == EN_ABSENT && !must ? EN_OK : err;
}

static en_err load_seeds(struct en_replica *r)
{
    struct en_epoch_info e;
    struct en_key seed = {0};
    en_err err = EN_OK;

    for (size_t i = 0; err == EN_OK && en_circle_epoch(r->circle, i, &e); i++) {
        struct en_key_name n = key_name(&r->cid, EN_KEY_EPOCH, &e.id);

        err = en_store_key(r->env.store, &n, &seed);
        if (err == EN_OK)
            err = keep_epoch(r, &seed, &e.ctx);
        else if (err == EN_ABSENT)
            err = EN_OK;
    }
    en_key_wipe(&seed);
    return err;
}

static en_err load_fork(void *user, const struct en_row *row)
{
    struct en_id id;

    if (row->body.n != 32)
        return EN_FORGED;
    memcpy(id.b, row->body.p, 32);
    return note_fork(user, &id);
}

static en_err load_aside(void *user, const struct en_row *row)
{
    struct en_id id;

    if (row->body.n != 32)
        return EN_FORGED;
    memcpy(id.b, row->body.p, 32);
    return note_aside(user, &id);
}

static en_err load_done(void *user, const struct en_row *row)
{
    struct en_replica *r = user;
    struct done *p;

    if (row->key.n != 32 || row->body.n != DONE_BODY_LEN)
        return EN_FORGED;
    p = realloc(r->done, (r->dones + 1) * sizeof(*p));
    if (p == NULL)
        return EN_NOMEM;
    r->done = p;
    p += r->dones++;
    memcpy(p->device.b, row->key.p, 32);
    p->control = en_get_u64(row->body.p);
    p->journal = en_get_u64(row->body.p + 8);
    return EN_OK;
}

static en_err load_rows(struct en_replica *r, uint16_t kind, en_row_fn fn)
{
    struct en_find q = {
        .cid = r->cid, .kind = kind, .from = INT64_MIN, .to = INT64_MAX};

    return en_store_find(r->env.store, &q, fn, r);
}

en_err load(struct en_replica *r)
{
    struct en_buf body = {.max = 256};
    const struct en_member *me;
    en_err err = en_store_row(r->env.store, &no_circle, EN_ROW_CIRCLE,
                              id_span(&r->cid), NULL, &body);

    if (err != EN_OK)
        goto out;
    err = EN_FORGED;
    if (body.n != CIRCLE_BODY_LEN)
        goto out;
    memcpy(r->device.b, body.p, 32);
    r->signs = r->signs && (body.p[32] & 1) == 0;
    err = en_store_arrivals(r->env.store, &r->cid, 1, load_control, r);
    if (err != EN_OK)
        goto out;
    me = en_circle_device(r->circle, &r->device);
    err = EN_FORGED;
    if (me == NULL)
        goto out;
    r->person = me->person;
    r->control = me->control;
    r->journal = me->journal;
    err = en_store_frontier(r->env.store, &r->cid, load_head, r);
    if (err == EN_OK)
        err = load_key(r, EN_KEY_SIGN, &r->ring->own.sign, true);
    if (err == EN_OK)
        err = load_key(r, EN_KEY_WRAP, &r->ring->own.wrap, true);
    if (err == EN_OK)
        err = load_key(r, EN_KEY_LINK, &r->ring->own.link, true);
    if (err == EN_OK)
        err = load_key(r, EN_KEY_FIND, &r->ring->own.find, true);
    if (err == EN_OK)
        err = load_key(r, EN_KEY_DEVICE_SECRET, &r->ring->own.secret, true);
    if (err == EN_OK)
        err = load_key(r, EN_KEY_NETSECRET, &r->ring->netsecret, false);
    if (err == EN_OK)
        err = load_seeds(r);
    if (err == EN_OK)
        err = load_rows(r, EN_ROW_FORK, load_fork);
    if (err == EN_OK)
        err = load_rows(r, EN_ROW_ASIDE, load_aside);
    if (err == EN_OK)
        err = load_rows(r, EN_ROW_DONE, load_done);
out:
    en_buf_free(&body);
    return err;
}

static en_err replica_new(struct en_replica **out,
                          const struct en_replica_env *env)
{
    struct en_replica *r = calloc(1, sizeof(*r));
    en_err err;

    if (r == NULL)
        return EN_NOMEM;
    r->env = *env;
    r->signs = !env->old_copy;
    r->ring = en_guarded_alloc(sizeof(*r->ring), NULL);
    err = r->ring != NULL ? en_circle_new(&r->circle) : EN_NOMEM;
    if (err != EN_OK) {
        en_replica_close(r);
        return err;
    }
    *out = r;
    return EN_OK;
}

en_err en_replica_open(struct en_replica **out,
                       const struct en_replica_env *env,
                       const struct en_id *cid)
{
    struct en_replica *r = NULL;
    en_err err = replica_new(&r, env);

    if (err != EN_OK)
        return err;
    r->cid = *cid;
    err = load(r);
    if (err != EN_OK) {
        en_replica_close(r);
        return err;
    }
    *out = r;
    return EN_OK;
}

void en_replica_close(struct en_replica *r)
{
    if (r == NULL)
        return;
    en_circle_free(r->circle);
    en_guarded_free(r->ring);
    en_guarded_free(r->opened);
    free(r->head);
    free(r->refused);
    free(r->fork);
    free(r->aside);
    free(r->done);
    en_wipe(r, sizeof(*r));
    free(r);
}

/* -- writing one's own control records ---------------------------------------- */

en_err put_control(struct en_circle *c, struct en_batch *b,
                   const struct en_id *log, uint64_t *count, struct en_id *last,
                   uint8_t sig[64], const struct en_key *seed, uint8_t type,
                   struct en_span payload)
{
    struct en_batch_record rec = {.log = *log, .seq = *count};
    struct en_header h = {.kind = EN_CONTROL,
                          .type = type,
                          .ct_len = (uint32_t)payload.n,
                          .seq = *count,
                          .prev = *count == 0 ? *log : *last};
    struct en_checkpoint cp = {.log = *log, .seq = *count};
    struct en_id cid;
    en_err err;

    if (type == EN_OP_GENESIS)
        EN_HASH(cid.b, EN_L_CIRCLE, NULL, payload);
    else
        cid = *en_circle_id(c);
    en_payload_hash(&cid, payload, &h.payload_hash);
    en_header_encode(&h, rec.header);
    en_record_id(&cid, rec.header, &rec.id);
    rec.payload = en_batch_keep(b, payload);
    err = en_circle_add(c, log, rec.header, payload);
    if (err != EN_OK)
        return err;
    cp.id = rec.id;
    en_checkpoint_sign(&cp, seed);
    err = en_batch_record(b, &rec);
    if (err == EN_OK)
        err = en_batch_checkpoint(b, &cp);
    if (err == EN_OK) {
        *last = rec.id;
        (*count)++;
        memcpy(sig, cp.sig, 64);
    }
    return err;
}

/* One's own control log: makes it in the batch if this is its first record. */
static en_err own_head(struct en_replica *r, struct en_batch *b,
                       const struct en_id *log, uint8_t kind,
                       struct en_head **out)
{
    struct en_head *h = head_find(r, log);
    en_err err;

    if (h == NULL || h->count == 0) {
        struct en_batch_log l = {.cid = r->cid,
                                 .log = *log,
                                 .device = r->device,
                                 .kind = kind,
                                 .own = true};
        struct en_head fresh = {
            .log = *log, .device = r->device, .kind = kind, .own = true};

        err = en_batch_log(b, &l);
        if (err == EN_OK && h == NULL)
            err = head_put(r, &fresh);
        if (err != EN_OK)
            return err;
        h = head_find(r, log);
    }
    *out = h;
    return EN_OK;
}

static en_err own_control(struct en_replica *r, struct en_batch *b,
                          uint8_t type, struct en_span payload)
{
    struct en_head *h;
    en_err err = en_circle_would(r->circle, &r->device, type, payload);

    if (err != EN_OK)
        return err;
    err = own_head(r, b, &r->control, EN_CONTROL, &h);
    if (err != EN_OK)
        return err;
    return put_control(r->circle, b, &r->control, &h->count, &h->id, h->sig,
                       &r->ring->own.sign, type, payload);
}

static en_err own_op(struct en_replica *r, struct en_batch *b, struct en_op *op)
{
    struct en_op_head head[EN_HEADS_MAX];
    const struct en_member *me = en_circle_device(r->circle, &r->device);
    struct en_buf payload = {0};
    en_err err;

    if (me == NULL || !me->active)
        return EN_DENIED;
    op->has_auth = op->type != EN_OP_LABEL;
    op->auth = me->auth;
    op->head = head;
    op->heads = en_circle_heads(r->circle, &r->device, head);
    err = en_op_encode(op, &payload);
    if (err == EN_OK)
        err = own_control(r, b, op->type, en_buf_span(&payload));
    en_buf_free(&payload);
    return err;
}

/* A circle epoch by this device, its seed stored in the same commit (R5). */
static en_err own_epoch(struct en_replica *r, struct en_batch *b)
{
    struct en_head *h;
    struct en_key seed = {0};
    struct en_buf payload = {0};
    struct en_epoch_info e;
    struct en_key_name name;
    en_err err = own_head(r, b, &r->control, EN_CONTROL, &h);

    if (err != EN_OK)
        return err;
    err = en_epoch_make(r->circle, &r->device, &r->ring->own.secret,
                        h->count == 0 ? &r->control : &h->id, h->count,
                        r->env.rng, &payload, &seed);
    if (err != EN_OK)
        goto out;
    err = own_control(r, b, EN_OP_EPOCH, en_buf_span(&payload));
    if (err != EN_OK)
        goto out;
    if (!en_circle_epoch(r->circle, en_circle_epochs(r->circle) - 1, &e)) {
        err = EN_PROTOCOL;
        goto out;
    }
    name = key_name(&r->cid, EN_KEY_EPOCH, &e.id);
    err = en_batch_key_put(b, &name, &seed);
    if (err == EN_OK)
        err = keep_epoch(r, &seed, &e.ctx);
out:
    en_key_wipe(&seed);
    en_buf_free(&payload);
    return err;
}

static en_err own_label(struct en_replica *r, struct en_batch *b,
                        const struct en_id16 *person, const struct en_id *dev,
                        struct en_span person_label,
                        struct en_span device_label)
{
    struct en_op op = {.type = EN_OP_LABEL};

    op.u.label.person = *person;
    op.u.label.has_device = true;
    op.u.label.dev16 = en_id_short(dev);
    op.u.label.person_label = person_label;
    op.u.label.device_label = device_label;
    return own_op(r, b, &op);
}

static en_err may_sign(const struct en_replica *r, struct en_why *why)
{
    const struct en_member *me = en_circle_device(r->circle, &r->device);

    if (!r->signs)
        return en_why_set(why, EN_MOVED, EN_WHY_OLD_COPY, NULL, 0, 0);
    if (me == NULL || !me->active)
        return en_why_set(why, EN_DENIED, EN_WHY_REVOKED, NULL, 0, 0);
    return EN_OK;
}

/* Commits with the own heads as they were at u expected; undoes on failure. */
static en_err commit(struct en_replica *r, struct en_batch *b,
                     const struct undo *u)
{
    en_err err = EN_OK;

    if (u->control.own || head_find(r, &r->control) != NULL)
        err = en_batch_expect(b, &r->control, u->control.count, &u->control.id);
    if (err == EN_OK && (u->journal.own || head_find(r, &r->journal) != NULL))
        err = en_batch_expect(b, &r->journal, u->journal.count, &u->journal.id);
    if (err == EN_OK)
        err = en_store_commit(r->env.store, b);
    if (err != EN_OK) {
        undo(r, u);
        return err;
    }
    r->changes++;
    return EN_OK;
}

/* -- founding ----------------------------------------------------------------- */

static en_err put_keys(struct en_batch *b, const struct en_id *cid,
                       const struct en_device_keys *k)
{
    const struct {
        uint8_t kind;
        const struct en_key *key;
    } list[] = {
        {EN_KEY_SIGN, &k->sign},
        {EN_KEY_WRAP, &k->wrap},
        {EN_KEY_LINK, &k->link},
        {EN_KEY_FIND, &k->find},
        {EN_KEY_DEVICE_SECRET, &k->secret},
    };
    en_err err = EN_OK;

    for (size_t i = 0; err == EN_OK && i < sizeof(list) / sizeof(list[0]);
         i++) {
        struct en_key_name n = key_name(cid, list[i].kind, NULL);

        err = en_batch_key_put(b, &n, list[i].key);
    }
    return err;
}

static en_err put_circle_row(struct en_batch *b, const struct en_id *cid,
                             const struct en_id *device, uint8_t flags)
{
    uint8_t body[CIRCLE_BODY_LEN];
    struct en_row row = {.kind = EN_ROW_CIRCLE};

    memcpy(body, device->b, 32);
    body[32] = flags;
    row.key = en_batch_keep(b, id_span(cid));
    row.body = en_batch_keep(b, EN_SPAN_OF(body));
    return b->failed ? EN_NOMEM : en_batch_row_put(b, &row);
}

/* The root's part: GENESIS, the GRANT of the first device, its LABEL. */
struct rooting {
    struct en_key seed;
    struct en_cert cert;
    uint8_t raw[EN_CERT_LEN];
    struct en_id log, last;
    uint64_t count;
    uint8_t sig[64];
};

static en_err root_genesis(struct en_replica *r, struct en_batch *b,
                           bool personal, const struct en_key *entropy,
                           struct rooting *root)
{
    struct en_op op = {.type = EN_OP_GENESIS};
    struct en_device_keys keys = {0};
    uint8_t random[32];
    uint8_t cert_sig[64];
    uint8_t pk[32];
    struct en_buf payload = {0};
    en_err err;

    en_rng_bytes(r->env.rng, random, sizeof(random));
    en_root_seed(entropy, random, &root->seed);
    keys.sign = root->seed;
    root->cert = (struct en_cert){.flags = EN_CERT_ROOT};
    en_cert_of_keys(&keys, &root->cert);
    en_cert_encode(&root->cert, root->raw);
    en_cert_sign(&root->seed, root->raw, cert_sig);
    op.u.genesis.random = EN_SPAN_OF(random);
    op.u.genesis.cert = EN_SPAN_OF(root->raw);
    op.u.genesis.cert_sig = EN_SPAN_OF(cert_sig);
    op.u.genesis.policy = en_policy_default();
    op.u.genesis.policy.personal = personal;
    err = en_op_encode(&op, &payload);
    if (err == EN_OK)
        err = en_genesis_check(en_buf_span(&payload), &r->cid, &root->log, pk);
    if (err == EN_OK) {
        struct en_batch_log l = {
            .cid = r->cid, .log = root->log, .kind = EN_CONTROL};

        en_device_id(&r->cid, root->raw, &l.device);
        err = en_batch_log(b, &l);
    }
    if (err == EN_OK)
        err = put_control(r->circle, b, &root->log, &root->count, &root->last,
                          root->sig, &root->seed, EN_OP_GENESIS,
                          en_buf_span(&payload));
    en_device_keys_wipe(&keys);
    en_buf_free(&payload);
    return err;
}

static en_err root_op(struct en_replica *r, struct en_batch *b,
                      struct rooting *root, struct en_op *op)
{
    const struct en_id *root_id = NULL;
    struct en_buf payload = {0};
    en_err err = EN_ABSENT;

    for (size_t i = 0; i < en_circle_members(r->circle); i++) {
        const struct en_member *m = en_circle_member(r->circle, i);

        if (m->flags != EN_CERT_ROOT)
            continue;
        root_id = &m->device;
        op->has_auth = op->type != EN_OP_LABEL;
        op->auth = m->auth;
    }
    if (root_id == NULL)
        return err;
    err = en_op_encode(op, &payload);
    if (err == EN_OK)
        err = en_circle_would(r->circle, root_id, op->type,
                              en_buf_span(&payload));
    if (err == EN_OK)
        err = put_control(r->circle, b, &root->log, &root->count, &root->last,
                          root->sig, &root->seed, op->type,
                          en_buf_span(&payload));
    en_buf_free(&payload);
    return err;
}

static en_err grant_first(struct en_replica *r, struct en_batch *b,
                          struct rooting *root, const struct en_found *f)
{
    struct en_cert cert = {.cid = r->cid};
    struct en_op_grant g = {.cls = EN_CLASS_FACILITATOR};
    struct en_op op = {.type = EN_OP_GRANT};
    uint8_t raw[EN_CERT_LEN];
    uint8_t sig[64];
    en_err err;

    en_cert_of_keys(&r->ring->own, &cert);
    en_cert_encode(&cert, raw);
    en_cert_sign(&r->ring->own.sign, raw, sig);
    en_device_id(&r->cid, raw, &r->device);
    en_log_id(&r->cid, &r->device, EN_CONTROL, &r->control);
    en_log_id(&r->cid, &r->device, EN_JOURNAL, &r->journal);
    r->person = cert.person;
    g.person = cert.person;
    g.device = r->device;
    g.cert = EN_SPAN_OF(raw);
    g.sig = EN_SPAN_OF(sig);
    op.u.grant.grant = &g;
    op.u.grant.n = 1;
    err = root_op(r, b, root, &op);
    if (err != EN_OK)
        return err;
    op = (struct en_op){.type = EN_OP_LABEL};
    op.u.label.person = cert.person;
    op.u.label.has_device = true;
    op.u.label.dev16 = en_id_short(&r->device);
    op.u.label.person_label = f->person_label;
    op.u.label.device_label = f->device_label;
    return root_op(r, b, root, &op);
}

/* The person's recovery kit: a listed device, class 1 in a personal circle. */
static en_err grant_kit(struct en_replica *r, struct en_batch *b, bool personal,
                        const struct en_key *kit, struct en_span person_label,
                        struct en_span kit_label)
{
    struct en_device_keys keys = {0};
    struct en_cert cert = {
        .cid = r->cid, .person = r->person, .flags = EN_CERT_KIT};
    struct en_op_grant g = {.cls = personal ? 1 : 2, .person = r->person};
    struct en_op op = {.type = EN_OP_GRANT};
    uint8_t raw[EN_CERT_LEN];
    uint8_t sig[64];
    en_err err;

    en_kit_keys(kit, &r->cid, &keys);
    en_cert_of_keys(&keys, &cert);
    en_cert_encode(&cert, raw);
    en_cert_sign(&keys.sign, raw, sig);
    en_device_keys_wipe(&keys);
    en_device_id(&r->cid, raw, &g.device);
    g.cert = EN_SPAN_OF(raw);
    g.sig = EN_SPAN_OF(sig);
    op.u.grant.grant = &g;
    op.u.grant.n = 1;
    err = own_op(r, b, &op);
    if (err == EN_OK)
        err = own_label(r, b, &r->person, &g.device, person_label, kit_label);
    return err;
}

/* The kit of this person as S knows it, active or not. */
static const struct en_member *own_kit(const struct en_replica *r)
{
    for (size_t i = 0; i < en_circle_members(r->circle); i++) {
        const struct en_member *m = en_circle_member(r->circle, i);

        if ((m->flags & EN_CERT_KIT) != 0 && en_id16_eq(&m->person, &r->person))
            return m;
    }
    return NULL;
}

bool en_replica_wants_kit(const struct en_replica *r)
{
    const struct en_member *me = en_circle_device(r->circle, &r->device);

    return r->signs && me != NULL && me->reader && own_kit(r) == NULL &&
           en_circle_policy(r->circle).kits == 1;
}

en_err en_replica_grant_kit(struct en_replica *r, const struct en_key *kit,
                            struct en_span kit_label)
{
    const struct en_member *me = en_circle_device(r->circle, &r->device);
    struct undo u = undo_point(r);
    struct en_batch b = {0};
    struct en_epoch_info e;
    struct en_buf label = {0};
    en_err err;

    assert(en_replica_wants_kit(r));
    /* Our label moves with the circle's next record: keep it for ours. */
    err = en_buf_add_span(&label, me->person_label);
    if (err == EN_OK)
        err = grant_kit(r, &b, en_circle_policy(r->circle).personal == 1, kit,
                        en_buf_span(&label), kit_label);
    if (err == EN_OK && en_circle_choice(r->circle, &e) == EN_ABSENT)
        err = own_epoch(r, &b);
    if (err != EN_OK)
        undo(r, &u);
    else
        err = commit(r, &b, &u);
    en_batch_free(&b);
    en_buf_free(&label);
    return err;
}

en_err en_replica_found(struct en_replica **out,
                        const struct en_replica_env *env,
                        const struct en_found *f)
{
    struct en_replica *r = NULL;
    struct en_batch b = {0};
    struct rooting root = {0};
    struct en_key entropy = {0};
    struct en_key_name name;
    en_err err = replica_new(&r, env);

    if (err != EN_OK)
        return err;
    if (f->personal)
        entropy = *f->kit;
    else
        en_rng_bytes(env->rng, entropy.b, sizeof(entropy.b));
    en_device_keys_new(&r->ring->own, env->rng);
    en_rng_bytes(env->rng, r->ring->netsecret.b, 32);

    err = root_genesis(r, &b, f->personal, &entropy, &root);
    if (err == EN_OK)
        err = grant_first(r, &b, &root, f);
    if (err == EN_OK) {
        struct en_head h = {.log = root.log,
                            .kind = EN_CONTROL,
                            .count = root.count,
                            .id = root.last};

        en_device_id(&r->cid, root.raw, &h.device);
        memcpy(h.sig, root.sig, 64);
        err = head_put(r, &h);
    }
    if (err == EN_OK)
        err = grant_kit(r, &b, f->personal, f->kit, f->person_label,
                        f->kit_label);
    if (err == EN_OK)
        err = own_epoch(r, &b);
    if (err == EN_OK)
        err = put_keys(&b, &r->cid, &r->ring->own);
    if (err == EN_OK) {
        name = key_name(&r->cid, EN_KEY_NETSECRET, NULL);
        err = en_batch_key_put(&b, &name, &r->ring->netsecret);
    }
    if (err == EN_OK && !f->personal) {
        name = key_name(&r->cid, EN_KEY_ROOT, NULL);
        err = en_batch_key_put(&b, &name, &entropy);
    }
    if (err == EN_OK)
        err = put_circle_row(&b, &r->cid, &r->device, 0);
    if (err == EN_OK)
        err = en_store_commit(env->store, &b);
    en_batch_free(&b);
    en_key_wipe(&entropy);
    en_wipe(&root, sizeof(root));
    if (err != EN_OK) {
        en_replica_close(r);
        return err;
    }
    r->changes++;
    *out = r;
    return EN_OK;
}

/* -- what it is ---------------------------------------------------------------- */

const struct en_id *en_replica_cid(const struct en_replica *r)
{
    return &r->cid;
}

const struct en_circle *en_replica_circle(const struct en_replica *r)
{
    return r->circle;
}

const struct en_id *en_replica_device(const struct en_replica *r)
{
    return &r->device;
}

const struct en_id16 *en_replica_person(const struct en_replica *r)
{
    return &r->person;
}

uint64_t en_replica_changes(const struct en_replica *r)
{
    return r->changes;
}

bool en_replica_signs(const struct en_replica *r)
{
    return r->signs;
}

size_t en_replica_forks(const struct en_replica *r)
{
    return r->forks;
}

bool en_replica_fork(const struct en_replica *r, size_t i, struct en_id *device)
{
    if (i >= r->forks)
        return false;
    *device = r->fork[i];
    return true;
}

size_t en_replica_set_aside(const struct en_replica *r)
{
    return r->asides;
}

bool en_replica_set_aside_by(const struct en_replica *r, size_t i,
                             struct en_id *device)
{
    if (i >= r->asides)
        return false;
    *device = r->aside[i];
    return true;
}

static uint64_t own_count(const struct en_replica *r, const struct en_id *log)
{
    for (size_t i = 0; i < r->heads; i++)
        if (en_id_eq(&r->head[i].log, log))
            return r->head[i].count;
    return 0;
}

size_t en_replica_waiting(const struct en_replica *r)
{
    uint64_t count = own_count(r, &r->journal);
    uint64_t most = 0;

    for (size_t i = 0; i < r->dones; i++)
        if (r->done[i].journal > most)
            most = r->done[i].journal;
    return count > most ? (size_t)(count - most) : 0;
}

bool en_replica_in_step(const struct en_replica *r, const struct en_id *device)
{
    struct done d = {.journal = 0};

    for (size_t i = 0; i < r->dones; i++)
        if (en_id_eq(&r->done[i].device, device))
            d = r->done[i];
    return d.control >= own_count(r, &r->control) &&
           d.journal >= own_count(r, &r->journal);
}

en_err en_replica_words(struct en_replica *r, unsigned index[6],
                        uint8_t digest[32])
{
    struct en_id16 salt = en_id_short(&r->cid);
    uint8_t bits[32];
    en_err err;

    en_circle_digest(r->circle, digest);
    if (!r->words_known || memcmp(r->words_digest, digest, 32) != 0) {
        err = en_pwhash_words(bits, digest, &salt);
        if (err != EN_OK)
            return err;
        en_words_of_bits(bits, 6, r->words);
        memcpy(r->words_digest, digest, 32);
        r->words_known = true;
    }
    memcpy(index, r->words, sizeof(r->words));
    return EN_OK;
}

/* -- append -------------------------------------------------------------------- */

en_err en_replica_readers(const struct en_replica *r,
                          const struct en_member **list, size_t max, size_t *n,
                          struct en_id *digest)
{
    struct en_hash_state st;
    struct en_id16 salt = en_id_short(&r->cid);

    *n = 0;
    /* Never leaves this device. Seven bytes in front: no list of tips, whose
     * entries have 72, is as long. */
    en_hash_begin(&st, EN_L_FRONTIER, &salt);
    en_hash_add(&st, en_span_str("readers"));
    for (size_t i = 0; i < en_circle_members(r->circle); i++) {
        const struct en_member *m = en_circle_member(r->circle, i);

        if (!m->reader)
            continue;
        en_hash_add(&st, id_span(&m->device));
        if (*n < max)
            list[*n] = m;
        (*n)++;
    }
    en_hash_end(&st, digest->b);
    return *n <= max ? EN_OK : EN_RANGE;
}

static bool refused(const struct en_replica *r, const struct en_id16 *id)
{
    for (size_t i = 0; i < r->nrefused; i++)
        if (en_id16_eq(&r->refused[i], id))
            return true;
    return false;
}

/* Whether no eligible epoch serves: there is none, or each was opened and found
 * bad. Whoever sealed it wrongly must not keep the others from writing. */
static bool epoch_due(const struct en_replica *r)
{
    struct en_epoch_info e;
    size_t k = 0;

    while (en_circle_eligible(r->circle, k, &e) && refused(r, &e.id))
        k++;
    return !en_circle_eligible(r->circle, k, &e);
}

/* The keys to write under: the first eligible epoch opened whole. */
static en_err writing_keys(struct en_replica *r, struct en_batch *b,
                           struct en_epoch_keys *keys, struct en_why *why)
{
    struct en_epoch_info e;
    en_err err;

    for (size_t k = 0; en_circle_eligible(r->circle, k, &e); k++) {
        const struct en_epoch_keys *have = keys_of(r, &e.id);

        if (have != NULL) {
            *keys = *have;
            return EN_OK;
        }
    }
    if (!epoch_due(r))
        return en_why_set(why, EN_LATER, EN_WHY_INCOMPLETE, NULL, 0, 0);
    err = own_epoch(r, b);
    if (err != EN_OK)
        return err;
    *keys = r->opened[r->nopened - 1].keys;
    return EN_OK;
}

struct pen { /* where the next journal record goes */
    struct en_head *head;
    size_t unsigned_records, unsigned_bytes;
};

static en_err append_one(struct en_replica *r, struct en_batch *b,
                         const struct en_epoch_keys *keys,
                         const struct en_append *rec, bool last,
                         struct pen *pen, struct en_id *id)
{
    struct en_head *h = pen->head;
    struct en_head *control = head_find(r, &r->control);
    struct en_batch_record out = {.log = r->journal, .seq = h->count};
    struct en_header header = {
        .kind = EN_JOURNAL,
        .type = rec->type,
        .seq = h->count,
        .ctl_seq = control != NULL ? control->count : 0,
        .prev = h->count == 0 ? r->journal : h->id,
    };
    struct en_checkpoint cp = {.log = r->journal, .seq = h->count};
    struct en_buf ct = {0};
    en_err err = en_seal(keys, &r->cid, &header, rec->content, &ct);

    if (err == EN_OK) {
        en_header_encode(&header, out.header);
        en_record_id(&r->cid, out.header, &out.id);
        out.payload = en_batch_keep(b, en_buf_span(&ct));
        err = en_batch_record(b, &out);
    }
    en_buf_free(&ct);
    if (err != EN_OK)
        return err;
    *id = out.id;
    h->id = out.id;
    h->count++;
    pen->unsigned_records++;
    pen->unsigned_bytes += out.payload.n;
    if (!last && pen->unsigned_records < CHECKPOINT_RECORDS &&
        pen->unsigned_bytes < CHECKPOINT_BYTES)
        return EN_OK;
    cp.id = out.id;
    en_checkpoint_sign(&cp, &r->ring->own.sign);
    memcpy(h->sig, cp.sig, 64);
    pen->unsigned_records = 0;
    pen->unsigned_bytes = 0;
    return en_batch_checkpoint(b, &cp);
}

/* Tells whoever listens of one's own records, content as it was given. */
static void tell_own(struct en_replica *r, const struct en_append *rec,
                     size_t n, const struct en_id *ids)
{
    struct en_head *h = head_find(r, &r->journal);

    for (size_t i = 0; r->env.item != NULL && i < n; i++) {
        struct en_item item = {.cid = r->cid,
                               .record = ids[i],
                               .person = r->person,
                               .device = r->device,
                               .seq = h->count - n + i,
                               .type = rec[i].type,
                               .own = true,
                               .content = rec[i].content};

        r->env.item(r->env.user, &item);
    }
}

en_err en_replica_append(struct en_replica *r, const struct en_append *rec,
                         size_t n, const struct en_id *readers,
                         struct en_id *ids, struct en_why *why)
{
    const struct en_member *list[EN_RECIPIENTS_MAX];
    struct undo u = undo_point(r);
    struct en_batch b = {0};
    struct en_epoch_keys keys = {0};
    struct pen pen = {0};
    struct en_id digest;
    size_t nreaders;
    en_err err = may_sign(r, why);

    assert(n >= 1 && n <= EN_VAULT_BATCH_RECORDS_MAX);
    if (err != EN_OK)
        return err;
    err = en_replica_readers(r, list, EN_RECIPIENTS_MAX, &nreaders, &digest);
    if (err == EN_OK && readers != NULL && !en_id_eq(readers, &digest))
        err = EN_MOVED;
    if (err != EN_OK)
        return err;
    err = writing_keys(r, &b, &keys, why);
    if (err == EN_OK)
        err = own_head(r, &b, &r->journal, EN_JOURNAL, &pen.head);
    for (size_t i = 0; err == EN_OK && i < n; i++)
        err = append_one(r, &b, &keys, &rec[i], i + 1 == n, &pen, &ids[i]);
    if (err == EN_OK)
        err = commit(r, &b, &u);
    else
        undo(r, &u);
    en_epoch_keys_wipe(&keys);
    en_batch_free(&b);
    if (err == EN_OK)
        tell_own(r, rec, n, ids);
    else if (err == EN_MOVED)
        (void)en_why_set(why, err, EN_WHY_OLD_COPY, NULL, 0, 0);
    return err;
}

/* -- query --------------------------------------------------------------------- */

/* Shown only if the author's device is a recipient of the epoch, and active. */
static const struct en_epoch_keys *showable(const struct en_replica *r,
                                            const struct en_id16 *epoch,
                                            const struct en_id *author)
{
    const struct en_member *m = en_circle_device(r->circle, author);
    struct en_epoch_info e;

    if (m == NULL || !m->active || !en_circle_epoch_by_id(r->circle, epoch, &e))
        return NULL;
    for (size_t i = 0; i < e.n; i++)
        if (en_id_eq(&e.device[i], author))
            return keys_of(r, epoch);
    return NULL;
}

en_err open_record(const struct en_replica *r, struct reading *reading,
                   const uint8_t *header, struct en_span payload,
                   const struct en_id *author, struct en_buf *content)
{
    if (!reading->known || memcmp(reading->epoch.b, header + EN_HEADER_EPOCH_AT,
                                  sizeof(reading->epoch.b)) != 0) {
        memcpy(reading->epoch.b, header + EN_HEADER_EPOCH_AT,
               sizeof(reading->epoch.b));
        reading->keys = showable(r, &reading->epoch, author);
        reading->known = true;
    }
    if (reading->keys == NULL)
        return EN_NO_KEY;
    return en_seal_open(reading->keys, header, payload, content);
}

void item_of(const struct en_replica *r, const uint8_t *header,
             const struct en_id *record, const struct en_id *author,
             struct en_span content, struct en_item *item)
{
    const struct en_member *m = en_circle_device(r->circle, author);
    struct en_id16 epoch;
    struct en_epoch_info e;

    memcpy(epoch.b, header + EN_HEADER_EPOCH_AT, 16);
    *item = (struct en_item){.cid = r->cid,
                             .record = *record,
                             .device = *author,
                             .seq = en_get_u64(header + 8),
                             .type = header[2],
                             .content = content};
    if (m != NULL)
        item->person = m->person;
    item->own = en_id16_eq(&item->person, &r->person);
    item->older_key =
        !en_circle_epoch_by_id(r->circle, &epoch, &e) || !e.eligible;
}

struct each {
    struct en_replica *r;
    const struct en_head *head;
    en_err (*fn)(void *user, const struct en_item *item);
    void *user;
    struct reading reading; /* of this head's author */
    struct en_buf content;
};

static en_err each_record(void *user, const struct en_stored *rec)
{
    struct each *x = user;
    struct en_item item;
    en_err err;

    if (rec->mark != EN_MARK_PAYLOAD)
        return EN_OK;
    en_buf_clear(&x->content);
    err = open_record(x->r, &x->reading, rec->header, rec->payload,
                      &x->head->device, &x->content);
    if (err == EN_NO_KEY || err == EN_FORGED)
        return EN_OK; /* not ours, or set aside when it came */
    if (err != EN_OK)
        return err;
    item_of(x->r, rec->header, &rec->id, &x->head->device,
            en_buf_span(&x->content), &item);
    return x->fn(x->user, &item);
}

en_err en_replica_items(struct en_replica *r,
                        en_err (*fn)(void *user, const struct en_item *item),
                        void *user)
{
    struct each x = {.r = r, .fn = fn, .user = user};
    en_err err = EN_OK;

    for (size_t i = 0; err == EN_OK && i < r->heads; i++) {
        if (r->head[i].kind != EN_JOURNAL)
            continue;
        x.head = &r->head[i];
        x.reading.known = false;
        err = en_store_scan(r->env.store, &x.head->log, 0, each_record, &x);
    }
    en_buf_free(&x.content);
    return err;
}

struct one {
    const struct en_replica *r;
    struct en_buf *out;
    en_err err;
};

static en_err one_record(void *user, const struct en_stored *rec)
{
    struct one *x = user;
    struct reading reading = {.known = false};

    if (rec->mark != EN_MARK_PAYLOAD)
        return EN_CLOSED;
    for (size_t i = 0; i < x->r->heads; i++)
        if (x->r->head[i].kind == EN_JOURNAL &&
            en_id_eq(&x->r->head[i].log, &rec->log))
            x->err = open_record(x->r, &reading, rec->header, rec->payload,
                                 &x->r->head[i].device, x->out);
    return EN_CLOSED;
}

en_err en_replica_content(struct en_replica *r, const struct en_id *record,
                          struct en_buf *out)
{
    struct one x = {.r = r, .out = out, .err = EN_ABSENT};
    en_err err = en_store_get(r->env.store, record, one_record, &x);

    return err != EN_OK ? err : x.err;
}

/* -- settle -------------------------------------------------------------------- */

static en_err refuse(struct en_replica *r, const struct en_id16 *id)
{
    struct en_id16 *p = realloc(r->refused, (r->nrefused + 1) * sizeof(*p));

    if (p == NULL)
        return EN_NOMEM;
    p[r->nrefused++] = *id;
    r->refused = p;
    return EN_OK;
}

/* Opens what was sealed to us and not yet imported; what it found of each epoch
 * becomes an ATTEST item. */
static en_err import_epochs(struct en_replica *r, struct en_batch *b,
                            struct en_op_attest *item, struct en_id16 *ref,
                            size_t *items)
{
    struct en_epoch_info e;
    struct en_key seed = {0};
    en_err err = EN_OK;

    for (size_t i = 0; err == EN_OK && *items < EN_OP_ATTESTS_MAX &&
                       en_circle_epoch(r->circle, i, &e);
         i++) {
        struct en_key_name name = key_name(&r->cid, EN_KEY_EPOCH, &e.id);
        enum en_epoch_code code = EN_EPOCH_OPENED;
        size_t equal = e.n;
        bool have = keys_of(r, &e.id) != NULL;

        if (refused(r, &e.id))
            continue;
        if (!have) {
            err = en_epoch_open(r->circle, &e, &r->device, &r->ring->own.wrap,
                                &seed, &code, &equal);
            if (err == EN_OK)
                err = en_batch_key_put(b, &name, &seed);
            if (err == EN_OK)
                err = keep_epoch(r, &seed, &e.ctx);
            if (err == EN_NO_KEY || err == EN_FORGED)
                err = refuse(r, &e.id);
        }
        if (err != EN_OK || en_id_eq(&e.creator, &r->device) ||
            code == EN_EPOCH_NOT_RECIPIENT ||
            en_circle_has_attest(r->circle, &r->device, 0, EN_SPAN_OF(e.id.b),
                                 (uint8_t)code))
            continue;
        ref[*items] = e.id;
        item[*items] = (struct en_op_attest){
            .code = (uint8_t)code,
            .ref = EN_SPAN_OF(ref[*items].b),
            .a = equal,
            .b = e.n,
        };
        (*items)++;
    }
    en_key_wipe(&seed);
    return err;
}

static en_err flush_done(struct en_replica *r, struct en_batch *b)
{
    en_err err = EN_OK;

    for (size_t i = 0; r->done_dirty && err == EN_OK && i < r->dones; i++) {
        uint8_t body[DONE_BODY_LEN];
        struct en_row row = {.cid = r->cid, .kind = EN_ROW_DONE};

        en_put_u64(body, r->done[i].control);
        en_put_u64(body + 8, r->done[i].journal);
        row.key = id_span(&r->done[i].device);
        row.body = en_batch_keep(b, EN_SPAN_OF(body));
        err = b->failed ? EN_NOMEM : en_batch_row_put(b, &row);
    }
    return err;
}

struct newly {
    struct each each;
    size_t first; /* index in opened of the first new epoch */
};

static en_err newly_readable(void *user, const struct en_stored *rec)
{
    struct newly *x = user;
    struct en_replica *r = x->each.r;

    for (size_t i = x->first; i < r->nopened; i++)
        if (memcmp(rec->header + EN_HEADER_EPOCH_AT, r->opened[i].id.b, 16) ==
            0)
            return each_record(&x->each, rec);
    return EN_OK;
}

static en_err tell(void *user, const struct en_item *item)
{
    struct en_replica *r = user;

    r->env.item(r->env.user, item);
    return EN_OK;
}

/* Records that came before the seed of their epoch. */
static en_err tell_newly(struct en_replica *r, size_t first)
{
    struct newly x = {.each = {.r = r, .fn = tell, .user = r}, .first = first};
    en_err err = EN_OK;

    if (r->env.item == NULL || first == r->nopened)
        return EN_OK;
    for (size_t i = 0; err == EN_OK && i < r->heads; i++) {
        if (r->head[i].kind != EN_JOURNAL || r->head[i].own)
            continue;
        x.each.head = &r->head[i];
        x.each.reading.known = false;
        err =
            en_store_scan(r->env.store, &r->head[i].log, 0, newly_readable, &x);
    }
    en_buf_free(&x.each.content);
    return err;
}

/* Whether this device reads here, and is one that makes epochs without being
 * asked. Looked at afresh after each change: what a circle lends moves. */
static bool makes_epochs(const struct en_replica *r, bool may_epoch)
{
    const struct en_member *me = en_circle_device(r->circle, &r->device);

    return me != NULL && me->reader &&
           (me->cls == EN_CLASS_FACILITATOR || may_epoch);
}

en_err en_replica_settle(struct en_replica *r, bool may_epoch, bool *did)
{
    struct en_op_attest item[EN_OP_ATTESTS_MAX];
    struct en_id16 ref[EN_OP_ATTESTS_MAX];
    struct undo u = undo_point(r);
    struct en_batch b = {0};
    size_t items = 0;
    size_t opened = r->nopened;
    bool signs = may_sign(r, NULL) == EN_OK;
    en_err err;

    *did = false;
    err = import_epochs(r, &b, item, ref, &items);
    if (err == EN_OK && signs && items > 0) {
        struct en_op op = {.type = EN_OP_ATTEST};

        op.u.attest.item = item;
        op.u.attest.n = items;
        err = own_op(r, &b, &op);
        *did = true;
    }
    if (err == EN_OK && signs && epoch_due(r) && makes_epochs(r, may_epoch)) {
        err = own_epoch(r, &b);
        *did = true;
    }
    if (err == EN_OK)
        err = flush_done(r, &b);
    if (err != EN_OK)
        undo(r, &u);
    else if (!en_batch_empty(&b))
        err = commit(r, &b, &u);
    en_batch_free(&b);
    if (err != EN_OK) {
        *did = false;
        return err;
    }
    r->done_dirty = false;
    return tell_newly(r, opened);
}

en_err en_replica_link_keys(struct en_replica *r, struct en_key *link,
                            struct en_key *find, struct en_key *netsecret)
{
    *link = r->ring->own.link;
    *find = r->ring->own.find;
    *netsecret = r->ring->netsecret;
    return EN_OK;
}

/* -- admitting ----------------------------------------------------------------- */

static size_t people(const struct en_circle *c)
{
    size_t n = 0;

    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);
        bool first = m->active && m->flags != EN_CERT_ROOT;

        for (size_t j = 0; first && j < i; j++) {
            const struct en_member *o = en_circle_member(c, j);

            first = !(o->active && en_id16_eq(&o->person, &m->person));
        }
        n += first;
    }
    return n;
}

en_err en_replica_admit(struct en_replica *r, const struct en_join_request *j,
                        struct en_why *why)
{
    struct undo u = undo_point(r);
    struct en_batch b = {0};
    struct en_buf person = {.max = 4 * EN_LABEL_MAX};
    struct en_buf device = {.max = 4 * EN_LABEL_MAX};
    struct en_op op = {.type = EN_OP_GRANT};
    struct en_op_grant g = {.cls = j->cls, .cert = j->cert, .sig = j->cert_sig};
    struct en_cert cert;
    const struct en_member *m;
    en_err err = may_sign(r, why);

    if (err != EN_OK)
        return err;
    err = en_cert_decode(j->cert, &cert);
    if (err == EN_OK && j->cert_sig.n != 64)
        err = EN_PROTOCOL;
    if (err == EN_OK)
        err = en_text_name(j->person_label, EN_LABEL_MAX, &person);
    if (err == EN_OK)
        err = en_text_name(j->device_label, EN_LABEL_MAX, &device);
    if (err != EN_OK)
        goto out;
    en_device_id(&r->cid, j->cert.p, &g.device);
    g.person = cert.person;
    m = en_circle_device(r->circle, &g.device);
    if (m == NULL || !m->active) {
        if (people(r->circle) >= EN_PERSONS_MAX) {
            err = en_why_set(why, EN_FULL, EN_WHY_MEMBERS_FULL, NULL,
                             EN_PERSONS_MAX, EN_DEVICES_MAX);
            goto out;
        }
        op.u.grant.grant = &g;
        op.u.grant.n = 1;
        err = own_op(r, &b, &op);
        if (err == EN_OK)
            err = own_label(r, &b, &g.person, &g.device, en_buf_span(&person),
                            en_buf_span(&device));
    }
    if (err == EN_OK && j->cls != EN_CLASS_OBSERVER) {
        struct en_epoch_info e;

        if (en_circle_choice(r->circle, &e) == EN_ABSENT)
            err = own_epoch(r, &b);
    }
    if (err != EN_OK)
        undo(r, &u);
    else if (!en_batch_empty(&b))
        err = commit(r, &b, &u);
out:
    en_batch_free(&b);
    en_buf_free(&person);
    en_buf_free(&device);
    return err;
}
