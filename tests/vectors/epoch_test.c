/*
 * vectors/own as far as crypto/ reaches: every hash, derived key, signature, wrap
 * and box in them, from the inputs the files give and PROTOCOL's formulas.
 */
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/pwhash.h"
#include "crypto/sign.h"
#include "crypto/wrap.h"

#include "lib/vec.h"
#include "unit/crypto/help.h"

static struct vec circle;
static struct vec epoch;
static struct vec record;
static struct en_id cid;
static struct en_id16 cid16;

static int load(void **state)
{
    if (start_sodium(state) != 0)
        return -1;
    vec_load(&circle, "vectors/own/circle.json");
    vec_load(&epoch, "vectors/own/epoch.json");
    vec_load(&record, "vectors/own/record.json");
    vec_hex_n(circle.root, "cid", cid.b, sizeof(cid.b));
    cid16 = en_id_short(&cid);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    vec_free(&circle);
    vec_free(&epoch);
    vec_free(&record);
    return 0;
}

static void same(struct en_json v, const char *name, const void *p, size_t n)
{
    uint8_t expected[256];

    assert_in_range(n, 1, sizeof(expected));
    vec_hex_n(v, name, expected, n);
    assert_memory_equal(p, expected, n);
}

static struct en_key key_of(struct en_json v, const char *name)
{
    struct en_key k;

    vec_hex_n(v, name, k.b, sizeof(k.b));
    return k;
}

static void the_circle_id_is_the_hash_of_its_genesis(void **state)
{
    struct en_buf payload = {0};
    uint8_t out[32];

    (void)state;
    vec_hex(circle.root, "genesis_payload", &payload);
    EN_HASH(out, EN_L_CIRCLE, NULL, en_buf_span(&payload));
    assert_memory_equal(out, cid.b, sizeof(out));
    en_buf_free(&payload);
}

static void the_root_key_comes_from_its_paper(void **state)
{
    struct en_key entropy = key_of(circle.root, "root_entropy");
    uint8_t nonce[32];
    struct en_key seed;
    uint8_t pk[32];
    uint8_t cert[EN_SIG_CERT_LEN];
    uint8_t sig[EN_SIG_LEN];

    (void)state;
    vec_hex_n(circle.root, "genesis_nonce", nonce, sizeof(nonce));
    EN_KDF(&seed, &entropy, EN_L_ROOT_SIGN, NULL, EN_SPAN_OF(nonce));
    same(circle.root, "root_sign_seed", seed.b, sizeof(seed.b));
    en_sign_public(&seed, pk);
    same(circle.root, "root_sign_pk", pk, sizeof(pk));
    vec_hex_n(circle.root, "root_cert", cert, sizeof(cert));
    en_sign(&seed, EN_L_SIG_CERT, EN_SPAN_OF(cert), sig);
    same(circle.root, "root_cert_sig", sig, sizeof(sig));
}

static void one_device(char who)
{
    char name[32];
    struct en_key seed;
    struct en_key sk;
    uint8_t cert[EN_SIG_CERT_LEN];
    uint8_t sig[EN_SIG_LEN];
    uint8_t sign_pk[32];
    uint8_t pk[32];
    uint8_t id[32];
    uint8_t log[32];

#define NAMED(field) (snprintf(name, sizeof(name), "%c_" field, who), name)
    seed = key_of(circle.root, NAMED("sign_seed"));
    en_sign_public(&seed, sign_pk);
    same(circle.root, NAMED("sign_pk"), sign_pk, 32);
    sk = key_of(circle.root, NAMED("link_sk"));
    en_x25519_public(&sk, pk);
    same(circle.root, NAMED("link_pk"), pk, 32);
    sk = key_of(circle.root, NAMED("find_sk"));
    en_x25519_public(&sk, pk);
    same(circle.root, NAMED("find_pk"), pk, 32);
    sk = key_of(circle.root, NAMED("wrap_sk"));
    en_x25519_public(&sk, pk);
    same(circle.root, NAMED("wrap_pk"), pk, 32);

    EN_HASH(id, EN_L_PERSON, NULL, EN_SPAN_OF(sign_pk), EN_SPAN_OF(pk));
    same(circle.root, NAMED("person"), id, 16);

    vec_hex_n(circle.root, NAMED("cert"), cert, sizeof(cert));
    en_sign(&seed, EN_L_SIG_CERT, EN_SPAN_OF(cert), sig);
    same(circle.root, NAMED("cert_sig"), sig, sizeof(sig));
    assert_int_equal(en_verify(sign_pk, EN_L_SIG_CERT, EN_SPAN_OF(cert), sig),
                     EN_OK);

    EN_HASH(id, EN_L_DEVICE, &cid16, EN_SPAN_OF(cert));
    same(circle.root, NAMED("device_id"), id, sizeof(id));
    for (uint8_t kind = 0; kind < 2; kind++) {
        EN_HASH(log, EN_L_LOG, &cid16, EN_SPAN_OF(id), EN_SPAN(&kind, 1));
        same(circle.root,
             kind == 0 ? NAMED("control_log_id") : NAMED("journal_log_id"), log,
             sizeof(log));
    }
#undef NAMED
}

static void both_devices_have_their_keys_ids_and_signatures(void **state)
{
    (void)state;
    one_device('a');
    one_device('b');
}

struct made_epoch {
    struct en_key seed;
    uint8_t ctx[32];
    struct en_wrap_to to[2];
    uint8_t epk[32];
    uint8_t boxes[2 * EN_BOX_LEN];
};

static struct made_epoch epoch_from_inputs(void)
{
    struct made_epoch e;
    struct en_key random32 = key_of(epoch.root, "random32");
    struct en_key device_secret = key_of(epoch.root, "device_secret");
    struct en_key commit;
    uint8_t log[32];
    uint8_t seq[8] = {0};
    static const uint8_t scope_and_sid[1 + 16];
    uint8_t n[2] = {2, 0};

    /* Record 0 of a's control log: prev is the log's id. */
    vec_hex_n(circle.root, "a_control_log_id", log, sizeof(log));
    EN_KDF(&e.seed, &random32, EN_L_EP_SEED, &cid16,
           EN_SPAN_OF(device_secret.b), EN_SPAN_OF(log), EN_SPAN_OF(seq));
    EN_KDF(&commit, &e.seed, EN_L_EP_COMMIT, &cid16, EN_SPAN_OF(cid.b));
    same(epoch.root, "commit", commit.b, sizeof(commit.b));

    vec_hex_n(circle.root, "a_device_id", e.to[0].device.b, 32);
    vec_hex_n(circle.root, "a_wrap_pk", e.to[0].pk, 32);
    vec_hex_n(circle.root, "b_device_id", e.to[1].device.b, 32);
    vec_hex_n(circle.root, "b_wrap_pk", e.to[1].pk, 32);
    EN_HASH(e.ctx, EN_L_EP_CTX, &cid16, EN_SPAN_OF(log), EN_SPAN_OF(seq),
            EN_SPAN_OF(scope_and_sid), EN_SPAN_OF(commit.b), EN_SPAN_OF(n),
            EN_SPAN((const uint8_t *)e.to, sizeof(e.to)));
    assert_int_equal(
        en_wrap_make(&e.seed, &cid16, e.ctx, e.to, 2, e.epk, e.boxes), EN_OK);
    return e;
}

_Static_assert(sizeof(struct en_wrap_to) == 64, "device id || wrap key");

static void the_epoch_is_sealed_byte_for_byte(void **state)
{
    struct made_epoch e = epoch_from_inputs();
    struct en_key k;

    (void)state;
    same(epoch.root, "seed", e.seed.b, 32);
    same(epoch.root, "ctx", e.ctx, 32);
    same(epoch.root, "epoch_id", e.ctx, 16);
    EN_KDF(&k, &e.seed, EN_L_EP_ESK, &cid16, EN_SPAN_OF(e.ctx));
    same(epoch.root, "esk", k.b, 32);
    same(epoch.root, "epk", e.epk, 32);
    same(epoch.root, "recipient0_device_id", e.to[0].device.b, 32);
    same(epoch.root, "recipient0_box", e.boxes, EN_BOX_LEN);
    same(epoch.root, "recipient1_device_id", e.to[1].device.b, 32);
    same(epoch.root, "recipient1_box", e.boxes + EN_BOX_LEN, EN_BOX_LEN);
    EN_KDF(&k, &e.seed, EN_L_EP_CONTENT, &cid16, EN_SPAN_OF(e.ctx));
    same(epoch.root, "k_content", k.b, 32);
    EN_KDF(&k, &e.seed, EN_L_EP_SIV, &cid16, EN_SPAN_OF(e.ctx));
    same(epoch.root, "k_siv", k.b, 32);
    EN_KDF(&k, &e.seed, EN_L_EP_LINK, &cid16, EN_SPAN_OF(e.ctx));
    same(epoch.root, "k_link", k.b, 32);
}

static void
both_recipients_open_the_published_boxes_and_check_them(void **state)
{
    struct made_epoch e = epoch_from_inputs();
    struct en_key sk[2] = {key_of(circle.root, "a_wrap_sk"),
                           key_of(circle.root, "b_wrap_sk")};
    size_t equal;

    (void)state;
    vec_hex_n(epoch.root, "epk", e.epk, 32);
    vec_hex_n(epoch.root, "recipient0_box", e.boxes, EN_BOX_LEN);
    vec_hex_n(epoch.root, "recipient1_box", e.boxes + EN_BOX_LEN, EN_BOX_LEN);
    for (size_t i = 0; i < 2; i++) {
        struct en_key s;

        assert_int_equal(en_wrap_open(&sk[i], &cid16, e.ctx, &e.to[i], e.epk,
                                      e.boxes + i * EN_BOX_LEN, &s),
                         EN_OK);
        same(epoch.root, "seed", s.b, 32);
        assert_int_equal(
            en_wrap_check(&s, &cid16, e.ctx, e.to, 2, e.epk, e.boxes, &equal),
            EN_OK);
        assert_int_equal(equal, 2);
    }
}

/* payload hash and id of a record; the checkpoint of seq 0 of that log. */
static void record_of(struct en_json v, const char *payload, const char *header,
                      const char *id_name, const char *log, const char *seed,
                      const char *sig_name, struct en_json sig_in)
{
    struct en_buf p = {0};
    uint8_t h[128];
    uint8_t tip[EN_SIG_TIP_LEN] = {0};
    uint8_t hash[32];
    uint8_t sig[EN_SIG_LEN];
    struct en_key k = key_of(circle.root, seed);

    vec_hex(v, payload, &p);
    vec_hex_n(v, header, h, sizeof(h));
    EN_HASH(hash, EN_L_PAYLOAD, &cid16, en_buf_span(&p));
    assert_memory_equal(h + 96, hash, sizeof(hash));
    EN_HASH(hash, EN_L_REC_ID, &cid16, EN_SPAN_OF(h));
    same(v, id_name, hash, sizeof(hash));

    vec_hex_n(circle.root, log, tip, 32);
    memcpy(tip + 40, hash, 32);
    en_sign(&k, EN_L_SIG_TIP, EN_SPAN_OF(tip), sig);
    same(sig_in, sig_name, sig, sizeof(sig));
    en_buf_free(&p);
}

static void records_have_their_ids_and_checkpoints(void **state)
{
    struct vec checkpoint;

    (void)state;
    vec_load(&checkpoint, "vectors/own/checkpoint.json");
    record_of(circle.root, "genesis_payload", "genesis_header", "genesis_id",
              "root_control_log_id", "root_sign_seed", "genesis_checkpoint_sig",
              circle.root);
    record_of(epoch.root, "op_payload", "header", "id", "a_control_log_id",
              "a_sign_seed", "checkpoint_sig", epoch.root);
    record_of(record.root, "ciphertext", "header", "id", "a_journal_log_id",
              "a_sign_seed", "sig", checkpoint.root);
    vec_free(&checkpoint);
}

static void the_record_is_sealed_byte_for_byte(void **state)
{
    struct en_key content = key_of(epoch.root, "k_content");
    struct en_key siv = key_of(epoch.root, "k_siv");
    struct en_key k;
    struct en_buf plain = {0};
    uint8_t header[128];
    uint8_t nonce[EN_NONCE_LEN];
    uint8_t ct[256 + EN_TAG_LEN];
    uint8_t expected[sizeof(ct)];

    (void)state;
    vec_hex(record.root, "plaintext", &plain);
    vec_hex_n(record.root, "header", header, sizeof(header));
    vec_hex_n(record.root, "ciphertext", expected, sizeof(expected));
    assert_int_equal(plain.n, 256);

    EN_KDF(&k, &siv, EN_L_REC_NK, &cid16, EN_SPAN(header, 72));
    same(record.root, "k_n", k.b, 32);
    EN_KDF24(nonce, &k, EN_L_REC_SIV, &cid16, EN_SPAN(header, 72),
             en_buf_span(&plain));
    same(record.root, "nonce", nonce, sizeof(nonce));
    assert_memory_equal(header + 72, nonce, sizeof(nonce));
    EN_KDF(&k, &content, EN_L_REC_KEY, &cid16, EN_SPAN(header, 96));
    same(record.root, "k_rec", k.b, 32);
    en_aead_seal(&k, nonce, EN_SPAN(header, 96), en_buf_span(&plain), ct);
    assert_memory_equal(ct, expected, sizeof(ct));
    en_buf_free(&plain);
}

static void the_circle_state_stretches_to_its_words(void **state)
{
    struct en_buf x = {0};
    uint8_t digest[32];
    uint8_t words[32];
    struct vec v;

    (void)state;
    vec_load(&v, "vectors/own/words.json");
    vec_hex(v.root, "input", &x);
    EN_HASH(digest, EN_L_WORDS, &cid16, en_buf_span(&x));
    same(v.root, "digest", digest, sizeof(digest));
    assert_int_equal(en_pwhash_words(words, digest, &cid16), EN_OK);
    same(v.root, "words_hash", words, sizeof(words));
    en_buf_free(&x);
    vec_free(&v);
}

static void a_session_has_its_id_and_a_bundle_its_slot(void **state)
{
    static const uint8_t zero_nonce[EN_NONCE_LEN];
    uint8_t device[32];
    uint8_t person[16];
    uint8_t r[16];
    uint8_t out[32];
    uint8_t prefix[48];
    uint8_t find_pk[32];
    uint8_t eph_pk[32];
    uint8_t box[EN_BOX_LEN];
    struct en_key eph_sk;
    struct en_key z;
    struct en_key slot;
    struct en_key k;
    struct en_key fk;
    struct vec v;

    (void)state;
    vec_load(&v, "vectors/own/session_bundle.json");
    vec_hex_n(circle.root, "a_device_id", device, sizeof(device));
    vec_hex_n(circle.root, "b_person", person, sizeof(person));
    vec_hex_n(v.root, "r", r, sizeof(r));
    EN_HASH(out, EN_L_SESSION, &cid16, EN_SPAN_OF(device), EN_SPAN_OF(person),
            EN_SPAN_OF(r));
    same(v.root, "sid", out, 16);

    eph_sk = key_of(v.root, "bundle_eph_sk");
    vec_hex_n(v.root, "bundle_prefix48", prefix, sizeof(prefix));
    vec_hex_n(circle.root, "b_find_pk", find_pk, sizeof(find_pk));
    en_x25519_public(&eph_sk, eph_pk);
    assert_memory_equal(prefix + 16, eph_pk, sizeof(eph_pk));
    assert_int_equal(en_x25519(&z, &eph_sk, find_pk), EN_OK);
    EN_KDF(&slot, &z, EN_L_BOX_SLOT, NULL, EN_SPAN_OF(eph_pk),
           EN_SPAN_OF(find_pk));
    EN_KDF(&k, &slot, EN_L_BOX_TAG, NULL, EN_SPAN(NULL, 0));
    same(v.root, "slot_tag", k.b, 16);
    EN_KDF(&k, &slot, EN_L_BOX_KEY, NULL, EN_SPAN(NULL, 0));
    fk = key_of(v.root, "file_key");
    en_aead_seal(&k, zero_nonce, EN_SPAN_OF(prefix), EN_SPAN_OF(fk.b), box);
    same(v.root, "slot_box", box, sizeof(box));
    vec_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_circle_id_is_the_hash_of_its_genesis),
        cmocka_unit_test(the_root_key_comes_from_its_paper),
        cmocka_unit_test(both_devices_have_their_keys_ids_and_signatures),
        cmocka_unit_test(the_epoch_is_sealed_byte_for_byte),
        cmocka_unit_test(
            both_recipients_open_the_published_boxes_and_check_them),
        cmocka_unit_test(records_have_their_ids_and_checkpoints),
        cmocka_unit_test(the_record_is_sealed_byte_for_byte),
        cmocka_unit_test(the_circle_state_stretches_to_its_words),
        cmocka_unit_test(a_session_has_its_id_and_a_bundle_its_slot),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
