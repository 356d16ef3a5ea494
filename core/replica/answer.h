/*
 * answer.h - one request applied to a home.
 *
 * The agent and a command on its own call this same function with the same bytes.
 * Any bytes may come in: what is no request is answered by an error, and nothing
 * is changed by a request that is answered by one (but EN_NOMEM after a commit: the
 * next request shows what was kept).
 *
 * Threads    one home, one thread; a send must not call back.
 * Source     docs/formats/rpc.md; rpc.h lists the verbs.
 */
#ifndef EN_REPLICA_ANSWER_H
#define EN_REPLICA_ANSWER_H

#include "replica/home.h"

struct en_answer_env {
    struct en_home *home;
    struct en_now now;
    bool agent; /* this process is an agent: what STATE says */
    bool link;  /* the link is on */
};

/*
 * en_answer - one request's body in, one or more replies' bodies out through send.
 *
 * EN_OK: replies were sent, perhaps of an error. EN_NOMEM, or what send returned:
 * the answer is not complete, and the caller closes.
 */
en_err en_answer(const struct en_answer_env *env, struct en_span request,
                 en_err (*send)(void *user, struct en_span body), void *user);

#endif
