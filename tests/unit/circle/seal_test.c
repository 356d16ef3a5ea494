/*
 * Sealing: what is sealed opens, nothing else does, and one nonce never stands for
 * two texts.
 */
#include "lib/test.h"

#include "circle/seal.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/labels.h"

#include <stdlib.h>

static const struct en_id cid = {{0xc1, 2, 3}};
static struct en_epoch_keys keys;

static struct en_header header(uint64_t seq)
{
    return (struct en_header){.kind = EN_JOURNAL, .type = 1, .seq = seq};
}

static void sealed(uint64_t seq, struct en_span text, uint8_t raw[128],
                   struct en_buf *ct)
{
    struct en_header h = header(seq);
    struct en_header back;

    en_buf_clear(ct);
    assert_ok(en_seal(&keys, &cid, &h, text, ct));
    en_header_encode(&h, raw);
    assert_ok(en_header_decode(raw, &back));
}

static void what_is_sealed_opens(void **state)
{
    static const size_t sizes[] = {1,    2,     251,   252,   253,  255,
                                   1000, 30000, 65536, 66559, 66560};
    uint8_t *text = malloc(EN_CONTENT_MAX);
    struct en_buf ct = {0};
    struct en_buf out = {0};
    uint8_t raw[128];

    (void)state;
    assert_non_null(text);
    memset(text, 'x', EN_CONTENT_MAX);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        sealed(i, EN_SPAN(text, sizes[i]), raw, &ct);
        assert_true(ct.n >= EN_CT_MIN && ct.n <= EN_CT_MAX);
        en_buf_clear(&out);
        assert_ok(en_buf_add_str(&out, "before"));
        assert_ok(en_seal_open(&keys, raw, en_buf_span(&ct), &out));
        assert_int_equal(out.n, 6 + sizes[i]);
        assert_memory_equal(out.p + 6, text, sizes[i]);
    }
    en_buf_free(&ct);
    en_buf_free(&out);
    free(text);
}

static void contents_out_of_bounds_are_not_sealed(void **state)
{
    uint8_t *text = calloc(1, EN_CONTENT_MAX + 1);
    struct en_header h = header(0);
    struct en_buf ct = {0};

    (void)state;
    assert_non_null(text);
    assert_err(en_seal(&keys, &cid, &h, EN_SPAN(text, 0), &ct), EN_RANGE);
    assert_err(en_seal(&keys, &cid, &h, EN_SPAN(text, EN_CONTENT_MAX + 1), &ct),
               EN_RANGE);
    assert_int_equal(ct.n, 0);
    free(text);
}

static void opens(const uint8_t *raw, const struct en_buf *ct, bool expect)
{
    struct en_buf out = {0};

    assert_err(en_seal_open(&keys, raw, en_buf_span(ct), &out),
               expect ? EN_OK : EN_FORGED);
    assert_int_equal(out.n > 0, expect);
    en_buf_free(&out);
}

static void a_flipped_bit_of_header_or_ciphertext_opens_nothing(void **state)
{
    struct en_buf ct = {0};
    uint8_t raw[128];

    (void)state;
    sealed(3, BYTES("bonjour"), raw, &ct);
    opens(raw, &ct, true);
    for (size_t bit = 0; bit < 8 * EN_HEADER_HASH_AT; bit++) {
        raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
        opens(raw, &ct, false);
        raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * ct.n; bit++) {
        ct.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        opens(raw, &ct, false);
        ct.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    opens(raw, &ct, true);
    en_buf_free(&ct);
}

static void truncated_or_of_another_place_opens_nothing(void **state)
{
    struct en_buf ct = {0};
    struct en_buf other = {0};
    uint8_t raw[128];
    uint8_t raw2[128];

    (void)state;
    sealed(3, BYTES("bonjour"), raw, &ct);
    sealed(4, BYTES("bonjour"), raw2, &other);
    opens(raw2, &ct, false);
    opens(raw, &other, false);
    for (size_t n = ct.n; n > 0; n--) {
        struct en_buf cut = {.p = ct.p, .n = n - 1};

        opens(raw, &cut, false);
    }
    en_buf_free(&ct);
    en_buf_free(&other);
}

static void another_epoch_s_keys_open_nothing(void **state)
{
    struct en_epoch_keys was = keys;
    struct en_buf ct = {0};
    uint8_t raw[128];

    (void)state;
    sealed(0, BYTES("bonjour"), raw, &ct);
    keys.content.b[0] ^= 1;
    opens(raw, &ct, false);
    keys = was;
    keys.siv.b[0] ^= 1; /* decrypts, and the nonce is not what it should be */
    opens(raw, &ct, false);
    keys = was;
    keys.id.b[0] ^= 1;
    opens(raw, &ct, false);
    keys = was;
    opens(raw, &ct, true);
    en_buf_free(&ct);
}

static void one_place_and_text_is_one_ciphertext(void **state)
{
    struct en_buf a = {0};
    struct en_buf b = {0};
    uint8_t ra[128];
    uint8_t rb[128];

    (void)state;
    sealed(7, BYTES("le même"), ra, &a);
    sealed(7, BYTES("le même"), rb, &b);
    assert_memory_equal(ra, rb, 128);
    assert_true(en_span_eq(en_buf_span(&a), en_buf_span(&b)));
    /* A clone that goes on otherwise: another nonce. */
    sealed(7, BYTES("le mémo"), rb, &b);
    assert_memory_not_equal(ra + EN_HEADER_NONCE_AT, rb + EN_HEADER_NONCE_AT,
                            24);
    sealed(8, BYTES("le même"), rb, &b);
    assert_memory_not_equal(ra + EN_HEADER_NONCE_AT, rb + EN_HEADER_NONCE_AT,
                            24);
    en_buf_free(&a);
    en_buf_free(&b);
}

/* Whoever has the keys can seal anything: it is opened by the rules all the same.
 * plain is sealed as it is, under the nonce that it must have. */
static en_err open_plain(struct en_span plain)
{
    struct en_header h = header(1);
    struct en_buf ct = {0};
    struct en_buf out = {0};
    struct en_key kn;
    struct en_key k;
    uint8_t raw[128];
    en_err err;

    h.epoch = keys.id;
    h.ct_len = (uint32_t)(plain.n + 16);
    en_header_encode(&h, raw);
    EN_KDF(&kn, &keys.siv, EN_L_REC_NK, &keys.cid16, EN_SPAN(raw, 72));
    EN_KDF24(h.nonce, &kn, EN_L_REC_SIV, &keys.cid16, EN_SPAN(raw, 72), plain);
    en_header_encode(&h, raw);
    EN_KDF(&k, &keys.content, EN_L_REC_KEY, &keys.cid16, EN_SPAN(raw, 96));
    assert_ok(en_buf_add_zeros(&ct, plain.n + 16));
    en_aead_seal(&k, h.nonce, EN_SPAN(raw, 96), plain, ct.p);
    err = en_seal_open(&keys, raw, en_buf_span(&ct), &out);
    assert_int_equal(out.n > 0, err == EN_OK);
    en_buf_free(&ct);
    en_buf_free(&out);
    return err;
}

static void padding_that_is_not_zero_or_not_padme_is_refused(void **state)
{
    uint8_t plain[300] = {0};

    (void)state;
    en_put_u32(plain, 10);
    assert_ok(open_plain(EN_SPAN(plain, 256)));
    plain[255] = 1;
    assert_err(open_plain(EN_SPAN(plain, 256)), EN_FORGED);
    plain[255] = 0;
    assert_err(open_plain(EN_SPAN(plain, 264)), EN_FORGED); /* too long */
    en_put_u32(plain, 253);
    assert_err(open_plain(EN_SPAN(plain, 256)),
               EN_FORGED); /* len does not fit */
    en_put_u32(plain, 0xffffffff);
    assert_err(open_plain(EN_SPAN(plain, 256)), EN_FORGED);
    en_put_u32(plain, 0);
    assert_err(open_plain(EN_SPAN(plain, 256)), EN_FORGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens),
        cmocka_unit_test(contents_out_of_bounds_are_not_sealed),
        cmocka_unit_test(a_flipped_bit_of_header_or_ciphertext_opens_nothing),
        cmocka_unit_test(truncated_or_of_another_place_opens_nothing),
        cmocka_unit_test(another_epoch_s_keys_open_nothing),
        cmocka_unit_test(one_place_and_text_is_one_ciphertext),
        cmocka_unit_test(padding_that_is_not_zero_or_not_padme_is_refused),
    };
    struct en_key seed = {{5}};
    struct en_id ctx = {{6}};

    assert_int_equal(en_secret_init(), EN_OK);
    en_epoch_keys_of(&seed, &cid, &ctx, &keys);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
