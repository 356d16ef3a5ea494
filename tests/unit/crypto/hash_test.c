#include "crypto/hash.h"

#include "unit/crypto/help.h"

#include <sodium.h>

static const struct en_id16 circle = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};
static const struct en_key key = {{9, 8, 7, 6, 5, 4, 3, 2, 1}};

static void hash_of(uint8_t out[32], const char *s)
{
    EN_HASH(out, "en1.test", &circle, en_span_str(s));
}

static void
hash_is_blake2b_with_a_zero_padded_label_and_the_circle_as_salt(void **state)
{
    uint8_t personal[16] = "en1.test";
    uint8_t own[32];
    uint8_t lib[32];

    (void)state;
    hash_of(own, "abc");
    assert_int_equal(
        crypto_generichash_blake2b_salt_personal(
            lib, 32, (const uint8_t *)"abc", 3, NULL, 0, circle.b, personal),
        0);
    assert_memory_equal(own, lib, 32);
}

static void kdf_is_the_same_keyed(void **state)
{
    uint8_t personal[16] = "en1.test";
    struct en_key own;
    uint8_t lib[32];

    (void)state;
    EN_KDF(&own, &key, "en1.test", &circle, en_span_str("abc"));
    assert_int_equal(
        crypto_generichash_blake2b_salt_personal(
            lib, 32, (const uint8_t *)"abc", 3, key.b, 32, circle.b, personal),
        0);
    assert_memory_equal(own.b, lib, 32);
}

static void no_circle_means_a_salt_of_zeros(void **state)
{
    static const struct en_id16 zero;
    uint8_t a[32];
    uint8_t b[32];
    struct en_key ka;
    struct en_key kb;

    (void)state;
    EN_HASH(a, "en1.test", NULL, en_span_str("x"));
    EN_HASH(b, "en1.test", &zero, en_span_str("x"));
    assert_memory_equal(a, b, 32);
    EN_KDF(&ka, &key, "en1.test", NULL, en_span_str("x"));
    EN_KDF(&kb, &key, "en1.test", &zero, en_span_str("x"));
    assert_memory_equal(ka.b, kb.b, 32);
    assert_memory_not_equal(a, ka.b, 32);
}

static void every_input_changes_the_result(void **state)
{
    uint8_t first[32];
    uint8_t other[32];
    struct en_key k0;
    struct en_key k1;
    struct en_key flipped;
    struct en_id16 salt;

    (void)state;
    hash_of(first, "abc");
    hash_of(other, "abd");
    assert_memory_not_equal(first, other, 32);
    EN_HASH(other, "en1.tesu", &circle, en_span_str("abc"));
    assert_memory_not_equal(first, other, 32);
    for (size_t bit = 0; bit < 128; bit++) {
        salt = circle;
        salt.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        EN_HASH(other, "en1.test", &salt, en_span_str("abc"));
        assert_memory_not_equal(first, other, 32);
    }
    EN_KDF(&k0, &key, "en1.test", &circle, en_span_str("abc"));
    for (size_t bit = 0; bit < 256; bit++) {
        flipped = key;
        flipped.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        EN_KDF(&k1, &flipped, "en1.test", &circle, en_span_str("abc"));
        assert_memory_not_equal(k0.b, k1.b, 32);
    }
}

static void where_parts_are_cut_changes_nothing(void **state)
{
    uint8_t text[300];
    uint8_t whole[32];
    uint8_t cut[32];
    struct en_hash_state st;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)i;
    for (size_t n = 0; n <= sizeof(text); n += 37) {
        EN_HASH(whole, "en1.test", &circle, EN_SPAN(text, n));
        for (size_t at = 0; at <= n; at++) {
            EN_HASH(cut, "en1.test", &circle, EN_SPAN(text, at),
                    EN_SPAN(NULL, 0), EN_SPAN(text + at, n - at));
            assert_memory_equal(whole, cut, 32);
            en_hash_begin(&st, "en1.test", &circle);
            en_hash_add(&st, EN_SPAN(text, at));
            en_hash_add(&st, EN_SPAN(text + at, n - at));
            en_hash_end(&st, cut);
            assert_memory_equal(whole, cut, 32);
        }
    }
}

static void a_finished_state_is_all_zero(void **state)
{
    struct en_hash_state st;
    uint8_t out[32];

    (void)state;
    en_hash_begin(&st, "en1.test", &circle);
    en_hash_add(&st, en_span_str("a secret"));
    assert_false(en_is_zero_ct(&st, sizeof(st)));
    en_hash_end(&st, out);
    assert_true(en_is_zero_ct(&st, sizeof(st)));
}

static void a_24_byte_key_is_no_prefix_of_the_32_byte_one(void **state)
{
    struct en_key k;
    uint8_t n[24];

    (void)state;
    EN_KDF(&k, &key, "en1.test", &circle, en_span_str("x"));
    EN_KDF24(n, &key, "en1.test", &circle, en_span_str("x"));
    assert_memory_not_equal(k.b, n, 24);
}

static void a_key_may_be_replaced_by_what_it_derives(void **state)
{
    struct en_key apart;
    struct en_key same = key;

    (void)state;
    EN_KDF(&apart, &key, "en1.test", NULL, en_span_str("x"));
    EN_KDF(&same, &same, "en1.test", NULL, en_span_str("x"));
    assert_memory_equal(apart.b, same.b, 32);
}

static void the_joining_key_depends_on_all_64_bytes(void **state)
{
    uint8_t isk[64] = {0};
    struct en_key first;
    struct en_key other;

    (void)state;
    en_kdf_isk(&first, isk, "en1.test");
    for (size_t i = 0; i < sizeof(isk); i++) {
        isk[i] = 1;
        en_kdf_isk(&other, isk, "en1.test");
        assert_memory_not_equal(first.b, other.b, 32);
        isk[i] = 0;
    }
}

static void label_of_17(void *arg)
{
    uint8_t out[32];

    (void)arg;
    EN_HASH(out, "en1.a.label.of17b", NULL, en_span_str("x"));
}

static void label_of_0(void *arg)
{
    uint8_t out[32];

    (void)arg;
    EN_HASH(out, "", NULL, en_span_str("x"));
}

static void nine_parts(void *arg)
{
    struct en_span parts[EN_HASH_PARTS_MAX + 1] = {{0}};
    uint8_t out[32];

    (void)arg;
    en_hash(out, "en1.test", NULL, parts, EN_HASH_PARTS_MAX + 1);
}

static void a_label_longer_than_16_is_our_bug(void **state)
{
    uint8_t out[32];

    (void)state;
    EN_HASH(out, "en1.label.of.16b", NULL, en_span_str("x"));
    assert_true(dies(label_of_17, NULL));
    assert_true(dies(label_of_0, NULL));
}

static void more_than_eight_parts_are_our_bug(void **state)
{
    struct en_span parts[EN_HASH_PARTS_MAX] = {{0}};
    uint8_t out[32];

    (void)state;
    en_hash(out, "en1.test", NULL, parts, EN_HASH_PARTS_MAX);
    assert_true(dies(nine_parts, NULL));
}

static void sha256_gives_the_values_of_fips_180(void **state)
{
    char hex[65];
    uint8_t out[32];

    (void)state;
    en_sha256(out, en_span_str("abc"));
    en_hex(hex, out, 32);
    assert_string_equal(
        hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    en_sha256(out, (struct en_span){0});
    en_hex(hex, out, 32);
    assert_string_equal(
        hex,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            hash_is_blake2b_with_a_zero_padded_label_and_the_circle_as_salt),
        cmocka_unit_test(kdf_is_the_same_keyed),
        cmocka_unit_test(no_circle_means_a_salt_of_zeros),
        cmocka_unit_test(every_input_changes_the_result),
        cmocka_unit_test(where_parts_are_cut_changes_nothing),
        cmocka_unit_test(a_finished_state_is_all_zero),
        cmocka_unit_test(a_24_byte_key_is_no_prefix_of_the_32_byte_one),
        cmocka_unit_test(a_key_may_be_replaced_by_what_it_derives),
        cmocka_unit_test(the_joining_key_depends_on_all_64_bytes),
        cmocka_unit_test(a_label_longer_than_16_is_our_bug),
        cmocka_unit_test(more_than_eight_parts_are_our_bug),
        cmocka_unit_test(sha256_gives_the_values_of_fips_180),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
