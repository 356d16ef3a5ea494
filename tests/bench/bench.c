#include "bench/bench.h"

#include "base/secret.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DIARY     "data/diaries/pepys-en.jsonl"
#define DIARY_MAX 16777216

_Noreturn void bench_fail(const char *what, const char *file, int line,
                          int code)
{
    (void)fprintf(stderr, "%s:%d: %s failed", file, line, what);
    if (code != 0)
        (void)fprintf(stderr, " (en_err %d)", code);
    (void)fputc('\n', stderr);
    exit(1);
}

/* -- clocks and memory -------------------------------------------------------- */

static double us_of(struct timeval t)
{
    return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

struct bench_time bench_now(void)
{
    struct rusage u;
    struct timespec t;

    BENCH_TRUE(getrusage(RUSAGE_SELF, &u) == 0);
    BENCH_TRUE(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (struct bench_time){.cpu_us = us_of(u.ru_utime) + us_of(u.ru_stime),
                               .wall_us = (double)t.tv_sec * 1e6 +
                                          (double)t.tv_nsec / 1e3};
}

struct bench_time bench_since(const struct bench_time *start)
{
    struct bench_time now = bench_now();

    return (struct bench_time){.cpu_us = now.cpu_us - start->cpu_us,
                               .wall_us = now.wall_us - start->wall_us};
}

/* ru_maxrss never falls, and unlocking a vault takes 256 MiB for a moment: the
 * kernel is asked to forget that peak. */
void bench_memory_reset(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    BENCH_TRUE(write(fd, "5", 1) == 1);
    (void)close(fd);
}

double bench_memory_peak(void)
{
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "re");

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtod(line + 6, NULL);
    if (f != NULL)
        (void)fclose(f);
    return kib;
}

/* -- rows --------------------------------------------------------------------- */

void bench_row(const char *name, size_t n, double ours, double floor,
               const char *more, ...)
{
    va_list ap;

    printf("%-20s n %7zu  ours %11.2f  floor %11.2f us  ratio %6.2f", name, n,
           ours, floor, floor > 0 ? ours / floor : 0.0);
    if (more != NULL) {
        fputs("  ", stdout);
        va_start(ap, more);
        vprintf(more, ap);
        va_end(ap);
    }
    putchar('\n');
    BENCH_TRUE(fflush(stdout) == 0);
}

double bench_exponent(double x1, double y1, double x2, double y2)
{
    return log(y2 / y1) / log(x2 / x1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *v, size_t n)
{
    qsort(v, n, sizeof(*v), by_value);
    return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

size_t bench_sizes(int argc, char **argv, size_t *out, size_t max,
                   const size_t *otherwise, size_t n)
{
    size_t k = 0;

    for (int i = 1; i < argc && k < max; i++) {
        out[k] = strtoul(argv[i], NULL, 10);
        BENCH_TRUE(out[k] > 0);
        k++;
    }
    if (k == 0) {
        memcpy(out, otherwise, n * sizeof(*out));
        k = n;
    }
    return k;
}

/* -- processes ---------------------------------------------------------------- */

static void whole(int fd, void *out, size_t n)
{
    uint8_t *p = out;

    while (n > 0) {
        ssize_t got = read(fd, p, n);

        BENCH_TRUE(got > 0);
        p += got;
        n -= (size_t)got;
    }
}

struct bench_started bench_start(bench_fn fn, void *arg, void *out, size_t n)
{
    struct bench_started s;
    int fd[2];

    BENCH_TRUE(pipe(fd) == 0);
    BENCH_TRUE(fflush(NULL) == 0);
    s.pid = fork();
    BENCH_TRUE(s.pid >= 0);
    if (s.pid == 0) {
        (void)close(fd[0]);
        BENCH_OK(en_secret_init());
        fn(arg, out);
        BENCH_TRUE(n == 0 || write(fd[1], out, n) == (ssize_t)n);
        _exit(0);
    }
    (void)close(fd[1]);
    s.from = fd[0];
    return s;
}

void bench_wait(struct bench_started *s, void *out, size_t n)
{
    int status = 0;

    whole(s->from, out, n);
    (void)close(s->from);
    BENCH_TRUE(waitpid(s->pid, &status, 0) == s->pid);
    BENCH_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void bench_child(bench_fn fn, void *arg, void *out, size_t n)
{
    struct bench_started s = bench_start(fn, arg, out, n);

    bench_wait(&s, out, n);
}

/* -- folders ------------------------------------------------------------------ */

static char made[64][512];
static size_t mades;
static pid_t maker;

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_all(void)
{
    for (size_t i = 0; maker == getpid() && i < mades; i++)
        (void)nftw(made[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void bench_path(char *path, size_t max, const char *dir, const char *name)
{
    int n = snprintf(path, max, "%s/%s", dir, name);

    BENCH_TRUE(n > 0 && (size_t)n < max);
}

void bench_dir(char *path, size_t max)
{
    const char *tmp = getenv("TMPDIR");

    if (mades == 0) {
        maker = getpid();
        BENCH_TRUE(atexit(remove_all) == 0);
    }
    BENCH_TRUE(mades < sizeof(made) / sizeof(made[0]));
    bench_path(made[mades], sizeof(made[0]), tmp != NULL ? tmp : "/tmp",
               "en-bench-XXXXXX");
    BENCH_TRUE(mkdtemp(made[mades]) != NULL);
    bench_path(path, max, made[mades], "d");
    mades++;
    BENCH_TRUE(mkdir(path, 0700) == 0);
}

double bench_file_size(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

/* -- text --------------------------------------------------------------------- */

static struct en_buf diary = {.max = DIARY_MAX};

/* The texts of the diary one after the other. Escapes are few there: a backslash
 * and what follows it become a space. */
static void read_diary(void)
{
    static const char key[] = "\"text\"";
    struct en_buf file = {.max = DIARY_MAX};
    FILE *f = fopen(DIARY, "re");
    size_t at = 0;

    BENCH_TRUE(f != NULL);
    for (;;) {
        BENCH_OK(en_buf_reserve(&file, 65536));
        at = fread(file.p + file.n, 1, 65536, f);
        if (at == 0)
            break;
        file.n += at;
    }
    (void)fclose(f);
    for (size_t i = 0; i + sizeof(key) < file.n; i++) {
        if (memcmp(file.p + i, key, sizeof(key) - 1) != 0)
            continue;
        i += sizeof(key) - 1;
        while (i < file.n && file.p[i] != '"')
            i++;
        for (i++; i < file.n && file.p[i] != '"'; i++) {
            if (file.p[i] == '\\')
                i++;
            BENCH_OK(en_buf_add_u8(
                &diary, i < file.n && file.p[i - 1] != '\\' ? file.p[i] : ' '));
        }
        BENCH_OK(en_buf_add_u8(&diary, ' '));
    }
    en_buf_free(&file);
    BENCH_TRUE(diary.n > 1000000);
}

struct en_span bench_text(size_t i, size_t len)
{
    static uint8_t out[65536];
    char number[24];
    size_t at;
    size_t n;

    if (diary.n == 0)
        read_diary();
    BENCH_TRUE(len >= sizeof(number) && len <= sizeof(out));
    /* A prime step: pieces overlap only after a whole round. */
    at = (i * 7919 * 131) % (diary.n - len);
    n = (size_t)snprintf(number, sizeof(number), "%zu ", i);
    memcpy(out, number, n);
    memcpy(out + n, diary.p + at, len - n);
    /* Whole characters at both ends, in the same number of bytes. */
    for (size_t k = n; k < len && (out[k] & 0xc0) == 0x80; k++)
        out[k] = ' ';
    for (size_t k = len; k-- > len - 4 && out[k] >= 0x80;) {
        bool lead = out[k] >= 0xc0;

        out[k] = ' ';
        if (lead)
            break;
    }
    return EN_SPAN(out, len);
}
