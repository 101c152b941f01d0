/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/net/net.h
 * Convolutional networks: a graph that a model file describes, its weights, and plans that
 * evaluate it and its derivatives for one size of image.
 *
 * A net is a list of nodes in the order of evaluation. A value is an image [batch][C][H][W]
 * or a vector [batch][C] (an embedding of the noise level). docs/priors.md lists the nodes
 * and their attributes; layouts and meanings of the weights are PyTorch's.
 *
 * A plan holds the weights packed for its back end and never changes while it is used, so
 * that threads may share it; all scratch comes from the caller. Inside, images are blocks of
 * 16 channels, [batch][C/16][H][W][16], from the first node to the last, in single precision
 * or in bfloat16.
 */
#ifndef CSK_SAMPLERS_NET_NET_H
#define CSK_SAMPLERS_NET_NET_H

#include "cs/attr.h"
#include "cs/status.h"
#include "cs/tensors.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct csk_net csk_net;
typedef struct csk_net_plan csk_net_plan;

/**
 * A net from its description.
 *
 * @param graph    JSON: {"input": channels, "output": node, "nodes": [...]}
 * @param weights  looked up by the names that the graph gives; copied
 * @param what     opens messages: the file's name
 * @return CSK_ERR_FORMAT naming the node and what was expected: shapes of weights are
 *         checked against each other here, so that a net that exists can be evaluated
 */
CSK_API csk_status csk_net_parse(csk_net **out, const char *graph,
                                 const csk_tensors *weights,
                                 const char *what) CSK_MUST_CHECK;
CSK_API void csk_net_free(csk_net *net);

/** Channels of the input and of the output. */
CSK_API int csk_net_inputs(const csk_net *net);
CSK_API int csk_net_outputs(const csk_net *net);

/** Height and width of an image must be multiples of it; 1 where only one size will do. */
CSK_API int csk_net_multiple(const csk_net *net);

/** Whether the output depends on the noise level. */
CSK_API bool csk_net_uses_sigma(const csk_net *net);

/** All weights as one vector of this many floats, tensor after tensor; owned by the net. */
CSK_API int64_t csk_net_parameters(const csk_net *net);
CSK_API float *csk_net_weights(csk_net *net);

/** The weights @p vector (laid out as csk_net_weights(); NULL: those themselves) by name, added to @p t. */
CSK_API csk_status csk_net_export(const csk_net *net, const float *vector,
                                  csk_tensors *t) CSK_MUST_CHECK;

typedef enum csk_net_backend {
    CSK_NET_AUTO,  /**< oneDNN if csk was built with it */
    CSK_NET_PLAIN, /**< im2col and BLAS */
    CSK_NET_DNNL,  /**< oneDNN; CSK_ERR_UNSUPPORTED without */
} csk_net_backend;

typedef enum csk_net_precision {
    CSK_NET_F32, /**< Winograd's algorithm where the back end has it */
    CSK_NET_F32_DIRECT,
    CSK_NET_BF16, /**< images in bfloat16, sums and weight gradients in single precision;
                       CSK_ERR_UNSUPPORTED where the processor has no bfloat16 */
} csk_net_precision;

typedef enum csk_net_derivative {
    CSK_NET_NONE,
    CSK_NET_DATA,    /**< csk_net_backward() with respect to the input */
    CSK_NET_WEIGHTS, /**< and to the weights */
} csk_net_derivative;

typedef struct csk_net_shape {
    int batch, height, width;
    int backend;   /**< csk_net_backend */
    int precision; /**< csk_net_precision */
    int derivative; /**< csk_net_derivative: whether forward() keeps what backward() needs */
    int part; /**< images that one thread evaluates at a time, parts side by side; it divides
                   the batch; 0: all threads on the whole batch */
} csk_net_shape;

/**
 * @return CSK_ERR_SHAPE if height or width is no multiple of csk_net_multiple(), the batch is below 1
 *         or @p part does not divide it. @p net is borrowed.
 */
CSK_API csk_status csk_net_plan_new(csk_net_plan **out, const csk_net *net,
                                    const csk_net_shape *shape) CSK_MUST_CHECK;
CSK_API void csk_net_plan_free(csk_net_plan *plan);

/** Whether this processor and this build can do @p precision. */
CSK_API bool csk_net_can(int backend, int precision);

/** After the net's weights changed: pack them again. */
CSK_API void csk_net_plan_update(csk_net_plan *plan);

/** Floats of workspace, which must be aligned as csk_alloc() does. */
CSK_API int64_t csk_net_plan_work_len(const csk_net_plan *plan);

/** Floating-point operations of one forward pass, multiplications and additions. */
CSK_API double csk_net_plan_flops(const csk_net_plan *plan);

/**
 * y := net(x, sigma).
 *
 * @param y      [batch][outputs][height][width]
 * @param x      [batch][inputs][height][width]
 * @param sigma  [batch], the noise levels; NULL if the net does not use them
 * @param step   [batch], the time steps a sinusoidal embedding sees; NULL: sigma
 */
CSK_API void csk_net_forward(const csk_net_plan *plan, float *y, const float *x,
                             const double *sigma, const double *step, float *work);

/**
 * Derivatives of <gy, net(x)> at the x of the last csk_net_forward() with this @p work.
 *
 * @param gx  := the derivative by x; NULL: not wanted
 * @param gw  += the derivative by the weights, laid out as csk_net_weights(); NULL: not wanted
 *            The frequencies of a "fourier" embedding are fixed: 0.
 *
 * All are the same bits on any number of threads, but for gw by oneDNN of a plan without parts:
 * it adds in as many as there were threads when the plan was made. Parts are added in order.
 */
CSK_API void csk_net_backward(const csk_net_plan *plan, float *gx, float *gw,
                              const float *gy, float *work);

#endif
