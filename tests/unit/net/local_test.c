/* The folder and the socket between a command and its agent. */
#include "net/local.h"

#include "lib/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static char root[64], dir[160];

static int make(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/en-local-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(dir, sizeof dir, "%s/home/run", root);
    return 0;
}

static int unmake(void **state)
{
    char line[128];

    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", root);
    return system(line);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 0777;
}

static void the_folder_and_the_socket_are_the_owners_alone(void **state)
{
    char sock[200];
    struct en_local l;
    mode_t before = umask(0);
    int fd = -1;

    (void)state;
    assert_ok(en_local_listen(dir, &l));
    (void)umask(before);
    assert_int_equal(mode_of(dir), 0700);
    snprintf(sock, sizeof sock, "%s/%s", dir, EN_LOCAL_SOCKET);
    assert_int_equal(mode_of(sock), 0600);
    assert_ok(en_local_connect(dir, &fd));
    assert_true(en_local_own(fd));
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    (void)close(fd);
    en_local_close(dir, &l);
}

static void what_was_made_is_taken_away_and_no_more(void **state)
{
    char home[96], other[200];
    struct en_local l;
    int fd;

    (void)state;
    snprintf(home, sizeof home, "%s/home", root);
    assert_ok(en_local_listen(dir, &l));
    assert_int_equal(l.made, 2);
    en_local_close(dir, &l);
    assert_int_equal(access(home, F_OK), -1);
    assert_int_equal(access(root, F_OK), 0);
    en_local_close(dir, &l); /* twice is once */

    assert_ok(en_local_listen(dir, &l));
    snprintf(other, sizeof other, "%s/data", home);
    assert_int_equal(mkdir(other, 0700), 0);
    en_local_close(dir, &l);
    assert_int_equal(access(dir, F_OK), -1);
    assert_int_equal(access(other, F_OK), 0);

    /* A folder that was there before stays. */
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_ok(en_local_listen(dir, &l));
    assert_int_equal(l.made, 0);
    en_local_close(dir, &l);
    assert_int_equal(access(dir, F_OK), 0);
    assert_err(en_local_connect(dir, &fd), EN_CLOSED);
}

static void of_two_agents_one_lives(void **state)
{
    struct en_local first, second;
    int fd = -1;

    (void)state;
    assert_ok(en_local_listen(dir, &first));
    assert_err(en_local_listen(dir, &second), EN_BUSY);
    assert_int_equal(second.fd, -1);
    /* The refused one has taken nothing away. */
    assert_ok(en_local_connect(dir, &fd));
    (void)close(fd);
    en_local_close(dir, &first);
    assert_ok(en_local_listen(dir, &second));
    en_local_close(dir, &second);
}

static void a_socket_left_by_a_crash_is_replaced(void **state)
{
    struct en_local l;
    int fd = -1;
    pid_t pid;

    (void)state;
    pid = fork();
    if (pid == 0) {
        _exit(en_local_listen(dir, &l) == EN_OK ? 0 : 1); /* no farewell */
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_err(en_local_connect(dir, &fd), EN_CLOSED);
    assert_ok(en_local_listen(dir, &l));
    assert_ok(en_local_connect(dir, &fd));
    (void)close(fd);
    en_local_close(dir, &l);
}

static void a_folder_that_others_may_enter_is_refused(void **state)
{
    char home[96];
    struct en_local l;
    int fd;

    (void)state;
    snprintf(home, sizeof home, "%s/home", root);
    assert_int_equal(mkdir(home, 0755), 0);
    assert_int_equal(mkdir(dir, 0750), 0);
    assert_int_equal(chmod(dir, 0750), 0);
    assert_err(en_local_listen(dir, &l), EN_DENIED);
    assert_err(en_local_connect(dir, &fd), EN_DENIED);
    assert_int_equal(chmod(dir, 0700), 0);
    assert_ok(en_local_listen(dir, &l));
    en_local_close(dir, &l);
}

static void a_long_path_is_reached_through_the_folder(void **state)
{
    char lengthy[256];
    struct en_local l;
    int fd = -1;

    (void)state;
    snprintf(lengthy, sizeof lengthy, "%s/%0100d/%040d", root, 1, 2);
    assert_true(strlen(lengthy) > sizeof(((struct sockaddr_un *)0)->sun_path));
    assert_ok(en_local_listen(lengthy, &l));
    assert_ok(en_local_connect(lengthy, &fd));
    (void)close(fd);
    en_local_close(lengthy, &l);
}

static void nobody_answers_where_nothing_is(void **state)
{
    int fd;

    (void)state;
    assert_err(en_local_connect(dir, &fd), EN_CLOSED);
    assert_err(en_local_connect("", &fd), EN_CLOSED);
    assert_err(en_local_connect(NULL, &fd), EN_CLOSED);
}

static void a_program_that_does_not_come_up_is_an_error(void **state)
{
    int fd = -1;
    char c;

    (void)state;
    assert_err(en_local_start("/bin/false"), EN_IO);
    assert_err(en_local_start("/no/such/program"), EN_IO);
    /* One's own: the other end closes with it. */
    assert_ok(en_local_start_own("/bin/false", &fd));
    assert_int_equal(read(fd, &c, 1), 0);
    (void)close(fd);
}

/* A shell stands in for the agent: it tells what it was given. */
static void
a_started_agent_inherits_one_descriptor_and_no_terminal(void **state)
{
    static const char script[] =
        "#!/bin/sh\n"
        "printf '%s %s|' \"$1\" \"$2\" >&3\n"
        "for n in 0 1 2 4 5 6 7 8 9; do\n"
        "  [ -e /proc/$$/fd/$n ] && "
        "printf '%s=%s ' $n \"$(readlink /proc/$$/fd/$n)\" >&3\n"
        "done\n"
        "printf '|%s' \"$(pwd)\" >&3\n";
    char path[96], said[512] = "";
    size_t n = 0;
    ssize_t got;
    int fd = -1, file, extra;

    (void)state;
    snprintf(path, sizeof path, "%s/agent", root);
    file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    assert_true(file >= 0);
    assert_int_equal(write(file, script, sizeof script - 1), sizeof script - 1);
    (void)close(file);
    extra = open("/dev/zero", O_RDONLY); /* inherited by us: not by the agent */
    assert_true(extra >= 0);
    assert_ok(en_local_start_own(path, &fd));
    while ((got = read(fd, said + n, sizeof said - 1 - n)) > 0)
        n += (size_t)got;
    (void)close(fd);
    (void)close(extra);
    assert_non_null(strstr(said, "agent run|0=/dev/null 1=/dev/null "
                                 "2=/dev/null "));
    assert_null(strstr(said, "/dev/zero"));
    assert_non_null(strstr(said, "|/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_folder_and_the_socket_are_the_owners_alone, make, unmake),
        cmocka_unit_test_setup_teardown(what_was_made_is_taken_away_and_no_more,
                                        make, unmake),
        cmocka_unit_test_setup_teardown(of_two_agents_one_lives, make, unmake),
        cmocka_unit_test_setup_teardown(a_socket_left_by_a_crash_is_replaced,
                                        make, unmake),
        cmocka_unit_test_setup_teardown(
            a_folder_that_others_may_enter_is_refused, make, unmake),
        cmocka_unit_test_setup_teardown(
            a_long_path_is_reached_through_the_folder, make, unmake),
        cmocka_unit_test_setup_teardown(nobody_answers_where_nothing_is, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(
            a_program_that_does_not_come_up_is_an_error, make, unmake),
        cmocka_unit_test_setup_teardown(
            a_started_agent_inherits_one_descriptor_and_no_terminal, make,
            unmake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
