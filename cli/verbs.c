#include "cli/verbs.h"

#include "base/text.h"

#include <string.h>

#define WORD_MAX      32 /* bytes of a folded word that can be near a verb */
#define DISTANCE_MAX  2
#define RANK_CONTAINS 1u

unsigned en_distance(struct en_span a, struct en_span b, unsigned max)
{
    unsigned row[3][WORD_MAX + 1];
    unsigned *prev = row[0], *before = row[1], *now = row[2], *t;

    if (a.n > WORD_MAX || b.n > WORD_MAX)
        return max + 1;
    for (size_t j = 0; j <= b.n; j++)
        prev[j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned cost = a.p[i - 1] != b.p[j - 1];
            unsigned best = prev[j - 1] + cost;

            if (prev[j] + 1 < best)
                best = prev[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
                a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        t = before;
        before = prev;
        prev = now;
        now = t;
    }
    return prev[b.n] <= max ? prev[b.n] : max + 1;
}

/* The folded form of a short word; false if it is long or no UTF-8. */
static bool folded(struct en_span s, struct en_buf *out)
{
    en_buf_clear(out);
    return s.n <= 4 * WORD_MAX && en_text_fold(s, out) == EN_OK;
}

static bool is_word(const char *word, const struct en_buf *key)
{
    return word != NULL && en_span_eq(en_span_str(word), en_buf_span(key));
}

const struct en_verb *en_verb_find(const struct en_verb *verbs,
                                   struct en_span w)
{
    struct en_buf key = {.max = 16 * WORD_MAX};
    const struct en_verb *found = NULL;

    if (folded(w, &key))
        for (; verbs->en != NULL && found == NULL; verbs++)
            if (is_word(verbs->en, &key) || is_word(verbs->fr, &key))
                found = verbs;
    en_buf_free(&key);
    return found;
}

const char *en_verb_word(const struct en_verb *verb, enum en_lang lang)
{
    return lang == EN_LANG_FR && verb->fr != NULL ? verb->fr : verb->en;
}

int en_value_find(const char *const *pairs, struct en_span w)
{
    struct en_buf key = {.max = 16 * WORD_MAX};
    int found = -1;

    if (folded(w, &key))
        for (int i = 0; pairs[2 * i] != NULL && found < 0; i++)
            if (is_word(pairs[2 * i], &key) || is_word(pairs[2 * i + 1], &key))
                found = i;
    en_buf_free(&key);
    return found;
}

static bool contains(struct en_span all, struct en_span part)
{
    return part.n > 0 && memmem(all.p, all.n, part.p, part.n) != NULL;
}

/*
 * The two nearest: by letters, then those that hold the whole of what was typed
 * (or are held in it), then the table's order. A word is never offered for one so
 * short that every letter of it would have to change.
 */
struct nearest {
    unsigned rank[EN_SUGGEST_MAX];
    struct en_args_bad *bad;
};

static void offer(struct nearest *near, struct en_span typed, const char *word)
{
    struct en_args_bad *bad = near->bad;
    struct en_span w = en_span_str(word);
    unsigned d = en_distance(typed, w, DISTANCE_MAX);
    unsigned rank;
    int at;

    if (d > DISTANCE_MAX || d >= typed.n)
        return;
    for (int i = 0; i < bad->near_count; i++)
        if (strcmp(bad->near[i], word) == 0)
            return;
    rank =
        2 * d + (contains(w, typed) || contains(typed, w) ? 0u : RANK_CONTAINS);
    at = bad->near_count;
    while (at > 0 && rank < near->rank[at - 1])
        at--;
    if (at == EN_SUGGEST_MAX)
        return;
    if (bad->near_count < EN_SUGGEST_MAX)
        bad->near_count++;
    for (int i = bad->near_count - 1; i > at; i--) {
        bad->near[i] = bad->near[i - 1];
        near->rank[i] = near->rank[i - 1];
    }
    bad->near[at] = word;
    near->rank[at] = rank;
}

static void suggest_verbs(const struct en_verb *verbs, const char *typed,
                          struct en_args_bad *bad)
{
    struct nearest near = {.bad = bad};
    struct en_buf key = {.max = 16 * WORD_MAX};

    if (folded(en_span_str(typed), &key))
        for (; verbs->en != NULL; verbs++) {
            offer(&near, en_buf_span(&key), verbs->en);
            if (verbs->fr != NULL)
                offer(&near, en_buf_span(&key), verbs->fr);
        }
    en_buf_free(&key);
}

static void suggest_flags(const struct en_flag *mine,
                          const struct en_flag *common, struct en_span typed,
                          struct en_args_bad *bad)
{
    struct nearest near = {.bad = bad};

    for (; mine != NULL && mine->name != NULL; mine++)
        offer(&near, typed, mine->name);
    for (; common->name != NULL; common++)
        offer(&near, typed, common->name);
}

static const struct en_flag *flag_named(const struct en_flag *flags,
                                        struct en_span name)
{
    for (; flags != NULL && flags->name != NULL; flags++)
        if (en_span_eq(en_span_str(flags->name), name))
            return flags;
    return NULL;
}

static const struct en_flag *flag_lettered(const struct en_flag *flags, char c)
{
    for (; flags != NULL && flags->name != NULL; flags++)
        if (flags->letter == c)
            return flags;
    return NULL;
}

static en_err wrong(struct en_args_bad *bad, enum en_args_wrong what,
                    const char *typed)
{
    if (bad->wrong != EN_ARGS_OK)
        return EN_RANGE; /* the first thing wrong is the one told */
    bad->wrong = what;
    bad->typed = typed;
    return EN_RANGE;
}

static const struct en_flag *flags_of(const struct en_args *args)
{
    if (args->sub != NULL)
        return args->sub->flags;
    return args->verb != NULL ? args->verb->flags : NULL;
}

static const struct en_flag *flag_any(const struct en_verb *verbs,
                                      struct en_span name);

/* Reads argv[*i], which begins with a dash, and perhaps its value. */
static en_err take_flag(const struct en_verb *verbs,
                        const struct en_flag *common, int argc,
                        const char *const *argv, int *i, struct en_args *args,
                        struct en_args_bad *bad)
{
    const char *arg = argv[*i], *eq, *value = NULL;
    const struct en_flag *flag = NULL, *mine = flags_of(args);
    struct en_span name;

    if (arg[1] != '-') {
        name = en_span_str(arg + 1);
        if (name.n == 1) {
            flag = flag_lettered(common, arg[1]);
            if (flag == NULL)
                flag = flag_lettered(mine, arg[1]);
        }
        eq = NULL;
    } else {
        eq = strchr(arg, '=');
        name = EN_SPAN((const uint8_t *)arg + 2,
                       eq != NULL ? (size_t)(eq - arg) - 2 : strlen(arg) - 2);
        flag = flag_named(common, name);
        if (flag == NULL)
            flag = flag_named(mine, name);
        /* Before its verb a flag is still read, and judged when all is known. */
        if (flag == NULL && args->verb == NULL)
            flag = flag_any(verbs, name);
        else if (flag == NULL && args->sub == NULL && args->verb->subs != NULL)
            flag = flag_any(args->verb->subs, name);
    }
    if (flag == NULL) {
        if (bad->wrong == EN_ARGS_OK)
            suggest_flags(mine, common, name, bad);
        return wrong(bad, EN_ARGS_FLAG, arg);
    }
    if (flag->kind == EN_FLAG_BARE) {
        if (eq != NULL)
            return wrong(bad, EN_ARGS_NO_VALUE, flag->name);
    } else if (eq != NULL) {
        value = eq + 1;
    } else {
        /* The next word is the value unless it is a flag: "--title --tag x" is
         * a value forgotten, and --title=--tag says the contrary. */
        if (*i + 1 >= argc ||
            (flag->kind != EN_FLAG_ALWAYS && argv[*i + 1][0] == '-' &&
             argv[*i + 1][1] != '\0'))
            return wrong(bad, EN_ARGS_VALUE, flag->name);
        value = argv[++*i];
    }
    if (value != NULL && !en_text_valid(en_span_str(value)))
        return wrong(bad, EN_ARGS_NOT_UTF8, flag->name);
    for (int k = 0; k < args->flags; k++) {
        if (strcmp(args->given[k].flag->name, flag->name) != 0)
            continue;
        if (flag->kind == EN_FLAG_BARE)
            return EN_OK; /* said twice is said */
        if (flag->kind != EN_FLAG_REPEAT)
            return wrong(bad, EN_ARGS_TWICE, flag->name);
    }
    if (args->flags == EN_FLAGS_MAX)
        return wrong(bad, EN_ARGS_TOO_MANY, flag->name);
    args->given[args->flags++] = (struct en_given){flag, value};
    return EN_OK;
}

static const struct en_flag *flag_any(const struct en_verb *verbs,
                                      struct en_span name)
{
    const struct en_flag *flag = NULL;

    for (; verbs->en != NULL && flag == NULL; verbs++) {
        flag = flag_named(verbs->flags, name);
        if (flag == NULL && verbs->subs != NULL)
            flag = flag_any(verbs->subs, name);
    }
    return flag;
}

static en_err take_word(const struct en_verb *verbs, const char *arg,
                        bool literal, struct en_args *args,
                        struct en_args_bad *bad)
{
    const struct en_verb *v;

    if (!en_text_valid(en_span_str(arg)))
        return wrong(bad, EN_ARGS_NOT_UTF8, NULL);
    if (args->verb == NULL) {
        args->verb = en_verb_find(verbs, en_span_str(arg));
        if (args->verb != NULL)
            return EN_OK;
        if (bad->wrong == EN_ARGS_OK)
            suggest_verbs(verbs, arg, bad);
        return wrong(bad, EN_ARGS_VERB, arg);
    }
    if (!literal && args->verb->subs != NULL && args->sub == NULL &&
        args->words == 0) {
        v = en_verb_find(args->verb->subs, en_span_str(arg));
        if (v != NULL) {
            args->sub = v;
            return EN_OK;
        }
        if (!args->verb->subs_or_words) {
            if (bad->wrong == EN_ARGS_OK)
                suggest_verbs(args->verb->subs, arg, bad);
            bad->verb = args->verb;
            return wrong(bad, EN_ARGS_SUB, arg);
        }
    }
    if (args->words == EN_ARGS_MAX)
        return wrong(bad, EN_ARGS_TOO_MANY, arg);
    args->word[args->words++] = arg;
    return EN_OK;
}

/* What can be said once every word and flag is known. */
static en_err judge(const struct en_flag *common, const struct en_args *args,
                    struct en_args_bad *bad)
{
    const struct en_verb *v = args->sub != NULL ? args->sub : args->verb;
    const struct en_flag *mine = flags_of(args), *flag;

    for (int i = 0; i < args->flags; i++) {
        flag = args->given[i].flag;
        if (flag_named(common, en_span_str(flag->name)) == NULL &&
            flag_named(mine, en_span_str(flag->name)) == NULL) {
            suggest_flags(mine, common, en_span_str(flag->name), bad);
            return wrong(bad, EN_ARGS_FLAG, flag->name);
        }
    }
    if (v == NULL)
        return EN_OK;
    bad->verb = args->verb;
    if (v->run == NULL)
        return wrong(bad, EN_ARGS_SUB_NEEDED, NULL);
    if (args->words < v->words_min)
        return wrong(bad, EN_ARGS_MISSING, NULL);
    if (args->words > v->words_max)
        return wrong(bad, EN_ARGS_EXTRA, args->word[v->words_max]);
    return EN_OK;
}

en_err en_args_parse(const struct en_verb *verbs, const struct en_flag *common,
                     int argc, const char *const *argv, struct en_args *args,
                     struct en_args_bad *bad)
{
    bool literal = false;
    en_err err = EN_OK, one;

    *args = (struct en_args){0};
    *bad = (struct en_args_bad){0};
    for (int i = 1; i < argc; i++) {
        if (!literal && strcmp(argv[i], "--") == 0) {
            literal = true;
            continue;
        }
        if (!literal && argv[i][0] == '-' && argv[i][1] != '\0')
            one = take_flag(verbs, common, argc, argv, &i, args, bad);
        else
            one = take_word(verbs, argv[i], literal, args, bad);
        if (one != EN_OK)
            err = one;
        /* With no verb to know, what follows it cannot be judged; only a cry
         * for help is still listened to. */
        if (bad->wrong == EN_ARGS_VERB)
            args->words = 0;
    }
    if (en_args_has(args, "help") || en_args_has(args, "version"))
        return EN_OK;
    return err != EN_OK ? err : judge(common, args, bad);
}

static const struct en_given *nth(const struct en_args *args, const char *name,
                                  int i)
{
    for (int k = 0; k < args->flags; k++)
        if (strcmp(args->given[k].flag->name, name) == 0 && i-- == 0)
            return &args->given[k];
    return NULL;
}

const char *en_args_nth(const struct en_args *args, const char *name, int i)
{
    const struct en_given *g = nth(args, name, i);

    return g != NULL ? g->value : NULL;
}

const char *en_args_flag(const struct en_args *args, const char *name)
{
    const struct en_given *g = nth(args, name, 0);

    if (g == NULL)
        return NULL;
    return g->value != NULL ? g->value : "";
}

bool en_args_has(const struct en_args *args, const char *name)
{
    return nth(args, name, 0) != NULL;
}

/* "entrenous cercle " before the words of a sub-verb. */
static en_err command(const struct en_i18n *t, const struct en_args_bad *bad,
                      const char *prefix, const char *word, struct en_buf *out)
{
    en_err err = EN_OK;

    if (bad->wrong == EN_ARGS_FLAG)
        err = en_buf_add_str(out, "--");
    else
        err = en_buf_add_str(out, prefix);
    if (err == EN_OK && bad->wrong == EN_ARGS_SUB) {
        err = en_buf_add_str(out, en_verb_word(bad->verb, t->lang));
        if (err == EN_OK)
            err = en_buf_add_u8(out, ' ');
    }
    return err == EN_OK ? en_buf_add_str(out, word) : err;
}

static en_err add_help(const struct en_i18n *t, const struct en_verb *verb,
                       const char *prefix, struct en_buf *out)
{
    static const struct en_verb help = {.en = "help", .fr = "aide"};
    en_err err = en_buf_add_str(out, prefix);

    if (err == EN_OK)
        err = en_buf_add_str(out, en_verb_word(&help, t->lang));
    if (err == EN_OK && verb != NULL)
        err = en_buf_add_u8(out, ' ');
    if (err == EN_OK && verb != NULL)
        err = en_buf_add_str(out, en_verb_word(verb, t->lang));
    return err;
}

en_err en_args_say(const struct en_i18n *t, const struct en_args_bad *bad,
                   const char *prefix, struct en_said *said)
{
    struct en_buf help = {0}, one = {0}, two = {0};
    const char *id = NULL;
    en_err err = add_help(t, bad->verb, prefix, &help);

    said->status = EN_EXIT_MISUSE;
    if (err == EN_OK && bad->near_count > 0)
        err = command(t, bad, prefix, bad->near[0], &one);
    if (err == EN_OK && bad->near_count > 1)
        err = command(t, bad, prefix, bad->near[1], &two);
    if (err != EN_OK)
        goto out;

    switch (bad->wrong) {
    case EN_ARGS_VERB:
    case EN_ARGS_SUB:
    case EN_ARGS_FLAG:
        id = bad->near_count == 0
                 ? EN_MSG("I do not know \"{typed}\". To see what can be "
                          "typed: {help}")
             : bad->near_count == 1
                 ? EN_MSG("I do not know \"{typed}\". Did you mean: {one}?")
                 : EN_MSG("I do not know \"{typed}\". Did you mean: {one}? or "
                          "{two}?");
        break;
    case EN_ARGS_SUB_NEEDED:
        id = EN_MSG("This verb wants a second one. To see which: {help}");
        break;
    case EN_ARGS_VALUE:
        id = EN_MSG("--{typed} wants a value after it. To see examples: "
                    "{help}");
        break;
    case EN_ARGS_NO_VALUE:
        id = EN_MSG("--{typed} takes no value. Type it alone: --{typed}");
        break;
    case EN_ARGS_TWICE:
        id = EN_MSG("--{typed} was given twice, and I do not choose between "
                    "the two. Give it once.");
        break;
    case EN_ARGS_MISSING:
        id = EN_MSG("Something is missing after this verb. To see examples: "
                    "{help}");
        break;
    case EN_ARGS_EXTRA:
        id = EN_MSG("\"{typed}\" is one word too many here. Put quotes around "
                    "words that belong together, or see: {help}");
        break;
    case EN_ARGS_TOO_MANY:
        id = EN_MSG("That is more than one command can take. Nothing was "
                    "changed: do it in several steps.");
        break;
    case EN_ARGS_NOT_UTF8:
        id =
            EN_MSG("What was typed is not UTF-8. Nothing was changed: set your "
                   "terminal to UTF-8, then try again.");
        break;
    case EN_ARGS_OK: break;
    }
    assert(id != NULL);
    const struct en_arg *args =
        EN_ARGS(en_arg_text("typed", bad->typed != NULL ? bad->typed : ""),
                en_arg_span("one", en_buf_span(&one)),
                en_arg_span("two", en_buf_span(&two)),
                en_arg_span("help", en_buf_span(&help)));

    err = en_tr(t, &said->text, id, args);
    if (err == EN_OK)
        err = en_buf_add_span(&said->next, bad->near_count > 0
                                               ? en_buf_span(&one)
                                               : en_buf_span(&help));
out:
    en_buf_free(&help);
    en_buf_free(&one);
    en_buf_free(&two);
    return err;
}
