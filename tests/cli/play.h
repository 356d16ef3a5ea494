/*
 * play.h - a command on a pseudo-terminal: what it shows is kept, what it asks is
 * answered.
 *
 *   struct play p;
 *   play_start(&p, stage, argv);
 *   play_await(&p, "verront-ils ?  ");
 *   play_type(&p, "Amina B.");
 *   status = play_end(&p);
 *
 * What a person would see goes into stage->seen as it comes, carriage returns left
 * out, after a line "$ entrenous ...". Waiting has a limit, and no step sleeps.
 *
 * Errors     a question that does not come, or a command that does not end, fails
 *            the test and shows what was seen.
 */
#ifndef EN_TESTS_CLI_PLAY_H
#define EN_TESTS_CLI_PLAY_H

#include "base/bytes.h"

#include <sys/types.h>

/* One person's place: a home, a language, a width. */
struct stage {
    const char *program; /* path of entrenous-scripted */
    char home[64];
    const char *lang; /* ENTRENOUS_LANG; NULL: none */
    unsigned columns;
    int64_t now_ms;
    struct en_buf seen;
};

void stage_new(struct stage *s, const char *program, const char *lang,
               unsigned columns);
/* Stops its agent, removes its home. */
void stage_free(struct stage *s);

struct play {
    struct stage *stage;
    pid_t pid;
    int fd;
    size_t from; /* of stage->seen: where this command began */
    size_t at;   /* up to where its output has been looked at */
};

/* argv: NULL-terminated words after "entrenous". typed: the line as it is shown
 * after "$ "; NULL: the words. */
void play_start(struct play *p, struct stage *s, const char *const *argv,
                const char *typed);
void play_await(struct play *p, const char *text);
void play_type(struct play *p, const char *line); /* and Enter */
void play_key(struct play *p, char c);
int play_end(struct play *p); /* its exit status */

/* A whole command that asks nothing. */
#define PLAY(s, ...) play_all((s), (const char *const[]){__VA_ARGS__, NULL})
int play_all(struct stage *s, const char *const *argv);

/* The first line after `after` in what p has shown that begins with four spaces,
 * without them. */
void play_line(const struct play *p, const char *after, char *out, size_t size);

#endif
