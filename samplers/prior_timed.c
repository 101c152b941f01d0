/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/prior_timed.h"
#include "samplers/prior_impl.h"

#include <assert.h>
#include <time.h>

/* A prior never changes; what is told of it does. */
typedef struct account {
    atomic_llong nanoseconds, evaluations;
} account;

typedef struct timed {
    csk_prior base;
    csk_prior_class cls; /* what the other can do, by way of us */
    csk_prior *inner;
    account kept, *book; /* the one, and where it is */
} timed;

static long long now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return 1000000000ll * t.tv_sec + t.tv_nsec;
}

static void enter(const csk_prior *p, long long start, int batch)
{
    account *to = ((const timed *)p)->book;

    atomic_fetch_add_explicit(&to->nanoseconds, now() - start, memory_order_relaxed);
    atomic_fetch_add_explicit(&to->evaluations, batch, memory_order_relaxed);
}

static csk_status timed_denoise(const csk_prior *p, int batch, float *d, const float *x,
                                const double *sigma, const csk_rng *names, float *work)
{
    const csk_prior *inner = ((const timed *)p)->inner;
    const long long start = now();
    const csk_status err = inner->cls->denoise(inner, batch, d, x, sigma, names, work);

    enter(p, start, batch);
    return err;
}

static csk_status timed_vjp(const csk_prior *p, int batch, float *g, const float *v,
                            const float *x, const double *sigma, const csk_rng *names,
                            float *work)
{
    const csk_prior *inner = ((const timed *)p)->inner;
    const long long start = now();
    const csk_status err = inner->cls->vjp(inner, batch, g, v, x, sigma, names, work);

    enter(p, start, batch);
    return err;
}

static csk_status timed_logp(const csk_prior *p, int batch, double *logp,
                             const float *x, const double *sigma, const csk_rng *names,
                             float *work)
{
    const csk_prior *inner = ((const timed *)p)->inner;
    const long long start = now();
    const csk_status err = inner->cls->logp(inner, batch, logp, x, sigma, names, work);

    enter(p, start, 0);
    return err;
}

static csk_status timed_sample(const csk_prior *p, int batch, float *x,
                               const csk_rng *names, float *work)
{
    const csk_prior *inner = ((const timed *)p)->inner;

    return inner->cls->sample(inner, batch, x, names, work);
}

static void timed_destroy(csk_prior *p)
{
    csk_prior_unref(((timed *)p)->inner);
}

csk_status csk_prior_timed(csk_prior **out, csk_prior *prior)
{
    static const csk_prior_class forward = { "timed", timed_denoise, NULL,
                                             NULL,    NULL,          timed_destroy };
    timed *t = csk_prior_new(sizeof(*t), &forward, &prior->space);

    if (!t)
        return CSK_ERR_NOMEM;
    t->cls = forward;
    t->cls.name = prior->cls->name;
    t->cls.logp = prior->cls->logp ? timed_logp : NULL;
    t->cls.sample = prior->cls->sample ? timed_sample : NULL;
    t->cls.vjp = prior->cls->vjp ? timed_vjp : NULL;
    t->base.cls = &t->cls;
    t->base.sigma_min = prior->sigma_min;
    t->base.sigma_max = prior->sigma_max;
    t->base.spread = prior->spread;
    t->base.work_len = prior->work_len;
    t->base.vjp_work_len = prior->vjp_work_len;
    t->inner = csk_prior_ref(prior);
    t->book = &t->kept;
    atomic_init(&t->kept.nanoseconds, 0);
    atomic_init(&t->kept.evaluations, 0);
    *out = &t->base;
    return CSK_OK;
}

void csk_prior_timed_read(const csk_prior *p, double *seconds, int64_t *evaluations)
{
    assert(p->cls->denoise == timed_denoise);
    account *from = ((const timed *)p)->book;

    if (seconds)
        *seconds = 1e-9 * (double)atomic_load_explicit(&from->nanoseconds,
                                                       memory_order_relaxed);
    if (evaluations)
        *evaluations = atomic_load_explicit(&from->evaluations, memory_order_relaxed);
}
