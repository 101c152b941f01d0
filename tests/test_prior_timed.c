/* SPDX-License-Identifier: BSD-3-Clause */
/* The same numbers as the prior inside, and an account of them. */
#include "cs/mem.h"
#include "samplers/prior_gauss.h"
#include "samplers/prior_impl.h"
#include "samplers/prior_timed.h"
#include "tests/support/tst.h"
#include "tests/support/tst_prior.h"

static const csk_space space = TST_REAL(6);
static const float variance[6] = { 1, 2, 3, 4, 5, 6 };

START_TEST(does_what_the_other_does)
{
    static const double sigma[] = { .1, 1. };
    csk_prior *inner, *p;
    float x[12], a[12], b[12];
    double logp[2], range[2], same[2];

    tst_ok(csk_prior_gauss(&inner, &space, NULL, variance));
    tst_ok(csk_prior_timed(&p, inner));
    ck_assert_str_eq(csk_prior_name(p), csk_prior_name(inner));
    ck_assert_double_eq(csk_prior_spread(p), csk_prior_spread(inner));
    csk_prior_sigma_range(p, &range[0], &range[1]);
    csk_prior_sigma_range(inner, &same[0], &same[1]);
    ck_assert_mem_eq(range, same, sizeof(range));
    ck_assert_int_eq(csk_prior_work_len(p, 3), csk_prior_work_len(inner, 3));
    ck_assert_int_eq(csk_prior_vjp_work_len(p, 3), csk_prior_vjp_work_len(inner, 3));
    float *work = csk_alloc(csk_prior_vjp_work_len(p, 2) + csk_prior_work_len(p, 2) + 1,
                            sizeof(*work));
    for (int i = 0; i < 12; i++)
        x[i] = (float)(i % 5) - 2.f;
    tst_ok(csk_prior_denoise(p, 2, a, x, sigma, NULL, work));
    tst_ok(csk_prior_denoise(inner, 2, b, x, sigma, NULL, work));
    ck_assert_mem_eq(a, b, sizeof(a));
    tst_ok(csk_prior_vjp(p, 2, a, x, x, sigma, NULL, work));
    tst_ok(csk_prior_vjp(inner, 2, b, x, x, sigma, NULL, work));
    ck_assert_mem_eq(a, b, sizeof(a));
    tst_ok(csk_prior_logp(p, 2, logp, x, sigma, NULL, work));
    tst_prior(p, 2, sigma, 1e-3);
    csk_free(work);
    csk_prior_unref(inner); /* p has a reference of its own */
    csk_prior_unref(p);
}
END_TEST

START_TEST(keeps_account)
{
    static const double sigma[] = { .1, 1., 2. };
    csk_prior *inner, *p;
    float x[18] = { 0.f }, d[18];
    double seconds = -1., later;
    int64_t evaluations = -1;

    tst_ok(csk_prior_gauss(&inner, &space, NULL, variance));
    tst_ok(csk_prior_timed(&p, inner));
    csk_prior_timed_read(p, &seconds, &evaluations);
    ck_assert(seconds == 0. && evaluations == 0);
    float *work = csk_alloc(csk_prior_vjp_work_len(p, 3) + 1, sizeof(*work));
    tst_ok(csk_prior_denoise(p, 3, d, x, sigma, NULL, work));
    tst_ok(csk_prior_vjp(p, 2, d, x, x, sigma, NULL, work));
    tst_ok(csk_prior_denoise(inner, 1, d, x, sigma, NULL, work));
    csk_prior_timed_read(p, &seconds, &evaluations);
    ck_assert_int_eq(evaluations, 5);
    ck_assert(seconds >= 0. && seconds < 60.);
    for (int k = 0; k < 1000; k++)
        tst_ok(csk_prior_denoise(p, 3, d, x, sigma, NULL, work));
    csk_prior_timed_read(p, &later, NULL);
    ck_assert_double_gt(later, seconds);
    ck_assert_int_eq(csk_prior_denoise(p, 1, d, x, &(double){ -1. }, NULL, work),
                     CSK_ERR_ARG); /* refused before it is asked */
    csk_free(work);
    csk_prior_unref(inner), csk_prior_unref(p);
}
END_TEST

static csk_status halve(const csk_prior *p, int batch, float *d, const float *x,
                        const double *sigma, const csk_rng *names, float *work)
{
    (void)sigma, (void)names, (void)work;
    for (int64_t i = 0; i < batch * csk_space_len(csk_prior_space(p)); i++)
        d[i] = .5f * x[i];
    return CSK_OK;
}

START_TEST(lacks_what_the_other_lacks)
{
    static const csk_prior_class poor = { .name = "poor", .denoise = halve };
    csk_prior *inner = csk_prior_new(sizeof(*inner), &poor, &space), *p;
    const csk_rng name = { 0 };
    float x[6] = { 0.f };
    double v = 1.;

    tst_ok(csk_prior_timed(&p, inner));
    ck_assert_int_eq(csk_prior_logp(p, 1, &v, x, &v, NULL, NULL), CSK_ERR_UNSUPPORTED);
    ck_assert_int_eq(csk_prior_sample(p, 1, x, &name, NULL), CSK_ERR_UNSUPPORTED);
    ck_assert_int_eq(csk_prior_vjp(p, 1, x, x, x, &v, NULL, NULL), CSK_ERR_UNSUPPORTED);
    csk_prior_unref(inner), csk_prior_unref(p);
}
END_TEST

static csk_status make_one(void)
{
    csk_prior *inner = NULL, *p = NULL;
    csk_status err = csk_prior_gauss(&inner, &space, NULL, variance);

    if (!err)
        err = csk_prior_timed(&p, inner);
    csk_prior_unref(inner), csk_prior_unref(p);
    return err;
}

START_TEST(survives_a_full_heap)
{
    tst_out_of_memory(make_one);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("prior_timed");
    TCase *t = tcase_create("core");

    tcase_add_test(t, does_what_the_other_does);
    tcase_add_test(t, keeps_account);
    tcase_add_test(t, lacks_what_the_other_lacks);
    tcase_add_test(t, survives_a_full_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return tst_main(suite());
}
