#include "vault/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static en_err fail(int e, const char *name, struct en_why *why)
{
    switch (e) {
    case ENOENT:
    case ENOTDIR: return EN_ABSENT;
    case EEXIST: return EN_DENIED;
    case ENOMEM: return EN_NOMEM;
    case ELOOP: return EN_FORGED; /* O_NOFOLLOW met a link */
    case ENOSPC:
    case EDQUOT: return en_why_set(why, EN_FULL, EN_WHY_DISK_FULL, name, 0, 0);
    case EROFS:
    case EACCES:
    case EPERM: return en_why_set(why, EN_IO, EN_WHY_READ_ONLY, name, 0, 0);
    default: return EN_IO;
    }
}

static int open_dir(const char *dir)
{
    return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* One missing directory; the one above is made to remember it. */
static en_err make_one(const char *dir, struct en_why *why)
{
    char above[PATH_MAX];
    const char *slash;
    int fd;
    en_err err = EN_OK;

    if (mkdir(dir, 0700) != 0)
        return errno == EEXIST ? EN_OK : fail(errno, NULL, why);
    slash = strrchr(dir, '/');
    if (slash == NULL)
        (void)snprintf(above, sizeof(above), ".");
    else
        (void)snprintf(above, sizeof(above), "%.*s",
                       slash == dir ? 1 : (int)(slash - dir), dir);
    fd = open_dir(above);
    if (fd < 0)
        return fail(errno, NULL, why);
    if (fsync(fd) != 0)
        err = fail(errno, NULL, why);
    (void)close(fd);
    return err;
}

static en_err sys_make_dir(struct en_disk *d, const char *dir,
                           struct en_why *why)
{
    char path[PATH_MAX];
    size_t n = strlen(dir);
    struct stat st;
    en_err err;
    int fd;

    (void)d;
    if (n == 0 || n >= sizeof(path))
        return EN_RANGE;
    for (size_t i = 1; i <= n; i++) {
        if (dir[i] != '/' && dir[i] != '\0')
            continue;
        memcpy(path, dir, i);
        path[i] = '\0';
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            continue;
        err = make_one(path, why);
        if (err != EN_OK)
            return err;
    }
    fd = open_dir(dir);
    if (fd < 0)
        return fail(errno, NULL, why);
    err = EN_OK;
    if (fstat(fd, &st) != 0 ||
        ((st.st_mode & 077) != 0 && fchmod(fd, st.st_mode & 0700) != 0))
        err = fail(errno, NULL, why);
    (void)close(fd);
    return err;
}

static int open_in(const char *dir, const char *name, int flags, int *e)
{
    int at = open_dir(dir);
    int fd;

    if (at < 0) {
        *e = errno;
        return -1;
    }
    fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    *e = errno;
    (void)close(at);
    return fd;
}

static en_err sys_read(struct en_disk *d, const char *dir, const char *name,
                       size_t max, struct en_buf *out, struct en_why *why)
{
    struct stat st;
    size_t want;
    int e = 0;
    int fd = open_in(dir, name, O_RDONLY, &e);
    en_err err = EN_OK;

    (void)d;
    if (fd < 0)
        return fail(e, name, why);
    if (fstat(fd, &st) != 0) {
        err = fail(errno, name, why);
        goto out;
    }
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size > max) {
        err = EN_FORGED;
        goto out;
    }
    want = (size_t)st.st_size;
    err = en_buf_reserve(out, want);
    while (err == EN_OK && want > 0) {
        ssize_t got = read(fd, out->p + out->n, want);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            err = fail(errno, name, why);
        if (got <= 0)
            break;
        out->n += (size_t)got;
        want -= (size_t)got;
    }
out:
    (void)close(fd);
    return err;
}

static en_err sys_write(struct en_disk *d, const char *dir, const char *name,
                        bool create, uint64_t at, struct en_span bytes,
                        struct en_why *why)
{
    struct stat st;
    size_t done = 0;
    int e = 0;
    int fd = open_in(dir, name, O_WRONLY | (create ? O_CREAT | O_EXCL : 0), &e);
    en_err err = EN_OK;

    (void)d;
    if (fd < 0)
        return fail(e, name, why);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        err = EN_FORGED;
        goto out;
    }
    while (done < bytes.n) {
        ssize_t n =
            pwrite(fd, bytes.p + done, bytes.n - done, (off_t)(at + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            err = fail(n < 0 ? errno : EIO, name, why);
            goto out;
        }
        done += (size_t)n;
    }
    /* A file that keeps its size needs no more than its bytes on disk. Never
     * asked twice: after a failed sync the kernel may have dropped them. */
    if ((create || bytes.n == 0 ? fsync(fd) : fdatasync(fd)) != 0)
        err = fail(errno, name, why);
out:
    if (close(fd) != 0 && err == EN_OK)
        err = fail(errno, name, why);
    return err;
}

static en_err sys_rename(struct en_disk *d, const char *dir, const char *from,
                         const char *to, struct en_why *why)
{
    int at = open_dir(dir);
    en_err err = EN_OK;

    (void)d;
    if (at < 0)
        return fail(errno, to, why);
    if (renameat(at, from, at, to) != 0)
        err = fail(errno, to, why);
    (void)close(at);
    return err;
}

static en_err sys_remove(struct en_disk *d, const char *dir, const char *name,
                         struct en_why *why)
{
    int at = open_dir(dir);
    en_err err = EN_OK;

    (void)d;
    if (at < 0)
        return fail(errno, name, why);
    if (unlinkat(at, name, 0) != 0)
        err = fail(errno, name, why);
    (void)close(at);
    return err;
}

static en_err sys_sync_dir(struct en_disk *d, const char *dir,
                           struct en_why *why)
{
    int at = open_dir(dir);
    en_err err = EN_OK;

    (void)d;
    if (at < 0)
        return fail(errno, NULL, why);
    if (fsync(at) != 0)
        err = fail(errno, NULL, why);
    (void)close(at);
    return err;
}

static en_err stat_in(const char *dir, const char *name, struct stat *st,
                      struct en_why *why)
{
    int at = open_dir(dir);
    en_err err = EN_OK;

    if (at < 0)
        return fail(errno, name, why);
    if (fstatat(at, name, st, AT_SYMLINK_NOFOLLOW) != 0)
        err = fail(errno, name, why);
    (void)close(at);
    return err;
}

static en_err sys_size(struct en_disk *d, const char *dir, const char *name,
                       uint64_t *out, struct en_why *why)
{
    struct stat st;
    en_err err = stat_in(dir, name, &st, why);

    (void)d;
    if (err != EN_OK)
        return err;
    if (!S_ISREG(st.st_mode) || st.st_size < 0)
        return EN_FORGED;
    *out = (uint64_t)st.st_size;
    return EN_OK;
}

static en_err sys_list(struct en_disk *d, const char *dir,
                       en_err (*fn)(void *user, const char *name), void *user,
                       struct en_why *why)
{
    DIR *all = opendir(dir);
    const struct dirent *one;
    en_err err = EN_OK;

    (void)d;
    if (all == NULL)
        return fail(errno, NULL, why);
    errno = 0;
    while (err == EN_OK && (one = readdir(all)) != NULL) {
        if (strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0)
            err = fn(user, one->d_name);
        errno = 0;
    }
    if (err == EN_OK && errno != 0)
        err = fail(errno, NULL, why);
    (void)closedir(all);
    return err;
}

static en_err sys_mtime(struct en_disk *d, const char *dir, const char *name,
                        bool set, uint64_t *ms)
{
    struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}};
    struct stat st;
    int at;
    en_err err = EN_OK;

    (void)d;
    if (!set) {
        err = stat_in(dir, name, &st, NULL);
        if (err == EN_OK)
            *ms = (uint64_t)st.st_mtim.tv_sec * 1000 +
                  (uint64_t)st.st_mtim.tv_nsec / 1000000;
        return err;
    }
    at = open_dir(dir);
    if (at < 0)
        return fail(errno, name, NULL);
    t[1].tv_sec = (time_t)(*ms / 1000);
    t[1].tv_nsec = (long)(*ms % 1000) * 1000000;
    if (utimensat(at, name, t, AT_SYMLINK_NOFOLLOW) != 0)
        err = fail(errno, name, NULL);
    (void)close(at);
    return err;
}

/* A lock on the directory itself: no file to leave behind. */
static en_err sys_hold(struct en_disk *d, const char *dir, int *held)
{
    int fd = open_dir(dir);

    (void)d;
    if (fd < 0)
        return fail(errno, NULL, NULL);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int e = errno;

        (void)close(fd);
        return e == EWOULDBLOCK ? EN_BUSY : fail(e, NULL, NULL);
    }
    *held = fd;
    return EN_OK;
}

static void sys_release(struct en_disk *d, int held)
{
    (void)d;
    (void)close(held);
}

struct en_disk *en_disk_system(void)
{
    static const struct en_disk_ops ops = {
        .make_dir = sys_make_dir,
        .read = sys_read,
        .write = sys_write,
        .rename = sys_rename,
        .remove = sys_remove,
        .sync_dir = sys_sync_dir,
        .size = sys_size,
        .list = sys_list,
        .mtime = sys_mtime,
        .hold = sys_hold,
        .release = sys_release,
    };
    static struct en_disk disk = {&ops};

    return &disk;
}
