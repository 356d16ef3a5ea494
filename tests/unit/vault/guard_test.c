/* core/vault/guard: the greater counter of the slots that open. */
#include "lib/test.h"

#include "vault/guard.h"

static const struct en_key key = {"the guard key of this vault....."};
static const uint8_t nonce[24] = "twenty-four random bytes";
static const uint8_t tips[2][32] = {"tips of the older slot, 32 bytes",
                                    "tips of the newer slot, 32 bytes"};

static void make(uint8_t file[EN_GUARD_LEN], uint64_t zero, uint64_t one)
{
    en_guard_seal(&key, 0, zero, tips[zero > one], nonce, file);
    en_guard_seal(&key, 1, one, tips[one > zero], nonce,
                  file + EN_GUARD_SLOT_LEN);
}

static void greater_counter_wins(void **state)
{
    uint8_t file[EN_GUARD_LEN];
    struct en_guard g;

    (void)state;
    make(file, 7, 8);
    assert_ok(en_guard_open(&key, EN_SPAN_OF(file), &g));
    assert_int_equal(g.counter, 8);
    assert_int_equal(g.slot, 1);
    assert_memory_equal(g.tips, tips[1], 32);
    make(file, UINT64_MAX, 8);
    assert_ok(en_guard_open(&key, EN_SPAN_OF(file), &g));
    assert_int_equal(g.counter, UINT64_MAX);
    assert_int_equal(g.slot, 0);
}

/* A flipped bit anywhere costs its slot, and no other. */
static void slot_with_any_bit_flipped_is_left_out(void **state)
{
    uint8_t file[EN_GUARD_LEN];
    struct en_guard g;

    (void)state;
    make(file, 7, 8);
    for (size_t i = 0; i < EN_GUARD_LEN * 8; i++) {
        bool newer = i / 8 >= EN_GUARD_SLOT_LEN;

        file[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_ok(en_guard_open(&key, EN_SPAN_OF(file), &g));
        assert_int_equal(g.counter, newer ? 7 : 8);
        assert_int_equal(g.slot, newer ? 0 : 1);
        file[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

static void guard_without_a_good_slot_is_refused(void **state)
{
    static const struct en_key other = {"another vault's guard key, also."};
    uint8_t file[EN_GUARD_LEN];
    struct en_guard g = {.counter = 99};

    (void)state;
    make(file, 7, 8);
    assert_err(en_guard_open(&other, EN_SPAN_OF(file), &g), EN_FORGED);
    file[0] ^= 1;
    file[EN_GUARD_SLOT_LEN] ^= 1;
    assert_err(en_guard_open(&key, EN_SPAN_OF(file), &g), EN_FORGED);
    memset(file, 0, sizeof(file));
    assert_err(en_guard_open(&key, EN_SPAN_OF(file), &g), EN_FORGED);
    for (size_t n = 0; n < EN_GUARD_LEN; n++)
        assert_err(en_guard_open(&key, EN_SPAN(file, n), &g), EN_FORGED);
    assert_int_equal(g.counter, 99);
}

static void slot_opens_in_its_own_place_only(void **state)
{
    uint8_t file[EN_GUARD_LEN];
    uint8_t swapped[EN_GUARD_LEN];
    struct en_guard g;

    (void)state;
    make(file, 7, 8);
    memcpy(swapped, file + EN_GUARD_SLOT_LEN, EN_GUARD_SLOT_LEN);
    memcpy(swapped + EN_GUARD_SLOT_LEN, file, EN_GUARD_SLOT_LEN);
    assert_err(en_guard_open(&key, EN_SPAN_OF(swapped), &g), EN_FORGED);
}

static void tips_depend_on_every_log_seq_and_id(void **state)
{
    struct en_guard_tip t[2] = {{.log = {{1}}, .seq = 4, .id = {{9}}},
                                {.log = {{2}}, .seq = 5, .id = {{8}}}};
    uint8_t base[32];
    uint8_t d[32];

    (void)state;
    en_guard_tips(t, 2, base);
    en_guard_tips(t, 1, d);
    assert_memory_not_equal(base, d, 32);
    t[0].seq = 5;
    en_guard_tips(t, 2, d);
    assert_memory_not_equal(base, d, 32);
    t[0].seq = 4;
    t[1].id.b[31] = 1;
    en_guard_tips(t, 2, d);
    assert_memory_not_equal(base, d, 32);
    t[1].id.b[31] = 0;
    t[1].log.b[31] = 1;
    en_guard_tips(t, 2, d);
    assert_memory_not_equal(base, d, 32);
    t[1].log.b[31] = 0;
    en_guard_tips(t, 2, d);
    assert_memory_equal(base, d, 32);
}

static void unordered(void *arg)
{
    struct en_guard_tip t[2] = {{.log = {{2}}}, {.log = {{1}}}};

    (void)arg;
    en_guard_tips(t, 2, (uint8_t[32]){0});
}

static void tips_out_of_order_are_our_own_fault(void **state)
{
    (void)state;
    assert_true(dies(unordered, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greater_counter_wins),
        cmocka_unit_test(slot_with_any_bit_flipped_is_left_out),
        cmocka_unit_test(guard_without_a_good_slot_is_refused),
        cmocka_unit_test(slot_opens_in_its_own_place_only),
        cmocka_unit_test(tips_depend_on_every_log_seq_and_id),
        cmocka_unit_test(tips_out_of_order_are_our_own_fault),
    };

    if (en_secret_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
