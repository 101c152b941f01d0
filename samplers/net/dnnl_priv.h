/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What csk uses of oneDNN, in one form for its versions 2 and 3: version 3 has no operation
 * descriptors, and its memory descriptors are opaque. Never installed.
 */
#ifndef CSK_SAMPLERS_NET_DNNL_PRIV_H
#define CSK_SAMPLERS_NET_DNNL_PRIV_H

#include "samplers/net/winograd_priv.h"

#if defined(__GNUC__) &&                                                               \
    !defined(__clang__) /* of its headers, which know full arrays only */
#pragma GCC diagnostic ignored "-Wstringop-overread"
#endif
#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <string.h>

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t net_md;

static inline dnnl_status_t net_md_init(net_md *md, int n, const dnnl_dims_t dims,
                                        dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(md, n, dims, type, tag);
}

static inline dnnl_status_t net_md_query(net_md *md, const_dnnl_primitive_desc_t pd,
                                         dnnl_query_t what)
{
    const_dnnl_memory_desc_t found = dnnl_primitive_desc_query_md(pd, what, 0);

    return found ? dnnl_memory_desc_clone(md, found) : dnnl_runtime_error;
}

static inline void net_md_clear(net_md *md)
{
    if (*md)
        dnnl_memory_desc_destroy(*md);
    *md = NULL;
}

#define NET_MD(md) (md)

#else

typedef dnnl_memory_desc_t net_md;

static inline dnnl_status_t net_md_init(net_md *md, int n, const dnnl_dims_t dims,
                                        dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_init_by_tag(md, n, dims, type, tag);
}

static inline dnnl_status_t net_md_query(net_md *md, const_dnnl_primitive_desc_t pd,
                                         dnnl_query_t what)
{
    const dnnl_memory_desc_t *found = dnnl_primitive_desc_query_md(pd, what, 0);

    if (found)
        *md = *found;
    return found ? dnnl_success : dnnl_runtime_error;
}

static inline void net_md_clear(net_md *md)
{
    memset(md, 0, sizeof(*md));
}

#define NET_MD(md) (&(md))

#endif

/* The tensors of a convolution and how it moves. */
typedef struct net_conv_mds {
    net_md x, w, b, y;
    dnnl_dims_t stride, dilation, pad_before, pad_after;
} net_conv_mds;

static inline dnnl_status_t net_pd_forward(dnnl_primitive_desc_t *pd,
                                           dnnl_engine_t engine, dnnl_prop_kind_t use,
                                           dnnl_alg_kind_t alg, const net_conv_mds *m,
                                           dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_convolution_forward_primitive_desc_create(
        pd, engine, use, alg, m->x, m->w, m->b, m->y, m->stride, m->dilation,
        m->pad_before, m->pad_after, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t s =
        dnnl_convolution_forward_desc_init(&d, use, alg, &m->x, &m->w, &m->b, &m->y,
                                           m->stride, m->pad_before, m->pad_after);

    return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, NULL);
#endif
}

/* The order of transformed weights; false: none that we know. */
static inline bool net_winograd_of(net_winograd *order, const_dnnl_primitive_desc_t pd)
{
#if DNNL_VERSION_MAJOR >= 3
    (void)order, (void)pd; /* its descriptors are opaque */
    return false;
#else
    const dnnl_memory_desc_t *md =
        dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    const dnnl_wino_desc_t *w = &md->format_desc.wino_desc;

    if (md->format_kind != dnnl_format_kind_wino ||
        w->wino_format != dnnl_wino_wei_OBaaIBOIio || w->alpha != NET_WINOGRAD_SIDE ||
        w->ic_block != 16 || w->oc_block != 16)
        return false;
    *order = (net_winograd){ w->ic, w->oc, w->ic2_block, w->oc2_block };
    return true;
#endif
}

static inline dnnl_status_t net_pd_data(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                        dnnl_alg_kind_t alg, const net_conv_mds *m,
                                        dnnl_primitive_attr_t attr,
                                        const_dnnl_primitive_desc_t forward)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_convolution_backward_data_primitive_desc_create(
        pd, engine, alg, m->x, m->w, m->y, m->stride, m->dilation, m->pad_before,
        m->pad_after, forward, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t s = dnnl_convolution_backward_data_desc_init(
        &d, alg, &m->x, &m->w, &m->y, m->stride, m->pad_before, m->pad_after);

    return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, forward);
#endif
}

static inline dnnl_status_t net_pd_weights(dnnl_primitive_desc_t *pd,
                                           dnnl_engine_t engine, dnnl_alg_kind_t alg,
                                           const net_conv_mds *m,
                                           dnnl_primitive_attr_t attr,
                                           const_dnnl_primitive_desc_t forward)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_convolution_backward_weights_primitive_desc_create(
        pd, engine, alg, m->x, m->w, m->b, m->y, m->stride, m->dilation, m->pad_before,
        m->pad_after, forward, attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t s = dnnl_convolution_backward_weights_desc_init(
        &d, alg, &m->x, &m->w, &m->b, &m->y, m->stride, m->pad_before, m->pad_after);

    return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, forward);
#endif
}

static inline dnnl_status_t net_post_relu(dnnl_post_ops_t ops)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0.F, 0.F);
#else
    return dnnl_post_ops_append_eltwise(ops, 1.F, dnnl_eltwise_relu, 0.F, 0.F);
#endif
}

static inline dnnl_status_t net_post_sum(dnnl_post_ops_t ops)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_sum(ops, 1.F, 0, dnnl_data_type_undef);
#else
    return dnnl_post_ops_append_sum(ops, 1.F);
#endif
}

#endif
