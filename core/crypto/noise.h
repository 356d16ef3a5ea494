/*
 * noise.h - Noise IKpsk1 and NNpsk0: handshake and transport, bytes in, bytes
 * out. Suite 25519_ChaChaPoly_BLAKE2b.
 *
 *   IKpsk1   <- s                    NNpsk0
 *            ...                         -> psk, e          48 bytes
 *            -> e, es, s, ss, psk        <- e, ee           48 bytes
 *            <- e, ee, se
 *            (96 and 48 bytes with empty payloads)
 *
 * A pattern is a list of tokens, one case a token; the handshake state is what
 * revision 34 calls HandshakeState, SymmetricState and CipherState under the same
 * names. Payloads are allowed by the code because the published vectors have them;
 * the protocol sends them empty.
 *
 * Beyond revision 34: an all-zero DH result ends the handshake, and a transport
 * changes each key by Rekey() after every 2^20 messages.
 *
 * Ownership  one struct, no allocation of its own; en_noise_wipe on every path.
 *            Spans given must not lie in the buffer appended to: it may move.
 * Errors     EN_FORGED: any failed check (one code). The struct is wiped; only
 *            wiping it again is allowed.
 *            EN_RANGE: a message of the wrong size, found before any public-key
 *            work; out over its max. EN_NOMEM. After these two nothing changed.
 * Source     The Noise Protocol Framework, revision 34.
 */
#ifndef EN_CRYPTO_NOISE_H
#define EN_CRYPTO_NOISE_H

#include "base/rng.h"
#include "base/secret.h"

enum en_noise_pattern {
    EN_NOISE_IKPSK1,
    EN_NOISE_NNPSK0,
    /* In the vectors only: they exercise the token loop. */
    EN_NOISE_NN,
    EN_NOISE_IK,
    EN_NOISE_XX,
};

#define EN_NOISE_IK1_LEN        96
#define EN_NOISE_IK2_LEN        48
#define EN_NOISE_NN_LEN         48
#define EN_NOISE_HASH_LEN       64
#define EN_NOISE_REKEY_MESSAGES 1048576u /* 2^20 each way */

struct en_noise_cipher {
    struct en_key k;
    uint64_t n;
    bool has_key;
};

struct en_noise {
    enum en_noise_pattern pattern;
    bool initiator;
    unsigned message;          /* next handshake message, 0.. */
    unsigned messages;         /* how many the pattern has */
    struct en_noise_cipher cs; /* of the SymmetricState */
    uint8_t ck[64];
    uint8_t h[64];
    struct en_key s, e; /* own static and ephemeral secrets */
    uint8_t s_pk[32], e_pk[32];
    uint8_t rs[32], re[32]; /* the other's public keys */
    bool has_s, has_e, has_rs, has_re;
    struct en_key psk;
    bool has_psk;
};

struct en_noise_transport {
    struct en_noise_cipher send, recv;
};

/* What a handshake asks of its caller: write when the message is ours (the
 * initiator's are 0, 2), read when it is theirs; anything else is asserted.
 *
 * s: own static secret or NULL (NN); rs: the other's static public key where the
 * pattern knows it beforehand (IK initiator) or NULL; psk or NULL as the pattern
 * says. All are copied. */
void en_noise_begin(struct en_noise *hs, enum en_noise_pattern pattern,
                    bool initiator, struct en_span prologue,
                    const struct en_key *s, const uint8_t rs[32],
                    const struct en_key *psk);

/* The ephemeral comes from rng (32 bytes). Appends one message to out. */
en_err en_noise_write(struct en_noise *hs, struct en_rng *rng,
                      struct en_span payload, struct en_buf *out);

/* payload out: appended. IK responder: after message 1 hs->rs is who calls. */
en_err en_noise_read(struct en_noise *hs, struct en_span msg,
                     struct en_buf *payload);

bool en_noise_done(const struct en_noise *hs);
void en_noise_hash(const struct en_noise *hs, uint8_t h[EN_NOISE_HASH_LEN]);
/* After done: the two cipher states by role. Leaves hs to be wiped. */
void en_noise_split(const struct en_noise *hs, struct en_noise_transport *t);
void en_noise_wipe(struct en_noise *hs);

/* plain.n <= EN_NOISE_PLAIN_MAX. Appends plain.n + 16 bytes. EN_CLOSED once the
 * nonce 2^64-2 is used up. */
en_err en_noise_encrypt(struct en_noise_transport *t, struct en_span plain,
                        struct en_buf *out);
/* Appends ct.n - 16 bytes. EN_FORGED wipes the receiving key: EN_CLOSED after. */
en_err en_noise_decrypt(struct en_noise_transport *t, struct en_span ct,
                        struct en_buf *out);
void en_noise_transport_wipe(struct en_noise_transport *t);

#endif
