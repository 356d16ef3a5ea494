#include "net/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool en_addr_is_v4(const struct en_addr *a)
{
    return memcmp(a->ip, mapped, sizeof(mapped)) == 0;
}

bool en_addr_is_link_local(const struct en_addr *a)
{
    return a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

bool en_addr_is_loopback(const struct en_addr *a)
{
    static const uint8_t one[16] = {[15] = 1};

    return en_addr_is_v4(a) ? a->ip[12] == 127
                            : memcmp(a->ip, one, sizeof(one)) == 0;
}

/* Digits alone: no sign, no space, no base. */
static bool read_number(const char *p, uint32_t max, uint32_t *out)
{
    uint64_t v = 0;

    if (*p == '\0')
        return false;
    for (; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return false;
        v = v * 10 + (uint64_t)(*p - '0');
        if (v > max)
            return false;
    }
    *out = (uint32_t)v;
    return true;
}

static en_err read_zone(char *text, struct en_addr *a)
{
    char *zone = strchr(text, '%');

    if (zone == NULL)
        return EN_OK;
    *zone++ = '\0';
    a->scope = if_nametoindex(zone);
    if (a->scope == 0 && !read_number(zone, UINT32_MAX, &a->scope))
        return EN_RANGE;
    return a->scope == 0 ? EN_RANGE : EN_OK;
}

en_err en_addr_parse(struct en_span text, struct en_addr *out)
{
    char s[EN_ADDR_TEXT_MAX];
    struct en_addr a = {0};
    uint32_t port = 0;
    char *colon, *host = s;
    en_err err = EN_OK;

    if (text.n == 0 || text.n >= sizeof(s) || memchr(text.p, 0, text.n) != NULL)
        return EN_RANGE;
    memcpy(s, text.p, text.n);
    s[text.n] = '\0';
    colon = strrchr(s, ':');
    if (colon == NULL || !read_number(colon + 1, UINT16_MAX, &port) ||
        port == 0)
        return EN_RANGE;
    *colon = '\0';
    a.port = (uint16_t)port;
    if (host[0] == '[') {
        if (colon == s || colon[-1] != ']')
            return EN_RANGE;
        colon[-1] = '\0';
        host++;
        err = read_zone(host, &a);
        if (err == EN_OK && inet_pton(AF_INET6, host, a.ip) != 1)
            err = EN_RANGE;
    } else {
        memcpy(a.ip, mapped, sizeof(mapped));
        if (inet_pton(AF_INET, host, a.ip + 12) != 1)
            err = EN_RANGE;
    }
    /* A link-local address is of one interface, and which must be said. */
    if (err == EN_OK && en_addr_is_link_local(&a) && a.scope == 0)
        err = EN_RANGE;
    if (err == EN_OK && !en_addr_is_link_local(&a))
        a.scope = 0;
    if (err == EN_OK)
        *out = a;
    return err;
}

void en_addr_print(const struct en_addr *a, char out[EN_ADDR_TEXT_MAX])
{
    char ip[INET6_ADDRSTRLEN] = "?", zone[IF_NAMESIZE] = "";

    if (en_addr_is_v4(a)) {
        (void)inet_ntop(AF_INET, a->ip + 12, ip, sizeof(ip));
        (void)snprintf(out, EN_ADDR_TEXT_MAX, "%s:%u", ip, a->port);
        return;
    }
    (void)inet_ntop(AF_INET6, a->ip, ip, sizeof(ip));
    if (a->scope != 0 && if_indextoname(a->scope, zone) == NULL)
        (void)snprintf(zone, sizeof(zone), "%u", a->scope);
    (void)snprintf(out, EN_ADDR_TEXT_MAX, "[%.39s%s%.15s]:%u", ip,
                   zone[0] == '\0' ? "" : "%", zone, a->port);
}

socklen_t en_addr_to_sock(const struct en_addr *a, struct sockaddr_storage *s)
{
    memset(s, 0, sizeof(*s));
    if (en_addr_is_v4(a)) {
        struct sockaddr_in v4 = {.sin_family = AF_INET,
                                 .sin_port = htons(a->port)};

        memcpy(&v4.sin_addr, a->ip + 12, 4);
        memcpy(s, &v4, sizeof(v4));
        return sizeof(v4);
    } else {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                                  .sin6_port = htons(a->port),
                                  .sin6_scope_id = a->scope};

        memcpy(&v6.sin6_addr, a->ip, 16);
        memcpy(s, &v6, sizeof(v6));
        return sizeof(v6);
    }
}

bool en_addr_of_sock(const struct sockaddr *s, struct en_addr *a)
{
    memset(a, 0, sizeof(*a));
    if (s->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, s, sizeof(v4));
        memcpy(a->ip, mapped, sizeof(mapped));
        memcpy(a->ip + 12, &v4.sin_addr, 4);
        a->port = ntohs(v4.sin_port);
        return true;
    }
    if (s->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, s, sizeof(v6));
        memcpy(a->ip, &v6.sin6_addr, 16);
        a->port = ntohs(v6.sin6_port);
        a->scope = en_addr_is_link_local(a) ? v6.sin6_scope_id : 0;
        return true;
    }
    return false;
}
