#include "bench/plain.h"

#include "bench/bench.h"

static void ok(int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        bench_fail("plain SQLite", __FILE__, __LINE__, rc);
}

void plain_exec(struct plain *p, const char *sql)
{
    ok(sqlite3_exec(p->db, sql, NULL, NULL, NULL));
}

void plain_open(struct plain *p, const char *path)
{
    *p = (struct plain){0};
    ok(sqlite3_open(path, &p->db));
    plain_exec(p, "PRAGMA locking_mode=EXCLUSIVE");
    plain_exec(p, "PRAGMA page_size=4096");
    plain_exec(p, "PRAGMA synchronous=EXTRA");
    plain_exec(p, "PRAGMA journal_mode=WAL");
    plain_exec(p, "PRAGMA cache_size=-8192");
    plain_exec(p, "CREATE TABLE IF NOT EXISTS record(n INTEGER PRIMARY KEY,"
                  " header BLOB NOT NULL, payload BLOB NOT NULL, sig BLOB)");
    ok(sqlite3_prepare_v3(p->db, "INSERT INTO record VALUES(?1, ?2, ?3, ?4)",
                          -1, SQLITE_PREPARE_PERSISTENT, &p->put, NULL));
    ok(sqlite3_prepare_v3(p->db,
                          "SELECT header, payload, sig FROM record ORDER BY n",
                          -1, SQLITE_PREPARE_PERSISTENT, &p->all, NULL));
}

void plain_close(struct plain *p)
{
    ok(sqlite3_finalize(p->put));
    ok(sqlite3_finalize(p->all));
    ok(sqlite3_close(p->db));
    *p = (struct plain){0};
}

void plain_put(struct plain *p, int64_t n, const uint8_t header[PLAIN_HEADER],
               struct en_span payload, const uint8_t *sig)
{
    ok(sqlite3_bind_int64(p->put, 1, n));
    ok(sqlite3_bind_blob64(p->put, 2, header, PLAIN_HEADER, SQLITE_STATIC));
    ok(sqlite3_bind_blob64(p->put, 3, payload.p, payload.n, SQLITE_STATIC));
    if (sig != NULL)
        ok(sqlite3_bind_blob64(p->put, 4, sig, 64, SQLITE_STATIC));
    else
        ok(sqlite3_bind_null(p->put, 4));
    ok(sqlite3_step(p->put));
    ok(sqlite3_reset(p->put));
}

bool plain_next(struct plain *p, const uint8_t **header,
                struct en_span *payload, const uint8_t **sig)
{
    int rc = sqlite3_step(p->all);

    if (rc != SQLITE_ROW) {
        ok(rc);
        ok(sqlite3_reset(p->all));
        return false;
    }
    BENCH_TRUE(sqlite3_column_bytes(p->all, 0) == PLAIN_HEADER);
    *header = sqlite3_column_blob(p->all, 0);
    *payload = EN_SPAN(sqlite3_column_blob(p->all, 1),
                       (size_t)sqlite3_column_bytes(p->all, 1));
    *sig = sqlite3_column_blob(p->all, 2);
    return true;
}
