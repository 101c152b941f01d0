/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file tests/support/tst_net.h
 * Networks (samplers/net/net.h) once more: plain loops in double, written from the description
 * of the nodes alone, without derivatives. Those come from central differences.
 */
#ifndef CSK_TESTS_SUPPORT_TST_NET_H
#define CSK_TESTS_SUPPORT_TST_NET_H

#include "cs/tensors.h"

#include <stdint.h>

/** An image [batch][channels][height][width] or a vector [batch][channels][1][1]. */
typedef struct tst_map {
    int batch, channels, height, width;
    double *data; /**< csk_free() it */
} tst_map;

/** Zeros. */
tst_map tst_map_new(int batch, int channels, int height, int width);
int64_t tst_map_size(const tst_map *m);

typedef struct tst_net tst_net;

/** @p graph and @p weights must be right: what is not is a failed check. */
tst_net *tst_net_new(const char *graph, const csk_tensors *weights);
void tst_net_free(tst_net *net);

/** The weights become @p at + @p h @p along. The sets hold the same names. */
void tst_net_move(tst_net *net, const csk_tensors *at, double h,
                  const csk_tensors *along);

/** net(x, sigma) as csk_net_forward(); the caller frees the result's data. */
tst_map tst_net_eval(const tst_net *net, const tst_map *x, const double *sigma,
                     const double *step);

/**
 * The derivative of <gy, net(x)> when x moves along @p dx and the weights, at @p weights, along
 * @p dw; either may be NULL. Central differences, right to about 1e-8 of it.
 */
double tst_net_slope(tst_net *net, const tst_map *x, const double *sigma,
                     const double *step, const double *gy, const double *dx,
                     const csk_tensors *weights, const csk_tensors *dw);

#endif
