#include "base/trace.h"

#include "lib/test.h"

static char last[512];
static int lines;

static void keep(void *user, const char *line)
{
    assert_ptr_equal(user, &lines);
    lines++;
    (void)snprintf(last, sizeof(last), "%s", line);
}

static void a_line_reaches_whoever_asked_and_nobody_else(void **state)
{
    struct en_trace t = {.line = keep, .user = &lines};
    struct en_trace nobody = {0};

    (void)state;
    lines = 0;
    en_trace_line(&t, "run %d of %s", 3, "4f2a");
    assert_int_equal(lines, 1);
    assert_string_equal(last, "run 3 of 4f2a");
    en_trace_line(&nobody, "x");
    en_trace_line(NULL, "x");
    assert_int_equal(lines, 1);
}

static void a_long_line_is_cut(void **state)
{
    struct en_trace t = {.line = keep, .user = &lines};
    char big[1000];

    (void)state;
    memset(big, 'x', sizeof(big));
    big[999] = '\0';
    en_trace_line(&t, "%s", big);
    assert_int_equal(strlen(last), 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_reaches_whoever_asked_and_nobody_else),
        cmocka_unit_test(a_long_line_is_cut),
    };

    return cmocka_run_group_tests_name("base/trace", tests, NULL, NULL);
}
