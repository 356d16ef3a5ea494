#include "cli/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *en_cmd_alloc(size_t n)
{
    return calloc(1, n);
}

void en_cmd_release(void *p, size_t n)
{
    if (p == NULL)
        return;
    en_wipe(p, n);
    free(p);
}

en_err en_cmd_call(struct en_cmd *cmd, enum en_rpc_verb verb,
                   struct en_span args, en_call_fn fn, void *user)
{
    return en_call(cmd->call, verb, args, fn, user, &cmd->why);
}

#define DEFINE(name)                                                           \
    en_err en_cmd_call_##name(struct en_cmd *cmd, enum en_rpc_verb verb,       \
                              const struct en_rpc_##name *s, en_call_fn fn,    \
                              void *user)                                      \
    {                                                                          \
        struct en_buf args = {.max = EN_RPC_FRAME_MAX};                        \
        en_err err = en_rpc_put_##name(&args, s);                              \
                                                                               \
        if (err == EN_OK)                                                      \
            err = en_cmd_call(cmd, verb, en_buf_span(&args), fn, user);        \
        en_buf_free(&args);                                                    \
        return err;                                                            \
    }

EN_RPC_STRUCTS(DEFINE)

static en_err take_state(void *user, struct en_span item)
{
    struct en_cmd_state *st = user;
    en_err err = en_rpc_get_state(item, &st->s);

    if (err != EN_OK)
        return err;
    memset(st->name, 0, sizeof st->name);
    if (st->s.name.n > 0)
        memcpy(st->name, st->s.name.p, st->s.name.n);
    st->s.name = en_span_str(st->name);
    return EN_OK;
}

en_err en_cmd_state(struct en_cmd *cmd, struct en_cmd_state *out)
{
    *out = (struct en_cmd_state){0};
    return en_cmd_call(cmd, EN_RPC_STATE, en_rpc_nothing(), take_state, out);
}

/*
 * Passphrases
 */

en_err en_cmd_passphrase(void *user, struct en_secret *out, struct en_why *why)
{
    struct en_cmd *cmd = user;
    struct en_buf prompt = {0};
    en_err err;

    if (cmd->known.n > 0)
        return en_secret_copy(out, en_secret_span(&cmd->known));
    if (en_pass_given(&cmd->pass))
        return en_pass_read(&cmd->pass, out, why);
    en_show_flush(&cmd->show);
    err = en_cmd_say(cmd, &prompt, "Your passphrase:", NULL);
    if (err == EN_OK)
        err = en_ask_passphrase(&cmd->ask, en_buf_span(&prompt), out, why);
    en_buf_free(&prompt);
    /* The one question that --no-input turns into "locked". */
    if (err == EN_LOCKED && why != NULL)
        why->reason = EN_WHY_NONE;
    return err;
}

en_err en_cmd_know(struct en_cmd *cmd)
{
    struct en_secret asked = {0};
    en_err err;

    if (cmd->known.n > 0)
        return EN_OK;
    err = en_cmd_passphrase(cmd, &asked, &cmd->why);
    if (err == EN_OK)
        cmd->known = asked;
    return err;
}

en_err en_cmd_new_passphrase(struct en_cmd *cmd, enum en_ask_style style,
                             struct en_secret *out)
{
    en_err err;

    if (!en_pass_given(&cmd->pass)) {
        en_show_flush(&cmd->show);
        return en_ask_new_passphrase(&cmd->ask, style, cmd->machine->rng, out,
                                     &cmd->why);
    }
    err = en_pass_read(&cmd->pass, out, &cmd->why);
    if (err == EN_OK)
        err = en_pass_long_enough(en_secret_span(out), &cmd->why);
    return err;
}

en_err en_cmd_open(struct en_cmd *cmd)
{
    struct en_rpc_setting s = {.key = en_span_str(EN_SETTING_NAME)};

    return EN_CALL(cmd, SETTING, setting, &s, NULL, NULL);
}

/*
 * Time
 */

int64_t en_cmd_now(const struct en_cmd *cmd)
{
    return cmd->machine->clock.time_ms(cmd->machine->clock.user);
}

int16_t en_cmd_offset(const struct en_cmd *cmd, int64_t time_ms)
{
    return cmd->machine->zone.offset_min(&cmd->machine->zone, time_ms);
}

struct en_day en_cmd_today(const struct en_cmd *cmd)
{
    int64_t now = en_cmd_now(cmd);
    struct en_wall wall = {0};

    (void)en_wall_of(now, en_cmd_offset(cmd, now), &wall);
    return wall.day;
}

static struct en_when_ask when_ask(const struct en_cmd *cmd,
                                   enum en_when_use use)
{
    return (struct en_when_ask){
        .use = use,
        .lang = cmd->t.lang,
        .now_ms = en_cmd_now(cmd),
        .zone = cmd->machine->zone,
    };
}

static en_err say_date(struct en_cmd *cmd, const struct en_when_ask *ask,
                       const char *typed, const char *flag,
                       const struct en_when_bad *bad)
{
    struct en_said said = {.status = EN_EXIT_MISUSE};
    char dashed[32];
    en_err err;

    (void)snprintf(dashed, sizeof dashed, "--%s", flag);
    err = en_when_say(&cmd->t, ask, en_span_str(typed), dashed, bad, &said);
    if (err == EN_OK)
        en_show_error(&cmd->show, &said);
    en_said_free(&said);
    cmd->said = EN_EXIT_MISUSE;
    return err == EN_OK ? EN_RANGE : err;
}

/* The hour that happened twice: which was taken. */
static en_err say_twice(struct en_cmd *cmd, const struct en_date *d)
{
    struct en_buf line = {0};
    en_err err = EN_OK;

    if (!d->twice)
        return EN_OK;
    err = en_when_say_twice(&cmd->t, d, &line);
    if (err == EN_OK)
        en_show_said(&cmd->show, en_buf_span(&line), 0);
    en_buf_free(&line);
    return err;
}

en_err en_cmd_date(struct en_cmd *cmd, const char *flag, enum en_when_use use,
                   struct en_date *out, bool *given)
{
    const char *typed = en_args_flag(cmd->args, flag);
    struct en_when_ask ask = when_ask(cmd, use);
    struct en_when_bad bad;
    en_err err;

    *given = typed != NULL;
    if (typed == NULL)
        return EN_OK;
    err = en_when_read(&ask, en_span_str(typed), out, &bad);
    return err == EN_RANGE ? say_date(cmd, &ask, typed, flag, &bad) : err;
}

en_err en_cmd_when(struct en_cmd *cmd, struct en_when *out)
{
    struct en_when_ask ask = when_ask(cmd, EN_WHEN_AT);
    struct en_date on = {0}, at = {0}, both = {0};
    bool has_on, has_at;
    struct en_when_bad bad;
    en_err err;

    *out = (struct en_when){.kind = EN_WHEN_NONE};
    err = en_cmd_date(cmd, "on", EN_WHEN_ON, &on, &has_on);
    if (err == EN_OK)
        err = en_cmd_date(cmd, "at", EN_WHEN_AT, &at, &has_at);
    if (err != EN_OK || (!has_on && !has_at))
        return err;
    if (has_at) {
        struct en_day day = has_on ? on.first : en_cmd_today(cmd);

        err = en_when_join(&cmd->machine->zone, day, &at, &both, &bad);
        if (err == EN_RANGE)
            return say_date(cmd, &ask, en_args_flag(cmd->args, "at"), "at",
                            &bad);
        if (err != EN_OK)
            return err;
        on = both;
    }
    if (on.kind == EN_DATE_INSTANT) {
        *out = (struct en_when){
            .kind = EN_WHEN_INSTANT, .ms = on.time_ms, .offset = on.offset_min};
        return say_twice(cmd, &on);
    }
    *out = (struct en_when){.kind = EN_WHEN_DAY, .day = on.first};
    return EN_OK;
}

/*
 * Words
 */

en_err en_cmd_say(struct en_cmd *cmd, struct en_buf *out, const char *id,
                  const struct en_arg *args)
{
    return en_tr(&cmd->t, out, id, args);
}

en_err en_cmd_tell(struct en_cmd *cmd, const char *id,
                   const struct en_arg *args)
{
    struct en_buf line = {0};
    en_err err = en_cmd_say(cmd, &line, id, args);

    if (err == EN_OK)
        err = en_ask_tell(&cmd->ask, en_buf_span(&line));
    en_buf_free(&line);
    return err;
}

en_err en_cmd_yes(struct en_cmd *cmd, const char *id, const struct en_arg *args,
                  const char *flag, bool *yes)
{
    struct en_buf question = {0};
    en_err err;

    if (cmd->yes) {
        *yes = true;
        return EN_OK;
    }
    en_show_flush(&cmd->show);
    err = en_cmd_say(cmd, &question, id, args);
    if (err == EN_OK)
        err =
            en_ask_yes(&cmd->ask, en_buf_span(&question), flag, yes, &cmd->why);
    en_buf_free(&question);
    return err;
}
