#include "sync/invite.h"

#include "lib/test.h"

static struct en_rng_seeded rng;
static struct en_invite inv;
static char shown[EN_CODE_SHOWN_MAX];

static int set_up(void **state)
{
    (void)state;
    en_rng_seed(&rng, 3);
    inv = (struct en_invite){0};
    return 0;
}

static void assert_code(const char *typed, const char *canon)
{
    struct en_code code;
    en_err err = en_code_parse(en_span_str(typed), &code, NULL);

    if (err != EN_OK)
        fail_msg("\"%s\": %s", typed, en_err_name(err));
    assert_string_equal(code.canon, canon);
    assert_span(en_code_span(&code), canon);
}

static void a_code_is_taken_however_it_is_typed(void **state)
{
    (void)state;
    assert_code("7-jardin-moulin", "7-jard-moul");
    assert_code("7 jardin moulin", "7-jard-moul");
    assert_code("  07  JARDIN -- Moulin ", "7-jard-moul");
    assert_code("7-jard-moul", "7-jard-moul");
    assert_code("7\xe2\x80\x93jardin\xe2\x80\x94moulin", "7-jard-moul");
    assert_code("7\tjardin\xc2\xa0moulin\n", "7-jard-moul");
    assert_code("99-acad\xc3\xa9mie-z\xc3\xa8"
                "bre",
                "99-acad-zebr");
    assert_code("99-acade\xcc\x81mie-zebre", "99-acad-zebr");
    assert_code("12-garden-river", "12-gard-rive");
    assert_code("1-garden-jardin", "1-gard-jard"); /* a word of either list */
    assert_code("5-zoo-act", "5-zoo-act");         /* words of three letters */
}

static void both_lists_whole_are_taken_and_keep_their_four_letters(void **state)
{
    (void)state;
    for (unsigned lang = 0; lang < 2; lang++)
        for (unsigned i = 0; i < EN_WORDS_COUNT; i++) {
            char typed[64];
            char canon[32];
            char key[5];

            en_word_key((enum en_lang)lang, i, key);
            (void)snprintf(typed, sizeof(typed), "42 %s %s",
                           en_word((enum en_lang)lang, i), key);
            (void)snprintf(canon, sizeof(canon), "42-%s-%s", key, key);
            assert_code(typed, canon);
        }
}

static void assert_refused(struct en_span typed, enum en_reason reason,
                           const char *what)
{
    static const struct en_code before = {.number = 3};
    struct en_code code = before;
    struct en_why why = {0};

    assert_err(en_code_parse(typed, &code, &why), EN_RANGE);
    assert_int_equal(why.reason, reason);
    assert_string_equal(why.what, what);
    assert_memory_equal(&code, &before, sizeof(code));
}

static void a_word_of_no_list_is_named_as_it_was_typed(void **state)
{
    (void)state;
    assert_refused(BYTES("7-jardni-moulin"), EN_WHY_CODE_WORD, "jardni");
    assert_refused(BYTES("7-jardin-moulinn"), EN_WHY_CODE_WORD, "moulinn");
    assert_refused(BYTES("7 Jardin MOULL\xc3\x89"), EN_WHY_CODE_WORD,
                   "MOULL\xc3\x89");
    assert_refused(BYTES("7-jad-moulin"), EN_WHY_CODE_WORD, "jad");
    assert_refused(BYTES("7-jardin-7"), EN_WHY_CODE_WORD, "7");
    assert_refused(BYTES("7-'-moulin"), EN_WHY_CODE_WORD, "'");
}

static void what_has_not_the_form_of_a_code_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "7",
        "7-jardin",
        "jardin-moulin",
        "jardin-moulin-7",
        "0-jardin-moulin",
        "100-jardin-moulin",
        "4294967303-jardin-moulin",
        "-7",
        "7a-jardin-moulin",
        "7-jardin-moulin-zebre",
        "7-jardin-moulin-",
        "- - -",
    };
    char longest[200];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        if (strcmp(bad[i], "7-jardin-moulin-") != 0)
            assert_refused(en_span_str(bad[i]), EN_WHY_CODE_FORM, "");
    assert_code("7-jardin-moulin-", "7-jard-moul");
    assert_refused(BYTES("7-jardin-moul\xff"), EN_WHY_CODE_FORM, "");
    assert_refused(BYTES("7-jardin\0-moulin"), EN_WHY_CODE_WORD, "jardin");
    memset(longest, ' ', sizeof(longest));
    memcpy(longest, "7-jardin-moulin", 15);
    assert_refused(EN_SPAN((const uint8_t *)longest, 129), EN_WHY_CODE_FORM,
                   "");
}

static void a_made_code_is_shown_whole_and_parses_to_itself(void **state)
{
    bool number[100] = {false};
    size_t seen = 0;

    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        struct en_code made;
        struct en_code typed;

        en_code_make(&rng.rng, (enum en_lang)(i % 2), &made, shown);
        assert_ok(en_code_parse(en_span_str(shown), &typed, NULL));
        assert_string_equal(made.canon, typed.canon);
        assert_in_range(made.number, 1, 99);
        assert_int_equal(made.number, typed.number);
        seen += !number[made.number];
        number[made.number] = true;
    }
    assert_int_equal(seen, 99);
}

static void a_code_lives_ten_minutes(void **state)
{
    struct en_code code;

    (void)state;
    assert_false(en_invite_live(&inv, 1000));
    assert_int_equal(en_invite_number(&inv, 1000), 0);
    assert_ok(en_invite_new(&inv, &rng.rng, EN_LANG_FR, 1000, shown, NULL));
    assert_int_equal(en_invite_number(&inv, 1000), inv.code.number);
    assert_true(en_invite_live(&inv, 1000 + EN_CODE_LIFE_MS - 1));
    assert_false(en_invite_live(&inv, 1000 + EN_CODE_LIFE_MS));
    assert_int_equal(en_invite_number(&inv, 1000 + EN_CODE_LIFE_MS), 0);
    assert_err(en_invite_take(&inv, 1000 + EN_CODE_LIFE_MS, &code), EN_DENIED);
    assert_int_equal(inv.code.len, 0);
}

static void a_code_is_taken_once(void **state)
{
    struct en_code code;
    struct en_code typed;

    (void)state;
    assert_ok(en_invite_new(&inv, &rng.rng, EN_LANG_FR, 1000, shown, NULL));
    assert_ok(en_code_parse(en_span_str(shown), &typed, NULL));
    assert_ok(en_invite_take(&inv, 2000, &code));
    assert_string_equal(code.canon, typed.canon);
    assert_int_equal(inv.code.len, 0);
    assert_err(en_invite_take(&inv, 2000, &code), EN_DENIED);
    assert_false(en_invite_live(&inv, 2000));
    /* No second code while the first one's attempt is under way. */
    assert_err(en_invite_new(&inv, &rng.rng, EN_LANG_FR, 2000, shown, NULL),
               EN_BUSY);
    en_invite_cancel(&inv);
    assert_err(en_invite_new(&inv, &rng.rng, EN_LANG_FR, 2000, shown, NULL),
               EN_BUSY);
    en_invite_ended(&inv, true, 3000);
    assert_ok(en_invite_new(&inv, &rng.rng, EN_LANG_FR, 3000, shown, NULL));
}

static void a_new_code_replaces_the_live_one_and_cancel_ends_it(void **state)
{
    char first[EN_CODE_SHOWN_MAX];

    (void)state;
    assert_ok(en_invite_new(&inv, &rng.rng, EN_LANG_EN, 1000, first, NULL));
    assert_ok(en_invite_new(&inv, &rng.rng, EN_LANG_EN, 2000, shown, NULL));
    assert_string_not_equal(first, shown);
    assert_int_equal(inv.born_ms, 2000);
    en_invite_cancel(&inv);
    assert_false(en_invite_live(&inv, 2000));
    assert_int_equal(inv.code.len, 0);
}

static void attempt(bool ok, uint64_t now_ms)
{
    struct en_code code;

    assert_ok(en_invite_new(&inv, &rng.rng, EN_LANG_FR, now_ms, shown, NULL));
    assert_ok(en_invite_take(&inv, now_ms, &code));
    en_invite_ended(&inv, ok, now_ms);
}

static void three_failures_in_a_row_lock_inviting_for_a_minute(void **state)
{
    struct en_why why = {0};

    (void)state;
    attempt(false, 1000);
    attempt(false, 2000);
    attempt(true, 3000); /* a success in between starts the count anew */
    attempt(false, 4000);
    attempt(false, 5000);
    attempt(false, 6000);
    assert_err(en_invite_new(&inv, &rng.rng, EN_LANG_FR, 6001, shown, &why),
               EN_DENIED);
    assert_int_equal(why.reason, EN_WHY_INVITE_LIMIT);
    assert_int_equal(why.n, 60);
    assert_err(en_invite_new(&inv, &rng.rng, EN_LANG_FR, 65999, shown, &why),
               EN_DENIED);
    assert_int_equal(why.n, 1);
    attempt(false, 66000); /* one failure, not a fourth */
    attempt(false, 67000);
    assert_ok(en_invite_new(&inv, &rng.rng, EN_LANG_FR, 68000, shown, NULL));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        CASE(a_code_is_taken_however_it_is_typed),
        CASE(both_lists_whole_are_taken_and_keep_their_four_letters),
        CASE(a_word_of_no_list_is_named_as_it_was_typed),
        CASE(what_has_not_the_form_of_a_code_is_refused),
        CASE(a_made_code_is_shown_whole_and_parses_to_itself),
        CASE(a_code_lives_ten_minutes),
        CASE(a_code_is_taken_once),
        CASE(a_new_code_replaces_the_live_one_and_cancel_ends_it),
        CASE(three_failures_in_a_row_lock_inviting_for_a_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
