/* Checkpoints: who signed what, and with which key of a device over time. */
#include "lib/test.h"

#include "crypto/sign.h"
#include "record/checkpoint.h"

static struct en_checkpoint of(uint64_t seq)
{
    struct en_checkpoint cp = {.seq = seq};

    memset(cp.log.b, 1, 32);
    memset(cp.id.b, 2, 32);
    return cp;
}

static void a_checkpoint_is_verified_by_its_key_and_no_other(void **state)
{
    struct en_key seed = {{1}};
    struct en_key other = {{2}};
    struct en_checkpoint cp = of(5);
    uint8_t pk[32];

    (void)state;
    en_checkpoint_sign(&cp, &seed);
    en_sign_public(&seed, pk);
    assert_ok(en_checkpoint_verify(&cp, pk));
    en_sign_public(&other, pk);
    assert_err(en_checkpoint_verify(&cp, pk), EN_FORGED);
}

static void every_bit_of_log_seq_id_and_signature_counts(void **state)
{
    struct en_key seed = {{1}};
    struct en_checkpoint cp = of(5);
    uint8_t pk[32];

    (void)state;
    en_checkpoint_sign(&cp, &seed);
    en_sign_public(&seed, pk);
    for (size_t bit = 0; bit < 256; bit += 5) {
        uint8_t mask = (uint8_t)(1u << bit % 8);

        cp.log.b[bit / 8] ^= mask;
        assert_err(en_checkpoint_verify(&cp, pk), EN_FORGED);
        cp.log.b[bit / 8] ^= mask;
        cp.id.b[bit / 8] ^= mask;
        assert_err(en_checkpoint_verify(&cp, pk), EN_FORGED);
        cp.id.b[bit / 8] ^= mask;
        cp.sig[bit / 8] ^= mask;
        assert_err(en_checkpoint_verify(&cp, pk), EN_FORGED);
        cp.sig[bit / 8] ^= mask;
    }
    for (int bit = 0; bit < 64; bit++) {
        cp.seq ^= UINT64_C(1) << bit;
        assert_err(en_checkpoint_verify(&cp, pk), EN_FORGED);
        cp.seq ^= UINT64_C(1) << bit;
    }
    assert_ok(en_checkpoint_verify(&cp, pk));
}

/* Renewed at control seq 4, after 10 journal records, and at 9, after 20. */
static struct en_signer renewed(void)
{
    struct en_signer s = {.n = 0};
    struct en_signer_key k = {.ctl_seq = 4, .journal = 10};

    memset(s.first, 0, 32);
    memset(k.pk, 1, 32);
    assert_ok(en_signer_add(&s, &k));
    k.ctl_seq = 9;
    k.journal = 20;
    memset(k.pk, 2, 32);
    assert_ok(en_signer_add(&s, &k));
    return s;
}

static void a_renewal_vouches_for_itself_and_what_follows(void **state)
{
    static const int control[12] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2};
    static const int journal[12] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2};
    struct en_signer s = renewed();

    (void)state;
    for (uint64_t seq = 0; seq < 12; seq++) {
        assert_int_equal(en_signer_control(&s, seq)[0], control[seq]);
        assert_int_equal(en_signer_journal(&s, seq)[0], journal[seq]);
    }
    en_signer_free(&s);
    assert_int_equal(en_signer_control(&s, 5)[0], 0);
}

static void an_old_key_adds_nothing_to_the_journal(void **state)
{
    struct en_signer s = renewed();

    (void)state;
    /* Below n: before the renewal. From n on: after it. */
    assert_true(en_signer_allows(&s, 9, 4));
    assert_false(en_signer_allows(&s, 9, 5));
    assert_false(en_signer_allows(&s, 10, 4));
    assert_true(en_signer_allows(&s, 10, 5));
    assert_true(en_signer_allows(&s, 19, 9));
    assert_false(en_signer_allows(&s, 19, 10));
    assert_false(en_signer_allows(&s, 20, 9));
    assert_true(en_signer_allows(&s, 20, 10));
    assert_false(en_signer_allows(&s, 0, 10));
    assert_false(en_signer_allows(&s, 30, 3));
    en_signer_free(&s);
    assert_true(en_signer_allows(&s, 30, 3)); /* never renewed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_is_verified_by_its_key_and_no_other),
        cmocka_unit_test(every_bit_of_log_seq_id_and_signature_counts),
        cmocka_unit_test(a_renewal_vouches_for_itself_and_what_follows),
        cmocka_unit_test(an_old_key_adds_nothing_to_the_journal),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
