/*
 * permit.c - which operations are permitted: judged once, on the operation and
 * its past alone, so that no verdict changes with what arrives later.
 * PROTOCOL 4, 6.1 to 6.3 (P1 to P5), 18.
 */
#include "circle/internal.h"

#include <stdlib.h>
#include <string.h>

/* -- certificates ----------------------------------------------------------- */

/* Whether two certificates' key parts (128 bytes) share a key. */
static bool share_a_key(const uint8_t *keys, const uint8_t *other)
{
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            if (memcmp(keys + 32 * i, other + 32 * j, 32) == 0 &&
                !en_is_zero_ct(keys + 32 * i, 32))
                return true;
    return false;
}

static bool names_collide(const struct en_circle *c, const struct en_id *device,
                          const struct dev *d)
{
    struct en_id log;

    if (memcmp(device->b, d->m.device.b, 16) == 0)
        return true;
    for (int kind = EN_CONTROL; kind <= EN_JOURNAL; kind++) {
        en_log_id(&c->cid, device, (enum en_kind)kind, &log);
        if (memcmp(log.b, d->control16.b, 16) == 0 ||
            memcmp(log.b, d->journal16.b, 16) == 0)
            return true;
    }
    return false;
}

/* No key of cert occurs in another device's certificate, and no short name of the
 * device is another one's, as far as o's past shows. */
static bool keys_fresh(const struct en_circle *c, const struct rec *o,
                       const struct en_id *device, const uint8_t *cert)
{
    const uint8_t *keys = cert + EN_CERT_SIGN_AT;

    for (uint32_t i = 0; i < c->devs; i++) {
        const struct dev *d = &c->dev[i];

        if (en_id_eq(&d->m.device, device) || !dev_in_past(c, o, i))
            continue;
        if (share_a_key(keys, d->cert + EN_CERT_SIGN_AT) ||
            names_collide(c, device, d))
            return false;
        for (uint32_t k = d->devkey; k != NONE; k = c->rec[k].before)
            if (in_past(&c->rec[k], o) &&
                share_a_key(keys,
                            c->rec[k].op.u.devkey.cert.p + EN_CERT_SIGN_AT))
                return false;
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
        !en_cert_keys_differ(&cert) ||
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

bool devkey_well_formed(const struct en_circle *c, const struct rec *o)
{
    const struct dev *d = &c->dev[o->col];
    const struct en_op *op = &o->op;
    struct en_cert cert;
    struct en_id cert_id;

    if (op->type != EN_OP_DEVKEY ||
        en_cert_decode(op->u.devkey.cert, &cert) != EN_OK ||
        memcmp(op->u.devkey.cert.p, d->cert, EN_CERT_SIGN_AT) != 0 ||
        en_cert_verify(op->u.devkey.cert.p, op->u.devkey.cert_sig.p) != EN_OK)
        return false;
    en_device_id(&c->cid, op->u.devkey.cert.p, &cert_id);
    return en_renew_verify(o->seq == 0
                               ? d->signer.first
                               : en_signer_control(&d->signer, o->seq - 1),
                           &d->m.control, o->seq, &cert_id,
                           op->u.devkey.old_sig.p) == EN_OK;
}

/* Well formed is what the log's own chain shows; this is what the circle asks. */
static bool devkey_permitted(const struct en_circle *c, const struct rec *o)
{
    const struct dev *d = &c->dev[o->col];
    const uint8_t *raw = o->op.u.devkey.cert.p;
    struct en_cert cert;

    return (d->m.flags & (EN_CERT_ROOT | EN_CERT_KIT)) == 0 &&
           devkey_well_formed(c, o) &&
           en_cert_decode(o->op.u.devkey.cert, &cert) == EN_OK &&
           en_cert_keys_differ(&cert) &&
           memcmp(raw + EN_CERT_LINK_AT, d->cert + EN_CERT_LINK_AT, 64) == 0 &&
           keys_fresh(c, o, &d->m.device, raw);
}

/* -- GRANT ------------------------------------------------------------------ */

/* What a person has, on o's past: devices active, and certificates ever. */
static void holdings(const struct en_circle *c, const struct state *st,
                     uint32_t person, size_t *certs, size_t *active)
{
    *certs = 0;
    *active = 0;
    for (uint32_t d = c->person[person].dev; d != NONE; d = c->dev[d].sibling) {
        *active += dev_active(st, d);
        for (uint32_t g = c->dev[d].grant; g != NONE; g = c->grant[g].before)
            *certs += c->grant[g].with_cert &&
                      in_view(&c->rec[c->grant[g].rec], st) &&
                      st->eff[c->grant[g].rec];
    }
}

/* Whether an effective GRANT in the view, by a device of `by` (NONE: of anyone),
 * brought this person in. */
static bool brought(const struct en_circle *c, const struct state *st,
                    uint32_t person, uint32_t by)
{
    uint32_t g = c->dev[c->person[person].first].grant;

    for (; g != NONE; g = c->grant[g].before) {
        const struct rec *r = &c->rec[c->grant[g].rec];

        if (c->grant[g].with_cert && in_view(r, st) &&
            st->eff[c->grant[g].rec] &&
            (by == NONE || c->dev[r->col].person == by))
            return true;
    }
    return false;
}

/* Those of one person are judged entry by entry, this entry and those before it
 * counted. */
static bool person_within(const struct en_circle *c, const struct state *st,
                          const struct en_op *op, size_t at, bool root)
{
    const struct en_op_grant *g = &op->u.grant.grant[at];
    uint32_t person = find_person(c, &g->person);
    size_t certs = 0;
    size_t active = 0;

    if (person != NONE)
        holdings(c, st, person, &certs, &active);
    for (size_t i = 0; i <= at; i++) {
        const struct en_op_grant *h = &op->u.grant.grant[i];
        uint32_t d = find_dev(c, &h->device);

        if (h->cert.n == 0 || !en_id16_eq(&h->person, &g->person))
            continue;
        certs++;
        active += d == NONE || !dev_active(st, d);
    }
    return active <= st->policy.devices &&
           (root || certs <= EN_CERTS_PERSON_MAX);
}

/* The limits of section 18 that decide permitted, on o's past. The root is bound
 * by none of those on certificates and persons. */
static bool within_limits(const struct en_circle *c, const struct state *st,
                          const struct rec *o)
{
    const struct en_op *op = &o->op;
    bool root = c->grant[o->auth].level.cls == EN_CLASS_ROOT;
    size_t certs = 0;
    size_t persons = 0;
    size_t by = 0;
    size_t active = 0;

    /* Grant 0 is the root's, made by GENESIS; so are device and person 0. */
    for (uint32_t i = 1; i < c->grants; i++)
        certs += c->grant[i].with_cert &&
                 in_view(&c->rec[c->grant[i].rec], st) &&
                 st->eff[c->grant[i].rec];
    for (uint32_t i = 1; i < c->persons; i++) {
        persons += brought(c, st, i, NONE);
        by += brought(c, st, i, c->dev[o->col].person);
    }
    for (uint32_t i = 1; i < c->devs; i++)
        active += dev_active(st, i);
    for (size_t i = 0; i < op->u.grant.n; i++) {
        const struct en_op_grant *g = &op->u.grant.grant[i];
        uint32_t d = find_dev(c, &g->device);

        if (g->cert.n == 0)
            continue;
        if (!person_within(c, st, op, i, root))
            return false;
        certs++;
        active += d == NONE || !dev_active(st, d);
        if (!person_in_past(c, o, &g->person)) {
            persons++;
            by++;
        }
    }
    if (active > EN_DEVICES_MAX)
        return false;
    return root || (certs <= EN_CERTS_MAX && persons <= EN_PERSONS_EVER_MAX &&
                    by <= EN_PERSONS_BY_MAX);
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
        (c->dev[dev].m.flags & EN_CERT_KIT) != 0 ||
        !dev_level(c, st, dev, &level, &grant))
        return false;
    if (c->grant[o->auth].level.cls == EN_CLASS_ROOT ||
        c->dev[o->col].person == c->dev[dev].person)
        return true;
    for (uint32_t i = c->person[c->dev[dev].person].dev; i != NONE;
         i = c->dev[i].sibling)
        if (i != dev && (c->dev[i].m.flags & EN_CERT_KIT) == 0 &&
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

    if (level_cmp(auth->level, level) >= 0 ||
        auth->level.cls == EN_CLASS_OBSERVER)
        return false;
    if (auth->level.cls == EN_CLASS_MEMBER &&
        (g->cls != EN_CLASS_MEMBER || !own))
        return false;
    if (!st->policy.personal)
        return true;
    /* A personal circle: one person, class 1; the root brings the first device in
     * and no other. */
    if (g->cls != EN_CLASS_FACILITATOR)
        return false;
    if (auth->level.cls == EN_CLASS_ROOT)
        return g->cert.n == 0 || c->devs == 1 || !dev_in_past(c, o, 1);
    return own;
}

/* The flags of the device, known or brought in here, go with the class: only an
 * observer's device is an observer, and the root nothing but the root. Else an
 * epoch would have to be sealed to a key that is not there. */
static bool flags_fit(const struct en_circle *c, const struct state *st,
                      const struct rec *o, const struct en_op_grant *g)
{
    uint32_t dev = find_dev(c, &g->device);
    uint8_t flags;

    if (g->cert.n == 0 && dev == NONE)
        return false;
    flags = g->cert.n > 0 ? g->cert.p[EN_CERT_FLAGS_AT] : c->dev[dev].m.flags;
    if ((flags & EN_CERT_ROOT) != 0 ||
        ((flags & EN_CERT_OBSERVER) != 0) != (g->cls == EN_CLASS_OBSERVER))
        return false;
    return g->cert.n == 0 || (flags & EN_CERT_KIT) == 0 ||
           (st->policy.kits == 1 && person_in_past(c, o, &g->person));
}

/* Entries do not see each other: no key twice, in a personal circle one device. */
static bool entries_apart(const struct state *st, const struct en_op *op,
                          bool root)
{
    size_t certs = 0;

    for (size_t i = 0; i < op->u.grant.n; i++) {
        const struct en_op_grant *g = &op->u.grant.grant[i];

        if (g->cert.n == 0)
            continue;
        certs++;
        for (size_t j = 0; j < i; j++) {
            const struct en_op_grant *h = &op->u.grant.grant[j];

            if (h->cert.n > 0 && (share_a_key(g->cert.p + EN_CERT_SIGN_AT,
                                              h->cert.p + EN_CERT_SIGN_AT) ||
                                  memcmp(g->device.b, h->device.b, 16) == 0))
                return false;
        }
    }
    return !(st->policy.personal && root && certs > 1);
}

static bool grant_permitted(const struct en_circle *c, const struct state *st,
                            const struct rec *o)
{
    const struct en_op *op = &o->op;

    /* The cheap ones first: admissible verifies a signature. */
    for (size_t i = 0; i < op->u.grant.n; i++)
        if (!may_grant(c, st, o, &op->u.grant.grant[i]) ||
            !flags_fit(c, st, o, &op->u.grant.grant[i]))
            return false;
    if (!entries_apart(st, op, c->grant[o->auth].level.cls == EN_CLASS_ROOT) ||
        !within_limits(c, st, o))
        return false;
    for (size_t i = 0; i < op->u.grant.n; i++) {
        const struct en_op_grant *g = &op->u.grant.grant[i];

        if (g->cert.n > 0 ? !admissible(c, o, g) : !promotes(c, st, o, g))
            return false;
    }
    return true;
}

/* -- REVOKE ----------------------------------------------------------------- */

/* What o names must have been granted in its past, and must not be itself but as
 * a self-revocation or a demotion. Fills o->target. */
static bool targets_fit(const struct en_circle *c, struct rec *o, bool self)
{
    const struct en_op *op = &o->op;
    const struct dev *by = &c->dev[o->col];
    uint32_t *t = o->target;

    for (size_t i = 0; i < op->u.revoke.grants; i++) {
        *t = find_grant(c, o, &op->u.revoke.grant[i]);
        if (*t == NONE || *t == o->auth)
            return false;
        t++;
    }
    for (size_t i = 0; i < op->u.revoke.devices; i++) {
        *t = find_dev16(c, &op->u.revoke.device[i]);
        if (*t == NONE || !dev_in_past(c, o, *t) || (*t == o->col && !self))
            return false;
        t++;
    }
    for (size_t i = 0; i < op->u.revoke.persons; i++) {
        *t = find_person(c, &op->u.revoke.person[i]);
        if (*t == NONE || *t == by->person ||
            !person_in_past(c, o, &op->u.revoke.person[i]))
            return false;
        t++;
    }
    return true;
}

static en_err revoke_judge(const struct en_circle *c, struct rec *o)
{
    const struct en_op *op = &o->op;
    const struct en_id16 dev16 = en_id_short(&c->dev[o->col].m.device);
    size_t n =
        op->u.revoke.grants + op->u.revoke.devices + op->u.revoke.persons;
    bool self = n == 1 && op->u.revoke.devices == 1 &&
                en_id16_eq(&op->u.revoke.device[0], &dev16);

    if (self && c->grant[o->auth].level.cls == EN_CLASS_ROOT)
        return EN_OK;
    o->target = calloc(n, sizeof(*o->target));
    if (o->target == NULL)
        return EN_NOMEM;
    o->permitted = targets_fit(c, o, self);
    o->self = o->permitted && self;
    if (o->permitted) {
        o->targets = (uint32_t)n;
    } else {
        free(o->target);
        o->target = NULL;
    }
    return EN_OK;
}

/* -- the rest --------------------------------------------------------------- */

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

static bool attest_permitted(const struct rec *o, uint8_t cls)
{
    if (cls == EN_CLASS_ROOT)
        return false;
    for (size_t i = 0; i < o->op.u.attest.n; i++)
        if (cls == EN_CLASS_OBSERVER && o->op.u.attest.item[i].what != 3)
            return false;
    return true;
}

/* The grant of its own device that o names. */
static uint32_t auth_of(const struct en_circle *c, const struct rec *o)
{
    for (uint32_t g = c->dev[o->col].grant; g != NONE; g = c->grant[g].before) {
        const struct rec *r = &c->rec[c->grant[g].rec];

        if (c->grant[g].index == o->op.auth.index && in_past(r, o) &&
            en_id_eq(&r->id, &o->op.auth.op))
            return g;
    }
    return NONE;
}

en_err judge(struct en_circle *c, struct rec *o, bool heads_match,
             struct ep *ep)
{
    uint8_t cls;

    *ep = (struct ep){0};
    if (!heads_match)
        return EN_OK;
    if (!o->op.has_auth) {
        /* nil: LABEL and EVIDENCE only, and GENESIS, which is never judged */
        o->permitted = o->op.type == EN_OP_LABEL && label_permitted(c, o);
        return EN_OK;
    }
    o->auth = auth_of(c, o);
    if (o->auth == NONE)
        return EN_OK;
    cls = c->grant[o->auth].level.cls;
    switch ((enum en_op_type)o->op.type) {
    case EN_OP_GRANT:
        o->permitted = grant_permitted(c, state_before(c, o), o);
        return EN_OK;
    case EN_OP_REVOKE: return revoke_judge(c, o);
    case EN_OP_EPOCH: return epoch_judge(c, state_before(c, o), o, ep);
    case EN_OP_DEVKEY: o->permitted = devkey_permitted(c, o); return EN_OK;
    case EN_OP_ATTEST: o->permitted = attest_permitted(o, cls); return EN_OK;
    case EN_OP_POLICY: o->permitted = cls <= EN_CLASS_FACILITATOR; return EN_OK;
    case EN_OP_LABEL:   /* its auth is nil */
    case EN_OP_GENESIS: /* only ever the first record */
    case EN_OP_COUNT: return EN_OK;
    case EN_OP_HISTORY:
    case EN_OP_EVIDENCE:
    case EN_OP_TOMBSTONE:
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW:
    case EN_OP_CLOSE:
    case EN_OP_CUT: return EN_OK; /* kept, counted as not evaluated here */
    }
    return EN_OK; /* of a later program */
}

bool not_evaluated(const struct en_op *op)
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
