/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/coverage.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "tests/support/tst_file.h"

#include <math.h>

/* Tables of Student's distribution; Cauchy and normal in closed form. */
START_TEST(test_quantiles)
{
    static const struct {
        int64_t freedom;
        double level, t;
    } table[] = {
        { 1, .5, 1. },           { 1, .9, 6.313751515 },  { 2, .9, 2.919985580 },
        { 3, .95, 3.182446305 }, { 4, .9, 2.131846786 },  { 7, .99, 3.499483297 },
        { 15, .9, 1.753050356 }, { 40, .9, 1.683851013 }, { 0, .9, 1.644853627 },
        { 0, .95, 1.959963985 },
    };

    for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++)
        ck_assert_double_eq_tol(csk_student_quantile(table[k].freedom, table[k].level),
                                table[k].t, 2e-9);
    ck_assert_double_eq_tol(csk_student_quantile(100000, .9), 1.644853627, 1e-4);
}
END_TEST

enum { PIXELS = 40000 };

/* count samples and a reference of the same law: N(20 or 0, std^2), the reference noisier. */
static void draw(csk_array *samples, csk_array *reference, int count, csk_field field,
                 double std, double noise, uint64_t seed)
{
    const int64_t dim[2] = { count, PIXELS };
    const int64_t width = (int64_t)field;

    *samples = tst_array(field, 2, dim);
    *reference = tst_array(field, 1, dim + 1);
    csk_rng_normal((csk_rng){ seed, 1, 0 }, csk_space_len(&samples->space),
                   samples->data);
    csk_rng_normal((csk_rng){ seed, 2, 0 }, csk_space_len(&reference->space),
                   reference->data);
    csk_scale(csk_space_len(&samples->space), std, samples->data);
    csk_scale(csk_space_len(&reference->space), hypot(std, noise), reference->data);
    for (int64_t i = 0; i < (count + 1) * (int64_t)PIXELS; i++) {
        float *at = i < PIXELS ? reference->data + i * width
                               : samples->data + (i - PIXELS) * width;
        at[0] += 20.f;
    }
}

/*
 * A fraction of 40,000 pixels has a standard error of 0.0015 at 0.9: five of them are
 * exceeded once in a million tests.
 */
START_TEST(test_exact)
{
    static const int counts[] = { 2, 3, 16, 17 };
    csk_array samples, reference;
    csk_coverage c;

    for (int k = 0; k < 4; k++) {
        draw(&samples, &reference, counts[k], CSK_REAL, .5, 0., 3 + (uint64_t)k);
        tst_ok(csk_coverage_of(&c, &samples, &reference, NULL));
        ck_assert_int_eq(c.count, PIXELS);
        ck_assert_double_eq_tol(c.fraction, .9, .0075);
        ck_assert_double_eq_tol(c.spread / c.error, 1., .05);
        tst_ok(csk_coverage_of(&c, &samples, &reference,
                               &(csk_coverage_opts){ .level = .5 }));
        ck_assert_double_eq_tol(c.fraction, .5, .0125);
        csk_array_clear(&samples);
        csk_array_clear(&reference);
    }
}
END_TEST

/* Moduli of 20 + noise are normal to 1e-3; many samples, so that t is z. */
START_TEST(test_noisy_reference)
{
    csk_array samples, reference;
    csk_coverage c;

    draw(&samples, &reference, 60, CSK_COMPLEX, .3, .6, 11);
    tst_ok(csk_coverage_of(&c, &samples, &reference, NULL));
    ck_assert_double_lt(c.fraction, .6);
    ck_assert_double_eq_tol(c.spread, .3 * sqrt(61. / 60.), .003);
    ck_assert_double_eq_tol(c.error, hypot(.6, .3 * sqrt(61. / 60.)), .02);
    tst_ok(csk_coverage_of(&c, &samples, &reference,
                           &(csk_coverage_opts){ .noise_std = .6 }));
    ck_assert_double_eq_tol(c.fraction, .9, .01);
    csk_array_clear(&samples);
    csk_array_clear(&reference);
}
END_TEST

START_TEST(test_region)
{
    const int64_t dim[2] = { 2, 3 };
    static const float values[6] = { 0.f, 5.f, 1.f, 2.f, 5.f, 1.f };
    static const uint8_t region[3] = { 7, 0, 1 };
    csk_array samples = tst_array(CSK_REAL, 2, dim);
    csk_array reference = tst_array(CSK_REAL, 1, dim + 1);
    csk_coverage c;

    for (int i = 0; i < 6; i++)
        samples.data[i] = values[i];
    reference.data[0] = 0.f;
    reference.data[2] = 3.f; /* off, and the samples are sure */
    tst_ok(csk_coverage_of(&c, &samples, &reference,
                           &(csk_coverage_opts){ .region = region }));
    ck_assert_int_eq(c.count, 2);
    ck_assert_double_eq(c.fraction, .5);
    ck_assert_double_eq_tol(c.spread, sqrt(1.5), 1e-12); /* (2 (1 + 1/2) + 0) / 2 */
    ck_assert_double_eq_tol(c.error, sqrt(2.5), 1e-12);
    csk_array_clear(&samples);
    csk_array_clear(&reference);
}
END_TEST

START_TEST(test_errors)
{
    const int64_t dim[3] = { 1, 2, 3 };
    static const uint8_t nothing[3] = { 0 };
    csk_array one = tst_array(CSK_REAL, 2, (const int64_t[]){ 1, 3 });
    csk_array two = tst_array(CSK_REAL, 2, (const int64_t[]){ 2, 3 });
    csk_array flat = tst_array(CSK_REAL, 1, (const int64_t[]){ 3 });
    csk_array deep = tst_array(CSK_REAL, 3, dim);
    csk_coverage c = { .count = 77 };

    tst_fails(csk_coverage_of(&c, &one, &flat, NULL), CSK_ERR_SHAPE, "one sample");
    tst_fails(csk_coverage_of(&c, &deep, &flat, NULL), CSK_ERR_SHAPE,
              "samples real 1x2x3 are not [sample]");
    tst_fails(csk_coverage_of(&c, &flat, &flat, NULL), CSK_ERR_SHAPE, "not [sample]");
    tst_fails(csk_coverage_of(&c, &two, &flat, &(csk_coverage_opts){ .level = 1. }),
              CSK_ERR_ARG, "level is 1");
    tst_fails(
        csk_coverage_of(&c, &two, &flat, &(csk_coverage_opts){ .noise_std = -1. }),
        CSK_ERR_ARG, "noise is -1");
    tst_fails(
        csk_coverage_of(&c, &two, &flat, &(csk_coverage_opts){ .region = nothing }),
        CSK_ERR_ARG, "region");
    two.data[4] = NAN;
    tst_fails(csk_coverage_of(&c, &two, &flat, NULL), CSK_ERR_NUMERIC,
              "samples: value 4");
    two.data[4] = 0.f;
    flat.data[1] = INFINITY;
    tst_fails(csk_coverage_of(&c, &two, &flat, NULL), CSK_ERR_NUMERIC,
              "reference: value 1");
    ck_assert_int_eq(c.count, 77);
    csk_array_clear(&one);
    csk_array_clear(&two);
    csk_array_clear(&flat);
    csk_array_clear(&deep);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("coverage");
    TCase *t = tcase_create("coverage");

    tcase_add_test(t, test_quantiles);
    tcase_add_test(t, test_exact);
    tcase_add_test(t, test_noisy_reference);
    tcase_add_test(t, test_region);
    tcase_add_test(t, test_errors);
    suite_add_tcase(s, t);
    return tst_main(s);
}
