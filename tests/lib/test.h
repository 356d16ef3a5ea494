/*
 * test.h - cmocka with the headers it needs, and what several tests share.
 */
#ifndef EN_TESTS_LIB_TEST_H
#define EN_TESTS_LIB_TEST_H

#include "base/bytes.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A string literal's bytes, NULs inside included. */
#define BYTES(lit) EN_SPAN((const uint8_t *)(lit), sizeof(lit) - 1)

#define assert_ok(call)          assert_int_equal((call), EN_OK)
#define assert_err(call, expect) assert_int_equal((call), (expect))

static inline void assert_span(struct en_span s, const char *expect)
{
    if (s.n != strlen(expect) || (s.n > 0 && memcmp(s.p, expect, s.n) != 0))
        fail_msg("\"%.*s\" where \"%s\" was expected", (int)s.n,
                 s.n > 0 ? (const char *)s.p : "", expect);
}

/* True if f(arg) ends its process by a failed assertion. */
static inline bool dies(void (*f)(void *), void *arg)
{
    int status = 0;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        f(arg);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

#endif
