#include "cli/cmds.h"

#include "base/text.h"
#include "cli/file.h"
#include "cli/import/import.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES_MAX 700000 /* of texts in one request: well under a frame */
#define FIELDS_MAX      32     /* unknown fields told by name */
#define TAGS_ADDED_MAX  EN_TAGS_MAX
#define PROGRESS_MS     1000

/* What became of one record, until the report is written. */
struct fate {
    uint64_t line;
    uint8_t outcome; /* enum en_rpc_import_outcome */
    uint8_t why;     /* enum en_refusal, or FROM_JOURNAL */
    uint16_t reason; /* enum en_reason, of the journal */
    uint64_t n, limit;
    struct en_id16 id;
};
#define FROM_JOURNAL EN_REFUSE_COUNT

struct field {
    struct en_buf name;
    uint64_t n;
};

struct importing {
    struct en_cmd *cmd;
    const char *report; /* --report; NULL: none */
    bool dry_run;
    struct en_rpc_import *batch; /* of records not yet sent; spans into bytes */
    size_t at[EN_RPC_IMPORT_MAX]; /* of each one's fate */
    struct en_buf bytes;
    size_t taken; /* items of the running answer */
    struct fate *fate;
    size_t fates, fate_cap;
    size_t count[EN_IMPORT_REFUSED + 1];
    uint64_t dropped; /* control characters */
    uint64_t extra;   /* records whose tags were too many */
    struct field field[FIELDS_MAX];
    size_t fields;
    uint64_t more_fields;
    struct en_span added[TAGS_ADDED_MAX]; /* --tag */
    size_t adds;
    struct seen *seen; /* records of this file by what identifies them */
    size_t seen_cap, seens;
    uint64_t next_progress;
};

/*
 * One file may hold a record twice. Its second copy is not sent, so that a dry run
 * and a real one tell the same; with the same id and other words it is refused, for
 * which of the two is meant cannot be known.
 */
struct seen {
    uint64_t hash;             /* of the identity; 0: free */
    uint64_t other_a, other_b; /* of the identity again, and of the content */
};

static uint64_t mix(uint64_t h, struct en_span s, uint64_t prime)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ s.p[i]) * prime;
    return (h ^ (h >> 29)) * prime + s.n;
}

/* Two independent 64-bit sums: that a file holds two records which agree in both
 * and differ in words is for nobody but its own author to bring about. */
static struct seen sums(const struct en_rpc_import_record *r)
{
    const uint64_t p = UINT64_C(0x100000001b3),
                   q = UINT64_C(0x9e3779b97f4a7c15);
    uint8_t day[32] = {0};
    struct en_span when = EN_SPAN(day, sizeof day);
    struct seen s;

    day[0] = (uint8_t)r->when.kind;
    en_put_u64(day + 8, (uint64_t)r->when.ms);
    en_put_u16(day + 16, (uint16_t)r->when.offset);
    en_put_u16(day + 18, (uint16_t)r->when.day.year);
    day[20] = r->when.day.month;
    day[21] = r->when.day.day;
    if (r->foreign.n > 0) {
        s.hash = mix(1, r->foreign, p);
        s.other_a = mix(2, r->foreign, q);
    } else {
        s.hash = mix(mix(3, when, p), r->text, p);
        s.other_a = mix(mix(4, when, q), r->text, q);
    }
    s.other_b = mix(mix(mix(5, when, q), r->title, q), r->text, q);
    for (size_t i = 0; i < r->tags; i++)
        s.other_b = mix(s.other_b, r->tag[i], q);
    s.hash |= 1; /* never free */
    return s;
}

static en_err grow_seen(struct importing *im)
{
    size_t cap = im->seen_cap == 0 ? 1024 : im->seen_cap * 2;
    struct seen *old = im->seen;
    size_t old_cap = im->seen_cap;

    im->seen = calloc(cap, sizeof *im->seen);
    if (im->seen == NULL) {
        im->seen = old;
        return EN_NOMEM;
    }
    im->seen_cap = cap;
    for (size_t i = 0; i < old_cap; i++) {
        size_t at = (size_t)old[i].hash & (cap - 1);

        if (old[i].hash == 0)
            continue;
        while (im->seen[at].hash != 0)
            at = (at + 1) & (cap - 1);
        im->seen[at] = old[i];
    }
    free(old);
    return EN_OK;
}

/* EN_REFUSE_NONE: *again says whether this very record stands earlier. */
static en_err look_back(struct importing *im,
                        const struct en_rpc_import_record *r, bool *again,
                        enum en_refusal *why)
{
    struct seen s = sums(r);
    size_t at;
    en_err err;

    *again = false;
    *why = EN_REFUSE_NONE;
    if (im->seens * 2 >= im->seen_cap) {
        err = grow_seen(im);
        if (err != EN_OK)
            return err;
    }
    at = (size_t)s.hash & (im->seen_cap - 1);
    while (im->seen[at].hash != 0) {
        if (im->seen[at].hash == s.hash && im->seen[at].other_a == s.other_a) {
            *again = im->seen[at].other_b == s.other_b || r->foreign.n == 0;
            *why = *again ? EN_REFUSE_NONE : EN_REFUSE_TWICE;
            return EN_OK;
        }
        at = (at + 1) & (im->seen_cap - 1);
    }
    im->seen[at] = s;
    im->seens++;
    return EN_OK;
}

/*
 * Fates
 */

static en_err add_fate(struct importing *im, const struct fate *f)
{
    size_t cap = im->fate_cap == 0 ? 256 : im->fate_cap * 2;
    struct fate *p;

    if (im->fates == im->fate_cap) {
        p = realloc(im->fate, cap * sizeof *p);
        if (p == NULL)
            return EN_NOMEM;
        im->fate = p;
        im->fate_cap = cap;
    }
    im->fate[im->fates++] = *f;
    return EN_OK;
}

static en_err take_imported(void *user, struct en_span item)
{
    struct importing *im = user;
    struct en_rpc_imported r;
    struct fate *f;
    en_err err = en_rpc_get_imported(item, &r);

    if (err != EN_OK || im->taken >= im->batch->records ||
        r.outcome > EN_IMPORT_REFUSED)
        return err == EN_OK ? EN_PROTOCOL : err;
    f = &im->fate[im->at[im->taken++]];
    f->outcome = (uint8_t)r.outcome;
    f->id = r.id;
    if (r.outcome == EN_IMPORT_REFUSED) {
        f->why = FROM_JOURNAL;
        f->reason = (uint16_t)r.reason;
        f->n = r.n;
        f->limit = r.limit;
    }
    im->dropped += r.dropped;
    return EN_OK;
}

/* A counter line at most every second, on a terminal only. */
static void progress(struct importing *im)
{
    const struct en_clock *c = &im->cmd->machine->clock;
    uint64_t now = c->now_ms(c->user);

    if (!im->cmd->machine->show.err_terminal || now < im->next_progress)
        return;
    if (im->next_progress != 0) {
        en_show_hint(&im->cmd->show, "{n} read so far...",
                     EN_ARGS(en_arg_number("n", im->fates)));
        en_show_flush(&im->cmd->show);
    }
    im->next_progress = now + PROGRESS_MS;
}

/* Spans were offsets while bytes could still move. */
static void fix_spans(struct importing *im)
{
    const uint8_t *base = im->bytes.p;

    for (size_t i = 0; i < im->batch->records; i++) {
        struct en_rpc_import_record *r = &im->batch->record[i];
        size_t at = (size_t)(uintptr_t)r->foreign.p;

        r->foreign.p = base + at;
        at += r->foreign.n;
        r->title.p = base + at;
        at += r->title.n;
        r->text.p = base + at;
        at += r->text.n;
        for (size_t k = 0; k < r->tags; k++) {
            r->tag[k].p = base + at;
            at += r->tag[k].n;
        }
    }
}

static en_err send_batch(struct importing *im)
{
    en_err err;

    if (im->batch->records == 0)
        return EN_OK;
    fix_spans(im);
    im->taken = 0;
    err = EN_CALL(im->cmd, IMPORT, import, im->batch, take_imported, im);
    if (err == EN_OK && im->taken != im->batch->records)
        err = EN_PROTOCOL;
    im->batch->records = 0;
    en_buf_clear(&im->bytes);
    progress(im);
    return err;
}

static size_t size_of(const struct en_rpc_import_record *r)
{
    size_t n = r->foreign.n + r->title.n + r->text.n;

    for (size_t i = 0; i < r->tags; i++)
        n += r->tag[i].n;
    return n;
}

static en_err put(struct importing *im, const struct en_rpc_import_record *r)
{
    struct en_rpc_import_record *to;
    en_err err = EN_OK;

    if (im->batch->records == EN_RPC_IMPORT_MAX ||
        im->bytes.n + size_of(r) > BATCH_BYTES_MAX)
        err = send_batch(im);
    if (err != EN_OK)
        return err;
    to = &im->batch->record[im->batch->records];
    *to = *r;
    to->foreign.p = (const uint8_t *)(uintptr_t)im->bytes.n;
    err = en_buf_add_span(&im->bytes, r->foreign);
    if (err == EN_OK)
        err = en_buf_add_span(&im->bytes, r->title);
    if (err == EN_OK)
        err = en_buf_add_span(&im->bytes, r->text);
    for (size_t i = 0; i < r->tags && err == EN_OK; i++)
        err = en_buf_add_span(&im->bytes, r->tag[i]);
    if (err == EN_OK)
        im->batch->records++;
    return err;
}

/* --tag, where the record has room for it. */
static void add_tags(const struct importing *im, struct en_rpc_import_record *r)
{
    for (size_t i = 0; i < im->adds && r->tags < EN_TAGS_MAX; i++)
        r->tag[r->tags++] = im->added[i];
}

static en_err on_record(void *user, uint64_t line,
                        const struct en_rpc_import_record *r, bool extra)
{
    struct importing *im = user;
    struct en_rpc_import_record with = *r;
    struct fate f = {.line = line, .outcome = EN_IMPORT_SAME};
    enum en_refusal why;
    bool again;
    en_err err;

    add_tags(im, &with);
    im->extra += extra;
    err = look_back(im, &with, &again, &why);
    if (err != EN_OK)
        return err;
    if (why != EN_REFUSE_NONE) {
        f.outcome = EN_IMPORT_REFUSED;
        f.why = (uint8_t)why;
    }
    if (again || why != EN_REFUSE_NONE)
        return add_fate(im, &f);
    err = put(im, &with);
    if (err == EN_OK)
        im->at[im->batch->records - 1] = im->fates;
    return err == EN_OK ? add_fate(im, &f) : err;
}

static en_err on_refused(void *user, uint64_t line, enum en_refusal why,
                         uint64_t n, uint64_t limit)
{
    struct fate f = {.line = line,
                     .outcome = EN_IMPORT_REFUSED,
                     .why = (uint8_t)why,
                     .n = n,
                     .limit = limit};

    return add_fate(user, &f);
}

static en_err on_unknown(void *user, struct en_span name)
{
    struct importing *im = user;
    struct field *f;

    for (size_t i = 0; i < im->fields; i++) {
        if (en_span_eq(en_buf_span(&im->field[i].name), name)) {
            im->field[i].n++;
            return EN_OK;
        }
    }
    if (im->fields == FIELDS_MAX) {
        im->more_fields++;
        return EN_OK;
    }
    f = &im->field[im->fields++];
    f->n = 1;
    return en_buf_add_span(&f->name, name);
}

/*
 * The report
 */

static const char *const refusals[EN_REFUSE_COUNT] = {
    [EN_REFUSE_JSON] = EN_MSG("refused: no JSON from column {n} on; look at "
                              "quotes and commas there"),
    [EN_REFUSE_OBJECT] = EN_MSG("refused: no object; write {{\"date\": ..., "
                                "\"text\": ...}"),
    [EN_REFUSE_NO_DATE] =
        EN_MSG("refused: no date; add \"date\": \"2027-05-12\""),
    [EN_REFUSE_PARTIAL_DATE] =
        EN_MSG("refused: the date names no day, and I will not invent one; "
               "write 2027-05-12"),
    [EN_REFUSE_BAD_DATE] = EN_MSG("refused: there is no such date; write "
                                  "2027-05-12 or 2027-05-12T14:07:00+02:00"),
    [EN_REFUSE_SKIPPED_HOUR] =
        EN_MSG("refused: the clock change skips this hour; write another, or "
               "an offset such as +02:00"),
    [EN_REFUSE_NO_TEXT] = EN_MSG("refused: no text; add \"text\": \"...\""),
    [EN_REFUSE_LONG] = EN_MSG("refused: the text is {size}, an entry holds at "
                              "most {most}; make two records of it"),
    [EN_REFUSE_UTF8] =
        EN_MSG("refused: the text holds a character that no text has; save "
               "the file as UTF-8"),
    [EN_REFUSE_TITLE] = EN_MSG("refused: a title is a text of at most 200 "
                               "bytes; shorten it"),
    [EN_REFUSE_ID] = EN_MSG("refused: an id is a line of at most 200 bytes, or "
                            "a number; leave it out"),
    [EN_REFUSE_TAGS] =
        EN_MSG("refused: tags are a list of texts; write [\"one\", \"two\"]"),
    [EN_REFUSE_TWICE] = EN_MSG("refused: this id stands in the file before, "
                               "with other words; give it another"),
};

static const char *journal_refusal(uint16_t reason)
{
    switch (reason) {
    case EN_WHY_TEXT_LONG: return refusals[EN_REFUSE_LONG];
    case EN_WHY_TEXT_EMPTY: return refusals[EN_REFUSE_NO_TEXT];
    case EN_WHY_TEXT_UTF8: return refusals[EN_REFUSE_UTF8];
    case EN_WHY_TAG:
        return EN_MSG("refused: an entry has at most 12 tags, each of at most "
                      "48 bytes; name fewer or shorter ones");
    default: return EN_MSG("refused: a value is out of bounds; look at it");
    }
}

static const char *const outcomes[] = {
    [EN_IMPORT_NEW] = EN_MSG("imported"),
    [EN_IMPORT_SAME] = EN_MSG("already there"),
    [EN_IMPORT_CHANGED] = EN_MSG("changed: a new version"),
};
static const char *const outcome_keys[] = {
    [EN_IMPORT_NEW] = "imported",
    [EN_IMPORT_SAME] = "already_there",
    [EN_IMPORT_CHANGED] = "changed",
    [EN_IMPORT_REFUSED] = "refused",
};

static en_err say_fate(struct en_cmd *cmd, const struct fate *f,
                       struct en_buf *out)
{
    struct en_buf what = {0};
    const char *id = f->outcome != EN_IMPORT_REFUSED ? outcomes[f->outcome]
                     : f->why == FROM_JOURNAL ? journal_refusal(f->reason)
                                              : refusals[f->why];
    en_err err = en_tr(
        &cmd->t, &what, id,
        EN_ARGS(en_arg_number("n", f->n), en_arg_size("size", f->n),
                en_arg_size("most", f->limit == 0 ? EN_TEXT_MAX : f->limit)));

    if (err == EN_OK)
        err = en_cmd_say(cmd, out, "line {line}: {what}",
                         EN_ARGS(en_arg_number("line", f->line),
                                 en_arg_span("what", en_buf_span(&what))));
    en_buf_free(&what);
    return err;
}

static en_err write_report(struct importing *im)
{
    struct en_buf text = {0};
    en_err err = EN_OK;

    if (im->report == NULL)
        return EN_OK;
    for (size_t i = 0; i < im->fates && err == EN_OK; i++) {
        err = say_fate(im->cmd, &im->fate[i], &text);
        if (err == EN_OK)
            err = en_buf_add_u8(&text, '\n');
    }
    if (err == EN_OK)
        err =
            en_file_write(im->report, en_buf_span(&text), true, &im->cmd->why);
    en_buf_free(&text);
    return err;
}

static const struct en_column fate_columns[] = {
    {"id", NULL}, {"line", NULL}, {"outcome", NULL}, {"why", NULL}};

/* On the screen: what needs a look. Scripts get every line. */
static en_err show_fates(struct importing *im)
{
    struct en_cmd *cmd = im->cmd;
    bool people = cmd->mode == EN_SHOW_PEOPLE || cmd->mode == EN_SHOW_SIMPLE;
    struct en_buf line = {0};
    char whole[EN_LETTERS + 1];
    en_err err = EN_OK;

    for (size_t i = 0; i < im->fates && err == EN_OK; i++) {
        const struct fate *f = &im->fate[i];

        en_buf_clear(&line);
        if (people && f->outcome != EN_IMPORT_REFUSED &&
            f->outcome != EN_IMPORT_CHANGED)
            continue;
        err = say_fate(cmd, f, &line);
        if (err != EN_OK)
            break;
        if (people) {
            en_show_said(&cmd->show, en_buf_span(&line), 2);
            continue;
        }
        whole[0] = '\0';
        if (!en_id16_zero(&f->id))
            en_id_letters(&f->id, whole);
        en_show_record(&cmd->show, fate_columns, 4,
                       (struct en_cell[]){
                           en_cell_id(en_span_str(whole), en_span_str(whole)),
                           en_cell_number(f->line),
                           en_cell_word(outcome_keys[f->outcome], NULL),
                           f->outcome == EN_IMPORT_REFUSED
                               ? en_cell_said(en_buf_span(&line))
                               : en_cell_none(),
                       });
    }
    en_buf_free(&line);
    return err;
}

static void show_notes(struct importing *im)
{
    struct en_show *s = &im->cmd->show;

    for (size_t i = 0; i < im->fields; i++)
        en_show_line_n(
            s, "Not imported: the field \"{name}\" ({n} time).",
            "Not imported: the field \"{name}\" ({n} times).", im->field[i].n,
            EN_ARGS(en_arg_span("name", en_buf_span(&im->field[i].name))));
    if (im->more_fields > 0)
        en_show_line_n(s, "Not imported: {n} more field.",
                       "Not imported: {n} more fields.", im->more_fields, NULL);
    if (im->dropped > 0)
        en_show_line_n(s, "{n} control character was left out.",
                       "{n} control characters were left out.", im->dropped,
                       NULL);
    if (im->extra > 0)
        en_show_line_n(s,
                       "{n} record has more tags than fit: they stand at the "
                       "end of its text.",
                       "{n} records have more tags than fit: they stand at the "
                       "end of their texts.",
                       im->extra, NULL);
}

static void show_counts(struct importing *im)
{
    struct en_show *s = &im->cmd->show;
    size_t done = im->count[EN_IMPORT_NEW];

    if (im->dry_run)
        en_show_line_n(s, "{n} entry would be imported; nothing was written.",
                       "{n} entries would be imported; nothing was written.",
                       done, NULL);
    else
        en_show_line_n(s, "{n} entry imported, private.",
                       "{n} entries imported, private.", done, NULL);
    if (im->count[EN_IMPORT_CHANGED] > 0)
        en_show_line_n(s, "{n} changed: a new version of it.",
                       "{n} changed: a new version of each.",
                       im->count[EN_IMPORT_CHANGED], NULL);
    if (im->count[EN_IMPORT_SAME] > 0)
        en_show_line_n(s, "{n} already there.", "{n} already there.",
                       im->count[EN_IMPORT_SAME], NULL);
}

/* All, some or nothing: the exit status follows. */
static en_err verdict(struct importing *im)
{
    size_t refused = im->count[EN_IMPORT_REFUSED];
    size_t kept = im->fates - refused;

    if (im->fates == 0 || kept == 0)
        return en_why_set(&im->cmd->why, EN_ABSENT, EN_WHY_NO_RECORDS,
                          im->cmd->args->word[0], refused, 0);
    if (refused == 0)
        return EN_OK;
    return en_why_set(&im->cmd->why, EN_PROTOCOL, EN_WHY_PARTLY, im->report,
                      im->count[EN_IMPORT_NEW] + im->count[EN_IMPORT_CHANGED],
                      refused);
}

static en_err finish(struct importing *im)
{
    en_err err;

    for (size_t i = 0; i < im->fates; i++)
        im->count[im->fate[i].outcome]++;
    err = show_fates(im);
    if (err == EN_OK)
        err = write_report(im);
    if (err != EN_OK)
        return err;
    show_notes(im);
    show_counts(im);
    return verdict(im);
}

/*
 * import
 */

static en_err choose_format(struct en_cmd *cmd, struct en_span file)
{
    const char *format = en_args_flag(cmd->args, "format");
    bool yes = false;
    en_err err;

    if (format != NULL)
        return en_span_eq(en_span_str(format), en_span_str("jsonl"))
                   ? EN_OK
                   : en_why_set(&cmd->why, EN_RANGE, EN_WHY_FORMAT, format, 0,
                                0);
    if (!en_import_is_jsonl(file))
        return en_why_set(&cmd->why, EN_RANGE, EN_WHY_FORMAT,
                          cmd->args->word[0], 0, 0);
    err = en_cmd_yes(cmd,
                     "This looks like jsonl, one record a line. Read it "
                     "so?",
                     NULL, "--format jsonl", &yes);
    if (err == EN_OK && !yes)
        err = en_why_set(&cmd->why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0, 0);
    return err;
}

static en_err take_flags(struct importing *im, struct en_zone *zone)
{
    const struct en_args *args = im->cmd->args;
    const char *z = en_args_flag(args, "zone");
    const char *tag;

    im->report = en_args_flag(args, "report");
    im->dry_run = en_args_has(args, "dry-run");
    while ((tag = en_args_nth(args, "tag", (int)im->adds)) != NULL) {
        if (im->adds == TAGS_ADDED_MAX || tag[0] == '\0' ||
            strlen(tag) > EN_TAG_MAX)
            return en_why_set(&im->cmd->why, EN_RANGE, EN_WHY_TAG, NULL,
                              im->adds, EN_TAGS_MAX);
        im->added[im->adds++] = en_span_str(tag);
    }
    *zone = im->cmd->machine->zone;
    if (z == NULL)
        return EN_OK;
    return en_import_zone(z, zone) == EN_OK
               ? EN_OK
               : en_why_set(&im->cmd->why, EN_RANGE, EN_WHY_ZONE, z, 0, 0);
}

static void importing_free(struct importing *im)
{
    for (size_t i = 0; i < im->fields; i++)
        en_buf_free(&im->field[i].name);
    en_buf_free(&im->bytes);
    en_cmd_release(im->batch, sizeof *im->batch);
    free(im->fate);
    free(im->seen);
}

int en_cmd_import(struct en_cmd *cmd, const struct en_args *args)
{
    struct importing im = {.cmd = cmd};
    struct en_import_sink sink = {on_record, on_refused, on_unknown, &im};
    struct en_buf file = {0};
    struct en_zone zone;
    uint64_t lines;
    en_err err;

    err = take_flags(&im, &zone);
    if (err == EN_OK)
        err = en_cmd_open(cmd);
    if (err == EN_OK)
        err =
            en_file_read(args->word[0], EN_IMPORT_BYTES_MAX, &file, &cmd->why);
    if (err == EN_OK)
        err = choose_format(cmd, en_buf_span(&file));
    lines = en_import_lines(en_buf_span(&file));
    if (err == EN_OK && lines > EN_IMPORT_RECORDS_MAX)
        err = en_why_set(&cmd->why, EN_RANGE, EN_WHY_RECORDS, args->word[0],
                         lines, EN_IMPORT_RECORDS_MAX);
    /* A report that cannot be written is known before anything comes in. */
    if (err == EN_OK && im.report != NULL)
        err = en_file_write(im.report, (struct en_span){0}, true, &cmd->why);
    if (err == EN_OK) {
        im.batch = en_cmd_alloc(sizeof *im.batch);
        err = im.batch == NULL ? EN_NOMEM : EN_OK;
    }
    if (err == EN_OK) {
        im.batch->importer = en_span_str("jsonl");
        im.batch->dry_run = im.dry_run;
        err = en_import_jsonl(en_buf_span(&file), &zone, &sink);
    }
    if (err == EN_OK)
        err = send_batch(&im);
    if (err == EN_OK)
        err = finish(&im);
    importing_free(&im);
    en_buf_free(&file);
    return en_cmd_done(cmd, err);
}
