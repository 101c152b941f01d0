/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/linop_impl.h
 * For those who write an operator: embed csk_linop as the first member of your
 * struct, fill in a class, and build with csk_linop_new(). See operators/fft.c.
 */
#ifndef CSK_CS_LINOP_IMPL_H
#define CSK_CS_LINOP_IMPL_H

#include "cs/linop.h"

#include <stdatomic.h>
#include <stddef.h>

typedef void csk_linop_fn(const csk_linop *A, float *out, const float *in, float *work);

/** One constant per kind of operator. Applying cannot fail: whatever can, does so in new. */
typedef struct csk_linop_class {
    const char *name;
    csk_linop_fn *apply;
    csk_linop_fn *adjoint;
    csk_linop_fn *normal; /**< may be NULL: adjoint after apply */
    /** z := (a A*A + b)^{-1} x; NULL where no basis makes it diagonal. */
    void (*resolvent)(const csk_linop *A, float *z, const float *x, double a, double b,
                      float *work);
    void (*destroy)(csk_linop *A); /**< frees what the members own; may be NULL */
} csk_linop_class;

struct csk_linop {
    const csk_linop_class *cls;
    atomic_int refs;
    csk_space domain;
    csk_space codomain;
    int64_t work_len; /**< what any of the functions above needs */
    double norm_bound;
};

/** @p bytes of zeroed object whose head is filled in; NULL (message set) if no memory. */
CSK_API void *csk_linop_new(size_t bytes, const csk_linop_class *cls,
                            const csk_space *domain, const csk_space *codomain);

#endif
