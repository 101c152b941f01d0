/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/train/patches.h
 * Examples for the training of a denoiser: square patches of images, varied at random.
 *
 * Patch number k is a function of (seed, k) alone. An image is chosen, a window in it,
 * and of that window
 *
 *     x = s R(|z|^g) e^(i phi)
 *
 * where z is the window in the images' unit; g = 1 for half of the patches and else log-uniform,
 * sign or phase kept; R resamples, by Keys' cubic convolution (IEEE Trans. ASSP 29 (1981) 1153,
 * a = -1/2) or by a windowed sinc, stretched where it shrinks so that nothing is aliased, and
 * mirrors and transposes at random; s is log-uniform; and phi, for complex patches, is a smooth
 * random phase: a constant, a quadratic polynomial and three waves. With rough_phase, phi has
 * finer waves as well, and before it the k-space of the patch is multiplied by 1 + i K, K the spectrum of
 * a short real filter along each axis: an error of phase and gain, which shows as a part of the image
 * that is a quarter turn off and follows its edges.
 */
#ifndef CSK_SAMPLERS_TRAIN_PATCHES_H
#define CSK_SAMPLERS_TRAIN_PATCHES_H

#include "cs/array.h"
#include "cs/param.h"

typedef struct csk_patches csk_patches;

/** What images are resampled with. */
typedef enum csk_patch_kernel {
    CSK_PATCH_CUBIC, /**< halves what is at the edge of the band */
    CSK_PATCH_SINC,  /**< 16 zeros on each side: passes the band of the smaller grid and
                            cuts what is beyond, as an image does that was measured on that
                            grid in k-space; edges ring, with a phase through zero */
} csk_patch_kernel;

typedef struct csk_patch_opts {
    int size;                  /**< pixels of a side */
    double zoom_min, zoom_max; /**< magnification; log-uniform */
    double aspect;             /**< largest ratio of the magnifications along the
                                              two axes, >= 1; log-uniform */
    int kernel;                /**< csk_patch_kernel */
    double edge_gain; /**< most that the edge of k-space gains or loses along an axis,
                           log-uniform, each axis for itself: 1 + (g - 1) sin^2(pi f/2) at the
                           share f of the band, as echo trains weight it */
    bool flip;        /**< mirror and transpose */
    double gamma_min, gamma_max;         /**< exponent of the magnitude */
    double intensity_min, intensity_max; /**< factor */
    bool
        phase; /**< complex patches: real images get a phase, complex ones a further one */
    double
        rough_phase; /**< with `phase`: most radians (rms), 0 to 1, of what makes it rough, the
                             finer waves and the error of k-space; of either a uniform share,
                             each patch for itself */
    double empty; /**< share kept of the windows in which nearly nothing is */
    double
        unit; /**< images are divided by it; 0: each file by its own 99.9th percentile
                       of |x|, by its largest |x| if that is 0 */
} csk_patch_opts;

CSK_API extern const csk_param csk_patch_params[];
CSK_API csk_patch_opts csk_patch_defaults(void);

/** The same, without variation: zoom 1, no mirrors, no exponent, no factor, no rough phase. */
CSK_API csk_patch_opts csk_patch_plain(const csk_patch_opts *opts);

/**
 * @param files   @p count images [y][x] or stacks of images [...][y][x], real or complex, each
 *                axis of an image >= 4; borrowed as long as the patches exist
 * @param weight  shares of the patches that come from each file, >= 0, any sum; NULL: by
 *                the number of pixels
 * @param opts    NULL: the defaults
 * @return CSK_ERR_ARG (options), CSK_ERR_SHAPE, CSK_ERR_NUMERIC (values not finite, or
 *         all of a file zero)
 */
CSK_API csk_status csk_patches_new(csk_patches **out, int count, const csk_array *files,
                                   const double *weight,
                                   const csk_patch_opts *opts) CSK_MUST_CHECK;
CSK_API void csk_patches_free(csk_patches *p);

/** 1 or, with a phase or of complex files, 2 (real and imaginary part). */
CSK_API int csk_patches_channels(const csk_patches *p);
CSK_API int csk_patches_size(const csk_patches *p);

/** 99th percentile of |x| above 0 in all images, in their unit, weighted as the patches. */
CSK_API double csk_patches_scale(const csk_patches *p);

/** What file number @p i is divided by. */
CSK_API double csk_patches_unit(const csk_patches *p, int i);

/** Floats of workspace for @p n patches. */
CSK_API int64_t csk_patches_work_len(const csk_patches *p, int n);

/**
 * Patches @p first .. @p first + n - 1 of the sequence @p seed, 0 <= first < 2^32 - n.
 *
 * @param out  [n][channels][size][size]
 */
CSK_API void csk_patches_draw(const csk_patches *p, uint64_t seed, int64_t first, int n,
                              float *out, float *work);

#endif
