#include "circle/op.h"

#include "wire/pack.h"

#include <stdlib.h>
#include <string.h>

struct en_policy en_policy_default(void)
{
    return (struct en_policy){.devices = 8, .wait = 1, .kits = 1};
}

/* Heap arrays of n elements of outside size: n is bounded by the caller and by
 * the scan (each element takes at least a byte). */
static void *array(struct en_unpack *u, size_t n, size_t each, en_err *err)
{
    void *p;

    if (u->bad || *err != EN_OK || n == 0)
        return NULL;
    p = calloc(n, each);
    if (p == NULL)
        *err = EN_NOMEM;
    return p;
}

static void read_id(struct en_unpack *u, struct en_id *id)
{
    en_unpack_fixed(u, id->b, sizeof(id->b));
}

static void read_id16(struct en_unpack *u, struct en_id16 *id)
{
    en_unpack_fixed(u, id->b, sizeof(id->b));
}

static void pack_id(struct en_pack *p, const struct en_id *id)
{
    en_pack_bin(p, EN_SPAN(id->b, sizeof(id->b)));
}

static void pack_id16(struct en_pack *p, const struct en_id16 *id)
{
    en_pack_bin(p, EN_SPAN(id->b, sizeof(id->b)));
}

static void tuple(struct en_unpack *u, uint32_t n)
{
    uint32_t got;

    en_unpack_array(u, &got, n, n);
}

static void read_ref(struct en_unpack *u, struct en_grant_ref *g)
{
    tuple(u, 2);
    read_id(u, &g->op);
    g->index = (uint8_t)en_unpack_uint(u, EN_GRANT_INDEX_MAX);
}

static void pack_ref(struct en_pack *p, const struct en_grant_ref *g)
{
    en_pack_array(p, 2);
    pack_id(p, &g->op);
    en_pack_uint(p, g->index);
}

static int ref_cmp(const struct en_grant_ref *a, const struct en_grant_ref *b)
{
    int c = en_id_cmp(&a->op, &b->op);

    return c != 0 ? c : (int)a->index - (int)b->index;
}

static void read_heads(struct en_unpack *u, struct en_op *op, en_err *err)
{
    uint32_t n;

    en_unpack_array(u, &n, 0, EN_HEADS_MAX);
    op->head = array(u, n, sizeof(*op->head), err);
    for (uint32_t i = 0; op->head != NULL && i < n; i++) {
        struct en_op_head *h = &op->head[op->heads++];

        tuple(u, 3);
        read_id16(u, &h->dev16);
        h->seq = en_unpack_uint(u, EN_SEQ_MAX - 1);
        read_id(u, &h->id);
        if (i > 0 && en_id_cmp(&h[-1].id, &h->id) >= 0)
            u->bad = true;
    }
}

static void pack_heads(struct en_pack *p, const struct en_op *op)
{
    en_pack_array(p, (uint32_t)op->heads);
    for (size_t i = 0; i < op->heads; i++) {
        en_pack_array(p, 3);
        pack_id16(p, &op->head[i].dev16);
        en_pack_uint(p, op->head[i].seq);
        pack_id(p, &op->head[i].id);
    }
}

static struct en_id16 *read_ids(struct en_unpack *u, uint32_t min, uint32_t max,
                                size_t *n, en_err *err)
{
    struct en_id16 *id;
    uint32_t count;

    en_unpack_array(u, &count, min, max);
    id = array(u, count, sizeof(*id), err);
    for (uint32_t i = 0; id != NULL && i < count; i++) {
        read_id16(u, &id[i]);
        if (i > 0 && en_id16_cmp(&id[i - 1], &id[i]) >= 0)
            u->bad = true;
        *n = i + 1;
    }
    return id;
}

static void pack_ids(struct en_pack *p, const struct en_id16 *id, size_t n)
{
    en_pack_array(p, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        pack_id16(p, &id[i]);
}

static struct en_op_cut *read_cuts(struct en_unpack *u, uint32_t min,
                                   uint32_t max, size_t *n, en_err *err)
{
    struct en_op_cut *cut;
    uint32_t count;

    en_unpack_array(u, &count, min, max);
    cut = array(u, count, sizeof(*cut), err);
    for (uint32_t i = 0; cut != NULL && i < count; i++) {
        tuple(u, 4);
        read_id16(u, &cut[i].dev16);
        cut[i].seq = en_unpack_uint(u, EN_SEQ_MAX - 1);
        read_id(u, &cut[i].id);
        en_unpack_fixed(u, cut[i].sig, sizeof(cut[i].sig));
        *n = i + 1;
    }
    return cut;
}

static void pack_cuts(struct en_pack *p, const struct en_op_cut *cut, size_t n)
{
    en_pack_array(p, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        en_pack_array(p, 4);
        pack_id16(p, &cut[i].dev16);
        en_pack_uint(p, cut[i].seq);
        pack_id(p, &cut[i].id);
        en_pack_bin(p, EN_SPAN_OF(cut[i].sig));
    }
}

/* Four to eight fields, all uint; those beyond the fifth are of a later program
 * and do not change what these mean. */
static void read_policy(struct en_unpack *u, struct en_policy *pol)
{
    uint32_t n;

    *pol = en_policy_default();
    en_unpack_array(u, &n, 4, 8);
    if (n == 0)
        return;
    pol->personal = (uint8_t)en_unpack_uint(u, 1);
    pol->history = (uint8_t)en_unpack_uint(u, 1);
    pol->devices = (uint8_t)en_unpack_uint(u, EN_PERSON_DEVICES_MAX);
    pol->wait = (uint8_t)en_unpack_uint(u, 1);
    if (n > 4)
        pol->kits = (uint8_t)en_unpack_uint(u, 1);
    for (uint32_t i = 5; i < n; i++)
        (void)en_unpack_uint(u, UINT64_MAX);
    if (pol->devices == 0)
        u->bad = true;
}

/* Trailing defaults are left out, so that one policy has one form. */
static void pack_policy(struct en_pack *p, const struct en_policy *pol)
{
    en_pack_array(p, pol->kits == 1 ? 4 : 5);
    en_pack_uint(p, pol->personal);
    en_pack_uint(p, pol->history);
    en_pack_uint(p, pol->devices);
    en_pack_uint(p, pol->wait);
    if (pol->kits != 1)
        en_pack_uint(p, pol->kits);
}

static void read_genesis(struct en_unpack *u, struct en_op *op)
{
    tuple(u, 5);
    if (en_unpack_uint(u, 255) != 1)
        u->bad = true;
    op->u.genesis.random = en_unpack_bin(u, 32, 32);
    op->u.genesis.cert = en_unpack_bin(u, EN_CERT_LEN, EN_CERT_LEN);
    op->u.genesis.cert_sig = en_unpack_bin(u, 64, 64);
    read_policy(u, &op->u.genesis.policy);
}

static void read_grant(struct en_unpack *u, struct en_op *op, en_err *err)
{
    uint32_t n;

    en_unpack_array(u, &n, 1, EN_OP_GRANTS_MAX);
    op->u.grant.grant = array(u, n, sizeof(*op->u.grant.grant), err);
    for (uint32_t i = 0; op->u.grant.grant != NULL && i < n; i++) {
        struct en_op_grant *g = &op->u.grant.grant[op->u.grant.n++];

        tuple(u, 5);
        g->cls = (uint8_t)en_unpack_uint(u, 3);
        read_id16(u, &g->person);
        read_id(u, &g->device);
        if (!en_unpack_nil_next(u))
            g->cert = en_unpack_bin(u, EN_CERT_LEN, EN_CERT_LEN);
        if (!en_unpack_nil_next(u))
            g->sig = en_unpack_bin(u, 64, 64);
        if (g->cls == 0 || (g->cert.n == 0) != (g->sig.n == 0))
            u->bad = true;
    }
}

static void read_revoke(struct en_unpack *u, struct en_op *op, en_err *err)
{
    uint32_t n;

    en_unpack_array(u, &n, 0, EN_OP_REVOKE_MAX);
    op->u.revoke.grant = array(u, n, sizeof(*op->u.revoke.grant), err);
    for (uint32_t i = 0; op->u.revoke.grant != NULL && i < n; i++) {
        struct en_grant_ref *g = &op->u.revoke.grant[op->u.revoke.grants++];

        read_ref(u, g);
        if (i > 0 && ref_cmp(&g[-1], g) >= 0)
            u->bad = true;
    }
    op->u.revoke.device =
        read_ids(u, 0, EN_OP_REVOKE_MAX, &op->u.revoke.devices, err);
    op->u.revoke.person =
        read_ids(u, 0, EN_OP_PERSONS_MAX, &op->u.revoke.persons, err);
    op->u.revoke.cut = read_cuts(u, 0, 128, &op->u.revoke.cuts, err);
    op->u.revoke.reason = (uint8_t)en_unpack_uint(u, 5);
    if (op->u.revoke.grants + op->u.revoke.devices + op->u.revoke.persons == 0)
        u->bad = true;
}

static void read_epoch(struct en_unpack *u, struct en_op *op, en_err *err)
{
    op->u.epoch.scope = (uint8_t)en_unpack_uint(u, 2);
    op->u.epoch.gen = (uint32_t)en_unpack_uint(u, UINT32_MAX);
    op->u.epoch.parent =
        read_ids(u, 0, EN_PARENTS_MAX, &op->u.epoch.parents, err);
    op->u.epoch.commit = en_unpack_bin(u, 32, 32);
    op->u.epoch.epk = en_unpack_bin(u, 32, 32);
    op->u.epoch.wraps = en_unpack_bin(u, 64, 64 * EN_RECIPIENTS_MAX);
    if (op->u.epoch.gen == 0 || op->u.epoch.wraps.n % 64 != 0)
        u->bad = true;
    if (!en_unpack_nil_next(u)) {
        op->u.epoch.has_session = true;
        tuple(u, 5);
        read_id16(u, &op->u.epoch.session.sid);
        read_id16(u, &op->u.epoch.session.client);
        op->u.epoch.session.person =
            read_ids(u, 1, 60, &op->u.epoch.session.persons, err);
        if (!en_unpack_nil_next(u)) {
            op->u.epoch.session.has_r = true;
            read_id16(u, &op->u.epoch.session.r);
        }
        op->u.epoch.session.number = (uint16_t)en_unpack_uint(u, 999);
        if (op->u.epoch.session.number == 0)
            u->bad = true;
    }
    if (!en_unpack_nil_next(u)) {
        tuple(u, 2);
        op->u.epoch.link_nonce = en_unpack_bin(u, 24, 24);
        op->u.epoch.link_box = en_unpack_bin(u, 64, 16 + 48 * 128);
        if (op->u.epoch.link_box.n % 48 != 16)
            u->bad = true;
    }
}

static void read_attest(struct en_unpack *u, struct en_op *op, en_err *err)
{
    uint32_t n;

    en_unpack_array(u, &n, 1, EN_OP_ATTESTS_MAX);
    op->u.attest.item = array(u, n, sizeof(*op->u.attest.item), err);
    for (uint32_t i = 0; op->u.attest.item != NULL && i < n; i++) {
        struct en_op_attest *a = &op->u.attest.item[op->u.attest.n++];

        tuple(u, 5);
        a->what = (uint8_t)en_unpack_uint(u, 255);
        a->ref = en_unpack_bin(u, 16, 32);
        a->code = (uint8_t)en_unpack_uint(u, 255);
        a->a = en_unpack_uint(u, UINT64_MAX);
        a->b = en_unpack_uint(u, UINT64_MAX);
        if (a->ref.n != 16 && a->ref.n != 32)
            u->bad = true;
    }
}

static void read_history(struct en_unpack *u, struct en_op *op, en_err *err)
{
    read_id16(u, &op->u.history.carrier);
    op->u.history.opened = read_ids(u, 1, 128, &op->u.history.n, err);
    op->u.history.nonce = en_unpack_bin(u, 24, 24);
    op->u.history.box = en_unpack_bin(u, 16 + 48, 16 + 48 * 128);
    if (op->u.history.box.n != 16 + 48 * op->u.history.n)
        u->bad = true;
}

static void read_evidence(struct en_unpack *u, struct en_op *op)
{
    uint32_t n;

    read_id16(u, &op->u.evidence.dev16);
    op->u.evidence.kind = (uint8_t)en_unpack_uint(u, 1);
    op->u.evidence.k = en_unpack_uint(u, EN_SEQ_MAX - 1);
    read_id(u, &op->u.evidence.base);
    for (int i = 0; i < 2; i++) {
        tuple(u, 2);
        op->u.evidence.headers[i] =
            en_unpack_bin(u, EN_HEADER_LEN, EN_HEADER_LEN * 256);
        op->u.evidence.sig[i] = en_unpack_bin(u, 64, 64);
        if (op->u.evidence.headers[i].n % EN_HEADER_LEN != 0)
            u->bad = true;
    }
    en_unpack_array(u, &n, 0, 2);
    op->u.evidence.payloads = n;
    for (uint32_t i = 0; i < n && i < 2; i++)
        op->u.evidence.payload[i] = en_unpack_bin(u, 1, EN_OP_BYTES_MAX);
}

static void read_tombstone(struct en_unpack *u, struct en_op *op, en_err *err)
{
    uint32_t n;

    en_unpack_array(u, &n, 1, 64);
    op->u.tombstone.target = array(u, n, sizeof(*op->u.tombstone.target), err);
    for (uint32_t i = 0; op->u.tombstone.target != NULL && i < n; i++) {
        struct en_op_target *t = &op->u.tombstone.target[op->u.tombstone.n++];

        tuple(u, 3);
        read_id16(u, &t->dev16);
        t->seq = en_unpack_uint(u, EN_SEQ_MAX - 1);
        read_id(u, &t->id);
    }
    op->u.tombstone.reason = (uint8_t)en_unpack_uint(u, 2);
}

static void read_label(struct en_unpack *u, struct en_op *op)
{
    read_id16(u, &op->u.label.person);
    if (!en_unpack_nil_next(u)) {
        op->u.label.has_device = true;
        read_id16(u, &op->u.label.dev16);
    }
    op->u.label.person_label = en_unpack_str(u, 1, EN_LABEL_MAX);
    if (op->u.label.has_device)
        op->u.label.device_label = en_unpack_str(u, 1, EN_LABEL_MAX);
    else if (!en_unpack_nil_next(u))
        u->bad = true;
}

static const uint8_t elements[EN_OP_COUNT] = {
    [EN_OP_GENESIS] = 5,   [EN_OP_GRANT] = 3,        [EN_OP_REVOKE] = 7,
    [EN_OP_EPOCH] = 10,    [EN_OP_DEVKEY] = 6,       [EN_OP_ATTEST] = 3,
    [EN_OP_POLICY] = 3,    [EN_OP_HISTORY] = 6,      [EN_OP_EVIDENCE] = 9,
    [EN_OP_TOMBSTONE] = 4, [EN_OP_SESSIONCLOSE] = 3, [EN_OP_WITHDRAW] = 3,
    [EN_OP_CLOSE] = 4,     [EN_OP_LABEL] = 6,        [EN_OP_CUT] = 3,
};

static void read_rest(struct en_unpack *u, struct en_op *op, en_err *err)
{
    switch ((enum en_op_type)op->type) {
    case EN_OP_GENESIS: break;
    case EN_OP_GRANT: read_grant(u, op, err); break;
    case EN_OP_REVOKE: read_revoke(u, op, err); break;
    case EN_OP_EPOCH: read_epoch(u, op, err); break;
    case EN_OP_DEVKEY:
        op->u.devkey.cert = en_unpack_bin(u, EN_CERT_LEN, EN_CERT_LEN);
        op->u.devkey.cert_sig = en_unpack_bin(u, 64, 64);
        op->u.devkey.old_sig = en_unpack_bin(u, 64, 64);
        op->u.devkey.journal = en_unpack_uint(u, EN_SEQ_MAX);
        break;
    case EN_OP_ATTEST: read_attest(u, op, err); break;
    case EN_OP_POLICY: read_policy(u, &op->u.policy); break;
    case EN_OP_HISTORY: read_history(u, op, err); break;
    case EN_OP_EVIDENCE: read_evidence(u, op); break;
    case EN_OP_TOMBSTONE: read_tombstone(u, op, err); break;
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW: read_id16(u, &op->u.session.sid); break;
    case EN_OP_CLOSE:
        read_id16(u, &op->u.close.epoch);
        op->u.close.cut = read_cuts(u, 0, EN_OP_CUTS_MAX, &op->u.close.n, err);
        break;
    case EN_OP_LABEL: read_label(u, op); break;
    case EN_OP_CUT:
        op->u.cut.cut = read_cuts(u, 1, 32, &op->u.cut.n, err);
        break;
    case EN_OP_COUNT: break;
    }
}

/* Elements 0 and 1, of all but GENESIS. */
static void read_front(struct en_unpack *u, struct en_op *op, en_err *err)
{
    if (!en_unpack_nil_next(u)) {
        op->has_auth = true;
        read_ref(u, &op->auth);
    }
    read_heads(u, op, err);
}

en_err en_op_decode(uint8_t type, struct en_span payload, struct en_op *op)
{
    struct en_unpack u;
    uint32_t n;
    en_err err;

    if (type >= EN_OP_COUNT) {
        err = en_op_decode_heads(payload, op);
        op->type = type;
        return err;
    }
    *op = (struct en_op){.type = type};
    if (payload.n > en_payload_max(EN_CONTROL, type))
        return EN_PROTOCOL;
    err = en_unpack_begin(&u, payload, 0);
    if (err != EN_OK)
        return err;
    if (type == EN_OP_GENESIS) {
        read_genesis(&u, op);
        return en_unpack_done(&u) ? EN_OK : EN_PROTOCOL;
    }
    en_unpack_array(&u, &n, elements[type], elements[type]);
    read_front(&u, op, &err);
    read_rest(&u, op, &err);
    if (err == EN_OK && !en_unpack_done(&u))
        err = EN_PROTOCOL;
    if (err != EN_OK)
        en_op_free(op);
    return err;
}

en_err en_op_decode_heads(struct en_span payload, struct en_op *op)
{
    struct en_unpack u;
    uint32_t n;
    en_err err;

    *op = (struct en_op){.type = EN_OP_COUNT};
    if (payload.n > EN_EVIDENCE_BYTES_MAX)
        return EN_PROTOCOL;
    err = en_unpack_begin(&u, payload, 0);
    if (err != EN_OK)
        return err;
    en_unpack_array(&u, &n, 2, UINT32_MAX);
    read_front(&u, op, &err);
    if (err == EN_OK && u.bad)
        err = EN_PROTOCOL;
    if (err != EN_OK)
        en_op_free(op);
    return err;
}

static void pack_epoch(struct en_pack *p, const struct en_op *op)
{
    en_pack_uint(p, op->u.epoch.scope);
    en_pack_uint(p, op->u.epoch.gen);
    pack_ids(p, op->u.epoch.parent, op->u.epoch.parents);
    en_pack_bin(p, op->u.epoch.commit);
    en_pack_bin(p, op->u.epoch.epk);
    en_pack_bin(p, op->u.epoch.wraps);
    if (op->u.epoch.has_session) {
        en_pack_array(p, 5);
        pack_id16(p, &op->u.epoch.session.sid);
        pack_id16(p, &op->u.epoch.session.client);
        pack_ids(p, op->u.epoch.session.person, op->u.epoch.session.persons);
        if (op->u.epoch.session.has_r)
            pack_id16(p, &op->u.epoch.session.r);
        else
            en_pack_nil(p);
        en_pack_uint(p, op->u.epoch.session.number);
    } else {
        en_pack_nil(p);
    }
    if (op->u.epoch.link_box.n > 0) {
        en_pack_array(p, 2);
        en_pack_bin(p, op->u.epoch.link_nonce);
        en_pack_bin(p, op->u.epoch.link_box);
    } else {
        en_pack_nil(p);
    }
}

static void pack_grant(struct en_pack *p, const struct en_op *op)
{
    en_pack_array(p, (uint32_t)op->u.grant.n);
    for (size_t i = 0; i < op->u.grant.n; i++) {
        const struct en_op_grant *g = &op->u.grant.grant[i];

        en_pack_array(p, 5);
        en_pack_uint(p, g->cls);
        pack_id16(p, &g->person);
        pack_id(p, &g->device);
        if (g->cert.n > 0) {
            en_pack_bin(p, g->cert);
            en_pack_bin(p, g->sig);
        } else {
            en_pack_nil(p);
            en_pack_nil(p);
        }
    }
}

static void pack_revoke(struct en_pack *p, const struct en_op *op)
{
    en_pack_array(p, (uint32_t)op->u.revoke.grants);
    for (size_t i = 0; i < op->u.revoke.grants; i++)
        pack_ref(p, &op->u.revoke.grant[i]);
    pack_ids(p, op->u.revoke.device, op->u.revoke.devices);
    pack_ids(p, op->u.revoke.person, op->u.revoke.persons);
    pack_cuts(p, op->u.revoke.cut, op->u.revoke.cuts);
    en_pack_uint(p, op->u.revoke.reason);
}

static void pack_attest(struct en_pack *p, const struct en_op *op)
{
    en_pack_array(p, (uint32_t)op->u.attest.n);
    for (size_t i = 0; i < op->u.attest.n; i++) {
        const struct en_op_attest *a = &op->u.attest.item[i];

        en_pack_array(p, 5);
        en_pack_uint(p, a->what);
        en_pack_bin(p, a->ref);
        en_pack_uint(p, a->code);
        en_pack_uint(p, a->a);
        en_pack_uint(p, a->b);
    }
}

static void pack_evidence(struct en_pack *p, const struct en_op *op)
{
    pack_id16(p, &op->u.evidence.dev16);
    en_pack_uint(p, op->u.evidence.kind);
    en_pack_uint(p, op->u.evidence.k);
    pack_id(p, &op->u.evidence.base);
    for (int i = 0; i < 2; i++) {
        en_pack_array(p, 2);
        en_pack_bin(p, op->u.evidence.headers[i]);
        en_pack_bin(p, op->u.evidence.sig[i]);
    }
    en_pack_array(p, (uint32_t)op->u.evidence.payloads);
    for (size_t i = 0; i < op->u.evidence.payloads; i++)
        en_pack_bin(p, op->u.evidence.payload[i]);
}

static void pack_tombstone(struct en_pack *p, const struct en_op *op)
{
    en_pack_array(p, (uint32_t)op->u.tombstone.n);
    for (size_t i = 0; i < op->u.tombstone.n; i++) {
        en_pack_array(p, 3);
        pack_id16(p, &op->u.tombstone.target[i].dev16);
        en_pack_uint(p, op->u.tombstone.target[i].seq);
        pack_id(p, &op->u.tombstone.target[i].id);
    }
    en_pack_uint(p, op->u.tombstone.reason);
}

static void pack_label(struct en_pack *p, const struct en_op *op)
{
    pack_id16(p, &op->u.label.person);
    if (op->u.label.has_device)
        pack_id16(p, &op->u.label.dev16);
    else
        en_pack_nil(p);
    en_pack_str(p, op->u.label.person_label);
    if (op->u.label.has_device)
        en_pack_str(p, op->u.label.device_label);
    else
        en_pack_nil(p);
}

static void pack_rest(struct en_pack *p, const struct en_op *op)
{
    switch ((enum en_op_type)op->type) {
    case EN_OP_GENESIS:
        en_pack_uint(p, 1);
        en_pack_bin(p, op->u.genesis.random);
        en_pack_bin(p, op->u.genesis.cert);
        en_pack_bin(p, op->u.genesis.cert_sig);
        pack_policy(p, &op->u.genesis.policy);
        break;
    case EN_OP_GRANT: pack_grant(p, op); break;
    case EN_OP_REVOKE: pack_revoke(p, op); break;
    case EN_OP_EPOCH: pack_epoch(p, op); break;
    case EN_OP_DEVKEY:
        en_pack_bin(p, op->u.devkey.cert);
        en_pack_bin(p, op->u.devkey.cert_sig);
        en_pack_bin(p, op->u.devkey.old_sig);
        en_pack_uint(p, op->u.devkey.journal);
        break;
    case EN_OP_ATTEST: pack_attest(p, op); break;
    case EN_OP_POLICY: pack_policy(p, &op->u.policy); break;
    case EN_OP_HISTORY:
        pack_id16(p, &op->u.history.carrier);
        pack_ids(p, op->u.history.opened, op->u.history.n);
        en_pack_bin(p, op->u.history.nonce);
        en_pack_bin(p, op->u.history.box);
        break;
    case EN_OP_EVIDENCE: pack_evidence(p, op); break;
    case EN_OP_TOMBSTONE: pack_tombstone(p, op); break;
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW: pack_id16(p, &op->u.session.sid); break;
    case EN_OP_CLOSE:
        pack_id16(p, &op->u.close.epoch);
        pack_cuts(p, op->u.close.cut, op->u.close.n);
        break;
    case EN_OP_LABEL: pack_label(p, op); break;
    case EN_OP_CUT: pack_cuts(p, op->u.cut.cut, op->u.cut.n); break;
    case EN_OP_COUNT: break;
    }
}

en_err en_op_encode(const struct en_op *op, struct en_buf *out)
{
    size_t before = out->n;
    struct en_pack p = en_pack_to(out, 0);
    en_err err;

    assert(op->type < EN_OP_COUNT);
    en_pack_array(&p, elements[op->type]);
    if (op->type != EN_OP_GENESIS) {
        if (op->has_auth)
            pack_ref(&p, &op->auth);
        else
            en_pack_nil(&p);
        pack_heads(&p, op);
    }
    pack_rest(&p, op);
    err = en_pack_done(&p);
    if (err == EN_OK &&
        out->n - before > en_payload_max(EN_CONTROL, op->type)) {
        out->n = before;
        err = EN_RANGE;
    }
    return err;
}

void en_op_free(struct en_op *op)
{
    free(op->head);
    switch ((enum en_op_type)op->type) {
    case EN_OP_GRANT: free(op->u.grant.grant); break;
    case EN_OP_REVOKE:
        free(op->u.revoke.grant);
        free(op->u.revoke.device);
        free(op->u.revoke.person);
        free(op->u.revoke.cut);
        break;
    case EN_OP_EPOCH:
        free(op->u.epoch.parent);
        free(op->u.epoch.session.person);
        break;
    case EN_OP_ATTEST: free(op->u.attest.item); break;
    case EN_OP_HISTORY: free(op->u.history.opened); break;
    case EN_OP_TOMBSTONE: free(op->u.tombstone.target); break;
    case EN_OP_CLOSE: free(op->u.close.cut); break;
    case EN_OP_CUT: free(op->u.cut.cut); break;
    case EN_OP_GENESIS:
    case EN_OP_DEVKEY:
    case EN_OP_POLICY:
    case EN_OP_EVIDENCE:
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW:
    case EN_OP_LABEL:
    case EN_OP_COUNT: break;
    }
    *op = (struct en_op){.type = op->type};
}
