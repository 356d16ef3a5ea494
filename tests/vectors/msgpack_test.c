/*
 * Every encoding of the published suite against the strict reader: of all the
 * forms a value may have there, ours is the one we would write, and all others
 * are refused. Each is put into an array of one, since only arrays stand alone.
 */
#include "base/text.h"
#include "lib/test.h"
#include "lib/vec.h"
#include "wire/pack.h"

/* Writes a value of ours; false if the strict form has none for it. */
static bool write_json(struct en_pack *p, struct en_json v)
{
    struct en_buf s = {0};
    struct en_json e;
    uint64_t u;
    int64_t i;
    bool all = true;

    switch (v.type) {
    case EN_JSON_NULL: en_pack_nil(p); return true;
    case EN_JSON_NUMBER:
        if (en_json_u64(v, &u) == EN_OK)
            en_pack_uint(p, u);
        else if (en_json_i64(v, &i) == EN_OK)
            en_pack_int(p, i);
        else
            return false;
        return true;
    case EN_JSON_STRING:
        vec_str_of(v, &s);
        en_pack_str(p, en_buf_span(&s));
        en_buf_free(&s);
        return true;
    case EN_JSON_ARRAY:
        en_pack_array(p, (uint32_t)en_json_count(v));
        for (struct en_json_iter it = en_json_each(v);
             en_json_next(&it, NULL, &e);)
            all = write_json(p, e) && all;
        return all;
    case EN_JSON_NONE:
    case EN_JSON_FALSE:
    case EN_JSON_TRUE:
    case EN_JSON_OBJECT: break;
    }
    return false;
}

/* The one form of a case's value inside [ ], or nothing. */
static bool canonical(struct en_json c, struct en_buf *out)
{
    struct en_pack p = en_pack_to(out, EN_PACK_SIGNED);
    struct en_buf s = {0};
    struct en_json v = {0};
    bool has = false;

    en_pack_array(&p, 1);
    if (vec_has(c, "binary")) {
        vec_hex(c, "binary", &s);
        en_pack_bin(&p, en_buf_span(&s));
        has = true;
    } else if (vec_has(c, "bignum")) {
        vec_str(c, "bignum", &s);
        assert_ok(en_json_read(en_buf_span(&s), &v, NULL));
        has = write_json(&p, v);
    } else if (vec_has(c, "nil")) {
        has = write_json(&p, vec_get(c, "nil"));
    } else if (vec_has(c, "number")) {
        has = write_json(&p, vec_get(c, "number"));
    } else if (vec_has(c, "string")) {
        has = write_json(&p, vec_get(c, "string"));
    } else if (vec_has(c, "array")) {
        has = write_json(&p, vec_get(c, "array"));
    } else {
        assert_true(vec_has(c, "bool") || vec_has(c, "map") ||
                    vec_has(c, "timestamp") || vec_has(c, "ext"));
    }
    if (has)
        assert_ok(en_pack_done(&p));
    en_buf_free(&s);
    return has;
}

static void each_value_has_one_accepted_encoding_and_no_other(void **state)
{
    struct vec v;
    struct en_json name;
    struct en_json group;
    struct en_json c;
    struct en_json e;
    struct en_buf ours = {0};
    struct en_buf bytes = {0};
    struct en_buf one = {0};
    unsigned accepted = 0;
    unsigned refused = 0;
    unsigned signed_only = 0;

    (void)state;
    vec_load(&v, "vectors/msgpack/msgpack-test-suite.json");
    for (struct en_json_iter g = en_json_each(v.root);
         en_json_next(&g, &name, &group);) {
        for (struct en_json_iter ci = en_json_each(group);
             en_json_next(&ci, NULL, &c);) {
            unsigned found = 0;
            bool has;

            en_buf_clear(&ours);
            has = canonical(c, &ours);
            for (struct en_json_iter ei = en_json_each(vec_get(c, "msgpack"));
                 en_json_next(&ei, NULL, &e);) {
                bool same;
                en_err err;

                vec_hex_of(e, &bytes);
                en_buf_clear(&one);
                assert_ok(en_buf_add_u8(&one, 0x91));
                assert_ok(en_buf_add_span(&one, en_buf_span(&bytes)));
                same = has && en_span_eq(en_buf_span(&one), en_buf_span(&ours));
                err = en_pack_scan(en_buf_span(&one), EN_PACK_SIGNED);
                if (err != (same ? EN_OK : EN_PROTOCOL))
                    fail_msg("%.*s in %.*s", (int)e.text.n, e.text.p,
                             (int)c.text.n, c.text.p);
                found += same;
                accepted += err == EN_OK;
                refused += err != EN_OK;
                if (err == EN_OK && en_pack_scan(en_buf_span(&one), 0) != EN_OK)
                    signed_only++;
            }
            /* Whatever we can write is among the published forms. */
            assert_int_equal(found, has ? 1 : 0);
        }
    }
    print_message("# %u accepted (%u negative), %u refused\n", accepted,
                  signed_only, refused);
    assert_int_equal(accepted, 49);
    assert_int_equal(signed_only, 12);
    assert_int_equal(refused, 184);
    en_buf_free(&ours);
    en_buf_free(&bytes);
    en_buf_free(&one);
    vec_free(&v);
}

static void published_arrays_stand_alone_and_other_values_do_not(void **state)
{
    struct vec v;
    struct en_json group;
    struct en_json c;
    struct en_json e;
    struct en_buf bytes = {0};
    unsigned alone = 0;

    (void)state;
    vec_load(&v, "vectors/msgpack/msgpack-test-suite.json");
    for (struct en_json_iter g = en_json_each(v.root);
         en_json_next(&g, NULL, &group);) {
        for (struct en_json_iter ci = en_json_each(group);
             en_json_next(&ci, NULL, &c);) {
            for (struct en_json_iter ei = en_json_each(vec_get(c, "msgpack"));
                 en_json_next(&ei, NULL, &e);) {
                vec_hex_of(e, &bytes);
                if (en_pack_scan(en_buf_span(&bytes), EN_PACK_SIGNED) != EN_OK)
                    continue;
                assert_true(vec_has(c, "array"));
                alone++;
            }
        }
    }
    assert_int_equal(alone, 6); /* [], [1], [1..15], [1..16], ["a"], [[]] */
    en_buf_free(&bytes);
    vec_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_has_one_accepted_encoding_and_no_other),
        cmocka_unit_test(published_arrays_stand_alone_and_other_values_do_not),
    };

    return cmocka_run_group_tests_name("vectors/msgpack", tests, NULL, NULL);
}
