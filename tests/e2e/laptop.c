#include "e2e/laptop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

uint64_t laptop_now_ms(void)
{
    struct en_clock c = en_clock_system();

    return c.now_ms(c.user);
}

/*
 * Namespaces
 */

static int run(const char *line)
{
    int status = system(line);

    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int runf(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int runf(const char *format, ...)
{
    char line[1024];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    assert_true(n > 0 && (size_t)n < sizeof line);
    return run(line);
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return false;
    ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return close(fd) == 0 && ok;
}

/* The network between the laptops, wherever this process is by then. */
static int middle = -1;

/* A network of this test's own, as root of it. */
static bool own_network(void)
{
    char map[64];
    uid_t uid = getuid();

    if (uid == 0) {
        if (unshare(CLONE_NEWNET) != 0)
            return false;
    } else {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
            return false;
        snprintf(map, sizeof map, "0 %u 1", (unsigned)uid);
        if (!write_file("/proc/self/setgroups", "deny") ||
            !write_file("/proc/self/uid_map", map))
            return false;
    }
    middle = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return middle >= 0 && run("ip link set lo up 2>/dev/null") == 0 &&
           run("ip link add br0 type bridge 2>/dev/null && "
               "ip link set br0 type bridge mcast_snooping 0 && "
               "ip link set br0 up") == 0;
}

/* A process that does nothing but hold a namespace open until the test is gone. */
static pid_t hold_namespace(void)
{
    int ready[2];
    char c;
    pid_t pid;

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        c = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &c, 1);
        for (;;)
            (void)pause();
    }
    assert_true(pid > 0);
    (void)close(ready[1]);
    if (read(ready[0], &c, 1) != 1 || c != 'y') {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        pid = -1;
    }
    (void)close(ready[0]);
    return pid;
}

int laptop_sh(const struct laptop *l, const char *format, ...)
{
    char line[1024];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    assert_true(n > 0 && (size_t)n < sizeof line);
    return runf("nsenter -t %d -n sh -c '%s'", (int)l->holder, line);
}

void laptop_enter(const struct laptop *l)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)l->holder);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(setns(fd, CLONE_NEWNET), 0);
    (void)close(fd);
}

static bool wire(struct laptop *l)
{
    l->holder = hold_namespace();
    return l->holder > 0 &&
           runf("ip link add v%u type veth peer name eth0 netns %d && "
                "ip link set v%u master br0 up",
                l->n, (int)l->holder, l->n) == 0 &&
           laptop_sh(l,
                     "ip link set lo up && "
                     "ip addr add 10.78.0.%u/24 dev eth0 && "
                     "ip link set eth0 up && "
                     "ip -6 addr add fd00:78::%u/64 dev eth0 nodad; true",
                     l->n, l->n) == 0;
}

void laptop_plug(struct laptop *l, bool in)
{
    assert_int_equal(runf("ip link set v%u %s", l->n, in ? "up" : "down"), 0);
}

void laptop_part(struct laptop *l, bool apart)
{
    assert_int_equal(runf("nsenter --net=/proc/%d/fd/%d ip link set v%u type "
                          "bridge_slave isolated %s",
                          (int)getpid(), middle, l->n, apart ? "on" : "off"),
                     0);
}

void laptop_packets(const struct laptop *l, uint64_t *out, uint64_t *in)
{
    char path[64], line[512];
    FILE *f;

    *out = *in = 0;
    snprintf(path, sizeof path, "/proc/%d/net/dev", (int)l->holder);
    f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        const char *colon = strchr(line, ':');
        unsigned long long rx, tx;

        if (colon != NULL && strstr(line, "eth0") != NULL &&
            sscanf(colon + 1, "%*u %llu %*u %*u %*u %*u %*u %*u %*u %llu", &rx,
                   &tx) == 2) {
            *in = rx;
            *out = tx;
        }
    }
    (void)fclose(f);
}

/*
 * Life
 */

static const struct en_clock *clock_of(void)
{
    static struct en_clock c;

    c = en_clock_system();
    return &c;
}

static en_err no_passphrase(void *user, struct en_secret *out,
                            struct en_why *why)
{
    (void)user;
    (void)out;
    (void)why;
    return EN_LOCKED;
}

static void make_laptop(struct lan *lan, struct laptop *l, unsigned n)
{
    char home[sizeof l->home];

    *l = (struct laptop){.n = n};
    snprintf(home, sizeof home, "%s/%u", lan->dir, n);
    memcpy(l->home, home, sizeof home);
    snprintf(l->data, sizeof l->data, "%s/data", home);
    snprintf(l->run, sizeof l->run, "%s/run", home);
    snprintf(l->state, sizeof l->state, "%s/state", home);
    l->env = (struct en_call_env){
        .vault_dir = l->data,
        .run_dir = l->run,
        .rng = en_rng_system(),
        .clock = *clock_of(),
        .passphrase = no_passphrase,
    };
}

bool lan_new(struct lan *lan, size_t n, const char *program)
{
    memset(lan, 0, sizeof *lan);
    assert_non_null(realpath(program, lan->program));
    snprintf(lan->dir, sizeof lan->dir, "/tmp/en-e2e-XXXXXX");
    assert_true(n <= LAPTOPS_MAX);
    assert_ok(en_secret_init());
    if (mkdtemp(lan->dir) == NULL)
        return false;
    if (!own_network())
        return false;
    for (lan->n = 0; lan->n < n; lan->n++) {
        make_laptop(lan, &lan->laptop[lan->n], (unsigned)lan->n + 1);
        if (!wire(&lan->laptop[lan->n]))
            return false;
    }
    return true;
}

int lan_skip(const char *what)
{
    if (getenv("CI") != NULL) {
        printf("1..1\nnot ok 1 - %s: this machine gives no namespaces\n", what);
        return 1;
    }
    printf("1..0 # SKIP no network namespaces here\n");
    return 77;
}

static void reap(struct laptop *l)
{
    int status;

    if (l->agent > 0)
        (void)waitpid(l->agent, &status, 0);
    l->agent = 0;
}

void lan_free(struct lan *lan)
{
    for (size_t i = 0; i < lan->n; i++) {
        struct laptop *l = &lan->laptop[i];

        laptop_kill(l);
        en_buf_free(&l->frames);
        if (l->holder > 0) {
            (void)kill(l->holder, SIGKILL);
            (void)waitpid(l->holder, NULL, 0);
        }
    }
    if (getenv("EN_KEEP") == NULL)
        (void)runf("rm -rf %s", lan->dir);
    else
        printf("# kept: %s\n", lan->dir);
}

/* In the child: the namespace, the home, the pipe at 3, and the program. */
static void become_agent(const struct lan *lan, const struct laptop *l, int fd)
{
    laptop_enter(l);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* What a sanitizer holds back is none of the program's. */
    (void)setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 1);
    if (setenv("ENTRENOUS_HOME", l->home, 1) != 0 || dup2(fd, 3) < 0)
        _exit(1);
    (void)fcntl(3, F_SETFD, 0);
    (void)execl(lan->program, "entrenous", "agent", "run", (char *)NULL);
    _exit(127);
}

void laptop_start(struct lan *lan, struct laptop *l)
{
    uint8_t said = EN_IO;
    int end[2];

    assert_int_equal(l->agent, 0);
    assert_int_equal(pipe2(end, O_CLOEXEC), 0);
    (void)fflush(NULL);
    l->agent = fork();
    if (l->agent == 0)
        become_agent(lan, l, end[1]);
    (void)close(end[1]);
    assert_int_equal(read(end[0], &said, 1), 1);
    assert_int_equal(said, EN_OK);
    (void)close(end[0]);
    assert_ok(en_call_new(&l->call, &l->env));
}

static void forget_call(struct laptop *l)
{
    en_call_free(l->call);
    l->call = NULL;
}

void laptop_stop(struct laptop *l)
{
    assert_ok(laptop_ask(l, EN_RPC_AGENT_STOP, en_rpc_nothing()));
    forget_call(l);
    reap(l);
}

void laptop_kill(struct laptop *l)
{
    if (l->agent > 0)
        (void)kill(l->agent, SIGKILL);
    reap(l);
    forget_call(l);
}

bool laptop_lives(struct laptop *l)
{
    if (l->agent > 0 && waitpid(l->agent, NULL, WNOHANG) == l->agent)
        l->agent = 0;
    return l->agent > 0;
}

size_t laptop_kib(const struct laptop *l)
{
    char path[64], line[256];
    unsigned long kib = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", (int)l->agent);
    f = fopen(path, "re");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmRSS: %lu", &kib) == 1)
            break;
    (void)fclose(f);
    return kib;
}

/*
 * Asking
 */

static en_err keep(void *user, struct en_span item)
{
    struct laptop *l = user;

    assert_true(l->items < LAPTOP_ITEMS);
    l->at[l->items] = l->frames.n;
    l->len[l->items] = item.n;
    l->items++;
    return en_buf_add_span(&l->frames, item);
}

en_err laptop_ask(struct laptop *l, enum en_rpc_verb verb, struct en_span args)
{
    assert_non_null(l->call);
    l->items = 0;
    en_buf_clear(&l->frames);
    memset(&l->why, 0, sizeof l->why);
    return en_call(l->call, verb, args, keep, l, &l->why);
}

struct en_span laptop_item(const struct laptop *l, size_t i)
{
    assert_true(i < l->items);
    return EN_SPAN(l->frames.p + l->at[i], l->len[i]);
}

#define LAPTOP_DEFINE(name)                                                    \
    en_err laptop_ask_##name(struct laptop *l, enum en_rpc_verb verb,          \
                             const struct en_rpc_##name *s)                    \
    {                                                                          \
        struct en_buf args = {.max = EN_RPC_FRAME_MAX};                        \
        en_err err = en_rpc_put_##name(&args, s);                              \
                                                                               \
        if (err == EN_OK)                                                      \
            err = laptop_ask(l, verb, en_buf_span(&args));                     \
        en_buf_free(&args);                                                    \
        return err;                                                            \
    }
EN_RPC_STRUCTS(LAPTOP_DEFINE)

void laptop_init(struct laptop *l, const char *name)
{
    assert_ok(
        LAPTOP_ASK(l, EN_RPC_INIT, init, .passphrase = BYTES(LAPTOP_PHRASE),
                   .name = en_span_str(name), .device = BYTES("computer"),
                   .kit = BYTES("paper"), .lang = EN_LANG_EN, .weak = true));
}

void laptop_unlock(struct laptop *l)
{
    assert_ok(LAPTOP_ASK(l, EN_RPC_UNLOCK, unlock,
                         .passphrase = BYTES(LAPTOP_PHRASE)));
}

/*
 * Waiting
 */

static void watch(struct laptop *l, uint64_t since, uint32_t timeout_ms,
                  struct en_rpc_link *link)
{
    assert_ok(LAPTOP_ASK(l, EN_RPC_LINK_WATCH, watch, .since = since,
                         .timeout_ms = timeout_ms));
    assert_ok(en_rpc_get_link(laptop_item(l, 0), link));
}

void laptop_link(struct laptop *l, struct en_rpc_link *link)
{
    watch(l, 0, 0, link);
}

bool laptop_await(struct laptop *l,
                  bool (*holds)(struct laptop *l,
                                const struct en_rpc_link *link, void *arg),
                  void *arg, unsigned within_ms)
{
    uint64_t until = laptop_now_ms() + within_ms;
    struct en_rpc_link link = {0};
    uint64_t counter;

    watch(l, 0, 0, &link);
    for (;;) {
        counter = link.counter;
        if (holds(l, &link, arg))
            return true;
        if (laptop_now_ms() >= until)
            return false;
        watch(l, counter, 200, &link);
    }
}

static bool met(struct laptop *l, const struct en_rpc_link *link, void *arg)
{
    const enum en_rpc_meet *meet = arg;

    (void)l;
    if (link->meet == EN_MEET_FAILED && *meet != EN_MEET_FAILED)
        fail_msg("laptop %u: the meeting failed: %s, reason %u", l->n,
                 en_err_name((en_err)link->error), link->reason);
    return link->meet >= (uint32_t)*meet;
}

void laptop_await_meet(struct laptop *l, enum en_rpc_meet meet)
{
    if (!laptop_await(l, met, &meet, LAPTOP_WAIT_MS))
        fail_msg("laptop %u never met as far as %d", l->n, (int)meet);
}

static size_t count_step(struct laptop *l, const struct en_rpc_link *link)
{
    size_t n = 0;

    for (size_t i = 0; i < link->peers; i++) {
        struct en_rpc_peer p;

        assert_ok(en_rpc_get_peer(laptop_item(l, 1 + link->addresses + i), &p));
        n += p.in_step;
    }
    return n;
}

static bool stepped(struct laptop *l, const struct en_rpc_link *link, void *arg)
{
    return count_step(l, link) >= *(const size_t *)arg;
}

size_t laptop_in_step(struct laptop *l)
{
    struct en_rpc_link link;

    laptop_link(l, &link);
    return count_step(l, &link);
}

void laptop_await_step(struct laptop *l, size_t peers)
{
    if (!laptop_await(l, stepped, &peers, LAPTOP_WAIT_MS))
        fail_msg("laptop %u was never in step with %zu", l->n, peers);
}

bool laptop_lists(struct laptop *l, const char *text)
{
    struct en_rpc_entry e;

    assert_ok(LAPTOP_ASK(l, EN_RPC_LIST, filter, .limit = 0));
    for (size_t i = 0; i < l->items; i++) {
        assert_ok(en_rpc_get_entry(laptop_item(l, i), &e));
        if (en_span_eq(e.words, en_span_str(text)))
            return true;
    }
    return false;
}

static bool listed(struct laptop *l, const struct en_rpc_link *link, void *arg)
{
    (void)link;
    return laptop_lists(l, arg);
}

void laptop_await_text(struct laptop *l, const char *text)
{
    char copy[256];

    snprintf(copy, sizeof copy, "%s", text);
    if (!laptop_await(l, listed, copy, LAPTOP_WAIT_MS))
        fail_msg("laptop %u never had: %s", l->n, text);
}

/*
 * What people do
 */

void laptops_meet(struct laptop *host, struct laptop *guest, const char *name,
                  const char *at)
{
    struct en_rpc_link a, b;
    struct en_rpc_invited v;
    struct en_rpc_state st;
    char code[EN_CODE_SHOWN_MAX] = "";

    assert_ok(LAPTOP_ASK(host, EN_RPC_INVITE, invite, .name = en_span_str(name),
                         .cls = 2));
    assert_ok(en_rpc_get_invited(laptop_item(host, 0), &v));
    assert_true(v.code.n < sizeof code);
    memcpy(code, v.code.p, v.code.n);
    assert_ok(LAPTOP_ASK(guest, EN_RPC_JOIN, join, .code = en_span_str(code),
                         .address = en_span_str(at == NULL ? "" : at)));
    laptop_await_meet(host, EN_MEET_WORDS);
    laptop_await_meet(guest, EN_MEET_WORDS);
    laptop_link(host, &a);
    laptop_link(guest, &b);
    assert_int_equal(a.lang, b.lang);
    assert_memory_equal(a.word, b.word, sizeof a.word);
    /* Nobody has been told a name before both have said yes. */
    assert_int_equal(b.circle.n, 0);
    assert_int_equal(b.person.n, 0);
    assert_ok(LAPTOP_ASK(host, EN_RPC_AGREE, agree, .yes = true));
    assert_ok(LAPTOP_ASK(guest, EN_RPC_AGREE, agree, .yes = true));
    laptop_await_meet(guest, EN_MEET_NAMED);
    laptop_link(guest, &b);
    assert_true(b.circle.n > 0 && b.person.n > 0);
    assert_ok(laptop_ask(guest, EN_RPC_STATE, en_rpc_nothing()));
    assert_ok(en_rpc_get_state(laptop_item(guest, 0), &st));
    if (st.vault == EN_VAULT_NONE)
        laptop_init(guest, name);
    assert_ok(LAPTOP_ASK(guest, EN_RPC_JOIN_FINISH, finish,
                         .person = en_span_str(name),
                         .device = BYTES("computer")));
    laptop_await_meet(guest, EN_MEET_DONE);
    laptop_await_meet(host, EN_MEET_DONE);
}

void laptop_share(struct laptop *l, const char *text)
{
    struct en_rpc_entry e;
    struct en_rpc_preview p;
    char id[EN_LETTERS + 1];
    struct en_id revision, readers;

    assert_ok(LAPTOP_ASK(l, EN_RPC_WRITE, write, .text = en_span_str(text)));
    assert_ok(en_rpc_get_entry(laptop_item(l, 0), &e));
    en_id_letters(&e.id, id);
    assert_ok(LAPTOP_ASK(l, EN_RPC_PREVIEW, share, .typed = en_span_str(id)));
    assert_ok(en_rpc_get_preview(laptop_item(l, 0), &p));
    revision = p.revision;
    readers = p.readers;
    assert_ok(LAPTOP_ASK(l, EN_RPC_SHARE, share, .typed = en_span_str(id),
                         .revision = revision, .readers = readers));
}
