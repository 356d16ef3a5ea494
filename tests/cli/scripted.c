/*
 * scripted - the program from the same objects, on a day that a test has chosen.
 *
 *   EN_SCRIPT_MS  what the Unix clock shows, in milliseconds; it stands still
 *
 * The zone is UTC+2. Everything else is the machine's: randomness, the monotonic
 * clock, terminals. The product has no such variable.
 */
#include "cli/cmd.h"

#include <stdlib.h>
#include <unistd.h>

static int64_t shown_ms;

static int64_t fixed_ms(void *user)
{
    (void)user;
    return shown_ms;
}

static int16_t two_hours(void *user, int64_t time_ms)
{
    (void)user;
    (void)time_ms;
    return 120;
}

static const char *from_env(void *user, const char *name)
{
    (void)user;
    return getenv(name);
}

int main(int argc, char **argv)
{
    const char *ms = getenv("EN_SCRIPT_MS");
    struct en_machine m = {
        .rng = en_rng_system(),
        .clock = en_clock_system(),
        .zone = en_zone_fixed(120),
        .show = en_show_env_system(),
        .env = from_env,
        .in = 0,
        .in_terminal = isatty(0) == 1,
    };

    if (ms == NULL || en_secret_init() != EN_OK)
        return EN_EXIT_FAILED;
    shown_ms = strtoll(ms, NULL, 10);
    m.clock.time_ms = fixed_ms;
    m.clock.offset_min = two_hours;
    return en_run(&m, argc, (const char *const *)argv);
}
