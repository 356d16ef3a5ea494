/* core/vault/schema: every setting is read back, every version looked at. */
#include "help.h"

#include "vault/schema.h"

static int64_t ask(struct en_vault *v, const char *sql)
{
    int64_t n = -99;

    assert_ok(en_schema_number(en_vault_db(v), sql, &n));
    return n;
}

static void says(struct en_vault *v, const char *sql, const char *want)
{
    sqlite3_stmt *st = NULL;

    assert_int_equal(sqlite3_prepare_v2(en_vault_db(v), sql, -1, &st, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0), want);
    (void)sqlite3_finalize(st);
}

/* One connection newly made and one opened. */
static void each_setting_is_in_force(void **state)
{
    static const struct {
        int op;
        int value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0},
    };
    char *dir = new_dir();
    struct en_vault *v = made(dir);

    (void)state;
    for (int round = 0; round < 2; round++) {
        says(v, "PRAGMA locking_mode", "exclusive");
        says(v, "PRAGMA journal_mode", "wal");
        assert_int_equal(ask(v, "PRAGMA synchronous"), 3);
        assert_int_equal(ask(v, "PRAGMA cache_spill"), 0);
        assert_int_equal(ask(v, "PRAGMA temp_store"), 2);
        assert_int_equal(ask(v, "PRAGMA secure_delete"), 1);
        assert_int_equal(ask(v, "PRAGMA foreign_keys"), 1);
        assert_int_equal(ask(v, "PRAGMA trusted_schema"), 0);
        assert_int_equal(ask(v, "PRAGMA cell_size_check"), 1);
        assert_int_equal(ask(v, "PRAGMA wal_autocheckpoint"), 1000);
        assert_int_equal(ask(v, "PRAGMA journal_size_limit"), 4194304);
        assert_int_equal(ask(v, "PRAGMA page_size"), 4096);
        assert_int_equal(ask(v, "PRAGMA user_version"), EN_SCHEMA_VERSION);
        for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
            int got = -1;

            assert_int_equal(
                sqlite3_db_config(en_vault_db(v), options[i].op, -1, &got),
                SQLITE_OK);
            assert_int_equal(got, options[i].value);
        }
        assert_int_equal(
            sqlite3_limit(en_vault_db(v), SQLITE_LIMIT_ATTACHED, -1), 0);
        assert_int_equal(sqlite3_limit(en_vault_db(v), SQLITE_LIMIT_LENGTH, -1),
                         2097152);
        assert_int_equal(
            sqlite3_limit(en_vault_db(v), SQLITE_LIMIT_TRIGGER_DEPTH, -1), 1);
        en_vault_close(v);
        v = opened(dir);
    }
    en_vault_close(v);
    drop_dir(dir);
}

static void only_the_four_files_are_there_while_open(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);

    (void)state;
    assert_ok(append_own(v, 0));
    assert_true(has_file(dir, "vault.hdr"));
    assert_true(has_file(dir, "vault.guard"));
    assert_true(has_file(dir, DB_NAME));
    assert_true(has_file(dir, WAL_NAME));
    assert_false(has_file(dir, DB_NAME "-shm"));
    assert_false(has_file(dir, DB_NAME "-journal"));
    en_vault_close(v);
    assert_false(has_file(dir, WAL_NAME));
    drop_dir(dir);
}

static void newer_schema_is_refused_untouched(void **state)
{
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    struct en_buf db = {0};
    struct en_buf wal = {0};
    struct en_buf now = {0};
    struct en_why why;

    (void)state;
    assert_ok(append_own(v, 0));
    assert_ok(en_schema_exec(en_vault_db(v), "PRAGMA user_version=99"));
    read_file(dir, DB_NAME, &db); /* the log holds it all: as if killed here */
    read_file(dir, WAL_NAME, &wal);
    en_vault_close(v);
    write_file(dir, DB_NAME, en_buf_span(&db));
    write_file(dir, WAL_NAME, en_buf_span(&wal));
    for (int i = 0; i < 2; i++) {
        assert_err(opening(dir, &why), EN_VERSION);
        assert_int_equal(why.reason, EN_WHY_NEWER);
        assert_int_equal(why.n, 99);
        read_file(dir, DB_NAME, &now);
        assert_true(en_span_eq(en_buf_span(&now), en_buf_span(&db)));
        read_file(dir, WAL_NAME, &now);
        assert_true(en_span_eq(en_buf_span(&now), en_buf_span(&wal)));
    }
    en_buf_free(&db);
    en_buf_free(&wal);
    en_buf_free(&now);
    drop_dir(dir);
}

static void setting_that_does_not_take_is_an_error(void **state)
{
    sqlite3 *db = NULL;

    (void)state;
    /* In memory there is no write-ahead log to be had. */
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_err(en_schema_connect(db, false), EN_IO);
    (void)sqlite3_close(db);
}

static void sqlite_answers_become_ours(void **state)
{
    (void)state;
    assert_err(en_sql_err(SQLITE_OK), EN_OK);
    assert_err(en_sql_err(SQLITE_ROW), EN_OK);
    assert_err(en_sql_err(SQLITE_DONE), EN_OK);
    assert_err(en_sql_err(SQLITE_NOMEM), EN_NOMEM);
    assert_err(en_sql_err(SQLITE_IOERR_NOMEM), EN_NOMEM);
    assert_err(en_sql_err(SQLITE_FULL), EN_FULL);
    assert_err(en_sql_err(SQLITE_BUSY), EN_BUSY);
    assert_err(en_sql_err(SQLITE_CORRUPT), EN_FORGED);
    assert_err(en_sql_err(SQLITE_NOTADB), EN_FORGED);
    assert_err(en_sql_err(SQLITE_IOERR_DATA), EN_FORGED);
    assert_err(en_sql_err(SQLITE_TOOBIG), EN_RANGE);
    assert_err(en_sql_err(SQLITE_IOERR_WRITE), EN_IO);
    assert_err(en_sql_err(SQLITE_CONSTRAINT), EN_IO);
}

static void allocator_is_replaced_once(void **state)
{
    (void)state;
    assert_ok(en_vault_process_init());
    assert_ok(en_vault_process_init());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_setting_is_in_force),
        cmocka_unit_test(only_the_four_files_are_there_while_open),
        cmocka_unit_test(newer_schema_is_refused_untouched),
        cmocka_unit_test(setting_that_does_not_take_is_an_error),
        cmocka_unit_test(sqlite_answers_become_ours),
        cmocka_unit_test(allocator_is_replaced_once),
    };

    if (en_secret_init() != EN_OK || en_vault_process_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
