#include "crypto/aead.h"

#include <sodium.h>
#include <string.h>

_Static_assert(EN_NONCE_LEN == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
               "XChaCha20 nonce");
_Static_assert(EN_TAG_LEN == crypto_aead_xchacha20poly1305_ietf_ABYTES &&
                   EN_TAG_LEN == crypto_aead_chacha20poly1305_ietf_ABYTES,
               "Poly1305 tag");
_Static_assert(EN_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES &&
                   EN_KEY_LEN == crypto_aead_chacha20poly1305_ietf_KEYBYTES,
               "ChaCha20 key");
_Static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == 12, "IETF nonce");

/* An empty span may carry NULL, which libsodium's prototypes forbid. */
static const uint8_t *some(struct en_span s)
{
    static const uint8_t nothing[1];

    return s.n > 0 ? s.p : nothing;
}

static en_err opened(int rc, uint8_t *out, size_t n)
{
    if (rc == 0)
        return EN_OK;
    if (n > 0)
        en_wipe(out, n);
    return EN_FORGED;
}

void en_aead_seal(const struct en_key *k, const uint8_t nonce[EN_NONCE_LEN],
                  struct en_span ad, struct en_span plain, uint8_t *out)
{
    int rc = crypto_aead_xchacha20poly1305_ietf_encrypt(
        out, NULL, some(plain), plain.n, some(ad), ad.n, NULL, nonce, k->b);

    assert(rc == 0);
}

en_err en_aead_open(const struct en_key *k, const uint8_t nonce[EN_NONCE_LEN],
                    struct en_span ad, struct en_span ct, uint8_t *out)
{
    uint8_t none[1];

    if (ct.n < EN_TAG_LEN)
        return EN_FORGED;
    return opened(crypto_aead_xchacha20poly1305_ietf_decrypt(
                      ct.n > EN_TAG_LEN ? out : none, NULL, NULL, ct.p, ct.n,
                      some(ad), ad.n, nonce, k->b),
                  out, ct.n - EN_TAG_LEN);
}

void en_aead_seal_detached(const struct en_key *k, const uint8_t nonce[24],
                           struct en_span ad, struct en_span plain,
                           uint8_t *out, uint8_t tag[16])
{
    uint8_t none[1];
    int rc = crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
        plain.n > 0 ? out : none, tag, NULL, some(plain), plain.n, some(ad),
        ad.n, NULL, nonce, k->b);

    assert(rc == 0);
}

en_err en_aead_open_detached(const struct en_key *k, const uint8_t nonce[24],
                             struct en_span ad, struct en_span ct,
                             const uint8_t tag[16], uint8_t *out)
{
    uint8_t none[1];

    return opened(crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
                      ct.n > 0 ? out : none, NULL, some(ct), ct.n, tag,
                      some(ad), ad.n, nonce, k->b),
                  out, ct.n);
}

void en_aead12_seal(const struct en_key *k, const uint8_t nonce[12],
                    struct en_span ad, struct en_span plain, uint8_t *out)
{
    int rc = crypto_aead_chacha20poly1305_ietf_encrypt(
        out, NULL, some(plain), plain.n, some(ad), ad.n, NULL, nonce, k->b);

    assert(rc == 0);
}

en_err en_aead12_open(const struct en_key *k, const uint8_t nonce[12],
                      struct en_span ad, struct en_span ct, uint8_t *out)
{
    uint8_t none[1];

    if (ct.n < EN_TAG_LEN)
        return EN_FORGED;
    return opened(crypto_aead_chacha20poly1305_ietf_decrypt(
                      ct.n > EN_TAG_LEN ? out : none, NULL, NULL, ct.p, ct.n,
                      some(ad), ad.n, nonce, k->b),
                  out, ct.n - EN_TAG_LEN);
}
