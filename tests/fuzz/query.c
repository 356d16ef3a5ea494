/*
 * query.c - a query and a text, as a person may type them. The input is the query,
 * a line feed, the text; an odd first byte asks for it as it stands (exact). Laws:
 * no query is wrong but for its UTF-8 and its length; the index finds the text if
 * and only if reading it whole does; a match is located in whole characters, and a
 * document that is removed is not found.
 */
#include "journal/search.h"

#include "base/text.h"
#include "fuzz/fuzz.h"

#include <string.h>

static en_err count(void *user, uint32_t doc)
{
    HOLDS(doc == 3);
    ++*(size_t *)user;
    return EN_OK;
}

static void try_it(const struct en_query *q, struct en_span text)
{
    struct en_search_source source = {.seed = 5};
    struct en_search *s = NULL;
    bool yes = false;
    size_t hits = 0;
    size_t from = 0;
    size_t to = 0;
    en_err err;

    HOLDS(en_search_new(&source, &s) == EN_OK);
    err = en_search_add(s, 3, EN_SPAN(NULL, 0), text);
    HOLDS(err == (en_text_utf8(text) ? EN_OK : EN_RANGE));
    if (err == EN_OK) {
        HOLDS(en_search_run(s, q, count, &hits) == EN_OK);
        HOLDS(en_query_matches(q, EN_SPAN(NULL, 0), text, &yes) == EN_OK);
        HOLDS(hits == (yes ? 1u : 0u));
        HOLDS(!yes || !en_query_empty(q));
        err = en_query_locate(q, text, &from, &to);
        HOLDS(err == EN_OK || (err == EN_ABSENT && !yes));
        if (err == EN_OK) {
            HOLDS(from < to && to <= text.n);
            HOLDS(en_text_utf8(EN_SPAN(text.p + from, to - from)));
        }
        en_search_remove(s, 3);
        hits = 0;
        HOLDS(en_search_run(s, q, count, &hits) == EN_OK && hits == 0);
        HOLDS(en_search_purge(s) == EN_OK);
        HOLDS(en_search_run(s, q, count, &hits) == EN_OK && hits == 0);
    }
    en_search_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_query *q = NULL;
    const uint8_t *lf;
    struct en_span typed;
    bool exact;
    en_err err;

    if (size == 0)
        return 0;
    exact = (data[0] & 1) != 0;
    lf = memchr(data + 1, '\n', size - 1);
    if (lf == NULL)
        lf = data + size;
    typed = EN_SPAN(data + 1, (size_t)(lf - data) - 1);
    err = en_query_parse(typed, exact, &q);
    HOLDS(err ==
          (typed.n <= EN_QUERY_MAX && en_text_utf8(typed) ? EN_OK : EN_RANGE));
    if (err != EN_OK)
        return 0;
    if (lf < data + size)
        lf++;
    try_it(q, EN_SPAN(lf, (size_t)(data + size - lf)));
    en_query_free(q);
    return 0;
}
