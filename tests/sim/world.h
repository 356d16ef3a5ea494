/*
 * world.h - several replicas of one circle under virtual time and hostile
 * everything.
 *
 * The world plays the part of net and of people: real replicas on memory stores,
 * real channels and sync machines between them, bytes carried by a network that
 * delays, cuts into pieces, breaks connections and keeps devices apart. Every
 * random decision is a hash of (seed, stream, who, what, n), not of a running
 * generator: taking one fault away leaves all other draws as they were.
 *
 * Same seed, same trace hash, on any machine.
 */
#ifndef EN_TESTS_SIM_WORLD_H
#define EN_TESTS_SIM_WORLD_H

#include "base/bytes.h"

#define SIM_DEVICES_MAX 8

/* Which faults exist at all in a run. */
enum sim_fault {
    SIM_CUT = 1,        /* connections break at any byte */
    SIM_SLOW = 2,       /* delays with a heavy tail */
    SIM_PIECES = 4,     /* bytes arrive re-segmented */
    SIM_PARTITION = 8,  /* groups of devices that do not reach each other */
    SIM_CRASH = 16,     /* a device dies between any two commits */
    SIM_FULL = 32,      /* a commit fails, kept or not */
    SIM_FLIP = 64,      /* a byte changes on the way */
    SIM_STRANGER = 128, /* garbage, replayed streams, floods */
    SIM_CLONE = 256,    /* a device is copied and both go on */
    SIM_BACK = 512,     /* an old copy of a device's store is put back */
    SIM_NEVER = 1024,   /* some pairs never meet: others carry for them */
};
#define SIM_FAULTS 11

struct sim_plan {
    uint64_t seed;
    unsigned devices;
    unsigned faults;     /* of the draw; tests may force some */
    unsigned acts;       /* things people do */
    uint64_t trouble_ms; /* how long faults go on */
    uint64_t calm_ms;    /* then all must be equal within this */
};

struct sim_result {
    uint64_t trace; /* hash of all that happened */
    unsigned acknowledged, joined, crashes, cuts, clones, strangers;
    unsigned forks_seen, old_copies;
    uint64_t bytes;
    char why[256]; /* the violated invariant; empty: none */
};

/* The plan a seed stands for. */
void sim_plan(struct sim_plan *p, uint64_t seed);
/* Runs it. Returns false and says why if an invariant broke. */
bool sim_run(const struct sim_plan *p, struct sim_result *r);

#endif
