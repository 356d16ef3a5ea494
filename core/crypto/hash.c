#include "crypto/hash.h"

#include "crypto/labels.h"

#include <sodium.h>
#include <string.h>

_Static_assert(EN_LABEL_LEN == crypto_generichash_blake2b_PERSONALBYTES,
               "a label is a personalisation");
_Static_assert(sizeof(struct en_id16) == crypto_generichash_blake2b_SALTBYTES,
               "cid16 is a salt");
_Static_assert(sizeof(struct en_hash_state) >=
                   sizeof(crypto_generichash_blake2b_state),
               "the state fits");
_Static_assert(_Alignof(struct en_hash_state) >=
                   _Alignof(crypto_generichash_blake2b_state),
               "libsodium's vector code loads the state aligned");
_Static_assert(crypto_generichash_blake2b_KEYBYTES_MAX >= 64, "ISK fits");

static crypto_generichash_blake2b_state *inside(struct en_hash_state *st)
{
    return (crypto_generichash_blake2b_state *)(void *)st->opaque;
}

static void begin(struct en_hash_state *st, const uint8_t *key, size_t key_len,
                  size_t out_len, const char *label,
                  const struct en_id16 *cid16)
{
    static const struct en_id16 no_circle;
    uint8_t personal[EN_LABEL_LEN] = {0};
    size_t n = strlen(label);
    int rc;

    assert(n > 0 && n <= sizeof(personal));
    memcpy(personal, label, n);
    rc = crypto_generichash_blake2b_init_salt_personal(
        inside(st), key, key_len, out_len,
        cid16 != NULL ? cid16->b : no_circle.b, personal);
    assert(rc == 0);
}

static void end(struct en_hash_state *st, uint8_t *out, size_t out_len)
{
    int rc = crypto_generichash_blake2b_final(inside(st), out, out_len);

    assert(rc == 0);
    en_wipe(st, sizeof(*st));
}

static void whole(uint8_t *out, size_t out_len, const uint8_t *key,
                  size_t key_len, const char *label,
                  const struct en_id16 *cid16, const struct en_span *parts,
                  size_t n)
{
    struct en_hash_state st;

    assert(n <= EN_HASH_PARTS_MAX);
    begin(&st, key, key_len, out_len, label, cid16);
    for (size_t i = 0; i < n; i++)
        en_hash_add(&st, parts[i]);
    end(&st, out, out_len);
}

void en_hash(uint8_t out[32], const char *label, const struct en_id16 *cid16,
             const struct en_span *parts, size_t n)
{
    whole(out, 32, NULL, 0, label, cid16, parts, n);
}

void en_kdf(struct en_key *out, const struct en_key *k, const char *label,
            const struct en_id16 *cid16, const struct en_span *parts, size_t n)
{
    whole(out->b, sizeof(out->b), k->b, sizeof(k->b), label, cid16, parts, n);
}

void en_kdf24(uint8_t out[24], const struct en_key *k, const char *label,
              const struct en_id16 *cid16, const struct en_span *parts,
              size_t n)
{
    whole(out, 24, k->b, sizeof(k->b), label, cid16, parts, n);
}

void en_kdf_isk(struct en_key *out, const uint8_t isk[64], const char *label)
{
    whole(out->b, sizeof(out->b), isk, 64, label, NULL, NULL, 0);
}

void en_mac(uint8_t out[32], const struct en_key *k,
            const struct en_span *parts, size_t n)
{
    struct en_hash_state st;
    int rc;

    assert(n <= EN_HASH_PARTS_MAX);
    rc = crypto_generichash_blake2b_init(inside(&st), k->b, sizeof(k->b), 32);
    assert(rc == 0);
    for (size_t i = 0; i < n; i++)
        en_hash_add(&st, parts[i]);
    end(&st, out, 32);
}

void en_hash_begin(struct en_hash_state *st, const char *label,
                   const struct en_id16 *cid16)
{
    begin(st, NULL, 0, 32, label, cid16);
}

void en_hash_add(struct en_hash_state *st, struct en_span part)
{
    int rc;

    if (part.n == 0)
        return;
    rc = crypto_generichash_blake2b_update(inside(st), part.p, part.n);
    assert(rc == 0);
}

void en_hash_end(struct en_hash_state *st, uint8_t out[32])
{
    end(st, out, 32);
}

void en_sha256(uint8_t out[32], struct en_span x)
{
    static const uint8_t nothing[1];
    int rc = crypto_hash_sha256(out, x.n > 0 ? x.p : nothing, x.n);

    assert(rc == 0);
}
