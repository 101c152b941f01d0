/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The weights of a 3x3 convolution, transformed for Winograd's algorithm F(4x4, 3x3) (Lavin,
 * Gray, CVPR 2016): for each pair of channels
 *
 *     U = G g G'      (6x6 from 3x3)
 *
 * where row i of G is N_i (1, p_i, p_i^2) for the points p = 0, 5/8, -5/8, 3/2, -3/2 and
 * infinity, and N_i = prod_{j /= i} 1 / (p_i - p_j) over the finite ones. Never installed.
 */
#ifndef CSK_SAMPLERS_NET_WINOGRAD_PRIV_H
#define CSK_SAMPLERS_NET_WINOGRAD_PRIV_H

#include <stdbool.h>
#include <stddef.h>

enum { NET_WINOGRAD_SIDE = 6 };

/* How oneDNN's kernels want them: [out / group][6][6][in / group][out group][in group][16][16]. */
typedef struct net_winograd {
    int in, out; /* channels that the convolution reads and makes, whole blocks */
    int in_group, out_group; /* blocks of 16 channels that lie together */
} net_winograd;

/*
 * From dense weights [out][in][3][3]; if `turned`, from those of the convolution whose
 * derivative by the data this one is, [in][out][3][3]: each turned by 180 degrees.
 */
void csk_net_winograd_pack(const net_winograd *w, float *to, const float *dense,
                           bool turned);

#endif
