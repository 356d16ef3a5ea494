/*
 * The vault's formats against bytes that an independent program made
 * (vectors/make/vault.py): both ways, and headers that must be refused although
 * every seal in them is right.
 */
#include "lib/test.h"

#include "lib/vec.h"
#include "vault/guard.h"
#include "vault/keyslot.h"
#include "vault/page.h"

static void key_of(struct en_json o, const char *name, struct en_key *k)
{
    vec_hex_n(o, name, k->b, sizeof(k->b));
}

static void same_key(struct en_json o, const char *name, const struct en_key *k)
{
    struct en_key want;

    key_of(o, name, &want);
    assert_memory_equal(want.b, k->b, sizeof(want.b));
}

static void load(struct vec *v)
{
    vec_load(v, "vectors/own/vault.json");
}

/* Calls fn for each element of the array; their number. */
static unsigned each(const char *name, void (*fn)(struct en_json))
{
    struct vec v;
    struct en_json e;
    unsigned n = 0;

    load(&v);
    for (struct en_json_iter it = en_json_each(vec_get(v.root, name));
         en_json_next(&it, NULL, &e); n++)
        fn(e);
    vec_free(&v);
    return n;
}

static void header_opens(struct en_json o)
{
    struct en_vault_keys keys = {0};
    struct en_vault_header h;
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    struct en_key kek;
    uint8_t id[16];
    struct en_json e;
    unsigned opened = 0;

    vec_hex_n(o, "bytes", bytes, sizeof(bytes));
    assert_ok(en_vault_header_read(EN_SPAN_OF(bytes), &h, NULL));
    vec_hex_n(o, "vault", id, sizeof(id));
    assert_memory_equal(h.vault.b, id, sizeof(id));
    vec_hex_n(o, "file", id, sizeof(id));
    assert_memory_equal(h.file.b, id, sizeof(id));
    assert_int_equal(h.sequence, vec_u64(o, "sequence"));
    assert_int_equal(h.generation, vec_u64(o, "generation"));
    key_of(o, "kek", &kek);
    for (struct en_json_iter it = en_json_each(vec_get(o, "slots"));
         en_json_next(&it, NULL, &e);)
        opened++;
    for (unsigned i = 0; i < EN_VAULT_SLOTS; i++) {
        en_err err = en_keyslot_open(&h, i, &kek, &keys.mk);

        if (h.slot[i].type == 0) {
            assert_err(err, EN_ABSENT);
            continue;
        }
        assert_ok(err);
        assert_int_equal(h.slot[i].cost.ops, vec_u64(o, "ops"));
        assert_int_equal(h.slot[i].cost.mem_kib, vec_u64(o, "mem_kib"));
        same_key(o, "mk", &keys.mk);
        assert_true(opened-- > 0);
    }
    assert_int_equal(opened, 0);
    assert_ok(en_vault_header_open(bytes, &h, &keys));
    same_key(o, "dek", &keys.dek);
    same_key(o, "page_key", &keys.page);
    same_key(o, "wal_key", &keys.wal);
    same_key(o, "guard_key", &keys.guard);
}

static void header_is_made(struct en_json o)
{
    struct en_vault_header h = {0};
    struct en_pwhash_cost cost;
    uint8_t want[EN_VAULT_HEADER_LEN];
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    uint8_t salt[16];
    uint8_t nonce[24];
    struct en_key kek;
    struct en_key mk;
    struct en_key dek;
    struct en_buf hex = {0};
    struct en_json nonces[EN_VAULT_SLOTS];
    struct en_json e;
    size_t n = 0;

    key_of(o, "kek", &kek);
    key_of(o, "mk", &mk);
    key_of(o, "dek", &dek);
    vec_hex_n(o, "vault", h.vault.b, 16);
    vec_hex_n(o, "file", h.file.b, 16);
    vec_hex_n(o, "salt", salt, 16);
    h.sequence = vec_u64(o, "sequence");
    h.generation = vec_u64(o, "generation");
    cost.ops = (uint32_t)vec_u64(o, "ops");
    cost.mem_kib = (uint32_t)vec_u64(o, "mem_kib");
    for (struct en_json_iter it = en_json_each(vec_get(o, "slot_nonces"));
         en_json_next(&it, NULL, &e) && n < EN_VAULT_SLOTS;)
        nonces[n++] = e;
    n = 0;
    for (struct en_json_iter it = en_json_each(vec_get(o, "slots"));
         en_json_next(&it, NULL, &e);) {
        uint64_t index = 0;

        assert_ok(en_json_u64(e, &index));
        vec_hex_of(nonces[n++], &hex);
        assert_int_equal(hex.n, sizeof(nonce));
        memcpy(nonce, hex.p, sizeof(nonce));
        en_keyslot_seal(&h, (unsigned)index, &cost, salt, &kek, nonce, &mk);
    }
    vec_hex_n(o, "dek_nonce", nonce, sizeof(nonce));
    en_vault_header_seal(&h, &mk, &dek, nonce, bytes);
    vec_hex_n(o, "bytes", want, sizeof(want));
    assert_memory_equal(bytes, want, sizeof(want));
    en_buf_free(&hex);
}

static void headers_open_as_computed(void **state)
{
    (void)state;
    assert_int_equal(each("headers", header_opens), 2);
}

static void headers_are_made_as_computed(void **state)
{
    (void)state;
    assert_int_equal(each("headers", header_is_made), 2);
}

static void header_is_refused(struct en_json o)
{
    struct en_vault_header h;
    struct en_why why = {0};
    struct en_buf bytes = {0};
    struct en_buf want = {0};
    en_err err;

    vec_hex(o, "bytes", &bytes);
    vec_str(o, "err", &want);
    err = en_vault_header_read(en_buf_span(&bytes), &h, &why);
    assert_string_equal(en_err_name(err), (const char *)want.p);
    assert_int_equal(why.reason, err == EN_VERSION ? EN_WHY_NEWER
                                 : err == EN_RANGE ? EN_WHY_WEAK
                                                   : EN_WHY_HEADER);
    en_buf_free(&bytes);
    en_buf_free(&want);
}

static void headers_out_of_bounds_are_refused_though_sealed(void **state)
{
    (void)state;
    assert_int_equal(each("refused", header_is_refused), 22);
}

struct sealed {
    struct en_key key;
    struct en_id16 file;
    uint32_t n;
    uint8_t nonce[24];
    uint8_t plain[EN_FRAME_LEN]; /* the reserve is zero */
    uint8_t sealed[EN_FRAME_LEN];
};

static struct sealed sealed_of(struct en_json o, size_t plain_len)
{
    struct sealed s = {.n = (uint32_t)vec_u64(o, "n")};

    key_of(o, "key", &s.key);
    vec_hex_n(o, "file", s.file.b, 16);
    vec_hex_n(o, "nonce", s.nonce, 24);
    vec_hex_n(o, "plain", s.plain, plain_len);
    vec_hex_n(o, "sealed", s.sealed, plain_len + EN_PAGE_RESERVE);
    return s;
}

static void page_both_ways(struct en_json o)
{
    struct sealed s = sealed_of(o, EN_PAGE_PLAIN);
    uint8_t out[EN_PAGE_LEN];

    en_page_seal(&s.key, &s.file, s.n, s.nonce, s.plain, out);
    assert_memory_equal(out, s.sealed, sizeof(out));
    memset(out, 0xee, sizeof(out));
    assert_ok(en_page_open(&s.key, &s.file, s.n, s.sealed, out));
    assert_memory_equal(out, s.plain, sizeof(out));
}

static void frame_both_ways(struct en_json o)
{
    struct sealed s = sealed_of(o, EN_FRAME_PLAIN);
    uint8_t out[EN_FRAME_LEN];

    en_frame_seal(&s.key, &s.file, s.n, s.nonce, s.plain, out);
    assert_memory_equal(out, s.sealed, sizeof(out));
    memset(out, 0xee, sizeof(out));
    assert_ok(en_frame_open(&s.key, &s.file, s.n, s.sealed, out));
    assert_memory_equal(out, s.plain, sizeof(out));
}

static void pages_are_as_computed(void **state)
{
    (void)state;
    assert_int_equal(each("pages", page_both_ways), 3);
}

static void frames_are_as_computed(void **state)
{
    (void)state;
    assert_int_equal(each("frames", frame_both_ways), 3);
}

static void guard_both_ways(struct en_json o)
{
    struct en_guard_tip tip[4];
    struct en_guard g;
    struct en_key key;
    struct en_buf hex = {0};
    uint8_t bytes[EN_GUARD_LEN];
    uint8_t made[EN_GUARD_LEN];
    uint8_t digest[32];
    uint8_t want[32];
    uint64_t counter[2] = {0};
    uint8_t nonce[2][24];
    struct en_json e;
    size_t n = 0;
    unsigned i = 0;

    key_of(o, "key", &key);
    vec_hex_n(o, "bytes", bytes, sizeof(bytes));
    vec_hex_n(o, "digest", want, sizeof(want));
    for (struct en_json_iter it = en_json_each(vec_get(o, "tips"));
         en_json_next(&it, NULL, &e) && n < 4; n++) {
        vec_hex_n(e, "log", tip[n].log.b, 32);
        vec_hex_n(e, "id", tip[n].id.b, 32);
        tip[n].seq = vec_u64(e, "seq");
    }
    en_guard_tips(tip, n, digest);
    assert_memory_equal(digest, want, sizeof(want));
    for (struct en_json_iter it = en_json_each(vec_get(o, "counters"));
         en_json_next(&it, NULL, &e) && i < 2; i++)
        assert_ok(en_json_u64(e, &counter[i]));
    i = 0;
    for (struct en_json_iter it = en_json_each(vec_get(o, "nonces"));
         en_json_next(&it, NULL, &e) && i < 2; i++) {
        vec_hex_of(e, &hex);
        assert_int_equal(hex.n, 24);
        memcpy(nonce[i], hex.p, 24);
        en_guard_seal(&key, i, counter[i], digest, nonce[i],
                      made + i * EN_GUARD_SLOT_LEN);
    }
    assert_memory_equal(made, bytes, sizeof(bytes));
    assert_ok(en_guard_open(&key, EN_SPAN_OF(bytes), &g));
    i = counter[1] > counter[0];
    assert_int_equal(g.slot, i);
    assert_int_equal(g.counter, counter[i]);
    assert_memory_equal(g.tips, want, sizeof(want));
    en_buf_free(&hex);
}

static void guards_are_as_computed(void **state)
{
    (void)state;
    assert_int_equal(each("guards", guard_both_ways), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_open_as_computed),
        cmocka_unit_test(headers_are_made_as_computed),
        cmocka_unit_test(headers_out_of_bounds_are_refused_though_sealed),
        cmocka_unit_test(pages_are_as_computed),
        cmocka_unit_test(frames_are_as_computed),
        cmocka_unit_test(guards_are_as_computed),
    };

    if (en_secret_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
