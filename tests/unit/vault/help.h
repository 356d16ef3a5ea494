/*
 * help.h - vaults in folders of their own, for tests.
 *
 * Most tests open by a KEK that no passphrase gave (vault/internal.h): Argon2id
 * costs half a second and 256 MiB, and is tested by those that need it.
 */
#ifndef EN_TESTS_UNIT_VAULT_HELP_H
#define EN_TESTS_UNIT_VAULT_HELP_H

#include "lib/test.h"
#include "vault/internal.h"

#define TIME_MS 1764063480123u

/* A folder that did not exist, under the temporary one; freed by drop_dir, which
 * removes it and all in it. */
char *new_dir(void);
void drop_dir(char *dir);

const struct en_key *test_kek(void);

/* Opened, or the test fails. */
struct en_vault *made(const char *dir);
struct en_vault *opened(const char *dir);
/* What opening says. */
en_err opening(const char *dir, struct en_why *why);

/* Files by their whole content. */
void read_file(const char *dir, const char *name, struct en_buf *out);
void write_file(const char *dir, const char *name, struct en_span bytes);
bool has_file(const char *dir, const char *name);
void copy_file(const char *dir, const char *from, const char *to);

#define DB_NAME  "g0000000000000001.db"
#define WAL_NAME "g0000000000000001.db-wal"

/* One record more in own log 0 of circle 0, from seq on. */
en_err append_own(struct en_vault *v, uint64_t seq);
uint64_t own_count(struct en_vault *v);

#endif
