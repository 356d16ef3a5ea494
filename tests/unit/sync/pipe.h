/*
 * pipe.h - two channels and the wire between them, for tests.
 *
 * A side keeps what its channel told: opened, refused, the messages in order. The
 * wire can be cut into segments of any size, and a tap sees, changes or drops
 * bytes on their way.
 */
#ifndef EN_TESTS_UNIT_SYNC_PIPE_H
#define EN_TESTS_UNIT_SYNC_PIPE_H

#include "crypto/wrap.h"
#include "lib/test.h"
#include "sync/channel.h"

#include <stdlib.h>

#define CIRCLES 3
#define DEVICES 4 /* in each circle; device 0 answers, others call */

/* -- a small world of circles and devices --------------------------------- */

struct world {
    struct en_rng_seeded rng;
    struct en_channel_circle own[DEVICES][CIRCLES]; /* what each device holds */
    uint8_t link_pk[DEVICES][CIRCLES][32];
    bool active[DEVICES][CIRCLES];
    struct en_invite invite;
    struct en_channel_home home; /* of device 0 */
    unsigned lookups;            /* how often home was asked */
};

static bool world_knows(void *user, size_t circle, const uint8_t link_pk[32])
{
    struct world *w = user;

    assert_true(circle < CIRCLES);
    w->lookups++;
    for (size_t d = 1; d < DEVICES; d++)
        if (memcmp(w->link_pk[d][circle], link_pk, 32) == 0)
            return w->active[d][circle];
    return false;
}

static inline void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    en_rng_seed(&w->rng, seed);
    for (size_t i = 0; i < CIRCLES; i++) {
        struct en_id cid;
        struct en_key netsecret;

        en_rng_bytes(&w->rng.rng, cid.b, sizeof(cid.b));
        en_rng_bytes(&w->rng.rng, netsecret.b, sizeof(netsecret.b));
        for (size_t d = 0; d < DEVICES; d++) {
            struct en_channel_circle *c = &w->own[d][i];

            c->cid = cid;
            c->netsecret = netsecret;
            en_rng_bytes(&w->rng.rng, c->link.b, sizeof(c->link.b));
            en_x25519_public(&c->link, w->link_pk[d][i]);
            w->active[d][i] = true;
        }
    }
    w->home = (struct en_channel_home){.circle = w->own[0],
                                       .n = CIRCLES,
                                       .knows = world_knows,
                                       .user = w,
                                       .invite = &w->invite};
}

/* -- a side --------------------------------------------------------------- */

struct said {
    uint8_t type;
    struct en_buf body;
};

struct side {
    struct en_channel *c;
    bool opened, refused, failed, closed;
    en_err why;
    struct said *said;
    size_t n;
    size_t written; /* bytes it put on the wire */
    size_t memory;  /* the most it ever held */
    uint64_t wake_ms;
    /* Called for each message instead of keeping it, if not NULL. */
    void (*hear)(struct side *s, uint8_t type, struct en_span body);
    void (*open)(struct side *s);
    void *user;
    uint64_t now_ms;
};

static inline void side_free(struct side *s)
{
    for (size_t i = 0; i < s->n; i++)
        en_buf_free(&s->said[i].body);
    free(s->said);
    en_channel_free(s->c);
    memset(s, 0, sizeof(*s));
}

static inline void side_keep(struct side *s, uint8_t type, struct en_span body)
{
    s->said = realloc(s->said, (s->n + 1) * sizeof(*s->said));
    assert_non_null(s->said);
    memset(&s->said[s->n], 0, sizeof(*s->said));
    s->said[s->n].type = type;
    assert_ok(en_buf_add_span(&s->said[s->n].body, body));
    s->n++;
}

static inline void side_told(struct side *s, const struct en_channel_todo *todo)
{
    size_t memory = en_channel_memory(s->c);

    if (memory > s->memory)
        s->memory = memory;
    assert_true(memory <= EN_CHANNEL_MEMORY_MAX);
    s->wake_ms = todo->wake_ms;
    if (todo->opened) {
        assert_false(s->opened);
        s->opened = true;
        if (s->open != NULL)
            s->open(s);
    }
    if (todo->refused) {
        assert_false(s->refused);
        s->refused = true;
    }
    if (todo->failed) {
        assert_false(s->failed);
        s->failed = true;
    }
    if (todo->message) {
        assert_true(s->opened);
        if (s->hear != NULL)
            s->hear(s, todo->type, todo->body);
        else
            side_keep(s, todo->type, todo->body);
    }
    if (todo->close) {
        s->closed = true;
        s->why = todo->why;
    }
}

static inline en_err side_event(struct side *s, enum en_channel_event_type type,
                                uint64_t now_ms)
{
    struct en_channel_event ev = {.type = type, .now_ms = now_ms};
    struct en_channel_todo todo;
    en_err err;

    s->now_ms = now_ms;
    err = en_channel_step(s->c, &ev, &todo);
    assert_int_equal(err != EN_OK, todo.close);
    side_told(s, &todo);
    return err;
}

/* All the bytes, or up to its end. */
static inline en_err side_bytes(struct side *s, struct en_span bytes,
                                uint64_t now_ms)
{
    struct en_channel_event ev = {.type = EN_CHANNEL_BYTES, .now_ms = now_ms};
    struct en_channel_todo todo;
    en_err err = EN_OK;

    s->now_ms = now_ms;
    do {
        ev.bytes = bytes;
        err = en_channel_step(s->c, &ev, &todo);
        assert_int_equal(err != EN_OK, todo.close);
        assert_true(todo.used <= bytes.n);
        bytes = EN_SPAN(bytes.n > 0 ? bytes.p + todo.used : NULL,
                        bytes.n - todo.used);
        side_told(s, &todo);
    } while (err == EN_OK && !s->closed && (bytes.n > 0 || todo.message));
    return err;
}

/* -- the wire ------------------------------------------------------------- */

struct tap {
    /* May change the bytes; false: they are lost. at: where they begin in this
     * direction's stream. */
    bool (*pass)(struct tap *t, bool to_callee, size_t at, uint8_t *p,
                 size_t n);
    void *user;
};

struct pipe {
    struct side caller, callee;
    size_t segment; /* at most so many bytes at once; 0: all */
    struct tap *tap;
    size_t passed[2];
    uint64_t now_ms;
};

static inline bool pipe_move(struct pipe *p, bool to_callee)
{
    struct side *from = to_callee ? &p->caller : &p->callee;
    struct side *to = to_callee ? &p->callee : &p->caller;
    struct en_span out = {0};
    struct en_buf copy = {0};
    size_t n;
    bool pass = true;

    if (from->closed || from->c == NULL)
        return false;
    assert_ok(en_channel_out(from->c, p->now_ms, &out));
    if (out.n == 0)
        return false;
    n = p->segment > 0 && p->segment < out.n ? p->segment : out.n;
    assert_ok(en_buf_add(&copy, out.p, n));
    en_channel_wrote(from->c, n, p->now_ms);
    from->written += n;
    if (p->tap != NULL)
        pass = p->tap->pass(p->tap, to_callee, p->passed[to_callee], copy.p, n);
    p->passed[to_callee] += n;
    if (pass && to->c != NULL && !to->closed)
        (void)side_bytes(to, en_buf_span(&copy), p->now_ms);
    en_buf_free(&copy);
    return true;
}

/* Until neither side has anything to write. */
static inline void pipe_run(struct pipe *p)
{
    for (bool moved = true; moved;) {
        moved = pipe_move(p, true);
        moved = pipe_move(p, false) || moved;
    }
}

static inline void pipe_member(struct pipe *p, struct world *w, size_t device,
                               size_t circle)
{
    assert_ok(en_channel_accept(&p->callee.c, &w->home, &w->rng.rng, NULL,
                                p->now_ms));
    assert_ok(en_channel_call(&p->caller.c, &w->own[device][circle],
                              w->link_pk[0][circle], &w->rng.rng, NULL,
                              p->now_ms));
}

static inline void pipe_join(struct pipe *p, struct world *w,
                             const struct en_code *code)
{
    assert_ok(en_channel_accept(&p->callee.c, &w->home, &w->rng.rng, NULL,
                                p->now_ms));
    assert_ok(
        en_channel_join(&p->caller.c, code, &w->rng.rng, NULL, p->now_ms));
}

static inline void pipe_free(struct pipe *p)
{
    side_free(&p->caller);
    side_free(&p->callee);
}

#endif
