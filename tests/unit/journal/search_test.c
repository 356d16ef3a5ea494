#include "journal/search.h"

#include "base/rng.h"
#include "base/text.h"
#include "lib/test.h"

#include <stdlib.h>

struct kept {
    const char *title;
    const char *text;
};

#define DOCS_MAX 128

struct index {
    struct en_search *s;
    struct kept doc[DOCS_MAX];
    bool in[DOCS_MAX];
};

static void open_index(struct index *x)
{
    struct en_search_source source = {.seed = 3};

    memset(x, 0, sizeof(*x));
    assert_ok(en_search_new(&source, &x->s));
}

static void add(struct index *x, uint32_t doc, const char *title,
                const char *text)
{
    assert_ok(en_search_add(x->s, doc, en_span_str(title), en_span_str(text)));
    x->doc[doc] = (struct kept){title, text};
    x->in[doc] = true;
}

static en_err mark(void *user, uint32_t doc)
{
    bool *found = user;

    assert_true(doc < DOCS_MAX);
    assert_false(found[doc]); /* each once */
    found[doc] = true;
    return EN_OK;
}

/* Documents found, as "1 5 9"; each must match by itself as well. */
static void assert_found(struct index *x, const char *query, bool exact,
                         const char *expect)
{
    bool found[DOCS_MAX] = {false};
    struct en_query *q = NULL;
    char got[1024] = "";

    assert_ok(en_query_parse(en_span_str(query), exact, &q));
    assert_ok(en_search_run(x->s, q, mark, found));
    for (uint32_t i = 0; i < DOCS_MAX; i++) {
        char one[16];
        bool yes = false;

        if (x->in[i])
            assert_ok(en_query_matches(q, en_span_str(x->doc[i].title),
                                       en_span_str(x->doc[i].text), &yes));
        assert_int_equal(yes, found[i]);
        if (!found[i])
            continue;
        (void)snprintf(one, sizeof(one), got[0] ? " %u" : "%u", i);
        strcat(got, one);
    }
    if (strcmp(got, expect) != 0)
        fail_msg("%s: \"%s\" where \"%s\" was expected", query, got, expect);
    en_query_free(q);
}

static void words_are_found_at_their_start_without_accents(void **state)
{
    struct index x;

    (void)state;
    open_index(&x);
    add(&x, 0, "", "Mon cœur bat. L’ÉLÈVE rêve ; deux séances.");
    add(&x, 1, "", "un écoeurement");
    add(&x, 2, "Cœur", "titre seul");
    assert_found(&x, "coeur", false, "0 2");
    assert_found(&x, "CŒUR", false, "0 2");
    assert_found(&x, "ecoeur", false, "1");
    assert_found(&x, "eleve", false, "0");
    assert_found(&x, "l'eleve", false, "0");
    assert_found(&x, "L’élève", false, "0");
    assert_found(&x, "seance", false, "0");
    assert_found(&x, "seancess", false, "");
    assert_found(&x, "rêve coeur", false, "0");
    assert_found(&x, "rêve titre", false, "");
    assert_found(&x, "titre coeur", false, "2");
    en_search_free(x.s);
}

static void a_phrase_is_found_anywhere_and_across_lines(void **state)
{
    struct index x;

    (void)state;
    open_index(&x);
    add(&x, 0, "", "and so\n\nto  bed");
    add(&x, 1, "", "and so, to bed");
    add(&x, 2, "and so", "to bed");
    assert_found(&x, "and so to bed", true, "0");
    assert_found(&x, "\"and so to bed\"", false, "0");
    assert_found(&x, "“And so” bed", false, "0 1 2");
    assert_found(&x, "«\xc2\xa0so to\xc2\xa0»", false, "0");
    assert_found(&x, "nd so", true, "0 1 2");
    assert_found(&x, "nd so", false, "");
    assert_found(&x, "so,", true, "1");
    assert_found(&x, "\"to bed", false, "0 1 2"); /* never closed */
    assert_found(&x, "\"\" to", false, "0 1 2");
    /* In an exact query quotation marks are characters like others. */
    assert_found(&x, "\"to bed\"", true, "");
    en_search_free(x.s);
}

static void signs_are_looked_for_as_they_are(void **state)
{
    struct index x;

    (void)state;
    open_index(&x);
    add(&x, 0, "", "Fleet-street, 14h30 (lundi)");
    add(&x, 1, "", "fleet street; bonjour !");
    add(&x, 2, "", "Le C++ 😀 et #bilan");
    add(&x, 3, "", "10,000 pas");
    assert_found(&x, "fleet-street", false, "0");
    assert_found(&x, "fleet–stre", false, "0"); /* every dash is one */
    assert_found(&x, "fleet street", false, "0 1");
    assert_found(&x, "leet-street", false, "");
    assert_found(&x, "!", false, "1");
    assert_found(&x, "bonjour !", false, "1");
    assert_found(&x, "(lundi", false, "0");
    assert_found(&x, "lundi)", false, "0");
    assert_found(&x, "c++", false, "2");
    assert_found(&x, "c+++", false, "");
    assert_found(&x, "😀", false, "2");
    assert_found(&x, "#bil", false, "2");
    assert_found(&x, "10,0", false, "3");
    assert_found(&x, "0,000", false, "");
    assert_found(&x, "14h", false, "0");
    en_search_free(x.s);
}

static void no_query_is_wrong_and_an_empty_one_finds_nothing(void **state)
{
    static const char *const query[] = {"",   " ",   "'",  "’ ’",   "\"\"",
                                        "\"", "« »", "\n", "\"'\"x"};
    static char long_query[EN_QUERY_MAX + 2];
    struct en_query *q = NULL;
    struct index x;

    (void)state;
    open_index(&x);
    add(&x, 0, "", "it's a \"word\" AND (NOT) x* OR -y");
    for (size_t i = 0; i + 1 < sizeof(query) / sizeof(query[0]); i++) {
        assert_ok(en_query_parse(en_span_str(query[i]), false, &q));
        assert_true(en_query_empty(q));
        en_query_free(q);
        assert_found(&x, query[i], false, "");
    }
    assert_found(&x, "NOT", false, "0");
    assert_found(&x, "x*", false, "0");
    assert_found(&x, "-y", false, "0");
    assert_found(&x, "AND zzz", false, "");
    assert_found(&x, "s", false, "0"); /* it's: split where queries are */
    assert_found(&x, "'", true, "0");
    assert_err(en_query_parse(en_span_str("a\xff"), false, &q), EN_RANGE);
    assert_err(en_query_parse(en_span_str("a\xff"), true, &q), EN_RANGE);
    memset(long_query, 'a', EN_QUERY_MAX + 1);
    assert_err(en_query_parse(en_span_str(long_query), false, &q), EN_RANGE);
    long_query[EN_QUERY_MAX] = '\0';
    assert_found(&x, long_query, false, "");
    en_query_free(NULL);
    en_search_free(x.s);
    en_search_free(NULL);
}

/* 512 words of one letter each, the most a query can hold. */
static void every_word_of_a_long_query_is_required(void **state)
{
    char query[EN_QUERY_MAX + 1];
    struct index x;

    (void)state;
    open_index(&x);
    add(&x, 0, "", "a b");
    add(&x, 1, "", "a");
    for (size_t i = 0; i < EN_QUERY_MAX; i++)
        query[i] = i % 2 == 1 ? ' ' : 'a';
    query[EN_QUERY_MAX] = '\0';
    assert_found(&x, query, false, "0 1");
    query[EN_QUERY_MAX - 2] = 'b';
    assert_found(&x, query, false, "0");
    en_search_free(x.s);
}

static void a_word_longer_than_the_vocabulary_keeps_is_still_found(void **state)
{
    char word[201];
    char query[201];
    struct index x;

    (void)state;
    memset(word, 'm', 200);
    word[200] = '\0';
    open_index(&x);
    add(&x, 0, "", word);
    add(&x, 1, "", "mm mmmm");
    memcpy(query, word, sizeof(query));
    assert_found(&x, query, false, "0");
    query[64] = '\0';
    assert_found(&x, query, false, "0");
    query[63] = '\0';
    assert_found(&x, query, false, "0");
    memcpy(query, word, sizeof(query));
    query[150] = 'n';
    assert_found(&x, query, false, "");
    query[64] = 'n';
    query[65] = '\0';
    assert_found(&x, query, false, "");
    en_search_free(x.s);
    /* Letters of three bytes: the key ends between two of them. */
    open_index(&x);
    add(&x, 0, "",
        "日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語");
    assert_found(&x, "日本語日本語日本語日本語日本語日本語日本語", false, "0");
    assert_found(&x, "日本語日本語日本語日本語日本語日本語日本語日", false,
                 "0");
    assert_found(&x, "日本語日本語日本語日本語日本語日本語日本語語", false, "");
    en_search_free(x.s);
}

static void
what_was_removed_is_not_found_and_its_number_serves_again(void **state)
{
    struct index x;

    (void)state;
    open_index(&x);
    for (uint32_t i = 0; i < 100; i++)
        add(&x, i, "", i % 2 == 0 ? "pair zeugma" : "impair");
    for (uint32_t i = 0; i < 100; i += 2) {
        en_search_remove(x.s, i);
        x.in[i] = false;
    }
    assert_found(&x, "zeugma", false, "");
    add(&x, 4, "", "zeugma encore");
    assert_found(&x, "zeugma", false, "4");
    assert_found(&x, "impair", true,
                 "1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35 37 39 41 43 "
                 "45 47 49 51 53 55 57 59 61 63 65 67 69 71 73 75 77 79 81 83 "
                 "85 87 89 91 93 95 97 99");
    assert_ok(en_search_purge(x.s));
    assert_found(&x, "zeugma", false, "4");
    assert_found(&x, "pair", false, "");
    assert_ok(en_search_purge(x.s)); /* nothing more to do */
    add(&x, 6, "", "pair");
    assert_found(&x, "pair", false, "6");
    assert_found(&x, "imp zzz", false, "");
    en_search_free(x.s);
}

/* The vocabulary is as long as it was before the word came. */
static void a_purge_leaves_no_word_of_what_was_removed(void **state)
{
    struct index x;
    size_t before;

    (void)state;
    open_index(&x);
    add(&x, 0, "", "palindrome");
    before = en_search_memory(x.s);
    add(&x, 1, "", "zeugma");
    en_search_remove(x.s, 1);
    x.in[1] = false;
    assert_ok(en_search_purge(x.s));
    assert_true(en_search_memory(x.s) <= before + 64);
    assert_found(&x, "zeugma", false, "");
    assert_found(&x, "palin", false, "0");
    en_search_free(x.s);
}

struct outside {
    struct kept doc[4];
    size_t asked;
    en_err answer;
};

static en_err give_text(void *user, uint32_t doc, struct en_buf *title,
                        struct en_buf *text)
{
    struct outside *o = user;

    o->asked++;
    if (o->answer != EN_OK)
        return o->answer;
    assert_ok(en_buf_add_str(title, o->doc[doc].title));
    return en_buf_add_str(text, o->doc[doc].text);
}

static en_err count(void *user, uint32_t doc)
{
    (void)doc;
    ++*(size_t *)user;
    return EN_OK;
}

static size_t hits(struct en_search *s, const char *query, en_err expect)
{
    struct en_query *q = NULL;
    size_t n = 0;

    assert_ok(en_query_parse(en_span_str(query), false, &q));
    assert_err(en_search_run(s, q, count, &n), expect);
    en_query_free(q);
    return n;
}

/* Beyond EN_SEARCH_KEEP a phrase asks for the text again, a word does not. */
static void a_text_that_was_not_kept_is_asked_for_by_phrases_only(void **state)
{
    struct outside o = {.doc = {{"", ""}, {"t", "the last words"}}};
    struct en_search_source source = {give_text, &o, 1};
    struct en_search *s = NULL;
    size_t n = EN_SEARCH_KEEP - 1;
    char *big = malloc(n);

    (void)state;
    assert_non_null(big);
    memset(big, ' ', n);
    for (size_t i = 0; i < n; i++)
        big[i] = i % 2 == 0 ? 'a' : '.';
    assert_ok(en_search_new(&source, &s));
    assert_ok(en_search_add(s, 0, EN_SPAN(NULL, 0),
                            EN_SPAN((const uint8_t *)big, n)));
    assert_ok(
        en_search_add(s, 1, en_span_str("t"), en_span_str("the last words")));
    assert_int_equal(hits(s, "last the", EN_OK), 1);
    assert_int_equal(o.asked, 0);
    assert_int_equal(hits(s, "\"last words\"", EN_OK), 1);
    assert_int_equal(o.asked, 1);
    assert_int_equal(hits(s, "\"t the\"", EN_OK), 0); /* title and text */
    o.answer = EN_NO_KEY;
    assert_int_equal(hits(s, "\"last words\"", EN_OK), 0);
    o.answer = EN_IO;
    assert_int_equal(hits(s, "\"last words\"", EN_IO), 0);
    en_search_free(s);
    free(big);
}

static en_err stop_at_two(void *user, uint32_t doc)
{
    (void)doc;
    return ++*(size_t *)user == 2 ? EN_CLOSED : EN_OK;
}

static void a_caller_may_stop_the_answers(void **state)
{
    struct en_query *q = NULL;
    struct index x;
    size_t n = 0;

    (void)state;
    open_index(&x);
    for (uint32_t i = 0; i < 70; i++)
        add(&x, i, "", "mot");
    assert_ok(en_query_parse(en_span_str("mot"), false, &q));
    assert_ok(en_search_run(x.s, q, stop_at_two, &n));
    assert_int_equal(n, 2);
    en_query_free(q);
    en_search_free(x.s);
}

static void text_that_is_no_utf8_is_refused_and_changes_nothing(void **state)
{
    struct index x;

    (void)state;
    open_index(&x);
    add(&x, 0, "", "mot");
    assert_err(en_search_add(x.s, 1, en_span_str("t"), en_span_str("mot\xff")),
               EN_RANGE);
    assert_found(&x, "mot", false, "0");
    add(&x, 1, "t", "mot");
    assert_found(&x, "mot", false, "0 1");
    en_search_free(x.s);
}

static void assert_located(const char *query, const char *text,
                           const char *expect)
{
    struct en_query *q = NULL;
    size_t from = 0;
    size_t to = 0;

    assert_ok(en_query_parse(en_span_str(query), false, &q));
    if (expect == NULL) {
        assert_err(en_query_locate(q, en_span_str(text), &from, &to),
                   EN_ABSENT);
    } else {
        assert_ok(en_query_locate(q, en_span_str(text), &from, &to));
        assert_span(EN_SPAN((const uint8_t *)text + from, to - from), expect);
    }
    en_query_free(q);
}

static void a_match_is_located_in_whole_characters(void **state)
{
    (void)state;
    assert_located("coeur", "Mon cœur.", "cœur");
    assert_located("coe", "Mon cœur.", "cœ");
    assert_located("co", "Mon cœur.", "cœ"); /* never half a letter */
    assert_located("ete", "l’e\xcc\x81te\xcc\x81.", "e\xcc\x81te\xcc\x81");
    assert_located("l'ete", "l’été", "été"); /* the longest term */
    assert_located("\"so to\"", "and so\n\n to bed", "so\n\n to");
    assert_located("le jardin", "le chat du jardin", "jardin");
    assert_located("le jardin", "le chat", "le");
    assert_located("x", "le chat", NULL);
    assert_located("", "le chat", NULL);
    assert_located("hat", "le chat", NULL);
}

/*
 * A slow reference: the rule of PRODUCT 6.1, character by character, on text that
 * base/text.h folded.
 */
static bool ref_starts(struct en_span t, size_t i)
{
    struct en_span before = EN_SPAN(t.p, i);
    int32_t last = -1;
    int32_t cp;

    while ((cp = en_text_next(&before)) >= 0)
        last = cp;
    return last < 0 || !en_text_is_alnum(last);
}

static bool ref_word(struct en_span t, struct en_span w)
{
    struct en_span first = w;
    bool sign = !en_text_is_alnum(en_text_next(&first));

    for (size_t i = 0; i + w.n <= t.n; i++) {
        if (memcmp(t.p + i, w.p, w.n) == 0 && (sign || ref_starts(t, i)))
            return true;
    }
    return false;
}

static bool ref_matches(const char *query, const char *text)
{
    struct en_buf q = {0};
    struct en_buf t = {0};
    size_t start = 0;
    size_t words = 0;
    bool yes = true;

    assert_ok(en_text_fold(en_span_str(query), &q));
    assert_ok(en_text_fold(en_span_str(text), &t));
    for (size_t i = 0; i <= q.n; i++) {
        if (i < q.n && q.p[i] != ' ' && q.p[i] != '\'')
            continue;
        if (i > start) {
            words++;
            yes = yes &&
                  ref_word(en_buf_span(&t), EN_SPAN(q.p + start, i - start));
        }
        start = i + 1;
    }
    en_buf_free(&q);
    en_buf_free(&t);
    return yes && words > 0;
}

static void random_words(struct en_rng *rng, uint32_t most, char *out)
{
    static const char *const part[] = {
        "a",  "b", "ab", "é",  "É", "œ", " ", " ",  "’",
        "-",  "—", ",",  "1",  "ß", "ﬁ", "٣", "日", "e\xcc\x81",
        "\n", "😀", "ba", "A'", "²", ".", "ſ"};
    uint32_t n = en_rng_below(rng, most) + 1;

    out[0] = '\0';
    for (uint32_t i = 0; i < n; i++)
        strcat(out, part[en_rng_below(rng, sizeof(part) / sizeof(part[0]))]);
}

static void search_agrees_with_a_slow_reading_of_every_text(void **state)
{
    uint64_t seed = 20270428;
    struct en_rng_seeded rng;
    static char text[40][128];
    size_t found = 0;

    (void)state;
    print_message("# seed %llu\n", (unsigned long long)seed);
    en_rng_seed(&rng, seed);
    for (int round = 0; round < 60; round++) {
        struct index x;

        open_index(&x);
        for (uint32_t i = 0; i < 40; i++) {
            random_words(&rng.rng, 16, text[i]);
            add(&x, i, "", text[i]);
        }
        for (uint32_t i = 0; i < 40; i++) {
            if (en_rng_below(&rng.rng, 4) > 0)
                continue;
            en_search_remove(x.s, i);
            x.in[i] = false;
        }
        if (round % 2 == 0)
            assert_ok(en_search_purge(x.s));
        for (int k = 0; k < 40; k++) {
            char query[64];
            char expect[256] = "";

            random_words(&rng.rng, 5, query);
            for (uint32_t i = 0; i < 40; i++) {
                char one[8];

                if (!x.in[i] || !ref_matches(query, text[i]))
                    continue;
                (void)snprintf(one, sizeof(one), expect[0] ? " %u" : "%u", i);
                strcat(expect, one);
                found++;
            }
            assert_found(&x, query, false, expect);
        }
        en_search_free(x.s);
    }
    assert_true(found > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_at_their_start_without_accents),
        cmocka_unit_test(a_phrase_is_found_anywhere_and_across_lines),
        cmocka_unit_test(signs_are_looked_for_as_they_are),
        cmocka_unit_test(no_query_is_wrong_and_an_empty_one_finds_nothing),
        cmocka_unit_test(every_word_of_a_long_query_is_required),
        cmocka_unit_test(
            a_word_longer_than_the_vocabulary_keeps_is_still_found),
        cmocka_unit_test(
            what_was_removed_is_not_found_and_its_number_serves_again),
        cmocka_unit_test(a_purge_leaves_no_word_of_what_was_removed),
        cmocka_unit_test(a_text_that_was_not_kept_is_asked_for_by_phrases_only),
        cmocka_unit_test(a_caller_may_stop_the_answers),
        cmocka_unit_test(text_that_is_no_utf8_is_refused_and_changes_nothing),
        cmocka_unit_test(a_match_is_located_in_whole_characters),
        cmocka_unit_test(search_agrees_with_a_slow_reading_of_every_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
