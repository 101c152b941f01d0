/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tst_net_case.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net.h"

#include <math.h>
#include <string.h>

bool tst_net_way(int i, csk_net_shape *shape)
{
    static const csk_net_shape ways[TST_NET_WAYS] = {
        { .backend = CSK_NET_PLAIN, .precision = CSK_NET_F32 },
        { .backend = CSK_NET_PLAIN, .precision = CSK_NET_F32_DIRECT },
        { .backend = CSK_NET_PLAIN, .precision = CSK_NET_BF16 },
        { .backend = CSK_NET_DNNL, .precision = CSK_NET_F32 },
        { .backend = CSK_NET_DNNL, .precision = CSK_NET_F32_DIRECT },
        { .backend = CSK_NET_DNNL, .precision = CSK_NET_BF16 },
        { .backend = CSK_NET_PLAIN, .precision = CSK_NET_F32, .part = 1 },
        { .backend = CSK_NET_DNNL, .precision = CSK_NET_F32, .part = 1 },
        { .backend = CSK_NET_DNNL, .precision = CSK_NET_BF16, .part = 1 },
    };

    *shape = ways[i];
    return csk_net_can(shape->backend, shape->precision);
}

const char *tst_net_way_name(const csk_net_shape *shape)
{
    static const char *const names[][3][2] = {
        { { "auto f32", "auto f32, parts" },
          { "auto direct", "auto direct, parts" },
          { "auto bf16", "auto bf16, parts" } },
        { { "plain f32", "plain f32, parts" },
          { "plain direct", "plain direct, parts" },
          { "plain bf16", "plain bf16, parts" } },
        { { "dnnl f32", "dnnl f32, parts" },
          { "dnnl direct", "dnnl direct, parts" },
          { "dnnl bf16", "dnnl bf16, parts" } }
    };

    return names[shape->backend][shape->precision][shape->part > 0];
}

const double *tst_net_sigma(void)
{
    static const double sigma[] = { .3, 1.7, .04, .6, .15, 1.1 };

    return sigma;
}

const double *tst_net_step(void)
{
    static const double step[] = { 12.25, 3., 999., 40., 1.5, 700. };

    return step;
}

static csk_net *parsed(const tst_net_case *c, const csk_tensors *weights)
{
    char *graph = tst_net_graph(c);
    csk_net *net;

    tst_ok(csk_net_parse(&net, graph, weights, c->name));
    csk_free(graph);
    return net;
}

csk_net *tst_net_parsed(const tst_net_case *c)
{
    csk_tensors weights = { 0 };

    tst_net_tensors(&weights, c->tensors, 1);
    csk_net *net = parsed(c, &weights);
    csk_tensors_clear(&weights);
    return net;
}

/* -- a net twice ------------------------------------------------------------ */

typedef struct pair {
    const tst_net_case *c;
    csk_tensors weights;
    csk_net *net;
    tst_net *reference;
    tst_map x, y; /* y: by the reference */
    int64_t n, m;
    float *xf, *yf;
} pair;

/*
 * Input and weights such as bfloat16 holds, if it is in use: then the sums of the first layer are
 * right, and a relu behind it is bent at the same pixels.
 */
static void shorten(int64_t n, float *x)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof(bits));
        bits &= 0xffff0000U;
        memcpy(&x[i], &bits, sizeof(bits));
    }
}

static pair pair_new(const tst_net_case *c, const csk_net_shape *way)
{
    pair p = { .c = c };
    char *graph = tst_net_graph(c);

    tst_net_tensors(&p.weights, c->tensors, 1);
    for (int i = 0; i < p.weights.count && way->precision == CSK_NET_BF16; i++)
        shorten(csk_tensor_size(&p.weights.item[i]), p.weights.item[i].data);
    p.net = parsed(c, &p.weights);
    p.reference = tst_net_new(graph, &p.weights);
    csk_free(graph);
    p.x = tst_map_new(c->batch, c->inputs, c->height, c->width);
    p.n = tst_map_size(&p.x);
    p.xf = tst_normal(p.n, 2, 0);
    if (way->precision == CSK_NET_BF16)
        shorten(p.n, p.xf);
    for (int64_t i = 0; i < p.n; i++)
        p.x.data[i] = p.xf[i];
    p.y = tst_net_eval(p.reference, &p.x, tst_net_sigma(), tst_net_step());
    p.m = tst_map_size(&p.y);
    p.yf = csk_alloc(p.m, sizeof(*p.yf));
    ck_assert_ptr_nonnull(p.yf);
    ck_assert_int_eq(csk_net_inputs(p.net), c->inputs);
    ck_assert_int_eq(csk_net_outputs(p.net), p.y.channels);
    ck_assert_msg(p.y.height == c->height && p.y.width == c->width,
                  "%s: the output is %d x %d", c->name, p.y.height, p.y.width);
    return p;
}

static void pair_clear(pair *p)
{
    csk_tensors_clear(&p->weights);
    csk_net_free(p->net);
    tst_net_free(p->reference);
    csk_free(p->x.data), csk_free(p->y.data), csk_free(p->xf), csk_free(p->yf);
}

static csk_net_plan *plan_of(const pair *p, const csk_net_shape *way, int derivative,
                             float **work)
{
    csk_net_shape shape = *way;
    csk_net_plan *plan;

    shape.batch = p->c->batch;
    shape.height = p->c->height;
    shape.width = p->c->width;
    shape.derivative = derivative;
    tst_ok(csk_net_plan_new(&plan, p->net, &shape));
    *work = csk_alloc(csk_net_plan_work_len(plan), sizeof(**work));
    ck_assert_ptr_nonnull(*work);
    return plan;
}

static double error_of_output(const pair *p)
{
    double off = 0., all = 0.;

    for (int64_t i = 0; i < p->m; i++) {
        off += pow(p->yf[i] - p->y.data[i], 2.);
        all += pow(p->y.data[i], 2.);
    }
    ck_assert_double_gt(all, 0.);
    return sqrt(off / all);
}

void tst_net_check_forward(const tst_net_case *c, const csk_net_shape *way)
{
    const double tol = way->precision == CSK_NET_BF16 ? 2e-2 : 1e-5;
    pair p = pair_new(c, way);

    for (int derivative = CSK_NET_NONE; derivative <= CSK_NET_WEIGHTS; derivative++) {
        float *work;
        csk_net_plan *plan = plan_of(&p, way, derivative, &work);

        ck_assert_double_ge(csk_net_plan_flops(plan), 0.);
        for (int round = 0; round < 2; round++) { /* what lies in work is no matter */
            for (int64_t i = 0; i < p.m; i++)
                p.yf[i] = NAN;
            csk_net_forward(plan, p.yf, p.xf, tst_net_sigma(), tst_net_step(), work);
            const double error = error_of_output(&p);
            ck_assert_msg(error <= tol, "%s, %s, derivative %d: off by %g", c->name,
                          tst_net_way_name(way), derivative, error);
        }
        csk_net_plan_free(plan);
        csk_free(work);
    }
    pair_clear(&p);
}

/* -- derivatives ------------------------------------------------------------ */

static void compare(const pair *p, const csk_net_shape *way, const char *by, double got,
                    double want, double norm)
{
    const double tol = way->precision == CSK_NET_BF16 ? 6e-2 : 1e-4;

    ck_assert_msg(fabs(got - want) <= tol * norm,
                  "%s, %s: the derivative by %s is %g, should be %g (norm %g)",
                  p->c->name, tst_net_way_name(way), by, got, want, norm);
}

static double slope(const pair *p, const double *gy, const double *dx,
                    const csk_tensors *dw)
{
    return tst_net_slope(p->reference, &p->x, tst_net_sigma(), tst_net_step(), gy, dx,
                         &p->weights, dw);
}

static void check_input(const pair *p, const csk_net_shape *way, const double *gy,
                        const float *gx)
{
    const double norm = csk_norm(p->n, gx);
    double *dx = csk_alloc(p->n, sizeof(*dx));

    ck_assert_ptr_nonnull(dx);
    for (uint32_t round = 0; round < 3; round++) {
        float *direction = tst_normal(p->n, 4, round);

        for (int64_t i = 0; i < p->n; i++)
            dx[i] = direction[i];
        compare(p, way, "the input", csk_dot(p->n, gx, direction),
                slope(p, gy, dx, NULL), norm);
        csk_free(direction);
    }
    csk_free(dx);
}

/* One tensor of @p gw after the other; the rest of the direction is 0. */
static void check_weights(const pair *p, const csk_net_shape *way, const double *gy,
                          const float *gw)
{
    csk_tensors gradient = { 0 }, direction = { 0 };
    const double all = csk_norm(csk_net_parameters(p->net), gw);

    tst_ok(csk_net_export(p->net, gw, &gradient));
    ck_assert_int_eq(gradient.count, p->weights.count);
    tst_ok(csk_net_export(p->net, gw, &direction));
    for (int i = 0; i < direction.count; i++)
        csk_zero(csk_tensor_size(&direction.item[i]), direction.item[i].data);
    for (int i = 0; i < gradient.count; i++) {
        const csk_tensor *g = &gradient.item[i];
        csk_tensor *d = &direction.item[i];
        const int64_t n = csk_tensor_size(g);

        csk_rng_normal((csk_rng){ 5, (uint32_t)i, 0 }, n, d->data);
        const bool fixed = strcmp(g->name, "fixed") == 0;
        compare(p, way, g->name, csk_dot(n, g->data, d->data),
                fixed ? 0. : slope(p, gy, NULL, &direction),
                csk_norm(n, g->data) + .01 * all);
        csk_zero(n, d->data);
    }
    csk_tensors_clear(&gradient);
    csk_tensors_clear(&direction);
}

/* y := y - x is small beside @p norm. */
static void check_equal(const pair *p, const csk_net_shape *way, const char *what,
                        int64_t n, const float *x, float *y, double norm)
{
    csk_axpby(n, -1., x, 1., y);
    ck_assert_msg(csk_norm(n, y) <= 1e-5 * norm, "%s, %s: %s", p->c->name,
                  tst_net_way_name(way), what);
}

/*
 * With DATA alone and with WEIGHTS, with and without each of the results: the same
 * derivatives; those by the weights are added to what there was.
 */
static void check_variants(const pair *p, const csk_net_shape *way, const float *gyf,
                           const float *gx, const float *gw)
{
    const int64_t n = p->n, k = csk_net_parameters(p->net);
    float *other = csk_alloc(n > k ? n : k, sizeof(*other)), *work;
    csk_net_plan *plan = plan_of(p, way, CSK_NET_DATA, &work);

    ck_assert_ptr_nonnull(other);
    csk_net_forward(plan, p->yf, p->xf, tst_net_sigma(), tst_net_step(), work);
    csk_net_backward(plan, other, NULL, gyf, work);
    check_equal(p, way, "another input gradient with CSK_NET_DATA", n, gx, other,
                csk_norm(n, gx));
    csk_net_plan_free(plan);
    csk_free(work);
    plan = plan_of(p, way, CSK_NET_WEIGHTS, &work);
    for (int64_t i = 0; i < k; i++)
        other[i] = gw[i];
    csk_net_forward(plan, p->yf, p->xf, tst_net_sigma(), tst_net_step(), work);
    csk_net_backward(plan, NULL, other, gyf, work);
    csk_axpby(k, -1., gw, 1., other);
    check_equal(p, way, "the weights' gradient is not added", k, gw, other,
                csk_norm(k, gw));
    csk_net_plan_free(plan);
    csk_free(work), csk_free(other);
}

void tst_net_check_backward(const tst_net_case *c, const csk_net_shape *way)
{
    pair p = pair_new(c, way);
    const int64_t k = csk_net_parameters(p.net);
    float *gx = csk_alloc(p.n, sizeof(*gx)), *gw = csk_alloc(k + 1, sizeof(*gw));
    float *gyf = tst_normal(p.m, 3, 0), *work;
    double *gy = csk_alloc(p.m, sizeof(*gy));
    csk_net_plan *plan = plan_of(&p, way, CSK_NET_WEIGHTS, &work);

    ck_assert(gx && gw && gy);
    for (int64_t i = 0; i < p.m; i++)
        gy[i] = gyf[i];
    csk_net_forward(plan, p.yf, p.xf, tst_net_sigma(), tst_net_step(), work);
    csk_net_backward(plan, gx, gw, gyf, work);
    check_input(&p, way, gy, gx);
    check_weights(&p, way, gy, gw);
    check_variants(&p, way, gyf, gx, gw);
    csk_net_plan_free(plan);
    csk_free(work), csk_free(gx), csk_free(gw), csk_free(gyf), csk_free(gy);
    pair_clear(&p);
}
