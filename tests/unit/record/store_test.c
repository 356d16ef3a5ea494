/* A batch: what it copies, what it borrows, what a failed add does; one row. */
#include "lib/memstore.h"
#include "lib/test.h"

static void an_empty_batch_is_empty_and_frees_nothing(void **state)
{
    struct en_batch b = {0};

    (void)state;
    assert_true(en_batch_empty(&b));
    en_batch_free(&b);
}

static void each_add_is_counted(void **state)
{
    struct en_batch b = {0};
    struct en_id id = {{1}};
    struct en_key_name name = {.kind = 1};
    struct en_key key = {{7}};
    struct en_row row = {
        .kind = 1, .key = EN_SPAN_OF(id.b), .body = BYTES("b")};

    (void)state;
    assert_ok(en_batch_expect(&b, &id, 0, NULL));
    assert_false(en_batch_empty(&b));
    assert_ok(en_batch_log(&b, &(struct en_batch_log){.log = id}));
    assert_ok(
        en_batch_record(&b, &(struct en_batch_record){.payload = BYTES("12345"),
                                                      .aux = BYTES("67")}));
    assert_ok(en_batch_checkpoint(&b, &(struct en_checkpoint){.seq = 1}));
    assert_ok(
        en_batch_mark(&b, &(struct en_batch_mark){.payload = BYTES("890")}));
    assert_ok(en_batch_key_put(&b, &name, &key));
    assert_ok(en_batch_key_destroy(&b, &name));
    assert_ok(en_batch_row_put(&b, &row));
    assert_ok(en_batch_row_delete(&b, &id, 1, EN_SPAN_OF(id.b)));
    assert_int_equal(b.heads + b.logs + b.recs + b.cps + b.marks, 5);
    assert_int_equal(b.keys, 2);
    assert_int_equal(b.rows, 2);
    assert_int_equal(b.bytes, 5 + 2 + 3 + 1);
    en_batch_free(&b);
    assert_true(en_batch_empty(&b));
}

static void what_is_kept_lives_until_the_end(void **state)
{
    struct en_batch b = {0};
    uint8_t local[3] = {1, 2, 3};
    struct en_span kept[40];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        local[0] = (uint8_t)i;
        kept[i] = en_batch_keep(&b, EN_SPAN_OF(local));
    }
    memset(local, 9, sizeof(local));
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(kept[i].n, 3);
        assert_int_equal(kept[i].p[0], i);
        assert_int_equal(kept[i].p[2], 3);
    }
    assert_int_equal(en_batch_keep(&b, EN_SPAN(NULL, 0)).n, 0);
    en_batch_free(&b);
}

static void a_failed_batch_is_not_committed(void **state)
{
    struct memstore *m = memstore_new();
    struct en_batch b = {0};
    struct en_row row = {.kind = 1, .key = BYTES("k"), .body = BYTES("v")};

    (void)state;
    assert_ok(en_batch_row_put(&b, &row));
    b.failed = true;
    assert_err(en_store_commit(memstore_store(m), &b), EN_NOMEM);
    assert_err(en_batch_row_put(&b, &row), EN_NOMEM);
    assert_null(en_batch_keep(&b, BYTES("x")).p);
    assert_err(
        en_store_row(memstore_store(m), &row.cid, 1, row.key, NULL, NULL),
        EN_ABSENT);
    en_batch_free(&b);
    memstore_free(m);
}

static void one_row_is_found_by_its_whole_key(void **state)
{
    struct memstore *m = memstore_new();
    struct en_store *s = memstore_store(m);
    struct en_batch b = {0};
    struct en_row row = {.kind = 1, .key = BYTES("key"), .body = BYTES("one")};
    struct en_row longer = {.kind = 1,
                            .key = BYTES("key, longer"),
                            .sort = -5,
                            .body = BYTES("two")};
    struct en_buf body = {0};
    int64_t sort = 0;

    (void)state;
    row.sort = 7; /* the longer key comes first by its sort */
    assert_ok(en_batch_row_put(&b, &row));
    assert_ok(en_batch_row_put(&b, &longer));
    assert_ok(en_store_commit(s, &b));
    en_batch_free(&b);
    assert_ok(en_store_row(s, &row.cid, 1, BYTES("key"), &sort, &body));
    assert_int_equal(sort, 7);
    assert_span(en_buf_span(&body), "one");
    assert_ok(en_store_row(s, &row.cid, 1, BYTES("key"), NULL, NULL));
    assert_err(en_store_row(s, &row.cid, 1, BYTES("ke"), NULL, NULL),
               EN_ABSENT);
    assert_err(en_store_row(s, &row.cid, 2, BYTES("key"), NULL, NULL),
               EN_ABSENT);
    en_buf_free(&body);
    memstore_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_batch_is_empty_and_frees_nothing),
        cmocka_unit_test(each_add_is_counted),
        cmocka_unit_test(what_is_kept_lives_until_the_end),
        cmocka_unit_test(a_failed_batch_is_not_committed),
        cmocka_unit_test(one_row_is_found_by_its_whole_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
