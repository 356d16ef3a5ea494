#include "lib/store_suite_in.h"

/* ---- reading ---- */

void suite_empty_store_holds_nothing(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_id id = store_id("nothing", 1);
    struct en_key_name name = store_key_name(0, 1, 1);
    struct en_find q = suite_all_of(0, 1);
    struct en_key k;

    assert_ok(en_store_frontier(c->s, NULL, suite_take_head, &t));
    assert_ok(en_store_frontier(c->s, &id, suite_take_head, &t));
    assert_ok(en_store_scan(c->s, &id, 0, suite_take_record, &t));
    assert_ok(en_store_arrivals(c->s, &id, 0, suite_take_record, &t));
    assert_int_equal(t.n, 0);
    assert_err(en_store_get(c->s, &id, suite_take_record, &t), EN_ABSENT);
    assert_err(en_store_key(c->s, &name, &k), EN_ABSENT);
    assert_err(en_store_row(c->s, &id, 1, BYTES("k"), NULL, NULL), EN_ABSENT);
    suite_found(c, &q, "");
}

struct whole {
    struct en_batch_record *want;
    struct en_checkpoint cp;
    size_t n;
};

static en_err same_record(void *user, const struct en_stored *r)
{
    struct whole *w = user;
    const struct en_batch_record *want = &w->want[w->n];

    assert_memory_equal(r->log.b, want->log.b, 32);
    assert_memory_equal(r->id.b, want->id.b, 32);
    assert_memory_equal(r->header, want->header, EN_HEADER_LEN);
    assert_int_equal(r->seq, want->seq);
    assert_int_equal(r->mark, want->mark);
    assert_true(en_span_eq(r->payload, want->payload));
    assert_true(en_span_eq(r->aux, want->aux));
    if (w->n == 1) {
        assert_non_null(r->sig);
        assert_memory_equal(r->sig, w->cp.sig, 64);
    } else {
        assert_null(r->sig);
    }
    w->n++;
    return EN_OK;
}

static en_err same_head(void *user, const struct en_head *h)
{
    struct whole *w = user;
    struct en_batch_log l = store_log_of(1, 2, 1, true);

    assert_memory_equal(h->log.b, l.log.b, 32);
    assert_memory_equal(h->device.b, l.device.b, 32);
    assert_int_equal(h->kind, 1);
    assert_true(h->own);
    assert_int_equal(h->count, 2);
    assert_memory_equal(h->id.b, w->cp.id.b, 32);
    assert_memory_equal(h->sig, w->cp.sig, 64);
    w->n++;
    return EN_OK;
}

void suite_record_comes_back_as_it_was_given(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_batch_log l = store_log_of(1, 2, 1, true);
    struct en_batch_record want[2] = {store_record(&b, 1, 2, 0, 300),
                                      store_record(&b, 1, 2, 1, 70000)};
    struct whole w = {.want = want, .cp = store_checkpoint(1, 2, 1)};
    struct en_id cid = store_circle_id(1);

    assert_ok(en_batch_log(&b, &l));
    assert_ok(en_batch_record(&b, &want[0]));
    assert_ok(en_batch_record(&b, &want[1]));
    assert_ok(en_batch_checkpoint(&b, &w.cp));
    assert_ok(en_store_commit(c->s, &b));

    assert_ok(en_store_scan(c->s, &l.log, 0, same_record, &w));
    assert_int_equal(w.n, 2);
    w.n = 0;
    assert_ok(en_store_get(c->s, &want[0].id, same_record, &w));
    assert_ok(en_store_get(c->s, &want[1].id, same_record, &w));
    assert_int_equal(w.n, 2);
    w.n = 0;
    assert_ok(en_store_frontier(c->s, &cid, same_head, &w));
    assert_int_equal(w.n, 1);
    en_batch_free(&b);
}

void suite_frontier_lists_heads_by_ascending_log(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_id cid = store_circle_id(1);

    for (uint64_t i = 0; i < 8; i++) {
        suite_fill(c, 1, i, (uint8_t)(i % 2), i < 2, 0, i + 1, 20);
        suite_fill(c, 2, i, 1, false, 0, 1, 20);
    }
    assert_ok(en_store_frontier(c->s, &cid, suite_take_head, &t));
    assert_int_equal(t.n, 8);
    for (size_t i = 1; i < t.n; i++)
        assert_true(en_id_cmp(&t.log[i - 1], &t.log[i]) < 0);
    t = (struct taken){.n = 0};
    assert_ok(en_store_frontier(c->s, NULL, suite_take_head, &t));
    assert_int_equal(t.n, 16);
    for (size_t i = 1; i < t.n; i++)
        assert_true(en_id_cmp(&t.log[i - 1], &t.log[i]) < 0);
}

void suite_scan_begins_where_told_and_stays_in_its_log(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_id log = store_log_id(0, 1);

    suite_fill(c, 0, 0, 1, false, 0, 5, 30);
    suite_fill(c, 0, 1, 1, false, 0, 5, 30);
    suite_fill(c, 0, 2, 1, false, 0, 5, 30);
    suite_fill(c, 0, 1, 1, false, 5, 3, 30);
    assert_ok(en_store_scan(c->s, &log, 3, suite_take_record, &t));
    assert_int_equal(t.n, 5);
    for (size_t i = 0; i < t.n; i++) {
        assert_int_equal(t.seq[i], 3 + i);
        assert_memory_equal(t.log[i].b, log.b, 32);
    }
    t = (struct taken){.n = 0};
    assert_ok(en_store_scan(c->s, &log, 8, suite_take_record, &t));
    assert_ok(en_store_scan(c->s, &log, UINT64_MAX, suite_take_record, &t));
    assert_int_equal(t.n, 0);
}

void suite_arrivals_number_control_records_of_a_circle(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_id cid = store_circle_id(1);
    struct en_id log0 = store_log_id(1, 0);
    struct en_id log4 = store_log_id(1, 4);

    suite_fill(c, 1, 4, 0, false, 0, 2, 30); /* 1 2 */
    suite_fill(c, 2, 0, 0, false, 0, 3, 30); /* of another circle */
    suite_fill(c, 1, 0, 0, false, 0, 1, 30); /* 3 */
    suite_fill(c, 1, 1, 1, false, 0, 4, 30); /* a journal */
    suite_fill(c, 1, 4, 0, false, 2, 2, 30); /* 4 5 */
    assert_ok(en_store_arrivals(c->s, &cid, 0, suite_take_record, &t));
    assert_int_equal(t.n, 5);
    for (size_t i = 0; i < t.n; i++)
        assert_int_equal(t.arrival[i], i + 1);
    assert_memory_equal(t.log[2].b, log0.b, 32);
    assert_memory_equal(t.log[3].b, log4.b, 32);
    assert_int_equal(t.seq[3], 2);
    t = (struct taken){.n = 0};
    assert_ok(en_store_arrivals(c->s, &cid, 4, suite_take_record, &t));
    assert_int_equal(t.n, 2);
    assert_int_equal(t.arrival[0], 4);
    t = (struct taken){.n = 0};
    assert_ok(en_store_arrivals(c->s, &cid, 6, suite_take_record, &t));
    assert_int_equal(t.n, 0);
}

void suite_control_records_carry_their_arrival_everywhere(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_id control = store_log_id(0, 0);
    struct en_id journal = store_log_id(0, 1);
    struct en_id id = store_record_id(0, 0, 1);

    suite_fill(c, 0, 0, 0, false, 0, 2, 30);
    suite_fill(c, 0, 1, 1, false, 0, 1, 30);
    assert_ok(en_store_get(c->s, &id, suite_take_record, &t));
    assert_ok(en_store_scan(c->s, &control, 0, suite_take_record, &t));
    assert_ok(en_store_scan(c->s, &journal, 0, suite_take_record, &t));
    assert_int_equal(t.n, 4);
    assert_int_equal(t.arrival[0], 2);
    assert_int_equal(t.arrival[1], 1);
    assert_int_equal(t.arrival[2], 2);
    assert_int_equal(t.arrival[3], 0);
}

void suite_ids_alike_in_their_first_bytes_are_told_apart(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_batch_log l = store_log_of(0, 0, 1, false);
    struct taken t = {.n = 0};
    struct en_id id[3];

    assert_ok(en_batch_log(&b, &l));
    for (uint64_t i = 0; i < 3; i++) {
        struct en_batch_record r = store_record(&b, 0, 0, i, 10);
        struct en_checkpoint cp = store_checkpoint(0, 0, i);

        memset(r.id.b, 0xab, 32);
        r.id.b[31 - i] = (uint8_t)i;
        id[i] = r.id;
        cp.id = r.id;
        assert_ok(en_batch_record(&b, &r));
        assert_ok(en_batch_checkpoint(&b, &cp));
    }
    assert_ok(suite_commit(c, &b));
    for (uint64_t i = 0; i < 3; i++) {
        assert_ok(en_store_get(c->s, &id[i], suite_take_record, &t));
        assert_int_equal(t.n, i + 1);
        assert_int_equal(t.seq[i], i);
    }
    id[0].b[15] ^= 1;
    assert_err(en_store_get(c->s, &id[0], suite_take_record, &t), EN_ABSENT);
}

void suite_callback_stops_with_closed_and_fails_with_the_rest(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.stop_at = 2, .stop = EN_CLOSED};
    struct keys k = {.stop_at = 1, .stop = EN_CLOSED};
    struct en_id cid = store_circle_id(0);
    struct en_id log = store_log_id(0, 0);
    struct en_id id = store_record_id(0, 0, 0);
    struct en_find q = suite_all_of(0, 1);

    suite_fill(c, 0, 0, 0, false, 0, 4, 30);
    suite_fill(c, 0, 1, 0, false, 0, 4, 30);
    suite_fill(c, 0, 2, 0, false, 0, 4, 30);
    suite_put_row(c, 0, 1, "a", 1, "x");
    suite_put_row(c, 0, 1, "ab", 2, "y");
    assert_ok(en_store_scan(c->s, &log, 0, suite_take_record, &t));
    assert_int_equal(t.n, 2);
    t.n = 0;
    assert_ok(en_store_arrivals(c->s, &cid, 0, suite_take_record, &t));
    assert_int_equal(t.n, 2);
    t.n = 0;
    assert_ok(en_store_frontier(c->s, &cid, suite_take_head, &t));
    assert_int_equal(t.n, 2);
    assert_ok(en_store_find(c->s, &q, suite_take_row, &k));
    assert_int_equal(k.n, 1);

    t = (struct taken){.stop_at = 1, .stop = EN_LATER};
    assert_err(en_store_scan(c->s, &log, 0, suite_take_record, &t), EN_LATER);
    t.n = 0;
    assert_err(en_store_arrivals(c->s, &cid, 0, suite_take_record, &t),
               EN_LATER);
    t.n = 0;
    assert_err(en_store_frontier(c->s, NULL, suite_take_head, &t), EN_LATER);
    t.n = 0;
    assert_err(en_store_get(c->s, &id, suite_take_record, &t), EN_LATER);
    k = (struct keys){.stop_at = 1, .stop = EN_LATER};
    assert_err(en_store_find(c->s, &q, suite_take_row, &k), EN_LATER);
    q.prefix = BYTES("a");
    k = (struct keys){.stop_at = 1, .stop = EN_LATER};
    assert_err(en_store_find(c->s, &q, suite_take_row, &k), EN_LATER);
    k = (struct keys){.stop_at = 1, .stop = EN_CLOSED};
    assert_ok(en_store_find(c->s, &q, suite_take_row, &k));
    assert_int_equal(k.n, 1);
}

/* ---- committing records ---- */

void suite_expected_head_that_is_not_the_stored_one_is_moved(void **state)
{
    struct ctx *c = *state;
    struct en_id log = store_log_id(0, 0);
    struct en_id absent = store_log_id(0, 9);
    struct en_id tip = store_record_id(0, 0, 2);
    struct en_id other = store_record_id(0, 0, 1);
    struct en_batch b = {0};

    suite_fill(c, 0, 0, 1, true, 0, 3, 30);
    assert_ok(en_batch_expect(&b, &log, 0, NULL));
    store_fill(&b, 0, 0, 1, true, 3, 1, 30);
    suite_refused(c, &b, EN_MOVED);
    assert_ok(en_batch_expect(&b, &log, 2, &other));
    store_fill(&b, 0, 0, 1, true, 3, 1, 30);
    suite_refused(c, &b, EN_MOVED);
    assert_ok(en_batch_expect(&b, &log, 3, &other));
    store_fill(&b, 0, 0, 1, true, 3, 1, 30);
    suite_refused(c, &b, EN_MOVED);
    assert_ok(en_batch_expect(&b, &absent, 3, &tip));
    suite_refused(c, &b, EN_MOVED);

    assert_ok(en_batch_expect(&b, &absent, 0, NULL));
    assert_ok(en_batch_expect(&b, &log, 3, &tip));
    store_fill(&b, 0, 0, 1, true, 3, 1, 30);
    assert_ok(suite_commit(c, &b));
}

void suite_record_that_is_not_the_next_is_refused(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};

    store_fill(&b, 0, 0, 1, false, 1, 2, 30); /* no log yet */
    suite_refused(c, &b, EN_RANGE);
    suite_fill(c, 0, 0, 1, false, 0, 3, 30);
    store_fill(&b, 0, 0, 1, false, 4, 1, 30); /* a gap */
    suite_refused(c, &b, EN_RANGE);
    store_fill(&b, 0, 0, 1, false, 2, 2, 30); /* one again */
    suite_refused(c, &b, EN_RANGE);
    store_fill(&b, 0, 0, 1, false, 3, 2, 30);
    b.rec[1].seq = 3; /* twice in one batch */
    suite_refused(c, &b, EN_RANGE);
}

void suite_log_must_end_at_a_checkpoint(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_batch_log l = store_log_of(0, 5, 0, false);

    store_fill(&b, 0, 0, 1, false, 0, 3, 30);
    b.cps = 0;
    suite_refused(c, &b, EN_RANGE);
    store_fill(&b, 0, 0, 1, false, 0, 3, 30);
    b.cp[0] = store_checkpoint(0, 0, 1);
    suite_refused(c, &b, EN_RANGE);
    assert_ok(en_batch_log(&b, &l)); /* no record, so no end */
    suite_refused(c, &b, EN_RANGE);

    suite_fill(c, 0, 0, 1, false, 0, 3, 30);
    store_fill(&b, 0, 0, 1, false, 3, 3, 30);
    b.cps = 0;
    suite_refused(c, &b, EN_RANGE);
}

void suite_log_never_changes_what_it_is(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_batch_log l = store_log_of(0, 0, 1, false);

    suite_fill(c, 0, 0, 1, false, 0, 1, 30);
    l.kind = 0;
    assert_ok(en_batch_log(&b, &l));
    suite_refused(c, &b, EN_RANGE);
    l = store_log_of(0, 0, 1, true);
    assert_ok(en_batch_log(&b, &l));
    suite_refused(c, &b, EN_RANGE);
    l = store_log_of(0, 0, 1, false);
    l.cid = store_circle_id(1);
    assert_ok(en_batch_log(&b, &l));
    suite_refused(c, &b, EN_RANGE);
    l = store_log_of(0, 0, 1, false);
    l.device = store_id("device", 77);
    assert_ok(en_batch_log(&b, &l));
    suite_refused(c, &b, EN_RANGE);
    l = store_log_of(0, 0, 2, false);
    assert_ok(en_batch_log(&b, &l));
    suite_refused(c, &b, EN_RANGE);

    l = store_log_of(0, 0, 1, false);
    assert_ok(en_batch_log(&b, &l)); /* as it is: no error */
    assert_ok(suite_commit(c, &b));
}

void suite_checkpoint_must_name_a_stored_record(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_batch b = {0};
    struct en_checkpoint cp = store_checkpoint(0, 0, 1);
    struct en_id id = cp.id;

    assert_ok(en_batch_checkpoint(&b, &cp)); /* no such log */
    suite_refused(c, &b, EN_RANGE);
    suite_fill(c, 0, 0, 1, false, 0, 3, 30);
    cp.seq = 3;
    assert_ok(en_batch_checkpoint(&b, &cp));
    suite_refused(c, &b, EN_RANGE);
    cp = store_checkpoint(0, 0, 1);
    cp.id.b[31] ^= 1;
    assert_ok(en_batch_checkpoint(&b, &cp));
    suite_refused(c, &b, EN_RANGE);
    store_fill(&b, 0, 0, 1, false, 3, 2, 30);
    b.cp[0].id.b[0] ^= 1;
    suite_refused(c, &b, EN_RANGE);

    assert_ok(en_store_get(c->s, &id, suite_take_record, &t));
    assert_false(t.sig);
    cp = store_checkpoint(0, 0, 1);
    assert_ok(en_batch_checkpoint(&b, &cp));
    assert_ok(suite_commit(c, &b));
    assert_ok(en_store_get(c->s, &id, suite_take_record, &t));
    assert_true(t.sig);
}

void suite_change_mark(struct ctx *c, uint64_t seq, enum en_mark mark,
                       struct en_span payload, en_err expect)
{
    struct en_batch b = {0};
    struct en_batch_mark m = {.log = store_log_id(0, 0),
                              .seq = seq,
                              .mark = mark,
                              .payload = payload};

    assert_ok(en_batch_mark(&b, &m));
    if (expect == EN_OK)
        assert_ok(suite_commit(c, &b));
    else
        suite_refused(c, &b, expect);
}

void suite_mark_changes_the_payload_and_nothing_else(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_id id = store_record_id(0, 0, 1);

    suite_fill(c, 0, 0, 1, false, 0, 3, 300);
    suite_change_mark(c, 1, EN_MARK_DROPPED, EN_SPAN(NULL, 0), EN_OK);
    assert_ok(en_store_get(c->s, &id, suite_take_record, &t));
    assert_int_equal(t.mark, EN_MARK_DROPPED);
    assert_int_equal(t.payload, 0);
    assert_int_equal(t.aux, 5);
    suite_change_mark(c, 1, EN_MARK_MISSING, EN_SPAN(NULL, 0), EN_OK);
    suite_change_mark(c, 1, EN_MARK_PAYLOAD, BYTES("it has come"), EN_OK);
    assert_ok(en_store_get(c->s, &id, suite_take_record, &t));
    assert_int_equal(t.mark, EN_MARK_PAYLOAD);
    assert_int_equal(t.payload, 11);
    assert_int_equal(t.aux, 5);

    suite_change_mark(c, 3, EN_MARK_DROPPED, EN_SPAN(NULL, 0), EN_RANGE);
    suite_change_mark(c, 1, EN_MARK_WITHDRAWN, BYTES("x"), EN_RANGE);
    suite_change_mark(c, 1, (enum en_mark)4, EN_SPAN(NULL, 0), EN_RANGE);
}

void suite_record_may_come_without_its_payload(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_batch b = {0};
    struct en_id id = store_record_id(0, 0, 0);

    store_fill(&b, 0, 0, 1, false, 0, 1, 10);
    b.rec[0].mark = EN_MARK_MISSING;
    suite_refused(c, &b, EN_RANGE);
    store_fill(&b, 0, 0, 1, false, 0, 1, 10);
    b.rec[0].mark = EN_MARK_MISSING;
    b.rec[0].payload = EN_SPAN(NULL, 0);
    assert_ok(suite_commit(c, &b));
    assert_ok(en_store_get(c->s, &id, suite_take_record, &t));
    assert_int_equal(t.mark, EN_MARK_MISSING);
    assert_int_equal(t.payload, 0);
}

void suite_mark_may_follow_its_record_in_one_batch(void **state)
{
    struct ctx *c = *state;
    struct taken t = {.n = 0};
    struct en_batch b = {0};
    struct en_batch_mark m = {
        .log = store_log_id(0, 0), .seq = 1, .mark = EN_MARK_WITHDRAWN};
    struct en_id id = store_record_id(0, 0, 1);

    store_fill(&b, 0, 0, 1, false, 0, 2, 10);
    assert_ok(en_batch_mark(&b, &m));
    assert_ok(suite_commit(c, &b));
    assert_ok(en_store_get(c->s, &id, suite_take_record, &t));
    assert_int_equal(t.mark, EN_MARK_WITHDRAWN);
    assert_int_equal(t.payload, 0);
}

void suite_batch_over_its_bounds_is_refused(void **state)
{
    struct ctx *c = *state;
    static uint8_t big[EN_ROW_BODY_MAX + 1];
    struct en_batch b = {0};
    struct en_row r = store_row(0, 1, "k", 0, "");
    struct en_batch_log l = store_log_of(0, 0, 2, false);

    store_fill(&b, 0, 0, 1, false, 0, EN_VAULT_BATCH_RECORDS_MAX + 1, 1);
    suite_refused(c, &b, EN_RANGE);
    r.body = EN_SPAN_OF(big);
    assert_ok(en_batch_row_put(&b, &r));
    suite_refused(c, &b, EN_RANGE);
    r.body = EN_SPAN(big, EN_ROW_BODY_MAX);
    for (int i = 0; i < 9; i++)
        assert_ok(en_batch_row_put(&b, &r));
    suite_refused(c, &b, EN_RANGE);
    r.body = EN_SPAN(NULL, 0);
    assert_ok(en_batch_row_put(&b, &r));
    b.row[0].row.key = EN_SPAN(big, EN_ROW_KEY_MAX + 1);
    suite_refused(c, &b, EN_RANGE);
    assert_ok(en_batch_row_put(&b, &r));
    b.row[0].row.key = EN_SPAN(NULL, 0);
    suite_refused(c, &b, EN_RANGE);
    assert_ok(en_batch_log(&b, &l));
    suite_refused(c, &b, EN_RANGE);
    store_fill(&b, 0, 0, 1, false, 0, 1, 1);
    b.rec[0].seq = (uint64_t)EN_SEQ_MAX + 1;
    suite_refused(c, &b, EN_RANGE);
}

void suite_batch_at_its_bounds_is_taken(void **state)
{
    struct ctx *c = *state;
    static uint8_t big[EN_ROW_BODY_MAX];
    struct en_batch b = {0};
    struct en_row r = store_row(0, 1, "k", 0, "");
    char key[EN_ROW_KEY_MAX + 1] = {0};
    struct taken t = {.n = 0};
    struct en_id id = store_record_id(0, 0, EN_VAULT_BATCH_RECORDS_MAX - 1);
    struct en_buf body = {0};

    store_fill(&b, 0, 0, 1, false, 0, EN_VAULT_BATCH_RECORDS_MAX, 1);
    assert_ok(suite_commit(c, &b));
    assert_ok(en_store_get(c->s, &id, suite_take_record, &t));

    memset(key, 'k', EN_ROW_KEY_MAX);
    memset(big, 0x5a, sizeof(big));
    r.key = EN_SPAN((const uint8_t *)key, EN_ROW_KEY_MAX);
    r.body = EN_SPAN_OF(big);
    for (int i = 0; i < 8; i++)
        assert_ok(en_batch_row_put(&b, &r));
    assert_ok(suite_commit(c, &b));
    assert_ok(en_store_row(c->s, &r.cid, 1, r.key, NULL, &body));
    assert_int_equal(body.n, EN_ROW_BODY_MAX);
    assert_memory_equal(body.p, big, EN_ROW_BODY_MAX);
    en_buf_free(&body);
}

void suite_refused_batch_leaves_no_part_of_itself(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};
    struct en_key_name name = store_key_name(2, 1, 3);
    struct en_key k = store_key_value(7);
    struct en_row r = store_row(2, 2, "new", 5, "body");
    struct en_batch_mark bad = {.log = store_log_id(0, 0), .seq = 99};

    suite_fill(c, 0, 0, 0, false, 0, 2, 30);
    /* Logs, records, a circle, a key, a row; and at the end a mark of a record
     * that does not exist. */
    store_fill(&b, 2, 0, 0, true, 0, 3, 30);
    store_fill(&b, 0, 0, 0, false, 2, 2, 30);
    assert_ok(en_batch_key_put(&b, &name, &k));
    assert_ok(en_batch_row_put(&b, &r));
    assert_ok(en_batch_mark(&b, &bad));
    suite_refused(c, &b, EN_RANGE);

    /* And the same without the bad part goes in, numbered as if never tried. */
    store_fill(&b, 2, 0, 0, true, 0, 3, 30);
    store_fill(&b, 0, 0, 0, false, 2, 2, 30);
    assert_ok(en_batch_row_put(&b, &r));
    assert_ok(suite_commit(c, &b));
    {
        struct taken t = {.n = 0};
        struct en_id cid = store_circle_id(0);

        assert_ok(en_store_arrivals(c->s, &cid, 0, suite_take_record, &t));
        assert_int_equal(t.n, 4);
        assert_int_equal(t.arrival[3], 4);
    }
}

void suite_batch_that_lacked_memory_is_refused(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};

    store_fill(&b, 0, 0, 1, false, 0, 1, 30);
    b.failed = true;
    suite_refused(c, &b, EN_NOMEM);
}

void suite_empty_batch_changes_nothing(void **state)
{
    struct ctx *c = *state;
    struct en_batch b = {0};

    suite_refused(c, &b, EN_OK);
}
