#include "replica/answer_in.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * Sharing. What PREVIEW shows and what SHARE seals come out of one function, from
 * one revision and one list of readers; SHARE is refused where either has changed
 * since the person saw it.
 */

struct sharing {
    struct en_rpc_share arg;
    struct en_replica *r;
    struct en_view_entry row;
    struct en_buf bytes;
    struct en_content base;
    struct en_span text; /* the lines, borrowed from bytes */
    const struct en_member *reader[EN_RECIPIENTS_MAX];
    size_t readers;
    struct en_id digest;
};

static en_err sharing_of(struct en_act *a, struct sharing *s)
{
    const struct en_entry *e = &s->base.u.entry;
    struct en_book *book;
    en_err err = en_rpc_get_share(a->args, &s->arg);

    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = en_act_find(a, s->arg.typed, &s->row);
    if (err != EN_OK)
        return err;
    if (!s->row.mine)
        return en_why_set(&a->why, EN_DENIED, EN_WHY_NOT_AUTHOR, NULL, 0, 0);
    if (s->row.kind != EN_KIND_ENTRY)
        return en_why_set(&a->why, EN_DENIED, EN_WHY_SHARED, NULL, 0, 0);
    if (s->row.deleted)
        return en_why_set(&a->why, EN_ABSENT, EN_WHY_NO_ENTRY, s->row.letters,
                          0, 0);
    if (s->row.heads > 1)
        return en_act_choose_head(a, &s->row);
    err = en_home_named(a->home, s->arg.circle, &s->r, &a->why);
    if (err == EN_OK)
        err = en_book_content(book, &s->row.shown, &s->bytes, &s->base);
    if (err != EN_OK)
        return err;
    s->text = e->text;
    if (s->arg.line_from != 0 || s->arg.line_to != 0) {
        err = en_text_line_range(e->text, s->arg.line_from, s->arg.line_to,
                                 &s->text);
        if (err == EN_RANGE)
            err = en_why_set(&a->why, EN_RANGE, EN_WHY_LINES, NULL,
                             en_text_lines(e->text), s->arg.line_to);
        if (err == EN_OK && s->text.n == 0)
            err = en_why_set(&a->why, EN_RANGE, EN_WHY_TEXT_EMPTY, NULL, 0, 0);
        if (err != EN_OK)
            return err;
    }
    return en_replica_readers(s->r, s->reader, EN_RECIPIENTS_MAX, &s->readers,
                              &s->digest);
}

/* Lines given alone leave the title at home: it was written for the whole. */
static struct en_span shared_title(const struct sharing *s)
{
    return s->arg.line_from == 0 ? s->base.u.entry.title : (struct en_span){0};
}

static bool first_of_person(const struct sharing *s, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if ((s->reader[j]->flags & EN_CERT_KIT) == 0 &&
            en_id16_eq(&s->reader[j]->person, &s->reader[i]->person))
            return false;
    }
    return true;
}

en_err en_act_preview(struct en_act *a)
{
    struct sharing *s = calloc(1, sizeof *s);
    struct en_rpc_preview p = {0};
    struct en_buf name = {0};
    en_err err;

    if (s == NULL)
        return EN_NOMEM;
    err = sharing_of(a, s);
    if (err == EN_OK)
        err = en_act_circle(a, s->r, &name, &p.circle);
    if (err != EN_OK)
        goto out;
    p.revision = s->row.shown;
    p.readers = s->digest;
    p.title = shared_title(s);
    p.text = s->text;
    for (size_t i = 0; i < s->readers; i++) {
        if ((s->reader[i]->flags & EN_CERT_KIT) != 0) {
            p.kits++;
            continue;
        }
        p.devices++;
        if (first_of_person(s, i))
            p.persons++;
    }
    err = EN_EMIT(a, preview, &p);
    for (size_t i = 0; i < s->readers && err == EN_OK; i++)
        err = en_act_device(a, s->r, s->reader[i]);
out:
    en_buf_free(&name);
    en_buf_free(&s->bytes);
    free(s);
    return err;
}

/* An earlier share of the same entry with the same circle, whole or in part: a
 * further one is its new revision. */
struct earlier {
    const struct en_id *cid;
    struct en_id16 share;
    struct en_id revision;
    uint32_t from, to;
    bool found;
};

static en_err look_earlier(void *user, const struct en_view_link *l)
{
    struct earlier *e = user;

    if (!l->live || !en_id_eq(&l->cid, e->cid) || !en_id16_zero(&l->sid))
        return EN_OK;
    e->share = l->share; /* the latest one stands last */
    e->revision = l->revision;
    e->from = l->line_from;
    e->to = l->line_to;
    e->found = true;
    return EN_OK;
}

static en_err write_link(struct en_act *a, const struct sharing *s,
                         const struct en_id16 *share)
{
    struct en_content c;
    struct en_id record;

    en_act_head(a, &c, EN_KIND_LINK);
    en_act_new_id(a, &c.id);
    c.u.link = (struct en_link){
        .share = *share,
        .cid = *en_replica_cid(s->r),
        .original = s->row.id,
        .revision = s->row.shown,
        .line_from = s->arg.line_from,
        .line_to = s->arg.line_to,
    };
    return en_act_append(a, en_home_personal(a->home), &c, NULL, &record);
}

static en_err give(struct en_act *a, struct sharing *s, struct en_book *book,
                   struct en_view_entry *shared)
{
    struct earlier before = {.cid = en_replica_cid(s->r)};
    struct en_content c;
    struct en_id record;
    en_err err;

    err = en_book_links(book, s->row.thing, look_earlier, &before);
    if (err == EN_OK && before.found)
        err = en_book_get(book, en_replica_cid(s->r), en_replica_person(s->r),
                          &before.share, EN_KIND_SHARE, shared);
    if (err != EN_OK)
        return err;
    /* The same words to the same circle again: they are there. */
    if (before.found && en_id_eq(&before.revision, &s->row.shown) &&
        before.from == s->arg.line_from && before.to == s->arg.line_to)
        return EN_OK;

    en_act_head(a, &c, EN_KIND_SHARE);
    c.u.share = (struct en_share){
        .of = EN_KIND_ENTRY,
        .title = shared_title(s),
        .text = s->text,
        .when = s->base.u.entry.when,
    };
    if (before.found)
        err = en_act_heads(book, shared, &c);
    else
        en_act_new_id(a, &c.id);
    /*
     * The private note of what was given goes first: if the power fails between
     * the two, a line of one's own says too much, and never a share that its author
     * no longer knows as a copy.
     */
    if (err == EN_OK)
        err = write_link(a, s, &c.id);
    if (err == EN_OK)
        err = en_act_append(a, s->r, &c, &s->digest, &record);
    if (err == EN_OK)
        err = en_book_of_record(book, &record, shared);
    return err;
}

en_err en_act_share(struct en_act *a)
{
    struct sharing *s = calloc(1, sizeof *s);
    struct en_view_entry shared;
    struct en_book *book;
    en_err err;

    if (s == NULL)
        return EN_NOMEM;
    err = sharing_of(a, s);
    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK && (!en_id_eq(&s->arg.revision, &s->row.shown) ||
                         !en_id_eq(&s->arg.readers, &s->digest)))
        err = EN_MOVED;
    if (err == EN_OK)
        err = give(a, s, book, &shared);
    if (err == EN_OK)
        err = en_act_received(a, s->r);
    if (err == EN_OK)
        err = en_act_entry(a, &shared, NULL);
    en_buf_free(&s->bytes);
    free(s);
    return err;
}

/*
 * Import: a batch of records. Identity is (importer, foreign id) or, without one,
 * (date, text). A record that meets one of its own batch waits until that one is
 * written, so the result is that of one record after the other.
 */

struct importing {
    struct en_act *a;
    struct en_book *book;
    struct en_rpc_import arg;
    struct en_act_batch batch;
    struct en_act_typed typed; /* of the record at hand */
    struct en_rpc_imported result[EN_RPC_IMPORT_MAX];
};

static en_err flush(struct importing *im)
{
    en_err err = EN_OK;

    if (im->batch.n > 0)
        err = en_replica_append(en_home_personal(im->a->home), im->batch.rec,
                                im->batch.n, NULL, im->batch.id, &im->a->why);
    en_act_batch_clear(&im->batch);
    return err;
}

static bool same_when(const struct en_when *a, const struct en_when *b)
{
    return a->kind == b->kind && en_when_cmp(a, b) == 0 &&
           (a->kind != EN_WHEN_INSTANT || a->offset == b->offset);
}

static bool same_tags(const struct en_entry *a, const struct en_entry *b)
{
    if (a->tags != b->tags)
        return false;
    for (size_t i = 0; i < a->tags; i++) {
        if (!en_span_eq(a->tag[i], b->tag[i]))
            return false;
    }
    return true;
}

/* The record's entry, cleaned; refused ones leave the reason in *why. */
static en_err imported_entry(struct importing *im,
                             const struct en_rpc_import_record *rec,
                             struct en_entry *e, size_t *dropped,
                             struct en_why *why)
{
    en_err err;

    en_act_typed_free(&im->typed);
    *e = (struct en_entry){.when = rec->when,
                           .importer = im->arg.importer,
                           .foreign = rec->foreign};
    if (rec->when.kind == EN_WHEN_NONE)
        return en_why_set(why, EN_RANGE, EN_WHY_NONE, NULL, 0, 0);
    err = en_act_text(rec->text, &im->typed.text, dropped, why);
    if (err == EN_OK)
        err = en_entry_clean(rec->title, true, &im->typed.title, NULL, why);
    if (err != EN_OK)
        return err;
    e->text = en_buf_span(&im->typed.text);
    e->title = en_buf_span(&im->typed.title);
    return en_act_tags(e, rec->tag, rec->tags, &im->typed.tags, why);
}

/* A text without words is refused before it is looked up. */
static en_err checked(const struct en_content *c, struct en_why *why)
{
    struct en_buf b = {.max = EN_CONTENT_MAX};
    en_err err = en_content_encode(c, &b, why);

    en_buf_free(&b);
    return err;
}

struct records {
    struct en_id *id;
    size_t n, cap;
};

static en_err keep_record(void *user, const struct en_version *v)
{
    struct records *r = user;
    struct en_id *p;

    if (r->n == r->cap) {
        r->cap = r->cap == 0 ? 4 : r->cap * 2;
        p = realloc(r->id, r->cap * sizeof *p);
        if (p == NULL)
            return EN_NOMEM;
        r->id = p;
    }
    r->id[r->n++] = v->record;
    return EN_OK;
}

/* Whether some version of the thing has this content. */
static en_err said_before(struct en_book *book, const struct en_view_entry *row,
                          const struct en_entry *e, bool *known)
{
    struct records versions = {0};
    struct en_buf bytes = {0};
    struct en_content c;
    en_err err;

    *known = false;
    err = en_book_versions(book, row->thing, keep_record, &versions);
    for (size_t i = 0; i < versions.n && err == EN_OK && !*known; i++) {
        err = en_book_content(book, &versions.id[i], &bytes, &c);
        if (err == EN_OK)
            *known = en_span_eq(c.u.entry.text, e->text) &&
                     en_span_eq(c.u.entry.title, e->title) &&
                     same_when(&c.u.entry.when, &e->when) &&
                     same_tags(&c.u.entry, e);
    }
    free(versions.id);
    en_buf_free(&bytes);
    return err;
}

static en_err import_one(struct importing *im, size_t i, struct en_why *why)
{
    const struct en_rpc_import_record *rec = &im->arg.record[i];
    struct en_rpc_imported *res = &im->result[i];
    struct en_content c;
    struct en_view_entry row;
    size_t dropped = 0;
    bool known;
    en_err err;

    en_act_head(im->a, &c, EN_KIND_ENTRY);
    err = imported_entry(im, rec, &c.u.entry, &dropped, why);
    if (err == EN_OK)
        err = checked(&c, why);
    if (err != EN_OK)
        return err;
    res->dropped = dropped > UINT32_MAX ? UINT32_MAX : (uint32_t)dropped;

    err = en_book_of_source(im->book, im->arg.importer, rec->foreign,
                            &rec->when, c.u.entry.text, &row);
    if (err == EN_ABSENT) {
        res->outcome = EN_IMPORT_NEW;
        en_act_new_id(im->a, &c.id);
        res->id = c.id;
        return im->arg.dry_run ? EN_OK : en_act_batch_add(&im->batch, &c, why);
    }
    if (err != EN_OK)
        return err;
    res->id = row.id;
    res->outcome = EN_IMPORT_SAME;
    /* What the person deleted stays deleted, whatever the file says. */
    if (row.deleted)
        return EN_OK;
    /*
     * Without an id of its own a record is its text: what differs beside it (tags,
     * a title) was changed here by the person, and stays. With one, what any
     * version said is already here: a second run must not undo the person's edits.
     */
    if (rec->foreign.n == 0)
        return EN_OK;
    err = said_before(im->book, &row, &c.u.entry, &known);
    if (err != EN_OK || known)
        return err;
    res->outcome = EN_IMPORT_CHANGED;
    err = en_act_heads(im->book, &row, &c);
    if (err == EN_OK && !im->arg.dry_run)
        err = en_act_batch_add(&im->batch, &c, why);
    return err;
}

static bool same_text(struct en_span a, struct en_span b)
{
    struct en_buf x = {0}, y = {0};
    bool same = en_act_text(a, &x, NULL, NULL) == EN_OK &&
                en_act_text(b, &y, NULL, NULL) == EN_OK &&
                en_span_eq(en_buf_span(&x), en_buf_span(&y));

    en_buf_free(&x);
    en_buf_free(&y);
    return same;
}

/* Whether record i means the same entry as an earlier one of the batch. */
static bool meets_earlier(const struct importing *im, size_t i)
{
    const struct en_rpc_import_record *r = &im->arg.record[i];

    for (size_t j = 0; j < i; j++) {
        const struct en_rpc_import_record *q = &im->arg.record[j];

        if (r->foreign.n > 0
                ? en_span_eq(r->foreign, q->foreign)
                : q->foreign.n == 0 && same_when(&r->when, &q->when) &&
                      same_text(r->text, q->text))
            return true;
    }
    return false;
}

static en_err import_all(struct importing *im)
{
    en_err err = EN_OK;

    for (size_t i = 0; i < im->arg.records && err == EN_OK; i++) {
        struct en_why why = {0};

        if (im->batch.n > 0 && meets_earlier(im, i))
            err = flush(im);
        if (err == EN_OK)
            err = import_one(im, i, &why);
        if (err == EN_RANGE) {
            im->result[i] = (struct en_rpc_imported){
                .outcome = EN_IMPORT_REFUSED,
                .reason = (uint32_t)why.reason,
                .n = why.n,
                .limit = why.limit,
            };
            err = EN_OK;
        }
    }
    return err == EN_OK ? flush(im) : err;
}

en_err en_act_import(struct en_act *a)
{
    struct importing *im = calloc(1, sizeof *im);
    en_err err;

    if (im == NULL)
        return EN_NOMEM;
    im->a = a;
    err = en_rpc_get_import(a->args, &im->arg);
    if (err == EN_OK && im->arg.importer.n == 0)
        err = EN_PROTOCOL;
    if (err == EN_OK)
        err = en_home_book(a->home, false, &im->book);
    if (err == EN_OK)
        err = import_all(im);
    for (size_t i = 0; i < im->arg.records && err == EN_OK; i++)
        err = EN_EMIT(a, imported, &im->result[i]);
    en_act_batch_clear(&im->batch);
    en_act_typed_free(&im->typed);
    free(im);
    return err;
}
