/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/simd_priv.h"
#include "operators/hermitian_priv.h"

#include <float.h>
#include <math.h>

enum {
    LANES = 4
}; /* partial sums, a fixed number, so that they fit vector registers */

CSK_HOT void csk_complex_add(int64_t n, double complex a, const double complex *x,
                             double complex *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

CSK_HOT double complex csk_complex_inner(int64_t n, const double complex *x,
                                         const double complex *y)
{
    double re[LANES] = { 0. }, im[LANES] = { 0. };
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (int j = 0; j < LANES; j++) {
            const double complex p = conj(x[i + j]) * y[i + j];
            re[j] += creal(p);
            im[j] += cimag(p);
        }
    }
    for (int j = 0; i < n; i++, j++) {
        const double complex p = conj(x[i]) * y[i];
        re[j] += creal(p);
        im[j] += cimag(p);
    }
    return csk_complex_number(re[0] + re[1] + re[2] + re[3],
                              im[0] + im[1] + im[2] + im[3]);
}

/* (x, y) := (c x - s y, s x + c y) */
CSK_HOT static void rotate(int64_t n, double c, double s, double complex *x,
                           double complex *y)
{
    for (int64_t i = 0; i < n; i++) {
        const double complex t = x[i];

        x[i] = c * t - s * y[i];
        y[i] = s * t + c * y[i];
    }
}

/*
 * conj(A) = Q T Q^H: columns of conj(A) are rows of A, so that all loops are contiguous.
 * Q = H_0 H_1 .., H_k = I - tau v v^H sends the column x below the diagonal to (alpha, 0, ..)
 * with v = x - alpha e_1, which replaces x in row k.
 */
static void reduce(int64_t n, double complex *A, double *diagonal, double complex *sub,
                   double complex *tau, double complex *p)
{
    for (int64_t k = 0; k < n; k++) {
        const int64_t m = n - k - 1;
        double complex *v = A + k * n + k + 1;

        diagonal[k] = creal(v[-1]);
        sub[k] = m > 0 ? v[0] : 0.;
        tau[k] = 0.;
        const double tail = m > 1 ? creal(csk_complex_inner(m - 1, v + 1, v + 1)) : 0.;
        if (tail == 0.)
            continue;
        const double first = cabs(v[0]), norm = sqrt(first * first + tail);
        sub[k] = first > 0. ? -norm * (v[0] / first) : -norm;
        v[0] -= sub[k];
        tau[k] = 1. / (norm * (norm + first)); /* 2 / ||v||^2 */

        /* The rest B := H B H = B - v q^H - q v^H, q = p - (tau/2) (v^H p) v, p = tau B v. */
        for (int64_t i = 0; i < m; i++)
            p[i] = tau[k] * csk_complex_inner(m, A + (k + 1 + i) * n + k + 1, v);
        csk_complex_add(m, -.5 * tau[k] * csk_complex_inner(m, v, p), v, p);
        for (int64_t i = 0; i < m; i++) {
            double complex *row = A + (k + 1 + i) * n + k + 1;

            csk_complex_add(m, -conj(v[i]), p, row);
            csk_complex_add(m, -conj(p[i]), v, row);
        }
    }
}

/* Row k of W := column k of Q, times the phase that makes the subdiagonal real. */
static void accumulate(int64_t n, const double complex *A, const double complex *tau,
                       double complex *sub, double complex *W)
{
    double complex phase = 1.;

    for (int64_t i = 0; i < n * n; i++)
        W[i] = i % (n + 1) == 0 ? 1. : 0.;
    for (int64_t k = n - 3; k >= 0; k--) {
        const double complex *v = A + k * n + k + 1;
        const int64_t m = n - k - 1;

        for (int64_t j = k + 1; j < n; j++) {
            double complex *row = W + j * n + k + 1;
            csk_complex_add(m, -tau[k] * csk_complex_inner(m, v, row), v, row);
        }
    }
    for (int64_t k = 0; k + 1 < n; k++) {
        const double size = cabs(sub[k]);

        phase *= size > 0. ? sub[k] / size : 1.;
        sub[k] = size;
        for (int64_t i = 0; i < n; i++)
            W[(k + 1) * n + i] *= phase;
    }
}

/* One implicit QL step on rows l .. m of the tridiagonal matrix with diagonal d, subdiagonal e. */
static void ql_step(int64_t n, int64_t l, int64_t m, double *d, double complex *e,
                    double complex *W)
{
    const double el = creal(e[l]), ratio = (d[l + 1] - d[l]) / (2. * el);
    double g = d[m] - d[l] + el / (ratio + copysign(hypot(ratio, 1.), ratio));
    double s = 1., c = 1., p = 0.;

    for (int64_t i = m - 1; i >= l; i--) {
        const double f = s * creal(e[i]), b = c * creal(e[i]), r = hypot(f, g);

        e[i + 1] = r;
        if (r == 0.) { /* it has split here */
            d[i + 1] -= p;
            e[m] = 0.;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        const double t = (d[i] - g) * s + 2. * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        rotate(n, c, s, W + i * n, W + (i + 1) * n);
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0.;
}

static void sort(int64_t n, double *value, double complex *W)
{
    for (int64_t k = 0; k < n; k++) {
        int64_t best = k;

        for (int64_t i = k + 1; i < n; i++)
            best = value[i] > value[best] ? i : best;
        const double t = value[k];
        value[k] = value[best];
        value[best] = t;
        for (int64_t i = 0; i < n && best != k; i++) {
            const double complex z = W[k * n + i];
            W[k * n + i] = W[best * n + i];
            W[best * n + i] = z;
        }
    }
}

csk_status csk_hermitian_eigen(int64_t n, double complex *A, double complex *W,
                               double *value, double complex *work)
{
    double complex *const sub = work, *const tau = work + n, *const p = work + 2 * n;

    reduce(n, A, value, sub, tau, p);
    accumulate(n, A, tau, sub, W);
    double largest = 0.;
    for (int64_t k = 0; k < n; k++)
        largest = fmax(largest, fabs(value[k]) + fabs(creal(sub[k])));
    for (int64_t l = 0; l < n; l++) {
        for (int round = 0;; round++) {
            int64_t m = l;

            while (m + 1 < n && !(fabs(creal(sub[m])) <= DBL_EPSILON * largest))
                m++;
            if (m == l)
                break;
            if (round == 60)
                return csk_fail(CSK_ERR_NUMERIC, "eigenvalues: no convergence");
            ql_step(n, l, m, value, sub, W);
        }
    }
    sort(n, value, W);
    return CSK_OK;
}
