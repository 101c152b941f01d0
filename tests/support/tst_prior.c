/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_prior.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/combine.h"
#include "samplers/prior_gauss.h"
#include "tests/support/tst.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A draw of the prior plus noise. */
static float *noisy_draw(const csk_prior *p, csk_rng name, double sigma, float *work)
{
    const int64_t n = csk_space_len(csk_prior_space(p));
    float *x = csk_alloc(n, sizeof(*x)), *e = tst_normal(n, name.seed + 1, name.draw);

    ck_assert_ptr_nonnull(x);
    tst_ok(csk_prior_sample(p, 1, x, &name, work));
    csk_axpby(n, sigma, e, 1., x);
    csk_free(e);
    return x;
}

static float *work_for(const csk_prior *p, int batch)
{
    float *work = csk_alloc(csk_prior_work_len(p, batch), sizeof(*work));

    ck_assert_ptr_nonnull(work);
    return work;
}

/* ends[0], ends[1] := x -+ h v */
static void step_both_ways(int64_t n, const float *x, const float *v, double h,
                           float *ends)
{
    for (int64_t i = 0; i < n; i++) {
        ends[i] = (float)(x[i] - h * v[i]);
        ends[n + i] = (float)(x[i] + h * v[i]);
    }
}

static void check_level(const csk_prior *p, double sigma, double tol)
{
    const int64_t n = csk_space_len(csk_prior_space(p));
    const csk_rng name = { 11, 4, 2 }, names[2] = { name, name };
    const double sigmas[2] = { sigma, sigma };
    const double h = 5e-3 * sigma;
    float *work = work_for(p, 2);
    float *x = noisy_draw(p, name, sigma, work);
    float *v = tst_normal(n, 12, 0), *u = tst_normal(n, 12, 1);
    float *ends = csk_alloc(2 * n, sizeof(*ends)), *d = csk_alloc(2 * n, sizeof(*d));
    float *score = csk_alloc(n, sizeof(*score)), *Ju = csk_alloc(n, sizeof(*Ju));
    float *Jv = csk_alloc(n, sizeof(*Jv));
    double logp[2], slope = 0., bent = 0.;

    /* The steps as they were rounded are what the differences belong to. */
    step_both_ways(n, x, v, h, ends);
    tst_ok(csk_prior_logp(p, 2, logp, ends, sigmas, names, work));
    tst_ok(csk_prior_score(p, 1, score, x, &sigma, &name, work));
    tst_ok(csk_prior_denoise(p, 2, d, ends, sigmas, names, work));
    tst_ok(csk_prior_vjp(p, 1, Ju, u, x, &sigma, &name, work));
    tst_ok(csk_prior_vjp(p, 1, Jv, v, x, &sigma, &name, work));
    for (int64_t i = 0; i < n; i++) {
        slope += score[i] * ((double)ends[n + i] - ends[i]);
        bent += Ju[i] * ((double)ends[n + i] - ends[i]);
    }
    /* A random direction sees about |score|; J is at most of order 1. */
    const double size = 2. * h * (csk_norm(n, score) + 1. / sigma);
    ck_assert_msg(fabs(logp[1] - logp[0] - slope) <= tol * size,
                  "%s, sigma %g: log p rises by %.9g, its score says %.9g",
                  csk_prior_name(p), sigma, logp[1] - logp[0], slope);

    csk_axpby(n, -1., d, 1., d + n);
    const double want = csk_dot(n, u, d + n);
    /* D itself is rounded to the size of x. */
    const double room = tol * 2. * h * sqrt((double)n) + FLT_EPSILON * csk_norm(n, x);
    ck_assert_msg(fabs(want - bent) <= room,
                  "%s, sigma %g: <u, dD> is %.9g, vjp says %.9g", csk_prior_name(p),
                  sigma, want, bent);
    ck_assert_msg(fabs(csk_dot(n, Ju, v) - csk_dot(n, u, Jv)) <=
                      1e-5 * csk_norm(n, u) * csk_norm(n, v),
                  "%s, sigma %g: vjp is not symmetric", csk_prior_name(p), sigma);

    csk_free(work), csk_free(x), csk_free(v), csk_free(u), csk_free(ends);
    csk_free(d), csk_free(score), csk_free(Ju), csk_free(Jv);
}

void tst_prior(const csk_prior *p, int count, const double *sigma, double tol)
{
    for (int k = 0; k < count; k++)
        check_level(p, sigma[k], tol);
}

enum { BATCH = 5 };

/* Everything that a prior computes, for a batch in @p step items a call. */
static void run_all(const csk_prior *p, int step, const float *x, float *out,
                    double *logp)
{
    const int64_t n = csk_space_len(csk_prior_space(p));
    const double sigma[BATCH] = { .01, 2., .1, .4, .05 };
    csk_rng names[BATCH];
    float *work = work_for(p, step);

    for (int b = 0; b < BATCH; b++)
        names[b] = (csk_rng){ 5, 8 * (uint32_t)b, 3 };
    for (int b = 0; b < BATCH; b += step) {
        const float *in = x + b * n;
        float *d = out + b * n, *s = d + BATCH * n, *g = s + BATCH * n;

        tst_ok(csk_prior_denoise(p, step, d, in, sigma + b, names + b, work));
        tst_ok(csk_prior_sample(p, step, s, names + b, work));
        tst_ok(csk_prior_vjp(p, step, g, s, in, sigma + b, names + b, work));
        tst_ok(csk_prior_logp(p, step, logp + b, in, sigma + b, names + b, work));
    }
    csk_free(work);
}

void tst_prior_batch(const csk_prior *p)
{
    static const int threads[] = { 1, 2, 7 };
    const int64_t n = csk_space_len(csk_prior_space(p)), len = 3 * BATCH * n;
    float *x = tst_normal(BATCH * n, 17, 0);
    float *want = csk_alloc(len, sizeof(*want)), *got = csk_alloc(len, sizeof(*got));
    double want_logp[BATCH], got_logp[BATCH];

    tst_set_threads(1);
    run_all(p, 1, x, want, want_logp);
    for (int t = 0; t < 3; t++) {
        tst_set_threads(threads[t]);
        run_all(p, BATCH, x, got, got_logp);
        ck_assert_mem_eq(got, want, (size_t)len * sizeof(*got));
        ck_assert_mem_eq(got_logp, want_logp, sizeof(got_logp));
    }
    csk_free(x), csk_free(want), csk_free(got);
}

double *tst_matrix_of(const csk_linop *A)
{
    const int64_t n = csk_linop_cols(A), m = csk_linop_rows(A);
    double *M = csk_alloc(m * n, sizeof(*M));
    float *x = csk_alloc(n, sizeof(*x)), *y = csk_alloc(m, sizeof(*y));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));

    ck_assert(M && x && y && work);
    for (int64_t j = 0; j < n; j++) {
        x[j] = 1.f;
        csk_linop_apply(A, y, x, work);
        x[j] = 0.f;
        for (int64_t i = 0; i < m; i++)
            M[i * n + j] = y[i];
    }
    csk_free(x), csk_free(y), csk_free(work);
    return M;
}

csk_status tst_langevin(const csk_langevin_opts *opts)
{
    static float x[2 * 16], b[16];
    const csk_space space = TST_REAL(16);
    const csk_stage stages[] = { { 1., 2., 0., 1 }, { 1., 1., 0., 1 } };
    float variance[16];
    csk_linop *A;
    csk_prior *prior = NULL;

    for (int i = 0; i < 16; i++)
        variance[i] = 1.f;
    csk_status err = csk_linop_identity(&A, &space);
    if (err)
        return err;
    err = csk_prior_gauss(&prior, &space, NULL, variance);
    if (!err) {
        const csk_posterior post = { A, b, 1., prior, NULL, 0. };
        err = csk_langevin(x, &post, 2, stages, 2, (csk_rng){ 1, 0, 0 }, opts, NULL,
                           NULL);
    }
    csk_prior_unref(prior);
    csk_linop_unref(A);
    return err;
}
