#include "crypto/wrap.h"

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/labels.h"

#include <sodium.h>
#include <string.h>

_Static_assert(EN_BOX_LEN == EN_KEY_LEN + EN_TAG_LEN, "a box is one seed");
_Static_assert(EN_KEY_LEN == crypto_scalarmult_SCALARBYTES &&
                   EN_KEY_LEN == crypto_scalarmult_BYTES,
               "X25519");

/* Each wk_i encrypts one message ever. */
static const uint8_t zero_nonce[EN_NONCE_LEN];

en_err en_x25519(struct en_key *out, const struct en_key *sk,
                 const uint8_t pk[32])
{
    if (crypto_scalarmult(out->b, sk->b, pk) != 0) {
        en_key_wipe(out);
        return EN_FORGED;
    }
    return EN_OK;
}

void en_x25519_public(const struct en_key *sk, uint8_t pk[32])
{
    int rc = crypto_scalarmult_base(pk, sk->b);

    assert(rc == 0);
}

bool en_x25519_admissible(const uint8_t pk[32])
{
    /* Clamping makes any scalar a multiple of the cofactor, so one product tells
     * a point of small order from all others. */
    static const struct en_key fixed = {{1}};
    struct en_key z;
    en_err err = en_x25519(&z, &fixed, pk);

    en_key_wipe(&z);
    return err == EN_OK;
}

/* wk = KDF(z, "en1.wrap.key", ctx || device_id || wrap_pk || epk); wipes z. */
static void box_key(struct en_key *wk, struct en_key *z,
                    const struct en_id16 *cid16, const uint8_t ctx[32],
                    const struct en_wrap_to *to, const uint8_t epk[32])
{
    EN_KDF(wk, z, EN_L_WRAP_KEY, cid16, EN_SPAN(ctx, 32),
           EN_SPAN_OF(to->device.b), EN_SPAN_OF(to->pk), EN_SPAN(epk, 32));
    en_key_wipe(z);
}

/* The coins come from the seed: whoever has it can make every byte again. */
static void ephemeral(struct en_key *esk, const struct en_key *seed,
                      const struct en_id16 *cid16, const uint8_t ctx[32],
                      uint8_t epk[32])
{
    EN_KDF(esk, seed, EN_L_EP_ESK, cid16, EN_SPAN(ctx, 32));
    en_x25519_public(esk, epk);
}

static en_err seal_one(const struct en_key *seed, const struct en_key *esk,
                       const struct en_id16 *cid16, const uint8_t ctx[32],
                       const struct en_wrap_to *to, const uint8_t epk[32],
                       uint8_t box[EN_BOX_LEN])
{
    struct en_key z = {0};
    struct en_key wk = {0};
    en_err err = en_x25519(&z, esk, to->pk);

    if (err != EN_OK)
        goto out;
    box_key(&wk, &z, cid16, ctx, to, epk);
    en_aead_seal(&wk, zero_nonce, EN_SPAN(ctx, 32), EN_SPAN_OF(seed->b), box);
out:
    en_key_wipe(&z);
    en_key_wipe(&wk);
    return err;
}

en_err en_wrap_make(const struct en_key *seed, const struct en_id16 *cid16,
                    const uint8_t ctx[32], const struct en_wrap_to *to,
                    size_t n, uint8_t epk[32], uint8_t *boxes)
{
    struct en_key esk = {0};
    en_err err = EN_OK;

    ephemeral(&esk, seed, cid16, ctx, epk);
    for (size_t i = 0; err == EN_OK && i < n; i++)
        err = seal_one(seed, &esk, cid16, ctx, &to[i], epk,
                       boxes + i * EN_BOX_LEN);
    if (err != EN_OK) {
        en_wipe(epk, 32);
        en_wipe(boxes, n * EN_BOX_LEN);
    }
    en_key_wipe(&esk);
    return err;
}

en_err en_wrap_open(const struct en_key *wrap_sk, const struct en_id16 *cid16,
                    const uint8_t ctx[32], const struct en_wrap_to *me,
                    const uint8_t epk[32], const uint8_t box[EN_BOX_LEN],
                    struct en_key *seed)
{
    struct en_key z = {0};
    struct en_key wk = {0};
    struct en_key s = {0};
    en_err err = en_x25519(&z, wrap_sk, epk);

    if (err != EN_OK)
        goto out;
    box_key(&wk, &z, cid16, ctx, me, epk);
    err = en_aead_open(&wk, zero_nonce, EN_SPAN(ctx, 32),
                       EN_SPAN(box, EN_BOX_LEN), s.b);
    if (err != EN_OK)
        goto out;
    *seed = s;
out:
    en_key_wipe(&z);
    en_key_wipe(&wk);
    en_key_wipe(&s);
    return err;
}

en_err en_wrap_check(const struct en_key *seed, const struct en_id16 *cid16,
                     const uint8_t ctx[32], const struct en_wrap_to *to,
                     size_t n, const uint8_t epk[32], const uint8_t *boxes,
                     size_t *equal)
{
    struct en_key esk = {0};
    uint8_t epk_own[32];
    uint8_t box[EN_BOX_LEN];
    size_t same = 0;
    bool all;

    ephemeral(&esk, seed, cid16, ctx, epk_own);
    all = en_equal_ct(epk_own, epk, sizeof(epk_own));
    /* Every box is looked at, also after a difference: the count is what a
     * person is told, and where the first difference stands is nobody's. */
    for (size_t i = 0; i < n; i++)
        if (seal_one(seed, &esk, cid16, ctx, &to[i], epk_own, box) == EN_OK &&
            en_equal_ct(box, boxes + i * EN_BOX_LEN, EN_BOX_LEN))
            same++;
    *equal = same;
    en_key_wipe(&esk);
    en_wipe(box, sizeof(box));
    return all && same == n ? EN_OK : EN_FORGED;
}
