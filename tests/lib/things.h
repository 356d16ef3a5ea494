/*
 * things.h - journal contents for tests: written, kept on a shelf, put in a book.
 *
 * A shelf stands for the vault: record i has an id made of i, so that any order of
 * arrival can be tried and the book's loader finds texts again. Names of circles,
 * persons and things are made of small numbers.
 */
#ifndef EN_TESTS_LIB_THINGS_H
#define EN_TESTS_LIB_THINGS_H

#include "journal/book.h"
#include "lib/test.h"

#include <stdlib.h>

struct shelved {
    struct en_book_item item;
    struct en_buf bytes;
};

struct shelf {
    struct shelved *v;
    size_t n;
    size_t cap;
    size_t loads; /* how often a text was asked for */
};

/* Spread so that the order of ids says nothing about the order of making. */
static inline struct en_id record_id(uint32_t i)
{
    struct en_id id = {{0}};

    en_put_u32(id.b, i * 2654435761u);
    en_put_u32(id.b + 4, i);
    id.b[31] = 1;
    return id;
}

static inline struct en_id circle_id(uint8_t n)
{
    struct en_id id = {{0}};

    id.b[0] = 0xc0;
    id.b[31] = n;
    return id;
}

static inline struct en_id16 person_id(uint8_t n)
{
    struct en_id16 id = {{0}};

    id.b[0] = 0xa0;
    id.b[15] = n;
    return id;
}

static inline struct en_id16 thing_id(uint32_t n)
{
    struct en_id16 id = {{0}};

    /* In the order of their numbers, five letters apart. */
    id.b[0] = (uint8_t)(n * 40000u >> 24);
    id.b[1] = (uint8_t)(n * 40000u >> 16);
    id.b[2] = (uint8_t)(n * 40000u >> 8);
    id.b[3] = (uint8_t)(n * 40000u);
    en_put_u32(id.b + 12, n);
    return id;
}

static inline struct en_day day_of(int year, unsigned month, unsigned day)
{
    return (struct en_day){(int16_t)year, (uint8_t)month, (uint8_t)day};
}

static inline struct en_when on_day(int year, unsigned month, unsigned day)
{
    return (struct en_when){.kind = EN_WHEN_DAY,
                            .day = day_of(year, month, day)};
}

static inline struct en_when at_ms(int64_t ms, int16_t offset)
{
    return (struct en_when){
        .kind = EN_WHEN_INSTANT, .ms = ms, .offset = offset};
}

/* A first revision; fields may be changed before it is shelved. */
static inline struct en_content entry_of(uint32_t id, const char *text)
{
    struct en_content c;

    memset(&c, 0, sizeof(c));
    c.kind = EN_KIND_ENTRY;
    c.id = thing_id(id);
    c.time_ms = 1800000000000 + id;
    c.offset = 120;
    c.u.entry.when = on_day(2027, 4, 28);
    c.u.entry.text = en_span_str(text);
    return c;
}

static inline struct en_content share_of(uint32_t id, const char *text)
{
    struct en_content c = entry_of(id, "");

    memset(&c.u, 0, sizeof(c.u));
    c.kind = EN_KIND_SHARE;
    c.u.share.of = EN_KIND_ENTRY;
    c.u.share.when = on_day(2027, 4, 28);
    c.u.share.text = en_span_str(text);
    return c;
}

static inline struct en_content link_of(uint32_t id, uint32_t share,
                                        uint8_t circle, uint32_t original,
                                        uint32_t revision)
{
    struct en_content c = entry_of(id, "");

    memset(&c.u, 0, sizeof(c.u));
    c.kind = EN_KIND_LINK;
    c.u.link.share = thing_id(share);
    c.u.link.cid = circle_id(circle);
    c.u.link.original = thing_id(original);
    c.u.link.revision = record_id(revision);
    return c;
}

static inline void replaces(struct en_content *c, uint32_t record)
{
    assert_true(c->parents < EN_AFTER_MAX);
    c->parent[c->parents++] = record_id(record);
}

/* Encodes; the record's number, which its id is made of. */
static inline uint32_t shelve(struct shelf *s, const struct en_content *c,
                              uint8_t circle, uint8_t person)
{
    struct shelved *k;

    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 64 : s->cap * 2;
        s->v = realloc(s->v, s->cap * sizeof(*s->v));
        assert_non_null(s->v);
    }
    k = &s->v[s->n];
    memset(k, 0, sizeof(*k));
    assert_ok(en_content_encode(c, &k->bytes, NULL));
    k->item.cid = circle_id(circle);
    k->item.record = record_id((uint32_t)s->n);
    k->item.person = person_id(person);
    k->item.device = person_id((uint8_t)(person + 100));
    k->item.type = en_content_type(c);
    k->item.content = en_buf_span(&k->bytes);
    return (uint32_t)s->n++;
}

static inline void shelf_free(struct shelf *s)
{
    for (size_t i = 0; i < s->n; i++)
        en_buf_free(&s->v[i].bytes);
    free(s->v);
    memset(s, 0, sizeof(*s));
}

static inline en_err shelf_load(void *user, const struct en_id *record,
                                struct en_buf *out)
{
    struct shelf *s = user;
    uint32_t i = en_get_u32(record->b + 4);

    assert_true(i < s->n);
    s->loads++;
    return en_buf_add_span(out, en_buf_span(&s->v[i].bytes));
}

#define HOME   1 /* the personal circle of person ME */
#define GROUP  2 /* a circle in which ME is person ME + 10 */
#define ME     1
#define ME_TOO 11
#define LUC    12
#define CHLOE  13

/* A book that knows who its person is; load: texts stay on the shelf. */
static inline struct en_book *book_of(struct shelf *s, bool load, bool index)
{
    struct en_book_source source = {
        .load = load ? shelf_load : NULL, .user = s, .index = index, .seed = 7};
    struct en_book *b = NULL;
    struct en_id home = circle_id(HOME);
    struct en_id group = circle_id(GROUP);
    struct en_id16 me = person_id(ME);
    struct en_id16 too = person_id(ME_TOO);

    assert_ok(en_book_new(&source, &b));
    assert_ok(en_book_me(b, &home, &me, true));
    assert_ok(en_book_me(b, &group, &too, false));
    en_book_today(b, day_of(2027, 5, 12), false);
    return b;
}

static inline void add_record(struct en_book *b, struct shelf *s, uint32_t i)
{
    assert_ok(en_book_add(b, &s->v[i].item));
}

static inline void add_all(struct en_book *b, struct shelf *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        add_record(b, s, i);
}

#endif
