/*
 * hostile_test.c - what a hostile text, file, folder or disk may not do: drive the
 * terminal, hide words, stop the program, lose what was kept. And what is then said.
 *
 * That no control byte reaches a screen is looked at by run() after every command.
 */
#include "cli/run.h"
#include "lib/test.h"
#include "lib/vec.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#define H   "\xc2\xa0"
#define ESC "\x1b[31m"
#define RLO "\xe2\x80\xae" /* from here right to left */
#define DOT "\xc2\xb7"

static struct person p;

static int make_person(void **state)
{
    (void)state;
    person_new(&p, "fr");
    person_init(&p);
    return 0;
}

static int drop_person(void **state)
{
    (void)state;
    person_free(&p);
    return 0;
}

static size_t entries(void)
{
    assert_int_equal(RUN(&p, "list", "--json"), 0);
    return items(&p);
}

/*
 * Texts
 */

static void what_could_turn_or_hide_words_is_shown_as_a_dot(void **state)
{
    char id[32];

    (void)state;
    assert_int_equal(FED(&p, "avant" RLO "apres", "write", "--title",
                         "un" RLO "titre", "--tag", "a" RLO "b", "--json"),
                     0);
    /* Kept exactly; JSON escapes it. */
    saw(&p, "avant\\u202eapres");
    snprintf(id, sizeof id, "%s", field(&p, 0, "id"));
    assert_int_equal(RUN(&p, "read", id), 0);
    saw(&p, "avant" DOT "apres");
    saw(&p, "un" DOT "titre");
    assert_int_equal(RUN(&p, "read", id, "--plain"), 0);
    saw(&p, "avant" DOT "apres");
    assert_int_equal(RUN(&p, "list", "--simple"), 0);
    saw(&p, "un" DOT "titre");
    assert_int_equal(RUN(&p, "search", "apres"), 0);
    assert_int_equal(RUN(&p, "list", "--tag", "a" RLO "b"), 0);
    saw(&p, "1 note.");
    p.columns = 80;
    assert_int_equal(RUN(&p, "read", id, "--history"), 0);
    assert_int_equal(RUN(&p, "list"), 0);
    p.columns = 0;
    assert_int_equal(RUN(&p, "undo", "--list"), 0);
    assert_int_equal(RUN(&p, "undo"), 0);
}

/* What is typed comes back in messages. */
static void hostile_words_come_back_harmless_in_messages(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, ESC "list"), 2);
    saw(&p, DOT "list");
    assert_int_equal(RUN(&p, "list", "--" ESC "x"), 2);
    assert_int_equal(RUN(&p, "read", ESC), 3);
    assert_int_equal(RUN(&p, "read", "k7m" RLO), 3);
    assert_int_equal(RUN(&p, "list", "--from", ESC RLO), 2);
    assert_int_equal(RUN(&p, "words", "--circle", ESC "x" RLO), 3);
    assert_int_equal(RUN(&p, "help", ESC), 3);
    assert_int_equal(RUN(&p, "import", ESC RLO "x", "--format", "jsonl"), 3);
    assert_int_equal(RUN(&p, "import", "pass", "--format", ESC RLO), 2);
    assert_int_equal(RUN(&p, "list", "--lang", ESC), 2);
    assert_int_equal(RUN(&p, "list", "--passphrase-file", ESC), 0);
    person_set(&p, "ENTRENOUS_CIRCLE", ESC "x");
    assert_int_equal(RUN(&p, "words"), 3);
    person_set(&p, "ENTRENOUS_CIRCLE", NULL);
}

static void a_name_with_a_control_character_is_refused(void **state)
{
    static const char *const names[] = {"",
                                        " ",
                                        "a\nb",
                                        "a\tb",
                                        ESC "a",
                                        "a\x7f"
                                        "b",
                                        "a" RLO "b",
                                        "\xe2\x80\x8b"};
    char longest[66];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (RUN(&p, "circle", "create", names[i]) != 2)
            fail_msg("name %zu was taken", i);
        saw(&p, "Un nom tient sur une ligne, de 1 à 64 octets, sans caractère "
                "de contrôle.");
    }
    memset(longest, 'a', 65);
    longest[65] = '\0';
    assert_int_equal(RUN(&p, "circle", "create", longest), 2);
    assert_int_equal(RUN(&p, "circle", "list", "--json"), 0);
    assert_int_equal(items(&p), 0);
    {
        struct person q;

        person_new(&q, "fr");
        assert_int_equal(RUN(&q, "init", "--name", "A" ESC, "--weak-device",
                             "--passphrase-file", q.pass),
                         2);
        assert_int_equal(RUN(&q, "list"), 3); /* no journal was begun */
        person_free(&q);
    }
}

static void what_is_no_utf8_is_refused_whole(void **state)
{
    size_t before = entries();

    (void)state;
    assert_int_equal(RUN(&p, "write", "a\xff"), 2);
    saw(&p, "n’est pas en UTF-8");
    assert_int_equal(FED(&p, "a\xff", "write"), 2);
    saw(&p, "Ce texte n’est pas en UTF-8");
    assert_int_equal(FED(&p, "a\xed\xa0\x80", "write"), 2); /* a surrogate */
    assert_int_equal(FED(&p, "a\xc0\xaf", "write"), 2); /* too long a form */
    assert_int_equal(RUN(&p, "write", "--title", "\xff", "--", "x"), 2);
    assert_int_equal(RUN(&p, "list", "--tag", "\xff"), 2);
    assert_int_equal(RUN(&p, "\xff"), 2);
    assert_int_equal(RUN(&p, "read", "\xff"), 2);
    assert_int_equal(entries(), before);
}

static void bounds_are_met_by_sentences(void **state)
{
    const char *many[300] = {"write"};
    size_t before = entries();
    char *big = malloc(131072);

    (void)state;
    assert_non_null(big);
    memset(big, 'a', 131071);
    big[131071] = '\0';
    assert_int_equal(RUN(&p, "write", "--", big), 2);
    saw(&p, "Rien n’a été enregistré ni coupé");
    assert_int_equal(RUN(&p, "write", "--title", big, "--", "x"), 2);
    assert_int_equal(RUN(&p, "write", "--tag", big, "--", "x"), 2);
    assert_int_equal(RUN(&p, "read", big), 2);
    assert_int_equal(RUN(&p, "list", "--from", big), 2);
    assert_int_equal(RUN(&p, big), 2);
    (void)RUN(&p, "search", big);
    for (size_t i = 1; i < 299; i++)
        many[i] = "x";
    assert_int_equal(run(&p, many), 2);
    for (size_t i = 1; i < 299; i += 2) {
        many[i] = "--tag";
        many[i + 1] = "x";
    }
    assert_int_equal(run(&p, many), 2);
    {
        const char *tags[30] = {"write", "--", "x"};

        for (size_t i = 0; i < 26; i += 2) {
            static char tag[13][8];

            snprintf(tag[i / 2], sizeof tag[0], "t%zu", i);
            tags[1 + i] = "--tag";
            tags[2 + i] = tag[i / 2];
        }
        tags[27] = "--";
        tags[28] = "x";
        assert_int_equal(run(&p, tags), 2);
        saw(&p, "Une note a au plus 12 étiquettes");
    }
    free(big);
    assert_int_equal(RUN(&p, "list", "--limit", "99999999999999999999"), 2);
    assert_int_equal(RUN(&p, "onthisday", "--years", "-1"), 2);
    assert_int_equal(entries(), before);
}

/*
 * Files
 */

static void an_import_never_harms_whatever_the_file_is(void **state)
{
    static const char odd[] =
        "\xef\xbb\xbf{\"date\":\"2026-01-01\",\"text\":\"marque\"}\r\n"
        "{\"date\":\"2026-01-02\",\"text\":\"\\u001b[31mrouge\\u202e\"}\n"
        "{\"date\":\"2026-01-03\",\"text\":\"\xff\"}\n"
        "{\"date\":\"2026-01-04\",\"text\":\"\\ud800\"}\n"
        "{\"date\":\"2026-02-30\",\"text\":\"x\"}\n"
        "{\"date\":\"2026-01-05\",\"text\":\"x\",\"date\":\"2026-01-06\"}\n"
        "{\"date\":\"2026-01-07\",\"text\":1}\n"
        "[]\n\n null \n"
        "{\"date\":\"2026-01-08\",\"text\":\"x\"\n";
    struct en_buf deep = {0};

    (void)state;
    (void)file_with(&p, "odd.jsonl", BYTES(odd));
    assert_int_equal(
        RUN(&p, "import", "odd.jsonl", "--format", "jsonl", "--report", "r"),
        11);
    assert_int_equal(
        RUN(&p, "list", "--from", "2026-01-01", "--to", "2026-01-31", "--json"),
        0);
    assert_int_equal(items(&p), 2);
    assert_int_equal(
        RUN(&p, "list", "--from", "2026-01-02", "--to", "2026-01-02"), 0);
    saw(&p, "rouge" DOT);
    /* Nothing but brackets, a million deep. */
    for (size_t i = 0; i < 1000000; i++)
        assert_ok(en_buf_add_u8(&deep, '['));
    (void)file_with(&p, "deep", en_buf_span(&deep));
    assert_int_equal(RUN(&p, "import", "deep", "--format", "jsonl"), 1);
    en_buf_free(&deep);
    (void)file_with(&p, "empty", BYTES(""));
    assert_int_equal(RUN(&p, "import", "empty", "--format", "jsonl"), 1);
    (void)file_with(&p, "zeros", EN_SPAN((const uint8_t[64]){0}, 64));
    assert_int_equal(RUN(&p, "import", "zeros", "--format", "jsonl"), 1);
    assert_int_equal(RUN(&p, "import", "/", "--format", "jsonl"), 2);
}

static void an_import_that_is_too_big_is_not_read(void **state)
{
    const char *path = file_with(&p, "big", BYTES(""));

    (void)state;
    assert_int_equal(truncate(path, 300000000), 0); /* a hole: no disk */
    assert_int_equal(RUN(&p, "import", "big", "--format", "jsonl"), 2);
    said(&p, "big fait 300" H "Mo, et j’en lis 269" H
             "Mo au plus. Rien n’a changé" H
             ": coupez-le en fichiers plus petits.");
    assert_int_equal(
        RUN(&p, "import", "big", "--format", "jsonl", "--lang", "en"), 2);
    said(&p, "big is 300" H "MB; I read at most 269" H
             "MB. Nothing was changed: cut it into smaller files.");
}

static void a_passphrase_that_never_ends_is_refused(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "lock"), 0);
    assert_int_equal(RUN(&p, "list", "--passphrase-file", "/dev/zero"), 2);
    saw_not(&p, "deux notes");
    assert_int_equal(RUN(&p, "list", "--passphrase-command", "yes"), 1);
    assert_int_equal(RUN(&p, "list", "--passphrase-command", "cat /dev/zero"),
                     2);
    assert_int_equal(RUN(&p, "unlock", "--passphrase-file", p.pass), 0);
}

static void settings_of_nonsense_stop_nothing(void **state)
{
    char *big = malloc(100000);

    (void)state;
    assert_non_null(big);
    memset(big, 0xff, 100000);
    (void)file_with(&p, "config/settings",
                    EN_SPAN((const uint8_t *)big, 100000));
    assert_int_equal(RUN(&p, "list"), 0);
    (void)file_with(&p, "config/settings", EN_SPAN((const uint8_t *)big, 4000));
    assert_int_equal(RUN(&p, "list"), 0);
    (void)file_with(
        &p, "config/settings",
        BYTES("lang = \x1b[31m\ncircle = \x1b\n=\n\n = = =\nsimple"));
    assert_int_equal(RUN(&p, "list"), 0);
    (void)file_with(&p, "config/settings", BYTES("lang = fr\n"));
    free(big);
}

/*
 * Folders and disks
 */

/* Somebody without rights, if we are root; else we are that already. */
static void as_nobody(void *user)
{
    (void)user;
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        _exit(98);
}

/* A person of their own, whose home is theirs. */
static void nobody_new(struct person *q)
{
    person_new(q, "fr");
    if (getuid() == 0)
        assert_int_equal(chown(q->home, 65534, 65534), 0);
    assert_int_equal(chmod(q->pass, 0644), 0);
    q->inside = as_nobody;
    if (RUN(q, "help", "exit") == 98) {
        person_free(q);
        skip(); /* they cannot reach the program */
    }
}

static void a_file_without_rights_is_named(void **state)
{
    struct person q;

    (void)state;
    nobody_new(&q);
    person_init(&q);
    assert_int_equal(chmod(file_with(&q, "closed", BYTES("x\n")), 0), 0);
    assert_int_equal(RUN(&q, "import", "closed", "--format", "jsonl"), 1);
    said(&q, "Je ne peux pas lire closed. Rien n’a changé" H
             ": regardez ses droits, puis recommencez.");
    assert_int_equal(RUN(&q, "agent", "stop"), 0);
    assert_int_equal(RUN(&q, "list", "--passphrase-file", "closed"), 1);
    saw(&q, "Je ne peux pas lire closed.");
    person_free(&q);
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
    struct person q;
    char what[256];

    (void)state;
    nobody_new(&q);
    assert_int_equal(chmod(q.home, 0555), 0);
    assert_int_equal(RUN(&q, "init", "--name", "A", "--weak-device",
                         "--passphrase-file", q.pass),
                     1);
    snprintf(what, sizeof what,
             "Je ne peux pas écrire dans ce dossier" H
             ": %s/data. Rien n’a changé. Ouvrez-le en écriture, ou "
             "indiquez-en un autre avec ENTRENOUS_HOME.",
             q.home);
    said(&q, what);
    assert_int_equal(chmod(q.home, 0755), 0);
    person_free(&q);
}

/* A journal that may not be looked at is not taken for none. */
static void a_journal_of_somebody_else_is_left_alone(void **state)
{
    struct person q;

    (void)state;
    if (getuid() != 0)
        skip(); /* one person cannot lock themselves out of a folder's name */
    nobody_new(&q);
    q.inside = NULL;
    person_init(&q);
    assert_int_equal(RUN(&q, "agent", "stop"), 0);
    q.inside = as_nobody;
    assert_int_equal(RUN(&q, "list", "--passphrase-file", q.pass), 1);
    saw(&q, "Je ne peux pas écrire dans ce dossier" H ": ");
    saw(&q, "/data. Rien n’a changé.");
    assert_int_equal(RUN(&q, "init", "--name", "A", "--weak-device",
                         "--passphrase-file", q.pass),
                     6);
    q.inside = NULL;
    assert_int_equal(RUN(&q, "list", "--passphrase-file", q.pass), 0);
    person_free(&q);
}

static void a_report_that_cannot_be_written_changes_nothing(void **state)
{
    size_t before = entries();

    (void)state;
    (void)file_with(&p, "one.jsonl",
                    BYTES("{\"date\":\"2025-01-01\",\"text\":\"x\"}\n"));
    assert_int_not_equal(RUN(&p, "import", "one.jsonl", "--format", "jsonl",
                             "--report", "none/r"),
                         0);
    assert_int_not_equal(
        RUN(&p, "import", "one.jsonl", "--format", "jsonl", "--report", "/"),
        0);
    assert_int_not_equal(RUN(&p, "import", "one.jsonl", "--format", "jsonl",
                             "--report", "/proc/none"),
                         0);
    assert_int_equal(entries(), before);
}

/* A memory disk so small that the journal fills it, in a mount namespace. The
 * last command alone is shown. 77: the kernel refuses mounts. */
static const char full_disk[] =
    "unshare -rm true 2>/dev/null || exit 77\n"
    "exec unshare -rm bash -c '\n"
    "run() { \"$e\" \"$@\" --passphrase-file \"$HOME/pass\"; }\n"
    "e=$1; export ENTRENOUS_HOME=$HOME/small; mkdir -p \"$ENTRENOUS_HOME\"\n"
    "mount -t tmpfs -o size=400k small \"$ENTRENOUS_HOME\" || exit 77\n"
    "{ run init --name A --weak-device && echo gardee | run write\n"
    "} >/dev/null 2>&1 || exit 76\n"
    "head -c 1000000 /dev/zero >\"$ENTRENOUS_HOME/fill\" 2>/dev/null\n"
    "head -c 60000 /dev/zero | tr \"\\0\" a | run write\n"
    "status=$?\n"
    "rm \"$ENTRENOUS_HOME/fill\"\n"
    "[ \"$(run list --plain 2>/dev/null | cut -f6)\" = gardee ] || status=75\n"
    "echo encore | run write >/dev/null 2>&1 || status=74\n"
    "[ \"$(run list --plain 2>/dev/null | wc -l)\" = 2 ] || status=73\n"
    "run agent stop >/dev/null 2>&1\n"
    "exit $status' - \"$0\"\n";

static void a_full_disk_loses_nothing_that_was_kept(void **state)
{
    (void)state;
    p.command = full_disk;
    (void)run(&p, (const char *const[]){NULL});
    p.command = NULL;
    if (p.status == 77)
        skip();
    assert_int_equal(p.status, 1);
    saw(&p, "Il ne reste plus de place sur le disque.");
}

/*
 * Damage
 */

/* A journal of its own, closed, with an entry of some length; copies of it are
 * broken one by one. */
static struct person whole;

static void make_whole(void)
{
    char *text = malloc(60000);

    assert_non_null(text);
    memset(text, 'a', 60000);
    person_new(&whole, "fr");
    person_init(&whole);
    for (int i = 0; i < 3; i++) {
        whole.feed = EN_SPAN((const uint8_t *)text, 60000);
        assert_int_equal(RUN(&whole, "write"), 0);
    }
    free(text);
    assert_int_equal(RUN(&whole, "agent", "stop"), 0);
}

static void copy_whole(void)
{
    char cmd[256];

    snprintf(cmd, sizeof cmd, "rm -rf %s/data && cp -r %s/data %s/data", p.home,
             whole.home, p.home);
    assert_int_equal(system(cmd), 0);
}

/* Writes bytes at an offset of one of the copy's files; -1: from the end. */
static void damage(const char *name, long at, struct en_span bytes)
{
    int fd = open(file_at(&p, name), O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes.p, bytes.n, at), (long)bytes.n);
    assert_int_equal(close(fd), 0);
}

#define DB     "data/g0000000000000001.db"
#define HEADER "data/vault.hdr"
#define GUARD  "data/vault.guard"

static void ends_with(int status, const char *fr, const char *verb,
                      const char *more)
{
    assert_int_equal(RUN(&p, verb, "--passphrase-file", whole.pass, "--", more),
                     status);
    if (fr != NULL)
        said(&p, fr);
}

static const char damaged[] =
    "Une page du journal est illisible" H "; le reste est intact et rien n’a "
    "été modifié. Reprenez une sauvegarde" H ": entrenous restaurer FICHIER";
static const char first_page[] =
    "La première page du journal est illisible, il reste donc fermé" H
    "; rien n’a été modifié. Reprenez une sauvegarde" H
    ": entrenous restaurer FICHIER";
static const char newer[] =
    "Ce journal a été écrit par une version plus récente du programme, et rien "
    "n’y a changé. Mettez Entre nous à jour, puis recommencez.";
static const char weak[] =
    "Le verrou de ce journal est réglé trop bas pour être sûr" H
    ": il n’a pas été ouvert. Rien n’a changé. Reprenez une sauvegarde" H
    ": entrenous restaurer FICHIER";

static void a_damaged_journal_is_never_shown_and_never_changed(void **state)
{
    const char *verbs[] = {"list", "doctor", "read"};

    (void)state;
    assert_int_equal(RUN(&p, "agent", "stop"), 0);
    make_whole();

    copy_whole();
    damage(HEADER, 8, BYTES("\x02"));
    ends_with(1, newer, "list", NULL);
    ends_with(1, newer, "write", "x");

    copy_whole();
    damage(HEADER, 100, BYTES("\xff\xff"));
    for (size_t i = 0; i < 3; i++)
        ends_with(1, first_page, verbs[i], NULL);
    ends_with(1, first_page, "write", "x");
    assert_int_equal(RUN(&p, "init", "--name", "A", "--weak-device",
                         "--passphrase-file", p.pass),
                     6); /* it is a journal still */

    copy_whole();
    assert_int_equal(truncate(file_at(&p, HEADER), 0), 0);
    ends_with(1, first_page, "list", NULL);

    copy_whole();
    damage(HEADER, 148, BYTES("\x01\x00\x00\x00")); /* passes of Argon2id */
    ends_with(1, weak, "list", NULL);

    copy_whole();
    damage(DB, 100, BYTES("\xff\xff"));
    for (size_t i = 0; i < 3; i++)
        ends_with(1, damaged, verbs[i], NULL);
    ends_with(1, damaged, "write", "x");

    copy_whole();
    for (long page = 1; page < 15; page++)
        damage(DB, 4096 * page + 9, BYTES("\xff\xff"));
    ends_with(1, damaged, "list", NULL);

    copy_whole();
    assert_int_equal(truncate(file_at(&p, DB), 4096 * 5), 0);
    ends_with(1, damaged, "list", NULL);

    copy_whole();
    assert_int_equal(unlink(file_at(&p, DB)), 0);
    ends_with(1, damaged, "list", NULL);

    copy_whole();
    ends_with(0, NULL, "list", NULL); /* the copy itself is sound */
}

/* Without its guard a journal may be an older copy: read, never signed again. */
static void a_lost_guard_reads_and_signs_nothing(void **state)
{
    (void)state;
    assert_int_equal(RUN(&p, "agent", "stop"), 0);
    copy_whole();
    assert_int_equal(truncate(file_at(&p, GUARD), 0), 0);
    ends_with(0, NULL, "list", NULL);
    saw(&p, "3 notes.");
    ends_with(1, NULL, "write", "x");
    saw(&p, "Ce journal est une copie plus ancienne");
    ends_with(0, NULL, "doctor", NULL);
    saw(&p, "à faire");
    ends_with(0, NULL, "list", NULL);
    saw(&p, "3 notes.");
    person_free(&whole);
}

/*
 * Editors
 */

/* Nothing in memory can be written to: /dev/shm is another folder, in a mount
 * namespace. The journal lies on a disk, under /tmp. */
static const char no_memory[] =
    "unshare -rm true 2>/dev/null || exit 77\n"
    "dir=$(mktemp -d /tmp/en-run-XXXXXX) || exit 76\n"
    "cp \"$HOME/pass\" \"$dir\"; cd \"$dir\"\n"
    "unshare -rm bash -c '\n"
    "mount --bind /usr /dev/shm || exit 77\n"
    "e=$0; lang=$1; export ENTRENOUS_HOME=$PWD HOME=$PWD EDITOR=touch\n"
    "\"$e\" init --name A --weak-device --passphrase-file pass >/dev/null "
    "2>&1\n"
    "\"$e\" write --editor --lang \"$lang\"; status=$?\n"
    "\"$e\" agent stop >/dev/null 2>&1\n"
    "exit $status' \"$0\" \"$2\"\n"
    "status=$?; rm -rf \"$dir\"; exit $status\n";

static void no_editor_where_words_would_touch_a_disk(void **state)
{
    (void)state;
    p.command = no_memory;
    (void)RUN(&p, "--lang", "fr");
    if (p.status == 77) {
        p.command = NULL;
        skip();
    }
    assert_int_equal(p.status, 1);
    said(&p, "Aucun dossier en mémoire n’est disponible" H
             ": un éditeur laisserait vos mots en clair sur le disque. Tapez "
             "votre texte ici" H ": entrenous ecrire");
    assert_int_equal(RUN(&p, "--lang", "en"), 1);
    said(&p, "No in-memory folder is available, so an editor would leave your "
             "words in clear on the disk. Type your text here: entrenous "
             "write");
    p.command = NULL;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_turn_or_hide_words_is_shown_as_a_dot),
        cmocka_unit_test(hostile_words_come_back_harmless_in_messages),
        cmocka_unit_test(a_name_with_a_control_character_is_refused),
        cmocka_unit_test(what_is_no_utf8_is_refused_whole),
        cmocka_unit_test(bounds_are_met_by_sentences),
        cmocka_unit_test(an_import_never_harms_whatever_the_file_is),
        cmocka_unit_test(an_import_that_is_too_big_is_not_read),
        cmocka_unit_test(a_passphrase_that_never_ends_is_refused),
        cmocka_unit_test(settings_of_nonsense_stop_nothing),
        cmocka_unit_test(a_file_without_rights_is_named),
        cmocka_unit_test(a_folder_that_cannot_be_written_is_named),
        cmocka_unit_test(a_journal_of_somebody_else_is_left_alone),
        cmocka_unit_test(a_report_that_cannot_be_written_changes_nothing),
        cmocka_unit_test(a_full_disk_loses_nothing_that_was_kept),
        cmocka_unit_test(a_damaged_journal_is_never_shown_and_never_changed),
        cmocka_unit_test(a_lost_guard_reads_and_signs_nothing),
        cmocka_unit_test(no_editor_where_words_would_touch_a_disk),
    };

    assert_true(argc > 1);
    run_program = argv[1];
    return cmocka_run_group_tests(tests, make_person, drop_person);
}
