/*
 * vfs.h - an SQLite VFS that lets only sealed pages reach the VFS beneath it.
 *
 * One object per open vault, under a name of its own, never the default. It knows
 * two files: the database at the given path and its "-wal". Everything else that
 * SQLite may ask for (journals, temporary files, attached databases, shared
 * memory, mapped memory) is refused. It knows nothing of rows.
 *
 * Database: whole pages, opened on reading and sealed on writing.
 *
 * Write-ahead log: SQLite writes a frame in two or more pieces and rewrites parts
 * of it; a sealed frame is one piece. A machine per handle:
 *
 *   IDLE --piece at the start of a frame--> PARTIAL --whole--> sealed, IDLE
 *   PARTIAL --next piece--> PARTIAL
 *   PARTIAL --sync--> PARTIAL, what is held back goes ahead, sealed
 *   PARTIAL --piece at the start of a frame--> PARTIAL, the old one dropped
 *   IDLE --header of a frame just read whole--> re-sealed, IDLE
 *   IDLE --page of a frame this handle wrote--> re-sealed, IDLE
 *   any --32 bytes at 0--> IDLE: a new log, no frame is ours yet
 *   any --anything else--> SQLITE_IOERR_WRITE
 *
 * IDLE     nothing of a frame is held back: what SQLite wrote is below.
 * PARTIAL  the bytes of one frame up to part_len are known, those from part_out
 *          on held back.
 *
 * Failed authentication is an error for the pager and zeros for recovery: a torn
 * tail is normal after a power cut and SQLite decides where the log ends. A frame
 * that this handle wrote is never torn.
 *
 * After one failed write, truncation, sync or removal below, every later one is
 * refused: nothing in this process is trusted any more (docs/durability.md).
 *
 * Ownership  keys, rng and path are borrowed and outlive the object.
 * Threads    one vault, one thread.
 * Errors     SQLite's codes; struct en_vfs_seen says what stood behind them.
 * Source     docs/formats/vault.md; SQLite 3.40.1 pager.c, wal.c.
 */
#ifndef EN_VAULT_VFS_H
#define EN_VAULT_VFS_H

#include "base/rng.h"
#include "base/trace.h"
#include "vault/keyslot.h"

struct en_vfs;

struct en_vfs_seen {
    bool forged;    /* a page or frame did not open; cleared by the reader */
    bool failed;    /* a write, truncation, sync or removal failed: for ever */
    bool full;      /* it failed for want of space */
    bool read_only; /* the database could not be opened for writing */
    bool powersafe; /* the disk claims powersafe overwrite; once opened */
    uint64_t damaged; /* bad frames that good ones of the same log followed */
};

/*
 * en_vfs_new - register a VFS for one generation.
 *
 * below    name of the VFS beneath; NULL: SQLite's default
 * path     the database, as SQLite will be asked to open it
 * time_ms  what SQLite's clock answers
 *
 * EN_ABSENT  there is no VFS of that name
 * EN_NOMEM
 */
en_err en_vfs_new(const char *below, const char *path,
                  const struct en_vault_keys *keys, const struct en_id16 *file,
                  struct en_rng *rng, uint64_t time_ms,
                  const struct en_trace *trace, struct en_vfs **out);
const char *en_vfs_name(const struct en_vfs *v);
struct en_vfs_seen *en_vfs_seen(struct en_vfs *v);

/* While a new generation is made, journal_mode=OFF is allowed: there is no log
 * yet and a journal would be a third file. */
void en_vfs_making(struct en_vfs *v, bool making);

/* Unregisters and wipes. No file of it may be open. NULL does nothing. */
void en_vfs_free(struct en_vfs *v);

#endif
