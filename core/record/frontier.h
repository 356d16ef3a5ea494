/*
 * frontier.h - the heads of all logs of a circle: what I have, what you lack.
 *
 * Entries are sorted by log id. On the wire log and id are their first 16 bytes;
 * a device that holds the records knows the rest.
 *
 * Source     PROTOCOL 17.1; docs/formats/sync.md.
 */
#ifndef EN_RECORD_FRONTIER_H
#define EN_RECORD_FRONTIER_H

#include "record/record.h"

struct en_tip {
    struct en_id log; /* wire form: 16 bytes, then zeros */
    uint64_t seq;
    struct en_id id; /* likewise */
};

struct en_frontier {
    struct en_tip *tip;
    size_t n, cap;
    size_t sent; /* en_replica_next's place in the order of arrival */
};

/* Adds, or replaces the first entry of that log; keeps the order of logs.
 * EN_RANGE beyond EN_FRONTIER_MAX. */
en_err en_frontier_put(struct en_frontier *f, const struct en_tip *tip);
/* By the first 16 bytes of the log id; the first of several, which stand together;
 * NULL if absent. */
struct en_tip *en_frontier_find(const struct en_frontier *f,
                                const struct en_id16 *log);
void en_frontier_digest(const struct en_frontier *f, const struct en_id *cid,
                        uint8_t digest[32]);
/*
 * The body of a FRONTIER message. decode fills an empty f, sorted by log, seq and
 * id, or leaves it empty: EN_PROTOCOL. A log whose author signed two continuations
 * may stand there once for each; the same entry twice is refused.
 */
en_err en_frontier_encode(const struct en_frontier *f, struct en_buf *out);
en_err en_frontier_decode(struct en_span body, struct en_frontier *f);
void en_frontier_free(struct en_frontier *f);

#endif
