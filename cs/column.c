/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/column_priv.h"
#include "cs/matrix_priv.h"
#include "cs/simd_priv.h"

enum { LANES = 8 };

/* conj(a) . r over interleaved pairs, lanes in a fixed order. */
CSK_HOT static void complex_dot(int64_t n, const double *a, const double *r,
                                double dot[2])
{
    double re[LANES] = { 0. }, im[LANES] = { 0. };
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++) {
            const double *p = a + 2 * (i + j), *q = r + 2 * (i + j);
            re[j] += p[0] * q[0] + p[1] * q[1];
            im[j] += p[0] * q[1] - p[1] * q[0];
        }
    }
    for (int j = 0; i < n; i++, j++) {
        const double *p = a + 2 * i, *q = r + 2 * i;
        re[j] += p[0] * q[0] + p[1] * q[1];
        im[j] += p[0] * q[1] - p[1] * q[0];
    }
    dot[0] = dot[1] = 0.;
    for (int j = 0; j < LANES; j++) {
        dot[0] += re[j];
        dot[1] += im[j];
    }
}

CSK_HOT static void real_add(int64_t n, double c, const double *restrict a,
                             double *restrict r)
{
    for (int64_t i = 0; i < n; i++)
        r[i] += c * a[i];
}

CSK_HOT static void complex_add(int64_t n, double re, double im,
                                const double *restrict a, double *restrict r)
{
    for (int64_t i = 0; i < 2 * n; i += 2) {
        r[i] += re * a[i] - im * a[i + 1];
        r[i + 1] += re * a[i + 1] + im * a[i];
    }
}

static void dense_dot(const csk_matrix *A, int64_t j, const double *r, double dot[2])
{
    const double *a = A->value + j * csk_matrix_rows(A);

    if (A->field == CSK_COMPLEX)
        complex_dot(A->rows, a, r, dot);
    else
        dot[0] = csk_dot_double(A->rows, a, r);
}

void csk_column_dot(const csk_matrix *A, int64_t j, const double *r, double dot[2])
{
    if (!A->start) {
        dense_dot(A, j, r, dot);
    } else if (A->field == CSK_COMPLEX) {
        dot[0] = dot[1] = 0.;
        for (int64_t p = A->start[j]; p < A->start[j + 1]; p++) {
            const double *a = A->value + 2 * p, *q = r + 2 * A->row[p];
            dot[0] += a[0] * q[0] + a[1] * q[1];
            dot[1] += a[0] * q[1] - a[1] * q[0];
        }
    } else {
        dot[0] = 0.;
        for (int64_t p = A->start[j]; p < A->start[j + 1]; p++)
            dot[0] += A->value[p] * r[A->row[p]];
    }
}

void csk_column_add(const csk_matrix *A, int64_t j, const double c[2], double *r)
{
    const bool complex = A->field == CSK_COMPLEX;

    if (!A->start) {
        const double *a = A->value + j * csk_matrix_rows(A);
        if (complex)
            complex_add(A->rows, c[0], c[1], a, r);
        else
            real_add(A->rows, c[0], a, r);
    } else if (complex) {
        for (int64_t p = A->start[j]; p < A->start[j + 1]; p++)
            complex_add(1, c[0], c[1], A->value + 2 * p, r + 2 * A->row[p]);
    } else {
        for (int64_t p = A->start[j]; p < A->start[j + 1]; p++)
            r[A->row[p]] += c[0] * A->value[p];
    }
}

double csk_column_square(const csk_matrix *A, int64_t j)
{
    const int64_t w = (int64_t)A->field;
    const int64_t from = A->start ? A->start[j] : j * A->rows;
    const int64_t count = A->start ? A->start[j + 1] - from : A->rows;

    return csk_dot_double(count * w, A->value + from * w, A->value + from * w);
}
