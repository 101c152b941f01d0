/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/matrix.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double tol = 200. * FLT_EPSILON;

static const struct {
    csk_field field;
    int64_t rows, cols;
} cases[] = {
    { CSK_REAL, 1, 1 },      { CSK_REAL, 5, 3 },     { CSK_REAL, 17, 70 },
    { CSK_REAL, 131, 2 },    { CSK_COMPLEX, 1, 4 },  { CSK_COMPLEX, 7, 6 },
    { CSK_COMPLEX, 2, 67 },  { CSK_COMPLEX, 65, 3 }, { CSK_REAL, 1100, 3 },
    { CSK_COMPLEX, 3, 600 },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* Normal entries; of a sparse one two thirds are left out, column 1 wholly. */
static csk_matrix random_matrix(csk_field field, int64_t rows, int64_t cols,
                                bool sparse)
{
    float *entry = tst_normal(rows * cols * (int64_t)field, 3, 0);
    csk_matrix A = { .field = field, .rows = rows, .cols = cols };
    int64_t count = 0;

    A.value = csk_alloc(rows * cols, (size_t)field * sizeof(*A.value));
    if (sparse) {
        A.start = csk_alloc(cols + 1, sizeof(*A.start));
        A.row = csk_alloc(rows * cols, sizeof(*A.row));
    }
    for (int64_t k = 0; k < rows * cols; k++) {
        if (!sparse || ((k * k) % 3 == 0 && k / rows != 1)) {
            for (int64_t c = 0; c < (int64_t)field; c++)
                A.value[count * (int64_t)field + c] = entry[k * (int64_t)field + c];
            if (sparse)
                A.row[count] = k % rows;
            count++;
        }
        if (sparse)
            A.start[k / rows + 1] = count;
    }
    csk_free(entry);
    return A;
}

static void clear(csk_matrix *A)
{
    csk_free(A->start), csk_free(A->row), csk_free(A->value);
}

/* y := A x in double, entry by entry. */
static void reference(const csk_matrix *A, float *y, const float *x)
{
    const int64_t w = (int64_t)A->field;
    double *sum = csk_alloc(A->rows * w, sizeof(*sum));

    for (int64_t j = 0; j < A->cols; j++) {
        const int64_t begin = A->start ? A->start[j] : j * A->rows;
        const int64_t end = A->start ? A->start[j + 1] : begin + A->rows;

        for (int64_t k = begin; k < end; k++) {
            const int64_t i = A->start ? A->row[k] : k - begin;
            const double *v = A->value + k * w;

            if (w == 1) {
                sum[i] += v[0] * (double)x[j];
            } else {
                sum[2 * i] += v[0] * (double)x[2 * j] - v[1] * (double)x[2 * j + 1];
                sum[2 * i + 1] += v[0] * (double)x[2 * j + 1] + v[1] * (double)x[2 * j];
            }
        }
    }
    for (int64_t i = 0; i < A->rows * w; i++)
        y[i] = (float)sum[i];
    csk_free(sum);
}

/* Dense for even rounds of the loop test, sparse for odd ones. */
START_TEST(is_the_matrix_with_its_adjoint)
{
    const int k = _i / 2;
    csk_matrix A =
        random_matrix(cases[k].field, cases[k].rows, cases[k].cols, _i % 2 == 1);
    csk_linop *B;

    tst_ok(csk_linop_matrix(&B, &A));
    const int64_t n = csk_linop_cols(B), m = csk_linop_rows(B);
    ck_assert_int_eq(n, cases[k].cols * (int64_t)cases[k].field);
    ck_assert_int_eq(m, cases[k].rows * (int64_t)cases[k].field);

    float *x = tst_normal(n, 1, 0), *y = csk_alloc(m, sizeof(*y));
    float *want = csk_alloc(m, sizeof(*want));
    float *work = csk_alloc(csk_linop_work_len(B), sizeof(*work));
    csk_linop_apply(B, y, x, work);
    reference(&A, want, x);
    ck_assert_double_le(tst_distance(m, y, want), tol);

    clear(&A); /* the operator has a copy */
    tst_linop(B, tol);
    csk_linop_unref(B);
    csk_free(x), csk_free(y), csk_free(want), csk_free(work);
}
END_TEST

/* ||diag(3, -4)|| = 4 = sqrt(||.||_1 ||.||_inf) < 5; of a rank-1 matrix, Frobenius' is exact. */
START_TEST(bound_is_the_better_of_two)
{
    double diagonal[] = { 3, -4 }, column[] = { 3, -4 }, outer[] = { 1, 2, 3, 6 };
    int64_t start[] = { 0, 1, 2 }, row[] = { 0, 1 };
    const csk_matrix D = { CSK_REAL, 2, 2, start, row, diagonal };
    const csk_matrix c = { CSK_COMPLEX, 1, 1, NULL, NULL, column };
    const csk_matrix R = { CSK_REAL, 2, 2, NULL, NULL, outer };
    csk_linop *A;

    tst_ok(csk_linop_matrix(&A, &D));
    ck_assert_double_eq_tol(csk_linop_norm_bound(A), 4., 1e-12);
    csk_linop_unref(A);
    tst_ok(csk_linop_matrix(&A, &c));
    ck_assert_double_eq_tol(csk_linop_norm_bound(A), 5., 1e-12);
    csk_linop_unref(A);
    tst_ok(csk_linop_matrix(&A, &R));
    ck_assert_double_eq_tol(csk_linop_norm_bound(A), sqrt(50.), 1e-12);
    csk_linop_unref(A);
}
END_TEST

START_TEST(a_matrix_without_entries_is_zero)
{
    int64_t start[] = { 0, 0, 0 }, none = 0;
    double nothing = 0.;
    const csk_matrix Z = { CSK_REAL, 3, 2, start, &none, &nothing };
    float y[3] = { 1, 2, 3 };
    csk_linop *A;

    tst_ok(csk_linop_matrix(&A, &Z));
    csk_linop_apply(A, y, (const float[]){ 4, 5 }, NULL);
    ck_assert_double_eq(csk_norm(3, y), 0.);
    ck_assert_double_eq(csk_linop_norm_bound(A), 0.);
    csk_linop_unref(A);
}
END_TEST

START_TEST(does_not_depend_on_threads)
{
    for (int k = 0; k < 4; k++) {
        csk_matrix A =
            random_matrix(k % 2 ? CSK_COMPLEX : CSK_REAL, 210, 513, k / 2 == 1);
        csk_linop *B;

        tst_ok(csk_linop_matrix(&B, &A));
        tst_linop_threads(B);
        csk_linop_unref(B);
        clear(&A);
    }
}
END_TEST

START_TEST(rejects_bad_matrices)
{
    double value[] = { 1, 2 };
    int64_t start[] = { 0, 1, 2 }, late[] = { 1, 1, 2 }, falling[] = { 0, 2, 1 };
    int64_t row[] = { 0, 1 }, below[] = { 0, 2 }, above[] = { -1, 0 };
    const csk_matrix bad[] = {
        { CSK_REAL, 0, 2, NULL, NULL, value },
        { CSK_REAL, 2, 0, NULL, NULL, value },
        { CSK_REAL, 2, 2, late, row, value },
        { CSK_REAL, 2, 2, falling, row, value },
        { CSK_REAL, 2, 2, start, below, value },
        { CSK_REAL, 2, 2, start, above, value },
    };
    const csk_matrix large = { CSK_REAL, INT64_C(1) << 31, 2, start, row, value };
    csk_linop *A = NULL;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(csk_linop_matrix(&A, &bad[i]), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(),
                     "sparse matrix: row -1 in column 0 of a matrix of 2 rows");
    ck_assert_int_eq(csk_linop_matrix(&A, &large), CSK_ERR_UNSUPPORTED);

    const csk_matrix dense = { CSK_REAL, 1, 2, NULL, NULL, value };
    value[1] = (double)NAN;
    ck_assert_int_eq(csk_linop_matrix(&A, &dense), CSK_ERR_NUMERIC);
    value[1] = 1e39; /* finite, but not as a float */
    ck_assert_int_eq(csk_linop_matrix(&A, &dense), CSK_ERR_NUMERIC);
    ck_assert_ptr_null(A);
}
END_TEST

static csk_status build(void)
{
    double value[] = { 1, 2, 3, 4 };
    int64_t start[] = { 0, 1, 2 }, row[] = { 0, 1 };
    const csk_matrix D = { CSK_COMPLEX, 1, 2, NULL, NULL, value };
    const csk_matrix S = { CSK_REAL, 2, 2, start, row, value };
    csk_linop *A = NULL, *B = NULL;

    csk_status err = csk_linop_matrix(&A, &D);
    if (!err)
        err = csk_linop_matrix(&B, &S);
    csk_linop_unref(A), csk_linop_unref(B);
    return err;
}

START_TEST(survives_out_of_memory)
{
    tst_out_of_memory(build);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix_op");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_the_matrix_with_its_adjoint, 0, 2 * CASES);
    tcase_add_test(t, bound_is_the_better_of_two);
    tcase_add_test(t, a_matrix_without_entries_is_zero);
    tcase_add_test(t, does_not_depend_on_threads);
    tcase_add_test(t, rejects_bad_matrices);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
