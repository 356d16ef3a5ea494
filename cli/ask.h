/*
 * ask.h - questions to a person, on the terminal device and nowhere else.
 *
 * Prompts and answers go through /dev/tty, so a pipe on stdin stays the text it
 * is and stdout stays the result. Lines are read with our own small editing
 * (backspace, Ctrl-U, Ctrl-W) because the kernel's cuts a line at 4,095 bytes in
 * silence and lets escape sequences into the text. The terminal is put back on
 * every path, before a stop or an end by signal too. Nothing but erasing the last
 * character moves the cursor.
 *
 * Ctrl-C, and Ctrl-D on an empty line of a question, cancel: nothing typed is
 * kept. All that was read is wiped but what is handed out.
 *
 * Ownership  an en_ask owns its descriptor and signal state: en_ask_close.
 * Threads    one at a time in a process: signal handlers are process-wide.
 * Errors     EN_CLOSED CANCELLED · EN_RANGE NO_INPUT (what = the flag that
 *            answers) where --no-input was given or there is no terminal; the
 *            passphrase alone is EN_LOCKED then · EN_RANGE TEXT_LONG, TEXT_UTF8,
 *            NAME, PASSPHRASE, DIFFER · EN_IO · EN_NOMEM. why may not be NULL.
 */
#ifndef EN_CLI_ASK_H
#define EN_CLI_ASK_H

#include "base/rng.h"
#include "base/secret.h"
#include "cli/i18n.h"

struct en_ask {
    struct en_i18n t;
    bool no_input;
    bool simple; /* --simple: no "| " before the lines of a text */
    int fd;      /* the terminal; -1 until the first question */
};

/* Opens nothing yet. */
struct en_ask en_ask_new(struct en_i18n t, bool no_input, bool simple);
void en_ask_close(struct en_ask *a);

/* Whether a question can be asked: opens the terminal. */
bool en_ask_possible(struct en_ask *a);

/* Prints a line on the terminal beside the questions (it is neither stdout nor
 * stderr); nothing where there is none. */
en_err en_ask_tell(struct en_ask *a, struct en_span line);

/*
 * en_ask_line - one line, in NFC, without its line feed; may be empty.
 *
 * prompt  printed as it is, then two spaces
 * flag    what answers instead, as it would be typed: "--with cercle"
 * max     bytes of the answer; a longer one is refused whole
 */
en_err en_ask_line(struct en_ask *a, struct en_span prompt, const char *flag,
                   size_t max, struct en_buf *out, struct en_why *why);

/* A name: asked again, with the reason, until it is one. */
en_err en_ask_name(struct en_ask *a, struct en_span prompt, const char *flag,
                   struct en_buf *out, struct en_why *why);

/* "[oui/non]" is added; both languages are understood; anything else asks
 * again. Enter alone decides nothing. */
en_err en_ask_yes(struct en_ask *a, struct en_span question, const char *flag,
                  bool *yes, struct en_why *why);

/* An irreversible act wants its name typed. What was typed is compared folded;
 * *same tells. */
en_err en_ask_typed(struct en_ask *a, struct en_span prompt, const char *flag,
                    struct en_span expected, bool *same, struct en_why *why);

/*
 * en_ask_text - lines until one holding only ".", or Ctrl-D; in NFC, line feeds
 * between lines and none at the end.
 *
 * lines  how many (may be NULL); 0: nothing was typed, out is untouched
 *
 * TEXT_LONG: over max bytes; the whole was read first, so why->n is its size and
 * nothing of it reaches the shell.
 */
en_err en_ask_text(struct en_ask *a, const char *flag, size_t max,
                   struct en_buf *out, size_t *lines, struct en_why *why);

/* A passphrase without echo: NFC, at most EN_PASSPHRASE_MAX bytes, not empty.
 * Six dots stand for any that was typed, so its length is not seen. */
en_err en_ask_passphrase(struct en_ask *a, struct en_span prompt,
                         struct en_secret *out, struct en_why *why);

enum en_ask_style {
    EN_ASK_ALONE, /* init: three lines explain, the choice has its own */
    EN_ASK_JOINED /* join: one line */
};

/*
 * en_ask_new_passphrase - chosen and typed twice, or five words proposed on
 * Enter and typed back. Asked again, with the reason, when it is too short or
 * the second differs. Characters hard to find on another keyboard bring a
 * warning, once.
 */
en_err en_ask_new_passphrase(struct en_ask *a, enum en_ask_style style,
                             struct en_rng *rng, struct en_secret *out,
                             struct en_why *why);

#endif
