#include "crypto/sign.h"

#include "crypto/labels.h"
#include "unit/crypto/help.h"

static const struct en_key seed = {{42, 1, 2, 3}};

static const struct {
    const char *label;
    size_t len;
} forms[] = {
    {EN_L_SIG_TIP, 72},
    {EN_L_SIG_CERT, 178},
    {EN_L_SIG_RENEW, 72},
    {EN_L_SIG_JOIN, 64},
};

static uint8_t msg[178];
static uint8_t pk[32];
static uint8_t sig[EN_SIG_LEN];

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(msg); i++)
        msg[i] = (uint8_t)(i * 7);
    en_sign_public(&seed, pk);
    en_sign(&seed, EN_L_SIG_JOIN, EN_SPAN(msg, 64), sig);
    return 0;
}

static void what_was_signed_verifies_under_every_label(void **state)
{
    uint8_t s[EN_SIG_LEN];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct en_span m = EN_SPAN(msg, forms[i].len);

        en_sign(&seed, forms[i].label, m, s);
        assert_int_equal(en_verify(pk, forms[i].label, m, s), EN_OK);
    }
}

static void the_label_is_signed_zero_padded_to_16(void **state)
{
    uint8_t m[16 + 64] = "en1.sig.join";

    (void)state;
    memcpy(m + 16, msg, 64);
    assert_int_equal(en_ed25519_verify(pk, EN_SPAN_OF(m), sig), EN_OK);
    m[15] = 1;
    assert_int_equal(en_ed25519_verify(pk, EN_SPAN_OF(m), sig), EN_FORGED);
}

static void a_signature_is_the_same_each_time(void **state)
{
    uint8_t again[EN_SIG_LEN];

    (void)state;
    en_sign(&seed, EN_L_SIG_JOIN, EN_SPAN(msg, 64), again);
    assert_memory_equal(sig, again, EN_SIG_LEN);
}

static void a_signature_under_another_label_is_refused(void **state)
{
    struct en_span m = EN_SPAN(msg, EN_SIG_TIP_LEN);
    uint8_t s[EN_SIG_LEN];

    (void)state;
    en_sign(&seed, EN_L_SIG_TIP, m, s);
    assert_int_equal(en_verify(pk, EN_L_SIG_TIP, m, s), EN_OK);
    assert_int_equal(en_verify(pk, EN_L_SIG_RENEW, m, s), EN_FORGED);
}

static void every_flipped_bit_is_refused(void **state)
{
    struct {
        uint8_t *p;
        size_t n;
    } const what[] = {{msg, 64}, {sig, sizeof(sig)}, {pk, sizeof(pk)}};

    (void)state;
    for (size_t w = 0; w < 3; w++)
        for (size_t bit = 0; bit < what[w].n * 8; bit++) {
            what[w].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(
                en_verify(pk, EN_L_SIG_JOIN, EN_SPAN(msg, 64), sig), EN_FORGED);
            what[w].p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    assert_int_equal(en_verify(pk, EN_L_SIG_JOIN, EN_SPAN(msg, 64), sig),
                     EN_OK);
}

static void s_plus_the_order_of_the_group_is_refused(void **state)
{
    static const uint8_t order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    unsigned carry = 0;

    (void)state;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + order[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_int_equal(en_verify(pk, EN_L_SIG_JOIN, EN_SPAN(msg, 64), sig),
                     EN_FORGED);
}

/* With the neutral element as key and as R, and S = 0, the equation holds for any
 * message: only the rule against small orders stands in the way. */
static void a_key_of_small_order_signs_nothing(void **state)
{
    static const uint8_t neutral[32] = {1};
    uint8_t s[EN_SIG_LEN] = {1};

    (void)state;
    assert_int_equal(en_verify(neutral, EN_L_SIG_JOIN, EN_SPAN(msg, 64), s),
                     EN_FORGED);
}

static void label_unlisted(void *arg)
{
    uint8_t s[EN_SIG_LEN];

    (void)arg;
    en_sign(&seed, "en1.sig.else", EN_SPAN(msg, 64), s);
}

static void length_too_short(void *arg)
{
    uint8_t s[EN_SIG_LEN];

    (void)arg;
    en_sign(&seed, EN_L_SIG_TIP, EN_SPAN(msg, 71), s);
}

static void length_too_long(void *arg)
{
    en_err err = en_verify(pk, EN_L_SIG_JOIN, EN_SPAN(msg, 65), sig);

    (void)arg;
    (void)err;
}

static void a_label_has_one_length_and_anything_else_is_our_bug(void **state)
{
    (void)state;
    assert_true(dies(label_unlisted, NULL));
    assert_true(dies(length_too_short, NULL));
    assert_true(dies(length_too_long, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_signed_verifies_under_every_label,
                               set_up),
        cmocka_unit_test_setup(the_label_is_signed_zero_padded_to_16, set_up),
        cmocka_unit_test_setup(a_signature_is_the_same_each_time, set_up),
        cmocka_unit_test_setup(a_signature_under_another_label_is_refused,
                               set_up),
        cmocka_unit_test_setup(every_flipped_bit_is_refused, set_up),
        cmocka_unit_test_setup(s_plus_the_order_of_the_group_is_refused,
                               set_up),
        cmocka_unit_test_setup(a_key_of_small_order_signs_nothing, set_up),
        cmocka_unit_test_setup(
            a_label_has_one_length_and_anything_else_is_our_bug, set_up),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
