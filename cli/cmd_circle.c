#include "cli/cmds.h"

#include "base/text.h"
#include "cli/rows.h"

#include <stdlib.h>
#include <string.h>

static const char *level_key(uint32_t cls)
{
    return cls == 1 ? "facilitator" : cls == 3 ? "observer" : "member";
}

static const char *level_id(uint32_t cls)
{
    return cls == 1   ? EN_MSG("facilitator")
           : cls == 3 ? EN_MSG("observer")
                      : EN_MSG("member");
}

static struct en_span circle_typed(const struct en_cmd *cmd)
{
    return en_span_str(cmd->circle);
}

/*
 * circle create
 */

struct created {
    struct en_rpc_circle c;
    struct en_buf name;
};

static en_err take_circle(void *user, struct en_span item)
{
    struct created *k = user;
    en_err err = en_rpc_get_circle(item, &k->c);

    if (err == EN_OK)
        err = en_buf_add_span(&k->name, k->c.name);
    k->c.name = (struct en_span){0};
    return err;
}

static const struct en_column created_columns[] = {
    {"id", NULL}, {"circle", NULL}, {"level", NULL}};

int en_cmd_circle_create(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_buf device = {0}, kit = {0};
    struct created k = {0};
    struct en_rpc_create c = {
        .name = en_span_str(args->word[0]),
        .lang = (uint32_t)cmd->t.lang,
    };
    char cid[65];
    en_err err;

    err = en_cmd_say(cmd, &device, "computer", NULL);
    if (err == EN_OK)
        err = en_cmd_say(cmd, &kit, "paper", NULL);
    c.device = en_buf_span(&device);
    c.kit = en_buf_span(&kit);
    if (err == EN_OK)
        err = EN_CALL(cmd, CREATE, create, &c, take_circle, &k);
    if (err == EN_OK) {
        en_show_line(
            &cmd->show,
            "The circle \"{circle}\" is created. You are its facilitator.",
            EN_ARGS(en_arg_span("circle", en_buf_span(&k.name))));
        en_hex(cid, k.c.cid.b, 32);
        en_show_record(&cmd->show, created_columns, 3,
                       (struct en_cell[]){
                           en_cell_id(en_span_str(cid), en_span_str(cid)),
                           en_cell_text(en_buf_span(&k.name)),
                           en_cell_word(level_key(k.c.cls), NULL),
                       });
        en_show_hint(&cmd->show, "Next: entrenous invite Luke", NULL);
        en_show_hint(&cmd->show,
                     "Before tonight, copy its 24 words onto paper: entrenous "
                     "circle paper",
                     NULL);
    }
    en_buf_free(&device);
    en_buf_free(&kit);
    en_buf_free(&k.name);
    return en_cmd_done(cmd, err);
}

/*
 * circle list
 */

static const struct en_column list_columns[] = {
    {"id", NULL},
    {"circle", EN_MSG("Circle")},
    {"level", EN_MSG("Level")},
    {"persons", EN_MSG("People")},
    {"devices", EN_MSG("Devices")},
    {"created", EN_MSG("Since")},
};

struct listing {
    struct en_cmd *cmd;
    size_t n;
};

static en_err list_circle(void *user, struct en_span item)
{
    struct listing *l = user;
    struct en_rpc_circle c;
    struct en_wall wall = {0};
    char cid[65];
    en_err err = en_rpc_get_circle(item, &c);

    if (err != EN_OK || (c.flags & EN_CIRCLE_PERSONAL) != 0)
        return err;
    l->n++;
    en_hex(cid, c.cid.b, 32);
    (void)en_wall_of(c.created_ms, c.created_offset, &wall);
    en_show_row(&l->cmd->show,
                (struct en_cell[]){
                    en_cell_id(en_span_str(cid), en_span_str(cid)),
                    en_cell_text(c.name),
                    en_cell_word(level_key(c.cls), level_id(c.cls)),
                    en_cell_number(c.persons),
                    en_cell_number(c.devices),
                    en_cell_day(wall.day),
                });
    return EN_OK;
}

int en_cmd_circle_list(struct en_cmd *cmd, const struct en_args *args)
{
    struct listing l = {.cmd = cmd};
    en_err err;

    (void)args;
    en_show_table(&cmd->show, list_columns,
                  sizeof list_columns / sizeof list_columns[0]);
    err = en_cmd_call(cmd, EN_RPC_CIRCLES, en_rpc_nothing(), list_circle, &l);
    en_show_table_end(&cmd->show);
    if (err == EN_OK)
        en_show_line_n(&cmd->show, "{n} circle.", "{n} circles.", l.n, NULL);
    return en_cmd_done(cmd, err);
}

/*
 * People: devices arrive one by one, a person is what they have in common.
 */

struct person {
    struct en_id16 id;
    uint32_t cls; /* the smallest of the devices' */
    bool me;
    bool kit;
    size_t devices; /* kits left out */
    struct en_buf name;
    struct en_buf labels; /* "portable, papier" */
    struct en_buf paper;
    uint32_t flags; /* of all devices together */
};

struct people {
    struct person *p;
    size_t n;
    struct en_rpc_circle circle; /* name is kept below */
    struct en_buf circle_name;
    bool any;
};

static void people_free(struct people *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        en_buf_free(&ps->p[i].name);
        en_buf_free(&ps->p[i].labels);
        en_buf_free(&ps->p[i].paper);
    }
    free(ps->p);
    en_buf_free(&ps->circle_name);
}

static struct person *person_of(struct people *ps, const struct en_id16 *id)
{
    struct person *p;

    for (size_t i = 0; i < ps->n; i++) {
        if (en_id16_eq(&ps->p[i].id, id))
            return &ps->p[i];
    }
    p = realloc(ps->p, (ps->n + 1) * sizeof *p);
    if (p == NULL)
        return NULL;
    ps->p = p;
    p = &ps->p[ps->n++];
    *p = (struct person){.id = *id, .cls = UINT32_MAX};
    return p;
}

/* Kits wait until all devices are named: paper stands last. */
static en_err add_label(struct person *p, const struct en_rpc_device *d)
{
    struct en_buf *to =
        (d->flags & EN_DEVICE_KIT) != 0 ? &p->paper : &p->labels;
    en_err err = to->n > 0 ? en_buf_add_str(to, ", ") : EN_OK;

    return err == EN_OK ? en_buf_add_span(to, d->label) : err;
}

static en_err join_labels(struct people *ps)
{
    en_err err = EN_OK;

    for (size_t i = 0; i < ps->n && err == EN_OK; i++) {
        struct person *p = &ps->p[i];

        if (p->labels.n > 0 && p->paper.n > 0)
            err = en_buf_add_str(&p->labels, ", ");
        if (err == EN_OK)
            err = en_buf_add_span(&p->labels, en_buf_span(&p->paper));
    }
    return err;
}

static en_err add_device(struct people *ps, const struct en_rpc_device *d)
{
    struct person *p;
    en_err err = EN_OK;

    if ((d->flags & EN_DEVICE_ROOT) != 0)
        return EN_OK; /* the circle paper is nobody's device */
    p = person_of(ps, &d->person);
    if (p == NULL)
        return EN_NOMEM;
    if (p->name.n == 0)
        err = en_buf_add_span(&p->name, d->person_name);
    if (d->cls < p->cls && (d->flags & EN_DEVICE_KIT) == 0)
        p->cls = d->cls;
    p->me |= (d->flags & EN_DEVICE_ME) != 0;
    p->kit |= (d->flags & EN_DEVICE_KIT) != 0;
    p->flags |= d->flags;
    p->devices += (d->flags & EN_DEVICE_KIT) == 0;
    return err == EN_OK ? add_label(p, d) : err;
}

/* MEMBERS: the circle, then its devices. */
static en_err take_member(void *user, struct en_span item)
{
    struct people *ps = user;
    struct en_rpc_device d;
    en_err err;

    if (!ps->any) {
        ps->any = true;
        err = en_rpc_get_circle(item, &ps->circle);
        if (err == EN_OK)
            err = en_buf_add_span(&ps->circle_name, ps->circle.name);
        ps->circle.name = (struct en_span){0};
        return err;
    }
    err = en_rpc_get_device(item, &d);
    return err == EN_OK ? add_device(ps, &d) : err;
}

static int by_name(const void *a, const void *b)
{
    const struct person *x = a, *y = b;
    int c = en_text_compare(en_buf_span(&x->name), en_buf_span(&y->name));

    return c != 0 ? c : en_id16_cmp(&x->id, &y->id);
}

static const struct en_column member_columns[] = {
    {"id", NULL},
    {"person", EN_MSG("Person")},
    {"level", EN_MSG("Level")},
    {"devices", EN_MSG("Devices")},
    {"note", EN_MSG("Note")},
    {"me", NULL},
    {"forked", NULL},
};

static void member_row(struct en_cmd *cmd, const struct person *p)
{
    bool forked = (p->flags & EN_DEVICE_FORKED) != 0;
    bool scripts = cmd->mode == EN_SHOW_PLAIN || cmd->mode == EN_SHOW_JSON;
    char id[33];

    en_hex(id, p->id.b, 16);
    en_show_row(&cmd->show,
                (struct en_cell[]){
                    en_cell_id(en_span_str(id), en_span_str(id)),
                    en_cell_text(en_buf_span(&p->name)),
                    en_cell_word(level_key(p->cls), level_id(p->cls)),
                    en_cell_text(en_buf_span(&p->labels)),
                    scripts ? en_cell_none()
                    : forked
                        ? en_cell_word("forked", EN_MSG("suspended: written "
                                                        "twice"))
                    : p->me ? en_cell_word("you", EN_MSG("you"))
                            : en_cell_none(),
                    en_cell_bool(p->me),
                    en_cell_bool(forked),
                });
}

int en_cmd_circle_members(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_name name = {.typed = circle_typed(cmd)};
    struct people ps = {0};
    en_err err = EN_CALL(cmd, MEMBERS, name, &name, take_member, &ps);

    (void)args;
    if (err == EN_OK && ps.n > 0)
        qsort(ps.p, ps.n, sizeof *ps.p, by_name);
    if (err == EN_OK)
        err = join_labels(&ps);
    if (err == EN_OK) {
        en_show_table(&cmd->show, member_columns,
                      sizeof member_columns / sizeof member_columns[0]);
        for (size_t i = 0; i < ps.n; i++)
            member_row(cmd, &ps.p[i]);
        en_show_table_end(&cmd->show);
        en_show_line(
            &cmd->show, "Circle \"{circle}\": {persons}, {devices}.",
            EN_ARGS(en_arg_span("circle", en_buf_span(&ps.circle_name)),
                    en_arg_count("persons", "{n} person", "{n} people",
                                 ps.circle.persons),
                    en_arg_count("devices", "{n} device", "{n} devices",
                                 ps.circle.devices)));
    }
    people_free(&ps);
    return en_cmd_done(cmd, err);
}

/*
 * share
 */

struct preview {
    struct people ps;
    struct en_id revision, readers;
    struct en_buf title, text;
    uint32_t persons, devices, kits;
    bool any;
};

static void preview_free(struct preview *p)
{
    people_free(&p->ps);
    en_buf_free(&p->title);
    en_buf_free(&p->text);
}

static en_err take_preview(void *user, struct en_span item)
{
    struct preview *p = user;
    struct en_rpc_preview head;
    struct en_rpc_device d;
    en_err err;

    if (p->any) {
        err = en_rpc_get_device(item, &d);
        return err == EN_OK ? add_device(&p->ps, &d) : err;
    }
    p->any = true;
    err = en_rpc_get_preview(item, &head);
    if (err != EN_OK)
        return err;
    p->revision = head.revision;
    p->readers = head.readers;
    p->persons = head.persons;
    p->devices = head.devices;
    p->kits = head.kits;
    err = en_buf_add_span(&p->title, head.title);
    if (err == EN_OK)
        err = en_buf_add_span(&p->text, head.text);
    if (err == EN_OK)
        err = en_buf_add_span(&p->ps.circle_name, head.circle.name);
    return err;
}

/* "Amina B. (facilitation), Chloé D., Luc R. (vous)" */
static en_err reader_names(struct en_cmd *cmd, const struct people *ps,
                           struct en_buf *out)
{
    en_err err = EN_OK;

    for (size_t i = 0; i < ps->n && err == EN_OK; i++) {
        const struct person *p = &ps->p[i];
        struct en_span name = en_buf_span(&p->name);

        if (out->n > 0)
            err = en_buf_add_str(out, ", ");
        if (err != EN_OK)
            break;
        if (p->me)
            err = en_cmd_say(cmd, out, "{person} (you)",
                             EN_ARGS(en_arg_span("person", name)));
        else if (p->cls == 1)
            err = en_cmd_say(cmd, out, "{person} (facilitator)",
                             EN_ARGS(en_arg_span("person", name)));
        else
            err = en_text_harmless(name, false, out);
    }
    return err;
}

static en_err kit_names(const struct people *ps, struct en_buf *out)
{
    en_err err = EN_OK;

    for (size_t i = 0; i < ps->n && err == EN_OK; i++) {
        if (!ps->p[i].kit)
            continue;
        if (out->n > 0)
            err = en_buf_add_str(out, ", ");
        if (err == EN_OK)
            err = en_buf_add_span(out, en_buf_span(&ps->p[i].name));
    }
    return err;
}

/* "3 personnes, 4 appareils, et 1 kit de secours : celui de Luc R." */
static en_err reader_counts(struct en_cmd *cmd, const struct preview *p,
                            struct en_buf *out)
{
    struct en_buf kits = {0};
    en_err err = kit_names(&p->ps, &kits);

    if (err == EN_OK && p->kits == 0)
        err = en_cmd_say(cmd, out, "{persons}, {devices}, no recovery kit",
                         EN_ARGS(en_arg_count("persons", "{n} person",
                                              "{n} people", p->persons),
                                 en_arg_count("devices", "{n} device",
                                              "{n} devices", p->devices)));
    else if (err == EN_OK)
        err = en_trn(&cmd->t, out,
                     "{persons}, {devices}, and {n} recovery kit: that of "
                     "{names}",
                     "{persons}, {devices}, and {n} recovery kits: those of "
                     "{names}",
                     p->kits,
                     EN_ARGS(en_arg_count("persons", "{n} person", "{n} people",
                                          p->persons),
                             en_arg_count("devices", "{n} device",
                                          "{n} devices", p->devices),
                             en_arg_span("names", en_buf_span(&kits))));
    en_buf_free(&kits);
    return err;
}

static const struct en_column preview_columns[] = {
    {"id", NULL},      {"circle", NULL},  {"title", NULL},   {"text", NULL},
    {"readers", NULL}, {"persons", NULL}, {"devices", NULL}, {"kits", NULL},
};

static void preview_record(struct en_cmd *cmd, const struct preview *p)
{
    struct en_span names[EN_RECIPIENTS_MAX];
    size_t n = 0;
    char id[65];

    for (size_t i = 0; i < p->ps.n && n < EN_RECIPIENTS_MAX; i++)
        names[n++] = en_buf_span(&p->ps.p[i].name);
    en_hex(id, p->readers.b, 32);
    en_show_record(&cmd->show, preview_columns,
                   sizeof preview_columns / sizeof preview_columns[0],
                   (struct en_cell[]){
                       en_cell_id(en_span_str(id), en_span_str(id)),
                       en_cell_text(en_buf_span(&p->ps.circle_name)),
                       en_cell_text(en_buf_span(&p->title)),
                       en_cell_text(en_buf_span(&p->text)),
                       en_cell_list(names, n),
                       en_cell_number(p->persons),
                       en_cell_number(p->devices),
                       en_cell_number(p->kits),
                   });
}

static en_err show_preview(struct en_cmd *cmd, struct preview *p)
{
    struct en_buf names = {0}, counts = {0};
    en_err err;

    if (p->ps.n > 0)
        qsort(p->ps.p, p->ps.n, sizeof *p->ps.p, by_name);
    err = reader_names(cmd, &p->ps, &names);
    if (err == EN_OK)
        err = reader_counts(cmd, p, &counts);
    if (err == EN_OK) {
        en_show_line(&cmd->show,
                     "These are the exact words that will leave:", NULL);
        if (p->title.n > 0)
            en_show_text(&cmd->show, en_buf_span(&p->title), 2);
        en_show_text(&cmd->show, en_buf_span(&p->text), 2);
        en_show_line(
            &cmd->show,
            "Who will be able to read them: the whole circle "
            "\"{circle}\", today and later.",
            EN_ARGS(en_arg_span("circle", en_buf_span(&p->ps.circle_name))));
        if (cmd->mode == EN_SHOW_PEOPLE || cmd->mode == EN_SHOW_SIMPLE) {
            en_show_said(&cmd->show, en_buf_span(&names), 2);
            en_show_said(&cmd->show, en_buf_span(&counts), 2);
        }
        en_show_line(&cmd->show,
                     "Your private entry does not change. A share can be taken "
                     "back; what was read or copied cannot be erased.",
                     NULL);
    }
    en_buf_free(&names);
    en_buf_free(&counts);
    return err;
}

struct sharing {
    struct en_rpc_shared shared;
    struct en_entry_copy entry;
    bool told;
};

static en_err take_shared(void *user, struct en_span item)
{
    struct sharing *s = user;

    if (s->told)
        return en_entry_take(&s->entry, item);
    s->told = true;
    return en_rpc_get_shared(item, &s->shared);
}

/* "3-7" or "3"; 1-based. */
static en_err take_lines(struct en_cmd *cmd, struct en_rpc_share *s)
{
    const char *v = en_args_flag(cmd->args, "lines");
    uint32_t n[2] = {0, 0};
    int at = 0;

    if (v == NULL)
        return EN_OK;
    for (; *v != '\0'; v++) {
        if (*v == '-' && at == 0 && n[0] > 0)
            at = 1;
        else if (*v >= '0' && *v <= '9' && n[at] < 1000000)
            n[at] = n[at] * 10 + (uint32_t)(*v - '0');
        else
            return EN_RANGE;
    }
    if (at == 0)
        n[1] = n[0];
    if (n[0] == 0 || n[1] < n[0])
        return EN_RANGE;
    s->line_from = n[0];
    s->line_to = n[1];
    return EN_OK;
}

static const char *const with_words[] = {"circle", "cercle", NULL};
static const char *const session_words[] = {"session", "seance", NULL};

/* With whom: only a circle as yet. */
static en_err take_with(struct en_cmd *cmd)
{
    const char *with = en_args_flag(cmd->args, "with");
    struct en_buf prompt = {0}, answer = {.max = 256};
    en_err err;

    if (with == NULL) {
        en_show_flush(&cmd->show);
        err = en_cmd_say(cmd, &prompt, "Share it? 1 circle   Enter: no", NULL);
        if (err == EN_OK)
            err = en_ask_line(&cmd->ask, en_buf_span(&prompt),
                              cmd->t.lang == EN_LANG_FR ? "--with cercle"
                                                        : "--with circle",
                              128, &answer, &cmd->why);
        if (err == EN_OK &&
            !en_span_eq(en_buf_span(&answer), en_span_str("1")) &&
            en_value_find(with_words, en_buf_span(&answer)) < 0)
            err =
                en_why_set(&cmd->why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0, 0);
        en_buf_free(&prompt);
        en_buf_free(&answer);
        return err;
    }
    if (en_value_find(with_words, en_span_str(with)) >= 0)
        return EN_OK;
    if (en_value_find(session_words, en_span_str(with)) >= 0)
        return EN_ABSENT;
    return en_why_set(&cmd->why, EN_DENIED, EN_WHY_ONE_PERSON, NULL, 0, 0);
}

/* While the link is on, the others' devices answer within moments: what is told is
 * told once those that are there have it, or after three seconds. */
struct watching {
    const struct en_id *cid;
    struct en_rpc_link link;
    size_t at; /* of the answer's items */
    size_t linked, in_step;
};

#define RECEIPT_MS 3000u

static en_err take_link(void *user, struct en_span item)
{
    struct watching *w = user;
    struct en_rpc_peer p;
    en_err err;
    size_t at = w->at++;

    if (at == 0) {
        err = en_rpc_get_link(item, &w->link);
        w->link.hint = w->link.person = w->link.circle = (struct en_span){0};
        return err;
    }
    if (at <= w->link.addresses)
        return EN_OK;
    err = en_rpc_get_peer(item, &p);
    if (err == EN_OK && en_id_eq(&p.cid, w->cid) && p.linked) {
        w->linked++;
        w->in_step += p.in_step;
    }
    return err;
}

static en_err await_receipts(struct en_cmd *cmd, const struct en_id *cid)
{
    const struct en_clock *clock = &cmd->machine->clock;
    uint64_t until = clock->now_ms(clock->user) + RECEIPT_MS;
    struct watching w = {.cid = cid};
    struct en_rpc_watch arg = {0};
    en_err err;

    for (;;) {
        uint64_t now = clock->now_ms(clock->user);

        arg.since = w.link.counter;
        arg.timeout_ms = now < until ? (uint32_t)(until - now) : 0;
        w.at = w.linked = w.in_step = 0;
        err = EN_CALL(cmd, LINK_WATCH, watch, &arg, take_link, &w);
        if (err != EN_OK || !w.link.on || w.linked == w.in_step || now >= until)
            return err;
    }
}

struct receipt {
    const struct en_id *cid;
    struct en_rpc_shared *shared;
};

static en_err take_receipt(void *user, struct en_span item)
{
    struct receipt *r = user;
    struct en_rpc_circle c;
    en_err err = en_rpc_get_circle(item, &c);

    if (err == EN_OK && en_id_eq(&c.cid, r->cid)) {
        r->shared->others = c.others;
        r->shared->received = c.in_step;
    }
    return err;
}

static void say_shared(struct en_cmd *cmd, const struct sharing *s,
                       const char *original)
{
    const struct en_arg *args = EN_ARGS(
        en_arg_text("id", s->entry.id), en_arg_text("original", original),
        en_arg_number("here", s->shared.received));

    if (s->shared.others == 0)
        en_show_line(&cmd->show,
                     "Shared: {id}, copy of {original}, with the circle. To "
                     "take it back: entrenous delete {id}",
                     args);
    else
        en_show_line_n(
            &cmd->show,
            "Shared: {id}, copy of {original}, with the circle. Received by "
            "{here} of {n} other device. To take it back: entrenous delete "
            "{id}",
            "Shared: {id}, copy of {original}, with the circle. Received by "
            "{here} of the {n} other devices. To take it back: entrenous "
            "delete "
            "{id}",
            s->shared.others, args);
    en_rows_record(cmd, &s->entry.e);
}

static en_err share_now(struct en_cmd *cmd, const struct en_rpc_share *arg,
                        const char *original)
{
    struct sharing s = {0};
    struct receipt r = {.shared = &s.shared};
    en_err err = EN_CALL(cmd, SHARE, share, arg, take_shared, &s);

    if (err == EN_OK && s.shared.others > 0) {
        r.cid = &s.entry.e.cid;
        err = await_receipts(cmd, r.cid);
        if (err == EN_OK)
            err = en_cmd_call(cmd, EN_RPC_CIRCLES, en_rpc_nothing(),
                              take_receipt, &r);
    }
    if (err == EN_OK)
        say_shared(cmd, &s, original);
    en_entry_copy_free(&s.entry);
    return err;
}

/* The original's id as people see it. */
static en_err take_original(void *user, struct en_span item)
{
    struct en_rpc_full *f = en_cmd_alloc(sizeof *f);
    en_err err;

    if (f == NULL)
        return EN_NOMEM;
    err = en_rpc_get_full(item, f);
    if (err == EN_OK)
        en_row_id(&f->entry, user);
    en_cmd_release(f, sizeof *f);
    return err;
}

int en_cmd_share(struct en_cmd *cmd, const struct en_args *args)
{
    char original[EN_LETTERS + 1] = "";
    struct preview p = {0};
    struct en_rpc_read read = {.typed = en_span_str(args->word[0])};
    struct en_rpc_share arg = {.typed = read.typed,
                               .circle = circle_typed(cmd)};
    bool yes = false;
    en_err err = take_lines(cmd, &arg);

    if (err == EN_OK)
        err = en_cmd_open(cmd);
    if (err == EN_OK)
        err = EN_CALL(cmd, READ, read, &read, take_original, original);
    if (err == EN_OK)
        err = take_with(cmd);
    if (err == EN_OK)
        err = EN_CALL(cmd, PREVIEW, share, &arg, take_preview, &p);
    if (err == EN_OK)
        err = show_preview(cmd, &p);
    if (err != EN_OK)
        goto out;
    if (en_args_has(args, "dry-run")) {
        preview_record(cmd, &p);
        en_show_line(&cmd->show, "Nothing was shared.", NULL);
        goto out;
    }
    err = en_cmd_yes(cmd, "Share?", NULL, "--yes", &yes);
    if (err == EN_OK && !yes)
        err = en_why_set(&cmd->why, EN_CLOSED, EN_WHY_CANCELLED, NULL, 0, 0);
    arg.revision = p.revision;
    arg.readers = p.readers;
    if (err == EN_OK)
        err = share_now(cmd, &arg, original);
out:
    preview_free(&p);
    return en_cmd_done(cmd, err);
}

/*
 * words
 */

static const struct en_column words_columns[] = {
    {"id", NULL}, {"circle", NULL}, {"words", NULL}, {"lang", NULL}};

static en_err take_words(void *user, struct en_span item)
{
    struct en_cmd *cmd = user;
    struct en_span list[6];
    struct en_buf line = {0};
    struct en_rpc_words w;
    enum en_lang lang;
    char cid[65];
    en_err err = en_rpc_get_words(item, &w);

    for (size_t i = 0; i < 6 && err == EN_OK; i++) {
        if (w.word[i] >= EN_WORDS_COUNT || w.lang > EN_LANG_EN)
            return EN_PROTOCOL;
    }
    if (err != EN_OK)
        return err;
    lang = (enum en_lang)w.lang;
    err = en_cmd_words_line(cmd, lang, w.word, &line);
    if (err == EN_OK &&
        (cmd->mode == EN_SHOW_PEOPLE || cmd->mode == EN_SHOW_SIMPLE)) {
        en_show_said(&cmd->show, en_buf_span(&line), 4);
        en_show_line(&cmd->show, "Circle \"{circle}\". To be read aloud.",
                     EN_ARGS(en_arg_span("circle", w.circle)));
    }
    for (size_t i = 0; i < 6; i++)
        list[i] = en_span_str(en_word(lang, w.word[i]));
    en_hex(cid, w.cid.b, 32);
    if (err == EN_OK)
        en_show_record(&cmd->show, words_columns, 4,
                       (struct en_cell[]){
                           en_cell_id(en_span_str(cid), en_span_str(cid)),
                           en_cell_text(w.circle),
                           en_cell_list(list, 6),
                           en_cell_word(lang == EN_LANG_FR ? "fr" : "en", NULL),
                       });
    en_buf_free(&line);
    return err;
}

en_err en_cmd_words_line(struct en_cmd *cmd, enum en_lang lang,
                         const uint16_t word[6], struct en_buf *out)
{
    const char *between = cmd->mode == EN_SHOW_SIMPLE ? ", " : " \xc2\xb7 ";
    en_err err = EN_OK;

    for (size_t i = 0; i < 6 && err == EN_OK; i++) {
        if (i > 0)
            err = en_buf_add_str(out, between);
        if (err == EN_OK)
            err = en_buf_add_str(out, en_word(lang, word[i]));
    }
    return err;
}

int en_cmd_words(struct en_cmd *cmd, const struct en_args *args)
{
    struct en_rpc_name name = {.typed = circle_typed(cmd)};

    (void)args;
    return en_cmd_done(cmd, EN_CALL(cmd, WORDS, name, &name, take_words, cmd));
}
