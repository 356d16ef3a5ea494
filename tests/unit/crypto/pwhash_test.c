#include "crypto/pwhash.h"

#include "base/limits.h"
#include "unit/crypto/help.h"

#include <sodium.h>

static const struct en_pwhash_cost weak = {EN_PWHASH_WEAK_OPS,
                                           EN_PWHASH_WEAK_KIB};
static const uint8_t salt[EN_PWHASH_SALT_LEN] = {1, 2, 3};

static bool no_memory; /* then libsodium fails, half a key written */

int __real_crypto_pwhash(unsigned char *out, unsigned long long out_len,
                         const char *passwd, unsigned long long passwd_len,
                         const unsigned char *pw_salt, unsigned long long ops,
                         size_t mem, int alg);
int __wrap_crypto_pwhash(unsigned char *out, unsigned long long out_len,
                         const char *passwd, unsigned long long passwd_len,
                         const unsigned char *pw_salt, unsigned long long ops,
                         size_t mem, int alg);

int __wrap_crypto_pwhash(unsigned char *out, unsigned long long out_len,
                         const char *passwd, unsigned long long passwd_len,
                         const unsigned char *pw_salt, unsigned long long ops,
                         size_t mem, int alg)
{
    if (no_memory) {
        memset(out, 0xaa, out_len);
        return -1;
    }
    return __real_crypto_pwhash(out, out_len, passwd, passwd_len, pw_salt, ops,
                                mem, alg);
}

static void the_floor_is_one_of_two_pairs(void **state)
{
    static const struct {
        struct en_pwhash_cost c;
        en_err err;
    } rows[] = {
        {{3, 262144}, EN_OK},     {{4, 131072}, EN_OK},
        {{2, 262144}, EN_RANGE},  {{3, 262143}, EN_RANGE},
        {{3, 131072}, EN_RANGE},  {{4, 131071}, EN_RANGE},
        {{2, 2097152}, EN_RANGE}, {{16, 131071}, EN_RANGE},
        {{0, 0}, EN_RANGE},       {{5, 200000}, EN_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(en_pwhash_cost_check(&rows[i].c), rows[i].err);
}

static void the_ceiling_is_16_passes_and_2_gib(void **state)
{
    static const struct {
        struct en_pwhash_cost c;
        en_err err;
    } rows[] = {
        {{16, 2097152}, EN_OK},
        {{17, 262144}, EN_RANGE},
        {{3, 2097153}, EN_RANGE},
        {{UINT32_MAX, UINT32_MAX}, EN_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(en_pwhash_cost_check(&rows[i].c), rows[i].err);
}

static void a_cost_out_of_bounds_derives_nothing(void **state)
{
    static const struct en_pwhash_cost costs[] = {
        {3, 8}, {1, 262144}, {3, UINT32_MAX}, {UINT32_MAX, 262144}};
    struct en_key k = {{5}};
    static const struct en_key before = {{5}};

    (void)state;
    for (size_t i = 0; i < sizeof(costs) / sizeof(*costs); i++) {
        assert_int_equal(en_pwhash(&k, en_span_str("pass"), salt, &costs[i]),
                         EN_RANGE);
        assert_memory_equal(k.b, before.b, 32);
    }
}

static void a_pasted_document_is_no_passphrase(void **state)
{
    static uint8_t text[EN_PASSPHRASE_MAX + 1];
    struct en_key k = {{5}};

    (void)state;
    assert_int_equal(en_pwhash(&k, EN_SPAN_OF(text), salt, &weak), EN_RANGE);
    assert_int_equal(k.b[0], 5);
}

static void the_key_is_argon2id_of_passphrase_and_salt(void **state)
{
    struct en_key k;
    uint8_t lib[32];

    (void)state;
    assert_int_equal(en_pwhash(&k, en_span_str("un deux trois"), salt, &weak),
                     EN_OK);
    assert_int_equal(crypto_pwhash(lib, 32, "un deux trois", 13, salt, 4,
                                   134217728, crypto_pwhash_ALG_ARGON2ID13),
                     0);
    assert_memory_equal(k.b, lib, 32);
}

static void an_empty_passphrase_is_hashed_like_any_other(void **state)
{
    struct en_key a;
    struct en_key b;

    (void)state;
    assert_int_equal(en_pwhash(&a, (struct en_span){0}, salt, &weak), EN_OK);
    assert_int_equal(en_pwhash(&b, en_span_str("x"), salt, &weak), EN_OK);
    assert_memory_not_equal(a.b, b.b, 32);
}

static void without_memory_no_key_comes_out(void **state)
{
    static const struct en_id16 circle = {{9, 9}};
    uint8_t digest[32] = {1};
    uint8_t words[32] = {5};
    struct en_key k = {{5}};

    (void)state;
    no_memory = true;
    assert_int_equal(en_pwhash(&k, en_span_str("pass"), salt, &weak), EN_NOMEM);
    assert_true(en_is_zero_ct(k.b, sizeof(k.b)));
    assert_int_equal(en_pwhash_words(words, digest, &circle), EN_NOMEM);
    assert_true(en_is_zero_ct(words, sizeof(words)));
    no_memory = false;
}

static void the_six_words_cost_3_passes_over_128_mib(void **state)
{
    static const struct en_id16 circle = {{9, 9}};
    uint8_t digest[32] = {1};
    uint8_t own[32];
    uint8_t lib[32];

    (void)state;
    assert_int_equal(en_pwhash_words(own, digest, &circle), EN_OK);
    assert_int_equal(crypto_pwhash(lib, 32, (const char *)digest, 32, circle.b,
                                   3, 134217728, crypto_pwhash_ALG_ARGON2ID13),
                     0);
    assert_memory_equal(own, lib, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_floor_is_one_of_two_pairs),
        cmocka_unit_test(the_ceiling_is_16_passes_and_2_gib),
        cmocka_unit_test(a_cost_out_of_bounds_derives_nothing),
        cmocka_unit_test(a_pasted_document_is_no_passphrase),
        cmocka_unit_test(the_key_is_argon2id_of_passphrase_and_salt),
        cmocka_unit_test(an_empty_passphrase_is_hashed_like_any_other),
        cmocka_unit_test(without_memory_no_key_comes_out),
        cmocka_unit_test(the_six_words_cost_3_passes_over_128_mib),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
