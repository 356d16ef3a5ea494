/*
 * resolve.c - what counts, as a function of a set of control records.
 *
 * Every `eff` on the right of eff(o) belongs to an operation under a strictly
 * smaller level: the creator of auth(o) acted under one, and so did a revocation
 * that hits it (self-revocations excepted, which count when permitted). So one
 * pass by ascending level is the whole recursion. PROTOCOL 6.3, 6.4, 6.6.
 */
#include "circle/internal.h"

#include <string.h>

int level_cmp(struct en_level a, struct en_level b)
{
    if (a.cls != b.cls)
        return a.cls < b.cls ? -1 : 1;
    if (a.depth != b.depth)
        return a.depth < b.depth ? -1 : 1;
    return 0;
}

static bool lists(const struct en_circle *c, const struct rec *r,
                  const struct grant *g)
{
    const struct dev *d = &c->dev[g->dev];
    struct en_id16 dev16 = en_id_short(&d->m.device);
    const struct en_op *op = &r->op;

    for (size_t i = 0; i < op->u.revoke.grants; i++)
        if (op->u.revoke.grant[i].index == g->index &&
            en_id_eq(&op->u.revoke.grant[i].op, &c->rec[g->rec].id))
            return true;
    for (size_t i = 0; i < op->u.revoke.devices; i++)
        if (en_id16_eq(&op->u.revoke.device[i], &dev16))
            return true;
    for (size_t i = 0; i < op->u.revoke.persons; i++)
        if (en_id16_eq(&op->u.revoke.person[i], &d->m.person))
            return true;
    return false;
}

static bool hits(const struct en_circle *c, const struct rec *r,
                 const struct grant *g)
{
    const struct grant *by;

    if (r->self)
        return g->dev == r->col;
    by = &c->grant[r->auth];
    if (level_cmp(by->level, g->level) >= 0 || !lists(c, r, g))
        return false;
    return by->level.cls <= EN_CLASS_FACILITATOR ||
           en_id16_eq(&c->dev[by->dev].m.person, &c->dev[g->dev].m.person);
}

bool counts(const struct en_circle *c, const struct state *st,
            const struct rec *o)
{
    const struct grant *g;

    if (!o->permitted)
        return false;
    if (o->self || o->auth == NONE)
        return true;
    g = &c->grant[o->auth];
    if (!st->eff[g->rec])
        return false;
    for (uint32_t i = 0; i < st->nrevs; i++) {
        const struct rec *r = &c->rec[st->revs[i]];

        if (!hits(c, r, g) || in_past(o, r))
            continue;
        if (!r->self || in_past(r, o))
            return false;
    }
    return true;
}

/* Each field from the effective POLICY ops that no other effective one has seen,
 * the stricter value among several. */
static struct en_policy policy_of(const struct en_circle *c,
                                  const struct state *st)
{
    struct en_policy pol = c->rec[0].op.u.genesis.policy;
    uint8_t personal = pol.personal;
    bool any = false;

    for (uint32_t i = 0; i < c->recs; i++) {
        const struct rec *o = &c->rec[i];
        const struct en_policy *p = &o->op.u.policy;
        bool head =
            o->op.type == EN_OP_POLICY && in_view(o, st) && counts(c, st, o);

        for (uint32_t j = i + 1; head && j < c->recs; j++) {
            const struct rec *q = &c->rec[j];

            head = !(q->op.type == EN_OP_POLICY && in_view(q, st) &&
                     in_past(o, q) && counts(c, st, q));
        }
        if (!head)
            continue;
        if (!any) {
            pol = *p;
        } else {
            pol.history = p->history < pol.history ? p->history : pol.history;
            pol.devices = p->devices < pol.devices ? p->devices : pol.devices;
            pol.wait = p->wait > pol.wait ? p->wait : pol.wait;
            pol.kits = p->kits < pol.kits ? p->kits : pol.kits;
        }
        any = true;
    }
    pol.personal = personal;
    return pol;
}

void resolve(const struct en_circle *c, struct state *st)
{
    st->nrevs = 0;
    memset(st->eff, 0, c->recs);
    memset(st->active, 0, c->grants);
    for (uint32_t i = 0; i < c->mems; i++) {
        const struct rec *o = &c->rec[c->mem[i]];

        if (o->self && in_view(o, st))
            st->revs[st->nrevs++] = c->mem[i];
    }
    for (uint32_t i = 0; i < c->mems; i++) {
        const struct rec *o = &c->rec[c->mem[i]];

        if (!in_view(o, st))
            continue;
        st->eff[c->mem[i]] = counts(c, st, o);
        if (st->eff[c->mem[i]] && o->op.type == EN_OP_REVOKE && !o->self)
            st->revs[st->nrevs++] = c->mem[i];
    }
    for (uint32_t i = 0; i < c->grants; i++) {
        const struct grant *g = &c->grant[i];
        bool on = in_view(&c->rec[g->rec], st) && st->eff[g->rec];

        for (uint32_t j = 0; on && j < st->nrevs; j++)
            on = !hits(c, &c->rec[st->revs[j]], g);
        st->active[i] = on;
    }
    st->policy = policy_of(c, st);
}

bool dev_level(const struct en_circle *c, const struct state *st, uint32_t dev,
               struct en_level *level, uint32_t *grant)
{
    bool any = false;

    for (uint32_t i = 0; i < c->grants; i++) {
        const struct grant *g = &c->grant[i];

        if (g->dev != dev || !st->active[i])
            continue;
        if (any && level_cmp(g->level, *level) >= 0)
            continue;
        any = true;
        *level = g->level;
        *grant = i;
    }
    return any;
}

bool dev_active(const struct en_circle *c, const struct state *st, uint32_t dev)
{
    struct en_level level;
    uint32_t grant;

    return dev_level(c, st, dev, &level, &grant);
}

/* An active grant of class 1 or 2; KIT only while the policy lets kits read. */
static bool reads(const struct en_circle *c, const struct state *st,
                  uint32_t dev)
{
    if ((c->dev[dev].m.flags & EN_CERT_KIT) != 0 && st->policy.kits == 0)
        return false;
    for (uint32_t i = 0; i < c->grants; i++)
        if (c->grant[i].dev == dev && st->active[i] &&
            (c->grant[i].level.cls == EN_CLASS_FACILITATOR ||
             c->grant[i].level.cls == EN_CLASS_MEMBER))
            return true;
    return false;
}

/* Drops the most junior (greatest level, then device_id) until they fit. */
static uint32_t most_senior(const struct en_circle *c, const struct state *st,
                            uint32_t *all, uint32_t n)
{
    while (n > EN_RECIPIENTS_MAX) {
        uint32_t worst = 0;

        for (uint32_t i = 1; i < n; i++) {
            struct en_level a = {0};
            struct en_level b = {0};
            uint32_t g;

            (void)dev_level(c, st, all[worst], &a, &g);
            (void)dev_level(c, st, all[i], &b, &g);
            if (level_cmp(b, a) >= 0)
                worst = i;
        }
        memmove(all + worst, all + worst + 1, (n - worst - 1) * sizeof(all[0]));
        n--;
    }
    return n;
}

uint32_t readers(const struct en_circle *c, const struct state *st,
                 uint32_t *out)
{
    uint32_t all[EN_CERTS_MAX + EN_RECIPIENTS_MAX];
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->devs && n < EN_CERTS_MAX; i++)
        if (reads(c, st, c->order[i]))
            all[n++] = c->order[i];
    n = most_senior(c, st, all, n);
    memcpy(out, all, n * sizeof(all[0]));
    return n;
}

/* The last effective DEVKEY of a device in the view, or NULL. */
static const struct rec *last_devkey(const struct en_circle *c,
                                     const struct state *st, uint32_t dev)
{
    const struct dev *d = &c->dev[dev];

    for (uint32_t i = d->n; i-- > 0;) {
        const struct rec *o = &c->rec[d->rec[i]];

        if (o->op.type == EN_OP_DEVKEY && in_view(o, st) && counts(c, st, o))
            return o;
    }
    return NULL;
}

const uint8_t *cert_in_force(const struct en_circle *c, const struct state *st,
                             uint32_t dev)
{
    const struct rec *o = last_devkey(c, st, dev);

    return o != NULL ? o->op.u.devkey.cert.p : c->dev[dev].cert;
}

const uint8_t *wrap_in_force(const struct en_circle *c, const struct state *st,
                             uint32_t dev)
{
    return cert_in_force(c, st, dev) + 82;
}

const struct state *state_before(struct en_circle *c, const struct rec *o)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < o->cols; i++)
        sum += o->past[i];
    if (sum == c->recs)
        return &c->now;
    c->scratch.view = o->past;
    c->scratch.cols = o->cols;
    resolve(c, &c->scratch);
    return &c->scratch;
}

/* A label's weight: the greatest (control depth, id) wins. */
static bool heavier(const struct rec *a, const struct rec *b)
{
    if (b == NULL || a->depth != b->depth)
        return b == NULL || a->depth > b->depth;
    return en_id_cmp(&a->id, &b->id) > 0;
}

/* The LABEL directly after the GRANT that first brought this device in. */
static const struct rec *granted_label(const struct en_circle *c, uint32_t dev)
{
    const struct en_id16 dev16 = en_id_short(&c->dev[dev].m.device);

    for (uint32_t i = 0; i < c->grants; i++) {
        const struct rec *o = &c->rec[c->grant[i].rec];
        const struct dev *by = &c->dev[o->col];

        if (c->grant[i].dev != dev || !c->grant[i].with_cert ||
            o->op.type != EN_OP_GRANT)
            continue;
        for (uint32_t s = o->seq + 1;
             s < by->n && s <= o->seq + EN_OP_GRANTS_MAX; s++) {
            const struct rec *l = &c->rec[by->rec[s]];

            if (l->op.type != EN_OP_LABEL || !l->permitted)
                break;
            if (l->op.u.label.has_device &&
                en_id16_eq(&l->op.u.label.dev16, &dev16))
                return l;
        }
    }
    return NULL;
}

/* First device of a person: the one whose certificate names it. */
static uint32_t first_device(const struct en_circle *c, uint32_t dev)
{
    for (uint32_t i = 0; i < c->devs; i++) {
        struct en_id16 derived;

        if (!en_id16_eq(&c->dev[i].m.person, &c->dev[dev].m.person))
            continue;
        en_person_id(c->dev[i].cert + 50, c->dev[i].cert + 82, &derived);
        if (en_id16_eq(&derived, &c->dev[i].m.person))
            return i;
    }
    return dev;
}

static void label(struct en_circle *c, uint32_t dev)
{
    struct en_member *m = &c->dev[dev].m;
    const struct en_id16 dev16 = en_id_short(&m->device);
    const struct rec *person = NULL;
    const struct rec *device = NULL;

    for (uint32_t i = 0; i < c->labs; i++) {
        const struct rec *o = &c->rec[c->lab[i]];

        if (!counts(c, &c->now, o) ||
            !en_id16_eq(&o->op.u.label.person, &m->person) ||
            !en_id16_eq(&c->dev[o->col].m.person, &m->person) ||
            !dev_active(c, &c->now, o->col))
            continue;
        if (heavier(o, person))
            person = o;
        if (o->op.u.label.has_device &&
            en_id16_eq(&o->op.u.label.dev16, &dev16) && heavier(o, device))
            device = o;
    }
    if (person == NULL)
        person = granted_label(c, first_device(c, dev));
    if (device == NULL)
        device = granted_label(c, dev);
    m->person_label =
        person != NULL ? person->op.u.label.person_label : EN_SPAN(NULL, 0);
    m->device_label =
        device != NULL ? device->op.u.label.device_label : EN_SPAN(NULL, 0);
}

void refresh(struct en_circle *c)
{
    uint32_t list[EN_RECIPIENTS_MAX];
    uint32_t n;

    resolve(c, &c->now);
    for (uint32_t i = 0; i < c->devs; i++) {
        struct en_member *m = &c->dev[i].m;
        uint32_t g = NONE;

        m->reader = false;
        m->active = dev_level(c, &c->now, i, &m->level, &g);
        m->cls = 255;
        m->auth = (struct en_grant_ref){0};
        if (m->active) {
            m->cls = m->level.cls;
            m->auth.op = c->rec[c->grant[g].rec].id;
            m->auth.index = c->grant[g].index;
        }
        memcpy(m->cert, cert_in_force(c, &c->now, i), EN_CERT_LEN);
        memcpy(m->wrap_pk, m->cert + 82, 32);
        memcpy(m->link_pk, m->cert + 114, 32);
        memcpy(m->find_pk, m->cert + 146, 32);
        label(c, i);
    }
    n = readers(c, &c->now, list);
    for (uint32_t i = 0; i < n; i++)
        c->dev[list[i]].m.reader = true;
    epochs_refresh(c);
}
