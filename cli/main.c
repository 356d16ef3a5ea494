/* main.c - the program: the machine as it is. */
#include "cli/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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
    struct en_machine m = {
        .rng = en_rng_system(),
        .clock = en_clock_system(),
        .zone = en_zone_system(),
        .show = en_show_env_system(),
        .env = from_env,
        .in = 0,
    };

    if (hold_standard_fds() != 0 || en_secret_init() != EN_OK)
        return EN_EXIT_FAILED;
    m.in_terminal = isatty(0) == 1;
    return en_run(&m, argc, (const char *const *)argv);
}
