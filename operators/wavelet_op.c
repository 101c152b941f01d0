/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/linop_impl.h"
#include "cs/vec.h"
#include "operators/wavelet.h"

typedef struct wavelet_op {
    csk_linop base;
    csk_wavelet *w;
} wavelet_op;

static void op_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    csk_wavelet_forward(((const wavelet_op *)A)->w, y, x, NULL, work);
}

static void op_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    csk_wavelet_inverse(((const wavelet_op *)A)->w, x, y, NULL, work);
}

static void op_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    (void)work;
    csk_copy(csk_linop_cols(A), x, z); /* orthonormal */
}

static void op_resolvent(const csk_linop *A, float *z, const float *x, double a,
                         double b, float *work)
{
    (void)work;
    csk_axpby(csk_linop_cols(A), 1. / (a + b), x, 0., z);
}

static void op_destroy(csk_linop *A)
{
    csk_wavelet_free(((wavelet_op *)A)->w);
}

static const csk_linop_class wavelet_class = {
    .name = "wavelet",
    .apply = op_apply,
    .adjoint = op_adjoint,
    .normal = op_normal,
    .resolvent = op_resolvent,
    .destroy = op_destroy,
};

csk_status csk_linop_wavelet(csk_linop **out, const csk_space *space, unsigned axes,
                             const char *family, int levels)
{
    csk_wavelet *w;
    const csk_status err = csk_wavelet_new(&w, space, axes, family, levels);

    if (err)
        return err;
    wavelet_op *A = csk_linop_new(sizeof(*A), &wavelet_class, space, space);
    if (!A) {
        csk_wavelet_free(w);
        return CSK_ERR_NOMEM;
    }
    A->w = w;
    A->base.work_len = csk_wavelet_work_len(w);
    A->base.norm_bound = 1.;
    *out = &A->base;
    return CSK_OK;
}
