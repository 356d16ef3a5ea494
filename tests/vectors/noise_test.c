/*
 * Noise rev 34: whole conversations of three independent implementations, both
 * sides, every handshake message, payload, transport message and handshake hash.
 */
#include "crypto/noise.h"

#include "lib/vec.h"
#include "unit/crypto/help.h"

static const struct {
    const char *name;
    enum en_noise_pattern pattern;
} patterns[] = {
    {"Noise_IKpsk1_25519_ChaChaPoly_BLAKE2b", EN_NOISE_IKPSK1},
    {"Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b", EN_NOISE_NNPSK0},
    {"Noise_NN_25519_ChaChaPoly_BLAKE2b", EN_NOISE_NN},
    {"Noise_IK_25519_ChaChaPoly_BLAKE2b", EN_NOISE_IK},
    {"Noise_XX_25519_ChaChaPoly_BLAKE2b", EN_NOISE_XX},
};
#define PATTERNS (sizeof(patterns) / sizeof(*patterns))

struct side {
    struct en_noise hs;
    struct en_noise_transport t;
    struct told rng;
    uint8_t e[32];
};

struct seen {
    unsigned of[PATTERNS];
    unsigned messages;
    unsigned hashes;
};

static void begin(struct side *side, struct en_json v, bool initiator,
                  enum en_noise_pattern pattern)
{
    const char *sk = initiator ? "init_static" : "resp_static";
    const char *psks = initiator ? "init_psks" : "resp_psks";
    struct en_buf prologue = {0};
    struct en_buf one = {0};
    struct en_key s;
    struct en_key psk;
    uint8_t rs[32];
    bool has_rs = initiator && vec_has(v, "init_remote_static");
    bool has_psk = vec_has(v, psks) && en_json_count(vec_get(v, psks)) > 0;

    vec_hex(v, initiator ? "init_prologue" : "resp_prologue", &prologue);
    vec_hex_n(v, initiator ? "init_ephemeral" : "resp_ephemeral", side->e, 32);
    if (vec_has(v, sk))
        vec_hex_n(v, sk, s.b, 32);
    if (has_rs)
        vec_hex_n(v, "init_remote_static", rs, 32);
    if (has_psk) {
        assert_int_equal(en_json_count(vec_get(v, psks)), 1);
        vec_hex_of(en_json_at(vec_get(v, psks), 0), &one);
        assert_int_equal(one.n, 32);
        memcpy(psk.b, one.p, 32);
    }
    en_noise_begin(&side->hs, pattern, initiator, en_buf_span(&prologue),
                   vec_has(v, sk) ? &s : NULL, has_rs ? rs : NULL,
                   has_psk ? &psk : NULL);
    side->rng = (struct told){{told_fill}, side->e, 32, 0};
    en_buf_free(&prologue);
    en_buf_free(&one);
}

/* One message from a to b, over the handshake or, after it, the transport. */
static void one_message(struct side *a, struct side *b, struct en_json m)
{
    struct en_buf payload = {0};
    struct en_buf expected = {0};
    struct en_buf sent = {0};
    struct en_buf got = {0};

    vec_hex(m, "payload", &payload);
    vec_hex(m, "ciphertext", &expected);
    if (en_noise_done(&a->hs)) {
        assert_int_equal(en_noise_encrypt(&a->t, en_buf_span(&payload), &sent),
                         EN_OK);
        assert_int_equal(en_noise_decrypt(&b->t, en_buf_span(&sent), &got),
                         EN_OK);
    } else {
        assert_int_equal(
            en_noise_write(&a->hs, &a->rng.rng, en_buf_span(&payload), &sent),
            EN_OK);
        assert_int_equal(en_noise_read(&b->hs, en_buf_span(&sent), &got),
                         EN_OK);
    }
    assert_int_equal(sent.n, expected.n);
    assert_memory_equal(sent.p, expected.p, sent.n);
    assert_int_equal(got.n, payload.n);
    if (got.n > 0)
        assert_memory_equal(got.p, payload.p, got.n);
    en_buf_free(&payload);
    en_buf_free(&expected);
    en_buf_free(&sent);
    en_buf_free(&got);
}

static void one_conversation(struct en_json v, enum en_noise_pattern pattern,
                             struct seen *seen)
{
    struct side ini = {0};
    struct side res = {0};
    struct en_json m;
    uint8_t h[EN_NOISE_HASH_LEN];
    uint8_t expected[EN_NOISE_HASH_LEN];
    bool split = false;
    unsigned i = 0;

    begin(&ini, v, true, pattern);
    begin(&res, v, false, pattern);
    for (struct en_json_iter it = en_json_each(vec_get(v, "messages"));
         en_json_next(&it, NULL, &m); i++) {
        one_message(i % 2 == 0 ? &ini : &res, i % 2 == 0 ? &res : &ini, m);
        if (split || !en_noise_done(&ini.hs))
            continue;
        assert_true(en_noise_done(&res.hs));
        en_noise_split(&ini.hs, &ini.t);
        en_noise_split(&res.hs, &res.t);
        split = true;
        if (!vec_has(v, "handshake_hash"))
            continue;
        vec_hex_n(v, "handshake_hash", expected, sizeof(expected));
        en_noise_hash(&ini.hs, h);
        assert_memory_equal(h, expected, sizeof(h));
        en_noise_hash(&res.hs, h);
        assert_memory_equal(h, expected, sizeof(h));
        seen->hashes++;
    }
    assert_true(split);
    assert_true(ini.t.send.n + res.t.send.n >= 2); /* transport was reached */
    seen->messages += i;
}

static struct seen whole_file(const char *path, const char *name_field)
{
    struct seen seen = {0};
    struct en_buf name = {0};
    struct en_json v;
    struct vec file;

    vec_load(&file, path);
    for (struct en_json_iter it = en_json_each(vec_get(file.root, "vectors"));
         en_json_next(&it, NULL, &v);) {
        vec_str(v, name_field, &name);
        for (size_t i = 0; i < PATTERNS; i++)
            if (strcmp((const char *)name.p, patterns[i].name) == 0) {
                one_conversation(v, patterns[i].pattern, &seen);
                seen.of[i]++;
            }
    }
    en_buf_free(&name);
    vec_free(&file);
    return seen;
}

static void cacophony_agrees_on_five_patterns(void **state)
{
    struct seen s = whole_file("vectors/noise/cacophony_25519_ChaChaPoly.json",
                               "protocol_name");

    (void)state;
    for (size_t i = 0; i < PATTERNS; i++)
        assert_int_equal(s.of[i], 1);
    assert_int_equal(s.messages, 5 * 6);
    assert_int_equal(s.hashes, 5);
}

static void snow_agrees_on_three_patterns(void **state)
{
    struct seen s =
        whole_file("vectors/noise/snow_25519_ChaChaPoly.json", "protocol_name");

    (void)state;
    assert_int_equal(s.of[0] + s.of[1], 0); /* it has none of these alone */
    for (size_t i = 2; i < PATTERNS; i++)
        assert_int_equal(s.of[i], 1);
    assert_int_equal(s.messages, 4 + 4 + 5);
}

static void noise_c_agrees_on_three_patterns(void **state)
{
    struct seen s =
        whole_file("vectors/noise/noise-c-basic_25519_ChaChaPoly.json", "name");

    (void)state;
    assert_int_equal(s.of[0] + s.of[1], 0);
    for (size_t i = 2; i < PATTERNS; i++)
        assert_int_equal(s.of[i], 1);
    assert_int_equal(s.messages, 3 * 6);
    assert_int_equal(s.hashes, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cacophony_agrees_on_five_patterns),
        cmocka_unit_test(snow_agrees_on_three_patterns),
        cmocka_unit_test(noise_c_agrees_on_three_patterns),
    };

    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
