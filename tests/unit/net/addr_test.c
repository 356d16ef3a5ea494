/* Addresses as people type them. */
#include "net/addr.h"

#include "lib/test.h"

#include <arpa/inet.h>
#include <net/if.h>

static void round_trip(const char *text)
{
    char out[EN_ADDR_TEXT_MAX];
    struct sockaddr_storage s;
    struct en_addr a, b;

    assert_ok(en_addr_parse(en_span_str(text), &a));
    en_addr_print(&a, out);
    assert_string_equal(out, text);
    assert_true(en_addr_to_sock(&a, &s) > 0);
    assert_true(en_addr_of_sock((const struct sockaddr *)&s, &b));
    assert_true(en_addr_eq(&a, &b));
}

static void an_address_is_read_and_printed_alike(void **state)
{
    (void)state;
    round_trip("192.168.1.20:51847");
    round_trip("0.0.0.0:1");
    round_trip("255.255.255.255:65535");
    round_trip("[2001:db8::7]:51847");
    round_trip("[::1]:9");
    round_trip("[fe80::1%lo]:51847");
}

static void a_zone_is_a_name_or_a_number_of_an_interface(void **state)
{
    struct en_addr a;
    char text[EN_ADDR_TEXT_MAX];

    (void)state;
    assert_ok(en_addr_parse(BYTES("[fe80::1%lo]:80"), &a));
    assert_int_equal(a.scope, if_nametoindex("lo"));
    snprintf(text, sizeof text, "[fe80::1%%%u]:80", if_nametoindex("lo"));
    assert_ok(en_addr_parse(en_span_str(text), &a));
    assert_int_equal(a.scope, if_nametoindex("lo"));
    /* Where it means nothing it is dropped: two spellings are one address. */
    assert_ok(en_addr_parse(BYTES("[2001:db8::7%lo]:80"), &a));
    assert_int_equal(a.scope, 0);
}

static void what_is_no_numeric_address_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        ":",
        "192.168.1.20",
        "192.168.1.20:",
        "192.168.1.20:0",
        "192.168.1.20:65536",
        "192.168.1.20:+1",
        "192.168.1.20: 1",
        "192.168.1.20:0x50",
        "192.168.1.20:99999999999999999999",
        "192.168.1:80",
        "192.168.1.256:80",
        "192.168.01.1:80",
        "localhost:80",
        "example.org:80",
        "2001:db8::7:80x",
        "[2001:db8::7]",
        "[2001:db8::7]80",
        "[2001:db8::7:80",
        "[192.168.1.20]:80",
        "[fe80::1]:80",
        "[fe80::1%]:80",
        "[fe80::1%no-such-interface]:80",
        "[fe80::1%0]:80",
        "[]:80",
        " 192.168.1.20:80",
        "192.168.1.20:80 ",
        "[2001:0db8:0000:0000:0000:0000:0000:0007%averyveryverylongzone]:80",
    };
    struct en_addr a, before;

    (void)state;
    memset(&a, 0x5a, sizeof a);
    before = a;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (en_addr_parse(en_span_str(bad[i]), &a) != EN_RANGE)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_memory_equal(&a, &before, sizeof a);
    }
    assert_err(en_addr_parse(BYTES("1.2.3.4\0:80"), &a), EN_RANGE);
}

static void ipv4_stands_mapped_and_kinds_are_told_apart(void **state)
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 9};
    struct en_addr a;

    (void)state;
    assert_ok(en_addr_parse(BYTES("127.0.0.9:1"), &a));
    assert_memory_equal(a.ip, mapped, 16);
    assert_true(en_addr_is_v4(&a) && en_addr_is_loopback(&a));
    assert_false(en_addr_is_link_local(&a));
    assert_ok(en_addr_parse(BYTES("[::1]:1"), &a));
    assert_true(!en_addr_is_v4(&a) && en_addr_is_loopback(&a));
    assert_ok(en_addr_parse(BYTES("[febf::1%lo]:1"), &a));
    assert_true(en_addr_is_link_local(&a));
    assert_ok(en_addr_parse(BYTES("[fec0::1]:1"), &a));
    assert_false(en_addr_is_link_local(&a));
}

static void other_families_are_no_address(void **state)
{
    struct sockaddr s = {.sa_family = AF_UNIX};
    struct en_addr a;

    (void)state;
    assert_false(en_addr_of_sock(&s, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_and_printed_alike),
        cmocka_unit_test(a_zone_is_a_name_or_a_number_of_an_interface),
        cmocka_unit_test(what_is_no_numeric_address_is_refused),
        cmocka_unit_test(ipv4_stands_mapped_and_kinds_are_told_apart),
        cmocka_unit_test(other_families_are_no_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
