/*
 * limits.h - every bound on what comes from outside, with its unit and reason.
 *
 * Checked before allocation. Those marked P decide whether an operation is
 * permitted: they are part of the protocol and cannot change within version 1.
 */
#ifndef EN_BASE_LIMITS_H
#define EN_BASE_LIMITS_H

/* wire */
#define EN_PACK_DEPTH_MAX     8 /* nesting: no operation needs more than 4 */
#define EN_OP_BYTES_MAX       65536 /* P: a control operation but EVIDENCE */
#define EN_EVIDENCE_BYTES_MAX 81920 /* P: an EVIDENCE operation */

/* records */
#define EN_HEADER_LEN      128     /* P: bytes of a record's header */
#define EN_CONTENT_MAX     66560   /* P: journal content before padding */
#define EN_CT_MIN          272     /* P: 256 padded + 16 tag */
#define EN_CT_MAX          67600   /* P: padme(4 + EN_CONTENT_MAX) + 16 */
#define EN_RUN_RECORDS_MAX 256     /* a run is checked whole, in memory */
#define EN_RUN_BYTES_MAX   1048576 /* payload bytes in a run: ~1.1 MB staged */
#define EN_SEQ_MAX         4294967295u /* seq and ctl_seq stay below 2^32 */

/* circle */
#define EN_DEVICES_MAX           60 /* P: active non-root devices of a circle */
#define EN_RECIPIENTS_MAX        128   /* P: boxes in one EPOCH */
#define EN_PERSON_DEVICES_MAX    8     /* P: and policy field 2 */
#define EN_PERSONS_MAX           24    /* people in a circle: what a group is */
#define EN_CERTS_MAX             1024  /* P: certificates of effective GRANTs */
#define EN_CERTS_PERSON_MAX      32    /* P: of one person */
#define EN_PERSONS_EVER_MAX      256   /* P: persons ever brought in */
#define EN_PERSONS_BY_MAX        64    /* P: persons brought in by one person */
#define EN_HEADS_MAX             64    /* P: heads named by one operation */
#define EN_PARENTS_MAX           16    /* P: parents of an EPOCH */
#define EN_CONTROL_RECORDS_SOFT  20000 /* shown, not enforced */
#define EN_PENDING_RECORDS_MAX   64    /* control records with unknown heads, */
#define EN_PENDING_LOG_BYTES_MAX 262144  /* per log and */
#define EN_PENDING_BYTES_MAX     4194304 /* per circle: a liar's quota */
#define EN_LABEL_MAX             64 /* P: a person's or device's label, bytes */

/* link */
#define EN_MESSAGE_MAX 1114112 /* one sync message: a full run */
/* what fits in one message beside its tag */
#define EN_NOISE_PLAIN_MAX   65519
#define EN_NOISE_MESSAGE_MAX 65535 /* Noise: a u16 length */
#define EN_RUN_EPOCHS_MAX    255   /* epoch ids in one RUN: a u8 count */
/* logs in one FRONTIER: 1,024 devices, forks */
#define EN_FRONTIER_MAX 8192
#define EN_FORKQ_MAX    64  /* questions about forks in one message */
#define EN_MISS_MAX     256 /* missing payloads named in one message */
/* Bytes waiting per direction: a full message and a full frame behind it. */
#define EN_STAGING_MAX 1179653
#define EN_CIRCLES_MAX 64 /* each of a device's is tried at a call */
/* bytes a slow peer may leave with us */
#define EN_WRITE_QUEUE_MAX       1048576
#define EN_HALF_OPEN_MAX         64 /* connections before authentication, */
#define EN_HALF_OPEN_ADDRESS_MAX 8  /* of one address (IPv6: a /64) */
#define EN_LINKS_MAX             64 /* one for each device of a circle */
/* beyond, a flood: 60 devices beacon rarely */
#define EN_BEACONS_SECOND_MAX 20
/* one for each device of a circle, padded */
#define EN_BEACON_SLOTS 64
#define EN_BEACON_LEN   531 /* bytes: 1 + 16 + 2 + 64 slots of 8 */

/* people */
#define EN_TEXT_MAX 64000 /* bytes of an entry's text */
/* bytes of a title or place: one line, shown whole */
#define EN_LINE_MAX 200
#define EN_NAME_MAX 64 /* bytes of a person's or circle's name */
/* tags of one entry: more is no help in finding */
#define EN_TAGS_MAX  12
#define EN_TAG_MAX   48 /* bytes of one tag: a word or two */
#define EN_AFTER_MAX 8  /* record ids in "after"; parents likewise */
/* characters: Argon2id does not save shorter */
#define EN_PASSPHRASE_MIN 12
#define EN_PASSPHRASE_MAX 1024 /* bytes; longer is a pasted document */
/* 256 MiB: a life's diary, held in memory */
#define EN_IMPORT_BYTES_MAX 268435456
/* records of one import: ten a day for 27 years */
#define EN_IMPORT_RECORDS_MAX 100000
/* nesting: the reader's stack is a fixed array */
#define EN_JSON_DEPTH_MAX 64
#define EN_RPC_FRAME_MAX  1048576 /* one rpc frame; longer answers in chunks */

/* vault */
#define EN_VAULT_BATCH_RECORDS_MAX 1024 /* dirty pages stay in memory */
/* 8 MiB of them, whichever comes first */
#define EN_VAULT_BATCH_BYTES_MAX 8388608
/* the write-ahead log is cut at 4 MiB: a greater one is not ours */
#define EN_VAULT_WAL_MAX           1073741824
#define EN_VAULT_FRAMES_BEHIND_MAX 65536 /* looked at behind a torn frame */

#endif
