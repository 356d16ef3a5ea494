/*
 * store_suite.h - every promise of record/store.h, for any store that makes them.
 *
 * A test program describes how its store is opened and calls store_suite_run. The
 * last test drives it with random batches beside a memstore and compares.
 */
#ifndef EN_TESTS_LIB_STORE_SUITE_H
#define EN_TESTS_LIB_STORE_SUITE_H

#include "record/store.h"

struct store_kind {
    const char *name; /* in front of each test's sentence */
    void *(*open)(void);
    struct en_store *(*store)(void *impl);
    void *(*reopen)(void *impl); /* what a new process would find */
    void (*close)(void *impl);
    /* As if the database had gone back behind its guard. */
    void *(*make_older)(void *impl);
};

#define STORE_SUITE_OWN_MAX 16

struct CMUnitTest;

/* Runs the suite, then the program's own tests (own may be NULL); the number of
 * failed ones, as cmocka counts. */
int store_suite_run(const struct store_kind *kind, const struct CMUnitTest *own,
                    size_t own_n);

#endif
