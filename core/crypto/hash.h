/*
 * hash.h - BLAKE2b with label and circle salt; the keyed form is our KDF.
 *
 *   H(p, x)       salt cid16, personalisation p     en_hash(out, p, cid16, ...)
 *   HZ(p, x)      salt zero                         en_hash(out, p, NULL, ...)
 *   KDF(k, p, x)  the same, keyed with 32 bytes     en_kdf(out, k, p, cid16, ...)
 *   KDFZ(k, p, x)                                   en_kdf(out, k, p, NULL, ...)
 *
 * x is the concatenation of the spans given; the caller sees to it that they are
 * fixed-width or length-prefixed. Nothing here can fail on data: libsodium's -1
 * means a wrong length of ours, and is asserted.
 *
 * Source     RFC 7693; libsodium crypto_generichash_blake2b_*_salt_personal.
 */
#ifndef EN_CRYPTO_HASH_H
#define EN_CRYPTO_HASH_H

#include "base/secret.h"

#define EN_HASH_PARTS_MAX 8

/* cid16: 16 bytes or NULL; parts: n spans, n <= EN_HASH_PARTS_MAX. */
void en_hash(uint8_t out[32], const char *label, const struct en_id16 *cid16,
             const struct en_span *parts, size_t n);
void en_kdf(struct en_key *out, const struct en_key *k, const char *label,
            const struct en_id16 *cid16, const struct en_span *parts, size_t n);
/* The 24-byte forms (synthetic nonces). */
void en_kdf24(uint8_t out[24], const struct en_key *k, const char *label,
              const struct en_id16 *cid16, const struct en_span *parts,
              size_t n);
/* Keyed by 64 bytes: the joining psk from CPace's ISK. */
void en_kdf_isk(struct en_key *out, const uint8_t isk[64], const char *label);

/* Keyed BLAKE2b-256, salt and personalisation zero: for a key that a label has
 * separated already (the vault header's MAC). */
void en_mac(uint8_t out[32], const struct en_key *k,
            const struct en_span *parts, size_t n);

/* For inputs that do not fit in a few spans. */
struct en_hash_state {
    _Alignas(64) uint8_t opaque[384];
};

void en_hash_begin(struct en_hash_state *st, const char *label,
                   const struct en_id16 *cid16);
void en_hash_add(struct en_hash_state *st, struct en_span part);
void en_hash_end(struct en_hash_state *st, uint8_t out[32]); /* wipes st */

/* Only for BIP-39 checksums. */
void en_sha256(uint8_t out[32], struct en_span x);

#define EN_HASH(out, label, cid16, ...)                                        \
    en_hash((out), (label), (cid16), (const struct en_span[]){__VA_ARGS__},    \
            sizeof((const struct en_span[]){__VA_ARGS__}) /                    \
                sizeof(struct en_span))
#define EN_KDF(out, k, label, cid16, ...)                                      \
    en_kdf((out), (k), (label), (cid16),                                       \
           (const struct en_span[]){__VA_ARGS__},                              \
           sizeof((const struct en_span[]){__VA_ARGS__}) /                     \
               sizeof(struct en_span))
#define EN_KDF24(out, k, label, cid16, ...)                                    \
    en_kdf24((out), (k), (label), (cid16),                                     \
             (const struct en_span[]){__VA_ARGS__},                            \
             sizeof((const struct en_span[]){__VA_ARGS__}) /                   \
                 sizeof(struct en_span))

#endif
