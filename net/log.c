#include "net/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_ROOM 4096

struct en_log {
    char dir[PATH_ROOM];
    int fd; /* -1: not open */
    size_t n;
};

en_err en_log_new(struct en_log **out, const char *dir)
{
    struct en_log *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return EN_NOMEM;
    l->fd = -1;
    if (dir != NULL && strlen(dir) < sizeof(l->dir) - 16)
        (void)snprintf(l->dir, sizeof(l->dir), "%s", dir);
    *out = l;
    return EN_OK;
}

void en_log_free(struct en_log *l)
{
    if (l == NULL)
        return;
    if (l->fd >= 0)
        (void)close(l->fd);
    free(l);
}

static void path_of(const struct en_log *l, const char *name,
                    char out[PATH_ROOM])
{
    (void)snprintf(out, PATH_ROOM, "%.*s/%s", PATH_ROOM - 16, l->dir, name);
}

static void make_dirs(struct en_log *l)
{
    for (char *p = l->dir + 1; *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        (void)mkdir(l->dir, 0700);
        *p = '/';
    }
    (void)mkdir(l->dir, 0700);
}

static void open_log(struct en_log *l)
{
    char path[PATH_ROOM];
    struct stat st;

    make_dirs(l);
    path_of(l, "agent.log", path);
    l->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                 0600);
    if (l->fd >= 0 && fstat(l->fd, &st) == 0)
        l->n = st.st_size < 0 ? 0 : (size_t)st.st_size;
}

static void turn(struct en_log *l)
{
    char now[PATH_ROOM], before[PATH_ROOM];

    path_of(l, "agent.log", now);
    path_of(l, "agent.log.1", before);
    (void)close(l->fd);
    l->fd = -1;
    if (rename(now, before) != 0)
        (void)unlink(now);
    open_log(l);
}

void en_log_line(struct en_log *l, int64_t time_ms, const char *line)
{
    char text[EN_LOG_LINE_MAX + 32];
    time_t s = (time_t)(time_ms / 1000);
    struct tm tm = {0};
    size_t at;
    int n;

    if (l->dir[0] == '\0')
        return;
    if (l->fd < 0)
        open_log(l);
    if (l->fd >= 0 && l->n >= EN_LOG_MAX)
        turn(l);
    if (l->fd < 0 || gmtime_r(&s, &tm) == NULL)
        return;
    at = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ ", &tm);
    n = snprintf(text + at, EN_LOG_LINE_MAX, "%s", line);
    if (n < 0)
        return;
    at += (size_t)n < EN_LOG_LINE_MAX ? (size_t)n : EN_LOG_LINE_MAX - 1;
    text[at++] = '\n';
    if (write(l->fd, text, at) == (ssize_t)at)
        l->n += at;
}
