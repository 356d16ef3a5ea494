/*
 * page.h - sealing of one database page and one write-ahead frame.
 *
 *   page n    sealed 4,056 | nonce 24 | tag 16          key page, ad "en1p"
 *   frame i   sealed 4,080 | nonce 24 | tag 16          key wal,  ad "en1w"
 *
 * SQLite reserves the last 40 bytes of every page, so a sealed page is as long as
 * a plain one and every offset, lock and truncation of SQLite stays as it is. A
 * frame is SQLite's 24-byte frame header and its page, sealed together: a header
 * in clear would carry a linear checksum of the plaintext. The place (file id and
 * number) is authenticated, so a page cannot stand for another.
 *
 * A nonce is random and new at each sealing: 192 bits leave no room for chance.
 *
 * Errors     EN_FORGED: does not open at this place; out is all zero.
 * Source     docs/formats/vault.md; XChaCha20-Poly1305.
 */
#ifndef EN_VAULT_PAGE_H
#define EN_VAULT_PAGE_H

#include "base/secret.h"

#define EN_PAGE_LEN     4096
#define EN_PAGE_RESERVE 40
#define EN_PAGE_PLAIN   (EN_PAGE_LEN - EN_PAGE_RESERVE)
#define EN_FRAME_HEADER 24
#define EN_FRAME_LEN    (EN_FRAME_HEADER + EN_PAGE_LEN)
#define EN_FRAME_PLAIN  (EN_FRAME_LEN - EN_PAGE_RESERVE)
#define EN_WAL_HEADER   32
#define EN_VAULT_NONCE  24

/* The byte of the write-ahead log where frame i (from 1) begins, and frame i's
 * number from such a byte; 0 if none begins there or its number is over 2^32. */
uint64_t en_frame_at(uint32_t i);
uint32_t en_frame_number(uint64_t at);

/* plain: EN_PAGE_LEN bytes, the last EN_PAGE_RESERVE of them zero, which the
 * caller has checked. out may be plain. n from 1. */
void en_page_seal(const struct en_key *page, const struct en_id16 *file,
                  uint32_t n, const uint8_t nonce[EN_VAULT_NONCE],
                  const uint8_t plain[EN_PAGE_LEN], uint8_t out[EN_PAGE_LEN]);

/* The reserve comes back as zeros. out may be sealed. */
en_err en_page_open(const struct en_key *page, const struct en_id16 *file,
                    uint32_t n, const uint8_t sealed[EN_PAGE_LEN],
                    uint8_t out[EN_PAGE_LEN]);

/* The same for a frame; i from 1. */
void en_frame_seal(const struct en_key *wal, const struct en_id16 *file,
                   uint32_t i, const uint8_t nonce[EN_VAULT_NONCE],
                   const uint8_t plain[EN_FRAME_LEN],
                   uint8_t out[EN_FRAME_LEN]);
en_err en_frame_open(const struct en_key *wal, const struct en_id16 *file,
                     uint32_t i, const uint8_t sealed[EN_FRAME_LEN],
                     uint8_t out[EN_FRAME_LEN]);

#endif
