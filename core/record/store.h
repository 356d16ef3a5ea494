/*
 * store.h - what the rest asks of a disk: six functions.
 *
 * A store keeps, for each circle, logs of records with their checkpoints, secrets
 * by name, and rows folded from records. It does not know what a row, a key or a
 * payload means. core/vault is the real one; tests/lib/memstore.h is the proof
 * that this face is small.
 *
 * Ownership  what callbacks see is borrowed until they return. A batch borrows
 *            what is added to it until en_batch_free; en_batch_keep copies.
 * Threads    one store, one thread. A callback never calls the same store.
 * Errors     EN_IO, EN_FULL, EN_NOMEM, EN_FORGED (a page that does not open):
 *            nothing was changed. After EN_IO from commit nothing in this
 *            process may be acknowledged any more: close and open again.
 */
#ifndef EN_RECORD_STORE_H
#define EN_RECORD_STORE_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/secret.h"

/* What stands for a record's payload; the values are those of the wire. */
enum en_mark {
    EN_MARK_PAYLOAD = 0,   /* it is here */
    EN_MARK_MISSING = 1,   /* wanted */
    EN_MARK_DROPPED = 2,   /* under a tombstone */
    EN_MARK_WITHDRAWN = 3, /* of a withdrawn session */
};

/* A signed (log, seq, id): it vouches for the chain up to it. */
struct en_checkpoint {
    struct en_id log;
    uint64_t seq;
    struct en_id id;
    uint8_t sig[64];
};

/* One log's verified head. */
struct en_head {
    struct en_id log;
    struct en_id device; /* device_id of its author */
    uint8_t kind;        /* 0 control, 1 journal */
    bool own;            /* written by this device: the guard covers it */
    uint64_t count;      /* records held: the tip's seq is count - 1 */
    struct en_id id;     /* the tip's id */
    uint8_t sig[64];     /* the tip's checkpoint signature */
};

/* A record as it is kept. */
struct en_stored {
    struct en_id log;
    struct en_id id;
    const uint8_t *header; /* EN_HEADER_LEN bytes */
    uint64_t seq;
    enum en_mark mark;
    struct en_span payload; /* empty unless EN_MARK_PAYLOAD */
    struct en_span aux;     /* what the writer put beside it, opaque */
    uint64_t arrival;       /* control: 1, 2, ... in the circle, as committed */
    const uint8_t *sig;     /* its checkpoint's signature, or NULL */
};

/* A secret's name. kind and ref are the caller's; values are 32 bytes. */
struct en_key_name {
    struct en_id cid;
    uint8_t kind;
    struct en_id16 ref;
};

/* A row of a view. (cid, kind, key) is unique. */
struct en_row {
    struct en_id cid; /* zero: of the whole vault */
    uint16_t kind;
    struct en_span key; /* 1..128 bytes */
    int64_t sort;
    struct en_span body; /* at most 1 MiB */
};

#define EN_ROW_KEY_MAX  128
#define EN_ROW_BODY_MAX 1048576

/* Rows of one kind of one circle whose key begins with prefix and whose sort is
 * within from..to, ordered by (sort, key), or the reverse; at most limit. */
struct en_find {
    struct en_id cid;
    uint16_t kind;
    struct en_span prefix; /* empty: all */
    int64_t from;          /* INT64_MIN: no bound */
    int64_t to;            /* INT64_MAX: no bound */
    bool reverse;
    size_t limit; /* 0: no bound */
};

struct en_store;

/* A callback's EN_OK goes on; EN_CLOSED stops without error; anything else stops
 * and is returned. */
typedef en_err (*en_head_fn)(void *user, const struct en_head *head);
typedef en_err (*en_stored_fn)(void *user, const struct en_stored *rec);
typedef en_err (*en_row_fn)(void *user, const struct en_row *row);

struct en_batch;

struct en_store_ops {
    /* Every log of the circle, by ascending log id. cid NULL: of all circles. */
    en_err (*frontier)(struct en_store *s, const struct en_id *cid,
                       en_head_fn fn, void *user);
    /* The log's records with seq >= from, in order. */
    en_err (*scan)(struct en_store *s, const struct en_id *log, uint64_t from,
                   en_stored_fn fn, void *user);
    /* The circle's control records with arrival >= from, in order of arrival. */
    en_err (*arrivals)(struct en_store *s, const struct en_id *cid,
                       uint64_t from, en_stored_fn fn, void *user);
    /* One record by id. EN_ABSENT. */
    en_err (*get)(struct en_store *s, const struct en_id *id, en_stored_fn fn,
                  void *user);
    en_err (*find)(struct en_store *s, const struct en_find *q, en_row_fn fn,
                   void *user);
    /* One secret. EN_ABSENT. */
    en_err (*key)(struct en_store *s, const struct en_key_name *name,
                  struct en_key *out);
    /*
     * All or nothing, on disk when it returns EN_OK. EN_MOVED if an expected
     * head is not the stored one; EN_RANGE if the batch is over its bounds or
     * contradicts itself (a record that is not the next of its log, a log whose
     * last record is no checkpoint); both leave everything as it was.
     */
    en_err (*commit)(struct en_store *s, const struct en_batch *b);
};

/* The first member of every store. */
struct en_store {
    const struct en_store_ops *ops;
};

en_err en_store_frontier(struct en_store *s, const struct en_id *cid,
                         en_head_fn fn, void *user);
en_err en_store_scan(struct en_store *s, const struct en_id *log, uint64_t from,
                     en_stored_fn fn, void *user);
en_err en_store_arrivals(struct en_store *s, const struct en_id *cid,
                         uint64_t from, en_stored_fn fn, void *user);
en_err en_store_get(struct en_store *s, const struct en_id *id, en_stored_fn fn,
                    void *user);
en_err en_store_find(struct en_store *s, const struct en_find *q, en_row_fn fn,
                     void *user);
en_err en_store_key(struct en_store *s, const struct en_key_name *name,
                    struct en_key *out);
en_err en_store_commit(struct en_store *s, const struct en_batch *b);

/* One row by its exact key, body appended to out; EN_ABSENT. */
en_err en_store_row(struct en_store *s, const struct en_id *cid, uint16_t kind,
                    struct en_span key, int64_t *sort, struct en_buf *body);

/*
 * A batch: what one commit does, in this order: expected heads compared, logs
 * made, records appended, checkpoints added, marks changed, keys put and
 * destroyed, rows deleted and put. Where it appends to a log marked own, the
 * store raises the guard after the commit and before it returns.
 */
struct en_batch_head { /* what the log must be before; count 0: not there */
    struct en_id log;
    uint64_t count;
    struct en_id id;
};
struct en_batch_log { /* made if absent; device, kind and own never change */
    struct en_id cid, log, device;
    uint8_t kind;
    bool own;
};
struct en_batch_record {
    struct en_id log, id;
    uint8_t header[EN_HEADER_LEN];
    uint64_t seq;
    enum en_mark mark;
    struct en_span payload, aux;
};
struct en_batch_mark { /* payload only with EN_MARK_PAYLOAD; aux untouched */
    struct en_id log;
    uint64_t seq;
    enum en_mark mark;
    struct en_span payload;
};
struct en_batch_key {
    struct en_key_name name;
    struct en_key value;
    bool destroy;
};
struct en_batch_row { /* put (replaces) or delete (no error if absent) */
    struct en_row row;
    bool del;
};

struct en_batch {
    struct en_batch_head *head;
    struct en_batch_log *log;
    struct en_batch_record *rec;
    struct en_checkpoint *cp;
    struct en_batch_mark *mark;
    struct en_batch_key *key;
    struct en_batch_row *row;
    size_t heads, logs, recs, cps, marks, keys, rows;
    size_t head_cap, log_cap, rec_cap, cp_cap, mark_cap, key_cap, row_cap;
    size_t bytes; /* of payloads, aux and bodies added so far */
    void *kept;   /* list of copies, wiped by free */
    bool failed;  /* an add failed: commit refuses with EN_NOMEM */
};

/* Each add takes a copy of the struct and borrows its spans. A failure is
 * remembered, so callers may check once, at commit. */
en_err en_batch_expect(struct en_batch *b, const struct en_id *log,
                       uint64_t count, const struct en_id *id);
en_err en_batch_log(struct en_batch *b, const struct en_batch_log *log);
en_err en_batch_record(struct en_batch *b, const struct en_batch_record *rec);
en_err en_batch_checkpoint(struct en_batch *b, const struct en_checkpoint *cp);
en_err en_batch_mark(struct en_batch *b, const struct en_batch_mark *mark);
en_err en_batch_key_put(struct en_batch *b, const struct en_key_name *name,
                        const struct en_key *value);
en_err en_batch_key_destroy(struct en_batch *b, const struct en_key_name *name);
en_err en_batch_row_put(struct en_batch *b, const struct en_row *row);
en_err en_batch_row_delete(struct en_batch *b, const struct en_id *cid,
                           uint16_t kind, struct en_span key);
/* A copy that lives until en_batch_free; {0} with b->failed set if no memory. */
struct en_span en_batch_keep(struct en_batch *b, struct en_span s);
bool en_batch_empty(const struct en_batch *b);
void en_batch_free(struct en_batch *b); /* wipes keys and copies */

#endif
