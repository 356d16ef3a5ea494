/*
 * i18n.h - every sentence a person reads, in French or in English.
 *
 * An id is a whole English sentence in plain ASCII with named places:
 *
 *   en_tr(t, &out, "Saved: {id} ({lines}), private.",
 *         EN_ARGS(en_arg_text("id", id),
 *                 en_arg_count("lines", "{n} line", "{n} lines", n)));
 *
 * po/fr.po and po/en.po hold the sentence as it is printed, with its typography
 * (U+00A0 before : ; ? ! and inside guillemets, curly apostrophes). Both are
 * compiled by msgfmt and embedded: no locale and no installed file is read.
 * After adding a sentence: `ninja catalogue`, then fill both .po files.
 *
 * An argument printed as text may come from anybody: it is made harmless. A place
 * without its argument is a bug of ours and asserts; a test compares the places
 * of every id with those of its translations.
 *
 * Ownership  results are appended to the caller's buffer; arguments are borrowed.
 * Units      sizes in bytes (1 KB = 1000 bytes, rounded up), durations in minutes.
 * Errors     EN_NOMEM, EN_RANGE (the buffer's max); what was appended before the
 *            error stays.
 */
#ifndef EN_CLI_I18N_H
#define EN_CLI_I18N_H

#include "base/bytes.h"
#include "base/words.h"
#include "cli/wall.h"

struct en_i18n {
    enum en_lang lang;
    bool plain; /* --plain, --json: ordinary spaces, ungrouped digits */
};

/* Marks an id for the catalogue where en_tr is called elsewhere; EN_MSGC gives
 * it a context, where one English word has two French ones; EN_MSGN is both ids
 * of a plural, in two neighbouring members or arguments. */
#define EN_MSG(id)         id
#define EN_MSGC(ctx, id)   ctx "\004" id
#define EN_MSGN(one, many) one, many

/*
 * What decides the language, in this order; NULL or "" where absent. flag is
 * --lang, ours is ENTRENOUS_LANG, settings is what init was told.
 */
struct en_lang_choice {
    const char *flag;
    const char *ours;
    const char *settings;
    const char *lc_all;
    const char *lc_messages;
    const char *lang;
};

/* French for fr..., unset, C or POSIX; English for every other language.
 * EN_RANGE: the flag names neither fr nor en; *lang is then what the rest says. */
en_err en_lang_choose(const struct en_lang_choice *c, enum en_lang *lang);

enum en_day_form {
    EN_DAY_SHORT, /* 12 mai 2027 · 12 May 2027 */
    EN_DAY_LONG,  /* mercredi 12 mai 2027 · Wednesday 12 May 2027 */
    EN_DAY_BARE   /* 12 mai · 12 May */
};

enum en_arg_kind {
    EN_ARG_END = 0,
    EN_ARG_TEXT,
    EN_ARG_TYPED,
    EN_ARG_MSG,
    EN_ARG_COUNT,
    EN_ARG_NUMBER,
    EN_ARG_SIZE,
    EN_ARG_MINUTES,
    EN_ARG_DAY,
    EN_ARG_CLOCK,
    EN_ARG_WALL
};

struct en_arg {
    const char *name;
    enum en_arg_kind kind;
    union {
        struct en_span text;
        const char *id;
        uint64_t n;
        struct en_wall wall;
    } v;
    const char *many; /* COUNT: the plural id */
    uint64_t n;       /* COUNT */
    enum en_day_form form;
};

#define EN_ARGS(...) ((const struct en_arg[]){__VA_ARGS__, {.name = NULL}})

/* Somebody's text, made harmless; s is NUL-terminated UTF-8. */
static inline struct en_arg en_arg_text(const char *name, const char *s)
{
    return (struct en_arg){
        .name = name, .kind = EN_ARG_TEXT, .v.text = en_span_str(s)};
}
static inline struct en_arg en_arg_span(const char *name, struct en_span s)
{
    return (struct en_arg){.name = name, .kind = EN_ARG_TEXT, .v.text = s};
}
/* As one would type it after a command: quoted where a shell needs it. */
static inline struct en_arg en_arg_typed(const char *name, struct en_span s)
{
    return (struct en_arg){.name = name, .kind = EN_ARG_TYPED, .v.text = s};
}
/* A word of our own, translated (an id, perhaps of EN_MSGC). */
static inline struct en_arg en_arg_msg(const char *name, const char *id)
{
    return (struct en_arg){.name = name, .kind = EN_ARG_MSG, .v.id = id};
}
/* "2 lines": a counted word inside a sentence; both ids hold {n}. */
static inline struct en_arg en_arg_count(const char *name, const char *one,
                                         const char *many, uint64_t n)
{
    return (struct en_arg){
        .name = name, .kind = EN_ARG_COUNT, .v.id = one, .many = many, .n = n};
}
static inline struct en_arg en_arg_number(const char *name, uint64_t n)
{
    return (struct en_arg){.name = name, .kind = EN_ARG_NUMBER, .v.n = n};
}
static inline struct en_arg en_arg_size(const char *name, uint64_t bytes)
{
    return (struct en_arg){.name = name, .kind = EN_ARG_SIZE, .v.n = bytes};
}
static inline struct en_arg en_arg_minutes(const char *name, uint64_t minutes)
{
    return (struct en_arg){
        .name = name, .kind = EN_ARG_MINUTES, .v.n = minutes};
}
static inline struct en_arg en_arg_day(const char *name, struct en_day day,
                                       enum en_day_form form)
{
    return (struct en_arg){
        .name = name, .kind = EN_ARG_DAY, .v.wall.day = day, .form = form};
}
/* "14 h 07", "14:07" */
static inline struct en_arg en_arg_clock(const char *name, struct en_wall wall)
{
    return (struct en_arg){.name = name, .kind = EN_ARG_CLOCK, .v.wall = wall};
}
/* "mercredi 12 mai 2027 à 14 h 07", "Wednesday 12 May 2027 at 14:07" */
static inline struct en_arg en_arg_wall(const char *name, struct en_wall wall,
                                        enum en_day_form form)
{
    return (struct en_arg){
        .name = name, .kind = EN_ARG_WALL, .v.wall = wall, .form = form};
}

/* A sentence; args may be NULL when it has no place. */
en_err en_tr(const struct en_i18n *t, struct en_buf *out, const char *id,
             const struct en_arg *args);

/* A sentence whose form follows n, which it may print as {n}: French has its
 * singular for 0 and 1, English for 1 alone. */
en_err en_trn(const struct en_i18n *t, struct en_buf *out, const char *one,
              const char *many, uint64_t n, const struct en_arg *args);

/* The pieces alone, for tables. */
en_err en_tr_day(const struct en_i18n *t, struct en_buf *out, struct en_day day,
                 enum en_day_form form);
en_err en_tr_clock(const struct en_i18n *t, struct en_buf *out,
                   struct en_wall wall);
en_err en_tr_wall(const struct en_i18n *t, struct en_buf *out,
                  struct en_wall wall, enum en_day_form form);
en_err en_tr_number(const struct en_i18n *t, struct en_buf *out, uint64_t n);
en_err en_tr_size(const struct en_i18n *t, struct en_buf *out, uint64_t bytes);
en_err en_tr_minutes(const struct en_i18n *t, struct en_buf *out,
                     uint64_t minutes);
const char *en_tr_month(enum en_lang lang, unsigned month);     /* 1-12 */
const char *en_tr_weekday(enum en_lang lang, unsigned weekday); /* 0 Monday */

/* A word as typed after a command, quoted where a shell needs it; harmless. */
en_err en_tr_typed(struct en_buf *out, struct en_span s);

/* The compiled catalogue of a language, for tests. */
struct en_span en_catalogue(enum en_lang lang);

#endif
