/*
 * join.h - a newcomer and the one who brings them in, after the code and the
 * handshake: words first, then names, then the grant.
 *
 *   sponsor  NEW --opened--> WORDS --both say yes--> OFFERING --all sent--> WAITING
 *            WAITING --JOIN--> ADMITTING --granted--> GIVING --all sent--> DONE
 *   joiner   NEW --opened--> WORDS --both say yes--> READING --LIVE--> CHECKING
 *            CHECKING --the sponsor may--> NAMING --named--> ASKED --SECRET--> TAKING
 *            TAKING --BYE 0--> ADOPTING --adopted--> DONE
 *   any      --no, BYE, silence, deadline, bad message--> CLOSED
 *
 * WORDS      both people see six words over the handshake; nothing was told: no
 *            name, no key, no register. A yes here and their AGREE are waited for.
 * OFFERING   OFFER is out; control runs follow as there is room.
 * READING    OFFER is in and kept back; runs go to the guest's bounded memory.
 * CHECKING   the host judges the sponsor by the runs.
 * NAMING     the person sees who invites, and chooses a name.
 * WAITING, ASKED   the JOIN is awaited, or out.
 * ADMITTING  the host grants; on EN_OK it is durable.
 * GIVING, TAKING   SECRET and the new runs.
 * DONE       BYE 0 said or heard.
 * CLOSED     nothing is kept. What is in the store, if anything, is the joiner's
 *            certificate and keys (NAMING on), good for another code.
 *
 * As in sync.h one question a step, its answer the next event.
 *
 * Ownership  carrier and trace are borrowed; spans in events are borrowed for the
 *            call, in a todo until the next step. The machine wipes what it holds.
 * Errors     what ended it; todo.close is set then. EN_FORGED with EN_WHY_WORDS:
 *            somebody said no. EN_PROTOCOL, EN_FORGED: the other is to blame.
 *            EN_TIMEOUT; EN_CLOSED: the other left; EN_VERSION: an offer of a
 *            kind this program does not know.
 * Source     PROTOCOL 11; docs/protocols/join.md.
 */
#ifndef EN_SYNC_JOIN_H
#define EN_SYNC_JOIN_H

#include "base/secret.h"
#include "base/trace.h"
#include "base/words.h"
#include "sync/message.h"

#define EN_JOIN_PEOPLE_MS  600000u /* for each thing people are asked */
#define EN_JOIN_MACHINE_MS 60000u  /* for each thing a device is asked */
#define EN_JOIN_PING_MS    60000u
#define EN_JOIN_SILENCE_MS 180000u

/* Six words of HZ("en1.join.words", h). */
void en_join_words(const uint8_t h[64], unsigned index[6]);

/* What a joiner signs with its new sign key: "en1.sig.join" || h. */
void en_join_sign(const struct en_key *sign, const uint8_t h[64],
                  uint8_t sig[64]);

struct en_join;

struct en_join_setup {
    bool sponsor;
    uint8_t h[64]; /* en_channel_hash */
    struct en_carrier carrier;
    const struct en_trace *trace;
    /* Sponsor only; name is copied. */
    uint8_t cls; /* offered: 1..3 */
    struct en_id16 device;
    struct en_span circle_name;
};

en_err en_join_new(struct en_join **j, const struct en_join_setup *setup);
void en_join_free(struct en_join *j); /* wipes; NULL does nothing */

enum en_join_event_type {
    EN_JOIN_OPENED,   /* once, when the channel is open */
    EN_JOIN_RECEIVED, /* message, body */
    EN_JOIN_TICKED,
    EN_JOIN_ROOM,
    EN_JOIN_YES, /* the person here: the words are the same */
    EN_JOIN_NO,  /* they differ; also: cancelled, at any time */
    EN_JOIN_ENDED,

    /* The joiner's person has a name and this device its keys, durable: labels,
     * cert, cert_sig, and sign to sign the handshake with. */
    EN_JOIN_NAMED,

    /* Answers; err is EN_OK or what went wrong here. */
    EN_JOIN_RUN,      /* to NEXT: body; EN_ABSENT: nothing (more) */
    EN_JOIN_TAKEN,    /* to TAKE (joiner) */
    EN_JOIN_CHECKED,  /* to CHECK (joiner) */
    EN_JOIN_ADMITTED, /* to ADMIT (sponsor): body is netsecret, 32 bytes */
    EN_JOIN_ADOPTED,  /* to ADOPT (joiner) */
};

struct en_join_event {
    enum en_join_event_type type;
    uint64_t now_ms;
    en_err err;
    uint8_t message;
    struct en_span body;
    struct en_span person_label, device_label; /* NAMED */
    struct en_span cert, cert_sig;
    const struct en_key *sign;
};

enum en_join_ask {
    EN_JOIN_NOTHING,
    EN_JOIN_NEXT,  /* theirs, moved forward: en_replica_next, control only */
    EN_JOIN_TAKE,  /* body: en_guest_ingest */
    EN_JOIN_CHECK, /* offer: en_guest_sponsor */
    EN_JOIN_ADMIT, /* joining, cls: en_replica_admit */
    EN_JOIN_ADOPT, /* netsecret: en_guest_adopt */
};

/*
 * words     show these six and ask both people; once
 * their_yes the other person said yes; once
 * agreed    both did; once
 * name      joiner: show offer, ask for a name, then NAMED; once
 * joined    it is done: the circle has a new device; once
 * close     write what is waiting, then close; bye as in sync.h
 */
struct en_join_todo {
    enum en_join_ask ask;
    struct en_frontier *theirs;
    struct en_span body;
    const struct en_offer *offer;
    const struct en_joining *joining;
    uint8_t cls;
    const struct en_key *netsecret;

    bool words;
    unsigned index[6];
    bool their_yes;
    bool agreed;
    bool name;
    bool joined;
    bool close;
    uint8_t bye;
    enum en_reason reason; /* EN_WHY_WORDS: a person said no */
    uint64_t wake_ms;
};

en_err en_join_step(struct en_join *j, const struct en_join_event *ev,
                    struct en_join_todo *todo);

#endif
