/*
 * aead.h - XChaCha20-Poly1305-IETF with the caller's key and nonce.
 *
 * It does not commit to its key: callers that need that keep a commitment or
 * recompute a synthetic nonce (circle/seal, circle/epoch, vault/keyslot). The
 * chunked form for files is libsodium's secretstream.
 *
 * Errors     EN_FORGED: authentication failed, and out is zeroed.
 * Source     draft-irtf-cfrg-xchacha-03.
 */
#ifndef EN_CRYPTO_AEAD_H
#define EN_CRYPTO_AEAD_H

#include "base/secret.h"

#define EN_NONCE_LEN 24
#define EN_TAG_LEN   16

/* out: plain.n + 16 bytes; may be plain's own memory. */
void en_aead_seal(const struct en_key *k, const uint8_t nonce[EN_NONCE_LEN],
                  struct en_span ad, struct en_span plain, uint8_t *out);

/* ct.n >= 16, else EN_FORGED; out: ct.n - 16 bytes; may be ct's own memory. */
en_err en_aead_open(const struct en_key *k, const uint8_t nonce[EN_NONCE_LEN],
                    struct en_span ad, struct en_span ct, uint8_t *out);

/* Detached, for pages: the tag lies elsewhere. In place allowed. */
void en_aead_seal_detached(const struct en_key *k, const uint8_t nonce[24],
                           struct en_span ad, struct en_span plain,
                           uint8_t *out, uint8_t tag[16]);
en_err en_aead_open_detached(const struct en_key *k, const uint8_t nonce[24],
                             struct en_span ad, struct en_span ct,
                             const uint8_t tag[16], uint8_t *out);

/* ChaCha20-Poly1305 (IETF, 12-byte nonce): Noise only. */
void en_aead12_seal(const struct en_key *k, const uint8_t nonce[12],
                    struct en_span ad, struct en_span plain, uint8_t *out);
en_err en_aead12_open(const struct en_key *k, const uint8_t nonce[12],
                      struct en_span ad, struct en_span ct, uint8_t *out);

#endif
