/*
 * roster.h - whom to call, when, how many at once; and whom to let in.
 *
 * Two policies, pure functions of what they were told and of now_ms.
 *
 * A roster knows targets: a device at an address. Beacons tell of them, a person
 * names an address (every device of the circle is then tried there, few at a
 * time, since only the right link key is answered). Failure doubles the wait,
 * 10 s to 1 h; an exchange that came into step ends it, and after its orderly end a
 * second is enough. Of two links between one pair the one dialled by the lower
 * device id stays.
 *
 * A gate counts half-open connections: 64, 8 of one address (IPv6: of a /64). At a
 * bound the oldest of that address, or of the address that holds most, gives way,
 * so that one stranger cannot shut a member out; a token bucket per address ends
 * floods.
 *
 * Ownership  a roster owns its tables; rng is borrowed.
 * Units      *_ms; link and conn are the caller's numbers, not 0.
 * Errors     EN_NOMEM; EN_FULL: EN_LINKS_MAX links, or the table of targets.
 * Source     PROTOCOL 10.1, 17.1, 17.2, 18.
 */
#ifndef EN_SYNC_ROSTER_H
#define EN_SYNC_ROSTER_H

#include "base/limits.h"
#include "base/rng.h"
#include "sync/beacon.h"

#define EN_BACKOFF_MS_MIN    10000u
#define EN_BACKOFF_MS_MAX    3600000u
#define EN_AGAIN_MS          1000u /* after an exchange that came into step */
#define EN_DIALS_MAX         8     /* under way at once */
#define EN_DIALS_ADDRESS_MAX 4     /* to one address: half of what it lets in */
#define EN_TARGETS_MAX       1024

struct en_roster;

en_err en_roster_new(struct en_roster **r, struct en_rng *rng);
void en_roster_free(struct en_roster *r); /* NULL does nothing */

/* A device was announced at an address, or is a candidate there (named by a
 * person: also dialled when our id is the higher one, and kept for retries).
 * Known targets are refreshed; a beacon makes a new address due at once, but never
 * shortens a wait. */
en_err en_roster_seen(struct en_roster *r, const struct en_id *cid,
                      const struct en_id *own, const struct en_id *device,
                      const struct en_addr *addr, bool named, uint64_t now_ms);
/* The device was removed, or sync stopped: its targets go. NULL: all of cid's. */
void en_roster_forget(struct en_roster *r, const struct en_id *cid,
                      const struct en_id *device);

struct en_dial {
    struct en_id cid;
    struct en_id device;
    struct en_addr addr;
    bool named;
};
/* The next to dial now, marked as under way under this link number; false: none,
 * *wake_ms (may be NULL) says when to ask again, UINT64_MAX never. */
bool en_roster_next(struct en_roster *r, uint64_t link, uint64_t now_ms,
                    struct en_dial *dial, uint64_t *wake_ms);

/* A link's channel is open and its peer known. caller: we dialled it. Returns the
 * link to close (its code BYE 0): 0 none, link itself, or the older one. EN_FULL
 * in *full: too many links, close this one (BYE 3). */
uint64_t en_roster_opened(struct en_roster *r, uint64_t link,
                          const struct en_id *cid, const struct en_id *own,
                          const struct en_id *device, bool caller,
                          uint64_t now_ms, bool *full);
/* It is in step: the wait for that device starts from the beginning again. */
void en_roster_in_step(struct en_roster *r, uint64_t link);
/* A dial or a link ended. EN_CLOSED: orderly, or as a duplicate: no wait beyond
 * the least. blame: the peer broke a rule; it is not let in either while it waits
 * (en_roster_barred). */
void en_roster_closed(struct en_roster *r, uint64_t link, en_err why,
                      bool blame, uint64_t now_ms);
bool en_roster_barred(const struct en_roster *r, const struct en_id *cid,
                      const struct en_id *device, uint64_t now_ms);
bool en_roster_linked(const struct en_roster *r, const struct en_id *cid,
                      const struct en_id *device);
size_t en_roster_links(const struct en_roster *r);

/* -- the gate ------------------------------------------------------------- */

#define EN_GATE_BURST      32u /* connections an address may open at once, */
#define EN_GATE_PER_SECOND 4u  /* and from then on */
#define EN_GATE_BUCKETS    256

struct en_gate_conn {
    uint64_t conn; /* 0: free */
    uint64_t order;
    uint8_t address[16];
};
struct en_gate_bucket {
    uint8_t address[16];
    uint64_t at_ms;
    uint32_t used; /* milli-tokens */
    bool taken;
};
/* {0} is empty. */
struct en_gate {
    struct en_gate_conn conn[EN_HALF_OPEN_MAX];
    struct en_gate_bucket bucket[EN_GATE_BUCKETS];
    uint64_t order;
};

/* A connection was accepted. False: close it at once. True: it is half open;
 * *evict (0: none) is one to close in its place. */
bool en_gate_enter(struct en_gate *g, uint64_t conn, const uint8_t ip[16],
                   uint64_t now_ms, uint64_t *evict);
/* It opened, or closed. */
void en_gate_leave(struct en_gate *g, uint64_t conn);
size_t en_gate_count(const struct en_gate *g);

#endif
