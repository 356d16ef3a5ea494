/*
 * resolve.c - what counts, as a function of a set of control records.
 *
 * Every `eff` on the right of eff(o) belongs to an operation under a strictly
 * smaller level: the creator of auth(o) acted under one, and so did a revocation
 * that hits it (self-revocations excepted, which count when permitted). So one
 * pass by ascending level is the whole recursion. Revocations that count are kept
 * in lists, one for each grant, device and person named, so that an operation is
 * held only against those that name its own grant. PROTOCOL 6.3, 6.4, 6.6.
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

/* hits(r, g) of a revocation that names g, its device or its person. */
static bool hits(const struct en_circle *c, const struct rec *r,
                 const struct grant *g)
{
    const struct grant *by;

    if (r->self)
        return g->dev == r->col;
    by = &c->grant[r->auth];
    if (level_cmp(by->level, g->level) >= 0)
        return false;
    return by->level.cls <= EN_CLASS_FACILITATOR ||
           c->dev[by->dev].person == c->dev[g->dev].person;
}

/* Whether a revocation of this list ends o under g. */
static bool ended(const struct en_circle *c, const struct state *st,
                  uint32_t first, const struct rec *o, const struct grant *g)
{
    for (uint32_t i = first; i != NONE; i = st->hit[i].next) {
        const struct rec *r = &c->rec[st->hit[i].rec];

        if (!hits(c, r, g) || in_past(o, r))
            continue;
        if (!r->self || in_past(r, o))
            return true;
    }
    return false;
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
    return st->eff[g->rec] && !ended(c, st, st->on_grant[o->auth], o, g) &&
           !ended(c, st, st->on_dev[g->dev], o, g) &&
           !ended(c, st, st->on_person[c->dev[g->dev].person], o, g);
}

static void push(struct state *st, uint32_t *list, uint32_t rec)
{
    st->hit[st->hits] = (struct hit){.rec = rec, .next = *list};
    *list = st->hits++;
}

static void revoke(const struct en_circle *c, struct state *st, uint32_t at)
{
    const struct rec *r = &c->rec[at];
    const struct en_op *op = &r->op;
    const uint32_t *t = r->target;

    for (size_t i = 0; i < op->u.revoke.grants; i++)
        push(st, &st->on_grant[*t++], at);
    for (size_t i = 0; i < op->u.revoke.devices; i++)
        push(st, &st->on_dev[*t++], at);
    for (size_t i = 0; i < op->u.revoke.persons; i++)
        push(st, &st->on_person[*t++], at);
}

static bool any_hits(const struct en_circle *c, const struct state *st,
                     uint32_t first, const struct grant *g)
{
    for (uint32_t i = first; i != NONE; i = st->hit[i].next)
        if (hits(c, &c->rec[st->hit[i].rec], g))
            return true;
    return false;
}

/* Each field from the effective POLICY ops that no other effective one has seen,
 * the stricter value among several. */
static struct en_policy policy_of(const struct en_circle *c,
                                  const struct state *st)
{
    const struct en_policy genesis = c->rec[0].op.u.genesis.policy;
    struct en_policy pol = genesis;
    bool any = false;

    for (uint32_t i = c->pols; i-- > 0;) {
        const struct rec *o = &c->rec[c->pol[i]];
        const struct en_policy *p = &o->op.u.policy;
        bool seen = false;

        if (!in_view(o, st) || !counts(c, st, o))
            continue;
        for (uint32_t j = i + 1; !seen && j < c->pols; j++) {
            const struct rec *q = &c->rec[c->pol[j]];

            seen = in_view(q, st) && in_past(o, q) && counts(c, st, q);
        }
        if (seen)
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
    pol.personal = genesis.personal;
    return pol;
}

/* What the active grants make of each device. Neither the root nor an observer
 * has a key to seal to, whatever its grants say. */
static void devices(const struct en_circle *c, struct state *st)
{
    for (uint32_t i = 0; i < c->devs; i++) {
        st->best[i] = NONE;
        st->reads[i] = 0;
    }
    for (uint32_t i = 0; i < c->grants; i++) {
        const struct grant *g = &c->grant[i];
        uint8_t flags = c->dev[g->dev].m.flags;

        if (!st->active[i])
            continue;
        if (st->best[g->dev] == NONE ||
            level_cmp(g->level, c->grant[st->best[g->dev]].level) < 0)
            st->best[g->dev] = i;
        if (g->level.cls == EN_CLASS_FACILITATOR ||
            g->level.cls == EN_CLASS_MEMBER)
            st->reads[g->dev] =
                flags == 0 || (flags == EN_CERT_KIT && st->policy.kits == 1);
    }
}

void resolve(const struct en_circle *c, struct state *st)
{
    st->hits = 0;
    memset(st->eff, 0, c->recs);
    memset(st->on_grant, 0xff, c->grants * sizeof(*st->on_grant));
    memset(st->on_dev, 0xff, c->devs * sizeof(*st->on_dev));
    memset(st->on_person, 0xff, c->persons * sizeof(*st->on_person));
    for (uint32_t i = 0; i < c->mems; i++) {
        const struct rec *o = &c->rec[c->mem[i]];

        if (o->self && in_view(o, st))
            revoke(c, st, c->mem[i]);
    }
    for (uint32_t i = 0; i < c->mems; i++) {
        const struct rec *o = &c->rec[c->mem[i]];

        if (!in_view(o, st))
            continue;
        st->eff[c->mem[i]] = counts(c, st, o);
        if (st->eff[c->mem[i]] && o->op.type == EN_OP_REVOKE && !o->self)
            revoke(c, st, c->mem[i]);
    }
    for (uint32_t i = 0; i < c->grants; i++) {
        const struct grant *g = &c->grant[i];

        st->active[i] =
            in_view(&c->rec[g->rec], st) && st->eff[g->rec] &&
            !any_hits(c, st, st->on_grant[i], g) &&
            !any_hits(c, st, st->on_dev[g->dev], g) &&
            !any_hits(c, st, st->on_person[c->dev[g->dev].person], g);
    }
    st->policy = policy_of(c, st);
    devices(c, st);
}

bool dev_level(const struct en_circle *c, const struct state *st, uint32_t dev,
               struct en_level *level, uint32_t *grant)
{
    if (st->best[dev] == NONE)
        return false;
    *grant = st->best[dev];
    *level = c->grant[*grant].level;
    return true;
}

bool dev_active(const struct state *st, uint32_t dev)
{
    return st->best[dev] != NONE;
}

/* Whether a stands before b where only so many may read: by level, then id. Both
 * are at the places of c->order. */
static bool before(const struct en_circle *c, const struct state *st,
                   uint32_t a, uint32_t b)
{
    int cmp = level_cmp(c->grant[st->best[c->order[a]]].level,
                        c->grant[st->best[c->order[b]]].level);

    return cmp != 0 ? cmp < 0 : a < b;
}

uint32_t readers(const struct en_circle *c, const struct state *st,
                 uint32_t *out)
{
    uint32_t n = 0;

    /* out holds places in c->order, ascending, until all are looked at. */
    for (uint32_t i = 0; i < c->devs; i++) {
        uint32_t last = 0;

        if (!st->reads[c->order[i]])
            continue;
        if (n < EN_RECIPIENTS_MAX) {
            out[n++] = i;
            continue;
        }
        for (uint32_t k = 1; k < n; k++)
            if (before(c, st, out[last], out[k]))
                last = k;
        if (!before(c, st, i, out[last]))
            continue;
        memmove(out + last, out + last + 1, (n - last - 1) * sizeof(*out));
        out[n - 1] = i;
    }
    for (uint32_t i = 0; i < n; i++)
        out[i] = c->order[out[i]];
    return n;
}

const uint8_t *cert_in_force(const struct en_circle *c, const struct state *st,
                             uint32_t dev)
{
    for (uint32_t i = c->dev[dev].devkey; i != NONE; i = c->rec[i].before) {
        const struct rec *o = &c->rec[i];

        if (in_view(o, st) && counts(c, st, o))
            return o->op.u.devkey.cert.p;
    }
    return c->dev[dev].cert;
}

const uint8_t *wrap_in_force(const struct en_circle *c, const struct state *st,
                             uint32_t dev)
{
    return cert_in_force(c, st, dev) + EN_CERT_WRAP_AT;
}

const struct state *state_now(const struct en_circle *c)
{
    struct en_circle *own = c->self;

    if (c->now_stale) {
        own->now.view = NULL;
        resolve(own, &own->now);
        own->now_stale = false;
    }
    return &c->now;
}

const struct state *state_before(struct en_circle *c, const struct rec *o)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < o->cols; i++)
        sum += o->past[i];
    if (sum == c->recs)
        return state_now(c);
    c->scratch.view = o->past;
    c->scratch.cols = o->cols;
    resolve(c, &c->scratch);
    return &c->scratch;
}
