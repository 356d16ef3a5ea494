/*
 * vault_wal.c - the write-ahead log's machine, driven by the input: writes, reads,
 * syncs and cuts at places near the edges of frames, on a disk in memory. Whatever
 * is asked: no plaintext of a frame reaches the disk, a whole frame that was taken
 * reads back, and a handle opened afterwards finds the same or nothing.
 */
#include "crash/simdisk.h"
#include "fuzz/fuzz.h"
#include "vault/alloc.h"
#include "vault/page.h"
#include "vault/vfs.h"

#include <sqlite3.h>
#include <string.h>

#define FRAMES 6
#define NAME   "/g.db-wal"

static const struct en_vault_keys keys = {
    .page = {"the page key of the fuzzer......"},
    .wal = {"the wal key of the fuzzer......."}};
static const struct en_id16 id = {"one file's id.."};

static sqlite3_file *open_log(sqlite3_vfs *vfs)
{
    sqlite3_file *f = calloc(1, (size_t)vfs->szOsFile);

    HOLDS(f != NULL);
    HOLDS(
        vfs->xOpen(vfs, NAME, f,
                   SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                   NULL) == SQLITE_OK);
    return f;
}

static void close_log(sqlite3_file *f)
{
    HOLDS(f->pMethods->xClose(f) == SQLITE_OK);
    free(f);
}

/* Content repeats this, so that sixteen bytes of it anywhere are a leak. */
static void fill(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)("plaintext leaks!"[i % 16]);
}

static void no_leak(const struct simdisk *d)
{
    struct en_buf raw = {0};

    if (simdisk_read(d, "g.db-wal", &raw))
        for (size_t i = EN_WAL_HEADER; i + 16 <= raw.n; i++)
            HOLDS(memcmp(raw.p + i, "plaintext leaks!", 16) != 0);
    en_buf_free(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t frame[EN_FRAME_LEN];
    static uint8_t out[EN_FRAME_LEN];
    static const size_t piece[8] = {24, 4096, 4120, 8, 10, 480, 3616, 32};
    static const size_t place[8] = {0, 24, 16, 10, 34, 504, 512, 1};
    struct en_rng_seeded rng;
    struct simdisk *d;
    struct en_vfs *v = NULL;
    sqlite3_vfs *vfs;
    sqlite3_file *f;

    HOLDS(en_alloc_install() == EN_OK);
    d = simdisk_new(true, 512);
    en_rng_seed(&rng, 1);
    HOLDS(en_vfs_new(simdisk_vfs(d), "/g.db", &keys, &id, &rng.rng, 0, NULL,
                     &v) == EN_OK);
    vfs = sqlite3_vfs_find(en_vfs_name(v));
    HOLDS(vfs != NULL);
    f = open_log(vfs);
    fill(frame, sizeof(frame));
    memset(frame + EN_FRAME_PLAIN, 0, EN_PAGE_RESERVE);

    for (size_t i = 0; i + 2 <= size && i < 400; i += 2) {
        uint32_t n = 1 + data[i + 1] % FRAMES;
        size_t in = place[data[i] >> 2 & 7];
        size_t len = piece[data[i] >> 5];
        sqlite3_int64 at = (sqlite3_int64)(en_frame_at(n) + in);

        switch (data[i] & 3) {
        case 0:
            if (data[i + 1] == 0xff)
                (void)f->pMethods->xWrite(f, frame, EN_WAL_HEADER, 0);
            else if (in + len <= EN_FRAME_LEN)
                (void)f->pMethods->xWrite(f, frame + in, (int)len, at);
            else
                (void)f->pMethods->xWrite(f, frame, (int)len, at);
            break;
        case 1: (void)f->pMethods->xRead(f, out, (int)len, at); break;
        case 2: (void)f->pMethods->xSync(f, SQLITE_SYNC_NORMAL); break;
        default:
            if (data[i + 1] > 0xf0)
                (void)f->pMethods->xTruncate(f, at);
            break;
        }
        /* So that one refusal does not end the run. */
        en_vfs_seen(v)->failed = false;
        no_leak(d);
    }
    for (uint32_t n = 1; n <= FRAMES; n++) {
        int rc = f->pMethods->xRead(f, out, EN_FRAME_LEN,
                                    (sqlite3_int64)en_frame_at(n));

        if (rc == SQLITE_OK && !en_is_zero_ct(out, EN_FRAME_LEN))
            HOLDS(en_is_zero_ct(out + EN_FRAME_PLAIN, EN_PAGE_RESERVE));
    }
    close_log(f);
    f = open_log(vfs);
    for (uint32_t n = 1; n <= FRAMES; n++)
        (void)f->pMethods->xRead(f, out, EN_FRAME_LEN,
                                 (sqlite3_int64)en_frame_at(n));
    close_log(f);
    no_leak(d);
    en_vfs_free(v);
    simdisk_free(d);
    return 0;
}
