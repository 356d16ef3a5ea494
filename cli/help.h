/*
 * help.h - what can be typed: the list of verbs, one verb with examples, topics.
 *
 * Every example here is run by a test (tests/cli/examples).
 */
#ifndef EN_CLI_HELP_H
#define EN_CLI_HELP_H

#include "cli/cmd.h"

/* verb NULL: the list. */
int en_help_verb(struct en_cmd *cmd, const struct en_verb *verb);
int en_help_version(struct en_cmd *cmd);
int en_cmd_help(struct en_cmd *cmd, const struct en_args *args);

/* entrenous with no word: the welcome, or status. */
int en_cmd_alone(struct en_cmd *cmd);

#endif
