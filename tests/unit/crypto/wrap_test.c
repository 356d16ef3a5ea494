#include "crypto/wrap.h"

#include "unit/crypto/help.h"

#define N 5

int __real_crypto_scalarmult(unsigned char *q, const unsigned char *n,
                             const unsigned char *p);
int __wrap_crypto_scalarmult(unsigned char *q, const unsigned char *n,
                             const unsigned char *p);

/* What stands in q after a refusal is the library's business: let it be the
 * worst, a copy of the scalar. */
int __wrap_crypto_scalarmult(unsigned char *q, const unsigned char *n,
                             const unsigned char *p)
{
    int rc = __real_crypto_scalarmult(q, n, p);

    if (rc != 0)
        memcpy(q, n, 32);
    return rc;
}

static const struct en_id16 circle = {{7, 7, 7}};
static const struct en_key seed = {{0x5e, 0xed}};
static const uint8_t ctx[32] = {0xc7, 1, 2, 3};

static struct en_key sk[N];
static struct en_wrap_to to[N];
static uint8_t epk[32];
static uint8_t boxes[N * EN_BOX_LEN];

/* RFC 7748's points of small order: 0, 1, both of order 8, p-1, p, p+1. */
static const char *const low_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
#define LOW_ORDER (sizeof(low_order) / sizeof(*low_order))

static void low_point(uint8_t pk[32], size_t i, bool high_bit)
{
    assert_int_equal(en_unhex(pk, 32, low_order[i]), EN_OK);
    if (high_bit) /* which X25519 ignores */
        pk[31] |= 0x80;
}

static int set_up(void **state)
{
    struct en_rng_seeded rng;

    (void)state;
    en_rng_seed(&rng, 1);
    for (size_t i = 0; i < N; i++) {
        en_rng_bytes(&rng.rng, sk[i].b, sizeof(sk[i].b));
        en_x25519_public(&sk[i], to[i].pk);
        en_rng_bytes(&rng.rng, to[i].device.b, sizeof(to[i].device.b));
    }
    return en_wrap_make(&seed, &circle, ctx, to, N, epk, boxes) == EN_OK ? 0
                                                                         : -1;
}

static en_err check(size_t *equal)
{
    *equal = 99;
    return en_wrap_check(&seed, &circle, ctx, to, N, epk, boxes, equal);
}

static en_err open_as(size_t i, struct en_key *out)
{
    return en_wrap_open(&sk[i], &circle, ctx, &to[i], epk,
                        boxes + i * EN_BOX_LEN, out);
}

static void every_recipient_opens_its_box_to_the_seed(void **state)
{
    struct en_key s;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(open_as(i, &s), EN_OK);
        assert_memory_equal(s.b, seed.b, 32);
    }
}

static void nobody_opens_the_box_of_another(void **state)
{
    struct en_key s = {{1}};
    static const struct en_key before = {{1}};

    (void)state;
    for (size_t box = 0; box < N; box++)
        for (size_t who = 0; who < N; who++) {
            if (who == box)
                continue;
            assert_int_equal(en_wrap_open(&sk[who], &circle, ctx, &to[who], epk,
                                          boxes + box * EN_BOX_LEN, &s),
                             EN_FORGED);
            assert_memory_equal(s.b, before.b, 32);
        }
}

static void a_box_is_bound_to_circle_context_and_recipient(void **state)
{
    struct en_id16 other_circle = circle;
    uint8_t other_ctx[32];
    struct en_wrap_to me = to[0];
    struct en_key s;

    (void)state;
    other_circle.b[15] ^= 1;
    assert_int_equal(
        en_wrap_open(&sk[0], &other_circle, ctx, &me, epk, boxes, &s),
        EN_FORGED);
    memcpy(other_ctx, ctx, 32);
    other_ctx[31] ^= 1;
    assert_int_equal(
        en_wrap_open(&sk[0], &circle, other_ctx, &me, epk, boxes, &s),
        EN_FORGED);
    me.device.b[31] ^= 1;
    assert_int_equal(en_wrap_open(&sk[0], &circle, ctx, &me, epk, boxes, &s),
                     EN_FORGED);
    me = to[0];
    me.pk[0] ^= 1;
    assert_int_equal(en_wrap_open(&sk[0], &circle, ctx, &me, epk, boxes, &s),
                     EN_FORGED);
}

static void an_honest_list_checks_and_all_boxes_are_counted(void **state)
{
    size_t equal;

    (void)state;
    assert_int_equal(check(&equal), EN_OK);
    assert_int_equal(equal, N);
}

static void a_flipped_bit_in_any_box_is_seen_and_counted(void **state)
{
    size_t equal;

    (void)state;
    for (size_t bit = 0; bit < sizeof(boxes) * 8; bit += 1) {
        boxes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(check(&equal), EN_FORGED);
        assert_int_equal(equal, N - 1);
        boxes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(check(&equal), EN_OK);
}

static void a_flipped_bit_in_the_ephemeral_key_is_seen(void **state)
{
    size_t equal;
    struct en_key s;

    (void)state;
    for (size_t bit = 0; bit < 256; bit++) {
        epk[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(check(&equal), EN_FORGED);
        assert_int_equal(equal, N);
        assert_int_equal(open_as(0, &s), EN_FORGED);
        epk[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void another_seed_context_or_list_checks_nothing(void **state)
{
    struct en_key other = seed;
    struct en_wrap_to swap;
    uint8_t other_ctx[32];
    size_t equal;

    (void)state;
    other.b[31] ^= 1;
    assert_int_equal(
        en_wrap_check(&other, &circle, ctx, to, N, epk, boxes, &equal),
        EN_FORGED);
    assert_int_equal(equal, 0);
    memcpy(other_ctx, ctx, 32);
    other_ctx[0] ^= 1;
    assert_int_equal(
        en_wrap_check(&seed, &circle, other_ctx, to, N, epk, boxes, &equal),
        EN_FORGED);
    assert_int_equal(equal, 0);

    swap = to[0];
    to[0] = to[1];
    to[1] = swap;
    assert_int_equal(check(&equal), EN_FORGED);
    assert_int_equal(equal, N - 2);
}

/* A second copy under the same seed in a device's place: the case the coins
 * exist for. The box opens, and the check still says no. */
static void a_box_sealed_with_other_coins_opens_but_does_not_check(void **state)
{
    static const struct en_key elsewhere = {{0x0f}};
    uint8_t epk2[32];
    uint8_t boxes2[N * EN_BOX_LEN];
    struct en_key s;
    size_t equal;

    (void)state;
    assert_int_equal(
        en_wrap_make(&elsewhere, &circle, ctx, to, N, epk2, boxes2), EN_OK);
    assert_int_equal(
        en_wrap_open(&sk[0], &circle, ctx, &to[0], epk2, boxes2, &s), EN_OK);
    assert_int_equal(
        en_wrap_check(&seed, &circle, ctx, to, N, epk2, boxes2, &equal),
        EN_FORGED);
    assert_int_equal(equal, 0);
}

static void
a_low_order_recipient_stops_the_sealing_with_nothing_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < LOW_ORDER; i++)
        for (int high = 0; high < 2; high++) {
            struct en_wrap_to bad[N];

            memcpy(bad, to, sizeof(bad));
            low_point(bad[3].pk, i, high);
            assert_int_equal(
                en_wrap_make(&seed, &circle, ctx, bad, N, epk, boxes),
                EN_FORGED);
            assert_true(en_is_zero_ct(epk, sizeof(epk)));
            assert_true(en_is_zero_ct(boxes, sizeof(boxes)));
        }
}

static void a_low_order_recipient_never_checks(void **state)
{
    size_t equal;

    (void)state;
    low_point(to[2].pk, 0, false);
    assert_int_equal(check(&equal), EN_FORGED);
    assert_int_equal(equal, N - 1);

    /* ... also where its box is a copy of the one before it. */
    memcpy(boxes + 2 * EN_BOX_LEN, boxes + EN_BOX_LEN, EN_BOX_LEN);
    assert_int_equal(check(&equal), EN_FORGED);
    assert_int_equal(equal, N - 1);
}

static void a_low_order_key_gives_zeros_and_an_error(void **state)
{
    uint8_t pk[32];

    (void)state;
    for (size_t i = 0; i < LOW_ORDER; i++) {
        struct en_key z = {{1}};

        low_point(pk, i, false);
        assert_int_equal(en_x25519(&z, &sk[0], pk), EN_FORGED);
        assert_true(en_is_zero_ct(z.b, sizeof(z.b)));
    }
}

static void a_low_order_ephemeral_key_opens_nothing(void **state)
{
    struct en_key s = {{1}};

    (void)state;
    for (size_t i = 0; i < LOW_ORDER; i++) {
        low_point(epk, i, false);
        assert_int_equal(open_as(0, &s), EN_FORGED);
        assert_int_equal(s.b[0], 1);
    }
}

static void only_points_of_large_order_are_admissible(void **state)
{
    uint8_t pk[32];

    (void)state;
    for (size_t i = 0; i < LOW_ORDER; i++)
        for (int high = 0; high < 2; high++) {
            low_point(pk, i, high);
            assert_false(en_x25519_admissible(pk));
        }
    for (size_t i = 0; i < N; i++)
        assert_true(en_x25519_admissible(to[i].pk));
}

static void x25519_gives_both_sides_the_same_key(void **state)
{
    struct en_key a;
    struct en_key b;

    (void)state;
    assert_int_equal(en_x25519(&a, &sk[0], to[1].pk), EN_OK);
    assert_int_equal(en_x25519(&b, &sk[1], to[0].pk), EN_OK);
    assert_memory_equal(a.b, b.b, 32);
}

static void a_list_of_nobody_has_an_ephemeral_key_and_no_box(void **state)
{
    size_t equal = 9;

    (void)state;
    assert_int_equal(en_wrap_make(&seed, &circle, ctx, NULL, 0, epk, boxes),
                     EN_OK);
    assert_int_equal(
        en_wrap_check(&seed, &circle, ctx, NULL, 0, epk, boxes, &equal), EN_OK);
    assert_int_equal(equal, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        T(every_recipient_opens_its_box_to_the_seed),
        T(nobody_opens_the_box_of_another),
        T(a_box_is_bound_to_circle_context_and_recipient),
        T(an_honest_list_checks_and_all_boxes_are_counted),
        T(a_flipped_bit_in_any_box_is_seen_and_counted),
        T(a_flipped_bit_in_the_ephemeral_key_is_seen),
        T(another_seed_context_or_list_checks_nothing),
        T(a_box_sealed_with_other_coins_opens_but_does_not_check),
        T(a_low_order_recipient_stops_the_sealing_with_nothing_left),
        T(a_low_order_recipient_never_checks),
        T(a_low_order_key_gives_zeros_and_an_error),
        T(a_low_order_ephemeral_key_opens_nothing),
        T(only_points_of_large_order_are_admissible),
        T(x25519_gives_both_sides_the_same_key),
        T(a_list_of_nobody_has_an_ephemeral_key_and_no_box),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
