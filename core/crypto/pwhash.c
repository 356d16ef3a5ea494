#include "crypto/pwhash.h"

#include "base/limits.h"

#include <sodium.h>

_Static_assert(EN_PWHASH_SALT_LEN == crypto_pwhash_argon2id_SALTBYTES &&
                   sizeof(struct en_id16) == EN_PWHASH_SALT_LEN,
               "Argon2id salt");
_Static_assert(EN_PWHASH_OPS_MAX <= crypto_pwhash_argon2id_OPSLIMIT_MAX,
               "the ceiling on passes is below libsodium's");

#define WORDS_OPS     3u
#define WORDS_MEM_KIB 131072u

en_err en_pwhash_cost_check(const struct en_pwhash_cost *c)
{
    bool strong = c->ops >= EN_PWHASH_OPS && c->mem_kib >= EN_PWHASH_MEM_KIB;
    bool weak =
        c->ops >= EN_PWHASH_WEAK_OPS && c->mem_kib >= EN_PWHASH_WEAK_KIB;

    if (c->ops > EN_PWHASH_OPS_MAX || c->mem_kib > EN_PWHASH_MEM_KIB_MAX)
        return EN_RANGE;
    return strong || weak ? EN_OK : EN_RANGE;
}

/* With lengths and costs in bounds, memory is all that libsodium can lack. */
static en_err argon2id(uint8_t out[32], struct en_span secret,
                       const uint8_t salt[EN_PWHASH_SALT_LEN], uint32_t ops,
                       uint32_t mem_kib)
{
    static const uint8_t nothing[1];
    const uint8_t *p = secret.n > 0 ? secret.p : nothing;

    if (crypto_pwhash(out, 32, (const char *)p, secret.n, salt, ops,
                      (size_t)mem_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        en_wipe(out, 32);
        return EN_NOMEM;
    }
    return EN_OK;
}

en_err en_pwhash(struct en_key *out, struct en_span passphrase,
                 const uint8_t salt[EN_PWHASH_SALT_LEN],
                 const struct en_pwhash_cost *c)
{
    en_err err = en_pwhash_cost_check(c);

    if (err != EN_OK)
        return err;
    if (passphrase.n > EN_PASSPHRASE_MAX)
        return EN_RANGE;
    return argon2id(out->b, passphrase, salt, c->ops, c->mem_kib);
}

en_err en_pwhash_words(uint8_t out[32], const uint8_t digest[32],
                       const struct en_id16 *cid16)
{
    return argon2id(out, EN_SPAN(digest, 32), cid16->b, WORDS_OPS,
                    WORDS_MEM_KIB);
}
