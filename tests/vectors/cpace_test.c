/* CPACE-RISTR255-SHA512 as draft-irtf-cfrg-cpace publishes it. */
#include "crypto/cpace.h"

#include "lib/vec.h"
#include "unit/crypto/help.h"

#include <sodium.h>

static struct vec file;
static struct en_buf prs;
static struct en_buf ci;
static struct en_buf sid;
static struct en_buf ada;
static struct en_buf adb;

static struct en_json suite(void)
{
    return vec_get(file.root, "G_Coffee25519");
}

static int load(void **state)
{
    if (start_sodium(state) != 0)
        return -1;
    vec_load(&file, "vectors/cpace/testvectors.json");
    vec_hex(suite(), "PRS", &prs);
    vec_hex(suite(), "CI", &ci);
    vec_hex(suite(), "sid", &sid);
    vec_hex(suite(), "ADa", &ada);
    vec_hex(suite(), "ADb", &adb);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    en_buf_free(&prs);
    en_buf_free(&ci);
    en_buf_free(&sid);
    en_buf_free(&ada);
    en_buf_free(&adb);
    vec_free(&file);
    return 0;
}

/* A scalar below the order, with 32 zero bytes above it, reduces to itself. */
static void begin_with(struct en_cpace *c, bool initiator, const uint8_t y[32])
{
    uint8_t wide[64] = {0};
    struct told rng = TOLD(wide);

    memcpy(wide, y, 32);
    assert_int_equal(en_cpace_begin(c, initiator, en_buf_span(&prs),
                                    en_buf_span(&ci), en_buf_span(&sid),
                                    &rng.rng),
                     EN_OK);
    assert_memory_equal(c->y.b, y, 32);
}

static void the_generator_is_the_published_one(void **state)
{
    static const uint8_t one[32] = {1};
    struct en_cpace c;
    uint8_t g[32];

    (void)state;
    vec_hex_n(suite(), "g", g, sizeof(g));
    begin_with(&c, true, one);
    assert_memory_equal(c.Y, g, sizeof(g));
}

static void both_shares_and_the_key_are_the_published_ones(void **state)
{
    struct en_cpace a;
    struct en_cpace b;
    uint8_t y[32];
    uint8_t share[32];
    uint8_t isk[EN_CPACE_ISK_LEN];
    uint8_t expected[EN_CPACE_ISK_LEN];
    uint8_t K[32];

    (void)state;
    vec_hex_n(suite(), "ya", y, sizeof(y));
    begin_with(&a, true, y);
    vec_hex_n(suite(), "Ya", share, sizeof(share));
    assert_memory_equal(a.Y, share, sizeof(share));
    vec_hex_n(suite(), "yb", y, sizeof(y));
    begin_with(&b, false, y);
    vec_hex_n(suite(), "Yb", share, sizeof(share));
    assert_memory_equal(b.Y, share, sizeof(share));

    assert_int_equal(crypto_scalarmult_ristretto255(K, a.y.b, b.Y), 0);
    vec_hex_n(suite(), "K", share, sizeof(share));
    assert_memory_equal(K, share, sizeof(share));

    vec_hex_n(suite(), "ISK_IR", expected, sizeof(expected));
    assert_int_equal(
        en_cpace_finish(&a, b.Y, en_buf_span(&ada), en_buf_span(&adb), isk),
        EN_OK);
    assert_memory_equal(isk, expected, sizeof(isk));
    memset(isk, 0, sizeof(isk));
    assert_int_equal(
        en_cpace_finish(&b, a.Y, en_buf_span(&ada), en_buf_span(&adb), isk),
        EN_OK);
    assert_memory_equal(isk, expected, sizeof(isk));
}

/* SHA-512 over the fields one after another, each below 128 bytes. */
static void plain_isk(uint8_t isk[64], const uint8_t K[32],
                      const uint8_t Ya[32], const uint8_t Yb[32])
{
    struct en_span fields[] = {en_span_str("CPaceRistretto255_ISK"),
                               en_buf_span(&sid),
                               EN_SPAN(K, 32),
                               EN_SPAN(Ya, 32),
                               en_buf_span(&ada),
                               EN_SPAN(Yb, 32),
                               en_buf_span(&adb)};
    struct en_buf s = {0};

    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        assert_true(fields[i].n < 128);
        assert_int_equal(en_buf_add_u8(&s, (uint8_t)fields[i].n), EN_OK);
        assert_int_equal(en_buf_add_span(&s, fields[i]), EN_OK);
    }
    assert_int_equal(crypto_hash_sha512(isk, s.p, s.n), 0);
    en_buf_free(&s);
}

static void the_valid_point_gives_the_published_product(void **state)
{
    struct en_json points = vec_get(file.root, "G_Coffee25519_points");
    struct en_json valid = vec_get(points, "Valid");
    struct en_cpace c;
    uint8_t s[32];
    uint8_t X[32];
    uint8_t K[32];
    uint8_t own[32];
    uint8_t isk[EN_CPACE_ISK_LEN];
    uint8_t expected[EN_CPACE_ISK_LEN];

    (void)state;
    vec_hex_n(valid, "s", s, sizeof(s));
    vec_hex_n(valid, "X", X, sizeof(X));
    vec_hex_n(valid, "G.scalar_mult_vfy(s,X)", K, sizeof(K));
    begin_with(&c, true, s);
    memcpy(own, c.Y, sizeof(own));
    assert_int_equal(
        en_cpace_finish(&c, X, en_buf_span(&ada), en_buf_span(&adb), isk),
        EN_OK);
    plain_isk(expected, K, own, X);
    assert_memory_equal(isk, expected, sizeof(isk));
}

static void both_invalid_points_abort(void **state)
{
    static const char *const names[] = {"Invalid Y1", "Invalid Y2"};
    struct en_json points = vec_get(file.root, "G_Coffee25519_points");
    struct en_cpace c;
    uint8_t y[32];
    uint8_t bad[32];
    uint8_t isk[EN_CPACE_ISK_LEN];

    (void)state;
    vec_hex_n(suite(), "ya", y, sizeof(y));
    for (size_t i = 0; i < 2; i++) {
        vec_hex_n(points, names[i], bad, sizeof(bad));
        begin_with(&c, true, y);
        memset(isk, 0xaa, sizeof(isk));
        assert_int_equal(
            en_cpace_finish(&c, bad, en_buf_span(&ada), en_buf_span(&adb), isk),
            EN_FORGED);
        assert_true(en_is_zero_ct(isk, sizeof(isk)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_the_published_one),
        cmocka_unit_test(both_shares_and_the_key_are_the_published_ones),
        cmocka_unit_test(the_valid_point_gives_the_published_product),
        cmocka_unit_test(both_invalid_points_abort),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
