/*
 * labels.h - the registry of every label of the protocol.
 *
 * A label separates one use of a construction from every other. Each stands here
 * once and is used by its name; a test refuses a duplicate and an "en1." string
 * anywhere else in core/.
 *
 * Source     docs/formats/labels.md
 */
#ifndef EN_CRYPTO_LABELS_H
#define EN_CRYPTO_LABELS_H

/* Hashes without a circle: salt of 16 zero bytes. */
#define EN_L_CIRCLE     "en1.circle"
#define EN_L_PERSON     "en1.person"
#define EN_L_BOX_AD     "en1.box.ad"
#define EN_L_JOIN_WORDS "en1.join.words"
#define EN_L_VAULT_TIPS "en1.vault.tips"

/* Hashes of one circle: salt cid16. */
#define EN_L_DEVICE   "en1.device"
#define EN_L_LOG      "en1.log"
#define EN_L_REC_ID   "en1.rec.id"
#define EN_L_PAYLOAD  "en1.payload"
#define EN_L_FRONTIER "en1.frontier"
#define EN_L_EP_CTX   "en1.ep.ctx"
#define EN_L_SESSION  "en1.session"
#define EN_L_WORDS    "en1.words"

/* Keys of one circle: keyed, salt cid16. */
#define EN_L_EP_SEED    "en1.ep.seed"
#define EN_L_EP_COMMIT  "en1.ep.commit"
#define EN_L_EP_ESK     "en1.ep.esk"
#define EN_L_WRAP_KEY   "en1.wrap.key"
#define EN_L_EP_CONTENT "en1.ep.content"
#define EN_L_EP_SIV     "en1.ep.siv"
#define EN_L_EP_LINK    "en1.ep.link"
#define EN_L_REC_KEY    "en1.rec.key"
#define EN_L_REC_NK     "en1.rec.nk"
#define EN_L_REC_SIV    "en1.rec.siv"
#define EN_L_HIST_KEY   "en1.hist.key"
#define EN_L_HIST_NK    "en1.hist.nk"
#define EN_L_HIST_SIV   "en1.hist.siv"
#define EN_L_NOISE_PSK  "en1.noise.psk"
#define EN_L_FIND_PAIR  "en1.find.pair"
#define EN_L_FIND_TAG   "en1.find.tag"
#define EN_L_KIT_SIGN   "en1.kit.sign"
#define EN_L_KIT_WRAP   "en1.kit.wrap"
#define EN_L_KIT_LINK   "en1.kit.link"
#define EN_L_KIT_FIND   "en1.kit.find"

/* Keys without a circle: keyed, salt of 16 zero bytes. */
#define EN_L_JOIN_PSK    "en1.join.psk"
#define EN_L_BOX_SLOT    "en1.box.slot"
#define EN_L_BOX_TAG     "en1.box.tag"
#define EN_L_BOX_KEY     "en1.box.key"
#define EN_L_ROOT_SIGN   "en1.root.sign"
#define EN_L_KIT_FILE    "en1.kit.file"
#define EN_L_VAULT_KEK   "en1.vault.kek"
#define EN_L_VAULT_CMT   "en1.vault.cmt"
#define EN_L_VAULT_MAC   "en1.vault.mac"
#define EN_L_VAULT_PAGE  "en1.vault.page"
#define EN_L_VAULT_WAL   "en1.vault.wal"
#define EN_L_VAULT_GUARD "en1.vault.guard"

/* Prefixes of additional data in the vault, not padded. */
#define EN_L_AD_PAGE   "en1p"
#define EN_L_AD_WAL    "en1w"
#define EN_L_AD_GUARD  "en1g"
#define EN_L_AD_BACKUP "en1.backup"

/* Signatures: zero padded to 16 bytes before the message. */
#define EN_L_SIG_TIP   "en1.sig.tip"
#define EN_L_SIG_CERT  "en1.sig.cert"
#define EN_L_SIG_RENEW "en1.sig.renew"
#define EN_L_SIG_JOIN  "en1.sig.join"

#define EN_LABEL_LEN 16

#endif
