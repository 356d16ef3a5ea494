/*
 * cpace.c - what a stranger sends where the other's share is due, and codes of
 * any form.
 *
 * The first byte chooses. Even: 32 bytes are the share, the rest is associated
 * data; it is accepted exactly when it is a ristretto255 point, neither the
 * identity nor our own share, and a refusal gives out no key. Odd: the bytes are
 * code, channel and session, cut where the second and third byte say; both sides
 * end with one key. In both the scalar is gone.
 */
#include "crypto/cpace.h"
#include "fuzz/fuzz.h"

#include <sodium.h>
#include <string.h>

static const struct en_span none;

static void a_share(struct en_rng *rng, bool initiator, const uint8_t *share,
                    struct en_span ad)
{
    struct en_cpace c;
    uint8_t isk[EN_CPACE_ISK_LEN];
    bool good;

    HOLDS(en_cpace_begin(&c, initiator, en_span_str("1-deux-trois"), none, none,
                         rng) == EN_OK);
    /* libsodium 1.0.18 does not look at bit 255 (RFC 9496 does). */
    good = crypto_core_ristretto255_is_valid_point(share) == 1 &&
           share[EN_CPACE_Y_LEN - 1] < 0x80 &&
           !en_is_zero_ct(share, EN_CPACE_Y_LEN) &&
           memcmp(share, c.Y, EN_CPACE_Y_LEN) != 0;
    memset(isk, 0xaa, sizeof(isk));
    HOLDS(en_cpace_finish(&c, share, ad, none, isk) ==
          (good ? EN_OK : EN_FORGED));
    HOLDS(good || en_is_zero_ct(isk, sizeof(isk)));
    HOLDS(en_is_zero_ct(&c.y, sizeof(c.y)));

    /* A mirror is refused whatever the code was. */
    HOLDS(en_cpace_begin(&c, initiator, ad, none, none, rng) == EN_OK);
    HOLDS(en_cpace_finish(&c, c.Y, ad, none, isk) == EN_FORGED);
}

static void a_code(struct en_rng *rng, struct en_span prs, struct en_span ci,
                   struct en_span sid)
{
    struct en_cpace a;
    struct en_cpace b;
    uint8_t isk_a[EN_CPACE_ISK_LEN];
    uint8_t isk_b[EN_CPACE_ISK_LEN];
    en_err err = en_cpace_begin(&a, true, prs, ci, sid, rng);

    HOLDS(err == (sid.n <= sizeof(a.sid) ? EN_OK : EN_RANGE));
    if (err != EN_OK) {
        HOLDS(en_is_zero_ct(&a, sizeof(a)));
        return;
    }
    HOLDS(en_cpace_begin(&b, false, prs, ci, sid, rng) == EN_OK);
    HOLDS(en_cpace_finish(&a, b.Y, ci, sid, isk_a) == EN_OK);
    HOLDS(en_cpace_finish(&b, a.Y, ci, sid, isk_b) == EN_OK);
    HOLDS(memcmp(isk_a, isk_b, sizeof(isk_a)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_rng_seeded rng;
    size_t n;
    size_t m;

    if (sodium_init() < 0 || size < 3)
        return 0;
    en_rng_seed(&rng, 1);
    if (data[0] % 2 == 0) {
        if (size >= 1 + EN_CPACE_Y_LEN)
            a_share(
                &rng.rng, data[0] / 2 % 2 == 0, data + 1,
                EN_SPAN(data + 1 + EN_CPACE_Y_LEN, size - 1 - EN_CPACE_Y_LEN));
        return 0;
    }
    n = data[1] < size - 3 ? data[1] : size - 3;
    m = data[2] < size - 3 - n ? data[2] : size - 3 - n;
    a_code(&rng.rng, EN_SPAN(data + 3, n), EN_SPAN(data + 3 + n, m),
           EN_SPAN(data + 3 + n + m, size - 3 - n - m));
    return 0;
}
