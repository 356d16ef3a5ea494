/*
 * rows.h - what rpc answers about entries, as rows and lines.
 *
 * Source     PRODUCT 3, 4.3, 5.
 */
#ifndef EN_CLI_ROWS_H
#define EN_CLI_ROWS_H

#include "cli/cmd.h"

/* The id as people see it: the fewest letters that are unique, 5 at least. */
void en_row_id(const struct en_rpc_entry *e, char shown[EN_LETTERS + 1]);
void en_row_id_whole(const struct en_rpc_entry *e, char whole[EN_LETTERS + 1]);

/* A table of entries: begin, one call an item (an en_call_fn), end. */
struct en_rows {
    struct en_cmd *cmd;
    size_t n;
    bool search; /* words are excerpts */
};
void en_rows_begin(struct en_rows *r, struct en_cmd *cmd, bool search);
en_err en_rows_take(void *rows, struct en_span item);
void en_rows_end(struct en_rows *r);
/* One row for scripts alone, of an entry that people read as a sentence. */
void en_rows_record(struct en_cmd *cmd, const struct en_rpc_entry *e);

/* One version of an entry, whole. */
en_err en_rows_full(struct en_cmd *cmd, const struct en_rpc_full *f,
                    bool history);

/* A copy of an entry that outlives its frame, as far as commands need it. */
struct en_entry_copy {
    struct en_rpc_entry e; /* its spans point into text */
    struct en_buf text;
    char id[EN_LETTERS + 1]; /* as people see it */
    bool any;
};
en_err en_entry_take(void *copy, struct en_span item); /* an en_call_fn */
void en_entry_copy_free(struct en_entry_copy *c);

#endif
