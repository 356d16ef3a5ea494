#include "sync/invite.h"

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes typed: more is no code. Folded it is never longer than some six times
 * that (a ligature of the compatibility forms), and bounded as well. */
#define TYPED_MAX  128
#define FOLDED_MAX 1024

static bool between(uint8_t c)
{
    return c == ' ' || c == '-';
}

/* The next part of a folded code; false: none is left. */
static bool next_part(struct en_span *s, struct en_span *part)
{
    size_t n = 0;

    while (s->n > 0 && between(s->p[0]))
        *s = EN_SPAN(s->p + 1, s->n - 1);
    while (n < s->n && !between(s->p[n]))
        n++;
    *part = EN_SPAN(s->p, n);
    *s = EN_SPAN(n < s->n ? s->p + n : NULL, s->n - n);
    return n > 0;
}

/* 1..99, zeros before it allowed; 0: none of these. */
static unsigned number_of(struct en_span part)
{
    unsigned v = 0;

    for (size_t i = 0; i < part.n; i++) {
        if (part.p[i] < '0' || part.p[i] > '9')
            return 0;
        v = v * 10 + (unsigned)(part.p[i] - '0');
        if (v > 99)
            return 0;
    }
    return v;
}

/* part: folded; typed: the same as the person typed it. */
static en_err word_key(struct en_span part, struct en_span typed, char key[5],
                       struct en_why *why)
{
    static const enum en_lang langs[] = {EN_LANG_FR, EN_LANG_EN};
    char what[TYPED_MAX + 1];

    for (size_t i = 0; i < sizeof(langs) / sizeof(*langs); i++) {
        unsigned index = 0;
        en_err err = en_word_find(langs[i], part, &index);

        if (err == EN_OK) {
            en_word_key(langs[i], index, key);
            return EN_OK;
        }
        if (err != EN_ABSENT)
            return err;
    }
    assert(typed.n <= TYPED_MAX);
    memcpy(what, typed.p, typed.n);
    what[typed.n] = '\0';
    return en_why_set(why, EN_RANGE, EN_WHY_CODE_WORD, what, 0, 0);
}

static void code_set(struct en_code *code, unsigned number, const char key1[5],
                     const char key2[5])
{
    int n;

    *code = (struct en_code){.number = (uint8_t)number};
    n = snprintf(code->canon, sizeof(code->canon), "%u-%s-%s", number, key1,
                 key2);
    assert(n > 0 && n <= EN_CODE_CANON_MAX);
    code->len = (uint8_t)n;
}

en_err en_code_parse(struct en_span typed, struct en_code *code,
                     struct en_why *why)
{
    struct en_buf folded = {.max = FOLDED_MAX};
    struct en_span rest;
    struct en_span part[4];
    uint32_t *at = NULL; /* where in typed a folded byte came from */
    char key[2][5] = {{0}};
    unsigned number = 0;
    size_t n = 0;
    en_err err;

    if (typed.n == 0 || typed.n > TYPED_MAX)
        return en_why_set(why, EN_RANGE, EN_WHY_CODE_FORM, NULL, 0, 0);
    err = en_text_fold_map(typed, &folded, &at);
    if (err == EN_RANGE)
        err = en_why_set(why, EN_RANGE, EN_WHY_CODE_FORM, NULL, 0, 0);
    if (err != EN_OK)
        goto out;
    rest = en_buf_span(&folded);
    while (n < 4 && next_part(&rest, &part[n]))
        n++;
    number = n == 3 ? number_of(part[0]) : 0;
    if (number == 0) {
        err = en_why_set(why, EN_RANGE, EN_WHY_CODE_FORM, NULL, 0, 0);
        goto out;
    }
    for (size_t i = 0; i < 2; i++) {
        size_t from = at[part[i + 1].p - folded.p];
        size_t to = at[part[i + 1].p - folded.p + (ptrdiff_t)part[i + 1].n];

        err = word_key(part[i + 1], EN_SPAN(typed.p + from, to - from), key[i],
                       why);
        if (err != EN_OK)
            goto out;
    }
    code_set(code, number, key[0], key[1]);
out:
    en_wipe(key, sizeof(key));
    en_buf_free(&folded);
    free(at);
    return err;
}

void en_code_make(struct en_rng *rng, enum en_lang lang, struct en_code *code,
                  char shown[EN_CODE_SHOWN_MAX])
{
    unsigned number = 1 + en_rng_below(rng, 99);
    unsigned word[2];
    char key[2][5];
    int n;

    for (size_t i = 0; i < 2; i++) {
        word[i] = en_rng_below(rng, EN_WORDS_COUNT);
        en_word_key(lang, word[i], key[i]);
    }
    code_set(code, number, key[0], key[1]);
    n = snprintf(shown, EN_CODE_SHOWN_MAX, "%u-%s-%s", number,
                 en_word(lang, word[0]), en_word(lang, word[1]));
    assert(n > 0 && n < EN_CODE_SHOWN_MAX);
    en_wipe(word, sizeof(word));
    en_wipe(key, sizeof(key));
}

struct en_span en_code_span(const struct en_code *code)
{
    assert(code->len > 0 && code->len <= EN_CODE_CANON_MAX);
    return EN_SPAN((const uint8_t *)code->canon, code->len);
}

void en_code_wipe(struct en_code *code)
{
    en_wipe(code, sizeof(*code));
}

static void invite_check(const struct en_invite *inv)
{
    assert((inv->state == EN_INVITE_LIVE) == (inv->code.len > 0));
    assert(inv->failures < EN_CODE_FAILURES);
}

en_err en_invite_new(struct en_invite *inv, struct en_rng *rng,
                     enum en_lang lang, uint64_t now_ms,
                     char shown[EN_CODE_SHOWN_MAX], struct en_why *why)
{
    invite_check(inv);
    if (inv->locked && now_ms - inv->locked_ms < EN_CODE_LOCK_MS) {
        uint64_t left = EN_CODE_LOCK_MS - (now_ms - inv->locked_ms);

        return en_why_set(why, EN_DENIED, EN_WHY_INVITE_LIMIT, NULL,
                          (left + 999) / 1000, EN_CODE_FAILURES);
    }
    if (inv->state == EN_INVITE_SPENT)
        return EN_BUSY;
    inv->locked = false;
    en_code_make(rng, lang, &inv->code, shown);
    inv->lang = lang;
    inv->born_ms = now_ms;
    inv->state = EN_INVITE_LIVE;
    invite_check(inv);
    return EN_OK;
}

bool en_invite_live(const struct en_invite *inv, uint64_t now_ms)
{
    return inv->state == EN_INVITE_LIVE &&
           now_ms - inv->born_ms < EN_CODE_LIFE_MS;
}

unsigned en_invite_number(const struct en_invite *inv, uint64_t now_ms)
{
    return en_invite_live(inv, now_ms) ? inv->code.number : 0;
}

en_err en_invite_take(struct en_invite *inv, uint64_t now_ms,
                      struct en_code *code)
{
    invite_check(inv);
    if (!en_invite_live(inv, now_ms)) {
        en_invite_cancel(inv);
        return EN_DENIED;
    }
    *code = inv->code;
    en_code_wipe(&inv->code);
    inv->state = EN_INVITE_SPENT;
    invite_check(inv);
    return EN_OK;
}

void en_invite_ended(struct en_invite *inv, bool ok, uint64_t now_ms)
{
    assert(inv->state == EN_INVITE_SPENT);
    inv->state = EN_INVITE_NONE;
    inv->failures = ok ? 0 : inv->failures + 1;
    if (inv->failures == EN_CODE_FAILURES) {
        inv->failures = 0;
        inv->locked = true;
        inv->locked_ms = now_ms;
    }
    invite_check(inv);
}

void en_invite_cancel(struct en_invite *inv)
{
    invite_check(inv);
    /* A spent one stays spent: its attempt still has to end. */
    if (inv->state == EN_INVITE_LIVE) {
        en_code_wipe(&inv->code);
        inv->state = EN_INVITE_NONE;
    }
    invite_check(inv);
}
