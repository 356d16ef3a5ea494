/*
 * What S shows: which label, which heads, which words; and that it is the same in
 * every order of arrival.
 */
#include "lib/test.h"
#include "lib/village.h"

static struct village v;
static unsigned a, b, c, x, op;

static int set_up(void **state)
{
    (void)state;
    village_new(&v, false);
    a = village_grant(&v, 0, 1, NOBODY);
    (void)village_label(&v, 0, a, "Amina", "portable");
    village_see_all(&v, a);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    village_free(&v);
    return 0;
}

static void called(const struct en_circle *s, unsigned who, const char *person,
                   const char *device)
{
    const struct en_member *m = village_member(&v, s, who);

    assert_non_null(m);
    assert_span(m->person_label, person);
    assert_span(m->device_label, device);
}

/* -- labels ------------------------------------------------------------------- */

static void as_granted(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, a, "Amina", "portable");
}

static void a_new_device_has_the_label_beside_its_grant(void **state)
{
    (void)state;
    (void)village_check(&v, as_granted);
}

static void as_its_own(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, a, "Amina B.", "ordinateur");
}

static void what_a_person_says_of_itself_replaces_it(void **state)
{
    (void)state;
    (void)village_label(&v, a, a, "Amina B.", "ordinateur");
    (void)village_check(&v, as_its_own);
}

static void the_name_alone(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, a, "Mina", "portable");
}

static void a_label_without_a_device_names_the_person_alone(void **state)
{
    (void)state;
    (void)village_label(&v, a, a, "Mina", NULL);
    (void)village_check(&v, the_name_alone);
}

static void nobody_else_names_a_person(void **state)
{
    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    village_see_all(&v, b);
    (void)village_label(&v, b, a, "Traître", "poubelle");
    (void)village_check(&v, as_granted);
}

static void the_deepest(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, a, "Deux", "portable");
    called(s, c, "Deux", "");
}

static void of_several_labels_the_deepest_is_shown(void **state)
{
    (void)state;
    c = village_grant(&v, a, 2, a);
    (void)village_label(&v, c, a, "Un", NULL);
    (void)village_label(&v, a, a, "Milieu", NULL);
    village_see_all(&v, a);
    (void)village_label(&v, a, a, "Deux", NULL); /* has seen both */
    (void)village_check(&v, the_deepest);
}

static unsigned smaller;

static void smaller_id_loses(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, a, smaller == op ? "Deux" : "Un", "portable");
}

static void of_labels_as_deep_the_greater_id_is_shown(void **state)
{
    unsigned second;

    (void)state;
    c = village_grant(&v, a, 2, a);
    op = village_label(&v, a, a, "Un", NULL);
    second = village_label(&v, c, a, "Deux", NULL);
    smaller = en_id_cmp(&v.op[op].id, &v.op[second].id) < 0 ? op : second;
    (void)village_check(&v, smaller_id_loses);
}

static void a_device_that_is_out_names_nobody(void **state)
{
    (void)state;
    c = village_grant(&v, a, 2, a);
    (void)village_label(&v, c, a, "Voleur", "butin");
    (void)village_revoke_device(&v, a, c);
    (void)village_check(&v, as_granted);
}

static void of_the_smaller(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, x, smaller == op ? "Par A" : "Par B", "un");
}

static void of_two_grants_at_once_the_smaller_id_s_label_is_shown(void **state)
{
    unsigned second;

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    x = village_device(&v, NOBODY, 0);
    op = village_admit(&v, a, x, 2);
    (void)village_label(&v, a, x, "Par A", "un");
    second = village_admit(&v, b, x, 2);
    (void)village_label(&v, b, x, "Par B", "un");
    smaller = en_id_cmp(&v.op[op].id, &v.op[second].id) < 0 ? op : second;
    (void)village_check(&v, of_the_smaller);
}

static void nameless(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, x, "", "");
}

static void a_label_that_is_not_beside_the_grant_is_none(void **state)
{
    struct en_policy p = en_policy_default();

    (void)state;
    x = village_device(&v, NOBODY, 0);
    (void)village_admit(&v, a, x, 2);
    (void)village_policy(&v, a, &p);
    (void)village_label(&v, a, x, "Trop tard", "un");
    (void)village_check(&v, nameless);
}

static void each_its_own(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, b, "Un", "1");
    called(s, c, "Deux", "2");
    called(s, x, "Trois", "3");
}

static void the_labels_of_one_grant_stand_in_its_order(void **state)
{
    unsigned three[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        three[i] = village_device(&v, NOBODY, 0);
    b = three[0];
    c = three[1];
    x = three[2];
    (void)village_admit_all(&v, a, three, 3, 2);
    (void)village_label(&v, a, b, "Un", "1");
    (void)village_label(&v, a, c, "Deux", "2");
    (void)village_label(&v, a, x, "Trois", "3");
    (void)village_check(&v, each_its_own);
}

static void twice(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, a, "Amina", "portable");
    called(s, b, "Amina", "autre");
    assert_memory_not_equal(village_member(&v, s, a)->person.b,
                            village_member(&v, s, b)->person.b, 16);
}

static void two_persons_of_one_name_stay_two(void **state)
{
    (void)state;
    b = village_device(&v, NOBODY, 0);
    village_see(&v, b, village_admit(&v, a, b, 2));
    (void)village_label(&v, a, b, "Amina", "autre");
    (void)village_check(&v, twice);
}

static void bytes_kept(const struct village *w, const struct en_circle *s)
{
    (void)w;
    called(s, a, "\x1b[2J\xe2\x80\xae!", "portable");
}

static void a_hostile_name_is_handed_on_as_it_was_written(void **state)
{
    (void)state;
    (void)village_label(&v, a, a, "\x1b[2J\xe2\x80\xae!", NULL);
    (void)village_check(&v, bytes_kept);
}

/* -- heads -------------------------------------------------------------------- */

static void heads_name_the_tips_that_nothing_implies(void **state)
{
    struct en_op_head head[EN_HEADS_MAX];
    struct en_policy p = en_policy_default();

    (void)state;
    b = village_grant(&v, 0, 1, NOBODY);
    village_see_all(&v, b);
    assert_int_equal(en_circle_heads(v.author[b].c, &v.author[b].device, head),
                     1);
    assert_true(en_id_eq(&head[0].id, &v.op[v.ops - 1].id));
    op = village_policy(&v, b, &p);
    /* On top of its own operation nothing more need be named. */
    assert_int_equal(en_circle_heads(v.author[b].c, &v.author[b].device, head),
                     0);
    (void)village_policy(&v, a, &p);
    village_see_all(&v, b);
    assert_int_equal(en_circle_heads(v.author[b].c, &v.author[b].device, head),
                     1);
    assert_true(en_id_eq(&head[0].id, &v.op[v.ops - 1].id));
}

static void more_tips_than_an_operation_may_name_take_two(void **state)
{
    struct en_op_head head[EN_HEADS_MAX];
    struct en_policy p = en_policy_default();
    unsigned who[7];

    (void)state;
    for (int i = 0; i < 10; i++) {
        for (int k = 0; k < 7; k++)
            who[k] = village_device(&v, NOBODY, 0);
        op = village_admit_all(&v, 0, who, 7, 2);
        for (int k = 0; k < 7; k++) {
            village_see(&v, who[k], op);
            (void)village_policy(&v, who[k], &p);
            (void)village_revoke_device(&v, 0, who[k]);
        }
    }
    village_see_all(&v, 0); /* 70 tips that nothing implies */
    assert_int_equal(en_circle_heads(v.author[0].c, &v.author[0].device, head),
                     EN_HEADS_MAX);
    for (size_t i = 1; i < EN_HEADS_MAX; i++)
        assert_true(en_id_cmp(&head[i - 1].id, &head[i].id) < 0);
    (void)village_policy(&v, 0, &p);
    assert_int_equal(en_circle_heads(v.author[0].c, &v.author[0].device, head),
                     70 - EN_HEADS_MAX);
    (void)village_policy(&v, 0, &p);
    assert_int_equal(en_circle_heads(v.author[0].c, &v.author[0].device, head),
                     0);
}

/* -- the digest behind the words ------------------------------------------------ */

static void said(uint8_t digest[32])
{
    struct en_circle *s = village_whole(&v);

    en_circle_digest(s, digest);
    en_circle_free(s);
}

static void words_change_with_what_people_must_know(void **state)
{
    uint8_t before[32];
    uint8_t after[32];

    (void)state;
    said(before);
    (void)village_label(&v, a, a, "Autre nom", NULL);
    said(after);
    assert_memory_equal(before, after, 32); /* a name is not of the state */
    (void)village_epoch(&v, a);
    said(after);
    assert_memory_not_equal(before, after, 32);
    memcpy(before, after, 32);
    x = village_grant(&v, a, 3, NOBODY); /* an observer too */
    said(after);
    assert_memory_not_equal(before, after, 32);
    memcpy(before, after, 32);
    (void)village_devkey(&v, a);
    said(after);
    assert_memory_not_equal(before, after, 32);
    memcpy(before, after, 32);
    (void)village_revoke_device(&v, a, x);
    said(after);
    assert_memory_not_equal(before, after, 32);
}

static void a_promotion_is_heard(void **state)
{
    uint8_t before[32];
    uint8_t after[32];

    (void)state;
    c = village_grant(&v, a, 2, NOBODY);
    said(before);
    (void)village_promote(&v, a, c, 1);
    said(after);
    assert_memory_not_equal(before, after, 32);
}

/* -- finding -------------------------------------------------------------------- */

static void logs_and_devices_are_found_by_their_names(void **state)
{
    struct en_circle *s = village_whole(&v);
    const struct en_member *m = village_member(&v, s, a);
    struct en_id16 control = en_id_short(&m->control);
    struct en_id16 journal = en_id_short(&m->journal);
    struct en_id16 dev16 = en_id_short(&m->device);
    struct en_id16 nobody = {{7}};
    struct en_id log;
    struct en_id device;
    struct en_id id;
    uint64_t seq;
    uint8_t kind = 9;

    (void)state;
    assert_non_null(en_circle_signer(s, &control, &log, &device, &kind));
    assert_int_equal(kind, EN_CONTROL);
    assert_true(en_id_eq(&log, &m->control) && en_id_eq(&device, &m->device));
    assert_non_null(en_circle_signer(s, &journal, &log, &device, &kind));
    assert_int_equal(kind, EN_JOURNAL);
    assert_true(en_id_eq(&log, &m->journal));
    assert_null(en_circle_signer(s, &nobody, &log, &device, &kind));
    assert_ptr_equal(en_circle_dev16(s, &dev16), m);
    assert_null(en_circle_dev16(s, &nobody));
    assert_int_equal(en_circle_log_count(s, &v.author[0].control, &id), 3);
    assert_true(en_id_eq(&id, &v.op[2].id));
    assert_true(en_circle_id_at(s, &v.author[0].device, 1, &id));
    assert_true(en_id_eq(&id, &v.op[1].id));
    assert_false(en_circle_id_at(s, &v.author[0].device, 3, &id));
    assert_false(en_circle_id_at(s, &v.author[a].device, 0, &id));
    assert_true(en_circle_arrival(s, 2, &log, &seq, &id));
    assert_int_equal(seq, 2);
    assert_false(en_circle_arrival(s, 3, &log, &seq, &id));
    for (size_t i = 1; i < en_circle_members(s); i++)
        assert_true(en_id_cmp(&en_circle_member(s, i - 1)->device,
                              &en_circle_member(s, i)->device) < 0);
    en_circle_free(s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_new_device_has_the_label_beside_its_grant),
        CASE(what_a_person_says_of_itself_replaces_it),
        CASE(a_label_without_a_device_names_the_person_alone),
        CASE(nobody_else_names_a_person),
        CASE(of_several_labels_the_deepest_is_shown),
        CASE(of_labels_as_deep_the_greater_id_is_shown),
        CASE(a_device_that_is_out_names_nobody),
        CASE(of_two_grants_at_once_the_smaller_id_s_label_is_shown),
        CASE(a_label_that_is_not_beside_the_grant_is_none),
        CASE(the_labels_of_one_grant_stand_in_its_order),
        CASE(two_persons_of_one_name_stay_two),
        CASE(a_hostile_name_is_handed_on_as_it_was_written),
        CASE(heads_name_the_tips_that_nothing_implies),
        CASE(more_tips_than_an_operation_may_name_take_two),
        CASE(words_change_with_what_people_must_know),
        CASE(a_promotion_is_heard),
        CASE(logs_and_devices_are_found_by_their_names),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
