/*
 * asker.h - asks a home through rpc as a command would, and keeps the answer.
 *
 *   struct asker q;
 *   asker_new(&q, home);
 *   ASK(&q, EN_RPC_WRITE, write, .text = BYTES("..."));
 *   asker_item(&q, 0)  the first item's bytes, for en_rpc_get_*
 *   asker_free(&q);
 *
 * Errors     ASK returns what the reply said; a reply that cannot be read fails
 *            the test.
 */
#ifndef EN_TESTS_LIB_ASKER_H
#define EN_TESTS_LIB_ASKER_H

#include "replica/answer.h"

#define ASKER_ITEMS_MAX 8192

struct asker {
    struct en_answer_env env;
    uint64_t number;            /* of the last request */
    uint64_t replied;           /* of the last reply */
    struct en_buf frames;       /* of the last answer, one after the other */
    size_t at[ASKER_ITEMS_MAX]; /* items in frames */
    size_t len[ASKER_ITEMS_MAX];
    size_t items;
    unsigned replies;
    en_err err;
    struct en_why why;
    bool whole; /* the last reply had more = 0 */
};

void asker_new(struct asker *q, struct en_home *home);
void asker_free(struct asker *q);

/* args: packed; freed by the caller. */
en_err asker_ask(struct asker *q, enum en_rpc_verb verb, struct en_span args);
/* Any bytes as a request. */
en_err asker_bytes(struct asker *q, struct en_span request);
struct en_span asker_item(const struct asker *q, size_t i);

/* One verb with a struct of arguments named as in rpc.h. */
#define ASK(q, verb, name, ...)                                                \
    asker_ask_##name((q), (verb), &(struct en_rpc_##name){__VA_ARGS__})

#define ASKER_DECLARE(name)                                                    \
    en_err asker_ask_##name(struct asker *q, enum en_rpc_verb verb,            \
                            const struct en_rpc_##name *s);
EN_RPC_STRUCTS(ASKER_DECLARE)

#endif
