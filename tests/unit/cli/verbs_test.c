#include "cli/verbs.h"

#include "lib/test.h"

static int run_nothing(struct en_cmd *cmd, const struct en_args *args)
{
    (void)cmd;
    (void)args;
    return 0;
}

static const struct en_flag common[] = {
    {"help", EN_FLAG_BARE, 'h'},   {"version", EN_FLAG_BARE, 'V'},
    {"json", EN_FLAG_BARE, 0},     {"lang", EN_FLAG_VALUE, 0},
    {"no-input", EN_FLAG_BARE, 0}, {"verbose", EN_FLAG_BARE, 'v'},
    {NULL, EN_FLAG_BARE, 0}};
static const struct en_flag write_flags[] = {{"title", EN_FLAG_VALUE, 0},
                                             {"tag", EN_FLAG_REPEAT, 0},
                                             {"time", EN_FLAG_ALWAYS, 0},
                                             {"merge", EN_FLAG_BARE, 0},
                                             {NULL, EN_FLAG_BARE, 0}};
static const struct en_flag create_flags[] = {{"paper", EN_FLAG_BARE, 0},
                                              {NULL, EN_FLAG_BARE, 0}};
static const struct en_verb circle_subs[] = {
    {.en = "create",
     .fr = "creer",
     .flags = create_flags,
     .words_min = 1,
     .words_max = 1,
     .run = run_nothing},
    {.en = "list", .fr = "lister", .run = run_nothing},
    {.en = "members", .fr = "membres", .run = run_nothing},
    {.en = NULL}};
static const struct en_verb action_subs[] = {
    {.en = "list", .fr = "lister", .run = run_nothing}, {.en = NULL}};
static const struct en_verb verbs[] = {
    {.en = "write",
     .fr = "ecrire",
     .flags = write_flags,
     .words_max = EN_ARGS_MAX,
     .run = run_nothing},
    {.en = "list", .fr = "lister", .run = run_nothing},
    {.en = "read", .fr = "lire", .words_max = 9, .run = run_nothing},
    {.en = "session", .fr = "seance", .run = run_nothing},
    {.en = "sync", .fr = "relier", .run = run_nothing},
    {.en = "circle", .fr = "cercle", .subs = circle_subs},
    {.en = "action",
     .fr = "action",
     .subs = action_subs,
     .subs_or_words = true,
     .words_max = 2,
     .run = run_nothing},
    {.en = "kit", .fr = "secours", .run = run_nothing},
    {.en = NULL}};

static struct en_args args;
static struct en_args_bad bad;

/* argv from words separated by '|'. */
static en_err parse(const char *line)
{
    static char text[1024];
    static const char *argv[64];
    int argc = 1;
    char *p = text;

    assert_true(strlen(line) < sizeof(text));
    memcpy(text, line, strlen(line) + 1);
    argv[0] = "entrenous";
    while (*line != '\0') {
        char *bar = strchr(p, '|');

        argv[argc++] = p;
        if (bar == NULL)
            break;
        *bar = '\0';
        p = bar + 1;
    }
    return en_args_parse(verbs, common, argc, argv, &args, &bad);
}

static void
verbs_are_known_in_both_languages_whatever_their_spelling(void **state)
{
    static const char *const spelling[] = {"session",
                                           "seance",
                                           "séance",
                                           "SÉANCE",
                                           ("se\xcc\x81"
                                            "ance"),
                                           "Séance"};

    (void)state;
    for (size_t i = 0; i < sizeof(spelling) / sizeof(spelling[0]); i++) {
        assert_ok(parse(spelling[i]));
        assert_string_equal(args.verb->en, "session");
    }
    assert_ok(parse("écrire|hello"));
    assert_string_equal(args.verb->en, "write");
    assert_ok(parse("cercle|créer|Les Tilleuls"));
    assert_string_equal(args.sub->en, "create");
    assert_int_equal(args.words, 1);
    assert_string_equal(args.word[0], "Les Tilleuls");
    assert_ok(parse("circle|creer|X"));
    assert_string_equal(args.sub->en, "create");
    assert_ok(parse(""));
    assert_null(args.verb);
    assert_string_equal(en_verb_word(&verbs[0], EN_LANG_FR), "ecrire");
    assert_string_equal(en_verb_word(&verbs[0], EN_LANG_EN), "write");
}

static void refuses(const char *line, enum en_args_wrong wrong,
                    const char *near0, const char *near1)
{
    assert_err(parse(line), EN_RANGE);
    assert_int_equal(bad.wrong, wrong);
    assert_int_equal(bad.near_count,
                     (near0 != NULL ? 1 : 0) + (near1 != NULL ? 1 : 0));
    if (near0 != NULL)
        assert_string_equal(bad.near[0], near0);
    if (near1 != NULL)
        assert_string_equal(bad.near[1], near1);
}

static void a_typo_is_never_run_and_gets_two_suggestions_at_most(void **state)
{
    (void)state;
    refuses("lier", EN_ARGS_VERB, "lire", "relier");
    refuses("wirte", EN_ARGS_VERB, "write", "lire");
    refuses("séanse", EN_ARGS_VERB, "seance", NULL);
    refuses("wri", EN_ARGS_VERB, "write", NULL);
    refuses("zzzzzz", EN_ARGS_VERB, NULL, NULL);
    refuses("xy", EN_ARGS_VERB, NULL, NULL);
    refuses("k", EN_ARGS_VERB, NULL, NULL);
    refuses("circle|member", EN_ARGS_SUB, "members", "membres");
    refuses("circle|zzzzzz", EN_ARGS_SUB, NULL, NULL);
    refuses("circle", EN_ARGS_SUB_NEEDED, NULL, NULL);
    /* No abbreviation is accepted, however clear. */
    refuses("sess", EN_ARGS_VERB, NULL, NULL);
}

static void
flags_are_long_with_their_value_after_them_or_after_a_sign(void **state)
{
    (void)state;
    assert_ok(parse("write|--title|A title|--tag|x|--tag=y|--merge|word"));
    assert_string_equal(en_args_flag(&args, "title"), "A title");
    assert_string_equal(en_args_nth(&args, "tag", 0), "x");
    assert_string_equal(en_args_nth(&args, "tag", 1), "y");
    assert_null(en_args_nth(&args, "tag", 2));
    assert_true(en_args_has(&args, "merge"));
    assert_string_equal(en_args_flag(&args, "merge"), "");
    assert_null(en_args_flag(&args, "json"));
    assert_int_equal(args.words, 1);
    assert_ok(parse("write|--title="));
    assert_string_equal(en_args_flag(&args, "title"), "");
    assert_ok(parse("write|--title=--tag=x"));
    assert_string_equal(en_args_flag(&args, "title"), "--tag=x");
    assert_ok(parse("write|--time|-5"));
    assert_string_equal(en_args_flag(&args, "time"), "-5");
    assert_ok(parse("--json|write|--lang|fr|-v"));
    assert_true(en_args_has(&args, "json") && en_args_has(&args, "verbose"));
    assert_string_equal(en_args_flag(&args, "lang"), "fr");
    assert_ok(parse("--title|x|write"));
    assert_string_equal(en_args_flag(&args, "title"), "x");
    assert_ok(parse("circle|--paper|create|x"));
    assert_true(en_args_has(&args, "paper"));
}

static void two_dashes_end_the_flags_and_one_is_a_word(void **state)
{
    (void)state;
    assert_ok(parse("write|--|--title|--"));
    assert_int_equal(args.words, 2);
    assert_string_equal(args.word[0], "--title");
    assert_string_equal(args.word[1], "--");
    assert_ok(parse("read|-"));
    assert_string_equal(args.word[0], "-");
}

static void wrong_flags_are_refused_with_what_was_meant(void **state)
{
    (void)state;
    refuses("write|--titel|x", EN_ARGS_FLAG, "title", "time");
    refuses("write|--jsn", EN_ARGS_FLAG, "json", NULL);
    refuses("write|-x", EN_ARGS_FLAG, NULL, NULL);
    refuses("write|-tag|x", EN_ARGS_FLAG, "tag", "lang");
    refuses("list|--title|x", EN_ARGS_FLAG, NULL, NULL);
    refuses("--title|x|list", EN_ARGS_FLAG, NULL, NULL);
    refuses("circle|list|--paper", EN_ARGS_FLAG, NULL, NULL);
    refuses("write|--title", EN_ARGS_VALUE, NULL, NULL);
    refuses("write|--title|--tag|x", EN_ARGS_VALUE, NULL, NULL);
    refuses("write|--merge=yes", EN_ARGS_NO_VALUE, NULL, NULL);
    refuses("write|--title|a|--title|b", EN_ARGS_TWICE, NULL, NULL);
    assert_ok(parse("write|--merge|--merge"));
    assert_int_equal(args.flags, 1);
    /* No flag is abbreviated. */
    assert_err(parse("write|--tit|x"), EN_RANGE);
}

static void words_are_counted(void **state)
{
    (void)state;
    refuses("circle|create", EN_ARGS_MISSING, NULL, NULL);
    refuses("circle|create|a|b", EN_ARGS_EXTRA, NULL, NULL);
    assert_string_equal(bad.typed, "b");
    refuses("list|x", EN_ARGS_EXTRA, NULL, NULL);
    refuses("write|a\xff", EN_ARGS_NOT_UTF8, NULL, NULL);
    refuses("write|--title|a\xff", EN_ARGS_NOT_UTF8, NULL, NULL);
    refuses("\xff", EN_ARGS_NOT_UTF8, NULL, NULL);
    assert_ok(parse("action|p3w4t"));
    assert_null(args.sub);
    assert_string_equal(args.word[0], "p3w4t");
    assert_ok(parse("action|list"));
    assert_string_equal(args.sub->en, "list");
    assert_ok(parse("action|--|list"));
    assert_null(args.sub);
}

static void more_than_a_command_can_take_is_refused_whole(void **state)
{
    static const char *argv[2 * EN_FLAGS_MAX + EN_ARGS_MAX + 8];
    int n = 2;

    (void)state;
    argv[0] = "entrenous";
    argv[1] = "write";
    while (n < 2 + EN_ARGS_MAX)
        argv[n++] = "w";
    assert_ok(en_args_parse(verbs, common, n, argv, &args, &bad));
    assert_int_equal(args.words, EN_ARGS_MAX);
    argv[n++] = "w";
    assert_err(en_args_parse(verbs, common, n, argv, &args, &bad), EN_RANGE);
    assert_int_equal(bad.wrong, EN_ARGS_TOO_MANY);
    for (n = 2; n < 2 + EN_FLAGS_MAX; n++)
        argv[n] = "--tag=x";
    assert_ok(en_args_parse(verbs, common, n, argv, &args, &bad));
    argv[n++] = "--tag=x";
    assert_err(en_args_parse(verbs, common, n, argv, &args, &bad), EN_RANGE);
    assert_int_equal(bad.wrong, EN_ARGS_TOO_MANY);
}

static void help_is_heard_even_when_the_rest_is_wrong(void **state)
{
    static const char *const line[] = {"--help",         "-h",
                                       "wirte|-h",       "write|--titel|-h",
                                       "circle|--help",  "write|--title|-h",
                                       "list|x|-h",      "-V",
                                       "circle|creat|-h"};

    (void)state;
    for (size_t i = 0; i < sizeof(line) / sizeof(line[0]); i++) {
        assert_ok(parse(line[i]));
        assert_true(en_args_has(&args, "help") ||
                    en_args_has(&args, "version"));
    }
    assert_ok(parse("write|--|-h"));
    assert_false(en_args_has(&args, "help"));
    assert_ok(parse("circle|create|-h"));
    assert_string_equal(args.sub->en, "create");
}

static void values_of_a_list_are_accepted_in_both_languages(void **state)
{
    static const char *const pairs[] = {
        "member",   "membre", "facilitator", "facilitation",
        "observer", "temoin", NULL};

    (void)state;
    assert_int_equal(en_value_find(pairs, BYTES("membre")), 0);
    assert_int_equal(en_value_find(pairs, BYTES("Facilitation")), 1);
    assert_int_equal(en_value_find(pairs, BYTES("TÉMOIN")), 2);
    assert_int_equal(en_value_find(pairs, BYTES("mem")), -1);
    assert_int_equal(en_value_find(pairs, BYTES("")), -1);
    assert_int_equal(en_value_find(pairs, BYTES("\xff")), -1);
}

static void says(const char *line, enum en_lang lang, const char *prefix,
                 const char *expect, const char *next)
{
    struct en_i18n t = {.lang = lang, .plain = true};
    struct en_said said = {0};

    assert_err(parse(line), EN_RANGE);
    assert_ok(en_args_say(&t, &bad, prefix, &said));
    assert_int_equal(said.status, EN_EXIT_MISUSE);
    assert_span(en_buf_span(&said.text), expect);
    assert_span(en_buf_span(&said.next), next);
    en_said_free(&said);
}

static void a_typo_is_answered_word_for_word(void **state)
{
    (void)state;
    says("lier", EN_LANG_FR, "entrenous ",
         "Je ne connais pas « lier ». Vouliez-vous dire : entrenous lire ? ou "
         "entrenous relier ?",
         "entrenous lire");
    says("lier", EN_LANG_EN, "entrenous ",
         "I do not know “lier”. Did you mean: entrenous lire? or entrenous "
         "relier?",
         "entrenous lire");
    says("lier", EN_LANG_FR, "",
         "Je ne connais pas « lier ». Vouliez-vous dire : lire ? ou relier ?",
         "lire");
    says("zzzzzz", EN_LANG_FR, "entrenous ",
         "Je ne connais pas « zzzzzz ». Pour voir ce qui peut se taper : "
         "entrenous aide",
         "entrenous aide");
    says("cercle|member", EN_LANG_FR, "entrenous ",
         "Je ne connais pas « member ». Vouliez-vous dire : entrenous cercle "
         "members ? ou entrenous cercle membres ?",
         "entrenous cercle members");
    says("write|--jsn", EN_LANG_EN, "entrenous ",
         "I do not know “--jsn”. Did you mean: --json?", "--json");
    says("write|--title", EN_LANG_EN, "entrenous ",
         "--title wants a value after it. To see examples: entrenous help",
         "entrenous help");
    says("circle|create|a|b", EN_LANG_EN, "entrenous ",
         "“b” is one word too many here. Put quotes around words that belong "
         "together, or see: entrenous help circle",
         "entrenous help circle");
    says("cercle", EN_LANG_FR, "entrenous ",
         "Ce verbe en attend un second. Pour voir lesquels : entrenous aide "
         "cercle",
         "entrenous aide cercle");
}

static void every_misuse_can_be_said(void **state)
{
    (void)state;
    for (int l = 0; l < 2; l++)
        for (int w = EN_ARGS_VERB; w <= EN_ARGS_NOT_UTF8; w++) {
            struct en_i18n t = {.lang = (enum en_lang)l};
            struct en_args_bad b = {.wrong = (enum en_args_wrong)w,
                                    .typed = "x",
                                    .verb = &verbs[5]};
            struct en_said said = {0};

            assert_ok(en_args_say(&t, &b, "entrenous ", &said));
            assert_true(said.text.n > 20);
            en_said_free(&said);
        }
}

static void distances_count_each_slip_once(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        unsigned d;
    } row[] = {{"", "", 0},           {"a", "", 1},
               {"lire", "lire", 0},   {"lier", "lire", 1},
               {"lier", "relier", 2}, {"abc", "acb", 1},
               {"abc", "ca", 3},      {"write", "wrote", 1},
               {"list", "lister", 2}, {"sync", "seance", 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct en_span a = en_span_str(row[i].a), b = en_span_str(row[i].b);

        assert_int_equal(en_distance(a, b, 5), row[i].d);
        assert_int_equal(en_distance(b, a, 5), row[i].d);
        assert_int_equal(en_distance(a, b, 1), row[i].d < 2 ? row[i].d : 2);
    }
    assert_int_equal(
        en_distance(BYTES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), BYTES("a"), 2),
        3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            verbs_are_known_in_both_languages_whatever_their_spelling),
        cmocka_unit_test(a_typo_is_never_run_and_gets_two_suggestions_at_most),
        cmocka_unit_test(
            flags_are_long_with_their_value_after_them_or_after_a_sign),
        cmocka_unit_test(two_dashes_end_the_flags_and_one_is_a_word),
        cmocka_unit_test(wrong_flags_are_refused_with_what_was_meant),
        cmocka_unit_test(words_are_counted),
        cmocka_unit_test(more_than_a_command_can_take_is_refused_whole),
        cmocka_unit_test(help_is_heard_even_when_the_rest_is_wrong),
        cmocka_unit_test(values_of_a_list_are_accepted_in_both_languages),
        cmocka_unit_test(a_typo_is_answered_word_for_word),
        cmocka_unit_test(every_misuse_can_be_said),
        cmocka_unit_test(distances_count_each_slip_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
