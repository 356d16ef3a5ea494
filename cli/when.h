/*
 * when.h - dates and hours as people write them, in both languages, or a refusal.
 *
 * Read only where a date is asked for (--on --at --from --to --due, a session's
 * plan): no text is ever searched for one. Nothing is guessed: what has two
 * readings, lacks a day or does not exist is refused with the reading and a form
 * to type. The words of both languages are known always; numbers with slashes are
 * day first in French and read in English only when one order is possible.
 *
 * Without a year: ON, FROM, TO, AT take the latest such day not after today; DUE
 * and PLAN the next not before today. A bare weekday likewise, today included.
 *
 * Ownership  nothing is allocated that outlives a call.
 * Threads    pure: the zone and the present are arguments.
 * Errors     EN_RANGE and struct en_when_bad; EN_NOMEM.
 * Source     PRODUCT 6.2.
 */
#ifndef EN_CLI_WHEN_H
#define EN_CLI_WHEN_H

#include "cli/say.h"

#define EN_WHEN_BYTES_MAX 96 /* a date is short; longer is a text */

enum en_when_use {
    EN_WHEN_ON,   /* an entry's day, perhaps with its hour */
    EN_WHEN_AT,   /* an hour alone */
    EN_WHEN_FROM, /* a day or an instant; also a month or a year */
    EN_WHEN_TO,
    EN_WHEN_DUE, /* a day */
    EN_WHEN_PLAN /* a day with its hour, of a session to come */
};

struct en_when_ask {
    enum en_when_use use;
    enum en_lang lang; /* decides how numbers with slashes are read */
    int64_t now_ms;
    struct en_zone zone;
};

enum en_date_kind {
    EN_DATE_DAY,     /* first == last */
    EN_DATE_SPAN,    /* a month or a year: first to last, FROM and TO only */
    EN_DATE_INSTANT, /* a day with its hour: time_ms and offset_min too */
    EN_DATE_CLOCK    /* an hour with no day: AT only */
};

struct en_date {
    enum en_date_kind kind;
    struct en_day first;
    struct en_day last;
    struct en_wall wall; /* INSTANT, CLOCK: what was read */
    int64_t time_ms;     /* INSTANT */
    int16_t offset_min;  /* INSTANT: the author's offset at that time */
    bool twice;          /* the hour happens twice; the first was taken */
};

enum en_when_wrong {
    EN_WHEN_FINE = 0,
    EN_WHEN_UNKNOWN,   /* no form of ours */
    EN_WHEN_EMPTY,     /* nothing was typed */
    EN_WHEN_PARTIAL,   /* names no day */
    EN_WHEN_NO_YEAR,   /* a month alone where a month needs its year */
    EN_WHEN_NO_DAY,    /* 30 February: day, month, year as read */
    EN_WHEN_NO_MONTH,  /* month 13 */
    EN_WHEN_NO_HOUR,   /* 25h, 14h60 */
    EN_WHEN_YEAR,      /* a year without its four digits, or year 0 */
    EN_WHEN_WEEKDAY,   /* does not fit; weekday is the one it is */
    EN_WHEN_TWO_WAYS,  /* 03/04 in English: day one way, other the other */
    EN_WHEN_SKIPPED,   /* the clock change skips this hour of day */
    EN_WHEN_FAR,       /* outside the years 1 to 9999 */
    EN_WHEN_ONLY_HOUR, /* a day was typed where only an hour fits */
    EN_WHEN_ONLY_DAY   /* an hour was typed where only a day fits */
};

struct en_when_bad {
    enum en_when_wrong wrong;
    unsigned day, month; /* as read, perhaps impossible */
    int year;            /* 0: none was typed */
    unsigned hour, minute;
    unsigned weekday;    /* 0 Monday */
    struct en_day fit;   /* a day that would do, for the form to type */
    struct en_day other; /* TWO_WAYS: the second reading */
};

/* out and bad are written whole; bad only on EN_RANGE. */
en_err en_when_read(const struct en_when_ask *ask, struct en_span typed,
                    struct en_date *out, struct en_when_bad *bad);

/* --on DAY with --at HOUR: the instant. EN_RANGE with NO_HOUR, SKIPPED. */
en_err en_when_join(const struct en_zone *zone, struct en_day day,
                    const struct en_date *clock, struct en_date *out,
                    struct en_when_bad *bad);

/* The sentence and status 2. flag is what was answered, "--on", or NULL for a
 * plain word (session plan). */
en_err en_when_say(const struct en_i18n *t, const struct en_when_ask *ask,
                   struct en_span typed, const char *flag,
                   const struct en_when_bad *bad, struct en_said *said);

/* The line that says which of the two such hours was taken. */
en_err en_when_say_twice(const struct en_i18n *t, const struct en_date *when,
                         struct en_buf *out);

/* "2h", "90 min", "1h30", "2 h 30": minutes, 1 to max. EN_RANGE otherwise. */
en_err en_duration_read(struct en_span typed, uint32_t max, uint32_t *minutes);

#endif
