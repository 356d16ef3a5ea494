#include "crypto/cpace.h"

#include "unit/crypto/help.h"

#include <sodium.h>

static struct en_rng_seeded rng;
static struct en_cpace a;
static struct en_cpace b;
static uint8_t isk_a[EN_CPACE_ISK_LEN];
static uint8_t isk_b[EN_CPACE_ISK_LEN];

static const char *const code = "7-rive-lune";
static const char *const ci = "en1-join/joiner/sponsor";
static const char *const sid = "0123456789abcdef0123456789abcdef";

static int set_up(void **state)
{
    (void)state;
    en_rng_seed(&rng, 5);
    memset(isk_a, 0xaa, sizeof(isk_a));
    memset(isk_b, 0xbb, sizeof(isk_b));
    return 0;
}

static en_err begin(struct en_cpace *c, bool initiator, const char *prs,
                    const char *channel, const char *session)
{
    return en_cpace_begin(c, initiator, en_span_str(prs), en_span_str(channel),
                          en_span_str(session), &rng.rng);
}

static void begin_both(void)
{
    assert_int_equal(begin(&a, true, code, ci, sid), EN_OK);
    assert_int_equal(begin(&b, false, code, ci, sid), EN_OK);
}

static en_err finish(struct en_cpace *c, const uint8_t theirs[32],
                     uint8_t isk[EN_CPACE_ISK_LEN])
{
    return en_cpace_finish(c, theirs, en_span_str("ADa"), en_span_str("ADb"),
                           isk);
}

static void finish_both(void)
{
    assert_int_equal(finish(&a, b.Y, isk_a), EN_OK);
    assert_int_equal(finish(&b, a.Y, isk_b), EN_OK);
}

static void the_same_code_gives_both_sides_one_key(void **state)
{
    (void)state;
    begin_both();
    finish_both();
    assert_memory_equal(isk_a, isk_b, sizeof(isk_a));
}

static void another_code_channel_or_session_gives_another_key(void **state)
{
    (void)state;
    assert_int_equal(begin(&a, true, code, ci, sid), EN_OK);
    assert_int_equal(begin(&b, false, "7-rive-lunf", ci, sid), EN_OK);
    finish_both();
    assert_memory_not_equal(isk_a, isk_b, sizeof(isk_a));

    assert_int_equal(begin(&a, true, code, ci, sid), EN_OK);
    assert_int_equal(begin(&b, false, code, "another", sid), EN_OK);
    finish_both();
    assert_memory_not_equal(isk_a, isk_b, sizeof(isk_a));

    assert_int_equal(begin(&a, true, code, ci, sid), EN_OK);
    assert_int_equal(begin(&b, false, code, ci, "another"), EN_OK);
    finish_both();
    assert_memory_not_equal(isk_a, isk_b, sizeof(isk_a));
}

static void fields_do_not_run_into_each_other(void **state)
{
    (void)state;
    assert_int_equal(begin(&a, true, code, "ab", "c"), EN_OK);
    assert_int_equal(begin(&b, false, code, "a", "bc"), EN_OK);
    finish_both();
    assert_memory_not_equal(isk_a, isk_b, sizeof(isk_a));
}

static void associated_data_and_roles_are_part_of_the_key(void **state)
{
    (void)state;
    begin_both();
    assert_int_equal(finish(&a, b.Y, isk_a), EN_OK);
    assert_int_equal(
        en_cpace_finish(&b, a.Y, en_span_str("ADx"), en_span_str("ADb"), isk_b),
        EN_OK);
    assert_memory_not_equal(isk_a, isk_b, sizeof(isk_a));

    assert_int_equal(begin(&a, true, code, ci, sid), EN_OK);
    assert_int_equal(begin(&b, true, code, ci, sid), EN_OK);
    finish_both();
    assert_memory_not_equal(isk_a, isk_b, sizeof(isk_a));
}

static void ones_own_share_is_refused(void **state)
{
    uint8_t own[32];

    (void)state;
    begin_both();
    memcpy(own, a.Y, sizeof(own));
    assert_int_equal(finish(&a, own, isk_a), EN_FORGED);
    assert_true(en_is_zero_ct(isk_a, sizeof(isk_a)));
    assert_true(en_is_zero_ct(&a.y, sizeof(a.y)));
}

static void refused(const uint8_t theirs[32])
{
    begin_both();
    memset(isk_a, 0xaa, sizeof(isk_a));
    assert_int_equal(finish(&a, theirs, isk_a), EN_FORGED);
    assert_true(en_is_zero_ct(isk_a, sizeof(isk_a)));
    assert_true(en_is_zero_ct(&a.y, sizeof(a.y)));
}

static void the_identity_and_what_is_no_point_are_refused(void **state)
{
    uint8_t p[32] = {0};

    (void)state;
    refused(p);
    p[0] = 1; /* odd: negative */
    refused(p);
    memset(p, 0xff, sizeof(p)); /* above the field's prime */
    refused(p);
    memset(p, 0, sizeof(p));
    memcpy(p, (const uint8_t[]){0xed, 0xff}, 2);
    memset(p + 2, 0xff, 29);
    p[31] = 0x7f; /* the prime itself */
    refused(p);
}

/* libsodium 1.0.18 ignores bit 255 where it decodes: the same point would have a
 * second name, and our own share another face. RFC 9496 refuses it. */
static void the_top_bit_of_a_share_is_refused(void **state)
{
    uint8_t p[32];

    (void)state;
    begin_both();
    memcpy(p, b.Y, sizeof(p));
    p[31] |= 0x80;
    assert_int_equal(finish(&a, p, isk_a), EN_FORGED);
    assert_true(en_is_zero_ct(isk_a, sizeof(isk_a)));
    assert_true(en_is_zero_ct(&a.y, sizeof(a.y)));

    begin_both();
    memcpy(p, a.Y, sizeof(p));
    p[31] |= 0x80;
    assert_int_equal(finish(&a, p, isk_a), EN_FORGED);
}

static void every_encoding_libsodium_calls_invalid_is_refused(void **state)
{
    uint8_t p[32];
    unsigned invalid = 0;

    (void)state;
    for (unsigned i = 0; i < 400; i++) {
        en_rng_bytes(&rng.rng, p, sizeof(p));
        if (crypto_core_ristretto255_is_valid_point(p))
            continue;
        refused(p);
        invalid++;
    }
    assert_true(invalid > 200);
}

static void the_scalar_is_gone_after_one_attempt(void **state)
{
    (void)state;
    begin_both();
    assert_false(en_is_zero_ct(&a.y, sizeof(a.y)));
    finish_both();
    assert_true(en_is_zero_ct(&a.y, sizeof(a.y)));
    assert_true(en_is_zero_ct(&b.y, sizeof(b.y)));
    /* A second guess with the same state meets a zero scalar. */
    assert_int_equal(finish(&a, b.Y, isk_a), EN_FORGED);
}

static void a_session_id_over_64_bytes_is_refused(void **state)
{
    uint8_t long_sid[65] = {0};
    static const struct en_cpace zero;

    (void)state;
    assert_int_equal(en_cpace_begin(&a, true, en_span_str(code),
                                    en_span_str(ci), EN_SPAN(long_sid, 64),
                                    &rng.rng),
                     EN_OK);
    assert_int_equal(en_cpace_begin(&a, true, en_span_str(code),
                                    en_span_str(ci), EN_SPAN(long_sid, 65),
                                    &rng.rng),
                     EN_RANGE);
    assert_memory_equal(&a, &zero, sizeof(a));
}

static void a_source_of_zeros_makes_no_share(void **state)
{
    static const uint8_t zeros[64];
    struct told none = TOLD(zeros);
    static const struct en_cpace zero;

    (void)state;
    assert_int_equal(en_cpace_begin(&a, true, en_span_str(code),
                                    en_span_str(ci), en_span_str(sid),
                                    &none.rng),
                     EN_FORGED);
    assert_memory_equal(&a, &zero, sizeof(a));
}

static void wiping_leaves_nothing(void **state)
{
    (void)state;
    begin_both();
    en_cpace_wipe(&a);
    assert_true(en_is_zero_ct(&a, sizeof(a)));
}

/* The generator string as the draft writes it, joined in one plain buffer. */
static size_t put(uint8_t *out, size_t at, const void *p, size_t n)
{
    if (n < 128) {
        out[at++] = (uint8_t)n;
    } else {
        out[at++] = (uint8_t)(n % 128 + 128);
        out[at++] = (uint8_t)(n / 128);
    }
    if (n > 0)
        memcpy(out + at, p, n);
    return at + n;
}

static void plain_generator(uint8_t g[32], const uint8_t *prs, size_t n)
{
    static const uint8_t zeros[128];
    uint8_t s[2048];
    uint8_t u[64];
    size_t lv = n + (n < 128 ? 1 : 2);
    size_t pad = 127 > lv + 18 ? 127 - lv - 18 : 0;
    size_t at = put(s, 0, "CPaceRistretto255", 17);

    at = put(s, at, prs, n);
    at = put(s, at, zeros, pad);
    at = put(s, at, ci, strlen(ci));
    at = put(s, at, sid, strlen(sid));
    assert_int_equal(crypto_hash_sha512(u, s, at), 0);
    assert_int_equal(crypto_core_ristretto255_from_hash(g, u), 0);
}

/* With the scalar 1 the share is the generator. */
static void the_generator_is_padded_right_for_every_length_of_code(void **state)
{
    static const uint8_t one[64] = {1};
    struct told rng_one = TOLD(one);
    uint8_t prs[1000];
    uint8_t g[32];

    (void)state;
    for (size_t i = 0; i < sizeof(prs); i++)
        prs[i] = (uint8_t)(i * 3);
    for (size_t n = 0; n <= sizeof(prs); n++) {
        assert_int_equal(en_cpace_begin(&a, true, EN_SPAN(prs, n),
                                        en_span_str(ci), en_span_str(sid),
                                        &rng_one.rng),
                         EN_OK);
        plain_generator(g, prs, n);
        assert_memory_equal(a.Y, g, 32);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        T(the_same_code_gives_both_sides_one_key),
        T(another_code_channel_or_session_gives_another_key),
        T(fields_do_not_run_into_each_other),
        T(associated_data_and_roles_are_part_of_the_key),
        T(ones_own_share_is_refused),
        T(the_identity_and_what_is_no_point_are_refused),
        T(the_top_bit_of_a_share_is_refused),
        T(every_encoding_libsodium_calls_invalid_is_refused),
        T(the_scalar_is_gone_after_one_attempt),
        T(a_session_id_over_64_bytes_is_refused),
        T(a_source_of_zeros_makes_no_share),
        T(wiping_leaves_nothing),
        T(the_generator_is_padded_right_for_every_length_of_code),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
