/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file operators/wavelet.h
 * Orthonormal periodic wavelet transforms of 1 to 3 axes.
 *
 * Daubechies, Ten Lectures on Wavelets (SIAM 1992): "haar" (= "db1"), "db2" .. "db8"
 * (extremal phase), "sym2" .. "sym8" (least asymmetric). Filter names and signs are
 * those of PyWavelets. Any size: along an axis whose length at some level is odd, the
 * last sample joins the approximation unfiltered, so that the transform stays
 * orthonormal; an axis stops being split when it is shorter than the filter.
 *
 * Layout of the coefficients: the usual pyramid, the approximation in the low-index
 * corner; every band is a box of the array. At each level sample k of the approximation
 * is centred within one pixel of 2k + 1/2 (the centre of mass of the scaling filter):
 *
 *     low[k] = sum_j h[j] x[2k + j - c],    high[k] = sum_j g[j] x[2k + j - c],    c even;
 *
 * PyWavelets' mode "periodization" has L/2 - 1 in place of c.
 */
#ifndef CSK_OPERATORS_WAVELET_H
#define CSK_OPERATORS_WAVELET_H

#include "cs/linop.h"
#include "cs/prox.h"

typedef struct csk_wavelet csk_wavelet;

/**
 * The scaling filter h of @p family, PyWavelets' rec_lo; the wavelet filter is
 * g[j] = (-1)^j h[L-1-j]. @p tap is static: not to be freed.
 */
CSK_API csk_status csk_wavelet_filter(const char *family, int *length,
                                      const double **tap) CSK_MUST_CHECK;

/** One subband: a box of the coefficient array. */
typedef struct csk_band {
    int level;       /**< 1 = finest; the approximation has the coarsest level */
    unsigned detail; /**< bit i: high pass along axis i; 0: approximation */
    int64_t offset[CSK_MAX_RANK], dim[CSK_MAX_RANK];
} csk_band;

/**
 * @param axes    bits of the axes to transform; at most 3; other axes are batches
 * @param family  "haar", "db2", "sym4", ...; CSK_ERR_ARG naming the known ones otherwise
 * @param levels  >= 1; fewer are used where the axes are too short
 */
CSK_API csk_status csk_wavelet_new(csk_wavelet **out, const csk_space *space,
                                   unsigned axes, const char *family,
                                   int levels) CSK_MUST_CHECK;
CSK_API void csk_wavelet_free(csk_wavelet *w);

CSK_API const csk_space *csk_wavelet_space(const csk_wavelet *w);

/** Floats of scratch for csk_wavelet_forward() and csk_wavelet_inverse(). */
CSK_API int64_t csk_wavelet_work_len(const csk_wavelet *w);

/**
 * c := W S x, where S moves the image by @p shift[i] pixels along axis i, cyclically
 * ((S x)[j] = x[j - shift]); any integer, at no cost; NULL: no shift. Axes that are never
 * split do not move: S would change nothing but the order of what is independent.
 * c must not be x.
 */
CSK_API void csk_wavelet_forward(const csk_wavelet *w, float *c, const float *x,
                                 const int64_t *shift, float *work);

/** x := S^-1 W^T c. x must not be c; c is kept. */
CSK_API void csk_wavelet_inverse(const csk_wavelet *w, float *x, const float *c,
                                 const int64_t *shift, float *work);

/** Levels in use: those asked for, or fewer where the axes are too short. */
CSK_API int csk_wavelet_levels(const csk_wavelet *w);

/** Bands, the approximation first, then from coarse to fine; disjoint, covering all. */
CSK_API int csk_wavelet_bands(const csk_wavelet *w);
CSK_API const csk_band *csk_wavelet_band(const csk_wavelet *w, int k);

/** The shift that (seed, stream, draw) names: uniform over 0 .. 2^levels - 1 per axis. */
CSK_API void csk_wavelet_random_shift(const csk_wavelet *w, uint64_t seed,
                                      uint32_t stream, uint32_t draw, int64_t *shift);

/** The transform as an operator; ||A|| = 1, A* = A^-1. */
CSK_API csk_status csk_linop_wavelet(csk_linop **out, const csk_space *space,
                                     unsigned axes, const char *family,
                                     int levels) CSK_MUST_CHECK;

/**
 * g(x) = ||W x||_1, complex modulus on complex spaces; prox by soft thresholding.
 *
 * @param random_shift  a new cycle shift for every call of apply (taken from its draw):
 *                      "cycle spinning", Figueiredo, Nowak, IEEE TIP 12 (2003) 906;
 *                      none at CSK_PROX_PLAIN; false: the exact prox of g
 */
CSK_API csk_status csk_prox_wavelet_l1(csk_prox **out, const csk_space *space,
                                       unsigned axes, const char *family, int levels,
                                       bool random_shift) CSK_MUST_CHECK;

#endif
