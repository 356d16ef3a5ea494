#include "replica/rpc.h"

#include "wire/pack.h"

#include <string.h>

/*
 * The table. A struct is packed as an array of its fields in the order of its
 * table; a field that holds several is an array of its own. So a struct's layout on
 * the wire is read off here, and nothing else encodes or decodes.
 */

enum type {
    U16S, /* `max` of uint16_t, exactly */
    U32,
    U64,
    I64,
    I16,
    BOOL,
    ID,     /* 32 bytes */
    ID16,   /* 16 bytes */
    SPAN,   /* 0..max bytes */
    WHEN,   /* nil, [1, ms, offset] or [2, day number] */
    DAY,    /* nil or a day number */
    SPANS,  /* count at `count`, at most n, each 0..max bytes */
    IDS,    /* count at `count`, at most n, of 32 bytes */
    STRUCT, /* sub */
    STRUCTS /* count at `count`, at most n, of sub */
};

struct table;

struct field {
    enum type type;
    size_t at;    /* offset of the value, */
    size_t count; /* of a size_t that counts them */
    size_t max;
    size_t n;
    const struct table *sub;
};

struct table {
    size_t size; /* of the struct */
    size_t n;
    const struct field *field;
};

#define AT(s, m) offsetof(struct en_rpc_##s, m)
#define F(t, s, m)                                                             \
    {                                                                          \
        .type = t, .at = AT(s, m)                                              \
    }
#define FS(s, m, limit)                                                        \
    {                                                                          \
        .type = SPAN, .at = AT(s, m), .max = (limit)                           \
    }
#define FN(s, c, m, k, ea)                                                     \
    {                                                                          \
        SPANS, AT(s, m), AT(s, c), (ea), (k), NULL                             \
    }
#define TABLE(s)                                                               \
    static const struct table s##_table = {                                    \
        sizeof(struct en_rpc_##s), sizeof(s##_fields) / sizeof(struct field),  \
        s##_fields};

/* A text as typed may be longer than is allowed: the answer says by how much.
 * Beyond this it is a mistake that the command meets before it asks. */
#define TYPED_MAX 262144
/* A word, a name or an id as typed. */
#define WORD_MAX 1024
/* Names and labels of others come as they were written. */
#define LABEL_MAX EN_LABEL_MAX

static const struct field init_fields[] = {
    FS(init, passphrase, EN_PASSPHRASE_MAX),
    FS(init, name, WORD_MAX),
    FS(init, device, WORD_MAX),
    FS(init, kit, WORD_MAX),
    F(U32, init, lang),
    F(BOOL, init, weak),
};
TABLE(init)

static const struct field unlock_fields[] = {
    FS(unlock, passphrase, EN_PASSPHRASE_MAX),
    F(U32, unlock, for_min),
};
TABLE(unlock)

static const struct field passphrase_fields[] = {
    FS(passphrase, old, EN_PASSPHRASE_MAX),
    FS(passphrase, fresh, EN_PASSPHRASE_MAX),
    F(BOOL, passphrase, weak),
};
TABLE(passphrase)

static const struct field setting_fields[] = {
    FS(setting, key, 32),
    FS(setting, value, WORD_MAX),
};
TABLE(setting)

static const struct field doctor_fields[] = {F(BOOL, doctor, deep)};
TABLE(doctor)

static const struct field name_fields[] = {FS(name, typed, WORD_MAX)};
TABLE(name)

static const struct field write_fields[] = {
    FS(write, text, TYPED_MAX), FS(write, title, TYPED_MAX),
    F(WHEN, write, when),       FN(write, tags, tag, EN_TAGS_MAX, WORD_MAX),
    F(U32, write, opens),       F(DAY, write, opens_day),
    F(ID16, write, draft),
};
TABLE(write)

static const struct field filter_fields[] = {
    F(U32, filter, flags),     FS(filter, circle, WORD_MAX),
    FS(filter, tag, WORD_MAX), F(DAY, filter, from),
    F(DAY, filter, to),        F(DAY, filter, day),
    F(U32, filter, years),     F(U32, filter, limit),
};
TABLE(filter)

static const struct field search_fields[] = {
    FS(search, query, TYPED_MAX),
    F(BOOL, search, exact),
    F(U32, search, width),
    {.type = STRUCT, .at = AT(search, filter), .sub = &filter_table},
};
TABLE(search)

static const struct field read_fields[] = {
    FS(read, typed, WORD_MAX),
    F(U32, read, what),
    F(BOOL, read, open),
};
TABLE(read)

static const struct field edit_fields[] = {
    FS(edit, typed, WORD_MAX),
    F(U32, edit, fields),
    FS(edit, text, TYPED_MAX),
    FS(edit, title, TYPED_MAX),
    F(WHEN, edit, when),
    FN(edit, tags, tag, EN_TAGS_MAX, WORD_MAX),
    FN(edit, untags, untag, EN_TAGS_MAX, WORD_MAX),
    {IDS, AT(edit, parent), AT(edit, parents), 0, EN_AFTER_MAX, NULL},
};
TABLE(edit)

static const struct field import_record_fields[] = {
    FS(import_record, foreign, EN_LINE_MAX),
    F(WHEN, import_record, when),
    FS(import_record, title, TYPED_MAX),
    FS(import_record, text, TYPED_MAX),
    FN(import_record, tags, tag, EN_TAGS_MAX, WORD_MAX),
};
TABLE(import_record)

static const struct field import_fields[] = {
    FS(import, importer, EN_LINE_MAX),
    F(BOOL, import, dry_run),
    {STRUCTS, AT(import, record), AT(import, records), 0, EN_RPC_IMPORT_MAX,
     &import_record_table},
};
TABLE(import)

static const struct field news_fields[] = {F(BOOL, news, mark)};
TABLE(news)

static const struct field create_fields[] = {
    FS(create, name, WORD_MAX),
    F(U32, create, lang),
    FS(create, device, WORD_MAX),
    FS(create, kit, WORD_MAX),
};
TABLE(create)

static const struct field share_fields[] = {
    FS(share, typed, WORD_MAX), FS(share, circle, WORD_MAX),
    F(U32, share, line_from),   F(U32, share, line_to),
    F(ID, share, revision),     F(ID, share, readers),
};
TABLE(share)

static const struct field link_on_fields[] = {
    FS(link_on, address, EN_RPC_ADDRESS_MAX),
    F(BOOL, link_on, once),
};
TABLE(link_on)

static const struct field watch_fields[] = {
    F(U64, watch, since),
    F(U32, watch, timeout_ms),
};
TABLE(watch)

static const struct field invite_fields[] = {
    FS(invite, circle, WORD_MAX),
    FS(invite, name, WORD_MAX),
    F(U32, invite, cls),
};
TABLE(invite)

static const struct field agree_fields[] = {F(BOOL, agree, yes)};
TABLE(agree)

static const struct field join_fields[] = {
    FS(join, code, EN_RPC_CODE_MAX),
    FS(join, address, EN_RPC_ADDRESS_MAX),
};
TABLE(join)

static const struct field finish_fields[] = {
    FS(finish, person, WORD_MAX),
    FS(finish, device, WORD_MAX),
};
TABLE(finish)

static const struct field state_fields[] = {
    F(U32, state, vault),    F(BOOL, state, agent),
    F(BOOL, state, link),    F(I64, state, since_ms),
    F(I64, state, until_ms), FS(state, name, LABEL_MAX),
};
TABLE(state)

static const struct field status_fields[] = {
    {.type = STRUCT, .at = AT(status, state), .sub = &state_table},
    F(U64, status, entries),
    F(U64, status, letters),
    F(U64, status, drafts),
    F(U64, status, split),
    F(U64, status, newer),
    F(U64, status, news),
    F(U64, status, forks),
    F(U64, status, aside),
    F(U32, status, devices),
    F(BOOL, status, kit),
    F(BOOL, status, kit_paper),
    F(BOOL, status, old_copy),
};
TABLE(status)

static const struct field circle_fields[] = {
    F(ID, circle, cid),         F(U32, circle, flags),
    FS(circle, name, WORD_MAX), F(U32, circle, lang),
    F(U32, circle, cls),        F(U32, circle, persons),
    F(U32, circle, devices),    F(U32, circle, kits),
    F(U32, circle, others),     F(U32, circle, in_step),
    F(U64, circle, waiting),    F(U64, circle, entries),
    F(U64, circle, news),       F(U64, circle, forks),
    F(I64, circle, created_ms), F(I16, circle, created_offset),
};
TABLE(circle)

static const struct field device_fields[] = {
    F(ID16, device, person),
    F(ID, device, device),
    F(U32, device, flags),
    F(U32, device, cls),
    FS(device, person_name, LABEL_MAX),
    FS(device, label, LABEL_MAX),
};
TABLE(device)

static const struct field entry_fields[] = {
    F(U32, entry, kind),
    F(U32, entry, flags),
    F(ID, entry, cid),
    F(ID16, entry, sid),
    F(ID16, entry, person),
    F(ID16, entry, id),
    F(U32, entry, unique),
    F(U32, entry, heads),
    F(U32, entry, versions),
    F(U32, entry, version),
    F(ID, entry, shown),
    F(ID16, entry, device),
    F(I64, entry, time_ms),
    F(I16, entry, offset),
    F(WHEN, entry, when),
    FS(entry, title, EN_LINE_MAX),
    FS(entry, words, TYPED_MAX),
    F(U32, entry, match_from),
    F(U32, entry, match_to),
    FN(entry, tags, tag, EN_TAGS_MAX, EN_TAG_MAX),
    F(ID16, entry, about),
    FS(entry, importer, EN_LINE_MAX),
    FS(entry, foreign, EN_LINE_MAX),
    F(U32, entry, opens),
    F(DAY, entry, opens_day),
    F(U32, entry, text_len),
    F(U32, entry, lines),
    F(U32, entry, shares),
    F(U32, entry, aliases),
    FS(entry, person_name, LABEL_MAX),
    FS(entry, device_label, LABEL_MAX),
    FS(entry, circle, WORD_MAX),
};
TABLE(entry)

static const struct field place_fields[] = {
    FS(place, circle, WORD_MAX),
    F(ID16, place, id),
    F(I64, place, time_ms),
    F(I16, place, offset),
};
TABLE(place)

static const struct field full_fields[] = {
    {.type = STRUCT, .at = AT(full, entry), .sub = &entry_table},
    F(U32, full, number),
    F(ID, full, record),
    F(BOOL, full, head),
    F(BOOL, full, deleted),
    F(ID16, full, device),
    FS(full, device_label, LABEL_MAX),
    F(I64, full, time_ms),
    F(I16, full, offset),
    FS(full, text, EN_CONTENT_MAX),
    {STRUCTS, AT(full, place), AT(full, places), 0, EN_RPC_PLACES_MAX,
     &place_table},
};
TABLE(full)

static const struct field change_fields[] = {
    F(U32, change, what),
    F(I64, change, time_ms),
    F(I16, change, offset),
    {.type = STRUCT, .at = AT(change, entry), .sub = &entry_table},
};
TABLE(change)

static const struct field imported_fields[] = {
    F(U32, imported, outcome), F(U32, imported, reason),
    F(U64, imported, n),       F(U64, imported, limit),
    F(ID16, imported, id),     F(U32, imported, dropped),
};
TABLE(imported)

static const struct field preview_fields[] = {
    {.type = STRUCT, .at = AT(preview, circle), .sub = &circle_table},
    F(ID, preview, revision),
    F(ID, preview, readers),
    FS(preview, title, EN_LINE_MAX),
    FS(preview, text, EN_CONTENT_MAX),
    F(U32, preview, persons),
    F(U32, preview, devices),
    F(U32, preview, kits),
};
TABLE(preview)

static const struct field shared_fields[] = {
    F(U32, shared, others),
    F(U32, shared, received),
};
TABLE(shared)

static const struct field words_fields[] = {
    F(ID, words, cid),    FS(words, circle, WORD_MAX),
    F(U32, words, lang),  {.type = U16S, .at = AT(words, word), .max = 6},
    F(ID, words, digest),
};
TABLE(words)

static const struct field finding_fields[] = {
    F(U32, finding, code),
    F(U32, finding, level),
    F(U64, finding, n),
    F(U64, finding, limit),
};
TABLE(finding)

static const struct field link_fields[] = {
    F(U64, link, counter),      F(BOOL, link, on),
    F(BOOL, link, once),        F(U32, link, port),
    F(U32, link, meet),         F(BOOL, link, joining),
    F(U32, link, error),        F(U32, link, reason),
    F(U32, link, lang),         {.type = U16S, .at = AT(link, word), .max = 6},
    FS(link, hint, WORD_MAX),   FS(link, person, WORD_MAX),
    FS(link, circle, WORD_MAX), F(U32, link, persons),
    F(U32, link, addresses),    F(U32, link, peers),
};
TABLE(link)

static const struct field address_fields[] = {
    FS(address, text, EN_RPC_ADDRESS_MAX)};
TABLE(address)

static const struct field peer_fields[] = {
    F(ID, peer, cid),           F(ID, peer, device),
    FS(peer, circle, WORD_MAX), FS(peer, person_name, LABEL_MAX),
    FS(peer, label, LABEL_MAX), F(BOOL, peer, linked),
    F(BOOL, peer, in_step),     F(I64, peer, since_ms),
};
TABLE(peer)

static const struct field invited_fields[] = {
    FS(invited, code, EN_RPC_CODE_MAX),
    F(I64, invited, until_ms),
};
TABLE(invited)

/*
 * Writing
 */

/* A bound met here is a mistake of the command's or, for labels, of a stranger's;
 * the reader would refuse the frame, so the writer does. */
static void put_span(struct en_pack *p, struct en_span s, size_t max)
{
    if (s.n > max && p->err == EN_OK)
        p->err = EN_RANGE;
    en_pack_bin(p, s);
}

static void put_when(struct en_pack *p, const struct en_when *w)
{
    switch (w->kind) {
    case EN_WHEN_NONE: en_pack_nil(p); return;
    case EN_WHEN_INSTANT:
        en_pack_array(p, 3);
        en_pack_uint(p, EN_WHEN_INSTANT);
        en_pack_int(p, w->ms);
        en_pack_int(p, w->offset);
        return;
    case EN_WHEN_DAY:
        en_pack_array(p, 2);
        en_pack_uint(p, EN_WHEN_DAY);
        en_pack_int(p, en_day_number(w->day));
        return;
    }
}

static void put_table(struct en_pack *p, const struct table *t, const void *s);

static void put_field(struct en_pack *p, const struct field *f,
                      const uint8_t *base)
{
    const void *v = base + f->at;
    size_t n = 0;

    if (f->type == SPANS || f->type == IDS || f->type == STRUCTS) {
        memcpy(&n, base + f->count, sizeof n);
        if (n > f->n) {
            p->err = p->err == EN_OK ? EN_RANGE : p->err;
            n = f->n;
        }
        en_pack_array(p, (uint32_t)n);
    }
    switch (f->type) {
    case U16S:
        en_pack_array(p, (uint32_t)f->max);
        for (size_t i = 0; i < f->max; i++)
            en_pack_uint(p, ((const uint16_t *)v)[i]);
        break;
    case U32: en_pack_uint(p, *(const uint32_t *)v); break;
    case U64: en_pack_uint(p, *(const uint64_t *)v); break;
    case I64: en_pack_int(p, *(const int64_t *)v); break;
    case I16: en_pack_int(p, *(const int16_t *)v); break;
    case BOOL: en_pack_uint(p, *(const bool *)v); break;
    case ID: en_pack_bin(p, EN_SPAN(v, 32)); break;
    case ID16: en_pack_bin(p, EN_SPAN(v, 16)); break;
    case SPAN: put_span(p, *(const struct en_span *)v, f->max); break;
    case WHEN: put_when(p, v); break;
    case DAY:
        if (((const struct en_day *)v)->year == 0)
            en_pack_nil(p);
        else
            en_pack_int(p, en_day_number(*(const struct en_day *)v));
        break;
    case SPANS:
        for (size_t i = 0; i < n; i++)
            put_span(p, ((const struct en_span *)v)[i], f->max);
        break;
    case IDS:
        for (size_t i = 0; i < n; i++)
            en_pack_bin(p, EN_SPAN(((const struct en_id *)v)[i].b, 32));
        break;
    case STRUCT: put_table(p, f->sub, v); break;
    case STRUCTS:
        for (size_t i = 0; i < n; i++)
            put_table(p, f->sub, (const uint8_t *)v + i * f->sub->size);
        break;
    }
}

static void put_table(struct en_pack *p, const struct table *t, const void *s)
{
    en_pack_array(p, (uint32_t)t->n);
    for (size_t i = 0; i < t->n; i++)
        put_field(p, &t->field[i], s);
}

static en_err put(struct en_buf *out, const struct table *t, const void *s)
{
    struct en_pack p = en_pack_to(out, EN_PACK_SIGNED);

    put_table(&p, t, s);
    return en_pack_done(&p);
}

/*
 * Reading
 */

static bool fits_i16(int64_t v)
{
    return v >= INT16_MIN && v <= INT16_MAX;
}

static struct en_day get_day(struct en_unpack *u)
{
    struct en_day d = {0};

    if (!en_day_of_number(en_unpack_int(u), &d))
        u->bad = true;
    return d;
}

static void get_when(struct en_unpack *u, struct en_when *w)
{
    uint32_t n;
    int64_t offset;

    if (en_unpack_nil_next(u))
        return;
    en_unpack_array(u, &n, 2, 3);
    w->kind = (enum en_when_kind)en_unpack_uint(u, EN_WHEN_DAY);
    if (n == 3 && w->kind == EN_WHEN_INSTANT) {
        w->ms = en_unpack_int(u);
        offset = en_unpack_int(u);
        if (!fits_i16(offset))
            u->bad = true;
        else
            w->offset = (int16_t)offset;
    } else if (n == 2 && w->kind == EN_WHEN_DAY) {
        w->day = get_day(u);
    } else {
        u->bad = true;
    }
    if (!u->bad && !en_when_valid(w))
        u->bad = true;
}

static void get_table(struct en_unpack *u, const struct table *t, void *s);

static void get_field(struct en_unpack *u, const struct field *f, uint8_t *base)
{
    void *v = base + f->at;
    uint32_t n = 0;
    size_t count;
    int64_t i64;

    if (f->type == SPANS || f->type == IDS || f->type == STRUCTS) {
        en_unpack_array(u, &n, 0, (uint32_t)f->n);
        count = n;
        memcpy(base + f->count, &count, sizeof count);
    }
    switch (f->type) {
    case U16S:
        en_unpack_array(u, &n, (uint32_t)f->max, (uint32_t)f->max);
        for (size_t i = 0; i < f->max; i++)
            ((uint16_t *)v)[i] = (uint16_t)en_unpack_uint(u, UINT16_MAX);
        break;
    case U32: *(uint32_t *)v = (uint32_t)en_unpack_uint(u, UINT32_MAX); break;
    case U64: *(uint64_t *)v = en_unpack_uint(u, UINT64_MAX); break;
    case I64: *(int64_t *)v = en_unpack_int(u); break;
    case I16:
        i64 = en_unpack_int(u);
        if (fits_i16(i64))
            *(int16_t *)v = (int16_t)i64;
        else
            u->bad = true;
        break;
    case BOOL: *(bool *)v = en_unpack_uint(u, 1) != 0; break;
    case ID: en_unpack_fixed(u, v, 32); break;
    case ID16: en_unpack_fixed(u, v, 16); break;
    case SPAN: *(struct en_span *)v = en_unpack_bin(u, 0, f->max); break;
    case WHEN: get_when(u, v); break;
    case DAY:
        if (!en_unpack_nil_next(u))
            *(struct en_day *)v = get_day(u);
        break;
    case SPANS:
        for (size_t i = 0; i < n; i++)
            ((struct en_span *)v)[i] = en_unpack_bin(u, 0, f->max);
        break;
    case IDS:
        for (size_t i = 0; i < n; i++)
            en_unpack_fixed(u, ((struct en_id *)v)[i].b, 32);
        break;
    case STRUCT: get_table(u, f->sub, v); break;
    case STRUCTS:
        for (size_t i = 0; i < n; i++)
            get_table(u, f->sub, (uint8_t *)v + i * f->sub->size);
        break;
    }
}

static void get_table(struct en_unpack *u, const struct table *t, void *s)
{
    uint32_t n;

    en_unpack_array(u, &n, (uint32_t)t->n, (uint32_t)t->n);
    for (size_t i = 0; i < n && !u->bad; i++)
        get_field(u, &t->field[i], s);
}

static en_err get(struct en_span packed, const struct table *t, void *s)
{
    struct en_unpack u;

    memset(s, 0, t->size);
    if (en_unpack_begin(&u, packed, EN_PACK_SIGNED) != EN_OK)
        return EN_PROTOCOL;
    get_table(&u, t, s);
    if (!en_unpack_done(&u)) {
        memset(s, 0, t->size);
        return EN_PROTOCOL;
    }
    return EN_OK;
}

#define CODEC(name)                                                            \
    en_err en_rpc_put_##name(struct en_buf *out,                               \
                             const struct en_rpc_##name *s)                    \
    {                                                                          \
        return put(out, &name##_table, s);                                     \
    }                                                                          \
    en_err en_rpc_get_##name(struct en_span packed, struct en_rpc_##name *s)   \
    {                                                                          \
        return get(packed, &name##_table, s);                                  \
    }

EN_RPC_STRUCTS(CODEC)

struct en_span en_rpc_nothing(void)
{
    static const uint8_t none[1] = {0x90}; /* an array of nothing */

    return EN_SPAN_OF(none);
}

/*
 * Requests
 */

en_err en_rpc_request_put(struct en_buf *out, const struct en_rpc_request *r)
{
    size_t before = out->n;
    struct en_pack p = en_pack_to(out, EN_PACK_SIGNED);
    en_err err;

    en_pack_array(&p, 4);
    en_pack_uint(&p, EN_RPC_VERSION);
    en_pack_uint(&p, r->number);
    en_pack_uint(&p, r->verb);
    en_pack_value(&p, r->args);
    err = en_pack_done(&p);
    if (err == EN_OK && out->n - before > EN_RPC_FRAME_MAX) {
        en_wipe(out->p + before, out->n - before);
        out->n = before;
        err = EN_RANGE;
    }
    return err;
}

en_err en_rpc_request_get(struct en_span body, struct en_rpc_request *r)
{
    struct en_unpack u;
    uint32_t n;

    *r = (struct en_rpc_request){0};
    if (body.n > EN_RPC_FRAME_MAX ||
        en_unpack_begin(&u, body, EN_PACK_SIGNED) != EN_OK)
        return EN_PROTOCOL;
    /* A later version may have more elements, but begins with its number. */
    en_unpack_array(&u, &n, 2, EN_RPC_ITEMS_MAX);
    if (en_unpack_uint(&u, UINT64_MAX) != EN_RPC_VERSION) {
        r->number = en_unpack_uint(&u, UINT64_MAX);
        return u.bad ? EN_PROTOCOL : EN_VERSION;
    }
    r->number = en_unpack_uint(&u, UINT64_MAX);
    if (n != 4)
        return EN_PROTOCOL;
    r->verb = (uint32_t)en_unpack_uint(&u, UINT32_MAX);
    r->args = en_unpack_skip(&u);
    /* An array: what stands alone is a packed value only if it is one. */
    if (!en_unpack_done(&u) || en_pack_scan(r->args, EN_PACK_SIGNED) != EN_OK) {
        r->args = (struct en_span){0};
        return EN_PROTOCOL;
    }
    return EN_OK;
}

/*
 * Replies
 */

/* What a reply holds beside its items: 5 elements' heads, numbers, why. */
#define REPLY_HEAD_MAX (64 + EN_WHY_TEXT_MAX)

static void put_why(struct en_pack *p, const struct en_why *why)
{
    size_t n;

    if (why == NULL || why->reason == EN_WHY_NONE) {
        en_pack_nil(p);
        return;
    }
    n = strnlen(why->what, EN_WHY_TEXT_MAX - 1);
    en_pack_array(p, 4);
    en_pack_uint(p, (uint64_t)why->reason);
    en_pack_uint(p, why->n);
    en_pack_uint(p, why->limit);
    en_pack_bin(p, EN_SPAN((const uint8_t *)why->what, n));
}

static en_err send(struct en_rpc_answer *a, en_err err,
                   const struct en_why *why, bool more)
{
    struct en_buf body = {.max = EN_RPC_FRAME_MAX};
    struct en_span rest = en_buf_span(&a->items);
    struct en_pack p = en_pack_to(&body, EN_PACK_SIGNED);
    struct en_unpack u = {.p = rest.p, .n = rest.n};
    en_err sent;

    en_pack_array(&p, 5);
    en_pack_uint(&p, a->number);
    en_pack_uint(&p, (uint64_t)err);
    put_why(&p, why);
    en_pack_uint(&p, more);
    en_pack_array(&p, a->n);
    for (uint32_t i = 0; i < a->n; i++)
        en_pack_value(&p, en_unpack_skip(&u));
    sent = en_pack_done(&p);
    if (sent == EN_OK)
        sent = a->send(a->user, en_buf_span(&body));
    en_buf_free(&body);
    en_buf_clear(&a->items);
    a->n = 0;
    return sent;
}

en_err en_rpc_add(struct en_rpc_answer *a, struct en_span item)
{
    const size_t room = EN_RPC_FRAME_MAX - REPLY_HEAD_MAX;
    en_err err;

    if (item.n > room)
        return EN_RANGE;
    if (a->items.n + item.n > room || a->n == EN_RPC_ITEMS_MAX) {
        err = send(a, EN_OK, NULL, true);
        if (err != EN_OK)
            return err;
    }
    err = en_buf_add_span(&a->items, item);
    if (err == EN_OK)
        a->n++;
    return err;
}

en_err en_rpc_end(struct en_rpc_answer *a, en_err err, const struct en_why *why)
{
    if (err != EN_OK) {
        en_buf_clear(&a->items);
        a->n = 0;
    }
    return send(a, err, err == EN_OK ? NULL : why, false);
}

void en_rpc_answer_free(struct en_rpc_answer *a)
{
    en_buf_free(&a->items);
    a->n = 0;
}

static void get_why(struct en_unpack *u, struct en_why *why)
{
    struct en_span what;
    uint32_t n;

    if (en_unpack_nil_next(u))
        return;
    en_unpack_array(u, &n, 4, 4);
    /* A reason of a newer program is none to us: the code still says enough. */
    why->reason = (enum en_reason)en_unpack_uint(u, UINT16_MAX);
    if ((unsigned)why->reason >= EN_REASON_COUNT)
        why->reason = EN_WHY_NONE;
    why->n = en_unpack_uint(u, UINT64_MAX);
    why->limit = en_unpack_uint(u, UINT64_MAX);
    what = en_unpack_bin(u, 0, EN_WHY_TEXT_MAX - 1);
    if (what.n > 0)
        memcpy(why->what, what.p, what.n);
}

en_err en_rpc_reply_get(struct en_span body, struct en_rpc_reply *r)
{
    struct en_unpack u;
    const uint8_t *from;
    uint32_t n;

    *r = (struct en_rpc_reply){0};
    if (body.n > EN_RPC_FRAME_MAX ||
        en_unpack_begin(&u, body, EN_PACK_SIGNED) != EN_OK)
        return EN_PROTOCOL;
    en_unpack_array(&u, &n, 5, 5);
    r->number = en_unpack_uint(&u, UINT64_MAX);
    r->err = (en_err)en_unpack_uint(&u, EN_ERR_COUNT - 1);
    get_why(&u, &r->why);
    r->more = en_unpack_uint(&u, 1) != 0;
    en_unpack_array(&u, &n, 0, EN_RPC_ITEMS_MAX);
    from = u.p;
    for (uint32_t i = 0; i < n; i++)
        (void)en_unpack_skip(&u);
    if (!en_unpack_done(&u) || (r->err != EN_OK && n > 0)) {
        *r = (struct en_rpc_reply){0};
        return EN_PROTOCOL;
    }
    r->items = n;
    r->packed = EN_SPAN(from, (size_t)(body.p + body.n - from));
    return EN_OK;
}

bool en_rpc_next(struct en_rpc_reply *r, struct en_span *item)
{
    struct en_unpack u = {.p = r->packed.p, .n = r->packed.n};

    if (r->items == 0)
        return false;
    *item = en_unpack_skip(&u);
    r->items--;
    r->packed = EN_SPAN(u.p, u.n);
    return !u.bad;
}

/*
 * Frames
 */

en_err en_rpc_frame_put(struct en_buf *out, struct en_span body)
{
    en_err err;

    if (body.n == 0 || body.n > EN_RPC_FRAME_MAX)
        return EN_RANGE;
    err = en_buf_reserve(out, EN_RPC_PREFIX + body.n);
    if (err != EN_OK)
        return err;
    err = en_buf_add_u32(out, (uint32_t)body.n);
    if (err != EN_OK)
        return err;
    return en_buf_add_span(out, body);
}

en_err en_rpc_frame_take(struct en_span in, struct en_span *body, size_t *used)
{
    uint32_t n;

    *used = 0;
    if (in.n < EN_RPC_PREFIX)
        return EN_OK;
    n = en_get_u32(in.p);
    if (n == 0 || n > EN_RPC_FRAME_MAX)
        return EN_PROTOCOL;
    if (in.n - EN_RPC_PREFIX < n)
        return EN_OK;
    *body = EN_SPAN(in.p + EN_RPC_PREFIX, n);
    *used = EN_RPC_PREFIX + (size_t)n;
    return EN_OK;
}
