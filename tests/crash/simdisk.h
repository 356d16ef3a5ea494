/*
 * simdisk.h - a disk in memory that remembers every operation and may fail.
 *
 * It stands beneath the vault twice: as an SQLite VFS (env.below) and as the
 * table of core/vault/disk.h (env.disk). Both write to one log: create, write,
 * truncate, sync, delete, rename, sync of the directory, and marks of the caller.
 * From any prefix of the log the disk after a power cut is rebuilt.
 *
 * The model of a cut, strict where the manuals leave room: a write lasts once its
 * file was synced; a name (created, renamed, deleted) once the directory was. What
 * did not last yet:
 *
 *   KEPT      is there all the same (a killed process)
 *   DROPPED   is not: deleted files reappear, files shrink back
 *   TORN      sector by sector, name by name, is there or not; a file may have
 *             grown before its bytes came (zeros)
 *   GARBAGE   as TORN, and a sector may hold neither the old nor the new; without
 *             powersafe overwrite the neighbours in that sector go too
 *
 * What goes through the table is torn by 512 bytes and spoils no neighbour: the
 * guard's two slots share a sector on larger ones, and its format rests on that
 * (docs/formats/vault.md).
 *
 * As SQLite's unix VFS does, the first sync of a log it created syncs the
 * directory.
 *
 * Threads    one.
 */
#ifndef EN_TESTS_CRASH_SIMDISK_H
#define EN_TESTS_CRASH_SIMDISK_H

#include "base/rng.h"
#include "vault/disk.h"

struct simdisk;

enum sim_model { SIM_KEPT, SIM_DROPPED, SIM_TORN, SIM_GARBAGE, SIM_MODELS };

enum sim_fault {
    SIM_EIO,
    SIM_ENOSPC, /* writes and creations; other calls EIO */
    SIM_SHORT,  /* half of a write arrives; other calls EIO */
    SIM_SYNC,   /* only syncs are counted and fail */
    SIM_FAULTS
};

/* powersafe: claims SQLITE_IOCAP_POWERSAFE_OVERWRITE and keeps to it. sector: 512
 * to 65,536 bytes, what it tears and spoils at a time. */
struct simdisk *simdisk_new(bool powersafe, unsigned sector);
void simdisk_free(struct simdisk *d);
const char *simdisk_vfs(const struct simdisk *d); /* env.below */
struct en_disk *simdisk_disk(struct simdisk *d);  /* env.disk */

size_t simdisk_ops(const struct simdisk *d);
/* The caller says: from here on value holds. The last mark of each kind. */
void simdisk_mark(struct simdisk *d, unsigned kind, uint64_t value);
uint64_t simdisk_marked(const struct simdisk *d, size_t upto, unsigned kind);

/* The disk found after a cut behind the first `upto` operations. */
struct simdisk *simdisk_cut(const struct simdisk *d, size_t upto,
                            enum sim_model model, struct en_rng *rng);
/* Everything as it is, with an empty log. */
struct simdisk *simdisk_copy(const struct simdisk *d);

/* The n-th call from now on (from 0) fails; for_ever: each later one, too. */
void simdisk_fail(struct simdisk *d, uint64_t n, enum sim_fault fault,
                  bool for_ever);
bool simdisk_failed(const struct simdisk *d); /* a planned fault has struck */
void simdisk_heal(struct simdisk *d);

/* Files as they are; NULL if there is none. */
bool simdisk_read(const struct simdisk *d, const char *name,
                  struct en_buf *out);
void simdisk_write(struct simdisk *d, const char *name, struct en_span bytes);
void simdisk_each(const struct simdisk *d,
                  void (*fn)(void *user, const char *name, struct en_span),
                  void *user);

#endif
