/*
 * node.c - the loop's side of a device: when it is on, whom it dials, what is done
 * after something changed.
 *
 * Two timers. `soon` fires once the event under way is over: circles settle, peers
 * are told, rows are looked at anew, so that nothing is done inside an ingest and
 * many runs in one read cost one settling. `tick` is the earliest of all deadlines
 * that are not a peer's own.
 */
#include "net/node.h"

#include "net/node_in.h"

#include <stdlib.h>
#include <string.h>

static void on_soon(uv_timer_t *t);
static void on_tick(uv_timer_t *t);
static void rearm(struct en_node *n, uint64_t meet_ms);

uint64_t en_node_now(const struct en_node *n)
{
    return n->env.clock.now_ms(n->env.clock.user);
}

bool en_node_linkable(const struct en_member *m)
{
    return m->active && (m->flags & (EN_CERT_KIT | EN_CERT_ROOT)) == 0;
}

uint32_t en_node_persons(const struct en_circle *c)
{
    uint32_t persons = 0;

    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);
        bool counted = !en_node_linkable(m);

        for (size_t j = 0; j < i && !counted; j++)
            counted = en_node_linkable(en_circle_member(c, j)) &&
                      en_id16_eq(&en_circle_member(c, j)->person, &m->person);
        persons += !counted;
    }
    return persons;
}

/*
 * Circles
 */

struct en_node_circle *en_node_circle_of(struct en_node *n,
                                         const struct en_id *cid)
{
    for (size_t i = 0; i < n->circles; i++)
        if (en_id_eq(&n->circle[i].cid, cid))
            return &n->circle[i];
    return NULL;
}

static bool knows(void *user, size_t i, const uint8_t link_pk[32])
{
    const struct en_node *n = user;
    const struct en_replica *r = en_home_by_cid(n->env.home, &n->circle[i].cid);
    const struct en_circle *c = r == NULL ? NULL : en_replica_circle(r);
    const struct en_member *own =
        c == NULL ? NULL : en_circle_device(c, en_replica_device(r));

    if (own == NULL || !own->active)
        return false;
    for (size_t k = 0; k < en_circle_members(c); k++) {
        const struct en_member *m = en_circle_member(c, k);

        if (m != own && en_node_linkable(m) &&
            memcmp(m->link_pk, link_pk, 32) == 0)
            return true;
    }
    return false;
}

/* Room for one more of both arrays; the keys' former place is wiped. */
static en_err grow(struct en_node *n)
{
    size_t cap = n->circle_cap == 0 ? 4 : n->circle_cap * 2;
    struct en_node_circle *c;
    struct en_channel_circle *k;

    if (n->circles < n->circle_cap)
        return EN_OK;
    c = realloc(n->circle, cap * sizeof(*c));
    if (c == NULL)
        return EN_NOMEM;
    n->circle = c;
    k = calloc(cap, sizeof(*k));
    if (k == NULL)
        return EN_NOMEM;
    if (n->circles > 0) {
        memcpy(k, n->keys, n->circles * sizeof(*k));
        en_wipe(n->keys, n->circles * sizeof(*k));
    }
    free(n->keys);
    n->keys = k;
    n->channels.circle = k;
    n->circle_cap = cap;
    return EN_OK;
}

static en_err load_keys(struct en_node *n, size_t i, struct en_replica *r)
{
    struct en_channel_circle *k = &n->keys[i];
    struct en_key find = {0};
    en_err err;

    k->cid = n->circle[i].cid;
    err = en_replica_link_keys(r, &k->link, &find, &k->netsecret);
    if (err == EN_OK)
        err = en_beacons_init(&n->circle[i].beacons, &k->cid, &n->circle[i].own,
                              &find);
    n->circle[i].announced = err == EN_OK;
    en_key_wipe(&find);
    return err;
}

static en_err take_circle(struct en_node *n, struct en_replica *r,
                          struct en_node_circle **out)
{
    en_err err = grow(n);

    if (err != EN_OK)
        return err;
    n->circle[n->circles] = (struct en_node_circle){
        .cid = *en_replica_cid(r), .own = *en_replica_device(r)};
    n->keys[n->circles] = (struct en_channel_circle){0};
    if (n->on)
        err = load_keys(n, n->circles, r);
    if (err != EN_OK)
        return err;
    *out = &n->circle[n->circles++];
    if (n->on)
        n->channels.n = n->circles;
    return EN_OK;
}

static void forget_keys(struct en_node *n)
{
    n->channels.n = 0;
    for (size_t i = 0; i < n->circles; i++) {
        en_beacons_free(&n->circle[i].beacons);
        n->circle[i].announced = false;
    }
    if (n->circles > 0)
        en_wipe(n->keys, n->circles * sizeof(*n->keys));
}

/* The 64 first by (level, device id), should there be more. */
static bool ranked_before(const struct en_member *a, const struct en_member *b)
{
    if (a->level.cls != b->level.cls)
        return a->level.cls < b->level.cls;
    if (a->level.depth != b->level.depth)
        return a->level.depth < b->level.depth;
    return en_id_cmp(&a->device, &b->device) < 0;
}

static size_t rank_of(const struct en_circle *c, const struct en_member *m,
                      const struct en_id *own)
{
    size_t rank = 0;

    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *o = en_circle_member(c, i);

        rank += o != m && en_node_linkable(o) && !en_id_eq(&o->device, own) &&
                ranked_before(o, m);
    }
    return rank;
}

static void list_beacons(struct en_node_circle *c, const struct en_circle *s)
{
    en_beacons_begin(&c->beacons);
    for (size_t i = 0; i < en_circle_members(s); i++) {
        const struct en_member *m = en_circle_member(s, i);

        if (en_node_linkable(m) && !en_id_eq(&m->device, &c->own) &&
            rank_of(s, m, &c->own) < EN_BEACON_SLOTS)
            (void)en_beacons_put(&c->beacons, &m->device, m->find_pk);
    }
    en_beacons_end(&c->beacons);
}

static void name_devices(struct en_node *n, struct en_node_circle *c,
                         const struct en_circle *s, const struct en_addr *addr)
{
    for (size_t i = 0; i < en_circle_members(s); i++) {
        const struct en_member *m = en_circle_member(s, i);

        if (en_node_linkable(m))
            (void)en_roster_seen(n->roster, &c->cid, &c->own, &m->device, addr,
                                 true, en_node_now(n));
    }
}

static bool still_in(const struct en_circle *s, const struct en_peer *p)
{
    const struct en_member *m = en_circle_device(s, &p->device);

    return m != NULL && en_node_linkable(m);
}

/* Who belongs has changed: whom to look for, and whom to let go. */
static void on_members(struct en_node *n, struct en_node_circle *c,
                       const struct en_circle *s)
{
    struct en_peer *p = n->peers, *next;

    list_beacons(c, s);
    for (size_t i = 0; i < n->nameds; i++)
        name_devices(n, c, s, &n->named[i]);
    if (n->beacon_ms > en_node_now(n) + EN_BEACON_MS_MIN)
        n->beacon_ms = en_node_now(n) + EN_BEACON_MS_MIN;
    for (; p != NULL; p = next) {
        next = p->next;
        if (p->sync == NULL || !p->linked || p->revoked ||
            !en_id_eq(&p->cid, &c->cid) || still_in(s, p))
            continue;
        p->revoked = true;
        en_roster_forget(n->roster, &c->cid, &p->device);
        en_peer_tell(p, EN_SYNC_REVOKED);
        next = n->peers; /* the list may be another now */
    }
}

en_err en_node_name(struct en_node *n, const struct en_addr *addr)
{
    size_t i = 0;

    while (i < n->nameds && !en_addr_eq(&n->named[i], addr))
        i++;
    if (i == EN_NAMED_MAX)
        return EN_FULL;
    n->named[i] = *addr;
    if (i == n->nameds)
        n->nameds++;
    for (size_t k = 0; k < n->circles; k++) {
        const struct en_replica *r =
            en_home_by_cid(n->env.home, &n->circle[k].cid);

        if (r != NULL)
            name_devices(n, &n->circle[k], en_replica_circle(r), addr);
    }
    en_node_poke(n);
    return EN_OK;
}

/*
 * After something changed
 */

void en_node_disk(struct en_node *n, en_err err)
{
    if (err == EN_IO)
        n->env.broken(n->env.user);
}

/* An epoch is due where none may be written under. A facilitator's device makes it
 * in settling; a member's waits, so that not all of a room make one. */
static void plan_epoch(struct en_node *n, struct en_node_circle *c,
                       const struct en_replica *r)
{
    const struct en_circle *s = en_replica_circle(r);
    const struct en_member *own = en_circle_device(s, en_replica_device(r));
    struct en_epoch_info e;

    if (own == NULL || !own->active || own->cls != EN_CLASS_MEMBER ||
        en_circle_choice(s, &e) == EN_OK)
        c->epoch_ms = 0;
    else if (c->epoch_ms == 0)
        c->epoch_ms =
            en_node_now(n) + 1 + en_rng_below(n->env.rng, EN_EPOCH_WAIT_MS);
}

/* Tells all of this circle's peers; each may end by it. */
static void tell_changed(struct en_node *n, const struct en_id *cid)
{
    uint64_t told[EN_PEERS_MAX];
    size_t k = 0;

    for (struct en_peer *p = n->peers; p != NULL; p = p->next)
        if (p->sync != NULL && en_id_eq(&p->cid, cid))
            told[k++] = p->id;
    while (k > 0) {
        struct en_peer *p = en_peer_find(n, told[--k]);

        if (p != NULL)
            en_peer_tell(p, EN_SYNC_CHANGED);
    }
}

static void look_at(struct en_node *n, struct en_replica *r, bool may_epoch)
{
    struct en_node_circle *c = en_node_circle_of(n, en_replica_cid(r));
    bool did = false;
    size_t control;
    en_err err = EN_OK;

    if (c == NULL)
        err = take_circle(n, r, &c);
    if (err != EN_OK || (c->changes == en_replica_changes(r) + 1 && !may_epoch))
        return;
    err = en_home_settle_one(n->env.home, r, may_epoch, &did);
    en_node_disk(n, err);
    if (en_home_state(n->env.home) != EN_VAULT_OPEN)
        return; /* the disk failed, and it was locked */
    /* One more than the count, so that the first look is one. */
    c->changes = en_replica_changes(r) + 1;
    plan_epoch(n, c, r);
    control = en_circle_count(en_replica_circle(r));
    if (n->on && control != c->control) {
        c->control = control;
        on_members(n, c, en_replica_circle(r));
    }
    en_node_changed(n);
    tell_changed(n, en_replica_cid(r));
}

static void dial(struct en_node *n)
{
    struct en_dial d;

    while (n->on && en_roster_next(n->roster, n->next_id + 1, en_node_now(n),
                                   &d, NULL)) {
        n->next_id++;
        en_node_moved(n);
        en_peer_dial(n, n->next_id, &d);
    }
}

void en_node_look(struct en_node *n)
{
    for (size_t i = 0; i < en_home_circles(n->env.home); i++)
        look_at(n, en_home_circle(n->env.home, i), false);
    en_link_rows(n);
}

static void on_soon(uv_timer_t *t)
{
    struct en_node *n = t->data;

    n->soon_due = false;
    if (n->closing)
        return;
    en_node_look(n);
    dial(n);
    en_link_rows(n);
    if (n->counter != n->told) {
        n->told = n->counter;
        n->env.changed(n->env.user);
    }
    rearm(n, en_meet_tick(n));
}

void en_node_poke(struct en_node *n)
{
    if (n->soon_due || n->closing)
        return;
    n->soon_due = true;
    (void)uv_timer_start(&n->soon, on_soon, 0, 0);
}

void en_node_changed(struct en_node *n)
{
    n->counter++;
    en_node_poke(n);
}

void en_node_moved(struct en_node *n)
{
    n->quiet_ms = en_node_now(n);
}

/*
 * Ears and voice
 */

struct making {
    struct en_node *n;
    struct en_node_circle *c;
};

static bool make_beacon(void *user, const struct en_addr *from,
                        struct en_span *datagram)
{
    struct making *m = user;
    struct en_node *n = m->n;
    struct en_addr a = *from;

    a.port = n->port;
    en_beacon_make(&m->c->beacons, n->env.rng, &a,
                   n->env.clock.time_ms(n->env.clock.user), n->beacon);
    *datagram = EN_SPAN_OF(n->beacon);
    return true;
}

static void announce(struct en_node *n)
{
    uint64_t now = en_node_now(n);
    uint64_t wait = n->beacons < EN_BEACON_FIRST
                        ? EN_BEACON_MS_MIN
                        : EN_BEACON_MS + en_rng_below(n->env.rng, 2000);

    for (size_t i = 0; i < n->circles; i++) {
        struct making m = {n, &n->circle[i]};

        /* Of a circle of one device nobody is to be found. */
        if (m.c->announced && m.c->beacons.n > 0)
            en_multicast_send(n->multicast, make_beacon, &m);
    }
    n->beacons++;
    n->beaconed_ms = now;
    n->beacon_ms = now + wait;
}

static void on_beacon(struct en_node *n, struct en_span datagram,
                      const struct en_addr *from)
{
    uint64_t now = en_node_now(n);
    int64_t time = n->env.clock.time_ms(n->env.clock.user);

    for (size_t i = 0; i < n->circles; i++) {
        struct en_node_circle *c = &n->circle[i];
        struct en_heard h;
        struct en_addr at = *from;

        if (!c->announced || en_beacon_match(&c->beacons, datagram, from->ip,
                                             time, now, &h) != EN_OK)
            continue;
        at.port = h.port;
        if (h.port != 0)
            (void)en_roster_seen(n->roster, &c->cid, &c->own, &h.device, &at,
                                 false, now);
        if (en_roster_linked(n->roster, &c->cid, &h.device))
            return;
        en_node_moved(n);
        /* They are to dial: let them hear of us without waiting. */
        if (!h.dial && n->beacon_ms > n->beaconed_ms + EN_BEACON_MS_MIN)
            n->beacon_ms = n->beaconed_ms + EN_BEACON_MS_MIN;
        en_node_poke(n);
        return;
    }
}

static void on_heard(void *user, struct en_span datagram,
                     const struct en_addr *from, bool to_group)
{
    struct en_node *n = user;

    if (datagram.n == EN_BEACON_LEN && to_group && n->on)
        on_beacon(n, datagram, from);
    else if (datagram.n == EN_SEEK_LEN)
        en_meet_heard(n, datagram, from, to_group);
}

void en_node_ears(struct en_node *n)
{
    if (n->on || n->meet.seeking) {
        en_multicast_start(n->multicast);
        n->look_ms = en_node_now(n) + EN_LOOK_MS;
    } else {
        en_multicast_stop(n->multicast);
    }
}

/*
 * Listening
 */

struct en_listener {
    uv_tcp_t tcp;
    struct en_node *node;
    bool waiting; /* a connection could not be taken */
};

static void on_connection(uv_stream_t *s, int status)
{
    struct en_listener *l = s->data;

    if (status == 0 && l->node->on)
        l->waiting = !en_peer_accept(l->node, s);
}

static void on_shut(uv_handle_t *h)
{
    free(h->data);
}

static void shut(struct en_listener **l)
{
    if (*l != NULL)
        uv_close((uv_handle_t *)&(*l)->tcp, on_shut);
    *l = NULL;
}

static void stop_listening(struct en_node *n)
{
    shut(&n->listener[0]);
    shut(&n->listener[1]);
}

static struct en_listener *listen_on(struct en_node *n, bool v6, uint16_t port,
                                     int *why)
{
    struct en_addr any = {.port = port};
    struct sockaddr_storage at;
    struct en_listener *l = calloc(1, sizeof(*l));

    *why = UV_ENOMEM;
    if (l == NULL)
        return NULL;
    *why = uv_tcp_init(n->env.loop, &l->tcp);
    if (*why != 0) {
        free(l);
        return NULL;
    }
    l->node = n;
    l->tcp.data = l;
    if (!v6)
        any.ip[10] = any.ip[11] = 0xff;
    (void)en_addr_to_sock(&any, &at);
    *why = uv_tcp_bind(&l->tcp, (const struct sockaddr *)&at,
                       v6 ? UV_TCP_IPV6ONLY : 0);
    if (*why == 0)
        *why =
            uv_listen((uv_stream_t *)&l->tcp, EN_HALF_OPEN_MAX, on_connection);
    if (*why != 0)
        shut(&l);
    return l;
}

static uint16_t port_of(const struct en_listener *l)
{
    struct sockaddr_storage at;
    struct en_addr a = {0};
    int len = sizeof(at);

    if (uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&at, &len) != 0 ||
        !en_addr_of_sock((const struct sockaddr *)&at, &a))
        return 0;
    return a.port;
}

/* Both families on one port: 51847 if that is free in both, else whichever. A
 * machine without one of them has the other. */
static en_err start_listening(struct en_node *n)
{
    int why4 = 0, why6 = 0;

    n->port = EN_DISCOVERY_PORT;
    n->listener[0] = listen_on(n, false, n->port, &why4);
    n->listener[1] = listen_on(n, true, n->port, &why6);
    if (why4 == UV_EADDRINUSE || why6 == UV_EADDRINUSE) {
        stop_listening(n);
        n->listener[0] = listen_on(n, false, 0, &why4);
        n->port = n->listener[0] == NULL ? 0 : port_of(n->listener[0]);
        n->listener[1] = listen_on(n, true, n->port, &why6);
        if (n->listener[0] == NULL && n->listener[1] != NULL)
            n->port = port_of(n->listener[1]);
    }
    if (n->listener[0] == NULL && n->listener[1] == NULL)
        return EN_IO;
    en_trace_line(n->env.trace, "node: port %u", n->port);
    return EN_OK;
}

static void take_waiting(struct en_node *n)
{
    for (size_t i = 0; i < 2; i++) {
        struct en_listener *l = n->listener[i];

        if (l != NULL && l->waiting)
            l->waiting = !en_peer_accept(n, (uv_stream_t *)&l->tcp);
    }
}

/*
 * On and off
 */

en_err en_node_on(struct en_node *n)
{
    en_err err = EN_OK;

    if (n->on)
        return EN_OK;
    err = en_roster_new(&n->roster, n->env.rng);
    if (err == EN_OK)
        err = start_listening(n);
    for (size_t i = 0; i < n->circles && err == EN_OK; i++) {
        struct en_replica *r = en_home_by_cid(n->env.home, &n->circle[i].cid);

        if (r != NULL)
            err = load_keys(n, i, r);
    }
    if (err != EN_OK) {
        stop_listening(n);
        forget_keys(n);
        en_roster_free(n->roster);
        n->roster = NULL;
        return err;
    }
    n->on = true;
    n->channels.n = n->circles;
    for (size_t i = 0; i < n->circles; i++) {
        struct en_replica *r = en_home_by_cid(n->env.home, &n->circle[i].cid);

        n->circle[i].control =
            r == NULL ? 0 : en_circle_count(en_replica_circle(r));
        if (r != NULL)
            list_beacons(&n->circle[i], en_replica_circle(r));
    }
    n->beacons = 0;
    n->beacon_ms = n->beaconed_ms = en_node_now(n);
    en_link_forget(n);
    en_node_moved(n);
    en_node_ears(n);
    en_trace_line(n->env.trace, "node: on");
    en_node_changed(n);
    return EN_OK;
}

void en_node_off(struct en_node *n)
{
    struct en_peer *p;

    if (!n->on)
        return;
    stop_listening(n);
    for (p = n->peers; p != NULL;) {
        struct en_peer *next = p->next;

        if (p->state != EN_PEER_DRAINING && p->state != EN_PEER_GONE)
            en_peer_drop(p, EN_CLOSED, true);
        p = next;
    }
    n->on = n->once = false;
    n->nameds = 0;
    forget_keys(n);
    en_roster_free(n->roster);
    n->roster = NULL;
    memset(&n->gate, 0, sizeof(n->gate));
    en_node_ears(n);
    en_trace_line(n->env.trace, "node: off");
    en_node_changed(n);
}

void en_node_lock(struct en_node *n)
{
    en_meet_cancel(n);
    en_node_off(n);
    en_link_forget(n);
    free(n->circle);
    free(n->keys);
    n->circle = NULL;
    n->keys = NULL;
    n->channels.circle = NULL;
    n->circles = n->circle_cap = 0;
    en_node_changed(n);
}

bool en_node_link(const struct en_node *n)
{
    return n->on || en_meet_active(n);
}

bool en_node_meeting(const struct en_node *n)
{
    return en_meet_active(n);
}

uint64_t en_node_counter(const struct en_node *n)
{
    return n->counter;
}

/*
 * Deadlines
 */

/* Whether nobody is left to look for. */
static bool all_in_step(const struct en_node *n)
{
    for (size_t i = 0; i < n->rows; i++)
        if (!n->row[i].in_step)
            return false;
    return true;
}

/* Once: over when everybody is in step; or all that were found are, and nobody new
 * was heard of for a while; a link that does not move holds it up a little longer. */
static bool once_over(const struct en_node *n)
{
    uint64_t now = en_node_now(n);
    uint64_t last = n->quiet_ms;
    bool busy = false;

    if (all_in_step(n))
        return true;
    for (const struct en_peer *p = n->peers; p != NULL; p = p->next) {
        if (p->half_open || p->state == EN_PEER_GONE)
            continue; /* strangers hold up nothing */
        if (p->state != EN_PEER_TALKING || p->sync == NULL ||
            !en_sync_is_in_step(p->sync)) {
            busy = busy || p->state != EN_PEER_DRAINING;
            last = p->moved_ms > last ? p->moved_ms : last;
        }
    }
    return now - last >= (busy ? EN_ONCE_STUCK_MS : EN_ONCE_QUIET_MS);
}

static void rearm(struct en_node *n, uint64_t meet_ms)
{
    uint64_t now = en_node_now(n), at = meet_ms, wake = UINT64_MAX;
    struct en_dial d;

    if (n->closing)
        return;
    for (size_t i = 0; i < n->circles; i++)
        if (n->circle[i].epoch_ms != 0 && n->circle[i].epoch_ms < at)
            at = n->circle[i].epoch_ms;
    if (n->on) {
        at = n->beacon_ms < at ? n->beacon_ms : at;
        if (en_roster_next(n->roster, n->next_id + 1, now, &d, &wake)) {
            n->next_id++;
            en_peer_dial(n, n->next_id, &d);
            at = now;
        }
        at = wake < at ? wake : at;
        if (n->once)
            at = now + 1000 < at ? now + 1000 : at;
    }
    if (en_multicast_on(n->multicast))
        at = n->look_ms < at ? n->look_ms : at;
    if (at == UINT64_MAX)
        (void)uv_timer_stop(&n->tick);
    else
        (void)uv_timer_start(&n->tick, on_tick, at > now ? at - now : 0, 0);
}

static void on_tick(uv_timer_t *t)
{
    struct en_node *n = t->data;
    uint64_t now = en_node_now(n);

    if (n->closing)
        return;
    for (size_t i = 0; i < en_home_circles(n->env.home); i++) {
        struct en_replica *r = en_home_circle(n->env.home, i);
        struct en_node_circle *c = en_node_circle_of(n, en_replica_cid(r));

        if (c != NULL && c->epoch_ms != 0 && now >= c->epoch_ms) {
            c->epoch_ms = 0;
            look_at(n, r, true);
        }
    }
    if (en_multicast_on(n->multicast) && now >= n->look_ms) {
        n->look_ms = now + EN_LOOK_MS;
        if (en_multicast_look(n->multicast)) {
            n->beacon_ms = now;
            en_node_changed(n); /* own addresses are told too */
        }
    }
    if (n->on && now >= n->beacon_ms)
        announce(n);
    if (n->on)
        take_waiting(n);
    dial(n);
    if (n->on && n->once && once_over(n)) {
        en_link_rows(n);
        n->once = false;
        en_node_changed(n);
        if (n->once_off)
            en_node_off(n);
    }
    rearm(n, en_meet_tick(n));
}

/*
 * Life
 */

en_err en_node_new(struct en_node **out, const struct en_node_env *env)
{
    struct en_node *n = calloc(1, sizeof(*n));
    struct en_multicast_env m = {
        .loop = env->loop, .trace = env->trace, .heard = on_heard, .user = n};
    en_err err;

    if (n == NULL)
        return EN_NOMEM;
    n->env = *env;
    n->counter = 1;
    n->channels = (struct en_channel_home){
        .knows = knows, .user = n, .invite = &n->invite};
    err = en_multicast_new(&n->multicast, &m);
    if (err != EN_OK) {
        free(n);
        return err;
    }
    (void)uv_timer_init(env->loop, &n->soon);
    (void)uv_timer_init(env->loop, &n->tick);
    n->soon.data = n->tick.data = n;
    *out = n;
    return EN_OK;
}

void en_node_close(struct en_node *n)
{
    en_node_lock(n);
    n->closing = true;
    uv_close((uv_handle_t *)&n->soon, NULL);
    uv_close((uv_handle_t *)&n->tick, NULL);
}

void en_node_free(struct en_node *n)
{
    if (n == NULL)
        return;
    assert(n->peers == NULL);
    en_invite_cancel(&n->invite);
    en_meet_free(n);
    en_link_forget(n);
    free(n->row);
    en_multicast_free(n->multicast);
    en_wipe(n, sizeof(*n));
    free(n);
}
