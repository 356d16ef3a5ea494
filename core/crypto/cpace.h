/*
 * cpace.h - CPace over ristretto255 with SHA-512: two messages, one key.
 *
 *   A (initiator): ya random, Ya = ya G      B: yb random, Yb = yb G
 *   G   = map(SHA-512(lv_cat(DSI, PRS, ZPAD, CI, sid)))
 *   K   = ya Yb = yb Ya                       the identity is refused
 *   ISK = SHA-512(lv_cat(DSI_ISK, sid, K) || lv_cat(Ya, ADa) || lv_cat(Yb, ADb))
 *
 * Initiator-responder order. lv_cat is CPace's own (LEB128 lengths).
 *
 * Errors     EN_FORGED: an invalid point, the identity, or one's own Y sent back.
 * Source     draft-irtf-cfrg-cpace, CPACE-RISTR255-SHA512; RFC 9496.
 */
#ifndef EN_CRYPTO_CPACE_H
#define EN_CRYPTO_CPACE_H

#include "base/rng.h"
#include "base/secret.h"

#define EN_CPACE_ISK_LEN 64
#define EN_CPACE_Y_LEN   32

struct en_cpace {
    struct en_key y; /* own scalar */
    uint8_t Y[32];   /* own share, to be sent */
    uint8_t sid[64];
    size_t sid_len;
    bool initiator;
};

/* prs: the canonical code; ci, sid as the protocol says. The scalar is 64 bytes of
 * rng reduced modulo the group's order. EN_RANGE: sid over 64 bytes. EN_FORGED:
 * rng gave a zero scalar. On both, *c is {0}. */
en_err en_cpace_begin(struct en_cpace *c, bool initiator, struct en_span prs,
                      struct en_span ci, struct en_span sid,
                      struct en_rng *rng);

/* theirs: the other's share; ada belongs to the initiator's, adb to the
 * responder's. One attempt: wipes c->y on every path. EN_FORGED: isk is zeroed. */
en_err en_cpace_finish(struct en_cpace *c, const uint8_t theirs[32],
                       struct en_span ada, struct en_span adb,
                       uint8_t isk[EN_CPACE_ISK_LEN]);
void en_cpace_wipe(struct en_cpace *c);

#endif
