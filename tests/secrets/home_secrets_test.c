/*
 * Planted words and keys are nowhere: not in a file of the vault, not in memory
 * once it is locked, after success and after failure. Each needle is first found
 * where it should be.
 */
#include "lib/test.h"

#include "lib/asker.h"
#include "secrets/hunt.h"

#include <stdlib.h>
#include <string.h>

#define KEYS 3

/* What is planted. Built at run time from parts, so that the program's own text
 * holds no copy of it. */
struct planted {
    struct needle text, title, tag, name, pass, wrong, query;
    struct needle key[KEYS];
};

struct here {
    char dir[64];
    struct en_rng_seeded rng;
    struct en_home *home;
    struct asker q;
    struct planted p;
};

static void word(char *out, size_t n, const char *stem, struct needle *x)
{
    size_t len = strlen(stem);

    memset(out, 0, n);
    for (size_t i = 0; i < len && i + 1 < n; i++)
        out[i] = (char)(stem[i] + 1); /* the stem is not the word */
    needle_of(x, out, len);
}

static int set_up(void **state)
{
    struct here *h = calloc(1, sizeof(*h));
    struct en_home_env env = {.rng = &h->rng.rng};

    snprintf(h->dir, sizeof(h->dir), "/tmp/en-secrets-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    en_rng_seed(&h->rng, 77);
    env.dir = h->dir;
    assert_ok(en_home_new(&h->home, &env));
    asker_new(&h->q, h->home);
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct here *h = *state;
    char cmd[128];

    asker_free(&h->q);
    en_home_free(h->home);
    snprintf(cmd, sizeof(cmd), "rm -rf %s", h->dir);
    assert_int_equal(system(cmd), 0);
    free(h);
    return 0;
}

static void init(struct here *h)
{
    char pass[64];
    char name[64];

    word(pass, sizeof(pass), "fghijklmnopqrstu vwx", &h->p.pass);
    word(name, sizeof(name), "Zlhmz Qk-mns-zmxvgdqd", &h->p.name);
    assert_ok(ASK(&h->q, EN_RPC_INIT, init, .passphrase = en_span_str(pass),
                  .name = en_span_str(name),
                  .device = en_span_str("ordinateur"),
                  .kit = en_span_str("papier")));
    en_wipe(pass, sizeof(pass));
    en_wipe(name, sizeof(name));
}

static void write_entry(struct here *h)
{
    char text[128];
    char title[64];
    char tag[64];
    struct en_rpc_write w = {0};

    word(text, sizeof(text), "kd bnmrdhk zooqdmcq` shmdssd ltkshofhdq",
         &h->p.text);
    word(title, sizeof(title), "shsqd rdbqds dshptdss", &h->p.title);
    word(tag, sizeof(tag), "dshptdssdrdbqdsd", &h->p.tag);
    w.text = en_span_str(text);
    w.title = en_span_str(title);
    w.tags = 1;
    w.tag[0] = en_span_str(tag);
    assert_ok(asker_ask_write(&h->q, EN_RPC_WRITE, &w));
    en_wipe(text, sizeof(text));
    en_wipe(title, sizeof(title));
    en_wipe(tag, sizeof(tag));
}

static void search(struct here *h)
{
    char query[64];
    struct en_rpc_search s = {.width = 60};

    word(query, sizeof(query), "qdbgdqbghmsqntuzakd", &h->p.query);
    s.query = en_span_str(query);
    assert_ok(asker_ask_search(&h->q, EN_RPC_SEARCH, &s));
    en_wipe(query, sizeof(query));
}

static void plant_keys(struct here *h)
{
    struct en_key k[KEYS];

    assert_ok(
        en_replica_link_keys(en_home_personal(h->home), &k[0], &k[1], &k[2]));
    for (int i = 0; i < KEYS; i++)
        needle_of(&h->p.key[i], k[i].b, sizeof(k[i].b));
    en_wipe(k, sizeof(k));
}

static void forget_frames(struct here *h)
{
    asker_free(&h->q);
    asker_new(&h->q, h->home);
}

/* Deep stack frames that ended are written over, as any program's next call
 * would: what is looked for is memory that is kept. */
static void use_stack(void)
{
    volatile uint8_t deep[262144];

    for (size_t i = 0; i < sizeof(deep); i++)
        deep[i] = (uint8_t)i;
}

static void nowhere_in_files(struct here *h, const struct needle *n,
                             const char *what)
{
    unsigned files = 0;
    uint64_t bytes = 0;

    if (hunt_files(h->dir, n, &files, &bytes) != 0)
        fail_msg("%s stands in a file", what);
    assert_true(files >= 3 && bytes > 10000);
}

static void nowhere_in_memory(const struct needle *n, const char *what)
{
    unsigned found = hunt_memory(n);

    if (found != 0)
        fail_msg("%s stands in memory %u times", what, found);
}

static void no_file_holds_a_planted_word_or_key(void **state)
{
    struct here *h = *state;

    init(h);
    write_entry(h);
    search(h);
    plant_keys(h);
    for (int round = 0; round < 2; round++) {
        nowhere_in_files(h, &h->p.text, "the text");
        nowhere_in_files(h, &h->p.title, "the title");
        nowhere_in_files(h, &h->p.tag, "the tag");
        nowhere_in_files(h, &h->p.name, "the name");
        nowhere_in_files(h, &h->p.pass, "the passphrase");
        nowhere_in_files(h, &h->p.query, "the query");
        for (int i = 0; i < KEYS; i++)
            nowhere_in_files(h, &h->p.key[i], "a key");
        if (round == 0)
            en_home_lock(h->home);
    }
}

static void the_hunt_finds_what_is_there(void **state)
{
    struct here *h = *state;
    struct needle n;
    char path[128];
    char text[64];
    FILE *f;
    unsigned files = 0;
    uint64_t bytes = 0;

    init(h);
    write_entry(h);
    plant_keys(h);
    assert_true(hunt_memory(&h->p.key[0]) > 0);
    word(text, sizeof(text), "oqdtudcdkzbgzrrd", &n);
    assert_true(hunt_memory(&n) > 0);
    snprintf(path, sizeof(path), "%s/clair", h->dir);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fwrite(text, 1, strlen(text), f) == strlen(text));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(hunt_files(h->dir, &n, &files, &bytes), 1);
    en_wipe(text, sizeof(text));
}

static void locking_leaves_nothing_in_memory(void **state)
{
    struct here *h = *state;

    init(h);
    write_entry(h);
    search(h);
    plant_keys(h);
    assert_ok(asker_ask(&h->q, EN_RPC_LOCK, en_rpc_nothing()));
    forget_frames(h);
    use_stack();
    nowhere_in_memory(&h->p.text, "the text");
    nowhere_in_memory(&h->p.title, "the title");
    nowhere_in_memory(&h->p.tag, "the tag");
    nowhere_in_memory(&h->p.name, "the name");
    nowhere_in_memory(&h->p.pass, "the passphrase");
    nowhere_in_memory(&h->p.query, "the query");
    for (int i = 0; i < KEYS; i++)
        nowhere_in_memory(&h->p.key[i], "a key");
}

static void a_wrong_passphrase_leaves_nothing_in_memory(void **state)
{
    struct here *h = *state;
    char pass[64];

    init(h);
    assert_ok(asker_ask(&h->q, EN_RPC_LOCK, en_rpc_nothing()));
    word(pass, sizeof(pass), "wrnmf ozrr ogqzrd hbh", &h->p.wrong);
    assert_err(
        ASK(&h->q, EN_RPC_UNLOCK, unlock, .passphrase = en_span_str(pass)),
        EN_PASSPHRASE);
    en_wipe(pass, sizeof(pass));
    forget_frames(h);
    use_stack();
    nowhere_in_memory(&h->p.wrong, "the wrong passphrase");
    nowhere_in_memory(&h->p.pass, "the passphrase");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_hunt_finds_what_is_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_file_holds_a_planted_word_or_key,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(locking_leaves_nothing_in_memory,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_wrong_passphrase_leaves_nothing_in_memory, set_up, tear_down),
    };

    if (en_secret_init() != EN_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
