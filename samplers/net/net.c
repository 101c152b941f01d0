/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/net/net.h"
#include "cs/mem.h"
#include "samplers/net/net_priv.h"

#include <string.h>

void csk_net_free(csk_net *net)
{
    if (!net)
        return;
    for (int k = 0; k < net->nodes; k++)
        csk_free(net->node[k].name);
    for (int k = 0; k < net->tensors; k++)
        csk_free(net->tensor[k].name);
    csk_free(net->node);
    csk_free(net->tensor);
    csk_free(net->weights);
    csk_free(net);
}

int csk_net_inputs(const csk_net *net)
{
    return net->inputs;
}

int csk_net_outputs(const csk_net *net)
{
    return net_channels(net, net->output);
}

int csk_net_multiple(const csk_net *net)
{
    return net->multiple;
}

bool csk_net_uses_sigma(const csk_net *net)
{
    return net->uses_sigma;
}

int64_t csk_net_parameters(const csk_net *net)
{
    return net->parameters;
}

float *csk_net_weights(csk_net *net)
{
    return net->weights;
}

csk_status csk_net_export(const csk_net *net, const float *vector, csk_tensors *t)
{
    const float *from = vector ? vector : net->weights;
    csk_status err = CSK_OK;

    for (int k = 0; k < net->tensors && !err; k++) {
        const net_tensor *is = &net->tensor[k];
        csk_tensor *to;

        err = csk_tensors_add(t, is->name, is->rank, is->dim, &to);
        if (!err)
            memcpy(to->data, from + is->at, (size_t)is->len * sizeof(float));
    }
    return err;
}

/* -- sizes ---------------------------------------------------------------------- */

/* What a node makes of a side of s pixels; the numbers of one direction. */
static int64_t side_of(const net_node *n, int64_t s, int before, int after)
{
    switch (n->op) {
    case NET_CONV:
        return (s + 2 * n->pad - n->kernel) / n->stride + 1;
    case NET_CONV_TRANSPOSE:
        return (s - 1) * n->stride - 2 * n->pad + n->kernel;
    case NET_DEPTH_TO_SPACE:
    case NET_PIXEL_SHUFFLE:
        return s * n->factor;
    case NET_UPSAMPLE:
        return s * 2;
    case NET_SPACE_TO_DEPTH:
    case NET_PIXEL_UNSHUFFLE:
        return s % n->factor ? 0 : s / n->factor;
    case NET_DOWNSAMPLE:
        return s % 2 ? 0 : s / 2;
    case NET_PAD:
        return s + before + after;
    case NET_CROP:
    case NET_FOLD:
        return s - before - after;
    case NET_FIR:
        return (s * n->up + n->fir_pad[0] + n->fir_pad[1] - n->taps) / n->down + 1;
    default:
        return s;
    }
}

/* Mirrored pixels must exist; in a fold they are what is left. */
static bool can_pad(const net_node *n, int64_t s, int before, int after)
{
    const int most = before > after ? before : after;

    if ((n->op != NET_PAD && n->op != NET_FOLD) || n->mode == NET_PAD_ZERO)
        return true;
    return most + (n->mode == NET_PAD_REFLECT) <=
           (n->op == NET_FOLD ? s - before - after : s);
}

static bool has_size(const net_node *n, int h, int w)
{
    return n->op != NET_AFFINE || (n->sides[0] == h && n->sides[2] == w);
}

int csk_net_sizes(const csk_net *net, int *h, int *w)
{
    for (int k = 0; k < net->nodes; k++) {
        const net_node *n = &net->node[k];

        h[k + 1] = w[k + 1] = 0;
        if (n->vector)
            continue;
        const int first = n->from[0];
        const int64_t high = side_of(n, h[first], n->sides[0], n->sides[1]);
        const int64_t wide = side_of(n, w[first], n->sides[2], n->sides[3]);
        bool fits = high > 0 && wide > 0 && high <= NET_SIDE && wide <= NET_SIDE &&
                    has_size(n, h[first], w[first]) &&
                    can_pad(n, h[first], n->sides[0], n->sides[1]) &&
                    can_pad(n, w[first], n->sides[2], n->sides[3]);
        for (int i = 1; i < n->inputs; i++) {
            const int from = n->from[i];
            fits = fits && (net_is_vector(net, from) ||
                            (h[from] == h[first] && w[from] == w[first]));
        }
        if (!fits)
            return k;
        h[k + 1] = (int)high;
        w[k + 1] = (int)wide;
    }
    return h[net->output] == h[0] && w[net->output] == w[0] ? -1 : net->output - 1;
}
