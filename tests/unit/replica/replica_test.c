/* One circle on several devices: founding, joining, writing, passing on. */
#include "lib/test.h"

#include "replica/replica.h"
#include "vault/vault.h"

#include <stdlib.h>
#include <string.h>

struct person {
    struct en_rng_seeded rng;
    struct en_vault *vault;
    struct en_replica_env env;
    struct en_replica *r;
    size_t items;
    char last[64];
    char dir[64];
};

static void on_item(void *user, const struct en_item *item)
{
    struct person *p = user;

    p->items++;
    snprintf(p->last, sizeof(p->last), "%.*s", (int)item->content.n,
             (const char *)item->content.p);
}

static void person_new(struct person *p, uint64_t seed)
{
    struct en_vault_env venv = {.time_ms = 1};
    struct en_why why = {0};

    memset(p, 0, sizeof(*p));
    en_rng_seed(&p->rng, seed);
    snprintf(p->dir, sizeof(p->dir), "/dev/shm/en-replica-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    assert_int_equal(en_vault_create(p->dir,
                                     en_span_str("hameau cerise citron"), NULL,
                                     &p->rng.rng, &venv, &p->vault, &why),
                     EN_OK);
    p->env = (struct en_replica_env){.store = en_vault_store(p->vault),
                                     .rng = &p->rng.rng,
                                     .item = on_item,
                                     .user = p};
}

static void person_free(struct person *p)
{
    char cmd[128];

    en_replica_close(p->r);
    en_vault_close(p->vault);
    snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
    assert_int_equal(system(cmd), 0);
}

static void found(struct person *p, bool personal)
{
    struct en_key kit;
    struct en_found f = {
        .personal = personal,
        .person_label = en_span_str("Amina B."),
        .device_label = en_span_str("ordinateur"),
        .kit_label = en_span_str("papier"),
        .kit = &kit,
    };

    memset(kit.b, 7, sizeof(kit.b));
    assert_int_equal(en_replica_found(&p->r, &p->env, &f), EN_OK);
}

static void write_line(struct person *p, const char *text)
{
    struct en_append a = {.type = 1, .content = en_span_str(text)};
    struct en_id id;

    assert_int_equal(en_replica_append(p->r, &a, 1, NULL, &id, NULL), EN_OK);
}

/* Everything a lacks from b, as one exchange would carry it. */
static void pull(struct person *a, struct person *b)
{
    struct en_frontier f = {0};
    struct en_buf body = {0};
    bool did;
    en_err err;

    assert_int_equal(en_replica_frontier(a->r, false, &f), EN_OK);
    while ((err = en_replica_next(b->r, &f, false, &body)) == EN_OK) {
        struct en_ingest in;

        assert_int_equal(en_replica_ingest(a->r, en_buf_span(&body), &in),
                         EN_OK);
        assert_int_equal(in.what, EN_RUN_STORED);
        assert_int_equal(en_replica_ingest(a->r, en_buf_span(&body), &in),
                         EN_OK);
        assert_int_equal(in.what, EN_RUN_KNOWN);
        en_buf_clear(&body);
    }
    assert_int_equal(err, EN_ABSENT);
    en_buf_free(&body);
    en_frontier_free(&f);
    assert_int_equal(en_replica_settle(a->r, false, &did), EN_OK);
}

static void join(struct person *j, struct person *s, const char *name)
{
    struct en_guest *g = NULL;
    struct en_frontier f = {0};
    struct en_buf body = {0};
    uint8_t cert[EN_CERT_LEN];
    uint8_t sig[64];
    struct en_key sign;
    struct en_key link;
    struct en_key find;
    struct en_key net;
    struct en_join_request req = {
        .cert = EN_SPAN_OF(cert),
        .cert_sig = EN_SPAN_OF(sig),
        .person_label = en_span_str(name),
        .device_label = en_span_str("ordinateur"),
        .cls = EN_CLASS_MEMBER,
    };

    assert_int_equal(en_guest_new(&g), EN_OK);
    while (en_replica_next(s->r, &f, true, &body) == EN_OK) {
        assert_int_equal(en_guest_ingest(g, en_buf_span(&body)), EN_OK);
        en_buf_clear(&body);
    }
    assert_int_equal(en_guest_keys(g, &j->env, 0, cert, sig, &sign), EN_OK);
    assert_int_equal(en_replica_link_keys(s->r, &link, &find, &net), EN_OK);
    assert_int_equal(en_guest_adopt(g, &j->env, &net, &j->r), EN_LATER);
    assert_int_equal(en_replica_admit(s->r, &req, NULL), EN_OK);
    while (en_replica_next(s->r, &f, true, &body) == EN_OK) {
        assert_int_equal(en_guest_ingest(g, en_buf_span(&body)), EN_OK);
        en_buf_clear(&body);
    }
    assert_int_equal(en_guest_adopt(g, &j->env, &net, &j->r), EN_OK);
    en_guest_free(g);
    en_frontier_free(&f);
    en_buf_free(&body);
}

static void a_private_line_is_kept_and_read_again(void **state)
{
    struct person p;
    struct en_buf content = {0};
    struct en_append a = {.type = 1, .content = en_span_str("une ligne")};
    struct en_id id;
    struct en_id cid;

    (void)state;
    person_new(&p, 1);
    found(&p, true);
    cid = *en_replica_cid(p.r);
    assert_int_equal(en_replica_append(p.r, &a, 1, NULL, &id, NULL), EN_OK);
    assert_int_equal(p.items, 1);
    en_replica_close(p.r);
    p.r = NULL;
    assert_int_equal(en_replica_open(&p.r, &p.env, &cid), EN_OK);
    assert_int_equal(en_replica_content(p.r, &id, &content), EN_OK);
    assert_int_equal(content.n, 9);
    assert_memory_equal(content.p, "une ligne", 9);
    en_buf_free(&content);
    person_free(&p);
}

static void two_people_join_and_all_hear_the_same_six_words(void **state)
{
    struct person a;
    struct person b;
    struct person c;
    unsigned wa[6];
    unsigned wb[6];
    unsigned wc[6];
    uint8_t digest[32];

    (void)state;
    person_new(&a, 1);
    person_new(&b, 2);
    person_new(&c, 3);
    found(&a, false);
    write_line(&a, "avant");
    join(&b, &a, "Luc R.");
    join(&c, &a, "Chloé D.");
    pull(&b, &a);
    pull(&c, &a);
    assert_int_equal(b.items, 0); /* written before they came */
    write_line(&a, "pour tous");
    pull(&b, &a);
    assert_int_equal(b.items, 1);
    assert_string_equal(b.last, "pour tous");
    pull(&c, &b); /* by a third */
    assert_int_equal(c.items, 1);
    write_line(&c, "et moi");
    pull(&b, &c);
    pull(&a, &b);
    assert_string_equal(a.last, "et moi");
    for (int i = 0; i < 3; i++) {
        pull(&b, &a);
        pull(&c, &a);
        pull(&a, &b);
        pull(&a, &c);
    }
    assert_int_equal(en_replica_words(a.r, wa, digest), EN_OK);
    assert_int_equal(en_replica_words(b.r, wb, digest), EN_OK);
    assert_int_equal(en_replica_words(c.r, wc, digest), EN_OK);
    assert_memory_equal(wa, wb, sizeof(wa));
    assert_memory_equal(wa, wc, sizeof(wa));
    person_free(&a);
    person_free(&b);
    person_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_line_is_kept_and_read_again),
        cmocka_unit_test(two_people_join_and_all_hear_the_same_six_words),
    };

    assert_int_equal(en_secret_init(), EN_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
