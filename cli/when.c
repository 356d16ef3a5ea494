#include "cli/when.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define TOKENS_MAX 32
#define DIGITS_MAX 5 /* longer numbers are nobody's day, year or distance */
#define LEAP_GAP   8 /* years between two 29 February, around 1900 */

/*
 * Reading is: fold, cut into tokens, then match forms from left to right. A form
 * that matches consumes its tokens; what is left at the end is a refusal.
 */
enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_WORD, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    bool glued; /* nothing stands between it and the one before */
    unsigned digits;
    unsigned value;
    struct en_span s;
};

struct reader {
    const struct en_when_ask *ask;
    struct token token[TOKENS_MAX + 1];
    unsigned at;
    struct en_day today;
    struct en_when_bad bad;
};

static bool lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* False when there are too many tokens, or a number too long. */
static bool cut(struct en_span s, struct reader *r)
{
    unsigned n = 0;
    bool glued = false;

    for (size_t i = 0; i < s.n;) {
        struct token *t = &r->token[n];
        size_t from = i;

        if (s.p[i] == ' ') {
            glued = false;
            i++;
            continue;
        }
        if (n == TOKENS_MAX)
            return false;
        *t = (struct token){.glued = glued};
        if (digit(s.p[i])) {
            t->kind = TOKEN_NUMBER;
            for (; i < s.n && digit(s.p[i]); i++)
                t->value = t->value * 10 + (s.p[i] - '0');
            t->digits = (unsigned)(i - from);
            if (t->digits > DIGITS_MAX)
                return false;
        } else if (lower(s.p[i])) {
            t->kind = TOKEN_WORD;
            while (i < s.n && lower(s.p[i]))
                i++;
        } else {
            t->kind = TOKEN_SIGN;
            i++;
        }
        t->s = EN_SPAN(s.p + from, i - from);
        glued = true;
        n++;
    }
    r->token[n] = (struct token){.kind = TOKEN_END};
    return true;
}

static const struct token *peek(const struct reader *r, unsigned ahead)
{
    unsigned at = r->at + ahead;

    /* The END token stops every walk: nothing matches it. */
    for (unsigned i = r->at; i < at; i++)
        if (r->token[i].kind == TOKEN_END)
            return &r->token[i];
    return &r->token[at];
}

static bool is(const struct token *t, const char *s)
{
    return t->kind != TOKEN_END && t->kind != TOKEN_NUMBER &&
           en_span_eq(t->s, en_span_str(s));
}

static bool is_number(const struct token *t, unsigned min, unsigned max)
{
    return t->kind == TOKEN_NUMBER && t->digits >= min && t->digits <= max;
}

/* Takes the words of phrase, separated by single spaces, if they come next;
 * signs count as words of their own: "aujourd ' hui". */
static bool take(struct reader *r, const char *phrase)
{
    unsigned ahead = 0;

    while (*phrase != '\0') {
        size_t n = strcspn(phrase, " ");
        const struct token *t = peek(r, ahead);

        if (t->kind == TOKEN_END || t->kind == TOKEN_NUMBER || t->s.n != n ||
            memcmp(t->s.p, phrase, n) != 0)
            return false;
        phrase += n + (phrase[n] == ' ');
        ahead++;
    }
    r->at += ahead;
    return true;
}

static bool at_end(const struct reader *r)
{
    return r->token[r->at].kind == TOKEN_END;
}

static en_err refuse(struct reader *r, enum en_when_wrong wrong)
{
    r->bad.wrong = wrong;
    return EN_RANGE;
}

static bool looks_back(enum en_when_use use)
{
    return use == EN_WHEN_ON || use == EN_WHEN_AT || use == EN_WHEN_FROM ||
           use == EN_WHEN_TO;
}

/* Takes a month's name: 1-12, 0 if none comes. */
static unsigned take_month(struct reader *r, enum en_lang *lang)
{
    static const char *const name[2][12] = {
        {"janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet",
         "aout", "septembre", "octobre", "novembre", "decembre"},
        {"january", "february", "march", "april", "may", "june", "july",
         "august", "september", "october", "november", "december"}};

    /* No name is the same in both: the word tells its language. */
    for (unsigned l = 0; l < 2; l++)
        for (unsigned m = 0; m < 12; m++)
            if (take(r, name[l][m])) {
                *lang = l == 0 ? EN_LANG_FR : EN_LANG_EN;
                return m + 1;
            }
    return 0;
}

/* Takes a weekday's name: 0 Monday to 6, 7 if none comes. */
static unsigned take_weekday(struct reader *r)
{
    static const char *const name[2][7] = {
        {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi",
         "dimanche"},
        {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
         "sunday"}};

    for (unsigned l = 0; l < 2; l++)
        for (unsigned d = 0; d < 7; d++)
            if (take(r, name[l][d]))
                return d;
    return 7;
}

/* year is 0 where none was typed; the day that is meant, or a refusal. */
static en_err settle(struct reader *r, unsigned day, unsigned month, int year,
                     struct en_day *out)
{
    int step = looks_back(r->ask->use) ? -1 : 1;
    struct en_day d;

    r->bad.day = day;
    r->bad.month = month;
    r->bad.year = year;
    if (month < 1 || month > 12)
        return refuse(r, EN_WHEN_NO_MONTH);
    /* 2000 is a leap year: what it lacks, every year lacks. */
    if (day < 1 || day > en_month_days(year != 0 ? year : 2000, month))
        return refuse(r, EN_WHEN_NO_DAY);
    if (year != 0) {
        *out = (struct en_day){(int16_t)year, (uint8_t)month, (uint8_t)day};
        return EN_OK;
    }
    for (int i = 0; i <= LEAP_GAP; i++) {
        int y = r->today.year + step * i;

        if (y < EN_YEAR_MIN || y > EN_YEAR_MAX)
            break;
        d = (struct en_day){(int16_t)y, (uint8_t)month, (uint8_t)day};
        if (en_day_valid(d) && en_day_cmp(d, r->today) * step >= 0) {
            *out = d;
            return EN_OK;
        }
    }
    return refuse(r, EN_WHEN_FAR);
}

/* A number that stands where a year would. */
static en_err year_of(struct reader *r, const struct token *t, unsigned day,
                      unsigned month, int *year)
{
    if (t->digits == 4 && t->value >= EN_YEAR_MIN) {
        *year = (int)t->value;
        return EN_OK;
    }
    r->bad.day = day;
    r->bad.month = month;
    r->bad.year = (int)t->value;
    return refuse(r, EN_WHEN_YEAR);
}

/* Whether the number ahead begins an hour rather than a year: "12 mai 14h". */
static bool hour_ahead(const struct reader *r)
{
    const struct token *n = peek(r, 0), *t = peek(r, 1);

    if (!is_number(n, 1, 2))
        return false;
    return is(t, "h") || is(t, ":") || is(t, "am") || is(t, "pm") ||
           (is(t, ".") && is_number(peek(r, 2), 1, 2) &&
            (is(peek(r, 3), "am") || is(peek(r, 3), "pm")));
}

/* "1er mai", "12 mai 2027", "1st May", "May 12", "12 May 2027". *took tells
 * whether such a form came. */
static en_err named_day(struct reader *r, bool *took, struct en_day *out)
{
    static const char *const suffix[] = {"th", "st", "nd", "rd"};
    unsigned from = r->at, day, month;
    const struct token *t = peek(r, 0);
    enum en_lang lang = EN_LANG_FR;
    int year = 0;
    en_err err;

    *took = false;
    if (is_number(t, 1, 2)) {
        const struct token *s = peek(r, 1);

        day = t->value;
        r->at++;
        if (s->kind == TOKEN_WORD && s->glued) {
            unsigned last = day % 10 <= 3 && day / 10 != 1 ? day % 10 : 0;
            bool first = day == 1 && is(s, "er");

            if (first || is(s, suffix[last]))
                r->at++;
        }
        month = take_month(r, &lang);
    } else {
        month = take_month(r, &lang);
        t = peek(r, 0);
        /* Month first is English, and "mai 27" a year of two digits. */
        if (month == 0 || lang != EN_LANG_EN || !is_number(t, 1, 2) ||
            hour_ahead(r)) {
            r->at = from;
            return EN_OK;
        }
        day = t->value;
        r->at++;
        t = peek(r, 0);
        if (t->kind == TOKEN_WORD && t->glued &&
            is(t, suffix[day % 10 <= 3 && day / 10 != 1 ? day % 10 : 0]))
            r->at++;
        if (is(peek(r, 0), ",") && is_number(peek(r, 1), 4, 4))
            r->at++;
    }
    if (month == 0) {
        r->at = from;
        return EN_OK;
    }
    *took = true;
    t = peek(r, 0);
    if (t->kind == TOKEN_NUMBER && !hour_ahead(r)) {
        err = year_of(r, t, day, month, &year);
        if (err != EN_OK)
            return err;
        r->at++;
    }
    return settle(r, day, month, year, out);
}

static bool glued_sign(const struct reader *r, unsigned ahead, char c)
{
    const struct token *t = peek(r, ahead);

    return t->kind == TOKEN_SIGN && t->glued && t->s.p[0] == c;
}

/* "2027-04-28". A month alone is left for month_or_year. */
static en_err iso_day(struct reader *r, bool *took, struct en_day *out)
{
    const struct token *y = peek(r, 0), *m = peek(r, 2), *d = peek(r, 4);
    int year;
    en_err err;

    *took = false;
    if (y->kind != TOKEN_NUMBER || !glued_sign(r, 1, '-') ||
        !is_number(m, 2, 2) || !m->glued || !glued_sign(r, 3, '-') ||
        !is_number(d, 2, 2) || !d->glued)
        return EN_OK;
    *took = true;
    err = year_of(r, y, d->value, m->value, &year);
    if (err != EN_OK)
        return err;
    r->at += 5;
    return settle(r, d->value, m->value, year, out);
}

/* "12/05", "12/05/2027", "12.05.2027" */
static en_err slashed_day(struct reader *r, bool *took, struct en_day *out)
{
    const struct token *a = peek(r, 0), *b = peek(r, 2), *y = peek(r, 4);
    char sign = glued_sign(r, 1, '/') ? '/' : '.';
    bool with_year =
        glued_sign(r, 3, sign) && y->kind == TOKEN_NUMBER && y->glued;
    unsigned day, month;
    int year = 0;
    en_err err;

    *took = false;
    if (!is_number(a, 1, 2) || !glued_sign(r, 1, sign) || !is_number(b, 1, 2) ||
        !b->glued || (sign == '.' && !with_year))
        return EN_OK;
    *took = true;
    day = a->value;
    month = b->value;
    if (r->ask->lang == EN_LANG_EN && month > 12 && day <= 12) {
        day = b->value;
        month = a->value;
    }
    if (with_year) {
        err = year_of(r, y, day, month, &year);
        if (err != EN_OK)
            return err;
    }
    /* One number above 12 leaves one order; equal numbers give one day. */
    if (r->ask->lang == EN_LANG_EN && day <= 12 && month <= 12 &&
        day != month) {
        err = settle(r, day, month, year, &r->bad.fit);
        if (err == EN_OK)
            err = settle(r, month, day, year, &r->bad.other);
        return err == EN_OK ? refuse(r, EN_WHEN_TWO_WAYS) : err;
    }
    r->at += with_year ? 5 : 3;
    return settle(r, day, month, year, out);
}

/* "aujourd'hui", "the day before yesterday" */
static en_err near_day(struct reader *r, bool *took, struct en_day *out)
{
    static const struct {
        const char *phrase;
        int days;
    } near[] = {
        {"aujourd ' hui", 0},  {"today", 0},
        {"avant - hier", -2},  {"hier", -1},
        {"yesterday", -1},     {"the day before yesterday", -2},
        {"apres - demain", 2}, {"demain", 1},
        {"tomorrow", 1},       {"the day after tomorrow", 2},
    };

    *took = false;
    for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
        if (take(r, near[i].phrase)) {
            *took = true;
            return en_day_add(r->today, near[i].days, out)
                       ? EN_OK
                       : refuse(r, EN_WHEN_FAR);
        }
    return EN_OK;
}

/* "lundi", "lundi dernier", "next monday"; a weekday before a date is left for
 * the caller, who compares the two. */
static en_err week_day(struct reader *r, unsigned weekday, int which,
                       struct en_day *out)
{
    int today = (int)en_day_weekday(r->today), move;

    if (which == 0)
        which = looks_back(r->ask->use) ? -1 : 1;
    else if ((int)weekday == today)
        return en_day_add(r->today, which * 7, out) ? EN_OK
                                                    : refuse(r, EN_WHEN_FAR);
    move = ((int)weekday - today) % 7;
    if (which < 0 && move > 0)
        move -= 7;
    if (which > 0 && move < 0)
        move += 7;
    return en_day_add(r->today, move, out) ? EN_OK : refuse(r, EN_WHEN_FAR);
}

/* "il y a 3 jours", "dans 2 semaines", "1 month ago", "in 10 days" */
static en_err distant_day(struct reader *r, bool *took, struct en_day *out)
{
    static const struct {
        const char *word;
        unsigned days;
        unsigned months;
    } unit[] = {
        {"jour", 1, 0},  {"jours", 1, 0},   {"day", 1, 0},
        {"days", 1, 0},  {"semaine", 7, 0}, {"semaines", 7, 0},
        {"week", 7, 0},  {"weeks", 7, 0},   {"mois", 0, 1},
        {"month", 0, 1}, {"months", 0, 1},  {"an", 0, 12},
        {"ans", 0, 12},  {"year", 0, 12},   {"years", 0, 12},
    };
    unsigned from = r->at;
    int sign = 0;
    int64_t n;

    *took = false;
    if (take(r, "il y a"))
        sign = -1;
    else if (take(r, "dans") || take(r, "in"))
        sign = 1;
    if (!is_number(peek(r, 0), 1, DIGITS_MAX)) {
        r->at = from;
        return EN_OK;
    }
    n = peek(r, 0)->value;
    r->at++;
    for (size_t i = 0; i < sizeof(unit) / sizeof(unit[0]); i++) {
        if (!take(r, unit[i].word))
            continue;
        if (sign == 0) {
            if (!take(r, "ago"))
                break;
            sign = -1;
        }
        *took = true;
        n *= sign;
        if (unit[i].days != 0
                ? en_day_add(r->today, n * unit[i].days, out)
                : en_day_add_months(r->today, n * unit[i].months, out))
            return EN_OK;
        return refuse(r, EN_WHEN_FAR);
    }
    r->at = from;
    return EN_OK;
}

/* "14h", "14 h 30", "14:30", "2pm", "2.30pm", "midi", "midnight", each perhaps
 * after "à" or "at". */
static en_err clock(struct reader *r, bool *took, struct en_wall *out)
{
    unsigned from = r->at, hour, minute = 0, minute_digits = 2;
    const struct token *t, *m;
    bool half = false, pm = false;

    *took = false;
    (void)(take(r, "a") || take(r, "at"));
    if (take(r, "midi") || take(r, "noon") || take(r, "minuit") ||
        take(r, "midnight")) {
        t = &r->token[r->at - 1];
        out->hour = is(t, "midi") || is(t, "noon") ? 12 : 0;
        out->minute = 0;
        *took = true;
        return EN_OK;
    }
    t = peek(r, 0);
    if (!is_number(t, 1, DIGITS_MAX)) {
        r->at = from;
        return EN_OK;
    }
    hour = t->value;
    m = peek(r, 2);
    if (is(peek(r, 1), "h")) {
        r->at += 2;
        if (m->kind == TOKEN_NUMBER) {
            minute = m->value;
            minute_digits = m->digits;
            r->at++;
        }
    } else if (glued_sign(r, 1, ':') && m->kind == TOKEN_NUMBER && m->glued) {
        minute = m->value;
        minute_digits = m->digits;
        r->at += 3;
        half = take(r, "am");
        pm = !half && take(r, "pm");
    } else if (glued_sign(r, 1, '.') && m->kind == TOKEN_NUMBER && m->glued &&
               (is(peek(r, 3), "am") || is(peek(r, 3), "pm"))) {
        minute = m->value;
        minute_digits = m->digits;
        pm = is(peek(r, 3), "pm");
        half = !pm;
        r->at += 4;
    } else if (is(peek(r, 1), "am") || is(peek(r, 1), "pm")) {
        pm = is(peek(r, 1), "pm");
        half = !pm;
        r->at += 2;
    } else {
        r->at = from;
        return EN_OK;
    }
    *took = true;
    r->bad.hour = hour;
    r->bad.minute = minute;
    if (hour > 23 || minute > 59 || minute_digits != 2 ||
        ((half || pm) && (hour < 1 || hour > 12)))
        return refuse(r, EN_WHEN_NO_HOUR);
    if (half || pm)
        hour = hour % 12 + (pm ? 12 : 0);
    out->hour = (uint8_t)hour;
    out->minute = (uint8_t)minute;
    return EN_OK;
}

/* The rest of "2027-04-28T14:07:33.250+02:00" after its day: hour, perhaps
 * seconds, and Z or an offset. *took tells whether a "t" came. */
static en_err iso_clock(struct reader *r, bool *took, bool *zoned,
                        struct en_wall *out, int16_t *offset_min)
{
    const struct token *h = peek(r, 1), *m = peek(r, 3), *t;
    int sign;

    *took = *zoned = false;
    t = peek(r, 0);
    if (!is(t, "t") || !t->glued || !is_number(h, 2, 2) || !h->glued ||
        !glued_sign(r, 2, ':') || !is_number(m, 2, 2) || !m->glued)
        return EN_OK;
    *took = true;
    r->bad.hour = h->value;
    r->bad.minute = m->value;
    if (h->value > 23 || m->value > 59)
        return refuse(r, EN_WHEN_NO_HOUR);
    out->hour = (uint8_t)h->value;
    out->minute = (uint8_t)m->value;
    r->at += 4;

    t = peek(r, 1);
    if (glued_sign(r, 0, ':') && is_number(t, 2, 2) && t->glued) {
        if (t->value > 59)
            return refuse(r, EN_WHEN_NO_HOUR);
        out->second = (uint8_t)t->value;
        r->at += 2;
        t = peek(r, 1);
        if (glued_sign(r, 0, '.') && is_number(t, 1, 3) && t->glued) {
            out->ms = (uint16_t)(t->value * (t->digits == 1   ? 100
                                             : t->digits == 2 ? 10
                                                              : 1));
            r->at += 2;
        }
    }
    t = peek(r, 0);
    if (is(t, "z") && t->glued) {
        *zoned = true;
        *offset_min = 0;
        r->at++;
        return EN_OK;
    }
    if (!glued_sign(r, 0, '+') && !glued_sign(r, 0, '-'))
        return EN_OK;
    sign = glued_sign(r, 0, '-') ? -1 : 1;
    h = peek(r, 1);
    m = peek(r, 3);
    if (!is_number(h, 2, 2) || !h->glued || !glued_sign(r, 2, ':') ||
        !is_number(m, 2, 2) || !m->glued || m->value > 59 ||
        h->value * 60 + m->value > EN_OFFSET_MIN_MAX)
        return refuse(r, EN_WHEN_UNKNOWN);
    *zoned = true;
    *offset_min = (int16_t)(sign * (int)(h->value * 60 + m->value));
    r->at += 4;
    return EN_OK;
}

/* "mai 2027", "2027", "2027-05": a span for FROM and TO, no day for the rest. */
static en_err month_or_year(struct reader *r, bool *took, struct en_date *out)
{
    unsigned from = r->at, month, last_month;
    const struct token *t = peek(r, 0);
    enum en_lang lang = EN_LANG_FR;
    int year = 0;
    en_err err;

    *took = false;
    month = take_month(r, &lang);
    if (month != 0) {
        t = peek(r, 0);
        if (t->kind == TOKEN_NUMBER && !hour_ahead(r)) {
            err = year_of(r, t, 0, month, &year);
            if (err != EN_OK)
                return err;
            r->at++;
        }
    } else if (is_number(t, 4, 4) && glued_sign(r, 1, '-') &&
               is_number(peek(r, 2), 1, 2) && peek(r, 2)->glued) {
        month = peek(r, 2)->value;
        err = year_of(r, t, 0, month, &year);
        if (err != EN_OK)
            return err;
        r->at += 3;
        if (month < 1 || month > 12) {
            r->bad.month = month;
            return refuse(r, EN_WHEN_NO_MONTH);
        }
    } else if (is_number(t, 4, 4)) {
        err = year_of(r, t, 0, 0, &year);
        if (err != EN_OK)
            return err;
        r->at++;
    } else {
        return EN_OK;
    }
    if (!at_end(r)) {
        r->at = from;
        return EN_OK;
    }
    *took = true;
    r->bad.month = month;
    r->bad.year = year;
    if (r->ask->use != EN_WHEN_FROM && r->ask->use != EN_WHEN_TO)
        return refuse(r, EN_WHEN_PARTIAL);
    if (year == 0)
        return refuse(r, EN_WHEN_NO_YEAR);
    last_month = month != 0 ? month : 12;
    out->kind = EN_DATE_SPAN;
    out->first =
        (struct en_day){(int16_t)year, (uint8_t)(month != 0 ? month : 1), 1};
    out->last = (struct en_day){(int16_t)year, (uint8_t)last_month,
                                (uint8_t)en_month_days(year, last_month)};
    return EN_OK;
}

/* One day in any of its forms; *took tells whether one came. */
static en_err any_day(struct reader *r, bool *took, struct en_day *out)
{
    static en_err (*const form[])(struct reader *, bool *, struct en_day *) = {
        iso_day, slashed_day, named_day, near_day, distant_day};
    unsigned weekday;
    en_err err = EN_OK;

    if (take(r, "last") || take(r, "next")) {
        bool next = is(&r->token[r->at - 1], "next");

        weekday = take_weekday(r);
        *took = weekday < 7;
        if (!*took)
            return refuse(r, EN_WHEN_UNKNOWN);
        return week_day(r, weekday, next ? 1 : -1, out);
    }
    weekday = take_weekday(r);
    if (weekday < 7) {
        bool comma = take(r, ",");

        /* The three forms that name a day of the calendar. */
        for (size_t i = 0; i < 3; i++) {
            err = form[i](r, took, out);
            if (err != EN_OK || *took)
                break;
        }
        if (err != EN_OK)
            return err;
        if (*took) {
            if (en_day_weekday(*out) != weekday) {
                r->bad.weekday = en_day_weekday(*out);
                r->bad.fit = *out;
                return refuse(r, EN_WHEN_WEEKDAY);
            }
            return EN_OK;
        }
        *took = true;
        if (comma)
            r->at--; /* it stands before an hour */
        if (take(r, "dernier"))
            return week_day(r, weekday, -1, out);
        if (take(r, "prochain"))
            return week_day(r, weekday, 1, out);
        return week_day(r, weekday, 0, out);
    }
    *took = false;
    for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
        err = form[i](r, took, out);
        if (err != EN_OK || *took)
            break;
    }
    return err;
}

static en_err to_instant(struct reader *r, const struct en_zone *zone,
                         struct en_date *out)
{
    en_err err = en_wall_time(&out->wall, zone, &out->time_ms, &out->offset_min,
                              &out->twice);

    r->bad.hour = out->wall.hour;
    r->bad.minute = out->wall.minute;
    r->bad.fit = out->wall.day;
    if (err == EN_ABSENT)
        return refuse(r, EN_WHEN_SKIPPED);
    if (err != EN_OK)
        return refuse(r, EN_WHEN_NO_HOUR);
    out->kind = EN_DATE_INSTANT;
    return EN_OK;
}

static en_err read_all(struct reader *r, struct en_date *out)
{
    struct en_zone own, zone = r->ask->zone;
    bool day = false, hour = false, zoned = false, span = false;
    int16_t offset = 0;
    en_err err;

    if (at_end(r))
        return refuse(r, EN_WHEN_EMPTY);
    err = any_day(r, &day, &out->first);
    if (err != EN_OK)
        return err;
    if (day) {
        err = iso_clock(r, &hour, &zoned, &out->wall, &offset);
        if (err != EN_OK)
            return err;
        if (!hour)
            (void)take(r, ",");
    }
    if (!hour) {
        err = clock(r, &hour, &out->wall);
        if (err != EN_OK)
            return err;
    }
    if (!day && !hour) {
        err = month_or_year(r, &span, out);
        if (err != EN_OK)
            return err;
    }
    if (!at_end(r) || (!day && !hour && !span) ||
        is(&r->token[r->at > 0 ? r->at - 1 : 0], ","))
        return refuse(r, EN_WHEN_UNKNOWN);
    if (span)
        return EN_OK;

    if (r->ask->use == EN_WHEN_AT) {
        if (day)
            return refuse(r, EN_WHEN_ONLY_HOUR);
        out->kind = EN_DATE_CLOCK;
        return EN_OK;
    }
    if (hour && r->ask->use == EN_WHEN_DUE) {
        r->bad.fit = day ? out->first : r->today;
        return refuse(r, EN_WHEN_ONLY_DAY);
    }
    if (!day)
        out->first = r->today;
    out->last = out->first;
    out->wall.day = out->first;
    if (!hour) {
        out->kind = EN_DATE_DAY;
        return EN_OK;
    }
    if (zoned) {
        own = en_zone_fixed(offset);
        zone = own;
    }
    return to_instant(r, &zone, out);
}

en_err en_when_read(const struct en_when_ask *ask, struct en_span typed,
                    struct en_date *out, struct en_when_bad *bad)
{
    struct reader r = {.ask = ask};
    struct en_buf folded = {.max = 8 * EN_WHEN_BYTES_MAX};
    struct en_wall now;
    struct en_date got = {0};
    en_err err;

    err = en_wall_of(ask->now_ms, ask->zone.offset_min(&ask->zone, ask->now_ms),
                     &now);
    if (err != EN_OK) {
        /* A clock before the year 1: no day can be near it. */
        *bad = (struct en_when_bad){.wrong = EN_WHEN_FAR};
        return EN_RANGE;
    }
    r.today = now.day;
    r.bad.fit = now.day;
    if (typed.n > EN_WHEN_BYTES_MAX) {
        err = refuse(&r, EN_WHEN_UNKNOWN);
        goto out;
    }
    err = en_text_fold(typed, &folded);
    if (err == EN_NOMEM)
        goto out;
    if (err != EN_OK || !cut(en_buf_span(&folded), &r))
        err = refuse(&r, EN_WHEN_UNKNOWN);
    else
        err = read_all(&r, &got);
    if (err == EN_OK)
        *out = got;
out:
    if (err == EN_RANGE)
        *bad = r.bad;
    en_buf_free(&folded);
    return err;
}

en_err en_when_join(const struct en_zone *zone, struct en_day day,
                    const struct en_date *at, struct en_date *out,
                    struct en_when_bad *bad)
{
    struct reader r = {0};
    struct en_date got = {.first = day, .last = day, .wall = at->wall};
    en_err err;

    assert(at->kind == EN_DATE_CLOCK);
    got.wall.day = day;
    err = to_instant(&r, zone, &got);
    if (err == EN_OK)
        *out = got;
    else
        *bad = r.bad;
    return err;
}

/* The form to type, with the flag it answers: "--on 2027-05-12". */
static en_err form_to_type(const struct en_when_ask *ask, const char *flag,
                           const struct en_when_bad *bad, struct en_day day,
                           struct en_buf *out)
{
    char iso[11];
    en_err err = EN_OK;

    if (!en_day_valid(day))
        day = (struct en_day){2027, 5, 12};
    en_day_iso(day, iso);
    if (flag != NULL) {
        err = en_buf_add_str(out, flag);
        if (err == EN_OK)
            err = en_buf_add_u8(out, ' ');
    }
    if (err == EN_OK && (ask->use == EN_WHEN_AT))
        return en_buf_add_str(out, "14:30");
    if (err == EN_OK &&
        (bad->wrong == EN_WHEN_NO_HOUR || bad->wrong == EN_WHEN_SKIPPED))
        err = en_buf_add_str(out, "\"");
    if (err == EN_OK)
        err = en_buf_add_str(out, iso);
    if (err == EN_OK &&
        (bad->wrong == EN_WHEN_NO_HOUR || bad->wrong == EN_WHEN_SKIPPED))
        err = en_buf_add_str(out, " 14:30\"");
    return err;
}

en_err en_when_say(const struct en_i18n *t, const struct en_when_ask *ask,
                   struct en_span typed, const char *flag,
                   const struct en_when_bad *bad, struct en_said *said)
{
    struct en_buf form = {0}, two = {0}, example = {0};
    unsigned month = bad->month >= 1 && bad->month <= 12 ? bad->month : 1;
    struct en_day day = bad->fit;
    const char *id = NULL;
    char iso[11];
    en_err err;

    said->status = EN_EXIT_MISUSE;
    /* A day of the year and month that were typed makes the nearest example. */
    if (bad->wrong == EN_WHEN_PARTIAL && bad->year != 0)
        day = (struct en_day){(int16_t)bad->year, (uint8_t)month, 12};
    if (bad->wrong == EN_WHEN_NO_DAY) {
        day =
            (struct en_day){bad->year != 0 ? (int16_t)bad->year : bad->fit.year,
                            (uint8_t)month, 1};
        if (en_day_valid(day))
            day.day = (uint8_t)en_month_days(day.year, month);
    }
    if (bad->wrong == EN_WHEN_YEAR && bad->year > 0 && bad->year < 100 &&
        bad->day >= 1 && bad->day <= 31)
        day = (struct en_day){(int16_t)(2000 + bad->year), (uint8_t)month,
                              (uint8_t)bad->day};
    if (!en_day_valid(day))
        day = bad->fit;
    err = form_to_type(ask, flag, bad, day, &form);
    if (err != EN_OK)
        goto out;

    switch (bad->wrong) {
    case EN_WHEN_FINE: break;
    case EN_WHEN_EMPTY:
        id = EN_MSG("No date was typed. Type for example: {form}");
        break;
    case EN_WHEN_UNKNOWN:
        id = ask->use == EN_WHEN_AT
                 ? EN_MSG("I cannot read an hour in \"{typed}\". Type for "
                          "example: {form}")
                 : EN_MSG("I cannot read a date in \"{typed}\". Type for "
                          "example: {form}");
        break;
    case EN_WHEN_PARTIAL:
        id = EN_MSG("\"{typed}\" names no day, and I will not invent one. Type "
                    "for example: {form}");
        break;
    case EN_WHEN_NO_YEAR:
        id = EN_MSG("\"{typed}\" is a month without its year. Type for "
                    "example: {flag}{example}");
        break;
    case EN_WHEN_NO_DAY:
        id = EN_MSG("\"{typed}\" is day {day} of {month}, which has only "
                    "{days}. Type for example: {form}");
        break;
    case EN_WHEN_NO_MONTH:
        id = EN_MSG("\"{typed}\" names month {number}, and a year has twelve. "
                    "Type for example: {form}");
        break;
    case EN_WHEN_NO_HOUR:
        id = EN_MSG("\"{typed}\" is no hour of a day, which goes from 00:00 to "
                    "23:59. Type for example: {form}");
        break;
    case EN_WHEN_YEAR:
        id = EN_MSG("\"{typed}\" has a year that is not of four digits, and I "
                    "will not guess the century. Type for example: {form}");
        break;
    case EN_WHEN_WEEKDAY:
        id = EN_MSG("{date} is a {weekday}, and \"{typed}\" says otherwise. "
                    "Nothing was saved; type the day you mean: {form}");
        break;
    case EN_WHEN_TWO_WAYS:
        id = bad->year != 0
                 ? EN_MSG("\"{typed}\" can be {one_year} or {other_year}. "
                          "Nothing was saved; type {one_year} or {iso}")
                 : EN_MSG("\"{typed}\" can be {one} or {other}. Nothing was "
                          "saved; type {one} or {iso}");
        break;
    case EN_WHEN_SKIPPED:
        id = EN_MSG("On {date} the clock change skips {clock}: that hour does "
                    "not exist. Type another one, for example: {form}");
        break;
    case EN_WHEN_FAR:
        id = EN_MSG("\"{typed}\" leads outside the years 1 to 9999. Type for "
                    "example: {form}");
        break;
    case EN_WHEN_ONLY_HOUR:
        id = EN_MSG("\"{typed}\" names a day, and only an hour is wanted here. "
                    "Type for example: {form}");
        break;
    case EN_WHEN_ONLY_DAY:
        id = EN_MSG("\"{typed}\" names an hour, and only a day is wanted here. "
                    "Type for example: {form}");
        break;
    }
    assert(id != NULL);
    if (!en_day_valid(day))
        day = (struct en_day){2027, 5, 12};
    en_day_iso(day, iso);
    if (flag != NULL) {
        err = en_buf_add_str(&two, flag);
        if (err == EN_OK)
            err = en_buf_add_u8(&two, ' ');
        if (err != EN_OK)
            goto out;
    }
    /* A month with its year, as its language writes it. */
    err = en_buf_add_str(&example, en_tr_month(t->lang, month));
    if (err == EN_OK)
        err = en_buf_add_str(&example, " ");
    if (err == EN_OK)
        err = en_buf_add(&example, iso, 4);
    if (err != EN_OK)
        goto out;
    const struct en_day other = en_day_valid(bad->other) ? bad->other : day;
    const struct en_wall wall = {.day = day,
                                 .hour = (uint8_t)(bad->hour % 24),
                                 .minute = (uint8_t)(bad->minute % 60)};
    const struct en_arg *args = EN_ARGS(
        en_arg_span("typed", typed), en_arg_span("form", en_buf_span(&form)),
        en_arg_span("flag", en_buf_span(&two)),
        en_arg_text("month", en_tr_month(t->lang, month)),
        en_arg_text("weekday", en_tr_weekday(t->lang, bad->weekday)),
        en_arg_text("iso", iso), en_arg_number("day", bad->day),
        en_arg_number("number", bad->month),
        en_arg_typed("example", en_buf_span(&example)),
        en_arg_number("days", day.day), en_arg_day("date", day, EN_DAY_SHORT),
        en_arg_day("one", day, EN_DAY_BARE),
        en_arg_day("other", other, EN_DAY_BARE),
        en_arg_day("one_year", day, EN_DAY_SHORT),
        en_arg_day("other_year", other, EN_DAY_SHORT),
        en_arg_clock("clock", wall));

    err = en_tr(t, &said->text, id, args);
    if (err == EN_OK)
        err = en_buf_add_span(&said->next, en_buf_span(&form));
out:
    en_buf_free(&form);
    en_buf_free(&two);
    en_buf_free(&example);
    return err;
}

en_err en_when_say_twice(const struct en_i18n *t, const struct en_date *when,
                         struct en_buf *out)
{
    int off = when->offset_min;
    char offset[16];
    struct en_wall w = when->wall;

    w.day = when->first;
    (void)snprintf(offset, sizeof(offset), "%c%02u:%02u", off < 0 ? '-' : '+',
                   (unsigned)(off < 0 ? -off : off) / 60 % 100u,
                   (unsigned)(off < 0 ? -off : off) % 60);
    return en_tr(t, out,
                 "{clock} happens twice on {date}: I took the first one "
                 "(UTC{offset}).",
                 EN_ARGS(en_arg_clock("clock", w),
                         en_arg_day("date", when->first, EN_DAY_SHORT),
                         en_arg_text("offset", offset)));
}

en_err en_duration_read(struct en_span typed, uint32_t max, uint32_t *minutes)
{
    struct reader r = {0};
    struct en_buf folded = {.max = 8 * EN_WHEN_BYTES_MAX};
    uint32_t total = 0;
    en_err err;

    if (typed.n > EN_WHEN_BYTES_MAX)
        return EN_RANGE;
    err = en_text_fold(typed, &folded);
    if (err != EN_OK)
        goto out;
    err = EN_RANGE;
    if (!cut(en_buf_span(&folded), &r) || !is_number(peek(&r, 0), 1, 4))
        goto out;
    total = peek(&r, 0)->value;
    if (is(peek(&r, 1), "h")) {
        total *= 60;
        r.at += 2;
        if (is_number(peek(&r, 0), 2, 2) && peek(&r, 0)->value < 60) {
            total += peek(&r, 0)->value;
            r.at++;
            (void)(take(&r, "min") || take(&r, "m"));
        }
    } else if (is(peek(&r, 1), "min") || is(peek(&r, 1), "m")) {
        r.at += 2;
    } else {
        goto out;
    }
    if (at_end(&r) && total >= 1 && total <= max) {
        *minutes = total;
        err = EN_OK;
    }
out:
    en_buf_free(&folded);
    return err == EN_NOMEM ? EN_NOMEM : err;
}
