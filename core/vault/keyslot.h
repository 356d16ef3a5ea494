/*
 * keyslot.h - the vault's header: parameters, key slots, the active generation.
 *
 * 1,024 bytes. A passphrase opens a slot, the slot holds the master key MK, MK
 * seals the generation's data key DEK and authenticates the whole header.
 *
 *   KEK    = Argon2id(passphrase in NFC, salt, cost)
 *   commit = KDFZ(KEK, "en1.vault.cmt", "")     compared before the box is opened,
 *                                since XChaCha20-Poly1305 does not commit to a key
 *   box    = AEAD(KDFZ(KEK, "en1.vault.kek", ""), nonce, vault id || index ||
 *                 slot bytes 0..63, MK)
 *
 * Everything here is a function of bytes: no file, no passphrase prompt.
 *
 * Ownership  structs of plain bytes; en_key values are wiped by their owner.
 * Errors     EN_FORGED with EN_WHY_HEADER: damaged, or not a header of ours.
 *            EN_VERSION with EN_WHY_NEWER; EN_RANGE with EN_WHY_WEAK: a cost
 *            below the floor, which somebody else wrote there (a downgrade).
 *            EN_PASSPHRASE: the KEK does not fit the slot.
 * Source     docs/formats/vault.md.
 */
#ifndef EN_VAULT_KEYSLOT_H
#define EN_VAULT_KEYSLOT_H

#include "base/rng.h"
#include "base/secret.h"
#include "crypto/pwhash.h"

#define EN_VAULT_HEADER_LEN 1024
#define EN_VAULT_SLOTS      4
#define EN_VAULT_SLOT_LEN   136

struct en_keyslot {
    uint8_t type; /* 0 empty, 1 passphrase */
    struct en_pwhash_cost cost;
    uint8_t salt[EN_PWHASH_SALT_LEN];
    uint8_t commit[32];
    uint8_t nonce[24];
    uint8_t box[48];
};

struct en_vault_header {
    struct en_id16 vault;  /* for life */
    uint64_t sequence;     /* +1 at each rewrite, from 1 */
    uint64_t generation;   /* of the active database, from 1 */
    struct en_id16 file;   /* id of that generation */
    uint8_t dek_nonce[24]; /* and its key under MK */
    uint8_t dek_box[48];
    struct en_keyslot slot[EN_VAULT_SLOTS];
};

/* What an open vault keeps in guarded memory, and nothing else does. */
struct en_vault_keys {
    struct en_key mk;
    struct en_key dek;
    struct en_key page;
    struct en_key wal;
    struct en_key guard;
};

/* Reads and bounds every field, checks every reserved byte; proves nothing yet:
 * en_vault_header_open does. why may be NULL. */
en_err en_vault_header_read(struct en_span bytes, struct en_vault_header *h,
                            struct en_why *why);

/* Argon2id over the passphrase's NFC. EN_RANGE: no UTF-8, empty or over
 * EN_PASSPHRASE_MAX bytes, or a cost out of bounds. EN_NOMEM. */
en_err en_keyslot_kek(struct en_span passphrase, const struct en_pwhash_cost *c,
                      const uint8_t salt[EN_PWHASH_SALT_LEN],
                      struct en_key *kek);

/* Fills one slot; h->vault must be set. Salt and nonce come from the caller: the
 * salt has already gone into the KEK. */
void en_keyslot_seal(struct en_vault_header *h, unsigned index,
                     const struct en_pwhash_cost *c,
                     const uint8_t salt[EN_PWHASH_SALT_LEN],
                     const struct en_key *kek, const uint8_t nonce[24],
                     const struct en_key *mk);

/* EN_ABSENT: the slot is empty. EN_PASSPHRASE, EN_FORGED. mk on EN_OK only. */
en_err en_keyslot_open(const struct en_vault_header *h, unsigned index,
                       const struct en_key *kek, struct en_key *mk);

/* Seals dek for h's generation, then writes all 1,024 bytes with their MAC. */
void en_vault_header_seal(struct en_vault_header *h, const struct en_key *mk,
                          const struct en_key *dek, const uint8_t nonce[24],
                          uint8_t out[EN_VAULT_HEADER_LEN]);

/* Checks the MAC over bytes, opens DEK, derives the rest. keys->mk is given, the
 * others are set on EN_OK. EN_FORGED. */
en_err en_vault_header_open(const uint8_t bytes[EN_VAULT_HEADER_LEN],
                            const struct en_vault_header *h,
                            struct en_vault_keys *keys);

/* page, wal and guard from mk, dek and the ids. */
void en_vault_keys_derive(const struct en_vault_header *h,
                          struct en_vault_keys *keys);

#endif
