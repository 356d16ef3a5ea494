/*
 * file.h - the files a person names: read within a bound, written whole or not.
 *
 * Reading   a file, a pipe or /dev/stdin, to its end, at most max bytes; never a
 *           folder. Nothing is kept of one that is too large.
 * Writing   a new file beside the target, owner-only (0600), synchronised, then
 *           given its name, then the folder synchronised: the name shows all of
 *           the bytes or none, whatever stops us.
 *
 * Ownership  results are appended to the caller's buffer, wiped by its free.
 * Errors     EN_ABSENT NO_FILE · EN_IO FILE_READ, FILE_WRITE · EN_FULL DISK_FULL
 *            · EN_RANGE FILE_DIR, FILE_BIG · EN_DENIED FILE_EXISTS · EN_NOMEM;
 *            why->what is the path as the person gave it.
 */
#ifndef EN_CLI_FILE_H
#define EN_CLI_FILE_H

#include "base/bytes.h"

en_err en_file_read(const char *path, size_t max, struct en_buf *out,
                    struct en_why *why);

/* The same from an open descriptor, which stays open; name is for why only. */
en_err en_file_read_fd(int fd, const char *name, size_t max, struct en_buf *out,
                       struct en_why *why);

/* Writes bytes as path. An existing one is refused unless replace. */
en_err en_file_write(const char *path, struct en_span bytes, bool replace,
                     struct en_why *why);

/* All of bytes to a descriptor (a pipe, a terminal), through short writes and
 * interruptions. EN_CLOSED when its reader has gone, EN_FULL, EN_IO. */
en_err en_file_send(int fd, struct en_span bytes);

/* Makes path and its missing parents as owner-only folders (0700). An existing
 * one must be a folder of ours that others cannot write. */
en_err en_file_make_dir(const char *path, struct en_why *why);

#endif
