/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/format.h"
#include "tests/support/tst_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static csk_status parse(csk_space *s, const char *text)
{
    return csk_cfl_parse_header(s, text, strlen(text), "scan.hdr");
}

static csk_array make(csk_field field, int rank, const int64_t *dim,
                      const csk_axis *axis)
{
    csk_array a = tst_array(field, rank, dim);

    memcpy(a.space.axis, axis, (size_t)rank * sizeof(*axis));
    return a;
}

/* Written with these axes, the header holds `dimensions`; read, the array is the same. */
static void check_header(int rank, const int64_t *dim, const csk_axis *axis,
                         const char *dimensions)
{
    csk_array a = make(CSK_COMPLEX, rank, dim, axis);
    csk_array b;
    char want[256];
    size_t len;

    tst_ok(csk_write(&a, tst_path("scan.cfl"), "{\"seed\": 3}"));
    char *text = tst_get(tst_path("scan.hdr"), &len);
    (void)snprintf(want, sizeof(want),
                   "# Dimensions\n%s \n# Command\n{\"seed\": 3}\n# Creator\ncsk\n",
                   dimensions);
    ck_assert_str_eq(text, want);
    free(text);
    tst_ok(csk_read(&b, tst_path("scan.cfl")));
    ck_assert_int_eq(csk_space_len(&b.space), csk_space_len(&a.space));
    ck_assert_int_eq(
        memcmp(a.data, b.data, (size_t)csk_space_len(&a.space) * sizeof(float)), 0);
    for (int i = 0, k = 0; i < rank; i++) { /* but for axes of length 1 */
        if (dim[i] == 1)
            continue;
        ck_assert_int_eq(b.space.dim[k], dim[i]);
        if (axis[i])
            ck_assert_int_eq(b.space.axis[k], axis[i]);
        k++;
    }
    csk_array_clear(&a);
    csk_array_clear(&b);
}

START_TEST(test_places)
{
    check_header(3, (const int64_t[]){ 8, 5, 4 },
                 (const csk_axis[]){ CSK_AXIS_COIL, CSK_AXIS_Y, CSK_AXIS_X },
                 "4 5 1 8 1 1 1 1 1 1 1 1 1 1 1 1");
    check_header(
        4, (const int64_t[]){ 2, 1, 5, 4 },
        (const csk_axis[]){ CSK_AXIS_SAMPLE, CSK_AXIS_Z, CSK_AXIS_Y, CSK_AXIS_X },
        "4 5 1 1 1 1 1 1 1 1 1 1 1 1 1 2");
    check_header(8, (const int64_t[]){ 2, 3, 2, 3, 2, 3, 2, 3 },
                 (const csk_axis[]){ CSK_AXIS_SLICE, CSK_AXIS_TIME, CSK_AXIS_ECHO,
                                     CSK_AXIS_MAP, CSK_AXIS_COIL, CSK_AXIS_Z,
                                     CSK_AXIS_Y, CSK_AXIS_X },
                 "3 2 3 2 3 2 1 1 1 1 3 1 1 2 1 1");
    /* without names, upwards from the axis before */
    check_header(3, (const int64_t[]){ 6, 5, 4 },
                 (const csk_axis[]){ 0, CSK_AXIS_COIL, 0 },
                 "4 1 1 5 6 1 1 1 1 1 1 1 1 1 1 1");
    check_header(1, (const int64_t[]){ 1 }, (const csk_axis[]){ CSK_AXIS_X },
                 "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    tst_remove_files();
}
END_TEST

/* One letter an axis: x y z coil map echo time slice draws (of a sample), - without name. */
static csk_axis axis_of(char letter)
{
    static const char letters[] = "-xyzcmetsd";

    return (csk_axis)(strchr(letters, letter) - letters);
}

/* Written with these axes, the array comes back with those. */
static void check_names(const char *axes, const char *want)
{
    static const int64_t dim[] = { 2, 3, 2, 3, 2, 3, 2, 3 };
    csk_axis axis[CSK_MAX_RANK];
    const int rank = (int)strlen(axes);
    csk_array b;

    for (int i = 0; i < rank; i++)
        axis[i] = axis_of(axes[i]);
    csk_array a = make(CSK_COMPLEX, rank, dim, axis);
    tst_ok(csk_write(&a, tst_path("scan.cfl"), NULL));
    tst_ok(csk_read(&b, tst_path("scan.cfl")));
    tst_same(&a, &b);
    for (int i = 0; i < rank; i++)
        ck_assert_int_eq(b.space.axis[i], axis_of(want[i]));
    csk_array_clear(&a);
    csk_array_clear(&b);
}

/* Where BART's places do not rise as the axes do, names are lost, but none is made up. */
START_TEST(test_any_order)
{
    check_names("y-x", "--x");
    check_names("xc", "-c");
    check_names("-d", "--");
    check_names("xyz", "--z");
    check_names("xx", "-x");
    check_names("tcyd", "t---"); /* below y there is no place but x */
    check_names("dstemczy", "dstemczy");
    check_names("-zyx", "czyx"); /* without name: BART's next, the usual order */
    tst_remove_files();
}
END_TEST

/* Any names in any order, many times: the shape and the values come back. */
START_TEST(test_every_shape)
{
    uint32_t state = 1;

    for (int k = 0; k < 2000; k++) {
        int64_t dim[CSK_MAX_RANK];
        csk_axis axis[CSK_MAX_RANK];

        const int rank = 1 + k % CSK_MAX_RANK;
        for (int i = 0; i < rank; i++) {
            state = state * 1664525u + 1013904223u;
            dim[i] = 2 + (int64_t)(state >> 16) % 2;
            axis[i] = (csk_axis)((state >> 20) % CSK_AXES);
        }
        csk_array a = make(CSK_COMPLEX, rank, dim, axis);
        csk_array b;
        tst_ok(csk_write(&a, tst_path("scan.cfl"), NULL));
        tst_ok(csk_read(&b, tst_path("scan.cfl")));
        tst_same(&a, &b);
        for (int i = 0; i < rank; i++) {
            const csk_axis found = b.space.axis[i];
            if (rank <= 7 && axis[i] != CSK_AXIS_NONE) /* no wrong name, up to 7 axes */
                ck_assert(found == axis[i] || found == CSK_AXIS_NONE);
        }
        csk_array_clear(&a);
        csk_array_clear(&b);
    }
    tst_remove_files();
}
END_TEST

/* What `bart` itself writes, with sections of its own. */
START_TEST(test_header_of_bart)
{
    csk_space s;

    tst_ok(parse(&s, "# Dimensions\n128 96 1 8 2 1 1 1 1 1 20 1 1 1 1 1 \n# Command\n"
                     "phantom -k \n# Files\n >out\n# Creator\nBART v0.8.00\n"));
    ck_assert_int_eq(s.rank, 5);
    ck_assert_int_eq(s.field, CSK_COMPLEX);
    static const int64_t dim[] = { 20, 2, 8, 96, 128 };
    static const csk_axis axis[] = { CSK_AXIS_TIME, CSK_AXIS_MAP, CSK_AXIS_COIL,
                                     CSK_AXIS_Y, CSK_AXIS_X };
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(s.dim[i], dim[i]);
        ck_assert_int_eq(s.axis[i], axis[i]);
    }
    tst_ok(parse(&s, "# Command\nx\n# Dimensions\n\t7\r\n")); /* in any order */
    ck_assert_int_eq(s.dim[0], 7);
    tst_ok(parse(&s, "# Dimensions\n1 1 1 3"));
    ck_assert_int_eq(s.rank, 1);
    ck_assert_int_eq(s.axis[0], CSK_AXIS_COIL);
}
END_TEST

START_TEST(test_malformed)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "", "scan.hdr: no line '# Dimensions'" },
        { "# Dimensions", "no line '# Dimensions'" },
        { "x # Dimensions\n1\n", "no line '# Dimensions'" },
        { "# Dimensions\n", "no numbers" },
        { "# Dimensions\n\n4 4\n", "no numbers" },
        { "# Dimensions\n4 0 4\n", "dimension 1" },
        { "# Dimensions\n4 4 -1\n", "dimension 2" },
        { "# Dimensions\n4 4x\n", "dimension 1" },
        { "# Dimensions\n99999999999999999999\n", "dimension 0" },
        { "# Dimensions\n4294967296 4294967296\n", "dimension 1" },
        { "# Dimensions\n1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n", "more than 16" },
    };
    csk_space s;

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
        tst_fails(parse(&s, cases[k].text), CSK_ERR_FORMAT, cases[k].message);
    tst_fails(parse(&s, "# Dimensions\n2 2 2 2 2 2 2 2 2\n"), CSK_ERR_UNSUPPORTED,
              "more than 8 dimensions");
}
END_TEST

START_TEST(test_length)
{
    static const char header[] = "# Dimensions\n2 1\n";
    static const char values[24] = "";
    csk_array a;

    tst_put(tst_path("scan.cfl"), values, 15);
    tst_fails(csk_read(&a, tst_path("scan.cfl")), CSK_ERR_IO, "scan.hdr: No such file");
    tst_put(tst_path("scan.hdr"), header, sizeof(header) - 1);
    tst_fails(csk_read(&a, tst_path("scan.cfl")), CSK_ERR_FORMAT,
              "scan.cfl: 15 bytes, its header says 16");
    tst_put(tst_path("scan.cfl"), values, 24);
    tst_fails(csk_read(&a, tst_path("scan.cfl")), CSK_ERR_FORMAT, "24 bytes");
    tst_put(tst_path("scan.cfl"), values, 16);
    tst_ok(csk_read(&a, tst_path("scan.cfl")));
    ck_assert_int_eq(a.space.rank, 1);
    csk_array_clear(&a);

    /* far larger than memory: refused by the length of the file, nothing is allocated */
    static const char huge[] = "# Dimensions\n1000000 1000000 1000\n";
    tst_put(tst_path("scan.hdr"), huge, sizeof(huge) - 1);
    tst_fails(csk_read(&a, tst_path("scan.cfl")), CSK_ERR_FORMAT, "8000000000000000");

    char *long_header = calloc(2 << 20, 1);
    ck_assert_ptr_nonnull(long_header);
    tst_put(tst_path("scan.hdr"), long_header, 2 << 20);
    free(long_header);
    tst_fails(csk_read(&a, tst_path("scan.cfl")), CSK_ERR_FORMAT,
              "2097152 bytes, at most");
    tst_remove_files();
}
END_TEST

/* The second of two files fails: the first is not there either. */
START_TEST(test_both_or_none)
{
    csk_array a = tst_array(CSK_REAL, 2, (const int64_t[]){ 2, 3 });
    char note[3001];

    memset(note, 'x', sizeof(note) - 1);
    note[sizeof(note) - 1] = '\0';
    tst_limit_file_size(1000);
    tst_fails(csk_write(&a, tst_path("scan.cfl"), note), CSK_ERR_IO,
              "scan.hdr: File too");
    tst_limit_file_size(-1);
    ck_assert_int_eq(tst_count_files(), 0);
    csk_array_clear(&a);
    tst_remove_files();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("format_cfl");
    TCase *t = tcase_create("format_cfl");

    tcase_add_test(t, test_places);
    tcase_add_test(t, test_any_order);
    tcase_add_test(t, test_every_shape);
    tcase_add_test(t, test_header_of_bart);
    tcase_add_test(t, test_malformed);
    tcase_add_test(t, test_length);
    tcase_add_test(t, test_both_or_none);
    suite_add_tcase(s, t);
    return tst_main(s);
}
