/* No packet leaves before a person asked, and none after the link is off: what is
 * seen on the cable, and what the kernel says is open. */
#include "e2e/laptop.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct lan lan;
static struct laptop *amina;
static int cable = -1;

static void listen_to_cable(void)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ALL),
                             .sll_ifindex = (int)if_nametoindex("v1")};

    cable = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   htons(ETH_P_ALL));
    assert_true(cable >= 0 && at.sll_ifindex != 0);
    assert_int_equal(bind(cable, (const struct sockaddr *)&at, sizeof at), 0);
}

struct seen {
    unsigned datagrams, segments; /* UDP, TCP */
    unsigned beacons;
};

/* An Ethernet frame that came out of the laptop. */
static void look(const uint8_t *f, size_t n, struct seen *s)
{
    static const uint8_t group4[4] = {239, 255, 78, 1};
    const uint8_t *ip = f + 14, *udp = NULL;
    uint8_t proto = 0;

    if (n >= 34 && f[12] == 0x08 && f[13] == 0x00) {
        proto = ip[9];
        udp = ip + (ip[0] & 15) * 4u;
        if (proto == 17 && memcmp(ip + 16, group4, 4) == 0 && ip[8] == 1 &&
            udp[2] == 51847 >> 8 && udp[3] == (51847 & 255))
            s->beacons++;
    } else if (n >= 54 && f[12] == 0x86 && f[13] == 0xdd) {
        proto = ip[6];
    }
    s->datagrams += proto == 17;
    s->segments += proto == 6;
}

/* What is on the cable now. */
static struct seen take(void)
{
    struct seen s = {0};
    uint8_t frame[2048];
    struct sockaddr_ll from;
    socklen_t len;
    ssize_t n;

    for (;;) {
        len = sizeof from;
        n = recvfrom(cable, frame, sizeof frame, 0, (struct sockaddr *)&from,
                     &len);
        if (n < 0)
            return s;
        if (from.sll_pkttype != PACKET_OUTGOING)
            look(frame, (size_t)n, &s);
    }
}

static void assert_silent(void)
{
    struct seen s = take();

    assert_int_equal(s.datagrams, 0);
    assert_int_equal(s.segments, 0);
}

/* Lines of a table of sockets, its heading left out. */
static unsigned sockets(const char *table)
{
    char path[64], line[512];
    unsigned n = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/net/%s", (int)amina->holder, table);
    f = fopen(path, "re");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        n++;
    (void)fclose(f);
    return n == 0 ? 0 : n - 1;
}

static unsigned open_sockets(void)
{
    return sockets("udp") + sockets("udp6") + sockets("tcp") + sockets("tcp6");
}

/* Time for what would come: the agent's own watch, which nothing ends. */
static void let_pass(uint32_t ms)
{
    struct en_rpc_link link;

    laptop_link(amina, &link);
    (void)LAPTOP_ASK(amina, EN_RPC_LINK_WATCH, watch, .since = UINT32_MAX,
                     .timeout_ms = ms);
}

static void
nothing_is_open_and_nothing_is_sent_before_a_person_asks(void **state)
{
    (void)state;
    laptop_start(&lan, amina);
    laptop_init(amina, "Amina B.");
    assert_ok(LAPTOP_ASK(amina, EN_RPC_CREATE, create,
                         .name = BYTES("The Limes"), .lang = EN_LANG_EN,
                         .device = BYTES("computer"), .kit = BYTES("paper")));
    laptop_share(amina, "Nobody is asked to hear this.");
    assert_ok(laptop_ask(amina, EN_RPC_STATUS, en_rpc_nothing()));
    assert_ok(LAPTOP_ASK(amina, EN_RPC_SEARCH, search, .query = BYTES("nobody"),
                         .width = 40));
    assert_ok(laptop_ask(amina, EN_RPC_LOCK, en_rpc_nothing()));
    laptop_unlock(amina);
    assert_ok(LAPTOP_ASK(amina, EN_RPC_WORDS, name, .typed = BYTES("")));
    let_pass(1500);
    assert_int_equal(open_sockets(), 0);
    assert_silent();
}

static bool heard(struct laptop *l, const struct en_rpc_link *link, void *arg)
{
    struct seen *sum = arg, s = take();

    (void)l;
    (void)link;
    sum->beacons += s.beacons;
    sum->datagrams += s.datagrams;
    sum->segments += s.segments;
    return sum->beacons > 0;
}

/* That the ears work is half of what silence proves. A circle of one has nobody to
 * look for: it seeks only while somebody is invited or joins. */
static void a_join_is_heard_and_its_end_is_silence(void **state)
{
    struct seen sum = {0};

    (void)state;
    assert_ok(
        LAPTOP_ASK(amina, EN_RPC_JOIN, join, .code = BYTES("7-jardin-moulin")));
    assert_true(laptop_await(amina, heard, &sum, 10000));
    assert_int_equal(sum.segments, 0);
    assert_true(open_sockets() > 0);
    assert_ok(laptop_ask(amina, EN_RPC_MEET_CANCEL, en_rpc_nothing()));
    let_pass(10);
    (void)take();
    let_pass(2500); /* it would seek every second */
    assert_int_equal(open_sockets(), 0);
    assert_silent();
}

static void with_the_link_off_or_locked_nothing_is_open(void **state)
{
    (void)state;
    assert_ok(LAPTOP_ASK(amina, EN_RPC_LINK_ON, link_on, .once = false));
    assert_true(open_sockets() > 0);
    assert_ok(laptop_ask(amina, EN_RPC_LINK_OFF, en_rpc_nothing()));
    let_pass(10);
    assert_int_equal(open_sockets(), 0);
    assert_ok(LAPTOP_ASK(amina, EN_RPC_INVITE, invite, .name = BYTES("Luc"),
                         .cls = 2));
    assert_true(open_sockets() > 0);
    assert_ok(laptop_ask(amina, EN_RPC_LOCK, en_rpc_nothing()));
    let_pass(10);
    assert_int_equal(open_sockets(), 0);
    (void)take();
    let_pass(1500);
    assert_silent();
}

static en_err say_phrase(void *user, struct en_secret *out, struct en_why *why)
{
    (void)user;
    (void)why;
    return en_secret_copy(out, BYTES(LAPTOP_PHRASE));
}

static struct en_rpc_state state_of(struct laptop *l)
{
    struct en_rpc_state s;

    assert_ok(laptop_ask(l, EN_RPC_STATE, en_rpc_nothing()));
    assert_ok(en_rpc_get_state(laptop_item(l, 0), &s));
    return s;
}

/* Where there is no folder for a socket, the link lives as long as the command. */
static void a_command_without_an_agent_has_one_of_its_own(void **state)
{
    struct laptop own = *amina;
    uint64_t until = laptop_now_ms() + 10000;
    en_err err;

    (void)state;
    laptop_stop(amina);
    memset(&own.frames, 0, sizeof own.frames);
    own.env.run_dir = "";
    own.env.passphrase = say_phrase;
    own.env.program = lan.program;
    assert_int_equal(setenv("ENTRENOUS_HOME", own.home, 1), 0);
    assert_ok(en_call_new(&own.call, &own.env));
    assert_true(laptop_lists(&own, "Nobody is asked to hear this."));
    assert_false(state_of(&own).link);
    assert_ok(LAPTOP_ASK(&own, EN_RPC_LINK_ON, link_on, .once = false));
    assert_true(state_of(&own).link);
    assert_false(state_of(&own).agent);
    assert_int_equal(state_of(&own).vault, EN_VAULT_OPEN);
    assert_true(laptop_lists(&own, "Nobody is asked to hear this."));
    en_call_free(own.call);
    en_buf_free(&own.frames);
    /* Gone with the command: the vault is free again. */
    laptop_start(&lan, amina);
    do
        err = LAPTOP_ASK(amina, EN_RPC_UNLOCK, unlock,
                         .passphrase = BYTES(LAPTOP_PHRASE));
    while (err == EN_BUSY && laptop_now_ms() < until);
    assert_ok(err);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            nothing_is_open_and_nothing_is_sent_before_a_person_asks),
        cmocka_unit_test(a_join_is_heard_and_its_end_is_silence),
        cmocka_unit_test(with_the_link_off_or_locked_nothing_is_open),
        cmocka_unit_test(a_command_without_an_agent_has_one_of_its_own),
    };
    int failed;

    if (argc != 2)
        return 2;
    if (!lan_new(&lan, 1, argv[1]))
        return lan_skip("quiet");
    amina = &lan.laptop[0];
    listen_to_cable();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)close(cable);
    lan_free(&lan);
    return failed;
}
