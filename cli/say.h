/*
 * say.h - an error becomes what a person reads, what they can type next, and an
 * exit status.
 *
 * Every message is at most three sentences: what happened; that nothing was lost,
 * or what was; what to do next. It ends with an action or a reassurance.
 *
 * In why->what: FORK is "device\nperson"; CIRCLES, PERSONS are names, one a line;
 * WORDS and CODE_WRONG hold the invited person's name on the inviting side and
 * nothing on the joining side; OWNER has n = 0 where the time is not known.
 *
 * Ownership  en_said owns its two texts: en_said_free; {0} may be freed.
 * Errors     EN_NOMEM; the status is set all the same.
 * Source     PRODUCT 4.2 and 6.3.
 */
#ifndef EN_CLI_SAY_H
#define EN_CLI_SAY_H

#include "cli/i18n.h"

/* Exit statuses: never translated, only added to. */
enum en_exit {
    EN_EXIT_DONE = 0,
    EN_EXIT_FAILED = 1,
    EN_EXIT_MISUSE = 2,
    EN_EXIT_NOT_FOUND = 3,
    EN_EXIT_LOCKED = 4,
    EN_EXIT_WRONG_PASSPHRASE = 5,
    EN_EXIT_NOT_ALLOWED = 6,
    EN_EXIT_NOBODY = 7,
    EN_EXIT_NOT_VERIFIED = 8,
    EN_EXIT_BUSY = 9,
    EN_EXIT_CHOOSE = 10,
    EN_EXIT_PARTLY = 11,
    EN_EXIT_CANCELLED = 130
};

/* "misuse", "not-found": what --json prints as error.name. Never NULL. */
const char *en_exit_name(enum en_exit status);

struct en_say {
    struct en_i18n t;
    struct en_zone zone; /* for hours named in a message */
    bool typing;         /* the text typed is still on the screen */
};

struct en_said {
    enum en_exit status;
    struct en_buf text; /* the whole message, one line, no final line feed */
    struct en_buf next; /* the command or flag to type; may be empty */
};

void en_said_free(struct en_said *said);

/* err is not EN_OK; why may be NULL. said is filled from empty. */
en_err en_say_error(const struct en_say *say, en_err err,
                    const struct en_why *why, struct en_said *said);

/* The status alone. */
enum en_exit en_say_status(en_err err, const struct en_why *why);

#endif
