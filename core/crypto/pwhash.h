/*
 * pwhash.h - Argon2id with a floor on its parameters.
 *
 * Errors     EN_RANGE below the floor (a downgrade) or above the ceiling (an
 *            attempt to exhaust memory), before Argon2id runs. EN_NOMEM.
 * Source     RFC 9106; crypto_pwhash ARGON2ID13.
 */
#ifndef EN_CRYPTO_PWHASH_H
#define EN_CRYPTO_PWHASH_H

#include "base/secret.h"

struct en_pwhash_cost {
    uint32_t ops;
    uint32_t mem_kib;
};

#define EN_PWHASH_OPS         3u
#define EN_PWHASH_MEM_KIB     262144u
#define EN_PWHASH_WEAK_OPS    4u
#define EN_PWHASH_WEAK_KIB    131072u
#define EN_PWHASH_OPS_MAX     16u
#define EN_PWHASH_MEM_KIB_MAX 2097152u
#define EN_PWHASH_SALT_LEN    16

/* At or above (3, 256 MiB) or (4, 128 MiB); at most ops 16 and 2 GiB. */
en_err en_pwhash_cost_check(const struct en_pwhash_cost *c);

/* passphrase: NFC, at most EN_PASSPHRASE_MAX bytes, else EN_RANGE. */
en_err en_pwhash(struct en_key *out, struct en_span passphrase,
                 const uint8_t salt[EN_PWHASH_SALT_LEN],
                 const struct en_pwhash_cost *c);

/* The six words of a circle state: (3, 128 MiB) over a digest (PROTOCOL 16.2).
 * Not a passphrase: its cost is fixed by the protocol. */
en_err en_pwhash_words(uint8_t out[32], const uint8_t digest[32],
                       const struct en_id16 *cid16);

#endif
