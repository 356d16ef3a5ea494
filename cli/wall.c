#include "cli/wall.h"

#include <stdio.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)

bool en_day_add(struct en_day d, int64_t n, struct en_day *out)
{
    if (n < -4000000 || n > 4000000)
        return false;
    return en_day_of_number(en_day_number(d) + n, out);
}

bool en_day_add_months(struct en_day d, int64_t n, struct en_day *out)
{
    int64_t months;
    unsigned last;

    if (n < -120000 || n > 120000)
        return false;
    months = (int64_t)d.year * 12 + d.month - 1 + n;
    if (months < EN_YEAR_MIN * 12 || months > EN_YEAR_MAX * 12 + 11)
        return false;
    d.year = (int16_t)(months / 12);
    d.month = (uint8_t)(months % 12 + 1);
    last = en_month_days(d.year, d.month);
    if (d.day > last)
        d.day = (uint8_t)last;
    *out = d;
    return true;
}

void en_day_iso(struct en_day d, char out[11])
{
    assert(en_day_valid(d));
    /* The remainders only tell the compiler what the assertion proved. */
    (void)snprintf(out, 11, "%04u-%02u-%02u", (unsigned)d.year % 10000u,
                   d.month % 100u, d.day % 100u);
}

static bool digits(const uint8_t *p, size_t n, unsigned *v)
{
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *v = *v * 10 + (p[i] - '0');
    }
    return true;
}

bool en_day_of_iso(struct en_span s, struct en_day *d)
{
    struct en_day r;
    unsigned y, m, day;

    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(s.p, 4, &y) ||
        !digits(s.p + 5, 2, &m) || !digits(s.p + 8, 2, &day))
        return false;
    r = (struct en_day){(int16_t)y, (uint8_t)m, (uint8_t)day};
    if (!en_day_valid(r))
        return false;
    *d = r;
    return true;
}

static int16_t zone_fixed(const struct en_zone *zone, int64_t time_ms)
{
    (void)time_ms;
    return zone->fixed;
}

struct en_zone en_zone_fixed(int16_t offset_min)
{
    return (struct en_zone){zone_fixed, offset_min};
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b < 0 ? q - 1 : q;
}

static int16_t zone_system(const struct en_zone *zone, int64_t time_ms)
{
    time_t t = (time_t)floor_div(time_ms, 1000);
    struct tm tm;
    long min;

    (void)zone;
    if (localtime_r(&t, &tm) == NULL)
        return 0;
    /* Local mean times of before 1911 have seconds; the record has minutes. */
    min = (long)floor_div(tm.tm_gmtoff, 60);
    if (min < -EN_OFFSET_MIN_MAX)
        min = -EN_OFFSET_MIN_MAX;
    if (min > EN_OFFSET_MIN_MAX)
        min = EN_OFFSET_MIN_MAX;
    return (int16_t)min;
}

struct en_zone en_zone_system(void)
{
    tzset();
    return (struct en_zone){zone_system, 0};
}

en_err en_zone_parse_offset(struct en_span s, int16_t *offset_min)
{
    unsigned h = 0, m = 0;
    int sign;
    size_t n;

    if ((s.n == 1 && (s.p[0] == 'Z' || s.p[0] == 'z')) ||
        (s.n == 3 && (s.p[0] == 'U' || s.p[0] == 'u') &&
         (s.p[1] == 'T' || s.p[1] == 't') &&
         (s.p[2] == 'C' || s.p[2] == 'c'))) {
        *offset_min = 0;
        return EN_OK;
    }
    if (s.n < 2 || (s.p[0] != '+' && s.p[0] != '-'))
        return EN_RANGE;
    sign = s.p[0] == '-' ? -1 : 1;
    s.p++;
    s.n--;
    n = s.n == 1 ? 1 : 2;
    if (!digits(s.p, n, &h))
        return EN_RANGE;
    s.p += n;
    s.n -= n;
    if (s.n == 3 && s.p[0] == ':') {
        s.p++;
        s.n--;
    }
    if (s.n != 0 && (s.n != 2 || !digits(s.p, 2, &m)))
        return EN_RANGE;
    if (m > 59 || h * 60 + m > EN_OFFSET_MIN_MAX)
        return EN_RANGE;
    *offset_min = (int16_t)(sign * (int)(h * 60 + m));
    return EN_OK;
}

en_err en_wall_of(int64_t time_ms, int16_t offset_min, struct en_wall *wall)
{
    struct en_wall w = {0};
    int64_t ms;

    /* Far outside the calendar, and the addition below cannot overflow. */
    if (time_ms < -(INT64_C(1) << 58) || time_ms > (INT64_C(1) << 58))
        return EN_RANGE;
    ms = time_ms + (int64_t)offset_min * 60000;
    if (!en_day_of_number(floor_div(ms, DAY_MS), &w.day))
        return EN_RANGE;
    ms -= floor_div(ms, DAY_MS) * DAY_MS;
    w.hour = (uint8_t)(ms / 3600000);
    w.minute = (uint8_t)(ms / 60000 % 60);
    w.second = (uint8_t)(ms / 1000 % 60);
    w.ms = (uint16_t)(ms % 1000);
    *wall = w;
    return EN_OK;
}

en_err en_wall_time(const struct en_wall *wall, const struct en_zone *zone,
                    int64_t *time_ms, int16_t *offset_min, bool *twice)
{
    int16_t before, after;
    int64_t local, first, second;
    bool first_fits, second_fits;

    if (!en_day_valid(wall->day) || wall->hour > 23 || wall->minute > 59 ||
        wall->second > 59 || wall->ms > 999)
        return EN_RANGE;
    local = en_day_number(wall->day) * DAY_MS + wall->hour * INT64_C(3600000) +
            wall->minute * INT64_C(60000) + wall->second * INT64_C(1000) +
            wall->ms;

    /* No offset exceeds 14 hours, so a change that touches this wall time lies
     * between these two probes; two changes within two days are unknown. */
    before = zone->offset_min(zone, local - DAY_MS);
    after = zone->offset_min(zone, local + DAY_MS);
    first = local - before * INT64_C(60000);
    second = local - after * INT64_C(60000);
    first_fits = zone->offset_min(zone, first) == before;
    second_fits = zone->offset_min(zone, second) == after;

    if (!first_fits && !second_fits)
        return EN_ABSENT;
    *twice = first_fits && second_fits && first != second;
    if (first_fits && (!second_fits || first <= second)) {
        *time_ms = first;
        *offset_min = before;
    } else {
        *time_ms = second;
        *offset_min = after;
    }
    return EN_OK;
}

en_err en_wall_rfc3339(int64_t time_ms, int16_t offset_min, char out[32])
{
    struct en_wall w;
    unsigned abs = (unsigned)(offset_min < 0 ? -offset_min : offset_min);
    en_err err = en_wall_of(time_ms, offset_min, &w);

    if (err != EN_OK)
        return err;
    (void)snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03u%c%02u:%02u",
                   (unsigned)w.day.year % 10000u, w.day.month % 100u,
                   w.day.day % 100u, w.hour % 100u, w.minute % 100u,
                   w.second % 100u, w.ms % 1000u, offset_min < 0 ? '-' : '+',
                   abs / 60 % 100u, abs % 60);
    return EN_OK;
}
