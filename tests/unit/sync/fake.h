/*
 * fake.h - a replica made of tips, and the host of one exchange, for tests.
 *
 * A fake holds logs of record ids and nothing else: enough for everything the
 * machine asks. Its RUN bodies begin as real ones do (log16, from, base16) and go
 * on with the ids. What a forked log's other branch holds differs from its first
 * record on.
 */
#ifndef EN_TESTS_UNIT_SYNC_FAKE_H
#define EN_TESTS_UNIT_SYNC_FAKE_H

#ifndef EN_FAKE_ASSERTS /* who brings its own: a fuzz target has no cmocka */
#include "lib/test.h"
#endif
#include "sync/sync.h"

#include <stdlib.h>

#define FAKE_LOGS    8
#define FAKE_RECORDS 2000

struct fake_log {
    struct en_id log;
    bool control;
    size_t n;
    struct en_id id[FAKE_RECORDS];
    bool missing[FAKE_RECORDS];
};

struct fake {
    struct fake_log *log[FAKE_LOGS];
    size_t n;
    size_t per_run;      /* records in one run, at most */
    size_t later;        /* so many runs are put off before one is taken */
    en_err fails;        /* what storing answers, if not EN_OK */
    struct en_id device; /* own */
};

static inline struct fake_log *fake_log(struct fake *f, uint8_t number)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->log[i]->log.b[0] == number)
            return f->log[i];
    assert_true(f->n < FAKE_LOGS);
    f->log[f->n] = calloc(1, sizeof(*f->log[f->n]));
    assert_non_null(f->log[f->n]);
    f->log[f->n]->log.b[0] = number;
    f->log[f->n]->log.b[31] = 0x10; /* the second half is not on the wire */
    f->log[f->n]->control = number < 100;
    return f->log[f->n++];
}

static inline struct en_id fake_id(uint8_t log, size_t seq, uint8_t branch)
{
    struct en_id id = {{0}};

    en_put_u64(id.b, seq);
    id.b[8] = log;
    id.b[9] = branch;
    id.b[31] = 1;
    return id;
}

/* Brings a log to n records; those added are of the branch. */
static inline void fake_grow(struct fake *f, uint8_t number, size_t n,
                             uint8_t branch)
{
    struct fake_log *l = fake_log(f, number);

    for (; l->n < n; l->n++)
        l->id[l->n] = fake_id(number, l->n, branch);
}

static inline void fake_free(struct fake *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->log[i]);
    memset(f, 0, sizeof(*f));
}

static inline bool fake_equal(struct fake *a, struct fake *b)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct fake_log *l = a->log[i];
        const struct fake_log *m = fake_log(b, l->log.b[0]);

        if (l->n != m->n || memcmp(l->id, m->id, l->n * sizeof(*l->id)) != 0)
            return false;
    }
    return a->n == b->n;
}

static inline struct fake_log *fake_find(struct fake *f,
                                         const struct en_id16 *log16)
{
    for (size_t i = 0; i < f->n; i++)
        if (memcmp(f->log[i]->log.b, log16->b, 16) == 0)
            return f->log[i];
    return NULL;
}

static inline void fake_tips(struct fake *f, bool control_only,
                             struct en_frontier *tips)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct fake_log *l = f->log[i];

        if (l->n == 0 || (control_only && !l->control))
            continue;
        assert_ok(en_frontier_put(
            tips, &(struct en_tip){l->log, l->n - 1, l->id[l->n - 1]}));
    }
}

static inline void fake_run(const struct fake_log *l, size_t from, size_t n,
                            struct en_buf *body)
{
    const uint8_t *base = from > 0 ? l->id[from - 1].b : l->log.b;

    assert_ok(en_buf_add(body, l->log.b, 16));
    assert_ok(en_buf_add_u64(body, from));
    assert_ok(en_buf_add(body, base, 16));
    assert_ok(en_buf_add_u16(body, (uint16_t)n));
    for (size_t i = 0; i < n; i++)
        assert_ok(en_buf_add(body, l->id[from + i].b, 32));
}

static inline en_err fake_next(struct fake *f, struct en_frontier *theirs,
                               bool control_only, struct en_buf *body)
{
    for (int pass = 0; pass < (control_only ? 1 : 2); pass++)
        for (size_t i = 0; i < f->n; i++) {
            const struct fake_log *l = f->log[i];
            struct en_id16 log16 = en_id_short(&l->log);
            const struct en_tip *t = en_frontier_find(theirs, &log16);
            size_t from = t == NULL ? 0 : (size_t)t->seq + 1;
            size_t n;

            if (l->control != (pass == 0) || from >= l->n)
                continue;
            if (t != NULL && memcmp(t->id.b, l->id[t->seq].b, 16) != 0)
                continue; /* a fork: nothing more of this log */
            n = l->n - from < f->per_run ? l->n - from : f->per_run;
            fake_run(l, from, n, body);
            assert_ok(
                en_frontier_put(theirs, &(struct en_tip){l->log, from + n - 1,
                                                         l->id[from + n - 1]}));
            return EN_OK;
        }
    return EN_ABSENT;
}

static inline en_err fake_ingest(struct fake *f, struct en_span body,
                                 struct en_sync_event *ev)
{
    struct en_reader r = en_reader_of(body);
    struct en_id16 log16;
    struct en_id16 base;
    struct fake_log *l;
    size_t from;
    size_t n;

    if (f->fails != EN_OK)
        return f->fails;
    en_read_copy(&r, log16.b, 16);
    from = (size_t)en_read_u64(&r);
    en_read_copy(&r, base.b, 16);
    n = en_read_u16(&r);
    if (r.bad || n == 0 || r.n != 32 * n || from + n > FAKE_RECORDS)
        return EN_PROTOCOL;
    l = fake_find(f, &log16);
    if (l == NULL)
        l = fake_log(f, log16.b[0]);
    ev->stored = EN_SYNC_STORED_LATER;
    if (f->later > 0) {
        f->later--;
        return EN_OK;
    }
    if (from > l->n)
        return EN_OK;
    if (from > 0 && memcmp(base.b, l->id[from - 1].b, 16) != 0)
        return EN_OK;
    ev->stored = EN_SYNC_STORED_KNOWN;
    for (size_t i = 0; i < n; i++) {
        struct en_id id;

        en_read_copy(&r, id.b, 32);
        if (from + i < l->n && !en_id_eq(&id, &l->id[from + i])) {
            ev->stored = EN_SYNC_STORED_FORK;
            return EN_OK;
        }
        if (from + i >= l->n) {
            l->id[l->n++] = id;
            ev->stored = EN_SYNC_STORED_NEW;
        }
    }
    ev->tip = (struct en_tip){l->log, l->n - 1, l->id[l->n - 1]};
    return EN_OK;
}

/* -- the host of one exchange --------------------------------------------- */

struct node {
    struct fake f;
    struct en_sync *s;
    struct en_carrier carrier;
    uint64_t now_ms;
    bool observer;     /* the peer is one */
    bool unknown;      /* the peer is not known */
    struct en_id peer; /* whom WHO finds */
    struct en_seqs lacking;
    size_t asked[EN_SYNC_BRANCH_AT + 1];
    size_t in_step, forks, done, paid;
    struct en_tip last_done;
    bool closed, blame;
    uint8_t bye;
    en_err err;
    uint64_t wake_ms;
    struct en_frontier tips; /* lent to the machine */
    struct en_buf body;
};

static inline void node_missing(struct node *n, const struct en_sync_todo *todo,
                                struct en_sync_event *ev)
{
    ev->err = EN_ABSENT;
    n->lacking.n = 0;
    for (size_t i = 0; i < n->f.n && n->lacking.n == 0; i++) {
        const struct fake_log *l = n->f.log[i];

        if (memcmp(l->log.b, todo->log.b, 16) <= 0 && !en_id16_zero(&todo->log))
            continue;
        n->lacking.log = en_id_short(&l->log);
        for (size_t k = 0; k < l->n && n->lacking.n < EN_MISS_MAX; k++)
            if (l->missing[k])
                n->lacking.seq[n->lacking.n++] = k;
    }
    if (n->lacking.n > 0) {
        ev->err = EN_OK;
        ev->log = n->lacking.log;
        ev->seq = n->lacking.seq;
        ev->n = n->lacking.n;
    }
}

/* What a program does with each question; the machine's next event. */
static inline struct en_sync_event node_answer(struct node *n,
                                               const struct en_sync_todo *todo)
{
    struct en_sync_event ev = {.now_ms = n->now_ms};
    struct fake_log *l = fake_find(&n->f, &todo->log);

    n->asked[todo->ask]++;
    en_frontier_free(&n->tips);
    en_buf_clear(&n->body);
    switch (todo->ask) {
    case EN_SYNC_WHO:
        ev.type = EN_SYNC_KNOWN;
        ev.err = n->unknown ? EN_DENIED : EN_OK;
        ev.device = n->peer;
        ev.observer = n->observer;
        fake_tips(&n->f, n->observer, &n->tips);
        ev.tips = &n->tips;
        ev.time_ms = 1800000000000;
        break;
    case EN_SYNC_COMPARE: ev.type = EN_SYNC_COMPARED; break;
    case EN_SYNC_FRONTIER:
        ev.type = EN_SYNC_TIPS;
        fake_tips(&n->f, n->observer, &n->tips);
        ev.tips = &n->tips;
        break;
    case EN_SYNC_STORE:
        ev.type = EN_SYNC_STORED;
        ev.err = fake_ingest(&n->f, todo->body, &ev);
        break;
    case EN_SYNC_NEXT:
        ev.type = EN_SYNC_RUN;
        assert_int_equal(todo->observer, n->observer);
        ev.err = fake_next(&n->f, todo->theirs, todo->observer, &n->body);
        ev.body = en_buf_span(&n->body);
        break;
    case EN_SYNC_MISSING:
        ev.type = EN_SYNC_LACKING;
        node_missing(n, todo, &ev);
        break;
    case EN_SYNC_PAY_FOR:
        ev.type = EN_SYNC_PAYLOAD;
        ev.err = EN_ABSENT;
        if (l != NULL && todo->seq < l->n && !l->missing[todo->seq]) {
            ev.err = EN_OK;
            assert_ok(en_buf_add_zeros(&n->body, EN_CT_MIN));
            n->body.p[0] = (uint8_t)todo->seq;
            ev.body = en_buf_span(&n->body);
        }
        break;
    case EN_SYNC_TAKE_PAY:
        ev.type = EN_SYNC_PAID;
        assert_non_null(l);
        assert_true(todo->seq < l->n);
        ev.err = todo->body.p[0] == (uint8_t)todo->seq ? EN_OK : EN_FORGED;
        n->paid += ev.err == EN_OK;
        l->missing[todo->seq] = ev.err != EN_OK;
        break;
    case EN_SYNC_ID_AT:
        ev.type = EN_SYNC_ID;
        ev.err = EN_ABSENT;
        if (l != NULL && todo->seq < l->n && (l->control || !n->observer)) {
            ev.err = EN_OK;
            ev.tip.id = l->id[todo->seq];
        }
        break;
    case EN_SYNC_BRANCH_AT:
        ev.type = EN_SYNC_BRANCH;
        ev.err = EN_ABSENT;
        if (l != NULL && todo->seq < l->n) {
            size_t k = l->n - (size_t)todo->seq;

            ev.err = EN_OK;
            fake_run(l, (size_t)todo->seq, k < n->f.per_run ? k : n->f.per_run,
                     &n->body);
            ev.body = en_buf_span(&n->body);
        }
        break;
    case EN_SYNC_NOTHING: fail();
    }
    return ev;
}

static inline en_err node_step(struct node *n, struct en_sync_event ev)
{
    struct en_sync_todo todo;
    en_err err;

    for (;;) {
        ev.now_ms = n->now_ms;
        err = en_sync_step(n->s, &ev, &todo);
        assert_int_equal(err != EN_OK, todo.close);
        n->in_step += todo.in_step;
        n->forks += todo.fork;
        n->done += todo.done;
        if (todo.done)
            n->last_done = todo.tip;
        n->wake_ms = todo.wake_ms;
        if (todo.close) {
            n->closed = true;
            n->blame = todo.blame;
            n->bye = todo.bye;
            n->err = err;
            return err;
        }
        if (todo.ask == EN_SYNC_NOTHING)
            return EN_OK;
        ev = node_answer(n, &todo);
    }
}

static inline en_err node_event(struct node *n, enum en_sync_event_type type)
{
    return node_step(n, (struct en_sync_event){.type = type});
}

static inline en_err node_hear(struct node *n, uint8_t message,
                               struct en_span body)
{
    return node_step(n, (struct en_sync_event){.type = EN_SYNC_RECEIVED,
                                               .message = message,
                                               .body = body});
}

static inline en_err node_start(struct node *n, bool caller)
{
    struct en_sync_event ev = {.type = EN_SYNC_STARTED,
                               .time_ms = 1800000000000};

    if (caller) {
        en_frontier_free(&n->tips);
        fake_tips(&n->f, n->observer, &n->tips);
        ev.device = n->peer;
        ev.observer = n->observer;
        ev.tips = &n->tips;
    }
    return node_step(n, ev);
}

static inline void node_free(struct node *n)
{
    en_sync_free(n->s);
    fake_free(&n->f);
    en_frontier_free(&n->tips);
    en_buf_free(&n->body);
    memset(n, 0, sizeof(*n));
}

#endif
