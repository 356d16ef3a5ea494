/*
 * search_bench.c - N entries of 1 KB: added and indexed, listed, searched.
 *
 * Text is taken from the diary of Pepys, a kilobyte at a time, so that words are as
 * frequent as in a language. Prints one figure a line; judges none.
 *
 * Usage: search_bench [N]   (from tests/; N is 10000 without it)
 */
#include "cli/json.h"
#include "lib/things.h"
#include "lib/vec.h"

#include <time.h>

#define TEXT_BYTES 1024

static double cpu_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static en_err count_row(void *user, const struct en_view_entry *row)
{
    (void)row;
    ++*(size_t *)user;
    return EN_OK;
}

/* All texts of the diary, one after the other. */
static void read_all(struct en_buf *out)
{
    struct en_buf file = {0};
    size_t start = 0;

    vec_file("data/diaries/pepys-en.jsonl", &file);
    for (size_t i = 0; i < file.n; i++) {
        struct en_json v;

        if (file.p[i] != '\n')
            continue;
        assert_ok(en_json_read(EN_SPAN(file.p + start, i - start), &v, NULL));
        assert_ok(en_json_str(en_json_get(v, "text"), out));
        start = i + 1;
    }
    en_buf_free(&file);
}

static size_t whole(struct en_span s, size_t at)
{
    while (at < s.n && (s.p[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static void write_all(struct shelf *s, struct en_span text, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        struct en_content c = entry_of((uint32_t)i, "");
        size_t end;

        /* Every round through the diary begins elsewhere. */
        if (at + TEXT_BYTES + 8 > text.n)
            at = i % TEXT_BYTES;
        at = whole(text, at);
        end = whole(text, at + TEXT_BYTES);
        c.u.entry.text = EN_SPAN(text.p + at, end - at);
        c.u.entry.when =
            at_ms(1000000000000 + (int64_t)(i * 7919 % n) * 60000, 60);
        (void)shelve(s, &c, HOME, ME);
        at = end;
    }
}

static void search(struct en_book *b, const char *query)
{
    struct en_filter f = {0};
    size_t rows = 0;
    size_t hits = 0;
    double start = cpu_ms();

    assert_ok(en_book_search(b, en_span_str(query), false, &f, count_row, &rows,
                             &hits));
    printf("search %-20s %6zu hits  %7.2f ms\n", query, hits, cpu_ms() - start);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
    struct shelf shelf = {0};
    struct en_buf text = {0};
    struct en_filter f = {0};
    struct en_book *b;
    size_t rows = 0;
    double start;

    read_all(&text);
    write_all(&shelf, en_buf_span(&text), n);
    b = book_of(&shelf, true, true);
    start = cpu_ms();
    add_all(b, &shelf);
    printf("added and indexed           %zu entries  %7.1f ms\n", n,
           cpu_ms() - start);
    start = cpu_ms();
    assert_ok(en_book_index(b));
    printf("folded and in order                     %7.2f ms\n",
           cpu_ms() - start);
    search(b, "plague");
    search(b, "plague");
    search(b, "a");
    search(b, "the and of");
    search(b, "e o i a u");
    search(b, "zzz");
    search(b, "\"and so to bed\"");
    search(b, "\"e\"");
    search(b, "\"ague\"");
    search(b, "lord's day!");
    search(b, "!");
    start = cpu_ms();
    assert_ok(en_book_list(b, &f, count_row, &rows));
    printf("list                 %6zu rows  %7.2f ms\n", rows,
           cpu_ms() - start);
    printf("memory %.1f MB of which texts folded %.1f\n",
           (double)en_book_memory(b) / 1e6, (double)(n * TEXT_BYTES) / 1e6);
    en_book_free(b);
    shelf_free(&shelf);
    en_buf_free(&text);
    return 0;
}
