#include "cli/ask.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/file.h"
#include "cli/pass.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define DOTS_ROOM 8 /* two spaces and six dots */

#define TERMINAL   "/dev/tty"
#define CTRL_C     0x03
#define CTRL_D     0x04
#define BACKSPACE  0x08
#define CTRL_U     0x15
#define CTRL_W     0x17
#define ESCAPE     0x1b
#define RUBOUT     0x7f
#define MIDDLE_DOT "\xc2\xb7"
#define SIX_DOTS                                                               \
    MIDDLE_DOT MIDDLE_DOT MIDDLE_DOT MIDDLE_DOT MIDDLE_DOT MIDDLE_DOT

/* The signals that must find the terminal as it was. They are blocked but while
 * we wait, so that none can fall between a look and a read. */
static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static volatile sig_atomic_t caught; /* the last of them; 0: none */

static void on_signal(int sig)
{
    caught = sig;
}

/* One stretch of reading: from terminal and signals taken to both given back. */
struct sitting {
    int fd;
    bool echo;
    struct termios before;
    struct termios ours;
    struct sigaction action[WATCHED];
    sigset_t mask;
    int fatal;    /* a signal to be raised again once all is put back */
    bool skip_lf; /* a pasted CR LF is one end of line */
};

struct en_ask en_ask_new(struct en_i18n t, bool no_input, bool simple)
{
    return (struct en_ask){
        .t = t, .no_input = no_input, .simple = simple, .fd = -1};
}

void en_ask_close(struct en_ask *a)
{
    if (a->fd >= 0)
        (void)close(a->fd);
    a->fd = -1;
}

bool en_ask_possible(struct en_ask *a)
{
    if (a->no_input)
        return false;
    if (a->fd < 0)
        a->fd = open(TERMINAL, O_RDWR | O_CLOEXEC | O_NOCTTY);
    return a->fd >= 0;
}

static en_err cancelled(struct en_why *why)
{
    return en_why_set(why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0, 0);
}

static en_err nobody_to_ask(const struct en_ask *a, const char *flag,
                            struct en_why *why)
{
    return en_why_set(why, EN_RANGE, EN_WHY_NO_INPUT, flag, a->no_input ? 0 : 1,
                      0);
}

static void put(int fd, const char *s)
{
    /* A terminal that has gone is seen by the next read. */
    (void)en_file_send(fd, en_span_str(s));
}

/* Broken at words, as results are, with room for what stands behind it. A terminal
 * of unknown width has 80 columns. */
static en_err put_wrapped(int fd, struct en_span line, unsigned room)
{
    struct winsize size = {0};
    struct en_buf broken = {0};
    unsigned columns = EN_SHOW_COLUMNS_MAX, indent = 0;
    en_err err;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
        size.ws_col < columns)
        columns = size.ws_col < EN_SHOW_COLUMNS_MIN ? EN_SHOW_COLUMNS_MIN
                                                    : size.ws_col;
    while (indent < line.n && indent < 8 && line.p[indent] == ' ')
        indent++;
    err = en_wrap(line, columns - room, indent, &broken);
    if (err == EN_OK)
        err = en_file_send(fd, en_buf_span(&broken));
    en_buf_free(&broken);
    return err;
}

en_err en_ask_tell(struct en_ask *a, struct en_span line)
{
    en_err err;

    if (!en_ask_possible(a))
        return EN_OK;
    err = put_wrapped(a->fd, line, 0);
    if (err == EN_OK)
        put(a->fd, "\n");
    return err;
}

static en_err tell_id(struct en_ask *a, const char *id)
{
    struct en_buf line = {0};
    en_err err = en_tr(&a->t, &line, id, NULL);

    if (err == EN_OK)
        err = en_ask_tell(a, en_buf_span(&line));
    en_buf_free(&line);
    return err;
}

static en_err tell_error(struct en_ask *a, en_err what,
                         const struct en_why *why)
{
    const struct en_say say = {.t = a->t};
    struct en_said said = {0};
    en_err err = en_say_error(&say, what, why, &said);

    if (err == EN_OK)
        err = en_ask_tell(a, en_buf_span(&said.text));
    en_said_free(&said);
    return err;
}

static bool set_mode(int fd, const struct termios *mode)
{
    while (tcsetattr(fd, TCSADRAIN, mode) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

static en_err sit(struct sitting *s, int fd, bool echo)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t set;

    *s = (struct sitting){.fd = -1, .echo = echo};
    if (tcgetattr(fd, &s->before) != 0)
        return EN_IO;
    s->fd = fd;
    s->ours = s->before;
    s->ours.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ECHONL | IEXTEN);
    s->ours.c_lflag |= ISIG;
    s->ours.c_iflag &= (tcflag_t) ~(ISTRIP | INLCR | IGNCR);
    s->ours.c_iflag |= ICRNL;
    s->ours.c_cc[VMIN] = 1;
    s->ours.c_cc[VTIME] = 0;

    caught = 0;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < WATCHED; i++)
        (void)sigaddset(&set, watched[i]);
    (void)sigprocmask(SIG_BLOCK, &set, &s->mask);
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WATCHED; i++)
        (void)sigaction(watched[i], &action, &s->action[i]);
    return set_mode(fd, &s->ours) ? EN_OK : EN_IO;
}

static void give_back_signals(struct sitting *s)
{
    for (size_t i = 0; i < WATCHED; i++)
        (void)sigaction(watched[i], &s->action[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* Wipe everything typed before this: a fatal signal is raised again here. */
static void stand(struct sitting *s)
{
    if (s->fd < 0)
        return; /* nothing was taken */
    (void)set_mode(s->fd, &s->before);
    give_back_signals(s);
    if (s->fatal != 0)
        (void)raise(s->fatal);
}

/* Ctrl-Z: the shell gets the terminal as it was, and we take it again after. */
static en_err pause_for_shell(struct sitting *s)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t set;

    (void)set_mode(s->fd, &s->before);
    give_back_signals(s);
    (void)raise(SIGTSTP);

    (void)sigemptyset(&set);
    for (size_t i = 0; i < WATCHED; i++)
        (void)sigaddset(&set, watched[i]);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WATCHED; i++)
        (void)sigaction(watched[i], &action, NULL);
    return set_mode(s->fd, &s->ours) ? EN_OK : EN_IO;
}

/* The next byte. EN_CLOSED: Ctrl-C, a signal that ends us, or no terminal any
 * more. */
static en_err next_byte(struct sitting *s, uint8_t *c)
{
    sigset_t open = s->mask;

    /* They must be able to reach us, even if our caller blocks them. */
    for (size_t i = 0; i < WATCHED; i++)
        (void)sigdelset(&open, watched[i]);
    for (;;) {
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        int ready = ppoll(&p, 1, NULL, &open), sig = caught;
        ssize_t n;

        caught = 0;
        if (sig == SIGTSTP) {
            if (pause_for_shell(s) != EN_OK)
                return EN_CLOSED;
            continue;
        }
        if (sig != 0) {
            s->fatal = sig != SIGINT ? sig : 0;
            return EN_CLOSED;
        }
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return EN_IO;
        n = read(s->fd, c, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        return n == 1 ? EN_OK : EN_CLOSED;
    }
}

/* Removes the last character with all that combines with it, on screen too. */
static void rub_one(const struct sitting *s, struct en_buf *line)
{
    size_t width = 0;

    while (line->n > 0 && width == 0) {
        size_t at = line->n - 1;

        while (at > 0 && (line->p[at] & 0xc0) == 0x80)
            at--;
        width = line->p[at] == '\t'
                    ? 1
                    : en_text_width(EN_SPAN(line->p + at, line->n - at));
        line->n = at;
    }
    for (; s->echo && width > 0; width--)
        put(s->fd, "\b \b");
}

static void rub_word(const struct sitting *s, struct en_buf *line)
{
    while (line->n > 0 && line->p[line->n - 1] == ' ')
        rub_one(s, line);
    while (line->n > 0 && line->p[line->n - 1] != ' ')
        rub_one(s, line);
}

/* Swallows the rest of what an arrow or another key sends after ESC. */
static en_err escape(struct sitting *s)
{
    uint8_t c;
    en_err err = next_byte(s, &c);

    if (err != EN_OK || (c != '[' && c != 'O'))
        return err;
    do
        err = next_byte(s, &c);
    while (err == EN_OK && (c < 0x40 || c > 0x7e));
    return err;
}

static unsigned utf8_length(uint8_t lead)
{
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/*
 * read_line - bytes up to the end of a line, edited and echoed.
 *
 * over  how many bytes found no room: counted, not kept
 * eof   Ctrl-D on an empty line; the line is then empty
 */
static en_err read_line(struct sitting *s, bool tabs, struct en_buf *line,
                        size_t *over, bool *eof)
{
    size_t begun = 0; /* where an unfinished character began, plus one */
    uint8_t c;
    en_err err;

    *over = 0;
    *eof = false;
    for (;;) {
        err = next_byte(s, &c);
        if (err != EN_OK)
            return err;
        if (c == '\r' || c == '\n') {
            if (c == '\n' && s->skip_lf) {
                s->skip_lf = false;
                continue;
            }
            s->skip_lf = c == '\r';
            return EN_OK;
        }
        s->skip_lf = false;
        if (c == CTRL_C)
            return EN_CLOSED;
        if (c == CTRL_D || c == s->before.c_cc[VEOF]) {
            if (line->n == 0 && *over == 0) {
                *eof = true;
                return EN_OK;
            }
        } else if (c == RUBOUT || c == BACKSPACE ||
                   c == s->before.c_cc[VERASE]) {
            if (*over > 0)
                (*over)--;
            else
                rub_one(s, line);
            begun = 0;
        } else if (c == CTRL_U) {
            *over = 0;
            while (line->n > 0)
                rub_one(s, line);
        } else if (c == CTRL_W) {
            rub_word(s, line);
        } else if (c == ESCAPE) {
            err = escape(s);
            if (err != EN_OK)
                return err;
        } else if (c >= 0x20 || (c == '\t' && tabs)) {
            err = *over > 0 ? EN_RANGE : en_buf_add_u8(line, c);
            if (err == EN_RANGE) {
                (*over)++;
                continue;
            }
            if (err != EN_OK)
                return err;
            if (!s->echo)
                continue;
            if (c < 0x80) {
                put(s->fd, c == '\t' ? " " : (char[]){(char)c, '\0'});
                begun = 0;
                continue;
            }
            if ((c & 0xc0) == 0xc0)
                begun = line->n;
            if (begun > 0 &&
                line->n - (begun - 1) == utf8_length(line->p[begun - 1])) {
                struct en_buf safe = {0};

                /* A pasted direction override shows as a dot, here too. */
                if (en_text_harmless(
                        EN_SPAN(line->p + begun - 1, line->n - (begun - 1)),
                        false, &safe) == EN_OK)
                    (void)en_file_send(s->fd, en_buf_span(&safe));
                en_buf_free(&safe);
                begun = 0;
            }
        }
    }
}

static en_err read_failed(en_err err, struct en_why *why)
{
    return err == EN_CLOSED ? cancelled(why) : err;
}

static en_err too_long(struct en_why *why, uint64_t n, uint64_t max)
{
    return en_why_set(why, EN_RANGE, EN_WHY_TEXT_LONG, NULL, n, max);
}

/* NFC can shorten, never lengthens by more than three times. */
static en_err to_nfc(struct en_span raw, size_t over, size_t max,
                     struct en_buf *out, struct en_why *why)
{
    struct en_buf nfc = {0};
    en_err err;

    if (over > 0)
        return too_long(why, raw.n + over, max);
    if (!en_text_is_text(raw))
        return en_why_set(why, EN_RANGE, EN_WHY_TEXT_UTF8, NULL, 0, 0);
    err = en_text_nfc(raw, &nfc);
    if (err == EN_OK && nfc.n > max)
        err = too_long(why, nfc.n, max);
    if (err == EN_OK)
        err = en_buf_add_span(out, en_buf_span(&nfc));
    en_buf_free(&nfc);
    return err;
}

en_err en_ask_line(struct en_ask *a, struct en_span prompt, const char *flag,
                   size_t max, struct en_buf *out, struct en_why *why)
{
    struct en_buf line = {.max = 4 * max + 16};
    struct sitting s;
    size_t over = 0;
    bool eof = false;
    en_err err;

    if (!en_ask_possible(a))
        return nobody_to_ask(a, flag, why);
    err = sit(&s, a->fd, true);
    if (err != EN_OK)
        goto out;
    (void)put_wrapped(a->fd, prompt, 2);
    put(a->fd, "  ");
    err = read_line(&s, false, &line, &over, &eof);
    put(a->fd, "\n");
    if (err == EN_OK && eof)
        err = EN_CLOSED;
    err = err == EN_OK ? to_nfc(en_buf_span(&line), over, max, out, why)
                       : read_failed(err, why);
out:
    en_buf_free(&line);
    stand(&s);
    return err;
}

en_err en_ask_name(struct en_ask *a, struct en_span prompt, const char *flag,
                   struct en_buf *out, struct en_why *why)
{
    struct en_buf line = {0};
    en_err err;

    for (;;) {
        en_buf_clear(&line);
        err = en_ask_line(a, prompt, flag, EN_LINE_MAX, &line, why);
        if (err == EN_OK) {
            err = en_text_name(en_buf_span(&line), EN_NAME_MAX, out);
            if (err == EN_OK)
                *why = (struct en_why){0}; /* an earlier try may have set it */
            if (err != EN_RANGE)
                break;
        } else if (err != EN_RANGE || why->reason == EN_WHY_NO_INPUT) {
            break;
        }
        (void)en_why_set(why, EN_RANGE, EN_WHY_NAME, NULL, 0, 0);
        err = tell_error(a, EN_RANGE, why);
        if (err != EN_OK)
            break;
    }
    en_buf_free(&line);
    return err;
}

en_err en_ask_yes(struct en_ask *a, struct en_span question, const char *flag,
                  bool *yes, struct en_why *why)
{
    static const char *const answers[] = {"yes", "oui", "y", "o", "no",
                                          "non", "n",   "n", NULL};
    struct en_buf prompt = {0}, line = {0};
    int which;
    en_err err = en_buf_add_span(&prompt, question);

    if (err == EN_OK)
        err = en_buf_add_u8(&prompt, ' ');
    if (err == EN_OK)
        err = en_tr(&a->t, &prompt, "[yes/no]", NULL);
    while (err == EN_OK) {
        en_buf_clear(&line);
        err =
            en_ask_line(a, en_buf_span(&prompt), flag, EN_LINE_MAX, &line, why);
        if (err == EN_RANGE && why->reason != EN_WHY_NO_INPUT)
            err = EN_OK; /* neither yes nor no either */
        else if (err != EN_OK)
            break;
        which = en_value_find(answers, en_buf_span(&line));
        if (which >= 0) {
            *yes = which < 2;
            *why = (struct en_why){0};
            break;
        }
        err = tell_id(a, EN_MSG("Type yes or no. Ctrl-C leaves everything as "
                                "it is."));
    }
    en_buf_free(&line);
    en_buf_free(&prompt);
    return err;
}

en_err en_ask_typed(struct en_ask *a, struct en_span prompt, const char *flag,
                    struct en_span expected, bool *same, struct en_why *why)
{
    struct en_buf line = {0}, x = {0}, y = {0};
    en_err err = en_ask_line(a, prompt, flag, EN_LINE_MAX, &line, why);

    if (err == EN_OK)
        err = en_text_fold(en_buf_span(&line), &x);
    if (err == EN_OK)
        err = en_text_fold(expected, &y);
    if (err == EN_OK)
        *same = en_span_eq(en_buf_span(&x), en_buf_span(&y));
    en_buf_free(&line);
    en_buf_free(&x);
    en_buf_free(&y);
    return err;
}

en_err en_ask_text(struct en_ask *a, const char *flag, size_t max,
                   struct en_buf *out, size_t *lines, struct en_why *why)
{
    struct en_buf text = {.max = 4 * max + 16}, line = {.max = 4 * max + 16};
    struct sitting s;
    size_t over = 0, lost = 0, count = 0;
    bool eof = false;
    en_err err;

    if (!en_ask_possible(a))
        return nobody_to_ask(a, flag, why);
    err = sit(&s, a->fd, true);
    while (err == EN_OK) {
        if (!a->simple)
            put(a->fd, "| ");
        en_buf_clear(&line);
        err = read_line(&s, true, &line, &over, &eof);
        put(a->fd, "\n");
        if (err != EN_OK || eof || (line.n == 1 && line.p[0] == '.'))
            break;
        /* What finds no room is still read to its end: left on the terminal,
         * the shell would take it for commands. */
        if (count > 0 && en_buf_add_u8(&text, '\n') != EN_OK)
            lost++;
        err = lost == 0 ? en_buf_add_span(&text, en_buf_span(&line)) : EN_RANGE;
        if (err == EN_RANGE) {
            lost += line.n;
            err = EN_OK;
        }
        lost += over;
        count++;
    }
    if (err != EN_OK) {
        err = read_failed(err, why);
    } else if (text.n > 0 || lost > 0) {
        err = to_nfc(en_buf_span(&text), lost, max, out, why);
    } else {
        count = 0;
    }
    if (err == EN_OK && lines != NULL)
        *lines = count;
    en_buf_free(&text);
    en_buf_free(&line);
    stand(&s);
    return err;
}

/* Typed in the dark; *out may be empty. */
static en_err ask_hidden(struct en_ask *a, struct en_span prompt,
                         struct en_buf *line, size_t *over, struct en_why *why)
{
    struct sitting s;
    bool eof = false;
    en_err err = sit(&s, a->fd, false);

    if (err == EN_OK) {
        (void)put_wrapped(a->fd, prompt, DOTS_ROOM);
        err = read_line(&s, false, line, over, &eof);
        if (err == EN_OK && line->n > 0)
            put(a->fd, "  " SIX_DOTS);
        put(a->fd, "\n");
        if (err == EN_OK && eof)
            err = EN_CLOSED;
    }
    if (err != EN_OK) {
        en_buf_clear(line);
        err = read_failed(err, why);
    }
    stand(&s);
    return err;
}

/* As ask_hidden, in NFC; an empty line leaves out as {0}. Too long or no UTF-8
 * is EN_RANGE. */
static en_err ask_secret(struct en_ask *a, struct en_span prompt,
                         struct en_secret *out, struct en_why *why)
{
    struct en_buf line = {.max = 4 * EN_PASSPHRASE_MAX};
    size_t over = 0;
    en_err err = en_buf_reserve(&line, 4 * EN_PASSPHRASE_MAX);

    if (err == EN_OK)
        err = ask_hidden(a, prompt, &line, &over, why);
    if (err == EN_OK && over > 0)
        err = too_long(why, line.n + over, EN_PASSPHRASE_MAX);
    if (err == EN_OK && line.n > 0)
        err = en_pass_nfc(en_buf_span(&line), out, why);
    en_buf_free(&line);
    return err;
}

en_err en_ask_passphrase(struct en_ask *a, struct en_span prompt,
                         struct en_secret *out, struct en_why *why)
{
    struct en_secret typed = {0};
    en_err err;

    if (!en_ask_possible(a)) {
        *why = (struct en_why){0};
        return EN_LOCKED;
    }
    err = ask_secret(a, prompt, &typed, why);
    if (err == EN_OK && typed.n == 0)
        err = en_why_set(why, EN_RANGE, EN_WHY_PASSPHRASE, NULL, 0,
                         EN_PASSPHRASE_MIN);
    if (err == EN_OK) {
        *out = typed;
        typed = (struct en_secret){0};
    }
    en_secret_free(&typed);
    return err;
}

static bool same_secret(const struct en_secret *a, const struct en_secret *b)
{
    return a->n == b->n && en_equal_ct(a->b, b->b, a->n);
}

static en_err ask_secret_id(struct en_ask *a, const char *id,
                            struct en_secret *out, struct en_why *why)
{
    struct en_buf prompt = {0};
    en_err err = en_tr(&a->t, &prompt, id, NULL);

    if (err == EN_OK)
        err = ask_secret(a, en_buf_span(&prompt), out, why);
    en_buf_free(&prompt);
    return err;
}

/* Five words shown, then typed back from the paper; Enter shows five others. */
/* The buffer is wiped: it holds a passphrase to be. */
static en_err tell_words(struct en_ask *a, const struct en_secret *words)
{
    struct en_buf line = {.max = 4 * EN_PASSPHRASE_MAX};
    en_err err = en_buf_reserve(&line, words->n + 8);

    if (err == EN_OK)
        err = en_buf_add_str(&line, "    ");
    if (err == EN_OK)
        err = en_buf_add_span(&line, en_secret_span(words));
    if (err == EN_OK)
        err = en_ask_tell(a, en_buf_span(&line));
    en_buf_free(&line);
    return err;
}

static en_err propose(struct en_ask *a, struct en_rng *rng,
                      struct en_secret *out, struct en_why *why)
{
    struct en_secret words = {0}, typed = {0};
    bool fresh = true;
    en_err err = EN_OK;

    for (;;) {
        if (fresh) {
            en_secret_free(&words);
            err = en_pass_propose(a->t.lang, rng, &words);
            if (err != EN_OK)
                break;
            err = tell_words(a, &words);
            if (err != EN_OK)
                break;
        }
        en_secret_free(&typed);
        err = ask_secret_id(a, EN_MSG("Write it on paper, then type it again:"),
                            &typed, why);
        if (err != EN_OK && err != EN_RANGE)
            break;
        if (err == EN_OK && same_secret(&words, &typed)) {
            *out = typed;
            typed = (struct en_secret){0};
            break;
        }
        fresh = err == EN_OK && typed.n == 0;
        err = fresh ? EN_OK
                    : tell_id(a, EN_MSG("These are not the same words. Look at "
                                        "your paper; Enter suggests others."));
        if (err != EN_OK)
            break;
    }
    en_secret_free(&words);
    en_secret_free(&typed);
    return err;
}

en_err en_ask_new_passphrase(struct en_ask *a, enum en_ask_style style,
                             struct en_rng *rng, struct en_secret *out,
                             struct en_why *why)
{
    struct en_secret first = {0}, second = {0};
    bool warned = false;
    en_err err = EN_OK;

    if (!en_ask_possible(a))
        return en_why_set(why, EN_LOCKED, EN_WHY_PASSPHRASE, NULL, 0, 0);
    if (style == EN_ASK_ALONE)
        err = tell_id(a, EN_MSG("Choose a passphrase. It opens your journal on "
                                "this computer."));
    if (err == EN_OK && style == EN_ASK_ALONE)
        err = tell_id(a, EN_MSG("Nobody can recover it for you."));
    while (err == EN_OK) {
        en_secret_free(&first);
        en_secret_free(&second);
        err = ask_secret_id(
            a,
            style == EN_ASK_ALONE
                ? EN_MSG("Press Enter and I will suggest one:")
                : EN_MSG("Choose a passphrase (press Enter and I will suggest "
                         "one):"),
            &first, why);
        if (err == EN_OK && first.n == 0) {
            err = propose(a, rng, &first, why);
            break;
        }
        if (err == EN_OK)
            err = en_pass_long_enough(en_secret_span(&first), why);
        if (err == EN_OK && !warned &&
            en_pass_hard_to_type(en_secret_span(&first))) {
            warned = true;
            err = tell_id(
                a, EN_MSG("Some characters of this passphrase may be missing "
                          "on another keyboard. To change it later: entrenous "
                          "passphrase"));
        }
        if (err == EN_OK)
            err = ask_secret_id(a, EN_MSG("Once more:"), &second, why);
        if (err == EN_OK && same_secret(&first, &second))
            break;
        if (err == EN_OK)
            err = tell_id(a, EN_MSG("The two passphrases differ. Type it "
                                    "twice, from the beginning."));
        else if (err == EN_RANGE)
            err = tell_error(a, EN_RANGE, why);
    }
    if (err == EN_OK) {
        *why = (struct en_why){0};
        *out = first;
        first = (struct en_secret){0};
    }
    en_secret_free(&first);
    en_secret_free(&second);
    return err;
}
