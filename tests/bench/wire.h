/*
 * wire.h - a real TCP connection over loopback between two processes of a bench.
 *
 * The receiving process listens on a port the system gives and tells the parent;
 * the parent tells the sending one. Both start their clocks when told to go.
 */
#ifndef EN_TESTS_BENCH_WIRE_H
#define EN_TESTS_BENCH_WIRE_H

#include "bench/bench.h"

#include <sys/types.h>

struct wire_meet { /* two pipes a process; made by the parent before it forks */
    int to[2], from[2];
};
void wire_meet(struct wire_meet *m);
/* The parent: both are ready, off they go. */
void wire_go(struct wire_meet *listener, struct wire_meet *caller);
/* In the processes: ready, wait, connected. Each returns a socket. */
int wire_listen(struct wire_meet *m, struct bench_time *start);
int wire_call(struct wire_meet *m, struct bench_time *start);

void wire_send(int fd, const void *p, size_t n);
bool wire_recv(int fd, void *p, size_t n); /* false: the stream ended */
void wire_close(int fd);

#endif
