#include "cli/i18n.h"

#include "base/text.h"
#include "cli/mo.h"

#include <stdio.h>
#include <string.h>

/* Made from po/fr.po and po/en.po by po/embed.cmake. */
extern const unsigned char en_mo_fr[];
extern const size_t en_mo_fr_len;
extern const unsigned char en_mo_en[];
extern const size_t en_mo_en_len;

#define NBSP     "\xc2\xa0"
#define NBSP_LEN 2

static const char *const month_name[2][12] = {
    {"janvier", "f\xc3\xa9vrier", "mars", "avril", "mai", "juin", "juillet",
     "ao\xc3\xbbt", "septembre", "octobre", "novembre",
     "d\xc3\xa9"
     "cembre"},
    {"January", "February", "March", "April", "May", "June", "July", "August",
     "September", "October", "November", "December"},
};

static const char *const weekday_name[2][7] = {
    {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"},
    {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
     "Sunday"},
};

const char *en_tr_month(enum en_lang lang, unsigned month)
{
    assert(month >= 1 && month <= 12);
    return month_name[lang == EN_LANG_EN][month - 1];
}

const char *en_tr_weekday(enum en_lang lang, unsigned weekday)
{
    assert(weekday < 7);
    return weekday_name[lang == EN_LANG_EN][weekday];
}

struct en_span en_catalogue(enum en_lang lang)
{
    return lang == EN_LANG_EN ? EN_SPAN(en_mo_en, en_mo_en_len)
                              : EN_SPAN(en_mo_fr, en_mo_fr_len);
}

static bool present(const char *s)
{
    return s != NULL && s[0] != '\0';
}

static bool begins(const char *s, char a, char b)
{
    return (s[0] == a || s[0] == a - 'a' + 'A') &&
           (s[1] == b || s[1] == b - 'a' + 'A');
}

/* "fr", "fr_CA.UTF-8" but not "fry". A language we know nothing of is English. */
static enum en_lang of_text(const char *s)
{
    bool letter;

    if (strcmp(s, "C") == 0 || strcmp(s, "POSIX") == 0 ||
        strncmp(s, "C.", 2) == 0)
        return EN_LANG_FR;
    if (!begins(s, 'f', 'r'))
        return EN_LANG_EN;
    letter = (s[2] >= 'a' && s[2] <= 'z') || (s[2] >= 'A' && s[2] <= 'Z');
    return letter ? EN_LANG_EN : EN_LANG_FR;
}

en_err en_lang_choose(const struct en_lang_choice *c, enum en_lang *lang)
{
    const char *const text[] = {c->ours, c->settings, c->lc_all, c->lc_messages,
                                c->lang};
    en_err err = EN_OK;

    *lang = EN_LANG_FR;
    if (present(c->flag)) {
        if (strlen(c->flag) == 2 &&
            (begins(c->flag, 'f', 'r') || begins(c->flag, 'e', 'n'))) {
            *lang = begins(c->flag, 'f', 'r') ? EN_LANG_FR : EN_LANG_EN;
            return EN_OK;
        }
        err = EN_RANGE;
    }
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        if (present(text[i])) {
            *lang = of_text(text[i]);
            break;
        }
    }
    return err;
}

/* Our own text: its hard spaces become plain ones where asked. */
static en_err add_ours(const struct en_i18n *t, struct en_buf *out,
                       struct en_span s)
{
    en_err err = EN_OK;
    size_t from = 0;

    if (!t->plain)
        return en_buf_add_span(out, s);
    for (size_t i = 0; i + NBSP_LEN <= s.n && err == EN_OK;) {
        if (memcmp(s.p + i, NBSP, NBSP_LEN) != 0) {
            i++;
            continue;
        }
        err = en_buf_add(out, s.p + from, i - from);
        if (err == EN_OK)
            err = en_buf_add_u8(out, ' ');
        i += NBSP_LEN;
        from = i;
    }
    return err == EN_OK ? en_buf_add(out, s.p + from, s.n - from) : err;
}

static en_err add_str(const struct en_i18n *t, struct en_buf *out,
                      const char *s)
{
    return add_ours(t, out, en_span_str(s));
}

static const struct en_mo *catalogue(enum en_lang lang)
{
    static struct en_mo open[2];
    static bool done[2];
    unsigned i = lang == EN_LANG_EN;

    if (!done[i]) {
        en_err err = en_mo_open(&open[i], en_catalogue(lang));

        assert(err == EN_OK); /* the build made it and a test opened it */
        done[i] = err == EN_OK;
    }
    return &open[i];
}

/* The sentence in t's language; the id itself where the catalogue has none. */
static struct en_span sentence(const struct en_i18n *t, const char *one,
                               const char *many, uint64_t n)
{
    unsigned form =
        many != NULL && (t->lang == EN_LANG_EN ? n != 1 : n > 1) ? 1u : 0u;
    struct en_span text, s;
    const char *id, *ctx;

    if (en_mo_find(catalogue(t->lang), one, &text) &&
        en_mo_form(text, form, &s) && s.n > 0)
        return s;
    id = many != NULL && n != 1 ? many : one;
    ctx = strchr(id, '\004');
    return en_span_str(ctx != NULL ? ctx + 1 : id);
}

static en_err add_arg(const struct en_i18n *t, struct en_buf *out,
                      const struct en_arg *a);

static const struct en_arg *arg_named(const struct en_arg *args,
                                      struct en_span name)
{
    for (; args != NULL && args->name != NULL; args++)
        if (en_span_eq(en_span_str(args->name), name))
            return args;
    return NULL;
}

/* Whether a name begins with a capital that French elides before: a vowel or a
 * silent h. Ids and words, in small letters, are left alone. */
static bool elides(struct en_span name)
{
    static const char capitals[] = "AEIOUYHÀÂÄÉÈÊËÎÏÔÖÙÛÜŒ";
    size_t len = name.n > 0 && name.p[0] >= 0x80 ? 2 : 1;

    if (name.n < len)
        return false;
    for (const char *c = capitals; *c != '\0'; c += (uint8_t)*c >= 0x80 ? 2 : 1)
        if (((uint8_t)*c >= 0x80 ? 2u : 1u) == len &&
            memcmp(c, name.p, len) == 0)
            return true;
    return false;
}

/* "de Amina" is read "d’Amina": before out->p[at] stands the name's place. */
static en_err elide(struct en_buf *out, size_t at)
{
    static const char mark[] = "\xe2\x80\x99";
    struct en_buf rest = {0};
    en_err err;

    if (at < 3 || memcmp(out->p + at - 3, "de ", 3) != 0 ||
        (at > 3 && out->p[at - 4] != ' ') ||
        !elides(EN_SPAN(out->p + at, out->n - at)))
        return EN_OK;
    err = en_buf_add(&rest, out->p + at, out->n - at);
    if (err == EN_OK) {
        out->n = at - 2; /* keeps the d */
        err = en_buf_add(out, mark, sizeof(mark) - 1);
    }
    if (err == EN_OK)
        err = en_buf_add_span(out, en_buf_span(&rest));
    en_buf_free(&rest);
    return err;
}

/* Fills the places of one sentence. "{{" prints a brace. */
static en_err fill(const struct en_i18n *t, struct en_buf *out,
                   struct en_span s, const struct en_arg *args,
                   const struct en_arg *count)
{
    static const struct en_span n_name = {(const uint8_t *)"n", 1};
    en_err err = EN_OK;

    while (s.n > 0 && err == EN_OK) {
        const uint8_t *open = memchr(s.p, '{', s.n);
        size_t before = open != NULL ? (size_t)(open - s.p) : s.n;
        const uint8_t *close;
        const struct en_arg *a;
        struct en_span name;

        err = add_ours(t, out, EN_SPAN(s.p, before));
        s = EN_SPAN(s.p + before, s.n - before);
        if (err != EN_OK || s.n == 0)
            break;
        if (s.n > 1 && s.p[1] == '{') {
            err = en_buf_add_u8(out, '{');
            s = EN_SPAN(s.p + 2, s.n - 2);
            continue;
        }
        close = memchr(s.p, '}', s.n);
        assert(close != NULL);
        name = EN_SPAN(s.p + 1, (size_t)(close - s.p) - 1);
        a = arg_named(args, name);
        if (a == NULL && count != NULL && en_span_eq(name, n_name))
            a = count;
        assert(a != NULL); /* a place nobody fills: our bug */
        before = out->n;
        err = add_arg(t, out, a);
        if (err == EN_OK && t->lang == EN_LANG_FR && a->kind == EN_ARG_TEXT)
            err = elide(out, before);
        s = EN_SPAN(close + 1, s.n - name.n - 2);
    }
    return err;
}

en_err en_trn(const struct en_i18n *t, struct en_buf *out, const char *one,
              const char *many, uint64_t n, const struct en_arg *args)
{
    struct en_arg count = en_arg_number("n", n);

    return fill(t, out, sentence(t, one, many, n), args, &count);
}

en_err en_tr(const struct en_i18n *t, struct en_buf *out, const char *id,
             const struct en_arg *args)
{
    return fill(t, out, sentence(t, id, NULL, 1), args, NULL);
}

static en_err add_arg(const struct en_i18n *t, struct en_buf *out,
                      const struct en_arg *a)
{
    switch (a->kind) {
    case EN_ARG_TEXT: return en_text_harmless(a->v.text, false, out);
    case EN_ARG_TYPED: return en_tr_typed(out, a->v.text);
    case EN_ARG_MSG: return en_tr(t, out, a->v.id, NULL);
    case EN_ARG_COUNT: return en_trn(t, out, a->v.id, a->many, a->n, NULL);
    case EN_ARG_NUMBER: return en_tr_number(t, out, a->v.n);
    case EN_ARG_SIZE: return en_tr_size(t, out, a->v.n);
    case EN_ARG_MINUTES: return en_tr_minutes(t, out, a->v.n);
    case EN_ARG_DAY: return en_tr_day(t, out, a->v.wall.day, a->form);
    case EN_ARG_CLOCK: return en_tr_clock(t, out, a->v.wall);
    case EN_ARG_WALL: return en_tr_wall(t, out, a->v.wall, a->form);
    case EN_ARG_END: break;
    }
    assert(false);
    return EN_RANGE;
}

en_err en_tr_day(const struct en_i18n *t, struct en_buf *out, struct en_day day,
                 enum en_day_form form)
{
    char s[96];
    bool first = t->lang == EN_LANG_FR && day.day == 1;

    assert(en_day_valid(day));
    if (form == EN_DAY_LONG)
        (void)snprintf(s, sizeof(s), "%s %u%s %s %u",
                       en_tr_weekday(t->lang, en_day_weekday(day)), day.day,
                       first ? "er" : "", en_tr_month(t->lang, day.month),
                       (unsigned)day.year);
    else if (form == EN_DAY_SHORT)
        (void)snprintf(s, sizeof(s), "%u%s %s %u", day.day, first ? "er" : "",
                       en_tr_month(t->lang, day.month), (unsigned)day.year);
    else
        (void)snprintf(s, sizeof(s), "%u%s %s", day.day, first ? "er" : "",
                       en_tr_month(t->lang, day.month));
    return en_buf_add_str(out, s);
}

en_err en_tr_clock(const struct en_i18n *t, struct en_buf *out,
                   struct en_wall wall)
{
    char s[32];

    if (t->lang == EN_LANG_EN)
        (void)snprintf(s, sizeof(s), "%02u:%02u", wall.hour, wall.minute);
    else if (wall.minute == 0)
        (void)snprintf(s, sizeof(s), "%u" NBSP "h", wall.hour);
    else
        (void)snprintf(s, sizeof(s), "%u" NBSP "h" NBSP "%02u", wall.hour,
                       wall.minute);
    return add_str(t, out, s);
}

en_err en_tr_wall(const struct en_i18n *t, struct en_buf *out,
                  struct en_wall wall, enum en_day_form form)
{
    en_err err = en_tr_day(t, out, wall.day, form);

    if (err == EN_OK)
        err =
            en_buf_add_str(out, t->lang == EN_LANG_EN ? " at " : " \xc3\xa0 ");
    return err == EN_OK ? en_tr_clock(t, out, wall) : err;
}

/* Digits in threes from five digits on, where a person reads them. */
en_err en_tr_number(const struct en_i18n *t, struct en_buf *out, uint64_t n)
{
    const char *gap = t->lang == EN_LANG_EN ? "," : NBSP;
    char s[24];
    int len = snprintf(s, sizeof(s), "%llu", (unsigned long long)n);
    en_err err = EN_OK;

    assert(len > 0);
    if (t->plain || len < 5)
        return en_buf_add_str(out, s);
    for (int i = 0; i < len && err == EN_OK; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            err = en_buf_add_str(out, gap);
        if (err == EN_OK)
            err = en_buf_add_u8(out, (uint8_t)s[i]);
    }
    return err;
}

static uint64_t up(uint64_t n, uint64_t unit)
{
    return n / unit + (n % unit != 0);
}

/* Rounded up: what is over a limit must not read as equal to it. */
en_err en_tr_size(const struct en_i18n *t, struct en_buf *out, uint64_t bytes)
{
    static const struct {
        uint64_t unit;
        const char *id;
    } step[] = {{1000, EN_MSG("{n} KB")},
                {1000000, EN_MSG("{n} MB")},
                {1000000000, EN_MSG("{n} GB")}};
    char s[32];
    size_t i = 0;
    uint64_t tenths;

    if (bytes < 1000)
        return en_trn(t, out, "{n} byte", "{n} bytes", bytes, NULL);
    while (i < 2 && up(bytes, step[i].unit) >= 1000)
        i++;
    tenths = up(bytes, step[i].unit / 10);
    if (i > 0 && tenths < 100 && tenths % 10 != 0)
        (void)snprintf(s, sizeof(s), "%u%c%u", (unsigned)(tenths / 10),
                       t->lang == EN_LANG_EN ? '.' : ',',
                       (unsigned)(tenths % 10));
    else
        (void)snprintf(s, sizeof(s), "%llu",
                       (unsigned long long)up(bytes, step[i].unit));
    return en_tr(t, out, step[i].id, EN_ARGS(en_arg_text("n", s)));
}

en_err en_tr_minutes(const struct en_i18n *t, struct en_buf *out,
                     uint64_t minutes)
{
    char s[48];

    if (minutes < 60)
        (void)snprintf(s, sizeof(s), "%u" NBSP "min", (unsigned)minutes);
    else if (minutes % 60 == 0)
        (void)snprintf(s, sizeof(s), "%llu" NBSP "h",
                       (unsigned long long)(minutes / 60));
    else
        (void)snprintf(s, sizeof(s), "%llu" NBSP "h" NBSP "%02u",
                       (unsigned long long)(minutes / 60),
                       (unsigned)(minutes % 60));
    return add_str(t, out, s);
}

static bool bare(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c >= 0x80 ||
           (c != 0 && strchr("._-/:@%+,", c) != NULL);
}

en_err en_tr_typed(struct en_buf *out, struct en_span s)
{
    struct en_buf safe = {0};
    bool quote, single = false;
    en_err err = en_text_harmless(s, false, &safe);

    if (err != EN_OK)
        goto out;
    quote = safe.n == 0;
    for (size_t i = 0; i < safe.n; i++) {
        quote = quote || !bare(safe.p[i]);
        single = single || (safe.p[i] != 0 && safe.p[i] < 0x80 &&
                            strchr("\"$`\\!", safe.p[i]) != NULL);
    }
    if (!quote) {
        err = en_buf_add_span(out, en_buf_span(&safe));
        goto out;
    }
    err = en_buf_add_u8(out, single ? '\'' : '"');
    for (size_t i = 0; i < safe.n && err == EN_OK; i++) {
        if (single && safe.p[i] == '\'')
            err = en_buf_add_str(out, "'\\''");
        else
            err = en_buf_add_u8(out, safe.p[i]);
    }
    if (err == EN_OK)
        err = en_buf_add_u8(out, single ? '\'' : '"');
out:
    en_buf_free(&safe);
    return err;
}
