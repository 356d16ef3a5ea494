#include "record/record.h"

#include "crypto/hash.h"
#include "crypto/labels.h"

#include <string.h>

#define TYPE_EVIDENCE 8

void en_header_encode(const struct en_header *h, uint8_t out[EN_HEADER_LEN])
{
    out[0] = 1;
    out[1] = h->kind;
    out[2] = h->type;
    out[3] = 0;
    en_put_u32(out + 4, h->ct_len);
    en_put_u64(out + 8, h->seq);
    en_put_u64(out + 16, h->ctl_seq);
    memcpy(out + 24, h->epoch.b, 16);
    memcpy(out + 40, h->prev.b, 32);
    memcpy(out + 72, h->nonce, 24);
    memcpy(out + 96, h->payload_hash.b, 32);
}

uint32_t en_payload_max(uint8_t kind, uint8_t type)
{
    if (kind == EN_JOURNAL)
        return EN_CT_MAX;
    return type == TYPE_EVIDENCE ? EN_EVIDENCE_BYTES_MAX : EN_OP_BYTES_MAX;
}

en_err en_header_decode(const uint8_t raw[EN_HEADER_LEN], struct en_header *h)
{
    h->kind = raw[1];
    h->type = raw[2];
    h->ct_len = en_get_u32(raw + 4);
    h->seq = en_get_u64(raw + 8);
    h->ctl_seq = en_get_u64(raw + 16);
    memcpy(h->epoch.b, raw + 24, 16);
    memcpy(h->prev.b, raw + 40, 32);
    memcpy(h->nonce, raw + 72, 24);
    memcpy(h->payload_hash.b, raw + 96, 32);

    if (raw[0] != 1 || h->kind > EN_JOURNAL || raw[3] != 0)
        return EN_PROTOCOL;
    if (h->seq > EN_SEQ_MAX - 1 || h->ctl_seq > EN_SEQ_MAX - 1)
        return EN_PROTOCOL;
    if (h->ct_len > en_payload_max(h->kind, h->type))
        return EN_PROTOCOL;
    if (h->kind == EN_JOURNAL)
        return h->ct_len >= EN_CT_MIN && h->type != 0 ? EN_OK : EN_PROTOCOL;
    if (h->ct_len == 0 || h->ctl_seq != 0 || !en_id16_zero(&h->epoch) ||
        !en_is_zero_ct(h->nonce, sizeof(h->nonce)))
        return EN_PROTOCOL;
    return EN_OK;
}

void en_record_id(const struct en_id *cid, const uint8_t raw[EN_HEADER_LEN],
                  struct en_id *id)
{
    struct en_id16 salt = en_id_short(cid);

    EN_HASH(id->b, EN_L_REC_ID, &salt, EN_SPAN(raw, EN_HEADER_LEN));
}

void en_payload_hash(const struct en_id *cid, struct en_span payload,
                     struct en_id *hash)
{
    struct en_id16 salt = en_id_short(cid);

    EN_HASH(hash->b, EN_L_PAYLOAD, &salt, payload);
}
