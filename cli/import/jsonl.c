#include "cli/import/import.h"

#include "base/text.h"
#include "cli/json.h"

#include <string.h>

/* What one line says, its strings in buffers that are used again. */
struct line {
    struct en_buf date, text, title, id, tags;
    struct en_span tag[EN_TAGS_MAX];
    size_t tag_at[EN_TAGS_MAX], tag_n[EN_TAGS_MAX];
    size_t n;
    bool extra;
    uint64_t size, limit; /* of what was refused */
};

static void line_clear(struct line *l)
{
    en_buf_clear(&l->date);
    en_buf_clear(&l->text);
    en_buf_clear(&l->title);
    en_buf_clear(&l->id);
    en_buf_clear(&l->tags);
    l->n = 0;
    l->extra = false;
    l->size = l->limit = 0;
}

static void line_free(struct line *l)
{
    en_buf_free(&l->date);
    en_buf_free(&l->text);
    en_buf_free(&l->title);
    en_buf_free(&l->id);
    en_buf_free(&l->tags);
}

static enum en_refusal take_text(struct line *l, struct en_json v, en_err *err)
{
    if (v.type != EN_JSON_STRING)
        return EN_REFUSE_NO_TEXT;
    *err = en_json_str(v, &l->text);
    if (*err == EN_RANGE) {
        *err = EN_OK;
        l->size = v.text.n;
        l->limit = EN_TEXT_MAX;
        return EN_REFUSE_LONG;
    }
    if (*err == EN_OK && l->text.n == 0)
        return EN_REFUSE_NO_TEXT;
    if (*err == EN_OK && !en_text_valid(en_buf_span(&l->text)))
        return EN_REFUSE_UTF8;
    return EN_REFUSE_NONE;
}

/* id may be a number: its digits as they stand. */
static enum en_refusal take_id(struct line *l, struct en_json v, en_err *err)
{
    if (v.type == EN_JSON_NONE || v.type == EN_JSON_NULL)
        return EN_REFUSE_NONE;
    if (v.type == EN_JSON_NUMBER)
        *err = en_buf_add_span(&l->id, v.text);
    else if (v.type == EN_JSON_STRING)
        *err = en_json_str(v, &l->id);
    else
        return EN_REFUSE_ID;
    if (*err == EN_RANGE || (*err == EN_OK && l->id.n > EN_LINE_MAX)) {
        *err = EN_OK;
        return EN_REFUSE_ID;
    }
    if (*err == EN_OK && !en_text_is_line(en_buf_span(&l->id)))
        return EN_REFUSE_ID;
    return EN_REFUSE_NONE;
}

static enum en_refusal take_title(struct line *l, struct en_json v, en_err *err)
{
    if (v.type == EN_JSON_NONE || v.type == EN_JSON_NULL)
        return EN_REFUSE_NONE;
    if (v.type != EN_JSON_STRING)
        return EN_REFUSE_TITLE;
    *err = en_json_str(v, &l->title);
    if (*err == EN_RANGE || (*err == EN_OK && l->title.n > EN_LINE_MAX)) {
        *err = EN_OK;
        l->size = v.text.n;
        l->limit = EN_LINE_MAX;
        return EN_REFUSE_TITLE;
    }
    return EN_REFUSE_NONE;
}

/* A tag that fits is kept; one that does not goes to the end of the text. */
static en_err take_tag(struct line *l, struct en_json v)
{
    struct en_buf one = {.max = EN_LINE_MAX};
    en_err err = en_json_str(v, &one);

    if (err == EN_RANGE)
        err = EN_OK; /* longer than a line: no tag of anything, left out */
    else if (err == EN_OK && one.n > 0 && one.n <= EN_TAG_MAX &&
             l->n < EN_TAGS_MAX) {
        l->tag_at[l->n] = l->tags.n;
        l->tag_n[l->n++] = one.n;
        err = en_buf_add_span(&l->tags, en_buf_span(&one));
    } else if (err == EN_OK && one.n > 0) {
        err = en_buf_add_str(&l->text, l->extra ? " #" : "\n\n#");
        if (err == EN_OK)
            err = en_buf_add_span(&l->text, en_buf_span(&one));
        l->extra = true;
    }
    en_buf_free(&one);
    return err;
}

static enum en_refusal take_tags(struct line *l, struct en_json v, en_err *err)
{
    struct en_json_iter it;
    struct en_json tag;

    if (v.type == EN_JSON_NONE || v.type == EN_JSON_NULL)
        return EN_REFUSE_NONE;
    if (v.type != EN_JSON_ARRAY)
        return EN_REFUSE_TAGS;
    it = en_json_each(v);
    while (*err == EN_OK && en_json_next(&it, NULL, &tag)) {
        if (tag.type != EN_JSON_STRING)
            return EN_REFUSE_TAGS;
        *err = take_tag(l, tag);
        if (*err == EN_RANGE) {
            *err = EN_OK;
            l->size = l->text.n;
            l->limit = EN_TEXT_MAX;
            return EN_REFUSE_LONG;
        }
    }
    return EN_REFUSE_NONE;
}

static enum en_refusal take_date(struct line *l, struct en_json v,
                                 const struct en_zone *zone,
                                 struct en_when *when, en_err *err)
{
    if (v.type != EN_JSON_STRING)
        return EN_REFUSE_NO_DATE;
    *err = en_json_str(v, &l->date);
    if (*err == EN_RANGE) {
        *err = EN_OK;
        return EN_REFUSE_BAD_DATE;
    }
    return *err == EN_OK ? en_import_date(en_buf_span(&l->date), zone, when)
                         : EN_REFUSE_NONE;
}

static en_err unknown_fields(struct en_json root,
                             const struct en_import_sink *sink)
{
    static const char *const known[] = {"date", "text", "id", "title", "tags"};
    struct en_json_iter it = en_json_each(root);
    struct en_json name, value;
    struct en_buf text = {.max = EN_LINE_MAX};
    en_err err = EN_OK;

    while (err == EN_OK && en_json_next(&it, &name, &value)) {
        bool found = false;

        for (size_t i = 0; i < sizeof known / sizeof known[0] && !found; i++)
            found = en_json_str_is(name, known[i]);
        if (found)
            continue;
        en_buf_clear(&text);
        err = en_json_str(name, &text);
        if (err == EN_RANGE)
            err = EN_OK; /* a name longer than a line: told as nothing */
        if (err == EN_OK)
            err = sink->unknown(sink->user, en_buf_span(&text));
    }
    en_buf_free(&text);
    return err;
}

static en_err one_line(struct line *l, struct en_span raw, uint64_t number,
                       const struct en_zone *zone,
                       const struct en_import_sink *sink)
{
    struct en_rpc_import_record r = {0};
    struct en_json_where where = {0};
    enum en_refusal why = EN_REFUSE_NONE;
    struct en_json root;
    en_err err = EN_OK;

    line_clear(l);
    if (raw.n > EN_IMPORT_LINE_MAX)
        return sink->refused(sink->user, number, EN_REFUSE_LONG, raw.n,
                             EN_TEXT_MAX);
    if (en_json_read(raw, &root, &where) != EN_OK)
        return sink->refused(sink->user, number, EN_REFUSE_JSON, where.column,
                             0);
    if (root.type != EN_JSON_OBJECT)
        return sink->refused(sink->user, number, EN_REFUSE_OBJECT, 0, 0);
    why = take_date(l, en_json_get(root, "date"), zone, &r.when, &err);
    if (why == EN_REFUSE_NONE && err == EN_OK)
        why = take_text(l, en_json_get(root, "text"), &err);
    if (why == EN_REFUSE_NONE && err == EN_OK)
        why = take_id(l, en_json_get(root, "id"), &err);
    if (why == EN_REFUSE_NONE && err == EN_OK)
        why = take_title(l, en_json_get(root, "title"), &err);
    if (why == EN_REFUSE_NONE && err == EN_OK)
        why = take_tags(l, en_json_get(root, "tags"), &err);
    if (err == EN_OK && why != EN_REFUSE_NONE)
        return sink->refused(sink->user, number, why, l->size, l->limit);
    if (err == EN_OK)
        err = unknown_fields(root, sink);
    if (err != EN_OK)
        return err;
    r.foreign = en_buf_span(&l->id);
    r.title = en_buf_span(&l->title);
    r.text = en_buf_span(&l->text);
    r.tags = l->n;
    for (size_t i = 0; i < l->n; i++)
        r.tag[i] = EN_SPAN(l->tags.p + l->tag_at[i], l->tag_n[i]);
    return sink->record(sink->user, number, &r, l->extra);
}

/* The next line without its ending; false at the end. */
static bool next_line(struct en_span *file, struct en_span *line)
{
    const uint8_t *lf;

    if (file->n == 0)
        return false;
    lf = memchr(file->p, '\n', file->n);
    line->p = file->p;
    line->n = lf == NULL ? file->n : (size_t)(lf - file->p);
    *file = lf == NULL ? (struct en_span){0}
                       : EN_SPAN(lf + 1, file->n - line->n - 1);
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

static bool blank(struct en_span line)
{
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] != ' ' && line.p[i] != '\t')
            return false;
    }
    return true;
}

/* Some editors begin a file with it; it is not part of the first line. */
static struct en_span without_mark(struct en_span file)
{
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};

    return file.n >= 3 && memcmp(file.p, mark, 3) == 0
               ? EN_SPAN(file.p + 3, file.n - 3)
               : file;
}

en_err en_import_jsonl(struct en_span file, const struct en_zone *zone,
                       const struct en_import_sink *sink)
{
    struct line l = {
        .date = {.max = EN_LINE_MAX},
        .text = {.max = EN_IMPORT_TEXT_MAX},
        .title = {.max = EN_IMPORT_TEXT_MAX},
        .id = {.max = EN_LINE_MAX},
        .tags = {.max = EN_TAGS_MAX * EN_TAG_MAX},
    };
    struct en_span raw;
    uint64_t number = 0;
    en_err err = EN_OK;

    file = without_mark(file);
    while (err == EN_OK && next_line(&file, &raw)) {
        number++;
        if (!blank(raw))
            err = one_line(&l, raw, number, zone, sink);
    }
    line_free(&l);
    return err;
}

uint64_t en_import_lines(struct en_span file)
{
    struct en_span raw;
    uint64_t n = 0;

    while (next_line(&file, &raw))
        n += !blank(raw);
    return n;
}

bool en_import_is_jsonl(struct en_span file)
{
    struct en_span raw;
    struct en_json root;

    file = without_mark(file);
    while (next_line(&file, &raw)) {
        if (blank(raw))
            continue;
        return raw.n <= EN_IMPORT_LINE_MAX &&
               en_json_read(raw, &root, NULL) == EN_OK &&
               root.type == EN_JSON_OBJECT &&
               en_json_get(root, "date").type != EN_JSON_NONE &&
               en_json_get(root, "text").type != EN_JSON_NONE;
    }
    return false;
}
