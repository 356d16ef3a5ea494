#include "journal/when.h"

#define DAY_MS 86400000

/* Rounds down, also before 1970. */
static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

/* So that no sum overflows: ten thousand years either way are in it. */
static bool ms_sane(int64_t ms)
{
    return ms > -INT64_C(400000000000000) && ms < INT64_C(400000000000000);
}

static int64_t wall_ms(int64_t ms, int16_t offset)
{
    return ms + (int64_t)offset * 60000;
}

struct en_day en_day_of_ms(int64_t ms, int16_t offset)
{
    struct en_day d = {0};

    if (!ms_sane(ms) || offset < -EN_OFFSET_MAX || offset > EN_OFFSET_MAX)
        return d;
    if (!en_day_of_number(floor_div(wall_ms(ms, offset), DAY_MS), &d))
        return (struct en_day){0};
    return d;
}

bool en_when_valid(const struct en_when *w)
{
    switch (w->kind) {
    case EN_WHEN_INSTANT: return en_day_of_ms(w->ms, w->offset).year != 0;
    case EN_WHEN_DAY: return en_day_valid(w->day);
    case EN_WHEN_NONE: break;
    }
    return false;
}

struct en_day en_when_day(const struct en_when *w)
{
    if (w->kind == EN_WHEN_DAY)
        return w->day;
    if (w->kind == EN_WHEN_INSTANT)
        return en_day_of_ms(w->ms, w->offset);
    return (struct en_day){0};
}

/* Milliseconds since midnight on the wall; -1 without an hour. */
static int64_t wall_time(const struct en_when *w)
{
    int64_t wall;

    if (w->kind != EN_WHEN_INSTANT)
        return -1;
    wall = wall_ms(w->ms, w->offset);
    return wall - floor_div(wall, DAY_MS) * DAY_MS;
}

int en_when_minute(const struct en_when *w)
{
    int64_t t = wall_time(w);

    return t < 0 ? -1 : (int)(t / 60000);
}

int64_t en_when_key(const struct en_when *w)
{
    assert(en_when_valid(w));
    return (int64_t)en_day_number(en_when_day(w)) * EN_WHEN_KEY_DAY +
           wall_time(w) + 1;
}

int32_t en_when_key_day(int64_t key)
{
    return (int32_t)floor_div(key, EN_WHEN_KEY_DAY);
}

int en_when_cmp(const struct en_when *a, const struct en_when *b)
{
    int c = en_day_cmp(en_when_day(a), en_when_day(b));
    int64_t ta = wall_time(a);
    int64_t tb = wall_time(b);

    if (c != 0)
        return c;
    if (ta != tb)
        return ta < tb ? -1 : 1;
    if (a->kind == EN_WHEN_INSTANT && a->ms != b->ms)
        return a->ms < b->ms ? -1 : 1;
    return 0;
}
