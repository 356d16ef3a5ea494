#include "replica/answer_in.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * Texts as typed
 */

void en_act_typed_free(struct en_act_typed *t)
{
    en_buf_free(&t->text);
    en_buf_free(&t->title);
    en_buf_free(&t->tags);
}

en_err en_act_text(struct en_span s, struct en_buf *out, size_t *dropped,
                   struct en_why *why)
{
    en_err err;

    en_buf_clear(out);
    err = en_entry_clean(s, false, out, dropped, why);
    /* NFC may lengthen a text; the size told is that of what would be kept. */
    if (err == EN_OK && out->n > EN_TEXT_MAX)
        err = en_why_set(why, EN_RANGE, EN_WHY_TEXT_LONG, NULL, out->n,
                         EN_TEXT_MAX);
    return err;
}

static bool same_tag(struct en_span a, struct en_span b)
{
    struct en_buf x = {0}, y = {0};
    bool same = en_text_fold(a, &x) == EN_OK && en_text_fold(b, &y) == EN_OK &&
                en_span_eq(en_buf_span(&x), en_buf_span(&y));

    en_buf_free(&x);
    en_buf_free(&y);
    return same;
}

/* Adds tags as typed to those of e, once each; their bytes go into keep, which
 * has room for all from the start so that spans into it stay true. */
en_err en_act_tags(struct en_entry *e, const struct en_span *tag, size_t n,
                   struct en_buf *keep, struct en_why *why)
{
    struct en_buf one = {0};
    size_t at, have;
    en_err err = EN_OK;

    for (size_t i = 0; i < n && err == EN_OK; i++) {
        en_buf_clear(&one);
        err = en_entry_clean(tag[i], true, &one, NULL, why);
        if (err != EN_OK)
            break;
        if (one.n == 0 || one.n > EN_TAG_MAX) {
            err =
                en_why_set(why, EN_RANGE, EN_WHY_TAG, NULL, one.n, EN_TAG_MAX);
            break;
        }
        for (have = 0; have < e->tags; have++) {
            if (same_tag(e->tag[have], en_buf_span(&one)))
                break;
        }
        if (have < e->tags)
            continue;
        if (e->tags == EN_TAGS_MAX) {
            err = en_why_set(why, EN_RANGE, EN_WHY_TAG, NULL, e->tags + 1,
                             EN_TAGS_MAX);
            break;
        }
        err = en_buf_reserve(keep, EN_TAGS_MAX * EN_TAG_MAX);
        if (err != EN_OK)
            break;
        assert(keep->cap - keep->n >= one.n);
        at = keep->n;
        err = en_buf_add_span(keep, en_buf_span(&one));
        e->tag[e->tags++] = EN_SPAN(keep->p + at, one.n);
    }
    en_buf_free(&one);
    return err;
}

/*
 * Appending
 */

void en_act_batch_clear(struct en_act_batch *p)
{
    for (size_t i = 0; i < p->n; i++)
        en_buf_free(&p->content[i]);
    p->n = 0;
    p->bytes = 0;
}

en_err en_act_batch_add(struct en_act_batch *p, const struct en_content *c,
                        struct en_why *why)
{
    struct en_buf *b = &p->content[p->n];
    en_err err;

    assert(p->n < EN_RPC_IMPORT_MAX);
    *b = (struct en_buf){.max = EN_CONTENT_MAX};
    err = en_content_encode(c, b, why);
    if (err != EN_OK) {
        en_buf_free(b);
        return err;
    }
    p->rec[p->n] = (struct en_append){en_content_type(c), en_buf_span(b)};
    p->bytes += b->n;
    p->n++;
    return EN_OK;
}

en_err en_act_append(struct en_act *a, struct en_replica *r,
                     const struct en_content *c, const struct en_id *readers,
                     struct en_id *record)
{
    struct en_buf b = {.max = EN_CONTENT_MAX};
    struct en_append rec = {.type = en_content_type(c)};
    en_err err = en_content_encode(c, &b, &a->why);

    if (err == EN_OK) {
        rec.content = en_buf_span(&b);
        err = en_replica_append(r, &rec, 1, readers, record, &a->why);
    }
    en_buf_free(&b);
    return err;
}

void en_act_head(struct en_act *a, struct en_content *c, uint32_t kind)
{
    *c = (struct en_content){
        .kind = kind,
        .time_ms = a->now->time_ms,
        .offset = a->now->offset_min,
    };
}

void en_act_new_id(struct en_act *a, struct en_id16 *id)
{
    en_rng_bytes(en_home_replica_env(a->home)->rng, id->b, sizeof id->b);
}

static void when_or_now(struct en_act *a, const struct en_when *given,
                        struct en_when *out)
{
    *out = given->kind != EN_WHEN_NONE
               ? *given
               : (struct en_when){.kind = EN_WHEN_INSTANT,
                                  .ms = a->now->time_ms,
                                  .offset = a->now->offset_min};
}

/* A content that replaces all heads of a thing. */
en_err en_act_heads(struct en_book *book, const struct en_view_entry *v,
                    struct en_content *c)
{
    size_t n;
    en_err err = en_book_heads(book, v->thing, c->parent, &n);

    if (err != EN_OK)
        return err;
    c->id = v->id;
    c->parents = c->afters = n;
    memcpy(c->after, c->parent, sizeof c->after);
    return EN_OK;
}

/*
 * Write
 */

static en_err draft_of(struct en_act *a, const struct en_id16 *id,
                       struct en_view_entry *v)
{
    const struct en_replica *mine = en_home_personal(a->home);
    struct en_book *book;
    en_err err = en_home_book(a->home, false, &book);

    if (err != EN_OK)
        return err;
    return en_book_get(book, en_replica_cid(mine), en_replica_person(mine), id,
                       EN_KIND_DRAFT, v);
}

/* A draft that has become an entry goes in the same act. */
static en_err drop_draft(struct en_act *a, const struct en_id16 *id,
                         struct en_act_batch *p)
{
    struct en_view_entry v;
    struct en_content c;
    struct en_book *book;
    en_err err = draft_of(a, id, &v);

    if (err == EN_ABSENT || (err == EN_OK && v.deleted))
        return EN_OK;
    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err != EN_OK)
        return err;
    en_act_head(a, &c, EN_KIND_DRAFT);
    c.u.entry = (struct en_entry){.state = EN_DELETED, .when = v.when};
    err = en_act_heads(book, &v, &c);
    return err == EN_OK ? en_act_batch_add(p, &c, &a->why) : err;
}

en_err en_act_write(struct en_act *a, bool draft)
{
    struct en_act_batch *p = calloc(1, sizeof *p);
    struct en_act_typed t = {0};
    struct en_rpc_write w;
    struct en_view_entry old;
    struct en_content c;
    struct en_entry *e = &c.u.entry;
    struct en_book *book;
    en_err err;

    if (p == NULL)
        return EN_NOMEM;
    err = en_rpc_get_write(a->args, &w);
    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err != EN_OK)
        goto out;
    if (w.opens > EN_OPENS_DAY) {
        err = EN_RANGE;
        goto out;
    }
    en_act_head(a, &c, draft ? EN_KIND_DRAFT : EN_KIND_ENTRY);
    err = en_act_text(w.text, &t.text, NULL, &a->why);
    if (err == EN_OK)
        err = en_entry_clean(w.title, true, &t.title, NULL, &a->why);
    *e = (struct en_entry){
        .title = en_buf_span(&t.title),
        .text = en_buf_span(&t.text),
        .opens = (enum en_opens)w.opens,
        .opens_day = w.opens_day,
    };
    when_or_now(a, &w.when, &e->when);
    if (err == EN_OK)
        err = en_act_tags(e, w.tag, w.tags, &t.tags, &a->why);
    en_act_new_id(a, &c.id);
    if (err == EN_OK && draft && !en_id16_zero(&w.draft)) {
        err = draft_of(a, &w.draft, &old);
        if (err == EN_OK)
            err = en_act_heads(book, &old, &c);
    }
    if (err == EN_OK)
        err = en_act_batch_add(p, &c, &a->why);
    if (err == EN_OK && !draft && !en_id16_zero(&w.draft))
        err = drop_draft(a, &w.draft, p);
    if (err == EN_OK)
        err = en_replica_append(en_home_personal(a->home), p->rec, p->n, NULL,
                                p->id, &a->why);
    if (err == EN_OK)
        err = en_act_record(a, &p->id[0]);
out:
    en_act_batch_clear(p);
    free(p);
    en_act_typed_free(&t);
    return err;
}

/*
 * Edit, delete, undo
 */

en_err en_act_choose_head(struct en_act *a, const struct en_view_entry *v)
{
    char shown[EN_LETTERS + 1];
    unsigned n = v->unique <= EN_LETTERS ? v->unique : EN_LETTERS;

    memcpy(shown, v->letters, n);
    shown[n] = 0;
    return en_why_set(&a->why, EN_CHOOSE, EN_WHY_HEADS, shown, v->heads, 0);
}

static en_err own_entry(struct en_act *a, const struct en_view_entry *v)
{
    if (!v->mine)
        return en_why_set(&a->why, EN_DENIED, EN_WHY_NOT_AUTHOR, NULL, 0, 0);
    if (v->kind != EN_KIND_ENTRY)
        return en_why_set(&a->why, EN_DENIED, EN_WHY_SHARED, NULL, 0, 0);
    return EN_OK;
}

/* Whether record is a version of the thing. */
struct looking {
    const struct en_id *record;
    bool found;
};

static en_err look(void *user, const struct en_version *v)
{
    struct looking *l = user;

    l->found |= en_id_eq(&v->record, l->record);
    return EN_OK;
}

static en_err take_parents(struct en_act *a, struct en_book *book,
                           const struct en_view_entry *v,
                           const struct en_rpc_edit *e, struct en_content *c)
{
    en_err err = en_act_heads(book, v, c); /* id, after, and all heads */

    if (err != EN_OK)
        return err;
    if (e->parents == 0)
        return v->heads > 1 && (e->fields & EN_EDIT_MERGE) == 0
                   ? en_act_choose_head(a, v)
                   : EN_OK;
    for (size_t i = 0; i < e->parents; i++) {
        struct looking l = {&e->parent[i], false};

        err = en_book_versions(book, v->thing, look, &l);
        if (err != EN_OK)
            return err;
        if (!l.found)
            return EN_PROTOCOL;
        c->parent[i] = e->parent[i];
    }
    c->parents = e->parents;
    return EN_OK;
}

static en_err edited(struct en_act *a, const struct en_rpc_edit *e,
                     struct en_act_typed *t, struct en_entry *out)
{
    en_err err = EN_OK;

    out->state = EN_LIVE;
    out->undoes = (struct en_id){0};
    if ((e->fields & EN_EDIT_TEXT) != 0) {
        err = en_act_text(e->text, &t->text, NULL, &a->why);
        out->text = en_buf_span(&t->text);
    }
    if (err == EN_OK && (e->fields & EN_EDIT_TITLE) != 0) {
        err = en_entry_clean(e->title, true, &t->title, NULL, &a->why);
        out->title = en_buf_span(&t->title);
    }
    if ((e->fields & EN_EDIT_WHEN) != 0)
        when_or_now(a, &e->when, &out->when);
    for (size_t i = 0; i < e->untags && err == EN_OK; i++) {
        for (size_t j = 0; j < out->tags;) {
            if (!same_tag(out->tag[j], e->untag[i])) {
                j++;
                continue;
            }
            memmove(&out->tag[j], &out->tag[j + 1],
                    (out->tags - j - 1) * sizeof out->tag[0]);
            out->tags--;
        }
    }
    return err == EN_OK ? en_act_tags(out, e->tag, e->tags, &t->tags, &a->why)
                        : err;
}

en_err en_act_edit(struct en_act *a)
{
    struct en_buf bytes = {0};
    struct en_act_typed t = {0};
    struct en_rpc_edit e;
    struct en_view_entry v;
    struct en_content base, c;
    struct en_book *book;
    struct en_id record;
    en_err err = en_rpc_get_edit(a->args, &e);

    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = en_act_find(a, e.typed, &v);
    if (err == EN_OK)
        err = own_entry(a, &v);
    if (err == EN_OK && v.deleted)
        err = en_why_set(&a->why, EN_ABSENT, EN_WHY_NO_ENTRY, v.letters, 0, 0);
    if (err == EN_OK)
        err = en_book_content(book, &v.shown, &bytes, &base);
    if (err != EN_OK)
        goto out;
    en_act_head(a, &c, EN_KIND_ENTRY);
    c.u.entry = base.u.entry;
    err = take_parents(a, book, &v, &e, &c);
    if (err == EN_OK)
        err = edited(a, &e, &t, &c.u.entry);
    if (err == EN_OK)
        err = en_act_append(a, en_home_personal(a->home), &c, NULL, &record);
    if (err == EN_OK)
        err = en_act_record(a, &record);
out:
    en_act_typed_free(&t);
    en_buf_free(&bytes);
    return err;
}

en_err en_act_delete(struct en_act *a)
{
    struct en_buf bytes = {0};
    struct en_rpc_name name;
    struct en_view_entry v;
    struct en_content base, c;
    struct en_replica *r;
    struct en_book *book;
    struct en_id record;
    en_err err = en_rpc_get_name(a->args, &name);

    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = en_act_find(a, name.typed, &v);
    if (err == EN_OK && !v.mine)
        err = en_why_set(&a->why, EN_DENIED, EN_WHY_NOT_AUTHOR, NULL, 0, 0);
    if (err != EN_OK)
        return err;
    r = en_home_by_cid(a->home, &v.cid);
    assert(r != NULL);
    if (!v.deleted) {
        err = en_book_content(book, &v.shown, &bytes, &base);
        if (err != EN_OK)
            goto out;
        en_act_head(a, &c, v.kind);
        if (v.kind == EN_KIND_SHARE) {
            c.u.share = base.u.share;
            c.u.share.state = EN_DELETED;
            c.u.share.title = c.u.share.text = (struct en_span){0};
        } else {
            c.u.entry = base.u.entry;
            c.u.entry.state = EN_DELETED;
            c.u.entry.undoes = (struct en_id){0};
        }
        err = en_act_heads(book, &v, &c);
        if (err == EN_OK)
            err = en_act_append(a, r, &c, NULL, &record);
        if (err == EN_OK)
            err = en_book_of_record(book, &record, &v);
    }
    if (err == EN_OK)
        err = en_act_entry(a, &v, NULL);
    if (err == EN_OK && v.kind == EN_KIND_SHARE)
        err = en_act_received(a, r);
out:
    en_buf_free(&bytes);
    return err;
}

/* A change and the row it is of, as they were when the walk met them. */
struct changes {
    struct en_act *a;
    size_t limit, n;
    struct en_change first;
    struct en_id16 id; /* of the first one's thing */
    bool emit;
};

static en_err on_change(void *user, const struct en_change *change,
                        const struct en_view_entry *row)
{
    struct changes *cs = user;
    struct en_buf name = {0};
    struct en_rpc_change c = {
        .what = (uint32_t)change->kind,
        .time_ms = change->time_ms,
        .offset = change->offset,
    };
    en_err err;

    if (cs->n++ == 0) {
        cs->first = *change;
        cs->id = row->id;
    }
    if (!cs->emit)
        return EN_CLOSED;
    err = en_act_row(cs->a, row, NULL, &name, &c.entry);
    if (err == EN_OK)
        err = EN_EMIT(cs->a, change, &c);
    en_buf_free(&name);
    if (err == EN_OK && cs->n == cs->limit)
        err = EN_CLOSED;
    return err;
}

en_err en_act_changes(struct en_act *a)
{
    struct changes cs = {.a = a, .emit = true};
    struct en_rpc_filter f;
    struct en_book *book;
    en_err err = en_rpc_get_filter(a->args, &f);

    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    cs.limit = f.limit;
    return err == EN_OK ? en_book_changes(book, on_change, &cs) : err;
}

en_err en_act_undo(struct en_act *a)
{
    struct changes cs = {.a = a};
    struct en_buf bytes = {0}, name = {0};
    struct en_rpc_change done = {0};
    struct en_view_entry v;
    struct en_content base, c;
    struct en_replica *mine = en_home_personal(a->home);
    struct en_book *book;
    struct en_id record;
    en_err err = en_home_book(a->home, false, &book);

    if (err == EN_OK)
        err = en_book_changes(book, on_change, &cs);
    if (err == EN_OK && cs.n == 0)
        err = en_why_set(&a->why, EN_ABSENT, EN_WHY_NO_UNDO, NULL, 0, 0);
    if (err == EN_OK)
        err = en_book_get(book, en_replica_cid(mine), en_replica_person(mine),
                          &cs.id, EN_KIND_ENTRY, &v);
    /* A first version has nothing before it: to undo it is to delete it. */
    if (err == EN_OK)
        err = en_book_content(book,
                              cs.first.kind == EN_CHANGE_WRITTEN
                                  ? &cs.first.record
                                  : &cs.first.before,
                              &bytes, &base);
    if (err != EN_OK)
        goto out;
    en_act_head(a, &c, EN_KIND_ENTRY);
    c.u.entry = base.u.entry;
    c.u.entry.state = cs.first.kind == EN_CHANGE_WRITTEN ? EN_DELETED : EN_LIVE;
    c.u.entry.undoes = cs.first.record;
    err = en_act_heads(book, &v, &c);
    if (err == EN_OK)
        err = en_act_append(a, mine, &c, NULL, &record);
    if (err == EN_OK)
        err = en_book_of_record(book, &record, &v);
    if (err != EN_OK)
        goto out;
    done.what = (uint32_t)cs.first.kind;
    done.time_ms = cs.first.time_ms;
    done.offset = cs.first.offset;
    err = en_act_row(a, &v, NULL, &name, &done.entry);
    if (err == EN_OK)
        err = EN_EMIT(a, change, &done);
out:
    en_buf_free(&bytes);
    en_buf_free(&name);
    return err;
}
