/*
 * sync.c - what a member's device may say in one exchange.
 *
 * Bytes are commands to a machine over a replica of tips: the low three bits say
 * what happens, and a message's body follows with its length. Laws are those of
 * sync_check and of the fake; what is sent stays within its bounds; an exchange
 * that was closed says no more; blame falls only on what was received.
 */
#include "fuzz/fuzz.h"

#define EN_FAKE_ASSERTS
#define assert_true(x)         HOLDS(x)
#define assert_non_null(x)     HOLDS((x) != NULL)
#define assert_ok(x)           HOLDS((x) == EN_OK)
#define assert_int_equal(x, y) HOLDS((x) == (y))
#define fail()                 abort()

#include <string.h>

#include "unit/sync/fake.h"

static bool full;
static uint64_t heard_ms;

static en_err list_send(void *user, uint8_t type, struct en_span body)
{
    (void)user;
    HOLDS(1 + body.n <= en_message_max(type));
    return EN_OK;
}

static bool list_room(void *user)
{
    (void)user;
    return !full;
}

static uint64_t list_heard(void *user)
{
    (void)user;
    return heard_ms;
}

static void say_hello(struct node *n, const struct en_id *cid)
{
    uint8_t out[EN_HELLO_LEN];
    struct en_hello h = {.cid = *cid, .device = {{0xbb}}};

    en_hello_encode(&h, out);
    (void)node_hear(n, EN_MSG_HELLO, EN_SPAN_OF(out));
}

static void command(struct node *n, struct en_reader *r,
                    const struct en_id *cid)
{
    uint8_t what = en_read_u8(r);
    struct en_span body;
    uint8_t type;

    switch (what & 7) {
    case 0:
        n->now_ms += (uint64_t)en_read_u8(r) * 1000;
        (void)node_event(n, EN_SYNC_TICKED);
        break;
    case 1:
        full = !full;
        (void)node_event(n, EN_SYNC_ROOM);
        break;
    case 2:
        fake_grow(&n->f, 1, n->f.n > 0 ? fake_log(&n->f, 1)->n + 1 : 1, 0);
        (void)node_event(n, EN_SYNC_CHANGED);
        break;
    case 3: say_hello(n, cid); break;
    case 4:
        if ((what & 0xf8) == 0xf8)
            (void)node_event(n, EN_SYNC_REVOKED);
        else
            n->f.later = what >> 3;
        break;
    default:
        type = en_read_u8(r);
        body = en_read_span(r, en_read_u16(r));
        if (r->bad || (en_message_max(type) == 0 && type < 64) ||
            (type < 64 && 1 + body.n > en_message_max(type)))
            return; /* the channel lets none of these through */
        heard_ms = n->now_ms;
        (void)node_hear(n, type, body);
        HOLDS(!n->blame || n->closed);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct en_id cid = {{0xc1}};
    struct en_reader r = en_reader_of(EN_SPAN(data, size));
    struct node n;
    uint8_t first = en_read_u8(&r);
    bool caller = first & 1;

    memset(&n, 0, sizeof(n));
    full = false;
    heard_ms = 0;
    n.observer = first & 2;
    n.unknown = (first & 12) == 12;
    n.f.per_run = 1 + (first >> 4);
    n.f.device.b[0] = 0xaa;
    n.peer.b[0] = 0xbb;
    fake_grow(&n.f, 1, 20, 0);
    fake_grow(&n.f, 101, 40, 0);
    fake_log(&n.f, 101)->missing[3] = true;
    n.carrier = (struct en_carrier){list_send, list_room, list_heard, NULL};
    HOLDS(en_sync_new(&n.s, &cid, &n.f.device, caller, n.carrier, NULL) ==
          EN_OK);
    (void)node_start(&n, caller);
    while (r.n > 0 && !r.bad && !n.closed && n.f.n < FAKE_LOGS - 1 &&
           fake_log(&n.f, 1)->n < FAKE_RECORDS - 1)
        command(&n, &r, &cid);
    HOLDS(!(n.blame && n.err == EN_CLOSED));
    node_free(&n);
    return 0;
}
