/*
 * probe.h - where two continuations of one log part: a search by questions.
 *
 * Both sides hold the log up to some seq; ids agree below k and differ from k on,
 * since each record names the one before it. A question names up to 64 seqs; the
 * answers narrow lo < k <= hi. Over 2^32 records six questions are enough.
 *
 *   lo  ids agree there; -1 stands for the log id, which both begin with
 *   hi  ids differ there
 *
 * Source     PROTOCOL 5.4.
 */
#ifndef EN_SYNC_PROBE_H
#define EN_SYNC_PROBE_H

#include "sync/message.h"

#define EN_PROBE_ROUNDS_MAX                                                    \
    8u /* a peer that answers without narrowing is left */

struct en_probe {
    bool active;
    struct en_id16 log;
    int64_t lo;
    int64_t hi;
    unsigned rounds;
};

/* seq: where ids are known to differ. */
void en_probe_start(struct en_probe *p, const struct en_id16 *log,
                    uint64_t seq);
/* True: ask q. False: found (en_probe_at), or given up; inactive from then on. */
bool en_probe_next(struct en_probe *p, struct en_seqs *q);
/* One answer; outside of what is open it changes nothing. */
void en_probe_learn(struct en_probe *p, uint64_t seq, bool same);
/* k, when nothing is open any more. */
bool en_probe_found(const struct en_probe *p, uint64_t *k);

#endif
