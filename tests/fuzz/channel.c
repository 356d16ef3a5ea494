/*
 * channel.c - what a stranger, an impostor or a member sends down a stream.
 *
 * The first byte chooses who is listened to; the second the size of the segments.
 *
 *   0  a stranger to a responder: the rest is all it sends
 *   1  an impostor to a caller, a member; 2 to a joiner
 *   3  a member that has proved itself: the rest is its stream of plaintext, so
 *      that a fuzzer gets past the tags
 *   4  the same, but the rest is laid over its true frames
 *   5  a joiner with the right code, its frames laid over likewise
 *
 * Laws: memory stays within its bound; a responder that was not convinced writes
 * its greeting and nothing more, but a share for the one code it had; a message is within its type's bound; time alone
 * ends a handshake, and ends it.
 */
#include "sync/channel.h"

#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/noise.h"
#include "crypto/wrap.h"
#include "fuzz/fuzz.h"

#include <sodium.h>
#include <string.h>

static const struct en_channel_circle caller = {
    .cid = {{1}}, .link = {{0x10}}, .netsecret = {{3}}};
static const struct en_channel_circle other = {
    .cid = {{1}}, .link = {{0x20}}, .netsecret = {{3}}};

static uint8_t caller_pk[32];

static bool knows(void *user, size_t i, const uint8_t link_pk[32])
{
    (void)user;
    return i == 0 && memcmp(link_pk, caller_pk, 32) == 0;
}

struct under { /* the channel that is listened to */
    struct en_channel *c;
    bool opened, refused, closed;
    size_t segment;
};

static void told(struct under *u, en_err err,
                 const struct en_channel_todo *todo)
{
    HOLDS((err != EN_OK) == todo->close);
    HOLDS(en_channel_memory(u->c) <= EN_CHANNEL_MEMORY_MAX);
    HOLDS(!(todo->opened && u->opened) && !(todo->refused && u->refused));
    u->opened = u->opened || todo->opened;
    u->refused = u->refused || todo->refused;
    u->closed = todo->close;
    if (todo->message) {
        HOLDS(u->opened && !todo->close);
        HOLDS(1 + todo->body.n <= en_message_max(todo->type));
    }
}

static void give(struct under *u, struct en_span all)
{
    struct en_channel_event ev = {.type = EN_CHANNEL_BYTES, .now_ms = 1};
    struct en_channel_todo todo = {0};

    while (all.n > 0 && !u->closed) {
        size_t n = all.n < u->segment ? all.n : u->segment;
        struct en_span part = EN_SPAN(all.p, n);

        do {
            en_err err;

            ev.bytes = part;
            err = en_channel_step(u->c, &ev, &todo);
            HOLDS(todo.used <= part.n);
            part = EN_SPAN(part.n > todo.used ? part.p + todo.used : NULL,
                           part.n - todo.used);
            told(u, err, &todo);
        } while (!u->closed && (part.n > 0 || todo.message));
        all = EN_SPAN(all.p + n, all.n - n);
    }
}

/* Everything it wants to write, appended to out if not NULL. */
static size_t take(struct en_channel *c, struct en_buf *out)
{
    struct en_span s = {0};

    HOLDS(en_channel_out(c, 1, &s) == EN_OK);
    if (out != NULL)
        HOLDS(en_buf_add_span(out, s) == EN_OK);
    en_channel_wrote(c, s.n, 1);
    return s.n;
}

static void finish(struct under *u, const struct en_invite *invite)
{
    struct en_channel_event ev = {.type = EN_CHANNEL_TICKED,
                                  .now_ms = EN_CHANNEL_HANDSHAKE_MS};
    struct en_channel_todo todo;
    size_t written;
    en_err err;

    if (u->closed)
        return;
    written = take(u->c, NULL);
    if (invite != NULL && u->refused)
        HOLDS(!u->opened && (written == 0 || written == 2 + 37) &&
              (invite->state == EN_INVITE_SPENT || written == 0));
    err = en_channel_step(u->c, &ev, &todo);
    HOLDS(u->opened || todo.close);
    told(u, err, &todo);
}

/* A member's handshake by hand, for what it says afterwards. */
static void prove(struct under *u, struct en_noise_transport *t,
                  struct en_rng *rng)
{
    uint8_t prologue[8 + 17 + 32] = "en1-link";
    struct en_id16 cid16 = en_id_short(&caller.cid);
    struct en_noise hs;
    struct en_key psk;
    struct en_buf greeting = {0};
    struct en_buf frame = {0};
    uint8_t pk[32];

    HOLDS(take(u->c, &greeting) == 17);
    memcpy(prologue + 8, greeting.p, 17);
    memcpy(prologue + 25, caller.cid.b, 32);
    EN_KDF(&psk, &caller.netsecret, EN_L_NOISE_PSK, &cid16,
           EN_SPAN_OF(caller.cid.b));
    en_x25519_public(&other.link, pk);
    en_noise_begin(&hs, EN_NOISE_IKPSK1, true, EN_SPAN_OF(prologue),
                   &caller.link, pk, &psk);
    HOLDS(en_buf_add_u16be(&frame, 96) == EN_OK);
    HOLDS(en_noise_write(&hs, rng, (struct en_span){0}, &frame) == EN_OK);
    give(u, en_buf_span(&frame));
    en_buf_clear(&greeting);
    en_buf_clear(&frame);
    HOLDS(take(u->c, &greeting) == 50);
    HOLDS(en_noise_read(&hs, EN_SPAN(greeting.p + 2, 48), &frame) == EN_OK);
    en_noise_split(&hs, t);
    en_buf_free(&greeting);
    en_buf_free(&frame);
}

static void say_plain(struct under *u, struct en_span plain, struct en_rng *rng)
{
    struct en_noise_transport t;

    prove(u, &t, rng);
    while (plain.n > 0 && !u->closed) {
        size_t n = plain.n < u->segment ? plain.n : u->segment;
        struct en_buf frame = {0};

        HOLDS(en_buf_add_u16be(&frame, (uint16_t)(n + 16)) == EN_OK);
        HOLDS(en_noise_encrypt(&t, EN_SPAN(plain.p, n), &frame) == EN_OK);
        give(u, en_buf_span(&frame));
        en_buf_free(&frame);
        plain = EN_SPAN(plain.p + n, plain.n - n);
    }
}

/* A true peer whose bytes are changed by the input, in order. */
static void lay_over(struct under *u, struct en_channel *peer,
                     struct en_span input)
{
    struct under p = {.c = peer, .segment = SIZE_MAX};
    bool changed = false;
    bool sent = false;

    for (unsigned round = 0; round < 8 && !u->closed && !p.closed; round++) {
        struct en_buf b = {0};

        (void)take(u->c, &b);
        give(&p, en_buf_span(&b));
        if (p.opened && !sent) {
            sent = true;
            HOLDS(en_channel_send(peer, EN_MSG_PING, (struct en_span){0}) ==
                  EN_OK);
        }
        en_buf_clear(&b);
        if (!p.closed)
            (void)take(peer, &b);
        for (size_t i = 0; i < b.n && input.n > 0; i++) {
            b.p[i] ^= input.p[0];
            changed = changed || input.p[0] != 0;
            input = EN_SPAN(input.p + 1, input.n - 1);
        }
        give(u, en_buf_span(&b));
        en_buf_free(&b);
    }
    /* Unchanged it opens, changed it does not. */
    HOLDS(u->opened == !changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t segments[] = {SIZE_MAX, 1, 2, 17, 98, 1000, 65519};
    struct en_rng_seeded rng;
    struct en_invite invite = {0};
    struct en_channel_home home = {
        .circle = &other, .n = 1, .knows = knows, .invite = &invite};
    struct under u = {0};
    struct en_channel *peer = NULL;
    struct en_code code = {0};
    struct en_span input;
    char shown[EN_CODE_SHOWN_MAX];
    uint8_t pk[32];
    unsigned who;

    if (sodium_init() < 0 || size < 2)
        return 0;
    who = data[0] % 6;
    u.segment = segments[data[1] % (sizeof(segments) / sizeof(*segments))];
    if (who == 3 && u.segment > 65519)
        u.segment = 65519;
    input = EN_SPAN(data + 2, size - 2);
    en_rng_seed(&rng, 1);
    en_x25519_public(&caller.link, caller_pk);
    en_x25519_public(&other.link, pk);
    HOLDS(en_invite_new(&invite, &rng.rng, EN_LANG_EN, 0, shown, NULL) ==
          EN_OK);
    HOLDS(en_code_parse(en_span_str(shown), &code, NULL) == EN_OK);

    if (who == 1)
        HOLDS(en_channel_call(&u.c, &caller, pk, &rng.rng, NULL, 0) == EN_OK);
    else if (who == 2)
        HOLDS(en_channel_join(&u.c, &code, &rng.rng, NULL, 0) == EN_OK);
    else
        HOLDS(en_channel_accept(&u.c, &home, &rng.rng, NULL, 0) == EN_OK);
    switch (who) {
    case 0:
        (void)take(u.c, NULL);
        give(&u, input);
        break;
    case 3: say_plain(&u, input, &rng.rng); break;
    case 4:
        HOLDS(en_channel_call(&peer, &caller, pk, &rng.rng, NULL, 0) == EN_OK);
        lay_over(&u, peer, input);
        break;
    case 5:
        HOLDS(en_channel_join(&peer, &code, &rng.rng, NULL, 0) == EN_OK);
        lay_over(&u, peer, input);
        break;
    default: give(&u, input); break;
    }
    finish(&u, who == 0 ? &invite : NULL);
    en_channel_free(u.c);
    en_channel_free(peer);
    return 0;
}
