#include "wire/pack.h"

#include "base/rng.h"
#include "base/text.h"
#include "lib/test.h"

#include <msgpack.h>
#include <stdlib.h>

/*
 * Bytes built by hand, so that the scanner is not judged by its own writer.
 */

static void assert_scan(const char *hex, unsigned flags, en_err expect)
{
    uint8_t b[64];
    size_t n = strlen(hex) / 2;
    en_err err;

    assert_ok(en_unhex(b, n, hex));
    err = en_pack_scan(EN_SPAN(b, n), flags);
    if (err != expect)
        fail_msg("%s: %s", hex, en_err_name(err));
}

static void each_kind_is_accepted_in_an_array(void **state)
{
    (void)state;
    assert_scan("90", 0, EN_OK);
    assert_scan("91c0", 0, EN_OK);
    assert_scan("9100", 0, EN_OK);
    assert_scan("917f", 0, EN_OK);
    assert_scan("91cc80", 0, EN_OK);
    assert_scan("91ccff", 0, EN_OK);
    assert_scan("91cd0100", 0, EN_OK);
    assert_scan("91cdffff", 0, EN_OK);
    assert_scan("91ce00010000", 0, EN_OK);
    assert_scan("91ceffffffff", 0, EN_OK);
    assert_scan("91cf0000000100000000", 0, EN_OK);
    assert_scan("91cfffffffffffffffff", 0, EN_OK);
    assert_scan("91c400", 0, EN_OK);
    assert_scan("91c403ff00ff", 0, EN_OK);
    assert_scan("91a0", 0, EN_OK);
    assert_scan("91a2c3a9", 0, EN_OK);
    assert_scan("91a100", 0, EN_OK); /* NUL is UTF-8 */
    assert_scan("9390c091a0", 0, EN_OK);
    assert_scan("dc00100102030405060708090a0b0c0d0e0f10", 0, EN_OK);
}

static void nothing_but_one_array_is_a_value(void **state)
{
    (void)state;
    assert_scan("", 0, EN_PROTOCOL);
    assert_scan("00", 0, EN_PROTOCOL);
    assert_scan("c0", 0, EN_PROTOCOL);
    assert_scan("a0", 0, EN_PROTOCOL);
    assert_scan("c400", 0, EN_PROTOCOL);
    assert_scan("9090", 0, EN_PROTOCOL);
    assert_scan("9000", 0, EN_PROTOCOL);
    assert_scan("910101", 0, EN_PROTOCOL);
    assert_err(en_pack_scan(EN_SPAN(NULL, 0), 0), EN_PROTOCOL);
}

static void longer_forms_are_refused(void **state)
{
    (void)state;
    assert_scan("91cc00", 0, EN_PROTOCOL);
    assert_scan("91cc7f", 0, EN_PROTOCOL);
    assert_scan("91cd0000", 0, EN_PROTOCOL);
    assert_scan("91cd00ff", 0, EN_PROTOCOL);
    assert_scan("91ce0000ffff", 0, EN_PROTOCOL);
    assert_scan("91cf00000000ffffffff", 0, EN_PROTOCOL);
    assert_scan("91c50000", 0, EN_PROTOCOL);
    assert_scan("91c5000100", 0, EN_PROTOCOL);
    assert_scan("91c60000000100", 0, EN_PROTOCOL);
    assert_scan("91d900", 0, EN_PROTOCOL);
    assert_scan("91d90161", 0, EN_PROTOCOL);
    assert_scan("91da000161", 0, EN_PROTOCOL);
    assert_scan("91db0000000161", 0, EN_PROTOCOL);
    assert_scan("dc0000", 0, EN_PROTOCOL);
    assert_scan("dc000100", 0, EN_PROTOCOL);
    assert_scan("dc000f000000000000000000000000000000", 0, EN_PROTOCOL);
    assert_scan("dd00000000", 0, EN_PROTOCOL);
    assert_scan("dd0000000100", 0, EN_PROTOCOL);
}

/* Each length form at the least length it may have, and one below. */
static void
a_longer_length_form_begins_exactly_where_the_shorter_ends(void **state)
{
    static const struct {
        uint8_t code;
        size_t width;
        size_t least;
    } forms[] = {
        {0xc5, 2, 256},   {0xc6, 4, 65536}, {0xd9, 1, 32},    {0xda, 2, 256},
        {0xdb, 4, 65536}, {0xdc, 2, 16},    {0xdd, 4, 65536},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        for (size_t len = forms[i].least - 1; len <= forms[i].least; len++) {
            struct en_buf b = {0};

            assert_ok(en_buf_add_u8(&b, 0x91));
            assert_ok(en_buf_add_u8(&b, forms[i].code));
            for (size_t k = forms[i].width; k-- > 0;)
                assert_ok(en_buf_add_u8(&b, (uint8_t)(len >> (8 * k))));
            assert_ok(en_buf_add_zeros(&b, len)); /* text, or elements 0 */
            assert_err(en_pack_scan(en_buf_span(&b), 0),
                       len < forms[i].least ? EN_PROTOCOL : EN_OK);
            en_buf_free(&b);
        }
    }
}

static void negative_integers_need_the_flag_and_one_form(void **state)
{
    static const char *const good[] = {
        "91ff",
        "91e0",
        "91d0df",
        "91d080",
        "91d1ff7f",
        "91d18000",
        "91d2ffff7fff",
        "91d280000000",
        "91d3ffffffff7fffffff",
        "91d38000000000000000",
    };
    static const char *const bad[] = {
        "91d0e0",               /* -32 */
        "91d0ff",               /* -1 */
        "91d1ff80",             /* -128 */
        "91d2ffff8000",         /* -32768 */
        "91d3ffffffff80000000", /* -2^31 */
        "91d000",               /* what is not negative is a uint */
        "91d07f",
        "91d100c8",
        "91d17fff",
        "91d27fffffff",
        "91d30000000100000000",
        "91d37fffffffffffffff",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_scan(good[i], EN_PACK_SIGNED, EN_OK);
        assert_scan(good[i], 0, EN_PROTOCOL);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_scan(bad[i], EN_PACK_SIGNED, EN_PROTOCOL);
        assert_scan(bad[i], 0, EN_PROTOCOL);
    }
}

/* Every first byte alone, with room behind it: only the kinds we know pass. */
static void
maps_extensions_floats_booleans_and_the_unused_byte_are_refused(void **state)
{
    (void)state;
    for (unsigned b = 0x80; b <= 0xdf; b++) {
        bool known = (b >= 0x90 && b <= 0xbf) || b == 0xc0 ||
                     (b >= 0xc4 && b <= 0xc6) || (b >= 0xcc && b <= 0xd3) ||
                     (b >= 0xd9 && b <= 0xdd);
        uint8_t s[20] = {0x91, (uint8_t)b};
        bool accepted = false;

        if (known)
            continue;
        for (size_t n = 2; n <= sizeof(s); n++)
            accepted |= en_pack_scan(EN_SPAN(s, n), EN_PACK_SIGNED) == EN_OK;
        if (accepted)
            fail_msg("0x%02x", b);
    }
    assert_scan("9180", EN_PACK_SIGNED, EN_PROTOCOL);
    assert_scan("91c3", EN_PACK_SIGNED, EN_PROTOCOL);
    assert_scan("91c1", EN_PACK_SIGNED, EN_PROTOCOL);
    assert_scan("91ca3f800000", EN_PACK_SIGNED, EN_PROTOCOL);
    assert_scan("91d40110", EN_PACK_SIGNED, EN_PROTOCOL);
}

static void a_str_that_is_no_utf8_is_refused(void **state)
{
    (void)state;
    assert_scan("91a1ff", 0, EN_PROTOCOL);
    assert_scan("91a2c3", 0, EN_PROTOCOL);
    assert_scan("91a2c328", 0, EN_PROTOCOL);
    assert_scan("91a3eda080", 0, EN_PROTOCOL);
    assert_scan("91a2c0af", 0, EN_PROTOCOL);
    /* two halves of one character in two strs */
    assert_scan("92a1c3a1a9", 0, EN_PROTOCOL);
}

static void depth_is_bounded(void **state)
{
    uint8_t s[EN_PACK_DEPTH_MAX + 2];

    (void)state;
    for (size_t depth = 1; depth <= sizeof(s); depth++) {
        memset(s, 0x91, sizeof(s));
        s[depth - 1] = 0x90;
        assert_err(en_pack_scan(EN_SPAN(s, depth), 0),
                   depth <= EN_PACK_DEPTH_MAX ? EN_OK : EN_PROTOCOL);
    }
    /* A complete array gives its depth back. */
    assert_scan("929191919191919091919191919190", 0, EN_OK);
}

static void
a_length_beyond_the_bytes_is_refused_before_anything_else(void **state)
{
    (void)state;
    assert_scan("dd0fffffff", 0, EN_PROTOCOL);
    assert_scan("ddffffffff", 0, EN_PROTOCOL);
    assert_scan("dcffff0000", 0, EN_PROTOCOL);
    assert_scan("9f", 0, EN_PROTOCOL);
    assert_scan("929190", 0, EN_PROTOCOL);
    assert_scan("9291919190", 0, EN_PROTOCOL);
    assert_scan("91c6ffffffff00", 0, EN_PROTOCOL);
    assert_scan("91dbffffffff00", 0, EN_PROTOCOL);
    assert_scan("91c4ff00", 0, EN_PROTOCOL);
    assert_scan("91a100"
                "00",
                0, EN_PROTOCOL);
}

/*
 * Random values: written by us, read by msgpack-c's own reader and by ours.
 */

struct gen {
    struct en_rng_seeded r;
    unsigned flags;
};

static uint64_t random_uint(struct gen *g)
{
    uint8_t b[8];
    unsigned shift = en_rng_below(&g->r.rng, 64);

    en_rng_bytes(&g->r.rng, b, sizeof(b));
    return en_get_u64(b) >> shift;
}

static size_t random_len(struct gen *g)
{
    static const size_t edge[] = {0, 1, 15, 16, 31, 32, 255, 256, 300};

    return edge[en_rng_below(&g->r.rng, sizeof(edge) / sizeof(edge[0]))];
}

static void random_bytes(struct gen *g, bool text, struct en_buf *b)
{
    size_t n = random_len(g);

    en_buf_clear(b);
    if (text) {
        while (b->n < n) {
            int32_t cp = (int32_t)en_rng_below(&g->r.rng, 0x110000);

            (void)en_text_put(b, cp); /* a surrogate is not appended */
        }
    } else {
        assert_ok(en_buf_add_zeros(b, n));
        if (n > 0)
            en_rng_bytes(&g->r.rng, b->p, n);
    }
}

static void write_value(struct gen *g, struct en_pack *p, unsigned depth)
{
    struct en_buf b = {0};
    uint32_t n;

    switch (depth == 0 ? 5 : en_rng_below(&g->r.rng, 6)) {
    case 0: en_pack_uint(p, random_uint(g)); break;
    case 1:
        if (g->flags != 0)
            en_pack_int(p, -(int64_t)(random_uint(g) >> 1) - 1);
        else
            en_pack_int(p, (int64_t)(random_uint(g) >> 1));
        break;
    case 2: en_pack_nil(p); break;
    case 3:
        random_bytes(g, false, &b);
        en_pack_bin(p, en_buf_span(&b));
        break;
    case 4:
        random_bytes(g, true, &b);
        en_pack_str(p, en_buf_span(&b));
        break;
    default:
        if (depth == EN_PACK_DEPTH_MAX) {
            en_pack_nil(p);
            break;
        }
        n = en_rng_below(&g->r.rng, depth == 0 ? 40 : 5);
        en_pack_array(p, n);
        for (uint32_t i = 0; i < n; i++)
            write_value(g, p, depth + 1);
        break;
    }
    en_buf_free(&b);
}

/* Reads one value with the cursor and compares it with msgpack-c's reading. */
static void compare(struct en_unpack *u, const msgpack_object *o)
{
    struct en_span s;
    uint32_t n;

    switch (o->type) {
    case MSGPACK_OBJECT_NIL: assert_true(en_unpack_nil_next(u)); break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        assert_false(en_unpack_nil_next(u));
        assert_true(en_unpack_uint(u, UINT64_MAX) == o->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        assert_true(en_unpack_int(u) == o->via.i64);
        break;
    case MSGPACK_OBJECT_BIN:
        s = en_unpack_bin(u, 0, SIZE_MAX);
        assert_int_equal(s.n, o->via.bin.size);
        assert_memory_equal(s.p, o->via.bin.ptr, s.n);
        break;
    case MSGPACK_OBJECT_STR:
        s = en_unpack_str(u, 0, SIZE_MAX);
        assert_int_equal(s.n, o->via.str.size);
        assert_memory_equal(s.p, o->via.str.ptr, s.n);
        break;
    case MSGPACK_OBJECT_ARRAY:
        en_unpack_array(u, &n, 0, UINT32_MAX);
        assert_int_equal(n, o->via.array.size);
        for (uint32_t i = 0; i < n; i++)
            compare(u, &o->via.array.ptr[i]);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
    case MSGPACK_OBJECT_MAP:
    case MSGPACK_OBJECT_EXT: fail_msg("a type we never write"); break;
    default: fail_msg("type %d", (int)o->type); break;
    }
    assert_false(u->bad);
}

static void what_we_write_reads_the_same_here_and_in_msgpack_c(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct gen g = {.flags = seed % 2 == 0 ? EN_PACK_SIGNED : 0};
        struct en_buf b = {0};
        struct en_pack p = en_pack_to(&b, g.flags);
        struct en_unpack u;
        msgpack_unpacked lib;
        size_t off = 0;

        en_rng_seed(&g.r, seed);
        write_value(&g, &p, 0);
        assert_ok(en_pack_done(&p));
        if (en_unpack_begin(&u, en_buf_span(&b), g.flags) != EN_OK)
            fail_msg("seed %d is refused", (int)seed);
        msgpack_unpacked_init(&lib);
        assert_int_equal(
            msgpack_unpack_next(&lib, (const char *)b.p, b.n, &off),
            MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(off, b.n);
        compare(&u, &lib.data);
        assert_true(en_unpack_done(&u));

        /* skip passes the whole at once */
        assert_ok(en_unpack_begin(&u, en_buf_span(&b), g.flags));
        assert_int_equal(en_unpack_skip(&u).n, b.n);
        assert_true(en_unpack_done(&u));
        msgpack_unpacked_destroy(&lib);
        en_buf_free(&b);
    }
}

/* Reads any scanned value and writes it again. */
static void rewrite(struct en_unpack *u, struct en_pack *p)
{
    struct en_unpack probe = *u;
    uint32_t n;

    if (en_unpack_nil_next(u)) {
        en_pack_nil(p);
        return;
    }
    en_unpack_array(&probe, &n, 0, UINT32_MAX);
    if (!probe.bad) {
        *u = probe;
        en_pack_array(p, n);
        for (uint32_t i = 0; i < n; i++)
            rewrite(u, p);
        return;
    }
    probe = *u;
    (void)en_unpack_bin(&probe, 0, SIZE_MAX);
    if (!probe.bad) {
        en_pack_bin(p, en_unpack_bin(u, 0, SIZE_MAX));
        return;
    }
    probe = *u;
    (void)en_unpack_str(&probe, 0, SIZE_MAX);
    if (!probe.bad) {
        en_pack_str(p, en_unpack_str(u, 0, SIZE_MAX));
        return;
    }
    probe = *u;
    (void)en_unpack_uint(&probe, UINT64_MAX);
    if (!probe.bad) {
        en_pack_uint(p, en_unpack_uint(u, UINT64_MAX));
        return;
    }
    en_pack_int(p, en_unpack_int(u));
}

static void
whatever_is_accepted_would_be_written_with_the_same_bytes(void **state)
{
    static const uint8_t liked[] = {0x90, 0x91, 0x92, 0xa0, 0xa1, 0xc0, 0xc4,
                                    0xcc, 0xcd, 0xd0, 0xd1, 0xd9, 0x00, 0x01,
                                    0x41, 0x7f, 0x80, 0xff, 0xe0, 0xdc};
    struct en_rng_seeded r;
    struct en_buf out = {0};
    int accepted = 0;

    (void)state;
    print_message("# seed 3\n");
    en_rng_seed(&r, 3);
    for (int round = 0; round < 300000; round++) {
        uint8_t s[12];
        size_t n = 1 + en_rng_below(&r.rng, sizeof(s));
        struct en_unpack u;
        struct en_pack p = en_pack_to(&out, EN_PACK_SIGNED);

        for (size_t i = 0; i < n; i++)
            s[i] = liked[en_rng_below(&r.rng, sizeof(liked))];
        if (en_unpack_begin(&u, EN_SPAN(s, n), EN_PACK_SIGNED) != EN_OK)
            continue;
        accepted++;
        rewrite(&u, &p);
        assert_true(en_unpack_done(&u));
        assert_ok(en_pack_done(&p));
        assert_int_equal(out.n, n);
        assert_memory_equal(out.p, s, n);
        en_buf_clear(&out);
    }
    assert_true(accepted > 1000);
    en_buf_free(&out);
}

static void every_truncation_and_every_added_byte_is_refused(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct gen g = {.flags = EN_PACK_SIGNED};
        struct en_buf b = {0};
        struct en_pack p = en_pack_to(&b, g.flags);

        en_rng_seed(&g.r, seed);
        write_value(&g, &p, 0);
        assert_ok(en_pack_done(&p));
        for (size_t n = 0; n < b.n; n++) {
            /* Its own allocation: a sanitizer sees any byte read past it. */
            uint8_t *cut = malloc(n > 0 ? n : 1);

            assert_non_null(cut);
            if (n > 0)
                memcpy(cut, b.p, n);
            assert_err(en_pack_scan(EN_SPAN(cut, n), g.flags), EN_PROTOCOL);
            free(cut);
        }
        assert_ok(en_buf_add_u8(&b, 0xc0));
        assert_err(en_pack_scan(en_buf_span(&b), g.flags), EN_PROTOCOL);
        en_buf_free(&b);
    }
}

static void a_big_array_is_written_and_read_in_its_own_form(void **state)
{
    struct en_buf b = {0};
    struct en_pack p = en_pack_to(&b, 0);
    struct en_unpack u;
    uint32_t n;

    (void)state;
    en_pack_array(&p, 70000);
    for (uint32_t i = 0; i < 70000; i++)
        en_pack_nil(&p);
    assert_ok(en_pack_done(&p));
    assert_memory_equal(b.p, "\xdd\x00\x01\x11\x70", 5);
    assert_ok(en_unpack_begin(&u, en_buf_span(&b), 0));
    en_unpack_array(&u, &n, 70000, 70000);
    assert_int_equal(n, 70000);
    while (n-- > 0)
        assert_true(en_unpack_nil_next(&u));
    assert_true(en_unpack_done(&u));
    en_buf_free(&b);
}

/*
 * The cursor's refusals, each on one value of another kind or size.
 */

static struct en_unpack cursor(const char *hex, uint8_t *b)
{
    struct en_unpack u;
    uint32_t n;

    assert_ok(en_unhex(b, strlen(hex) / 2, hex));
    assert_ok(en_unpack_begin(&u, EN_SPAN(b, strlen(hex) / 2), EN_PACK_SIGNED));
    en_unpack_array(&u, &n, 1, 1);
    assert_int_equal(n, 1);
    return u;
}

static void a_value_of_another_type_makes_the_cursor_bad(void **state)
{
    static const char *const one[] = {"9105", "91a161", "91c40161",
                                      "91c0", "9190",   "91ff"};
    uint8_t b[16];

    (void)state;
    for (int is = 0; is < 6; is++) {
        for (int want = 0; want < 6; want++) {
            struct en_unpack u = cursor(one[is], b);
            uint32_t n = 7;
            bool match = is == want;

            switch (want) {
            case 0:
                assert_int_equal(en_unpack_uint(&u, 9), match ? 5 : 0);
                break;
            case 1:
                assert_int_equal(en_unpack_str(&u, 0, 9).n, match ? 1 : 0);
                break;
            case 2:
                assert_int_equal(en_unpack_bin(&u, 0, 9).n, match ? 1 : 0);
                break;
            case 3:
                /* not an error: the value stays where it is */
                assert_int_equal(en_unpack_nil_next(&u), match);
                assert_false(u.bad);
                assert_int_equal(en_unpack_done(&u), match);
                continue;
            case 4:
                en_unpack_array(&u, &n, 0, 9);
                assert_int_equal(n, 0);
                break;
            default:
                assert_int_equal(en_unpack_int(&u), match     ? -1
                                                    : is == 0 ? 5
                                                              : 0);
                match = match || is == 0; /* either sign is an integer */
                break;
            }
            assert_int_equal(u.bad, !match);
            assert_int_equal(en_unpack_done(&u), match);
        }
    }
}

static void a_value_out_of_bounds_makes_the_cursor_bad(void **state)
{
    uint8_t b[32];
    uint8_t out[4];
    struct en_unpack u;
    uint32_t n;

    (void)state;
    u = cursor("910a", b);
    assert_int_equal(en_unpack_uint(&u, 9), 0);
    assert_true(u.bad);
    u = cursor("910a", b);
    assert_int_equal(en_unpack_uint(&u, 10), 10);
    assert_false(u.bad);

    for (size_t min = 0; min < 5; min++) {
        for (size_t max = 0; max < 5; max++) {
            bool fits = min <= 2 && max >= 2;

            u = cursor("91a26162", b);
            assert_int_equal(en_unpack_str(&u, min, max).n, fits ? 2 : 0);
            assert_int_equal(u.bad, !fits);
            u = cursor("91c4026162", b);
            assert_int_equal(en_unpack_bin(&u, min, max).n, fits ? 2 : 0);
            assert_int_equal(u.bad, !fits);
            u = cursor("91920102", b);
            en_unpack_array(&u, &n, (uint32_t)min, (uint32_t)max);
            assert_int_equal(n, fits ? 2 : 0);
            assert_int_equal(u.bad, !fits);
        }
    }
    for (size_t want = 0; want <= 4; want++) {
        memset(out, 9, sizeof(out));
        u = cursor("91c4026162", b);
        en_unpack_fixed(&u, out, want);
        assert_int_equal(u.bad, want != 2);
        assert_memory_equal(out, want == 2 ? "ab" : "\0\0\0\0", want);
    }
    /* above INT64_MAX there is a uint but no int */
    u = cursor("91cf8000000000000000", b);
    assert_int_equal(en_unpack_int(&u), 0);
    assert_true(u.bad);
    u = cursor("91cf7fffffffffffffff", b);
    assert_true(en_unpack_int(&u) == INT64_MAX);
    u = cursor("91d38000000000000000", b);
    assert_true(en_unpack_int(&u) == INT64_MIN);
    assert_true(en_unpack_done(&u));
}

static void a_bad_cursor_stays_bad_and_yields_nothing(void **state)
{
    uint8_t b[16];
    uint8_t out[2] = {9, 9};
    struct en_unpack u = cursor("9105", b);
    uint32_t n = 3;

    (void)state;
    (void)en_unpack_str(&u, 0, 9);
    assert_true(u.bad);
    assert_int_equal(en_unpack_uint(&u, 9), 0);
    assert_int_equal(en_unpack_int(&u), 0);
    assert_false(en_unpack_nil_next(&u));
    assert_null(en_unpack_skip(&u).p);
    assert_null(en_unpack_bin(&u, 0, 9).p);
    en_unpack_fixed(&u, out, 2);
    assert_memory_equal(out, "\0\0", 2);
    en_unpack_array(&u, &n, 0, 9);
    assert_int_equal(n, 0);
    assert_false(en_unpack_done(&u));

    assert_err(en_unpack_begin(&u, BYTES("\x91"), 0), EN_PROTOCOL);
    assert_true(u.bad);
    assert_false(en_unpack_done(&u));
}

static void skip_returns_the_bytes_of_exactly_one_value(void **state)
{
    uint8_t b[12];
    struct en_unpack u;
    struct en_span s;
    uint32_t n;

    (void)state;
    /* [ [1, [h'6162', nil]], "c", 7 ] */
    assert_ok(en_unhex(b, 12, "93920192c4026162c0a16307"));
    assert_ok(en_unpack_begin(&u, EN_SPAN(b, 12), 0));
    en_unpack_array(&u, &n, 3, 3);
    s = en_unpack_skip(&u);
    assert_ptr_equal(s.p, b + 1);
    assert_int_equal(s.n, 8);
    s = en_unpack_skip(&u);
    assert_ptr_equal(s.p, b + 9);
    assert_int_equal(s.n, 2);
    assert_int_equal(en_unpack_uint(&u, 7), 7);
    assert_true(en_unpack_done(&u));
}

static void reading_past_the_end_is_bad(void **state)
{
    uint8_t b[8];
    struct en_unpack u = cursor("9105", b);

    (void)state;
    assert_int_equal(en_unpack_uint(&u, 9), 5);
    assert_true(en_unpack_done(&u));
    assert_null(en_unpack_skip(&u).p);
    assert_true(u.bad);
    u = cursor("9105", b);
    (void)en_unpack_uint(&u, 9);
    assert_false(en_unpack_nil_next(&u));
    assert_false(u.bad);
    assert_int_equal(en_unpack_uint(&u, 9), 0);
    assert_true(u.bad);
}

/*
 * The writer's refusals.
 */

static void a_refused_value_leaves_the_buffer_as_it_was(void **state)
{
    struct en_buf b = {.max = 16};
    struct en_pack p;

    (void)state;
    assert_ok(en_buf_add_str(&b, "head"));

    p = en_pack_to(&b, 0);
    en_pack_array(&p, 2);
    en_pack_int(&p, -1);
    en_pack_nil(&p);
    assert_err(en_pack_done(&p), EN_RANGE);
    assert_span(en_buf_span(&b), "head");

    p = en_pack_to(&b, 0);
    en_pack_array(&p, 2);
    en_pack_str(&p, BYTES("\xff"));
    en_pack_nil(&p);
    assert_err(en_pack_done(&p), EN_RANGE);
    assert_span(en_buf_span(&b), "head");

    p = en_pack_to(&b, 0);
    en_pack_array(&p, 2);
    en_pack_bin(&p, BYTES("0123456789"));
    en_pack_uint(&p, 1);
    assert_err(en_pack_done(&p), EN_RANGE); /* one byte over the max */
    assert_span(en_buf_span(&b), "head");

    p = en_pack_to(&b, 0);
    en_pack_array(&p, 1);
    en_pack_bin(&p, BYTES("012345678"));
    assert_ok(en_pack_done(&p));
    assert_int_equal(b.n, 16);
    en_buf_free(&b);
}

static void forget_an_element(void *buf)
{
    struct en_pack p = en_pack_to(buf, 0);

    en_pack_array(&p, 2);
    en_pack_nil(&p);
    (void)en_pack_done(&p);
}

static void write_one_too_many(void *buf)
{
    struct en_pack p = en_pack_to(buf, 0);

    en_pack_array(&p, 1);
    en_pack_nil(&p);
    en_pack_nil(&p);
}

static void write_no_array(void *buf)
{
    struct en_pack p = en_pack_to(buf, 0);

    en_pack_uint(&p, 1);
}

static void write_two_arrays(void *buf)
{
    struct en_pack p = en_pack_to(buf, 0);

    en_pack_array(&p, 0);
    en_pack_array(&p, 0);
}

static void nest_too_deep(void *buf)
{
    struct en_pack p = en_pack_to(buf, 0);

    for (int i = 0; i <= EN_PACK_DEPTH_MAX; i++)
        en_pack_array(&p, 1);
}

static void a_value_that_is_not_well_formed_is_our_own_bug(void **state)
{
    struct en_buf b = {0};

    (void)state;
    assert_true(dies(forget_an_element, &b));
    assert_true(dies(write_one_too_many, &b));
    assert_true(dies(write_no_array, &b));
    assert_true(dies(write_two_arrays, &b));
    assert_true(dies(nest_too_deep, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_accepted_in_an_array),
        cmocka_unit_test(nothing_but_one_array_is_a_value),
        cmocka_unit_test(longer_forms_are_refused),
        cmocka_unit_test(
            a_longer_length_form_begins_exactly_where_the_shorter_ends),
        cmocka_unit_test(negative_integers_need_the_flag_and_one_form),
        cmocka_unit_test(
            maps_extensions_floats_booleans_and_the_unused_byte_are_refused),
        cmocka_unit_test(a_str_that_is_no_utf8_is_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(
            a_length_beyond_the_bytes_is_refused_before_anything_else),
        cmocka_unit_test(what_we_write_reads_the_same_here_and_in_msgpack_c),
        cmocka_unit_test(
            whatever_is_accepted_would_be_written_with_the_same_bytes),
        cmocka_unit_test(every_truncation_and_every_added_byte_is_refused),
        cmocka_unit_test(a_big_array_is_written_and_read_in_its_own_form),
        cmocka_unit_test(a_value_of_another_type_makes_the_cursor_bad),
        cmocka_unit_test(a_value_out_of_bounds_makes_the_cursor_bad),
        cmocka_unit_test(a_bad_cursor_stays_bad_and_yields_nothing),
        cmocka_unit_test(skip_returns_the_bytes_of_exactly_one_value),
        cmocka_unit_test(reading_past_the_end_is_bad),
        cmocka_unit_test(a_refused_value_leaves_the_buffer_as_it_was),
        cmocka_unit_test(a_value_that_is_not_well_formed_is_our_own_bug),
    };

    return cmocka_run_group_tests_name("wire/pack", tests, NULL, NULL);
}
