/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_line.h"
#include "operators/matrix.h"
#include "samplers/prior_gauss.h"
#include "tests/support/tst.h"

#include <math.h>

const float tst_line_mean[TST_LINE] = { .5f, -.2f, .1f, 0.f, 1.f, -.7f };
const float tst_line_variance[TST_LINE] = { 1.f, .5f, .3f, 2.f, .8f, .1f };
const float tst_line_gain[TST_LINE] = { 1.f, .5f, 0.f, 1.f, -.8f, .2f };
const float tst_line_data[TST_LINE] = { .7f, -.4f, 0.f, 2.f, .3f, .1f };

static const double noise = .3;

tst_line tst_line_new(void)
{
    const csk_space space = TST_REAL(TST_LINE);
    double value[TST_LINE * TST_LINE] = { 0. };
    const csk_matrix matrix = { CSK_REAL, TST_LINE, TST_LINE, NULL, NULL, value };
    tst_line p;

    for (int i = 0; i < TST_LINE; i++)
        value[i * TST_LINE + i] = tst_line_gain[i];
    tst_ok(csk_linop_matrix(&p.A, &matrix));
    tst_ok(csk_prior_gauss(&p.prior, &space, tst_line_mean, tst_line_variance));
    p.post = (csk_posterior){ p.A, tst_line_data, noise, p.prior, NULL, 0. };
    return p;
}

void tst_line_clear(tst_line *p)
{
    csk_prior_unref(p->prior);
    csk_linop_unref(p->A);
}

void tst_law_step(tst_law *p, double a, double b, double s)
{
    p->mean = a * p->mean + b;
    p->variance = a * a * p->variance + s * s;
}

void tst_line_denoiser(int i, double t, double *a, double *b)
{
    *a = tst_line_variance[i] / (tst_line_variance[i] + t * t);
    *b = (1. - *a) * tst_line_mean[i];
}

tst_law tst_line_posterior(int i)
{
    const double g = tst_line_gain[i], v = tst_line_variance[i];
    const double variance = 1. / (g * g / (noise * noise) + 1. / v);

    return (tst_law){ variance * (g * tst_line_data[i] / (noise * noise) +
                                  tst_line_mean[i] / v),
                      variance };
}

void tst_line_compare(const float *x, int chains, const tst_law *want, const char *what)
{
    for (int i = 0; i < TST_LINE; i++) {
        double mean = 0., variance = 0.;

        for (int c = 0; c < chains; c++)
            mean += (double)x[c * TST_LINE + i] / chains;
        for (int c = 0; c < chains; c++) {
            const double u = (double)x[c * TST_LINE + i] - want[i].mean;
            variance += u * u / chains;
        }
        const double sd = sqrt(want[i].variance);
        ck_assert_msg(fabs(mean - want[i].mean) <= 5. * sd / sqrt(chains) + 1e-5,
                      "%s: mean[%d] is %g, expected %g, sd %g", what, i, mean,
                      want[i].mean, sd);
        ck_assert_msg(fabs(variance - want[i].variance) <=
                          5. * want[i].variance * sqrt(2. / chains) + 1e-9,
                      "%s: variance[%d] is %g, expected %g", what, i, variance,
                      want[i].variance);
    }
}
