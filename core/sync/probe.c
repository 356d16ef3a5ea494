#include "sync/probe.h"

void en_probe_start(struct en_probe *p, const struct en_id16 *log, uint64_t seq)
{
    assert(seq < EN_SEQ_MAX);
    *p = (struct en_probe){
        .active = true, .log = *log, .lo = -1, .hi = (int64_t)seq};
}

bool en_probe_found(const struct en_probe *p, uint64_t *k)
{
    if (p->hi - p->lo != 1)
        return false;
    *k = (uint64_t)p->hi;
    return true;
}

bool en_probe_next(struct en_probe *p, struct en_seqs *q)
{
    uint64_t k;
    int64_t open = p->hi - p->lo - 1; /* seqs not known yet */
    int64_t n = open < EN_FORKQ_MAX ? open : EN_FORKQ_MAX;

    assert(p->active && p->lo < p->hi);
    if (en_probe_found(p, &k) || p->rounds == EN_PROBE_ROUNDS_MAX) {
        p->active = false;
        return false;
    }
    p->rounds++;
    q->log = p->log;
    q->n = (size_t)n;
    /* Evenly spread over what is open: strictly ascending, as n <= open. */
    for (int64_t i = 0; i < n; i++)
        q->seq[i] = (uint64_t)(p->lo + (open + 1) * (i + 1) / (n + 1));
    return true;
}

void en_probe_learn(struct en_probe *p, uint64_t seq, bool same)
{
    int64_t s = (int64_t)seq;

    if (s <= p->lo || s >= p->hi)
        return;
    if (same)
        p->lo = s;
    else
        p->hi = s;
}
