#include "cli/watch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Names are cut only where a stranger made them longer than is allowed. */
static void copy(char *out, size_t size, struct en_span s)
{
    size_t n = s.n < size - 1 ? s.n : size - 1;

    if (n > 0)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

static en_err take_head(struct en_watch *w, struct en_span item)
{
    struct en_rpc_link *l = &w->link;
    en_err err = en_rpc_get_link(item, l);

    if (err != EN_OK)
        return err;
    copy(w->hint, sizeof w->hint, l->hint);
    copy(w->person, sizeof w->person, l->person);
    copy(w->circle, sizeof w->circle, l->circle);
    l->hint = l->person = l->circle = (struct en_span){0};
    if (l->addresses > 64 || l->peers > EN_PERSONS_MAX * EN_DEVICES_MAX)
        return EN_PROTOCOL;
    w->address = calloc(l->addresses + 1u, sizeof *w->address);
    w->peer = calloc(l->peers + 1u, sizeof *w->peer);
    return w->address == NULL || w->peer == NULL ? EN_NOMEM : EN_OK;
}

static en_err take(void *user, struct en_span item)
{
    struct en_watch *w = user;
    struct en_watch_peer *to;
    struct en_rpc_address a;
    struct en_rpc_peer p;
    size_t at = w->at++;
    en_err err;

    if (at == 0)
        return take_head(w, item);
    if (at <= w->link.addresses) {
        err = en_rpc_get_address(item, &a);
        if (err == EN_OK)
            copy(w->address[w->addresses++].text, sizeof w->address->text,
                 a.text);
        return err;
    }
    if (at > (size_t)w->link.addresses + w->link.peers)
        return EN_PROTOCOL;
    err = en_rpc_get_peer(item, &p);
    if (err != EN_OK)
        return err;
    to = &w->peer[w->peers++];
    to->cid = p.cid;
    to->device = p.device;
    copy(to->circle, sizeof to->circle, p.circle);
    copy(to->person, sizeof to->person, p.person_name);
    copy(to->label, sizeof to->label, p.label);
    to->linked = p.linked;
    to->in_step = p.in_step;
    to->since_ms = p.since_ms;
    return EN_OK;
}

void en_watch_free(struct en_watch *w)
{
    free(w->address);
    free(w->peer);
    *w = (struct en_watch){0};
}

en_err en_watch_once(struct en_cmd *cmd, struct en_watch *w,
                     uint32_t timeout_ms)
{
    struct en_rpc_watch arg = {.since = w->link.counter,
                               .timeout_ms = timeout_ms};

    en_watch_free(w);
    return EN_CALL(cmd, LINK_WATCH, watch, &arg, take, w);
}

const struct en_watch_peer *en_watch_peer_of(const struct en_watch *w,
                                             const struct en_watch_peer *p)
{
    for (size_t i = 0; i < w->peers; i++) {
        if (en_id_eq(&w->peer[i].cid, &p->cid) &&
            en_id_eq(&w->peer[i].device, &p->device))
            return &w->peer[i];
    }
    return NULL;
}

static volatile sig_atomic_t stopped;

static void on_stop(int sig)
{
    (void)sig;
    stopped = 1;
}

void en_watch_catch(void)
{
    struct sigaction sa = {.sa_handler = on_stop};

    (void)sigemptyset(&sa.sa_mask);
    (void)sigaction(SIGINT, &sa, NULL);
    (void)sigaction(SIGTERM, &sa, NULL);
}

bool en_watch_stopped(void)
{
    return stopped != 0;
}

en_err en_cmd_agent(struct en_cmd *cmd)
{
    struct en_cmd_state st;
    en_err err = en_cmd_state(cmd, &st);

    if (err != EN_OK)
        return err;
    if (st.s.vault == EN_VAULT_NONE)
        return en_why_set(&cmd->why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0, 0);
    if (st.s.vault == EN_VAULT_OPEN && st.s.agent)
        return EN_OK;
    err = en_cmd_know(cmd);
    return err == EN_OK ? en_call_agent(cmd->call, &cmd->known, 0, &cmd->why)
                        : err;
}
