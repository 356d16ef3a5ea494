/*
 * text.h - what arrives as text: validity, NFC, folding, width, harmlessness.
 *
 * Every text is checked for UTF-8 before anything else, brought to NFC before it
 * is kept, folded for comparison only, and made harmless before it is printed.
 *
 * Fold (PRODUCT 6.1): NFKD; combining marks dropped; case folded; oe, ae, ss, o,
 * l for the ligatures and letters that do not decompose; every apostrophe ' ;
 * every dash - ; every space, tab and line end a space; characters that never
 * show (soft hyphen, zero width) dropped. Folding twice changes nothing, and
 * texts with the same NFC fold alike.
 *
 * Ownership  spans are borrowed; what is appended is the buffer's.
 * Errors     EN_RANGE: not UTF-8, or longer than the buffer's max. EN_NOMEM.
 *            The buffer then holds what it held before the call.
 * Source     Unicode via utf8proc.
 */
#ifndef EN_BASE_TEXT_H
#define EN_BASE_TEXT_H

#include "base/bytes.h"

bool en_text_utf8(struct en_span s);  /* shortest forms, no surrogates */
bool en_text_valid(struct en_span s); /* the same, and no NUL */

/* Valid; control characters (Cc) allowed: none (a line, which holds no line or
 * paragraph separator either) or line feed and tab (a text). May be empty. */
bool en_text_is_line(struct en_span s);
bool en_text_is_text(struct en_span s);

en_err en_text_nfc(struct en_span s, struct en_buf *out);  /* appends */
en_err en_text_fold(struct en_span s, struct en_buf *out); /* appends */

/* The folded text and, for each of its bytes, where in s the character began it
 * came from: at[i] is a byte offset into s, and at[out->n] is s.n. For excerpts.
 * *at is malloc'd, out->n + 1 entries, freed by the caller, set on EN_OK only.
 * out must be empty. EN_RANGE also from 4 GiB on. */
en_err en_text_fold_map(struct en_span s, struct en_buf *out, uint32_t **at);

/* Appends the NFC of a name or label of a person, a device or a circle. EN_RANGE
 * also for control characters (Cc, Cf), line and paragraph separators, nothing
 * that shows (empty, spaces only), or more than max bytes. */
en_err en_text_name(struct en_span s, size_t max, struct en_buf *out);

/* Columns on a terminal of what en_text_harmless let through (a byte that is no
 * UTF-8 counts as the dot it will be), never fewer than a terminal uses.
 * en_text_cut: the byte length of the longest prefix of s that ends at the end
 * of a grapheme and takes at most cols. */
size_t en_text_width(struct en_span s);
size_t en_text_cut(struct en_span s, size_t cols);

/* Appends s with each control character, whole control sequence (ESC [ ... m),
 * direction mark or override, invisible tag, line separator and byte that is no
 * UTF-8 shown as a middle dot. Line feeds and tabs stay if text. */
en_err en_text_harmless(struct en_span s, bool text, struct en_buf *out);

/* Whether a character alone can disturb a terminal or hide what is written: what
 * en_text_harmless replaces, line feed and tab among them. */
bool en_text_is_harmful(int32_t cp);

/* Folded comparison for sorting: folded keys, ties by the unfolded bytes. A
 * total order; a key ends where its text is no UTF-8. Allocates nothing. */
int en_text_compare(struct en_span a, struct en_span b);

/* Next character: its code point, advancing *s; -1 at the end or on bad UTF-8
 * (which ends the text). en_text_put appends one code point as UTF-8. */
int32_t en_text_next(struct en_span *s);
en_err en_text_put(struct en_buf *out, int32_t cp); /* EN_RANGE: no character */
bool en_text_is_alnum(int32_t cp);                  /* letter, mark or number */

#endif
