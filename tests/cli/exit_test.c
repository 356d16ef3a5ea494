/*
 * exit_test.c - every exit status of PRODUCT 4.2 that one person can reach, and the
 * sentence of 6.3 that goes with it, word for word, in both languages.
 *
 * 7 (nobody), 8 (words) and 6 (code) need a second person: tests/e2e and
 * transcript_test.c reach them. 10 (two versions) needs a second device.
 */
#include "cli/play.h"
#include "cli/run.h"
#include "lib/test.h"

#include <stdlib.h>
#include <sys/stat.h>

#define H "\xc2\xa0" /* a hard space */

static struct person p;

static int make_person(void **state)
{
    (void)state;
    person_new(&p, "fr");
    person_init(&p);
    return 0;
}

static int drop_person(void **state)
{
    (void)state;
    person_free(&p);
    return 0;
}

/* One command in both languages: the same status, each its own sentence. */
static void both(struct person *who, int status, const char *fr, const char *en,
                 const char *const *argv)
{
    const char *words[32] = {0};
    struct en_span feed = who->feed;
    size_t n = 0;

    words[0] = "--lang";
    for (; argv[n] != NULL; n++)
        words[n + 2] = argv[n];
    for (int l = 0; l < 2; l++) {
        words[1] = l == 0 ? "fr" : "en";
        who->feed = feed;
        assert_int_equal(run(who, words), status);
        said(who, l == 0 ? fr : en);
    }
}
#define BOTH_OF(who, status, fr, en, ...)                                      \
    both(who, status, fr, en, (const char *const[]){__VA_ARGS__, NULL})
#define BOTH(status, fr, en, ...) BOTH_OF(&p, status, fr, en, __VA_ARGS__)

static void done_is_0_for_an_empty_list_too(void **state)
{
    (void)state;
    BOTH(0, "0 note.", "0 entries.", "list", "--from", "1900", "--to", "1900");
    BOTH(0, "0 note.", "0 entries.", "search", "nowhere-at-all");
}

static void an_unknown_verb_is_2_and_is_never_run(void **state)
{
    (void)state;
    BOTH(2,
         "Je ne connais pas «" H "lier" H "». Vouliez-vous dire" H
         ": entrenous lire" H "? ou entrenous relier" H "?",
         "I do not know “lier”. Did you mean: entrenous lire? or entrenous "
         "relier?",
         "lier");
    BOTH(2,
         "Je ne connais pas «" H "xyzzy" H "». Pour voir ce qui peut se "
         "taper" H ": entrenous aide",
         "I do not know “xyzzy”. To see what can be typed: entrenous help",
         "xyzzy");
    /* A sub-verb, and a flag. */
    BOTH(2,
         "Je ne connais pas «" H "lste" H "». Vouliez-vous dire" H
         ": entrenous cercle list" H "? ou entrenous cercle lister" H "?",
         "I do not know “lste”. Did you mean: entrenous circle list? or "
         "entrenous circle lister?",
         "circle", "lste");
    BOTH(2,
         "Je ne connais pas «" H "--limits" H "». Vouliez-vous dire" H
         ": --limit" H "?",
         "I do not know “--limits”. Did you mean: --limit?", "list",
         "--limits");
}

static void a_date_that_is_none_is_2_and_nothing_is_saved(void **state)
{
    (void)state;
    BOTH(2,
         "«" H "2027-05" H "» n’indique pas le jour, et je n’en invente pas. "
         "Tapez par exemple" H ": --on 2027-05-12",
         "“2027-05” names no day, and I will not invent one. Type for "
         "example: --on 2027-05-12",
         "write", "--on", "2027-05", "--", "x");
    p.lang = "en";
    assert_int_equal(RUN(&p, "write", "--on", "03/04", "--", "x"), 2);
    said(&p, "“03/04” can be 3 April or 4 March. Nothing was saved; type "
             "3 April or 2027-04-03");
    p.lang = "fr";
    assert_int_equal(RUN(&p, "write", "--on", "30/02/2026", "--", "x"), 2);
    assert_int_equal(RUN(&p, "write", "--at", "25h", "--", "x"), 2);
    assert_int_equal(RUN(&p, "write", "--on", "12/05/26", "--", "x"), 2);
    assert_int_equal(RUN(&p, "write", "--on", "lundi 12 mai 2027", "--", "x"),
                     2);
    assert_int_equal(RUN(&p, "list", "--from", "jamais"), 2);
    assert_int_equal(RUN(&p, "list", "--json"), 0);
    assert_int_equal(items(&p), 0);
}

static void text_that_is_too_long_is_2_with_its_size(void **state)
{
    char *text = malloc(71000);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', 71000);
    p.feed = EN_SPAN((const uint8_t *)text, 71000);
    BOTH(2,
         "Ce texte fait 71" H "Ko, une note en contient 64 au plus. Rien n’a "
         "été enregistré ni coupé" H ": faites-en deux notes.",
         "This text is 71" H
         "KB; an entry holds at most 64. Nothing was saved or "
         "cut: make two entries of it.",
         "write");
    /* The longest that is kept, whole; then one byte more. */
    p.feed = EN_SPAN((const uint8_t *)text, 64000);
    assert_int_equal(RUN(&p, "write", "--json"), 0);
    assert_string_equal(field(&p, 0, "bytes"), "64000");
    p.feed = EN_SPAN((const uint8_t *)text, 64001);
    assert_int_equal(RUN(&p, "write"), 2);
    assert_int_equal(RUN(&p, "list", "--json"), 0);
    assert_int_equal(items(&p), 1);
    assert_int_equal(RUN(&p, "undo"), 0);
    free(text);
}

static void a_missing_answer_is_2_and_names_the_flag(void **state)
{
    char id[32];

    (void)state;
    wrote(&p, "Un mot.", id);
    assert_int_equal(RUN(&p, "circle", "create", "Un"), 0);
    BOTH(2,
         "Il faut une réponse, et --no-input interdit de la demander. "
         "Ajoutez" H ": --with cercle",
         "An answer is needed and --no-input forbids asking. Add: --with "
         "circle",
         "share", id, "--no-input");
    /* With the reader named, the yes is still missing. */
    assert_int_equal(
        RUN(&p, "share", id, "--with", "circle", "--no-input", "--json"), 2);
    assert_int_equal(RUN(&p, "list", "--shared", "--json"), 0);
    assert_int_equal(items(&p), 0);
}

static void what_does_not_exist_is_3(void **state)
{
    struct person q;

    (void)state;
    person_new(&q, "fr");
    BOTH_OF(&q, 3,
            "Il n’y a pas encore de journal sur cet ordinateur. Pour en "
            "commencer un" H ": entrenous commencer",
            "There is no journal on this computer yet. To start one: entrenous "
            "init",
            "list");
    person_init(&q);
    BOTH_OF(&q, 3,
            "Vous ne faites encore partie d’aucun cercle. Rien n’a changé. "
            "Pour en créer un" H ": entrenous cercle creer NOM",
            "You belong to no circle yet. Nothing was changed. To make one: "
            "entrenous circle create NAME",
            "words");
    assert_int_equal(RUN(&q, "circle", "members"), 3);
    person_free(&q);
    BOTH(3,
         "Je ne trouve pas la note «" H "k7x" H "». Pour voir les vôtres" H
         ": entrenous lister",
         "I cannot find entry “k7x”. To see yours: entrenous list", "read",
         "k7x");
    BOTH(3,
         "Je ne trouve pas la note «" H "k7x" H "». Pour voir les vôtres" H
         ": entrenous lister",
         "I cannot find entry “k7x”. To see yours: entrenous list", "delete",
         "k7x");
    BOTH(3,
         "Je ne trouve pas le cercle «" H "Zut" H "». Pour voir les vôtres" H
         ": entrenous cercle lister",
         "I cannot find the circle “Zut”. To see yours: entrenous circle list",
         "words", "--circle", "Zut");
    assert_int_equal(RUN(&p, "import", "none.jsonl", "--format", "jsonl"), 3);
    assert_int_equal(RUN(&p, "help", "nonesuch"), 3);
    assert_int_equal(RUN(&p, "edit", "k7x"), 3);
    assert_int_equal(RUN(&p, "share", "k7x", "--with", "circle"), 3);
}

/* An id is three letters at least; less would change what a typo names. */
static void an_id_of_two_letters_is_none(void **state)
{
    char id[32], two[3] = {0};

    (void)state;
    wrote(&p, "Un mot court.", id);
    memcpy(two, id, 2);
    assert_int_equal(RUN(&p, "read", two), 3);
    assert_int_equal(RUN(&p, "delete", two), 3);
    assert_int_equal(RUN(&p, "delete", ""), 3);
    id[3] = '\0';
    assert_int_equal(RUN(&p, "read", id), 0);
    assert_int_equal(RUN(&p, "undo"), 0);
}

static void a_locked_journal_is_4_a_wrong_passphrase_5(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "lock"), 0);
    BOTH(4,
         "Le journal est fermé et je ne peux pas vous demander la phrase "
         "secrète ici. Ouvrez un terminal et tapez" H ": entrenous ouvrir",
         "The journal is locked and I cannot ask for your passphrase here. "
         "Open a terminal and type: entrenous unlock",
         "list");
    (void)file_with(&p, "wrong", BYTES("hameau cerise citron horloge tulipX"));
    BOTH(5,
         "Ce n’est pas la bonne phrase secrète. Vérifiez la touche Majuscule "
         "et la langue du clavier, puis recommencez. Rien n’a été perdu.",
         "That is not the right passphrase. Check Caps Lock and the keyboard "
         "language, then try again. Nothing was lost.",
         "unlock", "--passphrase-file", "wrong");
    assert_int_equal(RUN(&p, "list", "--passphrase-file", "wrong"), 5);
    /* A text that was piped is not kept where it cannot be sealed. */
    assert_int_equal(FED(&p, "Un mot.", "write"), 4);
    /* Asked for though the journal is open. */
    assert_int_equal(RUN(&p, "unlock", "--passphrase-file", p.pass), 0);
    BOTH(
        4,
        "Il faut une phrase secrète et il n’y a personne à qui la demander. "
        "Rien n’a changé. Ajoutez" H ": --passphrase-file FICHIER",
        "A passphrase is needed and there is nobody to ask for it. Nothing was "
        "changed. Add: --passphrase-file FILE",
        "passphrase");
}

static void a_command_or_a_file_that_gives_no_passphrase_is_said(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "lock"), 0);
    BOTH(1,
         "La commande false n’a pas donné de phrase secrète. Rien n’a "
         "changé" H ": essayez-la d’abord toute seule.",
         "The command false gave no passphrase. Nothing was changed: try it "
         "by itself first.",
         "list", "--passphrase-command", "false");
    assert_int_equal(RUN(&p, "list", "--passphrase-command", "nonesuch"), 1);
    assert_int_equal(RUN(&p, "list", "--passphrase-file", "nonesuch"), 3);
    assert_int_equal(RUN(&p, "list", "--passphrase-file", "/"), 1);
    assert_int_equal(RUN(&p, "list", "--passphrase-fd", "77"), 1);
    assert_int_equal(RUN(&p, "list", "--passphrase-fd", "x"), 2);
    /* Neither a flag's value nor the environment. */
    person_set(&p, "ENTRENOUS_PASSPHRASE", PASSPHRASE);
    assert_int_equal(RUN(&p, "list", "--passphrase", PASSPHRASE), 2);
    assert_int_equal(RUN(&p, "list"), 4);
    person_set(&p, "ENTRENOUS_PASSPHRASE", NULL);
    assert_int_equal(RUN(&p, "unlock", "--passphrase-command", "cat pass"), 0);
}

static void what_is_not_allowed_is_6(void **state)
{
    char id[32];

    (void)state;
    BOTH(6,
         "Il y a déjà un journal sur cet ordinateur, et rien n’y a changé. "
         "Pour l’ouvrir" H ": entrenous ouvrir",
         "There is a journal on this computer already, and it was left as it "
         "is. To open it: entrenous unlock",
         "init");
    wrote(&p, "Un mot.", id);
    BOTH(6,
         "On partage avec une séance ou avec le cercle, pas avec une seule "
         "personne. À deux, créez un cercle" H ": entrenous cercle creer NOM",
         "You share with a session or with the circle, not with one person. "
         "For two people, make a circle: entrenous circle create NAME",
         "share", id, "--with", "Luc");
    assert_int_equal(
        RUN(&p, "share", id, "--with", "circle", "--yes", "--json"), 0);
    {
        char shared[32];

        snprintf(shared, sizeof shared, "%s", field(&p, 0, "id"));
        assert_int_equal(FED(&p, "Autre.", "edit", shared), 6);
        assert_int_equal(RUN(&p, "delete", shared), 0);
    }
}

static void a_second_owner_is_9_and_says_since_when(void **state)
{
    (void)state;
    /* The agent holds the journal; a command that cannot find it is second. */
    person_set(&p, "ENTRENOUS_HOME", NULL);
    {
        static char data[96], elsewhere[96];

        snprintf(data, sizeof data, "%s/other-data", p.home);
        snprintf(elsewhere, sizeof elsewhere, "%s/other-run", p.home);
        assert_int_equal(symlink(".", data), 0);
        assert_int_equal(mkdir(elsewhere, 0700), 0);
        /* other-data/entrenous is the journal's own folder. */
        {
            char link[128];

            snprintf(link, sizeof link, "%s/entrenous", p.home);
            assert_int_equal(symlink("data", link), 0);
        }
        person_set(&p, "XDG_DATA_HOME", data);
        person_set(&p, "XDG_RUNTIME_DIR", elsewhere);
    }
    assert_int_equal(RUN(&p, "list", "--passphrase-file", p.pass), 9);
    saw(&p, "Un autre «" H "Entre nous" H "» travaille déjà sur ce journal "
            "depuis ");
    saw(&p, ". Attendez qu’il finisse, ou tapez" H ": entrenous agent "
            "arreter");
    assert_int_equal(
        RUN(&p, "list", "--lang", "en", "--passphrase-file", p.pass), 9);
    saw(&p, "Another “Entre nous” has been using this journal since ");
    saw(&p, ". Let it finish, or type: entrenous agent stop");
    assert_int_equal(RUN(&p, "list", "--json", "--passphrase-file", p.pass), 9);
    person_set(&p, "ENTRENOUS_HOME", p.home);
    assert_int_equal(RUN(&p, "list"), 0);
}

static void several_circles_are_10(void **state)
{
    char id[32];

    (void)state;
    assert_int_equal(RUN(&p, "circle", "create", "Les Tilleuls"), 0);
    assert_int_equal(RUN(&p, "circle", "create", "Les Érables"), 0);
    wrote(&p, "Un mot.", id);
    assert_int_equal(RUN(&p, "share", id, "--with", "circle", "--no-input"),
                     10);
    p.foreign = true; /* a French circle on an English screen */
    BOTH(10,
         "Plusieurs cercles sont possibles" H
         ": Les Tilleuls, Les Érables. Rien n’a changé. Nommez-en un" H
         ": --circle NOM",
         "Several circles are possible: Les Tilleuls, Les Érables. Nothing "
         "was changed. Name one: --circle NAME",
         "words", "--circle", "les");
    p.foreign = false;
    /* Folded, and the shortest that is one circle's alone. */
    assert_int_equal(RUN(&p, "words", "--circle", "LES ER"), 0);
    person_set(&p, "ENTRENOUS_CIRCLE", "les t");
    assert_int_equal(RUN(&p, "words"), 0);
    saw(&p, "Les Tilleuls");
    assert_int_equal(RUN(&p, "words", "--circle", "les e"), 0);
    saw(&p, "Les Érables");
    person_set(&p, "ENTRENOUS_CIRCLE", NULL);
}

static void an_import_done_in_part_is_11_and_one_of_nothing_1(void **state)
{
    static const char lines[] = "{\"date\":\"2026-05-01\",\"text\":\"un\"}\n"
                                "{\"date\":\"2026-05-02\",\"text\":\"deux\"}\n"
                                "{\"date\":\"2026-05-03\",\"text\":\"trois\"}\n"
                                "{\"date\":\"2026-05\",\"text\":\"quatre\"}\n"
                                "{\"date\":\"2026-05-05\",\"text\":\"cinq\"}\n"
                                "{\"date\":\"2026-05-06\",\"text\":\"six\"}\n";

    (void)state;
    (void)file_with(&p, "six.jsonl", BYTES(lines));
    (void)file_with(&p, "none.jsonl", BYTES("{\"date\":\"x\"}\n"));
    assert_int_equal(RUN(&p, "import", "six.jsonl", "--format", "jsonl",
                         "--report", "rapport.txt"),
                     11);
    saw(&p, "5 notes importées, 1 refusée" H
            "; rien d’autre n’a changé. Le détail, ligne par ligne" H
            ": rapport.txt");
    /* Again: nothing is brought in twice. */
    assert_int_equal(
        RUN(&p, "import", "six.jsonl", "--format", "jsonl", "--lang", "en"),
        11);
    saw(&p, "0 entries imported, 1 refused; nothing else was changed. For the "
            "details, line by line, add: --report FILE");
    assert_int_equal(
        RUN(&p, "list", "--from", "2026-05-01", "--to", "2026-05-06", "--json"),
        0);
    assert_int_equal(items(&p), 5);
    assert_int_equal(RUN(&p, "import", "none.jsonl", "--format", "jsonl"), 1);
    assert_int_equal(RUN(&p, "import", "six.jsonl", "--format", "x"), 2);
    assert_int_equal(RUN(&p, "import", "six.jsonl", "--no-input"), 2);
    saw(&p, "--format jsonl");
    assert_int_equal(RUN(&p, "import", "six.jsonl", "--format", "jsonl",
                         "--zone", "Mars/Port"),
                     2);
}

/* The first prompt of each verb that asks, left by Ctrl-C. */
static void ctrl_c_at_a_prompt_is_130_and_changes_nothing(void **state)
{
    struct stage s;
    struct play a;

    (void)state;
    stage_new(&s, run_program, "fr", 80);
    play_start(&a, &s, (const char *const[]){"commencer", NULL}, NULL);
    play_await(&a, "verront-ils" H "?  ");
    play_key(&a, 3);
    play_await(&a, "D’accord, rien n’a changé.");
    assert_int_equal(play_end(&a), 130);

    play_start(&a, &s, (const char *const[]){"init", "--lang", "en", NULL},
               NULL);
    play_await(&a, "others see?  ");
    play_type(&a, "Amina B.");
    play_await(&a, "suggest one:");
    play_key(&a, 3);
    play_await(&a, "All right, nothing was changed.");
    assert_int_equal(play_end(&a), 130);
    /* No journal was begun. */
    assert_int_equal(PLAY(&s, "list"), 3);
    stage_free(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(done_is_0_for_an_empty_list_too),
        cmocka_unit_test(an_unknown_verb_is_2_and_is_never_run),
        cmocka_unit_test(a_date_that_is_none_is_2_and_nothing_is_saved),
        cmocka_unit_test(text_that_is_too_long_is_2_with_its_size),
        cmocka_unit_test(a_missing_answer_is_2_and_names_the_flag),
        cmocka_unit_test(what_does_not_exist_is_3),
        cmocka_unit_test(an_id_of_two_letters_is_none),
        cmocka_unit_test(a_locked_journal_is_4_a_wrong_passphrase_5),
        cmocka_unit_test(a_command_or_a_file_that_gives_no_passphrase_is_said),
        cmocka_unit_test(what_is_not_allowed_is_6),
        cmocka_unit_test(a_second_owner_is_9_and_says_since_when),
        cmocka_unit_test(several_circles_are_10),
        cmocka_unit_test(an_import_done_in_part_is_11_and_one_of_nothing_1),
        cmocka_unit_test(ctrl_c_at_a_prompt_is_130_and_changes_nothing),
    };

    assert_true(argc > 1);
    run_program = argv[1];
    return cmocka_run_group_tests(tests, make_person, drop_person);
}
