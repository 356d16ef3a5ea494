/*
 * catalogue_test.c - every sentence of both catalogues: complete, with the same
 * places, typeset as PRODUCT 6.1 says. That sources, .pot and .po name the same
 * sentences is the script catalogue's affair.
 */
#include "cli/i18n.h"
#include "cli/mo.h"

#include "lib/test.h"

#define NB "\xc2\xa0"

/* Calls see for every form of every sentence but the header. */
static void each(enum en_lang lang,
                 void (*see)(struct en_span id, struct en_span text))
{
    struct en_mo mo;
    struct en_span form;
    unsigned seen = 0;

    assert_ok(en_mo_open(&mo, en_catalogue(lang)));
    for (uint32_t i = 0; i < mo.count; i++) {
        struct en_span id = en_mo_id(&mo, i);

        if (id.n == 0)
            continue;
        for (unsigned n = 0; en_mo_form(en_mo_text(&mo, i), n, &form); n++)
            see(id, form);
        seen++;
    }
    assert_true(seen > 140);
}

static bool has(struct en_span s, const char *part)
{
    return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

static void complain(struct en_span text, const char *what)
{
    fail_msg("%s: \"%.*s\"", what, (int)text.n, (const char *)text.p);
}

static void no(struct en_span text, const char *part, const char *what)
{
    if (has(text, part))
        complain(text, what);
}

/* A line that shows what to type: quotes in it are a shell's, or JSON's. */
static bool typed(struct en_span s)
{
    return has(s, "entrenous ") || has(s, "--") || has(s, "{{") ||
           has(s, "\": ") || has(s, "[\"");
}

static void see_signs(struct en_span id, struct en_span text)
{
    (void)id;
    if (text.n == 0 || text.p[text.n - 1] == ' ')
        complain(text, "empty, or a space at its end");
    no(text, "\n", "a line feed");
    no(text, "\t", "a tab");
    no(text, "'", "a straight apostrophe");
    no(text, "\xe2\x80\xaf", "a narrow space outside pages");
    if (typed(text))
        return;
    no(text, "...", "three dots for an ellipsis");
    no(text, "\"", "a straight quote");
}

static void sentences_are_clean_in_both_languages(void **state)
{
    (void)state;
    each(EN_LANG_FR, see_signs);
    each(EN_LANG_EN, see_signs);
}

static void see_french(struct en_span id, struct en_span text)
{
    static const char *const high[] = {":", ";", "?", "!", "»"};
    static const char *const unit[] = {"h", "min", "Ko", "Mo", "Go"};
    char plain[16];

    (void)id;
    for (size_t k = 0; k < 5; k++) {
        const uint8_t *p = text.p;
        const uint8_t *end = text.p + text.n;

        while ((p = memmem(p, (size_t)(end - p), high[k], strlen(high[k]))) !=
               NULL) {
            /* "14:07", "IP:PORT" and JSON's colons are no punctuation. */
            bool sign = p + 1 == end || p[1] == ' ' || p[0] >= 0x80;

            if (p > text.p && p[-1] == '"')
                sign = false;
            if (sign && (p - text.p < 2 || memcmp(p - 2, NB, 2) != 0))
                complain(text, "no hard space before a high sign");
            p += strlen(high[k]);
        }
    }
    no(text, "« ", "an ordinary space after «");
    if (has(text, "«") && !has(text, "«" NB))
        complain(text, "no hard space after «");
    for (size_t k = 0; k < 5; k++)
        for (char d = '0'; d <= '9'; d++) {
            (void)snprintf(plain, sizeof(plain), "%c %s ", d, unit[k]);
            no(text, plain, "an ordinary space before a unit");
        }
    no(text, "“", "an English quote");
    no(text, " ton ", "tutoiement");
    no(text, " tu ", "tutoiement");
    no(text, "·", "a median dot");
}

static void french_has_its_hard_spaces(void **state)
{
    (void)state;
    each(EN_LANG_FR, see_french);
}

static void see_english(struct en_span id, struct en_span text)
{
    static const char *const bad[] = {NB ":", NB ";", NB "?", NB "!", " :",
                                      " ;",   " ?",   " !",   "«",    "»"};

    (void)id;
    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
        no(text, bad[k], "French typography");
}

static void english_has_none_of_them(void **state)
{
    (void)state;
    each(EN_LANG_EN, see_english);
}

static bool ascii(struct en_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 0x80)
            return false;
    return true;
}

static void see_places(struct en_span id, struct en_span text)
{
    /* id holds a singular and its plural: the places of both may be used. */
    assert_true(ascii(id));
    for (size_t i = 0; i < text.n; i++) {
        const uint8_t *end;
        char place[40];
        size_t n;

        if (text.p[i] != '{')
            continue;
        end = memchr(text.p + i, '}', text.n - i);
        assert_non_null(end);
        n = (size_t)(end - (text.p + i)) + 1;
        assert_true(n < sizeof(place));
        memcpy(place, text.p + i, n);
        place[n] = '\0';
        if (!has(id, place))
            complain(text, "a place that the id has not");
    }
}

static void translations_have_only_the_places_of_their_id(void **state)
{
    (void)state;
    each(EN_LANG_FR, see_places);
    each(EN_LANG_EN, see_places);
}

/* In a text without plural forms every place of the id must be printed. */
static void see_all_places(struct en_span id, struct en_span text)
{
    if (memchr(id.p, 0, id.n) != NULL)
        return;
    for (size_t i = 0; i < id.n; i++) {
        const uint8_t *end;
        char place[40];
        size_t n;

        if (id.p[i] != '{')
            continue;
        end = memchr(id.p + i, '}', id.n - i);
        assert_non_null(end);
        n = (size_t)(end - (id.p + i)) + 1;
        assert_true(n < sizeof(place));
        memcpy(place, id.p + i, n);
        place[n] = '\0';
        if (!has(text, place))
            complain(text, "a place of the id is lost");
    }
}

static void translations_lose_no_place(void **state)
{
    (void)state;
    each(EN_LANG_FR, see_all_places);
    each(EN_LANG_EN, see_all_places);
}

static void both_catalogues_hold_the_same_ids(void **state)
{
    struct en_mo a, b;

    (void)state;
    assert_ok(en_mo_open(&a, en_catalogue(EN_LANG_FR)));
    assert_ok(en_mo_open(&b, en_catalogue(EN_LANG_EN)));
    assert_int_equal(a.count, b.count);
    for (uint32_t i = 0; i < a.count; i++)
        assert_true(en_span_eq(en_mo_id(&a, i), en_mo_id(&b, i)));
}

/* The word after "entrenous " in s: its length, *at where it begins. */
static size_t verb(struct en_span s, const uint8_t **at)
{
    static const char lead[] = "entrenous ";
    const uint8_t *p = memmem(s.p, s.n, lead, sizeof(lead) - 1);
    size_t n = 0;

    if (p == NULL)
        return 0;
    p += sizeof(lead) - 1;
    while (p + n < s.p + s.n && p[n] >= 'a' && p[n] <= 'z')
        n++;
    *at = p;
    return n;
}

static void see_verbs(struct en_span id, struct en_span text)
{
    static const char *const same[] = {"audit", "agent", "alias"};
    const uint8_t *english = NULL, *french = NULL;
    size_t a = verb(id, &english), b = verb(text, &french);

    if (a == 0 && b == 0)
        return;
    if (a == 0 || b == 0)
        complain(text, "a command is lost or made up");
    for (size_t k = 0; k < sizeof(same) / sizeof(same[0]); k++)
        if (en_span_eq(EN_SPAN(english, a), en_span_str(same[k])))
            return;
    if (en_span_eq(EN_SPAN(english, a), EN_SPAN(french, b)))
        complain(text, "an English verb in French");
}

static void commands_are_named_in_the_language_of_the_sentence(void **state)
{
    (void)state;
    each(EN_LANG_FR, see_verbs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_are_clean_in_both_languages),
        cmocka_unit_test(french_has_its_hard_spaces),
        cmocka_unit_test(english_has_none_of_them),
        cmocka_unit_test(translations_have_only_the_places_of_their_id),
        cmocka_unit_test(translations_lose_no_place),
        cmocka_unit_test(both_catalogues_hold_the_same_ids),
        cmocka_unit_test(commands_are_named_in_the_language_of_the_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
