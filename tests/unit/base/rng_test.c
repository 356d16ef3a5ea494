#include "base/rng.h"

#include "lib/test.h"

static void one_seed_gives_the_same_bytes_however_they_are_drawn(void **state)
{
    struct en_rng_seeded a;
    struct en_rng_seeded b;
    uint8_t whole[300];
    uint8_t parts[300];
    size_t n = 0;

    (void)state;
    en_rng_seed(&a, 42);
    en_rng_seed(&b, 42);
    en_rng_bytes(&a.rng, whole, sizeof(whole));
    for (size_t step = 1; n < sizeof(parts); step++) {
        size_t take = step < sizeof(parts) - n ? step : sizeof(parts) - n;

        en_rng_bytes(&b.rng, parts + n, take);
        n += take;
    }
    assert_memory_equal(whole, parts, sizeof(whole));
    en_rng_seed(&b, 43);
    en_rng_bytes(&b.rng, parts, sizeof(parts));
    assert_memory_not_equal(whole, parts, sizeof(whole));
}

/* Frozen: simulations replay by seed on every machine and for ever. The value is
 * ChaCha20 computed by an independent program. */
static void seed_1_begins_with_known_bytes(void **state)
{
    struct en_rng_seeded a;
    uint8_t b[8];
    char hex[17];

    (void)state;
    en_rng_seed(&a, 1);
    en_rng_bytes(&a.rng, b, sizeof(b));
    en_hex(hex, b, sizeof(b));
    assert_string_equal(hex, "c5d30a7ce1ec1193");
}

struct fixed {
    struct en_rng rng;
    const uint32_t *v;
};

static void fixed_fill(struct en_rng *rng, uint8_t *out, size_t n)
{
    struct fixed *f = (struct fixed *)rng;

    assert_int_equal(n, 4);
    en_put_u32(out, *f->v++);
}

static void below_draws_again_what_would_favour_small_numbers(void **state)
{
    /* 2^32 mod 3 = 1: of all 32-bit values only 0 must be drawn again. */
    static const uint32_t for_3[] = {0, 0, 5};
    static const uint32_t for_pow[] = {0};
    struct fixed f = {.rng = {fixed_fill}, .v = for_3};

    (void)state;
    assert_int_equal(en_rng_below(&f.rng, 3), 2);
    assert_ptr_equal(f.v, for_3 + 3);
    f.v = for_pow;
    assert_int_equal(en_rng_below(&f.rng, 1u << 31), 0);
    f.v = for_pow;
    assert_int_equal(en_rng_below(&f.rng, 1), 0);
}

static void below_reaches_every_value_under_its_bound_and_no_other(void **state)
{
    struct en_rng_seeded a;
    unsigned seen[7] = {0};

    (void)state;
    en_rng_seed(&a, 7);
    for (int i = 0; i < 7000; i++) {
        uint32_t v = en_rng_below(&a.rng, 7);

        assert_true(v < 7);
        seen[v]++;
    }
    for (size_t i = 0; i < 7; i++)
        assert_in_range(seen[i], 800, 1200);
}

static void draw_below_zero(void *rng)
{
    (void)en_rng_below(rng, 0);
}

static void a_bound_of_zero_is_our_own_bug(void **state)
{
    (void)state;
    assert_true(dies(draw_below_zero, en_rng_system()));
}

static void the_system_source_does_not_repeat(void **state)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};

    (void)state;
    en_rng_bytes(en_rng_system(), a, sizeof(a));
    en_rng_bytes(en_rng_system(), b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    en_rng_bytes(en_rng_system(), NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_seed_gives_the_same_bytes_however_they_are_drawn),
        cmocka_unit_test(seed_1_begins_with_known_bytes),
        cmocka_unit_test(below_draws_again_what_would_favour_small_numbers),
        cmocka_unit_test(
            below_reaches_every_value_under_its_bound_and_no_other),
        cmocka_unit_test(a_bound_of_zero_is_our_own_bug),
        cmocka_unit_test(the_system_source_does_not_repeat),
    };

    return cmocka_run_group_tests_name("base/rng", tests, NULL, NULL);
}
