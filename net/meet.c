/*
 * meet.c - one invitation, or one join: what people see of it, and what join's
 * machine asks.
 *
 *   inviting  WAITING --a share comes--> SHAKING --open--> WORDS
 *   joining   WAITING --a sponsor answers--> SHAKING --open--> WORDS
 *   both      WORDS --yes here--> AGREED --yes there--> NAMED --joined--> DONE
 *   any       --no, silence, the other left, given up--> FAILED
 *
 * WAITING  inviting: the code lives. Joining: it is looked for, or dialled.
 * SHAKING  one attempt is under way; peer is its connection.
 * WORDS    word holds six; nothing was told.
 * NAMED    joining: circle, person and persons are the guest's, verified.
 * DONE     the circle has a new device, durable on this side.
 * FAILED   error and reason say why. A joiner holds nothing any more; a sponsor's
 *          code is spent.
 */
#include "net/node_in.h"

#include "base/text.h"

#include <string.h>

static void try_next(struct en_node *n);

bool en_meet_active(const struct en_node *n)
{
    return n->meet.state != EN_MEET_NONE && n->meet.state < EN_MEET_DONE;
}

static void enter(struct en_node *n, enum en_rpc_meet state)
{
    n->meet.state = state;
    en_node_changed(n);
}

/* What only an attempt needs. The machine is the peer's. */
static void drop_attempt(struct en_meet *m)
{
    en_guest_free(m->guest);
    m->guest = NULL;
    m->peer = 0;
}

static void clear(struct en_meet *m)
{
    drop_attempt(m);
    en_code_wipe(&m->code);
    en_buf_free(&m->hint);
    en_buf_free(&m->person);
    en_buf_free(&m->circle);
    *m = (struct en_meet){.hint = {.max = EN_NAME_MAX},
                          .person = {.max = EN_NAME_MAX},
                          .circle = {.max = EN_NAME_MAX}};
}

void en_meet_free(struct en_node *n)
{
    clear(&n->meet);
}

static void stop_seeking(struct en_node *n)
{
    n->meet.seeking = false;
    en_node_ears(n);
}

/* The end that people are told of. */
static void fail(struct en_node *n, en_err err, enum en_reason reason)
{
    struct en_meet *m = &n->meet;
    struct en_peer *p = m->peer == 0 ? NULL : en_peer_find(n, m->peer);

    m->error = err;
    m->reason = reason;
    m->peer = 0;
    if (p != NULL)
        en_peer_drop(p, EN_CLOSED, false);
    drop_attempt(m);
    en_code_wipe(&m->code);
    if (!m->joining && n->invite.state == EN_INVITE_SPENT)
        en_invite_ended(&n->invite, false, en_node_now(n));
    en_invite_cancel(&n->invite);
    stop_seeking(n);
    en_trace_line(n->env.trace, "meet: failed, %s", en_err_name(err));
    enter(n, EN_MEET_FAILED);
}

void en_meet_cancel(struct en_node *n)
{
    if (en_meet_active(n))
        fail(n, EN_CLOSED, EN_WHY_CANCELLED);
}

static en_err begin(struct en_node *n, bool joining, const void *owner)
{
    /* What waits for nobody yet is simply replaced. */
    if (en_meet_active(n) &&
        (joining || n->meet.joining || n->meet.state != EN_MEET_WAITING))
        return EN_BUSY;
    clear(&n->meet);
    n->meet.joining = joining;
    n->meet.owner = owner;
    return EN_OK;
}

static en_err name_of(struct en_span s, struct en_buf *out)
{
    en_buf_clear(out);
    return s.n == 0 ? EN_OK : en_text_name(s, EN_NAME_MAX, out);
}

/*
 * Inviting
 */

static en_err profile_of(struct en_node *n, const struct en_replica *r,
                         struct en_view_profile *out)
{
    struct en_book *book;
    en_err err = en_home_book(n->env.home, false, &book);

    return err == EN_OK ? en_book_profile(book, en_replica_cid(r), out) : err;
}

static en_err may_invite(const struct en_replica *r, struct en_why *why)
{
    const struct en_circle *c = en_replica_circle(r);
    const struct en_member *own = en_circle_device(c, en_replica_device(r));
    size_t devices = 0;

    if (!en_replica_signs(r))
        return en_why_set(why, EN_MOVED, EN_WHY_OLD_COPY, NULL, 0, 0);
    if (own == NULL || !own->active)
        return en_why_set(why, EN_DENIED, EN_WHY_REVOKED, NULL, 0, 0);
    if (own->cls != EN_CLASS_FACILITATOR)
        return en_why_set(why, EN_DENIED, EN_WHY_NOT_FACILITATOR, NULL, 0, 0);
    for (size_t i = 0; i < en_circle_members(c); i++)
        devices += en_circle_member(c, i)->active;
    if (devices >= EN_DEVICES_MAX || en_node_persons(c) >= EN_PERSONS_MAX)
        return en_why_set(why, EN_FULL, EN_WHY_MEMBERS_FULL, NULL, devices,
                          EN_DEVICES_MAX);
    return EN_OK;
}

en_err en_meet_invite(struct en_node *n, const void *owner,
                      const struct en_rpc_invite *invite,
                      struct en_rpc_invited *out, char shown[EN_CODE_SHOWN_MAX],
                      struct en_why *why)
{
    struct en_meet *m = &n->meet;
    struct en_view_profile profile = {0};
    struct en_replica *r;
    en_err err;

    if (invite->cls < EN_CLASS_FACILITATOR || invite->cls > EN_CLASS_OBSERVER)
        return EN_RANGE;
    err = en_home_named(n->env.home, invite->circle, &r, why);
    if (err == EN_OK)
        err = may_invite(r, why);
    if (err == EN_OK)
        err = profile_of(n, r, &profile);
    if (err == EN_OK)
        err = begin(n, false, owner);
    if (err == EN_OK)
        err = en_invite_new(&n->invite, n->env.rng, profile.lang,
                            en_node_now(n), shown, why);
    if (err != EN_OK)
        return err;
    m->cid = *en_replica_cid(r);
    m->cls = (uint8_t)invite->cls;
    m->lang = profile.lang;
    m->until_ms = en_node_now(n) + EN_CODE_LIFE_MS;
    m->persons = en_node_persons(en_replica_circle(r));
    err = name_of(profile.name, &m->circle);
    /* A hint is a hint: what is no name is not shown. */
    (void)name_of(invite->name, &m->hint);
    if (err == EN_OK)
        err = en_node_on(n);
    if (err != EN_OK) {
        en_invite_cancel(&n->invite);
        clear(m);
        return err;
    }
    out->code = en_span_str(shown);
    out->until_ms = n->env.clock.time_ms(n->env.clock.user) + EN_CODE_LIFE_MS;
    enter(n, EN_MEET_WAITING);
    return EN_OK;
}

void en_meet_spent(struct en_node *n, struct en_peer *p)
{
    n->meet.peer = p->id;
    if (n->meet.state == EN_MEET_WAITING)
        enter(n, EN_MEET_SHAKING);
}

/* Wrong, or its bearer went away: burnt either way. The peer stays as it is: it
 * must not learn when it failed. */
void en_meet_burnt(struct en_node *n, en_err why)
{
    n->meet.peer = 0;
    fail(n, why, why == EN_FORGED ? EN_WHY_CODE_WRONG : EN_WHY_NONE);
}

/* The sponsor's machine. EN_ABSENT: the circle is gone (locked meanwhile). */
static en_err sponsor_setup(struct en_node *n, struct en_join_setup *setup)
{
    const struct en_replica *r = en_home_by_cid(n->env.home, &n->meet.cid);

    if (r == NULL)
        return EN_ABSENT;
    setup->sponsor = true;
    setup->cls = n->meet.cls;
    setup->device = en_id_short(en_replica_device(r));
    setup->circle_name = en_buf_span(&n->meet.circle);
    return EN_OK;
}

static en_err admit(struct en_node *n, const struct en_joining *j, uint8_t cls,
                    struct en_key *netsecret)
{
    struct en_replica *r = en_home_by_cid(n->env.home, &n->meet.cid);
    struct en_join_request req = {.cert = j->cert,
                                  .cert_sig = j->cert_sig,
                                  .person_label = j->person_label,
                                  .device_label = j->device_label,
                                  .cls = cls};
    struct en_key link = {0}, find = {0};
    const struct en_clock *clock = &n->env.clock;
    struct en_now now = {.now_ms = clock->now_ms(clock->user),
                         .time_ms = clock->time_ms(clock->user)};
    struct en_why why = {0};
    en_err err;

    if (r == NULL)
        return EN_ABSENT;
    now.offset_min = clock->offset_min(clock->user, now.time_ms);
    err = name_of(j->person_label, &n->meet.person);
    if (err == EN_OK)
        err = en_home_admit(n->env.home, r, &req, &now, &why);
    if (err == EN_OK)
        err = en_replica_link_keys(r, &link, &find, netsecret);
    en_key_wipe(&link);
    en_key_wipe(&find);
    if (err == EN_OK)
        n->meet.persons = en_node_persons(en_replica_circle(r));
    else
        n->meet.reason = why.reason;
    en_node_disk(n, err);
    return err;
}

/*
 * Joining
 */

static en_err dial_sponsor(struct en_node *n, const struct en_addr *at)
{
    struct en_meet *m = &n->meet;
    uint64_t id = 0;
    en_err err = en_peer_join(n, at, &m->code, &id);

    if (err != EN_OK)
        return err;
    m->peer = id;
    m->at = *at;
    enter(n, EN_MEET_SHAKING);
    return EN_OK;
}

en_err en_meet_join(struct en_node *n, const void *owner,
                    const struct en_rpc_join *join, struct en_why *why)
{
    struct en_meet *m = &n->meet;
    struct en_addr at = {0};
    struct en_code code = {0};
    en_err err = en_code_parse(join->code, &code, why);

    if (err == EN_OK && en_home_state(n->env.home) == EN_VAULT_LOCKED)
        err = EN_LOCKED;
    if (err == EN_OK && join->address.n > 0)
        err = en_addr_parse(join->address, &at);
    if (err == EN_OK)
        err = begin(n, true, owner);
    if (err != EN_OK) {
        en_code_wipe(&code);
        return err;
    }
    m->code = code;
    en_code_wipe(&code);
    m->named = join->address.n > 0;
    m->until_ms = en_node_now(n) + EN_SEEK_MS;
    enter(n, EN_MEET_WAITING);
    if (m->named) {
        err = dial_sponsor(n, &at);
        if (err != EN_OK)
            clear(m);
        return err;
    }
    en_seek_init(&m->seek, m->code.number, n->env.rng, en_node_now(n));
    m->seeking = true;
    en_node_ears(n);
    return EN_OK;
}

/* An attempt ended before people were asked. */
static void attempt_failed(struct en_node *n, en_err why)
{
    struct en_meet *m = &n->meet;

    drop_attempt(m);
    /* Of several attempts the one that burnt a code says most. */
    if (why == EN_FORGED ||
        (m->error != EN_FORGED && (why == EN_DENIED || why == EN_VERSION)))
        m->error = why;
    m->state = EN_MEET_WAITING;
    en_node_changed(n);
    try_next(n);
}

static enum en_reason reason_of(en_err err)
{
    if (err == EN_FORGED)
        return EN_WHY_CODE_WRONG;
    return err == EN_DENIED ? EN_WHY_CODE_OLD : EN_WHY_NONE;
}

/* The next answer, one attempt each; or what the attempts came to. */
static void try_next(struct en_node *n)
{
    struct en_meet *m = &n->meet;

    if (m->state != EN_MEET_WAITING || !m->joining || m->peer != 0)
        return;
    while (!m->named && m->tried < m->seek.n) {
        struct en_addr at = m->seek.answer[m->tried++];

        if (dial_sponsor(n, &at) == EN_OK)
            return;
    }
    if (m->error != EN_OK)
        fail(n, m->error, reason_of(m->error));
    else if (m->named || m->tried == EN_SEEK_ANSWERS_MAX)
        fail(n, EN_TIMEOUT, EN_WHY_NOBODY);
}

/* The same SEEK by another road, IPv6 beside IPv4. Answered twice we would look like
 * two sponsors, and be tried twice with one code. */
static bool is_echo(struct en_node *n, struct en_span seek, uint64_t now)
{
    bool echo = seek.n == EN_SEEK_LEN &&
                memcmp(n->seek, seek.p, EN_SEEK_LEN) == 0 &&
                now - n->seek_ms < EN_SEEK_EVERY_MS / 2;

    if (seek.n == EN_SEEK_LEN && !echo) {
        memcpy(n->seek, seek.p, EN_SEEK_LEN);
        n->seek_ms = now;
    }
    return echo;
}

void en_meet_heard(struct en_node *n, struct en_span datagram,
                   const struct en_addr *from, bool to_group)
{
    struct en_meet *m = &n->meet;
    uint8_t here[EN_SEEK_LEN];
    struct en_addr call;
    uint64_t now = en_node_now(n);

    if (to_group) {
        if (n->on && !is_echo(n, datagram, now) &&
            en_here_answer(&n->here, datagram,
                           en_invite_number(&n->invite, now), n->port, now,
                           here) == EN_OK)
            en_multicast_answer(n->multicast, from, EN_SPAN_OF(here));
        return;
    }
    if (m->seeking && en_seek_heard(&m->seek, datagram, from, &call) == EN_OK)
        try_next(n);
}

static bool make_seek(void *user, const struct en_addr *from,
                      struct en_span *datagram)
{
    (void)from;
    *datagram = *(struct en_span *)user;
    return true;
}

uint64_t en_meet_tick(struct en_node *n)
{
    struct en_meet *m = &n->meet;
    uint64_t now = en_node_now(n);
    uint8_t out[EN_SEEK_LEN];
    struct en_span datagram = EN_SPAN_OF(out);

    if (m->state != EN_MEET_WAITING)
        return UINT64_MAX;
    if (now >= m->until_ms) {
        if (m->joining)
            fail(n, m->error != EN_OK ? m->error : EN_TIMEOUT,
                 m->error != EN_OK ? reason_of(m->error) : EN_WHY_NOBODY);
        else
            fail(n, EN_DENIED, EN_WHY_CODE_OLD);
        return UINT64_MAX;
    }
    if (m->seeking && m->peer == 0 && en_seek_due(&m->seek, now, out))
        en_multicast_send(n->multicast, make_seek, &datagram);
    if (m->seeking && m->seek.next_ms < m->until_ms)
        return m->seek.next_ms;
    return m->until_ms;
}

static en_err check(struct en_node *n, const struct en_offer *o)
{
    struct en_meet *m = &n->meet;
    const struct en_circle *c = en_guest_circle(m->guest);
    const struct en_member *s;
    en_err err = en_guest_sponsor(m->guest, &o->sponsor, o->cls);

    /* This very device is there already: a second one is no person's wish. */
    if (err == EN_OK && en_home_by_cid(n->env.home, en_circle_id(c)) != NULL)
        err = EN_DENIED;
    if (err == EN_OK)
        err = name_of(o->name, &m->circle);
    if (err != EN_OK)
        return err;
    s = en_circle_dev16(c, &o->sponsor);
    if (s == NULL)
        return EN_FORGED;
    m->cls_offered = o->cls;
    m->cid = *en_circle_id(c);
    m->sponsor = o->sponsor;
    m->persons = en_node_persons(c);
    return name_of(s->person_label, &m->person);
}

static en_err adopt(struct en_node *n, const struct en_key *netsecret)
{
    struct en_meet *m = &n->meet;
    struct en_replica *r = NULL;
    en_err err = EN_LOCKED;

    if (en_home_state(n->env.home) == EN_VAULT_OPEN)
        err = en_guest_adopt(m->guest, en_home_replica_env(n->env.home),
                             netsecret, &r);
    if (err == EN_OK) {
        err = en_home_take(n->env.home, r);
        if (err != EN_OK)
            en_replica_close(r);
    }
    if (err == EN_OK)
        m->persons = en_node_persons(en_replica_circle(r));
    en_node_disk(n, err);
    return err;
}

en_err en_meet_finish(struct en_node *n, const struct en_rpc_finish *finish,
                      struct en_why *why)
{
    struct en_meet *m = &n->meet;
    struct en_peer *p = m->peer == 0 ? NULL : en_peer_find(n, m->peer);
    struct en_buf person = {.max = EN_LABEL_MAX},
                  device = {.max = EN_LABEL_MAX};
    uint8_t cert[EN_CERT_LEN], sig[64];
    struct en_key sign = {0};
    struct en_join_event ev = {.type = EN_JOIN_NAMED};
    uint8_t flags = m->cls_offered == EN_CLASS_OBSERVER ? EN_CERT_OBSERVER : 0;
    en_err err;

    if (!m->joining || m->state != EN_MEET_NAMED || p == NULL ||
        p->join == NULL || m->guest == NULL)
        return EN_CLOSED;
    if (en_home_state(n->env.home) == EN_VAULT_NONE)
        return en_why_set(why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0, 0);
    if (en_home_state(n->env.home) != EN_VAULT_OPEN)
        return EN_LOCKED;
    err = en_text_name(finish->person, EN_LABEL_MAX, &person);
    if (err == EN_OK)
        err = en_text_name(finish->device, EN_LABEL_MAX, &device);
    if (err == EN_RANGE)
        err = en_why_set(why, err, EN_WHY_NAME, NULL, 0, EN_LABEL_MAX);
    if (err == EN_OK)
        err = en_guest_keys(m->guest, en_home_replica_env(n->env.home), flags,
                            cert, sig, &sign);
    if (err == EN_OK) {
        ev.now_ms = en_node_now(n);
        ev.person_label = en_buf_span(&person);
        ev.device_label = en_buf_span(&device);
        ev.cert = EN_SPAN_OF(cert);
        ev.cert_sig = EN_SPAN_OF(sig);
        ev.sign = &sign;
        en_meet_step(n, p, &ev);
        en_peer_flush(p);
    }
    en_key_wipe(&sign);
    en_buf_free(&person);
    en_buf_free(&device);
    return err;
}

/*
 * The machine
 */

struct reply {
    struct en_join_event ev;
    struct en_buf body;
    struct en_key netsecret;
};

static void answer(struct en_node *n, const struct en_join_todo *todo,
                   struct reply *a)
{
    struct en_replica *r = en_home_by_cid(n->env.home, &n->meet.cid);
    struct en_join_event *ev = &a->ev;

    ev->now_ms = en_node_now(n);
    ev->err = EN_CLOSED;
    switch (todo->ask) {
    case EN_JOIN_NEXT:
        ev->type = EN_JOIN_RUN;
        if (r != NULL)
            ev->err = en_replica_next(r, todo->theirs, true, &a->body);
        ev->body = en_buf_span(&a->body);
        break;
    case EN_JOIN_TAKE:
        ev->type = EN_JOIN_TAKEN;
        ev->err = en_guest_ingest(n->meet.guest, todo->body);
        break;
    case EN_JOIN_CHECK:
        ev->type = EN_JOIN_CHECKED;
        ev->err = check(n, todo->offer);
        break;
    case EN_JOIN_ADMIT:
        ev->type = EN_JOIN_ADMITTED;
        ev->err = admit(n, todo->joining, todo->cls, &a->netsecret);
        ev->body = EN_SPAN_OF(a->netsecret.b);
        en_node_poke(n);
        break;
    case EN_JOIN_ADOPT:
        ev->type = EN_JOIN_ADOPTED;
        ev->err = adopt(n, todo->netsecret);
        break;
    case EN_JOIN_NOTHING: assert(false); break;
    }
}

static void free_reply(struct reply *a)
{
    en_buf_free(&a->body);
    en_key_wipe(&a->netsecret);
}

/* A newcomer's link comes on, and begins where it was made. */
static void come_on(struct en_node *n)
{
    const struct en_replica *r = en_home_by_cid(n->env.home, &n->meet.cid);
    const struct en_member *s;
    struct en_node_circle *c;

    if (r == NULL || en_node_on(n) != EN_OK)
        return;
    s = en_circle_dev16(en_replica_circle(r), &n->meet.sponsor);
    /* The node takes the new circle in its next look; the roster may know of its
     * device before. */
    c = en_node_circle_of(n, &n->meet.cid);
    if (s != NULL)
        (void)en_roster_seen(n->roster, &n->meet.cid,
                             c != NULL ? &c->own : en_replica_device(r),
                             &s->device, &n->meet.at, true, en_node_now(n));
}

static void joined(struct en_node *n)
{
    struct en_meet *m = &n->meet;

    if (!m->joining && n->invite.state == EN_INVITE_SPENT)
        en_invite_ended(&n->invite, true, en_node_now(n));
    m->peer = 0;
    drop_attempt(m);
    en_code_wipe(&m->code);
    stop_seeking(n);
    en_trace_line(n->env.trace, "meet: done");
    enter(n, EN_MEET_DONE);
    if (m->joining)
        come_on(n);
}

static void show(struct en_node *n, const struct en_join_todo *todo)
{
    struct en_meet *m = &n->meet;

    if (todo->words) {
        memcpy(m->word, todo->index, sizeof(m->word));
        m->over_soon = true;
        enter(n, EN_MEET_WORDS);
    }
    /* A joiner's people are told more only when the sponsor has been checked. */
    if (todo->name || (todo->agreed && !m->joining))
        enter(n, EN_MEET_NAMED);
}

void en_meet_step(struct en_node *n, struct en_peer *p,
                  const struct en_join_event *first)
{
    const struct en_join_event *ev = first;
    struct reply a = {0};
    struct en_join_todo todo;
    bool asked = true;

    while (asked && p->join != NULL) {
        en_err err = en_join_step(p->join, ev, &todo);

        free_reply(&a);
        p->machine_ms = todo.wake_ms;
        show(n, &todo);
        if (todo.joined)
            joined(n);
        if (err != EN_OK || todo.close) {
            if (todo.reason != EN_WHY_NONE)
                n->meet.reason = todo.reason;
            en_peer_finish(p, err, false);
            return;
        }
        asked = todo.ask != EN_JOIN_NOTHING;
        if (!asked)
            break;
        a = (struct reply){.body = {.max = EN_MESSAGE_MAX}};
        answer(n, &todo, &a);
        ev = &a.ev;
    }
    free_reply(&a);
}

void en_meet_opened(struct en_node *n, struct en_peer *p)
{
    struct en_meet *m = &n->meet;
    struct en_join_setup setup = {.carrier = en_channel_carrier(p->ch),
                                  .trace = n->env.trace};
    struct en_join_event ev = {.type = EN_JOIN_OPENED,
                               .now_ms = en_node_now(n)};
    en_err err = m->peer == p->id ? EN_OK : EN_CLOSED;

    if (err == EN_OK) {
        m->lang = en_channel_lang(p->ch);
        en_channel_hash(p->ch, setup.h);
        err = m->joining ? en_guest_new(&m->guest) : sponsor_setup(n, &setup);
    }
    if (err == EN_OK)
        err = en_join_new(&p->join, &setup);
    if (err != EN_OK) {
        en_peer_finish(p, err, false);
        return;
    }
    if (m->joining)
        stop_seeking(n);
    en_meet_step(n, p, &ev);
}

en_err en_meet_agree(struct en_node *n, bool yes)
{
    struct en_meet *m = &n->meet;
    struct en_peer *p = m->peer == 0 ? NULL : en_peer_find(n, m->peer);
    struct en_join_event ev = {.type = yes ? EN_JOIN_YES : EN_JOIN_NO,
                               .now_ms = en_node_now(n)};

    if (m->state != EN_MEET_WORDS || p == NULL || p->join == NULL)
        return EN_CLOSED;
    if (yes)
        enter(n, EN_MEET_AGREED);
    en_meet_step(n, p, &ev);
    en_peer_flush(p);
    return EN_OK;
}

void en_meet_gone(struct en_node *n, struct en_peer *p, en_err why)
{
    struct en_meet *m = &n->meet;

    (void)p;
    m->peer = 0;
    if (!en_meet_active(n))
        return;
    if (m->joining && !m->over_soon) {
        attempt_failed(n, why);
        return;
    }
    if (why == EN_OK)
        why = EN_CLOSED;
    fail(n, why, m->reason);
}
