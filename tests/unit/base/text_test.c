#include "base/text.h"

#include "base/rng.h"
#include "lib/test.h"

#include <stdlib.h>

/* Results are compared as strings; none of these holds a NUL. */
static void assert_buf(struct en_buf *b, const char *expect)
{
    assert_span(en_buf_span(b), expect);
    en_buf_clear(b);
}

static void assert_fold(const char *s, const char *expect)
{
    struct en_buf b = {0};

    assert_ok(en_text_fold(en_span_str(s), &b));
    assert_buf(&b, expect);
    en_buf_free(&b);
}

static void assert_nfc(const char *s, const char *expect)
{
    struct en_buf b = {0};

    assert_ok(en_text_nfc(en_span_str(s), &b));
    assert_buf(&b, expect);
    en_buf_free(&b);
}

static const char *const not_utf8[] = {
    "\x80",             /* continuation alone */
    "\xc3",             /* cut short */
    "\xc3(",            /* not continued */
    "\xc0\xaf",         /* longer than needed: '/' */
    "\xc1\xbf",         /* */
    "\xe0\x80\xaf",     /* */
    "\xe0\x9f\xbf",     /* */
    "\xf0\x80\x80\xaf", /* */
    "\xf0\x8f\xbf\xbf", /* */
    "\xed\xa0\x80",     /* surrogates */
    "\xed\xbf\xbf",     /* */
    "\xe2\x82",         /* cut short */
    "\xf0\x9f\x8c",     /* */
    "\xf4\x90\x80\x80", /* above U+10FFFF */
    "\xf5\x80\x80\x80", /* */
    "\xf8\x88\x80\x80\x80",
    "\xfe",
    "\xff",
};
#define NOT_UTF8 (sizeof(not_utf8) / sizeof(not_utf8[0]))

static void every_call_refuses_what_is_no_utf8_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < NOT_UTF8; i++) {
        for (int place = 0; place < 3; place++) {
            char s[64];
            struct en_buf b = {0};
            uint32_t *at = NULL;

            (void)snprintf(s, sizeof(s), "%s%s%s", place > 0 ? "\xc3\xa9t" : "",
                           not_utf8[i], place < 2 ? "e\xcc\x81" : "");
            assert_false(en_text_utf8(en_span_str(s)));
            assert_false(en_text_valid(en_span_str(s)));
            assert_false(en_text_is_line(en_span_str(s)));
            assert_false(en_text_is_text(en_span_str(s)));
            assert_ok(en_buf_add_str(&b, "kept"));
            assert_err(en_text_nfc(en_span_str(s), &b), EN_RANGE);
            assert_err(en_text_fold(en_span_str(s), &b), EN_RANGE);
            assert_err(en_text_name(en_span_str(s), 64, &b), EN_RANGE);
            assert_buf(&b, "kept");
            assert_err(en_text_fold_map(en_span_str(s), &b, &at), EN_RANGE);
            assert_null(at);
            assert_int_equal(b.n, 0);
            en_buf_free(&b);
        }
    }
}

static void
every_code_point_but_surrogates_is_valid_and_comes_back(void **state)
{
    struct en_buf b = {0};

    (void)state;
    for (int32_t cp = 0; cp <= 0x10ffff; cp++) {
        struct en_span s;
        bool surrogate = cp >= 0xd800 && cp <= 0xdfff;

        assert_err(en_text_put(&b, cp), surrogate ? EN_RANGE : EN_OK);
        s = en_buf_span(&b);
        if (surrogate) {
            assert_int_equal(s.n, 0);
            continue;
        }
        assert_true(en_text_utf8(s));
        assert_int_equal(en_text_valid(s), cp != 0);
        assert_int_equal(en_text_next(&s), cp);
        assert_int_equal(s.n, 0);
        assert_int_equal(en_text_next(&s), -1);
        en_buf_clear(&b);
    }
    assert_err(en_text_put(&b, -1), EN_RANGE);
    assert_err(en_text_put(&b, 0x110000), EN_RANGE);
    assert_int_equal(b.n, 0);
    en_buf_free(&b);
}

static void bad_utf8_ends_a_text_that_is_read_by_character(void **state)
{
    struct en_span s = BYTES("a\xff"
                             "b");

    (void)state;
    assert_int_equal(en_text_next(&s), 'a');
    assert_int_equal(en_text_next(&s), -1);
    assert_int_equal(s.n, 0);
}

static void
a_line_has_no_control_and_a_text_only_line_feed_and_tab(void **state)
{
    (void)state;
    for (int32_t cp = 0; cp < 0x3000; cp++) {
        bool control = cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
        bool separator = cp == 0x2028 || cp == 0x2029;
        struct en_buf b = {0};
        struct en_span s;

        assert_ok(en_buf_add_str(&b, "x"));
        assert_ok(en_text_put(&b, cp));
        s = en_buf_span(&b);
        assert_int_equal(en_text_is_line(s), !control && !separator);
        assert_int_equal(en_text_is_text(s),
                         !control || cp == '\n' || cp == '\t');
        en_buf_free(&b);
    }
    assert_true(en_text_is_line(EN_SPAN(NULL, 0)));
    assert_true(en_text_is_text(EN_SPAN(NULL, 0)));
}

static void nfc_composes_what_was_typed_apart(void **state)
{
    (void)state;
    assert_nfc("", "");
    assert_nfc("abc", "abc");
    assert_nfc("e\xcc\x81", "\xc3\xa9");
    assert_nfc("\xc3\xa9", "\xc3\xa9");
    assert_nfc("le\xcc\x81ger et e\xcc\x80re", "l\xc3\xa9ger et \xc3\xa8re");
    assert_nfc("\xc3\xa9\xcc\xa3", "\xe1\xba\xb9\xcc\x81"); /* marks reorder */
    assert_nfc("\xe2\x84\xab", "\xc3\x85");                 /* angstrom sign */
    assert_nfc("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab",
               "\xed\x95\x9c");                             /* Hangul */
    assert_nfc("\xea\xb0\x80\xe1\x86\xa8", "\xea\xb0\x81"); /* LV and T */
    assert_nfc("\xea\xb0\x9c\xe1\x86\xa7", "\xea\xb0\x9c\xe1\x86\xa7");
    assert_nfc("\xe0\xa7\x87\xe0\xa6\xbe", "\xe0\xa7\x8b"); /* Bengali o */
    assert_nfc("\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc"); /* excluded */
    assert_nfc("\xcc\x81"
               "e",
               "\xcc\x81"
               "e"); /* a mark with nothing before */
    assert_nfc("\xf0\x9d\x85\x9e", "\xf0\x9d\x85\x97\xf0\x9d\x85\xa5");
    assert_nfc("\xef\xac\x81", "\xef\xac\x81"); /* fi ligature stays */
}

static void nfc_of_nfc_is_itself_for_every_character_and_mark(void **state)
{
    static const char *const after[] = {"", "\xcc\x81", "\xcc\xa3\xcc\x81",
                                        "\xcd\x85", "a"};
    struct en_buf s = {0};
    struct en_buf once = {0};
    struct en_buf twice = {0};

    (void)state;
    for (int32_t cp = 0; cp <= 0x10ffff; cp++) {
        if (cp >= 0xd800 && cp <= 0xdfff)
            continue;
        for (size_t k = 0; k < sizeof(after) / sizeof(after[0]); k++) {
            assert_ok(en_text_put(&s, cp));
            assert_ok(en_buf_add_str(&s, after[k]));
            assert_ok(en_text_nfc(en_buf_span(&s), &once));
            assert_ok(en_text_nfc(en_buf_span(&once), &twice));
            if (!en_span_eq(en_buf_span(&once), en_buf_span(&twice)))
                fail_msg("U+%04X with mark %zu", (unsigned)cp, k);
            en_buf_clear(&s);
            en_buf_clear(&once);
            en_buf_clear(&twice);
        }
    }
    en_buf_free(&s);
    en_buf_free(&once);
    en_buf_free(&twice);
}

static void nfc_of_a_text_of_marks_is_ordered_and_quick(void **state)
{
    struct en_buf s = {0};
    struct en_buf out = {0};

    (void)state;
    assert_ok(en_buf_add_str(&s, "q"));
    for (int i = 0; i < 10000; i++)
        assert_ok(en_buf_add_str(&s, "\xcc\x81\xcc\xa3")); /* above, below */
    assert_ok(en_text_nfc(en_buf_span(&s), &out));
    assert_int_equal(out.n, s.n);
    for (size_t i = 0; i < 20000; i++)
        assert_memory_equal(out.p + 1 + 2 * i,
                            i < 10000 ? "\xcc\xa3" : "\xcc\x81", 2);
    en_buf_free(&s);
    en_buf_free(&out);
}

static void nfc_over_the_buffers_max_leaves_the_buffer_as_it_was(void **state)
{
    struct en_buf b = {.max = 6};

    (void)state;
    assert_ok(en_buf_add_str(&b, "12"));
    assert_err(en_text_nfc(BYTES("abc\xc3\xa9"), &b), EN_RANGE);
    assert_err(en_text_nfc(BYTES("e\xcc\x81"
                                 "xyz"),
                           &b),
               EN_RANGE);
    assert_err(en_text_fold(BYTES("abcde"), &b), EN_RANGE);
    assert_err(en_text_harmless(BYTES("abcde"), true, &b), EN_RANGE);
    assert_int_equal(b.n, 2);
    assert_ok(en_text_nfc(BYTES("abe\xcc\x81"), &b));
    assert_buf(&b, "12ab\xc3\xa9");
    en_buf_free(&b);
}

static void folding_forgets_case_accents_ligatures_and_typography(void **state)
{
    (void)state;
    assert_fold("", "");
    assert_fold("C\xc5\x93ur", "coeur");
    assert_fold("\xc5\x92UVRE", "oeuvre");
    assert_fold("\xc3\x89L\xc3\x88VE", "eleve");
    assert_fold("s\xc3\xa9"
                "ances",
                "seances");
    assert_fold("se\xcc\x81"
                "ances",
                "seances");
    assert_fold("\xc3\x86sir \xc3\xa6", "aesir ae");
    assert_fold("\xc7\xbd\xc7\xbf", "aeo"); /* ae and o with an acute */
    assert_fold("Stra\xc3\x9f"
                "e \xe1\xba\x9e",
                "strasse ss");
    assert_fold("\xc3\x98re \xc3\xb8l", "ore ol");
    assert_fold("\xc5\x81\xc3\xb3"
                "d\xc5\xba",
                "lodz");
    assert_fold("l\xe2\x80\x99\xc3\xa9l\xc3\xa8ve", "l'eleve");
    assert_fold("\xca\xbc`\xc2\xb4\xe2\x80\x98\xef\xbc\x87", "'''''");
    assert_fold("a\xe2\x80\x94"
                "b\xe2\x80\x93"
                "c\xe2\x88\x92"
                "d\xe2\x80\x91"
                "e",
                "a-b-c-d-e");
    assert_fold("14\xc2\xa0h\xe2\x80\xaf"
                "30\t\n\xe2\x80\xa8x",
                "14 h 30   x");
    assert_fold("\xef\xac\x81n \xe2\x85\xa7 x\xc2\xb2", "fin viii x2");
    assert_fold("so\xc2\xad"
                "ft \xe2\x80\x8bzero",
                "soft zero");
    assert_fold("\xc4\xb0stanbul", "istanbul");
    assert_fold("\xce\x91\xce\xa3\xcf\x82", "\xce\xb1\xcf\x83\xcf\x83");
}

static void folding_a_control_that_is_no_space_keeps_it(void **state)
{
    (void)state;
    assert_fold("a\x01\x1b\x7f", "a\x01\x1b\x7f");
}

/* Two laws over all characters: folding twice changes nothing, and a text folds
 * as its normal form does. */
static void folding_is_stable_and_sees_no_difference_of_spelling(void **state)
{
    static const char *const after[] = {"", "\xcc\x81", "\xcd\x85", "\xcc\xb8"};
    struct en_buf s = {0};
    struct en_buf nfc = {0};
    struct en_buf once = {0};
    struct en_buf twice = {0};
    struct en_buf other = {0};

    (void)state;
    for (int32_t cp = 0; cp <= 0x10ffff; cp++) {
        if (cp >= 0xd800 && cp <= 0xdfff)
            continue;
        for (size_t k = 0; k < sizeof(after) / sizeof(after[0]); k++) {
            assert_ok(en_text_put(&s, cp));
            assert_ok(en_buf_add_str(&s, after[k]));
            assert_ok(en_text_nfc(en_buf_span(&s), &nfc));
            assert_ok(en_text_fold(en_buf_span(&s), &once));
            assert_ok(en_text_fold(en_buf_span(&once), &twice));
            assert_ok(en_text_fold(en_buf_span(&nfc), &other));
            if (!en_span_eq(en_buf_span(&once), en_buf_span(&twice)) ||
                !en_span_eq(en_buf_span(&once), en_buf_span(&other)))
                fail_msg("U+%04X with mark %zu", (unsigned)cp, k);
            en_buf_clear(&s);
            en_buf_clear(&nfc);
            en_buf_clear(&once);
            en_buf_clear(&twice);
            en_buf_clear(&other);
        }
    }
    en_buf_free(&s);
    en_buf_free(&nfc);
    en_buf_free(&once);
    en_buf_free(&twice);
    en_buf_free(&other);
}

static void a_folded_byte_maps_to_where_its_character_began(void **state)
{
    /*           0  1      3      5   6      9      12       */
    const char *s = "a\xc3\xa9\xc5\x93x\xe2\x80\x99\xef\xac\x81z";
    static const uint32_t expect[] = {0, 1, 3, 3, 5, 6, 9, 9, 12, 13};
    struct en_buf b = {0};
    uint32_t *at = NULL;

    (void)state;
    assert_ok(en_text_fold_map(en_span_str(s), &b, &at));
    assert_span(en_buf_span(&b), "aeoex'fiz");
    for (size_t i = 0; i <= b.n; i++)
        assert_int_equal(at[i], expect[i]);
    free(at);
    en_buf_clear(&b);
    at = NULL;
    assert_ok(en_text_fold_map(EN_SPAN(NULL, 0), &b, &at));
    assert_int_equal(at[0], 0);
    free(at);
    en_buf_free(&b);
}

static void names_are_brought_to_nfc_and_bounded_after_it(void **state)
{
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_text_name(BYTES("Chloe\xcc\x81"), 6, &b));
    assert_buf(&b, "Chlo\xc3\xa9");
    assert_err(en_text_name(BYTES("Chloe\xcc\x81"), 5, &b), EN_RANGE);
    assert_err(en_text_name(BYTES("a"), 0, &b), EN_RANGE);
    assert_ok(en_text_name(BYTES("Ana \xe2\x9d\xa4\xef\xb8\x8f"), 64, &b));
    en_buf_free(&b);
}

static void names_that_hide_something_or_show_nothing_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "\xc2\xa0\xe3\x80\x80",
        "\xef\xb8\x8f", /* variation selector alone */
        "\xe3\x85\xa4", /* Hangul filler */
        "Ana\n",
        "A\tna",
        "A\x1b[2Jna",
        "A\x7fna",
        "A\xc2\x85na",
        "A\xe2\x80\xaena",    /* right-to-left override */
        "A\xe2\x80\x8bna",    /* zero width space */
        "A\xc2\xadna",        /* soft hyphen */
        "A\xe2\x80\xa8na",    /* line separator */
        "A\xe2\x80\xa9na",    /* paragraph separator */
        "\xef\xbb\xbf\x41na", /* byte order mark */
    };
    struct en_buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_err(en_text_name(en_span_str(bad[i]), 64, &b), EN_RANGE);
    assert_err(en_text_name(BYTES("A\0na"), 64, &b), EN_RANGE);
    assert_int_equal(b.n, 0);
    en_buf_free(&b);
}

static void width_counts_columns_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(en_text_width(BYTES("")), 0);
    assert_int_equal(en_text_width(BYTES("abc")), 3);
    assert_int_equal(en_text_width(BYTES("\xc3\xa9t\xc3\xa9")), 3);
    assert_int_equal(en_text_width(BYTES("e\xcc\x81")), 1);
    assert_int_equal(en_text_width(BYTES("\xe6\x97\xa5\xe6\x9c\xac")), 4);
    assert_int_equal(en_text_width(BYTES("\xf0\x9f\x8c\xb1")), 2);
    assert_int_equal(en_text_width(BYTES("a\xff"
                                         "b")),
                     3);
    assert_int_equal(en_text_width(BYTES("\xc2\xb7")), 1);
}

static void a_cut_falls_between_graphemes_and_fits(void **state)
{
    const char *s = "e\xcc\x81\xe6\x97\xa5x";

    (void)state;
    assert_int_equal(en_text_cut(en_span_str(s), 0), 0);
    assert_int_equal(en_text_cut(en_span_str(s), 1), 3);
    assert_int_equal(en_text_cut(en_span_str(s), 2), 3);
    assert_int_equal(en_text_cut(en_span_str(s), 3), 6);
    assert_int_equal(en_text_cut(en_span_str(s), 4), 7);
    assert_int_equal(en_text_cut(en_span_str(s), 99), 7);
    assert_int_equal(en_text_cut(BYTES(""), 5), 0);
    /* A family of three joined emoji is one grapheme: all or nothing. */
    s = "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91"
        "\xa7";
    assert_int_equal(en_text_cut(en_span_str(s), 3), 0);
    assert_int_equal(en_text_cut(en_span_str(s), 6), strlen(s));
    /* A flag is two indicators; three of them are a flag and a half. */
    s = "\xf0\x9f\x87\xab\xf0\x9f\x87\xb7\xf0\x9f\x87\xab";
    assert_int_equal(en_text_cut(en_span_str(s), 2), 8);
}

static void assert_harmless(struct en_span s, bool text, const char *expect)
{
    struct en_buf b = {0};

    assert_ok(en_text_harmless(s, text, &b));
    assert_buf(&b, expect);
    en_buf_free(&b);
}

#define DOT "\xc2\xb7"

static void harmless_shows_what_could_drive_a_terminal_as_a_dot(void **state)
{
    (void)state;
    assert_harmless(BYTES("\xc3\xa9t\xc3\xa9"), false, "\xc3\xa9t\xc3\xa9");
    assert_harmless(BYTES("a\x1b[31mb\x1b[0m"), false, "a" DOT "b" DOT);
    assert_harmless(BYTES("a\x1b[2"), false, "a" DOT "[2"); /* not whole */
    assert_harmless(BYTES("\x1b[38;5;1 q!"), false, DOT "!");
    assert_harmless(BYTES("\xc2\x9b"
                          "1mx"),
                    false, DOT "x");
    assert_harmless(BYTES("\x1b]0;title\x07"), false, DOT "]0;title" DOT);
    assert_harmless(BYTES("a\0b\x7f"), false, "a" DOT "b" DOT);
    assert_harmless(BYTES("a\rb\bc"), true, "a" DOT "b" DOT "c");
    assert_harmless(BYTES("a\xe2\x80\xae"
                          "b\xe2\x81\xa6"),
                    true, "a" DOT "b" DOT);
    assert_harmless(BYTES("a\xe2\x80\xa8"
                          "b"),
                    true, "a" DOT "b");
    assert_harmless(BYTES("x\xf3\xa0\x81\x81"), true, "x" DOT);
    assert_harmless(BYTES("\xff\xc3(\xed\xa0\x80"), true,
                    DOT DOT "(" DOT DOT DOT);
    assert_harmless(BYTES("un\ndeux\ttrois"), true, "un\ndeux\ttrois");
    assert_harmless(BYTES("un\ndeux\ttrois"), false,
                    "un" DOT "deux" DOT "trois");
}

static void nothing_harmful_survives_in_random_bytes(void **state)
{
    static const uint8_t liked[] = {0x1b, '[',  'm', 0xc2, 0x9b, 0xe2, 0x80,
                                    0xae, 0xa8, 'a', '\n', 0xff, '1',  ';'};
    struct en_rng_seeded r;
    struct en_buf b = {0};

    (void)state;
    print_message("# seed 5\n");
    en_rng_seed(&r, 5);
    for (int round = 0; round < 20000; round++) {
        uint8_t s[24];
        struct en_span left;
        int32_t cp;

        for (size_t i = 0; i < sizeof(s); i++)
            s[i] = liked[en_rng_below(&r.rng, sizeof(liked))];
        assert_ok(en_text_harmless(EN_SPAN_OF(s), false, &b));
        left = en_buf_span(&b);
        assert_true(en_text_valid(left));
        while ((cp = en_text_next(&left)) >= 0)
            assert_false(en_text_is_harmful(cp));
        en_buf_clear(&b);
    }
    en_buf_free(&b);
}

static void names_sort_as_people_expect(void **state)
{
    static const char *const sorted[] = {
        "Amina",           "\xc3\x89lodie", "Emma",       "\xc3\xa9tienne",
        "\xc5\x92\x64ipe", "Olivier",       "Zo\xc3\xa9",
    };
    size_t n = sizeof(sorted) / sizeof(sorted[0]);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            int c =
                en_text_compare(en_span_str(sorted[i]), en_span_str(sorted[k]));

            assert_int_equal(c < 0, i < k);
            assert_int_equal(c > 0, i > k);
        }
    }
}

static void equal_keys_sort_by_their_bytes(void **state)
{
    (void)state;
    assert_true(en_text_compare(BYTES("Zoe"), BYTES("Zo\xc3\xa9")) < 0);
    assert_true(en_text_compare(BYTES("Zoe"), BYTES("zoe")) < 0);
    assert_true(en_text_compare(BYTES("zo"), BYTES("Zoe")) < 0);
    assert_int_equal(en_text_compare(BYTES("Zoe"), BYTES("Zoe")), 0);
    assert_true(en_text_compare(BYTES("a\xff"), BYTES("a")) > 0);
}

static void letters_marks_and_numbers_make_words(void **state)
{
    (void)state;
    assert_true(en_text_is_alnum('a'));
    assert_true(en_text_is_alnum('7'));
    assert_true(en_text_is_alnum(0xe9));
    assert_true(en_text_is_alnum(0x301));
    assert_true(en_text_is_alnum(0x65e5));
    assert_true(en_text_is_alnum(0xb2));
    assert_false(en_text_is_alnum(' '));
    assert_false(en_text_is_alnum('\''));
    assert_false(en_text_is_alnum('_'));
    assert_false(en_text_is_alnum('-'));
    assert_false(en_text_is_alnum(0x1f331));
    assert_false(en_text_is_alnum(-1));
    assert_false(en_text_is_alnum(0x110000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_refuses_what_is_no_utf8_wherever_it_stands),
        cmocka_unit_test(
            every_code_point_but_surrogates_is_valid_and_comes_back),
        cmocka_unit_test(bad_utf8_ends_a_text_that_is_read_by_character),
        cmocka_unit_test(
            a_line_has_no_control_and_a_text_only_line_feed_and_tab),
        cmocka_unit_test(nfc_composes_what_was_typed_apart),
        cmocka_unit_test(nfc_of_nfc_is_itself_for_every_character_and_mark),
        cmocka_unit_test(nfc_of_a_text_of_marks_is_ordered_and_quick),
        cmocka_unit_test(nfc_over_the_buffers_max_leaves_the_buffer_as_it_was),
        cmocka_unit_test(folding_forgets_case_accents_ligatures_and_typography),
        cmocka_unit_test(folding_a_control_that_is_no_space_keeps_it),
        cmocka_unit_test(folding_is_stable_and_sees_no_difference_of_spelling),
        cmocka_unit_test(a_folded_byte_maps_to_where_its_character_began),
        cmocka_unit_test(names_are_brought_to_nfc_and_bounded_after_it),
        cmocka_unit_test(names_that_hide_something_or_show_nothing_are_refused),
        cmocka_unit_test(width_counts_columns_not_bytes),
        cmocka_unit_test(a_cut_falls_between_graphemes_and_fits),
        cmocka_unit_test(harmless_shows_what_could_drive_a_terminal_as_a_dot),
        cmocka_unit_test(nothing_harmful_survives_in_random_bytes),
        cmocka_unit_test(names_sort_as_people_expect),
        cmocka_unit_test(equal_keys_sort_by_their_bytes),
        cmocka_unit_test(letters_marks_and_numbers_make_words),
    };

    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
