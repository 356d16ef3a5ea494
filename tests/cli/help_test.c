/*
 * help_test.c - help in both languages: short, whole, and every example of it works
 * as it stands.
 *
 * Examples are read off the screen and run by a shell, in order, at a computer with
 * a journal, a circle and the files they name. Where an example names the entry
 * k7m2q, an entry that exists takes its place; questions are answered by --yes and a
 * passphrase file. What two people do together (invite, join) and what opens the
 * network is only parsed here: transcript_test.c plays it.
 */
#include "cli/run.h"
#include "lib/test.h"

#include <stdlib.h>

#define LINES_MAX 40

static struct person p;
static char id[32];

static const char *const verbs[] = {
    "init",  "unlock", "lock",   "passphrase", "status",    "write",
    "list",  "read",   "edit",   "search",     "onthisday", "delete",
    "undo",  "share",  "circle", "invite",     "join",      "sync",
    "words", "import", "doctor", "agent",      "help",      NULL};

static int make_person(void **state)
{
    static const char line[] =
        "{\"date\":\"1822-09-03\",\"text\":\"Un mot.\"}\n";

    (void)state;
    person_new(&p, "fr");
    p.foreign = true;
    person_init(&p);
    person_set(&p, "VISUAL", "sh -c 'echo encore >> \"$0\"'");
    (void)file_with(&p, "diary.jsonl", BYTES(line));
    (void)file_with(&p, "journal.jsonl", BYTES(line));
    (void)file_with(&p, "note.txt", BYTES("Une note.\n"));
    assert_int_equal(RUN(&p, "cercle", "creer", "Le premier"), 0);
    person_set(&p, "ENTRENOUS_CIRCLE", "Le premier"); /* examples make others */
    wrote(&p, "Une ligne.\nUne autre.", id);
    return 0;
}

static int drop_person(void **state)
{
    (void)state;
    person_free(&p);
    return 0;
}

/* How an example ends: 0, but where it could not have done more here. */
static int promised(const char *verb, const char *example)
{
    if (strcmp(verb, "init") == 0)
        return 6; /* there is a journal */
    if (strcmp(verb, "invite") == 0 || strcmp(verb, "join") == 0)
        return 2; /* a terminal is needed */
    if (strstr(example, "--resume") != NULL)
        return 3; /* there is no draft */
    return 0;
}

static bool opens_network(const char *verb, const char *example)
{
    return strcmp(verb, "sync") == 0 && strstr(example, "stat") == NULL &&
           strstr(example, "--stop") == NULL;
}

/* Stopping or locking the agent would make the rest ask for a passphrase. */
static bool ends_agent(const char *example)
{
    return strstr(example, "agent stop") != NULL ||
           strstr(example, "agent arreter") != NULL;
}

static void put(char *out, size_t size, size_t *n, const char *s, size_t len)
{
    assert_true(*n + len < size);
    memcpy(out + *n, s, len);
    *n += len;
    out[*n] = '\0';
}

/* The example with our entry, ready for a shell. */
static void ready(const char *example, char *out, size_t size)
{
    static const char shell[] = "entrenous() { \"$0\" \"$@\"; }; ";
    size_t n = 0;

    put(out, size, &n, shell, sizeof shell - 1);
    for (const char *s = example; *s != '\0';) {
        if (strncmp(s, "k7m2q", 5) == 0) {
            put(out, size, &n, id, strlen(id));
            s += 5;
        } else {
            put(out, size, &n, s++, 1);
        }
    }
    put(out, size, &n, " --yes", 6);
    put(out, size, &n, " --passphrase-fd 9 9<pp", 23);
}

static void try_example(const char *verb, const char *example)
{
    char command[1024];
    int status;

    if (opens_network(verb, example) || ends_agent(example))
        return;
    ready(example, command, sizeof command);
    if (strstr(example, "--watch") != NULL)
        return; /* it goes on until Ctrl-C: tests/e2e */
    /* The passphrase verb reads two lines: the old one and the new one. */
    (void)file_with(&p, "pp", BYTES(PASSPHRASE "\n" PASSPHRASE "\n"));
    p.command = command;
    p.feed = BYTES("Un texte.\n");
    status = run(&p, (const char *const[]){NULL});
    p.command = NULL;
    if (status != promised(verb, example))
        fail_msg("%s: status %d\n%.*s%.*s", example, status, (int)p.out.n,
                 (const char *)p.out.p, (int)p.err.n, (const char *)p.err.p);
}

/* Commands stand behind two spaces, up to three more or the end of the line. */
static size_t examples_of(const char *verb, const char *lang)
{
    struct en_buf page = {0};
    size_t found = 0, lines = 0;
    char example[256];

    assert_int_equal(RUN(&p, "help", verb, "--lang", lang), 0);
    assert_ok(en_buf_add_span(&page, en_buf_span(&p.out)));
    assert_ok(en_buf_add_u8(&page, 0));
    for (const char *s = (const char *)page.p; *s != '\0'; lines++) {
        const char *lf = strchr(s, '\n');
        size_t n = lf == NULL ? strlen(s) : (size_t)(lf - s);
        size_t end = 2;

        if (n > 2 && s[0] == ' ' && s[1] == ' ' && s[2] != ' ') {
            while (end < n && strncmp(s + end, "   ", 3) != 0)
                end++;
            assert_true(end - 2 < sizeof example);
            memcpy(example, s + 2, end - 2);
            example[end - 2] = '\0';
            try_example(verb, example);
            found++;
        }
        s += n + (lf != NULL);
    }
    assert_true(lines <= LINES_MAX);
    en_buf_free(&page);
    return found;
}

static void every_example(const char *lang)
{
    for (size_t i = 0; verbs[i] != NULL; i++) {
        /* What an example has deleted or locked is there again for the next. */
        assert_int_equal(RUN(&p, "unlock", "--passphrase-file", p.pass), 0);
        wrote(&p, "Une ligne.\nUne autre.", id);
        if (examples_of(verbs[i], lang) == 0)
            fail_msg("help %s has no example", verbs[i]);
    }
}

static void every_example_in_french_works(void **state)
{
    (void)state;
    every_example("fr");
}

static void every_example_in_english_works(void **state)
{
    (void)state;
    every_example("en");
}

static void the_list_names_every_verb_in_its_language(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "help", "--lang", "en", "--json"), 0);
    assert_int_equal(items(&p), sizeof verbs / sizeof verbs[0] - 1);
    for (size_t i = 0; verbs[i] != NULL; i++) {
        bool named = false;

        for (size_t k = 0; k < items(&p); k++)
            named |= strcmp(field(&p, k, "verb"), verbs[i]) == 0;
        if (!named)
            fail_msg("the list does not name %s", verbs[i]);
    }
    assert_int_equal(RUN(&p, "aide", "--lang", "fr"), 0);
    saw(&p, "\ncommencer ");
    saw(&p, "\nchercher ");
    saw_not(&p, "\nsearch ");
}

static void help_is_told_with_a_wrong_command_too(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "write", "--nonsense", "--help"), 0);
    assert_int_equal(RUN(&p, "-h"), 0);
    assert_int_equal(RUN(&p, "ecrire", "-h"), 0);
    saw(&p, "entrenous ecrire");
}

static void topics_are_there_in_both_languages(void **state)
{
    static const char *const topics[][2] = {
        {"exit", "codes"},
        {"dates", "dates"},
        {"employer", "employeur"},
        {"network", "réseau"},
        {"circle-paper", "papier-du-cercle"}};

    (void)state;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        assert_int_equal(RUN(&p, "help", topics[i][0], "--lang", "en"), 0);
        assert_int_equal(RUN(&p, "aide", topics[i][1], "--lang", "fr"), 0);
    }
    saw(&p, "24 mots");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_in_french_works),
        cmocka_unit_test(every_example_in_english_works),
        cmocka_unit_test(the_list_names_every_verb_in_its_language),
        cmocka_unit_test(help_is_told_with_a_wrong_command_too),
        cmocka_unit_test(topics_are_there_in_both_languages),
    };

    assert_true(argc > 1);
    run_program = argv[1];
    return cmocka_run_group_tests(tests, make_person, drop_person);
}
