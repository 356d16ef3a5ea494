/*
 * help.h - what the tests of crypto/ share: cmocka with the headers it needs, a
 * random source that gives the bytes it was told, and proof that a call dies.
 */
#ifndef UNIT_CRYPTO_HELP_H
#define UNIT_CRYPTO_HELP_H

#include "base/rng.h"
#include "base/secret.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Gives n bytes at p over and over. */
struct told {
    struct en_rng rng;
    const uint8_t *p;
    size_t n;
    size_t at;
};

static inline void told_fill(struct en_rng *rng, uint8_t *out, size_t n)
{
    struct told *t = (struct told *)rng;

    for (size_t i = 0; i < n; i++) {
        out[i] = t->p[t->at];
        t->at = (t->at + 1) % t->n;
    }
}

#define TOLD(bytes)                                                            \
    {                                                                          \
        .rng = {told_fill}, .p = (bytes), .n = sizeof(bytes)                   \
    }

/* True if f ends its process by an assertion. */
static inline bool dies(void (*f)(void))
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        f();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static inline int start_sodium(void **state)
{
    (void)state;
    return en_secret_init() == EN_OK ? 0 : -1;
}

#endif
