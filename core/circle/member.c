#include "circle/member.h"

#include "circle/internal.h"

#include "crypto/hash.h"
#include "crypto/labels.h"

#include <stdlib.h>
#include <string.h>

/* What one en_circle_add may add to each array, reserved before anything
 * changes. */
#define STEP_GRANTS EN_OP_GRANTS_MAX
#define STEP_ATTS   EN_OP_ATTESTS_MAX

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

/* Arrays that follow another one's capacity. */
static en_err follow(void *array, uint32_t cap, size_t each)
{
    void **p = array;
    void *q = realloc(*p, cap * each);

    if (q == NULL)
        return EN_NOMEM;
    *p = q;
    return EN_OK;
}

static en_err reserve_state(struct state *st, const struct en_circle *c)
{
    en_err err = follow(&st->eff, c->rec_cap, 1);

    if (err == EN_OK)
        err = follow(&st->active, c->grant_cap, 1);
    if (err == EN_OK)
        err = follow(&st->revs, c->rec_cap, sizeof(uint32_t));
    return err;
}

static en_err reserve(struct en_circle *c)
{
    uint32_t rec_cap = c->rec_cap;
    uint32_t grant_cap = c->grant_cap;
    uint32_t dev_cap = c->dev_cap;
    en_err err = more(&c->rec, c->recs, 1, &c->rec_cap, sizeof(*c->rec));

    if (err == EN_OK)
        err = more(&c->grant, c->grants, STEP_GRANTS, &c->grant_cap,
                   sizeof(*c->grant));
    if (err == EN_OK)
        err = more(&c->dev, c->devs, STEP_GRANTS, &c->dev_cap, sizeof(*c->dev));
    if (err == EN_OK)
        err = more(&c->ep, c->eps, 1, &c->ep_cap, sizeof(*c->ep));
    if (err == EN_OK)
        err = more(&c->att, c->atts, STEP_ATTS, &c->att_cap, sizeof(*c->att));
    if (err == EN_OK && (rec_cap != c->rec_cap || c->mem == NULL)) {
        err = follow(&c->mem, c->rec_cap, sizeof(uint32_t));
        if (err == EN_OK)
            err = follow(&c->lab, c->rec_cap, sizeof(uint32_t));
        if (err == EN_OK)
            err = follow(&c->pol, c->rec_cap, sizeof(uint32_t));
    }
    if (err == EN_OK && (dev_cap != c->dev_cap || c->order == NULL))
        err = follow(&c->order, c->dev_cap, sizeof(uint32_t));
    if (err == EN_OK && (rec_cap != c->rec_cap || grant_cap != c->grant_cap)) {
        err = reserve_state(&c->now, c);
        if (err == EN_OK)
            err = reserve_state(&c->scratch, c);
    }
    return err;
}

static void rec_free(struct rec *r)
{
    en_op_free(&r->op);
    free(r->payload);
    free(r->past);
}

en_err en_circle_new(struct en_circle **c)
{
    *c = calloc(1, sizeof(**c));
    return *c != NULL ? EN_OK : EN_NOMEM;
}

static void state_free(struct state *st)
{
    free(st->eff);
    free(st->active);
    free(st->revs);
}

void en_circle_free(struct en_circle *c)
{
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->recs; i++)
        rec_free(&c->rec[i]);
    for (uint32_t i = 0; i < c->devs; i++) {
        free(c->dev[i].rec);
        en_signer_free(&c->dev[i].signer);
    }
    for (uint32_t i = 0; i < c->eps; i++) {
        free(c->ep[i].device);
        free(c->ep[i].wrap_pk);
        free(c->ep[i].boxes);
    }
    free(c->rec);
    free(c->grant);
    free(c->dev);
    free(c->ep);
    free(c->att);
    free(c->mem);
    free(c->lab);
    free(c->pol);
    free(c->order);
    state_free(&c->now);
    state_free(&c->scratch);
    free(c);
}

/* -- looking up ------------------------------------------------------------- */

uint32_t find_dev(const struct en_circle *c, const struct en_id *device)
{
    for (uint32_t i = 0; i < c->devs; i++)
        if (en_id_eq(&c->dev[i].m.device, device))
            return i;
    return NONE;
}

uint32_t find_dev16(const struct en_circle *c, const struct en_id16 *dev16)
{
    for (uint32_t i = 0; i < c->devs; i++)
        if (memcmp(c->dev[i].m.device.b, dev16->b, 16) == 0)
            return i;
    return NONE;
}

/* The grant named, if this record's past has it, permitted. */
static uint32_t find_grant(const struct en_circle *c, const struct rec *o,
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

/* Whether a permitted grant in o's past made this device; KIT or any. */
static bool dev_in_past(const struct en_circle *c, const struct rec *o,
                        uint32_t dev)
{
    for (uint32_t i = 0; i < c->grants; i++)
        if (c->grant[i].dev == dev && in_past(&c->rec[c->grant[i].rec], o))
            return true;
    return false;
}

static bool person_in_past(const struct en_circle *c, const struct rec *o,
                           const struct en_id16 *person)
{
    for (uint32_t i = 0; i < c->devs; i++)
        if (en_id16_eq(&c->dev[i].m.person, person) && dev_in_past(c, o, i))
            return true;
    return false;
}

/* -- certificates ----------------------------------------------------------- */

static bool key_occurs(const uint8_t *keys, const uint8_t *other)
{
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            if (memcmp(keys + 32 * i, other + 32 * j, 32) == 0 &&
                !en_is_zero_ct(keys + 32 * i, 32))
                return true;
    return false;
}

/* No key of cert occurs in another device's certificate, and no short name of it
 * is another device's, as far as o's past shows. */
static bool keys_fresh(const struct en_circle *c, const struct rec *o,
                       const struct en_id *device, const uint8_t *cert)
{
    struct en_id control;
    struct en_id journal;

    en_log_id(&c->cid, device, EN_CONTROL, &control);
    en_log_id(&c->cid, device, EN_JOURNAL, &journal);
    for (uint32_t i = 0; i < c->devs; i++) {
        const struct dev *d = &c->dev[i];

        if (en_id_eq(&d->m.device, device) || !dev_in_past(c, o, i))
            continue;
        if (key_occurs(cert + 50, d->cert + 50) ||
            memcmp(device->b, d->m.device.b, 16) == 0 ||
            memcmp(control.b, d->control16.b, 16) == 0 ||
            memcmp(control.b, d->journal16.b, 16) == 0 ||
            memcmp(journal.b, d->control16.b, 16) == 0 ||
            memcmp(journal.b, d->journal16.b, 16) == 0)
            return false;
        for (uint32_t j = 0; j < d->n; j++) {
            const struct rec *k = &c->rec[d->rec[j]];

            if (k->op.type == EN_OP_DEVKEY && k->permitted && in_past(k, o) &&
                key_occurs(cert + 50, k->op.u.devkey.cert.p + 50))
                return false;
        }
    }
    return true;
}

/* PROTOCOL 4, "admissible", on o's past. */
static bool admissible(const struct en_circle *c, const struct rec *o,
                       const struct en_op_grant *g)
{
    struct en_cert cert;
    struct en_id device;
    struct en_id16 derived;

    if (en_cert_decode(g->cert, &cert) != EN_OK ||
        en_cert_verify(g->cert.p, g->sig.p) != EN_OK ||
        !en_id_eq(&cert.cid, &c->cid) || !en_id16_eq(&cert.person, &g->person))
        return false;
    en_device_id(&c->cid, g->cert.p, &device);
    if (!en_id_eq(&device, &g->device) || !keys_fresh(c, o, &device, g->cert.p))
        return false;
    if (person_in_past(c, o, &cert.person))
        return en_id16_eq(&c->dev[o->col].m.person, &cert.person);
    en_person_id(cert.sign_pk, cert.wrap_pk, &derived);
    return en_id16_eq(&derived, &cert.person);
}

/* -- permitted: GRANT ------------------------------------------------------- */

/* Bounds that make an operation not permitted, on o's past. Root is bound by none
 * of those on certificates and persons. */
static bool within_limits(const struct en_circle *c, const struct state *st,
                          const struct rec *o)
{
    const struct en_op *op = &o->op;
    const struct en_id16 *by = &c->dev[o->col].m.person;
    bool root = c->grant[o->auth].level.cls == EN_CLASS_ROOT;
    size_t certs = 0;
    size_t persons = 0;
    size_t brought = 0;
    size_t active = 0;

    for (uint32_t i = 0; i < c->grants; i++) {
        const struct grant *g = &c->grant[i];
        const struct rec *r = &c->rec[g->rec];
        struct en_id16 derived;

        if (!g->with_cert || !in_view(r, st) || !st->eff[g->rec])
            continue;
        certs++;
        en_person_id(c->dev[g->dev].cert + 50, c->dev[g->dev].cert + 82,
                     &derived);
        if (!en_id16_eq(&derived, &c->dev[g->dev].m.person))
            continue;
        persons++;
        brought += en_id16_eq(&c->dev[r->col].m.person, by);
    }
    for (uint32_t i = 1; i < c->devs; i++)
        active += dev_active(c, st, i);
    for (size_t i = 0; i < op->u.grant.n; i++) {
        const struct en_op_grant *g = &op->u.grant.grant[i];
        size_t own = 0;
        size_t own_active = 0;

        if (g->cert.n == 0)
            continue;
        certs++;
        active++;
        if (!person_in_past(c, o, &g->person)) {
            persons++;
            brought++;
        }
        for (uint32_t j = 0; j < c->grants; j++)
            own += c->grant[j].with_cert &&
                   in_view(&c->rec[c->grant[j].rec], st) &&
                   st->eff[c->grant[j].rec] &&
                   en_id16_eq(&c->dev[c->grant[j].dev].m.person, &g->person);
        for (uint32_t j = 0; j < c->devs; j++)
            own_active += en_id16_eq(&c->dev[j].m.person, &g->person) &&
                          dev_active(c, st, j);
        for (size_t j = 0; j <= i; j++) {
            const struct en_op_grant *h = &op->u.grant.grant[j];

            if (h->cert.n > 0 && en_id16_eq(&h->person, &g->person)) {
                own++;
                own_active++;
            }
        }
        if (own_active > st->policy.devices)
            return false;
        if (!root && own > EN_CERTS_PERSON_MAX)
            return false;
    }
    if (active > EN_DEVICES_MAX)
        return false;
    return root || (certs <= EN_CERTS_MAX && persons <= EN_PERSONS_EVER_MAX &&
                    brought <= EN_PERSONS_BY_MAX);
}

/* A promotion: an active device with the smallest level among its person's active
 * ones, KIT left out; no condition on level for the root or its own person. */
static bool promotes(const struct en_circle *c, const struct state *st,
                     const struct rec *o, const struct en_op_grant *g)
{
    uint32_t dev = find_dev(c, &g->device);
    struct en_level level;
    struct en_level other;
    uint32_t grant;

    if (dev == NONE || !dev_in_past(c, o, dev) ||
        !en_id16_eq(&c->dev[dev].m.person, &g->person) ||
        !dev_level(c, st, dev, &level, &grant))
        return false;
    if (c->grant[o->auth].level.cls == EN_CLASS_ROOT ||
        en_id16_eq(&c->dev[o->col].m.person, &g->person))
        return true;
    for (uint32_t i = 0; i < c->devs; i++)
        if (i != dev && (c->dev[i].m.flags & EN_CERT_KIT) == 0 &&
            en_id16_eq(&c->dev[i].m.person, &g->person) &&
            dev_level(c, st, i, &other, &grant) && level_cmp(other, level) < 0)
            return false;
    return true;
}

/* The table of 6.1: who may grant what to whom. */
static bool may_grant(const struct en_circle *c, const struct state *st,
                      const struct rec *o, const struct en_op_grant *g)
{
    const struct grant *auth = &c->grant[o->auth];
    bool own = en_id16_eq(&c->dev[o->col].m.person, &g->person);
    struct en_level level = {g->cls, auth->level.depth + 1};

    if (level_cmp(auth->level, level) >= 0)
        return false;
    if (auth->level.cls == EN_CLASS_OBSERVER)
        return false;
    if (auth->level.cls == EN_CLASS_MEMBER && (g->cls != 2 || !own))
        return false;
    if (!st->policy.personal)
        return true;
    /* A personal circle: one person, class 1, the first device by the root. */
    if (g->cls != EN_CLASS_FACILITATOR)
        return false;
    if (auth->level.cls == EN_CLASS_ROOT && g->cert.n > 0)
        return c->devs == 1 || !dev_in_past(c, o, 1);
    return auth->level.cls == EN_CLASS_ROOT || own;
}

static bool grant_permitted(const struct en_circle *c, const struct state *st,
                            const struct rec *o)
{
    const struct en_op *op = &o->op;

    for (size_t i = 0; i < op->u.grant.n; i++) {
        const struct en_op_grant *g = &op->u.grant.grant[i];
        uint8_t flags;

        if (!may_grant(c, st, o, g))
            return false;
        if (g->cert.n == 0) {
            if (!promotes(c, st, o, g))
                return false;
            continue;
        }
        if (!admissible(c, o, g))
            return false;
        flags = g->cert.p[49];
        if (flags == EN_CERT_ROOT ||
            (flags == EN_CERT_OBSERVER) != (g->cls == EN_CLASS_OBSERVER))
            return false;
        if (flags == EN_CERT_KIT &&
            (st->policy.kits == 0 || !person_in_past(c, o, &g->person)))
            return false;
        for (size_t j = 0; j < i; j++) {
            const struct en_op_grant *h = &op->u.grant.grant[j];

            if (h->cert.n > 0 && (key_occurs(g->cert.p + 50, h->cert.p + 50) ||
                                  en_id_eq(&g->device, &h->device)))
                return false;
        }
    }
    if (st->policy.personal && op->u.grant.n > 1 &&
        c->grant[o->auth].level.cls == EN_CLASS_ROOT)
        return false;
    return within_limits(c, st, o);
}

/* -- permitted: the rest ---------------------------------------------------- */

static bool revoke_permitted(const struct en_circle *c, struct rec *o)
{
    const struct en_op *op = &o->op;
    const struct dev *by = &c->dev[o->col];
    const struct en_id16 dev16 = en_id_short(&by->m.device);
    bool self = op->u.revoke.grants == 0 && op->u.revoke.persons == 0 &&
                op->u.revoke.devices == 1 &&
                en_id16_eq(&op->u.revoke.device[0], &dev16);

    for (size_t i = 0; i < op->u.revoke.grants; i++) {
        uint32_t g = find_grant(c, o, &op->u.revoke.grant[i]);

        if (g == NONE || g == o->auth)
            return false;
    }
    for (size_t i = 0; i < op->u.revoke.devices; i++) {
        uint32_t d = find_dev16(c, &op->u.revoke.device[i]);

        if (d == NONE || !dev_in_past(c, o, d) || (d == o->col && !self))
            return false;
    }
    for (size_t i = 0; i < op->u.revoke.persons; i++)
        if (!person_in_past(c, o, &op->u.revoke.person[i]) ||
            en_id16_eq(&op->u.revoke.person[i], &by->m.person))
            return false;
    if (self && c->grant[o->auth].level.cls == EN_CLASS_ROOT)
        return false;
    /* A grant of its own device may be given up only as a demotion of itself. */
    o->self = self;
    return true;
}

static bool label_permitted(const struct en_circle *c, const struct rec *o)
{
    uint32_t d;

    if (!person_in_past(c, o, &o->op.u.label.person))
        return false;
    if (!o->op.u.label.has_device)
        return true;
    d = find_dev16(c, &o->op.u.label.dev16);
    return d != NONE && dev_in_past(c, o, d) &&
           en_id16_eq(&c->dev[d].m.person, &o->op.u.label.person);
}

/* A DEVKEY well formed by its own chain alone (5.2). */
static bool devkey_well_formed(const struct en_circle *c, const struct rec *o)
{
    const struct dev *d = &c->dev[o->col];
    const struct en_op *op = &o->op;
    struct en_cert cert;
    struct en_id cert_id;

    if (op->type != EN_OP_DEVKEY || o->col == 0 ||
        (d->m.flags & EN_CERT_KIT) != 0 ||
        en_cert_decode(op->u.devkey.cert, &cert) != EN_OK ||
        memcmp(op->u.devkey.cert.p, d->cert, 50) != 0 ||
        memcmp(op->u.devkey.cert.p + 114, d->cert + 114, 64) != 0 ||
        en_cert_verify(op->u.devkey.cert.p, op->u.devkey.cert_sig.p) != EN_OK)
        return false;
    en_device_id(&c->cid, op->u.devkey.cert.p, &cert_id);
    return en_renew_verify(o->seq == 0
                               ? d->signer.first
                               : en_signer_control(&d->signer, o->seq - 1),
                           &d->m.control, o->seq, &cert_id,
                           op->u.devkey.old_sig.p) == EN_OK;
}

static bool attest_permitted(const struct rec *o, uint8_t cls)
{
    for (size_t i = 0; i < o->op.u.attest.n; i++) {
        uint8_t what = o->op.u.attest.item[i].what;

        if (cls == EN_CLASS_OBSERVER ? what != 3 : cls == EN_CLASS_ROOT)
            return false;
    }
    return true;
}

/* PROTOCOL 6.3 P1 to P5. heads_match: no head contradicted what is held. */
static bool permitted(struct en_circle *c, struct rec *o, bool heads_match)
{
    const struct state *st;
    uint8_t cls;

    if (!heads_match)
        return false;
    if (!o->op.has_auth) {
        /* nil: LABEL and EVIDENCE only, and GENESIS, which is never added here */
        return o->op.type == EN_OP_LABEL && label_permitted(c, o);
    }
    o->auth = find_grant(c, o, &o->op.auth);
    if (o->auth == NONE || c->grant[o->auth].dev != o->col)
        return false;
    cls = c->grant[o->auth].level.cls;
    switch ((enum en_op_type)o->op.type) {
    case EN_OP_GRANT: st = state_before(c, o); return grant_permitted(c, st, o);
    case EN_OP_REVOKE: return revoke_permitted(c, o);
    case EN_OP_EPOCH: st = state_before(c, o); return epoch_permitted(c, st, o);
    case EN_OP_DEVKEY:
        return cls != EN_CLASS_ROOT && devkey_well_formed(c, o) &&
               keys_fresh(c, o, &c->dev[o->col].m.device,
                          o->op.u.devkey.cert.p);
    case EN_OP_ATTEST: return attest_permitted(o, cls);
    case EN_OP_POLICY: return cls <= EN_CLASS_FACILITATOR;
    case EN_OP_LABEL: return label_permitted(c, o);
    case EN_OP_GENESIS:
    case EN_OP_COUNT: return false;
    case EN_OP_HISTORY:
    case EN_OP_EVIDENCE:
    case EN_OP_TOMBSTONE:
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW:
    case EN_OP_CLOSE:
    case EN_OP_CUT: return false; /* kept, counted as not evaluated here */
    }
    return false; /* of a later program */
}

/* Kinds kept without effect; people are told that something newer is here. */
static bool not_evaluated(const struct en_op *op)
{
    switch ((enum en_op_type)op->type) {
    case EN_OP_HISTORY:
    case EN_OP_EVIDENCE:
    case EN_OP_TOMBSTONE:
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW:
    case EN_OP_CLOSE:
    case EN_OP_CUT: return true;
    case EN_OP_EPOCH: return op->u.epoch.scope != 0;
    case EN_OP_GENESIS:
    case EN_OP_GRANT:
    case EN_OP_REVOKE:
    case EN_OP_DEVKEY:
    case EN_OP_ATTEST:
    case EN_OP_POLICY:
    case EN_OP_LABEL: return false;
    case EN_OP_COUNT: return true;
    }
    return true;
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

/* A device enters; capacity was reserved. */
static uint32_t dev_enter(struct en_circle *c, const struct en_id *device,
                          const uint8_t *cert)
{
    uint32_t at = c->devs++;
    struct dev *d = &c->dev[at];
    uint32_t i = at;

    *d = (struct dev){0};
    d->m.device = *device;
    memcpy(d->m.person.b, cert + 33, 16);
    d->m.flags = cert[49];
    memcpy(d->cert, cert, EN_CERT_LEN);
    memcpy(d->signer.first, cert + 50, 32);
    en_log_id(&c->cid, device, EN_CONTROL, &d->m.control);
    en_log_id(&c->cid, device, EN_JOURNAL, &d->m.journal);
    d->control16 = en_id_short(&d->m.control);
    d->journal16 = en_id_short(&d->m.journal);
    while (i > 0 && en_id_cmp(&c->dev[c->order[i - 1]].m.device, device) > 0) {
        c->order[i] = c->order[i - 1];
        i--;
    }
    c->order[i] = at;
    return at;
}

static void grants_enter(struct en_circle *c, uint32_t at)
{
    struct rec *o = &c->rec[at];
    uint32_t depth = c->grant[o->auth].level.depth + 1;

    o->grant = c->grants;
    for (size_t i = 0; i < o->op.u.grant.n; i++) {
        const struct en_op_grant *g = &o->op.u.grant.grant[i];
        uint32_t d = find_dev(c, &g->device);

        if (d == NONE)
            d = dev_enter(c, &g->device, g->cert.p);
        c->grant[c->grants++] = (struct grant){
            .rec = at,
            .index = (uint8_t)i,
            .dev = d,
            .level = {g->cls, depth},
            .with_cert = g->cert.n > 0,
        };
    }
    o->grants = (uint32_t)o->op.u.grant.n;
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
        struct att *t = &c->att[c->atts++];

        *t = (struct att){.rec = at,
                          .what = a->what,
                          .code = a->code,
                          .ref_len = (uint8_t)a->ref.n};
        memcpy(t->ref, a->ref.p, a->ref.n);
    }
}

static en_err genesis_enter(struct en_circle *c, const struct en_id *log,
                            const uint8_t *header, struct en_span payload)
{
    struct rec o = {.auth = NONE, .permitted = true};
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
        !en_id_eq(&h.prev, log))
        return EN_PROTOCOL;
    err = reserve(c);
    if (err != EN_OK)
        return err;
    o.past = calloc(1, sizeof(*o.past));
    o.payload = malloc(payload.n);
    o.len = payload.n;
    o.cols = 1;
    if (o.past == NULL || o.payload == NULL) {
        err = EN_NOMEM;
        goto fail;
    }
    memcpy(o.payload, payload.p, payload.n);
    err = en_op_decode(EN_OP_GENESIS, EN_SPAN(o.payload, o.len), &o.op);
    if (err != EN_OK)
        goto fail;
    c->cid = cid;
    en_record_id(&cid, header, &o.id);
    o.prev = h.prev;
    en_device_id(&cid, o.op.u.genesis.cert.p, &device);
    (void)dev_enter(c, &device, o.op.u.genesis.cert.p);
    err = dev_reserve(&c->dev[0]);
    if (err != EN_OK) {
        c->devs = 0;
        c->cid = (struct en_id){0};
        goto fail;
    }
    o.grant = 0;
    o.grants = 1;
    c->rec[c->recs++] = o;
    c->dev[0].rec[c->dev[0].n++] = 0;
    c->grant[c->grants++] =
        (struct grant){.level = {EN_CLASS_ROOT, 0}, .with_cert = true};
    c->mem[c->mems++] = 0;
    refresh(c);
    return EN_OK;
fail:
    rec_free(&o);
    return err;
}

/* What a permitted record brings with it; capacity was reserved. */
static void enter(struct en_circle *c, uint32_t at)
{
    const struct rec *o = &c->rec[at];

    switch ((enum en_op_type)o->op.type) {
    case EN_OP_GRANT:
        grants_enter(c, at);
        member_op_enter(c, at);
        break;
    case EN_OP_REVOKE: member_op_enter(c, at); break;
    case EN_OP_LABEL: c->lab[c->labs++] = at; break;
    case EN_OP_POLICY: c->pol[c->pols++] = at; break;
    case EN_OP_ATTEST: attests_enter(c, at); break;
    case EN_OP_GENESIS:
    case EN_OP_EPOCH:
    case EN_OP_DEVKEY:
    case EN_OP_HISTORY:
    case EN_OP_EVIDENCE:
    case EN_OP_TOMBSTONE:
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW:
    case EN_OP_CLOSE:
    case EN_OP_CUT:
    case EN_OP_COUNT: break;
    }
}

en_err en_circle_add(struct en_circle *c, const struct en_id *log,
                     const uint8_t header[EN_HEADER_LEN],
                     struct en_span payload)
{
    struct rec o = {.auth = NONE};
    struct ep ep = {0};
    struct en_header h;
    bool match = true;
    bool decoded;
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
    err = en_op_decode(h.type, EN_SPAN(o.payload, o.len), &o.op);
    if (err == EN_NOMEM)
        goto fail;
    decoded = err == EN_OK && h.type != EN_OP_GENESIS;
    err = take_past(c, &o, &match);
    if (err != EN_OK)
        goto fail;
    o.permitted = decoded && permitted(c, &o, match);
    if (decoded && devkey_well_formed(c, &o)) {
        struct en_signer_key k = {.ctl_seq = o.seq,
                                  .journal = o.op.u.devkey.journal};

        memcpy(k.pk, o.op.u.devkey.cert.p + 50, 32);
        err = en_signer_add(&c->dev[o.col].signer, &k);
        if (err != EN_OK)
            goto fail;
        o.renews = true;
    }
    if (o.permitted && o.op.type == EN_OP_EPOCH) {
        err = epoch_describe(c, state_before(c, &o), &o, &ep);
        if (err != EN_OK)
            goto fail;
    }
    o.devs_before = c->devs;
    o.unknown = !decoded || not_evaluated(&o.op);

    /* Nothing below can fail. */
    at = c->recs++;
    c->rec[at] = o;
    c->dev[o.col].rec[c->dev[o.col].n++] = at;
    if (o.permitted && o.op.type == EN_OP_EPOCH) {
        ep.rec = at;
        c->ep[c->eps++] = ep;
    }
    if (o.permitted)
        enter(c, at);
    c->unknown += o.unknown;
    if (o.permitted && o.op.type != EN_OP_ATTEST)
        refresh(c);
    else
        c->now.eff[at] = 0;
    return EN_OK;
fail:
    rec_free(&o);
    return err;
}

en_err en_circle_would(struct en_circle *c, const struct en_id *device,
                       uint8_t type, struct en_span payload)
{
    struct rec o = {.auth = NONE, .col = find_dev(c, device)};
    bool match = false;
    en_err err;

    if (o.col == NONE)
        return EN_ABSENT;
    o.seq = c->dev[o.col].n;
    err = en_op_decode(type, payload, &o.op);
    if (err != EN_OK)
        return err;
    err = take_past(c, &o, &match);
    if (err == EN_OK) {
        o.permitted = permitted(c, &o, match);
        if (!counts(c, &c->now, &o))
            err = EN_DENIED;
    }
    en_op_free(&o.op);
    free(o.past);
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

void en_circle_rollback(struct en_circle *c, size_t count)
{
    uint32_t devs = c->devs;
    uint32_t kept;

    if (count >= c->recs)
        return;
    assert(count > 0);
    while (c->recs > count) {
        struct rec *o = &c->rec[--c->recs];
        struct dev *d = &c->dev[o->col];

        c->grants -= o->grants;
        c->unknown -= o->unknown;
        d->n--;
        if (o->renews)
            d->signer.n--;
        while (c->devs > o->devs_before) {
            c->devs--;
            free(c->dev[c->devs].rec);
            en_signer_free(&c->dev[c->devs].signer);
        }
        while (c->eps > 0 && c->ep[c->eps - 1].rec == c->recs) {
            c->eps--;
            free(c->ep[c->eps].device);
            free(c->ep[c->eps].wrap_pk);
            free(c->ep[c->eps].boxes);
        }
        while (c->atts > 0 && c->att[c->atts - 1].rec == c->recs)
            c->atts--;
        rec_free(o);
    }
    c->mems = keep_below(c->mem, c->mems, c->recs);
    c->labs = keep_below(c->lab, c->labs, c->recs);
    c->pols = keep_below(c->pol, c->pols, c->recs);
    kept = keep_below(c->order, devs, c->devs);
    assert(kept == c->devs);
    refresh(c);
}

/* -- what S shows ----------------------------------------------------------- */

en_err en_genesis_check(struct en_span payload, struct en_id *cid,
                        struct en_id *root_log, uint8_t root_pk[32])
{
    struct en_op op;
    struct en_cert cert;
    struct en_id device;
    en_err err = en_op_decode(EN_OP_GENESIS, payload, &op);

    if (err != EN_OK)
        return err;
    err = en_cert_decode(op.u.genesis.cert, &cert);
    if (err != EN_OK)
        return err;
    if (cert.flags != EN_CERT_ROOT || !en_id_zero(&cert.cid))
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

const struct en_id *en_circle_id(const struct en_circle *c)
{
    return &c->cid;
}

size_t en_circle_count(const struct en_circle *c)
{
    return c->recs;
}

size_t en_circle_unknown(const struct en_circle *c)
{
    return c->unknown;
}

struct en_policy en_circle_policy(const struct en_circle *c)
{
    return c->recs > 0 ? c->now.policy : en_policy_default();
}

const struct en_signer *en_circle_signer(const struct en_circle *c,
                                         const struct en_id16 *log16,
                                         struct en_id *log,
                                         struct en_id *device, uint8_t *kind)
{
    for (uint32_t i = 0; i < c->devs; i++) {
        const struct dev *d = &c->dev[i];
        bool control = en_id16_eq(&d->control16, log16);

        if (!control && !en_id16_eq(&d->journal16, log16))
            continue;
        *log = control ? d->m.control : d->m.journal;
        *device = d->m.device;
        *kind = control ? EN_CONTROL : EN_JOURNAL;
        return &d->signer;
    }
    return NULL;
}

uint64_t en_circle_log_count(const struct en_circle *c, const struct en_id *log,
                             struct en_id *last)
{
    for (uint32_t i = 0; i < c->devs; i++) {
        const struct dev *d = &c->dev[i];

        if (!en_id_eq(&d->m.control, log))
            continue;
        if (d->n > 0)
            *last = c->rec[d->rec[d->n - 1]].id;
        return d->n;
    }
    return 0;
}

bool en_circle_arrival(const struct en_circle *c, size_t i, struct en_id *log,
                       uint64_t *seq, struct en_id *id)
{
    const struct rec *o;

    if (i >= c->recs)
        return false;
    o = &c->rec[i];
    *log = c->dev[o->col].m.control;
    *seq = o->seq;
    *id = o->id;
    return true;
}

size_t en_circle_members(const struct en_circle *c)
{
    return c->devs;
}

const struct en_member *en_circle_member(const struct en_circle *c, size_t i)
{
    assert(i < c->devs);
    return &c->dev[c->order[i]].m;
}

const struct en_member *en_circle_device(const struct en_circle *c,
                                         const struct en_id *device)
{
    uint32_t d = find_dev(c, device);

    return d != NONE ? &c->dev[d].m : NULL;
}

const struct en_member *en_circle_dev16(const struct en_circle *c,
                                        const struct en_id16 *dev16)
{
    uint32_t d = find_dev16(c, dev16);

    return d != NONE ? &c->dev[d].m : NULL;
}

size_t en_circle_heads(const struct en_circle *c, const struct en_id *device,
                       struct en_op_head head[EN_HEADS_MAX])
{
    uint32_t own = find_dev(c, device);
    size_t n = 0;

    for (uint32_t i = 0; i < c->devs && n < EN_HEADS_MAX; i++) {
        const struct dev *d = &c->dev[i];
        const struct rec *tip;
        struct en_op_head h;
        bool implied = false;
        size_t at = n;

        if (i == own || d->n == 0)
            continue;
        tip = &c->rec[d->rec[d->n - 1]];
        for (uint32_t j = 0; !implied && j < c->devs; j++) {
            const struct dev *e = &c->dev[j];

            implied =
                j != i && e->n > 0 && in_past(tip, &c->rec[e->rec[e->n - 1]]);
        }
        if (implied)
            continue;
        h = (struct en_op_head){
            .dev16 = en_id_short(&d->m.device), .seq = tip->seq, .id = tip->id};
        while (at > 0 && en_id_cmp(&head[at - 1].id, &h.id) > 0) {
            head[at] = head[at - 1];
            at--;
        }
        head[at] = h;
        n++;
    }
    return n;
}

void en_circle_digest(const struct en_circle *c, uint8_t digest[32])
{
    struct en_hash_state st;
    struct en_id16 salt = en_id_short(&c->cid);
    struct en_epoch_info e;
    struct en_id16 epoch = {0};
    uint8_t n16[2];
    uint16_t n = 0;

    if (en_circle_choice(c, &e) == EN_OK)
        epoch = e.id;
    for (uint32_t i = 0; i < c->devs; i++)
        n = (uint16_t)(n + c->dev[i].m.active);
    en_hash_begin(&st, EN_L_WORDS, &salt);
    en_hash_add(&st, EN_SPAN_OF(c->cid.b));
    en_put_u16(n16, n);
    en_hash_add(&st, EN_SPAN_OF(n16));
    for (uint32_t i = 0; i < c->devs; i++) {
        const struct en_member *m = &c->dev[c->order[i]].m;
        struct en_id cert_id;

        if (!m->active)
            continue;
        en_device_id(&c->cid, m->cert, &cert_id);
        en_hash_add(&st, EN_SPAN_OF(m->device.b));
        en_hash_add(&st, EN_SPAN(&m->cls, 1));
        en_hash_add(&st, EN_SPAN_OF(cert_id.b));
    }
    en_hash_add(&st, EN_SPAN_OF(epoch.b));
    en_put_u16(n16, 0); /* open sessions */
    en_hash_add(&st, EN_SPAN_OF(n16));
    en_hash_end(&st, digest);
}
