#include "net/agent.h"

#include "net/local.h"
#include "net/log.h"
#include "net/node.h"
#include "replica/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLERS_MAX 64
#define READ_MAX    65536
#define QUEUE_MAX                                                              \
    268435456u /* bytes a caller may leave unread: a whole diary */
#define WATCH_MS_MAX 60000u
#define LAST_MS      1000u
#define LOOK_MS      60000u /* between looks at the limits: the machine may sleep */

static const int ends[] = {SIGTERM, SIGINT, SIGHUP};
#define ENDS (sizeof ends / sizeof ends[0])

struct agent {
    struct en_agent_env env;
    uv_loop_t loop;
    struct en_home *home;
    struct en_node *node;
    struct en_log *log;
    struct en_trace trace;
    struct en_local local;
    uv_pipe_t listener;
    uv_timer_t limit;
    uv_signal_t signal[ENDS];
    struct caller *callers;
    size_t n;
    bool own; /* of one command */
    bool listening;
    bool broken; /* the disk failed: to be locked */
    bool stopping;
    uint8_t in[READ_MAX];
};

struct caller {
    struct agent *a;
    struct caller *next;
    uv_pipe_t pipe;
    uv_timer_t timer;
    unsigned handles;
    bool gone;
    struct en_buf in;
    size_t queued;
    struct en_buf watch; /* a LINK_WATCH not yet answered; empty: none */
    uint64_t since;
};

static void retire(struct agent *a);
static void stop(struct agent *a);
static void pass_limits(struct agent *a);

static uint64_t now_ms(const struct agent *a)
{
    return a->env.clock.now_ms(a->env.clock.user);
}

static void on_trace(void *user, const char *line)
{
    struct agent *a = user;

    /* Where there is no vault nothing is left behind, a log neither. */
    if (en_home_state(a->home) != EN_VAULT_NONE)
        en_log_line(a->log, a->env.clock.time_ms(a->env.clock.user), line);
}

/*
 * Callers
 */

static void on_closed(uv_handle_t *h)
{
    struct caller *c = h->data;

    if (--c->handles > 0)
        return;
    en_buf_free(&c->in);
    en_buf_free(&c->watch);
    free(c);
}

static void hang_up(struct caller *c)
{
    struct agent *a = c->a;
    struct caller **at = &a->callers;

    if (c->gone)
        return;
    c->gone = true;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    a->n--;
    uv_close((uv_handle_t *)&c->pipe, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
    if (a->stopping)
        return;
    en_node_left(a->node, c);
    if (a->n == 0 && (a->own || en_home_state(a->home) == EN_VAULT_NONE))
        stop(a);
}

struct sending {
    uv_write_t write;
    struct caller *c;
    struct en_buf frame;
};

static void on_sent(uv_write_t *w, int status)
{
    struct sending *s = w->data;

    s->c->queued -= s->frame.n;
    if (status < 0)
        hang_up(s->c);
    en_buf_free(&s->frame);
    free(s);
}

static en_err send_body(void *user, struct en_span body)
{
    struct caller *c = user;
    struct sending *s = calloc(1, sizeof(*s));
    uv_buf_t buf;
    en_err err;

    if (s == NULL)
        return EN_NOMEM;
    s->c = c;
    s->write.data = s;
    err = en_rpc_frame_put(&s->frame, body);
    if (err == EN_OK && c->queued + s->frame.n > QUEUE_MAX)
        err = EN_FULL;
    buf = uv_buf_init((char *)s->frame.p, (unsigned)s->frame.n);
    if (err == EN_OK &&
        uv_write(&s->write, (uv_stream_t *)&c->pipe, &buf, 1, on_sent) != 0)
        err = EN_CLOSED;
    if (err == EN_OK) {
        c->queued += s->frame.n;
        return EN_OK;
    }
    en_buf_free(&s->frame);
    free(s);
    return err;
}

/* Answers of the link; what cannot be sent ends the caller. */
static void answer_link(struct caller *c, struct en_span request)
{
    if (en_node_answer(c->a->node, c, request, send_body, c) != EN_OK)
        hang_up(c);
}

/* The watch that waits is answered with what is now. */
static void end_watch(struct caller *c)
{
    struct en_buf request = c->watch;

    if (request.n == 0)
        return;
    c->watch = (struct en_buf){0};
    (void)uv_timer_stop(&c->timer);
    answer_link(c, en_buf_span(&request));
    en_buf_free(&request);
}

static void on_watched(uv_timer_t *t)
{
    end_watch(t->data);
}

static void on_changed(void *user)
{
    struct agent *a = user;

    for (struct caller *c = a->callers, *next; c != NULL; c = next) {
        next = c->next;
        if (c->watch.n > 0 && en_node_counter(a->node) > c->since)
            end_watch(c);
    }
}

/* False: it is answered at once, be it by an error. */
static bool put_off(struct caller *c, struct en_span body, struct en_span args)
{
    struct en_rpc_watch w;

    if (en_rpc_get_watch(args, &w) != EN_OK || w.timeout_ms == 0 ||
        w.since < 1 || en_node_counter(c->a->node) > w.since)
        return false;
    if (en_buf_add_span(&c->watch, body) != EN_OK)
        return false;
    c->since = w.since;
    if (w.timeout_ms > WATCH_MS_MAX)
        w.timeout_ms = WATCH_MS_MAX;
    (void)uv_timer_start(&c->timer, on_watched, w.timeout_ms, 0);
    return true;
}

static en_err say_done(struct caller *c, uint64_t number)
{
    struct en_rpc_answer out = {.number = number, .send = send_body, .user = c};
    en_err err = en_rpc_end(&out, EN_OK, NULL);

    en_rpc_answer_free(&out);
    return err;
}

static en_err answer_home(struct caller *c, struct en_span body)
{
    struct agent *a = c->a;
    struct en_answer_env env = {
        .home = a->home,
        .now = {.now_ms = now_ms(a),
                .time_ms = a->env.clock.time_ms(a->env.clock.user)},
        .agent = !a->own,
        .link = en_node_link(a->node),
    };

    env.now.offset_min =
        a->env.clock.offset_min(a->env.clock.user, env.now.time_ms);
    return en_answer(&env, body, send_body, c);
}

static void on_request(struct caller *c, struct en_span body)
{
    struct agent *a = c->a;
    struct en_rpc_request r;
    bool readable = en_rpc_request_get(body, &r) == EN_OK;

    end_watch(c);
    if (c->gone)
        return;
    pass_limits(a);
    if (readable && r.verb == EN_RPC_LINK_WATCH) {
        if (!put_off(c, body, r.args))
            answer_link(c, body);
    } else if (readable && r.verb == EN_RPC_AGENT_STOP) {
        retire(a); /* and then it is said to be so */
        (void)say_done(c, r.number);
        stop(a);
    } else if (readable && r.verb >= EN_RPC_LINK_ON &&
               r.verb <= EN_RPC_JOIN_FINISH) {
        answer_link(c, body);
    } else {
        /* Peers hold keys of what is about to be wiped. */
        if (readable && r.verb == EN_RPC_LOCK)
            en_node_lock(a->node);
        if (answer_home(c, body) != EN_OK)
            hang_up(c);
    }
    if (!a->stopping) {
        en_node_poke(a->node);
        pass_limits(a);
    }
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct caller *c = h->data;

    (void)suggested;
    *buf = uv_buf_init((char *)c->a->in, sizeof(c->a->in));
}

static void take_frames(struct caller *c)
{
    while (!c->gone && !c->a->stopping) {
        struct en_span body;
        size_t used = 0;

        if (en_rpc_frame_take(en_buf_span(&c->in), &body, &used) != EN_OK) {
            hang_up(c);
            return;
        }
        if (used == 0)
            return;
        on_request(c, body);
        if (c->in.n == used)
            en_buf_clear(&c->in); /* it may have held a passphrase */
        else
            en_buf_consume(&c->in, used);
    }
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct caller *c = s->data;
    en_err err;

    if (n == 0 || c->gone)
        return;
    if (n < 0) {
        hang_up(c);
        return;
    }
    err = en_buf_add(&c->in, buf->base, (size_t)n);
    en_wipe(buf->base, (size_t)n);
    if (err != EN_OK)
        hang_up(c);
    else
        take_frames(c);
}

static struct caller *new_caller(struct agent *a)
{
    struct caller *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->a = a;
    c->in.max = EN_RPC_PREFIX + EN_RPC_FRAME_MAX + READ_MAX;
    (void)uv_pipe_init(&a->loop, &c->pipe, 0);
    (void)uv_timer_init(&a->loop, &c->timer);
    c->handles = 2;
    c->pipe.data = c->timer.data = c;
    c->next = a->callers;
    a->callers = c;
    a->n++;
    return c;
}

/* Only this user; the folder's mode says so already, the kernel says it again. */
static void begin(struct caller *c)
{
    uv_os_fd_t fd = -1;

    if (uv_fileno((const uv_handle_t *)&c->pipe, &fd) != 0 ||
        !en_local_own(fd) || c->a->n > CALLERS_MAX ||
        uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) != 0)
        hang_up(c);
}

static void on_caller(uv_stream_t *s, int status)
{
    struct agent *a = s->data;
    struct caller *c;

    if (status < 0 || a->stopping)
        return;
    c = new_caller(a);
    if (c == NULL)
        return; /* it waits; a command that ends makes room */
    if (uv_accept(s, (uv_stream_t *)&c->pipe) != 0)
        hang_up(c);
    else
        begin(c);
}

/*
 * Limits
 */

static void on_limit(uv_timer_t *t)
{
    pass_limits(t->data);
}

static void on_broken(void *user)
{
    struct agent *a = user;

    a->broken = true;
    /* Not under the feet of who is in the middle of a commit. */
    (void)uv_timer_start(&a->limit, on_limit, 0, 0);
}

/* Locks what has to be locked, and comes back in time for the next. */
static void pass_limits(struct agent *a)
{
    uint64_t now = now_ms(a), at = en_home_deadline(a->home);

    if (a->stopping)
        return;
    if (a->broken || now >= at) {
        en_trace_line(&a->trace, "agent: locked, %s",
                      a->broken ? "io" : "limit");
        en_node_lock(a->node);
        en_home_lock(a->home);
        a->broken = false;
    }
    at = en_home_deadline(a->home);
    if (at == UINT64_MAX)
        (void)uv_timer_stop(&a->limit);
    else
        (void)uv_timer_start(&a->limit, on_limit,
                             at - now < LOOK_MS ? at - now : LOOK_MS, 0);
}

/*
 * Life
 */

static void on_late(uv_timer_t *t)
{
    hang_up(t->data);
}

/* What was said is still written, to whoever reads it within a second. */
static void on_last(uv_shutdown_t *r, int status)
{
    (void)status;
    hang_up(r->data);
    free(r);
}

static void see_off(struct caller *c)
{
    uv_shutdown_t *r = malloc(sizeof(*r));

    (void)uv_read_stop((uv_stream_t *)&c->pipe);
    (void)uv_timer_start(&c->timer, on_late, LAST_MS, 0);
    if (r == NULL) {
        hang_up(c);
        return;
    }
    r->data = c;
    if (uv_shutdown(r, (uv_stream_t *)&c->pipe, on_last) != 0) {
        free(r);
        hang_up(c);
    }
}

/* Everything another agent would want is free when this returns. */
static void retire(struct agent *a)
{
    a->stopping = true;
    en_trace_line(&a->trace, "agent: stops");
    en_node_close(a->node);
    en_home_lock(a->home);
    for (size_t i = 0; i < ENDS; i++)
        uv_close((uv_handle_t *)&a->signal[i], NULL);
    uv_close((uv_handle_t *)&a->limit, NULL);
    if (a->listening)
        uv_close((uv_handle_t *)&a->listener, NULL);
    en_local_close(a->env.run_dir, &a->local);
}

static void stop(struct agent *a)
{
    if (!a->stopping)
        retire(a);
    for (struct caller *c = a->callers, *next; c != NULL; c = next) {
        next = c->next;
        see_off(c);
    }
}

static void on_signal(uv_signal_t *s, int number)
{
    struct agent *a = s->data;

    (void)number;
    if (!a->stopping)
        stop(a);
}

static void tell_ready(int fd, en_err err)
{
    uint8_t said = (uint8_t)err;
    ssize_t n;

    do
        n = write(fd, &said, 1);
    while (n < 0 && errno == EINTR);
    (void)close(fd);
}

static en_err serve_folder(struct agent *a)
{
    en_err err = en_local_listen(a->env.run_dir, &a->local);
    int fd;

    if (err != EN_OK)
        return err;
    (void)uv_pipe_init(&a->loop, &a->listener, 0);
    a->listening = true;
    a->listener.data = a;
    /* libuv closes its descriptor; the folder's stays ours. */
    fd = a->local.fd;
    a->local.fd = -1;
    if (uv_pipe_open(&a->listener, fd) != 0) {
        (void)close(fd);
        return EN_IO;
    }
    return uv_listen((uv_stream_t *)&a->listener, 16, on_caller) == 0 ? EN_OK
                                                                      : EN_IO;
}

static en_err serve_one(struct agent *a)
{
    struct caller *c = new_caller(a);

    if (c == NULL)
        return EN_NOMEM;
    if (uv_pipe_open(&c->pipe, a->env.inherited) != 0) {
        hang_up(c);
        return EN_IO;
    }
    begin(c);
    return EN_OK;
}

static en_err make(struct agent *a)
{
    struct en_home_env home = {
        .dir = a->env.vault_dir, .rng = a->env.rng, .trace = &a->trace};
    struct en_node_env node = {.loop = &a->loop,
                               .rng = a->env.rng,
                               .clock = a->env.clock,
                               .trace = &a->trace,
                               .changed = on_changed,
                               .broken = on_broken,
                               .user = a};
    en_err err = en_log_new(&a->log, a->env.state_dir);

    if (err == EN_OK)
        err = en_home_new(&a->home, &home);
    node.home = a->home;
    if (err == EN_OK)
        err = en_node_new(&a->node, &node);
    if (err != EN_OK)
        return err;
    (void)uv_timer_init(&a->loop, &a->limit);
    a->limit.data = a;
    for (size_t i = 0; i < ENDS; i++) {
        (void)uv_signal_init(&a->loop, &a->signal[i]);
        a->signal[i].data = a;
        (void)uv_signal_start(&a->signal[i], on_signal, ends[i]);
    }
    return EN_OK;
}

/* A pipe or a socket, and which. */
static en_err look_at_inherited(struct agent *a)
{
    struct stat st;

    if (fstat(a->env.inherited, &st) != 0 ||
        (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)))
        return EN_RANGE;
    (void)fcntl(a->env.inherited, F_SETFD, FD_CLOEXEC);
    a->own = S_ISSOCK(st.st_mode);
    return EN_OK;
}

static en_err live(struct agent *a)
{
    en_err err = make(a);

    if (err == EN_OK)
        err = a->own ? serve_one(a) : serve_folder(a);
    if (!a->own)
        tell_ready(a->env.inherited, err);
    if (a->node != NULL && err != EN_OK)
        stop(a);
    if (err == EN_OK)
        en_trace_line(&a->trace, "agent: listens");
    (void)uv_run(&a->loop, UV_RUN_DEFAULT);
    return err;
}

en_err en_agent_run(const struct en_agent_env *env)
{
    struct agent *a = calloc(1, sizeof(*a));
    en_err err;

    if (a == NULL)
        return EN_NOMEM;
    a->env = *env;
    a->local = (struct en_local){.dir_fd = -1, .fd = -1};
    a->trace = (struct en_trace){on_trace, a};
    err = look_at_inherited(a);
    if (err != EN_OK || uv_loop_init(&a->loop) != 0) {
        free(a);
        return err == EN_OK ? EN_NOMEM : err;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(077);
    err = live(a);
    en_node_free(a->node);
    en_home_free(a->home);
    en_log_free(a->log);
    (void)uv_loop_close(&a->loop);
    en_wipe(a, sizeof(*a));
    free(a);
    return err;
}
