#include "cli/cmds.h"

#include "cli/watch.h"

#include <string.h>

/* How long a command waits for devices to answer, while the link stays on. */
#define SYNC_WAIT_MS 6000u

/*
 * The link as one line: devices by circle and name.
 */

static en_err say_absent(struct en_cmd *cmd, const struct en_watch *w,
                         struct en_buf *out)
{
    struct en_buf one = {0};
    en_err err = EN_OK;

    for (size_t i = 0; i < w->peers && err == EN_OK; i++) {
        const struct en_watch_peer *p = &w->peer[i];

        if (p->in_step)
            continue;
        en_buf_clear(&one);
        err = en_cmd_say(cmd, &one, "{device} ({person})",
                         EN_ARGS(en_arg_text("device", p->label),
                                 en_arg_text("person", p->person)));
        if (err == EN_OK && out->n > 0)
            err = en_buf_add_str(out, ", ");
        if (err == EN_OK)
            err = en_buf_add_span(out, en_buf_span(&one));
    }
    en_buf_free(&one);
    return err;
}

static const struct en_column peer_columns[] = {
    {"id", NULL},
    {"device", EN_MSG("Device")},
    {"person", EN_MSG("Person")},
    {"circle", EN_MSG("Circle")},
    {"state", EN_MSG("State")},
    {"since", EN_MSG("Since")},
};

static void peer_cells(struct en_cmd *cmd, const struct en_watch_peer *p,
                       char id[65], struct en_cell c[6])
{
    en_hex(id, p->device.b, 32);
    c[0] = en_cell_id(en_span_str(id), en_span_str(id));
    c[1] = en_cell_text(en_span_str(p->label));
    c[2] = en_cell_text(en_span_str(p->person));
    c[3] = en_cell_text(en_span_str(p->circle));
    c[4] = p->in_step  ? en_cell_word("in_step", EN_MSG("up to date"))
           : p->linked ? en_cell_word("linked", EN_MSG("linked, catching up"))
                       : en_cell_word("absent", EN_MSG("no news"));
    c[5] = p->since_ms == 0
               ? en_cell_none()
               : en_cell_time(p->since_ms, en_cmd_offset(cmd, p->since_ms));
}

static void show_peers(struct en_cmd *cmd, const struct en_watch *w)
{
    struct en_cell c[6];
    char id[65];

    en_show_table(&cmd->show, peer_columns, 6);
    for (size_t i = 0; i < w->peers; i++) {
        peer_cells(cmd, &w->peer[i], id, c);
        en_show_row(&cmd->show, c);
    }
    en_show_table_end(&cmd->show);
}

/* "À jour avec 2 des 3 autres appareils. Sans nouvelles de : bureau (Luc R.)." */
static en_err say_step(struct en_cmd *cmd, const struct en_watch *w)
{
    struct en_buf absent = {0};
    size_t here = 0;
    en_err err = say_absent(cmd, w, &absent);

    for (size_t i = 0; i < w->peers; i++)
        here += w->peer[i].in_step;
    if (err == EN_OK && w->peers == 0)
        en_show_line(&cmd->show, "There is no other device yet.", NULL);
    else if (err == EN_OK && here == w->peers)
        en_show_line_n(&cmd->show, "Up to date with {n} other device.",
                       "Up to date with {n} other devices.", w->peers, NULL);
    else if (err == EN_OK)
        en_show_line_n(
            &cmd->show,
            "Up to date with {here} of {n} other device. No news of: {absent}.",
            "Up to date with {here} of the {n} other devices. No news of: "
            "{absent}.",
            w->peers,
            EN_ARGS(en_arg_number("here", here),
                    en_arg_span("absent", en_buf_span(&absent))));
    if (cmd->mode == EN_SHOW_PLAIN || cmd->mode == EN_SHOW_JSON)
        show_peers(cmd, w);
    en_buf_free(&absent);
    return err;
}

/*
 * sync
 */

struct waiting {
    uint64_t n;
};

static en_err count_waiting(void *user, struct en_span item)
{
    struct waiting *w = user;
    struct en_rpc_circle c;
    en_err err = en_rpc_get_circle(item, &c);

    if (err == EN_OK && (c.flags & EN_CIRCLE_PERSONAL) == 0)
        w->n += c.waiting;
    return err;
}

static en_err nobody(struct en_cmd *cmd)
{
    struct waiting w = {0};
    en_err err =
        en_cmd_call(cmd, EN_RPC_CIRCLES, en_rpc_nothing(), count_waiting, &w);

    return err == EN_OK
               ? en_why_set(&cmd->why, EN_TIMEOUT, EN_WHY_NOBODY, NULL, w.n, 0)
               : err;
}

/* Until all are in step, the exchange is over, or the wait is. */
static en_err await_step(struct en_cmd *cmd, struct en_watch *w, bool once)
{
    const struct en_clock *clock = &cmd->machine->clock;
    uint64_t until = clock->now_ms(clock->user) + SYNC_WAIT_MS;
    en_err err = en_watch_once(cmd, w, 0);

    while (err == EN_OK && w->link.on) {
        uint64_t now = clock->now_ms(clock->user);
        size_t here = 0;

        for (size_t i = 0; i < w->peers; i++)
            here += w->peer[i].in_step;
        if (here == w->peers || now >= until || (once && !w->link.once))
            break;
        err = en_watch_once(cmd, w, (uint32_t)(until - now));
    }
    return err;
}

int en_cmd_sync(struct en_cmd *cmd, const struct en_args *args)
{
    const char *address = en_args_flag(args, "address");
    struct en_rpc_link_on on = {.once = en_args_has(args, "once")};
    struct en_watch w = {0};
    size_t linked = 0;
    en_err err;

    if (en_args_has(args, "stop")) {
        err = en_cmd_call(cmd, EN_RPC_LINK_OFF, en_rpc_nothing(), NULL, NULL);
        if (err == EN_CLOSED) /* no agent: it is off */
            err = EN_OK;
        if (err == EN_OK)
            en_show_line(&cmd->show, "The link is off.", NULL);
        return en_cmd_done(cmd, err);
    }
    if (address != NULL)
        on.address = en_span_str(address);
    err = en_cmd_agent(cmd);
    if (err == EN_OK)
        err = EN_CALL(cmd, LINK_ON, link_on, &on, NULL, NULL);
    if (err == EN_OK)
        err = await_step(cmd, &w, on.once);
    for (size_t i = 0; i < w.peers; i++)
        linked += w.peer[i].linked || w.peer[i].in_step;
    if (err == EN_OK && w.peers > 0 && linked == 0)
        err = nobody(cmd);
    else if (err == EN_OK)
        err = say_step(cmd, &w);
    en_watch_free(&w);
    return en_cmd_done(cmd, err);
}

/* One line per change: a device that came, went, or caught up. */
static en_err say_changes(struct en_cmd *cmd, const struct en_watch *before,
                          const struct en_watch *now)
{
    static const char *const states[] = {
        EN_MSG("{time}  {device} ({person}): no news"),
        EN_MSG("{time}  {device} ({person}): linked, catching up"),
        EN_MSG("{time}  {device} ({person}): up to date"),
    };
    int64_t ms = en_cmd_now(cmd);
    struct en_wall wall;
    en_err err = en_wall_of(ms, en_cmd_offset(cmd, ms), &wall);

    for (size_t i = 0; i < now->peers && err == EN_OK; i++) {
        const struct en_watch_peer *p = &now->peer[i];
        const struct en_watch_peer *old = en_watch_peer_of(before, p);

        if (old != NULL && old->linked == p->linked &&
            old->in_step == p->in_step)
            continue;
        en_show_line(&cmd->show,
                     states[p->in_step  ? 2
                            : p->linked ? 1
                                        : 0],
                     EN_ARGS(en_arg_clock("time", wall),
                             en_arg_text("device", p->label),
                             en_arg_text("person", p->person)));
    }
    en_show_flush(&cmd->show);
    return err;
}

static en_err watch_on(struct en_cmd *cmd, struct en_watch *w)
{
    struct en_watch next = {0};
    en_err err = EN_OK;

    en_show_flush(&cmd->show);
    while (err == EN_OK && !en_watch_stopped()) {
        next.link.counter = w->link.counter;
        err = en_watch_once(cmd, &next, 1000);
        if (err == EN_OK && next.link.counter != w->link.counter)
            err = say_changes(cmd, w, &next);
        if (err == EN_OK) {
            en_watch_free(w);
            *w = next;
            next = (struct en_watch){0};
        }
    }
    en_watch_free(&next);
    return err;
}

int en_cmd_sync_status(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_watch w = {0};
    en_err err = en_watch_once(cmd, &w, 0);

    if (err == EN_OK) {
        en_show_line(&cmd->show,
                     w.link.on ? EN_MSG("The link is on.")
                               : EN_MSG("The link is off."),
                     NULL);
        for (size_t i = 0; i < w.addresses; i++)
            en_show_line(&cmd->show, "This computer answers at {address}",
                         EN_ARGS(en_arg_text("address", w.address[i].text)));
        show_peers(cmd, &w);
    }
    if (err == EN_OK && en_args_has(args, "watch")) {
        en_watch_catch();
        err = watch_on(cmd, &w);
    }
    en_watch_free(&w);
    return en_cmd_done(cmd, err);
}

/*
 * agent
 */

static int say_agent(struct en_cmd *cmd, en_err err)
{
    struct en_cmd_state st;
    struct en_wall wall;
    struct en_buf link = {0};

    if (err == EN_OK)
        err = en_cmd_state(cmd, &st);
    if (err == EN_OK)
        err = en_cmd_say(
            cmd, &link,
            st.s.link ? EN_MSGC("link", "on") : EN_MSGC("link", "off"), NULL);
    if (err == EN_OK && !st.s.agent)
        en_show_line(&cmd->show, "No agent is running.", NULL);
    else if (err == EN_OK && st.s.vault != EN_VAULT_OPEN)
        en_show_line(&cmd->show, "Locked. Link: {link}.",
                     EN_ARGS(en_arg_span("link", en_buf_span(&link))));
    else if (err == EN_OK) {
        err =
            en_wall_of(st.s.until_ms, en_cmd_offset(cmd, st.s.until_ms), &wall);
        if (err == EN_OK)
            en_show_line(&cmd->show,
                         "Open, locking at {time} at the latest. Link: {link}.",
                         EN_ARGS(en_arg_clock("time", wall),
                                 en_arg_span("link", en_buf_span(&link))));
    }
    en_buf_free(&link);
    return en_cmd_done(cmd, err);
}

int en_cmd_agent_start(struct en_cmd *cmd, const struct en_args *args)
{
    (void)args;
    return say_agent(cmd, en_cmd_agent(cmd));
}

int en_cmd_agent_status(struct en_cmd *cmd, const struct en_args *args)
{
    (void)args;
    return say_agent(cmd, EN_OK);
}

int en_cmd_agent_stop(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_cmd_state st;
    en_err err = en_cmd_state(cmd, &st);

    (void)args;
    if (err == EN_OK && st.s.agent)
        err = en_cmd_call(cmd, EN_RPC_AGENT_STOP, en_rpc_nothing(), NULL, NULL);
    if (err == EN_OK)
        en_show_line(
            &cmd->show,
            "The agent has stopped. Your entries stay here, unreadable "
            "without your passphrase.",
            NULL);
    return en_cmd_done(cmd, err);
}
