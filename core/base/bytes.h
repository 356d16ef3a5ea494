/*
 * bytes.h - spans, bounded buffers, cursors and ids.
 *
 * A span borrows. A buffer owns, grows up to a bound its maker names, and wipes
 * what it frees (it may have held text). A reader never reads past its end: the
 * first failure makes it bad and every later read yields zeros, so a parser
 * checks once, at its end. Integers are little-endian unless the name says be.
 *
 * Ownership  en_buf_free after any use; freeing {0} does nothing.
 * Errors     EN_RANGE beyond a buffer's max (it is left as it was), EN_NOMEM.
 */
#ifndef EN_BASE_BYTES_H
#define EN_BASE_BYTES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct en_span {
    const uint8_t *p; /* may be NULL when n is 0 */
    size_t n;
};

#define EN_SPAN(ptr, len) ((struct en_span){(ptr), (len)})
#define EN_SPAN_OF(arr)   ((struct en_span){(arr), sizeof(arr)})

struct en_span en_span_str(const char *s);           /* without the final NUL */
bool en_span_eq(struct en_span a, struct en_span b); /* not constant time */
int en_span_cmp(struct en_span a,
                struct en_span b); /* bytewise; shorter first */

/* 32 bytes that name something; 16 where the protocol shortens it. Public. */
struct en_id {
    uint8_t b[32];
};
struct en_id16 {
    uint8_t b[16];
};

bool en_id_eq(const struct en_id *a, const struct en_id *b);
int en_id_cmp(const struct en_id *a, const struct en_id *b);
bool en_id_zero(const struct en_id *a);
bool en_id16_eq(const struct en_id16 *a, const struct en_id16 *b);
int en_id16_cmp(const struct en_id16 *a, const struct en_id16 *b);
bool en_id16_zero(const struct en_id16 *a);
struct en_id16 en_id_short(const struct en_id *a); /* its first 16 bytes */

struct en_buf {
    uint8_t *p;
    size_t n;
    size_t cap;
    size_t max; /* 0 is read as SIZE_MAX: only for sizes we chose ourselves */
};

en_err en_buf_reserve(struct en_buf *b, size_t more);
en_err en_buf_add(struct en_buf *b, const void *p, size_t n);
en_err en_buf_add_span(struct en_buf *b, struct en_span s);
en_err en_buf_add_str(struct en_buf *b, const char *s); /* without the NUL */
en_err en_buf_add_zeros(struct en_buf *b, size_t n);
en_err en_buf_add_u8(struct en_buf *b, uint8_t v);
en_err en_buf_add_u16(struct en_buf *b, uint16_t v);
en_err en_buf_add_u16be(struct en_buf *b, uint16_t v);
en_err en_buf_add_u32(struct en_buf *b, uint32_t v);
en_err en_buf_add_u64(struct en_buf *b, uint64_t v);
en_err en_buf_add_lv(struct en_buf *b, struct en_span s); /* u16 length || s */
struct en_span en_buf_span(const struct en_buf *b);
void en_buf_consume(struct en_buf *b, size_t n); /* drops the first n bytes */
void en_buf_clear(struct en_buf *b);             /* wipes, keeps the memory */
void en_buf_free(struct en_buf *b); /* wipes, frees, leaves {0} with max */

struct en_reader {
    const uint8_t *p;
    size_t n; /* bytes left */
    bool bad;
};

struct en_reader en_reader_of(struct en_span s);
uint8_t en_read_u8(struct en_reader *r);
uint16_t en_read_u16(struct en_reader *r);
uint16_t en_read_u16be(struct en_reader *r);
uint32_t en_read_u32(struct en_reader *r);
uint64_t en_read_u64(struct en_reader *r);
struct en_span en_read_span(struct en_reader *r, size_t n);
struct en_span en_read_lv(struct en_reader *r, size_t max);
void en_read_copy(struct en_reader *r, void *out, size_t n); /* zeros if bad */
/* True when nothing failed and nothing is left over. */
bool en_read_done(const struct en_reader *r);

void en_put_u16(uint8_t *p, uint16_t v);
void en_put_u16be(uint8_t *p, uint16_t v);
void en_put_u32(uint8_t *p, uint32_t v);
void en_put_u64(uint8_t *p, uint64_t v);
uint16_t en_get_u16(const uint8_t *p);
uint16_t en_get_u16be(const uint8_t *p);
uint32_t en_get_u32(const uint8_t *p);
uint64_t en_get_u64(const uint8_t *p);

/* A record id, a device id, a cid as people and logs see them: lower-case hex.
 * out holds 2n + 1 bytes. en_unhex refuses odd lengths and other characters. */
void en_hex(char *out, const uint8_t *p, size_t n);
en_err en_unhex(uint8_t *out, size_t n, const char *hex);

#endif
