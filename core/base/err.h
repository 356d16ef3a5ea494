/*
 * err.h - the one error type, and the detail a person may be told.
 *
 * A code names what the caller can do about it, never which library said no.
 * Each has one remedy, one sentence in cli/say and one test that provokes it.
 *
 * Errors     this is the list; codes are only ever appended.
 */
#ifndef EN_BASE_ERR_H
#define EN_BASE_ERR_H

#include <assert.h>
#include <stdint.h>

#ifdef NDEBUG
#error "assertions ship: build without NDEBUG"
#endif

typedef enum en_err {
    EN_OK = 0,
    EN_NOMEM,      /* memory refused; nothing changed */
    EN_IO,         /* the disk or a socket failed; nothing was acknowledged */
    EN_FULL,       /* a disk, a quota or a table is full; nothing changed */
    EN_RANGE,      /* the caller's or a person's value is out of bounds */
    EN_MOVED,      /* the stored head is not the expected one; read again */
    EN_LATER,      /* needs something that has not arrived; ask again later */
    EN_NO_KEY,     /* not ours to read, perhaps later */
    EN_FORGED,     /* a seal, signature or hash is wrong; never says which */
    EN_PROTOCOL,   /* a peer or a file broke the format; drop it */
    EN_TIMEOUT,    /* a deadline passed */
    EN_VERSION,    /* written by a newer program; left untouched */
    EN_LOCKED,     /* the vault is locked: unlock first */
    EN_PASSPHRASE, /* not the right passphrase */
    EN_BUSY,       /* another process owns the vault */
    EN_DENIED,     /* level, role or policy forbids it */
    EN_ABSENT,     /* the named thing does not exist */
    EN_CHOOSE,     /* several fit: a person must choose */
    EN_FORKED,     /* two signed continuations: the device is suspended */
    EN_CLOSED,     /* the circle, the link or the peer is closed */
    EN_ERR_COUNT
} en_err;

/* What a person may be told beside the code. Plain facts only: no secret, no
 * name of a library, never which check of a seal failed. */
enum en_reason {
    EN_WHY_NONE = 0,
    EN_WHY_DISK_FULL,       /* FULL */
    EN_WHY_READ_ONLY,       /* IO: the folder cannot be written */
    EN_WHY_DAMAGED,         /* FORGED: a page of the vault; what = file */
    EN_WHY_HEADER,          /* FORGED: the vault's header */
    EN_WHY_NEWER,           /* VERSION */
    EN_WHY_WEAK,            /* RANGE: key derivation below the floor */
    EN_WHY_TEXT_LONG,       /* RANGE: n bytes, limit bytes */
    EN_WHY_TEXT_EMPTY,      /* RANGE */
    EN_WHY_TEXT_UTF8,       /* RANGE: not UTF-8, or a control character */
    EN_WHY_NAME,            /* RANGE: no name: empty, long, control bytes */
    EN_WHY_TAG,             /* RANGE: too many tags, or one too long */
    EN_WHY_PASSPHRASE,      /* RANGE: shorter than the least length */
    EN_WHY_NO_ENTRY,        /* ABSENT: what = id as typed */
    EN_WHY_NO_CIRCLE,       /* ABSENT: what = name as typed */
    EN_WHY_NO_PERSON,       /* ABSENT: what = name as typed */
    EN_WHY_NO_VAULT,        /* ABSENT: no journal on this computer */
    EN_WHY_VAULT_EXISTS,    /* DENIED: init where there is one */
    EN_WHY_NO_UNDO,         /* ABSENT: nothing to undo */
    EN_WHY_ENTRIES,         /* CHOOSE: what = ids that fit, spaces between */
    EN_WHY_HEADS,           /* CHOOSE: several versions of what */
    EN_WHY_CIRCLES,         /* CHOOSE: what = names, lines */
    EN_WHY_PERSONS,         /* CHOOSE: what = names, lines */
    EN_WHY_NOT_AUTHOR,      /* DENIED */
    EN_WHY_NOT_FACILITATOR, /* DENIED */
    EN_WHY_CODE_OLD,        /* DENIED: the joining code was used or is old */
    EN_WHY_CODE_WORD,       /* RANGE: what = the word of the code not known */
    EN_WHY_WORDS,           /* FORGED: the people said the words differ */
    EN_WHY_CODE_WRONG,      /* FORGED: the code was wrong, and is burnt */
    EN_WHY_NOBODY,          /* TIMEOUT: no device reached; n = waiting */
    EN_WHY_INVITE_LIMIT,    /* DENIED: three failures; one minute */
    EN_WHY_MEMBERS_FULL,    /* FULL: 24 people or 60 devices */
    EN_WHY_FORK,            /* FORKED: what = device and person */
    EN_WHY_OLD_COPY,        /* MOVED: this vault is an older copy */
    EN_WHY_REVOKED,         /* DENIED: this device was removed */
    EN_WHY_SET_ASIDE,       /* FORGED: what = name of the claimed author */
    EN_WHY_SHARED,      /* DENIED: shared things are withdrawn, not edited */
    EN_WHY_OWNER,       /* BUSY: n = unix ms since which it is held */
    EN_WHY_MEMORY_LOCK, /* memory could not be locked; a doctor's line */
    EN_WHY_INCOMPLETE,  /* LATER: another device still has to tell us */
    EN_WHY_NO_INPUT,    /* RANGE: what = the flag that answers, in the person's
                           language; n 0 --no-input, 1 no terminal */
    EN_WHY_CANCELLED,   /* CLOSED: Ctrl-C or Ctrl-D at a question */
    EN_WHY_EDITOR,      /* ABSENT: no folder in memory for an editor */
    EN_WHY_ONE_PERSON,  /* DENIED: sharing with one person does not exist */
    EN_WHY_NO_FILE,     /* ABSENT: what = path */
    EN_WHY_FILE_READ,   /* IO: what = path */
    EN_WHY_FILE_WRITE,  /* IO: what = path */
    EN_WHY_FILE_DIR,    /* RANGE: what = path of a folder */
    EN_WHY_FILE_BIG,    /* RANGE: what = path, n bytes (0 unknown), limit */
    EN_WHY_FILE_EXISTS, /* DENIED: what = path */
    EN_WHY_PARTLY,      /* PROTOCOL: n taken, limit refused; what = report */
    EN_WHY_COMMAND,     /* IO: a command named by a person did not succeed */
    EN_WHY_DIFFER,      /* RANGE: typed twice, not twice the same */
    EN_WHY_CODE_FORM,   /* RANGE: a joining code is number-word-word */
    EN_WHY_LINES,       /* RANGE: no such lines; n lines there, limit asked */
    EN_WHY_KIT_PAPER,   /* DENIED: the kit's words are on paper only */
    EN_WHY_NO_DRAFT,    /* ABSENT: there is no draft to go on with */
    EN_WHY_NO_RECORDS, /* ABSENT: a file yields nothing; what = path, n refused */
    EN_WHY_RECORDS,  /* RANGE: too many records; what = path, n there, limit */
    EN_WHY_FORMAT,   /* RANGE: no format of import; what = as typed, or path */
    EN_WHY_ZONE,     /* RANGE: no zone; what = as typed */
    EN_WHY_NO_HELP,  /* ABSENT: no such verb or topic; what = as typed */
    EN_WHY_TERMINAL, /* RANGE: two people compare words: a terminal is needed */
    EN_WHY_MEET_CLOSED, /* CLOSED: the other side said no to the words, or left;
                           what as in WORDS */
    EN_REASON_COUNT
};

#define EN_WHY_TEXT_MAX 512

struct en_why {
    enum en_reason reason;
    uint64_t n;                 /* a count or a size; the reason says of what */
    uint64_t limit;             /* the bound it met */
    char what[EN_WHY_TEXT_MAX]; /* UTF-8, NUL-terminated, perhaps hostile:
                                   show it through en_text_harmless */
};

/* Records the detail of an error where the caller asked for it (why may be
 * NULL); what may be NULL; a longer one is cut at a character. Returns err. */
en_err en_why_set(struct en_why *why, en_err err, enum en_reason reason,
                  const char *what, uint64_t n, uint64_t limit);

/* The code's name, lower case, as traces print it: "no_key". Never NULL. */
const char *en_err_name(en_err err);

#endif
