#include "base/text.h"
#include "base/words.h"
#include "lib/test.h"
#include "lib/vec.h"

#include <sodium.h>

static void add_word(struct en_buf *b, enum en_lang lang, unsigned index)
{
    if (b->n > 0)
        assert_ok(en_buf_add_u8(b, ' '));
    assert_ok(en_buf_add_str(b, en_word(lang, index)));
}

/* Entropy and the first bits of its SHA-256, as words. */
static unsigned words_of_entropy(struct en_span entropy, unsigned *index)
{
    uint8_t bits[33] = {0};
    uint8_t sum[crypto_hash_sha256_BYTES];
    unsigned count = (unsigned)(entropy.n * 8 + entropy.n * 8 / 32) / 11;

    assert_true(entropy.n <= 32);
    assert_int_equal(crypto_hash_sha256(sum, entropy.p, entropy.n), 0);
    memcpy(bits, entropy.p, entropy.n);
    bits[entropy.n] = sum[0];
    en_words_of_bits(bits, count, index);
    return count;
}

static void one_list(const char *name, enum en_lang lang)
{
    struct vec v;
    struct en_json e;
    struct en_buf entropy = {0};
    struct en_buf text = {0};
    struct en_buf theirs = {0};
    struct en_buf ours = {0};
    unsigned n = 0;

    vec_load(&v, "vectors/wordlists/bip39_vectors.json");
    for (struct en_json_iter it = en_json_each(vec_get(v.root, name));
         en_json_next(&it, NULL, &e); n++) {
        unsigned index[24];
        unsigned typed[24];
        uint8_t back[33];
        unsigned count;
        struct en_span left;
        unsigned at = 0;

        vec_hex_of(en_json_at(e, 0), &entropy);
        vec_str_of(en_json_at(e, 1), &text);
        en_buf_clear(&theirs);
        assert_ok(en_text_nfc(en_buf_span(&text), &theirs));

        count = words_of_entropy(en_buf_span(&entropy), index);
        en_buf_clear(&ours);
        for (unsigned i = 0; i < count; i++)
            add_word(&ours, lang, index[i]);
        if (!en_span_eq(en_buf_span(&ours), en_buf_span(&theirs)))
            fail_msg("%.*s", (int)theirs.n, theirs.p);

        /* and back, from the words as they were published */
        left = en_buf_span(&text);
        while (left.n > 0) {
            size_t len = 0;

            while (len < left.n && left.p[len] != ' ')
                len++;
            assert_true(at < 24);
            assert_ok(en_word_find(lang, EN_SPAN(left.p, len), &typed[at++]));
            left = len < left.n ? EN_SPAN(left.p + len + 1, left.n - len - 1)
                                : EN_SPAN(NULL, 0);
        }
        assert_int_equal(at, count);
        en_bits_of_words(typed, count, back);
        assert_memory_equal(back, entropy.p, entropy.n);
    }
    assert_int_equal(n, 24);
    en_buf_free(&entropy);
    en_buf_free(&text);
    en_buf_free(&theirs);
    en_buf_free(&ours);
    vec_free(&v);
}

static void english_mnemonics_come_out_as_published_and_back(void **state)
{
    (void)state;
    one_list("english", EN_LANG_EN);
}

static void french_mnemonics_come_out_as_published_and_back(void **state)
{
    (void)state;
    one_list("french", EN_LANG_FR);
}

static void one_file(const char *path, enum en_lang lang)
{
    struct en_buf file = {0};
    struct en_buf nfc = {0};
    size_t start = 0;
    unsigned n = 0;

    vec_file(path, &file);
    for (size_t i = 0; i < file.n; i++) {
        if (file.p[i] != '\n')
            continue;
        en_buf_clear(&nfc);
        assert_ok(en_text_nfc(EN_SPAN(file.p + start, i - start), &nfc));
        assert_true(n < EN_WORDS_COUNT);
        assert_span(en_buf_span(&nfc), en_word(lang, n++));
        start = i + 1;
    }
    assert_int_equal(n, EN_WORDS_COUNT);
    en_buf_free(&nfc);
    en_buf_free(&file);
}

static void our_lists_are_the_published_ones(void **state)
{
    (void)state;
    one_file("vectors/wordlists/bip39_english.txt", EN_LANG_EN);
    one_file("vectors/wordlists/bip39_french.txt", EN_LANG_FR);
}

/* The bits half of PROTOCOL 16.2; the hash before them is crypto's. */
static void six_words_of_a_hash_are_the_frozen_ones(void **state)
{
    static const struct {
        const char *name;
        enum en_lang lang;
    } lists[] = {{"english", EN_LANG_EN}, {"french", EN_LANG_FR}};
    struct vec v;
    uint8_t hash[32];
    unsigned index[6];
    struct en_buf ours = {0};

    (void)state;
    vec_load(&v, "vectors/own/words.json");
    vec_hex_n(v.root, "words_hash", hash, sizeof(hash));
    en_words_of_bits(hash, 6, index);
    for (size_t i = 0; i < 6; i++) {
        uint64_t expect = 9999;

        assert_ok(
            en_json_u64(en_json_at(vec_get(v.root, "indices"), i), &expect));
        assert_int_equal(index[i], expect);
    }
    for (size_t l = 0; l < 2; l++) {
        en_buf_clear(&ours);
        for (size_t i = 0; i < 6; i++)
            add_word(&ours, lists[l].lang, index[i]);
        assert_ok(en_buf_add_u8(&ours, 0));
        assert_true(en_json_str_is(vec_get(v.root, lists[l].name),
                                   (const char *)ours.p));
    }
    en_buf_free(&ours);
    vec_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_mnemonics_come_out_as_published_and_back),
        cmocka_unit_test(french_mnemonics_come_out_as_published_and_back),
        cmocka_unit_test(our_lists_are_the_published_ones),
        cmocka_unit_test(six_words_of_a_hash_are_the_frozen_ones),
    };

    return cmocka_run_group_tests_name("vectors/bip39", tests, NULL, NULL);
}
