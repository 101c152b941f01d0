/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Training on the set where the curvature Q_k = sum_c kappa_ck |W_c|^2 of every knot k has the
 * maximum 1. Gains are divided by N_k = max Q_k, and the derivative of the loss by what N_k is made of
 * is taken along: with Gamma_k = sum_c dL/dlog gain_ck,
 *
 *     dL/dp -= sum_k Gamma_k dlog N_k/dp,    p: gains, slopes, filters.
 *
 * As the derivative of a maximum jumps from one frequency to another, its place is blurred: weights
 * proportional to Q_k^SHARPNESS on the grid.
 */
#include "cs/mem.h"
#include "samplers/ridge/ridge_priv.h"

#include <math.h>
#include <string.h>

/* Half of a grid of frequencies; the other half of a real filter's spectrum is its mirror image. */
enum { GRID = 32, ROWS = GRID / 2 + 1, FREQUENCIES = ROWS * GRID, SHARPNESS = 16 };

typedef struct wave {
    double c[GRID], s[GRID];
} wave;

static void wave_fill(wave *w)
{
    for (int i = 0; i < GRID; i++) {
        w->c[i] = cos(6.283185307179586 * i / GRID);
        w->s[i] = sin(6.283185307179586 * i / GRID);
    }
}

csk_status csk_ridge_spectrum_init(csk_ridge_spectrum *q, const csk_ridge_shape *s)
{
    csk_ridge_spectrum new = { .filters = s->filters };

    new.re = csk_alloc((int64_t)s->filters * FREQUENCIES, sizeof(*new.re));
    new.im = csk_alloc((int64_t)s->filters * FREQUENCIES, sizeof(*new.im));
    new.weight = csk_alloc((int64_t)s->knots * FREQUENCIES, sizeof(*new.weight));
    new.share = csk_alloc((int64_t)s->knots * s->filters, sizeof(*new.share));
    new.most = csk_alloc(s->knots, sizeof(*new.most));
    if (!new.re || !new.im || !new.weight || !new.share || !new.most) {
        csk_ridge_spectrum_clear(&new);
        return CSK_ERR_NOMEM;
    }
    *q = new;
    return CSK_OK;
}

void csk_ridge_spectrum_clear(csk_ridge_spectrum *q)
{
    csk_free(q->re);
    csk_free(q->im);
    csk_free(q->weight);
    csk_free(q->share);
    csk_free(q->most);
    *q = (csk_ridge_spectrum){ .filters = 0 };
}

/* W(y, x) = sum over p of w[p] exp(-2 pi i (y p_y + x p_x) / GRID), one axis after the other. */
static void transform(int side, const wave *e, const float *w, double *re, double *im)
{
    double mid[2][CSK_BANK_SIDE_MOST][GRID];

    for (int i = 0; i < side; i++) {
        for (int x = 0; x < GRID; x++) {
            double a = 0., b = 0.;
            for (int j = 0; j < side; j++) {
                a += (double)w[i * side + j] * e->c[x * j % GRID];
                b -= (double)w[i * side + j] * e->s[x * j % GRID];
            }
            mid[0][i][x] = a;
            mid[1][i][x] = b;
        }
    }
    memset(re, 0, FREQUENCIES * sizeof(*re));
    memset(im, 0, FREQUENCIES * sizeof(*im));
    for (int y = 0; y < ROWS; y++) {
        for (int i = 0; i < side; i++) {
            const double c = e->c[y * i % GRID], s = e->s[y * i % GRID];
            for (int x = 0; x < GRID; x++) {
                re[y * GRID + x] += mid[0][i][x] * c + mid[1][i][x] * s;
                im[y * GRID + x] += mid[1][i][x] * c - mid[0][i][x] * s;
            }
        }
    }
}

/* g[p] += 2 sum over the frequencies of the real part of F exp(2 pi i (y p_y + x p_x) / GRID). */
static void transform_back(int side, const wave *e, const double *re, const double *im,
                           float *g)
{
    double mid[2][CSK_BANK_SIDE_MOST][GRID];

    memset(mid, 0, sizeof(mid));
    for (int y = 0; y < ROWS; y++) {
        for (int i = 0; i < side; i++) {
            const double c = e->c[y * i % GRID], s = e->s[y * i % GRID];
            for (int x = 0; x < GRID; x++) {
                mid[0][i][x] += re[y * GRID + x] * c - im[y * GRID + x] * s;
                mid[1][i][x] += im[y * GRID + x] * c + re[y * GRID + x] * s;
            }
        }
    }
    for (int i = 0; i < side; i++) {
        for (int j = 0; j < side; j++) {
            double sum = 0.;
            for (int x = 0; x < GRID; x++)
                sum += mid[0][i][x] * e->c[x * j % GRID] -
                       mid[1][i][x] * e->s[x * j % GRID];
            g[i * side + j] += (float)(2. * sum);
        }
    }
}

static double steepest(const csk_ridge *r, int c, int *where)
{
    const float *slope = r->slope + (int64_t)c * r->shape.intervals;
    int at = 0;

    for (int m = 1; m < r->shape.intervals; m++)
        at = slope[m] > slope[at] ? m : at;
    *where = at;
    return (double)slope[at];
}

/* Weights of the frequencies of knot k, shares of the filters there; the maximum N_k. */
static double weigh(csk_ridge_spectrum *q, const csk_ridge *r, int k)
{
    double *weight = q->weight + (int64_t)k * FREQUENCIES;
    double *share = q->share + (int64_t)k * q->filters;
    double most = 0., sum = 0., mean = 0.;

    memset(weight, 0, FREQUENCIES * sizeof(*weight));
    for (int c = 0; c < q->filters; c++) {
        const double *re = q->re + (int64_t)c * FREQUENCIES;
        const double *im = q->im + (int64_t)c * FREQUENCIES;
        int where;

        share[c] = exp((double)r->log_gain[(int64_t)c * r->shape.knots + k]) *
                   steepest(r, c, &where);
        for (int i = 0; i < FREQUENCIES; i++)
            weight[i] += share[c] * (re[i] * re[i] + im[i] * im[i]);
    }
    for (int i = 0; i < FREQUENCIES; i++)
        most = fmax(most, weight[i]);
    if (most <= 0.)
        return 0.;
    for (int i = 0; i < FREQUENCIES; i++) {
        const double Q = weight[i] / most;
        weight[i] = pow(Q, SHARPNESS);
        sum += weight[i];
        mean += weight[i] * Q * most;
    }
    mean /= sum;
    for (int i = 0; i < FREQUENCIES; i++)
        weight[i] /= sum * mean;
    return most;
}

void csk_ridge_spectrum_set(csk_ridge_spectrum *q, const csk_ridge *r)
{
    const csk_ridge_shape *s = &r->shape;
    wave e;

    wave_fill(&e);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < s->filters; c++)
        transform(s->side, &e, r->weight + (int64_t)c * s->side * s->side,
                  q->re + (int64_t)c * FREQUENCIES, q->im + (int64_t)c * FREQUENCIES);
#pragma omp parallel for schedule(static)
    for (int k = 0; k < s->knots; k++)
        q->most[k] = weigh(q, r, k);
}

void csk_ridge_spectrum_normalise(csk_ridge_spectrum *q, csk_ridge *r)
{
    const csk_ridge_shape *s = &r->shape;

    csk_ridge_spectrum_set(q, r);
#pragma omp parallel for schedule(static)
    for (int k = 0; k < s->knots; k++) {
        if (q->most[k] <= 0.)
            continue;
        for (int c = 0; c < s->filters; c++)
            r->log_gain[(int64_t)c * s->knots + k] -= (float)log(q->most[k]);
        q->most[k] = weigh(q, r, k); /* as csk_ridge_spectrum_set() has it */
    }
}

/* What N_k takes along for filter c; total: Gamma of each knot. */
static void correct(const csk_ridge_spectrum *q, const csk_ridge *r, const wave *e,
                    const double *total, int c, float *gradient)
{
    const csk_ridge_shape *s = &r->shape;
    const double *re = q->re + (int64_t)c * FREQUENCIES;
    const double *im = q->im + (int64_t)c * FREQUENCIES;
    float *gain = gradient + (r->log_gain - r->theta) + (int64_t)c * s->knots;
    float *slope = gradient + (r->slope - r->theta) + (int64_t)c * s->intervals;
    double field[FREQUENCIES] = { 0. }, a[FREQUENCIES], b[FREQUENCIES];
    int where;
    const double most = steepest(r, c, &where);

    for (int k = 0; k < s->knots; k++) {
        const double *weight = q->weight + (int64_t)k * FREQUENCIES;
        const double share = q->share[(int64_t)k * s->filters + c];
        double part = 0.;

        for (int i = 0; i < FREQUENCIES; i++) {
            part += share * weight[i] * (re[i] * re[i] + im[i] * im[i]);
            field[i] -= total[k] * share * weight[i];
        }
        gain[k] -= (float)(total[k] * part);
        if (most > 0.)
            slope[where] -= (float)(total[k] * part / most);
    }
    for (int i = 0; i < FREQUENCIES; i++) {
        a[i] = field[i] * re[i];
        b[i] = field[i] * im[i];
    }
    transform_back(s->side, e, a, b, gradient + (int64_t)c * s->side * s->side);
}

void csk_ridge_spectrum_correct(const csk_ridge_spectrum *q, const csk_ridge *r,
                                float *gradient)
{
    const csk_ridge_shape *s = &r->shape;
    const float *gain = gradient + (r->log_gain - r->theta);
    double total[CSK_RIDGE_KNOTS_MOST] = { 0. };
    wave e;

    wave_fill(&e);
    for (int c = 0; c < s->filters; c++) {
        for (int k = 0; k < s->knots; k++)
            total[k] += (double)gain[(int64_t)c * s->knots + k];
    }
#pragma omp parallel for schedule(static)
    for (int c = 0; c < s->filters; c++)
        correct(q, r, &e, total, c, gradient);
}
