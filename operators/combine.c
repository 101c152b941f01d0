/* SPDX-License-Identifier: BSD-3-Clause */
#include "operators/combine.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>

/* One struct for all of them; identity has no part, scaled and adjoint have one. */
typedef struct combined {
    csk_linop base;
    double factor; /* scaled only */
    int count;
    csk_linop *part[];
} combined;

static void combined_destroy(csk_linop *A)
{
    combined *c = (combined *)A;

    for (int i = 0; i < c->count; i++)
        csk_linop_unref(c->part[i]);
}

/* An operator that holds references of its parts and the workspace of the greediest. */
static combined *combine(const csk_linop_class *cls, const csk_space *domain,
                         const csk_space *codomain, int count, csk_linop *const *B)
{
    combined *c = csk_linop_new(sizeof(*c) + (size_t)count * sizeof(csk_linop *), cls,
                                domain, codomain);

    if (!c)
        return NULL;
    c->count = count;
    for (int i = 0; i < count; i++) {
        const int64_t need = csk_linop_work_len(B[i]);

        c->part[i] = csk_linop_ref(B[i]);
        if (c->base.work_len < need)
            c->base.work_len = need;
    }
    return c;
}

/* @p count operators that may be combined: all start from the same space. */
static csk_status check_parts(const char *what, int count, csk_linop *const *B)
{
    if (count < 1)
        return csk_fail(CSK_ERR_ARG, "%s: needs at least one operator, got %d", what,
                        count);
    for (int i = 1; i < count; i++) {
        if (csk_space_equal(&B[i]->domain, &B[0]->domain))
            continue;
        char is[96], want[96];
        return csk_fail(CSK_ERR_SHAPE,
                        "%s: operator %d (%s) takes %s, but operator 0 (%s) takes %s",
                        what, i, B[i]->cls->name,
                        csk_space_text(&B[i]->domain, is, sizeof(is)), B[0]->cls->name,
                        csk_space_text(&B[0]->domain, want, sizeof(want)));
    }
    return CSK_OK;
}

/* -- identity --------------------------------------------------------------- */

static void identity_copy(const csk_linop *A, float *out, const float *in, float *work)
{
    (void)work;
    csk_copy(csk_space_len(&A->domain), in, out);
}

static void identity_resolvent(const csk_linop *A, float *z, const float *x, double a,
                               double b, float *work)
{
    (void)work;
    csk_axpby(csk_space_len(&A->domain), 1. / (a + b), x, 0., z);
}

static const csk_linop_class identity_class = {
    .name = "identity",
    .apply = identity_copy,
    .adjoint = identity_copy,
    .normal = identity_copy,
    .resolvent = identity_resolvent,
};

csk_status csk_linop_identity(csk_linop **out, const csk_space *space)
{
    csk_status err = csk_space_check(space, "identity");

    if (err)
        return err;
    combined *c = combine(&identity_class, space, space, 0, NULL);
    if (!c)
        return CSK_ERR_NOMEM;
    c->base.norm_bound = 1.;
    *out = &c->base;
    return CSK_OK;
}

/* -- scaled ----------------------------------------------------------------- */

static void scaled_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const combined *c = (const combined *)A;

    csk_linop_apply(c->part[0], y, x, work);
    csk_scale(csk_space_len(&A->codomain), c->factor, y);
}

static void scaled_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const combined *c = (const combined *)A;

    csk_linop_adjoint(c->part[0], x, y, work);
    csk_scale(csk_space_len(&A->domain), c->factor, x);
}

static void scaled_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    const combined *c = (const combined *)A;

    csk_linop_normal(c->part[0], z, x, work);
    csk_scale(csk_space_len(&A->domain), c->factor * c->factor, z);
}

static void scaled_resolvent(const csk_linop *A, float *z, const float *x, double a,
                             double b, float *work)
{
    const combined *c = (const combined *)A;

    csk_linop_resolvent(c->part[0], z, x, a * c->factor * c->factor, b, work);
}

/* A class is what an operator can do, so [has a normal][has a resolvent] are four. */
#define SCALED(normal_fn, resolvent_fn)                                                \
    {                                                                                  \
        .name = "scaled", .apply = scaled_apply, .adjoint = scaled_adjoint,            \
        .normal = (normal_fn), .resolvent = (resolvent_fn),                            \
        .destroy = combined_destroy,                                                   \
    }
static const csk_linop_class scaled_class[2][2] = {
    { SCALED(NULL, NULL), SCALED(NULL, scaled_resolvent) },
    { SCALED(scaled_normal, NULL), SCALED(scaled_normal, scaled_resolvent) },
};

csk_status csk_linop_scaled(csk_linop **out, csk_linop *B, double factor)
{
    if (!isfinite(factor))
        return csk_fail(CSK_ERR_ARG, "scaled: the factor of %s is not finite",
                        B->cls->name);

    const csk_linop_class *cls =
        &scaled_class[csk_linop_has_normal(B)][csk_linop_has_resolvent(B)];
    combined *c = combine(cls, &B->domain, &B->codomain, 1, &B);
    if (!c)
        return CSK_ERR_NOMEM;
    c->factor = factor;
    c->base.norm_bound = factor == 0. ? 0. : fabs(factor) * B->norm_bound;
    *out = &c->base;
    return CSK_OK;
}

/* -- sum -------------------------------------------------------------------- */

/* out := sum_i f(B_i, in); the first len floats of work hold a term. */
static void add_up(const combined *c, csk_linop_fn *f, int64_t len, float *out,
                   const float *in, float *work)
{
    float *rest = work + csk_pad(len);

    f(c->part[0], out, in, rest);
    for (int i = 1; i < c->count; i++) {
        f(c->part[i], work, in, rest);
        csk_axpby(len, 1., work, 1., out);
    }
}

static void sum_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    add_up((const combined *)A, csk_linop_apply, csk_space_len(&A->codomain), y, x,
           work);
}

static void sum_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    add_up((const combined *)A, csk_linop_adjoint, csk_space_len(&A->domain), x, y,
           work);
}

static const csk_linop_class sum_class = {
    .name = "sum",
    .apply = sum_apply,
    .adjoint = sum_adjoint,
    .destroy = combined_destroy,
};

csk_status csk_linop_sum(csk_linop **out, int count, csk_linop *const *B)
{
    csk_status err = check_parts("sum", count, B);

    if (err)
        return err;
    for (int i = 1; i < count; i++) {
        if (!csk_space_equal(&B[i]->codomain, &B[0]->codomain)) {
            char is[96], want[96];
            return csk_fail(CSK_ERR_SHAPE, "sum: operator %d (%s) gives %s, not %s", i,
                            B[i]->cls->name,
                            csk_space_text(&B[i]->codomain, is, sizeof(is)),
                            csk_space_text(&B[0]->codomain, want, sizeof(want)));
        }
    }

    combined *c = combine(&sum_class, &B[0]->domain, &B[0]->codomain, count, B);
    if (!c)
        return CSK_ERR_NOMEM;
    const int64_t n = csk_space_len(&c->base.domain);
    const int64_t m = csk_space_len(&c->base.codomain);
    c->base.work_len += csk_pad(n > m ? n : m);
    c->base.norm_bound = 0.;
    for (int i = 0; i < count; i++)
        c->base.norm_bound += B[i]->norm_bound;
    *out = &c->base;
    return CSK_OK;
}

/* -- stack ------------------------------------------------------------------ */

static void stack_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const combined *c = (const combined *)A;

    for (int i = 0; i < c->count; i++) {
        csk_linop_apply(c->part[i], y, x, work);
        y += csk_space_len(&c->part[i]->codomain);
    }
}

static void stack_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const combined *c = (const combined *)A;
    const int64_t n = csk_space_len(&A->domain);
    float *rest = work + csk_pad(n);

    for (int i = 0; i < c->count; i++) {
        csk_linop_adjoint(c->part[i], i ? work : x, y, rest);
        if (i)
            csk_axpby(n, 1., work, 1., x);
        y += csk_space_len(&c->part[i]->codomain);
    }
}

/* A*A = sum_i B_i*B_i, which pays as soon as one of the parts knows a shortcut. */
static void stack_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    add_up((const combined *)A, csk_linop_normal, csk_space_len(&A->domain), z, x,
           work);
}

#define STACK(normal_fn)                                                               \
    {                                                                                  \
        .name = "stack", .apply = stack_apply, .adjoint = stack_adjoint,               \
        .normal = (normal_fn), .destroy = combined_destroy,                            \
    }
static const csk_linop_class stack_class[2] = { STACK(NULL), STACK(stack_normal) };

csk_status csk_linop_stack(csk_linop **out, int count, csk_linop *const *B)
{
    csk_status err = check_parts("stack", count, B);

    if (err)
        return err;
    int64_t size = 0;
    double squares = 0.;
    bool shortcut = false;
    for (int i = 0; i < count; i++) {
        if (B[i]->codomain.field != B[0]->codomain.field)
            return csk_fail(CSK_ERR_SHAPE,
                            "stack: operators %d (%s) and 0 (%s) differ in real or "
                            "complex output",
                            i, B[i]->cls->name, B[0]->cls->name);
        size += csk_space_size(&B[i]->codomain);
        squares += B[i]->norm_bound * B[i]->norm_bound;
        shortcut = shortcut || csk_linop_has_normal(B[i]);
    }
    const csk_space codomain = csk_space_make(B[0]->codomain.field, 1, &size);
    err = csk_space_check(&codomain, "stack");
    if (err)
        return err;

    combined *c = combine(&stack_class[shortcut], &B[0]->domain, &codomain, count, B);
    if (!c)
        return CSK_ERR_NOMEM;
    c->base.work_len += csk_pad(csk_space_len(&c->base.domain));
    c->base.norm_bound = sqrt(squares);
    *out = &c->base;
    return CSK_OK;
}

/* -- adjoint ---------------------------------------------------------------- */

static void adjoint_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    csk_linop_adjoint(((const combined *)A)->part[0], y, x, work);
}

static void adjoint_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    csk_linop_apply(((const combined *)A)->part[0], x, y, work);
}

static const csk_linop_class adjoint_class = {
    .name = "adjoint",
    .apply = adjoint_apply,
    .adjoint = adjoint_adjoint,
    .destroy = combined_destroy,
};

csk_status csk_linop_adjoint_of(csk_linop **out, csk_linop *B)
{
    if (B->cls == &adjoint_class) { /* A** = A, with the shortcuts that A knows */
        *out = csk_linop_ref(((combined *)B)->part[0]);
        return CSK_OK;
    }
    combined *c = combine(&adjoint_class, &B->codomain, &B->domain, 1, &B);
    if (!c)
        return CSK_ERR_NOMEM;
    c->base.norm_bound = B->norm_bound;
    *out = &c->base;
    return CSK_OK;
}
