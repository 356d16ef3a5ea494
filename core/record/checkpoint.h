/*
 * checkpoint.h - the signed (log, seq, id) that vouches for a chain up to it.
 *
 *   msg = "en1.sig.tip" || log_id[32] || seq u64 || id[32]        88 bytes
 *
 * Signing the tip signs the chain. The signature is no part of a record and is
 * not hashed: a relay that damaged one inside a run would make its honest
 * receivers look like liars. Which key must have signed: en_signer_key.
 *
 * Source     PROTOCOL 5.2; docs/formats/record.md.
 */
#ifndef EN_RECORD_CHECKPOINT_H
#define EN_RECORD_CHECKPOINT_H

#include "record/record.h"
#include "record/store.h"

void en_checkpoint_sign(struct en_checkpoint *cp, const struct en_key *seed);
en_err en_checkpoint_verify(const struct en_checkpoint *cp,
                            const uint8_t pk[32]); /* EN_FORGED */

/*
 * A device's sign keys over time, from its own control chain alone: the first
 * certificate's, then that of each well-formed DEVKEY. Control checkpoints at seq
 * s are verified by the last with ctl_seq <= s, journal checkpoints at a record
 * with ctl_seq c by the last with ctl_seq < c; journal records before number n
 * have ctl_seq <= s, those from n on ctl_seq > s.
 */
struct en_signer_key {
    uint64_t ctl_seq; /* of the DEVKEY */
    uint64_t journal; /* its n */
    uint8_t pk[32];
};

struct en_signer {
    uint8_t first[32];
    struct en_signer_key *key;
    size_t n, cap;
};

en_err en_signer_add(struct en_signer *s, const struct en_signer_key *k);
const uint8_t *en_signer_control(const struct en_signer *s, uint64_t seq);
const uint8_t *en_signer_journal(const struct en_signer *s, uint64_t ctl_seq);
/* Whether a journal record at seq may have this ctl_seq. */
bool en_signer_allows(const struct en_signer *s, uint64_t seq,
                      uint64_t ctl_seq);
void en_signer_free(struct en_signer *s);

#endif
