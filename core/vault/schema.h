/*
 * schema.h - the settings of a connection, the tables, and their migrations.
 *
 * Settings are made in a fixed order and each is read back: SQLite ignores what
 * it does not know, and three of them decide whether an acknowledged commit
 * survives (docs/durability.md).
 *
 * Migrations are numbered from 1; each is one transaction that ends by writing
 * its number to user_version. A greater number than ours is refused untouched.
 *
 * Errors     EN_IO: a setting did not take. EN_BUSY: another process owns the
 *            database. EN_VERSION with EN_WHY_NEWER. Otherwise en_sql_err's.
 * Source     docs/formats/vault.md; https://sqlite.org/pragma.html
 */
#ifndef EN_VAULT_SCHEMA_H
#define EN_VAULT_SCHEMA_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>

#define EN_SCHEMA_VERSION 1

/* SQLite's answer as one of ours; its code and text go no further. */
en_err en_sql_err(int rc);

/* making: a database without pages yet (journal_mode=OFF first: there is no log
 * before the first page, and a journal would be a third file). */
en_err en_schema_connect(sqlite3 *db, bool making);

/* Brings the tables to EN_SCHEMA_VERSION. */
en_err en_schema_migrate(sqlite3 *db, uint64_t time_ms, struct en_why *why);

/* One statement without rows, or whose first column of the first row is out (an
 * integer). */
en_err en_schema_exec(sqlite3 *db, const char *sql);
en_err en_schema_number(sqlite3 *db, const char *sql, int64_t *out);

#endif
