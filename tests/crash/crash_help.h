/*
 * crash_help.h - a vault on a simdisk, and a workload whose every state is known.
 */
#ifndef EN_TESTS_CRASH_CRASH_HELP_H
#define EN_TESTS_CRASH_CRASH_HELP_H

#include "crash/simdisk.h"
#include "lib/test.h"
#include "vault/internal.h"

#define DIR_NAME "/vault"

/* Marks of a run, each the last that held. */
enum { MARK_MADE, MARK_TRIED, MARK_ACKED, MARK_PASS_TRIED, MARK_PASS };

/* The KEK of the vaults that no passphrase opens. */
const struct en_key *sim_kek(void);
struct en_vault_env sim_env(struct simdisk *d);
en_err sim_create(struct simdisk *d, struct en_vault **out);
en_err sim_open(struct simdisk *d, struct en_vault **out);

/* Step i (from 1) of the workload: own and foreign records, marks, keys, rows.
 * The state after i steps is a function of i. */
void work_batch(struct en_batch *b, uint64_t i);
en_err work_step(struct en_vault *v, uint64_t i);
/* A sum over everything the store holds. */
uint64_t work_sum(struct en_store *s);
/* The same for i steps on a memory store; sums[0..n]. */
void work_sums(uint64_t *sums, uint64_t n);

#endif
