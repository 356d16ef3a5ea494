#include "cli/pass.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/command.h"
#include "lib/test.h"

#include <fcntl.h>
#include <stdlib.h>

/* A file that holds bytes, its descriptor at the start; gone once closed. */
static int holding(struct en_span bytes, char path[40])
{
    int fd;

    memcpy(path, "/tmp/en-pass-XXXXXX", 20);
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static en_err read_of(struct en_span bytes, struct en_secret *out,
                      struct en_why *why)
{
    char path[40];
    int fd = holding(bytes, path);
    struct en_pass_source file = {.file = path, .fd = -1}, open = {.fd = fd};
    struct en_secret again = {0};
    en_err err = en_pass_read(&file, out, why);

    /* A descriptor gives the same as the file. */
    assert_int_equal(en_pass_read(&open, &again, why), err);
    if (err == EN_OK)
        assert_true(en_span_eq(en_secret_span(out), en_secret_span(&again)));
    en_secret_free(&again);
    (void)close(fd);
    (void)unlink(path);
    return err;
}

static void gives(struct en_span bytes, const char *expect)
{
    struct en_secret s = {0};
    struct en_why why;

    assert_ok(read_of(bytes, &s, &why));
    assert_span(en_secret_span(&s), expect);
    en_secret_free(&s);
}

static void the_first_line_of_a_file_or_descriptor_is_taken(void **state)
{
    (void)state;
    gives(BYTES("cinq mots sur papier\nmore\n"), "cinq mots sur papier");
    gives(BYTES("no line feed"), "no line feed");
    gives(BYTES("from windows\r\nx"), "from windows");
    gives(BYTES(" spaces stay \n"), " spaces stay ");
    gives(BYTES("e\xcc\x81l\xc3\xa8ve\n"), "\xc3\xa9l\xc3\xa8ve");
}

static void what_follows_the_line_stays_in_the_descriptor(void **state)
{
    char path[40], rest[8] = {0};
    int fd = holding(BYTES("one\ntwo\n"), path);
    struct en_pass_source src = {.fd = fd};
    struct en_secret s = {0};
    struct en_why why;

    (void)state;
    assert_ok(en_pass_read(&src, &s, &why));
    assert_int_equal(read(fd, rest, 7), 4);
    assert_string_equal(rest, "two\n");
    en_secret_free(&s);
    (void)close(fd);
    (void)unlink(path);
}

static void no_passphrase_is_refused_as_such(void **state)
{
    static const struct {
        struct en_span bytes;
    } bad[] = {{{(const uint8_t *)"", 0}},
               {{(const uint8_t *)"\nx", 2}},
               {{(const uint8_t *)"\r\n", 2}},
               {{(const uint8_t *)"a\xff"
                                  "b\n",
                 4}},
               {{(const uint8_t *)"a\0b\n", 4}},
               {{(const uint8_t *)"a\tb\n", 4}}};
    struct en_secret s = {0};
    struct en_why why;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_err(read_of(bad[i].bytes, &s, &why), EN_RANGE);
        assert_int_equal(why.reason, EN_WHY_PASSPHRASE);
        assert_null(s.b);
    }
}

static void a_longer_one_is_refused_and_the_longest_taken(void **state)
{
    static uint8_t big[5 * EN_PASSPHRASE_MAX];
    struct en_secret s = {0};
    struct en_why why;

    (void)state;
    memset(big, 'x', sizeof(big));
    assert_ok(read_of(EN_SPAN(big, EN_PASSPHRASE_MAX), &s, &why));
    assert_int_equal(s.n, EN_PASSPHRASE_MAX);
    en_secret_free(&s);
    assert_err(read_of(EN_SPAN(big, EN_PASSPHRASE_MAX + 1), &s, &why),
               EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_TEXT_LONG);
    assert_err(read_of(EN_SPAN_OF(big), &s, &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_TEXT_LONG);
    assert_null(s.b);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct en_pass_source src = {.file = "/nonexistent/x", .fd = -1};
    struct en_pass_source closed = {.fd = 999};
    struct en_pass_source none = {.fd = -1};
    struct en_secret s = {0};
    struct en_why why;

    (void)state;
    assert_err(en_pass_read(&src, &s, &why), EN_ABSENT);
    assert_int_equal(why.reason, EN_WHY_NO_FILE);
    assert_string_equal(why.what, "/nonexistent/x");
    assert_err(en_pass_read(&closed, &s, &why), EN_IO);
    assert_false(en_pass_given(&none));
    assert_true(en_pass_given(&closed));
}

static void commands(const char *command, en_err err, const char *expect)
{
    struct en_pass_source src = {.fd = -1, .command = command};
    struct en_secret s = {0};
    struct en_why why = {0};

    assert_err(en_pass_read(&src, &s, &why), err);
    if (err == EN_OK)
        assert_span(en_secret_span(&s), expect);
    else if (err == EN_IO)
        assert_int_equal(why.reason, EN_WHY_COMMAND);
    en_secret_free(&s);
}

static void a_command_gives_its_first_line_without_a_shell(void **state)
{
    (void)state;
    commands("printf 'one line\\ntwo\\n'", EN_OK, "one line");
    commands("printf \"it's here\"", EN_OK, "it's here");
    commands("printf %s a\\ b", EN_OK, "a b");
    commands("  printf   x'y'\"z\"  ", EN_OK, "xyz");
    commands("printf %s $HOME", EN_OK, "$HOME");
    commands("printf %s a;false", EN_OK, "a;false");
    commands("printf %s *", EN_OK, "*");
    /* One that says much more than a line still ends well. */
    commands("sh -c 'echo first; seq 1 100000'", EN_OK, "first");
}

static void a_command_reads_nothing_of_our_stdin(void **state)
{
    char path[40], rest[16] = {0};
    int was = dup(STDIN_FILENO), text = holding(BYTES("the text\n"), path);

    (void)state;
    /* What waits there may be the text to keep. */
    assert_true(was >= 0 && dup2(text, STDIN_FILENO) >= 0);
    commands("sh -c 'cat; echo end'", EN_OK, "end");
    assert_int_equal(read(STDIN_FILENO, rest, 15), 9);
    assert_string_equal(rest, "the text\n");
    assert_true(dup2(was, STDIN_FILENO) >= 0);
    (void)close(was);
    (void)close(text);
    (void)unlink(path);
}

static void a_command_that_fails_gives_nothing(void **state)
{
    static char longer[EN_COMMAND_MAX + 2];

    (void)state;
    commands("sh -c 'echo secret; exit 3'", EN_IO, NULL);
    commands("sh -c 'echo secret; kill -9 $$'", EN_IO, NULL);
    commands("/nonexistent/command", EN_IO, NULL);
    commands("", EN_IO, NULL);
    commands("   ", EN_IO, NULL);
    commands("printf 'open quote", EN_IO, NULL);
    commands("''", EN_IO, NULL);
    commands("true", EN_RANGE, NULL);
    memset(longer, 'x', sizeof(longer) - 1);
    commands(longer, EN_IO, NULL);
}

static void words_of_a_command_are_bounded(void **state)
{
    static char line[4 * EN_COMMAND_ARGS_MAX];
    struct en_command c;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < EN_COMMAND_ARGS_MAX; i++) {
        line[n++] = 'a';
        line[n++] = ' ';
    }
    assert_true(en_command_split(&c, line));
    assert_int_equal(c.argc, EN_COMMAND_ARGS_MAX);
    assert_null(c.argv[c.argc]);
    line[n++] = 'a';
    assert_false(en_command_split(&c, line));
}

static void twelve_characters_are_the_least_whatever_their_bytes(void **state)
{
    struct en_why why = {0};

    (void)state;
    assert_ok(en_pass_long_enough(BYTES("abcdefghijkl"), &why));
    assert_ok(en_pass_long_enough(BYTES("éééééééééééé"), &why));
    assert_err(en_pass_long_enough(BYTES("abcdefghijk"), &why), EN_RANGE);
    assert_int_equal(why.reason, EN_WHY_PASSPHRASE);
    assert_int_equal(why.n, 11);
    assert_int_equal(why.limit, EN_PASSPHRASE_MIN);
    assert_err(en_pass_long_enough(BYTES("ééééééééééé"), &why), EN_RANGE);
}

static void what_is_no_ascii_is_hard_to_type_elsewhere(void **state)
{
    (void)state;
    assert_false(en_pass_hard_to_type(BYTES("hameau cerise ~!@#")));
    assert_true(en_pass_hard_to_type(BYTES("café")));
    assert_true(en_pass_hard_to_type(BYTES("10 \xe2\x82\xac")));
}

static void five_plain_words_of_the_list_are_proposed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++)
        for (int l = 0; l < 2; l++) {
            struct en_rng_seeded rng, same;
            struct en_secret a = {0}, b = {0};
            struct en_span left;
            struct en_why why;
            unsigned words = 0, index;

            en_rng_seed(&rng, seed);
            en_rng_seed(&same, seed);
            assert_ok(en_pass_propose((enum en_lang)l, &rng.rng, &a));
            assert_ok(en_pass_propose((enum en_lang)l, &same.rng, &b));
            assert_true(en_span_eq(en_secret_span(&a), en_secret_span(&b)));
            assert_false(en_pass_hard_to_type(en_secret_span(&a)));
            assert_ok(en_pass_long_enough(en_secret_span(&a), &why));
            left = en_secret_span(&a);
            while (left.n > 0) {
                const uint8_t *sp = memchr(left.p, ' ', left.n);
                size_t n = sp != NULL ? (size_t)(sp - left.p) : left.n;

                assert_ok(
                    en_word_find((enum en_lang)l, EN_SPAN(left.p, n), &index));
                words++;
                left = n < left.n ? EN_SPAN(left.p + n + 1, left.n - n - 1)
                                  : EN_SPAN(NULL, 0);
            }
            assert_int_equal(words, 5);
            en_secret_free(&a);
            en_secret_free(&b);
        }
}

static void most_words_of_both_lists_can_be_proposed(void **state)
{
    (void)state;
    /* The entropy that the header states: 5 * log2(1500) is above 52.7. */
    for (int l = 0; l < 2; l++) {
        unsigned plain = 0;

        for (unsigned i = 0; i < EN_WORDS_COUNT; i++)
            plain +=
                !en_pass_hard_to_type(en_span_str(en_word((enum en_lang)l, i)));
        assert_true(plain >= 1650);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_of_a_file_or_descriptor_is_taken),
        cmocka_unit_test(what_follows_the_line_stays_in_the_descriptor),
        cmocka_unit_test(no_passphrase_is_refused_as_such),
        cmocka_unit_test(a_longer_one_is_refused_and_the_longest_taken),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(a_command_gives_its_first_line_without_a_shell),
        cmocka_unit_test(a_command_reads_nothing_of_our_stdin),
        cmocka_unit_test(a_command_that_fails_gives_nothing),
        cmocka_unit_test(words_of_a_command_are_bounded),
        cmocka_unit_test(twelve_characters_are_the_least_whatever_their_bytes),
        cmocka_unit_test(what_is_no_ascii_is_hard_to_type_elsewhere),
        cmocka_unit_test(five_plain_words_of_the_list_are_proposed),
        cmocka_unit_test(most_words_of_both_lists_can_be_proposed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
