/*
 * pack.c - strict MessagePack. Laws: what is accepted is written again with the
 * same bytes; operations are a part of journal content; the cursor, driven by
 * the input itself, never reads past the end and never becomes good again.
 */
#include "wire/pack.h"
#include "fuzz/fuzz.h"

static void rewrite(struct en_unpack *u, struct en_pack *p)
{
    struct en_unpack probe = *u;
    struct en_span s;
    uint64_t v;
    uint32_t n;

    if (en_unpack_nil_next(u)) {
        en_pack_nil(p);
        return;
    }
    en_unpack_array(&probe, &n, 0, UINT32_MAX);
    if (!probe.bad) {
        *u = probe;
        en_pack_array(p, n);
        for (uint32_t i = 0; i < n; i++)
            rewrite(u, p);
        return;
    }
    probe = *u;
    s = en_unpack_bin(&probe, 0, SIZE_MAX);
    if (!probe.bad) {
        *u = probe;
        en_pack_bin(p, s);
        return;
    }
    probe = *u;
    s = en_unpack_str(&probe, 0, SIZE_MAX);
    if (!probe.bad) {
        *u = probe;
        en_pack_str(p, s);
        return;
    }
    probe = *u;
    v = en_unpack_uint(&probe, UINT64_MAX);
    if (!probe.bad) {
        *u = probe;
        en_pack_uint(p, v);
        return;
    }
    en_pack_int(p, en_unpack_int(u));
    HOLDS(!u->bad);
}

/* A reader that expects something else than what is there: each byte of the
 * input chooses what it asks for next. */
static void misread(struct en_unpack u, const uint8_t *data, size_t size)
{
    uint8_t fixed[16];
    uint32_t n;

    for (size_t i = 0; i < size && i < 64; i++) {
        struct en_unpack before = u;
        size_t max = data[i] >> 3;

        switch (data[i] & 7) {
        case 0: (void)en_unpack_uint(&u, max); break;
        case 1: (void)en_unpack_int(&u); break;
        case 2: (void)en_unpack_bin(&u, 1, max); break;
        case 3: (void)en_unpack_str(&u, 0, max); break;
        case 4: en_unpack_fixed(&u, fixed, max % 17); break;
        case 5: (void)en_unpack_nil_next(&u); break;
        case 6: (void)en_unpack_skip(&u); break;
        default: en_unpack_array(&u, &n, 0, (uint32_t)max); break;
        }
        HOLDS(u.n <= before.n);
        HOLDS(u.bad || !before.bad);
        HOLDS(u.bad || u.p + u.n == before.p + before.n);
        HOLDS(!u.bad || !en_unpack_done(&u));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_span s = EN_SPAN(data, size);
    struct en_buf b = {0};
    struct en_unpack u;
    struct en_pack p;
    bool op = en_pack_scan(s, 0) == EN_OK;
    bool content = en_unpack_begin(&u, s, EN_PACK_SIGNED) == EN_OK;

    HOLDS(content || !op);
    HOLDS(content != u.bad);
    if (!content)
        return 0;
    misread(u, data, size);

    p = en_pack_to(&b, op ? 0 : EN_PACK_SIGNED);
    rewrite(&u, &p);
    HOLDS(en_unpack_done(&u));
    HOLDS(en_pack_done(&p) == EN_OK);
    HOLDS(en_span_eq(en_buf_span(&b), s));

    (void)en_unpack_begin(&u, s, EN_PACK_SIGNED);
    HOLDS(en_span_eq(en_unpack_skip(&u), s));
    HOLDS(en_unpack_done(&u));
    en_buf_free(&b);
    return 0;
}
