/*
 * json.c - the JSON reader and writer. Laws: what is read and written again is
 * read the same; a refused text is refused at a byte it has or at its end.
 */
#include "cli/json.h"
#include "fuzz/fuzz.h"

/* Writes what v means; false if it holds a number that is no int64 or a name
 * with a NUL, which we never write. */
static bool copy(struct en_json v, struct en_json_out *w)
{
    struct en_buf s = {0};
    struct en_json name;
    struct en_json e;
    int64_t i = 0;
    bool all = true;

    switch (v.type) {
    case EN_JSON_NONE: HOLDS(false); break;
    case EN_JSON_NULL: en_json_put_null(w); break;
    case EN_JSON_TRUE: en_json_put_bool(w, true); break;
    case EN_JSON_FALSE: en_json_put_bool(w, false); break;
    case EN_JSON_NUMBER:
        all = en_json_i64(v, &i) == EN_OK;
        en_json_put_i64(w, i);
        break;
    case EN_JSON_STRING:
        HOLDS(en_json_str(v, &s) == EN_OK);
        en_json_put_str(w, en_buf_span(&s));
        break;
    case EN_JSON_ARRAY:
        en_json_open_array(w);
        for (struct en_json_iter it = en_json_each(v);
             en_json_next(&it, NULL, &e);)
            all = copy(e, w) && all;
        en_json_close(w);
        break;
    case EN_JSON_OBJECT:
        en_json_open_object(w);
        for (struct en_json_iter it = en_json_each(v);
             en_json_next(&it, &name, &e);) {
            en_buf_clear(&s);
            HOLDS(en_json_str(name, &s) == EN_OK);
            for (size_t k = 0; k < s.n; k++)
                all = all && s.p[k] != 0;
            HOLDS(en_buf_add_u8(&s, 0) == EN_OK);
            en_json_put_name(w, (const char *)s.p);
            all = copy(e, w) && all;
        }
        en_json_close(w);
        break;
    }
    en_buf_free(&s);
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_json_where where = {0};
    struct en_json v = {0};
    struct en_json again = {0};
    struct en_buf once = {0};
    struct en_buf twice = {0};
    struct en_json_out w1 = en_json_out(&once);
    struct en_json_out w2 = en_json_out(&twice);

    if (en_json_read(EN_SPAN(data, size), &v, &where) != EN_OK) {
        HOLDS(where.at <= size && where.line >= 1 && where.column >= 1);
        return 0;
    }
    (void)en_json_get(v, "date");
    (void)en_json_at(v, 1);
    if (copy(v, &w1)) {
        HOLDS(en_json_done(&w1) == EN_OK);
        HOLDS(en_json_read(en_buf_span(&once), &again, NULL) == EN_OK);
        HOLDS(again.type == v.type);
        HOLDS(en_json_count(again) == en_json_count(v));
        HOLDS(copy(again, &w2));
        HOLDS(en_json_done(&w2) == EN_OK);
        HOLDS(en_span_eq(en_buf_span(&once), en_buf_span(&twice)));
    }
    en_buf_free(&once);
    en_buf_free(&twice);
    return 0;
}
