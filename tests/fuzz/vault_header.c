/*
 * vault_header.c - a vault's header from a stranger's disk. As it is: bounded or
 * refused, whatever it says. Then under seals of ours, as a header by somebody who
 * knows the keys: what opens was within bounds, holds our keys, and any bit
 * flipped in it is found.
 */
#include "fuzz/fuzz.h"
#include "vault/keyslot.h"

#include <string.h>

static const struct en_key mk = {"the master key of the fuzzer...."};
static const struct en_key dek = {"the data key of the fuzzer......"};
static const struct en_key kek = {"the key-encryption key of it...."};
static const uint8_t nonce[24] = "twenty-four random bytes";

static void in_bounds(const struct en_vault_header *h)
{
    bool one = false;

    HOLDS(h->sequence > 0 && h->generation > 0);
    for (unsigned i = 0; i < EN_VAULT_SLOTS; i++) {
        HOLDS(h->slot[i].type <= 1);
        if (h->slot[i].type == 1)
            HOLDS(en_pwhash_cost_check(&h->slot[i].cost) == EN_OK);
        one = one || h->slot[i].type == 1;
    }
    HOLDS(one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_vault_keys keys = {.mk = mk};
    struct en_vault_header h;
    struct en_vault_header r;
    struct en_why why = {0};
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    struct en_key got;
    unsigned slot;
    size_t bit;
    en_err err = en_vault_header_read(EN_SPAN(data, size), &h, &why);

    HOLDS(err == EN_OK || err == EN_FORGED || err == EN_VERSION ||
          err == EN_RANGE);
    HOLDS((err == EN_OK) == (why.reason == EN_WHY_NONE));
    if (err != EN_OK)
        return 0;
    HOLDS(size == EN_VAULT_HEADER_LEN);
    in_bounds(&h);
    for (slot = 0; slot < EN_VAULT_SLOTS; slot++)
        if (h.slot[slot].type == 1)
            HOLDS(en_keyslot_open(&h, slot, &kek, &got) != EN_OK ||
                  en_equal_ct(got.b, mk.b, sizeof(mk.b)));

    /* Ours: the first used slot, then the whole. */
    for (slot = 0; h.slot[slot].type == 0; slot++)
        ;
    en_keyslot_seal(&h, slot, &h.slot[slot].cost, h.slot[slot].salt, &kek,
                    nonce, &mk);
    en_vault_header_seal(&h, &mk, &dek, nonce, bytes);
    HOLDS(en_vault_header_read(EN_SPAN_OF(bytes), &r, NULL) == EN_OK);
    HOLDS(en_keyslot_open(&r, slot, &kek, &got) == EN_OK);
    HOLDS(en_equal_ct(got.b, mk.b, sizeof(mk.b)));
    HOLDS(en_vault_header_open(bytes, &r, &keys) == EN_OK);
    HOLDS(en_equal_ct(keys.dek.b, dek.b, sizeof(dek.b)));
    bit = (data[16] | (size_t)data[17] << 8) % (sizeof(bytes) * 8);
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    HOLDS(en_vault_header_read(EN_SPAN_OF(bytes), &r, NULL) != EN_OK ||
          en_vault_header_open(bytes, &r, &keys) != EN_OK);
    return 0;
}
