/*
 * editor.h - a text written in the person's own editor, never in clear on a disk.
 *
 * The file lies in a folder that lives in memory (XDG_RUNTIME_DIR, else /dev/shm,
 * and only on tmpfs or ramfs), owner-only, and is overwritten and removed whatever
 * the editor did.
 *
 * Errors     EN_ABSENT EDITOR: no such folder, or no editor is named; EN_IO
 *            COMMAND, FILE_READ; EN_RANGE TEXT_LONG; EN_NOMEM.
 * Source     PRODUCT 4.1 rule 3.
 */
#ifndef EN_CLI_EDITOR_H
#define EN_CLI_EDITOR_H

#include "cli/cmd.h"

/* before: what the file holds at first. changed: whether what came back differs;
 * out: what came back, without its final line feeds. */
en_err en_editor_text(struct en_cmd *cmd, struct en_span before,
                      struct en_buf *out, bool *changed);

#endif
