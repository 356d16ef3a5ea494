#include "record/checkpoint.h"

#include "crypto/labels.h"
#include "crypto/sign.h"

#include <stdlib.h>
#include <string.h>

static void message(const struct en_checkpoint *cp, uint8_t msg[72])
{
    memcpy(msg, cp->log.b, 32);
    en_put_u64(msg + 32, cp->seq);
    memcpy(msg + 40, cp->id.b, 32);
}

void en_checkpoint_sign(struct en_checkpoint *cp, const struct en_key *seed)
{
    uint8_t msg[72];

    message(cp, msg);
    en_sign(seed, EN_L_SIG_TIP, EN_SPAN_OF(msg), cp->sig);
}

en_err en_checkpoint_verify(const struct en_checkpoint *cp,
                            const uint8_t pk[32])
{
    uint8_t msg[72];

    message(cp, msg);
    return en_verify(pk, EN_L_SIG_TIP, EN_SPAN_OF(msg), cp->sig);
}

en_err en_signer_add(struct en_signer *s, const struct en_signer_key *k)
{
    assert(s->n == 0 || s->key[s->n - 1].ctl_seq < k->ctl_seq);
    if (s->n == s->cap) {
        size_t cap = s->cap < 4 ? 4 : s->cap * 2;
        struct en_signer_key *p = realloc(s->key, cap * sizeof(*p));

        if (p == NULL)
            return EN_NOMEM;
        s->key = p;
        s->cap = cap;
    }
    s->key[s->n++] = *k;
    return EN_OK;
}

const uint8_t *en_signer_control(const struct en_signer *s, uint64_t seq)
{
    const uint8_t *pk = s->first;

    for (size_t i = 0; i < s->n && s->key[i].ctl_seq <= seq; i++)
        pk = s->key[i].pk;
    return pk;
}

const uint8_t *en_signer_journal(const struct en_signer *s, uint64_t ctl_seq)
{
    const uint8_t *pk = s->first;

    for (size_t i = 0; i < s->n && s->key[i].ctl_seq < ctl_seq; i++)
        pk = s->key[i].pk;
    return pk;
}

bool en_signer_allows(const struct en_signer *s, uint64_t seq, uint64_t ctl_seq)
{
    for (size_t i = 0; i < s->n; i++) {
        bool after = seq >= s->key[i].journal;

        if (after != (ctl_seq > s->key[i].ctl_seq))
            return false;
    }
    return true;
}

void en_signer_free(struct en_signer *s)
{
    free(s->key);
    *s = (struct en_signer){0};
}
