#include "journal/search.h"

#include "base/secret.h"
#include "journal/search_in.h"
#include "journal/table.h"

#include <stdlib.h>
#include <string.h>

#define NONE         UINT32_MAX
#define INLINE_BYTES 8 /* most words occur in a few documents */

/*
 * Documents have places, given in order of arrival and never reused before a
 * purge; a word's postings are the differences of its documents' places, as
 * variable-length integers. A removed document only loses its name: its place
 * stays in the lists until the purge renumbers them.
 */
struct word {
    uint32_t off; /* into names */
    uint32_t len;
    uint32_t hash;
    uint32_t last; /* place of the last document plus one */
    uint32_t n;    /* bytes of postings */
    uint32_t cap;  /* 0: inline */
    union {
        uint8_t in[INLINE_BYTES];
        uint8_t *p;
    } u;
};

/* A place of the hash table. The word's first 8 bytes, zeros after a shorter one,
 * stand beside its index: no folded text holds a NUL, so of a word of 7 bytes or
 * less they are the whole and nothing else in memory need be touched. */
struct bucket {
    uint64_t head;
    uint32_t hash;
    uint32_t word; /* NONE: free */
};

struct doc {
    uint32_t name; /* the caller's number; NONE: removed */
    uint32_t n;
    uint8_t *folded; /* title, SEPARATOR, text; NULL: not kept */
};

struct en_search {
    struct en_search_source source;
    struct en_folder folder;
    struct en_buf names; /* the words, one after the other */
    struct word *word;
    uint32_t words, word_cap;
    struct bucket *bucket;
    uint32_t buckets;  /* a power of two */
    uint32_t *sorted;  /* words in byte order */
    uint32_t sorted_n; /* the first so many words are in it */
    struct doc *doc;
    uint32_t docs, doc_cap;
    uint32_t dead;
    uint32_t *place; /* the caller's number -> place, NONE */
    uint32_t places;
    size_t kept;     /* bytes of folded text */
    size_t postings; /* bytes allocated for postings */
};

/*
 * Memory
 */

/* Grows an array of plain data that holds no word of anybody's; NULL: as it was.
 * Its callers keep the count below NONE. */
static void *grow(void *p, uint32_t *cap, size_t need, size_t size)
{
    uint64_t want = *cap;
    void *q;

    if (need <= *cap)
        return p;
    while (want < need)
        want = want == 0 ? 64 : want * 2;
    if (want >= NONE)
        want = NONE - 1;
    q = realloc(p, (size_t)want * size);
    if (q != NULL)
        *cap = (uint32_t)want;
    return q;
}

static void free_folded(struct en_search *s, struct doc *d)
{
    if (d->folded == NULL)
        return;
    en_wipe(d->folded, d->n);
    free(d->folded);
    d->folded = NULL;
    s->kept -= d->n;
}

static void free_words(struct en_search *s)
{
    for (uint32_t i = 0; i < s->words; i++) {
        if (s->word[i].cap > 0)
            free(s->word[i].u.p);
    }
    free(s->word);
    free(s->bucket);
    free(s->sorted);
    en_buf_free(&s->names);
    s->word = NULL;
    s->bucket = NULL;
    s->sorted = NULL;
    s->words = s->word_cap = s->buckets = s->sorted_n = 0;
    s->postings = 0;
}

en_err en_search_new(const struct en_search_source *source,
                     struct en_search **out)
{
    struct en_search *s = calloc(1, sizeof(*s));
    en_err err;

    if (s == NULL)
        return EN_NOMEM;
    err = en_folder_init(&s->folder);
    if (err != EN_OK) {
        free(s);
        return err;
    }
    s->source = *source;
    *out = s;
    return EN_OK;
}

void en_search_free(struct en_search *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->docs; i++)
        free_folded(s, &s->doc[i]);
    free(s->doc);
    free(s->place);
    free_words(s);
    en_wipe(s, sizeof(*s));
    free(s);
}

size_t en_search_memory(const struct en_search *s)
{
    return sizeof(*s) + s->names.cap + s->kept + s->postings +
           (size_t)s->word_cap * sizeof(*s->word) +
           (size_t)s->buckets * sizeof(*s->bucket) +
           (size_t)s->words * sizeof(*s->sorted) +
           (size_t)s->doc_cap * sizeof(*s->doc) +
           (size_t)s->places * sizeof(*s->place);
}

/*
 * The vocabulary
 */

static struct en_span name_of(const struct en_search *s, const struct word *w)
{
    return EN_SPAN(s->names.p + w->off, w->len);
}

/* What of a word stands in the vocabulary: whole characters. */
static struct en_span key_of(struct en_span w)
{
    if (w.n > EN_WORD_KEY) {
        w.n = EN_WORD_KEY;
        while (w.n > 0 && (w.p[w.n] & 0xc0) == 0x80)
            w.n--;
    }
    return w;
}

static uint64_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* Loads that overlap write the same bytes twice into the same places. */
static uint64_t head_of(struct en_span key)
{
    size_t n = key.n;

    if (n >= 8)
        return le32(key.p) | le32(key.p + 4) << 32;
    if (n >= 4)
        return le32(key.p) | le32(key.p + n - 4) << 8 * (n - 4);
    if (n == 0)
        return 0;
    return (uint64_t)key.p[0] | (uint64_t)key.p[n / 2] << 8 * (n / 2) |
           (uint64_t)key.p[n - 1] << 8 * (n - 1);
}

static uint32_t free_bucket(const struct bucket *b, uint32_t n, uint32_t hash)
{
    uint32_t i = hash & (n - 1);

    while (b[i].word != NONE)
        i = (i + 1) & (n - 1);
    return i;
}

static en_err rehash(struct en_search *s, uint32_t buckets)
{
    struct bucket *b = malloc(buckets * sizeof(*b));

    if (b == NULL)
        return EN_NOMEM;
    memset(b, 0xff, buckets * sizeof(*b));
    for (uint32_t i = 0; i < s->words; i++)
        b[free_bucket(b, buckets, s->word[i].hash)] =
            (struct bucket){.head = head_of(name_of(s, &s->word[i])),
                            .hash = s->word[i].hash,
                            .word = i};
    free(s->bucket);
    s->bucket = b;
    s->buckets = buckets;
    return EN_OK;
}

static uint32_t find_word(const struct en_search *s, struct en_span key,
                          uint32_t hash)
{
    uint32_t mask = s->buckets - 1;
    uint64_t head = head_of(key);

    if (s->buckets == 0)
        return NONE;
    for (uint32_t i = hash & mask; s->bucket[i].word != NONE;
         i = (i + 1) & mask) {
        const struct bucket *b = &s->bucket[i];

        if (b->head == head && b->hash == hash &&
            (key.n < sizeof(head) ||
             en_span_eq(name_of(s, &s->word[b->word]), key)))
            return b->word;
    }
    return NONE;
}

static en_err add_word(struct en_search *s, struct en_span key, uint32_t hash,
                       uint32_t *at)
{
    struct word *w;
    en_err err = EN_OK;

    if (s->names.n + key.n >= NONE)
        return EN_FULL;
    w = grow(s->word, &s->word_cap, (size_t)s->words + 1, sizeof(*w));
    if (w == NULL)
        return EN_NOMEM;
    s->word = w;
    if (s->words >= s->buckets / 2)
        err = rehash(s, s->buckets == 0 ? 1024 : s->buckets * 2);
    if (err != EN_OK)
        return err;
    w = &s->word[s->words];
    memset(w, 0, sizeof(*w));
    w->off = (uint32_t)s->names.n;
    w->len = (uint32_t)key.n;
    w->hash = hash;
    err = en_buf_add_span(&s->names, key);
    if (err != EN_OK)
        return err;
    s->bucket[free_bucket(s->bucket, s->buckets, hash)] =
        (struct bucket){.head = head_of(key), .hash = hash, .word = s->words};
    *at = s->words++;
    return EN_OK;
}

static const uint8_t *postings_of(const struct word *w)
{
    return w->cap == 0 ? w->u.in : w->u.p;
}

static en_err post(struct en_search *s, struct word *w, uint32_t place)
{
    uint32_t delta = place + 1 - w->last;
    uint8_t v[5];
    uint32_t n = 0;
    uint8_t *p;

    assert(place + 1 > w->last);
    for (; delta >= 128; delta >>= 7)
        v[n++] = (uint8_t)(delta | 128);
    v[n++] = (uint8_t)delta;

    if (w->n + n > (w->cap == 0 ? INLINE_BYTES : w->cap)) {
        uint32_t cap = w->cap == 0 ? 32 : w->cap + w->cap / 2;

        /* Numbers of documents, no words: nothing to wipe. */
        p = realloc(w->cap == 0 ? NULL : w->u.p, cap);
        if (p == NULL)
            return EN_NOMEM;
        if (w->cap == 0)
            memcpy(p, w->u.in, w->n);
        s->postings += cap - w->cap;
        w->u.p = p;
        w->cap = cap;
    }
    p = w->cap == 0 ? w->u.in : w->u.p;
    memcpy(p + w->n, v, n);
    w->n += n;
    w->last = place + 1;
    return EN_OK;
}

static uint32_t hash_of(const struct en_search *s, struct en_span key)
{
    return (uint32_t)en_table_hash(s->source.seed, key.p, key.n);
}

/*
 * Words of a text lie far apart in the tables. They are taken by the batch, in
 * steps, each of which asks for the memory of the next one: so the waits overlap,
 * which halves the time of building the index.
 */
#define BATCH 64
#ifdef __GNUC__
#define SOON(p) __builtin_prefetch(p)
#else
#define SOON(p) ((void)(p))
#endif

struct token {
    struct en_span key;
    uint32_t hash;
    uint32_t word;
};

static size_t take_tokens(const struct en_search *s, struct en_span folded,
                          size_t *at, struct token *t)
{
    size_t n = 0;

    while (n < BATCH) {
        t[n].key = key_of(en_fold_word(&s->folder, folded, at));
        if (t[n].key.n == 0)
            break;
        t[n].hash = hash_of(s, t[n].key);
        if (s->buckets > 0)
            SOON(&s->bucket[t[n].hash & (s->buckets - 1)]);
        n++;
    }
    return n;
}

static en_err find_words(struct en_search *s, struct token *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        t[i].word = find_word(s, t[i].key, t[i].hash);
        if (t[i].word == NONE) {
            en_err err = add_word(s, t[i].key, t[i].hash, &t[i].word);

            if (err != EN_OK)
                return err;
        }
        SOON(&s->word[t[i].word]);
    }
    return EN_OK;
}

/* Posts every word of a folded document; what was posted before a failure names
 * a place without a document, and finds nothing. */
static en_err index_folded(struct en_search *s, struct en_span folded,
                           uint32_t place)
{
    struct token t[BATCH];
    size_t at = 0;
    size_t n;
    en_err err = EN_OK;

    while (err == EN_OK && (n = take_tokens(s, folded, &at, t)) > 0) {
        err = find_words(s, t, n);
        for (size_t i = 0; i < n && err == EN_OK; i++) {
            const struct word *w = &s->word[t[i].word];

            if (w->cap > 0)
                SOON(w->u.p + w->n);
        }
        for (size_t i = 0; i < n && err == EN_OK; i++) {
            struct word *w = &s->word[t[i].word];

            if (w->last != place + 1)
                err = post(s, w, place);
        }
    }
    return err;
}

/* Merge sort of indices: what is sorted already stays in one run. */
static void merge(const struct en_search *s, uint32_t *v, uint32_t n,
                  uint32_t mid, uint32_t *tmp)
{
    uint32_t a = 0;
    uint32_t b = mid;

    if (mid == 0 || mid == n ||
        en_span_cmp(name_of(s, &s->word[v[mid - 1]]),
                    name_of(s, &s->word[v[mid]])) < 0)
        return;
    memcpy(tmp, v, mid * sizeof(*v));
    for (uint32_t k = 0; a < mid; k++) {
        if (b == n || en_span_cmp(name_of(s, &s->word[tmp[a]]),
                                  name_of(s, &s->word[v[b]])) < 0)
            v[k] = tmp[a++];
        else
            v[k] = v[b++];
    }
}

static void sort_words(const struct en_search *s, uint32_t *v, uint32_t n,
                       uint32_t *tmp)
{
    uint32_t mid = n / 2;

    if (n < 2)
        return;
    sort_words(s, v, mid, tmp);
    sort_words(s, v + mid, n - mid, tmp);
    merge(s, v, n, mid, tmp);
}

static en_err sort_vocabulary(struct en_search *s)
{
    uint32_t *v;
    uint32_t *tmp;

    if (s->sorted_n == s->words)
        return EN_OK;
    tmp = malloc(s->words * sizeof(*tmp));
    v = realloc(s->sorted, s->words * sizeof(*v));
    if (v != NULL)
        s->sorted = v;
    if (v == NULL || tmp == NULL) {
        free(tmp);
        return EN_NOMEM;
    }
    for (uint32_t i = s->sorted_n; i < s->words; i++)
        v[i] = i;
    sort_words(s, v + s->sorted_n, s->words - s->sorted_n, tmp);
    merge(s, v, s->words, s->sorted_n, tmp);
    s->sorted_n = s->words;
    free(tmp);
    return EN_OK;
}

/*
 * Documents
 */

static en_err name_place(struct en_search *s, uint32_t name, uint32_t place)
{
    uint32_t had = s->places;
    uint32_t *p = grow(s->place, &s->places, (size_t)name + 1, sizeof(*p));

    if (p == NULL)
        return EN_NOMEM;
    s->place = p;
    if (s->places > had)
        memset(s->place + had, 0xff, (s->places - had) * sizeof(*s->place));
    assert(s->place[name] == NONE);
    s->place[name] = place;
    return EN_OK;
}

en_err en_search_add(struct en_search *s, uint32_t doc, struct en_span title,
                     struct en_span text)
{
    struct en_buf folded = {0};
    struct doc d = {.name = doc};
    struct doc *p;
    en_err err;

    if (doc == NONE || s->docs >= NONE - 1)
        return EN_FULL;
    err = en_fold_doc(&s->folder, title, text, &folded);
    if (err != EN_OK)
        goto out;
    p = grow(s->doc, &s->doc_cap, (size_t)s->docs + 1, sizeof(*p));
    if (p == NULL) {
        err = EN_NOMEM;
        goto out;
    }
    s->doc = p;
    if (s->source.text == NULL || s->kept + folded.n <= EN_SEARCH_KEEP) {
        d.n = (uint32_t)folded.n;
        d.folded = malloc(folded.n);
        if (d.folded == NULL) {
            err = EN_NOMEM;
            goto out;
        }
        memcpy(d.folded, folded.p, folded.n);
    }
    /* A place is used up even if this fails halfway: see index_folded. */
    s->doc[s->docs] = (struct doc){.name = NONE};
    s->docs++;
    err = index_folded(s, en_buf_span(&folded), s->docs - 1);
    if (err == EN_OK)
        err = name_place(s, doc, s->docs - 1);
    if (err != EN_OK) {
        s->dead++;
        goto out;
    }
    s->doc[s->docs - 1] = d;
    s->kept += d.n;
    d.folded = NULL;
out:
    if (d.folded != NULL) {
        en_wipe(d.folded, d.n);
        free(d.folded);
    }
    en_buf_free(&folded);
    return err;
}

void en_search_remove(struct en_search *s, uint32_t doc)
{
    struct doc *d;

    assert(doc < s->places && s->place[doc] != NONE);
    d = &s->doc[s->place[doc]];
    s->place[doc] = NONE;
    free_folded(s, d);
    d->name = NONE;
    d->n = 0;
    s->dead++;
}

/* Decodes one difference; postings are our own bytes, whole by construction. */
static uint32_t next_posting(const uint8_t **p)
{
    uint32_t v = 0;

    for (unsigned shift = 0;; shift += 7) {
        uint8_t b = *(*p)++;

        v |= (uint32_t)(b & 127) << shift;
        if (b < 128)
            return v;
    }
}

/* Copies into fresh, an empty index, one word with those of its documents that
 * are left; a word without any is not copied. */
static en_err copy_word(const struct en_search *s, const struct word *w,
                        const uint32_t *moved, struct en_search *fresh)
{
    const uint8_t *p = postings_of(w);
    const uint8_t *end = p + w->n;
    uint32_t place = 0;
    uint32_t to = NONE;
    en_err err = EN_OK;

    while (p < end && err == EN_OK) {
        place += next_posting(&p);
        if (moved[place - 1] == NONE)
            continue;
        if (to == NONE)
            err = add_word(fresh, name_of(s, w), w->hash, &to);
        if (err == EN_OK)
            err = post(fresh, &fresh->word[to], moved[place - 1]);
    }
    return err;
}

en_err en_search_purge(struct en_search *s)
{
    struct en_search fresh = {0};
    uint32_t *moved = NULL;
    uint32_t n = 0;
    en_err err = EN_OK;

    if (s->dead == 0)
        return EN_OK;
    moved = malloc(s->docs * sizeof(*moved));
    if (moved == NULL)
        return EN_NOMEM;
    for (uint32_t i = 0; i < s->docs; i++)
        moved[i] = s->doc[i].name == NONE ? NONE : n++;
    for (uint32_t i = 0; i < s->words && err == EN_OK; i++)
        err = copy_word(s, &s->word[i], moved, &fresh);
    if (err != EN_OK) {
        free_words(&fresh);
        goto out;
    }
    free_words(s);
    s->names = fresh.names;
    s->word = fresh.word;
    s->words = fresh.words;
    s->word_cap = fresh.word_cap;
    s->bucket = fresh.bucket;
    s->buckets = fresh.buckets;
    s->postings = fresh.postings;
    for (uint32_t i = 0; i < s->docs; i++) {
        if (moved[i] == NONE)
            continue;
        s->doc[moved[i]] = s->doc[i];
        s->place[s->doc[i].name] = moved[i];
    }
    s->docs = n;
    s->dead = 0;
out:
    free(moved);
    return err;
}

/*
 * Answers
 */

struct answer {
    struct en_search *s;
    const struct en_query *q;
    uint64_t *found; /* one bit a place */
    uint64_t *some;  /* scratch of the same size */
    size_t n;        /* of each, in 64-bit words */
};

/* The range of sorted words that begin with prefix. */
static void range_of(const struct en_search *s, struct en_span prefix,
                     uint32_t *first, uint32_t *end)
{
    for (int side = 0; side < 2; side++) {
        uint32_t lo = side == 0 ? 0 : *first;
        uint32_t hi = s->words;

        while (lo < hi) {
            uint32_t mid = lo + (hi - lo) / 2;
            struct en_span w = name_of(s, &s->word[s->sorted[mid]]);
            int c;

            if (w.n > prefix.n)
                w.n = prefix.n;
            c = en_span_cmp(w, prefix);
            if (c < 0 || (c == 0 && side == 1))
                lo = mid + 1;
            else
                hi = mid;
        }
        *(side == 0 ? first : end) = lo;
    }
}

static void mark_word(const struct answer *a, const struct word *w)
{
    const uint8_t *p = postings_of(w);
    const uint8_t *end = p + w->n;
    uint32_t place = 0;

    while (p < end) {
        place += next_posting(&p);
        a->some[(place - 1) / 64] |= UINT64_C(1) << (place - 1) % 64;
    }
}

/* Keeps of found what holds a word beginning with prefix (or equal to it). */
static void narrow(const struct answer *a, struct en_span prefix, bool whole)
{
    const struct en_search *s = a->s;

    memset(a->some, 0, a->n * sizeof(*a->some));
    if (whole) {
        uint32_t i = find_word(s, prefix, hash_of(s, prefix));

        if (i != NONE)
            mark_word(a, &s->word[i]);
    } else {
        uint32_t first;
        uint32_t end;

        range_of(s, prefix, &first, &end);
        for (; first < end; first++)
            mark_word(a, &s->word[s->sorted[first]]);
    }
    for (size_t i = 0; i < a->n; i++)
        a->found[i] &= a->some[i];
}

/*
 * What any document that holds the term must hold: its words, of which the last
 * may go on in the document, and in a phrase the first may have begun before it.
 */
static void narrow_term(const struct answer *a, const struct en_term *t)
{
    size_t at = 0;

    for (;;) {
        struct en_span w = en_fold_word(&a->s->folder, t->s, &at);
        struct en_span key = key_of(w);
        bool first = w.p == t->s.p;
        bool last = w.p + w.n == t->s.p + t->s.n;

        if (w.n == 0)
            return;
        if (t->phrase && first)
            continue;
        narrow(a, key, !last);
    }
}

static en_err check_doc(const struct answer *a, const struct doc *d, bool *yes)
{
    struct en_search *s = a->s;
    struct en_buf title = {0};
    struct en_buf text = {0};
    struct en_buf folded = {0};
    en_err err;

    if (d->folded != NULL) {
        *yes = en_query_in(a->q, false, EN_SPAN(d->folded, d->n));
        return EN_OK;
    }
    *yes = false;
    err = s->source.text(s->source.user, d->name, &title, &text);
    if (err == EN_OK)
        err = en_fold_doc(&s->folder, en_buf_span(&title), en_buf_span(&text),
                          &folded);
    if (err == EN_OK)
        *yes = en_query_in(a->q, false, en_buf_span(&folded));
    if (err == EN_ABSENT || err == EN_NO_KEY)
        err = EN_OK;
    en_buf_free(&title);
    en_buf_free(&text);
    en_buf_free(&folded);
    return err;
}

static en_err give(const struct answer *a, bool check,
                   en_err (*fn)(void *user, uint32_t doc), void *user)
{
    for (uint32_t i = 0; i < a->s->docs; i++) {
        const struct doc *d = &a->s->doc[i];
        bool yes = true;
        en_err err = EN_OK;

        if (a->found[i / 64] == 0) {
            i |= 63;
            continue;
        }
        if ((a->found[i / 64] >> i % 64 & 1) == 0 || d->name == NONE)
            continue;
        if (check)
            err = check_doc(a, d, &yes);
        if (err == EN_OK && yes)
            err = fn(user, d->name);
        if (err != EN_OK)
            return err == EN_CLOSED ? EN_OK : err;
    }
    return EN_OK;
}

en_err en_search_run(struct en_search *s, const struct en_query *q,
                     en_err (*fn)(void *user, uint32_t doc), void *user)
{
    struct answer a = {.s = s, .q = q, .n = ((size_t)s->docs + 63) / 64};
    bool check = false;
    en_err err;

    if (q->terms == 0 || s->docs == 0)
        return EN_OK;
    if (s->dead > 64 && s->dead > s->docs / 2) {
        err = en_search_purge(s);
        if (err != EN_OK)
            return err;
        return en_search_run(s, q, fn, user);
    }
    err = sort_vocabulary(s);
    if (err != EN_OK)
        return err;
    a.found = malloc(a.n * sizeof(*a.found));
    a.some = malloc(a.n * sizeof(*a.some));
    if (a.found == NULL || a.some == NULL) {
        err = EN_NOMEM;
        goto out;
    }
    memset(a.found, 0xff, a.n * sizeof(*a.found));
    for (size_t i = 0; i < q->terms; i++) {
        narrow_term(&a, &q->term[i]);
        check = check || !q->term[i].plain;
    }
    err = give(&a, check, fn, user);
out:
    free(a.found);
    free(a.some);
    return err;
}
