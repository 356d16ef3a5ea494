/*
 * book.h - all things of all circles of one person, in memory, folded.
 *
 * Opened records go in one by one, in any order, as often as they come; what is
 * read out depends on the set alone. A thing is (circle, first author's person,
 * id, kind): the same id from another person is another thing, and a revision by
 * somebody else never touches it. The caller gives only records whose seal and
 * author it has checked; whatever their content says is checked here.
 *
 * Memory: a row's fields and the first words stay, about 400 bytes a revision;
 * texts stay outside and come back through load. Without load the book keeps the
 * contents itself. Everything that held words is wiped when freed.
 *
 * The search index is built on demand, or while records are added when the caller
 * asks for it (index): then nothing is loaded a second time.
 *
 * Ownership  spans given are borrowed for the call; rows given are borrowed until
 *            the book's next change. A callback must not change the book.
 * Threads    one book, one thread.
 * Errors     EN_NOMEM: the book is as it was. A callback's EN_OK goes on,
 *            EN_CLOSED stops without error, anything else stops and is returned.
 *            What load returns is returned (but EN_ABSENT, EN_NO_KEY while
 *            searching: that text is passed over).
 */
#ifndef EN_JOURNAL_BOOK_H
#define EN_JOURNAL_BOOK_H

#include "journal/search.h"
#include "journal/view.h"

struct en_book;

struct en_book_source {
    /* Appends the content of a record added before; NULL: the book keeps all. */
    en_err (*load)(void *user, const struct en_id *record, struct en_buf *out);
    void *user;
    bool index; /* index words as records are added */
    /* Random: keeps an insider from choosing ids and words that fall into one
     * place of a table. Never changes a result; tests pass a constant. */
    uint64_t seed;
};

en_err en_book_new(const struct en_book_source *source, struct en_book **out);
void en_book_free(struct en_book *b); /* wipes; NULL does nothing */

/* Which person of a circle is this one; personal: the private journal. Rows of
 * that person are mine. May be called before or after records come. */
en_err en_book_me(struct en_book *b, const struct en_id *cid,
                  const struct en_id16 *person, bool personal);

/* Today, and whether the last session has been reached: opens letters. Until it
 * is called every letter is closed. */
void en_book_today(struct en_book *b, struct en_day today, bool last_session);

struct en_book_item {
    struct en_id cid;
    struct en_id record;
    struct en_id16 person; /* of the authoring device */
    struct en_id16 device;
    struct en_id16 sid; /* session it is sealed to; zero: the circle */
    uint8_t type;       /* of the record's header */
    unsigned flags;     /* en_item_flag */
    struct en_span content;
};

/*
 * en_book_add - one opened journal record.
 *
 * Profiles (type 3): only of persons who may write them, which the caller knows.
 * EN_OK        taken, or there already, or dropped before (then ignored)
 * EN_VERSION   from a newer version: counted, nothing to show
 * EN_PROTOCOL  broken, or of another type than its header says: nothing kept
 */
en_err en_book_add(struct en_book *b, const struct en_book_item *item);

/* Deleted by a tombstone: this record goes and stays away, and a thing of which a
 * remaining revision names it counts as deleted. Undrop when a tombstone is no
 * longer effective; the record must then be added again. */
en_err en_book_drop(struct en_book *b, const struct en_id *cid,
                    const struct en_id *record);
void en_book_undrop(struct en_book *b, const struct en_id *record);
/* Forgets one record without a trace (it was set aside, its author cut). */
void en_book_remove(struct en_book *b, const struct en_id *record);
void en_book_remove_session(struct en_book *b, const struct en_id *cid,
                            const struct en_id16 *sid);
void en_book_remove_circle(struct en_book *b, const struct en_id *cid);

/* ---- reading ---- */

typedef en_err (*en_entry_fn)(void *user, const struct en_view_entry *row);

/*
 * Which rows, all conditions together. {0} is: every live entry of mine and every
 * share of others; one's own shares stand behind their originals (as row.shares)
 * and come only with shared, or alone where the original is not here.
 */
struct en_filter {
    const struct en_id *cid; /* one circle; NULL: all */
    struct en_day from, to;  /* wall days, inclusive; year 0: no bound */
    struct en_span tag;      /* folded equality; empty: any */
    struct en_id16 about;    /* session: about it or sealed to it; zero: any */
    bool mine;
    bool shared;  /* what others can read: shares, and entries with shares */
    bool letters; /* letters to oneself only */
    bool deleted; /* what was deleted instead of what is live */
    bool drafts;  /* drafts instead of entries and shares */
    size_t limit; /* rows at most, after ordering; 0: all */
    bool reverse; /* oldest first; newest first otherwise */

    /* On this day: the same day (or month) of other years. year 0: off. */
    struct en_day day;
    bool month;
    unsigned years; /* only so many years back or ahead; 0: all */
};

/* Newest first by when (en_when_cmp), ties by id, person, circle. */
en_err en_book_list(struct en_book *b, const struct en_filter *f,
                    en_entry_fn fn, void *user);

/*
 * en_book_search - rows of the filter in which every word of the query is found.
 *
 * PRODUCT 6.1: folded; words split at spaces and apostrophes, each at the start of
 * a word; between quotation marks, or exact, a phrase anywhere. In title and text
 * of every head. Closed letters are never found. A query without a word finds
 * nothing. hits (may be NULL) counts all, whatever the limit.
 */
en_err en_book_search(struct en_book *b, struct en_span query, bool exact,
                      const struct en_filter *f, en_entry_fn fn, void *user,
                      size_t *hits);
/* Brings the index up to date now rather than at the first search. */
en_err en_book_index(struct en_book *b);

/* The first match in the row's text, for a line of a list. In bytes of that text;
 * from..to is cut at graphemes, about width columns with the match inside. If only
 * the title matches, at the text's beginning with match_from == match_to. */
struct en_excerpt {
    size_t from, to;
    size_t match_from, match_to;
    bool before, after; /* something was cut on that side */
};
en_err en_book_excerpt(struct en_book *b, const struct en_view_entry *row,
                       struct en_span query, bool exact, size_t width,
                       struct en_buf *text, struct en_excerpt *out);

/*
 * en_book_find - the thing an id as typed names; 3 letters or more.
 *
 * Entries and shares, deleted ones too. Of equal whole ids one's own wins.
 * EN_ABSENT  none (NO_ENTRY, what = typed), also for what is no id at all
 * EN_CHOOSE  several (ENTRIES, what = their ids, spaces between)
 */
en_err en_book_find(struct en_book *b, struct en_span typed,
                    struct en_view_entry *row, struct en_why *why);
/* By its exact key. EN_ABSENT. */
en_err en_book_get(struct en_book *b, const struct en_id *cid,
                   const struct en_id16 *person, const struct en_id16 *id,
                   uint32_t kind, struct en_view_entry *row);
/* The thing a record belongs to. EN_ABSENT. */
en_err en_book_of_record(struct en_book *b, const struct en_id *record,
                         struct en_view_entry *row);
/* My live entry written last (claimed time). EN_ABSENT. */
en_err en_book_last(struct en_book *b, struct en_view_entry *row);
/* An entry of mine that an import made: by (importer, foreign id); or, foreign
 * empty, by date and text. Any version, deleted or not. EN_ABSENT. */
en_err en_book_of_source(struct en_book *b, struct en_span importer,
                         struct en_span foreign, const struct en_when *when,
                         struct en_span text, struct en_view_entry *row);

/* Decoded content of a revision; content borrows from bytes, which the caller
 * owns (cleared first). EN_ABSENT: no such record here. */
en_err en_book_content(struct en_book *b, const struct en_id *record,
                       struct en_buf *bytes, struct en_content *content);

en_err en_book_versions(struct en_book *b, const struct en_thing *thing,
                        en_err (*fn)(void *user, const struct en_version *v),
                        void *user);
/* What a new revision of the thing must name: all heads, the latest EN_AFTER_MAX
 * of them, in display order. */
en_err en_book_heads(struct en_book *b, const struct en_thing *thing,
                     struct en_id out[EN_AFTER_MAX], size_t *n);
en_err en_book_links(struct en_book *b, const struct en_thing *thing,
                     en_err (*fn)(void *user, const struct en_view_link *l),
                     void *user);
/* The original of one of my shares. EN_ABSENT. */
en_err en_book_original(struct en_book *b, const struct en_thing *share,
                        struct en_view_entry *row);

/* What is new: live things of others whose shown revision seen() does not know;
 * oldest first by claimed time of writing. */
en_err en_book_news(struct en_book *b,
                    bool (*seen)(void *user, const struct en_id *record),
                    en_entry_fn fn, void *user);

/* Changes of my private entries that undo can take back, newest first by claimed
 * time. An undo and what it took back are left out, so repeating goes back. */
enum en_change_kind {
    EN_CHANGE_WRITTEN = 1, /* undo: delete */
    EN_CHANGE_EDITED = 2,  /* undo: the parent's content again */
    EN_CHANGE_DELETED = 3, /* undo: live again */
};
struct en_change {
    enum en_change_kind kind;
    struct en_id record; /* the new revision's undoes */
    struct en_id before; /* the revision to go back to; zero for WRITTEN */
    int64_t time_ms;
    int16_t offset;
};
en_err en_book_changes(struct en_book *b,
                       en_err (*fn)(void *user, const struct en_change *change,
                                    const struct en_view_entry *row),
                       void *user);

/* EN_ABSENT: no profile of that circle has arrived. */
en_err en_book_profile(struct en_book *b, const struct en_id *cid,
                       struct en_view_profile *out);

struct en_counts {
    size_t entries; /* mine, live */
    size_t shares;  /* live, mine and others' */
    size_t others;  /* of these, others' */
    size_t letters; /* of my entries, letters still closed */
    size_t drafts;  /* live */
    size_t deleted; /* things deleted but still readable here */
    size_t split;   /* live things with several heads */
    size_t newer;   /* records from a newer version */
    size_t records; /* held */
};
en_err en_book_count(struct en_book *b, const struct en_id *cid,
                     struct en_counts *out); /* cid NULL: all circles */

/* Bytes the book and its index hold, about; for doctor and the bench. */
size_t en_book_memory(const struct en_book *b);

#endif
