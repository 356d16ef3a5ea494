#include "journal/table.h"

#include <stdlib.h>
#include <string.h>

#define CAP_FIRST 64

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t load32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* n bytes, at most 8, so that equal values mean equal bytes of that length. */
static uint64_t load_tail(const uint8_t *p, size_t n)
{
    if (n >= 4)
        return load32(p) << 32 | load32(p + n - 4);
    if (n == 0)
        return 0;
    return (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
}

/* The two halves of a 128-bit product folded together. */
static uint64_t mix(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 wide;
    wide r = (wide)a * b;

    return (uint64_t)r ^ (uint64_t)(r >> 64);
#else
    uint64_t al = a & 0xffffffff;
    uint64_t ah = a >> 32;
    uint64_t bl = b & 0xffffffff;
    uint64_t bh = b >> 32;
    uint64_t ll = al * bl;
    uint64_t lh = al * bh;
    uint64_t hl = ah * bl;
    uint64_t mid = (ll >> 32) + (lh & 0xffffffff) + (hl & 0xffffffff);
    uint64_t lo = (mid << 32) | (ll & 0xffffffff);
    uint64_t hi = ah * bh + (lh >> 32) + (hl >> 32) + (mid >> 32);

    return lo ^ hi;
#endif
}

uint64_t en_table_hash(uint64_t seed, const void *p, size_t n)
{
    const uint8_t *b = p;
    uint64_t h = seed ^ 0x9e3779b97f4a7c15u ^ n;

    for (; n > 8; n -= 8, b += 8)
        h = mix(h ^ load64(b), seed ^ 0xbf58476d1ce4e5b9u);
    h = mix(h ^ load_tail(b, n), seed ^ 0x94d049bb133111ebu);
    return mix(h ^ (seed << 1), 0xd6e8feb86659fd93u);
}

static size_t place(const struct en_table *t, uint64_t hash)
{
    return (size_t)hash & (t->cap - 1);
}

void en_table_put(struct en_table *t, uint64_t hash, void *item)
{
    size_t i;

    assert(item != NULL && t->n < t->cap);
    for (i = place(t, hash); t->slot[i].item != NULL;)
        i = (i + 1) & (t->cap - 1);
    t->slot[i].hash = hash;
    t->slot[i].item = item;
    t->n++;
}

en_err en_table_reserve(struct en_table *t)
{
    struct en_table bigger = {0};

    if (t->n + 1 <= t->cap / 4 * 3)
        return EN_OK;
    bigger.cap = t->cap == 0 ? CAP_FIRST : t->cap * 2;
    bigger.slot = calloc(bigger.cap, sizeof(*bigger.slot));
    if (bigger.slot == NULL)
        return EN_NOMEM;
    for (size_t i = 0; i < t->cap; i++) {
        if (t->slot[i].item != NULL)
            en_table_put(&bigger, t->slot[i].hash, t->slot[i].item);
    }
    free(t->slot);
    *t = bigger;
    return EN_OK;
}

void en_table_remove(struct en_table *t, uint64_t hash, const void *item)
{
    size_t hole;
    size_t i;

    assert(t->cap > 0);
    for (hole = place(t, hash); t->slot[hole].item != item;) {
        assert(t->slot[hole].item != NULL);
        hole = (hole + 1) & (t->cap - 1);
    }
    /* Whatever probed past the hole moves back into it. */
    for (i = (hole + 1) & (t->cap - 1); t->slot[i].item != NULL;
         i = (i + 1) & (t->cap - 1)) {
        size_t home = place(t, t->slot[i].hash);

        if (((i - home) & (t->cap - 1)) < ((i - hole) & (t->cap - 1)))
            continue;
        t->slot[hole] = t->slot[i];
        hole = i;
    }
    t->slot[hole].item = NULL;
    t->n--;
}

void *en_table_next(const struct en_table *t, uint64_t hash, size_t *at)
{
    size_t i;

    if (t->cap == 0)
        return NULL;
    i = *at == EN_TABLE_START ? place(t, hash) : (*at + 1) & (t->cap - 1);
    for (; t->slot[i].item != NULL; i = (i + 1) & (t->cap - 1)) {
        if (t->slot[i].hash == hash) {
            *at = i;
            return t->slot[i].item;
        }
    }
    return NULL;
}

void en_table_free(struct en_table *t)
{
    free(t->slot);
    *t = (struct en_table){0};
}
