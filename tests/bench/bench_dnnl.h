/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/bench/bench_dnnl.h  oneDNN's convolutions by themselves: what a network can reach. */
#ifndef CSK_TESTS_BENCH_DNNL_H
#define CSK_TESTS_BENCH_DNNL_H

#include <stdbool.h>

/** A convolution of images [batch][in][height][width]; padded by (kernel - 1) / 2. */
typedef struct bench_conv {
    int batch, in, out, height, width, kernel, stride;
} bench_conv;

typedef struct bench_raw bench_raw;

/**
 * All @p count convolutions, each reading what the one before wrote if the sizes agree, channels
 * rounded up to blocks of 16, as [batch][channels / 16][height][width][16], by the faster of the
 * direct and Winograd's algorithm, timed here. NULL: this processor, or this version of oneDNN,
 * does not do it.
 *
 * @param training  also the derivatives by the weights and, but for the first, by the input
 */
bench_raw *bench_raw_new(int count, const bench_conv *conv, bool bf16, bool training);
void bench_raw_free(bench_raw *raw);

/** Execute all, one after the other. @param raw  a bench_raw */
void bench_raw_run(void *raw);

/** How many run Winograd's algorithm. */
int bench_raw_winograd(const bench_raw *raw);

#endif
