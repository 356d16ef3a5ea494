/*
 * call.h - one request of a command: to the agent if one answers, else answered in
 * this process.
 *
 * The bytes of request and replies are the same on both roads (replica/rpc.h), so a
 * command cannot tell them apart, but by what STATE says. Three roads:
 *
 *   agent    the socket of the run folder answers. Where the agent is locked and a
 *            request needs the vault, it is unlocked first, with a passphrase asked
 *            through the function the command gave.
 *   here     nobody answers: the vault is opened in this process by the first
 *            request that needs it, in the same way, and stays open until
 *            en_call_free, which first lets every circle settle what its records
 *            oblige this device to do.
 *   own      nobody answers and the request is about the link: an agent for this
 *            command alone, on an inherited socket and under no name, that ends
 *            with the command.
 *
 * A passphrase goes over the socket, never through an argument or the environment.
 *
 * Ownership  a call borrows all that its env points to.
 * Threads    one.
 * Units      the clock's now_ms is monotonic, time_ms Unix, offset minutes east.
 * Errors     what the reply said, with its why; EN_BUSY (OWNER): another process
 *            holds the vault and no agent answers; EN_CLOSED: the agent went away,
 *            or (CANCELLED) a signal ended the wait; EN_PROTOCOL: it said what is no
 *            reply; EN_NOMEM.
 */
#ifndef EN_NET_CALL_H
#define EN_NET_CALL_H

#include "base/rng.h"
#include "base/secret.h"
#include "base/trace.h"
#include "net/clock.h"
#include "replica/rpc.h"

struct en_call;

struct en_call_env {
    const char *vault_dir; /* XDG_DATA_HOME/entrenous */
    const char *run_dir;   /* XDG_RUNTIME_DIR/entrenous: the agent's socket */
    struct en_rng *rng;
    struct en_clock clock;
    const struct en_trace *trace; /* may be NULL */
    /* The passphrase, when the vault must be opened here; its errors are returned
     * as they are. Asked at most once: a wrong one ends the command. */
    en_err (*passphrase)(void *user, struct en_secret *out, struct en_why *why);
    /* Whether a signal that came meanwhile ends the command; NULL: never. Asked
     * when a signal has interrupted the wait for an agent's answer. */
    bool (*cancelled)(void *user);
    void *user;
    /* What "agent run" is said to, an absolute path; NULL: this very program. */
    const char *program;
};

en_err en_call_new(struct en_call **c, const struct en_call_env *env);
/* Settles and locks what was opened in this process. */
void en_call_free(struct en_call *c);

/*
 * en_call_agent - from here on an agent answers: starts one if none does.
 *
 * It takes over what this process has opened. EN_OK also where no agent can be (no
 * folder for its socket): then this process goes on by itself, and STATE says so.
 *
 * passphrase  of the vault, open or about to be; NULL: none yet (a join)
 * for_min     as in en_rpc_unlock
 */
en_err en_call_agent(struct en_call *c, const struct en_secret *passphrase,
                     uint32_t for_min, struct en_why *why);

/* Each item of the answer, in order, borrowed for the call. What it returns, if
 * not EN_OK, is what en_call returns once the answer has been read to its end. */
typedef en_err (*en_call_fn)(void *user, struct en_span item);

/* args: packed by en_rpc_put_*, or en_rpc_nothing. fn may be NULL: items are not
 * wanted. Items already given are void if an error is returned in the end. */
en_err en_call(struct en_call *c, enum en_rpc_verb verb, struct en_span args,
               en_call_fn fn, void *user, struct en_why *why);

#endif
