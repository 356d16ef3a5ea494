#include "bench/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

void wire_meet(struct wire_meet *m)
{
    BENCH_TRUE(pipe(m->to) == 0 && pipe(m->from) == 0);
}

void wire_go(struct wire_meet *listener, struct wire_meet *caller)
{
    uint16_t port = 0;
    uint16_t ready = 0;

    BENCH_TRUE(read(listener->from[0], &port, sizeof(port)) == sizeof(port));
    BENCH_TRUE(read(caller->from[0], &ready, sizeof(ready)) == sizeof(ready));
    BENCH_TRUE(write(listener->to[1], &port, sizeof(port)) == sizeof(port));
    BENCH_TRUE(write(caller->to[1], &port, sizeof(port)) == sizeof(port));
    for (int i = 0; i < 2; i++)
        (void)(close(listener->to[i]), close(listener->from[i]),
               close(caller->to[i]), close(caller->from[i]));
}

static void at_once(int fd)
{
    int on = 1;

    BENCH_TRUE(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
}

static uint16_t ready(struct wire_meet *m, uint16_t say)
{
    uint16_t heard = 0;

    BENCH_TRUE(write(m->from[1], &say, sizeof(say)) == sizeof(say));
    BENCH_TRUE(read(m->to[0], &heard, sizeof(heard)) == sizeof(heard));
    return heard;
}

int wire_listen(struct wire_meet *m, struct bench_time *start)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int l = socket(AF_INET, SOCK_STREAM, 0);
    int fd;

    BENCH_TRUE(l >= 0 && bind(l, (struct sockaddr *)&a, sizeof(a)) == 0 &&
               listen(l, 1) == 0 &&
               getsockname(l, (struct sockaddr *)&a, &len) == 0);
    (void)prctl(PR_SET_NAME, "receiver"); /* for whoever profiles */
    (void)ready(m, ntohs(a.sin_port));
    bench_memory_reset();
    *start = bench_now();
    fd = accept(l, NULL, NULL);
    BENCH_TRUE(fd >= 0);
    (void)close(l);
    at_once(fd);
    return fd;
}

int wire_call(struct wire_meet *m, struct bench_time *start)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)prctl(PR_SET_NAME, "sender");
    a.sin_port = htons(ready(m, 1));
    bench_memory_reset();
    *start = bench_now();
    BENCH_TRUE(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    at_once(fd);
    return fd;
}

void wire_send(int fd, const void *p, size_t n)
{
    const uint8_t *at = p;

    while (n > 0) {
        ssize_t k = send(fd, at, n, MSG_NOSIGNAL);

        BENCH_TRUE(k > 0);
        at += k;
        n -= (size_t)k;
    }
}

bool wire_recv(int fd, void *p, size_t n)
{
    uint8_t *at = p;

    while (n > 0) {
        ssize_t k = recv(fd, at, n, 0);

        BENCH_TRUE(k >= 0);
        if (k == 0)
            return false;
        at += k;
        n -= (size_t)k;
    }
    return true;
}

void wire_close(int fd)
{
    (void)close(fd);
    (void)prctl(PR_SET_NAME, "after");
}
