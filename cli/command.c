#include "cli/command.h"

#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Bytes after the first line; a command that says more is stopped. */
#define REST_MAX 16777216

bool en_command_split(struct en_command *c, const char *command)
{
    size_t len = strlen(command);
    char *to = c->text, *from = c->text;

    c->argc = 0;
    if (len >= sizeof(c->text))
        return false;
    memcpy(c->text, command, len + 1);
    for (;;) {
        char quote = '\0';

        while (*from == ' ' || *from == '\t')
            from++;
        if (*from == '\0')
            break;
        if (c->argc == EN_COMMAND_ARGS_MAX)
            return false;
        c->argv[c->argc++] = to;
        while (*from != '\0' &&
               (quote != '\0' || (*from != ' ' && *from != '\t'))) {
            if (quote == '\0' && (*from == '"' || *from == '\'')) {
                quote = *from++;
            } else if (quote != '\0' && *from == quote) {
                quote = '\0';
                from++;
            } else {
                if (*from == '\\' && quote != '\'' && from[1] != '\0')
                    from++;
                *to++ = *from++;
            }
        }
        if (quote != '\0')
            return false;
        if (*from != '\0')
            from++;
        *to++ = '\0'; /* never ahead of from: a word shrinks or stays */
    }
    c->argv[c->argc] = NULL;
    return c->argc > 0 && c->argv[0][0] != '\0';
}

en_err en_first_line(int fd, const char *name, struct en_buf *line,
                     struct en_why *why)
{
    for (;;) {
        uint8_t c;
        ssize_t n = read(fd, &c, 1);
        en_err err;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return en_why_set(why, EN_IO, EN_WHY_FILE_READ, name, 0, 0);
        if (n == 0 || c == '\n')
            break;
        err = en_buf_add_u8(line, c);
        if (err == EN_RANGE)
            return en_why_set(why, EN_RANGE, EN_WHY_TEXT_LONG, NULL,
                              line->n + 1, line->max);
        if (err != EN_OK)
            return err;
    }
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return EN_OK;
}

static en_err failed(struct en_why *why, const char *name)
{
    return en_why_set(why, EN_IO, EN_WHY_COMMAND, name, 0, 0);
}

/* from and to: what its descriptor `to` is; NULL path means the descriptor. */
static en_err start(const struct en_command *c, const char *stdin_path,
                    int from, int to, char *const *env, pid_t *pid,
                    struct en_why *why)
{
    posix_spawn_file_actions_t acts;
    posix_spawnattr_t attr;
    sigset_t none, usual;
    int e;

    if (posix_spawn_file_actions_init(&acts) != 0)
        return EN_NOMEM;
    if (posix_spawnattr_init(&attr) != 0) {
        (void)posix_spawn_file_actions_destroy(&acts);
        return EN_NOMEM;
    }
    /* It starts with no signal blocked or ignored, whatever we were doing. */
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    (void)sigaddset(&usual, SIGINT);
    (void)sigaddset(&usual, SIGQUIT);
    e = posix_spawnattr_setsigmask(&attr, &none);
    if (e == 0)
        e = posix_spawnattr_setsigdefault(&attr, &usual);
    if (e == 0)
        e = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
                                                POSIX_SPAWN_SETSIGDEF);
    if (e == 0 && stdin_path != NULL)
        e = posix_spawn_file_actions_addopen(&acts, STDIN_FILENO, stdin_path,
                                             O_RDONLY, 0);
    if (e == 0 && from >= 0)
        e = posix_spawn_file_actions_adddup2(&acts, from, to);
    if (e == 0)
        e = posix_spawnp(pid, c->argv[0], &acts, &attr, c->argv, env);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&acts);
    return e == 0 ? EN_OK : failed(why, c->argv[0]);
}

static en_err finish(pid_t pid, const char *name, struct en_why *why)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return failed(why, name);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EN_OK
                                                         : failed(why, name);
}

en_err en_command_line(const char *command, struct en_buf *line,
                       struct en_why *why)
{
    struct en_command c;
    int end[2];
    pid_t pid;
    en_err err, ended;

    if (!en_command_split(&c, command))
        return failed(why, command);
    if (pipe2(end, O_CLOEXEC) != 0)
        return failed(why, c.argv[0]);
    /* Our own stdin may hold the text to be kept: it is not the command's. */
    err = start(&c, "/dev/null", end[1], STDOUT_FILENO, environ, &pid, why);
    (void)close(end[1]);
    if (err != EN_OK)
        goto out;
    err = en_first_line(end[0], c.argv[0], line, why);
    /* The rest is read and dropped: a command stopped by a closed pipe would
     * look as if it had failed. One that never ends is stopped by it. */
    for (size_t left = REST_MAX; left > 0;) {
        uint8_t rest[512];
        ssize_t n = read(end[0], rest, sizeof(rest));

        explicit_bzero(rest, sizeof(rest));
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        if (n > 0)
            left -= (size_t)n < left ? (size_t)n : left;
    }
    (void)close(end[0]);
    end[0] = -1;
    ended = finish(pid, c.argv[0], err == EN_OK ? why : NULL);
    if (err == EN_OK)
        err = ended;
out:
    if (end[0] >= 0)
        (void)close(end[0]);
    return err;
}

/* The environment with one more variable, malloc'd; entries borrowed. */
static char **with(char *add)
{
    size_t n = 0, used = 0;
    size_t name = add != NULL ? (size_t)(strchr(add, '=') - add) + 1 : 0;
    char **env;

    while (environ[n] != NULL)
        n++;
    env = calloc(n + 2, sizeof(*env));
    for (size_t i = 0; env != NULL && i < n; i++)
        if (add == NULL || strncmp(environ[i], add, name) != 0)
            env[used++] = environ[i];
    if (env != NULL && add != NULL)
        env[used] = add;
    return env;
}

en_err en_command_feed(const char *command, const char *add,
                       struct en_span bytes, struct en_why *why)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    struct en_command c;
    char *own = NULL, **env = NULL;
    int end[2] = {-1, -1};
    pid_t pid;
    en_err err;

    if (!en_command_split(&c, command))
        return failed(why, command);
    if (add != NULL) {
        own = strdup(add);
        if (own == NULL)
            return EN_NOMEM;
    }
    env = with(own);
    if (env == NULL) {
        free(own);
        return EN_NOMEM;
    }
    if (pipe2(end, O_CLOEXEC) != 0) {
        err = failed(why, c.argv[0]);
        goto out;
    }
    err = start(&c, NULL, end[0], STDIN_FILENO, env, &pid, why);
    (void)close(end[0]);
    if (err != EN_OK) {
        (void)close(end[1]);
        goto out;
    }
    /* A pager left early closes its end: that is no failure. */
    (void)sigemptyset(&ignore.sa_mask);
    (void)sigaction(SIGPIPE, &ignore, &before);
    (void)en_file_send(end[1], bytes);
    (void)close(end[1]);
    (void)sigaction(SIGPIPE, &before, NULL);
    err = finish(pid, c.argv[0], why);
out:
    free(env);
    free(own);
    return err;
}

en_err en_command_run(const char *command, const char *more, struct en_why *why)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
    struct en_command c;
    char *last;
    pid_t pid;
    en_err err;

    if (!en_command_split(&c, command))
        return failed(why, command);
    last = strdup(more);
    if (last == NULL)
        return EN_NOMEM;
    c.argv[c.argc] = last;
    c.argv[c.argc + 1] = NULL;
    err = start(&c, NULL, -1, -1, environ, &pid, why);
    if (err == EN_OK) {
        /* Ctrl-C in an editor is the editor's. */
        (void)sigemptyset(&ignore.sa_mask);
        (void)sigaction(SIGINT, &ignore, &interrupt);
        (void)sigaction(SIGQUIT, &ignore, &quit);
        err = finish(pid, c.argv[0], why);
        (void)sigaction(SIGINT, &interrupt, NULL);
        (void)sigaction(SIGQUIT, &quit, NULL);
    }
    free(last);
    return err;
}
