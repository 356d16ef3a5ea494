/*
 * vault_page.c - pages and frames. The first byte chooses which, four more the
 * place, two a bit; the rest is read as sealed bytes, then as plain ones. Sealed
 * bytes of a stranger do not open and leave zeros; what was sealed opens at its
 * place, nowhere else, and not with a bit flipped.
 */
#include "fuzz/fuzz.h"
#include "vault/page.h"

#include <string.h>

static const struct en_key key = {"the key of one generation, here."};
static const struct en_id16 file = {"one file's id.."};

static en_err open_at(bool frame, uint32_t n, const uint8_t *sealed,
                      uint8_t *out)
{
    return frame ? en_frame_open(&key, &file, n, sealed, out)
                 : en_page_open(&key, &file, n, sealed, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t given[EN_FRAME_LEN];
    static uint8_t sealed[EN_FRAME_LEN];
    static uint8_t out[EN_FRAME_LEN];
    uint8_t nonce[EN_VAULT_NONCE] = {0};
    bool frame;
    uint32_t n;
    size_t bit;
    size_t len;

    if (size < 7)
        return 0;
    frame = data[0] & 1;
    n = en_get_u32(data + 1);
    if (n == 0)
        n = 1;
    len = frame ? EN_FRAME_LEN : EN_PAGE_LEN;
    bit = en_get_u16(data + 5) % (len * 8);
    memset(given, 0, sizeof(given));
    memcpy(given, data + 7, size - 7 < len ? size - 7 : len);

    memset(out, 0xee, sizeof(out));
    HOLDS(open_at(frame, n, given, out) == EN_FORGED);
    HOLDS(en_is_zero_ct(out, len));

    memset(given + len - EN_PAGE_RESERVE, 0, EN_PAGE_RESERVE);
    memcpy(nonce, data + 1, 6);
    if (frame)
        en_frame_seal(&key, &file, n, nonce, given, sealed);
    else
        en_page_seal(&key, &file, n, nonce, given, sealed);
    HOLDS(open_at(frame, n, sealed, out) == EN_OK);
    HOLDS(memcmp(out, given, len) == 0);
    HOLDS(open_at(frame, n ^ 0x80000000u, sealed, out) == EN_FORGED);
    HOLDS(open_at(!frame, n, sealed, out) == EN_FORGED);
    sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    HOLDS(open_at(frame, n, sealed, out) == EN_FORGED);
    return 0;
}
