/* core/vault/keyslot: the header opens with its key, whole, or not at all. */
#include "lib/test.h"

#include "base/limits.h"
#include "vault/keyslot.h"

static const struct en_key kek = {"a key-encryption key for tests.."};
static const struct en_key wrong = {"another key-encryption key here."};
static const struct en_key mk = {"the master key of this vault...."};
static const struct en_key dek = {"the data key of generation one.."};
static const struct en_pwhash_cost cost = {EN_PWHASH_OPS, EN_PWHASH_MEM_KIB};
static const uint8_t salt[16] = "salt of sixteen";
static const uint8_t nonce[24] = "twenty-four random bytes";

static struct en_vault_header header_of(uint8_t bytes[EN_VAULT_HEADER_LEN])
{
    struct en_vault_header h = {.vault = {"vault id here.."},
                                .sequence = 5,
                                .generation = 2,
                                .file = {"file id here..."}};

    en_keyslot_seal(&h, 1, &cost, salt, &kek, nonce, &mk);
    en_vault_header_seal(&h, &mk, &dek, nonce, bytes);
    return h;
}

/* All that opening does behind Argon2id. */
static en_err open_whole(struct en_span bytes, const struct en_key *k)
{
    struct en_vault_keys keys = {{{0}}, {{0}}, {{0}}, {{0}}, {{0}}};
    struct en_vault_header h;
    en_err err = en_vault_header_read(bytes, &h, NULL);

    if (err != EN_OK)
        return err;
    err = EN_PASSPHRASE;
    for (unsigned i = 0; i < EN_VAULT_SLOTS && err == EN_PASSPHRASE; i++)
        if (h.slot[i].type != 0)
            err = en_keyslot_open(&h, i, k, &keys.mk);
    if (err == EN_OK)
        err = en_vault_header_open(bytes.p, &h, &keys);
    if (err == EN_OK) {
        assert_memory_equal(keys.mk.b, mk.b, 32);
        assert_memory_equal(keys.dek.b, dek.b, 32);
    }
    return err;
}

static void header_reads_back_what_was_sealed(void **state)
{
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    struct en_vault_header h = header_of(bytes);
    struct en_vault_header r;

    (void)state;
    assert_ok(en_vault_header_read(EN_SPAN_OF(bytes), &r, NULL));
    assert_int_equal(r.sequence, h.sequence);
    assert_int_equal(r.generation, h.generation);
    assert_memory_equal(r.vault.b, h.vault.b, 16);
    assert_memory_equal(r.file.b, h.file.b, 16);
    assert_int_equal(r.slot[0].type, 0);
    assert_int_equal(r.slot[1].type, 1);
    assert_int_equal(r.slot[1].cost.ops, cost.ops);
    assert_int_equal(r.slot[1].cost.mem_kib, cost.mem_kib);
    assert_ok(open_whole(EN_SPAN_OF(bytes), &kek));
}

static void header_with_any_bit_flipped_is_refused(void **state)
{
    uint8_t bytes[EN_VAULT_HEADER_LEN];

    (void)state;
    (void)header_of(bytes);
    for (size_t i = 0; i < sizeof(bytes) * 8; i++) {
        en_err err;

        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        err = open_whole(EN_SPAN_OF(bytes), &kek);
        if (err != EN_FORGED && err != EN_PASSPHRASE && err != EN_VERSION &&
            err != EN_RANGE)
            fail_msg("bit %zu: %s", i, en_err_name(err));
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_ok(open_whole(EN_SPAN_OF(bytes), &kek));
}

static void header_of_any_other_length_is_refused(void **state)
{
    uint8_t bytes[EN_VAULT_HEADER_LEN + 1] = {0};

    (void)state;
    (void)header_of(bytes);
    for (size_t n = 0; n <= sizeof(bytes); n++)
        assert_err(open_whole(EN_SPAN(bytes, n), &kek),
                   n == EN_VAULT_HEADER_LEN ? EN_OK : EN_FORGED);
    assert_err(open_whole(EN_SPAN(NULL, 0), &kek), EN_FORGED);
}

static void wrong_key_is_told_from_damage(void **state)
{
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    struct en_vault_header h = header_of(bytes);
    struct en_key out = {"untouched......................."};
    struct en_key before = out;

    (void)state;
    assert_err(en_keyslot_open(&h, 1, &wrong, &out), EN_PASSPHRASE);
    assert_err(en_keyslot_open(&h, 0, &kek, &out), EN_ABSENT);
    h.slot[1].box[47] ^= 1;
    assert_err(en_keyslot_open(&h, 1, &kek, &out), EN_FORGED);
    assert_memory_equal(out.b, before.b, 32);
}

static void slot_is_bound_to_its_vault_place_and_cost(void **state)
{
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    struct en_vault_header h = header_of(bytes);
    struct en_vault_header x = h;
    struct en_key out;

    (void)state;
    x.vault.b[0] ^= 1;
    assert_err(en_keyslot_open(&x, 1, &kek, &out), EN_FORGED);
    x = h;
    x.slot[2] = x.slot[1];
    assert_err(en_keyslot_open(&x, 2, &kek, &out), EN_FORGED);
    x = h;
    x.slot[1].cost.ops++;
    assert_err(en_keyslot_open(&x, 1, &kek, &out), EN_FORGED);
    x = h;
    x.slot[1].salt[3] ^= 1;
    assert_err(en_keyslot_open(&x, 1, &kek, &out), EN_FORGED);
    assert_ok(en_keyslot_open(&h, 1, &kek, &out));
    assert_memory_equal(out.b, mk.b, 32);
}

/* Two headers of one vault: neither's parts fit the other. */
static void dek_is_bound_to_its_generation_and_sequence(void **state)
{
    uint8_t one[EN_VAULT_HEADER_LEN];
    uint8_t two[EN_VAULT_HEADER_LEN];
    struct en_vault_header h = header_of(one);

    (void)state;
    h.sequence++;
    en_vault_header_seal(&h, &mk, &dek, nonce, two);
    assert_ok(open_whole(EN_SPAN_OF(two), &kek));
    memcpy(two + 64, one + 64, 72);
    assert_err(open_whole(EN_SPAN_OF(two), &kek), EN_FORGED);
}

static void reasons_tell_damage_downgrade_and_newer_apart(void **state)
{
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    struct en_vault_header h = header_of(bytes);
    struct en_why why = {0};

    (void)state;
    bytes[8] = 2;
    assert_err(en_vault_header_read(EN_SPAN_OF(bytes), &h, &why), EN_VERSION);
    assert_int_equal(why.reason, EN_WHY_NEWER);
    /* A newer header need not have our length. */
    assert_err(en_vault_header_read(EN_SPAN(bytes, 500), &h, &why), EN_VERSION);
    bytes[8] = 1;
    en_put_u32(bytes + 144 + 136 + 8, 1024);
    assert_err(en_vault_header_read(EN_SPAN_OF(bytes), &h, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_WEAK);
    en_put_u32(bytes + 144 + 136 + 8, EN_PWHASH_MEM_KIB_MAX + 1);
    assert_err(en_vault_header_read(EN_SPAN_OF(bytes), &h, &why), EN_FORGED);
    assert_int_equal(why.reason, EN_WHY_HEADER);
}

static void
passphrase_is_the_same_however_its_letters_are_composed(void **state)
{
    static const struct en_pwhash_cost weak = {EN_PWHASH_WEAK_OPS,
                                               EN_PWHASH_WEAK_KIB};
    struct en_key a;
    struct en_key b;
    struct en_key c;

    (void)state;
    assert_ok(en_keyslot_kek(BYTES("\xc3\xa9t\xc3\xa9 \xc3\xa0 la mer"), &weak,
                             salt, &a));
    assert_ok(en_keyslot_kek(BYTES("e\xcc\x81te\xcc\x81 a\xcc\x80 la mer"),
                             &weak, salt, &b));
    assert_ok(en_keyslot_kek(BYTES("ete a la mer"), &weak, salt, &c));
    assert_memory_equal(a.b, b.b, 32);
    assert_memory_not_equal(a.b, c.b, 32);
}

static void passphrase_out_of_bounds_is_refused_before_any_work(void **state)
{
    static uint8_t lots[EN_PASSPHRASE_MAX + 1];
    struct en_pwhash_cost below = {3, 131072};
    struct en_key k;

    (void)state;
    memset(lots, 'a', sizeof(lots));
    assert_err(en_keyslot_kek(EN_SPAN(NULL, 0), &cost, salt, &k), EN_RANGE);
    assert_err(en_keyslot_kek(EN_SPAN_OF(lots), &cost, salt, &k), EN_RANGE);
    assert_err(en_keyslot_kek(BYTES("not \xff utf-8"), &cost, salt, &k),
               EN_RANGE);
    assert_err(en_keyslot_kek(BYTES("good enough"), &below, salt, &k),
               EN_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_reads_back_what_was_sealed),
        cmocka_unit_test(header_with_any_bit_flipped_is_refused),
        cmocka_unit_test(header_of_any_other_length_is_refused),
        cmocka_unit_test(wrong_key_is_told_from_damage),
        cmocka_unit_test(slot_is_bound_to_its_vault_place_and_cost),
        cmocka_unit_test(dek_is_bound_to_its_generation_and_sequence),
        cmocka_unit_test(reasons_tell_damage_downgrade_and_newer_apart),
        cmocka_unit_test(
            passphrase_is_the_same_however_its_letters_are_composed),
        cmocka_unit_test(passphrase_out_of_bounds_is_refused_before_any_work),
    };

    if (en_secret_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
