/*
 * ask_test.c - questions through a pseudo-terminal: a child asks on its own
 * terminal, the test plays the person. It waits for what is printed, never for
 * time; a deadline only ends a test that would hang.
 */
#include "cli/ask.h"

#include "base/limits.h"
#include "lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>

#define DEADLINE_MS 20000

static struct {
    int master;
    int report; /* what the child found, as text */
    pid_t pid;
    struct termios before;
    char seen[65536];
    size_t n;
    size_t looked; /* expect() goes on from here */
} play;

static int report_fd; /* in the child */

/* The child's outcome: code, reason, then what was read. */
static void report(en_err err, const struct en_why *why, struct en_span read)
{
    char head[64];
    int n = snprintf(head, sizeof(head), "%s %d %d:", en_err_name(err),
                     (int)why->reason, (int)why->n);

    if (write(report_fd, head, (size_t)n) != n)
        _exit(9);
    while (read.n > 0) {
        ssize_t w = write(report_fd, read.p, read.n);

        if (w <= 0)
            _exit(9);
        read = EN_SPAN(read.p + w, read.n - (size_t)w);
    }
}

static void start(void (*body)(void), bool terminal)
{
    char slave[64];
    int end[2];

    memset(&play, 0, sizeof(play));
    play.master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(play.master >= 0);
    assert_int_equal(grantpt(play.master), 0);
    assert_int_equal(unlockpt(play.master), 0);
    assert_int_equal(ptsname_r(play.master, slave, sizeof(slave)), 0);
    assert_int_equal(tcgetattr(play.master, &play.before), 0);
    assert_int_equal(pipe(end), 0);
    (void)fflush(NULL);
    play.pid = fork();
    assert_true(play.pid >= 0);
    if (play.pid == 0) {
        (void)close(end[0]);
        (void)close(play.master);
        (void)setsid();
        report_fd = end[1];
        /* The first terminal a session leader opens is its own. */
        if (terminal && open(slave, O_RDWR) < 0)
            _exit(8);
        body();
        _exit(0);
    }
    (void)close(end[1]);
    play.report = end[0];
    assert_int_equal(fcntl(play.master, F_SETFL, O_NONBLOCK), 0);
}

/* Takes what the child has printed; false when nothing came in time. */
static bool listen_for(short more)
{
    struct pollfd p = {.fd = play.master, .events = (short)(POLLIN | more)};

    if (poll(&p, 1, DEADLINE_MS) <= 0)
        return false;
    if ((p.revents & POLLIN) != 0) {
        ssize_t n = read(play.master, play.seen + play.n,
                         sizeof(play.seen) - 1 - play.n);

        if (n > 0)
            play.n += (size_t)n;
        play.seen[play.n] = '\0';
        assert_true(play.n < sizeof(play.seen) - 1);
    }
    return (p.revents & (POLLHUP | POLLERR)) == 0;
}

static void expect(const char *text)
{
    for (;;) {
        char *at = memmem(play.seen + play.looked, play.n - play.looked, text,
                          strlen(text));

        if (at != NULL) {
            play.looked = (size_t)(at - play.seen) + strlen(text);
            return;
        }
        if (!listen_for(0))
            fail_msg("\"%s\" was not printed, but \"%s\"", text, play.seen);
    }
}

static void type_n(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t w = write(play.master, bytes, n);

        if (w > 0) {
            bytes += w;
            n -= (size_t)w;
            continue;
        }
        assert_true(w < 0 && errno == EAGAIN);
        assert_true(listen_for(POLLOUT));
    }
}

static void type(const char *text)
{
    type_n(text, strlen(text));
}

static void terminal_is_as_before(void)
{
    struct termios now;

    assert_int_equal(tcgetattr(play.master, &now), 0);
    assert_int_equal(now.c_lflag, play.before.c_lflag);
    assert_int_equal(now.c_iflag, play.before.c_iflag);
    assert_int_equal(now.c_oflag, play.before.c_oflag);
    assert_memory_equal(now.c_cc, play.before.c_cc, sizeof(now.c_cc));
}

/* The child's report, once it has ended; status is its own. */
static const char *outcome(int *status)
{
    static char text[70000];
    size_t n = 0;

    for (;;) {
        struct pollfd p[2] = {{.fd = play.report, .events = POLLIN},
                              {.fd = play.master, .events = POLLIN}};
        ssize_t r;

        assert_true(poll(p, 2, DEADLINE_MS) > 0);
        if ((p[1].revents & POLLIN) != 0)
            (void)listen_for(0);
        if (p[0].revents == 0)
            continue;
        r = read(play.report, text + n, sizeof(text) - 1 - n);
        assert_true(r >= 0);
        if (r == 0)
            break;
        n += (size_t)r;
    }
    text[n] = '\0';
    assert_int_equal(waitpid(play.pid, status, 0), play.pid);
    (void)close(play.report);
    return text;
}

static void ends(const char *expected)
{
    int status = 0;
    const char *text = outcome(&status);

    assert_string_equal(text, expected);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    terminal_is_as_before();
    (void)close(play.master);
}

static const char *cancelled(void)
{
    static char text[32];

    (void)snprintf(text, sizeof(text), "closed %d 0:", EN_WHY_CANCELLED);
    return text;
}

static struct en_ask asker(enum en_lang lang)
{
    return en_ask_new((struct en_i18n){.lang = lang}, false, false);
}

static void ask_line(void)
{
    struct en_ask a = asker(EN_LANG_FR);
    struct en_buf out = {0};
    struct en_why why = {0};
    en_err err = en_ask_line(&a, BYTES("Nom :"), "--name", 40, &out, &why);

    report(err, &why, en_buf_span(&out));
    en_buf_free(&out);
    en_ask_close(&a);
}

static void a_line_is_echoed_and_read_without_its_end(void **state)
{
    (void)state;
    start(ask_line, true);
    expect("Nom :  ");
    type("Amina B.\r");
    ends("ok 0 0:Amina B.");
    assert_non_null(strstr(play.seen, "Nom :  Amina B.\r\n"));
}

static void a_line_can_be_corrected_while_typing(void **state)
{
    static const struct {
        const char *typed;
        const char *read;
    } row[] = {
        {"Aminx\x7f"
         "a\r",
         "Amina"},
        {"ab\x08"
         "c\n",
         "ac"},
        {"\x7f\x7fx\r", "x"},
        {"one two\x17"
         "three\r",
         "one three"},
        {"gone\x15"
         "kept\r",
         "kept"},
        {"é\x7f"
         "e\r",
         "e"},
        {"xe\xcc\x81\x7f"
         "o\r",
         "xo"},
        {"中\x7f"
         "x\r",
         "x"},
        {"e\xcc\x81\r", "\xc3\xa9"},
        {"a\x1b[Db\x1bOPc\x1b[3~d\r", "abcd"},
        {"a\tb\x01"
         "c\r",
         "abc"},
        {"a\x04"
         "b\r",
         "ab"},
        {"\r", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        char expected[64];

        start(ask_line, true);
        expect("Nom :  ");
        type(row[i].typed);
        (void)snprintf(expected, sizeof(expected), "ok 0 0:%s", row[i].read);
        ends(expected);
    }
}

static void nothing_typed_can_send_an_escape_to_the_screen(void **state)
{
    (void)state;
    start(ask_line, true);
    expect("Nom :  ");
    type("a\xc2\x9b"
         "31m\xe2\x80\xae"
         "b\x1b[31mc\r");
    /* It is refused where it is read: a control character is no text. */
    (void)outcome(&(int){0});
    for (size_t i = 0; i < play.n; i++)
        assert_int_not_equal(play.seen[i], 0x1b);
    assert_null(strstr(play.seen, "\xe2\x80\xae"));
    assert_null(strstr(play.seen, "\xc2\x9b"));
    (void)close(play.master);
}

static void what_is_too_long_or_no_text_is_refused_whole(void **state)
{
    char typed[400], expected[64];

    (void)state;
    memset(typed, 'x', sizeof(typed));
    typed[41] = '\r';
    start(ask_line, true);
    expect("Nom :  ");
    type_n(typed, 42);
    (void)snprintf(expected, sizeof(expected),
                   "range %d 41:", EN_WHY_TEXT_LONG);
    ends(expected);
    typed[41] = 'x';
    typed[399] = '\r';
    start(ask_line, true);
    expect("Nom :  ");
    type_n(typed, 400);
    (void)snprintf(expected, sizeof(expected),
                   "range %d 399:", EN_WHY_TEXT_LONG);
    ends(expected);
    start(ask_line, true);
    expect("Nom :  ");
    type("a\xff"
         "b\r");
    (void)snprintf(expected, sizeof(expected), "range %d 0:", EN_WHY_TEXT_UTF8);
    ends(expected);
}

static void ctrl_c_and_ctrl_d_leave_nothing_behind(void **state)
{
    (void)state;
    start(ask_line, true);
    expect("Nom :  ");
    type("half a na\x03");
    ends(cancelled());
    start(ask_line, true);
    expect("Nom :  ");
    type("\x04");
    ends(cancelled());
    /* A terminal that goes away is no answer either. */
    start(ask_line, true);
    expect("Nom :  ");
    (void)close(play.master);
    {
        char text[64] = {0};
        ssize_t n = read(play.report, text, sizeof(text) - 1);
        int status;

        /* Hung up by the kernel, or told by its signal: never an answer. */
        assert_true(n >= 0 && strncmp(text, "ok", 2) != 0);
        assert_int_equal(waitpid(play.pid, &status, 0), play.pid);
        (void)close(play.report);
    }
}

static void report_what(en_err err, const struct en_why *why)
{
    report(err, why, en_span_str(why->what));
}

static void ask_without_input(void)
{
    struct en_ask a = en_ask_new((struct en_i18n){0}, true, false);
    struct en_buf out = {0};
    struct en_secret s = {0};
    struct en_rng_seeded rng;
    struct en_why why = {0};
    bool yes = false;
    en_err err;

    err = en_ask_line(&a, BYTES("?"), "--name", 9, &out, &why);
    report_what(err, &why);
    err = en_ask_yes(&a, BYTES("?"), "--yes", &yes, &why);
    report_what(err, &why);
    err = en_ask_text(&a, "--editor", 9, &out, NULL, &why);
    report_what(err, &why);
    err = en_ask_passphrase(&a, BYTES("?"), &s, &why);
    report_what(err, &why);
    en_rng_seed(&rng, 1);
    err = en_ask_new_passphrase(&a, EN_ASK_ALONE, &rng.rng, &s, &why);
    report_what(err, &why);
    (void)en_ask_tell(&a, BYTES("never"));
}

static void ask_without_terminal(void)
{
    struct en_ask a = en_ask_new((struct en_i18n){0}, false, false);
    struct en_buf out = {0};
    struct en_secret s = {0};
    struct en_why why = {0};
    en_err err;

    err = en_ask_line(&a, BYTES("?"), "--name", 9, &out, &why);
    report_what(err, &why);
    err = en_ask_passphrase(&a, BYTES("?"), &s, &why);
    report_what(err, &why);
}

static void a_question_that_cannot_be_asked_names_its_flag(void **state)
{
    char expected[256];
    int r = EN_WHY_NO_INPUT;

    (void)state;
    start(ask_without_input, true);
    (void)snprintf(expected, sizeof(expected),
                   "range %d 0:--name"
                   "range %d 0:--yes"
                   "range %d 0:--editor"
                   "locked 0 0:locked %d 0:",
                   r, r, r, EN_WHY_PASSPHRASE);
    ends(expected);
    assert_int_equal(play.n, 0);
    start(ask_without_terminal, false);
    (void)snprintf(expected, sizeof(expected),
                   "range %d 1:--namelocked 0 0:", r);
    ends(expected);
}

static void ask_yes(void)
{
    struct en_ask a = asker(EN_LANG_FR);
    struct en_why why = {0};
    bool yes = false;
    en_err err = en_ask_yes(&a, BYTES("Partager ?"), "--yes", &yes, &why);

    report(err, &why,
           err != EN_OK ? BYTES("")
           : yes        ? BYTES("yes")
                        : BYTES("no"));
    en_ask_close(&a);
}

static void yes_and_no_are_understood_in_both_languages(void **state)
{
    static const struct {
        const char *typed;
        const char *outcome;
    } row[] = {{"oui\r", "ok 0 0:yes"}, {"OUI\r", "ok 0 0:yes"},
               {"yes\r", "ok 0 0:yes"}, {"o\r", "ok 0 0:yes"},
               {"y\r", "ok 0 0:yes"},   {"non\r", "ok 0 0:no"},
               {"no\r", "ok 0 0:no"},   {"n\r", "ok 0 0:no"}};

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        start(ask_yes, true);
        expect("Partager ? [oui/non]  ");
        type(row[i].typed);
        ends(row[i].outcome);
    }
}

static void anything_else_is_asked_again_and_enter_decides_nothing(void **state)
{
    (void)state;
    start(ask_yes, true);
    expect("[oui/non]  ");
    type("\r");
    expect("Tapez oui ou non. Ctrl-C laisse tout en l’état.\r\n");
    expect("[oui/non]  ");
    type("ouais\r");
    expect("[oui/non]  ");
    type("\xff\r");
    expect("[oui/non]  ");
    type("oui\r");
    ends("ok 0 0:yes");
    start(ask_yes, true);
    expect("[oui/non]  ");
    type("oui\x03");
    ends(cancelled());
}

static void ask_name(void)
{
    struct en_ask a = asker(EN_LANG_EN);
    struct en_buf out = {0};
    struct en_why why = {0};
    en_err err = en_ask_name(&a, BYTES("Name?"), "--name", &out, &why);

    report(err, &why, err == EN_OK ? en_buf_span(&out) : BYTES(""));
    en_ask_close(&a);
}

static void a_name_is_asked_until_it_is_one(void **state)
{
    char typed[72];

    (void)state;
    memset(typed, 'x', sizeof(typed));
    typed[70] = '\r';
    start(ask_name, true);
    expect("Name?  ");
    type("\r");
    expect("A name is one line of 1 to 64 bytes");
    expect("Name?  ");
    type_n(typed, 71);
    expect("A name is one line");
    expect("Name?  ");
    type("Chloe\xcc\x81\r");
    {
        int status;
        const char *text = outcome(&status);

        assert_non_null(strstr(text, ":Chlo\xc3\xa9"));
        assert_memory_equal(text, "ok", 2);
    }
    (void)close(play.master);
}

static void ask_typed(void)
{
    struct en_ask a = asker(EN_LANG_FR);
    struct en_why why = {0};
    bool same = false;
    en_err err = en_ask_typed(&a, BYTES("Tapez :"), "--confirm",
                              BYTES("Chlo\xc3\xa9 D."), &same, &why);

    report(err, &why, same ? BYTES("same") : BYTES("other"));
    en_ask_close(&a);
}

static void a_typed_name_is_compared_folded(void **state)
{
    static const struct {
        const char *typed;
        const char *outcome;
    } row[] = {{"Chloé D.\r", "ok 0 0:same"},
               {"chloe d.\r", "ok 0 0:same"},
               {"Chloé\r", "ok 0 0:other"},
               {"\r", "ok 0 0:other"}};

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        start(ask_typed, true);
        expect("Tapez :  ");
        type(row[i].typed);
        ends(row[i].outcome);
    }
}

static size_t text_max = EN_TEXT_MAX;
static bool text_simple;

static void ask_text(void)
{
    struct en_ask a =
        en_ask_new((struct en_i18n){.lang = EN_LANG_FR}, false, text_simple);
    struct en_buf out = {0};
    struct en_why why = {0};
    size_t lines = 77;
    char count[24];
    en_err err = en_ask_text(&a, "--editor", text_max, &out, &lines, &why);

    report(err, &why, en_buf_span(&out));
    (void)snprintf(count, sizeof(count), "|%zu", lines);
    if (write(report_fd, count, strlen(count)) < 0)
        _exit(9);
    en_ask_close(&a);
}

static void a_text_ends_at_a_line_with_one_full_stop(void **state)
{
    (void)state;
    start(ask_text, true);
    expect("| ");
    type("Apr\xc3\xa8s la s\xc3\xa9"
         "ance.\r");
    expect("| ");
    type("\r..\r. \r\tx\r");
    type(".\r");
    ends("ok 0 0:Apr\xc3\xa8s la s\xc3\xa9"
         "ance.\n\n..\n. \n\tx|5");
    assert_memory_equal(play.seen, "| Apr", 5);
}

static void a_text_ends_at_ctrl_d_and_is_dropped_by_ctrl_c(void **state)
{
    char expected[40];

    (void)state;
    start(ask_text, true);
    expect("| ");
    type("one\r");
    expect("| ");
    type("\x04");
    ends("ok 0 0:one|1");
    start(ask_text, true);
    expect("| ");
    type("\x04");
    ends("ok 0 0:|0");
    start(ask_text, true);
    expect("| ");
    type("one\rtwo\x03");
    (void)snprintf(expected, sizeof(expected), "closed %d 0:|77",
                   EN_WHY_CANCELLED);
    ends(expected);
}

static void simple_shows_no_bar_before_the_lines(void **state)
{
    (void)state;
    text_simple = true;
    start(ask_text, true);
    type("one\r.\r");
    ends("ok 0 0:one|1");
    assert_null(strchr(play.seen, '|'));
    text_simple = false;
}

static void
a_pasted_paragraph_is_not_cut_at_the_terminals_own_limit(void **state)
{
    static char line[20002];
    static char expected[20100];
    int n;

    (void)state;
    memset(line, 'p', 20000);
    line[20000] = '\r';
    start(ask_text, true);
    expect("| ");
    type_n(line, 20001);
    type(".\r");
    n = snprintf(expected, sizeof(expected), "ok 0 0:%.*s|1", 20000, line);
    assert_int_equal(n, 20009);
    ends(expected);
}

static void a_text_over_its_limit_is_read_to_its_end_and_refused(void **state)
{
    static char line[9002];
    char expected[40];

    (void)state;
    text_max = 1000;
    memset(line, 'p', 9000);
    line[9000] = '\r';
    start(ask_text, true);
    expect("| ");
    type_n(line, 9001);
    type("rm -rf x\r.\r");
    (void)snprintf(expected, sizeof(expected), "range %d 9009:|77",
                   EN_WHY_TEXT_LONG);
    ends(expected);
    text_max = EN_TEXT_MAX;
}

static void ask_passphrase(void)
{
    struct en_ask a = asker(EN_LANG_FR);
    struct en_secret s = {0};
    struct en_why why = {0};
    en_err err = en_ask_passphrase(&a, BYTES("Phrase :"), &s, &why);

    report(err, &why, en_secret_span(&s));
    en_secret_free(&s);
    en_ask_close(&a);
}

static void a_passphrase_is_never_echoed_and_its_length_not_seen(void **state)
{
    (void)state;
    start(ask_passphrase, true);
    expect("Phrase :");
    type("hameau cerise\x7f\x7f"
         "se e\xcc\x81\r");
    ends("ok 0 0:hameau cerise \xc3\xa9");
    assert_string_equal(play.seen, "Phrase :  ······\r\n");
    start(ask_passphrase, true);
    expect("Phrase :");
    type("x\r");
    ends("ok 0 0:x");
    assert_string_equal(play.seen, "Phrase :  ······\r\n");
}

static void an_empty_passphrase_is_refused_and_ctrl_c_cancels(void **state)
{
    char expected[40];

    (void)state;
    start(ask_passphrase, true);
    expect("Phrase :");
    type("\r");
    (void)snprintf(expected, sizeof(expected),
                   "range %d 0:", EN_WHY_PASSPHRASE);
    ends(expected);
    start(ask_passphrase, true);
    expect("Phrase :");
    type("half\x03");
    ends(cancelled());
    assert_null(strstr(play.seen, "half"));
}

static void a_signal_puts_the_terminal_back_and_then_ends_us(void **state)
{
    static const int sig[] = {SIGTERM, SIGHUP, SIGQUIT};

    (void)state;
    for (size_t i = 0; i < sizeof(sig) / sizeof(sig[0]); i++) {
        struct termios during;
        int status = 0;

        start(ask_passphrase, true);
        expect("Phrase :");
        assert_int_equal(tcgetattr(play.master, &during), 0);
        assert_false((during.c_lflag & ECHO) != 0);
        type("half");
        assert_int_equal(kill(play.pid, sig[i]), 0);
        assert_string_equal(outcome(&status), "");
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == sig[i]);
        terminal_is_as_before();
        (void)close(play.master);
    }
}

static void (*job_body)(void);

/* A shell in small: runs the question as a job, and after Ctrl-Z looks at the
 * terminal, then lets it go on. */
static void shell_and_job(void)
{
    struct termios mode;
    int tty = open("/dev/tty", O_RDWR), status = 0;
    pid_t job;

    (void)signal(SIGTTOU, SIG_IGN);
    job = fork();
    if (job == 0) {
        (void)setpgid(0, 0);
        (void)tcsetpgrp(tty, getpid());
        (void)signal(SIGTTOU, SIG_DFL);
        job_body();
        _exit(0);
    }
    (void)setpgid(job, job);
    if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status))
        _exit(7);
    (void)tcsetpgrp(tty, getpid());
    if (tcgetattr(tty, &mode) != 0 || (mode.c_lflag & ECHO) == 0 ||
        (mode.c_lflag & ICANON) == 0)
        _exit(6);
    if (write(tty, "[stopped]", 9) != 9)
        _exit(5);
    (void)tcsetpgrp(tty, job);
    (void)kill(-job, SIGCONT);
    if (waitpid(job, &status, 0) != job || !WIFEXITED(status))
        _exit(4);
}

static bool echo_is_off(void)
{
    struct termios now;

    assert_int_equal(tcgetattr(play.master, &now), 0);
    return (now.c_lflag & ECHO) == 0;
}

/* Nothing is printed when the job comes back: the mode is what tells. */
static void wait_until_it_is_back(void)
{
    for (int i = 0; i < DEADLINE_MS && !echo_is_off(); i++)
        (void)poll(NULL, 0, 1);
    assert_true(echo_is_off());
}

static void ctrl_z_gives_the_shell_its_terminal_and_comes_back(void **state)
{
    (void)state;
    job_body = ask_line;
    start(shell_and_job, true);
    expect("Nom :  ");
    type("first ");
    expect("first ");
    type("\x1a");
    expect("[stopped]");
    wait_until_it_is_back();
    type("second\r");
    ends("ok 0 0:first second");
}

static void a_passphrase_stays_unseen_after_ctrl_z(void **state)
{
    (void)state;
    job_body = ask_passphrase;
    start(shell_and_job, true);
    expect("Phrase :");
    type("\x1a");
    expect("[stopped]");
    wait_until_it_is_back();
    type("second\r");
    ends("ok 0 0:second");
    assert_null(strstr(play.seen, "second"));
}

static enum en_ask_style new_style;
static enum en_lang new_lang;

static void ask_new(void)
{
    struct en_ask a = asker(new_lang);
    struct en_rng_seeded rng;
    struct en_secret s = {0};
    struct en_why why = {0};
    en_err err;

    en_rng_seed(&rng, 7);
    err = en_ask_new_passphrase(&a, new_style, &rng.rng, &s, &why);
    report(err, &why, en_secret_span(&s));
    en_secret_free(&s);
    en_ask_close(&a);
}

/* The five words printed last, without indent and line end. */
static void proposed(char words[128])
{
    char *at;
    size_t n = 0;

    expect("    ");
    at = play.seen + play.looked;
    expect("\r\n");
    while (at[n] != '\r')
        n++;
    assert_true(n < 128);
    memcpy(words, at, n);
    words[n] = '\0';
}

static void enter_proposes_five_words_to_type_back(void **state)
{
    char words[128], others[128], expected[192];

    (void)state;
    new_style = EN_ASK_ALONE;
    new_lang = EN_LANG_FR;
    start(ask_new, true);
    expect("Choisissez une phrase secrète. Elle ouvre votre journal sur cet "
           "ordinateur.\r\n"
           "Personne ne pourra la retrouver pour vous.\r\n"
           "Entrée pour que j’en propose une\xc2\xa0:");
    type("\r");
    proposed(words);
    expect("Notez-la sur papier, puis retapez-la\xc2\xa0:");
    type("not these\r");
    expect("Ce ne sont pas les mêmes mots.");
    expect("retapez-la\xc2\xa0:");
    type("\r");
    proposed(others);
    assert_string_not_equal(words, others);
    expect("retapez-la\xc2\xa0:");
    type(others);
    type("\r");
    (void)snprintf(expected, sizeof(expected), "ok 0 0:%s", others);
    ends(expected);
}

static void ones_own_is_typed_twice(void **state)
{
    (void)state;
    new_style = EN_ASK_JOINED;
    new_lang = EN_LANG_FR;
    start(ask_new, true);
    expect("Choisissez une phrase secrète (Entrée pour que j’en propose une)"
           "\xc2\xa0:");
    type("too short\r");
    expect("Une phrase secrète a au moins 12 caractères.");
    expect("propose une)\xc2\xa0:");
    type("long enough now\r");
    expect("Encore une fois\xc2\xa0:");
    type("long enough not\r");
    expect("Les deux phrases secrètes diffèrent.");
    expect("propose une)\xc2\xa0:");
    type("long enough now\r");
    expect("Encore une fois\xc2\xa0:");
    type("long enough now\r");
    ends("ok 0 0:long enough now");
    assert_null(strstr(play.seen, "long enough"));
    assert_null(strstr(play.seen, "autre clavier"));
}

static void characters_another_keyboard_lacks_bring_one_warning(void **state)
{
    const char *warning = "may be missing on another keyboard";
    const char *first;

    (void)state;
    new_style = EN_ASK_JOINED;
    new_lang = EN_LANG_EN;
    start(ask_new, true);
    expect("Choose a passphrase (press Enter and I will suggest one):");
    type("un été à Nîmes\r");
    expect(warning);
    expect("Once more:");
    type("x\r");
    expect("The two passphrases differ.");
    expect("suggest one):");
    type("un été à Nîmes\r");
    expect("Once more:");
    type("un e\xcc\x81te\xcc\x81 a\xcc\x80 Ni\xcc\x82mes\r");
    ends("ok 0 0:un été à Nîmes");
    first = strstr(play.seen, warning);
    assert_non_null(first);
    assert_null(strstr(first + 1, warning));
}

static void a_new_passphrase_can_be_given_up_at_every_step(void **state)
{
    (void)state;
    new_style = EN_ASK_JOINED;
    new_lang = EN_LANG_EN;
    start(ask_new, true);
    expect("suggest one):");
    type("\x03");
    ends(cancelled());
    start(ask_new, true);
    expect("suggest one):");
    type("\r");
    expect("type it again:");
    type("abc\x03");
    ends(cancelled());
    start(ask_new, true);
    expect("suggest one):");
    type("long enough now\r");
    expect("Once more:");
    type("\x04");
    ends(cancelled());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_echoed_and_read_without_its_end),
        cmocka_unit_test(a_line_can_be_corrected_while_typing),
        cmocka_unit_test(nothing_typed_can_send_an_escape_to_the_screen),
        cmocka_unit_test(what_is_too_long_or_no_text_is_refused_whole),
        cmocka_unit_test(ctrl_c_and_ctrl_d_leave_nothing_behind),
        cmocka_unit_test(a_question_that_cannot_be_asked_names_its_flag),
        cmocka_unit_test(yes_and_no_are_understood_in_both_languages),
        cmocka_unit_test(
            anything_else_is_asked_again_and_enter_decides_nothing),
        cmocka_unit_test(a_name_is_asked_until_it_is_one),
        cmocka_unit_test(a_typed_name_is_compared_folded),
        cmocka_unit_test(a_text_ends_at_a_line_with_one_full_stop),
        cmocka_unit_test(a_text_ends_at_ctrl_d_and_is_dropped_by_ctrl_c),
        cmocka_unit_test(simple_shows_no_bar_before_the_lines),
        cmocka_unit_test(
            a_pasted_paragraph_is_not_cut_at_the_terminals_own_limit),
        cmocka_unit_test(a_text_over_its_limit_is_read_to_its_end_and_refused),
        cmocka_unit_test(a_passphrase_is_never_echoed_and_its_length_not_seen),
        cmocka_unit_test(an_empty_passphrase_is_refused_and_ctrl_c_cancels),
        cmocka_unit_test(a_signal_puts_the_terminal_back_and_then_ends_us),
        cmocka_unit_test(ctrl_z_gives_the_shell_its_terminal_and_comes_back),
        cmocka_unit_test(a_passphrase_stays_unseen_after_ctrl_z),
        cmocka_unit_test(enter_proposes_five_words_to_type_back),
        cmocka_unit_test(ones_own_is_typed_twice),
        cmocka_unit_test(characters_another_keyboard_lacks_bring_one_warning),
        cmocka_unit_test(a_new_passphrase_can_be_given_up_at_every_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
