/*
 * pack.h - strict, canonical MessagePack: one value has one encoding.
 *
 * A packed value is one array of unsigned integers, binary strings, UTF-8
 * strings, nils and arrays, every integer and length in its shortest form,
 * arrays nested at most EN_PACK_DEPTH_MAX (the outermost is the first), nothing
 * after it. Maps, extensions, floats and booleans are never accepted; negative
 * integers only under EN_PACK_SIGNED (journal content, not operations). So what
 * was accepted would be written again with the same bytes.
 *
 * Writing goes through msgpack-c. Reading does not: that library reserves memory
 * by a length it has not checked and accepts longer forms, so the bytes are
 * scanned here once and then read by a cursor, which allocates nothing.
 *
 * Ownership  a writer borrows its buffer, a cursor its bytes; what it returns
 *            points into them.
 * Errors     both sides are sticky: check en_pack_done or en_unpack_done once.
 * Source     MessagePack specification; docs/formats/pack.md.
 */
#ifndef EN_WIRE_PACK_H
#define EN_WIRE_PACK_H

#include "base/bytes.h"
#include "base/limits.h"

#define EN_PACK_SIGNED 1u /* flag: negative integers are allowed */

/*
 * struct en_pack p = en_pack_to(&buf, 0);
 * en_pack_array(&p, 2);
 * en_pack_uint(&p, 1);
 * en_pack_bin(&p, id);
 * err = en_pack_done(&p);
 *
 * Appends to the buffer. An array that gets fewer or more elements than it
 * announced, or is nested too deep, is our own bug: asserted.
 */
struct en_pack {
    struct en_buf *out;
    size_t before; /* out->n at the start, to which an error goes back */
    unsigned flags;
    unsigned depth; /* arrays still open */
    uint32_t left[EN_PACK_DEPTH_MAX];
    bool whole; /* the outermost array is complete */
    en_err err;
};

struct en_pack en_pack_to(struct en_buf *out, unsigned flags);
void en_pack_array(struct en_pack *p, uint32_t n);
void en_pack_uint(struct en_pack *p, uint64_t v);
void en_pack_int(struct en_pack *p, int64_t v);
void en_pack_bin(struct en_pack *p, struct en_span s);
void en_pack_str(struct en_pack *p, struct en_span s);
void en_pack_nil(struct en_pack *p);
/* A value packed before, or taken by en_unpack_skip: one element, as it is. Its
 * nesting counts: where the whole may be too deep, scan it. */
void en_pack_value(struct en_pack *p, struct en_span packed);

/* EN_RANGE  a str was no UTF-8, a negative integer without EN_PACK_SIGNED, a
 *           string of 4 GiB, or over the buffer's max
 * EN_NOMEM
 * On any error the buffer holds what it held before en_pack_to. */
en_err en_pack_done(struct en_pack *p);

/* Whether s is one packed value, whole. EN_PROTOCOL if not. */
en_err en_pack_scan(struct en_span s, unsigned flags);

/*
 * A cursor over scanned bytes. A value of another type or out of bounds makes it
 * bad; from then on every call returns zeros, empty spans and false.
 */
struct en_unpack {
    const uint8_t *p;
    size_t n; /* bytes left */
    bool bad;
};

/* Scans s, then stands before its outermost array. EN_PROTOCOL: u is bad. */
en_err en_unpack_begin(struct en_unpack *u, struct en_span s, unsigned flags);

/* Enters an array of min to max elements: that many values follow. *n is 0 if
 * bad, so that a loop over it ends at once. */
void en_unpack_array(struct en_unpack *u, uint32_t *n, uint32_t min,
                     uint32_t max);
uint64_t en_unpack_uint(struct en_unpack *u, uint64_t max);
int64_t en_unpack_int(struct en_unpack *u); /* of either sign; fits int64_t */
struct en_span en_unpack_bin(struct en_unpack *u, size_t min, size_t max);
struct en_span en_unpack_str(struct en_unpack *u, size_t min, size_t max);
/* A bin of exactly n bytes, copied; zeros if bad. */
void en_unpack_fixed(struct en_unpack *u, void *out, size_t n);
/* Takes a nil if the next value is one; any other is left and is no error. */
bool en_unpack_nil_next(struct en_unpack *u);
/* Passes one value, arrays with all they hold, and returns its bytes. */
struct en_span en_unpack_skip(struct en_unpack *u);

/* True when nothing failed and nothing is left over. */
bool en_unpack_done(const struct en_unpack *u);

#endif
