/*
 * device.h - who writes: four keys, a certificate, and what is named by them.
 *
 * A device has, per circle, four independent keys (sign, wrap, link, find) and a
 * secret of its own. Its certificate names the public halves; the hash of its
 * first certificate is its id for ever, and its two logs are named by that id.
 * A DEVKEY renews sign and wrap; link, find, person and flags never change.
 *
 *   cert (178) = ver u8=1 || cid[32] || person[16] || flags u8 ||
 *                sign_pk[32] || wrap_pk[32] || link_pk[32] || find_pk[32]
 *
 * Errors     EN_PROTOCOL: layout or flags; EN_FORGED: a signature.
 * Source     PROTOCOL 4, 5.2; docs/formats/device.md.
 */
#ifndef EN_RECORD_DEVICE_H
#define EN_RECORD_DEVICE_H

#include "base/rng.h"
#include "base/secret.h"

#define EN_CERT_LEN       178
#define EN_CERT_PERSON_AT 33
#define EN_CERT_FLAGS_AT  49
#define EN_CERT_SIGN_AT   50 /* sign, wrap, link, find: 32 bytes each */
#define EN_CERT_WRAP_AT   82
#define EN_CERT_LINK_AT   114
#define EN_CERT_FIND_AT   146

#define EN_CERT_KIT      1u /* a paper recovery key: never answers links */
#define EN_CERT_ROOT     2u /* administers, cannot read: wrap, link, find zero */
#define EN_CERT_OBSERVER 4u /* registers only: wrap zero */

enum en_kind { EN_CONTROL = 0, EN_JOURNAL = 1 };

struct en_cert {
    struct en_id cid;
    struct en_id16 person;
    uint8_t flags;
    uint8_t sign_pk[32];
    uint8_t wrap_pk[32];
    uint8_t link_pk[32];
    uint8_t find_pk[32];
};

/* The secret halves. Wiped by en_device_keys_wipe. */
struct en_device_keys {
    struct en_key sign; /* Ed25519 seed */
    struct en_key wrap;
    struct en_key link;
    struct en_key find;
    struct en_key secret; /* device_secret: never leaves the device */
};

void en_device_keys_new(struct en_device_keys *k, struct en_rng *rng);
void en_device_keys_wipe(struct en_device_keys *k);

/* Public halves into cert; flags decide which stay zero. cid, person, flags are
 * the caller's; person zero: derived, as the first device of a person. */
void en_cert_of_keys(const struct en_device_keys *k, struct en_cert *cert);

void en_cert_encode(const struct en_cert *cert, uint8_t out[EN_CERT_LEN]);
/* Layout alone: version, known flags, zero keys exactly where flags say, keys
 * that must be there usable. EN_PROTOCOL. */
en_err en_cert_decode(struct en_span raw, struct en_cert *cert);
/* Whether no two of its keys are the same; those that are zero are no keys. */
bool en_cert_keys_differ(const struct en_cert *cert);
void en_cert_sign(const struct en_key *seed, const uint8_t cert[EN_CERT_LEN],
                  uint8_t sig[64]);
en_err en_cert_verify(const uint8_t cert[EN_CERT_LEN], const uint8_t sig[64]);

/* cid is the circle's, also for the root's certificate, whose field is zero. */
void en_device_id(const struct en_id *cid, const uint8_t cert[EN_CERT_LEN],
                  struct en_id *device);
void en_person_id(const uint8_t sign_pk[32], const uint8_t wrap_pk[32],
                  struct en_id16 *person);
void en_log_id(const struct en_id *cid, const struct en_id *device,
               enum en_kind kind, struct en_id *log);

/* What a DEVKEY's old key signs: log || seq || H("en1.device", new cert). */
void en_renew_sign(const struct en_key *old_seed, const struct en_id *control,
                   uint64_t seq, const struct en_id *cert_id, uint8_t sig[64]);
en_err en_renew_verify(const uint8_t old_pk[32], const struct en_id *control,
                       uint64_t seq, const struct en_id *cert_id,
                       const uint8_t sig[64]);

#endif
