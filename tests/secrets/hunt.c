#include "secrets/hunt.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MASK  0xa5
#define BLOCK 65536

void needle_of(struct needle *n, const void *p, size_t len)
{
    const uint8_t *b = p;

    assert(len >= 8 && len <= NEEDLE_MAX);
    n->n = len;
    for (size_t i = 0; i < len; i++)
        n->masked[i] = b[i] ^ MASK;
}

static unsigned count(const uint8_t *p, size_t n, const struct needle *x)
{
    unsigned found = 0;

    for (size_t i = 0; i + x->n <= n; i++) {
        size_t k = 0;

        while (k < x->n && (p[i + k] ^ MASK) == x->masked[k])
            k++;
        found += k == x->n;
    }
    return found;
}

/* Reads through a descriptor block by block, with an overlap. The block itself is
 * in memory: it is wiped before the next region, and skipped by its address. */
static unsigned count_fd(int fd, uint64_t from, uint64_t to,
                         const struct needle *x, uint8_t *block,
                         uint64_t *looked)
{
    unsigned found = 0;
    uint64_t at = from;

    while (at < to) {
        size_t want = to - at < BLOCK ? (size_t)(to - at) : BLOCK;
        ssize_t k = pread(fd, block, want, (off_t)at);

        if (k <= 0)
            break;
        *looked += (uint64_t)k;
        found += count(block, (size_t)k, x);
        if ((size_t)k < x->n || at + (uint64_t)k >= to)
            break;
        at += (uint64_t)k - (x->n - 1);
    }
    memset(block, 0, BLOCK);
    return found;
}

unsigned hunt_memory(const struct needle *n)
{
    static uint8_t block[BLOCK];
    FILE *maps = fopen("/proc/self/maps", "re");
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    unsigned found = 0;
    char line[512];
    uint64_t looked = 0;

    assert(maps != NULL && mem >= 0);
    while (fgets(line, sizeof(line), maps) != NULL) {
        uint64_t lo;
        uint64_t hi;
        char mode[8];

        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &lo, &hi, mode) != 3 ||
            mode[0] != 'r' || mode[1] != 'w')
            continue;
        if ((uintptr_t)block >= lo && (uintptr_t)block < hi) {
            found += count_fd(mem, lo, (uintptr_t)block, n, block, &looked);
            lo = (uintptr_t)block + BLOCK;
        }
        found += count_fd(mem, lo, hi, n, block, &looked);
    }
    assert(looked > 100000);
    (void)fclose(maps);
    (void)close(mem);
    return found;
}

unsigned hunt_files(const char *dir, const struct needle *n, unsigned *files,
                    uint64_t *bytes)
{
    static uint8_t block[BLOCK];
    DIR *d = opendir(dir);
    struct dirent *e;
    unsigned found = 0;

    assert(d != NULL);
    while ((e = readdir(d)) != NULL) {
        char path[1024];
        struct stat st;
        int fd;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (count((const uint8_t *)e->d_name, strlen(e->d_name), n) > 0)
            found++;
        if (lstat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            found += hunt_files(path, n, files, bytes);
            continue;
        }
        if (!S_ISREG(st.st_mode))
            continue;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert(fd >= 0);
        found += count_fd(fd, 0, (uint64_t)st.st_size, n, block, bytes);
        (*files)++;
        (void)close(fd);
    }
    (void)closedir(d);
    return found;
}
