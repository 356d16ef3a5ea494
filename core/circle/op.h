/*
 * op.h - the operations of a control log and their codec.
 *
 * Every payload is one strict msgpack array. All but GENESIS begin with auth (the
 * grant under which the author acts, nil where allowed) and heads (the tips of
 * what the author had seen). A kind this program does not know keeps those two
 * and nothing else is read of it.
 *
 * Decoding checks layout, bounds and order ("sorted" = ascending bytes, none
 * twice). Whether an operation counts is circle/member's business.
 *
 * Ownership  a decoded operation borrows the payload; en_op_free releases its
 *            arrays. For encoding the caller fills the same struct.
 * Errors     EN_PROTOCOL: layout; EN_NOMEM. en_op_encode: EN_RANGE over the size
 *            an operation may have.
 * Source     PROTOCOL 6.2; docs/formats/op.md.
 */
#ifndef EN_CIRCLE_OP_H
#define EN_CIRCLE_OP_H

#include "record/device.h"
#include "record/record.h"

enum en_op_type {
    EN_OP_GENESIS = 0,
    EN_OP_GRANT = 1,
    EN_OP_REVOKE = 2,
    EN_OP_EPOCH = 3,
    EN_OP_DEVKEY = 4,
    EN_OP_ATTEST = 5,
    EN_OP_POLICY = 6,
    EN_OP_HISTORY = 7,
    EN_OP_EVIDENCE = 8,
    EN_OP_TOMBSTONE = 9,
    EN_OP_SESSIONCLOSE = 10,
    EN_OP_WITHDRAW = 11,
    EN_OP_CLOSE = 12,
    EN_OP_LABEL = 13,
    EN_OP_CUT = 14,
    EN_OP_COUNT
};

#define EN_OP_GRANTS_MAX   8
#define EN_OP_REVOKE_MAX   32
#define EN_OP_PERSONS_MAX  64
#define EN_OP_CUTS_MAX     256
#define EN_OP_ATTESTS_MAX  256
#define EN_GRANT_INDEX_MAX 15

/* A grant is named by the operation that made it and its place in it. */
struct en_grant_ref {
    struct en_id op;
    uint8_t index;
};

struct en_op_head {
    struct en_id16 dev16;
    uint64_t seq;
    struct en_id id;
};

struct en_op_cut {
    struct en_id16 dev16;
    uint64_t seq;
    struct en_id id;
    uint8_t sig[64];
};

struct en_op_grant {
    uint8_t cls;
    struct en_id16 person;
    struct en_id device;
    struct en_span cert; /* 178, or empty: nil */
    struct en_span sig;  /* 64, or empty */
};

struct en_op_attest {
    uint8_t what;
    struct en_span ref; /* 16 or 32 */
    uint8_t code;
    uint64_t a, b;
};

struct en_op_target { /* of a TOMBSTONE */
    struct en_id16 dev16;
    uint64_t seq;
    struct en_id id;
};

/* Absent fields hold their defaults. */
struct en_policy {
    uint8_t personal; /* 0, 1 */
    uint8_t history;  /* 0 (stricter), 1 */
    uint8_t devices;  /* 1..8, smaller is stricter */
    uint8_t wait;     /* 1 (stricter), 0 */
    uint8_t kits;     /* 0 (stricter), 1 */
};

struct en_op {
    uint8_t type;
    bool has_auth;
    struct en_grant_ref auth;
    struct en_op_head *head; /* sorted by id */
    size_t heads;

    union {
        struct {
            struct en_span random;   /* 32 */
            struct en_span cert;     /* 178, cid zero */
            struct en_span cert_sig; /* 64 */
            struct en_policy policy;
        } genesis;
        struct {
            struct en_op_grant *grant;
            size_t n;
        } grant;
        struct {
            struct en_grant_ref *grant;
            struct en_id16 *device;
            struct en_id16 *person;
            struct en_op_cut *cut;
            size_t grants, devices, persons, cuts;
            uint8_t reason;
        } revoke;
        struct {
            uint8_t scope;
            uint32_t gen;
            struct en_id16 *parent;
            size_t parents;
            struct en_span commit; /* 32 */
            struct en_span epk;    /* 32 */
            struct en_span wraps;  /* 64 n: dev16 || box */
            bool has_session;
            struct {
                struct en_id16 sid, client;
                struct en_id16 *person;
                size_t persons;
                bool has_r;
                struct en_id16 r;
                uint16_t number;
            } session;
            struct en_span link_nonce; /* 24, or empty: nil */
            struct en_span link_box;
        } epoch;
        struct {
            struct en_span cert, cert_sig, old_sig;
            uint64_t journal;
        } devkey;
        struct {
            struct en_op_attest *item;
            size_t n;
        } attest;
        struct en_policy policy;
        struct {
            struct en_id16 carrier;
            struct en_id16 *opened;
            size_t n;
            struct en_span nonce, box;
        } history;
        struct {
            struct en_id16 dev16;
            uint8_t kind;
            uint64_t k;
            struct en_id base;
            struct en_span headers[2];
            struct en_span sig[2];
            struct en_span payload[2];
            size_t payloads;
        } evidence;
        struct {
            struct en_op_target *target;
            size_t n;
            uint8_t reason;
        } tombstone;
        struct {
            struct en_id16 sid;
        } session; /* SESSIONCLOSE, WITHDRAW */
        struct {
            struct en_id16 epoch;
            struct en_op_cut *cut;
            size_t n;
        } close;
        struct {
            struct en_id16 person;
            bool has_device;
            struct en_id16 dev16;
            struct en_span person_label;
            struct en_span device_label;
        } label;
        struct {
            struct en_op_cut *cut;
            size_t n;
        } cut;
    } u;
};

/* type is the record's. On error op is as en_op_free leaves it. */
en_err en_op_decode(uint8_t type, struct en_span payload, struct en_op *op);
/* auth and heads alone, whatever follows them: what its author had seen is known
 * also where the rest is not. op->type is then EN_OP_COUNT. */
en_err en_op_decode_heads(struct en_span payload, struct en_op *op);
en_err en_op_encode(const struct en_op *op, struct en_buf *out);
void en_op_free(struct en_op *op);

struct en_policy en_policy_default(void);

#endif
