/*
 * answer_in.h - what answer.c and answer_entry.c share; nobody else includes it.
 */
#ifndef EN_REPLICA_ANSWER_IN_H
#define EN_REPLICA_ANSWER_IN_H

#include "replica/answer.h"

struct en_act {
    const struct en_answer_env *env;
    struct en_home *home;
    const struct en_now *now;
    struct en_span args;
    struct en_rpc_answer out;
    struct en_why why;
    struct en_buf item; /* of the item being packed */
};

/* Sends what a put function has packed into act->item, or passes its error on. */
en_err en_act_emit(struct en_act *a, en_err put);
#define EN_EMIT(a, name, s) en_act_emit((a), en_rpc_put_##name(&(a)->item, (s)))

/* A circle's row; its name is appended to name and borrowed from there. */
en_err en_act_circle(struct en_act *a, struct en_replica *r,
                     struct en_buf *name, struct en_rpc_circle *row);
/* One en_rpc_device, sent. */
en_err en_act_device(struct en_act *a, struct en_replica *r,
                     const struct en_member *m);
/* How many other devices of a circle there are, and how many hold all of ours. */
en_err en_act_received(struct en_act *a, const struct en_replica *r);

/* -- rows -- */

/* The excerpt that stands where the first words do; NULL: these. */
struct en_act_excerpt {
    struct en_span words;
    uint32_t from, to;
    bool before, after;
};

/* name is the caller's and outlives e. */
en_err en_act_row(struct en_act *a, const struct en_view_entry *v,
                  const struct en_act_excerpt *x, struct en_buf *name,
                  struct en_rpc_entry *e);
/* The same, sent. */
en_err en_act_entry(struct en_act *a, const struct en_view_entry *v,
                    const struct en_act_excerpt *x);
en_err en_act_record(struct en_act *a, const struct en_id *record);
en_err en_act_find(struct en_act *a, struct en_span typed,
                   struct en_view_entry *v);
/* EN_CHOOSE: the thing has several current versions. */
en_err en_act_choose_head(struct en_act *a, const struct en_view_entry *v);

/* -- texts as typed, cleaned; an entry borrows from them -- */

struct en_act_typed {
    struct en_buf text, title;
    struct en_buf tags; /* one after the other */
};
void en_act_typed_free(struct en_act_typed *t);
/* Replaces out; EN_RANGE (TEXT_LONG) with the size that would be kept. */
en_err en_act_text(struct en_span s, struct en_buf *out, size_t *dropped,
                   struct en_why *why);
/* Adds tags as typed to those of e, once each; their bytes go into keep, which
 * has room for all from the start so that spans into it stay true. */
en_err en_act_tags(struct en_entry *e, const struct en_span *tag, size_t n,
                   struct en_buf *keep, struct en_why *why);

/* -- writing -- */

/* kind, time and offset; the rest zero. */
void en_act_head(struct en_act *a, struct en_content *c, uint32_t kind);
void en_act_new_id(struct en_act *a, struct en_id16 *id);
/* A content that replaces all heads of a thing. */
en_err en_act_heads(struct en_book *book, const struct en_view_entry *v,
                    struct en_content *c);
en_err en_act_append(struct en_act *a, struct en_replica *r,
                     const struct en_content *c, const struct en_id *readers,
                     struct en_id *record);

/* Several contents for one commit; heap, since it is large. */
struct en_act_batch {
    struct en_buf content[EN_RPC_IMPORT_MAX];
    struct en_append rec[EN_RPC_IMPORT_MAX];
    struct en_id id[EN_RPC_IMPORT_MAX];
    size_t n;
    size_t bytes;
};
en_err en_act_batch_add(struct en_act_batch *b, const struct en_content *c,
                        struct en_why *why);
void en_act_batch_clear(struct en_act_batch *b);

/* -- verbs -- */

en_err en_act_doctor(struct en_act *a);
en_err en_act_write(struct en_act *a, bool draft);
en_err en_act_list(struct en_act *a);
en_err en_act_read(struct en_act *a);
en_err en_act_edit(struct en_act *a);
en_err en_act_delete(struct en_act *a);
en_err en_act_undo(struct en_act *a);
en_err en_act_changes(struct en_act *a);
en_err en_act_search(struct en_act *a);
en_err en_act_import(struct en_act *a);
en_err en_act_news(struct en_act *a);
en_err en_act_drafts(struct en_act *a);
en_err en_act_preview(struct en_act *a);
en_err en_act_share(struct en_act *a);

#endif
