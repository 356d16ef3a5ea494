/*
 * diary_test.c - two real diaries through the book and its search.
 *
 * What is expected was counted by tests/data/diaries/answers.py, which shares
 * nothing with the program. "start" is what search finds: words at their start;
 * "token" is the same question for whole words only, counted here beside it.
 */
#include "base/text.h"
#include "cli/json.h"
#include "lib/things.h"
#include "lib/vec.h"

#include <time.h>

struct diary {
    struct shelf shelf;
    struct en_book *book;
};

static struct diary pepys;
static struct diary delacroix;

static void read_day(struct en_span s, struct en_when *when)
{
    int y = 0;
    unsigned m = 0;
    unsigned d = 0;
    char text[11];

    assert_int_equal(s.n, 10);
    memcpy(text, s.p, 10);
    text[10] = '\0';
    assert_int_equal(sscanf(text, "%4d-%2u-%2u", &y, &m, &d), 3);
    *when = on_day(y, m, d);
}

static void add_line(struct diary *d, struct en_span line)
{
    struct en_buf date = {0};
    struct en_buf text = {0};
    struct en_buf clean = {0};
    struct en_content c = entry_of((uint32_t)d->shelf.n, "");
    struct en_json v;
    size_t dropped = 99;

    assert_ok(en_json_read(line, &v, NULL));
    assert_ok(en_json_str(en_json_get(v, "date"), &date));
    assert_ok(en_json_str(en_json_get(v, "text"), &text));
    assert_ok(
        en_entry_clean(en_buf_span(&text), false, &clean, &dropped, NULL));
    assert_int_equal(dropped, 0);
    read_day(en_buf_span(&date), &c.u.entry.when);
    c.u.entry.text = en_buf_span(&clean);
    c.u.entry.importer = en_span_str("jsonl");
    add_record(d->book, &d->shelf, shelve(&d->shelf, &c, HOME, ME));
    en_buf_free(&date);
    en_buf_free(&text);
    en_buf_free(&clean);
}

static void open_diary(struct diary *d, const char *path)
{
    struct en_buf file = {0};
    size_t start = 0;

    d->book = book_of(&d->shelf, true, true);
    vec_file(path, &file);
    for (size_t i = 0; i < file.n; i++) {
        if (file.p[i] != '\n')
            continue;
        add_line(d, EN_SPAN(file.p + start, i - start));
        start = i + 1;
    }
    assert_int_equal(start, file.n);
    en_buf_free(&file);
}

static int open_both(void **state)
{
    (void)state;
    open_diary(&pepys, "data/diaries/pepys-en.jsonl");
    open_diary(&delacroix, "data/diaries/delacroix-fr.jsonl");
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    en_book_free(pepys.book);
    en_book_free(delacroix.book);
    shelf_free(&pepys.shelf);
    shelf_free(&delacroix.shelf);
    return 0;
}

static en_err count_row(void *user, const struct en_view_entry *row)
{
    (void)row;
    ++*(size_t *)user;
    return EN_OK;
}

static size_t found(struct diary *d, const char *query, bool exact)
{
    struct en_filter f = {0};
    size_t rows = 0;
    size_t hits = 0;

    assert_ok(en_book_search(d->book, en_span_str(query), exact, &f, count_row,
                             &rows, &hits));
    assert_int_equal(rows, hits);
    return hits;
}

/* Whether the folded text holds the word as a whole token. */
static bool has_token(struct en_span folded, const char *word)
{
    size_t n = strlen(word);
    size_t start = 0;

    while (start < folded.n) {
        struct en_span left = EN_SPAN(folded.p + start, folded.n - start);
        size_t end = start;

        while (left.n > 0 && en_text_is_alnum(en_text_next(&left)))
            end = folded.n - left.n;
        if (end - start == n && memcmp(folded.p + start, word, n) == 0)
            return true;
        left = EN_SPAN(folded.p + end, folded.n - end);
        start = left.n > 0 && en_text_next(&left) >= 0 ? folded.n - left.n
                                                       : folded.n;
    }
    return false;
}

struct token_count {
    struct diary *d;
    const char *word;
    size_t n;
};

static en_err count_token(void *user, const struct en_view_entry *row)
{
    struct token_count *t = user;
    struct en_buf bytes = {0};
    struct en_buf folded = {0};
    struct en_content *c = malloc(sizeof(*c));

    assert_non_null(c);
    assert_ok(en_book_content(t->d->book, &row->shown, &bytes, c));
    assert_ok(en_text_fold(c->u.entry.text, &folded));
    t->n += has_token(en_buf_span(&folded), t->word);
    en_buf_free(&bytes);
    en_buf_free(&folded);
    free(c);
    return EN_OK;
}

static size_t tokens(struct diary *d, const char *word)
{
    struct token_count t = {.d = d, .word = word};
    struct en_filter f = {0};

    assert_ok(en_book_list(d->book, &f, count_token, &t));
    return t.n;
}

static size_t listed(struct diary *d, const struct en_filter *f)
{
    size_t n = 0;

    assert_ok(en_book_list(d->book, f, count_row, &n));
    return n;
}

static size_t on(struct diary *d, unsigned month, unsigned day)
{
    struct en_filter f = {.day = day_of(2027, month, day)};

    /* 29 February is asked for in a year that has one. */
    if (month == 2 && day == 29)
        f.day.year = 2028;
    return listed(d, &f);
}

static void every_entry_of_both_diaries_is_listed(void **state)
{
    struct en_filter f = {0};

    (void)state;
    assert_int_equal(listed(&pepys, &f), 3413);
    assert_int_equal(listed(&delacroix, &f), 1429);
}

static void words_of_pepys_are_found_at_their_start(void **state)
{
    (void)state;
    assert_int_equal(found(&pepys, "plague", false), 149);
    assert_int_equal(tokens(&pepys, "plague"), 148);
    assert_int_equal(found(&pepys, "dined", false), 1290);
    assert_int_equal(tokens(&pepys, "dined"), 1290);
    assert_int_equal(found(&pepys, "bed", false), 3106);
    assert_int_equal(tokens(&pepys, "bed"), 3093);
    assert_int_equal(found(&pepys, "a", false), 3413);
    assert_int_equal(found(&pepys, "the", false), 3402);
    assert_int_equal(found(&pepys, "10", false), 375);
    assert_int_equal(found(&pepys, "fire london", false), 29);
    assert_int_equal(found(&pepys, "LONDON  Fire", false), 29);
    assert_int_equal(found(&pepys, "Lord’s day", false), 1406);
    assert_int_equal(found(&pepys, "ague", false) < 207, 1);
}

static void phrases_of_pepys_are_found_anywhere(void **state)
{
    (void)state;
    assert_int_equal(found(&pepys, "and so to bed", true), 401);
    assert_int_equal(found(&pepys, "\"and so to bed\"", false), 401);
    assert_int_equal(found(&pepys, "\"And  so\tto bed", false), 401);
    assert_int_equal(found(&pepys, "plague", true), 149);
    assert_int_equal(found(&pepys, "ague", true), 207);
    assert_int_equal(found(&pepys, "my wife and I", true), 340);
    assert_int_equal(found(&pepys, "up betimes", true), 244);
}

static void words_of_delacroix_are_found_without_their_accents(void **state)
{
    (void)state;
    assert_int_equal(found(&delacroix, "coeur", false), 80);
    assert_int_equal(tokens(&delacroix, "coeur"), 71);
    assert_int_equal(found(&delacroix, "cœur", false), 80);
    assert_int_equal(found(&delacroix, "soeur", false), 22);
    assert_int_equal(tokens(&delacroix, "soeur"), 21);
    assert_int_equal(found(&delacroix, "reve", false), 265);
    assert_int_equal(tokens(&delacroix, "reve"), 5);
    assert_int_equal(found(&delacroix, "rêve", false), 265);
    assert_int_equal(found(&delacroix, "l'eleve", false), 73);
    assert_int_equal(found(&delacroix, "L’ÉLÈVE", false), 73);
    assert_int_equal(found(&delacroix, "ame", false), 142);
    assert_int_equal(tokens(&delacroix, "ame"), 74);
    assert_int_equal(found(&delacroix, "peinture couleur", false), 31);
    assert_int_equal(found(&delacroix, "d'hier", false), 127);
    assert_int_equal(found(&delacroix, "oeuvre", false), 66);
    assert_int_equal(found(&delacroix, "michel-ange", false), 49);
    assert_int_equal(found(&delacroix, "« mon cœur »", false), 15);
    assert_int_equal(found(&delacroix, "la peinture", true), 112);
}

static void a_day_is_found_in_every_year(void **state)
{
    struct en_filter f = {.day = day_of(1664, 9, 2), .years = 2};

    (void)state;
    assert_int_equal(on(&pepys, 9, 2), 9);
    assert_int_equal(on(&pepys, 2, 29), 3);
    assert_int_equal(on(&pepys, 1, 1), 10);
    assert_int_equal(on(&delacroix, 9, 3), 6);
    assert_int_equal(on(&delacroix, 4, 26), 6);
    /* Other years: not the one that is asked from; 1662, 1663, 1665, 1666. */
    assert_int_equal(listed(&pepys, &f), 4);
}

static void a_year_is_listed_by_its_days(void **state)
{
    struct en_filter f = {.from = day_of(1853, 1, 1),
                          .to = day_of(1853, 12, 31)};

    (void)state;
    assert_int_equal(listed(&delacroix, &f), 132);
    f = (struct en_filter){.from = day_of(1665, 1, 1),
                           .to = day_of(1665, 12, 31)};
    assert_int_equal(listed(&pepys, &f), 365);
}

struct newest {
    int32_t last;
    size_t n;
};

static en_err falls(void *user, const struct en_view_entry *row)
{
    struct newest *w = user;
    int32_t day = en_day_number(en_when_day(&row->when));

    assert_true(w->n == 0 || day <= w->last);
    w->last = day;
    w->n++;
    return EN_OK;
}

static void what_is_found_comes_newest_first(void **state)
{
    struct en_filter f = {0};
    struct newest w = {0};

    (void)state;
    assert_ok(en_book_search(pepys.book, en_span_str("plague"), false, &f,
                             falls, &w, NULL));
    assert_int_equal(w.n, 149);
}

struct excerpts {
    struct diary *d;
    const char *query;
    size_t n;
};

/* The match, folded, is what was asked for, and lies within the excerpt. */
static en_err has_excerpt(void *user, const struct en_view_entry *row)
{
    struct excerpts *x = user;
    struct en_buf text = {0};
    struct en_buf folded = {0};
    struct en_excerpt e;
    struct en_span s;

    assert_ok(en_book_excerpt(x->d->book, row, en_span_str(x->query), false, 60,
                              &text, &e));
    assert_true(e.from <= e.match_from && e.match_from < e.match_to);
    assert_true(e.match_to <= e.to && e.to <= text.n);
    s = EN_SPAN(text.p + e.from, e.to - e.from);
    assert_true(en_text_valid(s));
    assert_true(en_text_width(s) <= 60);
    assert_int_equal(e.before, e.from > 0);
    assert_int_equal(e.after, e.to < text.n);
    s = EN_SPAN(text.p + e.match_from, e.match_to - e.match_from);
    assert_ok(en_text_fold(s, &folded));
    assert_span(en_buf_span(&folded), x->query);
    x->n++;
    en_buf_free(&folded);
    en_buf_free(&text);
    return EN_OK;
}

static void every_excerpt_shows_the_word_that_was_asked_for(void **state)
{
    struct excerpts x = {.d = &delacroix, .query = "coeur"};
    struct en_filter f = {0};

    (void)state;
    assert_ok(en_book_search(delacroix.book, en_span_str("coeur"), false, &f,
                             has_excerpt, &x, NULL));
    assert_int_equal(x.n, 80);
    x = (struct excerpts){.d = &pepys, .query = "plague"};
    assert_ok(en_book_search(pepys.book, en_span_str("plague"), false, &f,
                             has_excerpt, &x, NULL));
    assert_int_equal(x.n, 149);
}

/* One source and a second reading of it: everything is there already. */
static en_err of_source(void *user, const struct en_view_entry *row)
{
    struct diary *d = user;
    struct en_buf bytes = {0};
    struct en_content *c = malloc(sizeof(*c));
    struct en_view_entry again;

    assert_non_null(c);
    assert_ok(en_book_content(d->book, &row->shown, &bytes, c));
    assert_ok(en_book_of_source(d->book, en_span_str("jsonl"), EN_SPAN(NULL, 0),
                                &c->u.entry.when, c->u.entry.text, &again));
    assert_true(en_id_eq(&again.shown, &row->shown));
    c->u.entry.text.n--;
    assert_err(en_book_of_source(d->book, en_span_str("jsonl"),
                                 EN_SPAN(NULL, 0), &c->u.entry.when,
                                 c->u.entry.text, &again),
               EN_ABSENT);
    en_buf_free(&bytes);
    free(c);
    return EN_OK;
}

static void each_entry_is_known_again_by_its_source(void **state)
{
    struct en_filter f = {0};

    (void)state;
    assert_ok(en_book_list(delacroix.book, &f, of_source, &delacroix));
}

static double cpu_ms(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Figures for docs, never judged. */
static void figures_are_printed(void **state)
{
    static const char *const query[] = {"plague", "a",     "the and of",
                                        "zzz",    "e o i", "\"so to bed\"",
                                        "\"e\"",  "!"};
    struct en_book *b = book_of(&pepys.shelf, true, true);
    double start = cpu_ms();

    (void)state;
    add_all(b, &pepys.shelf);
    print_message("# pepys added and indexed: %.0f ms\n", cpu_ms() - start);
    start = cpu_ms();
    assert_ok(en_book_index(b));
    print_message("# folded and sorted: %.1f ms\n", cpu_ms() - start);
    for (size_t i = 0; i < sizeof(query) / sizeof(query[0]); i++) {
        struct en_filter f = {0};
        size_t rows = 0;
        size_t hits = 0;

        start = cpu_ms();
        assert_ok(en_book_search(b, en_span_str(query[i]), false, &f, count_row,
                                 &rows, &hits));
        print_message("# %s: %zu hits, %.2f ms\n", query[i], hits,
                      cpu_ms() - start);
    }
    print_message("# memory: %.1f MB\n", (double)en_book_memory(b) / 1e6);
    en_book_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_of_both_diaries_is_listed),
        cmocka_unit_test(words_of_pepys_are_found_at_their_start),
        cmocka_unit_test(phrases_of_pepys_are_found_anywhere),
        cmocka_unit_test(words_of_delacroix_are_found_without_their_accents),
        cmocka_unit_test(a_day_is_found_in_every_year),
        cmocka_unit_test(a_year_is_listed_by_its_days),
        cmocka_unit_test(what_is_found_comes_newest_first),
        cmocka_unit_test(every_excerpt_shows_the_word_that_was_asked_for),
        cmocka_unit_test(each_entry_is_known_again_by_its_source),
        cmocka_unit_test(figures_are_printed),
    };

    return cmocka_run_group_tests(tests, open_both, close_both);
}
