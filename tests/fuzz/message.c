/*
 * message.c - bodies of the messages between devices.
 *
 * The first byte is the type, the rest the body. Laws: what is taken is written
 * again with the same bytes (one encoding a value), stays within the type's bound,
 * and every span lies inside the body.
 */
#include "sync/message.h"

#include "fuzz/fuzz.h"

static bool inside(struct en_span part, struct en_span whole)
{
    return part.n == 0 ||
           (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static en_err again(uint8_t type, struct en_span body, struct en_buf *out)
{
    struct en_hello hello;
    struct en_tip tip;
    struct en_seqs seqs;
    struct en_forka forka;
    struct en_pay pay = {0};
    struct en_offer offer = {0};
    struct en_joining joining = {0};
    struct en_span pack;
    uint8_t raw[EN_HELLO_LEN];
    uint8_t code;
    en_err err;

    switch (type) {
    case EN_MSG_HELLO:
        err = en_hello_decode(body, &hello);
        if (err == EN_OK) {
            en_hello_encode(&hello, raw);
            HOLDS(en_buf_add(out, raw, EN_HELLO_LEN) == EN_OK);
        }
        return err;
    case EN_MSG_DONE:
        err = en_done_decode(body, &tip);
        if (err == EN_OK) {
            en_done_encode(&tip, raw);
            HOLDS(en_buf_add(out, raw, EN_DONE_LEN) == EN_OK);
        }
        return err;
    case EN_MSG_FORKQ:
        err = en_forkq_decode(body, &seqs);
        return err == EN_OK ? en_forkq_encode(&seqs, out) : err;
    case EN_MSG_MISS:
        err = en_miss_decode(body, &seqs);
        return err == EN_OK ? en_miss_encode(&seqs, out) : err;
    case EN_MSG_FORKA:
        err = en_forka_decode(body, &forka);
        return err == EN_OK ? en_forka_encode(&forka, out) : err;
    case EN_MSG_PAY:
        err = en_pay_decode(body, &pay);
        HOLDS(err != EN_OK || inside(pay.ct, body));
        return err == EN_OK ? en_pay_encode(&pay, out) : err;
    case EN_MSG_OFFER:
        err = en_offer_decode(body, &offer);
        HOLDS(err != EN_OK || inside(offer.name, body));
        return err == EN_OK ? en_offer_encode(&offer, out) : err;
    case EN_MSG_JOIN:
        err = en_joining_decode(body, &joining);
        HOLDS(err != EN_OK || (inside(joining.device_label, body) &&
                               inside(joining.person_label, body)));
        return err == EN_OK ? en_joining_encode(&joining, out) : err;
    case EN_MSG_EVID:
        err = en_evid_decode(body, &pack);
        return err == EN_OK ? en_buf_add_span(out, pack) : err;
    case EN_MSG_BYE:
        err = en_bye_decode(body, &code);
        return err == EN_OK ? en_buf_add_u8(out, code) : err;
    default: return EN_PROTOCOL;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct en_buf out = {0};
    struct en_span body;
    en_err err;

    if (size < 1)
        return 0;
    body = EN_SPAN(data + 1, size - 1);
    err = again(data[0], body, &out);
    if (err == EN_OK) {
        HOLDS(en_span_eq(en_buf_span(&out), body));
        HOLDS(1 + body.n <= en_message_max(data[0]));
    } else {
        HOLDS(err == EN_PROTOCOL ||
              (err == EN_VERSION && data[0] == EN_MSG_HELLO));
    }
    en_buf_free(&out);
    return 0;
}
