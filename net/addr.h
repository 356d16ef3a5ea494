/*
 * addr.h - addresses as people type them, as the system takes them, as sync's
 * beacons name them. Numbers only: nothing is ever looked up.
 *
 *   192.168.1.20:51847   [2001:db8::7]:51847   [fe80::1%eth0]:51847
 *
 * Errors     EN_RANGE: not an address and port, or no such interface.
 */
#ifndef EN_NET_ADDR_H
#define EN_NET_ADDR_H

#include "sync/beacon.h"

#include <sys/socket.h>

#define EN_ADDR_TEXT_MAX 64 /* with the NUL */

en_err en_addr_parse(struct en_span text, struct en_addr *a);
void en_addr_print(const struct en_addr *a, char out[EN_ADDR_TEXT_MAX]);

bool en_addr_is_v4(const struct en_addr *a);
bool en_addr_is_link_local(const struct en_addr *a); /* IPv6 fe80::/10 */
bool en_addr_is_loopback(const struct en_addr *a);

/* Its length. */
socklen_t en_addr_to_sock(const struct en_addr *a, struct sockaddr_storage *s);
/* False: neither IPv4 nor IPv6. */
bool en_addr_of_sock(const struct sockaddr *s, struct en_addr *a);

#endif
