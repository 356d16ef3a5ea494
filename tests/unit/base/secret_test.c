#include "base/secret.h"

#include "lib/test.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Address and thread sanitizers make mlock answer yes and do nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLOCK_PRETENDS true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MLOCK_PRETENDS true
#endif
#endif
#ifndef MLOCK_PRETENDS
#define MLOCK_PRETENDS false
#endif

static void wiping_leaves_zeros_and_touches_nothing_else(void **state)
{
    uint8_t b[48];
    struct en_key key;

    (void)state;
    memset(b, 7, sizeof(b));
    en_wipe(b + 8, 32);
    for (size_t i = 0; i < sizeof(b); i++)
        assert_int_equal(b[i], i >= 8 && i < 40 ? 0 : 7);
    memset(&key, 7, sizeof(key));
    en_key_wipe(&key);
    assert_true(en_is_zero_ct(key.b, sizeof(key.b)));
}

static void constant_time_comparison_sees_every_bit(void **state)
{
    uint8_t a[40] = {0};
    uint8_t b[40] = {0};

    (void)state;
    assert_true(en_equal_ct(a, b, sizeof(a)));
    assert_true(en_is_zero_ct(a, sizeof(a)));
    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        a[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_false(en_equal_ct(a, b, sizeof(a)));
        assert_false(en_is_zero_ct(a, sizeof(a)));
        a[bit / 8] = 0;
    }
    a[39] = 1;
    assert_true(en_equal_ct(a, b, 39));
    assert_true(en_is_zero_ct(a, 39));
    assert_true(en_equal_ct(a, b, 0));
}

static void a_secret_starts_as_zeros_and_its_copy_is_its_own(void **state)
{
    struct en_secret s = {0};
    struct en_secret t = {0};

    (void)state;
    assert_ok(en_secret_alloc(&s, 100));
    assert_int_equal(s.n, 100);
    assert_true(en_is_zero_ct(s.b, 100));
    memcpy(s.b, "text", 4);
    assert_ok(en_secret_copy(&t, EN_SPAN(s.b, 4)));
    en_secret_free(&s);
    assert_span(en_secret_span(&t), "text");
    en_secret_free(&t);
    assert_null(t.b);
    assert_int_equal(t.n, 0);
    en_secret_free(&t);
}

static void an_empty_secret_is_a_secret(void **state)
{
    struct en_secret s = {0};

    (void)state;
    assert_ok(en_secret_copy(&s, EN_SPAN(NULL, 0)));
    assert_non_null(s.b);
    assert_int_equal(s.n, 0);
    en_secret_free(&s);
}

static void guarded_memory_that_cannot_be_had_is_null(void **state)
{
    (void)state;
    assert_null(en_guarded_alloc(SIZE_MAX - 4096, NULL));
}

static void
guarded_memory_is_zeroed_and_may_be_freed_twice_as_null(void **state)
{
    bool locked = false;
    uint8_t *p = en_guarded_alloc(100, &locked);

    (void)state;
    assert_non_null(p);
    assert_true(en_is_zero_ct(p, 100));
    memset(p, 1, 100);
    en_guarded_free(p);
    p = en_guarded_alloc(1, NULL);
    assert_non_null(p);
    en_guarded_free(p);
    en_guarded_free(NULL);
}

static void on_fault(int sig)
{
    (void)sig;
    abort(); /* the death that dies() knows */
}

static void write_past_the_end(void *p)
{
    volatile uint8_t *b = p;

    (void)signal(SIGSEGV, on_fault);
    b[16] = 1;
}

static void guarded_memory_ends_at_a_page_nobody_may_touch(void **state)
{
    void *p = en_guarded_alloc(16, NULL);

    (void)state;
    assert_non_null(p);
    assert_true(dies(write_past_the_end, p));
    en_guarded_free(p);
}

static void guarded_memory_tells_when_it_could_not_be_locked(void **state)
{
    struct rlimit none = {0, 0};
    bool locked = true;
    void *p;
    pid_t pid;
    int status = 0;

    (void)state;
    if (MLOCK_PRETENDS)
        skip();
    pid = fork();
    if (pid == 0) {
        /* A privileged user may lock without limit: be nobody. */
        if (getuid() == 0 && setuid(65534) != 0)
            _exit(2);
        if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
            _exit(3);
        p = en_guarded_alloc(100, &locked);
        _exit(p != NULL && !locked ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void init_forbids_core_dumps(void **state)
{
    struct rlimit core = {1, 1};

    (void)state;
    assert_ok(en_secret_init()); /* a second time: no harm */
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_cur, 0);
    assert_int_equal(core.rlim_max, 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}

static int start(void **state)
{
    (void)state;
    return en_secret_init() == EN_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wiping_leaves_zeros_and_touches_nothing_else),
        cmocka_unit_test(constant_time_comparison_sees_every_bit),
        cmocka_unit_test(a_secret_starts_as_zeros_and_its_copy_is_its_own),
        cmocka_unit_test(an_empty_secret_is_a_secret),
        cmocka_unit_test(guarded_memory_that_cannot_be_had_is_null),
        cmocka_unit_test(
            guarded_memory_is_zeroed_and_may_be_freed_twice_as_null),
        cmocka_unit_test(guarded_memory_ends_at_a_page_nobody_may_touch),
        cmocka_unit_test(guarded_memory_tells_when_it_could_not_be_locked),
        cmocka_unit_test(init_forbids_core_dumps),
    };

    return cmocka_run_group_tests_name("base/secret", tests, start, NULL);
}
