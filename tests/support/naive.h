/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file tests/support/naive.h
 * Layers of networks as plain loops in double, after PyTorch's documentation. They make the
 * weights they need: what a reference network asks for and is not there becomes a random
 * tensor of the state dict, so that a network is described once, by its forward pass.
 *
 * Weights of module NAME are NAME.weight and NAME.bias. An image without numbers (a dry run)
 * has a shape alone, and weights made then are zeros.
 */
#ifndef CSK_TESTS_SUPPORT_NAIVE_H
#define CSK_TESTS_SUPPORT_NAIVE_H

#include "cs/tensors.h"

#include <stdbool.h>

/** An image, or with h = w = 1 a vector; freed by naive_end(). */
typedef struct naive {
    int c, h, w;
    double *x; /**< [c][h][w]; NULL in a dry run */
} naive;

/** Names of modules, by value. */
typedef struct naive_name {
    char s[100];
} naive_name;

naive_name naive_text(const char *fmt, ...) CSK_PRINTF(1, 2);

/** Begin with a state dict, which it borrows; the seed is that of new weights. */
void naive_begin(csk_tensors *weights, uint32_t seed, bool dry);
/** Free all images. */
void naive_end(void);

naive naive_new(int c, int h, int w);
/** A random image, and the same in single precision (NULL: not wanted). */
naive naive_input(int c, int h, int w, float *copy);

/** The tensor, made if it is not there; NULL in a dry run. */
const float *naive_weight(const char *name, int rank, const int64_t *dim);

naive naive_conv(naive a, const char *module, int out, int kernel, int stride, int pad,
                 bool bias);
naive naive_conv_transpose(naive a, const char *module, int out, int kernel, int stride,
                           bool bias);
naive naive_linear(naive a, const char *module, int out);
naive naive_group_norm(naive a, const char *module, int groups, double eps);

naive naive_apply(naive a, double (*f)(double));
double naive_relu(double x);
double naive_silu(double x);
double naive_gelu(double x);

naive naive_add(naive a, naive b,
                double scale);          /* a vector b is added to every pixel */
naive naive_modulate(naive a, naive v); /* a (1 + first half of v) + second half */
naive naive_concat(naive a, naive b);
naive naive_constant(naive like, double value); /* one channel */
naive naive_unshuffle(naive a, int factor);     /* PyTorch's channel order */
naive naive_shuffle(naive a, int factor);
naive naive_pad(naive a, int before, int after, bool symmetric);
naive naive_twice(naive a); /* nearest */
naive naive_half(naive a);  /* means */
/** upfirdn2d with the taps 1 3 3 1 times @p gain in each direction. */
naive naive_fir(naive a, double gain, int up, int down, int before, int after);
/** q, k, v each [heads][c / heads] */
naive naive_attention(naive q, naive k, naive v, int heads);
/** Channels first ... first + count - 1. */
naive naive_slice(naive a, int first, int count);

/** The sinusoidal embedding of t. */
naive naive_embedding(double t, int channels, int shift, bool sin_first);

#endif
