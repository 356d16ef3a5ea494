#include "wire/pad.h"

#include "base/rng.h"
#include "lib/test.h"

static void padme_agrees_with_its_formula_and_never_shrinks(void **state)
{
    size_t before = 0;

    (void)state;
    for (size_t n = 0; n < 200000; n++) {
        size_t p = en_padme(n);

        assert_true(p >= n && p >= before);
        assert_int_equal(en_padme(p), p);
        /* at most 11.63 %: 129 -> 144 is the worst */
        assert_true(n == 0 || (p - n) * 10000 <= n * 1163);
        before = p;
    }
    assert_int_equal(en_padme(129), 144);
}

static void sealed_sizes_have_a_floor_and_include_the_length(void **state)
{
    (void)state;
    assert_int_equal(en_padded_len(0), 256);
    assert_int_equal(en_padded_len(252), 256);
    assert_int_equal(en_padded_len(253), 272);
    assert_int_equal(en_padded_len(300), 304);
    assert_int_equal(en_padded_len(66560),
                     67584); /* EN_CT_MAX without its tag */
    assert_true(en_padded_len(UINT32_MAX) >= (size_t)UINT32_MAX + 4);
}

static void pad_too_much(void *arg)
{
    (void)arg;
    (void)en_padme(SIZE_MAX / 2 + 1);
}

static void a_length_that_would_overflow_is_our_own_bug(void **state)
{
    (void)state;
    assert_true(en_padme(SIZE_MAX / 2) == SIZE_MAX / 2 + 1);
    assert_true(dies(pad_too_much, NULL));
}

static void content_is_padded_with_zeros_and_comes_back(void **state)
{
    uint8_t text[1200];
    struct en_secret s = {0};
    struct en_span back;

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t n = 0; n <= sizeof(text); n++) {
        assert_ok(en_pad(EN_SPAN(text, n), &s));
        assert_int_equal(s.n, en_padded_len(n));
        assert_int_equal(en_get_u32(s.b), n);
        assert_true(en_is_zero_ct(s.b + 4 + n, s.n - 4 - n));
        assert_ok(en_unpad(en_secret_span(&s), &back));
        assert_int_equal(back.n, n);
        assert_ptr_equal(back.p, s.b + 4);
        assert_memory_equal(back.p, text, n);
        en_secret_free(&s);
    }
    assert_ok(en_pad(EN_SPAN(NULL, 0), &s));
    assert_int_equal(s.n, 256);
    en_secret_free(&s);
}

static void content_no_length_can_name_is_refused(void **state)
{
    struct en_secret s = {0};

    (void)state;
    assert_err(en_pad(EN_SPAN((const uint8_t *)"", (size_t)UINT32_MAX + 1), &s),
               EN_RANGE);
    assert_null(s.b);
}

static void every_other_byte_of_the_padding_and_length_is_refused(void **state)
{
    static const size_t lens[] = {0, 1, 251, 252, 253, 300, 1000};
    struct en_span back = {0};

    (void)state;
    for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
        uint8_t text[1000] = {1, 2, 3};
        struct en_secret s = {0};

        assert_ok(en_pad(EN_SPAN(text, lens[k]), &s));
        for (size_t i = 0; i < s.n; i++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                bool content = i >= 4 && i < 4 + lens[k];
                en_err err;

                s.b[i] ^= (uint8_t)(1u << bit);
                err = en_unpad(en_secret_span(&s), &back);
                /* A length may be changed into another one only if the bytes
                 * between are zeros of the content: see below. */
                if (i < 4 && err == EN_OK)
                    assert_true(back.n != lens[k] &&
                                en_padded_len(back.n) == s.n);
                else
                    assert_err(err, content ? EN_OK : EN_FORGED);
                s.b[i] ^= (uint8_t)(1u << bit);
            }
        }
        en_secret_free(&s);
    }
}

static void every_other_size_is_refused(void **state)
{
    static uint8_t room[2048];
    struct en_span back = {0};

    (void)state;
    for (uint32_t len = 0; len < 700; len++) {
        memset(room, 0, sizeof(room));
        en_put_u32(room, len);
        for (size_t n = 0; n < 1024; n++)
            assert_err(en_unpad(EN_SPAN(room, n), &back),
                       n == en_padded_len(len) ? EN_OK : EN_FORGED);
    }
    en_put_u32(room, UINT32_MAX);
    assert_err(en_unpad(EN_SPAN(room, 256), &back), EN_FORGED);
    assert_err(en_unpad(EN_SPAN(NULL, 0), &back), EN_FORGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padme_agrees_with_its_formula_and_never_shrinks),
        cmocka_unit_test(sealed_sizes_have_a_floor_and_include_the_length),
        cmocka_unit_test(a_length_that_would_overflow_is_our_own_bug),
        cmocka_unit_test(content_is_padded_with_zeros_and_comes_back),
        cmocka_unit_test(content_no_length_can_name_is_refused),
        cmocka_unit_test(every_other_byte_of_the_padding_and_length_is_refused),
        cmocka_unit_test(every_other_size_is_refused),
    };

    return cmocka_run_group_tests_name("wire/pad", tests, NULL, NULL);
}
