#include "net/multicast.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct en_addr group4 = {
    .ip = {[10] = 0xff, [11] = 0xff, 239, 255, 78, 1},
    .port = EN_DISCOVERY_PORT,
};
static const struct en_addr group6 = {
    .ip = {0xff, 0x12, [13] = 0x0e, [15] = 0x01},
    .port = EN_DISCOVERY_PORT,
};

/* One socket; freed when its handle is closed. */
struct sock {
    uv_udp_t udp;
    struct en_multicast *m;
    bool to_group;
};

/* One own address and its interface. */
struct place {
    struct en_addr addr; /* scope: of IPv6, always the interface */
    struct sock *send;
    struct sock *hear; /* IPv6: the group on this interface */
    bool seen;
};

struct en_multicast {
    struct en_multicast_env env;
    bool on;
    struct place place[EN_PLACES_MAX];
    size_t n;
    struct sock *hear4;
    struct sock *answer4, *answer6;
    uint8_t in[EN_DATAGRAM_MAX];
};

en_err en_multicast_new(struct en_multicast **out,
                        const struct en_multicast_env *env)
{
    struct en_multicast *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return EN_NOMEM;
    m->env = *env;
    *out = m;
    return EN_OK;
}

void en_multicast_free(struct en_multicast *m)
{
    if (m == NULL)
        return;
    assert(!m->on);
    free(m);
}

bool en_multicast_on(const struct en_multicast *m)
{
    return m->on;
}

/*
 * Sockets
 */

static void on_closed(uv_handle_t *h)
{
    free(h->data);
}

static void shut(struct sock **s)
{
    if (*s != NULL)
        uv_close((uv_handle_t *)&(*s)->udp, on_closed);
    *s = NULL;
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct sock *s = h->data;

    (void)suggested;
    *buf = uv_buf_init((char *)s->m->in, sizeof(s->m->in));
}

static void on_heard(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                     const struct sockaddr *from, unsigned flags)
{
    struct sock *s = udp->data;
    struct en_addr a;

    /* Errors of a datagram socket (somebody's port is closed) tell us nothing. */
    if (n <= 0 || from == NULL || (flags & UV_UDP_PARTIAL) != 0 || !s->m->on ||
        !en_addr_of_sock(from, &a))
        return;
    s->m->env.heard(s->m->env.user, EN_SPAN((uint8_t *)buf->base, (size_t)n),
                    &a, s->to_group);
}

static bool option(int fd, int level, int name, const void *v, size_t n)
{
    return setsockopt(fd, level, name, v, (socklen_t)n) == 0;
}

/* Everything a socket of ours must have said before it is bound. */
static bool prepare(int fd, bool v4, bool shared)
{
    int one = 1, hops = 1;

    if (shared && !option(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
        return false;
    if (v4)
        return option(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops)) &&
               option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &one, sizeof(one));
    return option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) &&
           option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) &&
           option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &one, sizeof(one));
}

/* A socket bound to addr, in the loop's care; NULL: this address will not do. */
static struct sock *open_at(struct en_multicast *m, const struct en_addr *addr,
                            bool shared, bool to_group)
{
    struct sockaddr_storage at;
    socklen_t len = en_addr_to_sock(addr, &at);
    bool v4 = en_addr_is_v4(addr);
    struct sock *s;
    int fd = socket(v4 ? AF_INET : AF_INET6,
                    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return NULL;
    s = calloc(1, sizeof(*s));
    if (s == NULL || !prepare(fd, v4, shared) ||
        bind(fd, (const struct sockaddr *)&at, len) != 0 ||
        uv_udp_init(m->env.loop, &s->udp) != 0) {
        (void)close(fd);
        free(s);
        return NULL;
    }
    s->m = m;
    s->to_group = to_group;
    s->udp.data = s;
    if (uv_udp_open(&s->udp, fd) != 0) {
        (void)close(fd);
        shut(&s);
        return NULL;
    }
    if (uv_udp_recv_start(&s->udp, on_alloc, on_heard) != 0)
        shut(&s);
    return s;
}

static int fd_of(const struct sock *s)
{
    uv_os_fd_t fd = -1;

    return uv_fileno((const uv_handle_t *)&s->udp, &fd) == 0 ? fd : -1;
}

/*
 * Places
 */

static void join4(struct en_multicast *m, const struct en_addr *addr, bool in)
{
    struct ip_mreq req;

    if (m->hear4 == NULL)
        return;
    memcpy(&req.imr_multiaddr, group4.ip + 12, 4);
    memcpy(&req.imr_interface, addr->ip + 12, 4);
    /* A second address of one interface finds the group joined: no matter. */
    (void)option(fd_of(m->hear4), IPPROTO_IP,
                 in ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &req,
                 sizeof(req));
}

static bool hear6(struct en_multicast *m, struct place *p)
{
    struct en_addr at = group6;
    struct ipv6_mreq req = {.ipv6mr_interface = p->addr.scope};

    for (size_t i = 0; i < m->n; i++)
        if (m->place[i].hear != NULL && m->place[i].addr.scope == p->addr.scope)
            return true; /* by another address of this interface */
    at.scope = p->addr.scope;
    p->hear = open_at(m, &at, true, true);
    if (p->hear == NULL)
        return false;
    memcpy(&req.ipv6mr_multiaddr, group6.ip, 16);
    if (!option(fd_of(p->hear), IPPROTO_IPV6, IPV6_JOIN_GROUP, &req,
                sizeof(req)))
        shut(&p->hear);
    return p->hear != NULL;
}

static bool send_on(struct place *p)
{
    struct in_addr v4;
    int index = (int)p->addr.scope;

    if (en_addr_is_v4(&p->addr)) {
        memcpy(&v4, p->addr.ip + 12, 4);
        return option(fd_of(p->send), IPPROTO_IP, IP_MULTICAST_IF, &v4,
                      sizeof(v4));
    }
    return option(fd_of(p->send), IPPROTO_IPV6, IPV6_MULTICAST_IF, &index,
                  sizeof(index));
}

/* False: not now (an address still being tried out): looked at again later. */
static bool add_place(struct en_multicast *m, const struct en_addr *addr)
{
    struct place p = {.addr = *addr, .seen = true};

    if (m->n == EN_PLACES_MAX)
        return false;
    p.send = open_at(m, addr, false, false);
    if (p.send == NULL || !send_on(&p)) {
        shut(&p.send);
        return false;
    }
    if (en_addr_is_v4(addr))
        join4(m, addr, true);
    else
        (void)hear6(m, &p);
    m->place[m->n++] = p;
    return true;
}

static void drop_place(struct en_multicast *m, size_t i)
{
    struct place *p = &m->place[i];

    if (en_addr_is_v4(&p->addr))
        join4(m, &p->addr, false);
    shut(&p->send);
    shut(&p->hear);
    m->place[i] = m->place[--m->n];
}

static struct place *find_place(struct en_multicast *m,
                                const struct en_addr *addr)
{
    for (size_t i = 0; i < m->n; i++)
        if (en_addr_eq(&m->place[i].addr, addr))
            return &m->place[i];
    return NULL;
}

/* An interface's address as a place: port 0; false: of no use. */
static bool place_of(const uv_interface_address_t *i, struct en_addr *a)
{
    if (!en_addr_of_sock((const struct sockaddr *)&i->address, a))
        return false;
    a->port = 0;
    if (en_addr_is_v4(a))
        return true;
    if (!en_addr_is_link_local(a) && !en_addr_is_loopback(a))
        return false;
    a->scope = if_nametoindex(i->name);
    return a->scope != 0;
}

bool en_multicast_look(struct en_multicast *m)
{
    uv_interface_address_t *list = NULL;
    struct en_addr addr;
    struct place *p;
    bool changed = false;
    int n = 0;

    if (!m->on || uv_interface_addresses(&list, &n) != 0)
        return false;
    for (size_t i = 0; i < m->n; i++)
        m->place[i].seen = false;
    for (int i = 0; i < n; i++) {
        if (!place_of(&list[i], &addr))
            continue;
        p = find_place(m, &addr);
        if (p != NULL)
            p->seen = true;
        else
            changed = add_place(m, &addr) || changed;
    }
    uv_free_interface_addresses(list, n);
    for (size_t i = m->n; i-- > 0;) {
        if (m->place[i].seen)
            continue;
        drop_place(m, i);
        changed = true;
    }
    /* An interface may have lost the address whose place heard for it. */
    for (size_t i = 0; i < m->n; i++)
        if (!en_addr_is_v4(&m->place[i].addr))
            (void)hear6(m, &m->place[i]);
    if (changed)
        en_trace_line(m->env.trace, "multicast: %zu addresses", m->n);
    return changed;
}

void en_multicast_start(struct en_multicast *m)
{
    static const struct en_addr any4 = {.ip = {[10] = 0xff, [11] = 0xff}};
    static const struct en_addr any6 = {{0}, 0, 0};

    if (m->on)
        return;
    m->on = true;
    m->hear4 = open_at(m, &group4, true, true);
    if (m->hear4 == NULL)
        en_trace_line(m->env.trace, "multicast: no IPv4");
#ifdef IP_MULTICAST_ALL
    else {
        int none = 0;

        (void)option(fd_of(m->hear4), IPPROTO_IP, IP_MULTICAST_ALL, &none,
                     sizeof(none));
    }
#endif
    m->answer4 = open_at(m, &any4, false, false);
    m->answer6 = open_at(m, &any6, false, false);
    (void)en_multicast_look(m);
}

void en_multicast_stop(struct en_multicast *m)
{
    if (!m->on)
        return;
    m->on = false;
    while (m->n > 0)
        drop_place(m, m->n - 1);
    shut(&m->hear4);
    shut(&m->answer4);
    shut(&m->answer6);
}

/*
 * Sending
 */

static void send_to(struct sock *s, const struct en_addr *to,
                    struct en_span datagram)
{
    struct sockaddr_storage at;
    uint8_t copy[EN_DATAGRAM_MAX];
    uv_buf_t buf = uv_buf_init((char *)copy, (unsigned)datagram.n);

    if (s == NULL || datagram.n > sizeof(copy))
        return;
    memcpy(copy, datagram.p, datagram.n);
    (void)en_addr_to_sock(to, &at);
    /* What cannot go now is lost, as any datagram may be. */
    (void)uv_udp_try_send(&s->udp, &buf, 1, (const struct sockaddr *)&at);
}

void en_multicast_send(struct en_multicast *m,
                       bool (*make)(void *user, const struct en_addr *from,
                                    struct en_span *datagram),
                       void *user)
{
    struct en_span datagram;

    for (size_t i = 0; m->on && i < m->n; i++) {
        struct place *p = &m->place[i];
        struct en_addr to = en_addr_is_v4(&p->addr) ? group4 : group6;

        if (!make(user, &p->addr, &datagram))
            continue;
        to.scope = en_addr_is_v4(&p->addr) ? 0 : p->addr.scope;
        send_to(p->send, &to, datagram);
    }
}

void en_multicast_answer(struct en_multicast *m, const struct en_addr *to,
                         struct en_span datagram)
{
    if (m->on)
        send_to(en_addr_is_v4(to) ? m->answer4 : m->answer6, to, datagram);
}

/*
 * Own addresses
 */

/* Smaller: told first. */
static unsigned rank(const struct en_addr *a)
{
    if (en_addr_is_loopback(a))
        return 3;
    if (en_addr_is_link_local(a))
        return 2;
    return en_addr_is_v4(a) ? 0 : 1;
}

size_t en_own_addresses(struct en_addr *out, size_t max)
{
    uv_interface_address_t *list = NULL;
    size_t used = 0;
    int n = 0;

    if (uv_interface_addresses(&list, &n) != 0)
        return 0;
    for (unsigned r = 0; r < 4; r++) {
        for (int i = 0; i < n && used < max && (r < 3 || used == 0); i++) {
            struct en_addr a;

            if (!en_addr_of_sock((const struct sockaddr *)&list[i].address,
                                 &a) ||
                rank(&a) != r)
                continue;
            a.port = 0;
            if (en_addr_is_link_local(&a))
                a.scope = if_nametoindex(list[i].name);
            out[used++] = a;
        }
    }
    uv_free_interface_addresses(list, n);
    return used;
}
