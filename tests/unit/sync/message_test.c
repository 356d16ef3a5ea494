#include "sync/message.h"

#include "lib/test.h"

static struct en_buf body;

static int set_up(void **state)
{
    (void)state;
    en_buf_free(&body);
    return 0;
}

/* A decoder for any body, its result thrown away. */
static en_err decode(uint8_t type, struct en_span s)
{
    union {
        struct en_hello hello;
        struct en_tip tip;
        struct en_seqs seqs;
        struct en_forka forka;
        struct en_span span;
        struct en_pay pay;
        struct en_offer offer;
        struct en_joining joining;
        uint8_t code;
    } any;

    switch (type) {
    case EN_MSG_HELLO: return en_hello_decode(s, &any.hello);
    case EN_MSG_DONE: return en_done_decode(s, &any.tip);
    case EN_MSG_FORKQ: return en_forkq_decode(s, &any.seqs);
    case EN_MSG_FORKA: return en_forka_decode(s, &any.forka);
    case EN_MSG_EVID: return en_evid_decode(s, &any.span);
    case EN_MSG_MISS: return en_miss_decode(s, &any.seqs);
    case EN_MSG_PAY: return en_pay_decode(s, &any.pay);
    case EN_MSG_BYE: return en_bye_decode(s, &any.code);
    case EN_MSG_OFFER: return en_offer_decode(s, &any.offer);
    case EN_MSG_JOIN: return en_joining_decode(s, &any.joining);
    default: return EN_RANGE;
    }
}

/* The body as it stands is taken; every shorter one and every longer one is not. */
static void assert_exact(uint8_t type)
{
    assert_ok(decode(type, en_buf_span(&body)));
    assert_true(1 + body.n <= en_message_max(type));
    for (size_t n = 0; n < body.n; n++)
        if (decode(type, EN_SPAN(body.p, n)) == EN_OK)
            fail_msg("%s cut to %zu bytes is taken", en_message_name(type), n);
    assert_ok(en_buf_add_u8(&body, 0));
    assert_err(decode(type, en_buf_span(&body)), EN_PROTOCOL);
    body.n--;
}

static void sizes_are_those_of_the_protocol(void **state)
{
    (void)state;
    assert_int_equal(en_message_max(EN_MSG_HELLO), 95);
    assert_int_equal(en_message_max(EN_MSG_FRONTIER), 3 + 40 * 8192);
    assert_int_equal(en_message_max(EN_MSG_RUN), 1114112);
    assert_int_equal(en_message_max(EN_MSG_DONE), 41);
    assert_int_equal(en_message_max(EN_MSG_FORKQ), 19 + 8 * 64);
    assert_int_equal(en_message_max(EN_MSG_FORKA), 19 + 24 * 64);
    assert_int_equal(en_message_max(EN_MSG_EVID), 1 + 81920);
    assert_int_equal(en_message_max(EN_MSG_MISS), 19 + 8 * 256);
    assert_int_equal(en_message_max(EN_MSG_PAY), 29 + 67600);
    assert_int_equal(en_message_max(EN_MSG_LIVE), 1);
    assert_int_equal(en_message_max(EN_MSG_PING), 1);
    assert_int_equal(en_message_max(EN_MSG_BYE), 2);
    assert_int_equal(en_message_max(EN_MSG_OFFER), 21 + 64);
    assert_int_equal(en_message_max(EN_MSG_JOIN), 311 + 128);
    assert_int_equal(en_message_max(EN_MSG_SECRET), 33);
    assert_int_equal(en_message_max(EN_MSG_AGREE), 1);
}

static void no_other_type_exists(void **state)
{
    (void)state;
    for (unsigned t = 0; t < 256; t++) {
        bool known = (t >= 1 && t <= 12) || (t >= 16 && t <= 19);

        assert_int_equal(en_message_max((uint8_t)t) > 0, known);
        assert_int_equal(strcmp(en_message_name((uint8_t)t), "?") != 0, known);
    }
}

static void hello_comes_back_as_it_was(void **state)
{
    struct en_hello h = {.capabilities = 0x80000001u,
                         .cid = {{1, 2}},
                         .device = {{3, 4}},
                         .digest = {5, 6},
                         .time_ms = 1800000000123};
    struct en_hello got = {0};
    uint8_t out[EN_HELLO_LEN];

    (void)state;
    en_hello_encode(&h, out);
    assert_ok(en_hello_decode(EN_SPAN_OF(out), &got));
    assert_memory_equal(&got, &h, sizeof(h));
    assert_ok(en_buf_add(&body, out, sizeof(out)));
    assert_exact(EN_MSG_HELLO);
}

static void a_later_hello_is_of_another_version_and_not_an_error(void **state)
{
    struct en_hello h;
    uint8_t out[200] = {2};

    (void)state;
    assert_err(en_hello_decode(EN_SPAN_OF(out), &h), EN_VERSION);
    assert_err(en_hello_decode(EN_SPAN(out, 2), &h), EN_VERSION);
    assert_err(en_hello_decode(EN_SPAN(out, 1), &h), EN_PROTOCOL);
    out[0] = 0;
    assert_err(en_hello_decode(EN_SPAN(out, EN_HELLO_LEN), &h), EN_VERSION);
}

static void done_comes_back_and_its_seq_is_bounded(void **state)
{
    struct en_tip tip = {.log = {{9}}, .seq = EN_SEQ_MAX - 1, .id = {{8}}};
    struct en_tip got;
    uint8_t out[EN_DONE_LEN];

    (void)state;
    en_done_encode(&tip, out);
    assert_ok(en_done_decode(EN_SPAN_OF(out), &got));
    assert_memory_equal(&got, &tip, sizeof(tip));
    assert_ok(en_buf_add(&body, out, sizeof(out)));
    assert_exact(EN_MSG_DONE);
    en_put_u64(out + 16, EN_SEQ_MAX);
    assert_err(en_done_decode(EN_SPAN_OF(out), &got), EN_PROTOCOL);
    en_put_u64(out + 16, UINT64_MAX);
    assert_err(en_done_decode(EN_SPAN_OF(out), &got), EN_PROTOCOL);
}

static void seq_lists_are_counted_ascending_and_bounded(void **state)
{
    static const struct {
        uint8_t type;
        size_t max;
    } lists[] = {{EN_MSG_MISS, 256}, {EN_MSG_FORKQ, 64}};

    (void)state;
    for (size_t l = 0; l < 2; l++) {
        uint8_t type = lists[l].type;
        struct en_seqs m = {.log = {{7}}};
        struct en_seqs got;

        for (m.n = 1; m.n <= lists[l].max; m.n += m.n < 3 ? 1 : 61) {
            for (size_t i = 0; i < m.n; i++)
                m.seq[i] = 3 * i;
            en_buf_clear(&body);
            assert_ok(type == EN_MSG_MISS ? en_miss_encode(&m, &body)
                                          : en_forkq_encode(&m, &body));
            assert_ok(type == EN_MSG_MISS
                          ? en_miss_decode(en_buf_span(&body), &got)
                          : en_forkq_decode(en_buf_span(&body), &got));
            assert_int_equal(got.n, m.n);
            assert_memory_equal(got.seq, m.seq, m.n * 8);
            assert_exact(type);
        }
        /* three entries: equal, descending, too great */
        en_buf_clear(&body);
        m.n = 3;
        assert_ok(en_miss_encode(&m, &body));
        en_put_u64(body.p + 18 + 16, 3);
        assert_err(decode(type, en_buf_span(&body)), EN_PROTOCOL);
        en_put_u64(body.p + 18 + 16, 2);
        assert_err(decode(type, en_buf_span(&body)), EN_PROTOCOL);
        en_put_u64(body.p + 18 + 16, EN_SEQ_MAX);
        assert_err(decode(type, en_buf_span(&body)), EN_PROTOCOL);
        /* none at all, and one more than may be */
        en_buf_clear(&body);
        assert_ok(en_buf_add_zeros(&body, 18));
        assert_err(decode(type, en_buf_span(&body)), EN_PROTOCOL);
        en_put_u16(body.p + 16, (uint16_t)(lists[l].max + 1));
        for (size_t i = 0; i <= lists[l].max; i++)
            assert_ok(en_buf_add_u64(&body, i));
        assert_err(decode(type, en_buf_span(&body)), EN_PROTOCOL);
    }
}

static void forka_is_counted_ascending_and_bounded(void **state)
{
    struct en_forka a = {.log = {{7}}, .n = EN_FORKQ_MAX};
    struct en_forka got;

    (void)state;
    for (size_t i = 0; i < a.n; i++) {
        a.at[i].seq = 1000 + 2 * i;
        a.at[i].id.b[0] = (uint8_t)i;
    }
    assert_ok(en_forka_encode(&a, &body));
    assert_ok(en_forka_decode(en_buf_span(&body), &got));
    assert_int_equal(got.n, a.n);
    for (size_t i = 0; i < a.n; i++) {
        assert_int_equal(got.at[i].seq, a.at[i].seq);
        assert_true(en_id16_eq(&got.at[i].id, &a.at[i].id));
    }
    assert_exact(EN_MSG_FORKA);
    en_put_u64(body.p + 18 + 24, 1000);
    assert_err(decode(EN_MSG_FORKA, en_buf_span(&body)), EN_PROTOCOL);
    en_put_u64(body.p + 18, EN_SEQ_MAX);
    assert_err(decode(EN_MSG_FORKA, en_buf_span(&body)), EN_PROTOCOL);
    en_buf_clear(&body);
    assert_ok(en_buf_add_zeros(&body, 18));
    assert_err(decode(EN_MSG_FORKA, en_buf_span(&body)), EN_PROTOCOL);
    en_put_u16(body.p + 16, EN_FORKQ_MAX + 1);
    assert_ok(en_buf_add_zeros(&body, 24 * (EN_FORKQ_MAX + 1)));
    for (size_t i = 0; i <= EN_FORKQ_MAX; i++)
        en_put_u64(body.p + 18 + 24 * i, i);
    assert_err(decode(EN_MSG_FORKA, en_buf_span(&body)), EN_PROTOCOL);
}

static void a_payload_has_the_sizes_of_a_ciphertext(void **state)
{
    static uint8_t ct[EN_CT_MAX + 1];
    static const size_t good[] = {EN_CT_MIN, EN_CT_MIN + 1, EN_CT_MAX};
    struct en_pay p = {.log = {{1}}, .seq = 77};
    struct en_pay got;

    (void)state;
    memset(ct, 0xc7, sizeof(ct));
    for (size_t i = 0; i < 3; i++) {
        en_buf_clear(&body);
        p.ct = EN_SPAN(ct, good[i]);
        assert_ok(en_pay_encode(&p, &body));
        assert_int_equal(1 + body.n, 29 + good[i]);
        assert_ok(en_pay_decode(en_buf_span(&body), &got));
        assert_int_equal(got.seq, 77);
        assert_true(en_span_eq(got.ct, p.ct));
        if (i == 0)
            assert_exact(EN_MSG_PAY);
    }
    en_buf_clear(&body);
    p.ct = EN_SPAN(ct, EN_CT_MIN);
    assert_ok(en_pay_encode(&p, &body));
    en_put_u32(body.p + 24, EN_CT_MIN - 1);
    assert_err(decode(EN_MSG_PAY, EN_SPAN(body.p, body.n - 1)), EN_PROTOCOL);
    en_put_u32(body.p + 24, 0xffffffffu);
    assert_err(decode(EN_MSG_PAY, en_buf_span(&body)), EN_PROTOCOL);
    en_put_u32(body.p + 24, EN_CT_MAX + 1);
    assert_ok(en_buf_add_zeros(&body, EN_CT_MAX + 1 - EN_CT_MIN));
    assert_err(decode(EN_MSG_PAY, en_buf_span(&body)), EN_PROTOCOL);
    en_put_u64(body.p + 16, EN_SEQ_MAX);
    en_put_u32(body.p + 24, EN_CT_MAX);
    assert_err(decode(EN_MSG_PAY, EN_SPAN(body.p, body.n - 1)), EN_PROTOCOL);
}

static void bye_has_one_of_six_codes(void **state)
{
    uint8_t code;

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t b = (uint8_t)c;

        assert_err(en_bye_decode(EN_SPAN(&b, 1), &code),
                   c <= EN_BYE_REVOKED ? EN_OK : EN_PROTOCOL);
    }
    assert_ok(en_buf_add_u8(&body, EN_BYE_BUSY));
    assert_exact(EN_MSG_BYE);
}

static void evidence_is_an_array_of_seven(void **state)
{
    (void)state;
    assert_ok(en_buf_add_zeros(&body, 90000));
    body.p[0] = 0x97;
    assert_ok(decode(EN_MSG_EVID, EN_SPAN(body.p, 2)));
    assert_ok(decode(EN_MSG_EVID, EN_SPAN(body.p, EN_EVIDENCE_BYTES_MAX)));
    assert_err(decode(EN_MSG_EVID, EN_SPAN(body.p, EN_EVIDENCE_BYTES_MAX + 1)),
               EN_PROTOCOL);
    assert_err(decode(EN_MSG_EVID, EN_SPAN(body.p, 1)), EN_PROTOCOL);
    body.p[0] = 0x96;
    assert_err(decode(EN_MSG_EVID, EN_SPAN(body.p, 2)), EN_PROTOCOL);
}

static void an_offer_names_class_kind_sponsor_and_circle(void **state)
{
    struct en_offer o = {.cls = 2,
                         .kind = EN_OFFER_PERSON,
                         .sponsor = {{5}},
                         .name = en_span_str("Les Tilleuls")};
    struct en_offer got;
    uint8_t name[EN_NAME_MAX + 1];

    (void)state;
    assert_ok(en_offer_encode(&o, &body));
    assert_int_equal(1 + body.n, 21 + 12);
    assert_ok(en_offer_decode(en_buf_span(&body), &got));
    assert_int_equal(got.cls, 2);
    assert_int_equal(got.kind, EN_OFFER_PERSON);
    assert_true(en_id16_eq(&got.sponsor, &o.sponsor));
    assert_span(got.name, "Les Tilleuls");
    assert_exact(EN_MSG_OFFER);
    for (unsigned v = 0; v < 256; v++) {
        body.p[0] = (uint8_t)v;
        assert_err(decode(EN_MSG_OFFER, en_buf_span(&body)),
                   v >= 1 && v <= 3 ? EN_OK : EN_PROTOCOL);
    }
    body.p[0] = 1;
    for (unsigned v = 0; v < 256; v++) {
        body.p[1] = (uint8_t)v;
        assert_err(decode(EN_MSG_OFFER, en_buf_span(&body)),
                   v <= 2 ? EN_OK : EN_PROTOCOL);
    }
    memset(name, 'n', sizeof(name));
    en_buf_clear(&body);
    o.name = EN_SPAN(name, sizeof(name));
    assert_err(en_offer_encode(&o, &body), EN_RANGE);
    o.name = EN_SPAN(name, 0);
    assert_err(en_offer_encode(&o, &body), EN_RANGE);
    o.name = BYTES("\xff");
    assert_err(en_offer_encode(&o, &body), EN_RANGE);
    o.name = EN_SPAN(name, EN_NAME_MAX);
    assert_ok(en_offer_encode(&o, &body));
    assert_int_equal(1 + body.n, en_message_max(EN_MSG_OFFER));
    body.p[20] = 0; /* a NUL in the name, then bytes that are no text */
    assert_err(decode(EN_MSG_OFFER, en_buf_span(&body)), EN_PROTOCOL);
    body.p[20] = 0xc0;
    assert_err(decode(EN_MSG_OFFER, en_buf_span(&body)), EN_PROTOCOL);
}

static void a_join_carries_three_parts_and_two_labels(void **state)
{
    uint8_t cert[EN_CERT_LEN];
    uint8_t sig[2][64];
    struct en_joining j = {.cert = EN_SPAN_OF(cert),
                           .cert_sig = EN_SPAN_OF(sig[0]),
                           .join_sig = EN_SPAN_OF(sig[1]),
                           .person_label = en_span_str("Luc R."),
                           .device_label = en_span_str("portable")};
    struct en_joining got;
    uint8_t label[EN_LABEL_MAX + 1];

    (void)state;
    memset(cert, 1, sizeof(cert));
    memset(sig[0], 2, 64);
    memset(sig[1], 3, 64);
    assert_ok(en_joining_encode(&j, &body));
    assert_int_equal(1 + body.n, 311 + 6 + 8);
    assert_ok(en_joining_decode(en_buf_span(&body), &got));
    assert_true(en_span_eq(got.cert, j.cert));
    assert_true(en_span_eq(got.cert_sig, j.cert_sig));
    assert_true(en_span_eq(got.join_sig, j.join_sig));
    assert_span(got.person_label, "Luc R.");
    assert_span(got.device_label, "portable");
    assert_exact(EN_MSG_JOIN);
    memset(label, 'l', sizeof(label));
    en_buf_clear(&body);
    j.device_label = EN_SPAN_OF(label);
    assert_err(en_joining_encode(&j, &body), EN_RANGE);
    j.device_label = EN_SPAN(label, EN_LABEL_MAX);
    j.person_label = EN_SPAN(label, 0);
    assert_err(en_joining_encode(&j, &body), EN_RANGE);
    j.person_label = EN_SPAN(label, EN_LABEL_MAX);
    assert_ok(en_joining_encode(&j, &body));
    assert_int_equal(1 + body.n, en_message_max(EN_MSG_JOIN));
    assert_ok(decode(EN_MSG_JOIN, en_buf_span(&body)));
    en_put_u16(body.p + 306, EN_LABEL_MAX + 1);
    assert_err(decode(EN_MSG_JOIN, en_buf_span(&body)), EN_PROTOCOL);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, set_up)
    const struct CMUnitTest tests[] = {
        CASE(sizes_are_those_of_the_protocol),
        CASE(no_other_type_exists),
        CASE(hello_comes_back_as_it_was),
        CASE(a_later_hello_is_of_another_version_and_not_an_error),
        CASE(done_comes_back_and_its_seq_is_bounded),
        CASE(seq_lists_are_counted_ascending_and_bounded),
        CASE(forka_is_counted_ascending_and_bounded),
        CASE(a_payload_has_the_sizes_of_a_ciphertext),
        CASE(bye_has_one_of_six_codes),
        CASE(evidence_is_an_array_of_seven),
        CASE(an_offer_names_class_kind_sponsor_and_circle),
        CASE(a_join_carries_three_parts_and_two_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
