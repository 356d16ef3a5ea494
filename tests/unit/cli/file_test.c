#include "cli/file.h"

#include "lib/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char dir[64];

static int in_a_folder(void **state)
{
    (void)state;
    memcpy(dir, "/tmp/en-file-XXXXXX", 20);
    return mkdtemp(dir) == NULL;
}

static int leave_it(void **state)
{
    char command[96];

    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

static const char *path(const char *name)
{
    static char p[4][128];
    static unsigned i;

    i = (i + 1) % 4;
    (void)snprintf(p[i], sizeof(p[i]), "%s/%s", dir, name);
    return p[i];
}

static unsigned files_in(const char *where)
{
    DIR *d = opendir(where);
    unsigned n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    (void)closedir(d);
    return n;
}

static void a_file_is_written_whole_owner_only_and_read_back(void **state)
{
    struct en_buf b = {0};
    struct en_why why = {0};
    struct stat st;
    mode_t before = umask(0);

    (void)state;
    assert_ok(en_file_write(path("a"), BYTES("hello\0x"), false, &why));
    (void)umask(before);
    assert_int_equal(stat(path("a"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(files_in(dir), 1);
    assert_ok(en_file_read(path("a"), 7, &b, &why));
    assert_int_equal(b.n, 7);
    assert_memory_equal(b.p, "hello\0x", 7);
    en_buf_free(&b);
}

static void an_existing_file_is_left_as_it_is_unless_replaced(void **state)
{
    struct en_buf b = {0};
    struct en_why why = {0};

    (void)state;
    assert_ok(en_file_write(path("a"), BYTES("one"), false, &why));
    assert_err(en_file_write(path("a"), BYTES("two"), false, &why), EN_DENIED);
    assert_int_equal(why.reason, EN_WHY_FILE_EXISTS);
    assert_string_equal(why.what, path("a"));
    assert_ok(en_file_read(path("a"), 99, &b, &why));
    assert_span(en_buf_span(&b), "one");
    assert_ok(en_file_write(path("a"), BYTES("three"), true, &why));
    en_buf_clear(&b);
    assert_ok(en_file_read(path("a"), 99, &b, &why));
    assert_span(en_buf_span(&b), "three");
    assert_int_equal(files_in(dir), 1);
    en_buf_free(&b);
}

static void a_dangling_link_is_not_written_through(void **state)
{
    struct en_why why = {0};

    (void)state;
    assert_int_equal(symlink(path("target"), path("link")), 0);
    assert_err(en_file_write(path("link"), BYTES("x"), false, &why), EN_DENIED);
    assert_int_equal(access(path("target"), F_OK), -1);
}

static void
a_larger_file_is_refused_with_its_size_and_nothing_is_kept(void **state)
{
    struct en_buf b = {0};
    struct en_why why = {0};

    (void)state;
    assert_ok(en_buf_add_str(&b, "before"));
    assert_ok(en_file_write(path("a"), BYTES("12345"), false, &why));
    assert_err(en_file_read(path("a"), 4, &b, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_FILE_BIG);
    assert_int_equal(why.n, 5);
    assert_int_equal(why.limit, 4);
    assert_span(en_buf_span(&b), "before");
    en_buf_free(&b);
}

static void a_pipe_is_read_to_its_end_and_within_its_bound(void **state)
{
    struct en_buf b = {0};
    struct en_why why = {0};
    int end[2];

    (void)state;
    assert_int_equal(pipe(end), 0);
    assert_ok(en_file_send(end[1], BYTES("some text")));
    (void)close(end[1]);
    assert_ok(en_file_read_fd(end[0], "-", 9, &b, &why));
    assert_span(en_buf_span(&b), "some text");
    (void)close(end[0]);
    assert_int_equal(pipe(end), 0);
    assert_ok(en_file_send(end[1], BYTES("some texts")));
    (void)close(end[1]);
    en_buf_clear(&b);
    assert_err(en_file_read_fd(end[0], "-", 9, &b, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_FILE_BIG);
    assert_int_equal(why.n, 0);
    assert_int_equal(b.n, 0);
    (void)close(end[0]);
    en_buf_free(&b);
}

static void what_cannot_be_read_says_why(void **state)
{
    struct en_buf b = {0};
    struct en_why why = {0};

    (void)state;
    assert_err(en_file_read(path("none"), 9, &b, &why), EN_ABSENT);
    assert_int_equal(why.reason, EN_WHY_NO_FILE);
    assert_err(en_file_read(path("none/x"), 9, &b, &why), EN_ABSENT);
    assert_err(en_file_read(dir, 9, &b, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_FILE_DIR);
    assert_err(en_file_read_fd(-1, "x", 9, &b, &why), EN_IO);
    assert_int_equal(why.reason, EN_WHY_FILE_READ);
    assert_int_equal(b.n, 0);
    en_buf_free(&b);
}

static void what_cannot_be_written_says_why_and_leaves_nothing(void **state)
{
    struct en_why why = {0};
    struct rlimit was, little;
    uint8_t big[20000] = {0};

    (void)state;
    assert_err(en_file_write(path("no/a"), BYTES("x"), false, &why), EN_ABSENT);
    assert_int_equal(mkdir(path("d"), 0700), 0);
    assert_err(en_file_write(path("d"), BYTES("x"), true, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_FILE_DIR);
    assert_int_equal(rmdir(path("d")), 0);

    /* A write that fails midway: the file size limit stops it. */
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    little = was;
    little.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    assert_err(en_file_write(path("big"), EN_SPAN_OF(big), false, &why), EN_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(why.reason, EN_WHY_FILE_WRITE);
    assert_int_equal(files_in(dir), 0);
}

static void a_full_disk_is_told_as_such(void **state)
{
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    assert_err(en_file_send(fd, BYTES("x")), EN_FULL);
    (void)close(fd);
}

static void a_pipe_without_a_reader_is_told_as_such(void **state)
{
    int end[2];

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(end), 0);
    (void)close(end[0]);
    assert_err(en_file_send(end[1], BYTES("x")), EN_CLOSED);
    (void)close(end[1]);
}

static void folders_are_made_owner_only_with_their_parents(void **state)
{
    struct en_why why = {0};
    struct stat st;

    (void)state;
    assert_ok(en_file_make_dir(path("a/b/c"), &why));
    assert_int_equal(stat(path("a/b"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_ok(en_file_make_dir(path("a/b/c"), &why));
    assert_ok(en_file_make_dir(path("a/b/"), &why));
    assert_int_equal(chmod(path("a/b/c"), 0777), 0);
    assert_err(en_file_make_dir(path("a/b/c"), &why), EN_IO);
    assert_ok(en_file_write(path("f"), BYTES("x"), false, &why));
    assert_err(en_file_make_dir(path("f"), &why), EN_DENIED);
    assert_err(en_file_make_dir(path("f/g"), &why), EN_ABSENT);
}

#define IN_A_FOLDER(test)                                                      \
    cmocka_unit_test_setup_teardown(test, in_a_folder, leave_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_file_is_written_whole_owner_only_and_read_back),
        IN_A_FOLDER(an_existing_file_is_left_as_it_is_unless_replaced),
        IN_A_FOLDER(a_dangling_link_is_not_written_through),
        IN_A_FOLDER(a_larger_file_is_refused_with_its_size_and_nothing_is_kept),
        IN_A_FOLDER(a_pipe_is_read_to_its_end_and_within_its_bound),
        IN_A_FOLDER(what_cannot_be_read_says_why),
        IN_A_FOLDER(what_cannot_be_written_says_why_and_leaves_nothing),
        cmocka_unit_test(a_full_disk_is_told_as_such),
        cmocka_unit_test(a_pipe_without_a_reader_is_told_as_such),
        IN_A_FOLDER(folders_are_made_owner_only_with_their_parents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
