#include "base/words.h"

#include "base/rng.h"
#include "base/text.h"
#include "lib/test.h"

static const enum en_lang langs[] = {EN_LANG_FR, EN_LANG_EN};

static void folded(const char *word, struct en_buf *out)
{
    en_buf_clear(out);
    assert_ok(en_text_fold(en_span_str(word), out));
}

static void
every_word_is_nfc_and_its_key_is_its_first_four_folded_letters(void **state)
{
    struct en_buf b = {0};

    (void)state;
    for (size_t l = 0; l < 2; l++) {
        for (unsigned i = 0; i < EN_WORDS_COUNT; i++) {
            const char *word = en_word(langs[l], i);
            char key[5] = "....";

            en_buf_clear(&b);
            assert_ok(en_text_nfc(en_span_str(word), &b));
            assert_span(en_buf_span(&b), word);
            folded(word, &b);
            en_word_key(langs[l], i, key);
            assert_int_equal(strlen(key), b.n < 4 ? b.n : 4);
            assert_memory_equal(key, b.p, strlen(key));
        }
    }
    en_buf_free(&b);
}

static void keys_rise_strictly_so_four_letters_name_one_word(void **state)
{
    (void)state;
    for (size_t l = 0; l < 2; l++) {
        char before[5] = "";

        for (unsigned i = 0; i < EN_WORDS_COUNT; i++) {
            char key[5];

            en_word_key(langs[l], i, key);
            assert_true(strcmp(before, key) < 0);
            memcpy(before, key, sizeof(key));
        }
    }
}

static void known_places_hold_known_words(void **state)
{
    (void)state;
    assert_string_equal(en_word(EN_LANG_EN, 0), "abandon");
    assert_string_equal(en_word(EN_LANG_EN, 2047), "zoo");
    assert_string_equal(en_word(EN_LANG_FR, 0), "abaisser");
    assert_string_equal(en_word(EN_LANG_FR, 18), "acad\xc3\xa9mie");
    assert_string_equal(en_word(EN_LANG_FR, 2047), "zoologie");
}

static void
a_word_is_found_whole_or_by_any_beginning_of_four_letters(void **state)
{
    struct en_buf b = {0};

    (void)state;
    for (size_t l = 0; l < 2; l++) {
        for (unsigned i = 0; i < EN_WORDS_COUNT; i++) {
            const char *word = en_word(langs[l], i);
            unsigned at = 9999;

            assert_ok(en_word_find(langs[l], en_span_str(word), &at));
            assert_int_equal(at, i);
            folded(word, &b);
            for (size_t n = 0; n <= b.n; n++) {
                en_err expect = n >= 4 || n == b.n ? EN_OK : EN_ABSENT;
                en_err err;

                at = 9999;
                err = en_word_find(langs[l], EN_SPAN(b.p, n), &at);
                /* Three letters of one word may be another word, whole. */
                if (expect == EN_ABSENT && err == EN_OK) {
                    assert_int_equal(strlen(en_word(langs[l], at)), n);
                    assert_int_not_equal(at, i);
                    continue;
                }
                assert_err(err, expect);
                assert_int_equal(at, expect == EN_OK ? i : 9999);
            }
        }
    }
    en_buf_free(&b);
}

static void case_and_accents_do_not_count(void **state)
{
    unsigned at = 0;

    (void)state;
    assert_ok(en_word_find(EN_LANG_FR, BYTES("ACAD\xc3\x89MIE"), &at));
    assert_int_equal(at, 18);
    assert_ok(en_word_find(EN_LANG_FR, BYTES("Acade\xcc\x81"), &at));
    assert_int_equal(at, 18);
    assert_ok(en_word_find(EN_LANG_EN, BYTES("Z\xc3\xb4O"), &at));
    assert_int_equal(at, 2047);
}

static void what_begins_no_word_is_absent(void **state)
{
    static const char *const bad[] = {
        "",         "a",        "aba",
        "abandons", "abandonx", "abanx",
        "zzzz",     "aaaa",     "aban don",
        " abandon", "abandon ", "12",
        "\xff",     "ab\x01",   "abandonabandonabandonabandonabandon",
        "zo",       "zoom",     "\xf0\x9f\x8c\xb1",
    };
    unsigned at = 9999;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_err(en_word_find(EN_LANG_EN, en_span_str(bad[i]), &at),
                   EN_ABSENT);
    assert_err(en_word_find(EN_LANG_EN, BYTES("aban\0"), &at), EN_ABSENT);
    assert_err(en_word_find(EN_LANG_EN, EN_SPAN(NULL, 0), &at), EN_ABSENT);
    assert_int_equal(at, 9999);
}

static void eleven_bits_make_a_word_most_significant_first(void **state)
{
    static const uint8_t bits[] = {0x80, 0x1f, 0xfc, 0x00, 0x80};
    unsigned index[3];

    (void)state;
    /* 10000000000 11111111111 00000000001 0000000 */
    en_words_of_bits(bits, 3, index);
    assert_int_equal(index[0], 1024);
    assert_int_equal(index[1], 2047);
    assert_int_equal(index[2], 1 << 0);
}

static void bits_and_words_undo_each_other_at_every_count(void **state)
{
    struct en_rng_seeded r;

    (void)state;
    print_message("# seed 11\n");
    en_rng_seed(&r, 11);
    for (unsigned count = 0; count <= 24; count++) {
        size_t n = (11 * count + 7) / 8;
        unsigned spare = (unsigned)(8 * n - 11 * count);
        uint8_t bits[33] = {0};
        uint8_t back[34];
        unsigned index[24];

        en_rng_bytes(&r.rng, bits, n);
        if (n > 0)
            bits[n - 1] = (uint8_t)(bits[n - 1] >> spare << spare);
        memset(back, 0xaa, sizeof(back));
        en_words_of_bits(bits, count, index);
        for (unsigned i = 0; i < count; i++)
            assert_true(index[i] < EN_WORDS_COUNT);
        en_bits_of_words(index, count, back);
        assert_memory_equal(back, bits, n);
        assert_int_equal(back[n], 0xaa);
    }
}

static void ask_for_word_2048(void *arg)
{
    (void)arg;
    (void)en_word(EN_LANG_FR, EN_WORDS_COUNT);
}

static void an_index_past_the_list_is_our_own_bug(void **state)
{
    (void)state;
    assert_true(dies(ask_for_word_2048, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            every_word_is_nfc_and_its_key_is_its_first_four_folded_letters),
        cmocka_unit_test(keys_rise_strictly_so_four_letters_name_one_word),
        cmocka_unit_test(known_places_hold_known_words),
        cmocka_unit_test(
            a_word_is_found_whole_or_by_any_beginning_of_four_letters),
        cmocka_unit_test(case_and_accents_do_not_count),
        cmocka_unit_test(what_begins_no_word_is_absent),
        cmocka_unit_test(eleven_bits_make_a_word_most_significant_first),
        cmocka_unit_test(bits_and_words_undo_each_other_at_every_count),
        cmocka_unit_test(an_index_past_the_list_is_our_own_bug),
    };

    return cmocka_run_group_tests_name("base/words", tests, NULL, NULL);
}
