#include "base/words.h"

#include "base/text.h"

#include <string.h>

#define KEY_LEN  4
#define WORD_MAX 32 /* bytes typed for one word: the longest has 11 in NFC */

static const char *const french[] = {
#include "base/words_fr.h"
};
static const char *const english[] = {
#include "base/words_en.h"
};
_Static_assert(sizeof(french) / sizeof(french[0]) == EN_WORDS_COUNT, "fr");
_Static_assert(sizeof(english) / sizeof(english[0]) == EN_WORDS_COUNT, "en");

const char *en_word(enum en_lang lang, unsigned index)
{
    assert(index < EN_WORDS_COUNT);
    return lang == EN_LANG_EN ? english[index] : french[index];
}

/* A list word folded, at most n letters. Our lists hold a to z and e with an
 * acute or a grave accent, so this cannot fail where en_text_fold could for
 * want of memory; a test holds the two together for every word. */
static size_t fold_word(const char *word, char *out, size_t n)
{
    struct en_span s = en_span_str(word);
    size_t len = 0;
    int32_t cp;

    while (len < n && (cp = en_text_next(&s)) >= 0) {
        if (cp == 0xe8 || cp == 0xe9)
            cp = 'e';
        assert(cp >= 'a' && cp <= 'z');
        out[len++] = (char)cp;
    }
    return len;
}

void en_word_key(enum en_lang lang, unsigned index, char out[5])
{
    out[fold_word(en_word(lang, index), out, KEY_LEN)] = '\0';
}

/* Both lists are sorted by key, and keys are unique. */
en_err en_word_find(enum en_lang lang, struct en_span w, unsigned *index)
{
    struct en_buf typed = {.max = WORD_MAX};
    char word[WORD_MAX];
    char key[KEY_LEN + 1] = {0};
    unsigned low = 0;
    unsigned high = EN_WORDS_COUNT;
    size_t len;
    en_err err;

    err = en_text_fold(w, &typed);
    if (err == EN_RANGE)
        err = EN_ABSENT;
    if (err == EN_OK && typed.n == 0)
        err = EN_ABSENT;
    if (err != EN_OK)
        goto out;
    memcpy(key, typed.p, typed.n < KEY_LEN ? typed.n : KEY_LEN);

    while (low < high) {
        unsigned mid = low + (high - low) / 2;
        char at[KEY_LEN + 1];

        en_word_key(lang, mid, at);
        if (strcmp(at, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    err = EN_ABSENT;
    if (low == EN_WORDS_COUNT)
        goto out;
    len = fold_word(en_word(lang, low), word, sizeof(word));
    if (typed.n > len || memcmp(word, typed.p, typed.n) != 0)
        goto out;
    if (typed.n < KEY_LEN && typed.n != len)
        goto out;
    *index = low;
    err = EN_OK;
out:
    en_buf_free(&typed);
    return err;
}

void en_words_of_bits(const uint8_t *bits, unsigned count, unsigned *index)
{
    for (unsigned w = 0; w < count; w++) {
        unsigned v = 0;

        for (unsigned i = 11 * w; i < 11 * w + 11; i++)
            v = v << 1 | ((unsigned)bits[i / 8] >> (7 - i % 8) & 1u);
        index[w] = v;
    }
}

void en_bits_of_words(const unsigned *index, unsigned count, uint8_t *bits)
{
    memset(bits, 0, (11 * (size_t)count + 7) / 8);
    for (unsigned i = 0; i < 11 * count; i++) {
        unsigned bit = index[i / 11] >> (10 - i % 11) & 1u;

        bits[i / 8] = (uint8_t)(bits[i / 8] | bit << (7 - i % 8));
    }
}
