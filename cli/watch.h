/*
 * watch.h - what the agent says of the link, a copy that outlives its frames.
 *
 * Source     rpc.h, LINK_WATCH.
 */
#ifndef EN_CLI_WATCH_H
#define EN_CLI_WATCH_H

#include "cli/cmd.h"

#define EN_WATCH_NAME_MAX (4 * EN_LABEL_MAX)

struct en_watch_peer {
    struct en_id cid;
    struct en_id device;
    char circle[EN_WATCH_NAME_MAX];
    char person[EN_WATCH_NAME_MAX];
    char label[EN_WATCH_NAME_MAX];
    bool linked;
    bool in_step;
    int64_t since_ms;
};

struct en_watch_address {
    char text[EN_RPC_ADDRESS_MAX + 1];
};

struct en_watch {
    struct en_rpc_link link; /* its names are empty: they are below */
    char hint[EN_WATCH_NAME_MAX];
    char person[EN_WATCH_NAME_MAX];
    char circle[EN_WATCH_NAME_MAX];
    struct en_watch_address *address;
    size_t addresses;
    struct en_watch_peer *peer;
    size_t peers;
    size_t at; /* items read */
};

/* Fills w anew: at once if w->link.counter is 0 or is no longer the agent's, else
 * after a change or timeout_ms, whichever is first. */
en_err en_watch_once(struct en_cmd *cmd, struct en_watch *w,
                     uint32_t timeout_ms);
void en_watch_free(struct en_watch *w);

/* The same device of the same circle in another answer; NULL. */
const struct en_watch_peer *en_watch_peer_of(const struct en_watch *w,
                                             const struct en_watch_peer *p);

/* From here on Ctrl-C does not end the process: it is told by stopped. A question
 * on the terminal still has its own way of being cancelled. */
void en_watch_catch(void);
bool en_watch_stopped(void);

/* An agent holds the open vault from here on: asks for the passphrase if it is
 * locked. EN_ABSENT (NO_VAULT). */
en_err en_cmd_agent(struct en_cmd *cmd);

#endif
