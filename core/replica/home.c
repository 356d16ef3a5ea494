#include "replica/home.h"

#include "base/text.h"
#include "replica/rows.h"
#include "vault/vault.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS UINT64_C(60000)

/* --weak-device: 4 passes over 128 MiB. */
static const struct en_pwhash_cost WEAK = {EN_PWHASH_WEAK_OPS,
                                           EN_PWHASH_WEAK_KIB};

struct en_home {
    struct en_home_env env;
    struct en_vault *vault; /* NULL unless open */
    struct en_replica_env replica_env;
    struct en_replica **circle; /* the personal one first */
    size_t circles, cap;
    struct en_book *book; /* NULL: not built */
    bool stale;           /* the book missed a record: built again */
    struct en_id *seen;   /* sorted */
    size_t seens, seen_cap;
    uint64_t idle_at, hard_at; /* monotonic ms */
    int64_t since_ms, until_ms;
};

en_err en_home_new(struct en_home **h, const struct en_home_env *env)
{
    struct en_home *n = calloc(1, sizeof *n);

    if (n == NULL)
        return EN_NOMEM;
    n->env = *env;
    *h = n;
    return EN_OK;
}

void en_home_free(struct en_home *h)
{
    if (h == NULL)
        return;
    en_home_lock(h);
    free(h);
}

struct en_vault *en_home_vault(const struct en_home *h)
{
    return h->vault;
}

enum en_rpc_vault en_home_state(const struct en_home *h)
{
    if (h->vault != NULL)
        return EN_VAULT_OPEN;
    return en_vault_exists(h->env.dir, NULL) ? EN_VAULT_LOCKED : EN_VAULT_NONE;
}

static void forget_book(struct en_home *h)
{
    en_book_free(h->book);
    h->book = NULL;
    h->stale = false;
    free(h->seen);
    h->seen = NULL;
    h->seens = h->seen_cap = 0;
}

void en_home_lock(struct en_home *h)
{
    forget_book(h);
    for (size_t i = 0; i < h->circles; i++)
        en_replica_close(h->circle[i]);
    free(h->circle);
    h->circle = NULL;
    h->circles = h->cap = 0;
    en_vault_close(h->vault);
    h->vault = NULL;
    h->idle_at = h->hard_at = 0;
    h->since_ms = h->until_ms = 0;
}

/*
 * Limits
 */

void en_home_touch(struct en_home *h, uint64_t now_ms)
{
    if (h->vault != NULL)
        h->idle_at = now_ms + EN_IDLE_MS;
}

uint64_t en_home_deadline(const struct en_home *h)
{
    if (h->vault == NULL)
        return UINT64_MAX;
    return h->idle_at < h->hard_at ? h->idle_at : h->hard_at;
}

bool en_home_expire(struct en_home *h, uint64_t now_ms)
{
    if (now_ms < en_home_deadline(h))
        return false;
    en_home_lock(h);
    return true;
}

int64_t en_home_since(const struct en_home *h)
{
    return h->since_ms;
}

int64_t en_home_until(const struct en_home *h)
{
    return h->until_ms;
}

static void limits(struct en_home *h, uint32_t for_min,
                   const struct en_now *now)
{
    uint64_t ms = (for_min == 0 ? EN_HARD_MIN : for_min) * MINUTE_MS;

    h->hard_at = now->now_ms + ms;
    h->until_ms = now->time_ms + (int64_t)ms;
    en_home_touch(h, now->now_ms);
}

/*
 * Circles
 */

static bool is_personal(const struct en_replica *r)
{
    return en_circle_policy(en_replica_circle(r)).personal == 1;
}

/* A profile names the circle: only a facilitator's counts. */
static bool may_profile(const struct en_home *h, const struct en_item *item)
{
    const struct en_replica *r = en_home_by_cid(h, &item->cid);
    const struct en_member *m =
        r == NULL ? NULL
                  : en_circle_device(en_replica_circle(r), &item->device);

    return m != NULL && m->cls <= EN_CLASS_FACILITATOR;
}

static en_err to_book(struct en_home *h, const struct en_item *item)
{
    struct en_book_item b = {
        .cid = item->cid,
        .record = item->record,
        .person = item->person,
        .device = en_id_short(&item->device),
        .type = item->type,
        .flags = item->older_key ? EN_ITEM_OLD_KEYS : 0,
        .content = item->content,
    };
    en_err err;

    if (item->type == EN_TYPE_PROFILE && !may_profile(h, item))
        return EN_OK;
    err = en_book_add(h->book, &b);
    /* Broken or newer content is counted by the book, and no error here: whoever
     * wrote it must not keep the rest from being read. */
    return err == EN_VERSION || err == EN_PROTOCOL ? EN_OK : err;
}

/* From a replica, after its commit. It cannot fail: a book that missed something
 * is built again at its next use. */
static void on_item(void *user, const struct en_item *item)
{
    struct en_home *h = user;

    if (h->book == NULL)
        return;
    if (item->content.n == 0)
        en_book_remove(h->book, &item->record);
    else if (to_book(h, item) != EN_OK)
        h->stale = true;
}

size_t en_home_circles(const struct en_home *h)
{
    return h->circles;
}

struct en_replica *en_home_circle(const struct en_home *h, size_t i)
{
    return i < h->circles ? h->circle[i] : NULL;
}

struct en_replica *en_home_personal(const struct en_home *h)
{
    return h->circles > 0 && is_personal(h->circle[0]) ? h->circle[0] : NULL;
}

struct en_replica *en_home_by_cid(const struct en_home *h,
                                  const struct en_id *cid)
{
    for (size_t i = 0; i < h->circles; i++) {
        if (en_id_eq(en_replica_cid(h->circle[i]), cid))
            return h->circle[i];
    }
    return NULL;
}

const struct en_replica_env *en_home_replica_env(const struct en_home *h)
{
    return &h->replica_env;
}

/* Room for one more, made before anything is written for it. */
static en_err room(struct en_home *h)
{
    struct en_replica **p;
    size_t cap = h->cap == 0 ? 8 : h->cap * 2;

    if (h->circles < h->cap)
        return EN_OK;
    p = realloc(h->circle, cap * sizeof(struct en_replica *));
    if (p == NULL)
        return EN_NOMEM;
    h->circle = p;
    h->cap = cap;
    return EN_OK;
}

en_err en_home_take(struct en_home *h, struct en_replica *r)
{
    en_err err = room(h);

    if (err != EN_OK)
        return err;
    if (is_personal(r) && h->circles > 0) {
        memmove(&h->circle[1], &h->circle[0],
                h->circles * sizeof(struct en_replica *));
        h->circle[0] = r;
    } else {
        h->circle[h->circles] = r;
    }
    h->circles++;
    if (h->book != NULL)
        h->stale = true;
    return EN_OK;
}

/* Label of the kit as it was written at init. */
static struct en_span kit_label(const struct en_home *h)
{
    const struct en_circle *c = en_replica_circle(h->circle[0]);

    for (size_t i = 0; i < en_circle_members(c); i++)
        if ((en_circle_member(c, i)->flags & EN_CERT_KIT) != 0)
            return en_circle_member(c, i)->device_label;
    return EN_SPAN(NULL, 0);
}

/* A person's kit reads what is shared with their circles: where it is not listed
 * yet and its words are still here, it is granted now. */
static en_err give_kit(struct en_home *h, struct en_replica *r, bool *did)
{
    struct en_key_name name = {.kind = EN_KEY_KIT};
    struct en_key kit = {0};
    en_err err;

    if (!en_replica_wants_kit(r) || kit_label(h).n == 0)
        return EN_OK;
    err = en_store_key(en_vault_store(h->vault), &name, &kit);
    if (err == EN_OK) {
        err = en_replica_grant_kit(r, &kit, kit_label(h));
        *did = err == EN_OK;
    } else if (err == EN_ABSENT) {
        err = EN_OK; /* on paper only: its words must be typed */
    }
    en_key_wipe(&kit);
    return err;
}

en_err en_home_settle_one(struct en_home *h, struct en_replica *r,
                          bool may_epoch, bool *did)
{
    bool gave = false;
    en_err err = give_kit(h, r, &gave);

    *did = false;
    if (err == EN_OK)
        err = en_replica_settle(r, may_epoch, did);
    *did |= gave;
    return err;
}

en_err en_home_settle(struct en_home *h, bool may_epoch, bool *did)
{
    en_err err = EN_OK;

    *did = false;
    for (size_t i = 0; i < h->circles && err == EN_OK; i++) {
        bool one = false;

        err = en_home_settle_one(h, h->circle[i], may_epoch, &one);
        *did |= one;
    }
    return err;
}

struct cids {
    struct en_id *id;
    size_t n, cap;
};

static en_err add_cid(void *user, const struct en_row *row)
{
    struct cids *c = user;
    struct en_id *p;

    if (row->key.n != sizeof(struct en_id))
        return EN_FORGED;
    if (c->n == c->cap) {
        c->cap = c->cap == 0 ? 8 : c->cap * 2;
        p = realloc(c->id, c->cap * sizeof *p);
        if (p == NULL)
            return EN_NOMEM;
        c->id = p;
    }
    memcpy(c->id[c->n++].b, row->key.p, 32);
    return EN_OK;
}

static en_err load_circles(struct en_home *h)
{
    struct en_find all = {
        .kind = EN_ROW_CIRCLE, .from = INT64_MIN, .to = INT64_MAX};
    struct cids cids = {0};
    struct en_replica *r;
    en_err err;

    err = en_store_find(en_home_store(h), &all, add_cid, &cids);
    for (size_t i = 0; i < cids.n && err == EN_OK; i++) {
        err = en_replica_open(&r, &h->replica_env, &cids.id[i]);
        if (err != EN_OK)
            break;
        err = en_home_take(h, r);
        if (err != EN_OK)
            en_replica_close(r);
    }
    free(cids.id);
    return err;
}

/*
 * Open and shut
 */

static void opened(struct en_home *h, struct en_vault *v, uint32_t for_min,
                   const struct en_now *now)
{
    h->vault = v;
    h->replica_env = (struct en_replica_env){
        .store = en_vault_store(v),
        .rng = h->env.rng,
        .trace = h->env.trace,
        .old_copy = !en_vault_signs(v),
        .item = on_item,
        .user = h,
    };
    h->since_ms = now->time_ms;
    limits(h, for_min, now);
}

static struct en_vault_env vault_env(const struct en_home *h,
                                     const struct en_now *now)
{
    return (struct en_vault_env){
        .below = h->env.vfs,
        .time_ms = now->time_ms < 0 ? 0 : (uint64_t)now->time_ms,
        .trace = h->env.trace == NULL ? (struct en_trace){0} : *h->env.trace,
    };
}

en_err en_home_unlock(struct en_home *h, struct en_span passphrase,
                      uint32_t for_min, const struct en_now *now,
                      struct en_why *why)
{
    struct en_vault_env env = vault_env(h, now);
    struct en_vault *v = NULL;
    en_err err;

    if (for_min > EN_HARD_MIN_UP)
        return en_why_set(why, EN_RANGE, EN_WHY_NONE, NULL, for_min,
                          EN_HARD_MIN_UP);
    if (h->vault != NULL) {
        err = en_vault_verify(h->vault, passphrase, why);
        if (err == EN_OK)
            limits(h, for_min, now);
        return err;
    }
    if (en_home_state(h) == EN_VAULT_NONE)
        return en_why_set(why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0, 0);

    err = en_vault_open(h->env.dir, passphrase, h->env.rng, &env, &v, why);
    if (err != EN_OK)
        return err;
    opened(h, v, for_min, now);
    err = load_circles(h);
    if (err == EN_OK && en_home_personal(h) == NULL)
        err = en_why_set(why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0, 0);
    if (err != EN_OK)
        en_home_lock(h);
    return err;
}

/* The kit's entropy: drawn once, before the first circle it is granted in. */
static en_err kit_entropy(struct en_home *h, struct en_key *kit)
{
    struct en_key_name name = {.kind = EN_KEY_KIT};
    struct en_batch batch = {0};
    en_err err;

    err = en_store_key(en_home_store(h), &name, kit);
    if (err != EN_ABSENT)
        return err;
    en_rng_bytes(h->env.rng, kit->b, sizeof kit->b);
    err = en_batch_key_put(&batch, &name, kit);
    if (err == EN_OK)
        err = en_store_commit(en_home_store(h), &batch);
    en_batch_free(&batch);
    return err;
}

static en_err label(struct en_span typed, struct en_buf *out,
                    struct en_why *why)
{
    en_err err = en_text_name(typed, EN_NAME_MAX, out);

    if (err == EN_RANGE)
        err =
            en_why_set(why, EN_RANGE, EN_WHY_NAME, NULL, typed.n, EN_NAME_MAX);
    return err;
}

struct labels {
    struct en_buf person, device, kit;
};

static en_err labels_of(struct labels *l, struct en_span person,
                        struct en_span device, struct en_span kit,
                        struct en_why *why)
{
    en_err err = label(person, &l->person, why);

    if (err == EN_OK)
        err = label(device, &l->device, why);
    if (err == EN_OK)
        err = label(kit, &l->kit, why);
    return err;
}

static void labels_free(struct labels *l)
{
    en_buf_free(&l->person);
    en_buf_free(&l->device);
    en_buf_free(&l->kit);
}

static en_err found(struct en_home *h, bool personal, const struct labels *l,
                    struct en_replica **out)
{
    struct en_found f = {
        .personal = personal,
        .person_label = en_buf_span(&l->person),
        .device_label = en_buf_span(&l->device),
        .kit_label = en_buf_span(&l->kit),
    };
    struct en_key kit = {0};
    struct en_replica *r = NULL;
    en_err err;

    err = room(h);
    if (err != EN_OK)
        return err;
    if (personal) {
        err = kit_entropy(h, &kit);
    } else {
        struct en_key_name name = {.kind = EN_KEY_KIT};

        err = en_store_key(en_home_store(h), &name, &kit);
    }
    if (err != EN_OK)
        goto out;
    f.kit = &kit;
    err = en_replica_found(&r, &h->replica_env, &f);
    if (err != EN_OK)
        goto out;
    err = en_home_take(h, r);
    assert(err == EN_OK); /* there is room */
    if (out != NULL)
        *out = r;
out:
    en_key_wipe(&kit);
    return err;
}

en_err en_home_init(struct en_home *h, const struct en_rpc_init *init,
                    const struct en_now *now, struct en_why *why)
{
    struct en_vault_env env = vault_env(h, now);
    struct en_vault *v = NULL;
    struct labels l = {0};
    en_err err;

    if (init->lang > EN_LANG_EN)
        return EN_RANGE;
    if (h->vault != NULL)
        return en_why_set(why, EN_DENIED, EN_WHY_VAULT_EXISTS, NULL, 0, 0);
    err = labels_of(&l, init->name, init->device, init->kit, why);
    if (err != EN_OK)
        goto out;

    /*
     * A power cut may have left a vault without its first circle: nothing was said
     * to be kept in it, and the same passphrase goes on where it stopped.
     */
    if (en_home_state(h) == EN_VAULT_NONE)
        err = en_vault_create(h->env.dir, init->passphrase,
                              init->weak ? &WEAK : NULL, h->env.rng, &env, &v,
                              why);
    else
        err = en_vault_open(h->env.dir, init->passphrase, h->env.rng, &env, &v,
                            why);
    if (err == EN_PASSPHRASE)
        err = en_why_set(why, EN_DENIED, EN_WHY_VAULT_EXISTS, NULL, 0, 0);
    if (err != EN_OK)
        goto out;
    opened(h, v, 0, now);
    err = load_circles(h);
    if (err == EN_OK && en_home_personal(h) != NULL)
        err = en_why_set(why, EN_DENIED, EN_WHY_VAULT_EXISTS, NULL, 0, 0);
    if (err == EN_OK)
        err = en_home_set(h, en_span_str(EN_SETTING_NAME),
                          en_buf_span(&l.person));
    if (err == EN_OK)
        err = en_home_set(h, en_span_str(EN_SETTING_LANG),
                          en_span_str(init->lang == EN_LANG_FR ? "fr" : "en"));
    if (err == EN_OK)
        err = found(h, true, &l, NULL);
    if (err != EN_OK)
        en_home_lock(h);
out:
    labels_free(&l);
    return err;
}

/* A profile: the first one of a circle, or (heads) the one in force again. */
static en_err append_profile(struct en_home *h, struct en_replica *r,
                             struct en_content *c, const struct en_now *now,
                             struct en_why *why)
{
    struct en_buf content = {.max = EN_CONTENT_MAX};
    struct en_append rec = {.type = EN_TYPE_PROFILE};
    struct en_id id;
    en_err err;

    c->kind = EN_KIND_PROFILE;
    c->time_ms = now->time_ms;
    c->offset = now->offset_min;
    if (en_id16_zero(&c->id))
        en_rng_bytes(h->env.rng, c->id.b, sizeof c->id.b);
    err = en_content_encode(c, &content, why);
    if (err == EN_OK) {
        rec.content = en_buf_span(&content);
        err = en_replica_append(r, &rec, 1, NULL, &id, why);
    }
    en_buf_free(&content);
    return err;
}

/* The circle's name and language, as its first journal record. */
static en_err write_profile(struct en_home *h, struct en_replica *r,
                            struct en_span name, enum en_lang lang,
                            const struct en_now *now, struct en_why *why)
{
    struct en_content c = {
        .u.profile = {.name = name,
                      .lang = lang,
                      .preset = 120,
                      .aliases = EN_ALIASES_REMIND,
                      .sponsor = EN_SPONSOR_COUNT},
    };

    return append_profile(h, r, &c, now, why);
}

/* Its revision names the one it copies, so that whoever has both sees one. */
static en_err copy_profile(struct en_home *h, struct en_replica *r,
                           const struct en_now *now, struct en_why *why)
{
    struct en_view_profile p;
    struct en_content c, old;
    struct en_buf bytes = {0};
    struct en_book *book;
    en_err err = en_home_book(h, false, &book);

    if (err == EN_OK)
        err = en_book_profile(book, en_replica_cid(r), &p);
    if (err == EN_ABSENT)
        return EN_OK; /* none has reached this device either */
    if (err == EN_OK)
        err = en_book_content(book, &p.shown, &bytes, &old);
    if (err == EN_OK) {
        c = (struct en_content){.id = old.id, .u.profile = old.u.profile};
        c.u.profile.lang = p.lang; /* of the first revision, for ever */
        c.parents = c.afters = 1;
        c.parent[0] = c.after[0] = p.shown;
        err = append_profile(h, r, &c, now, why);
    }
    en_buf_free(&bytes);
    return err;
}

en_err en_home_admit(struct en_home *h, struct en_replica *r,
                     const struct en_join_request *j, const struct en_now *now,
                     struct en_why *why)
{
    en_err err = en_replica_admit(r, j, why);

    return err == EN_OK ? copy_profile(h, r, now, why) : err;
}

en_err en_home_found(struct en_home *h, const struct en_rpc_create *create,
                     const struct en_now *now, struct en_replica **r,
                     struct en_why *why)
{
    struct en_buf me = {.max = EN_NAME_MAX}, name = {0};
    struct labels l = {0};
    en_err err;

    if (create->lang > EN_LANG_EN)
        return EN_RANGE;
    err = label(create->name, &name, why);
    if (err == EN_OK)
        err = en_home_setting(h, en_span_str(EN_SETTING_NAME), &me);
    if (err == EN_OK)
        err = labels_of(&l, en_buf_span(&me), create->device, create->kit, why);
    if (err == EN_OK)
        err = found(h, false, &l, r);
    if (err == EN_OK)
        err = write_profile(h, *r, en_buf_span(&name),
                            (enum en_lang)create->lang, now, why);
    labels_free(&l);
    en_buf_free(&name);
    en_buf_free(&me);
    return err;
}

/*
 * Names
 */

static en_err list_name(struct en_buf *names, struct en_span name)
{
    en_err err = names->n == 0 ? EN_OK : en_buf_add_u8(names, '\n');

    return err == EN_OK ? en_buf_add_span(names, name) : err;
}

/* Whether a circle is meant by typed (folded): 2 by its whole name or id, 1 by the
 * beginning of its name. */
static en_err meant(struct en_home *h, struct en_replica *r,
                    struct en_span folded, struct en_span typed,
                    struct en_span *name, int *how)
{
    struct en_view_profile p = {0};
    struct en_buf f = {0};
    struct en_book *book;
    struct en_id cid;
    char hex[65];
    en_err err;

    *how = 0;
    err = en_home_book(h, false, &book);
    if (err != EN_OK)
        return err;
    err = en_book_profile(book, en_replica_cid(r), &p);
    if (err != EN_OK && err != EN_ABSENT)
        return err;
    *name = p.name;
    if (typed.n == 64) {
        memcpy(hex, typed.p, 64);
        hex[64] = 0;
        if (en_unhex(cid.b, 32, hex) == EN_OK &&
            en_id_eq(&cid, en_replica_cid(r)))
            *how = 2;
    }
    if (typed.n == 0 || *how == 2) {
        *how = *how == 2 ? 2 : 1;
        return EN_OK;
    }
    err = en_text_fold(p.name, &f);
    if (err == EN_OK && f.n >= folded.n && folded.n > 0 &&
        memcmp(f.p, folded.p, folded.n) == 0)
        *how = f.n == folded.n ? 2 : 1;
    en_buf_free(&f);
    return err == EN_RANGE ? EN_OK : err;
}

en_err en_home_named(struct en_home *h, struct en_span typed,
                     struct en_replica **r, struct en_why *why)
{
    struct en_replica *whole = NULL, *begins = NULL;
    size_t wholes = 0, beginnings = 0;
    struct en_buf folded = {0};
    struct en_buf names = {.max = EN_WHY_TEXT_MAX - 1};
    struct en_buf shown = {0};
    struct en_span name = {0};
    en_err err;
    int how;

    if (en_home_state(h) != EN_VAULT_OPEN)
        return EN_LOCKED;
    err = en_text_fold(typed, &folded);
    if (err != EN_OK && err != EN_RANGE)
        return err;
    err = EN_OK;
    for (size_t i = 0; i < h->circles && err == EN_OK; i++) {
        if (is_personal(h->circle[i]))
            continue;
        err = meant(h, h->circle[i], en_buf_span(&folded), typed, &name, &how);
        if (err != EN_OK || how == 0)
            continue;
        if (how == 2) {
            whole = h->circle[i];
            wholes++;
        } else {
            begins = h->circle[i];
            beginnings++;
        }
        /* Names that do not fit any more are left out of the question. */
        (void)list_name(&names, name);
    }
    if (err != EN_OK)
        goto out;
    if (wholes == 1 || (wholes == 0 && beginnings == 1)) {
        *r = wholes == 1 ? whole : begins;
        goto out;
    }
    err =
        en_buf_add_span(wholes + beginnings == 0 ? &shown : &names,
                        wholes + beginnings == 0 ? typed : (struct en_span){0});
    if (err == EN_OK)
        err = en_buf_add_u8(wholes + beginnings == 0 ? &shown : &names, 0);
    if (err == EN_OK || err == EN_RANGE)
        err = wholes + beginnings == 0
                  ? en_why_set(why, EN_ABSENT, EN_WHY_NO_CIRCLE,
                               (const char *)shown.p, 0, 0)
                  : en_why_set(why, EN_CHOOSE, EN_WHY_CIRCLES,
                               (const char *)names.p, wholes + beginnings, 0);
out:
    en_buf_free(&folded);
    en_buf_free(&names);
    en_buf_free(&shown);
    return err;
}

/* The label shown for a person is the same on all of that person's devices. */
static struct en_span person_label(const struct en_circle *c,
                                   const struct en_id16 *person)
{
    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);

        if (en_id16_eq(&m->person, person) && m->person_label.n > 0)
            return m->person_label;
    }
    return (struct en_span){0};
}

en_err en_home_person_name(const struct en_replica *r,
                           const struct en_id16 *person, struct en_buf *out)
{
    const struct en_circle *c = en_replica_circle(r);
    struct en_span mine = person_label(c, person);
    bool twice = false;
    char hex[9];
    en_err err;

    for (size_t i = 0; i < en_circle_members(c) && !twice; i++) {
        const struct en_member *m = en_circle_member(c, i);

        twice = !en_id16_eq(&m->person, person) && mine.n > 0 && m->active &&
                en_span_eq(m->person_label, mine);
    }
    err = en_buf_add_span(out, mine);
    if (err != EN_OK || (!twice && mine.n > 0))
        return err;
    en_hex(hex, person->b, 4);
    if (mine.n > 0)
        err = en_buf_add_str(out, " (");
    if (err == EN_OK)
        err = en_buf_add_str(out, hex);
    if (err == EN_OK && mine.n > 0)
        err = en_buf_add_str(out, ")");
    return err;
}

struct en_span en_home_device_label(const struct en_replica *r,
                                    const struct en_id16 *dev16)
{
    const struct en_member *m = en_circle_dev16(en_replica_circle(r), dev16);

    return m == NULL ? (struct en_span){0} : m->device_label;
}

/*
 * The book
 */

/* A record's content again; which circle it is of the book does not say. */
static en_err load(void *user, const struct en_id *record, struct en_buf *out)
{
    struct en_home *h = user;
    en_err err = EN_ABSENT;

    for (size_t i = 0; i < h->circles && err == EN_ABSENT; i++)
        err = en_replica_content(h->circle[i], record, out);
    return err;
}

static en_err add_item(void *user, const struct en_item *item)
{
    return to_book(user, item);
}

static int cmp_id(const void *a, const void *b)
{
    return en_id_cmp(a, b);
}

static en_err add_seen(struct en_home *h, const struct en_id *record)
{
    struct en_id *p;
    size_t cap = h->seen_cap == 0 ? 64 : h->seen_cap * 2;

    if (h->seens == h->seen_cap) {
        p = realloc(h->seen, cap * sizeof *p);
        if (p == NULL)
            return EN_NOMEM;
        h->seen = p;
        h->seen_cap = cap;
    }
    h->seen[h->seens++] = *record;
    return EN_OK;
}

static en_err add_seen_row(void *user, const struct en_row *row)
{
    struct en_id id;

    if (row->key.n != sizeof id)
        return EN_FORGED;
    memcpy(id.b, row->key.p, 32);
    return add_seen(user, &id);
}

static en_err build(struct en_home *h, bool index)
{
    struct en_book_source source = {.load = load, .user = h, .index = index};
    struct en_find seen = {
        .kind = EN_ROW_SEEN, .from = INT64_MIN, .to = INT64_MAX};
    en_err err;

    forget_book(h);
    en_rng_bytes(h->env.rng, &source.seed, sizeof source.seed);
    err = en_book_new(&source, &h->book);
    for (size_t i = 0; i < h->circles && err == EN_OK; i++) {
        const struct en_replica *r = h->circle[i];

        err = en_book_me(h->book, en_replica_cid(r), en_replica_person(r),
                         is_personal(r));
        if (err == EN_OK)
            err = en_replica_items(h->circle[i], add_item, h);
        seen.cid = *en_replica_cid(r);
        if (err == EN_OK)
            err = en_store_find(en_home_store(h), &seen, add_seen_row, h);
    }
    if (err != EN_OK) {
        forget_book(h);
        return err;
    }
    if (h->seens > 0)
        qsort(h->seen, h->seens, sizeof *h->seen, cmp_id);
    return EN_OK;
}

en_err en_home_book(struct en_home *h, bool index, struct en_book **book)
{
    en_err err;

    if (h->vault == NULL)
        return EN_LOCKED;
    if (h->book == NULL || h->stale) {
        err = build(h, index);
        if (err != EN_OK)
            return err;
    }
    *book = h->book;
    return EN_OK;
}

en_err en_home_refold(struct en_home *h, struct en_book **book)
{
    forget_book(h);
    return en_home_book(h, false, book);
}

bool en_home_seen(const struct en_home *h, const struct en_id *record)
{
    return h->seens > 0 &&
           bsearch(record, h->seen, h->seens, sizeof *h->seen, cmp_id) != NULL;
}

en_err en_home_mark_seen(struct en_home *h, const struct en_id *cid,
                         const struct en_id *record, size_t n)
{
    struct en_batch batch = {0};
    struct en_row row = {.cid = *cid, .kind = EN_ROW_SEEN};
    size_t before = h->seens;
    en_err err = EN_OK;

    for (size_t i = 0; i < n && err == EN_OK; i++) {
        if (en_home_seen(h, &record[i]))
            continue;
        row.key = EN_SPAN(record[i].b, 32);
        err = en_batch_row_put(&batch, &row);
    }
    if (err == EN_OK && !en_batch_empty(&batch))
        err = en_store_commit(en_home_store(h), &batch);
    for (size_t i = 0; i < n && err == EN_OK && h->book != NULL; i++)
        err = add_seen(h, &record[i]);
    if (h->seens > before)
        qsort(h->seen, h->seens, sizeof *h->seen, cmp_id);
    en_batch_free(&batch);
    return err;
}

/*
 * Settings
 */

struct en_store *en_home_store(const struct en_home *h)
{
    assert(h->vault != NULL);
    return en_vault_store(h->vault);
}

static const struct en_id NO_CID;

en_err en_home_setting(const struct en_home *h, struct en_span key,
                       struct en_buf *out)
{
    int64_t sort;

    return en_store_row(en_home_store(h), &NO_CID, EN_ROW_SETTING, key, &sort,
                        out);
}

en_err en_home_set(struct en_home *h, struct en_span key, struct en_span value)
{
    struct en_row row = {.kind = EN_ROW_SETTING, .key = key, .body = value};
    struct en_batch batch = {0};
    en_err err;

    err = en_batch_row_put(&batch, &row);
    if (err == EN_OK)
        err = en_store_commit(en_home_store(h), &batch);
    en_batch_free(&batch);
    return err;
}

en_err en_home_passphrase(struct en_home *h, const struct en_rpc_passphrase *p,
                          struct en_why *why)
{
    if (h->vault == NULL)
        return EN_LOCKED;
    return en_vault_passphrase(h->vault, p->old, p->fresh,
                               p->weak ? &WEAK : NULL, why);
}
