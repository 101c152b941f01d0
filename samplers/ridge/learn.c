/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With z_c = W_c y, a_c = a(z_c) and D = y - sum_c W_c* a_c, the loss L = weight |D - x|^2 has the
 * derivative q = 2 weight (D - x) by D, hence with v = -q and s_c = W_c v
 *
 *     dL/da_c = s_c,    dL/dz_c = a'(z_c) s_c =: h_c   (a' is symmetric: a Hessian),
 *     dL/dw_c = a_c (x) P v + h_c (x) P y,
 *
 * (x) the correlation of a response with an image over the taps of a filter: w_c acts in W_c* on
 * a_c, and in W_c on y.
 */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/ridge/learn_priv.h"

#include <string.h>

/* What lies in the work: planes as in prior_ridge.c, and the responses of all filters. */
typedef struct scratch {
    float *image, *vector, *sum; /* padded */
    float *z;                    /* [4 blocks][planes] */
    float *a, *v;                /* of one block */
    float *d;                    /* D, then v */
} scratch;

static int64_t block_len(const csk_bank_shape *s)
{
    return CSK_BANK_BLOCK * s->planes * s->response;
}

int64_t csk_ridge_learn_work_len(const csk_ridge *r, const csk_bank_shape *s)
{
    return 3 * s->planes * s->padded + (r->bank.blocks + 2) * block_len(s) +
           csk_pad(s->height * s->width * s->planes);
}

static scratch scratch_of(const csk_ridge *r, const csk_bank_shape *s, float *work)
{
    const int64_t padded = s->planes * s->padded;
    scratch w = { .image = work };

    csk_zero(csk_ridge_learn_work_len(r, s), work);
    w.vector = w.image + padded;
    w.sum = w.vector + padded;
    w.z = w.sum + padded;
    w.a = w.z + r->bank.blocks * block_len(s);
    w.v = w.a + block_len(s);
    w.d = w.v + block_len(s);
    return w;
}

static float *plane(const csk_bank_shape *s, float *response, int i, int p)
{
    return p < s->planes ? response + (i * s->planes + p) * s->response : NULL;
}

/* Row y of a plane of responses. */
static float *row(const csk_bank_shape *s, float *plane_of, int64_t y)
{
    return plane_of ? plane_of + s->first + y * s->stride : NULL;
}

static void back(const csk_ridge *r, const csk_bank_shape *s, int k, float *sum,
                 const float *response)
{
    for (int64_t y = 0; y < s->height + s->side - 1; y += CSK_BANK_BLOCK)
        csk_bank_back(&r->bank, s, k, y, sum, response);
}

/* a := the gradients of the potentials of block k at its responses z. */
static void potentials(const csk_ridge *r, const csk_bank_shape *s,
                       const csk_ridge_level *level, int k, float *a, const float *z)
{
    csk_copy(block_len(s), z, a);
    for (int i = 0; i < CSK_BANK_BLOCK; i++) {
        const int c = k * CSK_BANK_BLOCK + i;
        if (c >= r->shape.filters)
            break;
        const csk_spline spline = csk_ridge_spline(r, c);
        for (int64_t y = 0; y < s->height; y++)
            csk_spline_gradient(&spline, level->scale[c], level->gain[c], s->width,
                                row(s, plane(s, a, i, 0), y),
                                row(s, plane(s, a, i, 1), y));
    }
}

/* d := D(y); the responses stay in z. */
static void denoise(const csk_ridge *r, const csk_bank_shape *s,
                    const csk_ridge_level *level, const float *noisy, const scratch *w)
{
    csk_bank_load(s, w->image, noisy);
    for (int k = 0; k < r->bank.blocks; k++) {
        float *z = w->z + k * block_len(s);

        for (int64_t y = 0; y < s->height; y++)
            csk_bank_row(&r->bank, s, k, y, z, w->image);
        potentials(r, s, level, k, w->a, z);
        back(r, s, k, w->sum, w->a);
    }
    csk_copy(s->height * s->width * s->planes, noisy, w->d);
    csk_bank_fold(s, w->d, 1.f, -1.f, w->sum);
}

/* Of filter c, number i of its block: the parameters of the potential; v becomes h. */
static void learn_potential(const csk_ridge *r, const csk_bank_shape *s,
                            const csk_ridge_level *level, double sigma, int c, float *z,
                            float *v, int i, float *gradient)
{
    const csk_spline spline = csk_ridge_spline(r, c);
    const int M = r->shape.intervals, knots = r->shape.knots;
    float *const zre = plane(s, z, i, 0), *const zim = plane(s, z, i, 1);
    float *const vre = plane(s, v, i, 0), *const vim = plane(s, v, i, 1);
    float *slope = gradient + (r->slope - r->theta) + (int64_t)c * M;
    double slopes[CSK_SPLINE_MOST] = { 0. }, logs[2] = { 0. };
    int at;

    for (int64_t y = 0; y < s->height; y++) {
        csk_spline_learn(&spline, (double)level->scale[c], (double)level->gain[c],
                         s->width, row(s, zre, y), row(s, zim, y), row(s, vre, y),
                         row(s, vim, y), slopes, logs);
        csk_spline_hessian(&spline, level->scale[c], level->gain[c], s->width,
                           row(s, zre, y), row(s, zim, y), row(s, vre, y),
                           row(s, vim, y));
    }
    for (int m = 0; m < M; m++)
        slope[m] = (float)slopes[m];
    const double share = csk_ridge_place(&r->shape, sigma, &at);
    float *scale = gradient + (r->log_scale - r->theta) + (int64_t)c * knots + at;
    float *gain = gradient + (r->log_gain - r->theta) + (int64_t)c * knots + at;
    for (int end = 0; end < 2; end++) {
        scale[end] = (float)((end ? share : 1. - share) * logs[0]);
        gain[end] = (float)((end ? share : 1. - share) * logs[1]);
    }
}

/* Two filters at a time: responses a and padded planes as a matrix over the taps. */
static void learn_weights(const csk_ridge *r, const csk_bank_shape *s, int c, int i,
                          float *response, const float *padded, float *gradient)
{
    const int side = s->side, taps = side * side;
    float none[CSK_BANK_SIDE_MOST];
    float *to = gradient + (int64_t)c * taps;

    for (int p = 0; p < s->planes; p++) {
        const float *a0 = plane(s, response, i, p) + s->first;
        const float *a1 = plane(s, response, i + 1, p) + s->first;

        for (int dy = 0; dy < side; dy++)
            r->bank.tile->outer((int)s->height, side, s->width, s->stride, a0, a1,
                                padded + p * s->padded + dy * s->stride, to + dy * side,
                                c + 1 < r->shape.filters ? to + taps + dy * side
                                                         : none);
    }
}

double csk_ridge_learn(const csk_ridge *r, const csk_bank_shape *s,
                       const csk_ridge_example *e, float *gradient, float *work)
{
    const int64_t n = s->height * s->width * s->planes;
    const scratch w = scratch_of(r, s, work);
    csk_ridge_level level;

    memset(gradient, 0, (size_t)r->count * sizeof(*gradient));
    csk_ridge_at(r, e->sigma, &level);
    denoise(r, s, &level, e->noisy, &w);
    csk_axpby(n, -1., e->clean, 1., w.d);
    const double loss = e->weight * csk_dot(n, w.d, w.d);
    csk_scale(n, -2. * e->weight, w.d);
    csk_bank_load(s, w.vector, w.d);
    for (int k = 0; k < r->bank.blocks; k++) {
        float *z = w.z + k * block_len(s);

        for (int64_t y = 0; y < s->height; y++)
            csk_bank_row(&r->bank, s, k, y, w.v, w.vector);
        potentials(r, s, &level, k, w.a, z);
        for (int i = 0; i < CSK_BANK_BLOCK; i++) {
            const int c = k * CSK_BANK_BLOCK + i;
            if (c < r->shape.filters)
                learn_potential(r, s, &level, e->sigma, c, z, w.v, i, gradient);
        }
        for (int i = 0; i < CSK_BANK_BLOCK; i += 2) {
            const int c = k * CSK_BANK_BLOCK + i;
            if (c >= r->shape.filters)
                break;
            learn_weights(r, s, c, i, w.a, w.vector, gradient);
            learn_weights(r, s, c, i, w.v, w.image, gradient);
        }
    }
    return loss;
}
