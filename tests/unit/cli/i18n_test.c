#include "cli/i18n.h"

#include "lib/test.h"

#define NB "\xc2\xa0"

static const struct en_i18n fr = {.lang = EN_LANG_FR};
static const struct en_i18n en = {.lang = EN_LANG_EN};
static const struct en_i18n fr_plain = {.lang = EN_LANG_FR, .plain = true};
static const struct en_i18n en_plain = {.lang = EN_LANG_EN, .plain = true};

static void chooses(struct en_lang_choice c, enum en_lang expect)
{
    enum en_lang lang = expect == EN_LANG_FR ? EN_LANG_EN : EN_LANG_FR;

    assert_ok(en_lang_choose(&c, &lang));
    assert_int_equal(lang, expect);
}

static void french_elides_before_a_name_and_not_before_an_id(void **state)
{
    static const struct {
        const char *name, *expect;
    } t[] = {
        {"Amina B.", "Annul\xc3\xa9 : la correction d\xe2\x80\x99"
                     "Amina B.."},
        {"\xc3\x89lodie",
         "Annul\xc3\xa9 : la correction d\xe2\x80\x99\xc3\x89lodie."},
        {"H\xc3\xa9l\xc3\xa8ne",
         "Annul\xc3\xa9 : la correction d\xe2\x80\x99H\xc3\xa9l\xc3\xa8ne."},
        {"Luc R.", "Annul\xc3\xa9 : la correction de Luc R.."},
        {"a3x7k", "Annul\xc3\xa9 : la correction de a3x7k."},
        {"", "Annul\xc3\xa9 : la correction de ."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct en_buf out = {0};

        assert_ok(en_tr(&fr_plain, &out, "Undone: the change of {id}.",
                        EN_ARGS(en_arg_text("id", t[i].name))));
        assert_span(en_buf_span(&out), t[i].expect);
        en_buf_clear(&out);
        assert_ok(en_tr(&en_plain, &out, "Undone: the change of {id}.",
                        EN_ARGS(en_arg_text("id", t[i].name))));
        assert_null(memchr(out.p, 0xe2, out.n));
        en_buf_free(&out);
    }
}

static void
the_flag_goes_before_the_environment_and_that_before_settings(void **state)
{
    (void)state;
    chooses((struct en_lang_choice){.flag = "fr", .ours = "en"}, EN_LANG_FR);
    chooses((struct en_lang_choice){.flag = "EN", .ours = "fr"}, EN_LANG_EN);
    chooses((struct en_lang_choice){.ours = "en", .settings = "fr"},
            EN_LANG_EN);
    chooses((struct en_lang_choice){.ours = "",
                                    .settings = "en",
                                    .lc_all = "fr_FR.UTF-8"},
            EN_LANG_EN);
    chooses((struct en_lang_choice){.lc_all = "en_GB",
                                    .lc_messages = "fr",
                                    .lang = "fr"},
            EN_LANG_EN);
    chooses((struct en_lang_choice){.lc_all = "",
                                    .lc_messages = "fr_CA",
                                    .lang = "en_US"},
            EN_LANG_FR);
    chooses((struct en_lang_choice){.lang = "en_US.UTF-8"}, EN_LANG_EN);
}

static void
nothing_c_and_posix_are_french_and_other_languages_english(void **state)
{
    (void)state;
    chooses((struct en_lang_choice){0}, EN_LANG_FR);
    chooses((struct en_lang_choice){.lang = "C"}, EN_LANG_FR);
    chooses((struct en_lang_choice){.lang = "C.UTF-8"}, EN_LANG_FR);
    chooses((struct en_lang_choice){.lc_all = "POSIX"}, EN_LANG_FR);
    chooses((struct en_lang_choice){.lang = "fr"}, EN_LANG_FR);
    chooses((struct en_lang_choice){.lang = "FR_be@euro"}, EN_LANG_FR);
    chooses((struct en_lang_choice){.lang = "de_DE.UTF-8"}, EN_LANG_EN);
    chooses((struct en_lang_choice){.lang = "fry_NL"}, EN_LANG_EN);
    chooses((struct en_lang_choice){.lang = "Cx"}, EN_LANG_EN);
}

static void
a_flag_that_is_no_language_is_refused_and_the_rest_decides(void **state)
{
    static const char *const bad[] = {"de", "f", "fra", "french", "e", "fr "};
    enum en_lang lang;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct en_lang_choice c = {.flag = bad[i], .lang = "en_GB"};

        lang = EN_LANG_FR;
        assert_err(en_lang_choose(&c, &lang), EN_RANGE);
        assert_int_equal(lang, EN_LANG_EN);
    }
}

static void says(const struct en_i18n *t, const char *id,
                 const struct en_arg *args, const char *expect)
{
    struct en_buf out = {0};

    assert_ok(en_tr(t, &out, id, args));
    assert_span(en_buf_span(&out), expect);
    en_buf_free(&out);
}

static void a_sentence_is_found_whole_and_its_places_are_filled(void **state)
{
    const struct en_arg *args = EN_ARGS(en_arg_text("what", "k7x"));

    (void)state;
    says(&fr, "I cannot find entry \"{what}\". To see yours: entrenous list",
         args,
         "Je ne trouve pas la note «" NB "k7x" NB "». Pour voir les vôtres" NB
         ": entrenous lister");
    says(&en, "I cannot find entry \"{what}\". To see yours: entrenous list",
         args, "I cannot find entry “k7x”. To see yours: entrenous list");
}

static void
plain_output_has_ordinary_spaces_and_leaves_arguments_alone(void **state)
{
    (void)state;
    says(&fr_plain,
         "I cannot find entry \"{what}\". To see yours: entrenous list",
         EN_ARGS(en_arg_text("what", "a" NB "b")),
         "Je ne trouve pas la note « a" NB
         "b ». Pour voir les vôtres : entrenous lister");
}

static void an_id_without_translation_is_said_as_it_is(void **state)
{
    (void)state;
    says(&fr, "No such sentence {{ {n}.", EN_ARGS(en_arg_number("n", 3)),
         "No such sentence { 3.");
    says(&fr, EN_MSGC("nowhere", "word"), NULL, "word");
}

static void counts(const struct en_i18n *t, uint64_t n, const char *expect)
{
    struct en_buf out = {0};

    assert_ok(en_trn(t, &out, "{n} byte", "{n} bytes", n, NULL));
    assert_span(en_buf_span(&out), expect);
    en_buf_free(&out);
}

static void french_is_singular_for_none_and_one_english_for_one(void **state)
{
    (void)state;
    counts(&fr, 0, "0 octet");
    counts(&fr, 1, "1 octet");
    counts(&fr, 2, "2 octets");
    counts(&en, 0, "0 bytes");
    counts(&en, 1, "1 byte");
    counts(&en, 2, "2 bytes");
}

static void what_comes_from_others_is_made_harmless(void **state)
{
    (void)state;
    says(&en, "[{who}]",
         EN_ARGS(en_arg_text("who", "a\x1b[31m\nb\xe2\x80\xae"
                                    "c\xff")),
         "[a··b·c·]");
}

static void a_place_inside_an_argument_is_not_filled(void **state)
{
    (void)state;
    says(&en, "[{who}] {n}",
         EN_ARGS(en_arg_text("who", "{n}{who}"), en_arg_number("n", 2)),
         "[{n}{who}] 2");
}

static void unfilled(void *arg)
{
    struct en_buf out = {0};

    (void)en_tr(arg, &out, "{missing}", NULL);
}

static void a_place_that_nobody_fills_is_our_bug(void **state)
{
    struct en_i18n t = en;

    (void)state;
    assert_true(dies(unfilled, &t));
}

static void words_to_type_are_quoted_as_a_shell_needs(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } row[] = {
        {"Luc", "Luc"},
        {"Chloé", "Chloé"},
        {"Marc T.", "\"Marc T.\""},
        {"a/b-c_1.en", "a/b-c_1.en"},
        {"", "\"\""},
        {"l'eau", "\"l'eau\""},
        {"$HOME", "'$HOME'"},
        {"a\"b", "'a\"b'"},
        {"!x'y", "'!x'\\''y'"},
        {"a\nb", "a·b"},
        {"`x`", "'`x`'"},
        {"a;b", "\"a;b\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
        says(&en, "{x}", EN_ARGS(en_arg_typed("x", en_span_str(row[i].from))),
             row[i].to);
}

static void piece(const struct en_i18n *t, struct en_arg arg,
                  const char *expect)
{
    says(t, "{x}", EN_ARGS(arg), expect);
}

static void numbers_are_grouped_for_people_alone(void **state)
{
    (void)state;
    piece(&fr, en_arg_number("x", 0), "0");
    piece(&fr, en_arg_number("x", 9999), "9999");
    piece(&fr, en_arg_number("x", 10000), "10" NB "000");
    piece(&en, en_arg_number("x", 1234567), "1,234,567");
    piece(&fr_plain, en_arg_number("x", 1234567), "1234567");
    piece(&fr_plain, en_arg_number("x", UINT64_MAX), "18446744073709551615");
}

static void sizes_are_rounded_up_with_their_unit(void **state)
{
    static const struct {
        uint64_t n;
        const char *fr;
        const char *en;
    } row[] = {
        {0, "0 octet", "0 bytes"},
        {1, "1 octet", "1 byte"},
        {999, "999 octets", "999 bytes"},
        {1000, "1" NB "Ko", "1" NB "KB"},
        {64000, "64" NB "Ko", "64" NB "KB"},
        {64001, "65" NB "Ko", "65" NB "KB"},
        {999000, "999" NB "Ko", "999" NB "KB"},
        {999001, "1" NB "Mo", "1" NB "MB"},
        {1400000, "1,4" NB "Mo", "1.4" NB "MB"},
        {1400001, "1,5" NB "Mo", "1.5" NB "MB"},
        {9900001, "10" NB "Mo", "10" NB "MB"},
        {268435456, "269" NB "Mo", "269" NB "MB"},
        {1000000000, "1" NB "Go", "1" NB "GB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        piece(&fr, en_arg_size("x", row[i].n), row[i].fr);
        piece(&en, en_arg_size("x", row[i].n), row[i].en);
    }
    piece(&fr_plain, en_arg_size("x", 84000), "84 Ko");
    piece(&en_plain, en_arg_size("x", 84000), "84 KB");
}

static void durations_are_hours_and_minutes(void **state)
{
    (void)state;
    piece(&fr, en_arg_minutes("x", 10), "10" NB "min");
    piece(&fr, en_arg_minutes("x", 120), "2" NB "h");
    piece(&fr, en_arg_minutes("x", 122), "2" NB "h" NB "02");
    piece(&en_plain, en_arg_minutes("x", 59), "59 min");
    piece(&en_plain, en_arg_minutes("x", 0), "0 min");
}

static void days_and_hours_are_written_as_each_language_does(void **state)
{
    struct en_wall w = {.day = {2027, 5, 12}, .hour = 14, .minute = 7};
    struct en_wall o = {.day = {2027, 5, 1}, .hour = 9};
    struct en_day old = {822, 8, 2};

    (void)state;
    piece(&fr, en_arg_wall("x", w, EN_DAY_LONG),
          "mercredi 12 mai 2027 à 14" NB "h" NB "07");
    piece(&fr, en_arg_day("x", w.day, EN_DAY_SHORT), "12 mai 2027");
    piece(&fr, en_arg_day("x", o.day, EN_DAY_SHORT), "1er mai 2027");
    piece(&fr, en_arg_day("x", o.day, EN_DAY_LONG), "samedi 1er mai 2027");
    piece(&fr, en_arg_day("x", o.day, EN_DAY_BARE), "1er mai");
    piece(&fr, en_arg_clock("x", o), "9" NB "h");
    piece(&fr, en_arg_day("x", old, EN_DAY_SHORT), "2 août 822");
    piece(&en, en_arg_wall("x", w, EN_DAY_LONG),
          "Wednesday 12 May 2027 at 14:07");
    piece(&en, en_arg_day("x", o.day, EN_DAY_SHORT), "1 May 2027");
    piece(&en, en_arg_day("x", o.day, EN_DAY_BARE), "1 May");
    piece(&en, en_arg_clock("x", o), "09:00");
    piece(&fr_plain, en_arg_clock("x", w), "14 h 07");
}

static void
counted_words_and_words_of_ours_stand_inside_a_sentence(void **state)
{
    (void)state;
    piece(&fr, en_arg_count("x", "{n} refused", "{n} refused", 1), "1 refusée");
    piece(&fr, en_arg_count("x", "{n} refused", "{n} refused", 5),
          "5 refusées");
    piece(&en, en_arg_count("x", "{n} refused", "{n} refused", 5), "5 refused");
    piece(&fr, en_arg_msg("x", "yes"), "oui");
}

static void a_full_buffer_is_told(void **state)
{
    struct en_buf out = {.max = 8};

    (void)state;
    assert_err(en_tr(&en, &out, "All right, nothing was changed.", NULL),
               EN_RANGE);
    en_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(french_elides_before_a_name_and_not_before_an_id),
        cmocka_unit_test(
            the_flag_goes_before_the_environment_and_that_before_settings),
        cmocka_unit_test(
            nothing_c_and_posix_are_french_and_other_languages_english),
        cmocka_unit_test(
            a_flag_that_is_no_language_is_refused_and_the_rest_decides),
        cmocka_unit_test(a_sentence_is_found_whole_and_its_places_are_filled),
        cmocka_unit_test(
            plain_output_has_ordinary_spaces_and_leaves_arguments_alone),
        cmocka_unit_test(an_id_without_translation_is_said_as_it_is),
        cmocka_unit_test(french_is_singular_for_none_and_one_english_for_one),
        cmocka_unit_test(what_comes_from_others_is_made_harmless),
        cmocka_unit_test(a_place_inside_an_argument_is_not_filled),
        cmocka_unit_test(a_place_that_nobody_fills_is_our_bug),
        cmocka_unit_test(words_to_type_are_quoted_as_a_shell_needs),
        cmocka_unit_test(numbers_are_grouped_for_people_alone),
        cmocka_unit_test(sizes_are_rounded_up_with_their_unit),
        cmocka_unit_test(durations_are_hours_and_minutes),
        cmocka_unit_test(days_and_hours_are_written_as_each_language_does),
        cmocka_unit_test(
            counted_words_and_words_of_ours_stand_inside_a_sentence),
        cmocka_unit_test(a_full_buffer_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
