#include "crypto/sign.h"

#include "crypto/labels.h"

#include <sodium.h>
#include <string.h>

_Static_assert(EN_SIG_LEN == crypto_sign_BYTES, "Ed25519 signature");
_Static_assert(EN_SIGN_PK_LEN == crypto_sign_PUBLICKEYBYTES, "Ed25519 key");
_Static_assert(EN_KEY_LEN == crypto_sign_SEEDBYTES, "Ed25519 seed");

/* One length a label, or two uses could be read as each other. */
static const struct {
    const char *label;
    size_t len;
} signed_forms[] = {
    {EN_L_SIG_TIP, EN_SIG_TIP_LEN},
    {EN_L_SIG_CERT, EN_SIG_CERT_LEN},
    {EN_L_SIG_RENEW, EN_SIG_RENEW_LEN},
    {EN_L_SIG_JOIN, EN_SIG_JOIN_LEN},
};

#define SIG_MSG_MAX EN_SIG_CERT_LEN

_Static_assert(EN_SIG_TIP_LEN <= SIG_MSG_MAX &&
                   EN_SIG_JOIN_LEN <= SIG_MSG_MAX &&
                   EN_SIG_RENEW_LEN <= SIG_MSG_MAX,
               "the longest signed message");

/* label, zero padded to 16, || msg. Returns its length. */
static size_t framed(uint8_t out[EN_LABEL_LEN + SIG_MSG_MAX], const char *label,
                     struct en_span msg)
{
    size_t n = strlen(label);
    bool known = false;

    assert(n > 0 && n <= EN_LABEL_LEN);
    for (size_t i = 0; i < sizeof(signed_forms) / sizeof(*signed_forms); i++)
        if (strcmp(label, signed_forms[i].label) == 0)
            known = msg.n == signed_forms[i].len;
    assert(known);

    memset(out, 0, EN_LABEL_LEN);
    memcpy(out, label, n);
    memcpy(out + EN_LABEL_LEN, msg.p, msg.n);
    return EN_LABEL_LEN + msg.n;
}

void en_sign_public(const struct en_key *seed, uint8_t pk[32])
{
    uint8_t sk[crypto_sign_SECRETKEYBYTES];
    int rc = crypto_sign_seed_keypair(pk, sk, seed->b);

    en_wipe(sk, sizeof(sk));
    assert(rc == 0);
}

void en_sign(const struct en_key *seed, const char *label, struct en_span msg,
             uint8_t sig[EN_SIG_LEN])
{
    uint8_t sk[crypto_sign_SECRETKEYBYTES];
    uint8_t pk[crypto_sign_PUBLICKEYBYTES];
    uint8_t m[EN_LABEL_LEN + SIG_MSG_MAX];
    size_t n = framed(m, label, msg);
    int made = crypto_sign_seed_keypair(pk, sk, seed->b);
    int done = crypto_sign_detached(sig, NULL, m, n, sk);

    en_wipe(sk, sizeof(sk));
    assert(made == 0 && done == 0);
}

en_err en_ed25519_verify(const uint8_t pk[32], struct en_span msg,
                         const uint8_t sig[EN_SIG_LEN])
{
    static const uint8_t nothing[1];

    return crypto_sign_verify_detached(sig, msg.n > 0 ? msg.p : nothing, msg.n,
                                       pk) == 0
               ? EN_OK
               : EN_FORGED;
}

en_err en_verify(const uint8_t pk[32], const char *label, struct en_span msg,
                 const uint8_t sig[EN_SIG_LEN])
{
    uint8_t m[EN_LABEL_LEN + SIG_MSG_MAX];
    size_t n = framed(m, label, msg);

    return en_ed25519_verify(pk, EN_SPAN(m, n), sig);
}
