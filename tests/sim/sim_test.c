/*
 * The simulator over fixed seeds, and fresh ones when told how long:
 *
 *   sim_test                       100 fixed seeds, each twice for its trace
 *   EN_SIM_SEED=n sim_test         that seed, and what happened in it
 *   EN_SIM_SECONDS=s sim_test      fresh seeds for s seconds, printed
 */
#include "lib/test.h"

#include "base/secret.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define FIXED 100

static void one(uint64_t seed, struct sim_result *r)
{
    struct sim_plan p;

    sim_plan(&p, seed);
    if (!sim_run(&p, r))
        fail_msg("%s; replay: EN_SIM_SEED=%" PRIu64 " sim_test", r->why, seed);
}

static void fixed_seeds_break_no_invariant(void **state)
{
    struct sim_result all = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= FIXED; seed++) {
        struct sim_result r;

        one(seed, &r);
        all.acknowledged += r.acknowledged;
        all.joined += r.joined;
        all.crashes += r.crashes;
        all.cuts += r.cuts;
        all.clones += r.clones;
        all.strangers += r.strangers;
        all.forks_seen += r.forks_seen;
        all.old_copies += r.old_copies;
    }
    print_message(
        "# %d seeds: %u acknowledged, %u joined, %u crashes, %u cuts, "
        "%u clones, %u strangers, %u forks, %u old copies\n",
        FIXED, all.acknowledged, all.joined, all.crashes, all.cuts, all.clones,
        all.strangers, all.forks_seen, all.old_copies);
    /* Rare states are reached, or the run proves little. */
    assert_true(all.acknowledged > 1000 && all.joined > 100);
    assert_true(all.crashes > 50 && all.cuts > 50 && all.strangers > 100);
    assert_true(all.clones > 5 && all.old_copies > 0);
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct sim_result a;
        struct sim_result b;

        one(seed, &a);
        one(seed, &b);
        assert_true(a.trace == b.trace);
    }
}

static void the_seed_that_was_asked_for(void **state)
{
    struct sim_result r;
    uint64_t seed = strtoull(getenv("EN_SIM_SEED"), NULL, 10);

    (void)state;
    one(seed, &r);
    print_message("# seed %" PRIu64 ": trace %016" PRIx64 ", %u acknowledged, "
                  "%" PRIu64 " bytes\n",
                  seed, r.trace, r.acknowledged, r.bytes);
}

static void fresh_seeds_break_no_invariant(void **state)
{
    time_t end = time(NULL) + atoi(getenv("EN_SIM_SECONDS"));
    uint64_t seed = (uint64_t)time(NULL) << 16;
    unsigned n = 0;

    (void)state;
    print_message("# fresh seeds from %" PRIu64 "\n", seed);
    while (time(NULL) < end) {
        struct sim_result r;

        one(seed++, &r);
        n++;
    }
    print_message("# %u fresh seeds\n", n);
    assert_true(n > 0);
}

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(fixed_seeds_break_no_invariant),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
    };
    const struct CMUnitTest asked[] = {
        cmocka_unit_test(the_seed_that_was_asked_for),
    };
    const struct CMUnitTest fresh[] = {
        cmocka_unit_test(fresh_seeds_break_no_invariant),
    };

    if (en_secret_init() != EN_OK)
        return 1;
    if (getenv("EN_SIM_SEED") != NULL)
        return cmocka_run_group_tests(asked, NULL, NULL);
    if (getenv("EN_SIM_SECONDS") != NULL)
        return cmocka_run_group_tests(fresh, NULL, NULL);
    return cmocka_run_group_tests(fixed, NULL, NULL);
}
