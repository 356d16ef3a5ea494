#include "vault/schema.h"

#include <stddef.h>
#include <string.h>

en_err en_sql_err(int rc)
{
    if (rc == SQLITE_IOERR_NOMEM)
        return EN_NOMEM;
    if (rc == SQLITE_IOERR_DATA)
        return EN_FORGED;
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return EN_OK;
    case SQLITE_NOMEM: return EN_NOMEM;
    case SQLITE_FULL: return EN_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return EN_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return EN_FORGED;
    case SQLITE_TOOBIG: return EN_RANGE;
    default: return EN_IO;
    }
}

/* Runs sql and compares the first column of its first row with want. */
static int ask(sqlite3 *db, const char *sql, const char *want, bool *same)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    const unsigned char *got;

    *same = false;
    if (rc != SQLITE_OK)
        return rc;
    rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        got = sqlite3_column_text(st, 0);
        *same = got != NULL && strcmp((const char *)got, want) == 0;
        rc = sqlite3_step(st);
    }
    (void)sqlite3_finalize(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

struct setting {
    const char *set; /* NULL: only asked */
    const char *get;
    const char *want;
    bool making; /* only for a database without pages */
};

/*
 * The order matters. EXCLUSIVE first: the log's index then lives in our memory
 * and no -shm file appears. EXTRA before WAL: the other way round a new vault can
 * fall back to empty. cache_spill off: stock 3.40.1 in WAL mode loses
 * acknowledged commits after a spill inside a savepoint that is rolled back (the
 * frames that follow keep empty checksums).
 */
static const struct setting settings[] = {
    {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA locking_mode", "exclusive",
     false},
    {"PRAGMA journal_mode=OFF", "PRAGMA journal_mode", "off", true},
    {"PRAGMA synchronous=EXTRA", "PRAGMA synchronous", "3", false},
    {"PRAGMA journal_mode=WAL", "PRAGMA journal_mode", "wal", false},
    {"PRAGMA cache_spill=OFF", "PRAGMA cache_spill", "0", false},
    {"PRAGMA temp_store=MEMORY", "PRAGMA temp_store", "2", false},
    {"PRAGMA secure_delete=ON", "PRAGMA secure_delete", "1", false},
    {"PRAGMA foreign_keys=ON", "PRAGMA foreign_keys", "1", false},
    {"PRAGMA trusted_schema=OFF", "PRAGMA trusted_schema", "0", false},
    {"PRAGMA cell_size_check=ON", "PRAGMA cell_size_check", "1", false},
    {"PRAGMA wal_autocheckpoint=1000", "PRAGMA wal_autocheckpoint", "1000",
     false},
    {"PRAGMA journal_size_limit=4194304", "PRAGMA journal_size_limit",
     "4194304", false},
    {"PRAGMA cache_size=-8192", "PRAGMA cache_size", "-8192", false},
    {NULL, "PRAGMA page_size", "4096", false},
};

struct option {
    int op;
    int value;
};

static const struct option options[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
};

/* What our own statements need, and no more. */
static const struct option limits[] = {
    {SQLITE_LIMIT_LENGTH, 2097152},    /* a row's body is at most 1 MiB */
    {SQLITE_LIMIT_SQL_LENGTH, 4096},   /* our longest is under 1 KiB */
    {SQLITE_LIMIT_COLUMN, 32},         /* our widest table has 9 */
    {SQLITE_LIMIT_EXPR_DEPTH, 16},     /* */
    {SQLITE_LIMIT_COMPOUND_SELECT, 2}, /* none */
    {SQLITE_LIMIT_VDBE_OP, 25000},     /* */
    {SQLITE_LIMIT_FUNCTION_ARG, 8},    /* substr: 3 */
    {SQLITE_LIMIT_ATTACHED, 0},        /* one database */
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 16},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 16}, /* our most is 9 */
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},    /* none */
    {SQLITE_LIMIT_WORKER_THREADS, 0},   /* one thread */
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

en_err en_schema_connect(sqlite3 *db, bool making)
{
    bool same;
    int rc;

    for (size_t i = 0; i < COUNT(limits); i++) {
        (void)sqlite3_limit(db, limits[i].op, limits[i].value);
        if (sqlite3_limit(db, limits[i].op, -1) != limits[i].value)
            return EN_IO;
    }
    for (size_t i = 0; i < COUNT(settings); i++) {
        if (settings[i].making && !making)
            continue;
        rc = SQLITE_OK;
        if (settings[i].set != NULL)
            rc = ask(db, settings[i].set, "", &same);
        if (rc == SQLITE_OK)
            rc = ask(db, settings[i].get, settings[i].want, &same);
        if (rc != SQLITE_OK)
            return en_sql_err(rc);
        if (!same)
            return EN_IO;
    }
    /* Last: DEFENSIVE refuses journal_mode=OFF, which making a database needs. */
    for (size_t i = 0; i < COUNT(options); i++) {
        int got = -1;

        rc = sqlite3_db_config(db, options[i].op, options[i].value, &got);
        if (rc != SQLITE_OK || got != options[i].value)
            return EN_IO;
    }
    return EN_OK;
}

en_err en_schema_exec(sqlite3 *db, const char *sql)
{
    return en_sql_err(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

en_err en_schema_number(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(st, 0);
    else if (rc == SQLITE_DONE)
        rc = SQLITE_CORRUPT; /* each of our questions has an answer */
    (void)sqlite3_finalize(st);
    return en_sql_err(rc);
}

/*
 * 1: circles, logs and shelves (the rows of one kind of one circle) have small
 *    numbers, so that records and rows are found by integers:
 *
 *      record.n  = log.n << 32 | seq         a scan of a log is a range
 *      arrival.n = circle.n << 32 | number   control records as they came
 *
 *    record_id keeps the first 8 bytes of an id: enough to find it, and 22 bytes
 *    a record instead of 46. It is not unique: two ids may be made to agree in 8
 *    bytes, and must then both be kept.
 */
static const char *const v1[] = {
    "CREATE TABLE meta(n INTEGER PRIMARY KEY CHECK (n = 1),"
    " counter INTEGER NOT NULL, made INTEGER NOT NULL) STRICT",
    "CREATE TABLE circle(n INTEGER PRIMARY KEY, cid BLOB NOT NULL UNIQUE,"
    " arrivals INTEGER NOT NULL) STRICT",
    "CREATE TABLE log(n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,"
    " circle INTEGER NOT NULL REFERENCES circle(n), device BLOB NOT NULL,"
    " kind INTEGER NOT NULL, own INTEGER NOT NULL, count INTEGER NOT NULL,"
    " tip BLOB NOT NULL, sig BLOB NOT NULL) STRICT",
    "CREATE TABLE record(n INTEGER PRIMARY KEY, id BLOB NOT NULL,"
    " mark INTEGER NOT NULL, arrival INTEGER NOT NULL, header BLOB NOT NULL,"
    " sig BLOB, aux BLOB, payload BLOB) STRICT",
    "CREATE INDEX record_id ON record(substr(id, 1, 8))",
    "CREATE TABLE arrival(n INTEGER PRIMARY KEY, record INTEGER NOT NULL)"
    " STRICT",
    "CREATE TABLE secret(circle INTEGER NOT NULL REFERENCES circle(n),"
    " kind INTEGER NOT NULL, ref BLOB NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY(circle, kind, ref)) STRICT, WITHOUT ROWID",
    "CREATE TABLE shelf(n INTEGER PRIMARY KEY,"
    " circle INTEGER NOT NULL REFERENCES circle(n), kind INTEGER NOT NULL,"
    " UNIQUE(circle, kind)) STRICT",
    "CREATE TABLE item(n INTEGER PRIMARY KEY, shelf INTEGER NOT NULL,"
    " sort INTEGER NOT NULL, key BLOB NOT NULL, body BLOB NOT NULL,"
    " UNIQUE(shelf, key)) STRICT",
    "CREATE INDEX item_sort ON item(shelf, sort, key)",
    NULL,
};

static const char *const *const migrations[EN_SCHEMA_VERSION] = {v1};

static int run_migration(sqlite3 *db, unsigned number, uint64_t time_ms)
{
    sqlite3_stmt *st = NULL;
    int rc = SQLITE_OK;

    for (const char *const *sql = migrations[number - 1];
         rc == SQLITE_OK && *sql != NULL; sql++)
        rc = sqlite3_exec(db, *sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK || number != 1)
        return rc;
    rc = sqlite3_prepare_v2(db, "INSERT INTO meta VALUES(1, 0, ?1)", -1, &st,
                            NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(st, 1, (sqlite3_int64)time_ms);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    (void)sqlite3_finalize(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* user_version takes no parameter. */
static int set_version(sqlite3 *db, unsigned number)
{
    char *sql = sqlite3_mprintf("PRAGMA user_version=%u", number);
    int rc = SQLITE_NOMEM;

    if (sql != NULL)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return rc;
}

en_err en_schema_migrate(sqlite3 *db, uint64_t time_ms, struct en_why *why)
{
    int64_t have = 0;
    en_err err = en_schema_number(db, "PRAGMA user_version", &have);

    if (err != EN_OK)
        return err;
    if (have < 0 || have > EN_SCHEMA_VERSION)
        return en_why_set(why, EN_VERSION, EN_WHY_NEWER, NULL, (uint64_t)have,
                          EN_SCHEMA_VERSION);
    for (unsigned next = (unsigned)have + 1; next <= EN_SCHEMA_VERSION;
         next++) {
        int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

        if (rc == SQLITE_OK)
            rc = run_migration(db, next, time_ms);
        if (rc == SQLITE_OK)
            rc = set_version(db, next);
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        if (rc != SQLITE_OK) {
            if (sqlite3_get_autocommit(db) == 0)
                (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            return en_sql_err(rc);
        }
    }
    return EN_OK;
}
