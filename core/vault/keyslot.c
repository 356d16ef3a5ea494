#include "vault/keyslot.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "vault/page.h"

#include <string.h>

/*
 * off  size     field
 *   0  8        "EN1VAULT"
 *   8  1        version 1
 *   9  1        AEAD 1
 *  10  2        header length 1,024
 *  12  4        page size 4,096
 *  16  16       vault id
 *  32  8        header sequence
 *  40  8        active generation
 *  48  16       file id of that generation
 *  64  24 + 48  nonce, box of DEK under MK; ad = bytes 0..63
 * 136  8        zero
 * 144  4 x 136  slots
 * 688  304      zero
 * 992  32       MAC over bytes 0..991
 */
#define VERSION   1
#define AEAD_KIND 1
#define KDF_KIND  1
#define DEK_AT    64
#define ZERO1_AT  136
#define SLOTS_AT  144
#define ZERO2_AT  688
#define MAC_AT    992
#define SLOT_HEAD 64 /* the bytes of a slot that its box authenticates */

_Static_assert(SLOTS_AT + EN_VAULT_SLOTS * EN_VAULT_SLOT_LEN == ZERO2_AT,
               "slots end where the zeros begin");
_Static_assert(SLOT_HEAD + 24 + 48 == EN_VAULT_SLOT_LEN, "a slot's parts");

static const uint8_t magic[8] = {'E', 'N', '1', 'V', 'A', 'U', 'L', 'T'};

/* Slot: type u8, kdf u8, zero[2], ops u32, mem_kib u32, zero[4], salt[16],
 * commit[32], nonce[24], box[48]. The first 64 bytes are the head. */
static void put_slot(const struct en_keyslot *s, uint8_t out[EN_VAULT_SLOT_LEN])
{
    memset(out, 0, EN_VAULT_SLOT_LEN);
    if (s->type == 0)
        return;
    out[0] = s->type;
    out[1] = KDF_KIND;
    en_put_u32(out + 4, s->cost.ops);
    en_put_u32(out + 8, s->cost.mem_kib);
    memcpy(out + 16, s->salt, 16);
    memcpy(out + 32, s->commit, 32);
    memcpy(out + 64, s->nonce, 24);
    memcpy(out + 88, s->box, 48);
}

/*
 * The cost is judged here, before Argon2id runs: below the floor somebody wants
 * the passphrase cheap to guess, above the ceiling our memory gone.
 */
static en_err read_slot(const uint8_t in[EN_VAULT_SLOT_LEN],
                        struct en_keyslot *s, struct en_why *why)
{
    *s = (struct en_keyslot){.type = in[0]};
    if (s->type == 0)
        return en_is_zero_ct(in, EN_VAULT_SLOT_LEN)
                   ? EN_OK
                   : en_why_set(why, EN_FORGED, EN_WHY_HEADER, NULL, 0, 0);
    s->cost.ops = en_get_u32(in + 4);
    s->cost.mem_kib = en_get_u32(in + 8);
    if (s->type != 1 || in[1] != KDF_KIND || !en_is_zero_ct(in + 2, 2) ||
        !en_is_zero_ct(in + 12, 4) || s->cost.ops > EN_PWHASH_OPS_MAX ||
        s->cost.mem_kib > EN_PWHASH_MEM_KIB_MAX)
        return en_why_set(why, EN_FORGED, EN_WHY_HEADER, NULL, 0, 0);
    if (en_pwhash_cost_check(&s->cost) != EN_OK)
        return en_why_set(why, EN_RANGE, EN_WHY_WEAK, NULL, s->cost.mem_kib,
                          EN_PWHASH_WEAK_KIB);
    memcpy(s->salt, in + 16, 16);
    memcpy(s->commit, in + 32, 32);
    memcpy(s->nonce, in + 64, 24);
    memcpy(s->box, in + 88, 48);
    return EN_OK;
}

en_err en_vault_header_read(struct en_span bytes, struct en_vault_header *h,
                            struct en_why *why)
{
    const uint8_t *p = bytes.p;
    bool one = false;
    en_err err;

    *h = (struct en_vault_header){0};
    if (bytes.n < sizeof(magic) + 1 || memcmp(p, magic, sizeof(magic)) != 0)
        return en_why_set(why, EN_FORGED, EN_WHY_HEADER, NULL, 0, 0);
    if (p[8] > VERSION)
        return en_why_set(why, EN_VERSION, EN_WHY_NEWER, NULL, p[8], VERSION);
    if (bytes.n != EN_VAULT_HEADER_LEN || p[8] != VERSION ||
        p[9] != AEAD_KIND || en_get_u16(p + 10) != EN_VAULT_HEADER_LEN ||
        en_get_u32(p + 12) != EN_PAGE_LEN ||
        !en_is_zero_ct(p + ZERO1_AT, SLOTS_AT - ZERO1_AT) ||
        !en_is_zero_ct(p + ZERO2_AT, MAC_AT - ZERO2_AT))
        return en_why_set(why, EN_FORGED, EN_WHY_HEADER, NULL, 0, 0);
    memcpy(h->vault.b, p + 16, 16);
    h->sequence = en_get_u64(p + 32);
    h->generation = en_get_u64(p + 40);
    memcpy(h->file.b, p + 48, 16);
    memcpy(h->dek_nonce, p + DEK_AT, 24);
    memcpy(h->dek_box, p + DEK_AT + 24, 48);
    if (h->sequence == 0 || h->generation == 0)
        return en_why_set(why, EN_FORGED, EN_WHY_HEADER, NULL, 0, 0);
    for (unsigned i = 0; i < EN_VAULT_SLOTS; i++) {
        err = read_slot(p + SLOTS_AT + i * EN_VAULT_SLOT_LEN, &h->slot[i], why);
        if (err != EN_OK)
            return err;
        one = one || h->slot[i].type == 1;
    }
    if (!one)
        return en_why_set(why, EN_FORGED, EN_WHY_HEADER, NULL, 0, 0);
    return EN_OK;
}

en_err en_keyslot_kek(struct en_span passphrase, const struct en_pwhash_cost *c,
                      const uint8_t salt[EN_PWHASH_SALT_LEN],
                      struct en_key *kek)
{
    struct en_buf nfc = {.max = EN_PASSPHRASE_MAX};
    en_err err;

    if (passphrase.n == 0 || passphrase.n > EN_PASSPHRASE_MAX)
        return EN_RANGE;
    /* Two keyboards may compose the same letter differently. */
    err = en_text_nfc(passphrase, &nfc);
    if (err != EN_OK)
        goto out;
    err = en_pwhash(kek, en_buf_span(&nfc), salt, c);
out:
    en_buf_free(&nfc);
    return err;
}

#define SLOT_AD (16 + 1 + SLOT_HEAD)

static void slot_ad(const struct en_vault_header *h, unsigned index,
                    uint8_t ad[SLOT_AD])
{
    uint8_t bytes[EN_VAULT_SLOT_LEN];

    put_slot(&h->slot[index], bytes);
    memcpy(ad, h->vault.b, 16);
    ad[16] = (uint8_t)index;
    memcpy(ad + 17, bytes, SLOT_HEAD);
}

void en_keyslot_seal(struct en_vault_header *h, unsigned index,
                     const struct en_pwhash_cost *c,
                     const uint8_t salt[EN_PWHASH_SALT_LEN],
                     const struct en_key *kek, const uint8_t nonce[24],
                     const struct en_key *mk)
{
    struct en_keyslot *s = &h->slot[index];
    uint8_t ad[SLOT_AD];
    struct en_key k = {0};

    assert(index < EN_VAULT_SLOTS && en_pwhash_cost_check(c) == EN_OK);
    *s = (struct en_keyslot){.type = 1, .cost = *c};
    memcpy(s->salt, salt, sizeof(s->salt));
    memcpy(s->nonce, nonce, sizeof(s->nonce));
    en_kdf(&k, kek, EN_L_VAULT_CMT, NULL, NULL, 0);
    memcpy(s->commit, k.b, sizeof(s->commit));
    en_kdf(&k, kek, EN_L_VAULT_KEK, NULL, NULL, 0);
    slot_ad(h, index, ad);
    en_aead_seal(&k, nonce, EN_SPAN_OF(ad), EN_SPAN_OF(mk->b), s->box);
    en_key_wipe(&k);
}

en_err en_keyslot_open(const struct en_vault_header *h, unsigned index,
                       const struct en_key *kek, struct en_key *mk)
{
    const struct en_keyslot *s = &h->slot[index];
    uint8_t ad[SLOT_AD];
    struct en_key k = {0};
    struct en_key got = {0};
    en_err err;

    assert(index < EN_VAULT_SLOTS);
    if (s->type == 0)
        return EN_ABSENT;
    en_kdf(&k, kek, EN_L_VAULT_CMT, NULL, NULL, 0);
    if (!en_equal_ct(k.b, s->commit, sizeof(s->commit))) {
        err = EN_PASSPHRASE;
        goto out;
    }
    en_kdf(&k, kek, EN_L_VAULT_KEK, NULL, NULL, 0);
    slot_ad(h, index, ad);
    err = en_aead_open(&k, s->nonce, EN_SPAN_OF(ad), EN_SPAN_OF(s->box), got.b);
    if (err != EN_OK)
        goto out;
    *mk = got;
out:
    en_key_wipe(&k);
    en_key_wipe(&got);
    return err;
}

static void put_head(const struct en_vault_header *h, uint8_t *out)
{
    memcpy(out, magic, sizeof(magic));
    out[8] = VERSION;
    out[9] = AEAD_KIND;
    en_put_u16(out + 10, EN_VAULT_HEADER_LEN);
    en_put_u32(out + 12, EN_PAGE_LEN);
    memcpy(out + 16, h->vault.b, 16);
    en_put_u64(out + 32, h->sequence);
    en_put_u64(out + 40, h->generation);
    memcpy(out + 48, h->file.b, 16);
}

static void mac(const uint8_t *bytes, const struct en_key *mk, uint8_t out[32])
{
    struct en_span all = EN_SPAN(bytes, MAC_AT);
    struct en_key k = {0};

    en_kdf(&k, mk, EN_L_VAULT_MAC, NULL, NULL, 0);
    en_mac(out, &k, &all, 1);
    en_key_wipe(&k);
}

void en_vault_header_seal(struct en_vault_header *h, const struct en_key *mk,
                          const struct en_key *dek, const uint8_t nonce[24],
                          uint8_t out[EN_VAULT_HEADER_LEN])
{
    memset(out, 0, EN_VAULT_HEADER_LEN);
    put_head(h, out);
    memcpy(h->dek_nonce, nonce, sizeof(h->dek_nonce));
    en_aead_seal(mk, nonce, EN_SPAN(out, DEK_AT), EN_SPAN_OF(dek->b),
                 h->dek_box);
    memcpy(out + DEK_AT, h->dek_nonce, 24);
    memcpy(out + DEK_AT + 24, h->dek_box, 48);
    for (unsigned i = 0; i < EN_VAULT_SLOTS; i++)
        put_slot(&h->slot[i], out + SLOTS_AT + i * EN_VAULT_SLOT_LEN);
    mac(out, mk, out + MAC_AT);
}

en_err en_vault_header_open(const uint8_t bytes[EN_VAULT_HEADER_LEN],
                            const struct en_vault_header *h,
                            struct en_vault_keys *keys)
{
    uint8_t want[32];
    struct en_key dek = {0};
    en_err err = EN_FORGED;

    mac(bytes, &keys->mk, want);
    if (!en_equal_ct(want, bytes + MAC_AT, sizeof(want)))
        goto out;
    err = en_aead_open(&keys->mk, h->dek_nonce, EN_SPAN(bytes, DEK_AT),
                       EN_SPAN_OF(h->dek_box), dek.b);
    if (err != EN_OK)
        goto out;
    keys->dek = dek;
    en_vault_keys_derive(h, keys);
out:
    en_wipe(want, sizeof(want)); /* what a forger would need */
    en_key_wipe(&dek);
    return err;
}

void en_vault_keys_derive(const struct en_vault_header *h,
                          struct en_vault_keys *keys)
{
    struct en_span file = EN_SPAN_OF(h->file.b);
    struct en_span vault = EN_SPAN_OF(h->vault.b);

    en_kdf(&keys->page, &keys->dek, EN_L_VAULT_PAGE, NULL, &file, 1);
    en_kdf(&keys->wal, &keys->dek, EN_L_VAULT_WAL, NULL, &file, 1);
    en_kdf(&keys->guard, &keys->mk, EN_L_VAULT_GUARD, NULL, &vault, 1);
}
