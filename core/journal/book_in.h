/*
 * book_in.h - how the book holds what it holds. For this folder only.
 *
 * A record is one en_rev_kept, allocated at its size: fixed fields, then ids, then
 * the words that rows show. Records of one thing form a list, in display order
 * once folded. Things changed since the last fold wait in a list of their own, so
 * that reading after one change folds one thing.
 */
#ifndef EN_JOURNAL_BOOK_IN_H
#define EN_JOURNAL_BOOK_IN_H

#include "journal/book.h"
#include "journal/table.h"

#define EN_NO_DOC UINT32_MAX

/* What stands in the tail of a record, in this order. */
struct en_tail {
    const struct en_id *parent;
    const struct en_id *after;
    const struct en_id *undoes; /* NULL: none */
    struct en_span title, words, importer, foreign;
    struct en_span tag[EN_TAGS_MAX];
};

struct en_rev_kept {
    struct en_id record;
    struct en_thing *thing;
    struct en_rev_kept *next;
    uint64_t print; /* of the source: see en_book_of_source; 0: none */
    int64_t time_ms;
    struct en_when when;
    struct en_id16 about;
    struct en_day opens_day;
    uint32_t device; /* interned */
    uint32_t sid;    /* interned; 0: the circle */
    uint32_t doc;    /* in the index; EN_NO_DOC */
    uint32_t text_len;
    uint32_t lines;
    uint32_t number; /* in display order, once folded */
    uint32_t size;   /* of this allocation */
    uint32_t of;
    uint32_t kept; /* bytes of the whole content at the end of the tail, or 0 */
    int16_t offset;
    uint16_t aliases;
    uint16_t title_len, words_len, importer_len, foreign_len;
    uint8_t parents, afters, tags;
    uint8_t tag_len[EN_TAGS_MAX];
    uint8_t prompt, opens, flags;
    bool has_undoes, words_cut, deleted, head;
    bool undone; /* scratch of en_book_changes */
    uint8_t tail[];
};

/* A place in a list of things that wait for something; next NULL: in none. The
 * list itself is a ring through its head. */
struct en_wait {
    struct en_wait *next, *prev;
    struct en_thing *thing;
};

struct en_thing {
    struct en_id16 id;
    uint32_t circle; /* index */
    uint32_t person; /* interned */
    uint32_t kind;
    uint32_t at; /* in book->thing */
    uint32_t n;
    struct en_rev_kept *rev;
    struct en_wait dirty;
    struct en_wait unindexed;
    bool ordered; /* stands in order (and by_id) */

    /* Folded: */
    struct en_rev_kept *shown;
    uint32_t heads;
    bool deleted;
    int64_t key;               /* en_when_key of the shown revision */
    uint8_t unique;            /* letters to show */
    uint32_t shares;           /* an entry */
    struct en_thing *original; /* a share of one's own: the private thing */
    uint64_t hit;              /* the last search that found it */
};

struct en_circle_kept {
    struct en_id cid;
    uint32_t me; /* interned person; 0: not said yet */
    bool personal;
};

/* A record known by its id only: from a tombstone, or of a newer version. */
struct en_dropped {
    struct en_id record;
    struct en_id cid;
};

struct en_book {
    struct en_book_source source;
    struct en_circle_kept *circle;
    uint32_t circles, circle_cap;
    struct en_id16 *name; /* interned persons, devices, sessions; [0] is zero */
    uint32_t names, name_cap;
    struct en_table revs;   /* by record id */
    struct en_table things; /* by circle, person, id, kind */
    struct en_table prints;
    struct en_table dropped;
    struct en_thing **thing; /* all, in no order */
    uint32_t thing_n, thing_cap;
    struct en_thing **order; /* those that lists show, oldest first */
    struct en_thing **by_id; /* the same by id */
    uint32_t order_n, order_cap;
    uint32_t by_id_n, by_id_cap;
    bool order_stale;   /* things came, went or moved */
    bool order_rebuild; /* some of them are gone: the arrays must not be read */
    bool links_stale;
    bool drops_stale;
    struct en_wait dirty;     /* to be folded */
    struct en_wait unindexed; /* heads to be indexed */
    struct en_search *search;
    struct en_rev_kept **doc; /* by document number */
    uint32_t docs, doc_cap;
    uint32_t *doc_free;
    uint32_t doc_free_n, doc_free_cap;
    uint64_t searches;
    struct en_table newer; /* records from a newer version, en_dropped */
    size_t bytes;          /* of all records and things */
    struct en_day today;
    bool last_session;
};

/* book.c */
struct en_rev_kept *en_book_rev(const struct en_book *b,
                                const struct en_id *record);
struct en_thing *en_book_thing(const struct en_book *b, uint32_t circle,
                               uint32_t person, const struct en_id16 *id,
                               uint32_t kind);
void en_tail_of(const struct en_rev_kept *r, struct en_tail *t);
/* The content: kept or loaded. */
en_err en_book_bytes(struct en_book *b, const struct en_rev_kept *r,
                     struct en_buf *bytes);
/* Of what an import made, whatever its letters: 0 for what none did. */
uint64_t en_book_print(const struct en_book *b, struct en_span importer,
                       struct en_span foreign, const struct en_when *when,
                       struct en_span text);
bool en_book_is_dropped(const struct en_book *b, const struct en_id *record);

void en_wait_put(struct en_wait *list, struct en_wait *w, struct en_thing *t);
void en_wait_take(struct en_wait *w);
/* Grows an array of plain data by doubling; NULL: as it was. */
void *en_book_grow(void *p, uint32_t *cap, size_t need, size_t size);
uint32_t en_book_circle(const struct en_book *b, const struct en_id *cid);
uint32_t en_book_name(const struct en_book *b, const struct en_id16 *id);

/* order.c */
/* Into and out of the index; neither is an error twice. */
en_err en_doc_add(struct en_book *b, struct en_rev_kept *r,
                  const struct en_content *c);
void en_doc_forget(struct en_book *b, struct en_rev_kept *r);
/* Folds whatever changed and puts the lists in order; they are then true. */
en_err en_book_fold(struct en_book *b);

/* view.c */
/* Folds one thing; its list is then in display order. */
en_err en_thing_fold(const struct en_book *b, struct en_thing *t);
bool en_thing_mine(const struct en_book *b, const struct en_thing *t);
/* Whether lists may show it: private things only one's own in the personal
 * circle, shares only outside it. */
bool en_thing_listed(const struct en_book *b, const struct en_thing *t);
bool en_thing_hidden(const struct en_book *b, const struct en_thing *t);
void en_thing_row(const struct en_book *b, const struct en_thing *t,
                  struct en_view_entry *row);
void en_rev_version(const struct en_book *b, const struct en_rev_kept *r,
                    struct en_version *v);

#endif
