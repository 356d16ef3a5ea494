/*
 * Runs: what one device writes the next reads; what is damaged anywhere, or over a
 * bound, is refused whole.
 */
#include "lib/test.h"

#include "crypto/sign.h"
#include "record/run.h"

#include <stdlib.h>

#define RECORDS 300

static const struct en_id cid = {{1}};
static const struct en_id log_id = {{9, 9}};
static const struct en_key seed = {{4}};

/* A chain of its own: headers, payloads, ids. */
struct chain {
    enum en_kind kind;
    size_t n;
    uint8_t header[RECORDS][EN_HEADER_LEN];
    struct en_buf payload[RECORDS];
    struct en_id id[RECORDS];
};

static struct chain chain;

static void append(uint8_t type, size_t bytes, uint64_t ctl_seq, uint8_t epoch)
{
    size_t i = chain.n++;
    struct en_header h = {.kind = (uint8_t)chain.kind,
                          .type = type,
                          .ct_len = (uint32_t)bytes,
                          .seq = i,
                          .ctl_seq = ctl_seq,
                          .prev = i == 0 ? log_id : chain.id[i - 1]};

    assert_true(i < RECORDS);
    if (chain.kind == EN_JOURNAL) {
        h.epoch.b[0] = epoch;
        h.epoch.b[1] = 1;
        memset(h.nonce, (int)i, sizeof(h.nonce));
    }
    assert_ok(en_buf_add_zeros(&chain.payload[i], bytes));
    chain.payload[i].p[0] = (uint8_t)i;
    en_payload_hash(&cid, en_buf_span(&chain.payload[i]), &h.payload_hash);
    en_header_encode(&h, chain.header[i]);
    en_record_id(&cid, chain.header[i], &chain.id[i]);
}

static int fresh(void **state)
{
    (void)state;
    for (size_t i = 0; i < RECORDS; i++)
        en_buf_free(&chain.payload[i]);
    memset(&chain, 0, sizeof(chain));
    chain.kind = EN_JOURNAL;
    return 0;
}

static void sign(size_t last, struct en_checkpoint *cp)
{
    *cp = (struct en_checkpoint){
        .log = log_id, .seq = last, .id = chain.id[last]};
    en_checkpoint_sign(cp, &seed);
}

/* Records from..upto-1 as a body; every third payload stays behind if marked. */
static void body_of(size_t from, size_t upto, bool marked, struct en_buf *out)
{
    struct en_run_writer w = {.n = 0};
    struct en_checkpoint cp;

    en_buf_clear(out);
    en_run_begin(&w, chain.kind, &log_id, from,
                 from == 0 ? &log_id : &chain.id[from - 1]);
    for (size_t i = from; i < upto; i++) {
        bool here = !marked || i % 3 != 0;
        enum en_mark mark = here ? EN_MARK_PAYLOAD : (enum en_mark)(1 + i % 2);

        assert_true(en_run_fits(&w, chain.header[i], chain.payload[i].n));
        assert_ok(en_run_add(&w, chain.header[i], mark,
                             here ? en_buf_span(&chain.payload[i])
                                  : EN_SPAN(NULL, 0)));
    }
    sign(upto - 1, &cp);
    assert_ok(en_run_end(&w, cp.sig, out));
    en_run_writer_free(&w);
}

/* Reads, chains and verifies, as a receiver that holds `from` records. */
static en_err whole(struct en_span body, enum en_kind kind, size_t from,
                    struct en_run *run)
{
    const struct en_id *before = from == 0 ? &log_id : &chain.id[from - 1];
    struct en_checkpoint cp;
    uint8_t pk[32];
    en_err err = en_run_decode(body, kind, run);

    if (err == EN_OK)
        err = run->from == from ? en_run_chain(run, &cid, &log_id, before)
                                : EN_FORGED;
    if (err == EN_OK) {
        en_run_tip(run, &log_id, &cp);
        en_sign_public(&seed, pk);
        err = en_checkpoint_verify(&cp, pk);
    }
    return err;
}

static void some_journal(void)
{
    for (size_t i = 0; i < 12; i++)
        append((uint8_t)(1 + i % 3), EN_CT_MIN + 8 * i, i / 4,
               (uint8_t)(i / 5));
}

static void some_control(void)
{
    chain.kind = EN_CONTROL;
    for (size_t i = 0; i < 12; i++)
        append((uint8_t)(i % 4), 20 + i, 0, 0);
}

static void a_run_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++)
        for (int marked = 0; marked < 2; marked++)
            for (size_t from = 0; from < 12; from += 5) {
                struct en_buf b = {0};
                struct en_run run;
                struct en_id16 log16;
                uint64_t at;

                fresh(NULL);
                if (kind == EN_CONTROL)
                    some_control();
                else
                    some_journal();
                body_of(from, 12, marked && kind == EN_JOURNAL, &b);
                assert_ok(en_run_peek(en_buf_span(&b), &log16, &at));
                assert_int_equal(at, from);
                assert_memory_equal(log16.b, log_id.b, 16);
                assert_ok(
                    whole(en_buf_span(&b), (enum en_kind)kind, from, &run));
                assert_int_equal(run.n, 12 - from);
                for (size_t i = 0; i < run.n; i++) {
                    assert_memory_equal(run.rec[i].header,
                                        chain.header[from + i], EN_HEADER_LEN);
                    assert_true(en_id_eq(&run.rec[i].id, &chain.id[from + i]));
                    if (run.rec[i].mark == EN_MARK_PAYLOAD)
                        assert_true(
                            en_span_eq(run.rec[i].payload,
                                       en_buf_span(&chain.payload[from + i])));
                }
                en_run_free(&run);
                en_buf_free(&b);
            }
}

/* Each single bit of a run, of either kind, with payloads left out and not. */
static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct en_buf b = {0};
        struct en_run run;
        enum en_kind k = kind == 0 ? EN_CONTROL : EN_JOURNAL;

        fresh(NULL);
        if (kind == 0)
            some_control();
        else
            some_journal();
        body_of(3, 12, kind == 2, &b);
        for (size_t bit = 0; bit < 8 * b.n; bit++) {
            b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (whole(en_buf_span(&b), k, 3, &run) == EN_OK) {
                /* The mark of a payload that is not here is the sender's word,
                 * and no part of the record. */
                size_t differ = 0;

                assert_int_equal(kind, 2);
                for (size_t i = 0; i < run.n; i++)
                    differ += (int)run.rec[i].mark !=
                              ((i + 3) % 3 != 0 ? 0 : (int)(1 + (i + 3) % 2));
                assert_int_equal(differ, 1);
            }
            en_run_free(&run);
            b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_ok(whole(en_buf_span(&b), k, 3, &run));
        en_run_free(&run);
        en_buf_free(&b);
    }
}

static void every_truncation_and_a_tail_are_refused(void **state)
{
    struct en_buf b = {0};
    struct en_run run;

    (void)state;
    some_journal();
    body_of(0, 12, false, &b);
    for (size_t n = 0; n < b.n; n++)
        assert_err(en_run_decode(EN_SPAN(b.p, n), EN_JOURNAL, &run),
                   EN_PROTOCOL);
    assert_ok(en_buf_add_u8(&b, 0));
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    en_buf_free(&b);
}

static void a_run_on_another_base_or_log_is_refused(void **state)
{
    struct en_buf b = {0};
    struct en_run run;
    struct en_id other = log_id;

    (void)state;
    some_journal();
    body_of(3, 12, false, &b);
    assert_ok(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run));
    assert_err(en_run_chain(&run, &cid, &log_id, &chain.id[1]), EN_FORGED);
    other.b[0] ^= 1;
    assert_err(en_run_chain(&run, &cid, &other, &chain.id[2]), EN_FORGED);
    assert_ok(en_run_chain(&run, &cid, &log_id, &chain.id[2]));
    en_run_free(&run);
    en_buf_free(&b);
}

static void a_run_is_not_read_as_the_other_kind(void **state)
{
    struct en_buf b = {0};
    struct en_run run;

    (void)state;
    some_journal();
    body_of(0, 12, false, &b);
    assert_err(en_run_decode(en_buf_span(&b), EN_CONTROL, &run), EN_PROTOCOL);
    fresh(NULL);
    some_control();
    body_of(0, 12, false, &b);
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    en_buf_free(&b);
}

static void a_count_without_records_allocates_nothing(void **state)
{
    uint8_t head[43] = {0};
    struct en_run run;

    (void)state;
    en_put_u16(head + 40, 256);
    assert_err(en_run_decode(EN_SPAN_OF(head), EN_CONTROL, &run), EN_PROTOCOL);
    assert_null(run.rec);
    en_put_u16(head + 40, 0);
    assert_err(en_run_decode(EN_SPAN_OF(head), EN_CONTROL, &run), EN_PROTOCOL);
    en_put_u16(head + 40, 65535);
    assert_err(en_run_decode(EN_SPAN_OF(head), EN_CONTROL, &run), EN_PROTOCOL);
}

static void a_run_holds_256_records_and_no_more(void **state)
{
    struct en_run_writer w = {.n = 0};
    struct en_buf b = {0};
    struct en_checkpoint cp;
    struct en_run run;

    (void)state;
    for (size_t i = 0; i < EN_RUN_RECORDS_MAX + 1; i++)
        append(1, EN_CT_MIN, 0, 0);
    body_of(0, EN_RUN_RECORDS_MAX, false, &b);
    assert_ok(whole(en_buf_span(&b), EN_JOURNAL, 0, &run));
    en_run_free(&run);
    en_run_begin(&w, EN_JOURNAL, &log_id, 0, &log_id);
    for (size_t i = 0; i < EN_RUN_RECORDS_MAX; i++)
        assert_ok(en_run_add(&w, chain.header[i], EN_MARK_PAYLOAD,
                             en_buf_span(&chain.payload[i])));
    assert_false(en_run_fits(&w, chain.header[EN_RUN_RECORDS_MAX], 0));
    /* By hand: one more record behind, and the count to match. */
    sign(EN_RUN_RECORDS_MAX - 1, &cp);
    en_buf_clear(&b);
    assert_ok(en_run_end(&w, cp.sig, &b));
    en_put_u16(b.p + 40, EN_RUN_RECORDS_MAX + 1);
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    en_run_writer_free(&w);
    en_buf_free(&b);
}

static void a_run_holds_a_mebibyte_of_payload_and_no_more(void **state)
{
    struct en_run_writer w = {.n = 0};
    struct en_buf b = {0};
    struct en_run run;
    size_t total = 0;

    (void)state;
    while (total + 65536 <= EN_RUN_BYTES_MAX) {
        append(1, 65536, 0, 0);
        total += 65536;
    }
    append(1, EN_CT_MIN, 0, 0);
    body_of(0, 16, false, &b);
    assert_ok(whole(en_buf_span(&b), EN_JOURNAL, 0, &run));
    en_run_free(&run);
    en_run_begin(&w, EN_JOURNAL, &log_id, 0, &log_id);
    for (size_t i = 0; i < 16; i++)
        assert_ok(en_run_add(&w, chain.header[i], EN_MARK_PAYLOAD,
                             en_buf_span(&chain.payload[i])));
    assert_false(en_run_fits(&w, chain.header[16], EN_CT_MIN));
    assert_true(en_run_fits(&w, chain.header[16], 0)); /* marked, it fits */
    w.payload = 0; /* a writer that does not count */
    assert_ok(en_run_add(&w, chain.header[16], EN_MARK_PAYLOAD,
                         en_buf_span(&chain.payload[16])));
    {
        struct en_checkpoint cp;

        sign(16, &cp);
        en_buf_clear(&b);
        assert_ok(en_run_end(&w, cp.sig, &b));
    }
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    en_run_writer_free(&w);
    en_buf_free(&b);
}

static void a_devkey_ends_a_run(void **state)
{
    struct en_run_writer w = {.n = 0};
    struct en_buf b = {0};
    struct en_run run;

    (void)state;
    chain.kind = EN_CONTROL;
    append(2, 20, 0, 0);
    append(4, 30, 0, 0); /* DEVKEY */
    append(2, 20, 0, 0);
    body_of(0, 2, false, &b);
    assert_ok(whole(en_buf_span(&b), EN_CONTROL, 0, &run));
    en_run_free(&run);
    en_run_begin(&w, EN_CONTROL, &log_id, 0, &log_id);
    for (size_t i = 0; i < 2; i++)
        assert_ok(en_run_add(&w, chain.header[i], EN_MARK_PAYLOAD,
                             en_buf_span(&chain.payload[i])));
    assert_false(en_run_fits(&w, chain.header[2], 20));
    w.ended = false; /* a writer that goes on */
    assert_ok(en_run_add(&w, chain.header[2], EN_MARK_PAYLOAD,
                         en_buf_span(&chain.payload[2])));
    {
        struct en_checkpoint cp;

        sign(2, &cp);
        en_buf_clear(&b);
        assert_ok(en_run_end(&w, cp.sig, &b));
    }
    assert_err(en_run_decode(en_buf_span(&b), EN_CONTROL, &run), EN_PROTOCOL);
    /* A writer begun anew is open again. */
    en_run_begin(&w, EN_CONTROL, &log_id, 2, &chain.id[1]);
    assert_true(en_run_fits(&w, chain.header[2], 20));
    en_run_writer_free(&w);
    en_buf_free(&b);
}

static void the_author_s_clock_of_operations_never_goes_back(void **state)
{
    struct en_buf b = {0};
    struct en_run run;

    (void)state;
    append(1, EN_CT_MIN, 5, 0);
    append(1, EN_CT_MIN, 5, 0);
    append(1, EN_CT_MIN, 4, 0);
    body_of(0, 2, false, &b);
    assert_ok(whole(en_buf_span(&b), EN_JOURNAL, 0, &run));
    en_run_free(&run);
    body_of(0, 3, false, &b);
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    en_buf_free(&b);
}

static void a_record_at_the_last_place_of_a_log_is_read(void **state)
{
    struct en_buf b = {0};
    struct en_run run;

    (void)state;
    append(1, EN_CT_MIN, 0, 0);
    body_of(0, 1, false, &b);
    en_put_u64(b.p + 16, EN_SEQ_MAX - 1);
    assert_ok(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run));
    en_run_free(&run);
    en_put_u64(b.p + 16, EN_SEQ_MAX);
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    en_put_u64(b.p + 16, UINT64_MAX);
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    en_buf_free(&b);
}

/* Body: log 16, from 8, base 16, n 2, m 1, then m epoch ids. */
static void epochs_stand_once_and_are_all_used(void **state)
{
    struct en_buf b = {0};
    struct en_buf c = {0};
    struct en_run run;

    (void)state;
    append(1, EN_CT_MIN, 0, 1);
    append(1, EN_CT_MIN, 0, 2);
    body_of(0, 2, false, &b);
    assert_int_equal(b.p[42], 2);
    /* A third that nobody names. */
    assert_ok(en_buf_add(&c, b.p, 43 + 32));
    assert_ok(en_buf_add_zeros(&c, 16));
    assert_ok(en_buf_add(&c, b.p + 75, b.n - 75));
    c.p[42] = 3;
    assert_err(en_run_decode(en_buf_span(&c), EN_JOURNAL, &run), EN_PROTOCOL);
    /* The first twice, and both used. */
    memcpy(b.p + 43 + 16, b.p + 43, 16);
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    en_buf_free(&b);
    en_buf_free(&c);
}

static void a_run_names_255_epochs_at_most(void **state)
{
    struct en_run_writer w = {.n = 0};
    struct en_buf b = {0};
    struct en_run run;

    (void)state;
    for (size_t i = 0; i < 256; i++)
        append(1, EN_CT_MIN, 0, (uint8_t)i);
    body_of(0, 255, false, &b);
    assert_ok(whole(en_buf_span(&b), EN_JOURNAL, 0, &run));
    en_run_free(&run);
    en_run_begin(&w, EN_JOURNAL, &log_id, 0, &log_id);
    for (size_t i = 0; i < 255; i++)
        assert_ok(en_run_add(&w, chain.header[i], EN_MARK_PAYLOAD,
                             en_buf_span(&chain.payload[i])));
    assert_false(en_run_fits(&w, chain.header[255], EN_CT_MIN));
    assert_true(en_run_fits(&w, chain.header[254], EN_CT_MIN));
    en_run_writer_free(&w);
    en_buf_free(&b);
}

static void marks_and_types_that_are_unknown_are_refused(void **state)
{
    struct en_buf b = {0};
    struct en_run run;

    (void)state;
    append(1, EN_CT_MIN, 0, 1);
    body_of(0, 1, false, &b);
    b.p[43 + 16] = 4; /* mark */
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    b.p[43 + 16] = 0;
    b.p[43 + 17] = 0; /* type */
    assert_err(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run), EN_PROTOCOL);
    b.p[43 + 17] = 99; /* of a later program: read */
    assert_ok(en_run_decode(en_buf_span(&b), EN_JOURNAL, &run));
    en_run_free(&run);
    en_buf_free(&b);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fresh, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_run_is_read_as_it_was_written),
        CASE(every_flipped_bit_is_refused),
        CASE(every_truncation_and_a_tail_are_refused),
        CASE(a_run_on_another_base_or_log_is_refused),
        CASE(a_run_is_not_read_as_the_other_kind),
        CASE(a_count_without_records_allocates_nothing),
        CASE(a_run_holds_256_records_and_no_more),
        CASE(a_run_holds_a_mebibyte_of_payload_and_no_more),
        CASE(a_devkey_ends_a_run),
        CASE(the_author_s_clock_of_operations_never_goes_back),
        CASE(a_record_at_the_last_place_of_a_log_is_read),
        CASE(epochs_stand_once_and_are_all_used),
        CASE(a_run_names_255_epochs_at_most),
        CASE(marks_and_types_that_are_unknown_are_refused),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
