/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/prior_ridge.h"
#include "samplers/ridge/learn_priv.h"
#include "samplers/ridge/train.h"
#include "tests/support/tst_file.h"
#include "tests/support/tst_ridge.h"

#include <math.h>
#include <string.h>

/* -- the derivative of one example ------------------------------------------------------ */

enum { HEIGHT = 7, WIDTH = 10, FILTERS = 5, SIDE = 3, INTERVALS = 4, KNOTS = 3 };
static const double sigma = .2, weight = 3.;

/* weight |y - sigma^2 grad R(y) - x|^2 in double precision. */
static double loss_of(const tst_ridge *r, int64_t n, const float *clean,
                      const double *y)
{
    double g[2 * HEIGHT * WIDTH], sum = 0.;

    (void)tst_ridge_energy(r, HEIGHT, WIDTH, y, sigma, g);
    for (int64_t i = 0; i < n; i++)
        sum += pow(y[i] - sigma * sigma * g[i] - (double)clean[i], 2.);
    return weight * sum;
}

/* By every kind of parameter, by central differences in double precision. */
START_TEST(gradient_is_the_derivative)
{
    const csk_field field = _i ? CSK_COMPLEX : CSK_REAL;
    const csk_bank_shape shape = csk_bank_shape_of(SIDE, (int)field, HEIGHT, WIDTH);
    const int64_t n = HEIGHT * WIDTH * (int64_t)field;
    csk_tensors model = tst_ridge_model(field, FILTERS, SIDE, INTERVALS, KNOTS);
    tst_ridge exact = tst_ridge_of(field, &model);
    float *clean = tst_normal(n, 71, 0), *noisy = tst_normal(n, 71, 1);
    double y[2 * HEIGHT * WIDTH], size = 0.;
    csk_ridge r;

    tst_ok(csk_ridge_read(&r, &model));
    for (int64_t i = 0; i < n; i++)
        y[i] = (double)noisy[i];
    float *work = csk_alloc(csk_ridge_learn_work_len(&r, &shape), sizeof(*work));
    float *got = csk_alloc(r.count, sizeof(*got));
    const csk_ridge_example e = { clean, noisy, sigma, weight };
    ck_assert(work && got);
    ck_assert_double_eq_tol(csk_ridge_learn(&r, &shape, &e, got, work),
                            loss_of(&exact, n, clean, y),
                            1e-5 * loss_of(&exact, n, clean, y));
    for (int64_t i = 0; i < r.count; i++)
        size = fmax(size, fabs((double)got[i]));
    for (int64_t i = 0; i < r.count; i++) {
        const double h = 1e-6,
                     middle = exact.weight[i]; /* all parameters in one block */

        exact.weight[i] = middle + h;
        const double high = loss_of(&exact, n, clean, y);
        exact.weight[i] = middle - h;
        const double low = loss_of(&exact, n, clean, y);
        exact.weight[i] = middle;
        ck_assert_double_eq_tol((double)got[i], (high - low) / (2. * h), 1e-4 * size);
    }
    csk_free(clean), csk_free(noisy), csk_free(work), csk_free(got);
    csk_ridge_clear(&r);
    tst_ridge_clear(&exact);
    csk_tensors_clear(&model);
}
END_TEST

/* The corrected gradient is that of the loss as a function of what is normalised afterwards. */
START_TEST(correction_is_tangential)
{
    csk_tensors model = tst_ridge_model(CSK_REAL, FILTERS, SIDE, INTERVALS, KNOTS);
    csk_ridge_spectrum q;
    csk_ridge r;
    double along = 0., gains = 0.;

    tst_ok(csk_ridge_read(&r, &model));
    tst_ok(csk_ridge_spectrum_init(&q, &r.shape));
    csk_ridge_spectrum_normalise(&q, &r);
    for (int k = 0; k < KNOTS; k++)
        ck_assert_double_eq_tol(q.most[k], 1., 1e-6);
    float *g = tst_normal(r.count, 72, 0);
    csk_ridge_spectrum_correct(&q, &r, g);
    const int64_t rest = r.slope - r.theta, gain = r.log_gain - r.theta;
    for (int64_t i = gain; i < r.count; i++) { /* all gains of all knots at once */
        along += (double)g[i];
        gains += fabs((double)g[i]);
    }
    ck_assert_double_le(fabs(along), 1e-5 * gains);
    along = gains = 0.;
    for (int64_t i = 0; i < rest;
         i++) { /* filters times a number: gains by its square */
        along += (double)g[i] * (double)r.theta[i];
        gains += fabs((double)g[i] * (double)r.theta[i]);
    }
    float *plain = tst_normal(r.count, 72, 0);
    double before = 0., total = 0.;
    for (int64_t i = 0; i < rest; i++)
        before += (double)plain[i] * (double)r.theta[i];
    for (int64_t i = gain; i < r.count; i++)
        total += (double)plain[i];
    ck_assert_double_eq_tol(along, before - 2. * total, 1e-4 * (gains + fabs(total)));
    csk_free(g), csk_free(plain);
    csk_ridge_spectrum_clear(&q);
    csk_ridge_clear(&r);
    csk_tensors_clear(&model);
}
END_TEST

/* -- trainings --------------------------------------------------------------------------- */

enum { IMAGE = 64, PATCH = 20 };

/* Constant tiles of random grey. */
static csk_array tiles(uint64_t seed)
{
    const csk_space s = csk_space_make(CSK_REAL, 2, (int64_t[]){ IMAGE, IMAGE });
    float *grey = tst_normal(64, seed, 0);
    csk_array a;

    tst_ok(csk_array_init(&a, &s));
    for (int i = 0; i < IMAGE * IMAGE; i++)
        a.data[i] = .5f + .25f * grey[(i / IMAGE / 8) * 8 + i % IMAGE / 8];
    csk_free(grey);
    return a;
}

static csk_patches *patches_of(const csk_array *image, bool phase)
{
    csk_patch_opts o = csk_patch_defaults();
    csk_patches *p;

    o.size = PATCH;
    o.phase = phase;
    o.unit = 1.;
    o.zoom_min = o.zoom_max = 1.;
    tst_ok(csk_patches_new(&p, 1, image, NULL, &o));
    return p;
}

static csk_ridge_train_opts small(int steps)
{
    csk_ridge_train_opts o = csk_ridge_train_defaults();

    o.filters = 6;
    o.side = 5;
    o.intervals = 8;
    o.knots = 4;
    o.steps = steps;
    o.batch = 4;
    o.warmup = 10;
    o.rate = 3e-3;
    o.sigma_min = .02;
    o.sigma_max = .5;
    return o;
}

static double gain_at_tenth(const csk_ridge_train *t, const csk_array *image)
{
    csk_train_score score;

    tst_ok(csk_ridge_train_assess(&score, t, 1, image, 5, NULL));
    ck_assert_double_gt(score.norm[3], 0.);
    ck_assert_double_eq_tol(score.gain[3], score.psnr[3] - 20., 1e-9);
    return score.gain[3];
}

/* It learns, and what it exports is convex, with filters of zero mean and a tame Hessian. */
START_TEST(learns_and_stays_convex)
{
    csk_array image = tiles(81), other = tiles(82);
    csk_patches *p = patches_of(&image, false);
    const csk_ridge_train_opts o = small(150);
    csk_ridge_train *t;
    csk_tensors model = { .item = NULL };
    csk_prior *prior;
    double loss, lo, hi;

    tst_ok(csk_ridge_train_new(&t, p, &o, 1));
    ck_assert_int_eq(csk_ridge_train_parameters(t), 6 * 25 + 6 * 8 + 2 * 6 * 4);
    const double before = gain_at_tenth(t, &other);
    tst_ok(csk_ridge_train_run(t, 150, &loss, NULL));
    ck_assert_int_eq(csk_ridge_train_done(t), 150);
    ck_assert(isfinite(loss));
    const double after = gain_at_tenth(t, &other);
    ck_assert_msg(after > before + .5 && after > 5., "from %g dB to %g dB", before,
                  after);

    tst_ok(csk_ridge_train_export(t, "{\"name\": \"tiles\"}", &model));
    ck_assert_ptr_nonnull(strstr(model.card, "tiles"));
    const csk_tensor *slope = csk_tensors_find(&model, "slope");
    for (int64_t i = 0; i < csk_tensor_size(slope); i++)
        ck_assert(slope->data[i] >= 0.f && slope->data[i] <= 1.f);
    const float *w = csk_tensors_find(&model, "weight")->data;
    for (int c = 0; c < 6; c++) {
        double sum = 0.;
        for (int i = 0; i < 25; i++)
            sum += (double)w[c * 25 + i];
        ck_assert_double_eq_tol(sum, 0., 1e-6);
    }
    tst_ok(csk_prior_ridge(&prior, &other.space, &model, 1.));
    csk_prior_sigma_range(prior, &lo, &hi);
    ck_assert_double_eq(lo, .02);
    ck_assert_double_eq(hi, .5);
    for (int k = 0; k <= 10; k++) { /* 11 levels over the range */
        const double s = lo * pow(hi / lo, .1 * k * (1. - 1e-12));
        double L;
        tst_ok(csk_ridge_lipschitz(&L, prior, s));
        ck_assert_double_le(s * s * L, 1.);
        ck_assert_double_ge(s * s * L, .7);
    }
    csk_prior_unref(prior);
    csk_tensors_clear(&model);
    csk_ridge_train_free(t);
    csk_patches_free(p);
    csk_array_clear(&image), csk_array_clear(&other);
}
END_TEST

typedef struct trial {
    const csk_patches *patches;
    csk_ridge_train_opts opts;
} trial;

/* The parameters after six steps. */
static csk_status train(void *user, void *out)
{
    const trial *r = user;
    csk_tensors state = { .item = NULL };
    csk_ridge_train *t = NULL;
    csk_status err = csk_ridge_train_new(&t, r->patches, &r->opts, 1);

    if (!err)
        err = csk_ridge_train_run(t, 6, NULL, NULL);
    if (!err)
        err = csk_ridge_train_save(t, &state);
    if (!err) {
        const csk_tensor *theta = csk_tensors_find(&state, "train.theta");
        csk_copy(csk_tensor_size(theta), theta->data, out);
    }
    csk_tensors_clear(&state);
    csk_ridge_train_free(t);
    return err;
}

START_TEST(threads_and_stops_change_nothing)
{
    enum { COUNT = 6 * 25 + 6 * 8 + 2 * 6 * 4 };
    csk_array image = tiles(81);
    csk_patches *p = patches_of(&image, true);
    trial r = { p, small(40) };
    float want[COUNT];
    csk_tensors half = { .item = NULL }, read = { .item = NULL },
                end = { .item = NULL };
    csk_ridge_train *t;

    tst_same_bits(sizeof(want), train, &r);
    tst_ok(train(&r, want));
    tst_ok(csk_ridge_train_new(&t, p, &r.opts, 1));
    tst_ok(csk_ridge_train_run(t, 3, NULL, NULL));
    tst_ok(csk_ridge_train_save(t, &half));
    csk_ridge_train_free(t);
    const char *path = tst_path("half.csk");
    tst_ok(csk_tensors_write(&half, path)); /* by way of a file */
    tst_ok(csk_tensors_read(&read, path));
    tst_ok(csk_ridge_train_new(&t, p, &r.opts, 1));
    tst_ok(csk_ridge_train_load(t, &read, "half"));
    ck_assert_int_eq(csk_ridge_train_done(t), 3);
    tst_ok(csk_ridge_train_run(t, 6, NULL, NULL));
    tst_ok(csk_ridge_train_save(t, &end));
    ck_assert_mem_eq(csk_tensors_find(&end, "train.theta")->data, want, sizeof(want));
    csk_ridge_train_free(t);

    /* Checkpoints that are none. */
    csk_ridge_train_opts larger = r.opts;
    larger.filters = 7;
    tst_ok(csk_ridge_train_new(&t, p, &larger, 1));
    ck_assert_int_eq(csk_ridge_train_load(t, &read, "half"), CSK_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(csk_error_message(), "half: "));
    ck_assert_int_eq(csk_ridge_train_load(t, &(csk_tensors){ .count = 0 }, "none"),
                     CSK_ERR_FORMAT);
    csk_ridge_train_free(t);
    tst_remove_files();
    csk_tensors_clear(&half), csk_tensors_clear(&read), csk_tensors_clear(&end);
    csk_patches_free(p);
    csk_array_clear(&image);
}
END_TEST

static csk_status stop_at_two(void *user, const csk_progress *now)
{
    (void)user;
    return now->iter == 2 ? csk_fail(CSK_ERR_ABORTED, "enough") : CSK_OK;
}

START_TEST(refuses_and_obeys)
{
    csk_array image = tiles(81);
    csk_patches *p = patches_of(&image, false);
    csk_ridge_train_opts o = small(10);
    const csk_monitor monitor = { .call = stop_at_two };
    csk_tensors model = { .item = NULL };
    csk_train_score score;
    csk_ridge_train *t = NULL;
    double loss;

    o.side = 4;
    ck_assert_int_eq(csk_ridge_train_new(&t, p, &o, 1), CSK_ERR_ARG);
    ck_assert_str_eq(csk_error_message(), "side is 4, expected an odd number");
    o.side = 5;
    o.sigma_min = 1.;
    ck_assert_int_eq(csk_ridge_train_new(&t, p, &o, 1), CSK_ERR_ARG);
    o.sigma_min = .02;
    o.batch = 0;
    ck_assert_int_eq(csk_ridge_train_new(&t, p, &o, 1), CSK_ERR_ARG);
    ck_assert_ptr_null(t);
    o.batch = 2;
    tst_ok(csk_ridge_train_new(&t, p, &o, 1));
    ck_assert_int_eq(csk_ridge_train_run(t, 10, &loss, &monitor), CSK_ERR_ABORTED);
    ck_assert_int_eq(csk_ridge_train_done(t), 2);
    tst_ok(csk_ridge_train_run(t, 2, &loss, NULL));
    ck_assert(isnan(loss));
    ck_assert_int_eq(csk_ridge_train_export(t, "[1]", &model), CSK_ERR_ARG);
    ck_assert_int_eq(csk_ridge_train_assess(&score, t, 0, NULL, 1, NULL), CSK_ERR_ARG);
    csk_ridge_train_free(t);
    csk_ridge_train_free(NULL);
    csk_patches_free(p);
    csk_array_clear(&image);
}
END_TEST

static csk_patches *lasting;
static csk_array picture;

static csk_status build(void)
{
    csk_ridge_train_opts o = small(2);
    csk_tensors model = { .item = NULL };
    csk_ridge_train *t = NULL;
    csk_train_score score;

    o.filters = 1;
    o.side = 3;
    o.knots = 2;
    o.batch = 1;
    csk_status err = csk_ridge_train_new(&t, lasting, &o, 1);
    if (!err)
        err = csk_ridge_train_run(t, 1, NULL, NULL);
    if (!err)
        err = csk_ridge_train_export(t, NULL, &model);
    if (!err)
        err = csk_ridge_train_save(t, &model);
    if (!err)
        err = csk_ridge_train_assess(&score, t, 1, &picture, 1, NULL);
    csk_tensors_clear(&model);
    csk_ridge_train_free(t);
    return err;
}

START_TEST(survives_a_full_heap)
{
    picture = tiles(81);
    lasting = patches_of(&picture, false);
    tst_out_of_memory(build);
    csk_patches_free(lasting);
    csk_array_clear(&picture);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ridge_train");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, gradient_is_the_derivative, 0, 2);
    tcase_add_test(t, correction_is_tangential);
    tcase_add_test(t, learns_and_stays_convex);
    tcase_add_test(t, threads_and_stops_change_nothing);
    tcase_add_test(t, refuses_and_obeys);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
