/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "samplers/prior_ridge.h"
#include "samplers/ridge_train.h"

#include <math.h>

typedef struct sums {
    double error, weight, norm, norm2; /* weight: floats; the rest sums over images */
} sums;

/* One image at all levels. */
static csk_status assess_image(sums *sum, const csk_tensors *model,
                               const csk_array *image, int number, uint64_t seed)
{
    const int64_t n = csk_space_len(&image->space);
    csk_prior *p = NULL;
    csk_status err = csk_prior_ridge(&p, &image->space, model, 1.);

    if (err)
        return err;
    float *noisy = csk_alloc(n, sizeof(*noisy)), *d = csk_alloc(n, sizeof(*d));
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    if (!noisy || !d || !work)
        err = CSK_ERR_NOMEM;
    for (int k = 0; k < CSK_TRAIN_LEVELS && !err; k++) {
        const double sigma = csk_train_levels[k];
        double lo, hi;

        csk_prior_sigma_range(p, &lo, &hi);
        csk_rng_normal((csk_rng){ seed, (uint32_t)k, (uint32_t)number }, n, noisy);
        csk_axpby(n, 1., image->data, sigma, noisy);
        const double known =
            fmin(fmax(sigma, lo), hi); /* the nearest it was made for */
        err = csk_prior_denoise(p, 1, d, noisy, &known, NULL, work);
        if (err)
            break;
        const double norm = pow(csk_distance(n, d, noisy) / sigma, 2.) / (double)n;
        sum[k].error += pow(csk_distance(n, d, image->data), 2.);
        sum[k].weight += (double)n;
        sum[k].norm += sqrt(norm);
        sum[k].norm2 += norm;
    }
    csk_free(noisy);
    csk_free(d);
    csk_free(work);
    csk_prior_unref(p);
    return err;
}

static void conclude(csk_train_score *score, const sums *sum, int count)
{
    for (int k = 0; k < CSK_TRAIN_LEVELS; k++) {
        const double mean = sum[k].norm / count;
        const double variance =
            count > 1 ? (sum[k].norm2 - count * mean * mean) / (count - 1) : 0.;

        score->psnr[k] = -10. * log10(sum[k].error / sum[k].weight);
        score->gain[k] = score->psnr[k] + 20. * log10(csk_train_levels[k]);
        score->norm[k] = mean;
        score->norm_std[k] = sqrt(fmax(variance, 0.));
    }
}

csk_status csk_ridge_train_assess(csk_train_score *score, const csk_ridge_train *t,
                                  int count, const csk_array *images, uint64_t seed,
                                  const csk_monitor *monitor)
{
    const csk_monitor none = { .call = NULL };
    sums sum[CSK_TRAIN_LEVELS] = { { .error = 0. } };
    csk_tensors model = { .item = NULL };

    if (count < 1)
        return csk_fail(CSK_ERR_ARG, "%d images, expected at least 1", count);
    csk_status err = csk_ridge_train_export(t, NULL, &model);
    for (int i = 0; i < count && !err; i++) {
        const csk_progress p = { .what = "assessment",
                                 .iter = i + 1,
                                 .max_iter = count,
                                 .residual = NAN,
                                 .change = NAN };

        err = assess_image(sum, &model, &images[i], i, seed);
        if (!err)
            err = csk_monitor_report(monitor ? monitor : &none, &p);
    }
    csk_tensors_clear(&model);
    if (!err)
        conclude(score, sum, count);
    return err;
}
