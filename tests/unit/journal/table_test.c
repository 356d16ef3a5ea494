#include "journal/table.h"

#include "base/rng.h"
#include "lib/test.h"

#include <stdlib.h>

static bool holds(const struct en_table *t, uint64_t hash, const void *item)
{
    size_t i = EN_TABLE_START;
    void *x;

    while ((x = en_table_next(t, hash, &i)) != NULL) {
        if (x == item)
            return true;
    }
    return false;
}

static void an_empty_table_holds_nothing(void **state)
{
    struct en_table t = {0};
    size_t i = EN_TABLE_START;

    (void)state;
    assert_null(en_table_next(&t, 1, &i));
    en_table_free(&t);
}

/* Hashes from a small range, so that runs are long and wrap round the end. */
static void what_was_put_is_found_until_it_is_removed(void **state)
{
    enum { N = 3000 };
    static char item[N];
    static uint64_t hash[N];
    static bool in[N];
    struct en_table t = {0};
    struct en_rng_seeded rng;
    size_t count = 0;

    (void)state;
    en_rng_seed(&rng, 42);
    for (int step = 0; step < 20000; step++) {
        uint32_t k = en_rng_below(&rng.rng, N);

        if (in[k]) {
            en_table_remove(&t, hash[k], &item[k]);
            in[k] = false;
            count--;
        } else {
            hash[k] = en_rng_below(&rng.rng, 64) * 63;
            assert_ok(en_table_reserve(&t));
            en_table_put(&t, hash[k], &item[k]);
            in[k] = true;
            count++;
        }
        if (step % 97 != 0)
            continue;
        assert_int_equal(t.n, count);
        for (uint32_t j = 0; j < N; j++)
            assert_int_equal(holds(&t, hash[j], &item[j]), in[j]);
    }
    en_table_free(&t);
}

static void lengths_and_seeds_change_a_hash(void **state)
{
    static const uint8_t zeros[32];
    uint64_t seen[66];
    size_t n = 0;

    (void)state;
    for (size_t len = 0; len <= 32; len++) {
        seen[n++] = en_table_hash(1, zeros, len);
        seen[n++] = en_table_hash(2, zeros, len);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    }
}

/* Words of one to nine letters: every bit of them counts. */
static void each_byte_of_a_word_counts(void **state)
{
    uint8_t w[9];

    (void)state;
    for (size_t n = 1; n <= sizeof(w); n++) {
        for (size_t i = 0; i < n; i++) {
            uint64_t h;

            memset(w, 'a', sizeof(w));
            h = en_table_hash(9, w, n);
            w[i] = 'b';
            assert_true(en_table_hash(9, w, n) != h);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_holds_nothing),
        cmocka_unit_test(what_was_put_is_found_until_it_is_removed),
        cmocka_unit_test(lengths_and_seeds_change_a_hash),
        cmocka_unit_test(each_byte_of_a_word_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
