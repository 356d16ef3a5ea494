#include "unit/sync/pipe.h"

#include "base/limits.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/noise.h"

static struct world w;
static struct pipe p;

static int set_up(void **state)
{
    (void)state;
    world_init(&w, 1);
    memset(&p, 0, sizeof(p));
    p.now_ms = 5000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pipe_free(&p);
    en_invite_cancel(&w.invite);
    return 0;
}

static void ping(struct side *s)
{
    assert_ok(en_channel_send(s->c, EN_MSG_PING, (struct en_span){0}));
}

static void open_member(void)
{
    pipe_member(&p, &w, 1, 0);
    pipe_run(&p);
    ping(&p.caller);
    pipe_run(&p);
    assert_true(p.caller.opened && p.callee.opened);
}

/* Silence: nothing beyond the greeting is written, and the end comes ten seconds
 * after accept, not before. */
static void assert_silence_until_ten_seconds(void)
{
    struct en_span out = {0};
    uint64_t end = 5000 + EN_CHANNEL_HANDSHAKE_MS;

    assert_false(p.callee.opened);
    assert_int_equal(p.callee.written, 17);
    assert_ok(en_channel_out(p.callee.c, p.now_ms, &out));
    assert_int_equal(out.n, 0);
    assert_false(p.callee.closed);
    assert_int_equal(p.callee.wake_ms, end);
    assert_ok(side_bytes(&p.callee, BYTES("anything else"), end - 1));
    assert_ok(side_event(&p.callee, EN_CHANNEL_TICKED, end - 1));
    assert_int_not_equal(side_event(&p.callee, EN_CHANNEL_TICKED, end), EN_OK);
    assert_true(p.callee.closed);
}

/* -- members -------------------------------------------------------------- */

static void a_member_and_a_responder_open_to_each_other(void **state)
{
    (void)state;
    pipe_member(&p, &w, 1, 0);
    pipe_run(&p);
    assert_int_equal(p.callee.written, 17 + 50);
    assert_int_equal(p.caller.written, 98);
    assert_true(p.caller.opened);
    assert_false(p.callee.opened);
    ping(&p.caller);
    pipe_run(&p);
    assert_true(p.callee.opened);
    assert_int_equal(p.callee.n, 1);
    assert_int_equal(p.callee.said[0].type, EN_MSG_PING);
    assert_memory_equal(en_channel_peer(p.callee.c), w.link_pk[1][0], 32);
    assert_memory_equal(en_channel_peer(p.caller.c), w.link_pk[0][0], 32);
    assert_false(en_channel_joining(p.callee.c));
    assert_true(en_channel_caller(p.caller.c));
    assert_false(en_channel_caller(p.callee.c));
}

static void a_responder_of_several_circles_finds_the_one_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < CIRCLES; i++) {
        p = (struct pipe){.now_ms = 5000};
        pipe_member(&p, &w, 2, i);
        pipe_run(&p);
        ping(&p.caller);
        pipe_run(&p);
        assert_true(p.callee.opened);
        assert_int_equal(en_channel_circle_index(p.callee.c), i);
        pipe_free(&p);
    }
}

static void the_responder_sends_nothing_before_the_first_message(void **state)
{
    struct en_span out = {0};

    (void)state;
    pipe_member(&p, &w, 1, 0);
    assert_err(en_channel_send(p.callee.c, EN_MSG_PING, (struct en_span){0}),
               EN_LATER);
    pipe_run(&p);
    assert_err(en_channel_send(p.callee.c, EN_MSG_PING, (struct en_span){0}),
               EN_LATER);
    assert_false(en_channel_room(p.callee.c));
    assert_ok(en_channel_out(p.callee.c, p.now_ms, &out));
    assert_int_equal(out.n, 0);
    ping(&p.caller);
    pipe_run(&p);
    assert_true(en_channel_room(p.callee.c));
    ping(&p.callee);
    pipe_run(&p);
    assert_int_equal(p.caller.n, 1);
}

static void fill(struct en_buf *b, size_t n, uint8_t with)
{
    en_buf_clear(b);
    assert_ok(en_buf_reserve(b, n));
    memset(b->p, with, n);
    b->n = n;
}

static void messages_of_all_sizes_arrive_whole_and_in_order(void **state)
{
    static const size_t sizes[] = {0,
                                   1,
                                   65513,
                                   65514,
                                   65515,
                                   65519,
                                   65520,
                                   131000,
                                   40000,
                                   40000,
                                   3,
                                   0,
                                   EN_MESSAGE_MAX - 1};
    static const size_t segments[] = {0, 1, 7, 65536};
    struct en_buf body = {0};

    (void)state;
    for (size_t s = 0; s < sizeof(segments) / sizeof(*segments); s++) {
        size_t many = sizeof(sizes) / sizeof(*sizes);

        if (segments[s] == 1)
            many--; /* the last one a byte at a time is tested for memory */
        p = (struct pipe){.now_ms = 5000};
        open_member();
        p.segment = segments[s];
        for (size_t i = 0; i < many; i++) {
            fill(&body, sizes[i], (uint8_t)i);
            assert_ok(
                en_channel_send(p.callee.c, EN_MSG_RUN, en_buf_span(&body)));
            pipe_run(&p);
        }
        assert_int_equal(p.caller.n, many);
        for (size_t i = 0; i < many; i++) {
            fill(&body, sizes[i], (uint8_t)i);
            assert_true(en_span_eq(en_buf_span(&p.caller.said[i].body),
                                   en_buf_span(&body)));
        }
        pipe_free(&p);
    }
    en_buf_free(&body);
}

static void many_small_messages_share_a_frame(void **state)
{
    size_t before;

    (void)state;
    open_member();
    before = p.caller.written;
    for (size_t i = 0; i < 100; i++)
        ping(&p.caller);
    pipe_run(&p);
    assert_int_equal(p.callee.n, 101);
    assert_int_equal(p.caller.written - before, 2 + 16 + 100 * 5);
}

/* -- strangers and those who were removed --------------------------------- */

static void an_unknown_key_meets_silence(void **state)
{
    (void)state;
    en_rng_bytes(&w.rng.rng, w.own[1][0].link.b, 32);
    pipe_member(&p, &w, 1, 0);
    pipe_run(&p);
    assert_true(p.callee.refused);
    assert_silence_until_ten_seconds();
}

static void a_removed_device_meets_silence(void **state)
{
    (void)state;
    w.active[1][0] = false;
    pipe_member(&p, &w, 1, 0);
    pipe_run(&p);
    assert_int_equal(w.lookups, 1);
    assert_true(p.callee.refused);
    assert_silence_until_ten_seconds();
}

static void a_wrong_netsecret_meets_silence(void **state)
{
    (void)state;
    w.own[1][0].netsecret.b[31] ^= 1;
    pipe_member(&p, &w, 1, 0);
    pipe_run(&p);
    assert_int_equal(w.lookups, 0);
    assert_true(p.callee.refused);
    assert_silence_until_ten_seconds();
}

static void a_key_of_one_circle_opens_no_other(void **state)
{
    (void)state;
    /* An honest member of circle 0 calls with everything of circle 1 but its key
     * there. */
    w.own[1][1].link = w.own[1][0].link;
    pipe_member(&p, &w, 1, 1);
    pipe_run(&p);
    assert_true(p.callee.refused);
    assert_silence_until_ten_seconds();
}

static void a_circle_not_held_meets_silence(void **state)
{
    (void)state;
    w.home.n = 1;
    pipe_member(&p, &w, 1, 1);
    pipe_run(&p);
    assert_silence_until_ten_seconds();
}

static void a_device_in_no_circle_answers_nobody(void **state)
{
    (void)state;
    w.home.n = 0;
    w.home.invite = NULL;
    pipe_member(&p, &w, 1, 0);
    pipe_run(&p);
    assert_silence_until_ten_seconds();
}

static void a_call_meant_for_another_device_meets_silence(void **state)
{
    (void)state;
    assert_ok(
        en_channel_accept(&p.callee.c, &w.home, &w.rng.rng, NULL, p.now_ms));
    assert_ok(en_channel_call(&p.caller.c, &w.own[1][0], w.link_pk[2][0],
                              &w.rng.rng, NULL, p.now_ms));
    pipe_run(&p);
    assert_silence_until_ten_seconds();
}

static bool knows_everybody(void *user, size_t circle,
                            const uint8_t link_pk[32])
{
    (void)user;
    (void)circle;
    (void)link_pk;
    return true;
}

static void a_device_that_calls_itself_meets_silence(void **state)
{
    (void)state;
    w.home.knows = knows_everybody;
    pipe_member(&p, &w, 0, 0);
    pipe_run(&p);
    assert_true(p.callee.refused);
    assert_silence_until_ten_seconds();
}

struct flip {
    struct tap tap;
    bool to_callee;
    size_t at; /* byte of that direction's stream */
    uint8_t with;
};

static bool flip_pass(struct tap *t, bool to_callee, size_t at, uint8_t *b,
                      size_t n)
{
    const struct flip *f = t->user;

    if (to_callee == f->to_callee && f->at >= at && f->at < at + n)
        b[f->at - at] ^= f->with;
    return true;
}

static void every_changed_byte_of_a_call_meets_silence(void **state)
{
    (void)state;
    for (size_t at = 2; at < 98; at++) {
        struct flip f = {.to_callee = true, .at = at, .with = 0x20};

        f.tap = (struct tap){flip_pass, &f};
        p = (struct pipe){.now_ms = 5000, .tap = &f.tap};
        pipe_member(&p, &w, 1, 0);
        pipe_run(&p);
        assert_true(p.callee.refused);
        assert_silence_until_ten_seconds();
        pipe_free(&p);
    }
}

static void every_other_size_of_a_first_frame_meets_silence(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= 65535; n += n < 200 ? 1 : 997) {
        uint8_t head[2];

        if (n == 96 || n == 52)
            continue;
        p = (struct pipe){.now_ms = 5000};
        en_put_u16be(head, (uint16_t)n);
        pipe_member(&p, &w, 1, 0);
        while (pipe_move(&p, false))
            ;
        assert_ok(side_bytes(&p.callee, EN_SPAN_OF(head), p.now_ms));
        assert_true(p.callee.refused);
        assert_true(en_channel_memory(p.callee.c) <= 128);
        assert_silence_until_ten_seconds();
        pipe_free(&p);
    }
}

static void a_call_cut_anywhere_ends_after_ten_seconds(void **state)
{
    struct en_span out = {0};

    (void)state;
    for (size_t cut = 0; cut < 98; cut++) {
        p = (struct pipe){.now_ms = 5000};
        pipe_member(&p, &w, 1, 0);
        while (pipe_move(&p, false))
            ;
        assert_ok(en_channel_out(p.caller.c, p.now_ms, &out));
        assert_int_equal(out.n, 98);
        assert_ok(side_bytes(&p.callee, EN_SPAN(out.p, cut), p.now_ms));
        assert_false(p.callee.refused);
        assert_ok(side_event(&p.callee, EN_CHANNEL_TICKED, 14999));
        assert_err(side_event(&p.callee, EN_CHANNEL_TICKED, 15000), EN_TIMEOUT);
        assert_int_equal(p.callee.written, 17);
        pipe_free(&p);
    }
}

static void a_recorded_call_opens_nothing_under_a_new_banner(void **state)
{
    struct en_buf call = {0};
    struct en_span out = {0};

    (void)state;
    pipe_member(&p, &w, 1, 0);
    while (pipe_move(&p, false))
        ;
    assert_ok(en_channel_out(p.caller.c, p.now_ms, &out));
    assert_ok(en_buf_add_span(&call, out));
    pipe_run(&p);
    assert_true(p.caller.opened);
    pipe_free(&p);

    p = (struct pipe){.now_ms = 5000};
    pipe_member(&p, &w, 1, 0);
    while (pipe_move(&p, false))
        ;
    assert_ok(side_bytes(&p.callee, en_buf_span(&call), p.now_ms));
    assert_true(p.callee.refused);
    assert_silence_until_ten_seconds();
    en_buf_free(&call);
}

static void a_changed_answer_ends_the_call(void **state)
{
    (void)state;
    for (size_t at = 17; at < 17 + 50; at++) {
        struct flip f = {.at = at, .with = 0x40};

        f.tap = (struct tap){flip_pass, &f};
        p = (struct pipe){.now_ms = 5000, .tap = &f.tap};
        pipe_member(&p, &w, 1, 0);
        pipe_run(&p);
        assert_false(p.caller.opened);
        assert_true(p.caller.closed);
        assert_int_equal(p.caller.why, at < 19 ? EN_PROTOCOL : EN_FORGED);
        pipe_free(&p);
    }
}

static void a_changed_banner_is_seen_by_the_responder(void **state)
{
    struct flip f = {.at = 9, .with = 1};

    (void)state;
    f.tap = (struct tap){flip_pass, &f};
    p.tap = &f.tap;
    pipe_member(&p, &w, 1, 0);
    pipe_run(&p);
    assert_true(p.callee.refused);
    assert_silence_until_ten_seconds();
}

static void a_greeting_of_another_version_is_named_as_such(void **state)
{
    struct flip f = {.at = 0, .with = 3};

    (void)state;
    f.tap = (struct tap){flip_pass, &f};
    p.tap = &f.tap;
    pipe_member(&p, &w, 1, 0);
    pipe_run(&p);
    assert_int_equal(p.caller.why, EN_VERSION);
    assert_int_equal(p.caller.written, 0);
}

/* -- deadlines ------------------------------------------------------------ */

static void each_handshake_has_ten_seconds_in_all(void **state)
{
    (void)state;
    pipe_member(&p, &w, 1, 0);
    assert_ok(side_event(&p.caller, EN_CHANNEL_TICKED, 14999));
    assert_err(side_event(&p.caller, EN_CHANNEL_TICKED, 15000), EN_TIMEOUT);
    pipe_free(&p);

    p = (struct pipe){.now_ms = 5000};
    pipe_member(&p, &w, 1, 0);
    while (pipe_move(&p, false))
        ;
    p.now_ms = 14999;
    pipe_run(&p);
    assert_true(p.caller.opened);
    /* The answer is out, but no transport message has come: not open, and late. */
    ping(&p.caller);
    p.now_ms = 15000;
    pipe_run(&p);
    assert_false(p.callee.opened);
    assert_int_equal(p.callee.why, EN_TIMEOUT);
}

static void an_open_channel_has_no_such_deadline(void **state)
{
    (void)state;
    open_member();
    assert_ok(side_event(&p.callee, EN_CHANNEL_TICKED, 5000 + 86400000));
    p.now_ms = 5000 + 86400000;
    ping(&p.caller);
    pipe_run(&p);
    assert_int_equal(p.callee.n, 2);
}

static void a_peer_that_reads_nothing_for_long_is_left(void **state)
{
    struct en_span out = {0};

    (void)state;
    open_member();
    ping(&p.callee);
    p.now_ms = 100000;
    assert_ok(en_channel_out(p.callee.c, p.now_ms, &out));
    assert_ok(side_event(&p.callee, EN_CHANNEL_TICKED, 279999));
    en_channel_wrote(p.callee.c, 1, 279999);
    assert_ok(side_event(&p.callee, EN_CHANNEL_TICKED, 459998));
    assert_err(side_event(&p.callee, EN_CHANNEL_TICKED, 459999), EN_TIMEOUT);
}

/* -- a caller made by hand, who says anything ----------------------------- */

struct raw {
    struct en_noise hs;
    struct en_noise_transport t;
};

static void raw_open(struct raw *r)
{
    const struct en_channel_circle *c = &w.own[1][0];
    uint8_t prologue[8 + 1 + 16 + 32] = "en1-link";
    struct en_id16 cid16 = en_id_short(&c->cid);
    struct en_key psk;
    struct en_buf frame = {0};
    struct en_span out = {0};

    assert_ok(
        en_channel_accept(&p.callee.c, &w.home, &w.rng.rng, NULL, p.now_ms));
    assert_ok(en_channel_out(p.callee.c, p.now_ms, &out));
    assert_int_equal(out.n, 17);
    memcpy(prologue + 8, out.p, 17);
    en_channel_wrote(p.callee.c, 17, p.now_ms);
    memcpy(prologue + 25, c->cid.b, 32);
    EN_KDF(&psk, &c->netsecret, EN_L_NOISE_PSK, &cid16, EN_SPAN_OF(c->cid.b));
    en_noise_begin(&r->hs, EN_NOISE_IKPSK1, true, EN_SPAN_OF(prologue),
                   &c->link, w.link_pk[0][0], &psk);
    assert_ok(en_buf_add_u16be(&frame, 96));
    assert_ok(en_noise_write(&r->hs, &w.rng.rng, (struct en_span){0}, &frame));
    assert_ok(side_bytes(&p.callee, en_buf_span(&frame), p.now_ms));
    assert_ok(en_channel_out(p.callee.c, p.now_ms, &out));
    assert_int_equal(out.n, 50);
    en_buf_clear(&frame);
    assert_ok(en_noise_read(&r->hs, EN_SPAN(out.p + 2, 48), &frame));
    en_channel_wrote(p.callee.c, 50, p.now_ms);
    en_noise_split(&r->hs, &r->t);
    en_buf_free(&frame);
}

static en_err raw_say(struct raw *r, struct en_span plain)
{
    struct en_buf frame = {0};
    en_err err;

    assert_ok(en_buf_add_u16be(&frame, (uint16_t)(plain.n + 16)));
    assert_ok(en_noise_encrypt(&r->t, plain, &frame));
    err = side_bytes(&p.callee, en_buf_span(&frame), p.now_ms);
    en_buf_free(&frame);
    return err;
}

static void lengths_and_types_are_checked_before_a_body_is_kept(void **state)
{
    const struct {
        const char *name;
        struct en_span bytes;
        en_err err;
    } cases[] = {
        {"no type", BYTES("\0\0\0\0"), EN_PROTOCOL},
        {"over a message", BYTES("\x01\x00\x11\x00\x03"), EN_PROTOCOL},
        {"4 GiB", BYTES("\xff\xff\xff\xff\x03"), EN_PROTOCOL},
        {"a full message", BYTES("\x00\x00\x11\x00\x03"), EN_OK},
        {"type 0", BYTES("\1\0\0\0\0"), EN_PROTOCOL},
        {"type 13", BYTES("\1\0\0\0\x0d"), EN_PROTOCOL},
        {"type 63", BYTES("\1\0\0\0\x3f"), EN_PROTOCOL},
        {"type 64", BYTES("\1\0\0\0\x40"), EN_OK},
        {"4 GiB of type 64", BYTES("\xff\xff\xff\xff\x40"), EN_PROTOCOL},
        {"a long PING", BYTES("\2\0\0\0\x0b"), EN_PROTOCOL},
        {"a long HELLO", BYTES("\x60\0\0\0\1"), EN_PROTOCOL},
        {"a HELLO", BYTES("\x5f\0\0\0\1"), EN_OK},
        {"a PING", BYTES("\1\0\0\0\x0b"), EN_OK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct raw r;
        en_err err;

        p = (struct pipe){.now_ms = 5000};
        raw_open(&r);
        err = raw_say(&r, cases[i].bytes);
        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, en_err_name(err));
        pipe_free(&p);
    }
}

static void a_frame_that_holds_nothing_is_refused(void **state)
{
    struct raw r;

    (void)state;
    raw_open(&r);
    assert_ok(raw_say(&r, BYTES("\1\0\0\0\x0b")));
    assert_err(raw_say(&r, (struct en_span){0}), EN_PROTOCOL);
}

static void unknown_later_types_are_skipped_whatever_their_size(void **state)
{
    struct raw r;
    struct en_buf big = {0};
    size_t left = 4 + 1000000;

    (void)state;
    raw_open(&r);
    fill(&big, left + 5, 0xee);
    en_put_u32(big.p, 1000000);
    big.p[4] = 200;
    memcpy(big.p + left, "\1\0\0\0\x0b", 5);
    for (size_t at = 0; at < big.n;) {
        size_t n = big.n - at < 65519 ? big.n - at : 65519;

        assert_ok(raw_say(&r, EN_SPAN(big.p + at, n)));
        at += n;
    }
    assert_int_equal(p.callee.n, 1);
    assert_int_equal(p.callee.said[0].type, EN_MSG_PING);
    assert_true(p.callee.memory < 4 * 65537);
    en_buf_free(&big);
}

static void
memory_grows_with_what_has_come_not_with_what_is_claimed(void **state)
{
    struct raw r;

    (void)state;
    raw_open(&r);
    assert_ok(raw_say(&r, BYTES("\x00\x00\x11\x00\x03")));
    assert_true(en_channel_memory(p.callee.c) < 1024);
    for (size_t i = 0; i < 1000; i++)
        assert_ok(raw_say(&r, BYTES("x")));
    assert_true(en_channel_memory(p.callee.c) < 4096);
    assert_int_equal(p.callee.n, 0);
}

static void a_full_message_a_byte_at_a_time_stays_within_bounds(void **state)
{
    struct en_buf body = {0};

    (void)state;
    open_member();
    p.segment = 1;
    fill(&body, EN_MESSAGE_MAX - 1, 0x5a);
    /* side_told compares with the bound after every byte. */
    assert_ok(en_channel_send(p.callee.c, EN_MSG_RUN, en_buf_span(&body)));
    pipe_run(&p);
    assert_int_equal(p.caller.n, 1);
    assert_true(
        en_span_eq(en_buf_span(&p.caller.said[0].body), en_buf_span(&body)));
    en_buf_free(&body);
}

static void what_waits_to_be_written_is_bounded(void **state)
{
    struct en_buf body = {0};
    struct en_span out = {0};
    size_t sent = 0;
    en_err err = EN_OK;

    (void)state;
    open_member();
    fill(&body, 300000, 1);
    while (err == EN_OK && sent < 1000) {
        err = en_channel_send(p.callee.c, EN_MSG_RUN, en_buf_span(&body));
        sent += err == EN_OK;
        assert_ok(en_channel_out(p.callee.c, p.now_ms, &out));
        assert_true(out.n <= EN_WRITE_QUEUE_MAX);
        assert_true(en_channel_memory(p.callee.c) <= EN_CHANNEL_MEMORY_MAX);
    }
    assert_int_equal(err, EN_FULL);
    assert_false(en_channel_room(p.callee.c));
    pipe_run(&p);
    assert_int_equal(p.caller.n, sent);
    assert_true(en_channel_room(p.callee.c));
    assert_ok(en_channel_send(p.callee.c, EN_MSG_RUN, en_buf_span(&body)));
    en_buf_free(&body);
}

static void an_idle_channel_gives_its_memory_back(void **state)
{
    struct en_buf body = {0};

    (void)state;
    open_member();
    fill(&body, 900000, 1);
    assert_ok(en_channel_send(p.callee.c, EN_MSG_RUN, en_buf_span(&body)));
    pipe_run(&p);
    assert_true(en_channel_memory(p.caller.c) >= 900000);
    assert_true(p.caller.wake_ms <= p.now_ms + EN_CHANNEL_IDLE_MS);
    assert_ok(side_event(&p.caller, EN_CHANNEL_TICKED, 35000));
    assert_ok(side_event(&p.callee, EN_CHANNEL_TICKED, 35000));
    assert_int_equal(en_channel_memory(p.caller.c), 0);
    assert_int_equal(en_channel_memory(p.callee.c), 0);
    assert_int_equal(p.caller.wake_ms, UINT64_MAX);
    ping(&p.callee);
    pipe_run(&p);
    assert_int_equal(p.caller.n, 2);
    en_buf_free(&body);
}

/* -- transport ------------------------------------------------------------ */

static void every_changed_byte_of_a_frame_ends_an_open_channel(void **state)
{
    (void)state;
    for (size_t at = 0; at < 2 + 5 + 16; at++) {
        struct flip f = {.to_callee = true, .with = 0x40};

        p = (struct pipe){.now_ms = 5000};
        open_member();
        f.at = p.passed[1] + at;
        f.tap = (struct tap){flip_pass, &f};
        p.tap = &f.tap;
        ping(&p.caller);
        pipe_run(&p);
        assert_int_equal(p.callee.n, 1); /* the one that opened it */
        if (at < 2) { /* a longer frame is awaited: no end, and no message */
            assert_false(p.callee.closed);
            assert_err(side_event(&p.callee, EN_CHANNEL_ENDED, p.now_ms),
                       EN_CLOSED);
        } else {
            assert_int_equal(p.callee.why, EN_FORGED);
        }
        pipe_free(&p);
    }
}

static void
frames_replayed_reflected_or_of_another_link_are_refused(void **state)
{
    struct en_buf own = {0};
    struct en_buf other = {0};
    struct en_buf back = {0};
    struct en_span out = {0};
    struct en_span *try[3];
    struct en_span spans[3];

    (void)state;
    open_member();
    ping(&p.caller);
    assert_ok(en_channel_out(p.caller.c, p.now_ms, &out));
    assert_ok(en_buf_add_span(&other, out));
    pipe_free(&p);

    for (size_t i = 0; i < 3; i++) {
        p = (struct pipe){.now_ms = 5000};
        open_member();
        ping(&p.caller);
        ping(&p.callee);
        assert_ok(en_channel_out(p.callee.c, p.now_ms, &out));
        en_buf_clear(&back);
        assert_ok(en_buf_add_span(&back, out));
        assert_ok(en_channel_out(p.caller.c, p.now_ms, &out));
        en_buf_clear(&own);
        assert_ok(en_buf_add_span(&own, out));
        pipe_run(&p);
        assert_int_equal(p.callee.n, 2);
        spans[0] = en_buf_span(&own);
        spans[1] = en_buf_span(&other);
        spans[2] = en_buf_span(&back);
        try[i] = &spans[i];
        assert_err(side_bytes(&p.callee, *try[i], p.now_ms), EN_FORGED);
        assert_int_equal(p.callee.n, 2);
        pipe_free(&p);
    }
    en_buf_free(&own);
    en_buf_free(&other);
    en_buf_free(&back);
}

static void the_end_of_the_stream_is_told_in_every_state(void **state)
{
    (void)state;
    pipe_member(&p, &w, 1, 0);
    assert_err(side_event(&p.callee, EN_CHANNEL_ENDED, p.now_ms), EN_CLOSED);
    assert_err(side_event(&p.caller, EN_CHANNEL_ENDED, p.now_ms), EN_CLOSED);
    pipe_free(&p);
    p = (struct pipe){.now_ms = 5000};
    open_member();
    assert_err(side_event(&p.callee, EN_CHANNEL_ENDED, p.now_ms), EN_CLOSED);
    assert_err(en_channel_send(p.callee.c, EN_MSG_PING, (struct en_span){0}),
               EN_CLOSED);
}

static void a_message_that_was_cut_never_comes_out(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 2 + 5 + 95 - 1 + 16; cut++) {
        uint8_t hello[EN_HELLO_LEN] = {1};
        struct en_span out = {0};

        p = (struct pipe){.now_ms = 5000};
        open_member();
        assert_ok(en_channel_send(p.caller.c, EN_MSG_HELLO, EN_SPAN_OF(hello)));
        assert_ok(en_channel_out(p.caller.c, p.now_ms, &out));
        assert_int_equal(out.n, 2 + 4 + 95 + 16);
        assert_ok(side_bytes(&p.callee, EN_SPAN(out.p, cut), p.now_ms));
        assert_int_equal(p.callee.n, 1);
        assert_err(side_event(&p.callee, EN_CHANNEL_ENDED, p.now_ms),
                   EN_CLOSED);
        assert_int_equal(p.callee.n, 1);
        pipe_free(&p);
    }
}

/* -- joining -------------------------------------------------------------- */

static struct en_code invite(enum en_lang lang)
{
    char shown[EN_CODE_SHOWN_MAX];
    struct en_code code;

    assert_ok(
        en_invite_new(&w.invite, &w.rng.rng, lang, p.now_ms, shown, NULL));
    assert_ok(en_code_parse(en_span_str(shown), &code, NULL));
    return code;
}

static void the_right_code_opens_both_sides_to_one_hash(void **state)
{
    uint8_t h[2][64];

    (void)state;
    for (unsigned lang = 0; lang < 2; lang++) {
        struct en_code code;

        p = (struct pipe){.now_ms = 5000};
        code = invite((enum en_lang)lang);
        pipe_join(&p, &w, &code);
        pipe_run(&p);
        assert_true(p.caller.opened);
        assert_int_equal(p.caller.written, 2 + 52 + 2 + 48);
        assert_int_equal(p.callee.written, 17 + 2 + 37 + 2 + 48);
        ping(&p.caller);
        pipe_run(&p);
        assert_true(p.callee.opened);
        assert_false(p.callee.failed);
        assert_true(en_channel_joining(p.callee.c));
        en_channel_hash(p.caller.c, h[0]);
        en_channel_hash(p.callee.c, h[1]);
        assert_memory_equal(h[0], h[1], 64);
        assert_int_equal(en_channel_lang(p.caller.c), lang);
        assert_int_equal(en_channel_lang(p.callee.c), lang);
        assert_int_equal(w.invite.state, EN_INVITE_SPENT);
        en_invite_ended(&w.invite, true, p.now_ms);
        pipe_free(&p);
    }
}

static void a_wrong_code_is_named_on_both_sides_and_is_burnt(void **state)
{
    struct en_code code = invite(EN_LANG_FR);
    struct en_code wrong;

    (void)state;
    assert_ok(en_code_parse(BYTES("7 jardin moulin"), &wrong, NULL));
    assert_false(en_span_eq(en_code_span(&code), en_code_span(&wrong)));
    pipe_join(&p, &w, &wrong);
    pipe_run(&p);
    assert_true(p.callee.refused && p.callee.failed);
    assert_false(p.callee.opened || p.caller.opened);
    assert_false(p.caller.closed);
    en_invite_ended(&w.invite, false, p.now_ms);
    /* The sponsor is silent, the joiner draws its conclusion. */
    assert_err(side_event(&p.caller, EN_CHANNEL_TICKED, 15000), EN_FORGED);
    pipe_free(&p);

    /* The right one comes too late now. */
    p = (struct pipe){.now_ms = 6000};
    pipe_join(&p, &w, &code);
    pipe_run(&p);
    assert_true(p.callee.refused);
    assert_false(p.callee.failed);
    assert_err(side_event(&p.caller, EN_CHANNEL_ENDED, 7000), EN_DENIED);
}

static void a_code_serves_one_attempt_even_if_that_one_goes_away(void **state)
{
    struct en_code code = invite(EN_LANG_EN);
    size_t moves;

    (void)state;
    /* However far the first one comes, the code is gone once its share is in. */
    for (moves = 0; moves < 4; moves++) {
        if (w.invite.state == EN_INVITE_NONE)
            code = invite(EN_LANG_EN);
        p = (struct pipe){.now_ms = 5000};
        pipe_join(&p, &w, &code);
        for (size_t i = 0; i <= moves; i++)
            (void)pipe_move(&p, i % 2 == 1);
        assert_int_equal(w.invite.state,
                         moves == 0 ? EN_INVITE_LIVE : EN_INVITE_SPENT);
        (void)side_event(&p.callee, EN_CHANNEL_ENDED, p.now_ms);
        assert_int_equal(p.callee.failed, moves > 0);
        if (p.callee.failed) {
            en_invite_ended(&w.invite, false, p.now_ms);
            w.invite.failures = 0; /* the lock has its own test */
        }
        pipe_free(&p);
    }
}

static void a_second_joiner_with_the_same_code_meets_silence(void **state)
{
    struct en_code code = invite(EN_LANG_FR);
    struct pipe first;

    (void)state;
    pipe_join(&p, &w, &code);
    pipe_run(&p);
    assert_true(p.caller.opened);
    first = p;
    p = (struct pipe){.now_ms = 5000};
    pipe_join(&p, &w, &code);
    pipe_run(&p);
    assert_true(p.callee.refused);
    assert_silence_until_ten_seconds();
    pipe_free(&first);
}

static void a_code_older_than_ten_minutes_meets_silence(void **state)
{
    struct en_code code = invite(EN_LANG_FR);

    (void)state;
    p.now_ms = 5000 + EN_CODE_LIFE_MS;
    pipe_join(&p, &w, &code);
    pipe_run(&p);
    assert_true(p.callee.refused);
    assert_false(p.callee.failed);
    assert_int_equal(p.callee.written, 17);
}

static void a_joiner_is_met_with_silence_when_nobody_invites(void **state)
{
    struct en_code code;

    (void)state;
    assert_ok(en_code_parse(BYTES("7-jardin-moulin"), &code, NULL));
    pipe_join(&p, &w, &code);
    pipe_run(&p);
    assert_silence_until_ten_seconds();
    assert_err(side_event(&p.caller, EN_CHANNEL_TICKED, 15000), EN_DENIED);
}

static void every_changed_byte_of_a_joiners_frames_is_refused(void **state)
{
    (void)state;
    for (size_t at = 2; at < 2 + 52 + 2 + 48; at++) {
        struct flip f = {.to_callee = true, .at = at, .with = 1};
        struct en_code code;
        bool is_form = at >= 2 + 48 && at < 2 + 52; /* lv(ADa) */

        w.invite = (struct en_invite){0};
        f.tap = (struct tap){flip_pass, &f};
        p = (struct pipe){.now_ms = 5000, .tap = &f.tap};
        code = invite(EN_LANG_FR);
        pipe_join(&p, &w, &code);
        pipe_run(&p);
        assert_true(p.callee.refused);
        assert_false(p.callee.opened || p.caller.opened);
        assert_int_equal(w.invite.state,
                         is_form ? EN_INVITE_LIVE : EN_INVITE_SPENT);
        assert_int_equal(p.callee.failed, !is_form);
        pipe_free(&p);
    }
}

static void every_changed_byte_of_a_sponsors_frames_is_refused(void **state)
{
    (void)state;
    for (size_t at = 1; at < 17 + 2 + 37 + 2 + 48; at++) {
        struct flip f = {.at = at, .with = 1};
        struct en_code code;

        w.invite = (struct en_invite){0};
        f.tap = (struct tap){flip_pass, &f};
        p = (struct pipe){.now_ms = 5000, .tap = &f.tap};
        code = invite(EN_LANG_FR);
        pipe_join(&p, &w, &code);
        pipe_run(&p);
        assert_false(p.caller.opened);
        pipe_free(&p);
    }
}

static void a_share_of_no_language_we_know_ends_the_joining(void **state)
{
    struct flip f = {.at = 17 + 2 + 36, .with = 2};
    struct en_code code = invite(EN_LANG_FR);

    (void)state;
    f.tap = (struct tap){flip_pass, &f};
    p.tap = &f.tap;
    pipe_join(&p, &w, &code);
    pipe_run(&p);
    assert_true(p.caller.closed);
    assert_int_equal(p.caller.why, EN_FORGED);
    assert_int_equal(p.caller.written, 2 + 52); /* no confirmation went out */
}

static void a_share_sent_back_is_refused(void **state)
{
    struct en_code code = invite(EN_LANG_FR);
    struct en_span out = {0};
    uint8_t frame[2 + 37] = {0, 37};

    (void)state;
    pipe_join(&p, &w, &code);
    while (pipe_move(&p, false))
        ;
    assert_ok(en_channel_out(p.caller.c, p.now_ms, &out));
    memcpy(frame + 2, out.p + 2 + 16, 32); /* its own Ya as Yb */
    memcpy(frame + 34, "\3\0S\1\0", 5);
    assert_err(side_bytes(&p.caller, EN_SPAN_OF(frame), p.now_ms), EN_FORGED);
}

static void a_share_that_is_no_point_burns_the_code(void **state)
{
    struct en_code code = invite(EN_LANG_FR);
    uint8_t frame[2 + 52] = {0, 52}; /* Ya all zero: the identity */

    (void)state;
    (void)code;
    memcpy(frame + 2 + 48, "\2\0J\1", 4);
    assert_ok(
        en_channel_accept(&p.callee.c, &w.home, &w.rng.rng, NULL, p.now_ms));
    while (pipe_move(&p, false))
        ;
    assert_ok(side_bytes(&p.callee, EN_SPAN_OF(frame), p.now_ms));
    assert_true(p.callee.refused && p.callee.failed);
    assert_silence_until_ten_seconds();
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_member_and_a_responder_open_to_each_other),
        CASE(a_responder_of_several_circles_finds_the_one_meant),
        CASE(the_responder_sends_nothing_before_the_first_message),
        CASE(messages_of_all_sizes_arrive_whole_and_in_order),
        CASE(many_small_messages_share_a_frame),
        CASE(an_unknown_key_meets_silence),
        CASE(a_removed_device_meets_silence),
        CASE(a_wrong_netsecret_meets_silence),
        CASE(a_key_of_one_circle_opens_no_other),
        CASE(a_circle_not_held_meets_silence),
        CASE(a_device_in_no_circle_answers_nobody),
        CASE(a_call_meant_for_another_device_meets_silence),
        CASE(a_device_that_calls_itself_meets_silence),
        CASE(every_changed_byte_of_a_call_meets_silence),
        CASE(every_other_size_of_a_first_frame_meets_silence),
        CASE(a_call_cut_anywhere_ends_after_ten_seconds),
        CASE(a_recorded_call_opens_nothing_under_a_new_banner),
        CASE(a_changed_answer_ends_the_call),
        CASE(a_changed_banner_is_seen_by_the_responder),
        CASE(a_greeting_of_another_version_is_named_as_such),
        CASE(each_handshake_has_ten_seconds_in_all),
        CASE(an_open_channel_has_no_such_deadline),
        CASE(a_peer_that_reads_nothing_for_long_is_left),
        CASE(lengths_and_types_are_checked_before_a_body_is_kept),
        CASE(a_frame_that_holds_nothing_is_refused),
        CASE(unknown_later_types_are_skipped_whatever_their_size),
        CASE(memory_grows_with_what_has_come_not_with_what_is_claimed),
        CASE(a_full_message_a_byte_at_a_time_stays_within_bounds),
        CASE(what_waits_to_be_written_is_bounded),
        CASE(an_idle_channel_gives_its_memory_back),
        CASE(every_changed_byte_of_a_frame_ends_an_open_channel),
        CASE(frames_replayed_reflected_or_of_another_link_are_refused),
        CASE(the_end_of_the_stream_is_told_in_every_state),
        CASE(a_message_that_was_cut_never_comes_out),
        CASE(the_right_code_opens_both_sides_to_one_hash),
        CASE(a_wrong_code_is_named_on_both_sides_and_is_burnt),
        CASE(a_code_serves_one_attempt_even_if_that_one_goes_away),
        CASE(a_second_joiner_with_the_same_code_meets_silence),
        CASE(a_code_older_than_ten_minutes_meets_silence),
        CASE(a_joiner_is_met_with_silence_when_nobody_invites),
        CASE(every_changed_byte_of_a_joiners_frames_is_refused),
        CASE(every_changed_byte_of_a_sponsors_frames_is_refused),
        CASE(a_share_of_no_language_we_know_ends_the_joining),
        CASE(a_share_sent_back_is_refused),
        CASE(a_share_that_is_no_point_burns_the_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
