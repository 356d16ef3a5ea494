/*
 * io_test - every call to the disk fails once, and from some point on for ever.
 *
 * For each n, the n-th call of a short life (create, or open, commits with a
 * checkpoint among them, close) fails as EIO, ENOSPC, a short write or a failed
 * sync. What was acknowledged before and after is there when the disk is well
 * again, and after a power cut; nothing in between is taken for more than it is.
 */
#include "crash_help.h"

#include "vault/schema.h"

#include <inttypes.h>
#include <stdlib.h>

#define STEPS 6

static uint64_t sums[STEPS + 8];
static const char *const fault_name[SIM_FAULTS] = {"EIO", "ENOSPC", "short",
                                                   "sync"};

/* Commits until one fails; the number of those acknowledged. A vault that failed
 * once refuses the rest: EN_IO, whatever it is asked. */
static uint64_t commit_some(struct en_vault *v, uint64_t from, uint64_t to,
                            uint64_t *tried)
{
    uint64_t acked = from;

    for (uint64_t i = from + 1; i <= to; i++) {
        en_err err;

        *tried = i;
        err = work_step(v, i);
        if (err != EN_OK) {
            struct en_vault_state st;

            assert_true(err == EN_IO || err == EN_FULL || err == EN_FORGED ||
                        err == EN_NOMEM);
            en_vault_state(v, &st);
            if (err == EN_IO || err == EN_FULL)
                assert_true(st.broken);
            if (st.broken) {
                struct en_id cid = {{0}};
                struct en_key_name name = {.kind = 1};
                struct en_key key;

                assert_false(en_vault_signs(v));
                assert_err(work_step(v, i), EN_IO);
                assert_err(en_store_key(en_vault_store(v), &name, &key), EN_IO);
                assert_err(en_store_row(en_vault_store(v), &cid, 1, BYTES("k"),
                                        NULL, NULL),
                           EN_IO);
                assert_err(en_vault_check(v, NULL), EN_IO);
            }
            break;
        }
        acked = i;
        if (i == from + 3)
            (void)sqlite3_exec(en_vault_db(v), "PRAGMA wal_checkpoint(PASSIVE)",
                               NULL, NULL, NULL);
    }
    return acked;
}

/* On a disk that is well: one of the states from acked on, and it goes on. */
static void must_hold(struct simdisk *d, uint64_t acked, uint64_t tried,
                      const char *where)
{
    struct en_vault *v = NULL;
    uint64_t sum;
    uint64_t at = acked;
    en_err err = sim_open(d, &v);

    if (err != EN_OK) {
        print_error("%s: opening says %s\n", where, en_err_name(err));
        fail();
    }
    sum = work_sum(en_vault_store(v));
    while (at <= tried && sums[at] != sum)
        at++;
    if (at > tried || !en_vault_signs(v)) {
        print_error("%s: not a state from %" PRIu64 " to %" PRIu64
                    ", or not signing\n",
                    where, acked, tried);
        fail();
    }
    assert_ok(en_vault_check(v, NULL));
    assert_ok(work_step(v, at + 1));
    en_vault_close(v);
}

static void check_both(struct simdisk *d, uint64_t acked, uint64_t tried,
                       const char *where, uint64_t n)
{
    struct en_rng_seeded rng;

    simdisk_heal(d);
    en_rng_seed(&rng, n);
    for (int model = 0; model < SIM_MODELS; model++) {
        struct simdisk *c =
            simdisk_cut(d, simdisk_ops(d), (enum sim_model)model, &rng.rng);

        must_hold(c, acked, tried, where);
        simdisk_free(c);
    }
}

/* One life on a copy of `from`; whether the fault struck. */
static bool live_with(const struct simdisk *from, uint64_t base, uint64_t n,
                      enum sim_fault fault, bool for_ever)
{
    struct simdisk *d = simdisk_copy(from);
    struct en_vault *v = NULL;
    uint64_t acked = base;
    uint64_t tried = base;
    bool struck;
    char where[96];
    en_err err;

    (void)snprintf(where, sizeof(where), "call %" PRIu64 " %s%s", n,
                   fault_name[fault], for_ever ? " for ever" : "");
    simdisk_fail(d, n, fault, for_ever);
    err = sim_open(d, &v);
    if (err == EN_OK) {
        acked = commit_some(v, base, base + STEPS, &tried);
        en_vault_close(v);
    } else {
        assert_null(v);
        assert_true(err == EN_IO || err == EN_FULL || err == EN_FORGED);
    }
    struck = simdisk_failed(d);
    assert_true(struck || acked == base + STEPS);
    check_both(d, acked, tried, where, n);
    simdisk_free(d);
    return struck;
}

static void sweep(bool powersafe, bool leave_log)
{
    struct simdisk *d = simdisk_new(powersafe, 512);
    struct simdisk *after;
    struct en_vault *v = NULL;
    uint64_t calls = 0;
    uint64_t base = 2;

    assert_ok(sim_create(d, &v));
    assert_ok(work_step(v, 1));
    assert_ok(work_step(v, 2));
    if (leave_log) { /* killed here: the log is full of commits */
        after = simdisk_copy(d);
        en_vault_close(v);
    } else {
        en_vault_close(v);
        after = simdisk_copy(d);
    }
    for (int fault = 0; fault < SIM_FAULTS; fault++) {
        for (int ever = 0; ever < 2; ever++) {
            uint64_t n = 0;

            while (live_with(after, base, n, (enum sim_fault)fault, ever != 0))
                n++;
            assert_true(n > 10);
            calls += n;
        }
    }
    print_message("# %" PRIu64 " failing calls\n", calls);
    simdisk_free(d);
    simdisk_free(after);
}

static void failing_call_loses_nothing_acknowledged(void **state)
{
    (void)state;
    sweep(true, false);
    sweep(false, false);
}

static void failing_call_after_a_kill_loses_nothing_acknowledged(void **state)
{
    (void)state;
    sweep(true, true);
    sweep(false, true);
}

static void failing_creation_makes_no_vault_or_a_whole_one(void **state)
{
    (void)state;
    for (int fault = 0; fault < SIM_FAULTS; fault++) {
        for (int ever = 0; ever < 2; ever++) {
            bool struck = true;

            for (uint64_t n = 0; struck; n++) {
                struct simdisk *d = simdisk_new(true, 512);
                struct en_vault *v = NULL;
                bool there;
                en_err err;

                simdisk_fail(d, n, (enum sim_fault)fault, ever != 0);
                err = sim_create(d, &v);
                struck = simdisk_failed(d);
                simdisk_heal(d);
                assert_true((err == EN_OK) == (v != NULL));
                assert_true(struck || err == EN_OK);
                en_vault_close(v);
                v = NULL;
                there = en_vault_exists(DIR_NAME, simdisk_disk(d));
                assert_true(there || err != EN_OK);
                if (!there)
                    assert_ok(sim_create(d, &v));
                else
                    assert_ok(sim_open(d, &v));
                assert_ok(work_step(v, 1));
                en_vault_close(v);
                simdisk_free(d);
            }
        }
    }
}

static void full_disk_is_told_as_such_and_recovers_by_reopening(void **state)
{
    struct simdisk *d = simdisk_new(true, 512);
    struct en_vault *v = NULL;

    (void)state;
    assert_ok(sim_create(d, &v));
    assert_ok(work_step(v, 1));
    simdisk_fail(d, 0, SIM_ENOSPC, true);
    assert_err(work_step(v, 2), EN_FULL);
    assert_int_equal(en_vault_why(v)->reason, EN_WHY_DISK_FULL);
    assert_err(work_step(v, 2), EN_IO);
    simdisk_heal(d);
    assert_err(work_step(v, 2), EN_IO); /* space alone does not mend trust */
    en_vault_close(v);
    assert_ok(sim_open(d, &v));
    assert_int_equal(work_sum(en_vault_store(v)), sums[1]);
    assert_ok(work_step(v, 2));
    en_vault_close(v);
    simdisk_free(d);
}

static void failed_sync_is_never_asked_again(void **state)
{
    struct simdisk *d = simdisk_new(true, 512);
    struct en_vault *v = NULL;
    size_t ops;

    (void)state;
    assert_ok(sim_create(d, &v));
    assert_ok(work_step(v, 1));
    simdisk_fail(d, 0, SIM_SYNC, false); /* once: the next would succeed */
    assert_err(work_step(v, 2), EN_IO);
    ops = simdisk_ops(d);
    assert_err(work_step(v, 2), EN_IO);
    en_vault_close(v);
    /* Neither the refused commit nor closing has written or synced anything. */
    assert_int_equal(simdisk_ops(d), ops);
    simdisk_free(d);
}

static void failed_guard_is_a_failed_commit(void **state)
{
    struct simdisk *d = simdisk_new(true, 512);
    struct en_vault *v = NULL;

    (void)state;
    assert_ok(sim_create(d, &v));
    assert_ok(work_step(v, 1));
    simdisk_fail(d, 1, SIM_SYNC, false); /* the log's sync, then the guard's */
    assert_err(work_step(v, 2), EN_IO);
    assert_false(en_vault_signs(v));
    en_vault_close(v);
    must_hold(d, 2, 2, "guard"); /* the commit itself was whole */
    simdisk_free(d);
}

/* A first page torn in the file while the log holds the good copy. */
static void torn_first_page_is_mended_from_the_log(void **state)
{
    struct simdisk *d = simdisk_new(true, 512);
    struct simdisk *c;
    struct en_vault *v = NULL;
    struct en_buf db = {0};

    (void)state;
    assert_ok(sim_create(d, &v));
    for (uint64_t i = 1; i <= STEPS + 4; i++)
        assert_ok(work_step(v, i));
    c = simdisk_copy(d); /* killed: the database had grown, in the log */
    en_vault_close(v);
    assert_true(simdisk_read(c, "g0000000000000001.db", &db));
    memset(db.p + 1024, 0x5a, 512);
    simdisk_write(c, "g0000000000000001.db", en_buf_span(&db));
    must_hold(c, STEPS + 4, STEPS + 4, "torn page 1");
    en_buf_free(&db);
    simdisk_free(c);
    simdisk_free(d);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_call_loses_nothing_acknowledged),
        cmocka_unit_test(failing_call_after_a_kill_loses_nothing_acknowledged),
        cmocka_unit_test(failing_creation_makes_no_vault_or_a_whole_one),
        cmocka_unit_test(full_disk_is_told_as_such_and_recovers_by_reopening),
        cmocka_unit_test(failed_sync_is_never_asked_again),
        cmocka_unit_test(failed_guard_is_a_failed_commit),
        cmocka_unit_test(torn_first_page_is_mended_from_the_log),
    };

    if (en_secret_init() != EN_OK || en_vault_process_init() != EN_OK)
        return 2;
    work_sums(sums, STEPS + 6);
    if (argc > 1)
        cmocka_set_test_filter(argv[1]); /* one test alone */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
