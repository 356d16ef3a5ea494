/*
 * run.h - consecutive records of one log ending at a checkpoint.
 *
 * What devices pass on, by link or by stick: at most 256 records and 1 MiB of
 * payload. A run is checked whole, in bounded memory, before anything of it is
 * shown, decrypted, relayed or counted; what fails is blamed on whoever handed it
 * over, never on its author.
 *
 *   log16 || from u64 || base16 || n u16 || m u8 || m x epoch_id16 ||
 *   n records || tip sig[64]
 *   control: type u8 || ct_len u32 || op
 *   journal: mark u8 || type u8 || ct_len u32 || ctl_seq u32 || epoch u8 ||
 *            nonce[24] || (ct | payload_hash[32])
 *
 * Ownership  a run borrows the body it was read from, until en_run_free.
 * Errors     EN_PROTOCOL: layout or bounds; EN_FORGED: base or signature;
 *            EN_NOMEM.
 * Source     PROTOCOL 5.3, 17.1; docs/formats/run.md.
 */
#ifndef EN_RECORD_RUN_H
#define EN_RECORD_RUN_H

#include "record/checkpoint.h"

struct en_run_record {
    uint8_t header[EN_HEADER_LEN]; /* after en_run_chain */
    struct en_id id;               /* likewise */
    enum en_mark mark;
    uint8_t type;
    uint32_t ct_len;
    uint32_t ctl_seq;
    struct en_id16 epoch;
    const uint8_t *nonce;   /* 24 bytes, journal */
    struct en_span payload; /* with EN_MARK_PAYLOAD */
    const uint8_t *hash;    /* 32 bytes, with any other mark */
};

struct en_run {
    struct en_id16 log;
    uint64_t from;
    struct en_id16 base;
    enum en_kind kind;
    struct en_run_record *rec;
    size_t n; /* 1..EN_RUN_RECORDS_MAX */
    const uint8_t *sig;
};

/* Which log a body is about, without reading the rest. */
en_err en_run_peek(struct en_span body, struct en_id16 *log, uint64_t *from);

/* The receiver knows the kind from the log. */
en_err en_run_decode(struct en_span body, enum en_kind kind,
                     struct en_run *run);

/* Rebuilds headers and ids from the record before (seq 0: the log id itself) and
 * hashes every payload. EN_FORGED if base is not the stated one. */
en_err en_run_chain(struct en_run *run, const struct en_id *cid,
                    const struct en_id *log, const struct en_id *before);

/* The tip's checkpoint, after en_run_chain. */
void en_run_tip(const struct en_run *run, const struct en_id *log,
                struct en_checkpoint *cp);
void en_run_free(struct en_run *run);

/*
 * The writer: begin, add stored records in order while they fit, end with the
 * checkpoint of the last. A control run ends with its first DEVKEY. en_run_fits says whether one more would stay within the
 * bounds; the caller ends at a record whose signature it holds.
 */
struct en_run_writer {
    struct en_id16 log;
    uint64_t from;
    struct en_id16 base;
    enum en_kind kind;
    struct en_buf records;
    struct en_id16 epoch[EN_RUN_EPOCHS_MAX];
    size_t epochs, n, payload;
    bool ended; /* by a DEVKEY: nothing may follow in this run */
};

void en_run_begin(struct en_run_writer *w, enum en_kind kind,
                  const struct en_id *log, uint64_t from,
                  const struct en_id *before);
bool en_run_fits(const struct en_run_writer *w, const uint8_t *header,
                 size_t payload);
en_err en_run_add(struct en_run_writer *w, const uint8_t *header,
                  enum en_mark mark, struct en_span payload);
/* Appends the body to out. */
en_err en_run_end(const struct en_run_writer *w, const uint8_t sig[64],
                  struct en_buf *out);
void en_run_writer_free(struct en_run_writer *w);

#endif
