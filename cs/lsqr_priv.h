/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/lsqr_priv.h
 * The scalars of LSQR, apart from its vectors, which live in float (cs/lsqr.c) or double
 * (cs/lsq_iterative.c). Names as in Paige and Saunders (1982), sections 4 and 5.
 */
#ifndef CSK_CS_LSQR_PRIV_H
#define CSK_CS_LSQR_PRIV_H

#include "cs/lsqr.h"

typedef struct csk_lsqr_scalars {
    double damp, norm_b;
    double rhobar, phibar, rho;
    double along;              /**< x += along w */
    double back;               /**< w := v + back w */
    double square_A, square_D; /**< squares of the norm, and of condition / norm */
    double damped;             /**< what the damped rows cannot reach of ||r||^2 */
    double z, xx, c2, s2;      /**< for ||x|| */
    double norm_x, change;     /**< ||x||; ||move|| / ||x|| */
    double norm_r;             /**< ||A x - b|| */
    double norm_whole;         /**< the residual with the damped rows */
    double norm_gradient;      /**< ||A*(A x - b) + damp^2 x|| */
} csk_lsqr_scalars;

/** After beta u = b, alpha v = A* u. */
void csk_lsqr_start(csk_lsqr_scalars *s, double damp, double beta, double alpha);

/**
 * After beta u = A v - alpha_before u and alpha v = A* u - beta v: the rotations. Sets
 * along and back.
 */
void csk_lsqr_rotate(csk_lsqr_scalars *s, double alpha_before, double beta,
                     double alpha);

/** After the step along w, @p ww being ||w||^2 before it changed. */
void csk_lsqr_estimate(csk_lsqr_scalars *s, double ww);

/** The rule that is met now, CSK_LSQR_NONE to go on. */
csk_lsqr_rule csk_lsqr_judge(const csk_lsqr_scalars *s, const csk_lsqr_opts *o);

/** Estimate of the condition number of [A; damp I]. */
double csk_lsqr_condition(const csk_lsqr_scalars *s);

#endif
