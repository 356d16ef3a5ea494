/*
 * Adding records and taking them back: order, what is not held yet, what cannot be
 * read, kinds of a later program, and that nothing is left behind.
 */
#include "lib/test.h"
#include "lib/village.h"

#include "circle/internal.h"
#include "wire/pack.h"

#include <stdlib.h>

static struct village v;
static unsigned a, b, c;

static int set_up(void **state)
{
    (void)state;
    village_new(&v, false);
    a = village_grant(&v, 0, 1, NOBODY);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    village_free(&v);
    return 0;
}

/* The first n operations in a new circle. */
static struct en_circle *upto(unsigned n)
{
    struct en_circle *s = NULL;

    assert_ok(en_circle_new(&s));
    for (unsigned i = 0; i < n; i++)
        assert_ok(village_add(&v, s, i));
    return s;
}

static void a_circle_begins_with_its_genesis(void **state)
{
    struct en_circle *s = upto(0);

    (void)state;
    assert_true(en_id_zero(en_circle_id(s)));
    assert_err(village_add(&v, s, 1), EN_PROTOCOL);
    assert_int_equal(en_circle_count(s), 0);
    assert_true(en_id_zero(en_circle_id(s)));
    assert_ok(village_add(&v, s, 0));
    assert_true(en_id_eq(en_circle_id(s), &v.cid));
    en_circle_free(s);
}

static void a_genesis_that_names_another_log_is_refused(void **state)
{
    struct en_circle *s = upto(0);
    struct en_id other = v.author[0].control;

    (void)state;
    other.b[0] ^= 1;
    assert_err(
        en_circle_add(s, &other, v.op[0].header, en_buf_span(&v.op[0].payload)),
        EN_PROTOCOL);
    assert_int_equal(en_circle_count(s), 0);
    en_circle_free(s);
}

static void a_genesis_under_another_kind_of_header_is_refused(void **state)
{
    static const size_t at[] = {1, 2, 4, 8, 40};

    (void)state;
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        struct en_circle *s = upto(0);
        uint8_t header[EN_HEADER_LEN];

        memcpy(header, v.op[0].header, sizeof(header));
        header[at[i]] ^= 1;
        assert_err(en_circle_add(s, &v.author[0].control, header,
                                 en_buf_span(&v.op[0].payload)),
                   EN_PROTOCOL);
        assert_int_equal(en_circle_count(s), 0);
        en_circle_free(s);
    }
}

/* Every byte of the payload makes the circle's name; some are no genesis at all. */
static void a_genesis_with_a_flipped_bit_is_another_circle_or_none(void **state)
{
    struct en_buf p = {0};
    struct en_id cid;
    struct en_id log;
    uint8_t pk[32];
    size_t refused = 0;

    (void)state;
    assert_ok(en_buf_add_span(&p, en_buf_span(&v.op[0].payload)));
    for (size_t bit = 0; bit < 8 * p.n; bit++) {
        en_err err;

        p.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = en_genesis_check(en_buf_span(&p), &cid, &log, pk);
        if (err == EN_OK)
            assert_false(en_id_eq(&cid, &v.cid));
        else
            refused++;
        p.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    /* Certificate and signature: 178 + 64 bytes, each bit of them. */
    assert_true(refused >= 8 * (EN_CERT_LEN + 64));
    for (size_t n = 0; n < p.n; n++)
        assert_true(en_genesis_check(EN_SPAN(p.p, n), &cid, &log, pk) != EN_OK);
    en_buf_free(&p);
}

static en_err genesis_of(struct en_cert *cert, const struct en_key *seed)
{
    struct en_op op = {.type = EN_OP_GENESIS};
    struct en_buf payload = {0};
    uint8_t random[32] = {3};
    uint8_t raw[EN_CERT_LEN];
    uint8_t sig[64];
    struct en_id cid;
    struct en_id log;
    uint8_t pk[32];
    en_err err;

    en_cert_encode(cert, raw);
    en_cert_sign(seed, raw, sig);
    op.u.genesis.random = EN_SPAN_OF(random);
    op.u.genesis.cert = EN_SPAN_OF(raw);
    op.u.genesis.cert_sig = EN_SPAN_OF(sig);
    op.u.genesis.policy = en_policy_default();
    assert_ok(en_op_encode(&op, &payload));
    err = en_genesis_check(en_buf_span(&payload), &cid, &log, pk);
    en_buf_free(&payload);
    return err;
}

static void the_root_is_a_root_of_no_circle_and_of_its_own_person(void **state)
{
    struct en_cert cert = {.flags = EN_CERT_ROOT};
    struct en_device_keys keys;
    struct en_cert bad;

    (void)state;
    en_device_keys_new(&keys, &v.rng.rng);
    en_cert_of_keys(&keys, &cert);
    assert_ok(genesis_of(&cert, &keys.sign));
    bad = cert;
    bad.cid.b[0] = 1; /* it hashes its own bytes */
    assert_err(genesis_of(&bad, &keys.sign), EN_PROTOCOL);
    bad = cert;
    bad.person.b[0] ^= 1;
    assert_err(genesis_of(&bad, &keys.sign), EN_PROTOCOL);
    bad = (struct en_cert){.flags = 0};
    en_cert_of_keys(&keys, &bad); /* a device that can read is no root */
    assert_err(genesis_of(&bad, &keys.sign), EN_PROTOCOL);
    assert_err(genesis_of(&cert, &keys.wrap), EN_FORGED);
}

static void records_of_a_log_come_in_their_order(void **state)
{
    struct en_circle *s;

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    s = upto(1);
    assert_err(village_add(&v, s, 2), EN_PROTOCOL); /* seq 2 before 1 */
    assert_ok(village_add(&v, s, 1));
    assert_err(village_add(&v, s, 1), EN_PROTOCOL); /* twice */
    assert_err(village_add(&v, s, 0), EN_PROTOCOL);
    assert_ok(village_add(&v, s, 2));
    en_circle_free(s);
}

static void a_header_that_does_not_follow_is_refused(void **state)
{
    static const size_t at[] = {0, 1, 3, 4, 8, 16, 24, 40, 72};
    struct en_circle *s;

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        uint8_t header[EN_HEADER_LEN];
        uint8_t before[32];
        uint8_t after[32];

        s = upto(2);
        village_deep(s, before);
        memcpy(header, v.op[2].header, sizeof(header));
        header[at[i]] ^= 1;
        assert_err(en_circle_add(s, &v.author[0].control, header,
                                 en_buf_span(&v.op[2].payload)),
                   EN_PROTOCOL);
        village_deep(s, after);
        assert_memory_equal(before, after, 32);
        en_circle_free(s);
    }
}

static void a_log_of_nobody_known_is_told_apart(void **state)
{
    struct en_circle *s = upto(2);
    struct en_id log = {{1}};

    (void)state;
    assert_err(
        en_circle_add(s, &log, v.op[1].header, en_buf_span(&v.op[1].payload)),
        EN_ABSENT);
    /* A journal is no log of operations. */
    log = village_member(&v, s, a)->journal;
    assert_err(
        en_circle_add(s, &log, v.op[1].header, en_buf_span(&v.op[1].payload)),
        EN_ABSENT);
    en_circle_free(s);
}

static void an_operation_waits_for_what_it_has_seen(void **state)
{
    struct en_circle *s;
    struct en_policy p = en_policy_default();
    uint8_t before[32];
    uint8_t after[32];
    unsigned seen;
    unsigned op;

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    seen = village_policy(&v, b, &p);
    village_see_all(&v, a);
    op = village_policy(&v, a, &p);
    s = upto(3);
    village_deep(s, before);
    assert_err(village_add(&v, s, op), EN_LATER);
    village_deep(s, after);
    assert_memory_equal(before, after, 32);
    assert_ok(village_add(&v, s, seen));
    assert_ok(village_add(&v, s, op));
    en_circle_free(s);
}

/* An operation of a kind, or a layout, that is not known here: kept, counted, and
 * its heads still say what its author had seen. */
static unsigned unreadable(uint8_t type, bool heads)
{
    struct en_op_head head[EN_HEADS_MAX];
    struct en_buf out = {0};
    struct en_pack p = en_pack_to(&out, 0);
    size_t n = en_circle_heads(v.author[a].c, &v.author[a].device, head);
    unsigned op;

    en_pack_array(&p, 3);
    en_pack_nil(&p);
    en_pack_array(&p, heads ? (uint32_t)n : 0);
    for (size_t i = 0; heads && i < n; i++) {
        en_pack_array(&p, 3);
        en_pack_bin(&p, EN_SPAN_OF(head[i].dev16.b));
        en_pack_uint(&p, head[i].seq);
        en_pack_bin(&p, EN_SPAN_OF(head[i].id.b));
    }
    en_pack_str(&p, BYTES("what is this"));
    assert_ok(en_pack_done(&p));
    op = village_raw(&v, a, type, en_buf_span(&out));
    en_buf_free(&out);
    return op;
}

static void what_cannot_be_read_is_kept_and_means_nothing(void **state)
{
    const uint8_t types[] = {200, EN_OP_COUNT, EN_OP_GRANT, EN_OP_EVIDENCE,
                             EN_OP_LABEL};
    struct en_circle *s;
    struct en_policy p = en_policy_default();

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    (void)village_policy(&v, b, &p);
    village_see_all(&v, a);
    for (size_t i = 0; i < sizeof(types); i++) {
        unsigned op = unreadable(types[i], i == 0);

        s = village_whole(&v);
        assert_false(village_permitted(&v, s, op));
        assert_int_equal(en_circle_unknown(s), i + 1);
        en_circle_free(s);
    }
}

static void the_heads_of_what_cannot_be_read_are_its_past(void **state)
{
    const uint8_t types[] = {200, EN_OP_GRANT};
    struct en_policy p = en_policy_default();

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    for (size_t i = 0; i < sizeof(types); i++) {
        struct en_circle *s;
        unsigned seen;
        unsigned op;

        seen = village_policy(&v, b, &p);
        village_see_all(&v, a);
        op = unreadable(types[i], true);
        s = upto(seen);
        assert_err(village_add(&v, s, op), EN_LATER);
        assert_ok(village_add(&v, s, seen));
        assert_ok(village_add(&v, s, op));
        /* On top of it A need not name what it has seen. */
        assert_true(in_past(&s->rec[seen], &s->rec[s->recs - 1]));
        en_circle_free(s);
    }
}

static void bytes_that_are_no_packed_value_are_kept_too(void **state)
{
    struct en_circle *s;

    (void)state;
    (void)village_raw(&v, a, EN_OP_GRANT, BYTES("\xc1\xc1\xc1"));
    (void)village_raw(&v, a, 250, BYTES("\xdd\x0f\xff\xff\xff"));
    (void)village_raw(&v, a, EN_OP_GENESIS, BYTES("\x90"));
    (void)village_raw(&v, a, EN_OP_GENESIS, en_buf_span(&v.op[0].payload));
    s = village_whole(&v);
    assert_int_equal(en_circle_unknown(s), 4);
    assert_int_equal(en_circle_members(s), 2);
    en_circle_free(s);
}

/* Kinds of a later issue: relayed, counted, without effect. */
static void kinds_not_evaluated_here_change_nothing_but_a_count(void **state)
{
    struct en_circle *s;
    uint8_t digest[2][32];

    (void)state;
    s = village_whole(&v);
    en_circle_digest(s, digest[0]);
    en_circle_free(s);
    for (uint8_t type = EN_OP_HISTORY; type <= EN_OP_CUT; type++) {
        struct en_op op = {.type = type};
        struct en_op_target t = {.seq = 0};
        struct en_op_cut cut = {.seq = 0};
        struct en_id16 opened = {{1}};
        uint8_t box[64] = {0};
        uint8_t header[EN_HEADER_LEN] = {0};

        switch ((enum en_op_type)type) {
        case EN_OP_HISTORY:
            op.u.history.opened = &opened;
            op.u.history.n = 1;
            op.u.history.nonce = EN_SPAN(box, 24);
            op.u.history.box = EN_SPAN(box, 64);
            break;
        case EN_OP_EVIDENCE:
            for (int i = 0; i < 2; i++) {
                op.u.evidence.headers[i] = EN_SPAN_OF(header);
                op.u.evidence.sig[i] = EN_SPAN(box, 64);
            }
            break;
        case EN_OP_TOMBSTONE:
            op.u.tombstone.target = &t;
            op.u.tombstone.n = 1;
            break;
        case EN_OP_CUT:
            op.u.cut.cut = &cut;
            op.u.cut.n = 1;
            break;
        case EN_OP_LABEL: continue;
        case EN_OP_SESSIONCLOSE:
        case EN_OP_WITHDRAW:
        case EN_OP_CLOSE:
        case EN_OP_GENESIS:
        case EN_OP_GRANT:
        case EN_OP_REVOKE:
        case EN_OP_EPOCH:
        case EN_OP_DEVKEY:
        case EN_OP_ATTEST:
        case EN_OP_POLICY:
        case EN_OP_COUNT: break;
        }
        (void)village_make(&v, a, &op);
    }
    s = village_whole(&v);
    en_circle_digest(s, digest[1]);
    assert_memory_equal(digest[0], digest[1], 32);
    assert_int_equal(en_circle_unknown(s), 7);
    en_circle_free(s);
}

/* -- would ---------------------------------------------------------------------- */

static void would_says_what_adding_would_and_changes_nothing(void **state)
{
    struct en_circle *s;
    uint8_t before[32];
    uint8_t after[32];
    unsigned good;
    unsigned bad;

    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    good = village_epoch(&v, a);
    bad = village_revoke_person(&v, c, c);
    s = upto(good);
    village_deep(s, before);
    assert_ok(en_circle_would(s, &v.author[a].device, EN_OP_EPOCH,
                              en_buf_span(&v.op[good].payload)));
    assert_err(en_circle_would(s, &v.author[c].device, EN_OP_REVOKE,
                               en_buf_span(&v.op[bad].payload)),
               EN_DENIED);
    assert_err(en_circle_would(s, &v.author[a].control, EN_OP_EPOCH,
                               en_buf_span(&v.op[good].payload)),
               EN_ABSENT); /* no device of that name */
    assert_err(
        en_circle_would(s, &v.author[a].device, EN_OP_EPOCH, BYTES("\x90")),
        EN_PROTOCOL);
    village_deep(s, after);
    assert_memory_equal(before, after, 32);
    en_circle_free(s);
}

static void would_denies_what_a_removal_has_ended(void **state)
{
    struct en_policy p = en_policy_default();
    unsigned op;

    (void)state;
    op = village_policy(&v, a, &p);
    (void)village_revoke_device(&v, 0, a);
    /* A's operation is permitted on its past; with what is held here it would
     * have no effect. */
    {
        struct en_circle *s = upto(op);

        assert_ok(village_add(&v, s, op + 1));
        assert_err(en_circle_would(s, &v.author[a].device, EN_OP_POLICY,
                                   en_buf_span(&v.op[op].payload)),
                   EN_DENIED);
        en_circle_free(s);
    }
}

/* -- going back ------------------------------------------------------------------- */

static void everything_at_once(void)
{
    struct en_policy p = en_policy_default();
    struct en_epoch_info e;
    unsigned two[2];

    b = village_grant(&v, 0, 1, NOBODY);
    village_see_all(&v, a);
    (void)village_label(&v, a, a, "Amina", "portable");
    c = village_grant(&v, a, 2, NOBODY);
    (void)village_label(&v, a, c, "Chloé", "portable");
    (void)village_epoch(&v, a);
    assert_true(en_circle_epoch(v.author[a].c, 0, &e));
    village_see_all(&v, c);
    (void)village_attest(&v, c, &e.id, 0);
    (void)village_devkey(&v, c);
    (void)village_label(&v, c, c, "Chloé D.", NULL);
    (void)village_promote(&v, a, c, 1);
    p.devices = 2;
    (void)village_policy(&v, a, &p);
    village_see_all(&v, b);
    two[0] = village_device(&v, NOBODY, 0);
    two[1] = village_device(&v, NOBODY, 0);
    (void)village_admit_all(&v, b, two, 2, 2);
    (void)village_epoch(&v, b);
    (void)village_revoke_device(&v, a, two[0]);
    village_see_all(&v, c);
    (void)village_epoch(&v, c);
    (void)village_leave(&v, b);
    (void)village_raw(&v, a, 99, BYTES("\x92\xc0\x90"));
}

/* For all n <= m: adding m records and going back to n leaves what n records are. */
static void going_back_leaves_no_trace(void **state)
{
    uint8_t(*deep)[32];
    struct en_circle *s;

    (void)state;
    everything_at_once();
    deep = calloc(v.ops + 1, sizeof(*deep));
    assert_non_null(deep);
    s = upto(0);
    for (unsigned n = 0; n <= v.ops; n++) {
        village_deep(s, deep[n]);
        if (n < v.ops)
            assert_ok(village_add(&v, s, n));
    }
    for (unsigned n = 0; n <= v.ops; n++) {
        uint8_t now[32];

        en_circle_rollback(s, n);
        village_deep(s, now);
        assert_memory_equal(now, deep[n], 32);
        for (unsigned i = n; i < v.ops; i++)
            assert_ok(village_add(&v, s, i));
        village_deep(s, now);
        assert_memory_equal(now, deep[v.ops], 32);
    }
    en_circle_rollback(s, v.ops + 7); /* more than there is: nothing */
    assert_int_equal(en_circle_count(s), v.ops);
    en_circle_free(s);
    free(deep);
}

static void everything_in_any_order_shows_the_same(void **state)
{
    (void)state;
    everything_at_once();
    assert_true(village_check(&v, NULL) > 30);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_circle_begins_with_its_genesis),
        CASE(a_genesis_that_names_another_log_is_refused),
        CASE(a_genesis_under_another_kind_of_header_is_refused),
        CASE(a_genesis_with_a_flipped_bit_is_another_circle_or_none),
        CASE(the_root_is_a_root_of_no_circle_and_of_its_own_person),
        CASE(records_of_a_log_come_in_their_order),
        CASE(a_header_that_does_not_follow_is_refused),
        CASE(a_log_of_nobody_known_is_told_apart),
        CASE(an_operation_waits_for_what_it_has_seen),
        CASE(what_cannot_be_read_is_kept_and_means_nothing),
        CASE(the_heads_of_what_cannot_be_read_are_its_past),
        CASE(bytes_that_are_no_packed_value_are_kept_too),
        CASE(kinds_not_evaluated_here_change_nothing_but_a_count),
        CASE(would_says_what_adding_would_and_changes_nothing),
        CASE(would_denies_what_a_removal_has_ended),
        CASE(going_back_leaves_no_trace),
        CASE(everything_in_any_order_shows_the_same),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
