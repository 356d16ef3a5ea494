/*
 * wrap.h - X25519, and one seed sealed to n keys with one derived ephemeral key.
 *
 * The coins of the sealing are derived from the seed itself, so whoever opens a
 * box recomputes every byte and compares: all holders got the same seed, and no
 * byte of the list hides another copy (the first half of Fujisaki-Okamoto, for
 * several recipients). One ephemeral key and a zero nonce are sound because each
 * wk_i, bound to ctx and recipient, encrypts one message ever.
 *
 *   esk  = KDF(s, "en1.ep.esk", ctx);  epk = X25519(esk, base)
 *   z_i  = X25519(esk, wrap_pk_i)                        -1 is EN_FORGED
 *   wk_i = KDF(z_i, "en1.wrap.key", ctx || device_id_i || wrap_pk_i || epk)
 *   box_i = XChaCha20-Poly1305(wk_i, 0^24, ad ctx, s)    48 bytes
 *
 * Source     PROTOCOL 7.1 (docs/formats/epoch.md).
 */
#ifndef EN_CRYPTO_WRAP_H
#define EN_CRYPTO_WRAP_H

#include "base/secret.h"

#define EN_BOX_LEN 48

/* X25519. EN_FORGED when the result is all zero (a low-order point); out is then
 * zero. */
en_err en_x25519(struct en_key *out, const struct en_key *sk,
                 const uint8_t pk[32]);
void en_x25519_public(const struct en_key *sk, uint8_t pk[32]);
/* True if pk is usable: a multiplication by a fixed scalar succeeds. */
bool en_x25519_admissible(const uint8_t pk[32]);

struct en_wrap_to {
    struct en_id device;
    uint8_t pk[32];
};

/* epk and n boxes (48 n bytes) for the recipients in the order given. EN_FORGED
 * if a recipient's key is low order: epk and boxes are then zero. */
en_err en_wrap_make(const struct en_key *seed, const struct en_id16 *cid16,
                    const uint8_t ctx[32], const struct en_wrap_to *to,
                    size_t n, uint8_t epk[32], uint8_t *boxes);

/* Opens one box with the recipient's wrap secret. EN_FORGED: seed is untouched.
 * What comes out is not believed before its commitment and en_wrap_check. */
en_err en_wrap_open(const struct en_key *wrap_sk, const struct en_id16 *cid16,
                    const uint8_t ctx[32], const struct en_wrap_to *me,
                    const uint8_t epk[32], const uint8_t box[EN_BOX_LEN],
                    struct en_key *seed);

/* Recomputes epk and all boxes from the seed and compares every byte in constant
 * time; *equal counts those that match. EN_OK only if all do and epk too. */
en_err en_wrap_check(const struct en_key *seed, const struct en_id16 *cid16,
                     const uint8_t ctx[32], const struct en_wrap_to *to,
                     size_t n, const uint8_t epk[32], const uint8_t *boxes,
                     size_t *equal);

#endif
