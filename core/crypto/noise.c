#include "crypto/noise.h"

#include "crypto/aead.h"
#include "crypto/wrap.h"

#include "base/limits.h"

#include <sodium.h>
#include <string.h>

#define DHLEN    32
#define BLOCKLEN 128
#define HASHLEN  EN_NOISE_HASH_LEN

_Static_assert(HASHLEN == crypto_generichash_blake2b_BYTES_MAX, "BLAKE2b-512");
_Static_assert(EN_NOISE_PLAIN_MAX + EN_TAG_LEN == EN_NOISE_MESSAGE_MAX,
               "a transport message is its plaintext and a tag");
_Static_assert(EN_NOISE_IK1_LEN == DHLEN + DHLEN + 2 * EN_TAG_LEN &&
                   EN_NOISE_IK2_LEN == DHLEN + EN_TAG_LEN &&
                   EN_NOISE_NN_LEN == DHLEN + EN_TAG_LEN,
               "handshake messages with empty payloads");

/* Patterns (sections 7 and 9) */

enum token { END = 0, E, S, EE, ES, SE, SS, PSK };

#define MESSAGES_MAX 3
#define TOKENS_MAX   6

struct pattern {
    const char *name;
    bool pre_s; /* pre-message "<- s": the initiator knows the responder */
    bool psk;
    unsigned messages;
    enum token tokens[MESSAGES_MAX][TOKENS_MAX];
};

static const struct pattern patterns[] = {
    [EN_NOISE_IKPSK1] = {"Noise_IKpsk1_25519_ChaChaPoly_BLAKE2b", .pre_s = true,
                         .psk = true, .messages = 2,
                         .tokens = {{E, ES, S, SS, PSK}, {E, EE, SE}}},
    [EN_NOISE_NNPSK0] = {"Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b", .psk = true,
                         .messages = 2, .tokens = {{PSK, E}, {E, EE}}},
    [EN_NOISE_NN] = {"Noise_NN_25519_ChaChaPoly_BLAKE2b", .messages = 2,
                     .tokens = {{E}, {E, EE}}},
    [EN_NOISE_IK] = {"Noise_IK_25519_ChaChaPoly_BLAKE2b", .pre_s = true,
                     .messages = 2, .tokens = {{E, ES, S, SS}, {E, EE, SE}}},
    [EN_NOISE_XX] = {"Noise_XX_25519_ChaChaPoly_BLAKE2b", .messages = 3,
                     .tokens = {{E}, {E, EE, S, ES}, {S, SE}}},
};

/* HASH, HMAC and HKDF (section 4.3) */

static void hash(uint8_t out[HASHLEN], const struct en_span *parts, size_t n)
{
    crypto_generichash_blake2b_state st;
    int rc = crypto_generichash_blake2b_init(&st, NULL, 0, HASHLEN);

    assert(rc == 0);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].n == 0)
            continue;
        rc = crypto_generichash_blake2b_update(&st, parts[i].p, parts[i].n);
        assert(rc == 0);
    }
    rc = crypto_generichash_blake2b_final(&st, out, HASHLEN);
    assert(rc == 0);
    en_wipe(&st, sizeof(st));
}

/* RFC 2104 over BLAKE2b. BLAKE2b's own keyed mode is not what Noise means. */
static void hmac(uint8_t out[HASHLEN], const uint8_t key[HASHLEN],
                 struct en_span a, struct en_span b)
{
    uint8_t pad[BLOCKLEN];
    uint8_t inner[HASHLEN];

    memset(pad, 0x36, sizeof(pad));
    for (size_t i = 0; i < HASHLEN; i++)
        pad[i] ^= key[i];
    hash(inner, (struct en_span[]){EN_SPAN_OF(pad), a, b}, 3);

    memset(pad, 0x5c, sizeof(pad));
    for (size_t i = 0; i < HASHLEN; i++)
        pad[i] ^= key[i];
    hash(out, (struct en_span[]){EN_SPAN_OF(pad), EN_SPAN_OF(inner)}, 2);

    en_wipe(pad, sizeof(pad));
    en_wipe(inner, sizeof(inner));
}

/* out: n outputs of HASHLEN, n 2 or 3. ck may be one of them. */
static void hkdf(uint8_t out[][HASHLEN], size_t n, const uint8_t ck[HASHLEN],
                 struct en_span input)
{
    uint8_t temp[HASHLEN];
    struct en_span before = {0};

    hmac(temp, ck, input, (struct en_span){0});
    for (size_t i = 0; i < n; i++) {
        uint8_t count = (uint8_t)(i + 1);

        hmac(out[i], temp, before, EN_SPAN(&count, 1));
        before = EN_SPAN(out[i], HASHLEN);
    }
    en_wipe(temp, sizeof(temp));
}

/* CipherState (5.1) */

static void cipher_set(struct en_noise_cipher *c, const uint8_t k[HASHLEN])
{
    /* InitializeKey: the output is truncated to 32 bytes. */
    memcpy(c->k.b, k, sizeof(c->k.b));
    c->n = 0;
    c->has_key = true;
}

static void cipher_nonce(uint8_t nonce[12], uint64_t n)
{
    memset(nonce, 0, 4);
    en_put_u64(nonce + 4, n);
}

/* Rekey(): 2^64-1 is a nonce for this alone. */
static void cipher_rekey(struct en_noise_cipher *c)
{
    static const uint8_t zeros[EN_KEY_LEN];
    uint8_t nonce[12];
    uint8_t out[EN_KEY_LEN + EN_TAG_LEN];

    cipher_nonce(nonce, UINT64_MAX);
    en_aead12_seal(&c->k, nonce, (struct en_span){0}, EN_SPAN_OF(zeros), out);
    memcpy(c->k.b, out, sizeof(c->k.b));
    en_wipe(out, sizeof(out));
}

/* out: plain.n bytes, and 16 more once there is a key. */
static void cipher_encrypt(struct en_noise_cipher *c, struct en_span ad,
                           struct en_span plain, uint8_t *out)
{
    uint8_t nonce[12];

    if (!c->has_key) {
        if (plain.n > 0)
            memcpy(out, plain.p, plain.n);
        return;
    }
    assert(c->n < UINT64_MAX);
    cipher_nonce(nonce, c->n);
    en_aead12_seal(&c->k, nonce, ad, plain, out);
    c->n++;
}

static en_err cipher_decrypt(struct en_noise_cipher *c, struct en_span ad,
                             struct en_span ct, uint8_t *out)
{
    uint8_t nonce[12];
    en_err err;

    if (!c->has_key) {
        if (ct.n > 0)
            memcpy(out, ct.p, ct.n);
        return EN_OK;
    }
    assert(c->n < UINT64_MAX);
    cipher_nonce(nonce, c->n);
    err = en_aead12_open(&c->k, nonce, ad, ct, out);
    if (err == EN_OK)
        c->n++;
    return err;
}

/* SymmetricState (5.2) */

static void mix_hash(struct en_noise *hs, struct en_span data)
{
    hash(hs->h, (struct en_span[]){EN_SPAN_OF(hs->h), data}, 2);
}

static void mix_key(struct en_noise *hs, struct en_span ikm)
{
    uint8_t o[2][HASHLEN];

    hkdf(o, 2, hs->ck, ikm);
    memcpy(hs->ck, o[0], HASHLEN);
    cipher_set(&hs->cs, o[1]);
    en_wipe(o, sizeof(o));
}

static void mix_key_and_hash(struct en_noise *hs, struct en_span ikm)
{
    uint8_t o[3][HASHLEN];

    hkdf(o, 3, hs->ck, ikm);
    memcpy(hs->ck, o[0], HASHLEN);
    mix_hash(hs, EN_SPAN_OF(o[1]));
    cipher_set(&hs->cs, o[2]);
    en_wipe(o, sizeof(o));
}

static size_t tag_len(const struct en_noise *hs)
{
    return hs->cs.has_key ? EN_TAG_LEN : 0;
}

static size_t encrypt_and_hash(struct en_noise *hs, struct en_span plain,
                               uint8_t *out)
{
    size_t n = plain.n + tag_len(hs);

    cipher_encrypt(&hs->cs, EN_SPAN_OF(hs->h), plain, out);
    mix_hash(hs, EN_SPAN(out, n));
    return n;
}

static en_err decrypt_and_hash(struct en_noise *hs, struct en_span ct,
                               uint8_t *out)
{
    en_err err = cipher_decrypt(&hs->cs, EN_SPAN_OF(hs->h), ct, out);

    if (err == EN_OK)
        mix_hash(hs, ct);
    return err;
}

/* HandshakeState (5.3) */

void en_noise_begin(struct en_noise *hs, enum en_noise_pattern pattern,
                    bool initiator, struct en_span prologue,
                    const struct en_key *s, const uint8_t rs[32],
                    const struct en_key *psk)
{
    const struct pattern *p;
    size_t name_len;

    assert((size_t)pattern < sizeof(patterns) / sizeof(*patterns));
    p = &patterns[pattern];
    assert(p->psk == (psk != NULL));
    assert((p->pre_s && initiator) == (rs != NULL));
    assert(!(p->pre_s && !initiator) || s != NULL);

    *hs = (struct en_noise){
        .pattern = pattern, .initiator = initiator, .messages = p->messages};
    if (s != NULL) {
        hs->s = *s;
        en_x25519_public(s, hs->s_pk);
        hs->has_s = true;
    }
    if (rs != NULL) {
        memcpy(hs->rs, rs, sizeof(hs->rs));
        hs->has_rs = true;
    }
    if (psk != NULL) {
        hs->psk = *psk;
        hs->has_psk = true;
    }

    /* InitializeSymmetric: a name that fits is h itself, zero padded. */
    name_len = strlen(p->name);
    assert(name_len <= HASHLEN);
    memcpy(hs->h, p->name, name_len);
    memcpy(hs->ck, hs->h, HASHLEN);

    mix_hash(hs, prologue);
    if (p->pre_s) /* <- s */
        mix_hash(hs, initiator ? EN_SPAN_OF(hs->rs) : EN_SPAN_OF(hs->s_pk));
}

static const enum token *tokens_of(const struct en_noise *hs)
{
    assert(hs->message < hs->messages);
    return patterns[hs->pattern].tokens[hs->message];
}

/* Bytes of the next message with an empty payload; follows when a key appears,
 * so that lengths are known wrong before any public-key work. */
static size_t overhead(const struct en_noise *hs)
{
    const enum token *t = tokens_of(hs);
    bool key = hs->cs.has_key;
    size_t n = 0;

    for (size_t i = 0; i < TOKENS_MAX && t[i] != END; i++) {
        if (t[i] == S)
            n += DHLEN + (key ? (size_t)EN_TAG_LEN : 0);
        else if (t[i] == E)
            n += DHLEN;
        key = key || (t[i] == E ? hs->has_psk : t[i] != S);
    }
    return n + (key ? (size_t)EN_TAG_LEN : 0);
}

/* MixKey(DH(sk, pk)). Revision 34 lets an all-zero result pass; we do not. */
static en_err mix_dh(struct en_noise *hs, const struct en_key *sk, bool has_sk,
                     const uint8_t pk[32], bool has_pk)
{
    struct en_key z = {0};
    en_err err;

    assert(has_sk && has_pk);
    err = en_x25519(&z, sk, pk);
    if (err == EN_OK)
        mix_key(hs, EN_SPAN_OF(z.b));
    en_key_wipe(&z);
    return err;
}

static en_err mix_ee(struct en_noise *hs)
{
    return mix_dh(hs, &hs->e, hs->has_e, hs->re, hs->has_re);
}

/* The initiator's e with the responder's s. */
static en_err mix_es(struct en_noise *hs)
{
    return hs->initiator ? mix_dh(hs, &hs->e, hs->has_e, hs->rs, hs->has_rs)
                         : mix_dh(hs, &hs->s, hs->has_s, hs->re, hs->has_re);
}

/* The initiator's s with the responder's e. */
static en_err mix_se(struct en_noise *hs)
{
    return hs->initiator ? mix_dh(hs, &hs->s, hs->has_s, hs->re, hs->has_re)
                         : mix_dh(hs, &hs->e, hs->has_e, hs->rs, hs->has_rs);
}

static en_err mix_ss(struct en_noise *hs)
{
    return mix_dh(hs, &hs->s, hs->has_s, hs->rs, hs->has_rs);
}

/* In a psk handshake every e is also mixed into the key (9.2). */
static void mix_e(struct en_noise *hs, const uint8_t e_pk[32])
{
    mix_hash(hs, EN_SPAN(e_pk, DHLEN));
    if (hs->has_psk)
        mix_key(hs, EN_SPAN(e_pk, DHLEN));
}

en_err en_noise_write(struct en_noise *hs, struct en_rng *rng,
                      struct en_span payload, struct en_buf *out)
{
    const enum token *t = tokens_of(hs);
    size_t fixed = overhead(hs);
    uint8_t *w;
    uint8_t *end;
    en_err err;

    assert((hs->message % 2 == 0) == hs->initiator);
    if (payload.n > EN_NOISE_MESSAGE_MAX - fixed)
        return EN_RANGE;
    err = en_buf_reserve(out, fixed + payload.n);
    if (err != EN_OK)
        return err;
    w = out->p + out->n;
    end = w + fixed + payload.n;

    for (size_t i = 0; err == EN_OK && i < TOKENS_MAX && t[i] != END; i++) {
        switch (t[i]) {
        case E:
            assert(!hs->has_e);
            en_rng_bytes(rng, hs->e.b, sizeof(hs->e.b));
            en_x25519_public(&hs->e, hs->e_pk);
            hs->has_e = true;
            memcpy(w, hs->e_pk, DHLEN);
            w += DHLEN;
            mix_e(hs, hs->e_pk);
            break;
        case S:
            assert(hs->has_s);
            w += encrypt_and_hash(hs, EN_SPAN_OF(hs->s_pk), w);
            break;
        case EE: err = mix_ee(hs); break;
        case ES: err = mix_es(hs); break;
        case SE: err = mix_se(hs); break;
        case SS: err = mix_ss(hs); break;
        case PSK: mix_key_and_hash(hs, EN_SPAN_OF(hs->psk.b)); break;
        case END: break;
        }
    }
    if (err != EN_OK) {
        en_wipe(out->p + out->n, fixed + payload.n);
        en_noise_wipe(hs);
        return err;
    }
    w += encrypt_and_hash(hs, payload, w);
    assert(w == end);
    out->n += fixed + payload.n;
    hs->message++;
    return EN_OK;
}

en_err en_noise_read(struct en_noise *hs, struct en_span msg,
                     struct en_buf *payload)
{
    const enum token *t = tokens_of(hs);
    size_t fixed = overhead(hs);
    struct en_reader r = en_reader_of(msg);
    struct en_span part;
    size_t n;
    en_err err;

    assert((hs->message % 2 == 0) != hs->initiator);
    if (msg.n < fixed || msg.n > EN_NOISE_MESSAGE_MAX)
        return EN_RANGE;
    n = msg.n - fixed;
    err = en_buf_reserve(payload, n);
    if (err != EN_OK)
        return err;

    for (size_t i = 0; err == EN_OK && i < TOKENS_MAX && t[i] != END; i++) {
        switch (t[i]) {
        case E:
            assert(!hs->has_re);
            en_read_copy(&r, hs->re, DHLEN);
            hs->has_re = true;
            mix_e(hs, hs->re);
            break;
        case S:
            assert(!hs->has_rs);
            part = en_read_span(&r, DHLEN + tag_len(hs));
            err = decrypt_and_hash(hs, part, hs->rs);
            hs->has_rs = err == EN_OK;
            break;
        case EE: err = mix_ee(hs); break;
        case ES: err = mix_es(hs); break;
        case SE: err = mix_se(hs); break;
        case SS: err = mix_ss(hs); break;
        case PSK: mix_key_and_hash(hs, EN_SPAN_OF(hs->psk.b)); break;
        case END: break;
        }
    }
    if (err != EN_OK)
        goto out;
    part = en_read_span(&r, n + tag_len(hs));
    assert(en_read_done(&r)); /* overhead() counted what we just read */
    err = decrypt_and_hash(hs, part, payload->p + payload->n);
    if (err != EN_OK)
        goto out;
    payload->n += n;
    hs->message++;
out:
    if (err != EN_OK)
        en_noise_wipe(hs);
    return err;
}

bool en_noise_done(const struct en_noise *hs)
{
    return hs->messages > 0 && hs->message == hs->messages;
}

void en_noise_hash(const struct en_noise *hs, uint8_t h[EN_NOISE_HASH_LEN])
{
    assert(en_noise_done(hs));
    memcpy(h, hs->h, EN_NOISE_HASH_LEN);
}

void en_noise_split(const struct en_noise *hs, struct en_noise_transport *t)
{
    uint8_t o[2][HASHLEN];

    assert(en_noise_done(hs));
    hkdf(o, 2, hs->ck, (struct en_span){0});
    *t = (struct en_noise_transport){0};
    cipher_set(&t->send, o[hs->initiator ? 0 : 1]);
    cipher_set(&t->recv, o[hs->initiator ? 1 : 0]);
    en_wipe(o, sizeof(o));
}

void en_noise_wipe(struct en_noise *hs)
{
    en_wipe(hs, sizeof(*hs));
}

/* Transport */

/* Both sides count the same messages, so both change keys at the same place. */
static void cipher_rekey_when_due(struct en_noise_cipher *c)
{
    if (c->n % EN_NOISE_REKEY_MESSAGES == 0)
        cipher_rekey(c);
}

en_err en_noise_encrypt(struct en_noise_transport *t, struct en_span plain,
                        struct en_buf *out)
{
    struct en_noise_cipher *c = &t->send;
    en_err err;

    if (!c->has_key || c->n == UINT64_MAX)
        return EN_CLOSED;
    if (plain.n > EN_NOISE_PLAIN_MAX)
        return EN_RANGE;
    err = en_buf_reserve(out, plain.n + EN_TAG_LEN);
    if (err != EN_OK)
        return err;
    cipher_encrypt(c, (struct en_span){0}, plain, out->p + out->n);
    out->n += plain.n + EN_TAG_LEN;
    cipher_rekey_when_due(c);
    return EN_OK;
}

en_err en_noise_decrypt(struct en_noise_transport *t, struct en_span ct,
                        struct en_buf *out)
{
    struct en_noise_cipher *c = &t->recv;
    en_err err;

    if (!c->has_key || c->n == UINT64_MAX)
        return EN_CLOSED;
    if (ct.n < EN_TAG_LEN || ct.n > EN_NOISE_MESSAGE_MAX)
        return EN_RANGE;
    err = en_buf_reserve(out, ct.n - EN_TAG_LEN);
    if (err != EN_OK)
        return err;
    err = cipher_decrypt(c, (struct en_span){0}, ct, out->p + out->n);
    if (err != EN_OK) {
        /* One forgery ends the link: nobody gets a second guess at this key. */
        en_wipe(c, sizeof(*c));
        return err;
    }
    out->n += ct.n - EN_TAG_LEN;
    cipher_rekey_when_due(c);
    return EN_OK;
}

void en_noise_transport_wipe(struct en_noise_transport *t)
{
    en_wipe(t, sizeof(*t));
}
