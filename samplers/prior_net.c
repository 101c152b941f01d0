/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/prior_net.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/net/card_priv.h"
#include "samplers/net_view_priv.h"
#include "samplers/prior_impl.h"
#include "samplers/train/edm_priv.h"

#include <limits.h>
#include <math.h>
#ifdef _OPENMP
#include <omp.h>
#endif

enum {
    PIXELS = 1 << 15, /* small images are taken together up to so many */
    BATCH = 16,
};

typedef struct net_prior {
    csk_prior base;
    net_card card;
    csk_net *net;
    csk_net_plan *one;   /* of one image, on all threads */
    csk_net_plan *many;  /* of `batch` images, on one thread of several */
    csk_net_plan *slope; /* of one image, with the derivative by it */
    int batch;
    double unit;
    int precision; /* csk_net_precision of the plans without a derivative */
    csk_net_view view;
    int64_t images; /* in a vector */
} net_prior;

static const net_prior *down(const csk_prior *p)
{
    return (const net_prior *)p;
}

static int64_t output_len(const net_prior *p)
{
    return (int64_t)csk_net_outputs(p->net) * p->view.padded_h * p->view.padded_w;
}

/* -- preconditioning ------------------------------------------------------------------------ */

/* D = skip y + out F(in y; sigma, step), in the network's units. */
typedef struct affine {
    double skip, out, in, sigma, step;
} affine;

static affine affine_at(const net_prior *p, double sigma)
{
    const double s = sigma / p->unit * p->card.factor;

    switch (p->card.precondition) {
    case NET_EDM: {
        const csk_edm e = csk_edm_at(s, p->card.sigma_data);
        return (affine){ e.skip, e.out, e.in, s, s };
    }
    case NET_RESIDUAL:
        return (affine){ 1., -1., 1., s, s };
    case NET_VE:
        return (affine){ 1., s, 1., s, s };
    case NET_VP:
        return (affine){ 1., -s, 1. / sqrt(1. + s * s), s,
                         csk_net_card_step(&p->card, s) };
    default:
        return (affine){ 0., 1., 1., s, s };
    }
}

/* -- denoising --------------------------------------------------------------------------------- */

/* Images first .. first + n - 1 of all vectors. */
static void denoise_some(const net_prior *p, const csk_net_plan *plan, int64_t first,
                         int n, float *d, const float *x, const double *sigma,
                         const csk_rng *names, float *work)
{
    const double factor = p->card.factor / p->unit, offset = p->card.offset;
    float *input = work,
          *output = input + csk_pad(n * csk_net_view_padded_len(&p->view));
    double level[BATCH], step[BATCH];
    csk_net_pose pose[BATCH];

    for (int i = 0; i < n; i++) {
        const int64_t vector = (first + i) / p->images;
        const affine c = affine_at(p, sigma[vector]);

        level[i] = c.sigma;
        step[i] = c.step;
        pose[i] = csk_net_view_pose(&p->view, names ? &names[vector] : NULL);
        csk_net_view_enter(&p->view, &pose[i],
                           input + i * csk_net_view_padded_len(&p->view),
                           x + (first + i) * csk_net_view_len(&p->view),
                           (float)(c.in * factor), (float)(c.in * offset));
    }
    csk_net_forward(plan, output, input, level, step,
                    output + csk_pad(n * output_len(p)));
    for (int i = 0; i < n; i++) {
        const affine c = affine_at(p, sigma[(first + i) / p->images]);
        float *to = d + (first + i) * csk_net_view_len(&p->view);

        /* ((skip (factor x + offset) + out F) - offset) / factor */
        csk_copy(csk_net_view_len(&p->view),
                 x + (first + i) * csk_net_view_len(&p->view), to);
        csk_net_view_leave(&p->view, &pose[i], to, output + i * output_len(p),
                           (float)c.skip, (float)(c.out / factor),
                           (float)((c.skip - 1.) * offset / factor));
    }
}

/* Floats of work for `batch` images in one pass of a plan. */
static int64_t need(const net_prior *p, const csk_net_plan *plan, int batch, int inputs)
{
    return inputs * csk_pad(batch * csk_net_view_padded_len(&p->view)) +
           csk_pad(batch * output_len(p)) + csk_pad(csk_net_plan_work_len(plan));
}

static int64_t group_len(const net_prior *p)
{
    return need(p, p->many, p->batch, 1);
}

/* Threads that take groups of images side by side: as many as there is room for. */
static int side_by_side(const net_prior *p, int batch, int64_t groups)
{
    const int64_t room = csk_prior_work_len(&p->base, batch) / group_len(p);
    int64_t threads = 1;

#ifdef _OPENMP
    threads = omp_get_max_threads();
#endif
    threads = threads < groups ? threads : groups;
    return (int)(threads < room ? threads : room);
}

static csk_status denoise(const csk_prior *base, int batch, float *d, const float *x,
                          const double *sigma, const csk_rng *names, float *work)
{
    const net_prior *p = down(base);
    const int64_t all = batch * p->images, groups = all / p->batch;
    const int threads = side_by_side(p, batch, groups);
    int64_t rest = 0;

    if (threads > 1 || (groups > 0 && p->batch > 1)) {
#pragma omp parallel for schedule(static) num_threads(threads)
        for (int64_t k = 0; k < groups; k++) {
            int thread = 0;
#ifdef _OPENMP
            thread = omp_get_thread_num();
#endif
            denoise_some(p, p->many, k * p->batch, p->batch, d, x, sigma, names,
                         work + thread * group_len(p));
        }
        rest = groups * p->batch;
    }
    for (int64_t k = rest; k < all; k++)
        denoise_some(p, p->one, k, 1, d, x, sigma, names, work);
    return CSK_OK;
}

static csk_status vjp(const csk_prior *base, int batch, float *g, const float *v,
                      const float *x, const double *sigma, const csk_rng *names,
                      float *work)
{
    const net_prior *p = down(base);
    const double factor = p->card.factor / p->unit, offset = p->card.offset;
    float *input = work, *output = input + csk_pad(csk_net_view_padded_len(&p->view));
    float *room = output + csk_pad(output_len(p));

    for (int64_t k = 0; k < batch * p->images; k++) {
        const affine c = affine_at(p, sigma[k / p->images]);
        const int64_t at = k * csk_net_view_len(&p->view);
        const csk_net_pose pose =
            csk_net_view_pose(&p->view, names ? &names[k / p->images] : NULL);

        csk_net_view_enter(&p->view, &pose, input, x + at, (float)(c.in * factor),
                           (float)(c.in * offset));
        csk_net_forward(p->slope, output, input, &c.sigma, &c.step, room);
        csk_zero(output_len(p), output);
        csk_net_view_enter_slope(&p->view, &pose, output, v + at);
        csk_net_backward(p->slope, input, NULL, output, room);
        csk_net_view_leave_slope(&p->view, &pose, g + at, v + at, input, (float)c.skip,
                                 (float)(c.out * c.in));
    }
    return CSK_OK;
}

/*
 * Total deep variation: with r = reference / sigma, S steps from x_0 = r z,
 *
 *     x <- (x - T/S grad sum F(x) + lambda/S r z) / (1 + lambda/S),   D = x_S / r.
 */
static csk_status denoise_tdv(const csk_prior *base, int batch, float *d,
                              const float *x, const double *sigma, const csk_rng *names,
                              float *work)
{
    const net_prior *p = down(base);
    const int64_t n = csk_net_view_padded_len(&p->view), m = output_len(p);
    const double a = p->card.time / p->card.steps, b = p->card.lambda / p->card.steps;
    float *z = work, *y = z + csk_pad(n), *slope = y + csk_pad(n),
          *out = slope + csk_pad(n);
    const csk_net_pose pose = csk_net_view_pose(&p->view, NULL);

    (void)names;
    for (int64_t k = 0; k < batch * p->images; k++) {
        const double r = p->card.reference * p->unit / sigma[k / p->images];
        const double factor = r * p->card.factor / p->unit;

        csk_net_view_enter(&p->view, &pose, z, x + k * csk_net_view_len(&p->view),
                           (float)factor, (float)p->card.offset);
        csk_copy(n, z, y);
        for (int s = 0; s < p->card.steps; s++) {
            csk_net_forward(p->slope, out, y, NULL, NULL, out + csk_pad(m));
            for (int64_t i = 0; i < m; i++)
                out[i] = 1.F;
            csk_net_backward(p->slope, slope, NULL, out, out + csk_pad(m));
            csk_axpby(n, -a / (1. + b), slope, 1. / (1. + b), y);
            csk_axpby(n, b / (1. + b), z, 1., y);
        }
        csk_net_view_leave(&p->view, &pose, d + k * csk_net_view_len(&p->view), y, 0.F,
                           (float)(1. / factor), (float)(-p->card.offset / factor));
    }
    return CSK_OK;
}

static void destroy(csk_prior *base)
{
    net_prior *p = (net_prior *)base;

    csk_net_plan_free(p->one);
    csk_net_plan_free(p->many);
    csk_net_plan_free(p->slope);
    csk_net_free(p->net);
    csk_free(p->card.log_level);
}

static const csk_prior_class class = {
    .name = "network", .denoise = denoise, .vjp = vjp, .destroy = destroy
};
static const csk_prior_class tdv_class = { .name = "network",
                                           .denoise = denoise_tdv,
                                           .destroy = destroy };

/* -- making --------------------------------------------------------------------------------------- */

static csk_status check_space(net_prior *p, const csk_space *s)
{
    const int colour = p->card.channels > 1;
    const int axes = 2 + colour;

    if (s->field != p->card.field)
        return csk_fail(CSK_ERR_SHAPE, "network prior: it is one of %s images",
                        p->card.field == CSK_COMPLEX ? "complex" : "real");
    if (s->rank < axes || (colour && s->dim[s->rank - 3] != p->card.channels))
        return csk_fail(CSK_ERR_SHAPE, "network prior: images have %s",
                        colour ? "an axis of 3 colours before y and x"
                               : "axes y and x");
    p->images = 1;
    for (int i = 0; i < s->rank - axes; i++)
        p->images *= s->dim[i];
    const int64_t h = s->dim[s->rank - 2], w = s->dim[s->rank - 1];
    if (h < 1 || w < 1 || h > 65536 || w > 65536)
        return csk_fail(CSK_ERR_SHAPE, "network prior: an image of %lld x %lld",
                        (long long)h, (long long)w);
    p->view.h = (int)h;
    p->view.w = (int)w;
    p->view.interleaved = s->field == CSK_COMPLEX;
    p->view.planes = p->card.channels * (s->field == CSK_COMPLEX ? 2 : 1);
    p->view.cell = csk_net_multiple(p->net);
    return CSK_OK;
}

/* The side that the network sees: the next multiple, or the one it knows. */
static int side_for(const net_prior *p, int side, int known)
{
    const int net = csk_net_multiple(p->net), card = p->card.multiple;
    const int multiple = net > card ? net : card;

    return known ? known : (side + multiple - 1) / multiple * multiple;
}

static csk_status choose_sides(net_prior *p)
{
    p->view.padded_h = side_for(p, p->view.h, p->card.size[0]);
    p->view.padded_w = side_for(p, p->view.w, p->card.size[1]);
    return p->view.padded_h < p->view.h || p->view.padded_w < p->view.w
               ? csk_fail(
                     CSK_ERR_SHAPE,
                     "network prior: it knows images of %d x %d at most, this one is "
                     "%d x %d",
                     p->view.padded_h, p->view.padded_w, p->view.h, p->view.w)
               : CSK_OK;
}

static csk_status make_plan(csk_net_plan **plan, const net_prior *p, int batch,
                            int derivative, int part)
{
    const int precision = derivative == CSK_NET_NONE ? p->precision : CSK_NET_F32;

    return csk_net_plan_new(plan, p->net,
                            &(csk_net_shape){ .batch = batch,
                                              .height = p->view.padded_h,
                                              .width = p->view.padded_w,
                                              .precision = precision,
                                              .derivative = derivative,
                                              .part = part });
}

/* @p wanted is a csk_prior_precision. */
static int choose_precision(const net_prior *p, int wanted)
{
    const bool scaled =
        p->card.precondition != NET_DIRECT && p->card.precondition != NET_TDV;

    if (wanted == CSK_PRIOR_AUTO)
        return scaled && csk_net_can(CSK_NET_AUTO, CSK_NET_BF16) ? CSK_NET_BF16
                                                                 : CSK_NET_F32;
    return wanted == CSK_PRIOR_BF16 ? CSK_NET_BF16 : CSK_NET_F32;
}

static csk_status make_plans(net_prior *p)
{
    const bool tdv = p->card.precondition == NET_TDV;
    const int64_t pixels = (int64_t)p->view.padded_h * p->view.padded_w;
    csk_status err = CSK_OK;

    p->batch = (int)(PIXELS / pixels);
    p->batch = p->batch < 1 ? 1 : p->batch > BATCH ? BATCH : p->batch;
    if (!tdv)
        err = make_plan(&p->one, p, 1, CSK_NET_NONE, 0);
    if (!err && !tdv)
        err = make_plan(&p->many, p, p->batch, CSK_NET_NONE, p->batch);
    if (!err)
        err = make_plan(&p->slope, p, 1, CSK_NET_DATA, 0);
    return err;
}

/* A batch of vectors gets as many times the room of one. */
static void set_work(net_prior *p)
{
    const bool tdv = p->card.precondition == NET_TDV;

    p->base.work_len = need(p, tdv ? p->slope : p->one, 1, tdv ? 3 : 1);
    if (p->many) {
        const int64_t vectors = (p->batch + p->images - 1) / p->images;
        const int64_t each = group_len(p) / vectors + 1;
        if (each > p->base.work_len)
            p->base.work_len = each;
    }
    p->base.vjp_work_len = need(p, p->slope, 1, 1);
}

static csk_status build(net_prior *p, const csk_space *space, const csk_tensors *model,
                        const csk_prior_net_opts *o)
{
    csk_status err = csk_net_card_read(&p->card, &p->net, model, "network prior");

    if (!err && p->card.precondition == NET_TDV)
        p->base.cls = &tdv_class;
    if (!err)
        err = check_space(p, space);
    if (!err)
        err = choose_sides(p);
    p->precision = choose_precision(p, o->precision);
    p->view.turn = o->turn && p->card.turns;
    if (!err)
        err = make_plans(p);
    if (!err)
        set_work(p);
    return err;
}

csk_status csk_prior_net(csk_prior **out, const csk_space *space,
                         const csk_tensors *model, double unit,
                         const csk_prior_net_opts *opts)
{
    /* A level given in other units may miss the range by a rounding. */
    const double slack = 1e-3;
    const csk_prior_net_opts o = opts ? *opts : (csk_prior_net_opts){ .turn = false };

    if (!(unit > 0. && isfinite(unit)))
        return csk_fail(CSK_ERR_ARG,
                        "network prior: the unit is %g, expected more than 0", unit);
    net_prior *p = csk_prior_new(sizeof(*p), &class, space);
    if (!p)
        return CSK_ERR_NOMEM;
    p->unit = unit;
    const csk_status err = build(p, space, model, &o);
    if (err) {
        csk_prior_unref(&p->base);
        return err;
    }
    p->base.sigma_min = p->card.sigma[0] * unit * (1. - slack);
    p->base.sigma_max = p->card.sigma[1] * unit * (1. + slack);
    p->base.spread = p->card.sigma[1] * unit / 10.;
    *out = &p->base;
    return CSK_OK;
}

bool csk_prior_net_is_bf16(const csk_prior *p)
{
    return p->cls == &class && down(p)->precision == CSK_NET_BF16;
}
