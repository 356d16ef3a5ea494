#include "sync/channel.h"

#include "crypto/cpace.h"
#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/noise.h"
#include "crypto/wrap.h"

#include <stdlib.h>
#include <string.h>

#define BANNER_LEN   16
#define GREETING_LEN (1 + BANNER_LEN)
#define HEAD_LEN     2 /* u16, big-endian, before every frame */
#define TAG_LEN      16

#define ADA_LEN      2                       /* "J" || ver */
#define ADB_LEN      3                       /* "S" || ver || language */
#define OFFER_LEN    (16 + 32 + 2 + ADA_LEN) /* sid_J, Ya, lv(ADa) */
#define SHARE_LEN    (32 + 2 + ADB_LEN)      /* Yb, lv(ADb) */
#define FIRST_MAX    (HEAD_LEN + EN_NOISE_IK1_LEN)
#define MESSAGE_HEAD 4 /* u32 length before every message */

/* The write queue is filled no further than this: enough for one write, and moving
 * what a partial one leaves stays cheap. */
#define OUT_FILL  (4 * EN_CHANNEL_FRAME_MAX)
#define STAGE_MAX (MESSAGE_HEAD + EN_MESSAGE_MAX + EN_NOISE_PLAIN_MAX)

_Static_assert(OFFER_LEN == 52, "the first frame of a joiner");
_Static_assert(EN_NOISE_IK1_LEN == 96, "the first frame of a member");
_Static_assert(MESSAGE_HEAD + EN_MESSAGE_MAX + EN_CHANNEL_FRAME_MAX <=
                   EN_STAGING_MAX,
               "a partial message and a whole frame stay within the staging");
_Static_assert(STAGE_MAX <= EN_STAGING_MAX, "and so does what it opens to");
_Static_assert(OUT_FILL <= EN_WRITE_QUEUE_MAX, "within the queue's limit");

static const char ci[] = "en1-join/joiner/sponsor";

enum state {
    GREETED,
    SHARED,
    ANSWERED,
    SILENT,
    CALLING,
    OFFERED,
    ASKED,
    OPEN,
    CLOSED,
};

struct en_channel {
    enum state state;
    bool caller;
    bool joining;
    bool spent; /* a sponsor's code, and its attempt has not ended */
    const struct en_channel_home *home; /* responder */
    struct en_rng *rng;
    const struct en_trace *trace;
    uint64_t start_ms;
    uint64_t heard_ms; /* the last authentic frame */
    uint64_t wrote_ms; /* the last progress of out, or when it began to wait */
    en_err why;        /* of the refusal */

    uint8_t banner[BANNER_LEN];
    struct en_noise hs;
    struct en_noise_transport tr;

    struct en_channel_circle circle; /* caller */
    struct en_code code;             /* joiner */
    struct en_cpace cpace;           /* joiner */
    uint8_t sid_j[16];
    size_t index;
    uint8_t peer[32];
    uint8_t h[EN_NOISE_HASH_LEN];
    enum en_lang lang;

    struct en_buf in;    /* the frame that is arriving */
    struct en_buf stage; /* plaintext; before stage_at it has been given out */
    size_t stage_at;
    size_t skip;         /* of an unknown message, still to come */
    struct en_buf plain; /* to be sealed, from plain_at on */
    size_t plain_at;
    struct en_buf out; /* to be written, from out_at on */
    size_t out_at;
};

static size_t plain_waits(const struct en_channel *c)
{
    return c->plain.n - c->plain_at;
}

static size_t out_waits(const struct en_channel *c)
{
    return c->out.n - c->out_at;
}

static bool is_early(enum state s)
{
    return s != OPEN && s != CLOSED;
}

static void channel_check(const struct en_channel *c)
{
    assert(c->stage_at <= c->stage.n && c->plain_at <= c->plain.n &&
           c->out_at <= c->out.n);
    assert(out_waits(c) <= EN_WRITE_QUEUE_MAX);
    assert(plain_waits(c) <= EN_STAGING_MAX);
    assert(c->in.n + (c->stage.n - c->stage_at) <= EN_STAGING_MAX);
    assert(en_channel_memory(c) <= EN_CHANNEL_MEMORY_MAX);
    switch (c->state) {
    case GREETED:
    case SHARED:
        assert(!c->caller && c->in.n <= FIRST_MAX && c->stage.n == 0);
        assert(c->spent == (c->state == SHARED));
        break;
    case ANSWERED:
        assert(!c->caller && c->stage.n == 0 && plain_waits(c) == 0);
        break;
    case CALLING:
    case OFFERED:
    case ASKED:
        assert(c->caller && c->in.n <= FIRST_MAX && plain_waits(c) == 0);
        break;
    case SILENT:
        assert(!c->caller && !c->spent && c->in.n == 0 && c->stage.n == 0);
        break;
    case OPEN: assert(!c->spent); break;
    case CLOSED: break;
    }
}

static en_err channel_new(struct en_channel **out, struct en_rng *rng,
                          const struct en_trace *trace, uint64_t now_ms)
{
    struct en_channel *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return EN_NOMEM;
    c->rng = rng;
    c->trace = trace;
    c->start_ms = now_ms;
    c->heard_ms = now_ms;
    c->wrote_ms = now_ms;
    c->in.max = FIRST_MAX;
    c->stage.max = STAGE_MAX;
    c->plain.max = EN_STAGING_MAX;
    c->out.max = EN_WRITE_QUEUE_MAX;
    *out = c;
    return EN_OK;
}

en_err en_channel_accept(struct en_channel **out,
                         const struct en_channel_home *home, struct en_rng *rng,
                         const struct en_trace *trace, uint64_t now_ms)
{
    struct en_channel *c = NULL;
    en_err err = channel_new(&c, rng, trace, now_ms);

    if (err != EN_OK)
        return err;
    c->home = home;
    c->state = GREETED;
    en_rng_bytes(rng, c->banner, sizeof(c->banner));
    err = en_buf_add_u8(&c->out, EN_CHANNEL_VERSION);
    if (err == EN_OK)
        err = en_buf_add(&c->out, c->banner, sizeof(c->banner));
    if (err != EN_OK) {
        en_channel_free(c);
        return err;
    }
    channel_check(c);
    *out = c;
    return EN_OK;
}

en_err en_channel_call(struct en_channel **out,
                       const struct en_channel_circle *circle,
                       const uint8_t link_pk[32], struct en_rng *rng,
                       const struct en_trace *trace, uint64_t now_ms)
{
    en_err err = channel_new(out, rng, trace, now_ms);

    if (err != EN_OK)
        return err;
    (*out)->caller = true;
    (*out)->state = CALLING;
    (*out)->circle = *circle;
    memcpy((*out)->peer, link_pk, 32);
    channel_check(*out);
    return EN_OK;
}

en_err en_channel_join(struct en_channel **out, const struct en_code *code,
                       struct en_rng *rng, const struct en_trace *trace,
                       uint64_t now_ms)
{
    en_err err = channel_new(out, rng, trace, now_ms);

    if (err != EN_OK)
        return err;
    (*out)->caller = true;
    (*out)->joining = true;
    (*out)->state = CALLING;
    (*out)->code = *code;
    channel_check(*out);
    return EN_OK;
}

/* Everything but state and the queries' answers. */
static void drop_buffers(struct en_channel *c)
{
    en_buf_free(&c->in);
    en_buf_free(&c->stage);
    en_buf_free(&c->plain);
    c->stage_at = 0;
    c->plain_at = 0;
    c->skip = 0;
}

static void drop_secrets(struct en_channel *c)
{
    en_noise_wipe(&c->hs);
    en_noise_transport_wipe(&c->tr);
    en_cpace_wipe(&c->cpace);
    en_code_wipe(&c->code);
    en_wipe(&c->circle, sizeof(c->circle));
}

void en_channel_free(struct en_channel *c)
{
    if (c == NULL)
        return;
    drop_buffers(c);
    en_buf_free(&c->out);
    en_wipe(c, sizeof(*c));
    free(c);
}

/* -- what goes out before OPEN -------------------------------------------- */

static en_err put_head(struct en_channel *c, size_t n)
{
    return en_buf_add_u16be(&c->out, (uint16_t)n);
}

/* psk = KDF(netsecret, "en1.noise.psk", cid); prologue binds banner and cid. */
static void begin_member(struct en_channel *c,
                         const struct en_channel_circle *circle,
                         const uint8_t *rs)
{
    uint8_t prologue[8 + GREETING_LEN + 32] = "en1-link";
    struct en_id16 cid16 = en_id_short(&circle->cid);
    struct en_key psk = {0};

    prologue[8] = EN_CHANNEL_VERSION;
    memcpy(prologue + 9, c->banner, BANNER_LEN);
    memcpy(prologue + 9 + BANNER_LEN, circle->cid.b, 32);
    EN_KDF(&psk, &circle->netsecret, EN_L_NOISE_PSK, &cid16,
           EN_SPAN_OF(circle->cid.b));
    en_noise_begin(&c->hs, EN_NOISE_IKPSK1, c->caller, EN_SPAN_OF(prologue),
                   &circle->link, rs, &psk);
    en_key_wipe(&psk);
}

/* prologue = "en1-join" || sid || Ya || Yb || ADa || ADb */
static void begin_joining(struct en_channel *c,
                          const uint8_t isk[EN_CPACE_ISK_LEN],
                          const uint8_t Ya[32], const uint8_t Yb[32],
                          const uint8_t ada[ADA_LEN],
                          const uint8_t adb[ADB_LEN])
{
    uint8_t prologue[8 + 32 + 64 + ADA_LEN + ADB_LEN] = "en1-join";
    uint8_t *w = prologue + 8;
    struct en_key psk = {0};

    memcpy(w, c->banner, BANNER_LEN);
    memcpy(w + 16, c->sid_j, 16);
    memcpy(w + 32, Ya, 32);
    memcpy(w + 64, Yb, 32);
    memcpy(w + 96, ada, ADA_LEN);
    memcpy(w + 96 + ADA_LEN, adb, ADB_LEN);
    en_kdf_isk(&psk, isk, EN_L_JOIN_PSK);
    en_noise_begin(&c->hs, EN_NOISE_NNPSK0, c->caller, EN_SPAN_OF(prologue),
                   NULL, NULL, &psk);
    en_key_wipe(&psk);
}

static en_err begin_cpace(struct en_channel *c, struct en_cpace *cp,
                          const struct en_code *code)
{
    uint8_t sid[2 * BANNER_LEN];

    memcpy(sid, c->banner, BANNER_LEN);
    memcpy(sid + BANNER_LEN, c->sid_j, BANNER_LEN);
    return en_cpace_begin(cp, c->caller, en_code_span(code), en_span_str(ci),
                          EN_SPAN_OF(sid), c->rng);
}

static void finish_handshake(struct en_channel *c)
{
    if (c->joining)
        en_noise_hash(&c->hs, c->h);
    en_noise_split(&c->hs, &c->tr);
    en_noise_wipe(&c->hs);
    c->in.max = EN_CHANNEL_FRAME_MAX;
}

/* -- the responder's frames ----------------------------------------------- */

/* One circle's try. EN_FORGED: not this one; hs is wiped then. */
static en_err try_circle(struct en_channel *c, size_t i, struct en_span frame)
{
    struct en_buf payload = {0};
    uint8_t own[32];
    en_err err;

    begin_member(c, &c->home->circle[i], NULL);
    memcpy(own, c->hs.s_pk, sizeof(own));
    err = en_noise_read(&c->hs, frame, &payload);
    en_buf_free(&payload);
    if (err != EN_OK)
        return err;
    /* Our own key come back is a mirror, or a copy of this vault. */
    if (en_equal_ct(c->hs.rs, own, sizeof(own)) ||
        !c->home->knows(c->home->user, i, c->hs.rs)) {
        en_noise_wipe(&c->hs);
        return EN_FORGED;
    }
    memcpy(c->peer, c->hs.rs, sizeof(c->peer));
    c->index = i;
    return EN_OK;
}

static en_err on_member(struct en_channel *c, struct en_span frame)
{
    size_t n = c->home->n < EN_CIRCLES_MAX ? c->home->n : EN_CIRCLES_MAX;
    en_err err = EN_FORGED;

    for (size_t i = 0; i < n && err == EN_FORGED; i++)
        err = try_circle(c, i, frame);
    if (err != EN_OK)
        return err;
    err = put_head(c, EN_NOISE_IK2_LEN);
    if (err == EN_OK)
        err = en_noise_write(&c->hs, c->rng, (struct en_span){0}, &c->out);
    if (err != EN_OK)
        return err;
    finish_handshake(c);
    c->state = ANSWERED;
    return EN_OK;
}

/* sid_J || Ya || lv(ADa) -> Yb || lv(ADb). One attempt a code: it is spent before
 * anything is computed from it. */
static en_err on_offer(struct en_channel *c, struct en_span frame,
                       uint64_t now_ms)
{
    struct en_reader r = en_reader_of(frame);
    uint8_t adb[ADB_LEN] = {'S', EN_CHANNEL_VERSION, 0};
    uint8_t Ya[32];
    uint8_t isk[EN_CPACE_ISK_LEN] = {0};
    struct en_code code = {0};
    struct en_cpace cp = {0};
    struct en_span ada;
    en_err err;

    en_read_copy(&r, c->sid_j, sizeof(c->sid_j));
    en_read_copy(&r, Ya, sizeof(Ya));
    ada = en_read_lv(&r, ADA_LEN);
    if (!en_read_done(&r) || ada.n != ADA_LEN || ada.p[0] != 'J' ||
        ada.p[1] != EN_CHANNEL_VERSION || c->home->invite == NULL)
        return EN_FORGED;
    err = en_invite_take(c->home->invite, now_ms, &code);
    if (err != EN_OK)
        return err;
    c->joining = true;
    c->spent = true;
    c->lang = c->home->invite->lang;
    adb[2] = (uint8_t)c->lang;

    err = begin_cpace(c, &cp, &code);
    if (err != EN_OK)
        goto out;
    err = en_cpace_finish(&cp, Ya, ada, EN_SPAN_OF(adb), isk);
    if (err != EN_OK)
        goto out;
    err = put_head(c, SHARE_LEN);
    if (err == EN_OK)
        err = en_buf_add(&c->out, cp.Y, sizeof(cp.Y));
    if (err == EN_OK)
        err = en_buf_add_lv(&c->out, EN_SPAN_OF(adb));
    if (err != EN_OK)
        goto out;
    begin_joining(c, isk, Ya, cp.Y, ada.p, adb);
    c->state = SHARED;
out:
    en_code_wipe(&code);
    en_cpace_wipe(&cp);
    en_wipe(isk, sizeof(isk));
    return err;
}

static en_err on_confirm(struct en_channel *c, struct en_span frame)
{
    struct en_buf payload = {0};
    en_err err = en_noise_read(&c->hs, frame, &payload);

    en_buf_free(&payload);
    if (err != EN_OK)
        return err;
    err = put_head(c, EN_NOISE_NN_LEN);
    if (err == EN_OK)
        err = en_noise_write(&c->hs, c->rng, (struct en_span){0}, &c->out);
    if (err != EN_OK)
        return err;
    finish_handshake(c);
    c->state = ANSWERED;
    return EN_OK;
}

/* -- the caller's frames -------------------------------------------------- */

static en_err on_greeting(struct en_channel *c, struct en_span greeting)
{
    static const uint8_t lv_ada[2 + ADA_LEN] = {ADA_LEN, 0, 'J',
                                                EN_CHANNEL_VERSION};
    en_err err;

    if (greeting.p[0] != EN_CHANNEL_VERSION)
        return EN_VERSION;
    memcpy(c->banner, greeting.p + 1, BANNER_LEN);
    if (!c->joining) {
        begin_member(c, &c->circle, c->peer);
        err = put_head(c, EN_NOISE_IK1_LEN);
        if (err == EN_OK)
            err = en_noise_write(&c->hs, c->rng, (struct en_span){0}, &c->out);
        if (err == EN_OK)
            c->state = ASKED;
        return err;
    }
    en_rng_bytes(c->rng, c->sid_j, sizeof(c->sid_j));
    err = begin_cpace(c, &c->cpace, &c->code);
    if (err == EN_OK)
        err = put_head(c, OFFER_LEN);
    if (err == EN_OK)
        err = en_buf_add(&c->out, c->sid_j, sizeof(c->sid_j));
    if (err == EN_OK)
        err = en_buf_add(&c->out, c->cpace.Y, sizeof(c->cpace.Y));
    if (err == EN_OK)
        err = en_buf_add(&c->out, lv_ada, sizeof(lv_ada));
    if (err == EN_OK)
        c->state = OFFERED;
    return err;
}

static en_err on_share(struct en_channel *c, struct en_span frame)
{
    static const uint8_t ada[ADA_LEN] = {'J', EN_CHANNEL_VERSION};
    struct en_reader r = en_reader_of(frame);
    uint8_t Yb[32];
    uint8_t isk[EN_CPACE_ISK_LEN] = {0};
    struct en_span adb;
    en_err err;

    en_read_copy(&r, Yb, sizeof(Yb));
    adb = en_read_lv(&r, ADB_LEN);
    if (!en_read_done(&r) || adb.n != ADB_LEN || adb.p[0] != 'S' ||
        adb.p[1] != EN_CHANNEL_VERSION || adb.p[2] > EN_LANG_EN)
        return EN_FORGED;
    c->lang = adb.p[2] == EN_LANG_EN ? EN_LANG_EN : EN_LANG_FR;
    err = en_cpace_finish(&c->cpace, Yb, EN_SPAN_OF(ada), adb, isk);
    if (err == EN_OK) {
        begin_joining(c, isk, c->cpace.Y, Yb, ada, adb.p);
        err = put_head(c, EN_NOISE_NN_LEN);
    }
    if (err == EN_OK)
        err = en_noise_write(&c->hs, c->rng, (struct en_span){0}, &c->out);
    if (err == EN_OK)
        c->state = ASKED;
    en_cpace_wipe(&c->cpace);
    en_code_wipe(&c->code);
    en_wipe(isk, sizeof(isk));
    return err;
}

static en_err on_answer(struct en_channel *c, struct en_span frame,
                        struct en_channel_todo *todo)
{
    struct en_buf payload = {0};
    en_err err = en_noise_read(&c->hs, frame, &payload);

    en_buf_free(&payload);
    if (err != EN_OK)
        return err;
    finish_handshake(c);
    en_wipe(&c->circle, sizeof(c->circle));
    c->state = OPEN;
    todo->opened = true;
    return EN_OK;
}

/* -- transport ------------------------------------------------------------ */

static en_err on_transport(struct en_channel *c, struct en_span frame,
                           uint64_t now_ms, struct en_channel_todo *todo)
{
    en_err err;

    /* What was given out makes room first: the bounds count on it. */
    en_buf_consume(&c->stage, c->stage_at);
    c->stage_at = 0;
    err = en_noise_decrypt(&c->tr, frame, &c->stage);
    if (err != EN_OK)
        return err;
    c->heard_ms = now_ms;
    if (c->state == ANSWERED) {
        c->state = OPEN;
        c->spent = false;
        todo->opened = true;
    }
    return EN_OK;
}

/* The next complete message of the stage, if there is one. */
static en_err next_message(struct en_channel *c, struct en_channel_todo *todo)
{
    for (;;) {
        size_t have = c->stage.n - c->stage_at;
        size_t skip = c->skip < have ? c->skip : have;
        const uint8_t *p;
        size_t len;

        if (have < MESSAGE_HEAD && skip == 0)
            return EN_OK;
        p = c->stage.p + c->stage_at;
        if (skip > 0) {
            c->stage_at += skip;
            c->skip -= skip;
            continue;
        }
        len = en_get_u32(p);
        if (len == 0 || len > EN_MESSAGE_MAX)
            return EN_PROTOCOL;
        if (have == MESSAGE_HEAD)
            return EN_OK;
        if (en_message_max(p[4]) == 0 && p[4] >= EN_MSG_SKIPPED_FROM) {
            c->skip = MESSAGE_HEAD + len;
            continue;
        }
        if (len > en_message_max(p[4]))
            return EN_PROTOCOL;
        if (have - MESSAGE_HEAD < len)
            return EN_OK;
        todo->message = true;
        todo->type = p[4];
        todo->body = EN_SPAN(p + 5, len - 1);
        c->stage_at += MESSAGE_HEAD + len;
        return EN_OK;
    }
}

/* -- bytes ---------------------------------------------------------------- */

/* Whether a frame of n bytes may come now: known before it is awaited. */
static bool frame_fits(const struct en_channel *c, size_t n)
{
    switch (c->state) {
    case GREETED: return n == EN_NOISE_IK1_LEN || n == OFFER_LEN;
    case SHARED: return n == EN_NOISE_NN_LEN;
    case OFFERED: return n == SHARE_LEN;
    case ASKED:
        return n == (size_t)(c->joining ? EN_NOISE_NN_LEN : EN_NOISE_IK2_LEN);
    case ANSWERED:
    case OPEN: return n > TAG_LEN;
    case SILENT:
    case CALLING:
    case CLOSED: break;
    }
    return false;
}

static en_err on_frame(struct en_channel *c, struct en_span frame,
                       uint64_t now_ms, struct en_channel_todo *todo)
{
    switch (c->state) {
    case GREETED:
        return frame.n == OFFER_LEN ? on_offer(c, frame, now_ms)
                                    : on_member(c, frame);
    case SHARED: return on_confirm(c, frame);
    case OFFERED: return on_share(c, frame);
    case ASKED: return on_answer(c, frame, todo);
    case ANSWERED:
    case OPEN: return on_transport(c, frame, now_ms, todo);
    case SILENT:
    case CALLING:
    case CLOSED: break;
    }
    assert(false);
    return EN_PROTOCOL;
}

/* Bytes still wanted for what is arriving: greeting, head or frame. */
static size_t wanted(const struct en_channel *c)
{
    if (c->state == CALLING)
        return GREETING_LEN - c->in.n;
    if (c->in.n < HEAD_LEN)
        return HEAD_LEN - c->in.n;
    return HEAD_LEN + en_get_u16be(c->in.p) - c->in.n;
}

static en_err on_bytes(struct en_channel *c, const struct en_channel_event *ev,
                       struct en_channel_todo *todo)
{
    struct en_span in = ev->bytes;
    en_err err;

    if (c->state == OPEN) {
        err = next_message(c, todo);
        if (err != EN_OK || todo->message)
            return err;
    }
    while (todo->used < in.n) {
        size_t left = in.n - todo->used;
        size_t want = wanted(c);
        size_t n = want < left ? want : left;

        err = en_buf_add(&c->in, in.p + todo->used, n);
        if (err != EN_OK)
            return err;
        todo->used += n;
        if (n < want)
            break;
        if (c->state == CALLING) {
            err = on_greeting(c, en_buf_span(&c->in));
            en_buf_clear(&c->in);
            if (err != EN_OK)
                return err;
            continue;
        }
        if (c->in.n == HEAD_LEN) {
            if (!frame_fits(c, en_get_u16be(c->in.p)))
                return EN_PROTOCOL;
            continue;
        }
        err = on_frame(c, EN_SPAN(c->in.p + HEAD_LEN, c->in.n - HEAD_LEN),
                       ev->now_ms, todo);
        en_buf_clear(&c->in);
        if (err != EN_OK)
            return err;
        if (c->state == OPEN) {
            err = next_message(c, todo);
            if (err != EN_OK || todo->message || todo->opened)
                return err;
        }
    }
    return EN_OK;
}

/* -- ends ----------------------------------------------------------------- */

static void attempt_over(struct en_channel *c, struct en_channel_todo *todo)
{
    todo->failed = c->spent;
    c->spent = false;
}

/* A joiner hears only silence: how far it came says what the silence means. */
static en_err meaning(const struct en_channel *c, en_err err)
{
    if (!c->caller || !c->joining || (err != EN_TIMEOUT && err != EN_CLOSED))
        return err;
    if (c->state == ASKED)
        return EN_FORGED;
    return c->state == OFFERED ? EN_DENIED : err;
}

static en_err shut(struct en_channel *c, en_err err,
                   struct en_channel_todo *todo)
{
    err = meaning(c, err);
    attempt_over(c, todo);
    todo->message = false;
    todo->close = true;
    todo->why = err;
    en_trace_line(c->trace, "channel: closed, %s", en_err_name(err));
    drop_buffers(c);
    drop_secrets(c);
    c->state = CLOSED;
    return err;
}

/* A stranger, or somebody who lost the way: nothing tells them which. */
static void refuse(struct en_channel *c, en_err err,
                   struct en_channel_todo *todo)
{
    attempt_over(c, todo);
    todo->refused = true;
    todo->why = err;
    c->why = err;
    en_trace_line(c->trace, "channel: refused, %s", en_err_name(err));
    drop_buffers(c);
    drop_secrets(c);
    c->state = SILENT;
}

static bool out_stalled(const struct en_channel *c, uint64_t now_ms)
{
    return c->state == OPEN && out_waits(c) > 0 &&
           now_ms - c->wrote_ms >= EN_CHANNEL_STALLED_MS;
}

static void give_back(struct en_buf *b, size_t *at)
{
    if (b->n == *at && b->p != NULL) {
        *at = 0;
        en_buf_free(b);
    }
}

static en_err on_tick(struct en_channel *c, uint64_t now_ms)
{
    size_t none = 0;

    if (out_stalled(c, now_ms))
        return EN_TIMEOUT;
    if (c->state == OPEN) {
        give_back(&c->in, &none);
        give_back(&c->stage, &c->stage_at);
        give_back(&c->plain, &c->plain_at);
        give_back(&c->out, &c->out_at);
    }
    return EN_OK;
}

static uint64_t wake(const struct en_channel *c, uint64_t now_ms)
{
    uint64_t at = UINT64_MAX;

    if (c->state == CLOSED)
        return at;
    if (c->state != OPEN)
        return c->start_ms + EN_CHANNEL_HANDSHAKE_MS;
    if (en_channel_memory(c) > 0)
        at = now_ms + EN_CHANNEL_IDLE_MS;
    if (out_waits(c) > 0 && c->wrote_ms + EN_CHANNEL_STALLED_MS < at)
        at = c->wrote_ms + EN_CHANNEL_STALLED_MS;
    return at;
}

en_err en_channel_step(struct en_channel *c, const struct en_channel_event *ev,
                       struct en_channel_todo *todo)
{
    en_err err = EN_OK;

    assert(c->state != CLOSED);
    channel_check(c);
    *todo = (struct en_channel_todo){.wake_ms = UINT64_MAX};

    if (is_early(c->state) &&
        ev->now_ms - c->start_ms >= EN_CHANNEL_HANDSHAKE_MS) {
        err = c->state == SILENT ? c->why : EN_TIMEOUT;
    } else {
        switch (ev->type) {
        case EN_CHANNEL_BYTES:
            if (c->state == SILENT)
                todo->used = ev->bytes.n;
            else
                err = on_bytes(c, ev, todo);
            break;
        case EN_CHANNEL_TICKED: err = on_tick(c, ev->now_ms); break;
        case EN_CHANNEL_ENDED: err = EN_CLOSED; break;
        }
        if (err != EN_OK && ev->type == EN_CHANNEL_BYTES && !c->caller &&
            is_early(c->state)) {
            refuse(c, err, todo);
            todo->used = ev->bytes.n;
            err = EN_OK;
        }
    }
    if (err != EN_OK)
        err = shut(c, err, todo);
    todo->wake_ms = wake(c, ev->now_ms);
    channel_check(c);
    return err;
}

/* -- sending -------------------------------------------------------------- */

en_err en_channel_send(struct en_channel *c, uint8_t type, struct en_span body)
{
    uint8_t head[MESSAGE_HEAD + 1];
    size_t n = sizeof(head) + body.n;
    en_err err;

    assert(1 + body.n <= EN_MESSAGE_MAX);
    if (c->state != OPEN)
        return c->state == CLOSED ? EN_CLOSED : EN_LATER;
    if (n > EN_STAGING_MAX - plain_waits(c))
        return EN_FULL;
    en_buf_consume(&c->plain, c->plain_at);
    c->plain_at = 0;
    err = en_buf_reserve(&c->plain, n);
    if (err != EN_OK)
        return err;
    en_put_u32(head, (uint32_t)(1 + body.n));
    head[MESSAGE_HEAD] = type;
    (void)en_buf_add(&c->plain, head, sizeof(head));
    (void)en_buf_add_span(&c->plain, body);
    channel_check(c);
    return EN_OK;
}

bool en_channel_room(const struct en_channel *c)
{
    return c->state == OPEN &&
           plain_waits(c) + MESSAGE_HEAD + EN_MESSAGE_MAX <= EN_STAGING_MAX;
}

static en_err carrier_send(void *user, uint8_t type, struct en_span body)
{
    struct en_channel *c = user;

    return en_channel_send(c, type, body);
}

static bool carrier_room(void *user)
{
    const struct en_channel *c = user;

    return en_channel_room(c);
}

static uint64_t carrier_heard_ms(void *user)
{
    const struct en_channel *c = user;

    return c->heard_ms;
}

struct en_carrier en_channel_carrier(struct en_channel *c)
{
    return (struct en_carrier){carrier_send, carrier_room, carrier_heard_ms, c};
}

/* Seals what waits, a frame at a time, while the write queue has room for it. */
static en_err seal(struct en_channel *c)
{
    while (plain_waits(c) > 0) {
        size_t n = plain_waits(c) < EN_NOISE_PLAIN_MAX ? plain_waits(c)
                                                       : EN_NOISE_PLAIN_MAX;
        struct en_span part = EN_SPAN(c->plain.p + c->plain_at, n);
        en_err err;

        if (out_waits(c) + HEAD_LEN + n + TAG_LEN > OUT_FILL)
            break;
        en_buf_consume(&c->out, c->out_at);
        c->out_at = 0;
        err = en_buf_reserve(&c->out, HEAD_LEN + n + TAG_LEN);
        if (err != EN_OK)
            return err;
        (void)put_head(c, n + TAG_LEN);
        err = en_noise_encrypt(&c->tr, part, &c->out);
        if (err != EN_OK)
            return err;
        c->plain_at += n;
    }
    if (plain_waits(c) == 0) {
        en_buf_clear(&c->plain);
        c->plain_at = 0;
    }
    return EN_OK;
}

en_err en_channel_out(struct en_channel *c, uint64_t now_ms,
                      struct en_span *out)
{
    en_err err;

    if (out_waits(c) == 0)
        c->wrote_ms = now_ms; /* nothing waited until now */
    err = c->state == OPEN ? seal(c) : EN_OK;
    *out = (struct en_span){0};
    if (err == EN_OK && out_waits(c) > 0)
        *out = EN_SPAN(c->out.p + c->out_at, out_waits(c));
    channel_check(c);
    return err;
}

void en_channel_wrote(struct en_channel *c, size_t n, uint64_t now_ms)
{
    assert(n <= out_waits(c));
    c->out_at += n;
    if (n > 0)
        c->wrote_ms = now_ms;
    if (out_waits(c) == 0) {
        en_buf_clear(&c->out);
        c->out_at = 0;
    }
}

/* -- queries -------------------------------------------------------------- */

bool en_channel_open(const struct en_channel *c)
{
    return c->state == OPEN;
}

bool en_channel_caller(const struct en_channel *c)
{
    return c->caller;
}

bool en_channel_joining(const struct en_channel *c)
{
    return c->joining;
}

size_t en_channel_circle_index(const struct en_channel *c)
{
    return c->index;
}

const uint8_t *en_channel_peer(const struct en_channel *c)
{
    return c->peer;
}

void en_channel_hash(const struct en_channel *c, uint8_t h[64])
{
    assert(c->joining);
    memcpy(h, c->h, EN_NOISE_HASH_LEN);
}

enum en_lang en_channel_lang(const struct en_channel *c)
{
    return c->lang;
}

size_t en_channel_memory(const struct en_channel *c)
{
    return c->in.cap + c->stage.cap + c->plain.cap + c->out.cap;
}
