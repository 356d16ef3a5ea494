#include "journal/fold.h"

#include "base/secret.h"
#include "base/text.h"

#include <string.h>

en_err en_folder_init(struct en_folder *f)
{
    struct en_buf one = {0};
    en_err err = EN_OK;

    memset(f, 0, sizeof(*f));
    for (int c = 0; c < 128; c++) {
        uint8_t byte = (uint8_t)c;

        en_buf_clear(&one);
        err = en_text_fold(EN_SPAN(&byte, 1), &one);
        if (err != EN_OK)
            break;
        assert(one.n == 1 && one.p[0] < 128);
        f->ascii[c] = one.p[0];
        f->word[c] = en_text_is_alnum(c);
    }
    en_buf_free(&one);
    return err;
}

/* The folding of the character s, which is not ASCII. */
static en_err fold_one(struct en_folder *f, struct en_span s, int32_t cp,
                       struct en_buf *out)
{
    struct en_fold_slot *slot =
        &f->slot[(uint32_t)cp * 2654435761u >> 23 & (EN_FOLD_SLOTS - 1)];
    size_t before = out->n;
    en_err err;

    if (slot->cp == cp)
        return en_buf_add(out, slot->b, slot->n);
    err = en_text_fold(s, out);
    if (err != EN_OK)
        return err;
    if (out->n - before <= EN_FOLD_BYTES) {
        slot->cp = cp;
        slot->n = (uint8_t)(out->n - before);
        if (slot->n > 0)
            memcpy(slot->b, out->p + before, slot->n);
    }
    return EN_OK;
}

static en_err note(struct en_buf *map, size_t count, size_t at)
{
    uint32_t v = (uint32_t)at;
    en_err err = EN_OK;

    for (; map != NULL && count > 0 && err == EN_OK; count--)
        err = en_buf_add(map, &v, sizeof(v));
    return err;
}

/* Folds the ASCII that s begins with; out has room for it. Returns its length. */
static size_t fold_ascii(const struct en_folder *f, struct en_span s,
                         struct en_buf *out, bool *space)
{
    uint8_t *o = out->p + out->n;
    bool after = *space;
    size_t i = 0;

    for (; i < s.n && s.p[i] < 128; i++) {
        uint8_t c = f->ascii[s.p[i]];

        /* Written over by the next one if it is not the first of its run. */
        *o = c;
        o += !(after && c == ' ');
        after = c == ' ';
    }
    out->n = (size_t)(o - out->p);
    *space = after;
    return i;
}

/* One character of s, with its place if there is a map. */
static en_err fold_next(struct en_folder *f, struct en_span *s,
                        const uint8_t *start, struct en_buf *out,
                        struct en_buf *map, bool *space)
{
    struct en_span at = *s;
    size_t n = out->n;
    int32_t cp = en_text_next(s);
    en_err err;

    if (cp < 0)
        return EN_RANGE;
    at.n -= s->n;
    if (cp < 128)
        err = en_buf_add_u8(out, f->ascii[cp]);
    else
        err = fold_one(f, at, cp, out);
    if (err == EN_OK && *space && out->n > n && out->p[n] == ' ') {
        memmove(out->p + n, out->p + n + 1, out->n - n - 1);
        out->n--;
    }
    if (out->n > n)
        *space = out->p[out->n - 1] == ' ';
    return err == EN_OK ? note(map, out->n - n, (size_t)(at.p - start)) : err;
}

en_err en_fold(struct en_folder *f, struct en_span s, struct en_buf *out,
               struct en_buf *map)
{
    size_t before = out->n;
    struct en_span left = s;
    bool space = false; /* the last byte written is a space */
    en_err err = EN_OK;

    if (s.n >= UINT32_MAX)
        return EN_RANGE;
    while (left.n > 0 && err == EN_OK) {
        size_t n;

        /* Nearly all text is ASCII, which never grows: one look at the room
         * there is for a whole run of it. */
        if (left.p[0] < 128 && map == NULL) {
            err = en_buf_reserve(out, left.n);
            if (err != EN_OK)
                break;
            n = fold_ascii(f, left, out, &space);
            left.p += n;
            left.n -= n;
        } else {
            err = fold_next(f, &left, s.p, out, map, &space);
        }
    }
    if (err != EN_OK) {
        if (out->n > before)
            en_wipe(out->p + before, out->n - before);
        out->n = before;
    }
    return err;
}

/* The start of the character that ends before s.p[i]. */
static size_t step_back(struct en_span s, size_t i)
{
    do
        i--;
    while (i > 0 && (s.p[i] & 0xc0) == 0x80);
    return i;
}

static bool of_word(const struct en_folder *f, struct en_span s, size_t i,
                    size_t *len)
{
    struct en_span left = EN_SPAN(s.p + i, s.n - i);
    int32_t cp;

    if (left.p[0] < 128) {
        *len = 1;
        return f->word[left.p[0]];
    }
    cp = en_text_next(&left);
    *len = cp < 0 ? 1 : s.n - i - left.n; /* 0xff between title and text */
    return cp >= 0 && en_text_is_alnum(cp);
}

bool en_fold_starts(const struct en_folder *f, struct en_span s, size_t i)
{
    size_t len;

    if (!of_word(f, s, i, &len))
        return false;
    return i == 0 || !of_word(f, s, step_back(s, i), &len);
}

struct en_span en_fold_word(const struct en_folder *f, struct en_span s,
                            size_t *at)
{
    size_t i = *at;
    size_t start;
    size_t len = 0;

    /* Nearly all folded text is ASCII: two short loops for it. */
    for (; i < s.n; i += len) {
        while (i < s.n && s.p[i] < 128 && !f->word[s.p[i]])
            i++;
        if (i == s.n || s.p[i] < 128 || of_word(f, s, i, &len))
            break;
    }
    start = i;
    for (; i < s.n; i += len) {
        while (i < s.n && s.p[i] < 128 && f->word[s.p[i]])
            i++;
        if (i == s.n || s.p[i] < 128 || !of_word(f, s, i, &len))
            break;
    }
    *at = i;
    return EN_SPAN(s.p + start, i - start);
}
