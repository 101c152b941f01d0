/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/pass_priv.h"
#include "cs/simd_priv.h"
#include "cs/vec.h"

#include <inttypes.h>

/*
 * Sixteen accumulators, added in order in the end: the compiler keeps them in vector
 * registers without -ffast-math.
 */
enum { LANES = 16 };

CSK_HOT double csk_chunk_dot(int64_t n, const float *x, const float *y)
{
    double lane[LANES] = { 0. }, sum = 0.;
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++)
            lane[j] += (double)x[i + j] * (double)y[i + j];
    }
    for (int j = 0; i < n; i++, j++)
        lane[j] += (double)x[i] * (double)y[i];
    for (int j = 0; j < LANES; j++)
        sum += lane[j];
    return sum;
}

static void add(const double more[CSK_SUMS], double sum[CSK_SUMS])
{
    for (int s = 0; s < CSK_SUMS; s++)
        sum[s] += more[s];
}

/* Below SERIAL floats a parallel region costs more than it saves. */
enum { PARTS = 64, SERIAL = 32768 };

static void run_part(int64_t n, csk_pass_fn *f, const void *args, int64_t first,
                     int64_t len, double sum[CSK_SUMS])
{
    for (int64_t at = first; at < first + len && at < n; at += CSK_CHUNK) {
        double more[CSK_SUMS] = { 0. };

        f(args, at, n - at < CSK_CHUNK ? n - at : CSK_CHUNK, more);
        add(more, sum);
    }
}

void csk_pass(int64_t n, csk_pass_fn *f, const void *args, double sum[CSK_SUMS])
{
    double part[PARTS][CSK_SUMS] = { { 0. } };
    const int64_t chunks = (n + CSK_CHUNK - 1) / CSK_CHUNK;
    const int64_t len = (chunks + PARTS - 1) / PARTS * CSK_CHUNK;

    if (n <= SERIAL) { /* not even offered: a refused region costs when it is nested */
        for (int64_t p = 0; p * len < n; p++)
            run_part(n, f, args, p * len, len, part[p]);
    } else {
#pragma omp parallel for schedule(static)
        for (int64_t p = 0; p < PARTS; p++)
            run_part(n, f, args, p * len, len, part[p]);
    }

    for (int s = 0; s < CSK_SUMS; s++)
        sum[s] = 0.;
    for (int64_t p = 0; p < PARTS; p++)
        add(part[p], sum);
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
