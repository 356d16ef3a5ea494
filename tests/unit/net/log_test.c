/* The agent's log: bounded, and nothing before the first line. */
#include "net/log.h"

#include "lib/test.h"

#include <stdlib.h>
#include <sys/stat.h>

static char dir[64], state_dir[96];

static int make(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/en-log-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(state_dir, sizeof state_dir, "%s/a/state", dir);
    return 0;
}

static int unmake(void **state)
{
    char line[128];

    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", dir);
    return system(line);
}

static struct stat file(const char *name)
{
    char path[160];
    struct stat st = {0};

    snprintf(path, sizeof path, "%s/%s", state_dir, name);
    if (stat(path, &st) != 0)
        st.st_size = -1;
    return st;
}

static void nothing_is_made_before_the_first_line(void **state)
{
    struct en_log *l;

    (void)state;
    assert_ok(en_log_new(&l, state_dir));
    en_log_free(l);
    assert_int_equal(access(state_dir, F_OK), -1);
}

static void a_line_has_its_time_and_is_its_owners(void **state)
{
    char path[160], text[64] = "";
    struct en_log *l;
    FILE *f;

    (void)state;
    assert_ok(en_log_new(&l, state_dir));
    en_log_line(l, 1800000000000, "node: on");
    en_log_free(l);
    snprintf(path, sizeof path, "%s/agent.log", state_dir);
    f = fopen(path, "re");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    (void)fclose(f);
    assert_string_equal(text, "2027-01-15T08:00:00Z node: on\n");
    assert_int_equal(file("agent.log").st_mode & 0777, 0600);
    assert_int_equal(file("").st_mode & 0777, 0700);
}

static void it_never_grows_beyond_two_files_of_its_bound(void **state)
{
    char line[400];
    struct en_log *l;

    (void)state;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    assert_ok(en_log_new(&l, state_dir));
    for (size_t i = 0; i < 4 * EN_LOG_MAX / EN_LOG_LINE_MAX; i++)
        en_log_line(l, 0, line);
    en_log_free(l);
    assert_in_range(file("agent.log").st_size, 1,
                    EN_LOG_MAX + EN_LOG_LINE_MAX + 32);
    assert_in_range(file("agent.log.1").st_size, EN_LOG_MAX,
                    EN_LOG_MAX + EN_LOG_LINE_MAX + 32);
    assert_int_equal(file("agent.log.2").st_size, -1);
    /* And goes on where it was. */
    assert_ok(en_log_new(&l, state_dir));
    en_log_line(l, 0, "again");
    en_log_free(l);
    assert_true(file("agent.log").st_size <= EN_LOG_MAX + EN_LOG_LINE_MAX + 32);
}

static void without_a_folder_lines_go_nowhere(void **state)
{
    struct en_log *l;

    (void)state;
    assert_ok(en_log_new(&l, ""));
    en_log_line(l, 0, "nowhere");
    en_log_free(l);
    assert_ok(en_log_new(&l, NULL));
    en_log_line(l, 0, "nowhere");
    en_log_free(l);
    assert_ok(en_log_new(&l, "/proc/no/such/folder"));
    en_log_line(l, 0, "nowhere");
    en_log_free(l);
    en_log_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_made_before_the_first_line,
                                        make, unmake),
        cmocka_unit_test_setup_teardown(a_line_has_its_time_and_is_its_owners,
                                        make, unmake),
        cmocka_unit_test_setup_teardown(
            it_never_grows_beyond_two_files_of_its_bound, make, unmake),
        cmocka_unit_test(without_a_folder_lines_go_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
