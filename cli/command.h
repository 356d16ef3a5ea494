/*
 * command.h - programs that a person names: run without a shell.
 *
 * A command is split at spaces; quotes group, a backslash takes the next
 * character outside single quotes; nothing is expanded.
 *
 * Errors     EN_IO COMMAND, what = the command's first word; EN_NOMEM; as each
 *            function says. why may be NULL.
 */
#ifndef EN_CLI_COMMAND_H
#define EN_CLI_COMMAND_H

#include "base/bytes.h"

#define EN_COMMAND_MAX      4096 /* bytes */
#define EN_COMMAND_ARGS_MAX 64

struct en_command {
    char text[EN_COMMAND_MAX];
    char *argv[EN_COMMAND_ARGS_MAX + 2]; /* room for one more, and NULL */
    int argc;
};

/* False when it is empty, too long, or a quote stays open. */
bool en_command_split(struct en_command *c, const char *command);

/* The first line of its output, its line ending dropped, at most line->max.
 * It reads nothing of ours (stdin is empty) and must end well.
 * EN_RANGE TEXT_LONG */
en_err en_command_line(const char *command, struct en_buf *line,
                       struct en_why *why);

/* Gives it bytes on stdin; stdout and stderr are ours. What it does not want to
 * read is its own affair. add (may be NULL) is "NAME=value" for its environment. */
en_err en_command_feed(const char *command, const char *add,
                       struct en_span bytes, struct en_why *why);

/* Runs it on the terminal with one more argument (an editor and its file). */
en_err en_command_run(const char *command, const char *more,
                      struct en_why *why);

/* The first line of a descriptor, byte by byte: what follows is left in it. name
 * is for why. EN_RANGE TEXT_LONG over line->max; EN_IO FILE_READ. */
en_err en_first_line(int fd, const char *name, struct en_buf *line,
                     struct en_why *why);

#endif
