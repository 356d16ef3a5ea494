#include "journal/book.h"

#include "lib/things.h"

/* What a query gave, as letters of ids: names of things, in order. */
struct seen {
    uint32_t number[64]; /* from thing_id */
    size_t n;
    size_t stop; /* answers EN_CLOSED after so many; 0: never */
    struct en_view_entry last;
    struct en_view_entry first;
};

static en_err note(void *user, const struct en_view_entry *row)
{
    struct seen *s = user;

    assert_true(s->n < 64);
    if (s->n == 0)
        s->first = *row;
    s->number[s->n++] = en_get_u32(row->id.b + 12);
    s->last = *row;
    return s->stop > 0 && s->n == s->stop ? EN_CLOSED : EN_OK;
}

static void assert_numbers(const struct seen *s, const char *expect)
{
    char got[512] = "";

    for (size_t i = 0; i < s->n; i++) {
        char one[16];

        (void)snprintf(one, sizeof(one), i > 0 ? " %u" : "%u", s->number[i]);
        strcat(got, one);
    }
    assert_string_equal(got, expect);
}

static void assert_list(struct en_book *b, struct en_filter f,
                        const char *expect)
{
    struct seen s = {0};

    assert_ok(en_book_list(b, &f, note, &s));
    assert_numbers(&s, expect);
}

static void assert_search(struct en_book *b, const char *query,
                          struct en_filter f, const char *expect)
{
    struct seen s = {0};
    size_t hits = 99;

    assert_ok(
        en_book_search(b, en_span_str(query), false, &f, note, &s, &hits));
    assert_numbers(&s, expect);
    if (f.limit == 0)
        assert_int_equal(hits, s.n);
}

/* The row of thing n of a person in a circle. */
static struct en_view_entry row_of(struct en_book *b, uint32_t n,
                                   uint8_t circle, uint8_t person,
                                   uint32_t kind)
{
    struct en_id cid = circle_id(circle);
    struct en_id16 who = person_id(person);
    struct en_id16 id = thing_id(n);
    struct en_view_entry row;

    assert_ok(en_book_get(b, &cid, &who, &id, kind, &row));
    return row;
}

static struct en_view_entry my(struct en_book *b, uint32_t n)
{
    return row_of(b, n, HOME, ME, EN_KIND_ENTRY);
}

#define NO_FILTER ((struct en_filter){0})

/* A revision of entry n with other words. */
static struct en_content edit_of(uint32_t n, const char *text, uint32_t parent,
                                 int64_t later)
{
    struct en_content c = entry_of(n, text);

    c.time_ms += later;
    replaces(&c, parent);
    return c;
}

static struct en_content delete_of(uint32_t n, const char *text,
                                   uint32_t parent, int64_t later)
{
    struct en_content c = edit_of(n, text, parent, later);

    c.u.entry.state = EN_DELETED;
    return c;
}

static void a_row_shows_what_was_written(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_content c = entry_of(1, "Première ligne\n\n  deuxième\tligne\n");
    struct en_view_entry r;

    (void)state;
    c.u.entry.title = en_span_str("Titre");
    c.u.entry.when = at_ms(1808951400000, 120);
    c.u.entry.tags = 1;
    c.u.entry.tag[0] = en_span_str("école");
    c.u.entry.about = thing_id(50);
    c.u.entry.prompt = EN_PROMPT_AFTER;
    c.u.entry.importer = en_span_str("joplin");
    c.u.entry.foreign = en_span_str("abc");
    (void)shelve(&s, &c, HOME, ME);
    s.v[0].item.flags = EN_ITEM_OLD_KEYS;
    add_all(b, &s);
    r = my(b, 1);
    assert_span(r.title, "Titre");
    assert_span(r.words, "Première ligne deuxième ligne");
    assert_false(r.words_cut);
    assert_int_equal(r.text_len, c.u.entry.text.n);
    assert_int_equal(r.lines, 3);
    assert_int_equal(r.when.offset, 120);
    assert_int_equal(r.tags, 1);
    assert_span(r.tag[0], "école");
    assert_true(en_id16_eq(&r.about, &c.u.entry.about));
    assert_int_equal(r.prompt, EN_PROMPT_AFTER);
    assert_span(r.importer, "joplin");
    assert_span(r.foreign, "abc");
    assert_int_equal(r.flags, EN_ITEM_OLD_KEYS);
    assert_true(r.mine);
    assert_false(r.deleted || r.letter || r.hidden || r.twin);
    assert_int_equal(r.heads, 1);
    assert_int_equal(r.versions, 1);
    assert_int_equal(r.version, 1);
    assert_int_equal(r.unique, EN_LETTERS_SHOWN);
    assert_true(en_id_eq(&r.shown, &s.v[0].item.record));
    assert_true(r.time_ms == c.time_ms && r.offset == 120);
    assert_int_equal(s.loads, 0); /* a list asks for no text */
    en_book_free(b);
    shelf_free(&s);
}

static void first_words_are_cut_at_a_grapheme(void **state)
{
    /* 159 bytes, then e with two combining marks: it stays whole or goes. */
    char text[400];
    struct en_buf out = {0};
    bool cut = false;

    (void)state;
    memset(text, 'x', 159);
    strcpy(text + 159, "e\xcc\x81\xcc\xa3 and more");
    assert_ok(en_view_words(en_span_str(text), &out, &cut));
    assert_true(cut);
    assert_int_equal(out.n, 159);
    en_buf_clear(&out);
    strcpy(text + 159, "e more");
    assert_ok(en_view_words(en_span_str(text), &out, &cut));
    assert_true(cut);
    assert_int_equal(out.n, EN_FIRST_WORDS_MAX);
    en_buf_clear(&out);
    /* One letter with a thousand marks: nothing that could be shown of it. */
    {
        struct en_buf zalgo = {0};

        assert_ok(en_buf_add_str(&zalgo, "e"));
        for (int i = 0; i < 1000; i++)
            assert_ok(en_buf_add_str(&zalgo, "\xcc\x81"));
        assert_ok(en_view_words(en_buf_span(&zalgo), &out, &cut));
        assert_true(cut);
        assert_int_equal(out.n, 0);
        en_buf_free(&zalgo);
    }
    assert_ok(en_view_words(en_span_str(" \n\t "), &out, &cut));
    assert_int_equal(out.n, 0);
    assert_false(cut);
    en_buf_free(&out);
}

static void the_same_record_twice_is_one(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_content c = entry_of(1, "once");

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    add_all(b, &s);
    assert_int_equal(my(b, 1).versions, 1);
    assert_search(b, "once", NO_FILTER, "1");
    en_book_free(b);
    shelf_free(&s);
}

static void edits_that_did_not_see_each_other_are_both_kept(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_content c = entry_of(1, "first");
    struct en_view_entry r;
    struct en_id heads[EN_AFTER_MAX];
    size_t n = 0;

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    c = edit_of(1, "second laptop", 0, 20);
    (void)shelve(&s, &c, HOME, ME);
    c = edit_of(1, "second phone", 0, 10);
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    r = my(b, 1);
    assert_int_equal(r.heads, 2);
    assert_int_equal(r.versions, 3);
    assert_int_equal(r.version, 3);
    assert_span(r.words, "second laptop");
    assert_ok(en_book_heads(b, r.thing, heads, &n));
    assert_int_equal(n, 2);
    assert_true(en_id_eq(&heads[0], &s.v[2].item.record));
    assert_true(en_id_eq(&heads[1], &s.v[1].item.record));
    /* Both are found, and the thing once. */
    assert_search(b, "phone", NO_FILTER, "1");
    assert_search(b, "second", NO_FILTER, "1");
    assert_search(b, "first", NO_FILTER, "");

    c = edit_of(1, "merged", 1, 30);
    replaces(&c, 2);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    r = my(b, 1);
    assert_int_equal(r.heads, 1);
    assert_int_equal(r.version, 4);
    assert_search(b, "phone", NO_FILTER, "");
    assert_search(b, "merged", NO_FILTER, "1");
    en_book_free(b);
    shelf_free(&s);
}

static void only_the_latest_eight_of_many_heads_are_named(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_content c = entry_of(1, "first");
    struct en_id heads[EN_AFTER_MAX];
    size_t n = 0;

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    for (uint32_t i = 1; i <= 11; i++) {
        c = edit_of(1, "x", 0, i);
        (void)shelve(&s, &c, HOME, ME);
    }
    add_all(b, &s);
    assert_int_equal(my(b, 1).heads, 11);
    assert_ok(en_book_heads(b, my(b, 1).thing, heads, &n));
    assert_int_equal(n, EN_AFTER_MAX);
    assert_true(en_id_eq(&heads[0], &s.v[4].item.record));
    assert_true(en_id_eq(&heads[7], &s.v[11].item.record));
    en_book_free(b);
    shelf_free(&s);
}

static void a_deletion_hides_and_its_undoing_shows_again(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_filter gone = {.deleted = true};
    struct en_content c = entry_of(1, "words");

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    c = delete_of(1, "words", 0, 1);
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_list(b, NO_FILTER, "");
    assert_list(b, gone, "1");
    assert_search(b, "words", NO_FILTER, "");
    assert_true(my(b, 1).deleted);
    assert_span(my(b, 1).words, "words");

    c = edit_of(1, "words", 1, 2);
    c.u.entry.undoes = record_id(1);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_list(b, NO_FILTER, "1");
    assert_list(b, gone, "");
    assert_search(b, "words", NO_FILTER, "1");
    en_book_free(b);
    shelf_free(&s);
}

static void an_edit_that_had_not_seen_the_deletion_stays_readable(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_filter gone = {.deleted = true};
    struct en_content c = entry_of(1, "words");

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    c = delete_of(1, "words", 0, 50);
    (void)shelve(&s, &c, HOME, ME);
    c = edit_of(1, "more words", 0, 1);
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_list(b, NO_FILTER, "");
    assert_list(b, gone, "1");
    assert_span(my(b, 1).words, "more words");
    assert_search(b, "more", NO_FILTER, "");
    en_book_free(b);
    shelf_free(&s);
}

static void the_same_id_from_another_person_is_another_thing(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_filter shared = {.shared = true};
    struct en_content c = share_of(1, "mine");
    struct en_view_entry r;

    (void)state;
    (void)shelve(&s, &c, GROUP, LUC);
    c = share_of(1, "an impostor's edit");
    c.time_ms += 10;
    replaces(&c, 0);
    (void)shelve(&s, &c, GROUP, CHLOE);
    add_all(b, &s);
    r = row_of(b, 1, GROUP, LUC, EN_KIND_SHARE);
    assert_span(r.words, "mine");
    assert_int_equal(r.versions, 1);
    assert_int_equal(r.heads, 1);
    assert_int_equal(r.unique, EN_LETTERS); /* no letter tells them apart */
    assert_list(b, shared, "1 1");
    en_book_free(b);
    shelf_free(&s);
}

static void nobody_plants_a_note_in_my_private_journal(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_filter all = {.shared = true};
    struct en_content c = entry_of(1, "planted");
    struct en_view_entry r;
    struct en_id cid = circle_id(GROUP);
    struct en_id16 luc = person_id(LUC);
    struct en_id16 id = thing_id(1);

    (void)state;
    (void)shelve(&s, &c, GROUP, LUC);    /* a private kind in a group */
    (void)shelve(&s, &c, GROUP, ME_TOO); /* even under my own name there */
    (void)shelve(&s, &c, HOME, LUC);     /* somebody else at home */
    c = share_of(2, "planted");
    (void)shelve(&s, &c, HOME, ME); /* a share with nobody */
    c = link_of(3, 2, GROUP, 1, 0);
    (void)shelve(&s, &c, GROUP, LUC);
    add_all(b, &s);
    assert_list(b, NO_FILTER, "");
    assert_list(b, all, "");
    assert_search(b, "planted", NO_FILTER, "");
    assert_err(en_book_get(b, &cid, &luc, &id, EN_KIND_ENTRY, &r), EN_ABSENT);
    assert_err(en_book_of_record(b, &s.v[0].item.record, &r), EN_ABSENT);
    en_book_free(b);
    shelf_free(&s);
}

static void lists_come_by_day_newest_first(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_filter f = NO_FILTER;
    struct en_content c;
    struct seen seen = {.stop = 2};

    (void)state;
    c = entry_of(1, "x");
    c.u.entry.when = on_day(2027, 4, 28);
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(2, "x");
    c.u.entry.when = on_day(2026, 4, 28);
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(3, "x"); /* 28 April, half past midnight for its author */
    c.u.entry.when = at_ms(1808865000000, 120);
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(4, "x");
    c.u.entry.when = on_day(2027, 5, 1);
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_list(b, f, "4 3 1 2");
    f.reverse = true;
    assert_list(b, f, "2 1 3 4");
    f.limit = 2;
    assert_list(b, f, "2 1");
    f.reverse = false;
    assert_list(b, f, "4 3");
    f = (struct en_filter){.from = day_of(2027, 4, 28),
                           .to = day_of(2027, 4, 28)};
    assert_list(b, f, "3 1");
    f.to = (struct en_day){0};
    assert_list(b, f, "4 3 1");
    f.from = day_of(2027, 2, 30);
    assert_err(en_book_list(b, &f, note, &seen), EN_RANGE);
    f = NO_FILTER;
    assert_ok(en_book_list(b, &f, note, &seen));
    assert_int_equal(seen.n, 2);
    /* A day moved by an edit moves the row. */
    c = edit_of(4, "x", 3, 5);
    c.u.entry.when = on_day(2020, 1, 1);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_list(b, f, "3 1 2 4");
    en_book_free(b);
    shelf_free(&s);
}

static void this_day_is_found_in_other_years_only(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_filter f = {.day = day_of(2027, 4, 28)};
    static const int year[] = {2027, 2026, 2025, 2020, 2028};

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        struct en_content c = entry_of(i, "x");

        c.u.entry.when = on_day(year[i], 4, i == 2 ? 3 : 28);
        (void)shelve(&s, &c, HOME, ME);
    }
    add_all(b, &s);
    assert_list(b, f, "4 1 3");
    f.month = true;
    assert_list(b, f, "4 1 2 3");
    f.years = 2;
    assert_list(b, f, "4 1 2");
    f.month = false;
    f.years = 1;
    assert_list(b, f, "4 1");
    en_book_free(b);
    shelf_free(&s);
}

static void tags_and_sessions_narrow_a_list(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_filter f = {.tag = en_span_str("ECOLE")};
    struct en_content c = entry_of(1, "x");

    (void)state;
    c.u.entry.tags = 2;
    c.u.entry.tag[0] = en_span_str("bilan");
    c.u.entry.tag[1] = en_span_str("École");
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(2, "x");
    c.u.entry.tags = 1;
    c.u.entry.tag[0] = en_span_str("écoles");
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(3, "x");
    c.u.entry.about = thing_id(77);
    (void)shelve(&s, &c, HOME, ME);
    c = share_of(4, "x");
    (void)shelve(&s, &c, GROUP, LUC);
    s.v[3].item.sid = thing_id(77);
    add_all(b, &s);
    assert_list(b, f, "1");
    f.tag = en_span_str("écoles");
    assert_list(b, f, "2");
    f.tag = en_span_str("\xff");
    assert_err(en_book_list(b, &f, note, NULL), EN_RANGE);
    f = (struct en_filter){.about = thing_id(77)};
    assert_search(b, "x", f, "4 3");
    f.mine = true;
    assert_list(b, f, "3");
    f.about = thing_id(78);
    assert_list(b, f, "");
    en_book_free(b);
    shelf_free(&s);
}

static void a_shared_note_stands_once_with_where_it_went(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_filter shared = {.shared = true};
    struct en_filter gone = {.deleted = true};
    struct en_content c = entry_of(1, "words of mine");
    struct en_view_entry r;
    struct en_view_entry original;

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    c = share_of(2, "words of mine");
    (void)shelve(&s, &c, GROUP, ME_TOO);
    c = link_of(3, 2, GROUP, 1, 0);
    (void)shelve(&s, &c, HOME, ME);
    c = share_of(4, "words of Luc");
    (void)shelve(&s, &c, GROUP, LUC);
    /* The link first, then what it ties together. */
    add_record(b, &s, 2);
    assert_list(b, NO_FILTER, "");
    add_record(b, &s, 1);
    assert_list(b, NO_FILTER, "2");
    add_record(b, &s, 0);
    assert_list(b, NO_FILTER, "1");
    add_record(b, &s, 3);
    assert_search(b, "words", NO_FILTER, "4 1");
    assert_search(b, "words", shared, "4 2 1");
    r = my(b, 1);
    assert_int_equal(r.shares, 1);
    assert_false(r.twin);
    r = row_of(b, 2, GROUP, ME_TOO, EN_KIND_SHARE);
    assert_true(r.twin && r.mine);
    assert_ok(en_book_original(b, r.thing, &original));
    assert_int_equal(en_get_u32(original.id.b + 12), 1);
    r = row_of(b, 4, GROUP, LUC, EN_KIND_SHARE);
    assert_false(r.mine);
    assert_err(en_book_original(b, r.thing, &original), EN_ABSENT);

    /* The original gone, the share stands for itself. */
    c = delete_of(1, "words of mine", 0, 1);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_list(b, NO_FILTER, "4 2");
    assert_list(b, gone, "1");

    /* The share taken back, nothing is left shared. */
    c = share_of(2, "");
    c.u.share.state = EN_DELETED;
    replaces(&c, 1);
    add_record(b, &s, shelve(&s, &c, GROUP, ME_TOO));
    assert_list(b, NO_FILTER, "4");
    assert_int_equal(my(b, 1).shares, 0);
    assert_list(b, gone, "2 1");
    en_book_free(b);
    shelf_free(&s);
}

static en_err note_link(void *user, const struct en_view_link *l)
{
    *(struct en_view_link *)user = *l;
    return EN_OK;
}

static void a_link_says_whether_the_original_has_changed_since(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_content c = entry_of(1, "one\ntwo");
    struct en_view_link l = {0};

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    c = share_of(2, "two");
    (void)shelve(&s, &c, GROUP, ME_TOO);
    c = link_of(3, 2, GROUP, 1, 0);
    c.u.link.line_from = c.u.link.line_to = 2;
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_ok(en_book_links(b, my(b, 1).thing, note_link, &l));
    assert_true(l.live);
    assert_false(l.changed);
    assert_int_equal(l.line_from, 2);
    assert_true(en_id_eq(&l.cid, &s.v[1].item.cid));
    c = edit_of(1, "one\nthree", 0, 1);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_ok(en_book_links(b, my(b, 1).thing, note_link, &l));
    assert_true(l.changed);
    en_book_remove(b, &s.v[1].item.record);
    assert_ok(en_book_links(b, my(b, 1).thing, note_link, &l));
    assert_false(l.live);
    en_book_free(b);
    shelf_free(&s);
}

static void a_closed_letter_shows_no_word_until_its_day(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_filter letters = {.letters = true};
    struct en_filter tag = {.tag = en_span_str("moi")};
    struct en_content c = entry_of(1, "dear me");
    struct en_counts n;
    struct en_view_entry r;

    (void)state;
    c.u.entry.title = en_span_str("To myself");
    c.u.entry.tags = 1;
    c.u.entry.tag[0] = en_span_str("moi");
    c.u.entry.opens = EN_OPENS_DAY;
    c.u.entry.opens_day = day_of(2027, 5, 13);
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(2, "dear group");
    c.u.entry.opens = EN_OPENS_LAST;
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(3, "dear diary");
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    r = my(b, 1);
    assert_true(r.letter && r.hidden);
    assert_int_equal(r.title.n + r.words.n + r.tags, 0);
    assert_search(b, "dear", NO_FILTER, "3");
    assert_list(b, letters, "2 1");
    assert_list(b, tag, "");
    assert_ok(en_book_count(b, NULL, &n));
    assert_int_equal(n.letters, 2);
    assert_int_equal(n.entries, 3);

    en_book_today(b, day_of(2027, 5, 13), false);
    assert_false(my(b, 1).hidden);
    assert_span(my(b, 1).title, "To myself");
    assert_search(b, "dear", NO_FILTER, "3 1");
    assert_list(b, tag, "1");
    en_book_today(b, day_of(2027, 5, 13), true);
    assert_search(b, "dear", NO_FILTER, "3 2 1");
    en_book_today(b, (struct en_day){0}, true); /* no day known: closed */
    assert_search(b, "dear", NO_FILTER, "3 2");
    en_book_free(b);
    shelf_free(&s);
}

static void an_id_is_found_by_any_beginning_that_is_unique(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_view_entry r;
    struct en_why why = {0};
    struct en_content c;

    (void)state;
    c = entry_of(1, "a");
    assert_ok(en_unhex(c.id.b, 16, "00443214c74254b635cf84653a56d7c6"));
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(2, "b");
    assert_ok(en_unhex(c.id.b, 16, "00443214c74254b635cf84653a56d7c7"));
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(3, "c");
    assert_ok(en_unhex(c.id.b, 16, "ff443214c74254b635cf84653a56d7c7"));
    (void)shelve(&s, &c, HOME, ME);
    c = share_of(4, "d"); /* somebody else's, same id as 3 */
    assert_ok(en_unhex(c.id.b, 16, "ff443214c74254b635cf84653a56d7c7"));
    (void)shelve(&s, &c, GROUP, LUC);
    c = entry_of(5, "draft");
    c.kind = EN_KIND_DRAFT;
    assert_ok(en_unhex(c.id.b, 16, "0f443214c74254b635cf84653a56d7c7"));
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);

    assert_err(
        en_book_find(b, en_span_str("0123456789abcdefghjkmnpqr"), &r, &why),
        EN_CHOOSE);
    assert_int_equal(why.reason, EN_WHY_ENTRIES);
    assert_int_equal(why.n, 2);
    assert_string_equal(why.what, "0123456789abcdefghjkmnpqrr "
                                  "0123456789abcdefghjkmnpqrw");
    assert_ok(
        en_book_find(b, en_span_str("0123456789abcdefghjkmnpqrw"), &r, &why));
    assert_span(r.words, "b");
    assert_int_equal(r.unique, EN_LETTERS);
    assert_err(en_book_find(b, en_span_str("oL2"), &r, &why), EN_CHOOSE);
    /* Too short, unknown, no letters of ours, a draft: no entry. */
    assert_err(en_book_find(b, en_span_str("zx"), &r, &why), EN_ABSENT);
    assert_err(en_book_find(b, en_span_str("zzz"), &r, &why), EN_ABSENT);
    assert_string_equal(why.what, "zzz");
    assert_int_equal(why.reason, EN_WHY_NO_ENTRY);
    assert_err(en_book_find(b, en_span_str("no u"), &r, &why), EN_ABSENT);
    assert_err(en_book_find(b, en_span_str("1x43"), &r, &why), EN_ABSENT);
    assert_err(en_book_find(b, EN_SPAN(NULL, 0), &r, &why), EN_ABSENT);
    /* Of equal ids one's own. */
    assert_ok(en_book_find(b, en_span_str("zx2"), &r, NULL));
    assert_true(r.mine);
    en_book_remove(b, &s.v[2].item.record);
    assert_ok(en_book_find(b, en_span_str("zx2"), &r, &why));
    assert_false(r.mine);
    en_book_free(b);
    shelf_free(&s);
}

static void equal_ids_of_two_others_are_for_a_person_to_choose(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_content c = share_of(1, "d");
    struct en_view_entry r;
    char letters[EN_LETTERS + 1];

    (void)state;
    (void)shelve(&s, &c, GROUP, LUC);
    (void)shelve(&s, &c, GROUP, CHLOE);
    add_all(b, &s);
    en_id_letters(&c.id, letters);
    assert_err(en_book_find(b, en_span_str(letters), &r, NULL), EN_CHOOSE);
    en_book_free(b);
    shelf_free(&s);
}

static void many_ids_that_fit_are_listed_as_far_as_there_is_room(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_view_entry r;
    struct en_why why = {0};

    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        struct en_content c = entry_of(i, "x");

        memset(c.id.b, 0, 8);
        en_put_u32(c.id.b + 2, i);
        (void)shelve(&s, &c, HOME, ME);
    }
    add_all(b, &s);
    assert_err(en_book_find(b, en_span_str("000"), &r, &why), EN_CHOOSE);
    assert_int_equal(why.n, 200);
    assert_true(strlen(why.what) < EN_WHY_TEXT_MAX);
    assert_true(strlen(why.what) > EN_WHY_TEXT_MAX - 16);
    en_book_free(b);
    shelf_free(&s);
}

static void a_dropped_record_is_gone_whenever_its_tombstone_comes(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct shelf s = {0};
        struct en_book *b = book_of(&s, true, true);
        struct en_id cid = circle_id(GROUP);
        struct en_filter gone = {.deleted = true};
        struct en_content c = share_of(1, "shared words");
        struct en_view_entry r;

        (void)shelve(&s, &c, GROUP, LUC);
        c = share_of(1, "edited words");
        c.time_ms += 10;
        replaces(&c, 0);
        (void)shelve(&s, &c, GROUP, LUC);
        if (order == 0)
            add_all(b, &s);
        assert_ok(en_book_drop(b, &cid, &s.v[0].item.record));
        add_all(b, &s);
        /* An edit that had not seen the deletion is not shown either. */
        assert_list(b, NO_FILTER, "");
        assert_list(b, gone, "1");
        assert_search(b, "words", NO_FILTER, "");
        assert_err(en_book_of_record(b, &s.v[0].item.record, &r), EN_ABSENT);
        assert_ok(en_book_drop(b, &cid, &s.v[1].item.record));
        assert_list(b, gone, "");
        /* No longer effective: it is there again once it is added again. */
        en_book_undrop(b, &s.v[0].item.record);
        assert_list(b, NO_FILTER, "");
        add_all(b, &s);
        assert_list(b, NO_FILTER, "1");
        assert_search(b, "shared", NO_FILTER, "1");
        en_book_free(b);
        shelf_free(&s);
    }
}

static void a_withdrawn_session_takes_its_words_and_no_others(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, false, true);
    struct en_id cid = circle_id(GROUP);
    struct en_id16 sid = thing_id(99);
    struct en_id16 other = thing_id(98);
    struct en_content c = share_of(1, "zeugma");
    struct en_counts n;

    (void)state;
    (void)shelve(&s, &c, GROUP, LUC);
    s.v[0].item.sid = sid;
    c = share_of(2, "palindrome");
    (void)shelve(&s, &c, GROUP, LUC);
    c = entry_of(3, "about the zeugma");
    c.u.entry.about = sid;
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    en_book_remove_session(b, &cid, &other);
    assert_search(b, "zeugma", NO_FILTER, "3 1");
    en_book_remove_session(b, &cid, &sid);
    assert_search(b, "zeugma", NO_FILTER, "3");
    assert_search(b, "palindrome", NO_FILTER, "2");
    en_book_remove_circle(b, &cid);
    assert_list(b, (struct en_filter){.shared = true}, "");
    assert_list(b, NO_FILTER, "3");
    assert_ok(en_book_count(b, &cid, &n));
    assert_int_equal(n.records, 0);
    en_book_free(b);
    shelf_free(&s);
}

static void records_of_a_newer_version_are_counted_once(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_id cid = circle_id(GROUP);
    struct en_id home = circle_id(HOME);
    struct en_content c = share_of(1, "x");
    struct en_counts n;

    (void)state;
    (void)shelve(&s, &c, GROUP, LUC);
    s.v[0].bytes.p[2] = EN_KIND_ACTION;
    assert_err(en_book_add(b, &s.v[0].item), EN_VERSION);
    assert_err(en_book_add(b, &s.v[0].item), EN_VERSION);
    assert_ok(en_book_count(b, NULL, &n));
    assert_int_equal(n.newer, 1);
    assert_ok(en_book_count(b, &home, &n));
    assert_int_equal(n.newer, 0);
    assert_ok(en_book_drop(b, &cid, &s.v[0].item.record));
    assert_ok(en_book_count(b, NULL, &n));
    assert_int_equal(n.newer, 0);
    en_book_free(b);
    shelf_free(&s);
}

static void broken_or_misplaced_content_is_not_kept(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_content c = entry_of(1, "x");
    struct en_counts n;

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    s.v[0].item.content.n--;
    assert_err(en_book_add(b, &s.v[0].item), EN_PROTOCOL);
    s.v[0].item.content.n++;
    s.v[0].item.type = EN_TYPE_REVISION;
    assert_err(en_book_add(b, &s.v[0].item), EN_PROTOCOL);
    s.v[0].item.type = EN_TYPE_PROFILE;
    assert_err(en_book_add(b, &s.v[0].item), EN_PROTOCOL);
    assert_ok(en_book_count(b, NULL, &n));
    assert_int_equal(n.records, 0);
    s.v[0].item.type = EN_TYPE_FIRST;
    add_all(b, &s);
    assert_list(b, NO_FILTER, "1");
    en_book_free(b);
    shelf_free(&s);
}

static void drafts_are_apart_and_found_by_no_search(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_filter drafts = {.drafts = true};
    struct en_content c = entry_of(1, "unfinished");
    struct en_counts n;

    (void)state;
    c.kind = EN_KIND_DRAFT;
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_list(b, NO_FILTER, "");
    assert_list(b, drafts, "1");
    assert_search(b, "unfinished", NO_FILTER, "");
    assert_search(b, "unfinished", drafts, "");
    assert_ok(en_book_count(b, NULL, &n));
    assert_int_equal(n.drafts, 1);
    assert_int_equal(n.entries, 0);
    c = delete_of(1, "", 0, 1);
    c.kind = EN_KIND_DRAFT;
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_list(b, drafts, "");
    en_book_free(b);
    shelf_free(&s);
}

static bool seen_one(void *user, const struct en_id *record)
{
    struct en_id one = record_id(0);

    (void)user;
    return en_id_eq(record, &one);
}

static void news_are_what_others_wrote_and_i_have_not_seen(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_content c = share_of(1, "seen");
    struct seen got = {0};

    (void)state;
    (void)shelve(&s, &c, GROUP, LUC);
    c = share_of(3, "later");
    (void)shelve(&s, &c, GROUP, CHLOE);
    c = share_of(2, "earlier");
    (void)shelve(&s, &c, GROUP, LUC);
    c = share_of(4, "mine");
    (void)shelve(&s, &c, GROUP, ME_TOO);
    c = entry_of(5, "mine");
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_ok(en_book_news(b, seen_one, note, &got));
    assert_numbers(&got, "2 3");
    /* An edit of what was seen is new again. */
    c = share_of(1, "edited");
    c.time_ms += 100;
    replaces(&c, 0);
    add_record(b, &s, shelve(&s, &c, GROUP, LUC));
    got = (struct seen){0};
    assert_ok(en_book_news(b, seen_one, note, &got));
    assert_numbers(&got, "2 3 1");
    got = (struct seen){.stop = 1};
    assert_ok(en_book_news(b, seen_one, note, &got));
    assert_int_equal(got.n, 1);
    en_book_free(b);
    shelf_free(&s);
}

static en_err note_change(void *user, const struct en_change *c,
                          const struct en_view_entry *row)
{
    char *out = user;
    char one[32];

    (void)snprintf(one, sizeof(one), "%c%u", "?wed"[c->kind],
                   en_get_u32(row->id.b + 12));
    strcat(out, one);
    if (c->kind == EN_CHANGE_WRITTEN)
        assert_true(en_id_zero(&c->before));
    else
        assert_false(en_id_zero(&c->before));
    return EN_OK;
}

static void assert_changes(struct en_book *b, const char *expect)
{
    char got[256] = "";

    assert_ok(en_book_changes(b, note_change, got));
    assert_string_equal(got, expect);
}

static void undoing_again_goes_further_back(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_content c = entry_of(1, "one");

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    c = edit_of(1, "two", 0, 10);
    (void)shelve(&s, &c, HOME, ME);
    c = delete_of(1, "two", 1, 20);
    (void)shelve(&s, &c, HOME, ME);
    c = share_of(9, "not private");
    (void)shelve(&s, &c, GROUP, ME_TOO);
    add_all(b, &s);
    assert_changes(b, "d1e1w1");
    c = edit_of(1, "two", 2, 30); /* the deletion undone */
    c.u.entry.undoes = record_id(2);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_changes(b, "e1w1");
    c = edit_of(1, "one", 4, 40); /* then the edit */
    c.u.entry.undoes = record_id(1);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_changes(b, "w1");
    c = delete_of(1, "one", 5, 50); /* then the writing */
    c.u.entry.undoes = record_id(0);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_changes(b, "");
    assert_true(my(b, 1).deleted);
    en_book_free(b);
    shelf_free(&s);
}

static void a_source_is_known_again_by_its_id_or_its_words(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_when day = on_day(2020, 2, 29);
    struct en_when other = on_day(2020, 3, 1);
    struct en_span none = EN_SPAN(NULL, 0);
    struct en_view_entry r;
    struct en_content c = entry_of(1, "imported");

    (void)state;
    c.u.entry.when = day;
    c.u.entry.importer = en_span_str("jsonl");
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(2, "imported");
    c.u.entry.when = day;
    c.u.entry.importer = en_span_str("dayone");
    c.u.entry.foreign = en_span_str("ID-2");
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(3, "typed"); /* by hand: no import knows it */
    c.u.entry.when = day;
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
#define SOURCE(importer, foreign, when, text)                                  \
    en_book_of_source(b, en_span_str(importer), foreign, when,                 \
                      en_span_str(text), &r)
    assert_ok(SOURCE("jsonl", none, &day, "imported"));
    assert_int_equal(en_get_u32(r.id.b + 12), 1);
    assert_ok(SOURCE("jrnl", none, &day, "imported")); /* the words decide */
    assert_int_equal(en_get_u32(r.id.b + 12), 1);
    assert_err(SOURCE("jsonl", none, &other, "imported"), EN_ABSENT);
    assert_err(SOURCE("jsonl", none, &day, "imported "), EN_ABSENT);
    assert_err(SOURCE("jsonl", none, &day, "typed"), EN_ABSENT);
    assert_ok(SOURCE("dayone", en_span_str("ID-2"), &other, "anything"));
    assert_int_equal(en_get_u32(r.id.b + 12), 2);
    assert_err(SOURCE("joplin", en_span_str("ID-2"), &day, "imported"),
               EN_ABSENT);
    /* Known for ever: edited, deleted, still there. */
    c = delete_of(1, "something else", 0, 1);
    add_record(b, &s, shelve(&s, &c, HOME, ME));
    assert_ok(SOURCE("jsonl", none, &day, "imported"));
    assert_true(r.deleted);
#undef SOURCE
    en_book_free(b);
    shelf_free(&s);
}

static void the_last_note_is_the_one_written_last(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_view_entry r;
    struct en_content c;

    (void)state;
    assert_err(en_book_last(b, &r), EN_ABSENT);
    c = entry_of(1, "x");
    c.time_ms = 1000;
    c.u.entry.when = on_day(2030, 1, 1);
    (void)shelve(&s, &c, HOME, ME);
    c = entry_of(2, "x");
    c.time_ms = 2000;
    c.u.entry.when = on_day(1999, 1, 1);
    (void)shelve(&s, &c, HOME, ME);
    c = share_of(3, "x");
    c.time_ms = 9000;
    (void)shelve(&s, &c, GROUP, LUC);
    add_all(b, &s);
    assert_ok(en_book_last(b, &r));
    assert_int_equal(en_get_u32(r.id.b + 12), 2);
    en_book_free(b);
    shelf_free(&s);
}

static struct en_content profile(const char *name, enum en_lang lang,
                                 enum en_alias_rule aliases,
                                 enum en_sponsor_rule sponsor)
{
    struct en_content c = entry_of(1, "");

    memset(&c.u, 0, sizeof(c.u));
    c.kind = EN_KIND_PROFILE;
    c.u.profile.name = en_span_str(name);
    c.u.profile.lang = lang;
    c.u.profile.preset = 90;
    c.u.profile.aliases = aliases;
    c.u.profile.sponsor = sponsor;
    return c;
}

static void of_two_profiles_the_stricter_rules_hold(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_id cid = circle_id(GROUP);
    struct en_view_profile p;
    struct en_content c =
        profile("Tilleuls", EN_LANG_FR, EN_ALIASES_REMIND, EN_SPONSOR_COUNT);

    (void)state;
    assert_err(en_book_profile(b, &cid, &p), EN_ABSENT);
    (void)shelve(&s, &c, GROUP, ME_TOO);
    c = profile("Les Tilleuls", EN_LANG_EN, EN_ALIASES_REQUIRE,
                EN_SPONSOR_NAMES);
    replaces(&c, 0);
    c.time_ms += 1;
    (void)shelve(&s, &c, GROUP, LUC); /* another facilitator */
    c = profile("Tilleuls 2", EN_LANG_FR, EN_ALIASES_REMIND, EN_SPONSOR_DATES);
    replaces(&c, 0);
    c.time_ms += 2;
    (void)shelve(&s, &c, GROUP, ME_TOO);
    add_all(b, &s);
    assert_ok(en_book_profile(b, &cid, &p));
    assert_span(p.name, "Tilleuls 2");
    assert_int_equal(p.lang, EN_LANG_FR);
    assert_int_equal(p.preset, 90);
    assert_int_equal(p.aliases, EN_ALIASES_REQUIRE);
    assert_int_equal(p.sponsor, EN_SPONSOR_DATES);
    assert_int_equal(p.heads, 2);
    assert_true(en_id_eq(&p.shown, &s.v[2].item.record));
    en_book_free(b);
    shelf_free(&s);
}

static en_err note_version(void *user, const struct en_version *v)
{
    char *out = user;
    char one[64];

    (void)snprintf(one, sizeof(one), "%u%s%s:%.*s ", v->number,
                   v->head ? "*" : "", v->deleted ? "-" : "", (int)v->words.n,
                   (const char *)v->words.p);
    strcat(out, one);
    return EN_OK;
}

static void history_lists_every_version_in_order(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, false);
    struct en_content c = entry_of(1, "a");
    struct en_content d;
    struct en_buf bytes = {0};
    char got[128] = "";

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    c = edit_of(1, "b", 0, 10);
    (void)shelve(&s, &c, HOME, ME);
    c = delete_of(1, "b", 1, 20);
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_ok(en_book_versions(b, my(b, 1).thing, note_version, got));
    assert_string_equal(got, "1:a 2:b 3*-:b ");
    assert_ok(en_book_content(b, &s.v[0].item.record, &bytes, &d));
    assert_span(d.u.entry.text, "a");
    c = entry_of(2, "unknown");
    (void)shelve(&s, &c, HOME, ME);
    assert_err(en_book_content(b, &s.v[3].item.record, &bytes, &d), EN_ABSENT);
    en_buf_free(&bytes);
    en_book_free(b);
    shelf_free(&s);
}

static void an_excerpt_is_taken_from_the_version_that_matches(void **state)
{
    struct shelf s = {0};
    struct en_book *b = book_of(&s, true, true);
    struct en_content c = entry_of(1, "first");
    struct en_filter f = NO_FILTER;
    struct seen seen = {0};
    struct en_buf text = {0};
    struct en_excerpt e;

    (void)state;
    (void)shelve(&s, &c, HOME, ME);
    c = edit_of(1, "nothing of it here", 0, 20);
    c.u.entry.title = en_span_str("Titre à part");
    (void)shelve(&s, &c, HOME, ME);
    c = edit_of(1, "Voilà l’ÉTÉ revenu, enfin.", 0, 10);
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_ok(
        en_book_search(b, en_span_str("ete"), false, &f, note, &seen, NULL));
    assert_int_equal(seen.n, 1);
    assert_ok(en_book_excerpt(b, &seen.last, en_span_str("ete"), false, 60,
                              &text, &e));
    assert_span(EN_SPAN(text.p + e.match_from, e.match_to - e.match_from),
                "ÉTÉ");
    assert_int_equal(e.from, 0);
    assert_int_equal(e.to, text.n);
    assert_false(e.before || e.after);
    /* Only in the title: the text from its beginning. */
    assert_ok(en_book_excerpt(b, &seen.last, en_span_str("titre"), false, 10,
                              &text, &e));
    assert_int_equal(e.match_from, e.match_to);
    assert_span(EN_SPAN(text.p + e.from, e.to - e.from), "nothing of");
    assert_true(e.after);
    en_buf_free(&text);
    en_book_free(b);
    shelf_free(&s);
}

/* Whether indexed while added, at the first search, or kept whole: one answer. */
static void three_ways_to_index_find_the_same(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct shelf s = {0};
        struct en_book *b = book_of(&s, way != 2, way == 0);
        struct en_content c;

        for (uint32_t i = 0; i < 20; i++) {
            c = entry_of(i, i % 2 == 0 ? "even word" : "odd word");
            (void)shelve(&s, &c, HOME, ME);
        }
        c = edit_of(3, "even more", 3, 1);
        (void)shelve(&s, &c, HOME, ME);
        add_all(b, &s);
        assert_search(b, "even", (struct en_filter){.limit = 3}, "18 16 14");
        assert_search(b, "odd word", NO_FILTER, "19 17 15 13 11 9 7 5 1");
        /* A revised thing is read again; the others only where they must. */
        assert_int_equal(s.loads, way == 0 ? 1 : way == 1 ? 20 : 0);
        en_book_free(b);
        shelf_free(&s);
    }
}

static en_err no_load(void *user, const struct en_id *record,
                      struct en_buf *out)
{
    (void)record;
    (void)out;
    return *(en_err *)user;
}

static void a_text_that_cannot_be_had_is_passed_over_or_reported(void **state)
{
    struct shelf s = {0};
    en_err answer = EN_NO_KEY;
    struct en_book_source source = {.load = no_load, .user = &answer};
    struct en_book *b = NULL;
    struct en_id home = circle_id(HOME);
    struct en_id16 me = person_id(ME);
    struct en_filter f = NO_FILTER;
    struct en_content c = entry_of(1, "words");
    size_t hits = 9;

    (void)state;
    assert_ok(en_book_new(&source, &b));
    assert_ok(en_book_me(b, &home, &me, true));
    (void)shelve(&s, &c, HOME, ME);
    add_all(b, &s);
    assert_list(b, NO_FILTER, "1");
    answer = EN_IO;
    assert_err(
        en_book_search(b, en_span_str("words"), false, &f, note, NULL, &hits),
        EN_IO);
    answer = EN_NO_KEY;
    assert_ok(
        en_book_search(b, en_span_str("words"), false, &f, note, NULL, &hits));
    assert_int_equal(hits, 0);
    en_book_free(b);
    shelf_free(&s);
}

static void freeing_nothing_does_nothing(void **state)
{
    (void)state;
    en_book_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_shows_what_was_written),
        cmocka_unit_test(first_words_are_cut_at_a_grapheme),
        cmocka_unit_test(the_same_record_twice_is_one),
        cmocka_unit_test(edits_that_did_not_see_each_other_are_both_kept),
        cmocka_unit_test(only_the_latest_eight_of_many_heads_are_named),
        cmocka_unit_test(a_deletion_hides_and_its_undoing_shows_again),
        cmocka_unit_test(an_edit_that_had_not_seen_the_deletion_stays_readable),
        cmocka_unit_test(the_same_id_from_another_person_is_another_thing),
        cmocka_unit_test(nobody_plants_a_note_in_my_private_journal),
        cmocka_unit_test(lists_come_by_day_newest_first),
        cmocka_unit_test(this_day_is_found_in_other_years_only),
        cmocka_unit_test(tags_and_sessions_narrow_a_list),
        cmocka_unit_test(a_shared_note_stands_once_with_where_it_went),
        cmocka_unit_test(a_link_says_whether_the_original_has_changed_since),
        cmocka_unit_test(a_closed_letter_shows_no_word_until_its_day),
        cmocka_unit_test(an_id_is_found_by_any_beginning_that_is_unique),
        cmocka_unit_test(equal_ids_of_two_others_are_for_a_person_to_choose),
        cmocka_unit_test(many_ids_that_fit_are_listed_as_far_as_there_is_room),
        cmocka_unit_test(a_dropped_record_is_gone_whenever_its_tombstone_comes),
        cmocka_unit_test(a_withdrawn_session_takes_its_words_and_no_others),
        cmocka_unit_test(records_of_a_newer_version_are_counted_once),
        cmocka_unit_test(broken_or_misplaced_content_is_not_kept),
        cmocka_unit_test(drafts_are_apart_and_found_by_no_search),
        cmocka_unit_test(news_are_what_others_wrote_and_i_have_not_seen),
        cmocka_unit_test(undoing_again_goes_further_back),
        cmocka_unit_test(a_source_is_known_again_by_its_id_or_its_words),
        cmocka_unit_test(the_last_note_is_the_one_written_last),
        cmocka_unit_test(of_two_profiles_the_stricter_rules_hold),
        cmocka_unit_test(history_lists_every_version_in_order),
        cmocka_unit_test(an_excerpt_is_taken_from_the_version_that_matches),
        cmocka_unit_test(three_ways_to_index_find_the_same),
        cmocka_unit_test(a_text_that_cannot_be_had_is_passed_over_or_reported),
        cmocka_unit_test(freeing_nothing_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
