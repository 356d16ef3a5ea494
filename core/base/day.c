#include "base/day.h"

bool en_day_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

unsigned en_month_days(int year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31};

    if (month < 1 || month > 12)
        return 0;
    return month == 2 && en_day_leap(year) ? 29u : days[month - 1];
}

bool en_day_valid(struct en_day d)
{
    return d.year >= EN_YEAR_MIN && d.year <= EN_YEAR_MAX && d.day >= 1 &&
           d.day <= en_month_days(d.year, d.month);
}

int en_day_cmp(struct en_day a, struct en_day b)
{
    if (a.year != b.year)
        return a.year < b.year ? -1 : 1;
    if (a.month != b.month)
        return a.month < b.month ? -1 : 1;
    return (a.day > b.day) - (a.day < b.day);
}

/* Years counted from March, so that the leap day is the last of its year; the
 * era is 400 years, 146,097 days. 719,468 days lie between 0000-03-01 and 1970. */
int32_t en_day_number(struct en_day d)
{
    int32_t y = d.year - (d.month <= 2);
    int32_t m = (d.month + 9) % 12;
    int32_t era = (y >= 0 ? y : y - 399) / 400;
    int32_t yoe = y - era * 400;
    int32_t doy = (153 * m + 2) / 5 + d.day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

bool en_day_of_number(int64_t n, struct en_day *d)
{
    int32_t z, era, doe, yoe, doy, m, y;

    /* 0001-01-01 and 9999-12-31. */
    if (n < -719162 || n > 2932896)
        return false;
    z = (int32_t)n + 719468;
    era = z / 146097;
    doe = z - era * 146097;
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    m = (5 * doy + 2) / 153;
    y = yoe + era * 400 + (m >= 10);
    *d = (struct en_day){.year = (int16_t)y,
                         .month = (uint8_t)(m < 10 ? m + 3 : m - 9),
                         .day = (uint8_t)(doy - (153 * m + 2) / 5 + 1)};
    return true;
}

unsigned en_day_weekday(struct en_day d)
{
    /* 1970-01-01 was a Thursday; the sum stays positive from 0001 on. */
    return (unsigned)((en_day_number(d) + 719162) % 7);
}
