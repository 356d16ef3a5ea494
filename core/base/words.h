/*
 * words.h - bits as words people can say.
 *
 * Two lists of 2,048 words, French and English; 11 bits a word, bit 0 being the
 * most significant bit of byte 0. Six words speak 66 bits aloud; 24 words carry
 * 256 bits and a checksum byte that the caller computes (crypto/ owns SHA-256).
 * Words are shown in NFC and recognised folded, by their first four letters.
 *
 * Source     BIP-0039 lists, notice in docs/formats/words.md.
 */
#ifndef EN_BASE_WORDS_H
#define EN_BASE_WORDS_H

#include "base/bytes.h"

enum en_lang { EN_LANG_FR = 0, EN_LANG_EN = 1 };

#define EN_WORDS_COUNT 2048

const char *en_word(enum en_lang lang, unsigned index); /* NFC, static */

/* The index of the word that w begins or is, folded; needs four letters (or the
 * whole word, if shorter). EN_ABSENT if none, EN_NOMEM; *index on EN_OK only. */
en_err en_word_find(enum en_lang lang, struct en_span w, unsigned *index);

/* First four letters after folding (shorter words whole): out holds 5 bytes. */
void en_word_key(enum en_lang lang, unsigned index, char out[5]);

/* count words of 11 bits; bits holds (11 count + 7) / 8 bytes, and on writing
 * what is left of the last one is zero. Each index is below EN_WORDS_COUNT. */
void en_words_of_bits(const uint8_t *bits, unsigned count, unsigned *index);
void en_bits_of_words(const unsigned *index, unsigned count, uint8_t *bits);

#endif
