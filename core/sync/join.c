#include "sync/join.h"

#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/sign.h"

#include <stdlib.h>
#include <string.h>

#define NO_BYE 255u

enum state {
    NEW,
    WORDS,
    OFFERING, /* sponsor */
    WAITING,
    ADMITTING,
    GIVING,
    READING, /* joiner */
    CHECKING,
    NAMING,
    ASKED,
    TAKING,
    ADOPTING,
    DONE,
    CLOSED,
};

struct en_join {
    enum state state;
    bool sponsor;
    uint8_t h[64];
    struct en_carrier carrier;
    const struct en_trace *trace;
    enum en_join_ask asked;

    uint8_t cls;
    struct en_id16 device; /* the sponsor's */
    uint8_t name[EN_NAME_MAX];
    size_t name_len;
    bool offered; /* joiner: OFFER is in */
    struct en_offer offer;

    bool yes, their_yes;
    struct en_frontier theirs; /* sponsor: what was sent */
    struct en_key netsecret;   /* joiner: from SECRET on */
    struct en_joining joining; /* sponsor: borrowed for ADMIT */

    uint64_t now_ms;
    uint64_t sent_ms;
    uint64_t deadline_ms;
};

static void join_check(const struct en_join *j)
{
    bool both = j->yes && j->their_yes;

    assert(j->name_len <= sizeof(j->name));
    switch (j->state) {
    case NEW: assert(!j->yes && !j->their_yes); break;
    case WORDS:
        assert(!both && !j->offered && j->asked == EN_JOIN_NOTHING);
        break;
    case OFFERING:
    case WAITING:
    case ADMITTING:
    case GIVING: assert(both && j->sponsor); break;
    case READING:
    case CHECKING:
    case NAMING:
    case ASKED:
        assert(both && !j->sponsor);
        assert(en_is_zero_ct(j->netsecret.b, sizeof(j->netsecret.b)));
        break;
    case TAKING:
    case ADOPTING: assert(both && !j->sponsor && j->offered); break;
    case DONE: assert(both); break;
    case CLOSED: break;
    }
}

void en_join_words(const uint8_t h[64], unsigned index[6])
{
    uint8_t digest[32];

    EN_HASH(digest, EN_L_JOIN_WORDS, NULL, EN_SPAN(h, 64));
    en_words_of_bits(digest, 6, index);
}

void en_join_sign(const struct en_key *sign, const uint8_t h[64],
                  uint8_t sig[64])
{
    en_sign(sign, EN_L_SIG_JOIN, EN_SPAN(h, 64), sig);
}

en_err en_join_new(struct en_join **out, const struct en_join_setup *setup)
{
    struct en_join *j;

    if (setup->sponsor &&
        (setup->circle_name.n < 1 || setup->circle_name.n > EN_NAME_MAX))
        return EN_RANGE;
    assert(!setup->sponsor || (setup->cls >= 1 && setup->cls <= 3));
    j = calloc(1, sizeof(*j));
    if (j == NULL)
        return EN_NOMEM;
    j->sponsor = setup->sponsor;
    memcpy(j->h, setup->h, sizeof(j->h));
    j->carrier = setup->carrier;
    j->trace = setup->trace;
    if (setup->sponsor) {
        j->cls = setup->cls;
        j->device = setup->device;
        j->name_len = setup->circle_name.n;
        memcpy(j->name, setup->circle_name.p, j->name_len);
    }
    join_check(j);
    *out = j;
    return EN_OK;
}

void en_join_free(struct en_join *j)
{
    if (j == NULL)
        return;
    en_frontier_free(&j->theirs);
    en_wipe(j, sizeof(*j));
    free(j);
}

/* -- helpers -------------------------------------------------------------- */

static en_err say(struct en_join *j, uint8_t type, struct en_span body)
{
    en_err err = j->carrier.send(j->carrier.user, type, body);

    if (err == EN_OK)
        j->sent_ms = j->now_ms;
    return err;
}

static bool room(const struct en_join *j)
{
    return j->carrier.room(j->carrier.user);
}

static void enter(struct en_join *j, enum state state, uint64_t within_ms)
{
    j->state = state;
    j->deadline_ms = j->now_ms + within_ms;
}

static void ask(struct en_join *j, enum en_join_ask what,
                struct en_join_todo *todo)
{
    assert(j->asked == EN_JOIN_NOTHING);
    j->asked = what;
    todo->ask = what;
}

static void shut(struct en_join *j, en_err err, uint8_t bye,
                 struct en_join_todo *todo)
{
    if (bye != NO_BYE)
        (void)say(j, EN_MSG_BYE, EN_SPAN(&bye, 1));
    *todo = (struct en_join_todo){.close = true,
                                  .bye = bye,
                                  .reason = todo->reason,
                                  .wake_ms = UINT64_MAX};
    en_trace_line(j->trace, "join: closed, %s", en_err_name(err));
    en_key_wipe(&j->netsecret);
    j->state = CLOSED;
}

/* -- both ----------------------------------------------------------------- */

static en_err on_opened(struct en_join *j, struct en_join_todo *todo)
{
    assert(j->state == NEW);
    enter(j, WORDS, EN_JOIN_PEOPLE_MS);
    en_join_words(j->h, todo->index);
    todo->words = true;
    j->sent_ms = j->now_ms;
    /* The sponsor's channel opens with the joiner's first transport message. */
    return j->sponsor ? EN_OK : say(j, EN_MSG_PING, (struct en_span){0});
}

static en_err offer(struct en_join *j)
{
    struct en_buf body = {0};
    struct en_offer o = {.cls = j->cls,
                         .kind = EN_OFFER_PERSON,
                         .sponsor = j->device,
                         .name = EN_SPAN(j->name, j->name_len)};
    en_err err = en_offer_encode(&o, &body);

    if (err == EN_OK)
        err = say(j, EN_MSG_OFFER, en_buf_span(&body));
    en_buf_free(&body);
    return err;
}

/* Nothing was told until here. */
static en_err agreed(struct en_join *j, struct en_join_todo *todo)
{
    if (!j->yes || !j->their_yes)
        return EN_OK;
    todo->agreed = true;
    en_trace_line(j->trace, "join: agreed");
    enter(j, j->sponsor ? OFFERING : READING, EN_JOIN_MACHINE_MS);
    return j->sponsor ? offer(j) : EN_OK;
}

static en_err on_yes(struct en_join *j, struct en_join_todo *todo)
{
    en_err err;

    if (j->state != WORDS || j->yes)
        return EN_OK; /* a person may press twice */
    err = say(j, EN_MSG_AGREE, (struct en_span){0});
    if (err != EN_OK)
        return err;
    j->yes = true;
    return agreed(j, todo);
}

static en_err on_no(struct en_join *j, struct en_join_todo *todo)
{
    en_err err = EN_CLOSED;

    if (j->state == WORDS) {
        todo->reason = EN_WHY_WORDS;
        err = EN_FORGED;
    }
    shut(j, err, EN_BYE_DONE, todo);
    return err;
}

static en_err on_agree(struct en_join *j, struct en_span body,
                       struct en_join_todo *todo)
{
    if (j->state != WORDS || j->their_yes || body.n != 0)
        return EN_PROTOCOL;
    j->their_yes = true;
    todo->their_yes = true;
    return agreed(j, todo);
}

static en_err on_bye(struct en_join *j, struct en_span body,
                     struct en_join_todo *todo)
{
    uint8_t code = 0;
    en_err err = en_bye_decode(body, &code);

    if (err != EN_OK)
        return err;
    if (j->state == TAKING && code == EN_BYE_DONE) {
        enter(j, ADOPTING, EN_JOIN_MACHINE_MS);
        ask(j, EN_JOIN_ADOPT, todo);
        todo->netsecret = &j->netsecret;
        return EN_OK;
    }
    err = code == EN_BYE_VERSION ? EN_VERSION : EN_CLOSED;
    if (code == EN_BYE_DONE && j->state == WORDS) {
        todo->reason = EN_WHY_WORDS; /* the person there said no */
        err = EN_FORGED;
    }
    shut(j, err, NO_BYE, todo);
    todo->bye = code;
    return err;
}

/* -- the sponsor ---------------------------------------------------------- */

static en_err on_join(struct en_join *j, struct en_span body,
                      struct en_join_todo *todo)
{
    struct en_cert cert;
    en_err err;

    if (j->state != WAITING)
        return EN_PROTOCOL;
    err = en_joining_decode(body, &j->joining);
    if (err != EN_OK)
        return err;
    err = en_cert_decode(j->joining.cert, &cert);
    if (err != EN_OK)
        return err;
    /* This handshake and no other: nobody else's JOIN can be handed on here. */
    err = en_verify(cert.sign_pk, EN_L_SIG_JOIN, EN_SPAN_OF(j->h),
                    j->joining.join_sig.p);
    if (err != EN_OK)
        return err;
    enter(j, ADMITTING, EN_JOIN_MACHINE_MS);
    ask(j, EN_JOIN_ADMIT, todo);
    todo->joining = &j->joining;
    todo->cls = j->cls;
    return EN_OK;
}

static en_err on_admitted(struct en_join *j, const struct en_join_event *ev)
{
    en_err err;

    j->joining = (struct en_joining){0};
    if (ev->err != EN_OK)
        return ev->err;
    assert(ev->body.n == EN_KEY_LEN);
    err = say(j, EN_MSG_SECRET, ev->body);
    if (err == EN_OK)
        enter(j, GIVING, EN_JOIN_MACHINE_MS);
    return err;
}

/* Runs while there is room; then what closes this round of them. */
static en_err on_run(struct en_join *j, const struct en_join_event *ev,
                     struct en_join_todo *todo)
{
    if (ev->err == EN_OK) {
        enter(j, j->state, EN_JOIN_MACHINE_MS);
        return say(j, EN_MSG_RUN, ev->body);
    }
    if (ev->err != EN_ABSENT)
        return ev->err;
    if (j->state == OFFERING) {
        enter(j, WAITING, EN_JOIN_PEOPLE_MS);
        return say(j, EN_MSG_LIVE, (struct en_span){0});
    }
    shut(j, EN_OK, EN_BYE_DONE, todo);
    todo->joined = true;
    j->state = DONE;
    return EN_OK;
}

static void plan(struct en_join *j, struct en_join_todo *todo)
{
    if (j->asked != EN_JOIN_NOTHING || !room(j))
        return;
    if (j->state == OFFERING || j->state == GIVING) {
        ask(j, EN_JOIN_NEXT, todo);
        todo->theirs = &j->theirs;
    }
}

/* -- the joiner ----------------------------------------------------------- */

static en_err on_offer(struct en_join *j, struct en_span body)
{
    struct en_offer o;
    en_err err;

    if (j->state != READING || j->offered)
        return EN_PROTOCOL;
    err = en_offer_decode(body, &o);
    if (err != EN_OK)
        return err;
    if (o.kind != EN_OFFER_PERSON)
        return EN_VERSION;
    j->offer = o;
    j->name_len = o.name.n;
    memcpy(j->name, o.name.p, o.name.n);
    j->offer.name = EN_SPAN(j->name, j->name_len);
    j->offered = true;
    return EN_OK;
}

static en_err on_their_run(struct en_join *j, struct en_span body,
                           struct en_join_todo *todo)
{
    if ((j->state != READING && j->state != TAKING) || !j->offered)
        return EN_PROTOCOL;
    enter(j, j->state, EN_JOIN_MACHINE_MS);
    ask(j, EN_JOIN_TAKE, todo);
    todo->body = body;
    return EN_OK;
}

static en_err on_live(struct en_join *j, struct en_span body,
                      struct en_join_todo *todo)
{
    if (j->state != READING || !j->offered || body.n != 0)
        return EN_PROTOCOL;
    enter(j, CHECKING, EN_JOIN_MACHINE_MS);
    ask(j, EN_JOIN_CHECK, todo);
    todo->offer = &j->offer;
    return EN_OK;
}

static en_err on_checked(struct en_join *j, const struct en_join_event *ev,
                         struct en_join_todo *todo)
{
    if (ev->err != EN_OK)
        return ev->err;
    enter(j, NAMING, EN_JOIN_PEOPLE_MS);
    todo->name = true;
    todo->offer = &j->offer;
    return EN_OK;
}

static en_err on_named(struct en_join *j, const struct en_join_event *ev)
{
    struct en_buf body = {0};
    uint8_t sig[64];
    struct en_joining n = {
        .cert = ev->cert,
        .cert_sig = ev->cert_sig,
        .join_sig = EN_SPAN_OF(sig),
        .person_label = ev->person_label,
        .device_label = ev->device_label,
    };
    en_err err;

    assert(j->state == NAMING);
    en_join_sign(ev->sign, j->h, sig);
    err = en_joining_encode(&n, &body);
    if (err == EN_OK)
        err = say(j, EN_MSG_JOIN, en_buf_span(&body));
    if (err == EN_OK)
        enter(j, ASKED, EN_JOIN_MACHINE_MS);
    en_buf_free(&body);
    return err;
}

static en_err on_secret(struct en_join *j, struct en_span body)
{
    if (j->state != ASKED || body.n != EN_KEY_LEN ||
        en_is_zero_ct(body.p, body.n))
        return EN_PROTOCOL;
    memcpy(j->netsecret.b, body.p, body.n);
    enter(j, TAKING, EN_JOIN_MACHINE_MS);
    return EN_OK;
}

static en_err on_adopted(struct en_join *j, const struct en_join_event *ev,
                         struct en_join_todo *todo)
{
    if (ev->err != EN_OK)
        return ev->err;
    shut(j, EN_OK, NO_BYE, todo);
    todo->joined = true;
    j->state = DONE;
    return EN_OK;
}

/* -- the step ------------------------------------------------------------- */

static en_err on_received(struct en_join *j, const struct en_join_event *ev,
                          struct en_join_todo *todo)
{
    assert(j->asked == EN_JOIN_NOTHING && j->state != NEW);
    switch (ev->message) {
    case EN_MSG_PING: return ev->body.n == 0 ? EN_OK : EN_PROTOCOL;
    case EN_MSG_BYE: return on_bye(j, ev->body, todo);
    case EN_MSG_AGREE: return on_agree(j, ev->body, todo);
    default: break;
    }
    if (j->sponsor)
        return ev->message == EN_MSG_JOIN           ? on_join(j, ev->body, todo)
               : ev->message >= EN_MSG_SKIPPED_FROM ? EN_OK
                                                    : EN_PROTOCOL;
    switch (ev->message) {
    case EN_MSG_OFFER: return on_offer(j, ev->body);
    case EN_MSG_RUN: return on_their_run(j, ev->body, todo);
    case EN_MSG_LIVE: return on_live(j, ev->body, todo);
    case EN_MSG_SECRET: return on_secret(j, ev->body);
    case EN_MSG_EVID: /* what forks need comes with the operations about them */
        return j->state == READING && j->offered ? EN_OK : EN_PROTOCOL;
    default: break;
    }
    return ev->message >= EN_MSG_SKIPPED_FROM ? EN_OK : EN_PROTOCOL;
}

static en_err on_tick(struct en_join *j)
{
    uint64_t heard = j->carrier.heard_ms(j->carrier.user);

    if (j->state == NEW)
        return EN_OK;
    if (j->now_ms >= j->deadline_ms || j->now_ms - heard >= EN_JOIN_SILENCE_MS)
        return EN_TIMEOUT;
    if (j->now_ms - j->sent_ms >= EN_JOIN_PING_MS)
        return say(j, EN_MSG_PING, (struct en_span){0});
    return EN_OK;
}

static uint64_t wake(const struct en_join *j)
{
    uint64_t at = j->deadline_ms;
    uint64_t heard = j->carrier.heard_ms(j->carrier.user);

    if (j->state == NEW || j->state == DONE || j->state == CLOSED)
        return UINT64_MAX;
    if (heard + EN_JOIN_SILENCE_MS < at)
        at = heard + EN_JOIN_SILENCE_MS;
    if (j->sent_ms + EN_JOIN_PING_MS < at)
        at = j->sent_ms + EN_JOIN_PING_MS;
    return at;
}

static const enum en_join_ask answers[] = {
    [EN_JOIN_RUN] = EN_JOIN_NEXT,      [EN_JOIN_TAKEN] = EN_JOIN_TAKE,
    [EN_JOIN_CHECKED] = EN_JOIN_CHECK, [EN_JOIN_ADMITTED] = EN_JOIN_ADMIT,
    [EN_JOIN_ADOPTED] = EN_JOIN_ADOPT,
};

static en_err on_event(struct en_join *j, const struct en_join_event *ev,
                       struct en_join_todo *todo)
{
    switch (ev->type) {
    case EN_JOIN_OPENED: return on_opened(j, todo);
    case EN_JOIN_RECEIVED: return on_received(j, ev, todo);
    case EN_JOIN_TICKED: return on_tick(j);
    case EN_JOIN_ROOM: return EN_OK;
    case EN_JOIN_YES: return on_yes(j, todo);
    case EN_JOIN_NO: return on_no(j, todo);
    case EN_JOIN_ENDED: return EN_CLOSED;
    case EN_JOIN_NAMED: return on_named(j, ev);
    case EN_JOIN_RUN: return on_run(j, ev, todo);
    case EN_JOIN_TAKEN: return ev->err;
    case EN_JOIN_CHECKED: return on_checked(j, ev, todo);
    case EN_JOIN_ADMITTED: return on_admitted(j, ev);
    case EN_JOIN_ADOPTED: return on_adopted(j, ev, todo);
    }
    assert(false);
    return EN_PROTOCOL;
}

/* What the other side is told of an error here. */
static uint8_t bye_for(const struct en_join_event *ev, en_err err)
{
    if (ev->type == EN_JOIN_ENDED || err == EN_TIMEOUT)
        return NO_BYE;
    if (err == EN_VERSION)
        return EN_BYE_VERSION;
    if (err == EN_PROTOCOL || err == EN_FORGED || err == EN_DENIED)
        return EN_BYE_PROTOCOL;
    return EN_BYE_BUSY;
}

en_err en_join_step(struct en_join *j, const struct en_join_event *ev,
                    struct en_join_todo *todo)
{
    en_err err;

    assert(j->state != CLOSED && j->state != DONE);
    join_check(j);
    *todo = (struct en_join_todo){.bye = NO_BYE, .wake_ms = UINT64_MAX};
    j->now_ms = ev->now_ms;
    if (ev->type >= EN_JOIN_RUN) {
        assert(j->asked == answers[ev->type]);
        j->asked = EN_JOIN_NOTHING;
    }

    err = on_event(j, ev, todo);
    if (err == EN_OK) {
        plan(j, todo);
        todo->wake_ms = wake(j);
    } else if (j->state != CLOSED) {
        shut(j, err, bye_for(ev, err), todo);
    }
    join_check(j);
    return err;
}
