#include "cli/wall.h"

#include "lib/test.h"

#include <stdlib.h>
#include <time.h>

static void days_move_across_months_and_stop_at_the_calendars_ends(void **state)
{
    struct en_day d = {2027, 12, 31}, out = {0};

    (void)state;
    assert_true(en_day_add(d, 1, &out));
    assert_int_equal(out.year, 2028);
    assert_int_equal(out.month * 100 + out.day, 101);
    assert_true(en_day_add(out, -1, &out));
    assert_int_equal(en_day_cmp(out, d), 0);
    assert_true(en_day_add((struct en_day){2028, 2, 28}, 1, &out));
    assert_int_equal(out.day, 29);
    assert_false(en_day_add((struct en_day){9999, 12, 31}, 1, &out));
    assert_false(en_day_add((struct en_day){1, 1, 1}, -1, &out));
    assert_false(en_day_add(d, INT64_MAX, &out));
    assert_false(en_day_add(d, INT64_MIN, &out));
}

static void months_clamp_at_their_end(void **state)
{
    struct en_day out = {0};

    (void)state;
    assert_true(en_day_add_months((struct en_day){2027, 1, 31}, 1, &out));
    assert_int_equal(out.month * 100 + out.day, 228);
    assert_true(en_day_add_months((struct en_day){2028, 1, 31}, 1, &out));
    assert_int_equal(out.day, 29);
    assert_true(en_day_add_months((struct en_day){2028, 2, 29}, -12, &out));
    assert_int_equal(out.year * 100 + out.day, 202728);
    assert_true(en_day_add_months((struct en_day){2027, 3, 31}, -1, &out));
    assert_int_equal(out.month * 100 + out.day, 228);
    assert_false(en_day_add_months((struct en_day){9999, 12, 1}, 1, &out));
    assert_false(en_day_add_months((struct en_day){1, 1, 1}, -1, &out));
    assert_false(en_day_add_months((struct en_day){1, 1, 1}, INT64_MAX, &out));
}

static void iso_days_are_ten_characters_and_exist(void **state)
{
    static const char *const bad[] = {
        "",           "2027-5-12",   "2027-05-1",  "2027-02-30", "0000-01-01",
        "2027/05/12", "2027-05-12 ", "+027-05-12", "2027-13-01", "20a7-05-12"};
    struct en_day d = {0};
    char s[11];

    (void)state;
    assert_true(en_day_of_iso(BYTES("0822-05-12"), &d));
    en_day_iso(d, s);
    assert_string_equal(s, "0822-05-12");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(en_day_of_iso(en_span_str(bad[i]), &d));
    assert_int_equal(d.year, 822);
}

static void offsets_are_read_in_their_usual_spellings(void **state)
{
    static const struct {
        const char *s;
        int min;
    } row[] = {{"Z", 0},        {"z", 0},         {"utc", 0},      {"UTC", 0},
               {"+02:00", 120}, {"-05:30", -330}, {"+0200", 120},  {"+2", 120},
               {"-5", -300},    {"+14:00", 840},  {"-14:00", -840}};
    static const char *const bad[] = {
        "",      "02:00",   "+",      "+14:01", "+15",         "+02:60",
        "+02:0", "+02:000", "+2:00x", "++2",    "Europe/Paris"};
    int16_t min = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        assert_ok(en_zone_parse_offset(en_span_str(row[i].s), &min));
        assert_int_equal(min, row[i].min);
    }
    min = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_err(en_zone_parse_offset(en_span_str(bad[i]), &min), EN_RANGE);
    assert_int_equal(min, 7);
}

static void an_instant_and_its_wall_give_each_other_back(void **state)
{
    static const int64_t at[] = {0, -1, INT64_C(1810123620123),
                                 INT64_C(-62135596800000 + 50400000),
                                 INT64_C(253402300799999 - 50400000)};
    static const int16_t offset[] = {-840, -330, 0, 1, 60, 840};

    (void)state;
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
        for (size_t k = 0; k < sizeof(offset) / sizeof(offset[0]); k++) {
            struct en_zone zone = en_zone_fixed(offset[k]);
            struct en_wall w;
            int64_t back = 1;
            int16_t min = 1;
            bool twice = true;

            assert_ok(en_wall_of(at[i], offset[k], &w));
            assert_ok(en_wall_time(&w, &zone, &back, &min, &twice));
            assert_true(back == at[i]);
            assert_int_equal(min, offset[k]);
            assert_false(twice);
        }
}

static void walls_outside_the_calendar_or_the_day_are_refused(void **state)
{
    struct en_zone zone = en_zone_fixed(0);
    struct en_wall w = {.day = {2027, 5, 12}, .hour = 24};
    int64_t t = 5;
    int16_t min;
    bool twice;
    char s[32];

    (void)state;
    assert_err(en_wall_time(&w, &zone, &t, &min, &twice), EN_RANGE);
    w = (struct en_wall){.day = {2027, 2, 29}};
    assert_err(en_wall_time(&w, &zone, &t, &min, &twice), EN_RANGE);
    w = (struct en_wall){.day = {2027, 2, 28}, .minute = 60};
    assert_err(en_wall_time(&w, &zone, &t, &min, &twice), EN_RANGE);
    assert_true(t == 5);
    assert_err(en_wall_of(INT64_C(253402300800000), 0, &w), EN_RANGE);
    assert_err(en_wall_of(INT64_C(-62135596800001), 0, &w), EN_RANGE);
    assert_err(en_wall_of(INT64_MAX, 840, &w), EN_RANGE);
    assert_err(en_wall_of(INT64_MIN, -840, &w), EN_RANGE);
    assert_err(en_wall_rfc3339(INT64_MAX, 0, s), EN_RANGE);
    assert_ok(en_wall_rfc3339(-1, -330, s));
    assert_string_equal(s, "1969-12-31T18:29:59.999-05:30");
}

/* The change at one instant, from one offset to another. */
static int64_t change_at;
static int16_t change_from, change_to;

static int16_t changing(const struct en_zone *zone, int64_t time_ms)
{
    (void)zone;
    return time_ms < change_at ? change_from : change_to;
}

static void any_clock_change_skips_or_doubles_exactly_its_hours(void **state)
{
    static const int16_t change[][2] = {{60, 120},   {120, 60},  {-600, 840},
                                        {840, -600}, {630, 660}, {0, 1}};
    struct en_zone zone = {changing, 0};

    (void)state;
    change_at = INT64_C(1806195600000);
    for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
        change_from = change[i][0];
        change_to = change[i][1];
        /* Every quarter of an hour of the two days around, minute by minute. */
        for (int64_t m = -2880; m <= 2880; m++) {
            int64_t local = change_at + m * 60000, t = 0;
            bool before = local - change_from * 60000 < change_at;
            bool after = local - change_to * 60000 >= change_at;
            struct en_wall w;
            int16_t min = 0;
            bool twice = false;
            en_err err;

            assert_ok(en_wall_of(local, 0, &w));
            err = en_wall_time(&w, &zone, &t, &min, &twice);
            assert_int_equal(err, before || after ? EN_OK : EN_ABSENT);
            if (err != EN_OK)
                continue;
            assert_int_equal(twice, before && after);
            assert_int_equal(min, before ? change_from : change_to);
            assert_true(t == local - min * 60000);
        }
    }
}

static void the_systems_zone_follows_tz(void **state)
{
    struct en_zone zone;

    (void)state;
    /* A rule written out needs no files of zones. */
    assert_int_equal(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    zone = en_zone_system();
    assert_int_equal(zone.offset_min(&zone, INT64_C(1810123620000)), 120);
    assert_int_equal(zone.offset_min(&zone, INT64_C(1800000000000)), 60);
    assert_int_equal(setenv("TZ", "XXX5:30", 1), 0);
    zone = en_zone_system();
    assert_int_equal(zone.offset_min(&zone, 0), -330);
    assert_in_range(zone.offset_min(&zone, INT64_MIN) + EN_OFFSET_MIN_MAX, 0,
                    2 * EN_OFFSET_MIN_MAX);
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            days_move_across_months_and_stop_at_the_calendars_ends),
        cmocka_unit_test(months_clamp_at_their_end),
        cmocka_unit_test(iso_days_are_ten_characters_and_exist),
        cmocka_unit_test(offsets_are_read_in_their_usual_spellings),
        cmocka_unit_test(an_instant_and_its_wall_give_each_other_back),
        cmocka_unit_test(walls_outside_the_calendar_or_the_day_are_refused),
        cmocka_unit_test(any_clock_change_skips_or_doubles_exactly_its_hours),
        cmocka_unit_test(the_systems_zone_follows_tz),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
