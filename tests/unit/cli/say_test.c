#include "cli/say.h"

#include "lib/test.h"

static const struct en_i18n plain[2] = {{.lang = EN_LANG_FR, .plain = true},
                                        {.lang = EN_LANG_EN, .plain = true}};

static struct en_said said_of(enum en_lang lang, bool typing, en_err err,
                              const struct en_why *why)
{
    struct en_say say = {
        .t = plain[lang], .zone = en_zone_fixed(120), .typing = typing};
    struct en_said said = {0};

    assert_ok(en_say_error(&say, err, why, &said));
    assert_int_equal(said.status, en_say_status(err, why));
    return said;
}

struct sentence {
    en_err err;
    enum en_reason reason;
    const char *what;
    uint64_t n;
    uint64_t limit;
    bool typing;
    enum en_exit status;
    const char *fr;
    const char *en;
    const char *next_fr;
    const char *next_en;
};

/* PRODUCT 6.3, word for word; those of verbs that are not built wait for them. */
static const struct sentence sentences[] = {
    {EN_FULL, EN_WHY_DISK_FULL, "", 0, 0, true, EN_EXIT_FAILED,
     "Il ne reste plus de place sur le disque. Votre note est encore à "
     "l’écran : copiez-la, libérez de la place, recommencez.",
     "The disk is full. Your entry is still on screen: copy it, free some "
     "space, try again.",
     "", ""},
    {EN_FORGED, EN_WHY_DAMAGED, "vault.db", 0, 0, false, EN_EXIT_FAILED,
     "Une page du journal est illisible ; le reste est intact et rien n’a été "
     "modifié. Reprenez une sauvegarde : entrenous restaurer FICHIER",
     "One page of the journal cannot be read; the rest is intact and nothing "
     "was changed. Use a backup: entrenous restore FILE",
     "entrenous restaurer FICHIER", "entrenous restore FILE"},
    {EN_ABSENT, EN_WHY_EDITOR, "", 0, 0, false, EN_EXIT_FAILED,
     "Aucun dossier en mémoire n’est disponible : un éditeur laisserait vos "
     "mots en clair sur le disque. Tapez votre texte ici : entrenous ecrire",
     "No in-memory folder is available, so an editor would leave your words in "
     "clear on the disk. Type your text here: entrenous write",
     "entrenous ecrire", "entrenous write"},
    {EN_RANGE, EN_WHY_TEXT_LONG, "", 70600, 64000, false, EN_EXIT_MISUSE,
     "Ce texte fait 71 Ko, une note en contient 64 au plus. Rien n’a été "
     "enregistré ni coupé : faites-en deux notes.",
     "This text is 71 KB; an entry holds at most 64. Nothing was saved or cut: "
     "make two entries of it.",
     "", ""},
    {EN_RANGE, EN_WHY_NO_INPUT, "--with cercle", 0, 0, false, EN_EXIT_MISUSE,
     "Il faut une réponse, et --no-input interdit de la demander. Ajoutez : "
     "--with cercle",
     "An answer is needed and --no-input forbids asking. Add: --with cercle",
     "--with cercle", "--with cercle"},
    {EN_ABSENT, EN_WHY_NO_ENTRY, "k7x", 0, 0, false, EN_EXIT_NOT_FOUND,
     "Je ne trouve pas la note « k7x ». Pour voir les vôtres : entrenous "
     "lister",
     "I cannot find entry “k7x”. To see yours: entrenous list",
     "entrenous lister", "entrenous list"},
    {EN_LOCKED, EN_WHY_NONE, "", 0, 0, false, EN_EXIT_LOCKED,
     "Le journal est fermé et je ne peux pas vous demander la phrase secrète "
     "ici. Ouvrez un terminal et tapez : entrenous ouvrir",
     "The journal is locked and I cannot ask for your passphrase here. Open a "
     "terminal and type: entrenous unlock",
     "entrenous ouvrir", "entrenous unlock"},
    {EN_PASSPHRASE, EN_WHY_NONE, "", 0, 0, false, EN_EXIT_WRONG_PASSPHRASE,
     "Ce n’est pas la bonne phrase secrète. Vérifiez la touche Majuscule et la "
     "langue du clavier, puis recommencez. Rien n’a été perdu.",
     "That is not the right passphrase. Check Caps Lock and the keyboard "
     "language, then try again. Nothing was lost.",
     "", ""},
    {EN_DENIED, EN_WHY_CODE_OLD, "", 0, 0, false, EN_EXIT_NOT_ALLOWED,
     "Ce code n’est plus valable : il a servi, ou il a plus de dix minutes. "
     "Demandez-en un autre à la personne qui vous invite.",
     "This code no longer works: it was used, or is more than ten minutes old. "
     "Ask the person inviting you for another.",
     "", ""},
    {EN_DENIED, EN_WHY_ONE_PERSON, "", 0, 0, false, EN_EXIT_NOT_ALLOWED,
     "On partage avec une séance ou avec le cercle, pas avec une seule "
     "personne. À deux, créez un cercle : entrenous cercle creer NOM",
     "You share with a session or with the circle, not with one person. For "
     "two people, make a circle: entrenous circle create NAME",
     "entrenous cercle creer NOM", "entrenous circle create NAME"},
    {EN_TIMEOUT, EN_WHY_NOBODY, "", 2, 0, false, EN_EXIT_NOBODY,
     "Aucun appareil du cercle n’est joignable ici. Vos 2 notes sont gardées "
     "et "
     "partiront à la prochaine liaison. Sur un wifi d’hôtel : entrenous relier "
     "--address, ou entrenous paquet ecrire",
     "No device of the circle can be reached here. Your 2 entries are kept and "
     "will leave at the next link. On guest Wi-Fi: entrenous sync --address, "
     "or "
     "entrenous bundle write",
     "entrenous relier --address", "entrenous sync --address"},
    {EN_FORGED, EN_WHY_WORDS, "Luc", 0, 0, false, EN_EXIT_NOT_VERIFIED,
     "Arrêt : les mots sont différents. Rien n’a été échangé, personne n’est "
     "entré. Quelqu’un a pu entendre le code ; recommencez : entrenous inviter "
     "Luc",
     "Stopped: the words differ. Nothing was exchanged and nobody came in. "
     "Someone may have overheard the code; start again: entrenous invite Luc",
     "entrenous inviter Luc", "entrenous invite Luc"},
    {EN_FORGED, EN_WHY_SET_ASIDE, "Marc T.", 0, 0, false, EN_EXIT_NOT_VERIFIED,
     "Une note reçue au nom de Marc T. ne porte pas sa signature. Elle est "
     "mise "
     "de côté, le reste est intact. Montrez ceci à votre groupe : entrenous "
     "diagnostic",
     "An entry received under the name Marc T. does not carry that person’s "
     "signature. It is set aside, the rest is intact. Show this to your group: "
     "entrenous doctor",
     "entrenous diagnostic", "entrenous doctor"},
    {EN_FORKED, EN_WHY_FORK, "bureau\nLuc R.", 0, 0, false,
     EN_EXIT_NOT_VERIFIED,
     "L’appareil « bureau » (Luc R.) a écrit deux versions incompatibles de "
     "ses "
     "registres. Il est suspendu et rien n’est perdu ; c’est souvent une copie "
     "de sauvegarde. Parlez-en, puis : entrenous audit",
     "The device “bureau” (Luc R.) has written two conflicting continuations. "
     "It is suspended and nothing is lost; often it is a restored copy. Talk "
     "about it, then: entrenous audit",
     "entrenous audit", "entrenous audit"},
    {EN_BUSY, EN_WHY_OWNER, "", UINT64_C(1810123320000), 0, false, EN_EXIT_BUSY,
     "Un autre « Entre nous » travaille déjà sur ce journal depuis 14 h 02. "
     "Attendez qu’il finisse, ou tapez : entrenous agent arreter",
     "Another “Entre nous” has been using this journal since 14:02. Let it "
     "finish, or type: entrenous agent stop",
     "entrenous agent arreter", "entrenous agent stop"},
    {EN_CHOOSE, EN_WHY_HEADS, "k7m2q", 2, 0, false, EN_EXIT_CHOOSE,
     "Deux versions de k7m2q ont été écrites sans se voir ; les deux sont "
     "gardées. Pour n’en faire qu’une : entrenous corriger k7m2q --merge",
     "Two versions of k7m2q were written without seeing each other; both are "
     "kept. To make one of them: entrenous edit k7m2q --merge",
     "entrenous corriger k7m2q --merge", "entrenous edit k7m2q --merge"},
    {EN_PROTOCOL, EN_WHY_PARTLY, "rapport.txt", 5, 1, false, EN_EXIT_PARTLY,
     "5 notes importées, 1 refusée ; rien d’autre n’a changé. Le détail, ligne "
     "par ligne : rapport.txt",
     "5 entries imported, 1 refused; nothing else was changed. Details, line "
     "by line: rapport.txt",
     "", ""},
    {EN_CLOSED, EN_WHY_CANCELLED, "", 0, 0, false, EN_EXIT_CANCELLED,
     "D’accord, rien n’a changé.", "All right, nothing was changed.", "", ""},
};

static void errors_are_said_word_for_word_in_both_languages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        const struct sentence *s = &sentences[i];
        struct en_why why;

        (void)en_why_set(&why, s->err, s->reason, s->what, s->n, s->limit);
        for (int l = 0; l < 2; l++) {
            struct en_said said =
                said_of((enum en_lang)l, s->typing, s->err, &why);

            assert_span(en_buf_span(&said.text),
                        l == EN_LANG_FR ? s->fr : s->en);
            assert_span(en_buf_span(&said.next),
                        l == EN_LANG_FR ? s->next_fr : s->next_en);
            assert_int_equal(said.status, s->status);
            en_said_free(&said);
        }
    }
}

static void wording_follows_what_is_known(void **state)
{
    static const struct {
        en_err err;
        enum en_reason reason;
        const char *what;
        uint64_t n, limit;
        enum en_exit status;
        const char *begins;
    } row[] = {
        {EN_FULL, EN_WHY_DISK_FULL, "", 0, 0, EN_EXIT_FAILED,
         "The disk is full. Nothing"},
        {EN_FULL, EN_WHY_NONE, "", 0, 0, EN_EXIT_FAILED, "The disk is full."},
        {EN_RANGE, EN_WHY_TEXT_LONG, "", 201, 200, EN_EXIT_MISUSE,
         "This text is 201 bytes; at most 200 bytes fit"},
        {EN_CHOOSE, EN_WHY_HEADS, "k7m2q", 3, 0, EN_EXIT_CHOOSE,
         "3 versions of k7m2q"},
        {EN_FORGED, EN_WHY_WORDS, "", 0, 0, EN_EXIT_NOT_VERIFIED,
         "Stopped: the words differ. Nothing was exchanged and nobody came in. "
         "Someone may have overheard the code; ask"},
        {EN_FORGED, EN_WHY_CODE_WRONG, "Luc", 0, 0, EN_EXIT_NOT_VERIFIED,
         "A wrong code was typed"},
        {EN_FORGED, EN_WHY_CODE_WRONG, "", 0, 0, EN_EXIT_NOT_VERIFIED,
         "This code is not the one"},
        {EN_TIMEOUT, EN_WHY_NOBODY, "", 1, 0, EN_EXIT_NOBODY,
         "No device of the circle can be reached here. Your entry is kept"},
        {EN_TIMEOUT, EN_WHY_NOBODY, "", 0, 0, EN_EXIT_NOBODY,
         "No device of the circle can be reached here. Nothing was waiting"},
        {EN_BUSY, EN_WHY_OWNER, "", 0, 0, EN_EXIT_BUSY,
         "Another “Entre nous” is using"},
        {EN_FORKED, EN_WHY_FORK, "", 0, 0, EN_EXIT_NOT_VERIFIED,
         "A device has written"},
        {EN_RANGE, EN_WHY_NO_INPUT, "--as member", 1, 0, EN_EXIT_MISUSE,
         "An answer is needed and there is no terminal to ask on. Add: --as "
         "member"},
        {EN_LOCKED, EN_WHY_PASSPHRASE, "", 0, 0, EN_EXIT_LOCKED,
         "A passphrase is needed"},
        {EN_RANGE, EN_WHY_PASSPHRASE, "", 0, 0, EN_EXIT_MISUSE,
         "A passphrase has at least 12"},
        {EN_RANGE, EN_WHY_FILE_BIG, "a.json", 300000000, 268435456,
         EN_EXIT_MISUSE, "a.json is 300 MB; I read at most 269 MB."},
        {EN_RANGE, EN_WHY_FILE_BIG, "a.json", 0, 268435456, EN_EXIT_MISUSE,
         "a.json is larger than the 269 MB"},
        {EN_PROTOCOL, EN_WHY_PARTLY, "", 1, 2, EN_EXIT_PARTLY,
         "1 entry imported, 2 refused; nothing else was changed. For"},
        {EN_CHOOSE, EN_WHY_PERSONS, "Luc R.\nLucie\n", 0, 0, EN_EXIT_CHOOSE,
         "Several people are possible: Luc R., Lucie. Nothing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct en_why why;
        struct en_said said;
        size_t n = strlen(row[i].begins);

        (void)en_why_set(&why, row[i].err, row[i].reason, row[i].what, row[i].n,
                         row[i].limit);
        said = said_of(EN_LANG_EN, false, row[i].err, &why);
        assert_true(said.text.n >= n);
        assert_span(EN_SPAN(said.text.p, n), row[i].begins);
        assert_int_equal(said.status, row[i].status);
        en_said_free(&said);
    }
}

static void a_hostile_name_cannot_drive_the_terminal_or_the_shell(void **state)
{
    struct en_why why;
    struct en_said said;

    (void)state;
    (void)en_why_set(&why, EN_FORGED, EN_WHY_WORDS, "\x1b[2J$(rm)\n", 0, 0);
    said = said_of(EN_LANG_EN, false, EN_FORGED, &why);
    for (size_t i = 0; i < said.text.n; i++)
        assert_true(said.text.p[i] >= 0x20 && said.text.p[i] != 0x7f);
    assert_span(en_buf_span(&said.next), "entrenous invite '·$(rm)'");
    en_said_free(&said);
}

static unsigned sentences_in(struct en_span s)
{
    unsigned n = 0;

    for (size_t i = 0; i < s.n; i++) {
        bool end = i + 1 == s.n || s.p[i + 1] == ' ';

        if ((s.p[i] == '.' || s.p[i] == '?' || s.p[i] == '!') && end)
            n++;
    }
    /* A command closes its sentence without a full stop. */
    return s.n > 0 && strchr(".?!", s.p[s.n - 1]) == NULL ? n + 1 : n;
}

static bool has(struct en_span s, const char *part)
{
    return memmem(s.p, s.n, part, strlen(part)) != NULL;
}

/* The last sentence offers something to do, or says that all is well. */
static bool ends_well(struct en_span s)
{
    static const char *const sign[] = {
        "entrenous ", "--",          "othing",
        "try again",  "again",       "make two",
        "type",       "Choose",      "choose",
        "name ",      "Ask ",        "ask ",
        "shorter",    "smaller",     "save it as",
        "another",    "by itself",   "ENTRENOUS_HOME",
        "look for",   "line by line"};
    size_t from = s.n > 0 ? s.n - 1 : 0;

    while (from > 0 &&
           !(s.p[from - 1] == ' ' && from > 1 && s.p[from - 2] == '.'))
        from--;
    s = EN_SPAN(s.p + from, s.n - from);
    for (size_t i = 0; i < sizeof(sign) / sizeof(sign[0]); i++)
        if (has(s, sign[i]))
            return true;
    return false;
}

static void check_shape(en_err err, const struct en_why *why)
{
    for (int l = 0; l < 2; l++)
        for (int typing = 0; typing < 2; typing++) {
            struct en_said said =
                said_of((enum en_lang)l, typing != 0, err, why);
            struct en_span s = en_buf_span(&said.text);

            if (sentences_in(s) > 3 || sentences_in(s) == 0)
                fail_msg("not one to three sentences: %.*s", (int)s.n,
                         (const char *)s.p);
            if (l == EN_LANG_EN && !ends_well(s))
                fail_msg("neither action nor reassurance: %.*s", (int)s.n,
                         (const char *)s.p);
            if (said.next.n > 0 && why != NULL && why->what[0] != '\0')
                assert_true(has(s, "entrenous ") || has(s, "--"));
            assert_int_not_equal(said.status, EN_EXIT_DONE);
            en_said_free(&said);
        }
}

static void
every_code_and_reason_has_a_sentence_of_the_right_shape(void **state)
{
    struct en_why why;

    (void)state;
    for (int e = EN_OK + 1; e < EN_ERR_COUNT; e++)
        check_shape((en_err)e, NULL);
    for (int r = EN_WHY_NONE + 1; r < EN_REASON_COUNT; r++) {
        (void)en_why_set(&why, EN_RANGE, (enum en_reason)r, "--x", 1, 1000);
        check_shape(EN_RANGE, &why);
        /* A missing answer always names the flag that gives it. */
        if (r == EN_WHY_NO_INPUT)
            continue;
        (void)en_why_set(&why, EN_RANGE, (enum en_reason)r, "", 0, 0);
        check_shape(EN_RANGE, &why);
    }
}

static void every_reason_says_more_than_its_code(void **state)
{
    struct en_said bare = said_of(EN_LANG_EN, false, EN_RANGE, NULL);

    (void)state;
    for (int r = EN_WHY_NONE + 1; r < EN_REASON_COUNT; r++) {
        struct en_why why;
        struct en_said said;

        (void)en_why_set(&why, EN_RANGE, (enum en_reason)r, "x", 1, 1);
        said = said_of(EN_LANG_EN, false, EN_RANGE, &why);
        if (en_span_eq(en_buf_span(&bare.text), en_buf_span(&said.text)))
            fail_msg("reason %d has no sentence of its own", r);
        en_said_free(&said);
    }
    en_said_free(&bare);
}

static void exit_statuses_have_their_names(void **state)
{
    static const struct {
        enum en_exit status;
        const char *name;
    } row[] = {{EN_EXIT_DONE, "done"},
               {EN_EXIT_FAILED, "failed"},
               {EN_EXIT_MISUSE, "misuse"},
               {EN_EXIT_NOT_FOUND, "not-found"},
               {EN_EXIT_LOCKED, "locked"},
               {EN_EXIT_WRONG_PASSPHRASE, "wrong-passphrase"},
               {EN_EXIT_NOT_ALLOWED, "not-allowed"},
               {EN_EXIT_NOBODY, "nobody"},
               {EN_EXIT_NOT_VERIFIED, "not-verified"},
               {EN_EXIT_BUSY, "busy"},
               {EN_EXIT_CHOOSE, "choose"},
               {EN_EXIT_PARTLY, "partly"},
               {EN_EXIT_CANCELLED, "cancelled"}};
    static const int code[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130};

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        assert_string_equal(en_exit_name(row[i].status), row[i].name);
        assert_int_equal((int)row[i].status, code[i]);
    }
    assert_int_equal(en_say_status(EN_OK, NULL), EN_EXIT_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_said_word_for_word_in_both_languages),
        cmocka_unit_test(wording_follows_what_is_known),
        cmocka_unit_test(a_hostile_name_cannot_drive_the_terminal_or_the_shell),
        cmocka_unit_test(
            every_code_and_reason_has_a_sentence_of_the_right_shape),
        cmocka_unit_test(every_reason_says_more_than_its_code),
        cmocka_unit_test(exit_statuses_have_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
