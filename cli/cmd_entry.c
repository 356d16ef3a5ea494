#include "cli/cmds.h"

#include "base/text.h"
#include "cli/editor.h"
#include "cli/file.h"
#include "cli/rows.h"
#include "journal/book.h"

#include <string.h>

/* Bytes of a text typed or piped that are read at all: far more than fits, so that
 * a long one is refused with its size. */
#define TEXT_READ_MAX 16777216

/*
 * Where a text comes from
 */

static void drop_line_feeds(struct en_buf *b)
{
    while (b->n > 0 && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == '\r'))
        b->n--;
}

/* Words of the command line, as one line. */
static en_err words_text(struct en_cmd *cmd, int from, struct en_buf *out)
{
    en_err err = EN_OK;

    for (int i = from; i < cmd->args->words && err == EN_OK; i++) {
        err = i > from ? en_buf_add_u8(out, ' ') : EN_OK;
        if (err == EN_OK)
            err = en_buf_add_str(out, cmd->args->word[i]);
    }
    return err;
}

static en_err piped_text(struct en_cmd *cmd, struct en_buf *out)
{
    en_err err = en_file_read_fd(cmd->machine->in, "/dev/stdin", TEXT_READ_MAX,
                                 out, &cmd->why);

    drop_line_feeds(out);
    if (err == EN_OK && out->n == 0)
        err = en_why_set(&cmd->why, EN_RANGE, EN_WHY_TEXT_EMPTY, NULL, 0, 0);
    return err;
}

static en_err check_length(struct en_cmd *cmd, const struct en_buf *text)
{
    if (text->n <= EN_TEXT_MAX)
        return EN_OK;
    return en_why_set(&cmd->why, EN_RANGE, EN_WHY_TEXT_LONG, NULL, text->n,
                      EN_TEXT_MAX);
}

/* A text that was kept, on the terminal: it may have come from a file of anybody. */
static en_err tell_text(struct en_cmd *cmd, struct en_span text)
{
    struct en_buf safe = {0};
    en_err err = en_text_harmless(text, true, &safe);

    if (err == EN_OK)
        err = en_ask_tell(&cmd->ask, en_buf_span(&safe));
    en_buf_free(&safe);
    return err;
}

/* Typed on the terminal, line by line, after `lines` explain how. */
static en_err typed_text(struct en_cmd *cmd, struct en_buf *out)
{
    size_t lines = 0;
    en_err err;

    cmd->typing = true;
    err =
        en_ask_text(&cmd->ask, "-- TEXT", EN_TEXT_MAX, out, &lines, &cmd->why);
    if (err == EN_OK && lines == 0)
        err = en_why_set(&cmd->why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0, 0);
    return err;
}

static en_err edited_text(struct en_cmd *cmd, struct en_span before,
                          struct en_buf *out)
{
    bool changed = false;
    en_err err = en_editor_text(cmd, before, out, &changed);

    /* An unchanged template saves nothing. */
    if (err == EN_OK && (!changed || out->n == 0))
        err = en_why_set(&cmd->why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0, 0);
    return err;
}

/* Tags from a repeated flag; more than there may be are refused by the answer, so
 * one more than the bound is passed on. */
static en_err take_tags(struct en_cmd *cmd, const char *flag,
                        struct en_span tag[EN_TAGS_MAX], size_t *n)
{
    const char *v;

    for (*n = 0; (v = en_args_nth(cmd->args, flag, (int)*n)) != NULL; ++*n) {
        if (*n == EN_TAGS_MAX)
            return en_why_set(&cmd->why, EN_RANGE, EN_WHY_TAG, NULL, *n + 1,
                              EN_TAGS_MAX);
        if (v[0] == '\0' || strlen(v) > EN_TAG_MAX)
            return en_why_set(&cmd->why, EN_RANGE, EN_WHY_TAG, NULL, strlen(v),
                              EN_TAG_MAX);
        tag[*n] = en_span_str(v);
    }
    return EN_OK;
}

/*
 * write
 */

static en_err explain_write(struct en_cmd *cmd, const struct en_when *when)
{
    struct en_wall wall = {.day = en_cmd_today(cmd)};
    en_err err = EN_OK;

    if (when->kind == EN_WHEN_DAY)
        wall.day = when->day;
    else if (when->kind == EN_WHEN_INSTANT)
        err = en_wall_of(when->ms, when->offset, &wall);
    if (err == EN_OK)
        err = en_cmd_tell(cmd, "Entry for {day}, private.",
                          EN_ARGS(en_arg_day("day", wall.day, EN_DAY_LONG)));
    if (err == EN_OK)
        err = en_cmd_tell(cmd,
                          "Write. A line with a single full stop ends the "
                          "entry; Ctrl-C drops it.",
                          NULL);
    return err;
}

struct draft {
    struct en_id16 id;
    struct en_buf text;
    bool any;
};

static en_err take_draft(void *user, struct en_span item)
{
    struct draft *d = user;
    struct en_rpc_full *f;
    en_err err;

    if (d->any)
        return EN_OK;
    f = en_cmd_alloc(sizeof *f);
    if (f == NULL)
        return EN_NOMEM;
    err = en_rpc_get_full(item, f);
    if (err == EN_OK) {
        d->id = f->entry.id;
        d->any = true;
        err = en_buf_add_span(&d->text, f->text);
    }
    en_cmd_release(f, sizeof *f);
    return err;
}

/* The text of a draft, and what is typed after it. */
static en_err resumed_text(struct en_cmd *cmd, struct draft *d,
                           struct en_buf *out)
{
    struct en_buf more = {0};
    size_t lines = 0;
    en_err err;

    err = en_cmd_call(cmd, EN_RPC_DRAFTS, en_rpc_nothing(), take_draft, d);
    if (err == EN_OK && !d->any)
        err = en_why_set(&cmd->why, EN_ABSENT, EN_WHY_NO_DRAFT, NULL, 0, 0);
    if (err != EN_OK)
        return err;
    if (en_args_has(cmd->args, "editor"))
        return edited_text(cmd, en_buf_span(&d->text), out);
    err = en_buf_add_span(out, en_buf_span(&d->text));
    if (err != EN_OK || !en_ask_possible(&cmd->ask) || cmd->no_input)
        return err;
    err = en_cmd_tell(cmd,
                      "Your draft so far. Go on; a line with a single "
                      "full stop ends it.",
                      NULL);
    if (err == EN_OK)
        err = tell_text(cmd, en_buf_span(&d->text));
    cmd->typing = true;
    if (err == EN_OK)
        err = en_ask_text(&cmd->ask, "-- TEXT", EN_TEXT_MAX, &more, &lines,
                          &cmd->why);
    if (err == EN_OK && more.n > 0)
        err = en_buf_add_u8(out, '\n');
    if (err == EN_OK)
        err = en_buf_add_span(out, en_buf_span(&more));
    en_buf_free(&more);
    return err;
}

static en_err write_text(struct en_cmd *cmd, const struct en_when *when,
                         struct draft *d, struct en_buf *text)
{
    en_err err;

    if (en_args_has(cmd->args, "resume"))
        return resumed_text(cmd, d, text);
    if (cmd->args->words > 0)
        return words_text(cmd, 0, text);
    if (en_args_has(cmd->args, "editor"))
        return edited_text(cmd, (struct en_span){0}, text);
    if (!cmd->machine->in_terminal)
        return piped_text(cmd, text);
    err = cmd->no_input || !en_ask_possible(&cmd->ask)
              ? EN_OK
              : explain_write(cmd, when);
    return err == EN_OK ? typed_text(cmd, text) : err;
}

/* Groups this person belongs to; the name of one. */
struct groups {
    size_t n;
};

static en_err count_group(void *user, struct en_span item)
{
    struct groups *g = user;
    struct en_rpc_circle c;
    en_err err = en_rpc_get_circle(item, &c);

    if (err == EN_OK &&
        (c.flags & (EN_CIRCLE_PERSONAL | EN_CIRCLE_NOT_MINE)) == 0)
        g->n++;
    return err;
}

static en_err say_saved(struct en_cmd *cmd, const struct en_entry_copy *e)
{
    struct groups g = {0};
    en_err err;

    en_show_line(
        &cmd->show, "Saved: {id} ({lines}), private.",
        EN_ARGS(en_arg_text("id", e->id),
                en_arg_count("lines", "{n} line", "{n} lines", e->e.lines)));
    en_rows_record(cmd, &e->e);
    en_show_hint(&cmd->show, "To read it again: entrenous read {id}",
                 EN_ARGS(en_arg_text("id", e->id)));
    err = en_cmd_call(cmd, EN_RPC_CIRCLES, en_rpc_nothing(), count_group, &g);
    if (err == EN_OK && g.n > 0)
        en_show_hint(&cmd->show,
                     "To show it to the circle: entrenous share {id} --with "
                     "circle",
                     EN_ARGS(en_arg_text("id", e->id)));
    return err;
}

/* Saving failed: the words are kept as a sealed draft where that can be. */
static void keep_draft(struct en_cmd *cmd, struct en_span text,
                       const struct en_id16 *id)
{
    struct en_rpc_write w = {.text = text, .draft = *id};
    struct en_why why = cmd->why;

    if (EN_CALL(cmd, DRAFT, write, &w, NULL, NULL) == EN_OK)
        en_show_hint(&cmd->show,
                     "Your words are kept as a draft, sealed. To go on: "
                     "entrenous write --resume",
                     NULL);
    cmd->why = why;
}

int en_cmd_write(struct en_cmd *cmd, const struct en_args *args)
{
    const char *title = en_args_flag(args, "title");
    struct en_entry_copy saved = {0};
    struct en_rpc_write w = {0};
    struct draft d = {0};
    struct en_buf text = {.max = TEXT_READ_MAX};
    en_err err;

    err = en_cmd_when(cmd, &w.when);
    if (err == EN_OK)
        err = take_tags(cmd, "tag", w.tag, &w.tags);
    if (err == EN_OK)
        err = en_cmd_open(cmd);
    if (err == EN_OK)
        err = write_text(cmd, &w.when, &d, &text);
    if (err == EN_OK)
        err = check_length(cmd, &text);
    if (err != EN_OK)
        goto out;
    w.text = en_buf_span(&text);
    w.title = title == NULL ? (struct en_span){0} : en_span_str(title);
    w.draft = d.id;
    err = EN_CALL(cmd, WRITE, write, &w, en_entry_take, &saved);
    if (err != EN_OK)
        keep_draft(cmd, w.text, &d.id);
    cmd->typing = cmd->typing && err != EN_OK;
    if (err == EN_OK)
        err = say_saved(cmd, &saved);
out:
    en_entry_copy_free(&saved);
    en_buf_free(&d.text);
    en_buf_free(&text);
    return en_cmd_done(cmd, err);
}

/*
 * list, search, onthisday
 */

/* --from and --to: days; a month or a year is its first or last day. */
static en_err take_range(struct en_cmd *cmd, struct en_rpc_filter *f)
{
    struct en_date from = {0}, to = {0};
    bool has_from, has_to;
    en_err err = en_cmd_date(cmd, "from", EN_WHEN_FROM, &from, &has_from);

    if (err == EN_OK)
        err = en_cmd_date(cmd, "to", EN_WHEN_TO, &to, &has_to);
    if (err != EN_OK)
        return err;
    if (has_from)
        f->from = from.first;
    if (has_to)
        f->to = to.last;
    return EN_OK;
}

/* A number of a flag, 1 to max. */
static en_err take_number(struct en_cmd *cmd, const char *flag, uint32_t max,
                          uint32_t *out)
{
    const char *v = en_args_flag(cmd->args, flag);
    uint32_t n = 0;

    if (v == NULL)
        return EN_OK;
    for (const char *p = v; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || n > max)
            return EN_RANGE;
        n = n * 10 + (uint32_t)(*p - '0');
    }
    if (n == 0 || n > max)
        return EN_RANGE;
    *out = n;
    return EN_OK;
}

static en_err take_filter(struct en_cmd *cmd, struct en_rpc_filter *f)
{
    static const struct {
        const char *flag;
        uint32_t bit;
    } bits[] = {
        {"mine", EN_FILTER_MINE},       {"shared", EN_FILTER_SHARED},
        {"letters", EN_FILTER_LETTERS}, {"deleted", EN_FILTER_DELETED},
        {"reverse", EN_FILTER_REVERSE},
    };
    const char *tag = en_args_flag(cmd->args, "tag");
    en_err err = take_range(cmd, f);

    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if (en_args_has(cmd->args, bits[i].flag))
            f->flags |= bits[i].bit;
    }
    if (tag != NULL)
        f->tag = en_span_str(tag);
    /* Only where it was asked for in this command: a default circle is for
     * sharing, and must not hide entries from a list. */
    if (en_args_has(cmd->args, "circle"))
        f->circle = en_span_str(en_args_flag(cmd->args, "circle"));
    if (err == EN_OK)
        err = take_number(cmd, "limit", 1000000, &f->limit);
    return err;
}

static int show_rows(struct en_cmd *cmd, struct en_rows *rows, en_err err)
{
    en_rows_end(rows);
    if (err == EN_OK)
        en_show_line_n(&cmd->show, "{n} entry.", "{n} entries.", rows->n, NULL);
    return en_cmd_done(cmd, err);
}

int en_cmd_list(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_filter f = {0};
    struct en_rows rows;
    en_err err = take_filter(cmd, &f);

    (void)args;
    if (err != EN_OK)
        return en_cmd_done(cmd, err);
    en_rows_begin(&rows, cmd, false);
    return show_rows(cmd, &rows,
                     EN_CALL(cmd, LIST, filter, &f, en_rows_take, &rows));
}

int en_cmd_search(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_search s = {.exact = en_args_has(args, "exact"),
                              .width = EN_EXCERPT_COLUMNS - 2};
    struct en_buf query = {0};
    struct en_rows rows;
    en_err err = take_filter(cmd, &s.filter);
    int status;

    if (err == EN_OK)
        err = words_text(cmd, 0, &query);
    if (err != EN_OK) {
        en_buf_free(&query);
        return en_cmd_done(cmd, err);
    }
    s.query = en_buf_span(&query);
    en_rows_begin(&rows, cmd, true);
    err = EN_CALL(cmd, SEARCH, search, &s, en_rows_take, &rows);
    status = show_rows(cmd, &rows, err);
    en_buf_free(&query);
    return status;
}

int en_cmd_onthisday(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_filter f = {.day = en_cmd_today(cmd)};
    struct en_date on = {0};
    struct en_rows rows;
    bool given;
    en_err err = en_cmd_date(cmd, "on", EN_WHEN_ON, &on, &given);

    if (err == EN_OK)
        err = take_number(cmd, "years", 9999, &f.years);
    if (err != EN_OK)
        return en_cmd_done(cmd, err);
    if (given)
        f.day = on.first;
    if (en_args_has(args, "month"))
        f.flags |= EN_FILTER_MONTH;
    en_rows_begin(&rows, cmd, false);
    return show_rows(cmd, &rows,
                     EN_CALL(cmd, LIST, filter, &f, en_rows_take, &rows));
}

/*
 * read
 */

struct reading {
    struct en_cmd *cmd;
    bool history;
    size_t n;     /* versions shown */
    size_t heads; /* of the last entry */
    bool hidden;  /* the last one is a closed letter */
    char id[EN_LETTERS + 1];
};

static en_err show_full(void *user, struct en_span item)
{
    struct reading *r = user;
    struct en_rpc_full *f = en_cmd_alloc(sizeof *f);
    en_err err;

    if (f == NULL)
        return EN_NOMEM;
    err = en_rpc_get_full(item, f);
    if (err == EN_OK) {
        if (r->n > 0)
            en_show_blank(&r->cmd->show);
        if (r->n == 0 && f->entry.heads == 2 && !r->history)
            en_show_line(&r->cmd->show,
                         "Two versions, written without seeing each other.",
                         NULL);
        else if (r->n == 0 && f->entry.heads > 2 && !r->history)
            en_show_line_n(&r->cmd->show,
                           "{n} version, written without seeing any other.",
                           "{n} versions, written without seeing each other.",
                           f->entry.heads, NULL);
        r->n++;
        r->heads = f->entry.heads;
        r->hidden = (f->entry.flags & EN_ENTRY_HIDDEN) != 0;
        en_row_id(&f->entry, r->id);
        err = en_rows_full(r->cmd, f, r->history);
    }
    en_cmd_release(f, sizeof *f);
    return err;
}

static en_err read_one(struct en_cmd *cmd, struct en_span typed)
{
    struct reading r = {.cmd = cmd,
                        .history = en_args_has(cmd->args, "history")};
    struct en_rpc_read arg = {
        .typed = typed,
        .what = r.history ? EN_READ_HISTORY : EN_READ_HEADS,
    };
    en_err err = EN_CALL(cmd, READ, read, &arg, show_full, &r);

    if (err == EN_OK && r.heads > 1 && !r.history)
        en_show_hint(&cmd->show,
                     "To make one of them: entrenous edit {id} --merge",
                     EN_ARGS(en_arg_text("id", r.id)));
    return err;
}

static en_err read_news(struct en_cmd *cmd)
{
    struct reading r = {.cmd = cmd};
    struct en_rpc_news n = {.mark = true};
    en_err err = EN_CALL(cmd, NEWS, news, &n, show_full, &r);

    if (err == EN_OK && r.n == 0)
        en_show_line(&cmd->show, "Nothing new.", NULL);
    return err;
}

int en_cmd_read(struct en_cmd *cmd, const struct en_args *args)
{
    static const char *const last[] = {"last", "derniere", NULL};
    en_err err = EN_OK;

    if (args->words == 0)
        return en_cmd_done(cmd, read_news(cmd));
    for (int i = 0; i < args->words && err == EN_OK; i++) {
        struct en_span typed = en_span_str(args->word[i]);

        if (i > 0)
            en_show_blank(&cmd->show);
        if (en_value_find(last, typed) >= 0)
            typed = (struct en_span){0};
        err = read_one(cmd, typed);
    }
    return en_cmd_done(cmd, err);
}

/*
 * edit
 */

/* What the person has before them: the current versions. */
struct current {
    struct en_cmd *cmd;
    struct en_rpc_edit *edit;
    struct en_buf text; /* all of them, a blank line between */
    size_t heads;
};

static en_err take_current(void *user, struct en_span item)
{
    struct current *c = user;
    struct en_rpc_full *f = en_cmd_alloc(sizeof *f);
    en_err err;

    if (f == NULL)
        return EN_NOMEM;
    err = en_rpc_get_full(item, f);
    /* Before the person types a word that could not be saved. */
    if (err == EN_OK && (f->entry.flags & EN_ENTRY_MINE) == 0)
        err =
            en_why_set(&c->cmd->why, EN_DENIED, EN_WHY_NOT_AUTHOR, NULL, 0, 0);
    else if (err == EN_OK && f->entry.kind == EN_KIND_SHARE)
        err = en_why_set(&c->cmd->why, EN_DENIED, EN_WHY_SHARED,
                         c->cmd->args->word[0], 0, 0);
    if (err == EN_OK && c->text.n > 0)
        err = en_buf_add_str(&c->text, "\n\n");
    if (err == EN_OK)
        err = en_buf_add_span(&c->text, f->text);
    if (err == EN_OK && c->edit->parents < EN_AFTER_MAX)
        c->edit->parent[c->edit->parents++] = f->record;
    c->heads = f->entry.heads;
    en_cmd_release(f, sizeof *f);
    return err;
}

static en_err new_text(struct en_cmd *cmd, struct current *c,
                       struct en_buf *text)
{
    en_err err;

    if (cmd->args->words > 1)
        return words_text(cmd, 1, text);
    if (en_args_has(cmd->args, "editor"))
        return edited_text(cmd, en_buf_span(&c->text), text);
    if (!cmd->machine->in_terminal)
        return piped_text(cmd, text);
    if (cmd->no_input || !en_ask_possible(&cmd->ask))
        return typed_text(cmd, text);
    err = tell_text(cmd, en_buf_span(&c->text));
    if (err == EN_OK)
        err = en_cmd_tell(cmd,
                          "Type the whole text anew. A line with a single full "
                          "stop ends it; Ctrl-C leaves the old one.",
                          NULL);
    return err == EN_OK ? typed_text(cmd, text) : err;
}

static bool changes_only_flags(const struct en_args *args)
{
    static const char *const flags[] = {"on", "at", "title", "tag", "untag"};

    if (args->words > 1 || en_args_has(args, "editor") ||
        en_args_has(args, "merge"))
        return false;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (en_args_has(args, flags[i]))
            return true;
    }
    return false;
}

static en_err take_edit(struct en_cmd *cmd, struct en_rpc_edit *e)
{
    const char *title = en_args_flag(cmd->args, "title");
    en_err err = en_cmd_when(cmd, &e->when);

    e->typed = en_span_str(cmd->args->word[0]);
    if (e->when.kind != EN_WHEN_NONE)
        e->fields |= EN_EDIT_WHEN;
    if (title != NULL) {
        e->fields |= EN_EDIT_TITLE;
        e->title = en_span_str(title);
    }
    if (en_args_has(cmd->args, "merge"))
        e->fields |= EN_EDIT_MERGE;
    if (err == EN_OK)
        err = take_tags(cmd, "tag", e->tag, &e->tags);
    if (err == EN_OK)
        err = take_tags(cmd, "untag", e->untag, &e->untags);
    return err;
}

int en_cmd_edit(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_entry_copy saved = {0};
    struct en_rpc_edit e = {0};
    struct current c = {.cmd = cmd, .edit = &e};
    struct en_rpc_read now = {0};
    struct en_buf text = {.max = TEXT_READ_MAX};
    en_err err = take_edit(cmd, &e);

    if (err == EN_OK) {
        now.typed = e.typed;
        err = EN_CALL(cmd, READ, read, &now, take_current, &c);
    }
    /* Several versions: one of them must not be replaced unseen. */
    if (err == EN_OK && c.heads > 1 && (e.fields & EN_EDIT_MERGE) == 0)
        e.parents = 0; /* the answer says EN_CHOOSE */
    else if (err == EN_OK && !changes_only_flags(args)) {
        e.fields |= EN_EDIT_TEXT;
        err = new_text(cmd, &c, &text);
        if (err == EN_OK)
            err = check_length(cmd, &text);
        e.text = en_buf_span(&text);
    }
    if (err == EN_OK) {
        err = EN_CALL(cmd, EDIT, edit, &e, en_entry_take, &saved);
        if (err != EN_OK && text.n > 0)
            keep_draft(cmd, e.text, &(struct en_id16){0});
        cmd->typing = cmd->typing && err != EN_OK;
    }
    if (err == EN_OK) {
        en_show_line(&cmd->show,
                     "Changed: {id}, version {n}. The old one can be read: "
                     "entrenous read {id} --history",
                     EN_ARGS(en_arg_text("id", saved.id),
                             en_arg_number("n", saved.e.version)));
        en_rows_record(cmd, &saved.e);
    }
    en_entry_copy_free(&saved);
    en_buf_free(&c.text);
    en_buf_free(&text);
    return en_cmd_done(cmd, err);
}

/*
 * delete, undo
 */

struct deleting {
    struct en_entry_copy entry;
    struct en_rpc_shared shared;
    bool told;
};

static en_err take_deleted(void *user, struct en_span item)
{
    struct deleting *d = user;

    if (!d->entry.any)
        return en_entry_take(&d->entry, item);
    d->told = true;
    return en_rpc_get_shared(item, &d->shared);
}

int en_cmd_delete(struct en_cmd *cmd, const struct en_args *args)
{
    struct deleting d = {0};
    struct en_rpc_name name = {.typed = en_span_str(args->word[0])};
    en_err err = EN_CALL(cmd, DELETE, name, &name, take_deleted, &d);

    if (err == EN_OK && d.told)
        en_show_line_n(&cmd->show, "Deletion asked of {n} device.",
                       "Deletion asked of {n} devices.", d.shared.others, NULL);
    else if (err == EN_OK)
        en_show_line(&cmd->show, "Deleted. To take it back: entrenous undo",
                     NULL);
    if (err == EN_OK)
        en_rows_record(cmd, &d.entry.e);
    if (err == EN_OK && d.entry.e.shares > 0)
        en_show_hint(&cmd->show,
                     "What you shared of it stays with the circle. To see it: "
                     "entrenous list --shared",
                     NULL);
    en_entry_copy_free(&d.entry);
    return en_cmd_done(cmd, err);
}

static const char *const undone[] = {
    [EN_CHANGE_WRITTEN] = EN_MSG("Undone: the writing of {id}."),
    [EN_CHANGE_EDITED] = EN_MSG("Undone: the change of {id}."),
    [EN_CHANGE_DELETED] = EN_MSG("Undone: the deletion of {id}."),
};

static const char *const change_words[] = {
    [EN_CHANGE_WRITTEN] = EN_MSG("written"),
    [EN_CHANGE_EDITED] = EN_MSG("changed"),
    [EN_CHANGE_DELETED] = EN_MSG("deleted"),
};
static const char *const change_keys[] = {
    [EN_CHANGE_WRITTEN] = "written",
    [EN_CHANGE_EDITED] = "edited",
    [EN_CHANGE_DELETED] = "deleted",
};

static const struct en_column change_columns[] = {
    {"id", EN_MSG("Entry")},
    {"change", EN_MSG("Change")},
    {"time", EN_MSG("When")},
    {"words", EN_MSG("Text")},
};

static en_err one_change(void *user, struct en_span item)
{
    struct en_cmd *cmd = user;
    char shown[EN_LETTERS + 1], whole[EN_LETTERS + 1];
    struct en_rpc_change c;
    en_err err = en_rpc_get_change(item, &c);

    if (err == EN_OK &&
        (c.what < EN_CHANGE_WRITTEN || c.what > EN_CHANGE_DELETED))
        err = EN_PROTOCOL;
    if (err != EN_OK)
        return err;
    en_row_id(&c.entry, shown);
    en_row_id_whole(&c.entry, whole);
    en_show_row(&cmd->show,
                (struct en_cell[]){
                    en_cell_id(en_span_str(shown), en_span_str(whole)),
                    en_cell_word(change_keys[c.what], change_words[c.what]),
                    en_cell_time(c.time_ms, c.offset),
                    en_cell_excerpt(c.entry.words),
                });
    return EN_OK;
}

static en_err undo_done(void *user, struct en_span item)
{
    struct en_cmd *cmd = user;
    char shown[EN_LETTERS + 1];
    struct en_rpc_change c;
    en_err err = en_rpc_get_change(item, &c);

    if (err == EN_OK &&
        (c.what < EN_CHANGE_WRITTEN || c.what > EN_CHANGE_DELETED))
        err = EN_PROTOCOL;
    if (err != EN_OK)
        return err;
    en_row_id(&c.entry, shown);
    en_show_line(&cmd->show, undone[c.what], EN_ARGS(en_arg_text("id", shown)));
    en_rows_record(cmd, &c.entry);
    return EN_OK;
}

int en_cmd_undo(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_filter f = {.limit = 20};
    en_err err;

    if (!en_args_has(args, "list"))
        return en_cmd_done(cmd, en_cmd_call(cmd, EN_RPC_UNDO, en_rpc_nothing(),
                                            undo_done, cmd));
    en_show_table(&cmd->show, change_columns, 4);
    err = EN_CALL(cmd, CHANGES, filter, &f, one_change, cmd);
    en_show_table_end(&cmd->show);
    return en_cmd_done(cmd, err);
}
