/*
 * fuzz.h - what the fuzz targets share: the entry point, and a check that ends
 * the program where a law does not hold.
 */
#ifndef EN_TESTS_FUZZ_FUZZ_H
#define EN_TESTS_FUZZ_FUZZ_H

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(law)                                                             \
    do {                                                                       \
        if (!(law)) {                                                          \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #law);    \
            abort();                                                           \
        }                                                                      \
    } while (0)

#endif
