/*
 * BLAKE2b and Argon2id. The published values use neither label nor salt of ours
 * (BLAKE2b), or a salt of 8 bytes (Argon2id): they check the library that hash.c
 * and pwhash.c stand on. Our labelled form is checked against values made with
 * another implementation (make/blake2b_labelled.py).
 */
#include "crypto/hash.h"

#include "lib/vec.h"
#include "unit/crypto/help.h"

#include <sodium.h>

static void the_library_gives_the_published_blake2b(void **state)
{
    unsigned plain = 0;
    unsigned keyed = 0;
    struct en_buf in = {0};
    struct en_buf key = {0};
    struct en_json t;
    struct vec v;

    (void)state;
    vec_load(&v, "vectors/blake2/blake2b-kat.json");
    for (struct en_json_iter it = en_json_each(v.root);
         en_json_next(&it, NULL, &t);) {
        uint8_t expected[64];
        uint8_t out[64];

        vec_hex(t, "in", &in);
        vec_hex(t, "key", &key);
        vec_hex_n(t, "out", expected, sizeof(expected));
        assert_int_equal(crypto_generichash_blake2b(out, sizeof(out), in.p,
                                                    in.n, key.p, key.n),
                         0);
        assert_memory_equal(out, expected, sizeof(out));
        if (key.n > 0)
            keyed++;
        else
            plain++;
    }
    en_buf_free(&in);
    en_buf_free(&key);
    vec_free(&v);
    assert_int_equal(plain, 256);
    assert_int_equal(keyed, 256);
}

static void one_labelled(struct en_json t)
{
    struct en_buf x = {0};
    struct en_buf label = {0};
    struct en_json form = vec_get(t, "form");
    struct en_id16 cid16 = {{0}};
    const struct en_id16 *salt = NULL;
    const char *l;
    struct en_key key = {{0}};
    struct en_key out = {{0}};
    size_t out_len = en_json_str_is(form, "KDF24") ? 24 : 32;
    uint8_t expected[32];
    uint8_t isk[64];

    vec_hex(t, "x", &x);
    vec_str(t, "label", &label);
    l = (const char *)label.p;
    vec_hex_n(t, "out", expected, out_len);
    if (vec_has(t, "cid16")) {
        vec_hex_n(t, "cid16", cid16.b, sizeof(cid16.b));
        salt = &cid16;
    }
    if (en_json_str_is(form, "ISK")) {
        vec_hex_n(t, "key", isk, sizeof(isk));
        assert_int_equal(x.n, 0);
        en_kdf_isk(&out, isk, l);
    } else if (vec_has(t, "key")) {
        vec_hex_n(t, "key", key.b, sizeof(key.b));
        if (out_len == 24)
            EN_KDF24(out.b, &key, l, salt, en_buf_span(&x));
        else
            EN_KDF(&out, &key, l, salt, en_buf_span(&x));
    } else {
        EN_HASH(out.b, l, salt, en_buf_span(&x));
    }
    assert_memory_equal(out.b, expected, out_len);
    en_buf_free(&x);
    en_buf_free(&label);
}

static void the_labelled_forms_agree_with_another_implementation(void **state)
{
    unsigned n = 0;
    struct en_json t;
    struct vec v;

    (void)state;
    vec_load(&v, "vectors/own/blake2b_labelled.json");
    for (struct en_json_iter it = en_json_each(vec_get(v.root, "cases"));
         en_json_next(&it, NULL, &t); n++)
        one_labelled(t);
    vec_free(&v);
    assert_int_equal(n, 5 * 15 + 4);
}

static void the_library_gives_the_published_argon2id(void **state)
{
    unsigned n = 0;
    struct en_buf encoded = {0};
    struct en_buf password = {0};
    struct en_json t;
    struct vec v;

    (void)state;
    vec_load(&v, "vectors/argon2/argon2id_reference_tests.json");
    for (struct en_json_iter it = en_json_each(v.root);
         en_json_next(&it, NULL, &t); n++) {
        char str[crypto_pwhash_STRBYTES] = {0};

        vec_str(t, "encoded", &encoded);
        vec_str(t, "password", &password);
        assert_true(encoded.n < sizeof(str));
        memcpy(str, encoded.p, encoded.n);
        assert_int_equal(
            crypto_pwhash_str_verify(str, (const char *)password.p, password.n),
            0);
        assert_int_equal(crypto_pwhash_str_verify(str, (const char *)password.p,
                                                  password.n - 1),
                         -1);
    }
    en_buf_free(&encoded);
    en_buf_free(&password);
    vec_free(&v);
    assert_int_equal(n, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_gives_the_published_blake2b),
        cmocka_unit_test(the_labelled_forms_agree_with_another_implementation),
        cmocka_unit_test(the_library_gives_the_published_argon2id),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
