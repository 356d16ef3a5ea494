#include "journal/when.h"

#include "lib/things.h"

static void a_wall_day_is_the_authors_own(void **state)
{
    /* 2027-04-28T22:30Z is the 29th at +02:00 and the 28th at -07:00. */
    struct en_when w = at_ms(1808951400000, 120);

    (void)state;
    assert_true(en_when_valid(&w));
    assert_int_equal(en_day_cmp(en_when_day(&w), day_of(2027, 4, 29)), 0);
    assert_int_equal(en_when_minute(&w), 30);
    w.offset = -420;
    assert_int_equal(en_day_cmp(en_when_day(&w), day_of(2027, 4, 28)), 0);
    assert_int_equal(en_when_minute(&w), 15 * 60 + 30);
}

static void instants_before_1970_round_down(void **state)
{
    struct en_when w = at_ms(-1, 0);

    (void)state;
    assert_int_equal(en_day_cmp(en_when_day(&w), day_of(1969, 12, 31)), 0);
    assert_int_equal(en_when_minute(&w), 23 * 60 + 59);
    w = at_ms(-86400000, 0);
    assert_int_equal(en_day_cmp(en_when_day(&w), day_of(1969, 12, 31)), 0);
    assert_int_equal(en_when_minute(&w), 0);
}

static void what_falls_outside_the_calendar_is_refused(void **state)
{
    struct en_when w = at_ms(INT64_MAX, 840);

    (void)state;
    assert_false(en_when_valid(&w));
    w.ms = INT64_MIN;
    assert_false(en_when_valid(&w));
    w = at_ms(0, 841);
    assert_false(en_when_valid(&w));
    w = at_ms(0, -841);
    assert_false(en_when_valid(&w));
    /* The last and first millisecond that have a day. */
    w = at_ms(253402300799999, 0);
    assert_true(en_when_valid(&w));
    w.offset = 1;
    assert_false(en_when_valid(&w));
    w = at_ms(-62135596800000, 0);
    assert_true(en_when_valid(&w));
    w.offset = -1;
    assert_false(en_when_valid(&w));
    w = on_day(2027, 2, 29);
    assert_false(en_when_valid(&w));
    w = on_day(2028, 2, 29);
    assert_true(en_when_valid(&w));
    w.kind = EN_WHEN_NONE;
    assert_false(en_when_valid(&w));
}

static void days_come_before_their_hours_and_keys_agree(void **state)
{
    struct en_when v[] = {
        on_day(1, 1, 1),
        on_day(1969, 12, 31),
        at_ms(-1, 0),
        on_day(1970, 1, 1),
        at_ms(0, 0),
        at_ms(3600000, 0),
        at_ms(-3600000, 120),
        at_ms(0, 60),
        on_day(2027, 4, 28),
        at_ms(1808951400000, -420),
        at_ms(1808951400000, 0),
        at_ms(1808951400000, 120),
        on_day(9999, 12, 31),
    };
    size_t n = sizeof(v) / sizeof(v[0]);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(en_when_key_day(en_when_key(&v[i])),
                         en_day_number(en_when_day(&v[i])));
        for (size_t j = 0; j < n; j++) {
            int c = en_when_cmp(&v[i], &v[j]);
            int64_t x = en_when_key(&v[i]);
            int64_t y = en_when_key(&v[j]);

            assert_int_equal(c, -en_when_cmp(&v[j], &v[i]));
            if (x != y)
                assert_int_equal(c < 0, x < y);
            else
                assert_int_equal(c, i == j ? 0 : v[i].ms < v[j].ms ? -1 : 1);
        }
    }
    /* 01:00 on the wall, three ways: by UTC then. */
    assert_true(en_when_cmp(&v[6], &v[7]) < 0);
    assert_true(en_when_cmp(&v[7], &v[5]) < 0);
    assert_true(en_when_cmp(&v[3], &v[4]) < 0);
    assert_true(en_when_cmp(&v[2], &v[3]) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wall_day_is_the_authors_own),
        cmocka_unit_test(instants_before_1970_round_down),
        cmocka_unit_test(what_falls_outside_the_calendar_is_refused),
        cmocka_unit_test(days_come_before_their_hours_and_keys_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
