#include "sync/sync.h"

#include "record/run.h"
#include "sync/probe.h"

#include <stdlib.h>
#include <string.h>

#define NO_BYE 255u

/* A FRONTIER costs its receiver a comparison with everything held. An honest peer
 * sends one in ten seconds; a stalled network may deliver a few at once. */
#define FRONTIER_BURST 4u

/* Logs whose forks are looked into on one link; each costs a few questions. */
#define FORKS_MAX 16u

enum state { NEW, ASKING, GREETING, STREAMING, IN_STEP, CLOSED };

struct en_sync {
    enum state state;
    bool caller;
    struct en_id cid;
    struct en_id own;
    struct en_carrier carrier;
    const struct en_trace *trace;
    enum en_sync_ask asked; /* its answer is the next event but ticks */

    struct en_id device; /* the peer; a caller's guess until HELLO */
    bool observer;
    bool greeted; /* their HELLO is in */
    uint8_t digest[32], their_digest[32];
    struct en_hello hello; /* ASKING */

    struct en_id16 run_log; /* of the RUN that is being stored */
    uint64_t run_from;
    struct en_frontier theirs; /* what they hold or were sent */
    struct en_frontier acks;   /* DONEs that wait for room, one a log */

    bool changed;       /* since our FRONTIER was made */
    bool next_due;      /* they may lack something */
    bool live_due;      /* their FRONTIER has not been answered by LIVE */
    bool live_sent;     /* it has */
    bool live_received; /* ours has */
    bool put_off;       /* a run was LATER, and ours was not renewed since */
    bool revoked;

    uint64_t now_ms;
    uint64_t sent_ms;
    uint64_t frontier_ms;      /* our last FRONTIER */
    uint64_t frontier_wait_ms; /* until the next may go */
    uint64_t their_ms;         /* their FRONTIERs: a bucket */
    unsigned their_burst;

    bool scanning; /* their FRONTIER's entries against ours, from scan_at on */
    size_t scan_at;
    struct { /* logs that part; open: to be looked into */
        struct en_id16 log;
        uint64_t seq;
        bool open;
    } fork[FORKS_MAX];
    size_t forks;
    struct en_probe probe;
    bool probe_due;        /* its next question */
    struct en_forka heard; /* their FORKA, looked at up to heard_at */
    size_t heard_at;
    struct en_seqs forkq; /* their FORKQ, answered up to forkq_at */
    size_t forkq_at;
    struct en_forka answer; /* what is answered */
    bool branch_due;        /* ours of fork_log, from branch_at on */
    struct en_id16 branch_log;
    uint64_t branch_at;

    struct en_seqs wanted; /* their MISS, answered up to wanted_at */
    size_t wanted_at;
    bool missing_due; /* ask the host what is MISSING here */
    bool missing_new; /* there may be more since: liars withhold in step too */
    uint64_t looked_ms; /* when it was asked last */
    struct en_id16 missing_after;
    struct en_seqs asked_for; /* our MISS: what has not come yet */
    bool all_taken;           /* of what came, everything was good */
    uint64_t missing_ms;
};

static bool is_streaming(const struct en_sync *s)
{
    return s->state == STREAMING || s->state == IN_STEP;
}

static void sync_check(const struct en_sync *s)
{
    assert(s->wanted_at <= s->wanted.n && s->asked_for.n <= EN_MISS_MAX);
    assert(!(s->live_due && s->live_sent));
    assert(s->forks <= FORKS_MAX);
    assert(s->heard_at <= s->heard.n && s->forkq_at <= s->forkq.n);
    assert(s->answer.n <= s->forkq_at);
    switch (s->state) {
    case NEW:
        assert(!s->greeted && s->asked == EN_SYNC_NOTHING && s->theirs.n == 0);
        break;
    case ASKING:
        assert(s->asked == EN_SYNC_WHO && !s->greeted && s->theirs.n == 0);
        break;
    case GREETING:
        assert(s->asked == EN_SYNC_NOTHING || s->asked == EN_SYNC_COMPARE ||
               s->asked == EN_SYNC_WHO);
        assert(!s->live_sent && !s->live_received);
        break;
    case STREAMING: assert(s->greeted && !en_id_zero(&s->device)); break;
    case IN_STEP:
        assert(s->greeted && s->live_sent && s->live_received && !s->put_off);
        break;
    case CLOSED: break;
    }
}

en_err en_sync_new(struct en_sync **out, const struct en_id *cid,
                   const struct en_id *own, bool caller,
                   struct en_carrier carrier, const struct en_trace *trace)
{
    struct en_sync *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return EN_NOMEM;
    s->caller = caller;
    s->cid = *cid;
    s->own = *own;
    s->carrier = carrier;
    s->trace = trace;
    s->frontier_wait_ms = EN_SYNC_FRONTIER_MS;
    s->their_burst = FRONTIER_BURST;
    sync_check(s);
    *out = s;
    return EN_OK;
}

void en_sync_free(struct en_sync *s)
{
    if (s == NULL)
        return;
    en_frontier_free(&s->theirs);
    en_frontier_free(&s->acks);
    free(s);
}

bool en_sync_is_in_step(const struct en_sync *s)
{
    return s->state == IN_STEP;
}

const struct en_id *en_sync_device(const struct en_sync *s)
{
    return &s->device;
}

static void note(const struct en_sync *s, const char *what)
{
    char dev[9];

    en_hex(dev, s->device.b, 4);
    en_trace_line(s->trace, "sync %s: %s", dev, what);
}

/* -- saying --------------------------------------------------------------- */

static en_err say(struct en_sync *s, uint8_t type, struct en_span body)
{
    en_err err = s->carrier.send(s->carrier.user, type, body);

    if (err == EN_OK)
        s->sent_ms = s->now_ms;
    return err;
}

static bool room(const struct en_sync *s)
{
    return s->carrier.room(s->carrier.user);
}

static en_err say_frontier(struct en_sync *s, const struct en_frontier *tips)
{
    struct en_buf body = {0};
    en_err err;

    if (tips->n > EN_FRONTIER_MAX)
        return EN_RANGE;
    err = en_frontier_encode(tips, &body);
    if (err == EN_OK)
        err = say(s, EN_MSG_FRONTIER, en_buf_span(&body));
    if (err == EN_OK)
        s->frontier_ms = s->now_ms;
    en_buf_free(&body);
    return err;
}

static en_err greet(struct en_sync *s, const struct en_sync_event *ev)
{
    uint8_t body[EN_HELLO_LEN];
    struct en_hello h = {
        .cid = s->cid, .device = en_id_short(&s->own), .time_ms = ev->time_ms};
    en_err err;

    assert(ev->tips != NULL && !en_id_zero(&ev->device));
    s->device = ev->device;
    s->observer = ev->observer;
    en_frontier_digest(ev->tips, &s->cid, s->digest);
    memcpy(h.digest, s->digest, sizeof(h.digest));
    en_hello_encode(&h, body);
    err = say(s, EN_MSG_HELLO, EN_SPAN_OF(body));
    if (err == EN_OK)
        err = say_frontier(s, ev->tips);
    if (err == EN_OK)
        s->state = GREETING;
    return err;
}

/* They hold tip, whoever says so: never a step back. */
static en_err holds(struct en_sync *s, const struct en_tip *tip)
{
    struct en_id16 log = en_id_short(&tip->log);
    const struct en_tip *had = en_frontier_find(&s->theirs, &log);

    if (had != NULL && had->seq >= tip->seq)
        return EN_OK;
    return en_frontier_put(&s->theirs, tip);
}

static en_err flush_acks(struct en_sync *s)
{
    size_t i = 0;
    en_err err = EN_OK;

    while (err == EN_OK && i < s->acks.n && room(s)) {
        uint8_t body[EN_DONE_LEN];

        en_done_encode(&s->acks.tip[i], body);
        err = say(s, EN_MSG_DONE, EN_SPAN_OF(body));
        if (err == EN_OK)
            i++;
    }
    if (i > 0) {
        memmove(s->acks.tip, s->acks.tip + i,
                (s->acks.n - i) * sizeof(*s->acks.tip));
        s->acks.n -= i;
    }
    return err;
}

/* -- hearing -------------------------------------------------------------- */

static en_err known(struct en_sync *s, const struct en_hello *h)
{
    s->greeted = true;
    memcpy(s->their_digest, h->digest, sizeof(s->their_digest));
    return EN_OK;
}

static void ask(struct en_sync *s, enum en_sync_ask what,
                struct en_sync_todo *todo)
{
    assert(s->asked == EN_SYNC_NOTHING && what != EN_SYNC_NOTHING);
    s->asked = what;
    todo->ask = what;
    todo->theirs = &s->theirs;
    todo->observer = s->observer;
}

static en_err on_hello(struct en_sync *s, struct en_span body,
                       struct en_sync_todo *todo)
{
    struct en_hello h = {0};
    struct en_id16 dialled = en_id_short(&s->device);
    en_err err;

    if (s->greeted || (s->state != NEW && s->state != GREETING))
        return EN_PROTOCOL;
    err = en_hello_decode(body, &h);
    if (err != EN_OK)
        return err;
    if (!en_id_eq(&h.cid, &s->cid))
        return EN_PROTOCOL;
    if (s->caller && en_id16_eq(&h.device, &dialled))
        return known(s, &h);
    /* A responder, or another device that put the same link key into its
     * certificate: HELLO says which of them. */
    s->hello = h;
    if (!s->caller)
        s->state = ASKING;
    ask(s, EN_SYNC_WHO, todo);
    todo->dev16 = h.device;
    return EN_OK;
}

static en_err on_known(struct en_sync *s, const struct en_sync_event *ev)
{
    en_err err;

    if (ev->err != EN_OK)
        return ev->err;
    if (!s->caller) {
        err = greet(s, ev);
        return err == EN_OK ? known(s, &s->hello) : err;
    }
    /* What we showed was meant for the other kind of device. */
    if (ev->observer != s->observer)
        return EN_DENIED;
    s->device = ev->device;
    return known(s, &s->hello);
}

static bool frontier_allowed(struct en_sync *s)
{
    uint64_t more = (s->now_ms - s->their_ms) / EN_SYNC_FRONTIER_MS;

    if (more > 0) {
        s->their_burst = more >= FRONTIER_BURST - s->their_burst
                             ? FRONTIER_BURST
                             : s->their_burst + (unsigned)more;
        s->their_ms = s->now_ms;
    }
    if (s->their_burst == 0)
        return false;
    s->their_burst--;
    return true;
}

static en_err on_frontier(struct en_sync *s, struct en_span body,
                          struct en_sync_todo *todo)
{
    struct en_frontier f = {0};
    en_err err;

    if (!s->greeted || !frontier_allowed(s))
        return EN_PROTOCOL;
    err = en_frontier_decode(body, &f);
    if (err != EN_OK) {
        en_frontier_free(&f);
        return err;
    }
    /* What they say they hold replaces what we had sent: it may not have been
     * stored. */
    en_frontier_free(&s->theirs);
    s->theirs = f;
    ask(s, EN_SYNC_COMPARE, todo);
    return EN_OK;
}

static en_err on_compared(struct en_sync *s, const struct en_sync_event *ev)
{
    bool equal = s->state == GREETING && !s->changed &&
                 memcmp(s->digest, s->their_digest, sizeof(s->digest)) == 0;

    if (ev->err != EN_OK)
        return ev->err;
    note(s, equal ? "equal" : "frontier");
    s->state = STREAMING;
    s->scanning = !equal;
    s->scan_at = 0;
    s->next_due = !equal;
    s->live_due = true;
    s->live_sent = false;
    s->missing_due = true;
    return EN_OK;
}

/* -- forks ---------------------------------------------------------------- */

/* A log of theirs is not ours at seq. open: where it begins is not known. False:
 * known already, or one too many. */
static bool parts(struct en_sync *s, const struct en_id16 *log, uint64_t seq,
                  bool open, struct en_sync_todo *todo)
{
    for (size_t i = 0; i < s->forks; i++)
        if (en_id16_eq(&s->fork[i].log, log))
            return false;
    note(s, "fork");
    todo->fork = true;
    todo->fork_log = *log;
    if (s->forks == FORKS_MAX)
        return false;
    s->fork[s->forks].log = *log;
    s->fork[s->forks].seq = seq;
    s->fork[s->forks].open = open;
    s->forks++;
    return true;
}

static void owe_branch(struct en_sync *s, const struct en_id16 *log,
                       uint64_t from)
{
    s->branch_due = true;
    s->branch_log = *log;
    s->branch_at = from;
}

/* The next log that parts, if none is being looked into. */
static void probe_next_log(struct en_sync *s)
{
    size_t i = 0;

    if (s->probe.active || s->branch_due)
        return;
    while (i < s->forks && !s->fork[i].open)
        i++;
    if (i == s->forks)
        return;
    s->fork[i].open = false;
    en_probe_start(&s->probe, &s->fork[i].log, s->fork[i].seq);
    s->heard.n = 0;
    s->heard_at = 0;
    s->probe_due = true;
}

static en_err ask_where(struct en_sync *s)
{
    struct en_buf body = {0};
    struct en_seqs q;
    uint64_t k = 0;
    en_err err;

    s->probe_due = false;
    if (!en_probe_next(&s->probe, &q)) {
        if (en_probe_found(&s->probe, &k))
            owe_branch(s, &s->probe.log, k);
        return EN_OK;
    }
    err = en_forkq_encode(&q, &body);
    if (err == EN_OK)
        err = say(s, EN_MSG_FORKQ, en_buf_span(&body));
    en_buf_free(&body);
    return err;
}

static en_err answer_where(struct en_sync *s)
{
    struct en_buf body = {0};
    en_err err = EN_OK;

    s->forkq.n = 0;
    s->forkq_at = 0;
    if (s->answer.n > 0) { /* what we do not hold or show has no answer */
        err = en_forka_encode(&s->answer, &body);
        if (err == EN_OK)
            err = say(s, EN_MSG_FORKA, en_buf_span(&body));
    }
    s->answer.n = 0;
    en_buf_free(&body);
    return err;
}

static en_err on_forkq(struct en_sync *s, struct en_span body)
{
    en_err err = en_forkq_decode(body, &s->forkq);

    s->forkq_at = 0;
    s->answer.n = 0;
    s->answer.log = s->forkq.log;
    if (err != EN_OK)
        s->forkq.n = 0;
    return err;
}

static en_err on_forka(struct en_sync *s, struct en_span body)
{
    struct en_forka a;
    en_err err = en_forka_decode(body, &a);

    if (err == EN_OK && s->probe.active && !s->probe_due &&
        en_id16_eq(&a.log, &s->probe.log)) {
        s->heard = a;
        s->heard_at = 0;
    }
    return err;
}

/* Whose question an id answers is told by what was asked: the scan of their
 * FRONTIER comes first, then their FORKA, then their FORKQ. */
static en_err on_id(struct en_sync *s, const struct en_sync_event *ev,
                    struct en_sync_todo *todo)
{
    const struct en_id16 none = {{0}};
    struct en_id16 id = ev->err == EN_OK ? en_id_short(&ev->tip.id) : none;

    if (ev->err != EN_OK && ev->err != EN_ABSENT)
        return ev->err;
    if (s->scanning) {
        const struct en_tip *t = &s->theirs.tip[s->scan_at++];
        struct en_id16 log = en_id_short(&t->log);
        struct en_id16 their_id = en_id_short(&t->id);

        if (ev->err == EN_OK && !en_id16_eq(&id, &their_id))
            (void)parts(s, &log, t->seq, true, todo);
    } else if (s->heard_at < s->heard.n) {
        if (ev->err == EN_OK)
            en_probe_learn(&s->probe, s->heard.at[s->heard_at].seq,
                           en_id16_eq(&id, &s->heard.at[s->heard_at].id));
        s->heard_at++;
        s->probe_due = s->heard_at == s->heard.n;
    } else {
        assert(s->forkq_at < s->forkq.n);
        if (ev->err == EN_OK) {
            s->answer.at[s->answer.n].seq = s->forkq.seq[s->forkq_at];
            s->answer.at[s->answer.n].id = id;
            s->answer.n++;
        }
        s->forkq_at++;
    }
    return EN_OK;
}

static en_err on_branch(struct en_sync *s, const struct en_sync_event *ev)
{
    s->branch_due = false;
    if (ev->err == EN_ABSENT)
        return EN_OK;
    return ev->err == EN_OK ? say(s, EN_MSG_RUN, ev->body) : ev->err;
}

static void ask_id(struct en_sync *s, const struct en_id16 *log, uint64_t seq,
                   struct en_sync_todo *todo)
{
    ask(s, EN_SYNC_ID_AT, todo);
    todo->log = *log;
    todo->seq = seq;
}

/* What forks still need; at most one question. */
static en_err plan_forks(struct en_sync *s, struct en_sync_todo *todo)
{
    struct en_id16 log;
    en_err err = EN_OK;

    s->scanning = s->scanning && s->scan_at < s->theirs.n;
    if (s->scanning) {
        log = en_id_short(&s->theirs.tip[s->scan_at].log);
        ask_id(s, &log, s->theirs.tip[s->scan_at].seq, todo);
        return EN_OK;
    }
    if (s->heard_at < s->heard.n) {
        ask_id(s, &s->heard.log, s->heard.at[s->heard_at].seq, todo);
        return EN_OK;
    }
    if (s->forkq_at < s->forkq.n) {
        ask_id(s, &s->forkq.log, s->forkq.seq[s->forkq_at], todo);
        return EN_OK;
    }
    if (!room(s))
        return EN_OK;
    if (s->forkq.n > 0)
        err = answer_where(s);
    probe_next_log(s);
    if (err == EN_OK && s->probe_due)
        err = ask_where(s);
    if (err == EN_OK && s->branch_due) {
        ask(s, EN_SYNC_BRANCH_AT, todo);
        todo->log = s->branch_log;
        todo->seq = s->branch_at;
    }
    return err;
}

static en_err on_stored(struct en_sync *s, const struct en_sync_event *ev,
                        struct en_sync_todo *todo)
{
    en_err err;

    if (ev->err != EN_OK)
        return ev->err;
    switch (ev->stored) {
    case EN_SYNC_STORED_NEW: s->frontier_wait_ms = EN_SYNC_FRONTIER_MS; break;
    case EN_SYNC_STORED_KNOWN: break;
    case EN_SYNC_STORED_LATER:
        note(s, "put off");
        s->put_off = true;
        return EN_OK;
    case EN_SYNC_STORED_FORK:
        /* This was their branch: they are owed ours, once. */
        if (parts(s, &s->run_log, s->run_from, false, todo))
            owe_branch(s, &s->run_log, s->run_from);
        return EN_OK;
    }
    /* R4: DONE follows what is durable, and what they sent they need not get. A
     * full table only means that we say less. */
    err = holds(s, &ev->tip);
    if (err == EN_OK || err == EN_RANGE)
        err = en_frontier_put(&s->acks, &ev->tip);
    return err == EN_RANGE ? EN_OK : err;
}

static en_err on_done(struct en_sync *s, struct en_span body,
                      struct en_sync_todo *todo)
{
    struct en_tip tip;
    en_err err = en_done_decode(body, &tip);

    if (err == EN_OK)
        err = holds(s, &tip);
    if (err == EN_RANGE)
        err = EN_PROTOCOL; /* more logs than a circle can have */
    if (err == EN_OK) {
        todo->done = true;
        todo->tip = tip;
    }
    return err;
}

static en_err on_miss(struct en_sync *s, struct en_span body)
{
    struct en_seqs m;
    en_err err = en_miss_decode(body, &m);

    /* One at a time: they ask anew only when this one went quiet. */
    if (err == EN_OK && !s->observer) {
        s->wanted = m;
        s->wanted_at = 0;
    }
    return err;
}

/* Only what was asked for, once. */
static bool was_asked(struct en_sync *s, const struct en_pay *p)
{
    struct en_seqs *a = &s->asked_for;

    if (!en_id16_eq(&a->log, &p->log))
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (a->seq[i] != p->seq)
            continue;
        memmove(a->seq + i, a->seq + i + 1, (a->n - i - 1) * sizeof(*a->seq));
        a->n--;
        return true;
    }
    return false;
}

static en_err on_pay(struct en_sync *s, struct en_span body,
                     struct en_sync_todo *todo)
{
    struct en_pay p = {0};
    en_err err = en_pay_decode(body, &p);

    if (err != EN_OK || s->observer || !was_asked(s, &p))
        return err;
    s->missing_ms = s->now_ms;
    ask(s, EN_SYNC_TAKE_PAY, todo);
    todo->log = p.log;
    todo->seq = p.seq;
    todo->body = p.ct;
    return EN_OK;
}

static en_err on_paid(struct en_sync *s, const struct en_sync_event *ev)
{
    if (ev->err != EN_OK && ev->err != EN_ABSENT)
        return ev->err;
    if (ev->err == EN_ABSENT) /* not wanted any more */
        s->all_taken = false;
    if (s->asked_for.n == 0) {
        /* The rest of this log, if all of this part was good; else the next. */
        if (!s->all_taken)
            s->missing_after = s->asked_for.log;
        s->missing_due = true;
    }
    return EN_OK;
}

static en_err on_lacking(struct en_sync *s, const struct en_sync_event *ev)
{
    struct en_buf body = {0};
    struct en_seqs *a = &s->asked_for;
    en_err err;

    if (ev->err == EN_ABSENT) {
        s->missing_after = (struct en_id16){0};
        return EN_OK;
    }
    if (ev->err != EN_OK)
        return ev->err;
    assert(ev->n >= 1 && ev->n <= EN_MISS_MAX);
    a->log = ev->log;
    a->n = ev->n;
    memcpy(a->seq, ev->seq, ev->n * sizeof(*a->seq));
    s->all_taken = true;
    s->missing_ms = s->now_ms;
    err = en_miss_encode(a, &body);
    if (err == EN_OK)
        err = say(s, EN_MSG_MISS, en_buf_span(&body));
    en_buf_free(&body);
    return err;
}

static en_err on_payload(struct en_sync *s, const struct en_sync_event *ev)
{
    struct en_buf body = {0};
    struct en_pay p = {.log = s->wanted.log, .ct = ev->body};
    en_err err;

    assert(s->wanted_at < s->wanted.n);
    p.seq = s->wanted.seq[s->wanted_at++];
    if (ev->err == EN_ABSENT)
        return EN_OK;
    if (ev->err != EN_OK)
        return ev->err;
    err = en_pay_encode(&p, &body);
    if (err == EN_OK)
        err = say(s, EN_MSG_PAY, en_buf_span(&body));
    en_buf_free(&body);
    return err;
}

static en_err on_run(struct en_sync *s, const struct en_sync_event *ev)
{
    if (ev->err == EN_ABSENT) {
        s->next_due = false;
        return EN_OK;
    }
    if (ev->err != EN_OK)
        return ev->err;
    return say(s, EN_MSG_RUN, ev->body);
}

static en_err on_tips(struct en_sync *s, const struct en_sync_event *ev)
{
    if (ev->err != EN_OK)
        return ev->err;
    s->put_off = false;
    s->live_received = false; /* it spoke of our former FRONTIER */
    if (s->frontier_wait_ms < EN_SYNC_FRONTIER_MS_MAX)
        s->frontier_wait_ms *= 2; /* until something new was stored */
    return say_frontier(s, ev->tips);
}

static en_err on_bye(struct en_sync *s, struct en_span body,
                     struct en_sync_todo *todo)
{
    static const en_err meaning[] = {
        [EN_BYE_DONE] = EN_CLOSED,       [EN_BYE_VERSION] = EN_VERSION,
        [EN_BYE_PROTOCOL] = EN_PROTOCOL, [EN_BYE_BUSY] = EN_BUSY,
        [EN_BYE_CLOSED] = EN_CLOSED,     [EN_BYE_REVOKED] = EN_DENIED,
    };
    uint8_t code = 0;
    en_err err = en_bye_decode(body, &code);

    if (err != EN_OK)
        return err;
    todo->close = true;
    todo->bye = code;
    s->state = CLOSED;
    return meaning[code];
}

static en_err on_received(struct en_sync *s, const struct en_sync_event *ev,
                          struct en_sync_todo *todo)
{
    struct en_span pack;
    struct en_id16 log;
    uint64_t from;
    en_err err;

    assert(s->asked == EN_SYNC_NOTHING);
    switch (ev->message) {
    case EN_MSG_HELLO: return on_hello(s, ev->body, todo);
    case EN_MSG_FRONTIER: return on_frontier(s, ev->body, todo);
    case EN_MSG_PING: return ev->body.n == 0 ? EN_OK : EN_PROTOCOL;
    case EN_MSG_BYE: return on_bye(s, ev->body, todo);
    default: break;
    }
    if (!is_streaming(s))
        return EN_PROTOCOL;
    switch (ev->message) {
    case EN_MSG_RUN:
        err = en_run_peek(ev->body, &log, &from);
        if (err != EN_OK)
            return err;
        ask(s, EN_SYNC_STORE, todo);
        todo->body = ev->body;
        todo->log = log;
        s->run_log = log;
        s->run_from = from;
        return EN_OK;
    case EN_MSG_DONE: return on_done(s, ev->body, todo);
    case EN_MSG_MISS: return on_miss(s, ev->body);
    case EN_MSG_PAY: return on_pay(s, ev->body, todo);
    case EN_MSG_FORKQ: return on_forkq(s, ev->body);
    case EN_MSG_FORKA: return on_forka(s, ev->body);
    case EN_MSG_EVID: /* evidence is judged with the operation that carries it */
        return en_evid_decode(ev->body, &pack);
    case EN_MSG_LIVE:
        s->live_received = true;
        return ev->body.n == 0 ? EN_OK : EN_PROTOCOL;
    default: break;
    }
    /* Later types are skipped; OFFER and its like belong to joining alone. */
    return ev->message >= EN_MSG_SKIPPED_FROM ? EN_OK : EN_PROTOCOL;
}

/* -- time ----------------------------------------------------------------- */

static uint64_t silent_since(const struct en_sync *s)
{
    return s->carrier.heard_ms(s->carrier.user);
}

static en_err on_tick(struct en_sync *s)
{
    if (s->now_ms - silent_since(s) >= EN_SYNC_SILENCE_MS)
        return EN_TIMEOUT;
    /* Nothing was sent yet: sent_ms is when it began. */
    if (s->state == NEW && s->now_ms - s->sent_ms >= EN_SYNC_HELLO_MS)
        return EN_TIMEOUT;
    if (s->asked_for.n > 0 &&
        s->now_ms - s->missing_ms >= EN_SYNC_PAY_WAIT_MS) {
        /* They hold none of the rest; the next log may be another matter. */
        s->missing_after = s->asked_for.log;
        s->asked_for.n = 0;
        s->missing_due = true;
    }
    if (s->state > NEW && s->now_ms - s->sent_ms >= EN_SYNC_PING_MS)
        return say(s, EN_MSG_PING, (struct en_span){0});
    return EN_OK;
}

/* Whether a new round over what is MISSING waits for nothing but its time. */
static bool may_look(const struct en_sync *s)
{
    return s->missing_new && !s->missing_due && s->asked_for.n == 0 &&
           s->live_received && !s->observer && is_streaming(s);
}

static uint64_t wake(const struct en_sync *s)
{
    uint64_t at = silent_since(s) + EN_SYNC_SILENCE_MS;

    if (s->state == CLOSED)
        return UINT64_MAX;
    if (s->state == NEW && s->sent_ms + EN_SYNC_HELLO_MS < at)
        at = s->sent_ms + EN_SYNC_HELLO_MS;
    if (s->state > NEW && s->sent_ms + EN_SYNC_PING_MS < at)
        at = s->sent_ms + EN_SYNC_PING_MS;
    if (s->put_off && s->frontier_ms + s->frontier_wait_ms < at)
        at = s->frontier_ms + s->frontier_wait_ms;
    if (s->asked_for.n > 0 && s->missing_ms + EN_SYNC_PAY_WAIT_MS < at)
        at = s->missing_ms + EN_SYNC_PAY_WAIT_MS;
    if (may_look(s) && s->looked_ms + EN_SYNC_MISSING_MS < at)
        at = s->looked_ms + EN_SYNC_MISSING_MS;
    return at;
}

/* -- what to do next ------------------------------------------------------ */

static bool frontier_due(const struct en_sync *s)
{
    return s->put_off && s->now_ms - s->frontier_ms >= s->frontier_wait_ms;
}

static en_err plan(struct en_sync *s, struct en_sync_todo *todo)
{
    en_err err;

    if (!is_streaming(s) || s->asked != EN_SYNC_NOTHING)
        return EN_OK;
    err = flush_acks(s);
    if (err == EN_OK)
        err = plan_forks(s, todo);
    if (err != EN_OK || s->asked != EN_SYNC_NOTHING || !room(s))
        return err;
    if (frontier_due(s)) {
        ask(s, EN_SYNC_FRONTIER, todo);
    } else if (s->wanted_at < s->wanted.n) {
        ask(s, EN_SYNC_PAY_FOR, todo);
        todo->log = s->wanted.log;
        todo->seq = s->wanted.seq[s->wanted_at];
    } else if (s->next_due) {
        ask(s, EN_SYNC_NEXT, todo);
    } else if (s->live_due) {
        s->live_due = false;
        s->live_sent = true;
        err = say(s, EN_MSG_LIVE, (struct en_span){0});
    }
    if (may_look(s) && s->now_ms - s->looked_ms >= EN_SYNC_MISSING_MS) {
        s->missing_new = false;
        s->missing_due = true;
    }
    if (err == EN_OK && s->asked == EN_SYNC_NOTHING && s->live_received &&
        s->missing_due && s->asked_for.n == 0 && !s->observer) {
        s->missing_due = false;
        s->looked_ms = s->now_ms;
        ask(s, EN_SYNC_MISSING, todo);
        todo->log = s->missing_after;
    }
    return err;
}

static void settle_state(struct en_sync *s, struct en_sync_todo *todo)
{
    bool step = s->live_sent && s->live_received && !s->put_off;

    if (s->state == STREAMING && step) {
        s->state = IN_STEP;
        todo->in_step = true;
        note(s, "in step");
    } else if (s->state == IN_STEP && !step) {
        s->state = STREAMING;
    }
}

static void shut(struct en_sync *s, en_err err, uint8_t bye, bool blame,
                 struct en_sync_todo *todo)
{
    if (bye != NO_BYE) /* if it finds no room they learn from the end itself */
        (void)say(s, EN_MSG_BYE, EN_SPAN(&bye, 1));
    *todo = (struct en_sync_todo){
        .close = true, .bye = bye, .blame = blame, .wake_ms = UINT64_MAX};
    en_trace_line(s->trace, "sync: closed, %s", en_err_name(err));
    s->state = CLOSED;
}

/* Whose fault an error is, and what they are told. */
static void fail(struct en_sync *s, const struct en_sync_event *ev, en_err err,
                 struct en_sync_todo *todo)
{
    bool theirs = ev->type == EN_SYNC_RECEIVED || ev->type == EN_SYNC_KNOWN ||
                  ev->type == EN_SYNC_STORED || ev->type == EN_SYNC_PAID;

    if (ev->type == EN_SYNC_ENDED || err == EN_TIMEOUT)
        shut(s, err, NO_BYE, false, todo);
    else if (err == EN_VERSION)
        shut(s, err, EN_BYE_VERSION, false, todo);
    else if (theirs &&
             (err == EN_PROTOCOL || err == EN_FORGED || err == EN_DENIED))
        shut(s, err, EN_BYE_PROTOCOL, true, todo);
    else
        shut(s, err, EN_BYE_BUSY, false, todo);
}

static const enum en_sync_ask answers[] = {
    [EN_SYNC_KNOWN] = EN_SYNC_WHO,       [EN_SYNC_COMPARED] = EN_SYNC_COMPARE,
    [EN_SYNC_TIPS] = EN_SYNC_FRONTIER,   [EN_SYNC_STORED] = EN_SYNC_STORE,
    [EN_SYNC_RUN] = EN_SYNC_NEXT,        [EN_SYNC_LACKING] = EN_SYNC_MISSING,
    [EN_SYNC_PAYLOAD] = EN_SYNC_PAY_FOR, [EN_SYNC_PAID] = EN_SYNC_TAKE_PAY,
    [EN_SYNC_ID] = EN_SYNC_ID_AT,        [EN_SYNC_BRANCH] = EN_SYNC_BRANCH_AT,
};

static en_err on_started(struct en_sync *s, const struct en_sync_event *ev)
{
    assert(s->state == NEW);
    s->sent_ms = ev->now_ms;
    s->their_ms = ev->now_ms;
    return s->caller ? greet(s, ev) : EN_OK;
}

static en_err on_event(struct en_sync *s, const struct en_sync_event *ev,
                       struct en_sync_todo *todo)
{
    switch (ev->type) {
    case EN_SYNC_STARTED: return on_started(s, ev);
    case EN_SYNC_RECEIVED: return on_received(s, ev, todo);
    case EN_SYNC_TICKED: return on_tick(s);
    case EN_SYNC_ROOM: return EN_OK;
    case EN_SYNC_REVOKED:
    case EN_SYNC_CHANGED:
        s->revoked = s->revoked || ev->type == EN_SYNC_REVOKED;
        s->changed = true;
        s->missing_new = true;
        s->next_due = s->next_due || is_streaming(s);
        return EN_OK;
    case EN_SYNC_LEAVE:
    case EN_SYNC_ENDED: return EN_CLOSED;
    case EN_SYNC_KNOWN: return on_known(s, ev);
    case EN_SYNC_COMPARED: return on_compared(s, ev);
    case EN_SYNC_TIPS: return on_tips(s, ev);
    case EN_SYNC_STORED: return on_stored(s, ev, todo);
    case EN_SYNC_RUN: return on_run(s, ev);
    case EN_SYNC_LACKING: return on_lacking(s, ev);
    case EN_SYNC_PAYLOAD: return on_payload(s, ev);
    case EN_SYNC_PAID: return on_paid(s, ev);
    case EN_SYNC_ID: return on_id(s, ev, todo);
    case EN_SYNC_BRANCH: return on_branch(s, ev);
    }
    assert(false);
    return EN_PROTOCOL;
}

en_err en_sync_step(struct en_sync *s, const struct en_sync_event *ev,
                    struct en_sync_todo *todo)
{
    en_err err;

    assert(s->state != CLOSED);
    sync_check(s);
    *todo = (struct en_sync_todo){.bye = NO_BYE, .wake_ms = UINT64_MAX};
    s->now_ms = ev->now_ms;
    if (ev->type >= EN_SYNC_KNOWN) {
        assert(s->asked == answers[ev->type]);
        s->asked = EN_SYNC_NOTHING;
    }

    err = on_event(s, ev, todo);
    if (err == EN_OK)
        err = plan(s, todo);
    if (err == EN_OK && s->revoked && is_streaming(s) && !s->next_due &&
        s->asked == EN_SYNC_NOTHING) {
        shut(s, EN_DENIED, EN_BYE_REVOKED, false, todo);
        return EN_DENIED;
    }
    if (err == EN_OK) {
        settle_state(s, todo);
        todo->wake_ms = wake(s);
    } else if (ev->type == EN_SYNC_LEAVE) {
        shut(s, err, EN_BYE_DONE, false, todo);
    } else if (s->state != CLOSED) {
        fail(s, ev, err, todo);
    }
    sync_check(s);
    return err;
}
