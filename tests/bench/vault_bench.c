/*
 * vault_bench - what sealing costs: the vault beside the same tables, settings and
 * statements on SQLite's own VFS, allocator and files.
 *
 * bulk      records of 1 KB of another's log with a row each, 256 a commit
 * small     one own record and a row a commit, durable; the vault's guard included,
 *           and on the other side as many bytes written in place and synced
 * get       one record by id, at random, cache of 8 MiB, after opening
 * scan      a whole log
 * find      all rows by sort
 * checkpoint  a long log into the database
 * file      bytes on disk
 * open      without Argon2id, first row read
 *
 * Arguments: numbers of records.
 */
#include "bench.h"

#include "lib/store_fill.h"
#include "vault/internal.h"
#include "vault/schema.h"
#include "vault/tables.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 256
#define SMALL 200
#define GETS  20000

struct task {
    size_t n;
    bool sealed;
};

enum {
    BULK,
    SMALL_CPU,
    SMALL_WALL,
    GET,
    SCAN,
    FIND,
    CHECKPOINT,
    FILE_SIZE,
    OPEN,
    ROWS
};

struct result {
    double v[ROWS];
};

/* Either kind behind one face. */
struct side {
    bool sealed;
    char dir[256];
    struct en_vault *v;
    sqlite3 *db;
    struct en_tables t;
    uint64_t counter;
    int guard; /* what stands for it on the plain side */
};

static const struct en_key kek = {"a key that no passphrase gives.."};

static void open_side(struct side *s, bool create)
{
    static const struct en_pwhash_cost cost = {EN_PWHASH_WEAK_OPS,
                                               EN_PWHASH_WEAK_KIB};
    static const uint8_t salt[EN_PWHASH_SALT_LEN] = {1};
    char path[300];

    if (s->sealed) {
        BENCH_OK(create
                     ? en_vault_create_kek(s->dir, &kek, &cost, salt,
                                           en_rng_system(), NULL, &s->v, NULL)
                     : en_vault_open_kek(s->dir, &kek, en_rng_system(), NULL,
                                         &s->v, NULL));
        s->db = en_vault_db(s->v);
        return;
    }
    bench_path(path, sizeof(path), s->dir, "plain.db");
    BENCH_TRUE(sqlite3_open_v2(path, &s->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                   (create ? SQLITE_OPEN_CREATE : 0),
                               NULL) == SQLITE_OK);
    bench_path(path, sizeof(path), s->dir, "guard");
    s->guard = open(path, O_RDWR | O_CREAT, 0600);
    BENCH_TRUE(s->guard >= 0 && ftruncate(s->guard, 1024) == 0);
    BENCH_OK(en_schema_connect(s->db, create));
    BENCH_OK(en_schema_migrate(s->db, 0, NULL));
    en_tables_open(&s->t, s->db);
}

static void close_side(struct side *s)
{
    if (s->sealed) {
        en_vault_close(s->v);
        s->v = NULL;
        return;
    }
    (void)close(s->guard);
    en_tables_close(&s->t);
    BENCH_TRUE(sqlite3_close(s->db) == SQLITE_OK);
}

static void commit(struct side *s, struct en_batch *b)
{
    bool own = false;

    if (s->sealed)
        BENCH_OK(en_store_commit(en_vault_store(s->v), b));
    else
        BENCH_OK(en_tables_commit(&s->t, b, true, ++s->counter, &own));
    if (!s->sealed && own) {
        static const uint8_t slot[512];

        BENCH_TRUE(pwrite(s->guard, slot, sizeof(slot),
                          (off_t)(s->counter % 2 * sizeof(slot))) ==
                   sizeof(slot));
        BENCH_TRUE(fdatasync(s->guard) == 0);
    }
    en_batch_free(b);
}

static void add_row(struct en_batch *b, uint64_t i)
{
    struct en_id id = store_record_id(0, 1, i);
    struct en_row row = {.cid = store_circle_id(0),
                         .kind = 1,
                         .sort = (int64_t)i,
                         .key = en_batch_keep(b, EN_SPAN_OF(id.b)),
                         .body = en_batch_keep(b, bench_text(i, 200))};

    BENCH_OK(en_batch_row_put(b, &row));
}

static void add_record(struct en_batch *b, uint64_t number, uint64_t i,
                       bool end)
{
    struct en_batch_record r = {.log = store_log_id(0, number),
                                .id = store_record_id(0, number, i),
                                .seq = i,
                                .mark = EN_MARK_PAYLOAD,
                                .payload =
                                    en_batch_keep(b, bench_text(i, 1024))};
    struct en_checkpoint cp = {.log = r.log, .seq = i, .id = r.id};

    memset(r.header, (int)(i & 0xff), sizeof(r.header));
    BENCH_OK(en_batch_record(b, &r));
    if (end)
        BENCH_OK(en_batch_checkpoint(b, &cp));
}

static void bulk(struct side *s, size_t n)
{
    for (uint64_t i = 0; i < n; i += BATCH) {
        struct en_batch b = {0};
        struct en_batch_log l = store_log_of(0, 1, 1, false);
        uint64_t end = i + BATCH < n ? i + BATCH : n;

        BENCH_OK(en_batch_log(&b, &l));
        for (uint64_t k = i; k < end; k++) {
            add_record(&b, 1, k, k + 1 == end);
            add_row(&b, k);
        }
        commit(s, &b);
    }
}

static void small(struct side *s, size_t n)
{
    for (uint64_t i = 0; i < SMALL; i++) {
        struct en_batch b = {0};
        struct en_batch_log l = store_log_of(0, 0, 1, true);

        BENCH_OK(en_batch_log(&b, &l));
        add_record(&b, 0, i, true);
        add_row(&b, n + i);
        commit(s, &b);
    }
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

static void gets(struct side *s, size_t n)
{
    size_t bytes = 0;
    uint64_t at = 12345;

    for (size_t i = 0; i < GETS; i++) {
        struct en_id id;

        at = at * 6364136223846793005u + 1442695040888963407u;
        id = store_record_id(0, 1, (at >> 33) % n);
        BENCH_OK(s->sealed ? en_store_get(en_vault_store(s->v), &id, see_record,
                                          &bytes)
                           : en_tables_get(&s->t, &id, see_record, &bytes));
    }
    BENCH_TRUE(bytes >= (size_t)GETS * 1000);
}

static void scan(struct side *s, size_t n)
{
    struct en_id log = store_log_id(0, 1);
    size_t bytes = 0;

    BENCH_OK(s->sealed ? en_store_scan(en_vault_store(s->v), &log, 0,
                                       see_record, &bytes)
                       : en_tables_scan(&s->t, &log, 0, see_record, &bytes));
    BENCH_TRUE(bytes >= n * 1000);
}

static void find(struct side *s, size_t n)
{
    struct en_find q = {.cid = store_circle_id(0),
                        .kind = 1,
                        .from = INT64_MIN,
                        .to = INT64_MAX};
    size_t bytes = 0;

    BENCH_OK(s->sealed
                 ? en_store_find(en_vault_store(s->v), &q, see_row, &bytes)
                 : en_tables_find(&s->t, &q, see_row, &bytes));
    BENCH_TRUE(bytes >= n * 150);
}

/* Many pages in the log, then into the database: microseconds a page. */
static double checkpoint(struct side *s)
{
    struct bench_time start;
    struct bench_time took;
    int pages = 0;

    BENCH_OK(en_schema_exec(s->db, "PRAGMA wal_checkpoint(TRUNCATE)"));
    BENCH_OK(en_schema_exec(s->db, "PRAGMA wal_autocheckpoint=0"));
    BENCH_OK(en_schema_exec(s->db, "UPDATE record SET sig = zeroblob(64)"
                                   " WHERE n & 4294967295 < 8000"));
    start = bench_now();
    BENCH_TRUE(sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_FULL,
                                         NULL, &pages) == SQLITE_OK);
    took = bench_since(&start);
    BENCH_TRUE(pages > 1000);
    return took.wall_us / pages;
}

static void live(void *arg, void *out)
{
    const struct task *task = arg;
    struct result *r = out;
    struct side s = {.sealed = task->sealed};
    struct bench_time start;
    char path[300];

    BENCH_OK(en_secret_init());
    if (s.sealed)
        BENCH_OK(en_vault_process_init());
    bench_dir(s.dir, sizeof(s.dir));
    open_side(&s, true);
    (void)bench_text(0, 200); /* reads its source */

    start = bench_now();
    bulk(&s, task->n);
    r->v[BULK] = bench_since(&start).cpu_us / (double)task->n;
    start = bench_now();
    small(&s, task->n);
    r->v[SMALL_CPU] = bench_since(&start).cpu_us / SMALL;
    r->v[SMALL_WALL] = bench_since(&start).wall_us / SMALL;
    close_side(&s);

    bench_path(path, sizeof(path), s.dir,
               s.sealed ? "g0000000000000001.db" : "plain.db");
    r->v[FILE_SIZE] = bench_file_size(path);
    start = bench_now();
    open_side(&s, false);
    r->v[OPEN] = bench_since(&start).wall_us;
    start = bench_now();
    gets(&s, task->n);
    r->v[GET] = bench_since(&start).cpu_us / GETS;
    start = bench_now();
    scan(&s, task->n);
    r->v[SCAN] = bench_since(&start).cpu_us / (double)task->n;
    start = bench_now();
    find(&s, task->n);
    r->v[FIND] = bench_since(&start).cpu_us / (double)task->n;
    r->v[CHECKPOINT] = checkpoint(&s);
    close_side(&s);
}

int main(int argc, char **argv)
{
    static const size_t otherwise[] = {10000, 100000};
    static const char *const name[ROWS] = {
        "vault bulk insert, a record",
        "vault small commit, CPU",
        "vault small commit, wall",
        "vault point read",
        "vault scan, a record",
        "vault find, a row",
        "vault checkpoint, a page, wall",
        "vault file, bytes",
        "vault open without Argon2id, wall",
    };
    size_t sizes[8];
    size_t count = bench_sizes(argc, argv, sizes, 8, otherwise,
                               sizeof(otherwise) / sizeof(otherwise[0]));

    for (size_t i = 0; i < count; i++) {
        struct task ours = {sizes[i], true};
        struct task floor = {sizes[i], false};
        struct result a;
        struct result b;

        bench_child(live, &ours, &a, sizeof(a));
        bench_child(live, &floor, &b, sizeof(b));
        for (int k = 0; k < ROWS; k++)
            bench_row(name[k], sizes[i], a.v[k], b.v[k], NULL);
    }
    return 0;
}
