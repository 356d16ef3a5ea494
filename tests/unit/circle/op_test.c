/*
 * The codec of operations: what is written is read the same, and nothing but the
 * one form of each operation is read.
 */
#include "lib/test.h"

#include "circle/op.h"
#include "wire/pack.h"

#include <stdlib.h>

static uint8_t bytes[65536];
static struct en_op_head heads[EN_HEADS_MAX + 1];
static struct en_id16 ids[130];
static struct en_op_cut cuts[EN_OP_CUTS_MAX + 1];
static struct en_grant_ref refs[EN_OP_REVOKE_MAX + 1];
static struct en_op_grant grants[EN_OP_GRANTS_MAX + 1];
static struct en_op_attest attests[EN_OP_ATTESTS_MAX + 1];
static struct en_op_target targets[65];

/* Ascending, none twice. */
static void fill(void)
{
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        heads[i].id.b[0] = (uint8_t)(i + 1);
        heads[i].seq = i * 1000;
    }
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        ids[i].b[0] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
        cuts[i].seq = i;
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        refs[i].op.b[0] = (uint8_t)(i / 3);
        refs[i].index = (uint8_t)(i % 3);
    }
    for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
        grants[i].cls = (uint8_t)(1 + i % 3);
        if (i % 2 == 0) {
            grants[i].cert = EN_SPAN(bytes, EN_CERT_LEN);
            grants[i].sig = EN_SPAN(bytes, 64);
        }
    }
    for (size_t i = 0; i < sizeof(attests) / sizeof(attests[0]); i++)
        attests[i] =
            (struct en_op_attest){.what = (uint8_t)(i % 4),
                                  .ref = EN_SPAN(bytes, i % 2 == 0 ? 16 : 32),
                                  .code = (uint8_t)(i % 6),
                                  .a = i,
                                  .b = UINT64_MAX};
}

/* One of each kind, as large as it may be where `large`. */
static void sample(uint8_t type, bool large, struct en_op *op)
{
    *op = (struct en_op){.type = type, .has_auth = type != EN_OP_LABEL};
    op->auth.op.b[3] = 9;
    op->auth.index = 15;
    op->head = heads;
    op->heads = large ? EN_HEADS_MAX : 1;
    switch ((enum en_op_type)type) {
    case EN_OP_GENESIS:
        *op = (struct en_op){.type = type};
        op->u.genesis.random = EN_SPAN(bytes, 32);
        op->u.genesis.cert = EN_SPAN(bytes, EN_CERT_LEN);
        op->u.genesis.cert_sig = EN_SPAN(bytes, 64);
        op->u.genesis.policy = en_policy_default();
        op->u.genesis.policy.kits = !large;
        break;
    case EN_OP_GRANT:
        op->u.grant.grant = grants;
        op->u.grant.n = large ? EN_OP_GRANTS_MAX : 1;
        break;
    case EN_OP_REVOKE:
        op->u.revoke.grant = refs;
        op->u.revoke.device = ids;
        op->u.revoke.person = ids;
        op->u.revoke.cut = cuts;
        op->u.revoke.grants = large ? EN_OP_REVOKE_MAX : 1;
        op->u.revoke.devices = large ? EN_OP_REVOKE_MAX : 0;
        op->u.revoke.persons = large ? EN_OP_PERSONS_MAX : 0;
        op->u.revoke.cuts = large ? 128 : 0;
        op->u.revoke.reason = 5;
        break;
    case EN_OP_EPOCH:
        op->u.epoch.scope = large ? 1 : 0;
        op->u.epoch.gen = large ? UINT32_MAX : 1;
        op->u.epoch.parent = ids;
        op->u.epoch.parents = large ? EN_PARENTS_MAX : 0;
        op->u.epoch.commit = EN_SPAN(bytes, 32);
        op->u.epoch.epk = EN_SPAN(bytes + 1, 32);
        op->u.epoch.wraps = EN_SPAN(bytes, large ? 64 * 128 : 64);
        if (!large)
            break;
        op->u.epoch.has_session = true;
        op->u.epoch.session.person = ids;
        op->u.epoch.session.persons = 60;
        op->u.epoch.session.has_r = true;
        op->u.epoch.session.number = 999;
        op->u.epoch.link_nonce = EN_SPAN(bytes, 24);
        op->u.epoch.link_box = EN_SPAN(bytes, 16 + 48 * 128);
        break;
    case EN_OP_DEVKEY:
        op->u.devkey.cert = EN_SPAN(bytes, EN_CERT_LEN);
        op->u.devkey.cert_sig = EN_SPAN(bytes, 64);
        op->u.devkey.old_sig = EN_SPAN(bytes + 9, 64);
        op->u.devkey.journal = large ? EN_SEQ_MAX : 0;
        break;
    case EN_OP_ATTEST:
        op->u.attest.item = attests;
        op->u.attest.n = large ? EN_OP_ATTESTS_MAX : 1;
        break;
    case EN_OP_POLICY:
        op->u.policy = (struct en_policy){
            .personal = large, .history = 1, .devices = 8, .kits = !large};
        break;
    case EN_OP_HISTORY:
        op->u.history.opened = ids;
        op->u.history.n = large ? 128 : 1;
        op->u.history.nonce = EN_SPAN(bytes, 24);
        op->u.history.box = EN_SPAN(bytes, 16 + 48 * op->u.history.n);
        break;
    case EN_OP_EVIDENCE:
        op->u.evidence.kind = large;
        op->u.evidence.k = large ? EN_SEQ_MAX - 1 : 0;
        for (int i = 0; i < 2; i++) {
            op->u.evidence.headers[i] =
                EN_SPAN(bytes, EN_HEADER_LEN * (large ? 256u : 1u));
            op->u.evidence.sig[i] = EN_SPAN(bytes, 64);
        }
        op->u.evidence.payload[0] = EN_SPAN(bytes, 300);
        op->u.evidence.payloads = large ? 1 : 0;
        break;
    case EN_OP_TOMBSTONE:
        op->u.tombstone.target = targets;
        op->u.tombstone.n = large ? 64 : 1;
        op->u.tombstone.reason = 2;
        break;
    case EN_OP_SESSIONCLOSE:
    case EN_OP_WITHDRAW: op->u.session.sid.b[1] = 4; break;
    case EN_OP_CLOSE:
        op->u.close.cut = cuts;
        op->u.close.n = large ? EN_OP_CUTS_MAX : 0;
        break;
    case EN_OP_LABEL:
        op->u.label.has_device = large;
        op->u.label.person_label = EN_SPAN(NULL, 0);
        op->u.label.person_label =
            en_span_str(large ? "Amina Ben Salah, de Saint-Denis, 3e etage, "
                                "gauche, la porte 12"
                              : "A");
        if (large)
            op->u.label.device_label = en_span_str("ordinateur");
        break;
    case EN_OP_CUT:
        op->u.cut.cut = cuts;
        op->u.cut.n = large ? 32 : 1;
        break;
    case EN_OP_COUNT: break;
    }
}

static void written(const struct en_op *op, struct en_buf *out)
{
    en_buf_clear(out);
    assert_ok(en_op_encode(op, out));
}

static void each_operation_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (uint8_t type = 0; type < EN_OP_COUNT; type++)
        for (int large = 0; large < 2; large++) {
            struct en_buf once = {0};
            struct en_buf twice = {0};
            struct en_op op;
            struct en_op back;

            sample(type, large == 1, &op);
            written(&op, &once);
            assert_true(once.n <= en_payload_max(EN_CONTROL, type));
            assert_ok(en_op_decode(type, en_buf_span(&once), &back));
            assert_int_equal(back.type, type);
            assert_int_equal(back.has_auth, op.has_auth);
            assert_int_equal(back.heads, op.heads);
            written(&back, &twice);
            assert_true(en_span_eq(en_buf_span(&once), en_buf_span(&twice)));
            en_op_free(&back);
            en_buf_free(&once);
            en_buf_free(&twice);
        }
}

static void every_truncation_and_every_tail_is_refused(void **state)
{
    (void)state;
    for (uint8_t type = 0; type < EN_OP_COUNT; type++) {
        struct en_buf b = {0};
        struct en_op op;
        struct en_op back;

        sample(type, false, &op);
        written(&op, &b);
        for (size_t n = 0; n < b.n; n++)
            assert_err(en_op_decode(type, EN_SPAN(b.p, n), &back), EN_PROTOCOL);
        assert_ok(en_buf_add_u8(&b, 0xc0));
        assert_err(en_op_decode(type, en_buf_span(&b), &back), EN_PROTOCOL);
        en_buf_free(&b);
    }
}

/* The payload of one kind is no payload of another, bar those of one shape. */
static void a_payload_of_one_kind_is_not_read_as_another(void **state)
{
    (void)state;
    for (uint8_t type = 0; type < EN_OP_COUNT; type++) {
        struct en_buf b = {0};
        struct en_op op;
        struct en_op back;

        sample(type, true, &op);
        written(&op, &b);
        for (uint8_t as = 0; as < EN_OP_COUNT; as++) {
            bool sessions =
                (type == EN_OP_SESSIONCLOSE || type == EN_OP_WITHDRAW) &&
                (as == EN_OP_SESSIONCLOSE || as == EN_OP_WITHDRAW);

            if (as == type || sessions)
                continue;
            assert_err(en_op_decode(as, en_buf_span(&b), &back), EN_PROTOCOL);
        }
        en_buf_free(&b);
    }
}

/* Encodes as told and expects a refusal when it is read. */
static void refused(const struct en_op *op)
{
    struct en_buf b = {0};
    struct en_op back;

    assert_ok(en_op_encode(op, &b));
    assert_err(en_op_decode(op->type, en_buf_span(&b), &back), EN_PROTOCOL);
    en_buf_free(&b);
}

static void lists_that_are_not_sorted_or_name_twice_are_refused(void **state)
{
    struct en_id16 back_to_front[2] = {{{2}}, {{1}}};
    struct en_id16 twice[2] = {{{1}}, {{1}}};
    struct en_grant_ref same[2] = {{.index = 3}, {.index = 3}};
    struct en_grant_ref falling[2] = {{.index = 3}, {.index = 2}};
    struct en_op_head two[2] = {{.seq = 1}, {.seq = 2}};
    struct en_op op;

    (void)state;
    two[0].id.b[0] = 5;
    two[1].id.b[0] = 5;
    sample(EN_OP_POLICY, false, &op);
    op.head = two;
    op.heads = 2;
    refused(&op);
    two[1].id.b[0] = 4;
    refused(&op);
    for (int i = 0; i < 2; i++) {
        sample(EN_OP_REVOKE, false, &op);
        op.u.revoke.device = i == 0 ? back_to_front : twice;
        op.u.revoke.devices = 2;
        refused(&op);
        sample(EN_OP_REVOKE, false, &op);
        op.u.revoke.person = i == 0 ? back_to_front : twice;
        op.u.revoke.persons = 2;
        refused(&op);
        sample(EN_OP_REVOKE, false, &op);
        op.u.revoke.grant = i == 0 ? same : falling;
        op.u.revoke.grants = 2;
        refused(&op);
        sample(EN_OP_EPOCH, false, &op);
        op.u.epoch.parent = i == 0 ? back_to_front : twice;
        op.u.epoch.parents = 2;
        refused(&op);
        sample(EN_OP_HISTORY, false, &op);
        op.u.history.opened = i == 0 ? back_to_front : twice;
        op.u.history.n = 2;
        op.u.history.box = EN_SPAN(bytes, 16 + 96);
        refused(&op);
        sample(EN_OP_EPOCH, true, &op);
        op.u.epoch.session.person = i == 0 ? back_to_front : twice;
        op.u.epoch.session.persons = 2;
        refused(&op);
    }
}

static void lists_longer_than_allowed_are_refused(void **state)
{
    struct en_op op;

    (void)state;
    sample(EN_OP_POLICY, false, &op);
    op.heads = EN_HEADS_MAX + 1;
    refused(&op);
    sample(EN_OP_GRANT, false, &op);
    op.u.grant.n = EN_OP_GRANTS_MAX + 1;
    refused(&op);
    sample(EN_OP_REVOKE, false, &op);
    op.u.revoke.grants = EN_OP_REVOKE_MAX + 1;
    refused(&op);
    sample(EN_OP_REVOKE, false, &op);
    op.u.revoke.devices = EN_OP_REVOKE_MAX + 1;
    refused(&op);
    sample(EN_OP_REVOKE, false, &op);
    op.u.revoke.persons = EN_OP_PERSONS_MAX + 1;
    refused(&op);
    sample(EN_OP_REVOKE, false, &op);
    op.u.revoke.cuts = 129;
    refused(&op);
    sample(EN_OP_EPOCH, false, &op);
    op.u.epoch.parents = EN_PARENTS_MAX + 1;
    refused(&op);
    sample(EN_OP_EPOCH, false, &op);
    op.u.epoch.wraps = EN_SPAN(bytes, 64 * 129);
    refused(&op);
    sample(EN_OP_EPOCH, true, &op);
    op.u.epoch.session.persons = 61;
    refused(&op);
    sample(EN_OP_EPOCH, true, &op);
    op.u.epoch.link_box = EN_SPAN(bytes, 16 + 48 * 129);
    refused(&op);
    sample(EN_OP_ATTEST, false, &op);
    op.u.attest.n = EN_OP_ATTESTS_MAX + 1;
    refused(&op);
    sample(EN_OP_HISTORY, false, &op);
    op.u.history.n = 129;
    op.u.history.box = EN_SPAN(bytes, 16 + 48 * 129);
    refused(&op);
    sample(EN_OP_EVIDENCE, false, &op);
    op.u.evidence.headers[1] = EN_SPAN(bytes, EN_HEADER_LEN * 257);
    refused(&op);
    sample(EN_OP_TOMBSTONE, false, &op);
    op.u.tombstone.n = 65;
    refused(&op);
    sample(EN_OP_CLOSE, false, &op);
    op.u.close.n = EN_OP_CUTS_MAX + 1;
    refused(&op);
    sample(EN_OP_CUT, false, &op);
    op.u.cut.n = 33;
    refused(&op);
    sample(EN_OP_LABEL, false, &op);
    op.u.label.person_label =
        EN_SPAN((const uint8_t *)"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                 "aaaaaaaaaaaaaaaaaaaa",
                65);
    refused(&op);
}

static void what_must_not_be_empty_is_refused_empty(void **state)
{
    struct en_op op;

    (void)state;
    sample(EN_OP_GRANT, false, &op);
    op.u.grant.n = 0;
    refused(&op);
    sample(EN_OP_REVOKE, false, &op);
    op.u.revoke.grants = 0;
    refused(&op); /* all three lists */
    sample(EN_OP_EPOCH, false, &op);
    op.u.epoch.wraps.n = 0;
    refused(&op);
    sample(EN_OP_EPOCH, true, &op);
    op.u.epoch.session.persons = 0;
    refused(&op);
    sample(EN_OP_ATTEST, false, &op);
    op.u.attest.n = 0;
    refused(&op);
    sample(EN_OP_HISTORY, false, &op);
    op.u.history.n = 0;
    op.u.history.box.n = 16;
    refused(&op);
    sample(EN_OP_TOMBSTONE, false, &op);
    op.u.tombstone.n = 0;
    refused(&op);
    sample(EN_OP_CUT, false, &op);
    op.u.cut.n = 0;
    refused(&op);
    sample(EN_OP_LABEL, false, &op);
    op.u.label.person_label.n = 0;
    refused(&op);
}

static void numbers_out_of_bounds_are_refused(void **state)
{
    struct en_op op;

    (void)state;
    sample(EN_OP_POLICY, false, &op);
    op.auth.index = EN_GRANT_INDEX_MAX + 1;
    refused(&op);
    sample(EN_OP_POLICY, false, &op);
    op.u.policy.devices = 0;
    refused(&op);
    op.u.policy.devices = 9;
    refused(&op);
    op.u.policy = en_policy_default();
    op.u.policy.history = 2;
    refused(&op);
    op.u.policy = en_policy_default();
    op.u.policy.personal = 2;
    refused(&op);
    op.u.policy = en_policy_default();
    op.u.policy.wait = 2;
    refused(&op);
    op.u.policy = en_policy_default();
    op.u.policy.kits = 2;
    refused(&op);
    sample(EN_OP_GRANT, false, &op);
    grants[0].cls = 0;
    refused(&op);
    grants[0].cls = 4;
    refused(&op);
    fill();
    sample(EN_OP_REVOKE, false, &op);
    op.u.revoke.reason = 6;
    refused(&op);
    sample(EN_OP_EPOCH, false, &op);
    op.u.epoch.scope = 3;
    refused(&op);
    sample(EN_OP_EPOCH, false, &op);
    op.u.epoch.gen = 0;
    refused(&op);
    sample(EN_OP_EPOCH, true, &op);
    op.u.epoch.session.number = 0;
    refused(&op);
    op.u.epoch.session.number = 1000;
    refused(&op);
    sample(EN_OP_EVIDENCE, false, &op);
    op.u.evidence.kind = 2;
    refused(&op);
    sample(EN_OP_EVIDENCE, false, &op);
    op.u.evidence.k = EN_SEQ_MAX;
    refused(&op);
    sample(EN_OP_TOMBSTONE, false, &op);
    op.u.tombstone.reason = 3;
    refused(&op);
    sample(EN_OP_DEVKEY, false, &op);
    op.u.devkey.journal = (uint64_t)EN_SEQ_MAX + 1;
    refused(&op);
    sample(EN_OP_POLICY, false, &op);
    heads[0].seq = EN_SEQ_MAX;
    refused(&op);
    fill();
}

static void byte_strings_of_a_wrong_size_are_refused(void **state)
{
    struct en_op op;

    (void)state;
    sample(EN_OP_GENESIS, false, &op);
    op.u.genesis.random.n = 31;
    refused(&op);
    sample(EN_OP_GENESIS, false, &op);
    op.u.genesis.cert.n = 179;
    refused(&op);
    sample(EN_OP_GRANT, false, &op);
    grants[0].sig.n = 63;
    refused(&op);
    grants[0].sig.n = 64;
    grants[0].cert.n = 177;
    refused(&op);
    fill();
    sample(EN_OP_EPOCH, false, &op);
    op.u.epoch.wraps.n = 63;
    refused(&op);
    op.u.epoch.wraps.n = 65;
    refused(&op);
    sample(EN_OP_EPOCH, false, &op);
    op.u.epoch.epk.n = 33;
    refused(&op);
    sample(EN_OP_EPOCH, true, &op);
    op.u.epoch.link_box.n = 16 + 47;
    refused(&op);
    op.u.epoch.link_box.n = 16 + 49;
    refused(&op);
    sample(EN_OP_HISTORY, false, &op);
    op.u.history.box.n = 16 + 96; /* two seeds for one id */
    refused(&op);
    sample(EN_OP_ATTEST, false, &op);
    attests[0].ref.n = 17;
    refused(&op);
    attests[0].ref.n = 31;
    refused(&op);
    fill();
    sample(EN_OP_EVIDENCE, false, &op);
    op.u.evidence.headers[0].n = 129;
    refused(&op);
}

/* Certificate and signature come together or not at all; a device's label only
 * with the device. */
static void what_belongs_together_comes_together(void **state)
{
    struct en_buf b = {0};
    struct en_pack p;
    struct en_op back;

    (void)state;
    for (int i = 0; i < 4; i++) {
        en_buf_clear(&b);
        p = en_pack_to(&b, 0);
        en_pack_array(&p, 3);
        en_pack_nil(&p);
        en_pack_array(&p, 0);
        en_pack_array(&p, 1);
        en_pack_array(&p, 5);
        en_pack_uint(&p, 2);
        en_pack_bin(&p, EN_SPAN(bytes, 16));
        en_pack_bin(&p, EN_SPAN(bytes, 32));
        if ((i & 1) != 0)
            en_pack_bin(&p, EN_SPAN(bytes, EN_CERT_LEN));
        else
            en_pack_nil(&p);
        if ((i & 2) != 0)
            en_pack_bin(&p, EN_SPAN(bytes, 64));
        else
            en_pack_nil(&p);
        assert_ok(en_pack_done(&p));
        assert_err(en_op_decode(EN_OP_GRANT, en_buf_span(&b), &back),
                   i == 0 || i == 3 ? EN_OK : EN_PROTOCOL);
        en_op_free(&back);
    }
    for (int i = 0; i < 4; i++) {
        en_buf_clear(&b);
        p = en_pack_to(&b, 0);
        en_pack_array(&p, 6);
        en_pack_nil(&p);
        en_pack_array(&p, 0);
        en_pack_bin(&p, EN_SPAN(bytes, 16));
        if ((i & 1) != 0)
            en_pack_bin(&p, EN_SPAN(bytes, 16));
        else
            en_pack_nil(&p);
        en_pack_str(&p, BYTES("Luc"));
        if ((i & 2) != 0)
            en_pack_str(&p, BYTES("portable"));
        else
            en_pack_nil(&p);
        assert_ok(en_pack_done(&p));
        assert_err(en_op_decode(EN_OP_LABEL, en_buf_span(&b), &back),
                   i == 0 || i == 3 ? EN_OK : EN_PROTOCOL);
        en_op_free(&back);
    }
    en_buf_free(&b);
}

static void policies(size_t n, uint64_t last, en_err expect)
{
    const uint64_t field[8] = {0, 1, 3, 0, 0, 7, 8, 9};
    struct en_buf b = {0};
    struct en_pack p = en_pack_to(&b, 0);
    struct en_op back;

    en_pack_array(&p, 3);
    en_pack_nil(&p);
    en_pack_array(&p, 0);
    en_pack_array(&p, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        en_pack_uint(&p, i + 1 == n ? last : i < 8 ? field[i] : 0);
    assert_ok(en_pack_done(&p));
    assert_err(en_op_decode(EN_OP_POLICY, en_buf_span(&b), &back), expect);
    if (expect == EN_OK) {
        assert_int_equal(back.u.policy.devices, 3);
        assert_int_equal(back.u.policy.kits, n == 4 || (n == 5 && last == 1));
    }
    en_op_free(&back);
    en_buf_free(&b);
}

static void a_policy_may_have_fields_of_a_later_program(void **state)
{
    (void)state;
    policies(3, 0, EN_PROTOCOL);
    policies(4, 0, EN_OK);
    policies(4, 2, EN_PROTOCOL);
    policies(5, 1, EN_OK);
    policies(5, 0, EN_OK);
    policies(6, 12345678901234, EN_OK);
    policies(8, 1, EN_OK);
    policies(9, 1, EN_PROTOCOL);
}

static void a_kind_of_a_later_program_gives_its_heads_alone(void **state)
{
    struct en_buf b = {0};
    struct en_pack p = en_pack_to(&b, 0);
    struct en_op op;

    (void)state;
    en_pack_array(&p, 4);
    en_pack_array(&p, 2);
    en_pack_bin(&p, EN_SPAN(bytes, 32));
    en_pack_uint(&p, 2);
    en_pack_array(&p, 1);
    en_pack_array(&p, 3);
    en_pack_bin(&p, EN_SPAN(bytes, 16));
    en_pack_uint(&p, 77);
    en_pack_bin(&p, EN_SPAN(bytes, 32));
    en_pack_str(&p, BYTES("?"));
    en_pack_array(&p, 1);
    en_pack_nil(&p);
    assert_ok(en_pack_done(&p));
    assert_ok(en_op_decode(200, en_buf_span(&b), &op));
    assert_int_equal(op.type, 200);
    assert_true(op.has_auth);
    assert_int_equal(op.heads, 1);
    assert_int_equal(op.head[0].seq, 77);
    en_op_free(&op);
    assert_ok(en_op_decode_heads(en_buf_span(&b), &op));
    assert_int_equal(op.type, EN_OP_COUNT);
    en_op_free(&op);
    for (size_t n = 0; n < b.n; n++)
        assert_err(en_op_decode(200, EN_SPAN(b.p, n), &op), EN_PROTOCOL);
    en_buf_free(&b);
}

static void an_operation_over_its_size_is_not_written(void **state)
{
    struct en_buf b = {0};
    struct en_op op;

    (void)state;
    sample(EN_OP_EVIDENCE, true, &op);
    op.u.evidence.payload[0] = EN_SPAN(bytes, 20000);
    assert_ok(en_buf_add_str(&b, "before"));
    assert_err(en_op_encode(&op, &b), EN_RANGE);
    assert_int_equal(b.n, 6);
    en_buf_free(&b);
}

/* Only an EVIDENCE can be so large with all its parts in bounds. */
static void an_operation_over_its_size_is_not_read(void **state)
{
    for (int over = 0; over < 2; over++) {
        struct en_buf b = {0};
        struct en_pack p = en_pack_to(&b, 0);
        struct en_op op;
        size_t rest;

        (void)state;
        en_pack_array(&p, 9);
        en_pack_nil(&p);
        en_pack_array(&p, 0);
        en_pack_bin(&p, EN_SPAN(bytes, 16));
        en_pack_uint(&p, 0);
        en_pack_uint(&p, 0);
        en_pack_bin(&p, EN_SPAN(bytes, 32));
        for (int i = 0; i < 2; i++) {
            en_pack_array(&p, 2);
            en_pack_bin(&p, EN_SPAN(bytes, EN_HEADER_LEN * 256));
            en_pack_bin(&p, EN_SPAN(bytes, 64));
        }
        en_pack_array(&p, 1);
        rest = EN_EVIDENCE_BYTES_MAX - b.n - 3 + (size_t)over;
        en_pack_bin(&p, EN_SPAN(bytes, rest));
        assert_ok(en_pack_done(&p));
        assert_int_equal(b.n, EN_EVIDENCE_BYTES_MAX + over);
        assert_err(en_op_decode(EN_OP_EVIDENCE, en_buf_span(&b), &op),
                   over ? EN_PROTOCOL : EN_OK);
        en_op_free(&op);
        en_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_is_read_as_it_was_written),
        cmocka_unit_test(every_truncation_and_every_tail_is_refused),
        cmocka_unit_test(a_payload_of_one_kind_is_not_read_as_another),
        cmocka_unit_test(lists_that_are_not_sorted_or_name_twice_are_refused),
        cmocka_unit_test(lists_longer_than_allowed_are_refused),
        cmocka_unit_test(what_must_not_be_empty_is_refused_empty),
        cmocka_unit_test(numbers_out_of_bounds_are_refused),
        cmocka_unit_test(byte_strings_of_a_wrong_size_are_refused),
        cmocka_unit_test(what_belongs_together_comes_together),
        cmocka_unit_test(a_policy_may_have_fields_of_a_later_program),
        cmocka_unit_test(a_kind_of_a_later_program_gives_its_heads_alone),
        cmocka_unit_test(an_operation_over_its_size_is_not_written),
        cmocka_unit_test(an_operation_over_its_size_is_not_read),
    };

    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
