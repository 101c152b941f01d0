/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/train/score_priv.h"

#include <math.h>

void csk_score_add(csk_score_sum *sum, int64_t n, double error, double norm)
{
    sum->error += error * (double)n;
    sum->weight += (double)n;
    sum->norm += sqrt(norm);
    sum->norm2 += norm;
}

csk_status csk_score_report(const csk_monitor *monitor, int image, int level, int count)
{
    const csk_monitor none = { .call = NULL };
    const csk_progress p = { .what = "assessment",
                             .iter = image * CSK_TRAIN_LEVELS + level + 1,
                             .max_iter = count * CSK_TRAIN_LEVELS,
                             .residual = NAN,
                             .change = NAN };

    return csk_monitor_report(monitor ? monitor : &none, &p);
}

void csk_score_conclude(csk_train_score *score, const csk_score_sum *sum, int count)
{
    for (int k = 0; k < CSK_TRAIN_LEVELS; k++) {
        const double mean = sum[k].norm / count;
        const double variance =
            count > 1 ? (sum[k].norm2 - count * mean * mean) / (count - 1) : 0.;

        score->psnr[k] = -10. * log10(sum[k].error / sum[k].weight);
        score->gain[k] = score->psnr[k] + 20. * log10(csk_train_levels[k]);
        score->norm[k] = mean;
        score->norm_std[k] = sqrt(fmax(variance, 0.));
    }
}
