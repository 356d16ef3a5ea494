#include "base/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void en_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

void en_key_wipe(struct en_key *k)
{
    en_wipe(k->b, sizeof(k->b));
}

bool en_equal_ct(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

bool en_is_zero_ct(const void *p, size_t n)
{
    return sodium_is_zero(p, n) == 1;
}

en_err en_secret_alloc(struct en_secret *s, size_t n)
{
    uint8_t *p = calloc(1, n > 0 ? n : 1);

    if (p == NULL)
        return EN_NOMEM;
    *s = (struct en_secret){.b = p, .n = n};
    return EN_OK;
}

en_err en_secret_copy(struct en_secret *s, struct en_span from)
{
    en_err err = en_secret_alloc(s, from.n);

    if (err == EN_OK && from.n > 0)
        memcpy(s->b, from.p, from.n);
    return err;
}

void en_secret_free(struct en_secret *s)
{
    if (s->b != NULL) {
        en_wipe(s->b, s->n);
        free(s->b);
    }
    *s = (struct en_secret){0};
}

struct en_span en_secret_span(const struct en_secret *s)
{
    return EN_SPAN(s->b, s->n);
}

void *en_guarded_alloc(size_t n, bool *locked)
{
    void *p = sodium_malloc(n);
    bool ok;

    if (p == NULL)
        return NULL;
    /* sodium_malloc locks but ignores the answer: ask again and use it. */
    ok = sodium_mlock(p, n) == 0;
    memset(p, 0, n);
    if (locked != NULL)
        *locked = ok;
    return p;
}

void en_guarded_free(void *p)
{
    if (p != NULL)
        sodium_free(p);
}

en_err en_secret_init(void)
{
    struct rlimit none = {0, 0};

    if (sodium_init() < 0)
        return EN_IO;
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return EN_IO;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return EN_IO;
    return EN_OK;
}
