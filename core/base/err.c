#include "base/err.h"

#include "base/bytes.h"

#include <string.h>

en_err en_why_set(struct en_why *why, en_err err, enum en_reason reason,
                  const char *what, uint64_t n, uint64_t limit)
{
    size_t len = what != NULL ? strlen(what) : 0;

    if (why == NULL)
        return err;
    *why = (struct en_why){.reason = reason, .n = n, .limit = limit};
    if (len >= sizeof(why->what)) {
        len = sizeof(why->what) - 1;
        while (len > 0 && ((uint8_t)what[len] & 0xc0) == 0x80)
            len--;
    }
    if (len > 0)
        memcpy(why->what, what, len);
    return err;
}

const char *en_err_name(en_err err)
{
    static const char *const name[EN_ERR_COUNT] = {
        "ok",      "nomem",   "io",     "full",       "range",
        "moved",   "later",   "no_key", "forged",     "protocol",
        "timeout", "version", "locked", "passphrase", "busy",
        "denied",  "absent",  "choose", "forked",     "closed",
    };

    return (unsigned)err < EN_ERR_COUNT ? name[err] : "unknown";
}
