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

static void world_new(struct world *w, uint64_t seed)
{
    struct en_home_env env = {.dir = w->dir, .rng = &w->rng.rng};

    memset(w, 0, sizeof *w);
    en_rng_seed(&w->rng, seed);
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

static en_err init(struct world *w, const char *name)
{
    return ASK(&w->q, EN_RPC_INIT, init, .passphrase = BYTES(PHRASE),
               .name = en_span_str(name), .device = BYTES("ordinateur"),
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

static struct en_span letters_of(const char *id)
{
    return en_span_str(id);
}

/* Two people, each with a vault: Argon2id costs a third of a second, so they live
 * as long as the program. */
static struct world *amina, *luc;

static int open_both(void **state)
{
    (void)state;
    amina = calloc(1, sizeof *amina);
    luc = calloc(1, sizeof *luc);
    assert_non_null(amina);
    assert_non_null(luc);
    world_new(amina, 7);
    world_new(luc, 8);
    assert_ok(init(amina, "Amina B."));
    assert_ok(init(luc, "Luc R."));
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    world_free(amina);
    world_free(luc);
    free(amina);
    free(luc);
    return 0;
}

static size_t count(struct world *w, struct en_rpc_filter f)
{
    assert_ok(asker_ask_filter(&w->q, EN_RPC_LIST, &f));
    return w->q.items;
}

static struct en_rpc_full read_one(struct world *w, const char *id)
{
    assert_ok(ASK(&w->q, EN_RPC_READ, read, .typed = letters_of(id)));
    assert_int_equal(w->q.items, 1);
    return full(w, 0);
}

/*
 * The vault
 */

static void a_second_init_is_refused(void **state)
{
    (void)state;
    assert_err(init(amina, "Amina B."), EN_DENIED);
    assert_int_equal(amina->q.why.reason, EN_WHY_VAULT_EXISTS);
}

static void init_refuses_what_is_no_name_and_makes_nothing(void **state)
{
    static const char *const bad[] = {"", "   ", "a\nb", "a\x1b[31mb"};
    struct world w;

    (void)state;
    world_new(&w, 9);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_err(init(&w, bad[i]), EN_RANGE);
        assert_int_equal(w.q.why.reason, EN_WHY_NAME);
        assert_int_equal(en_home_state(w.home), EN_VAULT_NONE);
    }
    world_free(&w);
}

static void init_refuses_a_short_passphrase_and_makes_nothing(void **state)
{
    struct world w;

    (void)state;
    world_new(&w, 9);
    assert_err(ASK(&w.q, EN_RPC_INIT, init, .passphrase = BYTES("court"),
                   .name = BYTES("A"), .device = BYTES("d"), .kit = BYTES("k")),
               EN_RANGE);
    assert_int_equal(w.q.why.reason, EN_WHY_PASSPHRASE);
    assert_int_equal(en_home_state(w.home), EN_VAULT_NONE);
    world_free(&w);
}

static void nothing_is_answered_before_there_is_a_vault(void **state)
{
    struct en_rpc_state s;
    struct world w;

    (void)state;
    world_new(&w, 9);
    assert_ok(asker_ask(&w.q, EN_RPC_STATE, en_rpc_nothing()));
    assert_ok(en_rpc_get_state(asker_item(&w.q, 0), &s));
    assert_int_equal(s.vault, EN_VAULT_NONE);
    assert_err(asker_ask(&w.q, EN_RPC_STATUS, en_rpc_nothing()), EN_ABSENT);
    assert_int_equal(w.q.why.reason, EN_WHY_NO_VAULT);
    assert_err(ASK(&w.q, EN_RPC_UNLOCK, unlock, .passphrase = BYTES(PHRASE)),
               EN_ABSENT);
    world_free(&w);
}

static void an_entry_outlives_lock_and_unlock(void **state)
{
    struct world *w = amina;
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
    assert_span(read_one(w, id).text, "Gardée.");
}

static void unlocking_again_checks_the_passphrase(void **state)
{
    (void)state;
    assert_err(ASK(&amina->q, EN_RPC_UNLOCK, unlock,
                   .passphrase = BYTES("pas la bonne phrase")),
               EN_PASSPHRASE);
    assert_int_equal(en_home_state(amina->home), EN_VAULT_OPEN);
    assert_err(ASK(&amina->q, EN_RPC_UNLOCK, unlock,
                   .passphrase = BYTES(PHRASE), .for_min = 721),
               EN_RANGE);
    assert_ok(ASK(&amina->q, EN_RPC_UNLOCK, unlock, .passphrase = BYTES(PHRASE),
                  .for_min = 120));
    assert_int_equal(en_home_until(amina->home),
                     amina->q.env.now.time_ms + 120 * 60000);
}

static void a_home_locks_when_idle_and_at_its_hard_limit(void **state)
{
    struct world *w = luc;
    uint64_t now = w->q.env.now.now_ms;

    (void)state;
    assert_ok(ASK(&w->q, EN_RPC_UNLOCK, unlock, .passphrase = BYTES(PHRASE),
                  .for_min = 31));
    assert_ok(ASK(&w->q, EN_RPC_LIST, filter, .limit = 1));
    assert_true(en_home_deadline(w->home) == now + EN_IDLE_MS);
    assert_false(en_home_expire(w->home, now + EN_IDLE_MS - 1));
    /* A request moves the idle limit, and not beyond the hard one. */
    w->q.env.now.now_ms = now + EN_IDLE_MS - 1;
    assert_ok(ASK(&w->q, EN_RPC_LIST, filter, .limit = 1));
    assert_true(en_home_deadline(w->home) == now + 31 * 60000);
    assert_true(en_home_expire(w->home, now + 31 * 60000));
    assert_int_equal(en_home_state(w->home), EN_VAULT_LOCKED);
    assert_false(en_home_expire(w->home, UINT64_MAX - 1));
    w->q.env.now.now_ms = now;
    assert_ok(ASK(&w->q, EN_RPC_UNLOCK, unlock, .passphrase = BYTES(PHRASE)));
}

static void a_changed_passphrase_opens_and_the_old_one_does_not(void **state)
{
    struct world *w = luc;

    (void)state;
    assert_err(ASK(&w->q, EN_RPC_PASSPHRASE, passphrase,
                   .old = BYTES("pas la bonne phrase"),
                   .fresh = BYTES("une autre phrase"), .weak = true),
               EN_PASSPHRASE);
    assert_ok(ASK(&w->q, EN_RPC_PASSPHRASE, passphrase, .old = BYTES(PHRASE),
                  .fresh = BYTES("une autre phrase"), .weak = true));
    assert_ok(asker_ask(&w->q, EN_RPC_LOCK, en_rpc_nothing()));
    assert_err(ASK(&w->q, EN_RPC_UNLOCK, unlock, .passphrase = BYTES(PHRASE)),
               EN_PASSPHRASE);
    assert_ok(ASK(&w->q, EN_RPC_UNLOCK, unlock,
                  .passphrase = BYTES("une autre phrase")));
    assert_ok(ASK(&w->q, EN_RPC_PASSPHRASE, passphrase,
                  .old = BYTES("une autre phrase"), .fresh = BYTES(PHRASE),
                  .weak = true));
}

static void settings_are_kept_and_unknown_ones_refused(void **state)
{
    struct en_rpc_setting s;

    (void)state;
    assert_ok(ASK(&amina->q, EN_RPC_SETTING, setting, .key = BYTES("name")));
    assert_ok(en_rpc_get_setting(asker_item(&amina->q, 0), &s));
    assert_span(s.value, "Amina B.");
    assert_ok(ASK(&amina->q, EN_RPC_SETTING, setting, .key = BYTES("lang"),
                  .value = BYTES("en")));
    assert_ok(ASK(&amina->q, EN_RPC_SETTING, setting, .key = BYTES("lang")));
    assert_ok(en_rpc_get_setting(asker_item(&amina->q, 0), &s));
    assert_span(s.value, "en");
    assert_err(ASK(&amina->q, EN_RPC_SETTING, setting, .key = BYTES("color")),
               EN_ABSENT);
}

/*
 * Entries
 */

static void answer_writes_lists_reads_and_finds(void **state)
{
    struct world *w = amina;
    char id[EN_LETTERS + 1];
    struct en_rpc_entry e;

    (void)state;
    write_text(w, "Après la séance : j'ai parlé à la famille.\nSuite.", id);
    e = entry(w, 0);
    assert_int_equal(e.lines, 2);
    assert_true((e.flags & EN_ENTRY_PRIVATE) != 0);
    assert_true((e.flags & EN_ENTRY_MINE) != 0);
    assert_span(e.person_name, "Amina B.");
    assert_span(e.device_label, "ordinateur");
    assert_int_equal(count(w, (struct en_rpc_filter){.limit = 1}), 1);
    id[5] = 0;
    assert_span(read_one(w, id).text,
                "Après la séance : j'ai parlé à la famille.\nSuite.");
    assert_ok(ASK(&w->q, EN_RPC_SEARCH, search, .query = BYTES("seance"),
                  .width = 40));
    assert_int_equal(w->q.items, 1);
    e = entry(w, 0);
    assert_true(e.match_to > e.match_from);
    assert_span(EN_SPAN(e.words.p + e.match_from, e.match_to - e.match_from),
                "séance");
}

static void what_is_typed_is_cleaned_before_it_is_kept(void **state)
{
    struct world *w = amina;
    struct en_rpc_full f;
    struct en_rpc_write in = {
        .text =
            BYTES("e\xcc\x81t\xc3\xa9\r\nsuite\a"), /* decomposed, CRLF, BEL */
        .title = BYTES(" un\ttitre\n"),
        .tags = 3,
        .when = {.kind = EN_WHEN_DAY, .day = {2027, 4, 28}},
    };

    (void)state;
    in.tag[0] = BYTES("Famille");
    in.tag[1] = BYTES("famille"); /* the same, folded */
    in.tag[2] = BYTES("travail");
    assert_ok(asker_ask_write(&w->q, EN_RPC_WRITE, &in));
    assert_ok(ASK(&w->q, EN_RPC_READ, read, .what = EN_READ_HEADS));
    f = full(w, 0);
    assert_span(f.text, "\xc3\xa9t\xc3\xa9\nsuite");
    assert_span(f.entry.title, "un titre");
    assert_int_equal(f.entry.tags, 2);
    assert_span(f.entry.tag[0], "Famille");
    assert_int_equal(f.entry.when.kind, EN_WHEN_DAY);
    assert_int_equal(f.entry.when.day.day, 28);
}

static void what_no_entry_can_be_is_refused_and_nothing_is_kept(void **state)
{
    struct world *w = amina;
    struct en_buf big = {0};
    struct en_rpc_write many = {.text = BYTES("x"), .tags = EN_TAGS_MAX};
    static const char *const names[] = {"a", "b", "c", "d", "e", "f",
                                        "g", "h", "i", "j", "k", "l"};
    size_t before = count(w, (struct en_rpc_filter){0});

    (void)state;
    assert_err(ASK(&w->q, EN_RPC_WRITE, write, .text = BYTES("")), EN_RANGE);
    assert_int_equal(w->q.why.reason, EN_WHY_TEXT_EMPTY);
    assert_err(ASK(&w->q, EN_RPC_WRITE, write, .text = BYTES("\xff")),
               EN_RANGE);
    assert_int_equal(w->q.why.reason, EN_WHY_TEXT_UTF8);
    for (size_t i = 0; i < 64001; i++)
        assert_ok(en_buf_add_u8(&big, 'a'));
    assert_err(ASK(&w->q, EN_RPC_WRITE, write, .text = en_buf_span(&big)),
               EN_RANGE);
    assert_int_equal(w->q.why.reason, EN_WHY_TEXT_LONG);
    assert_int_equal(w->q.why.n, 64001);
    assert_int_equal(w->q.why.limit, 64000);
    big.n--;
    assert_ok(ASK(&w->q, EN_RPC_WRITE, write, .text = en_buf_span(&big)));
    for (size_t i = 0; i < EN_TAGS_MAX; i++)
        many.tag[i] = en_span_str(names[i]);
    assert_ok(asker_ask_write(&w->q, EN_RPC_WRITE, &many));
    assert_err(ASK(&w->q, EN_RPC_EDIT, edit, .typed = BYTES("zzz")), EN_ABSENT);
    assert_err(ASK(&w->q, EN_RPC_WRITE, write, .text = BYTES("x"), .tags = 1,
                   .tag = {BYTES("")}),
               EN_RANGE);
    assert_int_equal(w->q.why.reason, EN_WHY_TAG);
    assert_err(ASK(&w->q, EN_RPC_WRITE, write, .text = BYTES("x"), .opens = 9),
               EN_RANGE);
    assert_int_equal(count(w, (struct en_rpc_filter){0}), before + 2);
    en_buf_free(&big);
}

static void an_id_is_found_by_its_beginning_or_not_at_all(void **state)
{
    char id[EN_LETTERS + 1];

    (void)state;
    write_text(amina, "à relire", id);
    assert_span(read_one(amina, id).text, "à relire");
    id[EN_LETTERS_SHOWN] = 0;
    assert_span(read_one(amina, id).text, "à relire");
    assert_err(ASK(&amina->q, EN_RPC_READ, read, .typed = BYTES("zz")),
               EN_ABSENT);
    assert_int_equal(amina->q.why.reason, EN_WHY_NO_ENTRY);
    assert_string_equal(amina->q.why.what, "zz");
    assert_err(ASK(&amina->q, EN_RPC_READ, read, .typed = BYTES("!!!!")),
               EN_ABSENT);
}

static void an_edit_makes_a_version_and_keeps_the_old_one(void **state)
{
    struct world *w = amina;
    char id[EN_LETTERS + 1];
    struct en_rpc_full f;
    struct en_rpc_edit e = {.fields = EN_EDIT_TEXT | EN_EDIT_TITLE,
                            .text = BYTES("deuxième"),
                            .title = BYTES("titre"),
                            .tags = 1};

    (void)state;
    write_text(w, "première", id);
    e.typed = letters_of(id);
    e.tag[0] = BYTES("x");
    assert_ok(asker_ask_edit(&w->q, EN_RPC_EDIT, &e));
    assert_int_equal(entry(w, 0).version, 2);
    f = read_one(w, id);
    assert_span(f.text, "deuxième");
    assert_span(f.entry.title, "titre");
    assert_int_equal(f.entry.tags, 1);
    /* Only what is named changes. */
    assert_ok(ASK(&w->q, EN_RPC_EDIT, edit, .typed = letters_of(id),
                  .fields = EN_EDIT_WHEN, .untags = 1, .untag = {BYTES("X")},
                  .when = {.kind = EN_WHEN_DAY, .day = {2027, 1, 2}}));
    f = read_one(w, id);
    assert_span(f.text, "deuxième");
    assert_int_equal(f.entry.tags, 0);
    assert_int_equal(f.entry.when.day.day, 2);
    assert_ok(ASK(&w->q, EN_RPC_READ, read, .typed = letters_of(id),
                  .what = EN_READ_HISTORY));
    assert_int_equal(w->q.items, 3);
    assert_span(full(w, 0).text, "première");
    assert_span(full(w, 1).text, "deuxième");
    assert_int_equal(full(w, 2).number, 3);
    assert_true(full(w, 2).head);
    assert_false(full(w, 0).head);
}

static void two_edits_of_one_version_are_both_kept_and_merged(void **state)
{
    struct world *w = amina;
    char id[EN_LETTERS + 1];
    struct en_rpc_edit e = {.fields = EN_EDIT_TEXT, .parents = 1};

    (void)state;
    write_text(w, "au départ", id);
    e.typed = letters_of(id);
    e.parent[0] = read_one(w, id).record;
    e.text = BYTES("par ici");
    assert_ok(asker_ask_edit(&w->q, EN_RPC_EDIT, &e));
    w->q.env.now.time_ms += 1000;
    e.text = BYTES("par là"); /* written without seeing the first */
    assert_ok(asker_ask_edit(&w->q, EN_RPC_EDIT, &e));
    assert_int_equal(entry(w, 0).heads, 2);
    assert_ok(ASK(&w->q, EN_RPC_READ, read, .typed = letters_of(id)));
    assert_int_equal(w->q.items, 2);
    assert_span(full(w, 0).text, "par ici");
    assert_span(full(w, 1).text, "par là");

    e.parents = 0;
    assert_err(asker_ask_edit(&w->q, EN_RPC_EDIT, &e), EN_CHOOSE);
    assert_int_equal(w->q.why.reason, EN_WHY_HEADS);
    assert_int_equal(w->q.why.n, 2);
    e.fields |= EN_EDIT_MERGE;
    e.text = BYTES("par ici et par là");
    assert_ok(asker_ask_edit(&w->q, EN_RPC_EDIT, &e));
    assert_int_equal(entry(w, 0).heads, 1);
    assert_span(read_one(w, id).text, "par ici et par là");
}

static void an_edit_names_only_versions_of_its_own_entry(void **state)
{
    struct world *w = amina;
    char one[EN_LETTERS + 1], other[EN_LETTERS + 1];
    struct en_rpc_edit e = {
        .fields = EN_EDIT_TEXT, .text = BYTES("x"), .parents = 1};

    (void)state;
    write_text(w, "une", one);
    write_text(w, "autre", other);
    e.typed = letters_of(one);
    e.parent[0] = read_one(w, other).record;
    assert_err(asker_ask_edit(&w->q, EN_RPC_EDIT, &e), EN_PROTOCOL);
    assert_int_equal(read_one(w, one).entry.versions, 1);
}

static void undo_walks_back_and_ends(void **state)
{
    struct world w;
    char id[EN_LETTERS + 1];
    struct en_rpc_change c;

    (void)state;
    world_new(&w, 11);
    assert_ok(init(&w, "Zoé"));
    assert_err(asker_ask(&w.q, EN_RPC_UNDO, en_rpc_nothing()), EN_ABSENT);
    assert_int_equal(w.q.why.reason, EN_WHY_NO_UNDO);
    write_text(&w, "un", id);
    assert_ok(ASK(&w.q, EN_RPC_EDIT, edit, .typed = letters_of(id),
                  .fields = EN_EDIT_TEXT, .text = BYTES("deux")));
    w.q.env.now.time_ms += 1000;
    assert_ok(ASK(&w.q, EN_RPC_DELETE, name, .typed = letters_of(id)));
    w.q.env.now.time_ms += 1000;
    assert_int_equal(count(&w, (struct en_rpc_filter){0}), 0);
    assert_int_equal(
        count(&w, (struct en_rpc_filter){.flags = EN_FILTER_DELETED}), 1);
    assert_ok(ASK(&w.q, EN_RPC_CHANGES, filter, .limit = 2));
    assert_int_equal(w.q.items, 2);

    assert_ok(asker_ask(&w.q, EN_RPC_UNDO, en_rpc_nothing()));
    assert_ok(en_rpc_get_change(asker_item(&w.q, 0), &c));
    assert_int_equal(c.what, EN_CHANGE_DELETED);
    w.q.env.now.time_ms += 1000;
    assert_span(read_one(&w, id).text, "deux");
    assert_ok(asker_ask(&w.q, EN_RPC_UNDO, en_rpc_nothing()));
    assert_ok(en_rpc_get_change(asker_item(&w.q, 0), &c));
    assert_int_equal(c.what, EN_CHANGE_EDITED);
    w.q.env.now.time_ms += 1000;
    assert_span(read_one(&w, id).text, "un");
    assert_ok(asker_ask(&w.q, EN_RPC_UNDO, en_rpc_nothing()));
    assert_ok(en_rpc_get_change(asker_item(&w.q, 0), &c));
    assert_int_equal(c.what, EN_CHANGE_WRITTEN);
    w.q.env.now.time_ms += 1000;
    assert_int_equal(count(&w, (struct en_rpc_filter){0}), 0);
    assert_err(asker_ask(&w.q, EN_RPC_UNDO, en_rpc_nothing()), EN_ABSENT);
    /* Deleting what is deleted changes nothing. */
    assert_ok(ASK(&w.q, EN_RPC_DELETE, name, .typed = letters_of(id)));
    assert_err(ASK(&w.q, EN_RPC_EDIT, edit, .typed = letters_of(id),
                   .fields = EN_EDIT_TEXT, .text = BYTES("trois")),
               EN_ABSENT);
    world_free(&w);
}

static void a_list_keeps_to_its_filter(void **state)
{
    struct world *w = luc;
    struct en_rpc_write in = {.text = BYTES("vieux"), .tags = 1};

    (void)state;
    in.tag[0] = BYTES("Cœur");
    for (int16_t year = 1660; year <= 1669; year++) {
        in.when = (struct en_when){.kind = EN_WHEN_DAY, .day = {year, 9, 2}};
        assert_ok(asker_ask_write(&w->q, EN_RPC_WRITE, &in));
    }
    in.when = (struct en_when){.kind = EN_WHEN_DAY, .day = {1664, 9, 3}};
    assert_ok(asker_ask_write(&w->q, EN_RPC_WRITE, &in));
    assert_int_equal(count(w, (struct en_rpc_filter){.from = {1661, 9, 2},
                                                     .to = {1663, 9, 2}}),
                     3);
    assert_int_equal(count(w, (struct en_rpc_filter){.tag = BYTES("coeur")}),
                     11);
    assert_int_equal(count(w, (struct en_rpc_filter){.tag = BYTES("coeu")}), 0);
    assert_int_equal(count(w, (struct en_rpc_filter){.day = {1664, 9, 2}}), 9);
    assert_int_equal(
        count(w, (struct en_rpc_filter){.day = {1664, 9, 2}, .years = 2}), 4);
    assert_int_equal(count(w, (struct en_rpc_filter){.day = {1600, 9, 30},
                                                     .flags = EN_FILTER_MONTH}),
                     11);
    assert_int_equal(
        count(w, (struct en_rpc_filter){.tag = BYTES("coeur"), .limit = 1}), 1);
    assert_int_equal(entry(w, 0).when.day.year, 1669);
    assert_int_equal(count(w, (struct en_rpc_filter){.tag = BYTES("coeur"),
                                                     .flags = EN_FILTER_REVERSE,
                                                     .limit = 1}),
                     1);
    assert_int_equal(entry(w, 0).when.day.year, 1660);
}

static void a_query_of_no_sense_finds_nothing_and_is_no_error(void **state)
{
    struct en_buf big = {0};

    (void)state;
    assert_ok(ASK(&luc->q, EN_RPC_SEARCH, search, .query = BYTES("\"(*:"),
                  .width = 40));
    assert_int_equal(luc->q.items, 0);
    assert_ok(ASK(&luc->q, EN_RPC_SEARCH, search, .query = BYTES("   ")));
    assert_int_equal(luc->q.items, 0);
    for (size_t i = 0; i < EN_QUERY_MAX + 1; i++)
        assert_ok(en_buf_add_u8(&big, 'a'));
    assert_err(ASK(&luc->q, EN_RPC_SEARCH, search, .query = en_buf_span(&big)),
               EN_RANGE);
    en_buf_free(&big);
}

static void a_draft_is_kept_apart_and_goes_when_it_is_written(void **state)
{
    struct world *w = luc;
    size_t before = count(w, (struct en_rpc_filter){0});
    struct en_rpc_full f;

    (void)state;
    assert_ok(ASK(&w->q, EN_RPC_DRAFT, write, .text = BYTES("à finir")));
    assert_int_equal(count(w, (struct en_rpc_filter){0}), before);
    assert_ok(asker_ask(&w->q, EN_RPC_DRAFTS, en_rpc_nothing()));
    assert_int_equal(w->q.items, 1);
    f = full(w, 0);
    assert_span(f.text, "à finir");
    /* Kept again: the same draft. */
    assert_ok(ASK(&w->q, EN_RPC_DRAFT, write, .text = BYTES("à finir, bientôt"),
                  .draft = f.entry.id));
    assert_ok(asker_ask(&w->q, EN_RPC_DRAFTS, en_rpc_nothing()));
    assert_int_equal(w->q.items, 1);
    f = full(w, 0);
    assert_span(f.text, "à finir, bientôt");
    assert_ok(ASK(&w->q, EN_RPC_WRITE, write, .text = BYTES("fini"),
                  .draft = f.entry.id));
    assert_ok(asker_ask(&w->q, EN_RPC_DRAFTS, en_rpc_nothing()));
    assert_int_equal(w->q.items, 0);
    assert_int_equal(count(w, (struct en_rpc_filter){0}), before + 1);
}

/*
 * Import
 */

static struct en_rpc_imported imported(struct world *w, size_t i)
{
    struct en_rpc_imported r;

    assert_ok(en_rpc_get_imported(asker_item(&w->q, i), &r));
    return r;
}

static struct en_rpc_import *batch_of(size_t n)
{
    struct en_rpc_import *b = calloc(1, sizeof *b);

    assert_non_null(b);
    b->importer = BYTES("jsonl");
    b->records = n;
    for (size_t i = 0; i < n; i++)
        b->record[i].when =
            (struct en_when){.kind = EN_WHEN_DAY, .day = {1822, 9, 3}};
    return b;
}

static void a_second_import_changes_nothing(void **state)
{
    struct world *w = luc;
    struct en_rpc_import *b = batch_of(4);
    size_t before = count(w, (struct en_rpc_filter){0});

    (void)state;
    b->record[0].text = BYTES("Louroux. Je mets à exécution");
    b->record[1].text = BYTES("une autre, le même jour");
    b->record[2].text = BYTES("Louroux. Je mets à exécution"); /* again */
    b->record[3].text = BYTES("avec un id");
    b->record[3].foreign = BYTES("n1");
    b->dry_run = true;
    assert_ok(asker_ask_import(&w->q, EN_RPC_IMPORT, b));
    assert_int_equal(imported(w, 0).outcome, EN_IMPORT_NEW);
    assert_int_equal(count(w, (struct en_rpc_filter){0}), before);

    b->dry_run = false;
    assert_ok(asker_ask_import(&w->q, EN_RPC_IMPORT, b));
    assert_int_equal(w->q.items, 4);
    assert_int_equal(imported(w, 0).outcome, EN_IMPORT_NEW);
    assert_int_equal(imported(w, 1).outcome, EN_IMPORT_NEW);
    assert_int_equal(imported(w, 2).outcome, EN_IMPORT_SAME);
    assert_memory_equal(imported(w, 2).id.b, imported(w, 0).id.b, 16);
    assert_int_equal(imported(w, 3).outcome, EN_IMPORT_NEW);
    assert_int_equal(count(w, (struct en_rpc_filter){0}), before + 3);

    assert_ok(asker_ask_import(&w->q, EN_RPC_IMPORT, b));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(imported(w, i).outcome, EN_IMPORT_SAME);
    assert_int_equal(count(w, (struct en_rpc_filter){0}), before + 3);
    free(b);
}

static void an_import_takes_changes_and_leaves_the_person_s_own(void **state)
{
    struct world *w = luc;
    struct en_rpc_import *b = batch_of(1);
    char id[EN_LETTERS + 1];
    struct en_id16 raw;

    (void)state;
    b->record[0].foreign = BYTES("n2");
    b->record[0].text = BYTES("du fichier");
    assert_ok(asker_ask_import(&w->q, EN_RPC_IMPORT, b));
    raw = imported(w, 0).id;
    en_id_letters(&raw, id);
    b->record[0].text = BYTES("du fichier, changé là-bas");
    assert_ok(asker_ask_import(&w->q, EN_RPC_IMPORT, b));
    assert_int_equal(imported(w, 0).outcome, EN_IMPORT_CHANGED);
    assert_span(read_one(w, id).text, "du fichier, changé là-bas");
    /* Changed here: the same file again does not undo it. */
    assert_ok(ASK(&w->q, EN_RPC_EDIT, edit, .typed = letters_of(id),
                  .fields = EN_EDIT_TEXT, .text = BYTES("changé ici")));
    assert_ok(asker_ask_import(&w->q, EN_RPC_IMPORT, b));
    assert_int_equal(imported(w, 0).outcome, EN_IMPORT_SAME);
    assert_span(read_one(w, id).text, "changé ici");
    /* Deleted here: it stays so. */
    assert_ok(ASK(&w->q, EN_RPC_DELETE, name, .typed = letters_of(id)));
    b->record[0].text = BYTES("encore autre chose");
    assert_ok(asker_ask_import(&w->q, EN_RPC_IMPORT, b));
    assert_int_equal(imported(w, 0).outcome, EN_IMPORT_SAME);
    assert_true(read_one(w, id).entry.flags & EN_ENTRY_DELETED);
    free(b);
}

static void a_bad_record_does_not_stop_the_others(void **state)
{
    struct world *w = luc;
    struct en_rpc_import *b = batch_of(5);
    struct en_buf big = {0};
    size_t before = count(w, (struct en_rpc_filter){0});

    (void)state;
    for (size_t i = 0; i < 70000; i++)
        assert_ok(en_buf_add_u8(&big, 'a'));
    b->record[0].text = en_buf_span(&big);
    b->record[1].text = BYTES("");
    b->record[2].text = BYTES("sans date");
    b->record[2].when.kind = EN_WHEN_NONE;
    b->record[3].text = BYTES("bonne\a\a");
    b->record[4].text = BYTES("\xff");
    assert_ok(asker_ask_import(&w->q, EN_RPC_IMPORT, b));
    assert_int_equal(imported(w, 0).outcome, EN_IMPORT_REFUSED);
    assert_int_equal(imported(w, 0).reason, EN_WHY_TEXT_LONG);
    assert_int_equal(imported(w, 0).n, 70000);
    assert_int_equal(imported(w, 1).reason, EN_WHY_TEXT_EMPTY);
    assert_int_equal(imported(w, 2).outcome, EN_IMPORT_REFUSED);
    assert_int_equal(imported(w, 3).outcome, EN_IMPORT_NEW);
    assert_int_equal(imported(w, 3).dropped, 2);
    assert_int_equal(imported(w, 4).reason, EN_WHY_TEXT_UTF8);
    assert_int_equal(count(w, (struct en_rpc_filter){0}), before + 1);
    en_buf_free(&big);
    free(b);
}

/*
 * Circles
 */

static struct en_replica *group_of(struct world *w)
{
    return en_home_circle(w->home, en_home_circles(w->home) - 1);
}

/* Everything to lacks of a circle and from has. */
static void carry(struct world *from, struct world *to, const struct en_id *cid)
{
    struct en_replica *a = en_home_by_cid(from->home, cid);
    struct en_replica *b = en_home_by_cid(to->home, cid);
    struct en_frontier f = {0};
    struct en_buf body = {0};
    struct en_ingest in;
    bool did;

    assert_ok(en_replica_frontier(b, false, &f));
    while (en_replica_next(a, &f, false, &body) == EN_OK) {
        assert_ok(en_replica_ingest(b, en_buf_span(&body), &in));
        assert_ok(en_replica_done(a, en_replica_device(b), &in.tip));
        en_buf_clear(&body);
    }
    en_buf_free(&body);
    en_frontier_free(&f);
    assert_ok(en_replica_settle(b, false, &did));
    assert_ok(en_replica_settle(a, false, &did));
}

/* What a join does, without a network. */
static void let_in(struct world *sponsor, struct world *joiner,
                   const char *name)
{
    struct en_replica *s = group_of(sponsor), *made = NULL;
    const struct en_replica_env *env = en_home_replica_env(joiner->home);
    struct en_guest *g = NULL;
    struct en_frontier f = {0};
    struct en_buf body = {0};
    uint8_t cert[EN_CERT_LEN], sig[64];
    struct en_key sign, link, find, net;
    struct en_join_request req = {
        .cert = EN_SPAN_OF(cert),
        .cert_sig = EN_SPAN_OF(sig),
        .person_label = en_span_str(name),
        .device_label = BYTES("portable"),
        .cls = EN_CLASS_MEMBER,
    };

    assert_ok(en_guest_new(&g));
    while (en_replica_next(s, &f, true, &body) == EN_OK) {
        assert_ok(en_guest_ingest(g, en_buf_span(&body)));
        en_buf_clear(&body);
    }
    assert_ok(en_guest_keys(g, env, 0, cert, sig, &sign));
    assert_ok(en_replica_link_keys(s, &link, &find, &net));
    assert_ok(en_home_admit(sponsor->home, s, &req, &sponsor->q.env.now, NULL));
    while (en_replica_next(s, &f, true, &body) == EN_OK) {
        assert_ok(en_guest_ingest(g, en_buf_span(&body)));
        en_buf_clear(&body);
    }
    assert_ok(en_guest_adopt(g, env, &net, &made));
    assert_ok(en_home_take(joiner->home, made));
    en_guest_free(g);
    en_frontier_free(&f);
    en_buf_free(&body);
    carry(sponsor, joiner, en_replica_cid(s));
    carry(joiner, sponsor, en_replica_cid(s));
}

static struct en_rpc_circle circle(struct world *w, size_t i)
{
    struct en_rpc_circle c;

    assert_ok(en_rpc_get_circle(asker_item(&w->q, i), &c));
    return c;
}

static en_err create(struct world *w, const char *name)
{
    return ASK(&w->q, EN_RPC_CREATE, create, .name = en_span_str(name),
               .device = BYTES("ordinateur"), .kit = BYTES("papier"));
}

static void a_circle_is_made_and_found_by_its_beginning(void **state)
{
    struct world w;
    struct en_rpc_circle c;

    (void)state;
    world_new(&w, 12);
    assert_ok(init(&w, "Zoé"));
    assert_err(ASK(&w.q, EN_RPC_MEMBERS, name, .typed = BYTES("")), EN_ABSENT);
    assert_int_equal(w.q.why.reason, EN_WHY_NO_CIRCLE);
    assert_err(create(&w, "a\nb"), EN_RANGE);
    assert_int_equal(w.q.why.reason, EN_WHY_NAME);
    assert_ok(create(&w, "Les Tilleuls"));
    c = circle(&w, 0);
    assert_span(c.name, "Les Tilleuls");
    assert_int_equal(c.persons, 1);
    assert_int_equal(c.devices, 1);
    assert_int_equal(c.kits, 1);
    assert_int_equal(c.cls, 1);
    assert_true((c.flags & EN_CIRCLE_ROOT_HERE) != 0);
    assert_ok(ASK(&w.q, EN_RPC_MEMBERS, name, .typed = BYTES("")));
    assert_ok(create(&w, "Les Érables"));
    assert_err(ASK(&w.q, EN_RPC_MEMBERS, name, .typed = BYTES("")), EN_CHOOSE);
    assert_int_equal(w.q.why.reason, EN_WHY_CIRCLES);
    assert_string_equal(w.q.why.what, "Les Tilleuls\nLes Érables");
    assert_err(ASK(&w.q, EN_RPC_MEMBERS, name, .typed = BYTES("les")),
               EN_CHOOSE);
    assert_ok(ASK(&w.q, EN_RPC_MEMBERS, name, .typed = BYTES("LES ERA")));
    assert_span(circle(&w, 0).name, "Les Érables");
    assert_err(ASK(&w.q, EN_RPC_MEMBERS, name, .typed = BYTES("chênes")),
               EN_ABSENT);
    assert_ok(asker_ask(&w.q, EN_RPC_CIRCLES, en_rpc_nothing()));
    assert_int_equal(w.q.items, 3);
    assert_true((circle(&w, 0).flags & EN_CIRCLE_PERSONAL) != 0);
    world_free(&w);
}

static void what_is_shown_is_what_is_sealed(void **state)
{
    struct en_rpc_share arg = {.circle = BYTES("tilleuls")};
    struct en_rpc_preview p;
    struct en_rpc_device d;
    struct en_rpc_shared r;
    struct en_rpc_full f;
    struct en_id readers, revision;
    char id[EN_LETTERS + 1];
    size_t before;

    (void)state;
    assert_ok(create(amina, "Tilleuls"));
    let_in(amina, luc, "Luc R.");
    write_text(amina, "un\ndeux\ntrois", id);
    arg.typed = letters_of(id);
    arg.line_from = 2;
    arg.line_to = 3;
    assert_ok(asker_ask_share(&amina->q, EN_RPC_PREVIEW, &arg));
    assert_ok(en_rpc_get_preview(asker_item(&amina->q, 0), &p));
    assert_span(p.text, "deux\ntrois");
    assert_int_equal(p.persons, 2);
    assert_int_equal(p.devices, 2);
    assert_int_equal(p.kits, 1);
    assert_int_equal(amina->q.items, 4);
    for (size_t i = 1; i < 4; i++) {
        assert_ok(en_rpc_get_device(asker_item(&amina->q, i), &d));
        assert_true((d.flags & EN_DEVICE_READER) != 0);
        assert_true(d.person_name.n > 0);
    }
    readers = p.readers;
    revision = p.revision;

    /* Not what was seen: nothing leaves. */
    before = count(luc, (struct en_rpc_filter){.flags = EN_FILTER_SHARED});
    arg.revision = revision;
    memset(arg.readers.b, 9, 32);
    assert_err(asker_ask_share(&amina->q, EN_RPC_SHARE, &arg), EN_MOVED);
    arg.readers = readers;
    memset(arg.revision.b, 9, 32);
    assert_err(asker_ask_share(&amina->q, EN_RPC_SHARE, &arg), EN_MOVED);
    arg.revision = revision;
    assert_ok(asker_ask_share(&amina->q, EN_RPC_SHARE, &arg));
    assert_ok(en_rpc_get_shared(asker_item(&amina->q, 0), &r));
    assert_int_equal(r.others, 1);
    assert_int_equal(r.received, 0);
    carry(amina, luc, en_replica_cid(group_of(amina)));
    assert_int_equal(
        count(luc, (struct en_rpc_filter){.flags = EN_FILTER_SHARED}),
        before + 1);

    assert_ok(ASK(&luc->q, EN_RPC_NEWS, news, .mark = false));
    assert_int_equal(luc->q.items, 1);
    f = full(luc, 0);
    assert_span(f.text, "deux\ntrois");
    assert_span(f.entry.person_name, "Amina B.");
    assert_span(f.entry.circle, "Tilleuls");
    assert_int_equal(f.entry.tags, 0);
    assert_ok(ASK(&luc->q, EN_RPC_NEWS, news, .mark = true));
    assert_ok(ASK(&luc->q, EN_RPC_NEWS, news, .mark = true));
    assert_int_equal(luc->q.items, 0);

    /* The original stays private, and says where it went. */
    f = read_one(amina, id);
    assert_span(f.text, "un\ndeux\ntrois");
    assert_int_equal(f.places, 1);
    assert_span(f.place[0].circle, "Tilleuls");
}

static void sharing_again_is_the_same_or_a_new_version(void **state)
{
    struct en_rpc_share arg = {.circle = BYTES("tilleuls")};
    struct en_rpc_preview p;
    char id[EN_LETTERS + 1], share[EN_LETTERS + 1];
    struct en_rpc_entry e;

    (void)state;
    write_text(amina, "d'abord", id);
    arg.typed = letters_of(id);
    assert_ok(asker_ask_share(&amina->q, EN_RPC_PREVIEW, &arg));
    assert_ok(en_rpc_get_preview(asker_item(&amina->q, 0), &p));
    arg.revision = p.revision;
    arg.readers = p.readers;
    assert_ok(asker_ask_share(&amina->q, EN_RPC_SHARE, &arg));
    e = entry(amina, 1);
    en_id_letters(&e.id, share);
    assert_int_equal(e.versions, 1);
    assert_ok(asker_ask_share(&amina->q, EN_RPC_SHARE, &arg));
    e = entry(amina, 1);
    assert_int_equal(e.versions, 1);

    assert_ok(ASK(&amina->q, EN_RPC_EDIT, edit, .typed = letters_of(id),
                  .fields = EN_EDIT_TEXT, .text = BYTES("ensuite")));
    assert_ok(asker_ask_share(&amina->q, EN_RPC_PREVIEW, &arg));
    assert_ok(en_rpc_get_preview(asker_item(&amina->q, 0), &p));
    arg.revision = p.revision;
    assert_ok(asker_ask_share(&amina->q, EN_RPC_SHARE, &arg));
    e = entry(amina, 1);
    assert_int_equal(e.versions, 2);
    assert_span(read_one(amina, share).text, "ensuite");
}

static void a_share_is_taken_back_by_its_author_alone(void **state)
{
    struct en_rpc_shared r;
    struct en_rpc_entry e;
    char share[EN_LETTERS + 1];

    (void)state;
    assert_int_equal(
        count(amina,
              (struct en_rpc_filter){.flags = EN_FILTER_SHARED, .limit = 1}),
        1);
    carry(amina, luc, en_replica_cid(group_of(amina)));
    assert_int_equal(
        count(luc,
              (struct en_rpc_filter){.flags = EN_FILTER_SHARED, .limit = 1}),
        1);
    e = entry(luc, 0);
    en_id_letters(&e.id, share);
    assert_err(ASK(&luc->q, EN_RPC_DELETE, name, .typed = letters_of(share)),
               EN_DENIED);
    assert_int_equal(luc->q.why.reason, EN_WHY_NOT_AUTHOR);
    assert_err(ASK(&luc->q, EN_RPC_EDIT, edit, .typed = letters_of(share),
                   .fields = EN_EDIT_TEXT, .text = BYTES("x")),
               EN_DENIED);
    assert_err(ASK(&amina->q, EN_RPC_EDIT, edit, .typed = letters_of(share),
                   .fields = EN_EDIT_TEXT, .text = BYTES("x")),
               EN_DENIED);
    assert_int_equal(amina->q.why.reason, EN_WHY_SHARED);
    assert_ok(ASK(&amina->q, EN_RPC_DELETE, name, .typed = letters_of(share)));
    assert_int_equal(amina->q.items, 2);
    assert_ok(en_rpc_get_shared(asker_item(&amina->q, 1), &r));
    assert_int_equal(r.others, 1);
    carry(amina, luc, en_replica_cid(group_of(amina)));
    assert_ok(ASK(&luc->q, EN_RPC_READ, read, .typed = letters_of(share)));
    assert_int_equal(full(luc, 0).text.n, 0);
    assert_true((full(luc, 0).entry.flags & EN_ENTRY_DELETED) != 0);
}

static void lines_that_are_not_there_are_refused(void **state)
{
    struct en_rpc_share arg = {
        .circle = BYTES("tilleuls"), .line_from = 2, .line_to = 9};
    char id[EN_LETTERS + 1];

    (void)state;
    write_text(amina, "un\ndeux", id);
    arg.typed = letters_of(id);
    assert_err(asker_ask_share(&amina->q, EN_RPC_PREVIEW, &arg), EN_RANGE);
    assert_int_equal(amina->q.why.reason, EN_WHY_LINES);
    assert_int_equal(amina->q.why.n, 2);
}

static void both_see_the_same_six_words(void **state)
{
    struct en_rpc_words a, b;

    (void)state;
    carry(luc, amina, en_replica_cid(group_of(amina)));
    carry(amina, luc, en_replica_cid(group_of(amina)));
    carry(luc, amina, en_replica_cid(group_of(amina)));
    assert_ok(ASK(&amina->q, EN_RPC_WORDS, name, .typed = BYTES("")));
    assert_ok(en_rpc_get_words(asker_item(&amina->q, 0), &a));
    assert_ok(ASK(&luc->q, EN_RPC_WORDS, name, .typed = BYTES("")));
    assert_ok(en_rpc_get_words(asker_item(&luc->q, 0), &b));
    assert_memory_equal(a.word, b.word, sizeof a.word);
    assert_true(en_id_eq(&a.digest, &b.digest));
    assert_span(b.circle, "Tilleuls");
}

static void members_and_status_say_who_is_there(void **state)
{
    struct en_rpc_status s;
    struct en_rpc_circle c;
    struct en_rpc_device d;
    bool me = false, other = false;

    (void)state;
    assert_ok(ASK(&luc->q, EN_RPC_MEMBERS, name, .typed = BYTES("Tilleuls")));
    for (size_t i = 1; i < luc->q.items; i++) {
        assert_ok(en_rpc_get_device(asker_item(&luc->q, i), &d));
        if ((d.flags & EN_DEVICE_HERE) != 0) {
            me = true;
            assert_true((d.flags & EN_DEVICE_ME) != 0);
            assert_span(d.person_name, "Luc R.");
            assert_span(d.label, "portable");
            assert_int_equal(d.cls, 2);
        } else if ((d.flags & (EN_DEVICE_KIT | EN_DEVICE_ROOT)) == 0) {
            other = true;
            assert_span(d.person_name, "Amina B.");
            assert_int_equal(d.cls, 1);
        }
    }
    assert_true(me && other);
    assert_ok(asker_ask(&luc->q, EN_RPC_STATUS, en_rpc_nothing()));
    assert_ok(en_rpc_get_status(asker_item(&luc->q, 0), &s));
    assert_int_equal(s.devices, 1);
    assert_true(s.kit);
    assert_false(s.kit_paper);
    assert_int_equal(s.forks, 0);
    c = circle(luc, 2);
    assert_int_equal(c.persons, 2);
    assert_int_equal(c.others, 1);
    assert_int_equal(c.in_step, 1);
    assert_int_equal(c.waiting, 0);
    assert_true((c.flags & EN_CIRCLE_ROOT_HERE) == 0);
}

static void doctor_tells_facts_and_no_word(void **state)
{
    struct en_rpc_finding f;
    bool readable = false;

    (void)state;
    assert_ok(ASK(&amina->q, EN_RPC_DOCTOR, doctor, .deep = true));
    assert_true(amina->q.items > 10);
    for (size_t i = 0; i < amina->q.items; i++) {
        assert_ok(en_rpc_get_finding(asker_item(&amina->q, i), &f));
        if (f.code == EN_FIND_READABLE)
            readable = f.n > 10;
        if (f.code == EN_FIND_VIEWS)
            assert_int_equal(f.level, EN_LEVEL_OK);
    }
    assert_true(readable);
}

/*
 * Bytes of anybody
 */

static void what_is_no_request_is_answered_by_an_error(void **state)
{
    struct en_rng_seeded rng;
    uint8_t raw[64];
    struct en_rpc_request r;

    (void)state;
    en_rng_seed(&rng, 99);
    for (size_t i = 0; i < 500; i++) {
        size_t n = en_rng_below(&rng.rng, sizeof raw);

        en_rng_bytes(&rng.rng, raw, sizeof raw);
        if (en_rpc_request_get(EN_SPAN(raw, n), &r) == EN_OK)
            continue;
        assert_err(asker_bytes(&amina->q, EN_SPAN(raw, n)), EN_PROTOCOL);
        assert_int_equal(amina->q.items, 0);
    }
}

static void every_verb_refuses_arguments_that_are_not_its_own(void **state)
{
    static const uint8_t other[] = {0x92, 1, 2}; /* no verb takes these */

    (void)state;
    for (uint32_t verb = 0; verb < 128; verb++) {
        en_err err =
            asker_ask(&amina->q, (enum en_rpc_verb)verb, EN_SPAN_OF(other));

        if (verb >= EN_RPC_LINK_ON && verb != EN_RPC_LINK_WATCH &&
            verb != EN_RPC_AGENT_STATUS)
            assert_err(err, EN_CLOSED);
        else if (err != EN_OK || verb != EN_RPC_LINK_WATCH)
            assert_err(err, EN_PROTOCOL);
    }
    assert_int_equal(en_home_state(amina->home), EN_VAULT_OPEN);
}

static void a_request_of_another_version_is_refused_by_its_number(void **state)
{
    static const uint8_t two[] = {0x94, 2, 42, 1, 0x90};

    (void)state;
    assert_err(asker_bytes(&amina->q, EN_SPAN_OF(two)), EN_VERSION);
    assert_int_equal(amina->q.replied, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_init_is_refused),
        cmocka_unit_test(init_refuses_what_is_no_name_and_makes_nothing),
        cmocka_unit_test(init_refuses_a_short_passphrase_and_makes_nothing),
        cmocka_unit_test(nothing_is_answered_before_there_is_a_vault),
        cmocka_unit_test(an_entry_outlives_lock_and_unlock),
        cmocka_unit_test(unlocking_again_checks_the_passphrase),
        cmocka_unit_test(a_home_locks_when_idle_and_at_its_hard_limit),
        cmocka_unit_test(a_changed_passphrase_opens_and_the_old_one_does_not),
        cmocka_unit_test(settings_are_kept_and_unknown_ones_refused),
        cmocka_unit_test(answer_writes_lists_reads_and_finds),
        cmocka_unit_test(what_is_typed_is_cleaned_before_it_is_kept),
        cmocka_unit_test(what_no_entry_can_be_is_refused_and_nothing_is_kept),
        cmocka_unit_test(an_id_is_found_by_its_beginning_or_not_at_all),
        cmocka_unit_test(an_edit_makes_a_version_and_keeps_the_old_one),
        cmocka_unit_test(two_edits_of_one_version_are_both_kept_and_merged),
        cmocka_unit_test(an_edit_names_only_versions_of_its_own_entry),
        cmocka_unit_test(undo_walks_back_and_ends),
        cmocka_unit_test(a_list_keeps_to_its_filter),
        cmocka_unit_test(a_query_of_no_sense_finds_nothing_and_is_no_error),
        cmocka_unit_test(a_draft_is_kept_apart_and_goes_when_it_is_written),
        cmocka_unit_test(a_second_import_changes_nothing),
        cmocka_unit_test(an_import_takes_changes_and_leaves_the_person_s_own),
        cmocka_unit_test(a_bad_record_does_not_stop_the_others),
        cmocka_unit_test(a_circle_is_made_and_found_by_its_beginning),
        cmocka_unit_test(what_is_shown_is_what_is_sealed),
        cmocka_unit_test(sharing_again_is_the_same_or_a_new_version),
        cmocka_unit_test(a_share_is_taken_back_by_its_author_alone),
        cmocka_unit_test(lines_that_are_not_there_are_refused),
        cmocka_unit_test(both_see_the_same_six_words),
        cmocka_unit_test(members_and_status_say_who_is_there),
        cmocka_unit_test(doctor_tells_facts_and_no_word),
        cmocka_unit_test(what_is_no_request_is_answered_by_an_error),
        cmocka_unit_test(every_verb_refuses_arguments_that_are_not_its_own),
        cmocka_unit_test(a_request_of_another_version_is_refused_by_its_number),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, open_both, close_both);
}
