#include "cli/editor.h"

#include "cli/command.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef RAMFS_MAGIC
#define RAMFS_MAGIC 0x858458f6
#endif

/* Much more than an entry holds, so that a long one is refused with its size. */
#define EDITED_MAX (4 * 1048576)

static bool in_memory(const char *dir)
{
    struct statfs fs;

    return dir != NULL && dir[0] == '/' && statfs(dir, &fs) == 0 &&
           (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC) &&
           access(dir, W_OK | X_OK) == 0;
}

static const char *memory_dir(const struct en_cmd *cmd)
{
    const char *run = cmd->machine->env(cmd->machine->user, "XDG_RUNTIME_DIR");

    if (in_memory(run))
        return run;
    return in_memory("/dev/shm") ? "/dev/shm" : NULL;
}

static const char *editor_of(const struct en_cmd *cmd)
{
    static const char *const names[] = {"VISUAL", "EDITOR"};

    for (size_t i = 0; i < 2; i++) {
        const char *v = cmd->machine->env(cmd->machine->user, names[i]);

        if (v != NULL && v[0] != '\0')
            return v;
    }
    return NULL;
}

/* An editor may have replaced the file by another: whatever has its name goes, its
 * bytes overwritten first. */
static void destroy(const char *path)
{
    static const uint8_t zeros[4096];
    struct stat st;
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0) {
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
            for (off_t at = 0; at < st.st_size; at += (off_t)sizeof zeros) {
                if (write(fd, zeros, sizeof zeros) < 0)
                    break;
            }
        }
        (void)close(fd);
    }
    (void)unlink(path);
}

static en_err edit_file(struct en_cmd *cmd, const char *path,
                        struct en_span before, struct en_buf *out)
{
    en_err err;
    int fd = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return en_why_set(&cmd->why, EN_ABSENT, EN_WHY_EDITOR, NULL, 0, 0);
    err = en_file_send(fd, before);
    if (close(fd) != 0 && err == EN_OK)
        err = EN_IO;
    if (err == EN_OK)
        err = en_command_run(editor_of(cmd), path, &cmd->why);
    if (err == EN_OK)
        err = en_file_read(path, EDITED_MAX, out, &cmd->why);
    return err;
}

en_err en_editor_text(struct en_cmd *cmd, struct en_span before,
                      struct en_buf *out, bool *changed)
{
    struct en_buf first = {0}, back = {.max = EDITED_MAX};
    const char *dir = memory_dir(cmd);
    char folder[EN_PATH_MAX], path[EN_PATH_MAX];
    int n;
    en_err err;

    if (editor_of(cmd) == NULL || dir == NULL)
        return en_why_set(&cmd->why, EN_ABSENT, EN_WHY_EDITOR, NULL, 0, 0);
    if (cmd->no_input)
        return en_why_set(&cmd->why, EN_RANGE, EN_WHY_NO_INPUT, "-- TEXT", 0,
                          0);
    /* A folder of its own: editors leave swap and backup files beside theirs. */
    n = snprintf(folder, sizeof folder, "%s/entrenous-XXXXXX", dir);
    if (n < 0 || (size_t)n >= sizeof folder || mkdtemp(folder) == NULL)
        return en_why_set(&cmd->why, EN_ABSENT, EN_WHY_EDITOR, NULL, 0, 0);
    n = snprintf(path, sizeof path, "%s/note.txt", folder);
    if (n < 0 || (size_t)n >= sizeof path) {
        (void)rmdir(folder);
        return en_why_set(&cmd->why, EN_ABSENT, EN_WHY_EDITOR, NULL, 0, 0);
    }
    err = en_buf_add_span(&first, before);
    if (err == EN_OK && before.n > 0)
        err = en_buf_add_u8(&first, '\n');
    n = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (n < 0)
        err = en_why_set(&cmd->why, EN_ABSENT, EN_WHY_EDITOR, NULL, 0, 0);
    else
        (void)close(n);
    en_show_flush(&cmd->show);
    if (err == EN_OK)
        err = edit_file(cmd, path, en_buf_span(&first), &back);
    destroy(path);
    if (rmdir(folder) != 0 && errno == ENOTEMPTY)
        en_show_hint(&cmd->show,
                     "Your editor left files of its own in {folder}: remove "
                     "them.",
                     EN_ARGS(en_arg_text("folder", folder)));
    if (err == EN_OK) {
        while (back.n > 0 && back.p[back.n - 1] == '\n')
            back.n--;
        *changed = !en_span_eq(en_buf_span(&back), before);
        err = en_buf_add_span(out, en_buf_span(&back));
    }
    en_buf_free(&first);
    en_buf_free(&back);
    return err;
}
