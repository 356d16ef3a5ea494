/*
 * json.h - JSON read without memory and written exactly (RFC 8259).
 *
 * en_json_read walks the whole text once: what it accepts is strict JSON, nested
 * at most EN_JSON_DEPTH_MAX, strings valid UTF-8 with no lone surrogate, no byte
 * order mark. A value is then a span of that text; looking into one walks its
 * text again, so a file of many records is read as lines or through an iterator,
 * not by index.
 *
 * Ownership  a value and an iterator borrow the text; it outlives them.
 * Units      line and column count from 1, a column is one code point.
 * Errors     reading: EN_PROTOCOL, and where. Writing: the first error sticks.
 * Source     RFC 8259.
 */
#ifndef EN_CLI_JSON_H
#define EN_CLI_JSON_H

#include "base/bytes.h"
#include "base/limits.h"

enum en_json_type {
    EN_JSON_NONE = 0, /* no value: a member that is absent */
    EN_JSON_NULL,
    EN_JSON_FALSE,
    EN_JSON_TRUE,
    EN_JSON_NUMBER,
    EN_JSON_STRING,
    EN_JSON_ARRAY,
    EN_JSON_OBJECT
};

/* Only en_json_read and what it gave make values; {0} is no value. */
struct en_json {
    enum en_json_type type;
    struct en_span
        text; /* the value's own text, quotes and brackets included */
};

struct en_json_where {
    size_t at; /* bytes from the start of the text */
    size_t line;
    size_t column;
};

/* One value and white space around it. where (may be NULL) is set on error: the
 * first byte that cannot continue the text.
 * EN_PROTOCOL  not JSON, or nested too deep */
en_err en_json_read(struct en_span text, struct en_json *value,
                    struct en_json_where *where);

/* The member of that name. No value if there is none, if v is no object, or if
 * two members have the name: which one was meant cannot be known. */
struct en_json en_json_get(struct en_json v, const char *name);
struct en_json en_json_at(struct en_json v, size_t i); /* of an array */
size_t en_json_count(struct en_json v); /* elements or members; else 0 */

/*
 * Elements of an array or members of an object in order; nothing of any other.
 *
 *   for (struct en_json_iter it = en_json_each(v); en_json_next(&it, &n, &e);)
 */
struct en_json_iter {
    struct en_span left;
    bool object;
};

struct en_json_iter en_json_each(struct en_json v);
/* name (may be NULL) is a string value, or no value in an array. */
bool en_json_next(struct en_json_iter *it, struct en_json *name,
                  struct en_json *value);

/* Appends a string's meaning, escapes undone; may hold NUL.
 * EN_RANGE  no string, or over out's max (out is as it was); EN_NOMEM */
en_err en_json_str(struct en_json v, struct en_buf *out);
bool en_json_str_is(struct en_json v, const char *s);

/* A number that is written as an integer and fits; else EN_RANGE. */
en_err en_json_i64(struct en_json v, int64_t *out);
en_err en_json_u64(struct en_json v, uint64_t *out);

/*
 * Writing: no white space, members in the order given, numbers in decimal. In
 * strings all that could drive a terminal (en_text_is_harmful) is escaped and
 * the rest is kept byte for byte, so a reader gets exactly the same text back.
 *
 *   struct en_json_out w = en_json_out(&buf);
 *   en_json_open_object(&w);
 *   en_json_put_name(&w, "v");
 *   en_json_put_u64(&w, 1);
 *   en_json_close(&w);
 *   err = en_json_done(&w);
 *
 * A value where a name is due, or an unclosed array, is our own bug: asserted.
 */
struct en_json_out {
    struct en_buf *out;
    uint64_t objects; /* bit i: the container at depth i is an object */
    unsigned depth;
    bool comma; /* something stands before in this container */
    bool named; /* a name was written, its value is due */
    bool whole; /* the document's one value is complete */
    en_err err;
};

struct en_json_out en_json_out(struct en_buf *out);
void en_json_open_object(struct en_json_out *w);
void en_json_open_array(struct en_json_out *w);
void en_json_close(struct en_json_out *w);
void en_json_put_name(struct en_json_out *w, const char *name);
void en_json_put_str(struct en_json_out *w, struct en_span s); /* UTF-8 */
void en_json_put_cstr(struct en_json_out *w, const char *s);
void en_json_put_i64(struct en_json_out *w, int64_t v);
void en_json_put_u64(struct en_json_out *w, uint64_t v);
void en_json_put_bool(struct en_json_out *w, bool v);
void en_json_put_null(struct en_json_out *w);

/* EN_RANGE  a string was no UTF-8, or the buffer's max was met; EN_NOMEM */
en_err en_json_done(const struct en_json_out *w);

#endif
