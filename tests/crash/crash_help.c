#include "crash_help.h"

#include "lib/memstore.h"
#include "lib/store_fill.h"

#include <stdlib.h>

const struct en_key *sim_kek(void)
{
    static const struct en_key kek = {"a key that no passphrase gives.."};

    return &kek;
}

struct en_vault_env sim_env(struct simdisk *d)
{
    return (struct en_vault_env){
        .below = simdisk_vfs(d), .disk = simdisk_disk(d), .time_ms = 1000};
}

en_err sim_create(struct simdisk *d, struct en_vault **out)
{
    static const struct en_pwhash_cost cost = {EN_PWHASH_WEAK_OPS,
                                               EN_PWHASH_WEAK_KIB};
    static const uint8_t salt[EN_PWHASH_SALT_LEN] = "salt of sixteen";
    struct en_vault_env env = sim_env(d);

    return en_vault_create_kek(DIR_NAME, sim_kek(), &cost, salt,
                               en_rng_system(), &env, out, NULL);
}

en_err sim_open(struct simdisk *d, struct en_vault **out)
{
    struct en_vault_env env = sim_env(d);

    return en_vault_open_kek(DIR_NAME, sim_kek(), en_rng_system(), &env, out,
                             NULL);
}

/* Log 0: own, one record a step. Log 2: another's, three records each third. */
void work_batch(struct en_batch *b, uint64_t i)
{
    struct en_key_name name = store_key_name(0, (uint8_t)(i % 3), i % 5);
    struct en_key key = store_key_value((uint8_t)i);
    char text[64];
    struct en_row row;

    store_fill(b, 0, 0, 1, true, i - 1, 1, (size_t)(200 + i * 37 % 3000));
    if (i % 3 == 0)
        store_fill(b, 0, 2, 0, false, i - 3, 3, (size_t)(i * 97 % 1500));
    (void)snprintf(text, sizeof(text), "%llx",
                   (unsigned long long)(i * 2654435761u % 64));
    row = store_row(0, (uint16_t)(i % 4), "", (int64_t)(i % 7), "");
    row.key = en_batch_keep(b, en_span_str(text));
    row.body = en_batch_keep(b, en_span_str("what was folded of the entry"));
    if (i % 4 == 3)
        assert_ok(en_batch_row_delete(b, &row.cid, row.kind, row.key));
    else
        assert_ok(en_batch_row_put(b, &row));
    if (i % 5 == 4)
        assert_ok(en_batch_key_destroy(b, &name));
    else
        assert_ok(en_batch_key_put(b, &name, &key));
    if (i % 6 == 5) {
        struct en_batch_mark mark = {
            .log = store_log_id(0, 0), .seq = i / 2, .mark = EN_MARK_DROPPED};

        assert_ok(en_batch_mark(b, &mark));
    }
}

en_err work_step(struct en_vault *v, uint64_t i)
{
    struct en_batch b = {0};
    en_err err;

    work_batch(&b, i);
    err = en_store_commit(en_vault_store(v), &b);
    en_batch_free(&b);
    return err;
}

uint64_t work_sum(struct en_store *s)
{
    struct en_buf all = {0};
    uint64_t h = 14695981039346656037u;

    store_dump(s, &all);
    for (size_t i = 0; i < all.n; i++)
        h = (h ^ all.p[i]) * 1099511628211u;
    en_buf_free(&all);
    return h;
}

void work_sums(uint64_t *sums, uint64_t n)
{
    struct memstore *m = memstore_new();

    sums[0] = work_sum(memstore_store(m));
    for (uint64_t i = 1; i <= n; i++) {
        struct en_batch b = {0};

        work_batch(&b, i);
        assert_ok(en_store_commit(memstore_store(m), &b));
        en_batch_free(&b);
        sums[i] = work_sum(memstore_store(m));
    }
    memstore_free(m);
}
