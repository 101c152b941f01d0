/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file tests/support/naive_nets.h
 * Published networks, forward, on the layers of naive.h: their structure and the names of their
 * modules as the papers' code has them, and nothing of csk's importers.
 */
#ifndef CSK_TESTS_SUPPORT_NAIVE_NETS_H
#define CSK_TESTS_SUPPORT_NAIVE_NETS_H

#include "tests/support/naive.h"

naive naive_dncnn(naive x, int layers, int features);
naive naive_ffdnet(naive x, double sigma, int layers, int features);
naive naive_drunet(naive x, double sigma, const int features[4], int blocks);

/** The sum over pixels of total deep variation's energy. */
double naive_tdv(naive x, int features, int macros);

/** The plain network of the minimal DDPM, on its own weights. */
naive naive_plain(naive x, double time, const int *features, int blocks,
                  int frequencies);

typedef enum naive_layout {
    NAIVE_HO,
    NAIVE_DIFFUSERS,
    NAIVE_DIFFUSERS_OLD
} naive_layout;

/** DDPM's U-Net with two blocks a level; bit i of @p attention: level i has it. */
naive naive_ddpm(naive x, double step, naive_layout layout, int features, int levels,
                 const int *times, unsigned attention);

typedef struct naive_adm_opts {
    int features, levels, blocks;
    unsigned attention; /**< bit i: level i has it */
    const int *times;   /**< features of a level */
    int head_channels;
    bool new_order, resample_blocks, scale_shift, variances;
} naive_adm_opts;

naive naive_adm(naive x, double step, const naive_adm_opts *o);

typedef struct naive_ncsnpp_opts {
    int features, levels, blocks;
    unsigned attention;
    const int *times;
    bool fourier, fir, rescale, input_residual, input_skip, output_skip;
} naive_ncsnpp_opts;

naive naive_ncsnpp(naive x, double sigma, double step, const naive_ncsnpp_opts *o);

#endif
