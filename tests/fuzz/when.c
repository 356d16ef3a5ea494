/*
 * when.c - dates and durations as people type them. The first byte chooses what
 * is asked for and in which language. Laws: what is read lies within the years 1
 * to 9999 and is written back the same from its ISO form; a refusal can be said.
 */
#include "cli/when.h"
#include "fuzz/fuzz.h"

#define NOW_MS INT64_C(1810123620000) /* 12 May 2027, 14:07 in Paris */

/* One change either way, in the year of NOW_MS. */
static int16_t summer(const struct en_zone *zone, int64_t time_ms)
{
    (void)zone;
    return time_ms >= INT64_C(1806195600000) && time_ms < INT64_C(1824944400000)
               ? 120
               : 60;
}

static void back_from_iso(const struct en_when_ask *ask, struct en_day day)
{
    struct en_when_ask on = *ask;
    struct en_date again = {0};
    struct en_when_bad bad = {0};
    char iso[11];

    on.use = EN_WHEN_ON;
    en_day_iso(day, iso);
    HOLDS(en_when_read(&on, en_span_str(iso), &again, &bad) == EN_OK);
    HOLDS(en_day_cmp(again.first, day) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_when_ask ask = {.now_ms = NOW_MS, .zone = {summer, 0}};
    struct en_i18n t = {0};
    struct en_date date = {0};
    struct en_when_bad bad = {0};
    struct en_said said = {0};
    struct en_span typed;
    uint32_t minutes = 0;
    en_err err;

    if (size == 0)
        return 0;
    ask.use = (enum en_when_use)(data[0] / 2 % 6);
    ask.lang = data[0] % 2 == 0 ? EN_LANG_FR : EN_LANG_EN;
    t.lang = ask.lang;
    typed = EN_SPAN(data + 1, size - 1);

    err = en_when_read(&ask, typed, &date, &bad);
    HOLDS(err == EN_OK || err == EN_RANGE);
    if (err == EN_OK && date.kind != EN_DATE_CLOCK) {
        HOLDS(en_day_valid(date.first) && en_day_valid(date.last));
        HOLDS(en_day_cmp(date.first, date.last) <= 0);
        HOLDS((date.kind == EN_DATE_SPAN) ==
              (en_day_cmp(date.first, date.last) < 0));
        HOLDS(date.kind != EN_DATE_SPAN || ask.use == EN_WHEN_FROM ||
              ask.use == EN_WHEN_TO);
        back_from_iso(&ask, date.first);
        back_from_iso(&ask, date.last);
    }
    if (err == EN_OK && date.kind == EN_DATE_INSTANT) {
        struct en_wall wall;

        HOLDS(en_wall_of(date.time_ms, date.offset_min, &wall) == EN_OK);
        HOLDS(en_day_cmp(wall.day, date.first) == 0);
        HOLDS(wall.hour == date.wall.hour && wall.minute == date.wall.minute);
    }
    HOLDS((err == EN_OK && date.kind == EN_DATE_CLOCK) ==
          (err == EN_OK && ask.use == EN_WHEN_AT));
    if (err == EN_RANGE) {
        HOLDS(bad.wrong != EN_WHEN_FINE);
        HOLDS(en_when_say(&t, &ask, typed, "--on", &bad, &said) == EN_OK);
        HOLDS(said.text.n > 0 && said.next.n > 0);
        en_said_free(&said);
    }
    if (en_duration_read(typed, 720, &minutes) == EN_OK)
        HOLDS(minutes >= 1 && minutes <= 720);
    return 0;
}
