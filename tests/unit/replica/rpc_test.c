/* The codec of requests and replies: what is written is read again, and nothing
 * else is. */
#include "lib/test.h"

#include "replica/rpc.h"

#include <stdlib.h>

/* A struct of each kind of field, filled so that every byte matters. */
static struct en_rpc_edit an_edit(void)
{
    struct en_rpc_edit e = {
        .typed = BYTES("k7m2q"),
        .fields = EN_EDIT_TEXT | EN_EDIT_WHEN,
        .text = BYTES("l'\xc3\xa9t\xc3\xa9\nsuite"),
        .title = BYTES(""),
        .when = {.kind = EN_WHEN_INSTANT, .ms = -1, .offset = -840},
        .tags = 2,
        .untags = 1,
        .parents = 2,
    };

    e.tag[0] = BYTES("famille");
    e.tag[1] = BYTES("travail");
    e.untag[0] = BYTES("vieux");
    memset(e.parent[0].b, 0x11, 32);
    memset(e.parent[1].b, 0x22, 32);
    return e;
}

static void same_edit(const struct en_rpc_edit *a, const struct en_rpc_edit *b)
{
    assert_true(en_span_eq(a->typed, b->typed));
    assert_int_equal(a->fields, b->fields);
    assert_true(en_span_eq(a->text, b->text));
    assert_int_equal(b->title.n, 0);
    assert_int_equal(a->when.kind, b->when.kind);
    assert_true(a->when.ms == b->when.ms);
    assert_int_equal(a->when.offset, b->when.offset);
    assert_int_equal(a->tags, b->tags);
    for (size_t i = 0; i < a->tags; i++)
        assert_true(en_span_eq(a->tag[i], b->tag[i]));
    assert_int_equal(a->untags, b->untags);
    assert_true(en_span_eq(a->untag[0], b->untag[0]));
    assert_int_equal(a->parents, b->parents);
    assert_memory_equal(a->parent, b->parent, 2 * sizeof(struct en_id));
}

static void what_is_put_is_got_again(void **state)
{
    struct en_rpc_edit e = an_edit(), back;
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_rpc_put_edit(&b, &e));
    assert_ok(en_rpc_get_edit(en_buf_span(&b), &back));
    same_edit(&e, &back);
    en_buf_free(&b);
}

static void structs_within_structs_are_got_again(void **state)
{
    struct en_rpc_full *f = calloc(1, sizeof *f), *back = calloc(1, sizeof *f);
    struct en_buf b = {0};

    (void)state;
    assert_non_null(f);
    assert_non_null(back);
    f->entry.person_name = BYTES("Chlo\xc3\xa9 D.");
    f->entry.when = (struct en_when){.kind = EN_WHEN_DAY, .day = {2027, 4, 28}};
    f->entry.opens_day = (struct en_day){9999, 12, 31};
    f->text = BYTES("un texte");
    f->head = true;
    f->places = 2;
    f->place[1].circle = BYTES("Les Tilleuls");
    f->place[1].time_ms = INT64_MIN;
    f->place[1].offset = 120;
    memset(f->place[1].id.b, 7, 16);
    assert_ok(en_rpc_put_full(&b, f));
    assert_ok(en_rpc_get_full(en_buf_span(&b), back));
    assert_span(back->entry.person_name, "Chlo\xc3\xa9 D.");
    assert_int_equal(back->entry.when.kind, EN_WHEN_DAY);
    assert_int_equal(en_day_cmp(back->entry.when.day, f->entry.when.day), 0);
    assert_int_equal(en_day_cmp(back->entry.opens_day, f->entry.opens_day), 0);
    assert_span(back->text, "un texte");
    assert_true(back->head);
    assert_int_equal(back->places, 2);
    assert_span(back->place[1].circle, "Les Tilleuls");
    assert_true(back->place[1].time_ms == INT64_MIN);
    assert_memory_equal(back->place[1].id.b, f->place[1].id.b, 16);
    en_buf_free(&b);
    free(f);
    free(back);
}

static void every_truncation_and_every_byte_more_is_refused(void **state)
{
    struct en_rpc_edit e = an_edit(), back;
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_rpc_put_edit(&b, &e));
    for (size_t n = 0; n < b.n; n++)
        assert_err(en_rpc_get_edit(EN_SPAN(b.p, n), &back), EN_PROTOCOL);
    assert_ok(en_buf_add_u8(&b, 0));
    assert_err(en_rpc_get_edit(en_buf_span(&b), &back), EN_PROTOCOL);
    assert_int_equal(back.parents, 0); /* nothing is left of what was read */
    en_buf_free(&b);
}

static void a_struct_is_not_taken_for_another(void **state)
{
    struct en_rpc_edit e = an_edit();
    struct en_rpc_filter f;
    struct en_rpc_entry entry;
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_rpc_put_edit(&b, &e));
    assert_err(en_rpc_get_filter(en_buf_span(&b), &f), EN_PROTOCOL);
    assert_err(en_rpc_get_entry(en_buf_span(&b), &entry), EN_PROTOCOL);
    en_buf_free(&b);
}

static void a_text_over_its_bound_is_refused_by_the_writer(void **state)
{
    struct en_rpc_unlock u = {0};
    uint8_t long_one[EN_PASSPHRASE_MAX + 1];
    struct en_buf b = {0};

    (void)state;
    memset(long_one, 'a', sizeof long_one);
    u.passphrase = EN_SPAN_OF(long_one);
    assert_err(en_rpc_put_unlock(&b, &u), EN_RANGE);
    assert_int_equal(b.n, 0);
    u.passphrase.n--;
    assert_ok(en_rpc_put_unlock(&b, &u));
    en_buf_free(&b);
}

/* The same bytes made by hand: [bin of 1025, 0]. */
static void a_text_over_its_bound_is_refused_by_the_reader(void **state)
{
    struct en_rpc_unlock u;
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_buf_add(&b, "\x92\xc5\x04\x01", 4));
    assert_ok(en_buf_add_zeros(&b, EN_PASSPHRASE_MAX + 1));
    assert_ok(en_buf_add_u8(&b, 0));
    assert_err(en_rpc_get_unlock(en_buf_span(&b), &u), EN_PROTOCOL);
    en_buf_free(&b);
}

static void days_and_instants_out_of_range_are_refused(void **state)
{
    /* read: filter [flags, circle, tag, from, to, day, years, limit] */
    static const uint8_t far[] = {0x98, 0,    0xc4, 0,    0xc4,
                                  0,    0xce, 0x00, 0x40, 0x00,
                                  0x00, 0xc0, 0xc0, 0x00, 0x00};
    /* setting an offset of 841 minutes in write's when */
    struct en_rpc_write w = {
        .when = {.kind = EN_WHEN_INSTANT, .ms = 0, .offset = 841}};
    struct en_rpc_filter f;
    struct en_buf b = {0};

    (void)state;
    assert_err(en_rpc_get_filter(EN_SPAN_OF(far), &f), EN_PROTOCOL);
    assert_ok(en_rpc_put_write(&b, &w));
    assert_err(en_rpc_get_write(en_buf_span(&b), &w), EN_PROTOCOL);
    en_buf_free(&b);
}

static void more_elements_than_a_bound_are_refused(void **state)
{
    struct en_rpc_write *w = calloc(1, sizeof *w);
    struct en_buf b = {0};

    (void)state;
    assert_non_null(w);
    w->tags = EN_TAGS_MAX + 1;
    assert_err(en_rpc_put_write(&b, w), EN_RANGE);
    assert_int_equal(b.n, 0);
    free(w);
}

/*
 * Requests
 */

static void a_request_is_got_again(void **state)
{
    struct en_rpc_request r = {.number = 77, .verb = EN_RPC_LIST}, back;
    struct en_rpc_filter f = {.limit = 3}, got;
    struct en_buf args = {0}, b = {0};

    (void)state;
    assert_ok(en_rpc_put_filter(&args, &f));
    r.args = en_buf_span(&args);
    assert_ok(en_rpc_request_put(&b, &r));
    assert_ok(en_rpc_request_get(en_buf_span(&b), &back));
    assert_int_equal(back.number, 77);
    assert_int_equal(back.verb, EN_RPC_LIST);
    assert_ok(en_rpc_get_filter(back.args, &got));
    assert_int_equal(got.limit, 3);
    for (size_t n = 0; n < b.n; n++)
        assert_err(en_rpc_request_get(EN_SPAN(b.p, n), &back), EN_PROTOCOL);
    en_buf_free(&args);
    en_buf_free(&b);
}

static void a_request_of_another_version_is_told_apart(void **state)
{
    static const uint8_t two[] = {0x95, 2, 9, 0xc0, 0xc0, 0xc0};
    static const uint8_t none[] = {0x91, 1};
    struct en_rpc_request r;

    (void)state;
    assert_err(en_rpc_request_get(EN_SPAN_OF(two), &r), EN_VERSION);
    assert_int_equal(r.number, 9); /* so that the refusal finds its way */
    assert_err(en_rpc_request_get(EN_SPAN_OF(none), &r), EN_PROTOCOL);
}

static void arguments_that_are_no_array_are_refused(void **state)
{
    static const uint8_t number[] = {0x94, 1, 1, 1, 5};
    static const uint8_t nil[] = {0x94, 1, 1, 1, 0xc0};
    static const uint8_t right[] = {0x94, 1, 1, 1, 0x90};
    struct en_rpc_request r;

    (void)state;
    assert_err(en_rpc_request_get(EN_SPAN_OF(number), &r), EN_PROTOCOL);
    assert_err(en_rpc_request_get(EN_SPAN_OF(nil), &r), EN_PROTOCOL);
    assert_ok(en_rpc_request_get(EN_SPAN_OF(right), &r));
    assert_true(en_span_eq(r.args, en_rpc_nothing()));
}

static void a_request_over_a_frame_is_refused(void **state)
{
    struct en_rpc_request r = {.number = 1, .verb = 1};
    struct en_buf args = {0}, b = {0};

    (void)state;
    /* [bin32 of a frame's size]: 1 + 5 + n bytes */
    assert_ok(en_buf_add(&args, "\x91\xc6\x00\x10\x00\x00", 6));
    assert_ok(en_buf_add_zeros(&args, EN_RPC_FRAME_MAX));
    r.args = en_buf_span(&args);
    assert_err(en_rpc_request_put(&b, &r), EN_RANGE);
    assert_int_equal(b.n, 0);
    en_buf_free(&args);
    en_buf_free(&b);
}

/*
 * Replies
 */

struct kept {
    struct en_buf frame[64];
    size_t n;
    en_err next; /* what send returns */
};

static en_err keep(void *user, struct en_span body)
{
    struct kept *k = user;

    assert_true(k->n < 64);
    assert_true(body.n <= EN_RPC_FRAME_MAX);
    assert_ok(en_buf_add_span(&k->frame[k->n++], body));
    return k->next;
}

static void kept_free(struct kept *k)
{
    for (size_t i = 0; i < k->n; i++)
        en_buf_free(&k->frame[i]);
}

static void put_name(struct en_buf *b, const char *name)
{
    struct en_rpc_name n = {.typed = en_span_str(name)};

    en_buf_clear(b);
    assert_ok(en_rpc_put_name(b, &n));
}

static void items_are_got_again_in_order(void **state)
{
    struct kept k = {0};
    struct en_rpc_answer a = {.number = 5, .send = keep, .user = &k};
    struct en_rpc_reply r;
    struct en_rpc_name n;
    struct en_buf b = {0};
    struct en_span item;

    (void)state;
    put_name(&b, "a");
    assert_ok(en_rpc_add(&a, en_buf_span(&b)));
    put_name(&b, "b");
    assert_ok(en_rpc_add(&a, en_buf_span(&b)));
    assert_ok(en_rpc_end(&a, EN_OK, NULL));
    assert_int_equal(k.n, 1);
    assert_ok(en_rpc_reply_get(en_buf_span(&k.frame[0]), &r));
    assert_int_equal(r.number, 5);
    assert_int_equal(r.err, EN_OK);
    assert_false(r.more);
    assert_true(en_rpc_next(&r, &item));
    assert_ok(en_rpc_get_name(item, &n));
    assert_span(n.typed, "a");
    assert_true(en_rpc_next(&r, &item));
    assert_ok(en_rpc_get_name(item, &n));
    assert_span(n.typed, "b");
    assert_false(en_rpc_next(&r, &item));
    for (size_t at = 0; at < k.frame[0].n; at++)
        assert_err(en_rpc_reply_get(EN_SPAN(k.frame[0].p, at), &r),
                   EN_PROTOCOL);
    kept_free(&k);
    en_rpc_answer_free(&a);
    en_buf_free(&b);
}

static void a_long_answer_comes_in_frames_that_fit(void **state)
{
    struct kept k = {0};
    struct en_rpc_answer a = {.number = 1, .send = keep, .user = &k};
    struct en_rpc_full *f = calloc(1, sizeof *f);
    struct en_buf text = {0}, b = {0};
    struct en_rpc_reply r;
    struct en_span item;
    size_t items = 0;

    (void)state;
    assert_non_null(f);
    assert_ok(en_buf_add_zeros(&text, 60000));
    f->text = en_buf_span(&text);
    assert_ok(en_rpc_put_full(&b, f));
    for (size_t i = 0; i < 100; i++)
        assert_ok(en_rpc_add(&a, en_buf_span(&b)));
    assert_ok(en_rpc_end(&a, EN_OK, NULL));
    assert_true(k.n > 5);
    for (size_t i = 0; i < k.n; i++) {
        assert_ok(en_rpc_reply_get(en_buf_span(&k.frame[i]), &r));
        assert_int_equal(r.more, i + 1 < k.n);
        while (en_rpc_next(&r, &item))
            items++;
    }
    assert_int_equal(items, 100);
    kept_free(&k);
    en_rpc_answer_free(&a);
    en_buf_free(&text);
    en_buf_free(&b);
    free(f);
}

static void an_error_has_its_why_and_no_item(void **state)
{
    struct kept k = {0};
    struct en_rpc_answer a = {.number = 2, .send = keep, .user = &k};
    struct en_rpc_reply r;
    struct en_why why = {0};
    struct en_buf b = {0};

    (void)state;
    put_name(&b, "half an answer");
    assert_ok(en_rpc_add(&a, en_buf_span(&b)));
    (void)en_why_set(&why, EN_RANGE, EN_WHY_TEXT_LONG, "k7m2q", 71000, 64000);
    assert_ok(en_rpc_end(&a, EN_RANGE, &why));
    assert_ok(en_rpc_reply_get(en_buf_span(&k.frame[0]), &r));
    assert_int_equal(r.err, EN_RANGE);
    assert_int_equal(r.items, 0);
    assert_int_equal(r.why.reason, EN_WHY_TEXT_LONG);
    assert_int_equal(r.why.n, 71000);
    assert_int_equal(r.why.limit, 64000);
    assert_string_equal(r.why.what, "k7m2q");
    kept_free(&k);
    en_rpc_answer_free(&a);
    en_buf_free(&b);
}

static void a_reason_of_a_newer_program_is_none(void **state)
{
    /* [1, 4, [999, 0, 0, ""], 0, []] */
    static const uint8_t raw[] = {0x95, 1, 4,    0x94, 0xcd, 0x03, 0xe7,
                                  0,    0, 0xc4, 0,    0,    0x90};
    struct en_rpc_reply r;

    (void)state;
    assert_ok(en_rpc_reply_get(EN_SPAN_OF(raw), &r));
    assert_int_equal(r.why.reason, EN_WHY_NONE);
    assert_int_equal(r.err, EN_RANGE);
}

static void an_error_with_items_is_no_reply(void **state)
{
    static const uint8_t raw[] = {0x95, 1, 4, 0xc0, 0, 0x91, 0x90};
    struct en_rpc_reply r;

    (void)state;
    assert_err(en_rpc_reply_get(EN_SPAN_OF(raw), &r), EN_PROTOCOL);
}

static void an_item_longer_than_a_frame_is_refused(void **state)
{
    struct kept k = {0};
    struct en_rpc_answer a = {.number = 1, .send = keep, .user = &k};
    struct en_buf b = {0};

    (void)state;
    assert_ok(en_buf_add_zeros(&b, EN_RPC_FRAME_MAX));
    assert_err(en_rpc_add(&a, en_buf_span(&b)), EN_RANGE);
    assert_int_equal(k.n, 0);
    en_buf_free(&b);
    en_rpc_answer_free(&a);
}

static void what_send_says_is_passed_on(void **state)
{
    struct kept k = {.next = EN_CLOSED};
    struct en_rpc_answer a = {.number = 1, .send = keep, .user = &k};

    (void)state;
    assert_err(en_rpc_end(&a, EN_OK, NULL), EN_CLOSED);
    kept_free(&k);
    en_rpc_answer_free(&a);
}

/*
 * Frames
 */

static void frames_are_taken_whole(void **state)
{
    struct en_buf b = {0};
    struct en_span body;
    size_t used;

    (void)state;
    assert_ok(en_rpc_frame_put(&b, BYTES("abc")));
    assert_ok(en_rpc_frame_put(&b, BYTES("d")));
    for (size_t n = 0; n < 7; n++) {
        assert_ok(en_rpc_frame_take(EN_SPAN(b.p, n), &body, &used));
        assert_int_equal(used, 0);
    }
    assert_ok(en_rpc_frame_take(en_buf_span(&b), &body, &used));
    assert_int_equal(used, 7);
    assert_span(body, "abc");
    en_buf_consume(&b, used);
    assert_ok(en_rpc_frame_take(en_buf_span(&b), &body, &used));
    assert_span(body, "d");
    en_buf_free(&b);
}

static void a_length_of_nothing_or_too_much_closes(void **state)
{
    static const uint8_t zero[4] = {0};
    static const uint8_t much[4] = {1, 0, 0x10, 0}; /* one over 1 MiB */
    static const uint8_t full[4] = {0, 0, 0x10, 0};
    struct en_span body;
    size_t used;

    (void)state;
    assert_err(en_rpc_frame_take(EN_SPAN_OF(zero), &body, &used), EN_PROTOCOL);
    assert_err(en_rpc_frame_take(EN_SPAN_OF(much), &body, &used), EN_PROTOCOL);
    assert_ok(en_rpc_frame_take(EN_SPAN_OF(full), &body, &used));
    assert_int_equal(used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_got_again),
        cmocka_unit_test(structs_within_structs_are_got_again),
        cmocka_unit_test(every_truncation_and_every_byte_more_is_refused),
        cmocka_unit_test(a_struct_is_not_taken_for_another),
        cmocka_unit_test(a_text_over_its_bound_is_refused_by_the_writer),
        cmocka_unit_test(a_text_over_its_bound_is_refused_by_the_reader),
        cmocka_unit_test(days_and_instants_out_of_range_are_refused),
        cmocka_unit_test(more_elements_than_a_bound_are_refused),
        cmocka_unit_test(a_request_is_got_again),
        cmocka_unit_test(a_request_of_another_version_is_told_apart),
        cmocka_unit_test(arguments_that_are_no_array_are_refused),
        cmocka_unit_test(a_request_over_a_frame_is_refused),
        cmocka_unit_test(items_are_got_again_in_order),
        cmocka_unit_test(a_long_answer_comes_in_frames_that_fit),
        cmocka_unit_test(an_error_has_its_why_and_no_item),
        cmocka_unit_test(a_reason_of_a_newer_program_is_none),
        cmocka_unit_test(an_error_with_items_is_no_reply),
        cmocka_unit_test(an_item_longer_than_a_frame_is_refused),
        cmocka_unit_test(what_send_says_is_passed_on),
        cmocka_unit_test(frames_are_taken_whole),
        cmocka_unit_test(a_length_of_nothing_or_too_much_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
