#include "crypto/noise.h"

#include "base/limits.h"
#include "crypto/aead.h"
#include "crypto/wrap.h"
#include "unit/crypto/help.h"

#include <sodium.h>

static const struct en_key psk = {{0x99, 1}};
static const struct en_key i_sk = {{0x11, 2}};
static const struct en_key r_sk = {{0x22, 3}};
static const struct en_span nothing;

static uint8_t i_pk[32];
static uint8_t r_pk[32];
static struct en_rng_seeded rng;
static struct en_noise ini;
static struct en_noise res;
static struct en_buf m1;
static struct en_buf m2;
static struct en_buf got;
static struct en_noise_transport it;
static struct en_noise_transport rt;

static struct en_span prologue(void)
{
    return en_span_str("prologue");
}

static void begin_ik(void)
{
    en_noise_begin(&ini, EN_NOISE_IKPSK1, true, prologue(), &i_sk, r_pk, &psk);
    en_noise_begin(&res, EN_NOISE_IKPSK1, false, prologue(), &r_sk, NULL, &psk);
}

static void begin_nn(void)
{
    en_noise_begin(&ini, EN_NOISE_NNPSK0, true, prologue(), NULL, NULL, &psk);
    en_noise_begin(&res, EN_NOISE_NNPSK0, false, prologue(), NULL, NULL, &psk);
}

static en_err write_to(struct en_noise *hs, struct en_buf *out)
{
    en_buf_clear(out);
    return en_noise_write(hs, &rng.rng, nothing, out);
}

static void shake(void)
{
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_OK);
    assert_int_equal(write_to(&res, &m2), EN_OK);
    assert_int_equal(en_noise_read(&ini, en_buf_span(&m2), &got), EN_OK);
}

static void linked(void)
{
    begin_ik();
    shake();
    en_noise_split(&ini, &it);
    en_noise_split(&res, &rt);
    en_buf_clear(&m1);
    en_buf_clear(&m2);
}

static int set_up(void **state)
{
    (void)state;
    en_rng_seed(&rng, 7);
    en_x25519_public(&i_sk, i_pk);
    en_x25519_public(&r_sk, r_pk);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    en_noise_wipe(&ini);
    en_noise_wipe(&res);
    en_noise_transport_wipe(&it);
    en_noise_transport_wipe(&rt);
    en_buf_free(&m1);
    en_buf_free(&m2);
    en_buf_free(&got);
    return 0;
}

static void messages_have_the_lengths_the_protocol_says(void **state)
{
    (void)state;
    begin_ik();
    shake();
    assert_int_equal(m1.n, 96);
    assert_int_equal(m2.n, 48);
    begin_nn();
    shake();
    assert_int_equal(m1.n, 48);
    assert_int_equal(m2.n, 48);
}

static void both_sides_end_with_one_hash_and_keys_that_meet(void **state)
{
    uint8_t hi[EN_NOISE_HASH_LEN];
    uint8_t hr[EN_NOISE_HASH_LEN];

    (void)state;
    for (int ik = 0; ik < 2; ik++) {
        if (ik)
            begin_ik();
        else
            begin_nn();
        assert_false(en_noise_done(&ini));
        shake();
        assert_true(en_noise_done(&ini));
        assert_true(en_noise_done(&res));
        en_noise_hash(&ini, hi);
        en_noise_hash(&res, hr);
        assert_memory_equal(hi, hr, sizeof(hi));
        en_noise_split(&ini, &it);
        en_noise_split(&res, &rt);
        assert_memory_equal(it.send.k.b, rt.recv.k.b, 32);
        assert_memory_equal(it.recv.k.b, rt.send.k.b, 32);
        assert_memory_not_equal(it.send.k.b, it.recv.k.b, 32);
    }
}

static void the_responder_knows_the_caller_after_one_message(void **state)
{
    (void)state;
    begin_ik();
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_OK);
    assert_true(res.has_rs);
    assert_memory_equal(res.rs, i_pk, 32);
    assert_int_equal(got.n, 0);
}

static void every_flipped_bit_of_message_1_is_refused_and_wipes(void **state)
{
    (void)state;
    for (int ik = 0; ik < 2; ik++) {
        size_t bits = 8 * (ik ? EN_NOISE_IK1_LEN : EN_NOISE_NN_LEN);

        for (size_t bit = 0; bit < bits; bit++) {
            if (ik)
                begin_ik();
            else
                begin_nn();
            assert_int_equal(write_to(&ini, &m1), EN_OK);
            m1.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got),
                             EN_FORGED);
            assert_true(en_is_zero_ct(&res, sizeof(res)));
            assert_int_equal(got.n, 0);
        }
    }
}

static void every_flipped_bit_of_message_2_is_refused_and_wipes(void **state)
{
    (void)state;
    for (int ik = 0; ik < 2; ik++)
        for (size_t bit = 0; bit < 8 * EN_NOISE_IK2_LEN; bit++) {
            if (ik)
                begin_ik();
            else
                begin_nn();
            assert_int_equal(write_to(&ini, &m1), EN_OK);
            assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got),
                             EN_OK);
            assert_int_equal(write_to(&res, &m2), EN_OK);
            m2.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(en_noise_read(&ini, en_buf_span(&m2), &got),
                             EN_FORGED);
            assert_true(en_is_zero_ct(&ini, sizeof(ini)));
        }
}

static void a_short_message_is_refused_before_any_work(void **state)
{
    static struct en_noise before;

    (void)state;
    begin_ik();
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    memcpy(&before, &res, sizeof(before));
    for (size_t n = 0; n < EN_NOISE_IK1_LEN; n++) {
        assert_int_equal(en_noise_read(&res, EN_SPAN(m1.p, n), &got), EN_RANGE);
        assert_memory_equal(&before, &res, sizeof(before));
    }
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_OK);
    assert_int_equal(write_to(&res, &m2), EN_OK);
    for (size_t n = 0; n < EN_NOISE_IK2_LEN; n++)
        assert_int_equal(en_noise_read(&ini, EN_SPAN(m2.p, n), &got), EN_RANGE);
    assert_int_equal(en_noise_read(&ini, en_buf_span(&m2), &got), EN_OK);
}

static void a_longer_message_is_refused(void **state)
{
    static uint8_t huge[EN_NOISE_MESSAGE_MAX + 1];

    (void)state;
    begin_ik();
    assert_int_equal(en_noise_read(&res, EN_SPAN_OF(huge), &got), EN_RANGE);
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    assert_int_equal(en_buf_add_u8(&m1, 0), EN_OK);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_FORGED);
}

static void
a_payload_over_the_frame_is_refused_and_changes_nothing(void **state)
{
    static uint8_t huge[EN_NOISE_MESSAGE_MAX];
    static struct en_noise before;

    (void)state;
    begin_ik();
    memcpy(&before, &ini, sizeof(before));
    assert_int_equal(
        en_noise_write(
            &ini, &rng.rng,
            EN_SPAN(huge, EN_NOISE_MESSAGE_MAX - EN_NOISE_IK1_LEN + 1), &m1),
        EN_RANGE);
    assert_memory_equal(&before, &ini, sizeof(before));
    assert_int_equal(
        en_noise_write(&ini, &rng.rng,
                       EN_SPAN(huge, EN_NOISE_MESSAGE_MAX - EN_NOISE_IK1_LEN),
                       &m1),
        EN_OK);
    assert_int_equal(m1.n, EN_NOISE_MESSAGE_MAX);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_OK);
    assert_int_equal(got.n, EN_NOISE_MESSAGE_MAX - EN_NOISE_IK1_LEN);
}

static void a_full_buffer_is_refused_and_changes_nothing(void **state)
{
    static struct en_noise before;
    struct en_buf small = {.max = EN_NOISE_IK1_LEN - 1};

    (void)state;
    begin_ik();
    memcpy(&before, &ini, sizeof(before));
    assert_int_equal(en_noise_write(&ini, &rng.rng, nothing, &small), EN_RANGE);
    assert_memory_equal(&before, &ini, sizeof(before));
    assert_int_equal(small.n, 0);
    en_buf_free(&small);
}

static void messages_are_appended(void **state)
{
    (void)state;
    begin_ik();
    assert_int_equal(en_buf_add_str(&m1, "abc"), EN_OK);
    assert_int_equal(en_noise_write(&ini, &rng.rng, en_span_str("hello"), &m1),
                     EN_OK);
    assert_int_equal(m1.n, 3 + 96 + 5);
    assert_memory_equal(m1.p, "abc", 3);
    assert_int_equal(en_buf_add_str(&got, "xy"), EN_OK);
    assert_int_equal(en_noise_read(&res, EN_SPAN(m1.p + 3, m1.n - 3), &got),
                     EN_OK);
    assert_int_equal(got.n, 7);
    assert_memory_equal(got.p, "xyhello", 7);
}

static void refuses_message_1(void)
{
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_FORGED);
    assert_true(en_is_zero_ct(&res, sizeof(res)));
}

static void another_psk_prologue_or_static_key_is_refused(void **state)
{
    struct en_key other = psk;

    (void)state;
    other.b[31] ^= 1;
    begin_nn();
    en_noise_begin(&res, EN_NOISE_NNPSK0, false, prologue(), NULL, NULL,
                   &other);
    refuses_message_1();
    begin_ik();
    en_noise_begin(&res, EN_NOISE_IKPSK1, false, prologue(), &r_sk, NULL,
                   &other);
    refuses_message_1();
    begin_ik();
    en_noise_begin(&res, EN_NOISE_IKPSK1, false, en_span_str("another"), &r_sk,
                   NULL, &psk);
    refuses_message_1();
    begin_ik();
    en_noise_begin(&res, EN_NOISE_IKPSK1, false, prologue(), &i_sk, NULL, &psk);
    refuses_message_1();
}

/* Somebody who knows the circle's psk but not the responder's link key. */
static void an_impostor_without_the_static_key_cannot_answer(void **state)
{
    static const struct en_key impostor = {{0x66}};
    struct en_noise fake;
    uint8_t fake_pk[32];

    (void)state;
    begin_ik();
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_OK);
    fake = res;
    en_x25519_public(&impostor, fake_pk);
    fake.s = impostor;
    memcpy(fake.s_pk, fake_pk, 32);
    fake.ck[0] ^= 1; /* es and ss, which it cannot have computed */
    assert_int_equal(write_to(&fake, &m2), EN_OK);
    assert_int_equal(en_noise_read(&ini, en_buf_span(&m2), &got), EN_FORGED);
    en_noise_wipe(&fake);
}

static void a_low_order_ephemeral_ends_the_handshake(void **state)
{
    (void)state;
    begin_ik();
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    memset(m1.p, 0, 32);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_FORGED);
    assert_true(en_is_zero_ct(&res, sizeof(res)));

    /* In NN an all-zero DH would pass every tag the attacker computes: the one
     * place where the check alone stands in the way. */
    en_noise_begin(&ini, EN_NOISE_NN, true, prologue(), NULL, NULL, NULL);
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    en_noise_begin(&res, EN_NOISE_NN, false, prologue(), NULL, NULL, NULL);
    memset(m1.p, 0, 32);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_OK);
    en_buf_clear(&m2);
    assert_int_equal(en_noise_write(&res, &rng.rng, nothing, &m2), EN_FORGED);
    assert_true(en_is_zero_ct(&res, sizeof(res)));
    assert_int_equal(m2.n, 0);
    assert_true(en_is_zero_ct(m2.p, EN_NOISE_NN_LEN));
}

static void a_low_order_static_key_ends_the_handshake(void **state)
{
    static const uint8_t zero[32];

    (void)state;
    en_noise_begin(&ini, EN_NOISE_IKPSK1, true, prologue(), &i_sk, zero, &psk);
    assert_int_equal(write_to(&ini, &m1), EN_FORGED);
    assert_true(en_is_zero_ct(&ini, sizeof(ini)));
}

static void a_replayed_first_message_gets_another_answer(void **state)
{
    uint8_t first[EN_NOISE_IK2_LEN];

    (void)state;
    begin_ik();
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_OK);
    assert_int_equal(write_to(&res, &m2), EN_OK);
    memcpy(first, m2.p, sizeof(first));
    en_noise_begin(&res, EN_NOISE_IKPSK1, false, prologue(), &r_sk, NULL, &psk);
    assert_int_equal(en_noise_read(&res, en_buf_span(&m1), &got), EN_OK);
    assert_int_equal(write_to(&res, &m2), EN_OK);
    assert_memory_not_equal(first, m2.p, sizeof(first));
}

static void the_same_randomness_gives_the_same_bytes(void **state)
{
    uint8_t once[EN_NOISE_IK1_LEN];

    (void)state;
    begin_ik();
    en_rng_seed(&rng, 3);
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    memcpy(once, m1.p, sizeof(once));
    begin_ik();
    en_rng_seed(&rng, 3);
    assert_int_equal(write_to(&ini, &m1), EN_OK);
    assert_memory_equal(once, m1.p, sizeof(once));
}

static void die_read_at_ones_own_turn(void *arg)
{
    (void)arg;
    begin_ik();
    (void)(en_noise_read(&ini, nothing, &got) == EN_OK);
}

/* NN: nothing but the turn stands in the way of this message. */
static void die_write_at_the_others_turn(void *arg)
{
    (void)arg;
    begin_nn();
    (void)(write_to(&res, &m2) == EN_OK);
}

static void die_split_early(void *arg)
{
    (void)arg;
    begin_ik();
    en_noise_split(&ini, &it);
}

static void die_hash_early(void *arg)
{
    uint8_t h[EN_NOISE_HASH_LEN];

    (void)arg;
    begin_ik();
    en_noise_hash(&ini, h);
}

static void die_without_psk(void *arg)
{
    (void)arg;
    en_noise_begin(&ini, EN_NOISE_NNPSK0, true, prologue(), NULL, NULL, NULL);
}

static void die_without_remote_key(void *arg)
{
    (void)arg;
    en_noise_begin(&ini, EN_NOISE_IKPSK1, true, prologue(), &i_sk, NULL, &psk);
}

static void die_without_own_key(void *arg)
{
    (void)arg;
    en_noise_begin(&res, EN_NOISE_IKPSK1, false, prologue(), NULL, NULL, &psk);
}

static void die_after_the_end(void *arg)
{
    (void)arg;
    begin_ik();
    shake();
    (void)(write_to(&ini, &m1) == EN_OK);
}

static void die_after_a_forgery(void *arg)
{
    (void)arg;
    begin_ik();
    (void)(write_to(&ini, &m1) == EN_OK);
    m1.p[95] ^= 1;
    if (en_noise_read(&res, en_buf_span(&m1), &got) == EN_FORGED)
        (void)(en_noise_read(&res, en_buf_span(&m1), &got) == EN_OK);
}

static void a_step_out_of_order_is_our_bug(void **state)
{
    (void)state;
    assert_true(dies(die_read_at_ones_own_turn, NULL));
    assert_true(dies(die_write_at_the_others_turn, NULL));
    assert_true(dies(die_split_early, NULL));
    assert_true(dies(die_hash_early, NULL));
    assert_true(dies(die_without_psk, NULL));
    assert_true(dies(die_without_remote_key, NULL));
    assert_true(dies(die_without_own_key, NULL));
    assert_true(dies(die_after_the_end, NULL));
    assert_true(dies(die_after_a_forgery, NULL));
}

static void transport_carries_both_ways_in_order(void **state)
{
    (void)state;
    linked();
    for (int i = 0; i < 100; i++) {
        struct en_buf a = {0};
        struct en_buf b = {0};

        assert_int_equal(en_noise_encrypt(&it, en_span_str("there"), &a),
                         EN_OK);
        assert_int_equal(a.n, 5 + 16);
        assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&a), &b), EN_OK);
        assert_int_equal(b.n, 5);
        assert_memory_equal(b.p, "there", 5);
        en_buf_clear(&a);
        assert_int_equal(en_noise_encrypt(&rt, en_span_str("and back"), &a),
                         EN_OK);
        assert_int_equal(en_noise_decrypt(&it, en_buf_span(&a), &b), EN_OK);
        assert_int_equal(b.n, 5 + 8);
        assert_memory_equal(b.p, "thereand back", 13);
        en_buf_free(&a);
        en_buf_free(&b);
    }
}

static void every_flipped_bit_in_transport_is_refused(void **state)
{
    (void)state;
    linked();
    assert_int_equal(en_noise_encrypt(&it, en_span_str("twelve bytes"), &m1),
                     EN_OK);
    for (size_t bit = 0; bit < m1.n * 8; bit++) {
        struct en_noise_transport t = rt;

        m1.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(en_noise_decrypt(&t, en_buf_span(&m1), &got),
                         EN_FORGED);
        assert_int_equal(got.n, 0);
        m1.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_OK);
}

static void after_one_forgery_nothing_more_is_read(void **state)
{
    (void)state;
    linked();
    assert_int_equal(en_noise_encrypt(&it, en_span_str("x"), &m1), EN_OK);
    m1.p[0] ^= 1;
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_FORGED);
    assert_true(en_is_zero_ct(&rt.recv, sizeof(rt.recv)));
    m1.p[0] ^= 1;
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_CLOSED);
    assert_int_equal(en_noise_encrypt(&rt, en_span_str("still"), &m2), EN_OK);
}

static void
a_replayed_dropped_reordered_or_reflected_message_is_refused(void **state)
{
    struct en_noise_transport t;

    (void)state;
    linked();
    assert_int_equal(en_noise_encrypt(&it, en_span_str("one"), &m1), EN_OK);
    assert_int_equal(en_noise_encrypt(&it, en_span_str("two"), &m2), EN_OK);
    t = rt; /* dropped, which is also reordered */
    assert_int_equal(en_noise_decrypt(&t, en_buf_span(&m2), &got), EN_FORGED);
    t = rt; /* replayed */
    assert_int_equal(en_noise_decrypt(&t, en_buf_span(&m1), &got), EN_OK);
    assert_int_equal(en_noise_decrypt(&t, en_buf_span(&m1), &got), EN_FORGED);
    t = it; /* reflected */
    assert_int_equal(en_noise_decrypt(&t, en_buf_span(&m1), &got), EN_FORGED);
}

static void transport_refuses_sizes_out_of_bounds_and_stays(void **state)
{
    static uint8_t big[EN_NOISE_MESSAGE_MAX + 1];
    struct en_buf small = {.max = 4};

    (void)state;
    linked();
    assert_int_equal(
        en_noise_encrypt(&it, EN_SPAN(big, EN_NOISE_PLAIN_MAX + 1), &m1),
        EN_RANGE);
    assert_int_equal(en_noise_encrypt(&it, en_span_str("x"), &small), EN_RANGE);
    assert_int_equal(it.send.n, 0);
    en_buf_clear(&m1);
    assert_int_equal(
        en_noise_encrypt(&it, EN_SPAN(big, EN_NOISE_PLAIN_MAX), &m1), EN_OK);
    assert_int_equal(m1.n, EN_NOISE_MESSAGE_MAX);

    for (size_t n = 0; n < EN_TAG_LEN; n++)
        assert_int_equal(en_noise_decrypt(&rt, EN_SPAN(m1.p, n), &got),
                         EN_RANGE);
    assert_int_equal(en_noise_decrypt(&rt, EN_SPAN_OF(big), &got), EN_RANGE);
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &small), EN_RANGE);
    assert_int_equal(rt.recv.n, 0);
    en_buf_clear(&got);
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_OK);
    assert_int_equal(got.n, EN_NOISE_PLAIN_MAX);
    en_buf_free(&small);
}

static void the_last_nonce_is_never_used(void **state)
{
    (void)state;
    linked();
    it.send.n = UINT64_MAX - 1;
    rt.recv.n = UINT64_MAX - 1;
    assert_int_equal(en_noise_encrypt(&it, en_span_str("last"), &m1), EN_OK);
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_OK);
    assert_int_equal(en_noise_encrypt(&it, en_span_str("over"), &m2),
                     EN_CLOSED);
    assert_int_equal(m2.n, 0);
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_CLOSED);
    assert_true(it.send.n == UINT64_MAX);
}

/* Rekey() of revision 34, written out with libsodium alone. */
static void rekeyed(uint8_t out[32], const uint8_t k[32])
{
    static const uint8_t zeros[32];
    uint8_t nonce[12] = {0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};
    uint8_t ct[48];
    unsigned long long n;

    assert_int_equal(crypto_aead_chacha20poly1305_ietf_encrypt(
                         ct, &n, zeros, 32, NULL, 0, NULL, nonce, k),
                     0);
    memcpy(out, ct, 32);
}

static void the_key_changes_after_exactly_2_to_the_20_messages(void **state)
{
    uint8_t before[32];
    uint8_t after[32];

    (void)state;
    linked();
    it.send.n = (1u << 20) - 2;
    rt.recv.n = (1u << 20) - 2;
    memcpy(before, it.send.k.b, 32);
    rekeyed(after, before);

    assert_int_equal(en_noise_encrypt(&it, en_span_str("a"), &m1), EN_OK);
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_OK);
    assert_memory_equal(it.send.k.b, before, 32);
    assert_memory_equal(rt.recv.k.b, before, 32);

    en_buf_clear(&m1);
    assert_int_equal(en_noise_encrypt(&it, en_span_str("b"), &m1), EN_OK);
    assert_memory_equal(it.send.k.b, after, 32);
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_OK);
    assert_memory_equal(rt.recv.k.b, after, 32);
    assert_true(it.send.n == 1u << 20); /* Rekey() leaves n */

    en_buf_clear(&m1);
    assert_int_equal(en_noise_encrypt(&it, en_span_str("c"), &m1), EN_OK);
    assert_int_equal(en_noise_decrypt(&rt, en_buf_span(&m1), &got), EN_OK);
    assert_memory_equal(got.p, "abc", 3);

    /* ... and each way by its own count. */
    assert_true(it.recv.n == 0);
    it.send.n = rt.recv.n = (3u << 20) - 1;
    memcpy(before, it.send.k.b, 32);
    rekeyed(after, before);
    en_buf_clear(&m1);
    assert_int_equal(en_noise_encrypt(&it, en_span_str("d"), &m1), EN_OK);
    assert_memory_equal(it.send.k.b, after, 32);
}

static void wiping_leaves_nothing(void **state)
{
    (void)state;
    linked();
    en_noise_wipe(&ini);
    en_noise_transport_wipe(&it);
    assert_true(en_is_zero_ct(&ini, sizeof(ini)));
    assert_true(en_is_zero_ct(&it, sizeof(it)));
    assert_false(en_noise_done(&ini));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(messages_have_the_lengths_the_protocol_says),
        T(both_sides_end_with_one_hash_and_keys_that_meet),
        T(the_responder_knows_the_caller_after_one_message),
        T(every_flipped_bit_of_message_1_is_refused_and_wipes),
        T(every_flipped_bit_of_message_2_is_refused_and_wipes),
        T(a_short_message_is_refused_before_any_work),
        T(a_longer_message_is_refused),
        T(a_payload_over_the_frame_is_refused_and_changes_nothing),
        T(a_full_buffer_is_refused_and_changes_nothing),
        T(messages_are_appended),
        T(another_psk_prologue_or_static_key_is_refused),
        T(an_impostor_without_the_static_key_cannot_answer),
        T(a_low_order_ephemeral_ends_the_handshake),
        T(a_low_order_static_key_ends_the_handshake),
        T(a_replayed_first_message_gets_another_answer),
        T(the_same_randomness_gives_the_same_bytes),
        T(a_step_out_of_order_is_our_bug),
        T(transport_carries_both_ways_in_order),
        T(every_flipped_bit_in_transport_is_refused),
        T(after_one_forgery_nothing_more_is_read),
        T(a_replayed_dropped_reordered_or_reflected_message_is_refused),
        T(transport_refuses_sizes_out_of_bounds_and_stays),
        T(the_last_nonce_is_never_used),
        T(the_key_changes_after_exactly_2_to_the_20_messages),
        T(wiping_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
