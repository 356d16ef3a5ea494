#include "journal/revision.h"

#include <stdlib.h>
#include <string.h>

/*
 * Kahn's order, the smallest claimed (time, id) first among those whose
 * predecessors are out. Everything is by index into the caller's array until the
 * end, when the array itself is put in order.
 */
struct graph {
    struct en_rev *rev;
    uint32_t n;
    uint32_t *by_id;   /* indices, sorted by record id */
    uint32_t *by_time; /* indices, sorted by (time, id) */
    uint32_t *rank;    /* of each in by_time: what the heap compares */
    uint32_t *first;   /* n + 1: where each one's successors begin in succ */
    uint32_t *succ;
    uint32_t *waits; /* predecessors not yet out */
    uint32_t *heap;  /* ranks */
    uint32_t heap_n;
    uint32_t *order; /* the result */
    bool *out;
};

static int by_id_cmp(const void *a, const void *b)
{
    const struct en_rev *ra = *(const struct en_rev *const *)a;
    const struct en_rev *rb = *(const struct en_rev *const *)b;

    return en_id_cmp(&ra->record, &rb->record);
}

static int by_time_cmp(const void *a, const void *b)
{
    const struct en_rev *ra = *(const struct en_rev *const *)a;
    const struct en_rev *rb = *(const struct en_rev *const *)b;

    if (ra->time_ms != rb->time_ms)
        return ra->time_ms < rb->time_ms ? -1 : 1;
    return en_id_cmp(&ra->record, &rb->record);
}

static bool find(const struct graph *g, const struct en_id *id, uint32_t *at)
{
    uint32_t lo = 0;
    uint32_t hi = g->n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = en_id_cmp(&g->rev[g->by_id[mid]].record, id);

        if (c == 0) {
            *at = g->by_id[mid];
            return true;
        }
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

/* Calls for each predecessor of r in the set that is not r itself. */
#define EACH_BEFORE(g, r, p)                                                   \
    for (size_t k_ = 0; k_ < (g)->rev[r].parents + (g)->rev[r].afters; k_++)   \
        if (find(g,                                                            \
                 k_ < (g)->rev[r].parents                                      \
                     ? &(g)->rev[r].parent[k_]                                 \
                     : &(g)->rev[r].after[k_ - (g)->rev[r].parents],           \
                 &(p)) &&                                                      \
            (p) != (r))

static void heap_push(struct graph *g, uint32_t rank)
{
    uint32_t i = g->heap_n++;

    while (i > 0 && g->heap[(i - 1) / 2] > rank) {
        g->heap[i] = g->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    g->heap[i] = rank;
}

static uint32_t heap_pop(struct graph *g)
{
    uint32_t top = g->heap[0];
    uint32_t last = g->heap[--g->heap_n];
    uint32_t i = 0;

    while (2 * i + 1 < g->heap_n) {
        uint32_t child = 2 * i + 1;

        if (child + 1 < g->heap_n && g->heap[child + 1] < g->heap[child])
            child++;
        if (g->heap[child] >= last)
            break;
        g->heap[i] = g->heap[child];
        i = child;
    }
    g->heap[i] = last;
    return top;
}

static void topological(struct graph *g)
{
    uint32_t done = 0;
    uint32_t oldest = 0; /* all of by_time before it are out */

    for (uint32_t i = 0; i < g->n; i++) {
        if (g->waits[i] == 0)
            heap_push(g, g->rank[i]);
    }
    while (done < g->n) {
        uint32_t r;

        if (g->heap_n > 0) {
            r = g->by_time[heap_pop(g)];
        } else {
            while (g->out[g->by_time[oldest]])
                oldest++;
            r = g->by_time[oldest]; /* only a cycle is left */
        }
        if (g->out[r])
            continue;
        g->out[r] = true;
        g->order[done++] = r;
        for (uint32_t k = g->first[r]; k < g->first[r + 1]; k++) {
            uint32_t s = g->succ[k];

            if (--g->waits[s] == 0 && !g->out[s])
                heap_push(g, g->rank[s]);
        }
    }
}

/* Sorted indices, through an array of pointers that qsort can compare. */
static void sort_indices(struct graph *g, const struct en_rev **tmp,
                         uint32_t *out, int (*cmp)(const void *, const void *))
{
    for (uint32_t i = 0; i < g->n; i++)
        tmp[i] = &g->rev[i];
    qsort(tmp, g->n, sizeof(*tmp), cmp);
    for (uint32_t i = 0; i < g->n; i++)
        out[i] = (uint32_t)(tmp[i] - g->rev);
}

static void link_all(struct graph *g)
{
    uint32_t p;

    /* Counted one place to the right, so that filling moves each start back. */
    for (uint32_t r = 0; r < g->n; r++) {
        EACH_BEFORE(g, r, p)
        {
            g->first[p]++;
            g->waits[r]++;
        }
    }
    for (uint32_t i = 1; i <= g->n; i++)
        g->first[i] += g->first[i - 1];
    for (uint32_t r = 0; r < g->n; r++) {
        EACH_BEFORE(g, r, p)
        g->succ[--g->first[p]] = r;
    }
}

static void mark_heads(struct graph *g, const uint32_t *pos)
{
    uint32_t p;

    for (uint32_t i = 0; i < g->n; i++)
        g->rev[i].head = true;
    for (uint32_t r = 0; r < g->n; r++) {
        for (size_t k = 0; k < g->rev[r].parents; k++) {
            /* Only what stands later replaces: true of every parent but in a
             * cycle, whose last member so remains a head. */
            if (find(g, &g->rev[r].parent[k], &p) && pos[p] < pos[r])
                g->rev[p].head = false;
        }
    }
}

static void summary(const struct en_rev *revs, size_t n, struct en_revs *out)
{
    bool live = false;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < n; i++) {
        if (!revs[i].head)
            continue;
        out->heads++;
        out->deleted = out->deleted || revs[i].deleted;
        if (!revs[i].deleted || !live)
            out->shown = i;
        live = live || !revs[i].deleted;
    }
    assert(out->heads > 0);
}

en_err en_revs_fold(struct en_rev *revs, size_t n, struct en_revs *out)
{
    struct graph g = {.rev = revs, .n = (uint32_t)n};
    const struct en_rev **tmp = NULL;
    struct en_rev *sorted = NULL;
    uint32_t *block = NULL;
    size_t edges = 0;
    en_err err = EN_NOMEM;

    assert(n >= 1 && n < UINT32_MAX / 32);
    if (n == 1) {
        revs[0].head = true;
        summary(revs, n, out);
        return EN_OK;
    }
    for (size_t i = 0; i < n; i++)
        edges += revs[i].parents + revs[i].afters;

    block = calloc(n * 7 + 1 + edges, sizeof(*block));
    tmp = calloc(n, sizeof(*tmp));
    sorted = calloc(n, sizeof(*sorted));
    g.out = calloc(n, sizeof(*g.out));
    if (block == NULL || tmp == NULL || sorted == NULL || g.out == NULL)
        goto out;
    g.by_id = block;
    g.by_time = block + n;
    g.rank = block + 2 * n;
    g.waits = block + 3 * n;
    g.heap = block + 4 * n;
    g.order = block + 5 * n;
    g.first = block + 6 * n;
    g.succ = block + 7 * n + 1;

    sort_indices(&g, tmp, g.by_id, by_id_cmp);
    sort_indices(&g, tmp, g.by_time, by_time_cmp);
    for (uint32_t i = 0; i < g.n; i++)
        g.rank[g.by_time[i]] = i;
    link_all(&g);
    topological(&g);

    for (uint32_t i = 0; i < g.n; i++)
        g.rank[g.order[i]] = i;
    mark_heads(&g, g.rank);
    for (uint32_t i = 0; i < g.n; i++)
        sorted[i] = revs[g.order[i]];
    memcpy(revs, sorted, n * sizeof(*revs));
    summary(revs, n, out);
    err = EN_OK;
out:
    free(block);
    free(tmp);
    free(sorted);
    free(g.out);
    return err;
}
