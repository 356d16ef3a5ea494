/* The vault keeps the promises of record/store.h. */
#include "help.h"

#include "lib/store_suite.h"

#include <stdlib.h>

struct impl {
    char *dir;
    struct en_vault *v;
};

static void *vault_open(void)
{
    struct impl *i = calloc(1, sizeof(*i));

    assert_non_null(i);
    i->dir = new_dir();
    i->v = made(i->dir);
    return i;
}

static struct en_store *vault_store(void *impl)
{
    return en_vault_store(((struct impl *)impl)->v);
}

static void *vault_reopen(void *impl)
{
    struct impl *i = impl;

    en_vault_close(i->v);
    i->v = opened(i->dir);
    return i;
}

static void vault_close(void *impl)
{
    struct impl *i = impl;

    en_vault_close(i->v);
    drop_dir(i->dir);
    free(i);
}

/* The database as it was, beside a guard that has seen one commit more. */
static void *vault_older(void *impl)
{
    struct impl *i = impl;

    en_vault_close(i->v);
    copy_file(i->dir, DB_NAME, "kept");
    i->v = opened(i->dir);
    assert_ok(append_own(i->v, own_count(i->v)));
    en_vault_close(i->v);
    copy_file(i->dir, "kept", DB_NAME);
    i->v = opened(i->dir);
    assert_false(en_vault_signs(i->v));
    return i;
}

int main(void)
{
    static const struct store_kind kind = {.name = "vault",
                                           .open = vault_open,
                                           .store = vault_store,
                                           .reopen = vault_reopen,
                                           .close = vault_close,
                                           .make_older = vault_older};

    assert_ok(en_secret_init());
    return store_suite_run(&kind, NULL, 0);
}
