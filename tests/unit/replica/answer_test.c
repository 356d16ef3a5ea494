/* Requests applied to a home on a real vault. */
#include "lib/asker.h"
#include "lib/test.h"

#include <stdlib.h>

#define PHRASE "hameau cerise citron horloge"

struct world {
    struct en_rng_seeded rng;
    struct en_home *home;
    struct asker q;
    char dir[64];
};

static void world_new(struct world *w)
{
    struct en_home_env env = {.dir = w->dir, .rng = &w->rng.rng};

    memset(w, 0, sizeof *w);
    en_rng_seed(&w->rng, 7);
    snprintf(w->dir, sizeof w->dir, "/dev/shm/en-answer-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    /* The vault makes its folder itself. */
    strcat(w->dir, "/v");
    assert_ok(en_home_new(&w->home, &env));
    asker_new(&w->q, w->home);
}

static void world_free(struct world *w)
{
    char cmd[128];

    asker_free(&w->q);
    en_home_free(w->home);
    w->dir[strlen(w->dir) - 2] = 0;
    snprintf(cmd, sizeof cmd, "rm -rf %s", w->dir);
    assert_int_equal(system(cmd), 0);
}

static en_err init(struct world *w)
{
    return ASK(&w->q, EN_RPC_INIT, init, .passphrase = BYTES(PHRASE),
               .name = BYTES("Amina B."), .device = BYTES("ordinateur"),
               .kit = BYTES("papier"), .weak = true);
}

static struct en_rpc_entry entry(struct world *w, size_t i)
{
    struct en_rpc_entry e;

    assert_ok(en_rpc_get_entry(asker_item(&w->q, i), &e));
    return e;
}

static struct en_rpc_full full(struct world *w, size_t i)
{
    struct en_rpc_full f;

    assert_ok(en_rpc_get_full(asker_item(&w->q, i), &f));
    return f;
}

/* Writes a text now; its id's letters. */
static void write_text(struct world *w, const char *text,
                       char letters[EN_LETTERS + 1])
{
    struct en_rpc_entry e;

    assert_ok(ASK(&w->q, EN_RPC_WRITE, write, .text = en_span_str(text)));
    assert_int_equal(w->q.items, 1);
    e = entry(w, 0);
    en_id_letters(&e.id, letters);
    w->q.env.now.time_ms += 60000;
}

static struct world *shared; /* made once: Argon2id costs half a second */

static int open_shared(void **state)
{
    (void)state;
    shared = calloc(1, sizeof *shared);
    assert_non_null(shared);
    world_new(shared);
    assert_ok(init(shared));
    return 0;
}

static int close_shared(void **state)
{
    (void)state;
    world_free(shared);
    free(shared);
    return 0;
}

static void answer_writes_lists_reads_and_finds(void **state)
{
    struct world *w = shared;
    char id[EN_LETTERS + 1];
    struct en_rpc_entry e;
    struct en_rpc_full f;

    (void)state;
    write_text(w, "Après la séance : j'ai parlé à la famille.\nSuite.", id);
    e = entry(w, 0);
    assert_int_equal(e.lines, 2);
    assert_true((e.flags & EN_ENTRY_PRIVATE) != 0);
    assert_true((e.flags & EN_ENTRY_MINE) != 0);
    assert_span(e.person_name, "Amina B.");

    assert_ok(ASK(&w->q, EN_RPC_LIST, filter, .limit = 1));
    assert_int_equal(w->q.items, 1);
    assert_ok(
        ASK(&w->q, EN_RPC_READ, read, .typed = EN_SPAN((uint8_t *)id, 5)));
    assert_int_equal(w->q.items, 1);
    f = full(w, 0);
    assert_span(f.text, "Après la séance : j'ai parlé à la famille.\nSuite.");
    assert_ok(ASK(&w->q, EN_RPC_SEARCH, search, .query = BYTES("seance"),
                  .width = 40));
    assert_int_equal(w->q.items, 1);
    e = entry(w, 0);
    assert_true(e.match_to > e.match_from);
    assert_span(EN_SPAN(e.words.p + e.match_from, e.match_to - e.match_from),
                "séance");
}

static void an_entry_outlives_lock_and_unlock(void **state)
{
    struct world *w = shared;
    char id[EN_LETTERS + 1];
    struct en_rpc_state s;

    (void)state;
    write_text(w, "Gardée.", id);
    assert_ok(asker_ask(&w->q, EN_RPC_LOCK, en_rpc_nothing()));
    assert_ok(asker_ask(&w->q, EN_RPC_STATE, en_rpc_nothing()));
    assert_ok(en_rpc_get_state(asker_item(&w->q, 0), &s));
    assert_int_equal(s.vault, EN_VAULT_LOCKED);
    assert_int_equal(s.name.n, 0);
    assert_err(ASK(&w->q, EN_RPC_LIST, filter, .limit = 0), EN_LOCKED);
    assert_err(ASK(&w->q, EN_RPC_UNLOCK, unlock,
                   .passphrase = BYTES("pas la bonne phrase")),
               EN_PASSPHRASE);
    assert_ok(ASK(&w->q, EN_RPC_UNLOCK, unlock, .passphrase = BYTES(PHRASE)));
    assert_ok(
        ASK(&w->q, EN_RPC_READ, read, .typed = EN_SPAN((uint8_t *)id, 26)));
    assert_span(full(w, 0).text, "Gardée.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_writes_lists_reads_and_finds),
        cmocka_unit_test(an_entry_outlives_lock_and_unlock),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, open_shared, close_shared);
}
