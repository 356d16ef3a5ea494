#include "wire/pad.h"

#include <string.h>

#define LEN_BYTES 4

static unsigned log2_floor(size_t n)
{
    unsigned log = 0;

    assert(n > 0);
    while (n >>= 1)
        log++;
    return log;
}

size_t en_padme(size_t n)
{
    unsigned e;
    unsigned s;
    size_t low;

    assert(n <= SIZE_MAX / 2);
    if (n < 2)
        return n;
    e = log2_floor(n);
    s = log2_floor(e) + 1;
    low = ((size_t)1 << (e - s)) - 1;
    return (n + low) & ~low;
}

size_t en_padded_len(size_t content)
{
    size_t n;

    assert(content <= UINT32_MAX);
    n = en_padme(LEN_BYTES + content);
    return n > EN_PAD_LEAST ? n : EN_PAD_LEAST;
}

en_err en_pad(struct en_span content, struct en_secret *out)
{
    struct en_secret padded = {0};
    en_err err;

    if (content.n > UINT32_MAX)
        return EN_RANGE;
    err = en_secret_alloc(&padded, en_padded_len(content.n)); /* zeros */
    if (err != EN_OK)
        return err;
    en_put_u32(padded.b, (uint32_t)content.n);
    if (content.n > 0)
        memcpy(padded.b + LEN_BYTES, content.p, content.n);
    *out = padded; /* the caller owns it from here */
    return EN_OK;
}

en_err en_unpad(struct en_span padded, struct en_span *content)
{
    size_t n;

    if (padded.n < EN_PAD_LEAST)
        return EN_FORGED;
    n = en_get_u32(padded.p);
    if (n > padded.n - LEN_BYTES || en_padded_len(n) != padded.n)
        return EN_FORGED;
    if (!en_is_zero_ct(padded.p + LEN_BYTES + n, padded.n - LEN_BYTES - n))
        return EN_FORGED;
    *content = EN_SPAN(padded.p + LEN_BYTES, n);
    return EN_OK;
}
