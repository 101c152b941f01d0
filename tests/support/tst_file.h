/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/support/tst_file.h  Files for tests: a directory of their own, bytes in and out. */
#ifndef CSK_TESTS_SUPPORT_TST_FILE_H
#define CSK_TESTS_SUPPORT_TST_FILE_H

#include "cs/array.h"
#include "tests/support/tst.h"

#include <stddef.h>

/** NAME in a directory of this process, which exists; one of a few static buffers. */
const char *tst_path(const char *name);

/** Remove that directory and the files in it. */
void tst_remove_files(void);

/** How many files are in it. */
int tst_count_files(void);

void tst_put(const char *path, const void *bytes, size_t len);

/** The whole file, closed by a NUL that @p len does not count; free() it. */
char *tst_get(const char *path, size_t *len);

/** An array of small numbers that differ: a sequence of quarters. */
csk_array tst_array(csk_field field, int rank, const int64_t *dim);

/** Same space and bits. */
void tst_same(const csk_array *a, const csk_array *b);

/** Check that @p expr fails with @p code and a message that contains @p part. */
#define tst_fails(expr, code, part)                                                    \
    do {                                                                               \
        ck_assert_int_eq((expr), (code));                                              \
        ck_assert_msg(strstr(csk_error_message(), part) != NULL,                       \
                      "%s: message '%s' does not contain '%s'", #expr,                 \
                      csk_error_message(), part);                                      \
    } while (0)

/** From here on files may hold @p bytes; negative: no limit. Writing more fails with EFBIG. */
void tst_limit_file_size(long bytes);

#endif
