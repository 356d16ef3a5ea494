#include "sync/roster.h"

#include "lib/test.h"

static struct en_rng_seeded rng;
static struct en_roster *r;
static struct en_gate gate;
static struct en_dial dial;
static uint64_t wake;
static bool full;

static const struct en_id cid = {{0xc0}};
static const struct en_id own = {{100}};
static const struct en_id higher = {{200}}; /* ours to dial */
static const struct en_id lower = {{50}};   /* its to dial */

static int set_up(void **state)
{
    (void)state;
    en_rng_seed(&rng, 4);
    gate = (struct en_gate){0};
    return en_roster_new(&r, &rng.rng) == EN_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    en_roster_free(r);
    r = NULL;
    return 0;
}

static struct en_addr addr(uint8_t last)
{
    return (struct en_addr){.ip = {[10] = 0xff, [11] = 0xff, 10, 0, 0, last},
                            .port = 51847};
}

static void seen(const struct en_id *device, uint8_t last, bool named,
                 uint64_t now_ms)
{
    struct en_addr a = addr(last);

    assert_ok(en_roster_seen(r, &cid, &own, device, &a, named, now_ms));
}

static bool next(uint64_t link, uint64_t now_ms)
{
    return en_roster_next(r, link, now_ms, &dial, &wake);
}

static uint64_t opened(uint64_t link, const struct en_id *device, bool caller)
{
    return en_roster_opened(r, link, &cid, &own, device, caller, 1000, &full);
}

/* -- dialling ------------------------------------------------------------- */

static void the_lower_id_dials_what_a_beacon_told(void **state)
{
    (void)state;
    assert_false(next(1, 1000));
    assert_int_equal(wake, UINT64_MAX);
    seen(&lower, 1, false, 1000);
    assert_false(next(1, 1000));
    seen(&higher, 2, false, 1000);
    assert_true(next(1, 1000));
    assert_true(en_id_eq(&dial.device, &higher));
    assert_int_equal(dial.addr.ip[15], 2);
    assert_false(next(2, 1000)); /* under way */
}

static void a_named_address_is_dialled_whoever_is_lower(void **state)
{
    (void)state;
    seen(&lower, 1, true, 1000);
    assert_true(next(1, 1000));
    assert_true(dial.named);
    seen(&own, 3, true, 1000); /* oneself is no target */
    assert_false(next(2, 1000));
}

static void
failures_wait_twice_as_long_from_ten_seconds_to_an_hour(void **state)
{
    uint64_t now = 1000;
    uint64_t least = EN_BACKOFF_MS_MIN;

    (void)state;
    seen(&higher, 2, false, now);
    for (uint64_t link = 1; link < 15; link++) {
        assert_true(next(link, now));
        en_roster_closed(r, link, EN_TIMEOUT, false, now);
        assert_false(next(link, now));
        assert_in_range(wake, now + least, now + least + least / 8);
        for (uint64_t end = wake; now + 30000 < end; now += 30000)
            seen(&higher, 2, false, now); /* heard all along: no shorter */
        assert_false(next(99, now));
        now = wake;
        least = least * 2 > EN_BACKOFF_MS_MAX ? EN_BACKOFF_MS_MAX : least * 2;
    }
    assert_int_equal(least, EN_BACKOFF_MS_MAX);
}

static void coming_into_step_ends_the_waiting(void **state)
{
    (void)state;
    seen(&higher, 2, false, 1000);
    assert_true(next(1, 1000));
    en_roster_closed(r, 1, EN_TIMEOUT, false, 1000);
    assert_true(next(2, 20000));
    en_roster_closed(r, 2, EN_TIMEOUT, false, 20000);
    assert_true(next(3, 60000));
    assert_int_equal(opened(3, &higher, true), 0);
    en_roster_in_step(r, 3);
    en_roster_closed(r, 3, EN_TIMEOUT, false, 70000);
    assert_false(next(4, 70000));
    assert_in_range(wake, 80000, 81250);
}

static void a_device_that_was_away_is_called_when_it_comes_back(void **state)
{
    (void)state;
    seen(&higher, 2, false, 1000);
    for (uint64_t link = 1; link < 8; link++) {
        assert_true(next(link, link * 4000000));
        en_roster_closed(r, link, EN_TIMEOUT, false, link * 4000000);
    }
    assert_false(next(9, 28000001));
    seen(&higher, 2, false, 28200000); /* unheard for more than two minutes */
    assert_true(next(9, 28200000));
}

static void an_orderly_end_is_no_failure(void **state)
{
    (void)state;
    seen(&higher, 2, false, 1000);
    for (uint64_t link = 1; link < 8; link++) {
        uint64_t now = link * 100000;

        seen(&higher, 2, false, now);
        assert_true(next(link, now));
        assert_int_equal(opened(link, &higher, true), 0);
        en_roster_closed(r, link, EN_CLOSED, false, now);
        assert_false(next(link, now));
        assert_in_range(wake, now + 10000, now + 11250);
    }
}

static void after_an_exchange_a_second_is_enough(void **state)
{
    (void)state;
    seen(&higher, 2, false, 1000);
    assert_true(next(1, 1000));
    assert_int_equal(opened(1, &higher, true), 0);
    en_roster_in_step(r, 1);
    en_roster_closed(r, 1, EN_CLOSED, false, 50000);
    assert_false(next(2, 50000));
    assert_in_range(wake, 51000, 51125);
    /* The next link has to earn it anew. */
    assert_true(next(2, 52000));
    assert_int_equal(opened(2, &higher, true), 0);
    en_roster_closed(r, 2, EN_CLOSED, false, 52000);
    assert_false(next(3, 52000));
    assert_in_range(wake, 62000, 63250);
}

static void a_device_is_dialled_at_one_address_at_a_time(void **state)
{
    (void)state;
    seen(&higher, 2, false, 1000);
    seen(&higher, 3, false, 1000);
    assert_true(next(1, 1000));
    assert_false(next(2, 1000));
    en_roster_closed(r, 1, EN_IO, false, 1000);
    assert_true(next(2, 1000));
    assert_int_equal(opened(2, &higher, true), 0);
    assert_true(en_roster_linked(r, &cid, &higher));
    assert_false(next(3, 9000000));
}

static struct en_id numbered(uint8_t base, size_t i)
{
    struct en_id id = {{base, (uint8_t)(i >> 8), (uint8_t)i}};

    return id;
}

static void so_many_are_dialled_at_once_and_fewer_at_one_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        struct en_id id = numbered(201, i);

        seen(&id, 7, true, 1000);
    }
    for (uint64_t link = 1; link <= EN_DIALS_ADDRESS_MAX; link++)
        assert_true(next(link, 1000));
    assert_false(next(99, 1000));
    for (size_t i = 0; i < 20; i++) {
        struct en_id id = numbered(202, i);

        seen(&id, (uint8_t)(20 + i), false, 1000);
    }
    for (uint64_t link = 5; link <= EN_DIALS_MAX; link++)
        assert_true(next(link, 1000));
    assert_false(next(99, 1000));
    en_roster_closed(r, 1, EN_TIMEOUT, false, 1000);
    assert_true(next(9, 1000));
    assert_false(next(10, 1000));
}

static void
whoever_answers_at_a_named_address_ends_the_search_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct en_id id = numbered(201, i);

        seen(&id, 7, true, 1000);
        assert_true(next(i + 1, 1000));
    }
    dial.device = numbered(201, 1);
    assert_int_equal(opened(2, &dial.device, true), 0);
    en_roster_closed(r, 1, EN_TIMEOUT, false, 11000);
    en_roster_closed(r, 3, EN_TIMEOUT, false, 11000);
    assert_false(next(4, 9000000));
    assert_int_equal(wake, UINT64_MAX);
    /* The one that was found is tried again there when its link is gone. */
    en_roster_closed(r, 2, EN_TIMEOUT, false, 9000000);
    assert_true(next(5, 9020000));
    assert_int_equal(dial.device.b[2], 1);
}

static void forgetting_a_device_or_a_circle_ends_its_targets(void **state)
{
    (void)state;
    seen(&higher, 2, false, 1000);
    seen(&lower, 3, true, 1000);
    en_roster_forget(r, &cid, &higher);
    assert_true(next(1, 1000));
    assert_true(en_id_eq(&dial.device, &lower));
    en_roster_forget(r, &cid, NULL);
    en_roster_closed(r, 1, EN_TIMEOUT, false, 1000);
    assert_false(next(2, 9000000));
}

static void
the_table_of_targets_is_bounded_and_stale_ones_make_room(void **state)
{
    struct en_addr a = addr(1);
    struct en_id id;

    (void)state;
    for (size_t i = 0; i < EN_TARGETS_MAX; i++) {
        id = numbered(201, i);
        assert_ok(en_roster_seen(r, &cid, &own, &id, &a, false, 1000));
    }
    id = numbered(202, 1);
    assert_err(en_roster_seen(r, &cid, &own, &id, &a, false, 1000), EN_FULL);
    assert_err(en_roster_seen(r, &cid, &own, &id, &a, false, 3600999), EN_FULL);
    assert_ok(en_roster_seen(r, &cid, &own, &id, &a, false, 3601000));
}

/* -- links ---------------------------------------------------------------- */

/* For both orders of arrival, on both sides, the same one of two stays. */
static void of_two_links_the_one_dialled_by_the_lower_id_stays(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        bool we_are_lower = (i & 1) != 0;
        bool we_dialled_first = (i & 2) != 0;
        const struct en_id *them = we_are_lower ? &higher : &lower;
        bool first_stays = we_dialled_first == we_are_lower;

        (void)tear_down(NULL);
        (void)set_up(NULL);
        assert_int_equal(opened(1, them, we_dialled_first), 0);
        assert_int_equal(opened(2, them, !we_dialled_first),
                         first_stays ? 2 : 1);
        assert_int_equal(en_roster_links(r), 1);
        en_roster_closed(r, first_stays ? 2 : 1, EN_CLOSED, false, 1000);
        assert_true(en_roster_linked(r, &cid, them));
        en_roster_closed(r, first_stays ? 1 : 2, EN_CLOSED, false, 1000);
        assert_false(en_roster_linked(r, &cid, them));
    }
}

static void of_two_links_dialled_by_one_side_the_later_stays(void **state)
{
    (void)state;
    assert_int_equal(opened(1, &higher, false), 0);
    assert_int_equal(opened(2, &higher, false), 1);
    assert_int_equal(opened(3, &higher, true), 2);
    assert_int_equal(opened(4, &higher, true), 3);
    assert_int_equal(en_roster_links(r), 1);
}

static void sixty_four_links_are_all(void **state)
{
    struct en_id id;

    (void)state;
    for (uint64_t i = 1; i <= EN_LINKS_MAX; i++) {
        id = numbered(201, i);
        assert_int_equal(opened(i, &id, false), 0);
        assert_false(full);
    }
    id = numbered(202, 0);
    assert_int_equal(opened(65, &id, false), 65);
    assert_true(full);
    seen(&higher, 2, false, 1000);
    assert_false(next(66, 1000));
    en_roster_closed(r, 1, EN_CLOSED, false, 1000);
    assert_true(next(66, 1000));
}

static void who_broke_a_rule_is_barred_for_ever_longer(void **state)
{
    (void)state;
    seen(&higher, 2, false, 1000);
    assert_true(next(1, 1000));
    assert_int_equal(opened(1, &higher, true), 0);
    en_roster_closed(r, 1, EN_FORGED, true, 1000);
    assert_true(en_roster_barred(r, &cid, &higher, 10999));
    assert_false(en_roster_barred(r, &cid, &higher, 12251));
    assert_false(en_roster_barred(r, &cid, &lower, 1000));
    seen(&higher, 3, false, 5000); /* nor is it dialled elsewhere */
    assert_false(next(2, 10999));
    assert_int_equal(opened(3, &higher, false), 0);
    en_roster_closed(r, 3, EN_PROTOCOL, true, 20000);
    assert_true(en_roster_barred(r, &cid, &higher, 39999));
    assert_int_equal(opened(4, &higher, false), 0);
    en_roster_in_step(r, 4);
    assert_false(en_roster_barred(r, &cid, &higher, 20000));
}

static void there_is_room_for_more_culprits_than_links(void **state)
{
    struct en_id id;

    (void)state;
    for (uint64_t i = 1; i <= 3 * EN_LINKS_MAX; i++) {
        id = numbered(201, i);
        assert_int_equal(opened(i, &id, false), 0);
        en_roster_closed(r, i, EN_FORGED, true, 1000 + i);
        assert_true(en_roster_barred(r, &cid, &id, 2000));
    }
}

/* -- the gate ------------------------------------------------------------- */

static bool enter(uint64_t conn, const struct en_addr *a, uint64_t now_ms,
                  uint64_t *evict)
{
    return en_gate_enter(&gate, conn, a->ip, now_ms, evict);
}

static void an_address_holds_eight_and_its_oldest_gives_way(void **state)
{
    struct en_addr a = addr(1);
    uint64_t evict = 0;

    (void)state;
    for (uint64_t i = 1; i <= 8; i++) {
        assert_true(enter(i, &a, 1000, &evict));
        assert_int_equal(evict, 0);
    }
    assert_true(enter(9, &a, 1000, &evict));
    assert_int_equal(evict, 1);
    en_gate_leave(&gate, 5);
    assert_true(enter(10, &a, 1000, &evict));
    assert_int_equal(evict, 0);
    assert_true(enter(11, &a, 1000, &evict));
    assert_int_equal(evict, 2);
    assert_int_equal(en_gate_count(&gate), 8);
}

static void when_full_the_weightiest_address_loses_its_oldest(void **state)
{
    struct en_addr member = addr(200);
    struct en_addr a;
    uint64_t evict = 0;
    uint64_t conn = 1;

    (void)state;
    assert_true(enter(conn++, &member, 1000, &evict));
    for (uint8_t i = 1; i <= 21; i++)
        for (size_t k = 0; k < 3; k++) {
            a = addr(i);
            assert_true(enter(conn++, &a, 1000, &evict));
            assert_int_equal(evict, 0);
        }
    assert_int_equal(en_gate_count(&gate), 64);
    for (uint8_t i = 30; i < 60; i++) { /* new ones push, the member stays */
        a = addr(i);
        assert_true(enter(conn++, &a, 1000, &evict));
        assert_int_equal(evict, 2 + 3 * (i - 30) - (i >= 51 ? 62 : 0));
        assert_int_equal(en_gate_count(&gate), 64);
    }
}

static void addresses_of_one_v6_network_are_one(void **state)
{
    struct en_addr a = {.ip = {0xfd, 1, 2, 3, 4, 5, 6, 7}};
    uint64_t evict = 0;

    (void)state;
    for (uint64_t i = 1; i <= 9; i++) {
        a.ip[15] = (uint8_t)i;
        assert_true(enter(i, &a, 1000, &evict));
    }
    assert_int_equal(evict, 1);
    a.ip[7] = 8; /* the next network */
    assert_true(enter(10, &a, 1000, &evict));
    assert_int_equal(evict, 0);
    /* IPv4 ones are not, though all share the mapped prefix. */
    for (uint8_t i = 1; i <= 9; i++) {
        a = addr(i);
        assert_true(enter(20u + i, &a, 1000, &evict));
        assert_int_equal(evict, 0);
    }
}

static void a_flood_from_one_address_runs_dry_and_another_does_not(void **state)
{
    struct en_addr a = addr(1);
    struct en_addr other = addr(2);
    uint64_t evict;
    uint64_t conn = 1;
    unsigned in = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        in += enter(conn++, &a, 1000, &evict);
    assert_int_equal(in, EN_GATE_BURST);
    assert_true(enter(conn++, &other, 1000, &evict));
    assert_false(enter(conn++, &a, 1249, &evict));
    assert_true(enter(conn++, &a, 1250, &evict));
    in = 0;
    for (uint64_t t = 2000; t < 12000; t += 10)
        in += enter(conn++, &a, t, &evict);
    assert_in_range(in, 40, 44);
    in = 0;
    for (unsigned i = 0; i < 1000; i++)
        in += enter(conn++, &a, 10000000, &evict);
    assert_int_equal(in, EN_GATE_BURST);
}

static void more_addresses_than_buckets_stay_within_the_bounds(void **state)
{
    struct en_addr a = addr(1);
    uint64_t evict;

    (void)state;
    for (uint64_t i = 1; i <= 5000; i++) {
        a.ip[14] = (uint8_t)(i >> 8);
        a.ip[15] = (uint8_t)i;
        assert_true(enter(i, &a, 1000 + i, &evict));
        assert_true(en_gate_count(&gate) <= EN_HALF_OPEN_MAX);
        assert_int_equal(evict != 0, i > EN_HALF_OPEN_MAX);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_lower_id_dials_what_a_beacon_told),
        CASE(a_named_address_is_dialled_whoever_is_lower),
        CASE(failures_wait_twice_as_long_from_ten_seconds_to_an_hour),
        CASE(coming_into_step_ends_the_waiting),
        CASE(a_device_that_was_away_is_called_when_it_comes_back),
        CASE(an_orderly_end_is_no_failure),
        CASE(after_an_exchange_a_second_is_enough),
        CASE(a_device_is_dialled_at_one_address_at_a_time),
        CASE(so_many_are_dialled_at_once_and_fewer_at_one_address),
        CASE(whoever_answers_at_a_named_address_ends_the_search_there),
        CASE(forgetting_a_device_or_a_circle_ends_its_targets),
        CASE(the_table_of_targets_is_bounded_and_stale_ones_make_room),
        CASE(of_two_links_the_one_dialled_by_the_lower_id_stays),
        CASE(of_two_links_dialled_by_one_side_the_later_stays),
        CASE(sixty_four_links_are_all),
        CASE(who_broke_a_rule_is_barred_for_ever_longer),
        CASE(there_is_room_for_more_culprits_than_links),
        CASE(an_address_holds_eight_and_its_oldest_gives_way),
        CASE(when_full_the_weightiest_address_loses_its_oldest),
        CASE(addresses_of_one_v6_network_are_one),
        CASE(a_flood_from_one_address_runs_dry_and_another_does_not),
        CASE(more_addresses_than_buckets_stay_within_the_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
