/*
 * help.h - what the tests of crypto/ share: a random source that gives the bytes
 * it was told, and libsodium's start.
 */
#ifndef UNIT_CRYPTO_HELP_H
#define UNIT_CRYPTO_HELP_H

#include "base/rng.h"
#include "base/secret.h"

#include "lib/test.h"

/* Gives n bytes at p over and over. */
struct told {
    struct en_rng rng;
    const uint8_t *p;
    size_t n;
    size_t at;
};

static inline void told_fill(struct en_rng *rng, uint8_t *out, size_t n)
{
    struct told *t = (struct told *)rng;

    for (size_t i = 0; i < n; i++) {
        out[i] = t->p[t->at];
        t->at = (t->at + 1) % t->n;
    }
}

#define TOLD(bytes)                                                            \
    {                                                                          \
        .rng = {told_fill}, .p = (bytes), .n = sizeof(bytes)                   \
    }

static inline int start_sodium(void **state)
{
    (void)state;
    return en_secret_init() == EN_OK ? 0 : -1;
}

#endif
