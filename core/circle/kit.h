/*
 * kit.h - keys on paper: the recovery kit of a person, the root of a circle.
 *
 * A kit is 24 words for a person's whole vault; E is their 256-bit entropy. Per
 * circle its four secrets are derived from E and the circle id; its certificate
 * has flag KIT. It reads what is sealed to the circle and no session. A root's
 * sign seed is derived from its own entropy and the GENESIS random: it administers
 * and cannot read. In a personal circle both are one paper.
 *
 * Source     PROTOCOL 14; BIP-0039 for the words; docs/formats/kit.md.
 */
#ifndef EN_CIRCLE_KIT_H
#define EN_CIRCLE_KIT_H

#include "base/words.h"
#include "record/device.h"

/* k->secret stays zero: a kit makes no epoch. */
void en_kit_keys(const struct en_key *entropy, const struct en_id *cid,
                 struct en_device_keys *k);
/* genesis_random: element 1 of GENESIS, 32 bytes. */
void en_root_seed(const struct en_key *entropy, const uint8_t *genesis_random,
                  struct en_key *sign);

/* 24 words <-> entropy, with BIP-39's checksum. EN_FORGED: checksum wrong. */
void en_kit_words(const struct en_key *entropy, unsigned index[24]);
en_err en_kit_entropy(const unsigned index[24], struct en_key *entropy);

#endif
