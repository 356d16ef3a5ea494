#include "vault/guard.h"

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/labels.h"

#include <string.h>

#define PLAIN 40 /* counter u64, tips 32 */
#define USED  (EN_NONCE_LEN + PLAIN + EN_TAG_LEN)

_Static_assert(2 * EN_GUARD_SLOT_LEN == EN_GUARD_LEN, "two slots");

void en_guard_tips(const struct en_guard_tip *tip, size_t n, uint8_t out[32])
{
    struct en_hash_state st;

    en_hash_begin(&st, EN_L_VAULT_TIPS, NULL);
    for (size_t i = 0; i < n; i++) {
        uint8_t seq[8];

        assert(i == 0 || en_id_cmp(&tip[i - 1].log, &tip[i].log) < 0);
        en_put_u64(seq, tip[i].seq);
        en_hash_add(&st, EN_SPAN_OF(tip[i].log.b));
        en_hash_add(&st, EN_SPAN_OF(seq));
        en_hash_add(&st, EN_SPAN_OF(tip[i].id.b));
    }
    en_hash_end(&st, out);
}

static void slot_ad(unsigned slot, uint8_t ad[5])
{
    assert(slot < 2);
    memcpy(ad, EN_L_AD_GUARD, 4);
    ad[4] = (uint8_t)slot;
}

void en_guard_seal(const struct en_key *key, unsigned slot, uint64_t counter,
                   const uint8_t tips[32], const uint8_t nonce[24],
                   uint8_t out[EN_GUARD_SLOT_LEN])
{
    uint8_t plain[PLAIN];
    uint8_t ad[5];

    slot_ad(slot, ad);
    en_put_u64(plain, counter);
    memcpy(plain + 8, tips, 32);
    memset(out, 0, EN_GUARD_SLOT_LEN);
    memcpy(out, nonce, EN_NONCE_LEN);
    en_aead_seal(key, nonce, EN_SPAN_OF(ad), EN_SPAN_OF(plain),
                 out + EN_NONCE_LEN);
}

static bool open_slot(const struct en_key *key, unsigned slot,
                      const uint8_t in[EN_GUARD_SLOT_LEN], struct en_guard *g)
{
    uint8_t plain[PLAIN];
    uint8_t ad[5];

    if (!en_is_zero_ct(in + USED, EN_GUARD_SLOT_LEN - USED))
        return false;
    slot_ad(slot, ad);
    if (en_aead_open(key, in, EN_SPAN_OF(ad),
                     EN_SPAN(in + EN_NONCE_LEN, PLAIN + EN_TAG_LEN),
                     plain) != EN_OK)
        return false;
    g->counter = en_get_u64(plain);
    memcpy(g->tips, plain + 8, sizeof(g->tips));
    g->slot = slot;
    return true;
}

en_err en_guard_open(const struct en_key *key, struct en_span file,
                     struct en_guard *g)
{
    struct en_guard best = {0};
    bool any = false;

    if (file.n != EN_GUARD_LEN)
        return EN_FORGED;
    for (unsigned slot = 0; slot < 2; slot++) {
        struct en_guard one = {0};

        if (!open_slot(key, slot, file.p + slot * EN_GUARD_SLOT_LEN, &one))
            continue;
        if (!any || one.counter > best.counter)
            best = one;
        any = true;
    }
    if (!any)
        return EN_FORGED;
    *g = best;
    return EN_OK;
}
