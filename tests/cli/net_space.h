/*
 * net_space.h - a network of the test's own: one interface, one address, multicast
 * on it heard by every process inside, nothing beyond.
 */
#ifndef EN_TESTS_CLI_NET_SPACE_H
#define EN_TESTS_CLI_NET_SPACE_H

#include <stdbool.h>

/* Moves this process, and all it starts later, into it. Where the kernel refuses,
 * net_space_made says so and tests that need it are skipped. */
void net_space_enter(const char *address);
bool net_space_made(void);

#endif
