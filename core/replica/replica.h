/*
 * replica.h - one circle on this device: the one door to its state.
 *
 * append  what this person does: one's own records, sealed, signed, durable
 * ingest  what anyone hands over, by any road: one run, checked whole
 * query   what the records say: people, readers, words, items
 * settle  what the records now oblige this device to do: attest, make an epoch
 *
 * Each write is one commit; what a function reports is on disk. Nothing is shown,
 * relayed or counted before it is verified and durable.
 *
 * Ownership  a replica borrows store, rng and trace; they outlive it. One replica
 *            per circle and store.
 * Threads    one.
 * Errors     EN_IO, EN_FULL, EN_NOMEM: nothing changed; after EN_IO from a commit
 *            nothing more may be acknowledged in this process.
 *            EN_MOVED (EN_WHY_OLD_COPY): this vault is an older copy of itself and
 *            must not sign. EN_DENIED (EN_WHY_REVOKED): this device is not active.
 * Source     docs/architecture.md; docs/durability.md R1-R7.
 */
#ifndef EN_REPLICA_REPLICA_H
#define EN_REPLICA_REPLICA_H

#include "base/rng.h"
#include "base/trace.h"
#include "base/words.h"
#include "circle/member.h"
#include "record/frontier.h"
#include "record/run.h"
#include "record/store.h"

/* Time is an argument. now_ms is monotonic, for deadlines; time_ms is Unix time, a
 * claim for people; offset_min is the author's zone. */
struct en_now {
    uint64_t now_ms;
    int64_t time_ms;
    int16_t offset_min;
};

/* One journal record, opened. */
struct en_item {
    struct en_id cid;
    struct en_id record;
    struct en_id16 person; /* of its author */
    struct en_id device;
    uint64_t seq;
    uint8_t type;           /* 1 entry, 2 revision, 3 profile */
    bool own;               /* by this person */
    bool older_key;         /* its epoch is not the one S would choose today */
    struct en_span content; /* msgpack, verified, borrowed for the call */
};

struct en_replica_env {
    struct en_store *store;
    struct en_rng *rng;
    const struct en_trace *trace; /* may be NULL */
    bool old_copy; /* the store went back: nothing may be signed (R2) */
    /* Called for each journal record that becomes readable, after its commit; and
     * with content empty for one that is no longer there. May be NULL. */
    void (*item)(void *user, const struct en_item *item);
    void *user;
};

struct en_replica;

/* Opens the circle the store holds under cid. EN_ABSENT. */
en_err en_replica_open(struct en_replica **r, const struct en_replica_env *env,
                       const struct en_id *cid);
void en_replica_close(struct en_replica *r); /* wipes; NULL does nothing */

/*
 * Founds a circle, in one commit: GENESIS by the root paper, the GRANT of this
 * first device with its label, the GRANT of the person's recovery kit, the first
 * epoch, netsecret. personal: the journal of one person, whose kit and root are
 * one paper. The root entropy stays in the store, "not yet on paper".
 *
 * kit  the person's kit entropy E, 32 bytes (personal: also the root's)
 */
struct en_found {
    bool personal;
    struct en_span person_label;
    struct en_span device_label;
    struct en_span kit_label; /* the kit's, as a device: "papier" */
    const struct en_key *kit;
};
en_err en_replica_found(struct en_replica **r, const struct en_replica_env *env,
                        const struct en_found *f);

/* -- what it is ----------------------------------------------------------- */

const struct en_id *en_replica_cid(const struct en_replica *r);
const struct en_circle *en_replica_circle(const struct en_replica *r);
const struct en_id *en_replica_device(const struct en_replica *r); /* own */
const struct en_id16 *en_replica_person(const struct en_replica *r);
/* Rises with every commit of this circle. */
uint64_t en_replica_changes(const struct en_replica *r);
bool en_replica_signs(const struct en_replica *r); /* false: older copy */
/* Logs seen with two continuations; shown to people. */
size_t en_replica_forks(const struct en_replica *r);
bool en_replica_fork(const struct en_replica *r, size_t i,
                     struct en_id *device);
/* Own journal records that no other device has acknowledged yet. */
size_t en_replica_waiting(const struct en_replica *r);
/* Whether that device has said (DONE) that it holds every own record of this one,
 * control and journal. */
bool en_replica_in_step(const struct en_replica *r, const struct en_id *device);
/* Journal records that a checkpoint vouches for and whose seal does not open under
 * a key we hold: set aside, never shown. */
size_t en_replica_set_aside(const struct en_replica *r);
bool en_replica_set_aside_by(const struct en_replica *r, size_t i,
                             struct en_id *device);

/* Six words of the state now, and its digest. Argon2id: about 0.25 s; cached. */
en_err en_replica_words(struct en_replica *r, unsigned index[6],
                        uint8_t digest[32]);

/* -- append --------------------------------------------------------------- */

struct en_append {
    uint8_t type;           /* EN_JOURNAL types */
    struct en_span content; /* 1..EN_CONTENT_MAX */
};

/* The devices a record appended now would be sealed to, in device_id order, and a
 * digest of that list. If no eligible epoch exists the list is Readers(S). */
en_err en_replica_readers(const struct en_replica *r,
                          const struct en_member **list, size_t max, size_t *n,
                          struct en_id *digest);

/*
 * Seals and appends n records (n >= 1; the batch bounds of limits.h) in one
 * commit, with an EPOCH before them where none is eligible.
 *
 * readers  NULL, or the digest a person has seen: EN_MOVED without EN_WHY_OLD_COPY
 *          if the recipients are others by now, and nothing was written
 * ids      n record ids, on EN_OK
 *
 * EN_LATER (EN_WHY_INCOMPLETE): the epoch to write under has not been opened.
 */
en_err en_replica_append(struct en_replica *r, const struct en_append *rec,
                         size_t n, const struct en_id *readers,
                         struct en_id *ids, struct en_why *why);

/* -- query ---------------------------------------------------------------- */

/* Every readable journal record, log by log, oldest first. */
en_err en_replica_items(struct en_replica *r,
                        en_err (*fn)(void *user, const struct en_item *item),
                        void *user);
/* One record's content, appended to out. EN_ABSENT, EN_NO_KEY, EN_FORGED. */
en_err en_replica_content(struct en_replica *r, const struct en_id *record,
                          struct en_buf *out);

/* -- sync ----------------------------------------------------------------- */

/* Tips of all logs this replica would show that peer; control_only: to an
 * observer, or in front of a joiner. Appends to *f. */
en_err en_replica_frontier(const struct en_replica *r, bool control_only,
                           struct en_frontier *f);

/*
 * The next RUN a peer lacks: control first, in order of arrival, then journals.
 * theirs is what the peer holds or has been sent; it is moved forward past what is
 * returned. Appends a RUN body to body. EN_ABSENT: nothing is lacking.
 */
en_err en_replica_next(struct en_replica *r, struct en_frontier *theirs,
                       bool control_only, struct en_buf *body);

enum en_ingested {
    EN_RUN_STORED, /* durable now */
    EN_RUN_KNOWN,  /* nothing new in it */
    EN_RUN_LATER,  /* base, heads or author not held yet: nothing stored */
    EN_RUN_FORK,   /* it contradicts a verified record: nothing stored */
};

struct en_ingest {
    enum en_ingested what;
    struct en_tip
        tip; /* durable here up to this, when STORED or KNOWN; full ids */
};

/*
 * Takes one RUN body. EN_OK: see out. EN_PROTOCOL or EN_FORGED: the run is bad and
 * the peer to blame; nothing changed. A verified record of an own log that is not
 * held means that this vault is an older copy: it signs nothing more, also after
 * the next opening (en_replica_signs).
 */
en_err en_replica_ingest(struct en_replica *r, struct en_span body,
                         struct en_ingest *out);

/*
 * Compares a peer's FRONTIER with what is held. *lacking: the peer says that it has
 * something we do not. That is a claim, and changes nothing here: what it means
 * (an older copy, a fork) is decided by the RUN that proves it, in
 * en_replica_ingest.
 */
en_err en_replica_compare(struct en_replica *r,
                          const struct en_frontier *theirs, bool *lacking);

/*
 * For FORKQ and FORKA: the id of one's record at seq (EN_ABSENT beyond the head),
 * and one's branch from there as a RUN body, so that the peer can see for itself.
 */
en_err en_replica_id_at(struct en_replica *r, const struct en_id16 *log16,
                        uint64_t seq, struct en_id *id);
en_err en_replica_run_at(struct en_replica *r, const struct en_id16 *log16,
                         uint64_t from, struct en_buf *body);

/* DONE from a device: durable there up to this tip. What names no record of our
 * own is ignored; kept by the next settle. */
en_err en_replica_done(struct en_replica *r, const struct en_id *device,
                       const struct en_tip *tip);

/* Payloads marked MISSING of the first log that lacks some after *log16 (zero: from
 * the first): at most max seqs, ascending; *log16 becomes that log. *n 0: none. */
en_err en_replica_missing(struct en_replica *r, struct en_id16 *log16,
                          uint64_t *seq, size_t max, size_t *n);
/* The payload of one journal record, hash compared again (R7). EN_ABSENT. */
en_err en_replica_payload(struct en_replica *r, const struct en_id16 *log16,
                          uint64_t seq, struct en_buf *out);
/* A PAY: EN_FORGED if its hash is not the header's. */
en_err en_replica_pay(struct en_replica *r, const struct en_id16 *log16,
                      uint64_t seq, struct en_span payload);

/* What the link needs. Keys are copied out; the caller wipes them. */
en_err en_replica_link_keys(struct en_replica *r, struct en_key *link,
                            struct en_key *find, struct en_key *netsecret);

/* -- settle --------------------------------------------------------------- */

/*
 * Does what the records oblige this device to do now: import epoch seeds (always),
 * attest epochs opened, make an epoch where none is eligible and this device may
 * (class 1 at once; class 2 only if may_epoch: the caller has waited 0-20 s). One
 * commit; *did says whether anything was appended.
 */
en_err en_replica_settle(struct en_replica *r, bool may_epoch, bool *did);

/* Whether this person has no recovery kit here yet and policy allows one. */
bool en_replica_wants_kit(const struct en_replica *r);
/* GRANT of it by this device, its LABEL, and an EPOCH that it can open. kit: the
 * person's kit entropy E, borrowed. */
en_err en_replica_grant_kit(struct en_replica *r, const struct en_key *kit,
                            struct en_span kit_label);

/* -- joining -------------------------------------------------------------- */

/* The sponsor's side: everything a JOIN must satisfy is checked on S. On EN_OK the
 * GRANT (unless the device is active already), LABEL and EPOCH are durable. */
struct en_join_request {
    struct en_span cert;     /* 178 */
    struct en_span cert_sig; /* 64 */
    struct en_span person_label;
    struct en_span device_label;
    uint8_t cls;
};
en_err en_replica_admit(struct en_replica *r, const struct en_join_request *j,
                        struct en_why *why);

/*
 * The joiner's side: a circle not yet ours. Runs are held in bounded memory and
 * verified; nothing touches the disk.
 */
struct en_guest;
en_err en_guest_new(struct en_guest **g);
void en_guest_free(struct en_guest *g);
en_err en_guest_ingest(struct en_guest *g, struct en_span body);
const struct en_circle *en_guest_circle(const struct en_guest *g);
/* The sponsor's claim: active, with a class that may grant cls to a new person. */
en_err en_guest_sponsor(const struct en_guest *g, const struct en_id16 *dev16,
                        uint8_t cls);
/*
 * Makes this device's keys and certificate for the circle and puts them into the
 * store, durable: what a JOIN then says. A second call for the same circle gives
 * the same certificate (a join that was cut). EN_DENIED: this vault has the circle
 * already, and its keys are left alone.
 */
en_err en_guest_keys(struct en_guest *g, const struct en_replica_env *env,
                     uint8_t flags, uint8_t cert[EN_CERT_LEN],
                     uint8_t cert_sig[64], struct en_key *sign);
/* After SECRET and the last RUNs: if they show this device active, one commit
 * makes the circle ours and opens it. EN_LATER: not granted in what was sent. */
en_err en_guest_adopt(struct en_guest *g, const struct en_replica_env *env,
                      const struct en_key *netsecret, struct en_replica **r);

#endif
