#include "journal/revision.h"

#include "base/rng.h"
#include "lib/things.h"

/* Revisions in few words: their ids are numbers, so are their parents. */
struct set {
    struct en_rev rev[16];
    struct en_id before[16][8];
    size_t n;
    struct en_revs out;
};

static struct en_rev *rev(struct set *s, uint32_t id, int64_t time_ms)
{
    struct en_rev *r = &s->rev[s->n];

    assert_true(s->n < 16);
    memset(r, 0, sizeof(*r));
    en_put_u32(r->record.b, 0);
    r->record.b[31] = (uint8_t)id;
    r->time_ms = time_ms;
    r->parent = s->before[s->n];
    r->after = &s->before[s->n][4];
    s->n++;
    return r;
}

static void parent(struct set *s, struct en_rev *r, uint8_t id)
{
    struct en_id *at = &s->before[r - s->rev][r->parents++];

    memset(at, 0, sizeof(*at));
    at->b[31] = id;
}

static void after(struct set *s, struct en_rev *r, uint8_t id)
{
    struct en_id *at = &s->before[r - s->rev][4 + r->afters++];

    memset(at, 0, sizeof(*at));
    at->b[31] = id;
}

static void expect(struct set *s, const char *order, const char *heads)
{
    char got[64] = "";
    char got_heads[64] = "";

    assert_ok(en_revs_fold(s->rev, s->n, &s->out));
    for (size_t i = 0; i < s->n; i++) {
        char id[8];

        (void)snprintf(id, sizeof(id), "%u ", s->rev[i].record.b[31]);
        strcat(got, id);
        if (s->rev[i].head)
            strcat(got_heads, id);
    }
    assert_string_equal(got, order);
    assert_string_equal(got_heads, heads);
}

static void one_revision_is_its_own_head(void **state)
{
    struct set s = {0};

    (void)state;
    rev(&s, 9, 5);
    expect(&s, "9 ", "9 ");
    assert_int_equal(s.out.heads, 1);
    assert_int_equal(s.out.shown, 0);
    assert_false(s.out.deleted);
}

static void a_clock_never_puts_a_revision_before_its_parent(void **state)
{
    struct set s = {0};

    (void)state;
    parent(&s, rev(&s, 3, -1000), 2);
    parent(&s, rev(&s, 2, 50), 1);
    rev(&s, 1, 1000);
    expect(&s, "1 2 3 ", "3 ");
}

static void after_orders_and_does_not_replace(void **state)
{
    struct set s = {0};

    (void)state;
    after(&s, rev(&s, 2, 1), 1);
    rev(&s, 1, 9);
    expect(&s, "1 2 ", "1 2 ");
    assert_int_equal(s.out.heads, 2);
    assert_int_equal(s.out.shown, 1);
}

static void edits_that_did_not_see_each_other_are_both_heads(void **state)
{
    struct set s = {0};

    (void)state;
    rev(&s, 1, 1);
    parent(&s, rev(&s, 3, 20), 1);
    parent(&s, rev(&s, 2, 30), 1);
    expect(&s, "1 3 2 ", "3 2 ");
    assert_int_equal(s.out.shown, 2);
}

static void equal_times_are_ordered_by_id(void **state)
{
    struct set s = {0};

    (void)state;
    rev(&s, 1, 1);
    parent(&s, rev(&s, 3, 20), 1);
    parent(&s, rev(&s, 2, 20), 1);
    expect(&s, "1 2 3 ", "2 3 ");
}

static void a_merge_replaces_both(void **state)
{
    struct set s = {0};
    struct en_rev *m;

    (void)state;
    rev(&s, 1, 1);
    parent(&s, rev(&s, 2, 2), 1);
    parent(&s, rev(&s, 3, 3), 1);
    m = rev(&s, 4, 0);
    parent(&s, m, 2);
    parent(&s, m, 3);
    expect(&s, "1 2 3 4 ", "4 ");
}

static void a_deletion_wins_over_an_edit_that_had_not_seen_it(void **state)
{
    struct set s = {0};
    struct en_rev *d;

    (void)state;
    rev(&s, 1, 1);
    parent(&s, rev(&s, 2, 90), 1);
    d = rev(&s, 3, 10);
    d->deleted = true;
    parent(&s, d, 1);
    expect(&s, "1 3 2 ", "3 2 ");
    assert_true(s.out.deleted);
    assert_int_equal(s.out.shown, 2); /* its words stay readable */
}

static void the_live_head_is_shown_even_if_the_deletion_is_later(void **state)
{
    struct set s = {0};
    struct en_rev *d;

    (void)state;
    rev(&s, 1, 1);
    parent(&s, rev(&s, 2, 10), 1);
    d = rev(&s, 3, 90);
    d->deleted = true;
    parent(&s, d, 1);
    expect(&s, "1 2 3 ", "2 3 ");
    assert_true(s.out.deleted);
    assert_int_equal(s.out.shown, 1);
}

static void what_replaces_a_deletion_lives(void **state)
{
    struct set s = {0};
    struct en_rev *d;

    (void)state;
    rev(&s, 1, 1);
    d = rev(&s, 2, 2);
    d->deleted = true;
    parent(&s, d, 1);
    parent(&s, rev(&s, 3, 3), 2);
    expect(&s, "1 2 3 ", "3 ");
    assert_false(s.out.deleted);
}

static void parents_that_are_not_here_are_ignored(void **state)
{
    struct set s = {0};
    struct en_rev *r = rev(&s, 2, 2);

    (void)state;
    parent(&s, r, 77);
    after(&s, r, 78);
    parent(&s, rev(&s, 3, 1), 79);
    expect(&s, "3 2 ", "3 2 ");
}

static void a_cycle_keeps_its_last_and_every_other_head(void **state)
{
    struct set s = {0};

    (void)state;
    parent(&s, rev(&s, 1, 10), 2);
    parent(&s, rev(&s, 2, 20), 1);
    rev(&s, 3, 99);
    expect(&s, "3 1 2 ", "3 2 ");

    s = (struct set){0};
    parent(&s, rev(&s, 5, 10), 5); /* names itself */
    expect(&s, "5 ", "5 ");
    s = (struct set){0};
    parent(&s, rev(&s, 5, 1), 5);
    rev(&s, 6, 10);
    expect(&s, "5 6 ", "5 6 ");
    /* What hangs on a cycle is ordered by time too, and hides nothing. */
    s = (struct set){0};
    parent(&s, rev(&s, 1, 10), 2);
    parent(&s, rev(&s, 2, 20), 1);
    parent(&s, rev(&s, 3, 0), 2);
    expect(&s, "3 1 2 ", "3 2 ");
}

static void naming_one_parent_twice_counts_once(void **state)
{
    struct set s = {0};
    struct en_rev *r;

    (void)state;
    r = rev(&s, 2, 1);
    parent(&s, r, 1);
    parent(&s, r, 1);
    after(&s, r, 1);
    rev(&s, 1, 5);
    expect(&s, "1 2 ", "2 ");
}

/* A long chain, shuffled: linear in memory, and in order. */
static void ten_thousand_revisions_are_put_in_order(void **state)
{
    enum { N = 10000 };
    struct en_rev *v = calloc(N, sizeof(*v));
    struct en_id *p = calloc(N, sizeof(*p));
    struct en_rng_seeded rng;
    struct en_revs out;

    (void)state;
    assert_true(v != NULL && p != NULL);
    en_rng_seed(&rng, 1);
    for (uint32_t i = 0; i < N; i++) {
        v[i].record = record_id(i);
        v[i].time_ms = en_rng_below(&rng.rng, 1000);
        v[i].user = (void *)(uintptr_t)i;
        if (i > 0) {
            p[i] = record_id(i - 1);
            v[i].parent = &p[i];
            v[i].parents = 1;
        }
    }
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t j = en_rng_below(&rng.rng, i + 1);
        struct en_rev t = v[i];

        v[i] = v[j];
        v[j] = t;
    }
    assert_ok(en_revs_fold(v, N, &out));
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal((uintptr_t)v[i].user, i);
    assert_int_equal(out.heads, 1);
    free(v);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_revision_is_its_own_head),
        cmocka_unit_test(a_clock_never_puts_a_revision_before_its_parent),
        cmocka_unit_test(after_orders_and_does_not_replace),
        cmocka_unit_test(edits_that_did_not_see_each_other_are_both_heads),
        cmocka_unit_test(equal_times_are_ordered_by_id),
        cmocka_unit_test(a_merge_replaces_both),
        cmocka_unit_test(a_deletion_wins_over_an_edit_that_had_not_seen_it),
        cmocka_unit_test(the_live_head_is_shown_even_if_the_deletion_is_later),
        cmocka_unit_test(what_replaces_a_deletion_lives),
        cmocka_unit_test(parents_that_are_not_here_are_ignored),
        cmocka_unit_test(a_cycle_keeps_its_last_and_every_other_head),
        cmocka_unit_test(naming_one_parent_twice_counts_once),
        cmocka_unit_test(ten_thousand_revisions_are_put_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
