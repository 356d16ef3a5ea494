#include "cli/mo.h"

#include <string.h>

#define MO_MAGIC 0x950412deu
#define MO_HEAD  28u

static bool table_at(const struct en_mo *mo, uint32_t table, uint32_t i,
                     struct en_span *s)
{
    uint32_t len = en_get_u32(mo->bytes.p + table + i * 8);
    uint32_t at = en_get_u32(mo->bytes.p + table + i * 8 + 4);

    if (at >= mo->bytes.n || len >= mo->bytes.n - at ||
        mo->bytes.p[at + len] != 0)
        return false;
    *s = EN_SPAN(mo->bytes.p + at, len);
    return true;
}

en_err en_mo_open(struct en_mo *mo, struct en_span bytes)
{
    struct en_mo m = {.bytes = bytes};
    struct en_span id, before = {0}, text;

    if (bytes.n < MO_HEAD || bytes.n > UINT32_MAX ||
        en_get_u32(bytes.p) != MO_MAGIC || en_get_u32(bytes.p + 4) != 0)
        return EN_PROTOCOL;
    m.count = en_get_u32(bytes.p + 8);
    m.ids = en_get_u32(bytes.p + 12);
    m.texts = en_get_u32(bytes.p + 16);
    if (m.count > bytes.n / 8 || m.ids > bytes.n - m.count * 8 ||
        m.texts > bytes.n - m.count * 8)
        return EN_PROTOCOL;

    for (uint32_t i = 0; i < m.count; i++) {
        if (!table_at(&m, m.ids, i, &id) || !table_at(&m, m.texts, i, &text))
            return EN_PROTOCOL;
        /* Both are NUL-terminated: table_at looked. */
        if (i > 0 && strcmp((const char *)before.p, (const char *)id.p) >= 0)
            return EN_PROTOCOL;
        before = id;
    }
    *mo = m;
    return EN_OK;
}

struct en_span en_mo_id(const struct en_mo *mo, uint32_t i)
{
    struct en_span s = {0};

    assert(i < mo->count);
    (void)table_at(mo, mo->ids, i, &s); /* en_mo_open looked at each */
    return s;
}

struct en_span en_mo_text(const struct en_mo *mo, uint32_t i)
{
    struct en_span s = {0};

    assert(i < mo->count);
    (void)table_at(mo, mo->texts, i, &s);
    return s;
}

bool en_mo_find(const struct en_mo *mo, const char *id, struct en_span *text)
{
    uint32_t low = 0, high = mo->count;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int c = strcmp(id, (const char *)en_mo_id(mo, mid).p);

        if (c == 0) {
            *text = en_mo_text(mo, mid);
            return text->n > 0;
        }
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}

bool en_mo_form(struct en_span text, unsigned n, struct en_span *form)
{
    const uint8_t *end;

    while (n > 0) {
        end = memchr(text.p, 0, text.n);
        if (end == NULL)
            return false;
        text.n -= (size_t)(end - text.p) + 1;
        text.p = end + 1;
        n--;
    }
    end = memchr(text.p, 0, text.n);
    *form = EN_SPAN(text.p, end != NULL ? (size_t)(end - text.p) : text.n);
    return true;
}
