/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The convex ridge regulariser of samplers/prior_ridge.h: its parameters and what follows from
 * them. Never installed.
 */
#ifndef CSK_SAMPLERS_RIDGE_RIDGE_PRIV_H
#define CSK_SAMPLERS_RIDGE_RIDGE_PRIV_H

#include "cs/space.h"
#include "cs/tensors.h"
#include "samplers/ridge/bank_priv.h"
#include "samplers/ridge/spline.h"

enum { CSK_RIDGE_FILTERS_MOST = 256, CSK_RIDGE_KNOTS_MOST = 64 };

typedef struct csk_ridge_shape {
    csk_field field;
    int filters, side, intervals;
    int knots; /* of scale and gain, equally spaced in log sigma from lo to hi */
    double lo, hi;
} csk_ridge_shape;

typedef struct csk_ridge {
    csk_ridge_shape shape;
    double scale; /* 99th percentile of |x| in the training images */
    int64_t count;
    float *theta;  /* [count] all parameters, of which the next four are parts; owned */
    float *weight; /* [filters][side][side] */
    float *slope;  /* [filters][intervals], in 0 .. 1 */
    float *log_scale, *log_gain; /* [filters][knots] */
    csk_bank bank;
    float *offset; /* [filters][intervals] */
    double *energy;
} csk_ridge;

/* Scale and gain of every filter at one noise level. */
typedef struct csk_ridge_level {
    float scale[CSK_RIDGE_FILTERS_MOST], gain[CSK_RIDGE_FILTERS_MOST];
} csk_ridge_level;

/* Zeros; on failure @p r is empty, which csk_ridge_clear() accepts. */
csk_status csk_ridge_init(csk_ridge *r, const csk_ridge_shape *shape) CSK_MUST_CHECK;
void csk_ridge_clear(csk_ridge *r);

/* After theta changed. */
void csk_ridge_update(csk_ridge *r);

/* Where sigma lies among the knots: *at and *at + 1, and the share of the latter. */
double csk_ridge_place(const csk_ridge_shape *s, double sigma, int *at);
void csk_ridge_at(const csk_ridge *r, double sigma, csk_ridge_level *level);

static inline csk_spline csk_ridge_spline(const csk_ridge *r, int c)
{
    const int64_t at = (int64_t)c * r->shape.intervals;

    return (csk_spline){ r->shape.intervals, r->slope + at, r->offset + at,
                         r->energy + at };
}

/* From and to a model file's tensors; the card gives field, sigma and scale. */
csk_status csk_ridge_read(csk_ridge *r, const csk_tensors *model) CSK_MUST_CHECK;
csk_status csk_ridge_write(const csk_ridge *r, csk_tensors *model) CSK_MUST_CHECK;

/*
 * sigma^2 times the Lipschitz constant of grad R_sigma is at most the norm of the quadratic form
 *
 *     sum_c kappa_c |w_c * x|^2,   kappa_c = gain_c max_m slope_cm,
 *
 * which for images without ends is the maximum of Q(omega) = sum_c kappa_c |W_c(omega)|^2.
 */
typedef struct csk_ridge_curvature {
    int filters, side;
    double *pairs;    /* [filters][side][2 side - 1]: autocorrelations of the filters */
    double *steepest; /* [filters]: max_m slope_cm */
} csk_ridge_curvature;

csk_status csk_ridge_curvature_init(csk_ridge_curvature *q,
                                    const csk_ridge *r) CSK_MUST_CHECK;
void csk_ridge_curvature_clear(csk_ridge_curvature *q);
/* max Q over a grid x grid of frequencies, grid even and at most CSK_RIDGE_GRID_MOST. */
enum { CSK_RIDGE_GRID_MOST = 512 };
double csk_ridge_curvature_max(const csk_ridge_curvature *q,
                               const csk_ridge_level *level, int grid);
/* An upper bound of max Q over all frequencies, at most 3 % above it for side 13. */
double csk_ridge_curvature_bound(const csk_ridge_curvature *q,
                                 const csk_ridge_level *level);

/* The norm of the form for images of height x width, mirrored at their ends, by the power method. */
csk_status csk_ridge_curvature_ends(double *norm, const csk_ridge *r,
                                    const csk_ridge_level *level, int64_t height,
                                    int64_t width) CSK_MUST_CHECK;

/* Spectra of the filters on a coarse grid, for training: ridge_spectrum.c. */
typedef struct csk_ridge_spectrum {
    int filters;
    double *re, *im; /* [filters][frequencies] */
    double
        *weight; /* [knots][frequencies]: where the maximum is, blurred, over Q there */
    double *share; /* [knots][filters]: kappa */
    double *most;  /* [knots]: max Q */
} csk_ridge_spectrum;

csk_status csk_ridge_spectrum_init(csk_ridge_spectrum *q,
                                   const csk_ridge_shape *s) CSK_MUST_CHECK;
void csk_ridge_spectrum_clear(csk_ridge_spectrum *q);

/* All of it from the parameters. */
void csk_ridge_spectrum_set(csk_ridge_spectrum *q, const csk_ridge *r);

/* The same after the gains of every knot have been divided by max Q on the grid. */
void csk_ridge_spectrum_normalise(csk_ridge_spectrum *q, csk_ridge *r);

/* The gradient by theta of a loss at normalised gains := that along theta of the normalised loss. */
void csk_ridge_spectrum_correct(const csk_ridge_spectrum *q, const csk_ridge *r,
                                float *gradient);

#endif
