/*
 * journal_test.c - contents of journal records against own/journal.json, which
 * make/journal.py writes from docs/formats/journal.md without this program.
 */
#include "journal/entry.h"
#include "lib/test.h"
#include "lib/vec.h"

#define VECTORS "vectors/own/journal.json"
#define ACCEPT  17
#define NEWER   5
#define REFUSE  57

struct vector {
    struct en_buf name;
    struct en_buf bytes;
};

static void read_vector(struct en_json e, struct vector *x)
{
    vec_str(e, "name", &x->name);
    vec_hex(e, "hex", &x->bytes);
}

static void free_vector(struct vector *x)
{
    en_buf_free(&x->name);
    en_buf_free(&x->bytes);
}

static void assert_decodes(const struct vector *x, en_err expect,
                           struct en_content *c)
{
    en_err err = en_content_decode(en_buf_span(&x->bytes), c);

    if (err != expect)
        fail_msg("%s: %s", (const char *)x->name.p, en_err_name(err));
}

static void what_is_accepted_is_written_with_the_same_bytes(void **state)
{
    struct vector x = {0};
    struct en_content c;
    struct en_buf again = {0};
    struct en_json e;
    struct vec v;
    size_t n = 0;

    (void)state;
    vec_load(&v, VECTORS);
    for (struct en_json_iter it = en_json_each(vec_get(v.root, "accept"));
         en_json_next(&it, NULL, &e); n++) {
        read_vector(e, &x);
        assert_decodes(&x, EN_OK, &c);
        assert_int_equal(en_content_type(&c), vec_u64(e, "type"));
        en_buf_clear(&again);
        assert_ok(en_content_encode(&c, &again, NULL));
        if (!en_span_eq(en_buf_span(&again), en_buf_span(&x.bytes)))
            fail_msg("%s: other bytes", (const char *)x.name.p);
    }
    assert_int_equal(n, ACCEPT);
    en_buf_free(&again);
    free_vector(&x);
    vec_free(&v);
}

static void one_vector_says_what_each_field_means(void **state)
{
    struct vector x = {0};
    struct en_content c;
    struct en_json e;
    struct vec v;

    (void)state;
    vec_load(&v, VECTORS);
    e = en_json_at(vec_get(v.root, "accept"), 1);
    read_vector(e, &x);
    assert_decodes(&x, EN_OK, &c);
    assert_int_equal(c.kind, EN_KIND_ENTRY);
    for (uint8_t i = 0; i < 16; i++)
        assert_int_equal(c.id.b[i], i);
    assert_true(c.time_ms == -5 && c.offset == -840);
    assert_int_equal(c.afters, 2);
    assert_int_equal(c.after[1].b[31], 0x12);
    assert_int_equal(c.parents, 1);
    assert_int_equal(c.parent[0].b[0], 0x10);
    assert_span(c.u.entry.title, "Après la séance");
    assert_true(c.u.entry.when.ms == 1808951400123);
    assert_int_equal(c.u.entry.when.offset, -420);
    assert_span(c.u.entry.tag[0], "école");
    assert_int_equal(c.u.entry.about.b[0], 0x5e);
    assert_int_equal(c.u.entry.prompt, EN_PROMPT_BETWEEN);
    assert_span(c.u.entry.importer, "dayone");
    assert_span(c.u.entry.foreign, "F00D");
    assert_int_equal(c.u.entry.opens, EN_OPENS_DAY);
    assert_int_equal(c.u.entry.opens_day.day, 29);
    assert_int_equal(c.u.entry.undoes.b[5], 0x13);
    free_vector(&x);
    vec_free(&v);
}

static void all_give(const char *list, en_err expect, size_t count)
{
    struct vector x = {0};
    struct en_content c;
    struct en_json e;
    struct vec v;
    size_t n = 0;

    vec_load(&v, VECTORS);
    for (struct en_json_iter it = en_json_each(vec_get(v.root, list));
         en_json_next(&it, NULL, &e); n++) {
        read_vector(e, &x);
        assert_decodes(&x, expect, &c);
    }
    assert_int_equal(n, count);
    free_vector(&x);
    vec_free(&v);
}

static void what_is_newer_is_not_called_broken(void **state)
{
    (void)state;
    all_give("newer", EN_VERSION, NEWER);
}

static void what_breaks_a_bound_is_refused(void **state)
{
    (void)state;
    all_give("refuse", EN_PROTOCOL, REFUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_accepted_is_written_with_the_same_bytes),
        cmocka_unit_test(one_vector_says_what_each_field_means),
        cmocka_unit_test(what_is_newer_is_not_called_broken),
        cmocka_unit_test(what_breaks_a_bound_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
