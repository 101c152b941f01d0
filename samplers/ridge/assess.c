/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "samplers/prior_ridge.h"
#include "samplers/ridge/train.h"
#include "samplers/train/score_priv.h"

#include <math.h>

/* The middle of an image: enough to know how good the model is, on photographs of any size. */
static csk_status take_middle(csk_array *to, const csk_array *image)
{
    enum { MOST = 512 };
    const csk_space *s = &image->space;
    const int width = (int)s->field;
    int64_t dim[2], first[2];

    if (s->rank != 2)
        return csk_fail(CSK_ERR_SHAPE, "an image has %d axes, expected 2", s->rank);
    for (int i = 0; i < 2; i++) {
        dim[i] = s->dim[i] < MOST ? s->dim[i] : MOST;
        first[i] = (s->dim[i] - dim[i]) / 2;
    }
    const csk_space space = csk_space_make(s->field, 2, dim);
    const csk_status err = csk_array_init(to, &space);
    for (int64_t y = 0; y < dim[0] && !err; y++)
        csk_copy(dim[1] * width,
                 image->data + ((first[0] + y) * s->dim[1] + first[1]) * width,
                 to->data + y * dim[1] * width);
    return err;
}

/* One image at one level. */
static csk_status assess_level(csk_score_sum *sum, const csk_prior *p,
                               const csk_array *image, double sigma, csk_rng name,
                               float *noisy, float *d, float *work)
{
    const int64_t n = csk_space_len(&image->space);
    double lo, hi;

    csk_prior_sigma_range(p, &lo, &hi);
    csk_rng_normal(name, n, noisy);
    csk_axpby(n, 1., image->data, sigma, noisy);
    const double known = fmin(fmax(sigma, lo), hi); /* the nearest it was made for */
    const csk_status err = csk_prior_denoise(p, 1, d, noisy, &known, NULL, work);
    if (err)
        return err;
    csk_score_add(sum, n, pow(csk_distance(n, d, image->data), 2.) / (double)n,
                  pow(csk_distance(n, d, noisy) / sigma, 2.) / (double)n);
    return CSK_OK;
}

static csk_status assess_image(csk_score_sum *sum, const csk_tensors *model,
                               const csk_array *image, int number, int count,
                               uint64_t seed, const csk_monitor *monitor)
{
    csk_array middle = { .data = NULL };
    csk_prior *p = NULL;
    float *noisy = NULL, *d = NULL, *work = NULL;
    csk_status err = take_middle(&middle, image);

    if (!err)
        err = csk_prior_ridge(&p, &middle.space, model, 1.);
    if (!err) {
        noisy = csk_alloc(csk_space_len(&middle.space), sizeof(*noisy));
        d = csk_alloc(csk_space_len(&middle.space), sizeof(*d));
        work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
        err = noisy && d && work ? CSK_OK : CSK_ERR_NOMEM;
    }
    for (int k = 0; k < CSK_TRAIN_LEVELS && !err; k++) {
        err = assess_level(&sum[k], p, &middle, csk_train_levels[k],
                           (csk_rng){ seed, (uint32_t)k, (uint32_t)number }, noisy, d,
                           work);
        if (!err)
            err = csk_score_report(monitor, number, k, count);
    }
    csk_free(noisy);
    csk_free(d);
    csk_free(work);
    csk_prior_unref(p);
    csk_array_clear(&middle);
    return err;
}

csk_status csk_ridge_train_assess(csk_train_score *score, const csk_ridge_train *t,
                                  int count, const csk_array *images, uint64_t seed,
                                  const csk_monitor *monitor)
{
    csk_score_sum sum[CSK_TRAIN_LEVELS] = { { .error = 0. } };
    csk_tensors model = { .item = NULL };

    if (count < 1)
        return csk_fail(CSK_ERR_ARG, "%d images, expected at least 1", count);
    csk_status err = csk_ridge_train_export(t, NULL, &model);
    for (int i = 0; i < count && !err; i++)
        err = assess_image(sum, &model, &images[i], i, count, seed, monitor);
    csk_tensors_clear(&model);
    if (!err)
        csk_score_conclude(score, sum, count);
    return err;
}
