/*
 * A file of JSON lines as somebody may bring it: every line becomes one record or
 * one refusal, in order, and what a record points to can be packed for the journal.
 */

#include "cli/import/import.h"

#include "fuzz/fuzz.h"

#include <stdlib.h>

struct count {
    uint64_t line;
    uint64_t n;
};

static en_err record(void *user, uint64_t line,
                     const struct en_rpc_import_record *r, bool extra)
{
    struct count *c = user;
    struct en_buf b = {0};

    (void)extra;
    HOLDS(line > c->line);
    c->line = line;
    c->n++;
    HOLDS(r->text.n > 0 && r->text.n <= EN_IMPORT_TEXT_MAX);
    HOLDS(r->when.kind != EN_WHEN_NONE && en_when_valid(&r->when));
    HOLDS(en_rpc_put_import_record(&b, r) == EN_OK);
    en_buf_free(&b);
    return EN_OK;
}

static en_err refused(void *user, uint64_t line, enum en_refusal why,
                      uint64_t n, uint64_t limit)
{
    struct count *c = user;

    (void)n;
    (void)limit;
    HOLDS(line > c->line);
    HOLDS(why > EN_REFUSE_NONE && why < EN_REFUSE_COUNT);
    c->line = line;
    c->n++;
    return EN_OK;
}

static en_err unknown(void *user, struct en_span name)
{
    (void)user;
    (void)name;
    return EN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct count c = {0};
    struct en_import_sink sink = {record, refused, unknown, &c};
    struct en_zone zone = en_zone_fixed(60);
    struct en_span s = EN_SPAN(data, size);

    (void)en_import_is_jsonl(s);
    HOLDS(en_import_jsonl(s, &zone, &sink) == EN_OK);
    /* A mark at the very beginning is no character of the first line. */
    HOLDS(c.n <= en_import_lines(s));
    return 0;
}
