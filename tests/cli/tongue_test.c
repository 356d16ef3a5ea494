/*
 * tongue_test.c - how commands are typed and screens are told: the forms of a verb,
 * typos, help wherever it is asked, language and what chooses it, colour, a narrow
 * screen.
 */
#include "cli/net_space.h"
#include "cli/run.h"
#include "lib/test.h"

#include <stdlib.h>

#define H "\xc2\xa0"

static struct person p;
static char id[32];

static int make_person(void **state)
{
    (void)state;
    person_new(&p, "fr");
    person_init(&p);
    wrote(&p, "Le cœur léger.", id);
    assert_int_equal(RUN(&p, "circle", "create", "Les Tilleuls"), 0);
    return 0;
}

static int drop_person(void **state)
{
    (void)state;
    person_free(&p);
    return 0;
}

/* A test that failed half way leaves its environment behind. */
static int begin(void **state)
{
    (void)state;
    memset(p.set, 0, sizeof p.set);
    p.lang = "fr";
    p.columns = 0;
    p.command = NULL;
    p.foreign = false;
    (void)file_with(&p, "config/settings", BYTES("lang = fr\n"));
    return 0;
}

/*
 * Verbs
 */

static void a_verb_is_known_in_both_languages_and_in_any_form(void **state)
{
    static const char *const list[] = {"list", "lister", "LISTER", "Lister"};
    static const char *const write[] = {"write",
                                        "ecrire",
                                        "écrire", /* composed */
                                        "e\xcc\x81"
                                        "crire", /* a letter, then its accent */
                                        "ÉCRIRE",
                                        "E\xcc\x81"
                                        "CRIRE"};
    static const char *const create[] = {"create", "creer", "créer", "CRÉER",
                                         "cre\xcc\x81"
                                         "er"};
    char name[] = "Cercle @";

    (void)state;
    p.foreign = true; /* a French name on an English screen */
    for (int l = 0; l < 2; l++) {
        p.lang = l == 0 ? "fr" : "en";
        for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
            assert_int_equal(RUN(&p, list[i], "--json"), 0);
            saw(&p, "\"verb\":\"list\"");
        }
        for (size_t i = 0; i < sizeof write / sizeof write[0]; i++) {
            assert_int_equal(FED(&p, "Un mot.", write[i], "--json"), 0);
            saw(&p, "\"verb\":\"write\"");
            assert_int_equal(RUN(&p, "undo"), 0);
        }
        for (size_t i = 0; i < sizeof create / sizeof create[0]; i++) {
            name[7]++;
            assert_int_equal(RUN(&p, "cercle", create[i], name), 0);
            saw(&p, name);
        }
    }
}

static size_t entries(void)
{
    assert_int_equal(RUN(&p, "list", "--json"), 0);
    return items(&p);
}

static void a_typo_is_answered_and_never_run(void **state)
{
    size_t before = entries();

    (void)state;
    assert_int_equal(FED(&p, "Un mot.", "ecrir"), 2);
    saw(&p, "entrenous ecrire");
    assert_int_equal(FED(&p, "Un mot.", "ecrireee"), 2);
    saw(&p, "entrenous ecrire");
    assert_int_equal(FED(&p, "Un mot.", "wirte"), 2);
    saw(&p, "entrenous write");
    assert_int_equal(FED(&p, "Un mot.", "write", "--titl", "x"), 2);
    saw(&p, "--title");
    /* Three letters away, or far from all. */
    assert_int_equal(RUN(&p, "ecrireeee"), 2);
    saw_not(&p, "entrenous ecrire");
    assert_int_equal(RUN(&p, "abcdefghij"), 2);
    saw(&p, "entrenous aide");
    assert_int_equal(entries(), before);
}

static void nothing_is_abbreviated(void **state)
{
    size_t before = entries();

    (void)state;
    assert_int_equal(FED(&p, "Un mot.", "writ"), 2);
    assert_int_equal(FED(&p, "Un mot.", "w"), 2);
    assert_int_equal(FED(&p, "Un mot.", "write", "--ti", "x"), 2);
    assert_int_equal(FED(&p, "Un mot.", "write", "-t", "x"), 2);
    /* A flag is English in both languages. */
    assert_int_equal(FED(&p, "Un mot.", "ecrire", "--titre", "x"), 2);
    assert_int_equal(entries(), before);
}

/* PRODUCT 4.1 rule 2: a text is never searched for a date, a tag or a verb. */
static void a_text_is_only_a_text(void **state)
{
    static const char *const text[] = {"hier", "list", "@famille 12/05", "undo",
                                       "2020-01-01"};

    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        assert_int_equal(RUN(&p, "write", text[i], "--json"), 0);
        assert_string_equal(field(&p, 0, "words"), text[i]);
        assert_string_equal(field(&p, 0, "day"), "2027-04-28");
        assert_string_equal(field(&p, 0, "tags"), "[]");
        assert_int_equal(RUN(&p, "undo"), 0);
    }
}

static void help_and_version_are_told_wherever_they_are_asked(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "-h"), 0);
    saw(&p, "lister");
    assert_int_equal(RUN(&p, "--help"), 0);
    saw(&p, "lister");
    assert_int_equal(RUN(&p, "list", "-h"), 0);
    saw(&p, "--from");
    assert_int_equal(RUN(&p, "--help", "lister"), 0);
    saw(&p, "--from");
    assert_int_equal(RUN(&p, "list", "--nonesuch", "--help"), 0);
    assert_int_equal(RUN(&p, "-V"), 0);
    saw(&p, "entrenous ");
    assert_int_equal(RUN(&p, "list", "--version"), 0);
    saw(&p, "entrenous ");
    /* After -- it is a word like any other. */
    assert_int_equal(RUN(&p, "write", "--json", "--", "--help"), 0);
    assert_string_equal(field(&p, 0, "words"), "--help");
    assert_int_equal(RUN(&p, "undo"), 0);
}

/*
 * What chooses
 */

static void locale(const char *all, const char *messages, const char *lang)
{
    person_set(&p, "LC_ALL", all);
    person_set(&p, "LC_MESSAGES", messages);
    person_set(&p, "LANG", lang);
}

static void settings(const char *text)
{
    (void)file_with(&p, "config/settings", en_span_str(text));
}

/* ours: ENTRENOUS_LANG. run() looks for words of the wrong language itself. */
static void tells(const char *lang, const char *ours)
{
    p.lang = lang;
    person_set(&p, "ENTRENOUS_LANG", ours);
    assert_int_equal(RUN(&p, "list", "--from", "1900", "--to", "1900"), 0);
    said(&p, lang[0] == 'f' ? "0 note." : "0 entries.");
}

static void
the_language_is_chosen_by_flag_environment_settings_locale(void **state)
{
    (void)state;
    settings("");
    locale(NULL, NULL, NULL);
    tells("fr", NULL);
    locale(NULL, NULL, "C");
    tells("fr", NULL);
    locale(NULL, NULL, "en_GB.UTF-8");
    tells("en", NULL);
    locale(NULL, NULL, "de_DE.UTF-8"); /* another language: English */
    tells("en", NULL);
    locale(NULL, "fr_CA.UTF-8", "de_DE.UTF-8");
    tells("fr", NULL);
    locale("POSIX", "en_GB", "en_GB");
    tells("fr", NULL);
    locale("en_US", "fr_FR", "fr_FR");
    tells("en", NULL);
    settings("lang = fr\n");
    tells("fr", NULL);
    tells("en", "en");
    assert_int_equal(
        RUN(&p, "list", "--from", "1900", "--to", "1900", "--lang", "fr"), 0);
    said(&p, "0 note.");
    assert_int_equal(RUN(&p, "list", "--lang", "xx"), 2);
}

static bool is_simple(void)
{
    assert_int_equal(RUN(&p, "circle", "members", "--circle", "Les T"), 0);
    return shows(&p, "Personne" H ":");
}

static void simple_is_chosen_by_flag_environment_settings(void **state)
{
    (void)state;
    assert_false(is_simple());
    settings("simple = 1\n");
    assert_true(is_simple());
    person_set(&p, "ENTRENOUS_SIMPLE", "0");
    assert_false(is_simple());
    settings("simple = 0\n");
    person_set(&p, "ENTRENOUS_SIMPLE", "1");
    assert_true(is_simple());
    person_set(&p, "ENTRENOUS_SIMPLE", NULL);
    assert_false(is_simple());
    assert_int_equal(
        RUN(&p, "circle", "members", "--circle", "Les T", "--simple"), 0);
    saw(&p, "Personne" H ":");
}

static void the_circle_is_chosen_by_flag_environment_settings(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "circle", "create", "Autre"), 0);
    settings("circle = autre\n");
    assert_int_equal(RUN(&p, "words"), 0);
    saw(&p, "Autre");
    person_set(&p, "ENTRENOUS_CIRCLE", "les t");
    assert_int_equal(RUN(&p, "words"), 0);
    saw(&p, "Les Tilleuls");
    assert_int_equal(RUN(&p, "words", "--circle", "autre"), 0);
    saw(&p, "Autre");
}

/*
 * French on a machine that knows no French
 */

static const char *const verbs[] = {
    "init",  "unlock", "lock",   "passphrase", "status",    "write",
    "list",  "read",   "edit",   "search",     "onthisday", "delete",
    "undo",  "share",  "circle", "invite",     "join",      "sync",
    "words", "import", "doctor", "agent",      "help"};
static const char *const topics[] = {"exit", "dates", "employer", "network",
                                     "circle-paper"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Every screen that a person meets first, and each verb refused for want of a
 * journal or of words: run() fails on a word of English. */
static void no_english_line_without_locale_data(void **state)
{
    struct person q;

    (void)state;
    person_new(&q, NULL); /* LANG=C alone */
    assert_int_equal(run_alone(&q), 0);
    saw(&q, "Il n’y a pas encore de journal sur cet ordinateur.");
    assert_int_equal(RUN(&q, "help"), 0);
    for (size_t i = 0; i < COUNT(verbs); i++) {
        assert_int_equal(RUN(&q, "help", verbs[i]), 0);
        assert_true(q.out.n > 20);
        (void)RUN(&q, verbs[i], "--no-input");
        assert_true(q.out.n + q.err.n > 10);
    }
    for (size_t i = 0; i < COUNT(topics); i++) {
        assert_int_equal(RUN(&q, "help", topics[i]), 0);
        assert_true(q.out.n > 20);
    }
    person_free(&q);
}

/*
 * Colour and width
 */

static bool coloured(void)
{
    return memchr(p.out.p, 0x1b, p.out.n) != NULL;
}

static void list_is(bool colour, const char *flag)
{
    assert_int_equal(RUN(&p, "list", flag), 0);
    assert_int_equal(coloured(), colour);
}

static void bare(const struct en_buf *from, struct en_buf *to)
{
    for (size_t i = 0; i < from->n; i++) {
        while (i < from->n && from->p[i] == 0x1b) {
            while (i < from->n && from->p[i] != 'm')
                i++;
            i++;
        }
        if (i < from->n)
            assert_ok(en_buf_add_u8(to, from->p[i]));
    }
}

static void colour_is_for_terminals_and_never_the_only_sign(void **state)
{
    struct en_buf without = {0};

    (void)state;
    p.columns = 80;
    person_set(&p, "TERM", "xterm-256color");
    list_is(true, NULL);
    bare(&p.out, &without);
    list_is(false, "--no-color");
    assert_true(en_span_eq(en_buf_span(&without), en_buf_span(&p.out)));
    en_buf_free(&without);

    person_set(&p, "NO_COLOR", "1");
    list_is(false, NULL);
    person_set(&p, "NO_COLOR", ""); /* empty says nothing */
    list_is(true, NULL);
    person_set(&p, "TERM", "dumb");
    list_is(false, NULL);
    person_set(&p, "TERM", "xterm-256color");
    list_is(false, "--plain");
    list_is(false, "--json");
    /* Stdout is a file while stderr is a terminal: judged apart. */
    p.command = "\"$0\" \"$@\" >kept; cat kept";
    list_is(false, NULL);
    saw(&p, "note");
    p.command = NULL;
    p.columns = 0;
    list_is(false, NULL);
}

static void within_forty(const char *what)
{
    size_t n = 0;

    for (size_t i = 0; i < p.out.n; i++) {
        if (p.out.p[i] == '\n') {
            n = 0;
        } else if (p.out.p[i] != '\r' && (p.out.p[i] & 0xc0) != 0x80 &&
                   ++n > 40) {
            fail_msg("%s: wider than 40 columns\n%.*s", what, (int)p.out.n,
                     (const char *)p.out.p);
        }
    }
}

static void nothing_is_wider_than_a_screen_of_forty_columns(void **state)
{
    static const char *const quiet[][2] = {
        {"status", NULL},       {"list", NULL},      {"read", "last"},
        {"search", "coeur"},    {"undo", "--list"},  {"circle", "list"},
        {"words", "--simple"},  {"doctor", NULL},    {"list", "--simple"},
        {"doctor", "--simple"}, {"read", "k7x"},     {"sync", "status"},
        {"import", "x.jsonl"},  {"help", "--simple"}};

    (void)state;
    p.columns = 40;
    person_set(&p, "ENTRENOUS_CIRCLE", "les t");
    for (int l = 0; l < 2; l++) {
        p.lang = l == 0 ? "fr" : "en";
        p.foreign = l == 1;
        for (size_t i = 0; i < COUNT(verbs); i++) {
            assert_int_equal(RUN(&p, "help", verbs[i]), 0);
            within_forty(verbs[i]);
        }
        for (size_t i = 0; i < COUNT(topics); i++) {
            assert_int_equal(RUN(&p, "help", topics[i]), 0);
            within_forty(topics[i]);
        }
        for (size_t i = 0; i < COUNT(quiet); i++) {
            (void)RUN(&p, quiet[i][0], quiet[i][1]);
            within_forty(quiet[i][0]);
        }
    }
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(a_verb_is_known_in_both_languages_and_in_any_form),
        TEST(a_typo_is_answered_and_never_run),
        TEST(nothing_is_abbreviated),
        TEST(a_text_is_only_a_text),
        TEST(help_and_version_are_told_wherever_they_are_asked),
        TEST(the_language_is_chosen_by_flag_environment_settings_locale),
        TEST(simple_is_chosen_by_flag_environment_settings),
        TEST(the_circle_is_chosen_by_flag_environment_settings),
        TEST(no_english_line_without_locale_data),
        TEST(colour_is_for_terminals_and_never_the_only_sign),
        TEST(nothing_is_wider_than_a_screen_of_forty_columns),
    };

    assert_true(argc > 1);
    run_program = argv[1];
    net_space_enter("192.168.1.20/24");
    return cmocka_run_group_tests(tests, make_person, drop_person);
}
