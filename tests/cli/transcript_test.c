/*
 * The first five minutes as PRODUCT 5.1 and 5.2 tell them, played by two people on
 * pseudo-terminals, in both languages, on a wide and on a narrow screen.
 *
 * The golden texts hold examples (ids, words, codes, a passphrase): what was really
 * shown is put in their place, then every other byte is compared. Empty lines are
 * left out on both sides. On the narrow screen lines break elsewhere, so runs of
 * white space are equal there, and no line may be wider than the screen.
 */
#include "cli/net_space.h"
#include "cli/play.h"
#include "lib/test.h"
#include "lib/vec.h"

#include <stdlib.h>

static const char *program; /* entrenous-scripted */

#define ID_SHOWN 5
#define NBSP     "\xc2\xa0"

/* What two languages call the same things. */
struct tongue {
    const char *lang;
    const char *amina, *luc; /* golden files */
    const char *init[2];
    const char *create[4];
    const char *create_typed;
    const char *invite[3];
    const char *join;
    const char *write, *search[3], *lock;
    const char *name_prompt, *propose, *again, *choose, *once_more, *yes_no;
    const char *waiting;
    const char *yes, *no, *guest;
    const char *line[2];
    const char *example_phrase, *example_code, *example_words;
};

static const struct tongue french = {
    .lang = "fr",
    .amina = "cli/golden/fr-first-amina.txt",
    .luc = "cli/golden/fr-first-luc.txt",
    .init = {"commencer"},
    .create = {"cercle", "creer", "Les Tilleuls"},
    .create_typed = "cercle creer \"Les Tilleuls\"",
    .invite = {"inviter", "Luc"},
    .join = "rejoindre",
    .write = "ecrire",
    .search = {"chercher", "seance"},
    .lock = "fermer",
    .name_prompt = "verront-ils" NBSP "?  ",
    .propose = "propose une" NBSP ":",
    .again = "retapez-la" NBSP ":",
    .choose = "propose une)" NBSP ":",
    .once_more = "une fois" NBSP ":",
    .yes_no = "[oui/non]  ",
    .waiting = "J’attends Luc…",
    .yes = "oui",
    .no = "non",
    .guest = "Luc R.",
    .line = {"Après la séance" NBSP
             ": j’ai parlé à la famille avant le conseil.",
             "Ce qui a changé" NBSP
             ": j’ai posé une question au lieu d’expliquer."},
    .example_phrase = "hameau cerise citron horloge tulipe",
    .example_code = "7-jardin-moulin",
    .example_words = "balcon · dragon · lampe · sucre · violon · zeste",
};

static const struct tongue english = {
    .lang = "en",
    .amina = "cli/golden/en-first-amina.txt",
    .luc = "cli/golden/en-first-luke.txt",
    .init = {"init"},
    .create = {"circle", "create", "The Limes"},
    .create_typed = "circle create \"The Limes\"",
    .invite = {"invite", "Luke"},
    .join = "join",
    .write = "write",
    .search = {"search", "session"},
    .lock = "lock",
    .name_prompt = "others see?  ",
    .propose = "suggest one:",
    .again = "type it again:",
    .choose = "suggest one):",
    .once_more = "Once more:",
    .yes_no = "[yes/no]  ",
    .waiting = "Waiting for Luke…",
    .yes = "yes",
    .no = "no",
    .guest = "Luke R.",
    .line = {"After the session: I spoke to the family before the board met.",
             "What changed: I asked a question instead of explaining."},
    .example_phrase = "apple bridge cherry garden window",
    .example_code = "7-garden-river",
    .example_words = "apple · cherry · ladder · ribbon · silver · violin",
};

/*
 * Comparing
 */

static void replace_all(struct en_buf *b, const char *from, const char *to)
{
    struct en_buf out = {0};
    size_t n = strlen(from);

    for (size_t i = 0; i < b->n;) {
        if (i + n <= b->n && memcmp(b->p + i, from, n) == 0) {
            assert_ok(en_buf_add_str(&out, to));
            i += n;
        } else {
            assert_ok(en_buf_add_u8(&out, b->p[i++]));
        }
    }
    en_buf_free(b);
    *b = out;
}

/* Without empty lines and spaces at line ends; or, loose, with runs of white space
 * as one space each. */
static void normal(struct en_buf *b, bool loose)
{
    struct en_buf out = {0};
    size_t pending = 0;
    bool line_feed = true; /* at a line's beginning */

    for (size_t i = 0; i < b->n; i++) {
        uint8_t c = b->p[i];

        if (loose && (c == '\n' || c == ' ')) {
            pending = 1;
            continue;
        }
        if (c == ' ') {
            pending++;
            continue;
        }
        if (c == '\n') {
            if (!line_feed)
                assert_ok(en_buf_add_u8(&out, '\n'));
            line_feed = true;
            pending = 0;
            continue;
        }
        if (!loose || out.n > 0) {
            for (; pending > 0; pending--)
                assert_ok(en_buf_add_u8(&out, ' '));
        }
        pending = 0;
        line_feed = false;
        assert_ok(en_buf_add_u8(&out, c));
    }
    en_buf_free(b);
    *b = out;
}

static size_t columns_of(struct en_span s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xc0) != 0x80;
    return n;
}

/* What the program printed fits; what was typed is as long as it is. */
static void fits(const struct en_buf *seen, unsigned columns)
{
    struct en_span left = en_buf_span(seen);

    while (left.n > 0) {
        const uint8_t *lf = memchr(left.p, '\n', left.n);
        struct en_span line = left;

        line.n = lf == NULL ? left.n : (size_t)(lf - left.p);
        left = lf == NULL ? (struct en_span){0}
                          : EN_SPAN(lf + 1, left.n - line.n - 1);
        if (line.n > 1 && (line.p[0] == '$' || line.p[0] == '|'))
            continue;
        /* An answer stands behind two spaces; a terminal breaks it itself. */
        for (size_t i = 4; i + 2 < line.n; i++) {
            if (memcmp(line.p + i, "?  ", 3) == 0)
                line.n = i + 1;
        }
        if (columns_of(line) > columns)
            fail_msg("wider than %u columns: %.*s", columns, (int)line.n,
                     (const char *)line.p);
    }
}

struct swap {
    const char *from, *to;
};

static void same_as_golden(const struct stage *s, const char *path,
                           const struct swap *swap, size_t swaps)
{
    struct en_buf golden = {0}, seen = {0};
    bool narrow = s->columns < 80;

    vec_file(path, &golden);
    for (size_t i = 0; i < swaps; i++)
        replace_all(&golden, swap[i].from, swap[i].to);
    assert_ok(en_buf_add_span(&seen, en_buf_span(&s->seen)));
    if (narrow)
        fits(&seen, s->columns);
    normal(&golden, narrow);
    normal(&seen, narrow);
    if (!en_span_eq(en_buf_span(&golden), en_buf_span(&seen))) {
        size_t at = 0;

        while (at < golden.n && at < seen.n && golden.p[at] == seen.p[at])
            at++;
        at = at > 60 ? at - 60 : 0;
        fail_msg("%s\n--- golden\n%.*s\n--- seen\n%.*s", path,
                 (int)(golden.n - at), (const char *)golden.p + at,
                 (int)(seen.n > at ? seen.n - at : 0),
                 (const char *)seen.p + at);
    }
    en_buf_free(&golden);
    en_buf_free(&seen);
}

/*
 * Playing
 */

struct five_minutes {
    const struct tongue *t;
    struct stage amina, luc;
    char phrase[256], code[128], words[256], id[32];
};

/* A test that failed leaves its people: the next one, or the end, sees them off. */
static struct five_minutes now;
static bool playing;

static void end(struct five_minutes *f)
{
    stage_free(&f->amina);
    stage_free(&f->luc);
    playing = false;
}

static struct five_minutes *begin(const struct tongue *t, unsigned columns)
{
    struct five_minutes *f = &now;

    if (playing)
        end(f);
    playing = true;
    memset(f, 0, sizeof *f);
    f->t = t;
    stage_new(&f->amina, program, t->lang, columns);
    stage_new(&f->luc, program, t->lang, columns);
    return f;
}

/* The proposed words stand on a line of their own, broken on a narrow screen. */
static void init_amina(struct five_minutes *f)
{
    struct play p;

    play_start(&p, &f->amina, f->t->init, NULL);
    play_await(&p, f->t->name_prompt);
    play_type(&p, "Amina B.");
    play_await(&p, f->t->propose);
    play_type(&p, "");
    play_await(&p, f->t->again);
    play_line(&p, f->t->propose, f->phrase, sizeof f->phrase);
    play_type(&p, f->phrase);
    assert_int_equal(play_end(&p), 0);
}

static void create_circle(struct five_minutes *f)
{
    struct play p;

    play_start(&p, &f->amina, f->t->create, f->t->create_typed);
    assert_int_equal(play_end(&p), 0);
}

/* The first word after the joining verb that begins with a digit. */
static void note_code(struct five_minutes *f, const struct play *p)
{
    const char *from = (const char *)p->stage->seen.p + p->from;
    const char *end = (const char *)p->stage->seen.p + p->stage->seen.n;
    const char *at =
        memmem(from, (size_t)(end - from), f->t->join, strlen(f->t->join));
    size_t n = 0;

    assert_non_null(at);
    while (at < end && (*at < '0' || *at > '9'))
        at++;
    while (at + n < end && at[n] != ' ' && at[n] != '\n')
        n++;
    assert_true(n > 4 && n < sizeof f->code);
    memcpy(f->code, at, n);
    f->code[n] = '\0';
}

static void start_invite(struct five_minutes *f, struct play *p)
{
    play_start(p, &f->amina, f->t->invite, NULL);
    play_await(p, f->t->waiting);
    note_code(f, p);
}

static void start_join(struct five_minutes *f, struct play *p)
{
    const char *argv[] = {f->t->join, f->code, NULL};

    play_start(p, &f->luc, argv, NULL);
}

/* Both screens show six words, and the same ones. */
static void compare_words(struct five_minutes *f, struct play *a,
                          struct play *b)
{
    char theirs[256];
    const char *six = f->t == &french ? "voix haute" : "aloud";

    play_await(a, f->t->yes_no);
    play_await(b, f->t->yes_no);
    play_line(a, six, f->words, sizeof f->words);
    play_line(b, six, theirs, sizeof theirs);
    assert_string_equal(f->words, theirs);
}

static void meet(struct five_minutes *f)
{
    struct play a, b;

    start_invite(f, &a);
    start_join(f, &b);
    compare_words(f, &a, &b);
    play_type(&a, f->t->yes);
    play_type(&b, f->t->yes);
    play_await(&b, f->t->name_prompt);
    play_type(&b, f->t->guest);
    play_await(&b, f->t->choose);
    play_type(&b, "olive jardin moulin vapeur");
    play_await(&b, f->t->once_more);
    play_type(&b, "olive jardin moulin vapeur");
    assert_int_equal(play_end(&b), 0);
    assert_int_equal(play_end(&a), 0);
}

/* The id after "read" in what the command has said. */
static void note_id(struct five_minutes *f, const struct play *p)
{
    static const char *const before[] = {"entrenous lire ", "entrenous read "};
    const char *from = (const char *)p->stage->seen.p + p->from;
    size_t n = p->stage->seen.n - p->from;

    for (size_t i = 0; i < 2; i++) {
        const char *at = memmem(from, n, before[i], strlen(before[i]));

        if (at != NULL) {
            memcpy(f->id, at + strlen(before[i]), ID_SHOWN);
            f->id[ID_SHOWN] = '\0';
            return;
        }
    }
    fail_msg("no id was told");
}

static void luc_writes(struct five_minutes *f)
{
    const char *write[] = {f->t->write, NULL};
    const char *lock[] = {f->t->lock, NULL};
    struct play p;

    play_start(&p, &f->luc, write, NULL);
    for (size_t i = 0; i < 2; i++) {
        play_await(&p, "| ");
        play_type(&p, f->t->line[i]);
    }
    play_await(&p, "| ");
    play_type(&p, ".");
    assert_int_equal(play_end(&p), 0);
    note_id(f, &p);
    play_start(&p, &f->luc, f->t->search, NULL);
    assert_int_equal(play_end(&p), 0);
    play_start(&p, &f->luc, lock, NULL);
    assert_int_equal(play_end(&p), 0);
}

static void first_use(const struct tongue *t, unsigned columns)
{
    struct five_minutes *f;

    if (!net_space_made())
        skip();
    f = begin(t, columns);
    assert_int_equal(PLAY(&f->amina, NULL), 0);
    init_amina(f);
    create_circle(f);
    meet(f);
    luc_writes(f);
    {
        const struct swap swaps[] = {
            {t->example_phrase, f->phrase},
            {t->example_code, f->code},
            {t->example_words, f->words},
            {"k7m2q", f->id},
        };

        same_as_golden(&f->amina, t->amina, swaps, 4);
        same_as_golden(&f->luc, t->luc, swaps, 4);
    }
    end(f);
}

static void the_first_five_minutes_in_french(void **state)
{
    (void)state;
    first_use(&french, 80);
}

static void the_first_five_minutes_in_english(void **state)
{
    (void)state;
    first_use(&english, 80);
}

static void the_first_five_minutes_on_a_narrow_screen(void **state)
{
    (void)state;
    first_use(&french, 40);
}

static void the_first_five_minutes_on_a_narrow_screen_in_english(void **state)
{
    (void)state;
    first_use(&english, 40);
}

/* "No" on one side: nothing is left on either, and a new code is needed. */
static void words_that_differ_leave_nothing(void **state)
{
    struct five_minutes *f;
    struct play a, b;
    size_t from;

    (void)state;
    if (!net_space_made())
        skip();
    f = begin(&french, 80);
    init_amina(f);
    create_circle(f);
    start_invite(f, &a);
    start_join(f, &b);
    compare_words(f, &a, &b);
    from = a.stage->seen.n;
    play_type(&a, french.no);
    assert_int_equal(play_end(&a), 8);
    play_type(&b, french.yes);
    assert_int_equal(play_end(&b), 8);
    {
        struct stage said = {.columns = 80};

        /* After the answer: the message alone. */
        assert_ok(
            en_buf_add_span(&said.seen, EN_SPAN(a.stage->seen.p + from + 4,
                                                a.stage->seen.n - from - 4)));
        replace_all(&said.seen, "\n", " ");
        {
            struct en_buf golden = {0};

            vec_file("cli/golden/fr-words-differ.txt", &golden);
            normal(&golden, true);
            normal(&said.seen, true);
            assert_span(en_buf_span(&said.seen),
                        (golden.p[golden.n] = 0, (const char *)golden.p));
            en_buf_free(&golden);
        }
        en_buf_free(&said.seen);
    }
    /* Luc has no journal, not even an empty one. */
    assert_int_equal(PLAY(&f->luc, "lister"), 3);
    /* The code is burnt. */
    start_join(f, &b);
    assert_true(play_end(&b) != 0);
    end(f);
}

static int see_off(void **state)
{
    (void)state;
    if (playing)
        end(&now);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_five_minutes_in_french),
        cmocka_unit_test(the_first_five_minutes_in_english),
        cmocka_unit_test(the_first_five_minutes_on_a_narrow_screen),
        cmocka_unit_test(the_first_five_minutes_on_a_narrow_screen_in_english),
        cmocka_unit_test(words_that_differ_leave_nothing),
    };

    assert_true(argc > 1);
    program = argv[1];
    net_space_enter("192.168.1.20/24");
    return cmocka_run_group_tests(tests, NULL, see_off);
}
