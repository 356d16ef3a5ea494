/*
 * laptop.h - several computers on one: each a network namespace with a home of its
 * own and the real program as its agent, and a bridge between them.
 *
 * A laptop's agent is asked over its local socket as a command would (net/call), so
 * the test itself needs no place in any network. Everything ends with the test: the
 * namespaces are held by processes that the test started, and die with it.
 *
 * Nothing waits a fixed time: laptop_await asks the agent's own watch for the next
 * change until what is awaited holds or a deadline passes.
 */
#ifndef EN_TESTS_E2E_LAPTOP_H
#define EN_TESTS_E2E_LAPTOP_H

#include "lib/test.h"
#include "net/call.h"
#include "sync/invite.h"

#define LAPTOPS_MAX    4
#define LAPTOP_ITEMS   1024
#define LAPTOP_WAIT_MS 60000
#define LAPTOP_PHRASE  "apple bridge cherry garden window"

struct laptop {
    unsigned n; /* 1.. : 10.78.0.n, fd00:78::n */
    char home[128];
    char data[160], run[160], state[160];
    pid_t holder; /* of the namespace */
    pid_t agent;  /* 0: none */
    struct en_call *call;
    struct en_call_env env;
    /* the last answer */
    struct en_buf frames;
    size_t at[LAPTOP_ITEMS], len[LAPTOP_ITEMS];
    size_t items;
    struct en_why why;
};

struct lan {
    struct laptop laptop[LAPTOPS_MAX];
    size_t n;
    char dir[96];
    char program[4096];
};

/* Makes n laptops. False: the kernel will not have namespaces; say laptop_skip. */
bool lan_new(struct lan *lan, size_t n, const char *program);
void lan_free(struct lan *lan);
/* Ends the program as ./check wants a skip to be told, or fails with CI set. */
int lan_skip(const char *what);

/* Cable in or out, as the others see it. */
void laptop_plug(struct laptop *l, bool in);
/* Apart: it reaches only those that are not apart themselves. */
void laptop_part(struct laptop *l, bool apart);
/* Runs a line of sh in the laptop's namespace; its exit status. */
int laptop_sh(const struct laptop *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Moves this process into the laptop's network (to be a stranger there). */
void laptop_enter(const struct laptop *l);
/* Packets that left the laptop's cable, and came in by it, since it was made. */
void laptop_packets(const struct laptop *l, uint64_t *out, uint64_t *in);

void laptop_start(struct lan *lan, struct laptop *l);
void laptop_stop(struct laptop *l); /* AGENT_STOP, and its end is awaited */
void laptop_kill(struct laptop *l); /* SIGKILL */
bool laptop_lives(struct laptop *l);
/* Resident memory of the agent. */
size_t laptop_kib(const struct laptop *l);

en_err laptop_ask(struct laptop *l, enum en_rpc_verb verb, struct en_span args);
struct en_span laptop_item(const struct laptop *l, size_t i);
#define LAPTOP_ASK(l, verb, name, ...)                                         \
    laptop_ask_##name((l), (verb), &(struct en_rpc_##name){__VA_ARGS__})
#define LAPTOP_DECLARE(name)                                                   \
    en_err laptop_ask_##name(struct laptop *l, enum en_rpc_verb verb,          \
                             const struct en_rpc_##name *s);
EN_RPC_STRUCTS(LAPTOP_DECLARE)

/* INIT as somebody; UNLOCK. */
void laptop_init(struct laptop *l, const char *name);
void laptop_unlock(struct laptop *l);

/* What LINK_WATCH says now; spans borrow until the next request. */
void laptop_link(struct laptop *l, struct en_rpc_link *link);
/* Until holds(l, link, arg): asked after each change, at least every 200 ms (not
 * all that a test waits for is told by the watch). */
bool laptop_await(struct laptop *l,
                  bool (*holds)(struct laptop *l,
                                const struct en_rpc_link *link, void *arg),
                  void *arg, unsigned within_ms);
/* Until the meeting has come to meet; fails the test if it fails before. */
void laptop_await_meet(struct laptop *l, enum en_rpc_meet meet);
/* Until so many peers of the last LINK_WATCH are in step. */
void laptop_await_step(struct laptop *l, size_t peers);
size_t laptop_in_step(struct laptop *l);
/* Until an entry with these words is listed. */
void laptop_await_text(struct laptop *l, const char *text);
bool laptop_lists(struct laptop *l, const char *text);

/* host invites, guest joins, all say yes. at: NULL by multicast, else an address. */
void laptops_meet(struct laptop *host, struct laptop *guest, const char *name,
                  const char *at);
/* Writes and shares with the circle. */
void laptop_share(struct laptop *l, const char *text);
uint64_t laptop_now_ms(void);

#endif
