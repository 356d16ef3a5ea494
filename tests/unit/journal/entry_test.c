#include "journal/entry.h"

#include "base/rng.h"
#include "lib/things.h"
#include "wire/pack.h"

/* An entry with every field set. */
static struct en_content full_entry(void)
{
    struct en_content c = entry_of(1, "Ce qui a changé :\n\tj’ai écouté.");

    c.time_ms = -5;
    c.offset = -420;
    c.afters = 2;
    c.after[0] = record_id(3);
    c.after[1] = record_id(4);
    c.parents = 1;
    c.parent[0] = record_id(2);
    c.u.entry.title = en_span_str("Après la séance");
    c.u.entry.when = at_ms(1808951400123, 120);
    c.u.entry.tags = 2;
    c.u.entry.tag[0] = en_span_str("école");
    c.u.entry.tag[1] = en_span_str("à relire");
    c.u.entry.about = thing_id(9);
    c.u.entry.prompt = EN_PROMPT_BETWEEN;
    c.u.entry.importer = en_span_str("dayone");
    c.u.entry.foreign = en_span_str("F00D");
    c.u.entry.opens = EN_OPENS_DAY;
    c.u.entry.opens_day = day_of(2028, 2, 29);
    c.u.entry.undoes = record_id(7);
    return c;
}

static struct en_content full_share(void)
{
    struct en_content c = share_of(2, "Mardi, la directrice m’a laissé finir.");

    c.u.share.title = en_span_str("Mardi");
    c.u.share.aliases = 1;
    return c;
}

static struct en_content full_link(void)
{
    struct en_content c = link_of(3, 2, GROUP, 1, 2);

    c.u.link.sid = thing_id(4);
    c.u.link.line_from = 3;
    c.u.link.line_to = 7;
    return c;
}

static struct en_content profile_of(const char *name)
{
    struct en_content c = entry_of(4, "");

    memset(&c.u, 0, sizeof(c.u));
    c.kind = EN_KIND_PROFILE;
    c.u.profile.name = en_span_str(name);
    c.u.profile.lang = EN_LANG_EN;
    c.u.profile.preset = 120;
    c.u.profile.aliases = EN_ALIASES_REQUIRE;
    c.u.profile.sponsor = EN_SPONSOR_COUNT;
    return c;
}

static void assert_same(const struct en_content *a, const struct en_content *b)
{
    struct en_buf x = {0};
    struct en_buf y = {0};

    assert_ok(en_content_encode(a, &x, NULL));
    assert_ok(en_content_encode(b, &y, NULL));
    assert_true(en_span_eq(en_buf_span(&x), en_buf_span(&y)));
    en_buf_free(&x);
    en_buf_free(&y);
}

/* Encodes, decodes, encodes again; the decoded one for a closer look. */
static void round_trip(const struct en_content *c, struct en_buf *bytes,
                       struct en_content *back)
{
    assert_ok(en_content_encode(c, bytes, NULL));
    assert_ok(en_content_decode(en_buf_span(bytes), back));
    assert_int_equal(back->version, 1);
    assert_int_equal(back->kind, c->kind);
    assert_true(en_id16_eq(&back->id, &c->id));
    assert_int_equal(back->time_ms, c->time_ms);
    assert_int_equal(back->offset, c->offset);
    assert_same(c, back);
}

static void every_field_of_an_entry_comes_back(void **state)
{
    struct en_content c = full_entry();
    struct en_content d;
    struct en_buf b = {0};

    (void)state;
    round_trip(&c, &b, &d);
    assert_int_equal(d.afters, 2);
    assert_true(en_id_eq(&d.after[1], &c.after[1]));
    assert_int_equal(d.parents, 1);
    assert_true(en_id_eq(&d.parent[0], &c.parent[0]));
    assert_int_equal(d.u.entry.state, EN_LIVE);
    assert_span(d.u.entry.title, "Après la séance");
    assert_span(d.u.entry.text, "Ce qui a changé :\n\tj’ai écouté.");
    assert_int_equal(d.u.entry.when.kind, EN_WHEN_INSTANT);
    assert_true(d.u.entry.when.ms == 1808951400123);
    assert_int_equal(d.u.entry.when.offset, 120);
    assert_int_equal(d.u.entry.tags, 2);
    assert_span(d.u.entry.tag[1], "à relire");
    assert_true(en_id16_eq(&d.u.entry.about, &c.u.entry.about));
    assert_int_equal(d.u.entry.prompt, EN_PROMPT_BETWEEN);
    assert_span(d.u.entry.importer, "dayone");
    assert_span(d.u.entry.foreign, "F00D");
    assert_int_equal(d.u.entry.opens, EN_OPENS_DAY);
    assert_int_equal(en_day_cmp(d.u.entry.opens_day, day_of(2028, 2, 29)), 0);
    assert_true(en_id_eq(&d.u.entry.undoes, &c.u.entry.undoes));
    assert_int_equal(en_content_type(&d), EN_TYPE_REVISION);
    en_buf_free(&b);
}

static void what_an_entry_lacks_is_lacking_again(void **state)
{
    struct en_content c = entry_of(1, "x");
    struct en_content d;
    struct en_buf b = {0};

    (void)state;
    round_trip(&c, &b, &d);
    assert_int_equal(d.afters + d.parents + d.u.entry.tags, 0);
    assert_int_equal(d.u.entry.title.n + d.u.entry.importer.n, 0);
    assert_true(en_id16_zero(&d.u.entry.about));
    assert_true(en_id_zero(&d.u.entry.undoes));
    assert_int_equal(d.u.entry.opens, EN_OPENS_NONE);
    assert_int_equal(d.u.entry.when.kind, EN_WHEN_DAY);
    assert_int_equal(en_content_type(&d), EN_TYPE_FIRST);
    c.u.entry.opens = EN_OPENS_LAST;
    en_buf_clear(&b);
    round_trip(&c, &b, &d);
    assert_int_equal(d.u.entry.opens, EN_OPENS_LAST);
    en_buf_free(&b);
}

static void drafts_shares_links_and_profiles_come_back(void **state)
{
    struct en_content c = full_entry();
    struct en_content d;
    struct en_buf b = {0};

    (void)state;
    c.kind = EN_KIND_DRAFT;
    round_trip(&c, &b, &d);
    assert_int_equal(d.kind, EN_KIND_DRAFT);

    c = full_share();
    en_buf_clear(&b);
    round_trip(&c, &b, &d);
    assert_span(d.u.share.title, "Mardi");
    assert_span(d.u.share.text, "Mardi, la directrice m’a laissé finir.");
    assert_int_equal(d.u.share.aliases, 1);

    c = full_link();
    en_buf_clear(&b);
    round_trip(&c, &b, &d);
    assert_true(en_id16_eq(&d.u.link.original, &c.u.link.original));
    assert_true(en_id16_eq(&d.u.link.share, &c.u.link.share));
    assert_true(en_id_eq(&d.u.link.cid, &c.u.link.cid));
    assert_true(en_id16_eq(&d.u.link.sid, &c.u.link.sid));
    assert_true(en_id_eq(&d.u.link.revision, &c.u.link.revision));
    assert_int_equal(d.u.link.line_from, 3);
    assert_int_equal(d.u.link.line_to, 7);

    c = profile_of("Les Tilleuls");
    en_buf_clear(&b);
    round_trip(&c, &b, &d);
    assert_span(d.u.profile.name, "Les Tilleuls");
    assert_int_equal(d.u.profile.lang, EN_LANG_EN);
    assert_int_equal(d.u.profile.preset, 120);
    assert_int_equal(d.u.profile.aliases, EN_ALIASES_REQUIRE);
    assert_int_equal(d.u.profile.sponsor, EN_SPONSOR_COUNT);
    assert_int_equal(en_content_type(&d), EN_TYPE_PROFILE);
    c.u.profile.old_cid = circle_id(5);
    c.u.profile.old_frontier = record_id(5);
    en_buf_clear(&b);
    round_trip(&c, &b, &d);
    assert_true(en_id_eq(&d.u.profile.old_cid, &c.u.profile.old_cid));
    assert_true(en_id_eq(&d.u.profile.old_frontier, &c.u.profile.old_frontier));
    en_buf_free(&b);
}

/*
 * A share gives away nothing but what its reader may see: of a share made from a
 * full entry, only words that are in the struct are in the bytes.
 */
static void a_share_says_nothing_of_its_original(void **state)
{
    struct en_content original = full_entry();
    struct en_content c = full_share();
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_content_encode(&c, &b, NULL));
    assert_null(memmem(b.p, b.n, original.id.b, sizeof(original.id.b)));
    assert_null(memmem(b.p, b.n, "école", strlen("école")));
    en_buf_free(&b);
}

/*
 * Refusals on encoding
 */

static void assert_refused(const struct en_content *c, enum en_reason reason,
                           uint64_t n, uint64_t limit)
{
    struct en_buf b = {0};
    struct en_why why = {0};

    assert_ok(en_buf_add_str(&b, "as it was"));
    assert_err(en_content_encode(c, &b, &why), EN_RANGE);
    assert_int_equal(why.reason, reason);
    assert_int_equal(why.n, n);
    assert_int_equal(why.limit, limit);
    assert_span(en_buf_span(&b), "as it was");
    assert_err(en_content_encode(c, &b, NULL), EN_RANGE);
    en_buf_free(&b);
}

static void a_text_has_one_byte_to_64000(void **state)
{
    static char long_text[EN_TEXT_MAX + 2];
    struct en_content c = entry_of(1, "");
    struct en_buf b = {0};

    (void)state;
    assert_refused(&c, EN_WHY_TEXT_EMPTY, 0, EN_TEXT_MAX);
    memset(long_text, 'a', EN_TEXT_MAX + 1);
    c.u.entry.text = en_span_str(long_text);
    assert_refused(&c, EN_WHY_TEXT_LONG, EN_TEXT_MAX + 1, EN_TEXT_MAX);
    c.u.entry.text.n--;
    assert_ok(en_content_encode(&c, &b, NULL));
    /* With everything else at its bound it still fits in a record. */
    en_buf_clear(&b);
    c = full_entry();
    c.u.entry.text = EN_SPAN((const uint8_t *)long_text, EN_TEXT_MAX);
    c.u.entry.title = EN_SPAN((const uint8_t *)long_text, EN_LINE_MAX);
    c.u.entry.importer = c.u.entry.title;
    c.u.entry.foreign = c.u.entry.title;
    c.u.entry.tags = EN_TAGS_MAX;
    for (size_t i = 0; i < EN_TAGS_MAX; i++)
        c.u.entry.tag[i] = EN_SPAN((const uint8_t *)long_text, EN_TAG_MAX);
    c.afters = c.parents = EN_AFTER_MAX;
    assert_ok(en_content_encode(&c, &b, NULL));
    assert_true(b.n <= EN_CONTENT_MAX);
    en_buf_free(&b);
}

static void a_deletion_may_be_without_text(void **state)
{
    struct en_content c = entry_of(1, "");
    struct en_content d;
    struct en_buf b = {0};

    (void)state;
    c.u.entry.state = EN_DELETED;
    replaces(&c, 1);
    round_trip(&c, &b, &d);
    assert_int_equal(d.u.entry.state, EN_DELETED);
    en_buf_free(&b);

    c = full_share();
    c.u.share.state = EN_DELETED;
    assert_refused(&c, EN_WHY_NONE, 0, 0); /* a withdrawn share keeps no word */
    c.u.share.text = c.u.share.title = EN_SPAN(NULL, 0);
    round_trip(&c, &b, &d);
    assert_int_equal(d.u.share.state, EN_DELETED);
    en_buf_free(&b);
}

static void lines_tags_and_names_have_their_bounds(void **state)
{
    static char x[EN_LINE_MAX + 1];
    struct en_content c = entry_of(1, "x");

    (void)state;
    memset(x, 'x', sizeof(x));
    c.u.entry.title = EN_SPAN((const uint8_t *)x, sizeof(x));
    assert_refused(&c, EN_WHY_TEXT_LONG, EN_LINE_MAX + 1, EN_LINE_MAX);
    c.u.entry.title = en_span_str("two\nlines");
    assert_refused(&c, EN_WHY_TEXT_UTF8, 9, EN_LINE_MAX);

    c = entry_of(1, "x");
    c.u.entry.tags = EN_TAGS_MAX + 1;
    assert_refused(&c, EN_WHY_TAG, EN_TAGS_MAX + 1, EN_TAGS_MAX);
    c.u.entry.tags = 1;
    c.u.entry.tag[0] = EN_SPAN((const uint8_t *)x, EN_TAG_MAX + 1);
    assert_refused(&c, EN_WHY_TAG, EN_TAG_MAX + 1, EN_TAG_MAX);
    c.u.entry.tag[0] = EN_SPAN(NULL, 0);
    assert_refused(&c, EN_WHY_TAG, 0, EN_TAG_MAX);
    c.u.entry.tag[0] = en_span_str("a\tb");
    assert_refused(&c, EN_WHY_TAG, 3, EN_TAG_MAX);

    c = profile_of("");
    assert_refused(&c, EN_WHY_NAME, 0, EN_NAME_MAX);
    c.u.profile.name = EN_SPAN((const uint8_t *)x, EN_NAME_MAX + 1);
    assert_refused(&c, EN_WHY_NAME, EN_NAME_MAX + 1, EN_NAME_MAX);
    c.u.profile.name = en_span_str("a\nb");
    assert_refused(&c, EN_WHY_NAME, 3, EN_NAME_MAX);
}

static void text_is_utf8_in_nfc_without_controls(void **state)
{
    static const char *const bad[] = {
        "\xff",         "a\xc3",
        "\xed\xa0\x80", "a\rb",
        "\x1b[31m",     "\x7f",
        "\xc2\x85",     "e\xcc\x81" /* e and a combining acute */,
    };
    struct en_content c = entry_of(1, "x");

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        c.u.entry.text = en_span_str(bad[i]);
        assert_refused(&c, EN_WHY_TEXT_UTF8, 0, 0);
    }
    c.u.entry.text = BYTES("a\0b");
    assert_refused(&c, EN_WHY_TEXT_UTF8, 0, 0);
    c = entry_of(1, "x");
    c.u.entry.title = en_span_str("e\xcc\x81");
    assert_refused(&c, EN_WHY_TEXT_UTF8, 0, 0);
}

static void numbers_outside_their_range_are_refused(void **state)
{
    struct en_content c;

    (void)state;
#define REFUSED(make, change)                                                  \
    do {                                                                       \
        c = (make);                                                            \
        change;                                                                \
        assert_refused(&c, EN_WHY_NONE, 0, 0);                                 \
    } while (0)
    REFUSED(entry_of(1, "x"), c.offset = 841);
    REFUSED(entry_of(1, "x"), c.offset = -841);
    REFUSED(entry_of(1, "x"), c.time_ms = INT64_MAX);
    REFUSED(entry_of(1, "x"), c.time_ms = INT64_MIN);
    REFUSED(entry_of(1, "x"), c.afters = EN_AFTER_MAX + 1);
    REFUSED(entry_of(1, "x"), c.parents = EN_AFTER_MAX + 1);
    REFUSED(entry_of(1, "x"), c.kind = 0);
    REFUSED(entry_of(1, "x"), c.kind = EN_KIND_ACTION);
    REFUSED(entry_of(1, "x"), c.u.entry.when.kind = EN_WHEN_NONE);
    REFUSED(entry_of(1, "x"), c.u.entry.when = on_day(2027, 2, 29));
    REFUSED(entry_of(1, "x"), c.u.entry.when = at_ms(0, 900));
    REFUSED(entry_of(1, "x"), c.u.entry.state = (enum en_state)2);
    REFUSED(entry_of(1, "x"), c.u.entry.prompt = (enum en_prompt)4);
    REFUSED(entry_of(1, "x"), c.u.entry.opens = (enum en_opens)3);
    REFUSED(entry_of(1, "x"), c.u.entry.opens = EN_OPENS_DAY);
    REFUSED(entry_of(1, "x"), c.u.entry.foreign = en_span_str("1"));
    REFUSED(full_share(), c.u.share.of = EN_KIND_SHEET);
    REFUSED(full_share(), c.u.share.when.kind = EN_WHEN_NONE);
    REFUSED(full_link(), c.u.link.line_from = 0);
    REFUSED(full_link(), c.u.link.line_to = 2);
    REFUSED(full_link(), c.u.link.line_to = EN_TEXT_MAX + 1);
    REFUSED(profile_of("x"), c.u.profile.preset = 60);
    REFUSED(profile_of("x"), c.u.profile.lang = (enum en_lang)2);
    REFUSED(profile_of("x"), c.u.profile.aliases = (enum en_alias_rule)2);
    REFUSED(profile_of("x"), c.u.profile.sponsor = (enum en_sponsor_rule)3);
    REFUSED(profile_of("x"), c.u.profile.old_frontier = record_id(1));
#undef REFUSED
}

/*
 * Refusals on decoding
 */

static void every_truncation_is_refused(void **state)
{
    struct en_content all[] = {full_entry(), full_share(), full_link(),
                               profile_of("Les Tilleuls")};

    (void)state;
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
        struct en_buf b = {0};
        struct en_content d;

        assert_ok(en_content_encode(&all[k], &b, NULL));
        for (size_t n = 0; n < b.n; n++)
            assert_err(en_content_decode(EN_SPAN(b.p, n), &d), EN_PROTOCOL);
        assert_ok(en_buf_add_u8(&b, 0xc0));
        assert_err(en_content_decode(en_buf_span(&b), &d), EN_PROTOCOL);
        en_buf_free(&b);
    }
}

/* What a changed byte still decodes to is within bounds: it encodes to the very
 * same bytes, unless its text is one that only encoding refuses. */
static void a_changed_byte_is_refused_or_means_itself(void **state)
{
    struct en_content all[] = {full_entry(), full_share(), full_link(),
                               profile_of("Les Tilleuls")};
    size_t refused = 0;
    size_t newer = 0;
    size_t same = 0;

    (void)state;
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
        struct en_buf b = {0};
        struct en_buf again = {0};
        struct en_content d;

        assert_ok(en_content_encode(&all[k], &b, NULL));
        for (size_t i = 0; i < b.n; i++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                en_err err;

                b.p[i] ^= (uint8_t)(1u << bit);
                err = en_content_decode(en_buf_span(&b), &d);
                assert_true(err == EN_OK || err == EN_PROTOCOL ||
                            err == EN_VERSION);
                refused += err == EN_PROTOCOL;
                newer += err == EN_VERSION;
                en_buf_clear(&again);
                if (err == EN_OK &&
                    en_content_encode(&d, &again, NULL) == EN_OK) {
                    assert_true(
                        en_span_eq(en_buf_span(&b), en_buf_span(&again)));
                    same++;
                }
                b.p[i] ^= (uint8_t)(1u << bit);
            }
        }
        en_buf_free(&b);
        en_buf_free(&again);
    }
    assert_true(refused > 500 && newer > 10 && same > 500);
}

static void later_versions_and_kinds_are_newer_and_not_broken(void **state)
{
    struct en_content c = full_entry();
    struct en_content d;
    struct en_buf b = {0};
    struct en_pack p;

    (void)state;
    assert_ok(en_content_encode(&c, &b, NULL));
    assert_int_equal(b.p[1], 1);
    b.p[1] = 2;
    assert_err(en_content_decode(en_buf_span(&b), &d), EN_VERSION);
    assert_int_equal(d.version, 2);
    b.p[1] = 0;
    assert_err(en_content_decode(en_buf_span(&b), &d), EN_PROTOCOL);
    b.p[1] = 1;
    /* An action, as yet unknown: whose it is and what it had seen is known. */
    assert_int_equal(b.p[2], EN_KIND_ENTRY);
    b.p[2] = EN_KIND_ACTION;
    assert_err(en_content_decode(en_buf_span(&b), &d), EN_VERSION);
    assert_int_equal(d.kind, EN_KIND_ACTION);
    assert_true(en_id16_eq(&d.id, &c.id));
    assert_int_equal(d.parents, 1);
    assert_true(en_id_eq(&d.parent[0], &c.parent[0]));
    b.p[2] = 0;
    assert_err(en_content_decode(en_buf_span(&b), &d), EN_PROTOCOL);
    /* A later version may be shaped as it likes, in an array. */
    en_buf_clear(&b);
    p = en_pack_to(&b, EN_PACK_SIGNED);
    en_pack_array(&p, 2);
    en_pack_uint(&p, 7);
    en_pack_nil(&p);
    assert_ok(en_pack_done(&p));
    assert_err(en_content_decode(en_buf_span(&b), &d), EN_VERSION);
    /* A share of what is not yet shared. */
    en_buf_clear(&b);
    c = full_share();
    assert_ok(en_content_encode(&c, &b, NULL));
    {
        uint8_t *of = memmem(b.p, b.n, "\x96\x00\x01\xa5Mardi", 9);

        assert_non_null(of);
        of[2] = EN_KIND_LEARNING;
        assert_err(en_content_decode(en_buf_span(&b), &d), EN_VERSION);
    }
    en_buf_free(&b);
}

static void a_writer_that_lies_about_a_bound_is_refused(void **state)
{
    static uint8_t big[EN_CONTENT_MAX + 8];
    struct en_content d;
    struct en_content c = entry_of(1, "abc");
    struct en_buf b = {0};
    uint8_t *text;

    (void)state;
    assert_err(en_content_decode(EN_SPAN_OF(big), &d), EN_PROTOCOL);
    assert_err(en_content_decode(EN_SPAN(NULL, 0), &d), EN_PROTOCOL);
    assert_err(en_content_decode(BYTES("\x90"), &d), EN_PROTOCOL);
    /* A NUL inside a text, which UTF-8 allows and no text of ours holds. */
    assert_ok(en_content_encode(&c, &b, NULL));
    text = memmem(b.p, b.n,
                  "\xa3"
                  "abc",
                  4);
    assert_non_null(text);
    text[2] = 0;
    assert_err(en_content_decode(en_buf_span(&b), &d), EN_PROTOCOL);
    /* Text that only encoding refuses is read as it is. */
    text[2] = 0x1b;
    assert_ok(en_content_decode(en_buf_span(&b), &d));
    assert_span(d.u.entry.text, "a\x1b"
                                "c");
    en_buf_free(&b);
}

/*
 * Cleaning
 */

static void assert_clean(const char *in, bool line, const char *out, size_t n)
{
    struct en_buf b = {0};
    size_t dropped = 99;

    assert_ok(en_entry_clean(en_span_str(in), line, &b, &dropped, NULL));
    assert_span(en_buf_span(&b), out);
    assert_int_equal(dropped, n);
    en_buf_free(&b);
}

static void typed_text_becomes_nfc_with_line_feeds_only(void **state)
{
    struct en_buf b = {0};
    struct en_why why = {0};

    (void)state;
    assert_clean("a\r\nb\rc\n\td", false, "a\nb\nc\n\td", 0);
    assert_clean("e\xcc\x81t\xc3\xa9", false, "\xc3\xa9t\xc3\xa9", 0);
    assert_clean("\x1b[1mgras\x1b[0m\x7f", false, "[1mgras[0m", 3);
    assert_clean(" two\r\nlines\there ", true, "two lines here", 0);
    assert_clean("\xe2\x80\xa8", true, "", 0);
    assert_clean("", false, "", 0);
    assert_clean("œuvre ’", false, "œuvre ’", 0);
    assert_ok(en_buf_add_str(&b, "kept"));
    assert_err(en_entry_clean(en_span_str("abc\xff"), false, &b, NULL, &why),
               EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_TEXT_UTF8);
    assert_int_equal(why.n, 3);
    assert_span(en_buf_span(&b), "kept");
    en_buf_free(&b);
}

static void what_was_cleaned_can_be_kept(void **state)
{
    struct en_rng_seeded rng;

    (void)state;
    en_rng_seed(&rng, 5);
    for (int round = 0; round < 2000; round++) {
        static const char *const part[] = {
            "a",    "é", "e\xcc\x81", "\r", "\n", "\r\n",     "\t", "\x01",
            "\x9f", "…", "\xc2\x85",  "日", "😀",  "\xcc\x81", " ",  "ﬁ"};
        struct en_buf in = {0};
        struct en_buf out = {0};
        struct en_content c = entry_of(1, "");
        uint32_t n = en_rng_below(&rng.rng, 20);

        for (uint32_t i = 0; i < n; i++) {
            uint32_t k = en_rng_below(&rng.rng, 16);

            /* A byte that is no UTF-8 alone is left out of this mix. */
            assert_ok(en_buf_add_str(&in, k == 8 ? "b" : part[k]));
        }
        assert_ok(en_entry_clean(en_buf_span(&in), false, &out, NULL, NULL));
        c.u.entry.text = en_buf_span(&out);
        if (out.n > 0) {
            struct en_buf b = {0};

            assert_ok(en_content_encode(&c, &b, NULL));
            en_buf_free(&b);
        }
        en_buf_clear(&out);
        c = entry_of(1, "x");
        assert_ok(en_entry_clean(en_buf_span(&in), true, &out, NULL, NULL));
        c.u.entry.title = en_buf_span(&out);
        {
            struct en_buf b = {0};

            assert_ok(en_content_encode(&c, &b, NULL));
            en_buf_free(&b);
        }
        en_buf_free(&in);
        en_buf_free(&out);
    }
}

static void lines_are_counted_as_people_count_them(void **state)
{
    struct en_span s;

    (void)state;
    assert_int_equal(en_text_lines(en_span_str("")), 0);
    assert_int_equal(en_text_lines(en_span_str("a")), 1);
    assert_int_equal(en_text_lines(en_span_str("a\n")), 1);
    assert_int_equal(en_text_lines(en_span_str("a\nb")), 2);
    assert_int_equal(en_text_lines(en_span_str("\n\n")), 2);
    assert_ok(en_text_line_range(en_span_str("a\nb\nc\n"), 2, 3, &s));
    assert_span(s, "b\nc");
    assert_ok(en_text_line_range(en_span_str("a\nb\nc"), 1, 1, &s));
    assert_span(s, "a");
    assert_ok(en_text_line_range(en_span_str("a\n\nc"), 2, 2, &s));
    assert_span(s, "");
    assert_err(en_text_line_range(en_span_str("a\nb\n"), 3, 3, &s), EN_RANGE);
    assert_err(en_text_line_range(en_span_str("a\nb"), 0, 1, &s), EN_RANGE);
    assert_err(en_text_line_range(en_span_str("a\nb"), 2, 1, &s), EN_RANGE);
    assert_err(en_text_line_range(en_span_str(""), 1, 1, &s), EN_RANGE);
}

/*
 * Letters
 */

static void ids_are_written_in_crockfords_letters(void **state)
{
    struct en_id16 id = {{0}};
    char out[EN_LETTERS + 1];

    (void)state;
    en_id_letters(&id, out);
    assert_string_equal(out, "00000000000000000000000000");
    memset(id.b, 0xff, sizeof(id.b));
    en_id_letters(&id, out);
    assert_string_equal(out, "zzzzzzzzzzzzzzzzzzzzzzzzzw");
    /* 00001 00010 ... : one letter after the other. */
    assert_ok(en_unhex(id.b, 16, "00443214c74254b635cf84653a56d7c6"));
    en_id_letters(&id, out);
    assert_string_equal(out, "0123456789abcdefghjkmnpqrr");
}

static void what_people_type_for_letters_is_understood(void **state)
{
    char out[EN_LETTERS + 1];
    size_t n = 0;

    (void)state;
    assert_ok(en_id_prefix(en_span_str("K7M2Q"), out, &n));
    assert_string_equal(out, "k7m2q");
    assert_int_equal(n, 5);
    assert_ok(en_id_prefix(en_span_str("iL-oO 9"), out, &n));
    assert_string_equal(out, "11009");
    assert_err(en_id_prefix(en_span_str("k7u"), out, &n), EN_RANGE);
    assert_err(en_id_prefix(en_span_str(""), out, &n), EN_RANGE);
    assert_err(en_id_prefix(en_span_str("--"), out, &n), EN_RANGE);
    assert_err(en_id_prefix(en_span_str("é"), out, &n), EN_RANGE);
    assert_err(en_id_prefix(BYTES("k7\0"), out, &n), EN_RANGE);
    assert_ok(en_id_prefix(en_span_str("00000000000000000000000000"), out, &n));
    assert_int_equal(n, EN_LETTERS);
    assert_err(
        en_id_prefix(en_span_str("000000000000000000000000000"), out, &n),
        EN_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_an_entry_comes_back),
        cmocka_unit_test(what_an_entry_lacks_is_lacking_again),
        cmocka_unit_test(drafts_shares_links_and_profiles_come_back),
        cmocka_unit_test(a_share_says_nothing_of_its_original),
        cmocka_unit_test(a_text_has_one_byte_to_64000),
        cmocka_unit_test(a_deletion_may_be_without_text),
        cmocka_unit_test(lines_tags_and_names_have_their_bounds),
        cmocka_unit_test(text_is_utf8_in_nfc_without_controls),
        cmocka_unit_test(numbers_outside_their_range_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_changed_byte_is_refused_or_means_itself),
        cmocka_unit_test(later_versions_and_kinds_are_newer_and_not_broken),
        cmocka_unit_test(a_writer_that_lies_about_a_bound_is_refused),
        cmocka_unit_test(typed_text_becomes_nfc_with_line_feeds_only),
        cmocka_unit_test(what_was_cleaned_can_be_kept),
        cmocka_unit_test(lines_are_counted_as_people_count_them),
        cmocka_unit_test(ids_are_written_in_crockfords_letters),
        cmocka_unit_test(what_people_type_for_letters_is_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
