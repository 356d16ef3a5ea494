#include "vault/vfs.h"

#include "base/limits.h"
#include "vault/page.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NONCES     64 /* drawn at a time */
#define SEAL_AHEAD (EN_FRAME_LEN - 16)
#define SECTOR_MAX 4096

struct en_vfs {
    sqlite3_vfs vfs;
    sqlite3_vfs *below;
    char name[48];
    char *db; /* full path, as the VFS beneath spells it */
    size_t db_len;
    bool db_open, wal_open;
    bool making;
    const struct en_vault_keys *keys;
    struct en_id16 file;
    struct en_rng *rng;
    uint64_t time_ms;
    const struct en_trace *trace;
    struct en_vfs_seen seen;
    uint8_t nonce[NONCES][EN_VAULT_NONCE];
    size_t nonces; /* left */
};

struct file {
    sqlite3_file base;
    struct en_vfs *v;
    bool wal;

    /* the log's machine */
    uint8_t salt[8];     /* of the log's header as last read or written */
    uint32_t lo, hi;     /* frames this handle wrote; lo 0: none */
    uint32_t read_whole; /* the frame that the last call read whole, or 0 */
    uint32_t part_no;    /* PARTIAL when part_len > 0 */
    size_t part_len;
    size_t part_out; /* bytes of it that a sync has sent ahead, sealed */
    uint8_t part_nonce[EN_VAULT_NONCE];
    uint8_t part[EN_FRAME_LEN];

    uint8_t plain[EN_FRAME_LEN];
    uint8_t sealed[EN_FRAME_LEN];
};

/* The file below lies behind ours in the memory that SQLite gives. */
#define FILE_LEN ((sizeof(struct file) + 15u) & ~(size_t)15u)

static struct file *file_of(sqlite3_file *f)
{
    return (struct file *)(void *)f;
}

static sqlite3_file *below_of(struct file *f)
{
    return (sqlite3_file *)(void *)((char *)f + FILE_LEN);
}

static struct en_vfs *vfs_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static const uint8_t *next_nonce(struct en_vfs *v)
{
    if (v->nonces == 0) {
        en_rng_bytes(v->rng, v->nonce, sizeof(v->nonce));
        v->nonces = NONCES;
    }
    return v->nonce[--v->nonces];
}

/* Remembers that something below failed; returns rc. */
static int failed(struct en_vfs *v, int rc)
{
    v->seen.failed = true;
    if (rc == SQLITE_FULL)
        v->seen.full = true;
    en_trace_line(v->trace, "vault: write failed, sqlite %d", rc);
    return rc;
}

static int forged(struct en_vfs *v, const char *what, uint64_t n)
{
    v->seen.forged = true;
    en_trace_line(v->trace, "vault: %s %llu does not open", what,
                  (unsigned long long)n);
    return SQLITE_IOERR_DATA;
}

static int below_write(struct file *f, const void *p, int n, sqlite3_int64 at)
{
    sqlite3_file *b = below_of(f);
    int rc = b->pMethods->xWrite(b, p, n, at);

    return rc == SQLITE_OK ? rc : failed(f->v, rc);
}

static int below_read(struct file *f, void *p, int n, sqlite3_int64 at)
{
    sqlite3_file *b = below_of(f);

    return b->pMethods->xRead(b, p, n, at);
}

/* ---- the database ---- */

/*
 * SQLite looks at the first 100 bytes before it knows whether there is a log.
 * They are answered from what every vault has: page 1 in the file may be torn
 * while the log holds the good copy, and must not close the vault for ever.
 */
static void first_bytes(uint8_t out[100])
{
    memset(out, 0, 100);
    memcpy(out, "SQLite format 3", 16);
    en_put_u16be(out + 16, EN_PAGE_LEN);
    out[18] = 2; /* written and read through a write-ahead log */
    out[19] = 2;
    out[20] = EN_PAGE_RESERVE;
    out[21] = 64;
    out[22] = 32;
    out[23] = 32;
}

static int db_read(struct file *f, uint8_t *out, size_t n, uint64_t at)
{
    uint64_t page = at / EN_PAGE_LEN + 1;
    size_t in = (size_t)(at % EN_PAGE_LEN);
    int rc;

    if (at == 0 && n == 100) {
        first_bytes(out);
        return SQLITE_OK;
    }
    if (n > EN_PAGE_LEN - in || page > UINT32_MAX)
        return SQLITE_IOERR_READ;
    rc = below_read(f, f->sealed, EN_PAGE_LEN,
                    (sqlite3_int64)((page - 1) * EN_PAGE_LEN));
    /* Pages are written whole and none is ever left out: no legitimate page is
     * missing or zero, and SQLite would take a short read for an empty one. */
    if (rc == SQLITE_IOERR_SHORT_READ)
        return forged(f->v, "page", page);
    if (rc != SQLITE_OK)
        return rc;
    if (en_page_open(&f->v->keys->page, &f->v->file, (uint32_t)page, f->sealed,
                     f->plain) != EN_OK) {
        memset(out, 0, n);
        return forged(f->v, "page", page);
    }
    memcpy(out, f->plain + in, n);
    return SQLITE_OK;
}

static int db_write(struct file *f, const uint8_t *p, size_t n, uint64_t at)
{
    uint64_t page = at / EN_PAGE_LEN + 1;

    if (n != EN_PAGE_LEN || at % EN_PAGE_LEN != 0 || page > UINT32_MAX ||
        !en_is_zero_ct(p + EN_PAGE_PLAIN, EN_PAGE_RESERVE))
        return failed(f->v, SQLITE_IOERR_WRITE);
    en_page_seal(&f->v->keys->page, &f->v->file, (uint32_t)page,
                 next_nonce(f->v), p, f->sealed);
    return below_write(f, f->sealed, EN_PAGE_LEN, (sqlite3_int64)at);
}

/* ---- the write-ahead log ---- */

static bool ours(const struct file *f, uint32_t i)
{
    return f->lo != 0 && i >= f->lo && i <= f->hi;
}

/* Reads and opens frame i into f->plain. SQLITE_IOERR_DATA: does not open. */
static int load_frame(struct file *f, uint32_t i)
{
    int rc =
        below_read(f, f->sealed, EN_FRAME_LEN, (sqlite3_int64)en_frame_at(i));

    if (rc == SQLITE_IOERR_SHORT_READ)
        rc = SQLITE_IOERR_DATA;
    if (rc == SQLITE_OK && en_frame_open(&f->v->keys->wal, &f->v->file, i,
                                         f->sealed, f->plain) != EN_OK)
        rc = SQLITE_IOERR_DATA;
    if (rc != SQLITE_OK)
        memset(f->plain, 0, sizeof(f->plain));
    return rc;
}

static int seal_frame(struct file *f, uint32_t i, const uint8_t *plain)
{
    if (!en_is_zero_ct(plain + EN_FRAME_PLAIN, EN_PAGE_RESERVE))
        return failed(f->v, SQLITE_IOERR_WRITE);
    en_frame_seal(&f->v->keys->wal, &f->v->file, i, next_nonce(f->v), plain,
                  f->sealed);
    return below_write(f, f->sealed, EN_FRAME_LEN,
                       (sqlite3_int64)en_frame_at(i));
}

/* SQLite's checksum of the log's header, over its first 24 bytes. */
static bool header_holds(const uint8_t h[EN_WAL_HEADER])
{
    bool big = (h[3] & 1) != 0;
    uint32_t s[2] = {0, 0};

    for (size_t i = 0; i < 24; i += 8) {
        uint32_t x[2];

        for (size_t k = 0; k < 2; k++) {
            const uint8_t *p = h + i + 4 * k;

            x[k] = big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                             (uint32_t)p[2] << 8 | p[3]
                       : en_get_u32(p);
        }
        s[0] += x[0] + s[1];
        s[1] += x[1] + s[0];
    }
    for (size_t k = 0; k < 2; k++) {
        const uint8_t *p = h + 24 + 4 * k;

        if (s[k] != ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                     (uint32_t)p[2] << 8 | p[3]))
            return false;
    }
    return true;
}

/*
 * Recovery met something that does not open at frame i. A torn tail is what a
 * power cut leaves; whole frames behind it that belong to the same log (any log,
 * if its header is what broke) are told to doctor.
 */
static void look_behind(struct file *f, uint32_t i, bool any)
{
    sqlite3_file *b = below_of(f);
    sqlite3_int64 size = 0;
    uint32_t left = EN_VAULT_FRAMES_BEHIND_MAX;

    if (b->pMethods->xFileSize(b, &size) != SQLITE_OK || size < 0)
        return;
    for (; en_frame_at(i) + EN_FRAME_LEN <= (uint64_t)size && left > 0;
         i++, left--) {
        if (load_frame(f, i) == SQLITE_OK &&
            (any || memcmp(f->plain + 8, f->salt, sizeof(f->salt)) == 0)) {
            f->v->seen.damaged++;
            break;
        }
    }
    memset(f->plain, 0, sizeof(f->plain));
}

static int wal_read_header(struct file *f, uint8_t *out, size_t n, uint64_t at)
{
    int rc = below_read(f, out, (int)n, (sqlite3_int64)at);

    if (rc == SQLITE_OK && at == 0 && n == EN_WAL_HEADER) {
        memcpy(f->salt, out + 16, sizeof(f->salt));
        if (!header_holds(out))
            look_behind(f, 1, true);
    }
    return rc;
}

/* A whole frame: recovery, or the first half of a new checksum. */
static int wal_read_frame(struct file *f, uint8_t *out, uint32_t i)
{
    int rc = load_frame(f, i);

    if (rc == SQLITE_IOERR_DATA && !ours(f, i)) {
        look_behind(f, i + 1, false);
        memset(out, 0, EN_FRAME_LEN);
        return SQLITE_OK;
    }
    if (rc == SQLITE_IOERR_DATA)
        return forged(f->v, "frame", i);
    if (rc != SQLITE_OK)
        return rc;
    memcpy(out, f->plain, EN_FRAME_LEN);
    if (ours(f, i))
        f->read_whole = i;
    return SQLITE_OK;
}

/* The page in a frame (the pager), or its checksum (a seed for new ones). */
static int wal_read_part(struct file *f, uint8_t *out, size_t n, uint32_t i,
                         size_t in)
{
    static const uint8_t none[8];
    const uint8_t *salt = f->plain + 8;
    int rc = load_frame(f, i);

    if (rc == SQLITE_IOERR_DATA)
        return forged(f->v, "frame", i);
    if (rc != SQLITE_OK)
        return rc;
    /* An older log's frame opens too, it stood at the same place. While SQLite
     * owes new checksums, it writes frames of its open transaction without. */
    if (memcmp(salt, f->salt, sizeof(f->salt)) != 0 &&
        !(ours(f, i) && memcmp(salt, none, sizeof(none)) == 0))
        return forged(f->v, "frame", i);
    memcpy(out, f->plain + in, n);
    return SQLITE_OK;
}

static int wal_read(struct file *f, uint8_t *out, size_t n, uint64_t at)
{
    uint32_t i;

    f->read_whole = 0;
    if (at < EN_WAL_HEADER && n <= EN_WAL_HEADER - at)
        return wal_read_header(f, out, n, at);
    i = en_frame_number(at);
    if (i != 0 && n == EN_FRAME_LEN)
        return wal_read_frame(f, out, i);
    i = at >= EN_FRAME_HEADER ? en_frame_number(at - EN_FRAME_HEADER) : 0;
    if (i != 0 && n == EN_PAGE_LEN)
        return wal_read_part(f, out, n, i, EN_FRAME_HEADER);
    i = at >= 16 ? en_frame_number(at - 16) : 0;
    if (i != 0 && n == 8)
        return wal_read_part(f, out, n, i, 16);
    return SQLITE_IOERR_READ;
}

/* Whether a frame may begin at i: no hole, and not below what is ours. */
static bool may_begin(struct file *f, uint32_t i)
{
    sqlite3_file *b = below_of(f);
    sqlite3_int64 size = 0;

    if (f->lo != 0)
        return i >= f->lo && i - 1 <= f->hi;
    return b->pMethods->xFileSize(b, &size) == SQLITE_OK && size >= 0 &&
           en_frame_at(i) <= (uint64_t)size;
}

static void begin_part(struct file *f, uint32_t i)
{
    f->part_no = i;
    f->part_len = 0;
    f->part_out = 0;
}

static void end_part(struct file *f)
{
    en_wipe(f->part, sizeof(f->part));
    f->part_len = 0;
    f->part_out = 0;
}

/*
 * Seals what is held back and writes from part_out up to `upto`. What is not here
 * yet is taken as zeros: a stream cipher's earlier bytes do not depend on later
 * ones, and neither these nor the tag leave this function before the frame is
 * whole. So the nonce, kept until then, seals one frame as the disk sees it.
 */
static int write_part(struct file *f, size_t upto)
{
    int rc;

    if (f->part_out == 0)
        memcpy(f->part_nonce, next_nonce(f->v), sizeof(f->part_nonce));
    memset(f->part + f->part_len, 0, sizeof(f->part) - f->part_len);
    if (!en_is_zero_ct(f->part + EN_FRAME_PLAIN, EN_PAGE_RESERVE))
        return failed(f->v, SQLITE_IOERR_WRITE);
    en_frame_seal(&f->v->keys->wal, &f->v->file, f->part_no, f->part_nonce,
                  f->part, f->sealed);
    rc = below_write(f, f->sealed + f->part_out, (int)(upto - f->part_out),
                     (sqlite3_int64)(en_frame_at(f->part_no) + f->part_out));
    f->part_out = upto;
    return rc;
}

/*
 * SQLite syncs in the middle of a frame when the disk may spoil what shares a
 * sector with a write: it fills up to the sector's end with a copy of the commit,
 * syncs, and writes the rest. What comes before that point must be on the disk
 * now and never be written again, or the acknowledged commit that shares its
 * first sector can be lost (seen).
 */
static int send_part_ahead(struct file *f)
{
    /* All but the tag, which depends on what is still to come. A sector of 4,096
     * bytes, the greatest that open takes, ends before it. */
    size_t upto = f->part_len < SEAL_AHEAD ? f->part_len : SEAL_AHEAD;

    if (upto <= f->part_out)
        return SQLITE_OK;
    return write_part(f, upto);
}

/* A further piece of the frame held back; whole: sealed and written. */
static int take_piece(struct file *f, const uint8_t *p, size_t n)
{
    uint32_t i = f->part_no;
    int rc;

    memcpy(f->part + f->part_len, p, n);
    f->part_len += n;
    if (f->part_len < EN_FRAME_LEN)
        return SQLITE_OK;
    rc = write_part(f, EN_FRAME_LEN);
    end_part(f);
    if (rc == SQLITE_OK) {
        if (f->lo == 0)
            f->lo = i;
        if (i > f->hi)
            f->hi = i;
    }
    return rc;
}

/* Replaces n bytes of a frame already written, under a new nonce. */
static int patch_frame(struct file *f, uint32_t i, const uint8_t *p, size_t n,
                       size_t in)
{
    int rc = load_frame(f, i);

    if (rc == SQLITE_IOERR_DATA)
        return failed(f->v, forged(f->v, "frame", i));
    if (rc != SQLITE_OK)
        return failed(f->v, rc);
    memcpy(f->plain + in, p, n);
    return seal_frame(f, i, f->plain);
}

static int wal_write(struct file *f, const uint8_t *p, size_t n, uint64_t at)
{
    uint32_t just_read = f->read_whole;
    uint32_t i;
    int rc;

    f->read_whole = 0;
    if (at == 0 && n == EN_WAL_HEADER) {
        end_part(f);
        f->lo = f->hi = 0;
        rc = below_write(f, p, EN_WAL_HEADER, 0);
        if (rc == SQLITE_OK)
            memcpy(f->salt, p + 16, sizeof(f->salt));
        return rc;
    }
    if (f->part_len > 0 && at == en_frame_at(f->part_no) + f->part_len &&
        n <= EN_FRAME_LEN - f->part_len)
        return take_piece(f, p, n);
    i = en_frame_number(at);
    /* Held back, a kill would lose a commit already acknowledged. */
    if (i != 0 && i == just_read && n == EN_FRAME_HEADER)
        return patch_frame(f, i, p, n, 0);
    if (i != 0 && n <= EN_FRAME_LEN && may_begin(f, i)) {
        begin_part(f, i);
        return take_piece(f, p, n);
    }
    i = at >= EN_FRAME_HEADER ? en_frame_number(at - EN_FRAME_HEADER) : 0;
    if (i != 0 && n == EN_PAGE_LEN && ours(f, i))
        return patch_frame(f, i, p, n, EN_FRAME_HEADER);
    return failed(f->v, SQLITE_IOERR_WRITE);
}

/* What is cut off is no longer ours. */
static void wal_cut(struct file *f, uint64_t size)
{
    uint64_t whole =
        size < EN_WAL_HEADER ? 0 : (size - EN_WAL_HEADER) / EN_FRAME_LEN;

    end_part(f);
    f->read_whole = 0;
    if (f->lo != 0 && whole < f->hi)
        f->hi = (uint32_t)whole;
    if (f->hi < f->lo)
        f->lo = f->hi = 0;
}

/* ---- io methods ---- */

static int io_close(sqlite3_file *sf)
{
    struct file *f = file_of(sf);
    sqlite3_file *b = below_of(f);
    int rc = b->pMethods->xClose(b);

    if (f->wal)
        f->v->wal_open = false;
    else
        f->v->db_open = false;
    en_wipe(f, sizeof(*f));
    return rc;
}

static int io_read(sqlite3_file *sf, void *p, int n, sqlite3_int64 at)
{
    struct file *f = file_of(sf);

    if (n < 0 || at < 0)
        return SQLITE_IOERR_READ;
    return f->wal ? wal_read(f, p, (size_t)n, (uint64_t)at)
                  : db_read(f, p, (size_t)n, (uint64_t)at);
}

static int io_write(sqlite3_file *sf, const void *p, int n, sqlite3_int64 at)
{
    struct file *f = file_of(sf);

    if (f->v->seen.failed || n <= 0 || at < 0)
        return SQLITE_IOERR_WRITE;
    return f->wal ? wal_write(f, p, (size_t)n, (uint64_t)at)
                  : db_write(f, p, (size_t)n, (uint64_t)at);
}

static int io_truncate(sqlite3_file *sf, sqlite3_int64 size)
{
    struct file *f = file_of(sf);
    sqlite3_file *b = below_of(f);
    int rc;

    if (f->v->seen.failed || size < 0)
        return SQLITE_IOERR_TRUNCATE;
    rc = b->pMethods->xTruncate(b, size);
    if (rc != SQLITE_OK)
        return failed(f->v, rc);
    if (f->wal)
        wal_cut(f, (uint64_t)size);
    return SQLITE_OK;
}

static int io_sync(sqlite3_file *sf, int flags)
{
    struct file *f = file_of(sf);
    sqlite3_file *b = below_of(f);
    int rc = SQLITE_OK;

    if (f->v->seen.failed)
        return SQLITE_IOERR_FSYNC;
    if (f->wal && f->part_len > 0)
        rc = send_part_ahead(f);
    if (rc != SQLITE_OK)
        return rc;
    rc = b->pMethods->xSync(b, flags);
    return rc == SQLITE_OK ? rc : failed(f->v, rc);
}

static int io_size(sqlite3_file *sf, sqlite3_int64 *size)
{
    sqlite3_file *b = below_of(file_of(sf));

    return b->pMethods->xFileSize(b, size);
}

static int io_lock(sqlite3_file *sf, int kind)
{
    sqlite3_file *b = below_of(file_of(sf));

    return b->pMethods->xLock(b, kind);
}

static int io_unlock(sqlite3_file *sf, int kind)
{
    sqlite3_file *b = below_of(file_of(sf));

    return b->pMethods->xUnlock(b, kind);
}

static int io_reserved(sqlite3_file *sf, int *out)
{
    sqlite3_file *b = below_of(file_of(sf));

    return b->pMethods->xCheckReservedLock(b, out);
}

/* page_size and journal_mode are the vault's, not a statement's. */
static int pragma(struct en_vfs *v, char **arg)
{
    const char *name = arg[1];
    const char *value = arg[2];

    if (value == NULL)
        return SQLITE_NOTFOUND;
    if (strcasecmp(name, "page_size") == 0)
        return SQLITE_PERM;
    if (strcasecmp(name, "journal_mode") == 0 &&
        strcasecmp(value, "wal") != 0 &&
        !(v->making && strcasecmp(value, "off") == 0))
        return SQLITE_PERM;
    return SQLITE_NOTFOUND;
}

static int io_control(sqlite3_file *sf, int op, void *arg)
{
    struct file *f = file_of(sf);
    sqlite3_file *b = below_of(f);

    switch (op) {
    case SQLITE_FCNTL_PRAGMA: return pragma(f->v, arg);
    case SQLITE_FCNTL_LOCKSTATE:
    case SQLITE_FCNTL_LAST_ERRNO:
    case SQLITE_FCNTL_HAS_MOVED:
    case SQLITE_FCNTL_PERSIST_WAL:
    case SQLITE_FCNTL_SYNC:
    case SQLITE_FCNTL_COMMIT_PHASETWO:
    case SQLITE_FCNTL_CKPT_START:
    case SQLITE_FCNTL_CKPT_DONE: return b->pMethods->xFileControl(b, op, arg);
    default: return SQLITE_NOTFOUND; /* sizes, mapping, atomic writes, ... */
    }
}

static int io_sector(sqlite3_file *sf)
{
    sqlite3_file *b = below_of(file_of(sf));

    return b->pMethods->xSectorSize(b);
}

/* A white list: claiming what the disk does not promise has lost data. */
static int io_traits(sqlite3_file *sf)
{
    sqlite3_file *b = below_of(file_of(sf));

    return b->pMethods->xDeviceCharacteristics(b) &
           (SQLITE_IOCAP_POWERSAFE_OVERWRITE |
            SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN);
}

/* Never reached under an exclusive lock; no shared memory, ever. */
static int io_shm_map(sqlite3_file *sf, int page, int size, int extend,
                      void volatile **out)
{
    (void)sf;
    (void)page;
    (void)size;
    (void)extend;
    *out = NULL;
    return SQLITE_IOERR_SHMMAP;
}

static int io_shm_lock(sqlite3_file *sf, int at, int n, int flags)
{
    (void)sf;
    (void)at;
    (void)n;
    (void)flags;
    return SQLITE_IOERR_SHMLOCK;
}

static void io_shm_barrier(sqlite3_file *sf)
{
    (void)sf;
}

static int io_shm_unmap(sqlite3_file *sf, int del)
{
    (void)sf;
    (void)del;
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* 3 would offer mapped memory */
    .xClose = io_close,
    .xRead = io_read,
    .xWrite = io_write,
    .xTruncate = io_truncate,
    .xSync = io_sync,
    .xFileSize = io_size,
    .xLock = io_lock,
    .xUnlock = io_unlock,
    .xCheckReservedLock = io_reserved,
    .xFileControl = io_control,
    .xSectorSize = io_sector,
    .xDeviceCharacteristics = io_traits,
    .xShmMap = io_shm_map,
    .xShmLock = io_shm_lock,
    .xShmBarrier = io_shm_barrier,
    .xShmUnmap = io_shm_unmap,
};

/* ---- vfs methods ---- */

static bool is_db(const struct en_vfs *v, const char *name)
{
    return name != NULL && strcmp(name, v->db) == 0;
}

static bool is_wal(const struct en_vfs *v, const char *name)
{
    return name != NULL && strncmp(name, v->db, v->db_len) == 0 &&
           strcmp(name + v->db_len, "-wal") == 0;
}

/* See send_part_ahead. No disk that SQLite knows of is larger. */
static bool sector_fits(struct en_vfs *v, sqlite3_file *b)
{
    v->seen.powersafe = (b->pMethods->xDeviceCharacteristics(b) &
                         SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
    return v->seen.powersafe || b->pMethods->xSectorSize(b) <= SECTOR_MAX;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *sf,
                    int flags, int *flags_out)
{
    struct en_vfs *v = vfs_of(vfs);
    struct file *f = file_of(sf);
    sqlite3_file *b = below_of(f);
    bool wal = (flags & SQLITE_OPEN_WAL) != 0;
    int got = 0;
    int rc;

    memset(f, 0, FILE_LEN);
    if (wal ? !is_wal(v, name) || v->wal_open
            : (flags & SQLITE_OPEN_MAIN_DB) == 0 || !is_db(v, name) ||
                  v->db_open)
        return SQLITE_CANTOPEN;
    memset(b, 0, (size_t)v->below->szOsFile);
    rc = v->below->xOpen(v->below, name, b, flags, &got);
    if (rc == SQLITE_OK && (got & SQLITE_OPEN_READONLY) != 0)
        rc = SQLITE_READONLY;
    if (rc == SQLITE_OK && !sector_fits(v, b))
        rc = SQLITE_IOERR;
    if (rc != SQLITE_OK) {
        if (b->pMethods != NULL)
            (void)b->pMethods->xClose(b);
        if (rc == SQLITE_READONLY || (rc & 0xff) == SQLITE_CANTOPEN)
            v->seen.read_only = true;
        return rc == SQLITE_READONLY ? SQLITE_CANTOPEN : rc;
    }
    if (flags_out != NULL)
        *flags_out = got;
    f->base.pMethods = &methods;
    f->v = v;
    f->wal = wal;
    if (wal)
        v->wal_open = true;
    else
        v->db_open = true;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    struct en_vfs *v = vfs_of(vfs);
    int rc;

    /* There is no other file: what a stranger put there is not ours to touch. */
    if (!is_wal(v, name))
        return SQLITE_IOERR_DELETE_NOENT;
    if (v->seen.failed)
        return SQLITE_IOERR_DELETE;
    rc = v->below->xDelete(v->below, name, sync_dir);
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_DELETE_NOENT)
        return failed(v, rc);
    return rc;
}

/* A planted journal would be rolled back into the database, its plaintext freshly
 * sealed by us: for this VFS there is none. */
static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct en_vfs *v = vfs_of(vfs);

    *out = 0;
    if (!is_db(v, name) && !is_wal(v, name))
        return SQLITE_OK;
    return v->below->xAccess(v->below, name, flags, out);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    struct en_vfs *v = vfs_of(vfs);

    return v->below->xFullPathname(v->below, name, n, out);
}

static void *vfs_dl_open(sqlite3_vfs *vfs, const char *name)
{
    (void)vfs;
    (void)name;
    return NULL;
}

static void vfs_dl_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    if (n > 0)
        out[0] = '\0';
}

static void vfs_dl_close(sqlite3_vfs *vfs, void *handle)
{
    (void)vfs;
    (void)handle;
}

static int vfs_random(sqlite3_vfs *vfs, int n, char *out)
{
    if (n > 0)
        en_rng_bytes(vfs_of(vfs)->rng, out, (size_t)n);
    return n;
}

/* Nobody waits for a lock here: who is second is told so at once. */
static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    /* Milliseconds since noon, 24 November 4714 BC. */
    *out = (sqlite3_int64)vfs_of(vfs)->time_ms + 210866760000000;
    return SQLITE_OK;
}

static int vfs_time_days(sqlite3_vfs *vfs, double *out)
{
    sqlite3_int64 t = 0;

    (void)vfs_time(vfs, &t);
    *out = (double)t / 86400000.0;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *out)
{
    struct en_vfs *v = vfs_of(vfs);

    return v->below->xGetLastError != NULL
               ? v->below->xGetLastError(v->below, n, out)
               : 0;
}

en_err en_vfs_new(const char *below, const char *path,
                  const struct en_vault_keys *keys, const struct en_id16 *file,
                  struct en_rng *rng, uint64_t time_ms,
                  const struct en_trace *trace, struct en_vfs **out)
{
    struct en_vfs *v = NULL;
    sqlite3_vfs *b = sqlite3_vfs_find(below);
    en_err err = EN_NOMEM;
    int rc;

    if (b == NULL)
        return EN_ABSENT;
    v = calloc(1, sizeof(*v));
    if (v == NULL)
        return EN_NOMEM;
    v->below = b;
    v->keys = keys;
    v->file = *file;
    v->rng = rng;
    v->time_ms = time_ms;
    v->trace = trace;
    v->db = calloc(1, (size_t)b->mxPathname + 1);
    if (v->db == NULL)
        goto out;
    rc = b->xFullPathname(b, path, b->mxPathname, v->db);
    if (rc != SQLITE_OK && rc != SQLITE_OK_SYMLINK) {
        err = EN_IO;
        goto out;
    }
    v->db_len = strlen(v->db);
    (void)snprintf(v->name, sizeof(v->name), "en-vault-%p", (void *)v);
    v->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)FILE_LEN + b->szOsFile,
        .mxPathname = b->mxPathname,
        .zName = v->name,
        .pAppData = v,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xDlOpen = vfs_dl_open,
        .xDlError = vfs_dl_error,
        .xDlClose = vfs_dl_close,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time_days,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    if (sqlite3_vfs_register(&v->vfs, 0) != SQLITE_OK)
        goto out;
    *out = v;
    return EN_OK;
out:
    free(v->db);
    free(v);
    return err;
}

const char *en_vfs_name(const struct en_vfs *v)
{
    return v->name;
}

struct en_vfs_seen *en_vfs_seen(struct en_vfs *v)
{
    return &v->seen;
}

void en_vfs_making(struct en_vfs *v, bool making)
{
    v->making = making;
}

void en_vfs_free(struct en_vfs *v)
{
    if (v == NULL)
        return;
    assert(!v->db_open && !v->wal_open);
    (void)sqlite3_vfs_unregister(&v->vfs);
    free(v->db);
    en_wipe(v, sizeof(*v));
    free(v);
}
