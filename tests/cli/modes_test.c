/*
 * modes_test.c - every verb as scripts use it: --no-input ends with the promised
 * status and asks nothing; --json has the fields that were promised, in order, and
 * --plain as many; --simple and --no-color show the same without tables or colour.
 *
 * Each run is also looked at by run.h: one document, plain spaces, no escape, no
 * word of the other language.
 */
#include "cli/net_space.h"
#include "cli/run.h"
#include "lib/test.h"

#include <stdlib.h>

static struct person p;
static char id[32], other[32]; /* two entries */

static int make_person(void **state)
{
    (void)state;
    person_new(&p, "fr");
    p.foreign = true; /* one person's French stands on English screens too */
    person_init(&p);
    wrote(&p, "Mardi, la directrice m’a laissé finir.\nEnfin.", id);
    wrote(&p, "À supprimer puis à reprendre.", other);
    assert_int_equal(RUN(&p, "cercle", "creer", "Les Tilleuls"), 0);
    (void)file_with(&p, "un.jsonl",
                    BYTES("{\"date\":\"1822-09-03\",\"text\":\"Louroux.\"}\n"));
    return 0;
}

static int drop_person(void **state)
{
    (void)state;
    person_free(&p);
    return 0;
}

#define WORDS_MAX 8

/* One command, what --no-input makes of it, and the fields of its first item; NULL:
 * it has none. "ID" and "OTHER" stand for the two entries. */
struct verb {
    const char *word[WORDS_MAX];
    int status;
    const char *fields;
    bool net; /* opens the network */
};

#define ENTRY_FIELDS                                                           \
    "id kind when day title words tags private circle person mine deleted "    \
    "versions heads shares lines bytes written"
#define FULL_FIELDS                                                            \
    "id kind when title text tags private circle person mine version "         \
    "versions head deleted record device written shared_with"
#define STATUS_FIELDS                                                          \
    "id circle private persons devices others in_step entries news waiting "   \
    "forks kits"

static const struct verb verbs[] = {
    {{"init"}, 6, NULL, false},
    {{"unlock"}, 4, NULL, false},
    {{"passphrase"}, 4, NULL, false},
    {{"status"}, 0, STATUS_FIELDS, false},
    {{"write"}, 2, NULL, false}, /* nothing on stdin */
    {{"write", "Un mot."}, 0, ENTRY_FIELDS, false},
    {{"write", "Un mot.", "--on", "2027-05"}, 2, NULL, false},
    {{"write", "--editor"}, 1, NULL, false}, /* no editor is named */
    {{"write", "--resume"}, 3, NULL, false},
    {{"list"}, 0, ENTRY_FIELDS, false},
    {{"list", "--limit", "0"}, 2, NULL, false},
    {{"read"}, 0, NULL, false},
    {{"read", "last"}, 0, FULL_FIELDS, false},
    {{"read", "ID", "--history"}, 0, FULL_FIELDS, false},
    {{"read", "zzzzz"}, 3, NULL, false},
    {{"edit", "ID"}, 2, NULL, false},
    {{"edit", "ID", "--tag", "famille"}, 0, ENTRY_FIELDS, false},
    {{"search", "directrice"}, 0, ENTRY_FIELDS, false},
    {{"onthisday", "--on", "2028-04-28"}, 0, ENTRY_FIELDS, false},
    {{"delete", "OTHER"}, 0, ENTRY_FIELDS, false},
    {{"undo"}, 0, ENTRY_FIELDS, false},
    {{"undo", "--list"}, 0, "id change time words", false},
    {{"share", "ID"}, 2, NULL, false},
    {{"share", "ID", "--with", "circle", "--lines", "9"}, 2, NULL, false},
    {{"share", "ID", "--with", "circle", "--dry-run"},
     0,
     "id circle title text readers persons devices kits",
     false},
    {{"share", "ID", "--with", "circle", "--yes"}, 0, ENTRY_FIELDS, false},
    {{"share", "ID", "--with", "Luc"}, 6, NULL, false},
    {{"circle", "list"}, 0, "id circle level persons devices created", false},
    {{"circle", "members"}, 0, "id person level devices note me forked", false},
    {{"circle"}, 2, NULL, false},
    {{"words"}, 0, "id circle words lang", false},
    {{"import", "un.jsonl"}, 2, NULL, false},
    {{"import", "un.jsonl", "--format", "jsonl"},
     0,
     "id line outcome why",
     false},
    {{"doctor"}, 0, "id level fact n limit", false},
    {{"doctor", "--deep"}, 0, "id level fact n limit", false},
    {{"invite", "Luc"}, 2, NULL, false},
    {{"join", "7-jardin-moulin"}, 2, NULL, false},
    {{"sync", "status"}, 0, NULL, false},
    {{"sync", "--stop"}, 0, NULL, false},
    {{"sync"}, 0, NULL, true},
    {{"sync", "--once"}, 0, NULL, true},
    {{"agent", "status"}, 0, NULL, false},
    {{"agent", "start"}, 0, NULL, false},
    {{"help"}, 0, "verb what", false},
    {{"help", "write"}, 0, NULL, false},
    {{"help", "nothing"}, 3, NULL, false},
    {{"--version"}, 0, NULL, false},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

/* The verb's words with flags in front; the status. */
static int with(const struct verb *v, const char *flag, const char *lang)
{
    const char *argv[WORDS_MAX + 6] = {flag, "--no-input", "--lang", lang};
    size_t n = 4;

    for (size_t i = 0; i < WORDS_MAX && v->word[i] != NULL; i++) {
        const char *w = v->word[i];

        argv[n++] = strcmp(w, "ID") == 0      ? id
                    : strcmp(w, "OTHER") == 0 ? other
                                              : w;
    }
    return run(&p, argv);
}

/* Names which command of the table it was. */
static void expect(const struct verb *v, const char *flag, int status)
{
    if (status != v->status)
        fail_msg("%s %s %s: status %d, not %d", v->word[0],
                 v->word[1] == NULL ? "" : v->word[1], flag, status, v->status);
}

static bool possible(const struct verb *v)
{
    return !v->net || net_space_made();
}

static void nothing_is_asked_and_the_status_is_promised(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERBS; i++) {
        if (!possible(&verbs[i]))
            continue;
        expect(&verbs[i], "--no-color", with(&verbs[i], "--no-color", "fr"));
        expect(&verbs[i], "--simple", with(&verbs[i], "--simple", "en"));
    }
}

/* The fields of the first item, a space between. */
static void fields_of(char *out, size_t size)
{
    struct en_json name, value;
    struct en_json_iter it =
        en_json_each(en_json_at(en_json_get(doc(&p), "items"), 0));
    struct en_buf b = {0};

    while (en_json_next(&it, &name, &value)) {
        if (b.n > 0)
            assert_ok(en_buf_add_u8(&b, ' '));
        assert_ok(en_json_str(name, &b));
    }
    assert_true(b.n < size);
    if (b.n > 0)
        memcpy(out, b.p, b.n);
    out[b.n] = '\0';
    en_buf_free(&b);
}

static void json_has_the_promised_fields(void **state)
{
    char fields[512];

    (void)state;
    for (size_t i = 0; i < VERBS; i++) {
        if (!possible(&verbs[i]))
            continue;
        expect(&verbs[i], "--json", with(&verbs[i], "--json", "fr"));
        if (verbs[i].status != 0 || verbs[i].fields == NULL)
            continue;
        fields_of(fields, sizeof fields);
        if (strcmp(fields, verbs[i].fields) != 0)
            fail_msg("%s: fields \"%s\", not \"%s\"", verbs[i].word[0], fields,
                     verbs[i].fields);
    }
}

static size_t count(const char *s, size_t n, char c)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        k += s[i] == c;
    return k;
}

static void plain_has_as_many_columns_as_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERBS; i++) {
        const char *lf;

        if (!possible(&verbs[i]))
            continue;
        expect(&verbs[i], "--plain", with(&verbs[i], "--plain", "en"));
        if (verbs[i].status != 0 || verbs[i].fields == NULL)
            continue;
        lf = memchr(p.out.p, '\n', p.out.n);
        assert_non_null(lf);
        if (count((const char *)p.out.p, (size_t)(lf - (const char *)p.out.p),
                  '\t') != count(verbs[i].fields, strlen(verbs[i].fields), ' '))
            fail_msg("%s: %.*s", verbs[i].word[0],
                     (int)(lf - (const char *)p.out.p), (const char *)p.out.p);
    }
}

static void simple_is_lines_of_name_and_value(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "lister", "--simple", "--limit", "1"), 0);
    saw(&p, "Note\xc2\xa0: ");
    saw(&p, "Date\xc2\xa0: ");
    saw(&p, "Lecture\xc2\xa0: ");
    assert_int_equal(RUN(&p, "cercle", "membres", "--simple"), 0);
    saw(&p, "Personne\xc2\xa0: Amina B.");
    saw(&p, "Appareils\xc2\xa0: ordinateur, papier");
    person_set(&p, "ENTRENOUS_SIMPLE", "1");
    assert_int_equal(RUN(&p, "lister", "--limit", "1"), 0);
    saw(&p, "Note\xc2\xa0: ");
    person_set(&p, "ENTRENOUS_SIMPLE", NULL);
    /* Words are separated by commas. */
    assert_int_equal(RUN(&p, "mots", "--simple"), 0);
    saw_not(&p, "\xc2\xb7");
    saw(&p, ", ");
}

static void a_locked_journal_asks_nobody(void **state)
{
    static const char *const opens[] = {"status", "list",   "read", "undo",
                                        "words",  "doctor", NULL};

    (void)state;
    assert_int_equal(RUN(&p, "fermer"), 0);
    for (size_t i = 0; opens[i] != NULL; i++)
        assert_int_equal(RUN(&p, opens[i], "--no-input", "--json"), 4);
    assert_int_equal(RUN(&p, "write", "Un mot.", "--no-input"), 4);
    assert_int_equal(RUN(&p, "sync", "--no-input"), 4);
    /* What needs no passphrase still answers. */
    assert_int_equal(RUN(&p, "fermer", "--no-input"), 0);
    assert_int_equal(RUN(&p, "agent", "status", "--no-input"), 0);
    assert_int_equal(RUN(&p, "aide", "--no-input"), 0);
    assert_int_equal(
        RUN(&p, "ouvrir", "--passphrase-file", p.pass, "--no-input"), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_and_the_status_is_promised),
        cmocka_unit_test(json_has_the_promised_fields),
        cmocka_unit_test(plain_has_as_many_columns_as_fields),
        cmocka_unit_test(simple_is_lines_of_name_and_value),
        cmocka_unit_test(a_locked_journal_asks_nobody),
    };

    assert_true(argc > 1);
    run_program = argv[1];
    net_space_enter("192.168.1.20/24");
    return cmocka_run_group_tests(tests, make_person, drop_person);
}
