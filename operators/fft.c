/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/fft.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/lines_priv.h"

#include <math.h>

typedef struct fft {
    csk_linop base; /* first, so that a csk_linop * of class fft_class is an fft * */
    int count;      /* axes transformed */
    int axis[CSK_MAX_RANK];
    csk_lines lines[CSK_MAX_RANK];
} fft;

static void transform(const csk_linop *A, bool inverse, float *out, const float *in,
                      float *work)
{
    const fft *f = (const fft *)A;

    for (int i = 0; i < f->count; i++)
        csk_axis_pass(&f->lines[i], &A->domain, f->axis[i], inverse, true,
                      (float)(1. / sqrt((double)f->lines[i].n)), out, i ? out : in,
                      work);
}

static void fft_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    transform(A, false, y, x, work);
}

static void fft_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    transform(A, true, x, y, work);
}

static void fft_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    (void)work;
    csk_copy(csk_linop_cols(A), x, z); /* unitary: A*A = I */
}

static void fft_resolvent(const csk_linop *A, float *z, const float *x, double a,
                          double b, float *work)
{
    (void)work;
    csk_axpby(csk_linop_cols(A), 1. / (a + b), x, 0., z);
}

static void fft_destroy(csk_linop *A)
{
    fft *f = (fft *)A;

    for (int i = 0; i < f->count; i++)
        csk_lines_clear(&f->lines[i]);
}

static const csk_linop_class fft_class = {
    .name = "fft",
    .apply = fft_apply,
    .adjoint = fft_adjoint,
    .normal = fft_normal,
    .resolvent = fft_resolvent,
    .destroy = fft_destroy,
};

csk_status csk_linop_fft(csk_linop **out, const csk_space *space, unsigned axes)
{
    csk_status err = csk_space_check(space, "fft");

    if (err)
        return err;
    if (space->field != CSK_COMPLEX)
        return csk_fail(CSK_ERR_ARG, "fft: the space must be complex");
    if (axes == 0 || axes >> space->rank)
        return csk_fail(CSK_ERR_ARG, "fft: axes %#x, expected some of the %d", axes,
                        space->rank);

    fft *f = csk_linop_new(sizeof(*f), &fft_class, space, space);
    if (!f)
        return CSK_ERR_NOMEM;
    f->base.norm_bound = 1.;
    for (int i = 0; i < space->rank && !err; i++) {
        if (!(axes >> i & 1u))
            continue;
        f->axis[f->count] = i;
        err = csk_lines_init(&f->lines[f->count], space->dim[i]);
        const int64_t need = csk_axis_work_len(&f->lines[f->count]);
        if (need > f->base.work_len)
            f->base.work_len = need;
        f->count += err ? 0 : 1;
    }
    if (err) {
        csk_linop_unref(&f->base);
        return err;
    }
    *out = &f->base;
    return CSK_OK;
}
