/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/matrices.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "tests/support/tst.h"

#include <math.h>
#include <string.h>

double *tst_normal_double(int64_t n, uint64_t seed)
{
    float *x = tst_normal(n, seed, 7);
    double *y = csk_alloc(n, sizeof(*y));

    for (int64_t i = 0; i < n; i++)
        y[i] = (double)x[i];
    csk_free(x);
    return y;
}

csk_matrix tst_dense_matrix(csk_field field, int64_t rows, int64_t cols, uint64_t seed)
{
    const int64_t n = rows * cols * (int64_t)field;
    double *value = tst_normal_double(n, seed);
    csk_matrix A;

    tst_ok(csk_matrix_dense(&A, field, rows, cols));
    for (int64_t i = 0; i < n; i++)
        A.value[i] = value[i] / sqrt((double)rows);
    csk_free(value);
    return A;
}

csk_matrix tst_sparse_matrix(csk_field field, int64_t rows, int64_t cols,
                             double density, uint64_t seed)
{
    const int64_t n = rows * cols, w = (int64_t)field;
    csk_matrix D = tst_dense_matrix(field, rows, cols, seed), A;
    float *keep = csk_alloc(n, sizeof(*keep));
    int64_t count = 0;

    csk_rng_uniform((csk_rng){ seed, 1, 0 }, n, keep);
    for (int64_t i = 0; i < n; i++)
        count += (double)keep[i] < density;
    tst_ok(csk_matrix_sparse(&A, field, rows, cols, count));
    count = 0;
    for (int64_t i = 0; i < n; i++) {
        if ((double)keep[i] < density) {
            A.row[count] = i % rows;
            memcpy(A.value + count * w, D.value + i * w, (size_t)w * sizeof(double));
            count++;
        }
        A.start[i / rows + 1] = count;
    }
    csk_free(keep);
    csk_matrix_clear(&D);
    return A;
}

csk_matrix tst_filled(const csk_matrix *A)
{
    const int64_t w = (int64_t)A->field;
    csk_matrix D;

    tst_ok(csk_matrix_dense(&D, A->field, A->rows, A->cols));
    for (int64_t j = 0; j < A->cols; j++) {
        for (int64_t p = A->start[j]; p < A->start[j + 1]; p++)
            memcpy(D.value + (j * A->rows + A->row[p]) * w, A->value + p * w,
                   (size_t)w * sizeof(double));
    }
    return D;
}

double tst_distance_double(int64_t n, const double *x, const double *y)
{
    double num = 0., den = 0.;

    for (int64_t i = 0; i < n; i++) {
        num += (x[i] - y[i]) * (x[i] - y[i]);
        den += y[i] * y[i];
    }
    return den > 0. ? sqrt(num / den) : sqrt(num);
}
