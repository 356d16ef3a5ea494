/*
 * search.h - text and query folded alike; the index, in memory.
 *
 * A document is folded once (PRODUCT 6.1) and its runs of spaces become one. Its
 * words, maximal runs of letters, marks and digits, go into a vocabulary with a
 * list of documents each; the vocabulary is kept sorted, so the words that begin
 * with a query's word are one range of it. The folded text itself is kept too, up
 * to EN_SEARCH_KEEP bytes in all: phrases, and words with signs in them, are
 * looked for there. Beyond that bound such a query asks for the text again.
 *
 * A query has no operators and cannot be wrong. It is split at spaces and
 * apostrophes; every word is required and must stand at the start of a word; a
 * word beginning with a sign that is neither letter nor digit may stand anywhere.
 * Between quotation marks, or if exact, it is a phrase found anywhere. A query of
 * nothing but spaces finds nothing.
 *
 * Ownership  a query owns what it holds; texts are borrowed for the call.
 * Errors     EN_RANGE: not UTF-8, or a query over EN_QUERY_MAX bytes. EN_NOMEM:
 *            the index is as it was.
 */
#ifndef EN_JOURNAL_SEARCH_H
#define EN_JOURNAL_SEARCH_H

#include "base/bytes.h"

#define EN_QUERY_MAX   1024     /* bytes typed: a sentence, not a document */
#define EN_SEARCH_KEEP 67108864 /* folded text kept, bytes in all: 64 MiB */
/* bytes of a word in the vocabulary; a longer one is looked for in the text */
#define EN_WORD_KEY 64

struct en_search;
struct en_query;

/* text: gives the title and the text of a document that is not kept, appended to
 * title and text; EN_ABSENT, EN_NO_KEY: it is passed over. NULL: all is kept. */
struct en_search_source {
    en_err (*text)(void *user, uint32_t doc, struct en_buf *title,
                   struct en_buf *text);
    void *user;
    uint64_t seed; /* see en_book_source */
};

en_err en_search_new(const struct en_search_source *source,
                     struct en_search **out);
void en_search_free(struct en_search *s); /* wipes */

/* doc: the caller's number, not in the index now; small, for a table is as long as
 * the greatest. */
en_err en_search_add(struct en_search *s, uint32_t doc, struct en_span title,
                     struct en_span text);
void en_search_remove(struct en_search *s, uint32_t doc);
/* Drops from memory the words that only removed documents held. Happens by itself
 * when much was removed; a caller that destroys texts asks for it. */
en_err en_search_purge(struct en_search *s);
size_t en_search_memory(const struct en_search *s);

en_err en_query_parse(struct en_span typed, bool exact, struct en_query **out);
bool en_query_empty(const struct en_query *q);
void en_query_free(struct en_query *q); /* wipes */

/* Every document that matches, each once, in no order a caller may rely on. */
en_err en_search_run(struct en_search *s, const struct en_query *q,
                     en_err (*fn)(void *user, uint32_t doc), void *user);

/* Whether one text matches as a whole, without an index (title may be empty). */
en_err en_query_matches(const struct en_query *q, struct en_span title,
                        struct en_span text, bool *yes);

/* Where in text, in its own bytes, the longest of the query's terms that occurs is
 * found first; whole characters. EN_ABSENT: none occurs in text. */
en_err en_query_locate(const struct en_query *q, struct en_span text,
                       size_t *from, size_t *to);

#endif
