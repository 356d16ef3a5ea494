/*
 * pass.h - passphrases that do not come from a terminal, and what a passphrase is.
 *
 * A source gives the first line of a file, of an open descriptor, or of a
 * command's output. The command is run without a shell: words split at spaces,
 * quotes group, nothing is expanded. A passphrase never comes from a flag's value
 * nor from the environment. NFC always.
 *
 * Ownership  the secret is the caller's, en_secret_free; nothing else remains.
 * Errors     EN_RANGE PASSPHRASE (short, empty, no UTF-8), TEXT_LONG · as file.h
 *            · EN_IO COMMAND, what = the command's first word · EN_NOMEM.
 */
#ifndef EN_CLI_PASS_H
#define EN_CLI_PASS_H

#include "base/rng.h"
#include "base/secret.h"
#include "base/words.h"

/* Each NULL (or -1) where its flag was not given; the first one given is read. */
struct en_pass_source {
    const char *file;
    int fd;
    const char *command;
};

bool en_pass_given(const struct en_pass_source *src);
en_err en_pass_read(const struct en_pass_source *src, struct en_secret *out,
                    struct en_why *why);

/* NFC of typed; EN_RANGE when empty, no UTF-8, or over EN_PASSPHRASE_MAX. */
en_err en_pass_nfc(struct en_span typed, struct en_secret *out,
                   struct en_why *why);

/* The least length, in characters, for a new one. EN_RANGE PASSPHRASE. */
en_err en_pass_long_enough(struct en_span nfc, struct en_why *why);

/* Whether another keyboard may lack a character of it: all but ASCII. */
bool en_pass_hard_to_type(struct en_span nfc);

/* Five words with spaces between. Words with an accent are drawn again: which
 * keyboard will have to type them is not known. 53 bits at least. */
en_err en_pass_propose(enum en_lang lang, struct en_rng *rng,
                       struct en_secret *out);

#endif
