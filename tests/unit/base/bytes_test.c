#include "base/bytes.h"

#include "lib/test.h"

static void spans_compare_bytewise_and_a_prefix_comes_first(void **state)
{
    (void)state;
    assert_true(en_span_eq(BYTES("ab"), BYTES("ab")));
    assert_true(en_span_eq(EN_SPAN(NULL, 0), BYTES("")));
    assert_false(en_span_eq(BYTES("ab"), BYTES("ac")));
    assert_false(en_span_eq(BYTES("ab"), BYTES("abc")));
    assert_true(en_span_cmp(BYTES("ab"), BYTES("abc")) < 0);
    assert_true(en_span_cmp(BYTES("b"), BYTES("abc")) > 0);
    assert_true(en_span_cmp(BYTES("\xff"), BYTES("\x01")) > 0);
    assert_true(en_span_cmp(BYTES("a\0b"), BYTES("a\0c")) < 0);
    assert_true(en_span_cmp(EN_SPAN(NULL, 0), BYTES("a")) < 0);
    assert_int_equal(en_span_cmp(BYTES("ab"), BYTES("ab")), 0);
    assert_span(en_span_str("abc"), "abc");
}

static void ids_differ_by_any_byte_and_shorten_to_their_first_half(void **state)
{
    struct en_id a = {{0}};
    struct en_id b = {{0}};
    struct en_id16 s = {{0}};
    struct en_id16 t = {{0}};

    (void)state;
    assert_true(en_id_zero(&a));
    for (size_t i = 0; i < sizeof(a.b); i++) {
        b = a;
        b.b[i] = 1;
        assert_false(en_id_eq(&a, &b));
        assert_false(en_id_zero(&b));
        assert_true(en_id_cmp(&a, &b) < 0);
        assert_true(en_id_cmp(&b, &a) > 0);
        s = en_id_short(&b);
        assert_int_equal(en_id16_zero(&s), i >= 16);
        assert_int_equal(en_id16_eq(&s, &t), i >= 16);
        assert_int_equal(en_id16_cmp(&t, &s) < 0, i < 16);
    }
    assert_true(en_id_eq(&b, &b));
    assert_int_equal(en_id_cmp(&b, &b), 0);
}

static void a_buffer_grows_up_to_its_max_and_not_beyond(void **state)
{
    struct en_buf b = {.max = 100};
    uint8_t chunk[33];

    (void)state;
    memset(chunk, 'x', sizeof(chunk));
    for (int i = 0; i < 3; i++)
        assert_ok(en_buf_add(&b, chunk, sizeof(chunk)));
    assert_ok(en_buf_add_u8(&b, 'y'));
    assert_int_equal(b.n, 100);
    assert_true(b.cap <= 100);

    assert_err(en_buf_add_u8(&b, 'z'), EN_RANGE);
    assert_err(en_buf_add_zeros(&b, 1), EN_RANGE);
    assert_err(en_buf_add_u16(&b, 1), EN_RANGE);
    assert_err(en_buf_add_u16be(&b, 1), EN_RANGE);
    assert_err(en_buf_add_u32(&b, 1), EN_RANGE);
    assert_err(en_buf_add_u64(&b, 1), EN_RANGE);
    assert_err(en_buf_add_str(&b, "z"), EN_RANGE);
    assert_err(en_buf_add_lv(&b, EN_SPAN(NULL, 0)), EN_RANGE);
    assert_err(en_buf_reserve(&b, SIZE_MAX), EN_RANGE);
    assert_int_equal(b.n, 100);
    assert_int_equal(b.p[0], 'x');
    assert_int_equal(b.p[99], 'y');
    assert_ok(en_buf_add(&b, NULL, 0));
    en_buf_free(&b);
    assert_null(b.p);
    assert_int_equal(b.max, 100);
    en_buf_free(&b);
}

static void a_size_no_memory_can_hold_is_refused(void **state)
{
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_buf_add_u8(&b, 1));
    assert_err(en_buf_reserve(&b, SIZE_MAX), EN_RANGE);
    assert_int_equal(b.n, 1);
    en_buf_free(&b);
}

static void a_buffer_writes_little_endian_unless_the_name_says_be(void **state)
{
    static const uint8_t expect[] = {1, 2, 1, 1, 2, 4, 3, 2, 1, 8,   7,  6,
                                     5, 4, 3, 2, 1, 0, 0, 2, 0, 'h', 'i'};
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_buf_add_u8(&b, 1));
    assert_ok(en_buf_add_u16(&b, 0x0102));
    assert_ok(en_buf_add_u16be(&b, 0x0102));
    assert_ok(en_buf_add_u32(&b, 0x01020304));
    assert_ok(en_buf_add_u64(&b, UINT64_C(0x0102030405060708)));
    assert_ok(en_buf_add_zeros(&b, 2));
    assert_ok(en_buf_add_lv(&b, BYTES("hi")));
    assert_int_equal(b.n, sizeof(expect));
    assert_memory_equal(b.p, expect, sizeof(expect));
    en_buf_free(&b);
}

static void a_length_prefix_holds_up_to_two_bytes_of_length(void **state)
{
    static uint8_t big[UINT16_MAX + 1];
    struct en_buf b = {0};

    (void)state;
    assert_err(en_buf_add_lv(&b, EN_SPAN(big, sizeof(big))), EN_RANGE);
    assert_int_equal(b.n, 0);
    assert_ok(en_buf_add_lv(&b, EN_SPAN(big, UINT16_MAX)));
    assert_int_equal(b.n, 2 + UINT16_MAX);
    assert_int_equal(en_get_u16(b.p), UINT16_MAX);
    en_buf_free(&b);
}

static void what_leaves_a_buffer_is_wiped(void **state)
{
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_buf_add_str(&b, "keep the end"));
    en_buf_consume(&b, 9);
    assert_span(en_buf_span(&b), "end");
    for (size_t i = 3; i < 12; i++)
        assert_int_equal(b.p[i], 0);
    en_buf_consume(&b, 0);
    assert_int_equal(b.n, 3);
    en_buf_clear(&b);
    assert_int_equal(b.n, 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(b.p[i], 0);
    en_buf_free(&b);
}

static void consume_too_much(void *b)
{
    en_buf_consume(b, 2);
}

static void consuming_more_than_there_is_is_our_own_bug(void **state)
{
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_buf_add_u8(&b, 1));
    assert_true(dies(consume_too_much, &b));
    en_buf_free(&b);
}

static void a_reader_gives_back_what_was_written(void **state)
{
    struct en_buf b = {0};
    struct en_reader r;
    uint8_t two[2];

    (void)state;
    assert_ok(en_buf_add_u8(&b, 200));
    assert_ok(en_buf_add_u16(&b, 60000));
    assert_ok(en_buf_add_u16be(&b, 60001));
    assert_ok(en_buf_add_u32(&b, 4000000000u));
    assert_ok(en_buf_add_u64(&b, UINT64_MAX - 5));
    assert_ok(en_buf_add_lv(&b, BYTES("hello")));
    assert_ok(en_buf_add_str(&b, "xyz"));
    r = en_reader_of(en_buf_span(&b));
    assert_int_equal(en_read_u8(&r), 200);
    assert_int_equal(en_read_u16(&r), 60000);
    assert_int_equal(en_read_u16be(&r), 60001);
    assert_true(en_read_u32(&r) == 4000000000u);
    assert_true(en_read_u64(&r) == UINT64_MAX - 5);
    assert_span(en_read_lv(&r, 5), "hello");
    en_read_copy(&r, two, 2);
    assert_memory_equal(two, "xy", 2);
    assert_false(en_read_done(&r)); /* something is left over */
    assert_span(en_read_span(&r, 1), "z");
    assert_true(en_read_done(&r));
    assert_int_equal(en_read_span(&r, 0).n, 0);
    assert_true(en_read_done(&r));
    en_buf_free(&b);
}

/* One read of each kind on a reader that has one byte less than it needs. */
static void a_short_reader_turns_bad_and_yields_zeros_for_ever(void **state)
{
    static const uint8_t ff[8] = {255, 255, 255, 255, 255, 255, 255, 255};

    (void)state;
    for (int kind = 0; kind < 7; kind++) {
        static const size_t need[] = {1, 2, 2, 4, 8, 2, 5};
        struct en_reader r = en_reader_of(EN_SPAN(ff, need[kind] - 1));
        uint8_t copy[5];

        memset(copy, 7, sizeof(copy));
        switch (kind) {
        case 0: assert_int_equal(en_read_u8(&r), 0); break;
        case 1: assert_int_equal(en_read_u16(&r), 0); break;
        case 2: assert_int_equal(en_read_u16be(&r), 0); break;
        case 3: assert_int_equal(en_read_u32(&r), 0); break;
        case 4: assert_true(en_read_u64(&r) == 0); break;
        case 5: assert_int_equal(en_read_lv(&r, 10).n, 0); break;
        default:
            en_read_copy(&r, copy, 5);
            assert_memory_equal(copy, "\0\0\0\0\0", 5);
            break;
        }
        assert_true(r.bad);
        assert_false(en_read_done(&r));
        assert_int_equal(en_read_u8(&r), 0);
        assert_int_equal(en_read_span(&r, 0).n, 0);
    }
}

static void a_length_prefix_over_its_bound_or_its_bytes_is_bad(void **state)
{
    struct en_reader r = en_reader_of(BYTES("\x03\0abc"));

    (void)state;
    assert_int_equal(en_read_lv(&r, 2).n, 0);
    assert_true(r.bad);
    r = en_reader_of(BYTES("\x04\0abc"));
    assert_int_equal(en_read_lv(&r, 9).n, 0);
    assert_true(r.bad);
}

static void hex_is_lower_case_and_comes_back(void **state)
{
    uint8_t all[256];
    uint8_t back[256];
    char text[513];

    (void)state;
    for (size_t i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    en_hex(text, all, sizeof(all));
    assert_int_equal(strlen(text), 512);
    assert_int_equal(strspn(text, "0123456789abcdef"), 512);
    assert_memory_equal(text, "000102", 6);
    assert_ok(en_unhex(back, sizeof(back), text));
    assert_memory_equal(back, all, sizeof(all));
}

static void unhex_refuses_other_lengths_and_characters(void **state)
{
    static const char *const bad[] = {"",     "0",    "012",  "01234", "012g",
                                      "01 2", "01AB", "0x12", "01\n2", "0/:9",
                                      "012`", "012/", "012:"};
    uint8_t out[2];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_err(en_unhex(out, 2, bad[i]), EN_RANGE);
    assert_ok(en_unhex(out, 0, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_compare_bytewise_and_a_prefix_comes_first),
        cmocka_unit_test(
            ids_differ_by_any_byte_and_shorten_to_their_first_half),
        cmocka_unit_test(a_buffer_grows_up_to_its_max_and_not_beyond),
        cmocka_unit_test(a_size_no_memory_can_hold_is_refused),
        cmocka_unit_test(a_buffer_writes_little_endian_unless_the_name_says_be),
        cmocka_unit_test(a_length_prefix_holds_up_to_two_bytes_of_length),
        cmocka_unit_test(what_leaves_a_buffer_is_wiped),
        cmocka_unit_test(consuming_more_than_there_is_is_our_own_bug),
        cmocka_unit_test(a_reader_gives_back_what_was_written),
        cmocka_unit_test(a_short_reader_turns_bad_and_yields_zeros_for_ever),
        cmocka_unit_test(a_length_prefix_over_its_bound_or_its_bytes_is_bad),
        cmocka_unit_test(hex_is_lower_case_and_comes_back),
        cmocka_unit_test(unhex_refuses_other_lengths_and_characters),
    };

    return cmocka_run_group_tests_name("base/bytes", tests, NULL, NULL);
}
