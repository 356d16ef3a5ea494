#include "net/local.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_ROOM 4096
#define START_MS  20000 /* then something is badly wrong: it does not come up */

/*
 * The folder
 */

/* Opens it; whoever else could write there could stand in for the agent. */
static en_err open_dir(const char *dir, int *fd)
{
    struct stat st;

    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return errno == ENOENT ? EN_CLOSED : EN_IO;
    if (fstat(*fd, &st) == 0 && st.st_uid == getuid() &&
        (st.st_mode & 077) == 0)
        return EN_OK;
    (void)close(*fd);
    *fd = -1;
    return EN_DENIED;
}

/* Makes what is missing, the owner's alone. */
static en_err make_dirs(const char *dir, unsigned *made)
{
    char path[PATH_ROOM];
    size_t len = strlen(dir);

    if (len == 0 || len >= sizeof(path))
        return EN_IO;
    memcpy(path, dir, len + 1);
    for (size_t i = 1; i <= len; i++) {
        char c = path[i];

        if (c != '/' && c != '\0')
            continue;
        path[i] = '\0';
        if (mkdir(path, 0700) == 0)
            ++*made;
        else if (errno != EEXIST && errno != EISDIR)
            return EN_IO;
        path[i] = c;
    }
    return EN_OK;
}

static void unmake_dirs(const char *dir, unsigned made)
{
    char path[PATH_ROOM];
    size_t len = strlen(dir);

    if (len >= sizeof(path))
        return;
    memcpy(path, dir, len + 1);
    while (made > 0 && rmdir(path) == 0) {
        char *slash = strrchr(path, '/');

        if (slash == NULL || slash == path)
            return;
        *slash = '\0';
        made--;
    }
}

/*
 * The socket
 */

static en_err name_of(const char *dir, int dir_fd, struct sockaddr_un *a)
{
    int n;

    memset(a, 0, sizeof(*a));
    a->sun_family = AF_UNIX;
    n = snprintf(a->sun_path, sizeof(a->sun_path), "%s/%s", dir,
                 EN_LOCAL_SOCKET);
    if (n < 0 || (size_t)n >= sizeof(a->sun_path))
        n = snprintf(a->sun_path, sizeof(a->sun_path), "/proc/self/fd/%d/%s",
                     dir_fd, EN_LOCAL_SOCKET);
    return n > 0 && (size_t)n < sizeof(a->sun_path) ? EN_OK : EN_IO;
}

bool en_local_own(int fd)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
           cred.uid == getuid();
}

static en_err connect_in(const char *dir, int dir_fd, int *fd)
{
    struct sockaddr_un a;
    en_err err = name_of(dir, dir_fd, &a);
    int s, r;

    if (err != EN_OK)
        return err;
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return EN_IO;
    do
        r = connect(s, (const struct sockaddr *)&a, sizeof(a));
    while (r < 0 && errno == EINTR);
    if (r < 0)
        err = errno == ENOENT || errno == ECONNREFUSED ? EN_CLOSED : EN_IO;
    else if (!en_local_own(s))
        err = EN_DENIED;
    if (err != EN_OK)
        (void)close(s);
    else
        *fd = s;
    return err;
}

en_err en_local_connect(const char *dir, int *fd)
{
    int dir_fd = -1;
    en_err err;

    if (dir == NULL || dir[0] == '\0')
        return EN_CLOSED;
    err = open_dir(dir, &dir_fd);
    if (err != EN_OK)
        return err;
    err = connect_in(dir, dir_fd, fd);
    (void)close(dir_fd);
    return err;
}

static en_err listen_in(const char *dir, struct en_local *l)
{
    struct sockaddr_un a;
    mode_t mask;
    int r;
    en_err err = name_of(dir, l->dir_fd, &a);

    if (err != EN_OK)
        return err;
    if (flock(l->dir_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? EN_BUSY : EN_IO;
    /* The lock is ours: what a crash left behind answers to nobody. */
    if (unlinkat(l->dir_fd, EN_LOCAL_SOCKET, 0) != 0 && errno != ENOENT)
        return EN_IO;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return EN_IO;
    mask = umask(0177);
    r = bind(l->fd, (const struct sockaddr *)&a, sizeof(a));
    (void)umask(mask);
    return r == 0 && listen(l->fd, 16) == 0 ? EN_OK : EN_IO;
}

en_err en_local_listen(const char *dir, struct en_local *l)
{
    en_err err;

    *l = (struct en_local){.dir_fd = -1, .fd = -1};
    err = make_dirs(dir, &l->made);
    if (err == EN_OK)
        err = open_dir(dir, &l->dir_fd);
    if (err == EN_OK)
        err = listen_in(dir, l);
    if (err == EN_OK)
        return EN_OK;
    if (l->fd >= 0)
        (void)close(l->fd);
    if (l->dir_fd >= 0)
        (void)close(l->dir_fd);
    unmake_dirs(dir, l->made);
    *l = (struct en_local){.dir_fd = -1, .fd = -1};
    return err == EN_CLOSED ? EN_IO : err;
}

void en_local_close(const char *dir, struct en_local *l)
{
    if (l->dir_fd < 0)
        return;
    (void)unlinkat(l->dir_fd, EN_LOCAL_SOCKET, 0);
    unmake_dirs(dir, l->made);
    if (l->fd >= 0)
        (void)close(l->fd);
    (void)close(l->dir_fd); /* the lock goes last */
    *l = (struct en_local){.dir_fd = -1, .fd = -1};
}

/*
 * Starting
 */

/* In the child: everything but fd, which becomes EN_LOCAL_FD, and three times
 * nothing. No allocation, no stdio. */
static void run_agent(const char *program, int fd)
{
    static const char *const words[] = {"entrenous", "agent", "run", NULL};
    char *argv[4];
    int null;

    for (size_t i = 0; i < 4; i++) {
        const char *w = words[i];

        memcpy(&argv[i], &w, sizeof(argv[i])); /* exec wants them not const */
    }
    if (setsid() < 0 || chdir("/") != 0)
        _exit(1);
    if (fd != EN_LOCAL_FD && dup2(fd, EN_LOCAL_FD) < 0)
        _exit(1);
    if (fcntl(EN_LOCAL_FD, F_SETFD, 0) != 0)
        _exit(1);
    null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        _exit(1);
#ifdef SYS_close_range
    if (syscall(SYS_close_range, EN_LOCAL_FD + 1, ~0u, 0) != 0)
#endif
        for (int i = EN_LOCAL_FD + 1; i < 1024; i++)
            (void)close(i);
    (void)execv(program, argv);
    _exit(127);
}

/* Forks twice: the agent is nobody's child to wait for. */
static en_err fork_agent(const char *program, int fd)
{
    int status = 0;
    pid_t pid = fork();

    if (pid < 0)
        return EN_NOMEM;
    if (pid == 0) {
        pid = fork();
        if (pid == 0)
            run_agent(program == NULL ? "/proc/self/exe" : program, fd);
        _exit(pid < 0 ? 1 : 0);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return EN_IO;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EN_OK : EN_NOMEM;
}

/* The one byte: an en_err. */
static en_err await_ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    unsigned char said = EN_IO;
    int r;
    ssize_t n;

    do
        r = poll(&p, 1, START_MS);
    while (r < 0 && errno == EINTR);
    if (r <= 0)
        return EN_TIMEOUT;
    do
        n = read(fd, &said, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 && said < EN_ERR_COUNT ? (en_err)said : EN_IO;
}

en_err en_local_start(const char *program)
{
    int end[2];
    en_err err;

    if (pipe2(end, O_CLOEXEC) != 0)
        return EN_IO;
    err = fork_agent(program, end[1]);
    (void)close(end[1]);
    if (err == EN_OK)
        err = await_ready(end[0]);
    (void)close(end[0]);
    return err;
}

en_err en_local_start_own(const char *program, int *fd)
{
    int end[2];
    en_err err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) != 0)
        return EN_IO;
    err = fork_agent(program, end[1]);
    (void)close(end[1]);
    if (err == EN_OK)
        *fd = end[0];
    else
        (void)close(end[0]);
    return err;
}
