/*
 * home.h - one person's circles on this device.
 *
 *   NONE --init--> OPEN --lock, idle, hard limit--> LOCKED --unlock--> OPEN
 *
 * NONE    no journal here: nothing but init and a join is possible.
 * LOCKED  the file is there; no key of it is in this process.
 * OPEN    the vault is open, every circle is loaded; the personal circle is first.
 *
 * The book (journal/book.h) of all circles is folded from the records on first use
 * and kept up to date by the replicas; locking wipes it with all the rest.
 *
 * Ownership  a home borrows rng, trace and the strings of its env.
 * Threads    one home, one thread.
 * Units      now->now_ms monotonic, for the two limits; now->time_ms for people.
 * Errors     EN_LOCKED, EN_ABSENT (NO_VAULT) from what needs an open home; those of
 *            vault.h and replica.h.
 * Source     docs/architecture.md; PRODUCT 4.1 rule 14.
 */
#ifndef EN_REPLICA_HOME_H
#define EN_REPLICA_HOME_H

#include "journal/book.h"
#include "replica/replica.h"
#include "replica/rpc.h"

#define EN_IDLE_MS     1800000 /* 30 minutes without a request */
#define EN_HARD_MIN    480     /* 8 hours, unless unlock was told */
#define EN_HARD_MIN_UP 720     /* at most 12 hours */

struct en_home;

struct en_home_env {
    const char *dir; /* of the vault: XDG_DATA_HOME/entrenous */
    const char *vfs; /* SQLite's VFS beneath ours; NULL: the default */
    struct en_rng *rng;
    const struct en_trace *trace; /* may be NULL */
};

en_err en_home_new(struct en_home **h, const struct en_home_env *env);
void en_home_free(struct en_home *h); /* locks first; NULL does nothing */

enum en_rpc_vault en_home_state(const struct en_home *h);

/* Makes the vault and founds the personal circle: GENESIS, this device, the kit,
 * the first epoch; open afterwards. EN_DENIED (VAULT_EXISTS); EN_RANGE (NAME,
 * PASSPHRASE). */
en_err en_home_init(struct en_home *h, const struct en_rpc_init *init,
                    const struct en_now *now, struct en_why *why);

/* for_min 0: EN_HARD_MIN. Open already: the passphrase is checked and the hard
 * limit set anew. EN_PASSPHRASE, EN_BUSY (OWNER), EN_FORGED, EN_VERSION. */
en_err en_home_unlock(struct en_home *h, struct en_span passphrase,
                      uint32_t for_min, const struct en_now *now,
                      struct en_why *why);
void en_home_lock(struct en_home *h);

/* A request or another act of the person: moves the idle limit. */
void en_home_touch(struct en_home *h, uint64_t now_ms);
/* When it must be locked (monotonic); UINT64_MAX while not open. Past it the next
 * en_home_expire locks and says so. */
uint64_t en_home_deadline(const struct en_home *h);
bool en_home_expire(struct en_home *h, uint64_t now_ms);
/* Unix ms: open since and, by the hard limit, until; 0 while not open. */
int64_t en_home_since(const struct en_home *h);
int64_t en_home_until(const struct en_home *h);

/* ---- circles; the home is open ---- */

size_t en_home_circles(const struct en_home *h);
struct en_replica *en_home_circle(const struct en_home *h, size_t i);
struct en_replica *en_home_personal(const struct en_home *h);
struct en_replica *en_home_by_cid(const struct en_home *h,
                                  const struct en_id *cid);

/* Lets a circle, or every one, do what its records oblige it to
 * (en_replica_settle); and lists this person's kit where it is not listed yet. */
en_err en_home_settle_one(struct en_home *h, struct en_replica *r,
                          bool may_epoch, bool *did);
en_err en_home_settle(struct en_home *h, bool may_epoch, bool *did);

/* What a guest (replica.h) needs to become a circle here, and taking what it made. */
const struct en_replica_env *en_home_replica_env(const struct en_home *h);
en_err en_home_take(struct en_home *h, struct en_replica *r);

/* A new circle of many, and its profile. The kit is this person's. EN_RANGE (NAME);
 * EN_DENIED (KIT_PAPER): the kit's words are on paper only. */
en_err en_home_found(struct en_home *h, const struct en_rpc_create *create,
                     const struct en_now *now, struct en_replica **r,
                     struct en_why *why);

/*
 * Lets a device in (en_replica_admit), then writes again, under the keys that it
 * reads too, what a newcomer must see: the circle's profile. On an error after the
 * admission the device is in; the next one who is let in brings it the profile.
 */
en_err en_home_admit(struct en_home *h, struct en_replica *r,
                     const struct en_join_request *j, const struct en_now *now,
                     struct en_why *why);

/* The circle a person means: its name, a unique folded prefix of it, or its id in
 * hexadecimal; empty: the only group. EN_ABSENT (NO_CIRCLE), EN_CHOOSE (CIRCLES). */
en_err en_home_named(struct en_home *h, struct en_span typed,
                     struct en_replica **r, struct en_why *why);

/* Appends the label shown for a person or a device of a circle; with four bytes of
 * the person's id where two have the same. Nothing for one that is not known. */
en_err en_home_person_name(const struct en_replica *r,
                           const struct en_id16 *person, struct en_buf *out);
struct en_span en_home_device_label(const struct en_replica *r,
                                    const struct en_id16 *dev16);

/* ---- what people read ---- */

/* The book of all circles, built now if need be. index: a search follows. */
en_err en_home_book(struct en_home *h, bool index, struct en_book **book);
/* Throws it away and builds it again from the records. */
en_err en_home_refold(struct en_home *h, struct en_book **book);
/* Whether this person has been shown a record of others. */
bool en_home_seen(const struct en_home *h, const struct en_id *record);
en_err en_home_mark_seen(struct en_home *h, const struct en_id *cid,
                         const struct en_id *record, size_t n);

/* ---- kept in the vault ---- */

/* What doctor looks at; NULL unless open. */
struct en_vault;
struct en_vault *en_home_vault(const struct en_home *h);

struct en_store *en_home_store(const struct en_home *h);
/* Appends the value; EN_ABSENT. */
en_err en_home_setting(const struct en_home *h, struct en_span key,
                       struct en_buf *out);
en_err en_home_set(struct en_home *h, struct en_span key, struct en_span value);

/* EN_PASSPHRASE: old is not it. */
en_err en_home_passphrase(struct en_home *h, const struct en_rpc_passphrase *p,
                          struct en_why *why);

#endif
