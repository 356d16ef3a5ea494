/*
 * store_fill.h - made-up names, records, rows and keys, and everything a store
 * holds as text, to compare one state with another.
 *
 * The same numbers always make the same bytes; payloads tell their place.
 */
#ifndef EN_TESTS_LIB_STORE_FILL_H
#define EN_TESTS_LIB_STORE_FILL_H

#include "record/store.h"

/* What store_dump looks through: circles, kinds of rows and keys, refs. */
#define STORE_CIRCLES 3
#define STORE_KINDS   4
#define STORE_REFS    8

struct en_id store_id(const char *what, uint64_t n);
struct en_id store_circle_id(uint64_t circle);
struct en_id store_log_id(uint64_t circle, uint64_t number);
struct en_id store_record_id(uint64_t circle, uint64_t number, uint64_t seq);
struct en_checkpoint store_checkpoint(uint64_t circle, uint64_t number,
                                      uint64_t seq);
struct en_batch_log store_log_of(uint64_t circle, uint64_t number, uint8_t kind,
                                 bool own);
/* Its payload and aux are kept by b. */
struct en_batch_record store_record(struct en_batch *b, uint64_t circle,
                                    uint64_t number, uint64_t seq, size_t len);
/* Borrows key and body. */
struct en_row store_row(uint64_t circle, uint16_t kind, const char *key,
                        int64_t sort, const char *body);
struct en_key_name store_key_name(uint64_t circle, uint8_t kind, uint64_t ref);
struct en_key store_key_value(uint8_t fill);

/* Appends n records of len bytes to the log of (circle, number), which is made if
 * before is 0. A checkpoint at the end, and at each record if own. */
void store_fill(struct en_batch *b, uint64_t circle, uint64_t number,
                uint8_t kind, bool own, uint64_t before, size_t n, size_t len);

/* All heads and records; arrivals, rows and keys of the circles and kinds above. */
void store_dump(struct en_store *s, struct en_buf *out);

#endif
