/* main.c - the program: the machine as it is. */
#include "cli/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t monotonic_ms(void *user)
{
    struct timespec ts = {0};

    (void)user;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int64_t unix_ms(void *user)
{
    struct timespec ts = {0};

    (void)user;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int16_t offset_min(void *user, int64_t time_ms)
{
    const struct en_zone *zone = user;

    return zone->offset_min(zone, time_ms);
}

static const char *from_env(void *user, const char *name)
{
    (void)user;
    return getenv(name);
}

/* A missing descriptor would be given to the first file opened, perhaps the
 * vault's, and a message be written into it. */
static int hold_standard_fds(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct en_zone zone;
    struct en_machine m = {
        .rng = en_rng_system(),
        .env = from_env,
        .in = 0,
    };

    if (hold_standard_fds() != 0 || en_secret_init() != EN_OK)
        return EN_EXIT_FAILED;
    zone = en_zone_system();
    m.zone = zone;
    m.clock = (struct en_clock){monotonic_ms, unix_ms, offset_min, &zone};
    m.show = en_show_env_system();
    m.in_terminal = isatty(0) == 1;
    return en_run(&m, argc, (const char *const *)argv);
}
