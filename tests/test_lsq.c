/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/lsq.h"
#include "cs/mem.h"
#include "tests/support/dense.h"
#include "tests/support/matrices.h"
#include "tests/support/tst.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

/* Every kind of problem: [sparse or dense][real or complex][tall, wide or square]. */
enum { SHAPES = 3, KINDS = 2 * 2 * SHAPES };

static const struct {
    int64_t rows, cols;
} shapes[SHAPES] = { { 30, 12 }, { 12, 30 }, { 9, 9 } };

static csk_matrix make(int kind)
{
    const csk_field field = kind / SHAPES % 2 ? CSK_COMPLEX : CSK_REAL;
    const int64_t rows = shapes[kind % SHAPES].rows, cols = shapes[kind % SHAPES].cols;

    return kind / SHAPES / 2 ? tst_sparse_matrix(field, rows, cols, .6, 3)
                             : tst_dense_matrix(field, rows, cols, 3);
}

/*
 * x by elimination, in the same doubles: of A^H A + ridge I, or where A is wide of
 * A A^H + ridge I, whose A^H w is the solution of least norm.
 */
static void solve_exactly(const csk_matrix *A, const double *b, double ridge, double *x)
{
    const int64_t w = (int64_t)A->field;
    const bool wide = A->rows < A->cols;
    const int64_t k = wide ? A->rows : A->cols, other = wide ? A->cols : A->rows;
    double *M = csk_alloc(k * k * w, sizeof(*M)), *e = csk_alloc(k * w, sizeof(*e));
    double *t = csk_alloc(other * w, sizeof(*t)), *v = csk_alloc(k * w, sizeof(*v));

    for (int64_t j = 0; j < k; j++) {
        memset(e, 0, (size_t)(k * w) * sizeof(*e));
        e[j * w] = 1.;
        csk_matrix_apply(A, wide, t, e);
        csk_matrix_apply(A, !wide, v, t);
        for (int64_t i = 0; i < k; i++)
            memcpy(M + (i * k + j) * w, v + i * w, (size_t)w * sizeof(*v));
        M[(j * k + j) * w] += ridge;
    }
    if (wide)
        memcpy(v, b, (size_t)(k * w) * sizeof(*v));
    else
        csk_matrix_apply(A, true, v, b);
    ck_assert(tst_solve(A->field, k, M, v));
    if (wide)
        csk_matrix_apply(A, true, x, v);
    else
        memcpy(x, v, (size_t)(k * w) * sizeof(*v));
    csk_free(M), csk_free(e), csk_free(t), csk_free(v);
}

START_TEST(every_method_finds_the_minimum)
{
    csk_matrix A = make(_i);
    const int64_t m = A.rows * (int64_t)A.field, n = A.cols * (int64_t)A.field;
    double *b = tst_normal_double(m, 5), *x = csk_alloc(n, sizeof(*x));
    double *want = csk_alloc(n, sizeof(*want)), *r = csk_alloc(m, sizeof(*r));
    csk_lsq_opts o = csk_lsq_defaults();
    csk_lsq_info info;

    for (int ridged = 0; ridged < 2; ridged++) {
        o.ridge = ridged ? .3 : 0.;
        solve_exactly(&A, b, o.ridge, want);
        for (o.method = CSK_LSQ_AUTO; o.method <= CSK_LSQ_LSQR; o.method++) {
            tst_ok(csk_lsq(x, &A, b, &o, &info));
            ck_assert_double_le(tst_distance_double(n, x, want), 1e-6);
            ck_assert_double_le(info.gradient, 1e-8);
            ck_assert_int_eq(info.stop, CSK_STOP_CONVERGED);
            ck_assert(!info.deficient);

            csk_matrix_apply(&A, false, r, x);
            ck_assert_double_eq_tol(info.residual,
                                    tst_distance_double(m, r, b) *
                                        sqrt(cblas_ddot((int)m, b, 1, b, 1)),
                                    1e-10);
            if (o.method != CSK_LSQ_AUTO)
                ck_assert_int_eq(info.method, o.method);
            else
                ck_assert_int_eq(info.method, ridged ? CSK_LSQ_CHOLESKY : CSK_LSQ_QR);
            if (o.method == CSK_LSQ_LSQR)
                ck_assert_int_eq(info.rank, -1);
        }
    }
    csk_free(b), csk_free(x), csk_free(want), csk_free(r);
    csk_matrix_clear(&A);
}
END_TEST

/* The last column repeats the first. */
static csk_matrix with_twins(csk_matrix A)
{
    const int64_t len = A.rows * (int64_t)A.field;

    memcpy(A.value + (A.cols - 1) * len, A.value, (size_t)len * sizeof(double));
    return A;
}

static csk_matrix sparse_of(const csk_matrix *D)
{
    const int64_t n = D->rows * D->cols;
    csk_matrix A;

    tst_ok(csk_matrix_sparse(&A, D->field, D->rows, D->cols, n));
    for (int64_t i = 0; i < n; i++)
        A.row[i] = i % D->rows;
    for (int64_t j = 0; j <= D->cols; j++)
        A.start[j] = j * D->rows;
    memcpy(A.value, D->value, (size_t)(n * (int64_t)D->field) * sizeof(double));
    return A;
}

START_TEST(dependent_columns_are_found)
{
    const csk_field field = _i % 2 ? CSK_COMPLEX : CSK_REAL;
    const int64_t w = (int64_t)field;
    csk_matrix D = with_twins(tst_dense_matrix(field, 20, 6, 4));
    csk_matrix S = sparse_of(&D);
    const csk_matrix *A = _i / 2 ? &S : &D;
    double *b = tst_normal_double(20 * w, 5), x[12], before[12];
    csk_lsq_opts o = csk_lsq_defaults();
    csk_lsq_info info;

    tst_ok(csk_lsq(x, A, b, NULL, &info));
    ck_assert_int_eq(info.rank, 5);
    ck_assert(info.deficient);
    ck_assert_double_le(info.gradient, 1e-10);
    if (!A->start) { /* of least norm: the twins share */
        for (int c = 0; c < w; c++)
            ck_assert_double_eq_tol(x[c], x[5 * w + c], 1e-10);
    }

    o.method = CSK_LSQ_CHOLESKY;
    memcpy(before, x, sizeof(x));
    ck_assert_int_eq(csk_lsq(x, A, b, &o, &info), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(),
                     "lsq: A^H A + ridge is not positive definite: "
                     "use qr or more ridge");
    ck_assert_mem_eq(x, before, (size_t)(6 * w) * sizeof(double));

    /* A ridge that rounding swallows: auto turns to QR, which does not square. */
    o.method = CSK_LSQ_AUTO;
    o.ridge = 1e-17;
    tst_ok(csk_lsq(x, A, b, &o, &info));
    ck_assert_int_eq(info.method, CSK_LSQ_QR);
    ck_assert(!info.deficient);

    /* A coarse tolerance gives up more directions. */
    o.method = CSK_LSQ_QR;
    o.ridge = 0.;
    o.rank_tol = .9;
    tst_ok(csk_lsq(x, A, b, &o, &info));
    ck_assert_int_lt(info.rank, 5);
    csk_free(b);
    csk_matrix_clear(&D);
    csk_matrix_clear(&S);
}
END_TEST

START_TEST(zero_data_give_zero)
{
    csk_matrix A = make(_i);
    const int64_t n = A.cols * (int64_t)A.field;
    double b[60] = { 0. }, x[60];
    csk_lsq_opts o = csk_lsq_defaults();
    csk_lsq_info info;

    for (o.method = CSK_LSQ_QR; o.method <= CSK_LSQ_LSQR; o.method++) {
        x[0] = 1.;
        tst_ok(csk_lsq(x, &A, b, &o, &info));
        ck_assert_double_eq(cblas_dnrm2((int)n, x, 1), 0.);
        ck_assert_double_eq(info.gradient, 0.);
    }
    csk_matrix_clear(&A);
}
END_TEST

START_TEST(a_matrix_without_entries)
{
    csk_matrix A;
    double b[3] = { 1., 2., 3. }, x[2] = { 9., 9. };
    csk_lsq_info info;

    tst_ok(csk_matrix_sparse(&A, CSK_REAL, 3, 2, 0));
    tst_ok(csk_lsq(x, &A, b, NULL, &info));
    ck_assert_double_eq(x[0], 0.);
    ck_assert_int_eq(info.rank, 0);
    ck_assert(info.deficient);
    csk_matrix_clear(&A);
}
END_TEST

START_TEST(reports_what_is_wrong)
{
    csk_matrix A = tst_sparse_matrix(CSK_REAL, 8, 5, .7, 3);
    csk_lsq_opts o = csk_lsq_defaults();
    double b[8] = { 1. }, x[5];

    b[2] = NAN;
    ck_assert_int_eq(csk_lsq(x, &A, b, NULL, NULL), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "lsq: data: number 2 is nan");
    b[2] = 0.;
    A.value[1] = INFINITY;
    ck_assert_int_eq(csk_lsq(x, &A, b, NULL, NULL), CSK_ERR_NUMERIC);
    ck_assert_str_eq(csk_error_message(), "lsq: matrix: number 1 is inf");
    A.value[1] = 1.;

    const int64_t row = A.row[1];
    A.row[1] = A.row[0];
    ck_assert_int_eq(csk_lsq(x, &A, b, NULL, NULL), CSK_ERR_ARG);
    A.row[1] = 8;
    ck_assert_int_eq(csk_lsq(x, &A, b, NULL, NULL), CSK_ERR_ARG);
    A.row[1] = row;
    A.start[0] = 1;
    ck_assert_int_eq(csk_lsq(x, &A, b, NULL, NULL), CSK_ERR_ARG);
    A.start[0] = 0;
    const int64_t start = A.start[2];
    A.start[2] = 0;
    ck_assert_int_eq(csk_lsq(x, &A, b, NULL, NULL), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "lsq: the sparse matrix contradicts itself");
    A.start[2] = start;

    o.ridge = -1.;
    ck_assert_int_eq(csk_lsq(x, &A, b, &o, NULL), CSK_ERR_ARG);
    ck_assert_str_eq(csk_lsq_method_name(CSK_LSQ_CHOLESKY), "cholesky");
    ck_assert_str_eq(csk_lsq_method_name((csk_lsq_method)99), "unknown");
    csk_matrix_clear(&A);
}
END_TEST

static csk_status stop_at_two(void *user, const csk_progress *p)
{
    (void)user;
    ck_assert_str_eq(p->what, "lsq");
    ck_assert(isfinite(p->residual) && isfinite(p->change));
    return p->iter == 2 ? CSK_ERR_ABORTED : CSK_OK;
}

START_TEST(lsqr_can_be_cut_short)
{
    csk_matrix A = make(_i);
    double *b = tst_normal_double(A.rows * (int64_t)A.field, 5), x[60];
    csk_lsq_opts o = csk_lsq_defaults();
    csk_lsq_info info;

    o.method = CSK_LSQ_LSQR;
    o.max_iter = 2;
    tst_ok(csk_lsq(x, &A, b, &o, &info));
    ck_assert_int_eq(info.stop, CSK_STOP_MAX_ITER);
    ck_assert_int_eq(info.iter, 2);
    o.max_iter = 100;
    o.monitor.call = stop_at_two;
    ck_assert_int_eq(csk_lsq(x, &A, b, &o, &info), CSK_ERR_ABORTED);
    csk_free(b);
    csk_matrix_clear(&A);
}
END_TEST

static int kind_now, method_now;
static double ridge_now;

static csk_status run(void)
{
    csk_matrix A = { .start = NULL };
    double x[6], b[8] = { 1., 2., 3., 4., 5., 6., 7., 8. };
    csk_lsq_opts o = csk_lsq_defaults();
    csk_status err = kind_now ? csk_matrix_sparse(&A, CSK_COMPLEX, 4, 3, 6)
                              : csk_matrix_dense(&A, CSK_COMPLEX, 4, 3);

    if (!err && kind_now) {
        for (int j = 0; j < 3; j++) {
            A.row[2 * j] = j;
            A.row[2 * j + 1] = j + 1;
            A.start[j + 1] = 2 * j + 2;
        }
    }
    for (int i = 0; !err && i < (kind_now ? 12 : 24); i++)
        A.value[i] = cos((double)(i * i));
    o.method = method_now;
    o.ridge = ridge_now;
    if (!err)
        err = csk_lsq(x, &A, b, &o, NULL);
    csk_matrix_clear(&A);
    return err;
}

START_TEST(survives_out_of_memory)
{
    kind_now = _i % 2;
    for (method_now = CSK_LSQ_QR; method_now <= CSK_LSQ_LSQR; method_now++) {
        ridge_now = _i / 2;
        tst_out_of_memory(run);
    }
}
END_TEST

START_TEST(threads_change_nothing_and_are_restored)
{
    const int threads[] = { 1, 2, 7 };
    const csk_field field = _i % 2 ? CSK_COMPLEX : CSK_REAL;
    csk_matrix A = _i / 2 ? tst_sparse_matrix(field, 150, 100, .3, 3)
                          : tst_dense_matrix(field, 150, 100, 3);
    double *b = tst_normal_double(300, 5), x[3][200];
    csk_lsq_opts o = csk_lsq_defaults();

    for (o.method = CSK_LSQ_QR; o.method <= CSK_LSQ_LSQR; o.method++) {
        for (int k = 0; k < 3; k++) {
            tst_set_threads(threads[k]);
            openblas_set_num_threads(threads[k]);
            tst_ok(csk_lsq(x[k], &A, b, &o, NULL));
            ck_assert_mem_eq(x[k], x[0], (size_t)(100 * field) * sizeof(double));
            ck_assert_int_eq(openblas_get_num_threads(), threads[k]);
        }
    }
    tst_set_threads(1);
    csk_free(b);
    csk_matrix_clear(&A);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("lsq");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, every_method_finds_the_minimum, 0, KINDS);
    tcase_add_loop_test(t, dependent_columns_are_found, 0, 4);
    tcase_add_loop_test(t, zero_data_give_zero, 0, KINDS);
    tcase_add_test(t, a_matrix_without_entries);
    tcase_add_test(t, reports_what_is_wrong);
    tcase_add_loop_test(t, lsqr_can_be_cut_short, 0, KINDS);
    tcase_add_loop_test(t, survives_out_of_memory, 0, 4);
    tcase_add_loop_test(t, threads_change_nothing_and_are_restored, 0, 4);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
