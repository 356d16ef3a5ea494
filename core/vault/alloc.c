#include "vault/alloc.h"

#include "base/secret.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define FRONT 16 /* keeps what follows aligned for anything */

static size_t *size_at(void *p)
{
    return (size_t *)(void *)((char *)p - FRONT);
}

static void *get(int n)
{
    char *p;

    if (n <= 0)
        return NULL;
    p = malloc(FRONT + (size_t)n);
    if (p == NULL)
        return NULL;
    p += FRONT;
    *size_at(p) = (size_t)n;
    return p;
}

static void drop(void *p)
{
    if (p == NULL)
        return;
    en_wipe(p, *size_at(p));
    free((char *)p - FRONT);
}

static void *resize(void *p, int n)
{
    void *q = get(n);
    size_t old;

    if (p == NULL || q == NULL)
        return q;
    old = *size_at(p);
    memcpy(q, p, old < (size_t)n ? old : (size_t)n);
    drop(p);
    return q;
}

static int size(void *p)
{
    return p == NULL ? 0 : (int)*size_at(p);
}

static int round_up(int n)
{
    return n > INT32_MAX - 7 ? n : (n + 7) & ~7;
}

static int start(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

static void stop(void *arg)
{
    (void)arg;
}

en_err en_alloc_install(void)
{
    static const sqlite3_mem_methods methods = {get,      drop,  resize, size,
                                                round_up, start, stop,   NULL};
    static bool installed;

    if (installed)
        return EN_OK;
    /* MISUSE once SQLite is initialised: then blocks of the other kind exist. */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_LOG, NULL, NULL) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_URI, 0) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MMAP_SIZE, (sqlite3_int64)0,
                       (sqlite3_int64)0) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
        sqlite3_initialize() != SQLITE_OK)
        return EN_IO;
    installed = true;
    return EN_OK;
}
