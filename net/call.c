#include "net/call.h"

#include "net/local.h"
#include "replica/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_STEP 65536

struct en_call {
    struct en_call_env env;
    struct en_home *home;    /* made by the first request answered here */
    struct en_secret phrase; /* asked: an agent of one's own needs it again */
    int fd;                  /* of an agent; -1: none */
    bool tried;              /* whether one answers was looked at */
    uint64_t number;
    struct en_buf in; /* from the agent, not yet taken */
};

en_err en_call_new(struct en_call **c, const struct en_call_env *env)
{
    struct en_call *n = calloc(1, sizeof *n);

    if (n == NULL)
        return EN_NOMEM;
    n->env = *env;
    n->fd = -1;
    n->in.max = EN_RPC_PREFIX + EN_RPC_FRAME_MAX + READ_STEP;
    *c = n;
    return EN_OK;
}

static void hang_up(struct en_call *c)
{
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
    en_buf_free(&c->in);
}

/* What cannot be settled now is still owed the next time. */
static void shut_home(struct en_call *c)
{
    bool did;

    if (c->home == NULL)
        return;
    if (en_home_state(c->home) == EN_VAULT_OPEN)
        (void)en_home_settle(c->home, false, &did);
    en_home_free(c->home);
    c->home = NULL;
}

void en_call_free(struct en_call *c)
{
    if (c == NULL)
        return;
    shut_home(c);
    hang_up(c);
    en_secret_free(&c->phrase);
    free(c);
}

static struct en_now now_of(const struct en_clock *clock)
{
    struct en_now now = {.now_ms = clock->now_ms(clock->user),
                         .time_ms = clock->time_ms(clock->user)};

    now.offset_min = clock->offset_min(clock->user, now.time_ms);
    return now;
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

static en_err ask_phrase(struct en_call *c, struct en_why *why)
{
    if (c->phrase.n > 0)
        return EN_OK;
    return c->env.passphrase(c->env.user, &c->phrase, why);
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
    struct en_now now;
    en_err err;

    if (en_home_state(c->home) != EN_VAULT_LOCKED)
        return EN_OK; /* open, or none: the answer says so */
    err = ask_phrase(c, why);
    if (err != EN_OK)
        return err;
    now = now_of(&c->env.clock);
    err = en_home_unlock(c->home, en_secret_span(&c->phrase), 0, &now, why);
    if (err == EN_PASSPHRASE)
        en_secret_free(&c->phrase);
    return err;
}

static en_err need_home(struct en_call *c)
{
    struct en_home_env home = {
        .dir = c->env.vault_dir,
        .rng = c->env.rng,
        .trace = c->env.trace,
    };

    return c->home != NULL ? EN_OK : en_home_new(&c->home, &home);
}

static en_err answer_here(struct en_call *c, enum en_rpc_verb verb,
                          struct en_span request, struct taking *t,
                          struct en_why *why)
{
    struct en_answer_env env;
    en_err err = need_home(c);

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

/*
 * At an agent's
 */

static en_err interrupted(struct en_call *c, struct en_why *why)
{
    if (c->env.cancelled == NULL || !c->env.cancelled(c->env.user))
        return EN_OK;
    return en_why_set(why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0, 0);
}

static en_err send_all(struct en_call *c, struct en_span s, struct en_why *why)
{
    while (s.n > 0) {
        ssize_t n = send(c->fd, s.p, s.n, MSG_NOSIGNAL);
        en_err err = EN_OK;

        if (n > 0)
            s = EN_SPAN(s.p + n, s.n - (size_t)n);
        else
            err = errno == EINTR ? interrupted(c, why) : EN_CLOSED;
        if (err != EN_OK)
            return err;
    }
    return EN_OK;
}

static en_err receive(struct en_call *c, struct en_why *why)
{
    en_err err = en_buf_reserve(&c->in, READ_STEP);

    while (err == EN_OK) {
        ssize_t n = recv(c->fd, c->in.p + c->in.n, READ_STEP, 0);

        if (n > 0) {
            c->in.n += (size_t)n;
            return EN_OK;
        }
        err = n < 0 && errno == EINTR ? interrupted(c, why) : EN_CLOSED;
    }
    return err;
}

static en_err take_frame(struct en_call *c, struct taking *t, bool *any)
{
    struct en_span body;
    size_t used = 0;
    en_err err = en_rpc_frame_take(en_buf_span(&c->in), &body, &used);

    *any = used > 0;
    if (err == EN_OK && *any)
        err = take(t, body);
    if (*any)
        en_buf_consume(&c->in, used);
    return err;
}

/* After an error the stream is out of step: nothing more can be asked there. */
static en_err exchange(struct en_call *c, struct en_span request,
                       struct taking *t, struct en_why *why)
{
    struct en_buf frame = {.max = EN_RPC_PREFIX + EN_RPC_FRAME_MAX};
    bool any = false;
    en_err err = en_rpc_frame_put(&frame, request);

    if (err == EN_OK)
        err = send_all(c, en_buf_span(&frame), why);
    en_buf_free(&frame);
    while (err == EN_OK && !t->done) {
        err = take_frame(c, t, &any);
        if (err == EN_OK && !any)
            err = receive(c, why);
    }
    if (c->in.n == 0)
        en_buf_clear(&c->in); /* it may have held a text */
    if (err != EN_OK)
        hang_up(c);
    return err;
}

static en_err one(struct en_call *c, enum en_rpc_verb verb, struct en_span args,
                  en_call_fn fn, void *user, struct en_why *why, bool here);

static en_err unlock_there(struct en_call *c, struct en_span passphrase,
                           uint32_t for_min, struct en_why *why)
{
    struct en_rpc_unlock u = {.passphrase = passphrase, .for_min = for_min};
    struct en_buf args = {.max = EN_RPC_FRAME_MAX};
    en_err err = en_rpc_put_unlock(&args, &u);

    if (err == EN_OK)
        err = one(c, EN_RPC_UNLOCK, en_buf_span(&args), NULL, NULL, why, false);
    en_buf_free(&args);
    return err;
}

static en_err take_vault(void *user, struct en_span item)
{
    struct en_rpc_state s;
    en_err err = en_rpc_get_state(item, &s);

    if (err == EN_OK)
        *(uint32_t *)user = s.vault;
    return err;
}

static en_err vault_there(struct en_call *c, uint32_t *vault,
                          struct en_why *why)
{
    return one(c, EN_RPC_STATE, en_rpc_nothing(), take_vault, vault, why,
               false);
}

/* Whether one answers; asked once, and once more when the vault turns out to be
 * held by somebody. */
static void look(struct en_call *c)
{
    c->tried = true;
    if (c->fd < 0 && en_local_connect(c->env.run_dir, &c->fd) != EN_OK)
        c->fd = -1;
}

/* What only a process with a loop can do. */
static bool needs_loop(enum en_rpc_verb verb)
{
    return verb == EN_RPC_LINK_ON || verb == EN_RPC_INVITE ||
           verb == EN_RPC_JOIN;
}

/* An agent for this command alone takes over what was opened here. */
static en_err start_own(struct en_call *c, struct en_why *why)
{
    uint32_t vault = EN_VAULT_NONE;
    en_err err = need_home(c);

    if (err == EN_OK && en_home_state(c->home) == EN_VAULT_LOCKED)
        err = ask_phrase(c, why);
    if (err != EN_OK)
        return err;
    shut_home(c);
    err = en_local_start_own(c->env.program, &c->fd);
    if (err != EN_OK)
        return err;
    err = vault_there(c, &vault, why);
    if (err == EN_OK && vault == EN_VAULT_LOCKED) {
        err = ask_phrase(c, why);
        if (err == EN_OK)
            err = unlock_there(c, en_secret_span(&c->phrase), 0, why);
    }
    return err;
}

en_err en_call_agent(struct en_call *c, const struct en_secret *passphrase,
                     uint32_t for_min, struct en_why *why)
{
    uint32_t vault = EN_VAULT_NONE;
    en_err err = EN_OK;

    if (c->env.run_dir == NULL || c->env.run_dir[0] == '\0')
        return EN_OK;
    if (c->fd < 0)
        look(c);
    if (c->fd < 0) {
        shut_home(c);
        err = en_local_start(c->env.program);
        /* Another command was quicker: its agent is as good. */
        if (err == EN_OK || err == EN_BUSY)
            err = en_local_connect(c->env.run_dir, &c->fd);
        if (err != EN_OK)
            return err;
    }
    err = vault_there(c, &vault, why);
    if (err == EN_OK && vault == EN_VAULT_LOCKED && passphrase != NULL)
        err = unlock_there(c, en_secret_span(passphrase), for_min, why);
    return err;
}

/*
 * Either way
 */

/* One request along one road. */
static en_err one(struct en_call *c, enum en_rpc_verb verb, struct en_span args,
                  en_call_fn fn, void *user, struct en_why *why, bool here)
{
    struct en_rpc_request r = {.verb = (uint32_t)verb, .args = args};
    struct en_buf request = {.max = EN_RPC_FRAME_MAX};
    struct taking t = {.fn = fn, .user = user, .why = why};
    en_err err;

    r.number = t.number = ++c->number;
    err = en_rpc_request_put(&request, &r);
    if (err == EN_OK)
        err = here ? answer_here(c, verb, en_buf_span(&request), &t, why)
                   : exchange(c, en_buf_span(&request), &t, why);
    en_buf_free(&request);
    if (err == EN_OK && !t.done)
        err = EN_PROTOCOL;
    if (err == EN_OK)
        err = t.err;
    return err == EN_OK ? t.fn_err : err;
}

en_err en_call(struct en_call *c, enum en_rpc_verb verb, struct en_span args,
               en_call_fn fn, void *user, struct en_why *why)
{
    en_err err;

    if (!c->tried)
        look(c);
    if (c->fd < 0 && needs_loop(verb)) {
        err = start_own(c, why);
        if (err != EN_OK)
            return err;
    }
    if (c->fd < 0) {
        err = one(c, verb, args, fn, user, why, true);
        if (err != EN_BUSY)
            return err;
        look(c);
        if (c->fd < 0)
            return err;
        if (why != NULL)
            *why = (struct en_why){0};
    }
    err = one(c, verb, args, fn, user, why, false);
    if (err != EN_LOCKED)
        return err;
    err = ask_phrase(c, why);
    if (err == EN_OK)
        err = unlock_there(c, en_secret_span(&c->phrase), 0, why);
    if (err == EN_PASSPHRASE)
        en_secret_free(&c->phrase);
    if (err != EN_OK)
        return err;
    return one(c, verb, args, fn, user, why, false);
}
