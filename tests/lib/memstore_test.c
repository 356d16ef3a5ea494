/* The store in memory keeps the promises of record/store.h, and its own. */
#include "lib/memstore.h"

#include "lib/store_fill.h"
#include "lib/store_suite.h"
#include "lib/test.h"

static void *mem_open(void)
{
    return memstore_new();
}

static struct en_store *mem_store(void *m)
{
    return memstore_store(m);
}

static void *mem_reopen(void *m)
{
    struct memstore *c = memstore_clone(m);

    memstore_free(m);
    return c;
}

static void mem_close(void *m)
{
    memstore_free(m);
}

static void *mem_older(void *m)
{
    memstore_set_older(m, true);
    return m;
}

static void clone_and_original_go_separate_ways(void **state)
{
    struct memstore *m = memstore_new();
    struct memstore *c;
    struct en_batch b = {0};
    struct en_buf one = {0};
    struct en_buf two = {0};

    (void)state;
    store_fill(&b, 0, 0, 1, true, 0, 3, 100);
    assert_ok(en_store_commit(memstore_store(m), &b));
    en_batch_free(&b);
    c = memstore_clone(m);
    store_dump(memstore_store(m), &one);
    store_dump(memstore_store(c), &two);
    assert_true(en_span_eq(en_buf_span(&one), en_buf_span(&two)));
    assert_int_equal(memstore_bytes(m), memstore_bytes(c));

    store_fill(&b, 0, 0, 1, true, 3, 1, 100);
    assert_ok(en_store_commit(memstore_store(c), &b));
    en_batch_free(&b);
    en_buf_clear(&two);
    store_dump(memstore_store(m), &two);
    assert_true(en_span_eq(en_buf_span(&one), en_buf_span(&two)));
    assert_int_equal(memstore_commits(c), memstore_commits(m) + 1);
    memstore_free(m);
    memstore_free(c);
    en_buf_free(&one);
    en_buf_free(&two);
}

static void planned_failure_comes_when_told_kept_or_not(void **state)
{
    struct memstore *m = memstore_new();
    struct en_store *s = memstore_store(m);
    struct en_batch b[3] = {{0}, {0}, {0}};

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        store_fill(&b[i], 0, i, 1, false, 0, 1, 10);
    memstore_fail(m, 1, EN_IO, false, false);
    assert_ok(en_store_commit(s, &b[0]));
    assert_err(en_store_commit(s, &b[1]), EN_IO);
    assert_int_equal(memstore_commits(m), 1);
    assert_ok(en_store_commit(s, &b[1]));
    memstore_fail(m, 0, EN_IO, true, true);
    assert_err(en_store_commit(s, &b[2]), EN_IO);
    assert_int_equal(memstore_commits(m), 3);
    for (uint64_t i = 0; i < 3; i++)
        en_batch_free(&b[i]);
    memstore_free(m);
}

int main(void)
{
    static const struct store_kind kind = {.name = "memstore",
                                           .open = mem_open,
                                           .store = mem_store,
                                           .reopen = mem_reopen,
                                           .close = mem_close,
                                           .make_older = mem_older};
    const struct CMUnitTest own[] = {
        cmocka_unit_test(clone_and_original_go_separate_ways),
        cmocka_unit_test(planned_failure_comes_when_told_kept_or_not),
    };

    return store_suite_run(&kind, own, sizeof(own) / sizeof(own[0]));
}
