/*
 * guard.h - the counter and own tips that tell a vault that went back.
 *
 * A device must never sign twice at one place of its own logs. Each commit that
 * appends to them raises a counter in the database; after the commit, and before
 * anything of it is shown, the guard is written and synced. On opening:
 *
 *   database == guard, same tips    all is well
 *   database >  guard               a crash came between: write the guard
 *   database <  guard, or equal with other tips, or no slot of the guard opens
 *                                   the database went back: sign nothing more
 *
 * File: two slots of 512 bytes, the one with the smaller counter overwritten:
 *
 *   nonce 24 | AEAD(guard key; ad "en1g" || slot u8;
 *                   counter u64 || HZ("en1.vault.tips", tips)) 56 | zero 432
 *
 * Everything here is a function of bytes.
 *
 * Errors     EN_FORGED: no slot opens.
 * Source     docs/formats/vault.md.
 */
#ifndef EN_VAULT_GUARD_H
#define EN_VAULT_GUARD_H

#include "base/secret.h"

#define EN_GUARD_SLOT_LEN 512
#define EN_GUARD_LEN      1024

struct en_guard {
    uint64_t counter;
    uint8_t tips[32];
    unsigned slot; /* where it stands, 0 or 1; the next goes to the other */
};

/* One own log's last record. */
struct en_guard_tip {
    struct en_id log;
    uint64_t seq;
    struct en_id id;
};

/* By ascending log id, which the caller has seen to (asserted). */
void en_guard_tips(const struct en_guard_tip *tip, size_t n, uint8_t out[32]);

void en_guard_seal(const struct en_key *key, unsigned slot, uint64_t counter,
                   const uint8_t tips[32], const uint8_t nonce[24],
                   uint8_t out[EN_GUARD_SLOT_LEN]);

/* The slot that opens with the greater counter. */
en_err en_guard_open(const struct en_key *key, struct en_span file,
                     struct en_guard *g);

#endif
