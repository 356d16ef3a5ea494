#include "cli/file.h"

#include "base/rng.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_NAME_TRIES 16

static en_err read_failed(struct en_why *why, const char *path, int e)
{
    if (e == ENOENT || e == ENOTDIR)
        return en_why_set(why, EN_ABSENT, EN_WHY_NO_FILE, path, 0, 0);
    if (e == EISDIR)
        return en_why_set(why, EN_RANGE, EN_WHY_FILE_DIR, path, 0, 0);
    return en_why_set(why, EN_IO, EN_WHY_FILE_READ, path, 0, 0);
}

static en_err write_failed(struct en_why *why, const char *path, int e)
{
    if (e == ENOSPC || e == EDQUOT)
        return en_why_set(why, EN_FULL, EN_WHY_DISK_FULL, path, 0, 0);
    if (e == EEXIST)
        return en_why_set(why, EN_DENIED, EN_WHY_FILE_EXISTS, path, 0, 0);
    if (e == EISDIR)
        return en_why_set(why, EN_RANGE, EN_WHY_FILE_DIR, path, 0, 0);
    if (e == ENOENT || e == ENOTDIR)
        return en_why_set(why, EN_ABSENT, EN_WHY_NO_FILE, path, 0, 0);
    return en_why_set(why, EN_IO, EN_WHY_FILE_WRITE, path, 0, 0);
}

en_err en_file_read_fd(int fd, const char *name, size_t max, struct en_buf *out,
                       struct en_why *why)
{
    uint8_t chunk[16384];
    size_t start = out->n, got = 0;
    struct stat st;
    en_err err = EN_OK;

    if (fstat(fd, &st) != 0)
        return read_failed(why, name, errno);
    if (S_ISDIR(st.st_mode))
        return read_failed(why, name, EISDIR);
    /* A size is a hint: a pipe has none and a file may grow while we read. */
    if (S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size > max)
        return en_why_set(why, EN_RANGE, EN_WHY_FILE_BIG, name,
                          (uint64_t)st.st_size, max);
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd p = {.fd = fd, .events = POLLIN};

            if (poll(&p, 1, -1) < 0 && errno != EINTR) {
                err = read_failed(why, name, errno);
                break;
            }
            continue;
        }
        if (n < 0) {
            err = read_failed(why, name, errno);
            break;
        }
        if (n == 0)
            break;
        if ((size_t)n > max - got) {
            err = en_why_set(why, EN_RANGE, EN_WHY_FILE_BIG, name, 0, max);
            break;
        }
        err = en_buf_add(out, chunk, (size_t)n);
        if (err != EN_OK)
            break;
        got += (size_t)n;
    }
    explicit_bzero(chunk, sizeof(chunk));
    if (err != EN_OK && out->n > start) {
        explicit_bzero(out->p + start, out->n - start);
        out->n = start;
    }
    return err;
}

en_err en_file_read(const char *path, size_t max, struct en_buf *out,
                    struct en_why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    en_err err;

    if (fd < 0)
        return read_failed(why, path, errno);
    err = en_file_read_fd(fd, path, max, out, why);
    (void)close(fd);
    return err;
}

en_err en_file_send(int fd, struct en_span bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};

            if (poll(&p, 1, -1) < 0 && errno != EINTR)
                return EN_IO;
            continue;
        }
        if (n < 0)
            return errno == EPIPE                       ? EN_CLOSED
                   : errno == ENOSPC || errno == EDQUOT ? EN_FULL
                                                        : EN_IO;
        bytes = EN_SPAN(bytes.p + n, bytes.n - (size_t)n);
    }
    return EN_OK;
}

/* The folder part of path, malloc'd: "." when it has none. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* A new owner-only file in dir, its path in *part (malloc'd). */
static int part_open(const char *dir, char **part)
{
    size_t len = strlen(dir) + 40;
    char *path = malloc(len);
    int fd = -1;

    if (path == NULL)
        return -1;
    for (int i = 0; i < PART_NAME_TRIES && fd < 0; i++) {
        uint8_t r[8];
        char hex[17];

        en_rng_bytes(en_rng_system(), r, sizeof(r));
        en_hex(hex, r, sizeof(r));
        (void)snprintf(path, len, "%s/.entrenous-%s.part", dir, hex);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                  S_IRUSR | S_IWUSR);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd < 0) {
        int e = errno;

        free(path);
        errno = e;
        return -1;
    }
    *part = path;
    return fd;
}

/* Gives part its name. Without replace the name must be new: link() refuses an
 * existing one in one step; where a file system has no links (a stick), the rename
 * that refuses an existing name is asked for. */
static int give_name(const char *part, const char *path, bool replace)
{
    if (replace)
        return rename(part, path);
    if (link(part, path) == 0)
        return unlink(part);
    if (errno == EEXIST)
        return -1;
    return renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE);
}

en_err en_file_write(const char *path, struct en_span bytes, bool replace,
                     struct en_why *why)
{
    char *dir = folder_of(path), *part = NULL;
    int fd = -1, dir_fd = -1;
    struct stat st;
    en_err err;

    if (dir == NULL)
        return EN_NOMEM;
    if (lstat(path, &st) == 0) {
        /* Known before the work; give_name decides in the end. */
        if (S_ISDIR(st.st_mode)) {
            err = write_failed(why, path, EISDIR);
            goto out;
        }
        if (!replace) {
            err = write_failed(why, path, EEXIST);
            goto out;
        }
    }
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        err = write_failed(why, path, errno);
        goto out;
    }
    fd = part_open(dir, &part);
    if (fd < 0) {
        err = errno == ENOMEM ? EN_NOMEM : write_failed(why, path, errno);
        goto out;
    }
    err = en_file_send(fd, bytes);
    if (err != EN_OK) {
        err = write_failed(why, path, err == EN_FULL ? ENOSPC : EIO);
        goto out;
    }
    if (fsync(fd) != 0) {
        err = write_failed(why, path, errno);
        goto out;
    }
    /* close() may be the first to tell of a network disk that is full. */
    if (close(fd) != 0) {
        fd = -1;
        err = write_failed(why, path, errno);
        goto out;
    }
    fd = -1;
    if (give_name(part, path, replace) != 0) {
        err = write_failed(why, path, errno);
        goto out;
    }
    free(part);
    part = NULL;
    if (fsync(dir_fd) != 0 && errno != EINVAL && errno != EROFS)
        err = write_failed(why, path, errno);
out:
    if (fd >= 0)
        (void)close(fd);
    if (part != NULL)
        (void)unlink(part);
    if (dir_fd >= 0)
        (void)close(dir_fd);
    free(part);
    free(dir);
    return err;
}

en_err en_file_make_dir(const char *path, struct en_why *why)
{
    char *copy = strdup(path);
    struct stat st;
    en_err err = EN_OK;

    if (copy == NULL)
        return EN_NOMEM;
    for (char *p = copy + 1; copy[0] != '\0'; p++) {
        char end = *p;

        if (end != '/' && end != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, S_IRWXU) != 0 && errno != EEXIST) {
            err = errno == EROFS || errno == EACCES
                      ? en_why_set(why, EN_IO, EN_WHY_READ_ONLY, path, 0, 0)
                      : write_failed(why, path, errno);
            goto out;
        }
        if (end == '\0')
            break;
        *p = end;
    }
    if (stat(path, &st) != 0) {
        err = write_failed(why, path, errno);
        goto out;
    }
    if (!S_ISDIR(st.st_mode)) {
        err = en_why_set(why, EN_DENIED, EN_WHY_FILE_EXISTS, path, 0, 0);
        goto out;
    }
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        err = en_why_set(why, EN_IO, EN_WHY_FILE_WRITE, path, 0, 0);
out:
    free(copy);
    return err;
}
