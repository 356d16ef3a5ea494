/* core/vault/page: a page opens at its place, unchanged, or not at all. */
#include "lib/test.h"

#include "vault/page.h"

static const struct en_key key = {"the key of one generation, here."};
static const struct en_key other_key = {"the key of another one, also 32."};
static const struct en_id16 file = {"one file's id.."};
static const struct en_id16 other_file = {"another one's.."};
static const uint8_t nonce[EN_VAULT_NONCE] = "twenty-four random bytes";

static void fill(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 31 + (i >> 8));
}

struct pages {
    uint8_t plain[EN_FRAME_LEN];
    uint8_t sealed[EN_FRAME_LEN];
    uint8_t out[EN_FRAME_LEN];
};

static void make_page(struct pages *p, uint32_t n)
{
    memset(p, 0, sizeof(*p));
    fill(p->plain, EN_PAGE_PLAIN);
    en_page_seal(&key, &file, n, nonce, p->plain, p->sealed);
}

static void make_frame(struct pages *p, uint32_t i)
{
    memset(p, 0, sizeof(*p));
    fill(p->plain, EN_FRAME_PLAIN);
    en_frame_seal(&key, &file, i, nonce, p->plain, p->sealed);
}

static void opened_page_is_the_sealed_one(void **state)
{
    struct pages p;

    (void)state;
    make_page(&p, 3);
    assert_memory_not_equal(p.sealed, p.plain, 64);
    memset(p.out, 0xee, sizeof(p.out));
    assert_ok(en_page_open(&key, &file, 3, p.sealed, p.out));
    assert_memory_equal(p.out, p.plain, EN_PAGE_LEN);
    assert_int_equal(p.out[EN_PAGE_LEN], 0xee);
    assert_ok(en_page_open(&key, &file, 3, p.sealed, p.sealed));
    assert_memory_equal(p.sealed, p.plain, EN_PAGE_LEN);
    en_page_seal(&key, &file, 3, nonce, p.plain, p.plain);
    assert_ok(en_page_open(&key, &file, 3, p.plain, p.out));
}

static void opened_frame_is_the_sealed_one(void **state)
{
    struct pages p;

    (void)state;
    make_frame(&p, 9);
    assert_ok(en_frame_open(&key, &file, 9, p.sealed, p.out));
    assert_memory_equal(p.out, p.plain, EN_FRAME_LEN);
    assert_ok(en_frame_open(&key, &file, 9, p.sealed, p.sealed));
    assert_memory_equal(p.sealed, p.plain, EN_FRAME_LEN);
}

static void page_with_any_bit_flipped_is_refused(void **state)
{
    static const uint8_t zero[EN_PAGE_LEN];
    struct pages p;

    (void)state;
    make_page(&p, 1);
    for (size_t i = 0; i < EN_PAGE_LEN * 8; i++) {
        p.sealed[i / 8] ^= (uint8_t)(1u << i % 8);
        memset(p.out, 0xee, EN_PAGE_LEN);
        assert_err(en_page_open(&key, &file, 1, p.sealed, p.out), EN_FORGED);
        assert_memory_equal(p.out, zero, EN_PAGE_LEN);
        p.sealed[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_ok(en_page_open(&key, &file, 1, p.sealed, p.out));
}

static void frame_with_any_bit_flipped_is_refused(void **state)
{
    static const uint8_t zero[EN_FRAME_LEN];
    struct pages p;

    (void)state;
    make_frame(&p, 1);
    for (size_t i = 0; i < EN_FRAME_LEN * 8; i++) {
        p.sealed[i / 8] ^= (uint8_t)(1u << i % 8);
        memset(p.out, 0xee, EN_FRAME_LEN);
        assert_err(en_frame_open(&key, &file, 1, p.sealed, p.out), EN_FORGED);
        assert_memory_equal(p.out, zero, EN_FRAME_LEN);
        p.sealed[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_ok(en_frame_open(&key, &file, 1, p.sealed, p.out));
}

static void page_opens_at_its_place_only(void **state)
{
    struct pages p;

    (void)state;
    make_page(&p, 2);
    assert_err(en_page_open(&key, &file, 1, p.sealed, p.out), EN_FORGED);
    assert_err(en_page_open(&key, &file, 3, p.sealed, p.out), EN_FORGED);
    assert_err(en_page_open(&key, &other_file, 2, p.sealed, p.out), EN_FORGED);
    assert_err(en_page_open(&other_key, &file, 2, p.sealed, p.out), EN_FORGED);
    assert_ok(en_page_open(&key, &file, 2, p.sealed, p.out));
    make_frame(&p, 2);
    assert_err(en_frame_open(&key, &file, 1, p.sealed, p.out), EN_FORGED);
    assert_err(en_frame_open(&key, &other_file, 2, p.sealed, p.out), EN_FORGED);
    assert_err(en_frame_open(&other_key, &file, 2, p.sealed, p.out), EN_FORGED);
}

/* The keys differ in a vault; even under one key the labels keep them apart. */
static void frame_is_no_page(void **state)
{
    struct pages p;

    (void)state;
    make_frame(&p, 2);
    assert_err(en_page_open(&key, &file, 2, p.sealed + EN_FRAME_HEADER, p.out),
               EN_FORGED);
    assert_err(en_page_open(&key, &file, 2, p.sealed, p.out), EN_FORGED);
}

static void zero_page_is_refused(void **state)
{
    struct pages p = {{0}, {0}, {0}};

    (void)state;
    assert_err(en_page_open(&key, &file, 1, p.sealed, p.out), EN_FORGED);
    assert_err(en_frame_open(&key, &file, 1, p.sealed, p.out), EN_FORGED);
}

static void frames_stand_where_sqlite_puts_them(void **state)
{
    (void)state;
    assert_int_equal(en_frame_at(1), 32);
    assert_int_equal(en_frame_at(2), 32 + 4120);
    assert_int_equal(en_frame_at(UINT32_MAX), 32 + 4120ull * (UINT32_MAX - 1));
    for (uint32_t i = 1; i < 1000; i++) {
        assert_int_equal(en_frame_number(en_frame_at(i)), i);
        assert_int_equal(en_frame_number(en_frame_at(i) + 1), 0);
        assert_int_equal(en_frame_number(en_frame_at(i) - 1), 0);
    }
    assert_int_equal(en_frame_number(0), 0);
    assert_int_equal(en_frame_number(en_frame_at(UINT32_MAX)), UINT32_MAX);
    assert_int_equal(en_frame_number(en_frame_at(UINT32_MAX) + 4120), 0);
    assert_int_equal(en_frame_number(UINT64_MAX), 0);
}

static void seal_page_zero(void *arg)
{
    struct pages *p = arg;

    en_page_seal(&key, &file, 0, nonce, p->plain, p->out);
}

static void page_numbers_begin_at_one(void **state)
{
    struct pages p;

    (void)state;
    make_page(&p, 1);
    assert_true(dies(seal_page_zero, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opened_page_is_the_sealed_one),
        cmocka_unit_test(opened_frame_is_the_sealed_one),
        cmocka_unit_test(page_with_any_bit_flipped_is_refused),
        cmocka_unit_test(frame_with_any_bit_flipped_is_refused),
        cmocka_unit_test(page_opens_at_its_place_only),
        cmocka_unit_test(frame_is_no_page),
        cmocka_unit_test(zero_page_is_refused),
        cmocka_unit_test(frames_stand_where_sqlite_puts_them),
        cmocka_unit_test(page_numbers_begin_at_one),
    };

    if (en_secret_init() != EN_OK)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
