#include "cli/play.h"

#include "lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>

#define PATIENCE_MS 90000 /* a slow machine stretches two passphrases */

static int64_t clock_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void stage_new(struct stage *s, const char *program, const char *lang,
               unsigned columns)
{
    memset(s, 0, sizeof *s);
    s->program = program;
    s->lang = lang;
    s->columns = columns;
    s->now_ms = INT64_C(1808921220000); /* 28 April 2027, 14:07 at UTC+2 */
    snprintf(s->home, sizeof s->home, "/dev/shm/en-play-XXXXXX");
    assert_non_null(mkdtemp(s->home));
}

void stage_free(struct stage *s)
{
    char cmd[128];

    (void)PLAY(s, "agent", "stop");
    snprintf(cmd, sizeof cmd, "rm -rf %s", s->home);
    assert_int_equal(system(cmd), 0);
    en_buf_free(&s->seen);
}

/* The child: a session whose terminal is the slave end. */
static void become(const struct stage *s, const char *slave,
                   const char *const *argv)
{
    struct winsize size = {.ws_row = 50, .ws_col = (unsigned short)s->columns};
    const char *words[64] = {"entrenous"};
    char ms[32];
    int fd;

    (void)setsid();
    fd = open(slave, O_RDWR);
    if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0 ||
        ioctl(fd, TIOCSWINSZ, &size) != 0)
        _exit(97);
    (void)dup2(fd, 0);
    (void)dup2(fd, 1);
    (void)dup2(fd, 2);
    for (int i = 3; i < 64; i++)
        (void)close(i);
    snprintf(ms, sizeof ms, "%lld", (long long)s->now_ms);
    (void)clearenv();
    (void)setenv("EN_SCRIPT_MS", ms, 1);
    (void)setenv("ENTRENOUS_HOME", s->home, 1);
    (void)setenv("TERM", "dumb", 1);
    (void)setenv("PATH", "/usr/bin:/bin", 1);
    if (s->lang != NULL)
        (void)setenv("ENTRENOUS_LANG", s->lang, 1);
    for (size_t i = 0; i < 62 && argv[i] != NULL; i++)
        words[i + 1] = argv[i];
    (void)execv(s->program, (char *const *)(uintptr_t)words);
    _exit(98);
}

void play_start(struct play *p, struct stage *s, const char *const *argv,
                const char *typed)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const char *slave;

    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    slave = ptsname(master);
    assert_non_null(slave);
    assert_ok(en_buf_add_str(&s->seen, "$ entrenous"));
    for (size_t i = 0; typed == NULL && argv[i] != NULL; i++) {
        assert_ok(en_buf_add_str(&s->seen, " "));
        assert_ok(en_buf_add_str(&s->seen, argv[i]));
    }
    if (typed != NULL) {
        assert_ok(en_buf_add_str(&s->seen, " "));
        assert_ok(en_buf_add_str(&s->seen, typed));
    }
    assert_ok(en_buf_add_str(&s->seen, "\n"));
    *p = (struct play){
        .stage = s, .fd = master, .from = s->seen.n, .at = s->seen.n};
    (void)fflush(NULL);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0)
        become(s, slave, argv);
}

static void show_seen(const struct play *p)
{
    fprintf(stderr, "# seen:\n%.*s\n", (int)(p->stage->seen.n - p->from),
            (const char *)p->stage->seen.p + p->from);
}

/* Reads what there is, waiting at most until a moment; false at the end. */
static bool take(struct play *p, int64_t until)
{
    struct pollfd pfd = {.fd = p->fd, .events = POLLIN};
    int64_t left = until - clock_ms();
    uint8_t raw[4096];
    ssize_t n;

    if (left < 0 || poll(&pfd, 1, (int)left) <= 0) {
        show_seen(p);
        fail_msg("nothing came in time");
    }
    n = read(p->fd, raw, sizeof raw);
    if (n <= 0)
        return false; /* EIO: the last holder of the terminal has gone */
    for (ssize_t i = 0; i < n; i++) {
        if (raw[i] != '\r')
            assert_ok(en_buf_add_u8(&p->stage->seen, raw[i]));
    }
    return true;
}

/* Whether text stands there; a line may be broken where it has a space. */
static bool stands(const uint8_t *at, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (at[i] != (uint8_t)text[i] && !(text[i] == ' ' && at[i] == '\n'))
            return false;
    }
    return true;
}

void play_await(struct play *p, const char *text)
{
    int64_t until = clock_ms() + PATIENCE_MS;
    size_t n = strlen(text);

    for (;;) {
        const struct en_buf *b = &p->stage->seen;

        for (size_t i = p->at; i + n <= b->n; i++) {
            if (stands(b->p + i, text, n)) {
                p->at = i + n;
                return;
            }
        }
        if (!take(p, until)) {
            show_seen(p);
            fail_msg("it ended before: %s", text);
        }
    }
}

static void send_bytes(struct play *p, const char *s, size_t n)
{
    while (n > 0) {
        ssize_t k = write(p->fd, s, n);

        assert_true(k > 0 || errno == EINTR);
        if (k > 0) {
            s += k;
            n -= (size_t)k;
        }
    }
}

void play_type(struct play *p, const char *line)
{
    send_bytes(p, line, strlen(line));
    send_bytes(p, "\n", 1);
}

void play_key(struct play *p, char c)
{
    send_bytes(p, &c, 1);
}

int play_end(struct play *p)
{
    int64_t until = clock_ms() + PATIENCE_MS;
    int status = 0;

    while (take(p, until))
        ;
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    (void)close(p->fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int play_all(struct stage *s, const char *const *argv)
{
    struct play p;

    play_start(&p, s, argv, NULL);
    return play_end(&p);
}

void play_line(const struct play *p, const char *after, char *out, size_t size)
{
    const char *from = (const char *)p->stage->seen.p + p->from;
    const char *end = (const char *)p->stage->seen.p + p->stage->seen.n;
    const char *at = from;
    size_t n = strlen(after);

    while (at + n <= end && !stands((const uint8_t *)at, after, n))
        at++;
    assert_true(at + n <= end);
    at = memmem(at, (size_t)(end - at), "\n    ", 5);
    assert_non_null(at);
    at += 5;
    /* Broken on a narrow screen: what goes on is indented too. */
    for (n = 0; at < end && n + 2 < size; at++) {
        if (*at != '\n')
            out[n++] = *at;
        else if (end - at > 5 && memcmp(at, "\n    ", 5) == 0 && at[5] != ' ') {
            out[n++] = ' ';
            at += 4;
        } else {
            break;
        }
    }
    out[n] = '\0';
}
