/*
 * mo.h - reading a compiled catalogue of sentences, bounds first.
 *
 * The catalogues are embedded by po/embed.cmake, so they are ours; they are
 * checked all the same, once, when opened, and no later read can leave them.
 *
 * Ownership  an en_mo borrows the bytes it was opened on.
 * Errors     EN_PROTOCOL: not a little-endian catalogue of revision 0, an offset
 *            or a length that leaves it, a string without its NUL, no order.
 * Source     GNU gettext manual, "The Format of GNU MO Files".
 */
#ifndef EN_CLI_MO_H
#define EN_CLI_MO_H

#include "base/bytes.h"

struct en_mo {
    struct en_span bytes;
    uint32_t count;
    uint32_t ids;   /* offset of the table of ids */
    uint32_t texts; /* offset of the table of translations */
};

en_err en_mo_open(struct en_mo *mo, struct en_span bytes);

/* The i-th pair, i < count; plural forms stand one after the other, a NUL
 * between. A context stands before its id, a byte 4 between. */
struct en_span en_mo_id(const struct en_mo *mo, uint32_t i);
struct en_span en_mo_text(const struct en_mo *mo, uint32_t i);

/* The translation whose id (its singular) is id; false if there is none. */
bool en_mo_find(const struct en_mo *mo, const char *id, struct en_span *text);

/* The n-th of the forms that text holds; false when it holds fewer. */
bool en_mo_form(struct en_span text, unsigned n, struct en_span *form);

#endif
