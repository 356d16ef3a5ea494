#include "base/bytes.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

struct en_span en_span_str(const char *s)
{
    return EN_SPAN((const uint8_t *)s, strlen(s));
}

bool en_span_eq(struct en_span a, struct en_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int en_span_cmp(struct en_span a, struct en_span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

    if (c != 0)
        return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool en_id_eq(const struct en_id *a, const struct en_id *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

int en_id_cmp(const struct en_id *a, const struct en_id *b)
{
    return memcmp(a->b, b->b, sizeof(a->b));
}

bool en_id_zero(const struct en_id *a)
{
    static const struct en_id zero;

    return en_id_eq(a, &zero);
}

bool en_id16_eq(const struct en_id16 *a, const struct en_id16 *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

int en_id16_cmp(const struct en_id16 *a, const struct en_id16 *b)
{
    return memcmp(a->b, b->b, sizeof(a->b));
}

bool en_id16_zero(const struct en_id16 *a)
{
    static const struct en_id16 zero;

    return en_id16_eq(a, &zero);
}

struct en_id16 en_id_short(const struct en_id *a)
{
    struct en_id16 s;

    memcpy(s.b, a->b, sizeof(s.b));
    return s;
}

/* Grows by a new allocation, never realloc: the old bytes must be wiped. */
en_err en_buf_reserve(struct en_buf *b, size_t more)
{
    size_t max = b->max > 0 ? b->max : SIZE_MAX;
    size_t cap = b->cap;
    uint8_t *p;

    assert(b->n <= b->cap);
    if (b->n > max || more > max - b->n)
        return EN_RANGE;
    if (b->p != NULL && more <= b->cap - b->n)
        return EN_OK;
    if (cap < 64)
        cap = 64;
    while (cap - b->n < more)
        cap = cap > SIZE_MAX / 2 ? b->n + more : cap * 2;
    if (cap > max)
        cap = max;
    p = malloc(cap > 0 ? cap : 1);
    if (p == NULL)
        return EN_NOMEM;
    if (b->p != NULL) {
        if (b->n > 0)
            memcpy(p, b->p, b->n);
        en_wipe(b->p, b->cap);
        free(b->p);
    }
    b->p = p;
    b->cap = cap;
    return EN_OK;
}

en_err en_buf_add(struct en_buf *b, const void *p, size_t n)
{
    en_err err = en_buf_reserve(b, n);

    if (err != EN_OK)
        return err;
    if (n > 0)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return EN_OK;
}

en_err en_buf_add_span(struct en_buf *b, struct en_span s)
{
    return en_buf_add(b, s.p, s.n);
}

en_err en_buf_add_str(struct en_buf *b, const char *s)
{
    return en_buf_add(b, s, strlen(s));
}

en_err en_buf_add_zeros(struct en_buf *b, size_t n)
{
    en_err err = en_buf_reserve(b, n);

    if (err != EN_OK)
        return err;
    if (n > 0)
        memset(b->p + b->n, 0, n);
    b->n += n;
    return EN_OK;
}

en_err en_buf_add_u8(struct en_buf *b, uint8_t v)
{
    return en_buf_add(b, &v, 1);
}

en_err en_buf_add_u16(struct en_buf *b, uint16_t v)
{
    uint8_t p[2];

    en_put_u16(p, v);
    return en_buf_add(b, p, sizeof(p));
}

en_err en_buf_add_u16be(struct en_buf *b, uint16_t v)
{
    uint8_t p[2];

    en_put_u16be(p, v);
    return en_buf_add(b, p, sizeof(p));
}

en_err en_buf_add_u32(struct en_buf *b, uint32_t v)
{
    uint8_t p[4];

    en_put_u32(p, v);
    return en_buf_add(b, p, sizeof(p));
}

en_err en_buf_add_u64(struct en_buf *b, uint64_t v)
{
    uint8_t p[8];

    en_put_u64(p, v);
    return en_buf_add(b, p, sizeof(p));
}

en_err en_buf_add_lv(struct en_buf *b, struct en_span s)
{
    en_err err;

    if (s.n > UINT16_MAX)
        return EN_RANGE;
    err = en_buf_reserve(b, 2 + s.n);
    if (err != EN_OK)
        return err;
    err = en_buf_add_u16(b, (uint16_t)s.n);
    assert(err == EN_OK);
    return en_buf_add_span(b, s);
}

struct en_span en_buf_span(const struct en_buf *b)
{
    return EN_SPAN(b->p, b->n);
}

void en_buf_consume(struct en_buf *b, size_t n)
{
    assert(n <= b->n);
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    en_wipe(b->p + (b->n - n), n);
    b->n -= n;
}

void en_buf_clear(struct en_buf *b)
{
    if (b->p != NULL)
        en_wipe(b->p, b->n);
    b->n = 0;
}

void en_buf_free(struct en_buf *b)
{
    if (b->p != NULL) {
        en_wipe(b->p, b->cap);
        free(b->p);
    }
    *b = (struct en_buf){.max = b->max};
}

struct en_reader en_reader_of(struct en_span s)
{
    return (struct en_reader){.p = s.p, .n = s.n};
}

struct en_span en_read_span(struct en_reader *r, size_t n)
{
    struct en_span s = {0};

    if (r->bad || n > r->n) {
        r->bad = true;
        return s;
    }
    s = EN_SPAN(r->p, n);
    if (n > 0)
        r->p += n;
    r->n -= n;
    return s;
}

uint8_t en_read_u8(struct en_reader *r)
{
    struct en_span s = en_read_span(r, 1);

    return s.n == 1 ? s.p[0] : 0;
}

uint16_t en_read_u16(struct en_reader *r)
{
    struct en_span s = en_read_span(r, 2);

    return s.n == 2 ? en_get_u16(s.p) : 0;
}

uint16_t en_read_u16be(struct en_reader *r)
{
    struct en_span s = en_read_span(r, 2);

    return s.n == 2 ? en_get_u16be(s.p) : 0;
}

uint32_t en_read_u32(struct en_reader *r)
{
    struct en_span s = en_read_span(r, 4);

    return s.n == 4 ? en_get_u32(s.p) : 0;
}

uint64_t en_read_u64(struct en_reader *r)
{
    struct en_span s = en_read_span(r, 8);

    return s.n == 8 ? en_get_u64(s.p) : 0;
}

struct en_span en_read_lv(struct en_reader *r, size_t max)
{
    size_t n = en_read_u16(r);

    if (n > max)
        r->bad = true;
    return en_read_span(r, n);
}

void en_read_copy(struct en_reader *r, void *out, size_t n)
{
    struct en_span s = en_read_span(r, n);

    if (s.n == n && n > 0)
        memcpy(out, s.p, n);
    else
        memset(out, 0, n);
}

bool en_read_done(const struct en_reader *r)
{
    return !r->bad && r->n == 0;
}

void en_put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

void en_put_u16be(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

void en_put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

void en_put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

uint16_t en_get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

uint16_t en_get_u16be(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t en_get_u32(const uint8_t *p)
{
    uint32_t v = 0;

    for (int i = 3; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

uint64_t en_get_u64(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 7; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

void en_hex(char *out, const uint8_t *p, size_t n)
{
    static const char digit[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[p[i] >> 4];
        out[2 * i + 1] = digit[p[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

en_err en_unhex(uint8_t *out, size_t n, const char *hex)
{
    if (strlen(hex) != 2 * n)
        return EN_RANGE;
    for (size_t i = 0; i < n; i++) {
        int hi = hex_value(hex[2 * i]);
        int lo = hex_value(hex[2 * i + 1]);

        if (hi < 0 || lo < 0)
            return EN_RANGE;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return EN_OK;
}
