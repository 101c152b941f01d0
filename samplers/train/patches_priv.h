/* SPDX-License-Identifier: BSD-3-Clause */
/* A window of an image, resampled, and what is done to it. Never installed. */
#ifndef CSK_SAMPLERS_TRAIN_PATCHES_PRIV_H
#define CSK_SAMPLERS_TRAIN_PATCHES_PRIV_H

#include <stdbool.h>
#include <stdint.h>

/* Pixel i of the patch is at first + i step of an axis of `length` samples. */
typedef struct csk_patch_axis {
    int64_t length;
    int size;
    double first, step;
    double gain; /* of the edge of the band */
} csk_patch_axis;

typedef struct csk_window {
    const float *image; /* [y.length][x.length][width] */
    int width;          /* floats of a pixel: 1 or 2 */
    int kernel;         /* csk_patch_kernel */
    float scale;        /* factor */
    double gamma;       /* exponent of the magnitude, before it is resampled */
    bool positive;      /* what overshoots below 0 is cut */
    csk_patch_axis y, x;
    bool transpose;
} csk_window;

/* The sample that stands for number i of an axis that is mirrored at its ends. */
static inline int64_t csk_patch_mirror(int64_t i, int64_t length)
{
    while (i < 0 || i >= length)
        i = i < 0 ? -1 - i : 2 * length - 1 - i;
    return i;
}

/*
 * Floats of work for patches of this size that are shrunk to `zoom` at most, along each axis; enough
 * for their phase, too.
 */
int64_t csk_window_work_len(int kind, int size, double zoom);

/* out[channels][size][size]; a real image has an imaginary part of 0. */
void csk_window_resample(const csk_window *w, float *out, int channels, float *work);

/* sum += w row */
void csk_patch_add_row(int64_t n, float w, const float *row, float *sum);

/* x[j][i] := x[i][j] of x[n][n] */
void csk_patch_transpose(int n, float *x);

/* Waves of a phase, and the uniform numbers that it takes. */
enum {
    CSK_PHASE_SMOOTH = 3,
    CSK_PHASE_ROUGH = 12,
    CSK_PHASE_WAVES = CSK_PHASE_SMOOTH + CSK_PHASE_ROUGH,
    CSK_PHASE_RANDOM = 7 + 4 * CSK_PHASE_SMOOTH,
    CSK_FINER_RANDOM = 4 * CSK_PHASE_ROUGH,
    CSK_TWIST_RANDOM = 16
};

/*
 * Multiply out[2][size][size] by exp(i phi). phi is smooth; with rough > 0 it has in addition
 * finer waves with this standard deviation. work: (1 + 2 CSK_PHASE_WAVES) size floats.
 */
void csk_patch_phase(int size, double rough, float *out, const float *u,
                     const float *finer, float *work);

/*
 * out[2][size][size] += i K out, K a short real filter along y plus one along x: k-space times
 * 1 + i K(ky, kx), |K| of `rough` (rms): a phase that is even along each axis and a gain that is odd, to
 * first order, as trains of echoes and gradients give them.
 * work: 2 size^2 floats.
 */
void csk_patch_twist(int size, double rough, float *out, const float *u, float *work);

#endif
