/*
 * fold.h - folded text for searching, fast. For this folder only.
 *
 * The same folding as base/text.h, a character at a time: it depends on no
 * neighbour, so each one's result is remembered. Runs of spaces become one, so
 * that a phrase is found across the end of a line.
 *
 * Errors     EN_RANGE: not UTF-8; EN_NOMEM. out is then as it was.
 */
#ifndef EN_JOURNAL_FOLD_H
#define EN_JOURNAL_FOLD_H

#include "base/bytes.h"

#define EN_FOLD_SLOTS 512 /* characters remembered: an alphabet or two */
#define EN_FOLD_BYTES 12  /* a longer folding is not remembered */

struct en_fold_slot {
    int32_t cp; /* 0: free */
    uint8_t n;
    uint8_t b[EN_FOLD_BYTES];
};

struct en_folder {
    uint8_t ascii[128]; /* what each folds to, one byte */
    bool word[128];     /* whether that is of a word */
    struct en_fold_slot slot[EN_FOLD_SLOTS];
};

en_err en_folder_init(struct en_folder *f);

/* Appends the folded s. map may be NULL; else for each byte appended the offset in
 * s, as uint32_t, of the character it comes from. */
en_err en_fold(struct en_folder *f, struct en_span s, struct en_buf *out,
               struct en_buf *map);

/* Whether a word starts at s.p[i]: something of a word stands there and nothing
 * of one before it. s is folded. */
bool en_fold_starts(const struct en_folder *f, struct en_span s, size_t i);
/* The next maximal run of letters, marks and digits at or after *at, which is
 * moved past it; empty at the end. */
struct en_span en_fold_word(const struct en_folder *f, struct en_span s,
                            size_t *at);

#endif
