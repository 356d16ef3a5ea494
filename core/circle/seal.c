#include "circle/seal.h"

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "wire/pad.h"

#include <string.h>

static void nonce_of(const struct en_epoch_keys *keys, const uint8_t *header,
                     struct en_span plain, uint8_t nonce[EN_NONCE_LEN])
{
    struct en_key kn;

    EN_KDF(&kn, &keys->siv, EN_L_REC_NK, &keys->cid16, EN_SPAN(header, 72));
    EN_KDF24(nonce, &kn, EN_L_REC_SIV, &keys->cid16, EN_SPAN(header, 72),
             plain);
    en_key_wipe(&kn);
}

static void record_key(const struct en_epoch_keys *keys, const uint8_t *header,
                       struct en_key *k)
{
    EN_KDF(k, &keys->content, EN_L_REC_KEY, &keys->cid16, EN_SPAN(header, 96));
}

en_err en_seal(const struct en_epoch_keys *keys, const struct en_id *cid,
               struct en_header *h, struct en_span content, struct en_buf *ct)
{
    uint8_t raw[EN_HEADER_LEN];
    struct en_secret plain = {0};
    struct en_key k = {0};
    size_t before = ct->n;
    en_err err;

    if (content.n == 0 || content.n > EN_CONTENT_MAX)
        return EN_RANGE;
    err = en_pad(content, &plain);
    if (err != EN_OK)
        return err;
    err = en_buf_add_zeros(ct, plain.n + EN_TAG_LEN);
    if (err != EN_OK)
        goto out;
    h->ct_len = (uint32_t)(plain.n + EN_TAG_LEN);
    h->epoch = keys->id;
    memset(h->nonce, 0, sizeof(h->nonce));
    memset(h->payload_hash.b, 0, sizeof(h->payload_hash.b));
    en_header_encode(h, raw);
    nonce_of(keys, raw, en_secret_span(&plain), h->nonce);
    en_header_encode(h, raw);
    record_key(keys, raw, &k);
    en_aead_seal(&k, h->nonce, EN_SPAN(raw, 96), en_secret_span(&plain),
                 ct->p + before);
    en_payload_hash(cid, EN_SPAN(ct->p + before, h->ct_len), &h->payload_hash);
out:
    en_secret_free(&plain);
    en_key_wipe(&k);
    return err;
}

en_err en_seal_open(const struct en_epoch_keys *keys, const uint8_t *header,
                    struct en_span ct, struct en_buf *out)
{
    struct en_secret plain = {0};
    struct en_span content;
    struct en_key k = {0};
    uint8_t nonce[EN_NONCE_LEN];
    en_err err;

    if (ct.n < EN_CT_MIN || ct.n > EN_CT_MAX ||
        memcmp(header + EN_HEADER_EPOCH_AT, keys->id.b, 16) != 0)
        return EN_FORGED;
    err = en_secret_alloc(&plain, ct.n - EN_TAG_LEN);
    if (err != EN_OK)
        return err;
    record_key(keys, header, &k);
    err = en_aead_open(&k, header + EN_HEADER_NONCE_AT, EN_SPAN(header, 96), ct,
                       plain.b);
    if (err != EN_OK)
        goto out;
    nonce_of(keys, header, en_secret_span(&plain), nonce);
    if (!en_equal_ct(nonce, header + EN_HEADER_NONCE_AT, sizeof(nonce))) {
        err = EN_FORGED;
        goto out;
    }
    err = en_unpad(en_secret_span(&plain), &content);
    if (err == EN_OK && (content.n == 0 || content.n > EN_CONTENT_MAX))
        err = EN_FORGED; /* nothing is no content, and means "gone" elsewhere */
    if (err == EN_OK)
        err = en_buf_add_span(out, content);
out:
    en_secret_free(&plain);
    en_key_wipe(&k);
    return err;
}
