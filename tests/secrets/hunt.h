/*
 * hunt.h - looks for bytes that must not be anywhere: in this process's memory, in
 * every file of a folder.
 *
 * A needle is kept masked, so that the hunt does not find itself. Each hunt has a
 * positive control: the test shows that the same needle is found while it should
 * be there.
 */
#ifndef EN_TESTS_SECRETS_HUNT_H
#define EN_TESTS_SECRETS_HUNT_H

#include "base/bytes.h"

#define NEEDLE_MAX 64

struct needle {
    uint8_t masked[NEEDLE_MAX];
    size_t n;
};

void needle_of(struct needle *n, const void *p, size_t len);
/* How often it stands in readable memory of this process. */
unsigned hunt_memory(const struct needle *n);
/* How often in the files below dir. *files, *bytes: what was looked at. */
unsigned hunt_files(const char *dir, const struct needle *n, unsigned *files,
                    uint64_t *bytes);

#endif
