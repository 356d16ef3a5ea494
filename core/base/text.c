#include "base/text.h"

#include "base/secret.h"

#include <string.h>
#include <utf8proc.h>

/* The longest compatibility decomposition has 18 code points (U+FDFA); a folded
 * letter then grows to 3 at most. */
#define DECOMP_MAX 24
#define FOLD_MAX   (DECOMP_MAX * 3)

#define MIDDLE_DOT "\xc2\xb7"

/* One code point at p[0..n): its length, 0 where there is none. */
static size_t decode(const uint8_t *p, size_t n, int32_t *cp)
{
    utf8proc_ssize_t len;

    if (n == 0)
        return 0;
    if (p[0] < 0x80) {
        *cp = p[0];
        return 1;
    }
    len = utf8proc_iterate(p, n < 4 ? (utf8proc_ssize_t)n : 4, cp);
    return len > 0 ? (size_t)len : 0;
}

static bool is_mark(utf8proc_category_t c)
{
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC ||
           c == UTF8PROC_CATEGORY_ME;
}

/* What a failed call appended goes away, so that out is as it was. */
static void cut_back(struct en_buf *out, size_t n)
{
    if (out->n > n)
        en_wipe(out->p + n, out->n - n);
    out->n = n;
}

/*
 * Validity
 */

enum shape { SHAPE_UTF8, SHAPE_VALID, SHAPE_TEXT, SHAPE_LINE };

static bool allowed(int32_t cp, enum shape shape)
{
    if (shape == SHAPE_UTF8)
        return true;
    if (cp == 0)
        return false;
    if (shape == SHAPE_VALID)
        return true;
    if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
        return shape == SHAPE_TEXT && (cp == '\n' || cp == '\t');
    return shape == SHAPE_TEXT || (cp != 0x2028 && cp != 0x2029);
}

static bool check(struct en_span s, enum shape shape)
{
    int32_t cp = 0;

    for (size_t i = 0; i < s.n;) {
        size_t len = decode(s.p + i, s.n - i, &cp);

        if (len == 0 || !allowed(cp, shape))
            return false;
        i += len;
    }
    return true;
}

bool en_text_utf8(struct en_span s)
{
    return check(s, SHAPE_UTF8);
}

bool en_text_valid(struct en_span s)
{
    return check(s, SHAPE_VALID);
}

bool en_text_is_line(struct en_span s)
{
    return check(s, SHAPE_LINE);
}

bool en_text_is_text(struct en_span s)
{
    return check(s, SHAPE_TEXT);
}

/*
 * NFC
 *
 * Done a segment at a time in our own memory: utf8proc's allocating calls free
 * copies of what people wrote without wiping them, and its reordering of marks
 * takes quadratic time on a text made of marks.
 */

/*
 * True where the normal form of what stands before cp cannot depend on cp or on
 * what follows: cp is a starter that is never the second half of a composition.
 * False costs memory only, so the letters of scripts that have such halves
 * (conjoining Hangul, some Indic and newer scripts) are simply all false.
 */
static bool is_boundary(int32_t cp)
{
    utf8proc_category_t c;

    if (cp < 0x300)
        return true;
    if ((cp >= 0x05d0 && cp <= 0x05ea) || (cp >= 0x0620 && cp <= 0x064a) ||
        (cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30a1 && cp <= 0x30fa) ||
        (cp >= 0x3400 && cp <= 0x4dbf) || (cp >= 0x4e00 && cp <= 0x9fff) ||
        (cp >= 0xac00 && cp <= 0xd7a3))
        return true;
    /* Takes part in no composition, but utf8proc 2.8 drops it after a Hangul
     * syllable: it stands one below the first trailing consonant. */
    if (cp == 0x11a7)
        return true;
    c = utf8proc_category(cp);
    return !is_mark(c) && c != UTF8PROC_CATEGORY_LO &&
           c != UTF8PROC_CATEGORY_LM;
}

static int ccc_of(int32_t cp)
{
    return utf8proc_get_property(cp)->combining_class;
}

/* Stable order by combining class. Above a few marks one pass for each class
 * present (Unicode has some 55), so that no text takes quadratic time. */
static en_err order_marks(int32_t *m, size_t n)
{
    struct en_buf copy = {0};
    bool present[256] = {false};
    size_t at = 0;
    en_err err;

    if (n <= 16) {
        for (size_t i = 1; i < n; i++) {
            int32_t cp = m[i];
            size_t j = i;

            for (; j > 0 && ccc_of(m[j - 1]) > ccc_of(cp); j--)
                m[j] = m[j - 1];
            m[j] = cp;
        }
        return EN_OK;
    }
    err = en_buf_add(&copy, m, n * sizeof(*m));
    if (err != EN_OK)
        return err;
    for (size_t i = 0; i < n; i++)
        present[ccc_of(m[i]) & 255] = true;
    for (int ccc = 0; ccc < 256; ccc++) {
        if (!present[ccc])
            continue;
        for (size_t i = 0; i < n; i++) {
            int32_t cp;

            memcpy(&cp, copy.p + i * sizeof(cp), sizeof(cp));
            if (ccc_of(cp) == ccc)
                m[at++] = cp;
        }
    }
    assert(at == n);
    en_buf_free(&copy);
    return EN_OK;
}

static en_err order_segment(int32_t *cp, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t end = i;
        en_err err;

        while (end < n && ccc_of(cp[end]) != 0)
            end++;
        if (end - i > 1) {
            err = order_marks(cp + i, end - i);
            if (err != EN_OK)
                return err;
        }
        i = end > i ? end : i + 1;
    }
    return EN_OK;
}

/* Appends the NFC of s, one segment of valid UTF-8; seg is scratch. */
static en_err nfc_segment(struct en_span s, struct en_buf *seg,
                          struct en_buf *out)
{
    int32_t part[DECOMP_MAX];
    int32_t *cp;
    utf8proc_ssize_t count;
    int boundclass = 0;
    en_err err;

    en_buf_clear(seg);
    for (size_t i = 0; i < s.n;) {
        int32_t c = 0;

        i += decode(s.p + i, s.n - i, &c);
        count = utf8proc_decompose_char(c, part, DECOMP_MAX,
                                        UTF8PROC_DECOMPOSE | UTF8PROC_STABLE,
                                        &boundclass);
        assert(count > 0 && count <= DECOMP_MAX);
        err = en_buf_add(seg, part, (size_t)count * sizeof(part[0]));
        if (err != EN_OK)
            return err;
    }
    cp = (int32_t *)(void *)seg->p;
    count = (utf8proc_ssize_t)(seg->n / sizeof(*cp));
    err = order_segment(cp, (size_t)count);
    if (err != EN_OK)
        return err;
    count =
        utf8proc_normalize_utf32(cp, count, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    assert(count > 0);
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        err = en_text_put(out, cp[i]);
        if (err != EN_OK)
            return err;
    }
    return EN_OK;
}

en_err en_text_nfc(struct en_span s, struct en_buf *out)
{
    struct en_buf seg = {0};
    size_t before = out->n;
    size_t raw = 0; /* s[raw..i) is its own normal form, not yet appended */
    size_t i = 0;
    int32_t cp = 0;
    int32_t next = 0;
    en_err err = EN_OK;

    while (i < s.n) {
        size_t end = i + decode(s.p + i, s.n - i, &cp);
        size_t len = 0;

        if (end == i) {
            err = EN_RANGE;
            goto out;
        }
        while (end < s.n) {
            len = decode(s.p + end, s.n - end, &next);
            if (len == 0) {
                err = EN_RANGE;
                goto out;
            }
            if (is_boundary(next))
                break;
            end += len;
        }
        /* Below U+0300 a character alone is its own normal form. */
        if (cp >= 0x300 || end - i > (cp < 0x80 ? 1u : 2u)) {
            err = en_buf_add(out, s.p + raw, i - raw);
            if (err != EN_OK)
                goto out;
            err = nfc_segment(EN_SPAN(s.p + i, end - i), &seg, out);
            if (err != EN_OK)
                goto out;
            raw = end;
        }
        i = end;
    }
    if (raw < s.n)
        err = en_buf_add(out, s.p + raw, s.n - raw);
out:
    if (err != EN_OK)
        cut_back(out, before);
    en_buf_free(&seg);
    return err;
}

/*
 * Folding
 *
 * One character in, none or a few out, nothing kept between characters: marks
 * are dropped, so nothing needs reordering. Hence one generator serves the
 * folded text, the map of offsets and the comparison, without memory.
 */

struct fold {
    const uint8_t *p;
    size_t n;
    size_t next; /* offset of the character to decode next */
    size_t at;   /* offset of the character whose folding is out[] */
    int32_t out[FOLD_MAX];
    size_t out_n;
    size_t out_i;
    bool bad; /* met what is no UTF-8 */
};

static bool is_apostrophe(int32_t cp)
{
    switch (cp) {
    case 0x0060: /* grave and acute accents stand in for it on keyboards */
    case 0x00b4:
    case 0x1ffd: /* the acute accent's other code point */
    case 0x02b9: /* modifier letters: prime, turned, straight, reversed, stress */
    case 0x02bb:
    case 0x02bc:
    case 0x02bd:
    case 0x02c8:
    case 0x055a: /* Armenian; Hebrew geresh; saltillo */
    case 0x05f3:
    case 0xa78b:
    case 0xa78c:
    case 0x2018: /* quotation marks, primes, full width */
    case 0x2019:
    case 0x201b:
    case 0x2032:
    case 0x2035:
    case 0xff07: return true;
    default: return false;
    }
}

/* What folds by kind, before any decomposition (U+00B4 would become a space). 0
 * if nothing does. */
static int32_t fold_kind(int32_t cp)
{
    utf8proc_category_t c;

    if ((cp >= 0x09 && cp <= 0x0d) || cp == 0x85)
        return ' ';
    if (is_apostrophe(cp))
        return '\'';
    if (cp == 0x2212 || cp == 0x2043) /* minus, hyphen bullet */
        return '-';
    c = utf8proc_category(cp);
    if (c == UTF8PROC_CATEGORY_PD)
        return '-';
    if (c == UTF8PROC_CATEGORY_ZS || c == UTF8PROC_CATEGORY_ZL ||
        c == UTF8PROC_CATEGORY_ZP)
        return ' ';
    return 0;
}

static void fold_push(struct fold *f, int32_t cp)
{
    int32_t kind = fold_kind(cp);

    assert(f->out_n + 2 <= FOLD_MAX);
    switch (cp) {
    case 0x0153: /* oe */
        f->out[f->out_n++] = 'o';
        f->out[f->out_n++] = 'e';
        break;
    case 0x00e6: /* ae */
        f->out[f->out_n++] = 'a';
        f->out[f->out_n++] = 'e';
        break;
    case 0x00f8: f->out[f->out_n++] = 'o'; break; /* o with stroke */
    case 0x0142: f->out[f->out_n++] = 'l'; break; /* l with stroke */
    default: f->out[f->out_n++] = kind != 0 ? kind : cp; break;
    }
}

/*
 * Decomposition first, case second: the other way U+1FB3 would become alpha and
 * iota while its own decomposed form becomes alpha, and two spellings of one
 * text would fold differently. The case fold of a character may decompose again
 * and bring new marks (U+0130), hence the same options twice.
 */
static void fold_char(struct fold *f, int32_t cp)
{
    const utf8proc_option_t decompose = UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                                        UTF8PROC_STRIPMARK | UTF8PROC_IGNORE |
                                        UTF8PROC_STABLE;
    int32_t whole[DECOMP_MAX];
    int32_t part[DECOMP_MAX];
    utf8proc_ssize_t n;
    utf8proc_ssize_t m;
    int boundclass = 0;

    f->out_i = 0;
    f->out_n = 0;
    if (cp < 0x80) {
        int32_t kind = fold_kind(cp);

        if (kind == 0)
            kind = cp >= 'A' && cp <= 'Z' ? cp - 'A' + 'a' : cp;
        f->out[f->out_n++] = kind;
        return;
    }
    if (fold_kind(cp) != 0) {
        f->out[f->out_n++] = fold_kind(cp);
        return;
    }
    n = utf8proc_decompose_char(cp, whole, DECOMP_MAX, decompose, &boundclass);
    assert(n >= 0 && n <= DECOMP_MAX);
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        m = utf8proc_decompose_char(whole[i], part, DECOMP_MAX,
                                    decompose | UTF8PROC_CASEFOLD, &boundclass);
        assert(m >= 0 && m <= DECOMP_MAX);
        for (utf8proc_ssize_t k = 0; k < m; k++)
            fold_push(f, part[k]);
    }
}

static struct fold fold_of(struct en_span s)
{
    return (struct fold){.p = s.p, .n = s.n};
}

/* The next folded code point; -1 at the end or where the UTF-8 is bad. */
static int32_t fold_next(struct fold *f)
{
    while (f->out_i == f->out_n) {
        int32_t cp = 0;
        size_t len = 0;

        if (f->next < f->n) {
            len = decode(f->p + f->next, f->n - f->next, &cp);
            f->bad = len == 0;
        }
        if (len == 0)
            return -1;
        f->at = f->next;
        f->next += len;
        fold_char(f, cp);
    }
    return f->out[f->out_i++];
}

static en_err fold_into(struct en_span s, struct en_buf *out,
                        struct en_buf *map)
{
    struct fold f = fold_of(s);
    size_t before = out->n;
    int32_t cp;
    en_err err;

    while ((cp = fold_next(&f)) >= 0) {
        uint32_t at = (uint32_t)f.at;
        size_t n = out->n;

        err = en_text_put(out, cp);
        for (; err == EN_OK && map != NULL && n < out->n; n++)
            err = en_buf_add(map, &at, sizeof(at));
        if (err != EN_OK)
            goto fail;
    }
    if (!f.bad)
        return EN_OK;
    err = EN_RANGE;
fail:
    cut_back(out, before);
    return err;
}

en_err en_text_fold(struct en_span s, struct en_buf *out)
{
    return fold_into(s, out, NULL);
}

en_err en_text_fold_map(struct en_span s, struct en_buf *out, uint32_t **at)
{
    struct en_buf map = {0};
    uint32_t end;
    en_err err;

    assert(out->n == 0);
    if (s.n >= UINT32_MAX)
        return EN_RANGE;
    end = (uint32_t)s.n;
    err = fold_into(s, out, &map);
    if (err == EN_OK)
        err = en_buf_add(&map, &end, sizeof(end));
    if (err != EN_OK) {
        cut_back(out, 0);
        en_buf_free(&map);
        return err;
    }
    *at = (uint32_t *)(void *)map.p; /* the caller owns it from here */
    return EN_OK;
}

int en_text_compare(struct en_span a, struct en_span b)
{
    struct fold fa = fold_of(a);
    struct fold fb = fold_of(b);
    int32_t ca;
    int32_t cb;

    do {
        ca = fold_next(&fa);
        cb = fold_next(&fb);
        if (ca != cb)
            return ca < cb ? -1 : 1;
    } while (ca >= 0);
    return en_span_cmp(a, b);
}

/*
 * Names
 */

en_err en_text_name(struct en_span s, size_t max, struct en_buf *out)
{
    struct en_buf name = {.max = max};
    struct en_span left;
    int32_t cp;
    bool seen = false;
    en_err err;

    err = max > 0 ? en_text_nfc(s, &name) : EN_RANGE;
    if (err != EN_OK)
        goto out;
    left = en_buf_span(&name);
    while ((cp = en_text_next(&left)) >= 0) {
        utf8proc_category_t c = utf8proc_category(cp);

        if (c == UTF8PROC_CATEGORY_CC || c == UTF8PROC_CATEGORY_CF ||
            c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP) {
            err = EN_RANGE;
            goto out;
        }
        /* A name of spaces and invisible characters names nobody. */
        if (c != UTF8PROC_CATEGORY_ZS && !utf8proc_get_property(cp)->ignorable)
            seen = true;
    }
    if (!seen) {
        err = EN_RANGE;
        goto out;
    }
    err = en_buf_add_span(out, en_buf_span(&name));
out:
    en_buf_free(&name);
    return err;
}

/*
 * Terminals
 */

/* Columns of the code point at p and its length; a byte that is no UTF-8 is
 * shown as one dot. */
static size_t cell(const uint8_t *p, size_t n, int32_t *cp, size_t *len)
{
    *len = decode(p, n, cp);
    if (*len == 0) {
        *len = 1;
        *cp = 0xb7;
        return 1;
    }
    return (size_t)utf8proc_charwidth(*cp);
}

size_t en_text_width(struct en_span s)
{
    size_t cols = 0;

    for (size_t i = 0; i < s.n;) {
        int32_t cp;
        size_t len;

        cols += cell(s.p + i, s.n - i, &cp, &len);
        i += len;
    }
    return cols;
}

size_t en_text_cut(struct en_span s, size_t cols)
{
    size_t width = 0;
    size_t end = 0; /* the last grapheme end that fits */
    int32_t prev = 0;
    int32_t state = 0;

    for (size_t i = 0; i < s.n;) {
        int32_t cp;
        size_t len;
        size_t w = cell(s.p + i, s.n - i, &cp, &len);

        if (i > 0 && utf8proc_grapheme_break_stateful(prev, cp, &state))
            end = i;
        width += w;
        if (width > cols)
            return end;
        prev = cp;
        i += len;
    }
    return s.n;
}

bool en_text_is_harmful(int32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || /* controls, */
           cp == 0x061c ||                           /* direction marks, */
           cp == 0x200e || cp == 0x200f ||           /* */
           (cp >= 0x202a && cp <= 0x202e) || /* embeddings and overrides, */
           (cp >= 0x2066 && cp <= 0x206f) || /* isolates, deprecated ones, */
           cp == 0x2028 || cp == 0x2029 ||   /* line and paragraph ends, */
           (cp >= 0xfff9 && cp <= 0xfffb) || /* hidden annotations, */
           (cp >= 0xe0000 && cp <= 0xe007f); /* invisible tag letters */
}

/* The length of a terminal's control sequence (ECMA-48, 5.4: CSI, parameters,
 * intermediates, one final byte) whose introducer is the first intro bytes; 0 if
 * it is not whole, and then only the introducer is hidden. */
static size_t sequence(const uint8_t *p, size_t n, size_t intro)
{
    size_t i = intro;

    while (i < n && p[i] >= 0x30 && p[i] <= 0x3f)
        i++;
    while (i < n && p[i] >= 0x20 && p[i] <= 0x2f)
        i++;
    return i < n && p[i] >= 0x40 && p[i] <= 0x7e ? i + 1 : 0;
}

en_err en_text_harmless(struct en_span s, bool text, struct en_buf *out)
{
    size_t before = out->n;
    size_t i = 0;
    en_err err = EN_OK;

    while (i < s.n && err == EN_OK) {
        const uint8_t *p = s.p + i;
        size_t left = s.n - i;
        int32_t cp = 0;
        size_t len = decode(p, left, &cp);
        size_t all = 0;

        if (len > 0 &&
            (!en_text_is_harmful(cp) || (text && (cp == '\n' || cp == '\t')))) {
            err = en_buf_add(out, p, len);
            i += len;
            continue;
        }
        if (cp == 0x1b && left > 1 && p[1] == '[')
            all = sequence(p, left, 2);
        else if (cp == 0x9b)
            all = sequence(p, left, 2);
        err = en_buf_add_str(out, MIDDLE_DOT);
        i += all > 0 ? all : len > 0 ? len : 1;
    }
    if (err != EN_OK)
        cut_back(out, before);
    return err;
}

/*
 * Characters
 */

int32_t en_text_next(struct en_span *s)
{
    int32_t cp = -1;
    size_t len = decode(s->p, s->n, &cp);

    if (len == 0) {
        s->n = 0;
        return -1;
    }
    s->p += len;
    s->n -= len;
    return cp;
}

en_err en_text_put(struct en_buf *out, int32_t cp)
{
    uint8_t b[4];
    utf8proc_ssize_t n;

    if (cp >= 0 && cp < 0x80)
        return en_buf_add_u8(out, (uint8_t)cp);
    if (cp < 0 || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        return EN_RANGE;
    n = utf8proc_encode_char(cp, b);
    assert(n >= 2 && n <= 4);
    return en_buf_add(out, b, (size_t)n);
}

bool en_text_is_alnum(int32_t cp)
{
    utf8proc_category_t c;

    if (cp < 0 || cp > 0x10ffff)
        return false;
    c = utf8proc_category(cp);
    return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) ||
           is_mark(c) ||
           (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO);
}
