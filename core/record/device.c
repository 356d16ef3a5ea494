#include "record/device.h"

#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/sign.h"
#include "crypto/wrap.h"

#include <string.h>

void en_device_keys_new(struct en_device_keys *k, struct en_rng *rng)
{
    en_rng_bytes(rng, k->sign.b, sizeof(k->sign.b));
    en_rng_bytes(rng, k->wrap.b, sizeof(k->wrap.b));
    en_rng_bytes(rng, k->link.b, sizeof(k->link.b));
    en_rng_bytes(rng, k->find.b, sizeof(k->find.b));
    en_rng_bytes(rng, k->secret.b, sizeof(k->secret.b));
}

void en_device_keys_wipe(struct en_device_keys *k)
{
    en_wipe(k, sizeof(*k));
}

void en_cert_of_keys(const struct en_device_keys *k, struct en_cert *cert)
{
    bool root = (cert->flags & EN_CERT_ROOT) != 0;
    bool observer = (cert->flags & EN_CERT_OBSERVER) != 0;

    memset(cert->wrap_pk, 0, sizeof(cert->wrap_pk));
    memset(cert->link_pk, 0, sizeof(cert->link_pk));
    memset(cert->find_pk, 0, sizeof(cert->find_pk));
    en_sign_public(&k->sign, cert->sign_pk);
    if (!root && !observer)
        en_x25519_public(&k->wrap, cert->wrap_pk);
    if (!root) {
        en_x25519_public(&k->link, cert->link_pk);
        en_x25519_public(&k->find, cert->find_pk);
    }
    if (en_id16_zero(&cert->person))
        en_person_id(cert->sign_pk, cert->wrap_pk, &cert->person);
}

void en_cert_encode(const struct en_cert *cert, uint8_t out[EN_CERT_LEN])
{
    uint8_t *p = out;

    *p++ = 1;
    memcpy(p, cert->cid.b, 32);
    p += 32;
    memcpy(p, cert->person.b, 16);
    p += 16;
    *p++ = cert->flags;
    memcpy(p, cert->sign_pk, 32);
    memcpy(p + 32, cert->wrap_pk, 32);
    memcpy(p + 64, cert->link_pk, 32);
    memcpy(p + 96, cert->find_pk, 32);
    assert(p == out + EN_CERT_SIGN_AT);
}

/* A key that must be there is usable; one that must not be is zero. */
static bool key_fits(const uint8_t pk[32], bool wanted)
{
    return wanted ? en_x25519_admissible(pk) : en_is_zero_ct(pk, 32);
}

bool en_cert_keys_differ(const struct en_cert *c)
{
    const uint8_t *key[4] = {c->sign_pk, c->wrap_pk, c->link_pk, c->find_pk};

    for (int i = 0; i < 4; i++)
        for (int j = i + 1; j < 4; j++)
            if (!en_is_zero_ct(key[i], 32) && memcmp(key[i], key[j], 32) == 0)
                return false;
    return true;
}

en_err en_cert_decode(struct en_span raw, struct en_cert *cert)
{
    struct en_reader r = en_reader_of(raw);
    uint8_t ver = en_read_u8(&r);
    bool root;
    bool observer;

    en_read_copy(&r, cert->cid.b, 32);
    en_read_copy(&r, cert->person.b, 16);
    cert->flags = en_read_u8(&r);
    en_read_copy(&r, cert->sign_pk, 32);
    en_read_copy(&r, cert->wrap_pk, 32);
    en_read_copy(&r, cert->link_pk, 32);
    en_read_copy(&r, cert->find_pk, 32);
    if (!en_read_done(&r) || ver != 1)
        return EN_PROTOCOL;
    if (cert->flags != 0 && cert->flags != EN_CERT_KIT &&
        cert->flags != EN_CERT_ROOT && cert->flags != EN_CERT_OBSERVER)
        return EN_PROTOCOL;
    root = cert->flags == EN_CERT_ROOT;
    observer = cert->flags == EN_CERT_OBSERVER;
    if (en_is_zero_ct(cert->sign_pk, 32) ||
        !key_fits(cert->wrap_pk, !root && !observer) ||
        !key_fits(cert->link_pk, !root) || !key_fits(cert->find_pk, !root))
        return EN_PROTOCOL;
    return EN_OK;
}

void en_cert_sign(const struct en_key *seed, const uint8_t cert[EN_CERT_LEN],
                  uint8_t sig[64])
{
    en_sign(seed, EN_L_SIG_CERT, EN_SPAN(cert, EN_CERT_LEN), sig);
}

en_err en_cert_verify(const uint8_t cert[EN_CERT_LEN], const uint8_t sig[64])
{
    return en_verify(cert + EN_CERT_SIGN_AT, EN_L_SIG_CERT,
                     EN_SPAN(cert, EN_CERT_LEN), sig);
}

void en_device_id(const struct en_id *cid, const uint8_t cert[EN_CERT_LEN],
                  struct en_id *device)
{
    struct en_id16 salt = en_id_short(cid);

    EN_HASH(device->b, EN_L_DEVICE, &salt, EN_SPAN(cert, EN_CERT_LEN));
}

void en_person_id(const uint8_t sign_pk[32], const uint8_t wrap_pk[32],
                  struct en_id16 *person)
{
    uint8_t h[32];

    EN_HASH(h, EN_L_PERSON, NULL, EN_SPAN(sign_pk, 32), EN_SPAN(wrap_pk, 32));
    memcpy(person->b, h, sizeof(person->b));
}

void en_log_id(const struct en_id *cid, const struct en_id *device,
               enum en_kind kind, struct en_id *log)
{
    struct en_id16 salt = en_id_short(cid);
    uint8_t k = (uint8_t)kind;

    EN_HASH(log->b, EN_L_LOG, &salt, EN_SPAN(device->b, 32), EN_SPAN(&k, 1));
}

static void renew_message(const struct en_id *control, uint64_t seq,
                          const struct en_id *cert_id, uint8_t msg[72])
{
    memcpy(msg, control->b, 32);
    en_put_u64(msg + 32, seq);
    memcpy(msg + 40, cert_id->b, 32);
}

void en_renew_sign(const struct en_key *old_seed, const struct en_id *control,
                   uint64_t seq, const struct en_id *cert_id, uint8_t sig[64])
{
    uint8_t msg[72];

    renew_message(control, seq, cert_id, msg);
    en_sign(old_seed, EN_L_SIG_RENEW, EN_SPAN_OF(msg), sig);
}

en_err en_renew_verify(const uint8_t old_pk[32], const struct en_id *control,
                       uint64_t seq, const struct en_id *cert_id,
                       const uint8_t sig[64])
{
    uint8_t msg[72];

    renew_message(control, seq, cert_id, msg);
    return en_verify(old_pk, EN_L_SIG_RENEW, EN_SPAN_OF(msg), sig);
}
