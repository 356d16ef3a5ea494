/*
 * multicast.h - datagrams on every interface that is up, to and from the group.
 *
 * UDP port 51847, groups 239.255.78.1 (TTL 1) and ff12::e:1 (hop limit 1), loopback
 * included and heard by others on this machine. Receiving sockets are bound to the
 * group, so that what was not sent to it is never seen; the port is shared. For each
 * own address (IPv4: all; IPv6: link-local and ::1) one more socket on a free port
 * sends from exactly that address, and hears what is answered to it.
 *
 * Nothing is open before start and nothing after stop. Interfaces come and go:
 * en_multicast_look reads the list anew.
 *
 * Ownership  handles close with the loop; en_multicast_free after stop, once they
 *            have (the owner runs the loop until it has nothing left).
 * Errors     none once running: an interface that refuses is passed over.
 * Source     PROTOCOL 10.2; docs/formats/beacon.md.
 */
#ifndef EN_NET_MULTICAST_H
#define EN_NET_MULTICAST_H

#include "base/trace.h"
#include "net/addr.h"

#include <uv.h>

#define EN_DATAGRAM_MAX 1024 /* ours are 531 and 32 bytes: longer is none */
#define EN_PLACES_MAX   64   /* own addresses used */

struct en_multicast;

struct en_multicast_env {
    uv_loop_t *loop;
    const struct en_trace *trace;
    /* to_group: it was sent to the group; else to one of our sending sockets. */
    void (*heard)(void *user, struct en_span datagram,
                  const struct en_addr *from, bool to_group);
    void *user;
};

en_err en_multicast_new(struct en_multicast **m,
                        const struct en_multicast_env *env);
void en_multicast_free(struct en_multicast *m); /* stopped; NULL does nothing */

void en_multicast_start(struct en_multicast *m);
void en_multicast_stop(struct en_multicast *m);
bool en_multicast_on(const struct en_multicast *m);
/* Opens what came up, closes what went; whether anything changed. */
bool en_multicast_look(struct en_multicast *m);

/* To the group from each own address. make says what: false, nothing. */
void en_multicast_send(struct en_multicast *m,
                       bool (*make)(void *user, const struct en_addr *from,
                                    struct en_span *datagram),
                       void *user);
/* To one address, from whichever of ours the system takes. */
void en_multicast_answer(struct en_multicast *m, const struct en_addr *to,
                         struct en_span datagram);

/* Own addresses as others would dial them, port 0: those others can reach first,
 * IPv4 first; loopback only where there is nothing else. At most max. */
size_t en_own_addresses(struct en_addr *out, size_t max);

#endif
