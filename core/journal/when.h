/*
 * when.h - days and instants as people mean them.
 *
 * An entry is dated by an instant with its author's offset, or by a calendar day
 * without an hour. Lists, ranges and anniversaries go by the author's wall time:
 * what was written at half past eleven in the evening stays on that evening for
 * every reader. Nothing here orders records: a clock is a claim for people.
 *
 * Units      ms is Unix milliseconds (UTC); offset is minutes east of UTC, within
 *            +-EN_OFFSET_MAX; a day number counts from 1970-01-01.
 * Source     proleptic Gregorian calendar, years 1 to 9999.
 */
#ifndef EN_JOURNAL_WHEN_H
#define EN_JOURNAL_WHEN_H

#include "base/day.h"

#define EN_OFFSET_MAX 840 /* minutes: the widest zone there is */

enum en_when_kind {
    EN_WHEN_NONE = 0,
    EN_WHEN_INSTANT = 1, /* ms and offset */
    EN_WHEN_DAY = 2,     /* day, no hour */
};

struct en_when {
    enum en_when_kind kind;
    int64_t ms;
    int16_t offset;
    struct en_day day;
};

/* In range, and its wall day within years 1 to 9999. */
bool en_when_valid(const struct en_when *w);
struct en_day en_when_day(const struct en_when *w); /* w valid: its wall day */
/* Minutes since midnight on the wall; -1 for a day without an hour. */
int en_when_minute(const struct en_when *w);

/* Sorts as people read dates: wall day, then days without an hour first, then
 * wall time, then UTC. A total order up to equal values. */
int en_when_cmp(const struct en_when *a, const struct en_when *b);

/* One number that compares as en_when_cmp does up to UTC; w valid. Its quotient
 * by EN_WHEN_KEY_DAY, rounded down, is the day number. */
#define EN_WHEN_KEY_DAY 86400001
int64_t en_when_key(const struct en_when *w);
int32_t en_when_key_day(int64_t key);

/* The wall day of ms at offset; {0} if out of range. */
struct en_day en_day_of_ms(int64_t ms, int16_t offset);

#endif
