/*
 * Wycheproof: X25519, Ed25519 and both AEADs through our own functions. The
 * counts are what libsodium 1.0.18 gave when the files were added: another number
 * is a finding, also where every single test seems right.
 */
#include "crypto/aead.h"
#include "crypto/sign.h"
#include "crypto/wrap.h"

#include "lib/vec.h"
#include "unit/crypto/help.h"

static bool result_is(struct en_json t, const char *result)
{
    return en_json_str_is(vec_get(t, "result"), result);
}

static void x25519_agrees_and_an_all_zero_result_is_fatal(void **state)
{
    unsigned valid = 0;
    unsigned acceptable = 0;
    unsigned zero = 0;
    struct en_json g;
    struct en_json t;
    struct vec v;

    (void)state;
    vec_load(&v, "vectors/wycheproof/x25519_test.json");
    for (struct en_json_iter gi = en_json_each(vec_get(v.root, "testGroups"));
         en_json_next(&gi, NULL, &g);)
        for (struct en_json_iter ti = en_json_each(vec_get(g, "tests"));
             en_json_next(&ti, NULL, &t);) {
            struct en_key sk;
            struct en_key out = {{1}};
            uint8_t pk[32];
            uint8_t shared[32];
            bool nil;

            vec_hex_n(t, "private", sk.b, sizeof(sk.b));
            vec_hex_n(t, "public", pk, sizeof(pk));
            vec_hex_n(t, "shared", shared, sizeof(shared));
            nil = en_is_zero_ct(shared, sizeof(shared));
            assert_int_equal(en_x25519(&out, &sk, pk), nil ? EN_FORGED : EN_OK);
            assert_memory_equal(out.b, shared, sizeof(shared));
            assert_int_equal(en_x25519_admissible(pk), !nil);
            if (nil)
                zero++;
            else if (result_is(t, "valid"))
                valid++;
            else if (result_is(t, "acceptable"))
                acceptable++;
        }
    vec_free(&v);
    assert_int_equal(valid, 264);
    assert_int_equal(acceptable, 223);
    assert_int_equal(zero, 31);
}

static void ed25519_accepts_what_is_valid_and_nothing_else(void **state)
{
    unsigned valid = 0;
    unsigned invalid = 0;
    struct en_buf msg = {0};
    struct en_buf sig = {0};
    struct en_json g;
    struct en_json t;
    struct vec v;

    (void)state;
    vec_load(&v, "vectors/wycheproof/ed25519_test.json");
    for (struct en_json_iter gi = en_json_each(vec_get(v.root, "testGroups"));
         en_json_next(&gi, NULL, &g);) {
        uint8_t pk[32];

        vec_hex_n(vec_get(g, "publicKey"), "pk", pk, sizeof(pk));
        for (struct en_json_iter ti = en_json_each(vec_get(g, "tests"));
             en_json_next(&ti, NULL, &t);) {
            bool good;

            vec_hex(t, "msg", &msg);
            vec_hex(t, "sig", &sig);
            /* Every codec of ours has 64 bytes there or refuses. */
            good = sig.n == EN_SIG_LEN &&
                   en_ed25519_verify(pk, en_buf_span(&msg), sig.p) == EN_OK;
            assert_int_equal(good, result_is(t, "valid"));
            if (good)
                valid++;
            else
                invalid++;
        }
    }
    en_buf_free(&msg);
    en_buf_free(&sig);
    vec_free(&v);
    assert_int_equal(valid, 88);
    assert_int_equal(invalid, 63);
}

struct aead {
    const char *path;
    size_t nonce_len;
    void (*seal)(const struct en_key *k, const uint8_t *nonce,
                 struct en_span ad, struct en_span plain, uint8_t *out);
    en_err (*open)(const struct en_key *k, const uint8_t *nonce,
                   struct en_span ad, struct en_span ct, uint8_t *out);
};

struct counts {
    unsigned valid, invalid, other_nonce;
};

static void one_aead(const struct aead *a, struct en_json t, struct counts *n)
{
    struct en_buf iv = {0};
    struct en_buf ad = {0};
    struct en_buf msg = {0};
    struct en_buf ct = {0};
    struct en_buf tag = {0};
    uint8_t out[2048];
    struct en_key k;

    vec_hex(t, "iv", &iv);
    if (iv.n != a->nonce_len) {
        assert_true(result_is(t, "invalid"));
        n->other_nonce++;
        en_buf_free(&iv);
        return;
    }
    vec_hex_n(t, "key", k.b, sizeof(k.b));
    vec_hex(t, "aad", &ad);
    vec_hex(t, "msg", &msg);
    vec_hex(t, "ct", &ct);
    vec_hex(t, "tag", &tag);
    assert_int_equal(en_buf_add_span(&ct, en_buf_span(&tag)), EN_OK);
    assert_in_range(ct.n, EN_TAG_LEN, sizeof(out));
    if (result_is(t, "valid")) {
        assert_int_equal(
            a->open(&k, iv.p, en_buf_span(&ad), en_buf_span(&ct), out), EN_OK);
        assert_int_equal(msg.n + EN_TAG_LEN, ct.n);
        if (msg.n > 0)
            assert_memory_equal(out, msg.p, msg.n);
        a->seal(&k, iv.p, en_buf_span(&ad), en_buf_span(&msg), out);
        assert_memory_equal(out, ct.p, ct.n);
        n->valid++;
    } else {
        memset(out, 0xaa, sizeof(out));
        assert_int_equal(
            a->open(&k, iv.p, en_buf_span(&ad), en_buf_span(&ct), out),
            EN_FORGED);
        assert_true(en_is_zero_ct(out, ct.n - EN_TAG_LEN));
        n->invalid++;
    }
    en_buf_free(&iv);
    en_buf_free(&ad);
    en_buf_free(&msg);
    en_buf_free(&ct);
    en_buf_free(&tag);
}

static struct counts whole_aead(const struct aead *a)
{
    struct counts n = {0};
    struct en_json g;
    struct en_json t;
    struct vec v;

    vec_load(&v, a->path);
    for (struct en_json_iter gi = en_json_each(vec_get(v.root, "testGroups"));
         en_json_next(&gi, NULL, &g);)
        for (struct en_json_iter ti = en_json_each(vec_get(g, "tests"));
             en_json_next(&ti, NULL, &t);)
            one_aead(a, t, &n);
    vec_free(&v);
    return n;
}

static void xchacha20_poly1305_seals_and_opens_as_published(void **state)
{
    static const struct aead a = {
        "vectors/wycheproof/xchacha20_poly1305_test.json", EN_NONCE_LEN,
        en_aead_seal, en_aead_open};
    struct counts n = whole_aead(&a);

    (void)state;
    assert_int_equal(n.valid, 246);
    assert_int_equal(n.invalid, 60);
    assert_int_equal(n.other_nonce, 9);
}

/* The detached form of the same cipher: the tag is put where pages keep it. */
static void seal_apart(const struct en_key *k, const uint8_t *nonce,
                       struct en_span ad, struct en_span plain, uint8_t *out)
{
    en_aead_seal_detached(k, nonce, ad, plain, out, out + plain.n);
}

static en_err open_apart(const struct en_key *k, const uint8_t *nonce,
                         struct en_span ad, struct en_span ct, uint8_t *out)
{
    size_t n = ct.n - EN_TAG_LEN;

    return en_aead_open_detached(k, nonce, ad, EN_SPAN(ct.p, n), ct.p + n, out);
}

static void the_detached_form_seals_and_opens_as_published(void **state)
{
    static const struct aead a = {
        "vectors/wycheproof/xchacha20_poly1305_test.json", EN_NONCE_LEN,
        seal_apart, open_apart};
    struct counts n = whole_aead(&a);

    (void)state;
    assert_int_equal(n.valid, 246);
    assert_int_equal(n.invalid, 60);
}

static void chacha20_poly1305_seals_and_opens_as_published(void **state)
{
    static const struct aead a = {
        "vectors/wycheproof/chacha20_poly1305_test.json", 12, en_aead12_seal,
        en_aead12_open};
    struct counts n = whole_aead(&a);

    (void)state;
    assert_int_equal(n.valid, 256);
    assert_int_equal(n.invalid, 60);
    assert_int_equal(n.other_nonce, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x25519_agrees_and_an_all_zero_result_is_fatal),
        cmocka_unit_test(ed25519_accepts_what_is_valid_and_nothing_else),
        cmocka_unit_test(xchacha20_poly1305_seals_and_opens_as_published),
        cmocka_unit_test(the_detached_form_seals_and_opens_as_published),
        cmocka_unit_test(chacha20_poly1305_seals_and_opens_as_published),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
