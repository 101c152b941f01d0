/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/linop.h"
#include "cs/linop_impl.h"
#include "cs/mem.h"

#include <assert.h>
#include <math.h>

void *csk_linop_new(size_t bytes, const csk_linop_class *cls, const csk_space *domain,
                    const csk_space *codomain)
{
    assert(bytes >= sizeof(csk_linop) && cls->apply && cls->adjoint);

    csk_linop *A = csk_alloc(1, bytes);
    if (!A)
        return NULL;
    A->cls = cls;
    atomic_init(&A->refs, 1);
    A->domain = *domain;
    A->codomain = *codomain;
    A->norm_bound = INFINITY;
    return A;
}

csk_linop *csk_linop_ref(csk_linop *A)
{
    atomic_fetch_add_explicit(&A->refs, 1, memory_order_relaxed);
    return A;
}

void csk_linop_unref(csk_linop *A)
{
    if (!A || atomic_fetch_sub_explicit(&A->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (A->cls->destroy)
        A->cls->destroy(A);
    csk_free(A);
}

const csk_space *csk_linop_domain(const csk_linop *A)
{
    return &A->domain;
}

const csk_space *csk_linop_codomain(const csk_linop *A)
{
    return &A->codomain;
}

int64_t csk_linop_cols(const csk_linop *A)
{
    return csk_space_len(&A->domain);
}

int64_t csk_linop_rows(const csk_linop *A)
{
    return csk_space_len(&A->codomain);
}

const char *csk_linop_name(const csk_linop *A)
{
    return A->cls->name;
}

double csk_linop_norm_bound(const csk_linop *A)
{
    return A->norm_bound;
}

int64_t csk_linop_work_len(const csk_linop *A)
{
    const int64_t between = A->cls->normal ? 0 : csk_pad(csk_space_len(&A->codomain));

    return between + A->work_len;
}

void csk_linop_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    A->cls->apply(A, y, x, work);
}

void csk_linop_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    A->cls->adjoint(A, x, y, work);
}

void csk_linop_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    if (A->cls->normal) {
        A->cls->normal(A, z, x, work);
        return;
    }
    float *rest = work + csk_pad(csk_space_len(&A->codomain));
    A->cls->apply(A, work, x, rest);
    A->cls->adjoint(A, z, work, rest);
}

bool csk_linop_has_normal(const csk_linop *A)
{
    return A->cls->normal != NULL;
}

bool csk_linop_has_resolvent(const csk_linop *A)
{
    return A->cls->resolvent != NULL;
}

void csk_linop_resolvent(const csk_linop *A, float *z, const float *x, double a,
                         double b, float *work)
{
    assert(A->cls->resolvent && a >= 0. && b > 0.);
    A->cls->resolvent(A, z, x, a, b, work);
}

/* -- composition ---------------------------------------------------------- */

typedef struct chain {
    csk_linop base;
    csk_linop *outer;
    csk_linop *inner;
} chain;

static void chain_apply(const csk_linop *A, float *y, const float *x, float *work)
{
    const chain *c = (const chain *)A;
    float *rest = work + csk_pad(csk_space_len(&c->inner->codomain));

    csk_linop_apply(c->inner, work, x, rest);
    csk_linop_apply(c->outer, y, work, rest);
}

static void chain_adjoint(const csk_linop *A, float *x, const float *y, float *work)
{
    const chain *c = (const chain *)A;
    float *rest = work + csk_pad(csk_space_len(&c->inner->codomain));

    csk_linop_adjoint(c->outer, work, y, rest);
    csk_linop_adjoint(c->inner, x, work, rest);
}

/* Worth it where outer knows a shortcut: A*A = inner* (outer* outer) inner. */
static void chain_normal(const csk_linop *A, float *z, const float *x, float *work)
{
    const chain *c = (const chain *)A;
    const int64_t len = csk_pad(csk_space_len(&c->inner->codomain));
    float *rest = work + 2 * len;

    csk_linop_apply(c->inner, work, x, rest);
    csk_linop_normal(c->outer, work + len, work, rest);
    csk_linop_adjoint(c->inner, z, work + len, rest);
}

static void chain_destroy(csk_linop *A)
{
    chain *c = (chain *)A;

    csk_linop_unref(c->outer);
    csk_linop_unref(c->inner);
}

#define CHAIN(normal_fn)                                                               \
    {                                                                                  \
        .name = "chain", .apply = chain_apply, .adjoint = chain_adjoint,               \
        .normal = (normal_fn), .destroy = chain_destroy,                               \
    }
static const csk_linop_class chain_class[2] = { CHAIN(NULL), CHAIN(chain_normal) };

csk_status csk_linop_chain(csk_linop **out, csk_linop *outer, csk_linop *inner)
{
    if (!csk_space_equal(&outer->domain, &inner->codomain))
        return csk_fail(CSK_ERR_SHAPE, "%s does not follow %s: spaces differ",
                        outer->cls->name, inner->cls->name);

    const bool shortcut = csk_linop_has_normal(outer);
    chain *c = csk_linop_new(sizeof(*c), &chain_class[shortcut], &inner->domain,
                             &outer->codomain);
    if (!c)
        return CSK_ERR_NOMEM;
    c->outer = csk_linop_ref(outer);
    c->inner = csk_linop_ref(inner);

    const int64_t wo = csk_linop_work_len(outer);
    const int64_t wi = csk_linop_work_len(inner);
    const int64_t between = csk_pad(csk_space_len(&inner->codomain));
    c->base.work_len = (shortcut ? 2 : 1) * between + (wo > wi ? wo : wi);
    c->base.norm_bound = outer->norm_bound * inner->norm_bound;
    *out = &c->base;
    return CSK_OK;
}
