#include "vault/page.h"

#include "crypto/aead.h"
#include "crypto/labels.h"

#include <string.h>

#define AD_LEN (4 + 16 + 4)

_Static_assert(EN_PAGE_RESERVE == EN_NONCE_LEN + EN_TAG_LEN,
               "the reserve holds exactly a nonce and a tag");
_Static_assert(EN_VAULT_NONCE == EN_NONCE_LEN, "one nonce length");
_Static_assert(EN_FRAME_LEN == 4120, "a frame of SQLite's");

uint64_t en_frame_at(uint32_t i)
{
    assert(i > 0);
    return EN_WAL_HEADER + (uint64_t)EN_FRAME_LEN * (i - 1);
}

uint32_t en_frame_number(uint64_t at)
{
    uint64_t i;

    if (at < EN_WAL_HEADER || (at - EN_WAL_HEADER) % EN_FRAME_LEN != 0)
        return 0;
    i = (at - EN_WAL_HEADER) / EN_FRAME_LEN + 1;
    return i <= UINT32_MAX ? (uint32_t)i : 0;
}

static void place(uint8_t ad[AD_LEN], const char *label,
                  const struct en_id16 *file, uint32_t n)
{
    memcpy(ad, label, 4);
    memcpy(ad + 4, file->b, 16);
    en_put_u32(ad + 20, n);
}

/* plain_len bytes, then the reserve: nonce and tag. */
static void seal(const struct en_key *k, const uint8_t ad[AD_LEN],
                 const uint8_t nonce[EN_NONCE_LEN], const uint8_t *plain,
                 size_t plain_len, uint8_t *out)
{
    uint8_t *tail = out + plain_len;

    en_aead_seal_detached(k, nonce, EN_SPAN(ad, AD_LEN),
                          EN_SPAN(plain, plain_len), out, tail + EN_NONCE_LEN);
    memcpy(tail, nonce, EN_NONCE_LEN);
}

static en_err open_sealed(const struct en_key *k, const uint8_t ad[AD_LEN],
                          const uint8_t *sealed, size_t plain_len, uint8_t *out)
{
    const uint8_t *tail = sealed + plain_len;
    en_err err;

    err = en_aead_open_detached(k, tail, EN_SPAN(ad, AD_LEN),
                                EN_SPAN(sealed, plain_len), tail + EN_NONCE_LEN,
                                out);
    if (err != EN_OK)
        memset(out, 0, plain_len);
    memset(out + plain_len, 0, EN_PAGE_RESERVE);
    return err;
}

void en_page_seal(const struct en_key *page, const struct en_id16 *file,
                  uint32_t n, const uint8_t nonce[EN_VAULT_NONCE],
                  const uint8_t plain[EN_PAGE_LEN], uint8_t out[EN_PAGE_LEN])
{
    uint8_t ad[AD_LEN];

    assert(n > 0);
    place(ad, EN_L_AD_PAGE, file, n);
    seal(page, ad, nonce, plain, EN_PAGE_PLAIN, out);
}

en_err en_page_open(const struct en_key *page, const struct en_id16 *file,
                    uint32_t n, const uint8_t sealed[EN_PAGE_LEN],
                    uint8_t out[EN_PAGE_LEN])
{
    uint8_t ad[AD_LEN];

    assert(n > 0);
    place(ad, EN_L_AD_PAGE, file, n);
    return open_sealed(page, ad, sealed, EN_PAGE_PLAIN, out);
}

void en_frame_seal(const struct en_key *wal, const struct en_id16 *file,
                   uint32_t i, const uint8_t nonce[EN_VAULT_NONCE],
                   const uint8_t plain[EN_FRAME_LEN], uint8_t out[EN_FRAME_LEN])
{
    uint8_t ad[AD_LEN];

    assert(i > 0);
    place(ad, EN_L_AD_WAL, file, i);
    seal(wal, ad, nonce, plain, EN_FRAME_PLAIN, out);
}

en_err en_frame_open(const struct en_key *wal, const struct en_id16 *file,
                     uint32_t i, const uint8_t sealed[EN_FRAME_LEN],
                     uint8_t out[EN_FRAME_LEN])
{
    uint8_t ad[AD_LEN];

    assert(i > 0);
    place(ad, EN_L_AD_WAL, file, i);
    return open_sealed(wal, ad, sealed, EN_FRAME_PLAIN, out);
}
