/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst.h"

#include <string.h>

static void check(const char *quoted, const char *want)
{
    ck_assert_int_eq(csk_fail(CSK_ERR_FORMAT, "a.npy: '%s'", quoted), CSK_ERR_FORMAT);
    ck_assert_str_eq(csk_error_message(), want);
}

START_TEST(test_names)
{
    ck_assert_str_eq(csk_status_name(CSK_OK), "ok");
    ck_assert_str_eq(csk_status_name(CSK_ERR_ABORTED), "stopped on request");
    ck_assert_str_eq(csk_status_name((csk_status)-99), "unknown status");
    ck_assert_str_eq(csk_status_name((csk_status)1), "unknown status");
}
END_TEST

/* What names and files may hold, and a terminal would obey. */
START_TEST(test_escapes)
{
    check("plain ~", "a.npy: 'plain ~'");
    check("a\nb\r\tc", "a.npy: 'a\\x0ab\\x0d\\x09c'");
    check("\033[31mred\007\177", "a.npy: '\\x1b[31mred\\x07\\x7f'");
    check("K\xc3\xb6pfe \xe2\x82\xac \xf0\x9f\xa7\xa0", /* letters of any language */
          "a.npy: 'K\xc3\xb6pfe \xe2\x82\xac \xf0\x9f\xa7\xa0'");
    check("\xc2\x9b"
          "31m",
          "a.npy: '\\xc2\\x9b31m'");                   /* CSI in one character */
    check("\xe2\x80\xa8", "a.npy: '\\xe2\\x80\\xa8'"); /* a line separator */
    check("\xe2\x80\xae|\xe2\x81\xa6",                 /* right to left, an isolate */
          "a.npy: '\\xe2\\x80\\xae|\\xe2\\x81\\xa6'");
}
END_TEST

/* Bytes that are no UTF-8: lone, cut, overlong, a surrogate, beyond the last character. */
START_TEST(test_invalid)
{
    check("\x80\xff", "a.npy: '\\x80\\xff'");
    check("\xe2\x82", "a.npy: '\\xe2\\x82'");
    check("\xe2\x82z", "a.npy: '\\xe2\\x82z'");
    check("\xc0\x8a\xe0\x80\x8a", "a.npy: '\\xc0\\x8a\\xe0\\x80\\x8a'");
    check("\xf0\x80\x80\x8a", "a.npy: '\\xf0\\x80\\x80\\x8a'");
    check("\xed\xa0\x80", "a.npy: '\\xed\\xa0\\x80'");
    check("\xf4\x90\x80\x80\xf5", "a.npy: '\\xf4\\x90\\x80\\x80\\xf5'");
}
END_TEST

/* A message ends between characters, never within an escape. */
START_TEST(test_long)
{
    char text[400];

    for (int n = 230; n < 256; n++) {
        memset(text, 'x', sizeof(text));
        memset(text + n, '\n', 100);
        text[399] = '\0';
        (void)csk_fail(CSK_ERR_IO, "%s", text);
        const size_t len = strlen(csk_error_message());
        ck_assert_uint_le(len, 255);
        ck_assert_uint_ge(len, 252);
        ck_assert_uint_eq((len - (size_t)n) % 4, 0);
        ck_assert_ptr_null(strchr(csk_error_message(), '\n'));
    }
    (void)csk_fail(CSK_ERR_IO, "first");
    (void)csk_fail(CSK_ERR_IO, "again %s", csk_error_message()); /* quotes itself */
    ck_assert_str_eq(csk_error_message(), "again first");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("status");
    TCase *t = tcase_create("status");

    tcase_add_test(t, test_names);
    tcase_add_test(t, test_escapes);
    tcase_add_test(t, test_invalid);
    tcase_add_test(t, test_long);
    suite_add_tcase(s, t);
    return tst_main(s);
}
