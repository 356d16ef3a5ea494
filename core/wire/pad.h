/*
 * pad.h - lengths that say little, and the padding that makes them.
 *
 * Padme rounds a length up to one of few values, at most 11.63 % above it. Below
 * 256 it would still leave 44 classes, so 256 is the floor. What is sealed is
 *
 *   len u32 || content (len bytes) || zeros     en_padded_len(len) bytes in all
 *
 * Ownership  en_pad's result is the caller's, en_secret_free.
 * Units      bytes.
 * Source     Padme: Nikitin et al., PURBs, PETS 2019; docs/formats/pack.md.
 */
#ifndef EN_WIRE_PAD_H
#define EN_WIRE_PAD_H

#include "base/secret.h"

#define EN_PAD_LEAST 256

size_t en_padme(size_t n);            /* n at most SIZE_MAX / 2: asserted */
size_t en_padded_len(size_t content); /* content at most UINT32_MAX: asserted */

/* out is written on EN_OK only. EN_RANGE: over UINT32_MAX bytes; EN_NOMEM. */
en_err en_pad(struct en_span content, struct en_secret *out);

/* *content points into padded. EN_FORGED unless padded is what en_pad makes of
 * it, to the byte: one content has one padded form. */
en_err en_unpad(struct en_span padded, struct en_span *content);

#endif
