/*
 * content.c - what a journal record says. Laws: what decodes is within bounds, so it
 * encodes to the same bytes, unless its text is one that only encoding refuses; a
 * book takes it or says why not, and shows and finds it without reading past it.
 */
#include "journal/book.h"

#include "base/text.h"
#include "fuzz/fuzz.h"

#include <string.h>

static en_err look(void *user, const struct en_view_entry *row)
{
    size_t *rows = user;

    ++*rows;
    HOLDS(row->words.n <= EN_FIRST_WORDS_MAX);
    HOLDS(en_text_utf8(row->words));
    HOLDS(row->words_cut || row->words.n <= row->text_len);
    HOLDS(en_when_valid(&row->when));
    HOLDS(row->unique >= EN_LETTERS_SHOWN && row->unique <= EN_LETTERS);
    return EN_OK;
}

static void keep(const struct en_book_item *item)
{
    struct en_book_source source = {.index = true, .seed = 1};
    struct en_filter f = {0};
    struct en_counts n;
    struct en_book *b = NULL;
    size_t rows = 0;
    size_t hits = 0;
    en_err err;

    HOLDS(en_book_new(&source, &b) == EN_OK);
    HOLDS(en_book_me(b, &item->cid, &item->person,
                     item->type != EN_TYPE_PROFILE) == EN_OK);
    err = en_book_add(b, item);
    HOLDS(err == EN_OK || err == EN_PROTOCOL || err == EN_VERSION);
    HOLDS(en_book_add(b, item) == err);
    HOLDS(en_book_count(b, NULL, &n) == EN_OK);
    HOLDS(n.records == (err == EN_OK));
    HOLDS(n.newer == (err == EN_VERSION));
    HOLDS(en_book_list(b, &f, look, &rows) == EN_OK);
    f.shared = true;
    HOLDS(en_book_list(b, &f, look, &rows) == EN_OK);
    f = (struct en_filter){.drafts = true};
    HOLDS(en_book_list(b, &f, look, &rows) == EN_OK);
    f = (struct en_filter){0};
    HOLDS(en_book_search(b, en_span_str("a"), false, &f, look, &rows, &hits) ==
          EN_OK);
    HOLDS(hits <= 1);
    HOLDS(en_book_drop(b, &item->cid, &item->record) == EN_OK);
    HOLDS(en_book_count(b, NULL, &n) == EN_OK);
    HOLDS(n.records == 0 && n.newer == 0);
    en_book_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct en_content c;
    struct en_book_item item = {.content = EN_SPAN(data, size)};
    struct en_buf again = {0};
    en_err err = en_content_decode(EN_SPAN(data, size), &c);
    en_err back;

    HOLDS(err == EN_OK || err == EN_PROTOCOL || err == EN_VERSION);
    item.cid.b[0] = item.person.b[0] = item.record.b[0] = 1;
    item.type = err == EN_OK ? en_content_type(&c) : EN_TYPE_FIRST;
    keep(&item);
    if (err != EN_OK)
        return 0;
    back = en_content_encode(&c, &again, NULL);
    HOLDS(back == EN_OK || back == EN_RANGE);
    if (back == EN_OK)
        HOLDS(en_span_eq(en_buf_span(&again), EN_SPAN(data, size)));
    en_buf_free(&again);
    return 0;
}
