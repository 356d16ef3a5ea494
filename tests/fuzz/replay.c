/*
 * replay.c - main of a fuzz target in ordinary builds: replays its corpus.
 *
 * Every file of the folder named by the argument goes through the parser whole,
 * then cut at each length (at every 61st byte beyond the first 512), then with
 * each of its first 256 bytes changed. Without a corpus the target fails: a
 * test that did no work is not a test.
 *
 * Prints one TAP line a file. A crash or a sanitizer's finding ends the program
 * before its plan is complete, which ./check counts.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_MAX (4u << 20) /* bytes: above every parser's limit */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **list(const char *folder, size_t *count)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char **names = NULL;

    *count = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(folder) + strlen(entry->d_name) + 2;
        char **more;

        if (entry->d_name[0] == '.')
            continue;
        more = realloc(names, (*count + 1) * sizeof(*names));
        if (more == NULL)
            abort();
        names = more;
        names[*count] = malloc(len);
        if (names[*count] == NULL)
            abort();
        snprintf(names[*count], len, "%s/%s", folder, entry->d_name);
        *count += 1;
    }
    if (dir != NULL)
        closedir(dir);
    if (names != NULL)
        qsort(names, *count, sizeof(*names), by_name);
    return names;
}

static uint8_t *load(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    struct stat st;

    if (file == NULL)
        return NULL;
    if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size <= FILE_MAX) {
        *len = (size_t)st.st_size;
        bytes = malloc(*len + 1);
        if (bytes != NULL && fread(bytes, 1, *len, file) != *len) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

/* The parser is given memory of exactly this size, so that a sanitizer sees the
 * first byte read beyond it. */
static void feed(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);

    if (exact == NULL)
        abort();
    memcpy(exact, bytes, len);
    (void)LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

static void replay(uint8_t *bytes, size_t len)
{
    size_t i;

    feed(bytes, len);
    for (i = 0; i < len; i += i < 512 ? 1 : 61)
        feed(bytes, i);
    for (i = 0; i < len && i < 256; i++) {
        bytes[i] ^= (uint8_t)(1u << i % 8);
        feed(bytes, len);
        bytes[i] = (uint8_t)~bytes[i];
        feed(bytes, len);
        bytes[i] = (uint8_t)~bytes[i];
        bytes[i] ^= (uint8_t)(1u << i % 8);
    }
}

int main(int argc, char **argv)
{
    size_t count = 0;
    size_t failed = 0;
    char **names;
    size_t i;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    names = list(argv[1], &count);
    printf("1..%zu\n", count);
    for (i = 0; i < count; i++) {
        const char *name = strrchr(names[i], '/') + 1;
        size_t len = 0;
        uint8_t *bytes = load(names[i], &len);

        fflush(stdout);
        if (bytes == NULL) {
            printf("not ok %zu - %s can be read\n", i + 1, name);
            failed++;
        } else {
            replay(bytes, len);
            printf("ok %zu - %s, its cuts and its changes are parsed\n", i + 1,
                   name);
        }
        free(bytes);
        free(names[i]);
    }
    free(names);
    return failed > 0 || count == 0;
}
