#include "crypto/cpace.h"

#include <sodium.h>
#include <string.h>

#define DSI     "CPaceRistretto255"
#define DSI_ISK "CPaceRistretto255_ISK"

/* SHA-512's block is 128 bytes: DSI, PRS and ZPAD fill the first one, so the time
 * of the map does not depend on what follows the code. */
#define S_IN_BYTES 128

_Static_assert(EN_CPACE_Y_LEN == crypto_core_ristretto255_BYTES &&
                   EN_KEY_LEN == crypto_core_ristretto255_SCALARBYTES,
               "ristretto255");
_Static_assert(EN_CPACE_ISK_LEN == crypto_hash_sha512_BYTES, "SHA-512");
_Static_assert(crypto_core_ristretto255_HASHBYTES == crypto_hash_sha512_BYTES,
               "the map takes a whole SHA-512");

static void add(crypto_hash_sha512_state *st, struct en_span s)
{
    int rc;

    if (s.n == 0)
        return;
    rc = crypto_hash_sha512_update(st, s.p, s.n);
    assert(rc == 0);
}

static size_t leb128(uint8_t out[10], size_t n)
{
    size_t i = 0;

    for (; n > 0x7f; n >>= 7)
        out[i++] = (uint8_t)(0x80 | (n & 0x7f));
    out[i++] = (uint8_t)n;
    return i;
}

/* One field of lv_cat: prepend_len(s). */
static void add_lv(crypto_hash_sha512_state *st, struct en_span s)
{
    uint8_t len[10];

    add(st, EN_SPAN(len, leb128(len, s.n)));
    add(st, s);
}

/* G = map(SHA-512(lv_cat(DSI, PRS, ZPAD, CI, sid))) */
static void generator(uint8_t g[32], struct en_span prs, struct en_span ci,
                      struct en_span sid)
{
    static const uint8_t zeros[S_IN_BYTES];
    crypto_hash_sha512_state st;
    uint8_t u[crypto_hash_sha512_BYTES];
    uint8_t len[10];
    struct en_span dsi = en_span_str(DSI);
    size_t before = 1 + dsi.n + leb128(len, prs.n) + prs.n;
    size_t zpad = before < S_IN_BYTES - 1 ? S_IN_BYTES - 1 - before : 0;
    int rc = crypto_hash_sha512_init(&st);

    assert(rc == 0);
    add_lv(&st, dsi);
    add_lv(&st, prs);
    add_lv(&st, EN_SPAN(zeros, zpad));
    add_lv(&st, ci);
    add_lv(&st, sid);
    rc = crypto_hash_sha512_final(&st, u);
    assert(rc == 0);
    rc = crypto_core_ristretto255_from_hash(g, u);
    assert(rc == 0);
    en_wipe(&st, sizeof(st));
    en_wipe(u, sizeof(u));
}

en_err en_cpace_begin(struct en_cpace *c, bool initiator, struct en_span prs,
                      struct en_span ci, struct en_span sid, struct en_rng *rng)
{
    uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES];
    uint8_t g[32] = {0};
    en_err err = EN_OK;

    *c = (struct en_cpace){0};
    if (sid.n > sizeof(c->sid))
        return EN_RANGE;
    c->initiator = initiator;
    c->sid_len = sid.n;
    if (sid.n > 0)
        memcpy(c->sid, sid.p, sid.n);

    /* sample_scalar: 512 bits reduced, so no value is likelier than another. */
    en_rng_bytes(rng, wide, sizeof(wide));
    crypto_core_ristretto255_scalar_reduce(c->y.b, wide);

    generator(g, prs, ci, sid);
    /* Fails for a zero scalar alone: a source that gives only zeros. */
    if (crypto_scalarmult_ristretto255(c->Y, c->y.b, g) != 0) {
        en_cpace_wipe(c);
        err = EN_FORGED;
    }
    en_wipe(wide, sizeof(wide));
    en_wipe(g, sizeof(g));
    return err;
}

/* ISK = SHA-512(lv_cat(DSI_ISK, sid, K) || lv_cat(Ya, ADa) || lv_cat(Yb, ADb)) */
static void session_key(const struct en_cpace *c, const uint8_t K[32],
                        const uint8_t theirs[32], struct en_span ada,
                        struct en_span adb, uint8_t isk[EN_CPACE_ISK_LEN])
{
    crypto_hash_sha512_state st;
    int rc = crypto_hash_sha512_init(&st);

    assert(rc == 0);
    add_lv(&st, en_span_str(DSI_ISK));
    add_lv(&st, EN_SPAN(c->sid, c->sid_len));
    add_lv(&st, EN_SPAN(K, 32));
    add_lv(&st, EN_SPAN(c->initiator ? c->Y : theirs, EN_CPACE_Y_LEN));
    add_lv(&st, ada);
    add_lv(&st, EN_SPAN(c->initiator ? theirs : c->Y, EN_CPACE_Y_LEN));
    add_lv(&st, adb);
    rc = crypto_hash_sha512_final(&st, isk);
    assert(rc == 0);
    en_wipe(&st, sizeof(st));
}

en_err en_cpace_finish(struct en_cpace *c, const uint8_t theirs[32],
                       struct en_span ada, struct en_span adb,
                       uint8_t isk[EN_CPACE_ISK_LEN])
{
    uint8_t K[32] = {0};
    en_err err = EN_OK;

    /* Our own share come back is a mirror, never a partner (PROTOCOL 11). */
    if (en_equal_ct(theirs, c->Y, EN_CPACE_Y_LEN)) {
        err = EN_FORGED;
        goto out;
    }
    /* RFC 9496 has no encoding with bit 255; libsodium 1.0.18 ignores the bit, so
     * that every point has a second name. */
    if (theirs[EN_CPACE_Y_LEN - 1] & 0x80) {
        err = EN_FORGED;
        goto out;
    }
    /* scalar_mult_vfy: -1 for an encoding that is none, and for the identity. */
    if (crypto_scalarmult_ristretto255(K, c->y.b, theirs) != 0) {
        err = EN_FORGED;
        goto out;
    }
    session_key(c, K, theirs, ada, adb, isk);
out:
    if (err != EN_OK)
        en_wipe(isk, EN_CPACE_ISK_LEN);
    en_wipe(K, sizeof(K));
    en_key_wipe(&c->y);
    return err;
}

void en_cpace_wipe(struct en_cpace *c)
{
    en_wipe(c, sizeof(*c));
}
