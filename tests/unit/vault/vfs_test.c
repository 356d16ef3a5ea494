/* core/vault/vfs: two files, whole pages, whole frames; everything else refused. */
#include "help.h"

#include "vault/page.h"
#include "vault/schema.h"
#include "vault/vfs.h"

#include <stdlib.h>

static const struct en_vault_keys keys = {
    .page = {"the page key of this generation."},
    .wal = {"the wal key of this generation.."},
};
static const struct en_id16 file_id = {"one file's id.."};

/* A VFS of ours and the two files, as SQLite would hold them. */
struct bench {
    char *dir;
    char path[256];
    /* The names as SQLite gives them: with what follows a name in its memory. */
    sqlite3_filename db_name, wal_name;
    struct en_vfs *v;
    sqlite3_vfs *vfs;
    sqlite3_file *db;
    sqlite3_file *wal;
};

static sqlite3_file *open_as(struct bench *b, const char *name, int kind,
                             int *rc)
{
    sqlite3_file *f = calloc(1, (size_t)b->vfs->szOsFile);

    assert_non_null(f);
    *rc =
        b->vfs->xOpen(b->vfs, name, f,
                      kind | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (*rc == SQLITE_OK)
        return f;
    assert_null(f->pMethods);
    free(f);
    return NULL;
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    char wal[300];
    int rc;

    assert_non_null(b);
    b->dir = new_dir();
    (void)snprintf(b->path, sizeof(b->path), "%s/%s", b->dir, DB_NAME);
    assert_ok(en_vfs_new(NULL, b->path, &keys, &file_id, en_rng_system(),
                         TIME_MS, NULL, &b->v));
    b->vfs = sqlite3_vfs_find(en_vfs_name(b->v));
    assert_non_null(b->vfs);
    b->db_name = sqlite3_create_filename(b->path, "", "", 0, NULL);
    (void)snprintf(wal, sizeof(wal), "%s-wal", b->path);
    b->wal_name = sqlite3_create_filename(wal, "", "", 0, NULL);
    b->db = open_as(b, b->db_name, SQLITE_OPEN_MAIN_DB, &rc);
    assert_int_equal(rc, SQLITE_OK);
    *state = b;
    return 0;
}

static void open_wal(struct bench *b)
{
    int rc;

    b->wal = open_as(b, b->wal_name, SQLITE_OPEN_WAL, &rc);
    assert_int_equal(rc, SQLITE_OK);
}

static void shut(sqlite3_file **f)
{
    if (*f != NULL) {
        assert_int_equal((*f)->pMethods->xClose(*f), SQLITE_OK);
        free(*f);
        *f = NULL;
    }
}

static int teardown(void **state)
{
    struct bench *b = *state;

    shut(&b->wal);
    shut(&b->db);
    en_vfs_free(b->v);
    sqlite3_free_filename(b->db_name);
    sqlite3_free_filename(b->wal_name);
    drop_dir(b->dir);
    free(b);
    return 0;
}

static int put(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    return f->pMethods->xWrite(f, p, n, at);
}

static int get(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return f->pMethods->xRead(f, p, n, at);
}

static void page(uint8_t p[EN_PAGE_LEN], int fill)
{
    memset(p, fill, EN_PAGE_LEN);
    memset(p + EN_PAGE_PLAIN, 0, EN_PAGE_RESERVE);
}

/* ---- names ---- */

static void only_the_database_and_its_log_can_be_opened(void **state)
{
    static const int kinds[] = {
        SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_TEMP_DB,
        SQLITE_OPEN_TEMP_JOURNAL, SQLITE_OPEN_TRANSIENT_DB,
        SQLITE_OPEN_SUBJOURNAL,   SQLITE_OPEN_SUPER_JOURNAL};
    struct bench *b = *state;
    char other[300];
    int rc;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        assert_null(open_as(b, b->path, kinds[i], &rc));
        assert_int_equal(rc, SQLITE_CANTOPEN);
        assert_null(open_as(b, NULL, kinds[i], &rc));
        assert_int_equal(rc, SQLITE_CANTOPEN);
    }
    (void)snprintf(other, sizeof(other), "%s/other.db", b->dir);
    assert_null(open_as(b, other, SQLITE_OPEN_MAIN_DB, &rc));
    assert_int_equal(rc, SQLITE_CANTOPEN);
    (void)snprintf(other, sizeof(other), "%s-wal2", b->path);
    assert_null(open_as(b, other, SQLITE_OPEN_WAL, &rc));
    assert_int_equal(rc, SQLITE_CANTOPEN);
    assert_null(open_as(b, b->db_name, SQLITE_OPEN_WAL, &rc));
    assert_int_equal(rc, SQLITE_CANTOPEN);
    assert_null(open_as(b, b->db_name, SQLITE_OPEN_MAIN_DB, &rc)); /* twice */
    assert_int_equal(rc, SQLITE_CANTOPEN);
    assert_false(has_file(b->dir, "other.db"));
}

static void other_names_are_absent_and_left_alone(void **state)
{
    struct bench *b = *state;
    char name[300];
    uint8_t p[EN_PAGE_LEN];
    int there = 1;

    page(p, 'A'); /* to the unix VFS an empty file does not exist */
    assert_int_equal(put(b->db, p, EN_PAGE_LEN, 0), SQLITE_OK);
    write_file(b->dir, DB_NAME "-journal", BYTES("planted"));
    (void)snprintf(name, sizeof(name), "%s-journal", b->path);
    assert_int_equal(
        b->vfs->xAccess(b->vfs, name, SQLITE_ACCESS_EXISTS, &there), SQLITE_OK);
    assert_int_equal(there, 0);
    assert_int_equal(b->vfs->xDelete(b->vfs, name, 1),
                     SQLITE_IOERR_DELETE_NOENT);
    assert_true(has_file(b->dir, DB_NAME "-journal"));
    assert_int_equal(b->vfs->xDelete(b->vfs, b->path, 1),
                     SQLITE_IOERR_DELETE_NOENT);
    assert_true(has_file(b->dir, DB_NAME));
    assert_int_equal(
        b->vfs->xAccess(b->vfs, b->path, SQLITE_ACCESS_EXISTS, &there),
        SQLITE_OK);
    assert_int_equal(there, 1);
}

static void traits_are_a_white_list_and_nothing_is_mapped(void **state)
{
    struct bench *b = *state;
    const sqlite3_io_methods *m = b->db->pMethods;
    void volatile *p = NULL;
    sqlite3_int64 n = 1 << 20;

    assert_int_equal(m->iVersion, 2);
    assert_int_equal(m->xDeviceCharacteristics(b->db) &
                         ~(SQLITE_IOCAP_POWERSAFE_OVERWRITE |
                           SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN),
                     0);
    assert_int_not_equal(m->xShmMap(b->db, 0, 32768, 1, &p), SQLITE_OK);
    assert_null((void *)(uintptr_t)p);
    assert_int_not_equal(m->xShmLock(b->db, 0, 1, SQLITE_SHM_LOCK), SQLITE_OK);
    assert_int_equal(m->xFileControl(b->db, SQLITE_FCNTL_MMAP_SIZE, &n),
                     SQLITE_NOTFOUND);
    assert_int_equal(m->xFileControl(b->db, SQLITE_FCNTL_CHUNK_SIZE, &n),
                     SQLITE_NOTFOUND);
    assert_int_equal(
        m->xFileControl(b->db, SQLITE_FCNTL_POWERSAFE_OVERWRITE, &n),
        SQLITE_NOTFOUND);
    assert_null(b->vfs->xDlOpen(b->vfs, "anything.so"));
}

static void clock_and_chance_come_from_arguments(void **state)
{
    struct bench *b = *state;
    sqlite3_int64 t = 0;
    double days = 0;

    assert_int_equal(b->vfs->xCurrentTimeInt64(b->vfs, &t), SQLITE_OK);
    assert_int_equal(t, (sqlite3_int64)TIME_MS + 210866760000000);
    assert_int_equal(b->vfs->xCurrentTime(b->vfs, &days), SQLITE_OK);
    assert_true(days > 2461004.0 && days < 2461006.0);
    assert_int_equal(b->vfs->xSleep(b->vfs, 1000000000), 1000000000);
}

/* ---- pages ---- */

static void page_on_disk_is_sealed_and_reads_back(void **state)
{
    struct bench *b = *state;
    struct en_buf raw = {0};
    uint8_t p[EN_PAGE_LEN];
    uint8_t out[EN_PAGE_LEN];

    page(p, 'A');
    assert_int_equal(put(b->db, p, EN_PAGE_LEN, 0), SQLITE_OK);
    page(p, 'B');
    assert_int_equal(put(b->db, p, EN_PAGE_LEN, EN_PAGE_LEN), SQLITE_OK);
    assert_int_equal(get(b->db, out, EN_PAGE_LEN, EN_PAGE_LEN), SQLITE_OK);
    assert_memory_equal(out, p, EN_PAGE_LEN);
    assert_int_equal(get(b->db, out, 16, 24), SQLITE_OK); /* a piece */
    assert_memory_equal(out, "AAAAAAAAAAAAAAAA", 16);
    read_file(b->dir, DB_NAME, &raw);
    assert_int_equal(raw.n, 2 * EN_PAGE_LEN);
    for (size_t i = 0; i + 8 < raw.n; i++)
        assert_memory_not_equal(raw.p + i, "AAAAAAAA", 8);
    en_buf_free(&raw);
}

static void first_hundred_bytes_are_answered_without_the_file(void **state)
{
    struct bench *b = *state;
    uint8_t out[100];

    write_file(b->dir, DB_NAME, BYTES("torn"));
    assert_int_equal(get(b->db, out, 100, 0), SQLITE_OK);
    assert_memory_equal(out, "SQLite format 3", 16);
    assert_int_equal(en_get_u16be(out + 16), 4096);
    assert_int_equal(out[18], 2);
    assert_int_equal(out[19], 2);
    assert_int_equal(out[20], 40);
}

static void missing_zero_or_foreign_page_is_an_error(void **state)
{
    struct bench *b = *state;
    struct en_buf raw = {0};
    uint8_t p[EN_PAGE_LEN];

    /* SQLITE_IOERR_SHORT_READ would be taken for an empty page. */
    assert_int_equal(get(b->db, p, EN_PAGE_LEN, 0), SQLITE_IOERR_DATA);
    assert_true(en_vfs_seen(b->v)->forged);
    page(p, 'A');
    assert_int_equal(put(b->db, p, EN_PAGE_LEN, 0), SQLITE_OK);
    assert_int_equal(put(b->db, p, EN_PAGE_LEN, 2 * EN_PAGE_LEN), SQLITE_OK);
    assert_int_equal(get(b->db, p, EN_PAGE_LEN, EN_PAGE_LEN),
                     SQLITE_IOERR_DATA); /* the hole */
    read_file(b->dir, DB_NAME, &raw);
    memcpy(raw.p + EN_PAGE_LEN, raw.p, EN_PAGE_LEN); /* page 1 as page 2 */
    write_file(b->dir, DB_NAME, en_buf_span(&raw));
    assert_int_equal(get(b->db, p, EN_PAGE_LEN, EN_PAGE_LEN),
                     SQLITE_IOERR_DATA);
    assert_true(en_is_zero_ct(p, EN_PAGE_LEN));
    assert_int_equal(get(b->db, p, EN_PAGE_LEN, 0), SQLITE_OK);
    en_buf_free(&raw);
}

static void write_that_is_no_whole_page_is_refused(void **state)
{
    static const struct {
        int n;
        sqlite3_int64 at;
    } bad[] = {{4095, 0}, {16, 24}, {4096, 1}, {4096, 4095}, {1, 0}};
    struct bench *b = *state;
    struct en_buf raw = {0};
    uint8_t p[2 * EN_PAGE_LEN] = {0};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        en_vfs_seen(b->v)->failed = false;
        assert_int_equal(put(b->db, p, bad[i].n, bad[i].at),
                         SQLITE_IOERR_WRITE);
        assert_true(en_vfs_seen(b->v)->failed);
    }
    en_vfs_seen(b->v)->failed = false;
    assert_int_equal(put(b->db, p, 2 * EN_PAGE_LEN, 0), SQLITE_IOERR_WRITE);
    for (int i = EN_PAGE_PLAIN; i < EN_PAGE_LEN; i++) {
        en_vfs_seen(b->v)->failed = false;
        memset(p, 0, sizeof(p));
        p[i] = 1; /* in the reserve */
        assert_int_equal(put(b->db, p, EN_PAGE_LEN, 0), SQLITE_IOERR_WRITE);
    }
    read_file(b->dir, DB_NAME, &raw);
    assert_int_equal(raw.n, 0);
    en_buf_free(&raw);
}

static void after_one_failure_nothing_is_written_or_synced(void **state)
{
    struct bench *b = *state;
    uint8_t p[EN_PAGE_LEN];
    char wal[300];

    page(p, 'A');
    assert_int_equal(put(b->db, p, EN_PAGE_LEN, 0), SQLITE_OK);
    assert_int_equal(b->db->pMethods->xSync(b->db, SQLITE_SYNC_NORMAL),
                     SQLITE_OK);
    assert_int_equal(put(b->db, p, 7, 0), SQLITE_IOERR_WRITE);
    assert_int_equal(put(b->db, p, EN_PAGE_LEN, 0), SQLITE_IOERR_WRITE);
    assert_int_equal(b->db->pMethods->xSync(b->db, SQLITE_SYNC_NORMAL),
                     SQLITE_IOERR_FSYNC);
    assert_int_equal(b->db->pMethods->xTruncate(b->db, 0),
                     SQLITE_IOERR_TRUNCATE);
    (void)snprintf(wal, sizeof(wal), "%s-wal", b->path);
    assert_int_equal(b->vfs->xDelete(b->vfs, wal, 0), SQLITE_IOERR_DELETE);
    assert_int_equal(get(b->db, p, EN_PAGE_LEN, 0), SQLITE_OK);
}

/* ---- frames ---- */

struct log {
    uint8_t header[EN_WAL_HEADER];
    uint8_t frame[EN_FRAME_LEN];
};

static struct log log_with(uint8_t salt, uint8_t fill)
{
    struct log l;

    memset(l.header, 0, sizeof(l.header));
    memset(l.header + 16, salt, 8);
    page(l.frame + EN_FRAME_HEADER, fill);
    memset(l.frame, 0, EN_FRAME_HEADER);
    l.frame[3] = 1;
    memset(l.frame + 8, salt, 8);
    memset(l.frame + 16, fill, 8);
    return l;
}

static void write_frame(struct bench *b, const struct log *l, uint32_t i)
{
    sqlite3_int64 at = (sqlite3_int64)en_frame_at(i);

    assert_int_equal(put(b->wal, l->frame, EN_FRAME_HEADER, at), SQLITE_OK);
    assert_int_equal(put(b->wal, l->frame + EN_FRAME_HEADER, EN_PAGE_LEN,
                         at + EN_FRAME_HEADER),
                     SQLITE_OK);
}

static size_t wal_size(struct bench *b)
{
    sqlite3_int64 n = 0;

    assert_int_equal(b->wal->pMethods->xFileSize(b->wal, &n), SQLITE_OK);
    return (size_t)n;
}

static void frame_is_written_once_whole_and_sealed(void **state)
{
    struct bench *b = *state;
    struct log l = log_with(7, 'F');
    struct en_buf raw = {0};
    uint8_t out[EN_FRAME_LEN];

    open_wal(b);
    assert_int_equal(put(b->wal, l.header, EN_WAL_HEADER, 0), SQLITE_OK);
    assert_int_equal(put(b->wal, l.frame, 10, 32), SQLITE_OK);
    assert_int_equal(put(b->wal, l.frame + 10, 14, 42), SQLITE_OK);
    assert_int_equal(put(b->wal, l.frame + 24, 1000, 56), SQLITE_OK);
    assert_int_equal(wal_size(b), EN_WAL_HEADER); /* held back */
    assert_int_equal(put(b->wal, l.frame + 1024, 3096, 32 + 1024), SQLITE_OK);
    assert_int_equal(wal_size(b), EN_WAL_HEADER + EN_FRAME_LEN);
    assert_int_equal(get(b->wal, out, EN_PAGE_LEN, 32 + 24), SQLITE_OK);
    assert_memory_equal(out, l.frame + 24, EN_PAGE_LEN);
    assert_int_equal(get(b->wal, out, 8, 32 + 16), SQLITE_OK);
    assert_memory_equal(out, l.frame + 16, 8);
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32), SQLITE_OK);
    assert_memory_equal(out, l.frame, EN_FRAME_LEN);
    read_file(b->dir, WAL_NAME, &raw);
    for (size_t i = EN_WAL_HEADER; i + 8 < raw.n; i++)
        assert_memory_not_equal(raw.p + i, "FFFFFFFF", 8);
    en_buf_free(&raw);
}

/* What went ahead of a sync is never written again: the frame is one sealing. */
static void piece_before_a_sync_goes_ahead_and_stays(void **state)
{
    struct bench *b = *state;
    struct log l = log_with(7, 'F');
    struct en_buf ahead = {0};
    struct en_buf whole = {0};
    uint8_t out[EN_FRAME_LEN];

    open_wal(b);
    assert_int_equal(put(b->wal, l.header, EN_WAL_HEADER, 0), SQLITE_OK);
    assert_int_equal(put(b->wal, l.frame, 24, 32), SQLITE_OK);
    assert_int_equal(put(b->wal, l.frame + 24, 456, 56), SQLITE_OK);
    assert_int_equal(b->wal->pMethods->xSync(b->wal, SQLITE_SYNC_NORMAL),
                     SQLITE_OK);
    assert_int_equal(wal_size(b), 512);
    read_file(b->dir, WAL_NAME, &ahead);
    assert_int_equal(put(b->wal, l.frame + 480, EN_FRAME_LEN - 480, 512),
                     SQLITE_OK);
    read_file(b->dir, WAL_NAME, &whole);
    assert_int_equal(whole.n, EN_WAL_HEADER + EN_FRAME_LEN);
    assert_memory_equal(whole.p, ahead.p, 512);
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32), SQLITE_OK);
    assert_memory_equal(out, l.frame, EN_FRAME_LEN);
    en_buf_free(&ahead);
    en_buf_free(&whole);
}

static void frame_header_just_read_is_written_again_at_once(void **state)
{
    struct bench *b = *state;
    struct log l = log_with(7, 'F');
    struct en_buf before = {0};
    struct en_buf after = {0};
    uint8_t out[EN_FRAME_LEN];

    open_wal(b);
    assert_int_equal(put(b->wal, l.header, EN_WAL_HEADER, 0), SQLITE_OK);
    write_frame(b, &l, 1);
    write_frame(b, &l, 2);
    read_file(b->dir, WAL_NAME, &before);
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32), SQLITE_OK);
    l.frame[16] = 'Z';
    assert_int_equal(put(b->wal, l.frame, EN_FRAME_HEADER, 32), SQLITE_OK);
    read_file(b->dir, WAL_NAME, &after);
    /* A new nonce, so every byte of the frame; and no byte of the next. */
    assert_memory_not_equal(before.p + 32 + EN_FRAME_PLAIN,
                            after.p + 32 + EN_FRAME_PLAIN, EN_VAULT_NONCE);
    assert_memory_equal(before.p + 32 + EN_FRAME_LEN,
                        after.p + 32 + EN_FRAME_LEN, EN_FRAME_LEN);
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32), SQLITE_OK);
    assert_memory_equal(out, l.frame, EN_FRAME_LEN);
    en_buf_free(&before);
    en_buf_free(&after);
}

static void page_of_a_written_frame_is_replaced_in_place(void **state)
{
    struct bench *b = *state;
    struct log l = log_with(7, 'F');
    uint8_t out[EN_FRAME_LEN];

    open_wal(b);
    assert_int_equal(put(b->wal, l.header, EN_WAL_HEADER, 0), SQLITE_OK);
    write_frame(b, &l, 1);
    write_frame(b, &l, 2);
    page(l.frame + 24, 'G');
    assert_int_equal(put(b->wal, l.frame + 24, EN_PAGE_LEN, 32 + 24),
                     SQLITE_OK);
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32), SQLITE_OK);
    assert_memory_equal(out, l.frame, EN_FRAME_LEN);
}

static void unknown_writes_to_the_log_are_refused(void **state)
{
    struct bench *b = *state;
    struct log l = log_with(7, 'F');
    static const struct {
        int n;
        sqlite3_int64 at;
    } bad[] = {
        {31, 0},                  /* not the header */
        {32, 1},                  /* nor here */
        {24, 40},                 /* no frame begins there */
        {4096, 32 + 4120 + 24},   /* the page of a frame not written */
        {24, 32 + 5 * 4120},      /* a hole before it */
        {8, 32 + 16},             /* a checksum alone */
        {4120, 32 + 4120 + 4120}, /* a hole again */
        {4121, 32},               /* more than a frame */
    };
    size_t size;

    open_wal(b);
    assert_int_equal(put(b->wal, l.header, EN_WAL_HEADER, 0), SQLITE_OK);
    write_frame(b, &l, 1);
    size = wal_size(b);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t p[EN_FRAME_LEN + 1] = {0};

        en_vfs_seen(b->v)->failed = false;
        assert_int_equal(put(b->wal, p, bad[i].n, bad[i].at),
                         SQLITE_IOERR_WRITE);
        assert_true(en_vfs_seen(b->v)->failed);
        assert_int_equal(wal_size(b), size);
    }
    en_vfs_seen(b->v)->failed = false;
    l.frame[EN_FRAME_LEN - 1] = 1; /* in the reserve */
    assert_int_equal(put(b->wal, l.frame, EN_FRAME_LEN, 32 + 4120),
                     SQLITE_IOERR_WRITE);
    assert_int_equal(wal_size(b), size);
}

static void reads_between_pieces_are_refused(void **state)
{
    struct bench *b = *state;
    struct log l = log_with(7, 'F');
    uint8_t out[EN_FRAME_LEN];

    open_wal(b);
    assert_int_equal(put(b->wal, l.header, EN_WAL_HEADER, 0), SQLITE_OK);
    write_frame(b, &l, 1);
    assert_int_equal(get(b->wal, out, 100, 32 + 24), SQLITE_IOERR_READ);
    assert_int_equal(get(b->wal, out, 24, 32), SQLITE_IOERR_READ);
    assert_int_equal(get(b->wal, out, 8, 32 + 17), SQLITE_IOERR_READ);
    assert_int_equal(get(b->wal, out, 40, 0), SQLITE_IOERR_READ);
    assert_int_equal(get(b->wal, out, 8, 24), SQLITE_OK); /* of the header */
}

/* Flips a bit in frame i on the disk. */
static void spoil(struct bench *b, uint32_t i)
{
    struct en_buf raw = {0};

    read_file(b->dir, WAL_NAME, &raw);
    raw.p[en_frame_at(i) + 99] ^= 4;
    write_file(b->dir, WAL_NAME, en_buf_span(&raw));
    en_buf_free(&raw);
}

static void
bad_frame_is_zeros_to_recovery_and_an_error_to_the_pager(void **state)
{
    struct bench *b = *state;
    struct log l = log_with(7, 'F');
    uint8_t out[EN_FRAME_LEN];

    open_wal(b);
    assert_int_equal(put(b->wal, l.header, EN_WAL_HEADER, 0), SQLITE_OK);
    for (uint32_t i = 1; i <= 3; i++)
        write_frame(b, &l, i);
    spoil(b, 2);
    /* This handle wrote it: never torn, so damage. */
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32 + 4120),
                     SQLITE_IOERR_DATA);
    shut(&b->wal);
    open_wal(b);
    assert_int_equal(get(b->wal, out, EN_WAL_HEADER, 0), SQLITE_OK);
    en_vfs_seen(b->v)->damaged = 0; /* that header has no checksum */
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32), SQLITE_OK);
    assert_memory_equal(out, l.frame, EN_FRAME_LEN);
    memset(out, 0xee, sizeof(out));
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32 + 4120), SQLITE_OK);
    assert_true(en_is_zero_ct(out, EN_FRAME_LEN));
    assert_int_equal(en_vfs_seen(b->v)->damaged, 1); /* frame 3 is good */
    assert_int_equal(get(b->wal, out, EN_PAGE_LEN, 32 + 4120 + 24),
                     SQLITE_IOERR_DATA);
    assert_int_equal(get(b->wal, out, 8, 32 + 4120 + 16), SQLITE_IOERR_DATA);
    spoil(b, 3);
    spoil(b, 2); /* whole again */
    assert_int_equal(get(b->wal, out, EN_FRAME_LEN, 32 + 2 * 4120), SQLITE_OK);
    assert_true(en_is_zero_ct(out, EN_FRAME_LEN));
    assert_int_equal(en_vfs_seen(b->v)->damaged, 1); /* a tail: no damage */
}

static void frame_of_an_older_log_is_an_error_to_the_pager(void **state)
{
    struct bench *b = *state;
    struct log old = log_with(7, 'F');
    struct log new = log_with(8, 'G');
    uint8_t out[EN_FRAME_LEN];

    open_wal(b);
    assert_int_equal(put(b->wal, old.header, EN_WAL_HEADER, 0), SQLITE_OK);
    write_frame(b, &old, 1);
    write_frame(b, &old, 2);
    assert_int_equal(put(b->wal, new.header, EN_WAL_HEADER, 0), SQLITE_OK);
    write_frame(b, &new, 1);
    assert_int_equal(get(b->wal, out, EN_PAGE_LEN, 32 + 24), SQLITE_OK);
    assert_int_equal(get(b->wal, out, EN_PAGE_LEN, 32 + 4120 + 24),
                     SQLITE_IOERR_DATA);
    /* While new checksums are owed, salts are zero in what this handle wrote. */
    memset(new.frame + 8, 0, 16);
    write_frame(b, &new, 2);
    assert_int_equal(get(b->wal, out, EN_PAGE_LEN, 32 + 4120 + 24), SQLITE_OK);
    shut(&b->wal);
    open_wal(b);
    assert_int_equal(get(b->wal, out, EN_WAL_HEADER, 0), SQLITE_OK);
    assert_int_equal(get(b->wal, out, EN_PAGE_LEN, 32 + 4120 + 24),
                     SQLITE_IOERR_DATA);
}

static void cut_log_is_no_longer_ours(void **state)
{
    struct bench *b = *state;
    struct log l = log_with(7, 'F');

    open_wal(b);
    assert_int_equal(put(b->wal, l.header, EN_WAL_HEADER, 0), SQLITE_OK);
    for (uint32_t i = 1; i <= 3; i++)
        write_frame(b, &l, i);
    assert_int_equal(b->wal->pMethods->xTruncate(b->wal, 32 + 4120 + 50),
                     SQLITE_OK);
    assert_int_equal(put(b->wal, l.frame + 24, EN_PAGE_LEN, 32 + 4120 + 24),
                     SQLITE_IOERR_WRITE);
    en_vfs_seen(b->v)->failed = false;
    write_frame(b, &l, 2); /* but it may be written anew */
    assert_int_equal(
        put(b->wal, l.frame, EN_FRAME_LEN, (sqlite3_int64)en_frame_at(4)),
        SQLITE_IOERR_WRITE);
}

/* ---- through SQLite ---- */

static void statements_cannot_reach_past_the_vfs(void **state)
{
    static const char *const bad[] = {
        "PRAGMA page_size=8192",
        "PRAGMA journal_mode=DELETE",
        "PRAGMA journal_mode=OFF",
        "PRAGMA journal_mode=MEMORY",
        "ATTACH ':memory:' AS x",
        "ATTACH 'other.db' AS x",
        "VACUUM",
        "VACUUM INTO 'out.db'",
        "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema",
        "SELECT load_extension('x')",
        "SELECT \"no such column\"",
    };
    char *dir = new_dir();
    struct en_vault *v = made(dir);
    sqlite3 *db = en_vault_db(v);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (sqlite3_exec(db, bad[i], NULL, NULL, NULL) == SQLITE_OK)
            fail_msg("accepted: %s", bad[i]);
    /* A sort larger than the cache stays in memory: no third file to open. */
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TEMP TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1"
                     " UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
                     " SELECT i, hex(randomblob(300)) AS x FROM n ORDER BY x",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_ok(append_own(v, 0));
    en_vault_close(v);
    assert_false(has_file(dir, "out.db"));
    assert_false(has_file(dir, "other.db"));
    drop_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(only_the_database_and_its_log_can_be_opened),
        T(other_names_are_absent_and_left_alone),
        T(traits_are_a_white_list_and_nothing_is_mapped),
        T(clock_and_chance_come_from_arguments),
        T(page_on_disk_is_sealed_and_reads_back),
        T(first_hundred_bytes_are_answered_without_the_file),
        T(missing_zero_or_foreign_page_is_an_error),
        T(write_that_is_no_whole_page_is_refused),
        T(after_one_failure_nothing_is_written_or_synced),
        T(frame_is_written_once_whole_and_sealed),
        T(piece_before_a_sync_goes_ahead_and_stays),
        T(frame_header_just_read_is_written_again_at_once),
        T(page_of_a_written_frame_is_replaced_in_place),
        T(unknown_writes_to_the_log_are_refused),
        T(reads_between_pieces_are_refused),
        T(bad_frame_is_zeros_to_recovery_and_an_error_to_the_pager),
        T(frame_of_an_older_log_is_an_error_to_the_pager),
        T(cut_log_is_no_longer_ours),
        cmocka_unit_test(statements_cannot_reach_past_the_vfs),
    };

    if (en_secret_init() != EN_OK || en_vault_process_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
