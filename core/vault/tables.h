/*
 * tables.h - records, keys and rows as rows of SQLite.
 *
 * The functions of store.h over a connection that somebody else opened, set up
 * and will close. It knows nothing of seals, files or the guard, so the bench
 * runs the same code on plain SQLite.
 *
 * Ownership  the connection is borrowed; en_tables_close before it is closed.
 * Threads    one.
 * Errors     store.h's; EN_IO stands for whatever SQLite said. Nothing is left
 *            open: on any error the database is as it was before the call,
 *            unless t->stuck, when even rolling back failed.
 */
#ifndef EN_VAULT_TABLES_H
#define EN_VAULT_TABLES_H

#include "record/store.h"
#include "vault/guard.h"

#include <sqlite3.h>

#define EN_TABLES_STATEMENTS 40
#define EN_TABLES_SHELVES    16 /* remembered between commits */

struct en_tables {
    sqlite3 *db;
    sqlite3_stmt *st[EN_TABLES_STATEMENTS]; /* prepared when first needed */
    struct {
        struct en_id cid;
        uint16_t kind;
        int64_t n; /* 0: unused */
    } shelf[EN_TABLES_SHELVES];
    unsigned shelf_next;
    bool stuck;
    bool damaged; /* SQLite found what no seal explains; the caller clears it */
};

void en_tables_open(struct en_tables *t, sqlite3 *db);
void en_tables_close(struct en_tables *t); /* {0} does nothing */

en_err en_tables_frontier(struct en_tables *t, const struct en_id *cid,
                          en_head_fn fn, void *user);
en_err en_tables_scan(struct en_tables *t, const struct en_id *log,
                      uint64_t from, en_stored_fn fn, void *user);
en_err en_tables_arrivals(struct en_tables *t, const struct en_id *cid,
                          uint64_t from, en_stored_fn fn, void *user);
en_err en_tables_get(struct en_tables *t, const struct en_id *id,
                     en_stored_fn fn, void *user);
en_err en_tables_find(struct en_tables *t, const struct en_find *q,
                      en_row_fn fn, void *user);
en_err en_tables_key(struct en_tables *t, const struct en_key_name *name,
                     struct en_key *out);

/*
 * signs    false: a batch that appends to an own log is EN_MOVED
 * counter  written to the database if the batch appends to an own log
 * own      whether it did; written on EN_OK only
 */
en_err en_tables_commit(struct en_tables *t, const struct en_batch *b,
                        bool signs, uint64_t counter, bool *own);

/* The counter, and the hash of the own logs' tips. */
en_err en_tables_counter(struct en_tables *t, uint64_t *counter);
en_err en_tables_own_tips(struct en_tables *t, uint8_t tips[32]);

#endif
