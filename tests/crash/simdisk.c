#include "crash/simdisk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_MAX 65536
#define FILES_MAX  256 /* inodes ever: a log for each opening, and few others */
#define NAMES_MAX  16

enum op_kind { CREATE, WRITE, TRUNCATE, SYNC, DELETE, RENAME, SYNC_DIR, MARK };

struct op {
    enum op_kind kind;
    unsigned inode; /* mark: its kind */
    uint64_t at;    /* offset, size, or the mark's value */
    size_t n;
    bool beside; /* written through the table, not by SQLite */
    uint8_t *bytes;
    char name[64];
    char to[64];
};

struct inode {
    uint8_t *p;
    size_t n, cap;
};

struct entry {
    char name[64];
    unsigned inode;
};

struct dir {
    struct entry e[NAMES_MAX];
    size_t n;
};

struct simdisk {
    struct en_disk disk;
    sqlite3_vfs vfs;
    char vfs_name[48];
    bool powersafe;
    unsigned sector;
    struct op *op;
    size_t ops, cap;
    struct inode file[FILES_MAX];
    size_t files;
    struct dir dir;
    struct inode first[FILES_MAX]; /* as at the beginning of the log */
    size_t firsts;
    struct dir first_dir;
    bool planned, for_ever, struck;
    enum sim_fault fault;
    uint64_t left;
    uint64_t mtime;
};

/* ---- memory ---- */

static void *need(void *p)
{
    assert(p != NULL);
    return p;
}

static void put(struct inode *f, uint64_t at, const void *p, size_t n)
{
    size_t end = (size_t)at + n;

    if (end > f->cap) {
        size_t cap = f->cap == 0 ? 4096 : f->cap;

        while (cap < end)
            cap *= 2;
        f->p = need(realloc(f->p, cap));
        f->cap = cap;
    }
    if (end > f->n) {
        memset(f->p + f->n, 0, end - f->n);
        f->n = end;
    }
    if (n > 0)
        memcpy(f->p + at, p, n);
}

static void resize(struct inode *f, uint64_t size)
{
    if (size > f->n)
        put(f, size, NULL, 0);
    f->n = (size_t)size;
}

static struct inode duplicate(const struct inode *f)
{
    struct inode c = {0};

    put(&c, 0, f->p, f->n);
    return c;
}

/* ---- names ---- */

/* SQLite gives full paths, the table plain names. */
static const char *last(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static struct entry *look_up(struct dir *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->e[i].name, name) == 0)
            return &d->e[i];
    return NULL;
}

static void name_inode(struct dir *d, const char *name, unsigned inode)
{
    struct entry *e = look_up(d, name);

    if (e == NULL) {
        assert(d->n < NAMES_MAX);
        e = &d->e[d->n++];
        (void)snprintf(e->name, sizeof(e->name), "%s", name);
    }
    e->inode = inode;
}

static void unname(struct dir *d, const char *name)
{
    struct entry *e = look_up(d, name);

    if (e != NULL)
        *e = d->e[--d->n];
}

/* ---- the log ---- */

static struct op *note(struct simdisk *d, enum op_kind kind, unsigned inode,
                       uint64_t at, const void *p, size_t n)
{
    struct op *o;

    if (d->ops == d->cap) {
        d->cap = d->cap == 0 ? 1024 : d->cap * 2;
        d->op = need(realloc(d->op, d->cap * sizeof(*d->op)));
    }
    o = &d->op[d->ops++];
    *o = (struct op){.kind = kind, .inode = inode, .at = at, .n = n};
    if (n > 0) {
        o->bytes = need(malloc(n));
        memcpy(o->bytes, p, n);
    }
    return o;
}

static void do_create(struct simdisk *d, const char *name)
{
    unsigned inode = (unsigned)d->files++;

    assert(inode < FILES_MAX);
    name_inode(&d->dir, name, inode);
    (void)snprintf(note(d, CREATE, inode, 0, NULL, 0)->name, 64, "%s", name);
}

static void do_write(struct simdisk *d, unsigned inode, uint64_t at,
                     const void *p, size_t n)
{
    put(&d->file[inode], at, p, n);
    (void)note(d, WRITE, inode, at, p, n);
}

static void do_delete(struct simdisk *d, const char *name)
{
    unname(&d->dir, name);
    (void)snprintf(note(d, DELETE, 0, 0, NULL, 0)->name, 64, "%s", name);
}

void simdisk_mark(struct simdisk *d, unsigned kind, uint64_t value)
{
    (void)note(d, MARK, kind, value, NULL, 0);
}

uint64_t simdisk_marked(const struct simdisk *d, size_t upto, unsigned kind)
{
    for (size_t i = upto; i > 0; i--)
        if (d->op[i - 1].kind == MARK && d->op[i - 1].inode == kind)
            return d->op[i - 1].at;
    return 0;
}

size_t simdisk_ops(const struct simdisk *d)
{
    return d->ops;
}

/* ---- faults ---- */

/* Whether this call fails. */
static bool strikes(struct simdisk *d, bool sync)
{
    if (!d->planned || (d->fault == SIM_SYNC && !sync))
        return false;
    if (d->left > 0) {
        d->left--;
        return false;
    }
    d->struck = true;
    if (!d->for_ever)
        d->planned = false;
    return true;
}

void simdisk_fail(struct simdisk *d, uint64_t n, enum sim_fault fault,
                  bool for_ever)
{
    d->planned = true;
    d->struck = false;
    d->left = n;
    d->fault = fault;
    d->for_ever = for_ever;
}

bool simdisk_failed(const struct simdisk *d)
{
    return d->struck;
}

void simdisk_heal(struct simdisk *d)
{
    d->planned = false;
}

/* ---- as an SQLite VFS ---- */

struct sim_file {
    sqlite3_file base;
    struct simdisk *d;
    unsigned inode;
    bool sync_dir; /* its name has not lasted yet */
};

static struct sim_file *sim_of(sqlite3_file *f)
{
    return (struct sim_file *)(void *)f;
}

static int x_close(sqlite3_file *f)
{
    f->pMethods = NULL;
    return SQLITE_OK;
}

static int x_read(sqlite3_file *sf, void *p, int n, sqlite3_int64 at)
{
    struct sim_file *f = sim_of(sf);
    const struct inode *i = &f->d->file[f->inode];
    size_t have;

    if (strikes(f->d, false))
        return SQLITE_IOERR_READ;
    have = (uint64_t)at < i->n ? i->n - (size_t)at : 0;
    if (have > (size_t)n)
        have = (size_t)n;
    memset(p, 0, (size_t)n);
    if (have > 0)
        memcpy(p, i->p + at, have);
    return have == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int x_write(sqlite3_file *sf, const void *p, int n, sqlite3_int64 at)
{
    struct sim_file *f = sim_of(sf);
    bool bad = strikes(f->d, false);

    if (bad && f->d->fault == SIM_SHORT)
        do_write(f->d, f->inode, (uint64_t)at, p, (size_t)n / 2);
    if (bad)
        return f->d->fault == SIM_ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    do_write(f->d, f->inode, (uint64_t)at, p, (size_t)n);
    return SQLITE_OK;
}

static int x_truncate(sqlite3_file *sf, sqlite3_int64 size)
{
    struct sim_file *f = sim_of(sf);

    if (strikes(f->d, false))
        return SQLITE_IOERR_TRUNCATE;
    resize(&f->d->file[f->inode], (uint64_t)size);
    (void)note(f->d, TRUNCATE, f->inode, (uint64_t)size, NULL, 0);
    return SQLITE_OK;
}

static int x_sync(sqlite3_file *sf, int flags)
{
    struct sim_file *f = sim_of(sf);

    (void)flags;
    if (strikes(f->d, true))
        return SQLITE_IOERR_FSYNC;
    (void)note(f->d, SYNC, f->inode, 0, NULL, 0);
    if (f->sync_dir)
        (void)note(f->d, SYNC_DIR, 0, 0, NULL, 0);
    f->sync_dir = false;
    return SQLITE_OK;
}

static int x_size(sqlite3_file *sf, sqlite3_int64 *out)
{
    struct sim_file *f = sim_of(sf);

    *out = (sqlite3_int64)f->d->file[f->inode].n;
    return SQLITE_OK;
}

static int x_lock(sqlite3_file *sf, int kind)
{
    (void)sf;
    (void)kind;
    return SQLITE_OK;
}

static int x_reserved(sqlite3_file *sf, int *out)
{
    (void)sf;
    *out = 0;
    return SQLITE_OK;
}

static int x_control(sqlite3_file *sf, int op, void *arg)
{
    (void)sf;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int x_sector(sqlite3_file *sf)
{
    return (int)sim_of(sf)->d->sector;
}

static int x_traits(sqlite3_file *sf)
{
    return sim_of(sf)->d->powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

static const sqlite3_io_methods sim_methods = {
    .iVersion = 1,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_lock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_traits,
};

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *sf,
                  int flags, int *out)
{
    struct simdisk *d = vfs->pAppData;
    struct sim_file *f = sim_of(sf);
    struct entry *e;

    assert(name != NULL);
    e = look_up(&d->dir, last(name));
    *f = (struct sim_file){.d = d};
    if (e == NULL) {
        if ((flags & SQLITE_OPEN_CREATE) == 0)
            return SQLITE_CANTOPEN;
        if (strikes(d, false))
            return SQLITE_CANTOPEN;
        do_create(d, last(name));
        f->sync_dir = true;
        e = look_up(&d->dir, last(name));
    } else if (strikes(d, false)) {
        return SQLITE_CANTOPEN;
    }
    f->inode = e->inode;
    f->base.pMethods = &sim_methods;
    if (out != NULL)
        *out = flags;
    return SQLITE_OK;
}

static int x_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    struct simdisk *d = vfs->pAppData;

    if (look_up(&d->dir, last(name)) == NULL)
        return SQLITE_IOERR_DELETE_NOENT;
    if (strikes(d, false))
        return SQLITE_IOERR_DELETE;
    do_delete(d, last(name));
    if (sync_dir)
        (void)note(d, SYNC_DIR, 0, 0, NULL, 0);
    return SQLITE_OK;
}

static int x_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct simdisk *d = vfs->pAppData;

    (void)flags;
    *out = look_up(&d->dir, last(name)) != NULL;
    return SQLITE_OK;
}

static int x_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    (void)snprintf(out, (size_t)n, "%s", name);
    return SQLITE_OK;
}

/* Never reached: ours answers these itself. A plain connection of a test is
 * given zeros. */
static int x_random(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    memset(out, 0, (size_t)n);
    return n;
}

static int x_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int x_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 2460000.5;
    return SQLITE_OK;
}

/* ---- as the table of core/vault/disk.h ---- */

static struct simdisk *of(struct en_disk *d)
{
    return (struct simdisk *)(void *)d;
}

static en_err bad(struct simdisk *d, struct en_why *why)
{
    if (d->fault == SIM_ENOSPC)
        return en_why_set(why, EN_FULL, EN_WHY_DISK_FULL, NULL, 0, 0);
    return EN_IO;
}

static en_err t_make_dir(struct en_disk *t, const char *dir, struct en_why *w)
{
    (void)dir;
    return strikes(of(t), false) ? bad(of(t), w) : EN_OK;
}

static en_err t_read(struct en_disk *t, const char *dir, const char *name,
                     size_t max, struct en_buf *out, struct en_why *why)
{
    struct simdisk *d = of(t);
    struct entry *e = look_up(&d->dir, name);

    (void)dir;
    (void)why;
    if (e == NULL)
        return EN_ABSENT;
    if (strikes(d, false))
        return EN_IO;
    if (d->file[e->inode].n > max)
        return EN_FORGED;
    return en_buf_add(out, d->file[e->inode].p, d->file[e->inode].n);
}

static en_err t_write(struct en_disk *t, const char *dir, const char *name,
                      bool create, uint64_t at, struct en_span bytes,
                      struct en_why *why)
{
    struct simdisk *d = of(t);
    struct entry *e = look_up(&d->dir, name);

    (void)dir;
    if (create && e != NULL)
        return EN_DENIED;
    if (!create && e == NULL)
        return EN_ABSENT;
    if (create) {
        if (strikes(d, false))
            return bad(d, why);
        do_create(d, name);
        e = look_up(&d->dir, name);
    }
    if (bytes.n > 0) {
        bool fails = strikes(d, false);

        if (fails && d->fault == SIM_SHORT)
            do_write(d, e->inode, at, bytes.p, bytes.n / 2);
        if (fails)
            return bad(d, why);
        do_write(d, e->inode, at, bytes.p, bytes.n);
        d->op[d->ops - 1].beside = true;
    }
    if (strikes(d, true))
        return EN_IO;
    (void)note(d, SYNC, e->inode, 0, NULL, 0);
    return EN_OK;
}

static en_err t_rename(struct en_disk *t, const char *dir, const char *from,
                       const char *to, struct en_why *why)
{
    struct simdisk *d = of(t);
    struct entry *e = look_up(&d->dir, from);
    unsigned inode;
    struct op *o;

    (void)dir;
    if (e == NULL)
        return EN_ABSENT;
    if (strikes(d, false))
        return bad(d, why);
    inode = e->inode;
    unname(&d->dir, from);
    name_inode(&d->dir, to, inode);
    o = note(d, RENAME, inode, 0, NULL, 0);
    (void)snprintf(o->name, sizeof(o->name), "%s", from);
    (void)snprintf(o->to, sizeof(o->to), "%s", to);
    return EN_OK;
}

static en_err t_remove(struct en_disk *t, const char *dir, const char *name,
                       struct en_why *why)
{
    struct simdisk *d = of(t);

    (void)dir;
    if (look_up(&d->dir, name) == NULL)
        return EN_ABSENT;
    if (strikes(d, false))
        return bad(d, why);
    do_delete(d, name);
    return EN_OK;
}

static en_err t_sync_dir(struct en_disk *t, const char *dir, struct en_why *why)
{
    (void)dir;
    (void)why;
    if (strikes(of(t), true))
        return EN_IO;
    (void)note(of(t), SYNC_DIR, 0, 0, NULL, 0);
    return EN_OK;
}

static en_err t_size(struct en_disk *t, const char *dir, const char *name,
                     uint64_t *out, struct en_why *why)
{
    struct simdisk *d = of(t);
    struct entry *e = look_up(&d->dir, name);

    (void)dir;
    (void)why;
    if (e == NULL)
        return EN_ABSENT;
    *out = d->file[e->inode].n;
    return EN_OK;
}

static en_err t_list(struct en_disk *t, const char *dir,
                     en_err (*fn)(void *user, const char *name), void *user,
                     struct en_why *why)
{
    struct dir now = of(t)->dir; /* fn removes */
    en_err err = EN_OK;

    (void)dir;
    (void)why;
    for (size_t i = 0; err == EN_OK && i < now.n; i++)
        err = fn(user, now.e[i].name);
    return err;
}

static en_err t_mtime(struct en_disk *t, const char *dir, const char *name,
                      bool set, uint64_t *ms)
{
    (void)dir;
    (void)name;
    if (set)
        of(t)->mtime = *ms;
    else
        *ms = of(t)->mtime;
    return EN_OK;
}

static en_err t_hold(struct en_disk *t, const char *dir, int *held)
{
    (void)t;
    (void)dir;
    *held = 0;
    return EN_OK;
}

static void t_release(struct en_disk *t, int held)
{
    (void)t;
    (void)held;
}

static const struct en_disk_ops table = {
    .make_dir = t_make_dir,
    .read = t_read,
    .write = t_write,
    .rename = t_rename,
    .remove = t_remove,
    .sync_dir = t_sync_dir,
    .size = t_size,
    .list = t_list,
    .mtime = t_mtime,
    .hold = t_hold,
    .release = t_release,
};

/* ---- life ---- */

struct simdisk *simdisk_new(bool powersafe, unsigned sector)
{
    struct simdisk *d = need(calloc(1, sizeof(*d)));
    int rc;

    d->disk.ops = &table;
    d->powersafe = powersafe;
    d->sector = sector;
    assert(sector >= 512 && sector <= SECTOR_MAX);
    (void)snprintf(d->vfs_name, sizeof(d->vfs_name), "sim-%p", (void *)d);
    d->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct sim_file),
        .mxPathname = 256,
        .zName = d->vfs_name,
        .pAppData = d,
        .xOpen = x_open,
        .xDelete = x_delete,
        .xAccess = x_access,
        .xFullPathname = x_full_path,
        .xRandomness = x_random,
        .xSleep = x_sleep,
        .xCurrentTime = x_time,
    };
    rc = sqlite3_vfs_register(&d->vfs, 0);
    assert(rc == SQLITE_OK);
    return d;
}

void simdisk_free(struct simdisk *d)
{
    if (d == NULL)
        return;
    (void)sqlite3_vfs_unregister(&d->vfs);
    for (size_t i = 0; i < d->ops; i++)
        free(d->op[i].bytes);
    for (size_t i = 0; i < FILES_MAX; i++) {
        free(d->file[i].p);
        free(d->first[i].p);
    }
    free(d->op);
    free(d);
}

const char *simdisk_vfs(const struct simdisk *d)
{
    return d->vfs_name;
}

struct en_disk *simdisk_disk(struct simdisk *d)
{
    return &d->disk;
}

/* What is in d->file and d->dir becomes the beginning of an empty log. */
static void begin_log(struct simdisk *d)
{
    d->first_dir = d->dir;
    d->firsts = d->files;
    for (size_t i = 0; i < d->files; i++)
        d->first[i] = duplicate(&d->file[i]);
}

/* Only named files live on. */
static void adopt(struct simdisk *c, const struct dir *dir,
                  const struct inode *file)
{
    for (size_t i = 0; i < dir->n; i++) {
        c->file[c->files] = duplicate(&file[dir->e[i].inode]);
        name_inode(&c->dir, dir->e[i].name, (unsigned)c->files);
        c->files++;
    }
    begin_log(c);
}

struct simdisk *simdisk_copy(const struct simdisk *d)
{
    struct simdisk *c = simdisk_new(d->powersafe, d->sector);

    c->mtime = d->mtime;
    adopt(c, &d->dir, d->file);
    return c;
}

/* ---- the cut ---- */

/* A write that did not last, sector by sector. */
static void tear(const struct simdisk *d, struct inode *f, const struct op *o,
                 bool garbage, struct en_rng *rng)
{
    uint64_t at = o->at;
    uint64_t end = o->at + o->n;
    unsigned sector_len = o->beside ? 512 : d->sector;
    bool powersafe = o->beside || d->powersafe;

    while (at < end) {
        uint64_t sector = at - at % sector_len;
        uint64_t stop = sector + sector_len < end ? sector + sector_len : end;
        size_t n = (size_t)(stop - at);
        uint32_t fate = en_rng_below(rng, garbage ? 4 : 3);

        if (fate == 0) {
            put(f, at, o->bytes + (at - o->at), n);
        } else if (fate == 1 && stop > f->n && en_rng_below(rng, 2) == 0) {
            resize(f, stop); /* the length came, the bytes did not */
        } else if (fate == 3) {
            uint8_t junk[SECTOR_MAX];
            uint64_t from = powersafe ? at : sector;
            uint64_t to = powersafe ? stop : sector + sector_len;

            /* What lies behind the file's end is nobody's neighbour. */
            if (to > stop && to > f->n)
                to = stop > f->n ? stop : f->n;
            en_rng_bytes(rng, junk, (size_t)(to - from));
            put(f, from, junk, (size_t)(to - from));
        }
        at = stop;
    }
}

static void apply_file(const struct simdisk *d, struct inode *f,
                       const struct op *o, enum sim_model model,
                       struct en_rng *rng)
{
    if (o->kind == TRUNCATE) {
        if (model == SIM_KEPT || en_rng_below(rng, 2) == 0)
            resize(f, o->at);
    } else if (model == SIM_KEPT) {
        put(f, o->at, o->bytes, o->n);
    } else {
        tear(d, f, o, model == SIM_GARBAGE, rng);
    }
}

static void apply_name(struct dir *dir, const struct op *o)
{
    if (o->kind == CREATE) {
        name_inode(dir, o->name, o->inode);
    } else if (o->kind == DELETE) {
        unname(dir, o->name);
    } else if (o->kind == RENAME) {
        unname(dir, o->name);
        name_inode(dir, o->to, o->inode);
    }
}

static bool is_name(const struct op *o)
{
    return o->kind == CREATE || o->kind == DELETE || o->kind == RENAME;
}

struct simdisk *simdisk_cut(const struct simdisk *d, size_t upto,
                            enum sim_model model, struct en_rng *rng)
{
    struct simdisk *c = simdisk_new(d->powersafe, d->sector);
    struct inode file[FILES_MAX] = {{0}};
    size_t lasted[FILES_MAX] = {0}; /* index behind the last sync */
    struct dir dir = d->first_dir;
    size_t names_lasted = 0;

    assert(upto <= d->ops);
    for (size_t i = 0; i < d->firsts; i++)
        file[i] = duplicate(&d->first[i]);
    for (size_t i = 0; i < upto; i++) {
        if (d->op[i].kind == SYNC)
            lasted[d->op[i].inode] = i + 1;
        if (d->op[i].kind == SYNC_DIR)
            names_lasted = i + 1;
    }
    for (size_t i = 0; i < upto; i++) {
        const struct op *o = &d->op[i];

        if (o->kind == WRITE || o->kind == TRUNCATE) {
            if (i < lasted[o->inode])
                apply_file(d, &file[o->inode], o, SIM_KEPT, rng);
            else if (model != SIM_DROPPED)
                apply_file(d, &file[o->inode], o, model, rng);
        } else if (is_name(o)) {
            if (i < names_lasted || model == SIM_KEPT ||
                (model != SIM_DROPPED && en_rng_below(rng, 2) == 0))
                apply_name(&dir, o);
        }
    }
    c->mtime = d->mtime;
    adopt(c, &dir, file);
    for (size_t i = 0; i < FILES_MAX; i++)
        free(file[i].p);
    return c;
}

/* ---- files ---- */

bool simdisk_read(const struct simdisk *d, const char *name, struct en_buf *out)
{
    for (size_t i = 0; i < d->dir.n; i++) {
        const struct inode *f = &d->file[d->dir.e[i].inode];

        if (strcmp(d->dir.e[i].name, name) != 0)
            continue;
        en_buf_clear(out);
        return en_buf_add(out, f->p, f->n) == EN_OK;
    }
    return false;
}

void simdisk_write(struct simdisk *d, const char *name, struct en_span bytes)
{
    unsigned inode;

    if (look_up(&d->dir, name) == NULL)
        do_create(d, name);
    inode = look_up(&d->dir, name)->inode;
    resize(&d->file[inode], 0);
    (void)note(d, TRUNCATE, inode, 0, NULL, 0);
    do_write(d, inode, 0, bytes.p, bytes.n);
}

void simdisk_each(const struct simdisk *d,
                  void (*fn)(void *user, const char *name, struct en_span),
                  void *user)
{
    for (size_t i = 0; i < d->dir.n; i++) {
        const struct inode *f = &d->file[d->dir.e[i].inode];

        fn(user, d->dir.e[i].name, EN_SPAN(f->p, f->n));
    }
}
