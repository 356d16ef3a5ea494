/* Certificates: their layout, which keys must be there, and what they name. */
#include "lib/test.h"

#include "crypto/sign.h"
#include "crypto/wrap.h"
#include "record/device.h"

static struct en_rng_seeded rng;
static struct en_device_keys keys;

static int set_up(void **state)
{
    (void)state;
    en_rng_seed(&rng, 178);
    en_device_keys_new(&keys, &rng.rng);
    return 0;
}

static struct en_cert cert_of(uint8_t flags)
{
    struct en_cert c = {.flags = flags};

    memset(c.cid.b, 7, 32);
    en_cert_of_keys(&keys, &c);
    return c;
}

static void a_certificate_is_read_as_it_was_written(void **state)
{
    const uint8_t flags[] = {0, EN_CERT_KIT, EN_CERT_ROOT, EN_CERT_OBSERVER};

    (void)state;
    for (size_t i = 0; i < sizeof(flags); i++) {
        struct en_cert c = cert_of(flags[i]);
        struct en_cert back;
        uint8_t raw[EN_CERT_LEN];
        uint8_t again[EN_CERT_LEN];

        en_cert_encode(&c, raw);
        assert_ok(en_cert_decode(EN_SPAN_OF(raw), &back));
        en_cert_encode(&back, again);
        assert_memory_equal(raw, again, sizeof(raw));
        assert_int_equal(raw[0], 1);
        assert_memory_equal(raw + 1, c.cid.b, 32);
        assert_memory_equal(raw + EN_CERT_PERSON_AT, c.person.b, 16);
        assert_int_equal(raw[EN_CERT_FLAGS_AT], flags[i]);
        assert_memory_equal(raw + EN_CERT_SIGN_AT, c.sign_pk, 32);
        assert_memory_equal(raw + EN_CERT_WRAP_AT, c.wrap_pk, 32);
        assert_memory_equal(raw + EN_CERT_LINK_AT, c.link_pk, 32);
        assert_memory_equal(raw + EN_CERT_FIND_AT, c.find_pk, 32);
    }
}

static void keys_are_there_exactly_where_the_flags_say(void **state)
{
    static const struct {
        uint8_t flags;
        bool wrap, link;
    } kinds[] = {{0, true, true},
                 {EN_CERT_KIT, true, true},
                 {EN_CERT_ROOT, false, false},
                 {EN_CERT_OBSERVER, false, true}};
    static const size_t at[] = {EN_CERT_WRAP_AT, EN_CERT_LINK_AT,
                                EN_CERT_FIND_AT};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (size_t k = 0; k < 3; k++) {
            struct en_cert c = cert_of(kinds[i].flags);
            bool there = k == 0 ? kinds[i].wrap : kinds[i].link;
            struct en_cert back;
            struct en_key some = {{77}};
            uint8_t raw[EN_CERT_LEN];

            en_cert_encode(&c, raw);
            assert_int_equal(!en_is_zero_ct(raw + at[k], 32), there);
            if (there)
                memset(raw + at[k], 0, 32);
            else
                en_x25519_public(&some, raw + at[k]);
            assert_err(en_cert_decode(EN_SPAN_OF(raw), &back), EN_PROTOCOL);
        }
}

static void a_certificate_without_a_sign_key_is_none(void **state)
{
    struct en_cert c = cert_of(0);
    struct en_cert back;
    uint8_t raw[EN_CERT_LEN];

    (void)state;
    en_cert_encode(&c, raw);
    memset(raw + EN_CERT_SIGN_AT, 0, 32);
    assert_err(en_cert_decode(EN_SPAN_OF(raw), &back), EN_PROTOCOL);
}

static void another_length_or_version_is_none(void **state)
{
    struct en_cert c = cert_of(0);
    struct en_cert back;
    uint8_t raw[EN_CERT_LEN + 1] = {0};

    (void)state;
    en_cert_encode(&c, raw);
    assert_err(en_cert_decode(EN_SPAN(raw, EN_CERT_LEN + 1), &back),
               EN_PROTOCOL);
    for (size_t n = 0; n < EN_CERT_LEN; n++)
        assert_err(en_cert_decode(EN_SPAN(raw, n), &back), EN_PROTOCOL);
    raw[0] = 0;
    assert_err(en_cert_decode(EN_SPAN(raw, EN_CERT_LEN), &back), EN_PROTOCOL);
}

static void two_flags_or_an_unknown_one_are_refused(void **state)
{
    struct en_cert c = cert_of(0);
    struct en_cert back;
    uint8_t raw[EN_CERT_LEN];

    (void)state;
    en_cert_encode(&c, raw);
    for (unsigned flags = 0; flags < 256; flags++) {
        raw[EN_CERT_FLAGS_AT] = (uint8_t)flags;
        assert_err(en_cert_decode(EN_SPAN_OF(raw), &back),
                   flags == 0 || flags == EN_CERT_KIT ? EN_OK : EN_PROTOCOL);
    }
}

static void equal_keys_are_seen_and_absent_ones_are_no_keys(void **state)
{
    struct en_cert c = cert_of(0);

    (void)state;
    assert_true(en_cert_keys_differ(&c));
    memcpy(c.find_pk, c.wrap_pk, 32);
    assert_false(en_cert_keys_differ(&c));
    c = cert_of(0);
    memcpy(c.link_pk, c.sign_pk, 32);
    assert_false(en_cert_keys_differ(&c));
    c = cert_of(EN_CERT_ROOT); /* three are zero */
    assert_true(en_cert_keys_differ(&c));
}

static void a_certificate_is_signed_by_its_own_key(void **state)
{
    struct en_cert c = cert_of(0);
    uint8_t raw[EN_CERT_LEN];
    uint8_t sig[64];

    (void)state;
    en_cert_encode(&c, raw);
    en_cert_sign(&keys.sign, raw, sig);
    assert_ok(en_cert_verify(raw, sig));
    for (size_t bit = 0; bit < 8 * EN_CERT_LEN; bit += 3) {
        raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_err(en_cert_verify(raw, sig), EN_FORGED);
        raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    en_cert_sign(&keys.wrap, raw, sig);
    assert_err(en_cert_verify(raw, sig), EN_FORGED);
}

/* Logs and devices of two circles have nothing in common, nor do a device's two
 * logs. */
static void names_depend_on_all_that_they_name(void **state)
{
    struct en_cert c = cert_of(0);
    const struct en_id one = {{1}};
    const struct en_id two = {{2}};
    struct en_id device[2];
    struct en_id log[4];
    struct en_id16 person[2];
    uint8_t raw[EN_CERT_LEN];

    (void)state;
    en_cert_encode(&c, raw);
    en_device_id(&one, raw, &device[0]);
    en_device_id(&two, raw, &device[1]);
    assert_false(en_id_eq(&device[0], &device[1]));
    en_log_id(&one, &device[0], EN_CONTROL, &log[0]);
    en_log_id(&one, &device[0], EN_JOURNAL, &log[1]);
    en_log_id(&two, &device[0], EN_CONTROL, &log[2]);
    en_log_id(&one, &device[1], EN_CONTROL, &log[3]);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            assert_false(en_id_eq(&log[i], &log[j]));
    en_person_id(c.sign_pk, c.wrap_pk, &person[0]);
    assert_true(en_id16_eq(&person[0], &c.person));
    en_person_id(c.wrap_pk, c.sign_pk, &person[1]);
    assert_false(en_id16_eq(&person[0], &person[1]));
}

static void a_person_that_is_given_is_kept(void **state)
{
    struct en_cert c = {.flags = EN_CERT_KIT};

    (void)state;
    c.person.b[0] = 9;
    en_cert_of_keys(&keys, &c);
    assert_int_equal(c.person.b[0], 9);
}

static void a_renewal_is_signed_for_one_place_of_one_log(void **state)
{
    const struct en_id log = {{1}};
    const struct en_id other = {{2}};
    const struct en_id cert = {{3}};
    uint8_t pk[32];
    uint8_t sig[64];

    (void)state;
    en_sign_public(&keys.sign, pk);
    en_renew_sign(&keys.sign, &log, 4, &cert, sig);
    assert_ok(en_renew_verify(pk, &log, 4, &cert, sig));
    assert_err(en_renew_verify(pk, &log, 5, &cert, sig), EN_FORGED);
    assert_err(en_renew_verify(pk, &other, 4, &cert, sig), EN_FORGED);
    assert_err(en_renew_verify(pk, &log, 4, &other, sig), EN_FORGED);
    sig[9] ^= 1;
    assert_err(en_renew_verify(pk, &log, 4, &cert, sig), EN_FORGED);
}

static void wiped_keys_are_gone(void **state)
{
    struct en_device_keys k = keys;

    (void)state;
    assert_false(en_is_zero_ct(&k, sizeof(k)));
    en_device_keys_wipe(&k);
    assert_true(en_is_zero_ct(&k, sizeof(k)));
}

#define CASE(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_certificate_is_read_as_it_was_written),
        CASE(keys_are_there_exactly_where_the_flags_say),
        CASE(a_certificate_without_a_sign_key_is_none),
        CASE(another_length_or_version_is_none),
        CASE(two_flags_or_an_unknown_one_are_refused),
        CASE(equal_keys_are_seen_and_absent_ones_are_no_keys),
        CASE(a_certificate_is_signed_by_its_own_key),
        CASE(names_depend_on_all_that_they_name),
        CASE(a_person_that_is_given_is_kept),
        CASE(a_renewal_is_signed_for_one_place_of_one_log),
        CASE(wiped_keys_are_gone),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
