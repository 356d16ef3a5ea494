#include "net/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t ms_of(clockid_t id)
{
    struct timespec t = {0};

    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t now_ms(void *user)
{
    (void)user;
#ifdef CLOCK_BOOTTIME
    return (uint64_t)ms_of(CLOCK_BOOTTIME);
#else
    return (uint64_t)ms_of(CLOCK_MONOTONIC);
#endif
}

static int64_t time_ms(void *user)
{
    (void)user;
    return ms_of(CLOCK_REALTIME);
}

static int16_t offset_min(void *user, int64_t at_ms)
{
    time_t s = (time_t)(at_ms / 1000);
    struct tm tm;

    (void)user;
    if (localtime_r(&s, &tm) == NULL)
        return 0;
    return (int16_t)(tm.tm_gmtoff / 60);
}

struct en_clock en_clock_system(void)
{
    return (struct en_clock){now_ms, time_ms, offset_min, NULL};
}
