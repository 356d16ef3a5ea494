/*
 * agent.h - the process that holds the vault open between commands.
 *
 * It answers requests on a socket of its owner's folder (local.h), several callers
 * at once, one request of each at a time; it is the node on the network once a
 * person has asked for that. It locks after EN_IDLE_MS without a request and, at the
 * latest, when the hard limit of the unlocking has passed: keys are wiped, vault and
 * peers closed, and it goes on listening, for unlock.
 *
 *   inherited at EN_LOCAL_FD (local.h):
 *   a pipe     listens in run_dir; one byte, an en_err, says that it does or why not
 *   a socket   serves the command at its other end alone, and ends with it
 *
 * It ends by AGENT_STOP, SIGTERM, SIGINT or SIGHUP, and when its last caller leaves
 * while there is no vault: a join that came to nothing leaves nothing.
 *
 * Ownership  env is borrowed.
 * Errors     EN_BUSY: another agent holds the folder. EN_RANGE: nothing usable was
 *            inherited. EN_DENIED, EN_IO, EN_NOMEM.
 */
#ifndef EN_NET_AGENT_H
#define EN_NET_AGENT_H

#include "base/rng.h"
#include "net/clock.h"

struct en_agent_env {
    const char *vault_dir;
    const char *run_dir;
    const char *state_dir; /* of the log; "": none is kept */
    struct en_rng *rng;
    struct en_clock clock;
    int inherited; /* EN_LOCAL_FD */
};

/* The whole life of an agent, in this process. */
en_err en_agent_run(const struct en_agent_env *env);

#endif
