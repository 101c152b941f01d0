/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/pass_priv.h"
#include "cs/vec.h"

#include <inttypes.h>

/* Below SERIAL floats a parallel region costs more than it saves. */
enum { PARTS = 64, ONE_PART = 8192, SERIAL = 32768 };

void csk_pass(int64_t n, csk_pass_fn *f, const void *args, double sum[CSK_SUMS])
{
    double part[PARTS][CSK_SUMS] = { { 0. } };
    const int64_t parts = n < ONE_PART ? 1 : PARTS;
    const int64_t len = csk_pad((n + parts - 1) / parts);

#pragma omp parallel for schedule(static) if (n > SERIAL)
    for (int64_t p = 0; p < parts; p++) {
        const int64_t left = n - p * len;

        if (left > 0)
            f(args, p * len, left < len ? left : len, part[p]);
    }

    for (int s = 0; s < CSK_SUMS; s++) {
        sum[s] = 0.;
        for (int64_t p = 0; p < parts; p++)
            sum[s] += part[p][s];
    }
}

csk_status csk_require_finite(const char *who, const char *what, int64_t n,
                              const float *x)
{
    const int64_t at = csk_first_not_finite(n, x);

    if (at < 0)
        return CSK_OK;
    return csk_fail(CSK_ERR_NUMERIC, "%s: %s: float %" PRId64 " is %g", who, what, at,
                    (double)x[at]);
}
