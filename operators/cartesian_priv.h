/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file operators/cartesian_priv.h
 * Cartesian k-space, y = S F (s x): the inner loop of SENSE and of the masked Fourier transform.
 *
 * Planes: the rows are transformed eight at a time and stored turned round, so that the columns
 * are contiguous for the second pass; its result, while in the cache, is where the samples are
 * taken from. Other arrays pass over the axes one by one.
 *
 * The normal operator needs no centring: F_c = P F P^-1 with the cyclic permutation P by
 * half the size, and F P^-1 = D F with D diagonal (a phase), so F_c* M F_c = F* D* (P^-1 M P) D F
 * = F* M' F, M' the mask with its zero frequency moved to index 0. Forward and inverse column
 * transforms are then one visit of the cache. Along an axis where the mask is constant M commutes
 * with the transform, which cancels against its inverse: lines of k-space cost half.
 */
#ifndef CSK_OPERATORS_CARTESIAN_PRIV_H
#define CSK_OPERATORS_CARTESIAN_PRIV_H

#include "operators/lines_priv.h"

typedef struct csk_cartesian {
    csk_space image;               /* complex */
    csk_lines lines[CSK_MAX_RANK]; /* of each axis that is transformed, else n = 0 */
    bool flat[CSK_MAX_RANK]; /* not transformed, or the mask is constant along it */
    bool planar;
    int64_t samples;
    float scale; /* N^(-1/2), N the points along the axes that are transformed */
    float gain;  /* 1 / (points along the axes that are not flat) */
    uint8_t
        *kept; /* mask, zero frequency first; planes: [batch of columns][column][y] */
    int32_t *place;  /* of the samples: in k-space; planes: within their batch */
    int32_t *sample; /* planes: number of the sample that lies there */
    int32_t *first;  /* planes: first sample of each batch of columns, and the end */
} csk_cartesian;

/** Along the axes whose bits are set; @p mask NULL: everything is sampled. */
csk_status csk_cartesian_init(csk_cartesian *e, const csk_space *image, unsigned axes,
                              const uint8_t *mask) CSK_MUST_CHECK;
void csk_cartesian_clear(csk_cartesian *e);
int64_t csk_cartesian_work_len(const csk_cartesian *e);

/**
 * For every coil c < coils with its map s_c (maps NULL: 1):
 *   forward: y[c] := S F (s_c x);
 *   adjoint: x := sum_c conj(s_c) F* S* y[c];
 *   filter:  z := sum_c conj(s_c) F* K F (s_c x), K = S*S, or with @p ab = { a, b } the diagonal
 *            (a S*S + b)^{-1}.
 * Coils follow each other and threads share a coil: the sum has one order. No overlap of
 * arguments. @p work: csk_cartesian_work_len() floats.
 */
void csk_cartesian_forward(const csk_cartesian *e, int coils, const float *maps,
                           float *y, const float *x, float *work);
void csk_cartesian_adjoint(const csk_cartesian *e, int coils, const float *maps,
                           float *x, const float *y, float *work);
void csk_cartesian_filter(const csk_cartesian *e, int coils, const float *maps,
                          float *z, const float *x, const double *ab, float *work);

/* -- for cartesian*.c only ---------------------------------------------------------- */

typedef void csk_cartesian_fn(const csk_cartesian *e, int coils, const float *maps,
                              float *out, const float *in, float *work);

csk_cartesian_fn csk_plane_forward, csk_plane_adjoint;
csk_cartesian_fn csk_volume_forward, csk_volume_adjoint;
void csk_plane_filter(const csk_cartesian *e, int coils, const float *maps, float *z,
                      const float *x, float off, float on, float *work);
void csk_volume_filter(const csk_cartesian *e, int coils, const float *maps, float *z,
                       const float *x, float off, float on, float *work);

/** The map of coil c, from its pixel @p at on; NULL if there are no maps. */
static inline const float *csk_map_at(const csk_cartesian *e, const float *maps, int c,
                                      int64_t at)
{
    return maps ? maps + c * csk_space_len(&e->image) + 2 * at : NULL;
}

/** Complex numbers in the k-space buffer of planes: whole batches of columns. */
static inline int64_t csk_plane_batches(const csk_cartesian *e)
{
    return (e->image.dim[1] + CSK_LINES - 1) / CSK_LINES;
}

/** out := s x; s NULL: x. */
void csk_load_coil(int64_t n, float *out, const float *s, const float *x);

/** x += conj(s) z, or with @p fresh x := conj(s) z; s NULL: z. */
void csk_add_coil(int64_t n, float *x, const float *s, const float *z, bool fresh);

/** z[i] *= kept[i] ? on : off. */
void csk_weigh(int64_t n, float *z, const uint8_t *kept, float off, float on);

#endif
