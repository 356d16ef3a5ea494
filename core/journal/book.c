#include "journal/book.h"

#include "base/secret.h"
#include "journal/book_in.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * Making and ending
 */

void *en_book_grow(void *p, uint32_t *cap, size_t need, size_t size)
{
    uint64_t want = *cap;
    void *q;

    if (need <= *cap)
        return p;
    if (need >= UINT32_MAX)
        return NULL;
    while (want < need)
        want = want == 0 ? 16 : want * 2;
    if (want >= UINT32_MAX)
        want = UINT32_MAX - 1;
    /* Pointers and numbers, no words: nothing to wipe. */
    q = realloc(p, (size_t)want * size);
    if (q != NULL)
        *cap = (uint32_t)want;
    return q;
}

en_err en_book_new(const struct en_book_source *source, struct en_book **out)
{
    struct en_book *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return EN_NOMEM;
    b->source = *source;
    b->dirty.next = b->dirty.prev = &b->dirty;
    b->unindexed.next = b->unindexed.prev = &b->unindexed;
    /* Name 0 is the zero id: "none". */
    b->name = en_book_grow(NULL, &b->name_cap, 1, sizeof(*b->name));
    if (b->name == NULL) {
        free(b);
        return EN_NOMEM;
    }
    b->name[0] = (struct en_id16){0};
    b->names = 1;
    *out = b;
    return EN_OK;
}

static void free_rev(struct en_book *b, struct en_rev_kept *r)
{
    b->bytes -= r->size;
    en_wipe(r, r->size);
    free(r);
}

static void free_ids(struct en_table *t)
{
    for (size_t i = 0; i < t->cap; i++)
        free(t->slot[i].item);
    en_table_free(t);
}

void en_book_free(struct en_book *b)
{
    if (b == NULL)
        return;
    for (uint32_t i = 0; i < b->thing_n; i++) {
        struct en_rev_kept *r = b->thing[i]->rev;

        while (r != NULL) {
            struct en_rev_kept *next = r->next;

            free_rev(b, r);
            r = next;
        }
        free(b->thing[i]);
    }
    en_search_free(b->search);
    free(b->circle);
    free(b->name);
    en_table_free(&b->revs);
    en_table_free(&b->things);
    en_table_free(&b->prints);
    free_ids(&b->dropped);
    free_ids(&b->newer);
    free(b->thing);
    free(b->order);
    free(b->by_id);
    free(b->doc);
    free(b->doc_free);
    en_wipe(b, sizeof(*b));
    free(b);
}

size_t en_book_memory(const struct en_book *b)
{
    size_t n = sizeof(*b) + b->bytes;

    n += (b->revs.cap + b->things.cap + b->prints.cap + b->dropped.cap +
          b->newer.cap) *
         sizeof(struct en_slot);
    n += (b->dropped.n + b->newer.n) * sizeof(struct en_dropped);
    n += ((size_t)b->thing_cap + b->order_cap + b->by_id_cap + b->doc_cap) *
         sizeof(void *);
    return n + (b->search != NULL ? en_search_memory(b->search) : 0);
}

/*
 * Names and keys
 */

uint32_t en_book_circle(const struct en_book *b, const struct en_id *cid)
{
    for (uint32_t i = 0; i < b->circles; i++) {
        if (en_id_eq(&b->circle[i].cid, cid))
            return i;
    }
    return UINT32_MAX;
}

/* A person has few circles, a circle at most 1,024 devices ever. */
uint32_t en_book_name(const struct en_book *b, const struct en_id16 *id)
{
    for (uint32_t i = 0; i < b->names; i++) {
        if (en_id16_eq(&b->name[i], id))
            return i;
    }
    return UINT32_MAX;
}

static en_err intern_circle(struct en_book *b, const struct en_id *cid,
                            uint32_t *at)
{
    void *p;

    *at = en_book_circle(b, cid);
    if (*at != UINT32_MAX)
        return EN_OK;
    p = en_book_grow(b->circle, &b->circle_cap, (size_t)b->circles + 1,
                     sizeof(*b->circle));
    if (p == NULL)
        return EN_NOMEM;
    b->circle = p;
    b->circle[b->circles] = (struct en_circle_kept){.cid = *cid};
    *at = b->circles++;
    return EN_OK;
}

static en_err intern(struct en_book *b, const struct en_id16 *id, uint32_t *at)
{
    void *p;

    *at = en_book_name(b, id);
    if (*at != UINT32_MAX)
        return EN_OK;
    p = en_book_grow(b->name, &b->name_cap, (size_t)b->names + 1,
                     sizeof(*b->name));
    if (p == NULL)
        return EN_NOMEM;
    b->name = p;
    b->name[b->names] = *id;
    *at = b->names++;
    return EN_OK;
}

static uint64_t id_hash(const struct en_book *b, const struct en_id *id)
{
    return en_table_hash(b->source.seed, id->b, sizeof(id->b));
}

static uint64_t thing_hash(const struct en_book *b, uint32_t circle,
                           uint32_t person, const struct en_id16 *id,
                           uint32_t kind)
{
    uint8_t key[28];

    memcpy(key, id->b, 16);
    en_put_u32(key + 16, circle);
    en_put_u32(key + 20, person);
    en_put_u32(key + 24, kind);
    return en_table_hash(b->source.seed, key, sizeof(key));
}

struct en_rev_kept *en_book_rev(const struct en_book *b,
                                const struct en_id *record)
{
    uint64_t h = id_hash(b, record);
    size_t i = EN_TABLE_START;
    struct en_rev_kept *r;

    while ((r = en_table_next(&b->revs, h, &i)) != NULL) {
        if (en_id_eq(&r->record, record))
            return r;
    }
    return NULL;
}

struct en_thing *en_book_thing(const struct en_book *b, uint32_t circle,
                               uint32_t person, const struct en_id16 *id,
                               uint32_t kind)
{
    uint64_t h = thing_hash(b, circle, person, id, kind);
    size_t i = EN_TABLE_START;
    struct en_thing *t;

    while ((t = en_table_next(&b->things, h, &i)) != NULL) {
        if (t->circle == circle && t->person == person && t->kind == kind &&
            en_id16_eq(&t->id, id))
            return t;
    }
    return NULL;
}

static struct en_dropped *find_id(const struct en_book *b,
                                  const struct en_table *table,
                                  const struct en_id *record)
{
    uint64_t h = id_hash(b, record);
    size_t i = EN_TABLE_START;
    struct en_dropped *d;

    while ((d = en_table_next(table, h, &i)) != NULL) {
        if (en_id_eq(&d->record, record))
            return d;
    }
    return NULL;
}

bool en_book_is_dropped(const struct en_book *b, const struct en_id *record)
{
    return b->dropped.n > 0 && find_id(b, &b->dropped, record) != NULL;
}

static en_err note_id(struct en_book *b, struct en_table *table,
                      const struct en_id *cid, const struct en_id *record)
{
    struct en_dropped *d;
    en_err err;

    if (find_id(b, table, record) != NULL)
        return EN_OK;
    err = en_table_reserve(table);
    if (err != EN_OK)
        return err;
    d = malloc(sizeof(*d));
    if (d == NULL)
        return EN_NOMEM;
    d->record = *record;
    d->cid = *cid;
    en_table_put(table, id_hash(b, record), d);
    return EN_OK;
}

static void forget_id(struct en_book *b, struct en_table *table,
                      const struct en_id *record)
{
    struct en_dropped *d = find_id(b, table, record);

    if (d == NULL)
        return;
    en_table_remove(table, id_hash(b, record), d);
    free(d);
}

uint64_t en_book_print(const struct en_book *b, struct en_span importer,
                       struct en_span foreign, const struct en_when *when,
                       struct en_span text)
{
    uint64_t h;

    if (importer.n == 0)
        return 0;
    if (foreign.n > 0) {
        h = en_table_hash(b->source.seed ^ 1, importer.p, importer.n);
        h = en_table_hash(h, foreign.p, foreign.n);
    } else {
        int64_t key = en_when_key(when);

        h = en_table_hash(b->source.seed ^ 2, &key, sizeof(key));
        h = en_table_hash(h, text.p, text.n);
    }
    return h == 0 ? 1 : h;
}

en_err en_book_me(struct en_book *b, const struct en_id *cid,
                  const struct en_id16 *person, bool personal)
{
    uint32_t circle;
    uint32_t me;
    en_err err = intern_circle(b, cid, &circle);

    if (err == EN_OK)
        err = intern(b, person, &me);
    if (err != EN_OK)
        return err;
    b->circle[circle].me = me;
    b->circle[circle].personal = personal;
    b->links_stale = true;
    return EN_OK;
}

void en_book_today(struct en_book *b, struct en_day today, bool last_session)
{
    b->today = today;
    b->last_session = last_session;
}

/*
 * What is kept of a record
 */

/* Fields of what lists show, whatever the kind; the rest is empty. */
struct shown {
    const struct en_entry *e; /* NULL unless an entry or a draft */
    struct en_span title, text, importer, foreign;
    struct en_when when;
    bool deleted;
};

static struct shown shown_of(const struct en_content *c)
{
    struct shown s = {0};

    if (c->kind == EN_KIND_ENTRY || c->kind == EN_KIND_DRAFT) {
        s.e = &c->u.entry;
        s.title = s.e->title;
        s.text = s.e->text;
        s.importer = s.e->importer;
        s.foreign = s.e->foreign;
        s.when = s.e->when;
        s.deleted = s.e->state == EN_DELETED;
    } else if (c->kind == EN_KIND_SHARE) {
        s.title = c->u.share.title;
        s.text = c->u.share.text;
        s.when = c->u.share.when;
        s.deleted = c->u.share.state == EN_DELETED;
    }
    return s;
}

static uint8_t *put(uint8_t *p, const void *from, size_t n)
{
    if (n > 0)
        memcpy(p, from, n);
    return p + n;
}

static size_t tail_size(const struct en_content *c, const struct shown *s,
                        size_t words, size_t kept)
{
    size_t n = (c->parents + c->afters) * sizeof(struct en_id) + s->title.n +
               words + s->importer.n + s->foreign.n + kept;

    if (s->e == NULL)
        return n;
    for (size_t i = 0; i < s->e->tags; i++)
        n += s->e->tag[i].n;
    return n + (en_id_zero(&s->e->undoes) ? 0 : sizeof(struct en_id));
}

/* Lists show words; the rest of a text is loaded. What has no words is small and
 * kept whole. */
static bool keeps_all(const struct en_book *b, uint32_t kind)
{
    return b->source.load == NULL ||
           (kind != EN_KIND_ENTRY && kind != EN_KIND_DRAFT &&
            kind != EN_KIND_SHARE);
}

static en_err make_rev(struct en_book *b, const struct en_book_item *item,
                       const struct en_content *c, struct en_rev_kept **out)
{
    struct shown s = shown_of(c);
    size_t kept = keeps_all(b, c->kind) ? item->content.n : 0;
    struct en_buf words = {0};
    struct en_rev_kept *r = NULL;
    bool cut = false;
    size_t size;
    uint8_t *p;
    en_err err;

    err = en_view_words(s.text, &words, &cut);
    if (err != EN_OK)
        goto out;
    size = offsetof(struct en_rev_kept, tail) + tail_size(c, &s, words.n, kept);
    /* Never less than the struct, whose end may be padding. */
    size = size < sizeof(*r) ? sizeof(*r) : size;
    r = calloc(1, size);
    if (r == NULL) {
        err = EN_NOMEM;
        goto out;
    }
    r->size = (uint32_t)size;
    r->record = item->record;
    r->time_ms = c->time_ms;
    r->offset = c->offset;
    r->flags = (uint8_t)item->flags;
    r->doc = EN_NO_DOC;
    r->deleted = s.deleted;
    r->when = s.when;
    r->text_len = (uint32_t)s.text.n;
    r->lines = (uint32_t)en_text_lines(s.text);
    r->parents = (uint8_t)c->parents;
    r->afters = (uint8_t)c->afters;
    r->title_len = (uint16_t)s.title.n;
    r->words_len = (uint16_t)words.n;
    r->words_cut = cut;
    r->importer_len = (uint16_t)s.importer.n;
    r->foreign_len = (uint16_t)s.foreign.n;
    r->kept = (uint32_t)kept;
    p = put(r->tail, c->parent, c->parents * sizeof(struct en_id));
    p = put(p, c->after, c->afters * sizeof(struct en_id));
    if (s.e != NULL && !en_id_zero(&s.e->undoes)) {
        r->has_undoes = true;
        p = put(p, &s.e->undoes, sizeof(struct en_id));
    }
    p = put(p, s.title.p, s.title.n);
    p = put(p, words.p, words.n);
    p = put(p, s.importer.p, s.importer.n);
    p = put(p, s.foreign.p, s.foreign.n);
    if (s.e != NULL) {
        r->about = s.e->about;
        r->prompt = (uint8_t)s.e->prompt;
        r->opens = (uint8_t)s.e->opens;
        r->opens_day = s.e->opens_day;
        r->tags = (uint8_t)s.e->tags;
        for (size_t i = 0; i < s.e->tags; i++) {
            r->tag_len[i] = (uint8_t)s.e->tag[i].n;
            p = put(p, s.e->tag[i].p, s.e->tag[i].n);
        }
        if (c->kind == EN_KIND_ENTRY)
            r->print = en_book_print(b, s.importer, s.foreign, &s.when, s.text);
    }
    if (c->kind == EN_KIND_SHARE) {
        r->of = c->u.share.of;
        r->aliases = c->u.share.aliases;
    }
    p = put(p, item->content.p, kept);
    assert(kept > 0 ? p == (uint8_t *)r + size : p <= (uint8_t *)r + size);
    *out = r;
out:
    en_buf_free(&words);
    return err;
}

void en_tail_of(const struct en_rev_kept *r, struct en_tail *t)
{
    const uint8_t *p = r->tail;

    *t = (struct en_tail){0};
    t->parent = (const struct en_id *)(const void *)p;
    p += r->parents * sizeof(struct en_id);
    t->after = (const struct en_id *)(const void *)p;
    p += r->afters * sizeof(struct en_id);
    if (r->has_undoes) {
        t->undoes = (const struct en_id *)(const void *)p;
        p += sizeof(struct en_id);
    }
    t->title = EN_SPAN(p, r->title_len);
    p += r->title_len;
    t->words = EN_SPAN(p, r->words_len);
    p += r->words_len;
    t->importer = EN_SPAN(p, r->importer_len);
    p += r->importer_len;
    t->foreign = EN_SPAN(p, r->foreign_len);
    p += r->foreign_len;
    for (size_t i = 0; i < r->tags; i++) {
        t->tag[i] = EN_SPAN(p, r->tag_len[i]);
        p += r->tag_len[i];
    }
}

en_err en_book_bytes(struct en_book *b, const struct en_rev_kept *r,
                     struct en_buf *bytes)
{
    en_buf_clear(bytes);
    if (r->kept > 0)
        return en_buf_add(bytes, (const uint8_t *)r + r->size - r->kept,
                          r->kept);
    return b->source.load(b->source.user, &r->record, bytes);
}

/*
 * Adding
 */

void en_wait_put(struct en_wait *list, struct en_wait *w, struct en_thing *t)
{
    if (w->next != NULL)
        return;
    w->thing = t;
    w->next = list->next;
    w->prev = list;
    list->next->prev = w;
    list->next = w;
}

void en_wait_take(struct en_wait *w)
{
    if (w->next == NULL)
        return;
    w->prev->next = w->next;
    w->next->prev = w->prev;
    w->next = w->prev = NULL;
}

static void mark_dirty(struct en_book *b, struct en_thing *t)
{
    en_wait_put(&b->dirty, &t->dirty, t);
}

static struct en_thing *make_thing(struct en_book *b, uint32_t circle,
                                   uint32_t person, const struct en_content *c)
{
    struct en_thing *t;
    void *p;

    if (en_table_reserve(&b->things) != EN_OK)
        return NULL;
    p = en_book_grow(b->thing, &b->thing_cap, (size_t)b->thing_n + 1,
                     sizeof(struct en_thing *));
    if (p == NULL)
        return NULL;
    b->thing = p;
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        return NULL;
    t->id = c->id;
    t->circle = circle;
    t->person = person;
    t->kind = c->kind;
    return t;
}

static void link_thing(struct en_book *b, struct en_thing *t)
{
    t->at = b->thing_n;
    b->thing[b->thing_n++] = t;
    en_table_put(&b->things,
                 thing_hash(b, t->circle, t->person, &t->id, t->kind), t);
    b->bytes += sizeof(*t);
}

static void link_rev(struct en_book *b, struct en_thing *t,
                     struct en_rev_kept *r)
{
    r->thing = t;
    r->next = t->rev;
    t->rev = r;
    t->n++;
    en_table_put(&b->revs, id_hash(b, &r->record), r);
    if (r->print != 0)
        en_table_put(&b->prints, r->print, r);
    b->bytes += r->size;
    if (t->kind == EN_KIND_LINK)
        b->links_stale = true;
    mark_dirty(b, t);
}

/* Of a profile the circle has one, whoever writes it; the caller has seen to it
 * that they may. */
static uint32_t owner(uint32_t kind, uint32_t person)
{
    return kind == EN_KIND_PROFILE ? 0 : person;
}

static en_err keep(struct en_book *b, const struct en_book_item *item,
                   const struct en_content *c)
{
    struct en_thing *t = NULL;
    struct en_thing *fresh = NULL;
    struct en_rev_kept *r = NULL;
    uint32_t circle;
    uint32_t person;
    uint32_t device;
    uint32_t sid;
    en_err err;

    err = intern_circle(b, &item->cid, &circle);
    if (err == EN_OK)
        err = intern(b, &item->person, &person);
    if (err == EN_OK)
        err = intern(b, &item->device, &device);
    if (err == EN_OK)
        err = intern(b, &item->sid, &sid);
    if (err == EN_OK)
        err = en_table_reserve(&b->revs);
    if (err == EN_OK)
        err = en_table_reserve(&b->prints);
    if (err != EN_OK)
        return err;
    person = owner(c->kind, person);
    t = en_book_thing(b, circle, person, &c->id, c->kind);
    if (t == NULL) {
        fresh = make_thing(b, circle, person, c);
        if (fresh == NULL)
            return EN_NOMEM;
        t = fresh;
    }
    err = make_rev(b, item, c, &r);
    if (err != EN_OK) {
        free(fresh);
        return err;
    }
    r->device = device;
    r->sid = sid;
    if (fresh != NULL)
        link_thing(b, fresh);
    link_rev(b, t, r);
    /* Most things are written once: their words are here now, and a revised one
     * is seen to before the next search. */
    if (b->source.index && t->n == 1)
        (void)en_doc_add(b, r, c);
    return EN_OK;
}

en_err en_book_add(struct en_book *b, const struct en_book_item *item)
{
    struct en_content *c;
    en_err err;

    if (en_book_is_dropped(b, &item->record) ||
        en_book_rev(b, &item->record) != NULL)
        return EN_OK;
    c = malloc(sizeof(*c));
    if (c == NULL)
        return EN_NOMEM;
    err = en_content_decode(item->content, c);
    if (err == EN_VERSION) {
        err = note_id(b, &b->newer, &item->cid, &item->record);
        if (err == EN_OK)
            err = EN_VERSION;
    } else if (err == EN_OK && en_content_type(c) != item->type) {
        err = EN_PROTOCOL;
    } else if (err == EN_OK) {
        err = keep(b, item, c);
    }
    free(c);
    return err;
}

/*
 * Removing
 */

static void free_thing(struct en_book *b, struct en_thing *t)
{
    assert(t->n == 0);
    en_wait_take(&t->dirty);
    en_wait_take(&t->unindexed);
    en_table_remove(&b->things,
                    thing_hash(b, t->circle, t->person, &t->id, t->kind), t);
    b->thing[t->at] = b->thing[--b->thing_n];
    b->thing[t->at]->at = t->at;
    if (t->ordered)
        b->order_rebuild = true;
    b->links_stale = true;
    b->bytes -= sizeof(*t);
    free(t);
}

/* Takes a record out of everything but its thing's list. */
static void unlink_rev(struct en_book *b, struct en_rev_kept *r)
{
    en_doc_forget(b, r);
    en_table_remove(&b->revs, id_hash(b, &r->record), r);
    if (r->print != 0)
        en_table_remove(&b->prints, r->print, r);
}

static void remove_rev(struct en_book *b, struct en_rev_kept *r)
{
    struct en_thing *t = r->thing;
    struct en_rev_kept **at = &t->rev;

    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    t->n--;
    unlink_rev(b, r);
    free_rev(b, r);
    t->shown = NULL;
    if (t->n == 0)
        free_thing(b, t);
    else
        mark_dirty(b, t);
}

void en_book_remove(struct en_book *b, const struct en_id *record)
{
    struct en_rev_kept *r = en_book_rev(b, record);

    forget_id(b, &b->newer, record);
    if (r != NULL)
        remove_rev(b, r);
}

en_err en_book_drop(struct en_book *b, const struct en_id *cid,
                    const struct en_id *record)
{
    en_err err = note_id(b, &b->dropped, cid, record);

    if (err != EN_OK)
        return err;
    en_book_remove(b, record);
    b->drops_stale = true;
    return EN_OK;
}

void en_book_undrop(struct en_book *b, const struct en_id *record)
{
    forget_id(b, &b->dropped, record);
    b->drops_stale = true;
}

/* Things of a circle, or only what was sealed to one session of it. Backwards,
 * since a removed thing's place is taken by the last. */
static void remove_all(struct en_book *b, uint32_t circle, uint32_t sid)
{
    for (uint32_t i = b->thing_n; i-- > 0;) {
        struct en_rev_kept *r = b->thing[i]->rev;

        if (b->thing[i]->circle != circle)
            continue;
        while (r != NULL) {
            struct en_rev_kept *next = r->next;

            if (sid == UINT32_MAX || r->sid == sid)
                remove_rev(b, r);
            r = next;
        }
    }
    /* Their words go from the index now, not when it next grows. If memory for
     * that is short they go with it when the book is freed or grows. */
    if (b->search != NULL)
        (void)en_search_purge(b->search);
}

void en_book_remove_session(struct en_book *b, const struct en_id *cid,
                            const struct en_id16 *sid)
{
    uint32_t circle = en_book_circle(b, cid);
    uint32_t at = en_book_name(b, sid);

    if (circle != UINT32_MAX && at != UINT32_MAX && at != 0)
        remove_all(b, circle, at);
}

static void forget_ids_of(struct en_table *t, const struct en_id *cid)
{
    size_t i = 0;

    while (i < t->cap) {
        struct en_dropped *d = t->slot[i].item;

        if (d == NULL || !en_id_eq(&d->cid, cid)) {
            i++;
            continue;
        }
        /* Another item may move into this place: look at it again. */
        en_table_remove(t, t->slot[i].hash, d);
        free(d);
    }
}

void en_book_remove_circle(struct en_book *b, const struct en_id *cid)
{
    uint32_t circle = en_book_circle(b, cid);

    forget_ids_of(&b->dropped, cid);
    forget_ids_of(&b->newer, cid);
    if (circle != UINT32_MAX)
        remove_all(b, circle, UINT32_MAX);
}
