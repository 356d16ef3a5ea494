/*
 * The protocol's own vectors (tests/vectors/own), computed once from its text:
 * genesis, certificates, a GRANT, an EPOCH, a record, a checkpoint, six words. What
 * disagrees is a fault of the text or of the code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "circle/epoch.h"
#include "circle/kit.h"
#include "circle/seal.h"
#include "crypto/pwhash.h"
#include "crypto/sign.h"
#include "lib/vec.h"
#include "record/checkpoint.h"

#include <stdio.h>
#include <string.h>

/* A source whose bytes are given: what a vector calls random. */
struct given {
    struct en_rng rng;
    const uint8_t *p;
};

static void given_fill(struct en_rng *rng, uint8_t *out, size_t n)
{
    struct given *g = (struct given *)rng;

    memcpy(out, g->p, n);
    g->p += n;
}

static void id_of(struct en_json o, const char *name, struct en_id *id)
{
    vec_hex_n(o, name, id->b, 32);
}

static void key_of(struct en_json o, const char *name, struct en_key *k)
{
    vec_hex_n(o, name, k->b, 32);
}

static void same(struct en_json o, const char *name, const void *p, size_t n)
{
    struct en_buf want = {0};

    vec_hex(o, name, &want);
    assert_int_equal(want.n, n);
    assert_memory_equal(want.p, p, n);
    en_buf_free(&want);
}

static void add(struct en_circle *c, struct en_json o, const char *log,
                const char *header, const char *payload)
{
    struct en_id log_id;
    uint8_t raw[EN_HEADER_LEN];
    struct en_buf op = {0};

    id_of(o, log, &log_id);
    vec_hex_n(o, header, raw, sizeof(raw));
    vec_hex(o, payload, &op);
    assert_int_equal(en_circle_add(c, &log_id, raw, en_buf_span(&op)), EN_OK);
    en_buf_free(&op);
}

/* The circle of circle.json with the epoch of epoch.json. */
static struct en_circle *circle(bool epoch)
{
    struct en_circle *c = NULL;
    struct vec v;
    struct vec e;
    struct en_json o;

    vec_load(&v, "vectors/own/circle.json");
    vec_load(&e, "vectors/own/epoch.json");
    assert_int_equal(en_circle_new(&c), EN_OK);
    add(c, v.root, "root_control_log_id", "genesis_header", "genesis_payload");
    add(c, v.root, "root_control_log_id", "grant_header", "grant_payload");
    if (epoch) {
        struct en_id log;
        uint8_t raw[EN_HEADER_LEN];
        struct en_buf op = {0};

        o = e.root;
        id_of(v.root, "a_control_log_id", &log);
        vec_hex_n(o, "header", raw, sizeof(raw));
        vec_hex(o, "op_payload", &op);
        assert_int_equal(en_circle_add(c, &log, raw, en_buf_span(&op)), EN_OK);
        en_buf_free(&op);
    }
    vec_free(&v);
    vec_free(&e);
    return c;
}

static void a_genesis_names_its_circle_and_its_root(void **state)
{
    struct vec v;
    struct en_buf payload = {0};
    struct en_key entropy;
    struct en_key seed;
    struct en_id cid;
    struct en_id log;
    uint8_t nonce[32];
    uint8_t pk[32];

    (void)state;
    vec_load(&v, "vectors/own/circle.json");
    vec_hex(v.root, "genesis_payload", &payload);
    assert_int_equal(en_genesis_check(en_buf_span(&payload), &cid, &log, pk),
                     EN_OK);
    same(v.root, "cid", cid.b, 32);
    same(v.root, "root_control_log_id", log.b, 32);
    same(v.root, "root_sign_pk", pk, 32);
    key_of(v.root, "root_entropy", &entropy);
    vec_hex_n(v.root, "genesis_nonce", nonce, 32);
    en_root_seed(&entropy, nonce, &seed);
    same(v.root, "root_sign_seed", seed.b, 32);
    en_buf_free(&payload);
    vec_free(&v);
}

static void certificate(struct en_json o, const char *who)
{
    struct en_device_keys k = {0};
    struct en_cert cert = {0};
    struct en_cert back;
    struct en_id device;
    struct en_id log;
    uint8_t raw[EN_CERT_LEN];
    uint8_t sig[64];
    char name[64];
#define FIELD(suffix) (snprintf(name, sizeof(name), "%s_" suffix, who), name)

    key_of(o, FIELD("sign_seed"), &k.sign);
    key_of(o, FIELD("wrap_sk"), &k.wrap);
    key_of(o, FIELD("link_sk"), &k.link);
    key_of(o, FIELD("find_sk"), &k.find);
    id_of(o, "cid", &cert.cid);
    en_cert_of_keys(&k, &cert);
    en_cert_encode(&cert, raw);
    same(o, FIELD("person"), cert.person.b, 16);
    same(o, FIELD("cert"), raw, sizeof(raw));
    en_cert_sign(&k.sign, raw, sig);
    same(o, FIELD("cert_sig"), sig, sizeof(sig));
    assert_int_equal(en_cert_decode(EN_SPAN_OF(raw), &back), EN_OK);
    assert_int_equal(en_cert_verify(raw, sig), EN_OK);
    en_device_id(&cert.cid, raw, &device);
    same(o, FIELD("device_id"), device.b, 32);
    en_log_id(&cert.cid, &device, EN_CONTROL, &log);
    same(o, FIELD("control_log_id"), log.b, 32);
    en_log_id(&cert.cid, &device, EN_JOURNAL, &log);
    same(o, FIELD("journal_log_id"), log.b, 32);
#undef FIELD
}

static void certificates_and_names_follow_from_the_keys(void **state)
{
    struct vec v;

    (void)state;
    vec_load(&v, "vectors/own/circle.json");
    certificate(v.root, "a");
    certificate(v.root, "b");
    vec_free(&v);
}

static void an_operation_is_encoded_as_it_was_read(void **state)
{
    static const struct {
        const char *file, *field;
        uint8_t type;
    } op[] = {
        {"vectors/own/circle.json", "genesis_payload", EN_OP_GENESIS},
        {"vectors/own/circle.json", "grant_payload", EN_OP_GRANT},
        {"vectors/own/epoch.json", "op_payload", EN_OP_EPOCH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(op) / sizeof(op[0]); i++) {
        struct vec v;
        struct en_buf raw = {0};
        struct en_buf again = {0};
        struct en_op o;

        vec_load(&v, op[i].file);
        vec_hex(v.root, op[i].field, &raw);
        assert_int_equal(en_op_decode(op[i].type, en_buf_span(&raw), &o),
                         EN_OK);
        assert_int_equal(en_op_encode(&o, &again), EN_OK);
        assert_int_equal(again.n, raw.n);
        assert_memory_equal(again.p, raw.p, raw.n);
        en_op_free(&o);
        en_buf_free(&raw);
        en_buf_free(&again);
        vec_free(&v);
    }
}

static void the_grant_makes_two_devices_active(void **state)
{
    struct en_circle *c = circle(false);

    (void)state;
    assert_int_equal(en_circle_members(c), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(en_circle_member(c, i)->active);
    en_circle_free(c);
}

static void the_epoch_is_made_to_the_byte(void **state)
{
    struct en_circle *c = circle(false);
    struct vec v;
    struct vec e;
    struct en_key secret;
    struct en_key seed;
    struct en_id device;
    struct en_id prev;
    struct en_buf payload = {0};
    uint8_t random[32];
    struct given g = {.rng = {given_fill}, .p = random};

    (void)state;
    vec_load(&v, "vectors/own/circle.json");
    vec_load(&e, "vectors/own/epoch.json");
    key_of(e.root, "device_secret", &secret);
    vec_hex_n(e.root, "random32", random, 32);
    id_of(v.root, "a_device_id", &device);
    id_of(v.root, "a_control_log_id", &prev);
    assert_int_equal(
        en_epoch_make(c, &device, &secret, &prev, 0, &g.rng, &payload, &seed),
        EN_OK);
    same(e.root, "seed", seed.b, 32);
    same(e.root, "op_payload", payload.p, payload.n);
    en_buf_free(&payload);
    vec_free(&v);
    vec_free(&e);
    en_circle_free(c);
}

static void both_recipients_open_the_epoch(void **state)
{
    struct en_circle *c = circle(true);
    struct en_epoch_info info;
    struct en_epoch_keys keys;
    struct vec v;
    struct vec e;
    static const char *const who[2][2] = {{"a_device_id", "a_wrap_sk"},
                                          {"b_device_id", "b_wrap_sk"}};

    (void)state;
    vec_load(&v, "vectors/own/circle.json");
    vec_load(&e, "vectors/own/epoch.json");
    assert_int_equal(en_circle_choice(c, &info), EN_OK);
    same(e.root, "epoch_id", info.id.b, 16);
    same(e.root, "ctx", info.ctx.b, 32);
    for (int i = 0; i < 2; i++) {
        struct en_id device;
        struct en_key wrap;
        struct en_key seed;
        enum en_epoch_code code;
        size_t equal;

        id_of(v.root, who[i][0], &device);
        key_of(v.root, who[i][1], &wrap);
        assert_int_equal(
            en_epoch_open(c, &info, &device, &wrap, &seed, &code, &equal),
            EN_OK);
        assert_int_equal(code, EN_EPOCH_OPENED);
        assert_int_equal(equal, 2);
        same(e.root, "seed", seed.b, 32);
        en_epoch_keys_of(&seed, en_circle_id(c), &info.ctx, &keys);
        same(e.root, "k_content", keys.content.b, 32);
        same(e.root, "k_siv", keys.siv.b, 32);
        same(e.root, "k_link", keys.link.b, 32);
        wrap.b[0] ^= 8;
        assert_int_equal(
            en_epoch_open(c, &info, &device, &wrap, &seed, &code, &equal),
            EN_FORGED);
        assert_int_equal(code, EN_EPOCH_KEY_GONE);
    }
    vec_free(&v);
    vec_free(&e);
    en_circle_free(c);
}

static void a_record_is_sealed_and_opened_to_the_byte(void **state)
{
    struct vec v;
    struct vec e;
    struct vec r;
    struct vec k;
    struct en_epoch_keys keys;
    struct en_key seed;
    struct en_id cid;
    struct en_id ctx;
    struct en_id id;
    struct en_buf content = {0};
    struct en_buf ct = {0};
    struct en_buf back = {0};
    struct en_checkpoint cp = {0};
    struct en_header h = {.kind = EN_JOURNAL, .type = 1, .ctl_seq = 1};
    uint8_t raw[EN_HEADER_LEN];
    uint8_t pk[32];

    (void)state;
    vec_load(&v, "vectors/own/circle.json");
    vec_load(&e, "vectors/own/epoch.json");
    vec_load(&r, "vectors/own/record.json");
    vec_load(&k, "vectors/own/checkpoint.json");
    id_of(v.root, "cid", &cid);
    id_of(e.root, "ctx", &ctx);
    key_of(e.root, "seed", &seed);
    en_epoch_keys_of(&seed, &cid, &ctx, &keys);
    id_of(v.root, "a_journal_log_id", &h.prev);
    vec_hex(r.root, "content", &content);
    assert_int_equal(en_seal(&keys, &cid, &h, en_buf_span(&content), &ct),
                     EN_OK);
    same(r.root, "nonce", h.nonce, 24);
    same(r.root, "ciphertext", ct.p, ct.n);
    en_header_encode(&h, raw);
    same(r.root, "header", raw, sizeof(raw));
    en_record_id(&cid, raw, &id);
    same(r.root, "id", id.b, 32);
    assert_int_equal(en_seal_open(&keys, raw, en_buf_span(&ct), &back), EN_OK);
    assert_int_equal(back.n, content.n);
    assert_memory_equal(back.p, content.p, content.n);
    for (size_t i = 0; i < ct.n; i += 7) {
        ct.p[i] ^= 1;
        assert_int_equal(en_seal_open(&keys, raw, en_buf_span(&ct), &back),
                         EN_FORGED);
        ct.p[i] ^= 1;
    }

    key_of(k.root, "sign_seed", &seed);
    id_of(k.root, "log_id", &cp.log);
    cp.id = id;
    en_checkpoint_sign(&cp, &seed);
    same(k.root, "sig", cp.sig, 64);
    en_sign_public(&seed, pk);
    assert_int_equal(en_checkpoint_verify(&cp, pk), EN_OK);
    cp.seq = 1;
    assert_int_equal(en_checkpoint_verify(&cp, pk), EN_FORGED);
    en_buf_free(&content);
    en_buf_free(&ct);
    en_buf_free(&back);
    vec_free(&v);
    vec_free(&e);
    vec_free(&r);
    vec_free(&k);
}

static void the_state_is_spoken_in_the_same_six_words(void **state)
{
    struct en_circle *c = circle(true);
    struct en_id16 salt;
    struct vec v;
    struct en_json list;
    uint8_t digest[32];
    uint8_t words[32];
    unsigned index[6];
    size_t n = 0;

    (void)state;
    vec_load(&v, "vectors/own/words.json");
    en_circle_digest(c, digest);
    same(v.root, "digest", digest, 32);
    salt = en_id_short(en_circle_id(c));
    assert_int_equal(en_pwhash_words(words, digest, &salt), EN_OK);
    same(v.root, "words_hash", words, 32);
    en_words_of_bits(words, 6, index);
    list = vec_get(v.root, "indices");
    for (struct en_json_iter it = en_json_each(list);
         en_json_next(&it, NULL, &list);) {
        uint64_t want = 0;

        assert_int_equal(en_json_u64(list, &want), EN_OK);
        assert_int_equal(index[n++], want);
    }
    assert_int_equal(n, 6);
    vec_free(&v);
    en_circle_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_genesis_names_its_circle_and_its_root),
        cmocka_unit_test(certificates_and_names_follow_from_the_keys),
        cmocka_unit_test(an_operation_is_encoded_as_it_was_read),
        cmocka_unit_test(the_grant_makes_two_devices_active),
        cmocka_unit_test(the_epoch_is_made_to_the_byte),
        cmocka_unit_test(both_recipients_open_the_epoch),
        cmocka_unit_test(a_record_is_sealed_and_opened_to_the_byte),
        cmocka_unit_test(the_state_is_spoken_in_the_same_six_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
