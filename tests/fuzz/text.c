/*
 * text.c - what arrives as text. Laws: normal form and folding are stable; the
 * map of offsets rises from 0 to the end; a cut fits; what is harmless holds
 * nothing harmful; a refused text changes no buffer; sorting is an order.
 */
#include "base/text.h"
#include "base/words.h"
#include "fuzz/fuzz.h"

static void stable(en_err (*form)(struct en_span, struct en_buf *),
                   struct en_span s, bool valid)
{
    struct en_buf once = {0};
    struct en_buf twice = {0};

    HOLDS(en_buf_add_u8(&once, 'x') == EN_OK);
    HOLDS(form(s, &once) == (valid ? EN_OK : EN_RANGE));
    HOLDS(once.p[0] == 'x' && (valid || once.n == 1));
    HOLDS(form(EN_SPAN(once.p + 1, once.n - 1), &twice) == EN_OK);
    HOLDS(en_span_eq(EN_SPAN(once.p + 1, once.n - 1), en_buf_span(&twice)));
    en_buf_free(&once);
    en_buf_free(&twice);
}

static void mapped(struct en_span s)
{
    struct en_buf plain = {0};
    struct en_buf b = {0};
    uint32_t *at = NULL;

    HOLDS(en_text_fold(s, &plain) == EN_OK);
    HOLDS(en_text_fold_map(s, &b, &at) == EN_OK);
    HOLDS(en_span_eq(en_buf_span(&plain), en_buf_span(&b)));
    HOLDS(at[b.n] == s.n);
    for (size_t i = 0; i < b.n; i++) {
        HOLDS(at[i] < s.n && at[i] <= at[i + 1]);
        HOLDS((s.p[at[i]] & 0xc0) != 0x80); /* a character begins there */
    }
    free(at);
    en_buf_free(&plain);
    en_buf_free(&b);
}

static void harmless(struct en_span s, bool text)
{
    struct en_buf b = {0};
    struct en_span left;
    int32_t cp;

    HOLDS(en_text_harmless(s, text, &b) == EN_OK);
    left = en_buf_span(&b);
    HOLDS(text ? en_text_is_text(left) : en_text_is_line(left));
    while ((cp = en_text_next(&left)) >= 0)
        HOLDS(!en_text_is_harmful(cp) || (text && (cp == '\n' || cp == '\t')));
    en_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_span s = EN_SPAN(data, size);
    struct en_span a = EN_SPAN(data, size / 2);
    struct en_span b = EN_SPAN(data + size / 2, size - size / 2);
    struct en_buf name = {0};
    bool valid = en_text_utf8(s);
    size_t width = en_text_width(s);
    unsigned index = 0;

    HOLDS(valid || !en_text_valid(s));
    HOLDS(en_text_valid(s) || !en_text_is_text(s));
    HOLDS(en_text_is_text(s) || !en_text_is_line(s));
    stable(en_text_nfc, s, valid);
    stable(en_text_fold, s, valid);
    if (valid)
        mapped(s);
    if (en_text_name(s, 64, &name) == EN_OK)
        HOLDS(name.n > 0 && name.n <= 64 &&
              en_text_is_line(en_buf_span(&name)));
    else
        HOLDS(name.n == 0);
    en_buf_free(&name);

    harmless(s, true);
    harmless(s, false);
    for (size_t cols = 0; cols < 100 && cols < width + 2;
         cols += 1 + cols / 4) {
        size_t cut = en_text_cut(s, cols);

        HOLDS(cut <= size);
        HOLDS(en_text_width(EN_SPAN(data, cut)) <= cols);
    }
    HOLDS(en_text_cut(s, width) == size);

    HOLDS(en_text_compare(s, s) == 0);
    HOLDS((en_text_compare(a, b) < 0) == (en_text_compare(b, a) > 0));
    if (en_word_find(EN_LANG_FR, s, &index) == EN_OK)
        HOLDS(index < EN_WORDS_COUNT);
    return 0;
}
