/*
 * rng.h - randomness as an argument.
 *
 * Everything random in core/ comes through a struct en_rng given at
 * construction: the same seed gives the same bytes on any machine, so a test or
 * a simulation replays. Programs pass en_rng_system.
 *
 * Errors     fill never fails: the system source ends the process if the kernel
 *            has no randomness, since nothing safe can follow.
 */
#ifndef EN_BASE_RNG_H
#define EN_BASE_RNG_H

#include "base/bytes.h"

struct en_rng {
    void (*fill)(struct en_rng *rng, uint8_t *out, size_t n);
};

void en_rng_bytes(struct en_rng *rng, void *out, size_t n);
uint32_t en_rng_below(struct en_rng *rng,
                      uint32_t bound); /* unbiased; bound>0 */

struct en_rng *en_rng_system(void);

/* A deterministic source: ChaCha20 of a 32-byte seed and a counter. Tests only;
 * its header lives here so that every folder's tests share it. */
struct en_rng_seeded {
    struct en_rng rng;
    uint8_t seed[32];
    uint64_t block;
    uint8_t pool[64];
    size_t left;
};

void en_rng_seed(struct en_rng_seeded *s, uint64_t seed);

#endif
