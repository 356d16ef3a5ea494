/*
 * record.h - the 128-byte header of a record, its id and its payload hash.
 *
 *   off size field          off size field
 *     0    1 ver = 1         16    8 ctl_seq   journal; control 0
 *     1    1 kind            24   16 epoch_id  control: zero
 *     2    1 type            40   32 prev      id of seq-1; seq 0: the log id
 *     3    1 flags = 0       72   24 nonce     control: zero
 *     4    4 ct_len          96   32 payload_hash
 *     8    8 seq
 *
 * One BLAKE2b block. There is no clock and no signature in it: author, circle and
 * kind enter through prev of record 0, and a checkpoint beside the chain vouches.
 *
 * Source     PROTOCOL 5.1; docs/formats/record.md.
 */
#ifndef EN_RECORD_RECORD_H
#define EN_RECORD_RECORD_H

#include "base/limits.h"
#include "record/device.h"

#define EN_HEADER_CTL_AT   16
#define EN_HEADER_EPOCH_AT 24
#define EN_HEADER_PREV_AT  40
#define EN_HEADER_NONCE_AT 72
#define EN_HEADER_HASH_AT  96

struct en_header {
    uint8_t kind;
    uint8_t type;
    uint32_t ct_len;
    uint64_t seq;
    uint64_t ctl_seq;
    struct en_id16 epoch;
    struct en_id prev;
    uint8_t nonce[24];
    struct en_id payload_hash;
};

void en_header_encode(const struct en_header *h, uint8_t out[EN_HEADER_LEN]);
/* Layout: version, kind, flags, sizes by kind and type, zero fields of control,
 * sequence bounds. EN_PROTOCOL. */
en_err en_header_decode(const uint8_t raw[EN_HEADER_LEN], struct en_header *h);

/* The largest payload a record of this kind and type may have; 0: none. */
uint32_t en_payload_max(uint8_t kind, uint8_t type);

void en_record_id(const struct en_id *cid, const uint8_t raw[EN_HEADER_LEN],
                  struct en_id *id);
void en_payload_hash(const struct en_id *cid, struct en_span payload,
                     struct en_id *hash);

#endif
