/*
 * disk.h - the few file operations beside SQLite's: header, guard, directory.
 *
 * SQLite has no rename and no small whole file, so the header and the guard go
 * through these. They are a table, as SQLite's own VFS is, so that a test can put
 * a recording or failing disk beneath both. Names are plain names inside one
 * directory; the table's first member is what implementations extend.
 *
 * Errors     EN_ABSENT: no such file. EN_FULL: no space (EN_WHY_DISK_FULL).
 *            EN_IO: anything else (EN_WHY_READ_ONLY: may not write there).
 *            EN_FORGED: there is something, but no regular file (a link, a
 *            device) or over the bound. EN_DENIED: create met a file. EN_NOMEM.
 */
#ifndef EN_VAULT_DISK_H
#define EN_VAULT_DISK_H

#include "base/bytes.h"

struct en_disk;

struct en_disk_ops {
    /* Makes the directory 0700, and missing ones above it; takes the rights of
     * group and others from one that is there. */
    en_err (*make_dir)(struct en_disk *d, const char *dir, struct en_why *why);
    /* Whole file into out, at most max bytes. */
    en_err (*read)(struct en_disk *d, const char *dir, const char *name,
                   size_t max, struct en_buf *out, struct en_why *why);
    /* bytes at offset at, then on disk before it returns; none: what SQLite
     * wrote is brought there. create: the file must not exist and is made 0600;
     * else it must exist. */
    en_err (*write)(struct en_disk *d, const char *dir, const char *name,
                    bool create, uint64_t at, struct en_span bytes,
                    struct en_why *why);
    en_err (*rename)(struct en_disk *d, const char *dir, const char *from,
                     const char *to, struct en_why *why);
    en_err (*remove)(struct en_disk *d, const char *dir, const char *name,
                     struct en_why *why);
    /* Makes creations, renames and removals in dir last. */
    en_err (*sync_dir)(struct en_disk *d, const char *dir, struct en_why *why);
    /* Size of a regular file, without opening it: in a process that has it open,
     * closing a second descriptor would drop SQLite's lock. */
    en_err (*size)(struct en_disk *d, const char *dir, const char *name,
                   uint64_t *out, struct en_why *why);
    /* Each name in dir, in no order; fn's EN_OK goes on. */
    en_err (*list)(struct en_disk *d, const char *dir,
                   en_err (*fn)(void *user, const char *name), void *user,
                   struct en_why *why);
    /* Modification time, Unix ms; set: written, else read. */
    en_err (*mtime)(struct en_disk *d, const char *dir, const char *name,
                    bool set, uint64_t *ms);
    /* Keeps other processes from making a vault here until release. EN_BUSY. */
    en_err (*hold)(struct en_disk *d, const char *dir, int *held);
    void (*release)(struct en_disk *d, int held);
};

struct en_disk {
    const struct en_disk_ops *ops;
};

/* The machine's own. Static. */
struct en_disk *en_disk_system(void);

#endif
