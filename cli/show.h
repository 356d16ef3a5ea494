/*
 * show.h - results: for people, for --simple, for --plain, for --json.
 *
 * A verb says what there is, once; the mode decides how it looks.
 *
 *                 people            --simple         --plain        --json
 *   en_show_line  a sentence        the same         to stderr      notes[]
 *   en_show_hint  stderr            stderr           stderr         stderr
 *   table rows    aligned columns   "Label: value"   tabs, id 1st   items[]
 *   record        -                 -                tabs           items[]
 *   fact          aligned           "Label: value"   -              -
 *   en_show_text  wrapped           wrapped          -              -
 *
 * Sentences are broken at words, at 80 columns or the terminal's fewer. Whatever
 * came from somebody is made harmless, in every mode but --json, which escapes.
 * Colour: only on a terminal, never with a non-empty NO_COLOR, TERM=dumb or
 * --no-color; stdout and stderr are judged apart; ids alone are coloured, so it
 * is never the only sign.
 *
 * Results wait in memory until en_show_flush or en_show_end; what is longer than
 * the screen goes through the pager. An error found meanwhile replaces a --json
 * document that is not out yet.
 *
 * Ownership  en_show_end or en_show_drop frees. Cells borrow for the call.
 * Errors     the first sticks, later calls do nothing, en_show_end tells it:
 *            EN_NOMEM, EN_RANGE (text for --json that is no UTF-8), EN_IO,
 *            EN_FULL, EN_CLOSED (the reader of a pipe has gone: no fault).
 */
#ifndef EN_CLI_SHOW_H
#define EN_CLI_SHOW_H

#include "cli/i18n.h"
#include "cli/json.h"
#include "cli/say.h"

#define EN_SHOW_COLUMNS_MAX 80 /* wider lines are harder to read, not easier */
#define EN_SHOW_COLUMNS_MIN 20
#define EN_EXCERPT_COLUMNS  40

enum en_show_mode {
    EN_SHOW_PEOPLE,
    EN_SHOW_SIMPLE,
    EN_SHOW_PLAIN,
    EN_SHOW_JSON
};

/* Where results go. A test makes its own; -1 keeps the bytes in the buffers. */
struct en_show_env {
    int out;
    int err;
    bool out_terminal;
    bool err_terminal;
    unsigned columns; /* of the terminal; 0: unknown, 80 */
    unsigned rows;    /* 0: unknown, no pager */
    const char *no_color;
    const char *term;
    const char *pager; /* $PAGER; NULL or "": less */
};

/* The process's own: descriptors 1 and 2, window size, environment. */
struct en_show_env en_show_env_system(void);

struct en_show_ask {
    struct en_i18n t; /* plain is set by the mode */
    enum en_show_mode mode;
    bool no_color;
    bool no_pager;
    const char *verb; /* English, for --json: "list"; borrowed until the end */
};

enum en_cell_kind {
    EN_CELL_NONE = 0,
    EN_CELL_TEXT,
    EN_CELL_EXCERPT,
    EN_CELL_ID,
    EN_CELL_WORD,
    EN_CELL_DAY,
    EN_CELL_TIME,
    EN_CELL_NUMBER,
    EN_CELL_SIZE,
    EN_CELL_BOOL,
    EN_CELL_LIST,
    EN_CELL_SAID
};

struct en_cell {
    enum en_cell_kind kind;
    struct en_span text; /* TEXT, EXCERPT; ID: as people see it */
    struct en_span full; /* ID: whole */
    const char *key;     /* WORD: what scripts see */
    const char *id;      /* WORD, BOOL: what people see, an id of i18n.h */
    struct en_day day;   /* DAY */
    int64_t time_ms;     /* TIME */
    int16_t offset_min;  /* TIME: the author's */
    uint64_t n;          /* NUMBER, SIZE, BOOL */
    const struct en_span *list; /* LIST: n of them */
};

static inline struct en_cell en_cell_none(void)
{
    return (struct en_cell){.kind = EN_CELL_NONE};
}
static inline struct en_cell en_cell_text(struct en_span s)
{
    return (struct en_cell){.kind = EN_CELL_TEXT, .text = s};
}
/* First words of a text, quoted, on one line; whole in the other modes. */
static inline struct en_cell en_cell_excerpt(struct en_span s)
{
    return (struct en_cell){.kind = EN_CELL_EXCERPT, .text = s};
}
static inline struct en_cell en_cell_id(struct en_span shown,
                                        struct en_span full)
{
    return (struct en_cell){.kind = EN_CELL_ID, .text = shown, .full = full};
}
/* A word of ours: translated for people, the English key for scripts. */
static inline struct en_cell en_cell_word(const char *key, const char *id)
{
    return (struct en_cell){.kind = EN_CELL_WORD, .key = key, .id = id};
}
static inline struct en_cell en_cell_day(struct en_day day)
{
    return (struct en_cell){.kind = EN_CELL_DAY, .day = day};
}
/* Shown in the author's wall time. */
static inline struct en_cell en_cell_time(int64_t time_ms, int16_t offset_min)
{
    return (struct en_cell){
        .kind = EN_CELL_TIME, .time_ms = time_ms, .offset_min = offset_min};
}
static inline struct en_cell en_cell_number(uint64_t n)
{
    return (struct en_cell){.kind = EN_CELL_NUMBER, .n = n};
}
static inline struct en_cell en_cell_size(uint64_t bytes)
{
    return (struct en_cell){.kind = EN_CELL_SIZE, .n = bytes};
}
static inline struct en_cell en_cell_bool(bool b)
{
    return (struct en_cell){.kind = EN_CELL_BOOL, .n = b};
}
static inline struct en_cell en_cell_list(const struct en_span *list, size_t n)
{
    return (struct en_cell){.kind = EN_CELL_LIST, .list = list, .n = n};
}
/* A text already in the person's language (en_tr): not for scripts. */
static inline struct en_cell en_cell_said(struct en_span s)
{
    return (struct en_cell){.kind = EN_CELL_SAID, .text = s};
}

struct en_column {
    const char *key;   /* of --json, English */
    const char *label; /* of --simple, an id of i18n.h; NULL: scripts only */
};

#define EN_COLUMNS_MAX 24

struct en_show {
    struct en_show_ask ask;
    struct en_show_env env;
    bool colour_out;
    bool colour_err;
    bool paged; /* flushed once: no pager any more */
    struct en_buf out;
    struct en_buf err_out;
    struct en_buf notes; /* --json: each with a NUL after it */
    struct en_buf doc;
    struct en_json_out json;
    const struct en_column *column; /* of the table in hand */
    size_t columns;
    struct en_buf cells; /* of the table in hand: its rows until its end */
    size_t rows;
    struct en_buf facts;
    size_t fact_count;
    bool any_record; /* --simple: an empty line goes between records */
    en_err err;
};

void en_show_begin(struct en_show *s, const struct en_show_ask *ask,
                   const struct en_show_env *env);

/* Sentences; args as en_tr. */
void en_show_line(struct en_show *s, const char *id, const struct en_arg *args);
void en_show_line_n(struct en_show *s, const char *one, const char *many,
                    uint64_t n, const struct en_arg *args);
void en_show_hint(struct en_show *s, const char *id, const struct en_arg *args);
void en_show_blank(struct en_show *s);

/* A person's text, its lines kept, long ones broken at words, each indented. */
void en_show_text(struct en_show *s, struct en_span text, unsigned indent);

/* A line already in the person's language; broken at words after its indent. */
void en_show_said(struct en_show *s, struct en_span line, unsigned indent);

/* A table: cells as many as columns, the id first. Rows are printed at the end,
 * when their widths are known. */
void en_show_table(struct en_show *s, const struct en_column *column,
                   size_t columns);
void en_show_row(struct en_show *s, const struct en_cell *cell);
void en_show_table_end(struct en_show *s);

/* One record that people read as a sentence: for scripts only. */
void en_show_record(struct en_show *s, const struct en_column *column,
                    size_t columns, const struct en_cell *cell);

/* "  Label   value    command": aligned with its neighbours once something else
 * is printed. next (may be NULL) is an id. */
void en_show_fact(struct en_show *s, const char *label, struct en_cell value,
                  const char *next);

/* The writer inside items[], for records with records in them; NULL in other
 * modes. Write whole values only. */
struct en_json_out *en_show_json(struct en_show *s);

/* An error: stderr, or in --json the document, alone, on stdout. */
void en_show_error(struct en_show *s, const struct en_said *said);

/* Writes what there is (a long-running verb); never in --json. */
void en_show_flush(struct en_show *s);

/* Completes, pages, writes and frees. */
en_err en_show_end(struct en_show *s);
void en_show_drop(struct en_show *s); /* frees without writing */

/* Breaks text at words so that no line is wider than columns; lines after a
 * break begin with indent spaces. Line feeds in it stay. A longer word is cut
 * at a grapheme. Appends no final line feed. */
en_err en_wrap(struct en_span text, unsigned columns, unsigned indent,
               struct en_buf *out);

/* The first words of a text on one line, at most columns wide, "…" where there
 * is more. Quotes and harmlessness are the caller's. */
en_err en_excerpt(struct en_span text, unsigned columns, struct en_buf *out);

#endif
