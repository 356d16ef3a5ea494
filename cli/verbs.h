/*
 * verbs.h - the first words of a command, its flags, and what is done with a typo.
 *
 * A verb and its sub-verbs are known in both languages whatever the language of
 * the screens; accents, case and Unicode form do not matter. Flags are English
 * and long, plus -h -V -v. Nothing is abbreviated and a typo is never run: it is
 * answered with at most two suggestions, at most two letters away.
 *
 * One table, made at compile time:
 *
 *   static const struct en_flag write_flags[] = {
 *       {"title", EN_FLAG_VALUE}, {"tag", EN_FLAG_REPEAT}, {NULL}};
 *   static const struct en_verb verbs[] = {
 *       {.en = "write", .fr = "ecrire", .flags = write_flags, .run = cmd_write,
 *        .words_max = EN_ARGS_MAX},
 *       {.en = NULL}};
 *
 * Ownership  tables and argv are borrowed and outlive the parsed arguments;
 *            nothing is allocated.
 * Errors     en_args_parse says EN_RANGE and what was wrong in struct en_args_bad,
 *            which en_args_say turns into sentences.
 */
#ifndef EN_CLI_VERBS_H
#define EN_CLI_VERBS_H

#include "cli/say.h"

#define EN_ARGS_MAX  256 /* words after the verb; a shell's glob is longer */
#define EN_FLAGS_MAX 64  /* flags given, repeated ones included */

enum en_flag_kind {
    EN_FLAG_BARE,   /* --merge */
    EN_FLAG_VALUE,  /* --title X or --title=X, at most once */
    EN_FLAG_REPEAT, /* --tag X --tag Y */
    EN_FLAG_ALWAYS  /* as VALUE, and the value may begin with "-" */
};

struct en_flag {
    const char *name; /* without dashes; NULL ends a table */
    enum en_flag_kind kind;
    char letter; /* 'h' for -h; 0: none */
};

struct en_cmd;  /* the program's own: what a command runs with */
struct en_args; /* below */

struct en_verb {
    const char *en;              /* NULL ends a table */
    const char *fr;              /* may equal en; unaccented */
    const struct en_verb *subs;  /* NULL: none */
    const struct en_flag *flags; /* NULL: none but the common ones */
    int words_min;               /* after verb and sub-verb */
    int words_max;
    /* A word that is no sub-verb: an argument if set, else a typo. */
    bool subs_or_words;
    /* The command; its exit status. NULL where only a sub-verb runs. */
    int (*run)(struct en_cmd *cmd, const struct en_args *args);
    const char *help; /* id of its one line in the list of verbs */
};

struct en_given {
    const struct en_flag *flag;
    const char *value; /* NULL for a bare one */
};

struct en_args {
    const struct en_verb *verb; /* NULL: no word was given */
    const struct en_verb *sub;  /* NULL: none */
    const char *word[EN_ARGS_MAX];
    int words;
    struct en_given given[EN_FLAGS_MAX];
    int flags;
};

enum en_args_wrong {
    EN_ARGS_OK = 0,
    EN_ARGS_VERB,       /* typed: no such verb */
    EN_ARGS_SUB,        /* typed: no such sub-verb of verb */
    EN_ARGS_SUB_NEEDED, /* verb alone does nothing */
    EN_ARGS_FLAG,       /* typed: no such flag here */
    EN_ARGS_VALUE,      /* typed: the flag wants a value */
    EN_ARGS_NO_VALUE,   /* typed: the flag takes none */
    EN_ARGS_TWICE,      /* typed: the flag was given twice */
    EN_ARGS_MISSING,    /* too few words */
    EN_ARGS_EXTRA,      /* typed: one word too many */
    EN_ARGS_TOO_MANY,   /* over EN_ARGS_MAX or EN_FLAGS_MAX */
    EN_ARGS_NOT_UTF8    /* a word or a value is no UTF-8 */
};

#define EN_SUGGEST_MAX 2

struct en_args_bad {
    enum en_args_wrong wrong;
    const char *typed;
    const struct en_verb *verb;
    const char *near[EN_SUGGEST_MAX]; /* verbs, sub-verbs or flags */
    int near_count;
};

/*
 * en_args_parse - reads argv[1..] against a table of verbs.
 *
 * common  flags that every verb takes; ends with a NULL name
 * bad     written on EN_RANGE; may not be NULL
 *
 * -h, --help and -V, --version are told even when the rest is wrong: asking for
 * help never needs a right command. args then holds what could be read.
 */
en_err en_args_parse(const struct en_verb *verbs, const struct en_flag *common,
                     int argc, const char *const *argv, struct en_args *args,
                     struct en_args_bad *bad);

/* The value of a flag that was given: NULL if it was not; "" for a bare one. */
const char *en_args_flag(const struct en_args *args, const char *name);
bool en_args_has(const struct en_args *args, const char *name);
/* The i-th value of a repeated flag, from 0; NULL after the last. */
const char *en_args_nth(const struct en_args *args, const char *name, int i);

/* The verb whose English or French word is w, folded; NULL if none. */
const struct en_verb *en_verb_find(const struct en_verb *verbs,
                                   struct en_span w);
const char *en_verb_word(const struct en_verb *verb, enum en_lang lang);

/* One of a fixed list, in either language, folded: its index or -1. A list is
 * pairs, English then French, ended by NULL. */
int en_value_find(const char *const *pairs, struct en_span w);

/* The sentence, status 2, and what to type. prefix is "entrenous " or, in the
 * guided mode, "". */
en_err en_args_say(const struct en_i18n *t, const struct en_args_bad *bad,
                   const char *prefix, struct en_said *said);

/* Insertions, removals, replacements and exchanges of neighbours between two
 * ASCII words, at most max + 1 (Damerau-Levenshtein, optimal alignment). */
unsigned en_distance(struct en_span a, struct en_span b, unsigned max);

#endif
