/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A plan's batch: at once on all threads, or in parts side by side, each on one thread. Parts
 * have memory of their own and are added in order, so that the number of threads changes no bit.
 */
#include "cs/blas_priv.h"
#include "cs/mem.h"
#include "cs/vec.h"
#include "samplers/net/plan_priv.h"

/* Floats of a part's work: what its steps need, then its derivative by the weights. */
static int64_t steps_len(const csk_net_plan *p)
{
    return csk_pad((p->arena + p->scratch) / (int64_t)sizeof(float));
}

static int64_t part_len(const csk_net_plan *p)
{
    const bool weights = p->is.part && p->is.derivative == CSK_NET_WEIGHTS;

    return steps_len(p) + (weights ? csk_pad(p->net->parameters) : 0);
}

int64_t csk_net_plan_work_len(const csk_net_plan *p)
{
    return p->parts * part_len(p);
}

/* Floats of the part's images that are value v. */
static int64_t image_len(const csk_net_plan *p, int v)
{
    return (int64_t)p->is.batch * net_channels(p->net, v) * p->step[v].h * p->step[v].w;
}

/* -- forwards --------------------------------------------------------------------------- */

typedef struct input {
    const float *x;
    const double *sigma, *step;
} input;

static void forward_part(const csk_net_plan *p, int k, float *y, const input *in,
                         float *work)
{
    const int64_t first = (int64_t)k * p->is.batch;
    const int before = csk_blas_single();

    csk_net_plan_forward(p, y + k * image_len(p, p->net->output),
                         in->x + k * image_len(p, 0),
                         in->sigma ? in->sigma + first : NULL,
                         in->step ? in->step + first : NULL, work + k * part_len(p));
    csk_blas_restore(before);
}

void csk_net_forward(const csk_net_plan *p, float *y, const float *x,
                     const double *sigma, const double *step, float *work)
{
    const input in = { x, sigma, step };

    if (!p->is.part) {
        csk_net_plan_forward(p, y, x, sigma, step, work);
        return;
    }
#pragma omp parallel for schedule(static) if (p->parts > 1)
    for (int k = 0; k < p->parts; k++)
        forward_part(p, k, y, &in, work);
}

/* -- backwards -------------------------------------------------------------------------- */

/* The convolution that keeps these weights' derivative in an order of its own; NULL: none. */
static const net_conv *orders(const csk_net_plan *p, const net_tensor *t)
{
    for (int v = 1; v <= p->net->nodes; v++) {
        const net_conv *c = p->step[v].conv;

        if (c && c->ordered && p->step[v].grad >= 0 &&
            p->net->node[v - 1].weight == t->at)
            return c;
    }
    return NULL;
}

/* Where derivatives are added; ordered ones are written. */
static void zero(const csk_net_plan *p, float *gw)
{
    for (int i = 0; i < p->net->tensors; i++) {
        const net_tensor *t = &p->net->tensor[i];

        if (!orders(p, t))
            csk_zero(t->len, gw + t->at);
    }
}

static void backward_part(const csk_net_plan *p, int k, float *gx, bool weights,
                          const float *gy, float *work)
{
    float *own = work + k * part_len(p), *gw = weights ? own + steps_len(p) : NULL;
    const int before = csk_blas_single();

    if (gw)
        zero(p, gw);
    csk_net_plan_backward(p, gx ? gx + k * image_len(p, 0) : NULL, gw,
                          gy + k * image_len(p, p->net->output), own);
    csk_blas_restore(before);
}

/* gw += the parts, tensor by tensor; a sum of those in an order is put in order. */
static void gather(const csk_net_plan *p, float *gw, float *work)
{
    float *first = work + steps_len(p);

#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < p->net->tensors; i++) {
        const net_tensor *t = &p->net->tensor[i];
        const net_conv *c = orders(p, t);
        float *sum = first + t->at;

        for (int k = 1; k < p->parts; k++)
            csk_axpby(t->len, 1., sum + k * part_len(p), 1., sum);
        if (c)
            c->cls->dense(c, gw + t->at, sum);
        else
            csk_axpby(t->len, 1., sum, 1., gw + t->at);
    }
}

void csk_net_backward(const csk_net_plan *p, float *gx, float *gw, const float *gy,
                      float *work)
{
    if (!p->is.part) {
        csk_net_plan_backward(p, gx, gw, gy, work);
        return;
    }
#pragma omp parallel for schedule(static) if (p->parts > 1)
    for (int k = 0; k < p->parts; k++)
        backward_part(p, k, gx, gw, gy, work);
    if (gw)
        gather(p, gw, work);
}
