/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Algorithm 3 of Xun, Gupta, Price (2025) with the library: l1-wavelet estimate, its error
 * under the prior, 16 samples of the posterior, their mean and standard deviation.
 *
 *     recover KSPACE COILS PRIOR ETA MEAN STD
 *
 * KSPACE and COILS are [coil][y][x], k-space is 0 where it was not measured. ETA is the
 * noise in each real number. As `csk simulate` and `csk prior fit` make them.
 */
#include "cs/csk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 16, IMAGE_AXES = 3 /* bits: y and x */ };

static void must(csk_status err)
{
    if (err) {
        (void)fprintf(stderr, "recover: %s\n", csk_error_message());
        exit(1);
    }
}

static float *floats(int64_t n)
{
    float *x = csk_alloc(n, sizeof(*x));

    must(x ? CSK_OK : CSK_ERR_NOMEM);
    return x;
}

typedef struct naive {
    const csk_linop *A;
    const csk_prox *g;
    csk_fista_opts opts;
} naive;

static csk_status l1_wavelet(void *user, float *x, const float *b)
{
    const naive *v = user;

    return csk_fista(x, v->A, b, v->g, &v->opts, NULL);
}

int main(int argc, char **argv)
{
    csk_array kspace = { .data = NULL }, coils = { .data = NULL };
    csk_array mean = { .data = NULL }, std = { .data = NULL };
    csk_wavelet_model model = { .weight = NULL };
    csk_linop *A, *keep;
    csk_prox *g;
    csk_prior *prior;
    csk_summary *summary;

    if (argc != 7) {
        (void)fprintf(stderr, "usage: recover KSPACE COILS PRIOR ETA MEAN STD\n");
        return 2;
    }
    must(csk_read(&kspace, argv[1]));
    must(csk_read(&coils, argv[2]));
    must(csk_wavelet_model_read(&model, argv[3]));
    const double eta = strtod(argv[4], NULL);
    if (!csk_space_equal(&kspace.space, &coils.space) || kspace.space.rank != 3)
        must(csk_fail(CSK_ERR_SHAPE, "k-space and coils are not both [coil][y][x]"));

    /* A: coils, Fourier transform, and the samples that some coil has measured. */
    const int64_t pixels = kspace.space.dim[1] * kspace.space.dim[2];
    uint8_t *mask = csk_alloc(pixels, 1);
    must(mask ? CSK_OK : CSK_ERR_NOMEM);
    for (int64_t i = 0; i < csk_space_len(&kspace.space); i++)
        mask[i / 2 % pixels] |= kspace.data[i] != 0.f;
    must(csk_linop_sense(&A, &coils.space, coils.data, mask));
    must(csk_linop_sample(&keep, &kspace.space, mask, pixels));
    const csk_space *image = csk_linop_domain(A);
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    float *b = floats(m), *x0 = floats(n), *x = floats(SAMPLES * n);
    csk_linop_apply(keep, b, kspace.data, NULL);

    /* Step 1: the naive estimate. */
    naive solver = { A, NULL, csk_fista_defaults() };
    must(csk_prox_wavelet_l1(&g, image, IMAGE_AXES, "sym4", 4, true));
    solver.g = g;
    solver.opts.lambda = 2. * eta;
    must(l1_wavelet(&solver, x0, b));

    /* The prior in the units of the data, and the error of the naive estimate under it. */
    double radius, residual[SAMPLES];
    csk_modulus(n / 2, 2, x0, x);
    const double unit = csk_quantile(n / 2, x, .99) / model.scale;
    must(csk_prior_wavelet(&prior, image, &model, unit, CSK_SHIFT_STEP));
    const csk_posterior post = { .A = A, .b = b, .noise_std = eta, .prior = prior };
    must(csk_radius_simulate(&radius, &post, l1_wavelet, &solver, 8, .1,
                             (csk_rng){ .seed = 2 }));

    /* Steps 2 to 4. */
    must(csk_recover(x, &post, SAMPLES, x0, radius, (csk_rng){ .seed = 1 }, NULL,
                     residual, NULL));
    must(csk_summary_new(&summary, image, SAMPLES, .05));
    for (int k = 0; k < SAMPLES; k++)
        must(csk_summary_add(summary, x + k * n));
    must(csk_summary_mean(summary, &mean));
    must(csk_summary_std(summary, &std));
    must(csk_write(&mean, argv[5], NULL));
    must(csk_write(&std, argv[6], NULL));
    (void)printf("residual norm %.4g, expected %.4g\n", residual[0],
                 eta * sqrt((double)m));

    csk_summary_free(summary);
    csk_prior_unref(prior);
    csk_prox_free(g);
    csk_linop_unref(keep);
    csk_linop_unref(A);
    csk_wavelet_model_clear(&model);
    csk_free(x);
    csk_free(x0);
    csk_free(b);
    csk_free(mask);
    csk_array_clear(&std);
    csk_array_clear(&mean);
    csk_array_clear(&coils);
    csk_array_clear(&kspace);
    return 0;
}
