/*
 * sign.h - Ed25519 over a 16-byte label and a message of fixed length.
 *
 * Each label has one message length (PROTOCOL 3), so no two uses can be read as
 * each other. Verification is libsodium's crypto_sign_verify_detached and no
 * other: a signature valid for one replica and invalid for another would split a
 * circle for ever.
 *
 * Source     RFC 8032; libsodium 1.0.18 (cofactorless, strict).
 */
#ifndef EN_CRYPTO_SIGN_H
#define EN_CRYPTO_SIGN_H

#include "base/secret.h"

#define EN_SIG_LEN     64
#define EN_SIGN_PK_LEN 32

/* Bytes signed under each label, the label itself not counted. */
#define EN_SIG_TIP_LEN   72  /* log_id || seq || id */
#define EN_SIG_CERT_LEN  178 /* a certificate */
#define EN_SIG_RENEW_LEN 72
#define EN_SIG_JOIN_LEN  64 /* a Noise handshake hash */

/* seed -> pk. The 64-byte secret form is rebuilt where needed and wiped. */
void en_sign_public(const struct en_key *seed, uint8_t pk[32]);

/* Signs label || msg. The label is one of labels.h's signature labels and msg has
 * exactly its length: anything else is our own bug and is asserted, in both. */
void en_sign(const struct en_key *seed, const char *label, struct en_span msg,
             uint8_t sig[EN_SIG_LEN]);

/* EN_FORGED on any failure. */
en_err en_verify(const uint8_t pk[32], const char *label, struct en_span msg,
                 const uint8_t sig[EN_SIG_LEN]);

/* What en_verify rests on, with no label: for the published vectors alone. */
en_err en_ed25519_verify(const uint8_t pk[32], struct en_span msg,
                         const uint8_t sig[EN_SIG_LEN]);

#endif
