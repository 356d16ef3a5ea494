/*
 * peer.h - a device with a real vault, and one end of a link between two of them.
 *
 * A side is what net will be: it feeds a channel and a sync machine with bytes and
 * answers the machine's questions from a replica. Whoever drives it carries the
 * bytes: a socket, or a pump that counts flights.
 *
 * Errors     as bench.h: what fails ends the program.
 */
#ifndef EN_TESTS_BENCH_PEER_H
#define EN_TESTS_BENCH_PEER_H

#include "replica/replica.h"
#include "sync/channel.h"
#include "sync/sync.h"
#include "vault/vault.h"

struct peer {
    struct en_vault *vault;
    struct en_replica *r;
    struct en_channel_circle circle;
    struct en_channel_home home;
    size_t items; /* readable records told of since it was opened */
    size_t item_bytes;
};

#define PEER_PASSPHRASE "a bench needs no secret"

/* A new vault in dir, and a circle of one. */
void peer_found(struct peer *p, const char *dir);
/* A new vault in dir, its person brought in by the sponsor, as a join would. */
void peer_admit(struct peer *p, const char *dir, struct peer *sponsor);
void peer_open(struct peer *p, const char *dir);
void peer_close(struct peer *p);

/* n entries of len bytes of text, from the first-th piece on, in batches. */
void peer_write(struct peer *p, size_t first, size_t n, size_t len);
/* One entry's bytes; cleared first. */
void peer_entry(struct en_buf *out, size_t i, size_t len);
/* Everything each has goes to all others, without a link, until nobody has more:
 * control, epochs, attestations. */
void peer_level(struct peer *p, size_t n);

uint64_t peer_ms(void); /* monotonic */

struct side {
    struct peer *peer;
    struct en_channel *channel;
    struct en_sync *sync;
    struct en_id other;
    uint64_t sent, received; /* bytes on the wire */
    bool caller;
    bool closed; /* nothing more comes or goes */
};

void side_call(struct side *s, struct peer *p, const struct peer *whom);
/* By the device's link key, where the other one is in another process. */
void side_call_member(struct side *s, struct peer *p,
                      const struct en_member *whom);
void side_accept(struct side *s, struct peer *p);
void side_free(struct side *s);

void side_take(struct side *s, struct en_span bytes);
void side_ended(struct side *s);
/* What is to be written; empty: nothing. */
struct en_span side_out(struct side *s);
void side_wrote(struct side *s, size_t n);
/* The replica has something new; the person leaves. */
void side_changed(struct side *s);
void side_leave(struct side *s);
bool side_in_step(const struct side *s);

#endif
