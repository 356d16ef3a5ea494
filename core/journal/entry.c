#include "journal/entry.h"

#include "base/text.h"
#include "wire/pack.h"

#include <string.h>

/* Elements of each array; docs/formats/journal.md names them. */
#define CONTENT_LEN 8
#define ENTRY_LEN   10
#define SHARE_LEN   6
#define LINK_LEN    7
#define PROFILE_LEN 6

#define ALIASES_MAX 65535
#define LINES_LAST  EN_TEXT_MAX /* a text has no more lines than bytes */

static bool offset_valid(int64_t offset)
{
    return offset >= -EN_OFFSET_MAX && offset <= EN_OFFSET_MAX;
}

static bool preset_valid(uint64_t preset)
{
    return preset == 45 || preset == 90 || preset == 120;
}

uint8_t en_content_type(const struct en_content *c)
{
    if (c->kind >= EN_KIND_PLAN && c->kind < EN_KIND_PLAN + 16)
        return EN_TYPE_FACT;
    if (c->kind >= EN_KIND_PROFILE && c->kind < EN_KIND_PROFILE + 16)
        return EN_TYPE_PROFILE;
    return c->parents > 0 ? EN_TYPE_REVISION : EN_TYPE_FIRST;
}

/*
 * Encoding
 */

static en_err refuse(struct en_why *why)
{
    return en_why_set(why, EN_RANGE, EN_WHY_NONE, NULL, 0, 0);
}

/* Kept words are NFC: two devices that typed the same hold the same bytes. */
static en_err check_nfc(struct en_span s, struct en_why *why)
{
    struct en_buf nfc = {0};
    bool ascii = true;
    en_err err;

    for (size_t i = 0; i < s.n && ascii; i++)
        ascii = s.p[i] < 0x80;
    if (ascii)
        return EN_OK;
    err = en_text_nfc(s, &nfc);
    if (err == EN_OK && !en_span_eq(en_buf_span(&nfc), s))
        err = EN_RANGE;
    if (err == EN_RANGE)
        err = en_why_set(why, err, EN_WHY_TEXT_UTF8, NULL, 0, 0);
    en_buf_free(&nfc);
    return err;
}

static en_err check_line(struct en_span s, size_t min, size_t max,
                         enum en_reason reason, struct en_why *why)
{
    if (s.n < min || s.n > max)
        return en_why_set(why, EN_RANGE, reason, NULL, s.n, max);
    if (!en_text_is_line(s))
        return en_why_set(why, EN_RANGE,
                          reason == EN_WHY_TEXT_LONG ? EN_WHY_TEXT_UTF8
                                                     : reason,
                          NULL, s.n, max);
    return check_nfc(s, why);
}

static en_err check_text(struct en_span s, bool may_be_empty,
                         struct en_why *why)
{
    if (s.n == 0 && !may_be_empty)
        return en_why_set(why, EN_RANGE, EN_WHY_TEXT_EMPTY, NULL, 0,
                          EN_TEXT_MAX);
    if (s.n > EN_TEXT_MAX)
        return en_why_set(why, EN_RANGE, EN_WHY_TEXT_LONG, NULL, s.n,
                          EN_TEXT_MAX);
    if (!en_text_is_text(s))
        return en_why_set(why, EN_RANGE, EN_WHY_TEXT_UTF8, NULL, 0, 0);
    return check_nfc(s, why);
}

static en_err check_entry(const struct en_entry *e, struct en_why *why)
{
    en_err err;

    if ((e->state != EN_LIVE && e->state != EN_DELETED) ||
        !en_when_valid(&e->when) || e->prompt > EN_PROMPT_BEFORE ||
        e->opens > EN_OPENS_DAY ||
        (e->opens == EN_OPENS_DAY && !en_day_valid(e->opens_day)) ||
        (e->importer.n == 0 && e->foreign.n > 0))
        return refuse(why);
    err = check_line(e->title, 0, EN_LINE_MAX, EN_WHY_TEXT_LONG, why);
    if (err != EN_OK)
        return err;
    err = check_text(e->text, e->state == EN_DELETED, why);
    if (err != EN_OK)
        return err;
    if (e->tags > EN_TAGS_MAX)
        return en_why_set(why, EN_RANGE, EN_WHY_TAG, NULL, e->tags,
                          EN_TAGS_MAX);
    for (size_t i = 0; i < e->tags; i++) {
        err = check_line(e->tag[i], 1, EN_TAG_MAX, EN_WHY_TAG, why);
        if (err != EN_OK)
            return err;
    }
    err = check_line(e->importer, 0, EN_LINE_MAX, EN_WHY_TEXT_LONG, why);
    if (err != EN_OK)
        return err;
    return check_line(e->foreign, 0, EN_LINE_MAX, EN_WHY_TEXT_LONG, why);
}

static en_err check_share(const struct en_share *s, struct en_why *why)
{
    en_err err;

    if (s->of != EN_KIND_ENTRY || !en_when_valid(&s->when) ||
        (s->state != EN_LIVE && s->state != EN_DELETED) ||
        (s->state == EN_DELETED && (s->title.n > 0 || s->text.n > 0)))
        return refuse(why);
    err = check_line(s->title, 0, EN_LINE_MAX, EN_WHY_TEXT_LONG, why);
    if (err != EN_OK)
        return err;
    return check_text(s->text, s->state == EN_DELETED, why);
}

/* Both ends or none, in order. */
static bool lines_valid(uint64_t from, uint64_t to)
{
    return (from == 0 && to == 0) ||
           (from >= 1 && from <= to && to <= LINES_LAST);
}

static en_err check_link(const struct en_link *l, struct en_why *why)
{
    return lines_valid(l->line_from, l->line_to) ? EN_OK : refuse(why);
}

static en_err check_profile(const struct en_profile *p, struct en_why *why)
{
    if ((p->lang != EN_LANG_FR && p->lang != EN_LANG_EN) ||
        !preset_valid(p->preset) || p->aliases > EN_ALIASES_REQUIRE ||
        p->sponsor > EN_SPONSOR_DATES ||
        (en_id_zero(&p->old_cid) && !en_id_zero(&p->old_frontier)))
        return refuse(why);
    return check_line(p->name, 1, EN_NAME_MAX, EN_WHY_NAME, why);
}

static en_err check_content(const struct en_content *c, struct en_why *why)
{
    if (!offset_valid(c->offset) ||
        en_day_of_ms(c->time_ms, c->offset).year == 0 ||
        c->afters > EN_AFTER_MAX || c->parents > EN_AFTER_MAX)
        return refuse(why);
    switch (c->kind) {
    case EN_KIND_ENTRY:
    case EN_KIND_DRAFT: return check_entry(&c->u.entry, why);
    case EN_KIND_SHARE: return check_share(&c->u.share, why);
    case EN_KIND_LINK: return check_link(&c->u.link, why);
    case EN_KIND_PROFILE: return check_profile(&c->u.profile, why);
    default: return refuse(why);
    }
}

static void put_id16(struct en_pack *p, const struct en_id16 *id)
{
    en_pack_bin(p, EN_SPAN_OF(id->b));
}

static void put_id16_or_nil(struct en_pack *p, const struct en_id16 *id)
{
    if (en_id16_zero(id))
        en_pack_nil(p);
    else
        put_id16(p, id);
}

static void put_id(struct en_pack *p, const struct en_id *id)
{
    en_pack_bin(p, EN_SPAN_OF(id->b));
}

static void put_id_or_nil(struct en_pack *p, const struct en_id *id)
{
    if (en_id_zero(id))
        en_pack_nil(p);
    else
        put_id(p, id);
}

static void put_ids(struct en_pack *p, const struct en_id *id, size_t n)
{
    en_pack_array(p, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        put_id(p, &id[i]);
}

static void put_day(struct en_pack *p, struct en_day d)
{
    en_pack_uint(p, (uint64_t)d.year);
    en_pack_uint(p, d.month);
    en_pack_uint(p, d.day);
}

/* [ms, offset] or [year, month, day] */
static void put_when(struct en_pack *p, const struct en_when *w)
{
    if (w->kind == EN_WHEN_INSTANT) {
        en_pack_array(p, 2);
        en_pack_int(p, w->ms);
        en_pack_int(p, w->offset);
    } else {
        en_pack_array(p, 3);
        put_day(p, w->day);
    }
}

static void put_entry(struct en_pack *p, const struct en_entry *e)
{
    en_pack_array(p, ENTRY_LEN);
    en_pack_uint(p, e->state);
    en_pack_str(p, e->title);
    en_pack_str(p, e->text);
    put_when(p, &e->when);
    en_pack_array(p, (uint32_t)e->tags);
    for (size_t i = 0; i < e->tags; i++)
        en_pack_str(p, e->tag[i]);
    put_id16_or_nil(p, &e->about);
    en_pack_uint(p, e->prompt);
    if (e->importer.n == 0) {
        en_pack_nil(p);
    } else {
        en_pack_array(p, 2);
        en_pack_str(p, e->importer);
        en_pack_str(p, e->foreign);
    }
    switch (e->opens) {
    case EN_OPENS_NONE: en_pack_nil(p); break;
    case EN_OPENS_LAST: en_pack_array(p, 0); break;
    case EN_OPENS_DAY:
        en_pack_array(p, 3);
        put_day(p, e->opens_day);
        break;
    }
    put_id_or_nil(p, &e->undoes);
}

static void put_share(struct en_pack *p, const struct en_share *s)
{
    en_pack_array(p, SHARE_LEN);
    en_pack_uint(p, s->state);
    en_pack_uint(p, s->of);
    en_pack_str(p, s->title);
    en_pack_str(p, s->text);
    put_when(p, &s->when);
    en_pack_uint(p, s->aliases);
}

static void put_link(struct en_pack *p, const struct en_link *l)
{
    en_pack_array(p, LINK_LEN);
    put_id16(p, &l->share);
    put_id(p, &l->cid);
    put_id16_or_nil(p, &l->sid);
    put_id16(p, &l->original);
    put_id(p, &l->revision);
    en_pack_uint(p, l->line_from);
    en_pack_uint(p, l->line_to);
}

static void put_profile(struct en_pack *p, const struct en_profile *f)
{
    en_pack_array(p, PROFILE_LEN);
    en_pack_str(p, f->name);
    en_pack_uint(p, f->lang);
    en_pack_uint(p, f->preset);
    en_pack_uint(p, f->aliases);
    en_pack_uint(p, f->sponsor);
    if (en_id_zero(&f->old_cid)) {
        en_pack_nil(p);
    } else {
        en_pack_array(p, 2);
        put_id(p, &f->old_cid);
        put_id(p, &f->old_frontier);
    }
}

en_err en_content_encode(const struct en_content *c, struct en_buf *out,
                         struct en_why *why)
{
    struct en_pack p;
    size_t before = out->n;
    en_err err;

    err = check_content(c, why);
    if (err != EN_OK)
        return err;
    p = en_pack_to(out, EN_PACK_SIGNED);
    en_pack_array(&p, CONTENT_LEN);
    en_pack_uint(&p, EN_CONTENT_VERSION);
    en_pack_uint(&p, c->kind);
    put_id16(&p, &c->id);
    en_pack_int(&p, c->time_ms);
    en_pack_int(&p, c->offset);
    put_ids(&p, c->after, c->afters);
    put_ids(&p, c->parent, c->parents);
    switch (c->kind) {
    case EN_KIND_SHARE: put_share(&p, &c->u.share); break;
    case EN_KIND_LINK: put_link(&p, &c->u.link); break;
    case EN_KIND_PROFILE: put_profile(&p, &c->u.profile); break;
    default: put_entry(&p, &c->u.entry); break;
    }
    err = en_pack_done(&p);
    /* 64,000 bytes of text, titles, tags, ids and prefixes stay well below. */
    assert(err != EN_OK || out->n - before <= EN_CONTENT_MAX);
    return err;
}

/*
 * Decoding
 */

/* True if bad now; a shorthand for bounds the cursor does not know. */
static void expect(struct en_unpack *u, bool ok)
{
    if (!ok)
        u->bad = true;
}

/* The cursor knows it for UTF-8; NUL is the one character that no text of ours
 * can hold, and that would end a string early for whoever reads it as one. */
static struct en_span get_str(struct en_unpack *u, size_t min, size_t max)
{
    struct en_span s = en_unpack_str(u, min, max);

    expect(u, s.n == 0 || memchr(s.p, 0, s.n) == NULL);
    return s;
}

static void get_ids(struct en_unpack *u, struct en_id *id, size_t *n)
{
    uint32_t count;

    en_unpack_array(u, &count, 0, EN_AFTER_MAX);
    for (uint32_t i = 0; i < count; i++)
        en_unpack_fixed(u, id[i].b, sizeof(id[i].b));
    *n = count;
}

/* Nil is the only spelling of "none": 16 or 32 zero bytes are refused. */
static void get_id16_or_nil(struct en_unpack *u, struct en_id16 *id)
{
    if (en_unpack_nil_next(u))
        return;
    en_unpack_fixed(u, id->b, sizeof(id->b));
    expect(u, !en_id16_zero(id));
}

static void get_id_or_nil(struct en_unpack *u, struct en_id *id)
{
    if (en_unpack_nil_next(u))
        return;
    en_unpack_fixed(u, id->b, sizeof(id->b));
    expect(u, !en_id_zero(id));
}

static struct en_day get_day(struct en_unpack *u)
{
    struct en_day d;

    d.year = (int16_t)en_unpack_uint(u, 9999);
    d.month = (uint8_t)en_unpack_uint(u, 12);
    d.day = (uint8_t)en_unpack_uint(u, 31);
    expect(u, !u->bad && en_day_valid(d));
    return d;
}

static int16_t get_offset(struct en_unpack *u)
{
    int64_t offset = en_unpack_int(u);

    expect(u, offset_valid(offset));
    return u->bad ? 0 : (int16_t)offset;
}

static void get_when(struct en_unpack *u, struct en_when *w)
{
    uint32_t n;

    en_unpack_array(u, &n, 2, 3);
    if (n == 2) {
        w->kind = EN_WHEN_INSTANT;
        w->ms = en_unpack_int(u);
        w->offset = get_offset(u);
    } else {
        w->kind = EN_WHEN_DAY;
        w->day = get_day(u);
    }
    expect(u, !u->bad && en_when_valid(w));
}

static enum en_state get_state(struct en_unpack *u)
{
    return en_unpack_uint(u, EN_DELETED) == EN_DELETED ? EN_DELETED : EN_LIVE;
}

static void get_entry(struct en_unpack *u, struct en_entry *e)
{
    uint32_t n;

    en_unpack_array(u, &n, ENTRY_LEN, ENTRY_LEN);
    e->state = get_state(u);
    e->title = get_str(u, 0, EN_LINE_MAX);
    e->text = get_str(u, e->state == EN_LIVE ? 1 : 0, EN_TEXT_MAX);
    get_when(u, &e->when);
    en_unpack_array(u, &n, 0, EN_TAGS_MAX);
    for (uint32_t i = 0; i < n; i++)
        e->tag[i] = get_str(u, 1, EN_TAG_MAX);
    e->tags = n;
    get_id16_or_nil(u, &e->about);
    e->prompt = (enum en_prompt)en_unpack_uint(u, EN_PROMPT_BEFORE);
    if (!en_unpack_nil_next(u)) {
        en_unpack_array(u, &n, 2, 2);
        e->importer = get_str(u, 1, EN_LINE_MAX);
        e->foreign = get_str(u, 0, EN_LINE_MAX);
    }
    if (!en_unpack_nil_next(u)) {
        en_unpack_array(u, &n, 0, 3);
        e->opens = n == 0 ? EN_OPENS_LAST : EN_OPENS_DAY;
        if (n == 3)
            e->opens_day = get_day(u);
        expect(u, n == 0 || n == 3);
    }
    get_id_or_nil(u, &e->undoes);
}

static void get_share(struct en_unpack *u, struct en_share *s, bool *newer)
{
    uint32_t n;

    en_unpack_array(u, &n, SHARE_LEN, SHARE_LEN);
    s->state = get_state(u);
    s->of = (enum en_thing_kind)en_unpack_uint(u, UINT32_MAX >> 1);
    /* What is shared of a later kind has a body of its own. */
    *newer = !u->bad && s->of != EN_KIND_ENTRY;
    if (*newer)
        return;
    s->title = get_str(u, 0, s->state == EN_LIVE ? EN_LINE_MAX : 0);
    s->text = get_str(u, s->state == EN_LIVE ? 1 : 0,
                      s->state == EN_LIVE ? EN_TEXT_MAX : 0);
    get_when(u, &s->when);
    s->aliases = (uint16_t)en_unpack_uint(u, ALIASES_MAX);
}

static void get_link(struct en_unpack *u, struct en_link *l)
{
    uint32_t n;

    en_unpack_array(u, &n, LINK_LEN, LINK_LEN);
    en_unpack_fixed(u, l->share.b, sizeof(l->share.b));
    en_unpack_fixed(u, l->cid.b, sizeof(l->cid.b));
    get_id16_or_nil(u, &l->sid);
    en_unpack_fixed(u, l->original.b, sizeof(l->original.b));
    en_unpack_fixed(u, l->revision.b, sizeof(l->revision.b));
    l->line_from = (uint32_t)en_unpack_uint(u, LINES_LAST);
    l->line_to = (uint32_t)en_unpack_uint(u, LINES_LAST);
    expect(u, lines_valid(l->line_from, l->line_to));
}

static void get_profile(struct en_unpack *u, struct en_profile *f)
{
    uint32_t n;

    en_unpack_array(u, &n, PROFILE_LEN, PROFILE_LEN);
    f->name = get_str(u, 1, EN_NAME_MAX);
    f->lang =
        en_unpack_uint(u, EN_LANG_EN) == EN_LANG_EN ? EN_LANG_EN : EN_LANG_FR;
    f->preset = (uint16_t)en_unpack_uint(u, UINT16_MAX);
    expect(u, preset_valid(f->preset));
    f->aliases = (enum en_alias_rule)en_unpack_uint(u, EN_ALIASES_REQUIRE);
    f->sponsor = (enum en_sponsor_rule)en_unpack_uint(u, EN_SPONSOR_DATES);
    if (!en_unpack_nil_next(u)) {
        en_unpack_array(u, &n, 2, 2);
        en_unpack_fixed(u, f->old_cid.b, sizeof(f->old_cid.b));
        expect(u, !en_id_zero(&f->old_cid));
        en_unpack_fixed(u, f->old_frontier.b, sizeof(f->old_frontier.b));
    }
}

en_err en_content_decode(struct en_span bytes, struct en_content *c)
{
    struct en_unpack u = {0};
    bool newer = false;
    uint32_t n;

    memset(c, 0, sizeof(*c));
    if (bytes.n > EN_CONTENT_MAX)
        return EN_PROTOCOL;
    if (en_unpack_begin(&u, bytes, EN_PACK_SIGNED) != EN_OK)
        return EN_PROTOCOL;
    /* A later version keeps element 0 and nothing else that we could know. */
    en_unpack_array(&u, &n, 1, UINT32_MAX);
    c->version = (uint32_t)en_unpack_uint(&u, UINT32_MAX);
    if (u.bad || c->version == 0)
        return EN_PROTOCOL;
    if (c->version > EN_CONTENT_VERSION)
        return EN_VERSION;
    if (n != CONTENT_LEN)
        return EN_PROTOCOL;
    c->kind = (uint32_t)en_unpack_uint(&u, UINT32_MAX);
    en_unpack_fixed(&u, c->id.b, sizeof(c->id.b));
    c->time_ms = en_unpack_int(&u);
    c->offset = get_offset(&u);
    expect(&u, en_day_of_ms(c->time_ms, c->offset).year != 0);
    get_ids(&u, c->after, &c->afters);
    get_ids(&u, c->parent, &c->parents);
    if (u.bad || c->kind == 0)
        return EN_PROTOCOL;
    switch (c->kind) {
    case EN_KIND_ENTRY:
    case EN_KIND_DRAFT: get_entry(&u, &c->u.entry); break;
    case EN_KIND_SHARE: get_share(&u, &c->u.share, &newer); break;
    case EN_KIND_LINK: get_link(&u, &c->u.link); break;
    case EN_KIND_PROFILE: get_profile(&u, &c->u.profile); break;
    default: newer = true; break;
    }
    if (newer)
        return EN_VERSION;
    return en_unpack_done(&u) ? EN_OK : EN_PROTOCOL;
}

/*
 * Words as they were typed
 */

static en_err not_utf8(struct en_span all, struct en_span left,
                       struct en_why *why)
{
    return en_why_set(why, EN_RANGE, EN_WHY_TEXT_UTF8, NULL,
                      (uint64_t)(left.p - all.p), 0);
}

static struct en_span trimmed(struct en_span s)
{
    while (s.n > 0 && s.p[0] == ' ') {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

en_err en_entry_clean(struct en_span s, bool line, struct en_buf *out,
                      size_t *dropped, struct en_why *why)
{
    struct en_buf plain = {0};
    struct en_span left = s;
    size_t gone = 0;
    en_err err = EN_OK;

    while (left.n > 0) {
        struct en_span at = left;
        int32_t cp = en_text_next(&left);

        if (cp < 0) {
            err = not_utf8(s, at, why);
            goto out;
        }
        if (cp == '\r') {
            if (left.n > 0 && left.p[0] == '\n')
                en_text_next(&left);
            cp = '\n';
        }
        if (line && (cp == '\n' || cp == '\t' || cp == 0x2028 || cp == 0x2029))
            cp = ' ';
        if (cp != '\n' && cp != '\t' &&
            (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))) {
            gone++;
            continue;
        }
        err = en_text_put(&plain, cp);
        if (err != EN_OK)
            goto out;
    }
    err = en_text_nfc(line ? trimmed(en_buf_span(&plain)) : en_buf_span(&plain),
                      out);
    if (err == EN_OK && dropped != NULL)
        *dropped = gone;
out:
    en_buf_free(&plain);
    return err;
}

size_t en_text_lines(struct en_span text)
{
    const uint8_t *p = text.p;
    size_t left = text.n;
    size_t n = 0;

    while (left > 0) {
        const uint8_t *lf = memchr(p, '\n', left);

        n++;
        if (lf == NULL)
            break;
        left -= (size_t)(lf - p) + 1;
        p = lf + 1;
    }
    return n;
}

en_err en_text_line_range(struct en_span text, size_t from, size_t to,
                          struct en_span *out)
{
    size_t start = 0;
    size_t line = 1;
    size_t i = 0;

    if (from < 1 || from > to || to > en_text_lines(text))
        return EN_RANGE;
    for (; line < from; i++) {
        if (text.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    for (; i < text.n; i++) {
        if (text.p[i] != '\n')
            continue;
        if (line == to)
            break;
        line++;
    }
    *out = EN_SPAN(text.p + start, i - start);
    return EN_OK;
}

/*
 * Ids as letters
 */

static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";

void en_id_letters(const struct en_id16 *id, char out[EN_LETTERS + 1])
{
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < sizeof(id->b); i++) {
        acc = (acc << 8 | id->b[i]) & 0xfff;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out[at++] = letters[acc >> bits & 31];
        }
    }
    /* 128 bits are 25 letters and 3 bits: two zero bits make the last one. */
    out[at++] = letters[acc << (5 - bits) & 31];
    assert(at == EN_LETTERS);
    out[at] = '\0';
}

static char letter_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        c = (uint8_t)(c - 'A' + 'a');
    if (c == 'i' || c == 'l')
        return '1';
    if (c == 'o')
        return '0';
    return c != '\0' && strchr(letters, c) != NULL ? (char)c : '\0';
}

en_err en_id_prefix(struct en_span typed, char out[EN_LETTERS + 1], size_t *n)
{
    size_t at = 0;

    for (size_t i = 0; i < typed.n; i++) {
        char c;

        if (typed.p[i] == '-' || typed.p[i] == ' ')
            continue;
        c = letter_of(typed.p[i]);
        if (c == '\0' || at == EN_LETTERS)
            return EN_RANGE;
        out[at++] = c;
    }
    out[at] = '\0';
    *n = at;
    return at > 0 ? EN_OK : EN_RANGE;
}
