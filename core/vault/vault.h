/*
 * vault.h - open, lock, and the store that a vault is.
 *
 * One directory holds everything: a header, a guard, one sealed database and its
 * write-ahead log. Without the passphrase its files show a padded size and the
 * times of writing.
 *
 * One process owns an open vault: SQLite's exclusive lock on the database, held
 * from open to close and gone with the process.
 *
 *   CLOSED --create, open--> OPEN --close--> CLOSED
 *   OPEN --a write or sync fails--> BROKEN --close--> CLOSED
 *
 * OPEN     what commit acknowledged is on disk.
 * BROKEN   every store function is EN_IO. What was acknowledged is on disk; what
 *          was not may be: close, open again, and compare. No sync is retried.
 *
 * A vault whose database is older than its guard (a copy put back) opens, reads
 * and takes in what others wrote; it appends to no own log (EN_MOVED), so that
 * nothing is signed twice at one place.
 *
 * Ownership  env's members and rng outlive the vault. en_vault_store's store is
 *            the vault's. Spans given to callbacks are SQLite's, for the call.
 * Threads    one vault, one thread. Before the first: en_secret_init.
 * Errors     each with its reason in why (which may be NULL):
 *            EN_ABSENT      EN_WHY_NO_VAULT
 *            EN_DENIED      EN_WHY_VAULT_EXISTS
 *            EN_PASSPHRASE  the passphrase opens no slot
 *            EN_FORGED      EN_WHY_HEADER, or EN_WHY_DAMAGED (what = file)
 *            EN_VERSION     EN_WHY_NEWER: nothing was touched
 *            EN_RANGE       EN_WHY_WEAK: the header asks for a cost below the
 *                           floor; EN_WHY_PASSPHRASE (n characters, limit the
 *                           least); EN_WHY_TEXT_UTF8, EN_WHY_TEXT_LONG
 *            EN_BUSY        EN_WHY_OWNER (n = Unix ms since when, 0 unknown)
 *            EN_FULL        EN_WHY_DISK_FULL
 *            EN_IO          EN_WHY_READ_ONLY or none
 *            EN_NOMEM
 * Source     docs/formats/vault.md, docs/durability.md.
 */
#ifndef EN_VAULT_VAULT_H
#define EN_VAULT_VAULT_H

#include "base/rng.h"
#include "base/trace.h"
#include "crypto/pwhash.h"
#include "record/store.h"

struct en_disk;
struct en_vault;

/* What a program decides, a test replaces. {0} is the machine as it is. */
struct en_vault_env {
    const char *below;    /* SQLite VFS beneath ours; NULL: the default */
    struct en_disk *disk; /* header, guard, directory; NULL: the machine's */
    uint64_t time_ms;     /* Unix ms: SQLite's clock, and "open since" */
    struct en_trace trace;
};

/*
 * en_vault_create - make a vault in dir (and dir itself) and open it.
 *
 * The header's rename is the last step: until then there is no vault, and what a
 * cut creation left is removed by the next one.
 *
 * passphrase  at least EN_PASSPHRASE_MIN characters, brought to NFC here
 * cost        NULL: 3 passes over 256 MiB
 */
en_err en_vault_create(const char *dir, struct en_span passphrase,
                       const struct en_pwhash_cost *cost, struct en_rng *rng,
                       const struct en_vault_env *env, struct en_vault **out,
                       struct en_why *why);

en_err en_vault_open(const char *dir, struct en_span passphrase,
                     struct en_rng *rng, const struct en_vault_env *env,
                     struct en_vault **out, struct en_why *why);

/* Locks: finishes SQLite's work, wipes every key and page. NULL does nothing. */
void en_vault_close(struct en_vault *v);

/* A header stands in dir, or may: one that cannot be looked at counts as there.
 * Says nothing about its soundness. */
bool en_vault_exists(const char *dir, struct en_disk *disk);

/* The seven functions of record/store.h. */
struct en_store *en_vault_store(struct en_vault *v);

/* Why the last store function failed; reason EN_WHY_NONE if there is no more to
 * say. Valid until the next one. */
const struct en_why *en_vault_why(const struct en_vault *v);

/*
 * en_vault_passphrase - a new passphrase, salt and slot; the old one opens no
 * header written from now on. Who kept an old header and knows the old passphrase
 * still has the master key.
 *
 * EN_PASSPHRASE  old_pass is wrong; nothing changed
 */
en_err en_vault_passphrase(struct en_vault *v, struct en_span old_pass,
                           struct en_span new_pass,
                           const struct en_pwhash_cost *cost,
                           struct en_why *why);

/* Whether the passphrase opens a slot of this open vault: unlocking again asks for
 * it. EN_PASSPHRASE. */
en_err en_vault_verify(struct en_vault *v, struct en_span passphrase,
                       struct en_why *why);

enum en_vault_trust {
    EN_VAULT_CURRENT = 0,
    EN_VAULT_OLDER_COPY, /* the guard has seen a later database */
    EN_VAULT_NO_GUARD, /* no slot of the guard opens: taken as an older copy */
};

struct en_vault_state {
    enum en_vault_trust trust;
    bool broken;
    bool memory_locked; /* keys are kept out of swap */
    uint64_t
        frames_damaged; /* of the log, with good ones behind them, at open */
    uint64_t counter;   /* commits to own logs */
    uint64_t sequence;  /* of the header */
    uint64_t generation;
    uint64_t since_ms; /* env's time at open */
    uint64_t bytes;    /* database and log, as the disk shows them; 0 unknown */
};

void en_vault_state(struct en_vault *v, struct en_vault_state *out);

/* May append to own logs: neither broken nor an older copy. */
bool en_vault_signs(const struct en_vault *v);

/* Walks every page and row and asks SQLite for its integrity: doctor's question,
 * slow. EN_FORGED. */
en_err en_vault_check(struct en_vault *v, struct en_why *why);

/* Before SQLite is used in this process: its allocator is replaced by one that
 * wipes what it frees, its log and its address syntax are switched off. Again:
 * does nothing. create and open call it. EN_IO: SQLite was already in use. */
en_err en_vault_process_init(void);

#endif
