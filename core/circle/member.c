#include "circle/member.h"

#include "circle/internal.h"
#include "crypto/hash.h"
#include "crypto/labels.h"

#include <stdlib.h>
#include <string.h>

/* What one en_circle_add may add to each array, reserved before anything
 * changes. */
#define STEP_GRANTS  EN_OP_GRANTS_MAX
#define STEP_ATTS    EN_OP_ATTESTS_MAX
#define STEP_TARGETS (2 * EN_OP_REVOKE_MAX + EN_OP_PERSONS_MAX)

/* -- memory ---------------------------------------------------------------- */

static en_err more(void *array, uint32_t n, uint32_t step, uint32_t *cap,
                   size_t each)
{
    void **p = array;
    uint32_t want = *cap < 16 ? 16 : *cap;
    void *q;

    while (want - n < step)
        want *= 2;
    if (want == *cap)
        return EN_OK;
    q = realloc(*p, want * each);
    if (q == NULL)
        return EN_NOMEM;
    *p = q;
    *cap = want;
    return EN_OK;
}

static en_err follow(void *array, uint32_t cap, size_t each)
{
    void **p = array;
    void *q = realloc(*p, cap * each);

    if (q == NULL)
        return EN_NOMEM;
    *p = q;
    return EN_OK;
}

static en_err follow_state(struct state *st, const struct caps *cap)
{
    en_err err = follow(&st->eff, cap->rec, 1);

    if (err == EN_OK)
        err = follow(&st->active, cap->grant, 1);
    if (err == EN_OK)
        err = follow(&st->on_grant, cap->grant, sizeof(*st->on_grant));
    if (err == EN_OK)
        err = follow(&st->on_dev, cap->dev, sizeof(*st->on_dev));
    if (err == EN_OK)
        err = follow(&st->on_person, cap->person, sizeof(*st->on_person));
    if (err == EN_OK)
        err = follow(&st->best, cap->dev, sizeof(*st->best));
    if (err == EN_OK)
        err = follow(&st->reads, cap->dev, 1);
    if (err == EN_OK)
        err = follow(&st->hit, cap->hit, sizeof(*st->hit));
    return err;
}

/* A head for each thing there is room for, all empty. */
static en_err rebucket(struct buckets *b, uint32_t cap)
{
    uint32_t *head = malloc(cap * sizeof(*head));

    if (head == NULL)
        return EN_NOMEM;
    memset(head, 0xff, cap * sizeof(*head));
    free(b->head);
    b->head = head;
    b->n = cap;
    return EN_OK;
}

static void attest_link(struct en_circle *c, uint32_t i)
{
    struct att *a = &c->att[i];
    uint32_t *head = &c->att_at.head[bucket_of(&c->att_at, a->ref, a->what)];

    a->before = *head;
    *head = i;
}

static en_err follow_found(struct en_circle *c)
{
    en_err err = rebucket(&c->ep_at, c->cap.ep);

    for (uint32_t i = 0; err == EN_OK && i < c->eps; i++) {
        uint32_t *head = &c->ep_at.head[bucket_of(&c->ep_at, c->ep[i].id.b, 0)];

        c->ep[i].before = *head;
        *head = i;
    }
    if (err == EN_OK)
        err = rebucket(&c->att_at, c->cap.att);
    for (uint32_t i = 0; err == EN_OK && i < c->atts; i++)
        attest_link(c, i);
    return err;
}

static en_err reserve(struct en_circle *c)
{
    struct caps *cap = &c->cap;
    en_err err = more(&c->rec, c->recs, 1, &cap->rec, sizeof(*c->rec));

    if (err == EN_OK)
        err = more(&c->grant, c->grants, STEP_GRANTS, &cap->grant,
                   sizeof(*c->grant));
    if (err == EN_OK)
        err = more(&c->dev, c->devs, STEP_GRANTS, &cap->dev, sizeof(*c->dev));
    if (err == EN_OK)
        err = more(&c->person, c->persons, STEP_GRANTS, &cap->person,
                   sizeof(*c->person));
    if (err == EN_OK)
        err = more(&c->ep, c->eps, 1, &cap->ep, sizeof(*c->ep));
    if (err == EN_OK)
        err = more(&c->att, c->atts, STEP_ATTS, &cap->att, sizeof(*c->att));
    while (cap->hit < c->targets + STEP_TARGETS)
        cap->hit = cap->hit == 0 ? STEP_TARGETS : cap->hit * 2;
    if (err != EN_OK || memcmp(cap, &c->followed, sizeof(*cap)) == 0)
        return err;
    err = follow(&c->mem, cap->rec, sizeof(*c->mem));
    if (err == EN_OK)
        err = follow(&c->pol, cap->rec, sizeof(*c->pol));
    if (err == EN_OK)
        err = follow(&c->order, cap->dev, sizeof(*c->order));
    if (err == EN_OK)
        err = follow(&c->elig, cap->ep, sizeof(*c->elig));
    if (err == EN_OK)
        err = follow_state(&c->now, cap);
    if (err == EN_OK)
        err = follow_state(&c->scratch, cap);
    if (err == EN_OK)
        err = follow_found(c);
    if (err == EN_OK)
        c->followed = *cap;
    return err;
}

static void rec_free(struct rec *r)
{
    en_op_free(&r->op);
    /* Names are for people of the circle: LABELs are not left behind. */
    if (r->payload != NULL)
        en_wipe(r->payload, r->len);
    free(r->payload);
    free(r->past);
    free(r->target);
}

en_err en_circle_new(struct en_circle **c)
{
    *c = calloc(1, sizeof(**c));
    if (*c == NULL)
        return EN_NOMEM;
    (*c)->self = *c;
    return EN_OK;
}

static void state_free(struct state *st)
{
    free(st->eff);
    free(st->active);
    free(st->on_grant);
    free(st->on_dev);
    free(st->on_person);
    free(st->best);
    free(st->reads);
    free(st->hit);
}

static void dev_free(struct dev *d)
{
    free(d->rec);
    en_signer_free(&d->signer);
}

void en_circle_free(struct en_circle *c)
{
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->recs; i++)
        rec_free(&c->rec[i]);
    for (uint32_t i = 0; i < c->devs; i++)
        dev_free(&c->dev[i]);
    for (uint32_t i = 0; i < c->eps; i++)
        epoch_free(&c->ep[i]);
    free(c->rec);
    free(c->grant);
    free(c->dev);
    free(c->person);
    free(c->ep);
    free(c->att);
    free(c->ep_at.head);
    free(c->att_at.head);
    free(c->mem);
    free(c->order);
    free(c->pol);
    free(c->elig);
    state_free(&c->now);
    state_free(&c->scratch);
    free(c);
}

/* -- looking up ------------------------------------------------------------- */

/* The place in c->order of the first device whose id is not below these bytes. */
static uint32_t place(const struct en_circle *c, const uint8_t *id, size_t n)
{
    uint32_t lo = 0;
    uint32_t hi = c->devs;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (memcmp(c->dev[c->order[mid]].m.device.b, id, n) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

uint32_t find_dev(const struct en_circle *c, const struct en_id *device)
{
    uint32_t i = place(c, device->b, sizeof(device->b));

    if (i == c->devs || !en_id_eq(&c->dev[c->order[i]].m.device, device))
        return NONE;
    return c->order[i];
}

uint32_t find_dev16(const struct en_circle *c, const struct en_id16 *dev16)
{
    uint32_t i = place(c, dev16->b, sizeof(dev16->b));

    if (i == c->devs ||
        memcmp(c->dev[c->order[i]].m.device.b, dev16->b, sizeof(dev16->b)) != 0)
        return NONE;
    return c->order[i];
}

uint32_t find_person(const struct en_circle *c, const struct en_id16 *id)
{
    for (uint32_t i = 0; i < c->persons; i++)
        if (en_id16_eq(&c->person[i].id, id))
            return i;
    return NONE;
}

uint32_t find_grant(const struct en_circle *c, const struct rec *o,
                    const struct en_grant_ref *ref)
{
    for (uint32_t i = 0; i < c->grants; i++) {
        const struct grant *g = &c->grant[i];
        const struct rec *r = &c->rec[g->rec];

        if (g->index == ref->index && in_past(r, o) &&
            en_id_eq(&r->id, &ref->op))
            return i;
    }
    return NONE;
}

bool dev_in_past(const struct en_circle *c, const struct rec *o, uint32_t dev)
{
    for (uint32_t g = c->dev[dev].grant; g != NONE; g = c->grant[g].before)
        if (in_past(&c->rec[c->grant[g].rec], o))
            return true;
    return false;
}

bool person_in_past(const struct en_circle *c, const struct rec *o,
                    const struct en_id16 *person)
{
    uint32_t p = find_person(c, person);

    for (uint32_t d = p == NONE ? NONE : c->person[p].dev; d != NONE;
         d = c->dev[d].sibling)
        if (dev_in_past(c, o, d))
            return true;
    return false;
}

/* -- adding ----------------------------------------------------------------- */

/* Its past: the predecessor's and that of every head. EN_LATER: one is not held.
 * *match false: one is not what is held there. */
static en_err take_past(const struct en_circle *c, struct rec *o, bool *match)
{
    const struct dev *own = &c->dev[o->col];

    o->cols = c->devs;
    o->past = calloc(c->devs, sizeof(*o->past));
    if (o->past == NULL)
        return EN_NOMEM;
    *match = true;
    if (o->seq > 0) {
        const struct rec *p = &c->rec[own->rec[o->seq - 1]];

        memcpy(o->past, p->past, p->cols * sizeof(*p->past));
        o->depth = p->depth + 1;
    }
    for (size_t i = 0; i < o->op.heads; i++) {
        const struct en_op_head *h = &o->op.head[i];
        uint32_t d = find_dev16(c, &h->dev16);
        const struct rec *p;

        if (d == NONE || (h->seq >= c->dev[d].n && d != o->col))
            return EN_LATER;
        if (h->seq >= c->dev[d].n) {
            *match = false;
            continue;
        }
        p = &c->rec[c->dev[d].rec[h->seq]];
        if (!en_id_eq(&p->id, &h->id)) {
            *match = false;
            continue;
        }
        for (uint32_t k = 0; k < p->cols; k++)
            if (p->past[k] > o->past[k])
                o->past[k] = p->past[k];
        if (h->seq + 1 > o->past[d])
            o->past[d] = (uint32_t)h->seq + 1;
        if (p->depth + 1 > o->depth)
            o->depth = p->depth + 1;
    }
    o->past[o->col] = o->seq;
    return EN_OK;
}

/* dev->n grows by one: makes room. */
static en_err dev_reserve(struct dev *d)
{
    return more(&d->rec, d->n, 1, &d->cap, sizeof(*d->rec));
}

static uint32_t person_enter(struct en_circle *c, const struct en_id16 *id,
                             uint32_t dev)
{
    uint32_t p = find_person(c, id);

    if (p != NONE)
        return p;
    c->person[c->persons] =
        (struct person){.id = *id, .first = dev, .dev = NONE, .label = NONE};
    return c->persons++;
}

/* A device enters; capacity was reserved. */
static uint32_t dev_enter(struct en_circle *c, const struct en_id *device,
                          const uint8_t *cert)
{
    uint32_t at = c->devs;
    uint32_t i = place(c, device->b, sizeof(device->b));
    struct dev *d = &c->dev[at];

    *d = (struct dev){.grant = NONE, .devkey = NONE};
    d->m.device = *device;
    memcpy(d->m.person.b, cert + EN_CERT_PERSON_AT, 16);
    d->m.flags = cert[EN_CERT_FLAGS_AT];
    memcpy(d->cert, cert, EN_CERT_LEN);
    memcpy(d->signer.first, cert + EN_CERT_SIGN_AT, 32);
    en_log_id(&c->cid, device, EN_CONTROL, &d->m.control);
    en_log_id(&c->cid, device, EN_JOURNAL, &d->m.journal);
    d->control16 = en_id_short(&d->m.control);
    d->journal16 = en_id_short(&d->m.journal);
    memmove(c->order + i + 1, c->order + i, (c->devs - i) * sizeof(*c->order));
    c->order[i] = at;
    c->devs++;
    d->person = person_enter(c, &d->m.person, at);
    d->sibling = c->person[d->person].dev;
    c->person[d->person].dev = at;
    return at;
}

/* The last device leaves, and its person with it if it was the first. */
static void dev_leave(struct en_circle *c)
{
    struct dev *d = &c->dev[--c->devs];
    uint32_t i = 0;

    c->person[d->person].dev = d->sibling;
    if (c->person[d->person].first == c->devs)
        c->persons--;
    while (c->order[i] != c->devs)
        i++;
    memmove(c->order + i, c->order + i + 1, (c->devs - i) * sizeof(*c->order));
    dev_free(d);
}

static void grant_enter(struct en_circle *c, const struct grant *g)
{
    c->grant[c->grants] = *g;
    c->grant[c->grants].before = c->dev[g->dev].grant;
    c->dev[g->dev].grant = c->grants++;
}

static void grants_enter(struct en_circle *c, uint32_t at)
{
    struct rec *o = &c->rec[at];
    uint32_t depth = c->grant[o->auth].level.depth + 1;

    o->grant = c->grants;
    o->grants = (uint32_t)o->op.u.grant.n;
    for (size_t i = 0; i < o->op.u.grant.n; i++) {
        const struct en_op_grant *g = &o->op.u.grant.grant[i];
        struct grant made = {.rec = at,
                             .index = (uint8_t)i,
                             .level = {g->cls, depth},
                             .with_cert = g->cert.n > 0};

        made.dev = find_dev(c, &g->device);
        if (made.dev == NONE)
            made.dev = dev_enter(c, &g->device, g->cert.p);
        grant_enter(c, &made);
    }
}

/* Keeps c->mem sorted by the level acted under, then arrival. */
static void member_op_enter(struct en_circle *c, uint32_t at)
{
    struct en_level level = c->grant[c->rec[at].auth].level;
    uint32_t i = c->mems++;

    while (i > 1 &&
           level_cmp(c->grant[c->rec[c->mem[i - 1]].auth].level, level) > 0) {
        c->mem[i] = c->mem[i - 1];
        i--;
    }
    c->mem[i] = at;
}

static void attests_enter(struct en_circle *c, uint32_t at)
{
    const struct en_op *op = &c->rec[at].op;

    for (size_t i = 0; i < op->u.attest.n; i++) {
        const struct en_op_attest *a = &op->u.attest.item[i];
        struct att *t = &c->att[c->atts];

        *t = (struct att){.rec = at,
                          .what = a->what,
                          .code = a->code,
                          .ref_len = (uint8_t)a->ref.n};
        memcpy(t->ref, a->ref.p, a->ref.n);
        attest_link(c, c->atts++);
    }
}

en_err en_genesis_check(struct en_span payload, struct en_id *cid,
                        struct en_id *root_log, uint8_t root_pk[32])
{
    struct en_op op;
    struct en_cert cert;
    struct en_id device;
    struct en_id16 person;
    en_err err = en_op_decode(EN_OP_GENESIS, payload, &op);

    if (err != EN_OK)
        return err;
    err = en_cert_decode(op.u.genesis.cert, &cert);
    if (err != EN_OK)
        return err;
    en_person_id(cert.sign_pk, cert.wrap_pk, &person);
    if (cert.flags != EN_CERT_ROOT || !en_id_zero(&cert.cid) ||
        !en_id16_eq(&cert.person, &person))
        return EN_PROTOCOL;
    err = en_cert_verify(op.u.genesis.cert.p, op.u.genesis.cert_sig.p);
    if (err != EN_OK)
        return err;
    EN_HASH(cid->b, EN_L_CIRCLE, NULL, payload);
    en_device_id(cid, op.u.genesis.cert.p, &device);
    en_log_id(cid, &device, EN_CONTROL, root_log);
    memcpy(root_pk, cert.sign_pk, 32);
    return EN_OK;
}

static en_err genesis_enter(struct en_circle *c, const struct en_id *log,
                            const uint8_t *header, struct en_span payload)
{
    struct rec o = {.auth = NONE, .before = NONE, .permitted = true};
    struct en_header h;
    struct en_id cid;
    struct en_id root_log;
    struct en_id device;
    uint8_t pk[32];
    en_err err = en_genesis_check(payload, &cid, &root_log, pk);

    if (err != EN_OK)
        return err;
    if (!en_id_eq(log, &root_log) || en_header_decode(header, &h) != EN_OK ||
        h.kind != EN_CONTROL || h.type != EN_OP_GENESIS || h.seq != 0 ||
        h.ct_len != payload.n || !en_id_eq(&h.prev, log))
        return EN_PROTOCOL;
    err = reserve(c);
    if (err != EN_OK)
        return err;
    o.past = calloc(1, sizeof(*o.past));
    o.payload = malloc(payload.n);
    o.len = payload.n;
    o.cols = 1;
    err = EN_NOMEM;
    if (o.past == NULL || o.payload == NULL)
        goto fail;
    memcpy(o.payload, payload.p, payload.n);
    err = en_op_decode(EN_OP_GENESIS, EN_SPAN(o.payload, o.len), &o.op);
    if (err != EN_OK)
        goto fail;
    c->cid = cid;
    en_record_id(&cid, header, &o.id);
    o.prev = h.prev;
    o.grants = 1;
    en_device_id(&cid, o.op.u.genesis.cert.p, &device);
    (void)dev_enter(c, &device, o.op.u.genesis.cert.p);
    err = dev_reserve(&c->dev[0]);
    if (err != EN_OK) {
        dev_leave(c);
        c->cid = (struct en_id){{0}};
        goto fail;
    }
    c->rec[c->recs++] = o;
    c->dev[0].rec[c->dev[0].n++] = 0;
    grant_enter(c, &(struct grant){.with_cert = true});
    c->mem[c->mems++] = 0;
    c->now_stale = true;
    c->shown_stale = true;
    return EN_OK;
fail:
    rec_free(&o);
    return err;
}

/* What a permitted record brings with it; capacity was reserved. */
static void enter(struct en_circle *c, uint32_t at)
{
    struct rec *o = &c->rec[at];
    uint32_t *list;

    switch ((enum en_op_type)o->op.type) {
    case EN_OP_GRANT:
        grants_enter(c, at);
        member_op_enter(c, at);
        c->now_stale = true;
        break;
    case EN_OP_REVOKE:
        c->targets += o->targets;
        member_op_enter(c, at);
        c->now_stale = true;
        break;
    case EN_OP_POLICY:
        c->pol[c->pols++] = at;
        c->now_stale = true;
        break;
    case EN_OP_LABEL:
        list = &c->person[find_person(c, &o->op.u.label.person)].label;
        o->before = *list;
        *list = at;
        break;
    case EN_OP_DEVKEY:
        o->before = c->dev[o->col].devkey;
        c->dev[o->col].devkey = at;
        break;
    case EN_OP_ATTEST: attests_enter(c, at); return;
    case EN_OP_GENESIS:
    case EN_OP_EPOCH:
    case EN_OP_HISTORY:
    case EN_OP_EVIDENCE:
    case EN_OP_TOMBSTONE:
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW:
    case EN_OP_CLOSE:
    case EN_OP_CUT:
    case EN_OP_COUNT: break;
    }
    c->shown_stale = true;
}

/* Fills o from a payload whose layout may be wrong: then only its heads are kept,
 * since they say what its author had seen, and the record means nothing else. */
static en_err decode(uint8_t type, struct en_span payload, struct rec *o,
                     bool *whole)
{
    en_err err = en_op_decode(type, payload, &o->op);

    *whole = err == EN_OK && type != EN_OP_GENESIS;
    if (err == EN_PROTOCOL && type != EN_OP_GENESIS)
        err = en_op_decode_heads(payload, &o->op);
    return err == EN_PROTOCOL ? EN_OK : err;
}

en_err en_circle_add(struct en_circle *c, const struct en_id *log,
                     const uint8_t header[EN_HEADER_LEN],
                     struct en_span payload)
{
    struct rec o = {.auth = NONE, .before = NONE};
    struct ep ep = {0};
    struct en_header h;
    bool match = true;
    bool whole;
    uint32_t at;
    en_err err;

    if (c->recs == 0)
        return genesis_enter(c, log, header, payload);
    while (o.col < c->devs && !en_id_eq(&c->dev[o.col].m.control, log))
        o.col++;
    if (o.col == c->devs)
        return EN_ABSENT;
    if (en_header_decode(header, &h) != EN_OK || h.kind != EN_CONTROL ||
        h.seq != c->dev[o.col].n || h.ct_len != payload.n ||
        !en_id_eq(&h.prev,
                  h.seq == 0 ? log : &c->rec[c->dev[o.col].rec[h.seq - 1]].id))
        return EN_PROTOCOL;
    err = reserve(c);
    if (err == EN_OK)
        err = dev_reserve(&c->dev[o.col]);
    if (err != EN_OK)
        return err;
    o.seq = (uint32_t)h.seq;
    o.prev = h.prev;
    en_record_id(&c->cid, header, &o.id);
    o.len = payload.n;
    o.payload = malloc(payload.n);
    err = EN_NOMEM;
    if (o.payload == NULL)
        goto fail;
    memcpy(o.payload, payload.p, payload.n);
    err = decode(h.type, EN_SPAN(o.payload, o.len), &o, &whole);
    if (err == EN_OK)
        err = take_past(c, &o, &match);
    if (err == EN_OK && whole)
        err = judge(c, &o, match, &ep);
    if (err != EN_OK)
        goto fail;
    if (whole && devkey_well_formed(c, &o)) {
        struct en_signer_key k = {.ctl_seq = o.seq,
                                  .journal = o.op.u.devkey.journal};

        memcpy(k.pk, o.op.u.devkey.cert.p + EN_CERT_SIGN_AT, 32);
        err = en_signer_add(&c->dev[o.col].signer, &k);
        if (err != EN_OK)
            goto fail;
        o.renews = true;
    }
    o.devs_before = c->devs;
    o.unknown = !whole || not_evaluated(&o.op);

    /* Nothing below can fail. */
    at = c->recs++;
    c->rec[at] = o;
    c->dev[o.col].rec[c->dev[o.col].n++] = at;
    c->unknown += o.unknown;
    if (ep.n > 0) {
        ep.rec = at;
        epoch_enter(c, &ep);
    }
    if (o.permitted)
        enter(c, at);
    return EN_OK;
fail:
    rec_free(&o);
    return err;
}

en_err en_circle_would(struct en_circle *c, const struct en_id *device,
                       uint8_t type, struct en_span payload)
{
    struct rec o = {.auth = NONE, .col = find_dev(c, device)};
    struct ep ep = {0};
    bool match = false;
    en_err err;

    if (o.col == NONE)
        return EN_ABSENT;
    o.seq = c->dev[o.col].n;
    err = en_op_decode(type, payload, &o.op);
    if (err == EN_OK)
        err = take_past(c, &o, &match);
    if (err == EN_OK)
        err = judge(c, &o, match, &ep);
    if (err == EN_OK && !counts(c, state_now(c), &o))
        err = EN_DENIED;
    epoch_free(&ep);
    rec_free(&o);
    return err;
}

static uint32_t keep_below(uint32_t *list, uint32_t n, uint32_t bound)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < n; i++)
        if (list[i] < bound)
            list[kept++] = list[i];
    return kept;
}

/* The last record leaves: the reverse of en_circle_add, last thing first. */
static void leave(struct en_circle *c)
{
    uint32_t at = c->recs - 1;
    struct rec *o = &c->rec[at];
    struct dev *d = &c->dev[o->col];

    while (c->atts > 0 && c->att[c->atts - 1].rec == at) {
        const struct att *a = &c->att[--c->atts];

        c->att_at.head[bucket_of(&c->att_at, a->ref, a->what)] = a->before;
    }
    if (o->permitted && o->op.type == EN_OP_LABEL)
        c->person[find_person(c, &o->op.u.label.person)].label = o->before;
    if (o->permitted && o->op.type == EN_OP_DEVKEY)
        d->devkey = o->before;
    for (uint32_t i = 0; i < o->grants; i++) {
        const struct grant *g = &c->grant[--c->grants];

        c->dev[g->dev].grant = g->before;
    }
    if (c->eps > 0 && c->ep[c->eps - 1].rec == at)
        epoch_leave(c);
    c->targets -= o->targets;
    c->unknown -= o->unknown;
    d->n--;
    if (o->renews)
        d->signer.n--;
    while (c->devs > o->devs_before)
        dev_leave(c);
    rec_free(o);
    c->recs--;
}

void en_circle_rollback(struct en_circle *c, size_t count)
{
    if (count >= c->recs)
        return;
    while (c->recs > count)
        leave(c);
    c->mems = keep_below(c->mem, c->mems, c->recs);
    c->pols = keep_below(c->pol, c->pols, c->recs);
    if (c->recs == 0) {
        c->cid = (struct en_id){{0}};
        c->eligs = 0;
        c->now_stale = false;
        c->shown_stale = false;
        return;
    }
    c->now_stale = true;
    c->shown_stale = true;
}
