/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/linop.h
 * Linear operators: maps A between two spaces that know their adjoint A*.
 *
 * Ownership. An operator is born with one reference. A function that takes
 * `const csk_linop *` borrows it; one that takes `csk_linop *` keeps a reference
 * of its own. The caller therefore releases exactly what it created.
 *
 * Threads. A finished operator never changes: any number of threads may apply
 * it at once, each with its own workspace.
 */
#ifndef CSK_CS_LINOP_H
#define CSK_CS_LINOP_H

#include "cs/space.h"
#include "cs/status.h"

typedef struct csk_linop csk_linop;

/** Take one more reference; returns @p A. */
CSK_API csk_linop *csk_linop_ref(csk_linop *A);

/** Drop a reference, the last one destroys the operator; NULL is allowed. */
CSK_API void csk_linop_unref(csk_linop *A);

CSK_API const csk_space *csk_linop_domain(const csk_linop *A);
CSK_API const csk_space *csk_linop_codomain(const csk_linop *A);

/** Floats in a vector of the domain. */
CSK_API int64_t csk_linop_cols(const csk_linop *A);

/** Floats in a vector of the codomain. */
CSK_API int64_t csk_linop_rows(const csk_linop *A);

/** Short name for logs, such as "fft". */
CSK_API const char *csk_linop_name(const csk_linop *A);

/** An upper bound of the spectral norm ||A||; INFINITY if none is known. */
CSK_API double csk_linop_norm_bound(const csk_linop *A);

/** Floats of workspace for one call of apply, adjoint, normal or resolvent. */
CSK_API int64_t csk_linop_work_len(const csk_linop *A);

/**
 * y := A x.
 *
 * @param y     codomain vector, overwritten; must not overlap x or work
 * @param x     domain vector
 * @param work  csk_linop_work_len() floats aligned to CSK_ALIGN, content ignored; may
 *              be NULL if that is 0
 */
CSK_API void csk_linop_apply(const csk_linop *A, float *y, const float *x, float *work);

/** x := A* y, the adjoint for the real inner product of cs/space.h. */
CSK_API void csk_linop_adjoint(const csk_linop *A, float *x, const float *y,
                               float *work);

/** z := A* A x. Cheaper than the two calls where the operator knows a shortcut. */
CSK_API void csk_linop_normal(const csk_linop *A, float *z, const float *x,
                              float *work);

/** Whether csk_linop_normal() has a shortcut of its own, so that solvers prefer it. */
CSK_API bool csk_linop_has_normal(const csk_linop *A);

/** Whether csk_linop_resolvent() is closed form: A*A is diagonal in a known basis. */
CSK_API bool csk_linop_has_resolvent(const csk_linop *A);

/**
 * z := (a A*A + b I)^{-1} x with a >= 0, b > 0, in closed form. Only where
 * csk_linop_has_resolvent() holds; elsewhere use csk_cg().
 */
CSK_API void csk_linop_resolvent(const csk_linop *A, float *z, const float *x, double a,
                                 double b, float *work);

/** A := outer . inner. Fails with CSK_ERR_SHAPE if inner's codomain is not outer's domain. */
CSK_API csk_status csk_linop_chain(csk_linop **out, csk_linop *outer,
                                   csk_linop *inner) CSK_MUST_CHECK;

#endif
