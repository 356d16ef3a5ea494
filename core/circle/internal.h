/*
 * internal.h - how a circle is held in memory; shared by member.c, resolve.c and
 * epoch.c, and by nobody outside this folder.
 *
 * A device and its control log share one index, which is also the log's column in
 * every past vector. A view is such a vector; NULL stands for all of S.
 */
#ifndef EN_CIRCLE_INTERNAL_H
#define EN_CIRCLE_INTERNAL_H

#include "circle/member.h"

#define NONE UINT32_MAX

struct rec {
    struct en_id id, prev;
    uint32_t col, seq, depth;
    uint32_t *past; /* cols counts: how many records of each log precede it */
    uint32_t cols;
    struct en_op op;
    uint8_t *payload;
    size_t len;
    uint32_t auth;          /* grant it acts under, or NONE */
    uint32_t grant, grants; /* those it made */
    uint32_t devs_before;   /* devices known before it */
    bool unknown;           /* of a kind not evaluated here */
    bool renews;            /* a well-formed DEVKEY */
    bool permitted;
    bool self; /* a permitted self-revocation */
};

struct grant {
    uint32_t rec;
    uint8_t index;
    uint32_t dev;
    struct en_level level;
    bool with_cert;
};

struct dev {
    struct en_member m;
    uint8_t cert[EN_CERT_LEN]; /* its first */
    struct en_id16 control16, journal16;
    struct en_signer signer;
    uint32_t *rec; /* of its control log, in order */
    uint32_t n, cap;
};

struct ep {
    uint32_t rec;
    struct en_id16 id;
    struct en_id ctx;
    uint32_t n;
    struct en_id *device; /* n, ascending */
    uint8_t *wrap_pk;     /* 32 n */
    uint8_t *boxes;       /* 48 n */
    bool effective, eligible;
};

struct att {
    uint32_t rec;
    uint8_t what, code, ref_len;
    uint8_t ref[32];
};

/* The outcome of one pass of resolution, over S or over a past. */
struct state {
    const uint32_t *view; /* NULL: all of S */
    uint32_t cols;
    uint8_t *eff;    /* by record, of membership operations only */
    uint8_t *active; /* by grant */
    uint32_t *revs;  /* effective revocations */
    uint32_t nrevs;
    struct en_policy policy;
};

struct en_circle {
    struct en_id cid;
    struct rec *rec;
    struct grant *grant;
    struct dev *dev; /* dev[0] is the root */
    struct ep *ep;
    struct att *att;
    uint32_t *mem;   /* GENESIS, GRANT, REVOKE permitted, by ascending level */
    uint32_t *order; /* devices by ascending device_id */
    uint32_t *lab;   /* LABEL records */
    uint32_t *pol;   /* POLICY records */
    uint32_t recs, rec_cap, grants, grant_cap, devs, dev_cap, eps, ep_cap;
    uint32_t atts, att_cap, mems, labs, pols, unknown;
    struct state now;     /* of S */
    struct state scratch; /* of a past, while an operation is judged */
};

static inline bool in_past(const struct rec *a, const struct rec *o)
{
    return a->col < o->cols && o->past[a->col] > a->seq;
}

static inline bool in_view(const struct rec *a, const struct state *st)
{
    return st->view == NULL || (a->col < st->cols && st->view[a->col] > a->seq);
}

/* resolve.c */
void resolve(const struct en_circle *c, struct state *st);
bool counts(const struct en_circle *c, const struct state *st,
            const struct rec *o);
bool dev_active(const struct en_circle *c, const struct state *st,
                uint32_t dev);
/* The smallest active level and its grant; false if none. */
bool dev_level(const struct en_circle *c, const struct state *st, uint32_t dev,
               struct en_level *level, uint32_t *grant);
int level_cmp(struct en_level a, struct en_level b);
/* Readers in device_id order into out[EN_RECIPIENTS_MAX]. */
uint32_t readers(const struct en_circle *c, const struct state *st,
                 uint32_t *out);
const uint8_t *wrap_in_force(const struct en_circle *c, const struct state *st,
                             uint32_t dev);
const uint8_t *cert_in_force(const struct en_circle *c, const struct state *st,
                             uint32_t dev);
/* S, or the past of o if that is smaller, resolved: c->now or c->scratch. */
const struct state *state_before(struct en_circle *c, const struct rec *o);
void refresh(struct en_circle *c);

/* epoch.c */
bool epoch_permitted(const struct en_circle *c, const struct state *st,
                     const struct rec *o);
/* The list, ctx and id of a permitted EPOCH; allocates. */
en_err epoch_describe(const struct en_circle *c, const struct state *st,
                      const struct rec *o, struct ep *ep);
void epochs_refresh(struct en_circle *c);

/* member.c */
uint32_t find_dev(const struct en_circle *c, const struct en_id *device);
uint32_t find_dev16(const struct en_circle *c, const struct en_id16 *dev16);

#endif
