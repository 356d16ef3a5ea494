#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>

void en_trace_line(const struct en_trace *t, const char *fmt, ...)
{
    char line[256];
    va_list ap;

    if (t == NULL || t->line == NULL)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    t->line(t->user, line);
}
