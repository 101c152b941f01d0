/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/format.h"
#include "cs/matrix.h"
#include "cs/mem.h"
#include "tests/support/tst_file.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static csk_status parse(csk_matrix *A, const char *text)
{
    return csk_mtx_parse(A, text, strlen(text), "a.mtx");
}

static double at(const csk_matrix *A, int64_t i, int64_t j, int part)
{
    const int width = (int)A->field;

    if (!A->start)
        return A->value[(j * A->rows + i) * width + part];
    for (int64_t k = A->start[j]; k < A->start[j + 1]; k++) {
        if (A->row[k] == i)
            return A->value[k * width + part];
    }
    return 0.0;
}

static void check_entries(const csk_matrix *A, const double *want)
{
    const int width = (int)A->field;

    for (int64_t i = 0; i < A->rows; i++) {
        for (int64_t j = 0; j < A->cols; j++) {
            for (int c = 0; c < width; c++)
                ck_assert_double_eq(at(A, i, j, c),
                                    want[(i * A->cols + j) * width + c]);
        }
    }
}

static void check_text(const char *text, csk_field field, int64_t rows, int64_t cols,
                       int64_t nonzeros, const double *want)
{
    csk_matrix A;

    tst_ok(parse(&A, text));
    ck_assert_int_eq(A.field, field);
    ck_assert_int_eq(A.rows, rows);
    ck_assert_int_eq(A.cols, cols);
    ck_assert_int_eq(A.start != NULL, nonzeros >= 0);
    if (A.start) {
        ck_assert_int_eq(A.start[0], 0);
        ck_assert_int_eq(A.start[cols], nonzeros);
        for (int64_t j = 0; j < cols; j++) {
            for (int64_t k = A.start[j] + 1; k < A.start[j + 1]; k++)
                ck_assert_int_lt(A.row[k - 1], A.row[k]);
        }
    }
    check_entries(&A, want);
    csk_matrix_clear(&A);
}

START_TEST(test_coordinate)
{
    check_text("%%MatrixMarket matrix coordinate real general\n% a comment\n\n"
               "3 2 5\n3 1 1.5\n1 2 -2e1\n1 1 4\n3 1 0.25\n 2\t2  7 \r\n\n",
               CSK_REAL, 3, 2, 4, (const double[]){ 4, -20, 0, 7, 1.75, 0 });
    check_text(
        "%%matrixmarket MATRIX Coordinate Integer Symmetric\n2 2 2\n1 1 3\n2 1 5",
        CSK_REAL, 2, 2, 3, (const double[]){ 3, 5, 5, 0 });
    check_text("%%MatrixMarket matrix coordinate pattern general\n2 3 2\n1 3\n2 1\n",
               CSK_REAL, 2, 3, 2, (const double[]){ 0, 0, 1, 1, 0, 0 });
    check_text("%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 5\n",
               CSK_REAL, 2, 2, 2, (const double[]){ 0, -5, 5, 0 });
    check_text("%%MatrixMarket matrix coordinate complex hermitian\n2 2 2\n1 1 3 0\n"
               "2 1 5 6\n",
               CSK_COMPLEX, 2, 2, 3, (const double[]){ 3, 0, 5, -6, 5, 6, 0, 0 });
    check_text("%%MatrixMarket matrix coordinate complex symmetric\n2 2 1\n2 1 5 6\n",
               CSK_COMPLEX, 2, 2, 2, (const double[]){ 0, 0, 5, 6, 5, 6, 0, 0 });
    check_text("%%MatrixMarket matrix coordinate real general\n2 2 0\n", CSK_REAL, 2, 2,
               0, (const double[]){ 0, 0, 0, 0 });
}
END_TEST

START_TEST(test_array)
{
    check_text("%%MatrixMarket matrix array real general\n2 3\n1\n2\n3\n4\n5\n6\n",
               CSK_REAL, 2, 3, -1, (const double[]){ 1, 3, 5, 2, 4, 6 });
    check_text("%%MatrixMarket matrix array real symmetric\n2 2\n1\n2\n3\n", CSK_REAL,
               2, 2, -1, (const double[]){ 1, 2, 2, 3 });
    check_text("%%MatrixMarket matrix array integer skew-symmetric\n2 2\n4\n", CSK_REAL,
               2, 2, -1, (const double[]){ 0, -4, 4, 0 });
    check_text("%%MatrixMarket matrix array complex hermitian\n2 2\n1 0\n2 3\n4 0\n",
               CSK_COMPLEX, 2, 2, -1, (const double[]){ 1, 0, 2, -3, 2, 3, 4, 0 });
}
END_TEST

#define REAL_GENERAL "%%MatrixMarket matrix coordinate real general\n"

START_TEST(test_malformed)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "MatrixMarket matrix", "a.mtx:1: unknown word 'MatrixMarket'" },
        { "%%MatrixMarket vector", "unknown word 'vector'" },
        { "%%MatrixMarket matrix coordinate quaternion general\n", "'quaternion'" },
        { "%%MatrixMarket matrix array pattern general\n1 1\n1\n", "a.mtx:1: pattern" },
        { "%%MatrixMarket matrix array real hermitian\n1 1\n1\n", "goes with complex" },
        { "%%MatrixMarket matrix array real general x\n", "end of line expected" },
        { REAL_GENERAL, "a.mtx:2: the line of sizes is missing" },
        { "%%MatrixMarket matrix array real\033[0m", "unknown word 'real\\x1b[0m'" },
        { REAL_GENERAL "% c\n0 1 1\n", "a.mtx:3: rows in 1..2147483647 expected" },
        { REAL_GENERAL "1 -1 1\n", "columns in" },
        { REAL_GENERAL "1 1\n", "entries in" },
        { REAL_GENERAL "99999999999999999999 1 1\n", "found '99999999999999999999'" },
        { REAL_GENERAL "1 1 900000000\n1 1 1\n", "do not fit a file of" },
        { REAL_GENERAL "1 2000000000 1\n1 1 1\n", "do not fit a file of" },
        { REAL_GENERAL "2 2 2\n1 1 1\n", "a.mtx:4: the file ends after 1 of 2" },
        { REAL_GENERAL "2 2 1\n3 1 1\n", "a.mtx:3: row in 1..2 expected, found '3'" },
        { REAL_GENERAL "2 2 1\n1 0 1\n", "column in 1..2" },
        { REAL_GENERAL "2 2 1\n1 1 1,5\n", "a number expected, found '1,5'" },
        { REAL_GENERAL "2 2 1\n1 1\n", "a number expected, found ''" },
        { REAL_GENERAL "2 2 1\n1 1 1 1\n", "end of line expected, found '1'" },
        { REAL_GENERAL "2 2 1\n1 1 1\n2 2 2\n", "a.mtx:4: more entries" },
        { REAL_GENERAL
          "2 2 1\n1 1 "
          "1000000000000000000000000000000000000000000000000000000000000000\n",
          "a word is too long" },
        { "%%MatrixMarket matrix array real symmetric\n2 3\n1\n", "must be square" },
        { "%%MatrixMarket matrix array real general\n3000 3000\n1\n", "do not fit" },
        { "%%MatrixMarket matrix array real general\n2 1\n1\n", "after 1 of 2" },
        { "%%MatrixMarket matrix array complex hermitian\n1 1\n1 2\n",
          "real diagonal" },
        { "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 2 1\n",
          "above the diagonal" },
        { "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n1 1 1\n",
          "on the diagonal" },
    };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        csk_matrix A;
        tst_fails(parse(&A, cases[k].text), CSK_ERR_FORMAT, cases[k].message);
        ck_assert_ptr_null(A.value);
    }
    static const char nul[] =
        REAL_GENERAL "1 1 1\n1 1 2\0 3\n"; /* must not hide the 3 */
    csk_matrix A;
    tst_fails(csk_mtx_parse(&A, nul, sizeof(nul) - 1, "a.mtx"), CSK_ERR_FORMAT,
              "a.mtx:3: a NUL byte");
}
END_TEST

/* A user whose language writes 1,5 reads and writes 1.5 all the same. */
START_TEST(test_locale)
{
    static const char *const with_comma[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" };
    csk_matrix A;

    for (int k = 0; k < 3; k++)
        (void)setlocale(LC_ALL, with_comma[k]);
    tst_ok(parse(&A, REAL_GENERAL "1 1 1\n1 1 1.5\n"));
    ck_assert_double_eq(A.value[0], 1.5);
    (void)setlocale(LC_ALL, "C");
    csk_matrix_clear(&A);
}
END_TEST

START_TEST(test_golden)
{
    const int64_t dim[2] = { 2, 2 };
    csk_array a = tst_array(CSK_COMPLEX, 2, dim);
    csk_array v = tst_array(CSK_REAL, 1, dim);
    csk_array b;
    size_t len;

    tst_ok(csk_write(&a, tst_path("a.mtx"), "{\"seed\": 1}"));
    char *text = tst_get(tst_path("a.mtx"), &len);
    ck_assert_str_eq(text,
                     "%%MatrixMarket matrix array complex general\n% {\"seed\": 1}\n"
                     "2 2\n-3 -2.75\n-2 -1.75\n-2.5 -2.25\n-1.5 -1.25\n");
    free(text);
    v.data[0] = 0.1f;
    tst_ok(csk_write(&v, tst_path("v.mtx"), NULL));
    text = tst_get(tst_path("v.mtx"), &len);
    ck_assert_str_eq(text, "%%MatrixMarket matrix array real general\n2 1\n"
                           "0.100000001\n-2.75\n");
    free(text);
    tst_ok(csk_read(&b, tst_path("v.mtx")));
    tst_same(&v, &b);
    csk_array_clear(&b);

    csk_array_clear(&a);
    csk_array_clear(&v);
    tst_remove_files();
}
END_TEST

/* Reads as an array of that rank and these floats. */
static void check_array(const char *path, int rank, int64_t len, const float *want)
{
    csk_array a;

    tst_ok(csk_read(&a, path));
    ck_assert_int_eq(a.space.rank, rank);
    ck_assert_int_eq(csk_space_len(&a.space), len);
    for (int64_t i = 0; i < len; i++)
        ck_assert_float_eq(a.data[i], want[i]);
    csk_array_clear(&a);
}

/* A sparse matrix where an array is wanted: with its zeros, if they fit. */
START_TEST(test_sparse_array)
{
    static const char matrix[] = REAL_GENERAL "2 3 2\n2 1 5\n1 3 -1\n";
    static const char column[] =
        "%%MatrixMarket matrix coordinate complex general\n3 1 2\n3 1 5 6\n1 1 1 2\n";
    static const char huge[] = REAL_GENERAL "2000000000 1000000 1\n1 1 1\n";
    csk_array a;

    tst_put(tst_path("s.mtx"), matrix, sizeof(matrix) - 1);
    check_array(tst_path("s.mtx"), 2, 6, (const float[]){ 0, 0, -1, 5, 0, 0 });
    tst_put(tst_path("s.mtx"), column, sizeof(column) - 1);
    check_array(tst_path("s.mtx"), 1, 6, (const float[]){ 1, 2, 0, 0, 5, 6 });
    tst_put(tst_path("s.mtx"), huge, sizeof(huge) - 1);
    tst_fails(csk_read(&a, tst_path("s.mtx")), CSK_ERR_UNSUPPORTED,
              "a sparse matrix of 2000000000 x 1000000 as an array");
    tst_remove_files();
}
END_TEST

START_TEST(test_read)
{
    const int64_t dim[3] = { 3, 2, 2 };
    csk_array a = tst_array(CSK_COMPLEX, 2, dim);
    csk_matrix A;
    double want[12];

    for (int i = 0; i < 12; i++)
        want[i] = (double)a.data[i];
    tst_ok(csk_write(&a, tst_path("a.npy"), NULL));
    tst_ok(csk_matrix_read(&A, tst_path("a.npy")));
    ck_assert_int_eq(A.rows, 3);
    ck_assert_int_eq(A.cols, 2);
    check_entries(&A, want);
    csk_matrix_clear(&A);
    tst_ok(csk_write(&a, tst_path("a.mtx"), NULL));
    tst_ok(csk_matrix_read(&A, tst_path("a.mtx")));
    check_entries(&A, want);
    csk_matrix_clear(&A);
    csk_array_clear(&a);

    a = tst_array(CSK_COMPLEX, 1, dim); /* a vector is a column, as in .mtx */
    tst_ok(csk_write(&a, tst_path("v.npy"), NULL));
    tst_ok(csk_matrix_read(&A, tst_path("v.npy")));
    ck_assert_int_eq(A.rows, 3);
    ck_assert_int_eq(A.cols, 1);
    ck_assert_double_eq(A.value[5], (double)a.data[5]);
    csk_matrix_clear(&A);
    csk_array_clear(&a);

    a = tst_array(CSK_REAL, 3, dim);
    tst_ok(csk_write(&a, tst_path("a.npy"), NULL));
    tst_fails(csk_matrix_read(&A, tst_path("a.npy")), CSK_ERR_SHAPE, "rank 3");
    csk_array_clear(&a);
    tst_fails(csk_matrix_read(&A, tst_path("none.mtx")), CSK_ERR_IO, "none.mtx");
    tst_fails(csk_matrix_read(&A, tst_path("none.npy")), CSK_ERR_IO, "none.npy");
    tst_remove_files();
}
END_TEST

static double normal(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int32_t)(*state >> 32) * 0x1p-31;
}

/* Dense and, of the same entries, every third one missing, sparse. */
static void make_pair(csk_matrix *D, csk_matrix *S, csk_field field, int64_t rows,
                      int64_t cols)
{
    uint64_t state = 5;
    const int width = (int)field;
    int64_t used = 0;

    tst_ok(csk_matrix_dense(D, field, rows, cols));
    tst_ok(csk_matrix_sparse(S, field, rows, cols, rows * cols));
    for (int64_t k = 0; k < rows * cols; k++) {
        S->start[k / rows + 1] = used + (k % 3 != 0);
        for (int c = 0; c < width && k % 3; c++) {
            D->value[k * width + c] = normal(&state);
            S->value[used * width + c] = D->value[k * width + c];
            S->row[used] = k % rows;
        }
        used += k % 3 != 0;
    }
}

static double inner(int64_t n, const double *x, const double *y)
{
    double sum = 0.0;

    for (int64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* y by the definition. */
static void apply_slowly(const csk_matrix *A, bool adjoint, double *y, const double *x)
{
    const int width = (int)A->field;
    const int64_t n = adjoint ? A->cols : A->rows;

    memset(y, 0, (size_t)(n * width) * sizeof(*y));
    for (int64_t i = 0; i < A->rows; i++) {
        for (int64_t j = 0; j < A->cols; j++) {
            const double re = at(A, i, j, 0);
            const double im = width == 2 ? at(A, i, j, 1) : 0.0;
            const double *u = x + (adjoint ? i : j) * width;
            double *v = y + (adjoint ? j : i) * width;
            const double sign = adjoint ? -1.0 : 1.0;
            v[0] += re * u[0] - (width == 2 ? sign * im * u[1] : 0.0);
            if (width == 2)
                v[1] += re * u[1] + sign * im * u[0];
        }
    }
}

static void check_apply(const csk_matrix *A, bool adjoint)
{
    const int64_t in = (adjoint ? A->rows : A->cols) * (int64_t)A->field;
    const int64_t out = (adjoint ? A->cols : A->rows) * (int64_t)A->field;
    double *x = csk_alloc(in, sizeof(*x));
    double *y = csk_alloc(4 * out, sizeof(*y));
    uint64_t state = 9;

    ck_assert(x && y);
    for (int64_t i = 0; i < in; i++)
        x[i] = normal(&state);
    y[0] = NAN; /* what was there is forgotten */
    csk_matrix_apply(A, adjoint, y, x);
    apply_slowly(A, adjoint, y + out, x);
    for (int64_t i = 0; i < out; i++)
        ck_assert_double_eq_tol(y[i], y[out + i], 1e-12 * sqrt((double)in));
    for (int k = 0; k < 2; k++) { /* same bits with other numbers of threads */
        tst_set_threads(k ? 7 : 1);
        csk_matrix_apply(A, adjoint, y + (2 + k) * out, x);
        ck_assert_int_eq(memcmp(y, y + (2 + k) * out, (size_t)out * sizeof(*y)), 0);
    }
    tst_set_threads(2);
    ck_assert_double_gt(inner(out, y, y), 0.0);
    csk_free(x);
    csk_free(y);
}

START_TEST(test_apply)
{
    static const int64_t sizes[][2] = { { 5, 3 }, { 64, 65 }, { 257, 191 } };

    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        for (int field = CSK_REAL; field <= CSK_COMPLEX; field++) {
            csk_matrix D, S;
            make_pair(&D, &S, (csk_field)field, sizes[k][0], sizes[k][1]);
            for (int adjoint = 0; adjoint < 2; adjoint++) {
                check_apply(&D, adjoint != 0);
                if (k < 2)
                    check_apply(&S, adjoint != 0);
            }
            csk_matrix_clear(&D);
            csk_matrix_clear(&S);
        }
    }
}
END_TEST

START_TEST(test_arguments)
{
    csk_matrix A;

    tst_fails(csk_matrix_dense(&A, CSK_REAL, 0, 1), CSK_ERR_ARG, "0 x 1");
    tst_fails(csk_matrix_dense(&A, (csk_field)3, 1, 1), CSK_ERR_ARG, "field is 3");
    tst_fails(csk_matrix_dense(&A, CSK_REAL, INT64_C(1) << 40, 1), CSK_ERR_UNSUPPORTED,
              "dense sides");
    tst_fails(csk_matrix_sparse(&A, CSK_REAL, 1, -1, 1), CSK_ERR_ARG, "1 x -1");
    tst_fails(csk_matrix_sparse(&A, CSK_REAL, 1, 1, -1), CSK_ERR_ARG, "-1 nonzeros");
    ck_assert_ptr_null(A.value);
}
END_TEST

static csk_status make_all(void)
{
    csk_matrix A, B;
    csk_status err = csk_matrix_dense(&A, CSK_REAL, 2, 3);

    if (err)
        return err;
    err = parse(&B, "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n2 1 5\n");
    csk_matrix_clear(&A);
    if (err)
        return err;
    csk_matrix_clear(&B);
    err = parse(&B, "%%MatrixMarket matrix array real general\n1 1\n5\n");
    if (!err)
        csk_matrix_clear(&B);
    return err;
}

START_TEST(test_out_of_memory)
{
    tst_out_of_memory(make_all);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("matrix");
    TCase *t = tcase_create("matrix");

    tcase_add_test(t, test_coordinate);
    tcase_add_test(t, test_array);
    tcase_add_test(t, test_malformed);
    tcase_add_test(t, test_locale);
    tcase_add_test(t, test_golden);
    tcase_add_test(t, test_sparse_array);
    tcase_add_test(t, test_read);
    tcase_add_test(t, test_apply);
    tcase_add_test(t, test_arguments);
    tcase_add_test(t, test_out_of_memory);
    suite_add_tcase(s, t);
    return tst_main(s);
}
