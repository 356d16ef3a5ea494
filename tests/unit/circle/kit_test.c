/* Keys on paper: words there and back, and keys that differ wherever they must. */
#include "lib/test.h"

#include "circle/kit.h"

static void words_give_the_entropy_back(void **state)
{
    struct en_rng_seeded rng;
    unsigned index[24];

    (void)state;
    en_rng_seed(&rng, 24);
    for (int i = 0; i < 200; i++) {
        struct en_key e;
        struct en_key back;

        en_rng_bytes(&rng.rng, e.b, sizeof(e.b));
        en_kit_words(&e, index);
        for (int k = 0; k < 24; k++)
            assert_true(index[k] < 2048);
        assert_ok(en_kit_entropy(index, &back));
        assert_memory_equal(e.b, back.b, 32);
    }
}

/* The published sentence of 256 zero bits: 23 times "abandon", then "art". */
static void zero_bits_are_the_known_words(void **state)
{
    struct en_key e = {{0}};
    unsigned index[24];

    (void)state;
    en_kit_words(&e, index);
    for (int k = 0; k < 23; k++)
        assert_int_equal(index[k], 0);
    assert_int_equal(index[23], 102);
}

/* Eight bits of checksum: one wrong word in 256 passes, and no more. */
static void a_wrong_word_is_noticed(void **state)
{
    struct en_key e = {{1, 2, 3}};
    struct en_key out = {{9}};
    struct en_key was = out;
    unsigned index[24];
    unsigned passed = 0;

    (void)state;
    en_kit_words(&e, index);
    for (int k = 0; k < 24; k++) {
        unsigned right = index[k];

        for (unsigned w = 0; w < 2048; w++) {
            if (w == right)
                continue;
            index[k] = w;
            if (en_kit_entropy(index, &out) == EN_OK)
                passed++;
            else
                assert_memory_equal(&out, &was, sizeof(out));
            out = was;
        }
        index[k] = right;
    }
    assert_true(passed > 0 && passed < 24 * 2047 / 128);
}

static void two_words_exchanged_are_mostly_noticed(void **state)
{
    struct en_rng_seeded rng;
    unsigned passed = 0;

    (void)state;
    en_rng_seed(&rng, 3);
    for (int i = 0; i < 100; i++) {
        struct en_key e;
        unsigned index[24];
        unsigned swap;

        en_rng_bytes(&rng.rng, e.b, sizeof(e.b));
        en_kit_words(&e, index);
        swap = index[4];
        index[4] = index[5];
        index[5] = swap;
        passed += en_kit_entropy(index, &e) == EN_OK;
    }
    assert_true(passed < 10);
}

static void
a_kit_s_keys_differ_among_themselves_and_between_circles(void **state)
{
    struct en_key e = {{1}};
    struct en_id one = {{1}};
    struct en_id two = {{1}};
    struct en_device_keys k[2];
    const struct en_key *all[8];

    (void)state;
    two.b[31] = 1; /* the same first 16 bytes: the salt alone would not do */
    en_kit_keys(&e, &one, &k[0]);
    en_kit_keys(&e, &two, &k[1]);
    for (int i = 0; i < 2; i++) {
        all[4 * i] = &k[i].sign;
        all[4 * i + 1] = &k[i].wrap;
        all[4 * i + 2] = &k[i].link;
        all[4 * i + 3] = &k[i].find;
        assert_true(en_is_zero_ct(k[i].secret.b, 32));
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(all[i]->b, all[j]->b, 32);
}

static void a_root_s_key_depends_on_the_genesis(void **state)
{
    struct en_key e = {{1}};
    uint8_t random[32] = {0};
    struct en_key a;
    struct en_key b;

    (void)state;
    en_root_seed(&e, random, &a);
    random[31] = 1;
    en_root_seed(&e, random, &b);
    assert_memory_not_equal(a.b, b.b, 32);
    random[31] = 0;
    en_root_seed(&e, random, &b);
    assert_memory_equal(a.b, b.b, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_give_the_entropy_back),
        cmocka_unit_test(zero_bits_are_the_known_words),
        cmocka_unit_test(a_wrong_word_is_noticed),
        cmocka_unit_test(two_words_exchanged_are_mostly_noticed),
        cmocka_unit_test(
            a_kit_s_keys_differ_among_themselves_and_between_circles),
        cmocka_unit_test(a_root_s_key_depends_on_the_genesis),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
