#include "sync/roster.h"

#include <stdlib.h>
#include <string.h>

#define IPV6_NET 8 /* bytes of a /64 */

/* A device unheard for so long that comes back is called at once, whatever we
 * had come to expect of it. */
#define UNSEEN_MS 120000u
/* A target nobody speaks of any more. */
#define STALE_MS 3600000u

struct target {
    struct en_id cid, own, device;
    struct en_addr addr;
    bool named;
    uint64_t seen_ms;
    uint64_t due_ms;
    uint64_t wait_ms; /* the last wait; 0: none yet */
    uint64_t link;    /* being dialled, or open; 0: neither */
    bool in_step;     /* this link came so far */
};

struct link {
    uint64_t link;
    struct en_id cid, own, device;
    bool caller;
};

/* Who broke a rule, and until when we have nothing to do with them. */
struct barred {
    struct en_id cid, device;
    uint64_t until_ms;
    uint64_t wait_ms;
};

struct en_roster {
    struct en_rng *rng;
    struct target *target;
    size_t n, cap;
    struct link link[EN_LINKS_MAX];
    size_t links;
    struct barred barred[EN_LINKS_MAX];
    size_t bars;
};

static void roster_check(const struct en_roster *r)
{
    assert(r->n <= r->cap && r->cap <= EN_TARGETS_MAX);
    assert(r->links <= EN_LINKS_MAX && r->bars <= EN_LINKS_MAX);
}

en_err en_roster_new(struct en_roster **out, struct en_rng *rng)
{
    struct en_roster *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return EN_NOMEM;
    r->rng = rng;
    *out = r;
    return EN_OK;
}

void en_roster_free(struct en_roster *r)
{
    if (r == NULL)
        return;
    free(r->target);
    free(r);
}

static bool is_pair(const struct en_id *cid, const struct en_id *device,
                    const struct en_id *cid2, const struct en_id *device2)
{
    return en_id_eq(cid, cid2) && en_id_eq(device, device2);
}

/* Where the link is; r->links: nowhere. */
static size_t find_link(const struct en_roster *r, uint64_t link)
{
    size_t i = 0;

    while (i < r->links && r->link[i].link != link)
        i++;
    return i;
}

static const struct link *pair_link(const struct en_roster *r,
                                    const struct en_id *cid,
                                    const struct en_id *device)
{
    for (size_t i = 0; i < r->links; i++)
        if (is_pair(&r->link[i].cid, &r->link[i].device, cid, device))
            return &r->link[i];
    return NULL;
}

static struct target *dialled(struct en_roster *r, uint64_t link)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->target[i].link == link)
            return &r->target[i];
    return NULL;
}

static void remove_target(struct en_roster *r, size_t i)
{
    r->target[i] = r->target[--r->n];
}

bool en_roster_linked(const struct en_roster *r, const struct en_id *cid,
                      const struct en_id *device)
{
    return pair_link(r, cid, device) != NULL;
}

size_t en_roster_links(const struct en_roster *r)
{
    return r->links;
}

/* -- targets -------------------------------------------------------------- */

static bool is_stale(const struct target *t, uint64_t now_ms)
{
    return !t->named && t->link == 0 && now_ms - t->seen_ms >= STALE_MS;
}

/* Room for one more: stale ones go, then the table grows to its bound. */
static en_err make_room(struct en_roster *r, uint64_t now_ms)
{
    struct target *p;
    size_t cap;

    if (r->n < r->cap)
        return EN_OK;
    for (size_t i = r->n; i-- > 0;)
        if (is_stale(&r->target[i], now_ms))
            remove_target(r, i);
    if (r->n < r->cap)
        return EN_OK;
    if (r->cap == EN_TARGETS_MAX)
        return EN_FULL;
    cap = r->cap == 0 ? 16 : r->cap * 2;
    p = realloc(r->target, cap * sizeof(*p));
    if (p == NULL)
        return EN_NOMEM;
    r->target = p;
    r->cap = cap;
    return EN_OK;
}

en_err en_roster_seen(struct en_roster *r, const struct en_id *cid,
                      const struct en_id *own, const struct en_id *device,
                      const struct en_addr *addr, bool named, uint64_t now_ms)
{
    en_err err;

    roster_check(r);
    if (en_id_eq(own, device))
        return EN_OK;
    for (size_t i = 0; i < r->n; i++) {
        struct target *t = &r->target[i];

        if (!is_pair(&t->cid, &t->device, cid, device) ||
            !en_addr_eq(&t->addr, addr))
            continue;
        if (now_ms - t->seen_ms >= UNSEEN_MS || (named && !t->named)) {
            t->wait_ms = 0;
            t->due_ms = now_ms;
        }
        t->named = t->named || named;
        t->seen_ms = now_ms;
        return EN_OK;
    }
    err = make_room(r, now_ms);
    if (err != EN_OK)
        return err;
    r->target[r->n++] = (struct target){.cid = *cid,
                                        .own = *own,
                                        .device = *device,
                                        .addr = *addr,
                                        .named = named,
                                        .seen_ms = now_ms,
                                        .due_ms = now_ms};
    roster_check(r);
    return EN_OK;
}

void en_roster_forget(struct en_roster *r, const struct en_id *cid,
                      const struct en_id *device)
{
    for (size_t i = r->n; i-- > 0;) {
        const struct target *t = &r->target[i];

        if (en_id_eq(&t->cid, cid) &&
            (device == NULL || en_id_eq(&t->device, device)))
            remove_target(r, i);
    }
}

/* -- dialling ------------------------------------------------------------- */

static bool may_dial(const struct target *t)
{
    return t->named || en_id_cmp(&t->own, &t->device) < 0;
}

/* Whether this target is of use now, whatever its turn. */
static bool is_open(const struct en_roster *r, const struct target *t)
{
    if (t->link != 0 || !may_dial(t) || pair_link(r, &t->cid, &t->device))
        return false;
    for (size_t i = 0; i < r->n; i++) /* elsewhere just now */
        if (r->target[i].link != 0 &&
            is_pair(&r->target[i].cid, &r->target[i].device, &t->cid,
                    &t->device))
            return false;
    return true;
}

static size_t dials(const struct en_roster *r, const struct en_addr *addr)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        if (r->target[i].link != 0 &&
            find_link(r, r->target[i].link) == r->links &&
            (addr == NULL || en_addr_eq(&r->target[i].addr, addr)))
            n++;
    return n;
}

static uint64_t due(const struct en_roster *r, const struct target *t)
{
    for (size_t i = 0; i < r->bars; i++)
        if (is_pair(&r->barred[i].cid, &r->barred[i].device, &t->cid,
                    &t->device) &&
            r->barred[i].until_ms > t->due_ms)
            return r->barred[i].until_ms;
    return t->due_ms;
}

bool en_roster_next(struct en_roster *r, uint64_t link, uint64_t now_ms,
                    struct en_dial *dial, uint64_t *wake_ms)
{
    struct target *best = NULL;
    uint64_t best_due = UINT64_MAX;
    bool busy = r->links >= EN_LINKS_MAX || dials(r, NULL) >= EN_DIALS_MAX;

    assert(link != 0);
    roster_check(r);
    if (wake_ms != NULL)
        *wake_ms = UINT64_MAX;
    for (size_t i = 0; i < r->n && !busy; i++) {
        struct target *t = &r->target[i];
        uint64_t at = due(r, t);

        if (at >= best_due || !is_open(r, t) ||
            dials(r, &t->addr) >= EN_DIALS_ADDRESS_MAX)
            continue;
        best = t;
        best_due = at;
    }
    if (best == NULL)
        return false;
    if (best_due > now_ms) {
        if (wake_ms != NULL)
            *wake_ms = best_due;
        return false;
    }
    best->link = link;
    *dial = (struct en_dial){.cid = best->cid,
                             .device = best->device,
                             .addr = best->addr,
                             .named = best->named};
    return true;
}

/* -- links ---------------------------------------------------------------- */

/* Whoever is at a named address is no longer looked for among the others. */
static void found_at(struct en_roster *r, const struct target *found)
{
    struct target keep = *found;

    for (size_t i = r->n; i-- > 0;) {
        const struct target *t = &r->target[i];

        if (t->named && en_id_eq(&t->cid, &keep.cid) &&
            en_addr_eq(&t->addr, &keep.addr) &&
            !en_id_eq(&t->device, &keep.device))
            remove_target(r, i);
    }
}

static void add_link(struct en_roster *r, const struct link *l)
{
    struct target *t;

    assert(r->links < EN_LINKS_MAX);
    r->link[r->links++] = *l;
    t = l->caller ? dialled(r, l->link) : NULL;
    if (t != NULL && t->named)
        found_at(r, t);
}

/* Dialled by the lower of the two: the one that stays. */
static bool is_kept(const struct link *l)
{
    return l->caller == (en_id_cmp(&l->own, &l->device) < 0);
}

uint64_t en_roster_opened(struct en_roster *r, uint64_t link,
                          const struct en_id *cid, const struct en_id *own,
                          const struct en_id *device, bool caller,
                          uint64_t now_ms, bool *full)
{
    struct link l = {.link = link,
                     .cid = *cid,
                     .own = *own,
                     .device = *device,
                     .caller = caller};
    const struct link *other = pair_link(r, cid, device);
    uint64_t loser;

    (void)now_ms;
    assert(link != 0 && find_link(r, link) == r->links);
    roster_check(r);
    *full = false;
    if (other == NULL) {
        *full = r->links == EN_LINKS_MAX;
        if (*full)
            return link;
        add_link(r, &l);
        return 0;
    }
    /* Both sides must lose the same one. Of two that the same side dialled, the
     * former is what is left of a link that side has lost. */
    if (is_kept(other) && !is_kept(&l))
        return link;
    loser = other->link;
    r->link[other - r->link] = r->link[--r->links];
    add_link(r, &l);
    return loser;
}

void en_roster_in_step(struct en_roster *r, uint64_t link)
{
    size_t at = find_link(r, link);
    const struct link *l = at < r->links ? &r->link[at] : NULL;
    struct target *t = dialled(r, link);

    if (t != NULL) {
        t->wait_ms = 0;
        t->in_step = true;
    }
    for (size_t i = r->bars; l != NULL && i-- > 0;)
        if (is_pair(&r->barred[i].cid, &r->barred[i].device, &l->cid,
                    &l->device))
            r->barred[i] = r->barred[--r->bars];
}

/* 10 s, doubling to 1 h, and up to an eighth more so that not all of a room call
 * at once. */
static uint64_t longer(uint64_t wait_ms)
{
    if (wait_ms < EN_BACKOFF_MS_MIN)
        return EN_BACKOFF_MS_MIN;
    return wait_ms > EN_BACKOFF_MS_MAX / 2 ? EN_BACKOFF_MS_MAX : wait_ms * 2;
}

static uint64_t spread(struct en_roster *r, uint64_t wait_ms)
{
    return wait_ms + en_rng_below(r->rng, (uint32_t)(wait_ms / 8) + 1);
}

static void bar(struct en_roster *r, const struct en_id *cid,
                const struct en_id *device, uint64_t now_ms)
{
    struct barred *b = NULL;

    for (size_t i = 0; i < r->bars && b == NULL; i++)
        if (is_pair(&r->barred[i].cid, &r->barred[i].device, cid, device))
            b = &r->barred[i];
    if (b == NULL && r->bars < EN_LINKS_MAX) {
        b = &r->barred[r->bars++];
        *b = (struct barred){.cid = *cid, .device = *device};
    }
    if (b == NULL) { /* the one that is over first makes room */
        b = &r->barred[0];
        for (size_t i = 1; i < r->bars; i++)
            if (r->barred[i].until_ms < b->until_ms)
                b = &r->barred[i];
        *b = (struct barred){.cid = *cid, .device = *device};
    }
    b->wait_ms = longer(b->wait_ms);
    b->until_ms = now_ms + spread(r, b->wait_ms);
}

void en_roster_closed(struct en_roster *r, uint64_t link, en_err why,
                      bool blame, uint64_t now_ms)
{
    size_t at = find_link(r, link);
    struct target *t = dialled(r, link);

    roster_check(r);
    if (blame && at < r->links)
        bar(r, &r->link[at].cid, &r->link[at].device, now_ms);
    else if (blame && t != NULL)
        bar(r, &t->cid, &t->device, now_ms);
    if (at < r->links)
        r->link[at] = r->link[--r->links];
    if (t == NULL)
        return;
    t->link = 0;
    /* An orderly end says nothing against the device; and one that ends an exchange
     * may be followed by another command of the same person's. */
    if (why != EN_CLOSED && why != EN_OK)
        t->wait_ms = longer(t->wait_ms);
    else
        t->wait_ms = t->in_step ? EN_AGAIN_MS : EN_BACKOFF_MS_MIN;
    t->in_step = false;
    t->due_ms = now_ms + spread(r, t->wait_ms);
    roster_check(r);
}

bool en_roster_barred(const struct en_roster *r, const struct en_id *cid,
                      const struct en_id *device, uint64_t now_ms)
{
    for (size_t i = 0; i < r->bars; i++)
        if (is_pair(&r->barred[i].cid, &r->barred[i].device, cid, device))
            return now_ms < r->barred[i].until_ms;
    return false;
}

/* -- the gate ------------------------------------------------------------- */

/* What counts as one address: IPv4 whole, of IPv6 the /64. */
static void address_of(const uint8_t ip[16], uint8_t out[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    memset(out, 0, 16);
    memcpy(out, ip, memcmp(ip, mapped, sizeof(mapped)) == 0 ? 16 : IPV6_NET);
}

static struct en_gate_bucket *
bucket_of(struct en_gate *g, const uint8_t address[16], uint64_t now_ms)
{
    struct en_gate_bucket *oldest = &g->bucket[0];

    for (size_t i = 0; i < EN_GATE_BUCKETS; i++) {
        struct en_gate_bucket *b = &g->bucket[i];

        if (b->taken && memcmp(b->address, address, 16) == 0)
            return b;
        if (!b->taken || (oldest->taken && b->at_ms < oldest->at_ms))
            oldest = b;
    }
    /* Who rotates through more addresses than this meets the half-open bounds. */
    *oldest = (struct en_gate_bucket){.taken = true, .at_ms = now_ms};
    memcpy(oldest->address, address, 16);
    return oldest;
}

static bool take_token(struct en_gate *g, const uint8_t address[16],
                       uint64_t now_ms)
{
    struct en_gate_bucket *b = bucket_of(g, address, now_ms);
    uint64_t full = EN_GATE_BURST * 1000ull;
    uint64_t passed = now_ms - b->at_ms;
    uint64_t given = passed > full ? full : passed * EN_GATE_PER_SECOND;

    b->used = given >= b->used ? 0 : b->used - (uint32_t)given;
    b->at_ms = now_ms;
    if (b->used + 1000 > full)
        return false;
    b->used += 1000;
    return true;
}

static size_t held_by(const struct en_gate *g, const uint8_t address[16])
{
    size_t n = 0;

    for (size_t i = 0; i < EN_HALF_OPEN_MAX; i++)
        if (g->conn[i].conn != 0 &&
            memcmp(g->conn[i].address, address, 16) == 0)
            n++;
    return n;
}

static struct en_gate_conn *oldest_of(struct en_gate *g,
                                      const uint8_t address[16])
{
    struct en_gate_conn *oldest = NULL;

    for (size_t i = 0; i < EN_HALF_OPEN_MAX; i++) {
        struct en_gate_conn *c = &g->conn[i];

        if (c->conn != 0 && memcmp(c->address, address, 16) == 0 &&
            (oldest == NULL || c->order < oldest->order))
            oldest = c;
    }
    return oldest;
}

/* The oldest of the address that holds most; of several such, the oldest. */
static struct en_gate_conn *weightiest(struct en_gate *g)
{
    struct en_gate_conn *best = NULL;
    size_t most = 0;

    for (size_t i = 0; i < EN_HALF_OPEN_MAX; i++) {
        struct en_gate_conn *c = &g->conn[i];
        size_t n = c->conn != 0 ? held_by(g, c->address) : 0;

        if (n > most || (n == most && n > 0 && c->order < best->order)) {
            most = n;
            best = c;
        }
    }
    return best;
}

size_t en_gate_count(const struct en_gate *g)
{
    size_t n = 0;

    for (size_t i = 0; i < EN_HALF_OPEN_MAX; i++)
        n += g->conn[i].conn != 0;
    return n;
}

bool en_gate_enter(struct en_gate *g, uint64_t conn, const uint8_t ip[16],
                   uint64_t now_ms, uint64_t *evict)
{
    struct en_gate_conn *slot = NULL;
    uint8_t address[16];

    assert(conn != 0);
    *evict = 0;
    address_of(ip, address);
    if (!take_token(g, address, now_ms))
        return false;
    if (held_by(g, address) >= EN_HALF_OPEN_ADDRESS_MAX)
        slot = oldest_of(g, address);
    else if (en_gate_count(g) == EN_HALF_OPEN_MAX)
        slot = weightiest(g);
    if (slot != NULL)
        *evict = slot->conn;
    for (size_t i = 0; slot == NULL; i++)
        if (g->conn[i].conn == 0)
            slot = &g->conn[i];
    *slot = (struct en_gate_conn){.conn = conn, .order = ++g->order};
    memcpy(slot->address, address, sizeof(address));
    assert(held_by(g, address) <= EN_HALF_OPEN_ADDRESS_MAX);
    return true;
}

void en_gate_leave(struct en_gate *g, uint64_t conn)
{
    for (size_t i = 0; i < EN_HALF_OPEN_MAX; i++)
        if (g->conn[i].conn == conn)
            g->conn[i] = (struct en_gate_conn){0};
}
