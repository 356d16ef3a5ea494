/* A stranger on the network: whatever it sends, it is told a version and sixteen
 * random bytes, and ten seconds later the connection is closed. Nothing grows, and
 * members still get through. */
#include "e2e/laptop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BANNER     17
#define FIRST      98 /* a member's first frame with its length */
#define ADDRESSES  100
#define RECORD_MAX 65536

/* What may come and go with a crowd; a sanitizer's own books are larger. */
#if defined(__SANITIZE_ADDRESS__)
#define CROWD_KIB 65536
#else
#define CROWD_KIB 8192
#endif

static struct lan lan;
static struct laptop *amina, *luc, *stranger;

/* What a genuine caller sent, as somebody between saw it. */
static uint8_t record[RECORD_MAX];
static size_t recorded;

static struct sockaddr_in at(unsigned host, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

    a.sin_addr.s_addr = htonl(0x0a4e0000u + host);
    return a;
}

/* host: the own address's last number, 0: any. */
static int call_from(unsigned host)
{
    struct sockaddr_in from = at(host, 0), to = at(1, 51847);
    struct timeval wait = {.tv_sec = 15};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    if (host != 0)
        assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof from),
                         0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void send_some(int fd, const void *p, size_t n)
{
    (void)!send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * Silence
 */

struct guest {
    const char *what;
    const uint8_t *p;
    size_t n;
    bool drip; /* a byte at a time, for ever */
    int fd;
    size_t got;
    uint64_t from_ms, until_ms;
};

static void drip(struct guest *g)
{
    static const uint8_t zero = 0;

    if (g->drip)
        send_some(g->fd, &zero, 1);
}

static void listen_to(struct guest *g)
{
    uint8_t in[4096];
    ssize_t n = recv(g->fd, in, sizeof in, MSG_DONTWAIT);

    if (n > 0) {
        g->got += (size_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        g->until_ms = laptop_now_ms();
        (void)close(g->fd);
        g->fd = -1;
    }
}

static void hear_all(struct guest *g, size_t n)
{
    uint64_t end = laptop_now_ms() + 20000;

    for (size_t open = n; open > 0 && laptop_now_ms() < end;) {
        struct pollfd p[16];
        size_t k = 0;

        for (size_t i = 0; i < n; i++)
            if (g[i].fd >= 0)
                p[k++] = (struct pollfd){.fd = g[i].fd, .events = POLLIN};
        (void)poll(p, (nfds_t)k, 100);
        open = 0;
        for (size_t i = 0; i < n; i++) {
            if (g[i].fd < 0)
                continue;
            listen_to(&g[i]);
            if (g[i].fd >= 0)
                drip(&g[i]);
            open += g[i].fd >= 0;
        }
    }
}

static void a_stranger_is_told_nothing_and_left_after_ten_seconds(void **state)
{
    static uint8_t garbage[100000], member[FIRST], joiner[54], giant[64];
    struct guest g[] = {
        {.what = "nothing"},
        {.what = "garbage", .p = garbage, .n = sizeof garbage},
        {.what = "a frame of a member's size", .p = member, .n = FIRST},
        {.what = "a joiner's, and no code lives", .p = joiner, .n = 54},
        {.what = "a length of 65535", .p = giant, .n = sizeof giant},
        {.what = "half a frame", .p = member, .n = 50},
        {.what = "drip", .drip = true},
    };
    size_t n = sizeof g / sizeof g[0];

    (void)state;
    en_rng_bytes(en_rng_system(), garbage, sizeof garbage);
    garbage[0] = 0x10;
    en_rng_bytes(en_rng_system(), member, sizeof member);
    member[0] = 0;
    member[1] = 96;
    en_rng_bytes(en_rng_system(), joiner, sizeof joiner);
    joiner[0] = 0;
    joiner[1] = 52;
    memset(giant, 0xff, sizeof giant);
    for (size_t i = 0; i < n; i++) {
        g[i].fd = call_from(0);
        g[i].from_ms = laptop_now_ms();
        if (g[i].n > 0)
            send_some(g[i].fd, g[i].p, g[i].n);
    }
    hear_all(g, n);
    for (size_t i = 0; i < n; i++) {
        uint64_t lived = g[i].until_ms - g[i].from_ms;

        if (g[i].fd >= 0 || g[i].got != BANNER || lived < 9500 || lived > 12500)
            fail_msg("%s: %zu bytes, left after %u ms", g[i].what, g[i].got,
                     (unsigned)lived);
    }
}

/*
 * Somebody between
 */

static int listen_here(uint16_t port)
{
    struct sockaddr_in a = at(stranger->n, port);
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one),
                     0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

/* One way, as much as is there; false: ended. */
static bool pass(int from, int to, bool keep)
{
    uint8_t b[4096];
    ssize_t n = recv(from, b, sizeof b, MSG_DONTWAIT);

    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    if (keep && recorded + (size_t)n <= RECORD_MAX) {
        memcpy(record + recorded, b, (size_t)n);
        recorded += (size_t)n;
    }
    return send(to, b, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool saw_enough(struct laptop *l, const struct en_rpc_link *link,
                       void *arg)
{
    const int *fd = arg;
    struct pollfd p[2] = {{.fd = fd[0], .events = POLLIN},
                          {.fd = fd[1], .events = POLLIN}};

    (void)link;
    while (poll(p, 2, 0) > 0)
        if (!pass(fd[0], fd[1], true) || !pass(fd[1], fd[0], false))
            return true;
    /* The text may have come by another road: wait for the first frame too. */
    return recorded >= FIRST && laptop_lists(l, "Through somebody between.");
}

/* Luc is given the stranger's address: the link works all the same, and what the
 * stranger saw is of no use. */
static void who_sits_between_can_only_carry(void **state)
{
    int server = listen_here(7000), fd[2];

    (void)state;
    /* No way from one to the other but this one. */
    laptop_part(amina, true);
    laptop_part(luc, true);
    laptop_share(amina, "Through somebody between.");
    assert_ok(LAPTOP_ASK(luc, EN_RPC_LINK_ON, link_on,
                         .address = BYTES("10.78.0.3:7000"), .once = false));
    fd[0] = accept(server, NULL, NULL);
    assert_true(fd[0] >= 0);
    fd[1] = call_from(0);
    assert_true(laptop_await(luc, saw_enough, fd, 20000));
    assert_true(laptop_lists(luc, "Through somebody between."));
    assert_true(recorded >= FIRST);
    assert_int_equal(record[0] << 8 | record[1], 96);
    assert_ok(laptop_ask(luc, EN_RPC_LINK_OFF, en_rpc_nothing()));
    laptop_part(amina, false);
    laptop_part(luc, false);
    (void)close(fd[0]);
    (void)close(fd[1]);
    (void)close(server);
}

static void a_replayed_stream_is_a_strangers(void **state)
{
    struct guest g = {.what = "replay"};
    uint8_t in[64];
    ssize_t n;

    (void)state;
    g.fd = call_from(101);
    n = recv(g.fd, in, sizeof in, 0);
    assert_int_equal(n, BANNER);
    g.from_ms = laptop_now_ms();
    send_some(g.fd, record, recorded);
    hear_all(&g, 1);
    assert_int_equal(g.fd, -1);
    assert_int_equal(g.got, 0);
    assert_in_range(g.until_ms - g.from_ms, 9000, 12500);
}

/*
 * Many
 */

static void closing_at_any_byte_harms_nothing(void **state)
{
    size_t most = recorded < 400 ? recorded : 400;
    size_t kib = laptop_kib(amina);

    (void)state;
    for (size_t k = 0; k <= most; k++) {
        int fd = call_from(100 + (unsigned)(k % ADDRESSES));

        send_some(fd, record, k);
        (void)close(fd);
        assert_true(laptop_lives(amina));
    }
    assert_true(laptop_kib(amina) < kib + CROWD_KIB);
    laptop_await_step(amina, 0);
}

static void a_flood_shuts_nobody_out_and_nothing_grows(void **state)
{
    int fd[400];
    size_t kib = laptop_kib(amina);

    (void)state;
    for (size_t i = 0; i < 400; i++) {
        fd[i] = call_from(100 + (unsigned)(i % 20));
        send_some(fd[i], record, i % 96);
    }
    /* With all of them still there a member comes in. */
    laptop_share(amina, "In the flood.");
    assert_ok(LAPTOP_ASK(luc, EN_RPC_LINK_ON, link_on, .once = false));
    laptop_await_text(luc, "In the flood.");
    laptop_await_step(amina, 1);
    assert_true(laptop_kib(amina) < kib + CROWD_KIB);
    for (size_t i = 0; i < 400; i++)
        (void)close(fd[i]);
}

static void datagrams_of_any_kind_harm_nothing(void **state)
{
    static const size_t sizes[] = {0, 1, 31, 32, 33, 530, 531, 532, 1400};
    struct sockaddr_in group = at(0, 51847);
    uint8_t b[1400];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size_t kib = laptop_kib(amina);

    (void)state;
    group.sin_addr.s_addr = htonl(0xefff4e01u);
    for (size_t i = 0; i < 5000; i++) {
        en_rng_bytes(en_rng_system(), b, sizeof b);
        if (i % 3 == 0)
            memcpy(b, "EN1S\1\7\0\0\0\0\0\0\0\0\0\0", 16);
        if (i % 3 == 1)
            b[0] = 1;
        (void)!sendto(fd, b, sizes[i % 9], MSG_DONTWAIT,
                      (const struct sockaddr *)&group, sizeof group);
    }
    (void)close(fd);
    laptop_share(luc, "After the datagrams.");
    laptop_await_text(amina, "After the datagrams.");
    assert_true(laptop_kib(amina) < kib + CROWD_KIB);
}

static int meet(void **state)
{
    char line[64];

    (void)state;
    laptop_start(&lan, amina);
    laptop_start(&lan, luc);
    laptop_init(amina, "Amina B.");
    assert_ok(LAPTOP_ASK(amina, EN_RPC_CREATE, create,
                         .name = BYTES("The Limes"), .lang = EN_LANG_EN,
                         .device = BYTES("computer"), .kit = BYTES("paper")));
    laptops_meet(amina, luc, "Luc R.", NULL);
    laptop_await_step(amina, 1);
    assert_ok(laptop_ask(luc, EN_RPC_LINK_OFF, en_rpc_nothing()));
    for (unsigned i = 100; i < 100 + ADDRESSES + 2; i++) {
        snprintf(line, sizeof line, "ip addr add 10.78.0.%u/24 dev eth0", i);
        assert_int_equal(laptop_sh(stranger, "%s", line), 0);
    }
    laptop_enter(stranger); /* from here on this process is the stranger */
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_is_told_nothing_and_left_after_ten_seconds),
        cmocka_unit_test(who_sits_between_can_only_carry),
        cmocka_unit_test(a_replayed_stream_is_a_strangers),
        cmocka_unit_test(closing_at_any_byte_harms_nothing),
        cmocka_unit_test(a_flood_shuts_nobody_out_and_nothing_grows),
        cmocka_unit_test(datagrams_of_any_kind_harm_nothing),
    };
    int failed;

    if (argc != 2)
        return 2;
    if (!lan_new(&lan, 3, argv[1]))
        return lan_skip("hostile");
    amina = &lan.laptop[0];
    luc = &lan.laptop[1];
    stranger = &lan.laptop[2];
    failed = cmocka_run_group_tests(tests, meet, NULL);
    lan_free(&lan);
    return failed;
}
