/*
 * member.h - who belongs and who may act: the control records of one circle,
 * resolved.
 *
 * A circle here is S, the causally complete set of control records held, and
 * what follows from it: which operations count, which devices are active, which
 * epochs they may read. All of it is a function of the set alone: whatever the
 * order of arrival, equal sets give equal answers.
 *
 *   permitted(o)  judged on o and past(o) only, once, when o is added
 *   eff(o)        permitted, and not undone by a senior revocation that had not
 *                 seen it: one pass upward by (class, depth)
 *   Active, Readers, labels, policy, eligible epochs: from eff
 *
 * A past is a vector: for each control log, how many of its records are in it.
 *
 * Ownership  a circle owns copies of what it was given. What it hands out is
 *            borrowed until the next en_circle_add or free.
 * Errors     EN_LATER: an operation names heads that are not held yet.
 *            EN_PROTOCOL: no genesis, or a record that is not the next of its log.
 *            EN_NOMEM. On any error the circle is as it was.
 * Source     PROTOCOL 6; docs/protocols/membership.md.
 */
#ifndef EN_CIRCLE_MEMBER_H
#define EN_CIRCLE_MEMBER_H

#include "base/trace.h"
#include "circle/op.h"
#include "record/checkpoint.h"

struct en_circle;

enum en_class {
    EN_CLASS_ROOT = 0,
    EN_CLASS_FACILITATOR = 1,
    EN_CLASS_MEMBER = 2,
    EN_CLASS_OBSERVER = 3,
};

struct en_level { /* smaller is senior; lexicographic */
    uint8_t cls;
    uint32_t depth;
};

/* One device as S shows it. */
struct en_member {
    struct en_id device;
    struct en_id16 person;
    uint8_t flags; /* EN_CERT_* */
    bool active;   /* has an active grant and is not suspended */
    bool reader;   /* in Readers(S) */
    uint8_t cls;   /* the smallest class among its active grants; 255: none */
    struct en_level level;    /* its smallest active level */
    struct en_grant_ref auth; /* the grant of that level: what it acts under */
    struct en_id control, journal; /* its logs */
    uint8_t cert[EN_CERT_LEN];     /* in force */
    uint8_t wrap_pk[32], link_pk[32], find_pk[32];
    struct en_span
        person_label; /* NFC as written, perhaps hostile; may be empty */
    struct en_span device_label;
};

en_err en_circle_new(struct en_circle **c);
void en_circle_free(struct en_circle *c);

/*
 * Adds the next control record of a log. The first one must be GENESIS (log: the
 * root's control log, which the payload itself names). header and payload must be
 * a verified part of that log's chain: en_circle_log_key says with which key.
 * EN_ABSENT: no device known writes this log.
 */
en_err en_circle_add(struct en_circle *c, const struct en_id *log,
                     const uint8_t header[EN_HEADER_LEN],
                     struct en_span payload);

/* From a GENESIS record alone: the circle id and the root's control log.
 * EN_PROTOCOL, EN_FORGED. */
en_err en_genesis_check(struct en_span payload, struct en_id *cid,
                        struct en_id *root_log, uint8_t root_pk[32]);

const struct en_id *
en_circle_id(const struct en_circle *c);           /* zero: no genesis */
size_t en_circle_count(const struct en_circle *c); /* control records in S */
/* Operations of a kind this program does not evaluate, kept without effect. */
size_t en_circle_unknown(const struct en_circle *c);
struct en_policy en_circle_policy(const struct en_circle *c);

/* Which device writes a log, and its sign keys; NULL if none. By the full id or by
 * its first 16 bytes. */
const struct en_signer *en_circle_signer(const struct en_circle *c,
                                         const struct en_id16 *log16,
                                         struct en_id *log,
                                         struct en_id *device, uint8_t *kind);
/* How many control records of this log are held, and the last id. */
uint64_t en_circle_log_count(const struct en_circle *c, const struct en_id *log,
                             struct en_id *last);

/* The id of one control record of a device; false if it is not held. */
bool en_circle_id_at(const struct en_circle *c, const struct en_id *device,
                     uint64_t seq, struct en_id *id);

/* The i-th record in order of arrival: its log, its place, its id. False past the
 * end. Order of arrival is causal. */
bool en_circle_arrival(const struct en_circle *c, size_t i, struct en_id *log,
                       uint64_t *seq, struct en_id *id);

/* All devices ever granted, in device_id order, KIT, root and observers included. */
size_t en_circle_members(const struct en_circle *c);
const struct en_member *en_circle_member(const struct en_circle *c, size_t i);
const struct en_member *en_circle_device(const struct en_circle *c,
                                         const struct en_id *device);
const struct en_member *en_circle_dev16(const struct en_circle *c,
                                        const struct en_id16 *dev16);

/* The heads a new operation of this device must name: the tips of S not already
 * implied, without its own log, sorted by id; at most EN_HEADS_MAX. */
size_t en_circle_heads(const struct en_circle *c, const struct en_id *device,
                       struct en_op_head head[EN_HEADS_MAX]);

/* Whether an operation of this device, appended now, would be permitted and have
 * effect. Nothing changes. EN_DENIED if not. */
en_err en_circle_would(struct en_circle *c, const struct en_id *device,
                       uint8_t type, struct en_span payload);

/* Forgets the records added since the circle held count of them, the genesis too
 * if count is 0: a commit that failed must leave no trace in memory. */
void en_circle_rollback(struct en_circle *c, size_t count);

/* The state the six words speak: PROTOCOL 16.2's digest. */
void en_circle_digest(const struct en_circle *c, uint8_t digest[32]);

/* An epoch as S shows it. */
struct en_epoch_info {
    struct en_id16 id;
    struct en_id ctx;
    uint8_t scope;
    uint32_t gen;
    struct en_id op;      /* record id of the EPOCH */
    struct en_id creator; /* device */
    bool effective;
    bool eligible; /* recipients = Readers(S): may be written under */
    uint8_t commit[32], epk[32];
    struct en_id prev; /* of its record: backlinks are bound to it */
    uint64_t seq;
    const struct en_id *device; /* n recipients, device_id order */
    const uint8_t *wrap_pk;     /* 32 n bytes, as in force in its past */
    const uint8_t *boxes;       /* 48 n bytes */
    size_t n;
};

size_t en_circle_epochs(const struct en_circle *c);
/* In order of arrival; false once i is past the end. */
bool en_circle_epoch(const struct en_circle *c, size_t i,
                     struct en_epoch_info *e);
bool en_circle_epoch_by_id(const struct en_circle *c, const struct en_id16 *id,
                           struct en_epoch_info *e);
/* 7.5: the eligible circle epoch of largest gen, then smallest id. EN_ABSENT. */
en_err en_circle_choice(const struct en_circle *c, struct en_epoch_info *e);
/* The k-th eligible in that order (0 is the choice); false past the end. */
bool en_circle_eligible(const struct en_circle *c, size_t k,
                        struct en_epoch_info *e);

/* What ATTEST items say of an epoch, by active devices: how many code 0 (the
 * creator included), how many adverse (1, 2, 3, 5). */
void en_circle_attested(const struct en_circle *c, const struct en_id16 *epoch,
                        size_t *good, size_t *adverse);
/* Whether this device has attested this (what, ref, code). */
bool en_circle_has_attest(const struct en_circle *c, const struct en_id *device,
                          uint8_t what, struct en_span ref, uint8_t code);

#endif
