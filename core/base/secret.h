/*
 * secret.h - types for what must not be seen, compared slowly or forgotten.
 *
 * en_key     32 bytes on the stack or inside a keyring; wipe it on every path.
 * en_secret  text or a long-lived key in heap memory; free wipes.
 * en_guarded guarded, locked memory (libsodium) for keys that live long: one
 *            keyring per open vault, since a guarded allocation costs three
 *            pages and the usual lock limit is 8 MiB.
 *
 * Ownership  each value has one owner and one wipe; freeing {0} does nothing.
 * Errors     EN_NOMEM; what it was to be written to is then untouched.
 */
#ifndef EN_BASE_SECRET_H
#define EN_BASE_SECRET_H

#include "base/bytes.h"

#define EN_KEY_LEN 32

struct en_key {
    uint8_t b[EN_KEY_LEN];
};

struct en_secret {
    uint8_t *b;
    size_t n;
};

void en_wipe(void *p, size_t n);
void en_key_wipe(struct en_key *k);
bool en_equal_ct(const void *a, const void *b, size_t n); /* constant time */
bool en_is_zero_ct(const void *p, size_t n);

en_err en_secret_alloc(struct en_secret *s, size_t n); /* zeroed */
en_err en_secret_copy(struct en_secret *s, struct en_span from);
void en_secret_free(struct en_secret *s);
struct en_span en_secret_span(const struct en_secret *s);

/* Guarded and locked memory; NULL on failure. *locked (may be NULL) says
 * whether the system agreed to keep it out of swap. */
void *en_guarded_alloc(size_t n, bool *locked);
void en_guarded_free(void *p); /* wipes; NULL does nothing */

/* Once per process, before anything else here or in crypto/: starts libsodium,
 * forbids core dumps. EN_IO if libsodium refuses to start. */
en_err en_secret_init(void);

#endif
