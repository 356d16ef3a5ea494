#include "base/rng.h"

#include "base/secret.h"

#include <sodium.h>
#include <string.h>

void en_rng_bytes(struct en_rng *rng, void *out, size_t n)
{
    if (n > 0)
        rng->fill(rng, out, n);
}

uint32_t en_rng_below(struct en_rng *rng, uint32_t bound)
{
    uint8_t b[4];
    uint32_t least;
    uint32_t v;

    assert(bound > 0);
    /* Values below 2^32 mod bound would make small results likelier. */
    least = (uint32_t)(-bound) % bound;
    do {
        en_rng_bytes(rng, b, sizeof(b));
        v = en_get_u32(b);
    } while (v < least);
    return v % bound;
}

static void system_fill(struct en_rng *rng, uint8_t *out, size_t n)
{
    (void)rng;
    randombytes_buf(out, n);
}

struct en_rng *en_rng_system(void)
{
    static struct en_rng rng = {system_fill};

    return &rng;
}

static void seeded_fill(struct en_rng *rng, uint8_t *out, size_t n)
{
    struct en_rng_seeded *s = (struct en_rng_seeded *)rng;

    while (n > 0) {
        size_t take;

        if (s->left == 0) {
            uint8_t nonce[8];
            int rc;

            en_put_u64(nonce, s->block++);
            rc = crypto_stream_chacha20(s->pool, sizeof(s->pool), nonce,
                                        s->seed);
            assert(rc == 0);
            s->left = sizeof(s->pool);
        }
        take = n < s->left ? n : s->left;
        memcpy(out, s->pool + sizeof(s->pool) - s->left, take);
        out += take;
        n -= take;
        s->left -= take;
    }
}

void en_rng_seed(struct en_rng_seeded *s, uint64_t seed)
{
    *s = (struct en_rng_seeded){.rng = {seeded_fill}};
    en_put_u64(s->seed, seed);
}
