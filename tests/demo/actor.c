/*
 * actor - plays a person at a terminal: runs a command on a pseudo-terminal, shows
 * what it prints, and answers its questions.
 *
 *   actor [-c COLUMNS] [-t SECONDS] [QUESTION ANSWER]... -- COMMAND [ARG]...
 *
 * Each QUESTION is waited for, in order, in what the command prints; then ANSWER
 * is typed with Enter. An ANSWER of "^C" is the interrupt key, "^D" the end of
 * input. Exit status: the command's; 124 if it took too long, 99 if it ended
 * before a question came, 2 misuse.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define KEPT 65536 /* of the output, in which a question is looked for */

struct play {
    int terminal;
    char **question; /* question, answer, question, answer, ... */
    size_t left;
    char seen[KEPT + 1];
    size_t n;
};

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, p, n);

        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return;
        p += k;
        n -= (size_t)k;
    }
}

static pid_t start(char **argv, unsigned columns, int *terminal)
{
    struct winsize size = {.ws_row = 40, .ws_col = (unsigned short)columns};
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const char *name;
    pid_t pid;

    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0)
        return -1;
    name = ptsname(fd);
    if (name == NULL || ioctl(fd, TIOCSWINSZ, &size) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        int slave;

        if (setsid() < 0)
            _exit(127);
        slave = open(name, O_RDWR);
        if (slave < 0 || dup2(slave, 0) < 0 || dup2(slave, 1) < 0 ||
            dup2(slave, 2) < 0)
            _exit(127);
        if (slave > 2)
            (void)close(slave);
        (void)execvp(argv[0], argv);
        _exit(127);
    }
    *terminal = fd;
    return pid;
}

/* Types the answers whose questions have come. What was searched is forgotten up
 * to the end of the question. */
static void answer(struct play *p)
{
    while (p->left > 0) {
        char *at = strstr(p->seen, p->question[0]);
        const char *text = p->question[1];
        size_t used;

        if (at == NULL)
            return;
        used = (size_t)(at - p->seen) + strlen(p->question[0]);
        memmove(p->seen, p->seen + used, p->n - used + 1);
        p->n -= used;
        if (strcmp(text, "^C") == 0) {
            write_all(p->terminal, "\003", 1);
        } else if (strcmp(text, "^D") == 0) {
            write_all(p->terminal, "\004", 1);
        } else {
            write_all(p->terminal, text, strlen(text));
            write_all(p->terminal, "\n", 1);
        }
        p->question += 2;
        p->left--;
    }
}

/* Output without the carriage returns a terminal adds; NULs are dropped. */
static bool show(struct play *p)
{
    char raw[4096];
    char out[4096];
    size_t n = 0;
    ssize_t k = read(p->terminal, raw, sizeof(raw));

    if (k <= 0)
        return k < 0 && errno == EINTR;
    for (ssize_t i = 0; i < k; i++)
        if (raw[i] != '\r' && raw[i] != '\0')
            out[n++] = raw[i];
    write_all(STDOUT_FILENO, out, n);
    if (p->n + n > KEPT) {
        size_t drop = p->n + n - KEPT;

        if (drop > p->n)
            drop = p->n;
        memmove(p->seen, p->seen + drop, p->n - drop);
        p->n -= drop;
    }
    memcpy(p->seen + p->n, out, n);
    p->n += n;
    p->seen[p->n] = '\0';
    answer(p);
    return true;
}

static int finish(pid_t pid, const struct play *p)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    if (p->left > 0) {
        fprintf(stderr, "actor: never asked: %s\n", p->question[0]);
        return 99;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    static struct play p;
    unsigned columns = 80;
    int64_t end = 120000;
    int at = 1;
    pid_t pid;

    while (at + 1 < argc && argv[at][0] == '-' && argv[at][1] != '-') {
        unsigned long v = strtoul(argv[at + 1], NULL, 10);

        if (strcmp(argv[at], "-c") == 0)
            columns = (unsigned)v;
        else if (strcmp(argv[at], "-t") == 0)
            end = (int64_t)v * 1000;
        else
            return 2;
        at += 2;
    }
    p.question = argv + at;
    while (at + 1 < argc && strcmp(argv[at], "--") != 0) {
        p.left++;
        at += 2;
    }
    if (at + 1 >= argc || strcmp(argv[at], "--") != 0)
        return 2;
    pid = start(argv + at + 1, columns, &p.terminal);
    if (pid < 0)
        return 127;
    end += now_ms();
    for (;;) {
        struct pollfd fd = {.fd = p.terminal, .events = POLLIN};
        int64_t wait = end - now_ms();

        if (wait <= 0) {
            (void)kill(-pid, SIGKILL);
            (void)kill(pid, SIGKILL);
            (void)finish(pid, &p);
            return 124;
        }
        if (poll(&fd, 1, wait > 1000 ? 1000 : (int)wait) > 0 && !show(&p))
            break;
    }
    return finish(pid, &p);
}
