#include "cli/when.h"

#include "lib/test.h"

/* Wednesday 12 May 2027, 14:07 in Paris. */
#define NOW_MS (INT64_C(1810123620000))

/* Central European time by its rule, for 2000 to 2040: no zone of the machine's.
 * Clocks change at 01:00 UTC on the last Sundays of March and of October. */
static int16_t paris_min(const struct en_zone *zone, int64_t time_ms)
{
    struct en_wall utc;
    struct en_day spring, autumn;
    int64_t start, end;

    (void)zone;
    if (en_wall_of(time_ms, 0, &utc) != EN_OK)
        return 60;
    spring = (struct en_day){utc.day.year, 3, 31};
    autumn = (struct en_day){utc.day.year, 10, 31};
    spring.day = (uint8_t)(31 - (en_day_weekday(spring) + 1) % 7);
    autumn.day = (uint8_t)(31 - (en_day_weekday(autumn) + 1) % 7);
    start = (int64_t)en_day_number(spring) * 86400000 + 3600000;
    end = (int64_t)en_day_number(autumn) * 86400000 + 3600000;
    return time_ms >= start && time_ms < end ? 120 : 60;
}

static struct en_when_ask ask_of(enum en_when_use use, enum en_lang lang)
{
    return (struct en_when_ask){
        .use = use, .lang = lang, .now_ms = NOW_MS, .zone = {paris_min, 0}};
}

/* What was read, as a line: a day "2027-04-28", an instant with its wall time and
 * offset, a span "a..b", an hour "@14:30", or "! n" for the refusal n. */
static const char *read_as(enum en_when_use use, enum en_lang lang,
                           const char *typed)
{
    static char line[96];
    struct en_when_ask ask = ask_of(use, lang);
    struct en_date w = {0};
    struct en_when_bad bad = {0};
    char a[11], b[11];
    en_err err = en_when_read(&ask, en_span_str(typed), &w, &bad);

    if (err != EN_OK) {
        assert_int_equal(err, EN_RANGE);
        assert_int_not_equal(bad.wrong, EN_WHEN_FINE);
        (void)snprintf(line, sizeof(line), "! %d", (int)bad.wrong);
        return line;
    }
    switch (w.kind) {
    case EN_DATE_DAY:
        assert_int_equal(en_day_cmp(w.first, w.last), 0);
        en_day_iso(w.first, line);
        break;
    case EN_DATE_SPAN:
        en_day_iso(w.first, a);
        en_day_iso(w.last, b);
        (void)snprintf(line, sizeof(line), "%s..%s", a, b);
        break;
    case EN_DATE_INSTANT:
        assert_ok(en_wall_rfc3339(w.time_ms, w.offset_min, line));
        en_day_iso(w.first, a);
        assert_memory_equal(a, line, 10);
        if (w.twice)
            (void)strcat(line, " twice");
        break;
    case EN_DATE_CLOCK:
        (void)snprintf(line, sizeof(line), "@%02u:%02u", w.wall.hour,
                       w.wall.minute);
        break;
    }
    return line;
}

static const char *refusal(enum en_when_wrong wrong)
{
    static char line[16];

    (void)snprintf(line, sizeof(line), "! %d", (int)wrong);
    return line;
}

#define READS(use, lang, typed, expect)                                        \
    assert_string_equal(read_as(use, lang, typed), expect)
#define REFUSES(use, lang, typed, wrong)                                       \
    assert_string_equal(read_as(use, lang, typed), refusal(wrong))
#define FR EN_LANG_FR
#define EN EN_LANG_EN

/* Both languages of a row, whatever the language of the screens. */
static void both(const char *typed, const char *expect)
{
    READS(EN_WHEN_ON, FR, typed, expect);
    READS(EN_WHEN_ON, EN, typed, expect);
}

static void iso_dates_read_the_same_everywhere(void **state)
{
    (void)state;
    both("2027-04-28", "2027-04-28");
    both("0001-01-01", "0001-01-01");
    both("9999-12-31", "9999-12-31");
    both("  2027-04-28  ", "2027-04-28");
    both("2027-04-28 14:07", "2027-04-28T14:07:00.000+02:00");
    both("2027-04-28T14:07", "2027-04-28T14:07:00.000+02:00");
    both("2027-04-28t14:07", "2027-04-28T14:07:00.000+02:00");
    both("2027-04-28T14:07+02:00", "2027-04-28T14:07:00.000+02:00");
    both("2027-04-28T14:07-05:30", "2027-04-28T14:07:00.000-05:30");
    both("2027-04-28T14:07Z", "2027-04-28T14:07:00.000+00:00");
    both("2027-04-28T14:07:33.25+02:00", "2027-04-28T14:07:33.250+02:00");
    both("2027-01-28 14:07", "2027-01-28T14:07:00.000+01:00");
}

static void near_days_count_from_today(void **state)
{
    (void)state;
    both("aujourd'hui", "2027-05-12");
    both("Aujourd\xe2\x80\x99hui", "2027-05-12");
    both("hier", "2027-05-11");
    both("avant-hier", "2027-05-10");
    both("demain", "2027-05-13");
    both("apr\xc3\xa8s-demain", "2027-05-14");
    both("apres-demain", "2027-05-14");
    both("APR\xc3\x88S-DEMAIN", "2027-05-14");
    both("today", "2027-05-12");
    both("Yesterday", "2027-05-11");
    both("the day before yesterday", "2027-05-10");
    both("tomorrow", "2027-05-13");
    both("the day after tomorrow", "2027-05-14");
}

static void today_is_the_writers_day_and_not_that_of_utc(void **state)
{
    struct en_when_ask ask = ask_of(EN_WHEN_ON, FR);
    struct en_date w;
    struct en_when_bad bad;

    (void)state;
    /* 22:30 UTC on 11 May is half past midnight on 12 May in Paris. */
    ask.now_ms = NOW_MS - INT64_C(12 * 3600000) - INT64_C(97 * 60000);
    assert_ok(en_when_read(&ask, BYTES("hier"), &w, &bad));
    assert_int_equal(w.first.day, 11);
}

static void weekdays_look_back_for_an_entry_and_ahead_for_a_plan(void **state)
{
    (void)state;
    both("lundi", "2027-05-10");
    both("monday", "2027-05-10");
    both("mercredi", "2027-05-12");
    both("jeudi", "2027-05-06");
    both("Sunday", "2027-05-09");
    READS(EN_WHEN_FROM, FR, "jeudi", "2027-05-06");
    READS(EN_WHEN_TO, EN, "thursday", "2027-05-06");
    READS(EN_WHEN_DUE, FR, "lundi", "2027-05-17");
    READS(EN_WHEN_DUE, EN, "wednesday", "2027-05-12");
    READS(EN_WHEN_PLAN, FR, "jeudi", "2027-05-13");
    both("lundi dernier", "2027-05-10");
    both("mercredi dernier", "2027-05-05");
    both("mercredi prochain", "2027-05-19");
    both("lundi prochain", "2027-05-17");
    both("last monday", "2027-05-10");
    both("last wednesday", "2027-05-05");
    both("next wednesday", "2027-05-19");
    both("next monday", "2027-05-17");
    READS(EN_WHEN_DUE, EN, "last monday", "2027-05-10");
    REFUSES(EN_WHEN_ON, EN, "last", EN_WHEN_UNKNOWN);
    REFUSES(EN_WHEN_ON, EN, "next week", EN_WHEN_UNKNOWN);
}

static void distances_count_and_month_ends_clamp(void **state)
{
    struct en_when_ask ask = ask_of(EN_WHEN_DUE, FR);
    struct en_date w;
    struct en_when_bad bad;

    (void)state;
    both("il y a 3 jours", "2027-05-09");
    both("il y a 2 semaines", "2027-04-28");
    both("il y a 1 mois", "2027-04-12");
    both("il y a 1 an", "2026-05-12");
    both("dans 10 jours", "2027-05-22");
    both("3 days ago", "2027-05-09");
    both("2 weeks ago", "2027-04-28");
    both("1 month ago", "2027-04-12");
    both("1 year ago", "2026-05-12");
    both("in 10 days", "2027-05-22");
    both("in 2 months", "2027-07-12");
    both("dans 20 ans", "2047-05-12");
    /* 31 January 2027, noon. */
    ask.now_ms = NOW_MS - INT64_C(101) * 86400000;
    assert_ok(en_when_read(&ask, BYTES("aujourd'hui"), &w, &bad));
    assert_int_equal(w.first.month * 100 + w.first.day, 131);
    assert_ok(en_when_read(&ask, BYTES("dans 1 mois"), &w, &bad));
    assert_int_equal(w.first.month * 100 + w.first.day, 228);
    assert_ok(en_when_read(&ask, BYTES("in 13 months"), &w, &bad));
    assert_int_equal(w.first.year, 2028);
    assert_int_equal(w.first.month * 100 + w.first.day, 229);
    REFUSES(EN_WHEN_DUE, FR, "dans 9999 ans", EN_WHEN_FAR);
    REFUSES(EN_WHEN_ON, FR, "il y a 3000 ans", EN_WHEN_FAR);
    REFUSES(EN_WHEN_ON, EN, "in 99999 years", EN_WHEN_FAR);
    REFUSES(EN_WHEN_ON, EN, "3 days", EN_WHEN_UNKNOWN);
    REFUSES(EN_WHEN_ON, FR, "il y a 3", EN_WHEN_UNKNOWN);
    REFUSES(EN_WHEN_ON, FR, "il y a 2 heures", EN_WHEN_UNKNOWN);
}

static void days_with_their_month_take_the_year_that_is_meant(void **state)
{
    (void)state;
    both("1er mai", "2027-05-01");
    both("12 mai", "2027-05-12");
    both("13 mai", "2026-05-13");
    both("12 mai 2027", "2027-05-12");
    both("mercredi 12 mai 2027", "2027-05-12");
    both("Mercredi 12 Mai 2027", "2027-05-12");
    both("3 ao\xc3\xbbt", "2026-08-03");
    both("3 aout", "2026-08-03");
    both("25 d\xc3\xa9"
         "cembre 1822",
         "1822-12-25");
    both("1 May", "2027-05-01");
    both("1st May", "2027-05-01");
    both("2nd may", "2027-05-02");
    both("3rd May", "2027-05-03");
    both("11th May", "2027-05-11");
    both("May 12", "2027-05-12");
    both("May 12, 2027", "2027-05-12");
    both("May 12 2027", "2027-05-12");
    both("12 May 2027", "2027-05-12");
    both("Wednesday 12 May 2027", "2027-05-12");
    both("Wednesday, 12 May 2027", "2027-05-12");
    READS(EN_WHEN_DUE, FR, "12 mai", "2027-05-12");
    READS(EN_WHEN_DUE, FR, "11 mai", "2028-05-11");
    READS(EN_WHEN_PLAN, EN, "11 May", "2028-05-11");
    READS(EN_WHEN_FROM, EN, "13 May", "2026-05-13");
    READS(EN_WHEN_ON, FR, "29 f\xc3\xa9vrier", "2024-02-29");
    READS(EN_WHEN_DUE, EN, "29 February", "2028-02-29");
    REFUSES(EN_WHEN_ON, EN, "2st May", EN_WHEN_UNKNOWN);
    REFUSES(EN_WHEN_ON, FR, "2er mai", EN_WHEN_UNKNOWN);
}

static void numbers_are_day_first_in_french(void **state)
{
    (void)state;
    READS(EN_WHEN_ON, FR, "12/05", "2027-05-12");
    READS(EN_WHEN_ON, FR, "03/04", "2027-04-03");
    READS(EN_WHEN_ON, FR, "12/05/2027", "2027-05-12");
    READS(EN_WHEN_ON, FR, "12.05.2027", "2027-05-12");
    READS(EN_WHEN_ON, FR, "3/4/2027", "2027-04-03");
    REFUSES(EN_WHEN_ON, FR, "05/13", EN_WHEN_NO_MONTH);
    REFUSES(EN_WHEN_ON, FR, "12.05", EN_WHEN_UNKNOWN);
    REFUSES(EN_WHEN_ON, FR, "12/05.2027", EN_WHEN_UNKNOWN);
    REFUSES(EN_WHEN_ON, FR, "12 / 05", EN_WHEN_UNKNOWN);
    REFUSES(EN_WHEN_ON, FR, "12/05/", EN_WHEN_UNKNOWN);
}

static void
numbers_are_read_in_english_only_when_one_order_is_possible(void **state)
{
    struct en_when_ask ask = ask_of(EN_WHEN_ON, EN);
    struct en_date w;
    struct en_when_bad bad;

    (void)state;
    READS(EN_WHEN_ON, EN, "13/04", "2027-04-13");
    READS(EN_WHEN_ON, EN, "04/13", "2027-04-13");
    READS(EN_WHEN_ON, EN, "04/13/2027", "2027-04-13");
    READS(EN_WHEN_ON, EN, "28.04.2027", "2027-04-28");
    READS(EN_WHEN_ON, EN, "05/05", "2027-05-05");
    REFUSES(EN_WHEN_ON, EN, "03/04", EN_WHEN_TWO_WAYS);
    REFUSES(EN_WHEN_ON, EN, "03/04/2027", EN_WHEN_TWO_WAYS);
    REFUSES(EN_WHEN_ON, EN, "3.4.2027", EN_WHEN_TWO_WAYS);
    REFUSES(EN_WHEN_ON, EN, "13/14", EN_WHEN_NO_MONTH);
    assert_err(en_when_read(&ask, BYTES("03/04"), &w, &bad), EN_RANGE);
    assert_int_equal(bad.fit.month * 100 + bad.fit.day, 403);
    assert_int_equal(bad.other.month * 100 + bad.other.day, 304);
}

static void hours_stand_alone_or_after_a_day(void **state)
{
    static const struct {
        const char *typed;
        const char *clock;
    } row[] = {
        {"14h", "@14:00"},
        {"14h30", "@14:30"},
        {"14 h 30", "@14:30"},
        {"14\xc2\xa0h\xc2\xa0"
         "30",
         "@14:30"},
        {"14:30", "@14:30"},
        {"midi", "@12:00"},
        {"minuit", "@00:00"},
        {"\xc3\xa0 14h", "@14:00"},
        {"a 14h", "@14:00"},
        {"9h", "@09:00"},
        {"0h05", "@00:05"},
        {"9:05", "@09:05"},
        {"2pm", "@14:00"},
        {"2.30pm", "@14:30"},
        {"2:30pm", "@14:30"},
        {"2 pm", "@14:00"},
        {"noon", "@12:00"},
        {"midnight", "@00:00"},
        {"at 2pm", "@14:00"},
        {"12am", "@00:00"},
        {"12pm", "@12:00"},
        {"11.59am", "@11:59"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        READS(EN_WHEN_AT, FR, row[i].typed, row[i].clock);
        READS(EN_WHEN_AT, EN, row[i].typed, row[i].clock);
    }
    both("14h30", "2027-05-12T14:30:00.000+02:00");
    both("hier 14h", "2027-05-11T14:00:00.000+02:00");
    both("hier \xc3\xa0 14h", "2027-05-11T14:00:00.000+02:00");
    both("12 mai 14h", "2027-05-12T14:00:00.000+02:00");
    both("12 mai 2027, 14 h 30", "2027-05-12T14:30:00.000+02:00");
    both("May 12 2pm", "2027-05-12T14:00:00.000+02:00");
    both("12 May at 2.30pm", "2027-05-12T14:30:00.000+02:00");
    both("last monday at noon", "2027-05-10T12:00:00.000+02:00");
    both("lundi, 9h", "2027-05-10T09:00:00.000+02:00");
    both("3 days ago 14:30", "2027-05-09T14:30:00.000+02:00");
    READS(EN_WHEN_PLAN, FR, "12 mai 14h", "2027-05-12T14:00:00.000+02:00");
    READS(EN_WHEN_ON, FR, "12/05 14h", "2027-05-12T14:00:00.000+02:00");
    READS(EN_WHEN_FROM, FR, "hier 14h", "2027-05-11T14:00:00.000+02:00");
}

static void months_and_years_are_spans_for_from_and_to_alone(void **state)
{
    static const enum en_when_use day[] = {EN_WHEN_ON, EN_WHEN_DUE,
                                           EN_WHEN_PLAN, EN_WHEN_AT};
    static const char *const typed[] = {"mai 2027", "May 2027", "2027",
                                        "2027-05"};

    (void)state;
    READS(EN_WHEN_FROM, FR, "mai 2027", "2027-05-01..2027-05-31");
    READS(EN_WHEN_TO, EN, "May 2027", "2027-05-01..2027-05-31");
    READS(EN_WHEN_TO, FR, "f\xc3\xa9vrier 2028", "2028-02-01..2028-02-29");
    READS(EN_WHEN_FROM, FR, "2027", "2027-01-01..2027-12-31");
    READS(EN_WHEN_FROM, EN, "2027-05", "2027-05-01..2027-05-31");
    REFUSES(EN_WHEN_FROM, FR, "mai", EN_WHEN_NO_YEAR);
    REFUSES(EN_WHEN_FROM, FR, "2027-13", EN_WHEN_NO_MONTH);
    for (size_t i = 0; i < 4; i++)
        for (size_t u = 0; u < 4; u++) {
            REFUSES(day[u], FR, typed[i], EN_WHEN_PARTIAL);
            REFUSES(day[u], EN, typed[i], EN_WHEN_PARTIAL);
        }
}

static void what_does_not_exist_is_refused(void **state)
{
    (void)state;
    REFUSES(EN_WHEN_ON, FR, "30 f\xc3\xa9vrier", EN_WHEN_NO_DAY);
    REFUSES(EN_WHEN_ON, EN, "30 February 2027", EN_WHEN_NO_DAY);
    REFUSES(EN_WHEN_ON, FR, "29 f\xc3\xa9vrier 2027", EN_WHEN_NO_DAY);
    REFUSES(EN_WHEN_ON, FR, "2027-02-30", EN_WHEN_NO_DAY);
    REFUSES(EN_WHEN_ON, FR, "2027-13-01", EN_WHEN_NO_MONTH);
    REFUSES(EN_WHEN_ON, FR, "2027-00-01", EN_WHEN_NO_MONTH);
    REFUSES(EN_WHEN_ON, FR, "0 mai", EN_WHEN_NO_DAY);
    REFUSES(EN_WHEN_ON, FR, "31/04", EN_WHEN_NO_DAY);
    REFUSES(EN_WHEN_ON, FR, "31 juin 2027", EN_WHEN_NO_DAY);
    REFUSES(EN_WHEN_ON, FR, "25h", EN_WHEN_NO_HOUR);
    REFUSES(EN_WHEN_ON, FR, "hier 25h", EN_WHEN_NO_HOUR);
    REFUSES(EN_WHEN_ON, FR, "24:00", EN_WHEN_NO_HOUR);
    REFUSES(EN_WHEN_ON, FR, "14h60", EN_WHEN_NO_HOUR);
    REFUSES(EN_WHEN_ON, FR, "14h5", EN_WHEN_NO_HOUR);
    REFUSES(EN_WHEN_ON, EN, "13pm", EN_WHEN_NO_HOUR);
    REFUSES(EN_WHEN_ON, EN, "0am", EN_WHEN_NO_HOUR);
    REFUSES(EN_WHEN_ON, EN, "2027-04-28T25:00Z", EN_WHEN_NO_HOUR);
    REFUSES(EN_WHEN_ON, EN, "2027-04-28T14:07+15:00", EN_WHEN_UNKNOWN);
}

static void years_have_four_digits(void **state)
{
    (void)state;
    REFUSES(EN_WHEN_ON, FR, "12/05/27", EN_WHEN_YEAR);
    REFUSES(EN_WHEN_ON, EN, "13.05.27", EN_WHEN_YEAR);
    REFUSES(EN_WHEN_ON, FR, "12 mai 27", EN_WHEN_YEAR);
    REFUSES(EN_WHEN_ON, EN, "12 May 202", EN_WHEN_YEAR);
    REFUSES(EN_WHEN_ON, EN, "12 May 20270", EN_WHEN_YEAR);
    REFUSES(EN_WHEN_ON, FR, "27-05-12", EN_WHEN_YEAR);
    REFUSES(EN_WHEN_ON, FR, "0000-05-12", EN_WHEN_YEAR);
    REFUSES(EN_WHEN_FROM, FR, "mai 27", EN_WHEN_YEAR);
    REFUSES(EN_WHEN_ON, FR, "mai 27", EN_WHEN_YEAR);
    /* In English the same words are a day of the month. */
    READS(EN_WHEN_ON, EN, "May 27", "2026-05-27");
}

static void
a_weekday_that_does_not_fit_is_refused_with_the_one_it_is(void **state)
{
    struct en_when_ask ask = ask_of(EN_WHEN_ON, FR);
    struct en_date w;
    struct en_when_bad bad;

    (void)state;
    assert_err(en_when_read(&ask, BYTES("mardi 12 mai 2027"), &w, &bad),
               EN_RANGE);
    assert_int_equal(bad.wrong, EN_WHEN_WEEKDAY);
    assert_int_equal(bad.weekday, 2);
    assert_int_equal(bad.fit.day, 12);
    REFUSES(EN_WHEN_ON, EN, "Tuesday 12 May", EN_WHEN_WEEKDAY);
    REFUSES(EN_WHEN_ON, FR, "mardi 12/05/2027", EN_WHEN_WEEKDAY);
    REFUSES(EN_WHEN_ON, FR, "mardi 2027-05-12", EN_WHEN_WEEKDAY);
}

static void an_hour_that_the_clock_change_skips_is_refused(void **state)
{
    (void)state;
    /* 28 March 2027: from 02:00 to 03:00. */
    READS(EN_WHEN_ON, FR, "2027-03-28 01:59", "2027-03-28T01:59:00.000+01:00");
    REFUSES(EN_WHEN_ON, FR, "2027-03-28 02:00", EN_WHEN_SKIPPED);
    REFUSES(EN_WHEN_ON, FR, "28 mars 2027 2h30", EN_WHEN_SKIPPED);
    REFUSES(EN_WHEN_ON, FR, "2027-03-28 02:59", EN_WHEN_SKIPPED);
    READS(EN_WHEN_ON, FR, "2027-03-28 03:00", "2027-03-28T03:00:00.000+02:00");
    READS(EN_WHEN_ON, FR, "2027-03-28T02:30+01:00",
          "2027-03-28T02:30:00.000+01:00");
}

static void an_hour_that_happens_twice_takes_the_first_and_says_so(void **state)
{
    struct en_when_ask ask = ask_of(EN_WHEN_ON, FR);
    struct en_i18n t = {.lang = FR};
    struct en_date w;
    struct en_when_bad bad;
    struct en_buf out = {0};

    (void)state;
    /* 31 October 2027: from 03:00 back to 02:00. */
    READS(EN_WHEN_ON, FR, "2027-10-31 01:59", "2027-10-31T01:59:00.000+02:00");
    READS(EN_WHEN_ON, FR, "2027-10-31 02:00",
          "2027-10-31T02:00:00.000+02:00 twice");
    READS(EN_WHEN_ON, FR, "2027-10-31 02:59",
          "2027-10-31T02:59:00.000+02:00 twice");
    READS(EN_WHEN_ON, FR, "2027-10-31 03:00", "2027-10-31T03:00:00.000+01:00");
    assert_ok(en_when_read(&ask, BYTES("2027-10-31 02:30"), &w, &bad));
    assert_ok(en_when_say_twice(&t, &w, &out));
    assert_span(en_buf_span(&out),
                "2\xc2\xa0h\xc2\xa0"
                "30 arrive deux fois le 31 octobre 2027\xc2\xa0"
                ": j\xe2\x80\x99"
                "ai pris la premi\xc3\xa8re (UTC+02:00).");
    en_buf_free(&out);
}

static void an_hour_or_a_day_too_many_is_refused(void **state)
{
    (void)state;
    REFUSES(EN_WHEN_AT, FR, "hier 14h", EN_WHEN_ONLY_HOUR);
    REFUSES(EN_WHEN_AT, FR, "hier", EN_WHEN_ONLY_HOUR);
    REFUSES(EN_WHEN_AT, FR, "2027-05-12", EN_WHEN_ONLY_HOUR);
    REFUSES(EN_WHEN_DUE, FR, "demain 14h", EN_WHEN_ONLY_DAY);
    REFUSES(EN_WHEN_DUE, FR, "14h", EN_WHEN_ONLY_DAY);
}

static void anything_else_is_no_date(void **state)
{
    static const char *const typed[] = {
        "x",
        "12",
        "27",
        "le 12 mai",

        "2027-5-12",
        "20270512",
        "12 mai,",
        "lundi,",
        "hier hier",
        "demain soir",
        "12//05",

        "2027-05-12x",
        "2027-05-12T14",
        "14",
        "-",
        ",",
        "h",
        ":30",
        "3e mai",
        "12 mai 2027 2027",
        "a",
        "at",
        "last",
        "il y a",
        "dans",
        "99999999999",
        "12 mai 2027 14h 15h",
        "lundi mardi",
        "2.30",
        "today at",
        "\xf0\x9f\x93\x85",
        ("1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
         "1 1 1 1 1 1 1 1 1 1 1 1 1 1")};
    char longer[EN_WHEN_BYTES_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
        REFUSES(EN_WHEN_ON, FR, typed[i], EN_WHEN_UNKNOWN);
        REFUSES(EN_WHEN_ON, EN, typed[i], EN_WHEN_UNKNOWN);
    }
    REFUSES(EN_WHEN_ON, FR, "", EN_WHEN_EMPTY);
    REFUSES(EN_WHEN_ON, FR, "   ", EN_WHEN_EMPTY);
    REFUSES(EN_WHEN_ON, FR, "\xff", EN_WHEN_UNKNOWN);
    memset(longer, ' ', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    REFUSES(EN_WHEN_ON, FR, longer, EN_WHEN_UNKNOWN);
}

static void without_a_year_the_calendars_ends_are_refused(void **state)
{
    struct en_when_ask ask = ask_of(EN_WHEN_ON, FR);
    struct en_date w;
    struct en_when_bad bad;

    (void)state;
    ask.zone = en_zone_fixed(0);
    ask.now_ms = INT64_C(-62135596800000); /* 0001-01-01 */
    assert_err(en_when_read(&ask, BYTES("hier"), &w, &bad), EN_RANGE);
    assert_int_equal(bad.wrong, EN_WHEN_FAR);
    assert_err(en_when_read(&ask, BYTES("2 janvier"), &w, &bad), EN_RANGE);
    assert_int_equal(bad.wrong, EN_WHEN_FAR);
    ask.now_ms--;
    assert_err(en_when_read(&ask, BYTES("2027-05-12"), &w, &bad), EN_RANGE);
    assert_int_equal(bad.wrong, EN_WHEN_FAR);
}

static void a_day_and_an_hour_join_into_an_instant(void **state)
{
    struct en_when_ask ask = ask_of(EN_WHEN_AT, FR);
    struct en_date at, w;
    struct en_when_bad bad;
    char line[32];

    (void)state;
    assert_ok(en_when_read(&ask, BYTES("2h30"), &at, &bad));
    assert_ok(
        en_when_join(&ask.zone, (struct en_day){2027, 5, 11}, &at, &w, &bad));
    assert_ok(en_wall_rfc3339(w.time_ms, w.offset_min, line));
    assert_string_equal(line, "2027-05-11T02:30:00.000+02:00");
    assert_err(
        en_when_join(&ask.zone, (struct en_day){2027, 3, 28}, &at, &w, &bad),
        EN_RANGE);
    assert_int_equal(bad.wrong, EN_WHEN_SKIPPED);
}

/* The sentence, with plain spaces. */
static void says(enum en_when_use use, enum en_lang lang, const char *typed,
                 const char *flag, const char *expect, const char *next)
{
    struct en_when_ask ask = ask_of(use, lang);
    struct en_i18n t = {.lang = lang, .plain = true};
    struct en_date w;
    struct en_when_bad bad;
    struct en_said said = {0};

    assert_err(en_when_read(&ask, en_span_str(typed), &w, &bad), EN_RANGE);
    assert_ok(en_when_say(&t, &ask, en_span_str(typed), flag, &bad, &said));
    assert_int_equal(said.status, EN_EXIT_MISUSE);
    assert_span(en_buf_span(&said.text), expect);
    assert_span(en_buf_span(&said.next), next);
    en_said_free(&said);
}

static void refusals_name_the_reading_and_a_form_to_type(void **state)
{
    (void)state;
    says(EN_WHEN_ON, FR, "2027-05", "--on",
         "« 2027-05 » n’indique pas le jour, et je n’en invente pas. Tapez par "
         "exemple : --on 2027-05-12",
         "--on 2027-05-12");
    says(EN_WHEN_ON, EN, "2027-05", "--on",
         "“2027-05” names no day, and I will not invent one. Type for example: "
         "--on 2027-05-12",
         "--on 2027-05-12");
    says(
        EN_WHEN_ON, EN, "03/04", "--on",
        "“03/04” can be 3 April or 4 March. Nothing was saved; type 3 April or "
        "2027-04-03",
        "--on 2027-04-03");
    says(EN_WHEN_ON, EN, "03/04/2026", "--on",
         "“03/04/2026” can be 3 April 2026 or 4 March 2026. Nothing was saved; "
         "type 3 April 2026 or 2026-04-03",
         "--on 2026-04-03");
    says(EN_WHEN_ON, FR, "30 février", "--on",
         "« 30 février » se lit jour 30 du mois de février, qui n’en a que 28. "
         "Tapez par exemple : --on 2027-02-28",
         "--on 2027-02-28");
    says(EN_WHEN_DUE, EN, "31 June 2028", "--due",
         "“31 June 2028” is day 31 of June, which has only 30. Type for "
         "example: --due 2028-06-30",
         "--due 2028-06-30");
    says(EN_WHEN_ON, FR, "12/05/27", "--on",
         "« 12/05/27 » a une année qui n’est pas de quatre chiffres, et je ne "
         "devine pas le siècle. Tapez par exemple : --on 2027-05-12",
         "--on 2027-05-12");
    says(EN_WHEN_AT, FR, "25h", "--at",
         "« 25h » n’est pas une heure : une journée va de 0 h à 23 h 59. Tapez "
         "par exemple : --at 14:30",
         "--at 14:30");
    says(
        EN_WHEN_ON, EN, "Tuesday 12 May 2027", "--on",
        "12 May 2027 is a Wednesday, and “Tuesday 12 May 2027” says otherwise. "
        "Nothing was saved; type the day you mean: --on 2027-05-12",
        "--on 2027-05-12");
    says(EN_WHEN_ON, FR, "28 mars 2027 2h30", "--on",
         "Le 28 mars 2027, le changement d’heure saute 2 h 30 : cette heure "
         "n’existe pas. Tapez-en une autre, par exemple : --on \"2027-03-28 "
         "14:30\"",
         "--on \"2027-03-28 14:30\"");
    says(EN_WHEN_FROM, FR, "mai", "--from",
         "« mai » est un mois sans son année. Tapez par exemple : --from \"mai "
         "2027\"",
         "--from 2027-05-12");
    says(EN_WHEN_PLAN, EN, "someday", NULL,
         "I cannot read a date in “someday”. Type for example: 2027-05-12",
         "2027-05-12");
    says(EN_WHEN_ON, FR, "", "--on",
         "Aucune date n’a été tapée. Tapez par exemple : --on 2027-05-12",
         "--on 2027-05-12");
    says(
        EN_WHEN_ON, FR, "2027-13-01", "--on",
        "« 2027-13-01 » se lit avec le mois 13, et une année en a douze. Tapez "
        "par exemple : --on 2027-05-12",
        "--on 2027-05-12");
    says(
        EN_WHEN_DUE, FR, "demain 14h", "--due",
        "« demain 14h » indique une heure, et il ne faut ici qu’un jour. Tapez "
        "par exemple : --due 2027-05-13",
        "--due 2027-05-13");
    says(EN_WHEN_AT, EN, "yesterday", "--at",
         "“yesterday” names a day, and only an hour is wanted here. Type for "
         "example: --at 14:30",
         "--at 14:30");
    says(EN_WHEN_AT, FR, "tôt", "--at",
         "Je ne lis pas d’heure dans « tôt ». Tapez par exemple : --at 14:30",
         "--at 14:30");
    says(EN_WHEN_ON, FR, "il y a 3000 ans", "--on",
         "« il y a 3000 ans » sort des années 1 à 9999. Tapez par exemple : "
         "--on 2027-05-12",
         "--on 2027-05-12");
}

static void every_refusal_can_be_said_in_both_languages(void **state)
{
    (void)state;
    for (int l = 0; l < 2; l++)
        for (int use = EN_WHEN_ON; use <= EN_WHEN_PLAN; use++)
            for (int wrong = EN_WHEN_UNKNOWN; wrong <= EN_WHEN_ONLY_DAY;
                 wrong++) {
                struct en_when_ask ask =
                    ask_of((enum en_when_use)use, (enum en_lang)l);
                struct en_i18n t = {.lang = (enum en_lang)l};
                struct en_when_bad bad = {.wrong = (enum en_when_wrong)wrong};
                struct en_said said = {0};

                assert_ok(
                    en_when_say(&t, &ask, BYTES("x"), "--on", &bad, &said));
                assert_true(said.text.n > 20 && said.next.n > 4);
                en_said_free(&said);
            }
}

static void durations_are_minutes_within_their_bound(void **state)
{
    static const struct {
        const char *typed;
        uint32_t minutes;
    } row[] = {{"2h", 120},    {"2 h", 120},  {"1h30", 90}, {"2 h 30", 150},
               {"90 min", 90}, {"90min", 90}, {"30m", 30},  {"12h", 720}};
    static const char *const bad[] = {
        "",    "2",   "h",     "0h",      "0 min",  "12h01",  "2h60",
        "2h5", "-2h", "2h30x", "721 min", "99999h", "2 jours"};
    uint32_t n;

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        n = 0;
        assert_ok(en_duration_read(en_span_str(row[i].typed), 720, &n));
        assert_int_equal(n, row[i].minutes);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_err(en_duration_read(en_span_str(bad[i]), 720, &n), EN_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_dates_read_the_same_everywhere),
        cmocka_unit_test(near_days_count_from_today),
        cmocka_unit_test(today_is_the_writers_day_and_not_that_of_utc),
        cmocka_unit_test(weekdays_look_back_for_an_entry_and_ahead_for_a_plan),
        cmocka_unit_test(distances_count_and_month_ends_clamp),
        cmocka_unit_test(days_with_their_month_take_the_year_that_is_meant),
        cmocka_unit_test(numbers_are_day_first_in_french),
        cmocka_unit_test(
            numbers_are_read_in_english_only_when_one_order_is_possible),
        cmocka_unit_test(hours_stand_alone_or_after_a_day),
        cmocka_unit_test(months_and_years_are_spans_for_from_and_to_alone),
        cmocka_unit_test(what_does_not_exist_is_refused),
        cmocka_unit_test(years_have_four_digits),
        cmocka_unit_test(
            a_weekday_that_does_not_fit_is_refused_with_the_one_it_is),
        cmocka_unit_test(an_hour_that_the_clock_change_skips_is_refused),
        cmocka_unit_test(
            an_hour_that_happens_twice_takes_the_first_and_says_so),
        cmocka_unit_test(an_hour_or_a_day_too_many_is_refused),
        cmocka_unit_test(anything_else_is_no_date),
        cmocka_unit_test(without_a_year_the_calendars_ends_are_refused),
        cmocka_unit_test(a_day_and_an_hour_join_into_an_instant),
        cmocka_unit_test(refusals_name_the_reading_and_a_form_to_type),
        cmocka_unit_test(every_refusal_can_be_said_in_both_languages),
        cmocka_unit_test(durations_are_minutes_within_their_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
