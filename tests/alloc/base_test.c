/*
 * base_test.c - texts, words, buffers, secrets, packed values and JSON when
 * memory is refused: the call says so, and what it was given is as it was.
 */
#include "base/text.h"
#include "base/words.h"
#include "cli/json.h"
#include "lib/test.h"
#include "wire/pack.h"
#include "wire/pad.h"

#include <stdlib.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);

static long left = -1; /* allocations until one fails; -1: none does */
static long asked;

static bool refused(void)
{
    asked++;
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t n)
{
    return refused() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return refused() ? NULL : __real_calloc(count, n);
}

/* A text long enough to make buffers grow, with marks to reorder. */
static char long_text[4000];

static void fill_text(void)
{
    size_t n = 0;

    while (n + 60 < sizeof(long_text)) {
        memcpy(long_text + n, "C\xc5\x93ur e\xcc\x81l\xc3\xa8ve q", 16);
        n += 16;
        for (int i = 0; i < 20; i++) {
            memcpy(long_text + n, i % 2 ? "\xcc\xa3" : "\xcc\x87", 2);
            n += 2;
        }
    }
    long_text[n] = '\0';
}

static en_err call_nfc(struct en_buf *out)
{
    return en_text_nfc(en_span_str(long_text), out);
}

static en_err call_fold(struct en_buf *out)
{
    return en_text_fold(en_span_str(long_text), out);
}

static en_err call_harmless(struct en_buf *out)
{
    return en_text_harmless(en_span_str(long_text), true, out);
}

static en_err call_name(struct en_buf *out)
{
    return en_text_name(BYTES("Chloe\xcc\x81"), 64, out);
}

static en_err call_lv(struct en_buf *out)
{
    return en_buf_add_lv(out, en_span_str(long_text));
}

static en_err call_pack(struct en_buf *out)
{
    struct en_pack p = en_pack_to(out, 0);

    en_pack_array(&p, 3);
    en_pack_uint(&p, 1);
    en_pack_bin(&p, en_span_str(long_text));
    en_pack_str(&p, BYTES("x"));
    return en_pack_done(&p);
}

static en_err call_json_str(struct en_buf *out)
{
    static char text[sizeof(long_text) + 2];
    struct en_json v;
    en_err err;

    (void)snprintf(text, sizeof(text), "\"%s\"", long_text);
    err = en_json_read(en_span_str(text), &v, NULL);
    return err == EN_OK ? en_json_str(v, out) : err;
}

static void a_refused_allocation_leaves_the_buffer_as_it_was(void **state)
{
    static en_err (*const calls[])(struct en_buf *) = {
        call_nfc, call_fold, call_harmless, call_name,
        call_lv,  call_pack, call_json_str,
    };

    (void)state;
    fill_text();
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        for (long n = 0;; n++) {
            struct en_buf b = {0};
            en_err err;

            assert_ok(en_buf_add_str(&b, "kept"));
            left = n;
            err = calls[i](&b);
            if (left >= 0) { /* none was left to refuse */
                left = -1;
                assert_ok(err);
                assert_true(b.n > 4 && n > 0);
                en_buf_free(&b);
                break;
            }
            left = -1;
            assert_err(err, EN_NOMEM);
            assert_span(en_buf_span(&b), "kept");
            en_buf_free(&b);
        }
    }
}

static void a_map_of_offsets_is_whole_or_absent(void **state)
{
    (void)state;
    fill_text();
    for (long n = 0;; n++) {
        struct en_buf b = {0};
        uint32_t *at = NULL;
        bool enough;
        en_err err;

        left = n;
        err = en_text_fold_map(en_span_str(long_text), &b, &at);
        enough = left >= 0;
        left = -1;
        assert_err(err, enough ? EN_OK : EN_NOMEM);
        assert_int_equal(at != NULL, enough);
        assert_int_equal(b.n > 0, enough);
        free(at);
        en_buf_free(&b);
        if (enough)
            break;
    }
}

static void
a_word_is_not_found_without_memory_and_not_absent_either(void **state)
{
    unsigned index = 9999;

    (void)state;
    left = 0;
    assert_err(en_word_find(EN_LANG_FR, BYTES("zoologie"), &index), EN_NOMEM);
    left = -1;
    assert_int_equal(index, 9999);
}

static void a_secret_that_cannot_be_had_is_untouched(void **state)
{
    struct en_secret s = {0};

    (void)state;
    left = 0;
    assert_err(en_secret_alloc(&s, 10), EN_NOMEM);
    left = 0;
    assert_err(en_secret_copy(&s, BYTES("x")), EN_NOMEM);
    left = 0;
    assert_err(en_pad(BYTES("x"), &s), EN_NOMEM);
    left = -1;
    assert_null(s.b);
    assert_int_equal(s.n, 0);
}

static void written_json_tells_at_the_end_that_memory_was_short(void **state)
{
    (void)state;
    fill_text();
    for (long n = 0;; n++) {
        struct en_buf b = {0};
        struct en_json_out w = en_json_out(&b);
        bool enough;

        left = n;
        en_json_open_array(&w);
        en_json_put_cstr(&w, long_text);
        en_json_put_null(&w);
        en_json_close(&w);
        enough = left >= 0;
        left = -1;
        assert_err(en_json_done(&w), enough ? EN_OK : EN_NOMEM);
        en_buf_free(&b);
        if (enough)
            break;
    }
}

/* What strangers send is judged without asking for memory at all. */
static void reading_and_comparing_allocate_nothing(void **state)
{
    static const uint8_t packed[] = {0x93, 0x01, 0xc4, 0x01,
                                     0xff, 0x91, 0xa1, 'a'};
    struct en_unpack u;
    struct en_json v;
    struct en_json e;
    struct en_span back;
    uint8_t padded[256] = {0};
    uint32_t n;

    (void)state;
    fill_text();
    asked = 0;
    assert_ok(en_unpack_begin(&u, EN_SPAN_OF(packed), 0));
    en_unpack_array(&u, &n, 3, 3);
    (void)en_unpack_skip(&u);
    (void)en_unpack_bin(&u, 1, 1);
    (void)en_unpack_skip(&u);
    assert_true(en_unpack_done(&u));
    assert_ok(en_unpad(EN_SPAN_OF(padded), &back));
    assert_ok(en_json_read(BYTES("{\"a\":[1,\"x\",{\"b\":null}]}"), &v, NULL));
    for (struct en_json_iter it = en_json_each(en_json_get(v, "a"));
         en_json_next(&it, NULL, &e);)
        (void)en_json_str_is(e, "x");
    (void)en_text_compare(en_span_str(long_text), BYTES("coeur"));
    (void)en_text_is_text(en_span_str(long_text));
    (void)en_text_cut(en_span_str(long_text), 40);
    assert_int_equal(asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_allocation_leaves_the_buffer_as_it_was),
        cmocka_unit_test(a_map_of_offsets_is_whole_or_absent),
        cmocka_unit_test(
            a_word_is_not_found_without_memory_and_not_absent_either),
        cmocka_unit_test(a_secret_that_cannot_be_had_is_untouched),
        cmocka_unit_test(written_json_tells_at_the_end_that_memory_was_short),
        cmocka_unit_test(reading_and_comparing_allocate_nothing),
    };

    return cmocka_run_group_tests_name("alloc/base", tests, NULL, NULL);
}
