#include "cli/cmd.h"

#include "cli/file.h"
#include "cli/help.h"
#include "cli/watch.h"
#include "net/agent.h"
#include "net/local.h"

#include <stdio.h>
#include <string.h>

#define SETTINGS_MAX 4096 /* bytes of the settings file */

const struct en_flag en_common_flags[] = {
    {"help", EN_FLAG_BARE, 'h'},
    {"version", EN_FLAG_BARE, 'V'},
    {"verbose", EN_FLAG_BARE, 'v'},
    {"lang", EN_FLAG_VALUE, 0},
    {"circle", EN_FLAG_VALUE, 0},
    {"json", EN_FLAG_BARE, 0},
    {"plain", EN_FLAG_BARE, 0},
    {"simple", EN_FLAG_BARE, 0},
    {"no-color", EN_FLAG_BARE, 0},
    {"no-pager", EN_FLAG_BARE, 0},
    {"no-input", EN_FLAG_BARE, 0},
    {"yes", EN_FLAG_BARE, 0},
    {"passphrase-file", EN_FLAG_VALUE, 0},
    {"passphrase-fd", EN_FLAG_VALUE, 0},
    {"passphrase-command", EN_FLAG_VALUE, 0},
    {NULL, EN_FLAG_BARE, 0},
};

static const char *env_of(const struct en_machine *m, const char *name)
{
    const char *v = m->env(m->user, name);

    return v != NULL && v[0] != '\0' ? v : NULL;
}

/*
 * Folders
 */

/* base/tail..., or "" when it does not fit. */
static void join(char out[EN_PATH_MAX], const char *base, const char *tail)
{
    int n = snprintf(out, EN_PATH_MAX, "%s%s", base, tail);

    if (n < 0 || n >= EN_PATH_MAX)
        out[0] = '\0';
}

/* One folder of the XDG specification: only absolute paths count. */
static void xdg(const struct en_machine *m, const char *name,
                const char *in_home, char out[EN_PATH_MAX])
{
    const char *v = env_of(m, name);
    const char *home = env_of(m, "HOME");
    char tail[64];

    out[0] = '\0';
    if (v != NULL && v[0] == '/') {
        join(out, v, "/entrenous");
    } else if (in_home != NULL && home != NULL) {
        (void)snprintf(tail, sizeof tail, "/%s/entrenous", in_home);
        join(out, home, tail);
    }
}

static en_err find_dirs(const struct en_machine *m, struct en_dirs *d,
                        struct en_why *why)
{
    const char *home = env_of(m, "ENTRENOUS_HOME");

    if (home != NULL) {
        join(d->data, home, "/data");
        join(d->config, home, "/config");
        join(d->state, home, "/state");
        join(d->run, home, "/run");
    } else {
        xdg(m, "XDG_DATA_HOME", ".local/share", d->data);
        xdg(m, "XDG_CONFIG_HOME", ".config", d->config);
        xdg(m, "XDG_STATE_HOME", ".local/state", d->state);
        xdg(m, "XDG_RUNTIME_DIR", NULL, d->run);
    }
    if (d->data[0] == '\0')
        return en_why_set(why, EN_IO, EN_WHY_READ_ONLY, "HOME", 0, 0);
    return EN_OK;
}

/*
 * Settings: lines "name = value", written by init and by hand. Nothing in them is
 * secret, and nothing of the journal is.
 */

static struct en_span trim(struct en_span s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = EN_SPAN(s.p + 1, s.n - 1);
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' ||
                       s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

/* The value of a setting, copied; "" if there is none. */
static void setting(struct en_span file, const char *name, char *out,
                    size_t size)
{
    out[0] = '\0';
    while (file.n > 0) {
        const uint8_t *lf = memchr(file.p, '\n', file.n);
        struct en_span line = file, key, value;
        const uint8_t *eq;

        if (lf != NULL)
            line.n = (size_t)(lf - file.p);
        file = EN_SPAN(file.p + line.n + (lf != NULL),
                       file.n - line.n - (lf != NULL));
        eq = line.n > 0 ? memchr(line.p, '=', line.n) : NULL;
        if (eq == NULL)
            continue;
        key = trim(EN_SPAN(line.p, (size_t)(eq - line.p)));
        value = trim(EN_SPAN(eq + 1, line.n - (size_t)(eq - line.p) - 1));
        if (en_span_eq(key, en_span_str(name)) && value.n < size) {
            memcpy(out, value.p, value.n);
            out[value.n] = '\0';
        }
    }
}

struct settings {
    char lang[8];
    char simple[8];
    char circle[EN_NAME_MAX + 1];
};

static void read_settings(const struct en_dirs *d, struct settings *s)
{
    struct en_buf file = {.max = SETTINGS_MAX};
    char path[EN_PATH_MAX];

    memset(s, 0, sizeof *s);
    join(path, d->config, "/settings");
    /* Absent or unreadable: none. A command must run without them. */
    if (d->config[0] != '\0' && path[0] != '\0' &&
        en_file_read(path, SETTINGS_MAX, &file, NULL) == EN_OK) {
        setting(en_buf_span(&file), "lang", s->lang, sizeof s->lang);
        setting(en_buf_span(&file), "simple", s->simple, sizeof s->simple);
        setting(en_buf_span(&file), "circle", s->circle, sizeof s->circle);
    }
    en_buf_free(&file);
}

/*
 * What every command has
 */

static en_err choose_lang(struct en_cmd *cmd, const struct settings *s)
{
    const struct en_machine *m = cmd->machine;
    struct en_lang_choice c = {
        .flag = en_args_flag(cmd->args, "lang"),
        .ours = env_of(m, "ENTRENOUS_LANG"),
        .settings = s->lang[0] != '\0' ? s->lang : NULL,
        .lc_all = env_of(m, "LC_ALL"),
        .lc_messages = env_of(m, "LC_MESSAGES"),
        .lang = env_of(m, "LANG"),
    };

    return en_lang_choose(&c, &cmd->t.lang);
}

static bool is_on(const char *v)
{
    return v != NULL && v[0] != '\0' && strcmp(v, "0") != 0;
}

static enum en_show_mode mode_of(const struct en_cmd *cmd,
                                 const struct settings *s)
{
    const char *ours = env_of(cmd->machine, "ENTRENOUS_SIMPLE");

    if (en_args_has(cmd->args, "json"))
        return EN_SHOW_JSON;
    if (en_args_has(cmd->args, "plain"))
        return EN_SHOW_PLAIN;
    if (en_args_has(cmd->args, "simple"))
        return EN_SHOW_SIMPLE;
    /* The environment wins over the settings, when it says no too. */
    return is_on(ours != NULL ? ours : s->simple) ? EN_SHOW_SIMPLE
                                                  : EN_SHOW_PEOPLE;
}

static en_err pass_source(struct en_cmd *cmd)
{
    const char *fd = en_args_flag(cmd->args, "passphrase-fd");

    cmd->pass = (struct en_pass_source){
        .file = en_args_flag(cmd->args, "passphrase-file"),
        .fd = -1,
        .command = en_args_flag(cmd->args, "passphrase-command"),
    };
    if (fd == NULL)
        return EN_OK;
    if (fd[0] < '0' || fd[0] > '9' || strlen(fd) > 4)
        return EN_RANGE;
    cmd->pass.fd = 0;
    for (const char *p = fd; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return EN_RANGE;
        cmd->pass.fd = cmd->pass.fd * 10 + (*p - '0');
    }
    return EN_OK;
}

static bool cancelled(void *user)
{
    (void)user;
    return en_watch_stopped();
}

static en_err start_call(struct en_cmd *cmd)
{
    struct en_call_env env = {
        .vault_dir = cmd->dirs.data,
        .run_dir = cmd->dirs.run,
        .rng = cmd->machine->rng,
        .clock = cmd->machine->clock,
        .passphrase = en_cmd_passphrase,
        .cancelled = cancelled,
        .user = cmd,
    };

    return en_call_new(&cmd->call, &env);
}

/* An error's sentence; its status. */
static int say_error(struct en_cmd *cmd, en_err err)
{
    struct en_say say = {
        .t = cmd->t, .zone = cmd->machine->zone, .typing = cmd->typing};
    struct en_said said = {0};
    int status;

    /* The vault knows at most a file's name; people need the folder. */
    if (cmd->why.reason == EN_WHY_READ_ONLY && cmd->why.what[0] != '/' &&
        cmd->dirs.data[0] != '\0')
        (void)en_why_set(&cmd->why, err, EN_WHY_READ_ONLY, cmd->dirs.data, 0,
                         0);
    if (en_say_error(&say, err, &cmd->why, &said) == EN_OK)
        en_show_error(&cmd->show, &said);
    status = (int)said.status;
    en_said_free(&said);
    return status;
}

int en_cmd_done(struct en_cmd *cmd, en_err err)
{
    if (cmd->said != 0)
        return cmd->said;
    return err == EN_OK ? EN_EXIT_DONE : say_error(cmd, err);
}

static int say_misuse(struct en_cmd *cmd, const struct en_args_bad *bad)
{
    struct en_said said = {.status = EN_EXIT_MISUSE};

    if (en_args_say(&cmd->t, bad, "entrenous ", &said) == EN_OK)
        en_show_error(&cmd->show, &said);
    en_said_free(&said);
    return EN_EXIT_MISUSE;
}

static int run_verb(struct en_cmd *cmd)
{
    const struct en_verb *v =
        cmd->args->sub != NULL ? cmd->args->sub : cmd->args->verb;
    en_err err;
    int status;

    if (en_args_has(cmd->args, "help"))
        return en_help_verb(cmd, cmd->args->verb);
    err = find_dirs(cmd->machine, &cmd->dirs, &cmd->why);
    if (err == EN_OK)
        err = pass_source(cmd);
    if (err == EN_OK)
        err = start_call(cmd);
    if (err != EN_OK)
        return en_cmd_done(cmd, err);
    status = v != NULL ? v->run(cmd, cmd->args) : en_cmd_alone(cmd);
    en_call_free(cmd->call);
    cmd->call = NULL;
    return status;
}

static const char *verb_key(const struct en_args *args)
{
    return args->verb == NULL ? "status" : args->verb->en;
}

/* Nobody reads what an agent prints: its status alone goes back, through the pipe
 * that it inherited. */
static int run_agent(const struct en_machine *m)
{
    struct en_dirs dirs = {0};
    struct en_agent_env env = {
        .rng = m->rng,
        .clock = m->clock,
        .inherited = EN_LOCAL_FD,
    };

    if (find_dirs(m, &dirs, NULL) != EN_OK)
        return EN_EXIT_FAILED;
    env.vault_dir = dirs.data;
    env.run_dir = dirs.run;
    env.state_dir = dirs.state;
    return en_agent_run(&env) == EN_OK ? EN_EXIT_DONE : EN_EXIT_FAILED;
}

int en_run(const struct en_machine *m, int argc, const char *const *argv)
{
    struct en_args args = {0};
    struct en_args_bad bad = {.wrong = EN_ARGS_OK};
    struct en_cmd cmd = {.machine = m, .args = &args};
    struct settings s;
    struct en_show_ask ask = {0};
    en_err parsed, lang, shown;
    int status;

    if (argc == 3 && strcmp(argv[1], "agent") == 0 &&
        strcmp(argv[2], "run") == 0)
        return run_agent(m);
    parsed = en_args_parse(en_verbs, en_common_flags, argc, argv, &args, &bad);
    (void)find_dirs(m, &cmd.dirs, NULL);
    read_settings(&cmd.dirs, &s);
    lang = choose_lang(&cmd, &s);
    cmd.mode = mode_of(&cmd, &s);
    cmd.t.plain = cmd.mode == EN_SHOW_PLAIN || cmd.mode == EN_SHOW_JSON;
    cmd.no_input = en_args_has(&args, "no-input");
    cmd.yes = en_args_has(&args, "yes");
    cmd.circle = en_args_flag(&args, "circle");
    if (cmd.circle == NULL)
        cmd.circle = env_of(m, "ENTRENOUS_CIRCLE");
    if (cmd.circle == NULL)
        cmd.circle = s.circle;

    ask.t = cmd.t;
    ask.mode = cmd.mode;
    ask.no_color = en_args_has(&args, "no-color");
    ask.no_pager = en_args_has(&args, "no-pager");
    ask.verb = verb_key(&args);
    en_show_begin(&cmd.show, &ask, &m->show);
    cmd.ask = en_ask_new(cmd.t, cmd.no_input, cmd.mode == EN_SHOW_SIMPLE);

    if (en_args_has(&args, "version"))
        status = en_help_version(&cmd);
    else if (parsed != EN_OK && en_args_has(&args, "help"))
        status = en_help_verb(&cmd, args.verb);
    else if (parsed != EN_OK)
        status = say_misuse(&cmd, &bad);
    else if (lang != EN_OK)
        status = en_cmd_done(&cmd, lang);
    else
        status = run_verb(&cmd);

    en_ask_close(&cmd.ask);
    en_secret_free(&cmd.known);
    shown = en_show_end(&cmd.show);
    /* The reader of a pipe that has gone is no fault; a full disk is. */
    if (shown != EN_OK && shown != EN_CLOSED && status == EN_EXIT_DONE)
        status = EN_EXIT_FAILED;
    return status;
}
