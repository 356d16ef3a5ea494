/*
 * internal.h - how a circle is held in memory; shared by member.c, permit.c,
 * resolve.c, show.c and epoch.c, and by nobody outside this folder.
 *
 * A device and its control log share one index, which is also the log's column in
 * every past vector. A view is such a vector; NULL stands for all of S.
 *
 * What is derived from S is brought up to date when it is looked at, not when a
 * record is added: loading n records costs n steps, not n resolutions.
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
    uint32_t *target;       /* of a REVOKE: its grants, devices, persons */
    uint32_t targets;
    uint32_t before; /* the same device's DEVKEY, the same person's LABEL */
    uint32_t devs_before; /* devices known before it */
    bool unknown;         /* of a kind not evaluated here */
    bool renews;          /* a well-formed DEVKEY */
    bool permitted;
    bool self; /* a permitted self-revocation */
};

struct grant {
    uint32_t rec;
    uint8_t index;
    uint32_t dev;
    uint32_t before; /* an earlier grant of the device, or NONE */
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
    uint32_t person;
    uint32_t sibling; /* an earlier device of the person, or NONE */
    uint32_t grant;   /* its latest, then grant.before */
    uint32_t devkey;  /* its latest permitted DEVKEY, then rec.before */
};

/* first is the device whose certificate gave the person its name: no other can
 * enter before it. */
struct person {
    struct en_id16 id;
    uint32_t first;
    uint32_t dev;   /* its latest, then dev.sibling */
    uint32_t label; /* its latest LABEL, then rec.before */
};

struct ep {
    uint32_t rec;
    uint32_t before; /* in its bucket */
    struct en_id16 id;
    struct en_id ctx;
    uint32_t n;
    uint32_t *dev;        /* n, in device_id order */
    struct en_id *device; /* their ids */
    uint8_t *wrap_pk;     /* 32 n */
    uint8_t *boxes;       /* 48 n */
    uint32_t children;    /* permitted epochs that name it as a parent */
    bool effective, eligible;
};

struct att {
    uint32_t rec;
    uint32_t before; /* in its bucket */
    uint8_t what, code, ref_len;
    uint8_t ref[32];
};

/* A list of small numbers found by a hash: heads, then `before`. */
struct buckets {
    uint32_t *head;
    uint32_t n; /* a power of two, or 0 */
};

struct hit { /* an effective revocation, in the list of what it names */
    uint32_t rec, next;
};

/* The outcome of one pass of resolution, over S or over a past. */
struct state {
    const uint32_t *view; /* NULL: all of S */
    uint32_t cols;
    uint8_t *eff;                            /* by record, GRANT, REVOKE */
    uint8_t *active;                         /* by grant */
    uint32_t *on_grant, *on_dev, *on_person; /* first hit, or NONE */
    uint32_t *best; /* by device: active grant of smallest level, or NONE */
    uint8_t *reads; /* by device */
    struct hit *hit;
    uint32_t hits;
    struct en_policy policy;
};

/* Capacities, and those for which the arrays that follow them have room: the two
 * differ after an allocation failed half way. */
struct caps {
    uint32_t rec, grant, dev, person, ep, att, hit;
};

struct en_circle {
    struct en_circle *self; /* const callers may have the view refreshed */
    struct en_id cid;
    struct rec *rec;
    struct grant *grant;
    struct dev *dev; /* dev[0] is the root */
    struct person *person;
    struct ep *ep;
    struct att *att;
    struct buckets ep_at, att_at;
    uint32_t *mem;   /* GENESIS, GRANT, REVOKE permitted, by ascending level */
    uint32_t *order; /* devices by ascending device_id */
    uint32_t *pol;   /* POLICY records */
    uint32_t *elig;  /* eligible epochs, the choice last */
    uint32_t recs, grants, devs, persons, eps, atts;
    struct caps cap, followed;
    uint32_t mems, pols, eligs, unknown;
    uint32_t targets;     /* of all permitted REVOKEs */
    bool now_stale;       /* now is not of S */
    bool shown_stale;     /* nor is what members and epochs show */
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
/* Whether o has effect in the view; false if it is not permitted. */
bool counts(const struct en_circle *c, const struct state *st,
            const struct rec *o);
bool dev_active(const struct state *st, uint32_t dev);
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
/* S resolved. */
const struct state *state_now(const struct en_circle *c);

/* permit.c */
/* PROTOCOL 6.3 P1 to P5: fills o's auth, self, permitted, targets, and ep if o is
 * a permitted EPOCH. heads_match: no head contradicted what is held. EN_NOMEM. */
en_err judge(struct en_circle *c, struct rec *o, bool heads_match,
             struct ep *ep);
/* A DEVKEY well formed by its own chain alone (5.2). */
bool devkey_well_formed(const struct en_circle *c, const struct rec *o);
/* Kinds kept without effect; people are told that something newer is here. */
bool not_evaluated(const struct en_op *op);

/* epoch.c */
en_err epoch_judge(const struct en_circle *c, const struct state *st,
                   struct rec *o, struct ep *ep);
void epoch_free(struct ep *ep);
void epoch_enter(struct en_circle *c, const struct ep *ep);
void epoch_leave(struct en_circle *c); /* the last one */
void epochs_show(struct en_circle *c);
uint32_t bucket_of(const struct buckets *b, const uint8_t *key, uint8_t salt);

/* show.c */
/* Members and epochs as S shows them. */
void look(const struct en_circle *c);

/* member.c */
uint32_t find_dev(const struct en_circle *c, const struct en_id *device);
uint32_t find_dev16(const struct en_circle *c, const struct en_id16 *dev16);
uint32_t find_person(const struct en_circle *c, const struct en_id16 *id);
/* The grant named, if o's past has it, permitted; NONE. */
uint32_t find_grant(const struct en_circle *c, const struct rec *o,
                    const struct en_grant_ref *ref);
/* Whether a permitted grant in o's past made this device. */
bool dev_in_past(const struct en_circle *c, const struct rec *o, uint32_t dev);
bool person_in_past(const struct en_circle *c, const struct rec *o,
                    const struct en_id16 *person);

#endif
