/*
 * internal.h - create and open a vault by its KEK, behind Argon2id.
 *
 * vault.c reaches the disk through these two, once it has stretched the
 * passphrase. A test that opens 20,000 crashed vaults stretches once, or never:
 * the cost in the header is still judged, the commitment, the box and the MAC
 * still decide. No other folder includes this file (tests/lint/rows).
 */
#ifndef EN_VAULT_INTERNAL_H
#define EN_VAULT_INTERNAL_H

#include "vault/keyslot.h"
#include "vault/vault.h"

struct sqlite3;

en_err en_vault_create_kek(const char *dir, const struct en_key *kek,
                           const struct en_pwhash_cost *cost,
                           const uint8_t salt[EN_PWHASH_SALT_LEN],
                           struct en_rng *rng, const struct en_vault_env *env,
                           struct en_vault **out, struct en_why *why);
en_err en_vault_open_kek(const char *dir, const struct en_key *kek,
                         struct en_rng *rng, const struct en_vault_env *env,
                         struct en_vault **out, struct en_why *why);

/* The connection: settings are read back on it. */
struct sqlite3 *en_vault_db(struct en_vault *v);

#endif
