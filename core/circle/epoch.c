#include "circle/epoch.h"

#include "circle/internal.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/wrap.h"

#include <stdlib.h>
#include <string.h>

#define WRAP_LEN 64 /* dev16 || box */

static void derive(const struct en_key *seed, const struct en_id *cid,
                   const char *label, struct en_span x, struct en_key *out)
{
    struct en_id16 salt = en_id_short(cid);

    EN_KDF(out, seed, label, &salt, x);
}

void en_epoch_keys_of(const struct en_key *seed, const struct en_id *cid,
                      const struct en_id *ctx, struct en_epoch_keys *keys)
{
    struct en_span x = EN_SPAN(ctx->b, sizeof(ctx->b));

    keys->cid16 = en_id_short(cid);
    keys->id = en_id_short(ctx);
    derive(seed, cid, EN_L_EP_CONTENT, x, &keys->content);
    derive(seed, cid, EN_L_EP_SIV, x, &keys->siv);
    derive(seed, cid, EN_L_EP_LINK, x, &keys->link);
}

void en_epoch_keys_wipe(struct en_epoch_keys *keys)
{
    en_wipe(keys, sizeof(*keys));
}

static void context(const struct en_circle *c, uint32_t creator, uint64_t seq,
                    const uint8_t *commit, const struct en_wrap_to *to,
                    size_t n, struct en_id *ctx)
{
    static const uint8_t no_session[16];
    struct en_hash_state st;
    struct en_id16 salt = en_id_short(&c->cid);
    uint8_t fixed[11];

    en_hash_begin(&st, EN_L_EP_CTX, &salt);
    en_hash_add(&st, EN_SPAN_OF(c->dev[creator].m.control.b));
    en_put_u64(fixed, seq);
    fixed[8] = 0; /* scope: circle */
    en_hash_add(&st, EN_SPAN(fixed, 9));
    en_hash_add(&st, EN_SPAN_OF(no_session));
    en_hash_add(&st, EN_SPAN(commit, 32));
    en_put_u16(fixed, (uint16_t)n);
    en_hash_add(&st, EN_SPAN(fixed, 2));
    for (size_t i = 0; i < n; i++) {
        en_hash_add(&st, EN_SPAN_OF(to[i].device.b));
        en_hash_add(&st, EN_SPAN_OF(to[i].pk));
    }
    en_hash_end(&st, ctx->b);
}

static uint32_t recipients(const struct en_circle *c, const struct state *st,
                           struct en_wrap_to *to, uint32_t *list)
{
    uint32_t n = readers(c, st, list);

    for (uint32_t i = 0; i < n; i++) {
        to[i].device = c->dev[list[i]].m.device;
        memcpy(to[i].pk, wrap_in_force(c, st, list[i]), 32);
    }
    return n;
}

/* -- permitted --------------------------------------------------------------- */

/* Whether the recipients of an epoch are the readers of a view. */
static bool same_recipients(const struct en_circle *c, const struct ep *ep,
                            const uint32_t *list, uint32_t n)
{
    if (ep->n != n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!en_id_eq(&ep->device[i], &c->dev[list[i]].m.device))
            return false;
    return true;
}

static bool adverse(uint8_t code)
{
    return code == EN_EPOCH_BAD_BOX || code == EN_EPOCH_BAD_COMMIT ||
           code == EN_EPOCH_OTHERS_DIFFER || code == EN_EPOCH_KEY_GONE;
}

/* An adverse ATTEST of this epoch by a device active in the view. */
static bool objected(const struct en_circle *c, const struct state *st,
                     const struct en_id16 *epoch)
{
    for (uint32_t i = 0; i < c->atts; i++) {
        const struct att *a = &c->att[i];
        const struct rec *o = &c->rec[a->rec];

        if (a->what == 0 && a->ref_len == 16 && adverse(a->code) &&
            memcmp(a->ref, epoch->b, 16) == 0 && in_view(o, st) &&
            counts(c, st, o) && dev_active(c, st, o->col))
            return true;
    }
    return false;
}

/* A member may make one only where no good eligible epoch stands in the view. */
static bool member_may(const struct en_circle *c, const struct state *st,
                       const uint32_t *list, uint32_t n)
{
    for (uint32_t i = 0; i < c->eps; i++) {
        const struct ep *ep = &c->ep[i];
        const struct rec *o = &c->rec[ep->rec];

        if (in_view(o, st) && counts(c, st, o) &&
            same_recipients(c, ep, list, n) && !objected(c, st, &ep->id))
            return false;
    }
    return true;
}

static const struct ep *by_id(const struct en_circle *c,
                              const struct en_id16 *id)
{
    const struct ep *best = NULL;

    for (uint32_t i = 0; i < c->eps; i++)
        if (en_id16_eq(&c->ep[i].id, id) &&
            (best == NULL ||
             en_id_cmp(&c->rec[c->ep[i].rec].id, &c->rec[best->rec].id) < 0))
            best = &c->ep[i];
    return best;
}

static bool parents_fit(const struct en_circle *c, const struct rec *o)
{
    uint32_t gen = 0;

    for (size_t i = 0; i < o->op.u.epoch.parents; i++) {
        const struct ep *p = by_id(c, &o->op.u.epoch.parent[i]);

        if (p == NULL || !in_past(&c->rec[p->rec], o))
            return false;
        if (c->rec[p->rec].op.u.epoch.gen > gen)
            gen = c->rec[p->rec].op.u.epoch.gen;
    }
    return gen < UINT32_MAX && o->op.u.epoch.gen == gen + 1;
}

bool epoch_permitted(const struct en_circle *c, const struct state *st,
                     const struct rec *o)
{
    const struct en_op *op = &o->op;
    uint8_t cls = c->grant[o->auth].level.cls;
    uint32_t list[EN_RECIPIENTS_MAX];
    uint32_t n = readers(c, st, list);
    bool creator = false;

    if (op->u.epoch.scope != 0 || op->u.epoch.has_session ||
        (cls != EN_CLASS_FACILITATOR && cls != EN_CLASS_MEMBER))
        return false;
    if (op->u.epoch.link_box.n > 0 && st->policy.history == 0)
        return false;
    if (op->u.epoch.wraps.n != (size_t)n * WRAP_LEN || n == 0)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (memcmp(op->u.epoch.wraps.p + WRAP_LEN * i,
                   c->dev[list[i]].m.device.b, 16) != 0)
            return false;
        creator = creator || list[i] == o->col;
    }
    if (!creator || !parents_fit(c, o))
        return false;
    return cls == EN_CLASS_FACILITATOR || member_may(c, st, list, n);
}

en_err epoch_describe(const struct en_circle *c, const struct state *st,
                      const struct rec *o, struct ep *ep)
{
    struct en_wrap_to to[EN_RECIPIENTS_MAX];
    uint32_t list[EN_RECIPIENTS_MAX];
    uint32_t n = recipients(c, st, to, list);

    *ep = (struct ep){.n = n};
    ep->device = calloc(n, sizeof(*ep->device));
    ep->wrap_pk = calloc(n, 32);
    ep->boxes = calloc(n, EN_BOX_LEN);
    if (ep->device == NULL || ep->wrap_pk == NULL || ep->boxes == NULL) {
        free(ep->device);
        free(ep->wrap_pk);
        free(ep->boxes);
        *ep = (struct ep){0};
        return EN_NOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        ep->device[i] = to[i].device;
        memcpy(ep->wrap_pk + 32 * i, to[i].pk, 32);
        memcpy(ep->boxes + EN_BOX_LEN * i,
               o->op.u.epoch.wraps.p + WRAP_LEN * i + 16, EN_BOX_LEN);
    }
    context(c, o->col, o->seq, o->op.u.epoch.commit.p, to, n, &ep->ctx);
    ep->id = en_id_short(&ep->ctx);
    return EN_OK;
}

void epochs_refresh(struct en_circle *c)
{
    uint32_t list[EN_RECIPIENTS_MAX];
    uint32_t n = readers(c, &c->now, list);

    for (uint32_t i = 0; i < c->eps; i++) {
        struct ep *ep = &c->ep[i];

        ep->effective =
            counts(c, &c->now, &c->rec[ep->rec]) && by_id(c, &ep->id) == ep;
        ep->eligible = ep->effective && same_recipients(c, ep, list, n);
    }
}

/* -- what S shows ------------------------------------------------------------ */

static void info(const struct en_circle *c, const struct ep *ep,
                 struct en_epoch_info *e)
{
    const struct rec *o = &c->rec[ep->rec];

    *e = (struct en_epoch_info){
        .id = ep->id,
        .ctx = ep->ctx,
        .gen = o->op.u.epoch.gen,
        .op = o->id,
        .creator = c->dev[o->col].m.device,
        .effective = ep->effective,
        .eligible = ep->eligible,
        .prev = o->prev,
        .seq = o->seq,
        .device = ep->device,
        .wrap_pk = ep->wrap_pk,
        .boxes = ep->boxes,
        .n = ep->n,
    };
    memcpy(e->commit, o->op.u.epoch.commit.p, 32);
    memcpy(e->epk, o->op.u.epoch.epk.p, 32);
}

size_t en_circle_epochs(const struct en_circle *c)
{
    return c->eps;
}

bool en_circle_epoch(const struct en_circle *c, size_t i,
                     struct en_epoch_info *e)
{
    if (i >= c->eps)
        return false;
    info(c, &c->ep[i], e);
    return true;
}

bool en_circle_epoch_by_id(const struct en_circle *c, const struct en_id16 *id,
                           struct en_epoch_info *e)
{
    const struct ep *ep = by_id(c, id);

    if (ep == NULL)
        return false;
    info(c, ep, e);
    return true;
}

/* Whether a stands before b in the order of choice: larger gen, smaller id. */
static bool preferred(const struct en_circle *c, const struct ep *a,
                      const struct ep *b)
{
    uint32_t ga = c->rec[a->rec].op.u.epoch.gen;
    uint32_t gb = c->rec[b->rec].op.u.epoch.gen;

    return ga != gb ? ga > gb : en_id16_cmp(&a->id, &b->id) < 0;
}

bool en_circle_eligible(const struct en_circle *c, size_t k,
                        struct en_epoch_info *e)
{
    for (uint32_t i = 0; i < c->eps; i++) {
        size_t before = 0;

        if (!c->ep[i].eligible)
            continue;
        for (uint32_t j = 0; j < c->eps; j++)
            before += j != i && c->ep[j].eligible &&
                      preferred(c, &c->ep[j], &c->ep[i]);
        if (before == k) {
            info(c, &c->ep[i], e);
            return true;
        }
    }
    return false;
}

en_err en_circle_choice(const struct en_circle *c, struct en_epoch_info *e)
{
    return en_circle_eligible(c, 0, e) ? EN_OK : EN_ABSENT;
}

void en_circle_attested(const struct en_circle *c, const struct en_id16 *epoch,
                        size_t *good, size_t *bad)
{
    const struct ep *ep = by_id(c, epoch);

    *good = ep != NULL && c->dev[c->rec[ep->rec].col].m.active ? 1 : 0;
    *bad = 0;
    for (uint32_t i = 0; i < c->atts; i++) {
        const struct att *a = &c->att[i];
        const struct rec *o = &c->rec[a->rec];

        if (a->what != 0 || a->ref_len != 16 ||
            memcmp(a->ref, epoch->b, 16) != 0 || !counts(c, &c->now, o) ||
            !c->dev[o->col].m.active)
            continue;
        if (a->code == EN_EPOCH_OPENED)
            (*good)++;
        else if (adverse(a->code))
            (*bad)++;
    }
}

bool en_circle_has_attest(const struct en_circle *c, const struct en_id *device,
                          uint8_t what, struct en_span ref, uint8_t code)
{
    for (uint32_t i = 0; i < c->atts; i++) {
        const struct att *a = &c->att[i];

        if (a->what == what && a->code == code && a->ref_len == ref.n &&
            memcmp(a->ref, ref.p, ref.n) == 0 &&
            en_id_eq(&c->dev[c->rec[a->rec].col].m.device, device))
            return true;
    }
    return false;
}

/* -- making and opening ------------------------------------------------------ */

/* Whether p is an ancestor of another epoch held, by parents alone. */
static bool is_ancestor(const struct en_circle *c, const struct ep *p)
{
    for (uint32_t i = 0; i < c->eps; i++) {
        const struct en_op *op = &c->rec[c->ep[i].rec].op;

        for (size_t j = 0; j < op->u.epoch.parents; j++)
            if (en_id16_eq(&op->u.epoch.parent[j], &p->id))
                return true;
    }
    return false;
}

/* Parents by the rule of 7.2, sorted; at most the 16 of largest gen. */
static size_t parents_now(const struct en_circle *c,
                          struct en_id16 parent[EN_PARENTS_MAX], uint32_t *gen)
{
    const struct ep *best[EN_PARENTS_MAX];
    size_t n = 0;

    *gen = 1;
    for (uint32_t i = 0; i < c->eps; i++) {
        const struct ep *ep = &c->ep[i];
        size_t at = n;

        if (is_ancestor(c, ep))
            continue;
        while (at > 0 && preferred(c, ep, best[at - 1]))
            at--;
        if (at == EN_PARENTS_MAX)
            continue;
        if (n < EN_PARENTS_MAX)
            n++;
        memmove(best + at + 1, best + at, (n - at - 1) * sizeof(best[0]));
        best[at] = ep;
    }
    for (size_t i = 0; i < n; i++) {
        size_t at = i;

        if (c->rec[best[i]->rec].op.u.epoch.gen >= *gen)
            *gen = c->rec[best[i]->rec].op.u.epoch.gen + 1;
        while (at > 0 && en_id16_cmp(&parent[at - 1], &best[i]->id) > 0) {
            parent[at] = parent[at - 1];
            at--;
        }
        parent[at] = best[i]->id;
    }
    return n;
}

en_err en_epoch_make(const struct en_circle *c, const struct en_id *by,
                     const struct en_key *device_secret,
                     const struct en_id *prev, uint64_t seq, struct en_rng *rng,
                     struct en_buf *payload, struct en_key *seed)
{
    struct en_op op = {.type = EN_OP_EPOCH, .has_auth = true};
    struct en_op_head head[EN_HEADS_MAX];
    struct en_id16 parent[EN_PARENTS_MAX];
    struct en_wrap_to to[EN_RECIPIENTS_MAX];
    uint32_t list[EN_RECIPIENTS_MAX];
    uint8_t boxes[EN_RECIPIENTS_MAX * EN_BOX_LEN];
    uint8_t wraps[EN_RECIPIENTS_MAX * WRAP_LEN];
    uint8_t epk[32];
    uint8_t seq8[8];
    struct en_key random = {0};
    struct en_key commit;
    struct en_id16 salt = en_id_short(&c->cid);
    struct en_id ctx;
    uint32_t me = find_dev(c, by);
    uint32_t n;
    en_err err;

    if (me == NONE || !c->dev[me].m.active)
        return EN_DENIED;
    n = recipients(c, &c->now, to, list);
    if (n == 0)
        return EN_DENIED;
    en_rng_bytes(rng, random.b, sizeof(random.b));
    en_put_u64(seq8, seq);
    EN_KDF(seed, &random, EN_L_EP_SEED, &salt, EN_SPAN(device_secret->b, 32),
           EN_SPAN(prev->b, 32), EN_SPAN_OF(seq8));
    derive(seed, &c->cid, EN_L_EP_COMMIT, EN_SPAN_OF(c->cid.b), &commit);
    context(c, me, seq, commit.b, to, n, &ctx);
    err = en_wrap_make(seed, &salt, ctx.b, to, n, epk, boxes);
    if (err != EN_OK)
        goto out;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(wraps + WRAP_LEN * i, to[i].device.b, 16);
        memcpy(wraps + WRAP_LEN * i + 16, boxes + EN_BOX_LEN * i, EN_BOX_LEN);
    }
    op.auth = c->dev[me].m.auth;
    op.head = head;
    op.heads = en_circle_heads(c, by, head);
    op.u.epoch.parent = parent;
    op.u.epoch.parents = parents_now(c, parent, &op.u.epoch.gen);
    op.u.epoch.commit = EN_SPAN_OF(commit.b);
    op.u.epoch.epk = EN_SPAN_OF(epk);
    op.u.epoch.wraps = EN_SPAN(wraps, (size_t)n * WRAP_LEN);
    err = en_op_encode(&op, payload);
out:
    en_key_wipe(&random);
    if (err != EN_OK)
        en_key_wipe(seed);
    return err;
}

en_err en_epoch_open(const struct en_circle *c, const struct en_epoch_info *e,
                     const struct en_id *me, const struct en_key *wrap_sk,
                     struct en_key *seed, enum en_epoch_code *code,
                     size_t *equal)
{
    struct en_wrap_to to[EN_RECIPIENTS_MAX];
    struct en_id16 salt = en_id_short(&c->cid);
    struct en_key s = {0};
    struct en_key commit;
    uint32_t creator = find_dev(c, &e->creator);
    struct en_id ctx;
    size_t at = e->n;
    en_err err;

    assert(e->n <= EN_RECIPIENTS_MAX && creator != NONE);
    *equal = 0;
    for (size_t i = 0; i < e->n; i++) {
        to[i].device = e->device[i];
        memcpy(to[i].pk, e->wrap_pk + 32 * i, 32);
        if (en_id_eq(&e->device[i], me))
            at = i;
    }
    *code = EN_EPOCH_NOT_RECIPIENT;
    if (at == e->n)
        return EN_NO_KEY;
    *code = EN_EPOCH_BAD_BOX;
    err = en_wrap_open(wrap_sk, &salt, e->ctx.b, &to[at], e->epk,
                       e->boxes + EN_BOX_LEN * at, &s);
    if (err != EN_OK)
        goto out;
    *code = EN_EPOCH_BAD_COMMIT;
    derive(&s, &c->cid, EN_L_EP_COMMIT, EN_SPAN_OF(c->cid.b), &commit);
    context(c, creator, e->seq, e->commit, to, e->n, &ctx);
    err = EN_FORGED;
    if (!en_equal_ct(commit.b, e->commit, 32) || !en_id_eq(&ctx, &e->ctx))
        goto out;
    *code = EN_EPOCH_OTHERS_DIFFER;
    err = en_wrap_check(&s, &salt, e->ctx.b, to, e->n, e->epk, e->boxes, equal);
    if (err != EN_OK)
        goto out;
    *code = EN_EPOCH_OPENED;
    *seed = s;
out:
    en_key_wipe(&s);
    return err;
}
