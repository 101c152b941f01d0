/* SPDX-License-Identifier: BSD-3-Clause */
#include "samplers/summary.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>

struct csk_summary {
    csk_space space, real; /* of the samples, and of what is looked at */
    int64_t n, len;        /* pixels, floats of a sample */
    int count, added;
    int keep; /* order statistics kept at either end */
    double tail;
    double *mean;           /* of each float */
    double *value, *spread; /* Welford's mean and sum of squares of the values */
    float *low, *high;      /* [keep][n]: the smallest, rising; the largest, falling */
    float *seen;            /* values of the sample being added */
};

csk_status csk_summary_new(csk_summary **out, const csk_space *space, int count,
                           double tail)
{
    if (count < 1)
        return csk_fail(CSK_ERR_ARG, "summary: %d samples, expected at least 1", count);
    if (!(tail > 0. && tail < .5))
        return csk_fail(CSK_ERR_ARG, "summary: tail is %g, not between 0 and 0.5",
                        tail);

    csk_summary *s = csk_alloc(1, sizeof(*s));
    if (!s)
        return CSK_ERR_NOMEM;
    s->space = s->real = *space;
    s->real.field = CSK_REAL;
    s->n = csk_space_size(space);
    s->len = csk_space_len(space);
    s->count = count;
    s->tail = tail;
    /* The quantile at position tail (count + 1) lies between two of the smallest so many. */
    s->keep = (int)(tail * (count + 1)) + 1;
    if (s->keep > count)
        s->keep = count;
    s->mean = csk_alloc(s->len, sizeof(*s->mean));
    s->value = csk_alloc(s->n, sizeof(*s->value));
    s->spread = csk_alloc(s->n, sizeof(*s->spread));
    s->low = csk_alloc(s->n * s->keep, sizeof(*s->low));
    s->high = csk_alloc(s->n * s->keep, sizeof(*s->high));
    s->seen = csk_alloc(s->n, sizeof(*s->seen));
    if (!s->mean || !s->value || !s->spread || !s->low || !s->high || !s->seen) {
        csk_summary_free(s);
        return CSK_ERR_NOMEM;
    }
    *out = s;
    return CSK_OK;
}

void csk_summary_free(csk_summary *s)
{
    if (!s)
        return;
    csk_free(s->mean);
    csk_free(s->value);
    csk_free(s->spread);
    csk_free(s->low);
    csk_free(s->high);
    csk_free(s->seen);
    csk_free(s);
}

/* Insert v into the ordered list whose entries lie n apart; sign -1 orders falling. */
static void insert(float *list, int64_t n, int filled, int keep, float v, float sign)
{
    int k = filled < keep ? filled : keep;

    if (k == keep && !(sign * v < sign * list[(k - 1) * n]))
        return;
    k = k == keep ? keep - 1 : k;
    for (; k > 0 && sign * list[(k - 1) * n] > sign * v; k--)
        list[k * n] = list[(k - 1) * n];
    list[k * n] = v;
}

csk_status csk_summary_add(csk_summary *s, const float *x)
{
    if (s->added >= s->count)
        return csk_fail(CSK_ERR_ARG, "summary: more than the %d samples announced",
                        s->count);
    if (s->space.field == CSK_COMPLEX)
        csk_modulus(s->n, 2, x, s->seen);
    else
        csk_copy(s->n, x, s->seen);

    const double share = 1. / (s->added + 1);
#pragma omp parallel for schedule(static) if (s->len > 32768)
    for (int64_t i = 0; i < s->len; i++)
        s->mean[i] += share * ((double)x[i] - s->mean[i]);
#pragma omp parallel for schedule(static) if (s->n > 32768)
    for (int64_t i = 0; i < s->n; i++) {
        const float v = s->seen[i];
        const double before = (double)v - s->value[i];

        s->value[i] += share * before;
        s->spread[i] += before * ((double)v - s->value[i]); /* [1] */
        insert(s->low + i, s->n, s->added, s->keep, v, 1.f);
        insert(s->high + i, s->n, s->added, s->keep, v, -1.f);
    }
    s->added++;
    return CSK_OK;
}

int csk_summary_count(const csk_summary *s)
{
    return s->added;
}

static csk_status begin(const csk_summary *s, csk_array *out, const csk_space *space)
{
    if (s->added < 1)
        return csk_fail(CSK_ERR_ARG, "summary: no sample has been added");
    return csk_array_init(out, space);
}

csk_status csk_summary_mean(const csk_summary *s, csk_array *out)
{
    const csk_status err = begin(s, out, &s->space);

    for (int64_t i = 0; i < s->len && !err; i++)
        out->data[i] = (float)s->mean[i];
    return err;
}

csk_status csk_summary_magnitude(const csk_summary *s, csk_array *out)
{
    const csk_status err = begin(s, out, &s->real);

    for (int64_t i = 0; i < s->n && !err; i++)
        out->data[i] = (float)s->value[i];
    return err;
}

csk_status csk_summary_std(const csk_summary *s, csk_array *out)
{
    const csk_status err = begin(s, out, &s->real);
    const double share = s->added > 1 ? 1. / (s->added - 1) : 0.;

    for (int64_t i = 0; i < s->n && !err; i++)
        out->data[i] = (float)sqrt(share * s->spread[i]);
    return err;
}

csk_status csk_summary_quantiles(const csk_summary *s, csk_array *low, csk_array *high)
{
    csk_status err = begin(s, low, &s->real);

    if (!err)
        err = begin(s, high, &s->real);
    if (err) {
        csk_array_clear(low);
        return err;
    }
    /* Position from 0 among the ordered samples, held at the extreme [2]. */
    const double at = fmax(s->tail * (s->added + 1) - 1., 0.);
    const int k = (int)at < s->keep - 1 ? (int)at : s->keep - 1;
    const int next = k + 1 < s->keep && k + 1 < s->added ? k + 1 : k;
    const float part = (float)(at - k);

    for (int64_t i = 0; i < s->n; i++) {
        const float *l = s->low + i, *h = s->high + i;

        low->data[i] = l[k * s->n] + part * (l[next * s->n] - l[k * s->n]);
        high->data[i] = h[k * s->n] + part * (h[next * s->n] - h[k * s->n]);
    }
    return CSK_OK;
}
