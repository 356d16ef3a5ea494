/*
 * alloc.h - SQLite's memory, wiped when it is freed.
 *
 * Pages, sorters and statements hold what people wrote. Each block carries its
 * size in front, so that freeing knows how much to wipe; growing copies and wipes
 * the old block, which realloc would leave behind.
 *
 * Errors     EN_IO: SQLite was in use before, with another allocator.
 */
#ifndef EN_VAULT_ALLOC_H
#define EN_VAULT_ALLOC_H

#include "base/err.h"

/* Once per process; again: does nothing. */
en_err en_alloc_install(void);

#endif
