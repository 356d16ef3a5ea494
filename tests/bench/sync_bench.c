/*
 * sync_bench.c - first sync of N records of 1 KB between two devices: two real
 * vaults, two processes, a TCP connection over loopback. At the end every record is
 * durable and readable at the receiver, and the sender has been told so.
 *
 * Floor: plain SQLite at both ends; the sender reads and sends, the receiver hashes
 * header and payload, opens XChaCha20-Poly1305, verifies one signature a run of 256,
 * inserts, commits a run at a time.
 *
 * A row is CPU of both sides a record. Also printed: wall time a record, bytes on
 * the wire a record (both directions, handshake included) and their ratio to the
 * text and to the whole content, the most memory resident at each side.
 *
 * Usage: sync_bench [N...]   from tests/; 1000 10000 100000 without
 */
#include "bench/peer.h"
#include "bench/plain.h"
#include "bench/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT 1000
#define RUN  256
#define CT   1104 /* such a text's padded, sealed content */

struct arg {
    char dir[512];
    size_t n;
    struct wire_meet meet;
    const char *other;
};

struct result {
    struct bench_time time;
    double memory; /* KiB */
    uint64_t sent, received;
    uint64_t items, bytes;
};

/* -- ours --------------------------------------------------------------------- */

static void prepare(void *arg, void *out)
{
    const struct arg *a = arg;
    static struct peer p[2];

    (void)out;
    peer_found(&p[0], a->dir);
    peer_admit(&p[1], a->other, &p[0]);
    peer_level(p, 2);
    peer_write(&p[0], 0, a->n, TEXT);
    peer_close(&p[0]);
    peer_close(&p[1]);
}

static bool flush(struct side *s, int fd)
{
    for (;;) {
        struct en_span out = side_out(s);
        ssize_t k;

        if (out.n == 0)
            return true;
        k = send(fd, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k < 0) {
            BENCH_TRUE(errno == EAGAIN || errno == EPIPE ||
                       errno == ECONNRESET);
            return errno != EAGAIN;
        }
        side_wrote(s, (size_t)k);
    }
}

/* Until both are done with each other; want: readable records to wait for. */
static void carry(struct side *s, int fd, size_t want)
{
    static uint8_t in[65536];
    bool left = false;

    while (!s->closed) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t k;

        if (!left && want > 0 && s->peer->items == want && side_in_step(s)) {
            left = true;
            side_leave(s);
        }
        if (!flush(s, fd))
            p.events |= POLLOUT;
        if (s->closed)
            break;
        BENCH_TRUE(poll(&p, 1, 60000) > 0);
        if ((p.revents & (POLLIN | POLLHUP)) == 0)
            continue;
        k = recv(fd, in, sizeof(in), MSG_DONTWAIT);
        if (k > 0)
            side_take(s, EN_SPAN(in, (size_t)k));
        else if (k == 0 || errno != EAGAIN)
            side_ended(s);
    }
    (void)flush(s, fd);
}

static void finish(struct side *s, int fd, const struct bench_time *start,
                   struct result *r)
{
    r->time = bench_since(start);
    r->memory = bench_memory_peak();
    r->sent = s->sent;
    r->received = s->received;
    r->items = s->peer->items;
    r->bytes = s->peer->item_bytes;
    wire_close(fd);
}

static void sender(void *arg, void *out)
{
    struct arg *a = arg;
    static struct peer p;
    const struct en_circle *c;
    const struct en_member *whom = NULL;
    struct bench_time start;
    struct side s;
    int fd;

    peer_open(&p, a->dir);
    c = en_replica_circle(p.r);
    for (size_t i = 0; i < en_circle_members(c); i++) {
        const struct en_member *m = en_circle_member(c, i);

        if ((m->flags & (EN_CERT_KIT | EN_CERT_ROOT)) == 0 &&
            !en_id_eq(&m->device, en_replica_device(p.r)))
            whom = m;
    }
    BENCH_TRUE(whom != NULL);
    fd = wire_call(&a->meet, &start);
    side_call_member(&s, &p, whom);
    carry(&s, fd, 0);
    finish(&s, fd, &start, out);
    BENCH_TRUE(en_replica_waiting(p.r) == 0);
    side_free(&s);
    peer_close(&p);
}

struct count {
    size_t n;
};

static en_err count_item(void *user, const struct en_item *item)
{
    struct count *c = user;

    c->n += item->content.n > 0;
    return EN_OK;
}

static void receiver(void *arg, void *out)
{
    struct arg *a = arg;
    static struct peer p;
    struct bench_time start;
    struct count c = {0};
    struct side s;
    int fd;

    peer_open(&p, a->dir);
    fd = wire_listen(&a->meet, &start);
    side_accept(&s, &p);
    carry(&s, fd, a->n);
    finish(&s, fd, &start, out);
    side_free(&s);
    peer_close(&p);
    /* Durable and readable: a vault opened anew shows them all. */
    peer_open(&p, a->dir);
    BENCH_OK(en_replica_items(p.r, count_item, &c));
    BENCH_TRUE(c.n == a->n);
    peer_close(&p);
}

/* -- the floor ---------------------------------------------------------------- */

struct floor_run {
    uint32_t n;
    uint8_t sig[64];
};

static const uint8_t floor_key[32] = {1};
static const uint8_t floor_nonce[24] = {2};

static void floor_keys(uint8_t pk[32], uint8_t sk[64])
{
    static const uint8_t seed[32] = {3};

    BENCH_TRUE(crypto_sign_seed_keypair(pk, sk, seed) == 0);
}

static void floor_hash(uint8_t out[32], const void *p, size_t n)
{
    BENCH_TRUE(crypto_generichash(out, 32, p, n, NULL, 0) == 0);
}

static void floor_prepare(void *arg, void *out)
{
    const struct arg *a = arg;
    static uint8_t plain[CT - 16];
    static uint8_t ct[CT];
    uint8_t header[PLAIN_HEADER] = {0};
    uint8_t pk[32];
    uint8_t sk[64];
    uint8_t id[32];
    uint8_t sig[64];
    struct plain db;

    (void)out;
    floor_keys(pk, sk);
    plain_open(&db, a->dir);
    plain_exec(&db, "BEGIN");
    for (size_t i = 0; i < a->n; i++) {
        bool last = i + 1 == a->n || i % RUN == RUN - 1;

        memcpy(plain, bench_text(i, TEXT).p, TEXT);
        BENCH_TRUE(crypto_aead_xchacha20poly1305_ietf_encrypt(
                       ct, NULL, plain, sizeof(plain), header, 64, NULL,
                       floor_nonce, floor_key) == 0);
        floor_hash(header + 96, ct, sizeof(ct));
        floor_hash(id, header, sizeof(header));
        if (last)
            BENCH_TRUE(crypto_sign_detached(sig, NULL, id, 32, sk) == 0);
        plain_put(&db, (int64_t)i, header, EN_SPAN_OF(ct), last ? sig : NULL);
        if (i % 1024 == 1023)
            plain_exec(&db, "COMMIT; BEGIN");
    }
    plain_exec(&db, "COMMIT");
    plain_close(&db);
}

static uint8_t floor_buf[RUN * (PLAIN_HEADER + CT)];

static void floor_sender(void *arg, void *out)
{
    struct arg *a = arg;
    struct result *r = out;
    struct bench_time start;
    struct plain db;
    struct floor_run run = {0};
    const uint8_t *header;
    const uint8_t *sig;
    struct en_span payload;
    uint8_t done;
    int fd;

    plain_open(&db, a->dir);
    fd = wire_call(&a->meet, &start);
    while (plain_next(&db, &header, &payload, &sig)) {
        uint8_t *at = floor_buf + run.n * (PLAIN_HEADER + CT);

        memcpy(at, header, PLAIN_HEADER);
        memcpy(at + PLAIN_HEADER, payload.p, CT);
        run.n++;
        if (sig == NULL)
            continue;
        memcpy(run.sig, sig, 64);
        wire_send(fd, &run, sizeof(run));
        wire_send(fd, floor_buf, run.n * (PLAIN_HEADER + CT));
        run.n = 0;
    }
    wire_send(fd, &run, sizeof(run));
    BENCH_TRUE(wire_recv(fd, &done, 1));
    r->time = bench_since(&start);
    r->memory = bench_memory_peak();
    wire_close(fd);
    plain_close(&db);
}

/* Whole, opened, hashed, signed for; then inserted. */
static void floor_take(struct plain *db, const struct floor_run *run,
                       int64_t first, const uint8_t pk[32], struct result *r)
{
    uint8_t text[CT - 16];
    uint8_t id[32];
    uint8_t hash[32];

    for (uint32_t i = 0; i < run->n; i++) {
        const uint8_t *header = floor_buf + i * (PLAIN_HEADER + CT);

        floor_hash(hash, header + PLAIN_HEADER, CT);
        BENCH_TRUE(memcmp(hash, header + 96, 32) == 0);
        floor_hash(id, header, PLAIN_HEADER);
    }
    BENCH_TRUE(crypto_sign_verify_detached(run->sig, id, 32, pk) == 0);
    plain_exec(db, "BEGIN IMMEDIATE");
    for (uint32_t i = 0; i < run->n; i++) {
        const uint8_t *header = floor_buf + i * (PLAIN_HEADER + CT);

        BENCH_TRUE(crypto_aead_xchacha20poly1305_ietf_decrypt(
                       text, NULL, NULL, header + PLAIN_HEADER, CT, header, 64,
                       floor_nonce, floor_key) == 0);
        plain_put(db, first + i, header, EN_SPAN(header + PLAIN_HEADER, CT),
                  i + 1 == run->n ? run->sig : NULL);
        r->items++;
    }
    plain_exec(db, "COMMIT");
}

static void floor_receiver(void *arg, void *out)
{
    struct arg *a = arg;
    struct result *r = out;
    struct bench_time start;
    struct floor_run run;
    struct plain db;
    uint8_t pk[32];
    uint8_t sk[64];
    uint8_t done = 1;
    int fd;

    *r = (struct result){0};
    floor_keys(pk, sk);
    plain_open(&db, a->dir);
    fd = wire_listen(&a->meet, &start);
    while (wire_recv(fd, &run, sizeof(run)) && run.n > 0) {
        BENCH_TRUE(run.n <= RUN);
        BENCH_TRUE(wire_recv(fd, floor_buf, run.n * (PLAIN_HEADER + CT)));
        floor_take(&db, &run, (int64_t)r->items, pk, r);
    }
    wire_send(fd, &done, 1);
    r->time = bench_since(&start);
    r->memory = bench_memory_peak();
    wire_close(fd);
    BENCH_TRUE(r->items == a->n);
    plain_close(&db);
}

/* -- rows --------------------------------------------------------------------- */

static void pair(bench_fn send, bench_fn take, struct arg a[2],
                 struct result r[2])
{
    struct bench_started s[2];

    wire_meet(&a[0].meet);
    wire_meet(&a[1].meet);
    s[1] = bench_start(take, &a[1], &r[1], sizeof(r[1]));
    s[0] = bench_start(send, &a[0], &r[0], sizeof(r[0]));
    wire_go(&a[1].meet, &a[0].meet);
    bench_wait(&s[0], &r[0], sizeof(r[0]));
    bench_wait(&s[1], &r[1], sizeof(r[1]));
}

static double cpu(const struct result r[2])
{
    return r[0].time.cpu_us + r[1].time.cpu_us;
}

static void measure(size_t n, double *ours_us)
{
    static struct arg ours[2];
    static struct arg floor[2];
    struct result r[2] = {{.memory = 0}};
    struct result f[2] = {{.memory = 0}};
    struct en_buf one = {0};
    double content;
    double wire;

    for (int i = 0; i < 2; i++) {
        char dir[480];

        bench_dir(dir, sizeof(dir));
        bench_path(ours[i].dir, sizeof(ours[i].dir), dir, "vault");
        bench_path(floor[i].dir, sizeof(floor[i].dir), dir, "plain.db");
        ours[i].n = floor[i].n = n;
    }
    ours[0].other = ours[1].dir;
    bench_child(prepare, &ours[0], NULL, 0);
    bench_child(floor_prepare, &floor[0], NULL, 0);
    pair(floor_sender, floor_receiver, floor, f);
    pair(sender, receiver, ours, r);
    peer_entry(&one, 0, TEXT);
    content = (double)one.n;
    en_buf_free(&one);
    wire = (double)(r[0].sent + r[0].received) / (double)n;
    *ours_us = cpu(r);
    bench_row("sync.first", n, cpu(r) / (double)n, cpu(f) / (double)n,
              "sender %.2f receiver %.2f wall %.2f floor_wall %.2f "
              "wire_bytes %.1f text_ratio %.3f content_ratio %.3f "
              "sender_mib %.1f receiver_mib %.1f floor_mib %.1f",
              r[0].time.cpu_us / (double)n, r[1].time.cpu_us / (double)n,
              r[1].time.wall_us / (double)n, f[1].time.wall_us / (double)n,
              wire, wire / TEXT, wire / content, r[0].memory / 1024,
              r[1].memory / 1024, f[1].memory / 1024);
}

int main(int argc, char **argv)
{
    static const size_t otherwise[] = {1000, 10000, 100000};
    size_t n[8];
    double us[8];
    size_t k = bench_sizes(argc, argv, n, 8, otherwise, 3);

    for (size_t i = 0; i < k; i++) {
        measure(n[i], &us[i]);
        if (i > 0)
            printf("%-20s n %7zu  exponent %.3f\n", "sync.first.growth", n[i],
                   bench_exponent((double)n[i - 1], us[i - 1], (double)n[i],
                                  us[i]));
    }
    return 0;
}
