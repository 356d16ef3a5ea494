#include "cli/cmds.h"

#include "cli/watch.h"

#include <string.h>

/* How often Ctrl-C is looked for while the agent has nothing to say. */
#define STEP_MS 500u

/*
 * What both sides do: wait for the next state, compare six words.
 */

static en_err failed(struct en_cmd *cmd, const struct en_watch *w,
                     uint32_t before)
{
    en_err err = w->link.error == 0 || w->link.error >= EN_ERR_COUNT
                     ? EN_CLOSED
                     : (en_err)w->link.error;
    enum en_reason reason = w->link.reason < EN_REASON_COUNT
                                ? (enum en_reason)w->link.reason
                                : EN_WHY_NONE;

    /* With the words on both screens: no, and going away, look the same. */
    if (reason == EN_WHY_NONE && err != EN_IO && before >= EN_MEET_WORDS &&
        before <= EN_MEET_AGREED) {
        err = EN_CLOSED;
        reason = EN_WHY_MEET_CLOSED;
    }
    /* The name stands in what the inviting side is told to type next. */
    return en_why_set(&cmd->why, err, reason, w->link.joining ? "" : w->hint, 0,
                      0);
}

static en_err cancel(struct en_cmd *cmd)
{
    en_err err =
        en_cmd_call(cmd, EN_RPC_MEET_CANCEL, en_rpc_nothing(), NULL, NULL);

    return err == EN_OK
               ? en_why_set(&cmd->why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0, 0)
               : err;
}

/* Until the meeting has come at least that far. */
static en_err await_meet(struct en_cmd *cmd, struct en_watch *w,
                         enum en_rpc_meet meet)
{
    uint32_t before = w->link.meet;
    en_err err = EN_OK;

    en_show_flush(&cmd->show);
    for (;;) {
        if (en_watch_stopped())
            return cancel(cmd);
        err = en_watch_once(cmd, w, STEP_MS);
        if (err != EN_OK)
            return err;
        if (w->link.meet == EN_MEET_FAILED)
            return failed(cmd, w, before);
        if (w->link.meet == EN_MEET_NONE) /* given up by another command */
            return en_why_set(&cmd->why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0,
                              0);
        if (w->link.meet >= (uint32_t)meet)
            return EN_OK;
        before = w->link.meet;
    }
}

static en_err closed_meanwhile(struct en_cmd *cmd, struct en_watch *w)
{
    en_err err = en_watch_once(cmd, w, 0);

    return err == EN_OK ? failed(cmd, w, EN_MEET_WORDS) : err;
}

/* Six words on both screens: yes goes on, no ends it for both. */
static en_err compare_words(struct en_cmd *cmd, struct en_watch *w)
{
    struct en_rpc_agree agree = {.yes = false};
    struct en_buf line = {0}, question = {0};
    enum en_lang lang = w->link.lang == EN_LANG_EN ? EN_LANG_EN : EN_LANG_FR;
    en_err err;

    for (size_t i = 0; i < 6; i++) {
        if (w->link.word[i] >= EN_WORDS_COUNT)
            return EN_PROTOCOL;
    }
    err = en_cmd_words_line(cmd, lang, w->link.word, &line);
    if (err == EN_OK)
        en_show_said(&cmd->show, en_buf_span(&line), 4);
    en_show_flush(&cmd->show);
    /* --yes does not answer this one: only the people in the room can. */
    if (err == EN_OK)
        err = en_cmd_say(cmd, &question, "Are the words the same?", NULL);
    if (err == EN_OK)
        err = en_ask_yes(&cmd->ask, en_buf_span(&question), "", &agree.yes,
                         &cmd->why);
    if (err != EN_OK) {
        struct en_why why = cmd->why;

        (void)cancel(cmd); /* no leaves nothing; neither does silence */
        cmd->why = why;
    } else {
        err = EN_CALL(cmd, AGREE, agree, &agree, NULL, NULL);
        /* The other side was quicker, and said no or left. */
        if (err == EN_CLOSED)
            err = closed_meanwhile(cmd, w);
    }
    en_buf_free(&line);
    en_buf_free(&question);
    if (err == EN_OK && !agree.yes)
        err = en_why_set(&cmd->why, EN_FORGED, EN_WHY_WORDS,
                         w->link.joining ? "" : w->hint, 0, 0);
    return err;
}

/*
 * invite
 */

struct invited {
    char code[EN_RPC_CODE_MAX + 1];
    char address[EN_RPC_ADDRESS_MAX + 1]; /* the first one */
    size_t at;
};

static en_err take_invited(void *user, struct en_span item)
{
    struct invited *v = user;
    struct en_rpc_invited head;
    struct en_rpc_address a;
    en_err err;

    if (v->at++ == 0) {
        err = en_rpc_get_invited(item, &head);
        if (err == EN_OK && head.code.n > 0)
            memcpy(v->code, head.code.p, head.code.n);
        return err;
    }
    err = en_rpc_get_address(item, &a);
    if (err == EN_OK && v->address[0] == '\0' && a.text.n > 0)
        memcpy(v->address, a.text.p, a.text.n);
    return err;
}

static const char *const levels[] = {"facilitator", "facilitation", "member",
                                     "membre",      "observer",     "temoin",
                                     NULL};

static en_err take_level(struct en_cmd *cmd, uint32_t *cls)
{
    const char *as = en_args_flag(cmd->args, "as");
    int at;

    *cls = 2;
    if (as == NULL)
        return EN_OK;
    at = en_value_find(levels, en_span_str(as));
    if (at < 0)
        return EN_RANGE;
    *cls = (uint32_t)at + 1;
    return EN_OK;
}

static void command_line(struct en_cmd *cmd, const char *id,
                         const struct invited *v)
{
    struct en_buf line = {0};

    if (en_tr(&cmd->t, &line, id,
              EN_ARGS(en_arg_text("code", v->code),
                      en_arg_text("address", v->address))) == EN_OK)
        en_show_said(&cmd->show, en_buf_span(&line), 4);
    en_buf_free(&line);
}

static const struct en_column invited_columns[] = {
    {"id", NULL}, {"code", NULL}, {"address", NULL}};

static void say_invited(struct en_cmd *cmd, const char *name,
                        const struct invited *v)
{
    const struct en_arg *who = EN_ARGS(en_arg_text("name", name));

    en_show_line(&cmd->show,
                 "For ten minutes this computer answers, on this network, "
                 "whoever has the code.",
                 NULL);
    en_show_line(
        &cmd->show,
        "On {name}'s computer: look for \"terminal\", open it, type:", who);
    command_line(cmd, EN_MSG("entrenous join {code}"), v);
    en_show_line(&cmd->show, "The code works once.", NULL);
    if (v->address[0] != '\0') {
        en_show_line(&cmd->show, "Nothing happens? Type there instead:", NULL);
        command_line(cmd, EN_MSG("entrenous join {code} --address {address}"),
                     v);
    }
    en_show_record(&cmd->show, invited_columns, 3,
                   (struct en_cell[]){
                       en_cell_id(en_span_str(v->code), en_span_str(v->code)),
                       en_cell_text(en_span_str(v->code)),
                       en_cell_text(en_span_str(v->address)),
                   });
    en_show_line(&cmd->show,
                 "Waiting for {name}...   (Ctrl-C to cancel, nothing is lost)",
                 who);
}

static const char *const chloe[] = {"chloe", "chloe", NULL};

static en_err meet_guest(struct en_cmd *cmd, const char *name,
                         struct en_watch *w)
{
    const struct en_arg *who = EN_ARGS(en_arg_text("name", name));
    en_err err = await_meet(cmd, w, EN_MEET_WORDS);

    if (err != EN_OK)
        return err;
    en_show_line(&cmd->show,
                 "The code has arrived. Read these words aloud. {name} must "
                 "see the same:",
                 who);
    err = compare_words(cmd, w);
    if (err == EN_OK)
        err = await_meet(cmd, w, EN_MEET_NAMED);
    if (err == EN_OK && w->link.meet == EN_MEET_NAMED) {
        en_show_line(&cmd->show,
                     "{name} is choosing a name and a passphrase...", who);
        err = await_meet(cmd, w, EN_MEET_DONE);
    }
    if (err != EN_OK)
        return err;
    en_show_line_n(&cmd->show,
                   "{person} belongs to the circle \"{circle}\". There is {n} "
                   "of you.",
                   "{person} belongs to the circle \"{circle}\". There are {n} "
                   "of you.",
                   w->link.persons,
                   EN_ARGS(en_arg_text("person", w->person),
                           en_arg_text("circle", w->circle)));
    /* Who has just come is no example of whom to invite next. */
    if (en_value_find(chloe, en_span_str(name)) >= 0)
        en_show_hint(&cmd->show,
                     "Next: entrenous invite NAME   or   entrenous status",
                     NULL);
    else
        en_show_hint(&cmd->show,
                     "Next: entrenous invite Chloe   or   entrenous status",
                     NULL);
    return EN_OK;
}

int en_cmd_invite(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_invite i = {
        .circle = en_span_str(cmd->circle),
        .name = en_span_str(args->word[0]),
    };
    struct en_watch w = {0};
    struct invited v = {0};
    en_err err = take_level(cmd, &i.cls);

    if (err == EN_OK && !en_ask_possible(&cmd->ask))
        err = en_why_set(&cmd->why, EN_RANGE, EN_WHY_TERMINAL, NULL, 0, 0);
    if (err == EN_OK)
        err = en_cmd_agent(cmd);
    en_watch_catch();
    if (err == EN_OK)
        err = EN_CALL(cmd, INVITE, invite, &i, take_invited, &v);
    if (err == EN_OK) {
        say_invited(cmd, args->word[0], &v);
        err = meet_guest(cmd, args->word[0], &w);
    }
    en_watch_free(&w);
    return en_cmd_done(cmd, err);
}

/*
 * join
 */

/* The code may be typed as one word or three. */
static en_err typed_code(const struct en_args *args, struct en_buf *out)
{
    en_err err = EN_OK;

    for (int i = 0; i < args->words && err == EN_OK; i++) {
        err = i > 0 ? en_buf_add_u8(out, ' ') : EN_OK;
        if (err == EN_OK)
            err = en_buf_add_str(out, args->word[i]);
    }
    return err == EN_RANGE ? EN_OK : err; /* cut: then it is no code */
}

/* A first journal here: name and passphrase, after both have said yes. */
static en_err first_journal(struct en_cmd *cmd, struct en_buf *name)
{
    const char *given = en_args_flag(cmd->args, "name");
    struct en_buf prompt = {0};
    en_err err;

    if (given != NULL) {
        err = en_buf_add_str(name, given);
    } else {
        en_show_flush(&cmd->show);
        err = en_cmd_say(cmd, &prompt, "What name will the others see?", NULL);
        if (err == EN_OK)
            err = en_ask_name(&cmd->ask, en_buf_span(&prompt), "--name NAME",
                              name, &cmd->why);
    }
    if (err == EN_OK)
        err = en_cmd_new_passphrase(cmd, EN_ASK_JOINED, &cmd->known);
    if (err == EN_OK)
        err = en_cmd_init_vault(cmd, en_buf_span(name), &cmd->known);
    en_buf_free(&prompt);
    return err;
}

static en_err finish(struct en_cmd *cmd, struct en_watch *w, bool fresh)
{
    struct en_buf name = {.max = 4096}, device = {0};
    struct en_rpc_finish f = {0};
    struct en_cmd_state st;
    en_err err;

    en_show_line_n(&cmd->show,
                   "{person} invites you to the circle \"{circle}\" ({n} "
                   "person).",
                   "{person} invites you to the circle \"{circle}\" ({n} "
                   "people).",
                   w->link.persons,
                   EN_ARGS(en_arg_text("person", w->person),
                           en_arg_text("circle", w->circle)));
    if (fresh) {
        err = first_journal(cmd, &name);
    } else {
        err = en_cmd_state(cmd, &st);
        if (err == EN_OK)
            err = en_buf_add_span(&name, st.s.name);
    }
    if (err == EN_OK)
        err = en_cmd_say(cmd, &device, "computer", NULL);
    f.person = en_buf_span(&name);
    f.device = en_buf_span(&device);
    if (err == EN_OK)
        err = EN_CALL(cmd, JOIN_FINISH, finish, &f, NULL, NULL);
    if (err == EN_OK)
        err = await_meet(cmd, w, EN_MEET_DONE);
    /* The name ends a sentence: "Luc R." brings its own full stop. */
    if (err == EN_OK && (name.n == 0 || name.p[name.n - 1] != '.'))
        err = en_buf_add_u8(&name, '.');
    if (err == EN_OK) {
        en_show_line_n(&cmd->show,
                       "Welcome, {person} You belong to the circle "
                       "\"{circle}\" ({n} person).",
                       "Welcome, {person} You belong to the circle "
                       "\"{circle}\" ({n} people).",
                       w->link.persons,
                       EN_ARGS(en_arg_span("person", en_buf_span(&name)),
                               en_arg_text("circle", w->circle)));
        en_show_line(&cmd->show,
                     "What was written before you joined is not open to you.",
                     NULL);
        en_show_hint(&cmd->show, "Next: entrenous write", NULL);
    }
    en_buf_free(&name);
    en_buf_free(&device);
    return err;
}

static en_err meet_sponsor(struct en_cmd *cmd, struct en_watch *w, bool fresh)
{
    en_err err = await_meet(cmd, w, EN_MEET_WORDS);

    if (err != EN_OK)
        return err;
    en_show_line(&cmd->show,
                 "Read these words aloud. Whoever invites you must see exactly "
                 "the same:",
                 NULL);
    err = compare_words(cmd, w);
    if (err == EN_OK)
        err = await_meet(cmd, w, EN_MEET_NAMED);
    if (err == EN_OK)
        err = finish(cmd, w, fresh);
    /* Ctrl-C at a question: the other side must not wait ten minutes for it. */
    if (err == EN_CLOSED && cmd->why.reason == EN_WHY_CANCELLED) {
        struct en_why why = cmd->why;

        (void)cancel(cmd);
        cmd->why = why;
    }
    return err;
}

int en_cmd_join(struct en_cmd *cmd, const struct en_args *args)
{
    const char *address = en_args_flag(args, "address");
    struct en_buf code = {.max = EN_RPC_CODE_MAX};
    struct en_rpc_join j = {0};
    struct en_watch w = {0};
    struct en_cmd_state st;
    bool fresh;
    en_err err = en_cmd_state(cmd, &st);

    fresh = err == EN_OK && st.s.vault == EN_VAULT_NONE;
    if (err == EN_OK && !en_ask_possible(&cmd->ask))
        err = en_why_set(&cmd->why, EN_RANGE, EN_WHY_TERMINAL, NULL, 0, 0);
    if (err == EN_OK)
        err = typed_code(args, &code);
    if (err == EN_OK)
        err = fresh ? en_call_agent(cmd->call, NULL, 0, &cmd->why)
                    : en_cmd_agent(cmd);
    en_watch_catch();
    j.code = en_buf_span(&code);
    if (address != NULL)
        j.address = en_span_str(address);
    if (err == EN_OK)
        err = EN_CALL(cmd, JOIN, join, &j, NULL, NULL);
    if (err == EN_OK)
        err = meet_sponsor(cmd, &w, fresh);
    en_watch_free(&w);
    en_buf_free(&code);
    return en_cmd_done(cmd, err);
}
