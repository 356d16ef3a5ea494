/*
 * show.c - what S shows: members with their labels and keys in force, policy,
 * heads, the digest behind the six words. PROTOCOL 6.2 (LABEL), 16.2.
 */
#include "circle/internal.h"
#include "crypto/hash.h"
#include "crypto/labels.h"

#include <string.h>

/* -- labels ----------------------------------------------------------------- */

/* The greatest (control depth, id) is shown. */
static bool heavier(const struct rec *a, const struct rec *b)
{
    if (b == NULL || a->depth != b->depth)
        return b == NULL || a->depth > b->depth;
    return en_id_cmp(&a->id, &b->id) > 0;
}

/* The GRANT that brought this device in; of several made apart, the one of
 * smallest id, so that the order of arrival does not choose. */
static const struct rec *brought_by(const struct en_circle *c, uint32_t dev)
{
    const struct rec *best = NULL;

    for (uint32_t g = c->dev[dev].grant; g != NONE; g = c->grant[g].before) {
        const struct rec *o = &c->rec[c->grant[g].rec];

        if (c->grant[g].with_cert && o->op.type == EN_OP_GRANT &&
            (best == NULL || en_id_cmp(&o->id, &best->id) < 0))
            best = o;
    }
    return best;
}

/* The LABEL of this device among those directly after that GRANT. */
static const struct rec *granted_label(const struct en_circle *c, uint32_t dev)
{
    const struct en_id16 dev16 = en_id_short(&c->dev[dev].m.device);
    const struct rec *o = brought_by(c, dev);
    const struct dev *by;

    if (o == NULL)
        return NULL;
    by = &c->dev[o->col];
    for (uint32_t s = o->seq + 1; s < by->n && s <= o->seq + EN_OP_GRANTS_MAX;
         s++) {
        const struct rec *l = &c->rec[by->rec[s]];

        if (l->op.type != EN_OP_LABEL || !l->permitted)
            break;
        if (l->op.u.label.has_device &&
            en_id16_eq(&l->op.u.label.dev16, &dev16))
            return l;
    }
    return NULL;
}

/* The labels of a person's devices: what an active device of that person wrote
 * last, else what whoever brought it in wrote. */
static void show_labels(struct en_circle *c, uint32_t person)
{
    const struct person *p = &c->person[person];
    const struct rec *name = NULL;

    for (uint32_t i = p->label; i != NONE; i = c->rec[i].before) {
        const struct rec *o = &c->rec[i];

        if (c->dev[o->col].person == person && dev_active(&c->now, o->col) &&
            heavier(o, name))
            name = o;
    }
    if (name == NULL)
        name = granted_label(c, p->first);
    for (uint32_t d = p->dev; d != NONE; d = c->dev[d].sibling) {
        struct en_member *m = &c->dev[d].m;
        const struct en_id16 dev16 = en_id_short(&m->device);
        const struct rec *device = NULL;

        for (uint32_t i = p->label; i != NONE; i = c->rec[i].before) {
            const struct rec *o = &c->rec[i];

            if (o->op.u.label.has_device &&
                en_id16_eq(&o->op.u.label.dev16, &dev16) &&
                c->dev[o->col].person == person &&
                dev_active(&c->now, o->col) && heavier(o, device))
                device = o;
        }
        if (device == NULL)
            device = granted_label(c, d);
        m->person_label =
            name != NULL ? name->op.u.label.person_label : EN_SPAN(NULL, 0);
        m->device_label =
            device != NULL ? device->op.u.label.device_label : EN_SPAN(NULL, 0);
    }
}

/* -- members ---------------------------------------------------------------- */

static void show_member(struct en_circle *c, uint32_t dev)
{
    struct en_member *m = &c->dev[dev].m;
    uint32_t g = NONE;

    m->reader = false;
    m->active = dev_level(c, &c->now, dev, &m->level, &g);
    m->cls = 255;
    m->auth = (struct en_grant_ref){0};
    if (m->active) {
        m->cls = m->level.cls;
        m->auth.op = c->rec[c->grant[g].rec].id;
        m->auth.index = c->grant[g].index;
    }
    memcpy(m->cert, cert_in_force(c, &c->now, dev), EN_CERT_LEN);
    memcpy(m->wrap_pk, m->cert + EN_CERT_WRAP_AT, 32);
    memcpy(m->link_pk, m->cert + EN_CERT_LINK_AT, 32);
    memcpy(m->find_pk, m->cert + EN_CERT_FIND_AT, 32);
}

void look(const struct en_circle *c)
{
    struct en_circle *own = c->self;
    uint32_t list[EN_RECIPIENTS_MAX];
    uint32_t n;

    if (!c->shown_stale)
        return;
    (void)state_now(c);
    for (uint32_t i = 0; i < c->devs; i++)
        show_member(own, i);
    for (uint32_t i = 0; i < c->persons; i++)
        show_labels(own, i);
    n = readers(c, &c->now, list);
    for (uint32_t i = 0; i < n; i++)
        own->dev[list[i]].m.reader = true;
    epochs_show(own);
    own->shown_stale = false;
}

/* -- what S shows ------------------------------------------------------------ */

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
    return c->recs > 0 ? state_now(c)->policy : en_policy_default();
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

bool en_circle_id_at(const struct en_circle *c, const struct en_id *device,
                     uint64_t seq, struct en_id *id)
{
    uint32_t d = find_dev(c, device);

    if (d == NONE || seq >= c->dev[d].n)
        return false;
    *id = c->rec[c->dev[d].rec[seq]].id;
    return true;
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
    look(c);
    return &c->dev[c->order[i]].m;
}

const struct en_member *en_circle_device(const struct en_circle *c,
                                         const struct en_id *device)
{
    uint32_t d = find_dev(c, device);

    look(c);
    return d != NONE ? &c->dev[d].m : NULL;
}

const struct en_member *en_circle_dev16(const struct en_circle *c,
                                        const struct en_id16 *dev16)
{
    uint32_t d = find_dev16(c, dev16);

    look(c);
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

    look(c);
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
