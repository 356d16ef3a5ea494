/*
 * vault_guard.c - the guard file. A stranger's does not open; of ours, damaged as
 * the input says, the greater counter of the slots left whole comes out, with its
 * own tips.
 */
#include "fuzz/fuzz.h"
#include "vault/guard.h"

#include <string.h>

static const struct en_key key = {"the guard key of the fuzzer....."};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t ours[EN_GUARD_LEN];
    uint8_t tips[2][32];
    uint8_t nonce[24] = {0};
    uint64_t counter[2];
    bool whole[2] = {true, true};
    struct en_guard g = {.counter = 99};
    en_err err = en_guard_open(&key, EN_SPAN(data, size), &g);

    HOLDS(err == EN_FORGED && g.counter == 99);
    if (size < 16)
        return 0;
    for (unsigned i = 0; i < 2; i++) {
        counter[i] = en_get_u64(data + 8 * i);
        memset(tips[i], (int)(0x31 + i), 32);
        nonce[0] = (uint8_t)i;
        en_guard_seal(&key, i, counter[i], tips[i], nonce,
                      ours + i * EN_GUARD_SLOT_LEN);
    }
    /* Three bytes: two for the place, one to xor. */
    for (size_t i = 16; i + 3 <= size; i += 3)
        ours[en_get_u16(data + i) % EN_GUARD_LEN] ^= data[i + 2];
    for (unsigned i = 0; i < 2; i++) {
        uint8_t good[EN_GUARD_SLOT_LEN];

        nonce[0] = (uint8_t)i;
        en_guard_seal(&key, i, counter[i], tips[i], nonce, good);
        whole[i] =
            memcmp(good, ours + i * EN_GUARD_SLOT_LEN, sizeof(good)) == 0;
    }
    err = en_guard_open(&key, EN_SPAN_OF(ours), &g);
    HOLDS((err == EN_OK) == (whole[0] || whole[1]));
    if (err == EN_OK) {
        HOLDS(g.slot < 2 && whole[g.slot]);
        HOLDS(g.counter == counter[g.slot]);
        HOLDS(memcmp(g.tips, tips[g.slot], 32) == 0);
        HOLDS(!whole[1 - g.slot] || g.counter >= counter[1 - g.slot]);
    }
    return 0;
}
