/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/prior_gauss.h"
#include "samplers/prior_ridge.h"
#include "tests/support/tst.h"
#include "tests/support/tst_ridge.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Images, filters that fill a block or do not, sides that exceed the image. */
static const struct shape {
    csk_field field;
    int64_t height, width;
    int filters, side;
} shapes[] = {
    { CSK_REAL, 9, 14, 5, 5 }, { CSK_COMPLEX, 8, 8, 4, 7 },
    { CSK_REAL, 1, 1, 2, 5 },  { CSK_COMPLEX, 3, 2, 3, 13 },
    { CSK_REAL, 1, 37, 9, 3 }, { CSK_COMPLEX, 17, 5, 1, 1 },
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]), INTERVALS = 6, KNOTS = 5 };
static const double sigmas[] = { .01, .03, .4, 1. };

typedef struct problem {
    csk_tensors model;
    tst_ridge reference;
    csk_prior *prior;
    int64_t n;
    float *work, *x;
    double *exact, *g; /* x and the gradient in double precision */
} problem;

static problem make(int shape)
{
    const struct shape *s = &shapes[shape];
    const csk_space space =
        csk_space_make(s->field, 2, (int64_t[]){ s->height, s->width });
    problem p = { .n = csk_space_len(&space) };

    p.model = tst_ridge_model(s->field, s->filters, s->side, INTERVALS, KNOTS);
    p.reference = tst_ridge_of(s->field, &p.model);
    tst_ok(csk_prior_ridge(&p.prior, &space, &p.model, 1.));
    p.work = csk_alloc(csk_prior_work_len(p.prior, 2), sizeof(*p.work));
    p.x = tst_normal(p.n, 51, 0);
    p.exact = csk_alloc(p.n, sizeof(*p.exact));
    p.g = csk_alloc(p.n, sizeof(*p.g));
    ck_assert(p.work && p.exact && p.g);
    for (int64_t i = 0; i < p.n; i++)
        p.exact[i] = (double)p.x[i];
    return p;
}

static void drop(problem *p)
{
    csk_prior_unref(p->prior);
    csk_tensors_clear(&p->model);
    tst_ridge_clear(&p->reference);
    csk_free(p->work), csk_free(p->x), csk_free(p->exact), csk_free(p->g);
}

static double reference(const problem *p, int shape, const double *x, double sigma,
                        double *g)
{
    return tst_ridge_energy(&p->reference, shapes[shape].height, shapes[shape].width, x,
                            sigma, g);
}

/* The reference's gradient is that of its energy: central differences, in double. */
START_TEST(reference_is_a_gradient)
{
    problem p = make(_i);

    for (int k = 0; k < 4; k++) {
        (void)reference(&p, _i, p.exact, sigmas[k], p.g);
        for (int64_t i = 0; i < p.n; i += 1 + p.n / 20) {
            const double h = 1e-6, x = p.exact[i];

            p.exact[i] = x + h;
            const double high = reference(&p, _i, p.exact, sigmas[k], NULL);
            p.exact[i] = x - h;
            const double low = reference(&p, _i, p.exact, sigmas[k], NULL);
            p.exact[i] = x;
            ck_assert_double_eq_tol((high - low) / (2. * h), p.g[i],
                                    1e-4 / (sigmas[k] * sigmas[k]));
        }
    }
    drop(&p);
}
END_TEST

START_TEST(score_is_the_gradient_of_the_energy)
{
    problem p = make(_i);
    float *score = csk_alloc(p.n, sizeof(*score));
    double logp, size, error;

    for (int k = 0; k < 4; k++) {
        const double energy = reference(&p, _i, p.exact, sigmas[k], p.g);

        tst_ok(csk_prior_logp(p.prior, 1, &logp, p.x, &sigmas[k], NULL, p.work));
        ck_assert_double_eq_tol(logp, -energy, 1e-5 * energy + 1e-9);
        tst_ok(csk_prior_score(p.prior, 1, score, p.x, &sigmas[k], NULL, p.work));
        size = error = 0.;
        for (int64_t i = 0; i < p.n; i++) {
            size += p.g[i] * p.g[i];
            error += pow((double)score[i] + p.g[i], 2.);
        }
        /* D is rounded to the size of x before x is taken from it. */
        const double rounding =
            FLT_EPSILON * csk_norm(p.n, p.x) / (sigmas[k] * sigmas[k]);
        ck_assert_double_le(sqrt(error), 1e-5 * sqrt(size) + 2. * rounding);
    }
    csk_free(score);
    drop(&p);
}
END_TEST

/* J = 1 - sigma^2 Hess R: by differences of the reference's gradient, symmetric, in bounds. */
START_TEST(vjp_is_the_derivative)
{
    problem p = make(_i);
    float *u = tst_normal(p.n, 52, 0), *v = tst_normal(p.n, 52, 1);
    float *Ju = csk_alloc(p.n, sizeof(*Ju)), *Jv = csk_alloc(p.n, sizeof(*Jv));
    double *low = csk_alloc(p.n, sizeof(*low)), *x = csk_alloc(p.n, sizeof(*x)), L;
    const double h = 1e-7;

    for (int k = 0; k < 4; k++) {
        const double s2 = sigmas[k] * sigmas[k];
        double want = 0., got = 0., uu = csk_dot(p.n, u, u);

        tst_ok(csk_prior_vjp(p.prior, 1, Ju, u, p.x, &sigmas[k], NULL, p.work));
        tst_ok(csk_prior_vjp(p.prior, 1, Jv, v, p.x, &sigmas[k], NULL, p.work));
        ck_assert_double_eq_tol(csk_dot(p.n, Ju, v), csk_dot(p.n, u, Jv),
                                1e-5 * csk_norm(p.n, u) * csk_norm(p.n, v));
        for (int64_t i = 0; i < p.n; i++)
            x[i] = p.exact[i] - h * (double)v[i];
        (void)reference(&p, _i, x, sigmas[k], low);
        for (int64_t i = 0; i < p.n; i++)
            x[i] = p.exact[i] + h * (double)v[i];
        (void)reference(&p, _i, x, sigmas[k], p.g);
        for (int64_t i = 0; i < p.n; i++) {
            want += (double)u[i] * ((double)v[i] - s2 * (p.g[i] - low[i]) / (2. * h));
            got += (double)Jv[i] * (double)u[i];
        }
        ck_assert_double_eq_tol(got, want, 1e-4 * csk_norm(p.n, u) * csk_norm(p.n, v));

        tst_ok(csk_ridge_lipschitz(&L, p.prior, sigmas[k]));
        const double form = (uu - csk_dot(p.n, u, Ju)) / s2; /* <u, Hess R u> */
        ck_assert_double_ge(form, -1e-5 * uu / s2);
        ck_assert_double_le(form, L * uu * (1. + 1e-5));
    }
    csk_free(u), csk_free(v), csk_free(Ju), csk_free(Jv), csk_free(low), csk_free(x);
    drop(&p);
}
END_TEST

/* Along any line the directional derivative of R rises, no faster than L. */
START_TEST(energy_is_convex)
{
    problem p = make(_i);
    float *v = tst_normal(p.n, 53, 0), *y = csk_alloc(p.n, sizeof(*y));
    float *score = csk_alloc(p.n, sizeof(*score));
    double L;

    csk_scale(p.n, 1. / csk_norm(p.n, v), v);
    for (int k = 0; k < 4; k++) {
        const double s2 = sigmas[k] * sigmas[k], step = .3;
        const double rounding = 4. * FLT_EPSILON * 10. * sqrt((double)p.n) / s2;
        double last = -INFINITY;

        tst_ok(csk_ridge_lipschitz(&L, p.prior, sigmas[k]));
        for (int j = -12; j <= 12; j++) {
            csk_copy(p.n, p.x, y);
            csk_axpby(p.n, step * j, v, 1., y);
            tst_ok(csk_prior_score(p.prior, 1, score, y, &sigmas[k], NULL, p.work));
            const double slope = -csk_dot(p.n, score, v);
            ck_assert_double_ge(slope, last - rounding);
            if (j > -12)
                ck_assert_double_le(slope, last + L * step + rounding);
            last = slope;
        }
    }
    csk_free(v), csk_free(y), csk_free(score);
    drop(&p);
}
END_TEST

/*
 * Where all splines are steepest the quadratic form is that of the bound: two waves, one at the
 * frequency where it is largest, come near it. Here: one filter, [-1 2 -1], whose bound is 16.
 */
START_TEST(lipschitz_constant_is_tight)
{
    enum { W = 64 };
    const csk_space space = TST_REAL(1, W);
    csk_tensors m = tst_ridge_model(CSK_REAL, 1, 3, 2, 2);
    csk_prior *p;
    float x[W], score[W], *w = csk_tensors_find(&m, "weight")->data;
    double L, sigma = 1.;

    memset(w, 0, 9 * sizeof(*w));
    w[3] = w[5] = -1.f;
    w[4] = 2.f;
    memset(csk_tensors_find(&m, "log_gain")->data, 0, 2 * sizeof(float));
    csk_tensors_find(&m, "slope")->data[0] = 1.f;
    csk_tensors_find(&m, "slope")->data[1] = .5f;
    tst_ok(csk_prior_ridge(&p, &space, &m, 1.));
    tst_ok(csk_ridge_lipschitz(&L, p, sigma));
    ck_assert_double_ge(L, 16.);
    ck_assert_double_le(L, 16. * 1.03);

    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    for (int i = 0; i < W; i++)
        x[i] = i % 2 ? 1e-3f : -1e-3f;
    tst_ok(csk_prior_score(p, 1, score, x, &sigma, NULL, work));
    ck_assert_double_ge(csk_norm(W, score) / csk_norm(W, x), .97 * 16.);
    ck_assert_int_eq(csk_ridge_lipschitz(&L, p, 2.), CSK_ERR_ARG);
    csk_free(work);
    csk_prior_unref(p);
    csk_tensors_clear(&m);

    float variance[W];
    for (int i = 0; i < W; i++)
        variance[i] = 1.f;
    tst_ok(csk_prior_gauss(&p, &space, NULL, variance));
    ck_assert_int_eq(csk_ridge_lipschitz(&L, p, 1.), CSK_ERR_ARG);
    csk_prior_unref(p);
}
END_TEST

START_TEST(phase_does_not_matter)
{
    problem p = make(1);
    float *turned = csk_alloc(p.n, sizeof(*turned)),
          *d = csk_alloc(2 * p.n, sizeof(*d));
    const double sigma[2] = { .3, .3 };
    const float c = .6f, s = .8f;
    double logp[2];

    for (int64_t i = 0; i < p.n; i += 2) {
        turned[i] = c * p.x[i] - s * p.x[i + 1];
        turned[i + 1] = s * p.x[i] + c * p.x[i + 1];
    }
    tst_ok(csk_prior_denoise(p.prior, 1, d, p.x, sigma, NULL, p.work));
    tst_ok(csk_prior_denoise(p.prior, 1, d + p.n, turned, sigma, NULL, p.work));
    for (int64_t i = 0; i < p.n; i += 2) {
        ck_assert_float_eq_tol(d[p.n + i], c * d[i] - s * d[i + 1], 1e-5f);
        ck_assert_float_eq_tol(d[p.n + i + 1], s * d[i] + c * d[i + 1], 1e-5f);
    }
    tst_ok(csk_prior_logp(p.prior, 1, logp, p.x, sigma, NULL, p.work));
    tst_ok(csk_prior_logp(p.prior, 1, logp + 1, turned, sigma, NULL, p.work));
    ck_assert_double_eq_tol(logp[0], logp[1], 1e-5 * fabs(logp[0]));
    csk_free(turned), csk_free(d);
    drop(&p);
}
END_TEST

START_TEST(scales_with_its_unit)
{
    enum { H = 6, W = 7, UNIT = 1000 };
    const csk_space space = TST_REAL(H, W);
    csk_tensors m = tst_ridge_model(CSK_REAL, 4, 3, INTERVALS, KNOTS);
    csk_prior *one, *large;
    float *x = tst_normal(H * W, 54, 0), d[2][H * W];
    double lo, hi, logp[2];

    tst_ok(csk_prior_ridge(&one, &space, &m, 1.));
    tst_ok(csk_prior_ridge(&large, &space, &m, UNIT));
    csk_prior_sigma_range(large, &lo, &hi);
    ck_assert_double_eq_tol(lo, .01 * UNIT, 1e-9);
    ck_assert_double_eq_tol(hi, UNIT, 1e-9);
    ck_assert_double_eq(csk_prior_spread(large), UNIT);
    float *work = csk_alloc(csk_prior_work_len(one, 1), sizeof(*work));
    tst_ok(csk_prior_denoise(one, 1, d[0], x, &(double){ .2 }, NULL, work));
    tst_ok(csk_prior_logp(one, 1, logp, x, &(double){ .2 }, NULL, work));
    csk_scale(H * W, UNIT, x);
    tst_ok(csk_prior_denoise(large, 1, d[1], x, &(double){ .2 * UNIT }, NULL, work));
    tst_ok(csk_prior_logp(large, 1, logp + 1, x, &(double){ .2 * UNIT }, NULL, work));
    csk_scale(H * W, 1. / UNIT, d[1]);
    ck_assert_double_le(tst_distance(H * W, d[1], d[0]), 1e-6);
    ck_assert_double_eq_tol(logp[1], logp[0], 1e-5 * fabs(logp[0]));
    csk_free(x), csk_free(work);
    csk_prior_unref(one), csk_prior_unref(large);
    csk_tensors_clear(&m);
}
END_TEST

/* A batch of stacks of images on any number of threads is each image by itself. */
enum { BATCH = 3, SLICES = 2, HEIGHT = 50, WIDTH = 61, IMAGE = 2 * HEIGHT * WIDTH };
enum { ITEM = SLICES * IMAGE, EACH = BATCH * ITEM };

typedef struct run {
    csk_prior *p;
    float *x, *v;
    int64_t n;
    int step;
} run;

static csk_status all(void *user, void *out)
{
    const run *r = user;
    static const double sigma[] = { .02, .3, .9 };
    float *work = csk_alloc(csk_prior_work_len(r->p, r->step), sizeof(*work));
    double *logp = out;
    float *d = (float *)(void *)(logp + BATCH);
    csk_status err = work ? CSK_OK : CSK_ERR_NOMEM;

    for (int b = 0; b < BATCH && !err; b += r->step) {
        const int64_t at = b * r->n;

        err =
            csk_prior_denoise(r->p, r->step, d + at, r->x + at, sigma + b, NULL, work);
        if (!err)
            err = csk_prior_vjp(r->p, r->step, d + EACH + at, r->v + at, r->x + at,
                                sigma + b, NULL, work);
        if (!err)
            err = csk_prior_logp(r->p, r->step, logp + b, r->x + at, sigma + b, NULL,
                                 work);
    }
    csk_free(work);
    return err;
}

START_TEST(threads_and_batches_change_nothing)
{
    const csk_space space = TST_COMPLEX(SLICES, HEIGHT, WIDTH);
    const size_t bytes = BATCH * sizeof(double) + 2 * (size_t)EACH * sizeof(float);
    csk_tensors m = tst_ridge_model(CSK_COMPLEX, 6, 5, INTERVALS, KNOTS);
    run r = { .n = ITEM, .step = BATCH };
    char *one = csk_alloc((int64_t)bytes, 1), *other = csk_alloc((int64_t)bytes, 1);

    ck_assert(one && other);
    tst_ok(csk_prior_ridge(&r.p, &space, &m, 1.));
    r.x = tst_normal(EACH, 55, 0);
    r.v = tst_normal(EACH, 55, 1);
    tst_same_bits(bytes, all, &r);
    tst_ok(all(&r, one));
    r.step = 1;
    tst_same_bits(bytes, all, &r);
    tst_ok(all(&r, other));
    ck_assert_mem_eq(one, other, bytes);

    /* The second slice of the first item, alone; and in place. */
    const csk_space slice = TST_COMPLEX(HEIGHT, WIDTH);
    csk_prior *p;
    tst_ok(csk_prior_ridge(&p, &slice, &m, 1.));
    float *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    tst_ok(csk_prior_denoise(p, 1, r.x + IMAGE, r.x + IMAGE, &(double){ .02 }, NULL,
                             work));
    ck_assert_mem_eq(r.x + IMAGE,
                     (float *)(void *)(one + BATCH * sizeof(double)) + IMAGE,
                     IMAGE * sizeof(float));
    csk_free(work);
    csk_prior_unref(p), csk_prior_unref(r.p);
    csk_free(r.x), csk_free(r.v), csk_free(one), csk_free(other);
    csk_tensors_clear(&m);
}
END_TEST

/* One thing is wrong; the message says which. */
static void refuses(const csk_space *space, csk_tensors *m, csk_status code,
                    const char *message)
{
    csk_prior *p = NULL;

    ck_assert_int_eq(csk_prior_ridge(&p, space, m, 1.), code);
    ck_assert_str_eq(csk_error_message(), message);
    ck_assert_ptr_null(p);
}

static void refuses_card(const csk_space *space, csk_tensors *m, const char *card,
                         const char *message)
{
    char *before = m->card;

    m->card = NULL;
    tst_ok(csk_tensors_set_card(m, card));
    refuses(space, m, CSK_ERR_FORMAT, message);
    tst_ok(csk_tensors_set_card(m, NULL));
    m->card = before;
}

START_TEST(refuses_what_is_no_model)
{
    const csk_space space = TST_REAL(8, 8);
    csk_tensors m = tst_ridge_model(CSK_REAL, 2, 3, 4, 3);
    csk_tensor *slope = (csk_tensor *)csk_tensors_find(&m, "slope");
    csk_prior *p = NULL;

    refuses(&(csk_space)TST_REAL(64), &m, CSK_ERR_SHAPE,
            "ridge: images of real 64, expected two axes or more");
    refuses(&(csk_space)TST_COMPLEX(8, 8), &m, CSK_ERR_SHAPE,
            "ridge: images are complex 8x8, the model's are real");
    ck_assert_int_eq(csk_prior_ridge(&p, &space, &m, 0.), CSK_ERR_ARG);
    slope->data[5] = -.1f;
    refuses(&space, &m, CSK_ERR_FORMAT, "ridge: slope[5] is -0.1, not in 0..1");
    slope->data[5] = NAN;
    refuses(&space, &m, CSK_ERR_FORMAT, "ridge: slope[5] is nan, not in 0..1");
    slope->data[5] = .5f;
    slope->dim[0] = 1;
    refuses(&space, &m, CSK_ERR_FORMAT, "ridge: slope has a dimension 1, not in 2..2");
    slope->dim[0] = 2;
    slope->name[0] = 'S';
    refuses(&space, &m, CSK_ERR_FORMAT, "ridge: the model has no tensor \"slope\"");
    slope->name[0] = 's';
    refuses_card(&space, &m,
                 "{\"kind\": \"network\", \"field\": \"real\", \"axes\": 2, "
                 "\"scale\": 1, \"sigma\": [0.1, 1]}",
                 "ridge: \"kind\" is \"network\", expected \"ridge\"");
    refuses_card(&space, &m,
                 "{\"kind\": \"ridge\", \"field\": \"real\", \"axes\": 3, "
                 "\"scale\": 1, \"sigma\": [0.1, 1]}",
                 "ridge: \"axes\" is 3, expected 2");
    refuses_card(&space, &m,
                 "{\"kind\": \"ridge\", \"field\": \"real\", \"axes\": 2, "
                 "\"scale\": 1, \"sigma\": [1, 0.1]}",
                 "ridge: \"sigma\" is [1, 0.1], expected to rise within 1e-9..1e9");
    refuses_card(&space, &m,
                 "{\"kind\": \"ridge\", \"field\": \"real\", \"axes\": 2, "
                 "\"scale\": 0, \"sigma\": [0.1, 1]}",
                 "ridge: \"scale\" is 0, not in 1e-9..1e9");
    refuses_card(&space, &m,
                 "{\"kind\": \"ridge\", \"field\": \"green\", \"axes\": 2, "
                 "\"scale\": 1, \"sigma\": [0.1, 1]}",
                 "ridge: \"field\" is \"green\", expected \"real\" or \"complex\"");
    ck_assert_int_eq(csk_prior_ridge(&p, &space, &(csk_tensors){ .count = 0 }, 1.),
                     CSK_ERR_FORMAT);
    tst_ok(csk_prior_ridge(&p, &space, &m, 1.)); /* and now nothing is */

    float x[64] = { 0.f }, *work = csk_alloc(csk_prior_work_len(p, 1), sizeof(*work));
    ck_assert_int_eq(csk_prior_denoise(p, 1, x, x, &(double){ .001 }, NULL, work),
                     CSK_ERR_ARG);
    ck_assert_int_eq(csk_prior_sample(p, 1, x, NULL, work), CSK_ERR_UNSUPPORTED);
    csk_free(work);
    csk_prior_unref(p);
    csk_tensors_clear(&m);
}
END_TEST

static csk_tensors small; /* made before memory is short */

static csk_status build(void)
{
    const csk_space space = TST_REAL(4, 4);
    csk_prior *p = NULL;
    double L;
    csk_status err = csk_prior_ridge(&p, &space, &small, 1.);

    if (!err)
        err = csk_ridge_lipschitz(&L, p, .1);
    csk_prior_unref(p);
    return err;
}

START_TEST(survives_a_full_heap)
{
    small = tst_ridge_model(CSK_REAL, 2, 3, 2, 2);
    tst_out_of_memory(build);
    csk_tensors_clear(&small);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prior_ridge");
    TCase *t = tcase_create("core");

    tcase_add_loop_test(t, reference_is_a_gradient, 0, SHAPES);
    tcase_add_loop_test(t, score_is_the_gradient_of_the_energy, 0, SHAPES);
    tcase_add_loop_test(t, vjp_is_the_derivative, 0, SHAPES);
    tcase_add_loop_test(t, energy_is_convex, 0, SHAPES);
    tcase_add_test(t, lipschitz_constant_is_tight);
    tcase_add_test(t, phase_does_not_matter);
    tcase_add_test(t, scales_with_its_unit);
    tcase_add_test(t, threads_and_batches_change_nothing);
    tcase_add_test(t, refuses_what_is_no_model);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
