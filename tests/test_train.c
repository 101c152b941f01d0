/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/train/train.h"
#include "samplers/train/unet.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <string.h>

/* A net of one scale and one block, and patches of an image. */
typedef struct bench {
    csk_array *image; /* which the patches borrow */
    csk_patches *patches;
    char *graph;
    csk_net *net;
    csk_train *train;
} bench;

/* White noise of variance 1/4: the best denoiser is y v/(v + s^2). */
static csk_array white(int rank, const int64_t *dim)
{
    const csk_space s = csk_space_make(CSK_REAL, rank, dim);
    const int64_t n = csk_space_len(&s);
    csk_array a;

    tst_ok(csk_array_init(&a, &s));
    float *z = tst_normal(n, 11, 0);
    csk_axpby(n, .5, z, 0., a.data);
    csk_free(z);
    return a;
}

static csk_array white_square(int64_t side)
{
    return white(2, (int64_t[]){ side, side });
}

/* As large as a patch, so that none of them is resampled. */
static csk_array white_stack(void)
{
    return white(3, (int64_t[]){ 256, 16, 16 });
}

static csk_unet small_net(void)
{
    return (csk_unet){ .field_channels = 1,
                       .scales = 1,
                       .channels = { 16 },
                       .middle = 1,
                       .embedding = 16 };
}

static csk_train_opts options(int steps)
{
    csk_train_opts o = csk_train_defaults();

    o.steps = steps;
    o.batch = 4;
    o.warmup = 5;
    o.rate = 1e-2;
    o.ema = .95;
    o.sigma_min = .05;
    o.precision = CSK_TRAIN_F32;
    return o;
}

static bench make(const csk_train_opts *o)
{
    csk_patch_opts patch = csk_patch_defaults();
    csk_tensors weights = { .item = NULL };
    const csk_unet u = small_net();
    bench b = { .image = csk_alloc(1, sizeof(csk_array)) };

    ck_assert_ptr_nonnull(b.image);
    *b.image = white_stack();
    patch.size = 16;
    patch.unit = 1.;
    patch.phase = false;
    patch = csk_patch_plain(&patch);
    tst_ok(csk_patches_new(&b.patches, 1, b.image, NULL, &patch));
    tst_ok(csk_unet_build(&b.graph, &weights, &u, 1));
    tst_ok(csk_net_parse(&b.net, b.graph, &weights, "net"));
    csk_tensors_clear(&weights);
    tst_ok(csk_train_new(&b.train, b.net, b.patches, o, 1));
    return b;
}

static void drop(bench *b)
{
    csk_train_free(b->train);
    csk_net_free(b->net);
    csk_free(b->graph);
    csk_patches_free(b->patches);
    csk_array_clear(b->image);
    csk_free(b->image);
}

/* Another training of the same net, from a checkpoint. */
static void go_on(bench *b, const csk_tensors *from, const csk_train_opts *o)
{
    csk_train_free(b->train);
    csk_net_free(b->net);
    tst_ok(csk_net_parse(&b->net, b->graph, from, "checkpoint"));
    tst_ok(csk_train_new(&b->train, b->net, b->patches, o, 1));
    tst_ok(csk_train_load(b->train, from, "checkpoint"));
}

/* -- learning ---------------------------------------------------------------------------- */

/* The mean over noise levels of v (s^2 + d^2)/((v + s^2) d^2), the loss of that denoiser. */
static double wiener_loss(const csk_train_opts *o)
{
    enum { CELLS = 1000 };
    const double v = .25, d2 = o->sigma_data * o->sigma_data;
    double sum = 0.;

    for (int i = 0; i < CELLS; i++) {
        const double s =
            o->sigma_min * pow(o->sigma_max / o->sigma_min, (i + .5) / CELLS);
        sum += v * (s * s + d2) / ((v + s * s) * d2);
    }
    return sum / CELLS;
}

/*
 * sigma_data is half of what it should be, so that the answer is not where the net begins: the
 * error must come within 6 % of the Wiener filter's at the four highest levels.
 */
START_TEST(learns_the_wiener_filter)
{
    csk_train_opts o = options(600);
    csk_train_score before, after;
    csk_array other = white_square(96);
    double first, last;

    o.batch = 8;
    o.sigma_data = .25;
    bench b = make(&o);
    csk_scale(96 * 96, -1., other.data);
    tst_ok(csk_train_assess(&before, b.net, NULL, 1, &other, o.sigma_data, 3, NULL));
    tst_ok(csk_train_run(b.train, 50, &first, NULL));
    tst_ok(csk_train_run(b.train, 600, &last, NULL));
    ck_assert_int_eq(csk_train_done(b.train), 600);
    const double least = wiener_loss(&o);
    ck_assert_double_ge(first, 1.02 * least);
    ck_assert_double_eq_tol(last, least, .05 * least);
    tst_ok(csk_train_assess(&after, b.net, csk_train_average(b.train), 1, &other,
                            o.sigma_data, 3, NULL));
    for (int k = 2; k < CSK_TRAIN_LEVELS; k++) {
        const double s2 = pow(csk_train_levels[k], 2.), v = .25;
        const double wiener = 10. * log10((v + s2) / v); /* dB below the noise */
        ck_assert_double_ge(after.gain[k], wiener - .25);
        ck_assert_double_le(after.gain[k], wiener + .1);
        /* s score = -s y/(v + s^2) of a y of variance v + s^2 */
        ck_assert_double_eq_tol(after.norm[k], sqrt(s2 / (v + s2)), .05);
        ck_assert_double_eq_tol(after.psnr[k], after.gain[k] - 10. * log10(s2), 1e-9);
    }
    ck_assert_double_ge(after.gain[5], before.gain[5] + 1.);
    csk_array_clear(&other);
    drop(&b);
}
END_TEST

/* The loss of the first step with the weights moved so far along a direction. */
static double loss_along(bench *b, const csk_train_opts *o, const float *direction,
                         double distance)
{
    csk_train *t;
    double loss;

    csk_axpby(csk_net_parameters(b->net), distance, direction, 1.,
              csk_net_weights(b->net));
    tst_ok(csk_train_new(&t, b->net, b->patches, o, 1));
    tst_ok(csk_train_run(t, 1, &loss, NULL));
    csk_train_free(t);
    return loss;
}

/*
 * Of rate 0 a step leaves the weights as they are, and Adam's first moment is a tenth of the
 * gradient: its size, which Adam's steps hide, by central differences.
 */
START_TEST(the_gradient_is_the_slope)
{
    csk_train_opts o = options(20);
    csk_tensors state = { .item = NULL };

    o.rate = 0.;
    o.clip = 1e6;
    bench b = make(&o);
    const int64_t n = csk_net_parameters(b.net);
    float *direction = tst_normal(n, 5, 0);
    const double h = 1e-3, at = loss_along(&b, &o, direction, 1e-2); /* F is 0 before */

    csk_train_free(b.train);
    tst_ok(csk_train_new(&b.train, b.net, b.patches, &o, 1));
    tst_ok(csk_train_run(b.train, 1, NULL, NULL));
    tst_ok(csk_train_save(b.train, &state));
    const csk_tensor *mean = &state.item[state.count - 3];
    ck_assert_str_eq(mean->name, "train.mean");
    const double slope = 10. * csk_dot(n, mean->data, direction);
    const double above = loss_along(&b, &o, direction, h);
    const double below = loss_along(&b, &o, direction, -2. * h);
    ck_assert_double_gt(fabs(slope), 1e-3 * at);
    ck_assert_double_eq_tol(slope, (above - below) / (2. * h), .01 * fabs(slope));
    csk_free(direction);
    csk_tensors_clear(&state);
    drop(&b);
}
END_TEST

/* Before the first step F = 0: gain and norm are those of c_skip y, in closed form. */
START_TEST(assesses_what_is_known)
{
    const csk_train_opts o = options(1);
    bench b = make(&o);
    csk_train_score score;
    csk_array images[2] = { white_square(64), white_square(64) };
    const double v = csk_dot(4096, images[0].data, images[0].data) / 4096.;
    const double d2 = o.sigma_data * o.sigma_data;

    tst_ok(csk_train_assess(&score, b.net, NULL, 2, images, o.sigma_data, 3, NULL));
    for (int k = 0; k < CSK_TRAIN_LEVELS; k++) {
        const double s2 = pow(csk_train_levels[k], 2.), skip = d2 / (s2 + d2);
        const double error = skip * skip * s2 + (1. - skip) * (1. - skip) * v;
        ck_assert_double_eq_tol(score.psnr[k], -10. * log10(error), .25);
        ck_assert_double_eq_tol(score.norm[k], sqrt(s2 * (v + s2)) / (s2 + d2), .05);
        ck_assert_double_ge(score.norm_std[k], 0.);
        ck_assert_double_le(score.norm_std[k], .05);
    }
    tst_fails(csk_train_assess(&score, b.net, NULL, 0, images, .25, 3, NULL),
              CSK_ERR_ARG, "0 images");
    images[1].space.field = CSK_COMPLEX;
    tst_fails(csk_train_assess(&score, b.net, NULL, 2, images, .25, 3, NULL),
              CSK_ERR_SHAPE, "image 1: 2 axes of complex numbers, expected a real one");
    csk_array_clear(&images[0]), csk_array_clear(&images[1]);
    drop(&b);
}
END_TEST

/* -- stopping and going on --------------------------------------------------------------- */

static float *weights_of(const bench *b)
{
    const int64_t n = csk_net_parameters(b->net);
    float *w = csk_alloc(2 * n, sizeof(*w));

    ck_assert_ptr_nonnull(w);
    csk_copy(n, csk_net_weights(b->net), w);
    csk_copy(n, csk_train_average(b->train), w + n);
    return w;
}

START_TEST(goes_on_with_the_same_bits)
{
    const csk_train_opts o = options(20);
    bench whole = make(&o), parts = make(&o);
    const size_t bytes = 2 * (size_t)csk_net_parameters(whole.net) * sizeof(float);
    double loss;

    tst_ok(csk_train_run(whole.train, 20, &loss, NULL));
    for (int until = 7; until <= 20; until += 13) {
        csk_tensors state = { .item = NULL };
        tst_ok(csk_train_run(parts.train, until, &loss, NULL));
        tst_ok(csk_train_save(parts.train, &state));
        go_on(&parts, &state, &o);
        ck_assert_int_eq(csk_train_done(parts.train), until);
        csk_tensors_clear(&state);
    }
    float *w = weights_of(&whole), *v = weights_of(&parts);
    ck_assert_mem_eq(w, v, bytes);
    csk_free(w), csk_free(v);
    drop(&whole), drop(&parts);
}
END_TEST

/* The average of one step is the first weights and the new ones, 1/10 : 9/10. */
START_TEST(average_warms_up)
{
    const csk_train_opts o = options(20);
    bench b = make(&o);
    const int64_t n = csk_net_parameters(b.net);
    float *before = csk_alloc(n, sizeof(*before));

    csk_copy(n, csk_net_weights(b.net), before);
    tst_ok(csk_train_run(b.train, 1, NULL, NULL));
    const float *now = csk_net_weights(b.net), *average = csk_train_average(b.train);
    for (int64_t i = 0; i < n; i++)
        ck_assert_double_eq_tol((double)average[i],
                                .1 * (double)before[i] + .9 * (double)now[i], 1e-6);
    csk_free(before);
    drop(&b);
}
END_TEST

static csk_status stop_at_3(void *user, const csk_progress *p)
{
    *(int *)user = p->iter;
    return p->iter == 3 ? csk_fail(CSK_ERR_ABORTED, "enough") : CSK_OK;
}

START_TEST(monitor_stops)
{
    const csk_train_opts o = options(20);
    bench b = make(&o);
    int seen = 0;
    const csk_monitor monitor = { stop_at_3, &seen };

    ck_assert_int_eq(csk_train_run(b.train, 20, NULL, &monitor), CSK_ERR_ABORTED);
    ck_assert_int_eq(seen, 3);
    ck_assert_int_eq(csk_train_done(b.train), 3);
    drop(&b);
}
END_TEST

START_TEST(refuses)
{
    csk_train_opts o = options(20);
    bench b = make(&o);
    csk_tensors state = { .item = NULL };
    csk_train *t = NULL;

    tst_fails(csk_train_load(b.train, &state, "file"), CSK_ERR_FORMAT,
              "file: is no checkpoint of this training: \"train.done\"");
    tst_ok(csk_train_save(b.train, &state));
    state.item[state.count - 1].data[0] = -1.f;
    tst_fails(csk_train_load(b.train, &state, "file"), CSK_ERR_FORMAT,
              "\"train.done\" is no number of steps");
    state.item[state.count - 1].data[0] = .5f;
    tst_fails(csk_train_load(b.train, &state, "file"), CSK_ERR_FORMAT,
              "\"train.done\" is no number of steps");
    state.item[state.count - 1].data[0] = 0.f;
    tst_ok(csk_train_load(b.train, &state, "file"));
    state.item[state.count - 2].data[7] = -1e-9f;
    tst_fails(csk_train_load(b.train, &state, "file"), CSK_ERR_FORMAT,
              "\"train.square\" holds squares below 0");
    csk_tensors_clear(&state);
    o.sigma_min = 2.;
    tst_fails(csk_train_new(&t, b.net, b.patches, &o, 1), CSK_ERR_ARG,
              "sigma-min 2 is not below sigma-max 1");
    o = options(0);
    tst_fails(csk_train_new(&t, b.net, b.patches, &o, 1), CSK_ERR_ARG, "steps");

    csk_patch_opts patch = csk_patch_defaults();
    csk_patches *complex_patches;
    tst_ok(csk_patches_new(&complex_patches, 1, b.image, NULL, &patch));
    o = options(20);
    tst_fails(csk_train_new(&t, b.net, complex_patches, &o, 1), CSK_ERR_SHAPE,
              "the net maps 1 channels to 1, the patches have 2");
    ck_assert_ptr_null(t);
    csk_patches_free(complex_patches);
    drop(&b);
}
END_TEST

static bench the_bench;
static csk_array the_square;

static csk_status train_and_drop(void)
{
    const csk_train_opts o = options(2);
    csk_train *t = NULL;
    csk_tensors state = { .item = NULL };
    csk_train_score score;
    csk_status err = csk_train_new(&t, the_bench.net, the_bench.patches, &o, 1);

    if (!err)
        err = csk_train_run(t, 1, NULL, NULL);
    if (!err)
        err = csk_train_save(t, &state);
    if (!err)
        err = csk_train_assess(&score, the_bench.net, csk_train_average(t), 1,
                               &the_square, .25, 1, NULL);
    csk_tensors_clear(&state);
    csk_train_free(t);
    return err;
}

START_TEST(survives_out_of_memory)
{
    const csk_train_opts o = options(2);

    the_bench = make(&o);
    the_square = white_square(16);
    tst_out_of_memory(train_and_drop);
    csk_array_clear(&the_square);
    drop(&the_bench);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("train");
    TCase *t = tcase_create("core");

    tcase_add_test(t, learns_the_wiener_filter);
    tcase_add_test(t, the_gradient_is_the_slope);
    tcase_add_test(t, assesses_what_is_known);
    tcase_add_test(t, goes_on_with_the_same_bits);
    tcase_add_test(t, average_warms_up);
    tcase_add_test(t, monitor_stops);
    tcase_add_test(t, refuses);
    tcase_add_test(t, survives_out_of_memory);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
