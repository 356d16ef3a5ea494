/*
 * village.h - one circle seen by many authors, each with as much of it as it has
 * been shown: operations are made from partial views and delivered in any order.
 *
 *   struct village v;
 *   unsigned a, e, x;
 *
 *   village_new(&v, false);                  author 0 is the root
 *   a = village_grant(&v, 0, 1, NOBODY);     a facilitator by the root
 *   e = village_grant(&v, a, 1, NOBODY);     another by a; both have seen it
 *   village_see_all(&v, a);
 *   r = village_revoke_device(&v, a, e);     made by a, seen by a alone
 *   village_check(&v, what_must_hold);       in every order of arrival
 *
 * An author acts under the grant its view gives it, or under village.auth when
 * that is set. Operations are made as told, permitted or not.
 *
 * Errors     none come back: what cannot be made fails the test.
 */
#ifndef EN_TESTS_LIB_VILLAGE_H
#define EN_TESTS_LIB_VILLAGE_H

#include "base/rng.h"
#include "circle/epoch.h"

#define VILLAGE_AUTHORS 1200
#define VILLAGE_OPS     900
#define NOBODY          999u /* of no one known: a new person */

struct village_author {
    struct en_device_keys keys;
    struct en_cert cert; /* its first */
    uint8_t raw[EN_CERT_LEN];
    uint8_t sig[64];
    struct en_id device, control;
    struct en_circle *c; /* its view */
    bool has[VILLAGE_OPS];
    struct en_id last;
    uint64_t count; /* of its control log */
};

struct village_op {
    unsigned by;
    uint8_t header[EN_HEADER_LEN];
    struct en_buf payload;
    struct en_id id;
    uint64_t seq;
    bool past[VILLAGE_OPS];
};

struct village {
    struct en_rng_seeded rng;
    struct en_id cid;
    struct village_author *author;
    struct village_op *op;
    unsigned authors, ops;
    const struct en_grant_ref *auth; /* of the next operation; NULL: by view */
    bool no_auth;                    /* the next operation has nil */
    struct en_key seed;              /* of the last epoch made */
};

void village_new(struct village *v, bool personal);
void village_new_policy(struct village *v, const struct en_policy *policy);
void village_free(struct village *v);

/* A device of `of`'s person (NOBODY: of a new one) with these flags, not granted
 * by anyone yet. Its keys may be changed before village_certify is called anew. */
unsigned village_device(struct village *v, unsigned of, uint8_t flags);
void village_certify(struct village *v, unsigned who);

/* The author is shown an operation with all its past, or all there is. */
void village_see(struct village *v, unsigned who, unsigned op);
void village_see_all(struct village *v, unsigned who);

/* Makes an operation on top of the author's view; type, auth and heads are filled
 * where the caller left them. Returns its number. */
unsigned village_make(struct village *v, unsigned by, struct en_op *op);
/* A record of any type and payload. */
unsigned village_raw(struct village *v, unsigned by, uint8_t type,
                     struct en_span payload);

/* Grants a new device of `of`'s person and shows it the result; returns it. */
unsigned village_grant(struct village *v, unsigned by, unsigned cls,
                       unsigned of);
unsigned village_admit(struct village *v, unsigned by, unsigned who,
                       unsigned cls);
/* n new devices in one operation. */
unsigned village_admit_all(struct village *v, unsigned by, const unsigned *who,
                           size_t n, unsigned cls);
unsigned village_promote(struct village *v, unsigned by, unsigned who,
                         unsigned cls);
unsigned village_revoke_device(struct village *v, unsigned by, unsigned who);
unsigned village_revoke_person(struct village *v, unsigned by, unsigned who);
/* The grant that the index-th entry of operation op made. */
unsigned village_revoke_grant(struct village *v, unsigned by, unsigned op,
                              unsigned index);
unsigned village_leave(struct village *v, unsigned who);
unsigned village_label(struct village *v, unsigned by, unsigned of,
                       const char *person, const char *device);
unsigned village_policy(struct village *v, unsigned by,
                        const struct en_policy *policy);
unsigned village_epoch(struct village *v, unsigned by);
unsigned village_attest(struct village *v, unsigned by,
                        const struct en_id16 *epoch, uint8_t code);
unsigned village_devkey(struct village *v, unsigned by);

struct en_grant_ref village_ref(const struct village *v, unsigned op,
                                unsigned index);

/* What a view says of operation op: permitted, and in effect. */
bool village_permitted(const struct village *v, const struct en_circle *c,
                       unsigned op);
bool village_counts(const struct village *v, const struct en_circle *c,
                    unsigned op);
bool village_active(const struct village *v, const struct en_circle *c,
                    unsigned who);
const struct en_member *village_member(const struct village *v,
                                       const struct en_circle *c, unsigned who);

/* A circle with all operations, in the order they were made. */
struct en_circle *village_whole(const struct village *v);
en_err village_add(const struct village *v, struct en_circle *c, unsigned op);

/* All that S shows, equal for equal sets: not the order of arrival. */
void village_shown(const struct en_circle *c, uint8_t digest[32]);
/* All that a circle holds, the order of arrival and what is derived included. */
void village_deep(const struct en_circle *c, uint8_t digest[32]);

/*
 * Delivers all operations in every causal order, at most some thousand of them and
 * then random ones, going back by en_circle_rollback; each must show the same, and
 * `holds`, if given, is asked once per order. Returns how many orders there were.
 */
size_t village_check(struct village *v,
                     void (*holds)(const struct village *v,
                                   const struct en_circle *c));

#endif
