#include "base/err.h"

#include "lib/test.h"

static void every_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < EN_ERR_COUNT; a++) {
        assert_non_null(en_err_name((en_err)a));
        assert_string_not_equal(en_err_name((en_err)a), "unknown");
        for (int b = 0; b < a; b++)
            assert_string_not_equal(en_err_name((en_err)a),
                                    en_err_name((en_err)b));
    }
    assert_string_equal(en_err_name(EN_NO_KEY), "no_key");
    assert_string_equal(en_err_name(EN_CLOSED), "closed");
}

static void a_number_that_is_no_code_is_named_unknown(void **state)
{
    (void)state;
    assert_string_equal(en_err_name(EN_ERR_COUNT), "unknown");
    assert_string_equal(en_err_name((en_err)-1), "unknown");
}

static void why_holds_what_it_was_told_and_returns_the_code(void **state)
{
    struct en_why why;

    (void)state;
    memset(&why, 0xff, sizeof(why));
    assert_err(en_why_set(&why, EN_RANGE, EN_WHY_TEXT_LONG, "jour", 7, 5),
               EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_TEXT_LONG);
    assert_int_equal(why.n, 7);
    assert_int_equal(why.limit, 5);
    assert_string_equal(why.what, "jour");
}

static void why_may_be_absent_and_so_may_what(void **state)
{
    struct en_why why = {.what = "old"};

    (void)state;
    assert_err(en_why_set(NULL, EN_IO, EN_WHY_READ_ONLY, "x", 0, 0), EN_IO);
    assert_err(en_why_set(&why, EN_IO, EN_WHY_READ_ONLY, NULL, 0, 0), EN_IO);
    assert_string_equal(why.what, "");
}

static void a_long_what_is_cut_between_characters(void **state)
{
    char what[EN_WHY_TEXT_MAX + 8];
    struct en_why why;

    (void)state;
    /* The cut falls on each byte of a four-byte character in turn. */
    for (size_t before = EN_WHY_TEXT_MAX - 5; before < EN_WHY_TEXT_MAX;
         before++) {
        size_t whole = before + 4 < EN_WHY_TEXT_MAX ? before + 4 : before;

        memset(what, 'a', before);
        memcpy(what + before, "\xf0\x9f\x8c\xb1", 5);
        (void)en_why_set(&why, EN_RANGE, EN_WHY_NAME, what, 0, 0);
        assert_int_equal(strlen(why.what), whole);
        assert_memory_equal(why.what, what, whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_name_of_its_own),
        cmocka_unit_test(a_number_that_is_no_code_is_named_unknown),
        cmocka_unit_test(why_holds_what_it_was_told_and_returns_the_code),
        cmocka_unit_test(why_may_be_absent_and_so_may_what),
        cmocka_unit_test(a_long_what_is_cut_between_characters),
    };

    return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
