#include "sim/world.h"

#include "circle/seal.h"
#include "crypto/hash.h"
#include "lib/memstore.h"
#include "record/checkpoint.h"
#include "replica/replica.h"
#include "sync/channel.h"
#include "sync/sync.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_MAX  (SIM_DEVICES_MAX + 2) /* with clones */
#define LINKS_MAX  64
#define ACKED_MAX  4096
#define EVENTS_MAX 65536
#define SEALS_MAX  65536
#define DIAL_MS    5000

enum kind { BYTES, ENDED, TICK, DIAL, ACT, SETTLE, REVIVE, WALL, MISCHIEF };

struct event {
    uint64_t at, tie;
    enum kind kind;
    unsigned who;    /* node, or link number */
    uint64_t serial; /* of the link or the node's life it is meant for */
    unsigned side;
    uint8_t *bytes;
    size_t n;
};

struct side {
    unsigned node;
    struct en_channel *channel;
    struct en_sync *sync;
    struct en_id peer;
    uint64_t arrives; /* when what was sent last arrives: streams keep order */
    uint64_t wake;
    bool ended;
};

struct link {
    bool used;
    bool stranger; /* side[0] is no device of ours */
    uint64_t serial;
    struct side side[2]; /* 0 called */
    uint64_t cut_after;  /* bytes, 0: never */
    uint64_t carried;
    bool broken;
};

struct node {
    bool used, alive, joined, twin, suspect;
    bool wrote;      /* since it was copied */
    unsigned device; /* whose keys */
    uint64_t life;   /* rises with every revival */
    uint64_t draws;  /* of its rng's seed */
    struct en_rng_seeded rng;
    struct memstore *store;
    struct memstore *old; /* a copy for SIM_BACK */
    struct en_replica *r;
    struct en_channel_circle circle;
    struct en_channel_home home;
    unsigned items; /* told by the replica in this life */
    bool settle_asked;
    uint64_t epoch_at;    /* when a member may make an epoch */
    uint64_t alone_until; /* reaches nobody before */
};

struct seal_seen { /* (epoch, nonce) -> payload hash */
    uint8_t nonce[40];
    uint8_t hash[32];
};

struct acked {
    struct en_id record;
    unsigned node;
};

struct world {
    struct sim_plan plan;
    struct sim_result *out;
    uint64_t now, ties, serials;
    uint64_t draws[16];
    struct event *heap;
    size_t events;
    struct node node[NODES_MAX];
    unsigned nodes;
    struct link link[LINKS_MAX];
    struct acked *acked;
    size_t nacked;
    struct seal_seen *seal;
    size_t seals;
    uint8_t apart; /* bit per node: the side of the partition it is on */
    bool wall;
    struct en_id cid;
    bool failed;
    uint8_t *recorded; /* a stream to be replayed */
    size_t recorded_n;
};

static void lead_on(struct world *w);

/* -- decisions ------------------------------------------------------------------ */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ull;
    return x ^ x >> 33;
}

enum stream { S_PLAN, S_NET, S_ACT, S_CRASH, S_MISCHIEF, S_DIAL, S_STORE };

static uint64_t draw(struct world *w, enum stream s, uint64_t who)
{
    uint64_t n = w->draws[s]++;

    return mix(w->plan.seed ^ mix((uint64_t)s << 56 ^ who << 40 ^ n));
}

static uint64_t below(struct world *w, enum stream s, uint64_t who, uint64_t n)
{
    return n == 0 ? 0 : draw(w, s, who) % n;
}

static void trace(struct world *w, uint64_t a, uint64_t b)
{
    w->out->trace =
        mix(w->out->trace ^ mix(w->now + a * 0x9e3779b97f4a7c15ull) ^ b);
}

static void violated(struct world *w, const char *what, unsigned node)
{
    if (w->failed)
        return;
    w->failed = true;
    snprintf(w->out->why, sizeof(w->out->why),
             "%s (node %u, at %" PRIu64 " ms, seed %" PRIu64 ")", what, node,
             w->now, w->plan.seed);
}

static bool has(const struct world *w, enum sim_fault f)
{
    return (w->plan.faults & f) != 0 && w->now < w->plan.trouble_ms;
}

void sim_plan(struct sim_plan *p, uint64_t seed)
{
    struct world w = {.plan = {.seed = seed}};

    *p = (struct sim_plan){
        .seed = seed, .trouble_ms = 600000, .calm_ms = 1800000};
    p->devices = 3 + (unsigned)below(&w, S_PLAN, 0, 4);
    p->acts = 20 + (unsigned)below(&w, S_PLAN, 1, 60);
    for (unsigned i = 0; i < SIM_FAULTS; i++)
        if (below(&w, S_PLAN, 2 + i, 2) == 0)
            p->faults |= 1u << i;
    /* Rare ones are rarer, so that they are also seen alone. */
    if (below(&w, S_PLAN, 40, 3) != 0)
        p->faults &= ~(unsigned)SIM_CLONE;
    if (below(&w, S_PLAN, 41, 3) != 0)
        p->faults &= ~(unsigned)SIM_BACK;
}

/* -- time ------------------------------------------------------------------------ */

static bool before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->tie < b->tie;
}

static void push(struct world *w, struct event ev)
{
    size_t i = w->events;

    if (w->events == EVENTS_MAX) {
        violated(w, "too many events waiting: a message loop", 0);
        free(ev.bytes);
        return;
    }
    ev.tie = w->ties++;
    w->heap[w->events++] = ev;
    while (i > 0 && before(&w->heap[i], &w->heap[(i - 1) / 2])) {
        struct event t = w->heap[i];

        w->heap[i] = w->heap[(i - 1) / 2];
        w->heap[(i - 1) / 2] = t;
        i = (i - 1) / 2;
    }
}

static struct event pop(struct world *w)
{
    struct event top = w->heap[0];
    size_t i = 0;

    w->heap[0] = w->heap[--w->events];
    for (;;) {
        size_t c = 2 * i + 1;
        struct event t;

        if (c >= w->events)
            return top;
        if (c + 1 < w->events && before(&w->heap[c + 1], &w->heap[c]))
            c++;
        if (!before(&w->heap[c], &w->heap[i]))
            return top;
        t = w->heap[i];
        w->heap[i] = w->heap[c];
        w->heap[c] = t;
        i = c;
    }
}

static void later(struct world *w, uint64_t ms, enum kind kind, unsigned who,
                  uint64_t serial)
{
    push(w, (struct event){
                .at = w->now + ms, .kind = kind, .who = who, .serial = serial});
}

/* -- nodes ----------------------------------------------------------------------- */

static void on_item(void *user, const struct en_item *item)
{
    struct node *n = user;

    n->items += item->content.n > 0;
}

static bool knows(void *user, size_t i, const uint8_t link_pk[32])
{
    struct node *n = user;
    const struct en_circle *c = en_replica_circle(n->r);

    (void)i;
    for (size_t k = 0; k < en_circle_members(c); k++) {
        const struct en_member *m = en_circle_member(c, k);

        if (m->active && (m->flags & (EN_CERT_KIT | EN_CERT_ROOT)) == 0 &&
            memcmp(m->link_pk, link_pk, 32) == 0)
            return true;
    }
    return false;
}

static struct en_replica_env env_of(struct node *n)
{
    return (struct en_replica_env){.store = memstore_store(n->store),
                                   .rng = &n->rng.rng,
                                   .item = on_item,
                                   .user = n};
}

static void know_circle(struct node *n)
{
    struct en_key find = {0};

    n->circle.cid = *en_replica_cid(n->r);
    (void)en_replica_link_keys(n->r, &n->circle.link, &find,
                               &n->circle.netsecret);
    n->home = (struct en_channel_home){
        .circle = &n->circle, .n = 1, .knows = knows, .user = n};
}

static void free_side(struct side *s)
{
    en_sync_free(s->sync);
    en_channel_free(s->channel);
    s->sync = NULL;
    s->channel = NULL;
}

/* One end is gone: the other hears of it, late. */
static void end_side(struct world *w, unsigned l, unsigned side)
{
    struct link *link = &w->link[l];

    if (link->side[side].ended)
        return;
    link->side[side].ended = true;
    free_side(&link->side[side]);
    if (!link->side[1 - side].ended) {
        uint64_t at = link->side[1 - side].arrives;

        if (at < w->now)
            at = w->now;
        push(w, (struct event){.at = at + 1,
                               .kind = ENDED,
                               .who = l,
                               .serial = link->serial,
                               .side = 1 - side});
    } else {
        link->used = false;
    }
}

static void die(struct world *w, unsigned n)
{
    struct node *node = &w->node[n];

    if (!node->alive)
        return;
    node->alive = false;
    node->life++;
    for (unsigned l = 0; l < LINKS_MAX; l++)
        for (unsigned s = 0; s < 2; s++)
            if (w->link[l].used && !w->link[l].side[s].ended &&
                w->link[l].side[s].channel != NULL &&
                w->link[l].side[s].node == n &&
                !(w->link[l].stranger && s == 0))
                end_side(w, l, s);
    en_replica_close(node->r);
    node->r = NULL;
    w->out->crashes++;
    trace(w, 1, n);
    later(w, 1000 + below(w, S_CRASH, n, 60000), REVIVE, n, node->life);
}

static void settle_soon(struct world *w, unsigned n)
{
    if (w->node[n].settle_asked)
        return;
    w->node[n].settle_asked = true;
    later(w, 1, SETTLE, n, w->node[n].life);
}

static void changed(struct world *w, unsigned n);

static void settle(struct world *w, unsigned n)
{
    struct node *node = &w->node[n];
    struct en_epoch_info e;
    const struct en_member *me;
    bool may = false;
    bool did;
    en_err err;

    node->settle_asked = false;
    me = en_circle_device(en_replica_circle(node->r),
                          en_replica_device(node->r));
    if (me != NULL && me->cls == EN_CLASS_MEMBER &&
        en_circle_choice(en_replica_circle(node->r), &e) == EN_ABSENT) {
        if (node->epoch_at == 0) {
            node->epoch_at = w->now + below(w, S_DIAL, n, 20000);
            later(w, node->epoch_at - w->now, SETTLE, n, node->life);
        }
        may = w->now >= node->epoch_at;
    } else {
        node->epoch_at = 0;
    }
    err = en_replica_settle(node->r, may, &did);
    if (err == EN_IO) {
        die(w, n);
        return;
    }
    if (err != EN_OK && err != EN_MOVED && err != EN_FULL)
        violated(w, "settle failed", n);
    if (did)
        changed(w, n);
}

static void revive(struct world *w, unsigned n)
{
    struct node *node = &w->node[n];
    struct en_replica_env env = env_of(node);
    en_err err;

    node->items = 0;
    node->settle_asked = false;
    node->epoch_at = 0;
    /* Fresh randomness every life; a twin draws the same: a dead source. */
    en_rng_seed(&node->rng, mix(w->plan.seed ^ node->device << 8) +
                                (node->twin ? 0 : node->draws++));
    memstore_fail(node->store, 0, EN_OK, false, false);
    err = en_replica_open(&node->r, &env, &w->cid);
    if (err != EN_OK) {
        violated(w, "a store that was acknowledged does not open", n);
        return;
    }
    node->alive = true;
    know_circle(node);
    settle_soon(w, n);
    trace(w, 2, n);
}

/* -- the wire -------------------------------------------------------------------- */

static unsigned wall_side(const struct world *w, unsigned n)
{
    return w->apart >> n & 1;
}

/* Some pairs never meet, in the calm either; neighbours always do in the end. */
static bool strangers_for_ever(const struct world *w, unsigned a, unsigned b)
{
    unsigned lo = a < b ? a : b;
    unsigned hi = a < b ? b : a;

    return (w->plan.faults & SIM_NEVER) != 0 && hi - lo > 1 &&
           mix(w->plan.seed ^ mix(lo * 64 + hi)) % 2 == 0;
}

static bool reaches(const struct world *w, unsigned a, unsigned b)
{
    if (strangers_for_ever(w, a, b) || w->node[a].alone_until > w->now ||
        w->node[b].alone_until > w->now)
        return false;
    return !w->wall || wall_side(w, a) == wall_side(w, b);
}

/* Hands bytes to the network: they arrive in order, some time later, perhaps in
 * pieces, perhaps changed, perhaps not at all. */
static void carry(struct world *w, unsigned l, unsigned side,
                  const uint8_t *bytes, size_t n)
{
    struct link *link = &w->link[l];
    struct side *to = &link->side[1 - side];
    uint64_t delay = 1 + below(w, S_NET, l, 20);
    size_t at = 0;

    if (has(w, SIM_SLOW) && below(w, S_NET, l, 20) == 0)
        delay += below(w, S_NET, l, 20000);
    if (link->broken || to->ended)
        return;
    if (link->cut_after != 0 && link->carried + n >= link->cut_after) {
        n = link->carried < link->cut_after
                ? (size_t)(link->cut_after - link->carried)
                : 0;
        link->broken = true;
        w->out->cuts++;
    }
    link->carried += n;
    w->out->bytes += n;
    if (to->arrives < w->now + delay)
        to->arrives = w->now + delay;
    while (at < n) {
        size_t piece = n - at;
        struct event ev = {
            .kind = BYTES, .who = l, .serial = link->serial, .side = 1 - side};

        if (has(w, SIM_PIECES) && piece > 1)
            piece = 1 + below(w, S_NET, l, piece < 4000 ? piece : 4000);
        ev.bytes = malloc(piece);
        ev.n = piece;
        memcpy(ev.bytes, bytes + at, piece);
        if (has(w, SIM_FLIP) && below(w, S_NET, l, 400) == 0)
            ev.bytes[below(w, S_NET, l, piece)] ^=
                (uint8_t)(1u << below(w, S_NET, l, 8));
        ev.at = to->arrives;
        if (has(w, SIM_PIECES))
            to->arrives += below(w, S_NET, l, 5);
        push(w, ev);
        at += piece;
    }
    if (link->broken)
        for (unsigned s = 0; s < 2; s++)
            push(w, (struct event){.at = link->side[s].arrives > w->now
                                             ? link->side[s].arrives + 1
                                             : w->now + 1,
                                   .kind = ENDED,
                                   .who = l,
                                   .serial = link->serial,
                                   .side = s});
}

static void flush(struct world *w, unsigned l, unsigned side)
{
    struct side *s = &w->link[l].side[side];
    struct en_span out;

    while (s->channel != NULL &&
           en_channel_out(s->channel, w->now, &out) == EN_OK && out.n > 0) {
        size_t n = out.n;

        if (w->recorded == NULL && n > 90 && side == 0) {
            w->recorded = malloc(n);
            memcpy(w->recorded, out.p, n);
            w->recorded_n = n;
        }
        carry(w, l, side, out.p, n);
        en_channel_wrote(s->channel, n, w->now);
    }
}

/* -- one side of one link ---------------------------------------------------------- */

/* What a failing disk means: the process cannot go on. */
static bool disk(struct world *w, unsigned n, en_err err)
{
    if (err != EN_IO)
        return true;
    die(w, n);
    return false;
}

static const struct en_member *peer_of(struct node *node, struct side *s,
                                       const struct en_id16 *dev16)
{
    const struct en_member *m =
        en_circle_dev16(en_replica_circle(node->r), dev16);

    if (m == NULL || !m->active ||
        memcmp(m->link_pk, en_channel_peer(s->channel), 32) != 0)
        return NULL;
    return m;
}

struct answer {
    struct en_frontier tips;
    struct en_buf body;
    uint64_t seq[EN_MISS_MAX];
};

static bool answer(struct world *w, unsigned l, unsigned side,
                   const struct en_sync_todo *todo, struct en_sync_event *ev,
                   struct answer *a)
{
    struct side *s = &w->link[l].side[side];
    unsigned n = s->node;
    struct node *node = &w->node[n];
    const struct en_member *m;
    struct en_ingest in;
    bool lacking;

    *ev = (struct en_sync_event){.now_ms = w->now};
    en_buf_clear(&a->body);
    en_frontier_free(&a->tips);
    switch (todo->ask) {
    case EN_SYNC_WHO:
        ev->type = EN_SYNC_KNOWN;
        m = peer_of(node, s, &todo->dev16);
        ev->err = m != NULL ? en_replica_frontier(node->r, false, &a->tips)
                            : EN_DENIED;
        ev->tips = &a->tips;
        if (m != NULL) {
            ev->device = m->device;
            s->peer = m->device;
        }
        return true;
    case EN_SYNC_COMPARE:
        ev->type = EN_SYNC_COMPARED;
        ev->err = en_replica_compare(node->r, todo->theirs, &lacking);
        for (size_t i = 0; ev->err == EN_OK && i < todo->theirs->n; i++)
            ev->err = en_replica_done(node->r, &s->peer, &todo->theirs->tip[i]);
        return true;
    case EN_SYNC_FRONTIER:
        ev->type = EN_SYNC_TIPS;
        ev->err = en_replica_frontier(node->r, false, &a->tips);
        ev->tips = &a->tips;
        return true;
    case EN_SYNC_STORE:
        ev->type = EN_SYNC_STORED;
        ev->err = en_replica_ingest(node->r, todo->body, &in);
        if (!disk(w, n, ev->err))
            return false;
        ev->tip = in.tip;
        ev->stored = in.what == EN_RUN_STORED  ? EN_SYNC_STORED_NEW
                     : in.what == EN_RUN_KNOWN ? EN_SYNC_STORED_KNOWN
                     : in.what == EN_RUN_LATER ? EN_SYNC_STORED_LATER
                                               : EN_SYNC_STORED_FORK;
        if (ev->err == EN_OK && in.what == EN_RUN_STORED) {
            settle_soon(w, n);
            changed(w, n);
        }
        if (ev->err == EN_FORGED || ev->err == EN_PROTOCOL)
            violated(w, "an honest relay was rejected", n);
        return true;
    case EN_SYNC_NEXT:
        ev->type = EN_SYNC_RUN;
        ev->err =
            en_replica_next(node->r, todo->theirs, todo->observer, &a->body);
        ev->body = en_buf_span(&a->body);
        return true;
    case EN_SYNC_MISSING:
        ev->type = EN_SYNC_LACKING;
        ev->log = todo->log;
        ev->err =
            en_replica_missing(node->r, &ev->log, a->seq, EN_MISS_MAX, &ev->n);
        ev->seq = a->seq;
        if (ev->err == EN_OK && ev->n == 0)
            ev->err = EN_ABSENT;
        return true;
    case EN_SYNC_PAY_FOR:
        ev->type = EN_SYNC_PAYLOAD;
        ev->err = en_replica_payload(node->r, &todo->log, todo->seq, &a->body);
        ev->body = en_buf_span(&a->body);
        return true;
    case EN_SYNC_TAKE_PAY:
        ev->type = EN_SYNC_PAID;
        ev->err = en_replica_pay(node->r, &todo->log, todo->seq, todo->body);
        return disk(w, n, ev->err);
    case EN_SYNC_ID_AT:
        ev->type = EN_SYNC_ID;
        ev->err = en_replica_id_at(node->r, &todo->log, todo->seq, &ev->tip.id);
        return true;
    case EN_SYNC_BRANCH_AT:
        ev->type = EN_SYNC_BRANCH;
        ev->err = en_replica_run_at(node->r, &todo->log, todo->seq, &a->body);
        ev->body = en_buf_span(&a->body);
        return true;
    case EN_SYNC_NOTHING: break;
    }
    return false;
}

/* Steps the sync machine with an event and answers until it asks no more. */
static void sync_step(struct world *w, unsigned l, unsigned side,
                      struct en_sync_event ev)
{
    struct side *s = &w->link[l].side[side];
    struct answer a = {.body = {.max = EN_MESSAGE_MAX}};
    uint64_t serial = w->link[l].serial;

    ev.now_ms = w->now;
    ev.time_ms = 1700000000000 + w->now;
    while (s->sync != NULL && w->link[l].serial == serial) {
        struct en_sync_todo todo;
        en_err err = en_sync_step(s->sync, &ev, &todo);

        if (todo.done && w->node[s->node].alive)
            (void)en_replica_done(w->node[s->node].r, &s->peer, &todo.tip);
        if (todo.fork)
            w->out->forks_seen++;
        if (err != EN_OK || todo.close) {
            flush(w, l, side);
            end_side(w, l, side);
            break;
        }
        if (todo.ask == EN_SYNC_NOTHING)
            break;
        if (!answer(w, l, side, &todo, &ev, &a))
            break;
    }
    en_buf_free(&a.body);
    en_frontier_free(&a.tips);
    if (s->channel != NULL)
        flush(w, l, side);
}

static void opened(struct world *w, unsigned l, unsigned side)
{
    struct side *s = &w->link[l].side[side];
    struct node *node = &w->node[s->node];
    struct en_sync_event ev = {.type = EN_SYNC_STARTED};
    struct en_frontier tips = {0};
    const struct en_circle *c = en_replica_circle(node->r);

    if (en_sync_new(&s->sync, &w->cid, en_replica_device(node->r), side == 0,
                    en_channel_carrier(s->channel), NULL) != EN_OK)
        abort();
    if (side == 0) {
        for (size_t i = 0; i < en_circle_members(c); i++)
            if (memcmp(en_circle_member(c, i)->link_pk,
                       en_channel_peer(s->channel), 32) == 0)
                s->peer = en_circle_member(c, i)->device;
        ev.device = s->peer;
        (void)en_replica_frontier(node->r, false, &tips);
        ev.tips = &tips;
    }
    sync_step(w, l, side, ev);
    en_frontier_free(&tips);
}

static void channel_step(struct world *w, unsigned l, unsigned side,
                         struct en_channel_event ev)
{
    struct side *s = &w->link[l].side[side];
    uint64_t serial = w->link[l].serial;

    ev.now_ms = w->now;
    for (;;) {
        struct en_channel_todo todo;
        en_err err = en_channel_step(s->channel, &ev, &todo);

        ev.bytes.p += todo.used;
        ev.bytes.n -= todo.used;
        if (en_channel_memory(s->channel) > EN_CHANNEL_MEMORY_MAX)
            violated(w, "a connection is over its memory", s->node);
        if (todo.opened)
            opened(w, l, side);
        if (s->channel == NULL || w->link[l].serial != serial)
            return;
        if (todo.message && s->sync != NULL)
            sync_step(w, l, side,
                      (struct en_sync_event){.type = EN_SYNC_RECEIVED,
                                             .message = todo.type,
                                             .body = todo.body});
        if (s->channel == NULL || w->link[l].serial != serial)
            return;
        if (err != EN_OK || todo.close) {
            flush(w, l, side);
            end_side(w, l, side);
            return;
        }
        flush(w, l, side);
        if (todo.wake_ms != UINT64_MAX && todo.wake_ms != s->wake &&
            todo.wake_ms > w->now) {
            s->wake = todo.wake_ms;
            push(w, (struct event){.at = s->wake,
                                   .kind = TICK,
                                   .who = l,
                                   .serial = serial,
                                   .side = side});
        }
        if (ev.type != EN_CHANNEL_BYTES || (ev.bytes.n == 0 && !todo.message))
            return;
    }
}

static void changed(struct world *w, unsigned n)
{
    for (unsigned l = 0; l < LINKS_MAX; l++)
        for (unsigned s = 0; s < 2; s++) {
            struct link *link = &w->link[l];

            if (!link->used || link->side[s].ended ||
                link->side[s].sync == NULL || link->side[s].node != n)
                continue;
            push(w, (struct event){.at = w->now + 1,
                                   .kind = WALL,
                                   .who = l,
                                   .serial = link->serial,
                                   .side = s});
        }
}

/* -- links ------------------------------------------------------------------------ */

static unsigned free_link(struct world *w)
{
    for (unsigned l = 0; l < LINKS_MAX; l++)
        if (!w->link[l].used)
            return l;
    return LINKS_MAX;
}

static bool linked(const struct world *w, unsigned a, unsigned b)
{
    for (unsigned l = 0; l < LINKS_MAX; l++) {
        const struct link *k = &w->link[l];

        if (k->used && !k->stranger && k->side[0].node == a &&
            k->side[1].node == b)
            return true;
    }
    return false;
}

static void dial(struct world *w, unsigned a, unsigned b)
{
    unsigned l = free_link(w);
    struct link *link;
    const struct en_circle *c = en_replica_circle(w->node[a].r);
    const struct en_member *m;

    if (l == LINKS_MAX || linked(w, a, b) || !w->node[b].alive ||
        !reaches(w, a, b))
        return;
    m = en_circle_device(c, en_replica_device(w->node[b].r));
    if (m == NULL)
        return;
    link = &w->link[l];
    *link = (struct link){.used = true, .serial = ++w->serials};
    link->side[0].node = a;
    link->side[1].node = b;
    if (has(w, SIM_CUT) && below(w, S_NET, a, 3) == 0)
        link->cut_after = 1 + below(w, S_NET, a, 6000);
    if (en_channel_call(&link->side[0].channel, &w->node[a].circle, m->link_pk,
                        &w->node[a].rng.rng, NULL, w->now) != EN_OK ||
        en_channel_accept(&link->side[1].channel, &w->node[b].home,
                          &w->node[b].rng.rng, NULL, w->now) != EN_OK)
        abort();
    flush(w, l, 1);
    for (unsigned s = 0; s < 2; s++)
        channel_step(w, l, s,
                     (struct en_channel_event){.type = EN_CHANNEL_TICKED});
}

/* A stranger: garbage, a recorded stream again, or many connections at once. */
static void stranger(struct world *w, unsigned n)
{
    unsigned l = free_link(w);
    struct link *link;
    uint8_t junk[300];
    size_t len = 1 + below(w, S_MISCHIEF, n, sizeof(junk));

    if (l == LINKS_MAX || !w->node[n].alive)
        return;
    link = &w->link[l];
    *link =
        (struct link){.used = true, .stranger = true, .serial = ++w->serials};
    link->side[0].node = n;
    link->side[1].node = n;
    if (en_channel_accept(&link->side[1].channel, &w->node[n].home,
                          &w->node[n].rng.rng, NULL, w->now) != EN_OK)
        abort();
    channel_step(w, l, 1, (struct en_channel_event){.type = EN_CHANNEL_TICKED});
    w->out->strangers++;
    if (w->recorded != NULL && below(w, S_MISCHIEF, n, 2) == 0) {
        carry(w, l, 0, w->recorded, w->recorded_n);
        return;
    }
    for (size_t i = 0; i < len; i++)
        junk[i] = (uint8_t)draw(w, S_MISCHIEF, n);
    if (below(w, S_MISCHIEF, n, 2) == 0) {
        junk[0] = 0;
        junk[1] = 96;
    }
    carry(w, l, 0, junk, len);
}

/* -- what people do ---------------------------------------------------------------- */

static void acknowledge(struct world *w, unsigned n, const struct en_id *record)
{
    if (w->nacked == ACKED_MAX)
        return;
    w->acked[w->nacked++] = (struct acked){.record = *record, .node = n};
    w->out->acknowledged++;
}

static void write_line(struct world *w, unsigned n)
{
    struct node *node = &w->node[n];
    char text[600];
    size_t len = 1 + below(w, S_ACT, n, sizeof(text) - 40);
    struct en_append a = {.type = 1};
    struct en_id id;
    en_err err;

    memset(text, 'a' + (int)(n % 26), sizeof(text));
    snprintf(text, 40, "%u:%" PRIu64 ":%" PRIu64, n, w->now, draw(w, S_ACT, n));
    a.content = EN_SPAN((const uint8_t *)text, len > 40 ? len : 40);
    if (has(w, SIM_FULL) && below(w, S_STORE, n, 8) == 0)
        memstore_fail(node->store, (unsigned)below(w, S_STORE, n, 2),
                      below(w, S_STORE, n, 2) == 0 ? EN_IO : EN_FULL, false,
                      false);
    err = en_replica_append(node->r, &a, 1, NULL, &id, NULL);
    trace(w, 3, (uint64_t)err);
    if (err == EN_OK) {
        node->wrote = node->suspect;
        acknowledge(w, n, &id);
        changed(w, n);
    } else if (err == EN_IO) {
        die(w, n);
    } else if (err != EN_FULL && err != EN_LATER && err != EN_MOVED) {
        violated(w, "an act failed", n);
    } else if (err == EN_MOVED) {
        node->suspect = true;
        w->out->old_copies++;
    }
}

/* A new person, admitted by the first device, as a join would carry it. */
static bool admit(struct world *w, unsigned n, unsigned sponsor)
{
    struct node *node = &w->node[n];
    struct en_guest *g = NULL;
    struct en_replica_env env;
    struct en_frontier f = {0};
    struct en_buf body = {0};
    uint8_t cert[EN_CERT_LEN];
    uint8_t sig[64];
    struct en_key sign;
    char name[16];
    struct en_join_request req = {.cert = EN_SPAN_OF(cert),
                                  .cert_sig = EN_SPAN_OF(sig),
                                  .cls = n % 3 == 1 ? EN_CLASS_FACILITATOR
                                                    : EN_CLASS_MEMBER};
    en_err err;

    *node = (struct node){.used = true, .device = n};
    node->store = memstore_new();
    en_rng_seed(&node->rng,
                mix(w->plan.seed ^ (uint64_t)n << 8) + node->draws++);
    env = env_of(node);
    snprintf(name, sizeof(name), "p%u", n);
    req.person_label = en_span_str(name);
    req.device_label = en_span_str("ordinateur");
    err = en_guest_new(&g);
    for (int round = 0; err == EN_OK && round < 2; round++) {
        while (err == EN_OK &&
               en_replica_next(w->node[sponsor].r, &f, true, &body) == EN_OK) {
            err = en_guest_ingest(g, en_buf_span(&body));
            en_buf_clear(&body);
        }
        if (err != EN_OK || round == 1)
            break;
        err = en_guest_keys(g, &env, 0, cert, sig, &sign);
        if (err == EN_OK)
            err = en_replica_admit(w->node[sponsor].r, &req, NULL);
    }
    if (err == EN_OK)
        err = en_guest_adopt(g, &env, &w->node[sponsor].circle.netsecret,
                             &node->r);
    en_guest_free(g);
    en_frontier_free(&f);
    en_buf_free(&body);
    if (err != EN_OK) {
        memstore_free(node->store);
        *node = (struct node){0};
        return false;
    }
    node->alive = true;
    node->joined = true;
    know_circle(node);
    w->out->joined++;
    trace(w, 4, n);
    changed(w, sponsor);
    settle_soon(w, n);
    for (unsigned i = 0; i < w->nodes; i++)
        later(w, 1 + below(w, S_DIAL, n, DIAL_MS), DIAL, n, node->life);
    return true;
}

/* who: 0 anybody, else node who - 1 writes. */
static void act(struct world *w, unsigned who)
{
    unsigned n = (unsigned)below(w, S_ACT, 0, w->nodes);

    if (who > 0) {
        if (w->node[who - 1].alive)
            write_line(w, who - 1);
        return;
    }

    if (w->nodes < w->plan.devices && below(w, S_ACT, 1, 4) == 0 &&
        w->node[0].alive && en_replica_signs(w->node[0].r)) {
        if (admit(w, w->nodes, 0))
            w->nodes++;
        else if (!has(w, SIM_FULL))
            violated(w, "an invitation failed", w->nodes);
        return;
    }
    if (w->node[n].alive)
        write_line(w, n);
}

/* -- mischief ---------------------------------------------------------------------- */

static void clone(struct world *w, unsigned n)
{
    struct node *twin = &w->node[w->nodes];

    if (w->nodes >= NODES_MAX || w->out->clones > 0 || n == 0 ||
        !w->node[n].alive)
        return;
    *twin = (struct node){.used = true,
                          .twin = true,
                          .suspect = true,
                          .device = w->node[n].device,
                          .draws = w->node[n].draws};
    twin->store = memstore_clone(w->node[n].store);
    w->node[n].suspect = true;
    w->out->clones++;
    trace(w, 5, n);
    revive(w, w->nodes);
    /* Both go on for a while without meeting anybody. */
    twin->alone_until = w->now + below(w, S_MISCHIEF, n, 60000);
    w->node[n].alone_until = w->now + below(w, S_MISCHIEF, n, 60000);
    later(w, 1 + below(w, S_MISCHIEF, n, 20000), ACT, n + 1, 0);
    later(w, 1 + below(w, S_MISCHIEF, n, 20000), ACT, w->nodes + 1, 0);
    later(w, 1 + below(w, S_DIAL, n, DIAL_MS), DIAL, w->nodes, twin->life);
    w->nodes++;
}

static void put_back(struct world *w, unsigned n)
{
    struct node *node = &w->node[n];

    if (node->old == NULL) {
        node->old = memstore_clone(node->store);
        return;
    }
    if (!node->alive || n == 0)
        return;
    die(w, n);
    memstore_free(node->store);
    node->store = node->old;
    node->old = NULL;
    node->suspect = true;
    trace(w, 6, n);
}

static void mischief(struct world *w)
{
    unsigned n = (unsigned)below(w, S_MISCHIEF, 0, w->nodes);

    if (has(w, SIM_CRASH) && below(w, S_MISCHIEF, 1, 6) == 0)
        die(w, n);
    if (has(w, SIM_STRANGER) && below(w, S_MISCHIEF, 2, 3) == 0)
        stranger(w, n);
    if (has(w, SIM_CLONE) && below(w, S_MISCHIEF, 3, 5) == 0)
        clone(w, n);
    if (has(w, SIM_BACK) && below(w, S_MISCHIEF, 4, 12) == 0)
        put_back(w, n);
    if (has(w, SIM_PARTITION) && below(w, S_MISCHIEF, 5, 6) == 0) {
        w->wall = !w->wall;
        w->apart = (uint8_t)draw(w, S_MISCHIEF, 6);
        for (unsigned l = 0; w->wall && l < LINKS_MAX; l++)
            if (w->link[l].used && !w->link[l].broken &&
                !reaches(w, w->link[l].side[0].node, w->link[l].side[1].node)) {
                w->link[l].broken = true;
                for (unsigned s = 0; s < 2; s++)
                    push(w, (struct event){.at = w->now + 200000,
                                           .kind = ENDED,
                                           .who = l,
                                           .serial = w->link[l].serial,
                                           .side = s});
            }
    }
}

/* -- the loop ---------------------------------------------------------------------- */

static void dials(struct world *w, unsigned n)
{
    for (unsigned b = 0; b < w->nodes; b++) {
        if (b == n || !w->node[b].alive || !w->node[n].alive ||
            w->node[b].device == w->node[n].device)
            continue;
        if (en_id_cmp(en_replica_device(w->node[n].r),
                      en_replica_device(w->node[b].r)) < 0)
            dial(w, n, b);
    }
    later(w, DIAL_MS + below(w, S_DIAL, n, DIAL_MS), DIAL, n, w->node[n].life);
}

static void handle(struct world *w, struct event *ev)
{
    struct link *link = &w->link[ev->who < LINKS_MAX ? ev->who : 0];
    bool live = ev->who < LINKS_MAX && link->used &&
                link->serial == ev->serial && !link->side[ev->side].ended &&
                link->side[ev->side].channel != NULL;

    switch (ev->kind) {
    case BYTES:
        if (live)
            channel_step(
                w, ev->who, ev->side,
                (struct en_channel_event){.type = EN_CHANNEL_BYTES,
                                          .bytes = EN_SPAN(ev->bytes, ev->n)});
        break;
    case ENDED:
        if (live && link->side[ev->side].sync != NULL)
            sync_step(w, ev->who, ev->side,
                      (struct en_sync_event){.type = EN_SYNC_ENDED});
        if (link->used && link->serial == ev->serial)
            end_side(w, ev->who, ev->side);
        break;
    case TICK:
        if (live) {
            link->side[ev->side].wake = 0;
            channel_step(w, ev->who, ev->side,
                         (struct en_channel_event){.type = EN_CHANNEL_TICKED});
        }
        if (live && link->serial == ev->serial &&
            link->side[ev->side].sync != NULL)
            sync_step(w, ev->who, ev->side,
                      (struct en_sync_event){.type = EN_SYNC_TICKED});
        break;
    case WALL: /* something new here, or room */
        if (live && link->side[ev->side].sync != NULL)
            sync_step(w, ev->who, ev->side,
                      (struct en_sync_event){.type = EN_SYNC_CHANGED});
        break;
    case DIAL:
        if (w->node[ev->who].used)
            dials(w, ev->who);
        break;
    case ACT: act(w, ev->who); break;
    case SETTLE:
        if (w->node[ev->who].alive && w->node[ev->who].life == ev->serial)
            settle(w, ev->who);
        break;
    case REVIVE:
        if (w->node[ev->who].used && !w->node[ev->who].alive)
            revive(w, ev->who);
        break;
    case MISCHIEF:
        mischief(w);
        if (w->now < w->plan.trouble_ms)
            later(w, 1000 + below(w, S_MISCHIEF, 9, 20000), MISCHIEF, 0, 0);
        break;
    }
}

/* -- what must hold ------------------------------------------------------------------ */

struct seen_seals {
    struct world *w;
    unsigned node;
};

static en_err note_seal(void *user, const struct en_stored *rec)
{
    struct seen_seals *x = user;
    struct world *w = x->w;
    struct seal_seen s;

    if (rec->header[1] != EN_JOURNAL)
        return EN_OK;
    memcpy(s.nonce, rec->header + EN_HEADER_EPOCH_AT, 16);
    memcpy(s.nonce + 16, rec->header + EN_HEADER_NONCE_AT, 24);
    memcpy(s.hash, rec->header + EN_HEADER_HASH_AT, 32);
    for (size_t i = 0; i < w->seals; i++)
        if (memcmp(w->seal[i].nonce, s.nonce, 40) == 0) {
            if (memcmp(w->seal[i].hash, s.hash, 32) != 0)
                violated(w, "a nonce sealed two plaintexts", x->node);
            return EN_OK;
        }
    if (w->seals < SEALS_MAX)
        w->seal[w->seals++] = s;
    return EN_OK;
}

static en_err check_head(void *user, const struct en_head *h)
{
    struct seen_seals *x = user;
    struct node *node = &x->w->node[x->node];
    struct en_id16 log16 = en_id_short(&h->log);
    struct en_checkpoint cp = {.log = h->log, .seq = h->count - 1, .id = h->id};
    const struct en_signer *signer;
    struct en_id log;
    struct en_id device;
    uint8_t kind;

    memcpy(cp.sig, h->sig, 64);
    signer = en_circle_signer(en_replica_circle(node->r), &log16, &log, &device,
                              &kind);
    if (signer == NULL ||
        en_checkpoint_verify(&cp, en_signer_control(signer, cp.seq)) != EN_OK)
        violated(x->w, "a stored log does not end at a verified checkpoint",
                 x->node);
    return EN_OK;
}

struct visible {
    uint64_t sum;
    unsigned n;
};

static en_err see(void *user, const struct en_item *item)
{
    struct visible *v = user;

    v->sum += mix(en_get_u64(item->record.b) ^ item->content.n);
    v->n++;
    return EN_OK;
}

/* Every log of a store, one after the other: a callback may not scan. */
struct logs {
    struct en_id id[2 * NODES_MAX + 4];
    size_t n;
};

static en_err collect(void *user, const struct en_head *h)
{
    struct logs *l = user;

    if (l->n < sizeof(l->id) / sizeof(l->id[0]))
        l->id[l->n++] = h->log;
    return EN_OK;
}

static void scan_seals(struct seen_seals *x)
{
    struct en_store *store = memstore_store(x->w->node[x->node].store);
    struct logs l = {.n = 0};

    (void)en_store_frontier(store, &x->w->cid, collect, &l);
    for (size_t i = 0; i < l.n; i++)
        (void)en_store_scan(store, &l.id[i], 0, note_seal, x);
}

static bool honest(const struct world *w, unsigned n)
{
    return w->node[n].used && !w->node[n].suspect;
}

static void check_end(struct world *w)
{
    uint8_t digest[32];
    uint8_t first[32];
    uint8_t tips[32];
    uint8_t first_tips[32];
    bool have = false;
    bool quiet = w->out->clones == 0 && (w->plan.faults & SIM_BACK) == 0;

    for (unsigned n = 0; n < w->nodes && !w->failed; n++) {
        struct node *node = &w->node[n];
        struct seen_seals x = {.w = w, .node = n};
        struct en_frontier f = {0};

        if (!node->used)
            continue;
        if (!node->alive)
            revive(w, n);
        if (w->failed)
            return;
        (void)en_store_frontier(memstore_store(node->store), &w->cid,
                                check_head, &x);
        scan_seals(&x);
        if (!honest(w, n))
            continue;
        en_circle_digest(en_replica_circle(node->r), digest);
        (void)en_replica_frontier(node->r, false, &f);
        en_frontier_digest(&f, &w->cid, tips);
        en_frontier_free(&f);
        if (have && memcmp(first, digest, 32) != 0)
            violated(w, "six words differ after the calm", n);
        if (have && quiet && memcmp(first_tips, tips, 32) != 0)
            violated(w, "frontiers differ after the calm", n);
        memcpy(first, digest, 32);
        memcpy(first_tips, tips, 32);
        have = true;
    }
    /* Two copies that both went on: one of them has been told by the others. */
    for (unsigned t = 0; t < w->nodes && !w->failed; t++)
        for (unsigned n = 0; n < w->nodes && w->node[t].twin; n++)
            if (n != t && w->node[n].device == w->node[t].device &&
                w->node[n].wrote && w->node[t].wrote &&
                en_replica_signs(w->node[n].r) &&
                en_replica_signs(w->node[t].r))
                violated(w, "two copies of one device both still sign", n);
    for (size_t i = 0; i < w->nacked && !w->failed; i++) {
        struct en_buf content = {0};

        if (!honest(w, w->acked[i].node))
            continue;
        if (en_replica_content(w->node[w->acked[i].node].r, &w->acked[i].record,
                               &content) != EN_OK)
            violated(w, "an acknowledged entry is gone", w->acked[i].node);
        en_buf_free(&content);
    }
}

/* Everybody reads what was sealed to them, and nobody more. */
static void check_reading(struct world *w)
{
    struct visible all = {0};

    for (unsigned n = 0; n < w->nodes && !w->failed; n++) {
        struct visible v = {0};

        if (!honest(w, n) || !w->node[n].alive)
            continue;
        if (en_replica_items(w->node[n].r, see, &v) != EN_OK)
            violated(w, "items cannot be read", n);
        if (n == 0)
            all = v;
        else if (v.n > all.n)
            violated(w, "a newcomer reads more than who was there", n);
    }
}

static void lead_on(struct world *w)
{
    while (w->events > 0 && !w->failed) {
        struct event ev = pop(w);

        if (ev.at > w->plan.trouble_ms + w->plan.calm_ms) {
            free(ev.bytes);
            break;
        }
        w->now = ev.at;
        if (w->now >= w->plan.trouble_ms)
            w->wall = false;
        trace(w, ev.kind, ev.who);
        handle(w, &ev);
        free(ev.bytes);
    }
    while (w->events > 0) {
        struct event ev = pop(w);

        free(ev.bytes);
    }
}

static bool found(struct world *w)
{
    struct node *n = &w->node[0];
    struct en_replica_env env;
    struct en_key kit;
    struct en_found f = {.person_label = en_span_str("p0"),
                         .device_label = en_span_str("ordinateur"),
                         .kit_label = en_span_str("papier"),
                         .kit = &kit};

    memset(kit.b, 9, sizeof(kit.b));
    *n = (struct node){.used = true, .joined = true};
    n->store = memstore_new();
    en_rng_seed(&n->rng, mix(w->plan.seed) + n->draws++);
    env = env_of(n);
    if (en_replica_found(&n->r, &env, &f) != EN_OK)
        return false;
    n->alive = true;
    w->cid = *en_replica_cid(n->r);
    know_circle(n);
    later(w, 1, DIAL, 0, 0);
    w->nodes = 1;
    return true;
}

bool sim_run(const struct sim_plan *p, struct sim_result *r)
{
    struct world *w = calloc(1, sizeof(*w));
    bool ok;

    *r = (struct sim_result){0};
    w->plan = *p;
    w->out = r;
    w->heap = calloc(EVENTS_MAX, sizeof(*w->heap));
    w->acked = calloc(ACKED_MAX, sizeof(*w->acked));
    w->seal = calloc(SEALS_MAX, sizeof(*w->seal));
    if (!found(w))
        violated(w, "no circle could be founded", 0);
    for (unsigned i = 0; i < p->acts; i++)
        push(w, (struct event){.at = below(w, S_ACT, 2, p->trouble_ms),
                               .kind = ACT});
    later(w, 1000, MISCHIEF, 0, 0);
    lead_on(w);
    if (!w->failed)
        check_end(w);
    if (!w->failed)
        check_reading(w);
    for (unsigned l = 0; l < LINKS_MAX; l++)
        for (unsigned s = 0; s < 2; s++)
            if (w->link[l].used)
                free_side(&w->link[l].side[s]);
    for (unsigned n = 0; n < w->nodes; n++) {
        en_replica_close(w->node[n].r);
        memstore_free(w->node[n].store);
        memstore_free(w->node[n].old);
    }
    ok = !w->failed;
    free(w->recorded);
    free(w->heap);
    free(w->acked);
    free(w->seal);
    free(w);
    return ok;
}
