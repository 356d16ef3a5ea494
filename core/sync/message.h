/*
 * message.h - what devices say to each other: fixed layouts, read strictly.
 *
 *   message = len u32 || type u8 || body         len counts type and body
 *
 * This file knows bodies; len and type are the channel's. A body has one
 * encoding: lists are counted, not empty where a list is the point, ascending
 * where order means nothing, and nothing follows the last field. RUN and FRONTIER
 * bodies are record/run and record/frontier.
 *
 * Ownership  decoded spans borrow the body. Encoders append to out.
 * Errors     EN_PROTOCOL: layout or bounds. EN_VERSION: a HELLO of another
 *            version. EN_NOMEM.
 * Source     PROTOCOL 17.1; docs/formats/sync.md.
 */
#ifndef EN_SYNC_MESSAGE_H
#define EN_SYNC_MESSAGE_H

#include "base/bytes.h"
#include "base/limits.h"
#include "record/device.h"
#include "record/frontier.h"

enum en_message_type {
    EN_MSG_HELLO = 1,
    EN_MSG_FRONTIER = 2,
    EN_MSG_RUN = 3,
    EN_MSG_DONE = 4,
    EN_MSG_FORKQ = 5,
    EN_MSG_FORKA = 6,
    EN_MSG_EVID = 7,
    EN_MSG_MISS = 8,
    EN_MSG_PAY = 9,
    EN_MSG_LIVE = 10,
    EN_MSG_PING = 11,
    EN_MSG_BYE = 12,
    EN_MSG_OFFER = 16,
    EN_MSG_JOIN = 17,
    EN_MSG_SECRET = 18,
    EN_MSG_AGREE = 19,
};

/* Types from here on are skipped when unknown; lower ones are an error. */
#define EN_MSG_SKIPPED_FROM 64

enum en_bye {
    EN_BYE_DONE = 0,
    EN_BYE_VERSION = 1,
    EN_BYE_PROTOCOL = 2,
    EN_BYE_BUSY = 3,
    EN_BYE_CLOSED = 4,
    EN_BYE_REVOKED = 5,
    EN_BYE_COUNT
};

/* The greatest len of a message of this type, type byte included: checked before
 * a byte of the body is kept. 0: a type unknown here. */
size_t en_message_max(uint8_t type);
/* "hello", "run", ...; "?" if unknown. For traces. */
const char *en_message_name(uint8_t type);

/*
 * Whatever carries messages: en_channel_carrier in programs, a list in tests.
 *
 * send     body is borrowed for the call. EN_FULL: no room; nothing was sent.
 * room     whether a message of any size can be sent now. Small ones (PING, BYE,
 *          AGREE) always find room unless nobody has read for long.
 * heard_ms when the peer last proved to be there
 */
struct en_carrier {
    en_err (*send)(void *user, uint8_t type, struct en_span body);
    bool (*room)(void *user);
    uint64_t (*heard_ms)(void *user);
    void *user;
};

#define EN_HELLO_LEN 94

struct en_hello {
    uint32_t capabilities; /* unknown bits mean nothing to us */
    struct en_id cid;
    struct en_id16 device;
    uint8_t digest[32];
    uint64_t time_ms; /* a claim */
};
void en_hello_encode(const struct en_hello *h, uint8_t out[EN_HELLO_LEN]);
en_err en_hello_decode(struct en_span body, struct en_hello *h);

/* DONE: durable here up to this. */
#define EN_DONE_LEN 40
void en_done_encode(const struct en_tip *tip, uint8_t out[EN_DONE_LEN]);
en_err en_done_decode(struct en_span body, struct en_tip *tip);

/* FORKQ and MISS: 1..max seqs, ascending. */
struct en_seqs {
    struct en_id16 log;
    size_t n;
    uint64_t seq[EN_MISS_MAX];
};
en_err en_miss_encode(const struct en_seqs *m, struct en_buf *out);
en_err en_miss_decode(struct en_span body, struct en_seqs *m);
en_err en_forkq_encode(const struct en_seqs *q, struct en_buf *out);
en_err en_forkq_decode(struct en_span body, struct en_seqs *q);

/* FORKA: 1..EN_FORKQ_MAX of (seq, id16), ascending by seq. */
struct en_forka {
    struct en_id16 log;
    size_t n;
    struct {
        uint64_t seq;
        struct en_id16 id;
    } at[EN_FORKQ_MAX];
};
en_err en_forka_encode(const struct en_forka *a, struct en_buf *out);
en_err en_forka_decode(struct en_span body, struct en_forka *a);

/* EVID: elements 2..8 of an EVIDENCE operation; looked into by circle/ alone. */
en_err en_evid_decode(struct en_span body, struct en_span *pack);

struct en_pay {
    struct en_id16 log;
    uint64_t seq;
    struct en_span ct; /* EN_CT_MIN..EN_CT_MAX */
};
en_err en_pay_encode(const struct en_pay *p, struct en_buf *out);
en_err en_pay_decode(struct en_span body, struct en_pay *p);

en_err en_bye_decode(struct en_span body, uint8_t *code);

enum en_offer_kind {
    EN_OFFER_PERSON = 0, /* a new person */
    EN_OFFER_DEVICE = 1, /* a further device of the sponsor's person: later */
    EN_OFFER_PAPER = 2,  /* a new person by the circle paper: later */
};
struct en_offer {
    uint8_t cls;  /* 1..3 */
    uint8_t kind; /* enum en_offer_kind */
    struct en_id16 sponsor;
    struct en_span name; /* of the circle: 1..EN_NAME_MAX bytes of UTF-8 line */
};
en_err en_offer_encode(const struct en_offer *o, struct en_buf *out);
en_err en_offer_decode(struct en_span body, struct en_offer *o);

struct en_joining {
    struct en_span cert;     /* 178 */
    struct en_span cert_sig; /* 64 */
    struct en_span join_sig; /* 64 */
    struct en_span person_label;
    struct en_span device_label; /* each 1..EN_LABEL_MAX bytes of UTF-8 line */
};
en_err en_joining_encode(const struct en_joining *j, struct en_buf *out);
en_err en_joining_decode(struct en_span body, struct en_joining *j);

#endif
