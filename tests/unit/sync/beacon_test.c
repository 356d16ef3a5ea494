#include "sync/beacon.h"

#include "crypto/wrap.h"
#include "lib/test.h"

#define N   5
#define NOW 1800000000000 /* Unix ms: inside an hour, 0 ms after it began */

static const struct en_addr at = {
    .ip = {[10] = 0xff, [11] = 0xff, 192, 168, 1, 20}, .port = 51847};

static struct en_rng_seeded rng;
static struct en_id cid;
static struct en_id device[N];
static struct en_key find[N];
static uint8_t find_pk[N][32];
static struct en_beacons b[N]; /* each one's list of all others */
static uint8_t beacon[EN_BEACON_LEN];
static struct en_heard heard;

static void list_all(size_t who, bool without, size_t out)
{
    en_beacons_begin(&b[who]);
    for (size_t i = 0; i < N; i++)
        if (i != who && !(without && i == out))
            assert_ok(en_beacons_put(&b[who], &device[i], find_pk[i]));
    en_beacons_end(&b[who]);
}

static int set_up(void **state)
{
    (void)state;
    en_rng_seed(&rng, 17);
    en_rng_bytes(&rng.rng, cid.b, sizeof(cid.b));
    for (size_t i = 0; i < N; i++) {
        en_rng_bytes(&rng.rng, device[i].b, sizeof(device[i].b));
        device[i].b[0] = (uint8_t)(10 * i);
        en_rng_bytes(&rng.rng, find[i].b, sizeof(find[i].b));
        en_x25519_public(&find[i], find_pk[i]);
        assert_ok(en_beacons_init(&b[i], &cid, &device[i], &find[i]));
    }
    for (size_t i = 0; i < N; i++)
        list_all(i, false, 0);
    memset(&heard, 0xee, sizeof(heard));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++)
        en_beacons_free(&b[i]);
    return 0;
}

static en_err match_from(size_t who, struct en_span d, const uint8_t ip[16],
                         int64_t time_ms)
{
    b[who].heard = (struct en_rate){0}; /* the limit has its own test */
    return en_beacon_match(&b[who], d, ip, time_ms, 1000, &heard);
}

static en_err match(size_t who)
{
    return match_from(who, EN_SPAN_OF(beacon), at.ip, NOW);
}

static void everybody_listed_recognises_a_beacon_and_nobody_else(void **state)
{
    struct en_beacons stranger;
    struct en_key key = {{77}};

    (void)state;
    for (size_t from = 0; from < N; from++) {
        en_beacon_make(&b[from], &rng.rng, &at, NOW, beacon);
        for (size_t who = 0; who < N; who++) {
            if (who == from) {
                assert_err(match(who), EN_ABSENT); /* one's own */
                continue;
            }
            assert_ok(match(who));
            assert_true(en_id_eq(&heard.device, &device[from]));
            assert_int_equal(heard.port, 51847);
            assert_int_equal(heard.dial, who < from); /* the lower one dials */
        }
    }
    assert_ok(en_beacons_init(&stranger, &cid, &device[1], &key));
    for (size_t i = 0; i < N; i++)
        if (i != 1)
            assert_ok(en_beacons_put(&stranger, &device[i], find_pk[i]));
    en_beacon_make(&b[0], &rng.rng, &at, NOW, beacon);
    assert_err(en_beacon_match(&stranger, EN_SPAN_OF(beacon), at.ip, NOW, 1000,
                               &heard),
               EN_ABSENT);
    en_beacons_free(&stranger);
}

static void a_removed_device_neither_finds_nor_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++)
        if (i != 2)
            list_all(i, true, 2);
    en_beacon_make(&b[0], &rng.rng, &at, NOW, beacon);
    assert_err(match(2), EN_ABSENT);
    assert_ok(match(3));
    en_beacon_make(&b[2], &rng.rng, &at, NOW, beacon);
    assert_err(match(0), EN_ABSENT);
    assert_int_equal(b[0].n, N - 2);
}

static void a_clock_may_be_two_hours_off_and_no_more(void **state)
{
    (void)state;
    en_beacon_make(&b[0], &rng.rng, &at, NOW + EN_HOUR_MS / 2, beacon);
    for (int h = -5; h <= 5; h++)
        assert_err(match_from(1, EN_SPAN_OF(beacon), at.ip,
                              NOW + EN_HOUR_MS / 2 + h * EN_HOUR_MS),
                   h >= -2 && h <= 2 ? EN_OK : EN_ABSENT);
    /* A clock that stands before 1970 is no reason to stop. */
    en_beacon_make(&b[0], &rng.rng, &at, -5, beacon);
    assert_ok(match_from(1, EN_SPAN_OF(beacon), at.ip, INT64_MIN));
    assert_ok(match_from(1, EN_SPAN_OF(beacon), at.ip, EN_HOUR_MS));
}

static void a_tag_is_bound_to_address_port_nonce_and_circle(void **state)
{
    uint8_t ip[16];

    (void)state;
    en_beacon_make(&b[0], &rng.rng, &at, NOW, beacon);
    for (size_t i = 0; i < 16; i++) {
        memcpy(ip, at.ip, 16);
        ip[i] ^= 1;
        assert_err(match_from(1, EN_SPAN_OF(beacon), ip, NOW), EN_ABSENT);
    }
    for (size_t i = 1; i < 19; i++) { /* nonce and port */
        beacon[i] ^= 1;
        assert_err(match(1), EN_ABSENT);
        beacon[i] ^= 1;
    }
    assert_ok(match(1));
    b[1].cid.b[0] ^= 1;
    assert_err(match(1), EN_ABSENT);
}

static void anything_but_531_bytes_of_version_1_is_no_beacon(void **state)
{
    uint8_t longer[EN_BEACON_LEN + 1];

    (void)state;
    en_beacon_make(&b[0], &rng.rng, &at, NOW, beacon);
    for (size_t n = 0; n < EN_BEACON_LEN; n++)
        assert_err(match_from(1, EN_SPAN(beacon, n), at.ip, NOW), EN_PROTOCOL);
    memcpy(longer, beacon, sizeof(beacon));
    longer[EN_BEACON_LEN] = 0;
    assert_err(match_from(1, EN_SPAN_OF(longer), at.ip, NOW), EN_PROTOCOL);
    beacon[0] = 2;
    assert_err(match(1), EN_PROTOCOL);
    beacon[0] = 1;
    beacon[17] = beacon[18] = 0; /* port 0: nobody can be called there */
    assert_err(match(1), EN_PROTOCOL);
}

/* The slots are sorted and all alike: nothing in them tells how many are tags. */
static void a_beacon_shows_no_number_of_peers_and_repeats_nothing(void **state)
{
    static uint8_t seen[200][EN_BEACON_LEN];

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        const uint8_t *slot = seen[i] + 19;

        en_beacon_make(&b[0], &rng.rng, &at, NOW, seen[i]);
        for (size_t k = 1; k < EN_BEACON_SLOTS; k++)
            assert_true(memcmp(slot + 8 * (k - 1), slot + 8 * k, 8) < 0);
        for (size_t j = 0; j < i; j++)
            for (size_t k = 0; k < EN_BEACON_SLOTS; k++)
                for (size_t l = 0; l < EN_BEACON_SLOTS; l++)
                    assert_memory_not_equal(slot + 8 * k, seen[j] + 19 + 8 * l,
                                            8);
    }
}

static void sixty_four_peers_fit_and_one_more_does_not(void **state)
{
    struct en_beacons many;
    struct en_id id = {{0}};
    struct en_id own = {{0xff}};

    (void)state;
    assert_ok(en_beacons_init(&many, &cid, &own, &find[0]));
    for (size_t i = 0; i < EN_BEACON_SLOTS; i++) {
        id.b[0] = (uint8_t)(200 - i);
        assert_ok(en_beacons_put(&many, &id, find_pk[1]));
    }
    for (size_t i = 1; i < EN_BEACON_SLOTS; i++)
        assert_true(en_id_cmp(&many.peer[i - 1].device, &many.peer[i].device) <
                    0);
    id.b[0] = 1;
    assert_err(en_beacons_put(&many, &id, find_pk[1]), EN_FULL);
    /* In a new list those who left make room. */
    en_beacons_begin(&many);
    assert_ok(en_beacons_put(&many, &id, find_pk[1]));
    en_beacons_end(&many);
    assert_int_equal(many.n, 1);
    en_beacon_make(&many, &rng.rng, &at, NOW, beacon);
    en_beacons_free(&many);
    en_beacons_free(&many);
}

static void a_find_key_of_low_order_is_refused(void **state)
{
    static const uint8_t low[32] = {1};
    struct en_id id = {{0x77}};

    (void)state;
    assert_err(en_beacons_put(&b[0], &id, low), EN_FORGED);
    assert_int_equal(b[0].n, N - 1);
}

static void twenty_beacons_a_second_are_looked_at(void **state)
{
    unsigned looked = 0;

    (void)state;
    en_beacon_make(&b[0], &rng.rng, &at, NOW, beacon);
    b[1].heard = (struct en_rate){0};
    for (unsigned i = 0; i < 100; i++)
        looked += en_beacon_match(&b[1], EN_SPAN_OF(beacon), at.ip, NOW, 5000,
                                  &heard) == EN_OK;
    assert_int_equal(looked, 20);
    assert_err(
        en_beacon_match(&b[1], EN_SPAN_OF(beacon), at.ip, NOW, 5049, &heard),
        EN_FULL);
    assert_ok(
        en_beacon_match(&b[1], EN_SPAN_OF(beacon), at.ip, NOW, 5050, &heard));
    looked = 0;
    for (uint64_t t = 10000; t < 20000; t += 10)
        looked += en_beacon_match(&b[1], EN_SPAN_OF(beacon), at.ip, NOW, t,
                                  &heard) == EN_OK;
    assert_in_range(looked, 200, 220);
}

static void a_rate_gives_back_what_time_brings(void **state)
{
    struct en_rate r = {0};

    (void)state;
    assert_true(en_rate_take(&r, 1, UINT64_MAX - 5000)); /* any clock */
    assert_false(en_rate_take(&r, 1, UINT64_MAX - 4001));
    assert_true(en_rate_take(&r, 1, UINT64_MAX - 4000));
    r = (struct en_rate){0};
    for (unsigned i = 0; i < 5; i++)
        assert_true(en_rate_take(&r, 5, 0));
    assert_false(en_rate_take(&r, 5, 0));
}

/* -- SEEK and HERE -------------------------------------------------------- */

static void
a_seek_is_answered_by_whoever_invites_under_that_number(void **state)
{
    struct en_seek s;
    struct en_rate rate = {0};
    struct en_addr call = {.port = 0};
    struct en_addr from = at;
    uint8_t seek[EN_SEEK_LEN];
    uint8_t here[EN_SEEK_LEN];

    (void)state;
    en_seek_init(&s, 7, &rng.rng, 1000);
    assert_true(en_seek_due(&s, 1000, seek));
    assert_memory_equal(seek, "EN1S\1\7\0\0\0\0\0\0\0\0\0\0", 16);
    assert_memory_equal(seek + 16, s.random, 16);
    assert_err(en_here_answer(&rate, EN_SPAN_OF(seek), 0, 5, 1000, here),
               EN_ABSENT);
    assert_err(en_here_answer(&rate, EN_SPAN_OF(seek), 8, 5, 1000, here),
               EN_ABSENT);
    assert_ok(en_here_answer(&rate, EN_SPAN_OF(seek), 7, 0x1234, 1000, here));
    assert_memory_equal(here, "EN1H\1\7\x34\x12\0\0\0\0\0\0\0\0", 16);
    assert_memory_equal(here + 16, s.random, 16);
    from.port = 40000; /* the socket it came from, not where to call */
    assert_ok(en_seek_heard(&s, EN_SPAN_OF(here), &from, &call));
    assert_int_equal(call.port, 0x1234);
    assert_memory_equal(call.ip, at.ip, 16);
}

static void a_seek_goes_out_every_second_until_three_have_answered(void **state)
{
    struct en_seek s;
    struct en_addr call;
    struct en_addr from = at;
    uint8_t seek[EN_SEEK_LEN];
    uint8_t here[EN_SEEK_LEN] = "EN1H\1\7\1\0";

    (void)state;
    en_seek_init(&s, 7, &rng.rng, 1000);
    memcpy(here + 16, s.random, 16);
    assert_true(en_seek_due(&s, 1000, seek));
    assert_false(en_seek_due(&s, 1999, seek));
    assert_true(en_seek_due(&s, 2000, seek));
    assert_true(en_seek_due(&s, 9500, seek));
    assert_false(en_seek_due(&s, 9600, seek)); /* no burst after a pause */
    for (uint8_t i = 0; i < 3; i++) {
        from.ip[15] = i;
        assert_ok(en_seek_heard(&s, EN_SPAN_OF(here), &from, &call));
        assert_err(en_seek_heard(&s, EN_SPAN_OF(here), &from, &call), EN_FULL);
    }
    from.ip[15] = 9;
    assert_err(en_seek_heard(&s, EN_SPAN_OF(here), &from, &call), EN_FULL);
    assert_false(en_seek_due(&s, 99999, seek));
}

static void seek_and_here_are_exact(void **state)
{
    struct en_seek s;
    struct en_rate rate = {0};
    struct en_addr call;
    uint8_t seek[EN_SEEK_LEN + 1] = {0};
    uint8_t here[EN_SEEK_LEN + 1] = {0};

    (void)state;
    en_seek_init(&s, 99, &rng.rng, 1000);
    assert_true(en_seek_due(&s, 1000, seek));
    for (size_t n = 0; n <= EN_SEEK_LEN + 1; n++)
        if (n != EN_SEEK_LEN)
            assert_err(
                en_here_answer(&rate, EN_SPAN(seek, n), 99, 5, 1000, here),
                EN_PROTOCOL);
    for (size_t bit = 0; bit < 16 * 8; bit++) {
        en_err err;

        rate = (struct en_rate){0};
        seek[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = en_here_answer(&rate, EN_SPAN(seek, EN_SEEK_LEN), 99, 5, 1000,
                             here);
        assert_true(err == EN_PROTOCOL || (bit / 8 == 5 && err == EN_ABSENT));
        seek[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_ok(
        en_here_answer(&rate, EN_SPAN(seek, EN_SEEK_LEN), 99, 5, 1000, here));
    for (size_t n = 0; n <= EN_SEEK_LEN + 1; n++)
        if (n != EN_SEEK_LEN)
            assert_err(en_seek_heard(&s, EN_SPAN(here, n), &at, &call),
                       EN_PROTOCOL);
    for (size_t bit = 0; bit < EN_SEEK_LEN * 8; bit++) {
        en_err err;

        if (bit / 8 == 6 || bit / 8 == 7)
            continue; /* another port */
        here[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = en_seek_heard(&s, EN_SPAN(here, EN_SEEK_LEN), &at, &call);
        assert_int_equal(err != EN_OK, true);
        here[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    here[6] = here[7] = 0;
    assert_err(en_seek_heard(&s, EN_SPAN(here, EN_SEEK_LEN), &at, &call),
               EN_PROTOCOL);
}

static void five_seeks_a_second_are_answered(void **state)
{
    struct en_seek s;
    struct en_rate rate = {0};
    uint8_t seek[EN_SEEK_LEN];
    uint8_t here[EN_SEEK_LEN];
    unsigned n = 0;

    (void)state;
    en_seek_init(&s, 7, &rng.rng, 1000);
    assert_true(en_seek_due(&s, 1000, seek));
    for (unsigned i = 0; i < 50; i++)
        n += en_here_answer(&rate, EN_SPAN_OF(seek), 7, 5, 1000, here) == EN_OK;
    assert_int_equal(n, 5);
    assert_err(en_here_answer(&rate, EN_SPAN_OF(seek), 7, 5, 1199, here),
               EN_FULL);
    assert_ok(en_here_answer(&rate, EN_SPAN_OF(seek), 7, 5, 1200, here));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(everybody_listed_recognises_a_beacon_and_nobody_else),
        CASE(a_removed_device_neither_finds_nor_is_found),
        CASE(a_clock_may_be_two_hours_off_and_no_more),
        CASE(a_tag_is_bound_to_address_port_nonce_and_circle),
        CASE(anything_but_531_bytes_of_version_1_is_no_beacon),
        CASE(a_beacon_shows_no_number_of_peers_and_repeats_nothing),
        CASE(sixty_four_peers_fit_and_one_more_does_not),
        CASE(a_find_key_of_low_order_is_refused),
        CASE(twenty_beacons_a_second_are_looked_at),
        CASE(a_rate_gives_back_what_time_brings),
        CASE(a_seek_is_answered_by_whoever_invites_under_that_number),
        CASE(a_seek_goes_out_every_second_until_three_have_answered),
        CASE(seek_and_here_are_exact),
        CASE(five_seeks_a_second_are_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
