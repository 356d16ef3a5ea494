/*
 * invite.h - the joining code: made, typed, and how long it lives.
 *
 *   number-word-word     number 1..99 finds the sponsor and is no secret;
 *                        two words of 2,048 are 22 secret bits
 *
 * The canonical form is the number without leading zeros and of each word its
 * first four folded letters (a shorter word whole), joined by "-": "7-jard-moul".
 * Who types it need not know which list it is from.
 *
 * A code lives ten minutes and serves one attempt: it is spent when the first
 * CPace message arrives, whoever sent it. Three failed attempts in a row lock
 * inviting for a minute.
 *
 *   NONE --new--> LIVE --take--> SPENT --ended--> NONE
 *   LIVE --ten minutes, cancel--> NONE
 *
 * LIVE   code holds the one live code; born_ms says since when.
 * SPENT  code is wiped; one attempt is under way.
 *
 * Errors     EN_RANGE with EN_WHY_CODE_WORD (what: the word as typed) or
 *            EN_WHY_CODE_FORM; EN_DENIED with EN_WHY_INVITE_LIMIT (n: seconds
 *            left).
 * Source     PROTOCOL 11; docs/formats/join.md.
 */
#ifndef EN_SYNC_INVITE_H
#define EN_SYNC_INVITE_H

#include "base/rng.h"
#include "base/secret.h"
#include "base/words.h"

#define EN_CODE_CANON_MAX 12 /* 99-abcd-efgh */
#define EN_CODE_SHOWN_MAX 48 /* as people see it, NUL included */
#define EN_CODE_LIFE_MS   600000u
#define EN_CODE_LOCK_MS   60000u
#define EN_CODE_FAILURES  3u

/* The code itself: secret until it is spent. */
struct en_code {
    uint8_t number; /* 1..99 */
    uint8_t len;
    char canon[EN_CODE_CANON_MAX + 1];
};

/* Typed with any case, accents, spaces, hyphens. *code on EN_OK only. */
en_err en_code_parse(struct en_span typed, struct en_code *code,
                     struct en_why *why);
/* A fresh one and how it is said: "7-jardin-moulin", accents kept. */
void en_code_make(struct en_rng *rng, enum en_lang lang, struct en_code *code,
                  char shown[EN_CODE_SHOWN_MAX]);
struct en_span en_code_span(const struct en_code *code); /* canonical */
void en_code_wipe(struct en_code *code);

enum en_invite_state { EN_INVITE_NONE, EN_INVITE_LIVE, EN_INVITE_SPENT };

/* {0} is none. */
struct en_invite {
    enum en_invite_state state;
    struct en_code code;
    enum en_lang lang;
    uint64_t born_ms;
    unsigned failures; /* in a row */
    bool locked;
    uint64_t locked_ms; /* since */
};

/* Replaces a live code. EN_DENIED while locked; EN_BUSY while an attempt is under
 * way. */
en_err en_invite_new(struct en_invite *inv, struct en_rng *rng,
                     enum en_lang lang, uint64_t now_ms,
                     char shown[EN_CODE_SHOWN_MAX], struct en_why *why);
bool en_invite_live(const struct en_invite *inv, uint64_t now_ms);
/* The live code's number; 0: none. What SEEK is compared with. */
unsigned en_invite_number(const struct en_invite *inv, uint64_t now_ms);
/* The one attempt: the code moves out. EN_DENIED (nothing moved): none lives. */
en_err en_invite_take(struct en_invite *inv, uint64_t now_ms,
                      struct en_code *code);
/* How the attempt ended; ok: somebody joined. Counts failures, locks. */
void en_invite_ended(struct en_invite *inv, bool ok, uint64_t now_ms);
void en_invite_cancel(struct en_invite *inv); /* keeps the lock and the count */

#endif
