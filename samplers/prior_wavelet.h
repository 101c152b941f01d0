/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/prior_wavelet.h
 * A diffusion prior without a network: in an orthonormal wavelet transform every
 * coefficient of subband b is an independent draw of a zero-mean Gaussian scale mixture
 *
 *     p_b(c) = sum_k w_bk N(c; 0, v_bk)         (complex: real and imaginary part
 *                                                 independent given the scale k).
 *
 * White noise stays white in the transform, so the denoiser, score, log density and
 * sampling are exact. Wainwright, Simoncelli, NIPS 1999 (scale mixtures of wavelets).
 */
#ifndef CSK_SAMPLERS_PRIOR_WAVELET_H
#define CSK_SAMPLERS_PRIOR_WAVELET_H

#include "cs/array.h"
#include "cs/param.h"
#include "samplers/prior.h"

/** How the transform is made (nearly) shift invariant. */
typedef enum csk_wavelet_shift {
    CSK_SHIFT_NONE,
    CSK_SHIFT_CHAIN, /**< each chain (seed, stream) has its own cycle shift: exact given it */
    CSK_SHIFT_STEP, /**< a new shift at every evaluation (seed, stream, draw) */
} csk_wavelet_shift;

enum { CSK_WAVELET_COMPONENTS = 16 }; /**< at most */

/**
 * What a fit learns; independent of the image size. The two arrays are owned and come from
 * csk_alloc() where this library fills the struct in.
 */
typedef struct csk_wavelet_model {
    csk_field field; /**< of the images it describes */
    int axes;        /**< 1 .. 3: the last axes of an image */
    char family[8];  /**< "sym4" */
    int levels;      /**< 1 .. 32 */
    int components;  /**< 1 .. CSK_WAVELET_COMPONENTS */
    /**
     * Bands: the approximation, then per level from coarse to fine the details
     * 1 .. 2^axes - 1; bit i of a detail: high pass along the i-th of the axes.
     */
    double *weight;   /**< [bands][components], >= 0, sums to 1 in each band */
    double *variance; /**< [bands][components], of each float, > 0 */
    double
        scale; /**< 99th percentile of |x| above 0 in the training images: their unit */
} csk_wavelet_model;

CSK_API int csk_wavelet_model_bands(const csk_wavelet_model *m);
CSK_API void csk_wavelet_model_clear(csk_wavelet_model *m);

typedef struct csk_wavelet_fit_opts {
    const char *family; /**< NULL: "db2" */
    int levels, components;
    int iterations; /**< of EM at most; it ends when a coefficient gains < 1e-7 in log p */
    int shifts;     /**< cycle shifts of every training image: none, then random ones */
    bool phase;     /**< real images get a smooth random phase, the model is complex */
} csk_wavelet_fit_opts;

CSK_API extern const csk_param csk_wavelet_fit_params[];
CSK_API csk_wavelet_fit_opts csk_wavelet_fit_defaults(void);

/**
 * Fit by expectation maximisation, each band by itself, on histograms of |c|^2 (32 bins an
 * octave that keep their mean). Variances stay above (scale/1000)^2: below what a measurement
 * resolves, so that the density is bounded where images are zero.
 *
 * @param m       empty; on failure it stays so
 * @param images  they may differ in size, each large enough for all levels; one field, one
 *                rank 1 .. 3, which becomes m->axes. A stack [n][y][x] is passed as n arrays.
 *                Images that are zero everywhere are left out
 * @param seed    names the shifts and phases
 * @return CSK_ERR_ARG (options), CSK_ERR_SHAPE, CSK_ERR_NUMERIC (values not finite, all
 *         zero, or so large or small that variances leave their range)
 */
CSK_API csk_status csk_wavelet_fit(csk_wavelet_model *m, int count,
                                   const csk_array *const *images,
                                   const csk_wavelet_fit_opts *opts,
                                   uint64_t seed) CSK_MUST_CHECK;

/**
 * The prior for images of @p space, whose last axes are those of the model; further ones are
 * independent images. @p model is copied. The denoiser computes in single precision (relative
 * error 2e-6 of a coefficient's gain), log density and sampling in double.
 *
 * Shifts are csk_wavelet_random_shift() of (seed, stream, UINT32_MAX) for CSK_SHIFT_CHAIN and
 * of (seed, stream, draw) for CSK_SHIFT_STEP; names NULL: no shift.
 *
 * @param unit  images are this many times as large as the training images; > 0
 * @return CSK_ERR_SHAPE if the field differs or an axis is too short for all levels
 */
CSK_API csk_status csk_prior_wavelet(csk_prior **out, const csk_space *space,
                                     const csk_wavelet_model *model, double unit,
                                     csk_wavelet_shift shift) CSK_MUST_CHECK;

/**
 * Save as JSON text, doubles to the last bit, atomically.
 *
 * @param note  provenance, one line of JSON; NULL for none; CSK_ERR_ARG if it is none
 */
CSK_API csk_status csk_wavelet_model_write(const csk_wavelet_model *m, const char *path,
                                           const char *note) CSK_MUST_CHECK;

/** @p m: empty; on failure it stays so. CSK_ERR_FORMAT names the field that is wrong. */
CSK_API csk_status csk_wavelet_model_read(csk_wavelet_model *m,
                                          const char *path) CSK_MUST_CHECK;

/** The same for a text in memory; @p what names it in messages. */
CSK_API csk_status csk_wavelet_model_parse(csk_wavelet_model *m, const char *text,
                                           size_t len, const char *what) CSK_MUST_CHECK;

#endif
