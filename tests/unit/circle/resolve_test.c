/*
 * The hard cases of membership (docs/protocols/membership.md), each in every order
 * of arrival: what is made apart, what has seen what, who is in at the end.
 *
 * R is the root, author 0. A and B are facilitators by R, E one by A; C and D are
 * members by A.
 */
#include "lib/test.h"
#include "lib/village.h"

#include <stdlib.h>

static struct village v;
static unsigned a, b, c, d, e, x, y, phone, other;
static unsigned op, op2, op3;

static int set_up(void **state)
{
    (void)state;
    village_new(&v, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    village_free(&v);
    return 0;
}

static void in(const struct en_circle *s, unsigned who)
{
    assert_true(village_active(&v, s, who));
}

static void out(const struct en_circle *s, unsigned who)
{
    assert_false(village_active(&v, s, who));
}

static void two_facilitators(void)
{
    a = village_grant(&v, 0, 1, NOBODY);
    b = village_grant(&v, 0, 1, NOBODY);
}

/* A and, by A, the facilitator E; each has seen both. */
static void senior_and_junior(void)
{
    a = village_grant(&v, 0, 1, NOBODY);
    e = village_grant(&v, a, 1, NOBODY);
}

/* 1 */
static void adding(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, a);
    out(s, e);
    out(s, x);
}

static void who_is_removed_unseen_adds_nobody(void **state)
{
    (void)state;
    senior_and_junior();
    (void)village_revoke_device(&v, a, e);
    x = village_grant(&v, e, 2, NOBODY);
    assert_int_equal(village_check(&v, adding), 2);
}

static void who_is_removed_as_a_person_unseen_adds_nobody(void **state)
{
    (void)state;
    senior_and_junior();
    (void)village_revoke_person(&v, a, e);
    x = village_grant(&v, e, 2, NOBODY);
    (void)village_check(&v, adding);
}

/* 2 */
static void staying(const struct village *w, const struct en_circle *s)
{
    (void)w;
    out(s, e);
    in(s, x);
}

static void who_was_added_before_the_removal_and_seen_stays(void **state)
{
    (void)state;
    senior_and_junior();
    x = village_grant(&v, e, 2, NOBODY);
    village_see_all(&v, a);
    (void)village_revoke_device(&v, a, e);
    (void)village_check(&v, staying);
}

/* 3 */
static void senior_wins(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, a);
    out(s, e);
}

static void of_two_who_remove_each_other_the_senior_stays(void **state)
{
    (void)state;
    senior_and_junior();
    (void)village_revoke_device(&v, a, e);
    (void)village_revoke_device(&v, e, a);
    (void)village_check(&v, senior_wins);
}

/* 4 */
static void nobody_goes(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, a);
    in(s, b);
}

static void of_two_equals_who_remove_each_other_both_stay(void **state)
{
    (void)state;
    two_facilitators();
    village_see_all(&v, a);
    village_see_all(&v, b);
    (void)village_revoke_device(&v, a, b);
    (void)village_revoke_device(&v, b, a);
    (void)village_check(&v, nobody_goes);
}

/* 5 */
static void only_down(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, a);
    in(s, e);
    out(s, x);
}

static void removals_in_a_circle_only_go_down(void **state)
{
    (void)state;
    senior_and_junior();
    x = village_grant(&v, e, 1, NOBODY);
    village_see_all(&v, a);
    (void)village_revoke_device(&v, a, x);
    (void)village_revoke_device(&v, x, e);
    (void)village_revoke_device(&v, e, a);
    (void)village_check(&v, only_down);
}

/* 6 */
static void new_person_in(const struct village *w, const struct en_circle *s)
{
    (void)w;
    out(s, c);
    in(s, x);
}

static void who_comes_back_as_a_new_person_is_not_hit(void **state)
{
    (void)state;
    two_facilitators();
    c = village_grant(&v, a, 2, NOBODY);
    village_see_all(&v, b);
    (void)village_revoke_person(&v, a, c);
    x = village_grant(&v, a, 2, NOBODY);
    (void)village_revoke_person(&v, b, c);
    (void)village_check(&v, new_person_in);
}

/* 7 */
static void not_again(const struct village *w, const struct en_circle *s)
{
    out(s, phone);
    assert_false(village_permitted(w, s, op));
}

static void a_removed_device_is_not_granted_again(void **state)
{
    (void)state;
    senior_and_junior();
    phone = village_grant(&v, a, 2, NOBODY);
    (void)village_revoke_device(&v, a, phone);
    village_see_all(&v, e);
    op = village_promote(&v, e, phone, 2);
    (void)village_check(&v, not_again);
}

static void hit_again(const struct village *w, const struct en_circle *s)
{
    out(s, phone);
    assert_true(village_permitted(w, s, op));
}

static void a_device_granted_again_unseen_is_hit_all_the_same(void **state)
{
    (void)state;
    senior_and_junior();
    phone = village_grant(&v, a, 2, NOBODY);
    village_see_all(&v, e);
    (void)village_revoke_device(&v, a, phone);
    op = village_promote(&v, e, phone, 2);
    (void)village_check(&v, hit_again);
}

static void a_stolen_phone_is_not_lifted_above_the_laptop(void **state)
{
    (void)state;
    two_facilitators();
    c = village_grant(&v, a, 2, NOBODY);
    phone = village_grant(&v, c, 2, c);
    village_see_all(&v, b);
    (void)village_revoke_device(&v, c, phone);
    op = village_promote(&v, b, phone, 1);
    (void)village_check(&v, not_again);
}

/* 8 */
static void back_in(const struct village *w, const struct en_circle *s)
{
    (void)w;
    out(s, b);
    in(s, c);
}

static void the_removal_by_who_is_removed_unseen_is_void(void **state)
{
    (void)state;
    two_facilitators();
    c = village_grant(&v, a, 2, NOBODY);
    village_see_all(&v, b);
    (void)village_revoke_person(&v, b, c);
    (void)village_revoke_device(&v, 0, b);
    (void)village_check(&v, back_in);
}

/* 9 */
static void phone_out(const struct village *w, const struct en_circle *s)
{
    (void)w;
    out(s, c);
    out(s, phone);
}

static void one_removal_that_had_not_seen_the_phone_is_enough(void **state)
{
    (void)state;
    two_facilitators();
    c = village_grant(&v, a, 2, NOBODY);
    village_see_all(&v, b);
    phone = village_grant(&v, c, 2, c);
    village_see_all(&v, a);
    (void)village_revoke_person(&v, a, c);
    (void)village_revoke_person(&v, b, c);
    (void)village_check(&v, phone_out);
}

/* 10 */
static void branch_out(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, a);
    out(s, b);
    out(s, x);
    out(s, phone);
}

static void what_a_removed_one_brought_in_unseen_goes_with_it(void **state)
{
    (void)state;
    two_facilitators();
    (void)village_revoke_device(&v, 0, b);
    x = village_grant(&v, b, 2, NOBODY);
    phone = village_grant(&v, x, 2, x);
    (void)village_check(&v, branch_out);
}

/* 11 */
static void no_epoch(const struct village *w, const struct en_circle *s)
{
    struct en_epoch_info info;

    assert_true(village_permitted(w, s, op));
    assert_false(village_counts(w, s, op));
    assert_err(en_circle_choice(s, &info), EN_ABSENT);
    assert_int_equal(en_circle_epochs(s), 1);
}

static void an_epoch_by_who_is_removed_unseen_is_not_written_under(void **state)
{
    (void)state;
    two_facilitators();
    village_see_all(&v, b);
    op = village_epoch(&v, b);
    (void)village_revoke_device(&v, 0, b);
    (void)village_check(&v, no_epoch);
}

/* 12 */
static void revenge_void(const struct village *w, const struct en_circle *s)
{
    (void)w;
    out(s, a);
    in(s, b);
    in(s, c);
    in(s, d);
    assert_false(village_counts(w, s, op));
}

static void who_is_removed_takes_nobody_along_under_an_old_date(void **state)
{
    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    b = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, b, 2, NOBODY);
    d = village_grant(&v, b, 2, NOBODY);
    village_see_all(&v, a);
    (void)village_revoke_device(&v, 0, a);
    op = village_revoke_device(&v, a, c);
    (void)village_revoke_device(&v, a, d);
    (void)village_revoke_person(&v, a, b);
    (void)village_check(&v, revenge_void);
}

/* 13 */
static void wholly_out(const struct village *w, const struct en_circle *s)
{
    out(s, c);
    assert_true(village_permitted(w, s, op));
}

static void a_promotion_does_not_save_from_a_senior_removal(void **state)
{
    (void)state;
    two_facilitators();
    c = village_grant(&v, a, 2, NOBODY);
    village_see_all(&v, b);
    op = village_promote(&v, a, c, 1);
    (void)village_revoke_person(&v, b, c);
    (void)village_check(&v, wholly_out);
}

/* 14 */
static void demoted(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, c);
    assert_int_equal(village_member(&v, s, c)->cls, 2);
    out(s, y);
    in(s, phone);
}

static void a_demotion_ends_what_was_done_as_facilitator_alone(void **state)
{
    struct en_grant_ref member;

    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_device(&v, NOBODY, 0);
    op2 = village_admit(&v, a, c, 2);
    member = village_ref(&v, op2, 0);
    op = village_promote(&v, a, c, 1);
    village_see_all(&v, c);
    (void)village_revoke_grant(&v, a, op, 0);
    y = village_grant(&v, c, 2, NOBODY);
    v.auth = &member;
    phone = village_grant(&v, c, 2, c);
    (void)village_check(&v, demoted);
}

/* 15 */
static void ignored(const struct village *w, const struct en_circle *s)
{
    in(s, c);
    in(s, d);
    in(s, other);
    out(s, x);
    assert_false(village_permitted(w, s, op));
    assert_true(village_permitted(w, s, op2)); /* and hits nothing */
    assert_true(village_permitted(w, s, op3));
    assert_int_equal(en_circle_count(s), v.ops); /* it stays in the chain */
}

static void a_member_removes_and_brings_in_nobody_else(void **state)
{
    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    d = village_grant(&v, a, 2, NOBODY);
    other = village_grant(&v, a, 3, NOBODY);
    phone = village_grant(&v, d, 2, d);
    village_see_all(&v, c);
    x = village_device(&v, NOBODY, 0);
    op = village_admit(&v, c, x, 2);
    op2 = village_revoke_device(&v, c, phone); /* more junior, of another */
    op3 = village_revoke_device(&v, c, other);
    (void)village_check(&v, ignored);
}

/* 16 */
static void left(const struct village *w, const struct en_circle *s)
{
    (void)w;
    out(s, c);
    in(s, phone);
    out(s, x);
}

static void leaving_ends_only_what_comes_after(void **state)
{
    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    phone = village_grant(&v, c, 2, c);
    (void)village_leave(&v, c);
    v.auth = &(struct en_grant_ref){.op = v.op[2].id, .index = 0};
    x = village_grant(&v, c, 2, c);
    (void)village_check(&v, left);
}

/* 17 */
static void both_out(const struct village *w, const struct en_circle *s)
{
    (void)w;
    out(s, c);
    out(s, phone);
}

static void two_devices_of_one_person_leave(void **state)
{
    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    phone = village_grant(&v, c, 2, c);
    (void)village_leave(&v, c);
    (void)village_leave(&v, phone);
    (void)village_check(&v, both_out);
}

/* 18 */
static void once(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, x);
    assert_int_equal(en_circle_members(s), 4);
    assert_int_equal(village_member(&v, s, x)->level.depth, 2);
}

static void a_device_added_twice_at_once_is_one(void **state)
{
    (void)state;
    two_facilitators();
    x = village_device(&v, NOBODY, 0);
    (void)village_admit(&v, a, x, 2);
    (void)village_admit(&v, b, x, 2);
    (void)village_check(&v, once);
}

static void one_left(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, x);
    assert_int_equal(village_member(&v, s, x)->cls, 2);
}

static void one_of_two_grants_may_be_taken_back(void **state)
{
    (void)state;
    two_facilitators();
    x = village_device(&v, NOBODY, 0);
    op = village_admit(&v, a, x, 2);
    (void)village_admit(&v, b, x, 2);
    village_see_all(&v, a);
    (void)village_revoke_grant(&v, a, op, 0);
    (void)village_check(&v, one_left);
}

/* 19 */
static void either(const struct village *w, const struct en_circle *s)
{
    struct en_epoch_info first;
    struct en_epoch_info second;
    struct en_epoch_info none;

    assert_true(village_counts(w, s, op));
    assert_true(village_counts(w, s, op2));
    assert_ok(en_circle_choice(s, &first));
    assert_true(en_circle_eligible(s, 1, &second));
    assert_false(en_circle_eligible(s, 2, &none));
    assert_int_equal(first.gen, 1);
    assert_int_equal(second.gen, 1);
    assert_true(en_id16_cmp(&first.id, &second.id) < 0);
}

static void of_two_rotations_at_once_the_smaller_id_is_chosen(void **state)
{
    (void)state;
    two_facilitators();
    village_see_all(&v, a);
    village_see_all(&v, b);
    op = village_epoch(&v, a);
    op2 = village_epoch(&v, b);
    (void)village_check(&v, either);
}

static void larger_gen(const struct village *w, const struct en_circle *s)
{
    struct en_epoch_info first;

    (void)w;
    assert_ok(en_circle_choice(s, &first));
    assert_int_equal(first.gen, 2);
    assert_true(en_id_eq(&first.op, &v.op[op3].id));
}

static void of_rotations_the_larger_generation_is_chosen(void **state)
{
    (void)state;
    two_facilitators();
    village_see_all(&v, a);
    village_see_all(&v, b);
    op = village_epoch(&v, a);
    op2 = village_epoch(&v, b);
    op3 = village_epoch(&v, b);
    (void)village_check(&v, larger_gen);
}

/* 20 */
static void none_fits(const struct village *w, const struct en_circle *s)
{
    struct en_epoch_info info;

    assert_true(village_counts(w, s, op));
    assert_err(en_circle_choice(s, &info), EN_ABSENT);
}

static void a_rotation_beside_an_addition_fits_nobody(void **state)
{
    (void)state;
    two_facilitators();
    village_see_all(&v, a);
    village_see_all(&v, b);
    op = village_epoch(&v, a);
    x = village_grant(&v, b, 2, NOBODY);
    (void)village_check(&v, none_fits);
}

static void a_rotation_beside_a_removal_fits_nobody(void **state)
{
    (void)state;
    two_facilitators();
    c = village_grant(&v, a, 2, NOBODY);
    village_see_all(&v, a);
    village_see_all(&v, b);
    op = village_epoch(&v, a);
    (void)village_revoke_device(&v, b, c);
    (void)village_check(&v, none_fits);
}

/* 24 */
static void only_a_note(const struct village *w, const struct en_circle *s)
{
    in(s, c);
    in(s, phone);
    assert_true(village_counts(w, s, op));
}

static void a_junior_phone_does_not_remove_its_laptop(void **state)
{
    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    phone = village_grant(&v, c, 2, c);
    op = village_revoke_device(&v, phone, c);
    (void)village_check(&v, only_a_note);
}

/* 39 */
static void no_parting_shot(const struct village *w, const struct en_circle *s)
{
    out(s, e);
    in(s, x);
    in(s, c);
    assert_false(village_permitted(w, s, op));
}

static void who_left_removes_nobody_with_itself(void **state)
{
    struct en_op o = {.type = EN_OP_REVOKE};
    struct en_id16 self;
    struct en_id16 person;
    struct en_grant_ref own;

    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    e = village_device(&v, NOBODY, 0);
    op2 = village_admit(&v, a, e, 1);
    village_see_all(&v, e);
    own = village_ref(&v, op2, 0);
    x = village_grant(&v, e, 2, NOBODY);
    c = village_grant(&v, e, 2, NOBODY);
    (void)village_leave(&v, e);
    self = en_id_short(&v.author[e].device);
    person = v.author[x].cert.person;
    o.u.revoke.device = &self;
    o.u.revoke.devices = 1;
    o.u.revoke.person = &person;
    o.u.revoke.persons = 1;
    v.auth = &own;
    op = village_make(&v, e, &o);
    (void)village_check(&v, no_parting_shot);
}

/* 40 */
static void ghost_out(const struct village *w, const struct en_circle *s)
{
    in(s, c);
    out(s, phone);
    out(s, x);
    assert_false(village_permitted(w, s, op));
}

static void neither_thief_nor_facilitator_adds_a_device_of_ana(void **state)
{
    (void)state;
    two_facilitators();
    c = village_grant(&v, a, 2, NOBODY); /* Ana's laptop */
    phone = village_grant(&v, c, 2, c);
    village_see_all(&v, b);
    (void)village_revoke_device(&v, c, phone);
    x = village_grant(&v, phone, 2, c); /* a tablet, under an old date */
    y = village_device(&v, c, 0);
    op = village_admit(&v, b, y, 2);
    (void)village_check(&v, ghost_out);
}

/* 41 */
static void both_in(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, phone);
    in(s, x);
}

static void equal_devices_that_revoke_each_other_both_stay(void **state)
{
    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    phone = village_grant(&v, c, 2, c);
    x = village_grant(&v, c, 2, c);
    village_see_all(&v, phone);
    (void)village_revoke_device(&v, phone, x);
    (void)village_revoke_device(&v, x, phone);
    (void)village_check(&v, both_in);
}

static void laptop_wins(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, c);
    out(s, phone);
}

static void of_two_devices_that_revoke_each_other_the_senior_stays(void **state)
{
    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    phone = village_grant(&v, c, 2, c);
    (void)village_revoke_device(&v, c, phone);
    (void)village_revoke_device(&v, phone, c);
    (void)village_check(&v, laptop_wins);
}

/* Leaving counts whatever else: it only takes from the one who leaves. */
static void leaving_holds(const struct village *w, const struct en_circle *s)
{
    out(s, x);
    assert_true(village_counts(w, s, op3));
}

static void leaving_counts_although_its_own_grant_is_taken_unseen(void **state)
{
    struct en_grant_ref first;

    (void)state;
    two_facilitators();
    x = village_device(&v, NOBODY, 0);
    op = village_admit(&v, a, x, 2);
    op2 = village_admit(&v, b, x, 2);
    village_see_all(&v, x);
    village_see_all(&v, a);
    first = village_ref(&v, op, 0);
    (void)village_revoke_grant(&v, a, op, 0);
    v.auth = &first;
    op3 = village_leave(&v, x); /* both grants, also the one by B */
    (void)village_check(&v, leaving_holds);
}

/* An epoch made as facilitator by one who is a member still. */
static void not_chosen(const struct village *w, const struct en_circle *s)
{
    struct en_epoch_info info;

    assert_true(village_permitted(w, s, op2));
    assert_false(village_counts(w, s, op2));
    assert_true(village_member(w, s, c)->reader);
    assert_err(en_circle_choice(s, &info), EN_ABSENT);
}

static void an_epoch_without_effect_is_not_chosen_for_its_readers(void **state)
{
    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    op = village_promote(&v, a, c, 1);
    village_see_all(&v, c);
    (void)village_revoke_grant(&v, a, op, 0);
    op2 = village_epoch(&v, c);
    (void)village_check(&v, not_chosen);
}

/* Seniority isolation (6.4): what juniors do changes nothing above them. */
static void juniors_change_nothing_above(void **state)
{
    uint8_t before[32];
    uint8_t after[32];
    struct en_circle *s;
    bool was;

    (void)state;
    senior_and_junior();
    c = village_grant(&v, a, 2, NOBODY);
    village_see_all(&v, e);
    op = village_revoke_device(&v, a, c);
    s = village_whole(&v);
    was = village_counts(&v, s, op);
    village_shown(s, before);
    en_circle_free(s);
    (void)village_revoke_device(&v, e, a);
    s = village_whole(&v);
    assert_int_equal(village_counts(&v, s, op), was);
    village_shown(s, after);
    assert_memory_not_equal(before, after, sizeof(before)); /* a record more */
    in(s, a);
    out(s, c);
    en_circle_free(s);
}

/* Policy: the stricter value between those made apart. */
static void strictest(const struct village *w, const struct en_circle *s)
{
    struct en_policy p = en_circle_policy(s);

    (void)w;
    assert_int_equal(p.personal, 0);
    assert_int_equal(p.history, 0);
    assert_int_equal(p.devices, 2);
    assert_int_equal(p.wait, 1);
    assert_int_equal(p.kits, 0);
}

static void of_policies_made_apart_the_stricter_value_holds(void **state)
{
    struct en_policy one = {.history = 1, .devices = 2, .wait = 0, .kits = 1};
    struct en_policy two = {.history = 0, .devices = 5, .wait = 1, .kits = 0};

    (void)state;
    two_facilitators();
    (void)village_policy(&v, a, &one);
    (void)village_policy(&v, b, &two);
    (void)village_check(&v, strictest);
}

static void replaced(const struct village *w, const struct en_circle *s)
{
    struct en_policy p = en_circle_policy(s);

    (void)w;
    assert_int_equal(p.history, 1);
    assert_int_equal(p.devices, 7);
    assert_int_equal(p.wait, 0);
    assert_int_equal(p.kits, 1);
}

static void a_policy_replaces_those_it_has_seen(void **state)
{
    struct en_policy one = {.history = 0, .devices = 2, .wait = 1, .kits = 0};
    struct en_policy two = {.history = 0, .devices = 3, .wait = 1, .kits = 0};
    struct en_policy late = {.history = 1, .devices = 7, .wait = 0, .kits = 1};

    (void)state;
    two_facilitators();
    (void)village_policy(&v, a, &one);
    (void)village_policy(&v, b, &two);
    village_see_all(&v, b);
    (void)village_policy(&v, b, &late);
    (void)village_check(&v, replaced);
}

static void policy_kept(const struct village *w, const struct en_circle *s)
{
    struct en_policy p = en_circle_policy(s);

    (void)w;
    assert_int_equal(p.devices, 8);
    assert_int_equal(p.personal, 0);
}

static void a_policy_by_a_member_or_a_removed_one_means_nothing(void **state)
{
    struct en_policy one = {.devices = 2, .wait = 1, .kits = 0};

    (void)state;
    two_facilitators();
    c = village_grant(&v, a, 2, NOBODY);
    op = village_policy(&v, c, &one);
    (void)village_policy(&v, b, &one);
    (void)village_revoke_device(&v, 0, b);
    (void)village_check(&v, policy_kept);
}

static void kits_out(const struct village *w, const struct en_circle *s)
{
    (void)w;
    in(s, x);
    assert_false(village_member(&v, s, x)->reader);
    assert_true(village_member(&v, s, c)->reader);
}

static void a_policy_without_kits_takes_them_from_the_readers(void **state)
{
    struct en_policy one = {.devices = 8, .wait = 1, .kits = 0};

    (void)state;
    a = village_grant(&v, 0, 1, NOBODY);
    c = village_grant(&v, a, 2, NOBODY);
    x = village_device(&v, c, EN_CERT_KIT);
    (void)village_admit(&v, c, x, 2);
    village_see_all(&v, a);
    (void)village_policy(&v, a, &one);
    (void)village_check(&v, kits_out);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(who_is_removed_unseen_adds_nobody),
        CASE(who_is_removed_as_a_person_unseen_adds_nobody),
        CASE(who_was_added_before_the_removal_and_seen_stays),
        CASE(of_two_who_remove_each_other_the_senior_stays),
        CASE(of_two_equals_who_remove_each_other_both_stay),
        CASE(removals_in_a_circle_only_go_down),
        CASE(who_comes_back_as_a_new_person_is_not_hit),
        CASE(a_removed_device_is_not_granted_again),
        CASE(a_device_granted_again_unseen_is_hit_all_the_same),
        CASE(a_stolen_phone_is_not_lifted_above_the_laptop),
        CASE(the_removal_by_who_is_removed_unseen_is_void),
        CASE(one_removal_that_had_not_seen_the_phone_is_enough),
        CASE(what_a_removed_one_brought_in_unseen_goes_with_it),
        CASE(an_epoch_by_who_is_removed_unseen_is_not_written_under),
        CASE(who_is_removed_takes_nobody_along_under_an_old_date),
        CASE(a_promotion_does_not_save_from_a_senior_removal),
        CASE(a_demotion_ends_what_was_done_as_facilitator_alone),
        CASE(a_member_removes_and_brings_in_nobody_else),
        CASE(leaving_ends_only_what_comes_after),
        CASE(two_devices_of_one_person_leave),
        CASE(a_device_added_twice_at_once_is_one),
        CASE(one_of_two_grants_may_be_taken_back),
        CASE(of_two_rotations_at_once_the_smaller_id_is_chosen),
        CASE(of_rotations_the_larger_generation_is_chosen),
        CASE(a_rotation_beside_an_addition_fits_nobody),
        CASE(a_rotation_beside_a_removal_fits_nobody),
        CASE(a_junior_phone_does_not_remove_its_laptop),
        CASE(who_left_removes_nobody_with_itself),
        CASE(neither_thief_nor_facilitator_adds_a_device_of_ana),
        CASE(equal_devices_that_revoke_each_other_both_stay),
        CASE(of_two_devices_that_revoke_each_other_the_senior_stays),
        CASE(leaving_counts_although_its_own_grant_is_taken_unseen),
        CASE(an_epoch_without_effect_is_not_chosen_for_its_readers),
        CASE(juniors_change_nothing_above),
        CASE(of_policies_made_apart_the_stricter_value_holds),
        CASE(a_policy_replaces_those_it_has_seen),
        CASE(a_policy_by_a_member_or_a_removed_one_means_nothing),
        CASE(a_policy_without_kits_takes_them_from_the_readers),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
