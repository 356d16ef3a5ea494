/*
 * noise.c - what a stranger sends where a Noise message is due.
 *
 * The first byte chooses pattern and place (handshake message 1, 2, 3, transport
 * to the responder, to the initiator); the second whether the rest is the whole
 * message or is laid over the true one, so that a fuzzer gets past the tags and
 * can lengthen what is valid. Laws: whatever is authenticated is accepted exactly
 * when it is the true message; a wrong length changes nothing; any other refusal
 * wipes the state and gives out no byte.
 */
#include "crypto/noise.h"
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "crypto/wrap.h"

#include <sodium.h>
#include <string.h>

#define MESSAGE_MAX (EN_NOISE_MESSAGE_MAX + 2)

static const struct en_key s_i = {{1, 2}};
static const struct en_key s_r = {{3, 4}};
static const struct en_key psk = {{5, 6}};

struct pair {
    struct en_noise hs[2]; /* responder, initiator */
    struct en_noise_transport t[2];
};

static void begin(struct pair *p, enum en_noise_pattern pattern)
{
    bool has_psk = pattern == EN_NOISE_IKPSK1 || pattern == EN_NOISE_NNPSK0;
    bool ik = pattern == EN_NOISE_IKPSK1 || pattern == EN_NOISE_IK;
    bool statics = ik || pattern == EN_NOISE_XX;
    struct en_span prologue = en_span_str("fuzz");
    uint8_t r_pk[32];

    en_x25519_public(&s_r, r_pk);
    en_noise_begin(&p->hs[1], pattern, true, prologue, statics ? &s_i : NULL,
                   ik ? r_pk : NULL, has_psk ? &psk : NULL);
    en_noise_begin(&p->hs[0], pattern, false, prologue, statics ? &s_r : NULL,
                   NULL, has_psk ? &psk : NULL);
}

/* The message as it will be read: the input itself, or the true one with the
 * input laid over it. */
static void compose(struct en_buf *msg, struct en_span truth,
                    struct en_span input, bool laid_over)
{
    if (laid_over) {
        HOLDS(en_buf_add_span(msg, truth) == EN_OK);
        if (input.n > msg->n)
            HOLDS(en_buf_add_zeros(msg, input.n - msg->n) == EN_OK);
        for (size_t i = 0; i < input.n; i++)
            msg->p[i] ^= input.p[i];
    } else {
        HOLDS(en_buf_add_span(msg, input) == EN_OK);
    }
}

static void read_handshake(struct en_noise *hs, struct en_span truth,
                           struct en_span input, bool laid_over)
{
    struct en_buf msg = {.max = MESSAGE_MAX};
    struct en_buf out = {0};
    struct en_noise before = *hs;
    /* Nothing but lengths can be checked while no key is known. */
    bool clear = hs->message == 0 &&
                 (hs->pattern == EN_NOISE_NN || hs->pattern == EN_NOISE_XX);
    en_err err;

    compose(&msg, truth, input, laid_over);
    HOLDS(en_buf_add_u8(&out, 'x') == EN_OK);
    err = en_noise_read(hs, en_buf_span(&msg), &out);
    if (err == EN_RANGE) {
        HOLDS(memcmp(&before, hs, sizeof(before)) == 0);
        HOLDS(msg.n < truth.n || msg.n > EN_NOISE_MESSAGE_MAX);
    } else if (err == EN_FORGED) {
        HOLDS(en_is_zero_ct(hs, sizeof(*hs)));
    } else {
        HOLDS(err == EN_OK);
        HOLDS(clear || en_span_eq(en_buf_span(&msg), truth));
    }
    HOLDS(err == EN_OK || out.n == 1);
    HOLDS(err == EN_OK || !en_span_eq(en_buf_span(&msg), truth));
    HOLDS(err != EN_OK || out.n == 1 + msg.n - truth.n);
    en_buf_free(&msg);
    en_buf_free(&out);
}

static void read_transport(struct en_noise_transport *t, struct en_span truth,
                           struct en_span input, bool laid_over)
{
    struct en_buf msg = {.max = MESSAGE_MAX};
    struct en_buf out = {0};
    uint64_t n = t->recv.n;
    en_err err;

    compose(&msg, truth, input, laid_over);
    err = en_noise_decrypt(t, en_buf_span(&msg), &out);
    HOLDS((err == EN_OK) == en_span_eq(en_buf_span(&msg), truth));
    if (err == EN_RANGE)
        HOLDS(t->recv.n == n && t->recv.has_key && out.n == 0);
    if (err == EN_FORGED) {
        HOLDS(out.n == 0);
        HOLDS(en_is_zero_ct(&t->recv, sizeof(t->recv)));
        HOLDS(en_noise_decrypt(t, truth, &out) == EN_CLOSED);
    }
    en_buf_free(&msg);
    en_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_rng_seeded rng;
    struct pair p;
    struct en_buf truth = {0};
    struct en_buf none = {0};
    struct en_span input;
    enum en_noise_pattern pattern;
    unsigned place;
    bool laid_over;
    unsigned to = 0; /* who reads next */

    if (sodium_init() < 0 || size < 2)
        return 0;
    pattern = (enum en_noise_pattern)(data[0] % 5);
    place = data[0] / 5 % 5;
    laid_over = data[1] % 2 == 1;
    input = EN_SPAN(data + 2, size - 2);
    if (input.n > MESSAGE_MAX)
        return 0;

    en_rng_seed(&rng, 1);
    begin(&p, pattern);
    for (unsigned m = 0; !en_noise_done(&p.hs[to]); m++, to = 1 - to) {
        en_buf_clear(&truth);
        HOLDS(en_noise_write(&p.hs[1 - to], &rng.rng, (struct en_span){0},
                             &truth) == EN_OK);
        if (m == place) {
            read_handshake(&p.hs[to], en_buf_span(&truth), input, laid_over);
            goto out;
        }
        HOLDS(en_noise_read(&p.hs[to], en_buf_span(&truth), &none) == EN_OK);
    }
    en_noise_split(&p.hs[0], &p.t[0]);
    en_noise_split(&p.hs[1], &p.t[1]);
    to = place % 2;
    en_buf_clear(&truth);
    HOLDS(en_noise_encrypt(&p.t[1 - to], en_span_str("true"), &truth) == EN_OK);
    read_transport(&p.t[to], en_buf_span(&truth), input, laid_over);
out:
    en_buf_free(&truth);
    en_buf_free(&none);
    return 0;
}
