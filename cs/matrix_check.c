/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/matrix_priv.h"
#include "cs/simd_priv.h"

#include <inttypes.h>
#include <math.h>

csk_status csk_require_finite_double(const char *who, const char *what, int64_t n,
                                     const double *x)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return csk_fail(CSK_ERR_NUMERIC, "%s: %s: number %" PRId64 " is %g", who,
                            what, i, x[i]);
    }
    return CSK_OK;
}

static bool well_formed(const csk_matrix *A)
{
    if (A->start[0] != 0)
        return false;
    for (int64_t j = 0; j < A->cols; j++) {
        int64_t least = 0;

        if (A->start[j] > A->start[j + 1])
            return false;
        for (int64_t p = A->start[j]; p < A->start[j + 1]; p++) {
            if (A->row[p] < least || A->row[p] >= A->rows)
                return false;
            least = A->row[p] + 1;
        }
    }
    return true;
}

csk_status csk_matrix_check(const char *who, const csk_matrix *A)
{
    if (A->start && !well_formed(A))
        return csk_fail(CSK_ERR_ARG, "%s: the sparse matrix contradicts itself", who);
    return csk_require_finite_double(
        who, "matrix", csk_matrix_entries(A) * (int64_t)A->field, A->value);
}

enum { LANES = 8 };

CSK_HOT double csk_dot_double(int64_t n, const double *x, const double *y)
{
    double lane[LANES] = { 0. };
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++)
            lane[j] += x[i + j] * y[i + j];
    }
    for (int j = 0; i < n; i++, j++)
        lane[j] += x[i] * y[i];
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
           ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}
