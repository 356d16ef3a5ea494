/* Frontiers: order, what stands twice, bounds, and the digest of the whole. */
#include "lib/test.h"

#include "record/frontier.h"

#include <stdlib.h>

static struct en_tip tip(uint8_t log, uint64_t seq, uint8_t id)
{
    struct en_tip t = {.seq = seq};

    t.log.b[0] = log;
    t.id.b[0] = id;
    return t;
}

static void put(struct en_frontier *f, uint8_t log, uint64_t seq, uint8_t id)
{
    struct en_tip t = tip(log, seq, id);

    assert_ok(en_frontier_put(f, &t));
}

static void tips_stand_in_order_and_are_replaced(void **state)
{
    struct en_frontier f = {0};
    struct en_id16 log = {{3}};
    struct en_id16 none = {{4}};

    (void)state;
    put(&f, 5, 1, 1);
    put(&f, 1, 1, 1);
    put(&f, 3, 1, 1);
    put(&f, 3, 9, 2);
    assert_int_equal(f.n, 3);
    for (size_t i = 1; i < f.n; i++)
        assert_true(en_id_cmp(&f.tip[i - 1].log, &f.tip[i].log) < 0);
    assert_int_equal(en_frontier_find(&f, &log)->seq, 9);
    assert_null(en_frontier_find(&f, &none));
    en_frontier_free(&f);
    assert_null(en_frontier_find(&f, &log));
}

static void what_is_encoded_is_decoded(void **state)
{
    struct en_frontier f = {0};
    struct en_frontier back = {0};
    struct en_buf once = {0};
    struct en_buf twice = {0};

    (void)state;
    for (uint8_t i = 0; i < 200; i++)
        put(&f, (uint8_t)(i * 71), i, i);
    assert_ok(en_frontier_encode(&f, &once));
    assert_int_equal(once.n, 2 + 40 * f.n);
    assert_ok(en_frontier_decode(en_buf_span(&once), &back));
    assert_ok(en_frontier_encode(&back, &twice));
    assert_true(en_span_eq(en_buf_span(&once), en_buf_span(&twice)));
    en_frontier_free(&f);
    en_frontier_free(&back);
    en_buf_free(&once);
    en_buf_free(&twice);
}

static void add(struct en_buf *b, uint8_t log, uint64_t seq, uint8_t id)
{
    struct en_tip t = tip(log, seq, id);

    assert_ok(en_buf_add(b, t.log.b, 16));
    assert_ok(en_buf_add_u64(b, t.seq));
    assert_ok(en_buf_add(b, t.id.b, 16));
}

static en_err decoded(const struct en_buf *b, struct en_frontier *f)
{
    en_err err;

    *f = (struct en_frontier){0};
    err = en_frontier_decode(en_buf_span(b), f);
    if (err != EN_OK) {
        assert_null(f->tip);
        assert_int_equal(f->n, 0);
    }
    return err;
}

static void a_peer_s_order_is_no_matter(void **state)
{
    struct en_buf b = {0};
    struct en_frontier f;

    (void)state;
    assert_ok(en_buf_add_u16(&b, 3));
    add(&b, 9, 1, 1);
    add(&b, 2, 5, 1);
    add(&b, 4, 3, 1);
    assert_ok(decoded(&b, &f));
    assert_int_equal(f.tip[0].log.b[0], 2);
    assert_int_equal(f.tip[1].log.b[0], 4);
    assert_int_equal(f.tip[2].log.b[0], 9);
    en_frontier_free(&f);
    en_buf_free(&b);
}

static void a_log_with_two_continuations_stands_twice(void **state)
{
    struct en_buf b = {0};
    struct en_frontier f;
    struct en_id16 log = {{2}};

    (void)state;
    assert_ok(en_buf_add_u16(&b, 2));
    add(&b, 2, 6, 2);
    add(&b, 2, 5, 1);
    assert_ok(decoded(&b, &f));
    assert_int_equal(f.n, 2);
    assert_ptr_equal(en_frontier_find(&f, &log), &f.tip[0]);
    assert_int_equal(f.tip[0].seq, 5);
    assert_int_equal(f.tip[1].seq, 6);
    en_frontier_free(&f);
    en_buf_clear(&b); /* but never the same twice */
    assert_ok(en_buf_add_u16(&b, 2));
    add(&b, 2, 5, 1);
    add(&b, 2, 5, 1);
    assert_err(decoded(&b, &f), EN_PROTOCOL);
    en_buf_free(&b);
}

static void a_wrong_length_is_refused(void **state)
{
    struct en_buf b = {0};
    struct en_frontier f;

    (void)state;
    assert_ok(en_buf_add_u16(&b, 2));
    add(&b, 1, 1, 1);
    add(&b, 2, 1, 1);
    assert_ok(decoded(&b, &f));
    en_frontier_free(&f);
    while (b.n > 0) {
        b.n--;
        assert_err(decoded(&b, &f), EN_PROTOCOL);
    }
    assert_ok(en_buf_add_u16(&b, 0));
    assert_ok(decoded(&b, &f)); /* nobody has anything */
    assert_ok(en_buf_add_u8(&b, 0));
    assert_err(decoded(&b, &f), EN_PROTOCOL);
    en_buf_free(&b);
}

static void a_count_without_entries_allocates_nothing(void **state)
{
    const uint8_t many[] = {0xff, 0xff};
    struct en_frontier f = {0};

    (void)state;
    assert_err(en_frontier_decode(EN_SPAN_OF(many), &f), EN_PROTOCOL);
    assert_null(f.tip);
}

static void a_seq_that_no_record_has_is_refused(void **state)
{
    struct en_buf b = {0};
    struct en_frontier f;

    (void)state;
    assert_ok(en_buf_add_u16(&b, 1));
    add(&b, 1, EN_SEQ_MAX - 1, 1);
    assert_ok(decoded(&b, &f));
    en_frontier_free(&f);
    en_buf_clear(&b);
    assert_ok(en_buf_add_u16(&b, 1));
    add(&b, 1, EN_SEQ_MAX, 1);
    assert_err(decoded(&b, &f), EN_PROTOCOL);
    en_buf_free(&b);
}

static void more_logs_than_a_circle_has_are_refused(void **state)
{
    struct en_frontier f = {0};
    struct en_buf b = {0};
    struct en_tip t = {.seq = 0};

    (void)state;
    /* In the worst order: each in front of all before. */
    for (uint32_t i = 0; i < EN_FRONTIER_MAX; i++) {
        uint32_t n = EN_FRONTIER_MAX - i;

        t.log.b[0] = (uint8_t)(n >> 8);
        t.log.b[1] = (uint8_t)n;
        assert_ok(en_frontier_put(&f, &t));
    }
    t.log.b[2] = 1;
    assert_err(en_frontier_put(&f, &t), EN_RANGE);
    assert_int_equal(f.n, EN_FRONTIER_MAX);
    assert_ok(en_frontier_encode(&f, &b));
    en_frontier_free(&f);
    assert_ok(en_frontier_decode(en_buf_span(&b), &f));
    en_frontier_free(&f);
    en_put_u16(b.p, EN_FRONTIER_MAX + 1);
    assert_ok(en_buf_add_zeros(&b, 40));
    assert_err(en_frontier_decode(en_buf_span(&b), &f), EN_PROTOCOL);
    en_buf_free(&b);
}

static void the_digest_names_every_tip_whole(void **state)
{
    const struct en_id cid = {{1}};
    const struct en_id other = {{2}};
    struct en_frontier f = {0};
    uint8_t was[32];
    uint8_t now[32];

    (void)state;
    en_frontier_digest(&f, &cid, was);
    put(&f, 1, 1, 1);
    put(&f, 2, 2, 2);
    en_frontier_digest(&f, &cid, now);
    assert_memory_not_equal(was, now, 32);
    memcpy(was, now, 32);
    f.tip[1].id.b[31] ^= 1; /* beyond what the wire shows */
    en_frontier_digest(&f, &cid, now);
    assert_memory_not_equal(was, now, 32);
    f.tip[1].id.b[31] ^= 1;
    f.tip[0].log.b[31] ^= 1;
    en_frontier_digest(&f, &cid, now);
    assert_memory_not_equal(was, now, 32);
    f.tip[0].log.b[31] ^= 1;
    f.tip[0].seq++;
    en_frontier_digest(&f, &cid, now);
    assert_memory_not_equal(was, now, 32);
    f.tip[0].seq--;
    en_frontier_digest(&f, &other, now);
    assert_memory_not_equal(was, now, 32);
    en_frontier_digest(&f, &cid, now);
    assert_memory_equal(was, now, 32);
    en_frontier_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tips_stand_in_order_and_are_replaced),
        cmocka_unit_test(what_is_encoded_is_decoded),
        cmocka_unit_test(a_peer_s_order_is_no_matter),
        cmocka_unit_test(a_log_with_two_continuations_stands_twice),
        cmocka_unit_test(a_wrong_length_is_refused),
        cmocka_unit_test(a_count_without_entries_allocates_nothing),
        cmocka_unit_test(a_seq_that_no_record_has_is_refused),
        cmocka_unit_test(more_logs_than_a_circle_has_are_refused),
        cmocka_unit_test(the_digest_names_every_tip_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
