/*
 * beacon.h - announcing oneself to those one knows, and finding a sponsor.
 *
 *   beacon (531) = ver u8=1 || nonce[16] || port u16 || 64 slots of 8 bytes
 *   SEEK (32)    = "EN1S" || ver u8=1 || number u8 || zero[10] || random[16]
 *   HERE (32)    = "EN1H" || ver u8=1 || number u8 || port u16 || zero[8] ||
 *                  the same random[16]
 *
 *   k_AB = KDF(X25519(find_sk, find_pk'), "en1.find.pair", lower pk || higher pk)
 *   tag  = first 8 bytes of KDF(k_AB, "en1.find.tag",
 *              hour u64 || nonce || sender ip[16] || port u16 || sender dev16)
 *
 * One tag a pair and hour, 64 slots sorted by value, the unused ones random: a
 * stranger learns that the program is here, not who, nor how many. A receiver
 * tries each peer and the hours now-2..now+2. The lower device id dials.
 *
 * Ownership  a find owns its pair keys and wipes them.
 * Errors     EN_PROTOCOL: not this datagram (any other size, version, magic).
 *            EN_ABSENT: a beacon for none of ours. EN_FULL: over the rate, or more
 *            peers than slots. EN_FORGED: a peer's find key is low order.
 * Source     PROTOCOL 10.2, 11; docs/formats/beacon.md.
 */
#ifndef EN_SYNC_BEACON_H
#define EN_SYNC_BEACON_H

#include "base/limits.h"
#include "base/rng.h"
#include "base/secret.h"

#define EN_DISCOVERY_PORT 51847
#define EN_SEEK_LEN       32
#define EN_HOUR_MS        3600000

/* An IPv6 address, or an IPv4 one mapped (::ffff:a.b.c.d). scope: the interface
 * of a link-local one, 0 for others; not in a tag. */
struct en_addr {
    uint8_t ip[16];
    uint16_t port;
    uint32_t scope;
};
bool en_addr_eq(const struct en_addr *a, const struct en_addr *b);

/* How often something may happen: a second's worth at once, then steadily. {0} is
 * full of rights. */
struct en_rate {
    uint64_t at_ms;
    uint32_t used; /* in milli-events */
};
/* Whether one more may happen now, counted if so. */
bool en_rate_take(struct en_rate *r, uint32_t per_second, uint64_t now_ms);

/* One circle's peers to be found: device, find key, cached pair key. */
struct en_find_peer {
    struct en_id device;
    uint8_t find_pk[32];
    struct en_key pair;
    bool listed; /* since en_beacons_begin */
};
struct en_beacons {
    struct en_id cid;
    struct en_id own;
    struct en_key find;
    uint8_t find_pk[32];
    struct en_find_peer *peer; /* by device id */
    size_t n;
    struct en_rate heard;
};

en_err en_beacons_init(struct en_beacons *b, const struct en_id *cid,
                       const struct en_id *own, const struct en_key *find);
void en_beacons_free(struct en_beacons *b); /* wipes; {0} does nothing */
/* The list starts anew: begin, then put each other active device with a find key
 * (no KIT, no root). Pair keys of those that stay are kept; end drops the others.
 * Over 64: EN_FULL, the caller gives the 64 first by (level, device id). */
void en_beacons_begin(struct en_beacons *b);
en_err en_beacons_put(struct en_beacons *b, const struct en_id *device,
                      const uint8_t find_pk[32]);
void en_beacons_end(struct en_beacons *b);

/* from: the source address and TCP port that the receiver will see. time_ms: Unix. */
void en_beacon_make(const struct en_beacons *b, struct en_rng *rng,
                    const struct en_addr *from, int64_t time_ms,
                    uint8_t out[EN_BEACON_LEN]);
/*
 * ip: the datagram's source. On EN_OK: who it is from, the TCP port it tells, and
 * whether we dial (own id lower). A device's own beacon matches nothing.
 */
struct en_heard {
    struct en_id device;
    uint16_t port;
    bool dial;
};
en_err en_beacon_match(struct en_beacons *b, struct en_span datagram,
                       const uint8_t ip[16], int64_t time_ms, uint64_t now_ms,
                       struct en_heard *heard);

/* -- while somebody joins ------------------------------------------------- */

#define EN_SEEK_EVERY_MS    1000u
#define EN_SEEK_ANSWERS_MAX 3u
#define EN_HERE_PER_SECOND  5u

/* The joiner: SEEK every second, at most three answers, one attempt each. */
struct en_seek {
    uint8_t number;
    uint8_t random[16];
    uint64_t next_ms;
    size_t n;
    struct en_addr answer[EN_SEEK_ANSWERS_MAX];
};
void en_seek_init(struct en_seek *s, unsigned number, struct en_rng *rng,
                  uint64_t now_ms);
/* True when a SEEK is due now: out is to be multicast; next_ms moves on. */
bool en_seek_due(struct en_seek *s, uint64_t now_ms, uint8_t out[EN_SEEK_LEN]);
/* An answer: EN_OK and where to call. EN_PROTOCOL, EN_ABSENT (not to this SEEK),
 * EN_FULL (had already, or the third is past): to be ignored. */
en_err en_seek_heard(struct en_seek *s, struct en_span datagram,
                     const struct en_addr *from, struct en_addr *call);

/* The sponsor: number of the live code (0: none). EN_OK: out goes by unicast to
 * the SEEK's source. EN_ABSENT: another number; EN_FULL: over five a second. */
en_err en_here_answer(struct en_rate *rate, struct en_span datagram,
                      unsigned number, uint16_t port, uint64_t now_ms,
                      uint8_t out[EN_SEEK_LEN]);

#endif
