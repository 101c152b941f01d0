/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/net_vector_priv.h"

#include <math.h>

/*
 * log: with c = log(sigma)/4 (Karras et al. 2022, table 1), m = channels/2 and the frequencies
 * w_k = (pi/2) 4^(k/(m-1)): cos(w_k c), then sin(w_k c). One period of the highest covers
 * 1.7 decades of sigma: with faster waves the training is less stable and learns more slowly.
 * sinusoidal: w_k = max_period^(-k/(m - shift)) of the time step (Vaswani et al. 2017; DDPM).
 * fourier: w_k = 2 pi f_k of factor log(sigma) + offset (Song et al. 2021), or of the time step.
 */
void csk_net_embed(const net_node *node, float *y, double sigma, double step,
                   const float *frequency)
{
    const double pi = 3.14159265358979323846;
    const int m = node->channels / 2;

    for (int k = 0; k < m; k++) {
        double t, w;

        if (node->mode == NET_EMBED_LOG) {
            t = log(sigma) / 4.;
            w = pi / 2. * pow(4., m > 1 ? (double)k / (m - 1) : 0.);
        } else if (node->mode == NET_EMBED_SINUSOIDAL) {
            t = step;
            w = pow(node->max_period, -(double)k / (m - node->shifted));
        } else {
            t = node->gain * (node->of_step ? step : log(sigma)) + node->offset;
            w = 2. * pi * (double)frequency[k];
        }
        y[node->sin_first ? m + k : k] = (float)cos(w * t);
        y[node->sin_first ? k : m + k] = (float)sin(w * t);
    }
}

void csk_net_linear(int rows, int out, int in, float *y, const float *w, const float *b,
                    const float *v)
{
    for (int n = 0; n < rows; n++) {
        for (int o = 0; o < out; o++) {
            const float *row = w + (int64_t)o * in, *from = v + (int64_t)n * in;
            float sum = b ? b[o] : 0.F;

            for (int i = 0; i < in; i++)
                sum += row[i] * from[i];
            y[(int64_t)n * out + o] = sum;
        }
    }
}

void csk_net_linear_back(int rows, int out, int in, float *gv, float *gw, float *gb,
                         const float *gy, const float *w, const float *v, bool add)
{
    for (int64_t i = 0; gv && !add && i < (int64_t)rows * in; i++)
        gv[i] = 0.F;
    for (int n = 0; n < rows; n++) {
        for (int o = 0; o < out; o++) {
            const float g = gy[(int64_t)n * out + o];
            const float *from = v + (int64_t)n * in;

            for (int i = 0; gv && i < in; i++)
                gv[(int64_t)n * in + i] += g * w[(int64_t)o * in + i];
            for (int i = 0; gw && i < in; i++)
                gw[(int64_t)o * in + i] += g * from[i];
            if (gb)
                gb[o] += g;
        }
    }
}
