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

static void recipients(const struct en_circle *c, const struct state *st,
                       const uint32_t *list, uint32_t n, struct en_wrap_to *to)
{
    for (uint32_t i = 0; i < n; i++) {
        to[i].device = c->dev[list[i]].m.device;
        memcpy(to[i].pk, wrap_in_force(c, st, list[i]), 32);
    }
}

/* -- permitted --------------------------------------------------------------- */

/* Whether the recipients of an epoch are the readers of a view. */
static bool same_recipients(const struct ep *ep, const uint32_t *list,
                            uint32_t n)
{
    return ep->n == n && memcmp(ep->dev, list, n * sizeof(*list)) == 0;
}

/* -- found by id ------------------------------------------------------------- */

/* Ids and references are hashes or a liar's choice: a bucket grows only as the
 * control records a device writes. */
uint32_t bucket_of(const struct buckets *b, const uint8_t *key, uint8_t salt)
{
    return (en_get_u32(key) ^ salt) & (b->n - 1);
}

static uint32_t first_at(const struct en_circle *c, const struct en_id16 *id)
{
    return c->ep_at.n == 0 ? NONE
                           : c->ep_at.head[bucket_of(&c->ep_at, id->b, 0)];
}

/* The next epoch of this id, from i on in its bucket. */
static uint32_t with_id(const struct en_circle *c, uint32_t i,
                        const struct en_id16 *id)
{
    while (i != NONE && !en_id16_eq(&c->ep[i].id, id))
        i = c->ep[i].before;
    return i;
}

/* Of two EPOCH ops with one id only the one with the smaller op id counts. */
static struct ep *by_id(const struct en_circle *c, const struct en_id16 *id)
{
    struct ep *best = NULL;

    for (uint32_t i = with_id(c, first_at(c, id), id); i != NONE;
         i = with_id(c, c->ep[i].before, id))
        if (best == NULL ||
            en_id_cmp(&c->rec[c->ep[i].rec].id, &c->rec[best->rec].id) < 0)
            best = &c->ep[i];
    return best;
}

static uint32_t attests_of(const struct en_circle *c, uint8_t what,
                           struct en_span ref)
{
    if (c->att_at.n == 0 || ref.n < 4)
        return NONE;
    return c->att_at.head[bucket_of(&c->att_at, ref.p, what)];
}

static bool attests(const struct att *a, uint8_t what, struct en_span ref)
{
    return a->what == what && a->ref_len == ref.n &&
           memcmp(a->ref, ref.p, ref.n) == 0;
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
    struct en_span ref = EN_SPAN_OF(epoch->b);

    for (uint32_t i = attests_of(c, 0, ref); i != NONE; i = c->att[i].before) {
        const struct att *a = &c->att[i];
        const struct rec *o = &c->rec[a->rec];

        if (attests(a, 0, ref) && adverse(a->code) && in_view(o, st) &&
            counts(c, st, o) && dev_active(st, o->col))
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
            same_recipients(ep, list, n) && !objected(c, st, &ep->id))
            return false;
    }
    return true;
}

/* Every parent is a permitted epoch of o's past, and gen is one more than the
 * largest of theirs. One left out, or an ancestor too many, does no harm. */
static bool parents_fit(const struct en_circle *c, const struct rec *o)
{
    const struct en_op *op = &o->op;
    uint32_t gen = 0;

    for (size_t i = 0; i < op->u.epoch.parents; i++) {
        const struct en_id16 *id = &op->u.epoch.parent[i];
        uint32_t p = with_id(c, first_at(c, id), id);

        while (p != NONE && !in_past(&c->rec[c->ep[p].rec], o))
            p = with_id(c, c->ep[p].before, id);
        if (p == NONE)
            return false;
        if (c->rec[c->ep[p].rec].op.u.epoch.gen > gen)
            gen = c->rec[c->ep[p].rec].op.u.epoch.gen;
    }
    return gen < UINT32_MAX && op->u.epoch.gen == gen + 1;
}

/* The recipients are exactly the readers of o's past, its author among them. */
static bool wraps_fit(const struct en_circle *c, const struct rec *o,
                      const uint32_t *list, uint32_t n)
{
    struct en_span wraps = o->op.u.epoch.wraps;
    bool creator = false;

    if (n == 0 || wraps.n != (size_t)n * WRAP_LEN)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (memcmp(wraps.p + WRAP_LEN * i, c->dev[list[i]].m.device.b, 16) != 0)
            return false;
        creator = creator || list[i] == o->col;
    }
    return creator;
}

/* The list, ctx and id of a permitted EPOCH. */
static en_err describe(const struct en_circle *c, const struct state *st,
                       const struct rec *o, const uint32_t *list, uint32_t n,
                       struct ep *ep)
{
    struct en_wrap_to to[EN_RECIPIENTS_MAX];

    *ep = (struct ep){.n = n};
    ep->dev = calloc(n, sizeof(*ep->dev));
    ep->device = calloc(n, sizeof(*ep->device));
    ep->wrap_pk = calloc(n, 32);
    ep->boxes = calloc(n, EN_BOX_LEN);
    if (ep->dev == NULL || ep->device == NULL || ep->wrap_pk == NULL ||
        ep->boxes == NULL) {
        epoch_free(ep);
        return EN_NOMEM;
    }
    recipients(c, st, list, n, to);
    for (uint32_t i = 0; i < n; i++) {
        ep->dev[i] = list[i];
        ep->device[i] = to[i].device;
        memcpy(ep->wrap_pk + 32 * i, to[i].pk, 32);
        memcpy(ep->boxes + EN_BOX_LEN * i,
               o->op.u.epoch.wraps.p + WRAP_LEN * i + 16, EN_BOX_LEN);
    }
    context(c, o->col, o->seq, o->op.u.epoch.commit.p, to, n, &ep->ctx);
    ep->id = en_id_short(&ep->ctx);
    return EN_OK;
}

en_err epoch_judge(const struct en_circle *c, const struct state *st,
                   struct rec *o, struct ep *ep)
{
    const struct en_op *op = &o->op;
    uint8_t cls = c->grant[o->auth].level.cls;
    uint32_t list[EN_RECIPIENTS_MAX];
    uint32_t n = readers(c, st, list);
    en_err err;

    if (op->u.epoch.scope != 0 || op->u.epoch.has_session ||
        (cls != EN_CLASS_FACILITATOR && cls != EN_CLASS_MEMBER) ||
        (op->u.epoch.link_box.n > 0 && st->policy.history == 0) ||
        !wraps_fit(c, o, list, n) || !parents_fit(c, o) ||
        (cls == EN_CLASS_MEMBER && !member_may(c, st, list, n)))
        return EN_OK;
    err = describe(c, st, o, list, n, ep);
    o->permitted = err == EN_OK;
    return err;
}

void epoch_free(struct ep *ep)
{
    free(ep->dev);
    free(ep->device);
    free(ep->wrap_pk);
    free(ep->boxes);
    *ep = (struct ep){0};
}

static void count_children(struct en_circle *c, const struct rec *o, bool up)
{
    for (size_t i = 0; i < o->op.u.epoch.parents; i++) {
        const struct en_id16 *id = &o->op.u.epoch.parent[i];

        for (uint32_t p = with_id(c, first_at(c, id), id); p != NONE;
             p = with_id(c, c->ep[p].before, id))
            c->ep[p].children += up ? 1 : UINT32_MAX;
    }
}

void epoch_enter(struct en_circle *c, const struct ep *ep)
{
    uint32_t *head = &c->ep_at.head[bucket_of(&c->ep_at, ep->id.b, 0)];

    count_children(c, &c->rec[ep->rec], true);
    c->ep[c->eps] = *ep;
    c->ep[c->eps].before = *head;
    *head = c->eps++;
}

void epoch_leave(struct en_circle *c)
{
    struct ep *ep = &c->ep[--c->eps];

    c->ep_at.head[bucket_of(&c->ep_at, ep->id.b, 0)] = ep->before;
    count_children(c, &c->rec[ep->rec], false);
    epoch_free(ep);
}

/* Whether a stands before b in the order of choice: larger gen, smaller id. */
static bool preferred(const struct en_circle *c, const struct ep *a,
                      const struct ep *b)
{
    uint32_t ga = c->rec[a->rec].op.u.epoch.gen;
    uint32_t gb = c->rec[b->rec].op.u.epoch.gen;

    return ga != gb ? ga > gb : en_id16_cmp(&a->id, &b->id) < 0;
}

/* The last made is mostly the choice: kept last, it is put at the end. */
void epochs_show(struct en_circle *c)
{
    uint32_t list[EN_RECIPIENTS_MAX];
    uint32_t n = readers(c, &c->now, list);

    c->eligs = 0;
    for (uint32_t i = 0; i < c->eps; i++) {
        struct ep *ep = &c->ep[i];
        uint32_t at = c->eligs;

        ep->effective =
            counts(c, &c->now, &c->rec[ep->rec]) && by_id(c, &ep->id) == ep;
        ep->eligible = ep->effective && same_recipients(ep, list, n);
        if (!ep->eligible)
            continue;
        while (at > 0 && preferred(c, &c->ep[c->elig[at - 1]], ep))
            at--;
        memmove(c->elig + at + 1, c->elig + at,
                (c->eligs - at) * sizeof(*c->elig));
        c->elig[at] = i;
        c->eligs++;
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
    look(c);
    info(c, &c->ep[i], e);
    return true;
}

bool en_circle_epoch_by_id(const struct en_circle *c, const struct en_id16 *id,
                           struct en_epoch_info *e)
{
    const struct ep *ep = by_id(c, id);

    if (ep == NULL)
        return false;
    look(c);
    info(c, ep, e);
    return true;
}

bool en_circle_eligible(const struct en_circle *c, size_t k,
                        struct en_epoch_info *e)
{
    look(c);
    if (k >= c->eligs)
        return false;
    info(c, &c->ep[c->elig[c->eligs - 1 - k]], e);
    return true;
}

en_err en_circle_choice(const struct en_circle *c, struct en_epoch_info *e)
{
    return en_circle_eligible(c, 0, e) ? EN_OK : EN_ABSENT;
}

void en_circle_attested(const struct en_circle *c, const struct en_id16 *epoch,
                        size_t *good, size_t *bad)
{
    const struct ep *ep = by_id(c, epoch);
    const struct state *st = state_now(c);
    struct en_span ref = EN_SPAN_OF(epoch->b);

    *good = ep != NULL && dev_active(st, c->rec[ep->rec].col) ? 1 : 0;
    *bad = 0;
    for (uint32_t i = attests_of(c, 0, ref); i != NONE; i = c->att[i].before) {
        const struct att *a = &c->att[i];
        const struct rec *o = &c->rec[a->rec];

        if (!attests(a, 0, ref) || !counts(c, st, o) || !dev_active(st, o->col))
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
    for (uint32_t i = attests_of(c, what, ref); i != NONE;
         i = c->att[i].before) {
        const struct att *a = &c->att[i];

        if (attests(a, what, ref) && a->code == code &&
            en_id_eq(&c->dev[c->rec[a->rec].col].m.device, device))
            return true;
    }
    return false;
}

/* -- making and opening ------------------------------------------------------ */

/* Parents by the rule of 7.2 (no ancestor of another), sorted; at most the 16 of largest gen. */
static size_t parents_now(const struct en_circle *c,
                          struct en_id16 parent[EN_PARENTS_MAX], uint32_t *gen)
{
    const struct ep *best[EN_PARENTS_MAX];
    size_t n = 0;

    *gen = 1;
    for (uint32_t i = 0; i < c->eps; i++) {
        const struct ep *ep = &c->ep[i];
        size_t at = n;

        if (ep->children > 0)
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

    if (me == NONE)
        return EN_DENIED;
    look(c);
    n = readers(c, &c->now, list);
    if (!c->dev[me].m.reader)
        return EN_DENIED;
    recipients(c, &c->now, list, n, to);
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
    uint8_t pk[32];
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
    /* Sealed to a wrap key that was renewed since: nobody's fault. */
    *code = EN_EPOCH_KEY_GONE;
    en_x25519_public(wrap_sk, pk);
    if (memcmp(pk, to[at].pk, sizeof(pk)) != 0)
        return EN_FORGED;
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
