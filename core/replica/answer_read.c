#include "replica/answer_in.h"

#include <stdlib.h>
#include <string.h>

/*
 * Rows
 */

static uint32_t entry_flags(const struct en_view_entry *v, bool private,
                            const struct en_act_excerpt *x)
{
    uint32_t f = 0;

    f |= v->mine ? EN_ENTRY_MINE : 0;
    f |= v->deleted ? EN_ENTRY_DELETED : 0;
    f |= v->letter ? EN_ENTRY_LETTER : 0;
    f |= v->hidden ? EN_ENTRY_HIDDEN : 0;
    f |= v->twin ? EN_ENTRY_TWIN : 0;
    f |= (v->flags & EN_ITEM_OLD_KEYS) != 0 ? EN_ENTRY_OLD_KEYS : 0;
    f |= private ? EN_ENTRY_PRIVATE : 0;
    if (x == NULL)
        return f | (v->words_cut ? EN_ENTRY_CUT : 0);
    f |= x->before ? EN_ENTRY_BEFORE : 0;
    f |= x->after ? EN_ENTRY_AFTER : 0;
    return f;
}

/* name is the caller's and outlives e. */
en_err en_act_row(struct en_act *a, const struct en_view_entry *v,
                  const struct en_act_excerpt *x, struct en_buf *name,
                  struct en_rpc_entry *e)
{
    struct en_replica *r = en_home_by_cid(a->home, &v->cid);
    bool private = r != NULL && r == en_home_personal(a->home);
    struct en_view_profile profile = {0};
    struct en_book *book;
    en_err err;

    err = en_home_book(a->home, false, &book);
    if (err != EN_OK)
        return err;
    *e = (struct en_rpc_entry){
        .kind = v->kind,
        .flags = entry_flags(v, private, x),
        .cid = v->cid,
        .sid = v->sid,
        .person = v->person,
        .id = v->id,
        .unique = v->unique,
        .heads = v->heads,
        .versions = v->versions,
        .version = v->version,
        .shown = v->shown,
        .device = v->device,
        .time_ms = v->time_ms,
        .offset = v->offset,
        .when = v->when,
        .title = v->title,
        .words = x == NULL ? v->words : x->words,
        .match_from = x == NULL ? 0 : x->from,
        .match_to = x == NULL ? 0 : x->to,
        .tags = v->tags,
        .about = v->about,
        .importer = v->importer,
        .foreign = v->foreign,
        .opens = (uint32_t)v->opens,
        .opens_day = v->opens_day,
        .text_len = v->text_len,
        .lines = v->lines,
        .shares = v->shares,
        .aliases = v->aliases,
    };
    memcpy(e->tag, v->tag, sizeof e->tag);
    if (r == NULL)
        return EN_OK;
    e->device_label = en_home_device_label(r, &v->device);
    if (!private && en_book_profile(book, &v->cid, &profile) == EN_OK)
        e->circle = profile.name;
    err = en_home_person_name(r, &v->person, name);
    e->person_name = en_buf_span(name);
    return err;
}

en_err en_act_entry(struct en_act *a, const struct en_view_entry *v,
                    const struct en_act_excerpt *x)
{
    struct en_buf name = {0};
    struct en_rpc_entry e;
    en_err err = en_act_row(a, v, x, &name, &e);

    if (err == EN_OK)
        err = EN_EMIT(a, entry, &e);
    en_buf_free(&name);
    return err;
}

en_err en_act_record(struct en_act *a, const struct en_id *record)
{
    struct en_view_entry v;
    struct en_book *book;
    en_err err = en_home_book(a->home, false, &book);

    if (err == EN_OK)
        err = en_book_of_record(book, record, &v);
    return err == EN_OK ? en_act_entry(a, &v, NULL) : err;
}

en_err en_act_find(struct en_act *a, struct en_span typed,
                   struct en_view_entry *v)
{
    struct en_book *book;
    en_err err = en_home_book(a->home, false, &book);

    return err == EN_OK ? en_book_find(book, typed, v, &a->why) : err;
}

/*
 * List, search
 */

static en_err filter_of(struct en_act *a, const struct en_rpc_filter *f,
                        struct en_filter *out)
{
    struct en_replica *r;
    en_err err;

    *out = (struct en_filter){
        .from = f->from,
        .to = f->to,
        .tag = f->tag,
        .mine = (f->flags & EN_FILTER_MINE) != 0,
        .shared = (f->flags & EN_FILTER_SHARED) != 0,
        .letters = (f->flags & EN_FILTER_LETTERS) != 0,
        .deleted = (f->flags & EN_FILTER_DELETED) != 0,
        .reverse = (f->flags & EN_FILTER_REVERSE) != 0,
        .month = (f->flags & EN_FILTER_MONTH) != 0,
        .day = f->day,
        .years = f->years,
        .limit = f->limit,
    };
    if (f->circle.n == 0)
        return EN_OK;
    err = en_home_named(a->home, f->circle, &r, &a->why);
    if (err == EN_OK)
        out->cid = en_replica_cid(r);
    return err;
}

static en_err list_row(void *user, const struct en_view_entry *row)
{
    return en_act_entry(user, row, NULL);
}

en_err en_act_list(struct en_act *a)
{
    struct en_rpc_filter f;
    struct en_filter filter;
    struct en_book *book;
    en_err err = en_rpc_get_filter(a->args, &f);

    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = filter_of(a, &f, &filter);
    return err == EN_OK ? en_book_list(book, &filter, list_row, a) : err;
}

struct searching {
    struct en_act *a;
    struct en_book *book;
    const struct en_rpc_search *s;
    struct en_buf text;
};

static en_err found_row(void *user, const struct en_view_entry *row)
{
    struct searching *s = user;
    struct en_excerpt x;
    struct en_act_excerpt shown;
    en_err err;

    en_buf_clear(&s->text);
    err = en_book_excerpt(s->book, row, s->s->query, s->s->exact, s->s->width,
                          &s->text, &x);
    if (err != EN_OK)
        return err;
    shown = (struct en_act_excerpt){
        .words = EN_SPAN(s->text.p + x.from, x.to - x.from),
        .from = (uint32_t)(x.match_from - x.from),
        .to = (uint32_t)(x.match_to - x.from),
        .before = x.before,
        .after = x.after,
    };
    return en_act_entry(s->a, row, &shown);
}

en_err en_act_search(struct en_act *a)
{
    struct en_rpc_search s;
    struct searching with = {.a = a, .s = &s};
    struct en_filter filter;
    en_err err = en_rpc_get_search(a->args, &s);

    if (err == EN_OK && s.query.n > EN_QUERY_MAX)
        err = en_why_set(&a->why, EN_RANGE, EN_WHY_TEXT_LONG, NULL, s.query.n,
                         EN_QUERY_MAX);
    if (err == EN_OK)
        err = en_home_book(a->home, true, &with.book);
    if (err == EN_OK)
        err = filter_of(a, &s.filter, &filter);
    if (err == EN_OK)
        err = en_book_search(with.book, s.query, s.exact, &filter, found_row,
                             &with, NULL);
    en_buf_free(&with.text);
    return err;
}

/*
 * Read
 */

struct versions {
    struct en_version *v;
    size_t n, cap;
    bool heads; /* only versions not replaced, deletions left out */
    const struct en_id *shown;
};

static en_err keep_version(void *user, const struct en_version *v)
{
    struct versions *vs = user;
    struct en_version *p;

    /* Of a deleted thing: the version that a list would show. */
    if (vs->heads && !en_id_eq(&v->record, vs->shown) &&
        (!v->head || v->deleted))
        return EN_OK;
    if (vs->n == vs->cap) {
        vs->cap = vs->cap == 0 ? 4 : vs->cap * 2;
        p = realloc(vs->v, vs->cap * sizeof *p);
        if (p == NULL)
            return EN_NOMEM;
        vs->v = p;
    }
    vs->v[vs->n++] = *v;
    return EN_OK;
}

struct placing {
    struct en_book *book;
    struct en_rpc_full *full;
};

static en_err add_place(void *user, const struct en_view_link *l)
{
    struct placing *p = user;
    struct en_rpc_place *place;
    struct en_view_profile profile = {0};

    if (!l->live || p->full->places == EN_RPC_PLACES_MAX)
        return EN_OK;
    if (en_book_profile(p->book, &l->cid, &profile) == EN_ABSENT)
        profile.name = (struct en_span){0};
    place = &p->full->place[p->full->places++];
    *place = (struct en_rpc_place){
        .circle = profile.name,
        .id = l->share,
        .time_ms = l->time_ms,
        .offset = l->offset,
    };
    return EN_OK;
}

/* The parts of a version's content that a screen shows. */
static void show_content(const struct en_content *c, struct en_rpc_full *f)
{
    struct en_rpc_entry *e = &f->entry;

    if (c->kind == EN_KIND_SHARE) {
        e->title = c->u.share.title;
        e->when = c->u.share.when;
        f->text = c->u.share.text;
        return;
    }
    e->title = c->u.entry.title;
    e->when = c->u.entry.when;
    e->tags = c->u.entry.tags;
    memcpy(e->tag, c->u.entry.tag, sizeof e->tag);
    f->text = c->u.entry.text;
}

static en_err emit_version(struct en_act *a, struct en_book *book,
                           const struct en_view_entry *row,
                           const struct en_version *v, bool open)
{
    struct en_rpc_full *f = calloc(1, sizeof *f);
    struct en_replica *r = en_home_by_cid(a->home, &row->cid);
    struct placing placing = {book, f};
    struct en_buf name = {0}, bytes = {0};
    struct en_content c;
    en_err err;

    if (f == NULL)
        return EN_NOMEM;
    err = en_act_row(a, row, NULL, &name, &f->entry);
    if (err != EN_OK)
        goto out;
    f->number = v->number;
    f->record = v->record;
    f->head = v->head;
    f->deleted = v->deleted;
    f->device = v->device;
    f->device_label =
        r == NULL ? (struct en_span){0} : en_home_device_label(r, &v->device);
    f->time_ms = v->time_ms;
    f->offset = v->offset;
    if (!row->hidden || open) {
        err = en_book_content(book, &v->record, &bytes, &c);
        if (err != EN_OK)
            goto out;
        show_content(&c, f);
        if (open)
            f->entry.flags &= ~(uint32_t)EN_ENTRY_HIDDEN;
    }
    if (row->mine && en_id_eq(&v->record, &row->shown))
        err = en_book_links(book, row->thing, add_place, &placing);
    if (err == EN_OK)
        err = EN_EMIT(a, full, f);
out:
    en_buf_free(&name);
    en_buf_free(&bytes);
    free(f);
    return err;
}

static en_err emit_versions(struct en_act *a, const struct en_view_entry *row,
                            bool heads, bool open)
{
    struct versions vs = {.heads = heads, .shown = &row->shown};
    struct en_book *book;
    en_err err = en_home_book(a->home, false, &book);

    if (err == EN_OK)
        err = en_book_versions(book, row->thing, keep_version, &vs);
    for (size_t i = 0; i < vs.n && err == EN_OK; i++)
        err = emit_version(a, book, row, &vs.v[i], open);
    free(vs.v);
    return err;
}

en_err en_act_read(struct en_act *a)
{
    struct en_rpc_read r;
    struct en_view_entry v;
    struct en_book *book;
    en_err err = en_rpc_get_read(a->args, &r);

    if (err == EN_OK && r.what > EN_READ_HISTORY)
        err = EN_PROTOCOL;
    if (err != EN_OK)
        return err;
    if (r.typed.n > 0) {
        err = en_act_find(a, r.typed, &v);
    } else {
        err = en_home_book(a->home, false, &book);
        if (err == EN_OK)
            err = en_book_last(book, &v);
        if (err == EN_ABSENT)
            err = en_why_set(&a->why, EN_ABSENT, EN_WHY_NO_ENTRY, "last", 0, 0);
    }
    return err == EN_OK ? emit_versions(a, &v, r.what == EN_READ_HEADS, r.open)
                        : err;
}

/* Rows found while the book is walked, to be looked at once it stands still. */
struct records {
    const struct en_home *home;
    struct en_id *record;
    struct en_id *cid;
    size_t n, cap;
};

static en_err keep_record(void *user, const struct en_view_entry *row)
{
    struct records *rs = user;
    size_t cap = rs->cap == 0 ? 32 : rs->cap * 2;
    struct en_id *p;

    if (rs->n == rs->cap) {
        p = realloc(rs->record, cap * sizeof *p);
        if (p == NULL)
            return EN_NOMEM;
        rs->record = p;
        p = realloc(rs->cid, cap * sizeof *p);
        if (p == NULL)
            return EN_NOMEM;
        rs->cid = p;
        rs->cap = cap;
    }
    rs->record[rs->n] = row->shown;
    rs->cid[rs->n++] = row->cid;
    return EN_OK;
}

static bool record_seen(void *user, const struct en_id *record)
{
    return en_home_seen(((struct records *)user)->home, record);
}

static void records_free(struct records *rs)
{
    free(rs->record);
    free(rs->cid);
}

static en_err emit_records(struct en_act *a, const struct records *rs)
{
    struct en_view_entry v;
    struct en_book *book;
    en_err err = en_home_book(a->home, false, &book);

    for (size_t i = 0; i < rs->n && err == EN_OK; i++) {
        err = en_book_of_record(book, &rs->record[i], &v);
        if (err == EN_OK)
            err = emit_versions(a, &v, true, false);
    }
    return err;
}

en_err en_act_news(struct en_act *a)
{
    struct records rs = {.home = a->home};
    struct en_rpc_news n;
    struct en_book *book;
    en_err err = en_rpc_get_news(a->args, &n);

    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = en_book_news(book, record_seen, keep_record, &rs);
    if (err == EN_OK)
        err = emit_records(a, &rs);
    /* Marked circle by circle, those of one circle in one commit. */
    for (size_t i = 0; n.mark && i < rs.n && err == EN_OK;) {
        size_t to = i + 1;

        while (to < rs.n && to - i < 256 && en_id_eq(&rs.cid[to], &rs.cid[i]))
            to++;
        err = en_home_mark_seen(a->home, &rs.cid[i], &rs.record[i], to - i);
        i = to;
    }
    records_free(&rs);
    return err;
}

en_err en_act_drafts(struct en_act *a)
{
    struct en_filter filter = {.drafts = true};
    struct records rs = {.home = a->home};
    struct en_book *book;
    en_err err = en_home_book(a->home, false, &book);

    if (err == EN_OK)
        err = en_book_list(book, &filter, keep_record, &rs);
    if (err == EN_OK)
        err = emit_records(a, &rs);
    records_free(&rs);
    return err;
}
