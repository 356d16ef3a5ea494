/*
 * bench.h - what every bench shares: clocks, memory, rows, temporary folders, text.
 *
 * A bench runs our code and a floor, a small program of libsodium and plain SQLite
 * calls that does only what cannot be left out, side by side in one run. It prints
 * rows and judges none:
 *
 *   NAME  n N  ours X  floor Y us  ratio Z  [name value ...]
 *
 * Units      *_us microseconds; CPU is user and system time of this process, and of
 *            the children it has waited for where a row says so.
 * Errors     none come back: whatever fails ends the program with a sentence, so
 *            that a row stands for work that was done.
 */
#ifndef EN_TESTS_BENCH_BENCH_H
#define EN_TESTS_BENCH_BENCH_H

#include "base/bytes.h"

#include <stdio.h>
#include <sys/types.h>

/* Ends the program unless what must hold does. */
#define BENCH_TRUE(what)                                                       \
    do {                                                                       \
        if (!(what))                                                           \
            bench_fail(#what, __FILE__, __LINE__, 0);                          \
    } while (0)
#define BENCH_OK(call)                                                         \
    do {                                                                       \
        en_err bench_err_ = (call);                                            \
        if (bench_err_ != EN_OK)                                               \
            bench_fail(#call, __FILE__, __LINE__, (int)bench_err_);            \
    } while (0)
_Noreturn void bench_fail(const char *what, const char *file, int line,
                          int code);

struct bench_time {
    double cpu_us;
    double wall_us;
};
struct bench_time bench_now(void);
struct bench_time bench_since(const struct bench_time *start);

/* The most memory resident since the last reset, KiB; 0 where the system does not
 * tell. */
void bench_memory_reset(void);
double bench_memory_peak(void);

/* One row. more: "name value ..." after printf's fashion, or NULL. */
void bench_row(const char *name, size_t n, double ours, double floor,
               const char *more, ...) __attribute__((format(printf, 5, 6)));
/* b in x^b through two measurements. */
double bench_exponent(double x1, double y1, double x2, double y2);
double bench_median(double *v, size_t n); /* sorts v */

/*
 * Runs fn(arg, out) in a process of its own and brings back out, n bytes: what one
 * side leaves behind (SQLite's allocator, caches, memory) is not the other's. The
 * two-handed form starts it and leaves waiting to the caller.
 */
typedef void (*bench_fn)(void *arg, void *out);
void bench_child(bench_fn fn, void *arg, void *out, size_t n);
struct bench_started {
    pid_t pid;
    int from; /* its out comes here */
};
struct bench_started bench_start(bench_fn fn, void *arg, void *out, size_t n);
void bench_wait(struct bench_started *s, void *out, size_t n);

/* A new folder beneath TMPDIR (or /tmp); what is in it is removed at exit. */
void bench_dir(char *path, size_t max);
/* "dir/name" into path. */
void bench_path(char *path, size_t max, const char *dir, const char *name);
double bench_file_size(const char *path); /* bytes; 0 if absent */

/* The i-th piece of len bytes of running English, whole characters: words as
 * frequent as in a language, no two pieces alike. Borrowed until the next call.
 * The diary is read from tests/ when first asked for. */
struct en_span bench_text(size_t i, size_t len);

/* argv's numbers, or those given. Returns how many. */
size_t bench_sizes(int argc, char **argv, size_t *out, size_t max,
                   const size_t *otherwise, size_t n);

#endif
