/*
 * Epochs: who may seal to whom, and what each holder finds out about a seal that
 * is wrong anywhere.
 */
#include "lib/test.h"
#include "lib/village.h"

#include "circle/internal.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/wrap.h"

static struct village v;
static unsigned a, b, c, x;
static struct en_buf payload;

static int set_up(void **state)
{
    (void)state;
    village_new(&v, false);
    a = village_grant(&v, 0, 1, NOBODY);
    b = village_grant(&v, a, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    village_see_all(&v, b);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    en_buf_free(&payload);
    village_free(&v);
    return 0;
}

static bool taken(unsigned op)
{
    struct en_circle *s = village_whole(&v);
    bool is = village_permitted(&v, s, op);

    en_circle_free(s);
    return is;
}

/* A good EPOCH of `by`, to be spoilt field by field; it owns nothing. */
static struct en_op op;
static struct en_id16 parents[EN_PARENTS_MAX];

static void draft(unsigned by)
{
    struct village_author *w = &v.author[by];
    struct en_op made;

    en_buf_free(&payload);
    assert_ok(en_epoch_make(w->c, &w->device, &w->keys.secret,
                            w->count == 0 ? &w->control : &w->last, w->count,
                            &v.rng.rng, &payload, &v.seed));
    assert_ok(en_op_decode(EN_OP_EPOCH, en_buf_span(&payload), &made));
    op = made;
    op.head = NULL; /* village_make names them anew */
    op.heads = 0;
    op.u.epoch.parent = parents;
    if (made.u.epoch.parents > 0)
        memcpy(parents, made.u.epoch.parent,
               made.u.epoch.parents * sizeof(parents[0]));
    en_op_free(&made);
}

static bool again(unsigned by)
{
    return taken(village_make(&v, by, &op));
}

static void an_epoch_seals_to_all_readers_and_to_nobody_else(void **state)
{
    struct en_epoch_info e;
    struct en_circle *s;

    (void)state;
    x = village_grant(&v, a, 3, NOBODY); /* an observer: no reader */
    (void)village_epoch(&v, a);
    s = village_whole(&v);
    assert_ok(en_circle_choice(s, &e));
    assert_int_equal(e.n, 3);
    for (size_t i = 0; i < e.n; i++) {
        assert_true(en_circle_device(s, &e.device[i])->reader);
        if (i > 0)
            assert_true(en_id_cmp(&e.device[i - 1], &e.device[i]) < 0);
    }
    en_circle_free(s);
}

static void a_recipient_left_out_is_refused(void **state)
{
    (void)state;
    draft(a);
    op.u.epoch.wraps.n -= 64;
    assert_false(again(a));
}

static void a_recipient_too_many_is_refused(void **state)
{
    uint8_t wraps[4 * 64];

    (void)state;
    draft(a);
    memcpy(wraps, op.u.epoch.wraps.p, 3 * 64);
    memcpy(wraps + 3 * 64, op.u.epoch.wraps.p, 64);
    memset(wraps + 3 * 64, 0xff, 16);
    op.u.epoch.wraps = EN_SPAN(wraps, sizeof(wraps));
    assert_false(again(a));
}

static void another_recipient_instead_is_refused(void **state)
{
    uint8_t wraps[3 * 64];

    (void)state;
    draft(a);
    memcpy(wraps, op.u.epoch.wraps.p, sizeof(wraps));
    wraps[64] ^= 1;
    op.u.epoch.wraps = EN_SPAN_OF(wraps);
    assert_false(again(a));
}

static void recipients_out_of_order_are_refused(void **state)
{
    uint8_t wraps[3 * 64];

    (void)state;
    draft(a);
    memcpy(wraps, op.u.epoch.wraps.p + 64, 64);
    memcpy(wraps + 64, op.u.epoch.wraps.p, 64);
    memcpy(wraps + 128, op.u.epoch.wraps.p + 128, 64);
    op.u.epoch.wraps = EN_SPAN_OF(wraps);
    assert_false(again(a));
}

static void a_wrong_generation_is_refused(void **state)
{
    (void)state;
    (void)village_epoch(&v, a);
    draft(a);
    assert_int_equal(op.u.epoch.gen, 2);
    op.u.epoch.gen = 1;
    assert_false(again(a));
    op.u.epoch.gen = 3;
    assert_false(again(a));
    op.u.epoch.gen = UINT32_MAX;
    assert_false(again(a));
    op.u.epoch.gen = 2;
    assert_true(again(a));
    /* Without a parent it is 1, whatever there is. */
    op.u.epoch.parents = 0;
    assert_false(again(a));
    op.u.epoch.gen = 1;
    assert_true(again(a));
}

static void an_unknown_parent_is_refused(void **state)
{
    struct en_id16 parent = {{9}};

    (void)state;
    draft(a);
    op.u.epoch.parent = &parent;
    op.u.epoch.parents = 1;
    op.u.epoch.gen = 2;
    assert_false(taken(village_make(&v, a, &op)));
    op.u.epoch.parent = NULL;
    op.u.epoch.parents = 0;
    op.u.epoch.gen = 1;
    assert_true(again(a));
}

/* B has not seen A's: a parent held elsewhere is unknown in its past. */
static void a_parent_outside_the_past_is_refused(void **state)
{
    struct en_epoch_info e;

    (void)state;
    (void)village_epoch(&v, a);
    assert_ok(en_circle_choice(v.author[a].c, &e));
    draft(b);
    op.u.epoch.parent = &e.id;
    op.u.epoch.parents = 1;
    op.u.epoch.gen = 2;
    assert_false(taken(village_make(&v, b, &op)));
    village_see_all(&v, b);
    assert_true(taken(village_make(&v, b, &op)));
}

static void an_omitted_parent_and_an_ancestor_do_no_harm(void **state)
{
    struct en_epoch_info first;
    struct en_epoch_info second;
    struct en_id16 both[2];

    (void)state;
    (void)village_epoch(&v, a);
    assert_ok(en_circle_choice(v.author[a].c, &first));
    (void)village_epoch(&v, a);
    assert_ok(en_circle_choice(v.author[a].c, &second));
    assert_int_equal(second.gen, 2);
    draft(a);
    assert_int_equal(op.u.epoch.parents, 1); /* the first is its ancestor */
    assert_true(en_id16_eq(&op.u.epoch.parent[0], &second.id));
    both[0] = en_id16_cmp(&first.id, &second.id) < 0 ? first.id : second.id;
    both[1] = en_id16_cmp(&first.id, &second.id) < 0 ? second.id : first.id;
    memcpy(parents, both, sizeof(both));
    op.u.epoch.parents = 2;
    op.u.epoch.gen = 3;
    assert_true(again(a));
    op.u.epoch.parents = 0;
    op.u.epoch.gen = 1;
    assert_true(again(a));
}

static void who_is_no_recipient_makes_none(void **state)
{
    struct en_grant_ref root = village_ref(&v, 0, 0);

    (void)state;
    village_see_all(&v, 0);
    draft(a);
    v.auth = &root;
    assert_false(taken(village_make(&v, 0, &op)));
    x = village_grant(&v, a, 3, NOBODY);
    village_see_all(&v, x);
    assert_false(taken(village_make(&v, x, &op)));
    /* A facilitator who has seen that it is out. */
    (void)village_revoke_device(&v, a, b);
    village_see_all(&v, b);
    draft(a);
    v.auth = &(struct en_grant_ref){.op = v.op[2].id, .index = 0};
    assert_false(taken(village_make(&v, b, &op)));
    assert_err(en_epoch_make(v.author[0].c, &v.author[0].device,
                             &v.author[0].keys.secret, &v.author[0].last, 9,
                             &v.rng.rng, &payload, &v.seed),
               EN_DENIED);
}

static void a_backlink_needs_a_policy_that_opens_history(void **state)
{
    struct en_policy open = {.history = 1, .devices = 8, .wait = 1, .kits = 1};
    const uint8_t box[64] = {1};

    (void)state;
    draft(a);
    op.u.epoch.link_nonce = EN_SPAN(box, 24);
    op.u.epoch.link_box = EN_SPAN(box, 64);
    assert_false(taken(village_make(&v, a, &op)));
    (void)village_policy(&v, a, &open);
    assert_true(taken(village_make(&v, a, &op)));
}

static void other_scopes_are_kept_and_not_evaluated(void **state)
{
    struct en_circle *s;

    (void)state;
    draft(a);
    op.u.epoch.scope = 2;
    assert_false(again(a));
    s = village_whole(&v);
    assert_int_equal(en_circle_unknown(s), 1);
    assert_int_equal(en_circle_epochs(s), 0);
    en_circle_free(s);
}

/* -- who of class 2 may -------------------------------------------------------- */

static void a_member_makes_one_only_where_none_serves(void **state)
{
    struct en_epoch_info e;

    (void)state;
    village_see_all(&v, c);
    draft(c);
    assert_true(taken(village_make(&v, c, &op))); /* there is none */
    village_see_all(&v, a);
    assert_ok(en_circle_choice(v.author[a].c, &e));
    draft(c);
    assert_false(again(c)); /* its own serves */
    draft(a);
    assert_true(again(a)); /* a facilitator always may */
}

static void a_member_makes_one_where_each_is_objected_to(void **state)
{
    static const struct {
        uint8_t code;
        bool adverse;
    } codes[] = {{0, false}, {1, true}, {2, true}, {3, true},
                 {4, false}, {5, true}, {6, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct en_epoch_info e;

        tear_down(state);
        set_up(state);
        (void)village_epoch(&v, a);
        village_see_all(&v, c);
        assert_ok(en_circle_choice(v.author[c].c, &e));
        (void)village_attest(&v, c, &e.id, codes[i].code);
        draft(c);
        assert_int_equal(again(c), codes[i].adverse);
    }
}

static void an_objection_to_another_epoch_is_none(void **state)
{
    struct en_epoch_info first;
    struct en_epoch_info second;

    (void)state;
    (void)village_epoch(&v, a);
    (void)village_epoch(&v, b);
    village_see_all(&v, c);
    assert_true(en_circle_eligible(v.author[c].c, 0, &first));
    assert_true(en_circle_eligible(v.author[c].c, 1, &second));
    (void)village_attest(&v, c, &first.id, 1);
    draft(c);
    assert_false(again(c)); /* the second serves */
    (void)village_attest(&v, c, &second.id, 3);
    draft(c);
    assert_true(again(c));
}

static void an_objection_by_who_is_out_is_none(void **state)
{
    struct en_epoch_info e;
    struct en_grant_ref own;
    unsigned bad;

    (void)state;
    bad = village_grant(&v, a, 2, NOBODY);
    own = village_ref(&v, v.ops - 1, 0);
    (void)village_epoch(&v, a);
    village_see_all(&v, bad);
    assert_ok(en_circle_choice(v.author[bad].c, &e));
    (void)village_attest(&v, bad, &e.id, 1);
    village_see_all(&v, a);
    (void)village_revoke_device(&v, a, bad);
    (void)village_epoch(&v, a);
    assert_ok(en_circle_choice(v.author[a].c, &e));
    village_see_all(&v, bad);
    v.auth = &own;
    assert_true(taken(village_attest(&v, bad, &e.id, 1))); /* permitted, only */
    village_see_all(&v, c);
    draft(c);
    assert_false(again(c));
}

static void attestations_are_counted_of_active_devices(void **state)
{
    struct en_circle *s;
    struct en_epoch_info e;
    size_t good;
    size_t bad;
    struct en_id16 none = {{1}};

    (void)state;
    (void)village_epoch(&v, a);
    village_see_all(&v, b);
    village_see_all(&v, c);
    assert_ok(en_circle_choice(v.author[b].c, &e));
    (void)village_attest(&v, b, &e.id, 0);
    (void)village_attest(&v, c, &e.id, 3);
    s = village_whole(&v);
    en_circle_attested(s, &e.id, &good, &bad);
    assert_int_equal(good, 2); /* its maker is one */
    assert_int_equal(bad, 1);
    en_circle_attested(s, &none, &good, &bad);
    assert_int_equal(good + bad, 0);
    assert_true(
        en_circle_has_attest(s, &v.author[b].device, 0, EN_SPAN_OF(e.id.b), 0));
    assert_false(
        en_circle_has_attest(s, &v.author[b].device, 0, EN_SPAN_OF(e.id.b), 3));
    assert_false(
        en_circle_has_attest(s, &v.author[a].device, 0, EN_SPAN_OF(e.id.b), 0));
    assert_false(
        en_circle_has_attest(s, &v.author[b].device, 1, EN_SPAN_OF(e.id.b), 0));
    en_circle_free(s);
    (void)village_revoke_device(&v, a, c);
    s = village_whole(&v);
    en_circle_attested(s, &e.id, &good, &bad);
    assert_int_equal(good, 2);
    assert_int_equal(bad, 0);
    en_circle_free(s);
}

/* -- opening ------------------------------------------------------------------- */

static enum en_epoch_code opened(const struct en_circle *s,
                                 const struct en_epoch_info *e, unsigned who,
                                 size_t *equal)
{
    enum en_epoch_code code;
    struct en_key seed = {{0}};
    en_err err = en_epoch_open(s, e, &v.author[who].device,
                               &v.author[who].keys.wrap, &seed, &code, equal);

    if (code == EN_EPOCH_OPENED) {
        assert_ok(err);
        assert_memory_equal(seed.b, v.seed.b, 32);
    } else {
        assert_err(err, code == EN_EPOCH_NOT_RECIPIENT ? EN_NO_KEY : EN_FORGED);
        assert_true(en_is_zero_ct(seed.b, 32));
    }
    return code;
}

/* One bit of one wrap: its own holder finds the box bad, every other holder that
 * the others differ, and nobody that all is well. */
static void
each_flipped_bit_of_each_wrap_is_reported_by_every_holder(void **state)
{
    const unsigned who[3] = {a, b, c};
    struct en_circle *s;
    struct en_epoch_info e;
    uint8_t boxes[3 * EN_BOX_LEN];
    size_t equal;

    (void)state;
    (void)village_epoch(&v, a);
    s = village_whole(&v);
    assert_ok(en_circle_choice(s, &e));
    memcpy(boxes, e.boxes, sizeof(boxes));
    e.boxes = boxes;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(opened(s, &e, who[i], &equal), EN_EPOCH_OPENED);
        assert_int_equal(equal, 3);
    }
    for (size_t bit = 0; bit < 8 * sizeof(boxes); bit++) {
        size_t box = bit / (8 * EN_BOX_LEN);

        boxes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        for (int i = 0; i < 3; i++) {
            bool own = en_id_eq(&e.device[box], &v.author[who[i]].device);

            assert_int_equal(opened(s, &e, who[i], &equal),
                             own ? EN_EPOCH_BAD_BOX : EN_EPOCH_OTHERS_DIFFER);
            assert_int_equal(equal, own ? 0 : 2);
        }
        boxes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    en_circle_free(s);
}

static void a_flipped_bit_of_the_ephemeral_key_opens_for_nobody(void **state)
{
    struct en_circle *s;
    struct en_epoch_info e;
    size_t equal;

    (void)state;
    (void)village_epoch(&v, a);
    s = village_whole(&v);
    assert_ok(en_circle_choice(s, &e));
    for (size_t bit = 0; bit < 255; bit++) { /* the top bit is masked */
        e.epk[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(opened(s, &e, b, &equal), EN_EPOCH_BAD_BOX);
        e.epk[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    /* Masked in the multiplication, but hashed into every wrap key. */
    e.epk[31] ^= 0x80;
    assert_int_equal(opened(s, &e, b, &equal), EN_EPOCH_BAD_BOX);
    en_circle_free(s);
}

/* A sealer who commits to one seed and seals another: the boxes open, and each
 * holder sees that they are not what was committed to. */
static void a_commitment_to_another_seed_is_reported(void **state)
{
    struct en_circle *s = village_whole(&v);
    struct en_id16 salt = en_id_short(&v.cid);
    struct en_epoch_info e;
    struct en_wrap_to to[3];
    struct en_key seed = {{42}};
    uint8_t commit[32] = {7};
    uint8_t wraps[3 * 64];
    uint8_t boxes[3 * EN_BOX_LEN];
    uint8_t epk[32];
    unsigned made = v.ops;
    size_t equal;

    (void)state;
    draft(a);
    op.u.epoch.commit = EN_SPAN_OF(commit);
    memcpy(wraps, op.u.epoch.wraps.p, sizeof(wraps));
    op.u.epoch.wraps = EN_SPAN_OF(wraps);
    /* The context names the commitment: it is taken from a first try. */
    assert_true(taken(village_make(&v, a, &op)));
    assert_ok(village_add(&v, s, made));
    assert_true(en_circle_epoch(s, 0, &e));
    for (size_t i = 0; i < 3; i++) {
        to[i].device = e.device[i];
        memcpy(to[i].pk, e.wrap_pk + 32 * i, 32);
    }
    assert_ok(en_wrap_make(&seed, &salt, e.ctx.b, to, 3, epk, boxes));
    memcpy(e.epk, epk, 32);
    e.boxes = boxes;
    v.seed = seed;
    assert_int_equal(opened(s, &e, b, &equal), EN_EPOCH_BAD_COMMIT);
    assert_int_equal(opened(s, &e, c, &equal), EN_EPOCH_BAD_COMMIT);
    en_circle_free(s);
}

static void who_is_no_recipient_opens_nothing(void **state)
{
    struct en_circle *s;
    struct en_epoch_info e;
    size_t equal;

    (void)state;
    (void)village_epoch(&v, a);
    x = village_grant(&v, a, 2, NOBODY); /* comes later */
    s = village_whole(&v);
    assert_true(en_circle_epoch(s, 0, &e));
    assert_int_equal(opened(s, &e, x, &equal), EN_EPOCH_NOT_RECIPIENT);
    v.author[x].device = v.author[b].device; /* in another's name */
    assert_int_equal(opened(s, &e, x, &equal), EN_EPOCH_KEY_GONE);
    en_circle_free(s);
}

static void an_epoch_sealed_to_a_renewed_key_is_nobody_s_fault(void **state)
{
    struct en_circle *s;
    struct en_epoch_info e;
    size_t equal;

    (void)state;
    village_see_all(&v, c);
    (void)village_epoch(&v, a); /* has not seen what follows */
    (void)village_devkey(&v, c);
    s = village_whole(&v);
    assert_true(en_circle_epoch(s, 0, &e));
    assert_true(e.eligible); /* device ids matter, not keys */
    assert_int_equal(opened(s, &e, c, &equal), EN_EPOCH_KEY_GONE);
    assert_int_equal(opened(s, &e, b, &equal), EN_EPOCH_OPENED);
    en_circle_free(s);
    village_see_all(&v, a);
    (void)village_epoch(&v, a); /* and now to the new one */
    s = village_whole(&v);
    assert_ok(en_circle_choice(s, &e));
    assert_int_equal(e.gen, 2);
    assert_int_equal(opened(s, &e, c, &equal), EN_EPOCH_OPENED);
    en_circle_free(s);
}

/* Nothing of the random source can make two epochs of one device alike. */
static void a_dead_random_source_repeats_no_seed(void **state)
{
    struct en_key first;

    (void)state;
    en_rng_seed(&v.rng, 5);
    (void)village_epoch(&v, a);
    first = v.seed;
    en_rng_seed(&v.rng, 5);
    (void)village_epoch(&v, a);
    assert_memory_not_equal(&first, &v.seed, sizeof(first));
}

static void at_most_128_read_and_the_most_senior_first(void **state)
{
    uint32_t list[EN_RECIPIENTS_MAX];
    struct en_circle *s;
    uint32_t n;

    (void)state;
    /* Four facilitators, none having seen the others', bring in 50 each. */
    for (int i = 0; i < 4; i++) {
        unsigned by = village_grant(&v, 0, 1, NOBODY);

        for (int k = 0; k < 50; k++) {
            x = village_device(&v, NOBODY, 0);
            (void)village_admit(&v, by, x, 2);
        }
    }
    s = village_whole(&v);
    n = readers(s, state_now(s), list);
    assert_int_equal(n, EN_RECIPIENTS_MAX);
    for (uint32_t i = 1; i < n; i++)
        assert_true(en_id_cmp(&s->dev[list[i - 1]].m.device,
                              &s->dev[list[i]].m.device) < 0);
    for (uint32_t i = 1; i < s->devs; i++) {
        const struct en_member *m = en_circle_device(s, &s->dev[i].m.device);

        if (m->level.cls == EN_CLASS_FACILITATOR)
            assert_true(m->reader);
    }
    /* Of those of one level the smaller ids are in. */
    for (uint32_t i = 0, seen = 0; i < s->devs; i++) {
        const struct en_member *m = en_circle_member(s, i);

        if (m->level.cls != EN_CLASS_MEMBER || m->level.depth != 2)
            continue;
        if (!m->reader)
            seen = 1;
        assert_true(m->reader || seen);
        assert_false(m->reader && seen);
    }
    en_circle_free(s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_epoch_seals_to_all_readers_and_to_nobody_else),
        CASE(a_recipient_left_out_is_refused),
        CASE(a_recipient_too_many_is_refused),
        CASE(another_recipient_instead_is_refused),
        CASE(recipients_out_of_order_are_refused),
        CASE(a_wrong_generation_is_refused),
        CASE(an_unknown_parent_is_refused),
        CASE(a_parent_outside_the_past_is_refused),
        CASE(an_omitted_parent_and_an_ancestor_do_no_harm),
        CASE(who_is_no_recipient_makes_none),
        CASE(a_backlink_needs_a_policy_that_opens_history),
        CASE(other_scopes_are_kept_and_not_evaluated),
        CASE(a_member_makes_one_only_where_none_serves),
        CASE(a_member_makes_one_where_each_is_objected_to),
        CASE(an_objection_to_another_epoch_is_none),
        CASE(an_objection_by_who_is_out_is_none),
        CASE(attestations_are_counted_of_active_devices),
        CASE(each_flipped_bit_of_each_wrap_is_reported_by_every_holder),
        CASE(a_flipped_bit_of_the_ephemeral_key_opens_for_nobody),
        CASE(a_commitment_to_another_seed_is_reported),
        CASE(who_is_no_recipient_opens_nothing),
        CASE(an_epoch_sealed_to_a_renewed_key_is_nobody_s_fault),
        CASE(a_dead_random_source_repeats_no_seed),
        CASE(at_most_128_read_and_the_most_senior_first),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
