#include "cli/json.h"

#include "base/secret.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(EN_JSON_DEPTH_MAX <= 64, "one bit a level in a uint64_t");

/* A position in a text, for the one walk that trusts nothing. */
struct walk {
    const uint8_t *p;
    size_t n;
    size_t i;
};

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static int peek(const struct walk *w)
{
    return w->i < w->n ? w->p[w->i] : -1;
}

static bool take(struct walk *w, char c)
{
    if (peek(w) != (uint8_t)c)
        return false;
    w->i++;
    return true;
}

static void skip_space(struct walk *w)
{
    while (w->i < w->n && is_space(w->p[w->i]))
        w->i++;
}

/* Four hex digits; -1 and w at the first that is none. */
static int32_t hex4(struct walk *w)
{
    int32_t v = 0;

    for (int k = 0; k < 4; k++) {
        int c = peek(w);

        if (c >= '0' && c <= '9')
            v = v << 4 | (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v << 4 | ((c | 0x20) - 'a' + 10);
        else
            return -1;
        w->i++;
    }
    return v;
}

/* After a backslash: what the escape means, -1 if it is none. */
static int32_t escape(struct walk *w)
{
    int32_t high;
    int32_t low;
    size_t start;
    int c = peek(w);

    if (c < 0)
        return -1;
    w->i++;
    switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: w->i--; return -1;
    }
    start = w->i;
    high = hex4(w);
    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high < 0xdc00 && take(w, '\\') && take(w, 'u')) {
        low = hex4(w);
        if (low >= 0xdc00 && low <= 0xdfff)
            return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    w->i = start; /* half a pair: its digits are what is wrong */
    return -1;
}

/* After the opening quote: the next code point; -1 at the closing quote, which
 * is consumed; -2 where the text is no string. */
static int32_t string_next(struct walk *w)
{
    struct en_span left;
    int32_t cp;
    int c = peek(w);

    if (c < 0x20)
        return -2;
    if (c == '"') {
        w->i++;
        return -1;
    }
    if (c == '\\') {
        w->i++;
        cp = escape(w);
        return cp >= 0 ? cp : -2;
    }
    if (c < 0x80) {
        w->i++;
        return c;
    }
    left = EN_SPAN(w->p + w->i, w->n - w->i);
    cp = en_text_next(&left);
    if (cp < 0)
        return -2;
    w->i = w->n - left.n;
    return cp;
}

static bool walk_string(struct walk *w)
{
    int32_t cp;

    if (!take(w, '"'))
        return false;
    do {
        while (w->i < w->n && w->p[w->i] >= 0x20 && w->p[w->i] < 0x80 &&
               w->p[w->i] != '"' && w->p[w->i] != '\\')
            w->i++;
        cp = string_next(w);
    } while (cp >= 0);
    return cp == -1;
}

static bool walk_digits(struct walk *w)
{
    size_t start = w->i;

    while (w->i < w->n && is_digit(w->p[w->i]))
        w->i++;
    return w->i > start;
}

static bool walk_number(struct walk *w)
{
    (void)take(w, '-');
    if (!take(w, '0') && !walk_digits(w))
        return false;
    if (take(w, '.') && !walk_digits(w))
        return false;
    if (take(w, 'e') || take(w, 'E')) {
        if (!take(w, '+'))
            (void)take(w, '-');
        if (!walk_digits(w))
            return false;
    }
    return true;
}

static bool walk_literal(struct walk *w, const char *word)
{
    for (; *word != '\0'; word++) {
        if (!take(w, *word))
            return false;
    }
    return true;
}

static enum en_json_type type_of(int c)
{
    switch (c) {
    case '{': return EN_JSON_OBJECT;
    case '[': return EN_JSON_ARRAY;
    case '"': return EN_JSON_STRING;
    case 't': return EN_JSON_TRUE;
    case 'f': return EN_JSON_FALSE;
    case 'n': return EN_JSON_NULL;
    default:
        return c == '-' || (c >= '0' && c <= '9') ? EN_JSON_NUMBER
                                                  : EN_JSON_NONE;
    }
}

static bool walk_scalar(struct walk *w)
{
    switch (type_of(peek(w))) {
    case EN_JSON_STRING: return walk_string(w);
    case EN_JSON_NUMBER: return walk_number(w);
    case EN_JSON_TRUE: return walk_literal(w, "true");
    case EN_JSON_FALSE: return walk_literal(w, "false");
    case EN_JSON_NULL: return walk_literal(w, "null");
    case EN_JSON_NONE:
    case EN_JSON_ARRAY:
    case EN_JSON_OBJECT: break;
    }
    return false;
}

/* "name": with the white space around it. */
static bool walk_name(struct walk *w)
{
    if (!walk_string(w))
        return false;
    skip_space(w);
    if (!take(w, ':'))
        return false;
    skip_space(w);
    return true;
}

/*
 * One value of any depth, without recursion: bit d of objects tells whether the
 * container open at depth d is an object. At the top of the outer loop w stands
 * where a value begins; false leaves w at the byte that is wrong.
 */
static bool walk_value(struct walk *w)
{
    uint64_t objects = 0;
    unsigned depth = 0;

    for (;;) {
        enum en_json_type type = type_of(peek(w));
        bool object = type == EN_JSON_OBJECT;
        bool empty;

        if (object || type == EN_JSON_ARRAY) {
            if (depth == EN_JSON_DEPTH_MAX)
                return false;
            w->i++;
            skip_space(w);
            empty = take(w, object ? '}' : ']');
            if (!empty) {
                objects = (objects & ~(UINT64_C(1) << depth)) | (uint64_t)object
                                                                    << depth;
                depth++;
                if (object && !walk_name(w))
                    return false;
                continue;
            }
        } else if (!walk_scalar(w)) {
            return false;
        }

        /* A value ended: what it stands in ends too, or goes on. */
        for (;;) {
            if (depth == 0)
                return true;
            object = (objects >> (depth - 1) & 1) != 0;
            skip_space(w);
            if (take(w, ','))
                break;
            if (!take(w, object ? '}' : ']'))
                return false;
            depth--;
        }
        skip_space(w);
        if (object && !walk_name(w))
            return false;
    }
}

static struct en_json_where where_is(struct en_span text, size_t at)
{
    struct en_json_where where = {.at = at, .line = 1, .column = 1};

    for (size_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] == '\n') {
            where.line++;
            where.column = 1;
        } else if ((text.p[i] & 0xc0) != 0x80) {
            where.column++;
        }
    }
    return where;
}

en_err en_json_read(struct en_span text, struct en_json *value,
                    struct en_json_where *where)
{
    struct walk w = {.p = text.p, .n = text.n};
    size_t start;
    size_t end;

    skip_space(&w);
    start = w.i;
    if (!walk_value(&w))
        goto wrong;
    end = w.i;
    skip_space(&w);
    if (w.i < w.n)
        goto wrong;
    *value = (struct en_json){type_of(text.p[start]),
                              EN_SPAN(text.p + start, end - start)};
    return EN_OK;
wrong:
    if (where != NULL)
        *where = where_is(text, w.i);
    return EN_PROTOCOL;
}

/*
 * Looking into what was read. These walks rely on it being JSON for what they
 * find, but never for staying inside it.
 */

/* Past the string at w. */
static void pass_string(struct walk *w)
{
    (void)take(w, '"');
    while (w->i < w->n && w->p[w->i] != '"')
        w->i += w->p[w->i] == '\\' && w->i + 1 < w->n ? 2 : 1;
    (void)take(w, '"');
}

/* Past the value at w. */
static void pass_value(struct walk *w)
{
    size_t depth = 0;

    do {
        int c = peek(w);

        if (c == '"') {
            pass_string(w);
        } else if (c == '{' || c == '[') {
            depth++;
            w->i++;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
            w->i++;
        } else if (depth > 0) {
            w->i++;
        } else {
            while (w->i < w->n && !is_space(w->p[w->i]) && w->p[w->i] != ',' &&
                   w->p[w->i] != ']' && w->p[w->i] != '}')
                w->i++;
        }
    } while (depth > 0 && w->i < w->n);
}

static struct en_json value_at(struct walk *w)
{
    size_t start = w->i;
    int c = peek(w);

    pass_value(w);
    return (struct en_json){type_of(c), EN_SPAN(w->p + start, w->i - start)};
}

struct en_json_iter en_json_each(struct en_json v)
{
    struct en_json_iter it = {.object = v.type == EN_JSON_OBJECT};

    if ((it.object || v.type == EN_JSON_ARRAY) && v.text.n >= 2)
        it.left = EN_SPAN(v.text.p + 1, v.text.n - 2);
    return it;
}

bool en_json_next(struct en_json_iter *it, struct en_json *name,
                  struct en_json *value)
{
    struct walk w = {.p = it->left.p, .n = it->left.n};
    struct en_json n = {0};

    skip_space(&w);
    if (w.i == w.n)
        return false;
    if (it->object) {
        n = value_at(&w);
        skip_space(&w);
        (void)take(&w, ':');
        skip_space(&w);
    }
    if (name != NULL)
        *name = n;
    *value = value_at(&w);
    skip_space(&w);
    (void)take(&w, ',');
    it->left = EN_SPAN(w.p + w.i, w.n - w.i);
    return true;
}

struct en_json en_json_get(struct en_json v, const char *name)
{
    struct en_json found = {0};
    struct en_json n;
    struct en_json e;

    if (v.type != EN_JSON_OBJECT)
        return found;
    for (struct en_json_iter it = en_json_each(v); en_json_next(&it, &n, &e);) {
        if (!en_json_str_is(n, name))
            continue;
        if (found.type != EN_JSON_NONE)
            return (struct en_json){0};
        found = e;
    }
    return found;
}

struct en_json en_json_at(struct en_json v, size_t i)
{
    struct en_json e = {0};

    if (v.type != EN_JSON_ARRAY)
        return e;
    for (struct en_json_iter it = en_json_each(v);
         en_json_next(&it, NULL, &e);) {
        if (i-- == 0)
            return e;
    }
    return (struct en_json){0};
}

size_t en_json_count(struct en_json v)
{
    struct en_json e;
    size_t n = 0;

    for (struct en_json_iter it = en_json_each(v); en_json_next(&it, NULL, &e);)
        n++;
    return n;
}

en_err en_json_str(struct en_json v, struct en_buf *out)
{
    struct walk w = {.p = v.text.p, .n = v.text.n, .i = 1};
    size_t before = out->n;
    int32_t cp;
    en_err err = EN_OK;

    if (v.type != EN_JSON_STRING)
        return EN_RANGE;
    while (err == EN_OK && (cp = string_next(&w)) >= 0)
        err = en_text_put(out, cp);
    if (err != EN_OK && out->n > before) {
        en_wipe(out->p + before, out->n - before);
        out->n = before;
    }
    return err;
}

bool en_json_str_is(struct en_json v, const char *s)
{
    struct walk w = {.p = v.text.p, .n = v.text.n, .i = 1};
    struct en_span want = en_span_str(s);
    int32_t cp;

    if (v.type != EN_JSON_STRING)
        return false;
    while ((cp = string_next(&w)) >= 0) {
        if (cp != en_text_next(&want))
            return false;
    }
    return want.n == 0;
}

/* The digits after the sign; EN_RANGE for a fraction, an exponent or a size
 * beyond 64 bits. */
static en_err magnitude(struct en_json v, size_t sign, uint64_t *out)
{
    uint64_t n = 0;

    if (v.type != EN_JSON_NUMBER || v.text.n <= sign)
        return EN_RANGE;
    for (size_t i = sign; i < v.text.n; i++) {
        unsigned digit = (unsigned)v.text.p[i] - '0';

        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return EN_RANGE;
        n = n * 10 + digit;
    }
    *out = n;
    return EN_OK;
}

en_err en_json_u64(struct en_json v, uint64_t *out)
{
    return magnitude(v, 0, out);
}

en_err en_json_i64(struct en_json v, int64_t *out)
{
    bool minus = v.text.n > 0 && v.text.p[0] == '-';
    uint64_t n;
    en_err err = magnitude(v, minus ? 1 : 0, &n);

    if (err != EN_OK)
        return err;
    if (n > (uint64_t)INT64_MAX + (minus ? 1 : 0))
        return EN_RANGE;
    *out = !minus ? (int64_t)n : n == 0 ? 0 : -(int64_t)(n - 1) - 1;
    return EN_OK;
}

/*
 * Writing
 */

struct en_json_out en_json_out(struct en_buf *out)
{
    return (struct en_json_out){.out = out};
}

static void put(struct en_json_out *w, const void *p, size_t n)
{
    if (w->err == EN_OK)
        w->err = en_buf_add(w->out, p, n);
}

static void put_char(struct en_json_out *w, char c)
{
    put(w, &c, 1);
}

static bool in_object(const struct en_json_out *w)
{
    return w->depth > 0 && (w->objects >> (w->depth - 1) & 1) != 0;
}

/* Before any value: the comma where one is due. */
static void begin(struct en_json_out *w)
{
    assert(!w->whole);
    assert(in_object(w) == w->named);
    if (w->comma && !w->named)
        put_char(w, ',');
    w->named = false;
}

static void end(struct en_json_out *w)
{
    w->comma = true;
    w->whole = w->depth == 0;
}

static void open(struct en_json_out *w, bool object)
{
    begin(w);
    assert(w->depth < EN_JSON_DEPTH_MAX);
    w->objects = (w->objects & ~(UINT64_C(1) << w->depth)) | (uint64_t)object
                                                                 << w->depth;
    w->depth++;
    w->comma = false;
    put_char(w, object ? '{' : '[');
}

void en_json_open_object(struct en_json_out *w)
{
    open(w, true);
}

void en_json_open_array(struct en_json_out *w)
{
    open(w, false);
}

void en_json_close(struct en_json_out *w)
{
    assert(w->depth > 0 && !w->named);
    put_char(w, in_object(w) ? '}' : ']');
    w->depth--;
    end(w);
}

static void put_unit(struct en_json_out *w, unsigned unit)
{
    char b[8];
    int n = snprintf(b, sizeof(b), "\\u%04x", unit);

    assert(n == 6);
    put(w, b, (size_t)n);
}

static void put_escaped(struct en_json_out *w, int32_t cp)
{
    switch (cp) {
    case '"': put(w, "\\\"", 2); return;
    case '\\': put(w, "\\\\", 2); return;
    case '\b': put(w, "\\b", 2); return;
    case '\f': put(w, "\\f", 2); return;
    case '\n': put(w, "\\n", 2); return;
    case '\r': put(w, "\\r", 2); return;
    case '\t': put(w, "\\t", 2); return;
    default: break;
    }
    if (cp >= 0x10000) {
        put_unit(w, 0xd800u + (unsigned)((cp - 0x10000) >> 10));
        put_unit(w, 0xdc00u + (unsigned)((cp - 0x10000) & 0x3ff));
    } else {
        put_unit(w, (unsigned)cp);
    }
}

static void put_string(struct en_json_out *w, struct en_span s)
{
    struct en_span raw = EN_SPAN(s.p, 0); /* kept as it is, not yet written */

    put_char(w, '"');
    while (s.n > 0 && w->err == EN_OK) {
        const uint8_t *p = s.p;
        int32_t cp = en_text_next(&s);

        if (cp < 0) {
            w->err = EN_RANGE;
        } else if (cp == '"' || cp == '\\' || en_text_is_harmful(cp)) {
            put(w, raw.p, raw.n);
            put_escaped(w, cp);
            raw = EN_SPAN(s.p, 0);
        } else {
            raw.n += (size_t)(s.p - p);
        }
    }
    put(w, raw.p, raw.n);
    put_char(w, '"');
}

void en_json_put_name(struct en_json_out *w, const char *name)
{
    assert(in_object(w) && !w->named);
    if (w->comma)
        put_char(w, ',');
    put_string(w, en_span_str(name));
    put_char(w, ':');
    w->named = true;
}

void en_json_put_str(struct en_json_out *w, struct en_span s)
{
    begin(w);
    put_string(w, s);
    end(w);
}

void en_json_put_cstr(struct en_json_out *w, const char *s)
{
    en_json_put_str(w, en_span_str(s));
}

static void put_plain(struct en_json_out *w, const char *s)
{
    begin(w);
    put(w, s, strlen(s));
    end(w);
}

void en_json_put_i64(struct en_json_out *w, int64_t v)
{
    char b[24];

    (void)snprintf(b, sizeof(b), "%" PRId64, v);
    put_plain(w, b);
}

void en_json_put_u64(struct en_json_out *w, uint64_t v)
{
    char b[24];

    (void)snprintf(b, sizeof(b), "%" PRIu64, v);
    put_plain(w, b);
}

void en_json_put_bool(struct en_json_out *w, bool v)
{
    put_plain(w, v ? "true" : "false");
}

void en_json_put_null(struct en_json_out *w)
{
    put_plain(w, "null");
}

en_err en_json_done(const struct en_json_out *w)
{
    assert(w->err != EN_OK || (w->whole && w->depth == 0));
    return w->err;
}
