/*
 * trace.h - one line per decision, to whoever asked.
 *
 * The same lines serve -v, the agent's ring file and the simulator's golden
 * text. A line names codes, counts and short ids; never a secret, a name, a
 * title or a text.
 */
#ifndef EN_BASE_TRACE_H
#define EN_BASE_TRACE_H

#include "base/bytes.h"

struct en_trace {
    void (*line)(void *user, const char *line); /* NULL: nobody listens */
    void *user;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void en_trace_line(const struct en_trace *t, const char *fmt, ...);

#endif
