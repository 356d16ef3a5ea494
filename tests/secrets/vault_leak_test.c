/*
 * vault_leak_test - planted words and keys are in no file at any time, and not in
 * memory once the vault is shut.
 *
 * Words and keys that exist nowhere else go into payloads, rows, row keys, aux,
 * secrets and headers of records. All files are searched after filling, deleting,
 * a kill, and a checkpoint; the process's memory after locking. Each search has
 * its control: the same search finds the word where it must be.
 */
#include "lib/test.h"

#include "lib/store_fill.h"
#include "vault/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

/*
 * Needles are kept masked, so that the search's own copy is not what it finds,
 * and are unmasked byte by byte while comparing.
 */
#define MASK 0xa5u

struct needle {
    const char *what;
    uint8_t b[32];
    size_t n;
};

#define NEEDLES_MAX 64
static struct needle needles[NEEDLES_MAX];
static size_t needle_count;

static void plant(const char *what, const uint8_t *p, size_t n)
{
    struct needle *x = &needles[needle_count++];

    assert_true(needle_count <= NEEDLES_MAX && n <= sizeof(x->b) && n >= 12);
    x->what = what;
    x->n = n;
    for (size_t i = 0; i < n; i++)
        x->b[i] = p[i] ^ MASK;
}

static bool match(const uint8_t *p, const struct needle *x)
{
    for (size_t i = 0; i < x->n; i++)
        if ((p[i] ^ MASK) != x->b[i])
            return false;
    return true;
}

/* The first needle in there, or NULL. */
static const struct needle *search(const uint8_t *p, size_t n)
{
    bool first[256] = {false};

    for (size_t k = 0; k < needle_count; k++)
        first[needles[k].b[0] ^ MASK] = true;
    for (size_t i = 0; i < n; i++) {
        if (!first[p[i]])
            continue;
        for (size_t k = 0; k < needle_count; k++)
            if (n - i >= needles[k].n && match(p + i, &needles[k]))
                return &needles[k];
    }
    return NULL;
}

/* ---- files ---- */

static char *new_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = NULL;

    assert_true(
        asprintf(&dir, "%s/en-leak-XXXXXX", base != NULL ? base : "/tmp") > 0);
    assert_non_null(mkdtemp(dir));
    return dir;
}

static size_t look_at_files(const char *dir, bool drop)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    size_t files = 0;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        char path[512];
        const struct needle *x;
        struct stat st;
        uint8_t *p;
        int fd;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        fd = open(path, O_RDONLY);
        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &st), 0);
        p = malloc((size_t)st.st_size + 1);
        assert_non_null(p);
        assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
        (void)close(fd);
        x = search(p, (size_t)st.st_size);
        free(p);
        if (x != NULL)
            fail_msg("%s is in %s", x->what, e->d_name);
        files++;
        if (drop)
            (void)unlink(path);
    }
    (void)closedir(d);
    return files;
}

static void drop_dir(char *dir)
{
    (void)look_at_files(dir, true);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

/* ---- memory ---- */

/* The sanitizer's shadow is terabytes of address space, and what is freed lies in
 * its quarantine: memory is searched in ordinary builds. */
#if defined(__SANITIZE_ADDRESS__)
#define SHADOWED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHADOWED true
#endif
#endif
#ifndef SHADOWED
#define SHADOWED false
#endif

/* Whether a needle is in any writable memory of this process; *what says which. */
static bool in_memory(const char **what)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int mem = open("/proc/self/mem", O_RDONLY);
    static uint8_t chunk[1 << 16];
    char line[512];
    bool found = false;
    size_t looked = 0;

    assert_non_null(maps);
    assert_true(mem >= 0);
    while (!found && fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t from;
        uintptr_t to;
        char rights[8];

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, rights) !=
                3 ||
            rights[0] != 'r' || rights[1] != 'w')
            continue;
        /* Needles that lie across two chunks: chunks overlap. */
        for (uintptr_t at = from; !found && at < to;
             at += sizeof(chunk) - sizeof(needles[0].b)) {
            size_t n = to - at < sizeof(chunk) ? to - at : sizeof(chunk);
            ssize_t got = pread(mem, chunk, n, (off_t)at);
            const struct needle *x;

            if (got <= 0)
                break;
            /* The buffer itself holds what was read last. */
            if (at <= (uintptr_t)chunk + sizeof(chunk) &&
                at + n >= (uintptr_t)chunk)
                continue;
            looked += (size_t)got;
            x = search(chunk, (size_t)got);
            if (x != NULL) {
                *what = x->what;
                found = true;
            }
            en_wipe(chunk, sizeof(chunk));
        }
    }
    (void)close(mem);
    (void)fclose(maps);
    assert_true(found || looked > 100000);
    return found;
}

/* ---- what is planted ---- */

static const struct en_vault_env env = {.time_ms = 1764063480123u};
static const struct en_pwhash_cost cost = {EN_PWHASH_WEAK_OPS,
                                           EN_PWHASH_WEAK_KIB};

/* A word no one says, made at run time: the program's text does not hold it. */
static void word(char out[25], unsigned n)
{
    static const char syllable[] = "zorvixqupakjywem";
    uint32_t h = 2166136261u ^ (n * 2654435761u);

    for (size_t i = 0; i < 24; i++) {
        h = (h ^ (uint32_t)i) * 16777619u;
        out[i] = syllable[h >> 24 & 15];
    }
    out[24] = '\0';
}

static void planted_batch(struct en_batch *b, uint64_t step)
{
    static const char *const what[] = {"a payload", "an aux", "a row's body",
                                       "a row's key", "a record's header"};
    char w[5][25];
    struct en_key key;
    struct en_key_name name = store_key_name(0, 1, step);
    struct en_row row = store_row(0, 1, "", (int64_t)step, "");
    uint64_t seq = step;

    for (unsigned i = 0; i < 5; i++) {
        word(w[i], (unsigned)(step * 5 + i));
        if (step < 6)
            plant(what[i], (const uint8_t *)w[i], 24);
    }
    for (size_t i = 0; i < sizeof(key.b); i++)
        key.b[i] = (uint8_t)(0x80 + i * 3 + step * 7);
    if (step < 6)
        plant("a secret", key.b, sizeof(key.b));
    store_fill(b, 0, 0, 1, true, seq, 1, 3000);
    b->rec[b->recs - 1].payload = en_batch_keep(b, en_span_str(w[0]));
    b->rec[b->recs - 1].aux = en_batch_keep(b, en_span_str(w[1]));
    memcpy(b->rec[b->recs - 1].header + 40, w[4], 24);
    row.body = en_batch_keep(b, en_span_str(w[2]));
    row.key = en_batch_keep(b, en_span_str(w[3]));
    assert_ok(en_batch_row_put(b, &row));
    assert_ok(en_batch_key_put(b, &name, &key));
    en_key_wipe(&key);
    en_wipe(w, sizeof(w));
}

static void step(struct en_vault *v, uint64_t n)
{
    struct en_batch b = {0};

    planted_batch(&b, n);
    assert_ok(en_store_commit(en_vault_store(v), &b));
    en_batch_free(&b);
}

static void unplant(struct en_vault *v, uint64_t n)
{
    struct en_batch b = {0};
    struct en_key_name name = store_key_name(0, 1, n);
    struct en_id cid = store_circle_id(0);
    struct en_batch_mark m = {
        .log = store_log_id(0, 0), .seq = n, .mark = EN_MARK_DROPPED};
    char w[25];

    word(w, (unsigned)(n * 5 + 3));
    assert_ok(en_batch_mark(&b, &m));
    assert_ok(en_batch_key_destroy(&b, &name));
    assert_ok(en_batch_row_delete(&b, &cid, 1, en_span_str(w)));
    assert_ok(en_store_commit(en_vault_store(v), &b));
    en_batch_free(&b);
    en_wipe(w, sizeof(w));
}

static struct en_key kek;

static void make_kek(void)
{
    for (size_t i = 0; i < sizeof(kek.b); i++)
        kek.b[i] = (uint8_t)(17 + 29 * i);
}

static struct en_vault *made(const char *dir)
{
    static const uint8_t salt[16] = "salt of sixteen";
    struct en_vault *v = NULL;

    assert_ok(en_vault_create_kek(dir, &kek, &cost, salt, en_rng_system(), &env,
                                  &v, NULL));
    return v;
}

static struct en_vault *opened(const char *dir)
{
    struct en_vault *v = NULL;

    assert_ok(en_vault_open_kek(dir, &kek, en_rng_system(), &env, &v, NULL));
    return v;
}

static int fresh(void **state)
{
    (void)state;
    needle_count = 0;
    make_kek();
    return 0;
}

/* Table names and the like would tell what program wrote this, and how. */
static void plant_schema(void)
{
    static const char *const names[] = {"CREATE TABLE", "record_id ON",
                                        "SQLite format 3"};

    for (size_t i = 0; i < 3; i++)
        plant("the schema", (const uint8_t *)names[i], 12);
}

static void planted_words_are_in_no_file_at_any_time(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    int status = 0;
    pid_t pid;

    (void)state;
    plant_schema();
    plant("the kek", kek.b, sizeof(kek.b));
    for (uint64_t n = 0; n < 6; n++)
        step(v, n);
    assert_int_equal(look_at_files(dir, false), 4); /* log included */
    for (uint64_t n = 0; n < 3; n++)
        unplant(v, n);
    assert_int_equal(look_at_files(dir, false), 4);
    assert_int_equal(sqlite3_wal_checkpoint_v2(en_vault_db(v), NULL,
                                               SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                               NULL),
                     SQLITE_OK);
    assert_int_equal(look_at_files(dir, false), 4);
    for (uint64_t n = 6; n < 40; n++)
        step(v, n);
    en_vault_close(v);
    assert_int_equal(look_at_files(dir, false), 3);
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        v = opened(dir);
        for (uint64_t n = 40; n < 50; n++)
            step(v, n);
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(look_at_files(dir, false), 4);
    v = opened(dir);
    assert_true(en_vault_signs(v));
    en_vault_close(v);
    drop_dir(dir);
}

/* The control: the same hunt finds the words in a database that is not sealed. */
static void the_hunt_finds_planted_words_in_a_plain_database(void **state)
{
    char *dir = new_dir();
    char path[512];
    char w[25];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    struct en_buf raw = {0};
    int fd;

    (void)state;
    plant_schema();
    word(w, 1);
    plant("a word", (const uint8_t *)w, 24);
    (void)snprintf(path, sizeof(path), "%s/plain.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t(x)", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?1)", -1, &st, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(st, 1, w, 24, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    fd = open(path, O_RDONLY);
    assert_ok(en_buf_reserve(&raw, 65536));
    raw.n = (size_t)read(fd, raw.p, 65536);
    (void)close(fd);
    assert_non_null(search(raw.p, raw.n));
    en_buf_free(&raw);
    (void)unlink(path);
    drop_dir(dir);
}

/* Keys of the vault that no test gives: read where the product keeps them. */
static void plant_keys_of(const char *dir)
{
    struct en_vault_keys keys = {{{0}}, {{0}}, {{0}}, {{0}}, {{0}}};
    struct en_vault_header h;
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    char path[512];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/vault.hdr", dir);
    fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
    (void)close(fd);
    assert_ok(en_vault_header_read(EN_SPAN_OF(bytes), &h, NULL));
    assert_ok(en_keyslot_open(&h, 0, &kek, &keys.mk));
    assert_ok(en_vault_header_open(bytes, &h, &keys));
    plant("the master key", keys.mk.b, 32);
    plant("the data key", keys.dek.b, 32);
    plant("the page key", keys.page.b, 32);
    plant("the wal key", keys.wal.b, 32);
    plant("the guard key", keys.guard.b, 32);
    en_wipe(&keys, sizeof(keys));
}

static en_err see_record(void *user, const struct en_stored *r)
{
    *(size_t *)user += r->payload.n + r->aux.n;
    return EN_OK;
}

static en_err see_row(void *user, const struct en_row *r)
{
    *(size_t *)user += r->body.n;
    return EN_OK;
}

/* Deep below, so that what the calls left on the stack is overwritten or found. */
static __attribute__((noinline)) void burn(void)
{
    uint8_t b[65536];

    en_wipe(b, sizeof(b));
}

static __attribute__((noinline)) void use_vault(const char *dir, bool control)
{
    struct en_vault *v = made(dir);
    struct en_id log = store_log_id(0, 0);
    struct en_find q = {.cid = store_circle_id(0),
                        .kind = 1,
                        .from = INT64_MIN,
                        .to = INT64_MAX};
    const char *what = NULL;
    size_t seen = 0;

    for (uint64_t n = 0; n < 6; n++)
        step(v, n);
    plant_keys_of(dir);
    assert_ok(en_store_scan(en_vault_store(v), &log, 0, see_record, &seen));
    assert_ok(en_store_find(en_vault_store(v), &q, see_row, &seen));
    for (uint64_t n = 0; n < 6; n++) {
        struct en_key_name name = store_key_name(0, 1, n);
        struct en_key k;

        assert_ok(en_store_key(en_vault_store(v), &name, &k));
        en_key_wipe(&k);
    }
    assert_true(seen > 100);
    if (control) {
        assert_true(in_memory(&what)); /* an open vault holds them */
        assert_non_null(what);
    }
    en_vault_close(v);
}

static void nothing_is_left_in_memory_once_the_vault_is_shut(void **state)
{
    const char *what = NULL;
    char *dir;

    (void)state;
    if (SHADOWED)
        skip();
    dir = new_dir();
    use_vault(dir, true);
    burn(); /* of this test's own batches */
    if (in_memory(&what))
        fail_msg("%s is still in memory", what);
    drop_dir(dir);
}

/* The same for an opening that fails after the keys were out. */
static void nothing_is_left_in_memory_after_a_refused_opening(void **state)
{
    char path[512];
    const char *what = NULL;
    struct en_vault *v = NULL;
    uint8_t bad[4096] = {0};
    char *dir;
    int fd;

    (void)state;
    if (SHADOWED)
        skip();
    dir = new_dir();
    use_vault(dir, false);
    (void)snprintf(path, sizeof(path), "%s/g0000000000000001.db", dir);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, bad, sizeof(bad), 0), sizeof(bad));
    (void)close(fd);
    assert_err(en_vault_open_kek(dir, &kek, en_rng_system(), &env, &v, NULL),
               EN_FORGED);
    burn();
    if (in_memory(&what))
        fail_msg("%s is still in memory", what);
    drop_dir(dir);
}

static __attribute__((noinline)) void use_passphrase(const char *dir)
{
    char w[25];
    struct en_vault *v = NULL;
    struct en_vault_header h;
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    char path[512];
    struct en_key k;
    int fd;

    word(w, 999);
    plant("the passphrase", (const uint8_t *)w, 24);
    assert_ok(en_vault_create(dir, en_span_str(w), &cost, en_rng_system(), &env,
                              &v, NULL));
    en_vault_close(v);
    v = NULL;
    assert_ok(
        en_vault_open(dir, en_span_str(w), en_rng_system(), &env, &v, NULL));
    en_vault_close(v);
    (void)snprintf(path, sizeof(path), "%s/vault.hdr", dir);
    fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
    (void)close(fd);
    assert_ok(en_vault_header_read(EN_SPAN_OF(bytes), &h, NULL));
    assert_ok(en_keyslot_kek(en_span_str(w), &cost, h.slot[0].salt, &k));
    plant("the kek", k.b, 32);
    en_key_wipe(&k);
    en_wipe(w, sizeof(w));
}

static void passphrase_and_its_key_are_left_nowhere(void **state)
{
    const char *what = NULL;
    char *dir;

    (void)state;
    if (SHADOWED)
        skip();
    dir = new_dir();
    use_passphrase(dir);
    burn();
    if (in_memory(&what))
        fail_msg("%s is still in memory", what);
    drop_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(planted_words_are_in_no_file_at_any_time, fresh),
        cmocka_unit_test_setup(the_hunt_finds_planted_words_in_a_plain_database,
                               fresh),
        cmocka_unit_test_setup(nothing_is_left_in_memory_once_the_vault_is_shut,
                               fresh),
        cmocka_unit_test_setup(
            nothing_is_left_in_memory_after_a_refused_opening, fresh),
        cmocka_unit_test_setup(passphrase_and_its_key_are_left_nowhere, fresh),
    };

    if (en_secret_init() != EN_OK || en_vault_process_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
