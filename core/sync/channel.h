/*
 * channel.h - from a byte stream to messages with a known peer: greeting, Noise,
 * frames, and silence on every failure.
 *
 * Both roles of both ways in. A member calls by Noise IKpsk1 with a circle's psk;
 * somebody with a spoken code by CPace and Noise NNpsk0. The responder greets
 * first and tells the two apart by the size of the first frame.
 *
 *   accept                                  call, join
 *     GREETED --96 bytes--> ANSWERED          CALLING --greeting, call--> ASKED
 *     GREETED --52 bytes--> SHARED            CALLING --greeting, join--> OFFERED
 *     SHARED --48 bytes--> ANSWERED           OFFERED --share--> ASKED
 *     ANSWERED --transport message--> OPEN    ASKED --48 bytes--> OPEN
 *     any but OPEN --failure--> SILENT        any but OPEN --failure--> CLOSED
 *   any but OPEN --ten seconds since accept or call--> CLOSED
 *   OPEN --bad frame, end, nobody reads for 180 s--> CLOSED
 *
 * GREETED   version and banner are out; at most 98 bytes are kept.
 * SHARED    the code is spent and our CPace share is out.
 * ANSWERED  our handshake message is out. Whom we answered is known, but perhaps
 *           a replay or a thief's forgery: nothing is sent, nothing is told.
 * OPEN      both sides have proved themselves; messages flow.
 * SILENT    what comes is read and forgotten until ten seconds after accept: bad
 *           tag, unknown key, no such circle, no code: one behaviour.
 * CLOSED    only en_channel_free, and the queries, are allowed.
 *
 * Memory     before ANSWERED: a frame of 98 bytes. After: EN_STAGING_MAX bytes of
 *            what came in, the same of what is to go out, EN_WRITE_QUEUE_MAX of
 *            ciphertext; what is allocated grows with what has really arrived and
 *            is given back when idle.
 * Ownership  home, rng and trace are borrowed and outlive the channel.
 * Errors     EN_FORGED: a failed check, never which; a joiner's code was wrong.
 *            EN_DENIED: a joiner's code does not live there. EN_PROTOCOL: bounds
 *            broken by an authenticated peer. EN_VERSION, EN_TIMEOUT, EN_CLOSED
 *            (the stream ended), EN_NOMEM.
 * Source     PROTOCOL 10.1, 11; docs/formats/channel.md, docs/protocols/link.md.
 */
#ifndef EN_SYNC_CHANNEL_H
#define EN_SYNC_CHANNEL_H

#include "base/rng.h"
#include "base/secret.h"
#include "base/trace.h"
#include "sync/invite.h"
#include "sync/message.h"

#define EN_CHANNEL_VERSION      1
#define EN_CHANNEL_HANDSHAKE_MS 10000u  /* from accept or call to OPEN */
#define EN_CHANNEL_STALLED_MS   180000u /* bytes waiting and nobody reads */
#define EN_CHANNEL_IDLE_MS      30000u  /* then big buffers are given back */

/* Allocated for one channel at most: both directions' staging, the frame under
 * way, the write queue. */
#define EN_CHANNEL_FRAME_MAX (2 + EN_NOISE_MESSAGE_MAX)
#define EN_CHANNEL_MEMORY_MAX                                                  \
    (2 * EN_STAGING_MAX + EN_CHANNEL_FRAME_MAX + EN_WRITE_QUEUE_MAX)

/* What a circle needs to be called in, or to call. */
struct en_channel_circle {
    struct en_id cid;
    struct en_key link; /* own secret there */
    struct en_key netsecret;
};

/* What a listening device opens to; may change between calls of a channel, but
 * a circle keeps its index for as long as one of the channels is open. */
struct en_channel_home {
    const struct en_channel_circle *circle;
    size_t n; /* at most EN_CIRCLES_MAX are tried */
    /* Whether link_pk is that of an active device of circle[i] that may call:
     * no KIT, not this device, and this device itself not revoked. */
    bool (*knows)(void *user, size_t i, const uint8_t link_pk[32]);
    void *user;
    struct en_invite *invite; /* NULL: nobody is being invited */
};

struct en_channel;

/* The greeting is in en_channel_out at once. */
en_err en_channel_accept(struct en_channel **c,
                         const struct en_channel_home *home, struct en_rng *rng,
                         const struct en_trace *trace, uint64_t now_ms);
/* circle and link_pk (the device called) are copied. */
en_err en_channel_call(struct en_channel **c,
                       const struct en_channel_circle *circle,
                       const uint8_t link_pk[32], struct en_rng *rng,
                       const struct en_trace *trace, uint64_t now_ms);
/* code is copied. */
en_err en_channel_join(struct en_channel **c, const struct en_code *code,
                       struct en_rng *rng, const struct en_trace *trace,
                       uint64_t now_ms);
void en_channel_free(struct en_channel *c); /* wipes; NULL does nothing */

enum en_channel_event_type {
    EN_CHANNEL_BYTES,  /* bytes came: give what todo.used leaves again */
    EN_CHANNEL_TICKED, /* todo.wake_ms has come */
    EN_CHANNEL_ENDED,  /* the stream ended or broke */
};
struct en_channel_event {
    enum en_channel_event_type type;
    uint64_t now_ms;
    struct en_span bytes;
};

/*
 * used     how many of the bytes were taken. Call again with the rest until used
 *          is all of them and no message came: a step gives one message at most
 * opened   the peer is known from now on (en_channel_peer and the others); a
 *          message in the same todo comes after that
 * refused  it has become SILENT, for why; once
 * failed   a sponsor's code was spent on an attempt that came to nothing before
 *          OPEN, whatever the cause: en_invite_ended(false) is due; once
 * message  type and body: a complete message, borrowed until the next step
 * close    close the stream, once en_channel_out is written; why says wherefore
 * wake_ms  when to tick, UINT64_MAX: never
 */
struct en_channel_todo {
    size_t used;
    bool opened;
    bool refused;
    bool failed;
    bool message;
    uint8_t type;
    struct en_span body;
    bool close;
    en_err why;
    uint64_t wake_ms;
};

/* Returns EN_OK, or what ended the channel: then it is CLOSED, todo.close is set
 * and todo.why is the same. */
en_err en_channel_step(struct en_channel *c, const struct en_channel_event *ev,
                       struct en_channel_todo *todo);

/* Only when OPEN (EN_LATER before). EN_FULL: over what may wait; nothing sent. */
en_err en_channel_send(struct en_channel *c, uint8_t type, struct en_span body);
/* Whether a message of any size may be sent. Changes with en_channel_wrote. */
bool en_channel_room(const struct en_channel *c);
struct en_carrier en_channel_carrier(struct en_channel *c);

/* Bytes to write, in order; borrowed until the next call on this channel. Seals
 * what was sent meanwhile: many small messages are one frame. EN_NOMEM, and
 * EN_CLOSED when the nonces are used up: close. */
en_err en_channel_out(struct en_channel *c, uint64_t now_ms,
                      struct en_span *out);
/* n of them have been written (or handed to the kernel). */
void en_channel_wrote(struct en_channel *c, size_t n, uint64_t now_ms);

bool en_channel_open(const struct en_channel *c);
bool en_channel_caller(const struct en_channel *c);  /* called or joined */
bool en_channel_joining(const struct en_channel *c); /* by a code */
/* Member, from opened on: home's index (a caller: 0); the peer's link key. */
size_t en_channel_circle_index(const struct en_channel *c);
const uint8_t *en_channel_peer(const struct en_channel *c);
/* Joining, from opened on: the handshake hash and the circle's language. */
void en_channel_hash(const struct en_channel *c, uint8_t h[64]);
enum en_lang en_channel_lang(const struct en_channel *c);
/* Bytes allocated for this peer now, never over EN_CHANNEL_MEMORY_MAX. */
size_t en_channel_memory(const struct en_channel *c);

#endif
