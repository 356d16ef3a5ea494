/*
 * join.c - what either side may say while somebody joins, and what people may do.
 *
 * The first byte chooses the side, the rest are commands: people, time, messages
 * with their bodies. Laws: nothing but AGREE, PING and BYE is said before both have
 * said yes; a secret is given only after an admission; whoever is adopted was given
 * one; a joining that was closed says no more.
 */
#include "sync/join.h"

#include "fuzz/fuzz.h"

#include <sodium.h>
#include <string.h>

struct host {
    struct en_join *j;
    bool sponsor, agreed, admitted, secret, done, waiting_name;
    size_t runs;
    uint64_t now_ms;
    bool refuses;
    struct en_device_keys keys;
    uint8_t cert[EN_CERT_LEN];
    uint8_t cert_sig[64];
};

static const uint8_t h[64] = {1, 2, 3};
static const uint8_t netsecret[32] = {9};

static en_err host_send(void *user, uint8_t type, struct en_span body)
{
    const struct host *x = user;

    HOLDS(1 + body.n <= en_message_max(type));
    if (type != EN_MSG_AGREE && type != EN_MSG_PING && type != EN_MSG_BYE)
        HOLDS(x->agreed || type == EN_MSG_OFFER);
    HOLDS(type != EN_MSG_SECRET || (x->sponsor && x->admitted));
    HOLDS(!x->done);
    return EN_OK;
}

static bool host_room(void *user)
{
    (void)user;
    return true;
}

static uint64_t host_heard(void *user)
{
    const struct host *x = user;

    return x->now_ms;
}

static void step(struct host *x, struct en_join_event ev)
{
    struct en_join_todo todo;
    en_err err;

    for (;;) {
        ev.now_ms = x->now_ms;
        err = en_join_step(x->j, &ev, &todo);
        HOLDS(err == EN_OK || todo.close);
        x->agreed = x->agreed || todo.agreed;
        x->waiting_name = (x->waiting_name || todo.name) && !todo.close;
        x->done = todo.close;
        if (todo.close || todo.ask == EN_JOIN_NOTHING)
            return;
        ev = (struct en_join_event){.err = x->refuses ? EN_DENIED : EN_OK};
        switch (todo.ask) {
        case EN_JOIN_NEXT:
            ev.type = EN_JOIN_RUN;
            ev.err = ++x->runs % 3 == 0 ? EN_ABSENT : EN_OK;
            ev.body = EN_SPAN(netsecret, 32);
            break;
        case EN_JOIN_TAKE: ev.type = EN_JOIN_TAKEN; break;
        case EN_JOIN_CHECK:
            ev.type = EN_JOIN_CHECKED;
            HOLDS(todo.offer->name.n <= EN_NAME_MAX);
            break;
        case EN_JOIN_ADMIT:
            ev.type = EN_JOIN_ADMITTED;
            ev.body = EN_SPAN(netsecret, 32);
            x->admitted = ev.err == EN_OK;
            break;
        case EN_JOIN_ADOPT:
            ev.type = EN_JOIN_ADOPTED;
            HOLDS(x->secret);
            break;
        case EN_JOIN_NOTHING: abort();
        }
    }
}

static void receive(struct host *x, uint8_t type, struct en_span body)
{
    x->secret = x->secret || type == EN_MSG_SECRET;
    step(x, (struct en_join_event){
                .type = EN_JOIN_RECEIVED, .message = type, .body = body});
}

static void say_join(struct host *x)
{
    uint8_t sig[64];
    struct en_joining n = {.cert = EN_SPAN_OF(x->cert),
                           .cert_sig = EN_SPAN_OF(x->cert_sig),
                           .join_sig = EN_SPAN_OF(sig),
                           .person_label = en_span_str("p"),
                           .device_label = en_span_str("d")};
    struct en_buf body = {0};

    en_join_sign(&x->keys.sign, h, sig);
    HOLDS(en_joining_encode(&n, &body) == EN_OK);
    receive(x, EN_MSG_JOIN, en_buf_span(&body));
    en_buf_free(&body);
}

static void command(struct host *x, struct en_reader *r)
{
    struct en_join_event named = {.type = EN_JOIN_NAMED,
                                  .person_label = en_span_str("p"),
                                  .device_label = en_span_str("d"),
                                  .cert = EN_SPAN_OF(x->cert),
                                  .cert_sig = EN_SPAN_OF(x->cert_sig),
                                  .sign = &x->keys.sign};
    struct en_span body;
    uint8_t type;

    switch (en_read_u8(r) % 8) {
    case 0:
        x->now_ms += (uint64_t)en_read_u8(r) * 1000;
        step(x, (struct en_join_event){.type = EN_JOIN_TICKED});
        break;
    case 1: step(x, (struct en_join_event){.type = EN_JOIN_YES}); break;
    case 2: step(x, (struct en_join_event){.type = EN_JOIN_NO}); break;
    case 3:
        if (x->waiting_name) {
            x->waiting_name = false;
            step(x, named);
        }
        break;
    case 4: x->refuses = !x->refuses; break;
    case 5: say_join(x); break;
    default:
        type = en_read_u8(r);
        body = en_read_span(r, en_read_u16(r));
        if (!r->bad && (type >= 64 || 1 + body.n <= en_message_max(type)))
            receive(x, type, body);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_reader r = en_reader_of(EN_SPAN(data, size));
    struct en_rng_seeded rng;
    struct en_cert cert = {.cid = {{7}}};
    struct host x;
    struct en_join_setup setup = {.cls = 2, .circle_name = en_span_str("c")};

    if (sodium_init() < 0)
        return 0;
    memset(&x, 0, sizeof(x));
    en_rng_seed(&rng, 1);
    en_device_keys_new(&x.keys, &rng.rng);
    en_cert_of_keys(&x.keys, &cert);
    en_cert_encode(&cert, x.cert);
    en_cert_sign(&x.keys.sign, x.cert, x.cert_sig);
    x.sponsor = en_read_u8(&r) & 1;
    memcpy(setup.h, h, 64);
    setup.sponsor = x.sponsor;
    setup.carrier = (struct en_carrier){host_send, host_room, host_heard, &x};
    HOLDS(en_join_new(&x.j, &setup) == EN_OK);
    step(&x, (struct en_join_event){.type = EN_JOIN_OPENED});
    while (r.n > 0 && !r.bad && !x.done)
        command(&x, &r);
    en_join_free(x.j);
    en_device_keys_wipe(&x.keys);
    return 0;
}
