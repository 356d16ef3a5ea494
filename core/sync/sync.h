/*
 * sync.h - one exchange between two devices of a circle: frontiers at once, runs
 * both ways, then live.
 *
 *   caller    NEW --started--> GREETING
 *   responder NEW --HELLO--> ASKING --known--> GREETING
 *   GREETING --HELLO (caller), FRONTIER--> STREAMING
 *   STREAMING --LIVE sent and received, nothing put off--> IN_STEP
 *   IN_STEP --their FRONTIER, a run put off--> STREAMING
 *   any --BYE, bad message, silence, refusal--> CLOSED
 *
 * NEW        nothing was said.
 * ASKING     they named their device; nothing was sent before we know it.
 * GREETING   our HELLO and FRONTIER are out; nothing they said is believed yet.
 * STREAMING  theirs is what they hold or were sent; runs go both ways.
 * IN_STEP    what either FRONTIER lacked has been sent and is durable here; new
 *            runs still go both ways.
 * CLOSED     only en_sync_free is allowed.
 *
 * The machine knows no record: it asks its host, one question a step, and the
 * answer is the next event. Events that are no answer may come at any other time.
 *
 *   for (;;) {
 *       err = en_sync_step(s, &ev, &todo);
 *       ... todo.in_step, todo.fork, todo.done, todo.close ...
 *       if (todo.ask == EN_SYNC_NOTHING)
 *           break;
 *       ev = answer(&todo);
 *   }
 *
 * Backpressure  the next run is asked for only while the carrier has room for a
 *            message of any size; DONEs wait too, one a log. EN_SYNC_ROOM when
 *            bytes were written.
 * Ownership  the carrier and trace are borrowed and outlive the machine; spans
 *            and frontiers in events are borrowed for the call, in a todo until
 *            the next step.
 * Errors     what ended it; todo.close is set then, todo.bye is what was said.
 *            EN_PROTOCOL, EN_FORGED: the peer is to blame, back off. EN_DENIED:
 *            revoked or not known. EN_VERSION, EN_BUSY, EN_TIMEOUT; EN_CLOSED: an
 *            orderly end. EN_IO, EN_FULL, EN_NOMEM: our own trouble.
 * Source     PROTOCOL 17.2; docs/formats/sync.md, docs/protocols/sync.md.
 */
#ifndef EN_SYNC_SYNC_H
#define EN_SYNC_SYNC_H

#include "base/trace.h"
#include "record/frontier.h"
#include "sync/message.h"

#define EN_SYNC_PING_MS         60000u
#define EN_SYNC_SILENCE_MS      180000u
#define EN_SYNC_HELLO_MS        10000u  /* a caller who opened has said HELLO */
#define EN_SYNC_FRONTIER_MS     10000u  /* least time between fresh FRONTIERs */
#define EN_SYNC_FRONTIER_MS_MAX 640000u /* while they bring nothing new */
#define EN_SYNC_PAY_WAIT_MS     10000u  /* then the next log's payloads */
#define EN_SYNC_MISSING_MS      10000u /* least time between two looks at all */

struct en_sync;

/* caller: our side dialled. cid: of the circle the channel was opened in. */
en_err en_sync_new(struct en_sync **s, const struct en_id *cid,
                   const struct en_id *own, bool caller,
                   struct en_carrier carrier, const struct en_trace *trace);
void en_sync_free(struct en_sync *s); /* NULL does nothing */

/* How a store-this-run went, as the replica says. */
enum en_sync_stored {
    EN_SYNC_STORED_NEW,   /* durable now; tip */
    EN_SYNC_STORED_KNOWN, /* nothing new in it; tip */
    EN_SYNC_STORED_LATER, /* base, heads or author not held: nothing stored */
    EN_SYNC_STORED_FORK,  /* contradicts a verified record: nothing stored */
};

enum en_sync_event_type {
    /* Once, when the channel is open. The caller gives device and observer of the
     * device it dialled, and tips; the responder gives none. */
    EN_SYNC_STARTED,
    EN_SYNC_RECEIVED, /* message, body */
    EN_SYNC_TICKED,
    EN_SYNC_ROOM,    /* the carrier may have room again */
    EN_SYNC_CHANGED, /* this replica has something new, from wherever */
    EN_SYNC_REVOKED, /* the peer's device was removed: send up to it, then BYE 5 */
    EN_SYNC_LEAVE, /* orderly: BYE 0 */
    EN_SYNC_ENDED, /* the channel ended */

    /* Answers; err first: EN_OK or what went wrong here (EN_FORGED, EN_PROTOCOL:
     * the peer's fault). */
    EN_SYNC_KNOWN,    /* to WHO: device, observer, tips; EN_DENIED: not known */
    EN_SYNC_COMPARED, /* to COMPARE */
    EN_SYNC_TIPS,     /* to FRONTIER: tips */
    EN_SYNC_STORED,   /* to STORE: stored, tip */
    EN_SYNC_RUN,      /* to NEXT: body, a RUN; EN_ABSENT: nothing is lacking */
    EN_SYNC_LACKING,  /* to MISSING: log, seq, n; EN_ABSENT: nothing (more) */
    EN_SYNC_PAYLOAD,  /* to PAY_FOR: body; EN_ABSENT */
    EN_SYNC_PAID,     /* to TAKE_PAY */
    EN_SYNC_ID,       /* to ID_AT: tip.id; EN_ABSENT: not held, not shown */
    EN_SYNC_BRANCH,   /* to BRANCH_AT: body, a RUN; EN_ABSENT */
};

struct en_sync_event {
    enum en_sync_event_type type;
    uint64_t now_ms;
    uint64_t time_ms; /* Unix, a claim: STARTED and KNOWN */
    en_err err;
    uint8_t message;
    struct en_span body;
    struct en_id device;
    bool observer; /* that device's smallest active class is 3 */
    const struct en_frontier
        *tips; /* all that is shown to this peer, full ids */
    enum en_sync_stored stored;
    struct en_tip tip; /* full ids */
    struct en_id16 log;
    const uint64_t *seq; /* n of them, ascending, n <= EN_MISS_MAX */
    size_t n;
};

enum en_sync_ask {
    EN_SYNC_NOTHING,
    EN_SYNC_WHO,     /* dev16: an active device with the link key used? */
    EN_SYNC_COMPARE, /* theirs with what is held: en_replica_compare. Each entry
                         is also durable there: en_replica_done */
    EN_SYNC_FRONTIER,  /* our tips now (observer: control logs only) */
    EN_SYNC_STORE,     /* body: en_replica_ingest */
    EN_SYNC_NEXT,      /* theirs, moved forward: en_replica_next */
    EN_SYNC_MISSING,   /* payloads marked MISSING of the first such log after
                         `log` (zero: from the first): en_replica_missing */
    EN_SYNC_PAY_FOR,   /* log, seq: en_replica_payload */
    EN_SYNC_TAKE_PAY,  /* log, seq, body: en_replica_pay */
    EN_SYNC_ID_AT,     /* log, seq: en_replica_id_at (observer: control only) */
    EN_SYNC_BRANCH_AT, /* log, seq: en_replica_run_at (likewise) */
};

/*
 * fork     theirs and ours of fork_log do not lie on one chain. The machine finds
 *          where they part and both sides send their branch, so that each replica
 *          sees the two; the exchange of all other logs goes on
 * done     they have it durable up to tip (16-byte ids): en_replica_done
 * in_step  just now
 * close    write what is waiting, then close; bye: the code they sent, or we did,
 *          255 none; blame: the peer broke a rule, back off
 */
struct en_sync_todo {
    enum en_sync_ask ask;
    struct en_id16 dev16;
    struct en_frontier *theirs;
    bool observer;
    struct en_span body;
    struct en_id16 log;
    uint64_t seq;

    bool fork;
    struct en_id16 fork_log;
    bool done;
    struct en_tip tip;
    bool in_step;
    bool close;
    bool blame;
    uint8_t bye;
    uint64_t wake_ms;
};

en_err en_sync_step(struct en_sync *s, const struct en_sync_event *ev,
                    struct en_sync_todo *todo);

bool en_sync_is_in_step(const struct en_sync *s);
const struct en_id *en_sync_device(const struct en_sync *s); /* zero: unknown */

#endif
