#include "cli/cmds.h"

/*
 * Lines that can be shown to anybody: facts and counts, no name, no word, no key.
 */

static const char *const level_keys[] = {"ok", "attention", "to_do"};
static const char *const level_ids[] = {EN_MSG("in order"), EN_MSG("attention"),
                                        EN_MSG("to do")};

struct row {
    const char *key;
    const char *ok;  /* what is so */
    const char *bad; /* NULL: the same sentence */
};

static const struct row rows[] = {
    [EN_FIND_VAULT] = {"vault", EN_MSG("the journal opens: {size} on the disk"),
                       EN_MSG("the disk has failed: nothing more is written "
                              "before the journal is opened again")},
    [EN_FIND_MEMORY_LOCK] =
        {"memory_lock", EN_MSG("keys stay out of swap"),
         EN_MSG("the system may write keys into swap: encrypt the disk")},
    [EN_FIND_GUARD] =
        {"guard", EN_MSG("this is the newest copy of the journal"),
         EN_MSG("this journal is an older copy: it reads, and signs nothing; "
                "link it: entrenous sync")},
    [EN_FIND_RECORDS] = {"records", EN_MSG("records that can be read: {n}"),
                         NULL},
    [EN_FIND_READABLE] = {"readable", EN_MSG("records opened again: {n}"),
                          NULL},
    [EN_FIND_VIEWS] = {"views", EN_MSG("views folded again are the same"),
                       EN_MSG(
                           "views folded again are not the same: report this")},
    [EN_FIND_ASIDE] = {"set_aside", EN_MSG("records set aside: {n}"), NULL},
    [EN_FIND_FORKS] = {"forks",
                       EN_MSG("devices that wrote two continuations: {n}"),
                       NULL},
    [EN_FIND_NEWER] = {"newer", EN_MSG("records of a newer version: {n}"),
                       NULL},
    [EN_FIND_KIT] = {"kit", EN_MSG("the recovery kit is on paper"),
                     EN_MSG("the recovery kit is not yet on paper")},
    [EN_FIND_WAITING] = {"waiting",
                         EN_MSG("own records that no other device has: {n}"),
                         NULL},
    [EN_FIND_CONTROL] = {"control", EN_MSG("records of the registers: {n}"),
                         NULL},
    [EN_FIND_BAD_FRAMES] = {"damaged", EN_MSG("damaged pages met: {n}"), NULL},
    [EN_FIND_INDEX] = {"index", EN_MSG("views and index in memory: {size}"),
                       NULL},
};
#define ROWS (sizeof rows / sizeof rows[0])

static const struct en_column columns[] = {
    {"id", NULL},
    {"level", EN_MSG("Level")},
    {"fact", EN_MSG("Fact")},
    {"n", NULL},
    {"limit", NULL},
};

static en_err fact(struct en_cmd *cmd, const char *key, uint32_t level,
                   const char *id, uint64_t n, uint64_t limit)
{
    struct en_buf text = {0};
    en_err err = en_tr(&cmd->t, &text, id,
                       EN_ARGS(en_arg_number("n", n), en_arg_size("size", n)));

    if (err == EN_OK)
        en_show_row(&cmd->show,
                    (struct en_cell[]){
                        en_cell_id(en_span_str(key), en_span_str(key)),
                        en_cell_word(level_keys[level], level_ids[level]),
                        en_cell_said(en_buf_span(&text)),
                        en_cell_number(n),
                        en_cell_number(limit),
                    });
    en_buf_free(&text);
    return err;
}

static en_err take_finding(void *user, struct en_span item)
{
    struct en_rpc_finding f;
    en_err err = en_rpc_get_finding(item, &f);

    if (err != EN_OK)
        return err;
    /* A finding of a newer agent has no sentence here. */
    if (f.code >= ROWS || rows[f.code].key == NULL || f.level > EN_LEVEL_DO)
        return EN_OK;
    return fact(user, rows[f.code].key, f.level,
                f.level == EN_LEVEL_OK || rows[f.code].bad == NULL
                    ? rows[f.code].ok
                    : rows[f.code].bad,
                f.n, f.limit);
}

static void show_paths(struct en_cmd *cmd)
{
    const struct {
        const char *label;
        const char *path;
    } paths[] = {
        {EN_MSG("Journal"), cmd->dirs.data},
        {EN_MSG("Settings"), cmd->dirs.config},
        {EN_MSG("State"), cmd->dirs.state},
        {EN_MSG("Agent"), cmd->dirs.run},
    };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (paths[i].path[0] != '\0')
            en_show_fact(&cmd->show, paths[i].label,
                         en_cell_text(en_span_str(paths[i].path)), NULL);
    }
}

int en_cmd_doctor(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_doctor d = {.deep = en_args_has(args, "deep")};
    en_err err;

    /* Only when asked: a path may hold the person's name. */
    if (en_args_has(args, "paths"))
        show_paths(cmd);
    err = en_cmd_open(cmd);
    if (err != EN_OK)
        return en_cmd_done(cmd, err);
    en_show_table(&cmd->show, columns, sizeof columns / sizeof columns[0]);
    err = EN_CALL(cmd, DOCTOR, doctor, &d, take_finding, cmd);
    en_show_table_end(&cmd->show);
    return en_cmd_done(cmd, err);
}
