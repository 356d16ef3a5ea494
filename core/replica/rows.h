/*
 * rows.h - the names under which core/replica keeps secrets and rows in a store.
 *
 * The store knows neither; this list is the whole of what is kept beside records,
 * and each line says who writes it. Values are on disk: they are only appended to,
 * never renumbered.
 *
 * Source     docs/formats/rows.md.
 */
#ifndef EN_REPLICA_ROWS_H
#define EN_REPLICA_ROWS_H

/* Secrets (struct en_key_name). cid is the circle's unless it says "vault": then
 * cid is zero. ref is zero unless it says otherwise. */
enum en_key_kind {
    /* replica: this device in this circle */
    EN_KEY_SIGN = 1,          /* Ed25519 seed in force */
    EN_KEY_WRAP = 2,          /* X25519, in force */
    EN_KEY_LINK = 3,          /* X25519 */
    EN_KEY_FIND = 4,          /* X25519 */
    EN_KEY_DEVICE_SECRET = 5, /* never leaves the device */
    EN_KEY_NETSECRET = 6,     /* of the circle */
    EN_KEY_EPOCH = 7,         /* seed; ref = epoch id */
    EN_KEY_SIGN_OLD = 8,      /* kept until closing, never used; ref = dev16 of
                                 the certificate id it belonged to */
    EN_KEY_WRAP_OLD = 9,      /* until healing is complete; ref likewise */

    /* home and replica: words that are not yet on paper */
    EN_KEY_KIT = 16,  /* vault: the kit's entropy E, "not yet on paper" */
    EN_KEY_ROOT = 17, /* the circle paper's entropy, "not yet on paper" */

    /* replica: public halves of the kit, so that a new circle can grant it after
     * the words are on paper and E is gone; vault */
    EN_KEY_KIT_FILE = 18, /* public half of the file key */
};

/* Rows (struct en_row). "vault": cid is zero. */
enum en_row_kind {
    /* replica */
    EN_ROW_CIRCLE = 1, /* vault; key = cid: one circle that is ours. body is
                          replica's; sort = unix ms when it became ours */
    EN_ROW_STATE =
        2, /* key = a word of replica's: what it keeps of one circle */
    EN_ROW_DONE =
        3, /* key = device id: what that device said is durable there */
    EN_ROW_FORK = 4,    /* key = log id: two continuations were seen */
    EN_ROW_ASIDE = 5,   /* key = record id: its seal does not open */
    EN_ROW_PENDING = 6, /* control records whose heads are not held yet */
    EN_ROW_GUEST =
        7, /* key = cid: keys and certificate of a join not finished */
    EN_ROW_MISSING = 8, /* key = log id, u64 big-endian seq: payload wanted */

    /* home; drafts, links of shares and what undo needs are journal records */
    EN_ROW_SETTING = 32,    /* vault; key = its name */
    EN_ROW_SEEN = 35,       /* key = record id: this person has been shown it */
    EN_ROW_RECIPIENTS = 37, /* key = "seen": digest of the readers this person
                               has been shown (policy wait) */
};

#endif
