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

en_err en_fold(struct en_folder *f, struct en_span s, struct en_buf *out,
               struct en_buf *map)
{
    size_t before = out->n;
    struct en_span left = s;
    bool space = false; /* the last byte written is a space */
    en_err err;

    if (s.n >= UINT32_MAX)
        return EN_RANGE;
    /* Most text grows by nothing: one reservation instead of one a byte. */
    err = en_buf_reserve(out, s.n);
    while (left.n > 0 && err == EN_OK) {
        struct en_span at = left;
        size_t start = out->n;
        uint8_t c = left.p[0];

        if (c < 128) {
            left.p++;
            left.n--;
            c = f->ascii[c];
            if (c == ' ' && space)
                continue;
            if (out->n < out->cap)
                out->p[out->n++] = c;
            else
                err = en_buf_add_u8(out, c);
        } else {
            int32_t cp = en_text_next(&left);

            if (cp < 0) {
                err = EN_RANGE;
                break;
            }
            at.n -= left.n;
            err = fold_one(f, at, cp, out);
            if (err == EN_OK && space && out->n > start &&
                out->p[start] == ' ') {
                memmove(out->p + start, out->p + start + 1, out->n - start - 1);
                out->n--;
            }
        }
        if (err == EN_OK && map != NULL)
            err = note(map, out->n - start, (size_t)(at.p - s.p));
        if (out->n > start)
            space = out->p[out->n - 1] == ' ';
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
        if (i == s.n || of_word(f, s, i, &len))
            break;
    }
    start = i;
    for (; i < s.n; i += len) {
        while (i < s.n && s.p[i] < 128 && f->word[s.p[i]])
            i++;
        if (i == s.n || !of_word(f, s, i, &len))
            break;
    }
    *at = i;
    return EN_SPAN(s.p + start, i - start);
}
