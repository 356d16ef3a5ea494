#include "lib/test.h"
#include "lib/vec.h"
#include "wire/pad.h"

static void padme_gives_the_published_lengths(void **state)
{
    struct vec v;
    struct en_json e;
    unsigned n = 0;

    (void)state;
    vec_load(&v, "vectors/padme/padme.json");
    for (struct en_json_iter it = en_json_each(vec_get(v.root, "cases"));
         en_json_next(&it, NULL, &e); n++)
        assert_int_equal(en_padme(vec_u64(e, "len")), vec_u64(e, "padded"));
    assert_int_equal(n, 21);
    vec_free(&v);
}

static void padme_clears_the_published_number_of_bits(void **state)
{
    struct vec v;
    struct en_json e;
    unsigned n = 0;

    (void)state;
    vec_load(&v, "vectors/padme/padme.json");
    for (struct en_json_iter it = en_json_each(vec_get(v.root, "bits_to_zero"));
         en_json_next(&it, NULL, &e); n++) {
        size_t unit = (size_t)1 << vec_u64(e, "bits");
        size_t len = vec_u64(e, "len");

        assert_int_equal(en_padme(len), (len + unit - 1) / unit * unit);
    }
    assert_int_equal(n, 3);
    vec_free(&v);
}

static void the_wrong_variants_are_not_ours(void **state)
{
    struct vec v;
    struct en_json e;
    unsigned n = 0;

    (void)state;
    vec_load(&v, "vectors/padme/padme.json");
    for (struct en_json_iter it =
             en_json_each(vec_get(v.root, "known_wrong_variants"));
         en_json_next(&it, NULL, &e);) {
        if (!vec_has(e, "len"))
            continue; /* powers of two: below */
        n++;
        assert_true(en_padme(vec_u64(e, "len")) != vec_u64(e, "padded_wrong"));
    }
    assert_int_equal(n, 1);
    assert_int_not_equal(en_padme(1025), 2048);
    vec_free(&v);
}

/* The protocol's own examples. */
static void the_protocols_examples_hold(void **state)
{
    (void)state;
    assert_int_equal(en_padme(100), 104);
    assert_int_equal(en_padme(1000), 1024);
    assert_int_equal(en_padme(5004), 5120);
    assert_int_equal(en_padme(129), 144);
    assert_int_equal(en_padded_len(300), 304);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padme_gives_the_published_lengths),
        cmocka_unit_test(padme_clears_the_published_number_of_bits),
        cmocka_unit_test(the_wrong_variants_are_not_ours),
        cmocka_unit_test(the_protocols_examples_hold),
    };

    return cmocka_run_group_tests_name("vectors/padme", tests, NULL, NULL);
}
