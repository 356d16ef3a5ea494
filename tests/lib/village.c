#include "lib/village.h"

#include "circle/internal.h"
#include "circle/kit.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "lib/test.h"

#include <stdlib.h>

#define ORDERS_MAX 3000 /* walked one by one; then as many drawn */
#define DRAWN      200

/* -- making ---------------------------------------------------------------- */

static void note(struct village *v, unsigned by, uint8_t type,
                 struct en_span payload)
{
    struct village_author *a = &v->author[by];
    struct village_op *o = &v->op[v->ops];
    struct en_header h = {.kind = EN_CONTROL,
                          .type = type,
                          .ct_len = (uint32_t)payload.n,
                          .seq = a->count,
                          .prev = a->count == 0 ? a->control : a->last};

    assert_true(v->ops < VILLAGE_OPS);
    *o = (struct village_op){.by = by, .seq = a->count};
    en_payload_hash(&v->cid, payload, &h.payload_hash);
    en_header_encode(&h, o->header);
    en_record_id(&v->cid, o->header, &o->id);
    assert_ok(en_buf_add_span(&o->payload, payload));
    memcpy(o->past, a->has, sizeof(o->past));
    a->last = o->id;
    a->count++;
    v->ops++;
}

static void take(struct village *v, unsigned who, unsigned op)
{
    if (v->author[who].has[op])
        return;
    assert_ok(village_add(v, v->author[who].c, op));
    v->author[who].has[op] = true;
}

void village_see(struct village *v, unsigned who, unsigned op)
{
    for (unsigned i = 0; i < op; i++)
        if (v->op[op].past[i])
            take(v, who, i);
    take(v, who, op);
}

void village_see_all(struct village *v, unsigned who)
{
    for (unsigned i = 0; i < v->ops; i++)
        village_see(v, who, i);
}

unsigned village_raw(struct village *v, unsigned by, uint8_t type,
                     struct en_span payload)
{
    note(v, by, type, payload);
    take(v, by, v->ops - 1);
    v->auth = NULL;
    v->no_auth = false;
    return v->ops - 1;
}

unsigned village_make(struct village *v, unsigned by, struct en_op *op)
{
    struct village_author *a = &v->author[by];
    struct en_op_head head[EN_HEADS_MAX];
    struct en_buf payload = {0};
    const struct en_member *m = en_circle_device(a->c, &a->device);
    unsigned made;

    assert_non_null(m);
    op->has_auth = !v->no_auth && op->type != EN_OP_LABEL;
    op->auth = v->auth != NULL ? *v->auth : m->auth;
    if (op->head == NULL) {
        op->head = head;
        op->heads = en_circle_heads(a->c, &a->device, head);
    }
    assert_ok(en_op_encode(op, &payload));
    if (op->head == head) {
        op->head = NULL;
        op->heads = 0;
    }
    made = village_raw(v, by, op->type, en_buf_span(&payload));
    en_buf_free(&payload);
    return made;
}

void village_certify(struct village *v, unsigned who)
{
    struct village_author *a = &v->author[who];

    en_cert_of_keys(&a->keys, &a->cert);
    en_cert_encode(&a->cert, a->raw);
    en_cert_sign(&a->keys.sign, a->raw, a->sig);
    en_device_id(&v->cid, a->raw, &a->device);
    en_log_id(&v->cid, &a->device, EN_CONTROL, &a->control);
}

unsigned village_device(struct village *v, unsigned of, uint8_t flags)
{
    struct village_author *a = &v->author[v->authors];

    assert_true(v->authors < VILLAGE_AUTHORS);
    memset(a, 0, sizeof(*a));
    assert_ok(en_circle_new(&a->c));
    en_device_keys_new(&a->keys, &v->rng.rng);
    a->cert.cid = v->cid;
    a->cert.flags = flags;
    if (of != NOBODY)
        a->cert.person = v->author[of].cert.person;
    village_certify(v, v->authors);
    return v->authors++;
}

void village_new_policy(struct village *v, const struct en_policy *policy)
{
    struct en_op op = {.type = EN_OP_GENESIS};
    struct en_buf payload = {0};
    struct village_author *root;
    uint8_t random[32];
    uint8_t pk[32];

    memset(v, 0, sizeof(*v));
    v->author = calloc(VILLAGE_AUTHORS, sizeof(*v->author));
    v->op = calloc(VILLAGE_OPS, sizeof(*v->op));
    assert_non_null(v->author);
    assert_non_null(v->op);
    en_rng_seed(&v->rng, 1);
    en_rng_bytes(&v->rng.rng, random, sizeof(random));
    (void)village_device(v, NOBODY, EN_CERT_ROOT);
    root = &v->author[0];
    op.u.genesis.random = EN_SPAN_OF(random);
    op.u.genesis.cert = EN_SPAN_OF(root->raw);
    op.u.genesis.cert_sig = EN_SPAN_OF(root->sig);
    op.u.genesis.policy = *policy;
    assert_ok(en_op_encode(&op, &payload));
    assert_ok(
        en_genesis_check(en_buf_span(&payload), &v->cid, &root->control, pk));
    en_device_id(&v->cid, root->raw, &root->device);
    (void)village_raw(v, 0, EN_OP_GENESIS, en_buf_span(&payload));
    en_buf_free(&payload);
}

void village_new(struct village *v, bool personal)
{
    struct en_policy policy = en_policy_default();

    policy.personal = personal;
    village_new_policy(v, &policy);
}

void village_free(struct village *v)
{
    for (unsigned i = 0; i < v->authors; i++)
        en_circle_free(v->author[i].c);
    for (unsigned i = 0; i < v->ops; i++)
        en_buf_free(&v->op[i].payload);
    free(v->author);
    free(v->op);
    memset(v, 0, sizeof(*v));
}

struct en_grant_ref village_ref(const struct village *v, unsigned op,
                                unsigned index)
{
    return (struct en_grant_ref){.op = v->op[op].id, .index = (uint8_t)index};
}

static unsigned grant(struct village *v, unsigned by, const unsigned *who,
                      size_t n, unsigned cls, bool cert)
{
    struct en_op_grant g[EN_OP_GRANTS_MAX] = {{0}};
    struct en_op op = {.type = EN_OP_GRANT};

    assert_true(n <= EN_OP_GRANTS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct village_author *a = &v->author[who[i]];

        g[i].cls = (uint8_t)cls;
        g[i].person = a->cert.person;
        g[i].device = a->device;
        if (cert) {
            g[i].cert = EN_SPAN_OF(a->raw);
            g[i].sig = EN_SPAN_OF(a->sig);
        }
    }
    op.u.grant.grant = g;
    op.u.grant.n = n;
    return village_make(v, by, &op);
}

unsigned village_admit_all(struct village *v, unsigned by, const unsigned *who,
                           size_t n, unsigned cls)
{
    return grant(v, by, who, n, cls, true);
}

unsigned village_admit(struct village *v, unsigned by, unsigned who,
                       unsigned cls)
{
    return grant(v, by, &who, 1, cls, true);
}

unsigned village_promote(struct village *v, unsigned by, unsigned who,
                         unsigned cls)
{
    return grant(v, by, &who, 1, cls, false);
}

unsigned village_grant(struct village *v, unsigned by, unsigned cls,
                       unsigned of)
{
    unsigned who =
        village_device(v, of, cls == EN_CLASS_OBSERVER ? EN_CERT_OBSERVER : 0);

    village_see(v, who, village_admit(v, by, who, cls));
    return who;
}

unsigned village_revoke_device(struct village *v, unsigned by, unsigned who)
{
    struct en_id16 dev16 = en_id_short(&v->author[who].device);
    struct en_op op = {.type = EN_OP_REVOKE};

    op.u.revoke.device = &dev16;
    op.u.revoke.devices = 1;
    op.u.revoke.reason = 2;
    return village_make(v, by, &op);
}

unsigned village_revoke_person(struct village *v, unsigned by, unsigned who)
{
    struct en_id16 person = v->author[who].cert.person;
    struct en_op op = {.type = EN_OP_REVOKE};

    op.u.revoke.person = &person;
    op.u.revoke.persons = 1;
    op.u.revoke.reason = 2;
    return village_make(v, by, &op);
}

unsigned village_revoke_grant(struct village *v, unsigned by, unsigned of,
                              unsigned index)
{
    struct en_grant_ref ref = village_ref(v, of, index);
    struct en_op op = {.type = EN_OP_REVOKE};

    op.u.revoke.grant = &ref;
    op.u.revoke.grants = 1;
    op.u.revoke.reason = 5;
    return village_make(v, by, &op);
}

unsigned village_leave(struct village *v, unsigned who)
{
    return village_revoke_device(v, who, who);
}

unsigned village_label(struct village *v, unsigned by, unsigned of,
                       const char *person, const char *device)
{
    struct en_op op = {.type = EN_OP_LABEL};

    op.u.label.person = v->author[of].cert.person;
    op.u.label.person_label = en_span_str(person);
    if (device != NULL) {
        op.u.label.has_device = true;
        op.u.label.dev16 = en_id_short(&v->author[of].device);
        op.u.label.device_label = en_span_str(device);
    }
    return village_make(v, by, &op);
}

unsigned village_policy(struct village *v, unsigned by,
                        const struct en_policy *policy)
{
    struct en_op op = {.type = EN_OP_POLICY};

    op.u.policy = *policy;
    return village_make(v, by, &op);
}

unsigned village_epoch(struct village *v, unsigned by)
{
    struct village_author *a = &v->author[by];
    struct en_buf payload = {0};
    unsigned made;

    assert_ok(en_epoch_make(a->c, &a->device, &a->keys.secret,
                            a->count == 0 ? &a->control : &a->last, a->count,
                            &v->rng.rng, &payload, &v->seed));
    made = village_raw(v, by, EN_OP_EPOCH, en_buf_span(&payload));
    en_buf_free(&payload);
    return made;
}

unsigned village_attest(struct village *v, unsigned by,
                        const struct en_id16 *epoch, uint8_t code)
{
    struct en_op_attest item = {.code = code, .ref = EN_SPAN_OF(epoch->b)};
    struct en_op op = {.type = EN_OP_ATTEST};

    op.u.attest.item = &item;
    op.u.attest.n = 1;
    return village_make(v, by, &op);
}

unsigned village_devkey(struct village *v, unsigned by)
{
    struct village_author *a = &v->author[by];
    struct en_device_keys next = a->keys;
    struct en_cert cert = a->cert;
    struct en_op op = {.type = EN_OP_DEVKEY};
    struct en_id cert_id;
    uint8_t raw[EN_CERT_LEN];
    uint8_t sig[64];
    uint8_t old[64];
    unsigned made;

    en_rng_bytes(&v->rng.rng, next.sign.b, 32);
    en_rng_bytes(&v->rng.rng, next.wrap.b, 32);
    en_cert_of_keys(&next, &cert);
    en_cert_encode(&cert, raw);
    en_cert_sign(&next.sign, raw, sig);
    en_device_id(&v->cid, raw, &cert_id);
    en_renew_sign(&a->keys.sign, &a->control, a->count, &cert_id, old);
    op.u.devkey.cert = EN_SPAN_OF(raw);
    op.u.devkey.cert_sig = EN_SPAN_OF(sig);
    op.u.devkey.old_sig = EN_SPAN_OF(old);
    made = village_make(v, by, &op);
    a->keys = next;
    return made;
}

/* -- looking --------------------------------------------------------------- */

static const struct rec *find(const struct village *v,
                              const struct en_circle *c, unsigned op)
{
    for (uint32_t i = 0; i < c->recs; i++)
        if (en_id_eq(&c->rec[i].id, &v->op[op].id))
            return &c->rec[i];
    fail_msg("operation %u is not in this view", op);
    return NULL;
}

bool village_permitted(const struct village *v, const struct en_circle *c,
                       unsigned op)
{
    return find(v, c, op)->permitted;
}

bool village_counts(const struct village *v, const struct en_circle *c,
                    unsigned op)
{
    return counts(c, state_now(c), find(v, c, op));
}

const struct en_member *village_member(const struct village *v,
                                       const struct en_circle *c, unsigned who)
{
    return en_circle_device(c, &v->author[who].device);
}

bool village_active(const struct village *v, const struct en_circle *c,
                    unsigned who)
{
    const struct en_member *m = village_member(v, c, who);

    return m != NULL && m->active;
}

en_err village_add(const struct village *v, struct en_circle *c, unsigned op)
{
    const struct village_op *o = &v->op[op];

    return en_circle_add(c, &v->author[o->by].control, o->header,
                         en_buf_span(&o->payload));
}

struct en_circle *village_whole(const struct village *v)
{
    struct en_circle *c = NULL;

    assert_ok(en_circle_new(&c));
    for (unsigned i = 0; i < v->ops; i++)
        assert_ok(village_add(v, c, i));
    return c;
}

static void number(struct en_hash_state *st, uint64_t n)
{
    uint8_t b[8];

    en_put_u64(b, n);
    en_hash_add(st, EN_SPAN_OF(b));
}

static void text(struct en_hash_state *st, struct en_span s)
{
    number(st, s.n);
    if (s.n > 0)
        en_hash_add(st, s);
}

static int by_id(const void *a, const void *b)
{
    const struct en_epoch_info *x = a;
    const struct en_epoch_info *y = b;

    return en_id_cmp(&x->op, &y->op);
}

static void show_epochs(struct en_hash_state *st, const struct en_circle *c)
{
    size_t n = en_circle_epochs(c);
    struct en_epoch_info *e = calloc(n + 1, sizeof(*e));

    assert_non_null(e);
    for (size_t i = 0; i < n; i++)
        assert_true(en_circle_epoch(c, i, &e[i]));
    qsort(e, n, sizeof(*e), by_id);
    number(st, n);
    for (size_t i = 0; i < n; i++) {
        size_t good;
        size_t bad;

        en_circle_attested(c, &e[i].id, &good, &bad);
        en_hash_add(st, EN_SPAN_OF(e[i].op.b));
        en_hash_add(st, EN_SPAN_OF(e[i].ctx.b));
        number(st, e[i].gen);
        number(st, e[i].effective + 2u * e[i].eligible);
        number(st, good);
        number(st, bad);
    }
    for (size_t k = 0; en_circle_eligible(c, k, &e[0]); k++)
        en_hash_add(st, EN_SPAN_OF(e[0].id.b));
    free(e);
}

void village_shown(const struct en_circle *c, uint8_t digest[32])
{
    struct en_policy p = en_circle_policy(c);
    struct en_hash_state st;
    uint8_t words[32];

    en_hash_begin(&st, EN_L_FRONTIER, NULL);
    number(&st, en_circle_count(c));
    number(&st, en_circle_unknown(c));
    number(&st, p.personal);
    number(&st, p.history);
    number(&st, p.devices);
    number(&st, p.wait);
    number(&st, p.kits);
    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);

        en_hash_add(&st, EN_SPAN_OF(m->device.b));
        en_hash_add(&st, EN_SPAN_OF(m->person.b));
        number(&st, m->active + 2u * m->reader);
        number(&st, m->cls);
        if (m->active) {
            number(&st, m->level.cls);
            number(&st, m->level.depth);
        }
        en_hash_add(&st, EN_SPAN_OF(m->cert));
        text(&st, m->person_label);
        text(&st, m->device_label);
    }
    show_epochs(&st, c);
    en_circle_digest(c, words);
    en_hash_add(&st, EN_SPAN_OF(words));
    en_hash_end(&st, digest);
}

static void deep_state(struct en_hash_state *st, const struct en_circle *c)
{
    const struct state *now = state_now(c);

    for (uint32_t i = 0; i < c->grants; i++)
        number(st, now->active[i]);
    for (uint32_t i = 0; i < c->devs; i++) {
        number(st, now->best[i]);
        number(st, now->reads[i]);
    }
}

static void deep_found(struct en_hash_state *st, const struct en_circle *c)
{
    number(st, c->eps);
    for (uint32_t i = 0; i < c->eps; i++) {
        number(st, c->ep[i].rec);
        number(st, c->ep[i].children);
        number(st, bucket_of(&c->ep_at, c->ep[i].id.b, 0) < c->ep_at.n);
    }
    number(st, c->atts);
    for (uint32_t i = 0; i < c->atts; i++) {
        number(st, c->att[i].rec);
        number(st, c->att[i].code);
        /* Found again through its bucket. */
        uint32_t at =
            c->att_at
                .head[bucket_of(&c->att_at, c->att[i].ref, c->att[i].what)];
        while (at != NONE && at != i)
            at = c->att[at].before;
        number(st, at);
    }
}

void village_deep(const struct en_circle *c, uint8_t digest[32])
{
    struct en_hash_state st;
    uint8_t shown[32] = {0};

    en_hash_begin(&st, EN_L_FRONTIER, NULL);
    en_hash_add(&st, EN_SPAN_OF(c->cid.b));
    number(&st, c->recs);
    if (c->recs > 0) {
        village_shown(c, shown);
        deep_state(&st, c);
    }
    en_hash_add(&st, EN_SPAN_OF(shown));
    for (uint32_t i = 0; i < c->recs; i++) {
        const struct rec *o = &c->rec[i];

        en_hash_add(&st, EN_SPAN_OF(o->id.b));
        number(&st, o->col);
        number(&st, o->seq);
        number(&st, o->depth);
        for (uint32_t k = 0; k < o->cols; k++)
            number(&st, o->past[k]);
        number(&st, o->auth);
        number(&st, o->grant);
        number(&st, o->grants);
        number(&st, o->targets);
        number(&st, o->before);
        number(&st,
               o->permitted + 2u * o->self + 4u * o->renews + 8u * o->unknown);
    }
    for (uint32_t i = 0; i < c->grants; i++) {
        number(&st, c->grant[i].rec);
        number(&st, c->grant[i].dev);
        number(&st, c->grant[i].before);
    }
    for (uint32_t i = 0; i < c->devs; i++) {
        const struct dev *d = &c->dev[i];

        number(&st, c->order[i]);
        number(&st, d->n);
        number(&st, d->signer.n);
        number(&st, d->person);
        number(&st, d->sibling);
        number(&st, d->grant);
        number(&st, d->devkey);
    }
    for (uint32_t i = 0; i < c->persons; i++) {
        number(&st, c->person[i].first);
        number(&st, c->person[i].dev);
        number(&st, c->person[i].label);
    }
    deep_found(&st, c);
    number(&st, c->mems);
    for (uint32_t i = 0; i < c->mems; i++)
        number(&st, c->mem[i]);
    number(&st, c->pols);
    for (uint32_t i = 0; i < c->pols; i++)
        number(&st, c->pol[i]);
    number(&st, c->targets);
    number(&st, c->unknown);
    en_hash_end(&st, digest);
}

/* -- every order ----------------------------------------------------------- */

struct walk {
    struct village *v;
    struct en_circle *c;
    void (*holds)(const struct village *v, const struct en_circle *c);
    bool in[VILLAGE_OPS];
    uint8_t want[32];
    size_t orders;
};

static bool ready(const struct walk *w, unsigned op)
{
    if (w->in[op])
        return false;
    for (unsigned i = 0; i < op; i++)
        if (w->v->op[op].past[i] && !w->in[i])
            return false;
    return true;
}

static void arrived(struct walk *w)
{
    uint8_t got[32];

    village_shown(w->c, got);
    if (w->orders++ == 0)
        memcpy(w->want, got, sizeof(got));
    assert_memory_equal(got, w->want, sizeof(got));
    if (w->holds != NULL)
        w->holds(w->v, w->c);
}

static void walk(struct walk *w, unsigned n)
{
    uint8_t before[32];
    uint8_t after[32];

    if (n == w->v->ops) {
        arrived(w);
        return;
    }
    for (unsigned i = 0; i < w->v->ops && w->orders < ORDERS_MAX; i++) {
        if (!ready(w, i))
            continue;
        village_deep(w->c, before);
        assert_ok(village_add(w->v, w->c, i));
        w->in[i] = true;
        walk(w, n + 1);
        w->in[i] = false;
        en_circle_rollback(w->c, n);
        village_deep(w->c, after);
        assert_memory_equal(before, after, sizeof(before));
    }
}

static void draw(struct walk *w)
{
    memset(w->in, 0, sizeof(w->in));
    for (unsigned n = 0; n < w->v->ops; n++) {
        unsigned ready_ones = 0;
        unsigned pick = 0;

        for (unsigned i = 0; i < w->v->ops; i++)
            if (ready(w, i) && en_rng_below(&w->v->rng.rng, ++ready_ones) == 0)
                pick = i;
        assert_true(ready_ones > 0);
        assert_ok(village_add(w->v, w->c, pick));
        w->in[pick] = true;
    }
    arrived(w);
    en_circle_rollback(w->c, 0);
}

size_t village_check(struct village *v,
                     void (*holds)(const struct village *v,
                                   const struct en_circle *c))
{
    struct walk w = {.v = v, .holds = holds};

    assert_ok(en_circle_new(&w.c));
    walk(&w, 0);
    if (w.orders >= ORDERS_MAX)
        for (int i = 0; i < DRAWN; i++)
            draw(&w);
    en_circle_free(w.c);
    return w.orders;
}
