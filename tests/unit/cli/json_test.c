#include "cli/json.h"

#include "base/rng.h"
#include "base/text.h"
#include "lib/test.h"

#include <stdlib.h>

static struct en_json read_ok(const char *text)
{
    struct en_json v = {0};
    struct en_json_where where = {0};

    if (en_json_read(en_span_str(text), &v, &where) != EN_OK)
        fail_msg("%s: refused at byte %zu", text, where.at);
    return v;
}

static void assert_refused(struct en_span text, size_t at)
{
    struct en_json v = {EN_JSON_TRUE, text};
    struct en_json_where where = {9999, 9999, 9999};

    if (en_json_read(text, &v, &where) != EN_PROTOCOL || where.at != at)
        fail_msg("%.*s: at byte %zu, not %zu", (int)text.n,
                 text.n > 0 ? (const char *)text.p : "", where.at, at);
    assert_int_equal(v.type, EN_JSON_TRUE); /* untouched */
}

static void each_kind_of_value_is_read_with_space_around_it(void **state)
{
    static const struct {
        const char *text;
        enum en_json_type type;
    } good[] = {
        {"null", EN_JSON_NULL},       {"true", EN_JSON_TRUE},
        {"false", EN_JSON_FALSE},     {"0", EN_JSON_NUMBER},
        {"-0", EN_JSON_NUMBER},       {"10", EN_JSON_NUMBER},
        {"-1.5e+10", EN_JSON_NUMBER}, {"0.0E-1", EN_JSON_NUMBER},
        {"1e5", EN_JSON_NUMBER},      {"\"\"", EN_JSON_STRING},
        {"\"a\"", EN_JSON_STRING},    {"\"\\u0000\"", EN_JSON_STRING},
        {"[]", EN_JSON_ARRAY},        {"[ ]", EN_JSON_ARRAY},
        {"{}", EN_JSON_OBJECT},       {"{ }", EN_JSON_OBJECT},
        {"[1 ,\n2]", EN_JSON_ARRAY},  {"{\"a\" : [{}]}", EN_JSON_OBJECT},
        {"\"\x7f\"", EN_JSON_STRING},
    };
    char s[64];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct en_json v = read_ok(good[i].text);

        assert_int_equal(v.type, good[i].type);
        assert_span(v.text, good[i].text);
        (void)snprintf(s, sizeof(s), " \t\r\n%s\n ", good[i].text);
        v = read_ok(s);
        assert_int_equal(v.type, good[i].type);
        assert_span(v.text, good[i].text);
    }
}

static void what_is_no_json_is_refused_at_the_byte_that_is_wrong(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } bad[] = {
        {"", 0},
        {"  ", 2},
        {"nul", 3},
        {"nulll", 4},
        {"True", 0},
        {"tru e", 3},
        {"NaN", 0},
        {"Infinity", 0},
        {"-Infinity", 1},
        {"+1", 0},
        {"01", 1},
        {"-", 1},
        {"-01", 2},
        {"1.", 2},
        {".5", 0},
        {"1.e5", 2},
        {"1e", 2},
        {"1e+", 3},
        {"1e+-1", 3},
        {"0x10", 1},
        {"1 2", 2},
        {"[", 1},
        {"]", 0},
        {"[1", 2},
        {"[1,", 3},
        {"[1,]", 3},
        {"[,1]", 1},
        {"[1 2]", 3},
        {"[1}", 2},
        {"{", 1},
        {"{1:2}", 1},
        {"{\"a\"", 4},
        {"{\"a\":", 5},
        {"{\"a\":}", 5},
        {"{\"a\" 1}", 5},
        {"{\"a\":1", 6},
        {"{\"a\":1,", 7},
        {"{\"a\":1,}", 7},
        {"{\"a\":1]", 6},
        {"{a:1}", 1},
        {"{'a':1}", 1},
        {"\"", 1},
        {"\"a", 2},
        {"'a'", 0},
        {"\"\\", 2},
        {"\"\\x41\"", 2},
        {"\"\\'\"", 2},
        {"\"\\u12\"", 5},
        {"\"\\u12g4\"", 5},
        {"\"\\U0041\"", 2},
        {"\"a\nb\"", 2},
        {"\"a\tb\"", 2},
        {"\"\x1f\"", 1},
        {"// x\n1", 0},
        {"1 // x", 2},
        {"[1,/**/2]", 3},
        {"\"a\" \"b\"", 4},
        {"\xef\xbb\xbf{}", 0},
        {"[]\v", 2},
        {"\xc2\xa0[]", 0},
        {"{}{}", 2},
        {"[[]", 3},
        {"[]]", 2},
        {"{\"a\":1 \"b\":2}", 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(en_span_str(bad[i].text), bad[i].at);
    assert_refused(BYTES("[]\0"), 2);
    assert_refused(BYTES("\"\0\""), 1);
    assert_refused(BYTES("nul\0"), 3);
    assert_refused(EN_SPAN(NULL, 0), 0);
    /* nobody need ask where */
    assert_err(en_json_read(BYTES("["), &(struct en_json){0}, NULL),
               EN_PROTOCOL);
}

static void a_position_is_told_in_lines_and_characters(void **state)
{
    struct en_json v;
    struct en_json_where where;

    (void)state;
    assert_err(
        en_json_read(BYTES("{\n  \"\xc3\xa9t\xc3\xa9\": x\n}"), &v, &where),
        EN_PROTOCOL);
    assert_int_equal(where.at, 13);
    assert_int_equal(where.line, 2);
    assert_int_equal(where.column, 10);
    assert_err(en_json_read(BYTES("x"), &v, &where), EN_PROTOCOL);
    assert_int_equal(where.line, 1);
    assert_int_equal(where.column, 1);
}

static void bad_utf8_is_refused_in_names_and_strings(void **state)
{
    static const char *const bad[] = {
        "\xff",     "\x80",         "\xc3",         "\xc3(",
        "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
    };
    char s[64];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(s, sizeof(s), "\"ab%s\"", bad[i]);
        assert_refused(en_span_str(s), 3);
        (void)snprintf(s, sizeof(s), "{\"ab%s\":1}", bad[i]);
        assert_refused(en_span_str(s), 4);
        (void)snprintf(s, sizeof(s), "\"ab%s", bad[i]);
        assert_refused(en_span_str(s), 3);
    }
}

static void
lone_surrogates_are_refused_and_pairs_are_one_character(void **state)
{
    struct en_buf b = {0};

    (void)state;
    assert_refused(BYTES("\"\\ud83c\""), 3);
    assert_refused(BYTES("\"\\ud83cx\""), 3);
    assert_refused(BYTES("\"\\ud83c\\n\""), 3);
    assert_refused(BYTES("\"\\ud83c\\u0041\""), 3);
    assert_refused(BYTES("\"\\ud83c\\ud83c\""), 3);
    assert_refused(BYTES("\"\\udf31\""), 3);
    assert_refused(BYTES("\"\\udf31\\ud83c\""), 3);
    assert_refused(BYTES("\"\\ud83c\\udf3"), 3);
    assert_ok(en_json_str(read_ok("\"\\ud83c\\uDF31\""), &b));
    assert_span(en_buf_span(&b), "\xf0\x9f\x8c\xb1");
    en_buf_clear(&b);
    assert_ok(en_json_str(read_ok("\"\\ud800\\udc00\\udbff\\udfff\""), &b));
    assert_span(en_buf_span(&b), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
    en_buf_free(&b);
}

static void every_escape_means_its_character(void **state)
{
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_json_str(
        read_ok("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\""), &b));
    assert_span(en_buf_span(&b), "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac");
    en_buf_clear(&b);
    assert_ok(en_json_str(read_ok("\"a\\u0000b\""), &b));
    assert_int_equal(b.n, 3);
    assert_memory_equal(b.p, "a\0b", 3);
    en_buf_free(&b);
}

static void depth_is_bounded_in_arrays_and_objects(void **state)
{
    for (int object = 0; object < 2; object++) {
        const char *open = object ? "{\"a\":" : "[";
        size_t step = strlen(open);

        (void)state;
        for (size_t depth = EN_JSON_DEPTH_MAX - 1;
             depth <= EN_JSON_DEPTH_MAX + 1; depth++) {
            char s[700] = "";
            struct en_json v;
            struct en_json_where where;
            en_err err;

            for (size_t i = 0; i < depth; i++)
                memcpy(s + i * step, open, step);
            s[depth * step] = '1';
            memset(s + depth * step + 1, object ? '}' : ']', depth);
            err = en_json_read(en_span_str(s), &v, &where);
            assert_err(err, depth <= EN_JSON_DEPTH_MAX ? EN_OK : EN_PROTOCOL);
            if (err != EN_OK)
                assert_int_equal(where.at, EN_JSON_DEPTH_MAX * step);
        }
    }
    /* what closed does not count */
    read_ok("[[[]],[[]],[[]]]");
}

static void members_are_found_by_what_their_names_mean(void **state)
{
    struct en_json v = read_ok(
        "{\"a\":1, \"b\" : [1,{\"a\":9}] ,\"caf\\u00e9\":\"x\",\"\":null}");
    uint64_t n = 0;

    (void)state;
    assert_int_equal(en_json_count(v), 4);
    assert_ok(en_json_u64(en_json_get(v, "a"), &n));
    assert_int_equal(n, 1);
    assert_span(en_json_get(v, "b").text, "[1,{\"a\":9}]");
    assert_true(en_json_str_is(en_json_get(v, "caf\xc3\xa9"), "x"));
    assert_int_equal(en_json_get(v, "").type, EN_JSON_NULL);
    assert_int_equal(en_json_get(v, "c").type, EN_JSON_NONE);
    assert_int_equal(en_json_get(v, "ab").type, EN_JSON_NONE);
    assert_int_equal(en_json_get(v, "caf").type, EN_JSON_NONE);
    assert_int_equal(en_json_get(read_ok("[1]"), "a").type, EN_JSON_NONE);
    assert_int_equal(en_json_get((struct en_json){0}, "a").type, EN_JSON_NONE);
}

static void a_member_named_twice_is_no_member(void **state)
{
    (void)state;
    assert_int_equal(en_json_get(read_ok("{\"a\":1,\"a\":1}"), "a").type,
                     EN_JSON_NONE);
    assert_int_equal(en_json_get(read_ok("{\"a\":1,\"\\u0061\":2}"), "a").type,
                     EN_JSON_NONE);
    assert_int_equal(
        en_json_get(read_ok("{\"a\":1,\"b\":{\"a\":2}}"), "a").type,
        EN_JSON_NUMBER);
}

static void elements_are_walked_in_order_and_found_by_place(void **state)
{
    struct en_json v =
        read_ok(" [ 1 , \"],\\\"[\" , [2,[3]] , {\"k\":[4]} , true,null ] ");
    static const char *const expect[] = {
        "1", "\"],\\\"[\"", "[2,[3]]", "{\"k\":[4]}", "true", "null"};
    struct en_json name = {EN_JSON_TRUE, {0}};
    struct en_json e;
    size_t n = 0;

    (void)state;
    for (struct en_json_iter it = en_json_each(v); en_json_next(&it, &name, &e);
         n++) {
        assert_int_equal(name.type, EN_JSON_NONE);
        assert_true(n < 6);
        assert_span(e.text, expect[n]);
        assert_span(en_json_at(v, n).text, expect[n]);
    }
    assert_int_equal(n, 6);
    assert_int_equal(en_json_count(v), 6);
    assert_int_equal(en_json_at(v, 6).type, EN_JSON_NONE);
    assert_int_equal(en_json_at(read_ok("{\"a\":1}"), 0).type, EN_JSON_NONE);
    assert_int_equal(en_json_count(read_ok("[]")), 0);
    assert_int_equal(en_json_count(read_ok("{ }")), 0);
    assert_int_equal(en_json_count(read_ok("\"ab\"")), 0);
    assert_int_equal(en_json_count((struct en_json){0}), 0);
}

static void integers_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        bool u;
        bool i;
    } cases[] = {
        {"0", true, true},
        {"-0", false, true},
        {"9223372036854775807", true, true},
        {"9223372036854775808", true, false},
        {"18446744073709551615", true, false},
        {"18446744073709551616", false, false},
        {"99999999999999999999999999", false, false},
        {"-1", false, true},
        {"-9223372036854775808", false, true},
        {"-9223372036854775809", false, false},
        {"1.0", false, false},
        {"1e3", false, false},
        {"\"1\"", false, false},
        {"null", false, false},
        {"[1]", false, false},
    };

    (void)state;
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        struct en_json v = read_ok(cases[k].text);
        uint64_t u = 77;
        int64_t i = 77;

        assert_err(en_json_u64(v, &u), cases[k].u ? EN_OK : EN_RANGE);
        assert_err(en_json_i64(v, &i), cases[k].i ? EN_OK : EN_RANGE);
        assert_true(u == (cases[k].u ? strtoull(cases[k].text, NULL, 10) : 77));
        assert_true(i == (cases[k].i ? strtoll(cases[k].text, NULL, 10) : 77));
    }
    assert_err(en_json_u64((struct en_json){0}, &(uint64_t){0}), EN_RANGE);
}

static void a_string_that_does_not_fit_leaves_the_buffer_as_it_was(void **state)
{
    struct en_buf b = {.max = 5};

    (void)state;
    assert_ok(en_buf_add_str(&b, "ab"));
    assert_err(en_json_str(read_ok("\"1234\""), &b), EN_RANGE);
    assert_err(en_json_str(read_ok("12"), &b), EN_RANGE);
    assert_err(en_json_str((struct en_json){0}, &b), EN_RANGE);
    assert_span(en_buf_span(&b), "ab");
    assert_ok(en_json_str(read_ok("\"123\""), &b));
    assert_span(en_buf_span(&b), "ab123");
    en_buf_free(&b);
    assert_false(en_json_str_is(read_ok("12"), "12"));
    assert_false(en_json_str_is(read_ok("\"12\""), "123"));
    assert_false(en_json_str_is(read_ok("\"123\""), "12"));
    assert_false(en_json_str_is(read_ok("\"a\\u0000\""), "a"));
}

/*
 * Writing
 */

static void a_document_is_written_without_space_and_in_order(void **state)
{
    struct en_buf b = {0};
    struct en_json_out w = en_json_out(&b);

    (void)state;
    en_json_open_object(&w);
    en_json_put_name(&w, "v");
    en_json_put_u64(&w, UINT64_MAX);
    en_json_put_name(&w, "n");
    en_json_put_i64(&w, INT64_MIN);
    en_json_put_name(&w, "list");
    en_json_open_array(&w);
    en_json_put_bool(&w, true);
    en_json_put_bool(&w, false);
    en_json_put_null(&w);
    en_json_open_array(&w);
    en_json_close(&w);
    en_json_open_object(&w);
    en_json_close(&w);
    en_json_put_cstr(&w, "x");
    en_json_close(&w);
    en_json_put_name(&w, "t");
    en_json_put_str(&w, BYTES("\xc3\xa9"));
    en_json_close(&w);
    assert_ok(en_json_done(&w));
    assert_span(en_buf_span(&b),
                "{\"v\":18446744073709551615,\"n\":-9223372036854775808,"
                "\"list\":[true,false,null,[],{},\"x\"],\"t\":\"\xc3\xa9\"}");
    en_buf_free(&b);
}

static void
what_could_drive_a_terminal_is_escaped_and_nothing_else(void **state)
{
    struct en_buf b = {0};
    struct en_json_out w = en_json_out(&b);

    (void)state;
    en_json_put_str(
        &w, BYTES("\"\\/\b\f\n\r\t\0\x1b[m\x7f\xc2\x9b\xe2\x80\xae"
                  "\xe2\x80\xa8\xf3\xa0\x81\x81\xc2\xa0\xf0\x9f\x8c\xb1"));
    assert_ok(en_json_done(&w));
    assert_span(
        en_buf_span(&b),
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001b[m\\u007f\\u009b\\u202e"
        "\\u2028\\udb40\\udc41\xc2\xa0\xf0\x9f\x8c\xb1\"");
    en_buf_free(&b);
}

static void every_character_comes_back_through_a_written_string(void **state)
{
    struct en_buf text = {0};
    struct en_buf b = {0};
    struct en_buf back = {0};
    struct en_json_out w = en_json_out(&b);
    struct en_json v;

    (void)state;
    for (int32_t cp = 0; cp <= 0x10ffff; cp++)
        (void)en_text_put(&text, cp); /* surrogates are not appended */
    en_json_put_str(&w, en_buf_span(&text));
    assert_ok(en_json_done(&w));
    assert_ok(en_json_read(en_buf_span(&b), &v, NULL));
    assert_ok(en_json_str(v, &back));
    assert_true(en_span_eq(en_buf_span(&back), en_buf_span(&text)));
    en_buf_free(&text);
    en_buf_free(&b);
    en_buf_free(&back);
}

static void a_string_that_is_no_utf8_is_not_written(void **state)
{
    struct en_buf b = {0};
    struct en_json_out w = en_json_out(&b);

    (void)state;
    en_json_open_array(&w);
    en_json_put_str(&w, BYTES("a\xff"));
    en_json_put_cstr(&w, "b");
    en_json_close(&w);
    assert_err(en_json_done(&w), EN_RANGE);
    en_buf_free(&b);
}

static void a_full_buffer_is_told_at_the_end(void **state)
{
    struct en_buf b = {.max = 4};
    struct en_json_out w = en_json_out(&b);

    (void)state;
    en_json_open_array(&w);
    en_json_put_cstr(&w, "abc");
    en_json_close(&w);
    assert_err(en_json_done(&w), EN_RANGE);
    en_buf_free(&b);
}

static void value_without_a_name(void *buf)
{
    struct en_json_out w = en_json_out(buf);

    en_json_open_object(&w);
    en_json_put_null(&w);
}

static void name_in_an_array(void *buf)
{
    struct en_json_out w = en_json_out(buf);

    en_json_open_array(&w);
    en_json_put_name(&w, "a");
}

static void name_without_a_value(void *buf)
{
    struct en_json_out w = en_json_out(buf);

    en_json_open_object(&w);
    en_json_put_name(&w, "a");
    en_json_close(&w);
}

static void two_values(void *buf)
{
    struct en_json_out w = en_json_out(buf);

    en_json_put_null(&w);
    en_json_put_null(&w);
}

static void left_open(void *buf)
{
    struct en_json_out w = en_json_out(buf);

    en_json_open_array(&w);
    (void)en_json_done(&w);
}

static void a_document_that_is_not_well_formed_is_our_own_bug(void **state)
{
    struct en_buf b = {0};

    (void)state;
    assert_true(dies(value_without_a_name, &b));
    assert_true(dies(name_in_an_array, &b));
    assert_true(dies(name_without_a_value, &b));
    assert_true(dies(two_values, &b));
    assert_true(dies(left_open, &b));
}

/*
 * Properties
 */

static void write_random(struct en_rng *r, struct en_json_out *w, int depth)
{
    uint32_t n = en_rng_below(r, 4);

    switch (en_rng_below(r, depth < 6 ? 6 : 4)) {
    case 0: en_json_put_i64(w, (int64_t)en_rng_below(r, 1000) - 500); break;
    case 1: en_json_put_null(w); break;
    case 2: en_json_put_bool(w, n > 1); break;
    case 3: en_json_put_cstr(w, n > 1 ? "]},{[\"\\" : "\xc3\xa9\n"); break;
    case 4:
        en_json_open_array(w);
        for (uint32_t i = 0; i < n; i++)
            write_random(r, w, depth + 1);
        en_json_close(w);
        break;
    default:
        en_json_open_object(w);
        for (uint32_t i = 0; i < n; i++) {
            en_json_put_name(w, n > 1 ? "}\":" : "a");
            write_random(r, w, depth + 1);
        }
        en_json_close(w);
        break;
    }
}

/* Writes what was read, by looking into it. */
static void copy(struct en_json v, struct en_json_out *w)
{
    struct en_buf s = {0};
    struct en_json name;
    struct en_json e;
    int64_t i = 0;

    switch (v.type) {
    case EN_JSON_NULL: en_json_put_null(w); break;
    case EN_JSON_TRUE: en_json_put_bool(w, true); break;
    case EN_JSON_FALSE: en_json_put_bool(w, false); break;
    case EN_JSON_NUMBER:
        assert_ok(en_json_i64(v, &i));
        en_json_put_i64(w, i);
        break;
    case EN_JSON_STRING:
        assert_ok(en_json_str(v, &s));
        en_json_put_str(w, en_buf_span(&s));
        break;
    case EN_JSON_ARRAY:
        en_json_open_array(w);
        for (struct en_json_iter it = en_json_each(v);
             en_json_next(&it, NULL, &e);)
            copy(e, w);
        en_json_close(w);
        break;
    case EN_JSON_OBJECT:
        en_json_open_object(w);
        for (struct en_json_iter it = en_json_each(v);
             en_json_next(&it, &name, &e);) {
            assert_ok(en_json_str(name, &s));
            assert_ok(en_buf_add_u8(&s, 0));
            en_json_put_name(w, (const char *)s.p);
            en_buf_clear(&s);
            copy(e, w);
        }
        en_json_close(w);
        break;
    case EN_JSON_NONE: fail_msg("no value"); break;
    }
    en_buf_free(&s);
}

static void
what_is_written_is_read_the_same_and_every_cut_is_refused(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct en_rng_seeded r;
        struct en_buf a = {0};
        struct en_buf b = {0};
        struct en_json_out wa = en_json_out(&a);
        struct en_json_out wb = en_json_out(&b);
        struct en_json v;

        en_rng_seed(&r, seed);
        en_json_open_array(&wa);
        write_random(&r.rng, &wa, 0);
        en_json_close(&wa);
        assert_ok(en_json_done(&wa));
        assert_ok(en_json_read(en_buf_span(&a), &v, NULL));
        copy(v, &wb);
        assert_ok(en_json_done(&wb));
        if (!en_span_eq(en_buf_span(&a), en_buf_span(&b)))
            fail_msg("seed %d: %.*s", (int)seed, (int)a.n, a.p);
        for (size_t n = 0; n < a.n; n++) {
            uint8_t *cut = malloc(n > 0 ? n : 1);

            assert_non_null(cut);
            if (n > 0)
                memcpy(cut, a.p, n);
            assert_err(en_json_read(EN_SPAN(cut, n), &v, NULL), EN_PROTOCOL);
            free(cut);
        }
        en_buf_free(&a);
        en_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_value_is_read_with_space_around_it),
        cmocka_unit_test(what_is_no_json_is_refused_at_the_byte_that_is_wrong),
        cmocka_unit_test(a_position_is_told_in_lines_and_characters),
        cmocka_unit_test(bad_utf8_is_refused_in_names_and_strings),
        cmocka_unit_test(
            lone_surrogates_are_refused_and_pairs_are_one_character),
        cmocka_unit_test(every_escape_means_its_character),
        cmocka_unit_test(depth_is_bounded_in_arrays_and_objects),
        cmocka_unit_test(members_are_found_by_what_their_names_mean),
        cmocka_unit_test(a_member_named_twice_is_no_member),
        cmocka_unit_test(elements_are_walked_in_order_and_found_by_place),
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(
            a_string_that_does_not_fit_leaves_the_buffer_as_it_was),
        cmocka_unit_test(a_document_is_written_without_space_and_in_order),
        cmocka_unit_test(
            what_could_drive_a_terminal_is_escaped_and_nothing_else),
        cmocka_unit_test(every_character_comes_back_through_a_written_string),
        cmocka_unit_test(a_string_that_is_no_utf8_is_not_written),
        cmocka_unit_test(a_full_buffer_is_told_at_the_end),
        cmocka_unit_test(a_document_that_is_not_well_formed_is_our_own_bug),
        cmocka_unit_test(
            what_is_written_is_read_the_same_and_every_cut_is_refused),
    };

    return cmocka_run_group_tests_name("cli/json", tests, NULL, NULL);
}
