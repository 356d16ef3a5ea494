/*
 * node_in.h - what node.c, peer.c, meet.c and link.c share; nobody else includes it.
 */
#ifndef EN_NET_NODE_IN_H
#define EN_NET_NODE_IN_H

#include "net/multicast.h"
#include "net/node.h"
#include "sync/channel.h"
#include "sync/join.h"
#include "sync/roster.h"
#include "sync/sync.h"

#define EN_READ_MAX      65536  /* read at once, from one peer */
#define EN_WRITE_MAX     65536  /* in the system's hands, of one peer */
#define EN_DRAIN_MS      1000u  /* for the last words of a link */
#define EN_LOOK_MS       5000u  /* between looks at the interfaces */
#define EN_BEACON_MS     10000u /* between beacons, once */
#define EN_BEACON_FIRST  4u /* of these were sent a second apart, the least */
#define EN_BEACON_MS_MIN 1000u
#define EN_ONCE_QUIET_MS 5000u  /* nothing heard of anybody: all were found */
#define EN_ONCE_STUCK_MS 30000u /* a link that neither ends nor moves */
#define EN_SEEK_MS       30000u /* nobody answers */
#define EN_EPOCH_WAIT_MS 20000u /* PROTOCOL 7: a class-2 device waits 0-20 s */
#define EN_NAMED_MAX     16     /* addresses that a person gave */
#define EN_PEERS_MAX     (2 * EN_LINKS_MAX + EN_HALF_OPEN_MAX)

/* -- one connection ------------------------------------------------------- */

enum en_peer_state {
    EN_PEER_DIALING,
    EN_PEER_TALKING,
    EN_PEER_DRAINING, /* last words are out; what comes is forgotten */
    EN_PEER_GONE,     /* its handles are closing */
};

struct en_peer {
    struct en_node *node;
    struct en_peer *next, *prev;
    uint64_t id;
    uv_tcp_t tcp;
    uv_timer_t timer;
    unsigned handles; /* not yet closed */
    uv_connect_t connecting;
    uv_shutdown_t ending;
    uv_write_t writing;
    size_t written; /* bytes in the system's hands; 0: none */
    uint8_t *out;   /* their copy, EN_WRITE_MAX; NULL until first needed */

    enum en_peer_state state;
    struct en_addr addr;
    bool half_open; /* counted by the gate */
    bool rostered;  /* the roster knows it, as a dial or a link */
    bool linked;    /* as a link: the device is known */
    bool again;     /* more can be sent at once */
    bool revoked;   /* was told so */
    uint64_t drain_ms;
    uint64_t moved_ms;               /* when bytes last went either way */
    uint64_t channel_ms, machine_ms; /* their deadlines */

    struct en_channel *ch;
    struct en_sync *sync; /* one of these, once open */
    struct en_join *join;
    struct en_id cid;    /* of the circle, once known */
    struct en_id device; /* likewise */
};

/* Takes one waiting connection. False: no memory for it; it still waits. */
bool en_peer_accept(struct en_node *n, uv_stream_t *server);
void en_peer_dial(struct en_node *n, uint64_t link, const struct en_dial *d);
/* A joiner's call; *id is the peer's. */
en_err en_peer_join(struct en_node *n, const struct en_addr *addr,
                    const struct en_code *code, uint64_t *id);
struct en_peer *en_peer_find(struct en_node *n, uint64_t id);
/* An event of sync for this peer (CHANGED, REVOKED, LEAVE). */
void en_peer_tell(struct en_peer *p, enum en_sync_event_type type);
/* The machine, if any, has spoken its last; what waits is written, then closed. */
void en_peer_finish(struct en_peer *p, en_err why, bool blame);
/* Now, keys first; last words that fit are still sent. */
void en_peer_drop(struct en_peer *p, en_err why, bool orderly);
/* Writes what waits, and sets the timer. After anything was sent. */
void en_peer_flush(struct en_peer *p);

/* -- the meeting ---------------------------------------------------------- */

struct en_meet {
    enum en_rpc_meet state;
    bool joining;
    bool over_soon; /* people have been asked: a failure ends it */
    const void *owner;
    en_err error;
    enum en_reason reason;
    enum en_lang lang;
    unsigned word[6];
    struct en_buf hint, person, circle;
    uint32_t persons;
    uint64_t peer; /* 0: none yet */
    /* inviting */
    struct en_id cid;
    uint8_t cls;
    /* joining */
    struct en_code code;
    bool named; /* at an address a person gave */
    struct en_seek seek;
    bool seeking;
    size_t tried; /* of seek.answer */
    uint64_t until_ms;
    struct en_addr at; /* where the sponsor was */
    struct en_guest *guest;
    uint8_t cls_offered;
    struct en_id16 sponsor;
};

en_err en_meet_invite(struct en_node *n, const void *owner,
                      const struct en_rpc_invite *invite,
                      struct en_rpc_invited *out, char shown[EN_CODE_SHOWN_MAX],
                      struct en_why *why);
en_err en_meet_join(struct en_node *n, const void *owner,
                    const struct en_rpc_join *join, struct en_why *why);
en_err en_meet_agree(struct en_node *n, bool yes);
en_err en_meet_finish(struct en_node *n, const struct en_rpc_finish *finish,
                      struct en_why *why);
/* Given up: nothing is kept, the other side sees the end. */
void en_meet_cancel(struct en_node *n);
bool en_meet_active(const struct en_node *n);
void en_meet_free(struct en_node *n);

/* From peers: a joining channel is open; a message of it; time; its end. */
void en_meet_opened(struct en_node *n, struct en_peer *p);
void en_meet_step(struct en_node *n, struct en_peer *p,
                  const struct en_join_event *ev);
void en_meet_gone(struct en_node *n, struct en_peer *p, en_err why);
/* The code was spent by this peer; its one attempt failed. */
void en_meet_spent(struct en_node *n, struct en_peer *p);
void en_meet_burnt(struct en_node *n, en_err why);
void en_meet_heard(struct en_node *n, struct en_span datagram,
                   const struct en_addr *from, bool to_group);
/* What is due; when to come again, UINT64_MAX never. */
uint64_t en_meet_tick(struct en_node *n);

/* -- the node ------------------------------------------------------------- */

struct en_node_circle {
    struct en_id cid;
    struct en_id own;
    uint64_t changes;  /* looked at up to here */
    size_t control;    /* control records then */
    uint64_t epoch_ms; /* when this device may make an epoch; 0: none is due */
    struct en_beacons beacons; /* while the link is on */
    bool announced;
};

/* What LINK_WATCH tells of one device. */
struct en_node_row {
    struct en_id cid, device;
    bool linked, in_step;
    int64_t since_ms;
    bool listed;
};

struct en_node {
    struct en_node_env env;
    bool on, once, closing;
    bool once_off; /* it was turned on for that alone */
    uint64_t counter, told;
    uint16_t port;
    uint64_t next_id;
    struct en_peer *peers;
    size_t n_peers;

    struct en_node_circle *circle;
    struct en_channel_circle *keys; /* one each, while the link is on */
    size_t circles, circle_cap;
    struct en_channel_home channels;
    struct en_invite invite;
    struct en_rate here;
    uint8_t seek[EN_SEEK_LEN]; /* the last one heard, and when */
    uint64_t seek_ms;

    struct en_roster *roster;
    struct en_gate gate;
    struct en_addr named[EN_NAMED_MAX];
    size_t nameds;

    struct en_listener *listener[2]; /* IPv4, IPv6 */
    struct en_multicast *multicast;
    uint64_t beacon_ms, beaconed_ms, look_ms;
    unsigned beacons;
    uint64_t quiet_ms; /* since when nothing moved, for once */

    struct en_node_row *row;
    size_t rows, row_cap;

    uv_timer_t soon, tick;
    bool soon_due;
    struct en_meet meet;
    uint8_t in[EN_READ_MAX];
    uint8_t beacon[EN_BEACON_LEN];
};

uint64_t en_node_now(const struct en_node *n);
/* The counter rises; watchers are told soon. */
void en_node_changed(struct en_node *n);
en_err en_node_on(struct en_node *n);
void en_node_off(struct en_node *n);
/* Settles and looks at every circle now; else it is done soon after any event. */
void en_node_look(struct en_node *n);
/* Somewhere bytes moved, or somebody was found. */
void en_node_moved(struct en_node *n);
struct en_node_circle *en_node_circle_of(struct en_node *n,
                                         const struct en_id *cid);
/* Dials every device of every circle there, now and whenever it is due. */
en_err en_node_name(struct en_node *n, const struct en_addr *addr);
/* People of a circle: active, papers left out. */
uint32_t en_node_persons(const struct en_circle *c);
bool en_node_linkable(const struct en_member *m);
/* A commit of this process failed. */
void en_node_disk(struct en_node *n, en_err err);
/* Multicast runs while somebody wants it. */
void en_node_ears(struct en_node *n);

/* link.c: rows and their items. */
void en_link_rows(struct en_node *n);
void en_link_forget(struct en_node *n);

#endif
