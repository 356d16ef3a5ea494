#include "vault/tables.h"

#include "vault/schema.h"

#include <stdlib.h>
#include <string.h>

enum st {
    ST_BEGIN,
    ST_COMMIT,
    ST_ROLLBACK,
    ST_COUNTER,
    ST_COUNTER_SET,
    ST_OWN_TIPS,
    ST_CIRCLE,
    ST_CIRCLE_NEW,
    ST_ARRIVED,
    ST_ARRIVED_SET,
    ST_LOG,
    ST_LOG_NEW,
    ST_LOG_TIP,
    ST_FRONTIER,
    ST_FRONTIER_ALL,
    ST_RECORD_NEW,
    ST_RECORD_ID,
    ST_RECORD_SIG,
    ST_RECORD_MARK,
    ST_ARRIVAL_NEW,
    ST_SCAN,
    ST_ARRIVALS,
    ST_GET,
    ST_SECRET,
    ST_SECRET_PUT,
    ST_SECRET_DESTROY,
    ST_SHELF,
    ST_SHELF_NEW,
    ST_ITEM_PUT,
    ST_ITEM_DELETE,
    ST_ITEM_BODY,
    ST_BY_SORT,
    ST_BY_SORT_BACK,
    ST_BY_KEY,
    ST_BY_KEY_BACK,
    ST_END
};

_Static_assert(ST_END <= EN_TABLES_STATEMENTS, "room for every statement");

#define RECORD_COLUMNS                                                         \
    "l.id, r.id, r.n, r.mark, r.arrival, r.header, r.sig, r.aux, r.payload"
#define HEAD_COLUMNS "id, device, kind, own, count, tip, sig"

static const char *const sql[ST_END] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_COUNTER] = "SELECT counter FROM meta",
    [ST_COUNTER_SET] = "UPDATE meta SET counter = ?1",
    [ST_OWN_TIPS] = "SELECT id, count, tip FROM log WHERE own = 1 ORDER BY id",
    [ST_CIRCLE] = "SELECT n FROM circle WHERE cid = ?1",
    [ST_CIRCLE_NEW] = "INSERT INTO circle(cid, arrivals) VALUES(?1, 0)",
    [ST_ARRIVED] = "SELECT arrivals FROM circle WHERE n = ?1",
    [ST_ARRIVED_SET] = "UPDATE circle SET arrivals = ?2 WHERE n = ?1",
    [ST_LOG] = "SELECT n, circle, " HEAD_COLUMNS " FROM log WHERE id = ?1",
    [ST_LOG_NEW] =
        "INSERT INTO log(id, circle, device, kind, own, count, tip, sig)"
        " VALUES(?1, ?2, ?3, ?4, ?5, 0, x'', x'')",
    [ST_LOG_TIP] = "UPDATE log SET count = ?2, tip = ?3, sig = ?4 WHERE n = ?1",
    [ST_FRONTIER] =
        "SELECT " HEAD_COLUMNS " FROM log"
        " WHERE circle = (SELECT n FROM circle WHERE cid = ?1) ORDER BY id",
    [ST_FRONTIER_ALL] = "SELECT " HEAD_COLUMNS " FROM log ORDER BY id",
    [ST_RECORD_NEW] =
        "INSERT INTO record(n, id, mark, arrival, header, sig, aux, payload)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [ST_RECORD_ID] = "SELECT id, sig IS NOT NULL FROM record WHERE n = ?1",
    [ST_RECORD_SIG] = "UPDATE record SET sig = ?2 WHERE n = ?1",
    [ST_RECORD_MARK] = "UPDATE record SET mark = ?2, payload = ?3 WHERE n = ?1",
    [ST_ARRIVAL_NEW] = "INSERT INTO arrival(n, record) VALUES(?1, ?2)",
    [ST_SCAN] = "SELECT " RECORD_COLUMNS " FROM record r, log l"
                " WHERE l.n = ?1 AND r.n BETWEEN ?2 AND ?3 ORDER BY r.n",
    [ST_ARRIVALS] = "SELECT " RECORD_COLUMNS " FROM arrival a"
                    " CROSS JOIN record r ON r.n = a.record"
                    " CROSS JOIN log l ON l.n = r.n >> 32"
                    " WHERE a.n BETWEEN ?1 AND ?2 ORDER BY a.n",
    [ST_GET] = "SELECT " RECORD_COLUMNS " FROM record r"
               " CROSS JOIN log l ON l.n = r.n >> 32"
               " WHERE substr(r.id, 1, 8) = substr(?1, 1, 8) AND r.id = ?1",
    [ST_SECRET] = "SELECT value FROM secret WHERE circle ="
                  " (SELECT n FROM circle WHERE cid = ?1)"
                  " AND kind = ?2 AND ref = ?3",
    [ST_SECRET_PUT] =
        "INSERT INTO secret(circle, kind, ref, value) VALUES(?1, ?2, ?3, ?4)"
        " ON CONFLICT(circle, kind, ref) DO UPDATE SET value = excluded.value",
    [ST_SECRET_DESTROY] = "DELETE FROM secret WHERE circle ="
                          " (SELECT n FROM circle WHERE cid = ?1)"
                          " AND kind = ?2 AND ref = ?3",
    [ST_SHELF] = "SELECT n FROM shelf WHERE circle ="
                 " (SELECT n FROM circle WHERE cid = ?1) AND kind = ?2",
    [ST_SHELF_NEW] = "INSERT INTO shelf(circle, kind) VALUES(?1, ?2)",
    [ST_ITEM_PUT] =
        "INSERT INTO item(shelf, sort, key, body) VALUES(?1, ?2, ?3, ?4)"
        " ON CONFLICT(shelf, key)"
        " DO UPDATE SET sort = excluded.sort, body = excluded.body",
    [ST_ITEM_DELETE] = "DELETE FROM item WHERE shelf = ?1 AND key = ?2",
    [ST_ITEM_BODY] = "SELECT body FROM item WHERE n = ?1",
    [ST_BY_SORT] = "SELECT sort, key, body FROM item WHERE shelf = ?1"
                   " AND sort BETWEEN ?2 AND ?3 ORDER BY sort, key LIMIT ?4",
    [ST_BY_SORT_BACK] = "SELECT sort, key, body FROM item WHERE shelf = ?1"
                        " AND sort BETWEEN ?2 AND ?3"
                        " ORDER BY sort DESC, key DESC LIMIT ?4",
    /* The sign keeps the sort out of the choice of an index: few rows share a
     * prefix. What is sorted holds no body. */
    [ST_BY_KEY] = "SELECT sort, key, n FROM item WHERE shelf = ?1"
                  " AND +sort BETWEEN ?2 AND ?3 AND key >= ?5 AND key < ?6"
                  " ORDER BY +sort, +key LIMIT ?4",
    [ST_BY_KEY_BACK] = "SELECT sort, key, n FROM item WHERE shelf = ?1"
                       " AND +sort BETWEEN ?2 AND ?3"
                       " AND key >= ?5 AND key < ?6"
                       " ORDER BY +sort DESC, +key DESC LIMIT ?4",
};

void en_tables_open(struct en_tables *t, sqlite3 *db)
{
    *t = (struct en_tables){.db = db};
}

void en_tables_close(struct en_tables *t)
{
    for (size_t i = 0; i < ST_END; i++)
        (void)sqlite3_finalize(t->st[i]);
    *t = (struct en_tables){0};
}

/* ---- statements: bind, step, read ---- */

/*
 * One run of one statement. The first error sticks and later calls do nothing,
 * so that a caller binds, steps and reads in a straight line and asks once.
 */
struct run {
    struct en_tables *t;
    sqlite3_stmt *st;
    int rc;
    int next; /* parameter */
};

static struct run run_of(struct en_tables *t, enum st which)
{
    struct run r = {.t = t, .next = 1};

    if (t->st[which] == NULL)
        r.rc =
            sqlite3_prepare_v3(t->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                               &t->st[which], NULL);
    r.st = t->st[which];
    assert(r.st == NULL || sqlite3_stmt_busy(r.st) == 0);
    return r;
}

static void bind_n(struct run *r, int64_t v)
{
    if (r->rc == SQLITE_OK)
        r->rc = sqlite3_bind_int64(r->st, r->next++, v);
}

/* Borrowed until the statement is reset. */
static void bind_span(struct run *r, struct en_span s)
{
    static const uint8_t nothing[1];

    if (r->rc == SQLITE_OK)
        r->rc = sqlite3_bind_blob64(r->st, r->next++, s.n > 0 ? s.p : nothing,
                                    s.n, SQLITE_STATIC);
}

static void bind_id(struct run *r, const struct en_id *id)
{
    bind_span(r, EN_SPAN_OF(id->b));
}

static void bind_null(struct run *r)
{
    if (r->rc == SQLITE_OK)
        r->rc = sqlite3_bind_null(r->st, r->next++);
}

static bool step(struct run *r)
{
    if (r->rc != SQLITE_OK && r->rc != SQLITE_ROW)
        return false;
    r->rc = sqlite3_step(r->st);
    return r->rc == SQLITE_ROW;
}

/* Resets; the run's error, EN_OK after a row or the end. */
static en_err done(struct run *r)
{
    if (r->st != NULL) {
        (void)sqlite3_reset(r->st);
        /* Values bound may be secrets of a caller that wipes them next. */
        (void)sqlite3_clear_bindings(r->st);
    }
    if (en_sql_err(r->rc) == EN_FORGED)
        r->t->damaged = true;
    return en_sql_err(r->rc);
}

/* A statement that yields no row. */
static en_err just(struct run *r)
{
    (void)step(r);
    return done(r);
}

static en_err simple(struct en_tables *t, enum st which)
{
    struct run r = run_of(t, which);

    return just(&r);
}

static struct en_span col_span(struct run *r, int i)
{
    const void *p = sqlite3_column_blob(r->st, i);
    int n = sqlite3_column_bytes(r->st, i);

    if (p == NULL || n <= 0)
        return EN_SPAN(NULL, 0);
    return EN_SPAN(p, (size_t)n);
}

/* A column of a fixed length; any other is damage. */
static void col_copy(struct run *r, int i, void *out, size_t n)
{
    struct en_span s = col_span(r, i);

    if (s.n == n)
        memcpy(out, s.p, n);
    else
        r->rc = SQLITE_CORRUPT;
}

static int64_t col_n(struct run *r, int i)
{
    return sqlite3_column_int64(r->st, i);
}

/* What a callback said: EN_CLOSED stops without error. */
static en_err ended(struct run *r, en_err said)
{
    en_err err = done(r);

    if (said == EN_CLOSED)
        return EN_OK;
    return said != EN_OK ? said : err;
}

/* ---- reading ---- */

static en_err each_head(struct run *r, en_head_fn fn, void *user)
{
    en_err said = EN_OK;

    while (said == EN_OK && step(r)) {
        struct en_head h = {0};

        col_copy(r, 0, h.log.b, sizeof(h.log.b));
        col_copy(r, 1, h.device.b, sizeof(h.device.b));
        h.kind = (uint8_t)col_n(r, 2);
        h.own = col_n(r, 3) != 0;
        h.count = (uint64_t)col_n(r, 4);
        col_copy(r, 5, h.id.b, sizeof(h.id.b));
        col_copy(r, 6, h.sig, sizeof(h.sig));
        if (r->rc == SQLITE_ROW)
            said = fn(user, &h);
    }
    return ended(r, said);
}

en_err en_tables_frontier(struct en_tables *t, const struct en_id *cid,
                          en_head_fn fn, void *user)
{
    struct run r = run_of(t, cid != NULL ? ST_FRONTIER : ST_FRONTIER_ALL);

    if (cid != NULL)
        bind_id(&r, cid);
    return each_head(&r, fn, user);
}

static en_err each_stored(struct run *r, en_stored_fn fn, void *user,
                          size_t *seen)
{
    en_err said = EN_OK;

    while (said == EN_OK && step(r)) {
        struct en_stored s = {0};
        struct en_span header = col_span(r, 5);
        struct en_span sig = col_span(r, 6);
        int64_t mark = col_n(r, 3);

        col_copy(r, 0, s.log.b, sizeof(s.log.b));
        col_copy(r, 1, s.id.b, sizeof(s.id.b));
        s.seq = (uint64_t)col_n(r, 2) & UINT32_MAX;
        s.arrival = (uint64_t)col_n(r, 4);
        if (header.n != EN_HEADER_LEN || (sig.n != 0 && sig.n != 64) ||
            mark < EN_MARK_PAYLOAD || mark > EN_MARK_WITHDRAWN)
            r->rc = SQLITE_CORRUPT;
        if (r->rc != SQLITE_ROW)
            break;
        s.header = header.p;
        s.mark = (enum en_mark)mark;
        s.sig = sig.n == 64 ? sig.p : NULL;
        s.aux = col_span(r, 7);
        s.payload = col_span(r, 8);
        (*seen)++;
        said = fn(user, &s);
    }
    return ended(r, said);
}

/* Rowids: what comes first in the upper 32 bits. Logs and circles are counted
 * from 1 and stay far below 2^31. */
static int64_t pair(int64_t upper, uint64_t lower)
{
    assert(upper > 0 && upper <= INT32_MAX && lower <= UINT32_MAX);
    return (int64_t)((uint64_t)upper << 32 | lower);
}

/* n of one row by one id; 0 if there is none. */
static en_err number_of(struct en_tables *t, enum st which,
                        const struct en_id *id, int64_t *n)
{
    struct run r = run_of(t, which);

    *n = 0;
    bind_id(&r, id);
    if (step(&r)) {
        *n = col_n(&r, 0);
        if (*n <= 0 || *n > INT32_MAX)
            r.rc = SQLITE_CORRUPT;
    }
    return done(&r);
}

en_err en_tables_scan(struct en_tables *t, const struct en_id *log,
                      uint64_t from, en_stored_fn fn, void *user)
{
    struct run r;
    size_t seen = 0;
    int64_t n;
    en_err err = number_of(t, ST_LOG, log, &n);

    if (err != EN_OK || n == 0 || from > EN_SEQ_MAX)
        return err;
    r = run_of(t, ST_SCAN);
    bind_n(&r, n);
    bind_n(&r, pair(n, from));
    bind_n(&r, pair(n, UINT32_MAX));
    return each_stored(&r, fn, user, &seen);
}

en_err en_tables_arrivals(struct en_tables *t, const struct en_id *cid,
                          uint64_t from, en_stored_fn fn, void *user)
{
    struct run r;
    size_t seen = 0;
    int64_t n;
    en_err err = number_of(t, ST_CIRCLE, cid, &n);

    if (err != EN_OK || n == 0 || from > UINT32_MAX)
        return err;
    r = run_of(t, ST_ARRIVALS);
    bind_n(&r, pair(n, from));
    bind_n(&r, pair(n, UINT32_MAX));
    return each_stored(&r, fn, user, &seen);
}

en_err en_tables_get(struct en_tables *t, const struct en_id *id,
                     en_stored_fn fn, void *user)
{
    struct run r = run_of(t, ST_GET);
    size_t seen = 0;
    en_err err;

    bind_id(&r, id);
    err = each_stored(&r, fn, user, &seen);
    return err == EN_OK && seen == 0 ? EN_ABSENT : err;
}

en_err en_tables_key(struct en_tables *t, const struct en_key_name *name,
                     struct en_key *out)
{
    struct run r = run_of(t, ST_SECRET);
    struct en_key got = {0};
    bool found = false;
    en_err err;

    bind_id(&r, &name->cid);
    bind_n(&r, name->kind);
    bind_span(&r, EN_SPAN_OF(name->ref.b));
    if (step(&r)) {
        found = true;
        col_copy(&r, 0, got.b, sizeof(got.b));
    }
    err = done(&r);
    if (err == EN_OK && !found)
        err = EN_ABSENT;
    if (err == EN_OK)
        *out = got;
    en_key_wipe(&got);
    return err;
}

static unsigned shelf_cached(const struct en_tables *t, const struct en_id *cid,
                             uint16_t kind)
{
    for (unsigned i = 0; i < EN_TABLES_SHELVES; i++)
        if (t->shelf[i].n != 0 && t->shelf[i].kind == kind &&
            en_id_eq(&t->shelf[i].cid, cid))
            return i;
    return EN_TABLES_SHELVES;
}

static void shelf_remember(struct en_tables *t, const struct en_id *cid,
                           uint16_t kind, int64_t n)
{
    unsigned i = t->shelf_next++ % EN_TABLES_SHELVES;

    t->shelf[i].cid = *cid;
    t->shelf[i].kind = kind;
    t->shelf[i].n = n;
}

/* The number of a shelf; 0: there is none. */
static en_err shelf_of(struct en_tables *t, const struct en_id *cid,
                       uint16_t kind, int64_t *n)
{
    unsigned i = shelf_cached(t, cid, kind);
    struct run r;
    en_err err;

    if (i < EN_TABLES_SHELVES) {
        *n = t->shelf[i].n;
        return EN_OK;
    }
    *n = 0;
    r = run_of(t, ST_SHELF);
    bind_id(&r, cid);
    bind_n(&r, kind);
    if (step(&r))
        *n = col_n(&r, 0);
    err = done(&r);
    if (err == EN_OK && *n != 0)
        shelf_remember(t, cid, kind, *n);
    return err;
}

/* By sort: the body is in the row at hand. */
static en_err each_row(struct run *r, const struct en_find *q, en_row_fn fn,
                       void *user)
{
    en_err said = EN_OK;

    while (said == EN_OK && step(r)) {
        struct en_row row = {.cid = q->cid,
                             .kind = q->kind,
                             .sort = col_n(r, 0),
                             .key = col_span(r, 1),
                             .body = col_span(r, 2)};

        said = fn(user, &row);
    }
    return ended(r, said);
}

/* By key: the body is fetched when its turn comes. */
static en_err each_row_by_key(struct run *r, const struct en_find *q,
                              en_row_fn fn, void *user)
{
    en_err said = EN_OK;

    while (said == EN_OK && step(r)) {
        struct en_row row = {.cid = q->cid,
                             .kind = q->kind,
                             .sort = col_n(r, 0),
                             .key = col_span(r, 1)};
        struct run b = run_of(r->t, ST_ITEM_BODY);
        en_err err;

        bind_n(&b, col_n(r, 2));
        if (step(&b)) {
            row.body = col_span(&b, 0);
            said = fn(user, &row);
        }
        err = done(&b);
        if (said == EN_OK && err != EN_OK)
            said = err;
    }
    return ended(r, said);
}

en_err en_tables_find(struct en_tables *t, const struct en_find *q,
                      en_row_fn fn, void *user)
{
    /* Above every key that begins with the prefix: a key is 128 bytes at most. */
    uint8_t above[EN_ROW_KEY_MAX + 1];
    bool by_key = q->prefix.n > 0;
    enum st which = by_key ? ST_BY_KEY : ST_BY_SORT;
    struct run r;
    int64_t shelf;
    en_err err;

    if (q->prefix.n > EN_ROW_KEY_MAX)
        return EN_OK; /* no key is as long */
    err = shelf_of(t, &q->cid, q->kind, &shelf);
    if (err != EN_OK || shelf == 0)
        return err;
    if (q->reverse)
        which = by_key ? ST_BY_KEY_BACK : ST_BY_SORT_BACK;
    r = run_of(t, which);
    bind_n(&r, shelf);
    bind_n(&r, q->from);
    bind_n(&r, q->to);
    bind_n(&r, q->limit == 0 || q->limit > INT64_MAX ? -1 : (int64_t)q->limit);
    if (!by_key)
        return each_row(&r, q, fn, user);
    memset(above, 0xff, sizeof(above));
    memcpy(above, q->prefix.p, q->prefix.n);
    bind_span(&r, q->prefix);
    bind_span(&r, EN_SPAN_OF(above));
    return each_row_by_key(&r, q, fn, user);
}

en_err en_tables_counter(struct en_tables *t, uint64_t *counter)
{
    struct run r = run_of(t, ST_COUNTER);

    if (step(&r))
        *counter = (uint64_t)col_n(&r, 0);
    else if (r.rc == SQLITE_DONE)
        r.rc = SQLITE_CORRUPT;
    return done(&r);
}

en_err en_tables_own_tips(struct en_tables *t, uint8_t tips[32])
{
    struct run r = run_of(t, ST_OWN_TIPS);
    struct en_guard_tip *tip = NULL;
    size_t n = 0;
    size_t cap = 0;
    en_err err = EN_OK;

    while (err == EN_OK && step(&r)) {
        if (n == cap) {
            size_t more = cap == 0 ? 16 : cap * 2;
            void *p = realloc(tip, more * sizeof(*tip));

            if (p == NULL) {
                err = EN_NOMEM;
                break;
            }
            tip = p;
            cap = more;
        }
        col_copy(&r, 0, tip[n].log.b, sizeof(tip[n].log.b));
        tip[n].seq = (uint64_t)col_n(&r, 1) - 1;
        col_copy(&r, 2, tip[n].id.b, sizeof(tip[n].id.b));
        n++;
    }
    err = ended(&r, err);
    if (err == EN_OK)
        en_guard_tips(tip, n, tips);
    free(tip);
    return err;
}

/* ---- committing ---- */

/* A log that the batch names, as it is and as it becomes. */
struct touched {
    struct en_id id;
    struct en_id tip;
    int64_t n; /* 0: not there */
    int64_t circle;
    struct en_id device;
    uint8_t kind;
    bool own;
    bool made;    /* by this batch */
    bool grown;   /* by this batch */
    bool at_rest; /* its last record is a checkpoint */
    uint64_t before;
    uint64_t count;
    uint8_t sig[64];
};

struct commit {
    struct en_tables *t;
    const struct en_batch *b;
    struct touched *log;
    size_t logs, cap;
    size_t last;    /* index of the one found last */
    size_t cp_next; /* where the next checkpoint is likely */
    int64_t circle; /* of which arrived is known; 0: none */
    uint64_t arrived;
    bool arrived_moved;
    bool signs;
    bool own;
};

static bool in_bounds(const struct en_batch *b)
{
    if (b->recs > EN_VAULT_BATCH_RECORDS_MAX ||
        b->bytes > EN_VAULT_BATCH_BYTES_MAX)
        return false;
    for (size_t i = 0; i < b->logs; i++)
        if (b->log[i].kind > 1)
            return false;
    for (size_t i = 0; i < b->recs; i++)
        if (b->rec[i].seq > EN_SEQ_MAX || b->rec[i].mark > EN_MARK_WITHDRAWN ||
            b->rec[i].payload.n > EN_RUN_BYTES_MAX ||
            b->rec[i].aux.n > EN_RUN_BYTES_MAX ||
            (b->rec[i].mark != EN_MARK_PAYLOAD && b->rec[i].payload.n > 0))
            return false;
    for (size_t i = 0; i < b->marks; i++)
        if (b->mark[i].mark > EN_MARK_WITHDRAWN ||
            b->mark[i].payload.n > EN_RUN_BYTES_MAX ||
            (b->mark[i].mark != EN_MARK_PAYLOAD && b->mark[i].payload.n > 0))
            return false;
    for (size_t i = 0; i < b->rows; i++)
        if (b->row[i].row.key.n == 0 || b->row[i].row.key.n > EN_ROW_KEY_MAX ||
            b->row[i].row.body.n > EN_ROW_BODY_MAX)
            return false;
    return true;
}

/* The log of that name, read once; n 0 if it is not there. The pointer holds
 * until the next call. */
static en_err touch(struct commit *c, const struct en_id *id,
                    struct touched **out)
{
    struct touched one = {.id = *id, .at_rest = true};
    struct run r;
    en_err err;

    if (c->last < c->logs && en_id_eq(&c->log[c->last].id, id)) {
        *out = &c->log[c->last];
        return EN_OK;
    }
    for (size_t i = 0; i < c->logs; i++) {
        if (en_id_eq(&c->log[i].id, id)) {
            c->last = i;
            *out = &c->log[i];
            return EN_OK;
        }
    }
    if (c->logs == c->cap) {
        size_t more = c->cap == 0 ? 8 : c->cap * 2;
        void *p = realloc(c->log, more * sizeof(*c->log));

        if (p == NULL)
            return EN_NOMEM;
        c->log = p;
        c->cap = more;
    }
    r = run_of(c->t, ST_LOG);
    bind_id(&r, id);
    if (step(&r)) {
        one.n = col_n(&r, 0);
        one.circle = col_n(&r, 1);
        col_copy(&r, 3, one.device.b, sizeof(one.device.b));
        one.kind = (uint8_t)col_n(&r, 4);
        one.own = col_n(&r, 5) != 0;
        one.count = (uint64_t)col_n(&r, 6);
        one.before = one.count;
        col_copy(&r, 7, one.tip.b, sizeof(one.tip.b));
    }
    err = done(&r);
    if (err != EN_OK)
        return err;
    c->last = c->logs;
    c->log[c->logs] = one;
    *out = &c->log[c->logs++];
    return EN_OK;
}

static en_err circle_for(struct commit *c, const struct en_id *cid, int64_t *n)
{
    struct run r;
    en_err err = number_of(c->t, ST_CIRCLE, cid, n);

    if (err != EN_OK || *n != 0)
        return err;
    r = run_of(c->t, ST_CIRCLE_NEW);
    bind_id(&r, cid);
    err = just(&r);
    *n = sqlite3_last_insert_rowid(c->t->db);
    return err;
}

static en_err expect_heads(struct commit *c)
{
    for (size_t i = 0; i < c->b->heads; i++) {
        const struct en_batch_head *h = &c->b->head[i];
        struct touched *l;
        en_err err = touch(c, &h->log, &l);

        if (err != EN_OK)
            return err;
        if (l->count != h->count ||
            (h->count > 0 && !en_id_eq(&l->tip, &h->id)))
            return EN_MOVED;
    }
    return EN_OK;
}

static en_err make_logs(struct commit *c)
{
    for (size_t i = 0; i < c->b->logs; i++) {
        const struct en_batch_log *want = &c->b->log[i];
        struct touched *l;
        struct run r;
        int64_t circle;
        en_err err = touch(c, &want->log, &l);

        if (err == EN_OK)
            err = circle_for(c, &want->cid, &circle);
        if (err != EN_OK)
            return err;
        if (l->n != 0) {
            if (l->circle != circle || l->kind != want->kind ||
                l->own != want->own || !en_id_eq(&l->device, &want->device))
                return EN_RANGE;
            continue;
        }
        r = run_of(c->t, ST_LOG_NEW);
        bind_id(&r, &want->log);
        bind_n(&r, circle);
        bind_id(&r, &want->device);
        bind_n(&r, want->kind);
        bind_n(&r, want->own);
        err = just(&r);
        if (err != EN_OK)
            return err;
        l->n = sqlite3_last_insert_rowid(c->t->db);
        l->circle = circle;
        l->device = want->device;
        l->kind = want->kind;
        l->own = want->own;
        l->made = true;
        l->at_rest = false; /* until a checkpoint stands at its end */
    }
    return EN_OK;
}

/* The batch's checkpoint at that place, if it has one. Usually the next. */
static const struct en_checkpoint *
checkpoint_at(struct commit *c, const struct en_id *log, uint64_t seq)
{
    size_t n = c->b->cps;

    for (size_t k = 0; k < n; k++) {
        size_t i = (c->cp_next + k) % n;
        const struct en_checkpoint *cp = &c->b->cp[i];

        if (cp->seq == seq && en_id_eq(&cp->log, log)) {
            c->cp_next = i + 1;
            return cp;
        }
    }
    return NULL;
}

/* Writes back how many control records have come into the circle at hand. */
static en_err settle_arrivals(struct commit *c)
{
    struct run r;

    if (!c->arrived_moved)
        return EN_OK;
    c->arrived_moved = false;
    r = run_of(c->t, ST_ARRIVED_SET);
    bind_n(&r, c->circle);
    bind_n(&r, (int64_t)c->arrived);
    return just(&r);
}

static en_err arrived_of(struct commit *c, int64_t circle)
{
    struct run r;
    en_err err;

    if (c->circle == circle)
        return EN_OK;
    err = settle_arrivals(c);
    if (err != EN_OK)
        return err;
    r = run_of(c->t, ST_ARRIVED);
    bind_n(&r, circle);
    if (step(&r)) {
        c->circle = circle;
        c->arrived = (uint64_t)col_n(&r, 0);
    } else if (r.rc == SQLITE_DONE) {
        r.rc = SQLITE_CORRUPT;
    }
    return done(&r);
}

/* A control record gets the circle's next number. */
static en_err arrive(struct commit *c, const struct touched *l, int64_t n,
                     uint64_t *arrival)
{
    struct run r;
    en_err err = arrived_of(c, l->circle);

    if (err != EN_OK)
        return err;
    if (c->arrived >= UINT32_MAX)
        return EN_FULL;
    *arrival = ++c->arrived;
    c->arrived_moved = true;
    r = run_of(c->t, ST_ARRIVAL_NEW);
    bind_n(&r, pair(l->circle, *arrival));
    bind_n(&r, n);
    return just(&r);
}

static en_err append(struct commit *c, const struct en_batch_record *rec)
{
    const struct en_checkpoint *cp;
    uint64_t arrival = 0;
    struct touched *l;
    struct run r;
    int64_t n;
    en_err err = touch(c, &rec->log, &l);

    if (err != EN_OK)
        return err;
    if (l->n == 0 || rec->seq != l->count)
        return EN_RANGE;
    if (l->own && !c->signs)
        return EN_MOVED;
    cp = checkpoint_at(c, &rec->log, rec->seq);
    if (cp != NULL && !en_id_eq(&cp->id, &rec->id))
        return EN_RANGE;
    n = pair(l->n, rec->seq);
    if (l->kind == 0) {
        err = arrive(c, l, n, &arrival);
        if (err != EN_OK)
            return err;
    }
    r = run_of(c->t, ST_RECORD_NEW);
    bind_n(&r, n);
    bind_id(&r, &rec->id);
    bind_n(&r, rec->mark);
    bind_n(&r, (int64_t)arrival);
    bind_span(&r, EN_SPAN_OF(rec->header));
    if (cp != NULL)
        bind_span(&r, EN_SPAN_OF(cp->sig));
    else
        bind_null(&r);
    if (rec->aux.n > 0)
        bind_span(&r, rec->aux);
    else
        bind_null(&r);
    if (rec->payload.n > 0)
        bind_span(&r, rec->payload);
    else
        bind_null(&r);
    err = just(&r);
    if (err != EN_OK)
        return err;
    l->count++;
    l->tip = rec->id;
    l->grown = true;
    l->at_rest = cp != NULL;
    if (cp != NULL)
        memcpy(l->sig, cp->sig, sizeof(l->sig));
    c->own = c->own || l->own;
    return EN_OK;
}

/* Checkpoints at records stored before; those of the batch are in already. */
static en_err add_checkpoint(struct commit *c, const struct en_checkpoint *cp)
{
    struct en_id id = {0};
    struct touched *l;
    bool has = false;
    struct run r;
    en_err err = touch(c, &cp->log, &l);

    if (err != EN_OK)
        return err;
    if (l->n == 0 || cp->seq >= l->count)
        return EN_RANGE;
    if (cp->seq >= l->before)
        return EN_OK;
    r = run_of(c->t, ST_RECORD_ID);
    bind_n(&r, pair(l->n, cp->seq));
    if (step(&r)) {
        col_copy(&r, 0, id.b, sizeof(id.b));
        has = col_n(&r, 1) != 0;
    } else if (r.rc == SQLITE_DONE) {
        r.rc = SQLITE_CORRUPT;
    }
    err = done(&r);
    if (err != EN_OK)
        return err;
    if (!en_id_eq(&id, &cp->id))
        return EN_RANGE;
    if (has)
        return EN_OK;
    r = run_of(c->t, ST_RECORD_SIG);
    bind_n(&r, pair(l->n, cp->seq));
    bind_span(&r, EN_SPAN_OF(cp->sig));
    return just(&r);
}

static en_err change_mark(struct commit *c, const struct en_batch_mark *m)
{
    struct touched *l;
    struct run r;
    en_err err = touch(c, &m->log, &l);

    if (err != EN_OK)
        return err;
    if (l->n == 0 || m->seq >= l->count)
        return EN_RANGE;
    r = run_of(c->t, ST_RECORD_MARK);
    bind_n(&r, pair(l->n, m->seq));
    bind_n(&r, m->mark);
    if (m->payload.n > 0)
        bind_span(&r, m->payload);
    else
        bind_null(&r);
    return just(&r);
}

static en_err change_key(struct commit *c, const struct en_batch_key *k)
{
    struct run r;
    int64_t circle;
    en_err err;

    if (k->destroy) {
        r = run_of(c->t, ST_SECRET_DESTROY);
        bind_id(&r, &k->name.cid);
    } else {
        err = circle_for(c, &k->name.cid, &circle);
        if (err != EN_OK)
            return err;
        r = run_of(c->t, ST_SECRET_PUT);
        bind_n(&r, circle);
    }
    bind_n(&r, k->name.kind);
    bind_span(&r, EN_SPAN_OF(k->name.ref.b));
    if (!k->destroy)
        bind_span(&r, EN_SPAN_OF(k->value.b));
    return just(&r);
}

static en_err shelf_for(struct commit *c, const struct en_row *row, int64_t *n)
{
    struct run r;
    int64_t circle;
    en_err err = shelf_of(c->t, &row->cid, row->kind, n);

    if (err != EN_OK || *n != 0)
        return err;
    err = circle_for(c, &row->cid, &circle);
    if (err != EN_OK)
        return err;
    r = run_of(c->t, ST_SHELF_NEW);
    bind_n(&r, circle);
    bind_n(&r, row->kind);
    err = just(&r);
    if (err != EN_OK)
        return err;
    *n = sqlite3_last_insert_rowid(c->t->db);
    shelf_remember(c->t, &row->cid, row->kind, *n);
    return EN_OK;
}

static en_err change_row(struct commit *c, const struct en_batch_row *w)
{
    struct run r;
    int64_t shelf;
    en_err err;

    if (w->del) {
        err = shelf_of(c->t, &w->row.cid, w->row.kind, &shelf);
        if (err != EN_OK || shelf == 0)
            return err;
        r = run_of(c->t, ST_ITEM_DELETE);
        bind_n(&r, shelf);
        bind_span(&r, w->row.key);
        return just(&r);
    }
    err = shelf_for(c, &w->row, &shelf);
    if (err != EN_OK)
        return err;
    r = run_of(c->t, ST_ITEM_PUT);
    bind_n(&r, shelf);
    bind_n(&r, w->row.sort);
    bind_span(&r, w->row.key);
    bind_span(&r, w->row.body);
    return just(&r);
}

/* Every stored log ends at a verified checkpoint (PROTOCOL 5.3). */
static en_err close_logs(struct commit *c)
{
    for (size_t i = 0; i < c->logs; i++) {
        const struct touched *l = &c->log[i];
        struct run r;
        en_err err;

        if (!l->made && !l->grown)
            continue;
        if (!l->at_rest)
            return EN_RANGE;
        r = run_of(c->t, ST_LOG_TIP);
        bind_n(&r, l->n);
        bind_n(&r, (int64_t)l->count);
        bind_id(&r, &l->tip);
        bind_span(&r, EN_SPAN_OF(l->sig));
        err = just(&r);
        if (err != EN_OK)
            return err;
    }
    return EN_OK;
}

static en_err apply(struct commit *c, uint64_t counter)
{
    const struct en_batch *b = c->b;
    en_err err = expect_heads(c);
    struct run r;

    if (err == EN_OK)
        err = make_logs(c);
    for (size_t i = 0; err == EN_OK && i < b->recs; i++)
        err = append(c, &b->rec[i]);
    if (err == EN_OK)
        err = settle_arrivals(c);
    for (size_t i = 0; err == EN_OK && i < b->cps; i++)
        err = add_checkpoint(c, &b->cp[i]);
    if (err == EN_OK)
        err = close_logs(c);
    for (size_t i = 0; err == EN_OK && i < b->marks; i++)
        err = change_mark(c, &b->mark[i]);
    for (size_t i = 0; err == EN_OK && i < b->keys; i++)
        err = change_key(c, &b->key[i]);
    for (size_t i = 0; err == EN_OK && i < b->rows; i++)
        err = change_row(c, &b->row[i]);
    if (err != EN_OK || !c->own)
        return err;
    r = run_of(c->t, ST_COUNTER_SET);
    bind_n(&r, (int64_t)counter);
    return just(&r);
}

en_err en_tables_commit(struct en_tables *t, const struct en_batch *b,
                        bool signs, uint64_t counter, bool *own)
{
    struct commit c = {.t = t, .b = b, .signs = signs};
    en_err err;

    if (!in_bounds(b))
        return EN_RANGE;
    err = simple(t, ST_BEGIN);
    if (err == EN_OK)
        err = apply(&c, counter);
    if (err == EN_OK)
        err = simple(t, ST_COMMIT);
    if (err == EN_OK) {
        *own = c.own;
    } else {
        /* Some errors have rolled back by themselves. */
        if (sqlite3_get_autocommit(t->db) == 0)
            (void)simple(t, ST_ROLLBACK);
        t->stuck = sqlite3_get_autocommit(t->db) == 0;
        memset(t->shelf, 0, sizeof(t->shelf));
    }
    free(c.log);
    return err;
}
