/*
 * store_suite_in.h - what the two halves of the suite share.
 */
#ifndef EN_TESTS_LIB_STORE_SUITE_IN_H
#define EN_TESTS_LIB_STORE_SUITE_IN_H

#include "lib/store_fill.h"
#include "lib/store_suite.h"
#include "lib/test.h"

struct ctx {
    const struct store_kind *kind;
    void *impl;
    struct en_store *s;
};

struct taken {
    size_t n;
    uint64_t seq[64];
    uint64_t arrival[64];
    struct en_id log[64];
    enum en_mark mark;
    size_t payload, aux;
    bool sig;
    size_t stop_at; /* 0: never */
    en_err stop;
};

/* Rows as the keys that come, spaces between. */
struct keys {
    char text[1024];
    size_t n;
    size_t stop_at;
    en_err stop;
};

int suite_setup(void **state);
int suite_teardown(void **state);
/* Commits and frees. */
en_err suite_commit(struct ctx *c, struct en_batch *b);
/* The batch is refused with that code and nothing at all has changed. */
void suite_refused(struct ctx *c, struct en_batch *b, en_err expect);
void suite_fill(struct ctx *c, uint64_t circle, uint64_t number, uint8_t kind,
                bool own, uint64_t before, size_t n, size_t len);
en_err suite_take_record(void *user, const struct en_stored *r);
en_err suite_take_head(void *user, const struct en_head *h);
en_err suite_take_row(void *user, const struct en_row *r);
void suite_found(struct ctx *c, const struct en_find *q, const char *expect);
struct en_find suite_all_of(uint64_t circle, uint16_t kind);
void suite_put_row(struct ctx *c, uint64_t circle, uint16_t kind,
                   const char *key, int64_t sort, const char *body);

/* store_suite_records.c */
void suite_change_mark(struct ctx *c, uint64_t seq, enum en_mark mark,
                       struct en_span payload, en_err expect);
void suite_empty_store_holds_nothing(void **state);
void suite_record_comes_back_as_it_was_given(void **state);
void suite_frontier_lists_heads_by_ascending_log(void **state);
void suite_scan_begins_where_told_and_stays_in_its_log(void **state);
void suite_arrivals_number_control_records_of_a_circle(void **state);
void suite_control_records_carry_their_arrival_everywhere(void **state);
void suite_ids_alike_in_their_first_bytes_are_told_apart(void **state);
void suite_callback_stops_with_closed_and_fails_with_the_rest(void **state);
void suite_expected_head_that_is_not_the_stored_one_is_moved(void **state);
void suite_record_that_is_not_the_next_is_refused(void **state);
void suite_log_must_end_at_a_checkpoint(void **state);
void suite_log_never_changes_what_it_is(void **state);
void suite_checkpoint_must_name_a_stored_record(void **state);
void suite_mark_changes_the_payload_and_nothing_else(void **state);
void suite_record_may_come_without_its_payload(void **state);
void suite_mark_may_follow_its_record_in_one_batch(void **state);
void suite_batch_over_its_bounds_is_refused(void **state);
void suite_batch_at_its_bounds_is_taken(void **state);
void suite_refused_batch_leaves_no_part_of_itself(void **state);
void suite_batch_that_lacked_memory_is_refused(void **state);
void suite_empty_batch_changes_nothing(void **state);

#endif
