/*
 * beacon.c - datagrams: beacons, SEEK and HERE.
 *
 * The first byte chooses the parser, and whether the rest is the whole datagram or
 * is laid over a true one. Laws: a beacon names its sender only if the 19 bytes
 * before the slots and one of the slots are as they were made; SEEK is answered and
 * HERE is taken exactly when they are the true ones (a HERE's port aside).
 */
#include "sync/beacon.h"

#include "crypto/wrap.h"
#include "fuzz/fuzz.h"

#include <sodium.h>
#include <string.h>

#define NOW 1800000000000

static const struct en_id cid = {{1}};
static const struct en_id from = {{2}};
static const struct en_id to = {{3}};
static const struct en_key find_from = {{0x10}};
static const struct en_key find_to = {{0x20}};
static const struct en_addr at = {.ip = {0xfd, 9}, .port = 51847};

static size_t compose(uint8_t *out, const uint8_t *truth, size_t n,
                      struct en_span input, bool laid_over)
{
    size_t len = laid_over && input.n < n ? n : input.n;

    memset(out, 0, len);
    if (laid_over)
        memcpy(out, truth, n);
    for (size_t i = 0; i < input.n; i++)
        out[i] ^= input.p[i];
    return len;
}

static void beacon(struct en_rng *rng, struct en_span input, bool laid_over)
{
    uint8_t truth[EN_BEACON_LEN];
    uint8_t d[EN_BEACON_LEN * 2];
    uint8_t pk_from[32];
    uint8_t pk_to[32];
    struct en_beacons a;
    struct en_beacons b;
    struct en_heard heard;
    size_t n;

    en_x25519_public(&find_from, pk_from);
    en_x25519_public(&find_to, pk_to);
    HOLDS(en_beacons_init(&a, &cid, &from, &find_from) == EN_OK);
    HOLDS(en_beacons_init(&b, &cid, &to, &find_to) == EN_OK);
    HOLDS(en_beacons_put(&a, &to, pk_to) == EN_OK);
    HOLDS(en_beacons_put(&b, &from, pk_from) == EN_OK);
    en_beacon_make(&a, rng, &at, NOW, truth);
    n = compose(d, truth, sizeof(truth), input, laid_over);
    if (en_beacon_match(&b, EN_SPAN(d, n), at.ip, NOW, 1, &heard) == EN_OK) {
        bool kept = false;

        HOLDS(n == EN_BEACON_LEN && memcmp(d, truth, 19) == 0);
        HOLDS(en_id_eq(&heard.device, &from) && heard.port == at.port);
        for (size_t i = 19; i < n; i += 8)
            kept = kept || memcmp(d + i, truth + i, 8) == 0;
        HOLDS(kept);
    }
    en_beacons_free(&a);
    en_beacons_free(&b);
}

static void seeking(struct en_rng *rng, bool here, struct en_span input,
                    bool laid_over)
{
    uint8_t seek[EN_SEEK_LEN];
    uint8_t answer[EN_SEEK_LEN];
    uint8_t out[EN_SEEK_LEN];
    uint8_t d[EN_BEACON_LEN * 2];
    struct en_seek s;
    struct en_rate rate = {0};
    struct en_addr call;
    size_t n;

    en_seek_init(&s, 42, rng, 0);
    HOLDS(en_seek_due(&s, 0, seek));
    HOLDS(en_here_answer(&rate, EN_SPAN_OF(seek), 42, 7, 0, answer) == EN_OK);
    n = compose(d, here ? answer : seek, EN_SEEK_LEN, input, laid_over);
    if (!here) {
        /* Whatever the random part is: it is given back. */
        if (en_here_answer(&rate, EN_SPAN(d, n), 42, 7, 0, out) == EN_OK)
            HOLDS(n == EN_SEEK_LEN && memcmp(d, seek, 16) == 0 &&
                  memcmp(out + 16, d + 16, 16) == 0);
    } else if (en_seek_heard(&s, EN_SPAN(d, n), &at, &call) == EN_OK) {
        HOLDS(n == EN_SEEK_LEN && memcmp(d, answer, 6) == 0 &&
              memcmp(d + 8, answer + 8, 24) == 0 && call.port != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_rng_seeded rng;
    struct en_span input;

    if (sodium_init() < 0 || size < 1 || size > 1 + EN_BEACON_LEN * 2)
        return 0;
    en_rng_seed(&rng, 1);
    input = EN_SPAN(data + 1, size - 1);
    if (data[0] % 3 == 0)
        beacon(&rng.rng, input, data[0] & 0x80);
    else
        seeking(&rng.rng, data[0] % 3 == 1, input, data[0] & 0x80);
    return 0;
}
