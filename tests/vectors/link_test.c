/*
 * What goes over the wire between two devices, byte for byte: own/link.json, made
 * by make/link.py with arithmetic of its own.
 */
#include "lib/test.h"

#include "crypto/wrap.h"
#include "lib/vec.h"
#include "record/frontier.h"
#include "sync/beacon.h"
#include "sync/channel.h"
#include "sync/join.h"
#include "sync/message.h"

/* A source whose bytes are given: what the vector calls random. */
struct given {
    struct en_rng rng;
    struct en_buf bytes;
    size_t at;
};

static void given_fill(struct en_rng *rng, uint8_t *out, size_t n)
{
    struct given *g = (struct given *)rng;

    assert_true(n <= g->bytes.n - g->at);
    memcpy(out, g->bytes.p + g->at, n);
    g->at += n;
}

static void give(struct given *g, struct en_json o, const char *name)
{
    struct en_buf b = {0};

    g->rng.fill = given_fill;
    vec_hex(o, name, &b);
    assert_ok(en_buf_add_span(&g->bytes, en_buf_span(&b)));
    en_buf_free(&b);
}

static void given_free(struct given *g)
{
    assert_int_equal(g->at, g->bytes.n); /* everything was used, in order */
    en_buf_free(&g->bytes);
}

static struct vec v;
static struct en_id cid;
static struct en_key netsecret;

static int set_up(void **state)
{
    (void)state;
    vec_load(&v, "vectors/own/link.json");
    vec_hex_n(v.root, "cid", cid.b, 32);
    vec_hex_n(v.root, "netsecret", netsecret.b, 32);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vec_free(&v);
    return 0;
}

static void same(struct en_json o, const char *name, struct en_span got)
{
    struct en_buf want = {0};

    vec_hex(o, name, &want);
    if (!en_span_eq(en_buf_span(&want), got))
        fail_msg("%s differs", name);
    en_buf_free(&want);
}

static void tips(struct en_frontier *f)
{
    struct en_json e;

    for (struct en_json_iter it = en_json_each(vec_get(v.root, "tips"));
         en_json_next(&it, NULL, &e);) {
        struct en_tip t = {.seq = vec_u64(e, "seq")};

        vec_hex_n(e, "log", t.log.b, 32);
        vec_hex_n(e, "id", t.id.b, 32);
        assert_ok(en_frontier_put(f, &t));
    }
    assert_int_equal(f->n, 5);
}

/* -- messages ------------------------------------------------------------- */

/* Read by the right decoder and written again. */
static void again(uint8_t type, struct en_span body, struct en_buf *out)
{
    struct en_hello hello;
    struct en_tip tip;
    struct en_seqs seqs;
    struct en_forka forka;
    struct en_pay pay;
    struct en_offer offer;
    struct en_joining joining;
    struct en_frontier f = {0};
    uint8_t code;

    switch (type) {
    case EN_MSG_HELLO:
        assert_ok(en_hello_decode(body, &hello));
        assert_ok(en_buf_add_zeros(out, EN_HELLO_LEN));
        en_hello_encode(&hello, out->p);
        break;
    case EN_MSG_FRONTIER:
        assert_ok(en_frontier_decode(body, &f));
        assert_ok(en_frontier_encode(&f, out));
        en_frontier_free(&f);
        break;
    case EN_MSG_DONE:
        assert_ok(en_done_decode(body, &tip));
        assert_ok(en_buf_add_zeros(out, EN_DONE_LEN));
        en_done_encode(&tip, out->p);
        break;
    case EN_MSG_FORKQ:
        assert_ok(en_forkq_decode(body, &seqs));
        assert_ok(en_forkq_encode(&seqs, out));
        break;
    case EN_MSG_FORKA:
        assert_ok(en_forka_decode(body, &forka));
        assert_ok(en_forka_encode(&forka, out));
        break;
    case EN_MSG_MISS:
        assert_ok(en_miss_decode(body, &seqs));
        assert_ok(en_miss_encode(&seqs, out));
        break;
    case EN_MSG_PAY:
        assert_ok(en_pay_decode(body, &pay));
        assert_ok(en_pay_encode(&pay, out));
        break;
    case EN_MSG_BYE:
        assert_ok(en_bye_decode(body, &code));
        assert_ok(en_buf_add_u8(out, code));
        break;
    case EN_MSG_OFFER:
        assert_ok(en_offer_decode(body, &offer));
        assert_ok(en_offer_encode(&offer, out));
        break;
    case EN_MSG_JOIN:
        assert_ok(en_joining_decode(body, &joining));
        assert_ok(en_joining_encode(&joining, out));
        break;
    default: assert_ok(en_buf_add_span(out, body)); break; /* RUN: record's */
    }
}

static void every_message_has_its_one_encoding(void **state)
{
    struct en_json e;
    size_t n = 0;

    (void)state;
    for (struct en_json_iter it = en_json_each(vec_get(v.root, "messages"));
         en_json_next(&it, NULL, &e); n++) {
        struct en_buf body = {0};
        struct en_buf out = {0};
        struct en_buf name = {0};
        uint8_t type = (uint8_t)vec_u64(e, "type");
        uint8_t head[5];

        vec_hex(e, "body", &body);
        vec_str(e, "name", &name);
        assert_string_equal(en_message_name(type), (const char *)name.p);
        again(type, en_buf_span(&body), &out);
        if (!en_span_eq(en_buf_span(&body), en_buf_span(&out)))
            fail_msg("%s differs", en_message_name(type));
        en_put_u32(head, (uint32_t)(1 + body.n));
        head[4] = type;
        en_buf_clear(&out);
        assert_ok(en_buf_add(&out, head, sizeof(head)));
        assert_ok(en_buf_add_span(&out, en_buf_span(&body)));
        same(e, "message", en_buf_span(&out));
        en_buf_free(&body);
        en_buf_free(&out);
        en_buf_free(&name);
    }
    assert_int_equal(n, 15);
}

static void hello_and_frontier_are_made_from_the_tips(void **state)
{
    struct en_frontier f = {0};
    struct en_hello h = {.cid = cid, .time_ms = vec_u64(v.root, "time_ms")};
    struct en_json e;
    struct en_id device;
    uint8_t out[EN_HELLO_LEN];
    struct en_buf body = {0};

    (void)state;
    tips(&f);
    vec_hex_n(v.root, "device", device.b, 32);
    h.device = en_id_short(&device);
    en_frontier_digest(&f, &cid, h.digest);
    same(v.root, "digest", EN_SPAN_OF(h.digest));
    en_hello_encode(&h, out);
    assert_ok(en_frontier_encode(&f, &body));
    for (struct en_json_iter it = en_json_each(vec_get(v.root, "messages"));
         en_json_next(&it, NULL, &e);) {
        if (vec_u64(e, "type") == EN_MSG_HELLO)
            same(e, "body", EN_SPAN_OF(out));
        if (vec_u64(e, "type") == EN_MSG_FRONTIER)
            same(e, "body", en_buf_span(&body));
    }
    en_frontier_free(&f);
    en_buf_free(&body);
}

/* -- channels ------------------------------------------------------------- */

static bool knows(void *user, size_t circle, const uint8_t link_pk[32])
{
    assert_int_equal(circle, 0);
    return memcmp(user, link_pk, 32) == 0;
}

/* What a channel wants to write now, all of it. */
static void written(struct en_channel *c, struct en_json o, const char *name)
{
    struct en_span out = {0};

    assert_ok(en_channel_out(c, 1000, &out));
    same(o, name, out);
    en_channel_wrote(c, out.n, 1000);
}

static void given_bytes(struct en_channel *c, struct en_json o,
                        const char *name)
{
    struct en_buf b = {0};
    struct en_channel_event ev = {.type = EN_CHANNEL_BYTES, .now_ms = 1000};
    struct en_channel_todo todo;

    vec_hex(o, name, &b);
    ev.bytes = en_buf_span(&b);
    assert_ok(en_channel_step(c, &ev, &todo));
    assert_false(todo.refused);
    assert_int_equal(todo.used, b.n);
    en_buf_free(&b);
}

static void body_of(uint8_t type, struct en_buf *body)
{
    struct en_json e;

    for (struct en_json_iter it = en_json_each(vec_get(v.root, "messages"));
         en_json_next(&it, NULL, &e);)
        if (vec_u64(e, "type") == type)
            vec_hex(e, "body", body);
}

static void a_member_calls_with_these_bytes(void **state)
{
    struct en_json o = vec_get(v.root, "member");
    struct en_channel_circle caller = {.cid = cid, .netsecret = netsecret};
    struct en_channel_circle other = {.cid = cid, .netsecret = netsecret};
    uint8_t pk_caller[32];
    uint8_t pk_other[32];
    struct en_channel_home home = {
        .circle = &other, .n = 1, .knows = knows, .user = pk_caller};
    struct given ga = {{0}, {0}, 0};
    struct given gb = {{0}, {0}, 0};
    struct en_channel *a = NULL;
    struct en_channel *b = NULL;
    struct en_buf hello = {0};
    struct en_buf frontier = {0};

    (void)state;
    vec_hex_n(o, "link_caller", caller.link.b, 32);
    vec_hex_n(o, "link_responder", other.link.b, 32);
    en_x25519_public(&caller.link, pk_caller);
    en_x25519_public(&other.link, pk_other);
    give(&ga, o, "ephemeral_caller");
    give(&gb, o, "banner");
    give(&gb, o, "ephemeral_responder");
    assert_ok(en_channel_accept(&b, &home, &gb.rng, NULL, 1000));
    assert_ok(en_channel_call(&a, &caller, pk_other, &ga.rng, NULL, 1000));
    written(b, o, "greeting");
    given_bytes(a, o, "greeting");
    written(a, o, "call");
    given_bytes(b, o, "call");
    written(b, o, "answer");
    given_bytes(a, o, "answer");
    assert_true(en_channel_open(a));
    body_of(EN_MSG_HELLO, &hello);
    body_of(EN_MSG_FRONTIER, &frontier);
    assert_ok(en_channel_send(a, EN_MSG_HELLO, en_buf_span(&hello)));
    assert_ok(en_channel_send(a, EN_MSG_FRONTIER, en_buf_span(&frontier)));
    written(a, o, "first");
    assert_ok(en_channel_send(a, EN_MSG_PING, (struct en_span){0}));
    written(a, o, "second");
    given_bytes(b, o, "first");
    assert_true(en_channel_open(b));
    assert_ok(en_channel_send(b, EN_MSG_LIVE, (struct en_span){0}));
    written(b, o, "back");
    en_channel_free(a);
    en_channel_free(b);
    en_buf_free(&hello);
    en_buf_free(&frontier);
    given_free(&ga);
    given_free(&gb);
}

static void somebody_joins_with_these_bytes(void **state)
{
    struct en_json o = vec_get(v.root, "joining");
    struct en_json words = vec_get(o, "words");
    struct en_json e;
    struct en_invite invite = {.state = EN_INVITE_LIVE, .born_ms = 1000};
    struct en_channel_home home = {.invite = &invite};
    struct given ga = {{0}, {0}, 0};
    struct given gb = {{0}, {0}, 0};
    struct en_channel *a = NULL;
    struct en_channel *b = NULL;
    struct en_buf text = {0};
    struct en_code code;
    uint8_t h[64];
    unsigned index[6];
    size_t n = 0;

    (void)state;
    vec_str(o, "typed", &text);
    assert_ok(en_code_parse(en_buf_span(&text), &code, NULL));
    vec_str(o, "code", &text);
    assert_true(en_span_eq(en_code_span(&code), en_buf_span(&text)));
    invite.code = code;
    invite.lang = vec_u64(o, "language") == 0 ? EN_LANG_FR : EN_LANG_EN;
    give(&ga, o, "sid_j");
    give(&ga, o, "random_ya");
    give(&ga, o, "ephemeral_joiner");
    give(&gb, o, "banner");
    give(&gb, o, "random_yb");
    give(&gb, o, "ephemeral_sponsor");
    assert_ok(en_channel_accept(&b, &home, &gb.rng, NULL, 1000));
    assert_ok(en_channel_join(&a, &code, &ga.rng, NULL, 1000));
    given_bytes(a, vec_get(v.root, "member"), "greeting"); /* the same banner */
    written(b, vec_get(v.root, "member"), "greeting");
    written(a, o, "offer");
    given_bytes(b, o, "offer");
    written(b, o, "share");
    given_bytes(a, o, "share");
    written(a, o, "confirm");
    given_bytes(b, o, "confirm");
    written(b, o, "answer");
    given_bytes(a, o, "answer");
    assert_true(en_channel_open(a));
    assert_ok(en_channel_send(a, EN_MSG_PING, (struct en_span){0}));
    written(a, o, "first");
    given_bytes(b, o, "first");
    assert_true(en_channel_open(b));
    en_channel_hash(a, h);
    same(o, "h", EN_SPAN_OF(h));
    en_channel_hash(b, h);
    same(o, "h", EN_SPAN_OF(h));
    en_join_words(h, index);
    for (struct en_json_iter it = en_json_each(words);
         en_json_next(&it, NULL, &e); n++) {
        uint64_t want = 0;

        assert_true(n < 6);
        assert_ok(en_json_u64(e, &want));
        assert_int_equal(index[n], want);
    }
    assert_int_equal(n, 6);
    en_channel_free(a);
    en_channel_free(b);
    en_buf_free(&text);
    given_free(&ga);
    given_free(&gb);
}

/* -- beacons -------------------------------------------------------------- */

static void a_beacon_is_made_of_these_tags(void **state)
{
    struct en_json o = vec_get(v.root, "beacon");
    struct en_json e;
    struct en_id own;
    struct en_key find;
    struct en_beacons b;
    struct en_addr from = {.port = (uint16_t)vec_u64(o, "port")};
    struct given g = {{0}, {0}, 0};
    int64_t time_ms = (int64_t)vec_u64(o, "time_ms");
    uint8_t out[EN_BEACON_LEN];
    size_t n = 0;

    (void)state;
    vec_hex_n(o, "device", own.b, 32);
    vec_hex_n(o, "find", find.b, 32);
    vec_hex_n(o, "ip", from.ip, 16);
    assert_ok(en_beacons_init(&b, &cid, &own, &find));
    for (struct en_json_iter it = en_json_each(vec_get(o, "peers"));
         en_json_next(&it, NULL, &e); n++) {
        struct en_id device;
        struct en_key sk;
        uint8_t pk[32];

        vec_hex_n(e, "device", device.b, 32);
        vec_hex_n(e, "find", sk.b, 32);
        en_x25519_public(&sk, pk);
        assert_ok(en_beacons_put(&b, &device, pk));
        same(e, "pair", EN_SPAN_OF(b.peer[n].pair.b));
    }
    assert_int_equal(n, 3);
    give(&g, o, "nonce");
    give(&g, o, "fill");
    en_beacon_make(&b, &g.rng, &from, time_ms, out);
    same(o, "beacon", EN_SPAN_OF(out));
    en_beacons_free(&b);
    given_free(&g);

    /* And each of the three recognises it. */
    for (struct en_json_iter it = en_json_each(vec_get(o, "peers"));
         en_json_next(&it, NULL, &e);) {
        struct en_id device;
        struct en_key sk;
        struct en_heard heard;
        uint8_t pk[32];

        vec_hex_n(e, "device", device.b, 32);
        vec_hex_n(e, "find", sk.b, 32);
        en_x25519_public(&find, pk);
        assert_ok(en_beacons_init(&b, &cid, &device, &sk));
        assert_ok(en_beacons_put(&b, &own, pk));
        assert_ok(
            en_beacon_match(&b, EN_SPAN_OF(out), from.ip, time_ms, 0, &heard));
        assert_true(en_id_eq(&heard.device, &own));
        assert_int_equal(heard.port, from.port);
        en_beacons_free(&b);
    }
}

static void seek_and_here_are_these_bytes(void **state)
{
    struct en_json o = vec_get(v.root, "seek");
    struct given g = {{0}, {0}, 0};
    struct en_seek s;
    struct en_rate rate = {0};
    uint8_t out[EN_SEEK_LEN];
    uint8_t here[EN_SEEK_LEN];

    (void)state;
    give(&g, o, "random");
    en_seek_init(&s, (unsigned)vec_u64(o, "number"), &g.rng, 0);
    assert_true(en_seek_due(&s, 0, out));
    same(o, "seek", EN_SPAN_OF(out));
    assert_ok(en_here_answer(&rate, EN_SPAN_OF(out),
                             (unsigned)vec_u64(o, "number"),
                             (uint16_t)vec_u64(o, "port"), 0, here));
    same(o, "here", EN_SPAN_OF(here));
    given_free(&g);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(every_message_has_its_one_encoding),
        CASE(hello_and_frontier_are_made_from_the_tips),
        CASE(a_member_calls_with_these_bytes),
        CASE(somebody_joins_with_these_bytes),
        CASE(a_beacon_is_made_of_these_tags),
        CASE(seek_and_here_are_these_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
