#include "cli/run.h"

#include "base/text.h"
#include "lib/test.h"
#include "lib/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>

#define PATIENCE_MS                                                            \
    60000 /* two passphrases under a sanitizer, on a busy machine */
#define ARGV_MAX 300

const char *run_program;

/*
 * A person
 */

void person_new(struct person *p, const char *lang)
{
    memset(p, 0, sizeof *p);
    p->lang = lang;
    snprintf(p->home, sizeof p->home, "/dev/shm/en-run-XXXXXX");
    assert_non_null(mkdtemp(p->home));
    snprintf(p->pass, sizeof p->pass, "%s",
             file_with(p, "pass", BYTES(PASSPHRASE "\n")));
}

void person_init(struct person *p)
{
    assert_int_equal(RUN(p, "init", "--name", "Amina B.", "--weak-device",
                         "--passphrase-file", p->pass),
                     0);
}

void person_free(struct person *p)
{
    char cmd[192];

    p->inside = NULL;
    p->command = NULL;
    p->dir = NULL;
    p->columns = 0;
    (void)RUN(p, "agent", "stop");
    snprintf(cmd, sizeof cmd, "chmod -R u+rwX %s && rm -rf %s", p->home,
             p->home);
    assert_int_equal(system(cmd), 0);
    en_buf_free(&p->out);
    en_buf_free(&p->err);
}

void person_set(struct person *p, const char *name, const char *value)
{
    size_t i = 0;

    while (i < 8 && p->set[i][0] != NULL && strcmp(p->set[i][0], name) != 0)
        i++;
    assert_true(i < 8);
    p->set[i][0] = name;
    p->set[i][1] = value; /* NULL: not set */
}

const char *file_at(const struct person *p, const char *name)
{
    static char path[256];

    assert_true(snprintf(path, sizeof path, "%s/%s", p->home, name) <
                (int)sizeof path);
    return path;
}

const char *file_with(const struct person *p, const char *name,
                      struct en_span bytes)
{
    const char *path = file_at(p, name);
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    if (bytes.n > 0)
        assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
    return path;
}

/*
 * The child
 */

static void environment(const struct person *p)
{
    (void)clearenv();
    (void)setenv("PATH", "/usr/bin:/bin", 1);
    (void)setenv("HOME", p->home, 1);
    (void)setenv("ENTRENOUS_HOME", p->home, 1);
    (void)setenv("LANG", "C", 1);
    (void)setenv("TZ", "UTC", 1);
    /* entrenous-scripted: 28 April 2027, 16:07 at UTC+2; entrenous has no such. */
    (void)setenv("EN_SCRIPT_MS", "1808921220000", 1);
    if (p->lang != NULL)
        (void)setenv("ENTRENOUS_LANG", p->lang, 1);
    for (size_t i = 0; i < 8 && p->set[i][0] != NULL; i++) {
        if (p->set[i][1] != NULL)
            (void)setenv(p->set[i][0], p->set[i][1], 1);
        else
            (void)unsetenv(p->set[i][0]);
    }
}

/* ends: stdin, stdout, stderr. A new session has no terminal until one is opened. */
static void become(const struct person *p, const int ends[3], const char *tty,
                   const char *const *argv)
{
    const char *words[ARGV_MAX + 5] = {0};
    size_t n = 0;
    int fd;

    (void)setsid();
    if (tty != NULL) {
        struct winsize size = {.ws_row = 5000,
                               .ws_col = (unsigned short)p->columns};

        fd = open(tty, O_RDWR);
        if (fd < 0 || ioctl(fd, TIOCSWINSZ, &size) != 0)
            _exit(97);
        (void)dup2(p->feed.p == NULL ? fd : ends[0], 0);
        (void)dup2(fd, 1);
        (void)dup2(fd, 2);
    } else {
        for (int i = 0; i < 3; i++)
            (void)dup2(ends[i], i);
    }
    for (int i = 3; i < 256; i++)
        (void)close(i);
    if (chdir(p->dir != NULL ? p->dir : p->home) != 0)
        _exit(96);
    environment(p);
    if (p->inside != NULL)
        p->inside(p->inside_user);
    if (p->command != NULL) {
        words[n++] = "bash";
        words[n++] = "-c";
        words[n++] = p->command;
    }
    words[n++] = p->command != NULL ? run_program : "entrenous";
    for (size_t i = 0; argv[i] != NULL && i < ARGV_MAX; i++)
        words[n++] = argv[i];
    (void)execv(p->command != NULL ? "/bin/bash" : run_program,
                (char *const *)(uintptr_t)words);
    _exit(98);
}

/*
 * What every screen owes
 */

static void wrong(const struct person *p, const char *const *argv,
                  const char *what)
{
    fprintf(stderr, "# entrenous");
    for (size_t i = 0; argv[i] != NULL; i++)
        fprintf(stderr, " %.200s", argv[i]);
    fprintf(stderr, "\n# status %d\n# --- stdout\n%.*s\n# --- stderr\n%.*s\n",
            p->status, (int)(p->out.n > 4000 ? 4000 : p->out.n),
            (const char *)p->out.p, (int)(p->err.n > 4000 ? 4000 : p->err.n),
            (const char *)p->err.p);
    fail_msg("%s", what);
}

static bool has_flag(const char *const *argv, const char *flag)
{
    for (size_t i = 0; argv[i] != NULL && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], flag) == 0)
            return true;
    }
    return false;
}

/* The length of a colour escape at p, else 0. */
static size_t colour_at(const uint8_t *p, size_t n)
{
    size_t i = 2;

    if (n < 3 || p[0] != 0x1b || p[1] != '[')
        return 0;
    while (i < n && ((p[i] >= '0' && p[i] <= '9') || p[i] == ';'))
        i++;
    return i < n && p[i] == 'm' ? i + 1 : 0;
}

static bool is_override(int32_t cp)
{
    return (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
           cp == 0x200e || cp == 0x200f;
}

static void check_bytes(const struct person *p, const char *const *argv,
                        const struct en_buf *b)
{
    struct en_span s = en_buf_span(b);
    bool json = has_flag(argv, "--json"), plain = has_flag(argv, "--plain");

    if (s.n > 0 && !en_text_utf8(s))
        wrong(p, argv, "what was shown is no UTF-8");
    while (s.n > 0) {
        size_t colour = p->columns > 0 ? colour_at(s.p, s.n) : 0;
        int32_t cp;

        if (colour > 0) {
            s = EN_SPAN(s.p + colour, s.n - colour);
            continue;
        }
        cp = en_text_next(&s);
        if (cp == '\r' && p->columns > 0)
            continue; /* the terminal's own */
        if ((cp < 0x20 && cp != '\n' && cp != '\t') ||
            (cp >= 0x7f && cp < 0xa0) || is_override(cp))
            wrong(p, argv, "a control character reached the screen");
        if ((json || plain) && (cp == 0xa0 || cp == 0x202f))
            wrong(p, argv, "a hard space in what scripts read");
    }
}

/* Sentences end with a mark before a space or the end; "B." is a name's letter. */
static unsigned sentences(const char *s)
{
    unsigned n = 0;

    for (size_t i = 0; s[i] != '\0'; i++) {
        bool initial = s[i] == '.' && i > 0 && s[i - 1] >= 'A' &&
                       s[i - 1] <= 'Z' && (i == 1 || s[i - 2] == ' ');

        if ((s[i] == '.' || s[i] == '?' || s[i] == '!') &&
            (s[i + 1] == ' ' || s[i + 1] == '\n' || s[i + 1] == '\0') &&
            !initial)
            n++;
    }
    return n;
}

/* Words that one language has and the other has not. */
static const char *const english_words[] = {
    "the",  "your",    "you",    "was",  "were", "nothing", "and",
    "this", "that",    "with",   "not",  "is",   "are",     "of",
    "to",   "entries", "cannot", "type", NULL};
static const char *const french_words[] = {
    "rien", "vous", "votre", "vos",   "les",   "est",  "pas", "une",
    "des",  "dans", "avec",  "cette", "tapez", "puis", NULL};

static bool letter(uint8_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Flags and quoted words are the same in both. */
static const char *stray_word(struct en_span s, const char *const *list)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = 0;

        while (i + n < s.n && (letter(s.p[i + n]) || s.p[i + n] >= 0x80))
            n++;
        if (n == 0) {
            i++;
            continue;
        }
        for (size_t w = 0; list[w] != NULL && (i == 0 || s.p[i - 1] != '-');
             w++) {
            if (strlen(list[w]) == n &&
                strncasecmp((const char *)s.p + i, list[w], n) == 0)
                return list[w];
        }
        i += n;
    }
    return NULL;
}

static void check_language(const struct person *p, const char *const *argv,
                           struct en_span s)
{
    const char *lang = p->lang == NULL ? "fr" : p->lang;
    const char *word;
    char what[128];

    for (size_t i = 0; argv[i] != NULL && argv[i + 1] != NULL; i++) {
        if (strcmp(argv[i], "--lang") == 0)
            lang = argv[i + 1];
    }
    if (p->foreign || (strcmp(lang, "fr") != 0 && strcmp(lang, "en") != 0))
        return;
    word = stray_word(s, lang[0] == 'f' ? english_words : french_words);
    if (word != NULL) {
        snprintf(what, sizeof what, "\"%s\" on a screen in %s", word, lang);
        wrong(p, argv, what);
    }
}

/* "{name}" that was never filled. */
static bool has_place(const struct en_buf *b)
{
    for (size_t i = 0; i + 1 < b->n; i++) {
        if (b->p[i] == '{' && letter(b->p[i + 1]))
            return true;
    }
    return false;
}

static void check_message(const struct person *p, const char *const *argv,
                          struct en_span s)
{
    struct en_buf text = {0};

    if (s.n == 0)
        wrong(p, argv, "an error without a word");
    assert_ok(en_buf_add_span(&text, s));
    assert_ok(en_buf_add_u8(&text, 0));
    if (sentences((const char *)text.p) > 3)
        wrong(p, argv, "more than three sentences");
    en_buf_free(&text);
    check_language(p, argv, s);
}

static const char *status_name(int status)
{
    static const char *const names[] = {
        "done",        "failed", "misuse",
        "not-found",   "locked", "wrong-passphrase",
        "not-allowed", "nobody", "not-verified",
        "busy",        "choose", "partly"};

    return status == 130                 ? "cancelled"
           : status >= 0 && status <= 11 ? names[status]
                                         : "";
}

static void check_json(const struct person *p, const char *const *argv)
{
    struct en_json root, error;
    struct en_buf message = {0};
    uint64_t v = 0, code = 0;

    if (en_json_read(en_buf_span(&p->out), &root, NULL) != EN_OK)
        wrong(p, argv, "not one JSON document");
    if (en_json_u64(en_json_get(root, "v"), &v) != EN_OK || v != 1)
        wrong(p, argv, "no version in the document");
    if (p->status == 0) {
        if (en_json_get(root, "ok").type != EN_JSON_TRUE ||
            en_json_get(root, "verb").type != EN_JSON_STRING ||
            en_json_get(root, "items").type != EN_JSON_ARRAY ||
            en_json_get(root, "notes").type != EN_JSON_ARRAY)
            wrong(p, argv, "not the envelope of what went well");
        return;
    }
    error = en_json_get(root, "error");
    if (en_json_get(root, "ok").type != EN_JSON_FALSE ||
        en_json_u64(en_json_get(error, "code"), &code) != EN_OK ||
        (int)code != p->status ||
        !en_json_str_is(en_json_get(error, "name"), status_name(p->status)) ||
        en_json_str(en_json_get(error, "message"), &message) != EN_OK)
        wrong(p, argv, "not the envelope of an error");
    check_message(p, argv, en_buf_span(&message));
    en_buf_free(&message);
}

static void check_screen(const struct person *p, const char *const *argv)
{
    bool json = has_flag(argv, "--json"), plain = has_flag(argv, "--plain");

    check_bytes(p, argv, &p->out);
    check_bytes(p, argv, &p->err);
    if (json && p->columns == 0) {
        check_json(p, argv);
        return;
    }
    if (has_place(&p->out) || has_place(&p->err))
        wrong(p, argv, "a place that was never filled");
    if (p->status != 0 && p->columns == 0)
        check_message(p, argv, en_buf_span(&p->err));
    if (!plain)
        check_language(p, argv, en_buf_span(&p->out));
    check_language(p, argv, en_buf_span(&p->err));
}

/*
 * Running
 */

static int64_t clock_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* One descriptor has something, or has ended (then it is -1). */
static void take(int *fd, struct en_buf *out)
{
    uint8_t raw[16384];
    ssize_t n = read(*fd, raw, sizeof raw);

    if (n <= 0) {
        (void)close(*fd);
        *fd = -1;
        return;
    }
    assert_ok(en_buf_add(out, raw, (size_t)n));
}

static void give(int *fd, struct en_span *left)
{
    ssize_t n = left->n > 0 ? write(*fd, left->p, left->n) : -1;

    if (n > 0)
        *left = EN_SPAN(left->p + n, left->n - (size_t)n);
    if (left->n == 0 || (n < 0 && errno != EAGAIN)) {
        (void)close(*fd); /* all was given, or nobody reads */
        *fd = -1;
    }
}

/* Until the program has ended and its streams are read. An agent that it started
 * holds none of them. */
static void converse(struct person *p, pid_t pid, int in, int out, int err,
                     const char *const *argv)
{
    int64_t until = clock_ms() + PATIENCE_MS;
    struct en_span left = p->feed;
    int status = 0;

    while (in >= 0 || out >= 0 || err >= 0) {
        struct pollfd fd[3] = {
            {in, POLLOUT, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}};
        int64_t wait = until - clock_ms();

        if (wait <= 0 || poll(fd, 3, (int)wait) <= 0) {
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, &status, 0);
            wrong(p, argv, "it did not end");
        }
        if (fd[0].revents != 0)
            give(&in, &left);
        if (fd[1].revents != 0)
            take(&out, &p->out);
        if (fd[2].revents != 0)
            take(&err, &p->err);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    p->status =
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run(struct person *p, const char *const *argv)
{
    int in[2], out[2], err[2];
    int tty = -1;
    const char *name = NULL;
    pid_t pid;

    en_buf_clear(&p->out);
    en_buf_clear(&p->err);
    p->status = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    if (p->columns > 0) {
        tty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(tty >= 0);
        assert_int_equal(grantpt(tty), 0);
        assert_int_equal(unlockpt(tty), 0);
        name = ptsname(tty);
        assert_non_null(name);
    }
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int ends[3] = {in[0], out[1], err[1]};

        (void)signal(SIGPIPE, SIG_DFL);
        become(p, ends, name, argv);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    (void)close(err[1]);
    assert_int_equal(fcntl(in[1], F_SETFL, O_NONBLOCK), 0);
    if (tty >= 0) {
        (void)close(out[0]);
        out[0] = tty;
    }
    converse(p, pid, in[1], out[0], err[0], argv);
    p->feed = (struct en_span){0};
    check_screen(p, argv);
    return p->status;
}

int run_alone(struct person *p)
{
    return run(p, (const char *const[]){NULL});
}

/*
 * Looking
 */

static bool match(struct en_span s, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= s.n; i++) {
        size_t k = 0;

        while (k < n && (s.p[i + k] == (uint8_t)text[k] ||
                         (s.p[i + k] == '\n' && text[k] == ' ')))
            k++;
        if (k == n)
            return true;
    }
    return false;
}

bool shows(const struct person *p, const char *text)
{
    return match(en_buf_span(&p->out), text) ||
           match(en_buf_span(&p->err), text);
}

static void differ(const struct person *p, const char *what, const char *text)
{
    fail_msg("%s \"%s\" (status %d)\n--- stdout\n%.*s\n--- stderr\n%.*s", what,
             text, p->status, (int)(p->out.n > 4000 ? 4000 : p->out.n),
             (const char *)p->out.p, (int)p->err.n, (const char *)p->err.p);
}

void saw(const struct person *p, const char *text)
{
    if (!shows(p, text))
        differ(p, "not shown:", text);
}

void saw_not(const struct person *p, const char *text)
{
    if (shows(p, text))
        differ(p, "shown:", text);
}

void said(const struct person *p, const char *message)
{
    struct en_buf all = {0};

    assert_ok(en_buf_add_span(&all, en_buf_span(&p->out)));
    assert_ok(en_buf_add_span(&all, en_buf_span(&p->err)));
    while (all.n > 0 && all.p[all.n - 1] == '\n')
        all.n--;
    if (all.n != strlen(message) || !match(en_buf_span(&all), message))
        differ(p, "this was not said:", message);
    en_buf_free(&all);
}

struct en_json doc(const struct person *p)
{
    struct en_json root;

    if (p->status != 0)
        differ(p, "went wrong:", "--json");
    assert_ok(en_json_read(en_buf_span(&p->out), &root, NULL));
    return root;
}

size_t items(const struct person *p)
{
    return en_json_count(en_json_get(doc(p), "items"));
}

const char *field(const struct person *p, size_t item, const char *name)
{
    static char text[4096];
    struct en_buf b = {0};
    struct en_json v =
        en_json_get(en_json_at(en_json_get(doc(p), "items"), item), name);

    if (v.type == EN_JSON_STRING) {
        assert_ok(en_json_str(v, &b));
    } else {
        if (v.type == EN_JSON_NONE)
            differ(p, "no field", name);
        assert_ok(en_buf_add_span(&b, v.text));
    }
    assert_true(b.n < sizeof text);
    if (b.n > 0)
        memcpy(text, b.p, b.n);
    text[b.n] = '\0';
    en_buf_free(&b);
    return text;
}

void wrote(struct person *p, const char *text, char id[32])
{
    assert_int_equal(FED(p, text, "write", "--json"), 0);
    assert_int_equal(items(p), 1);
    snprintf(id, 32, "%s", field(p, 0, "id"));
}
