/*
 * Both diaries through the real program: in by import, out by list, search and
 * onthisday.
 *
 * What is expected was counted by tests/data/diaries/answers.py, which shares
 * nothing with the program. Search finds words at their start: "coeur" is also
 * "coeurs", so 80 stands where whole words are 71 ("plague" 149 and 148).
 */
#include "cli/run.h"
#include "lib/test.h"
#include "lib/vec.h"

#include <stdlib.h>
#include <unistd.h>

static struct person pepys, delacroix;
static char data[4096]; /* tests/data/diaries */

static const char *diary(const char *name)
{
    static char path[4200];

    snprintf(path, sizeof path, "%s/%s", data, name);
    return path;
}

static int come_in(void **state)
{
    char cwd[2048];

    (void)state;
    assert_non_null(getcwd(cwd, sizeof cwd));
    snprintf(data, sizeof data, "%s/data/diaries", cwd);
    person_new(&pepys, "en");
    pepys.foreign = true;
    person_init(&pepys);
    person_new(&delacroix, "fr");
    delacroix.foreign = true;
    person_init(&delacroix);
    return 0;
}

static int go(void **state)
{
    (void)state;
    person_free(&pepys);
    person_free(&delacroix);
    return 0;
}

static size_t searched(struct person *p, const char *query)
{
    assert_int_equal(RUN(p, "search", "--json", query), 0);
    return items(p);
}

static size_t on_day(struct person *p, const char *day)
{
    assert_int_equal(RUN(p, "onthisday", "--on", day, "--json"), 0);
    return items(p);
}

static void a_dry_run_tells_the_same_and_writes_nothing(void **state)
{
    (void)state;
    assert_int_equal(RUN(&pepys, "import", diary("pepys-en.jsonl"), "--format",
                         "jsonl", "--dry-run"),
                     0);
    saw(&pepys, "3413 entries would be imported; nothing was written.");
    assert_int_equal(RUN(&pepys, "list", "--json"), 0);
    assert_int_equal(items(&pepys), 0);
}

static void each_diary_goes_in_whole_with_a_line_for_each_entry(void **state)
{
    struct en_buf report = {0};
    const char *path = file_at(&delacroix, "rapport.txt");
    char kept[256];
    size_t lines = 0;

    (void)state;
    snprintf(kept, sizeof kept, "%s", path);
    assert_int_equal(
        RUN(&pepys, "import", diary("pepys-en.jsonl"), "--format", "jsonl"), 0);
    saw(&pepys, "3413 entries imported, private.");
    assert_int_equal(RUN(&delacroix, "importer", diary("delacroix-fr.jsonl"),
                         "--format", "jsonl", "--report", kept),
                     0);
    saw(&delacroix, "1429 notes importées, privées.");
    vec_file(kept, &report);
    for (size_t i = 0; i < report.n; i++)
        lines += report.p[i] == '\n';
    assert_int_equal(lines, 1429);
    en_buf_free(&report);
    assert_int_equal(RUN(&pepys, "list", "--json"), 0);
    assert_int_equal(items(&pepys), 3413);
    /* Not as --json: these words hold hard spaces, which are kept. */
    assert_int_equal(RUN(&delacroix, "lister"), 0);
    saw(&delacroix, "1429 notes.");
}

static void a_second_import_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        RUN(&pepys, "import", diary("pepys-en.jsonl"), "--format", "jsonl"), 0);
    saw(&pepys, "0 entries imported, private.");
    saw(&pepys, "3413 already there.");
    assert_int_equal(RUN(&pepys, "list", "--json"), 0);
    assert_int_equal(items(&pepys), 3413);
}

static void pepys_answers_as_counted(void **state)
{
    (void)state;
    assert_int_equal(searched(&pepys, "plague"), 149);
    assert_int_equal(searched(&pepys, "dined"), 1290);
    assert_int_equal(
        RUN(&pepys, "search", "--exact", "--json", "and so to bed"), 0);
    assert_int_equal(items(&pepys), 401);
    assert_int_equal(searched(&pepys, "fire london"), 29);
    assert_int_equal(on_day(&pepys, "2027-09-02"), 9);
    assert_int_equal(on_day(&pepys, "2028-02-29"), 3);
    assert_int_equal(
        RUN(&pepys, "list", "--json", "--from", "1665", "--to", "1665"), 0);
    assert_int_equal(items(&pepys), 365);
}

static void delacroix_answers_as_counted(void **state)
{
    (void)state;
    assert_int_equal(searched(&delacroix, "coeur"), 80);
    assert_int_equal(searched(&delacroix, "CŒUR"), 80);
    assert_int_equal(searched(&delacroix, "soeur"), 22);
    assert_int_equal(searched(&delacroix, "reve"), 265);
    assert_int_equal(searched(&delacroix, "l'eleve"), 73);
    assert_int_equal(
        RUN(&delacroix, "lister", "--json", "--from", "1853", "--to", "1853"),
        0);
    assert_int_equal(items(&delacroix), 132);
    assert_int_equal(RUN(&delacroix, "chercher", "coeur"), 0);
    saw(&delacroix, "80 notes.");
}

static void an_answer_of_many_entries_is_read_whole(void **state)
{
    (void)state;
    assert_int_equal(RUN(&pepys, "list", "--reverse", "--limit", "1", "--json"),
                     0);
    assert_string_equal(field(&pepys, 0, "day"), "1660-01-01");
    assert_int_equal(RUN(&pepys, "list", "--limit", "1", "--json"), 0);
    assert_string_equal(field(&pepys, 0, "day"), "1669-05-31");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dry_run_tells_the_same_and_writes_nothing),
        cmocka_unit_test(each_diary_goes_in_whole_with_a_line_for_each_entry),
        cmocka_unit_test(a_second_import_changes_nothing),
        cmocka_unit_test(pepys_answers_as_counted),
        cmocka_unit_test(delacroix_answers_as_counted),
        cmocka_unit_test(an_answer_of_many_entries_is_read_whole),
    };

    assert_true(argc > 1);
    run_program = argv[1];
    return cmocka_run_group_tests(tests, come_in, go);
}
