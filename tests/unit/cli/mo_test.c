#include "cli/mo.h"

#include "lib/test.h"

/* Two pairs: "a" -> "x" and "b" "bs" -> "y" "ys". */
static size_t sample(uint8_t out[128])
{
    static const char text[] = "a\0b\0bs\0x\0y\0ys";
    static const uint32_t head[] = {0x950412de, 0, 2,  28, 44, 0, 0, 1,
                                    60,         4, 62, 1,  67, 4, 69};

    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
        en_put_u32(out + 4 * i, head[i]);
    memcpy(out + 60, text, sizeof(text));
    return 60 + sizeof(text);
}

static void ids_are_found_with_their_forms_in_order(void **state)
{
    uint8_t b[128];
    struct en_mo mo;
    struct en_span s, form;

    (void)state;
    assert_ok(en_mo_open(&mo, EN_SPAN(b, sample(b))));
    assert_int_equal(mo.count, 2);
    assert_true(en_mo_find(&mo, "a", &s));
    assert_span(s, "x");
    assert_true(en_mo_find(&mo, "b", &s));
    assert_true(en_mo_form(s, 0, &form));
    assert_span(form, "y");
    assert_true(en_mo_form(s, 1, &form));
    assert_span(form, "ys");
    assert_false(en_mo_form(s, 2, &form));
    assert_false(en_mo_find(&mo, "", &s));
    assert_false(en_mo_find(&mo, "aa", &s));
    assert_false(en_mo_find(&mo, "c", &s));
}

static void every_truncation_is_refused(void **state)
{
    uint8_t b[128];
    size_t n = sample(b);
    struct en_mo mo = {.count = 77};

    (void)state;
    for (size_t cut = 0; cut < n; cut++) {
        /* A copy of the exact size: a read too far is seen by the sanitizer. */
        uint8_t *p = test_malloc(cut + 1);

        memcpy(p, b, cut);
        assert_err(en_mo_open(&mo, EN_SPAN(p, cut)), EN_PROTOCOL);
        test_free(p);
    }
    assert_int_equal(mo.count, 77);
}

static void no_flipped_byte_lets_a_read_leave_the_catalogue(void **state)
{
    uint8_t b[128];
    size_t n = sample(b), refused = 0;

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t *p = test_malloc(n);
            struct en_mo mo;
            struct en_span s;

            (void)sample(b);
            memcpy(p, b, n);
            p[i] ^= (uint8_t)(1u << bit);
            if (en_mo_open(&mo, EN_SPAN(p, n)) != EN_OK) {
                refused++;
            } else {
                for (uint32_t k = 0; k < mo.count; k++) {
                    s = en_mo_id(&mo, k);
                    assert_true(s.p >= p && s.p + s.n < p + n);
                    s = en_mo_text(&mo, k);
                    assert_true(s.p >= p && s.p + s.n < p + n);
                }
                (void)en_mo_find(&mo, "b", &s);
            }
            test_free(p);
        }
    assert_true(refused > 200);
}

static void ids_out_of_order_are_refused(void **state)
{
    uint8_t b[128];
    size_t n = sample(b);
    struct en_mo mo;

    (void)state;
    b[60] = 'c';
    assert_err(en_mo_open(&mo, EN_SPAN(b, n)), EN_PROTOCOL);
    b[60] = 'b';
    assert_err(en_mo_open(&mo, EN_SPAN(b, n)), EN_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found_with_their_forms_in_order),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(no_flipped_byte_lets_a_read_leave_the_catalogue),
        cmocka_unit_test(ids_out_of_order_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
