/*
 * plain.h - SQLite as anybody would use it for a durable log: the floors' disk.
 *
 * The same page size, log and durability as a vault's connection, none of its
 * seals; one table of records.
 */
#ifndef EN_TESTS_BENCH_PLAIN_H
#define EN_TESTS_BENCH_PLAIN_H

#include "base/bytes.h"

#include <sqlite3.h>

#define PLAIN_HEADER 128

struct plain {
    sqlite3 *db;
    sqlite3_stmt *put, *all;
};

void plain_open(struct plain *p, const char *path);
void plain_close(struct plain *p);
void plain_exec(struct plain *p, const char *sql);
/* sig: 64 bytes, or NULL. */
void plain_put(struct plain *p, int64_t n, const uint8_t header[PLAIN_HEADER],
               struct en_span payload, const uint8_t *sig);
/* One record after the other; false at the end. Borrowed until the next. */
bool plain_next(struct plain *p, const uint8_t **header,
                struct en_span *payload, const uint8_t **sig);

#endif
