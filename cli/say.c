#include "cli/say.h"

#include <string.h>

#define ANY EN_ERR_COUNT

/* A text so long is an entry; a passphrase or a name has a lower limit. */
#define ENTRY_LIMIT_MIN 10000

/*
 * One row a remedy. The first row whose reason and error fit is said; many is the
 * plural id where n counts something. next may use the same places.
 */
struct row {
    enum en_reason reason;
    en_err err;
    enum en_exit status;
    const char *id;
    const char *many;
    const char *next;
};

#define LOCKED_ID                                                              \
    EN_MSG("The journal is locked and I cannot ask for your passphrase "       \
           "here. Open a terminal and type: entrenous unlock")
#define NEWER_ID                                                               \
    EN_MSG("This journal was written by a newer version of the program and "   \
           "was left as it is. Update Entre nous, then try again.")
#define INCOMPLETE_ID                                                          \
    EN_MSG("Another device still has to tell this one what it knows. "         \
           "Nothing is lost. Link them: entrenous sync")
#define HEADS_ID                                                               \
    EN_MSG(                                                                    \
        "Two versions of {what} were written without seeing each other; "      \
        "both are kept. To make one of them: entrenous edit {what} --merge")

static const struct row rows[] = {
    {EN_WHY_DAMAGED, ANY, EN_EXIT_FAILED,
     EN_MSG("One page of the journal cannot be read; the rest is intact and "
            "nothing was changed. Use a backup: entrenous restore FILE"),
     NULL, EN_MSG("entrenous restore FILE")},
    {EN_WHY_HEADER, ANY, EN_EXIT_FAILED,
     EN_MSG("The first page of the journal cannot be read, so it stays closed; "
            "nothing was changed. Use a backup: entrenous restore FILE"),
     NULL, EN_MSG("entrenous restore FILE")},
    {EN_WHY_WEAK, ANY, EN_EXIT_FAILED,
     EN_MSG("The lock of this journal is set too weak to be trusted, so it was "
            "not opened. Nothing was changed. Use a backup: entrenous restore "
            "FILE"),
     NULL, EN_MSG("entrenous restore FILE")},
    {EN_WHY_READ_ONLY, ANY, EN_EXIT_FAILED,
     EN_MSG("I cannot write in this folder: {what}. Nothing was changed. Make "
            "it writable, or name another one with ENTRENOUS_HOME."),
     NULL, NULL},
    {EN_WHY_NEWER, ANY, EN_EXIT_FAILED, NEWER_ID, NULL, NULL},
    {EN_WHY_TEXT_EMPTY, ANY, EN_EXIT_MISUSE,
     EN_MSG("There is no text, so nothing was saved. Type it here: entrenous "
            "write"),
     NULL, EN_MSG("entrenous write")},
    {EN_WHY_TEXT_UTF8, ANY, EN_EXIT_MISUSE,
     EN_MSG("This text is not UTF-8, or holds a control character. Nothing was "
            "saved or cut: save it as UTF-8, then try again."),
     NULL, NULL},
    {EN_WHY_NAME, ANY, EN_EXIT_MISUSE,
     EN_MSG("A name is one line of 1 to 64 bytes, with no control character. "
            "Nothing was changed: type another one."),
     NULL, NULL},
    {EN_WHY_TAG, ANY, EN_EXIT_MISUSE,
     EN_MSG("An entry has at most 12 tags, each of 1 to 48 bytes. Nothing was "
            "saved: name fewer or shorter ones."),
     NULL, NULL},
    {EN_WHY_PASSPHRASE, ANY, EN_EXIT_MISUSE,
     EN_MSG("A passphrase has at least 12 characters. Nothing was changed: "
            "choose a longer one, for example five words."),
     NULL, NULL},
    {EN_WHY_DIFFER, ANY, EN_EXIT_MISUSE,
     EN_MSG("The two passphrases differ. Nothing was changed: run the same "
            "command again."),
     NULL, NULL},
    {EN_WHY_NO_ENTRY, ANY, EN_EXIT_NOT_FOUND,
     EN_MSG("I cannot find entry \"{what}\". To see yours: entrenous list"),
     NULL, EN_MSG("entrenous list")},
    {EN_WHY_NO_CIRCLE, ANY, EN_EXIT_NOT_FOUND,
     EN_MSG("I cannot find the circle \"{what}\". To see yours: entrenous "
            "circle list"),
     NULL, EN_MSG("entrenous circle list")},
    {EN_WHY_NO_PERSON, ANY, EN_EXIT_NOT_FOUND,
     EN_MSG("I know nobody called \"{what}\" in this circle. To see who "
            "belongs: entrenous circle members"),
     NULL, EN_MSG("entrenous circle members")},
    {EN_WHY_NO_VAULT, ANY, EN_EXIT_NOT_FOUND,
     EN_MSG("There is no journal on this computer yet. To start one: entrenous "
            "init"),
     NULL, EN_MSG("entrenous init")},
    {EN_WHY_VAULT_EXISTS, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("There is a journal on this computer already, and it was left as "
            "it is. To open it: entrenous unlock"),
     NULL, EN_MSG("entrenous unlock")},
    {EN_WHY_NO_UNDO, ANY, EN_EXIT_NOT_FOUND,
     EN_MSG("There is nothing to undo. Nothing was changed."), NULL, NULL},
    {EN_WHY_ENTRIES, ANY, EN_EXIT_CHOOSE,
     EN_MSG("Several entries begin like that: {what}. Nothing was changed: "
            "type one more letter."),
     NULL, NULL},
    {EN_WHY_CIRCLES, ANY, EN_EXIT_CHOOSE,
     EN_MSG("Several circles are possible: {what}. Nothing was changed. Name "
            "one: --circle NAME"),
     NULL, EN_MSG("--circle NAME")},
    {EN_WHY_PERSONS, ANY, EN_EXIT_CHOOSE,
     EN_MSG("Several people are possible: {what}. Nothing was changed: type "
            "the whole name."),
     NULL, NULL},
    {EN_WHY_NOT_AUTHOR, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("Changing this entry is for the person who wrote it. Nothing was "
            "changed."),
     NULL, NULL},
    {EN_WHY_NOT_FACILITATOR, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("This is for a facilitator of the circle. Nothing was changed. To "
            "see who that is: entrenous circle members"),
     NULL, EN_MSG("entrenous circle members")},
    {EN_WHY_CODE_OLD, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("This code no longer works: it was used, or is more than ten "
            "minutes old. Ask the person inviting you for another."),
     NULL, NULL},
    {EN_WHY_CODE_WORD, ANY, EN_EXIT_MISUSE,
     EN_MSG(
         "\"{what}\" is not a word that codes use. Nothing was sent: look at "
         "the spelling, then type the code again."),
     NULL, EN_MSG("entrenous join CODE")},
    {EN_WHY_CODE_FORM, ANY, EN_EXIT_MISUSE,
     EN_MSG(
         "A code is a number and two words, like 7-garden-river. Nothing was "
         "sent. Type it as you heard it: entrenous join CODE"),
     NULL, EN_MSG("entrenous join CODE")},
    {EN_WHY_INVITE_LIMIT, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("Three tries have failed, so invitations wait for one minute. "
            "Nothing was exchanged. Then start again: entrenous invite NAME"),
     NULL, EN_MSG("entrenous invite NAME")},
    {EN_WHY_MEMBERS_FULL, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("A circle holds at most 24 people and 60 devices. Nothing was "
            "changed. To see who belongs: entrenous circle members"),
     NULL, EN_MSG("entrenous circle members")},
    {EN_WHY_OLD_COPY, ANY, EN_EXIT_FAILED,
     EN_MSG("This journal is an older copy: your other devices know more than "
            "it does. Nothing is lost. Link it before you write: entrenous "
            "sync"),
     NULL, EN_MSG("entrenous sync")},
    {EN_WHY_REVOKED, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("This device was removed from the circle. Your private journal is "
            "whole. To come back, ask for a code: entrenous join CODE"),
     NULL, EN_MSG("entrenous join CODE")},
    {EN_WHY_SET_ASIDE, ANY, EN_EXIT_NOT_VERIFIED,
     EN_MSG("An entry received under the name {what} does not carry that "
            "person's signature. It is set aside, the rest is intact. Show "
            "this to your group: entrenous doctor"),
     NULL, EN_MSG("entrenous doctor")},
    {EN_WHY_SHARED, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("What was shared is withdrawn, never edited. Nothing was changed. "
            "To withdraw it: entrenous delete {typed}"),
     NULL, EN_MSG("entrenous delete {typed}")},
    {EN_WHY_MEMORY_LOCK, ANY, EN_EXIT_FAILED,
     EN_MSG("The system did not keep this program's memory out of swap. "
            "Nothing was lost. To look further: entrenous doctor"),
     NULL, EN_MSG("entrenous doctor")},
    {EN_WHY_INCOMPLETE, ANY, EN_EXIT_NOBODY, INCOMPLETE_ID, NULL,
     EN_MSG("entrenous sync")},
    {EN_WHY_CANCELLED, ANY, EN_EXIT_CANCELLED,
     EN_MSG("All right, nothing was changed."), NULL, NULL},
    {EN_WHY_EDITOR, ANY, EN_EXIT_FAILED,
     EN_MSG("No in-memory folder is available, so an editor would leave your "
            "words in clear on the disk. Type your text here: entrenous "
            "write"),
     NULL, EN_MSG("entrenous write")},
    {EN_WHY_ONE_PERSON, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("You share with a session or with the circle, not with one person. "
            "For two people, make a circle: entrenous circle create NAME"),
     NULL, EN_MSG("entrenous circle create NAME")},
    {EN_WHY_NO_DRAFT, ANY, EN_EXIT_NOT_FOUND,
     EN_MSG("There is no draft to go on with. Nothing was changed. To begin: "
            "entrenous write"),
     NULL, EN_MSG("entrenous write")},
    {EN_WHY_LINES, ANY, EN_EXIT_MISUSE,
     EN_MSG("This entry has {lines}, and others were asked for. Nothing was "
            "changed: name lines that it has, for example --lines 1-1"),
     NULL, EN_MSG("--lines 1-1")},
    {EN_WHY_KIT_PAPER, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("The words of your recovery kit are on paper only, and no longer "
            "here. Nothing was changed: look for your paper."),
     NULL, NULL},
    {EN_WHY_NO_FILE, ANY, EN_EXIT_NOT_FOUND,
     EN_MSG("I cannot find {what}. Look at its name and its folder, then try "
            "again."),
     NULL, NULL},
    {EN_WHY_FILE_READ, ANY, EN_EXIT_FAILED,
     EN_MSG("I cannot read {what}. Nothing was changed: look at its rights, "
            "then try again."),
     NULL, NULL},
    {EN_WHY_FILE_WRITE, ANY, EN_EXIT_FAILED,
     EN_MSG("I cannot write {what}. Nothing was left half done: choose another "
            "folder, then try again."),
     NULL, NULL},
    {EN_WHY_FILE_DIR, ANY, EN_EXIT_MISUSE,
     EN_MSG("{what} is a folder, and a file is needed. Nothing was changed: "
            "name a file."),
     NULL, NULL},
    {EN_WHY_FILE_EXISTS, ANY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("{what} exists already and was left as it is. Choose another "
            "name."),
     NULL, NULL},
    {EN_WHY_COMMAND, ANY, EN_EXIT_FAILED,
     EN_MSG(
         "The command {what} gave no passphrase. Nothing was changed: try it "
         "by itself first."),
     NULL, NULL},

    {EN_WHY_NO_RECORDS, ANY, EN_EXIT_FAILED,
     EN_MSG("Nothing in {what} can be imported. Nothing was changed: look at "
            "the lines above, or see: entrenous help import"),
     NULL, EN_MSG("entrenous help import")},
    {EN_WHY_RECORDS, ANY, EN_EXIT_MISUSE,
     EN_MSG("{what} holds {n} records; I take at most 100,000 at once. Nothing "
            "was imported: cut it into smaller files."),
     NULL, NULL},
    {EN_WHY_FORMAT, ANY, EN_EXIT_MISUSE,
     EN_MSG("I know no format for \"{what}\". Nothing was imported. Name the "
            "one it has: --format jsonl"),
     NULL, EN_MSG("--format jsonl")},
    {EN_WHY_ZONE, ANY, EN_EXIT_MISUSE,
     EN_MSG("I know no zone called \"{what}\". Nothing was imported. Type for "
            "example: --zone Europe/Paris"),
     NULL, EN_MSG("--zone Europe/Paris")},
    {EN_WHY_NO_HELP, ANY, EN_EXIT_NOT_FOUND,
     EN_MSG("I have no help on \"{what}\". To see what there is: entrenous "
            "help"),
     NULL, EN_MSG("entrenous help")},
    {EN_WHY_TERMINAL, ANY, EN_EXIT_MISUSE,
     EN_MSG("Two people compare words aloud here, so a terminal is needed. "
            "Nothing was changed: open one and type the same command."),
     NULL, NULL},
    /* No reason: what the code alone can tell. */
    {EN_WHY_NONE, EN_NOMEM, EN_EXIT_FAILED,
     EN_MSG("This computer has no memory left for this. Nothing was changed: "
            "close other programs, then try again."),
     NULL, NULL},
    {EN_WHY_NONE, EN_IO, EN_EXIT_FAILED,
     EN_MSG("The disk or the network did not answer. Nothing was noted as "
            "done. Try again, or look further: entrenous doctor"),
     NULL, EN_MSG("entrenous doctor")},
    {EN_WHY_NONE, EN_RANGE, EN_EXIT_MISUSE,
     EN_MSG("That is not a value I accept here. Nothing was changed. To see "
            "what is: entrenous help"),
     NULL, EN_MSG("entrenous help")},
    {EN_WHY_NONE, EN_MOVED, EN_EXIT_FAILED,
     EN_MSG("Something else was written in the meantime. Nothing was changed: "
            "run the same command again."),
     NULL, NULL},
    {EN_WHY_NONE, EN_LATER, EN_EXIT_NOBODY, INCOMPLETE_ID, NULL,
     EN_MSG("entrenous sync")},
    {EN_WHY_NONE, EN_NO_KEY, EN_EXIT_NOT_ALLOWED,
     EN_MSG("This is not sealed for your device, or not yet. Nothing was "
            "changed. To receive what is: entrenous sync"),
     NULL, EN_MSG("entrenous sync")},
    {EN_WHY_NONE, EN_FORGED, EN_EXIT_NOT_VERIFIED,
     EN_MSG("A seal or a signature is wrong, so nothing of this was kept. The "
            "rest is intact. Show this to your group: entrenous doctor"),
     NULL, EN_MSG("entrenous doctor")},
    {EN_WHY_NONE, EN_PROTOCOL, EN_EXIT_NOT_VERIFIED,
     EN_MSG("What arrived has no form that I know, so nothing of it was kept. "
            "The rest is intact. To look further: entrenous doctor"),
     NULL, EN_MSG("entrenous doctor")},
    {EN_WHY_NONE, EN_TIMEOUT, EN_EXIT_NOBODY,
     EN_MSG("No answer came in time. Nothing was lost: run the same command "
            "again."),
     NULL, NULL},
    {EN_WHY_NONE, EN_VERSION, EN_EXIT_FAILED, NEWER_ID, NULL, NULL},
    {EN_WHY_NONE, EN_LOCKED, EN_EXIT_LOCKED, LOCKED_ID, NULL,
     EN_MSG("entrenous unlock")},
    {EN_WHY_NONE, EN_PASSPHRASE, EN_EXIT_WRONG_PASSPHRASE,
     EN_MSG("That is not the right passphrase. Check Caps Lock and the "
            "keyboard language, then try again. Nothing was lost."),
     NULL, NULL},
    {EN_WHY_NONE, EN_BUSY, EN_EXIT_BUSY,
     EN_MSG("Another \"Entre nous\" is using this journal. Let it finish, or "
            "type: entrenous agent stop"),
     NULL, EN_MSG("entrenous agent stop")},
    {EN_WHY_NONE, EN_DENIED, EN_EXIT_NOT_ALLOWED,
     EN_MSG("The rules of the circle do not allow this. Nothing was changed."),
     NULL, NULL},
    {EN_WHY_NONE, EN_ABSENT, EN_EXIT_NOT_FOUND,
     EN_MSG("I cannot find that. Nothing was changed. To see what is here: "
            "entrenous list"),
     NULL, EN_MSG("entrenous list")},
    {EN_WHY_NONE, EN_CHOOSE, EN_EXIT_CHOOSE,
     EN_MSG("Several things have that name. Nothing was changed: type the "
            "whole name."),
     NULL, NULL},
    {EN_WHY_NONE, EN_FORKED, EN_EXIT_NOT_VERIFIED,
     EN_MSG("A device has written two conflicting continuations. It is "
            "suspended and nothing is lost; often it is a restored copy. Talk "
            "about it, then: entrenous doctor"),
     NULL, EN_MSG("entrenous doctor")},
    {EN_WHY_NONE, EN_CLOSED, EN_EXIT_FAILED,
     EN_MSG("The link was closed on the other side. Nothing was lost: run the "
            "same command again."),
     NULL, NULL},
};

/* Those whose wording depends on more than the reason. */
static const struct row disk_typing = {
    EN_WHY_DISK_FULL,
    ANY,
    EN_EXIT_FAILED,
    EN_MSG("The disk is full. Your entry is still on screen: copy it, free "
           "some space, try again."),
    NULL,
    NULL};
static const struct row disk = {
    EN_WHY_DISK_FULL,
    ANY,
    EN_EXIT_FAILED,
    EN_MSG("The disk is full. Nothing was changed: free some space, try "
           "again."),
    NULL,
    NULL};
static const struct row long_entry = {
    EN_WHY_TEXT_LONG,
    ANY,
    EN_EXIT_MISUSE,
    EN_MSG("This text is {size}; an entry holds at most {thousands}. Nothing "
           "was saved or cut: make two entries of it."),
    NULL,
    NULL};
static const struct row long_line = {
    EN_WHY_TEXT_LONG,
    ANY,
    EN_EXIT_MISUSE,
    EN_MSG("This text is {size}; at most {most} fit here. Nothing was saved or "
           "cut: make it shorter."),
    NULL,
    NULL};
static const struct row heads_two = {
    EN_WHY_HEADS, ANY,  EN_EXIT_CHOOSE,
    HEADS_ID,     NULL, EN_MSG("entrenous edit {typed} --merge")};
static const struct row heads_more = {
    EN_WHY_HEADS,
    ANY,
    EN_EXIT_CHOOSE,
    EN_MSG("{n} versions of {what} were written without seeing each other; "
           "all are kept. To make one of them: entrenous edit {what} --merge"),
    NULL,
    EN_MSG("entrenous edit {typed} --merge")};
static const struct row code_wrong_here = {
    EN_WHY_CODE_WRONG,
    ANY,
    EN_EXIT_NOT_VERIFIED,
    EN_MSG("A wrong code was typed, so this one no longer works. Nothing was "
           "exchanged and nobody came in. Start again: entrenous invite "
           "{typed}"),
    NULL,
    EN_MSG("entrenous invite {typed}")};
static const struct row code_wrong_there = {
    EN_WHY_CODE_WRONG,
    ANY,
    EN_EXIT_NOT_VERIFIED,
    EN_MSG("This code is not the one that was given, and it no longer works. "
           "Nothing was exchanged. Ask the person inviting you for another."),
    NULL,
    NULL};
static const struct row words_here = {
    EN_WHY_WORDS,
    ANY,
    EN_EXIT_NOT_VERIFIED,
    EN_MSG("Stopped: the words differ. Nothing was exchanged and nobody came "
           "in. Someone may have overheard the code; start again: entrenous "
           "invite {typed}"),
    NULL,
    EN_MSG("entrenous invite {typed}")};
static const struct row meet_closed_here = {
    EN_WHY_MEET_CLOSED,
    ANY,
    EN_EXIT_NOT_VERIFIED,
    EN_MSG("Stopped: the other side said no to the words, or left. Nothing was "
           "exchanged and nobody came in. Start again: entrenous invite "
           "{typed}"),
    NULL,
    EN_MSG("entrenous invite {typed}")};
static const struct row meet_closed_there = {
    EN_WHY_MEET_CLOSED,
    ANY,
    EN_EXIT_NOT_VERIFIED,
    EN_MSG("Stopped: the other side said no to the words, or left. Nothing was "
           "exchanged and nobody came in. Ask the person inviting you for "
           "another code."),
    NULL,
    NULL};
static const struct row words_there = {
    EN_WHY_WORDS,
    ANY,
    EN_EXIT_NOT_VERIFIED,
    EN_MSG("Stopped: the words differ. Nothing was exchanged and nobody came "
           "in. Someone may have overheard the code; ask the person inviting "
           "you for another."),
    NULL,
    NULL};
static const struct row no_circle = {
    EN_WHY_NO_CIRCLE,
    ANY,
    EN_EXIT_NOT_FOUND,
    EN_MSG("You belong to no circle yet. Nothing was changed. To make one: "
           "entrenous circle create NAME"),
    NULL,
    EN_MSG("entrenous circle create NAME")};
static const struct row nobody = {
    EN_WHY_NOBODY, ANY, EN_EXIT_NOBODY,
    EN_MSGN("No device of the circle can be reached here. Your entry is kept "
            "and will leave at the next link. On guest Wi-Fi: entrenous sync "
            "--address, or entrenous bundle write",
            "No device of the circle can be reached here. Your {n} entries are "
            "kept and will leave at the next link. On guest Wi-Fi: entrenous "
            "sync --address, or entrenous bundle write"),
    EN_MSG("entrenous sync --address")};
static const struct row ask_passphrase = {
    EN_WHY_PASSPHRASE,
    EN_LOCKED,
    EN_EXIT_LOCKED,
    EN_MSG("A passphrase is needed and there is nobody to ask for it. Nothing "
           "was changed. Add: --passphrase-file FILE"),
    NULL,
    EN_MSG("--passphrase-file FILE")};
static const struct row nobody_none = {
    EN_WHY_NOBODY,
    ANY,
    EN_EXIT_NOBODY,
    EN_MSG("No device of the circle can be reached here. Nothing was waiting "
           "to leave. On guest Wi-Fi: entrenous sync --address, or entrenous "
           "bundle write"),
    NULL,
    EN_MSG("entrenous sync --address")};
static const struct row fork = {
    EN_WHY_FORK,
    ANY,
    EN_EXIT_NOT_VERIFIED,
    EN_MSG("The device \"{what}\" ({person}) has written two conflicting "
           "continuations. It is suspended and nothing is lost; often it is a "
           "restored copy. Talk about it, then: entrenous audit"),
    NULL,
    EN_MSG("entrenous audit")};
static const struct row owner = {
    EN_WHY_OWNER,
    ANY,
    EN_EXIT_BUSY,
    EN_MSG("Another \"Entre nous\" has been using this journal since {since}. "
           "Let it finish, or type: entrenous agent stop"),
    NULL,
    EN_MSG("entrenous agent stop")};
static const struct row no_input = {
    EN_WHY_NO_INPUT,
    ANY,
    EN_EXIT_MISUSE,
    EN_MSG("An answer is needed and --no-input forbids asking. Add: {what}"),
    NULL,
    "{what}"};
static const struct row no_terminal = {
    EN_WHY_NO_INPUT,
    ANY,
    EN_EXIT_MISUSE,
    EN_MSG("An answer is needed and there is no terminal to ask on. Add: "
           "{what}"),
    NULL,
    "{what}"};
static const struct row file_big = {
    EN_WHY_FILE_BIG,
    ANY,
    EN_EXIT_MISUSE,
    EN_MSG("{what} is {size}; I read at most {most}. Nothing was changed: cut "
           "it into smaller files."),
    NULL,
    NULL};
static const struct row file_big_unknown = {
    EN_WHY_FILE_BIG,
    ANY,
    EN_EXIT_MISUSE,
    EN_MSG("{what} is larger than the {most} that I read. Nothing was changed: "
           "cut it into smaller files."),
    NULL,
    NULL};
static const struct row partly = {
    EN_WHY_PARTLY,
    ANY,
    EN_EXIT_PARTLY,
    EN_MSG("{imported}, {refused}; nothing else was changed. Details, line by "
           "line: {what}"),
    NULL,
    NULL};
static const struct row partly_unnamed = {
    EN_WHY_PARTLY,
    ANY,
    EN_EXIT_PARTLY,
    EN_MSG("{imported}, {refused}; nothing else was changed. For the details, "
           "line by line, add: --report FILE"),
    NULL,
    EN_MSG("--report FILE")};

static const struct row *generic(en_err err)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].reason == EN_WHY_NONE && rows[i].err == err)
            return &rows[i];
    /* EN_FULL without a reason is a disk, a quota or a table: a disk's advice
     * harms nobody. */
    return &disk;
}

/* Which sentence: typing as in struct en_say. */
static const struct row *choose(en_err err, const struct en_why *why,
                                bool typing)
{
    enum en_reason reason = why != NULL ? why->reason : EN_WHY_NONE;
    uint64_t n = why != NULL ? why->n : 0;
    bool named = why != NULL && why->what[0] != '\0';

    if (reason == EN_WHY_PASSPHRASE && err == EN_LOCKED)
        return &ask_passphrase;
    if (reason == EN_WHY_DISK_FULL)
        return typing ? &disk_typing : &disk;
    if (reason == EN_WHY_NONE && err == EN_FULL && typing)
        return &disk_typing;
    if (reason == EN_WHY_TEXT_LONG)
        return why->limit >= ENTRY_LIMIT_MIN ? &long_entry : &long_line;
    if (reason == EN_WHY_HEADS)
        return n > 2 ? &heads_more : &heads_two;
    if (reason == EN_WHY_CODE_WRONG)
        return named ? &code_wrong_here : &code_wrong_there;
    if (reason == EN_WHY_MEET_CLOSED)
        return named ? &meet_closed_here : &meet_closed_there;
    if (reason == EN_WHY_WORDS)
        return named ? &words_here : &words_there;
    if (reason == EN_WHY_NO_CIRCLE && !named)
        return &no_circle;
    if (reason == EN_WHY_NOBODY)
        return n > 0 ? &nobody : &nobody_none;
    if (reason == EN_WHY_FORK && named)
        return &fork;
    if (reason == EN_WHY_OWNER && n > 0)
        return &owner;
    if (reason == EN_WHY_NO_INPUT)
        return n == 0 ? &no_input : &no_terminal;
    if (reason == EN_WHY_FILE_BIG)
        return n > 0 ? &file_big : &file_big_unknown;
    if (reason == EN_WHY_PARTLY)
        return named ? &partly : &partly_unnamed;
    for (size_t i = 0;
         reason != EN_WHY_NONE && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].reason == reason)
            return &rows[i];
    return generic(err);
}

enum en_exit en_say_status(en_err err, const struct en_why *why)
{
    return err == EN_OK ? EN_EXIT_DONE : choose(err, why, false)->status;
}

/* Splits what at its first line feed for FORK; elsewhere lines become a list. */
static void what_and_person(const struct en_why *why, char *what, char *person)
{
    size_t used = 0;

    what[0] = '\0';
    person[0] = '\0';
    if (why == NULL)
        return;
    if (why->reason == EN_WHY_FORK) {
        const char *lf = strchr(why->what, '\n');
        size_t n = lf != NULL ? (size_t)(lf - why->what) : strlen(why->what);

        memcpy(what, why->what, n);
        what[n] = '\0';
        if (lf != NULL)
            memcpy(person, lf + 1, strlen(lf + 1) + 1);
        return;
    }
    for (const char *p = why->what; *p != '\0'; p++) {
        if (*p == '\n' && p[1] == '\0')
            break;
        if (*p == '\n') {
            what[used++] = ',';
            what[used++] = ' ';
        } else {
            what[used++] = *p;
        }
    }
    what[used] = '\0';
}

en_err en_say_error(const struct en_say *say, en_err err,
                    const struct en_why *why, struct en_said *said)
{
    const struct row *row = choose(err, why, say->typing);
    char what[2 * EN_WHY_TEXT_MAX], person[EN_WHY_TEXT_MAX];
    uint64_t n = why != NULL ? why->n : 0;
    uint64_t limit = why != NULL ? why->limit : 0;
    struct en_wall since = {.day = {1970, 1, 1}};
    en_err out;

    assert(err != EN_OK);
    what_and_person(why, what, person);
    if (row == &owner && say->zone.offset_min != NULL && n <= INT64_MAX)
        (void)en_wall_of((int64_t)n,
                         say->zone.offset_min(&say->zone, (int64_t)n), &since);

    const struct en_arg *args = EN_ARGS(
        en_arg_text("what", what), en_arg_typed("typed", en_span_str(what)),
        en_arg_text("person", person), en_arg_number("n", n),
        en_arg_size("size", n), en_arg_size("most", limit),
        en_arg_number("thousands", limit / 1000), en_arg_clock("since", since),
        en_arg_count("imported", "{n} entry imported", "{n} entries imported",
                     n),
        en_arg_count("lines", "{n} line", "{n} lines", n),
        en_arg_count("refused", "{n} refused", "{n} refused", limit));

    said->status = row->status;
    out = row->many != NULL
              ? en_trn(&say->t, &said->text, row->id, row->many, n, args)
              : en_tr(&say->t, &said->text, row->id, args);
    if (out == EN_OK && row->next != NULL)
        out = en_tr(&say->t, &said->next, row->next, args);
    return out;
}

void en_said_free(struct en_said *said)
{
    en_buf_free(&said->text);
    en_buf_free(&said->next);
}

const char *en_exit_name(enum en_exit status)
{
    switch (status) {
    case EN_EXIT_DONE: return "done";
    case EN_EXIT_FAILED: return "failed";
    case EN_EXIT_MISUSE: return "misuse";
    case EN_EXIT_NOT_FOUND: return "not-found";
    case EN_EXIT_LOCKED: return "locked";
    case EN_EXIT_WRONG_PASSPHRASE: return "wrong-passphrase";
    case EN_EXIT_NOT_ALLOWED: return "not-allowed";
    case EN_EXIT_NOBODY: return "nobody";
    case EN_EXIT_NOT_VERIFIED: return "not-verified";
    case EN_EXIT_BUSY: return "busy";
    case EN_EXIT_CHOOSE: return "choose";
    case EN_EXIT_PARTLY: return "partly";
    case EN_EXIT_CANCELLED: return "cancelled";
    }
    return "failed";
}
