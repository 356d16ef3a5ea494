#include "replica/answer.h"

#include "replica/answer_in.h"
#include "replica/rows.h"
#include "vault/vault.h"

#include <string.h>

en_err en_act_emit(struct en_act *a, en_err put)
{
    if (put == EN_OK)
        put = en_rpc_add(&a->out, en_buf_span(&a->item));
    en_buf_clear(&a->item);
    return put;
}

/*
 * The vault
 */

static en_err state_row(struct en_act *a, struct en_buf *name,
                        struct en_rpc_state *s)
{
    en_err err = EN_OK;

    *s = (struct en_rpc_state){
        .vault = (uint32_t)en_home_state(a->home),
        .agent = a->env->agent,
        .link = a->env->link,
        .since_ms = en_home_since(a->home),
        .until_ms = a->env->agent ? en_home_until(a->home) : 0,
    };
    if (s->vault == EN_VAULT_OPEN)
        err = en_home_setting(a->home, en_span_str(EN_SETTING_NAME), name);
    s->name = en_buf_span(name);
    return err == EN_ABSENT ? EN_OK : err;
}

static en_err do_state(struct en_act *a)
{
    struct en_buf name = {.max = EN_LABEL_MAX};
    struct en_rpc_state s;
    en_err err = state_row(a, &name, &s);

    if (err == EN_OK)
        err = EN_EMIT(a, state, &s);
    en_buf_free(&name);
    return err;
}

static en_err do_init(struct en_act *a)
{
    struct en_rpc_init init;
    en_err err = en_rpc_get_init(a->args, &init);

    if (err == EN_OK)
        err = en_home_init(a->home, &init, a->now, &a->why);
    return err;
}

static en_err do_unlock(struct en_act *a)
{
    struct en_rpc_unlock u;
    en_err err = en_rpc_get_unlock(a->args, &u);

    if (err == EN_OK)
        err = en_home_unlock(a->home, u.passphrase, u.for_min, a->now, &a->why);
    return err == EN_OK ? do_state(a) : err;
}

static en_err do_passphrase(struct en_act *a)
{
    struct en_rpc_passphrase p;
    en_err err = en_rpc_get_passphrase(a->args, &p);

    return err == EN_OK ? en_home_passphrase(a->home, &p, &a->why) : err;
}

static en_err do_setting(struct en_act *a)
{
    struct en_buf value = {.max = EN_ROW_BODY_MAX};
    struct en_rpc_setting s;
    en_err err = en_rpc_get_setting(a->args, &s);

    if (err != EN_OK)
        return err;
    if (!en_span_eq(s.key, en_span_str(EN_SETTING_NAME)) &&
        !en_span_eq(s.key, en_span_str(EN_SETTING_LANG)))
        return EN_ABSENT;
    if (s.value.n > 0)
        err = en_home_set(a->home, s.key, s.value);
    if (err == EN_OK)
        err = en_home_setting(a->home, s.key, &value);
    s.value = en_buf_span(&value);
    if (err == EN_OK)
        err = EN_EMIT(a, setting, &s);
    en_buf_free(&value);
    return err;
}

/*
 * Circles
 */

static bool present(const struct en_member *m)
{
    return m->active && (m->flags & (EN_CERT_KIT | EN_CERT_ROOT)) == 0;
}

/* Whether an earlier active device of the same person was counted already. */
static bool counted(const struct en_circle *c, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (present(en_circle_member(c, j)) &&
            en_id16_eq(&en_circle_member(c, j)->person,
                       &en_circle_member(c, i)->person))
            return true;
    }
    return false;
}

/* What is new: of one circle, or of all. */
struct counting {
    struct en_home *home;
    const struct en_id *cid; /* NULL: all */
    uint64_t n;
};

static bool count_seen(void *user, const struct en_id *record)
{
    return en_home_seen(((struct counting *)user)->home, record);
}

static en_err count_new(void *user, const struct en_view_entry *row)
{
    struct counting *c = user;

    if (c->cid == NULL || en_id_eq(&row->cid, c->cid))
        c->n++;
    return EN_OK;
}

static en_err news(struct en_act *a, const struct en_id *cid, uint64_t *n)
{
    struct counting c = {.home = a->home, .cid = cid};
    struct en_book *book;
    en_err err = en_home_book(a->home, false, &book);

    if (err == EN_OK)
        err = en_book_news(book, count_seen, count_new, &c);
    *n = c.n;
    return err;
}

en_err en_act_circle(struct en_act *a, struct en_replica *r,
                     struct en_buf *name, struct en_rpc_circle *row)
{
    const struct en_circle *c = en_replica_circle(r);
    const struct en_member *own = en_circle_device(c, en_replica_device(r));
    struct en_key_name root = {.cid = *en_replica_cid(r), .kind = EN_KEY_ROOT};
    struct en_view_profile profile = {0};
    struct en_counts counts = {0};
    struct en_key key = {0};
    struct en_book *book;
    size_t at = name->n;
    en_err err;

    *row = (struct en_rpc_circle){
        .cid = *en_replica_cid(r),
        .cls = own == NULL ? UINT8_MAX : own->cls,
        .waiting = en_replica_waiting(r),
        .forks = en_replica_forks(r),
    };
    if (en_circle_policy(c).personal == 1)
        row->flags |= EN_CIRCLE_PERSONAL;
    if (own == NULL || !own->active)
        row->flags |= EN_CIRCLE_NOT_MINE;
    if (!en_replica_signs(r))
        row->flags |= EN_CIRCLE_OLD_COPY;
    err = en_store_key(en_home_store(a->home), &root, &key);
    en_key_wipe(&key);
    if (err == EN_OK)
        row->flags |= EN_CIRCLE_ROOT_HERE;
    else if (err != EN_ABSENT)
        return err;

    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);

        if (m->active && (m->flags & EN_CERT_KIT) != 0)
            row->kits++;
        if (!present(m))
            continue;
        row->devices++;
        if (!counted(c, i))
            row->persons++;
        if (en_id_eq(&m->device, en_replica_device(r)))
            continue;
        row->others++;
        if (en_replica_in_step(r, &m->device))
            row->in_step++;
    }

    err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = en_book_count(book, &row->cid, &counts);
    if (err == EN_OK)
        err = news(a, &row->cid, &row->news);
    if (err != EN_OK)
        return err;
    row->entries =
        (row->flags & EN_CIRCLE_PERSONAL) != 0 ? counts.entries : counts.shares;
    err = en_book_profile(book, &row->cid, &profile);
    if (err == EN_ABSENT)
        return EN_OK;
    row->lang = (uint32_t)profile.lang;
    row->created_ms = profile.created_ms;
    row->created_offset = profile.created_offset;
    if (err == EN_OK)
        err = en_buf_add_span(name, profile.name);
    row->name = EN_SPAN(name->p + at, name->n - at);
    return err;
}

en_err en_act_device(struct en_act *a, struct en_replica *r,
                     const struct en_member *m)
{
    struct en_buf name = {0};
    struct en_rpc_device d = {
        .person = m->person,
        .device = m->device,
        .cls = m->cls,
        .label = m->device_label,
    };
    struct en_id forked;
    en_err err;

    if (en_id16_eq(&m->person, en_replica_person(r)))
        d.flags |= EN_DEVICE_ME;
    if (en_id_eq(&m->device, en_replica_device(r)))
        d.flags |= EN_DEVICE_HERE;
    else if (en_replica_in_step(r, &m->device))
        d.flags |= EN_DEVICE_IN_STEP;
    if ((m->flags & EN_CERT_KIT) != 0)
        d.flags |= EN_DEVICE_KIT;
    if ((m->flags & EN_CERT_ROOT) != 0)
        d.flags |= EN_DEVICE_ROOT;
    if (m->reader)
        d.flags |= EN_DEVICE_READER;
    for (size_t i = 0; en_replica_fork(r, i, &forked); i++) {
        if (en_id_eq(&forked, &m->device))
            d.flags |= EN_DEVICE_FORKED;
    }
    err = en_home_person_name(r, &m->person, &name);
    d.person_name = en_buf_span(&name);
    if (err == EN_OK)
        err = EN_EMIT(a, device, &d);
    en_buf_free(&name);
    return err;
}

en_err en_act_received(struct en_act *a, const struct en_replica *r)
{
    const struct en_circle *c = en_replica_circle(r);
    struct en_rpc_shared s = {0};

    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);

        if (!present(m) || en_id_eq(&m->device, en_replica_device(r)))
            continue;
        s.others++;
        if (en_replica_in_step(r, &m->device))
            s.received++;
    }
    return EN_EMIT(a, shared, &s);
}

static en_err emit_circle(struct en_act *a, struct en_replica *r)
{
    struct en_buf name = {0};
    struct en_rpc_circle row;
    en_err err = en_act_circle(a, r, &name, &row);

    if (err == EN_OK)
        err = EN_EMIT(a, circle, &row);
    en_buf_free(&name);
    return err;
}

static en_err do_circles(struct en_act *a)
{
    en_err err = EN_OK;

    for (size_t i = 0; i < en_home_circles(a->home) && err == EN_OK; i++)
        err = emit_circle(a, en_home_circle(a->home, i));
    return err;
}

static en_err do_status(struct en_act *a)
{
    const struct en_replica *mine = en_home_personal(a->home);
    const struct en_circle *c = en_replica_circle(mine);
    struct en_key_name kit = {.kind = EN_KEY_KIT};
    struct en_buf name = {.max = EN_LABEL_MAX};
    struct en_rpc_status s = {0};
    struct en_counts counts = {0};
    struct en_key key = {0};
    struct en_book *book;
    en_err err;

    err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = state_row(a, &name, &s.state);
    if (err == EN_OK)
        err = en_book_count(book, en_replica_cid(mine), &counts);
    if (err == EN_OK)
        err = news(a, NULL, &s.news);
    if (err != EN_OK)
        goto out;
    s.entries = counts.entries;
    s.letters = counts.letters;
    s.drafts = counts.drafts;
    s.split = counts.split;
    s.newer = counts.newer;
    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);

        if (m->active && (m->flags & EN_CERT_KIT) != 0)
            s.kit = true;
        else if (present(m))
            s.devices++;
    }
    err = en_store_key(en_home_store(a->home), &kit, &key);
    en_key_wipe(&key);
    if (err != EN_OK && err != EN_ABSENT)
        goto out;
    s.kit_paper = s.kit && err == EN_ABSENT;
    for (size_t i = 0; i < en_home_circles(a->home); i++) {
        s.forks += en_replica_forks(en_home_circle(a->home, i));
        s.aside += en_replica_set_aside(en_home_circle(a->home, i));
        s.old_copy |= !en_replica_signs(en_home_circle(a->home, i));
    }
    err = EN_EMIT(a, status, &s);
    if (err == EN_OK)
        err = do_circles(a);
out:
    en_buf_free(&name);
    return err;
}

static en_err do_create(struct en_act *a)
{
    struct en_rpc_create create;
    struct en_replica *r;
    en_err err = en_rpc_get_create(a->args, &create);

    if (err == EN_OK)
        err = en_home_found(a->home, &create, a->now, &r, &a->why);
    return err == EN_OK ? emit_circle(a, r) : err;
}

static en_err named(struct en_act *a, struct en_replica **r)
{
    struct en_rpc_name name;
    en_err err = en_rpc_get_name(a->args, &name);

    return err == EN_OK ? en_home_named(a->home, name.typed, r, &a->why) : err;
}

static en_err do_members(struct en_act *a)
{
    struct en_replica *r;
    en_err err = named(a, &r);

    if (err == EN_OK)
        err = emit_circle(a, r);
    for (size_t i = 0;
         err == EN_OK && i < en_circle_members(en_replica_circle(r)); i++) {
        const struct en_member *m = en_circle_member(en_replica_circle(r), i);

        if (m->active)
            err = en_act_device(a, r, m);
    }
    return err;
}

static en_err do_words(struct en_act *a)
{
    struct en_view_profile profile = {0};
    struct en_rpc_words w = {0};
    struct en_replica *r;
    struct en_book *book;
    unsigned index[6];
    en_err err = named(a, &r);

    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK) {
        err = en_book_profile(book, en_replica_cid(r), &profile);
        err = err == EN_ABSENT ? EN_OK : err;
    }
    if (err == EN_OK)
        err = en_replica_words(r, index, w.digest.b);
    if (err != EN_OK)
        return err;
    w.cid = *en_replica_cid(r);
    w.circle = profile.name;
    w.lang = (uint32_t)profile.lang;
    for (size_t i = 0; i < 6; i++)
        w.word[i] = (uint16_t)index[i];
    return EN_EMIT(a, words, &w);
}

/* The link is off wherever no agent answers. */
static en_err do_watch(struct en_act *a)
{
    struct en_rpc_link off = {.counter = 1};
    struct en_rpc_watch w;
    en_err err = en_rpc_get_watch(a->args, &w);

    return err == EN_OK ? EN_EMIT(a, link, &off) : err;
}

static en_err do_lock(struct en_act *a)
{
    en_home_lock(a->home);
    return EN_OK;
}

static en_err do_write(struct en_act *a)
{
    return en_act_write(a, false);
}

static en_err do_draft(struct en_act *a)
{
    return en_act_write(a, true);
}

/*
 * Doctor. Facts as codes and counts: no name, no word, no key.
 */

static en_err finding(struct en_act *a, enum en_rpc_finding_code code,
                      enum en_rpc_level level, uint64_t n, uint64_t limit)
{
    struct en_rpc_finding f = {(uint32_t)code, (uint32_t)level, n, limit};

    return EN_EMIT(a, finding, &f);
}

static en_err vault_findings(struct en_act *a)
{
    struct en_vault *v = en_home_vault(a->home);
    struct en_vault_state st;
    en_err err;

    en_vault_state(v, &st);
    err = finding(a, EN_FIND_VAULT, st.broken ? EN_LEVEL_DO : EN_LEVEL_OK,
                  st.bytes, 0);
    if (err == EN_OK)
        err = finding(a, EN_FIND_MEMORY_LOCK,
                      st.memory_locked ? EN_LEVEL_OK : EN_LEVEL_WATCH, 0, 0);
    if (err == EN_OK)
        err = finding(a, EN_FIND_GUARD,
                      st.trust == EN_VAULT_CURRENT ? EN_LEVEL_OK : EN_LEVEL_DO,
                      0, 0);
    if (err == EN_OK)
        err = finding(a, EN_FIND_BAD_FRAMES,
                      st.frames_damaged == 0 ? EN_LEVEL_OK : EN_LEVEL_WATCH,
                      st.frames_damaged, 0);
    return err;
}

static en_err count_record(void *user, const struct en_item *item)
{
    (void)item;
    ++*(uint64_t *)user;
    return EN_OK;
}

/* Every page and row by SQLite, every journal record opened again, and the book
 * folded again from nothing: its counts must not change. */
static en_err deep_findings(struct en_act *a)
{
    struct en_counts before = {0}, after = {0};
    struct en_book *book;
    uint64_t opened = 0;
    en_err err;

    err = en_vault_check(en_home_vault(a->home), &a->why);
    for (size_t i = 0; i < en_home_circles(a->home) && err == EN_OK; i++)
        err =
            en_replica_items(en_home_circle(a->home, i), count_record, &opened);
    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = en_book_count(book, NULL, &before);
    if (err == EN_OK)
        err = en_home_refold(a->home, &book);
    if (err == EN_OK)
        err = en_book_count(book, NULL, &after);
    if (err == EN_OK)
        err = finding(a, EN_FIND_READABLE, EN_LEVEL_OK, opened, 0);
    if (err == EN_OK)
        err = finding(a, EN_FIND_VIEWS,
                      memcmp(&before, &after, sizeof before) == 0 ? EN_LEVEL_OK
                                                                  : EN_LEVEL_DO,
                      after.records, 0);
    return err;
}

/* A circle that has another device: before that nothing can wait. */
static bool others_in(const struct en_replica *r)
{
    const struct en_circle *c = en_replica_circle(r);

    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);

        if (present(m) && !en_id_eq(&m->device, en_replica_device(r)))
            return true;
    }
    return false;
}

static enum en_rpc_level bad_if(bool bad, enum en_rpc_level level)
{
    return bad ? level : EN_LEVEL_OK;
}

en_err en_act_doctor(struct en_act *a)
{
    uint64_t aside = 0, forks = 0, waiting = 0, control = 0;
    struct en_key_name kit = {.kind = EN_KEY_KIT};
    struct en_counts counts = {0};
    struct en_rpc_doctor d;
    struct en_key key = {0};
    struct en_book *book;
    bool paper;
    en_err err = en_rpc_get_doctor(a->args, &d);

    if (err == EN_OK)
        err = vault_findings(a);
    if (err == EN_OK && d.deep)
        err = deep_findings(a);
    if (err == EN_OK)
        err = en_home_book(a->home, false, &book);
    if (err == EN_OK)
        err = en_book_count(book, NULL, &counts);
    if (err != EN_OK)
        return err;
    for (size_t i = 0; i < en_home_circles(a->home); i++) {
        const struct en_replica *r = en_home_circle(a->home, i);

        aside += en_replica_set_aside(r);
        forks += en_replica_forks(r);
        control += en_circle_count(en_replica_circle(r));
        if (others_in(r))
            waiting += en_replica_waiting(r);
    }
    err = en_store_key(en_home_store(a->home), &kit, &key);
    en_key_wipe(&key);
    if (err != EN_OK && err != EN_ABSENT)
        return err;
    paper = err == EN_ABSENT;

    err = finding(a, EN_FIND_RECORDS, EN_LEVEL_OK, counts.records, 0);
    if (err == EN_OK)
        err = finding(a, EN_FIND_CONTROL,
                      bad_if(control > EN_CONTROL_RECORDS_SOFT, EN_LEVEL_WATCH),
                      control, EN_CONTROL_RECORDS_SOFT);
    if (err == EN_OK)
        err =
            finding(a, EN_FIND_ASIDE, bad_if(aside > 0, EN_LEVEL_DO), aside, 0);
    if (err == EN_OK)
        err =
            finding(a, EN_FIND_FORKS, bad_if(forks > 0, EN_LEVEL_DO), forks, 0);
    if (err == EN_OK)
        err =
            finding(a, EN_FIND_NEWER, bad_if(counts.newer > 0, EN_LEVEL_WATCH),
                    counts.newer, 0);
    if (err == EN_OK)
        err = finding(a, EN_FIND_WAITING, bad_if(waiting > 0, EN_LEVEL_WATCH),
                      waiting, 0);
    if (err == EN_OK)
        err = finding(a, EN_FIND_KIT, bad_if(!paper, EN_LEVEL_DO), 0, 0);
    if (err == EN_OK)
        err = finding(a, EN_FIND_INDEX, EN_LEVEL_OK, en_book_memory(book), 0);
    return err;
}

/*
 * Dispatch
 */

enum needs { ANYTIME, OPEN };

static const struct {
    enum en_rpc_verb verb;
    enum needs needs;
    bool args; /* takes some: a verb without is given none */
    en_err (*run)(struct en_act *a);
} verbs[] = {
    {EN_RPC_STATE, ANYTIME, false, do_state},
    {EN_RPC_INIT, ANYTIME, true, do_init},
    {EN_RPC_UNLOCK, ANYTIME, true, do_unlock},
    {EN_RPC_LOCK, ANYTIME, false, do_lock},
    {EN_RPC_PASSPHRASE, OPEN, true, do_passphrase},
    {EN_RPC_STATUS, OPEN, false, do_status},
    {EN_RPC_SETTING, OPEN, true, do_setting},
    {EN_RPC_DOCTOR, OPEN, true, en_act_doctor},
    {EN_RPC_WRITE, OPEN, true, do_write},
    {EN_RPC_LIST, OPEN, true, en_act_list},
    {EN_RPC_READ, OPEN, true, en_act_read},
    {EN_RPC_EDIT, OPEN, true, en_act_edit},
    {EN_RPC_DELETE, OPEN, true, en_act_delete},
    {EN_RPC_UNDO, OPEN, false, en_act_undo},
    {EN_RPC_CHANGES, OPEN, true, en_act_changes},
    {EN_RPC_SEARCH, OPEN, true, en_act_search},
    {EN_RPC_IMPORT, OPEN, true, en_act_import},
    {EN_RPC_NEWS, OPEN, true, en_act_news},
    {EN_RPC_DRAFT, OPEN, true, do_draft},
    {EN_RPC_DRAFTS, OPEN, false, en_act_drafts},
    {EN_RPC_CREATE, OPEN, true, do_create},
    {EN_RPC_CIRCLES, OPEN, false, do_circles},
    {EN_RPC_MEMBERS, OPEN, true, do_members},
    {EN_RPC_PREVIEW, OPEN, true, en_act_preview},
    {EN_RPC_SHARE, OPEN, true, en_act_share},
    {EN_RPC_WORDS, OPEN, true, do_words},
    {EN_RPC_LINK_WATCH, ANYTIME, true, do_watch},
    {EN_RPC_AGENT_STATUS, ANYTIME, false, do_state},
};

static en_err run(struct en_act *a, uint32_t verb)
{
    struct en_book *book;
    en_err err;

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if ((uint32_t)verbs[i].verb != verb)
            continue;
        if (!verbs[i].args && !en_span_eq(a->args, en_rpc_nothing()))
            return EN_PROTOCOL;
        if (verbs[i].needs == OPEN) {
            if (en_home_state(a->home) == EN_VAULT_NONE)
                return en_why_set(&a->why, EN_ABSENT, EN_WHY_NO_VAULT, NULL, 0,
                                  0);
            if (en_home_state(a->home) != EN_VAULT_OPEN)
                return EN_LOCKED;
            en_home_touch(a->home, a->now->now_ms);
            err = en_home_book(a->home, verb == EN_RPC_SEARCH, &book);
            if (err != EN_OK)
                return err;
            en_book_today(
                book, en_day_of_ms(a->now->time_ms, a->now->offset_min), false);
        }
        return verbs[i].run(a);
    }
    return verb >= EN_RPC_LINK_ON ? EN_CLOSED : EN_PROTOCOL;
}

/* What the disk said, where nobody above had more to say. */
static void explain(struct en_act *a, en_err err)
{
    const struct en_vault *v = en_home_vault(a->home);

    if (v != NULL && a->why.reason == EN_WHY_NONE &&
        (err == EN_IO || err == EN_FULL || err == EN_FORGED ||
         err == EN_MOVED || err == EN_BUSY))
        a->why = *en_vault_why(v);
}

/* After a failed write nothing in memory is trusted: the next request opens the
 * vault again and reads what the disk really holds. */
static void lock_if_broken(struct en_home *h)
{
    struct en_vault *v = en_home_vault(h);
    struct en_vault_state st;

    if (v == NULL)
        return;
    en_vault_state(v, &st);
    if (st.broken)
        en_home_lock(h);
}

en_err en_answer(const struct en_answer_env *env, struct en_span request,
                 en_err (*send)(void *user, struct en_span body), void *user)
{
    struct en_act a = {
        .env = env,
        .home = env->home,
        .now = &env->now,
        .out = {.send = send, .user = user},
        .item = {.max = EN_RPC_FRAME_MAX},
    };
    struct en_rpc_request r;
    en_err err;

    err = en_rpc_request_get(request, &r);
    a.out.number = r.number;
    if (err == EN_OK) {
        a.args = r.args;
        err = run(&a, r.verb);
    }
    explain(&a, err);
    err = en_rpc_end(&a.out, err, &a.why);
    en_rpc_answer_free(&a.out);
    en_buf_free(&a.item);
    lock_if_broken(a.home);
    return err;
}
