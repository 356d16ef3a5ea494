#include "cli/help.h"

#include "cli/cmds.h"

#include <string.h>

/* An example, as it is typed, and what it does. */
struct example {
    const char *command;
    const char *what;
};

#define EXAMPLES_MAX 6
#define NOTES_MAX    14

struct page {
    const char *en; /* verb, or topic */
    const char *fr;
    struct example example[EXAMPLES_MAX];
    const char *note[NOTES_MAX];
};

static const struct page verb_pages[] = {
    {"init",
     NULL,
     {{EN_MSG("entrenous init"), EN_MSG("asks for a name and a passphrase")},
      {EN_MSG("entrenous init --name \"Amina B.\" --lang en"),
       EN_MSG("asks for the passphrase alone")}},
     {EN_MSG("The passphrase has 12 characters or more. Nobody can recover it "
             "for you."),
      EN_MSG("--weak-device uses 128 MB of memory instead of 256 to try a "
             "passphrase.")}},
    {"unlock",
     NULL,
     {{EN_MSG("entrenous unlock"), EN_MSG("for 8 hours at most")},
      {EN_MSG("entrenous unlock --for 2h"), EN_MSG("for 2 hours at most")}},
     {EN_MSG("It locks by itself after 30 minutes without a command.")}},
    {"lock",
     NULL,
     {{EN_MSG("entrenous lock"), EN_MSG("at once; the link goes off too")}},
     {NULL}},
    {"passphrase",
     NULL,
     {{EN_MSG("entrenous passphrase"), EN_MSG("asks for the old and the new")}},
     {EN_MSG("With --passphrase-fd the old one is the first line, the new one "
             "the second.")}},
    {"status",
     NULL,
     {{EN_MSG("entrenous status"), EN_MSG("circles, news, link, journal")},
      {EN_MSG("entrenous"), EN_MSG("the same")}},
     {NULL}},
    {"write",
     NULL,
     {{EN_MSG("entrenous write"), EN_MSG("now; you type lines")},
      {EN_MSG("entrenous write --on yesterday --title \"Board\""),
       EN_MSG("of yesterday, with a title")},
      {EN_MSG("entrenous write --on 2027-04-28 --at 14:30 --tag family"),
       EN_MSG("with an hour and a tag")},
      {EN_MSG("entrenous write --editor"), EN_MSG("in your own editor")},
      {EN_MSG("entrenous write --resume"), EN_MSG("goes on with a draft")},
      {EN_MSG("cat note.txt | entrenous write"), EN_MSG("from a file")}},
     {EN_MSG("A line with a single full stop ends the entry; Ctrl-C drops it."),
      EN_MSG("What you write is private. To show it: entrenous help share")}},
    {"list",
     NULL,
     {{EN_MSG("entrenous list"), EN_MSG("newest first")},
      {EN_MSG("entrenous list --from \"2 weeks ago\" --to today"),
       EN_MSG("of two weeks")},
      {EN_MSG("entrenous list --tag family --limit 10"),
       EN_MSG("ten, with one tag")},
      {EN_MSG("entrenous list --deleted"), EN_MSG("what was deleted")}},
     {EN_MSG("--mine, --shared, --letters choose; --reverse puts the oldest "
             "first.")}},
    {"read",
     NULL,
     {{EN_MSG("entrenous read"), EN_MSG("what is new")},
      {EN_MSG("entrenous read last"), EN_MSG("what you wrote last")},
      {EN_MSG("entrenous read k7m2q"), EN_MSG("one entry; 3 letters are enough "
                                              "where unique")},
      {EN_MSG("entrenous read k7m2q --history"), EN_MSG("all its versions")}},
     {NULL}},
    {"edit",
     NULL,
     {{EN_MSG("entrenous edit k7m2q"), EN_MSG("you type the whole text anew")},
      {EN_MSG("entrenous edit k7m2q --editor"), EN_MSG("in your own editor")},
      {EN_MSG("entrenous edit k7m2q --tag family --untag work"),
       EN_MSG("the tags alone")},
      {EN_MSG("entrenous edit k7m2q --on yesterday"), EN_MSG("the date alone")},
      {EN_MSG("entrenous edit k7m2q --merge"),
       EN_MSG("makes one of several versions")}},
     {EN_MSG("Nothing is overwritten: old versions can be read.")}},
    {"search",
     NULL,
     {{EN_MSG("entrenous search heart"), EN_MSG("words that begin like that")},
      {EN_MSG("entrenous search board friday"), EN_MSG("both words")},
      {EN_MSG("entrenous search --exact \"and so to bed\""),
       EN_MSG("this phrase, anywhere")},
      {EN_MSG("entrenous search heart --from 1853 --to 1853"),
       EN_MSG("in one year")}},
     {EN_MSG("Accents and capitals do not matter.")}},
    {"onthisday",
     NULL,
     {{EN_MSG("entrenous onthisday"), EN_MSG("today, in other years")},
      {EN_MSG("entrenous onthisday --month --years 3"),
       EN_MSG("this month, in the 3 years around")},
      {EN_MSG("entrenous onthisday --on \"2 September\""),
       EN_MSG("another day")}},
     {NULL}},
    {"delete",
     NULL,
     {{EN_MSG("entrenous delete k7m2q"), EN_MSG("undo brings it back")}},
     {EN_MSG("A share that is deleted is asked back from the devices of the "
             "circle; what was read or copied cannot be erased.")}},
    {"undo",
     NULL,
     {{EN_MSG("entrenous undo"), EN_MSG("the last private change")},
      {EN_MSG("entrenous undo --list"), EN_MSG("what could be taken back")}},
     {EN_MSG("A share is not undone but deleted.")}},
    {"share",
     NULL,
     {{EN_MSG("entrenous share k7m2q --with circle"),
       EN_MSG("shows words and readers, then asks")},
      {EN_MSG("entrenous share k7m2q --with circle --dry-run"),
       EN_MSG("shows them and stops")},
      {EN_MSG("entrenous share k7m2q --with circle --lines 1-2"),
       EN_MSG("only these lines")}},
     {EN_MSG("Your private entry does not change: a copy leaves."),
      EN_MSG("With several circles, name one: --circle NAME")}},
    {"circle",
     NULL,
     {{EN_MSG("entrenous circle create \"The Limes\""),
       EN_MSG("makes a circle")},
      {EN_MSG("entrenous circle list"), EN_MSG("your circles")},
      {EN_MSG("entrenous circle members"), EN_MSG("who belongs")}},
     {NULL}},
    {"invite",
     NULL,
     {{EN_MSG("entrenous invite Luke"), EN_MSG("a code for ten minutes")},
      {EN_MSG("entrenous invite Luke --as facilitator"),
       EN_MSG("also: member, observer")}},
     {EN_MSG("Both of you compare six words aloud before anything is told."),
      EN_MSG("Nobody is found? entrenous help network")}},
    {"join",
     NULL,
     {{EN_MSG("entrenous join 7-garden-river"), EN_MSG("on this network")},
      {EN_MSG("entrenous join 7-garden-river --address 192.168.1.20:51847"),
       EN_MSG("at the address the other screen shows")}},
     {EN_MSG("Capitals, accents, spaces and hyphens do not matter.")}},
    {"sync",
     NULL,
     {{EN_MSG("entrenous sync"), EN_MSG("stays on until you lock")},
      {EN_MSG("entrenous sync --once"), EN_MSG("exchanges, then goes off")},
      {EN_MSG("entrenous sync --address 192.168.1.20:51847"),
       EN_MSG("with a device at this address")},
      {EN_MSG("entrenous sync --stop"), EN_MSG("goes off")},
      {EN_MSG("entrenous sync status"), EN_MSG("who is linked")},
      {EN_MSG("entrenous sync status --watch"), EN_MSG("one line a change")}},
     {EN_MSG("Nobody is found? entrenous help network")}},
    {"agent",
     NULL,
     {{EN_MSG("entrenous agent status"), EN_MSG("open until when, link")},
      {EN_MSG("entrenous agent start"), EN_MSG("asks for the passphrase")},
      {EN_MSG("entrenous agent stop"), EN_MSG("locks, and ends it")}},
     {EN_MSG("It keeps the journal open between commands, and the link.")}},
    {"words",
     NULL,
     {{EN_MSG("entrenous words"), EN_MSG("six words to read aloud")}},
     {EN_MSG("If everyone sees the same six, all screens show the same people, "
             "devices and keys.")}},
    {"import",
     NULL,
     {{EN_MSG("entrenous import diary.jsonl --format jsonl --dry-run"),
       EN_MSG("tells what would come in")},
      {EN_MSG("entrenous import diary.jsonl --format jsonl --report r.txt"),
       EN_MSG("writes what became of each line")}},
     {EN_MSG(
          "jsonl: one {{\"date\": \"2027-05-12\", \"text\": \"...\"} a line; "
          "id, title and tags may be there."),
      EN_MSG("Everything comes in private. Running it again changes nothing."),
      EN_MSG(
          "--zone Europe/Paris dates hours that have no offset; --tag adds a "
          "tag.")}},
    {"doctor",
     NULL,
     {{EN_MSG("entrenous doctor"), EN_MSG("safe to show: no name, no word")},
      {EN_MSG("entrenous doctor --deep"), EN_MSG("reads every record again")},
      {EN_MSG("entrenous doctor --paths"), EN_MSG("names the folders too")}},
     {NULL}},
    {"help",
     NULL,
     {{EN_MSG("entrenous help write"), EN_MSG("examples of one verb")},
      {EN_MSG("entrenous help dates"), EN_MSG("how dates are written")},
      {EN_MSG("entrenous help exit"), EN_MSG("exit statuses, for scripts")}},
     {EN_MSG("Topics: dates, exit, employer, network, circle-paper.")}},
};

static const struct page topics[] = {
    {"exit", NULL, {{NULL, NULL}}, {NULL}}, /* from say.h, below */
    {"dates",
     "dates",
     {{EN_MSG("2027-04-28, 2027-04-28 14:07"), EN_MSG("a day, an instant")},
      {EN_MSG("today, yesterday, the day before yesterday"),
       EN_MSG("near days")},
      {EN_MSG("monday, last monday, 3 days ago"), EN_MSG("days gone")},
      {EN_MSG("12 May, 1st May, 12 May 2027"), EN_MSG("day and month")},
      {EN_MSG("14:30, 2pm, noon"), EN_MSG("an hour, with --at")},
      {EN_MSG("May 2027, 2027"), EN_MSG("only with --from and --to")}},
     {EN_MSG("Words of both languages are understood."),
      EN_MSG("What could be two dates is refused: nothing is guessed.")}},
    {"employer",
     "employeur",
     {{NULL, NULL}},
     {EN_MSG("What is on a computer lent by an employer may be the employer's "
             "to read."),
      EN_MSG("Your journal is sealed on the disk; without your passphrase it "
             "cannot be read."),
      EN_MSG("No program can defend a computer that is unlocked or watched: "
             "what records keys or screens sees what you see."),
      EN_MSG("If you can, write on a computer of your own, and lock this one "
             "when you leave it: entrenous lock")}},
    {"network",
     "reseau",
     {{NULL, NULL}},
     {EN_MSG("Nothing leaves this computer before you ask for it, and then "
             "only to devices of your circle."),
      EN_MSG("If nobody is found, see that both computers are on the same "
             "Wi-Fi."),
      EN_MSG("Guest Wi-Fi often keeps computers apart. Use the address that "
             "the other screen shows: --address 192.168.1.20:51847"),
      EN_MSG("Or let a telephone share its connection, and join both computers "
             "to it. No internet is needed.")}},
    {"circle-paper",
     "papier-du-cercle",
     {{NULL, NULL}},
     {EN_MSG("The circle paper is 24 words. It lets people in and removes "
             "them, even facilitators, and reads nothing."),
      EN_MSG("Its words lie sealed in the journal of whoever made the circle "
             "until they are written down."),
      EN_MSG("Give the paper to another person than yourself.")}},
};

static const char *const codes[][2] = {
    {"0", EN_MSG("done; also an empty list")},
    {"1", EN_MSG("failed: disk full, damaged file, our own fault")},
    {"2", EN_MSG("misuse: unknown verb or flag, unreadable date, answer "
                 "missing")},
    {"3", EN_MSG("not found: entry, person, circle or file")},
    {"4", EN_MSG("locked: a passphrase is needed and nobody to ask")},
    {"5", EN_MSG("wrong passphrase")},
    {"6", EN_MSG("not allowed: level, role or rule; code used or out of date")},
    {"7", EN_MSG("nobody reached; work is kept")},
    {"8", EN_MSG("not verified: words differ, seal or signature wrong")},
    {"9", EN_MSG("busy: another process holds the journal")},
    {"10", EN_MSG("choose: several versions, names or circles")},
    {"11", EN_MSG("partly: import done in part")},
    {"130", EN_MSG("cancelled by you; nothing was changed")},
};

/*
 * Showing
 */

static void show_fact(struct en_cmd *cmd, const char *left, const char *right)
{
    struct en_buf text = {0};

    if (en_cmd_say(cmd, &text, right, NULL) == EN_OK)
        en_show_fact(&cmd->show, left, en_cell_said(en_buf_span(&text)), NULL);
    en_buf_free(&text);
}

static void show_page(struct en_cmd *cmd, const struct page *p)
{
    for (size_t i = 0; i < EXAMPLES_MAX && p->example[i].command != NULL; i++)
        show_fact(cmd, p->example[i].command, p->example[i].what);
    for (size_t i = 0; i < NOTES_MAX && p->note[i] != NULL; i++)
        en_show_line(&cmd->show, p->note[i], NULL);
}

static void show_codes(struct en_cmd *cmd)
{
    struct en_buf text = {0};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        en_buf_clear(&text);
        if (en_cmd_say(cmd, &text, codes[i][1], NULL) == EN_OK)
            en_show_fact(&cmd->show, codes[i][0],
                         en_cell_said(en_buf_span(&text)), NULL);
    }
    en_buf_free(&text);
}

static const struct en_column verb_columns[] = {
    {"verb", EN_MSG("Verb")}, {"what", EN_MSG("What it does")}};

static int show_list(struct en_cmd *cmd)
{
    struct en_buf what = {0};

    en_show_line(&cmd->show,
                 "entrenous VERB: what you can type. Examples of "
                 "one: entrenous help VERB",
                 NULL);
    en_show_table(&cmd->show, verb_columns, 2);
    for (const struct en_verb *v = en_verbs; v->en != NULL; v++) {
        struct en_span word = en_span_str(en_verb_word(v, cmd->t.lang));

        en_buf_clear(&what);
        if (en_cmd_say(cmd, &what, v->help, NULL) == EN_OK)
            en_show_row(&cmd->show, (struct en_cell[]){
                                        en_cell_id(word, en_span_str(v->en)),
                                        en_cell_said(en_buf_span(&what)),
                                    });
    }
    en_show_table_end(&cmd->show);
    en_show_line(&cmd->show,
                 "Topics: dates, exit, employer, network, "
                 "circle-paper.",
                 NULL);
    en_buf_free(&what);
    return EN_EXIT_DONE;
}

static const struct page *page_of(const char *en)
{
    for (size_t i = 0; i < sizeof verb_pages / sizeof verb_pages[0]; i++) {
        if (strcmp(verb_pages[i].en, en) == 0)
            return &verb_pages[i];
    }
    return NULL;
}

int en_help_verb(struct en_cmd *cmd, const struct en_verb *verb)
{
    const struct page *p;

    if (verb == NULL)
        return show_list(cmd);
    p = page_of(verb->en);
    assert(p != NULL); /* every verb has one: a test counts */
    show_page(cmd, p);
    en_show_line(&cmd->show, verb->help, NULL);
    return EN_EXIT_DONE;
}

int en_help_version(struct en_cmd *cmd)
{
    en_show_line(&cmd->show, "entrenous {version}",
                 EN_ARGS(en_arg_text("version", EN_VERSION_TEXT)));
    return EN_EXIT_DONE;
}

int en_cmd_help(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_span typed;
    const struct en_verb *v;

    if (args->words == 0)
        return show_list(cmd);
    typed = en_span_str(args->word[0]);
    v = en_verb_find(en_verbs, typed);
    if (v != NULL)
        return en_help_verb(cmd, v);
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        const char *names[] = {
            topics[i].en, topics[i].fr == NULL ? "codes" : topics[i].fr, NULL};

        if (en_value_find(names, typed) < 0)
            continue;
        if (i == 0)
            show_codes(cmd);
        else
            show_page(cmd, &topics[i]);
        return EN_EXIT_DONE;
    }
    return en_cmd_done(cmd, en_why_set(&cmd->why, EN_ABSENT, EN_WHY_NO_HELP,
                                       args->word[0], 0, 0));
}
