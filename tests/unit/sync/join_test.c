#include "sync/join.h"

#include "crypto/labels.h"
#include "crypto/sign.h"
#include "unit/sync/fake.h"
#include "unit/sync/pipe.h"

/*
 * One newcomer and one sponsor, from the code to the end, over real channels. What
 * a replica or a guest does is a fake's: the records are ids, the certificate and
 * its signatures are real.
 */
struct party {
    struct en_join *j;
    struct side *side;
    bool sponsor;
    bool words, their_yes, agreed, name, joined, closed;
    unsigned index[6];
    uint8_t h[64];
    enum en_reason reason;
    uint8_t bye;
    en_err err;
    uint64_t wake_ms;
    struct fake f;  /* sponsor: the circle; joiner: the guest's memory */
    en_err refuses; /* what CHECK, ADMIT or ADOPT answers */
    char circle_name[EN_NAME_MAX + 1];
    struct en_key netsecret; /* sponsor: given; joiner: adopted with */
    size_t admitted, adopted;
    uint8_t cert[EN_CERT_LEN]; /* joiner: its own; sponsor: as admitted */
    uint8_t cert_sig[64];
    struct en_device_keys keys;
    struct en_buf body;
};

static struct world w;
static struct pipe p;
static struct party sponsor;
static struct party joiner;
static struct en_code code;

static void party_free(struct party *x)
{
    en_join_free(x->j);
    fake_free(&x->f);
    en_buf_free(&x->body);
    memset(x, 0, sizeof(*x));
}

static struct en_join_event answer(struct party *x,
                                   const struct en_join_todo *todo)
{
    struct en_join_event ev = {.now_ms = x->side->now_ms};
    struct en_sync_event stored = {0};

    en_buf_clear(&x->body);
    switch (todo->ask) {
    case EN_JOIN_NEXT:
        ev.type = EN_JOIN_RUN;
        ev.err = fake_next(&x->f, todo->theirs, true, &x->body);
        ev.body = en_buf_span(&x->body);
        break;
    case EN_JOIN_TAKE:
        ev.type = EN_JOIN_TAKEN;
        ev.err = fake_ingest(&x->f, todo->body, &stored);
        break;
    case EN_JOIN_CHECK:
        ev.type = EN_JOIN_CHECKED;
        ev.err = x->refuses;
        assert_int_equal(todo->offer->kind, EN_OFFER_PERSON);
        assert_int_equal(todo->offer->sponsor.b[0], 0x51);
        break;
    case EN_JOIN_ADMIT:
        ev.type = EN_JOIN_ADMITTED;
        ev.err = x->refuses;
        assert_int_equal(todo->cls, 2);
        assert_span(todo->joining->person_label, "Luc R.");
        assert_span(todo->joining->device_label, "portable");
        memcpy(x->cert, todo->joining->cert.p, EN_CERT_LEN);
        if (ev.err == EN_OK) {
            x->admitted++;
            fake_grow(&x->f, 2, x->f.log[1]->n + 3,
                      0); /* GRANT, LABEL, EPOCH */
            ev.body = EN_SPAN_OF(x->netsecret.b);
        }
        break;
    case EN_JOIN_ADOPT:
        ev.type = EN_JOIN_ADOPTED;
        ev.err = x->refuses;
        x->netsecret = *todo->netsecret;
        x->adopted += ev.err == EN_OK;
        break;
    case EN_JOIN_NOTHING: fail();
    }
    return ev;
}

static en_err party_step(struct party *x, struct en_join_event ev)
{
    struct en_join_todo todo;
    en_err err;

    for (;;) {
        ev.now_ms = x->side->now_ms;
        err = en_join_step(x->j, &ev, &todo);
        assert_true(err == EN_OK || todo.close);
        assert_false(todo.words && x->words);
        assert_false(todo.agreed && x->agreed);
        if (todo.words)
            memcpy(x->index, todo.index, sizeof(x->index));
        x->words = x->words || todo.words;
        x->their_yes = x->their_yes || todo.their_yes;
        x->agreed = x->agreed || todo.agreed;
        x->joined = x->joined || todo.joined;
        x->wake_ms = todo.wake_ms;
        if (todo.name) {
            x->name = true;
            memcpy(x->circle_name, todo.offer->name.p, todo.offer->name.n);
        }
        if (todo.close) {
            x->closed = true;
            x->err = err;
            x->bye = todo.bye;
            x->reason = todo.reason;
            return err;
        }
        if (todo.ask == EN_JOIN_NOTHING)
            return EN_OK;
        ev = answer(x, &todo);
    }
}

static en_err event(struct party *x, enum en_join_event_type type)
{
    return party_step(x, (struct en_join_event){.type = type});
}

static void hear(struct side *s, uint8_t type, struct en_span body)
{
    struct party *x = s->user;

    side_keep(s, type, body);
    if (!x->closed)
        (void)party_step(x, (struct en_join_event){.type = EN_JOIN_RECEIVED,
                                                   .message = type,
                                                   .body = body});
}

static void opened(struct side *s)
{
    struct party *x = s->user;
    struct en_join_setup setup = {.sponsor = x->sponsor,
                                  .carrier = en_channel_carrier(s->c),
                                  .cls = 2,
                                  .device = {{0x51}},
                                  .circle_name = en_span_str("Les Tilleuls")};

    en_channel_hash(s->c, setup.h);
    memcpy(x->h, setup.h, 64);
    assert_ok(en_join_new(&x->j, &setup));
    assert_ok(event(x, EN_JOIN_OPENED));
}

static void wire(struct pipe *q, struct party *j, struct party *s)
{
    q->caller.user = j;
    q->caller.hear = hear;
    q->caller.open = opened;
    j->side = &q->caller;
    q->callee.user = s;
    q->callee.hear = hear;
    q->callee.open = opened;
    s->side = &q->callee;
    s->sponsor = true;
}

static void run(void)
{
    for (bool moved = true; moved;) {
        moved = pipe_move(&p, true);
        moved = pipe_move(&p, false) || moved;
        if (sponsor.j != NULL && !sponsor.closed)
            (void)event(&sponsor, EN_JOIN_ROOM);
    }
}

static int set_up(void **state)
{
    char shown[EN_CODE_SHOWN_MAX];
    struct en_cert cert = {.cid = {{7}}};

    (void)state;
    world_init(&w, 11);
    memset(&p, 0, sizeof(p));
    p.now_ms = 5000;
    wire(&p, &joiner, &sponsor);
    assert_ok(en_invite_new(&w.invite, &w.rng.rng, EN_LANG_FR, p.now_ms, shown,
                            NULL));
    assert_ok(en_code_parse(en_span_str(shown), &code, NULL));
    sponsor.f.per_run = 4;
    fake_grow(&sponsor.f, 1, 2, 0);
    fake_grow(&sponsor.f, 2, 9, 0);
    fake_grow(&sponsor.f, 101, 50,
              0); /* a journal: none of a joiner's business */
    memset(sponsor.netsecret.b, 0x5e, 32);
    en_device_keys_new(&joiner.keys, &w.rng.rng);
    en_cert_of_keys(&joiner.keys, &cert);
    en_cert_encode(&cert, joiner.cert);
    en_cert_sign(&joiner.keys.sign, joiner.cert, joiner.cert_sig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    party_free(&sponsor);
    party_free(&joiner);
    pipe_free(&p);
    return 0;
}

static void open_both(void)
{
    pipe_join(&p, &w, &code);
    run();
    assert_true(sponsor.words && joiner.words);
}

static en_err name_joiner(void)
{
    return party_step(
        &joiner, (struct en_join_event){.type = EN_JOIN_NAMED,
                                        .person_label = en_span_str("Luc R."),
                                        .device_label = en_span_str("portable"),
                                        .cert = EN_SPAN_OF(joiner.cert),
                                        .cert_sig = EN_SPAN_OF(joiner.cert_sig),
                                        .sign = &joiner.keys.sign});
}

static void both_say_yes(void)
{
    assert_ok(event(&sponsor, EN_JOIN_YES));
    run();
    assert_ok(event(&joiner, EN_JOIN_YES));
    run();
}

static bool heard(const struct side *s, uint8_t type)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->said[i].type == type)
            return true;
    return false;
}

/* -- the good case -------------------------------------------------------- */

static void somebody_joins(void **state)
{
    (void)state;
    open_both();
    assert_memory_equal(sponsor.index, joiner.index, sizeof(joiner.index));
    assert_false(heard(&p.caller, EN_MSG_OFFER));
    both_say_yes();
    assert_true(sponsor.agreed && joiner.agreed);
    assert_true(joiner.name);
    assert_string_equal(joiner.circle_name, "Les Tilleuls");
    assert_int_equal(joiner.f.n, 2); /* control logs and nothing else */
    assert_int_equal(fake_log(&joiner.f, 2)->n, 9);
    assert_int_equal(sponsor.admitted, 0);
    assert_ok(name_joiner());
    run();
    assert_true(sponsor.joined && joiner.joined);
    assert_int_equal(sponsor.err, EN_OK);
    assert_int_equal(joiner.err, EN_OK);
    assert_int_equal(sponsor.admitted, 1);
    assert_int_equal(joiner.adopted, 1);
    assert_memory_equal(sponsor.cert, joiner.cert, EN_CERT_LEN);
    assert_memory_equal(sponsor.netsecret.b, joiner.netsecret.b, 32);
    assert_int_equal(fake_log(&joiner.f, 2)->n, 12);
}

static void the_order_of_the_two_yeses_does_not_matter(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 3; first++) {
        (void)tear_down(NULL);
        (void)set_up(NULL);
        open_both();
        if (first < 2) {
            assert_ok(event(first == 0 ? &joiner : &sponsor, EN_JOIN_YES));
            run();
            assert_true(first == 0 ? sponsor.their_yes : joiner.their_yes);
            assert_false(sponsor.agreed || joiner.agreed);
            assert_false(heard(&p.caller, EN_MSG_OFFER));
        }
        assert_ok(event(&joiner, EN_JOIN_YES));
        assert_ok(event(&sponsor, EN_JOIN_YES));
        assert_ok(event(&sponsor, EN_JOIN_YES)); /* pressed twice */
        run();
        assert_true(sponsor.agreed && joiner.agreed && joiner.name);
    }
}

/* -- the people say no ---------------------------------------------------- */

static void a_no_on_either_side_leaves_nothing_told(void **state)
{
    (void)state;
    for (unsigned who = 0; who < 4; who++) {
        struct party *says = who % 2 == 0 ? &joiner : &sponsor;
        struct party *other = who % 2 == 0 ? &sponsor : &joiner;

        (void)tear_down(NULL);
        (void)set_up(NULL);
        open_both();
        if (who >= 2) { /* the other one had said yes */
            assert_ok(event(other, EN_JOIN_YES));
            run();
        }
        assert_err(event(says, EN_JOIN_NO), EN_FORGED);
        run();
        assert_int_equal(says->reason, EN_WHY_WORDS);
        assert_int_equal(other->reason, EN_WHY_WORDS);
        assert_int_equal(other->err, EN_FORGED);
        assert_false(heard(&p.caller, EN_MSG_OFFER));
        assert_false(heard(&p.caller, EN_MSG_RUN));
        assert_false(heard(&p.callee, EN_MSG_JOIN));
        assert_int_equal(sponsor.admitted + joiner.adopted, 0);
        assert_int_equal(joiner.f.n, 0);
        assert_int_equal(
            en_channel_send(p.caller.c, EN_MSG_PING, (struct en_span){0}),
            EN_OK); /* the channel's end is the caller's affair */
    }
}

static void cancelling_later_is_an_end_but_no_alarm(void **state)
{
    (void)state;
    open_both();
    both_say_yes();
    assert_err(event(&joiner, EN_JOIN_NO), EN_CLOSED);
    run();
    assert_int_equal(sponsor.err, EN_CLOSED);
    assert_int_equal(sponsor.reason, EN_WHY_NONE);
    assert_int_equal(sponsor.admitted, 0);
}

/* -- the man in the middle ------------------------------------------------ */

/* He overheard the code: to the newcomer he is the sponsor, to the sponsor the
 * newcomer. Both handshakes are right; the words are not the same. */
static void whoever_stands_in_the_middle_shows_two_sets_of_words(void **state)
{
    static struct pipe left; /* newcomer to him */
    static struct party his_sponsor;
    static struct party his_joiner;
    static struct world his;
    char shown[EN_CODE_SHOWN_MAX];
    struct pipe right;

    (void)state;
    world_init(&his, 99);
    assert_ok(en_invite_new(&his.invite, &his.rng.rng, EN_LANG_FR, 5000, shown,
                            NULL));
    his.invite.code = code;
    memset(&left, 0, sizeof(left));
    left.now_ms = 5000;
    memset(&his_sponsor, 0, sizeof(his_sponsor));
    memset(&his_joiner, 0, sizeof(his_joiner));
    wire(&left, &joiner, &his_sponsor);
    his_sponsor.f.per_run = 4;

    wire(&p, &his_joiner, &sponsor);
    pipe_join(&p, &w, &code);
    run();
    pipe_join(&left, &his, &code);
    right = p;
    p = left;
    wire(&p, &joiner, &his_sponsor);
    run();
    left = p;
    p = right;
    wire(&p, &his_joiner, &sponsor);
    wire(&left, &joiner, &his_sponsor);

    assert_true(joiner.words && sponsor.words && his_joiner.words &&
                his_sponsor.words);
    assert_memory_equal(joiner.index, his_sponsor.index, sizeof(joiner.index));
    assert_memory_equal(sponsor.index, his_joiner.index, sizeof(joiner.index));
    assert_memory_not_equal(joiner.index, sponsor.index, sizeof(joiner.index));
    /* He says yes to both at once, and learns nothing by it. */
    assert_ok(event(&his_joiner, EN_JOIN_YES));
    run();
    assert_true(sponsor.their_yes);
    assert_false(heard(&p.caller, EN_MSG_OFFER));
    assert_err(event(&sponsor, EN_JOIN_NO), EN_FORGED);
    run();
    for (size_t i = 0; i < p.caller.n; i++)
        assert_int_equal(p.caller.said[i].type, EN_MSG_BYE);

    party_free(&his_sponsor);
    party_free(&his_joiner);
    pipe_free(&left);
}

static void join_words_depend_on_every_bit_of_the_hash(void **state)
{
    uint8_t h[64] = {0};
    unsigned first[6];
    unsigned other[6];

    (void)state;
    en_join_words(h, first);
    for (unsigned bit = 0; bit < 512; bit++) {
        h[bit / 8] ^= (uint8_t)(1u << bit % 8);
        en_join_words(h, other);
        assert_memory_not_equal(first, other, sizeof(first));
        for (size_t i = 0; i < 6; i++)
            assert_true(other[i] < EN_WORDS_COUNT);
        h[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* -- what is refused ------------------------------------------------------ */

static void a_join_signed_for_another_handshake_is_refused(void **state)
{
    struct en_joining n = {.cert = EN_SPAN_OF(joiner.cert),
                           .cert_sig = EN_SPAN_OF(joiner.cert_sig),
                           .person_label = en_span_str("Luc R."),
                           .device_label = en_span_str("portable")};
    uint8_t sig[64];
    struct en_buf body = {0};

    (void)state;
    for (unsigned wrong = 0; wrong < 4; wrong++) {
        struct en_device_keys other;

        (void)tear_down(NULL);
        (void)set_up(NULL);
        open_both();
        both_say_yes();
        en_device_keys_new(&other, &w.rng.rng);
        if (wrong == 0)
            joiner.h[63] ^= 1;
        en_join_sign(wrong == 1 ? &other.sign : &joiner.keys.sign, joiner.h,
                     sig);
        if (wrong == 2)
            sig[0] ^= 1;
        if (wrong == 3)
            joiner.cert[0] = 2; /* no certificate of this version */
        n.join_sig = EN_SPAN_OF(sig);
        en_buf_clear(&body);
        assert_ok(en_joining_encode(&n, &body));
        assert_ok(en_channel_send(p.caller.c, EN_MSG_JOIN, en_buf_span(&body)));
        run();
        assert_int_equal(sponsor.err, wrong == 3 ? EN_PROTOCOL : EN_FORGED);
        assert_int_equal(sponsor.admitted, 0);
        assert_int_equal(sponsor.bye, EN_BYE_PROTOCOL);
        assert_int_equal(joiner.err, EN_CLOSED);
        assert_false(heard(&p.caller, EN_MSG_SECRET));
    }
    en_buf_free(&body);
}

static void a_sponsor_whom_the_records_do_not_bear_out_is_left(void **state)
{
    (void)state;
    joiner.refuses = EN_DENIED;
    open_both();
    both_say_yes();
    assert_false(joiner.name);
    assert_int_equal(joiner.err, EN_DENIED);
    assert_int_equal(sponsor.err, EN_CLOSED);
}

static void an_admission_refused_here_gives_no_secret(void **state)
{
    (void)state;
    sponsor.refuses = EN_IO;
    open_both();
    both_say_yes();
    assert_ok(name_joiner());
    run();
    assert_int_equal(sponsor.err, EN_IO);
    assert_int_equal(sponsor.bye, EN_BYE_BUSY);
    assert_false(heard(&p.caller, EN_MSG_SECRET));
    assert_int_equal(joiner.adopted, 0);
}

static void a_bad_run_ends_the_joining(void **state)
{
    (void)state;
    joiner.f.fails = EN_FORGED;
    open_both();
    both_say_yes();
    assert_int_equal(joiner.err, EN_FORGED);
    assert_int_equal(joiner.bye, EN_BYE_PROTOCOL);
    assert_false(joiner.name);
}

static void
an_offer_of_a_later_kind_is_refused_as_of_a_later_version(void **state)
{
    (void)state;
    for (uint8_t kind = 1; kind <= 2; kind++) {
        struct en_offer o = {
            .cls = 2, .kind = kind, .name = en_span_str("Les Tilleuls")};
        struct en_buf body = {0};

        (void)tear_down(NULL);
        (void)set_up(NULL);
        open_both();
        assert_ok(event(&joiner, EN_JOIN_YES));
        assert_ok(en_offer_encode(&o, &body));
        assert_ok(
            en_channel_send(p.callee.c, EN_MSG_AGREE, (struct en_span){0}));
        assert_ok(
            en_channel_send(p.callee.c, EN_MSG_OFFER, en_buf_span(&body)));
        (void)pipe_move(&p, false);
        assert_int_equal(joiner.err, EN_VERSION);
        assert_int_equal(joiner.bye, EN_BYE_VERSION);
        en_buf_free(&body);
    }
}

/* A body that is right in itself. */
static struct en_span some_body(uint8_t type, struct en_buf *b)
{
    struct en_offer o = {.cls = 2, .name = en_span_str("x")};
    uint8_t sig[64];
    struct en_joining n = {.cert = EN_SPAN_OF(joiner.cert),
                           .cert_sig = EN_SPAN_OF(joiner.cert_sig),
                           .join_sig = EN_SPAN_OF(sig),
                           .person_label = en_span_str("Luc R."),
                           .device_label = en_span_str("portable")};

    en_buf_clear(b);
    if (type == EN_MSG_OFFER)
        assert_ok(en_offer_encode(&o, b));
    else if (type == EN_MSG_JOIN) {
        en_join_sign(&joiner.keys.sign, joiner.h, sig);
        assert_ok(en_joining_encode(&n, b));
    } else if (type == EN_MSG_SECRET)
        assert_ok(en_buf_add(b, "12345678901234567890123456789012", 32));
    else if (type != EN_MSG_LIVE && type != EN_MSG_AGREE)
        assert_ok(en_buf_add_zeros(b, 60));
    return en_buf_span(b);
}

/* Each message in each state where it has no place. */
static void messages_out_of_turn_end_the_joining(void **state)
{
    static const uint8_t all[] = {EN_MSG_HELLO,
                                  EN_MSG_FRONTIER,
                                  EN_MSG_RUN,
                                  EN_MSG_DONE,
                                  EN_MSG_MISS,
                                  EN_MSG_PAY,
                                  EN_MSG_LIVE,
                                  EN_MSG_EVID,
                                  EN_MSG_OFFER,
                                  EN_MSG_JOIN,
                                  EN_MSG_SECRET,
                                  0,
                                  13};
    struct en_buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++)
        for (unsigned when = 0; when < 4; when++) {
            struct party *to = when % 2 == 0 ? &joiner : &sponsor;

            if (when == 3 && all[i] == EN_MSG_JOIN)
                continue; /* has its own test */
            (void)tear_down(NULL);
            (void)set_up(NULL);
            open_both();
            if (when >= 2)
                both_say_yes(); /* the joiner is asked for a name */
            assert_err(
                party_step(
                    to, (struct en_join_event){.type = EN_JOIN_RECEIVED,
                                               .message = all[i],
                                               .body = some_body(all[i], &b)}),
                EN_PROTOCOL);
            assert_int_equal(to->bye, EN_BYE_PROTOCOL);
        }
    /* AGREE twice */
    (void)tear_down(NULL);
    (void)set_up(NULL);
    open_both();
    assert_ok(event(&joiner, EN_JOIN_YES));
    run();
    assert_err(
        party_step(&sponsor, (struct en_join_event){.type = EN_JOIN_RECEIVED,
                                                    .message = EN_MSG_AGREE}),
        EN_PROTOCOL);
    en_buf_free(&b);
}

static void a_bye_before_the_secret_is_no_joining(void **state)
{
    uint8_t done = EN_BYE_DONE;

    (void)state;
    open_both();
    both_say_yes();
    assert_ok(name_joiner());
    assert_err(
        party_step(&joiner, (struct en_join_event){.type = EN_JOIN_RECEIVED,
                                                   .message = EN_MSG_BYE,
                                                   .body = EN_SPAN(&done, 1)}),
        EN_CLOSED);
    assert_int_equal(joiner.adopted, 0);
    assert_false(joiner.joined);
}

static void a_secret_of_zeros_is_none(void **state)
{
    static const uint8_t zeros[32];

    (void)state;
    open_both();
    both_say_yes();
    assert_ok(name_joiner());
    assert_err(
        party_step(&joiner, (struct en_join_event){.type = EN_JOIN_RECEIVED,
                                                   .message = EN_MSG_SECRET,
                                                   .body = EN_SPAN_OF(zeros)}),
        EN_PROTOCOL);
    assert_int_equal(joiner.adopted, 0);
}

static void a_grant_that_was_not_in_what_came_is_no_joining(void **state)
{
    (void)state;
    open_both();
    both_say_yes();
    assert_ok(name_joiner());
    joiner.refuses = EN_LATER;
    run();
    assert_int_equal(joiner.err, EN_LATER);
    assert_false(joiner.joined);
}

static void a_name_of_a_circle_must_fit(void **state)
{
    struct en_join_setup setup = {.sponsor = true, .cls = 2};
    struct en_join *j = NULL;

    (void)state;
    assert_err(en_join_new(&j, &setup), EN_RANGE);
    setup.circle_name = BYTES("1234567890123456789012345678901234567890"
                              "1234567890123456789012345");
    assert_err(en_join_new(&j, &setup), EN_RANGE);
    assert_null(j);
}

/* -- time ----------------------------------------------------------------- */

static void tick_both(uint64_t ms)
{
    p.now_ms += ms;
    p.caller.now_ms = p.now_ms;
    p.callee.now_ms = p.now_ms;
    if (!joiner.closed)
        (void)event(&joiner, EN_JOIN_TICKED);
    if (!sponsor.closed)
        (void)event(&sponsor, EN_JOIN_TICKED);
    run();
}

static void people_have_ten_minutes_for_the_words(void **state)
{
    (void)state;
    open_both();
    assert_ok(event(&joiner, EN_JOIN_YES));
    run();
    for (unsigned s = 0; s < 599; s++)
        tick_both(1000);
    assert_false(joiner.closed || sponsor.closed);
    assert_true(heard(&p.caller, EN_MSG_PING)); /* kept alive meanwhile */
    tick_both(1000);
    assert_int_equal(joiner.err, EN_TIMEOUT);
    assert_int_equal(sponsor.err, EN_TIMEOUT);
    assert_false(heard(&p.caller, EN_MSG_OFFER));
}

static void a_person_has_ten_minutes_for_a_name(void **state)
{
    (void)state;
    open_both();
    both_say_yes();
    for (unsigned s = 0; s < 599; s++)
        tick_both(1000);
    assert_false(joiner.closed || sponsor.closed);
    assert_ok(name_joiner());
    run();
    assert_true(joiner.joined && sponsor.joined);
}

static void a_silent_other_side_is_left_after_three_minutes(void **state)
{
    (void)state;
    open_both();
    p.callee.now_ms = 5000 + 179999;
    assert_ok(event(&sponsor, EN_JOIN_TICKED));
    p.callee.now_ms = 5000 + 180000;
    assert_err(event(&sponsor, EN_JOIN_TICKED), EN_TIMEOUT);
}

static void a_sponsor_who_stops_sending_is_left_after_a_minute(void **state)
{
    (void)state;
    open_both();
    assert_ok(event(&joiner, EN_JOIN_YES));
    assert_ok(
        party_step(&joiner, (struct en_join_event){.type = EN_JOIN_RECEIVED,
                                                   .message = EN_MSG_AGREE}));
    assert_true(joiner.agreed);
    p.caller.now_ms = 5000 + 59999;
    assert_ok(event(&joiner, EN_JOIN_TICKED));
    p.caller.now_ms = 5000 + 60000;
    assert_err(event(&joiner, EN_JOIN_TICKED), EN_TIMEOUT);
}

/* -- cuts ----------------------------------------------------------------- */

struct cut {
    struct tap tap;
    bool to_callee;
    size_t at;
};

static bool cut_pass(struct tap *t, bool to_callee, size_t at, uint8_t *b,
                     size_t n)
{
    const struct cut *c = t->user;

    (void)b;
    return to_callee != c->to_callee || at + n <= c->at;
}

static void play_whole(void)
{
    run();
    if (joiner.words && !joiner.closed)
        (void)event(&joiner, EN_JOIN_YES);
    if (sponsor.words && !sponsor.closed)
        (void)event(&sponsor, EN_JOIN_YES);
    run();
    if (joiner.name && !joiner.closed)
        (void)name_joiner();
    run();
}

/* Whatever byte is the last to arrive: who says "joined" has everything, and only
 * the very last bytes can leave one side in doubt: the newcomer's, who comes back
 * with the same certificate. */
static void a_joining_cut_at_any_byte_is_whole_or_nothing(void **state)
{
    size_t total[2];
    size_t doubtful = 0;

    (void)state;
    p.segment = 1;
    pipe_join(&p, &w, &code);
    play_whole();
    assert_true(joiner.joined && sponsor.joined);
    total[0] = p.caller.written;
    total[1] = p.callee.written;
    for (unsigned dir = 0; dir < 2; dir++)
        for (size_t at = 0; at < total[dir]; at += 1) {
            struct cut c = {.to_callee = dir == 0, .at = at};

            (void)tear_down(NULL);
            (void)set_up(NULL);
            c.tap = (struct tap){cut_pass, &c};
            p.tap = &c.tap;
            p.segment = 1;
            pipe_join(&p, &w, &code);
            play_whole();
            assert_false(joiner.joined);
            assert_int_equal(joiner.adopted, 0);
            assert_int_equal(sponsor.admitted > 0,
                             sponsor.joined); /* granted: all was sent */
            doubtful += sponsor.joined;
            if (!heard(&p.callee, EN_MSG_AGREE))
                assert_false(heard(&p.caller, EN_MSG_OFFER));
            if (joiner.j != NULL && !joiner.closed)
                (void)event(&joiner, EN_JOIN_ENDED);
            if (sponsor.j != NULL && !sponsor.closed)
                (void)event(&sponsor, EN_JOIN_ENDED);
        }
    assert_true(doubtful > 0 && doubtful < 600);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(somebody_joins),
        CASE(the_order_of_the_two_yeses_does_not_matter),
        CASE(a_no_on_either_side_leaves_nothing_told),
        CASE(cancelling_later_is_an_end_but_no_alarm),
        CASE(whoever_stands_in_the_middle_shows_two_sets_of_words),
        CASE(join_words_depend_on_every_bit_of_the_hash),
        CASE(a_join_signed_for_another_handshake_is_refused),
        CASE(a_sponsor_whom_the_records_do_not_bear_out_is_left),
        CASE(an_admission_refused_here_gives_no_secret),
        CASE(a_bad_run_ends_the_joining),
        CASE(an_offer_of_a_later_kind_is_refused_as_of_a_later_version),
        CASE(messages_out_of_turn_end_the_joining),
        CASE(a_bye_before_the_secret_is_no_joining),
        CASE(a_secret_of_zeros_is_none),
        CASE(a_grant_that_was_not_in_what_came_is_no_joining),
        CASE(a_name_of_a_circle_must_fit),
        CASE(people_have_ten_minutes_for_the_words),
        CASE(a_person_has_ten_minutes_for_a_name),
        CASE(a_silent_other_side_is_left_after_three_minutes),
        CASE(a_sponsor_who_stops_sending_is_left_after_a_minute),
        CASE(a_joining_cut_at_any_byte_is_whole_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
