#include "cli/import/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool digits(struct en_span s, size_t at, size_t n, unsigned *v)
{
    *v = 0;
    if (s.n < at + n)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = s.p[at + i];

        if (c < '0' || c > '9')
            return false;
        *v = *v * 10 + (unsigned)(c - '0');
    }
    return true;
}

/* ":SS", then ".fff" of any length; *at moves behind them. */
static bool seconds(struct en_span s, size_t *at, struct en_wall *w)
{
    unsigned v, scale = 100;

    if (*at == s.n || s.p[*at] != ':')
        return true;
    if (!digits(s, *at + 1, 2, &v) || v > 60)
        return false;
    w->second = (uint8_t)(v == 60 ? 59 : v); /* a leap second is no other one */
    *at += 3;
    if (*at == s.n || s.p[*at] != '.')
        return true;
    if (*at + 1 == s.n || s.p[*at + 1] < '0' || s.p[*at + 1] > '9')
        return false;
    for (++*at; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9'; ++*at) {
        w->ms = (uint16_t)(w->ms + (unsigned)(s.p[*at] - '0') * scale);
        scale /= 10;
    }
    return true;
}

static enum en_refusal instant(struct en_span s, struct en_day day,
                               const struct en_zone *zone, struct en_when *when)
{
    struct en_wall w = {.day = day};
    struct en_zone fixed;
    unsigned hour, minute;
    size_t at = 16;
    bool twice;
    en_err err;

    if (!digits(s, 11, 2, &hour) || s.n < 16 || s.p[13] != ':' ||
        !digits(s, 14, 2, &minute) || hour > 23 || minute > 59)
        return EN_REFUSE_BAD_DATE;
    w.hour = (uint8_t)hour;
    w.minute = (uint8_t)minute;
    if (!seconds(s, &at, &w))
        return EN_REFUSE_BAD_DATE;
    if (at < s.n) {
        int16_t offset;

        if (en_zone_parse_offset(EN_SPAN(s.p + at, s.n - at), &offset) != EN_OK)
            return EN_REFUSE_BAD_DATE;
        fixed = en_zone_fixed(offset);
        zone = &fixed;
    }
    err = en_wall_time(&w, zone, &when->ms, &when->offset, &twice);
    if (err == EN_ABSENT)
        return EN_REFUSE_SKIPPED_HOUR;
    if (err != EN_OK)
        return EN_REFUSE_BAD_DATE;
    when->kind = EN_WHEN_INSTANT;
    return en_when_valid(when) ? EN_REFUSE_NONE : EN_REFUSE_BAD_DATE;
}

enum en_refusal en_import_date(struct en_span s, const struct en_zone *zone,
                               struct en_when *when)
{
    struct en_day day;
    unsigned v;

    *when = (struct en_when){.kind = EN_WHEN_NONE};
    if (s.n == 0)
        return EN_REFUSE_NO_DATE;
    if (s.n >= 10 && en_day_of_iso(EN_SPAN(s.p, 10), &day)) {
        if (s.n == 10) {
            *when = (struct en_when){.kind = EN_WHEN_DAY, .day = day};
            return EN_REFUSE_NONE;
        }
        if (s.p[10] == 'T' || s.p[10] == 't' || s.p[10] == ' ')
            return instant(s, day, zone, when);
        return EN_REFUSE_BAD_DATE;
    }
    /* A year, or a year and a month. */
    if (digits(s, 0, 4, &v) &&
        (s.n == 4 || (s.n == 7 && s.p[4] == '-' && digits(s, 5, 2, &v))))
        return EN_REFUSE_PARTIAL_DATE;
    return EN_REFUSE_BAD_DATE;
}

/* A name of the machine's table of zones, and no path out of it. */
static bool is_zone_name(const char *s)
{
    char path[256];
    struct stat st;
    int n;

    if (s[0] == '\0' || s[0] == '/' || strstr(s, "..") != NULL)
        return false;
    for (const char *p = s; *p != '\0'; p++) {
        if (!((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
              (*p >= '0' && *p <= '9') || *p == '/' || *p == '_' || *p == '-' ||
              *p == '+'))
            return false;
    }
    n = snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", s);
    return n > 0 && (size_t)n < sizeof path && stat(path, &st) == 0 &&
           S_ISREG(st.st_mode);
}

en_err en_import_zone(const char *typed, struct en_zone *zone)
{
    int16_t offset;

    if (en_zone_parse_offset(en_span_str(typed), &offset) == EN_OK) {
        *zone = en_zone_fixed(offset);
        return EN_OK;
    }
    if (!is_zone_name(typed))
        return EN_RANGE;
    if (setenv("TZ", typed, 1) != 0)
        return EN_NOMEM;
    *zone = en_zone_system();
    return EN_OK;
}
