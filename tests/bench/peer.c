#include "bench/peer.h"

#include "bench/bench.h"
#include "journal/entry.h"
#include "replica/rows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct en_pwhash_cost cost = {EN_PWHASH_WEAK_OPS,
                                           EN_PWHASH_WEAK_KIB};

uint64_t peer_ms(void)
{
    struct timespec t;

    BENCH_TRUE(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* -- devices ------------------------------------------------------------------ */

static void on_item(void *user, const struct en_item *item)
{
    struct peer *p = user;

    p->items += item->content.n > 0;
    p->item_bytes += item->content.n;
}

static bool knows(void *user, size_t i, const uint8_t link_pk[32])
{
    const struct peer *p = user;
    const struct en_circle *c = en_replica_circle(p->r);

    (void)i;
    for (size_t k = 0; k < en_circle_members(c); k++) {
        const struct en_member *m = en_circle_member(c, k);

        if (m->active && (m->flags & (EN_CERT_KIT | EN_CERT_ROOT)) == 0 &&
            memcmp(m->link_pk, link_pk, 32) == 0)
            return true;
    }
    return false;
}

static struct en_replica_env env_of(struct peer *p)
{
    return (struct en_replica_env){.store = en_vault_store(p->vault),
                                   .rng = en_rng_system(),
                                   .item = on_item,
                                   .user = p};
}

static void know_circle(struct peer *p)
{
    struct en_key find = {0};

    p->circle.cid = *en_replica_cid(p->r);
    BENCH_OK(en_replica_link_keys(p->r, &p->circle.link, &find,
                                  &p->circle.netsecret));
    en_key_wipe(&find);
    p->home = (struct en_channel_home){
        .circle = &p->circle, .n = 1, .knows = knows, .user = p};
}

static void new_vault(struct peer *p, const char *dir)
{
    struct en_vault_env env = {.time_ms = 1700000000000};

    *p = (struct peer){0};
    BENCH_OK(en_vault_create(dir, en_span_str(PEER_PASSPHRASE), &cost,
                             en_rng_system(), &env, &p->vault, NULL));
}

void peer_found(struct peer *p, const char *dir)
{
    struct en_key kit;
    struct en_found f = {.person_label = en_span_str("Amina"),
                         .device_label = en_span_str("laptop"),
                         .kit_label = en_span_str("paper"),
                         .kit = &kit};
    struct en_replica_env env;
    bool did;

    new_vault(p, dir);
    env = env_of(p);
    en_rng_bytes(en_rng_system(), kit.b, sizeof(kit.b));
    BENCH_OK(en_replica_found(&p->r, &env, &f));
    en_key_wipe(&kit);
    know_circle(p);
    BENCH_OK(en_replica_settle(p->r, true, &did));
}

static void hand_control(struct peer *from, struct en_guest *g,
                         struct en_frontier *f)
{
    struct en_buf body = {0};

    for (;;) {
        en_err err = en_replica_next(from->r, f, true, &body);

        if (err == EN_ABSENT)
            break;
        BENCH_OK(err);
        BENCH_OK(en_guest_ingest(g, en_buf_span(&body)));
        en_buf_clear(&body);
    }
    en_buf_free(&body);
}

void peer_admit(struct peer *p, const char *dir, struct peer *sponsor)
{
    uint8_t cert[EN_CERT_LEN];
    uint8_t sig[64];
    struct en_join_request req = {.cert = EN_SPAN_OF(cert),
                                  .cert_sig = EN_SPAN_OF(sig),
                                  .person_label = en_span_str("Luc"),
                                  .device_label = en_span_str("laptop"),
                                  .cls = EN_CLASS_FACILITATOR};
    struct en_guest *g = NULL;
    struct en_frontier f = {0};
    struct en_replica_env env;
    struct en_key sign = {0};

    new_vault(p, dir);
    env = env_of(p);
    BENCH_OK(en_guest_new(&g));
    hand_control(sponsor, g, &f);
    BENCH_OK(en_guest_keys(g, &env, 0, cert, sig, &sign));
    BENCH_OK(en_replica_admit(sponsor->r, &req, NULL));
    hand_control(sponsor, g, &f);
    BENCH_OK(en_guest_adopt(g, &env, &sponsor->circle.netsecret, &p->r));
    en_key_wipe(&sign);
    en_guest_free(g);
    en_frontier_free(&f);
    know_circle(p);
}

static en_err first_circle(void *user, const struct en_row *row)
{
    struct en_id *cid = user;

    BENCH_TRUE(row->key.n == 32);
    memcpy(cid->b, row->key.p, 32);
    return EN_CLOSED;
}

void peer_open(struct peer *p, const char *dir)
{
    struct en_vault_env venv = {.time_ms = 1700000000000};
    struct en_replica_env env;
    struct en_id cid = {{0}};
    struct en_find q = {
        .kind = EN_ROW_CIRCLE, .from = INT64_MIN, .to = INT64_MAX};

    *p = (struct peer){0};
    BENCH_OK(en_vault_open(dir, en_span_str(PEER_PASSPHRASE), en_rng_system(),
                           &venv, &p->vault, NULL));
    BENCH_OK(en_store_find(en_vault_store(p->vault), &q, first_circle, &cid));
    env = env_of(p);
    BENCH_OK(en_replica_open(&p->r, &env, &cid));
    know_circle(p);
}

void peer_close(struct peer *p)
{
    en_replica_close(p->r);
    en_vault_close(p->vault);
    en_wipe(p, sizeof(*p));
}

void peer_entry(struct en_buf *out, size_t i, size_t len)
{
    static struct en_content c;

    memset(&c, 0, sizeof(c));
    c.kind = EN_KIND_ENTRY;
    en_put_u64(c.id.b, i + 1);
    c.time_ms = 1700000000000 + (int64_t)i * 60000;
    c.offset = 60;
    c.u.entry.when = (struct en_when){.kind = EN_WHEN_DAY,
                                      .day = {.year = (int16_t)(1660 + i % 300),
                                              .month = (uint8_t)(1 + i % 12),
                                              .day = (uint8_t)(1 + i % 28)}};
    c.u.entry.text = bench_text(i, len);
    en_buf_clear(out);
    BENCH_OK(en_content_encode(&c, out, NULL));
}

void peer_write(struct peer *p, size_t first, size_t n, size_t len)
{
    static struct en_buf bytes[EN_VAULT_BATCH_RECORDS_MAX];
    static struct en_append rec[EN_VAULT_BATCH_RECORDS_MAX];
    static struct en_id id[EN_VAULT_BATCH_RECORDS_MAX];

    for (size_t at = 0; at < n;) {
        size_t k = 0;

        while (at < n && k < EN_VAULT_BATCH_RECORDS_MAX) {
            peer_entry(&bytes[k], first + at, len);
            rec[k] = (struct en_append){.type = EN_TYPE_FIRST,
                                        .content = en_buf_span(&bytes[k])};
            k++;
            at++;
        }
        BENCH_OK(en_replica_append(p->r, rec, k, NULL, id, NULL));
    }
}

/* One round; whether anything moved. */
static bool hand_all(struct peer *from, struct peer *to)
{
    struct en_buf body = {0};
    struct en_frontier f = {0};
    bool moved = false;

    BENCH_OK(en_replica_frontier(to->r, false, &f));
    for (;;) {
        struct en_ingest in;
        en_err err = en_replica_next(from->r, &f, false, &body);

        if (err == EN_ABSENT)
            break;
        BENCH_OK(err);
        BENCH_OK(en_replica_ingest(to->r, en_buf_span(&body), &in));
        BENCH_TRUE(in.what == EN_RUN_STORED);
        moved = true;
        en_buf_clear(&body);
    }
    en_buf_free(&body);
    en_frontier_free(&f);
    return moved;
}

void peer_level(struct peer *p, size_t n)
{
    bool moved = true;

    while (moved) {
        moved = false;
        for (size_t i = 0; i < n; i++) {
            bool did;

            BENCH_OK(en_replica_settle(p[i].r, true, &did));
            moved = moved || did;
            for (size_t j = 0; j < n; j++)
                if (i != j)
                    moved = hand_all(&p[i], &p[j]) || moved;
        }
    }
}

/* -- one end of a link -------------------------------------------------------- */

static void side_end(struct side *s)
{
    s->closed = true;
}

struct answer {
    struct en_frontier tips;
    struct en_buf body;
    uint64_t seq[EN_MISS_MAX];
    bool settle;
};

static const struct en_member *member_of_link(const struct side *s)
{
    const struct en_circle *c = en_replica_circle(s->peer->r);

    for (size_t i = 0; i < en_circle_members(c); i++)
        if (memcmp(en_circle_member(c, i)->link_pk, en_channel_peer(s->channel),
                   32) == 0)
            return en_circle_member(c, i);
    return NULL;
}

static void store(struct side *s, struct en_span body, struct en_sync_event *ev,
                  struct answer *a)
{
    static const enum en_sync_stored as[] = {
        [EN_RUN_STORED] = EN_SYNC_STORED_NEW,
        [EN_RUN_KNOWN] = EN_SYNC_STORED_KNOWN,
        [EN_RUN_LATER] = EN_SYNC_STORED_LATER,
        [EN_RUN_FORK] = EN_SYNC_STORED_FORK,
    };
    struct en_ingest in;

    ev->type = EN_SYNC_STORED;
    ev->err = en_replica_ingest(s->peer->r, body, &in);
    BENCH_OK(ev->err);
    ev->stored = as[in.what];
    ev->tip = in.tip;
    a->settle = a->settle || in.what == EN_RUN_STORED;
}

static void answer(struct side *s, const struct en_sync_todo *todo,
                   struct en_sync_event *ev, struct answer *a)
{
    struct en_replica *r = s->peer->r;
    const struct en_member *m;
    bool lacking;

    *ev = (struct en_sync_event){0};
    en_buf_clear(&a->body);
    switch (todo->ask) {
    case EN_SYNC_WHO:
        m = member_of_link(s);
        BENCH_TRUE(m != NULL);
        s->other = m->device;
        en_frontier_free(&a->tips);
        ev->type = EN_SYNC_KNOWN;
        ev->err = en_replica_frontier(r, false, &a->tips);
        ev->tips = &a->tips;
        ev->device = m->device;
        break;
    case EN_SYNC_COMPARE:
        ev->type = EN_SYNC_COMPARED;
        ev->err = en_replica_compare(r, todo->theirs, &lacking);
        for (size_t i = 0; ev->err == EN_OK && i < todo->theirs->n; i++)
            ev->err = en_replica_done(r, &s->other, &todo->theirs->tip[i]);
        break;
    case EN_SYNC_FRONTIER:
        en_frontier_free(&a->tips);
        ev->type = EN_SYNC_TIPS;
        ev->err = en_replica_frontier(r, false, &a->tips);
        ev->tips = &a->tips;
        break;
    case EN_SYNC_STORE: store(s, todo->body, ev, a); break;
    case EN_SYNC_NEXT:
        ev->type = EN_SYNC_RUN;
        ev->err = en_replica_next(r, todo->theirs, todo->observer, &a->body);
        ev->body = en_buf_span(&a->body);
        break;
    case EN_SYNC_MISSING:
        ev->type = EN_SYNC_LACKING;
        ev->log = todo->log;
        ev->err = en_replica_missing(r, &ev->log, a->seq, EN_MISS_MAX, &ev->n);
        ev->seq = a->seq;
        if (ev->err == EN_OK && ev->n == 0)
            ev->err = EN_ABSENT;
        break;
    case EN_SYNC_PAY_FOR:
        ev->type = EN_SYNC_PAYLOAD;
        ev->err = en_replica_payload(r, &todo->log, todo->seq, &a->body);
        ev->body = en_buf_span(&a->body);
        break;
    case EN_SYNC_TAKE_PAY:
        ev->type = EN_SYNC_PAID;
        ev->err = en_replica_pay(r, &todo->log, todo->seq, todo->body);
        break;
    case EN_SYNC_ID_AT:
        ev->type = EN_SYNC_ID;
        ev->err = en_replica_id_at(r, &todo->log, todo->seq, &ev->tip.id);
        break;
    case EN_SYNC_BRANCH_AT:
        ev->type = EN_SYNC_BRANCH;
        ev->err = en_replica_run_at(r, &todo->log, todo->seq, &a->body);
        ev->body = en_buf_span(&a->body);
        break;
    case EN_SYNC_NOTHING: break;
    }
}

static void step(struct side *s, struct en_sync_event ev)
{
    struct answer a = {.body = {.max = EN_MESSAGE_MAX}};
    bool again = true;

    while (again) {
        struct en_sync_todo todo;
        en_err err;

        ev.now_ms = peer_ms();
        ev.time_ms = 1700000000000;
        err = en_sync_step(s->sync, &ev, &todo);
        BENCH_TRUE(!todo.fork);
        if (todo.done)
            BENCH_OK(en_replica_done(s->peer->r, &s->other, &todo.tip));
        BENCH_TRUE(err == EN_OK || err == EN_CLOSED);
        if (err != EN_OK || todo.close) {
            side_end(s);
            break;
        }
        again = todo.ask != EN_SYNC_NOTHING;
        if (again)
            answer(s, &todo, &ev, &a);
    }
    if (a.settle && !s->closed) {
        bool did;

        BENCH_OK(en_replica_settle(s->peer->r, true, &did));
        if (did)
            side_changed(s);
    }
    en_buf_free(&a.body);
    en_frontier_free(&a.tips);
}

static void opened(struct side *s)
{
    struct en_sync_event ev = {.type = EN_SYNC_STARTED};
    struct en_frontier tips = {0};

    BENCH_OK(en_sync_new(&s->sync, en_replica_cid(s->peer->r),
                         en_replica_device(s->peer->r), s->caller,
                         en_channel_carrier(s->channel), NULL));
    if (s->caller) {
        s->other = member_of_link(s)->device;
        ev.device = s->other;
        BENCH_OK(en_replica_frontier(s->peer->r, false, &tips));
        ev.tips = &tips;
    }
    step(s, ev);
    en_frontier_free(&tips);
}

void side_call_member(struct side *s, struct peer *p,
                      const struct en_member *whom)
{
    *s = (struct side){.peer = p, .caller = true};
    BENCH_OK(en_channel_call(&s->channel, &p->circle, whom->link_pk,
                             en_rng_system(), NULL, peer_ms()));
}

void side_call(struct side *s, struct peer *p, const struct peer *whom)
{
    side_call_member(
        s, p,
        en_circle_device(en_replica_circle(p->r), en_replica_device(whom->r)));
}

void side_accept(struct side *s, struct peer *p)
{
    *s = (struct side){.peer = p};
    BENCH_OK(en_channel_accept(&s->channel, &p->home, en_rng_system(), NULL,
                               peer_ms()));
}

void side_free(struct side *s)
{
    en_sync_free(s->sync);
    en_channel_free(s->channel);
    *s = (struct side){0};
}

void side_take(struct side *s, struct en_span bytes)
{
    struct en_channel_event ev = {.type = EN_CHANNEL_BYTES, .bytes = bytes};
    bool more = true;

    s->received += bytes.n;
    while (more && !s->closed) {
        struct en_channel_todo todo;
        en_err err;

        ev.now_ms = peer_ms();
        err = en_channel_step(s->channel, &ev, &todo);
        BENCH_TRUE(err == EN_OK || s->closed);
        ev.bytes.p += todo.used;
        ev.bytes.n -= todo.used;
        if (todo.opened)
            opened(s);
        if (todo.message)
            step(s, (struct en_sync_event){.type = EN_SYNC_RECEIVED,
                                           .message = todo.type,
                                           .body = todo.body});
        if (todo.close)
            side_end(s);
        more = ev.bytes.n > 0 || todo.message;
    }
}

void side_ended(struct side *s)
{
    if (!s->closed && s->sync != NULL)
        step(s, (struct en_sync_event){.type = EN_SYNC_ENDED});
    side_end(s);
}

struct en_span side_out(struct side *s)
{
    struct en_span out;

    BENCH_OK(en_channel_out(s->channel, peer_ms(), &out));
    return out;
}

void side_wrote(struct side *s, size_t n)
{
    en_channel_wrote(s->channel, n, peer_ms());
    s->sent += n;
    if (s->sync != NULL && !s->closed)
        step(s, (struct en_sync_event){.type = EN_SYNC_ROOM});
}

void side_changed(struct side *s)
{
    if (s->sync != NULL && !s->closed)
        step(s, (struct en_sync_event){.type = EN_SYNC_CHANGED});
}

void side_leave(struct side *s)
{
    if (s->sync != NULL && !s->closed)
        step(s, (struct en_sync_event){.type = EN_SYNC_LEAVE});
}

bool side_in_step(const struct side *s)
{
    return s->sync != NULL && en_sync_is_in_step(s->sync);
}
