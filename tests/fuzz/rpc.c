/*
 * What a command or an agent may be handed: a frame, a request, a reply, and every
 * struct of rpc.h. The first byte chooses. What is accepted must be written again
 * with the same bytes, for a second form of a value would be a second way in.
 */

#include "replica/rpc.h"

#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN(name)                                                            \
    static void again_##name(struct en_span s)                                 \
    {                                                                          \
        struct en_rpc_##name *v = malloc(sizeof *v);                           \
        struct en_buf b = {0};                                                 \
                                                                               \
        HOLDS(v != NULL);                                                      \
        if (en_rpc_get_##name(s, v) == EN_OK) {                                \
            HOLDS(en_rpc_put_##name(&b, v) == EN_OK);                          \
            HOLDS(en_span_eq(en_buf_span(&b), s));                             \
        }                                                                      \
        en_buf_free(&b);                                                       \
        free(v);                                                               \
    }

EN_RPC_STRUCTS(AGAIN)

#define ENTRY(name) again_##name,
static void (*const again[])(struct en_span) = {EN_RPC_STRUCTS(ENTRY)};
#define STRUCTS (sizeof again / sizeof again[0])

static void frames(struct en_span s)
{
    struct en_span body;
    size_t used;

    while (en_rpc_frame_take(s, &body, &used) == EN_OK && used > 0) {
        HOLDS(body.n > 0 && body.n <= EN_RPC_FRAME_MAX && used <= s.n);
        s = EN_SPAN(s.p + used, s.n - used);
    }
}

static void request(struct en_span s)
{
    struct en_rpc_request r;
    struct en_buf b = {0};

    if (en_rpc_request_get(s, &r) == EN_OK) {
        HOLDS(en_rpc_request_put(&b, &r) == EN_OK);
        HOLDS(en_span_eq(en_buf_span(&b), s));
        for (size_t i = 0; i < STRUCTS; i++)
            again[i](r.args);
    }
    en_buf_free(&b);
}

static void reply(struct en_span s)
{
    struct en_rpc_reply r;
    struct en_span item;
    uint32_t n = 0;

    if (en_rpc_reply_get(s, &r) != EN_OK)
        return;
    HOLDS(strnlen(r.why.what, EN_WHY_TEXT_MAX) < EN_WHY_TEXT_MAX);
    HOLDS((unsigned)r.why.reason < EN_REASON_COUNT);
    for (uint32_t items = r.items; n < items; n++) {
        HOLDS(en_rpc_next(&r, &item));
        HOLDS(item.p >= s.p && item.p + item.n <= s.p + s.n);
    }
    HOLDS(!en_rpc_next(&r, &item));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_span s = EN_SPAN(data + 1, size - 1);

    if (size == 0)
        return 0;
    switch (data[0] % (STRUCTS + 3)) {
    case 0: frames(s); break;
    case 1: request(s); break;
    case 2: reply(s); break;
    default: again[data[0] % (STRUCTS + 3) - 3](s); break;
    }
    return 0;
}
