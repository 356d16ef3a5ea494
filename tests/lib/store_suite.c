#include "lib/store_suite.h"

#include "base/rng.h"
#include "lib/memstore.h"
#include "lib/store_suite_in.h"

#include <inttypes.h>

/* ---- helpers of the tests ---- */

int suite_setup(void **state)
{
    struct ctx *c = *state;

    c->impl = c->kind->open();
    c->s = c->kind->store(c->impl);
    return 0;
}

int suite_teardown(void **state)
{
    struct ctx *c = *state;

    if (c->impl != NULL)
        c->kind->close(c->impl);
    c->impl = NULL;
    c->s = NULL;
    return 0;
}

/* Commits and frees. */
en_err suite_commit(struct ctx *c, struct en_batch *b)
{
    en_err err = en_store_commit(c->s, b);

    en_batch_free(b);
    return err;
}

/* The batch is refused with that code and nothing at all has changed. */
void suite_refused(struct ctx *c, struct en_batch *b, en_err expect)
{
    struct en_buf before = {0};
    struct en_buf after = {0};

    store_dump(c->s, &before);
    assert_int_equal(suite_commit(c, b), expect);
    store_dump(c->s, &after);
    assert_true(en_span_eq(en_buf_span(&before), en_buf_span(&after)));
    en_buf_free(&before);
    en_buf_free(&after);
}

void suite_fill(struct ctx *c, uint64_t circle, uint64_t number, uint8_t kind,
                bool own, uint64_t before, size_t n, size_t len)
{
    struct en_batch b = {0};

    store_fill(&b, circle, number, kind, own, before, n, len);
    assert_ok(suite_commit(c, &b));
}

en_err suite_take_record(void *user, const struct en_stored *r)
{
    struct taken *t = user;

    assert_true(t->n < 64);
    t->seq[t->n] = r->seq;
    t->arrival[t->n] = r->arrival;
    t->log[t->n] = r->log;
    t->mark = r->mark;
    t->payload = r->payload.n;
    t->aux = r->aux.n;
    t->sig = r->sig != NULL;
    t->n++;
    return t->stop_at != 0 && t->n == t->stop_at ? t->stop : EN_OK;
}

en_err suite_take_head(void *user, const struct en_head *h)
{
    struct taken *t = user;

    assert_true(t->n < 64);
    t->log[t->n] = h->log;
    t->seq[t->n] = h->count;
    t->n++;
    return t->stop_at != 0 && t->n == t->stop_at ? t->stop : EN_OK;
}

en_err suite_take_row(void *user, const struct en_row *r)
{
    struct keys *k = user;
    size_t used = strlen(k->text);

    assert_true(used + r->key.n + 2 < sizeof(k->text));
    (void)snprintf(k->text + used, sizeof(k->text) - used, "%s%.*s",
                   used > 0 ? " " : "", (int)r->key.n, (const char *)r->key.p);
    k->n++;
    return k->stop_at != 0 && k->n == k->stop_at ? k->stop : EN_OK;
}

void suite_found(struct ctx *c, const struct en_find *q, const char *expect)
{
    struct keys k = {.n = 0};

    assert_ok(en_store_find(c->s, q, suite_take_row, &k));
    assert_string_equal(k.text, expect);
}

struct en_find suite_all_of(uint64_t circle, uint16_t kind)
{
    return (struct en_find){.cid = store_circle_id(circle),
                            .kind = kind,
                            .from = INT64_MIN,
                            .to = INT64_MAX};
}

void suite_put_row(struct ctx *c, uint64_t circle, uint16_t kind,
                   const char *key, int64_t sort, const char *body)
{
    struct en_batch b = {0};
    struct en_row r = store_row(circle, kind, key, sort, body);

    assert_ok(en_batch_row_put(&b, &r));
    assert_ok(suite_commit(c, &b));
}

/* ---- keys ---- */

static void expect_key(struct ctx *c, const struct en_key_name *n, int fill_or)
{
    struct en_key want = store_key_value((uint8_t)fill_or);
    struct en_key got = store_key_value(0xee);

    if (fill_or < 0) {
        assert_err(en_store_key(c->s, n, &got), EN_ABSENT);
        assert_int_equal(got.b[0], 0xee); /* untouched */
        return;
    }
    assert_ok(en_store_key(c->s, n, &got));
    assert_memory_equal(got.b, want.b, sizeof(want.b));
}

static void keys_are_put_replaced_and_destroyed(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_key_name a = store_key_name(0, 1, 1);
    struct en_key_name others[3] = {store_key_name(1, 1, 1),
                                    store_key_name(0, 2, 1),
                                    store_key_name(0, 1, 2)};
    struct en_key one = store_key_value(1);
    struct en_key two = store_key_value(2);

    assert_ok(en_batch_key_put(&b, &a, &one));
    assert_ok(suite_commit(c, &b));
    expect_key(c, &a, 1);
    for (size_t i = 0; i < 3; i++)
        expect_key(c, &others[i], -1);
    assert_ok(en_batch_key_put(&b, &a, &two));
    assert_ok(en_batch_key_put(&b, &others[0], &one));
    assert_ok(suite_commit(c, &b));
    expect_key(c, &a, 2);
    expect_key(c, &others[0], 1);
    assert_ok(en_batch_key_destroy(&b, &a));
    assert_ok(en_batch_key_destroy(&b, &others[2])); /* absent: no error */
    assert_ok(suite_commit(c, &b));
    expect_key(c, &a, -1);
    expect_key(c, &others[0], 1);
}

static void keys_and_rows_of_a_batch_apply_in_their_order(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_key_name a = store_key_name(0, 1, 1);
    struct en_key_name z = store_key_name(0, 1, 2);
    struct en_key one = store_key_value(1);
    struct en_row r = store_row(0, 1, "a", 1, "first");
    struct en_row s = store_row(0, 1, "b", 1, "gone");
    struct en_find q = suite_all_of(0, 1);

    assert_ok(en_batch_key_put(&b, &a, &one));
    assert_ok(en_batch_key_destroy(&b, &a));
    assert_ok(en_batch_key_destroy(&b, &z));
    assert_ok(en_batch_key_put(&b, &z, &one));
    assert_ok(en_batch_row_delete(&b, &r.cid, 1, r.key));
    assert_ok(en_batch_row_put(&b, &r));
    assert_ok(en_batch_row_put(&b, &s));
    assert_ok(en_batch_row_delete(&b, &s.cid, 1, s.key));
    assert_ok(suite_commit(c, &b));
    expect_key(c, &a, -1);
    expect_key(c, &z, 1);
    suite_found(c, &q, "a");
}

/* ---- rows ---- */

static void rows_come_by_sort_then_key(void **state)
{
    struct ctx *c = *state;
    struct en_find q = suite_all_of(0, 1);

    suite_put_row(c, 0, 1, "b", 2, "");
    suite_put_row(c, 0, 1, "a", 2, "");
    suite_put_row(c, 0, 1, "z", 1, "");
    suite_put_row(c, 0, 1, "ab", 2, "");
    suite_put_row(c, 0, 1, "low", INT64_MIN, "");
    suite_put_row(c, 0, 1, "high", INT64_MAX, "");
    suite_put_row(c, 0, 1, "minus", -5, "");
    suite_put_row(c, 0, 2, "other-kind", 2, "");
    suite_put_row(c, 1, 1, "other-circle", 2, "");
    suite_found(c, &q, "low minus z a ab b high");
    q.reverse = true;
    suite_found(c, &q, "high b ab a z minus low");
    q.limit = 3;
    suite_found(c, &q, "high b ab");
    q.reverse = false;
    suite_found(c, &q, "low minus z");
    q.limit = 0;
    q.from = 1;
    q.to = 2;
    suite_found(c, &q, "z a ab b");
    q.from = 3;
    q.to = 2;
    suite_found(c, &q, "");
}

static void rows_are_found_by_the_beginning_of_their_key(void **state)
{
    struct ctx *c = *state;
    struct en_find q = suite_all_of(0, 1);
    struct en_row ff = store_row(0, 1, "", 1, "");
    struct en_batch b = {0};
    uint8_t key[3] = {0xff, 0xff, 0x01};
    char too_long[EN_ROW_KEY_MAX + 2];
    struct keys k = {.n = 0};

    suite_put_row(c, 0, 1, "ab", 9, "");
    suite_put_row(c, 0, 1, "abc", 3, "");
    suite_put_row(c, 0, 1, "abd", 3, "");
    suite_put_row(c, 0, 1, "ac", 1, "");
    suite_put_row(c, 0, 1, "a", 5, "");
    q.prefix = BYTES("ab");
    suite_found(c, &q, "abc abd ab");
    q.reverse = true;
    suite_found(c, &q, "ab abd abc");
    q.limit = 2;
    suite_found(c, &q, "ab abd");
    q = suite_all_of(0, 1);
    q.prefix = BYTES("a");
    q.from = 3;
    q.to = 5;
    suite_found(c, &q, "abc abd a");
    q.prefix = BYTES("abcd");
    suite_found(c, &q, "");

    ff.key = EN_SPAN_OF(key);
    assert_ok(en_batch_row_put(&b, &ff));
    ff.key = EN_SPAN(key, 2);
    assert_ok(en_batch_row_put(&b, &ff));
    assert_ok(suite_commit(c, &b));
    q = suite_all_of(0, 1);
    q.prefix = EN_SPAN(key, 2);
    assert_ok(en_store_find(c->s, &q, suite_take_row, &k));
    assert_int_equal(k.n, 2);

    memset(too_long, 'a', sizeof(too_long));
    q.prefix = EN_SPAN((const uint8_t *)too_long, EN_ROW_KEY_MAX + 1);
    suite_found(c, &q, "");
}

static void row_is_replaced_whole(void **state)
{
    struct ctx *c = *state;
    struct en_id cid = store_circle_id(0);
    struct en_buf body = {0};
    struct en_find q = suite_all_of(0, 1);
    int64_t sort = 0;

    suite_put_row(c, 0, 1, "a", 10, "a first, longer body");
    suite_put_row(c, 0, 1, "b", 5, "b");
    suite_put_row(c, 0, 1, "a", 1, "second");
    suite_found(c, &q, "a b");
    assert_ok(en_store_row(c->s, &cid, 1, BYTES("a"), &sort, &body));
    assert_int_equal(sort, 1);
    assert_span(en_buf_span(&body), "second");
    en_buf_free(&body);
}

static void rows_are_deleted_and_absent_ones_are_no_error(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_id cid = store_circle_id(0);
    struct en_id nowhere = store_circle_id(2);
    struct en_find q = suite_all_of(0, 1);

    suite_put_row(c, 0, 1, "a", 1, "x");
    suite_put_row(c, 0, 1, "b", 1, "y");
    assert_ok(en_batch_row_delete(&b, &cid, 1, BYTES("a")));
    assert_ok(en_batch_row_delete(&b, &cid, 1, BYTES("none")));
    assert_ok(en_batch_row_delete(&b, &nowhere, 7, BYTES("a")));
    assert_ok(suite_commit(c, &b));
    suite_found(c, &q, "b");
    assert_err(en_store_row(c->s, &cid, 1, BYTES("a"), NULL, NULL), EN_ABSENT);
}

static void many_kinds_of_rows_stay_apart(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    char key[32];

    /* More shelves than a store may remember at a time, some in a batch that is
     * then refused. */
    for (uint16_t k = 0; k < 40; k++) {
        struct en_row r;

        (void)snprintf(key, sizeof(key), "k%d", k);
        r = store_row(k % 3u, k, "x", k, "");
        r.key = en_batch_keep(&b, en_span_str(key));
        assert_ok(en_batch_row_put(&b, &r));
    }
    {
        struct en_batch_mark bad = {.log = store_log_id(0, 0), .seq = 1};

        assert_ok(en_batch_mark(&b, &bad));
        assert_err(en_store_commit(c->s, &b), EN_RANGE);
        b.marks = 0;
    }
    assert_ok(suite_commit(c, &b));
    for (uint16_t k = 0; k < 40; k++) {
        struct en_find q = suite_all_of(k % 3u, k);

        (void)snprintf(key, sizeof(key), "k%d", k);
        suite_found(c, &q, key);
        q = suite_all_of((k + 1u) % 3, k);
        suite_found(c, &q, "");
    }
}

/* ---- life ---- */

static void everything_is_there_after_reopening(void **state)
{
    struct ctx *c = *state;
    struct en_buf before = {0};
    struct en_buf after = {0};
    struct en_batch b = {0};
    struct en_key_name name = store_key_name(1, 2, 3);
    struct en_key k = store_key_value(9);

    suite_fill(c, 0, 0, 0, true, 0, 5, 200);
    suite_fill(c, 0, 1, 1, true, 0, 50, 2000);
    suite_fill(c, 1, 4, 1, false, 0, 3, 60000);
    suite_put_row(c, 0, 1, "row", -4, "body");
    assert_ok(en_batch_key_put(&b, &name, &k));
    assert_ok(suite_commit(c, &b));
    suite_change_mark(c, 2, EN_MARK_DROPPED, EN_SPAN(NULL, 0), EN_OK);
    store_dump(c->s, &before);
    for (int i = 0; i < 2; i++) {
        c->impl = c->kind->reopen(c->impl);
        c->s = c->kind->store(c->impl);
        en_buf_clear(&after);
        store_dump(c->s, &after);
        assert_int_equal(before.n, after.n);
        assert_memory_equal(before.p, after.p, before.n);
    }
    suite_fill(c, 0, 0, 0, true, 5, 1, 200);
    en_buf_free(&before);
    en_buf_free(&after);
}

static void older_copy_reads_and_ingests_but_appends_nothing_own(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_id log = store_log_id(0, 0);
    struct taken t = {.n = 0};

    suite_fill(c, 0, 0, 1, true, 0, 2, 30);
    c->impl = c->kind->make_older(c->impl);
    c->s = c->kind->store(c->impl);
    assert_ok(en_store_scan(c->s, &log, 0, suite_take_record, &t));
    assert_true(t.n > 0);
    store_fill(&b, 0, 0, 1, true, t.n, 1, 30);
    suite_refused(c, &b, EN_MOVED);
    store_fill(&b, 0, 5, 1, true, 0, 1, 30); /* not by a new own log either */
    suite_refused(c, &b, EN_MOVED);
    suite_fill(c, 0, 7, 1, false, 0, 2, 30);
    suite_put_row(c, 0, 1, "a", 1, "x");
}

/* ---- against the model ---- */

#define LOGS 4

struct model {
    uint64_t count[STORE_CIRCLES][LOGS];
};

static void random_batch(struct en_rng *rng, const struct model *m,
                         struct model *next, struct en_batch *b)
{
    char key[16];

    *next = *m;
    for (uint32_t i = en_rng_below(rng, 3); i > 0; i--) {
        uint64_t circle = en_rng_below(rng, STORE_CIRCLES);
        uint64_t number = en_rng_below(rng, LOGS);
        uint64_t *count = &next->count[circle][number];
        size_t n = 1 + en_rng_below(rng, 6);
        size_t len = en_rng_below(rng, 12) == 0 ? en_rng_below(rng, 20000)
                                                : en_rng_below(rng, 400);

        store_fill(b, circle, number, (uint8_t)(number & 1), number < 2, *count,
                   n, len);
        *count += n;
    }
    for (uint32_t i = en_rng_below(rng, 3); i > 0; i--) {
        uint64_t circle = en_rng_below(rng, STORE_CIRCLES);
        uint64_t number = en_rng_below(rng, LOGS);
        struct en_batch_mark mark = {.log = store_log_id(circle, number)};

        mark.seq = en_rng_below(rng, 20);
        mark.mark = (enum en_mark)en_rng_below(rng, 4);
        if (mark.mark == EN_MARK_PAYLOAD)
            mark.payload = BYTES("a payload that came later");
        assert_ok(en_batch_mark(b, &mark));
    }
    for (uint32_t i = en_rng_below(rng, 6); i > 0; i--) {
        struct en_key_name name =
            store_key_name(en_rng_below(rng, STORE_CIRCLES),
                           (uint8_t)en_rng_below(rng, STORE_KINDS),
                           en_rng_below(rng, STORE_REFS));
        struct en_key k = store_key_value((uint8_t)en_rng_below(rng, 200));

        if (en_rng_below(rng, 3) == 0)
            assert_ok(en_batch_key_destroy(b, &name));
        else
            assert_ok(en_batch_key_put(b, &name, &k));
    }
    for (uint32_t i = en_rng_below(rng, 8); i > 0; i--) {
        struct en_row r;

        (void)snprintf(key, sizeof(key), "%x", en_rng_below(rng, 40));
        r = store_row(en_rng_below(rng, STORE_CIRCLES),
                      (uint16_t)en_rng_below(rng, STORE_KINDS), "",
                      (int64_t)en_rng_below(rng, 5) - 2,
                      "a body of some length");
        r.key = en_batch_keep(b, en_span_str(key));
        r.body.n -= en_rng_below(rng, 20);
        if (en_rng_below(rng, 4) == 0)
            assert_ok(en_batch_row_delete(b, &r.cid, r.kind, r.key));
        else
            assert_ok(en_batch_row_put(b, &r));
    }
    /* Now and then a contradiction. */
    if (b->recs > 0 && en_rng_below(rng, 8) == 0)
        b->rec[en_rng_below(rng, (uint32_t)b->recs)].seq += 1;
    if (b->cps > 0 && en_rng_below(rng, 8) == 0)
        b->cp[en_rng_below(rng, (uint32_t)b->cps)].id.b[3] ^= 1;
    if (en_rng_below(rng, 10) == 0) {
        struct en_id log = store_log_id(0, 0);
        struct en_id id = store_record_id(0, 0, 0);

        assert_ok(en_batch_expect(b, &log, en_rng_below(rng, 3), &id));
    }
}

static void random_batches_end_as_in_the_model(void **state)
{
    struct ctx *c = *state;
    uint64_t seed = 20260101;

    for (int run = 0; run < 4; run++, seed++) {
        struct memstore *ref = memstore_new();
        struct en_store *rs = memstore_store(ref);
        struct model model = {0};
        struct en_rng_seeded rng;
        size_t taken = 0;
        size_t refusals = 0;

        print_message("# seed %" PRIu64 "\n", seed);
        en_rng_seed(&rng, seed);
        if (run > 0) {
            c->kind->close(c->impl);
            c->impl = c->kind->open();
            c->s = c->kind->store(c->impl);
        }
        for (int i = 0; i < 60; i++) {
            struct en_batch b = {0};
            struct model next;
            struct en_buf ours = {0};
            struct en_buf theirs = {0};
            en_err got;
            en_err want;

            random_batch(&rng.rng, &model, &next, &b);
            want = en_store_commit(rs, &b);
            got = en_store_commit(c->s, &b);
            assert_int_equal(got, want);
            en_batch_free(&b);
            if (want == EN_OK) {
                model = next;
                taken++;
            } else {
                refusals++;
            }
            if (i % 20 == 19) {
                c->impl = c->kind->reopen(c->impl);
                c->s = c->kind->store(c->impl);
            }
            store_dump(c->s, &ours);
            store_dump(rs, &theirs);
            assert_int_equal(ours.n, theirs.n);
            assert_memory_equal(ours.p, theirs.p, ours.n);
            en_buf_free(&ours);
            en_buf_free(&theirs);
        }
        assert_true(taken > 10 && refusals > 5);
        memstore_free(ref);
    }
}

/* ---- all of it ---- */

#define TEST(f)                                                                \
    {                                                                          \
#f, f                                                                  \
    }

int store_suite_run(const struct store_kind *kind, const struct CMUnitTest *own,
                    size_t own_n)
{
    static const struct {
        const char *name;
        CMUnitTestFunction f;
    } tests[] = {
        {"empty_store_holds_nothing", suite_empty_store_holds_nothing},
        {"record_comes_back_as_it_was_given",
         suite_record_comes_back_as_it_was_given},
        {"frontier_lists_heads_by_ascending_log",
         suite_frontier_lists_heads_by_ascending_log},
        {"scan_begins_where_told_and_stays_in_its_log",
         suite_scan_begins_where_told_and_stays_in_its_log},
        {"arrivals_number_control_records_of_a_circle",
         suite_arrivals_number_control_records_of_a_circle},
        {"control_records_carry_their_arrival_everywhere",
         suite_control_records_carry_their_arrival_everywhere},
        {"ids_alike_in_their_first_bytes_are_told_apart",
         suite_ids_alike_in_their_first_bytes_are_told_apart},
        {"callback_stops_with_closed_and_fails_with_the_rest",
         suite_callback_stops_with_closed_and_fails_with_the_rest},
        {"expected_head_that_is_not_the_stored_one_is_moved",
         suite_expected_head_that_is_not_the_stored_one_is_moved},
        {"record_that_is_not_the_next_is_refused",
         suite_record_that_is_not_the_next_is_refused},
        {"log_must_end_at_a_checkpoint", suite_log_must_end_at_a_checkpoint},
        {"log_never_changes_what_it_is", suite_log_never_changes_what_it_is},
        {"checkpoint_must_name_a_stored_record",
         suite_checkpoint_must_name_a_stored_record},
        {"mark_changes_the_payload_and_nothing_else",
         suite_mark_changes_the_payload_and_nothing_else},
        {"record_may_come_without_its_payload",
         suite_record_may_come_without_its_payload},
        {"mark_may_follow_its_record_in_one_batch",
         suite_mark_may_follow_its_record_in_one_batch},
        {"batch_over_its_bounds_is_refused",
         suite_batch_over_its_bounds_is_refused},
        {"batch_at_its_bounds_is_taken", suite_batch_at_its_bounds_is_taken},
        {"refused_batch_leaves_no_part_of_itself",
         suite_refused_batch_leaves_no_part_of_itself},
        {"batch_that_lacked_memory_is_refused",
         suite_batch_that_lacked_memory_is_refused},
        {"empty_batch_changes_nothing", suite_empty_batch_changes_nothing},
        TEST(keys_are_put_replaced_and_destroyed),
        TEST(keys_and_rows_of_a_batch_apply_in_their_order),
        TEST(rows_come_by_sort_then_key),
        TEST(rows_are_found_by_the_beginning_of_their_key),
        TEST(row_is_replaced_whole),
        TEST(rows_are_deleted_and_absent_ones_are_no_error),
        TEST(many_kinds_of_rows_stay_apart),
        TEST(everything_is_there_after_reopening),
        TEST(older_copy_reads_and_ingests_but_appends_nothing_own),
        TEST(random_batches_end_as_in_the_model),
    };
    enum { N = sizeof(tests) / sizeof(tests[0]) };
    static char name[N][128];
    static struct ctx ctx[N];
    struct CMUnitTest all[N + STORE_SUITE_OWN_MAX];

    assert_true(own_n <= STORE_SUITE_OWN_MAX);

    for (size_t i = 0; i < N; i++) {
        (void)snprintf(name[i], sizeof(name[i]), "%s_%s", kind->name,
                       tests[i].name);
        ctx[i] = (struct ctx){.kind = kind};
        all[i] = (struct CMUnitTest){name[i], tests[i].f, suite_setup,
                                     suite_teardown, &ctx[i]};
    }
    for (size_t i = 0; i < own_n; i++)
        all[N + i] = own[i];
    return _cmocka_run_group_tests(kind->name, all, N + own_n, NULL, NULL);
}
