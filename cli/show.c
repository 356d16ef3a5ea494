#include "cli/show.h"

#include "base/text.h"
#include "cli/command.h"
#include "cli/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ELLIPSIS    "\xe2\x80\xa6"
#define ID_ON       "\x1b[36m"
#define COLOUR_OFF  "\x1b[0m"
#define TABLE_GAP   2
#define FACT_GAP    3 /* after a label */
#define FACT_GAP_2  4 /* before a command */
#define FACT_INDENT 2

static const size_t table_gap[2] = {TABLE_GAP, TABLE_GAP};
static const size_t fact_gap[2] = {FACT_GAP, FACT_GAP_2};

struct en_show_env en_show_env_system(void)
{
    struct en_show_env env = {
        .out = STDOUT_FILENO,
        .err = STDERR_FILENO,
        .out_terminal = isatty(STDOUT_FILENO) == 1,
        .err_terminal = isatty(STDERR_FILENO) == 1,
        .no_color = getenv("NO_COLOR"),
        .term = getenv("TERM"),
        .pager = getenv("PAGER"),
    };
    struct winsize size;

    if (env.out_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        env.columns = size.ws_col;
        env.rows = size.ws_row;
    }
    return env;
}

static bool coloured(const struct en_show *s, bool terminal)
{
    const struct en_show_env *e = &s->env;

    return terminal && !s->ask.no_color &&
           (s->ask.mode == EN_SHOW_PEOPLE || s->ask.mode == EN_SHOW_SIMPLE) &&
           (e->no_color == NULL || e->no_color[0] == '\0') && e->term != NULL &&
           e->term[0] != '\0' && strcmp(e->term, "dumb") != 0;
}

static unsigned columns_of(const struct en_show *s)
{
    unsigned c = s->env.columns;

    if (c == 0 || c > EN_SHOW_COLUMNS_MAX)
        return EN_SHOW_COLUMNS_MAX;
    return c < EN_SHOW_COLUMNS_MIN ? EN_SHOW_COLUMNS_MIN : c;
}

static bool for_people(const struct en_show *s)
{
    return s->ask.mode == EN_SHOW_PEOPLE || s->ask.mode == EN_SHOW_SIMPLE;
}

/* Every result passes here: the first error stops all that follows. */
static void add(struct en_show *s, struct en_buf *to, struct en_span bytes)
{
    if (s->err == EN_OK)
        s->err = en_buf_add_span(to, bytes);
}

static void add_str(struct en_show *s, struct en_buf *to, const char *str)
{
    add(s, to, en_span_str(str));
}

static void add_spaces(struct en_show *s, struct en_buf *to, size_t n)
{
    for (; n > 0; n--)
        add_str(s, to, " ");
}

static void keep(struct en_show *s, en_err err)
{
    if (s->err == EN_OK)
        s->err = err;
}

void en_show_begin(struct en_show *s, const struct en_show_ask *ask,
                   const struct en_show_env *env)
{
    *s = (struct en_show){.ask = *ask, .env = *env};
    s->ask.t.plain = !for_people(s);
    s->colour_out = coloured(s, env->out_terminal);
    s->colour_err = coloured(s, env->err_terminal);
    if (ask->mode != EN_SHOW_JSON)
        return;
    s->json = en_json_out(&s->doc);
    en_json_open_object(&s->json);
    en_json_put_name(&s->json, "v");
    en_json_put_u64(&s->json, 1);
    en_json_put_name(&s->json, "ok");
    en_json_put_bool(&s->json, true);
    en_json_put_name(&s->json, "verb");
    en_json_put_cstr(&s->json, ask->verb);
    en_json_put_name(&s->json, "items");
    en_json_open_array(&s->json);
}

/* Wrapping. */

/* The bytes of the next word, and of the spaces before it. A hard space (it is
 * two bytes) never ends a word. */
static size_t spaces(struct en_span s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] == ' ')
        n++;
    return n;
}

static size_t word(struct en_span s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] != ' ')
        n++;
    return n;
}

static en_err add_indent(struct en_buf *out, unsigned indent)
{
    en_err err = EN_OK;

    for (; indent > 0 && err == EN_OK; indent--)
        err = en_buf_add_u8(out, ' ');
    return err;
}

static en_err wrap_line(struct en_span line, unsigned columns, unsigned indent,
                        struct en_buf *out)
{
    size_t at = 0; /* columns used on this line */
    bool empty = true;
    en_err err = EN_OK;

    while (line.n > 0 && err == EN_OK) {
        size_t gap = spaces(line);
        struct en_span w;
        size_t width;

        w = EN_SPAN(line.p + gap, line.n - gap);
        w.n = word(w);
        if (w.n == 0)
            break; /* spaces at the end of a line show nothing */
        line = EN_SPAN(w.p + w.n, line.n - gap - w.n);
        width = en_text_width(w);
        if (!empty && at + gap + width > columns) {
            err = en_buf_add_u8(out, '\n');
            if (err == EN_OK)
                err = add_indent(out, indent);
            at = indent;
            gap = 0;
        }
        for (size_t i = 0; i < gap && err == EN_OK; i++)
            err = en_buf_add_u8(out, ' ');
        at += gap;
        empty = false;
        while (err == EN_OK && at + width > columns) {
            size_t n = en_text_cut(w, at < columns ? columns - at : 0);

            /* One grapheme at least, or no screen is wide enough. */
            if (n == 0 && at <= indent)
                n = en_text_cut(w, 2);
            if (n == 0 && at <= indent)
                break;
            err = en_buf_add(out, w.p, n);
            w = EN_SPAN(w.p + n, w.n - n);
            width = en_text_width(w);
            at = indent;
            if (w.n == 0)
                break;
            if (err == EN_OK)
                err = en_buf_add_u8(out, '\n');
            if (err == EN_OK)
                err = add_indent(out, indent);
        }
        if (err == EN_OK)
            err = en_buf_add_span(out, w);
        at += width;
    }
    return err;
}

en_err en_wrap(struct en_span text, unsigned columns, unsigned indent,
               struct en_buf *out)
{
    en_err err = EN_OK;

    assert(columns > indent);
    for (;;) {
        const uint8_t *lf = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
        size_t n = lf != NULL ? (size_t)(lf - text.p) : text.n;

        err = wrap_line(EN_SPAN(text.p, n), columns, indent, out);
        if (err != EN_OK || lf == NULL)
            return err;
        err = en_buf_add_u8(out, '\n');
        if (err != EN_OK)
            return err;
        text = EN_SPAN(lf + 1, text.n - n - 1);
    }
}

en_err en_excerpt(struct en_span text, unsigned columns, struct en_buf *out)
{
    struct en_buf flat = {0};
    struct en_span s;
    size_t n;
    bool gap = false;
    en_err err = EN_OK;

    /* One line, single spaces; no more of the text than can be shown. */
    for (size_t i = 0; i < text.n && flat.n < 16u * columns + 16u; i++) {
        uint8_t c = text.p[i];

        if (c == '\n' || c == '\t' || c == ' ' || c == '\r') {
            gap = flat.n > 0;
            continue;
        }
        if (gap)
            err = en_buf_add_u8(&flat, ' ');
        gap = false;
        if (err == EN_OK)
            err = en_buf_add_u8(&flat, c);
        if (err != EN_OK)
            goto out;
    }
    s = en_buf_span(&flat);
    if (en_text_width(s) <= columns) {
        err = en_buf_add_span(out, s);
        goto out;
    }
    n = en_text_cut(s, columns - 1);
    /* Back to the end of a word, unless that leaves nothing. */
    if (n < s.n && s.p[n] != ' ') {
        size_t back = n;

        while (back > 0 && s.p[back] != ' ')
            back--;
        if (back > 0)
            n = back;
    }
    err = en_buf_add(out, s.p, n);
    if (err == EN_OK)
        err = en_buf_add_str(out, ELLIPSIS);
out:
    en_buf_free(&flat);
    return err;
}

/* Sentences. */

static void facts_out(struct en_show *s);

/* A whole line, wrapped for people. */
static void put_line(struct en_show *s, struct en_buf *to, struct en_span line,
                     unsigned indent)
{
    if (to == &s->out)
        facts_out(s);
    add_spaces(s, to, for_people(s) ? indent : 0);
    if (s->err == EN_OK && for_people(s))
        s->err = en_wrap(line, columns_of(s) - indent, 0, to);
    else
        add(s, to, line);
    add_str(s, to, "\n");
}

/* The same, each broken line indented too. */
static void put_block(struct en_show *s, struct en_span text, unsigned indent)
{
    struct en_buf wrapped = {0};
    struct en_span left;

    facts_out(s);
    keep(s, en_wrap(text, columns_of(s) - indent, 0, &wrapped));
    left = en_buf_span(&wrapped);
    while (s->err == EN_OK) {
        const uint8_t *lf = left.n > 0 ? memchr(left.p, '\n', left.n) : NULL;
        size_t n = lf != NULL ? (size_t)(lf - left.p) : left.n;

        if (n > 0)
            add_spaces(s, &s->out, indent);
        add(s, &s->out, EN_SPAN(left.p, n));
        add_str(s, &s->out, "\n");
        if (lf == NULL)
            break;
        left = EN_SPAN(lf + 1, left.n - n - 1);
    }
    en_buf_free(&wrapped);
}

static void put_sentence(struct en_show *s, struct en_span line)
{
    switch (s->ask.mode) {
    case EN_SHOW_PEOPLE:
    case EN_SHOW_SIMPLE: put_line(s, &s->out, line, 0); break;
    case EN_SHOW_PLAIN: put_line(s, &s->err_out, line, 0); break;
    case EN_SHOW_JSON:
        add(s, &s->notes, line);
        add(s, &s->notes, EN_SPAN((const uint8_t *)"", 1));
        break;
    }
}

void en_show_line(struct en_show *s, const char *id, const struct en_arg *args)
{
    struct en_buf line = {0};

    keep(s, en_tr(&s->ask.t, &line, id, args));
    put_sentence(s, en_buf_span(&line));
    en_buf_free(&line);
}

void en_show_line_n(struct en_show *s, const char *one, const char *many,
                    uint64_t n, const struct en_arg *args)
{
    struct en_buf line = {0};

    keep(s, en_trn(&s->ask.t, &line, one, many, n, args));
    put_sentence(s, en_buf_span(&line));
    en_buf_free(&line);
}

void en_show_hint(struct en_show *s, const char *id, const struct en_arg *args)
{
    struct en_buf line = {0};

    keep(s, en_tr(&s->ask.t, &line, id, args));
    put_line(s, &s->err_out, en_buf_span(&line), 0);
    en_buf_free(&line);
}

void en_show_blank(struct en_show *s)
{
    if (!for_people(s))
        return;
    facts_out(s);
    add_str(s, &s->out, "\n");
}

void en_show_said(struct en_show *s, struct en_span line, unsigned indent)
{
    if (for_people(s))
        put_block(s, line, indent);
    else
        put_sentence(s, line);
}

void en_show_text(struct en_show *s, struct en_span text, unsigned indent)
{
    struct en_buf safe = {0};

    if (!for_people(s))
        return;
    keep(s, en_text_harmless(text, true, &safe));
    if (s->err == EN_OK)
        put_block(s, en_buf_span(&safe), indent);
    en_buf_free(&safe);
}

/* Cells. */

/* Somebody's text, on one line. */
static void add_harmless(struct en_show *s, struct en_buf *to,
                         struct en_span text)
{
    if (s->err == EN_OK)
        s->err = en_text_harmless(text, false, to);
}

static void add_time(struct en_show *s, struct en_buf *to,
                     const struct en_cell *c)
{
    struct en_wall wall;
    char rfc[32];

    if (for_people(s)) {
        keep(s, en_wall_of(c->time_ms, c->offset_min, &wall));
        if (s->err == EN_OK)
            s->err = en_tr_wall(&s->ask.t, to, wall, EN_DAY_SHORT);
        return;
    }
    keep(s, en_wall_rfc3339(c->time_ms, c->offset_min, rfc));
    if (s->err == EN_OK)
        add_str(s, to, rfc);
}

static void add_excerpt(struct en_show *s, struct en_buf *to,
                        struct en_span text, unsigned columns)
{
    struct en_buf cut = {0}, safe = {0};

    keep(s, en_text_harmless(text, true, &safe));
    if (s->err == EN_OK)
        s->err = en_excerpt(en_buf_span(&safe), columns, &cut);
    if (s->err == EN_OK)
        s->err = en_tr(&s->ask.t, to, "\"{excerpt}\"",
                       EN_ARGS(en_arg_span("excerpt", en_buf_span(&cut))));
    en_buf_free(&cut);
    en_buf_free(&safe);
}

/* A cell as people read it, without colour. */
static void people_cell(struct en_show *s, struct en_buf *to,
                        const struct en_cell *c)
{
    const struct en_i18n *t = &s->ask.t;

    if (s->err != EN_OK)
        return;
    switch (c->kind) {
    case EN_CELL_NONE: break;
    case EN_CELL_TEXT:
    case EN_CELL_ID:
    case EN_CELL_SAID: add_harmless(s, to, c->text); break;
    case EN_CELL_EXCERPT:
        add_excerpt(s, to, c->text, EN_EXCERPT_COLUMNS);
        break;
    case EN_CELL_WORD: s->err = en_tr(t, to, c->id, NULL); break;
    case EN_CELL_DAY: s->err = en_tr_day(t, to, c->day, EN_DAY_SHORT); break;
    case EN_CELL_TIME: add_time(s, to, c); break;
    case EN_CELL_NUMBER: s->err = en_tr_number(t, to, c->n); break;
    case EN_CELL_SIZE: s->err = en_tr_size(t, to, c->n); break;
    case EN_CELL_BOOL:
        s->err = en_tr(t, to, c->n != 0 ? EN_MSG("yes") : EN_MSG("no"), NULL);
        break;
    case EN_CELL_LIST:
        for (uint64_t i = 0; i < c->n; i++) {
            if (i > 0)
                add_str(s, to, ", ");
            add_harmless(s, to, c->list[i]);
        }
        break;
    }
}

/* One field of --plain: tabs, line feeds and backslashes escaped, the rest
 * harmless. The escapes come first: harmless would dot a line feed. */
static void plain_text(struct en_show *s, struct en_buf *to,
                       struct en_span text)
{
    struct en_buf safe = {0};

    keep(s, en_text_harmless(text, true, &safe));
    for (size_t i = 0; i < safe.n && s->err == EN_OK; i++) {
        if (safe.p[i] == '\t')
            add_str(s, to, "\\t");
        else if (safe.p[i] == '\n')
            add_str(s, to, "\\n");
        else if (safe.p[i] == '\\')
            add_str(s, to, "\\\\");
        else
            s->err = en_buf_add_u8(to, safe.p[i]);
    }
    en_buf_free(&safe);
}

static void plain_cell(struct en_show *s, struct en_buf *to,
                       const struct en_cell *c)
{
    char text[32];

    switch (c->kind) {
    case EN_CELL_NONE: break;
    case EN_CELL_TEXT:
    case EN_CELL_EXCERPT:
    case EN_CELL_SAID: plain_text(s, to, c->text); break;
    case EN_CELL_ID: plain_text(s, to, c->full); break;
    case EN_CELL_WORD: add_str(s, to, c->key); break;
    case EN_CELL_DAY:
        en_day_iso(c->day, text);
        add_str(s, to, text);
        break;
    case EN_CELL_TIME: add_time(s, to, c); break;
    case EN_CELL_NUMBER:
    case EN_CELL_SIZE:
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)c->n);
        add_str(s, to, text);
        break;
    case EN_CELL_BOOL: add_str(s, to, c->n != 0 ? "yes" : "no"); break;
    case EN_CELL_LIST:
        for (uint64_t i = 0; i < c->n; i++) {
            if (i > 0)
                add_str(s, to, ",");
            plain_text(s, to, c->list[i]);
        }
        break;
    }
}

static void json_cell(struct en_show *s, const struct en_cell *c)
{
    struct en_json_out *w = &s->json;
    struct en_buf text = {0};
    char iso[32];

    switch (c->kind) {
    case EN_CELL_NONE: en_json_put_null(w); break;
    case EN_CELL_TEXT:
    case EN_CELL_EXCERPT:
    case EN_CELL_SAID: en_json_put_str(w, c->text); break;
    case EN_CELL_ID: en_json_put_str(w, c->full); break;
    case EN_CELL_WORD: en_json_put_cstr(w, c->key); break;
    case EN_CELL_DAY:
        en_day_iso(c->day, iso);
        en_json_put_cstr(w, iso);
        break;
    case EN_CELL_TIME:
        add_time(s, &text, c);
        en_json_put_str(w, en_buf_span(&text));
        break;
    case EN_CELL_NUMBER:
    case EN_CELL_SIZE: en_json_put_u64(w, c->n); break;
    case EN_CELL_BOOL: en_json_put_bool(w, c->n != 0); break;
    case EN_CELL_LIST:
        en_json_open_array(w);
        for (uint64_t i = 0; i < c->n; i++)
            en_json_put_str(w, c->list[i]);
        en_json_close(w);
        break;
    }
    en_buf_free(&text);
}

/* Tables. A row waits as its cells' texts, each with a NUL after it. */

void en_show_table(struct en_show *s, const struct en_column *column,
                   size_t columns)
{
    assert(columns >= 1 && columns <= EN_COLUMNS_MAX && s->column == NULL);
    facts_out(s);
    s->column = column;
    s->columns = columns;
    s->rows = 0;
    en_buf_clear(&s->cells);
}

static void simple_fact(struct en_show *s, const char *label,
                        struct en_span value)
{
    struct en_buf line = {0};

    keep(s, en_tr(&s->ask.t, &line, "{label}: {value}",
                  EN_ARGS(en_arg_msg("label", label),
                          en_arg_span("value", value))));
    put_line(s, &s->out, en_buf_span(&line), 0);
    en_buf_free(&line);
}

static void simple_row(struct en_show *s, const struct en_cell *cell)
{
    struct en_buf value = {0};

    if (s->any_record)
        add_str(s, &s->out, "\n");
    s->any_record = true;
    for (size_t i = 0; i < s->columns; i++) {
        struct en_cell c = cell[i];

        if (s->column[i].label == NULL || c.kind == EN_CELL_NONE)
            continue;
        if (c.kind == EN_CELL_EXCERPT)
            c.kind = EN_CELL_TEXT; /* a list of lines has room for all of it */
        en_buf_clear(&value);
        people_cell(s, &value, &c);
        if (value.n > 0)
            simple_fact(s, s->column[i].label, en_buf_span(&value));
    }
    en_buf_free(&value);
}

static void script_row(struct en_show *s, const struct en_column *column,
                       size_t columns, const struct en_cell *cell)
{
    if (s->ask.mode == EN_SHOW_JSON)
        en_json_open_object(&s->json);
    for (size_t i = 0; i < columns; i++) {
        if (s->ask.mode == EN_SHOW_JSON) {
            en_json_put_name(&s->json, column[i].key);
            json_cell(s, &cell[i]);
        } else {
            if (i > 0)
                add_str(s, &s->out, "\t");
            plain_cell(s, &s->out, &cell[i]);
        }
    }
    if (s->ask.mode == EN_SHOW_JSON)
        en_json_close(&s->json);
    else
        add_str(s, &s->out, "\n");
}

void en_show_row(struct en_show *s, const struct en_cell *cell)
{
    uint8_t id;

    assert(s->column != NULL);
    if (s->ask.mode == EN_SHOW_SIMPLE) {
        simple_row(s, cell);
        return;
    }
    if (s->ask.mode != EN_SHOW_PEOPLE) {
        script_row(s, s->column, s->columns, cell);
        return;
    }
    for (size_t i = 0; i < s->columns; i++) {
        /* What is no text of ours can hold no NUL once harmless. */
        id = cell[i].kind == EN_CELL_ID ? 1 : 2;
        add(s, &s->cells, EN_SPAN(&id, 1));
        if (s->column[i].label != NULL)
            people_cell(s, &s->cells, &cell[i]);
        add(s, &s->cells, EN_SPAN((const uint8_t *)"", 1));
    }
    s->rows++;
}

/* The next waiting text, and whether it is an id. */
static struct en_span next_cell(struct en_span *left, bool *id)
{
    const uint8_t *nul = memchr(left->p, 0, left->n);
    struct en_span s;

    assert(nul != NULL && nul > left->p);
    *id = left->p[0] == 1;
    s = EN_SPAN(left->p + 1, (size_t)(nul - left->p) - 1);
    *left = EN_SPAN(nul + 1, left->n - s.n - 2);
    return s;
}

static void row_out(struct en_show *s, struct en_span *left,
                    const size_t *width, size_t indent, const size_t gap[2])
{
    unsigned columns = columns_of(s);
    size_t at = indent, pad = 0, before;
    bool id, first = true;

    add_spaces(s, &s->out, indent);
    for (size_t i = 0; i < s->columns; i++) {
        struct en_span text = next_cell(left, &id);
        size_t w = en_text_width(text);

        if (width[i] == 0)
            continue;
        before = first ? 0 : gap[i == 1 ? 0 : 1];
        if (w == 0) {
            pad += width[i] + before;
            first = false;
            continue;
        }
        pad += before;
        /* What has no room on this line begins its own, a little indented. */
        if (!first && at + pad + w > columns) {
            add_str(s, &s->out, "\n");
            pad = indent + TABLE_GAP;
            at = 0;
        }
        first = false;
        add_spaces(s, &s->out, pad);
        at += pad;
        if (id && s->colour_out)
            add_str(s, &s->out, ID_ON);
        if (at + w > columns && s->err == EN_OK)
            s->err = en_wrap(text, columns - (unsigned)at, 0, &s->out);
        else
            add(s, &s->out, text);
        if (id && s->colour_out)
            add_str(s, &s->out, COLOUR_OFF);
        at += w;
        pad = width[i] > w ? width[i] - w : 0;
    }
    add_str(s, &s->out, "\n");
}

/* Prints the waiting rows of s->columns columns and forgets them. gap is that
 * before the second column, and that before each later one. */
static void rows_out(struct en_show *s, size_t indent, const size_t gap[2])
{
    size_t width[EN_COLUMNS_MAX] = {0};
    struct en_span left = en_buf_span(&s->cells);
    bool id;

    for (size_t r = 0; r < s->rows && s->err == EN_OK; r++)
        for (size_t i = 0; i < s->columns; i++) {
            size_t w = en_text_width(next_cell(&left, &id));

            if (w > width[i])
                width[i] = w;
        }
    left = en_buf_span(&s->cells);
    for (size_t r = 0; r < s->rows && s->err == EN_OK; r++)
        row_out(s, &left, width, indent, gap);
    en_buf_clear(&s->cells);
    s->rows = 0;
    s->columns = 0;
    s->column = NULL;
}

void en_show_table_end(struct en_show *s)
{
    assert(s->column != NULL);
    rows_out(s, 0, table_gap);
}

void en_show_record(struct en_show *s, const struct en_column *column,
                    size_t columns, const struct en_cell *cell)
{
    assert(columns >= 1 && columns <= EN_COLUMNS_MAX);
    if (!for_people(s))
        script_row(s, column, columns, cell);
}

void en_show_fact(struct en_show *s, const char *label, struct en_cell value,
                  const char *next)
{
    static const uint8_t mark = 2;
    struct en_buf text = {0};

    if (!for_people(s))
        return;
    assert(s->column == NULL);
    people_cell(s, &text, &value);
    if (s->ask.mode == EN_SHOW_SIMPLE) {
        if (next != NULL) {
            add_str(s, &text, "  ");
            keep(s, en_tr(&s->ask.t, &text, next, NULL));
        }
        simple_fact(s, label, en_buf_span(&text));
        en_buf_free(&text);
        return;
    }
    /* The three texts of a fact, each with its mark and its NUL. */
    add(s, &s->facts, EN_SPAN(&mark, 1));
    keep(s, en_tr(&s->ask.t, &s->facts, label, NULL));
    add(s, &s->facts, EN_SPAN((const uint8_t *)"", 1));
    add(s, &s->facts, EN_SPAN(&mark, 1));
    add(s, &s->facts, en_buf_span(&text));
    add(s, &s->facts, EN_SPAN((const uint8_t *)"", 1));
    add(s, &s->facts, EN_SPAN(&mark, 1));
    if (next != NULL)
        keep(s, en_tr(&s->ask.t, &s->facts, next, NULL));
    add(s, &s->facts, EN_SPAN((const uint8_t *)"", 1));
    s->fact_count++;
    en_buf_free(&text);
}

/* Facts are a table whose end is whatever comes after them. */
static void facts_out(struct en_show *s)
{
    static const struct en_column none[3];

    if (s->fact_count == 0)
        return;
    add(s, &s->cells, en_buf_span(&s->facts));
    s->rows = s->fact_count;
    s->columns = 3;
    s->column = none;
    s->fact_count = 0;
    en_buf_clear(&s->facts);
    rows_out(s, FACT_INDENT, fact_gap);
}

struct en_json_out *en_show_json(struct en_show *s)
{
    return s->ask.mode == EN_SHOW_JSON ? &s->json : NULL;
}

/* The end. */

void en_show_error(struct en_show *s, const struct en_said *said)
{
    struct en_json_out w;

    if (s->ask.mode != EN_SHOW_JSON) {
        put_line(s, &s->err_out, en_buf_span(&said->text), 0);
        return;
    }
    en_buf_clear(&s->doc);
    w = en_json_out(&s->doc);
    en_json_open_object(&w);
    en_json_put_name(&w, "v");
    en_json_put_u64(&w, 1);
    en_json_put_name(&w, "ok");
    en_json_put_bool(&w, false);
    en_json_put_name(&w, "error");
    en_json_open_object(&w);
    en_json_put_name(&w, "code");
    en_json_put_u64(&w, (uint64_t)said->status);
    en_json_put_name(&w, "name");
    en_json_put_cstr(&w, en_exit_name(said->status));
    en_json_put_name(&w, "message");
    en_json_put_str(&w, en_buf_span(&said->text));
    if (said->next.n > 0) {
        en_json_put_name(&w, "next");
        en_json_put_str(&w, en_buf_span(&said->next));
    }
    en_json_close(&w);
    en_json_close(&w);
    /* What went wrong before does not hide what a person must know now. */
    s->err = en_json_done(&w);
    s->json = w;
}

static void json_close(struct en_show *s)
{
    struct en_span left = en_buf_span(&s->notes);
    struct en_json_out *w = &s->json;

    if (w->whole)
        return; /* an error took the document's place */
    en_json_close(w);
    en_json_put_name(w, "notes");
    en_json_open_array(w);
    while (left.n > 0 && s->err == EN_OK) {
        const uint8_t *nul = memchr(left.p, 0, left.n);
        size_t n = nul != NULL ? (size_t)(nul - left.p) : left.n;

        en_json_put_str(w, EN_SPAN(left.p, n));
        left = n < left.n ? EN_SPAN(left.p + n + 1, left.n - n - 1)
                          : EN_SPAN(NULL, 0);
    }
    en_json_close(w);
    en_json_close(w);
    keep(s, en_json_done(w));
}

static void send(struct en_show *s, int fd, struct en_buf *bytes)
{
    en_err err;

    if (fd < 0 || bytes->n == 0)
        return;
    err = en_file_send(fd, en_buf_span(bytes));
    keep(s, err);
    en_buf_clear(bytes);
}

static size_t lines_of(const struct en_show *s, struct en_span text)
{
    unsigned columns = columns_of(s);
    size_t lines = 0;

    while (text.n > 0) {
        const uint8_t *lf = memchr(text.p, '\n', text.n);
        size_t n = lf != NULL ? (size_t)(lf - text.p) : text.n;

        lines += 1 + en_text_width(EN_SPAN(text.p, n)) / (columns + 1);
        text = lf != NULL ? EN_SPAN(lf + 1, text.n - n - 1) : EN_SPAN(NULL, 0);
    }
    return lines;
}

static bool page(struct en_show *s)
{
    bool own = s->env.pager != NULL && s->env.pager[0] != '\0';
    struct en_why why;

    if (s->env.out < 0 || !s->env.out_terminal || s->ask.no_pager || s->paged ||
        !for_people(s) || s->env.rows == 0 ||
        lines_of(s, en_buf_span(&s->out)) < s->env.rows)
        return false;
    /* A pager that cannot be started is no reason to show nothing. */
    if (en_command_feed(own ? s->env.pager : "less -FIRX", "LESSHISTFILE=-",
                        en_buf_span(&s->out), &why) == EN_OK) {
        en_buf_clear(&s->out);
        return true;
    }
    return false;
}

void en_show_flush(struct en_show *s)
{
    if (s->ask.mode == EN_SHOW_JSON)
        return;
    facts_out(s);
    s->paged = true;
    send(s, s->env.out, &s->out);
    send(s, s->env.err, &s->err_out);
}

en_err en_show_end(struct en_show *s)
{
    en_err err;

    if (s->column != NULL)
        rows_out(s, 0, table_gap);
    facts_out(s);
    if (s->ask.mode == EN_SHOW_JSON && s->err == EN_OK) {
        json_close(s);
        if (s->err == EN_OK) {
            add(s, &s->out, en_buf_span(&s->doc));
            add_str(s, &s->out, "\n");
        }
    }
    if (!page(s))
        send(s, s->env.out, &s->out);
    send(s, s->env.err, &s->err_out);
    err = s->err;
    if (s->env.out >= 0)
        en_show_drop(s);
    return err;
}

void en_show_drop(struct en_show *s)
{
    en_buf_free(&s->out);
    en_buf_free(&s->err_out);
    en_buf_free(&s->notes);
    en_buf_free(&s->doc);
    en_buf_free(&s->cells);
    en_buf_free(&s->facts);
    s->err = EN_OK;
}
