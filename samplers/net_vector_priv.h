/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors of a net, [batch][channels] in float: embeddings of the noise level. Never installed. */
#ifndef CSK_SAMPLERS_NET_VECTOR_PRIV_H
#define CSK_SAMPLERS_NET_VECTOR_PRIV_H

#include "samplers/net_priv.h"

/* y[channels] := the features of one noise level; `frequency` of a fourier embedding. */
void csk_net_embed(const net_node *node, float *y, double sigma, double step,
                   const float *frequency);

/* y := W v + b for `rows` vectors; b NULL: 0. */
void csk_net_linear(int rows, int out, int in, float *y, const float *w, const float *b,
                    const float *v);
/* gv := (or +=) W^T gy, gw += gy v^T, gb += gy; each may be NULL. */
void csk_net_linear_back(int rows, int out, int in, float *gv, float *gw, float *gb,
                         const float *gy, const float *w, const float *v, bool add);

#endif
