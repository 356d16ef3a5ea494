#include "lib/memstore.h"

#include <stdlib.h>
#include <string.h>

struct rec {
    struct log *log;
    struct en_id id;
    uint8_t header[EN_HEADER_LEN];
    uint64_t seq;
    enum en_mark mark;
    struct en_span payload;
    struct en_span aux;
    uint64_t arrival;
    bool has_sig;
    uint8_t sig[64];
};

struct list { /* of pointers, in order */
    void **p;
    size_t n, cap;
};

struct log {
    struct en_id cid, id, device;
    uint8_t kind;
    bool own;
    struct list recs;
};

struct circle {
    struct en_id cid;
    struct list arrived;
};

struct secret {
    struct en_key_name name;
    struct en_key value;
};

struct row {
    struct en_id cid;
    uint16_t kind;
    int64_t sort;
    struct en_span key;
    struct en_span body;
};

struct memstore {
    struct en_store store;
    struct list logs;    /* by id */
    struct list circles; /* as they came */
    struct list secrets; /* by name */
    struct list rows;    /* by cid, kind, key */
    struct list table;   /* records hashed by id; n is the number of slots */
    size_t records;
    bool inside; /* a callback runs */
    bool older;
    unsigned fail_after;
    en_err fail;
    bool fail_for_ever, fail_kept;
    uint64_t commits;
    size_t bytes;
};

static const struct en_store_ops mem_ops;

/* ---- memory that never runs out, and that no sweep of malloc counts ---- */

static void *take(size_t n)
{
    void *p = aligned_alloc(16, (n + 15) & ~(size_t)15);

    assert(p != NULL);
    memset(p, 0, n);
    return p;
}

static struct en_span keep(struct en_span s)
{
    uint8_t *p;

    if (s.n == 0)
        return EN_SPAN(NULL, 0);
    p = take(s.n);
    memcpy(p, s.p, s.n);
    return EN_SPAN(p, s.n);
}

static void give_back(struct en_span s)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } p = {s.p};

    if (s.n > 0)
        en_wipe(p.out, s.n);
    free(p.out);
}

static void insert(struct list *l, size_t at, void *p)
{
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 16 : l->cap * 2;
        void **q = take(cap * sizeof(*q));

        if (l->n > 0)
            memcpy(q, l->p, l->n * sizeof(*q));
        free(l->p);
        l->p = q;
        l->cap = cap;
    }
    memmove(l->p + at + 1, l->p + at, (l->n - at) * sizeof(*l->p));
    l->p[at] = p;
    l->n++;
}

static void *cut(struct list *l, size_t at)
{
    void *p = l->p[at];

    l->n--;
    memmove(l->p + at, l->p + at + 1, (l->n - at) * sizeof(*l->p));
    return p;
}

/* Where key stands or would stand, by compare; *found says which. */
static size_t place(const struct list *l, const void *key,
                    int (*compare)(const void *key, const void *item),
                    bool *found)
{
    size_t lo = 0;
    size_t hi = l->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (compare(key, l->p[mid]) > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *found = lo < l->n && compare(key, l->p[lo]) == 0;
    return lo;
}

/* ---- looking things up ---- */

static int log_compare(const void *key, const void *item)
{
    const struct log *l = item;

    return en_id_cmp(key, &l->id);
}

static struct log *find_log(const struct memstore *m, const struct en_id *id)
{
    bool found;
    size_t i = place(&m->logs, id, log_compare, &found);

    return found ? m->logs.p[i] : NULL;
}

static struct circle *find_circle(const struct memstore *m,
                                  const struct en_id *cid)
{
    for (size_t i = 0; i < m->circles.n; i++) {
        struct circle *c = m->circles.p[i];

        if (en_id_eq(&c->cid, cid))
            return c;
    }
    return NULL;
}

static int secret_compare(const void *key, const void *item)
{
    const struct en_key_name *a = key;
    const struct secret *s = item;
    int c = en_id_cmp(&a->cid, &s->name.cid);

    if (c != 0)
        return c;
    if (a->kind != s->name.kind)
        return a->kind < s->name.kind ? -1 : 1;
    return en_id16_cmp(&a->ref, &s->name.ref);
}

static int row_compare(const void *key, const void *item)
{
    const struct row *a = key;
    const struct row *b = item;
    int c = en_id_cmp(&a->cid, &b->cid);

    if (c != 0)
        return c;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return en_span_cmp(a->key, b->key);
}

static size_t slot_of(const struct memstore *m, const struct en_id *id)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < sizeof(id->b); i++)
        h = (h ^ id->b[i]) * 1099511628211u;
    return (size_t)(h & (m->table.n - 1));
}

static void table_add(struct memstore *m, struct rec *r)
{
    size_t i = slot_of(m, &r->id);

    while (m->table.p[i] != NULL)
        i = (i + 1) & (m->table.n - 1);
    m->table.p[i] = r;
}

static void remember(struct memstore *m, struct rec *r)
{
    struct list old = m->table;

    if (2 * (m->records + 1) > m->table.n) {
        m->table.n = old.n == 0 ? 64 : old.n * 2;
        m->table.p = take(m->table.n * sizeof(*m->table.p));
        for (size_t i = 0; i < old.n; i++)
            if (old.p[i] != NULL)
                table_add(m, old.p[i]);
        free(old.p);
    }
    table_add(m, r);
    m->records++;
}

static struct rec *find_rec(const struct memstore *m, const struct en_id *id)
{
    if (m->table.n == 0)
        return NULL;
    for (size_t i = slot_of(m, id); m->table.p[i] != NULL;
         i = (i + 1) & (m->table.n - 1)) {
        struct rec *r = m->table.p[i];

        if (en_id_eq(&r->id, id))
            return r;
    }
    return NULL;
}

/* ---- reading ---- */

static struct memstore *mem_of(struct en_store *s)
{
    struct memstore *m = (struct memstore *)(void *)s;

    assert(!m->inside); /* a callback never calls the same store */
    return m;
}

static en_err said(en_err err)
{
    return err == EN_CLOSED ? EN_OK : err;
}

static en_err mem_frontier(struct en_store *s, const struct en_id *cid,
                           en_head_fn fn, void *user)
{
    struct memstore *m = mem_of(s);
    en_err err = EN_OK;

    m->inside = true;
    for (size_t i = 0; err == EN_OK && i < m->logs.n; i++) {
        const struct log *l = m->logs.p[i];
        const struct rec *tip = l->recs.p[l->recs.n - 1];
        struct en_head h = {.log = l->id,
                            .device = l->device,
                            .kind = l->kind,
                            .own = l->own,
                            .count = l->recs.n,
                            .id = tip->id};

        if (cid != NULL && !en_id_eq(cid, &l->cid))
            continue;
        memcpy(h.sig, tip->sig, sizeof(h.sig));
        err = fn(user, &h);
    }
    m->inside = false;
    return said(err);
}

static en_err show(const struct rec *r, en_stored_fn fn, void *user)
{
    struct en_stored st = {.log = r->log->id,
                           .id = r->id,
                           .header = r->header,
                           .seq = r->seq,
                           .mark = r->mark,
                           .payload = r->payload,
                           .aux = r->aux,
                           .arrival = r->arrival,
                           .sig = r->has_sig ? r->sig : NULL};

    return fn(user, &st);
}

static en_err mem_scan(struct en_store *s, const struct en_id *log,
                       uint64_t from, en_stored_fn fn, void *user)
{
    struct memstore *m = mem_of(s);
    const struct log *l = find_log(m, log);
    en_err err = EN_OK;

    m->inside = true;
    for (uint64_t i = from; err == EN_OK && l != NULL && i < l->recs.n; i++)
        err = show(l->recs.p[i], fn, user);
    m->inside = false;
    return said(err);
}

static en_err mem_arrivals(struct en_store *s, const struct en_id *cid,
                           uint64_t from, en_stored_fn fn, void *user)
{
    struct memstore *m = mem_of(s);
    const struct circle *c = find_circle(m, cid);
    en_err err = EN_OK;

    m->inside = true;
    for (uint64_t i = from > 0 ? from - 1 : 0;
         err == EN_OK && c != NULL && i < c->arrived.n; i++)
        err = show(c->arrived.p[i], fn, user);
    m->inside = false;
    return said(err);
}

static en_err mem_get(struct en_store *s, const struct en_id *id,
                      en_stored_fn fn, void *user)
{
    struct memstore *m = mem_of(s);
    const struct rec *r = find_rec(m, id);
    en_err err;

    if (r == NULL)
        return EN_ABSENT;
    m->inside = true;
    err = show(r, fn, user);
    m->inside = false;
    return said(err);
}

static int by_sort(const void *a, const void *b)
{
    const struct row *x = *(const struct row *const *)a;
    const struct row *y = *(const struct row *const *)b;

    if (x->sort != y->sort)
        return x->sort < y->sort ? -1 : 1;
    return en_span_cmp(x->key, y->key);
}

static en_err mem_find(struct en_store *s, const struct en_find *q,
                       en_row_fn fn, void *user)
{
    struct memstore *m = mem_of(s);
    struct row low = {.cid = q->cid, .kind = q->kind, .key = q->prefix};
    struct list hit = {0};
    bool exact;
    size_t i = place(&m->rows, &low, row_compare, &exact);
    en_err err = EN_OK;

    for (; i < m->rows.n; i++) {
        struct row *r = m->rows.p[i];

        if (!en_id_eq(&r->cid, &q->cid) || r->kind != q->kind ||
            r->key.n < q->prefix.n ||
            !en_span_eq(EN_SPAN(r->key.p, q->prefix.n), q->prefix))
            break;
        if (r->sort >= q->from && r->sort <= q->to)
            insert(&hit, hit.n, r);
    }
    if (hit.n > 0)
        qsort(hit.p, hit.n, sizeof(*hit.p), by_sort);
    m->inside = true;
    for (i = 0; err == EN_OK && i < hit.n; i++) {
        const struct row *r = hit.p[q->reverse ? hit.n - 1 - i : i];
        struct en_row out = {.cid = r->cid,
                             .kind = r->kind,
                             .key = r->key,
                             .sort = r->sort,
                             .body = r->body};

        if (q->limit > 0 && i >= q->limit)
            break;
        err = fn(user, &out);
    }
    m->inside = false;
    free(hit.p);
    return said(err);
}

static en_err mem_key(struct en_store *s, const struct en_key_name *name,
                      struct en_key *out)
{
    struct memstore *m = mem_of(s);
    bool found;
    size_t i = place(&m->secrets, name, secret_compare, &found);

    if (!found)
        return EN_ABSENT;
    *out = ((struct secret *)m->secrets.p[i])->value;
    return EN_OK;
}

/* ---- checking a batch whole ---- */

static bool bounded(enum en_mark mark, struct en_span payload)
{
    return mark <= EN_MARK_WITHDRAWN && payload.n <= EN_RUN_BYTES_MAX &&
           (mark == EN_MARK_PAYLOAD || payload.n == 0);
}

static bool in_bounds(const struct en_batch *b)
{
    bool ok = b->recs <= EN_VAULT_BATCH_RECORDS_MAX &&
              b->bytes <= EN_VAULT_BATCH_BYTES_MAX;

    for (size_t i = 0; i < b->logs; i++)
        ok = ok && b->log[i].kind <= 1;
    for (size_t i = 0; i < b->recs; i++)
        ok = ok && b->rec[i].seq <= EN_SEQ_MAX &&
             b->rec[i].aux.n <= EN_RUN_BYTES_MAX &&
             bounded(b->rec[i].mark, b->rec[i].payload);
    for (size_t i = 0; i < b->marks; i++)
        ok = ok && bounded(b->mark[i].mark, b->mark[i].payload);
    for (size_t i = 0; i < b->rows; i++)
        ok = ok && b->row[i].row.key.n >= 1 &&
             b->row[i].row.key.n <= EN_ROW_KEY_MAX &&
             b->row[i].row.body.n <= EN_ROW_BODY_MAX;
    return ok;
}

static const struct en_batch_log *made_log(const struct en_batch *b,
                                           const struct en_id *id)
{
    for (size_t i = 0; i < b->logs; i++)
        if (en_id_eq(&b->log[i].log, id))
            return &b->log[i];
    return NULL;
}

/* Records of that log in b, before b->rec[end]. */
static uint64_t in_batch(const struct en_batch *b, const struct en_id *log,
                         size_t end)
{
    uint64_t n = 0;

    for (size_t i = 0; i < end; i++)
        n += en_id_eq(&b->rec[i].log, log);
    return n;
}

/* The id of record seq, stored or in b; NULL if there is none. */
static const struct en_id *id_at(const struct memstore *m,
                                 const struct en_batch *b,
                                 const struct en_id *log, uint64_t seq)
{
    const struct log *l = find_log(m, log);

    if (l != NULL && seq < l->recs.n)
        return &((const struct rec *)l->recs.p[seq])->id;
    for (size_t i = 0; i < b->recs; i++)
        if (b->rec[i].seq == seq && en_id_eq(&b->rec[i].log, log))
            return &b->rec[i].id;
    return NULL;
}

static bool vouched(const struct en_batch *b, const struct en_id *log,
                    uint64_t seq)
{
    for (size_t i = 0; i < b->cps; i++)
        if (b->cp[i].seq == seq && en_id_eq(&b->cp[i].log, log))
            return true;
    return false;
}

static en_err check_heads(const struct memstore *m, const struct en_batch *b)
{
    for (size_t i = 0; i < b->heads; i++) {
        const struct log *l = find_log(m, &b->head[i].log);
        uint64_t count = l != NULL ? l->recs.n : 0;

        if (count != b->head[i].count)
            return EN_MOVED;
        if (count > 0 &&
            !en_id_eq(&((const struct rec *)l->recs.p[count - 1])->id,
                      &b->head[i].id))
            return EN_MOVED;
    }
    return EN_OK;
}

static en_err check_logs(const struct memstore *m, const struct en_batch *b)
{
    for (size_t i = 0; i < b->logs; i++) {
        const struct en_batch_log *want = &b->log[i];
        const struct log *l = find_log(m, &want->log);
        const struct en_batch_log *first = made_log(b, &want->log);

        if (l != NULL && (l->kind != want->kind || l->own != want->own ||
                          !en_id_eq(&l->cid, &want->cid) ||
                          !en_id_eq(&l->device, &want->device)))
            return EN_RANGE;
        if (first->kind != want->kind || first->own != want->own ||
            !en_id_eq(&first->cid, &want->cid) ||
            !en_id_eq(&first->device, &want->device))
            return EN_RANGE;
        if (l == NULL && in_batch(b, &want->log, b->recs) == 0)
            return EN_RANGE;
    }
    return EN_OK;
}

static en_err check_records(const struct memstore *m, const struct en_batch *b)
{
    for (size_t i = 0; i < b->recs; i++) {
        const struct en_batch_record *r = &b->rec[i];
        const struct log *l = find_log(m, &r->log);
        const struct en_batch_log *made = made_log(b, &r->log);
        uint64_t before = l != NULL ? l->recs.n : 0;

        if (l == NULL && made == NULL)
            return EN_RANGE;
        if (r->seq != before + in_batch(b, &r->log, i))
            return EN_RANGE;
        if (m->older && (l != NULL ? l->own : made->own))
            return EN_MOVED;
    }
    for (size_t i = 0; i < b->recs; i++) {
        const struct en_batch_record *r = &b->rec[i];
        const struct log *l = find_log(m, &r->log);
        uint64_t before = l != NULL ? l->recs.n : 0;
        uint64_t last = before + in_batch(b, &r->log, b->recs) - 1;

        if (!vouched(b, &r->log, last))
            return EN_RANGE;
    }
    return EN_OK;
}

static en_err check_rest(const struct memstore *m, const struct en_batch *b)
{
    for (size_t i = 0; i < b->cps; i++) {
        const struct en_id *id = id_at(m, b, &b->cp[i].log, b->cp[i].seq);

        if (id == NULL || !en_id_eq(id, &b->cp[i].id))
            return EN_RANGE;
    }
    for (size_t i = 0; i < b->marks; i++)
        if (id_at(m, b, &b->mark[i].log, b->mark[i].seq) == NULL)
            return EN_RANGE;
    return EN_OK;
}

/* ---- applying it; nothing here can fail ---- */

static void make_log(struct memstore *m, const struct en_batch_log *want)
{
    bool found;
    size_t at = place(&m->logs, &want->log, log_compare, &found);
    struct log *l;

    if (found)
        return;
    l = take(sizeof(*l));
    l->cid = want->cid;
    l->id = want->log;
    l->device = want->device;
    l->kind = want->kind;
    l->own = want->own;
    insert(&m->logs, at, l);
    if (find_circle(m, &want->cid) == NULL) {
        struct circle *c = take(sizeof(*c));

        c->cid = want->cid;
        insert(&m->circles, m->circles.n, c);
    }
}

static void append(struct memstore *m, const struct en_batch_record *from)
{
    struct log *l = find_log(m, &from->log);
    struct rec *r = take(sizeof(*r));

    r->log = l;
    r->id = from->id;
    memcpy(r->header, from->header, sizeof(r->header));
    r->seq = from->seq;
    r->mark = from->mark;
    r->payload = keep(from->payload);
    r->aux = keep(from->aux);
    m->bytes += r->payload.n + r->aux.n;
    insert(&l->recs, l->recs.n, r);
    remember(m, r);
    if (l->kind == 0) {
        struct circle *c = find_circle(m, &l->cid);

        insert(&c->arrived, c->arrived.n, r);
        r->arrival = c->arrived.n;
    }
}

static void put_row(struct memstore *m, const struct en_batch_row *w)
{
    struct row key = {
        .cid = w->row.cid, .kind = w->row.kind, .key = w->row.key};
    bool found;
    size_t at = place(&m->rows, &key, row_compare, &found);
    struct row *r;

    if (found) {
        r = cut(&m->rows, at);
        m->bytes -= r->body.n;
        give_back(r->key);
        give_back(r->body);
        free(r);
    }
    if (w->del)
        return;
    r = take(sizeof(*r));
    r->cid = w->row.cid;
    r->kind = w->row.kind;
    r->sort = w->row.sort;
    r->key = keep(w->row.key);
    r->body = keep(w->row.body);
    m->bytes += r->body.n;
    insert(&m->rows, at, r);
}

static void put_key(struct memstore *m, const struct en_batch_key *k)
{
    bool found;
    size_t at = place(&m->secrets, &k->name, secret_compare, &found);
    struct secret *s;

    if (found) {
        s = cut(&m->secrets, at);
        en_wipe(s, sizeof(*s));
        free(s);
    }
    if (k->destroy)
        return;
    s = take(sizeof(*s));
    s->name = k->name;
    s->value = k->value;
    insert(&m->secrets, at, s);
}

static void apply(struct memstore *m, const struct en_batch *b)
{
    for (size_t i = 0; i < b->logs; i++)
        make_log(m, &b->log[i]);
    for (size_t i = 0; i < b->recs; i++)
        append(m, &b->rec[i]);
    for (size_t i = 0; i < b->cps; i++) {
        struct rec *r = find_log(m, &b->cp[i].log)->recs.p[b->cp[i].seq];

        if (!r->has_sig)
            memcpy(r->sig, b->cp[i].sig, sizeof(r->sig));
        r->has_sig = true;
    }
    for (size_t i = 0; i < b->marks; i++) {
        struct rec *r = find_log(m, &b->mark[i].log)->recs.p[b->mark[i].seq];

        m->bytes -= r->payload.n;
        give_back(r->payload);
        r->mark = b->mark[i].mark;
        r->payload = keep(b->mark[i].payload);
        m->bytes += r->payload.n;
    }
    for (size_t i = 0; i < b->keys; i++)
        put_key(m, &b->key[i]);
    for (size_t i = 0; i < b->rows; i++)
        put_row(m, &b->row[i]);
    m->commits++;
}

static en_err mem_commit(struct en_store *s, const struct en_batch *b)
{
    struct memstore *m = mem_of(s);
    en_err err = in_bounds(b) ? check_heads(m, b) : EN_RANGE;
    bool failing = false;

    if (err == EN_OK)
        err = check_logs(m, b);
    if (err == EN_OK)
        err = check_records(m, b);
    if (err == EN_OK)
        err = check_rest(m, b);
    if (err != EN_OK)
        return err;
    if (m->fail != EN_OK) {
        failing = m->fail_after == 0;
        if (!failing)
            m->fail_after--;
    }
    if (failing) {
        err = m->fail;
        if (!m->fail_for_ever)
            m->fail = EN_OK;
        if (!m->fail_kept)
            return err;
    }
    apply(m, b);
    return err;
}

static const struct en_store_ops mem_ops = {
    .frontier = mem_frontier,
    .scan = mem_scan,
    .arrivals = mem_arrivals,
    .get = mem_get,
    .find = mem_find,
    .key = mem_key,
    .commit = mem_commit,
};

/* ---- life ---- */

struct memstore *memstore_new(void)
{
    struct memstore *m = take(sizeof(*m));

    m->store.ops = &mem_ops;
    return m;
}

struct en_store *memstore_store(struct memstore *m)
{
    return &m->store;
}

void memstore_fail(struct memstore *m, unsigned after, en_err err,
                   bool for_ever, bool kept)
{
    m->fail_after = after;
    m->fail = err;
    m->fail_for_ever = for_ever;
    m->fail_kept = kept;
}

void memstore_set_older(struct memstore *m, bool older)
{
    m->older = older;
}

uint64_t memstore_commits(const struct memstore *m)
{
    return m->commits;
}

size_t memstore_bytes(const struct memstore *m)
{
    return m->bytes;
}

struct memstore *memstore_clone(const struct memstore *m)
{
    struct memstore *c = memstore_new();

    for (size_t i = 0; i < m->logs.n; i++) {
        const struct log *l = m->logs.p[i];
        struct log *n = take(sizeof(*n));

        *n = *l;
        n->recs = (struct list){0};
        insert(&c->logs, i, n);
        for (size_t k = 0; k < l->recs.n; k++) {
            struct rec *r = take(sizeof(*r));

            *r = *(const struct rec *)l->recs.p[k];
            r->log = n;
            r->payload = keep(r->payload);
            r->aux = keep(r->aux);
            insert(&n->recs, k, r);
            remember(c, r);
        }
    }
    for (size_t i = 0; i < m->circles.n; i++) {
        const struct circle *old = m->circles.p[i];
        struct circle *n = take(sizeof(*n));

        n->cid = old->cid;
        insert(&c->circles, i, n);
        for (size_t k = 0; k < old->arrived.n; k++) {
            const struct rec *r = old->arrived.p[k];
            struct log *l = find_log(c, &r->log->id);

            insert(&n->arrived, k, l->recs.p[r->seq]);
        }
    }
    for (size_t i = 0; i < m->secrets.n; i++) {
        struct secret *s = take(sizeof(*s));

        *s = *(const struct secret *)m->secrets.p[i];
        insert(&c->secrets, i, s);
    }
    for (size_t i = 0; i < m->rows.n; i++) {
        struct row *r = take(sizeof(*r));

        *r = *(const struct row *)m->rows.p[i];
        r->key = keep(r->key);
        r->body = keep(r->body);
        insert(&c->rows, i, r);
    }
    c->older = m->older;
    c->commits = m->commits;
    c->bytes = m->bytes;
    return c;
}

void memstore_free(struct memstore *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->logs.n; i++) {
        struct log *l = m->logs.p[i];

        for (size_t k = 0; k < l->recs.n; k++) {
            struct rec *r = l->recs.p[k];

            give_back(r->payload);
            give_back(r->aux);
            free(r);
        }
        free(l->recs.p);
        free(l);
    }
    for (size_t i = 0; i < m->circles.n; i++) {
        struct circle *c = m->circles.p[i];

        free(c->arrived.p);
        free(c);
    }
    for (size_t i = 0; i < m->secrets.n; i++) {
        en_wipe(m->secrets.p[i], sizeof(struct secret));
        free(m->secrets.p[i]);
    }
    for (size_t i = 0; i < m->rows.n; i++) {
        struct row *r = m->rows.p[i];

        give_back(r->key);
        give_back(r->body);
        free(r);
    }
    free(m->logs.p);
    free(m->circles.p);
    free(m->secrets.p);
    free(m->rows.p);
    free(m->table.p);
    free(m);
}
