/*
 * crash_test - a power cut at every point of a vault's life loses nothing that was
 * acknowledged.
 *
 * A run is recorded once: creation, commits, checkpoints, closings, a change of
 * passphrase. Then, for each prefix of the log and each model of a cut, the disk
 * is rebuilt, the vault opened, and what it holds compared whole with the states
 * that may be there: the last acknowledged one, or the one under way. Each
 * thirteenth recovery is recorded as well, cut in its turn, and opened again.
 *
 * Arguments: steps of the workload, seed.
 */
#include "crash_help.h"

#include "vault/schema.h"

#include <inttypes.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>

#define STEPS_MAX 2000

static uint64_t steps = 75;
static uint64_t seed = 20260101;
static uint64_t sums[STEPS_MAX + 1];
static uint64_t states, recoveries, absent, damaged;

static const char *const pass[2] = {"the first passphrase of all",
                                    "the second one, later"};
static const struct en_pwhash_cost cost = {EN_PWHASH_WEAK_OPS,
                                           EN_PWHASH_WEAK_KIB};

struct life {
    struct simdisk *disk;
    struct en_key kek[2];
};

/* The KEK that a passphrase gives under the header that stands now. */
static void learn_kek(struct life *l, unsigned which)
{
    struct en_buf bytes = {0};
    struct en_vault_header h;

    assert_true(simdisk_read(l->disk, "vault.hdr", &bytes));
    assert_ok(en_vault_header_read(en_buf_span(&bytes), &h, NULL));
    assert_ok(en_keyslot_kek(en_span_str(pass[which]), &h.slot[0].cost,
                             h.slot[0].salt, &l->kek[which]));
    en_buf_free(&bytes);
}

static void reopen(struct life *l, struct en_vault **v, unsigned which)
{
    struct en_vault_env env = sim_env(l->disk);

    en_vault_close(*v);
    *v = NULL;
    assert_ok(en_vault_open_kek(DIR_NAME, &l->kek[which], en_rng_system(), &env,
                                v, NULL));
}

static void change_passphrase(struct life *l, struct en_vault *v)
{
    simdisk_mark(l->disk, MARK_PASS_TRIED, 1);
    assert_ok(en_vault_passphrase(v, en_span_str(pass[0]), en_span_str(pass[1]),
                                  &cost, NULL));
    simdisk_mark(l->disk, MARK_PASS, 1);
    learn_kek(l, 1);
}

static void live(struct life *l, bool powersafe, unsigned sector)
{
    struct en_vault *v = NULL;
    struct en_vault_env env;
    unsigned which = 0;

    l->disk = simdisk_new(powersafe, sector);
    env = sim_env(l->disk);
    assert_ok(en_vault_create(DIR_NAME, en_span_str(pass[0]), &cost,
                              en_rng_system(), &env, &v, NULL));
    simdisk_mark(l->disk, MARK_MADE, 1);
    learn_kek(l, 0);
    for (uint64_t i = 1; i <= steps; i++) {
        simdisk_mark(l->disk, MARK_TRIED, i);
        assert_ok(work_step(v, i));
        simdisk_mark(l->disk, MARK_ACKED, i);
        assert_int_equal(work_sum(en_vault_store(v)), sums[i]);
        if (i % 11 == 0)
            assert_ok(en_schema_exec(en_vault_db(v),
                                     i % 2 != 0
                                         ? "PRAGMA wal_checkpoint(PASSIVE)"
                                         : "PRAGMA wal_checkpoint(TRUNCATE)"));
        if (i == steps / 2) {
            change_passphrase(l, v);
            which = 1;
        }
        if (i % 29 == 0)
            reopen(l, &v, which);
    }
    en_vault_close(v);
}

/* Opens by whichever passphrase may hold; checks that it is one of those. */
static en_err open_either(const struct life *l, struct simdisk *d, size_t upto,
                          struct en_vault **v)
{
    struct en_vault_env env = sim_env(d);
    bool tried = simdisk_marked(l->disk, upto, MARK_PASS_TRIED) != 0;
    bool acked = simdisk_marked(l->disk, upto, MARK_PASS) != 0;
    en_err err = EN_PASSPHRASE;

    if (!acked)
        err = en_vault_open_kek(DIR_NAME, &l->kek[0], en_rng_system(), &env, v,
                                NULL);
    if (err == EN_PASSPHRASE && tried)
        err = en_vault_open_kek(DIR_NAME, &l->kek[1], en_rng_system(), &env, v,
                                NULL);
    return err;
}

/* The state found is one of sums[from..to]; its number. */
static uint64_t must_be(struct en_vault *v, uint64_t from, uint64_t to,
                        const char *where)
{
    uint64_t sum = work_sum(en_vault_store(v));

    for (uint64_t i = from; i <= to; i++)
        if (sums[i] == sum)
            return i;
    for (uint64_t i = 0; i <= steps; i++)
        if (sums[i] == sum)
            print_error("%s: state is %" PRIu64 "\n", where, i);
    print_error("%s: state is none of %" PRIu64 "..%" PRIu64 "\n", where, from,
                to);
    fail();
    return 0;
}

static void check_vault(struct en_vault *v, const char *where)
{
    struct en_vault_state st;

    if (!en_vault_signs(v)) {
        print_error("%s: taken for an older copy\n", where);
        fail();
    }
    en_vault_state(v, &st);
    damaged += st.frames_damaged;
    if (states % 37 == 0)
        assert_ok(en_vault_check(v, NULL));
}

/* The recovery is itself cut, wherever. */
static void cut_recovery(const struct life *l, struct simdisk *d, size_t upto,
                         uint64_t at, uint64_t acked, struct en_rng *rng,
                         const char *where)
{
    size_t again = en_rng_below(rng, (uint32_t)simdisk_ops(d) + 1);
    enum sim_model model = (enum sim_model)en_rng_below(rng, SIM_MODELS);
    struct simdisk *e = simdisk_cut(d, again, model, rng);
    struct en_vault *v = NULL;
    uint64_t now = simdisk_marked(d, again, MARK_ACKED);

    assert_ok(open_either(l, e, upto, &v));
    (void)must_be(v, now > acked ? now : acked, at < steps ? at + 1 : at,
                  where);
    check_vault(v, where);
    recoveries++;
    en_vault_close(v);
    simdisk_free(e);
}

static void check_cut(const struct life *l, size_t upto, enum sim_model model,
                      uint64_t draw)
{
    struct en_rng_seeded rng;
    struct simdisk *d;
    struct simdisk *r;
    struct en_vault *v = NULL;
    uint64_t acked = simdisk_marked(l->disk, upto, MARK_ACKED);
    uint64_t tried = simdisk_marked(l->disk, upto, MARK_TRIED);
    char where[96];
    uint64_t at;
    en_err err;

    (void)snprintf(where, sizeof(where), "cut %zu model %d seed %" PRIu64, upto,
                   (int)model, draw);
    en_rng_seed(&rng, draw * 1000003 + upto * SIM_MODELS + model);
    d = simdisk_cut(l->disk, upto, model, &rng.rng);
    states++;
    err = open_either(l, d, upto, &v);
    if (err == EN_ABSENT && simdisk_marked(l->disk, upto, MARK_MADE) == 0) {
        absent++;
        /* There is no vault: one can be made, whatever lies about. */
        assert_ok(sim_create(d, &v));
        en_vault_close(v);
        simdisk_free(d);
        return;
    }
    if (err != EN_OK) {
        print_error("%s: %s\n", where, en_err_name(err));
        fail();
    }
    at = must_be(v, acked, tried, where);
    check_vault(v, where);
    if (states % 13 == 0) {
        en_vault_close(v);
        simdisk_free(d);
        /* Again, on a disk that remembers: the same cut. */
        en_rng_seed(&rng, draw * 1000003 + upto * SIM_MODELS + model);
        d = simdisk_cut(l->disk, upto, model, &rng.rng);
        r = d;
        assert_ok(open_either(l, r, upto, &v));
        simdisk_mark(r, MARK_ACKED, at);
        if (at < steps) {
            assert_ok(work_step(v, at + 1));
            simdisk_mark(r, MARK_ACKED, at + 1);
        }
        en_vault_close(v);
        cut_recovery(l, r, upto, at, acked, &rng.rng, where);
        simdisk_free(r);
        return;
    }
    en_vault_close(v);
    simdisk_free(d);
}

static void no_cut_loses_what_was_acknowledged(bool powersafe, unsigned sector)
{
    struct life l = {0};

    live(&l, powersafe, sector);
    for (size_t upto = 0; upto <= simdisk_ops(l.disk); upto++)
        for (int model = 0; model < SIM_MODELS; model++)
            check_cut(&l, upto, (enum sim_model)model, seed);
    simdisk_free(l.disk);
}

static void cut_loses_nothing_when_sectors_are_spoilt(void **s)
{
    (void)s;
    no_cut_loses_what_was_acknowledged(false, 512);
}

static void cut_loses_nothing_when_large_sectors_are_spoilt(void **s)
{
    (void)s;
    no_cut_loses_what_was_acknowledged(false, 4096);
}

static void cut_loses_nothing_on_a_powersafe_disk(void **s)
{
    (void)s;
    no_cut_loses_what_was_acknowledged(true, 512);
}

/* Creation is short and its order is everything: header, guard and database are
 * three names, each of which may last or not. Many draws of each cut. */
static void cut_creation_is_no_vault_or_a_whole_one(void **s)
{
    struct life l = {0};

    (void)s;
    live(&l, true, 512);
    for (size_t upto = 0; simdisk_marked(l.disk, upto, MARK_TRIED) == 0; upto++)
        for (uint64_t draw = 1; draw <= 16; draw++)
            check_cut(&l, upto, draw % 2 == 0 ? SIM_TORN : SIM_GARBAGE,
                      seed + draw);
    simdisk_free(l.disk);
}

static void enough_states_were_looked_at(void **s)
{
    (void)s;
    print_message("# %" PRIu64 " crash states, %" PRIu64
                  " recoveries cut again, %" PRIu64 " before there was a vault,"
                  " %" PRIu64 " with damage behind the end, 0 lost\n",
                  states, recoveries, absent, damaged);
    assert_true(states >= 20000 || steps < 75);
    assert_true(recoveries > states / 20 || steps < 75);
    assert_true(absent > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_loses_nothing_when_sectors_are_spoilt),
        cmocka_unit_test(cut_loses_nothing_when_large_sectors_are_spoilt),
        cmocka_unit_test(cut_loses_nothing_on_a_powersafe_disk),
        cmocka_unit_test(cut_creation_is_no_vault_or_a_whole_one),
        cmocka_unit_test(enough_states_were_looked_at),
    };

    if (argc > 1)
        steps = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    if (steps < 4 || steps > STEPS_MAX)
        return 2;
#ifdef __GLIBC__
    /* Disks come and go by the megabyte: no system call for each. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 25);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 28);
#endif
    if (en_secret_init() != EN_OK || en_vault_process_init() != EN_OK)
        return 2;
    work_sums(sums, steps);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
