/*
 * log.h - the agent's own record of what it did, for somebody who looks for a
 * fault: trace lines with their time, bounded, without names or words.
 *
 * Two files of at most EN_LOG_MAX bytes: agent.log, and agent.log.1 before it.
 * Nothing is made before the first line, and a line that cannot be written is lost:
 * the log never stops anything.
 *
 * Ownership  dir is copied.
 */
#ifndef EN_NET_LOG_H
#define EN_NET_LOG_H

#include "base/bytes.h"

#define EN_LOG_MAX      131072
#define EN_LOG_LINE_MAX 256 /* bytes of one line; the rest is cut */

struct en_log;

/* dir "" or NULL: lines go nowhere. */
en_err en_log_new(struct en_log **l, const char *dir);
void en_log_free(struct en_log *l); /* NULL does nothing */
void en_log_line(struct en_log *l, int64_t time_ms, const char *line);

#endif
