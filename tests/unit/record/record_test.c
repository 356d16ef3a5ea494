/* The 128-byte header: what is written is read, and nothing else is a header. */
#include "lib/test.h"

#include "record/record.h"

static struct en_header journal(void)
{
    struct en_header h = {.kind = EN_JOURNAL,
                          .type = 1,
                          .ct_len = EN_CT_MIN,
                          .seq = 7,
                          .ctl_seq = 3};

    memset(h.epoch.b, 1, 16);
    memset(h.prev.b, 2, 32);
    memset(h.nonce, 3, 24);
    memset(h.payload_hash.b, 4, 32);
    return h;
}

static struct en_header control(void)
{
    return (struct en_header){.kind = EN_CONTROL, .type = 3, .ct_len = 10};
}

static void reads(const struct en_header *h, en_err expect)
{
    uint8_t raw[EN_HEADER_LEN];
    struct en_header back;

    en_header_encode(h, raw);
    assert_err(en_header_decode(raw, &back), expect);
}

static void a_header_is_read_as_it_was_written(void **state)
{
    uint8_t raw[EN_HEADER_LEN];
    uint8_t again[EN_HEADER_LEN];
    struct en_header back;
    struct en_header j = journal();
    struct en_header c = control();

    (void)state;
    for (int i = 0; i < 2; i++) {
        en_header_encode(i == 0 ? &j : &c, raw);
        assert_ok(en_header_decode(raw, &back));
        en_header_encode(&back, again);
        assert_memory_equal(raw, again, sizeof(raw));
    }
    /* Where each field is. */
    en_header_encode(&j, raw);
    assert_int_equal(raw[0], 1);
    assert_int_equal(raw[1], EN_JOURNAL);
    assert_int_equal(en_get_u32(raw + 4), EN_CT_MIN);
    assert_int_equal(en_get_u64(raw + 8), 7);
    assert_int_equal(en_get_u64(raw + EN_HEADER_CTL_AT), 3);
    assert_int_equal(raw[EN_HEADER_EPOCH_AT], 1);
    assert_int_equal(raw[EN_HEADER_PREV_AT], 2);
    assert_int_equal(raw[EN_HEADER_NONCE_AT], 3);
    assert_int_equal(raw[EN_HEADER_HASH_AT], 4);
}

static void version_kind_and_flags_are_those_known(void **state)
{
    uint8_t raw[EN_HEADER_LEN];
    struct en_header h = journal();
    struct en_header back;

    (void)state;
    en_header_encode(&h, raw);
    raw[0] = 0;
    assert_err(en_header_decode(raw, &back), EN_PROTOCOL);
    raw[0] = 2;
    assert_err(en_header_decode(raw, &back), EN_PROTOCOL);
    raw[0] = 1;
    raw[1] = 2;
    assert_err(en_header_decode(raw, &back), EN_PROTOCOL);
    raw[1] = EN_JOURNAL;
    for (int bit = 0; bit < 8; bit++) {
        raw[3] = (uint8_t)(1u << bit);
        assert_err(en_header_decode(raw, &back), EN_PROTOCOL);
    }
}

static void sizes_keep_to_kind_and_type(void **state)
{
    struct en_header h = journal();

    (void)state;
    h.ct_len = EN_CT_MIN - 1;
    reads(&h, EN_PROTOCOL);
    h.ct_len = EN_CT_MAX;
    reads(&h, EN_OK);
    h.ct_len = EN_CT_MAX + 1;
    reads(&h, EN_PROTOCOL);
    h = control();
    h.ct_len = 0;
    reads(&h, EN_PROTOCOL);
    h.ct_len = EN_OP_BYTES_MAX;
    reads(&h, EN_OK);
    h.ct_len = EN_OP_BYTES_MAX + 1;
    reads(&h, EN_PROTOCOL);
    h.type = 8; /* EVIDENCE */
    reads(&h, EN_OK);
    h.ct_len = EN_EVIDENCE_BYTES_MAX;
    reads(&h, EN_OK);
    h.ct_len = EN_EVIDENCE_BYTES_MAX + 1;
    reads(&h, EN_PROTOCOL);
}

static void sequence_numbers_stay_below_two_to_the_32(void **state)
{
    struct en_header h = journal();

    (void)state;
    h.seq = EN_SEQ_MAX - 1;
    h.ctl_seq = EN_SEQ_MAX - 1;
    reads(&h, EN_OK);
    h.seq = EN_SEQ_MAX;
    reads(&h, EN_PROTOCOL);
    h.seq = 0;
    h.ctl_seq = EN_SEQ_MAX;
    reads(&h, EN_PROTOCOL);
    h.ctl_seq = UINT64_MAX;
    reads(&h, EN_PROTOCOL);
}

static void
a_control_header_has_neither_epoch_nor_nonce_nor_ctl_seq(void **state)
{
    struct en_header h = control();

    (void)state;
    reads(&h, EN_OK);
    h.ctl_seq = 1;
    reads(&h, EN_PROTOCOL);
    h = control();
    h.epoch.b[15] = 1;
    reads(&h, EN_PROTOCOL);
    h = control();
    h.nonce[23] = 1;
    reads(&h, EN_PROTOCOL);
}

static void journal_type_0_is_reserved_and_later_ones_are_kept(void **state)
{
    struct en_header h = journal();

    (void)state;
    h.type = 0;
    reads(&h, EN_PROTOCOL);
    h.type = 255;
    reads(&h, EN_OK);
    h = control();
    h.type = 255;
    reads(&h, EN_OK);
}

static void each_bit_of_a_header_is_in_its_id(void **state)
{
    const struct en_id cid = {{5}};
    const struct en_id other = {{6}};
    uint8_t raw[EN_HEADER_LEN];
    struct en_header h = journal();
    struct en_id id;
    struct en_id changed;

    (void)state;
    en_header_encode(&h, raw);
    en_record_id(&cid, raw, &id);
    for (size_t bit = 0; bit < 8 * sizeof(raw); bit++) {
        raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
        en_record_id(&cid, raw, &changed);
        assert_false(en_id_eq(&id, &changed));
        raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    en_record_id(&other, raw, &changed); /* of another circle */
    assert_false(en_id_eq(&id, &changed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_read_as_it_was_written),
        cmocka_unit_test(version_kind_and_flags_are_those_known),
        cmocka_unit_test(sizes_keep_to_kind_and_type),
        cmocka_unit_test(sequence_numbers_stay_below_two_to_the_32),
        cmocka_unit_test(
            a_control_header_has_neither_epoch_nor_nonce_nor_ctl_seq),
        cmocka_unit_test(journal_type_0_is_reserved_and_later_ones_are_kept),
        cmocka_unit_test(each_bit_of_a_header_is_in_its_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
