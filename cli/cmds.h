/*
 * cmds.h - the commands, one function each; run.c's table names them.
 */
#ifndef EN_CLI_CMDS_H
#define EN_CLI_CMDS_H

#include "cli/cmd.h"

#define EN_CMDS(X)                                                             \
    X(init)                                                                    \
    X(unlock)                                                                  \
    X(lock)                                                                    \
    X(passphrase_change)                                                       \
    X(status)                                                                  \
    X(doctor)                                                                  \
    X(write)                                                                   \
    X(list)                                                                    \
    X(read)                                                                    \
    X(edit)                                                                    \
    X(delete)                                                                  \
    X(undo)                                                                    \
    X(search)                                                                  \
    X(onthisday)                                                               \
    X(import)                                                                  \
    X(circle_create)                                                           \
    X(circle_list)                                                             \
    X(circle_members)                                                          \
    X(share)                                                                   \
    X(words)                                                                   \
    X(invite)                                                                  \
    X(join)                                                                    \
    X(sync)                                                                    \
    X(sync_status)                                                             \
    X(agent_start)                                                             \
    X(agent_stop)                                                              \
    X(agent_status)

#define EN_CMDS_DECLARE(name)                                                  \
    int en_cmd_##name(struct en_cmd *cmd, const struct en_args *args);
EN_CMDS(EN_CMDS_DECLARE)

/* Six words on one line: a middle dot between, a comma in --simple. */
en_err en_cmd_words_line(struct en_cmd *cmd, enum en_lang lang,
                         const uint16_t word[6], struct en_buf *out);

/* INIT with this person's labels, and the language kept for later commands. */
en_err en_cmd_init_vault(struct en_cmd *cmd, struct en_span name,
                         const struct en_secret *passphrase);

#endif
