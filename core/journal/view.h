/*
 * view.h - the rows people see, folded from a set of revisions.
 *
 * One thing gives one row, equal on every device that holds the same records.
 * A row shows the latest head in causal order; heads > 1 is "two versions, written
 * without seeing each other". Rows hold the first words of a text and never the
 * text itself, which is read through en_book_text when somebody asks for it.
 *
 * Ownership  rows and all their spans are borrowed from the book and die with its
 *            next change. en_thing is the book's; never freed by a caller.
 */
#ifndef EN_JOURNAL_VIEW_H
#define EN_JOURNAL_VIEW_H

#include "journal/entry.h"

struct en_thing;

#define EN_FIRST_WORDS_MAX 160 /* bytes of text kept for lists */

/* Set by whoever opened the record; given back untouched. */
enum en_item_flag {
    EN_ITEM_OLD_KEYS = 1, /* written before its device knew of newer keys */
    EN_ITEM_COPIED = 2,   /* written again for a newcomer by another device */
};

/* A row for EN_KIND_ENTRY, EN_KIND_SHARE or EN_KIND_DRAFT. */
struct en_view_entry {
    const struct en_thing *thing;
    uint32_t kind;
    struct en_id cid;
    struct en_id16 sid;    /* sealed to this session; zero: to the circle */
    struct en_id16 person; /* its author */
    struct en_id16 id;
    char letters[EN_LETTERS + 1]; /* the id, whole */
    unsigned unique;              /* of these to show: 5, more if needed */
    bool mine;
    bool deleted;
    bool letter; /* a letter to oneself */
    bool hidden; /* a letter still closed: title, words and tags are empty */
    unsigned heads;
    unsigned versions;     /* how many there are; the shown one's number is */
    unsigned version;      /* this, in display order, from 1 */
    struct en_id shown;    /* record id of the shown revision */
    struct en_id16 device; /* that wrote it */
    int64_t time_ms;       /* when, it says */
    int16_t offset;
    unsigned flags; /* en_item_flag of the shown revision */
    struct en_when when;
    struct en_span title; /* empty: none */
    struct en_span
        words;      /* the text's beginning on one line, cut at a grapheme */
    bool words_cut; /* there is more */
    size_t tags;
    struct en_span tag[EN_TAGS_MAX];
    struct en_id16 about;
    enum en_prompt prompt;
    struct en_span importer;
    struct en_span foreign;
    enum en_opens opens;
    struct en_day opens_day;
    uint32_t text_len; /* bytes */
    uint32_t lines;
    unsigned shares;  /* an entry: its shares not taken back (en_book_links) */
    bool twin;        /* a share of one's own whose private original is here */
    uint32_t of;      /* a share: kind of its original */
    uint16_t aliases; /* a share: names replaced */
};

/* One line of a thing's history, in display order. */
struct en_version {
    unsigned number; /* from 1 */
    struct en_id record;
    struct en_id16 device;
    int64_t time_ms;
    int16_t offset;
    bool head;
    bool deleted;
    unsigned flags;
    size_t parents;
    const struct en_id *parent;
    struct en_id undoes; /* zero: none */
    struct en_when when;
    struct en_span title;
    struct en_span words;
    bool words_cut;
    uint32_t text_len;
    uint32_t lines;
};

/* Where a private thing has been shared. */
struct en_view_link {
    struct en_id cid;
    struct en_id16 sid; /* zero: the whole circle */
    struct en_id16 share;
    struct en_id revision; /* whose words went */
    bool changed;          /* the original has another shown revision now */
    bool live;             /* the share is here and not taken back */
    uint32_t line_from;
    uint32_t line_to;
    int64_t time_ms;
    int16_t offset;
};

/* A circle's profile: the latest in causal order; rules the strictest of all
 * heads; language of the first revision. */
struct en_view_profile {
    struct en_span name;
    enum en_lang lang;
    uint16_t preset;
    enum en_alias_rule aliases;
    enum en_sponsor_rule sponsor;
    struct en_id old_cid;
    struct en_id old_frontier;
    struct en_id shown; /* record of the shown revision */
    unsigned heads;
    int64_t created_ms; /* claimed time of the first revision */
    int16_t created_offset;
};

/* Appends the beginning of text for a list: line feeds, tabs and runs of spaces
 * as one space, at most EN_FIRST_WORDS_MAX bytes, cut at a grapheme's end. *cut
 * says whether anything is missing. */
en_err en_view_words(struct en_span text, struct en_buf *out, bool *cut);

#endif
