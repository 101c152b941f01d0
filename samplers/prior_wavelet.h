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

/** What a fit learns; independent of the image size. A plain value, no ownership but @p band. */
typedef struct csk_wavelet_model {
    csk_field field; /**< of the images it describes */
    int axes;        /**< 1 .. 3: the last axes of an image */
    char family[8];  /**< "sym4" */
    int levels, components;
    /** Bands: approximation, then per level from coarse to fine the details 1 .. 2^axes - 1. */
    double *weight;   /**< [bands][components], sums to 1 in each band */
    double *variance; /**< [bands][components], of each float */
    double
        scale; /**< 99th percentile of |x| above 0 in the training images: their unit */
} csk_wavelet_model;

CSK_API int csk_wavelet_model_bands(const csk_wavelet_model *m);
CSK_API void csk_wavelet_model_clear(csk_wavelet_model *m);

typedef struct csk_wavelet_fit_opts {
    const char *family;
    int levels, components;
    int iterations; /**< of EM */
    int shifts;     /**< random cycle shifts of every training image */
    int phase; /**< 0: as they are; 1: real images get a smooth random phase and the model is complex */
} csk_wavelet_fit_opts;

CSK_API extern const csk_param csk_wavelet_fit_params[];
CSK_API csk_wavelet_fit_opts csk_wavelet_fit_defaults(void);

/**
 * Fit by expectation maximisation. Images may differ in size; each has the same number of axes.
 * A stack of images [n][y][x] may be passed as n arrays.
 */
CSK_API csk_status csk_wavelet_fit(csk_wavelet_model *m, int count,
                                   const csk_array *const *images,
                                   const csk_wavelet_fit_opts *opts,
                                   uint64_t seed) CSK_MUST_CHECK;

/**
 * The prior for images of @p space. @p model is copied.
 *
 * @param unit  images are this many times as large as the training images; > 0
 */
CSK_API csk_status csk_prior_wavelet(csk_prior **out, const csk_space *space,
                                     const csk_wavelet_model *model, double unit,
                                     csk_wavelet_shift shift) CSK_MUST_CHECK;

/** Save as JSON text. @p note: provenance, one line of JSON; NULL for none. */
CSK_API csk_status csk_wavelet_model_write(const csk_wavelet_model *m, const char *path,
                                           const char *note) CSK_MUST_CHECK;
CSK_API csk_status csk_wavelet_model_read(csk_wavelet_model *m,
                                          const char *path) CSK_MUST_CHECK;
CSK_API csk_status csk_wavelet_model_parse(csk_wavelet_model *m, const char *text,
                                           size_t len, const char *what) CSK_MUST_CHECK;

#endif
