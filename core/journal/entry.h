/*
 * entry.h - what a journal record says: every payload of the practice, its bytes.
 *
 * The content of a journal record is one strict MessagePack array:
 *
 *   [1, kind, id, time_ms, offset, [after...], [parents...], [body...]]
 *
 * The first seven elements are the same for every kind of thing, so a program
 * that does not know a kind still knows which thing a record is about and what
 * its writer had seen. The body belongs to the kind. Later versions and kinds
 * are kept, relayed and shown as "from a newer version", never guessed at.
 *
 * Encoding refuses what PRODUCT does not allow, before a byte is written.
 * Decoding checks every bound too, for the writer may be hostile; it asks of text
 * only that it is UTF-8, since stored words are shown as they are, made harmless.
 *
 * Ownership  a decoded struct borrows from the bytes it was decoded from; an
 *            encoder borrows everything until it returns.
 * Units      *_ms Unix milliseconds, claims for people; offsets in minutes.
 * Errors     encode: EN_RANGE with en_why (TEXT_LONG n, limit; TEXT_EMPTY;
 *            TEXT_UTF8; NAME; TAG; NONE for numbers out of range); EN_NOMEM.
 *            out is as it was on any error.
 *            decode: EN_PROTOCOL, or EN_VERSION for a kind or version we do not
 *            know (the head is then filled as far as it could be read).
 * Source     docs/formats/journal.md; PRODUCT 3; PROTOCOL 8.3.
 */
#ifndef EN_JOURNAL_ENTRY_H
#define EN_JOURNAL_ENTRY_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/words.h"
#include "journal/when.h"

#define EN_CONTENT_VERSION 1

/* A thing's kind, element 1. Numbers are never reused; docs/formats/journal.md
 * keeps the whole table. Those without a struct here decode to EN_VERSION. */
enum en_thing_kind {
    EN_KIND_ENTRY = 1,
    EN_KIND_SHARE = 2,
    EN_KIND_LINK = 3,
    EN_KIND_DRAFT = 4,
    EN_KIND_LEARNING = 5,
    EN_KIND_SHEET = 6,
    EN_KIND_ACTION = 7,
    EN_KIND_FOLLOWUP = 8,
    EN_KIND_CONTRACT = 9,
    EN_KIND_ACCEPT = 10,
    EN_KIND_CONTRIBUTION = 11,
    EN_KIND_MARK = 12,
    EN_KIND_CHARTER = 13,
    EN_KIND_SIGNATURE = 14,
    EN_KIND_ALIAS = 15,
    EN_KIND_ATTACHMENT = 16,
    EN_KIND_PROFILE = 32, /* record type 3 */
    EN_KIND_PERSON = 33,  /* record type 3 */
    EN_KIND_PLAN = 48,    /* 48..: session facts, record type 4 */
    EN_KIND_OPENING = 49,
    EN_KIND_STEP = 50,
    EN_KIND_ROLE = 51,
    EN_KIND_ATTENDANCE = 52,
    EN_KIND_CLOSING = 53,
};

/* Record types of PROTOCOL 8.3 that this folder writes. */
enum en_type {
    EN_TYPE_FIRST = 1,    /* first revision of a thing */
    EN_TYPE_REVISION = 2, /* a later one */
    EN_TYPE_PROFILE = 3,
    EN_TYPE_FACT = 4, /* session facts */
};

enum en_state { EN_LIVE = 0, EN_DELETED = 1 };

/* Prompt sets of PRODUCT 2.6. */
enum en_prompt {
    EN_PROMPT_NONE = 0,
    EN_PROMPT_AFTER = 1,
    EN_PROMPT_BETWEEN = 2,
    EN_PROMPT_BEFORE = 3,
};

/* When a letter to oneself opens. */
enum en_opens {
    EN_OPENS_NONE = 0, /* not a letter */
    EN_OPENS_LAST = 1, /* at the circle's last session */
    EN_OPENS_DAY = 2,  /* on opens_day */
};

/*
 * An entry, and a draft of one. Every revision carries the whole of it, a
 * deletion too: what was deleted can be shown and brought back.
 *
 * text    EN_LIVE: 1..EN_TEXT_MAX bytes; EN_DELETED: may be empty
 * undoes  the record this revision takes back, zero: none. `undo` needs it to
 *         walk further back instead of undoing itself for ever.
 */
struct en_entry {
    enum en_state state;
    struct en_span title; /* empty: none */
    struct en_span text;
    struct en_when when;
    size_t tags;
    struct en_span tag[EN_TAGS_MAX]; /* each 1..EN_TAG_MAX bytes */
    struct en_id16 about;            /* session; zero: none */
    enum en_prompt prompt;
    struct en_span importer; /* both or neither, each to EN_LINE_MAX bytes; */
    struct en_span foreign;  /* foreign may be empty: the source had no ids */
    enum en_opens opens;
    struct en_day opens_day;
    struct en_id undoes;
};

/*
 * A copy given to a circle or a session. It says nothing about the private
 * original: not its id, not which lines of it were taken, no tag, no link.
 *
 * EN_DELETED: title and text are empty (the author asked for it to go).
 */
struct en_share {
    enum en_state state;
    enum en_thing_kind of; /* kind of the original; only EN_KIND_ENTRY as yet */
    struct en_span title;
    struct en_span text;
    struct en_when when; /* of the original */
    uint16_t aliases;    /* names replaced by aliases, a count only */
};

/* Which private thing a share was copied from. Lives in the personal circle. */
struct en_link {
    struct en_id16 share;    /* the share's own id, in circle cid */
    struct en_id cid;        /* shared with this circle */
    struct en_id16 sid;      /* and this session of it; zero: the circle */
    struct en_id16 original; /* the private thing */
    struct en_id revision;   /* the record whose words were copied */
    uint32_t line_from;      /* 1-based; both 0: whole */
    uint32_t line_to;
};

enum en_alias_rule { EN_ALIASES_REMIND = 0, EN_ALIASES_REQUIRE = 1 };
enum en_sponsor_rule {
    EN_SPONSOR_NAMES = 0,
    EN_SPONSOR_COUNT = 1,
    EN_SPONSOR_DATES = 2,
};

/* What a circle says of itself. The greater rule is the stricter. */
struct en_profile {
    struct en_span name; /* 1..EN_NAME_MAX bytes */
    enum en_lang lang;   /* the creator's; of the first revision for ever */
    uint16_t preset;     /* minutes of a session: 45, 90, 120 */
    enum en_alias_rule aliases;
    enum en_sponsor_rule sponsor;
    /* PROTOCOL 6.7: the circle that this one succeeds; zero: none. */
    struct en_id old_cid;
    struct en_id old_frontier;
};

struct en_content {
    uint32_t version; /* decode only */
    uint32_t kind;    /* enum en_thing_kind, or a number we do not know yet */
    struct en_id16 id;
    int64_t time_ms; /* when its author says it was written */
    int16_t offset;
    size_t
        afters; /* latest records about this thing that the writer had seen */
    struct en_id after[EN_AFTER_MAX];
    size_t parents; /* the revisions this one replaces; none: the first */
    struct en_id parent[EN_AFTER_MAX];
    union {
        struct en_entry entry; /* EN_KIND_ENTRY, EN_KIND_DRAFT */
        struct en_share share;
        struct en_link link;
        struct en_profile profile;
    } u;
};

/* Appends the content's bytes; at most EN_CONTENT_MAX of them. why may be NULL */
en_err en_content_encode(const struct en_content *c, struct en_buf *out,
                         struct en_why *why);
en_err en_content_decode(struct en_span bytes, struct en_content *c);

/* The record type a content belongs under; decoded content under another type is
 * refused by whoever holds the header (en_book_add does). */
uint8_t en_content_type(const struct en_content *c);

/*
 * en_entry_clean - what a person typed or a file held, as we keep it.
 *
 * Appends s in NFC, with CR LF and lone CR as LF, and other control characters
 * left out. line: also line feeds and tabs become spaces and the ends are trimmed.
 *
 * dropped  may be NULL; how many control characters were left out
 * EN_RANGE with EN_WHY_TEXT_UTF8: not UTF-8 (n = offset of the first bad byte)
 */
en_err en_entry_clean(struct en_span s, bool line, struct en_buf *out,
                      size_t *dropped, struct en_why *why);

/* Lines of a text as people count them: a final line feed begins no line. */
size_t en_text_lines(struct en_span text);
/* Lines from..to (1-based, inclusive) without the last line feed; EN_RANGE if
 * there are no such lines. Borrowed from text. */
en_err en_text_line_range(struct en_span text, size_t from, size_t to,
                          struct en_span *out);

/*
 * Ids as people see them: Crockford's base 32, lower case, most significant bit
 * first, 26 letters. What they type back may be in capitals, with hyphens or
 * spaces; i and l are read as 1, o as 0.
 */
#define EN_LETTERS       26
#define EN_LETTERS_MIN   3 /* the shortest prefix accepted */
#define EN_LETTERS_SHOWN 5

void en_id_letters(const struct en_id16 *id, char out[EN_LETTERS + 1]);
/* EN_RANGE: no letters of an id, or none at all. */
en_err en_id_prefix(struct en_span typed, char out[EN_LETTERS + 1], size_t *n);

#endif
