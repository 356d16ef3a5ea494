#include "sync/beacon.h"

#include "crypto/hash.h"
#include "crypto/labels.h"
#include "crypto/wrap.h"

#include <stdlib.h>
#include <string.h>

#define VERSION  1
#define TAG_LEN  8
#define NONCE_AT 1
#define PORT_AT  17
#define SLOTS_AT 19
#define HOURS    2 /* before and after: a clock off by more must dial by address */

_Static_assert(SLOTS_AT + EN_BEACON_SLOTS * TAG_LEN == EN_BEACON_LEN,
               "531 bytes");

static const uint8_t seek_magic[4] = {'E', 'N', '1', 'S'};
static const uint8_t here_magic[4] = {'E', 'N', '1', 'H'};

bool en_addr_eq(const struct en_addr *a, const struct en_addr *b)
{
    return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 && a->port == b->port &&
           a->scope == b->scope;
}

bool en_rate_take(struct en_rate *r, uint32_t per_second, uint64_t now_ms)
{
    uint64_t passed = now_ms - r->at_ms;
    uint64_t given = passed > 1000 ? 1000ull * per_second : passed * per_second;

    r->used = given >= r->used ? 0 : r->used - (uint32_t)given;
    r->at_ms = now_ms;
    if (r->used + 1000 > 1000 * per_second)
        return false;
    r->used += 1000;
    return true;
}

/* -- peers ---------------------------------------------------------------- */

en_err en_beacons_init(struct en_beacons *b, const struct en_id *cid,
                       const struct en_id *own, const struct en_key *find)
{
    *b = (struct en_beacons){.cid = *cid, .own = *own, .find = *find};
    en_x25519_public(find, b->find_pk);
    b->peer = calloc(EN_BEACON_SLOTS, sizeof(*b->peer));
    if (b->peer == NULL) {
        en_wipe(b, sizeof(*b));
        return EN_NOMEM;
    }
    return EN_OK;
}

void en_beacons_free(struct en_beacons *b)
{
    if (b->peer != NULL)
        en_wipe(b->peer, EN_BEACON_SLOTS * sizeof(*b->peer));
    free(b->peer);
    en_wipe(b, sizeof(*b));
}

void en_beacons_begin(struct en_beacons *b)
{
    for (size_t i = 0; i < b->n; i++)
        b->peer[i].listed = false;
}

static size_t place(const struct en_beacons *b, const struct en_id *device)
{
    size_t i = 0;

    while (i < b->n && en_id_cmp(&b->peer[i].device, device) < 0)
        i++;
    return i;
}

static void drop(struct en_beacons *b, size_t i)
{
    en_key_wipe(&b->peer[i].pair);
    memmove(b->peer + i, b->peer + i + 1, (b->n - i - 1) * sizeof(*b->peer));
    b->n--;
    en_wipe(&b->peer[b->n], sizeof(*b->peer));
}

/* k_AB = KDF(z, "en1.find.pair", smaller find_pk || larger find_pk) */
static en_err pair_key(const struct en_beacons *b, const uint8_t find_pk[32],
                       struct en_key *pair)
{
    struct en_id16 cid16 = en_id_short(&b->cid);
    bool first = memcmp(b->find_pk, find_pk, 32) < 0;
    struct en_key z = {0};
    en_err err = en_x25519(&z, &b->find, find_pk);

    if (err == EN_OK)
        EN_KDF(pair, &z, EN_L_FIND_PAIR, &cid16,
               EN_SPAN(first ? b->find_pk : find_pk, 32),
               EN_SPAN(first ? find_pk : b->find_pk, 32));
    en_key_wipe(&z);
    return err;
}

en_err en_beacons_put(struct en_beacons *b, const struct en_id *device,
                      const uint8_t find_pk[32])
{
    size_t i = place(b, device);
    struct en_find_peer p = {.device = *device, .listed = true};
    en_err err;

    assert(!en_id_eq(device, &b->own));
    if (i < b->n && en_id_eq(&b->peer[i].device, device)) {
        b->peer[i].listed = true; /* a find key is for life */
        return EN_OK;
    }
    if (b->n == EN_BEACON_SLOTS) {
        /* Whoever left the list makes room before it ends. */
        size_t k = 0;

        while (k < b->n && b->peer[k].listed)
            k++;
        if (k == b->n)
            return EN_FULL;
        drop(b, k);
        i = place(b, device);
    }
    memcpy(p.find_pk, find_pk, 32);
    err = pair_key(b, find_pk, &p.pair);
    if (err == EN_OK) {
        memmove(b->peer + i + 1, b->peer + i, (b->n - i) * sizeof(*b->peer));
        b->peer[i] = p;
        b->n++;
    }
    en_wipe(&p, sizeof(p));
    return err;
}

void en_beacons_end(struct en_beacons *b)
{
    for (size_t i = b->n; i-- > 0;)
        if (!b->peer[i].listed)
            drop(b, i);
}

/* -- beacons -------------------------------------------------------------- */

struct said { /* what a tag covers beside the hour and the sender */
    const uint8_t *nonce;
    const uint8_t *ip;
    uint16_t port;
};

static void tag_of(const struct en_beacons *b, const struct en_find_peer *p,
                   const struct en_id *sender, uint64_t hour,
                   const struct said *s, uint8_t tag[TAG_LEN])
{
    struct en_id16 cid16 = en_id_short(&b->cid);
    struct en_key k = {0};
    uint8_t head[8];
    uint8_t port[2];

    en_put_u64(head, hour);
    en_put_u16(port, s->port);
    EN_KDF(&k, &p->pair, EN_L_FIND_TAG, &cid16, EN_SPAN_OF(head),
           EN_SPAN(s->nonce, 16), EN_SPAN(s->ip, 16), EN_SPAN_OF(port),
           EN_SPAN(sender->b, 16));
    memcpy(tag, k.b, TAG_LEN);
    en_key_wipe(&k);
}

static uint64_t hour_of(int64_t time_ms)
{
    return time_ms > 0 ? (uint64_t)time_ms / EN_HOUR_MS : 0;
}

static int by_value(const void *a, const void *b)
{
    return memcmp(a, b, TAG_LEN);
}

void en_beacon_make(const struct en_beacons *b, struct en_rng *rng,
                    const struct en_addr *from, int64_t time_ms,
                    uint8_t out[EN_BEACON_LEN])
{
    uint8_t *slot = out + SLOTS_AT;
    struct said s = {
        .nonce = out + NONCE_AT, .ip = from->ip, .port = from->port};

    out[0] = VERSION;
    en_rng_bytes(rng, out + NONCE_AT, 16);
    en_put_u16(out + PORT_AT, from->port);
    for (size_t i = 0; i < b->n; i++)
        tag_of(b, &b->peer[i], &b->own, hour_of(time_ms), &s,
               slot + i * TAG_LEN);
    en_rng_bytes(rng, slot + b->n * TAG_LEN,
                 (EN_BEACON_SLOTS - b->n) * TAG_LEN);
    qsort(slot, EN_BEACON_SLOTS, TAG_LEN, by_value);
}

/* Whether one of the slots is this tag; looks at all of them, whatever they are. */
static bool holds(const uint8_t *slot, const uint8_t tag[TAG_LEN])
{
    uint64_t want = en_get_u64(tag);
    uint64_t found = 0;

    for (size_t i = 0; i < EN_BEACON_SLOTS; i++) {
        uint64_t d = en_get_u64(slot + i * TAG_LEN) ^ want;

        found |= ((d | (0 - d)) >> 63) ^ 1;
    }
    return found != 0;
}

static bool is_from(const struct en_beacons *b, const struct en_find_peer *p,
                    int64_t time_ms, const struct said *s, const uint8_t *slot)
{
    uint64_t hour = hour_of(time_ms);
    uint64_t first = hour < HOURS ? 0 : hour - HOURS;

    for (uint64_t h = first; h <= hour + HOURS; h++) {
        uint8_t tag[TAG_LEN];

        tag_of(b, p, &p->device, h, s, tag);
        if (holds(slot, tag))
            return true;
    }
    return false;
}

en_err en_beacon_match(struct en_beacons *b, struct en_span datagram,
                       const uint8_t ip[16], int64_t time_ms, uint64_t now_ms,
                       struct en_heard *heard)
{
    struct said s;

    if (datagram.n != EN_BEACON_LEN || datagram.p[0] != VERSION)
        return EN_PROTOCOL;
    s = (struct said){.nonce = datagram.p + NONCE_AT,
                      .ip = ip,
                      .port = en_get_u16(datagram.p + PORT_AT)};
    if (s.port == 0)
        return EN_PROTOCOL;
    if (!en_rate_take(&b->heard, EN_BEACONS_SECOND_MAX, now_ms))
        return EN_FULL;
    for (size_t i = 0; i < b->n; i++) {
        if (!is_from(b, &b->peer[i], time_ms, &s, datagram.p + SLOTS_AT))
            continue;
        heard->device = b->peer[i].device;
        heard->port = s.port;
        heard->dial = en_id_cmp(&b->own, &heard->device) < 0;
        return EN_OK;
    }
    return EN_ABSENT;
}

/* -- SEEK and HERE -------------------------------------------------------- */

static void seek_encode(const struct en_seek *s, uint8_t out[EN_SEEK_LEN])
{
    memset(out, 0, EN_SEEK_LEN);
    memcpy(out, seek_magic, sizeof(seek_magic));
    out[4] = VERSION;
    out[5] = s->number;
    memcpy(out + 16, s->random, sizeof(s->random));
}

static void here_encode(unsigned number, uint16_t port, const uint8_t *random,
                        uint8_t out[EN_SEEK_LEN])
{
    memset(out, 0, EN_SEEK_LEN);
    memcpy(out, here_magic, sizeof(here_magic));
    out[4] = VERSION;
    out[5] = (uint8_t)number;
    en_put_u16(out + 6, port);
    memcpy(out + 16, random, 16);
}

static bool is_datagram(struct en_span d, const uint8_t magic[4],
                        size_t zeros_at)
{
    if (d.n != EN_SEEK_LEN || memcmp(d.p, magic, 4) != 0 || d.p[4] != VERSION ||
        d.p[5] < 1 || d.p[5] > 99)
        return false;
    for (size_t i = zeros_at; i < 16; i++)
        if (d.p[i] != 0)
            return false;
    return true;
}

void en_seek_init(struct en_seek *s, unsigned number, struct en_rng *rng,
                  uint64_t now_ms)
{
    assert(number >= 1 && number <= 99);
    *s = (struct en_seek){.number = (uint8_t)number, .next_ms = now_ms};
    en_rng_bytes(rng, s->random, sizeof(s->random));
}

bool en_seek_due(struct en_seek *s, uint64_t now_ms, uint8_t out[EN_SEEK_LEN])
{
    if (now_ms < s->next_ms || s->n == EN_SEEK_ANSWERS_MAX)
        return false;
    /* From now on, not from when it was due: after a pause no burst follows. */
    s->next_ms = now_ms + EN_SEEK_EVERY_MS;
    seek_encode(s, out);
    return true;
}

en_err en_seek_heard(struct en_seek *s, struct en_span datagram,
                     const struct en_addr *from, struct en_addr *call)
{
    struct en_addr at = *from;

    if (!is_datagram(datagram, here_magic, 8))
        return EN_PROTOCOL;
    at.port = en_get_u16(datagram.p + 6);
    if (at.port == 0)
        return EN_PROTOCOL;
    if (datagram.p[5] != s->number ||
        memcmp(datagram.p + 16, s->random, sizeof(s->random)) != 0)
        return EN_ABSENT;
    for (size_t i = 0; i < s->n; i++)
        if (en_addr_eq(&s->answer[i], &at))
            return EN_FULL;
    if (s->n == EN_SEEK_ANSWERS_MAX)
        return EN_FULL;
    s->answer[s->n++] = at;
    *call = at;
    return EN_OK;
}

en_err en_here_answer(struct en_rate *rate, struct en_span datagram,
                      unsigned number, uint16_t port, uint64_t now_ms,
                      uint8_t out[EN_SEEK_LEN])
{
    if (!is_datagram(datagram, seek_magic, 6))
        return EN_PROTOCOL;
    if (number == 0 || datagram.p[5] != number)
        return EN_ABSENT;
    if (!en_rate_take(rate, EN_HERE_PER_SECOND, now_ms))
        return EN_FULL;
    here_encode(number, port, datagram.p + 16, out);
    return EN_OK;
}
