/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "samplers/ridge/ridge_priv.h"

#include <assert.h>
#include <math.h>

static const double pi = 3.14159265358979323846;

void csk_ridge_curvature_clear(csk_ridge_curvature *q)
{
    csk_free(q->pairs);
    csk_free(q->steepest);
    *q = (csk_ridge_curvature){ .filters = 0 };
}

/* to[dy][dx + side - 1] := sum over p of w[p] w[p + (dy, dx)]. */
static void correlate_with_itself(int side, const float *w, double *to)
{
    for (int dy = 0; dy < side; dy++) {
        for (int dx = 1 - side; dx < side; dx++) {
            const int x0 = dx < 0 ? -dx : 0, x1 = dx < 0 ? side : side - dx;
            double sum = 0.;

            for (int y = 0; y + dy < side; y++) {
                const float *a = w + y * side, *b = a + dy * side + dx;
                for (int x = x0; x < x1; x++)
                    sum += (double)a[x] * (double)b[x];
            }
            *to++ = sum;
        }
    }
}

static void fill(csk_ridge_curvature *q, const csk_ridge *r)
{
    const int side = q->side, M = r->shape.intervals;

#pragma omp parallel for schedule(static)
    for (int c = 0; c < q->filters; c++) {
        correlate_with_itself(side, r->weight + (int64_t)c * side * side,
                              q->pairs + (int64_t)c * side * (2 * side - 1));
        q->steepest[c] = csk_max_modulus(M, 1, r->slope + (int64_t)c * M);
    }
}

csk_status csk_ridge_curvature_init(csk_ridge_curvature *q, const csk_ridge *r)
{
    const int side = r->shape.side, C = r->shape.filters;
    csk_ridge_curvature new = { .filters = C, .side = side };

    new.pairs = csk_alloc((int64_t)C * side * (2 * side - 1), sizeof(*new.pairs));
    new.steepest = csk_alloc(C, sizeof(*new.steepest));
    if (!new.pairs || !new.steepest) {
        csk_ridge_curvature_clear(&new);
        return CSK_ERR_NOMEM;
    }
    *q = new;
    fill(q, r);
    return CSK_OK;
}

double csk_ridge_curvature_max(const csk_ridge_curvature *q,
                               const csk_ridge_level *level, int grid)
{
    enum { WIDTH = 2 * CSK_BANK_SIDE_MOST - 1 };
    double rho[CSK_BANK_SIDE_MOST * WIDTH] = { 0. };
    double cosine[CSK_RIDGE_GRID_MOST], sine[CSK_RIDGE_GRID_MOST], most = 0.;
    const int side = q->side, width = 2 * side - 1, len = side * width;

    assert(grid <= CSK_RIDGE_GRID_MOST && grid % 2 == 0);
    for (int c = 0; c < q->filters; c++) {
        const double k = (double)level->gain[c] * q->steepest[c];
        for (int i = 0; i < len; i++)
            rho[i] += k * q->pairs[(int64_t)c * len + i];
    }
    for (int i = 0; i < grid; i++) {
        cosine[i] = cos(2. * pi * i / grid);
        sine[i] = sin(2. * pi * i / grid);
    }
    for (int x = 0; x < grid; x++) {
        double re[CSK_BANK_SIDE_MOST] = { 0. }, im[CSK_BANK_SIDE_MOST] = { 0. };

        for (int dy = 0; dy < side; dy++) {
            for (int j = 0; j < width; j++) {
                const int at = ((j + 1 - side) * x % grid + grid) % grid;
                re[dy] += rho[dy * width + j] * cosine[at];
                im[dy] += rho[dy * width + j] * sine[at];
            }
        }
        for (int y = 0; y <= grid / 2; y++) { /* Q(-omega) = Q(omega) */
            double sum = re[0];

            for (int dy = 1; dy < side; dy++) {
                const int at = dy * y % grid;
                sum += 2. * (re[dy] * cosine[at] - im[dy] * sine[at]);
            }
            most = fmax(most, sum);
        }
    }
    return most;
}

double csk_ridge_curvature_bound(const csk_ridge_curvature *q,
                                 const csk_ridge_level *level)
{
    /*
     * A trigonometric polynomial of degree d is at most 1 / cos(pi d / N) times its maximum
     * over N equidistant points (Ehlich, Zeller, Math. Z. 86 (1964) 41); once for each axis.
     */
    const int grid = 256;
    const double off = cos(pi * (q->side - 1) / grid);

    return csk_ridge_curvature_max(q, level, grid) / (off * off);
}

/* v := the gradient of half the form; planes: padded x, padded result, one block. */
static void apply_form(const csk_ridge *r, const csk_bank_shape *s, const float *kappa,
                       float *v, float *planes)
{
    float *to = planes + s->padded, *response = to + s->padded;

    csk_zero(s->padded, to);
    csk_bank_load(s, planes, v);
    for (int k = 0; k < r->bank.blocks; k++) {
        for (int64_t y = 0; y < s->height; y++)
            csk_bank_row(&r->bank, s, k, y, response, planes);
        for (int c = 0; c < CSK_BANK_BLOCK; c++)
            csk_scale(s->response, (double)kappa[k * CSK_BANK_BLOCK + c],
                      response + c * s->response);
        for (int64_t y = 0; y < s->height + s->side - 1; y += CSK_BANK_BLOCK)
            csk_bank_back(&r->bank, s, k, y, to, response);
    }
    csk_bank_fold(s, v, 0.f, 1.f, to);
}

csk_status csk_ridge_curvature_ends(double *norm, const csk_ridge *r,
                                    const csk_ridge_level *level, int64_t height,
                                    int64_t width)
{
    enum { STEPS = 60 };
    const csk_bank_shape s = csk_bank_shape_of(r->shape.side, 1, height, width);
    const int64_t n = height * width,
                  planes = 2 * s.padded + CSK_BANK_BLOCK * s.response;
    float kappa[CSK_RIDGE_FILTERS_MOST + CSK_BANK_BLOCK] = { 0.f };
    float *v = csk_alloc(csk_pad(n) + planes, sizeof(*v));
    double size = 0.;

    if (!v)
        return CSK_ERR_NOMEM;
    for (int c = 0; c < r->shape.filters; c++) {
        const int64_t at = (int64_t)c * r->shape.intervals;
        kappa[c] = level->gain[c] *
                   (float)csk_max_modulus(r->shape.intervals, 1, r->slope + at);
    }
    csk_rng_normal((csk_rng){ 1, 0, 0 }, n, v);
    csk_scale(n, 1. / csk_norm(n, v), v);
    for (int i = 0; i < STEPS; i++) {
        apply_form(r, &s, kappa, v, v + csk_pad(n));
        size = csk_norm(n, v);
        if (size == 0.)
            break;
        csk_scale(n, 1. / size, v);
    }
    csk_free(v);
    *norm = size;
    return CSK_OK;
}
