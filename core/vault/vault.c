#include "vault/vault.h"

#include "base/limits.h"
#include "base/text.h"
#include "vault/alloc.h"
#include "vault/disk.h"
#include "vault/guard.h"
#include "vault/internal.h"
#include "vault/page.h"
#include "vault/schema.h"
#include "vault/tables.h"
#include "vault/vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_NAME "vault.hdr"
#define HEADER_NEW  "vault.new"
#define GUARD_NAME  "vault.guard"

struct en_vault {
    struct en_store store; /* first: the store is the vault */
    char *dir;
    char db_name[24]; /* g<16 hex>.db */
    char wal_name[28];
    char *db_path;
    struct en_disk *disk;
    struct en_rng *rng;
    struct en_vault_env env;
    struct en_vault_keys *keys; /* guarded; the only place of every key */
    bool locked;
    uint8_t bytes[EN_VAULT_HEADER_LEN]; /* the header as it stands on disk */
    struct en_vault_header header;
    struct en_vfs *vfs;
    sqlite3 *db;
    struct en_tables tables;
    struct en_guard guard;
    uint64_t counter;
    enum en_vault_trust trust;
    bool broken;
    struct en_why why; /* of the last store function */
};

static const struct en_store_ops store_ops;

en_err en_vault_process_init(void)
{
    return en_alloc_install();
}

/*
 * Libraries leave parts of what they worked on below our stack pointer. Called
 * after keys were used and before control goes back.
 */
__attribute__((noinline)) static void burn_stack(void)
{
    uint8_t b[32768];

    en_wipe(b, sizeof(b));
}

/* ---- a vault's struct and names ---- */

static void name_generation(struct en_vault *v)
{
    (void)snprintf(v->db_name, sizeof(v->db_name), "g%016llx.db",
                   (unsigned long long)v->header.generation);
    (void)snprintf(v->wal_name, sizeof(v->wal_name), "%s-wal", v->db_name);
}

static en_err make_path(struct en_vault *v)
{
    size_t n = strlen(v->dir) + 1 + strlen(v->db_name) + 1;
    char *p = malloc(n);

    if (p == NULL)
        return EN_NOMEM;
    (void)snprintf(p, n, "%s/%s", v->dir, v->db_name);
    free(v->db_path);
    v->db_path = p;
    return EN_OK;
}

/* Whether everything below went well. */
static bool close_database(struct en_vault *v)
{
    bool well;
    int rc;

    en_tables_close(&v->tables);
    if (v->db != NULL) {
        /* Checkpoints and removes the log, unless something failed before. */
        rc = sqlite3_close(v->db);
        assert(rc == SQLITE_OK);
        v->db = NULL;
    }
    well = v->vfs != NULL && !en_vfs_seen(v->vfs)->failed;
    en_vfs_free(v->vfs);
    v->vfs = NULL;
    return well;
}

static void free_vault(struct en_vault *v)
{
    if (v == NULL)
        return;
    (void)close_database(v);
    en_guarded_free(v->keys);
    free(v->dir);
    free(v->db_path);
    en_wipe(v, sizeof(*v));
    free(v);
    burn_stack();
}

static en_err new_vault(const char *dir, struct en_rng *rng,
                        const struct en_vault_env *env, struct en_vault **out)
{
    struct en_vault *v;
    en_err err = en_vault_process_init();

    if (err != EN_OK)
        return err;
    v = calloc(1, sizeof(*v));
    if (v == NULL)
        return EN_NOMEM;
    v->store.ops = &store_ops;
    v->rng = rng;
    if (env != NULL)
        v->env = *env;
    v->disk = v->env.disk != NULL ? v->env.disk : en_disk_system();
    v->dir = strdup(dir);
    v->keys = en_guarded_alloc(sizeof(*v->keys), &v->locked);
    if (v->dir == NULL || v->keys == NULL) {
        free_vault(v);
        return EN_NOMEM;
    }
    *out = v;
    return EN_OK;
}

/* ---- errors ---- */

/* What stood behind SQLite's answer. */
static en_err explain(struct en_vault *v, en_err err, struct en_why *why)
{
    const struct en_vfs_seen *seen =
        v->vfs != NULL ? en_vfs_seen(v->vfs) : NULL;
    uint64_t since = 0;

    if (err == EN_OK)
        return EN_OK;
    if (err == EN_BUSY) {
        /* Who opened it wrote the time there. */
        if (v->disk->ops->mtime(v->disk, v->dir, HEADER_NAME, false, &since) !=
            EN_OK)
            since = 0;
        return en_why_set(why, EN_BUSY, EN_WHY_OWNER, NULL, since, 0);
    }
    if (seen != NULL && seen->full)
        return en_why_set(why, EN_FULL, EN_WHY_DISK_FULL, NULL, 0, 0);
    if (seen != NULL && seen->read_only)
        return en_why_set(why, EN_IO, EN_WHY_READ_ONLY, NULL, 0, 0);
    if ((seen != NULL && seen->forged) || v->tables.damaged)
        return en_why_set(why, EN_FORGED, EN_WHY_DAMAGED, v->db_name, 0, 0);
    return err;
}

/* ---- header ---- */

static en_err load_header(struct en_vault *v, struct en_why *why)
{
    struct en_buf b = {.max = EN_VAULT_HEADER_LEN};
    en_err err = v->disk->ops->read(v->disk, v->dir, HEADER_NAME,
                                    EN_VAULT_HEADER_LEN, &b, why);

    if (err == EN_ABSENT)
        (void)en_why_set(why, err, EN_WHY_NO_VAULT, NULL, 0, 0);
    if (err == EN_FORGED)
        (void)en_why_set(why, err, EN_WHY_HEADER, NULL, 0, 0);
    if (err == EN_OK)
        err = en_vault_header_read(en_buf_span(&b), &v->header, why);
    if (err == EN_OK) {
        memcpy(v->bytes, b.p, sizeof(v->bytes));
        name_generation(v);
        err = make_path(v);
    }
    en_buf_free(&b);
    return err;
}

/* The one commit point of creation, passphrase change, rotation and restore. */
static en_err replace_header(struct en_vault *v,
                             const uint8_t bytes[EN_VAULT_HEADER_LEN],
                             struct en_why *why)
{
    struct en_disk *d = v->disk;
    en_err err = d->ops->remove(d, v->dir, HEADER_NEW, why);

    if (err != EN_OK && err != EN_ABSENT)
        return err;
    err = d->ops->write(d, v->dir, HEADER_NEW, true, 0,
                        EN_SPAN(bytes, EN_VAULT_HEADER_LEN), why);
    if (err != EN_OK) {
        (void)d->ops->remove(d, v->dir, HEADER_NEW, NULL);
        return err;
    }
    err = d->ops->rename(d, v->dir, HEADER_NEW, HEADER_NAME, why);
    if (err == EN_OK)
        err = d->ops->sync_dir(d, v->dir, why);
    /* Which of the two headers a power cut would leave is not known now. */
    if (err != EN_OK)
        v->broken = true;
    return err;
}

/* Tries one slot; keys are complete on EN_OK. */
static en_err unlock_slot(struct en_vault *v, unsigned i,
                          const struct en_key *kek, struct en_why *why)
{
    en_err err = en_keyslot_open(&v->header, i, kek, &v->keys->mk);

    if (err == EN_OK)
        err = en_vault_header_open(v->bytes, &v->header, v->keys);
    if (err == EN_FORGED)
        (void)en_why_set(why, err, EN_WHY_HEADER, NULL, 0, 0);
    return err;
}

/* The passphrase against each slot in turn. EN_PASSPHRASE: it opens none. */
static en_err unlock(struct en_vault *v, struct en_span passphrase,
                     unsigned *slot, struct en_why *why)
{
    struct en_key kek = {0};
    en_err err = EN_PASSPHRASE;

    for (unsigned i = 0; i < EN_VAULT_SLOTS && err == EN_PASSPHRASE; i++) {
        const struct en_keyslot *s = &v->header.slot[i];

        if (s->type == 0)
            continue;
        err = en_keyslot_kek(passphrase, &s->cost, s->salt, &kek);
        if (err == EN_RANGE)
            err = EN_PASSPHRASE; /* what cannot be one is not the right one */
        else if (err == EN_OK)
            err = unlock_slot(v, i, &kek, why);
        if (err == EN_OK && slot != NULL)
            *slot = i;
    }
    en_key_wipe(&kek);
    burn_stack();
    return err;
}

/* ---- database ---- */

static en_err open_database(struct en_vault *v, bool making, struct en_why *why)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    en_err err = en_vfs_new(v->env.below, v->db_path, v->keys, &v->header.file,
                            v->rng, v->env.time_ms, &v->env.trace, &v->vfs);

    if (err != EN_OK)
        return err == EN_ABSENT ? EN_IO : err;
    en_vfs_making(v->vfs, making);
    err = en_sql_err(
        sqlite3_open_v2(v->db_path, &v->db, flags, en_vfs_name(v->vfs)));
    /* A newer program's database must not even be checkpointed by us. */
    if (err == EN_OK)
        err = en_sql_err(sqlite3_db_config(
            v->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL));
    if (err == EN_OK)
        err = en_schema_connect(v->db, making);
    if (err == EN_OK)
        err = en_schema_migrate(v->db, v->env.time_ms, why);
    if (err == EN_OK)
        err = en_sql_err(sqlite3_db_config(
            v->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL));
    /* What was recovered may end in the middle of a sector: where the disk can
     * spoil the neighbours of a write, the next frame must not begin there. */
    if (err == EN_OK && !en_vfs_seen(v->vfs)->powersafe)
        err = en_schema_exec(v->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    en_vfs_making(v->vfs, false);
    if (err == EN_OK)
        en_tables_open(&v->tables, v->db);
    if (err == EN_FORGED)
        en_vfs_seen(v->vfs)->forged = true;
    return err == EN_VERSION ? err : explain(v, err, why);
}

/* Regular files of a size we would have made, before SQLite looks at them. With
 * a database of no pages SQLite would delete the log. */
static en_err check_files(struct en_vault *v, struct en_why *why)
{
    struct en_disk *d = v->disk;
    uint64_t size = 0;
    en_err err = d->ops->size(d, v->dir, v->db_name, &size, why);

    if (err == EN_ABSENT || (err == EN_OK && size < EN_PAGE_LEN))
        err = EN_FORGED;
    if (err == EN_OK) {
        err = d->ops->size(d, v->dir, v->wal_name, &size, why);
        if (err == EN_ABSENT)
            err = EN_OK;
        else if (err == EN_OK && size > EN_VAULT_WAL_MAX)
            err = EN_FORGED;
    }
    if (err == EN_FORGED)
        (void)en_why_set(why, err, EN_WHY_DAMAGED, v->db_name, 0, 0);
    return err;
}

/* g, 16 hex digits, .db, and perhaps what SQLite would put behind. */
static bool is_generation(const char *name)
{
    static const char *const tail[] = {"", "-wal", "-shm", "-journal"};

    if (name[0] != 'g' || strspn(name + 1, "0123456789abcdef") != 16 ||
        strncmp(name + 17, ".db", 3) != 0)
        return false;
    for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++)
        if (strcmp(name + 20, tail[i]) == 0)
            return true;
    return false;
}

struct rubbish {
    struct en_vault *v;
    bool all; /* no header: whatever is here is of a cut creation */
};

static en_err remove_rubbish_name(void *user, const char *name)
{
    struct rubbish *r = user;
    struct en_vault *v = r->v;
    bool old = strcmp(name, HEADER_NEW) == 0 || is_generation(name) ||
               (r->all && strcmp(name, GUARD_NAME) == 0);

    if (!r->all &&
        (strcmp(name, v->db_name) == 0 || strcmp(name, v->wal_name) == 0))
        old = false;
    if (!old)
        return EN_OK;
    return v->disk->ops->remove(v->disk, v->dir, name, NULL);
}

/* What no header names: cut creations, rotations and header changes. */
static en_err remove_rubbish(struct en_vault *v, bool all)
{
    struct rubbish r = {v, all};

    return v->disk->ops->list(v->disk, v->dir, remove_rubbish_name, &r, NULL);
}

/* ---- guard ---- */

/* Into the slot with the smaller counter; on disk when it returns EN_OK. */
static en_err write_guard(struct en_vault *v, uint64_t counter,
                          struct en_why *why)
{
    uint8_t bytes[EN_GUARD_SLOT_LEN];
    uint8_t nonce[24];
    struct en_guard g = {.counter = counter, .slot = 1 - v->guard.slot};
    en_err err = en_tables_own_tips(&v->tables, g.tips);

    if (err != EN_OK)
        return err;
    en_rng_bytes(v->rng, nonce, sizeof(nonce));
    en_guard_seal(&v->keys->guard, g.slot, g.counter, g.tips, nonce, bytes);
    err = v->disk->ops->write(v->disk, v->dir, GUARD_NAME, false,
                              (uint64_t)g.slot * EN_GUARD_SLOT_LEN,
                              EN_SPAN_OF(bytes), why);
    if (err == EN_OK)
        v->guard = g;
    return err;
}

/* Compares the database with the guard; says in v->trust what came out. */
static en_err check_guard(struct en_vault *v, struct en_why *why)
{
    struct en_buf b = {.max = EN_GUARD_LEN};
    uint8_t tips[32];
    en_err err = en_tables_counter(&v->tables, &v->counter);

    if (err == EN_OK)
        err = en_tables_own_tips(&v->tables, tips);
    if (err != EN_OK) {
        err = explain(v, err, why);
        goto out;
    }
    err =
        v->disk->ops->read(v->disk, v->dir, GUARD_NAME, EN_GUARD_LEN, &b, why);
    if (err == EN_OK)
        err = en_guard_open(&v->keys->guard, en_buf_span(&b), &v->guard);
    if (err == EN_ABSENT || err == EN_FORGED) {
        /* Whoever puts an old database back may as well spoil the guard. */
        v->trust = EN_VAULT_NO_GUARD;
        err = EN_OK;
    } else if (err == EN_OK && v->counter > v->guard.counter) {
        err = write_guard(v, v->counter, why);
    } else if (err == EN_OK &&
               (v->counter < v->guard.counter ||
                memcmp(tips, v->guard.tips, sizeof(tips)) != 0)) {
        v->trust = EN_VAULT_OLDER_COPY;
    }
    if (v->trust != EN_VAULT_CURRENT)
        en_trace_line(&v->env.trace, "vault: an older copy, or no guard");
out:
    en_buf_free(&b);
    return err;
}

/* ---- open ---- */

/* The header is open; the rest of opening. */
static en_err start(struct en_vault *v, struct en_why *why)
{
    struct en_buf now = {.max = EN_VAULT_HEADER_LEN};
    en_err err = check_files(v, why);

    if (err == EN_OK)
        err = open_database(v, false, why);
    if (err != EN_OK)
        goto out;
    /* The lock is ours from here. Between our reading and the lock another
     * process may have changed the passphrase or the generation. */
    err = v->disk->ops->read(v->disk, v->dir, HEADER_NAME, EN_VAULT_HEADER_LEN,
                             &now, why);
    if (err == EN_OK && !en_span_eq(en_buf_span(&now), EN_SPAN_OF(v->bytes)))
        err = explain(v, EN_BUSY, why);
    if (err != EN_OK)
        goto out;
    if (remove_rubbish(v, false) != EN_OK)
        en_trace_line(&v->env.trace, "vault: rubbish could not be removed");
    err = check_guard(v, why);
    if (err != EN_OK)
        goto out;
    if (v->env.time_ms != 0)
        (void)v->disk->ops->mtime(v->disk, v->dir, HEADER_NAME, true,
                                  &v->env.time_ms);
    en_trace_line(&v->env.trace, "vault: open, generation %llu, counter %llu",
                  (unsigned long long)v->header.generation,
                  (unsigned long long)v->counter);
out:
    en_buf_free(&now);
    return err;
}

en_err en_vault_open(const char *dir, struct en_span passphrase,
                     struct en_rng *rng, const struct en_vault_env *env,
                     struct en_vault **out, struct en_why *why)
{
    struct en_vault *v = NULL;
    en_err err = new_vault(dir, rng, env, &v);

    if (err == EN_OK)
        err = load_header(v, why);
    if (err == EN_OK)
        err = unlock(v, passphrase, NULL, why);
    if (err == EN_OK)
        err = start(v, why);
    if (err == EN_OK) {
        *out = v;
        v = NULL;
    }
    free_vault(v);
    return err;
}

en_err en_vault_open_kek(const char *dir, const struct en_key *kek,
                         struct en_rng *rng, const struct en_vault_env *env,
                         struct en_vault **out, struct en_why *why)
{
    struct en_vault *v = NULL;
    en_err err = new_vault(dir, rng, env, &v);

    if (err == EN_OK)
        err = load_header(v, why);
    if (err == EN_OK) {
        err = EN_PASSPHRASE;
        for (unsigned i = 0; i < EN_VAULT_SLOTS && err == EN_PASSPHRASE; i++)
            if (v->header.slot[i].type != 0)
                err = unlock_slot(v, i, kek, why);
    }
    if (err == EN_OK)
        err = start(v, why);
    if (err == EN_OK) {
        *out = v;
        v = NULL;
    }
    free_vault(v);
    return err;
}

void en_vault_close(struct en_vault *v)
{
    free_vault(v);
}

bool en_vault_exists(const char *dir, struct en_disk *disk)
{
    struct en_disk *d = disk != NULL ? disk : en_disk_system();
    uint64_t size;

    /* What cannot be looked at may be there: creating would remove it. */
    return d->ops->size(d, dir, HEADER_NAME, &size, NULL) != EN_ABSENT;
}

/* ---- create ---- */

static en_err check_new_passphrase(struct en_span passphrase,
                                   struct en_why *why)
{
    struct en_span left = passphrase;
    uint64_t n = 0;

    if (passphrase.n > EN_PASSPHRASE_MAX)
        return en_why_set(why, EN_RANGE, EN_WHY_TEXT_LONG, NULL, passphrase.n,
                          EN_PASSPHRASE_MAX);
    if (!en_text_valid(passphrase))
        return en_why_set(why, EN_RANGE, EN_WHY_TEXT_UTF8, NULL, 0, 0);
    while (en_text_next(&left) >= 0)
        n++;
    if (n < EN_PASSPHRASE_MIN)
        return en_why_set(why, EN_RANGE, EN_WHY_PASSPHRASE, NULL, n,
                          EN_PASSPHRASE_MIN);
    return EN_OK;
}

static const struct en_pwhash_cost default_cost = {EN_PWHASH_OPS,
                                                   EN_PWHASH_MEM_KIB};

/* A header of a new vault, in v and sealed in v->bytes. */
static void make_header(struct en_vault *v, const struct en_key *kek,
                        const struct en_pwhash_cost *cost,
                        const uint8_t salt[EN_PWHASH_SALT_LEN])
{
    uint8_t nonce[24];

    v->header = (struct en_vault_header){.sequence = 1, .generation = 1};
    en_rng_bytes(v->rng, v->header.vault.b, sizeof(v->header.vault.b));
    en_rng_bytes(v->rng, v->header.file.b, sizeof(v->header.file.b));
    en_rng_bytes(v->rng, v->keys->mk.b, sizeof(v->keys->mk.b));
    en_rng_bytes(v->rng, v->keys->dek.b, sizeof(v->keys->dek.b));
    en_rng_bytes(v->rng, nonce, sizeof(nonce));
    en_keyslot_seal(&v->header, 0, cost, salt, kek, nonce, &v->keys->mk);
    en_rng_bytes(v->rng, nonce, sizeof(nonce));
    en_vault_header_seal(&v->header, &v->keys->mk, &v->keys->dek, nonce,
                         v->bytes);
    en_vault_keys_derive(&v->header, v->keys);
    name_generation(v);
}

/* The generation's database: made, filled with its tables, closed, on disk. */
static en_err make_database(struct en_vault *v, struct en_why *why)
{
    struct en_disk *d = v->disk;
    struct en_span nothing = {0};
    uint64_t size;
    bool failed;
    en_err err = make_path(v);

    if (err == EN_OK)
        err = d->ops->write(d, v->dir, v->db_name, true, 0, nothing, why);
    if (err != EN_OK)
        return err;
    err = open_database(v, true, why);
    if (err != EN_OK)
        return err;
    /* Closing would do this too, and say nothing if it could not. */
    err = en_sql_err(sqlite3_wal_checkpoint_v2(
        v->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
    if (err != EN_OK)
        return explain(v, err, why);
    failed = !close_database(v);
    err = d->ops->size(d, v->dir, v->wal_name, &size, why);
    if (err == EN_OK)
        err = size > 0 ? EN_IO : d->ops->remove(d, v->dir, v->wal_name, why);
    if (err == EN_ABSENT)
        err = failed ? EN_IO : EN_OK;
    if (err == EN_OK)
        err = d->ops->write(d, v->dir, v->db_name, false, 0, nothing, why);
    return err;
}

static en_err make_guard(struct en_vault *v, struct en_why *why)
{
    uint8_t bytes[EN_GUARD_LEN];
    uint8_t nonce[24];
    uint8_t tips[32];

    en_guard_tips(NULL, 0, tips);
    for (unsigned slot = 0; slot < 2; slot++) {
        en_rng_bytes(v->rng, nonce, sizeof(nonce));
        en_guard_seal(&v->keys->guard, slot, 0, tips, nonce,
                      bytes + slot * EN_GUARD_SLOT_LEN);
    }
    return v->disk->ops->write(v->disk, v->dir, GUARD_NAME, true, 0,
                               EN_SPAN_OF(bytes), why);
}

en_err en_vault_create_kek(const char *dir, const struct en_key *kek,
                           const struct en_pwhash_cost *cost,
                           const uint8_t salt[EN_PWHASH_SALT_LEN],
                           struct en_rng *rng, const struct en_vault_env *env,
                           struct en_vault **out, struct en_why *why)
{
    struct en_vault *v = NULL;
    bool holding = false;
    int held = -1;
    en_err err = new_vault(dir, rng, env, &v);

    if (err != EN_OK)
        return err;
    err = v->disk->ops->make_dir(v->disk, dir, why);
    if (err != EN_OK)
        goto out;
    err = v->disk->ops->hold(v->disk, dir, &held);
    if (err != EN_OK)
        goto out;
    holding = true;
    if (en_vault_exists(dir, v->disk)) {
        err = en_why_set(why, EN_DENIED, EN_WHY_VAULT_EXISTS, NULL, 0, 0);
        goto out;
    }
    err = remove_rubbish(v, true);
    if (err != EN_OK)
        goto out;
    make_header(v, kek, cost, salt);
    err = make_database(v, why);
    if (err == EN_OK)
        err = make_guard(v, why);
    /* Both names must have lasted before the header's can: a vault without its
     * guard is taken for an older copy. */
    if (err == EN_OK)
        err = v->disk->ops->sync_dir(v->disk, dir, why);
    if (err == EN_OK)
        err = replace_header(v, v->bytes, why);
    if (err != EN_OK) {
        (void)close_database(v);
        /* Nothing is left of a vault that there is not, if that is sure. */
        if (!v->broken)
            (void)remove_rubbish(v, true);
    }
out:
    if (holding)
        v->disk->ops->release(v->disk, held);
    free_vault(v);
    if (err != EN_OK)
        return err;
    /* Opened as any other: what was written is read back. */
    return en_vault_open_kek(dir, kek, rng, env, out, why);
}

en_err en_vault_create(const char *dir, struct en_span passphrase,
                       const struct en_pwhash_cost *cost, struct en_rng *rng,
                       const struct en_vault_env *env, struct en_vault **out,
                       struct en_why *why)
{
    struct en_disk *disk = env != NULL ? env->disk : NULL;
    uint8_t salt[EN_PWHASH_SALT_LEN];
    struct en_key kek = {0};
    en_err err = check_new_passphrase(passphrase, why);

    if (err != EN_OK)
        return err;
    if (en_vault_exists(dir, disk))
        return en_why_set(why, EN_DENIED, EN_WHY_VAULT_EXISTS, NULL, 0, 0);
    if (cost == NULL)
        cost = &default_cost;
    en_rng_bytes(rng, salt, sizeof(salt));
    err = en_keyslot_kek(passphrase, cost, salt, &kek);
    if (err == EN_OK)
        err = en_vault_create_kek(dir, &kek, cost, salt, rng, env, out, why);
    else if (err == EN_RANGE)
        (void)en_why_set(why, err, EN_WHY_WEAK, NULL, cost->mem_kib,
                         EN_PWHASH_WEAK_KIB);
    en_key_wipe(&kek);
    burn_stack();
    return err;
}

/* ---- passphrase ---- */

en_err en_vault_passphrase(struct en_vault *v, struct en_span old_pass,
                           struct en_span new_pass,
                           const struct en_pwhash_cost *cost,
                           struct en_why *why)
{
    struct en_vault_header h = v->header;
    uint8_t bytes[EN_VAULT_HEADER_LEN];
    uint8_t salt[EN_PWHASH_SALT_LEN];
    uint8_t nonce[24];
    struct en_key kek = {0};
    unsigned slot = 0;
    en_err err;

    if (v->broken)
        return EN_IO;
    if (cost == NULL)
        cost = &default_cost;
    err = check_new_passphrase(new_pass, why);
    if (err == EN_OK)
        err = unlock(v, old_pass, &slot, why);
    if (err != EN_OK)
        return err;
    en_rng_bytes(v->rng, salt, sizeof(salt));
    err = en_keyslot_kek(new_pass, cost, salt, &kek);
    if (err != EN_OK)
        goto out;
    en_rng_bytes(v->rng, nonce, sizeof(nonce));
    en_keyslot_seal(&h, slot, cost, salt, &kek, nonce, &v->keys->mk);
    h.sequence++;
    en_rng_bytes(v->rng, nonce, sizeof(nonce));
    en_vault_header_seal(&h, &v->keys->mk, &v->keys->dek, nonce, bytes);
    err = replace_header(v, bytes, why);
    if (err != EN_OK)
        goto out;
    v->header = h;
    memcpy(v->bytes, bytes, sizeof(bytes));
    if (v->env.time_ms != 0)
        (void)v->disk->ops->mtime(v->disk, v->dir, HEADER_NAME, true,
                                  &v->env.time_ms);
out:
    en_key_wipe(&kek);
    burn_stack();
    return err;
}

en_err en_vault_verify(struct en_vault *v, struct en_span passphrase,
                       struct en_why *why)
{
    unsigned slot = 0;
    en_err err;

    if (v->broken)
        return EN_IO;
    err = unlock(v, passphrase, &slot, why);
    burn_stack();
    return err;
}

/* ---- state ---- */

bool en_vault_signs(const struct en_vault *v)
{
    return !v->broken && v->trust == EN_VAULT_CURRENT;
}

void en_vault_state(struct en_vault *v, struct en_vault_state *out)
{
    uint64_t db = 0;
    uint64_t wal = 0;

    *out = (struct en_vault_state){
        .trust = v->trust,
        .broken = v->broken,
        .memory_locked = v->locked,
        .frames_damaged = en_vfs_seen(v->vfs)->damaged,
        .counter = v->counter,
        .sequence = v->header.sequence,
        .generation = v->header.generation,
        .since_ms = v->env.time_ms,
    };
    if (v->disk->ops->size(v->disk, v->dir, v->db_name, &db, NULL) == EN_OK) {
        (void)v->disk->ops->size(v->disk, v->dir, v->wal_name, &wal, NULL);
        out->bytes = db + wal;
    }
}

const struct en_why *en_vault_why(const struct en_vault *v)
{
    return &v->why;
}

struct en_store *en_vault_store(struct en_vault *v)
{
    return &v->store;
}

struct sqlite3 *en_vault_db(struct en_vault *v)
{
    return v->db;
}

static bool answers_ok(sqlite3 *db, const char *sql, int *rc)
{
    sqlite3_stmt *st = NULL;
    const unsigned char *text;
    bool ok = false;

    *rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (*rc == SQLITE_OK)
        *rc = sqlite3_step(st);
    if (*rc == SQLITE_ROW) {
        text = sqlite3_column_text(st, 0);
        ok = text != NULL && strcmp((const char *)text, "ok") == 0;
    }
    (void)sqlite3_finalize(st);
    return ok;
}

en_err en_vault_check(struct en_vault *v, struct en_why *why)
{
    int rc;

    if (v->broken)
        return EN_IO;
    en_vfs_seen(v->vfs)->forged = false;
    if (answers_ok(v->db, "PRAGMA integrity_check(1)", &rc))
        return EN_OK;
    if (rc == SQLITE_ROW)
        return en_why_set(why, EN_FORGED, EN_WHY_DAMAGED, v->db_name, 0, 0);
    return explain(v, en_sql_err(rc), why);
}

/* ---- the store ---- */

static struct en_vault *vault_of(struct en_store *s)
{
    return (struct en_vault *)(void *)s;
}

/* Before each function; EN_IO when nothing may be trusted any more. */
static en_err enter(struct en_vault *v)
{
    v->why = (struct en_why){0};
    v->tables.damaged = false;
    en_vfs_seen(v->vfs)->forged = false;
    return v->broken ? EN_IO : EN_OK;
}

static en_err do_frontier(struct en_store *s, const struct en_id *cid,
                          en_head_fn fn, void *user)
{
    struct en_vault *v = vault_of(s);
    en_err err = enter(v);

    if (err != EN_OK)
        return err;
    err = en_tables_frontier(&v->tables, cid, fn, user);
    return explain(v, err, &v->why);
}

static en_err do_scan(struct en_store *s, const struct en_id *log,
                      uint64_t from, en_stored_fn fn, void *user)
{
    struct en_vault *v = vault_of(s);
    en_err err = enter(v);

    if (err != EN_OK)
        return err;
    err = en_tables_scan(&v->tables, log, from, fn, user);
    return explain(v, err, &v->why);
}

static en_err do_arrivals(struct en_store *s, const struct en_id *cid,
                          uint64_t from, en_stored_fn fn, void *user)
{
    struct en_vault *v = vault_of(s);
    en_err err = enter(v);

    if (err != EN_OK)
        return err;
    err = en_tables_arrivals(&v->tables, cid, from, fn, user);
    return explain(v, err, &v->why);
}

static en_err do_get(struct en_store *s, const struct en_id *id,
                     en_stored_fn fn, void *user)
{
    struct en_vault *v = vault_of(s);
    en_err err = enter(v);

    if (err != EN_OK)
        return err;
    err = en_tables_get(&v->tables, id, fn, user);
    return explain(v, err, &v->why);
}

static en_err do_find(struct en_store *s, const struct en_find *q, en_row_fn fn,
                      void *user)
{
    struct en_vault *v = vault_of(s);
    en_err err = enter(v);

    if (err != EN_OK)
        return err;
    err = en_tables_find(&v->tables, q, fn, user);
    return explain(v, err, &v->why);
}

static en_err do_key(struct en_store *s, const struct en_key_name *name,
                     struct en_key *out)
{
    struct en_vault *v = vault_of(s);
    en_err err = enter(v);

    if (err != EN_OK)
        return err;
    err = en_tables_key(&v->tables, name, out);
    return explain(v, err, &v->why);
}

/*
 * Durable before visible (R1), and the guard before anything of it is shown (R2):
 * SQLite has synced the log when COMMIT returns, and the guard is synced here.
 */
static en_err do_commit(struct en_store *s, const struct en_batch *b)
{
    struct en_vault *v = vault_of(s);
    bool own = false;
    en_err err = enter(v);

    if (err != EN_OK)
        return err;
    err = en_tables_commit(&v->tables, b, en_vault_signs(v), v->counter + 1,
                           &own);
    /* The commit may be whole and the checkpoint after it not: the disk is not
     * to be trusted either way, and nothing is acknowledged. */
    if (en_vfs_seen(v->vfs)->failed) {
        v->broken = true;
        if (err == EN_OK)
            err = EN_IO;
    }
    if (err == EN_IO || err == EN_FULL || v->tables.stuck)
        v->broken = true;
    if (err == EN_MOVED && !en_vault_signs(v) && !v->broken)
        (void)en_why_set(&v->why, err, EN_WHY_OLD_COPY, NULL, 0, 0);
    if (err != EN_OK)
        return explain(v, err, &v->why);
    if (!own)
        return EN_OK;
    v->counter++;
    err = write_guard(v, v->counter, &v->why);
    if (err != EN_OK)
        v->broken = true;
    return err;
}

static const struct en_store_ops store_ops = {
    .frontier = do_frontier,
    .scan = do_scan,
    .arrivals = do_arrivals,
    .get = do_get,
    .find = do_find,
    .key = do_key,
    .commit = do_commit,
};
