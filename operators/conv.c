/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/conv.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/fftw_lock.h"
#include "operators/lines_priv.h"

#include <fftw3.h>
#include <inttypes.h>
#include <math.h>

enum { BLOCK = 8192 };

/*
 * x -> spectrum -> times what the caller wants -> y. Complex spaces are transformed line by
 * line. Real ones have half a spectrum, by a plan for aligned arrays: one for any is half
 * as fast, so that vectors that are not aligned pass through a copy, with the same bits.
 */
typedef struct conv {
    csk_linop base;
    csk_lines lines[CSK_MAX_RANK]; /* complex: one an axis */
    fftwf_plan to_half, to_real;   /* real; the latter overwrites its input */
    int64_t points;                /* of the spectrum */
    float *kernel;                 /* its spectrum, interleaved */
    float scale;                   /* 1 / N: FFTW does not normalise */
} conv;

static bool aligned(const float *x)
{
    return (uintptr_t)x % CSK_ALIGN == 0;
}

/* The workspace is the spectrum, then room for the lines or for the aligned copy. */
static float *room(const conv *c, float *work)
{
    return work + csk_pad(2 * c->points);
}

static void all_axes(const conv *c, bool inverse, float *out, const float *in,
                     float *work)
{
    const csk_space *s = &c->base.domain;

    for (int i = 0; i < s->rank; i++)
        csk_axis_pass(&c->lines[i], s, i, inverse, false, 1.f, out, i ? out : in, work);
}

/* The spectrum of x goes to the start of work. */
static void to_spectrum(const conv *c, const float *x, float *work)
{
    float *from = (float *)x; /* FFTW keeps it, but its prototype lacks the const */

    if (c->base.domain.field == CSK_COMPLEX) {
        all_axes(c, false, work, x, room(c, work));
        return;
    }
    if (!aligned(x)) {
        from = room(c, work);
        csk_copy(csk_space_len(&c->base.domain), x, from);
    }
    fftwf_execute_dft_r2c(c->to_half, from, (fftwf_complex *)work);
}

static void from_spectrum(const conv *c, float *y, float *work)
{
    float *to = aligned(y) ? y : room(c, work);

    if (c->base.domain.field == CSK_COMPLEX) {
        all_axes(c, true, y, work, room(c, work));
        return;
    }
    fftwf_execute_dft_c2r(c->to_real, (fftwf_complex *)work, to);
    if (to != y)
        csk_copy(csk_space_len(&c->base.domain), to, y);
}

/* s := scale h s (sign 1) or scale conj(h) s (sign -1). */
static void multiply(const conv *c, float sign, float *s)
{
    const float *h = c->kernel;

#pragma omp parallel for schedule(static) if (c->points > BLOCK)
    for (int64_t i = 0; i < 2 * c->points; i += 2) {
        const float re = c->scale * h[i], im = sign * c->scale * h[i + 1];
        const float sr = s[i], si = s[i + 1];

        s[i] = re * sr - im * si;
        s[i + 1] = re * si + im * sr;
    }
}

/* s := scale |h|^2 s (inverse false) or scale s / (a |h|^2 + b) (true). */
static void weigh(const conv *c, bool inverse, double a, double b, float *s)
{
    const float *h = c->kernel;

#pragma omp parallel for schedule(static) if (c->points > BLOCK)
    for (int64_t i = 0; i < 2 * c->points; i += 2) {
        const double power = (double)h[i] * h[i] + (double)h[i + 1] * h[i + 1];
        const float w = (float)(c->scale * (inverse ? 1. / (a * power + b) : power));

        s[i] *= w;
        s[i + 1] *= w;
    }
}

static void conv_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const conv *c = (const conv *)A;

    to_spectrum(c, x, work);
    multiply(c, 1.f, work);
    from_spectrum(c, y, work);
}

static void conv_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const conv *c = (const conv *)A;

    to_spectrum(c, y, work);
    multiply(c, -1.f, work);
    from_spectrum(c, x, work);
}

static void conv_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    const conv *c = (const conv *)A;

    to_spectrum(c, x, work);
    weigh(c, false, 0., 0., work);
    from_spectrum(c, z, work);
}

static void conv_resolvent(const csk_linop *A, float *z, const float *x, double a,
                           double b, float *work)
{
    const conv *c = (const conv *)A;

    to_spectrum(c, x, work);
    weigh(c, true, a, b, work);
    from_spectrum(c, z, work);
}

static void conv_destroy(csk_linop *A)
{
    conv *c = (conv *)A;

    for (int i = 0; i < A->domain.rank; i++)
        csk_lines_clear(&c->lines[i]);
    csk_fftw_lock();
    if (c->to_half)
        fftwf_destroy_plan(c->to_half);
    if (c->to_real)
        fftwf_destroy_plan(c->to_real);
    csk_fftw_unlock();
    csk_free(c->kernel);
}

static const csk_linop_class conv_class = {
    .name = "conv",
    .apply = conv_apply,
    .adjoint = conv_adjoint,
    .normal = conv_normal,
    .resolvent = conv_resolvent,
    .destroy = conv_destroy,
};

/* Row-major strides; the spectrum of a real array is shorter along the last axis. */
static csk_status plan_real(conv *c, float *x, float *spectrum)
{
    const csk_space *s = &c->base.domain;
    fftwf_iodim64 to[CSK_MAX_RANK], back[CSK_MAX_RANK];
    int64_t stride = 1, half = 1;

    for (int i = s->rank - 1; i >= 0; i--) {
        to[i] = (fftwf_iodim64){ .n = s->dim[i], .is = stride, .os = half };
        back[i] = (fftwf_iodim64){ .n = s->dim[i], .is = half, .os = stride };
        stride *= s->dim[i];
        half *= i == s->rank - 1 ? s->dim[i] / 2 + 1 : s->dim[i];
    }
    csk_fftw_lock();
    c->to_half =
        fftwf_plan_guru64_dft_r2c(s->rank, to, 0, NULL, x, (fftwf_complex *)spectrum,
                                  FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
    c->to_real =
        fftwf_plan_guru64_dft_c2r(s->rank, back, 0, NULL, (fftwf_complex *)spectrum, x,
                                  FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    csk_fftw_unlock();
    if (!c->to_half || !c->to_real)
        return csk_fail(CSK_ERR_UNSUPPORTED, "conv: FFTW has no plan for this size");
    return CSK_OK;
}

/* Plans, and the workspace that they need. */
static csk_status plan(conv *c)
{
    const csk_space *s = &c->base.domain;
    int64_t rest = csk_pad(csk_space_size(s));
    csk_status err = CSK_OK;

    if (s->field == CSK_COMPLEX) {
        rest = 0;
        for (int i = 0; i < s->rank && !err; i++) {
            err = csk_lines_init(&c->lines[i], s->dim[i]);
            const int64_t need = csk_axis_work_len(&c->lines[i]);
            rest = rest < need ? need : rest;
        }
    }
    c->base.work_len = csk_pad(2 * c->points) + rest;
    return err;
}

/* x := the kernel, its centre at index 0, what is before it at the far ends. */
static void place(float *x, const csk_space *s, const csk_space *ks,
                  const float *kernel)
{
    for (int64_t k = 0; k < csk_space_size(ks); k++) {
        int64_t rest = k, at = 0, stride = 1;

        for (int i = s->rank - 1; i >= 0; i--) {
            const int64_t j = rest % ks->dim[i] - ks->dim[i] / 2;

            at += (j < 0 ? j + s->dim[i] : j) * stride;
            rest /= ks->dim[i];
            stride *= s->dim[i];
        }
        x[at * (int64_t)s->field] = kernel[k];
    }
}

/* Plans, the kernel's spectrum and its largest modulus. */
static csk_status prepare(conv *c, const csk_space *ks, const float *kernel)
{
    csk_status err = plan(c);

    if (err)
        return err;
    float *x = csk_alloc(csk_space_len(&c->base.domain), sizeof(*x));
    float *work = csk_alloc(c->base.work_len, sizeof(*work));
    c->kernel = csk_alloc(2 * c->points, sizeof(*c->kernel));
    if (!x || !work || !c->kernel)
        err = CSK_ERR_NOMEM;
    else if (c->base.domain.field == CSK_REAL)
        err = plan_real(c, x, work);
    if (!err) {
        place(x, &c->base.domain, ks, kernel);
        to_spectrum(c, x, work);
        csk_copy(2 * c->points, work, c->kernel);
        c->base.norm_bound = csk_max_modulus(c->points, 2, c->kernel);
    }
    csk_free(x);
    csk_free(work);
    return err;
}

static csk_status check(const csk_space *space, const csk_space *ks,
                        const float *kernel)
{
    csk_status err = csk_space_check(space, "conv");

    if (!err)
        err = csk_space_check(ks, "conv: kernel");
    if (err)
        return err;
    if (ks->field != CSK_REAL)
        return csk_fail(CSK_ERR_ARG, "conv: the kernel must be real");
    if (ks->rank != space->rank)
        return csk_fail(CSK_ERR_SHAPE, "conv: the kernel has rank %d, the space %d",
                        ks->rank, space->rank);
    for (int i = 0; i < ks->rank; i++) {
        if (ks->dim[i] > space->dim[i])
            return csk_fail(CSK_ERR_SHAPE,
                            "conv: along axis %d the kernel has %" PRId64
                            " points, the space %" PRId64,
                            i, ks->dim[i], space->dim[i]);
    }
    if (csk_first_not_finite(csk_space_len(ks), kernel) >= 0)
        return csk_fail(CSK_ERR_NUMERIC,
                        "conv: the kernel has a value that is not finite");
    return CSK_OK;
}

csk_status csk_linop_conv(csk_linop **out, const csk_space *space,
                          const csk_space *kernel_space, const float *kernel)
{
    csk_status err = check(space, kernel_space, kernel);

    if (err)
        return err;
    conv *c = csk_linop_new(sizeof(*c), &conv_class, space, space);
    if (!c)
        return CSK_ERR_NOMEM;
    const int64_t last = space->dim[space->rank - 1];
    c->points = csk_space_size(space);
    c->scale = (float)(1. / (double)c->points);
    if (space->field == CSK_REAL)
        c->points = c->points / last * (last / 2 + 1);

    err = prepare(c, kernel_space, kernel);
    if (err) {
        csk_linop_unref(&c->base);
        return err;
    }
    *out = &c->base;
    return CSK_OK;
}

/* Side of the kernel along an axis of n pixels. */
static int64_t gauss_side(double std, int64_t n)
{
    const double wanted = 2. * ceil(10. * std) + 1.;

    return wanted < (double)n ? (int64_t)wanted : n - (n % 2 == 0);
}

csk_status csk_kernel_gauss(csk_array *out, const csk_space *image, double std)
{
    csk_space space = *image;
    double sum = 0.;

    if (!(std > 0. && std <= 1e6))
        return csk_fail(
            CSK_ERR_ARG,
            "blur: the Gaussian has a width of %g, expected above 0, at most 1e6", std);
    space.field = CSK_REAL;
    for (int i = 0; i < space.rank; i++)
        space.dim[i] = gauss_side(std, space.dim[i]);
    const csk_status err = csk_array_init(out, &space);
    if (err)
        return err;
    const int64_t n = csk_space_size(&space);
    for (int pass = 0; pass < 2; pass++) { /* the sum first, then the values over it */
        for (int64_t k = 0; k < n; k++) {
            double square = 0.;
            for (int64_t left = k, i = space.rank - 1; i >= 0;
                 left /= space.dim[i], i--) {
                const double at =
                    (double)(left % space.dim[i] - space.dim[i] / 2) / std;
                square += at * at;
            }
            const double value = exp(-.5 * square);
            if (pass == 0)
                sum += value;
            else
                out->data[k] = (float)(value / sum);
        }
    }
    return CSK_OK;
}
