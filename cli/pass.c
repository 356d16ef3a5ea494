#include "cli/pass.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PROPOSED_WORDS 5
#define FIRST_LINE_MAX (4 * EN_PASSPHRASE_MAX) /* before NFC */

bool en_pass_given(const struct en_pass_source *src)
{
    return src->file != NULL || src->fd >= 0 || src->command != NULL;
}

en_err en_pass_nfc(struct en_span typed, struct en_secret *out,
                   struct en_why *why)
{
    struct en_buf nfc = {.max = FIRST_LINE_MAX};
    en_err err;

    if (typed.n > FIRST_LINE_MAX)
        return en_why_set(why, EN_RANGE, EN_WHY_TEXT_LONG, NULL, typed.n,
                          EN_PASSPHRASE_MAX);
    if (typed.n == 0 || !en_text_is_line(typed))
        return en_why_set(why, EN_RANGE, EN_WHY_PASSPHRASE, NULL, 0, 0);
    err = en_text_nfc(typed, &nfc);
    if (err == EN_RANGE || (err == EN_OK && nfc.n > EN_PASSPHRASE_MAX))
        err = en_why_set(why, EN_RANGE, EN_WHY_TEXT_LONG, NULL, typed.n,
                         EN_PASSPHRASE_MAX);
    if (err == EN_OK)
        err = en_secret_copy(out, en_buf_span(&nfc));
    en_buf_free(&nfc);
    return err;
}

en_err en_pass_long_enough(struct en_span nfc, struct en_why *why)
{
    uint64_t n = 0;

    while (en_text_next(&nfc) >= 0)
        n++;
    if (n >= EN_PASSPHRASE_MIN)
        return EN_OK;
    return en_why_set(why, EN_RANGE, EN_WHY_PASSPHRASE, NULL, n,
                      EN_PASSPHRASE_MIN);
}

bool en_pass_hard_to_type(struct en_span nfc)
{
    for (size_t i = 0; i < nfc.n; i++)
        if (nfc.p[i] >= 0x80)
            return true;
    return false;
}

en_err en_pass_propose(enum en_lang lang, struct en_rng *rng,
                       struct en_secret *out)
{
    struct en_buf words = {.max = 256};
    en_err err = EN_OK;

    for (int i = 0; i < PROPOSED_WORDS && err == EN_OK; i++) {
        const char *w;

        /* Most of either list is plain ASCII: this ends at once. */
        do
            w = en_word(lang, en_rng_below(rng, EN_WORDS_COUNT));
        while (en_pass_hard_to_type(en_span_str(w)));
        if (i > 0)
            err = en_buf_add_u8(&words, ' ');
        if (err == EN_OK)
            err = en_buf_add_str(&words, w);
    }
    if (err == EN_OK)
        err = en_secret_copy(out, en_buf_span(&words));
    en_buf_free(&words);
    return err;
}

en_err en_pass_read(const struct en_pass_source *src, struct en_secret *out,
                    struct en_why *why)
{
    struct en_buf line = {.max = FIRST_LINE_MAX};
    en_err err;
    int fd;

    assert(en_pass_given(src));
    if (src->file != NULL) {
        fd = open(src->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
            err =
                errno == ENOENT || errno == ENOTDIR
                    ? en_why_set(why, EN_ABSENT, EN_WHY_NO_FILE, src->file, 0,
                                 0)
                    : en_why_set(why, EN_IO, EN_WHY_FILE_READ, src->file, 0, 0);
        else
            err = en_first_line(fd, src->file, &line, why);
        if (fd >= 0)
            (void)close(fd);
    } else if (src->fd >= 0) {
        err = en_first_line(src->fd, "--passphrase-fd", &line, why);
    } else {
        err = en_command_line(src->command, &line, why);
    }
    if (err == EN_OK)
        err = en_pass_nfc(en_buf_span(&line), out, why);
    en_buf_free(&line);
    return err;
}
