/*
 * kill_test - real processes on a real disk: killed while writing, two at once.
 *
 * The writer tells through a pipe each commit that was acknowledged; it is killed
 * when a number of them have come, drawn from the seed. What the pipe said is in
 * the vault. Arguments: kills, seed.
 */
#include "crash_help.h"

#include "lib/memstore.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>

#define STEPS_MAX 4000

static unsigned kills = 50;
static uint64_t seed = 20260101;

/* The sum after i steps; i never falls by more than one. */
static uint64_t sum_at(uint64_t i)
{
    static struct memstore *m;
    static uint64_t done;
    static uint64_t sum[2];

    if (m == NULL) {
        m = memstore_new();
        sum[0] = work_sum(memstore_store(m));
    }
    while (done < i) {
        struct en_batch b = {0};

        work_batch(&b, ++done);
        assert_ok(en_store_commit(memstore_store(m), &b));
        en_batch_free(&b);
        if (done + 1 >= i)
            sum[done % 2] = work_sum(memstore_store(m));
    }
    assert_true(i == done || i + 1 == done);
    return sum[i % 2];
}

static char *new_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = NULL;

    assert_true(
        asprintf(&dir, "%s/en-kill-XXXXXX", base != NULL ? base : "/tmp") > 0);
    assert_non_null(mkdtemp(dir));
    return dir;
}

static void drop_dir(char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    char path[512];

    while (d != NULL && (e = readdir(d)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        (void)unlink(path);
    }
    if (d != NULL)
        (void)closedir(d);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

static const struct en_vault_env env = {.time_ms = 1764063480123u};

static en_err create_at(const char *dir, struct en_vault **v)
{
    static const struct en_pwhash_cost cost = {EN_PWHASH_WEAK_OPS,
                                               EN_PWHASH_WEAK_KIB};
    static const uint8_t salt[EN_PWHASH_SALT_LEN] = "salt of sixteen";

    return en_vault_create_kek(dir, sim_kek(), &cost, salt, en_rng_system(),
                               &env, v, NULL);
}

static en_err open_at(const char *dir, struct en_vault **v, struct en_why *why)
{
    return en_vault_open_kek(dir, sim_kek(), en_rng_system(), &env, v, why);
}

/* In the child: opens, commits from step `from` on, one byte a commit. */
static void write_until_killed(const char *dir, uint64_t from, int out)
{
    struct en_vault *v = NULL;

    if (open_at(dir, &v, NULL) != EN_OK)
        _exit(3);
    for (uint64_t i = from; i <= STEPS_MAX; i++) {
        if (work_step(v, i) != EN_OK)
            _exit(4);
        if (write(out, "k", 1) != 1)
            _exit(5);
    }
    _exit(0);
}

static size_t read_some(int fd, size_t want)
{
    char b[64];
    size_t got = 0;

    while (got < want) {
        ssize_t n = read(fd, b, want - got < 64 ? want - got : 64);

        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

static void kill_child(pid_t pid)
{
    int status = 0;

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void killed_writer_has_kept_what_it_acknowledged(void **state)
{
    struct en_rng_seeded rng;
    struct en_vault *v = NULL;
    char *dir = new_dir();
    uint64_t at = 0;
    uint64_t ahead = 0;

    (void)state;
    print_message("# seed %" PRIu64 ", %u kills\n", seed, kills);
    en_rng_seed(&rng, seed);
    assert_ok(create_at(dir, &v));
    en_vault_close(v);
    for (unsigned k = 0; k < kills; k++) {
        uint32_t wait = 1 + en_rng_below(&rng.rng, 12);
        uint64_t acked = at;
        uint64_t sum;
        int fd[2];
        pid_t pid;

        assert_int_equal(pipe(fd), 0);
        (void)fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(fd[0]);
            write_until_killed(dir, at + 1, fd[1]);
        }
        (void)close(fd[1]);
        acked += read_some(fd[0], wait);
        assert_int_equal(acked, at + wait);
        /* Into the next commit, by an amount that no clock gives. */
        for (volatile uint32_t spin = en_rng_below(&rng.rng, 400000); spin > 0;)
            spin--;
        kill_child(pid);
        acked += read_some(fd[0], SIZE_MAX);
        (void)close(fd[0]);

        v = NULL;
        assert_ok(open_at(dir, &v, NULL));
        assert_true(en_vault_signs(v));
        sum = work_sum(en_vault_store(v));
        at = acked;
        if (sum_at(at) != sum) {
            at++; /* the one under way was whole */
            ahead++;
        }
        assert_int_equal(sum_at(at), sum);
        if (k % 10 == 9)
            assert_ok(en_vault_check(v, NULL));
        en_vault_close(v);
    }
    print_message("# %" PRIu64 " commits kept, %" PRIu64
                  " of them unacknowledged\n",
                  at, ahead);
    assert_true(at >= kills);
    drop_dir(dir);
}

/* A child that opens, says so, and waits for the pipe's end. */
static pid_t holder(const char *dir, int *wake)
{
    int said[2];
    int hold[2];
    pid_t pid;

    assert_int_equal(pipe(said), 0);
    assert_int_equal(pipe(hold), 0);
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct en_vault *v = NULL;
        char b;

        (void)close(said[0]);
        (void)close(hold[1]);
        if (open_at(dir, &v, NULL) != EN_OK || write(said[1], "o", 1) != 1)
            _exit(3);
        (void)!read(hold[0], &b, 1);
        en_vault_close(v);
        _exit(0);
    }
    (void)close(said[1]);
    (void)close(hold[0]);
    assert_int_equal(read_some(said[0], 1), 1);
    (void)close(said[0]);
    *wake = hold[1];
    return pid;
}

static void second_process_is_told_who_owns_the_vault(void **state)
{
    struct en_vault *v = NULL;
    struct en_why why = {0};
    char *dir = new_dir();
    int status = 0;
    int wake;
    pid_t pid;

    (void)state;
    assert_ok(create_at(dir, &v));
    en_vault_close(v);
    v = NULL;
    pid = holder(dir, &wake);
    assert_err(open_at(dir, &v, &why), EN_BUSY);
    assert_null(v);
    assert_int_equal(why.reason, EN_WHY_OWNER);
    assert_int_equal(why.n, env.time_ms);
    (void)close(wake);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_ok(open_at(dir, &v, &why));
    en_vault_close(v);
    drop_dir(dir);
}

static void lock_dies_with_its_process(void **state)
{
    struct en_vault *v = NULL;
    struct en_why why = {0};
    char *dir = new_dir();
    int wake;
    pid_t pid;

    (void)state;
    assert_ok(create_at(dir, &v));
    en_vault_close(v);
    v = NULL;
    pid = holder(dir, &wake);
    assert_err(open_at(dir, &v, &why), EN_BUSY);
    kill_child(pid);
    (void)close(wake);
    assert_ok(open_at(dir, &v, &why));
    en_vault_close(v);
    drop_dir(dir);
}

/* POSIX locks are lost when any descriptor of the file is closed in the process:
 * a refused second opening must not cost the first one its lock. */
static void second_opening_in_one_process_leaves_the_lock_alone(void **state)
{
    struct en_vault *v = NULL;
    struct en_vault *w = NULL;
    struct en_why why = {0};
    struct en_vault_state st;
    char *dir = new_dir();
    int status = 0;
    pid_t pid;

    (void)state;
    assert_ok(create_at(dir, &v));
    assert_err(open_at(dir, &w, &why), EN_BUSY);
    assert_null(w);
    assert_err(create_at(dir, &w), EN_DENIED);
    en_vault_state(v, &st);
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(open_at(dir, &w, &why) == EN_BUSY ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_ok(work_step(v, 1));
    en_vault_close(v);
    drop_dir(dir);
}

static void of_two_creations_at_once_one_wins_whole(void **state)
{
    (void)state;
    for (int round = 0; round < 8; round++) {
        char *dir = new_dir();
        struct en_vault *v = NULL;
        int start[2];
        pid_t pid[2];
        int made = 0;
        char b;

        assert_int_equal(pipe(start), 0);
        (void)fflush(NULL);
        for (int i = 0; i < 2; i++) {
            pid[i] = fork();
            assert_true(pid[i] >= 0);
            if (pid[i] == 0) {
                en_err err;

                (void)close(start[1]);
                (void)!read(start[0], &b, 1);
                err = create_at(dir, &v);
                en_vault_close(v);
                _exit(err == EN_OK                         ? 0
                      : err == EN_DENIED || err == EN_BUSY ? 1
                                                           : 2);
            }
        }
        (void)close(start[0]);
        (void)close(start[1]);
        for (int i = 0; i < 2; i++) {
            int status = 0;

            assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
            made += WEXITSTATUS(status) == 0;
        }
        assert_int_equal(made, 1);
        assert_ok(open_at(dir, &v, NULL));
        assert_ok(work_step(v, 1));
        en_vault_close(v);
        drop_dir(dir);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_writer_has_kept_what_it_acknowledged),
        cmocka_unit_test(second_process_is_told_who_owns_the_vault),
        cmocka_unit_test(lock_dies_with_its_process),
        cmocka_unit_test(second_opening_in_one_process_leaves_the_lock_alone),
        cmocka_unit_test(of_two_creations_at_once_one_wins_whole),
    };

    if (argc > 1)
        kills = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    if (en_secret_init() != EN_OK || en_vault_process_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
