#include "cli/show.h"

#include "base/text.h"
#include "lib/test.h"

#include <stdlib.h>

#define NB "\xc2\xa0"

static struct en_show show;

static void begin(enum en_show_mode mode, enum en_lang lang, unsigned columns)
{
    struct en_show_ask ask = {
        .t = {.lang = lang}, .mode = mode, .verb = "list"};
    struct en_show_env env = {.out = -1, .err = -1, .columns = columns};

    en_show_begin(&show, &ask, &env);
}

/* Completes; out and err are then what was printed. */
static void ends(const char *out, const char *err)
{
    assert_ok(en_show_end(&show));
    assert_span(en_buf_span(&show.out), out);
    assert_span(en_buf_span(&show.err_out), err);
    en_show_drop(&show);
}

static const struct en_column columns[] = {{"id", "yes"},
                                           {"date", "no"},
                                           {"state", "yes"},
                                           {"text", "no"},
                                           {"tags", NULL}};

/* One entry of each kind of cell a list has. */
static void entry(const char *text, int64_t time_ms)
{
    static const struct en_span tags[] = {{(const uint8_t *)"a", 1},
                                          {(const uint8_t *)"b\tc", 3}};
    const struct en_cell cell[] = {
        en_cell_id(BYTES("k7m2q"), BYTES("k7m2q00000000000000000000")),
        time_ms == 0 ? en_cell_day((struct en_day){2027, 4, 28})
                     : en_cell_time(time_ms, 120),
        en_cell_word("private", "yes"), en_cell_excerpt(en_span_str(text)),
        en_cell_list(tags, 2)};

    en_show_row(&show, cell);
}

static void table(enum en_show_mode mode, enum en_lang lang, unsigned width)
{
    begin(mode, lang, width);
    en_show_table(&show, columns, 5);
    entry("Après la séance : j’ai parlé à la famille avant le conseil.\nPuis "
          "rien.",
          0);
    entry("x\ty\\z", INT64_C(1808914020000));
    en_show_table_end(&show);
}

static void a_list_is_aligned_lines_for_people(void **state)
{
    (void)state;
    table(EN_SHOW_PEOPLE, EN_LANG_FR, 80);
    ends("k7m2q  28 avril 2027            oui  «" NB
         "Après la séance : j’ai parlé à la…" NB "»\n"
         "k7m2q  28 avril 2027 à 14" NB "h" NB "07  oui  «" NB "x y\\z" NB
         "»\n",
         "");
}

static void an_excerpt_ends_at_a_word_as_the_product_shows_it(void **state)
{
    struct en_buf out = {0};

    (void)state;
    assert_ok(
        en_excerpt(BYTES("Après la séance : j’ai parlé à la famille avant "
                         "le conseil."),
                   EN_EXCERPT_COLUMNS, &out));
    assert_span(en_buf_span(&out), "Après la séance : j’ai parlé à la…");
    en_buf_clear(&out);
    assert_ok(
        en_excerpt(BYTES("After the session: I spoke to the family before "
                         "the board met."),
                   EN_EXCERPT_COLUMNS, &out));
    assert_span(en_buf_span(&out), "After the session: I spoke to the…");
    en_buf_clear(&out);
    assert_ok(en_excerpt(BYTES("  two\n\n\tlines  "), 40, &out));
    assert_span(en_buf_span(&out), "two lines");
    en_buf_clear(&out);
    assert_ok(en_excerpt(BYTES("unbreakableunbreakable"), 10, &out));
    assert_span(en_buf_span(&out), "unbreakab…");
    en_buf_clear(&out);
    assert_ok(en_excerpt(BYTES("é́éééé"), 3, &out));
    assert_int_equal(en_text_width(en_buf_span(&out)), 3);
    en_buf_clear(&out);
    assert_ok(en_excerpt(BYTES(""), 10, &out));
    assert_int_equal(out.n, 0);
    en_buf_free(&out);
}

static void no_line_is_wider_than_the_screen_and_no_word_is_lost(void **state)
{
    static const unsigned width[] = {20, 40, 80, 200};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct en_span left;
        unsigned limit = width[i] > 80 ? 80 : width[i];

        table(EN_SHOW_PEOPLE, EN_LANG_FR, width[i]);
        en_show_text(
            &show,
            BYTES("Un long texte qui ne tient pas sur une ligne de "
                  "quarante colonnes et avec unmotbientroplongpourtenir"
                  "quelquepartilfautlecouper."),
            2);
        en_show_line(&show,
                     "I cannot find entry \"{what}\". To see yours: entrenous "
                     "list",
                     EN_ARGS(en_arg_text("what", "k7x")));
        assert_ok(en_show_end(&show));
        left = en_buf_span(&show.out);
        assert_non_null(memmem(left.p, left.n, "lister", 6));
        while (left.n > 0) {
            const uint8_t *lf = memchr(left.p, '\n', left.n);
            size_t n;

            assert_non_null(lf);
            n = (size_t)(lf - left.p);
            assert_true(en_text_width(EN_SPAN(left.p, n)) <= limit);
            left = EN_SPAN(lf + 1, left.n - n - 1);
        }
        en_show_drop(&show);
    }
}

static void wraps(const char *text, unsigned width, unsigned indent,
                  const char *expect)
{
    struct en_buf out = {0};

    assert_ok(en_wrap(en_span_str(text), width, indent, &out));
    assert_span(en_buf_span(&out), expect);
    en_buf_free(&out);
}

static void lines_break_at_words_and_never_at_a_hard_space(void **state)
{
    (void)state;
    wraps("one two three", 80, 0, "one two three");
    wraps("one two three", 7, 0, "one two\nthree");
    wraps("one two three", 8, 2, "one two\n  three");
    wraps("one two" NB "three", 7, 0, "one\ntwo" NB "thr\nee");
    wraps("a  b", 80, 0, "a  b");
    wraps("a   ", 80, 0, "a");
    wraps("  a b", 4, 0, "  a\nb");
    wraps("one\n\ntwo", 80, 0, "one\n\ntwo");
    wraps("abcdefgh", 3, 0, "abc\ndef\ngh");
    wraps("", 10, 0, "");
    wraps("ééééé", 2, 0, "éé\néé\né");
}

static void simple_turns_a_table_into_labelled_lines(void **state)
{
    (void)state;
    table(EN_SHOW_SIMPLE, EN_LANG_FR, 80);
    ends("oui" NB ": k7m2q\nnon" NB ": 28 avril 2027\noui" NB ": oui\n"
         "non" NB ": Après la séance : j’ai parlé à la famille avant le "
         "conseil.·Puis rien.\n\n"
         "oui" NB ": k7m2q\nnon" NB ": 28 avril 2027 à 14" NB "h" NB "07\n"
         "oui" NB ": oui\nnon" NB ": x·y\\z\n",
         "");
}

static void plain_is_one_record_a_line_with_its_whole_id_first(void **state)
{
    (void)state;
    table(EN_SHOW_PLAIN, EN_LANG_FR, 20);
    en_show_line_n(&show, "{n} byte", "{n} bytes", 2, NULL);
    ends("k7m2q00000000000000000000\t2027-04-28\tprivate\tAprès la séance : "
         "j’ai parlé à la famille avant le conseil.\\nPuis rien.\ta,b\\tc\n"
         "k7m2q00000000000000000000\t2027-04-28T14:07:00.000+02:00\tprivate\t"
         "x\\ty\\\\z\ta,b\\tc\n",
         "2 octets\n");
}

static void json_is_one_document_with_everything_kept(void **state)
{
    (void)state;
    table(EN_SHOW_JSON, EN_LANG_FR, 20);
    en_show_line(&show,
                 "I cannot find entry \"{what}\". To see yours: entrenous list",
                 EN_ARGS(en_arg_text("what", "k")));
    en_show_hint(&show, "yes", NULL);
    ends("{\"v\":1,\"ok\":true,\"verb\":\"list\",\"items\":["
         "{\"id\":\"k7m2q00000000000000000000\",\"date\":\"2027-04-28\","
         "\"state\":\"private\",\"text\":\"Après la séance : j’ai parlé à la "
         "famille avant le conseil.\\nPuis rien.\",\"tags\":[\"a\",\"b\\tc\"]},"
         "{\"id\":\"k7m2q00000000000000000000\","
         "\"date\":\"2027-04-28T14:07:00.000+02:00\",\"state\":\"private\","
         "\"text\":\"x\\ty\\\\z\",\"tags\":[\"a\",\"b\\tc\"]}],"
         "\"notes\":[\"Je ne trouve pas la note « k ». Pour voir les vôtres : "
         "entrenous lister\"]}\n",
         "oui\n");
}

static void an_empty_list_is_still_a_document(void **state)
{
    (void)state;
    begin(EN_SHOW_JSON, EN_LANG_EN, 0);
    ends("{\"v\":1,\"ok\":true,\"verb\":\"list\",\"items\":[],\"notes\":[]}\n",
         "");
    begin(EN_SHOW_PEOPLE, EN_LANG_EN, 0);
    ends("", "");
}

static void every_kind_of_cell_has_its_form_in_each_mode(void **state)
{
    static const struct en_column c[] = {
        {"a", "yes"}, {"b", "yes"}, {"c", "yes"}, {"d", "yes"},
        {"e", "yes"}, {"f", "yes"}, {"g", "yes"}};
    const struct en_cell cell[] = {
        en_cell_text(BYTES("t")),  en_cell_none(),     en_cell_number(12345),
        en_cell_size(84000),       en_cell_bool(true), en_cell_bool(false),
        en_cell_said(BYTES("dit"))};
    static const char *const expect[] = {
        "t  12" NB "345  84" NB "Ko  oui  non  dit\n",
        "oui" NB ": t\noui" NB ": 12" NB "345\noui" NB ": 84" NB "Ko\noui" NB
        ": oui\noui" NB ": non\noui" NB ": dit\n",
        "t\t\t12345\t84000\tyes\tno\tdit\n",
        "{\"v\":1,\"ok\":true,\"verb\":\"list\",\"items\":[{\"a\":\"t\",\"b\":"
        "null,\"c\":12345,\"d\":84000,\"e\":true,\"f\":false,\"g\":\"dit\"}],"
        "\"notes\":[]}\n"};

    (void)state;
    for (int mode = EN_SHOW_PEOPLE; mode <= EN_SHOW_JSON; mode++) {
        begin((enum en_show_mode)mode, EN_LANG_FR, 80);
        en_show_table(&show, c, 7);
        en_show_row(&show, cell);
        en_show_table_end(&show);
        ends(expect[mode], "");
    }
}

/* Facts stand aligned on the widest value, commands after a wider gap. */
static void a_record_is_for_scripts_and_a_fact_for_people(void **state)
{
    static const struct en_column c[] = {{"id", NULL}};
    const struct en_cell cell = en_cell_text(BYTES("k7"));
    static const char *const expect[] = {
        "  oui   deux         entrenous lister\n"
        "  non   deux mots\n",
        "oui" NB ": deux  entrenous lister\nnon" NB ": deux mots\n", "k7\n",
        "{\"v\":1,\"ok\":true,\"verb\":\"list\",\"items\":[{\"id\":\"k7\"}],"
        "\"notes\":[]}\n"};

    (void)state;
    for (int mode = EN_SHOW_PEOPLE; mode <= EN_SHOW_JSON; mode++) {
        begin((enum en_show_mode)mode, EN_LANG_FR, 80);
        en_show_record(&show, c, 1, &cell);
        en_show_fact(&show, "yes", en_cell_text(BYTES("deux")),
                     "entrenous list");
        en_show_fact(&show, "no", en_cell_text(BYTES("deux mots")), NULL);
        ends(expect[mode], "");
    }
}

static void facts_come_before_what_follows_them(void **state)
{
    (void)state;
    begin(EN_SHOW_PEOPLE, EN_LANG_EN, 80);
    en_show_fact(&show, "yes", en_cell_text(BYTES("a")), NULL);
    en_show_line(&show, "no", NULL);
    en_show_fact(&show, "yes", en_cell_text(BYTES("b")), NULL);
    ends("  yes   a\nno\n  yes   b\n", "");
}

static void words_of_others_never_drive_a_terminal(void **state)
{
    static const char hostile[] = "a\x1b]0;x\x07\x1b[31mb\xe2\x80\xae\r\x7f";

    (void)state;
    for (int mode = EN_SHOW_PEOPLE; mode <= EN_SHOW_JSON; mode++) {
        begin((enum en_show_mode)mode, EN_LANG_FR, 80);
        en_show_table(&show, columns, 5);
        entry(hostile, 0);
        en_show_table_end(&show);
        en_show_text(&show, en_span_str(hostile), 0);
        en_show_fact(&show, "yes", en_cell_text(en_span_str(hostile)), NULL);
        assert_ok(en_show_end(&show));
        for (size_t i = 0; i < show.out.n; i++) {
            uint8_t c = show.out.p[i];

            assert_true(c >= 0x20 || c == '\n' || c == '\t');
            assert_int_not_equal(c, 0x7f);
        }
        assert_null(memmem(show.out.p, show.out.n, "\xe2\x80\xae", 3));
        en_show_drop(&show);
    }
}

static void says_error(enum en_show_mode mode, struct en_said *said,
                       const char *out, const char *err)
{
    begin(mode, EN_LANG_EN, 80);
    if (mode == EN_SHOW_JSON) {
        en_show_table(&show, columns, 5);
        entry("gone", 0);
        en_show_table_end(&show);
        en_show_line(&show, "yes", NULL);
    }
    en_show_error(&show, said);
    ends(out, err);
}

static void an_error_is_for_stderr_but_in_json_the_whole_document(void **state)
{
    struct en_say say = {.t = {.lang = EN_LANG_EN, .plain = true}};
    struct en_said said = {0};

    (void)state;
    assert_ok(en_say_error(&say, EN_LOCKED, NULL, &said));
    says_error(EN_SHOW_PEOPLE, &said, "",
               "The journal is locked and I cannot ask for your passphrase "
               "here. Open a terminal\nand type: entrenous unlock\n");
    says_error(EN_SHOW_PLAIN, &said, "",
               "The journal is locked and I cannot ask for your passphrase "
               "here. Open a terminal and type: entrenous unlock\n");
    says_error(
        EN_SHOW_JSON, &said,
        "{\"v\":1,\"ok\":false,\"error\":{\"code\":4,\"name\":\"locked\","
        "\"message\":\"The journal is locked and I cannot ask for your "
        "passphrase here. Open a terminal and type: entrenous unlock\","
        "\"next\":\"entrenous unlock\"}}\n",
        "");
    en_said_free(&said);
    said.status = EN_EXIT_CANCELLED;
    assert_ok(en_buf_add_str(&said.text, "x"));
    says_error(EN_SHOW_JSON, &said,
               "{\"v\":1,\"ok\":false,\"error\":{\"code\":130,\"name\":"
               "\"cancelled\",\"message\":\"x\"}}\n",
               "");
    en_said_free(&said);
}

static void text_that_is_no_utf8_fails_json_rather_than_lie(void **state)
{
    static const struct en_column c[] = {{"a", NULL}};
    const struct en_cell cell = en_cell_text(BYTES("a\xff"));

    (void)state;
    begin(EN_SHOW_JSON, EN_LANG_EN, 0);
    en_show_record(&show, c, 1, &cell);
    assert_err(en_show_end(&show), EN_RANGE);
    assert_int_equal(show.out.n, 0);
    en_show_drop(&show);
}

static bool colours(bool terminal, const char *term, const char *no_color,
                    bool flag, enum en_show_mode mode)
{
    struct en_show_ask ask = {.mode = mode, .no_color = flag, .verb = "list"};
    struct en_show_env env = {.out = -1,
                              .err = -1,
                              .out_terminal = terminal,
                              .term = term,
                              .no_color = no_color};
    bool out;

    en_show_begin(&show, &ask, &env);
    en_show_table(&show, columns, 5);
    entry("x", 0);
    en_show_table_end(&show);
    assert_ok(en_show_end(&show));
    out = memchr(show.out.p, 0x1b, show.out.n) != NULL;
    assert_false(show.colour_err);
    en_show_drop(&show);
    return out;
}

static void colour_is_only_for_terminals_that_want_it(void **state)
{
    (void)state;
    assert_true(colours(true, "xterm", NULL, false, EN_SHOW_PEOPLE));
    assert_true(colours(true, "xterm", "", false, EN_SHOW_PEOPLE));
    assert_false(colours(false, "xterm", NULL, false, EN_SHOW_PEOPLE));
    assert_false(colours(true, "dumb", NULL, false, EN_SHOW_PEOPLE));
    assert_false(colours(true, NULL, NULL, false, EN_SHOW_PEOPLE));
    assert_false(colours(true, "xterm", "1", false, EN_SHOW_PEOPLE));
    assert_false(colours(true, "xterm", NULL, true, EN_SHOW_PEOPLE));
    assert_false(colours(true, "xterm", NULL, false, EN_SHOW_PLAIN));
    assert_false(colours(true, "xterm", NULL, false, EN_SHOW_JSON));
}

static void nothing_but_colour_escapes_is_ever_printed(void **state)
{
    struct en_show_ask ask = {.mode = EN_SHOW_PEOPLE, .verb = "list"};
    struct en_show_env env = {
        .out = -1, .err = -1, .out_terminal = true, .term = "xterm"};
    unsigned escapes = 0;

    (void)state;
    en_show_begin(&show, &ask, &env);
    en_show_table(&show, columns, 5);
    entry("x", 0);
    en_show_table_end(&show);
    assert_ok(en_show_end(&show));
    for (size_t i = 0; i < show.out.n; i++) {
        if (show.out.p[i] != 0x1b)
            continue;
        escapes++;
        assert_int_equal(show.out.p[++i], '[');
        while (i + 1 < show.out.n && show.out.p[i + 1] >= '0' &&
               show.out.p[i + 1] <= '9')
            i++;
        assert_int_equal(show.out.p[++i], 'm');
    }
    assert_int_equal(escapes, 2);
    en_show_drop(&show);
}

/* Runs a show whose stdout is a pipe, with a pager; returns what came out. */
static size_t paged(const char *pager, unsigned rows, bool no_pager,
                    char out[512])
{
    struct en_show_ask ask = {
        .mode = EN_SHOW_PEOPLE, .no_pager = no_pager, .verb = "list"};
    struct en_show_env env = {
        .err = -1, .out_terminal = true, .rows = rows, .pager = pager};
    int end[2], was = dup(STDOUT_FILENO);
    ssize_t n;

    assert_true(was >= 0);
    assert_int_equal(pipe(end), 0);
    (void)fflush(stdout);
    assert_true(dup2(end[1], STDOUT_FILENO) >= 0);
    (void)close(end[1]);
    env.out = STDOUT_FILENO;
    en_show_begin(&show, &ask, &env);
    for (int i = 0; i < 5; i++)
        en_show_line(&show, "yes", NULL);
    assert_ok(en_show_end(&show));
    assert_true(dup2(was, STDOUT_FILENO) >= 0);
    (void)close(was);
    n = read(end[0], out, 511);
    (void)close(end[0]);
    assert_true(n >= 0);
    out[n] = '\0';
    return (size_t)n;
}

static void what_is_longer_than_the_screen_goes_through_the_pager(void **state)
{
    char out[512];

    (void)state;
    (void)paged("sed -e 's/^/> /'", 5, false, out);
    assert_string_equal(out, "> oui\n> oui\n> oui\n> oui\n> oui\n");
    (void)paged("sed -e 's/^/> /'", 6, false, out);
    assert_string_equal(out, "oui\noui\noui\noui\noui\n");
    (void)paged("sed -e 's/^/> /'", 5, true, out);
    assert_string_equal(out, "oui\noui\noui\noui\noui\n");
    (void)paged("sh -c 'echo $LESSHISTFILE; cat >/dev/null'", 2, false, out);
    assert_string_equal(out, "-\n");
    /* One that is not there does not swallow the text. */
    (void)paged("/nonexistent/pager", 2, false, out);
    assert_string_equal(out, "oui\noui\noui\noui\noui\n");
    /* One that leaves early is no fault. */
    assert_int_equal(paged("true", 2, false, out), 0);
}

static void a_full_disk_under_stdout_is_told(void **state)
{
    struct en_show_ask ask = {.mode = EN_SHOW_PEOPLE, .verb = "list"};
    struct en_show_env env = {.err = -1};
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(full);
    env.out = fileno(full);
    en_show_begin(&show, &ask, &env);
    en_show_line(&show, "yes", NULL);
    assert_err(en_show_end(&show), EN_FULL);
    (void)fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_aligned_lines_for_people),
        cmocka_unit_test(an_excerpt_ends_at_a_word_as_the_product_shows_it),
        cmocka_unit_test(no_line_is_wider_than_the_screen_and_no_word_is_lost),
        cmocka_unit_test(lines_break_at_words_and_never_at_a_hard_space),
        cmocka_unit_test(simple_turns_a_table_into_labelled_lines),
        cmocka_unit_test(plain_is_one_record_a_line_with_its_whole_id_first),
        cmocka_unit_test(json_is_one_document_with_everything_kept),
        cmocka_unit_test(an_empty_list_is_still_a_document),
        cmocka_unit_test(every_kind_of_cell_has_its_form_in_each_mode),
        cmocka_unit_test(a_record_is_for_scripts_and_a_fact_for_people),
        cmocka_unit_test(facts_come_before_what_follows_them),
        cmocka_unit_test(words_of_others_never_drive_a_terminal),
        cmocka_unit_test(an_error_is_for_stderr_but_in_json_the_whole_document),
        cmocka_unit_test(text_that_is_no_utf8_fails_json_rather_than_lie),
        cmocka_unit_test(colour_is_only_for_terminals_that_want_it),
        cmocka_unit_test(nothing_but_colour_escapes_is_ever_printed),
        cmocka_unit_test(what_is_longer_than_the_screen_goes_through_the_pager),
        cmocka_unit_test(a_full_disk_under_stdout_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
