/*
 * run.h - a command as a script runs it: what went in, what came out, its status.
 *
 *   struct person p;
 *   person_new(&p, "fr");
 *   person_init(&p);                          a journal, open for a while
 *   assert_int_equal(RUN(&p, "lister"), 0);
 *   assert_int_equal(FED(&p, "Un mot.\n", "ecrire"), 0);
 *   saw(&p, "1 note.");
 *   person_free(&p);
 *
 * No environment but a home, a path, LANG=C and what p->set adds; no terminal but
 * where p->columns asks for one. Every run is looked at, whatever its test is
 * about: it ends in time; what it prints is UTF-8, holds no control byte and no
 * direction override, on a terminal no escape but colour; --json is one document
 * with its envelope and, like --plain, has plain spaces only; an error is at most
 * three sentences; a French screen holds no English and an English one no French.
 *
 * Errors     none come back: what is wrong fails the test, naming the command.
 */
#ifndef EN_TESTS_CLI_RUN_H
#define EN_TESTS_CLI_RUN_H

#include "cli/json.h"

#define PASSPHRASE "hameau cerise citron horloge tulipe"

/* One person at one computer. Fields from lang on are set as a test likes; feed is
 * forgotten after each run. */
struct person {
    char home[64];
    char pass[80];    /* path of a file that holds PASSPHRASE */
    const char *lang; /* ENTRENOUS_LANG; NULL: not set */
    const char *set[8][2];
    unsigned columns;       /* a terminal so wide; 0: pipes */
    bool foreign;           /* what people wrote is in the other language */
    const char *dir;        /* working directory; NULL: home */
    void (*inside)(void *); /* called in the child before the program starts */
    void *inside_user;
    struct en_span feed; /* stdin; {0}: empty */
    const char
        *command; /* of a shell, instead of the program; its argv is $@ */
    int status;   /* of the last run */
    struct en_buf out, err; /* a terminal's is all in out */
};

/* Where entrenous is; set by main from its arguments. */
extern const char *run_program;

void person_new(struct person *p, const char *lang);
void person_init(struct person *p);
/* Stops the agent and removes the home. */
void person_free(struct person *p);
void person_set(struct person *p, const char *name, const char *value);

int run(struct person *p, const char *const *argv);
#define RUN(p, ...)       run((p), (const char *const[]){__VA_ARGS__, NULL})
#define FED(p, text, ...) ((p)->feed = en_span_str(text), RUN((p), __VA_ARGS__))
/* Without a word. */
int run_alone(struct person *p);

/* A line break counts as a space: a sentence is found however it was broken. */
bool shows(const struct person *p, const char *text);
void saw(const struct person *p, const char *text);
void saw_not(const struct person *p, const char *text);
/* The whole of both streams is this one message. */
void said(const struct person *p, const char *message);

/* The document of a --json run that was right. */
struct en_json doc(const struct person *p);
size_t items(const struct person *p); /* how many */
/* A field of an item, as text, NUL-terminated; overwritten by the next call. */
const char *field(const struct person *p, size_t item, const char *name);
/* Writes an entry; its id, in a buffer of its own. */
void wrote(struct person *p, const char *text, char id[32]);

/* A file below the person's home; its path is overwritten by the next call. */
const char *file_at(const struct person *p, const char *name);
const char *file_with(const struct person *p, const char *name,
                      struct en_span bytes);

#endif
