/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/mem.h"
#include "cs/vec.h"
#include "operators/dft_priv.h"
#include "operators/fftw_lock.h"

/* Columns in a block: 128 bytes of each row that a pass reads, and always aligned. */
enum { COLUMNS = 16, SERIAL = 8192 };

/* The transform of @p count neighbouring columns of [n][inner] into rows of [inner][n]. */
static fftwf_plan plan_columns(int64_t n, int64_t inner, int64_t count, int sign,
                               float *in, float *out)
{
    const fftwf_iodim64 along = { .n = n, .is = inner, .os = 1 };
    const fftwf_iodim64 columns = { .n = count, .is = 1, .os = n };

    return fftwf_plan_guru64_dft(1, &along, 1, &columns, (fftwf_complex *)in,
                                 (fftwf_complex *)out, sign,
                                 FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
}

csk_status csk_dft_plan(csk_dft *d, const csk_space *space, int sign, float *a,
                        float *b)
{
    bool ok = true;

    d->passes = 0;
    d->size = csk_space_size(space);
    csk_fftw_lock();
    for (int i = 0; i < space->rank && ok; i++) {
        const int64_t n = space->dim[i], inner = d->size / n;

        if (n == 1)
            continue;
        const int p = d->passes++;
        d->dim[p] = n;
        d->many[p] = d->rest[p] = NULL;
        if (inner >= COLUMNS)
            ok = (d->many[p] = plan_columns(n, inner, COLUMNS, sign, a, b)) != NULL;
        if (ok && inner % COLUMNS)
            ok = (d->rest[p] = plan_columns(n, inner, inner % COLUMNS, sign, a, b)) !=
                 NULL;
    }
    csk_fftw_unlock();
    return ok ? CSK_OK
              : csk_fail(CSK_ERR_UNSUPPORTED,
                         "FFTW has no plan for a transform of %lld",
                         (long long)d->dim[d->passes - 1]);
}

void csk_dft_clear(csk_dft *d)
{
    csk_fftw_lock();
    for (int p = 0; p < d->passes; p++) {
        if (d->many[p])
            fftwf_destroy_plan(d->many[p]);
        if (d->rest[p])
            fftwf_destroy_plan(d->rest[p]);
    }
    csk_fftw_unlock();
    d->passes = 0;
}

static void pass(const csk_dft *d, int p, float *out, const float *in)
{
    const int64_t n = d->dim[p], inner = d->size / n;
    fftwf_complex *from = (fftwf_complex *)in, *to = (fftwf_complex *)out;

#pragma omp parallel for schedule(static) if (d->size > SERIAL)
    for (int64_t c = 0; c < inner; c += COLUMNS)
        fftwf_execute_dft(c + COLUMNS <= inner ? d->many[p] : d->rest[p], from + c,
                          to + c * n);
}

float *csk_dft_run(const csk_dft *d, float *y, const float *x, float *a, float *b)
{
    const float *at = x;
    float *to = x == a ? b : a;

    if (d->passes == 0) { /* a point is its own transform */
        to = y ? y : to;
        csk_copy(2 * d->size, x, to);
        return to;
    }
    for (int p = 0; p < d->passes; p++) {
        to = p == d->passes - 1 && y ? y : at == a ? b : a;
        pass(d, p, to, at);
        at = to;
    }
    return to;
}
