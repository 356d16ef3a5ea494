/*
 * day.h - calendar dates, with no zone and no clock.
 *
 * 0001-01-01 to 9999-12-31 in the Gregorian calendar carried backwards. Entries
 * are dated by them, and people type them: journal/ and cli/ mean the same days.
 *
 * Units      a day number counts from 1970-01-01; weekday 0 is Monday.
 * Errors     out-parameters are written on success only.
 */
#ifndef EN_BASE_DAY_H
#define EN_BASE_DAY_H

#include "base/bytes.h"

#define EN_YEAR_MIN 1
#define EN_YEAR_MAX 9999

struct en_day {
    int16_t year; /* 0: no day */
    uint8_t month;
    uint8_t day;
};

bool en_day_leap(int year);
unsigned en_month_days(int year, unsigned month); /* 0 for no such month */
bool en_day_valid(struct en_day d);               /* false for no day */
int en_day_cmp(struct en_day a, struct en_day b);
unsigned en_day_weekday(struct en_day d); /* d valid */

/* d valid; and back, false outside 0001-9999. */
int32_t en_day_number(struct en_day d);
bool en_day_of_number(int64_t n, struct en_day *d);

#endif
