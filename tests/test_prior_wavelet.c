/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/wavelet.h"
#include "samplers/prior_wavelet.h"
#include "tests/support/tst.h"
#include "tests/support/tst_model.h"
#include "tests/support/tst_prior.h"

#include <math.h>
#include <string.h>

/* -- any prior ------------------------------------------------------------------ */

static const struct {
    csk_space space;
    const char *family;
    int axes, levels, components;
    csk_wavelet_shift shift;
} cases[] = {
    { TST_REAL(33), "haar", 1, 3, 1, CSK_SHIFT_NONE },
    { TST_REAL(3, 21, 16), "db2", 2, 2, 3, CSK_SHIFT_CHAIN },
    { TST_COMPLEX(32, 37), "sym4", 2, 2, 5, CSK_SHIFT_STEP },
    { TST_COMPLEX(6, 9, 8), "db2", 3, 1, 16, CSK_SHIFT_STEP },
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static csk_prior *prior_of(const csk_space *space, const csk_wavelet_model *m,
                           double unit, csk_wavelet_shift shift)
{
    csk_prior *p;

    tst_ok(csk_prior_wavelet(&p, space, m, unit, shift));
    return p;
}

static float *work_for(const csk_prior *p, int batch)
{
    float *work = csk_alloc(csk_prior_work_len(p, batch), sizeof(*work));

    ck_assert_ptr_nonnull(work);
    return work;
}

START_TEST(is_a_prior)
{
    static const double sigma[] = { .03, .3, 3. };
    csk_wavelet_model m =
        tst_wavelet_model(cases[_i].space.field, cases[_i].axes, cases[_i].family,
                          cases[_i].levels, cases[_i].components);
    csk_prior *p = prior_of(&cases[_i].space, &m, 1., cases[_i].shift);

    ck_assert_str_eq(csk_prior_name(p), "wavelet");
    tst_prior(p, 3, sigma, 1e-3);
    tst_prior_batch(p);
    csk_prior_unref(p);
    csk_wavelet_model_clear(&m);
}
END_TEST

/* Large enough for threads inside one image, too. */
START_TEST(large_images_give_the_same_bits)
{
    const csk_space space = TST_COMPLEX(300, 260);
    csk_wavelet_model m = tst_wavelet_model(CSK_COMPLEX, 2, "db2", 2, 2);
    csk_prior *p = prior_of(&space, &m, 1., CSK_SHIFT_STEP);
    const int64_t n = csk_space_len(&space);
    float *x = tst_normal(n, 3, 0), *work = work_for(p, 1);
    float *d = csk_alloc(2 * n, sizeof(*d));

    for (int k = 0; k < 2; k++) {
        tst_set_threads(k ? 7 : 1);
        tst_ok(csk_prior_denoise(p, 1, d + k * n, x, &(double){ .2 },
                                 &(csk_rng){ 1, 1, 1 }, work));
    }
    ck_assert_mem_eq(d, d + n, (size_t)n * sizeof(*d));
    csk_prior_unref(p);
    csk_free(x), csk_free(work), csk_free(d);
    csk_wavelet_model_clear(&m);
}
END_TEST

/* -- the scale mixture ------------------------------------------------------------ */

/* E[c0 | c0 + sigma n = c] / c in double, from the formula. */
static double gain(int K, int width, const double *weight, const double *variance,
                   double sigma, double size)
{
    double r[16], top = -INFINITY, sum = 0., g = 0.;

    for (int k = 0; k < K; k++) {
        const double V = variance[k] + sigma * sigma;
        r[k] = log(weight[k]) - .5 * width * log(V) - .5 * size * size / V;
        top = fmax(top, r[k]);
    }
    for (int k = 0; k < K; k++) {
        r[k] = exp(r[k] - top);
        sum += r[k];
        g += r[k] * variance[k] / (variance[k] + sigma * sigma);
    }
    return g / sum;
}

/* The same by its definition: the integral over c0, on a grid of @p width axes. */
static double gain_by_quadrature(int K, int width, const double *weight,
                                 const double *variance, double sigma, double size)
{
    enum { HALF = 400 };
    const double step = 8. / HALF, s2 = sigma * sigma;
    double sum = 0., first = 0.;

    for (int i = -HALF; i <= HALF; i++) {
        for (int j = width == 2 ? -HALF : 0; j <= (width == 2 ? HALF : 0); j++) {
            const double re = step * i, im = step * j, u = re * re + im * im;
            double p = 0.;
            for (int k = 0; k < K; k++)
                p += weight[k] * pow(variance[k], -.5 * width) *
                     exp(-.5 * u / variance[k]);
            p *= exp(-.5 * ((re - size) * (re - size) + im * im) / s2);
            sum += p;
            first += p * re;
        }
    }
    return first / sum / size;
}

/* A model with one mixture in all its bands. */
static csk_wavelet_model uniform_model(csk_field field, int K, const double *weight,
                                       const double *variance)
{
    csk_wavelet_model m = tst_wavelet_model(field, 1, "haar", 2, K);

    for (int i = 0; i < csk_wavelet_model_bands(&m) * K; i++) {
        m.weight[i] = weight[i % K];
        m.variance[i] = variance[i % K];
    }
    return m;
}

/* Coefficients that all have one size come out with one gain: sizes over eight decades. */
START_TEST(gain_is_that_of_the_mixture)
{
    enum { K = 5, N = 64 };
    static const double weight[K] = { .4, .3, 0., .2, .1 };
    static const double variance[K] = { 1e-6, 1e-3, 2e-3, .04, .05 };
    static const double sigmas[] = { 1e-3, .03, .1, 2. };
    const csk_field field = _i % 2 ? CSK_COMPLEX : CSK_REAL;
    const int width = (int)field;
    const double sigma = sigmas[_i / 2];
    const csk_space space = { .field = field, .rank = 1, .dim = { N } };
    csk_wavelet_model m = uniform_model(field, K, weight, variance);
    csk_prior *p = prior_of(&space, &m, 1., CSK_SHIFT_NONE);
    float c[2 * N], x[2 * N], d[2 * N], *work = work_for(p, 1);
    csk_wavelet *w;

    tst_ok(csk_wavelet_new(&w, &space, 1, "haar", 2));
    for (int e = -24; e <= 8; e++) {
        const double size = pow(10., e / 4.);
        for (int i = 0; i < N * width; i++) {
            const double part = width == 1 ? 1. : (i % 2 ? .6 : .8);
            c[i] = (float)((i / width % 3 ? 1. : -1.) * size * part);
        }
        csk_wavelet_inverse(w, x, c, NULL, work);
        tst_ok(csk_prior_denoise(p, 1, d, x, &sigma, NULL, work));
        csk_wavelet_forward(w, x, d, NULL, work);
        const double g = gain(K, width, weight, variance, sigma, size);
        for (int i = 0; i < N * width; i++)
            ck_assert_msg(fabs(x[i] - g * c[i]) <= 3e-6 * g * size,
                          "sigma %g, |c| %g: %.9g, expected %.9g", sigma, size, x[i],
                          g * c[i]);
    }
    if (sigma == .1) { /* a grid resolves these */
        static const double wide[2] = { .04, .5 }, half[2] = { .5, .5 };
        ck_assert_double_eq_tol(gain(2, width, half, wide, sigma, .31),
                                gain_by_quadrature(2, width, half, wide, sigma, .31),
                                1e-9);
    }
    csk_prior_unref(p);
    csk_free(work);
    csk_wavelet_free(w);
    csk_wavelet_model_clear(&m);
}
END_TEST

/* log p of an image is the sum over its coefficients: one component is a Gaussian. */
START_TEST(one_component_is_a_gaussian)
{
    enum { N = 8 };
    static const double weight = 1., variance = .3;
    const csk_space space = TST_COMPLEX(N);
    csk_wavelet_model m = uniform_model(CSK_COMPLEX, 1, &weight, &variance);
    csk_prior *p = prior_of(&space, &m, 2., CSK_SHIFT_NONE); /* variance 1.2 */
    float *x = tst_normal(2 * N, 5, 0), d[2 * N], *work = work_for(p, 1);
    const double sigma = .5, V = 1.2 + .25;
    double logp, u = csk_dot(2 * N, x, x);

    tst_ok(csk_prior_logp(p, 1, &logp, x, &sigma, NULL, work));
    ck_assert_double_eq_tol(logp, -.5 * u / V - N * log(6.283185307179586 * V), 1e-5);
    tst_ok(csk_prior_denoise(p, 1, d, x, &sigma, NULL, work));
    csk_scale(2 * N, 1.2 / V, x);
    ck_assert_double_le(tst_distance(2 * N, d, x), 1e-6);
    tst_ok(csk_prior_denoise(p, 1, d, x, &(double){ 0. }, NULL, work));
    ck_assert_mem_eq(d, x, sizeof(d)); /* no noise to remove */
    tst_ok(csk_prior_vjp(p, 1, d, x, x, &(double){ 0. }, NULL, work));
    ck_assert_mem_eq(d, x, sizeof(d));
    csk_prior_unref(p);
    csk_free(x), csk_free(work);
    csk_wavelet_model_clear(&m);
}
END_TEST

/* Images twice as large: D(2x, 2 sigma) = 2 D(x, sigma). */
START_TEST(unit_scales_the_prior)
{
    const csk_space space = TST_COMPLEX(16, 16);
    csk_wavelet_model m = tst_wavelet_model(CSK_COMPLEX, 2, "haar", 2, 4);
    csk_prior *p = prior_of(&space, &m, 1., CSK_SHIFT_NONE);
    csk_prior *q = prior_of(&space, &m, 2., CSK_SHIFT_NONE);
    const int64_t n = csk_space_len(&space);
    float *x = tst_normal(n, 5, 0), *d = csk_alloc(2 * n, sizeof(*d));
    float *work = work_for(p, 1);
    double logp[2];

    tst_ok(csk_prior_denoise(p, 1, d, x, &(double){ .2 }, NULL, work));
    tst_ok(csk_prior_logp(p, 1, logp, x, &(double){ .2 }, NULL, work));
    csk_scale(n, 2., x);
    tst_ok(csk_prior_denoise(q, 1, d + n, x, &(double){ .4 }, NULL, work));
    tst_ok(csk_prior_logp(q, 1, logp + 1, x, &(double){ .4 }, NULL, work));
    csk_scale(n, 2., d);
    ck_assert_double_gt(csk_prior_spread(p), 0.);
    ck_assert_double_eq_tol(csk_prior_spread(q), 2. * csk_prior_spread(p), 1e-12);
    ck_assert_double_le(tst_distance(n, d + n, d), 1e-6);
    ck_assert_double_eq_tol(logp[1], logp[0] - (double)n * log(2.),
                            1e-6 * fabs(logp[0]));
    csk_prior_unref(p), csk_prior_unref(q);
    csk_free(x), csk_free(d), csk_free(work);
    csk_wavelet_model_clear(&m);
}
END_TEST

/*
 * Second and fourth moments of the coefficients of 200 draws, band by band, within 5 standard
 * errors as the draws have them: 14 comparisons, false alarm 1e-5.
 */
START_TEST(samples_have_the_right_moments)
{
    enum { DRAWS = 200, K = 3, BANDS = 7 };
    const csk_field field = _i ? CSK_COMPLEX : CSK_REAL;
    const int width = (int)field;
    const csk_space space = { .field = field, .rank = 2, .dim = { 16, 12 } };
    csk_wavelet_model m = tst_wavelet_model(field, 2, "haar", 2, K);
    csk_prior *p = prior_of(&space, &m, 1., CSK_SHIFT_CHAIN);
    float x[2 * 192], c[2 * 192], *work = work_for(p, 1);
    double count[BANDS] = { 0. }, sum[BANDS][5] = { { 0. } };
    csk_wavelet *w;

    tst_ok(csk_wavelet_new(&w, &space, 3, "haar", 2));
    ck_assert_int_eq(csk_wavelet_bands(w), BANDS);
    for (int i = 0; i < DRAWS; i++) {
        const csk_rng name = { 3, 1, (uint32_t)i };
        int64_t shift[CSK_MAX_RANK];
        tst_ok(csk_prior_sample(p, 1, x, &name, work));
        csk_wavelet_random_shift(w, name.seed, name.stream, UINT32_MAX, shift);
        csk_wavelet_forward(w, c, x, shift, work);
        for (int b = 0; b < BANDS; b++) {
            const csk_band *band = csk_wavelet_band(w, b);
            for (int64_t j = 0; j < band->dim[0] * band->dim[1]; j++) {
                const float *at = c + ((band->offset[0] + j / band->dim[1]) * 12 +
                                       band->offset[1] + j % band->dim[1]) *
                                          width;
                const double u = csk_dot(width, at, at);
                count[b]++;
                for (int k = 1; k <= 4; k++)
                    sum[b][k] += pow(u, k);
            }
        }
    }
    for (int b = 0; b < BANDS; b++) {
        double second = 0., fourth = 0.;
        for (int k = 0; k < K; k++) {
            const double v = m.variance[b * K + k];
            second += m.weight[b * K + k] * width * v;
            fourth += m.weight[b * K + k] * (width == 1 ? 3. : 8.) * v * v;
        }
        for (int k = 1; k <= 2; k++) {
            const double mean = sum[b][k] / count[b];
            const double se = sqrt((sum[b][2 * k] / count[b] - mean * mean) / count[b]);
            ck_assert_double_le(fabs(mean - (k == 1 ? second : fourth)), 5. * se);
        }
    }
    csk_prior_unref(p);
    csk_free(work);
    csk_wavelet_free(w);
    csk_wavelet_model_clear(&m);
}
END_TEST

/* -- shifts -------------------------------------------------------------------------- */

enum { ROWS = 20, COLS = 24, LEN = 2 * ROWS * COLS };
static const csk_space image = TST_COMPLEX(ROWS, COLS);

/* y[j] = x[j - shift], cyclically. */
static void roll(float *y, const float *x, const int64_t *shift, int sign)
{
    for (int64_t i = 0; i < ROWS; i++) {
        for (int64_t j = 0; j < COLS; j++) {
            const int64_t r = (i + sign * shift[0] + 4 * ROWS) % ROWS;
            const int64_t s = (j + sign * shift[1] + 4 * COLS) % COLS;
            memcpy(y + 2 * (r * COLS + s), x + 2 * (i * COLS + j), 2 * sizeof(*y));
        }
    }
}

/* A shift is: move the image, denoise it, move it back. It is named as the header says. */
START_TEST(shifts_move_the_image)
{
    csk_wavelet_model m = tst_wavelet_model(CSK_COMPLEX, 2, "db2", 2, 3);
    csk_prior *none = prior_of(&image, &m, 1., CSK_SHIFT_NONE);
    csk_prior *chain = prior_of(&image, &m, 1., CSK_SHIFT_CHAIN);
    csk_prior *step = prior_of(&image, &m, 1., CSK_SHIFT_STEP);
    float *x = tst_normal(LEN, 4, 0), *work = work_for(none, 1);
    float moved[LEN], d[LEN], want[LEN];
    const double sigma = .2;
    int differ = 0;
    csk_wavelet *w;

    tst_ok(csk_wavelet_new(&w, &image, 3, "db2", 2));
    for (uint32_t k = 0; k < 8; k++) {
        const csk_rng name = { 9, k / 2, k };
        for (int s = 0; s < 2; s++) {
            int64_t shift[CSK_MAX_RANK];
            csk_wavelet_random_shift(w, 9, k / 2, s ? k : UINT32_MAX, shift);
            roll(moved, x, shift, 1);
            tst_ok(csk_prior_denoise(none, 1, d, moved, &sigma, &name, work));
            roll(want, d, shift, -1);
            tst_ok(csk_prior_denoise(s ? step : chain, 1, d, x, &sigma, &name, work));
            ck_assert_double_le(tst_distance(LEN, d, want), 1e-6);
            differ += shift[0] || shift[1];
        }
    }
    ck_assert_int_ge(differ, 8); /* one of 16 shifts is none */
    csk_prior_unref(none), csk_prior_unref(chain), csk_prior_unref(step);
    csk_free(x), csk_free(work);
    csk_wavelet_free(w);
    csk_wavelet_model_clear(&m);
}
END_TEST

/* A chain keeps its shift at every draw and noise level; a step has one for each draw. */
START_TEST(chains_keep_their_shift)
{
    csk_wavelet_model m = tst_wavelet_model(CSK_COMPLEX, 2, "db2", 2, 3);
    float *x = tst_normal(LEN, 4, 0);
    float d[3][LEN];
    const double sigma = .2;

    for (int s = CSK_SHIFT_NONE; s <= CSK_SHIFT_STEP; s++) {
        csk_prior *p = prior_of(&image, &m, 1., (csk_wavelet_shift)s);
        float *work = work_for(p, 1);
        int new_draw = 0, new_stream = 0;

        for (uint32_t k = 0; k < 4; k++) {
            const csk_rng names[3] = { { 7, 8 * k, 0 },
                                       { 7, 8 * k, 1 },
                                       { 7, 8 * k + 1, 0 } };
            for (int i = 0; i < 3; i++)
                tst_ok(csk_prior_denoise(p, 1, d[i], x, &sigma, &names[i], work));
            new_draw += tst_distance(LEN, d[0], d[1]) > 0.;
            new_stream += tst_distance(LEN, d[0], d[2]) > 0.;
        }
        ck_assert_int_eq(new_draw > 0, s == CSK_SHIFT_STEP);
        ck_assert_int_eq(new_stream > 0, s != CSK_SHIFT_NONE);

        /* Without a name there is no shift. */
        csk_prior *none = prior_of(&image, &m, 1., CSK_SHIFT_NONE);
        tst_ok(csk_prior_denoise(p, 1, d[0], x, &sigma, NULL, work));
        tst_ok(csk_prior_denoise(none, 1, d[1], x, &sigma, NULL, work));
        ck_assert_mem_eq(d[0], d[1], sizeof(d[0]));
        csk_prior_unref(p), csk_prior_unref(none);
        csk_free(work);
    }
    csk_free(x);
    csk_wavelet_model_clear(&m);
}
END_TEST

/* -- arguments ------------------------------------------------------------------------ */

#define REFUSED(code, text)                                                            \
    do {                                                                               \
        csk_prior *p_ = NULL;                                                          \
        ck_assert_int_eq(csk_prior_wavelet(&p_, &space, &m, unit, CSK_SHIFT_NONE),     \
                         code);                                                        \
        ck_assert_msg(strstr(csk_error_message(), text) != NULL, "%s",                 \
                      csk_error_message());                                            \
        ck_assert_ptr_null(p_);                                                        \
    } while (0)

START_TEST(rejects_bad_arguments)
{
    csk_wavelet_model m = tst_wavelet_model(CSK_COMPLEX, 2, "sym4", 2, 3);
    csk_space space = TST_COMPLEX(20, 24);
    double unit = 1.;

    space.field = CSK_REAL;
    REFUSED(CSK_ERR_SHAPE, "the model is of complex images, the space is real");
    space.field = CSK_COMPLEX;
    space.rank = 1;
    REFUSED(CSK_ERR_SHAPE, "complex 20 has fewer than the model's 2 axes");
    space.rank = 2;
    space.dim[1] = 10;
    REFUSED(CSK_ERR_SHAPE, "complex 20x10 is too small for 2 levels of sym4");
    space.dim[1] = 0;
    REFUSED(CSK_ERR_ARG, "");
    space.dim[1] = 24;
    unit = NAN;
    REFUSED(CSK_ERR_ARG, "unit is nan");
    unit = 1e20;
    REFUSED(CSK_ERR_ARG, "unit 1e+20 makes a variance");
    unit = 1.;
    m.weight[4] = -.5;
    REFUSED(CSK_ERR_ARG, "bands[1].weights[1] is -0.5");
    m.weight[4] = 0.;
    REFUSED(CSK_ERR_ARG, "bands[1].weights sum to ");
    m.weight[3] = m.weight[4] = m.weight[5] = 1. / 3.;
    m.variance[2] = 0.;
    REFUSED(CSK_ERR_ARG, "bands[0].variances[2] is 0");
    m.variance[2] = 1.;
    m.scale = 0.;
    REFUSED(CSK_ERR_ARG, "scale is 0");
    m.scale = 1.;
    m.axes = 4;
    REFUSED(CSK_ERR_ARG, "axes is 4");
    m.axes = 2;
    m.levels = 0;
    REFUSED(CSK_ERR_ARG, "levels is 0");
    m.levels = 2;
    m.components = 17;
    REFUSED(CSK_ERR_ARG, "components is 17");
    m.components = 3;
    m.field = (csk_field)3;
    REFUSED(CSK_ERR_ARG, "field is 3");
    m.field = CSK_COMPLEX;
    memcpy(m.family, "sym4sym4", 8);
    REFUSED(CSK_ERR_ARG, "family is \"sym4sym4\"");
    csk_wavelet_model_clear(&m);
}
END_TEST

static csk_wavelet_model the_model; /* not among what is counted */

static csk_status build(void)
{
    csk_prior *p = NULL;
    const csk_status err =
        csk_prior_wavelet(&p, &image, &the_model, 1., CSK_SHIFT_CHAIN);

    csk_prior_unref(p);
    return err;
}

START_TEST(survives_out_of_memory)
{
    the_model = tst_wavelet_model(CSK_COMPLEX, 2, "db2", 2, 3);
    tst_out_of_memory(build);
    csk_wavelet_model_clear(&the_model);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prior_wavelet");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, is_a_prior, 0, CASES);
    tcase_add_test(t, large_images_give_the_same_bits);
    tcase_add_loop_test(t, gain_is_that_of_the_mixture, 0, 8);
    tcase_add_test(t, one_component_is_a_gaussian);
    tcase_add_test(t, unit_scales_the_prior);
    tcase_add_loop_test(t, samples_have_the_right_moments, 0, 2);
    tcase_add_test(t, shifts_move_the_image);
    tcase_add_test(t, chains_keep_their_shift);
    tcase_add_test(t, rejects_bad_arguments);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
