/*
 * node.h - one device on the network: a loop's worth of peers, beacons and one
 * meeting, under the policies of core/sync.
 *
 *   OFF --LINK_ON, INVITE, a join done--> ON --LINK_OFF, lock, once over--> OFF
 *
 * OFF  no socket is open, but the ones of a join that is looking for its sponsor.
 * ON   TCP listens on 51847, or on any port if that is taken; beacons go out and
 *      are heard; who is due is dialled.
 *
 * A node decides nothing that core decides: whom to call and when is the roster's,
 * what is said the channel's, sync's and join's, what is kept the replica's. It
 * brings time, randomness and bytes, lets circles settle after what arrived, and
 * tells each peer when something new is here, so that a third device relays.
 *
 * Ownership  all of env is borrowed and outlives the node. After en_node_close the
 *            owner runs the loop until it has nothing left, then en_node_free.
 * Threads    the loop's.
 * Errors     a peer's trouble ends that peer. A disk's is told by broken.
 * Source     PROTOCOL 10, 11, 17; docs/net.md.
 */
#ifndef EN_NET_NODE_H
#define EN_NET_NODE_H

#include "net/clock.h"
#include "replica/home.h"

#include <uv.h>

struct en_node;

struct en_node_env {
    uv_loop_t *loop;
    struct en_home *home;
    struct en_rng *rng;
    struct en_clock clock;
    const struct en_trace *trace;
    /* What LINK_WATCH tells has changed. */
    void (*changed)(void *user);
    /* The disk failed under a commit: nothing more may be acknowledged. */
    void (*broken)(void *user);
    void *user;
};

en_err en_node_new(struct en_node **n, const struct en_node_env *env);
void en_node_close(struct en_node *n); /* once */
void en_node_free(struct en_node *n);  /* NULL does nothing */

/* Whether something may leave or enter over a network now. */
bool en_node_link(const struct en_node *n);
/* Whether an invitation or a join is under way. */
bool en_node_meeting(const struct en_node *n);
uint64_t en_node_counter(const struct en_node *n);

/* After a request: what it changed is settled and passed on, soon. */
void en_node_poke(struct en_node *n);
/* Before the home is locked: peers are left, sockets closed, keys wiped. */
void en_node_lock(struct en_node *n);

/*
 * One request about the link (verbs LINK_ON to JOIN_FINISH), answered as en_answer
 * does. LINK_WATCH is answered with what is now.
 *
 * owner  who asks: the one whose INVITE or JOIN is under way keeps it alive
 */
en_err en_node_answer(struct en_node *n, const void *owner,
                      struct en_span request,
                      en_err (*send)(void *user, struct en_span body),
                      void *user);
/* That one is gone: the meeting it began is given up. */
void en_node_left(struct en_node *n, const void *owner);

#endif
