/* SPDX-License-Identifier: BSD-3-Clause */
/* Anchors: numbers of scikit-image 0.19 in double precision, on images whose values are whole
 * multiples of 1/128 and so the same in single precision. */
#include "cs/mem.h"
#include "cs/metric.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <string.h>

static float reference_value(int64_t x, int64_t y, int64_t k)
{
    return (float)((7 * x * x + 13 * y * y + 5 * x * y + 17 * k) % 101) / 128.0f;
}

static float image_value(int64_t x, int64_t y, int64_t k)
{
    return reference_value(x, y, k) - 15.0f / 128.0f +
           (float)((11 * x + 3 * y * y + k) % 31) / 64.0f;
}

/* Slices of rows x cols; the axis of length 1 must make no difference. */
static csk_array make(float (*value)(int64_t, int64_t, int64_t), int64_t slices,
                      int64_t rows, int64_t cols)
{
    const int64_t dim[4] = { slices, rows, 1, cols };
    csk_array a = tst_array(CSK_REAL, 4, dim);

    for (int64_t k = 0; k < slices; k++) {
        for (int64_t y = 0; y < rows; y++) {
            for (int64_t x = 0; x < cols; x++)
                a.data[(k * rows + y) * cols + x] = value(x, y, k);
        }
    }
    return a;
}

static csk_metrics compare(const csk_array *x, const csk_array *r,
                           const csk_metric_opts *opts)
{
    csk_metrics m;

    tst_ok(csk_metric(&m, x, r, opts));
    return m;
}

static void check_close(double found, double expected)
{
    ck_assert_double_eq_tol(found, expected, 1e-13 * fmax(1.0, fabs(expected)));
}

START_TEST(test_anchors)
{
    static const struct {
        int64_t rows, cols;
        double ssim, psnr, nrmse, ssim_of_2;
    } cases[] = {
        { 7, 7, 0.8184774384283212, 12.74271667057349, 0.39694700562808655,
          0.8220269428629557 },
        { 24, 37, 0.8121855209340221, 12.632016588733057, 0.3950067395244329,
          0.816015858701586 },
    };

    for (int k = 0; k < 2; k++) {
        csk_array r = make(reference_value, 1, cases[k].rows, cases[k].cols);
        csk_array x = make(image_value, 1, cases[k].rows, cases[k].cols);
        csk_metrics m = compare(&x, &r, NULL);
        ck_assert_double_eq(m.peak, 0.78125);
        ck_assert_int_eq(m.count, cases[k].rows * cases[k].cols);
        check_close(m.ssim, cases[k].ssim);
        check_close(m.psnr, cases[k].psnr);
        check_close(m.nrmse, cases[k].nrmse);
        check_close(m.nmse, cases[k].nrmse * cases[k].nrmse);
        m = compare(&x, &r, &(csk_metric_opts){ .peak = 2.0 });
        ck_assert_double_eq(m.peak, 2.0);
        check_close(m.ssim, cases[k].ssim_of_2);
        check_close(m.psnr, cases[k].psnr + 20.0 * log10(2.0 / 0.78125));
        csk_array_clear(&r);
        csk_array_clear(&x);
    }
}
END_TEST

START_TEST(test_slices)
{
    csk_array r = make(reference_value, 3, 9, 12);
    csk_array x = make(image_value, 3, 9, 12);

    check_close(compare(&x, &r, NULL).ssim, 0.8186426235147407);
    csk_array_clear(&r);
    csk_array_clear(&x);
}
END_TEST

/* Rows 10..14, columns 4..19 of the windows' centres. */
START_TEST(test_region)
{
    csk_array r = make(reference_value, 1, 24, 37);
    csk_array x = make(image_value, 1, 24, 37);
    uint8_t region[24 * 37] = { 0 };
    double error = 0.0;
    double power = 0.0;

    for (int y = 10; y < 15; y++) {
        for (int k = 4; k < 20; k++) {
            const double b = (double)r.data[y * 37 + k];
            region[y * 37 + k] = 3;
            error += pow((double)x.data[y * 37 + k] - b, 2.0);
            power += b * b;
        }
    }
    const csk_metrics m =
        compare(&x, &r, &(csk_metric_opts){ .region = region, .peak = 0.78125 });
    ck_assert_int_eq(m.count, 5 * 16);
    check_close(m.ssim, 0.8213972680810017);
    check_close(m.nmse, error / power);

    memset(region, 0, sizeof(region));
    region[1] = 1; /* where no window has its centre */
    ck_assert(isnan(
        compare(&x, &r, &(csk_metric_opts){ .region = region, .peak = 1.0 }).ssim));
    csk_array_clear(&r);
    csk_array_clear(&x);
}
END_TEST

START_TEST(test_equal)
{
    csk_array r = make(reference_value, 1, 8, 9);
    const csk_metrics m = compare(&r, &r, NULL);

    check_close(m.ssim, 1.0);
    ck_assert_double_eq(m.nmse, 0.0);
    ck_assert(isinf(m.psnr) && m.psnr > 0.0);
    csk_array_clear(&r);
}
END_TEST

/* A factor of modulus 1 changes complex numbers and no magnitudes. */
START_TEST(test_complex)
{
    const int64_t dim[2] = { 8, 9 };
    csk_array r = tst_array(CSK_COMPLEX, 2, dim);
    csk_array x = tst_array(CSK_COMPLEX, 2, dim);
    csk_array m = tst_array(CSK_REAL, 2, dim);

    for (int i = 0; i < 72; i++) { /* times i */
        x.data[2 * i] = -r.data[2 * i + 1];
        x.data[2 * i + 1] = r.data[2 * i];
        m.data[i] = r.data[2 * i];
    }
    ck_assert_double_eq(compare(&x, &r, NULL).nmse, 0.0);
    csk_metrics c = compare(&x, &r, &(csk_metric_opts){ .complex_difference = true });
    check_close(c.nmse, 2.0);
    check_close(c.ssim, 1.0);

    double error = 0.0;
    double power = 0.0;
    for (int i = 0; i < 72; i++) { /* a real image has no imaginary part */
        error += pow((double)r.data[2 * i + 1], 2.0);
        power += pow((double)m.data[i], 2.0);
    }
    c = compare(&r, &m, &(csk_metric_opts){ .complex_difference = true });
    check_close(c.nmse, error / power);
    csk_array_clear(&r);
    csk_array_clear(&x);
    csk_array_clear(&m);
}
END_TEST

START_TEST(test_small)
{
    csk_array r = make(reference_value, 1, 6, 40);
    csk_array x = make(image_value, 1, 6, 40);

    ck_assert(isnan(compare(&x, &r, NULL).ssim));
    ck_assert_double_gt(compare(&x, &r, NULL).psnr, 0.0);
    csk_array_clear(&r);
    csk_array_clear(&x);
}
END_TEST

START_TEST(test_threads)
{
    csk_array r = make(reference_value, 2, 80, 90);
    csk_array x = make(image_value, 2, 80, 90);

    tst_set_threads(1);
    const csk_metrics a = compare(&x, &r, NULL);
    tst_set_threads(7);
    const csk_metrics b = compare(&x, &r, NULL);
    ck_assert_double_eq(a.psnr, b.psnr);
    ck_assert_double_eq(a.nmse, b.nmse);
    ck_assert_double_eq(a.ssim, b.ssim);
    csk_array_clear(&r);
    csk_array_clear(&x);
}
END_TEST

START_TEST(test_errors)
{
    static const uint8_t nothing[64] = { 0 };
    csk_array r = make(reference_value, 1, 8, 8);
    csk_array x = make(image_value, 1, 8, 8);
    csk_array y = make(image_value, 1, 8, 9);
    csk_metrics m;

    tst_fails(csk_metric(&m, &y, &r, NULL), CSK_ERR_SHAPE,
              "image real 1x8x1x9 and reference real 1x8x1x8");
    tst_fails(csk_metric(&m, &x, &r, &(csk_metric_opts){ .peak = -1.0 }), CSK_ERR_ARG,
              "peak is -1");
    tst_fails(csk_metric(&m, &x, &r, &(csk_metric_opts){ .region = nothing }),
              CSK_ERR_ARG, "region");
    x.data[5] = NAN;
    tst_fails(csk_metric(&m, &x, &r, NULL), CSK_ERR_NUMERIC, "image: value 5");
    tst_fails(csk_metric(&m, &r, &x, NULL), CSK_ERR_NUMERIC, "reference: value 5");
    memset(x.data, 0, 64 * sizeof(float));
    tst_fails(csk_metric(&m, &r, &x, NULL), CSK_ERR_NUMERIC, "zero everywhere");
    csk_array_clear(&r);
    csk_array_clear(&x);
    csk_array_clear(&y);
}
END_TEST

static csk_array memory_image;

static csk_status compare_once(void)
{
    csk_metrics m;

    return csk_metric(&m, &memory_image, &memory_image, NULL);
}

START_TEST(test_out_of_memory)
{
    const int64_t dim[2] = { 8, 9 };

    memory_image = tst_array(CSK_COMPLEX, 2, dim);
    tst_out_of_memory(compare_once);
    csk_array_clear(&memory_image);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("metric");
    TCase *t = tcase_create("metric");

    tcase_add_test(t, test_anchors);
    tcase_add_test(t, test_slices);
    tcase_add_test(t, test_region);
    tcase_add_test(t, test_equal);
    tcase_add_test(t, test_complex);
    tcase_add_test(t, test_small);
    tcase_add_test(t, test_threads);
    tcase_add_test(t, test_errors);
    tcase_add_test(t, test_out_of_memory);
    suite_add_tcase(s, t);
    return tst_main(s);
}
