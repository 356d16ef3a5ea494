#include "net/call.h"

#include "replica/answer.h"

#include <stdlib.h>

struct en_call {
    struct en_call_env env;
    struct en_home *home; /* made by the first request answered here */
    uint64_t number;
};

en_err en_call_new(struct en_call **c, const struct en_call_env *env)
{
    struct en_call *n = calloc(1, sizeof *n);

    if (n == NULL)
        return EN_NOMEM;
    n->env = *env;
    *c = n;
    return EN_OK;
}

void en_call_free(struct en_call *c)
{
    bool did;

    if (c == NULL)
        return;
    /* What cannot be done now is still owed the next time. */
    if (c->home != NULL && en_home_state(c->home) == EN_VAULT_OPEN)
        (void)en_home_settle(c->home, false, &did);
    en_home_free(c->home);
    free(c);
}

static struct en_now now_of(const struct en_clock *clock)
{
    struct en_now now = {.now_ms = clock->now_ms(clock->user),
                         .time_ms = clock->time_ms(clock->user)};

    now.offset_min = clock->offset_min(clock->user, now.time_ms);
    return now;
}

en_err en_call_agent(struct en_call *c, const struct en_secret *passphrase,
                     uint32_t for_min, struct en_why *why)
{
    (void)c;
    (void)passphrase;
    (void)for_min;
    (void)why;
    return EN_OK;
}

/*
 * Replies
 */

struct taking {
    uint64_t number;
    en_call_fn fn;
    void *user;
    struct en_why *why;
    en_err err;    /* of the reply */
    en_err fn_err; /* of fn: it is asked no more */
    bool done;
};

static en_err take(void *user, struct en_span body)
{
    struct taking *t = user;
    struct en_rpc_reply r;
    struct en_span item;
    en_err err = en_rpc_reply_get(body, &r);

    if (err != EN_OK)
        return err;
    if (r.number != t->number || t->done)
        return EN_PROTOCOL;
    t->done = !r.more;
    t->err = r.err;
    if (r.err != EN_OK && t->why != NULL)
        *t->why = r.why;
    while (t->fn != NULL && t->fn_err == EN_OK && en_rpc_next(&r, &item))
        t->fn_err = t->fn(t->user, item);
    return EN_OK;
}

/*
 * In this process
 */

/* Whether a verb is answered without the vault being open. */
static bool anytime(enum en_rpc_verb verb)
{
    return verb == EN_RPC_STATE || verb == EN_RPC_INIT ||
           verb == EN_RPC_UNLOCK || verb == EN_RPC_LOCK ||
           verb >= EN_RPC_LINK_ON;
}

static en_err open_here(struct en_call *c, struct en_why *why)
{
    struct en_secret phrase = {0};
    struct en_now now;
    en_err err;

    if (en_home_state(c->home) != EN_VAULT_LOCKED)
        return EN_OK; /* open, or none: the answer says so */
    err = c->env.passphrase(c->env.user, &phrase, why);
    if (err == EN_OK) {
        now = now_of(&c->env.clock);
        err = en_home_unlock(c->home, en_secret_span(&phrase), 0, &now, why);
    }
    en_secret_free(&phrase);
    return err;
}

static en_err answer_here(struct en_call *c, enum en_rpc_verb verb,
                          struct en_span request, struct taking *t,
                          struct en_why *why)
{
    struct en_home_env home = {
        .dir = c->env.vault_dir,
        .rng = c->env.rng,
        .trace = c->env.trace,
    };
    struct en_answer_env env;
    en_err err = EN_OK;

    if (c->home == NULL)
        err = en_home_new(&c->home, &home);
    if (err == EN_OK && !anytime(verb))
        err = open_here(c, why);
    if (err != EN_OK)
        return err;
    env = (struct en_answer_env){
        .home = c->home,
        .now = now_of(&c->env.clock),
    };
    return en_answer(&env, request, take, t);
}

en_err en_call(struct en_call *c, enum en_rpc_verb verb, struct en_span args,
               en_call_fn fn, void *user, struct en_why *why)
{
    struct en_rpc_request r = {.verb = (uint32_t)verb, .args = args};
    struct en_buf request = {.max = EN_RPC_FRAME_MAX};
    struct taking t = {.fn = fn, .user = user, .why = why};
    en_err err;

    r.number = t.number = ++c->number;
    err = en_rpc_request_put(&request, &r);
    if (err == EN_OK)
        err = answer_here(c, verb, en_buf_span(&request), &t, why);
    en_buf_free(&request);
    if (err == EN_OK && !t.done)
        err = EN_PROTOCOL;
    if (err == EN_OK)
        err = t.err;
    return err == EN_OK ? t.fn_err : err;
}
