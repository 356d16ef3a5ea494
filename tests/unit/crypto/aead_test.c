#include "crypto/aead.h"

#include "unit/crypto/help.h"

#include <stdlib.h>

static const struct en_key key = {{3, 1, 4, 1, 5, 9}};
static const uint8_t nonce[EN_NONCE_LEN] = {2, 7, 1, 8, [23] = 9};
static const struct en_span no_ad;

/* A library that leaves the unproved text behind when it refuses a tag. */
static int spill(int rc, unsigned char *m, unsigned long long n)
{
    if (rc != 0)
        memset(m, 0xbb, n);
    return rc;
}

int __real_crypto_aead_xchacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec,
    const unsigned char *c, unsigned long long clen, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub,
    const unsigned char *k);
int __wrap_crypto_aead_xchacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec,
    const unsigned char *c, unsigned long long clen, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub,
    const unsigned char *k);

int __wrap_crypto_aead_xchacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec,
    const unsigned char *c, unsigned long long clen, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub, const unsigned char *k)
{
    return spill(__real_crypto_aead_xchacha20poly1305_ietf_decrypt(
                     m, mlen, nsec, c, clen, ad, adlen, npub, k),
                 m, clen - EN_TAG_LEN);
}

int __real_crypto_aead_chacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec,
    const unsigned char *c, unsigned long long clen, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub,
    const unsigned char *k);
int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec,
    const unsigned char *c, unsigned long long clen, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub,
    const unsigned char *k);

int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt(
    unsigned char *m, unsigned long long *mlen, unsigned char *nsec,
    const unsigned char *c, unsigned long long clen, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub, const unsigned char *k)
{
    return spill(__real_crypto_aead_chacha20poly1305_ietf_decrypt(
                     m, mlen, nsec, c, clen, ad, adlen, npub, k),
                 m, clen - EN_TAG_LEN);
}

int __real_crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
    unsigned char *m, unsigned char *nsec, const unsigned char *c,
    unsigned long long clen, const unsigned char *mac, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub,
    const unsigned char *k);
int __wrap_crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
    unsigned char *m, unsigned char *nsec, const unsigned char *c,
    unsigned long long clen, const unsigned char *mac, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub,
    const unsigned char *k);

int __wrap_crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
    unsigned char *m, unsigned char *nsec, const unsigned char *c,
    unsigned long long clen, const unsigned char *mac, const unsigned char *ad,
    unsigned long long adlen, const unsigned char *npub, const unsigned char *k)
{
    return spill(__real_crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
                     m, nsec, c, clen, mac, ad, adlen, npub, k),
                 m, clen);
}

static void fill(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 31 + 1);
}

static void what_was_sealed_opens_at_every_length(void **state)
{
    uint8_t plain[200];
    uint8_t ct[sizeof(plain) + EN_TAG_LEN];
    uint8_t back[sizeof(plain)];
    struct en_span ad = en_span_str("ad");

    (void)state;
    fill(plain, sizeof(plain));
    for (size_t n = 0; n <= sizeof(plain); n++) {
        memset(back, 0, sizeof(back));
        en_aead_seal(&key, nonce, ad, EN_SPAN(plain, n), ct);
        assert_int_equal(
            en_aead_open(&key, nonce, ad, EN_SPAN(ct, n + EN_TAG_LEN), back),
            EN_OK);
        assert_memory_equal(plain, back, n);

        memset(back, 0, sizeof(back));
        en_aead12_seal(&key, nonce, ad, EN_SPAN(plain, n), ct);
        assert_int_equal(
            en_aead12_open(&key, nonce, ad, EN_SPAN(ct, n + EN_TAG_LEN), back),
            EN_OK);
        assert_memory_equal(plain, back, n);
    }
}

static void empty_spans_may_be_null(void **state)
{
    uint8_t ct[EN_TAG_LEN];
    uint8_t out[1] = {7}; /* no text, so no byte of out */

    (void)state;
    en_aead_seal(&key, nonce, no_ad, no_ad, ct);
    assert_int_equal(en_aead_open(&key, nonce, no_ad, EN_SPAN_OF(ct), NULL),
                     EN_OK);
    ct[0] ^= 1;
    assert_int_equal(en_aead_open(&key, nonce, no_ad, EN_SPAN_OF(ct), out),
                     EN_FORGED);
    assert_int_equal(out[0], 7);
    en_aead12_seal(&key, nonce, no_ad, no_ad, ct);
    assert_int_equal(en_aead12_open(&key, nonce, no_ad, EN_SPAN_OF(ct), NULL),
                     EN_OK);
}

static void sealing_and_opening_work_in_place(void **state)
{
    uint8_t plain[4096];
    uint8_t apart[sizeof(plain) + EN_TAG_LEN];
    uint8_t same[sizeof(plain) + EN_TAG_LEN];
    uint8_t tag[EN_TAG_LEN];

    (void)state;
    fill(plain, sizeof(plain));
    fill(same, sizeof(plain));
    en_aead_seal(&key, nonce, no_ad, EN_SPAN_OF(plain), apart);
    en_aead_seal(&key, nonce, no_ad, EN_SPAN(same, sizeof(plain)), same);
    assert_memory_equal(apart, same, sizeof(apart));
    assert_int_equal(en_aead_open(&key, nonce, no_ad, EN_SPAN_OF(same), same),
                     EN_OK);
    assert_memory_equal(same, plain, sizeof(plain));

    en_aead_seal_detached(&key, nonce, no_ad, EN_SPAN(same, sizeof(plain)),
                          same, tag);
    assert_memory_equal(same, apart, sizeof(plain));
    assert_memory_equal(tag, apart + sizeof(plain), EN_TAG_LEN);
    assert_int_equal(en_aead_open_detached(&key, nonce, no_ad,
                                           EN_SPAN(same, sizeof(plain)), tag,
                                           same),
                     EN_OK);
    assert_memory_equal(same, plain, sizeof(plain));
}

/* One of the three forms, opened over bytes that each test may have bent. */
struct sealed {
    struct en_key key;
    uint8_t nonce[EN_NONCE_LEN];
    uint8_t ad[5];
    uint8_t ct[40 + EN_TAG_LEN];
    uint8_t out[40];
};

typedef en_err (*open_fn)(struct sealed *s);

static en_err open24(struct sealed *s)
{
    return en_aead_open(&s->key, s->nonce, EN_SPAN_OF(s->ad), EN_SPAN_OF(s->ct),
                        s->out);
}

static en_err open_apart(struct sealed *s)
{
    return en_aead_open_detached(&s->key, s->nonce, EN_SPAN_OF(s->ad),
                                 EN_SPAN(s->ct, 40), s->ct + 40, s->out);
}

static en_err open12(struct sealed *s)
{
    return en_aead12_open(&s->key, s->nonce, EN_SPAN_OF(s->ad),
                          EN_SPAN_OF(s->ct), s->out);
}

static void refuses_flips(struct sealed *s, open_fn open, uint8_t *p, size_t n)
{
    for (size_t bit = 0; bit < n * 8; bit++) {
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(s->out, 0xaa, sizeof(s->out));
        assert_int_equal(open(s), EN_FORGED);
        assert_true(en_is_zero_ct(s->out, sizeof(s->out)));
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(open(s), EN_OK);
}

static void every_flipped_bit_is_refused_and_nothing_comes_out(void **state)
{
    struct sealed s = {.key = key, .ad = "head"};
    uint8_t plain[40];

    (void)state;
    memcpy(s.nonce, nonce, sizeof(nonce));
    fill(plain, sizeof(plain));

    en_aead_seal(&key, nonce, EN_SPAN_OF(s.ad), EN_SPAN_OF(plain), s.ct);
    refuses_flips(&s, open24, s.key.b, sizeof(s.key.b));
    refuses_flips(&s, open24, s.nonce, EN_NONCE_LEN);
    refuses_flips(&s, open24, s.ad, sizeof(s.ad));
    refuses_flips(&s, open24, s.ct, sizeof(s.ct));
    refuses_flips(&s, open_apart, s.nonce, EN_NONCE_LEN);
    refuses_flips(&s, open_apart, s.ad, sizeof(s.ad));
    refuses_flips(&s, open_apart, s.ct, sizeof(s.ct));

    en_aead12_seal(&key, nonce, EN_SPAN_OF(s.ad), EN_SPAN_OF(plain), s.ct);
    refuses_flips(&s, open12, s.key.b, sizeof(s.key.b));
    refuses_flips(&s, open12, s.nonce, 12);
    refuses_flips(&s, open12, s.ad, sizeof(s.ad));
    refuses_flips(&s, open12, s.ct, sizeof(s.ct));
}

static void every_truncation_is_refused(void **state)
{
    uint8_t ct[40 + EN_TAG_LEN];
    uint8_t out[40];
    uint8_t plain[40];

    (void)state;
    fill(plain, sizeof(plain));
    en_aead_seal(&key, nonce, no_ad, EN_SPAN_OF(plain), ct);
    for (size_t n = 0; n < sizeof(ct); n++) {
        uint8_t *cut = malloc(n + 1); /* so that a sanitizer sees the end */

        assert_non_null(cut);
        memcpy(cut, ct, n);
        assert_int_equal(en_aead_open(&key, nonce, no_ad, EN_SPAN(cut, n), out),
                         EN_FORGED);
        assert_int_equal(
            en_aead12_open(&key, nonce, no_ad, EN_SPAN(cut, n), out),
            EN_FORGED);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens_at_every_length),
        cmocka_unit_test(empty_spans_may_be_null),
        cmocka_unit_test(sealing_and_opening_work_in_place),
        cmocka_unit_test(every_flipped_bit_is_refused_and_nothing_comes_out),
        cmocka_unit_test(every_truncation_is_refused),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
