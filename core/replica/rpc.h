/*
 * rpc.h - requests and replies between a command and whoever owns the vault.
 *
 *   frame    length u32 || body          length of body, 1..EN_RPC_FRAME_MAX
 *   request  [1, number, verb, arguments]
 *   reply    [number, error, why, more, [item...]]
 *   why      nil or [reason, n, limit, what]
 *
 * Bodies are strict packed arrays (wire/pack). A long answer comes in several
 * replies of one number, each but the last with more = 1; the items of all of them,
 * one after the other, are the answer. On an error there are no items and what came
 * before them is not to be used. The same bytes go through the agent's socket and,
 * in one process, from net/call to replica/answer.
 *
 * Arguments and items are the structs below; one table in rpc.c says how each is
 * packed and how long each field may be, and is the only codec. No path of the
 * file system crosses rpc: a command reads and writes the files a person names.
 *
 * Ownership  what is read borrows the frame it was read from; what is written is
 *            copied. A frame may hold a passphrase or a text: en_buf_free wipes.
 * Units      *_ms Unix milliseconds unless said; offset minutes; *_min minutes.
 * Errors     EN_PROTOCOL: not of that layout, or over a bound. EN_VERSION: a
 *            request of another version. EN_RANGE: does not fit in a frame. EN_NOMEM.
 * Source     docs/formats/rpc.md.
 */
#ifndef EN_REPLICA_RPC_H
#define EN_REPLICA_RPC_H

#include "base/limits.h"
#include "base/secret.h"
#include "base/words.h"
#include "journal/view.h"

#define EN_RPC_VERSION     1
#define EN_RPC_PREFIX      4     /* bytes of a frame's length */
#define EN_RPC_IMPORT_MAX  256   /* records in one IMPORT */
#define EN_RPC_ITEMS_MAX   65536 /* items in one reply: each is a byte or more */
#define EN_RPC_ADDRESS_MAX 64    /* "[fe80::...%eth0]:65535" */
#define EN_RPC_PLACES_MAX  16
#define EN_RPC_CODE_MAX    128 /* a joining code as typed */

/*
 * Verb, its arguments -> its items. "-" is none. Those from 64 on belong to net's
 * agent; without it they are answered EN_CLOSED, and LINK_WATCH "off".
 */
enum en_rpc_verb {
    /* the vault */
    EN_RPC_STATE = 1,      /* -          -> en_rpc_state */
    EN_RPC_INIT = 2,       /* init       -> - */
    EN_RPC_UNLOCK = 3,     /* unlock     -> en_rpc_state */
    EN_RPC_LOCK = 4,       /* -          -> - */
    EN_RPC_PASSPHRASE = 5, /* passphrase -> - */
    EN_RPC_STATUS = 6,  /* -          -> en_rpc_status, then en_rpc_circle... */
    EN_RPC_SETTING = 7, /* setting    -> setting: reads it, or sets and reads */
    EN_RPC_DOCTOR = 8,  /* doctor     -> en_rpc_finding... */

    /* entries */
    EN_RPC_WRITE = 16,   /* write  -> en_rpc_entry */
    EN_RPC_LIST = 17,    /* filter -> en_rpc_entry... */
    EN_RPC_READ = 18,    /* read   -> en_rpc_full, one a version shown */
    EN_RPC_EDIT = 19,    /* edit   -> en_rpc_entry */
    EN_RPC_DELETE = 20,  /* name   -> en_rpc_entry; of a share: en_rpc_shared */
    EN_RPC_UNDO = 21,    /* -      -> en_rpc_change */
    EN_RPC_CHANGES = 22, /* filter (limit) -> en_rpc_change... */
    EN_RPC_SEARCH = 23,  /* search -> en_rpc_entry... with excerpts */
    EN_RPC_IMPORT = 24,  /* import -> en_rpc_imported, one a record, in order */
    EN_RPC_NEWS =
        25, /* news   -> en_rpc_full..., then marked as seen if asked */
    EN_RPC_DRAFT = 26,  /* write  -> en_rpc_entry: kept as a draft */
    EN_RPC_DRAFTS = 27, /* -      -> en_rpc_full..., newest first */

    /* circles */
    EN_RPC_CREATE = 32,  /* create -> en_rpc_circle */
    EN_RPC_CIRCLES = 33, /* -      -> en_rpc_circle... */
    EN_RPC_MEMBERS = 34, /* name   -> en_rpc_circle, then en_rpc_device... */
    EN_RPC_PREVIEW = 35, /* share  -> en_rpc_preview, then en_rpc_device... */
    EN_RPC_SHARE = 36,   /* share  -> en_rpc_shared, then en_rpc_entry */
    EN_RPC_WORDS = 37,   /* name   -> en_rpc_words */

    /* the link; net's agent */
    EN_RPC_LINK_ON = 64,    /* link   -> - */
    EN_RPC_LINK_OFF = 65,   /* -      -> - */
    EN_RPC_LINK_WATCH = 66, /* watch  -> en_rpc_link, then its addresses
                                (en_rpc_address), then its peers (en_rpc_peer) */
    EN_RPC_INVITE = 67, /* invite -> en_rpc_invited, then en_rpc_address... */
    EN_RPC_AGREE = 68,  /* agree  -> -: the people's yes or no to the words, on
                                either side */
    EN_RPC_MEET_CANCEL =
        69,           /* -      -> -: gives the invitation or the join up */
    EN_RPC_JOIN = 70, /* join   -> - */
    EN_RPC_JOIN_FINISH = 71, /* finish -> -: after both said yes, and after INIT
                                where there was no vault */
    EN_RPC_AGENT_STATUS = 72, /* -     -> en_rpc_state */
    EN_RPC_AGENT_STOP = 73,   /* -     -> - */
};

/* ---- arguments ---- */

/* Labels are written by the command, in the person's language; the kit's is what
 * an audit calls that paper. */
struct en_rpc_init {
    struct en_span passphrase; /* NFC, EN_PASSPHRASE_MIN characters or more */
    struct en_span name;       /* what others will see */
    struct en_span device;     /* "ordinateur" */
    struct en_span kit;        /* "papier" */
    uint32_t lang;             /* enum en_lang */
    bool weak;                 /* --weak-device */
};

struct en_rpc_unlock {
    struct en_span passphrase;
    uint32_t for_min; /* the hard limit; 0: the default, 8 hours */
};

struct en_rpc_passphrase {
    struct en_span old; /* checked again, also while open */
    struct en_span fresh;
    bool weak;
};

#define EN_SETTING_NAME "name" /* what others see, in circles to come */
#define EN_SETTING_LANG "lang" /* "fr", "en" */

struct en_rpc_setting {
    struct en_span key;   /* EN_SETTING_*; another: EN_ABSENT */
    struct en_span value; /* empty in a request: read only */
};

struct en_rpc_doctor {
    bool deep; /* every record read again, every view folded again */
};

/* A circle or an entry as a person typed it: name, its unique folded prefix, or an
 * id. Empty: the only group, where a circle is meant. */
struct en_rpc_name {
    struct en_span typed;
};

/* What an entry holds; texts as typed: cleaned and refused by the answer. */
struct en_rpc_write {
    struct en_span text;
    struct en_span title;
    struct en_when when; /* EN_WHEN_NONE: now */
    size_t tags;
    struct en_span tag[EN_TAGS_MAX];
    uint32_t opens; /* enum en_opens */
    struct en_day opens_day;
    struct en_id16
        draft; /* the draft this was: dropped in the same act; zero */
};

enum en_rpc_filter_flag {
    EN_FILTER_MINE = 1,
    EN_FILTER_SHARED = 2,
    EN_FILTER_LETTERS = 4,
    EN_FILTER_DELETED = 8,
    EN_FILTER_REVERSE = 16, /* oldest first */
    EN_FILTER_MONTH = 32,   /* the month of day, not the day */
};

struct en_rpc_filter {
    uint32_t flags;
    struct en_span circle; /* typed; empty: all */
    struct en_span tag;
    struct en_day from, to; /* inclusive; no day: no bound */
    struct en_day day;      /* on this day of other years */
    uint32_t years;         /* only so many back or ahead; 0: all */
    uint32_t limit;         /* 0: all */
};

struct en_rpc_search {
    struct en_span query;
    bool exact;
    uint32_t width; /* columns of an excerpt */
    struct en_rpc_filter filter;
};

enum en_rpc_read_what {
    EN_READ_HEADS = 0, /* the current text: one, or all versions not replaced */
    EN_READ_HISTORY = 1, /* every version, in order */
};

struct en_rpc_read {
    struct en_span typed; /* an id; "": the entry written last */
    uint32_t what;
    bool open; /* a letter before its time: the person said yes */
};

enum en_rpc_edit_field {
    EN_EDIT_TEXT = 1,
    EN_EDIT_TITLE = 2,
    EN_EDIT_WHEN = 4,
    EN_EDIT_MERGE =
        8, /* replaces all parents, which are the heads the person saw */
};

struct en_rpc_edit {
    struct en_span typed;
    uint32_t fields; /* which of the following count */
    struct en_span text;
    struct en_span title; /* empty: none */
    struct en_when when;
    size_t tags; /* added */
    struct en_span tag[EN_TAGS_MAX];
    size_t untags; /* taken away */
    struct en_span untag[EN_TAGS_MAX];
    /* The versions the person had before them (en_rpc_entry.shown of each): what
     * this one replaces. None: the one current version, EN_CHOOSE if there are
     * several. */
    size_t parents;
    struct en_id parent[EN_AFTER_MAX];
};

struct en_rpc_import_record {
    struct en_span foreign; /* empty: the source has no ids */
    struct en_when when;
    struct en_span title;
    struct en_span text;
    size_t tags;
    struct en_span tag[EN_TAGS_MAX];
};

struct en_rpc_import {
    struct en_span importer; /* "jsonl" */
    bool dry_run;
    size_t records;
    struct en_rpc_import_record record[EN_RPC_IMPORT_MAX];
};

struct en_rpc_news {
    bool mark; /* they are being shown */
};

struct en_rpc_create {
    struct en_span name;
    uint32_t lang;         /* of spoken words and codes, for ever */
    struct en_span device; /* labels, as in init */
    struct en_span kit;
};

struct en_rpc_share {
    struct en_span typed;  /* the entry */
    struct en_span circle; /* typed; empty: the only group */
    uint32_t line_from;    /* 1-based, inclusive; both 0: whole */
    uint32_t line_to;
    /* SHARE: what PREVIEW said and the person saw. EN_MOVED if either is another
     * by now, and nothing left. */
    struct en_id revision;
    struct en_id readers;
};

struct en_rpc_link_on {
    struct en_span address; /* numeric "IP:PORT"; empty: this network */
    bool once;              /* off again when nothing is left to exchange */
};

struct en_rpc_watch {
    uint64_t since;      /* a counter of an earlier answer; 0: answer at once */
    uint32_t timeout_ms; /* answered unchanged after this; at most 60,000 */
};

struct en_rpc_invite {
    struct en_span circle;
    struct en_span
        name;     /* of whom one means, for screens of this side; a hint */
    uint32_t cls; /* 1 facilitator, 2 member, 3 observer */
};

struct en_rpc_agree {
    bool yes;
};

struct en_rpc_join {
    struct en_span code; /* as typed: the answer names the word that is none */
    struct en_span address; /* numeric "IP:PORT"; empty: look on this network */
};

struct en_rpc_finish {
    struct en_span person; /* labels */
    struct en_span device;
};

/* ---- items ---- */

enum en_rpc_vault {
    EN_VAULT_NONE = 0, /* no journal on this computer */
    EN_VAULT_LOCKED = 1,
    EN_VAULT_OPEN = 2,
};

struct en_rpc_state {
    uint32_t vault;
    bool agent;          /* an agent holds it; else this very command does */
    bool link;           /* something may leave or enter over a network now */
    int64_t since_ms;    /* open since; 0: not open */
    int64_t until_ms;    /* open until at the latest, 0: to the command's end */
    struct en_span name; /* empty unless open */
};

struct en_rpc_status {
    struct en_rpc_state state;
    uint64_t entries, letters, drafts, split,
        newer;        /* of the private journal */
    uint64_t news;    /* things of others not yet shown */
    uint64_t forks;   /* logs written twice, in all circles */
    uint64_t aside;   /* records set aside */
    uint32_t devices; /* own, without the kit */
    bool kit;         /* a recovery kit exists */
    bool kit_paper;   /* and its words were noted */
    bool old_copy; /* this vault is an older copy of itself: it cannot sign */
};

enum en_rpc_circle_flag {
    EN_CIRCLE_PERSONAL = 1,
    EN_CIRCLE_ROOT_HERE =
        2, /* the circle paper's words still lie in this vault */
    EN_CIRCLE_NOT_MINE = 4, /* this device is no longer active in it */
    EN_CIRCLE_OLD_COPY = 8,
};

struct en_rpc_circle {
    struct en_id cid;
    uint32_t flags;
    struct en_span name; /* empty: its profile has not arrived */
    uint32_t lang;
    uint32_t cls;     /* own class */
    uint32_t persons; /* active */
    uint32_t devices; /* active, kits and paper left out */
    uint32_t kits;
    uint32_t others;  /* devices but this one */
    uint32_t in_step; /* of these, who hold all that was written here */
    uint64_t waiting; /* own records that no other device has */
    uint64_t entries; /* live things in it */
    uint64_t news;
    uint64_t forks;
    int64_t created_ms;
    int16_t created_offset;
};

enum en_rpc_device_flag {
    EN_DEVICE_ME = 1,      /* of this person */
    EN_DEVICE_HERE = 2,    /* this very computer */
    EN_DEVICE_KIT = 4,     /* paper */
    EN_DEVICE_READER = 8,  /* may read what is shared with the circle now */
    EN_DEVICE_FORKED = 16, /* two continuations were seen */
    EN_DEVICE_IN_STEP = 32,
    EN_DEVICE_ROOT = 64,
};

/* Persons by name, then their devices: the command groups them. */
struct en_rpc_device {
    struct en_id16 person;
    struct en_id device;
    uint32_t flags;
    uint32_t cls;
    struct en_span person_name;
    struct en_span label;
};

enum en_rpc_entry_flag {
    EN_ENTRY_MINE = 1,
    EN_ENTRY_DELETED = 2,
    EN_ENTRY_LETTER = 4,
    EN_ENTRY_HIDDEN = 8, /* a letter still closed */
    EN_ENTRY_CUT = 16,   /* words: there is more */
    EN_ENTRY_TWIN = 32,
    EN_ENTRY_OLD_KEYS = 64,
    EN_ENTRY_PRIVATE = 128, /* of the personal circle */
    EN_ENTRY_BEFORE = 256,  /* excerpt: cut in front, */
    EN_ENTRY_AFTER = 512,   /* behind */
};

/* One row: struct en_view_entry with the names a screen needs. words is an excerpt
 * after a search. Letters of the id: en_id_letters, the first `unique` shown. */
struct en_rpc_entry {
    uint32_t kind;
    uint32_t flags;
    struct en_id cid;
    struct en_id16 sid;
    struct en_id16 person;
    struct en_id16 id;
    uint32_t unique;
    uint32_t heads;
    uint32_t versions;
    uint32_t version;
    struct en_id shown;
    struct en_id16 device;
    int64_t time_ms;
    int16_t offset;
    struct en_when when;
    struct en_span title;
    struct en_span words;
    uint32_t match_from, match_to; /* bytes of words */
    size_t tags;
    struct en_span tag[EN_TAGS_MAX];
    struct en_id16 about;
    struct en_span importer, foreign;
    uint32_t opens;
    struct en_day opens_day;
    uint32_t text_len;
    uint32_t lines;
    uint32_t shares; /* of a private one: where it was shared, not taken back */
    uint32_t aliases;
    struct en_span person_name;
    struct en_span device_label;
    struct en_span circle; /* its name; empty in the personal circle */
};

struct en_rpc_place {
    struct en_span circle; /* its name */
    struct en_id16 id;     /* of the share */
    int64_t time_ms;
    int16_t offset;
};

struct en_rpc_full {
    struct en_rpc_entry entry; /* when, title and tags are the version's */
    uint32_t number;           /* the version's */
    struct en_id record;
    bool head;
    bool deleted;
    struct en_id16 device; /* that wrote this version */
    struct en_span device_label;
    int64_t time_ms;
    int16_t offset;
    struct en_span text;
    /* On the current version of one's own: where it was shared, oldest first, at
     * most EN_RPC_PLACES_MAX. */
    size_t places;
    struct en_rpc_place place[EN_RPC_PLACES_MAX];
};

struct en_rpc_change {
    uint32_t what; /* enum en_change_kind */
    int64_t time_ms;
    int16_t offset;
    struct en_rpc_entry entry;
};

enum en_rpc_import_outcome {
    EN_IMPORT_NEW = 0,     /* imported */
    EN_IMPORT_SAME = 1,    /* already there */
    EN_IMPORT_CHANGED = 2, /* became a new version */
    EN_IMPORT_REFUSED = 3, /* reason, n, limit as in struct en_why */
};

struct en_rpc_imported {
    uint32_t outcome;
    uint32_t reason;
    uint64_t n, limit;
    struct en_id16 id; /* zero if refused */
    uint32_t dropped;  /* control characters left out */
};

struct en_rpc_preview {
    struct en_rpc_circle circle;
    struct en_id revision;
    struct en_id readers; /* digest of the list that follows */
    struct en_span title; /* the exact words that would leave */
    struct en_span text;
    uint32_t persons, devices, kits;
};

struct en_rpc_shared {
    uint32_t others;   /* other devices of the circle, kits left out */
    uint32_t received; /* of these, who have it already */
};

struct en_rpc_words {
    struct en_id cid;
    struct en_span circle;
    uint32_t lang; /* the circle's; people comparing must use one */
    uint16_t word[6];
    struct en_id digest;
};

enum en_rpc_level { EN_LEVEL_OK = 0, EN_LEVEL_WATCH = 1, EN_LEVEL_DO = 2 };

enum en_rpc_finding_code {
    EN_FIND_VAULT = 1,       /* the vault opens; n bytes on disk */
    EN_FIND_MEMORY_LOCK = 2, /* memory can (OK) or cannot be locked */
    EN_FIND_GUARD = 4,       /* OK, or this vault is an older copy */
    EN_FIND_RECORDS = 5,     /* n records held */
    EN_FIND_READABLE = 6,    /* deep: n opened, limit could not be */
    EN_FIND_VIEWS = 7,       /* deep: views folded again are equal or not */
    EN_FIND_ASIDE = 8,       /* n records set aside */
    EN_FIND_FORKS = 9,       /* n logs written twice */
    EN_FIND_NEWER = 10,      /* n records of a newer version */
    EN_FIND_KIT = 11,        /* the kit's words are, or are not, on paper */
    EN_FIND_WAITING = 12,    /* n own records no other device has */
    EN_FIND_CONTROL = 13,    /* n control records; over the soft bound */
    EN_FIND_BAD_FRAMES = 14, /* n damaged frames in the write-ahead log */
    EN_FIND_INDEX = 15,      /* n bytes of index in memory */
};

struct en_rpc_finding {
    uint32_t code;
    uint32_t level;
    uint64_t n, limit;
};

/* How far an invitation or a join has come; both sides use the same names. */
enum en_rpc_meet {
    EN_MEET_NONE = 0,
    EN_MEET_WAITING = 1, /* inviting: the code lives; joining: looking for it */
    EN_MEET_SHAKING = 2, /* the code has arrived; keys are being made */
    EN_MEET_WORDS = 3,   /* six words stand on both screens: AGREE is awaited */
    EN_MEET_AGREED = 4,  /* we said yes; the other side has not yet */
    EN_MEET_NAMED = 5,  /* both said yes. joining: circle and sponsor are known,
                            JOIN_FINISH is awaited; inviting: the other person is
                            choosing a name and a passphrase */
    EN_MEET_DONE = 6,   /* joined: person and circle say who and where */
    EN_MEET_FAILED = 7, /* error and reason say why; nothing was kept */
};

struct en_rpc_link {
    uint64_t counter; /* rises with every change of what is told here */
    bool on;
    bool once;           /* of LINK_ON once: still exchanging */
    uint32_t port;       /* own, while on */
    uint32_t meet;       /* enum en_rpc_meet */
    bool joining;        /* meet is about a join, else an invitation */
    uint32_t error;      /* en_err */
    uint32_t reason;     /* enum en_reason */
    uint32_t lang;       /* of the six words */
    uint16_t word[6];    /* from EN_MEET_WORDS on */
    struct en_span hint; /* inviting: the name given with INVITE */
    struct en_span
        person; /* inviting: the new person's, once told; joining: the
                              sponsor's */
    struct en_span circle; /* its name */
    uint32_t persons;      /* in it, at EN_MEET_NAMED and EN_MEET_DONE */
    uint32_t addresses;    /* how many en_rpc_address follow */
    uint32_t peers;        /* and then how many en_rpc_peer */
};

struct en_rpc_address {
    struct en_span text; /* "192.168.1.20:51847" */
};

struct en_rpc_peer {
    struct en_id cid;
    struct en_id device;
    struct en_span circle;
    struct en_span person_name;
    struct en_span label;
    bool linked;      /* a channel is open now */
    bool in_step;     /* and nothing is lacking on either side */
    int64_t since_ms; /* of this state; 0: never seen since the link is on */
};

struct en_rpc_invited {
    struct en_span code; /* as it is spoken: "7-jardin-moulin" */
    int64_t until_ms;    /* ten minutes from now */
};

/* ---- codec ---- */

/* Every struct above is written and read by its own pair: packs s, appended to out;
 * reads one whole packed array. */
#define EN_RPC_CODEC(name)                                                     \
    en_err en_rpc_put_##name(struct en_buf *out,                               \
                             const struct en_rpc_##name *s);                   \
    en_err en_rpc_get_##name(struct en_span packed, struct en_rpc_##name *s);

#define EN_RPC_STRUCTS(X)                                                      \
    X(init)                                                                    \
    X(unlock)                                                                  \
    X(passphrase)                                                              \
    X(setting)                                                                 \
    X(doctor)                                                                  \
    X(name)                                                                    \
    X(write)                                                                   \
    X(filter)                                                                  \
    X(search)                                                                  \
    X(read)                                                                    \
    X(edit)                                                                    \
    X(import_record)                                                           \
    X(import)                                                                  \
    X(news)                                                                    \
    X(create)                                                                  \
    X(share)                                                                   \
    X(link_on)                                                                 \
    X(watch)                                                                   \
    X(invite)                                                                  \
    X(agree)                                                                   \
    X(join)                                                                    \
    X(finish)                                                                  \
    X(state)                                                                   \
    X(status)                                                                  \
    X(circle)                                                                  \
    X(device)                                                                  \
    X(entry)                                                                   \
    X(full)                                                                    \
    X(change)                                                                  \
    X(imported)                                                                \
    X(preview)                                                                 \
    X(shared)                                                                  \
    X(words)                                                                   \
    X(finding)                                                                 \
    X(link)                                                                    \
    X(address)                                                                 \
    X(peer)                                                                    \
    X(invited)

EN_RPC_STRUCTS(EN_RPC_CODEC)

/* A verb without arguments. */
struct en_span en_rpc_nothing(void);

struct en_rpc_request {
    uint64_t number;
    uint32_t verb;       /* perhaps one we do not know */
    struct en_span args; /* packed, whole */
};

/* Bodies, without the frame's length. args is what a put function made. */
en_err en_rpc_request_put(struct en_buf *out, const struct en_rpc_request *r);
en_err en_rpc_request_get(struct en_span body, struct en_rpc_request *r);

struct en_rpc_reply {
    uint64_t number;
    en_err err;
    struct en_why why; /* reason EN_WHY_NONE: none */
    bool more;
    uint32_t items;
    struct en_span packed; /* the items, one after the other: en_rpc_next */
};

en_err en_rpc_reply_get(struct en_span body, struct en_rpc_reply *r);
/* The next item's bytes; false after the last. */
bool en_rpc_next(struct en_rpc_reply *r, struct en_span *item);

/*
 * What an answer is written with: items are collected and sent as one reply after
 * the other, none longer than a frame.
 *
 * send   takes the body of one reply, borrowed for the call
 */
struct en_rpc_answer {
    uint64_t number;
    en_err (*send)(void *user, struct en_span body);
    void *user;
    struct en_buf items;
    uint32_t n;
};

/* EN_RANGE: one item alone is longer than a frame; else what send returns. */
en_err en_rpc_add(struct en_rpc_answer *a, struct en_span item);
/* The last reply, with the items not yet sent; or the error and no item. */
en_err en_rpc_end(struct en_rpc_answer *a, en_err err,
                  const struct en_why *why);
void en_rpc_answer_free(struct en_rpc_answer *a); /* wipes */

/*
 * Frames in a stream. put: appends length and body. take: the first whole frame in
 * front of `in`; *used is what it takes up, 0: not whole yet. EN_PROTOCOL: its
 * length is 0 or over EN_RPC_FRAME_MAX: close.
 */
en_err en_rpc_frame_put(struct en_buf *out, struct en_span body);
en_err en_rpc_frame_take(struct en_span in, struct en_span *body, size_t *used);

#endif
