/* SPDX-License-Identifier: BSD-3-Clause */
/* Least squares by a factor of the normal equations, dense or sparse. */
#include "cs/lsq_priv.h"
#include "cs/matrix_priv.h"
#include "cs/mem.h"

#include <string.h>

csk_status csk_lsq_indefinite(const csk_matrix *A)
{
    const char *name = csk_lsq_wide(A) ? "A A^H" : "A^H A";

    return csk_fail(CSK_ERR_NUMERIC,
                    "lsq: %s + ridge is not positive definite: use qr or more ridge",
                    name);
}

void csk_lsq_add(int64_t n, double a, const double *x, double *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

void csk_lsq_residual(const csk_matrix *A, const double *x, const double *b, double *r)
{
    csk_matrix_apply(A, false, r, x);
    csk_lsq_add(csk_matrix_rows(A), -1., b, r);
}

csk_status csk_lsq_by_normal(double *x, const csk_matrix *A, const double *b,
                             double ridge, csk_lsq_solve_fn *solve, void *factor)
{
    const int64_t m = csk_matrix_rows(A), n = csk_matrix_cols(A);
    double *const r = csk_alloc(2 * m + n, sizeof(*r));
    bool solved;

    if (!r)
        return CSK_ERR_NOMEM;
    double *const w = r + m, *const g = w + m;
    if (csk_lsq_wide(A)) { /* x = A^H w */
        memcpy(w, b, (size_t)m * sizeof(*w));
        solved = solve(factor, w);
        csk_matrix_apply(A, true, x, w);
        csk_lsq_residual(A, x, b, r);
        csk_lsq_add(m, ridge, w, r);
        solved = solved && solve(factor, r);
        csk_lsq_add(m, -1., r, w);
        csk_matrix_apply(A, true, x, w);
    } else {
        csk_matrix_apply(A, true, x, b);
        solved = solve(factor, x);
        csk_lsq_residual(A, x, b, r);
        csk_matrix_apply(A, true, g, r);
        csk_lsq_add(n, ridge, x, g);
        solved = solved && solve(factor, g);
        csk_lsq_add(n, -1., g, x);
    }
    csk_free(r);
    return solved ? CSK_OK : csk_fail(CSK_ERR_NOMEM, "lsq: no memory to solve");
}
