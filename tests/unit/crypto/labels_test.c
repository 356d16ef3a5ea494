/* Reads the sources themselves: tests run in tests/ of the tree. */
#include "crypto/labels.h"

#include "unit/crypto/help.h"

#include <dirent.h>
#include <stdlib.h>

#define LABELS_MAX 256

static char *labels[LABELS_MAX];
static size_t labels_n;

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *s = NULL;
    size_t n = 0;

    if (f == NULL) {
        print_error("cannot read %s\n", path);
        return NULL;
    }
    for (;;) {
        char *more = realloc(s, n + 65536 + 1);
        size_t got;

        assert_non_null(more);
        s = more;
        got = fread(s + n, 1, 65536, f);
        n += got;
        if (got == 0)
            break;
    }
    s[n] = '\0';
    fclose(f);
    return s;
}

/* Turns comments into spaces, so that prose may name a label. */
static void drop_comments(char *s)
{
    bool string = false;

    for (; *s != '\0'; s++) {
        if (string) {
            if (*s == '\\' && s[1] != '\0')
                s++;
            else if (*s == '"')
                string = false;
        } else if (*s == '"') {
            string = true;
        } else if (*s == '/' && s[1] == '*') {
            char *end = strstr(s, "*/");

            assert_non_null(end);
            memset(s, ' ', (size_t)(end + 2 - s));
        } else if (*s == '/' && s[1] == '/') {
            memset(s, ' ', strcspn(s, "\n"));
        }
    }
}

static int read_labels(void **state)
{
    char *text = slurp("../core/crypto/labels.h");

    (void)state;
    assert_non_null(text);
    drop_comments(text);
    for (char *p = text; (p = strstr(p, "#define EN_L_")) != NULL; p++) {
        char *open = strchr(p, '"');
        char *close = open != NULL ? strchr(open + 1, '"') : NULL;

        assert_non_null(close);
        assert_true(labels_n < LABELS_MAX);
        labels[labels_n++] = strndup(open + 1, (size_t)(close - open - 1));
    }
    free(text);
    return start_sodium(state);
}

static int free_labels(void **state)
{
    (void)state;
    for (size_t i = 0; i < labels_n; i++)
        free(labels[i]);
    return 0;
}

static void no_label_stands_twice_or_is_too_long(void **state)
{
    (void)state;
    assert_true(labels_n > 50);
    for (size_t i = 0; i < labels_n; i++) {
        assert_in_range(strlen(labels[i]), 4, EN_LABEL_LEN);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(labels[i], labels[j]);
    }
}

/* docs/formats/labels.md names each label once, in backticks, and no other. */
static void the_registry_in_the_docs_is_the_same_list(void **state)
{
    char *text = slurp("../docs/formats/labels.md");
    size_t found = 0;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < labels_n; i++) {
        char quoted[EN_LABEL_LEN + 3];
        char *at;

        snprintf(quoted, sizeof(quoted), "`%s`", labels[i]);
        at = strstr(text, quoted);
        if (at == NULL)
            print_error("not in the docs: %s\n", labels[i]);
        assert_non_null(at);
        assert_null(strstr(at + 1, quoted));
    }
    for (char *p = text; (p = strstr(p, "`en1")) != NULL; p++)
        found++;
    assert_int_equal(found, labels_n);
    free(text);
}

static size_t files_read;

static void look_in(const char *path)
{
    char *text = slurp(path);

    assert_non_null(text);
    drop_comments(text);
    if (strstr(text, "\"en1.") != NULL) {
        print_error("a label outside labels.h: %s\n", path);
        fail();
    }
    free(text);
    files_read++;
}

static void walk(const char *dir)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, NULL, alphasort);

    assert_true(n >= 0);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        size_t len = strlen(name);
        char path[1024];

        snprintf(path, sizeof(path), "%s/%s", dir, name);
        if (name[0] != '.' && names[i]->d_type == DT_DIR)
            walk(path);
        else if (len > 2 && name[len - 2] == '.' &&
                 (name[len - 1] == 'c' || name[len - 1] == 'h') &&
                 strcmp(name, "labels.h") != 0)
            look_in(path);
        free(names[i]);
    }
    free(names);
}

static void no_label_is_spelled_out_elsewhere(void **state)
{
    (void)state;
    files_read = 0;
    walk("../core");
    walk("../net");
    walk("../cli");
    assert_true(files_read > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_label_stands_twice_or_is_too_long),
        cmocka_unit_test(the_registry_in_the_docs_is_the_same_list),
        cmocka_unit_test(no_label_is_spelled_out_elsewhere),
    };

    return cmocka_run_group_tests(tests, read_labels, free_labels);
}
