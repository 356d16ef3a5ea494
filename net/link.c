/*
 * link.c - requests about the link, and what is told of it.
 */
#include "net/node_in.h"

#include <stdlib.h>
#include <string.h>

/*
 * Rows
 */

static struct en_node_row *row_of(struct en_node *n, const struct en_id *cid,
                                  const struct en_id *device)
{
    for (size_t i = 0; i < n->rows; i++)
        if (en_id_eq(&n->row[i].cid, cid) &&
            en_id_eq(&n->row[i].device, device))
            return &n->row[i];
    return NULL;
}

/* NULL: no memory; the row is missing until there is. */
static struct en_node_row *add_row(struct en_node *n, const struct en_id *cid,
                                   const struct en_id *device)
{
    size_t cap = n->row_cap == 0 ? 16 : n->row_cap * 2;
    struct en_node_row *p;

    if (n->rows == n->row_cap) {
        p = realloc(n->row, cap * sizeof(*p));
        if (p == NULL)
            return NULL;
        n->row = p;
        n->row_cap = cap;
    }
    n->row[n->rows] = (struct en_node_row){.cid = *cid, .device = *device};
    en_node_changed(n);
    return &n->row[n->rows++];
}

static const struct en_peer *link_to(const struct en_node *n,
                                     const struct en_id *cid,
                                     const struct en_id *device)
{
    const struct en_peer *p = n->peers;

    while (p != NULL &&
           !(p->linked && p->sync != NULL && en_id_eq(&p->cid, cid) &&
             en_id_eq(&p->device, device)))
        p = p->next;
    return p;
}

static void look_at(struct en_node *n, const struct en_replica *r,
                    const struct en_member *m)
{
    const struct en_id *cid = en_replica_cid(r);
    struct en_node_row *row = row_of(n, cid, &m->device);
    const struct en_peer *p = link_to(n, cid, &m->device);
    bool in_step = p != NULL && en_sync_is_in_step(p->sync) &&
                   en_replica_in_step(r, &m->device);

    if (row == NULL)
        row = add_row(n, cid, &m->device);
    if (row == NULL)
        return;
    row->listed = true;
    if (row->linked == (p != NULL) && row->in_step == in_step)
        return;
    row->linked = p != NULL;
    row->in_step = in_step;
    row->since_ms = n->env.clock.time_ms(n->env.clock.user);
    en_node_changed(n);
}

void en_link_rows(struct en_node *n)
{
    if (!n->on)
        return; /* what was seen before it was turned off stays told */
    for (size_t i = 0; i < n->rows; i++)
        n->row[i].listed = false;
    for (size_t i = 0; i < n->circles; i++) {
        const struct en_replica *r =
            en_home_by_cid(n->env.home, &n->circle[i].cid);
        const struct en_circle *c = r == NULL ? NULL : en_replica_circle(r);

        for (size_t k = 0; c != NULL && k < en_circle_members(c); k++) {
            const struct en_member *m = en_circle_member(c, k);

            if (en_node_linkable(m) &&
                !en_id_eq(&m->device, en_replica_device(r)))
                look_at(n, r, m);
        }
    }
    for (size_t i = n->rows; i-- > 0;)
        if (!n->row[i].listed)
            n->row[i] = n->row[--n->rows];
}

void en_link_forget(struct en_node *n)
{
    n->rows = 0;
}

/*
 * Answers
 */

struct act {
    struct en_node *n;
    const void *owner;
    struct en_span args;
    struct en_rpc_answer out;
    struct en_buf item;
    struct en_why why;
};

static en_err emit(struct act *a, en_err put)
{
    if (put == EN_OK)
        put = en_rpc_add(&a->out, en_buf_span(&a->item));
    en_buf_clear(&a->item);
    return put;
}

#define EMIT(a, name, s) emit((a), en_rpc_put_##name(&(a)->item, (s)))

static en_err emit_addresses(struct act *a, const struct en_addr *own, size_t n)
{
    en_err err = EN_OK;

    for (size_t i = 0; i < n && err == EN_OK; i++) {
        struct en_addr at = own[i];
        char text[EN_ADDR_TEXT_MAX];
        struct en_rpc_address row;

        at.port = a->n->port;
        en_addr_print(&at, text);
        row.text = en_span_str(text);
        err = EMIT(a, address, &row);
    }
    return err;
}

static en_err circle_name(struct en_node *n, const struct en_id *cid,
                          struct en_span *name)
{
    struct en_view_profile profile = {0};
    struct en_book *book;
    en_err err = en_home_book(n->env.home, false, &book);

    if (err == EN_OK)
        err = en_book_profile(book, cid, &profile);
    *name = profile.name;
    return err == EN_ABSENT ? EN_OK : err;
}

static en_err emit_peer(struct act *a, const struct en_node_row *row)
{
    struct en_node *n = a->n;
    const struct en_replica *r = en_home_by_cid(n->env.home, &row->cid);
    struct en_buf name = {0};
    struct en_rpc_peer p = {.cid = row->cid,
                            .device = row->device,
                            .linked = n->on && row->linked,
                            .in_step = row->in_step,
                            .since_ms = row->since_ms};
    const struct en_member *m =
        r == NULL ? NULL : en_circle_device(en_replica_circle(r), &row->device);
    en_err err = EN_OK;

    if (m != NULL) {
        p.label = m->device_label;
        err = en_home_person_name(r, &m->person, &name);
        p.person_name = en_buf_span(&name);
        if (err == EN_OK)
            err = circle_name(n, &row->cid, &p.circle);
    }
    if (err == EN_OK)
        err = EMIT(a, peer, &p);
    en_buf_free(&name);
    return err;
}

static void tell_meet(const struct act *a, struct en_rpc_link *l)
{
    const struct en_meet *m = &a->n->meet;

    if (m->owner != a->owner)
        return; /* somebody else's affair */
    l->meet = (uint32_t)m->state;
    l->joining = m->joining;
    l->error = m->state == EN_MEET_FAILED ? (uint32_t)m->error : EN_OK;
    l->reason = m->state == EN_MEET_FAILED ? (uint32_t)m->reason : 0;
    l->lang = (uint32_t)m->lang;
    for (size_t i = 0; i < 6; i++)
        l->word[i] = (uint16_t)m->word[i];
    l->hint = en_buf_span(&m->hint);
    l->person = en_buf_span(&m->person);
    l->circle = en_buf_span(&m->circle);
    l->persons = m->persons;
}

static en_err do_watch(struct act *a)
{
    struct en_node *n = a->n;
    struct en_addr own[EN_RPC_PLACES_MAX];
    struct en_rpc_link l = {.counter = n->counter,
                            .on = n->on,
                            .once = n->once,
                            .port = n->on ? n->port : 0,
                            .peers = (uint32_t)n->rows};
    struct en_rpc_watch w;
    size_t addresses = 0;
    en_err err = en_rpc_get_watch(a->args, &w);

    if (err != EN_OK)
        return err;
    if (n->on)
        addresses = en_own_addresses(own, EN_RPC_PLACES_MAX);
    l.addresses = (uint32_t)addresses;
    tell_meet(a, &l);
    err = EMIT(a, link, &l);
    if (err == EN_OK)
        err = emit_addresses(a, own, addresses);
    for (size_t i = 0; i < n->rows && err == EN_OK; i++)
        err = emit_peer(a, &n->row[i]);
    return err;
}

static en_err do_on(struct act *a)
{
    struct en_node *n = a->n;
    struct en_rpc_link_on on;
    struct en_addr at;
    bool was = n->on;
    en_err err = en_rpc_get_link_on(a->args, &on);

    if (err == EN_OK && on.address.n > 0)
        err = en_addr_parse(on.address, &at);
    if (err == EN_OK)
        err = en_node_on(n);
    if (err != EN_OK)
        return err;
    en_node_look(n); /* so that the next answer names every device */
    if (on.address.n > 0)
        err = en_node_name(n, &at);
    if (err != EN_OK)
        return err;
    if (on.once) {
        n->once_off = !was || (n->once && n->once_off);
        n->once = true;
        en_node_moved(n);
    } else {
        n->once = n->once_off = false; /* it stays on */
    }
    en_node_changed(n);
    return EN_OK;
}

static en_err do_off(struct act *a)
{
    en_meet_cancel(a->n);
    en_node_off(a->n);
    return EN_OK;
}

static en_err do_invite(struct act *a)
{
    char shown[EN_CODE_SHOWN_MAX];
    struct en_addr own[EN_RPC_PLACES_MAX];
    struct en_rpc_invited out = {0};
    struct en_rpc_invite invite;
    en_err err = en_rpc_get_invite(a->args, &invite);

    if (err == EN_OK)
        err = en_meet_invite(a->n, a->owner, &invite, &out, shown, &a->why);
    if (err != EN_OK)
        return err;
    a->n->once = a->n->once_off = false;
    err = EMIT(a, invited, &out);
    if (err == EN_OK)
        err = emit_addresses(a, own, en_own_addresses(own, EN_RPC_PLACES_MAX));
    en_wipe(shown, sizeof(shown));
    return err;
}

static en_err do_agree(struct act *a)
{
    struct en_rpc_agree agree;
    en_err err = en_rpc_get_agree(a->args, &agree);

    if (err == EN_OK && a->n->meet.owner != a->owner)
        err = EN_CLOSED;
    return err == EN_OK ? en_meet_agree(a->n, agree.yes) : err;
}

static en_err do_cancel(struct act *a)
{
    if (a->n->meet.owner == a->owner)
        en_meet_cancel(a->n);
    return EN_OK;
}

static en_err do_join(struct act *a)
{
    struct en_rpc_join join;
    en_err err = en_rpc_get_join(a->args, &join);

    return err == EN_OK ? en_meet_join(a->n, a->owner, &join, &a->why) : err;
}

static en_err do_finish(struct act *a)
{
    struct en_rpc_finish finish;
    en_err err = en_rpc_get_finish(a->args, &finish);

    if (err == EN_OK && a->n->meet.owner != a->owner)
        err = EN_CLOSED;
    return err == EN_OK ? en_meet_finish(a->n, &finish, &a->why) : err;
}

static const struct {
    enum en_rpc_verb verb;
    bool open; /* needs the vault; and is a person's act, so not idle */
    bool args;
    en_err (*run)(struct act *a);
} verbs[] = {
    {EN_RPC_LINK_ON, true, true, do_on},
    {EN_RPC_LINK_OFF, false, false, do_off},
    {EN_RPC_LINK_WATCH, false, true, do_watch},
    {EN_RPC_INVITE, true, true, do_invite},
    {EN_RPC_AGREE, false, true, do_agree},
    {EN_RPC_MEET_CANCEL, false, false, do_cancel},
    {EN_RPC_JOIN, false, true, do_join},
    {EN_RPC_JOIN_FINISH, false, true, do_finish},
};

static en_err run(struct act *a, uint32_t verb)
{
    struct en_home *home = a->n->env.home;

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if ((uint32_t)verbs[i].verb != verb)
            continue;
        if (!verbs[i].args && !en_span_eq(a->args, en_rpc_nothing()))
            return EN_PROTOCOL;
        if (verbs[i].open && en_home_state(home) == EN_VAULT_NONE)
            return en_why_set(&a->why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0, 0);
        if (verbs[i].open && en_home_state(home) != EN_VAULT_OPEN)
            return EN_LOCKED;
        if (verb != EN_RPC_LINK_WATCH)
            en_home_touch(home, en_node_now(a->n));
        return verbs[i].run(a);
    }
    return EN_PROTOCOL;
}

en_err en_node_answer(struct en_node *n, const void *owner,
                      struct en_span request,
                      en_err (*send)(void *user, struct en_span body),
                      void *user)
{
    struct act a = {.n = n,
                    .owner = owner,
                    .out = {.send = send, .user = user},
                    .item = {.max = EN_RPC_FRAME_MAX}};
    struct en_rpc_request r;
    en_err err = en_rpc_request_get(request, &r);

    a.out.number = r.number;
    if (err == EN_OK) {
        a.args = r.args;
        err = run(&a, r.verb);
    }
    err = en_rpc_end(&a.out, err, &a.why);
    en_rpc_answer_free(&a.out);
    en_buf_free(&a.item);
    return err;
}

void en_node_left(struct en_node *n, const void *owner)
{
    if (n->meet.owner == owner && owner != NULL) {
        en_meet_cancel(n);
        n->meet.owner = NULL;
    }
}
