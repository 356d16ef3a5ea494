/*
 * epoch.h - seeds sealed to lists of devices, and the keys that follow from one.
 *
 *   s        = KDF(random32, "en1.ep.seed", device_secret || prev id || seq u64)
 *   commit   = KDF(s, "en1.ep.commit", cid)
 *   list     = for each recipient by device_id: device_id || wrap_pk
 *   ctx      = H("en1.ep.ctx", creator control log_id || seq u64 || scope u8 ||
 *              sid or zero || commit || n u16 || list)
 *   epoch_id = first 16 bytes of ctx
 *   boxes    : crypto/wrap
 *   K_content, K_siv, K_link = KDF(s, "en1.ep.content" | ".siv" | ".link", ctx)
 *
 * An epoch may be made by whoever is among its recipients, which are exactly the
 * circle's readers as its past shows them. Whoever opens it recomputes commit,
 * ctx, epk and every box, and attests what was found: an epoch whose seed fails
 * is not used.
 *
 * Errors     EN_NO_KEY: not a recipient. EN_FORGED: *code says what to attest,
 *            never which byte. EN_DENIED: this device may not make one now.
 * Source     PROTOCOL 7.1, 7.2, 7.4, 7.5; docs/formats/epoch.md.
 */
#ifndef EN_CIRCLE_EPOCH_H
#define EN_CIRCLE_EPOCH_H

#include "base/rng.h"
#include "circle/member.h"

struct en_epoch_keys {
    struct en_id16 cid16;
    struct en_id16 id;
    struct en_key content, siv, link;
};

void en_epoch_keys_of(const struct en_key *seed, const struct en_id *cid,
                      const struct en_id *ctx, struct en_epoch_keys *keys);
void en_epoch_keys_wipe(struct en_epoch_keys *keys);

/*
 * The payload of a circle EPOCH by device `by` on top of S, at (prev, seq) of its
 * control log. seed is what it seals; the caller stores it in the same commit (R5)
 * and wipes it. Exactly 32 bytes are drawn from rng.
 */
en_err en_epoch_make(const struct en_circle *c, const struct en_id *by,
                     const struct en_key *device_secret,
                     const struct en_id *prev, uint64_t seq, struct en_rng *rng,
                     struct en_buf *payload, struct en_key *seed);

enum en_epoch_code { /* what an ATTEST says of an epoch (what 0) */
                     EN_EPOCH_OPENED = 0,
                     EN_EPOCH_BAD_BOX = 1,
                     EN_EPOCH_BAD_COMMIT = 2,
                     EN_EPOCH_OTHERS_DIFFER = 3,
                     EN_EPOCH_NOT_RECIPIENT =
                         4, /* seed from a backlink or HISTORY */
                     EN_EPOCH_KEY_GONE = 5, /* sealed to a key no longer held */
};

/* Opens the box of device me and re-derives everything. seed on EN_OK only. */
en_err en_epoch_open(const struct en_circle *c, const struct en_epoch_info *e,
                     const struct en_id *me, const struct en_key *wrap_sk,
                     struct en_key *seed, enum en_epoch_code *code,
                     size_t *equal);

#endif
