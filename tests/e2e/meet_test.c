/* Three laptops on one network: they meet by a spoken code, share, are cut off from
 * each other, and catch up. */
#include "e2e/laptop.h"

#include <stdlib.h>

static struct lan lan;
static struct laptop *amina, *luc, *chloe;

static void two_meet_by_a_spoken_code_and_multicast(void **state)
{
    (void)state;
    laptop_start(&lan, amina);
    laptop_start(&lan, luc);
    laptop_init(amina, "Amina B.");
    assert_ok(LAPTOP_ASK(amina, EN_RPC_CREATE, create,
                         .name = BYTES("The Limes"), .lang = EN_LANG_EN,
                         .device = BYTES("computer"), .kit = BYTES("paper")));
    laptops_meet(amina, luc, "Luc R.", NULL);
    laptop_await_step(amina, 1);
    laptop_await_step(luc, 1);
}

static void what_one_shares_appears_at_the_other(void **state)
{
    (void)state;
    laptop_share(amina, "Read by everyone.");
    laptop_await_text(luc, "Read by everyone.");
    laptop_share(luc, "Luc's answer.");
    laptop_await_text(amina, "Luc's answer.");
    laptop_await_step(amina, 1);
}

static void a_third_joins_at_an_address(void **state)
{
    struct en_rpc_link link;
    struct en_rpc_address a;
    char at[EN_RPC_ADDRESS_MAX + 1] = "";

    (void)state;
    laptop_link(amina, &link);
    assert_true(link.addresses > 0);
    assert_ok(en_rpc_get_address(laptop_item(amina, 1), &a));
    assert_true(a.text.n < sizeof at);
    memcpy(at, a.text.p, a.text.n);
    assert_string_equal(at, "10.78.0.1:51847");
    laptop_start(&lan, chloe);
    laptops_meet(amina, chloe, "Chloe D.", at);
    for (size_t i = 0; i < lan.n; i++)
        laptop_await_step(&lan.laptop[i], 2);
    /* What was written before is not for her; what comes now is. */
    assert_false(laptop_lists(chloe, "Read by everyone."));
    laptop_share(luc, "Three of us.");
    laptop_await_text(chloe, "Three of us.");
    laptop_await_text(amina, "Three of us.");
}

static void words(struct laptop *l, uint16_t word[6])
{
    struct en_rpc_words w;

    assert_ok(LAPTOP_ASK(l, EN_RPC_WORDS, name, .typed = BYTES("")));
    assert_ok(en_rpc_get_words(laptop_item(l, 0), &w));
    memcpy(word, w.word, 6 * sizeof *word);
}

static void three_screens_show_the_same_six_words(void **state)
{
    uint16_t a[6], b[6];

    (void)state;
    words(amina, a);
    words(luc, b);
    assert_memory_equal(a, b, sizeof a);
    words(chloe, b);
    assert_memory_equal(a, b, sizeof a);
}

static void who_was_cut_off_catches_up(void **state)
{
    (void)state;
    laptop_plug(chloe, false);
    laptop_share(amina, "While she was away.");
    laptop_await_text(luc, "While she was away.");
    assert_false(laptop_lists(chloe, "While she was away."));
    laptop_share(chloe, "Written on the train.");
    laptop_plug(chloe, true);
    laptop_await_text(chloe, "While she was away.");
    laptop_await_text(amina, "Written on the train.");
}

/* Chloe and Amina are never on the network together: Luc carries. */
static void a_third_carries_between_two_that_never_meet(void **state)
{
    (void)state;
    laptop_stop(chloe);
    laptop_share(amina, "Carried by Luc.");
    laptop_await_text(luc, "Carried by Luc.");
    laptop_stop(amina);
    laptop_start(&lan, chloe);
    laptop_unlock(chloe);
    assert_ok(LAPTOP_ASK(chloe, EN_RPC_LINK_ON, link_on, .once = false));
    laptop_await_text(chloe, "Carried by Luc.");
    laptop_share(chloe, "And back.");
    laptop_await_text(luc, "And back.");
    laptop_stop(chloe);
    laptop_start(&lan, amina);
    laptop_unlock(amina);
    assert_ok(LAPTOP_ASK(amina, EN_RPC_LINK_ON, link_on, .once = false));
    laptop_await_text(amina, "And back.");
}

static bool is_over(struct laptop *l, const struct en_rpc_link *link, void *arg)
{
    (void)l;
    (void)arg;
    return !link->once;
}

static void once_ends_by_itself_and_tells_who_was_reached(void **state)
{
    struct en_rpc_link link;

    (void)state;
    laptop_start(&lan, chloe);
    laptop_unlock(chloe);
    laptop_share(luc, "For once.");
    assert_ok(LAPTOP_ASK(chloe, EN_RPC_LINK_ON, link_on, .once = true));
    assert_true(laptop_await(chloe, is_over, NULL, 30000));
    laptop_link(chloe, &link);
    assert_false(link.on);
    assert_int_equal(link.addresses, 0);
    assert_int_equal(laptop_in_step(chloe), 2);
    assert_true(laptop_lists(chloe, "For once."));
}

static void once_with_nobody_there_ends_too(void **state)
{
    struct en_rpc_link link;

    (void)state;
    laptop_plug(chloe, false);
    assert_ok(LAPTOP_ASK(chloe, EN_RPC_LINK_ON, link_on, .once = true));
    assert_true(laptop_await(chloe, is_over, NULL, 30000));
    laptop_link(chloe, &link);
    assert_false(link.on);
    assert_int_equal(laptop_in_step(chloe), 0);
    laptop_plug(chloe, true);
}

/* What was acknowledged before the kill is there after it; the rest comes again. */
static void an_agent_killed_in_the_middle_loses_nothing(void **state)
{
    char text[64];

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        snprintf(text, sizeof text, "Before the kill %u.", i);
        laptop_share(luc, text);
    }
    for (unsigned round = 0; round < 4; round++) {
        snprintf(text, sizeof text, "In round %u.", round);
        laptop_share(chloe, text);
        assert_ok(LAPTOP_ASK(chloe, EN_RPC_LINK_ON, link_on, .once = false));
        if (round > 0)
            laptop_await_text(chloe, "Before the kill 0.");
        laptop_kill(chloe);
        laptop_start(&lan, chloe);
        laptop_unlock(chloe);
        assert_true(laptop_lists(chloe, text));
    }
    assert_ok(LAPTOP_ASK(chloe, EN_RPC_LINK_ON, link_on, .once = false));
    laptop_await_text(chloe, "Before the kill 39.");
    laptop_await_text(luc, "In round 3.");
    laptop_await_text(amina, "In round 0.");
    for (size_t i = 0; i < lan.n; i++)
        laptop_await_step(&lan.laptop[i], 2);
}

static void a_locked_laptop_says_nothing_and_comes_back(void **state)
{
    struct en_rpc_link link;

    (void)state;
    assert_ok(laptop_ask(luc, EN_RPC_LOCK, en_rpc_nothing()));
    laptop_link(luc, &link);
    assert_false(link.on);
    assert_int_equal(link.peers, 0);
    assert_err(LAPTOP_ASK(luc, EN_RPC_LINK_ON, link_on, .once = false),
               EN_LOCKED);
    laptop_share(amina, "While Luc was locked.");
    laptop_unlock(luc);
    assert_ok(LAPTOP_ASK(luc, EN_RPC_LINK_ON, link_on, .once = false));
    laptop_await_text(luc, "While Luc was locked.");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_meet_by_a_spoken_code_and_multicast),
        cmocka_unit_test(what_one_shares_appears_at_the_other),
        cmocka_unit_test(a_third_joins_at_an_address),
        cmocka_unit_test(three_screens_show_the_same_six_words),
        cmocka_unit_test(who_was_cut_off_catches_up),
        cmocka_unit_test(a_third_carries_between_two_that_never_meet),
        cmocka_unit_test(once_ends_by_itself_and_tells_who_was_reached),
        cmocka_unit_test(once_with_nobody_there_ends_too),
        cmocka_unit_test(an_agent_killed_in_the_middle_loses_nothing),
        cmocka_unit_test(a_locked_laptop_says_nothing_and_comes_back),
    };
    int failed;

    if (argc != 2)
        return 2;
    if (!lan_new(&lan, 3, argv[1]))
        return lan_skip("meet");
    amina = &lan.laptop[0];
    luc = &lan.laptop[1];
    chloe = &lan.laptop[2];
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    lan_free(&lan);
    return failed;
}
