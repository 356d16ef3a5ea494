/* core/vault/vault: create, open, lock; and a vault that somebody touched. */
#include "help.h"

#include "lib/store_fill.h"
#include "vault/disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static const struct en_pwhash_cost weak = {EN_PWHASH_WEAK_OPS,
                                           EN_PWHASH_WEAK_KIB};
static const struct en_vault_env env = {.time_ms = TIME_MS};

#define FIRST  BYTES("correct horse battery")
#define SECOND BYTES("une phrase \xc3\xa0 elle")

static en_err open_by(const char *dir, struct en_span pass, struct en_vault **v,
                      struct en_why *why)
{
    *why = (struct en_why){0};
    *v = NULL;
    return en_vault_open(dir, pass, en_rng_system(), &env, v, why);
}

static en_err create_by(const char *dir, struct en_span pass,
                        struct en_vault **v, struct en_why *why)
{
    *why = (struct en_why){0};
    *v = NULL;
    return en_vault_create(dir, pass, &weak, en_rng_system(), &env, v, why);
}

/* ---- passphrases ---- */

static void passphrase_opens_what_it_made_and_no_other_does(void **state)
{
    char *dir = new_dir();
    struct en_vault *v;
    struct en_why why;

    (void)state;
    assert_false(en_vault_exists(dir, NULL));
    assert_err(open_by(dir, FIRST, &v, &why), EN_ABSENT);
    assert_int_equal(why.reason, EN_WHY_NO_VAULT);
    assert_ok(create_by(dir, FIRST, &v, &why));
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    assert_true(en_vault_exists(dir, NULL));
    assert_err(open_by(dir, SECOND, &v, &why), EN_PASSPHRASE);
    assert_null(v);
    assert_err(open_by(dir, EN_SPAN(NULL, 0), &v, &why), EN_PASSPHRASE);
    assert_err(open_by(dir, BYTES("\xff\xff"), &v, &why), EN_PASSPHRASE);
    assert_ok(open_by(dir, FIRST, &v, &why));
    assert_int_equal(own_count(v), 1);
    assert_true(en_vault_signs(v));
    assert_ok(en_vault_verify(v, FIRST, &why));
    assert_err(en_vault_verify(v, SECOND, &why), EN_PASSPHRASE);
    assert_ok(append_own(v, 1)); /* asking has changed nothing */
    en_vault_close(v);
    drop_dir(dir);
}

static void second_creation_is_refused_and_touches_nothing(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_vault *w = NULL;
    struct en_why why;

    (void)state;
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    assert_err(create_by(dir, FIRST, &w, &why), EN_DENIED);
    assert_int_equal(why.reason, EN_WHY_VAULT_EXISTS);
    assert_null(w);
    v = opened(dir);
    assert_int_equal(own_count(v), 1);
    en_vault_close(v);
    drop_dir(dir);
}

static void new_passphrase_out_of_bounds_is_refused(void **state)
{
    static uint8_t lots[1025];
    char *dir = new_dir();
    struct en_vault *v;
    struct en_why why;
    static const struct en_pwhash_cost cheap = {1, 8192};

    (void)state;
    memset(lots, 'x', sizeof(lots));
    assert_err(create_by(dir, BYTES("eleven char"), &v, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_PASSPHRASE);
    assert_int_equal(why.n, 11);
    assert_int_equal(why.limit, 12);
    /* Characters count, not bytes. */
    assert_err(create_by(dir,
                         BYTES("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                               "\xc3\xa9\xc3\xa9"),
                         &v, &why),
               EN_RANGE);
    assert_int_equal(why.n, 7);
    assert_err(create_by(dir, EN_SPAN_OF(lots), &v, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_TEXT_LONG);
    assert_err(create_by(dir, BYTES("twelve chars\xff"), &v, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_TEXT_UTF8);
    assert_err(
        en_vault_create(dir, FIRST, &cheap, en_rng_system(), &env, &v, &why),
        EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_WEAK);
    assert_false(en_vault_exists(dir, NULL));
    assert_int_equal(rmdir(dir), 0); /* nothing was left */
    free(dir);
}

static void changed_passphrase_shuts_the_old_one_out(void **state)
{
    char *dir = new_dir();
    struct en_vault *v;
    struct en_why why;
    struct en_buf before = {0};
    struct en_buf after = {0};
    struct en_vault_state st;

    (void)state;
    assert_ok(create_by(dir, FIRST, &v, &why));
    read_file(dir, "vault.hdr", &before);
    assert_err(en_vault_passphrase(v, SECOND, SECOND, &weak, &why),
               EN_PASSPHRASE);
    assert_err(en_vault_passphrase(v, FIRST, BYTES("short"), &weak, &why),
               EN_RANGE);
    read_file(dir, "vault.hdr", &after);
    assert_true(en_span_eq(en_buf_span(&before), en_buf_span(&after)));
    assert_ok(en_vault_passphrase(v, FIRST, SECOND, &weak, &why));
    en_vault_state(v, &st);
    assert_int_equal(st.sequence, 2);
    assert_false(has_file(dir, "vault.new"));
    read_file(dir, "vault.hdr", &after);
    /* A new salt, a new box, a new MAC. */
    assert_memory_not_equal(before.p + 160, after.p + 160, 16);
    assert_memory_not_equal(before.p + 232, after.p + 232, 48);
    assert_memory_not_equal(before.p + 992, after.p + 992, 32);
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    assert_err(open_by(dir, FIRST, &v, &why), EN_PASSPHRASE);
    assert_ok(open_by(dir, SECOND, &v, &why));
    assert_int_equal(own_count(v), 1);
    en_vault_close(v);
    en_buf_free(&before);
    en_buf_free(&after);
    drop_dir(dir);
}

/* ---- files ---- */

static mode_t mode_of(const char *dir, const char *name)
{
    char path[512];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void files_and_folder_are_the_owners_alone(void **state)
{
    char *base = new_dir();
    char dir[256];
    struct en_vault *v;
    mode_t old = umask(0);

    (void)state;
    (void)snprintf(dir, sizeof(dir), "%s/a/b", base);
    v = made(dir);
    assert_ok(append_own(v, 0));
    assert_int_equal(mode_of(dir, "."), 0700);
    assert_int_equal(mode_of(base, "a"), 0700);
    assert_int_equal(mode_of(dir, "vault.hdr"), 0600);
    assert_int_equal(mode_of(dir, "vault.guard"), 0600);
    assert_int_equal(mode_of(dir, DB_NAME), 0600);
    assert_int_equal(mode_of(dir, WAL_NAME), 0600);
    en_vault_close(v);
    (void)umask(old);
    drop_dir(strdup(dir));
    (void)snprintf(dir, sizeof(dir), "%s/a", base);
    assert_int_equal(rmdir(dir), 0);
    drop_dir(base);
}

static void open_folder_is_taken_from_others_at_creation(void **state)
{
    char *dir = new_dir();

    (void)state;
    assert_int_equal(chmod(dir, 0755), 0);
    en_vault_close(made(dir));
    assert_int_equal(mode_of(dir, "."), 0700);
    drop_dir(dir);
}

static void rubbish_is_removed_and_other_names_are_left(void **state)
{
    static const char *const rubbish[] = {"g0000000000000002.db",
                                          "g0000000000000002.db-wal",
                                          "gffffffffffffffff.db-shm",
                                          DB_NAME "-journal",
                                          "vault.new",
                                          "g00000000000000ff.db-journal"};
    static const char *const others[] = {"g1.db", "notes.txt",
                                         "g0000000000000002.dbx",
                                         "g000000000000000G.db", "vault.old"};
    char *dir = new_dir();
    struct en_vault *v = made(dir);

    (void)state;
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    for (size_t i = 0; i < 6; i++)
        write_file(dir, rubbish[i], BYTES("rubbish"));
    for (size_t i = 0; i < 5; i++)
        write_file(dir, others[i], BYTES("other"));
    v = opened(dir);
    assert_int_equal(own_count(v), 1);
    for (size_t i = 0; i < 6; i++)
        assert_false(has_file(dir, rubbish[i]));
    for (size_t i = 0; i < 5; i++)
        assert_true(has_file(dir, others[i]));
    en_vault_close(v);
    drop_dir(dir);
}

/* Whoever cannot open the vault cannot make it throw anything away. */
static void rubbish_is_left_while_the_header_is_not_proved(void **state)
{
    char *dir = new_dir();
    struct en_vault *v;
    struct en_why why;
    struct en_buf header = {0};

    (void)state;
    en_vault_close(made(dir));
    write_file(dir, "g0000000000000002.db", BYTES("perhaps the good one"));
    read_file(dir, "vault.hdr", &header);
    header.p[40] ^= 3; /* the generation */
    write_file(dir, "vault.hdr", en_buf_span(&header));
    assert_err(opening(dir, &why), EN_FORGED);
    assert_true(has_file(dir, DB_NAME));
    assert_true(has_file(dir, "g0000000000000002.db"));
    header.p[40] ^= 3;
    write_file(dir, "vault.hdr", en_buf_span(&header));
    v = opened(dir);
    en_vault_close(v);
    en_buf_free(&header);
    drop_dir(dir);
}

static void cut_creation_is_begun_anew(void **state)
{
    char *dir = new_dir();
    struct en_vault *v;

    (void)state;
    write_file(dir, DB_NAME, BYTES("half a database"));
    write_file(dir, WAL_NAME, BYTES("half a log"));
    write_file(dir, "vault.guard", BYTES("a guard"));
    write_file(dir, "vault.new", BYTES("half a header"));
    assert_false(en_vault_exists(dir, NULL));
    v = made(dir);
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    drop_dir(dir);
}

static void link_instead_of_a_file_is_refused(void **state)
{
    static const char *const names[] = {"vault.hdr", "vault.guard", DB_NAME};
    char *dir = new_dir();
    char path[512];
    struct en_why why;
    struct en_vault *v;

    (void)state;
    en_vault_close(made(dir));
    for (size_t i = 0; i < 3; i++) {
        copy_file(dir, names[i], "elsewhere");
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("elsewhere", path), 0);
        if (i == 1) {
            /* A guard that cannot be read is no guard. */
            v = opened(dir);
            assert_false(en_vault_signs(v));
            en_vault_close(v);
        } else {
            assert_err(opening(dir, &why), EN_FORGED);
            assert_int_equal(why.reason,
                             i == 0 ? EN_WHY_HEADER : EN_WHY_DAMAGED);
        }
        assert_int_equal(unlink(path), 0);
        copy_file(dir, "elsewhere", names[i]);
        assert_err(opening(dir, &why), EN_OK);
    }
    assert_true(en_vault_exists(dir, NULL));
    drop_dir(dir);
}

static void folder_that_cannot_be_written_is_told(void **state)
{
    char *dir = new_dir();
    char sub[256];
    int status = 0;
    pid_t pid;

    (void)state;
    en_vault_close(made(dir));
    (void)snprintf(sub, sizeof(sub), "%s/sub", dir);
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct en_vault *v = NULL;
        struct en_why why = {0};
        bool ok;

        /* Root may write anywhere: be nobody. By a relative path, since nobody
         * may not pass the folders above. */
        if (chdir(dir) != 0 || chmod(".", 0500) != 0)
            _exit(8);
        if (chown(".", 65534, 65534) != 0 || setgid(65534) != 0 ||
            setuid(65534) != 0)
            _exit(geteuid() == 0 ? 9 : 0);
        (void)snprintf(sub, sizeof(sub), "sub");
        ok = en_vault_create_kek(sub, test_kek(), &weak, (uint8_t[16]){0},
                                 en_rng_system(), &env, &v, &why) == EN_IO &&
             why.reason == EN_WHY_READ_ONLY && v == NULL;
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(chmod(dir, 0700), 0);
    drop_dir(dir);
}

/* The same for a vault that is there: files that may be read only. */
static void vault_that_cannot_be_written_is_told(void **state)
{
    char *dir = new_dir();
    char path[512];
    int status = 0;
    pid_t pid;

    (void)state;
    en_vault_close(made(dir));
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        static const char *const names[] = {"vault.hdr", "vault.guard",
                                            DB_NAME};
        struct en_why why = {0};

        for (size_t i = 0; i < 3; i++) {
            (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
            if (chmod(path, 0444) != 0)
                _exit(7);
        }
        if (chmod(dir, 0555) != 0 ||
            (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)))
            _exit(9);
        if (opening(dir, &why) != EN_IO)
            _exit(1);
        _exit(why.reason == EN_WHY_READ_ONLY ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(chmod(dir, 0700), 0);
    drop_dir(dir);
}

/* ---- a vault that somebody touched ---- */

static void cut_or_foreign_header_is_refused(void **state)
{
    char *dir = new_dir();
    char *other = new_dir();
    struct en_buf header = {0};
    struct en_buf foreign = {0};
    struct en_why why;

    (void)state;
    en_vault_close(made(dir));
    en_vault_close(made(other));
    read_file(dir, "vault.hdr", &header);
    read_file(other, "vault.hdr", &foreign);
    for (size_t n = 0; n < header.n; n += n < 32 ? 1 : 97) {
        write_file(dir, "vault.hdr", EN_SPAN(header.p, n));
        assert_err(opening(dir, &why), EN_FORGED);
        assert_int_equal(why.reason, EN_WHY_HEADER);
    }
    assert_ok(en_buf_add_u8(&header, 0));
    write_file(dir, "vault.hdr", en_buf_span(&header));
    assert_err(opening(dir, &why), EN_FORGED);
    /* The same passphrase, but another vault's database behind it. */
    write_file(dir, "vault.hdr", en_buf_span(&foreign));
    assert_err(opening(dir, &why), EN_FORGED);
    assert_int_equal(why.reason, EN_WHY_DAMAGED);
    header.p[8] = 2;
    write_file(dir, "vault.hdr", en_buf_span(&header));
    assert_err(opening(dir, &why), EN_FORGED); /* 1,025 bytes */
    write_file(dir, "vault.hdr", EN_SPAN(header.p, 1024));
    assert_err(opening(dir, &why), EN_VERSION);
    assert_int_equal(why.reason, EN_WHY_NEWER);
    en_buf_free(&header);
    en_buf_free(&foreign);
    drop_dir(dir);
    drop_dir(other);
}

/* A vault with some pages; closed, its database read into db. */
static char *filled(struct en_buf *db)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);

    for (uint64_t i = 0; i < 40; i++)
        assert_ok(append_own(v, i));
    en_vault_close(v);
    read_file(dir, DB_NAME, db);
    assert_int_equal(db->n % 4096, 0);
    return dir;
}

/* What a vault with that database says: everything, or that a page is bad. */
static bool found_out(const char *dir, size_t page)
{
    struct en_vault *v = NULL;
    struct en_why why = {0};
    en_err err;

    err = en_vault_open_kek(dir, test_kek(), en_rng_system(), &env, &v, &why);
    if (err == EN_OK) {
        err = en_vault_check(v, &why);
        en_vault_close(v);
    }
    if (err == EN_OK)
        return false;
    if (err != EN_FORGED || why.reason != EN_WHY_DAMAGED)
        fail_msg("page %zu: %s, reason %d", page, en_err_name(err),
                 (int)why.reason);
    assert_string_equal(why.what, DB_NAME);
    return true;
}

static void any_touched_page_is_found_out(void **state)
{
    struct en_buf db = {0};
    char *dir = filled(&db);
    size_t pages = db.n / 4096;

    (void)state;
    assert_true(pages > 12);
    assert_false(found_out(dir, 0));
    for (size_t n = 0; n < pages; n++) {
        size_t at = n * 4096 + (n * 1237) % 4096;

        db.p[at] ^= 0x10;
        write_file(dir, DB_NAME, en_buf_span(&db));
        assert_true(found_out(dir, n + 1));
        db.p[at] ^= 0x10;
    }
    write_file(dir, DB_NAME, en_buf_span(&db));
    assert_false(found_out(dir, 0));
    en_buf_free(&db);
    drop_dir(dir);
}

static void swapped_repeated_and_missing_pages_are_found_out(void **state)
{
    struct en_buf db = {0};
    char *dir = filled(&db);
    uint8_t kept[4096];

    (void)state;
    for (size_t n = 0; n + 1 < db.n / 4096; n++) {
        uint8_t *a = db.p + n * 4096;

        memcpy(kept, a, 4096);
        memcpy(a, a + 4096, 4096);
        write_file(dir, DB_NAME, en_buf_span(&db)); /* one of them twice */
        assert_true(found_out(dir, n + 1));
        memcpy(a + 4096, kept, 4096);
        write_file(dir, DB_NAME, en_buf_span(&db)); /* in each other's place */
        assert_true(found_out(dir, n + 1));
        memcpy(a + 4096, a, 4096);
        memcpy(a, kept, 4096);
    }
    write_file(dir, DB_NAME, EN_SPAN(db.p, db.n - 4096));
    assert_true(found_out(dir, 0));
    write_file(dir, DB_NAME, EN_SPAN(db.p, 0));
    assert_true(found_out(dir, 0));
    memset(db.p + 4096, 0, 4096);
    write_file(dir, DB_NAME, en_buf_span(&db));
    assert_true(found_out(dir, 0));
    en_buf_free(&db);
    drop_dir(dir);
}

static en_err pass_record(void *user, const struct en_stored *r)
{
    (void)user;
    (void)r;
    return EN_OK;
}

static void damaged_page_is_an_error_of_the_read_that_meets_it(void **state)
{
    struct en_buf db = {0};
    char *dir = filled(&db);
    struct en_id log = store_log_id(0, 0);
    size_t hit = 0;

    (void)state;
    for (size_t n = 1; n < db.n / 4096; n++) {
        struct en_vault *v = NULL;
        struct en_why why;
        en_err err;

        db.p[n * 4096 + 5] ^= 1;
        write_file(dir, DB_NAME, en_buf_span(&db));
        db.p[n * 4096 + 5] ^= 1;
        err =
            en_vault_open_kek(dir, test_kek(), en_rng_system(), &env, &v, &why);
        if (err != EN_OK)
            continue;
        err = en_store_scan(en_vault_store(v), &log, 0, pass_record, NULL);
        if (err == EN_FORGED) {
            assert_int_equal(en_vault_why(v)->reason, EN_WHY_DAMAGED);
            hit++;
        }
        en_vault_close(v);
    }
    en_buf_free(&db);
    drop_dir(dir);
    assert_true(hit > 0);
}

static void lost_database_is_found_out(void **state)
{
    struct en_buf db = {0};
    char *dir = filled(&db);
    char path[512];
    struct en_why why;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/%s", dir, DB_NAME);
    assert_int_equal(unlink(path), 0);
    assert_err(opening(dir, &why), EN_FORGED);
    assert_int_equal(why.reason, EN_WHY_DAMAGED);
    assert_false(has_file(dir, DB_NAME));
    en_buf_free(&db);
    drop_dir(dir);
}

static void planted_journal_changes_nothing(void **state)
{
    struct en_buf db = {0};
    char *dir = filled(&db);
    uint8_t journal[512 + 4 + 4096 + 4] = {0xd9, 0xd5, 0x05, 0xf9,
                                           0x20, 0xa1, 0x63, 0xd7};
    struct en_vault *v;

    (void)state;
    /* A hot journal that would roll page 1 back to zeros. */
    journal[11] = 1;  /* one page */
    journal[19] = 20; /* the database's size then */
    journal[22] = 2;  /* sectors of 512 */
    journal[26] = 16; /* pages of 4,096 */
    journal[515] = 1; /* page number */
    write_file(dir, DB_NAME "-journal", EN_SPAN_OF(journal));
    v = opened(dir);
    assert_int_equal(own_count(v), 40);
    assert_ok(en_vault_check(v, NULL));
    assert_true(en_vault_signs(v));
    assert_ok(append_own(v, 40));
    en_vault_close(v);
    en_buf_free(&db);
    drop_dir(dir);
}

static void foreign_log_is_ignored(void **state)
{
    char *dir = new_dir();
    char *other = new_dir();
    struct en_vault *v = made(dir);
    struct en_vault *w = made(other);
    struct en_buf log = {0};

    (void)state;
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    for (uint64_t i = 0; i < 5; i++)
        assert_ok(append_own(w, i));
    read_file(other, WAL_NAME, &log);
    en_vault_close(w);
    write_file(dir, WAL_NAME, en_buf_span(&log));
    v = opened(dir);
    assert_int_equal(own_count(v), 1);
    assert_true(en_vault_signs(v));
    assert_ok(en_vault_check(v, NULL));
    assert_ok(append_own(v, 1));
    en_vault_close(v);
    en_buf_free(&log);
    drop_dir(dir);
    drop_dir(other);
}

/* A log of an earlier time, laid beside a database that has moved on. */
static void old_log_never_lets_the_device_sign(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_buf log = {0};
    struct en_why why = {0};
    en_err err;

    (void)state;
    for (uint64_t i = 0; i < 5; i++)
        assert_ok(append_own(v, i));
    read_file(dir, WAL_NAME, &log);
    for (uint64_t i = 5; i < 30; i++)
        assert_ok(append_own(v, i));
    en_vault_close(v);
    write_file(dir, WAL_NAME, en_buf_span(&log));
    v = NULL;
    err = en_vault_open_kek(dir, test_kek(), en_rng_system(), &env, &v, &why);
    if (err == EN_OK) {
        assert_false(en_vault_signs(v));
        en_vault_close(v);
    } else {
        assert_int_equal(err, EN_FORGED);
    }
    en_buf_free(&log);
    drop_dir(dir);
}

/* ---- the guard ---- */

static void database_put_back_reads_but_does_not_sign(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_vault_state st;
    struct en_buf guard = {0};
    struct en_buf now = {0};

    (void)state;
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    copy_file(dir, DB_NAME, "kept");
    v = opened(dir);
    assert_ok(append_own(v, 1));
    assert_ok(append_own(v, 2));
    en_vault_close(v);
    read_file(dir, "vault.guard", &guard);
    copy_file(dir, "kept", DB_NAME);
    for (int i = 0; i < 2; i++) { /* it stays found out */
        v = opened(dir);
        assert_false(en_vault_signs(v));
        en_vault_state(v, &st);
        assert_int_equal(st.trust, EN_VAULT_OLDER_COPY);
        assert_int_equal(own_count(v), 1);
        assert_err(append_own(v, 1), EN_MOVED);
        assert_int_equal(en_vault_why(v)->reason, EN_WHY_OLD_COPY);
        assert_int_equal(own_count(v), 1);
        en_vault_close(v);
        read_file(dir, "vault.guard", &now);
        assert_true(en_span_eq(en_buf_span(&guard), en_buf_span(&now)));
    }
    en_buf_free(&guard);
    en_buf_free(&now);
    drop_dir(dir);
}

/* Two lives of one copy: as many commits, other records. */
static void other_tips_at_the_same_count_are_an_older_copy(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_batch b = {0};
    struct en_vault_state st;

    (void)state;
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    copy_file(dir, DB_NAME, "kept");
    copy_file(dir, "vault.guard", "kept.guard");
    v = opened(dir);
    assert_ok(append_own(v, 1));
    en_vault_close(v);
    copy_file(dir, "vault.guard", "late.guard");
    copy_file(dir, "kept", DB_NAME);
    copy_file(dir, "kept.guard", "vault.guard");
    v = opened(dir);
    store_fill(&b, 0, 0, 1, true, 1, 1, 700);
    b.rec[0].id.b[0] ^= 1;
    b.cp[0].id.b[0] ^= 1;
    assert_ok(en_store_commit(en_vault_store(v), &b));
    en_batch_free(&b);
    en_vault_close(v);
    copy_file(dir, "late.guard", "vault.guard");
    v = opened(dir);
    en_vault_state(v, &st);
    assert_int_equal(st.trust, EN_VAULT_OLDER_COPY);
    en_vault_close(v);
    drop_dir(dir);
}

static void guard_left_behind_by_a_cut_is_written_at_opening(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_buf guard = {0};

    (void)state;
    assert_ok(append_own(v, 0));
    copy_file(dir, "vault.guard", "kept");
    assert_ok(append_own(v, 1));
    en_vault_close(v);
    read_file(dir, "vault.guard", &guard);
    copy_file(dir, "kept", "vault.guard");
    v = opened(dir);
    assert_true(en_vault_signs(v));
    en_vault_close(v);
    /* And now the database that it knows of is the newer one. */
    copy_file(dir, DB_NAME, "newer");
    v = opened(dir);
    assert_true(en_vault_signs(v));
    assert_ok(append_own(v, 2));
    en_vault_close(v);
    copy_file(dir, "newer", DB_NAME);
    v = opened(dir);
    assert_false(en_vault_signs(v));
    en_vault_close(v);
    en_buf_free(&guard);
    drop_dir(dir);
}

static void lost_guard_ends_signing_and_one_lost_slot_does_not(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_buf guard = {0};
    struct en_vault_state st;
    char path[512];

    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        assert_ok(append_own(v, i));
    en_vault_close(v);
    read_file(dir, "vault.guard", &guard);
    for (size_t slot = 0; slot < 2; slot++) {
        guard.p[slot * 512 + 30] ^= 1;
        write_file(dir, "vault.guard", en_buf_span(&guard));
        guard.p[slot * 512 + 30] ^= 1;
        v = opened(dir);
        assert_true(en_vault_signs(v));
        en_vault_close(v);
    }
    guard.p[30] ^= 1;
    guard.p[512 + 30] ^= 1;
    write_file(dir, "vault.guard", en_buf_span(&guard));
    v = opened(dir);
    en_vault_state(v, &st);
    assert_int_equal(st.trust, EN_VAULT_NO_GUARD);
    assert_err(append_own(v, 3), EN_MOVED);
    en_vault_close(v);
    (void)snprintf(path, sizeof(path), "%s/vault.guard", dir);
    assert_int_equal(unlink(path), 0);
    v = opened(dir);
    assert_false(en_vault_signs(v));
    assert_int_equal(own_count(v), 3);
    en_vault_close(v);
    en_buf_free(&guard);
    drop_dir(dir);
}

static void batches_of_others_leave_the_guard_alone(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_batch b = {0};
    struct en_buf before = {0};
    struct en_buf after = {0};
    struct en_vault_state st;

    (void)state;
    assert_ok(append_own(v, 0));
    read_file(dir, "vault.guard", &before);
    store_fill(&b, 0, 3, 1, false, 0, 5, 100);
    assert_ok(en_store_commit(en_vault_store(v), &b));
    en_batch_free(&b);
    read_file(dir, "vault.guard", &after);
    assert_true(en_span_eq(en_buf_span(&before), en_buf_span(&after)));
    assert_ok(append_own(v, 1));
    en_vault_state(v, &st);
    assert_int_equal(st.counter, 2);
    read_file(dir, "vault.guard", &after);
    assert_false(en_span_eq(en_buf_span(&before), en_buf_span(&after)));
    en_vault_close(v);
    en_buf_free(&before);
    en_buf_free(&after);
    drop_dir(dir);
}

static void state_tells_what_doctor_asks(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_vault_state st;

    (void)state;
    en_vault_state(v, &st);
    assert_int_equal(st.trust, EN_VAULT_CURRENT);
    assert_false(st.broken);
    assert_int_equal(st.frames_damaged, 0);
    assert_int_equal(st.counter, 0);
    assert_int_equal(st.sequence, 1);
    assert_int_equal(st.generation, 1);
    assert_int_equal(st.since_ms, TIME_MS);
    assert_true(st.bytes >= 4096);
    en_vault_close(v);
    drop_dir(dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passphrase_opens_what_it_made_and_no_other_does),
        cmocka_unit_test(second_creation_is_refused_and_touches_nothing),
        cmocka_unit_test(new_passphrase_out_of_bounds_is_refused),
        cmocka_unit_test(changed_passphrase_shuts_the_old_one_out),
        cmocka_unit_test(files_and_folder_are_the_owners_alone),
        cmocka_unit_test(open_folder_is_taken_from_others_at_creation),
        cmocka_unit_test(rubbish_is_removed_and_other_names_are_left),
        cmocka_unit_test(rubbish_is_left_while_the_header_is_not_proved),
        cmocka_unit_test(cut_creation_is_begun_anew),
        cmocka_unit_test(link_instead_of_a_file_is_refused),
        cmocka_unit_test(folder_that_cannot_be_written_is_told),
        cmocka_unit_test(vault_that_cannot_be_written_is_told),
        cmocka_unit_test(cut_or_foreign_header_is_refused),
        cmocka_unit_test(any_touched_page_is_found_out),
        cmocka_unit_test(swapped_repeated_and_missing_pages_are_found_out),
        cmocka_unit_test(damaged_page_is_an_error_of_the_read_that_meets_it),
        cmocka_unit_test(lost_database_is_found_out),
        cmocka_unit_test(planted_journal_changes_nothing),
        cmocka_unit_test(foreign_log_is_ignored),
        cmocka_unit_test(old_log_never_lets_the_device_sign),
        cmocka_unit_test(database_put_back_reads_but_does_not_sign),
        cmocka_unit_test(other_tips_at_the_same_count_are_an_older_copy),
        cmocka_unit_test(guard_left_behind_by_a_cut_is_written_at_opening),
        cmocka_unit_test(lost_guard_ends_signing_and_one_lost_slot_does_not),
        cmocka_unit_test(batches_of_others_leave_the_guard_alone),
        cmocka_unit_test(state_tells_what_doctor_asks),
    };

    if (en_secret_init() != EN_OK || en_vault_process_init() != EN_OK)
        return 2;
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
