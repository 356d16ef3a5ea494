/*
 * journal_test.c - the codec, the book and its search when memory is refused: the
 * call says so, and asked again it gives what it would have given.
 */
#include "journal/search.h"
#include "lib/things.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static long left = -1; /* allocations until one fails; -1: none does */
static long asked;

static bool refused(void)
{
    asked++;
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t n)
{
    return refused() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return refused() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return refused() ? NULL : __real_realloc(p, n);
}

/* One call, again if it was refused memory; anything else is a failure. */
#define INSIST(call)                                                           \
    do {                                                                       \
        en_err err_ = (call);                                                  \
                                                                               \
        if (err_ == EN_NOMEM)                                                  \
            err_ = (call);                                                     \
        assert_int_equal(err_, EN_OK);                                         \
    } while (0)

static char seen[4096]; /* of no allocation */

static en_err note(void *user, const struct en_view_entry *row)
{
    size_t n = strlen(seen);

    (void)user;
    (void)snprintf(seen + n, sizeof(seen) - n, "%.5s%c%u%u/%u %.*s\n",
                   row->letters, row->deleted ? '-' : '+', row->heads,
                   row->shares, row->versions, (int)row->words.n,
                   (const char *)row->words.p);
    return EN_OK;
}

static en_err note_change(void *user, const struct en_change *c,
                          const struct en_view_entry *row)
{
    (void)c;
    return note(user, row);
}

static bool nothing_seen(void *user, const struct en_id *record)
{
    (void)user;
    (void)record;
    return false;
}

static void fill(struct shelf *s)
{
    struct en_content c;

    for (uint32_t i = 0; i < 70; i++) {
        char text[64];

        (void)snprintf(text, sizeof(text), "note %u, l’été de Zoé x%ux", i,
                       i * 7919);
        c = entry_of(i, text);
        c.u.entry.importer = en_span_str("jsonl");
        (void)shelve(s, &c, HOME, ME);
    }
    for (uint32_t i = 0; i < 3; i++) {
        c = entry_of(5, "edited elsewhere");
        c.time_ms += i;
        replaces(&c, 5);
        (void)shelve(s, &c, HOME, ME);
    }
    c = share_of(200, "shared words");
    (void)shelve(s, &c, GROUP, ME_TOO);
    c = link_of(201, 200, GROUP, 7, 7);
    (void)shelve(s, &c, HOME, ME);
    c = share_of(202, "words of Luc");
    (void)shelve(s, &c, GROUP, LUC);
}

/* All reads restart what they noted when they are asked again. */
#define READ(call)                                                             \
    do {                                                                       \
        size_t n_ = strlen(seen);                                              \
                                                                               \
        INSIST((seen[n_] = '\0', (call)));                                     \
    } while (0)

static void live(struct shelf *s, bool load, bool index)
{
    struct en_book_source source = {
        .load = load ? shelf_load : NULL, .user = s, .index = index, .seed = 7};
    struct en_id home = circle_id(HOME);
    struct en_id group = circle_id(GROUP);
    struct en_id16 me = person_id(ME);
    struct en_id16 too = person_id(ME_TOO);
    struct en_filter all = {.limit = 8};
    struct en_filter tag = {.tag = en_span_str("x")};
    struct en_book *b = NULL;
    struct en_buf text = {0};
    struct en_excerpt e;
    struct en_view_entry row;
    struct en_when day = on_day(2027, 4, 28);
    struct en_counts n;

    seen[0] = '\0';
    INSIST(en_book_new(&source, &b));
    INSIST(en_book_me(b, &home, &me, true));
    INSIST(en_book_me(b, &group, &too, false));
    for (uint32_t i = 0; i < s->n; i++)
        INSIST(en_book_add(b, &s->v[i].item));
    READ(en_book_list(b, &all, note, NULL));
    READ(en_book_list(b, &tag, note, NULL));
    READ(en_book_search(b, en_span_str("ete zoe"), false, &all, note, NULL,
                        NULL));
    READ(en_book_search(b, en_span_str("\"note 3\""), false, &all, note, NULL,
                        NULL));
    READ(en_book_news(b, nothing_seen, note, NULL));
    READ(en_book_changes(b, note_change, NULL));
    INSIST(en_book_of_source(b, en_span_str("jsonl"), EN_SPAN(NULL, 0), &day,
                             en_span_str("note 3, l’été de Zoé x23757x"),
                             &row));
    INSIST(en_book_excerpt(b, &row, en_span_str("ete"), false, 40, &text, &e));
    assert_span(EN_SPAN(text.p + e.match_from, e.match_to - e.match_from),
                "été");
    INSIST(en_book_drop(b, &group, &s->v[75].item.record));
    READ(en_book_list(b, &all, note, NULL));
    en_book_remove_circle(b, &group);
    INSIST(en_book_count(b, NULL, &n));
    assert_int_equal(n.entries, 70);
    en_buf_free(&text);
    en_book_free(b);
}

static void a_book_short_of_memory_once_says_so_and_goes_on(void **state)
{
    struct shelf s = {0};
    char expect[sizeof(seen)];

    (void)state;
    fill(&s);
    for (int way = 0; way < 3; way++) {
        long total;

        left = -1;
        asked = 0;
        live(&s, way != 2, way == 0);
        total = asked;
        assert_true(total > 200);
        memcpy(expect, seen, sizeof(seen));
        for (long i = 0; i < total; i++) {
            left = i;
            live(&s, way != 2, way == 0);
            left = -1;
            if (strcmp(seen, expect) != 0)
                fail_msg("allocation %ld of way %d: another view", i, way);
        }
    }
    shelf_free(&s);
}

/* Over and over without memory: nothing is half done, nothing leaks. */
static void a_book_without_memory_refuses_every_call(void **state)
{
    struct shelf s = {0};
    struct en_book *b;
    struct en_counts n;

    (void)state;
    fill(&s);
    b = book_of(&s, true, true);
    for (uint32_t i = 0; i < s.n; i++) {
        for (long k = 0;; k++) {
            en_err err;

            left = k;
            err = en_book_add(b, &s.v[i].item);
            left = -1;
            if (err == EN_OK)
                break;
            assert_int_equal(err, EN_NOMEM);
        }
    }
    assert_ok(en_book_count(b, NULL, &n));
    assert_int_equal(n.records, s.n);
    en_book_free(b);
    shelf_free(&s);
}

static void contents_are_as_they_were(void **state)
{
    struct en_content c = entry_of(1, "l’été e");

    (void)state;
    c.u.entry.title = en_span_str("é");
    for (long i = 0;; i++) {
        struct en_buf out = {0};
        struct en_buf clean = {0};
        en_err err;
        en_err err2;

        assert_ok(en_buf_add_str(&out, "kept"));
        left = i;
        err = en_content_encode(&c, &out, NULL);
        left = i;
        err2 = en_entry_clean(c.u.entry.text, false, &clean, NULL, NULL);
        left = -1;
        assert_true(err == EN_OK || err == EN_NOMEM);
        if (err != EN_OK)
            assert_span(en_buf_span(&out), "kept");
        if (err2 == EN_OK)
            assert_span(en_buf_span(&clean), "l’été e");
        else
            assert_int_equal(clean.n, 0);
        en_buf_free(&out);
        en_buf_free(&clean);
        if (err == EN_OK && err2 == EN_OK)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_book_short_of_memory_once_says_so_and_goes_on),
        cmocka_unit_test(a_book_without_memory_refuses_every_call),
        cmocka_unit_test(contents_are_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
