/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "samplers/train/edm_priv.h"
#include "samplers/train/score_priv.h"

#include <math.h>

const double csk_train_levels[CSK_TRAIN_LEVELS] = { .01, .02, .05, .1, .2, .5 };

/* The middle of one image as the net sees it, and what is computed from it. */
typedef struct view {
    int height, width, channels;
    int64_t len; /* floats */
    csk_net_plan *plan;
    float *clean, *noisy, *input, *output, *work;
} view;

static void view_clear(view *v)
{
    csk_net_plan_free(v->plan);
    csk_free(v->clean);
    csk_free(v->noisy);
    csk_free(v->input);
    csk_free(v->output);
    csk_free(v->work);
    *v = (view){ .plan = NULL };
}

/* Buffers and plan for images of this size; kept where the last one was as large. */
static csk_status view_fit(view *v, const csk_net *net, const csk_space *s)
{
    const int multiple = csk_net_multiple(net);
    const int64_t height = s->dim[0] / multiple * multiple;
    const int64_t width = s->dim[1] / multiple * multiple;

    if (v->plan && v->height == height && v->width == width)
        return CSK_OK;
    view_clear(v);
    v->height = (int)height;
    v->width = (int)width;
    v->channels = csk_net_inputs(net);
    v->len = v->channels * height * width;
    csk_status err = csk_net_plan_new(
        &v->plan, net,
        &(csk_net_shape){ .batch = 1, .height = v->height, .width = v->width });
    if (err)
        return err;
    v->clean = csk_alloc(v->len, sizeof(float));
    v->noisy = csk_alloc(v->len, sizeof(float));
    v->input = csk_alloc(v->len, sizeof(float));
    v->output = csk_alloc(v->len, sizeof(float));
    v->work = csk_alloc(csk_net_plan_work_len(v->plan), sizeof(float));
    return v->clean && v->noisy && v->input && v->output && v->work ? CSK_OK
                                                                    : CSK_ERR_NOMEM;
}

/* The middle of the image, its channels apart. */
static void take_middle(const view *v, const csk_array *image)
{
    const csk_space *s = &image->space;
    const int64_t top = (s->dim[0] - v->height) / 2, left = (s->dim[1] - v->width) / 2;
    float *to = v->clean;

    for (int c = 0; c < v->channels; c++) {
        for (int64_t y = 0; y < v->height; y++) {
            const float *row =
                image->data + ((top + y) * s->dim[1] + left) * v->channels + c;
            for (int64_t x = 0; x < v->width; x++)
                *to++ = row[x * v->channels];
        }
    }
}

/* Mean squares of a float: of D - x and of (D - y)/s. */
static void denoise(const view *v, double sigma, double sigma_data, csk_rng r,
                    double *error, double *norm)
{
    const csk_edm c = csk_edm_at(sigma, sigma_data);

    csk_rng_normal(r, v->len, v->noisy);
    csk_axpby(v->len, 1., v->clean, sigma, v->noisy);
    csk_axpby(v->len, c.in, v->noisy, 0., v->input);
    csk_net_forward(v->plan, v->output, v->input, &sigma, NULL, v->work);
    csk_axpby(v->len, c.skip, v->noisy, c.out, v->output);
    *error = pow(csk_distance(v->len, v->output, v->clean), 2.) / (double)v->len;
    *norm = pow(csk_distance(v->len, v->output, v->noisy) / sigma, 2.) / (double)v->len;
}

static csk_status check_image(const csk_net *net, const csk_array *image, int number)
{
    const csk_space *s = &image->space;
    const int least = csk_net_multiple(net);

    if (s->rank != 2 || (int)s->field != csk_net_inputs(net) || s->dim[0] < least ||
        s->dim[1] < least)
        return csk_fail(
            CSK_ERR_SHAPE,
            "image %d: %d axes of %s numbers, expected a %s one of at least "
            "%dx%d",
            number, s->rank, s->field == CSK_REAL ? "real" : "complex",
            csk_net_inputs(net) == 1 ? "real" : "complex", least, least);
    return CSK_OK;
}

static csk_status assess_image(csk_score_sum *sum, view *v, const csk_net *net,
                               const csk_array *image, int number, int count,
                               double sigma_data, uint64_t seed,
                               const csk_monitor *monitor)
{
    csk_status err = check_image(net, image, number);

    if (!err)
        err = view_fit(v, net, &image->space);
    if (err)
        return err;
    take_middle(v, image);
    for (int k = 0; k < CSK_TRAIN_LEVELS && !err; k++) {
        const csk_rng r = { seed, (uint32_t)k, (uint32_t)number };
        double error, norm;

        denoise(v, csk_train_levels[k], sigma_data, r, &error, &norm);
        csk_score_add(&sum[k], v->len, error, norm);
        err = csk_score_report(monitor, number, k, count);
    }
    return err;
}

/* The net's weights and @p other change places. */
static void exchange(csk_net *net, float *other)
{
    float *own = csk_net_weights(net);
    const int64_t n = csk_net_parameters(net);

    for (int64_t i = 0; i < n; i++) {
        const float t = own[i];
        own[i] = other[i];
        other[i] = t;
    }
}

csk_status csk_train_assess(csk_train_score *score, csk_net *net, const float *weights,
                            int count, const csk_array *images, double sigma_data,
                            uint64_t seed, const csk_monitor *monitor)
{
    const int64_t n = csk_net_parameters(net);
    csk_score_sum sum[CSK_TRAIN_LEVELS] = { { .error = 0. } };
    float *other = NULL;
    view v = { .plan = NULL };
    csk_status err = CSK_OK;

    if (count < 1)
        return csk_fail(CSK_ERR_ARG, "%d images, expected at least 1", count);
    if (weights) {
        other = csk_alloc(n, sizeof(*other));
        if (!other)
            return CSK_ERR_NOMEM;
        csk_copy(n, weights, other);
        exchange(net, other);
    }
    for (int i = 0; i < count && !err; i++)
        err =
            assess_image(sum, &v, net, &images[i], i, count, sigma_data, seed, monitor);
    if (weights)
        exchange(net, other);
    csk_free(other);
    view_clear(&v);
    if (!err)
        csk_score_conclude(score, sum, count);
    return err;
}
