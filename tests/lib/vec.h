/*
 * vec.h - a file of test vectors, and the fields in it.
 *
 *   struct vec v;
 *   struct en_json e;
 *   struct en_buf key = {0};
 *
 *   vec_load(&v, "vectors/padme/padme.json");      relative to tests/
 *   for (struct en_json_iter it = en_json_each(v.root);
 *        en_json_next(&it, NULL, &e);) {
 *       vec_hex(e, "key", &key);                       replaces what key held
 *       ...
 *   }
 *   en_buf_free(&key);
 *   vec_free(&v);
 *
 * Errors     none come back: what a file lacks fails the test, naming it. So no
 *            loop over vectors passes for want of vectors; count them as well.
 */
#ifndef EN_TESTS_LIB_VEC_H
#define EN_TESTS_LIB_VEC_H

#include "base/bytes.h"
#include "cli/json.h"

struct vec {
    struct en_buf text;
    struct en_json root;
};

void vec_load(struct vec *v, const char *path);
void vec_free(struct vec *v);

/* The whole file as it is, NUL after the end (not counted). */
void vec_file(const char *path, struct en_buf *out);

bool vec_has(struct en_json object, const char *name);
/* The member of that name, whatever its type. */
struct en_json vec_get(struct en_json object, const char *name);
uint64_t vec_u64(struct en_json object, const char *name);
/* Replaces out by the decoded hex; either case, "-" between bytes is skipped. */
void vec_hex(struct en_json object, const char *name, struct en_buf *out);
/* Exactly n bytes. */
void vec_hex_n(struct en_json object, const char *name, void *out, size_t n);
/* Replaces out by the string, NUL after the end (not counted). */
void vec_str(struct en_json object, const char *name, struct en_buf *out);

/* The same of a value itself, such as an element of an array. */
void vec_hex_of(struct en_json v, struct en_buf *out);
void vec_str_of(struct en_json v, struct en_buf *out);

#endif
