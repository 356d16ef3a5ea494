#include "lib/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FILE_BYTES_MAX (64 * 1024 * 1024)

static void must(en_err err, const char *what)
{
    if (err != EN_OK)
        fail_msg("%s: %s", what, en_err_name(err));
}

static void end_with_nul(struct en_buf *out)
{
    must(en_buf_add_u8(out, 0), "memory");
    out->n--;
}

void vec_file(const char *path, struct en_buf *out)
{
    uint8_t chunk[65536];
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL)
        fail_msg("%s cannot be opened: run in tests/", path);
    *out = (struct en_buf){.max = FILE_BYTES_MAX};
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        must(en_buf_add(out, chunk, n), path);
    if (ferror(f) != 0)
        fail_msg("%s cannot be read", path);
    (void)fclose(f);
    end_with_nul(out);
}

void vec_load(struct vec *v, const char *path)
{
    struct en_json_where where = {0};

    *v = (struct vec){0};
    vec_file(path, &v->text);
    if (en_json_read(en_buf_span(&v->text), &v->root, &where) != EN_OK)
        fail_msg("%s:%zu:%zu: not JSON", path, where.line, where.column);
}

void vec_free(struct vec *v)
{
    en_buf_free(&v->text);
    v->root = (struct en_json){0};
}

bool vec_has(struct en_json object, const char *name)
{
    return en_json_get(object, name).type != EN_JSON_NONE;
}

struct en_json vec_get(struct en_json object, const char *name)
{
    struct en_json v = en_json_get(object, name);

    if (v.type == EN_JSON_NONE)
        fail_msg("no \"%s\" in %.*s", name,
                 (int)(object.text.n < 200 ? object.text.n : 200),
                 object.text.n > 0 ? (const char *)object.text.p : "");
    return v;
}

uint64_t vec_u64(struct en_json object, const char *name)
{
    uint64_t n = 0;

    must(en_json_u64(vec_get(object, name), &n), name);
    return n;
}

void vec_str_of(struct en_json v, struct en_buf *out)
{
    en_buf_clear(out);
    must(en_json_str(v, out), "a string was expected");
    end_with_nul(out);
}

void vec_str(struct en_json object, const char *name, struct en_buf *out)
{
    vec_str_of(vec_get(object, name), out);
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    fail_msg("0x%02x is no hex digit", c);
    return -1;
}

void vec_hex_of(struct en_json v, struct en_buf *out)
{
    struct en_buf text = {0};
    size_t i = 0;

    vec_str_of(v, &text);
    en_buf_clear(out);
    while (i < text.n) {
        if (text.p[i] == '-') {
            i++;
            continue;
        }
        /* The NUL after the end is no digit: an odd length fails here. */
        must(en_buf_add_u8(
                 out, (uint8_t)(digit(text.p[i]) << 4 | digit(text.p[i + 1]))),
             "memory");
        i += 2;
    }
    en_buf_free(&text);
}

void vec_hex(struct en_json object, const char *name, struct en_buf *out)
{
    vec_hex_of(vec_get(object, name), out);
}

void vec_hex_n(struct en_json object, const char *name, void *out, size_t n)
{
    struct en_buf b = {0};

    vec_hex(object, name, &b);
    if (b.n != n)
        fail_msg("%s: %zu bytes where %zu were expected", name, b.n, n);
    if (n > 0)
        memcpy(out, b.p, n);
    en_buf_free(&b);
}
