#include "cli/cmds.h"

#include "cli/file.h"
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

/* Labels of the person's first device and of the kit's paper, as others see them;
 * never the host's name. */
static en_err label(struct en_cmd *cmd, struct en_buf *out, const char *id)
{
    return en_cmd_say(cmd, out, id, NULL);
}

/*
 * init
 */

/* The language chosen at init, for commands before the vault is open. */
static en_err keep_lang(struct en_cmd *cmd)
{
    char path[EN_PATH_MAX + 16];
    const char *text =
        cmd->t.lang == EN_LANG_FR ? "lang = fr\n" : "lang = en\n";
    struct en_buf old = {0};
    en_err err;

    if (cmd->dirs.config[0] == '\0')
        return EN_OK;
    err = en_file_make_dir(cmd->dirs.config, &cmd->why);
    (void)snprintf(path, sizeof path, "%s/settings", cmd->dirs.config);
    /* A person's own settings are not written over. */
    if (err == EN_OK && en_file_read(path, 4096, &old, NULL) == EN_ABSENT)
        err = en_file_write(path, en_span_str(text), false, &cmd->why);
    en_buf_free(&old);
    return err;
}

static en_err init_name(struct en_cmd *cmd, struct en_buf *out)
{
    const char *name = en_args_flag(cmd->args, "name");
    struct en_buf prompt = {0};
    en_err err;

    if (name != NULL)
        return en_buf_add_str(out, name); /* the answer refuses what is none */
    err = en_cmd_say(cmd, &prompt, "What name will the others see?", NULL);
    if (err == EN_OK)
        err = en_ask_name(&cmd->ask, en_buf_span(&prompt), "--name NAME", out,
                          &cmd->why);
    en_buf_free(&prompt);
    return err;
}

en_err en_cmd_init_vault(struct en_cmd *cmd, struct en_span name,
                         const struct en_secret *passphrase)
{
    struct en_buf device = {0}, kit = {0};
    struct en_rpc_init init = {
        .passphrase = en_secret_span(passphrase),
        .name = name,
        .lang = (uint32_t)cmd->t.lang,
        .weak = en_args_has(cmd->args, "weak-device"),
    };
    en_err err = label(cmd, &device, "computer");

    if (err == EN_OK)
        err = label(cmd, &kit, "paper");
    init.device = en_buf_span(&device);
    init.kit = en_buf_span(&kit);
    if (err == EN_OK)
        err = EN_CALL(cmd, INIT, init, &init, NULL, NULL);
    if (err == EN_OK)
        err = keep_lang(cmd);
    en_buf_free(&device);
    en_buf_free(&kit);
    return err;
}

int en_cmd_init(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_buf name = {.max = 4096};
    struct en_cmd_state st;
    en_err err = en_cmd_state(cmd, &st);

    (void)args;
    if (err == EN_OK && st.s.vault != EN_VAULT_NONE)
        err = en_why_set(&cmd->why, EN_DENIED, EN_WHY_VAULT_EXISTS, NULL, 0, 0);
    if (err == EN_OK)
        err = init_name(cmd, &name);
    if (err == EN_OK)
        err = en_cmd_new_passphrase(cmd, EN_ASK_ALONE, &cmd->known);
    if (err == EN_OK)
        err = en_cmd_init_vault(cmd, en_buf_span(&name), &cmd->known);
    if (err == EN_OK)
        err = en_call_agent(cmd->call, &cmd->known, 0, &cmd->why);
    if (err == EN_OK) {
        en_show_line(&cmd->show,
                     "Your journal is open. What you write is private.", NULL);
        en_show_hint(&cmd->show,
                     "Next: entrenous write   or   entrenous circle create "
                     "\"Name of the group\"",
                     NULL);
    }
    en_buf_free(&name);
    return en_cmd_done(cmd, err);
}

/*
 * unlock, lock, passphrase
 */

static en_err until_wall(struct en_cmd *cmd, int64_t until_ms,
                         struct en_wall *wall)
{
    return en_wall_of(until_ms, en_cmd_offset(cmd, until_ms), wall);
}

int en_cmd_unlock(struct en_cmd *cmd, const struct en_args *args)
{
    const char *typed = en_args_flag(args, "for");
    struct en_rpc_unlock u = {0};
    struct en_cmd_state st;
    struct en_wall wall;
    en_err err = EN_OK;

    if (typed != NULL)
        err = en_duration_read(en_span_str(typed), 720, &u.for_min);
    if (err == EN_OK)
        err = en_cmd_state(cmd, &st);
    if (err == EN_OK && st.s.vault == EN_VAULT_NONE)
        err = en_why_set(&cmd->why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0, 0);
    if (err == EN_OK)
        err = en_cmd_know(cmd);
    if (err == EN_OK) {
        u.passphrase = en_secret_span(&cmd->known);
        err = EN_CALL(cmd, UNLOCK, unlock, &u, NULL, NULL);
    }
    if (err == EN_OK)
        err = en_call_agent(cmd->call, &cmd->known, u.for_min, &cmd->why);
    if (err == EN_OK)
        err = en_cmd_state(cmd, &st);
    if (err == EN_OK && st.s.until_ms != 0) {
        err = until_wall(cmd, st.s.until_ms, &wall);
        if (err == EN_OK)
            en_show_line(&cmd->show, "Open until {time}.",
                         EN_ARGS(en_arg_clock("time", wall)));
    } else if (err == EN_OK) {
        en_show_line(&cmd->show,
                     "The passphrase is right. No agent can run here, so each "
                     "command asks for it.",
                     NULL);
    }
    return en_cmd_done(cmd, err);
}

int en_cmd_lock(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_cmd_state st;
    en_err err = en_cmd_state(cmd, &st);

    (void)args;
    if (err == EN_OK && st.s.vault == EN_VAULT_NONE)
        err = en_why_set(&cmd->why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0, 0);
    if (err == EN_OK)
        err = en_cmd_call(cmd, EN_RPC_LOCK, en_rpc_nothing(), NULL, NULL);
    if (err == EN_OK) {
        en_show_line(&cmd->show,
                     "Locked. Your entries stay here, unreadable without your "
                     "passphrase.",
                     NULL);
        en_show_hint(&cmd->show, "At the next session, just type: entrenous",
                     NULL);
    }
    return en_cmd_done(cmd, err);
}

/* From a descriptor the old passphrase is the first line and the new one the
 * second; else the new one is chosen on the terminal. */
static en_err new_passphrase(struct en_cmd *cmd, struct en_secret *fresh)
{
    bool two_lines = cmd->pass.fd >= 0 && cmd->pass.file == NULL;

    if (!two_lines)
        cmd->pass = (struct en_pass_source){.fd = -1};
    return en_cmd_new_passphrase(cmd, EN_ASK_JOINED, fresh);
}

int en_cmd_passphrase_change(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_passphrase p = {.weak = en_args_has(args, "weak-device")};
    struct en_secret fresh = {0};
    struct en_cmd_state st;
    en_err err = en_cmd_state(cmd, &st);

    if (err == EN_OK && st.s.vault == EN_VAULT_NONE)
        err = en_why_set(&cmd->why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0, 0);
    if (err == EN_OK)
        err = en_cmd_know(cmd);
    /* Open or not, it is asked for: "the journal is locked" might be untrue. */
    if (err == EN_LOCKED)
        cmd->why.reason = EN_WHY_PASSPHRASE;
    if (err == EN_OK)
        err = en_cmd_open(cmd); /* a wrong one ends here, before the new one */
    if (err == EN_OK)
        err = new_passphrase(cmd, &fresh);
    if (err == EN_OK) {
        p.old = en_secret_span(&cmd->known);
        p.fresh = en_secret_span(&fresh);
        err = EN_CALL(cmd, PASSPHRASE, passphrase, &p, NULL, NULL);
    }
    en_secret_free(&fresh);
    if (err == EN_OK)
        en_show_line(&cmd->show,
                     "Passphrase changed. The old one opens nothing here any "
                     "more; it still opens your old backups.",
                     NULL);
    return en_cmd_done(cmd, err);
}

/*
 * status
 */

static const struct en_column status_columns[] = {
    {"id", NULL},      {"circle", NULL},  {"private", NULL}, {"persons", NULL},
    {"devices", NULL}, {"others", NULL},  {"in_step", NULL}, {"entries", NULL},
    {"news", NULL},    {"waiting", NULL}, {"forks", NULL},   {"kits", NULL},
};
#define STATUS_COLUMNS (sizeof status_columns / sizeof status_columns[0])

#define AUTHORS_MAX 8

/* Who wrote what is new in one circle: names once each, in order. */
struct authors {
    struct en_id cid;
    struct en_buf names; /* each with a NUL after it */
    size_t n;
};

static en_err take_author(void *user, struct en_span item)
{
    struct authors *a = user;
    struct en_rpc_full *f = en_cmd_alloc(sizeof *f);
    en_err err;

    if (f == NULL)
        return EN_NOMEM;
    err = en_rpc_get_full(item, f);
    if (err == EN_OK && en_id_eq(&f->entry.cid, &a->cid) &&
        a->n < AUTHORS_MAX) {
        struct en_span name = f->entry.person_name;
        struct en_span left = en_buf_span(&a->names);
        bool known = false;

        while (left.n > 0 && !known) {
            struct en_span one =
                EN_SPAN(left.p, strnlen((const char *)left.p, left.n));

            known = en_span_eq(one, name);
            left = EN_SPAN(left.p + one.n + 1, left.n - one.n - 1);
        }
        if (!known) {
            err = en_buf_add_span(&a->names, name);
            if (err == EN_OK)
                err = en_buf_add_u8(&a->names, 0);
            a->n++;
        }
    }
    en_cmd_release(f, sizeof *f);
    return err;
}

static en_err add_names(struct authors *a, struct en_buf *out)
{
    struct en_span left = en_buf_span(&a->names);
    en_err err = EN_OK;

    while (left.n > 0 && err == EN_OK) {
        struct en_span one =
            EN_SPAN(left.p, strnlen((const char *)left.p, left.n));

        if (out->n > 0)
            err = en_buf_add_str(out, ", ");
        if (err == EN_OK)
            err = en_buf_add_span(out, one);
        left = EN_SPAN(left.p + one.n + 1, left.n - one.n - 1);
    }
    return err;
}

/* Circles wait until all have arrived: the private journal is told last. */
struct status {
    struct en_cmd *cmd;
    struct en_rpc_status s;
    char name[EN_LABEL_MAX + 1];
    bool any;
    struct en_buf items; /* length u32 || item, one after the other */
};

static en_err take_status(void *user, struct en_span item)
{
    struct status *st = user;
    en_err err;

    if (!st->any) {
        st->any = true;
        err = en_rpc_get_status(item, &st->s);
        st->s.state.name = (struct en_span){0};
        return err;
    }
    err = en_buf_add_u32(&st->items, (uint32_t)item.n);
    return err == EN_OK ? en_buf_add_span(&st->items, item) : err;
}

static bool next_circle(struct en_reader *r, struct en_rpc_circle *c)
{
    uint32_t n;

    if (r->n == 0 || r->bad)
        return false;
    n = en_read_u32(r);
    return en_rpc_get_circle(en_read_span(r, n), c) == EN_OK;
}

static void circle_record(struct en_cmd *cmd, const struct en_rpc_circle *c)
{
    char whole[65];
    size_t i = 0;
    struct en_cell cell[STATUS_COLUMNS];

    en_hex(whole, c->cid.b, 32);
    cell[i++] = en_cell_id(en_span_str(whole), en_span_str(whole));
    cell[i++] = c->name.n > 0 ? en_cell_text(c->name) : en_cell_none();
    cell[i++] = en_cell_bool((c->flags & EN_CIRCLE_PERSONAL) != 0);
    cell[i++] = en_cell_number(c->persons);
    cell[i++] = en_cell_number(c->devices);
    cell[i++] = en_cell_number(c->others);
    cell[i++] = en_cell_number(c->in_step);
    cell[i++] = en_cell_number(c->entries);
    cell[i++] = en_cell_number(c->news);
    cell[i++] = en_cell_number(c->waiting);
    cell[i++] = en_cell_number(c->forks);
    cell[i++] = en_cell_number(c->kits);
    assert(i == STATUS_COLUMNS);
    en_show_record(&cmd->show, status_columns, STATUS_COLUMNS, cell);
}

static en_err news_fact(struct en_cmd *cmd, const struct en_rpc_circle *c)
{
    struct authors a = {.cid = c->cid};
    struct en_rpc_news n = {.mark = false};
    struct en_buf names = {0}, line = {0};
    en_err err = EN_CALL(cmd, NEWS, news, &n, take_author, &a);

    if (err == EN_OK)
        err = add_names(&a, &names);
    if (err == EN_OK)
        err = en_trn(&cmd->t, &line, "{n} new entry, by {names}",
                     "{n} new entries, by {names}", c->news,
                     EN_ARGS(en_arg_span("names", en_buf_span(&names))));
    if (err == EN_OK)
        en_show_fact(&cmd->show, "For you", en_cell_said(en_buf_span(&line)),
                     EN_MSG("entrenous read"));
    en_buf_free(&a.names);
    en_buf_free(&names);
    en_buf_free(&line);
    return err;
}

static en_err show_group(struct status *st, const struct en_rpc_circle *c)
{
    struct en_cmd *cmd = st->cmd;
    en_err err = EN_OK;

    if (c->others == 0)
        en_show_line(&cmd->show, "{circle} - {persons}",
                     EN_ARGS(en_arg_span("circle", c->name),
                             en_arg_count("persons", "{n} person", "{n} people",
                                          c->persons)));
    else
        en_show_line_n(
            &cmd->show,
            "{circle} - {persons}, in step with {here} of {n} other device",
            "{circle} - {persons}, in step with {here} of the {n} other "
            "devices",
            c->others,
            EN_ARGS(
                en_arg_span("circle", c->name),
                en_arg_count("persons", "{n} person", "{n} people", c->persons),
                en_arg_number("here", c->in_step)));
    if (c->news > 0)
        err = news_fact(cmd, c);
    en_show_fact(&cmd->show, "Link",
                 st->s.state.link ? en_cell_word("on", EN_MSGC("link", "on"))
                                  : en_cell_word("off", EN_MSGC("link", "off")),
                 st->s.state.link ? NULL : EN_MSG("entrenous sync"));
    if ((c->flags & EN_CIRCLE_ROOT_HERE) != 0)
        en_show_fact(&cmd->show, "Circle paper",
                     en_cell_word("here", EN_MSG("not yet on paper")), NULL);
    if ((c->flags & EN_CIRCLE_NOT_MINE) != 0)
        en_show_fact(&cmd->show, "This device",
                     en_cell_word("removed", EN_MSG("removed from the circle")),
                     NULL);
    return err;
}

static en_err private_line(struct status *st)
{
    struct en_cmd *cmd = st->cmd;
    struct en_buf letters = {0};
    en_err err = EN_OK;

    if (st->s.letters > 0)
        err = en_trn(&cmd->t, &letters, ", {n} closed letter",
                     ", {n} closed letters", st->s.letters, NULL);
    if (err == EN_OK)
        en_show_line_n(&cmd->show, "Your private journal - {n} entry{letters}",
                       "Your private journal - {n} entries{letters}",
                       st->s.entries,
                       EN_ARGS(en_arg_span("letters", en_buf_span(&letters))));
    en_buf_free(&letters);
    return err;
}

static en_err warnings(struct status *st)
{
    struct en_cmd *cmd = st->cmd;
    const struct en_rpc_status *s = &st->s;

    if (s->split > 0)
        en_show_line_n(&cmd->show,
                       "{n} entry has several versions, written without seeing "
                       "each other: entrenous list",
                       "{n} entries have several versions, written without "
                       "seeing each other: entrenous list",
                       s->split, NULL);
    if (s->drafts > 0)
        en_show_line_n(&cmd->show, "{n} draft waits: entrenous write --resume",
                       "{n} drafts wait: entrenous write --resume", s->drafts,
                       NULL);
    if (!s->kit && s->devices == 1)
        en_show_line(&cmd->show,
                     "One device and no kit: if this computer is lost, you "
                     "could no longer withdraw your cases. Next: entrenous kit "
                     "create",
                     NULL);
    else if (!s->kit_paper)
        en_show_line(&cmd->show, "Your recovery kit is not yet on paper.",
                     NULL);
    if (s->old_copy)
        en_show_line(&cmd->show,
                     "This journal is an older copy: your other devices know "
                     "more than it does. Nothing is lost. Link it before you "
                     "write: entrenous sync",
                     NULL);
    if (s->forks > 0)
        en_show_line_n(&cmd->show,
                       "{n} device has written two conflicting continuations. "
                       "To look further: entrenous doctor",
                       "{n} devices have written two conflicting "
                       "continuations. To look further: entrenous doctor",
                       s->forks, NULL);
    if (s->aside > 0)
        en_show_line_n(&cmd->show,
                       "{n} record is set aside, for its seal does not open. "
                       "To look further: entrenous doctor",
                       "{n} records are set aside, for their seals do not "
                       "open. To look further: entrenous doctor",
                       s->aside, NULL);
    if (s->newer > 0)
        en_show_line_n(&cmd->show,
                       "{n} record comes from a newer version of the program.",
                       "{n} records come from a newer version of the program.",
                       s->newer, NULL);
    return EN_OK;
}

static en_err show_status(struct status *st)
{
    struct en_cmd *cmd = st->cmd;
    struct en_reader r = en_reader_of(en_buf_span(&st->items));
    struct en_rpc_circle c;
    struct en_wall wall;
    en_err err = EN_OK;

    while (err == EN_OK && next_circle(&r, &c)) {
        circle_record(cmd, &c);
        if ((c.flags & EN_CIRCLE_PERSONAL) == 0 &&
            (cmd->mode == EN_SHOW_PEOPLE || cmd->mode == EN_SHOW_SIMPLE))
            err = show_group(st, &c);
    }
    if (err == EN_OK)
        err = private_line(st);
    if (err == EN_OK)
        err = warnings(st);
    if (err == EN_OK && st->s.state.until_ms != 0) {
        err = until_wall(cmd, st->s.state.until_ms, &wall);
        if (err == EN_OK)
            en_show_line(&cmd->show,
                         "Open until {time}. To lock: entrenous lock",
                         EN_ARGS(en_arg_clock("time", wall)));
    }
    return err;
}

int en_cmd_status(struct en_cmd *cmd, const struct en_args *args)
{
    struct status st = {.cmd = cmd};
    en_err err =
        en_cmd_call(cmd, EN_RPC_STATUS, en_rpc_nothing(), take_status, &st);

    (void)args;
    if (err == EN_OK)
        err = show_status(&st);
    en_buf_free(&st.items);
    return en_cmd_done(cmd, err);
}

/*
 * No word at all
 */

static void welcome_fact(struct en_cmd *cmd, const char *label_id,
                         const char *command)
{
    struct en_buf text = {0};

    if (en_cmd_say(cmd, &text, command, NULL) == EN_OK)
        en_show_fact(&cmd->show, label_id, en_cell_said(en_buf_span(&text)),
                     NULL);
    en_buf_free(&text);
}

static void welcome(struct en_cmd *cmd)
{
    en_show_line(&cmd->show, "Entre nous - your group's encrypted journal.",
                 NULL);
    en_show_line(&cmd->show, "There is no journal on this computer yet.", NULL);
    welcome_fact(cmd, EN_MSG("For yourself, or to run a group:"),
                 EN_MSG("entrenous init"));
    welcome_fact(cmd, EN_MSG("Someone is waiting, you have a code:"),
                 EN_MSG("entrenous join CODE"));
    en_show_line(&cmd->show,
                 "Everything stays on your computers. No account, no server.",
                 NULL);
    en_show_line(&cmd->show,
                 "A device lent by your employer? Read this first: entrenous "
                 "help employer",
                 NULL);
}

int en_cmd_alone(struct en_cmd *cmd)
{
    struct en_cmd_state st;
    en_err err = en_cmd_state(cmd, &st);

    if (err != EN_OK)
        return en_cmd_done(cmd, err);
    if (st.s.vault != EN_VAULT_NONE)
        return en_cmd_status(cmd, cmd->args);
    welcome(cmd);
    return EN_EXIT_DONE;
}
