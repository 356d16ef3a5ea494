#include "circle/kit.h"

#include "crypto/hash.h"
#include "crypto/labels.h"

#include <string.h>

void en_kit_keys(const struct en_key *entropy, const struct en_id *cid,
                 struct en_device_keys *k)
{
    struct en_id16 salt = en_id_short(cid);
    struct en_span x = EN_SPAN(cid->b, sizeof(cid->b));

    EN_KDF(&k->sign, entropy, EN_L_KIT_SIGN, &salt, x);
    EN_KDF(&k->wrap, entropy, EN_L_KIT_WRAP, &salt, x);
    EN_KDF(&k->link, entropy, EN_L_KIT_LINK, &salt, x);
    EN_KDF(&k->find, entropy, EN_L_KIT_FIND, &salt, x);
    memset(&k->secret, 0, sizeof(k->secret));
}

void en_root_seed(const struct en_key *entropy, const uint8_t *genesis_random,
                  struct en_key *sign)
{
    EN_KDF(sign, entropy, EN_L_ROOT_SIGN, NULL, EN_SPAN(genesis_random, 32));
}

void en_kit_words(const struct en_key *entropy, unsigned index[24])
{
    uint8_t bits[33];
    uint8_t sum[32];

    memcpy(bits, entropy->b, 32);
    en_sha256(sum, EN_SPAN(entropy->b, 32));
    bits[32] = sum[0];
    en_words_of_bits(bits, 24, index);
    en_wipe(bits, sizeof(bits));
    en_wipe(sum, sizeof(sum));
}

en_err en_kit_entropy(const unsigned index[24], struct en_key *entropy)
{
    uint8_t bits[33];
    uint8_t sum[32];
    en_err err = EN_FORGED;

    en_bits_of_words(index, 24, bits);
    en_sha256(sum, EN_SPAN(bits, 32));
    if (en_equal_ct(&sum[0], &bits[32], 1)) {
        memcpy(entropy->b, bits, 32);
        err = EN_OK;
    }
    en_wipe(bits, sizeof(bits));
    en_wipe(sum, sizeof(sum));
    return err;
}
