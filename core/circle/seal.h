/*
 * seal.h - a journal entry <-> a payload under an epoch.
 *
 *   plaintext = len u32 || content || zeros, in all max(256, padme(4 + len))
 *   K_n   = KDF(K_siv, "en1.rec.nk", header[0..71])
 *   nonce = KDF24(K_n, "en1.rec.siv", header[0..71] || plaintext)
 *   K_rec = KDF(K_content, "en1.rec.key", header[0..95])
 *   ct    = XChaCha20-Poly1305(K_rec, nonce, ad header[0..95], plaintext)
 *
 * The nonce is a keyed hash of header and text: a clone, a restored snapshot or a
 * dead random source never reuses one for different content. Recomputing it on
 * opening also binds key, header and text, which the AEAD alone does not.
 *
 * Errors     EN_FORGED: every failed check. EN_RANGE: content out of bounds.
 * Source     PROTOCOL 8.1; docs/formats/seal.md.
 */
#ifndef EN_CIRCLE_SEAL_H
#define EN_CIRCLE_SEAL_H

#include "circle/epoch.h"
#include "record/record.h"

/*
 * Fills h's ct_len, nonce, payload_hash and epoch; kind, type, seq, ctl_seq and
 * prev are the caller's. Appends the ciphertext to ct.
 */
en_err en_seal(const struct en_epoch_keys *keys, const struct en_id *cid,
               struct en_header *h, struct en_span content, struct en_buf *ct);

/* header: 128 bytes, its payload hash already compared by the run's check; content
 * is appended to out. */
en_err en_seal_open(const struct en_epoch_keys *keys, const uint8_t *header,
                    struct en_span ct, struct en_buf *out);

#endif
