#include "wire/pack.h"

#include "base/secret.h"
#include "base/text.h"

#include <msgpack.h>
#include <string.h>

/*
 * Writing
 */

struct en_pack en_pack_to(struct en_buf *out, unsigned flags)
{
    return (struct en_pack){.out = out, .before = out->n, .flags = flags};
}

/* msgpack-c's way out. Its own return codes carry nothing that err lacks. */
static int sink(void *user, const char *b, size_t n)
{
    struct en_pack *p = user;

    if (p->err == EN_OK)
        p->err = en_buf_add(p->out, b, n);
    return p->err == EN_OK ? 0 : -1;
}

static msgpack_packer packer(struct en_pack *p)
{
    msgpack_packer pk;

    msgpack_packer_init(&pk, p, sink);
    return pk;
}

/* Counts one value into the array it stands in. */
static void begin(struct en_pack *p)
{
    assert(!p->whole);
    assert(p->depth > 0); /* the outermost value is an array */
    assert(p->left[p->depth - 1] > 0);
    p->left[p->depth - 1]--;
}

/* Closes the arrays that are complete. */
static void end(struct en_pack *p)
{
    while (p->depth > 0 && p->left[p->depth - 1] == 0)
        p->depth--;
    p->whole = p->depth == 0;
}

void en_pack_array(struct en_pack *p, uint32_t n)
{
    msgpack_packer pk = packer(p);

    if (p->depth > 0)
        begin(p);
    assert(!p->whole);
    assert(p->depth < EN_PACK_DEPTH_MAX);
    p->left[p->depth++] = n;
    (void)msgpack_pack_array(&pk, n);
    end(p);
}

void en_pack_uint(struct en_pack *p, uint64_t v)
{
    msgpack_packer pk = packer(p);

    begin(p);
    (void)msgpack_pack_uint64(&pk, v);
    end(p);
}

void en_pack_int(struct en_pack *p, int64_t v)
{
    msgpack_packer pk = packer(p);

    if (v >= 0) {
        en_pack_uint(p, (uint64_t)v);
        return;
    }
    begin(p);
    if ((p->flags & EN_PACK_SIGNED) == 0 && p->err == EN_OK)
        p->err = EN_RANGE;
    (void)msgpack_pack_int64(&pk, v);
    end(p);
}

void en_pack_bin(struct en_pack *p, struct en_span s)
{
    msgpack_packer pk = packer(p);

    begin(p);
    if (s.n > UINT32_MAX && p->err == EN_OK)
        p->err = EN_RANGE;
    (void)msgpack_pack_bin(&pk, s.n);
    (void)msgpack_pack_bin_body(&pk, s.p, s.n);
    end(p);
}

void en_pack_str(struct en_pack *p, struct en_span s)
{
    msgpack_packer pk = packer(p);

    begin(p);
    if ((s.n > UINT32_MAX || !en_text_utf8(s)) && p->err == EN_OK)
        p->err = EN_RANGE;
    (void)msgpack_pack_str(&pk, s.n);
    (void)msgpack_pack_str_body(&pk, s.p, s.n);
    end(p);
}

void en_pack_nil(struct en_pack *p)
{
    msgpack_packer pk = packer(p);

    begin(p);
    (void)msgpack_pack_nil(&pk);
    end(p);
}

void en_pack_value(struct en_pack *p, struct en_span packed)
{
    begin(p);
    assert(packed.n > 0);
    if (p->err == EN_OK)
        p->err = en_buf_add_span(p->out, packed);
    end(p);
}

en_err en_pack_done(struct en_pack *p)
{
    struct en_buf *out = p->out;

    assert(p->whole);
    if (p->err != EN_OK && out->n > p->before) {
        en_wipe(out->p + p->before, out->n - p->before);
        out->n = p->before;
    }
    return p->err;
}

/*
 * One value's head: its kind, its number (an integer's value, a string's bytes,
 * an array's elements) and whether that form was the shortest.
 *
 *   byte       kind   number in            shortest from
 *   00..7f     uint   the byte
 *   90..9f     array  low 4 bits
 *   a0..bf     str    low 5 bits
 *   c0         nil
 *   c4 c5 c6   bin    1, 2, 4 bytes        0, 2^8, 2^16
 *   cc..cf     uint   1, 2, 4, 8 bytes     2^7, 2^8, 2^16, 2^32
 *   d0..d3     int    1, 2, 4, 8 bytes     below -2^5, -2^7, -2^15, -2^31
 *   d9 da db   str    1, 2, 4 bytes        2^5, 2^8, 2^16
 *   dc dd      array  2, 4 bytes           2^4, 2^16
 *   e0..ff     int    the byte, -32..-1
 *
 * All others are refused. A number that is not negative is a uint: d1 0100 is
 * as short as cd 0100 and still not its one form.
 */
enum kind {
    KIND_BAD,
    KIND_NIL,
    KIND_UINT,
    KIND_INT,
    KIND_BIN,
    KIND_STR,
    KIND_ARRAY
};

struct head {
    enum kind kind;
    size_t n; /* bytes of the head itself */
    uint64_t number;
    int64_t negative; /* of KIND_INT */
};

static uint64_t big_endian(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

/* A head with a number of width bytes, whose shorter forms end below least. */
static struct head wide(struct en_span s, enum kind kind, size_t width,
                        uint64_t least)
{
    struct head h = {.kind = kind, .n = 1 + width};

    if (s.n < h.n)
        return (struct head){0};
    h.number = big_endian(s.p + 1, width);
    return h.number >= least ? h : (struct head){0};
}

/* The same for a negative number, which must lie below most. */
static struct head wide_negative(struct en_span s, size_t width, int64_t most)
{
    struct head h = wide(s, KIND_INT, width, 0);
    uint64_t sign = UINT64_C(1) << (8 * width - 1);

    if (h.kind == KIND_BAD || (h.number & sign) == 0)
        return (struct head){0};
    /* -(2^bits - number), written so that nothing overflows at -2^63 */
    h.negative = -(int64_t)((sign - 1) - (h.number & (sign - 1))) - 1;
    return h.negative < most ? h : (struct head){0};
}

static struct head head_of(struct en_span s)
{
    uint8_t b;

    if (s.n == 0)
        return (struct head){0};
    b = s.p[0];
    if (b <= 0x7f)
        return (struct head){.kind = KIND_UINT, .n = 1, .number = b};
    if (b >= 0x90 && b <= 0x9f)
        return (struct head){.kind = KIND_ARRAY, .n = 1, .number = b & 15u};
    if (b >= 0xa0 && b <= 0xbf)
        return (struct head){.kind = KIND_STR, .n = 1, .number = b & 31u};
    if (b >= 0xe0)
        return (struct head){.kind = KIND_INT, .n = 1, .negative = b - 256};
    switch (b) {
    case 0xc0: return (struct head){.kind = KIND_NIL, .n = 1};
    case 0xc4: return wide(s, KIND_BIN, 1, 0);
    case 0xc5: return wide(s, KIND_BIN, 2, 1u << 8);
    case 0xc6: return wide(s, KIND_BIN, 4, 1u << 16);
    case 0xcc: return wide(s, KIND_UINT, 1, 1u << 7);
    case 0xcd: return wide(s, KIND_UINT, 2, 1u << 8);
    case 0xce: return wide(s, KIND_UINT, 4, 1u << 16);
    case 0xcf: return wide(s, KIND_UINT, 8, UINT64_C(1) << 32);
    case 0xd0: return wide_negative(s, 1, -32);
    case 0xd1: return wide_negative(s, 2, INT8_MIN);
    case 0xd2: return wide_negative(s, 4, INT16_MIN);
    case 0xd3: return wide_negative(s, 8, INT32_MIN);
    case 0xd9: return wide(s, KIND_STR, 1, 1u << 5);
    case 0xda: return wide(s, KIND_STR, 2, 1u << 8);
    case 0xdb: return wide(s, KIND_STR, 4, 1u << 16);
    case 0xdc: return wide(s, KIND_ARRAY, 2, 1u << 4);
    case 0xdd: return wide(s, KIND_ARRAY, 4, 1u << 16);
    default: return (struct head){0};
    }
}

/*
 * Scanning. left[d] elements of the array at depth d are still to come; the sum
 * of them never exceeds the bytes left, since each takes one at least. So a
 * short input cannot announce a long array, and the loop is bounded by s.n.
 */
en_err en_pack_scan(struct en_span s, unsigned flags)
{
    uint64_t left[EN_PACK_DEPTH_MAX];
    uint64_t due = 1; /* values still to come, in all arrays together */
    unsigned depth = 0;

    while (due > 0) {
        struct head h = head_of(s);

        if (h.kind == KIND_BAD || (depth == 0 && h.kind != KIND_ARRAY))
            return EN_PROTOCOL;
        if (h.kind == KIND_INT && (flags & EN_PACK_SIGNED) == 0)
            return EN_PROTOCOL;
        s = EN_SPAN(s.p + h.n, s.n - h.n);
        due--;
        if (depth > 0)
            left[depth - 1]--;

        if (h.kind == KIND_BIN || h.kind == KIND_STR) {
            if (h.number > s.n)
                return EN_PROTOCOL;
            if (h.kind == KIND_STR &&
                !en_text_utf8(EN_SPAN(s.p, (size_t)h.number)))
                return EN_PROTOCOL;
            s = EN_SPAN(s.p + h.number, s.n - (size_t)h.number);
        } else if (h.kind == KIND_ARRAY) {
            if (depth == EN_PACK_DEPTH_MAX)
                return EN_PROTOCOL;
            left[depth++] = h.number;
            due += h.number; /* due <= bytes before: cannot overflow */
        }
        if (due > s.n)
            return EN_PROTOCOL;
        while (depth > 0 && left[depth - 1] == 0)
            depth--;
    }
    return s.n == 0 ? EN_OK : EN_PROTOCOL;
}

/*
 * Reading what was scanned. Bounds are checked again all the same: a cursor
 * that a caller made by hand must not read past its end.
 */

en_err en_unpack_begin(struct en_unpack *u, struct en_span s, unsigned flags)
{
    en_err err = en_pack_scan(s, flags);

    *u = (struct en_unpack){.bad = true};
    if (err == EN_OK)
        *u = (struct en_unpack){.p = s.p, .n = s.n};
    return err;
}

/* The next head if it is of that kind, passed; else the cursor is bad. */
static struct head next(struct en_unpack *u, enum kind kind)
{
    struct head h = {0};

    if (!u->bad)
        h = head_of(EN_SPAN(u->p, u->n));
    if (h.kind != kind || h.kind == KIND_BAD) {
        u->bad = true;
        return (struct head){0};
    }
    u->p += h.n;
    u->n -= h.n;
    return h;
}

static struct en_span body(struct en_unpack *u, enum kind kind, size_t min,
                           size_t max)
{
    struct head h = next(u, kind);
    struct en_span s = {0};

    if (!u->bad && (h.number < min || h.number > max || h.number > u->n))
        u->bad = true;
    if (u->bad)
        return s;
    s = EN_SPAN(u->p, (size_t)h.number);
    u->p += s.n;
    u->n -= s.n;
    return s;
}

void en_unpack_array(struct en_unpack *u, uint32_t *n, uint32_t min,
                     uint32_t max)
{
    struct head h = next(u, KIND_ARRAY);

    if (!u->bad && (h.number < min || h.number > max || h.number > u->n))
        u->bad = true;
    *n = u->bad ? 0 : (uint32_t)h.number;
}

uint64_t en_unpack_uint(struct en_unpack *u, uint64_t max)
{
    struct head h = next(u, KIND_UINT);

    if (h.number > max)
        u->bad = true;
    return u->bad ? 0 : h.number;
}

int64_t en_unpack_int(struct en_unpack *u)
{
    if (!u->bad && head_of(EN_SPAN(u->p, u->n)).kind == KIND_INT)
        return next(u, KIND_INT).negative;
    return (int64_t)en_unpack_uint(u, INT64_MAX);
}

struct en_span en_unpack_bin(struct en_unpack *u, size_t min, size_t max)
{
    return body(u, KIND_BIN, min, max);
}

struct en_span en_unpack_str(struct en_unpack *u, size_t min, size_t max)
{
    return body(u, KIND_STR, min, max);
}

void en_unpack_fixed(struct en_unpack *u, void *out, size_t n)
{
    struct en_span s = body(u, KIND_BIN, n, n);

    if (n == 0)
        return;
    if (s.n == n)
        memcpy(out, s.p, n);
    else
        memset(out, 0, n);
}

bool en_unpack_nil_next(struct en_unpack *u)
{
    if (u->bad || head_of(EN_SPAN(u->p, u->n)).kind != KIND_NIL)
        return false;
    (void)next(u, KIND_NIL);
    return true;
}

struct en_span en_unpack_skip(struct en_unpack *u)
{
    const uint8_t *start = u->p;
    uint64_t due = 1;

    while (due > 0 && !u->bad) {
        struct head h = head_of(EN_SPAN(u->p, u->n));
        uint64_t inside =
            h.kind == KIND_BIN || h.kind == KIND_STR ? h.number : 0;

        due--;
        if (h.kind == KIND_ARRAY)
            due += h.number;
        if (h.kind == KIND_BAD || inside > u->n - h.n) {
            u->bad = true;
            break;
        }
        u->p += h.n + inside;
        u->n -= h.n + (size_t)inside;
        u->bad = due > u->n;
    }
    return u->bad ? (struct en_span){0}
                  : EN_SPAN(start, (size_t)(u->p - start));
}

bool en_unpack_done(const struct en_unpack *u)
{
    return !u->bad && u->n == 0;
}
