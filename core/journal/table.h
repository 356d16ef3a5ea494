/*
 * table.h - items found by a 64-bit hash. For this folder only.
 *
 * Open addressing, linear probing, several items under one hash allowed: the
 * caller compares. Hashes come from en_table_hash with the book's seed, so that
 * nobody who writes records can choose where they fall.
 *
 * Ownership  items are the caller's.
 * Errors     EN_NOMEM: as before the call.
 */
#ifndef EN_JOURNAL_TABLE_H
#define EN_JOURNAL_TABLE_H

#include "base/bytes.h"

struct en_slot {
    uint64_t hash;
    void *item; /* NULL: free */
};

struct en_table {
    struct en_slot *slot;
    size_t cap; /* a power of two, or 0 */
    size_t n;
};

/* Room for one more, so that the next put cannot fail. */
en_err en_table_reserve(struct en_table *t);
void en_table_put(struct en_table *t, uint64_t hash, void *item);
void en_table_remove(struct en_table *t, uint64_t hash, const void *item);
void en_table_free(struct en_table *t);

/* for (size_t i = EN_TABLE_START; (x = en_table_next(t, hash, &i)) != NULL;) */
#define EN_TABLE_START SIZE_MAX
void *en_table_next(const struct en_table *t, uint64_t hash, size_t *at);

/* Not a cryptographic hash: only the seed is secret, and only while it is. */
uint64_t en_table_hash(uint64_t seed, const void *p, size_t n);

#endif
