/*
 * peer.c - one TCP connection: bytes to the channel, messages to sync or join, their
 * questions to the replica, and what they say back to the system.
 *
 *   DIALING --connected--> TALKING --the machine or the channel ends--> DRAINING
 *   DRAINING --they end, a second passes--> GONE
 *   any --error, evicted, a stranger's end--> GONE
 *
 * Backpressure is the channel's: what cannot be written stays there, within its
 * bounds, and the machine is asked for no more until it has room. At most
 * EN_WRITE_MAX bytes more are in the system's hands. One step of the loop handles
 * one read of a peer, so that none holds up the others.
 */
#include "net/node_in.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static void feed(struct en_peer *p, struct en_span bytes);
static void drive(struct en_peer *p, struct en_sync_event *ev);
static void on_timer(uv_timer_t *t);

/*
 * Life
 */

static void on_closed(uv_handle_t *h)
{
    struct en_peer *p = h->data;

    if (--p->handles > 0)
        return;
    if (p->out != NULL)
        en_wipe(p->out, EN_WRITE_MAX);
    free(p->out);
    free(p);
}

static void unlist(struct en_peer *p)
{
    struct en_node *n = p->node;

    if (p->prev != NULL)
        p->prev->next = p->next;
    else
        n->peers = p->next;
    if (p->next != NULL)
        p->next->prev = p->prev;
    n->n_peers--;
}

static void drop_machines(struct en_peer *p)
{
    en_sync_free(p->sync);
    p->sync = NULL;
    en_join_free(p->join);
    p->join = NULL;
}

static void leave_gate(struct en_peer *p)
{
    if (p->half_open)
        en_gate_leave(&p->node->gate, p->id);
    p->half_open = false;
}

/* The roster and the meeting hear of an end once. */
static void report(struct en_peer *p, en_err why, bool blame)
{
    struct en_node *n = p->node;

    if (p->rostered && n->roster != NULL)
        en_roster_closed(n->roster, p->id, why, blame, en_node_now(n));
    p->rostered = false;
    if (p->linked)
        en_node_changed(n);
    p->linked = false;
    if (n->meet.peer == p->id)
        en_meet_gone(n, p, why);
}

static void go(struct en_peer *p)
{
    if (p->state == EN_PEER_GONE)
        return;
    p->state = EN_PEER_GONE;
    leave_gate(p);
    drop_machines(p);
    en_channel_free(p->ch);
    p->ch = NULL;
    unlist(p);
    uv_close((uv_handle_t *)&p->tcp, on_closed);
    uv_close((uv_handle_t *)&p->timer, on_closed);
    en_node_poke(p->node);
}

static struct en_peer *new_peer(struct en_node *n)
{
    struct en_peer *p;

    if (n->n_peers >= EN_PEERS_MAX)
        return NULL;
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->node = n;
    p->moved_ms = en_node_now(n);
    p->channel_ms = p->machine_ms = UINT64_MAX;
    if (uv_tcp_init(n->env.loop, &p->tcp) != 0) {
        free(p);
        return NULL;
    }
    (void)uv_timer_init(n->env.loop, &p->timer);
    p->handles = 2;
    p->tcp.data = p->timer.data = p;
    p->next = n->peers;
    if (n->peers != NULL)
        n->peers->prev = p;
    n->peers = p;
    n->n_peers++;
    return p;
}

struct en_peer *en_peer_find(struct en_node *n, uint64_t id)
{
    struct en_peer *p = n->peers;

    while (p != NULL && p->id != id)
        p = p->next;
    return p;
}

static void arm(struct en_peer *p)
{
    uint64_t now = en_node_now(p->node);
    uint64_t at = p->channel_ms < p->machine_ms ? p->channel_ms : p->machine_ms;

    if (p->state == EN_PEER_GONE)
        return;
    if (p->state == EN_PEER_DRAINING)
        at = p->drain_ms;
    if (p->again)
        at = now;
    if (at == UINT64_MAX)
        (void)uv_timer_stop(&p->timer);
    else
        (void)uv_timer_start(&p->timer, on_timer, at > now ? at - now : 0, 0);
}

/*
 * Writing
 */

static void on_written(uv_write_t *w, int status)
{
    struct en_peer *p = w->data;
    size_t n = p->written;

    p->written = 0;
    if (p->state == EN_PEER_GONE)
        return;
    if (status < 0) {
        report(p, EN_CLOSED, false);
        go(p);
        return;
    }
    p->moved_ms = en_node_now(p->node);
    if (p->ch != NULL)
        en_channel_wrote(p->ch, n, p->moved_ms);
    p->again = true;
    en_peer_flush(p);
}

/* One part of out; false: no more for now. */
static bool write_some(struct en_peer *p, struct en_span out, bool keep)
{
    size_t n = out.n < EN_WRITE_MAX ? out.n : EN_WRITE_MAX;
    uv_buf_t buf;
    int r;

    if (p->out == NULL)
        p->out = malloc(EN_WRITE_MAX);
    if (p->out == NULL)
        return false; /* tried again with whatever comes next */
    memcpy(p->out, out.p, n);
    buf = uv_buf_init((char *)p->out, (unsigned)n);
    r = uv_try_write((uv_stream_t *)&p->tcp, &buf, 1);
    if (r > 0) {
        p->moved_ms = en_node_now(p->node);
        en_channel_wrote(p->ch, (size_t)r, p->moved_ms);
        return true;
    }
    if (r != UV_EAGAIN || !keep)
        return false;
    p->writing.data = p;
    if (uv_write(&p->writing, (uv_stream_t *)&p->tcp, &buf, 1, on_written) == 0)
        p->written = n;
    return false;
}

/* False: the channel cannot go on. */
static bool pump(struct en_peer *p, bool keep)
{
    struct en_span out;

    while (p->written == 0) {
        if (en_channel_out(p->ch, en_node_now(p->node), &out) != EN_OK)
            return false;
        if (out.n == 0)
            return true;
        if (!write_some(p, out, keep))
            return true;
        p->again = true;
    }
    return true;
}

static void on_ended(uv_shutdown_t *r, int status)
{
    (void)r;
    (void)status;
}

static bool out_waits(struct en_peer *p)
{
    struct en_span out = {0};

    return p->written > 0 ||
           (p->ch != NULL &&
            en_channel_out(p->ch, en_node_now(p->node), &out) == EN_OK &&
            out.n > 0);
}

void en_peer_flush(struct en_peer *p)
{
    if (p->state == EN_PEER_GONE || p->state == EN_PEER_DIALING)
        return;
    if (p->ch != NULL && !pump(p, true)) {
        report(p, EN_CLOSED, false);
        go(p);
        return;
    }
    if (p->state == EN_PEER_DRAINING && p->ch != NULL && !out_waits(p)) {
        en_channel_free(p->ch);
        p->ch = NULL;
        p->again = false;
        if (uv_shutdown(&p->ending, (uv_stream_t *)&p->tcp, on_ended) != 0) {
            go(p);
            return;
        }
    }
    arm(p);
}

/* From here on the connection only gets rid of its last words. Closed at once it
 * would be reset where they have sent something unread, and the words be lost. */
static void drain(struct en_peer *p)
{
    leave_gate(p);
    drop_machines(p);
    p->state = EN_PEER_DRAINING;
    p->again = false;
    p->drain_ms = en_node_now(p->node) + EN_DRAIN_MS;
    en_peer_flush(p);
}

void en_peer_finish(struct en_peer *p, en_err why, bool blame)
{
    bool was_open = p->ch != NULL && en_channel_open(p->ch);

    if (p->state == EN_PEER_GONE || p->state == EN_PEER_DRAINING)
        return;
    report(p, why, blame);
    if (was_open)
        drain(p);
    else
        go(p);
}

void en_peer_drop(struct en_peer *p, en_err why, bool orderly)
{
    struct en_sync_event ev = {.type = EN_SYNC_LEAVE};
    struct en_sync_todo todo;

    if (p->state == EN_PEER_GONE)
        return;
    if (p->state == EN_PEER_DRAINING) {
        go(p);
        return;
    }
    ev.now_ms = en_node_now(p->node);
    if (orderly && p->sync != NULL)
        (void)en_sync_step(p->sync, &ev, &todo);
    report(p, why, false);
    if (p->ch == NULL || !en_channel_open(p->ch)) {
        go(p);
        return;
    }
    /* Whatever does not go out now does not go out: the keys are wiped. */
    (void)pump(p, false);
    en_channel_free(p->ch);
    p->ch = NULL;
    drain(p);
    if (uv_shutdown(&p->ending, (uv_stream_t *)&p->tcp, on_ended) != 0)
        go(p);
}

/*
 * Reading
 */

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct en_peer *p = h->data;

    (void)suggested;
    *buf = uv_buf_init((char *)p->node->in, sizeof(p->node->in));
}

/* The channel hears of the end, so that a code that was spent is counted. */
static void channel_ends(struct en_peer *p, enum en_channel_event_type type,
                         en_err otherwise)
{
    struct en_channel_event ev = {.type = type, .now_ms = en_node_now(p->node)};
    struct en_channel_todo todo = {0};
    en_err why = otherwise;

    if (p->ch != NULL && p->state == EN_PEER_TALKING) {
        why = en_channel_step(p->ch, &ev, &todo);
        if (todo.failed)
            en_meet_burnt(p->node, todo.why);
        why = why == EN_OK ? otherwise : why;
    }
    report(p, why, false);
    go(p);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct en_peer *p = s->data;

    if (p->state == EN_PEER_GONE || n == 0)
        return;
    if (n < 0) {
        channel_ends(p, EN_CHANNEL_ENDED, EN_CLOSED);
        return;
    }
    if (p->state != EN_PEER_TALKING)
        return; /* forgotten */
    p->moved_ms = en_node_now(p->node);
    feed(p, EN_SPAN((uint8_t *)buf->base, (size_t)n));
}

static void start_reading(struct en_peer *p)
{
    p->state = EN_PEER_TALKING;
    (void)uv_tcp_nodelay(&p->tcp, 1);
    if (uv_read_start((uv_stream_t *)&p->tcp, on_alloc, on_read) != 0) {
        report(p, EN_IO, false);
        go(p);
        return;
    }
    /* The channel's own deadline, before any byte has come. */
    p->channel_ms = en_node_now(p->node) + EN_CHANNEL_HANDSHAKE_MS;
    en_peer_flush(p);
}

/*
 * What the machine of sync asks
 */

static struct en_replica *replica_of(const struct en_peer *p)
{
    return en_home_by_cid(p->node->env.home, &p->cid);
}

static bool observes(const struct en_member *m)
{
    return m->cls == EN_CLASS_OBSERVER;
}

struct answer {
    struct en_sync_event ev;
    struct en_frontier tips;
    struct en_buf body;
    uint64_t seq[EN_MISS_MAX];
};

static en_err tips(struct answer *a, const struct en_replica *r, bool observer)
{
    a->ev.tips = &a->tips;
    return en_replica_frontier(r, observer, &a->tips);
}

/* HELLO names a device; the handshake has proved a link key. */
static en_err who(struct en_peer *p, struct en_replica *r,
                  const struct en_id16 *dev16, struct answer *a)
{
    const struct en_circle *c = en_replica_circle(r);
    const struct en_member *m = en_circle_dev16(c, dev16);

    if (m == NULL || !en_node_linkable(m) ||
        memcmp(m->link_pk, en_channel_peer(p->ch), 32) != 0 ||
        en_id_eq(&m->device, en_replica_device(r)))
        return EN_DENIED;
    if (en_roster_barred(p->node->roster, &p->cid, &m->device, a->ev.now_ms))
        return EN_BUSY;
    p->device = m->device;
    a->ev.device = m->device;
    a->ev.observer = observes(m);
    return tips(a, r, a->ev.observer);
}

/* Only one device is at an address, and it has been found. */
static void drop_other_dials(struct en_peer *found)
{
    struct en_peer *p = found->node->peers, *next;

    for (; p != NULL; p = next) {
        next = p->next;
        if (p != found && p->rostered && !p->linked && p->sync == NULL &&
            en_id_eq(&p->cid, &found->cid) &&
            en_addr_eq(&p->addr, &found->addr))
            en_peer_drop(p, EN_CLOSED, false);
    }
}

/* Of two links between one pair one stays; and there is a last link. */
static void enlist(struct en_peer *p)
{
    struct en_node *n = p->node;
    struct en_node_circle *c = en_node_circle_of(n, &p->cid);
    struct en_peer *older;
    bool full = false;
    uint64_t loser;

    if (c == NULL)
        return;
    loser = en_roster_opened(n->roster, p->id, &p->cid, &c->own, &p->device,
                             en_channel_caller(p->ch), en_node_now(n), &full);
    if (loser == p->id) {
        en_peer_tell(p, EN_SYNC_LEAVE);
        return;
    }
    p->rostered = true;
    p->linked = true;
    en_node_moved(n);
    en_node_changed(n);
    older = loser == 0 ? NULL : en_peer_find(n, loser);
    if (older != NULL) {
        older->linked = false;
        en_peer_tell(older, EN_SYNC_LEAVE);
    }
    if (en_channel_caller(p->ch))
        drop_other_dials(p);
}

static enum en_sync_stored stored_of(enum en_ingested what)
{
    switch (what) {
    case EN_RUN_STORED: return EN_SYNC_STORED_NEW;
    case EN_RUN_KNOWN: return EN_SYNC_STORED_KNOWN;
    case EN_RUN_LATER: return EN_SYNC_STORED_LATER;
    case EN_RUN_FORK: return EN_SYNC_STORED_FORK;
    }
    return EN_SYNC_STORED_LATER;
}

static en_err store(struct en_replica *r, struct en_span body, struct answer *a)
{
    struct en_ingest in = {.what = EN_RUN_LATER};
    en_err err = en_replica_ingest(r, body, &in);

    a->ev.stored = stored_of(in.what);
    a->ev.tip = in.tip;
    return err;
}

static en_err compare(struct en_peer *p, struct en_replica *r,
                      const struct en_frontier *theirs)
{
    bool lacking = false;
    en_err err = en_replica_compare(r, theirs, &lacking);

    for (size_t i = 0; err == EN_OK && i < theirs->n; i++)
        err = en_replica_done(r, &p->device, &theirs->tip[i]);
    return err;
}

static en_err missing(struct en_replica *r, struct en_id16 log,
                      struct answer *a)
{
    en_err err;

    a->ev.log = log;
    a->ev.seq = a->seq;
    err = en_replica_missing(r, &a->ev.log, a->seq, EN_MISS_MAX, &a->ev.n);
    return err == EN_OK && a->ev.n == 0 ? EN_ABSENT : err;
}

/* An observer is shown registers alone. */
static bool shown(const struct en_replica *r, const struct en_sync_todo *todo)
{
    struct en_id log, device;
    uint8_t kind = EN_CONTROL;

    return !todo->observer ||
           (en_circle_signer(en_replica_circle(r), &todo->log, &log, &device,
                             &kind) != NULL &&
            kind == EN_CONTROL);
}

/* Answers todo's question into a; everything in a is the caller's to free. */
static void answer(struct en_peer *p, const struct en_sync_todo *todo,
                   struct answer *a)
{
    struct en_replica *r = replica_of(p);
    struct en_sync_event *ev = &a->ev;
    en_err err = EN_CLOSED;

    ev->now_ms = en_node_now(p->node);
    ev->time_ms = (uint64_t)p->node->env.clock.time_ms(p->node->env.clock.user);
    a->body.max = EN_MESSAGE_MAX;
    switch (todo->ask) {
    case EN_SYNC_WHO:
        ev->type = EN_SYNC_KNOWN;
        err = r == NULL ? err : who(p, r, &todo->dev16, a);
        break;
    case EN_SYNC_COMPARE:
        ev->type = EN_SYNC_COMPARED;
        err = r == NULL ? err : compare(p, r, todo->theirs);
        break;
    case EN_SYNC_FRONTIER:
        ev->type = EN_SYNC_TIPS;
        err = r == NULL ? err : tips(a, r, todo->observer);
        break;
    case EN_SYNC_STORE:
        ev->type = EN_SYNC_STORED;
        err = r == NULL ? err : store(r, todo->body, a);
        break;
    case EN_SYNC_NEXT:
        ev->type = EN_SYNC_RUN;
        if (r != NULL)
            err = en_replica_next(r, todo->theirs, todo->observer, &a->body);
        break;
    case EN_SYNC_MISSING:
        ev->type = EN_SYNC_LACKING;
        err = r == NULL ? err : missing(r, todo->log, a);
        break;
    case EN_SYNC_PAY_FOR:
        ev->type = EN_SYNC_PAYLOAD;
        if (r != NULL)
            err = en_replica_payload(r, &todo->log, todo->seq, &a->body);
        break;
    case EN_SYNC_TAKE_PAY:
        ev->type = EN_SYNC_PAID;
        if (r != NULL)
            err = en_replica_pay(r, &todo->log, todo->seq, todo->body);
        break;
    case EN_SYNC_ID_AT:
        ev->type = EN_SYNC_ID;
        if (r != NULL)
            err = shown(r, todo)
                      ? en_replica_id_at(r, &todo->log, todo->seq, &ev->tip.id)
                      : EN_ABSENT;
        break;
    case EN_SYNC_BRANCH_AT:
        ev->type = EN_SYNC_BRANCH;
        if (r != NULL)
            err = shown(r, todo)
                      ? en_replica_run_at(r, &todo->log, todo->seq, &a->body)
                      : EN_ABSENT;
        break;
    case EN_SYNC_NOTHING: assert(false); break;
    }
    ev->err = err;
    ev->body = en_buf_span(&a->body);
    en_node_disk(p->node, err);
}

/* What a step told beside its question. False: the peer is finished. */
static bool told(struct en_peer *p, const struct en_sync_todo *todo, en_err err)
{
    struct en_replica *r = replica_of(p);

    if (todo->done && r != NULL)
        en_node_disk(p->node, en_replica_done(r, &p->device, &todo->tip));
    if (todo->in_step && p->linked)
        en_roster_in_step(p->node->roster, p->id);
    if (todo->in_step || todo->done || todo->fork)
        en_node_changed(p->node);
    if (err == EN_OK && !todo->close)
        return true;
    en_peer_finish(p, err, todo->blame);
    return false;
}

static void drive(struct en_peer *p, struct en_sync_event *ev)
{
    struct answer a = {0};
    struct en_sync_todo todo;
    bool asked = true;

    ev->now_ms = en_node_now(p->node);
    while (asked && p->sync != NULL) {
        en_err err = en_sync_step(p->sync, ev, &todo);

        en_frontier_free(&a.tips);
        en_buf_free(&a.body);
        if (!told(p, &todo, err))
            return;
        p->machine_ms = todo.wake_ms;
        asked = todo.ask != EN_SYNC_NOTHING;
        if (!asked)
            break;
        a = (struct answer){0};
        answer(p, &todo, &a);
        ev = &a.ev;
        if (todo.ask == EN_SYNC_STORE || todo.ask == EN_SYNC_TAKE_PAY)
            en_node_poke(p->node);
    }
    en_frontier_free(&a.tips);
    en_buf_free(&a.body);
}

/* Of a responder the device is known when its HELLO has been judged. */
static void drive_and_enlist(struct en_peer *p, struct en_sync_event *ev)
{
    drive(p, ev);
    if (p->sync != NULL && !p->linked && !p->rostered &&
        !en_id_zero(en_sync_device(p->sync)))
        enlist(p);
}

void en_peer_tell(struct en_peer *p, enum en_sync_event_type type)
{
    struct en_sync_event ev = {.type = type};

    if (p->sync == NULL || p->state != EN_PEER_TALKING)
        return;
    drive(p, &ev);
    en_peer_flush(p);
}

/*
 * Opening
 */

static void start_sync(struct en_peer *p)
{
    struct en_node *n = p->node;
    struct en_sync_event ev = {.type = EN_SYNC_STARTED};
    struct en_frontier f = {0};
    struct en_replica *r;
    const struct en_member *m = NULL;
    bool caller = en_channel_caller(p->ch);
    en_err err = EN_CLOSED;

    if (!caller) {
        size_t i = en_channel_circle_index(p->ch);

        assert(i < n->circles);
        p->cid = n->circle[i].cid;
    }
    r = replica_of(p);
    if (r != NULL)
        err = en_sync_new(&p->sync, &p->cid, en_replica_device(r), caller,
                          en_channel_carrier(p->ch), n->env.trace);
    if (err == EN_OK && caller) {
        m = en_circle_device(en_replica_circle(r), &p->device);
        err = m == NULL || !en_node_linkable(m) ? EN_DENIED : EN_OK;
    }
    if (err == EN_OK && caller) {
        ev.device = p->device;
        ev.observer = observes(m);
        ev.tips = &f;
        err = en_replica_frontier(r, ev.observer, &f);
    }
    if (err != EN_OK) {
        en_frontier_free(&f);
        en_peer_finish(p, err, false);
        return;
    }
    ev.time_ms = (uint64_t)n->env.clock.time_ms(n->env.clock.user);
    if (caller) {
        /* The roster knows it as a dial; now it becomes a link, or gives way. */
        p->rostered = true;
        drive(p, &ev);
        if (p->sync != NULL)
            enlist(p);
    } else {
        drive(p, &ev);
    }
    en_frontier_free(&f);
}

static void on_opened(struct en_peer *p)
{
    leave_gate(p);
    if (en_channel_joining(p->ch))
        en_meet_opened(p->node, p);
    else
        start_sync(p);
}

static void on_message(struct en_peer *p, uint8_t type, struct en_span body)
{
    struct en_sync_event s = {
        .type = EN_SYNC_RECEIVED, .message = type, .body = body};
    struct en_join_event j = {
        .type = EN_JOIN_RECEIVED, .message = type, .body = body};

    en_node_moved(p->node);
    if (p->sync != NULL) {
        drive_and_enlist(p, &s);
    } else if (p->join != NULL) {
        j.now_ms = en_node_now(p->node);
        en_meet_step(p->node, p, &j);
    }
}

/* One step of the channel and what follows. False: nothing more is to be done with
 * this peer. */
static bool channel_step(struct en_peer *p, const struct en_channel_event *ev,
                         struct en_channel_todo *todo)
{
    enum en_invite_state before = p->node->invite.state;

    (void)en_channel_step(p->ch, ev, todo);
    p->channel_ms = todo->wake_ms;
    if (before == EN_INVITE_LIVE && p->node->invite.state == EN_INVITE_SPENT)
        en_meet_spent(p->node, p);
    if (todo->failed)
        en_meet_burnt(p->node, todo->why);
    if (p->state != EN_PEER_TALKING)
        return false;
    if (todo->close) {
        /* An authenticated peer that breaks the format is to blame. */
        en_peer_finish(
            p, todo->why,
            (p->sync != NULL || p->join != NULL) &&
                (todo->why == EN_PROTOCOL || todo->why == EN_FORGED));
        return false;
    }
    if (todo->opened)
        on_opened(p);
    if (p->state == EN_PEER_TALKING && todo->message)
        on_message(p, todo->type, todo->body);
    return p->state == EN_PEER_TALKING;
}

static void feed(struct en_peer *p, struct en_span bytes)
{
    struct en_channel_event ev = {.type = EN_CHANNEL_BYTES,
                                  .now_ms = en_node_now(p->node),
                                  .bytes = bytes};
    struct en_channel_todo todo;

    do {
        if (!channel_step(p, &ev, &todo))
            return;
        assert(todo.used <= ev.bytes.n);
        ev.bytes = EN_SPAN(ev.bytes.p + todo.used, ev.bytes.n - todo.used);
    } while (ev.bytes.n > 0 || todo.message || todo.opened);
    en_peer_flush(p);
}

/*
 * Time
 */

static void channel_tick(struct en_peer *p)
{
    struct en_channel_event ev = {.type = EN_CHANNEL_TICKED,
                                  .now_ms = en_node_now(p->node)};
    struct en_channel_todo todo;

    (void)channel_step(p, &ev, &todo);
}

static void machine_event(struct en_peer *p, bool room)
{
    struct en_sync_event s = {.type = room ? EN_SYNC_ROOM : EN_SYNC_TICKED};
    struct en_join_event j = {.type = room ? EN_JOIN_ROOM : EN_JOIN_TICKED};

    if (p->sync != NULL) {
        drive(p, &s);
    } else if (p->join != NULL) {
        j.now_ms = en_node_now(p->node);
        en_meet_step(p->node, p, &j);
    }
}

static void on_timer(uv_timer_t *t)
{
    struct en_peer *p = t->data;
    uint64_t now = en_node_now(p->node);
    bool again = p->again;

    p->again = false;
    if (p->state == EN_PEER_GONE)
        return;
    if (p->state == EN_PEER_DRAINING) {
        if (now >= p->drain_ms)
            go(p);
        else
            en_peer_flush(p);
        return;
    }
    if (p->state == EN_PEER_DIALING) {
        if (now >= p->channel_ms) {
            report(p, EN_TIMEOUT, false);
            go(p);
        } else {
            arm(p);
        }
        return;
    }
    if (now >= p->channel_ms)
        channel_tick(p);
    if (p->state == EN_PEER_TALKING && now >= p->machine_ms)
        machine_event(p, false);
    if (p->state == EN_PEER_TALKING && again)
        machine_event(p, true);
    en_peer_flush(p);
}

/*
 * Beginning
 */

/* More connections than there can be use for: taken, and closed. */
static void on_refused(uv_handle_t *h)
{
    free(h);
}

static bool refuse(struct en_node *n, uv_stream_t *server)
{
    uv_tcp_t *t = malloc(sizeof(*t));

    if (t == NULL || uv_tcp_init(n->env.loop, t) != 0) {
        free(t);
        return false;
    }
    (void)uv_accept(server, (uv_stream_t *)t);
    uv_close((uv_handle_t *)t, on_refused);
    return true;
}

static bool accepted(struct en_peer *p, uv_stream_t *server)
{
    struct sockaddr_storage from;
    int len = sizeof(from);

    return uv_accept(server, (uv_stream_t *)&p->tcp) == 0 &&
           uv_tcp_getpeername(&p->tcp, (struct sockaddr *)&from, &len) == 0 &&
           en_addr_of_sock((const struct sockaddr *)&from, &p->addr);
}

bool en_peer_accept(struct en_node *n, uv_stream_t *server)
{
    struct en_peer *p = new_peer(n);
    struct en_peer *other;
    uint64_t evict = 0;

    if (p == NULL)
        return refuse(n, server);
    p->state = EN_PEER_TALKING;
    p->id = ++n->next_id;
    if (!accepted(p, server) ||
        !en_gate_enter(&n->gate, p->id, p->addr.ip, en_node_now(n), &evict)) {
        go(p);
        return true;
    }
    p->half_open = true;
    other = evict == 0 ? NULL : en_peer_find(n, evict);
    if (other != NULL) {
        other->half_open = false;
        channel_ends(other, EN_CHANNEL_ENDED, EN_CLOSED);
    }
    if (en_channel_accept(&p->ch, &n->channels, n->env.rng, n->env.trace,
                          en_node_now(n)) != EN_OK)
        go(p);
    else
        start_reading(p);
    return true;
}

static void on_connected(uv_connect_t *c, int status)
{
    struct en_peer *p = c->data;

    if (p->state != EN_PEER_DIALING)
        return;
    if (status < 0) {
        en_trace_line(p->node->env.trace, "peer: no answer, %s",
                      uv_err_name(status));
        report(p, EN_TIMEOUT, false);
        go(p);
        return;
    }
    start_reading(p);
}

static void connect_to(struct en_peer *p)
{
    struct sockaddr_storage to;

    (void)en_addr_to_sock(&p->addr, &to);
    p->state = EN_PEER_DIALING;
    p->connecting.data = p;
    if (uv_tcp_connect(&p->connecting, &p->tcp, (const struct sockaddr *)&to,
                       on_connected) != 0) {
        report(p, EN_TIMEOUT, false);
        go(p);
        return;
    }
    p->channel_ms = en_node_now(p->node) + EN_CHANNEL_HANDSHAKE_MS;
    arm(p);
}

void en_peer_dial(struct en_node *n, uint64_t link, const struct en_dial *d)
{
    struct en_replica *r = en_home_by_cid(n->env.home, &d->cid);
    struct en_node_circle *c = en_node_circle_of(n, &d->cid);
    const struct en_member *m = NULL;
    struct en_peer *p;
    en_err err;

    if (r != NULL && c != NULL)
        m = en_circle_device(en_replica_circle(r), &d->device);
    p = m == NULL || !en_node_linkable(m) ? NULL : new_peer(n);
    if (p == NULL) {
        en_roster_closed(n->roster, link, EN_ABSENT, false, en_node_now(n));
        return;
    }
    p->id = link;
    p->rostered = true;
    p->addr = d->addr;
    p->cid = d->cid;
    p->device = d->device;
    err = en_channel_call(&p->ch, &n->keys[c - n->circle], m->link_pk,
                          n->env.rng, n->env.trace, en_node_now(n));
    if (err != EN_OK) {
        report(p, err, false);
        go(p);
        return;
    }
    connect_to(p);
}

en_err en_peer_join(struct en_node *n, const struct en_addr *addr,
                    const struct en_code *code, uint64_t *id)
{
    struct en_peer *p = new_peer(n);
    en_err err;

    if (p == NULL)
        return EN_NOMEM;
    p->addr = *addr;
    p->id = ++n->next_id;
    err =
        en_channel_join(&p->ch, code, n->env.rng, n->env.trace, en_node_now(n));
    if (err != EN_OK) {
        go(p);
        return err;
    }
    *id = p->id;
    connect_to(p);
    return EN_OK;
}
