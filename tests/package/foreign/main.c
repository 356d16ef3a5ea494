/* main.c - a stranger's project: uses two folders of the installed library. */
#include "base/secret.h"
#include "record/record.h"

#include <stdio.h>

int main(void)
{
    char hex[9];
    uint8_t bytes[4] = {0xde, 0xad, 0xbe, 0xef};

    if (en_secret_init() != EN_OK)
        return 1;
    en_hex(hex, bytes, sizeof(bytes));
    puts(hex);
    return 0;
}
