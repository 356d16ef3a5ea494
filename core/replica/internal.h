/*
 * internal.h - how a replica is held in memory; shared by replica.c, exchange.c
 * and guest.c, and by nobody outside this folder.
 */
#ifndef EN_REPLICA_INTERNAL_H
#define EN_REPLICA_INTERNAL_H

#include "circle/epoch.h"
#include "circle/seal.h"
#include "replica/replica.h"
#include "replica/rows.h"

/* The secrets of this device in this circle: one guarded allocation. */
struct ring {
    struct en_device_keys own;
    struct en_key netsecret;
};

struct opened { /* an epoch whose seed is held */
    struct en_id16 id;
    struct en_epoch_keys keys;
};

/* What another device said is durable there of our own logs: records. */
struct done {
    struct en_id device;
    uint64_t control, journal;
};

/* What is known of the epoch of the record read last: those of one author mostly
 * have the same. */
struct reading {
    bool known;
    struct en_id16 epoch;
    const struct en_epoch_keys *keys; /* NULL: not to be shown */
};

struct en_replica {
    struct en_replica_env env;
    struct en_id cid;
    struct en_circle *circle;
    struct en_id device;
    struct en_id16 person;
    struct en_id control, journal; /* own logs */
    struct ring *ring;
    struct opened *opened; /* guarded; cap entries */
    size_t nopened, opened_cap;
    struct en_head *head; /* every log, by ascending log id */
    size_t heads, head_cap;
    struct en_id16 *refused; /* epochs whose box does not open */
    size_t nrefused;
    struct en_id *fork; /* devices with two verified continuations */
    size_t forks;
    struct en_id *aside; /* authors of records set aside */
    size_t asides;
    struct done *done;
    size_t dones;
    uint64_t changes;
    bool signs;
    bool done_dirty;
    bool words_known;
    uint8_t words_digest[32];
    unsigned words[6];
};

/* What a failed commit must undo in memory. */
struct undo {
    size_t count; /* of control records */
    struct en_head control, journal;
    size_t opened, refused;
};

struct en_head *head_find(struct en_replica *r, const struct en_id *log);
/* Adds or replaces; EN_NOMEM. */
en_err head_put(struct en_replica *r, const struct en_head *head);
struct en_span id_span(const struct en_id *id);
struct en_key_name key_name(const struct en_id *cid, uint8_t kind,
                            const struct en_id16 *ref);
const struct en_epoch_keys *keys_of(const struct en_replica *r,
                                    const struct en_id16 *epoch);
/* A control record of `log`, signed by `seed`, added to the circle and to the
 * batch. count and last are that log's head, moved on. */
en_err put_control(struct en_circle *c, struct en_batch *b,
                   const struct en_id *log, uint64_t *count, struct en_id *last,
                   uint8_t sig[64], const struct en_key *seed, uint8_t type,
                   struct en_span payload);
/* Whether a record may be shown, and its content, appended. One `reading` serves
 * one author between two changes of the replica. EN_NO_KEY, EN_FORGED. */
en_err open_record(const struct en_replica *r, struct reading *reading,
                   const uint8_t *header, struct en_span payload,
                   const struct en_id *author, struct en_buf *content);
void item_of(const struct en_replica *r, const uint8_t *header,
             const struct en_id *record, const struct en_id *author,
             struct en_span content, struct en_item *item);
en_err note_fork(struct en_replica *r, const struct en_id *device);
en_err note_aside(struct en_replica *r, const struct en_id *device);
en_err load(struct en_replica *r);

#endif
