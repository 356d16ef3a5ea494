/*
 * import.h - what a foreign file holds, record by record; all hostile until checked.
 *
 * A reader turns bytes into records and refusals, in the file's order, and decides
 * nothing else: whether a record is new, changed or there already is the journal's
 * answer. It never touches the source and invents nothing: no date, no text.
 *
 * Ownership  what a record points to is borrowed until the callback returns.
 * Errors     a reader's own: EN_NOMEM, or what a callback returned.
 * Source     PRODUCT 7.
 */
#ifndef EN_CLI_IMPORT_IMPORT_H
#define EN_CLI_IMPORT_IMPORT_H

#include "cli/wall.h"
#include "replica/rpc.h"

enum en_refusal {
    EN_REFUSE_NONE = 0,
    EN_REFUSE_JSON,         /* n: the column that cannot continue */
    EN_REFUSE_OBJECT,       /* JSON, but no object */
    EN_REFUSE_NO_DATE,      /* no date, or none that is a string */
    EN_REFUSE_PARTIAL_DATE, /* 2027-05 */
    EN_REFUSE_BAD_DATE,     /* 30 February, 25 h, another layout */
    EN_REFUSE_SKIPPED_HOUR, /* the clock change skips it */
    EN_REFUSE_NO_TEXT,      /* no text, empty, or none that is a string */
    EN_REFUSE_LONG,         /* n bytes; limit */
    EN_REFUSE_UTF8,         /* the text is no UTF-8 or holds a NUL */
    EN_REFUSE_TITLE,        /* no string, or too long: n, limit */
    EN_REFUSE_ID,           /* no string or number, or too long */
    EN_REFUSE_TAGS,         /* no list of strings */
    EN_REFUSE_TWICE, /* the id stands in the file twice, with other words */
    EN_REFUSE_COUNT
};

/* A record's longest text in bytes; the journal's own bound is smaller and tells
 * the size, this one bounds what is carried to it. */
#define EN_IMPORT_TEXT_MAX 262144
/* A line of a file of lines. */
#define EN_IMPORT_LINE_MAX 1048576

struct en_import_sink {
    /* line counts from 1. extra: tags beyond what an entry may have were put at
     * the end of the text. */
    en_err (*record)(void *user, uint64_t line,
                     const struct en_rpc_import_record *r, bool extra_tags);
    en_err (*refused)(void *user, uint64_t line, enum en_refusal why,
                      uint64_t n, uint64_t limit);
    /* A field that is not imported. */
    en_err (*unknown)(void *user, struct en_span name);
    void *user;
};

/* "YYYY-MM-DD", or RFC 3339; an hour without an offset is one of zone.
 * EN_REFUSE_NONE: *when is set. */
enum en_refusal en_import_date(struct en_span s, const struct en_zone *zone,
                               struct en_when *when);

/* One JSON object a line: date, text; id, title, tags if there are any. */
en_err en_import_jsonl(struct en_span file, const struct en_zone *zone,
                       const struct en_import_sink *sink);
/* Whether a file begins like one. */
bool en_import_is_jsonl(struct en_span file);

/* The lines that are not empty: records and what is none. */
uint64_t en_import_lines(struct en_span file);

/* --zone: "+02:00", or the name of a zone this machine knows ("Europe/Paris"),
 * which is then the process's. EN_RANGE. */
en_err en_import_zone(const char *typed, struct en_zone *zone);

#endif
