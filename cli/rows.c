#include "cli/rows.h"

#include "base/text.h"

#include <string.h>

void en_row_id_whole(const struct en_rpc_entry *e, char whole[EN_LETTERS + 1])
{
    en_id_letters(&e->id, whole);
}

void en_row_id(const struct en_rpc_entry *e, char shown[EN_LETTERS + 1])
{
    size_t n = e->unique < EN_LETTERS_SHOWN ? EN_LETTERS_SHOWN : e->unique;

    en_id_letters(&e->id, shown);
    shown[n > EN_LETTERS ? EN_LETTERS : n] = '\0';
}

static bool is_private(const struct en_rpc_entry *e)
{
    return (e->flags & EN_ENTRY_PRIVATE) != 0;
}

/* The wall day an entry is dated by. */
static struct en_day day_of(const struct en_when *w)
{
    struct en_wall wall = {0};

    if (w->kind == EN_WHEN_DAY)
        return w->day;
    (void)en_wall_of(w->ms, w->offset, &wall);
    return wall.day;
}

static struct en_cell when_cell(const struct en_when *w)
{
    return w->kind == EN_WHEN_INSTANT ? en_cell_time(w->ms, w->offset)
                                      : en_cell_day(w->day);
}

/* Who can read it, in a word or two. */
static en_err readers_of(struct en_cmd *cmd, const struct en_rpc_entry *e,
                         struct en_buf *out)
{
    if (is_private(e) && e->shares == 0)
        return en_cmd_say(cmd, out, "private", NULL);
    if (is_private(e))
        return en_cmd_say(cmd, out, "private, shared", NULL);
    if ((e->flags & EN_ENTRY_MINE) != 0)
        return en_cmd_say(cmd, out, "shared: {circle}",
                          EN_ARGS(en_arg_span("circle", e->circle)));
    return en_cmd_say(cmd, out, "{person}, {circle}",
                      EN_ARGS(en_arg_span("person", e->person_name),
                              en_arg_span("circle", e->circle)));
}

/*
 * For scripts: every field, English keys, whole ids.
 */

static const struct en_column script_columns[] = {
    {"id", NULL},       {"kind", NULL},    {"when", NULL},   {"day", NULL},
    {"title", NULL},    {"words", NULL},   {"tags", NULL},   {"private", NULL},
    {"circle", NULL},   {"person", NULL},  {"mine", NULL},   {"deleted", NULL},
    {"versions", NULL}, {"heads", NULL},   {"shares", NULL}, {"lines", NULL},
    {"bytes", NULL},    {"written", NULL},
};
#define SCRIPT_COLUMNS (sizeof script_columns / sizeof script_columns[0])

static struct en_cell kind_cell(const struct en_rpc_entry *e)
{
    switch (e->kind) {
    case EN_KIND_SHARE: return en_cell_word("share", NULL);
    case EN_KIND_DRAFT: return en_cell_word("draft", NULL);
    default: return en_cell_word("entry", NULL);
    }
}

static void script_cells(const struct en_rpc_entry *e, const char *shown,
                         const char *whole, struct en_cell *c)
{
    size_t i = 0;

    c[i++] = en_cell_id(en_span_str(shown), en_span_str(whole));
    c[i++] = kind_cell(e);
    c[i++] = when_cell(&e->when);
    c[i++] = en_cell_day(day_of(&e->when));
    c[i++] = e->title.n > 0 ? en_cell_text(e->title) : en_cell_none();
    c[i++] = en_cell_text(e->words);
    c[i++] = en_cell_list(e->tag, e->tags);
    c[i++] = en_cell_bool(is_private(e));
    c[i++] = e->circle.n > 0 ? en_cell_text(e->circle) : en_cell_none();
    c[i++] = en_cell_text(e->person_name);
    c[i++] = en_cell_bool((e->flags & EN_ENTRY_MINE) != 0);
    c[i++] = en_cell_bool((e->flags & EN_ENTRY_DELETED) != 0);
    c[i++] = en_cell_number(e->versions);
    c[i++] = en_cell_number(e->heads);
    c[i++] = en_cell_number(e->shares);
    c[i++] = en_cell_number(e->lines);
    c[i++] = en_cell_size(e->text_len);
    c[i++] = en_cell_time(e->time_ms, e->offset);
    assert(i == SCRIPT_COLUMNS);
}

void en_rows_record(struct en_cmd *cmd, const struct en_rpc_entry *e)
{
    struct en_cell c[SCRIPT_COLUMNS];
    char shown[EN_LETTERS + 1], whole[EN_LETTERS + 1];

    en_row_id(e, shown);
    en_row_id_whole(e, whole);
    script_cells(e, shown, whole, c);
    en_show_record(&cmd->show, script_columns, SCRIPT_COLUMNS, c);
}

/*
 * For people
 */

static const struct en_column people_columns[] = {
    {"id", EN_MSG("Entry")},    {"day", EN_MSG("Date")},
    {"who", EN_MSG("Readers")}, {"text", EN_MSG("Text")},
    {"tags", EN_MSG("Tags")},
};
#define PEOPLE_COLUMNS (sizeof people_columns / sizeof people_columns[0])

/* What a match stands in, broken at words; "..." where something is left out. */
static en_err excerpt_of(const struct en_rpc_entry *e, struct en_buf *out)
{
    struct en_span w = e->words;
    size_t least = e->match_to;
    en_err err = EN_OK;

    if ((e->flags & EN_ENTRY_AFTER) != 0) {
        while (w.n > least && w.p[w.n - 1] != ' ' && w.p[w.n - 1] != '\n')
            w.n--;
        while (w.n > least && (w.p[w.n - 1] == ' ' || w.p[w.n - 1] == '\n'))
            w.n--;
    }
    if ((e->flags & EN_ENTRY_BEFORE) != 0)
        err = en_buf_add_str(out, "\xe2\x80\xa6");
    if (err == EN_OK)
        err = en_buf_add_span(out, w);
    if (err == EN_OK && (e->flags & EN_ENTRY_AFTER) != 0)
        err = en_buf_add_str(out, "\xe2\x80\xa6");
    return err;
}

static en_err people_row(struct en_rows *r, const struct en_rpc_entry *e)
{
    struct en_buf readers = {0}, words = {0}, tags = {0};
    char shown[EN_LETTERS + 1], whole[EN_LETTERS + 1];
    struct en_cell text;
    en_err err;

    en_row_id(e, shown);
    en_row_id_whole(e, whole);
    err = readers_of(r->cmd, e, &readers);
    if (err == EN_OK && r->search)
        err = excerpt_of(e, &words);
    else if (err == EN_OK)
        err = en_buf_add_span(&words, e->words);
    if ((e->flags & EN_ENTRY_HIDDEN) != 0)
        text = en_cell_word("letter", EN_MSG("letter to oneself, closed"));
    else if (e->title.n > 0 && (!r->search || e->match_to == e->match_from))
        text = en_cell_text(e->title);
    else
        text = en_cell_excerpt(en_buf_span(&words));
    for (size_t i = 0; i < e->tags && err == EN_OK; i++) {
        err = en_buf_add_str(&tags, i > 0 ? " #" : "#");
        if (err == EN_OK)
            err = en_buf_add_span(&tags, e->tag[i]);
    }
    if (err == EN_OK)
        en_show_row(&r->cmd->show,
                    (struct en_cell[]){
                        en_cell_id(en_span_str(shown), en_span_str(whole)),
                        en_cell_day(day_of(&e->when)),
                        en_cell_said(en_buf_span(&readers)),
                        text,
                        en_cell_said(en_buf_span(&tags)),
                    });
    en_buf_free(&readers);
    en_buf_free(&words);
    en_buf_free(&tags);
    return err;
}

static bool scripts(const struct en_cmd *cmd)
{
    return cmd->mode == EN_SHOW_PLAIN || cmd->mode == EN_SHOW_JSON;
}

void en_rows_begin(struct en_rows *r, struct en_cmd *cmd, bool search)
{
    *r = (struct en_rows){.cmd = cmd, .search = search};
    if (!scripts(cmd))
        en_show_table(&cmd->show, people_columns, PEOPLE_COLUMNS);
}

en_err en_rows_take(void *rows, struct en_span item)
{
    struct en_rows *r = rows;
    struct en_rpc_entry e;
    en_err err = en_rpc_get_entry(item, &e);

    if (err != EN_OK)
        return err;
    r->n++;
    if (!scripts(r->cmd))
        return people_row(r, &e);
    en_rows_record(r->cmd, &e);
    return EN_OK;
}

void en_rows_end(struct en_rows *r)
{
    if (!scripts(r->cmd))
        en_show_table_end(&r->cmd->show);
}

/*
 * One version, whole
 */

static const struct en_column full_columns[] = {
    {"id", NULL},      {"kind", NULL},    {"when", NULL},
    {"title", NULL},   {"text", NULL},    {"tags", NULL},
    {"private", NULL}, {"circle", NULL},  {"person", NULL},
    {"mine", NULL},    {"version", NULL}, {"versions", NULL},
    {"head", NULL},    {"deleted", NULL}, {"record", NULL},
    {"device", NULL},  {"written", NULL}, {"shared_with", NULL},
};
#define FULL_COLUMNS (sizeof full_columns / sizeof full_columns[0])

static void full_record(struct en_cmd *cmd, const struct en_rpc_full *f)
{
    const struct en_rpc_entry *e = &f->entry;
    char shown[EN_LETTERS + 1], whole[EN_LETTERS + 1], record[65];
    struct en_span places[EN_RPC_PLACES_MAX];
    struct en_cell c[FULL_COLUMNS];
    size_t i = 0;

    en_row_id(e, shown);
    en_row_id_whole(e, whole);
    en_hex(record, f->record.b, 32);
    for (size_t k = 0; k < f->places; k++)
        places[k] = f->place[k].circle;
    c[i++] = en_cell_id(en_span_str(shown), en_span_str(whole));
    c[i++] = kind_cell(e);
    c[i++] = when_cell(&e->when);
    c[i++] = e->title.n > 0 ? en_cell_text(e->title) : en_cell_none();
    c[i++] = (e->flags & EN_ENTRY_HIDDEN) != 0 ? en_cell_none()
                                               : en_cell_text(f->text);
    c[i++] = en_cell_list(e->tag, e->tags);
    c[i++] = en_cell_bool(is_private(e));
    c[i++] = e->circle.n > 0 ? en_cell_text(e->circle) : en_cell_none();
    c[i++] = en_cell_text(e->person_name);
    c[i++] = en_cell_bool((e->flags & EN_ENTRY_MINE) != 0);
    c[i++] = en_cell_number(f->number);
    c[i++] = en_cell_number(e->versions);
    c[i++] = en_cell_bool(f->head);
    c[i++] = en_cell_bool(f->deleted);
    c[i++] = en_cell_text(en_span_str(record));
    c[i++] = en_cell_text(f->device_label);
    c[i++] = en_cell_time(f->time_ms, f->offset);
    c[i++] = en_cell_list(places, f->places);
    assert(i == FULL_COLUMNS);
    en_show_record(&cmd->show, full_columns, FULL_COLUMNS, c);
}

/* "k7m2q — mercredi 28 avril 2027 à 14 h 07, privée" */
static en_err heading(struct en_cmd *cmd, const struct en_rpc_entry *e)
{
    struct en_buf readers = {0};
    char shown[EN_LETTERS + 1];
    struct en_wall wall = {.day = e->when.day};
    en_err err = readers_of(cmd, e, &readers);

    en_row_id(e, shown);
    if (err == EN_OK && e->when.kind == EN_WHEN_INSTANT)
        err = en_wall_of(e->when.ms, e->when.offset, &wall);
    if (err == EN_OK)
        en_show_line(&cmd->show, "{id} - {when}, {readers}",
                     EN_ARGS(en_arg_text("id", shown),
                             e->when.kind == EN_WHEN_INSTANT
                                 ? en_arg_wall("when", wall, EN_DAY_LONG)
                                 : en_arg_day("when", wall.day, EN_DAY_LONG),
                             en_arg_span("readers", en_buf_span(&readers))));
    en_buf_free(&readers);
    return err;
}

static en_err version_line(struct en_cmd *cmd, const struct en_rpc_full *f)
{
    struct en_wall wall;
    en_err err = en_wall_of(f->time_ms, f->offset, &wall);

    if (err != EN_OK)
        return err;
    en_show_line(&cmd->show,
                 f->deleted
                     ? EN_MSG("Version {n} of {all}, a deletion: {person}, "
                              "{device}, {when}.")
                     : EN_MSG("Version {n} of {all}: {person}, {device}, "
                              "{when}."),
                 EN_ARGS(en_arg_number("n", f->number),
                         en_arg_number("all", f->entry.versions),
                         en_arg_span("person", f->entry.person_name),
                         en_arg_span("device", f->device_label),
                         en_arg_wall("when", wall, EN_DAY_SHORT)));
    return EN_OK;
}

static en_err place_line(struct en_cmd *cmd, const struct en_rpc_place *p)
{
    char letters[EN_LETTERS + 1];
    struct en_wall wall;
    en_err err = en_wall_of(p->time_ms, p->offset, &wall);

    if (err != EN_OK)
        return err;
    en_id_letters(&p->id, letters);
    letters[EN_LETTERS_SHOWN] = '\0';
    en_show_line(&cmd->show, "Shared with \"{circle}\" on {day}: {id}",
                 EN_ARGS(en_arg_span("circle", p->circle),
                         en_arg_day("day", wall.day, EN_DAY_SHORT),
                         en_arg_text("id", letters)));
    return EN_OK;
}

en_err en_rows_full(struct en_cmd *cmd, const struct en_rpc_full *f,
                    bool history)
{
    const struct en_rpc_entry *e = &f->entry;
    en_err err;

    if (scripts(cmd)) {
        full_record(cmd, f);
        return EN_OK;
    }
    err = heading(cmd, e);
    if (err == EN_OK && (history || e->versions > 1))
        err = version_line(cmd, f);
    if (e->title.n > 0)
        en_show_text(&cmd->show, e->title, 2);
    if ((e->flags & EN_ENTRY_HIDDEN) != 0)
        en_show_line(&cmd->show,
                     "A letter to oneself, still closed. It is hidden, not "
                     "separately locked.",
                     NULL);
    else
        en_show_text(&cmd->show, f->text, 2);
    if (e->tags > 0) {
        struct en_buf tags = {0};

        for (size_t i = 0; i < e->tags && err == EN_OK; i++) {
            err = en_buf_add_str(&tags, i > 0 ? ", " : "");
            if (err == EN_OK)
                err = en_buf_add_span(&tags, e->tag[i]);
        }
        if (err == EN_OK)
            en_show_line(&cmd->show, "Tags: {tags}",
                         EN_ARGS(en_arg_span("tags", en_buf_span(&tags))));
        en_buf_free(&tags);
    }
    for (size_t i = 0; i < f->places && err == EN_OK; i++)
        err = place_line(cmd, &f->place[i]);
    return err;
}

/*
 * Copies
 */

static en_err keep(struct en_buf *text, struct en_span *s, size_t *room)
{
    size_t at = text->n;
    en_err err;

    assert(s->n <= *room);
    *room -= s->n;
    err = en_buf_add_span(text, *s);
    *s = EN_SPAN(text->p + at, s->n);
    return err;
}

en_err en_entry_take(void *copy, struct en_span item)
{
    struct en_entry_copy *c = copy;
    struct en_span *spans[6 + EN_TAGS_MAX];
    size_t n = 0, room = 0;
    en_err err;

    if (c->any) /* what follows the entry is not wanted here */
        return EN_OK;
    err = en_rpc_get_entry(item, &c->e);
    if (err != EN_OK)
        return err;
    spans[n++] = &c->e.title;
    spans[n++] = &c->e.words;
    spans[n++] = &c->e.person_name;
    spans[n++] = &c->e.device_label;
    spans[n++] = &c->e.circle;
    for (size_t i = 0; i < c->e.tags; i++)
        spans[n++] = &c->e.tag[i];
    for (size_t i = 0; i < n; i++)
        room += spans[i]->n;
    /* All at once: no span may move. */
    err = en_buf_reserve(&c->text, room + 1);
    for (size_t i = 0; i < n && err == EN_OK; i++)
        err = keep(&c->text, spans[i], &room);
    c->e.importer = c->e.foreign = (struct en_span){0};
    en_row_id(&c->e, c->id);
    c->any = err == EN_OK;
    return err;
}

void en_entry_copy_free(struct en_entry_copy *c)
{
    en_buf_free(&c->text);
    c->any = false;
}
