/* What may go wrong when two meet, and what is left of it: nothing. */
#include "e2e/laptop.h"

#include <stdlib.h>

static struct lan lan;
static struct laptop *amina, *luc;

static char code[EN_CODE_SHOWN_MAX];

static void invite(void)
{
    struct en_rpc_invited v;

    assert_ok(LAPTOP_ASK(amina, EN_RPC_INVITE, invite, .name = BYTES("Luc"),
                         .cls = 2));
    assert_ok(en_rpc_get_invited(laptop_item(amina, 0), &v));
    assert_true(v.code.n < sizeof code);
    memset(code, 0, sizeof code);
    memcpy(code, v.code.p, v.code.n);
}

static en_err join(const char *typed, const char *at)
{
    if (!laptop_lives(luc)) {
        laptop_kill(luc);
        laptop_start(&lan, luc);
    }
    return LAPTOP_ASK(luc, EN_RPC_JOIN, join, .code = en_span_str(typed),
                      .address = en_span_str(at == NULL ? "" : at));
}

static void meet_at_words(void)
{
    invite();
    assert_ok(join(code, NULL));
    laptop_await_meet(amina, EN_MEET_WORDS);
    laptop_await_meet(luc, EN_MEET_WORDS);
}

static void assert_failed(struct laptop *l, en_err err, enum en_reason reason)
{
    struct en_rpc_link link;

    laptop_await_meet(l, EN_MEET_FAILED);
    laptop_link(l, &link);
    assert_int_equal(link.meet, EN_MEET_FAILED);
    assert_string_equal(en_err_name((en_err)link.error), en_err_name(err));
    assert_int_equal(link.reason, reason);
}

/* The newcomer's command ends: so does the agent it started, and no file, no folder
 * tells that anybody was here. */
static void assert_nothing_left(void)
{
    uint64_t until = laptop_now_ms() + 10000;

    en_call_free(luc->call);
    luc->call = NULL;
    while (laptop_lives(luc) && laptop_now_ms() < until)
        (void)usleep(1000);
    assert_false(laptop_lives(luc));
    assert_int_equal(access(luc->home, F_OK), -1);
}

static size_t persons(void)
{
    struct en_rpc_circle c;

    assert_ok(LAPTOP_ASK(amina, EN_RPC_MEMBERS, name, .typed = BYTES("")));
    assert_ok(en_rpc_get_circle(laptop_item(amina, 0), &c));
    return c.persons;
}

static int make_circle(void **state)
{
    (void)state;
    laptop_start(&lan, amina);
    laptop_init(amina, "Amina B.");
    assert_ok(LAPTOP_ASK(amina, EN_RPC_CREATE, create,
                         .name = BYTES("The Limes"), .lang = EN_LANG_FR,
                         .device = BYTES("computer"), .kit = BYTES("paper")));
    return 0;
}

static void no_from_the_newcomer_leaves_nothing(void **state)
{
    (void)state;
    meet_at_words();
    assert_ok(LAPTOP_ASK(amina, EN_RPC_AGREE, agree, .yes = true));
    assert_ok(LAPTOP_ASK(luc, EN_RPC_AGREE, agree, .yes = false));
    assert_failed(luc, EN_FORGED, EN_WHY_WORDS);
    assert_failed(amina, EN_FORGED, EN_WHY_WORDS);
    assert_nothing_left();
    assert_int_equal(persons(), 1);
}

static void no_from_the_sponsor_leaves_nothing(void **state)
{
    (void)state;
    meet_at_words();
    assert_ok(LAPTOP_ASK(luc, EN_RPC_AGREE, agree, .yes = true));
    assert_ok(LAPTOP_ASK(amina, EN_RPC_AGREE, agree, .yes = false));
    assert_failed(luc, EN_FORGED, EN_WHY_WORDS);
    assert_failed(amina, EN_FORGED, EN_WHY_WORDS);
    assert_nothing_left();
    assert_int_equal(persons(), 1);
}

/* The same number, so that the same sponsor answers; other words. */
static void wrong(char out[EN_CODE_SHOWN_MAX])
{
    const char *word = en_word(EN_LANG_FR, strstr(code, "moulin") ? 17 : 42);

    snprintf(out, EN_CODE_SHOWN_MAX, "%d-%s-%s", atoi(code), word, word);
}

static void a_wrong_code_is_said_to_both_and_burns_the_right_one(void **state)
{
    char typed[EN_CODE_SHOWN_MAX];

    (void)state;
    laptop_kill(luc);
    assert_int_equal(access(luc->home, F_OK), -1);
    invite();
    wrong(typed);
    assert_ok(join(typed, NULL));
    assert_failed(amina, EN_FORGED, EN_WHY_CODE_WRONG);
    assert_failed(luc, EN_FORGED, EN_WHY_CODE_WRONG);
    assert_ok(join(code, "10.78.0.1:51847"));
    assert_failed(luc, EN_DENIED, EN_WHY_CODE_OLD);
    assert_nothing_left();
    assert_int_equal(persons(), 1);
}

static void three_failures_lock_inviting_for_a_minute(void **state)
{
    (void)state;
    assert_err(LAPTOP_ASK(amina, EN_RPC_INVITE, invite, .name = BYTES("Luc"),
                          .cls = 2),
               EN_DENIED);
    assert_int_equal(amina->why.reason, EN_WHY_INVITE_LIMIT);
    assert_in_range(amina->why.n, 1, 60);
    /* The lock is the agent's, not of what it has open. */
    assert_ok(laptop_ask(amina, EN_RPC_LOCK, en_rpc_nothing()));
    laptop_unlock(amina);
    assert_err(LAPTOP_ASK(amina, EN_RPC_INVITE, invite, .name = BYTES("Luc"),
                          .cls = 2),
               EN_DENIED);
    laptop_stop(amina);
    laptop_start(&lan, amina);
    laptop_unlock(amina);
}

static void an_invitation_given_up_is_worth_nothing(void **state)
{
    struct en_rpc_link link;

    (void)state;
    invite();
    assert_ok(laptop_ask(amina, EN_RPC_MEET_CANCEL, en_rpc_nothing()));
    assert_failed(amina, EN_CLOSED, EN_WHY_CANCELLED);
    laptop_link(amina, &link);
    assert_true(link.on); /* the link stays, as PRODUCT 4.1 rule 13 says */
    assert_ok(join(code, "10.78.0.1:51847"));
    assert_failed(luc, EN_DENIED, EN_WHY_CODE_OLD);
    assert_nothing_left();
}

static void a_sponsor_that_goes_away_leaves_the_newcomer_nothing(void **state)
{
    (void)state;
    meet_at_words();
    en_call_free(amina->call); /* the command is gone, the agent is not */
    amina->call = NULL;
    assert_failed(luc, EN_CLOSED, EN_WHY_NONE);
    assert_nothing_left();
    assert_ok(en_call_new(&amina->call, &amina->env));
    assert_int_equal(persons(), 1);
}

static void
a_newcomer_killed_at_the_words_leaves_the_sponsor_as_it_was(void **state)
{
    (void)state;
    meet_at_words();
    laptop_kill(luc);
    assert_failed(amina, EN_CLOSED, EN_WHY_NONE);
    assert_int_equal(persons(), 1);
    /* Killed, it could not take its socket away; and it left no more than that. */
    assert_int_equal(access(luc->data, F_OK), -1);
    assert_int_equal(access(luc->state, F_OK), -1);
    laptop_start(&lan, luc);
    laptop_stop(luc);
    assert_int_equal(rmdir(luc->run), 0);
    assert_int_equal(rmdir(luc->home), 0);
}

static void nobody_at_an_address_is_said_at_once(void **state)
{
    (void)state;
    assert_ok(join("7-jardin-moulin", "10.78.0.1:9"));
    assert_failed(luc, EN_TIMEOUT, EN_WHY_NOBODY);
    assert_err(join("7-jardin-moulin", "not an address"), EN_RANGE);
    assert_err(join("7-jardin-moulin", "example.org:51847"), EN_RANGE);
    assert_err(join("7-jardin-moulin", "10.78.0.1:0"), EN_RANGE);
    assert_err(join("7-jardin", NULL), EN_RANGE);
    assert_nothing_left();
}

static void one_meets_one_at_a_time(void **state)
{
    (void)state;
    meet_at_words();
    assert_err(LAPTOP_ASK(amina, EN_RPC_INVITE, invite, .name = BYTES("Luc"),
                          .cls = 2),
               EN_BUSY);
    assert_err(join(code, NULL), EN_BUSY);
    assert_ok(laptop_ask(luc, EN_RPC_MEET_CANCEL, en_rpc_nothing()));
    assert_failed(luc, EN_CLOSED, EN_WHY_CANCELLED);
    assert_failed(amina, EN_CLOSED, EN_WHY_NONE);
    assert_nothing_left();
}

static void who_has_a_journal_joins_with_it(void **state)
{
    (void)state;
    laptop_stop(amina);
    laptop_start(&lan, amina);
    laptop_unlock(amina);
    if (!laptop_lives(luc)) {
        laptop_kill(luc);
        laptop_start(&lan, luc);
    }
    laptop_init(luc, "Luc R.");
    assert_ok(laptop_ask(luc, EN_RPC_LOCK, en_rpc_nothing()));
    assert_err(join("7-jardin-moulin", NULL), EN_LOCKED);
    laptop_unlock(luc);
    laptops_meet(amina, luc, "Luc R.", NULL);
    assert_int_equal(persons(), 2);
    laptop_await_step(luc, 1);
    /* The same device a second time is no newcomer. */
    invite();
    assert_ok(join(code, NULL));
    laptop_await_meet(luc, EN_MEET_WORDS);
    laptop_await_meet(amina, EN_MEET_WORDS);
    assert_ok(LAPTOP_ASK(luc, EN_RPC_AGREE, agree, .yes = true));
    assert_ok(LAPTOP_ASK(amina, EN_RPC_AGREE, agree, .yes = true));
    assert_failed(luc, EN_DENIED, EN_WHY_NONE);
    assert_int_equal(persons(), 2);
}

static void a_member_invites_nobody(void **state)
{
    (void)state;
    assert_err(
        LAPTOP_ASK(luc, EN_RPC_INVITE, invite, .name = BYTES("Max"), .cls = 2),
        EN_DENIED);
    assert_int_equal(luc->why.reason, EN_WHY_NOT_FACILITATOR);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_from_the_newcomer_leaves_nothing),
        cmocka_unit_test(no_from_the_sponsor_leaves_nothing),
        cmocka_unit_test(a_wrong_code_is_said_to_both_and_burns_the_right_one),
        cmocka_unit_test(three_failures_lock_inviting_for_a_minute),
        cmocka_unit_test(an_invitation_given_up_is_worth_nothing),
        cmocka_unit_test(a_sponsor_that_goes_away_leaves_the_newcomer_nothing),
        cmocka_unit_test(
            a_newcomer_killed_at_the_words_leaves_the_sponsor_as_it_was),
        cmocka_unit_test(nobody_at_an_address_is_said_at_once),
        cmocka_unit_test(one_meets_one_at_a_time),
        cmocka_unit_test(who_has_a_journal_joins_with_it),
        cmocka_unit_test(a_member_invites_nobody),
    };
    int failed;

    if (argc != 2)
        return 2;
    if (!lan_new(&lan, 2, argv[1]))
        return lan_skip("join");
    amina = &lan.laptop[0];
    luc = &lan.laptop[1];
    failed = cmocka_run_group_tests(tests, make_circle, NULL);
    lan_free(&lan);
    return failed;
}
