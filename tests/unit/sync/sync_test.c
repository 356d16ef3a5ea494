#include "unit/sync/fake.h"

#include "sync/probe.h"
#include "unit/sync/pipe.h"

/* -- a carrier that is a list --------------------------------------------- */

struct letter {
    uint8_t type;
    struct en_buf body;
};

struct post { /* from one node to the other */
    struct letter *v;
    size_t n, at;
    bool full; /* no room for runs */
    bool shut; /* nothing can be sent at all */
    size_t bytes;
    size_t count[256];
    uint64_t heard_ms;
};

static struct node a; /* calls */
static struct node b;
static struct post from_a;
static struct post from_b;
static const struct en_id cid = {{0xc1, 0xd0}};

static en_err post_send(void *user, uint8_t type, struct en_span body)
{
    struct post *q = user;

    if (q->shut)
        return EN_FULL;
    q->v = realloc(q->v, (q->n + 1) * sizeof(*q->v));
    assert_non_null(q->v);
    memset(&q->v[q->n], 0, sizeof(*q->v));
    q->v[q->n].type = type;
    assert_ok(en_buf_add_span(&q->v[q->n].body, body));
    q->n++;
    q->bytes += 5 + body.n;
    q->count[type]++;
    assert_true(1 + body.n <= en_message_max(type));
    return EN_OK;
}

static bool post_room(void *user)
{
    const struct post *q = user;

    return !q->full && !q->shut;
}

static uint64_t post_heard_ms(void *user)
{
    const struct post *q = user;

    return q->heard_ms;
}

static void post_free(struct post *q)
{
    for (size_t i = 0; i < q->n; i++)
        en_buf_free(&q->v[i].body);
    free(q->v);
    memset(q, 0, sizeof(*q));
}

static void new_machines(void)
{
    a.carrier =
        (struct en_carrier){post_send, post_room, post_heard_ms, &from_a};
    b.carrier =
        (struct en_carrier){post_send, post_room, post_heard_ms, &from_b};
    a.peer = b.f.device;
    b.peer = a.f.device;
    assert_ok(en_sync_new(&a.s, &cid, &a.f.device, true, a.carrier, NULL));
    assert_ok(en_sync_new(&b.s, &cid, &b.f.device, false, b.carrier, NULL));
}

static int set_up(void **state)
{
    (void)state;
    a.f.device.b[0] = 0xaa;
    b.f.device.b[0] = 0xbb;
    a.f.per_run = 256;
    b.f.per_run = 256;
    a.now_ms = 1000;
    b.now_ms = 1000;
    from_a.heard_ms = 1000;
    from_b.heard_ms = 1000;
    new_machines();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    node_free(&a);
    node_free(&b);
    post_free(&from_a);
    post_free(&from_b);
    return 0;
}

/* One letter to its reader; false: none is left. */
static bool deliver(struct post *q, struct node *to, struct post *back)
{
    struct letter *l;

    if (q->at == q->n || to->closed)
        return false;
    l = &q->v[q->at++];
    back->heard_ms = to->now_ms; /* what `to` has heard */
    (void)node_hear(to, l->type, en_buf_span(&l->body));
    return true;
}

static void exchange(void)
{
    for (bool moved = true; moved;) {
        moved = deliver(&from_a, &b, &from_b);
        moved = deliver(&from_b, &a, &from_a) || moved;
    }
}

static void start(void)
{
    assert_ok(node_start(&b, false));
    assert_ok(node_start(&a, true));
    exchange();
}

static void later(uint64_t ms)
{
    a.now_ms += ms;
    b.now_ms += ms;
}

/* -- tests ---------------------------------------------------------------- */

static void nothing_new_takes_one_round_and_no_run(void **state)
{
    (void)state;
    for (uint8_t log = 1; log <= 4; log++) {
        fake_grow(&a.f, log, 30, 0);
        fake_grow(&b.f, log, 30, 0);
        fake_grow(&a.f, (uint8_t)(100 + log), 50, 0);
        fake_grow(&b.f, (uint8_t)(100 + log), 50, 0);
    }
    start();
    assert_true(en_sync_is_in_step(a.s) && en_sync_is_in_step(b.s));
    assert_int_equal(a.in_step, 1);
    assert_int_equal(b.in_step, 1);
    assert_int_equal(from_a.n, 3); /* HELLO, FRONTIER, LIVE */
    assert_int_equal(from_b.n, 3);
    assert_true(from_a.bytes + from_b.bytes < 1000);
    /* Equal digests spare the walk through the logs. */
    assert_int_equal(a.asked[EN_SYNC_NEXT] + a.asked[EN_SYNC_ID_AT], 0);
    assert_int_equal(b.asked[EN_SYNC_NEXT] + b.asked[EN_SYNC_ID_AT], 0);
    assert_true(en_id_eq(en_sync_device(b.s), &a.f.device));
}

static void both_sides_end_with_the_same_logs(void **state)
{
    (void)state;
    a.f.per_run = 7;
    fake_grow(&a.f, 1, 40, 0);
    fake_grow(&b.f, 1, 12, 0);
    fake_grow(&b.f, 2, 9, 0);
    fake_grow(&a.f, 101, 100, 0);
    fake_grow(&b.f, 102, 300, 0);
    start();
    assert_true(fake_equal(&a.f, &b.f) && fake_equal(&b.f, &a.f));
    assert_true(en_sync_is_in_step(a.s) && en_sync_is_in_step(b.s));
    assert_int_equal(from_b.count[EN_MSG_DONE], 4 + 15); /* 28 and 100 by 7 */
    assert_int_equal(b.asked[EN_SYNC_STORE], 4 + 15);
    assert_int_equal(a.done, from_b.count[EN_MSG_DONE]);
    assert_int_equal(a.last_done.seq, 99);
}

static void control_goes_before_journals(void **state)
{
    bool journal = false;

    (void)state;
    a.f.per_run = 5;
    fake_grow(&a.f, 101, 20, 0);
    fake_grow(&a.f, 1, 20, 0);
    start();
    for (size_t i = 0; i < from_a.n; i++) {
        if (from_a.v[i].type != EN_MSG_RUN)
            continue;
        if (from_a.v[i].body.p[0] >= 100)
            journal = true;
        else
            assert_false(journal);
    }
    assert_true(journal);
}

static void what_is_made_later_is_streamed_without_being_asked_for(void **state)
{
    (void)state;
    fake_grow(&a.f, 1, 3, 0);
    start();
    assert_true(en_sync_is_in_step(b.s));
    fake_grow(&a.f, 1, 4, 0);
    fake_grow(&a.f, 101, 1, 0);
    assert_ok(node_event(&a, EN_SYNC_CHANGED));
    exchange();
    assert_true(fake_equal(&a.f, &b.f));
    assert_true(en_sync_is_in_step(a.s));
    assert_int_equal(from_a.count[EN_MSG_FRONTIER], 1);
    assert_int_equal(from_a.count[EN_MSG_LIVE], 1);
}

static void nothing_goes_back_to_where_it_came_from(void **state)
{
    (void)state;
    fake_grow(&a.f, 1, 30, 0);
    fake_grow(&a.f, 101, 30, 0);
    start();
    /* b has something new, as it came from a. */
    assert_ok(node_event(&b, EN_SYNC_CHANGED));
    exchange();
    assert_int_equal(from_b.count[EN_MSG_RUN], 0);
    fake_grow(&a.f, 101, 31, 0);
    assert_ok(node_event(&a, EN_SYNC_CHANGED));
    exchange();
    assert_ok(node_event(&b, EN_SYNC_CHANGED));
    exchange();
    assert_int_equal(from_b.count[EN_MSG_RUN], 0);
}

static void an_old_done_takes_nothing_back(void **state)
{
    struct en_tip old = {.log = {{1}}, .seq = 2};
    uint8_t done[EN_DONE_LEN];

    (void)state;
    fake_grow(&a.f, 1, 30, 0);
    start();
    assert_int_equal(from_a.count[EN_MSG_RUN], 1);
    old.id = fake_id(1, 2, 0);
    en_done_encode(&old, done);
    assert_ok(node_hear(&a, EN_MSG_DONE, EN_SPAN_OF(done)));
    assert_int_equal(a.last_done.seq, 2); /* told, as it was said */
    assert_ok(node_event(&a, EN_SYNC_CHANGED));
    assert_int_equal(from_a.count[EN_MSG_RUN], 1);
}

static void a_run_is_asked_for_only_when_there_is_room(void **state)
{
    (void)state;
    a.f.per_run = 10;
    fake_grow(&a.f, 101, 100, 0);
    assert_ok(node_start(&b, false));
    assert_ok(node_start(&a, true));
    from_a.full = true;
    exchange();
    assert_int_equal(a.asked[EN_SYNC_NEXT], 0);
    assert_int_equal(from_a.count[EN_MSG_LIVE], 0);
    assert_false(en_sync_is_in_step(a.s));
    from_a.full = false;
    assert_ok(node_event(&a, EN_SYNC_ROOM));
    exchange();
    assert_int_equal(a.asked[EN_SYNC_NEXT], 11);
    assert_true(fake_equal(&a.f, &b.f));
    assert_true(en_sync_is_in_step(b.s));
}

static void dones_wait_for_room_one_a_log(void **state)
{
    (void)state;
    a.f.per_run = 10;
    fake_grow(&a.f, 101, 100, 0);
    fake_grow(&a.f, 102, 100, 0);
    assert_ok(node_start(&b, false));
    assert_ok(node_start(&a, true));
    (void)deliver(&from_a, &b, &from_b);
    (void)deliver(&from_a, &b, &from_b);
    from_b.full = true;
    exchange();
    assert_int_equal(b.asked[EN_SYNC_STORE], 20);
    assert_int_equal(from_b.count[EN_MSG_DONE], 0);
    from_b.full = false;
    assert_ok(node_event(&b, EN_SYNC_ROOM));
    exchange();
    assert_int_equal(from_b.count[EN_MSG_DONE], 2);
    assert_int_equal(a.last_done.seq, 99);
}

static void
a_run_put_off_brings_a_fresh_frontier_after_ten_seconds(void **state)
{
    (void)state;
    fake_grow(&a.f, 1, 5, 0);
    b.f.later = 1;
    start();
    assert_false(en_sync_is_in_step(b.s));
    assert_int_equal(b.f.log[0]->n, 0);
    assert_int_equal(from_b.count[EN_MSG_FRONTIER], 1);
    assert_true(b.wake_ms <= 11000);
    later(9999);
    assert_ok(node_event(&b, EN_SYNC_TICKED));
    assert_int_equal(from_b.count[EN_MSG_FRONTIER], 1);
    later(1);
    assert_ok(node_event(&b, EN_SYNC_TICKED));
    assert_int_equal(from_b.count[EN_MSG_FRONTIER], 2);
    exchange();
    assert_true(fake_equal(&a.f, &b.f));
    assert_true(en_sync_is_in_step(b.s) && en_sync_is_in_step(a.s));
    assert_int_equal(from_a.count[EN_MSG_LIVE], 2);
}

static void a_run_that_never_fits_is_asked_for_ever_more_rarely(void **state)
{
    size_t sent = 0;

    (void)state;
    fake_grow(&a.f, 1, 5, 0);
    b.f.later = SIZE_MAX;
    start();
    for (uint64_t s = 0; s < 3600; s++) {
        later(1000);
        assert_ok(node_event(&a, EN_SYNC_TICKED));
        assert_ok(node_event(&b, EN_SYNC_TICKED));
        exchange();
    }
    sent = from_b.count[EN_MSG_FRONTIER];
    assert_in_range(sent, 6, 12); /* 10, 20, 40, ... 640 s, then steadily */
    assert_false(en_sync_is_in_step(b.s));
}

static void a_frontier_may_not_be_sent_as_often_as_one_likes(void **state)
{
    struct en_buf none = {0};
    unsigned taken = 0;

    (void)state;
    start();
    assert_ok(en_buf_add_u16(&none, 0));
    while (taken < 100 &&
           node_hear(&b, EN_MSG_FRONTIER, en_buf_span(&none)) == EN_OK)
        taken++;
    assert_int_equal(taken, 3); /* beside the first */
    assert_int_equal(b.err, EN_PROTOCOL);
    assert_true(b.blame);
    en_buf_free(&none);
}

/* -- who is there --------------------------------------------------------- */

static void a_responder_says_nothing_to_whom_it_does_not_know(void **state)
{
    (void)state;
    b.unknown = true;
    fake_grow(&b.f, 1, 5, 0);
    start();
    assert_true(b.closed && b.blame);
    assert_int_equal(b.err, EN_DENIED);
    assert_int_equal(from_b.n, 1);
    assert_int_equal(from_b.v[0].type, EN_MSG_BYE);
    assert_int_equal(from_b.v[0].body.p[0], EN_BYE_PROTOCOL);
    assert_int_equal(a.err, EN_PROTOCOL);
}

static void a_caller_asks_about_a_device_that_it_did_not_call(void **state)
{
    (void)state;
    a.peer.b[0] = 0xbc; /* dialled; the same link key is b's too */
    assert_ok(node_start(&b, false));
    assert_ok(node_start(&a, true));
    a.peer = b.f.device;
    exchange();
    assert_int_equal(a.asked[EN_SYNC_WHO], 1);
    assert_true(en_id_eq(en_sync_device(a.s), &b.f.device));
    assert_true(en_sync_is_in_step(a.s));
}

static void a_caller_leaves_a_device_it_does_not_know(void **state)
{
    (void)state;
    a.peer.b[0] = 0xbc;
    a.unknown = true;
    start();
    assert_int_equal(a.err, EN_DENIED);
    assert_int_equal(a.asked[EN_SYNC_COMPARE], 0);
}

static void an_observer_gets_control_logs_and_is_not_asked(void **state)
{
    struct en_seqs m = {.log = {{101}}, .n = 1, .seq = {3}};
    struct en_buf body = {0};

    (void)state;
    fake_grow(&a.f, 1, 10, 0);
    fake_grow(&b.f, 1, 10, 0);
    fake_grow(&a.f, 101, 10, 0);
    a.observer = true; /* b is one */
    start();
    assert_true(en_sync_is_in_step(a.s));
    assert_int_equal(from_a.count[EN_MSG_RUN], 0);
    for (size_t i = 0; i < from_a.n; i++)
        if (from_a.v[i].type == EN_MSG_FRONTIER)
            assert_int_equal(en_get_u16(from_a.v[i].body.p), 1);
    assert_ok(en_miss_encode(&m, &body));
    assert_ok(node_hear(&a, EN_MSG_MISS, en_buf_span(&body)));
    assert_int_equal(a.asked[EN_SYNC_PAY_FOR], 0);
    assert_int_equal(a.asked[EN_SYNC_MISSING], 0);
    en_buf_free(&body);
}

static struct en_span hello_of(const struct en_id *circle,
                               const struct en_id *device)
{
    static uint8_t out[EN_HELLO_LEN];
    struct en_hello h = {.cid = *circle, .device = en_id_short(device)};

    en_hello_encode(&h, out);
    return EN_SPAN_OF(out);
}

static void a_hello_of_another_circle_or_version_is_refused(void **state)
{
    struct en_id other = {{0xc1, 0xd1}};
    uint8_t v2[EN_HELLO_LEN] = {2};

    (void)state;
    assert_ok(node_start(&b, false));
    assert_err(node_hear(&b, EN_MSG_HELLO, hello_of(&other, &a.f.device)),
               EN_PROTOCOL);
    assert_true(b.blame);
    assert_int_equal(b.bye, EN_BYE_PROTOCOL);
    assert_ok(node_start(&a, true));
    assert_err(node_hear(&a, EN_MSG_HELLO, EN_SPAN_OF(v2)), EN_VERSION);
    assert_false(a.blame);
    assert_int_equal(a.bye, EN_BYE_VERSION);
}

static void messages_out_of_turn_end_the_exchange(void **state)
{
    static const uint8_t all[] = {EN_MSG_FRONTIER,
                                  EN_MSG_RUN,
                                  EN_MSG_DONE,
                                  EN_MSG_FORKQ,
                                  EN_MSG_FORKA,
                                  EN_MSG_EVID,
                                  EN_MSG_MISS,
                                  EN_MSG_PAY,
                                  EN_MSG_LIVE,
                                  EN_MSG_OFFER,
                                  EN_MSG_JOIN,
                                  EN_MSG_SECRET,
                                  EN_MSG_AGREE,
                                  0,
                                  13,
                                  63};
    uint8_t zeros[100] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++) {
        /* before HELLO */
        (void)tear_down(NULL);
        (void)set_up(NULL);
        assert_ok(node_start(&b, false));
        assert_err(node_hear(&b, all[i], EN_SPAN(zeros, 2)), EN_PROTOCOL);
        assert_true(b.blame);
        /* joining's, in the middle */
        if (all[i] >= EN_MSG_OFFER || all[i] == 0 || all[i] == 13) {
            (void)tear_down(NULL);
            (void)set_up(NULL);
            start();
            assert_err(node_hear(&b, all[i], EN_SPAN_OF(zeros)), EN_PROTOCOL);
        }
    }
    (void)tear_down(NULL);
    (void)set_up(NULL);
    start();
    assert_err(node_hear(&b, EN_MSG_HELLO, hello_of(&cid, &a.f.device)),
               EN_PROTOCOL);
}

/* Right in themselves, and too early: before HELLO, and before FRONTIER. */
static void nothing_is_believed_before_a_frontier(void **state)
{
    static const uint8_t early[] = {EN_MSG_LIVE, EN_MSG_RUN, EN_MSG_DONE};
    uint8_t zeros[100] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(early); i++)
        for (unsigned greeted = 0; greeted < 2; greeted++) {
            struct en_span body =
                EN_SPAN(zeros, early[i] == EN_MSG_LIVE   ? 0
                               : early[i] == EN_MSG_DONE ? EN_DONE_LEN
                                                         : 100);

            (void)tear_down(NULL);
            (void)set_up(NULL);
            assert_ok(node_start(&b, false));
            if (greeted > 0)
                assert_ok(
                    node_hear(&b, EN_MSG_HELLO, hello_of(&cid, &a.f.device)));
            assert_err(node_hear(&b, early[i], body), EN_PROTOCOL);
            assert_int_equal(b.asked[EN_SYNC_STORE], 0);
        }
}

static void
a_caller_leaves_whom_it_took_for_another_kind_of_device(void **state)
{
    (void)state;
    fake_grow(&a.f, 101, 10, 0);
    a.peer.b[0] = 0xbc;
    assert_ok(node_start(&b, false));
    assert_ok(node_start(&a, true));
    a.peer = b.f.device;
    a.observer = true; /* what it was shown was not an observer's to see */
    exchange();
    assert_int_equal(a.err, EN_DENIED);
    assert_int_equal(a.asked[EN_SYNC_NEXT], 0);
}

static void later_types_are_skipped(void **state)
{
    (void)state;
    start();
    assert_ok(node_hear(&b, 64, BYTES("whatever")));
    assert_ok(node_hear(&b, 255, BYTES("")));
    assert_true(en_sync_is_in_step(b.s));
}

/* -- whose fault ---------------------------------------------------------- */

static void a_bad_run_is_blamed_on_whoever_sent_it(void **state)
{
    static const en_err bad[] = {EN_FORGED, EN_PROTOCOL};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        (void)tear_down(NULL);
        (void)set_up(NULL);
        fake_grow(&a.f, 1, 5, 0);
        b.f.fails = bad[i];
        start();
        assert_int_equal(b.err, bad[i]);
        assert_true(b.blame);
        assert_int_equal(b.bye, EN_BYE_PROTOCOL);
        assert_int_equal(a.err, EN_PROTOCOL);
        assert_int_equal(a.bye, EN_BYE_PROTOCOL);
        assert_false(a.blame);
    }
}

static void our_own_trouble_is_blamed_on_nobody(void **state)
{
    static const en_err own[] = {EN_IO, EN_FULL, EN_NOMEM, EN_MOVED};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        (void)tear_down(NULL);
        (void)set_up(NULL);
        fake_grow(&a.f, 1, 5, 0);
        b.f.fails = own[i];
        start();
        assert_int_equal(b.err, own[i]);
        assert_false(b.blame);
        assert_int_equal(b.bye, EN_BYE_BUSY);
        assert_int_equal(a.err, EN_BUSY);
        assert_int_equal(from_b.count[EN_MSG_DONE], 0);
    }
}

static void each_bye_is_told_as_what_it_means(void **state)
{
    static const en_err means[] = {EN_CLOSED, EN_VERSION, EN_PROTOCOL,
                                   EN_BUSY,   EN_CLOSED,  EN_DENIED};

    (void)state;
    for (uint8_t code = 0; code < EN_BYE_COUNT; code++) {
        (void)tear_down(NULL);
        (void)set_up(NULL);
        start();
        assert_err(node_hear(&b, EN_MSG_BYE, EN_SPAN(&code, 1)), means[code]);
        assert_int_equal(b.bye, code);
        assert_false(b.blame);
        assert_int_equal(from_b.count[EN_MSG_BYE], 0);
    }
}

static void
leaving_is_orderly_and_an_end_without_bye_is_not_blamed(void **state)
{
    (void)state;
    start();
    assert_err(node_event(&a, EN_SYNC_LEAVE), EN_CLOSED);
    exchange();
    assert_int_equal(b.err, EN_CLOSED);
    assert_int_equal(b.bye, EN_BYE_DONE);
    (void)tear_down(NULL);
    (void)set_up(NULL);
    start();
    assert_err(node_event(&b, EN_SYNC_ENDED), EN_CLOSED);
    assert_int_equal(b.bye, 255);
    assert_false(b.blame);
    assert_int_equal(from_b.count[EN_MSG_BYE], 0);
}

static void a_removed_peer_gets_everything_up_to_it_and_then_bye(void **state)
{
    (void)state;
    a.f.per_run = 2;
    fake_grow(&a.f, 1, 3, 0);
    start();
    fake_grow(&a.f, 1, 9, 0);
    from_a.full = true;
    assert_ok(node_event(&a, EN_SYNC_REVOKED));
    assert_false(a.closed);
    from_a.full = false;
    assert_err(node_event(&a, EN_SYNC_ROOM), EN_DENIED);
    exchange();
    assert_int_equal(fake_log(&b.f, 1)->n, 9);
    assert_int_equal(b.err, EN_DENIED);
    assert_int_equal(b.bye, EN_BYE_REVOKED);
}

/* -- time ----------------------------------------------------------------- */

static void
silence_brings_a_ping_after_a_minute_and_the_end_after_three(void **state)
{
    (void)state;
    start();
    assert_int_equal(a.wake_ms, 61000);
    later(59999);
    assert_ok(node_event(&a, EN_SYNC_TICKED));
    assert_int_equal(from_a.count[EN_MSG_PING], 0);
    later(1);
    assert_ok(node_event(&a, EN_SYNC_TICKED));
    assert_int_equal(from_a.count[EN_MSG_PING], 1);
    assert_ok(node_event(&a, EN_SYNC_TICKED));
    assert_int_equal(from_a.count[EN_MSG_PING], 1);
    later(119999); /* 179,999 since anything was heard */
    assert_ok(node_event(&a, EN_SYNC_TICKED));
    later(1);
    assert_err(node_event(&a, EN_SYNC_TICKED), EN_TIMEOUT);
    assert_false(a.blame);
}

static void pings_keep_an_idle_exchange_alive_for_a_day(void **state)
{
    (void)state;
    start();
    for (unsigned s = 0; s < 86400; s += 10) {
        later(10000);
        assert_ok(node_event(&a, EN_SYNC_TICKED));
        assert_ok(node_event(&b, EN_SYNC_TICKED));
        exchange();
    }
    assert_in_range(from_a.count[EN_MSG_PING], 1400, 1440);
    assert_int_equal(from_a.n, 3 + from_a.count[EN_MSG_PING]);
    assert_true(en_sync_is_in_step(a.s));
}

static void nobody_who_says_nothing_is_waited_for(void **state)
{
    (void)state;
    assert_ok(node_start(&b, false));
    later(180000);
    assert_err(node_event(&b, EN_SYNC_TICKED), EN_TIMEOUT);
    assert_int_equal(from_b.n, 0);
}

/* An open channel of one that tells nobody's name holds a place that another
 * needs: pings do not keep it. */
static void who_opens_and_does_not_greet_is_left_after_ten_seconds(void **state)
{
    (void)state;
    assert_ok(node_start(&b, false));
    later(9999);
    from_b.heard_ms = b.now_ms;
    assert_ok(node_hear(&b, EN_MSG_PING, EN_SPAN(NULL, 0)));
    assert_ok(node_event(&b, EN_SYNC_TICKED));
    assert_int_equal(b.wake_ms, b.now_ms + 1);
    later(1);
    from_b.heard_ms = b.now_ms;
    assert_err(node_event(&b, EN_SYNC_TICKED), EN_TIMEOUT);
    assert_false(b.blame);
    assert_int_equal(from_b.n, 0);
}

/* -- missing payloads ----------------------------------------------------- */

static void missing_payloads_are_asked_for_and_come(void **state)
{
    struct fake_log *l;

    (void)state;
    fake_grow(&a.f, 101, 600, 0);
    fake_grow(&b.f, 101, 600, 0);
    fake_grow(&a.f, 102, 20, 0);
    fake_grow(&b.f, 102, 20, 0);
    l = fake_log(&b.f, 101);
    for (size_t i = 0; i < 600; i += 2)
        l->missing[i] = true;
    fake_log(&b.f, 102)->missing[19] = true;
    start();
    assert_int_equal(b.paid, 301);
    assert_int_equal(from_b.count[EN_MSG_MISS], 3); /* 256, 44, 1 */
    assert_int_equal(from_a.count[EN_MSG_PAY], 301);
    assert_true(en_sync_is_in_step(a.s) && en_sync_is_in_step(b.s));
}

/* A liar who is in step passes records on without their payloads, sooner than
 * the honest holder does, who then need not send them. */
static void payloads_withheld_in_step_are_asked_of_who_holds_them(void **state)
{
    (void)state;
    fake_grow(&a.f, 101, 20, 0);
    fake_grow(&b.f, 101, 20, 0);
    start();
    assert_true(en_sync_is_in_step(b.s));
    for (size_t more = 1; more <= 3; more++) {
        fake_grow(&a.f, 101, 20 + more, 0);
        fake_grow(&b.f, 101, 20 + more, 0);
        fake_log(&b.f, 101)->missing[19 + more] = true;
        assert_ok(node_event(&b, EN_SYNC_CHANGED));
        exchange();
        later(10000);
        assert_ok(node_event(&b, EN_SYNC_TICKED));
        exchange();
        assert_int_equal(b.paid, more);
    }
}

static void
what_nobody_holds_is_asked_for_at_most_every_ten_seconds(void **state)
{
    (void)state;
    fake_grow(&a.f, 101, 20, 0);
    fake_grow(&b.f, 101, 20, 0);
    fake_log(&b.f, 101)->missing[3] = true;
    fake_log(&a.f, 101)->missing[3] = true;
    start();
    for (unsigned i = 0; i < 1000; i++) {
        later(100);
        assert_ok(node_event(&b, EN_SYNC_CHANGED));
        assert_ok(node_event(&b, EN_SYNC_TICKED));
        exchange();
    }
    assert_in_range(from_b.count[EN_MSG_MISS], 5, 11);
    /* Nothing new here: after the round that is due nothing more is asked. */
    from_b.count[EN_MSG_MISS] = 0;
    for (unsigned i = 0; i < 20; i++) {
        later(10000);
        assert_ok(node_event(&a, EN_SYNC_TICKED));
        assert_ok(node_event(&b, EN_SYNC_TICKED));
        exchange();
    }
    assert_in_range(from_b.count[EN_MSG_MISS], 0, 1);
}

static void what_a_peer_does_not_hold_is_not_asked_for_again(void **state)
{
    (void)state;
    fake_grow(&a.f, 101, 20, 0);
    fake_grow(&b.f, 101, 20, 0);
    fake_grow(&a.f, 102, 20, 0);
    fake_grow(&b.f, 102, 20, 0);
    fake_log(&b.f, 101)->missing[3] = true;
    fake_log(&a.f, 101)->missing[3] = true;
    fake_log(&b.f, 102)->missing[4] = true;
    start();
    assert_int_equal(b.paid, 0);
    assert_int_equal(from_b.count[EN_MSG_MISS], 1);
    later(10000); /* nothing came: the next log */
    assert_ok(node_event(&b, EN_SYNC_TICKED));
    exchange();
    assert_int_equal(b.paid, 1);
    assert_int_equal(from_b.count[EN_MSG_MISS], 2);
    for (unsigned i = 0; i < 20; i++) {
        later(10000);
        assert_ok(node_event(&a, EN_SYNC_TICKED));
        assert_ok(node_event(&b, EN_SYNC_TICKED));
        exchange();
    }
    assert_int_equal(from_b.count[EN_MSG_MISS], 2);
}

static void a_payload_nobody_asked_for_is_not_looked_at(void **state)
{
    uint8_t ct[EN_CT_MIN] = {5};
    struct en_pay p = {.log = {{101}}, .seq = 5, .ct = EN_SPAN_OF(ct)};
    struct en_buf body = {0};

    (void)state;
    fake_grow(&a.f, 101, 20, 0);
    fake_grow(&b.f, 101, 20, 0);
    fake_log(&b.f, 101)->missing[3] = true;
    fake_log(&a.f, 101)->missing[3] = true;
    start();
    assert_ok(en_pay_encode(&p, &body));
    assert_ok(node_hear(&b, EN_MSG_PAY, en_buf_span(&body)));
    assert_int_equal(b.asked[EN_SYNC_TAKE_PAY], 0);
    /* The one asked for, with a wrong payload. */
    en_put_u64(body.p + 16, 3);
    assert_err(node_hear(&b, EN_MSG_PAY, en_buf_span(&body)), EN_FORGED);
    assert_true(b.blame);
    en_buf_free(&body);
}

/* -- forks ---------------------------------------------------------------- */

static void part_at(size_t common, size_t n_a, size_t n_b)
{
    fake_grow(&a.f, 1, common, 0);
    fake_grow(&b.f, 1, common, 0);
    fake_grow(&a.f, 1, n_a, 1);
    fake_grow(&b.f, 1, n_b, 2);
    fake_grow(&a.f, 2, 20, 0);
    fake_grow(&b.f, 101, 20, 0);
}

static void a_fork_is_found_wherever_it_begins_and_both_see_it(void **state)
{
    static const size_t at[][3] = {
        {0, 1, 1},     {0, 300, 1},    {0, 1, 300},       {5, 6, 6},
        {5, 6, 400},   {5, 400, 6},    {999, 1000, 1000}, {998, 1500, 1000},
        {64, 66, 130}, {1, 1999, 1999}};

    (void)state;
    for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
        size_t n_a = at[i][1];
        size_t n_b = at[i][2];

        (void)tear_down(NULL);
        (void)set_up(NULL);
        part_at(at[i][0], n_a, n_b);
        start();
        assert_int_equal(a.forks, 1);
        assert_int_equal(b.forks, 1);
        /* Nothing of it was taken over, and every other log was. */
        assert_int_equal(fake_log(&a.f, 1)->n, n_a);
        assert_int_equal(fake_log(&b.f, 1)->n, n_b);
        assert_int_equal(fake_log(&b.f, 2)->n, 20);
        assert_int_equal(fake_log(&a.f, 101)->n, 20);
        assert_true(en_sync_is_in_step(a.s) && en_sync_is_in_step(b.s));
        /* Each got the other's branch, from where they part. */
        for (size_t side = 0; side < 2; side++) {
            const struct post *q = side == 0 ? &from_a : &from_b;
            size_t branches = 0;

            for (size_t k = 0; k < q->n; k++)
                if (q->v[k].type == EN_MSG_RUN && q->v[k].body.p[0] == 1) {
                    branches++;
                    assert_int_equal(en_get_u64(q->v[k].body.p + 16), at[i][0]);
                }
            assert_int_equal(branches, 1);
        }
        assert_true(from_a.count[EN_MSG_FORKQ] <= 2);
        assert_true(from_b.count[EN_MSG_FORKQ] <= 2);
    }
}

static void several_forks_are_looked_into_one_after_another(void **state)
{
    (void)state;
    for (uint8_t log = 1; log <= 3; log++) {
        fake_grow(&a.f, log, 10u * log, 1);
        fake_grow(&b.f, log, 10u * log, 2);
    }
    start();
    assert_int_equal(a.forks, 3);
    assert_int_equal(b.forks, 3);
    assert_int_equal(from_a.count[EN_MSG_RUN], 3);
    assert_int_equal(from_b.count[EN_MSG_RUN], 3);
}

static void
a_peer_that_answers_nonsense_about_a_fork_is_left_in_peace(void **state)
{
    struct en_forka f = {.log = {{1}}, .n = 1};
    struct en_buf body = {0};

    (void)state;
    part_at(5, 1000, 1000);
    assert_ok(node_start(&b, false));
    assert_ok(node_start(&a, true));
    (void)deliver(&from_a, &b, &from_b);
    (void)deliver(&from_a, &b, &from_b); /* b compares, and asks */
    assert_int_equal(from_b.count[EN_MSG_FORKQ], 1);
    f.at[0].seq = 1999; /* beyond what is open: it narrows nothing */
    assert_ok(en_forka_encode(&f, &body));
    for (unsigned i = 0; i < 20; i++)
        assert_ok(node_hear(&b, EN_MSG_FORKA, en_buf_span(&body)));
    assert_int_equal(from_b.count[EN_MSG_FORKQ], EN_PROBE_ROUNDS_MAX);
    f.log.b[0] = 2; /* not asked about */
    en_buf_clear(&body);
    assert_ok(en_forka_encode(&f, &body));
    assert_ok(node_hear(&b, EN_MSG_FORKA, en_buf_span(&body)));
    en_buf_free(&body);
}

static void a_probe_finds_k_in_six_questions_of_any_length(void **state)
{
    struct en_rng_seeded rng;

    (void)state;
    en_rng_seed(&rng, 9);
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t hi = i < 300 ? i : en_rng_below(&rng.rng, EN_SEQ_MAX);
        uint64_t k = i % 7 == 0 ? hi : en_rng_below(&rng.rng, (uint32_t)hi + 1);
        struct en_id16 log = {{1}};
        struct en_probe probe;
        struct en_seqs q;
        unsigned rounds = 0;
        uint64_t found = 0;

        en_probe_start(&probe, &log, hi);
        while (en_probe_next(&probe, &q)) {
            rounds++;
            assert_in_range(q.n, 1, EN_FORKQ_MAX);
            for (size_t s = 0; s < q.n; s++) {
                assert_true(q.seq[s] < hi);
                assert_true(s == 0 || q.seq[s] > q.seq[s - 1]);
                en_probe_learn(&probe, q.seq[s], q.seq[s] < k);
            }
        }
        assert_true(en_probe_found(&probe, &found));
        assert_int_equal(found, k);
        assert_true(rounds <= 6);
    }
}

/* -- over real channels --------------------------------------------------- */

static struct world w;
static struct pipe p;

static void hear_a(struct side *s, uint8_t type, struct en_span body)
{
    (void)s;
    if (!a.closed)
        (void)node_hear(&a, type, body);
}

static void hear_b(struct side *s, uint8_t type, struct en_span body)
{
    (void)s;
    if (!b.closed)
        (void)node_hear(&b, type, body);
}

static void open_a(struct side *s)
{
    a.carrier = en_channel_carrier(s->c);
    assert_ok(en_sync_new(&a.s, &cid, &a.f.device, true, a.carrier, NULL));
    assert_ok(node_start(&a, true));
}

static void open_b(struct side *s)
{
    b.carrier = en_channel_carrier(s->c);
    assert_ok(en_sync_new(&b.s, &cid, &b.f.device, false, b.carrier, NULL));
    assert_ok(node_start(&b, false));
}

/* Until both are quiet: what is written makes room, and room is told. */
static void run_channels(void)
{
    for (bool moved = true; moved;) {
        moved = pipe_move(&p, true);
        moved = pipe_move(&p, false) || moved;
        if (a.s != NULL && !a.closed)
            (void)node_event(&a, EN_SYNC_ROOM);
        if (b.s != NULL && !b.closed)
            (void)node_event(&b, EN_SYNC_ROOM);
    }
}

static void open_channels(size_t segment)
{
    en_sync_free(a.s);
    en_sync_free(b.s);
    a.s = NULL;
    b.s = NULL;
    world_init(&w, 7);
    memset(&p, 0, sizeof(p));
    p.now_ms = 1000;
    p.segment = segment;
    p.caller.hear = hear_a;
    p.caller.open = open_a;
    p.callee.hear = hear_b;
    p.callee.open = open_b;
    pipe_member(&p, &w, 1, 0);
    run_channels();
}

static void two_devices_come_into_step_over_a_real_channel(void **state)
{
    static const size_t segments[] = {0, 1, 1000};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        (void)tear_down(NULL);
        (void)set_up(NULL);
        a.f.per_run = 100;
        b.f.per_run = 100;
        fake_grow(&a.f, 1, 500, 0);
        fake_grow(&b.f, 1, 200, 0);
        fake_grow(&a.f, 101, 2000, 0);
        fake_grow(&b.f, 102, 2000, 0);
        open_channels(segments[i]);
        assert_true(fake_equal(&a.f, &b.f) && fake_equal(&b.f, &a.f));
        assert_true(en_sync_is_in_step(a.s) && en_sync_is_in_step(b.s));
        pipe_free(&p);
    }
}

static void
nothing_new_among_four_devices_costs_less_than_a_kilobyte(void **state)
{
    (void)state;
    /* The root's control log, and two logs of each of four devices. */
    fake_grow(&a.f, 9, 2, 0);
    fake_grow(&b.f, 9, 2, 0);
    for (uint8_t d = 1; d <= 3; d++) {
        fake_grow(&a.f, d, 30, 0);
        fake_grow(&b.f, d, 30, 0);
        fake_grow(&a.f, (uint8_t)(100 + d), 50, 0);
        fake_grow(&b.f, (uint8_t)(100 + d), 50, 0);
    }
    fake_grow(&a.f, 4, 1, 0);
    fake_grow(&b.f, 4, 1, 0);
    open_channels(0);
    assert_true(en_sync_is_in_step(a.s) && en_sync_is_in_step(b.s));
    assert_true(p.caller.written - 98 + p.callee.written - 17 - 50 < 1000);
    pipe_free(&p);
}

static void
a_stream_cut_at_any_byte_loses_nothing_that_was_acknowledged(void **state)
{
    (void)state;
    /* Cut, then meet again: what was stored stays, and the rest comes. */
    for (size_t cut = 100; cut < 6000; cut += 97) {
        size_t passed = 0;

        (void)tear_down(NULL);
        (void)set_up(NULL);
        a.f.per_run = 10;
        fake_grow(&a.f, 101, 60, 0);
        en_sync_free(a.s);
        en_sync_free(b.s);
        a.s = NULL;
        b.s = NULL;
        world_init(&w, 7);
        memset(&p, 0, sizeof(p));
        p.now_ms = 1000;
        p.segment = 50;
        p.caller.hear = hear_a;
        p.caller.open = open_a;
        p.callee.hear = hear_b;
        p.callee.open = open_b;
        pipe_member(&p, &w, 1, 0);
        while (passed < cut) {
            bool moved = pipe_move(&p, true);

            moved = pipe_move(&p, false) || moved;
            if (a.s != NULL)
                (void)node_event(&a, EN_SYNC_ROOM);
            passed += 50;
            if (!moved)
                break;
        }
        if (a.done > 0)
            assert_true(a.last_done.seq < fake_log(&b.f, 101)->n);
        if (a.s != NULL && !a.closed)
            assert_err(node_event(&a, EN_SYNC_ENDED), EN_CLOSED);
        pipe_free(&p);
        a.closed = false;
        b.closed = false;
        open_channels(0);
        assert_true(fake_equal(&a.f, &b.f));
        pipe_free(&p);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(nothing_new_takes_one_round_and_no_run),
        CASE(both_sides_end_with_the_same_logs),
        CASE(control_goes_before_journals),
        CASE(what_is_made_later_is_streamed_without_being_asked_for),
        CASE(nothing_goes_back_to_where_it_came_from),
        CASE(an_old_done_takes_nothing_back),
        CASE(a_run_is_asked_for_only_when_there_is_room),
        CASE(dones_wait_for_room_one_a_log),
        CASE(a_run_put_off_brings_a_fresh_frontier_after_ten_seconds),
        CASE(a_run_that_never_fits_is_asked_for_ever_more_rarely),
        CASE(a_frontier_may_not_be_sent_as_often_as_one_likes),
        CASE(a_responder_says_nothing_to_whom_it_does_not_know),
        CASE(a_caller_asks_about_a_device_that_it_did_not_call),
        CASE(a_caller_leaves_a_device_it_does_not_know),
        CASE(an_observer_gets_control_logs_and_is_not_asked),
        CASE(a_hello_of_another_circle_or_version_is_refused),
        CASE(messages_out_of_turn_end_the_exchange),
        CASE(nothing_is_believed_before_a_frontier),
        CASE(a_caller_leaves_whom_it_took_for_another_kind_of_device),
        CASE(later_types_are_skipped),
        CASE(a_bad_run_is_blamed_on_whoever_sent_it),
        CASE(our_own_trouble_is_blamed_on_nobody),
        CASE(each_bye_is_told_as_what_it_means),
        CASE(leaving_is_orderly_and_an_end_without_bye_is_not_blamed),
        CASE(a_removed_peer_gets_everything_up_to_it_and_then_bye),
        CASE(silence_brings_a_ping_after_a_minute_and_the_end_after_three),
        CASE(pings_keep_an_idle_exchange_alive_for_a_day),
        CASE(nobody_who_says_nothing_is_waited_for),
        CASE(who_opens_and_does_not_greet_is_left_after_ten_seconds),
        CASE(missing_payloads_are_asked_for_and_come),
        CASE(payloads_withheld_in_step_are_asked_of_who_holds_them),
        CASE(what_nobody_holds_is_asked_for_at_most_every_ten_seconds),
        CASE(what_a_peer_does_not_hold_is_not_asked_for_again),
        CASE(a_payload_nobody_asked_for_is_not_looked_at),
        CASE(a_fork_is_found_wherever_it_begins_and_both_see_it),
        CASE(several_forks_are_looked_into_one_after_another),
        CASE(a_peer_that_answers_nonsense_about_a_fork_is_left_in_peace),
        CASE(a_probe_finds_k_in_six_questions_of_any_length),
        CASE(two_devices_come_into_step_over_a_real_channel),
        CASE(nothing_new_among_four_devices_costs_less_than_a_kilobyte),
        CASE(a_stream_cut_at_any_byte_loses_nothing_that_was_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
