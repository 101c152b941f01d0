/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "samplers/prior_wavelet.h"
#include "tests/support/tst.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* -- fit ---------------------------------------------------------------------------- */

enum { ROWS = 128, COLS = 96 };

/* A draw of the model, as an array. */
static csk_array draw(const csk_wavelet_model *m, int64_t rows, int64_t cols,
                      uint32_t number)
{
    const csk_space space = csk_space_make(m->field, 2, (int64_t[]){ rows, cols });
    csk_array a = { 0 };
    csk_prior *p;

    tst_ok(csk_array_init(&a, &space));
    tst_ok(csk_prior_wavelet(&p, &space, m, 1., CSK_SHIFT_NONE));
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    ck_assert_ptr_nonnull(work);
    tst_ok(csk_prior_sample(p, 1, a.data, &(csk_rng){ 31, 0, number }, work));
    csk_free(work);
    csk_prior_unref(p);
    return a;
}

/* log p of an image at sigma = 0, per float. */
static double logp(const csk_wavelet_model *m, const csk_array *a)
{
    csk_prior *p;
    double value;

    tst_ok(csk_prior_wavelet(&p, &a->space, m, 1., CSK_SHIFT_NONE));
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    ck_assert_ptr_nonnull(work);
    tst_ok(csk_prior_logp(p, 1, &value, a->data, &(double){ 0. }, NULL, work));
    csk_free(work);
    csk_prior_unref(p);
    return value / (double)csk_space_len(&a->space);
}

static csk_wavelet_fit_opts plain(const char *family, int levels, int components)
{
    csk_wavelet_fit_opts o = csk_wavelet_fit_defaults();

    o.family = family;
    o.levels = levels;
    o.components = components;
    o.shifts = 1;
    o.phase = false;
    return o;
}

/*
 * From 4 draws of a known mixture, in real and complex: weights and variances of the finest
 * bands (12288 coefficients) return to within 15 %, several of their standard errors, and
 * unseen draws are as likely as under the truth.
 */
START_TEST(recovers_a_known_mixture)
{
    enum { COUNT = 4, K = 2 };
    const csk_field field = _i ? CSK_COMPLEX : CSK_REAL;
    const csk_wavelet_fit_opts o = plain("haar", 2, K);
    csk_wavelet_model truth = tst_wavelet_model(field, 2, "haar", 2, K);
    csk_wavelet_model m = { 0 };
    csk_array a[COUNT], other = draw(&truth, 64, 64, 9);
    const csk_array *images[COUNT];

    for (int i = 0; i < COUNT; i++) { /* images may differ in size */
        a[i] = draw(&truth, ROWS - 16 * i, COLS + 16 * i, (uint32_t)i);
        images[i] = &a[i];
    }
    tst_ok(csk_wavelet_fit(&m, COUNT, images, &o, 1));
    ck_assert_int_eq(m.field, field);
    ck_assert_int_eq(m.axes, 2);
    ck_assert_str_eq(m.family, "haar");
    ck_assert_int_eq(csk_wavelet_model_bands(&m), 7);
    for (int j = 4 * K; j < 7 * K; j++) {
        ck_assert_double_eq_tol(m.weight[j], truth.weight[j], .15 * truth.weight[j]);
        ck_assert_double_eq_tol(m.variance[j], truth.variance[j],
                                .15 * truth.variance[j]);
    }
    ck_assert_double_ge(logp(&m, &other), logp(&truth, &other) - .01);

    /* Two components too many do no harm. */
    csk_wavelet_model_clear(&m);
    tst_ok(csk_wavelet_fit(&m, COUNT, images,
                           &(csk_wavelet_fit_opts){ .levels = 2,
                                                    .components = 4,
                                                    .family = "haar",
                                                    .iterations = 300,
                                                    .shifts = 1 },
                           1));
    ck_assert_double_ge(logp(&m, &other), logp(&truth, &other) - .01);
    for (int i = 0; i < COUNT; i++)
        csk_array_clear(&a[i]);
    csk_array_clear(&other);
    csk_wavelet_model_clear(&m), csk_wavelet_model_clear(&truth);
}
END_TEST

/* The likelihood of the images it learns from rises with every iteration, to a plateau. */
START_TEST(likelihood_rises)
{
    static const int iterations[] = { 1, 2, 3, 5, 10, 20, 50, 300, 3000 };
    csk_wavelet_fit_opts o = plain("db2", 2, 3);
    csk_wavelet_model truth = tst_wavelet_model(CSK_REAL, 2, "db2", 2, 5);
    csk_array a = draw(&truth, 64, 64, 1);
    double last = -INFINITY, first = 0.;

    for (int i = 0; i < 9; i++) {
        csk_wavelet_model m = { 0 };
        o.iterations = iterations[i];
        tst_ok(csk_wavelet_fit(&m, 1, &(const csk_array *){ &a }, &o, 1));
        const double now = logp(&m, &a);
        ck_assert_double_ge(now, last - 1e-12);
        if (i == 0)
            first = now;
        if (i == 8) { /* it has ended by itself */
            ck_assert_double_le(now - last, 1e-3);
            ck_assert_double_ge(now, first + .01);
            ck_assert_double_ge(now, logp(&truth, &a) -
                                         1e-3); /* near a maximum, not below */
        }
        last = now;
        csk_wavelet_model_clear(&m);
    }
    csk_array_clear(&a);
    csk_wavelet_model_clear(&truth);
}
END_TEST

/* A picture: a disc on a ramp, as uint8 would hold it, around it nothing. */
static csk_array picture(int64_t rows, int64_t cols)
{
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ rows, cols });
    csk_array a = { 0 };

    tst_ok(csk_array_init(&a, &space));
    for (int64_t i = 0; i < rows * cols; i++) {
        const double y = (double)(i / cols) / (double)rows - .5;
        const double x = (double)(i % cols) / (double)cols - .5, r = hypot(x, y);
        a.data[i] = r < .2 ? 200.f : (r < .4 ? (float)floor(100. + 80. * x) : 0.f);
    }
    return a;
}

START_TEST(real_images_get_a_phase)
{
    csk_array a = picture(48, 40), zero = picture(48, 40);
    const csk_array *images[2] = { &zero, &a };
    csk_wavelet_fit_opts o = csk_wavelet_fit_defaults();
    csk_wavelet_model m = { 0 }, again = { 0 };
    const size_t bytes = 7 * 3 * sizeof(double);

    csk_zero(48 * 40, zero.data);
    o.family = "haar";
    o.levels = 2;
    o.components = 3;
    tst_set_threads(1);
    tst_ok(csk_wavelet_fit(&m, 2, images, &o, 1));
    ck_assert_int_eq(m.field, CSK_COMPLEX);
    ck_assert_double_eq(m.scale, 200.); /* more than a hundredth of it */
    for (int b = 0; b < 7; b++) {
        double sum = 0.;
        for (int k = 0; k < 3; k++) {
            sum += m.weight[3 * b + k];
            ck_assert_double_ge(m.variance[3 * b + k],
                                .04 * (1. - 1e-12)); /* the floor */
            ck_assert(!k || m.variance[3 * b + k] >= m.variance[3 * b + k - 1]);
        }
        ck_assert_double_eq_tol(sum, 1., 1e-12);
    }

    /* The same seed and the same bits on other threads; another seed, other phases. */
    tst_set_threads(7);
    tst_ok(csk_wavelet_fit(&again, 2, images, &o, 1));
    ck_assert_mem_eq(m.weight, again.weight, bytes);
    ck_assert_mem_eq(m.variance, again.variance, bytes);
    csk_wavelet_model_clear(&again);
    tst_ok(csk_wavelet_fit(&again, 2, images, &o, 2));
    ck_assert(m.variance[20] != again.variance[20]);
    csk_wavelet_model_clear(&again);
    o.phase = false;
    tst_ok(csk_wavelet_fit(&again, 2, images, &o, 1));
    ck_assert_int_eq(again.field, CSK_REAL);
    csk_wavelet_model_clear(&again), csk_wavelet_model_clear(&m);
    csk_array_clear(&a), csk_array_clear(&zero);
}
END_TEST

START_TEST(rejects_bad_images)
{
    csk_array a = picture(48, 40), b = picture(48, 40), c = { 0 };
    const csk_array *images[2] = { &a, &b };
    csk_wavelet_fit_opts o = csk_wavelet_fit_defaults();
    csk_wavelet_model m = { 0 };

    o.family = "haar";
    o.levels = 2;
    tst_fails(csk_wavelet_fit(&m, 0, images, &o, 1), CSK_ERR_ARG,
              "0 images, expected at least 1");
    b.data[7] = NAN;
    tst_fails(csk_wavelet_fit(&m, 2, images, &o, 1), CSK_ERR_NUMERIC,
              "float 7 of image 1 is nan");
    csk_zero(48 * 40, b.data);
    tst_fails(csk_wavelet_fit(&m, 1, images + 1, &o, 1), CSK_ERR_NUMERIC,
              "all images are zero everywhere");
    b.space.rank = 1;
    tst_fails(csk_wavelet_fit(&m, 2, images, &o, 1), CSK_ERR_SHAPE,
              "image 0 is real 48x40, image 1 is real 48");
    b.space.rank = 2;
    o.levels = 9;
    tst_fails(csk_wavelet_fit(&m, 1, images, &o, 1), CSK_ERR_SHAPE,
              "image 0: complex 48x40 is too small for 9 levels of haar");
    o.levels = 2;
    o.family = "db99";
    tst_fails(csk_wavelet_fit(&m, 1, images, &o, 1), CSK_ERR_ARG, "family is \"db99\"");
    o.family = "haar";
    o.components = 17;
    tst_fails(csk_wavelet_fit(&m, 1, images, &o, 1), CSK_ERR_ARG, "components");
    o.components = 5;

    const csk_space four = csk_space_make(CSK_REAL, 4, (int64_t[]){ 2, 2, 2, 2 });
    tst_ok(csk_array_init(&c, &four));
    images[0] = &c;
    tst_fails(csk_wavelet_fit(&m, 1, images, &o, 1), CSK_ERR_SHAPE,
              "rank 4, not in 1..3");
    images[0] = &a;
    csk_scale(48 * 40, 1e18, a.data); /* 200e18 squared is no variance */
    tst_fails(csk_wavelet_fit(&m, 1, images, &o, 1), CSK_ERR_NUMERIC, "variances");
    ck_assert_ptr_null(m.weight);
    csk_array_clear(&a), csk_array_clear(&b), csk_array_clear(&c);
}
END_TEST

static const csk_array *the_image;

static csk_status fit_it(void)
{
    csk_wavelet_fit_opts o = csk_wavelet_fit_defaults();
    csk_wavelet_model m = { 0 };

    o.family = "haar";
    o.levels = 1;
    o.components = 2;
    o.iterations = 2;
    o.shifts = 2;
    const csk_status err = csk_wavelet_fit(&m, 1, &the_image, &o, 1);
    csk_wavelet_model_clear(&m);
    return err;
}

START_TEST(survives_out_of_memory)
{
    csk_array a = picture(8, 8);

    the_image = &a;
    tst_out_of_memory(fit_it);
    csk_array_clear(&a);
}
END_TEST

/* -- a brain ------------------------------------------------------------------------- */

/*
 * Colin27, slices 2 cm apart from the one that is denoised, unit scale, smooth phase, noise .05
 * in every float: one shift removes at least 5 dB, the mean over 16 shifts 1 dB more.
 */
START_TEST(denoises_a_brain)
{
    enum { N = 160, SLICES = 4, CHAINS = 16 };
    static const char path[] = "/usr/share/mricron/templates/ch2bet.nii.gz";
    static const int64_t slice[SLICES + 1] = { 50, 70, 110, 130, 90 };
    csk_array volume = { 0 }, a[SLICES + 1] = { 0 }, truth = { 0 };
    const csk_array *images[SLICES + 1];
    csk_wavelet_fit_opts o = csk_wavelet_fit_defaults();
    csk_wavelet_model m = { 0 };
    csk_prior *p;

    FILE *f = fopen(path, "rb");
    if (!f) {
        (void)fprintf(stderr, "denoises_a_brain: skipped, there is no %s\n", path);
        return;
    }
    (void)fclose(f);
    tst_ok(csk_read(&volume, path));
    ck_assert_int_eq(volume.space.rank, 3);
    const int64_t rows = volume.space.dim[1], cols = volume.space.dim[2];
    const csk_space space = csk_space_make(CSK_REAL, 2, (int64_t[]){ N, N });
    for (int i = 0; i <= SLICES; i++) {
        tst_ok(csk_array_init(&a[i], &space));
        for (int64_t j = 0; j < N * N; j++) /* the middle of the slice */
            a[i].data[j] =
                volume.data[(slice[i] * rows + (rows - N) / 2 + j / N) * cols +
                            (cols - N) / 2 + j % N];
        images[i] = &a[i];
    }
    o.shifts = 2;
    o.iterations = 100;
    tst_ok(csk_wavelet_fit(&m, SLICES, images, &o, 1));

    const csk_space complex_space = csk_space_make(CSK_COMPLEX, 2, space.dim);
    const int64_t n = csk_space_len(&complex_space);
    tst_ok(csk_array_init(&truth, &complex_space));
    for (int64_t j = 0; j < N * N; j++)
        truth.data[2 * j] = a[SLICES].data[j] / (float)m.scale;
    tst_ok(csk_smooth_phase(&truth, 5));
    tst_ok(csk_prior_wavelet(&p, &complex_space, &m, 1. / m.scale, CSK_SHIFT_STEP));
    float *x = tst_normal(n, 1, 0), *d = csk_alloc(n, sizeof(*d));
    float *mean = csk_alloc(n, sizeof(*mean));
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    double one = 0.;

    csk_axpby(n, 1., truth.data, .05, x);
    for (uint32_t k = 0; k < CHAINS; k++) {
        tst_ok(csk_prior_denoise(p, 1, d, x, &(double){ .05 }, &(csk_rng){ 2, 0, k },
                                 work));
        csk_axpby(n, 1. / CHAINS, d, 1., mean);
        if (k == 0)
            one = 20. * log10(csk_distance(n, x, truth.data) /
                              csk_distance(n, d, truth.data));
    }
    const double many =
        20. * log10(csk_distance(n, x, truth.data) / csk_distance(n, mean, truth.data));
    ck_assert_double_ge(one, 5.);
    ck_assert_double_ge(many, one + 1.);
    csk_prior_unref(p);
    csk_free(x), csk_free(d), csk_free(mean), csk_free(work);
    for (int i = 0; i <= SLICES; i++)
        csk_array_clear(&a[i]);
    csk_array_clear(&volume), csk_array_clear(&truth);
    csk_wavelet_model_clear(&m);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prior_wavelet_fit");
    TCase *t = tcase_create("core");

    tcase_set_timeout(t, 60.);
    tcase_add_loop_test(t, recovers_a_known_mixture, 0, 2);
    tcase_add_test(t, likelihood_rises);
    tcase_add_test(t, real_images_get_a_phase);
    tcase_add_test(t, rejects_bad_images);
    tcase_add_test(t, survives_out_of_memory);
    tcase_add_test(t, denoises_a_brain);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
