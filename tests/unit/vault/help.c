#include "help.h"

#include "lib/store_fill.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

char *new_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *dir = NULL;

    if (base == NULL)
        base = "/tmp";
    assert_true(asprintf(&dir, "%s/en-vault-XXXXXX", base) > 0);
    assert_non_null(mkdtemp(dir));
    return dir;
}

void drop_dir(char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    while (d != NULL && (e = readdir(d)) != NULL) {
        char path[512];

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (unlink(path) != 0)
            (void)rmdir(path);
    }
    if (d != NULL)
        (void)closedir(d);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

const struct en_key *test_kek(void)
{
    static const struct en_key kek = {"a key that no passphrase gives.."};

    return &kek;
}

static const struct en_vault_env env = {.time_ms = TIME_MS};

struct en_vault *made(const char *dir)
{
    static const struct en_pwhash_cost cost = {EN_PWHASH_WEAK_OPS,
                                               EN_PWHASH_WEAK_KIB};
    static const uint8_t salt[EN_PWHASH_SALT_LEN] = "salt of sixteen";
    struct en_vault *v = NULL;
    struct en_why why = {0};

    assert_ok(en_vault_create_kek(dir, test_kek(), &cost, salt, en_rng_system(),
                                  &env, &v, &why));
    return v;
}

struct en_vault *opened(const char *dir)
{
    struct en_vault *v = NULL;
    struct en_why why = {0};

    assert_ok(
        en_vault_open_kek(dir, test_kek(), en_rng_system(), &env, &v, &why));
    return v;
}

en_err opening(const char *dir, struct en_why *why)
{
    struct en_vault *v = NULL;
    en_err err;

    *why = (struct en_why){0};
    err = en_vault_open_kek(dir, test_kek(), en_rng_system(), &env, &v, why);
    assert_true((err == EN_OK) == (v != NULL));
    en_vault_close(v);
    return err;
}

static int open_file(const char *dir, const char *name, int flags)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return open(path, flags, 0600);
}

void read_file(const char *dir, const char *name, struct en_buf *out)
{
    int fd = open_file(dir, name, O_RDONLY);
    ssize_t n;

    assert_true(fd >= 0);
    en_buf_clear(out);
    do {
        assert_ok(en_buf_reserve(out, 65536));
        n = read(fd, out->p + out->n, 65536);
        assert_true(n >= 0);
        out->n += (size_t)n;
    } while (n > 0);
    (void)close(fd);
}

void write_file(const char *dir, const char *name, struct en_span bytes)
{
    int fd = open_file(dir, name, O_WRONLY | O_CREAT | O_TRUNC);
    size_t done = 0;

    assert_true(fd >= 0);
    while (done < bytes.n) {
        ssize_t n = write(fd, bytes.p + done, bytes.n - done);

        assert_true(n > 0);
        done += (size_t)n;
    }
    (void)close(fd);
}

bool has_file(const char *dir, const char *name)
{
    char path[512];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return lstat(path, &st) == 0;
}

void copy_file(const char *dir, const char *from, const char *to)
{
    struct en_buf b = {0};

    read_file(dir, from, &b);
    write_file(dir, to, en_buf_span(&b));
    en_buf_free(&b);
}

en_err append_own(struct en_vault *v, uint64_t seq)
{
    struct en_batch b = {0};
    en_err err;

    store_fill(&b, 0, 0, 1, true, seq, 1, 700);
    err = en_store_commit(en_vault_store(v), &b);
    en_batch_free(&b);
    return err;
}

static en_err count_head(void *user, const struct en_head *h)
{
    struct en_id log = store_log_id(0, 0);

    if (en_id_eq(&h->log, &log))
        *(uint64_t *)user = h->count;
    return EN_OK;
}

uint64_t own_count(struct en_vault *v)
{
    uint64_t n = 0;

    assert_ok(en_store_frontier(en_vault_store(v), NULL, count_head, &n));
    return n;
}
