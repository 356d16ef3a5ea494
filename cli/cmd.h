/*
 * cmd.h - one command of a person: what it runs with and what commands share.
 *
 * A command parses, asks, sends requests through call (net/call.h) and prints. It
 * never touches the vault, a circle or a socket itself. The machine it runs on is
 * an argument: a program gives the real clock and randomness, a test a fixed one.
 *
 * Ownership  a command borrows its machine and arguments.
 * Errors     a run function returns an exit status (say.h): en_cmd_done says an
 *            error and returns its status.
 */
#ifndef EN_CLI_CMD_H
#define EN_CLI_CMD_H

#include "cli/ask.h"
#include "cli/pass.h"
#include "cli/show.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "net/call.h"

/* What a program brings. */
struct en_machine {
    struct en_rng *rng;
    struct en_clock clock;
    struct en_zone zone;
    struct en_show_env show;
    const char *(*env)(void *user, const char *name); /* NULL: not set */
    void *user;
    int in;           /* stdin */
    bool in_terminal; /* stdin is one: a text is typed, not piped */
};

#define EN_PATH_MAX 4096

/* XDG folders, each with /entrenous, or ENTRENOUS_HOME/data ...; "" where there is
 * none (no runtime directory). */
struct en_dirs {
    char data[EN_PATH_MAX];
    char config[EN_PATH_MAX];
    char state[EN_PATH_MAX];
    char run[EN_PATH_MAX];
};

struct en_cmd {
    const struct en_machine *machine;
    const struct en_args *args;
    struct en_dirs dirs;
    struct en_i18n t;
    enum en_show_mode mode;
    struct en_show show;
    struct en_ask ask;
    struct en_pass_source pass;
    struct en_call *call;
    const char
        *circle; /* --circle, else ENTRENOUS_CIRCLE; "": the only group */
    bool no_input;
    bool yes;
    bool typing; /* the person's text is still on the screen, nowhere else */
    /* A passphrase that was asked already: it is not asked again. */
    struct en_secret known;
    int said; /* the status of an error that was said already; 0: none */
    struct en_why why;
};

/* The whole life of one command: parses, runs, prints; its exit status. The words
 * "agent run" are the program's own: what net/local starts an agent with. */
int en_run(const struct en_machine *m, int argc, const char *const *argv);

/* Every verb, in the order in which help lists them; flags that every verb takes. */
extern const struct en_verb en_verbs[];
extern const struct en_flag en_common_flags[];

/* Says err with cmd->why and returns its status; EN_OK: 0. What a function below
 * has said itself (cmd->said) is not said again. */
int en_cmd_done(struct en_cmd *cmd, en_err err);

/* One request. Its why is cmd->why. */
en_err en_cmd_call(struct en_cmd *cmd, enum en_rpc_verb verb,
                   struct en_span args, en_call_fn fn, void *user);
/* The same with the arguments' struct: EN_CALL(cmd, LIST, filter, &f, fn, user). */
#define EN_CALL(cmd, VERB, name, s, fn, user)                                  \
    en_cmd_call_##name((cmd), EN_RPC_##VERB, (s), (fn), (user))
#define EN_CMD_CALL_DECLARE(name)                                              \
    en_err en_cmd_call_##name(struct en_cmd *cmd, enum en_rpc_verb verb,       \
                              const struct en_rpc_##name *s, en_call_fn fn,    \
                              void *user);
EN_RPC_STRUCTS(EN_CMD_CALL_DECLARE)

/* What STATE says; name is copied. */
struct en_cmd_state {
    struct en_rpc_state s;
    char name[EN_LABEL_MAX + 1];
};
en_err en_cmd_state(struct en_cmd *cmd, struct en_cmd_state *out);

/* The passphrase of the vault, from its flag or asked: what call is given. */
en_err en_cmd_passphrase(void *cmd, struct en_secret *out, struct en_why *why);
/* A new one: from its flag, or chosen on the terminal. */
en_err en_cmd_new_passphrase(struct en_cmd *cmd, enum en_ask_style style,
                             struct en_secret *out);
/* The passphrase in force, asked once; it stays in cmd->known. */
en_err en_cmd_know(struct en_cmd *cmd);
/* Opens the vault before anything is asked (PRODUCT 4.1 rule 3). */
en_err en_cmd_open(struct en_cmd *cmd);

/* Memory for what an item is read into: zeroed, wiped when given back. */
void *en_cmd_alloc(size_t n);
void en_cmd_release(void *p, size_t n);

/* Now, and today on this machine's wall. */
int64_t en_cmd_now(const struct en_cmd *cmd);
int16_t en_cmd_offset(const struct en_cmd *cmd, int64_t time_ms);
struct en_day en_cmd_today(const struct en_cmd *cmd);

/* One sentence, appended to out in the person's language (en_tr). */
en_err en_cmd_say(struct en_cmd *cmd, struct en_buf *out, const char *id,
                  const struct en_arg *args);
/* The same on the terminal, at once: beside a question. */
en_err en_cmd_tell(struct en_cmd *cmd, const char *id,
                   const struct en_arg *args);

/* A yes that --yes gives; flag: what answers without a terminal. Cancelled:
 * EN_CLOSED. What waits to be shown is shown before. */
en_err en_cmd_yes(struct en_cmd *cmd, const char *id, const struct en_arg *args,
                  const char *flag, bool *yes);

/* --on, --at, --from, --to: reads the flag into out; EN_RANGE: it was said why not.
 * *given false: the flag is absent. */
en_err en_cmd_date(struct en_cmd *cmd, const char *flag, enum en_when_use use,
                   struct en_date *out, bool *given);
/* --on and --at together: what an entry is dated by; EN_WHEN_NONE: now. */
en_err en_cmd_when(struct en_cmd *cmd, struct en_when *out);

#endif
