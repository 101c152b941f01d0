/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes of tst_net that work pixel by pixel, on vectors, or on all pixels alike. */
#include "cs/mem.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net_priv.h"

#include <math.h>
#include <string.h>

static tst_map each(const tst_node *n, double (*f)(double x))
{
    tst_map out = tst_map_like(n->from[0], n->from[0]->channels);

    for (int64_t i = 0; i < tst_map_size(&out); i++)
        out.data[i] = f(n->from[0]->data[i]);
    return out;
}

static double relu(double x)
{
    return x > 0. ? x : 0.;
}

static double silu(double x)
{
    return x / (1. + exp(-x));
}

static double gelu(double x)
{
    return .5 * x * (1. + erf(x / sqrt(2.)));
}

static double student(double x)
{
    return .5 * log(1. + x * x);
}

tst_map tst_net_relu(const tst_node *n)
{
    return each(n, relu);
}

tst_map tst_net_silu(const tst_node *n)
{
    return each(n, silu);
}

tst_map tst_net_gelu(const tst_node *n)
{
    return each(n, gelu);
}

tst_map tst_net_student(const tst_node *n)
{
    return each(n, student);
}

tst_map tst_net_add(const tst_node *n)
{
    const tst_map *a = n->from[0], *b = n->from[1];
    tst_map out = tst_map_like(a, a->channels);

    ck_assert_int_eq(tst_map_size(a), tst_map_size(b));
    for (int64_t i = 0; i < tst_map_size(&out); i++)
        out.data[i] = (a->data[i] + b->data[i]) * tst_node_number(n, "scale", 1.);
    return out;
}

tst_map tst_net_scale(const tst_node *n)
{
    tst_map out = tst_map_like(n->from[0], n->from[0]->channels);

    for (int64_t i = 0; i < tst_map_size(&out); i++)
        out.data[i] = n->from[0]->data[i] * tst_node_number(n, "factor", NAN);
    return out;
}

/* Every number of an image has its own factor and offset. */
tst_map tst_net_affine(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const tst_weight *weight = tst_node_weight(n, "weight");
    const tst_weight *bias = tst_node_weight(n, "bias");
    const int64_t size = tst_map_size(a) / a->batch;
    tst_map out = tst_map_like(a, a->channels);

    ck_assert_int_eq(size, (int64_t)weight->dim[0] * weight->dim[1] * weight->dim[2]);
    for (int64_t i = 0; i < tst_map_size(a); i++)
        out.data[i] =
            weight->data[i % size] * a->data[i] + (bias ? bias->data[i % size] : 0.);
    return out;
}

tst_map tst_net_concat(const tst_node *n)
{
    int channels = 0;

    for (int k = 0; k < n->count; k++)
        channels += n->from[k]->channels;
    tst_map out = tst_map_like(n->from[0], channels);
    for (int b = 0, first = 0; b < out.batch; b++, first = 0) {
        for (int k = 0; k < n->count; first += n->from[k]->channels, k++) {
            const tst_map *a = n->from[k];

            ck_assert(a->height == out.height && a->width == out.width);
            memcpy(tst_map_at(&out, b, first, 0, 0), tst_map_at(a, b, 0, 0, 0),
                   sizeof(double) * (size_t)(tst_map_size(a) / a->batch));
        }
    }
    return out;
}

tst_map tst_net_film(const tst_node *n)
{
    const tst_map *a = n->from[0], *v = n->from[1];
    const int C = a->channels, plane = a->height * a->width;
    const bool both = v->channels == 2 * C;
    tst_map out = tst_map_like(a, C);

    ck_assert(both || v->channels == C);
    for (int b = 0; b < a->batch; b++) {
        for (int c = 0; c < C; c++) {
            const double factor = both ? 1. + tst_map_get(v, b, c, 0, 0) : 1.;
            const double shift = tst_map_get(v, b, both ? C + c : c, 0, 0);

            for (int i = 0; i < plane; i++)
                tst_map_at(&out, b, c, 0, 0)[i] =
                    factor * tst_map_at(a, b, c, 0, 0)[i] + shift;
        }
    }
    return out;
}

tst_map tst_net_group_norm(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const tst_weight *weight = tst_node_weight(n, "weight");
    const tst_weight *bias = tst_node_weight(n, "bias");
    const int per = a->channels / tst_node_integer(n, "groups", 0);
    const int64_t plane = (int64_t)a->height * a->width, size = per * plane;
    tst_map out = tst_map_like(a, a->channels);

    for (int64_t g = 0; g < tst_map_size(a) / size; g++) {
        const double *in = a->data + g * size;
        double mean = 0., variance = 0.;

        for (int64_t i = 0; i < size; i++)
            mean += in[i] / (double)size;
        for (int64_t i = 0; i < size; i++)
            variance += (in[i] - mean) * (in[i] - mean) / (double)size;
        for (int64_t i = 0; i < size; i++) {
            const int64_t c = (g * per + i / plane) % a->channels;
            const double z =
                (in[i] - mean) / sqrt(variance + tst_node_number(n, "eps", 1e-5));

            out.data[g * size + i] =
                z * (weight ? weight->data[c] : 1.) + (bias ? bias->data[c] : 0.);
        }
    }
    return out;
}

/* -- vectors, the noise level ----------------------------------------------- */

tst_map tst_net_linear(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const tst_weight *w = tst_node_weight(n, "weight");
    const tst_weight *bias = tst_node_weight(n, "bias");
    tst_map out = tst_map_new(a->batch, w->dim[0], 1, 1);

    ck_assert_int_eq(w->dim[1], a->channels);
    for (int b = 0; b < a->batch; b++) {
        for (int o = 0; o < w->dim[0]; o++) {
            double *y = tst_map_at(&out, b, o, 0, 0);

            *y = bias ? bias->data[o] : 0.;
            for (int i = 0; i < w->dim[1]; i++)
                *y += w->data[o * w->dim[1] + i] * tst_map_get(a, b, i, 0, 0);
        }
    }
    return out;
}

tst_map tst_net_noise_map(const tst_node *n)
{
    const tst_map *size = n->count ? n->from[0] : n->x;
    tst_map out = tst_map_like(size, 1);
    const int64_t plane = tst_map_size(&out) / out.batch;

    for (int64_t i = 0; i < tst_map_size(&out); i++)
        out.data[i] = tst_node_number(n, "factor", 1.) * n->sigma[i / plane];
    return out;
}

/* Angles whose cosines and sines make the embedding: @p half of them. */
static double angle(const tst_node *n, int b, int k, int half)
{
    const char *kind = tst_node_text(n, "kind", "");
    const double pi = acos(-1.);

    if (strcmp(kind, "log") ==
        0) /* m frequencies from pi/2 to 2 pi, for log(sigma)/4 */
        return log(n->sigma[b]) / 4. * pi / 2. * pow(4., (double)k / (half - 1));
    if (strcmp(kind, "fourier") == 0) {
        const bool step = strcmp(tst_node_text(n, "of", "log_sigma"), "step") == 0;
        const double t = step ? n->step[b] : log(n->sigma[b]);

        return 2. * pi * tst_node_weight(n, "weight")->data[k] *
               (tst_node_number(n, "factor", 1.) * t +
                tst_node_number(n, "offset", 0.));
    }
    ck_assert_str_eq(kind, "sinusoidal");
    return n->step[b] * pow(tst_node_number(n, "max_period", 1e4),
                            -(double)k / (half - tst_node_integer(n, "shift", 0)));
}

tst_map tst_net_noise_embedding(const tst_node *n)
{
    const tst_weight *w = tst_node_weight(n, "weight");
    const int channels = w ? 2 * w->dim[0] : tst_node_integer(n, "channels", 0);
    const int half = channels / 2;
    const char *order = tst_node_text(n, "order", w ? "sin_cos" : "cos_sin");
    const bool sines_first = strcmp(order, "sin_cos") == 0;
    tst_map out = tst_map_new(n->x->batch, channels, 1, 1);

    ck_assert(sines_first || strcmp(order, "cos_sin") == 0);
    for (int b = 0; b < out.batch; b++) {
        for (int k = 0; k < half; k++) {
            const double a = angle(n, b, k, half);

            *tst_map_at(&out, b, sines_first ? k : half + k, 0, 0) = sin(a);
            *tst_map_at(&out, b, sines_first ? half + k : k, 0, 0) = cos(a);
        }
    }
    return out;
}

/* -- attention -------------------------------------------------------------- */

/* One head of one image: q, k, v and out are [d][pixels]. */
static void attend(double *out, const double *q, const double *k, const double *v,
                   int d, int pixels, double *p)
{
    for (int i = 0; i < pixels; i++) {
        double most = -HUGE_VAL, sum = 0.;

        for (int j = 0; j < pixels; j++) {
            p[j] = 0.;
            for (int c = 0; c < d; c++)
                p[j] += q[c * pixels + i] * k[c * pixels + j] / sqrt(d);
            most = p[j] > most ? p[j] : most;
        }
        for (int j = 0; j < pixels; j++) {
            p[j] = exp(p[j] - most);
            sum += p[j];
        }
        for (int c = 0; c < d; c++) {
            for (int j = 0; j < pixels; j++)
                out[c * pixels + i] += p[j] / sum * v[c * pixels + j];
        }
    }
}

tst_map tst_net_attention(const tst_node *n)
{
    const tst_map *a = n->from[0];
    const int C = a->channels / 3, heads = tst_node_integer(n, "heads", 1),
              d = C / heads;
    const int pixels = a->height * a->width;
    double *p = csk_alloc(pixels, sizeof(*p));
    tst_map out = tst_map_like(a, C);

    ck_assert(p && C * 3 == a->channels && d * heads == C);
    for (int b = 0; b < a->batch; b++) {
        for (int h = 0; h < heads; h++)
            attend(tst_map_at(&out, b, h * d, 0, 0), tst_map_at(a, b, h * d, 0, 0),
                   tst_map_at(a, b, C + h * d, 0, 0),
                   tst_map_at(a, b, 2 * C + h * d, 0, 0), d, pixels, p);
    }
    csk_free(p);
    return out;
}
