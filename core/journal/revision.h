/*
 * revision.h - which revisions replace which; the heads; nothing overwritten.
 *
 * A thing is a set of revisions. What came before what is known from parents and
 * after alone, never from a clock; the display order is that, and where it says
 * nothing the claimed time, then the record id. The result is a function of the
 * set: arrival, duplicates and memory layout change nothing.
 *
 *   head      a revision that no later one of the set names as parent
 *   shown     the last head in order that is not a deletion; if all are, the last
 *   deleted   some head is a deletion: it wins over concurrent edits for display
 *
 * Parents and after that are not in the set are ignored: they may arrive later,
 * or never. Cycles cannot come from hashes; were one given, it and what hangs on
 * it are ordered by time and id, and nothing hides what stands after it, so no
 * word is lost.
 *
 * Ownership  parent and after are borrowed for the call.
 * Errors     EN_NOMEM: revs is a permutation of what it was, results undefined.
 */
#ifndef EN_JOURNAL_REVISION_H
#define EN_JOURNAL_REVISION_H

#include "base/bytes.h"

struct en_rev {
    struct en_id record;
    int64_t time_ms;
    bool deleted;
    size_t parents;
    const struct en_id *parent;
    size_t afters;
    const struct en_id *after;
    void *user;
    bool head; /* result */
};

struct en_revs {
    size_t heads;
    size_t shown; /* index into the ordered array */
    bool deleted;
};

/* Sorts revs into display order and marks the heads. n >= 1; the records are
 * distinct. O(n log n). */
en_err en_revs_fold(struct en_rev *revs, size_t n, struct en_revs *out);

#endif
