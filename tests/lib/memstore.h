/*
 * memstore.h - a store in memory: record/store.h without a disk.
 *
 * The proof that the face is small, and what replica tests and the simulator run
 * on. It checks a batch whole before it changes anything; its own memory never
 * runs out (it does not use malloc, so that an allocation sweep counts only what
 * is under test). tests/lib/store_suite.c holds it to the same promises as the
 * vault.
 *
 * Ownership  memstore_free frees all; a clone is a store of its own.
 */
#ifndef EN_TESTS_LIB_MEMSTORE_H
#define EN_TESTS_LIB_MEMSTORE_H

#include "record/store.h"

struct memstore;

struct memstore *memstore_new(void);
/* What the disk held, for a power cut, an old copy put back, a cloned device. */
struct memstore *memstore_clone(const struct memstore *m);
void memstore_free(struct memstore *m); /* NULL does nothing */
struct en_store *memstore_store(struct memstore *m);

/* The commit after the next `after` fails with err, once or for ever. kept: it is
 * stored all the same, as when a power cut came before the answer. EN_OK: none. */
void memstore_fail(struct memstore *m, unsigned after, en_err err,
                   bool for_ever, bool kept);

/* Like a vault whose guard has seen a later database: appends to own logs are
 * EN_MOVED. */
void memstore_set_older(struct memstore *m, bool older);

uint64_t memstore_commits(const struct memstore *m); /* that were stored */
size_t memstore_bytes(const struct memstore *m);     /* payloads and bodies */

#endif
