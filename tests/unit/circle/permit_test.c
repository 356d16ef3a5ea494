/*
 * What is permitted is judged on an operation and its past alone: certificates,
 * levels, limits. Each refusal stands beside the nearest thing that is taken.
 */
#include "lib/test.h"
#include "lib/village.h"

#include "circle/internal.h"
#include "record/checkpoint.h"

#include <stdlib.h>

static struct village v;
static unsigned a, b, c, d, x;

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

/* The verdict on the operation, with all that there is around it. */
static bool taken(unsigned op)
{
    struct en_circle *s = village_whole(&v);
    bool is = village_permitted(&v, s, op);

    en_circle_free(s);
    return is;
}

/* A class-2 GRANT by A of one device, as its certificate is now. */
static bool admitted(unsigned who)
{
    return taken(village_admit(&v, a, who, 2));
}

/* The device's own signature over whatever its certificate bytes say. */
static void sign_again(unsigned who)
{
    struct village_author *w = &v.author[who];

    en_cert_sign(&w->keys.sign, w->raw, w->sig);
    en_device_id(&v.cid, w->raw, &w->device);
}

/* -- certificates ----------------------------------------------------------- */

static void a_new_person_s_first_device_is_admitted(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    assert_true(admitted(x));
}

static void one_flipped_bit_anywhere_in_a_certificate_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    for (unsigned bit = 0; bit < 8 * EN_CERT_LEN; bit += 7) {
        v.author[x].raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
        en_device_id(&v.cid, v.author[x].raw, &v.author[x].device);
        assert_false(admitted(x));
        v.author[x].raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    en_device_id(&v.cid, v.author[x].raw, &v.author[x].device);
    assert_true(admitted(x));
}

static void a_certificate_with_a_wrong_signature_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    for (unsigned bit = 0; bit < 512; bit += 37) {
        v.author[x].sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(admitted(x));
        v.author[x].sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_certificate_of_another_circle_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    v.author[x].raw[1] ^= 1;
    sign_again(x);
    assert_false(admitted(x));
}

static void a_certificate_of_another_version_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    v.author[x].raw[0] = 2;
    sign_again(x);
    assert_false(admitted(x));
}

static void flags_that_are_unknown_or_together_are_refused(void **state)
{
    const uint8_t flags[] = {8, 0x80, EN_CERT_KIT | EN_CERT_OBSERVER, 16};

    (void)state;
    for (size_t i = 0; i < sizeof(flags); i++) {
        x = village_device(&v, NOBODY, 0);
        v.author[x].raw[EN_CERT_FLAGS_AT] = flags[i];
        sign_again(x);
        assert_false(admitted(x));
    }
}

static void a_device_id_that_is_not_the_certificate_s_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    v.author[x].device.b[31] ^= 1;
    assert_false(admitted(x));
}

static void a_person_that_the_keys_do_not_name_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    v.author[x].cert.person.b[0] ^= 1;
    village_certify(&v, x); /* says that person, and is signed */
    assert_false(admitted(x));
}

static void a_person_beside_the_certificate_s_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    v.author[x].cert.person.b[0] ^= 1;
    assert_false(admitted(x)); /* the entry says another one */
}

/* The points of small order of Curve25519, and zero. */
static void keys_of_small_order_are_refused(void **state)
{
    static const char *const low[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    static const size_t at[] = {EN_CERT_WRAP_AT, EN_CERT_LINK_AT,
                                EN_CERT_FIND_AT};

    (void)state;
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < sizeof(low) / sizeof(low[0]); i++) {
            x = village_device(&v, NOBODY, 0);
            assert_ok(en_unhex(v.author[x].raw + at[k], 32, low[i]));
            en_person_id(v.author[x].raw + EN_CERT_SIGN_AT,
                         v.author[x].raw + EN_CERT_WRAP_AT,
                         &v.author[x].cert.person);
            memcpy(v.author[x].raw + EN_CERT_PERSON_AT,
                   v.author[x].cert.person.b, 16);
            sign_again(x);
            assert_false(admitted(x));
        }
}

static void a_certificate_with_one_key_twice_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    v.author[x].keys.find = v.author[x].keys.link;
    village_certify(&v, x);
    assert_false(admitted(x));
}

static void a_key_of_another_device_is_refused(void **state)
{
    (void)state;
    /* As any of the three, wherever it stood there. */
    for (int as = 0; as < 3; as++) {
        struct en_key *mine;

        x = village_device(&v, NOBODY, 0);
        mine = as == 0   ? &v.author[x].keys.wrap
               : as == 1 ? &v.author[x].keys.link
                         : &v.author[x].keys.find;
        *mine = v.author[a].keys.link;
        v.author[x].cert.person = (struct en_id16){{0}};
        village_certify(&v, x);
        assert_false(admitted(x));
    }
    x = village_device(&v, NOBODY, 0);
    v.author[x].keys.sign = v.author[0].keys.sign; /* the root's */
    v.author[x].cert.person = (struct en_id16){{0}};
    village_certify(&v, x);
    assert_false(admitted(x));
}

static void a_key_that_another_device_renewed_away_is_refused(void **state)
{
    struct en_key old = v.author[a].keys.wrap;
    struct en_key now;

    (void)state;
    (void)village_devkey(&v, a);
    now = v.author[a].keys.wrap;
    assert_memory_not_equal(&old, &now, sizeof(old));
    for (int i = 0; i < 2; i++) {
        x = village_device(&v, NOBODY, 0);
        v.author[x].keys.link = i == 0 ? old : now;
        v.author[x].cert.person = (struct en_id16){{0}};
        village_certify(&v, x);
        assert_false(admitted(x));
    }
}

static void two_entries_of_one_grant_share_no_key(void **state)
{
    unsigned two[2];

    (void)state;
    two[0] = village_device(&v, NOBODY, 0);
    two[1] = village_device(&v, NOBODY, 0);
    assert_true(taken(village_admit_all(&v, a, two, 2, 2)));
    two[0] = village_device(&v, NOBODY, 0);
    two[1] = village_device(&v, NOBODY, 0);
    v.author[two[1]].keys.find = v.author[two[0]].keys.wrap;
    village_certify(&v, two[1]);
    assert_false(taken(village_admit_all(&v, a, two, 2, 2)));
}

static void one_device_does_not_stand_twice_in_a_grant(void **state)
{
    unsigned two[2];

    (void)state;
    two[0] = two[1] = village_device(&v, NOBODY, 0);
    assert_false(taken(village_admit_all(&v, a, two, 2, 2)));
}

static void two_devices_of_a_new_person_need_two_grants(void **state)
{
    unsigned two[2];

    (void)state;
    two[0] = village_device(&v, NOBODY, 0);
    two[1] = village_device(&v, two[0], 0);
    assert_false(taken(village_admit_all(&v, a, two, 2, 2)));
}

/* The 16 bytes by which wire and heads know a device and its logs. */
static void a_short_name_that_is_taken_is_refused(void **state)
{
    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    for (int i = 0; i < 5; i++) {
        struct en_circle *s = village_whole(&v);
        struct en_op op = {.type = EN_OP_GRANT, .has_auth = true};
        struct en_op_grant g = {.cls = 2};
        struct en_op_head head[EN_HEADS_MAX];
        struct en_buf payload = {0};
        struct en_id log;

        x = village_device(&v, NOBODY, 0);
        g.person = v.author[x].cert.person;
        g.device = v.author[x].device;
        g.cert = EN_SPAN_OF(v.author[x].raw);
        g.sig = EN_SPAN_OF(v.author[x].sig);
        op.auth = village_member(&v, s, a)->auth;
        op.u.grant.grant = &g;
        op.u.grant.n = 1;
        op.head = head;
        op.heads = en_circle_heads(s, &v.author[a].device, head);
        assert_ok(en_op_encode(&op, &payload));
        assert_ok(en_circle_would(s, &v.author[a].device, EN_OP_GRANT,
                                  en_buf_span(&payload)));
        /* Device 2 is C. No hash will do this: it is done by hand. */
        en_log_id(&v.cid, &g.device, i < 2 ? EN_CONTROL : EN_JOURNAL, &log);
        if (i == 4)
            memcpy(s->dev[2].m.device.b, g.device.b, 16);
        else if (i % 2 == 0)
            s->dev[2].control16 = en_id_short(&log);
        else
            s->dev[2].journal16 = en_id_short(&log);
        assert_err(en_circle_would(s, &v.author[a].device, EN_OP_GRANT,
                                   en_buf_span(&payload)),
                   EN_DENIED);
        en_buf_free(&payload);
        en_circle_free(s);
    }
}

static void a_person_s_devices_come_from_that_person_alone(void **state)
{
    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    x = village_device(&v, c, 0);
    assert_false(admitted(x)); /* by A, in C's name */
    assert_true(taken(village_admit(&v, c, x, 2)));
}

static void the_root_brings_no_second_device_of_a_person(void **state)
{
    (void)state;
    x = village_device(&v, a, 0);
    assert_false(taken(village_admit(&v, 0, x, 2)));
}

/* -- classes and flags -------------------------------------------------------- */

static void classes_are_granted_by_the_table(void **state)
{
    static const bool may[4][4] = {
        {false, true, true, true}, /* by the root */
        {false, true, true, true}, /* by a facilitator */
        {false, false, false, false},
        {false, false, false, false},
    };
    unsigned by[4];

    (void)state;
    by[0] = 0;
    by[1] = a;
    by[2] = village_grant(&v, a, 2, NOBODY);
    by[3] = village_grant(&v, a, 3, NOBODY);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned cls = 1; cls < 4; cls++) {
            x = village_device(&v, NOBODY, cls == 3 ? EN_CERT_OBSERVER : 0);
            assert_int_equal(taken(village_admit(&v, by[i], x, cls)),
                             may[i][cls]);
        }
    /* A member: class 2, further devices of its own person, kit included. */
    x = village_device(&v, by[2], 0);
    assert_true(taken(village_admit(&v, by[2], x, 2)));
    x = village_device(&v, by[2], EN_CERT_KIT);
    assert_true(taken(village_admit(&v, by[2], x, 2)));
    x = village_device(&v, by[2], 0);
    assert_false(taken(village_admit(&v, by[2], x, 1)));
}

static void observer_and_class_3_go_together(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, 0);
    assert_false(taken(village_admit(&v, a, x, 3)));
    x = village_device(&v, NOBODY, EN_CERT_OBSERVER);
    assert_false(taken(village_admit(&v, a, x, 2)));
    assert_true(taken(village_admit(&v, a, x, 3)));
}

static void a_second_root_is_refused(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, EN_CERT_ROOT);
    for (unsigned cls = 1; cls < 4; cls++) {
        assert_false(taken(village_admit(&v, 0, x, cls)));
        assert_false(taken(village_admit(&v, a, x, cls)));
    }
}

/* Whoever did this would leave no epoch that anybody could seal. */
static void neither_root_nor_observer_is_promoted_among_readers(void **state)
{
    struct en_circle *s;

    (void)state;
    x = village_grant(&v, a, 3, NOBODY);
    for (unsigned cls = 1; cls < 3; cls++) {
        assert_false(taken(village_promote(&v, a, x, cls)));
        assert_false(taken(village_promote(&v, 0, x, cls)));
        assert_false(taken(village_promote(&v, 0, 0, cls)));
    }
    s = village_whole(&v);
    assert_false(village_member(&v, s, x)->reader);
    assert_false(village_member(&v, s, 0)->reader);
    en_circle_free(s);
    village_see_all(&v, a);
    assert_true(taken(village_epoch(&v, a)));
}

static void a_kit_comes_only_to_a_person_who_is_there(void **state)
{
    (void)state;
    x = village_device(&v, NOBODY, EN_CERT_KIT);
    assert_false(admitted(x));
    x = village_device(&v, a, EN_CERT_KIT);
    assert_true(admitted(x));
}

static void no_kit_comes_while_the_policy_has_none(void **state)
{
    struct en_policy none = {.devices = 8, .wait = 1, .kits = 0};

    (void)state;
    (void)village_policy(&v, a, &none);
    x = village_device(&v, a, EN_CERT_KIT);
    assert_false(admitted(x));
}

static void a_kit_is_not_promoted(void **state)
{
    (void)state;
    x = village_device(&v, a, EN_CERT_KIT);
    (void)village_admit(&v, a, x, 2);
    assert_false(taken(village_promote(&v, a, x, 1)));
    village_see_all(&v, 0);
    assert_false(taken(village_promote(&v, 0, x, 1)));
}

static void only_the_most_senior_device_is_promoted_by_others(void **state)
{
    unsigned laptop = village_grant(&v, a, 2, NOBODY);
    unsigned phone = village_grant(&v, laptop, 2, laptop);

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    village_see_all(&v, b);
    assert_false(taken(village_promote(&v, b, phone, 1)));
    assert_true(taken(village_promote(&v, b, laptop, 1)));
    village_see_all(&v, laptop);
    assert_true(taken(village_promote(&v, laptop, phone, 1))); /* its person */
    laptop = village_grant(&v, a, 2, NOBODY);
    phone = village_grant(&v, laptop, 2, laptop);
    village_see_all(&v, 0);
    assert_true(taken(village_promote(&v, 0, phone, 1))); /* the root may */
}

static void a_promotion_names_a_device_that_is_active(void **state)
{
    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    x = village_device(&v, NOBODY, 0); /* of nobody known */
    assert_false(taken(village_promote(&v, a, x, 1)));
    (void)village_revoke_device(&v, a, c);
    assert_false(taken(village_promote(&v, a, c, 1)));
}

static void a_promotion_names_the_device_s_person(void **state)
{
    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    v.author[c].cert.person.b[0] ^= 1;
    assert_false(taken(village_promote(&v, a, c, 1)));
}

/* -- authority ---------------------------------------------------------------- */

static void an_operation_acts_under_a_grant_of_its_own_device(void **state)
{
    struct en_grant_ref other;
    struct en_grant_ref none = village_ref(&v, 1, 1); /* no such entry */
    struct en_policy p = en_policy_default();

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    other = village_ref(&v, 1, 0); /* A's */
    v.auth = &other;
    assert_true(taken(village_policy(&v, a, &p)));
    v.auth = &other;
    assert_false(taken(village_policy(&v, b, &p)));
    v.auth = &none;
    assert_false(taken(village_policy(&v, a, &p)));
    v.no_auth = true;
    assert_false(taken(village_policy(&v, a, &p)));
}

static void a_grant_that_is_not_in_the_past_gives_nothing(void **state)
{
    struct en_op op = {.type = EN_OP_POLICY};
    struct en_op_head none;
    struct en_grant_ref own;

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    own = village_ref(&v, v.ops - 1, 0);
    op.u.policy = en_policy_default();
    op.head = &none; /* heads: nothing at all */
    op.heads = 0;
    v.auth = &own;
    assert_false(taken(village_make(&v, b, &op)));
}

static void a_head_that_is_not_what_is_held_makes_it_void(void **state)
{
    struct en_op op = {.type = EN_OP_POLICY};
    struct en_op_head head = {.seq = 0};

    (void)state;
    op.u.policy = en_policy_default();
    head.dev16 = en_id_short(&v.author[0].device);
    head.seq = 1;
    head.id = v.op[1].id;
    op.head = &head;
    op.heads = 1;
    assert_true(taken(village_make(&v, a, &op)));
    head.id.b[5] ^= 1;
    assert_false(taken(village_make(&v, a, &op)));
}

static void a_head_beyond_its_own_place_makes_it_void(void **state)
{
    struct en_op op = {.type = EN_OP_POLICY};
    struct en_op_head head = {.seq = 7};

    (void)state;
    op.u.policy = en_policy_default();
    head.dev16 = en_id_short(&v.author[a].device);
    op.head = &head;
    op.heads = 1;
    assert_false(taken(village_make(&v, a, &op)));
}

static void a_label_has_no_author_s_grant(void **state)
{
    struct en_op op = {.type = EN_OP_LABEL};
    struct en_buf payload = {0};

    (void)state;
    assert_true(taken(village_label(&v, a, a, "Amina", NULL)));
    op.has_auth = true;
    op.auth = village_ref(&v, 1, 0);
    op.u.label.person = v.author[a].cert.person;
    op.u.label.person_label = BYTES("Amina");
    assert_ok(en_op_encode(&op, &payload));
    assert_false(taken(village_raw(&v, a, EN_OP_LABEL, en_buf_span(&payload))));
    en_buf_free(&payload);
}

static void a_label_names_who_is_there(void **state)
{
    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    x = village_device(&v, NOBODY, 0);
    assert_false(taken(village_label(&v, a, x, "Inconnu", NULL)));
    assert_false(taken(village_label(&v, a, x, "Inconnu", "appareil")));
    v.author[x].device = v.author[c].device;
    v.author[x].cert.person = v.author[a].cert.person;
    assert_false(taken(village_label(&v, a, x, "Amina", "de Chloé")));
}

static void observers_attest_what_they_witnessed_and_nothing_else(void **state)
{
    struct en_op_attest item = {.what = 3, .ref = EN_SPAN_OF(v.cid.b)};
    struct en_op op = {.type = EN_OP_ATTEST};
    const struct en_id16 epoch = {{1}};

    (void)state;
    x = village_grant(&v, a, 3, NOBODY);
    op.u.attest.item = &item;
    op.u.attest.n = 1;
    assert_true(taken(village_make(&v, x, &op)));
    assert_false(taken(village_attest(&v, x, &epoch, 0)));
    assert_true(taken(village_attest(&v, a, &epoch, 0)));
    assert_false(taken(village_attest(&v, 0, &epoch, 0)));
}

static void policy_is_the_root_s_and_facilitators_matter(void **state)
{
    struct en_policy p = en_policy_default();

    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    x = village_grant(&v, a, 3, NOBODY);
    assert_true(taken(village_policy(&v, 0, &p)));
    assert_true(taken(village_policy(&v, a, &p)));
    assert_false(taken(village_policy(&v, c, &p)));
    assert_false(taken(village_policy(&v, x, &p)));
}

/* -- REVOKE ------------------------------------------------------------------- */

static void a_revocation_names_what_its_past_knows(void **state)
{
    struct en_grant_ref ref;

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY); /* A has not seen it */
    assert_false(taken(village_revoke_device(&v, a, b)));
    assert_false(taken(village_revoke_person(&v, a, b)));
    assert_false(taken(village_revoke_grant(&v, a, 2, 0)));
    village_see_all(&v, a);
    assert_true(taken(village_revoke_device(&v, a, b)));
    assert_true(taken(village_revoke_person(&v, a, b)));
    assert_true(taken(village_revoke_grant(&v, a, 2, 0)));
    ref = village_ref(&v, 2, 1);
    (void)ref;
    assert_false(taken(village_revoke_grant(&v, a, 2, 1)));
}

static void nobody_revokes_itself_but_by_leaving_or_demotion(void **state)
{
    struct en_op op = {.type = EN_OP_REVOKE};
    struct en_grant_ref both[2];
    unsigned member;

    (void)state;
    c = village_device(&v, NOBODY, 0);
    member = village_admit(&v, a, c, 2);
    (void)village_promote(&v, a, c, 1);
    village_see_all(&v, c);
    assert_false(taken(village_revoke_person(&v, c, c)));
    /* Acting as facilitator it gives the member's grant back, not the one it
     * acts under. */
    assert_true(taken(village_revoke_grant(&v, c, member, 0)));
    assert_false(taken(village_revoke_grant(&v, c, member + 1, 0)));
    both[0] = village_ref(&v, member, 0);
    both[1] = village_ref(&v, 1, 0);
    if (en_id_cmp(&both[0].op, &both[1].op) > 0) {
        struct en_grant_ref swap = both[0];

        both[0] = both[1];
        both[1] = swap;
    }
    op.u.revoke.grant = both;
    op.u.revoke.grants = 2;
    assert_true(taken(village_make(&v, c, &op)));
    assert_true(taken(village_leave(&v, c)));
}

static void the_root_does_not_leave(void **state)
{
    (void)state;
    assert_false(taken(village_leave(&v, 0)));
}

/* -- DEVKEY ------------------------------------------------------------------- */

/* A DEVKEY of A, of which `change` spoils the certificate before it is signed;
 * old: the key that signs as the one before. */
struct renewal {
    struct en_device_keys keys;
    struct en_cert cert;
    uint8_t raw[EN_CERT_LEN];
    uint8_t sig[64], old[64];
};

static void renewal_of(struct renewal *r, unsigned who)
{
    r->keys = v.author[who].keys;
    r->cert = v.author[who].cert;
    en_rng_bytes(&v.rng.rng, r->keys.sign.b, 32);
    en_rng_bytes(&v.rng.rng, r->keys.wrap.b, 32);
    en_cert_of_keys(&r->keys, &r->cert);
    en_cert_encode(&r->cert, r->raw);
}

static void renewal_sign(struct renewal *r, unsigned who,
                         const struct en_key *old, uint64_t seq)
{
    struct en_id id;

    en_cert_sign(&r->keys.sign, r->raw, r->sig);
    en_device_id(&v.cid, r->raw, &id);
    en_renew_sign(old, &v.author[who].control, seq, &id, r->old);
}

static unsigned renew(struct renewal *r, unsigned who)
{
    struct en_op op = {.type = EN_OP_DEVKEY};

    op.u.devkey.cert = EN_SPAN_OF(r->raw);
    op.u.devkey.cert_sig = EN_SPAN_OF(r->sig);
    op.u.devkey.old_sig = EN_SPAN_OF(r->old);
    return village_make(&v, who, &op);
}

static bool well_formed(unsigned op)
{
    struct en_circle *s = village_whole(&v);
    bool is = false;

    for (uint32_t i = 0; i < s->recs; i++)
        if (en_id_eq(&s->rec[i].id, &v.op[op].id))
            is = s->rec[i].renews;
    en_circle_free(s);
    return is;
}

static void a_device_renews_its_keys(void **state)
{
    struct renewal r;
    unsigned op;
    struct en_circle *s;

    (void)state;
    renewal_of(&r, a);
    renewal_sign(&r, a, &v.author[a].keys.sign, v.author[a].count);
    op = renew(&r, a);
    assert_true(taken(op));
    assert_true(well_formed(op));
    s = village_whole(&v);
    assert_memory_equal(village_member(&v, s, a)->wrap_pk, r.cert.wrap_pk, 32);
    assert_memory_equal(village_member(&v, s, a)->cert, r.raw, EN_CERT_LEN);
    en_circle_free(s);
}

static void a_renewal_needs_the_key_before_at_its_very_place(void **state)
{
    struct en_key old = v.author[a].keys.sign;
    struct renewal r;
    unsigned op;

    (void)state;
    renewal_of(&r, a);
    renewal_sign(&r, a, &r.keys.sign, v.author[a].count); /* not the old one */
    op = renew(&r, a);
    assert_false(taken(op));
    assert_false(well_formed(op));
    renewal_sign(&r, a, &old, v.author[a].count + 1); /* of another place */
    op = renew(&r, a);
    assert_false(taken(op));
    assert_false(well_formed(op));
    renewal_sign(&r, a, &old, v.author[a].count);
    op = renew(&r, a);
    assert_true(taken(op));
    /* From here on the renewed key is the one before. */
    renewal_of(&r, a);
    renewal_sign(&r, a, &old, v.author[a].count);
    assert_false(well_formed(renew(&r, a)));
}

static void a_renewal_changes_neither_person_nor_flags(void **state)
{
    static const size_t at[] = {0, 1, EN_CERT_PERSON_AT, EN_CERT_FLAGS_AT};
    struct renewal r;
    unsigned op;

    (void)state;
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        renewal_of(&r, a);
        r.raw[at[i]] ^= 1;
        renewal_sign(&r, a, &v.author[a].keys.sign, v.author[a].count);
        op = renew(&r, a);
        assert_false(taken(op));
        assert_false(well_formed(op));
    }
}

/* The chain renews its signature; the circle keeps the device's old keys. */
static void a_renewal_of_link_or_find_is_the_chain_s_alone(void **state)
{
    struct renewal r;
    struct en_circle *s;
    unsigned op;

    (void)state;
    renewal_of(&r, a);
    en_rng_bytes(&v.rng.rng, r.keys.link.b, 32);
    en_cert_of_keys(&r.keys, &r.cert);
    en_cert_encode(&r.cert, r.raw);
    renewal_sign(&r, a, &v.author[a].keys.sign, v.author[a].count);
    op = renew(&r, a);
    assert_true(well_formed(op));
    assert_false(taken(op));
    s = village_whole(&v);
    assert_memory_equal(village_member(&v, s, a)->link_pk,
                        v.author[a].cert.link_pk, 32);
    assert_memory_equal(village_member(&v, s, a)->wrap_pk,
                        v.author[a].cert.wrap_pk, 32);
    en_circle_free(s);
}

static void a_kit_renews_nothing_in_the_circle(void **state)
{
    struct renewal r;

    (void)state;
    x = village_device(&v, a, EN_CERT_KIT);
    village_see(&v, x, village_admit(&v, a, x, 2));
    renewal_of(&r, x);
    renewal_sign(&r, x, &v.author[x].keys.sign, v.author[x].count);
    assert_false(taken(renew(&r, x)));
}

static void a_renewal_to_another_device_s_key_is_refused(void **state)
{
    struct renewal r;

    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    renewal_of(&r, c);
    r.keys.wrap = v.author[a].keys.find;
    en_cert_of_keys(&r.keys, &r.cert);
    en_cert_encode(&r.cert, r.raw);
    renewal_sign(&r, c, &v.author[c].keys.sign, v.author[c].count);
    assert_false(taken(renew(&r, c)));
}

/* -- limits (section 18) ------------------------------------------------------ */

static void
a_person_has_at_most_as_many_devices_as_the_policy_says(void **state)
{
    struct en_policy p = en_policy_default();

    (void)state;
    p.devices = 3;
    (void)village_policy(&v, a, &p);
    c = village_grant(&v, a, 2, NOBODY);
    for (int i = 0; i < 2; i++) {
        x = village_device(&v, c, 0);
        assert_true(taken(village_admit(&v, c, x, 2)));
    }
    d = village_device(&v, c, 0);
    assert_false(taken(village_admit(&v, c, d, 2)));
    (void)village_revoke_device(&v, c, x); /* room again */
    assert_true(taken(village_admit(&v, c, d, 2)));
}

static void an_active_device_granted_again_takes_no_room(void **state)
{
    struct en_policy p = en_policy_default();

    (void)state;
    p.devices = 2;
    (void)village_policy(&v, a, &p);
    c = village_grant(&v, a, 2, NOBODY);
    x = village_grant(&v, c, 2, c);
    assert_true(taken(village_admit(&v, c, x, 2)));
}

static void a_circle_has_at_most_sixty_active_devices(void **state)
{
    unsigned who[8];

    (void)state;
    /* A is there; root does not count. 59 more. */
    for (int i = 0; i < 59;) {
        size_t n = 0;

        while (n < 8 && i < 59) {
            who[n++] = village_device(&v, NOBODY, 0);
            i++;
        }
        assert_true(taken(village_admit_all(&v, a, who, n, 2)));
    }
    d = who[0];
    x = village_device(&v, NOBODY, 0);
    assert_false(taken(village_admit(&v, a, x, 2)));
    village_see_all(&v, 0);
    assert_false(taken(village_admit(&v, 0, x, 2))); /* nor by the root */
    (void)village_revoke_device(&v, a, d);
    assert_true(taken(village_admit(&v, a, x, 2)));
}

static void a_person_brings_at_most_32_certificates(void **state)
{
    unsigned last = 0;

    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    for (int i = 1; i < EN_CERTS_PERSON_MAX; i++) {
        last = village_device(&v, c, 0);
        assert_true(taken(village_admit(&v, c, last, 2)));
        (void)village_revoke_device(&v, c, last);
    }
    x = village_device(&v, c, 0);
    assert_false(taken(village_admit(&v, c, x, 2)));
}

/* n devices by one author, each removed again: of new persons, or of its own. */
static void crowd_of(unsigned by, unsigned n, unsigned of)
{
    unsigned who[8];

    for (unsigned i = 0; i < n;) {
        struct en_op op = {.type = EN_OP_REVOKE};
        struct en_id16 dev[8];
        size_t k = 0;

        while (k < 7 && i < n) {
            who[k++] = village_device(&v, of, 0);
            i++;
        }
        (void)village_admit_all(&v, by, who, k, 2);
        for (size_t j = 0; j < k; j++) {
            struct en_id16 id = en_id_short(&v.author[who[j]].device);
            size_t at = j;

            while (at > 0 && en_id16_cmp(&dev[at - 1], &id) > 0) {
                dev[at] = dev[at - 1];
                at--;
            }
            dev[at] = id;
        }
        op.u.revoke.device = dev;
        op.u.revoke.devices = k;
        (void)village_make(&v, by, &op);
    }
}

static void crowd(unsigned by, unsigned n)
{
    crowd_of(by, n, NOBODY);
}

static void one_person_brings_in_at_most_64_others(void **state)
{
    (void)state;
    crowd(a, EN_PERSONS_BY_MAX);
    x = village_device(&v, NOBODY, 0);
    assert_false(taken(village_admit(&v, a, x, 2)));
    village_see_all(&v, 0);
    assert_true(taken(village_admit(&v, 0, x, 2))); /* the root may */
}

static void a_person_brought_in_by_two_at_once_is_one(void **state)
{
    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    crowd(a, EN_PERSONS_BY_MAX - 2);
    x = village_device(&v, NOBODY, 0);
    (void)village_admit(&v, a, x, 2);
    (void)village_admit(&v, b, x, 2);
    village_see_all(&v, a); /* 63 persons of A's, one of them B's too */
    d = village_device(&v, NOBODY, 0);
    assert_true(taken(village_admit(&v, a, d, 2)));
    x = village_device(&v, NOBODY, 0);
    assert_false(taken(village_admit(&v, a, x, 2)));
}

static void a_circle_sees_at_most_256_persons(void **state)
{
    unsigned by[5];

    (void)state;
    by[0] = a;
    for (int i = 1; i < 5; i++)
        by[i] = village_grant(&v, 0, 1, NOBODY); /* five persons */
    for (int i = 0; i < 4; i++) {
        village_see_all(&v, by[i]);
        crowd(by[i], i < 3 ? EN_PERSONS_BY_MAX : 58);
    }
    village_see_all(&v, by[4]);
    x = village_device(&v, NOBODY, 0);
    assert_true(taken(village_admit(&v, by[4], x, 2))); /* the 256th */
    x = village_device(&v, NOBODY, 0);
    assert_false(taken(village_admit(&v, by[4], x, 2)));
    village_see_all(&v, 0);
    assert_true(taken(village_admit(&v, 0, x, 2)));
}

static void a_circle_sees_at_most_1024_certificates(void **state)
{
    struct en_circle *s;

    (void)state;
    /* A's one, 31 persons with 32 each, one with 30: 1,023. */
    for (int i = 0; i < 32; i++) {
        c = village_grant(&v, a, 2, NOBODY);
        crowd_of(c, i < 31 ? EN_CERTS_PERSON_MAX - 1 : 29, c);
    }
    village_see_all(&v, a);
    x = village_device(&v, a, 0);
    assert_true(taken(village_admit(&v, a, x, 2)));
    x = village_device(&v, a, 0);
    assert_false(taken(village_admit(&v, a, x, 2)));
    village_see_all(&v, 0);
    x = village_device(&v, NOBODY, 0);
    assert_true(taken(village_admit(&v, 0, x, 2))); /* the root may */
    s = village_whole(&v);
    assert_int_equal(en_circle_members(s), EN_CERTS_MAX + 2); /* and the root */
    en_circle_free(s);
}

static void limits_are_judged_on_the_past_alone(void **state)
{
    struct en_policy p = en_policy_default();
    unsigned op;

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    x = village_device(&v, c, 0);
    op = village_admit(&v, c, x, 2);
    p.devices = 1; /* B, who has not seen it, allows one a person */
    (void)village_policy(&v, b, &p);
    assert_true(taken(op));
    village_see_all(&v, c);
    d = village_device(&v, c, 0);
    assert_false(taken(village_admit(&v, c, d, 2)));
}

/* -- a personal circle --------------------------------------------------------- */

static void a_personal_circle_is_one_person_s(void **state)
{
    unsigned two[2];

    (void)state;
    village_free(&v);
    village_new(&v, true);
    two[0] = village_device(&v, NOBODY, 0);
    two[1] = village_device(&v, NOBODY, 0);
    assert_false(taken(village_admit_all(&v, 0, two, 2, 1)));
    x = village_device(&v, NOBODY, 0);
    assert_false(taken(village_admit(&v, 0, x, 2)));
    a = village_grant(&v, 0, 1, NOBODY);
    assert_true(village_active(&v, v.author[a].c, a));
    x = village_device(&v, NOBODY, 0); /* another person */
    assert_false(taken(village_admit(&v, 0, x, 1)));
    assert_false(taken(village_admit(&v, a, x, 1)));
    x = village_device(&v, a, 0);
    assert_false(taken(village_admit(&v, a, x, 2)));
    assert_true(taken(village_admit(&v, a, x, 1)));
    x = village_device(&v, a, EN_CERT_KIT);
    assert_true(taken(village_admit(&v, a, x, 1)));
    village_see_all(&v, 0);
    assert_true(taken(village_promote(&v, 0, a, 1))); /* root, cert nil */
    x = village_device(&v, a, EN_CERT_OBSERVER);
    assert_false(taken(village_admit(&v, a, x, 3)));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_new_person_s_first_device_is_admitted),
        CASE(one_flipped_bit_anywhere_in_a_certificate_is_refused),
        CASE(a_certificate_with_a_wrong_signature_is_refused),
        CASE(a_certificate_of_another_circle_is_refused),
        CASE(a_certificate_of_another_version_is_refused),
        CASE(flags_that_are_unknown_or_together_are_refused),
        CASE(a_device_id_that_is_not_the_certificate_s_is_refused),
        CASE(a_person_that_the_keys_do_not_name_is_refused),
        CASE(a_person_beside_the_certificate_s_is_refused),
        CASE(keys_of_small_order_are_refused),
        CASE(a_certificate_with_one_key_twice_is_refused),
        CASE(a_key_of_another_device_is_refused),
        CASE(a_key_that_another_device_renewed_away_is_refused),
        CASE(two_entries_of_one_grant_share_no_key),
        CASE(one_device_does_not_stand_twice_in_a_grant),
        CASE(two_devices_of_a_new_person_need_two_grants),
        CASE(a_short_name_that_is_taken_is_refused),
        CASE(a_person_s_devices_come_from_that_person_alone),
        CASE(the_root_brings_no_second_device_of_a_person),
        CASE(classes_are_granted_by_the_table),
        CASE(observer_and_class_3_go_together),
        CASE(a_second_root_is_refused),
        CASE(neither_root_nor_observer_is_promoted_among_readers),
        CASE(a_kit_comes_only_to_a_person_who_is_there),
        CASE(no_kit_comes_while_the_policy_has_none),
        CASE(a_kit_is_not_promoted),
        CASE(only_the_most_senior_device_is_promoted_by_others),
        CASE(a_promotion_names_a_device_that_is_active),
        CASE(a_promotion_names_the_device_s_person),
        CASE(an_operation_acts_under_a_grant_of_its_own_device),
        CASE(a_grant_that_is_not_in_the_past_gives_nothing),
        CASE(a_head_that_is_not_what_is_held_makes_it_void),
        CASE(a_head_beyond_its_own_place_makes_it_void),
        CASE(a_label_has_no_author_s_grant),
        CASE(a_label_names_who_is_there),
        CASE(observers_attest_what_they_witnessed_and_nothing_else),
        CASE(policy_is_the_root_s_and_facilitators_matter),
        CASE(a_revocation_names_what_its_past_knows),
        CASE(nobody_revokes_itself_but_by_leaving_or_demotion),
        CASE(the_root_does_not_leave),
        CASE(a_device_renews_its_keys),
        CASE(a_renewal_needs_the_key_before_at_its_very_place),
        CASE(a_renewal_changes_neither_person_nor_flags),
        CASE(a_renewal_of_link_or_find_is_the_chain_s_alone),
        CASE(a_kit_renews_nothing_in_the_circle),
        CASE(a_renewal_to_another_device_s_key_is_refused),
        CASE(a_person_has_at_most_as_many_devices_as_the_policy_says),
        CASE(an_active_device_granted_again_takes_no_room),
        CASE(a_circle_has_at_most_sixty_active_devices),
        CASE(a_person_brings_at_most_32_certificates),
        CASE(one_person_brings_in_at_most_64_others),
        CASE(a_person_brought_in_by_two_at_once_is_one),
        CASE(a_circle_sees_at_most_256_persons),
        CASE(a_circle_sees_at_most_1024_certificates),
        CASE(limits_are_judged_on_the_past_alone),
        CASE(a_personal_circle_is_one_person_s),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
