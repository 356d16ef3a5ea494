/*
 * search_in.h - what a query is, for the two files that search. For this folder
 * only.
 */
#ifndef EN_JOURNAL_SEARCH_IN_H
#define EN_JOURNAL_SEARCH_IN_H

#include "journal/fold.h"
#include "journal/search.h"

struct en_term {
    struct en_span s; /* folded; borrowed from the query's buffer */
    bool phrase;      /* anywhere */
    bool plain;       /* one word, short enough for the vocabulary alone */
};

struct en_query {
    struct en_buf folded;
    struct en_term *term;
    size_t terms;
    struct en_folder folder;
};

/* Appends title and text folded, with what no query holds between them. */
en_err en_fold_doc(struct en_folder *f, struct en_span title,
                   struct en_span text, struct en_buf *out);

/* Whether every term is found in a document folded so; plain terms only if
 * plain_too, since the vocabulary has answered them. No terms: false. */
bool en_query_in(const struct en_query *q, bool plain_too,
                 struct en_span folded);

#endif
