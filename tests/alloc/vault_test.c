/*
 * vault_test.c - the n-th allocation of opening, committing and reading a vault is
 * refused, for every n, in our code and in SQLite's: the call says so, nothing
 * leaks (under the sanitizer), and what is on disk is the state before or after.
 */
#include "lib/test.h"

#include "lib/store_fill.h"
#include "vault/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

static long left = -1; /* allocations until one is refused; -1: none is */
static bool for_ever;
static bool struck;

static bool refused(void)
{
    if (left < 0)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    struck = true;
    if (!for_ever)
        left = -1;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return refused() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return refused() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return refused() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
    return refused() ? NULL : __real_strdup(s);
}

/* ---- folders ---- */

static char *new_dir(void)
{
    static const char *const bases[] = {"/dev/shm", "/tmp"};
    char *dir = NULL;

    for (size_t i = 0; i < 2; i++) {
        assert_true(asprintf(&dir, "%s/en-alloc-XXXXXX", bases[i]) > 0);
        if (mkdtemp(dir) != NULL)
            return dir;
        free(dir);
    }
    fail();
    return NULL;
}

/* Copies each file of `from`, or (to NULL) removes it. */
static void each_file(const char *from, const char *to)
{
    DIR *d = opendir(from);
    struct dirent *e;
    static uint8_t b[1 << 20];

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        char path[512];
        ssize_t n;
        int fd;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", from, e->d_name);
        if (to == NULL) {
            (void)unlink(path);
            continue;
        }
        fd = open(path, O_RDONLY);
        n = read(fd, b, sizeof(b));
        (void)close(fd);
        assert_true(n >= 0 && (size_t)n < sizeof(b));
        (void)snprintf(path, sizeof(path), "%s/%s", to, e->d_name);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        assert_int_equal(write(fd, b, (size_t)n), n);
        (void)close(fd);
    }
    (void)closedir(d);
}

static void drop_dir(char *dir)
{
    each_file(dir, NULL);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

/* ---- a vault ---- */

static const struct en_key kek = {"a key that no passphrase gives.."};

static en_err make(const char *dir, struct en_vault **v)
{
    static const struct en_pwhash_cost cost = {EN_PWHASH_WEAK_OPS,
                                               EN_PWHASH_WEAK_KIB};
    static const uint8_t salt[EN_PWHASH_SALT_LEN] = "salt of sixteen";

    return en_vault_create_kek(dir, &kek, &cost, salt, en_rng_system(), NULL, v,
                               NULL);
}

static en_err reopen(const char *dir, struct en_vault **v)
{
    return en_vault_open_kek(dir, &kek, en_rng_system(), NULL, v, NULL);
}

static void batch_of(struct en_batch *b, uint64_t n)
{
    struct en_row row = store_row(0, (uint16_t)(n % 3), "key", 1, "a body");
    struct en_key_name name = store_key_name(0, 1, n % 2);
    struct en_key key = store_key_value((uint8_t)n);

    store_fill(b, 0, 0, 1, true, n, 1, 900);
    store_fill(b, 0, 2, 0, false, n * 2, 2, 300);
    assert_ok(en_batch_row_put(b, &row));
    assert_ok(en_batch_key_put(b, &name, &key));
}

static uint64_t sum_of(struct en_store *s)
{
    struct en_buf all = {0};
    uint64_t h = 14695981039346656037u;

    store_dump(s, &all);
    for (size_t i = 0; i < all.n; i++)
        h = (h ^ all.p[i]) * 1099511628211u;
    en_buf_free(&all);
    return h;
}

static en_err see_record(void *user, const struct en_stored *r)
{
    *(size_t *)user += r->payload.n;
    return EN_OK;
}

static en_err see_row(void *user, const struct en_row *r)
{
    *(size_t *)user += r->body.n;
    return EN_OK;
}

static void expect_nomem(const char *what, long n, en_err err)
{
    if (err != EN_OK && err != EN_NOMEM)
        fail_msg("%s, allocation %ld: %s", what, n, en_err_name(err));
}

/* Reads of every kind; each succeeds or lacks memory. */
static void read_all(struct en_vault *v, long n)
{
    struct en_store *s = en_vault_store(v);
    struct en_id log = store_log_id(0, 0);
    struct en_id cid = store_circle_id(0);
    struct en_id id = store_record_id(0, 0, 0);
    struct en_key_name name = store_key_name(0, 1, 0);
    struct en_find q = {.cid = cid, .from = INT64_MIN, .to = INT64_MAX};
    struct en_key key;
    size_t seen = 0;

    expect_nomem("scan", n, en_store_scan(s, &log, 0, see_record, &seen));
    expect_nomem("arrivals", n,
                 en_store_arrivals(s, &cid, 0, see_record, &seen));
    expect_nomem("get", n, en_store_get(s, &id, see_record, &seen));
    expect_nomem("find", n, en_store_find(s, &q, see_row, &seen));
    q.prefix = BYTES("k");
    expect_nomem("find", n, en_store_find(s, &q, see_row, &seen));
    expect_nomem("key", n, en_store_key(s, &name, &key));
    expect_nomem("check", n, en_vault_check(v, NULL));
}

struct plan {
    char *template; /* a vault with two steps */
    char *dir;
    uint64_t sum[4];
};

static int setup(void **state)
{
    struct plan *p = calloc(1, sizeof(*p));
    struct en_vault *v = NULL;

    p->template = new_dir();
    p->dir = new_dir();
    assert_ok(make(p->template, &v));
    for (uint64_t i = 0; i < 4; i++) {
        struct en_batch b = {0};

        batch_of(&b, i);
        assert_ok(en_store_commit(en_vault_store(v), &b));
        en_batch_free(&b);
        p->sum[i] = sum_of(en_vault_store(v));
        if (i == 1) { /* killed here: the log is full */
            each_file(p->template, p->dir);
        }
    }
    en_vault_close(v);
    each_file(p->template, NULL);
    each_file(p->dir, p->template);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct plan *p = *state;

    drop_dir(p->template);
    drop_dir(p->dir);
    free(p);
    return 0;
}

/* Open, read, commit, close, with the n-th allocation refused; false if there
 * was none. */
static bool live(struct plan *p, long n)
{
    struct en_batch b = {0};
    struct en_vault *v = NULL;
    uint64_t least = 1;
    uint64_t sum;
    en_err err;

    each_file(p->dir, NULL);
    each_file(p->template, p->dir);
    batch_of(&b, 2);
    struck = false;
    left = n;
    err = reopen(p->dir, &v);
    expect_nomem("open", n, err);
    if (err == EN_OK) {
        read_all(v, n);
        err = en_store_commit(en_vault_store(v), &b);
        /* Without memory for the guard, a commit that is whole is not told. */
        if (err == EN_OK)
            least = 2;
        else
            expect_nomem("commit", n, err);
        en_vault_close(v);
    } else {
        assert_null(v);
    }
    left = -1;
    en_batch_free(&b);

    v = NULL;
    assert_ok(reopen(p->dir, &v));
    assert_true(en_vault_signs(v));
    sum = sum_of(en_vault_store(v));
    if (sum != p->sum[2] && (least == 2 || sum != p->sum[1]))
        fail_msg("allocation %ld: neither the state before nor after", n);
    en_vault_close(v);
    return struck;
}

static void each_refused_allocation_is_told_and_loses_nothing(void **state)
{
    long n = 0;

    for_ever = false;
    while (live(*state, n))
        n++;
    print_message("# %ld allocations\n", n);
    assert_true(n > 100);
}

static void memory_refused_for_ever_is_told_and_loses_nothing(void **state)
{
    long n = 0;

    for_ever = true;
    while (live(*state, n))
        n++;
    assert_true(n > 100);
}

static void creation_without_memory_leaves_no_vault_or_a_whole_one(void **state)
{
    struct plan *p = *state;
    bool again = true;

    for_ever = false;
    for (long n = 0; again; n++) {
        struct en_vault *v = NULL;
        en_err err;

        each_file(p->dir, NULL);
        struck = false;
        left = n;
        err = make(p->dir, &v);
        left = -1;
        again = struck;
        expect_nomem("create", n, err);
        assert_true((err == EN_OK) == (v != NULL));
        en_vault_close(v);
        v = NULL;
        if (en_vault_exists(p->dir, NULL))
            assert_ok(reopen(p->dir, &v));
        else
            assert_ok(make(p->dir, &v));
        en_vault_close(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_refused_allocation_is_told_and_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(
            memory_refused_for_ever_is_told_and_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(
            creation_without_memory_leaves_no_vault_or_a_whole_one, setup,
            teardown),
    };

    if (en_secret_init() != EN_OK || en_vault_process_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
