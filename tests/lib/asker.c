#include "lib/asker.h"

#include "lib/test.h"

#include <stdlib.h>

void asker_new(struct asker *q, struct en_home *home)
{
    memset(q, 0, sizeof *q);
    q->env.home = home;
    q->env.now = (struct en_now){
        .now_ms = 1000, .time_ms = INT64_C(1808921220000), .offset_min = 120};
}

void asker_free(struct asker *q)
{
    en_buf_free(&q->frames);
}

static en_err take(void *user, struct en_span body)
{
    struct asker *q = user;
    struct en_rpc_reply r;
    struct en_span item;
    size_t at = q->frames.n;

    assert_false(q->whole); /* nothing comes after the last */
    assert_true(body.n <= EN_RPC_FRAME_MAX);
    assert_ok(en_buf_add_span(&q->frames, body));
    assert_ok(en_rpc_reply_get(body, &r));
    q->replied = r.number;
    q->replies++;
    q->err = r.err;
    q->why = r.why;
    q->whole = !r.more;
    while (en_rpc_next(&r, &item)) {
        assert_true(q->items < ASKER_ITEMS_MAX);
        q->at[q->items] = at + (size_t)(item.p - body.p);
        q->len[q->items++] = item.n;
    }
    return EN_OK;
}

en_err asker_bytes(struct asker *q, struct en_span request)
{
    en_buf_clear(&q->frames);
    q->items = 0;
    q->replies = 0;
    q->whole = false;
    assert_ok(en_answer(&q->env, request, take, q));
    assert_true(q->whole);
    return q->err;
}

en_err asker_ask(struct asker *q, enum en_rpc_verb verb, struct en_span args)
{
    struct en_buf request = {.max = EN_RPC_FRAME_MAX};
    struct en_rpc_request r = {.verb = (uint32_t)verb, .args = args};
    uint64_t number = ++q->number;

    r.number = number;
    assert_ok(en_rpc_request_put(&request, &r));
    (void)asker_bytes(q, en_buf_span(&request));
    assert_int_equal(q->replied, number);
    en_buf_free(&request);
    return q->err;
}

struct en_span asker_item(const struct asker *q, size_t i)
{
    assert_true(i < q->items);
    return EN_SPAN(q->frames.p + q->at[i], q->len[i]);
}

#define DEFINE(name)                                                           \
    en_err asker_ask_##name(struct asker *q, enum en_rpc_verb verb,            \
                            const struct en_rpc_##name *s)                     \
    {                                                                          \
        struct en_buf args = {0};                                              \
        en_err err;                                                            \
                                                                               \
        assert_ok(en_rpc_put_##name(&args, s));                                \
        err = asker_ask(q, verb, en_buf_span(&args));                          \
        en_buf_free(&args);                                                    \
        return err;                                                            \
    }

EN_RPC_STRUCTS(DEFINE)
