/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file operators/lines_priv.h
 * Eight one-dimensional transforms side by side: what every Fourier operator is made of.
 *
 * FFTW's plans of more than one dimension are only fast when they are timed (MEASURE), and
 * timing changes the bits of a result from run to run. Batches of contiguous lines are fast
 * with ESTIMATE: 192 lines of 192 take 0.05 ms, so that two passes and the transposition
 * between them beat a measured 2-D plan.
 */
#ifndef CSK_OPERATORS_LINES_PRIV_H
#define CSK_OPERATORS_LINES_PRIV_H

#include "cs/space.h"
#include "cs/status.h"

#include <stdbool.h>

enum {
    CSK_LINES = 8,         /* lines in a batch; 8 complex floats fill a cache line */
    CSK_LINE_THREADS = 16, /* scratch is kept for so many threads, more are not used */
};

typedef struct csk_lines {
    int64_t n;     /* points in a line */
    int64_t pitch; /* complex numbers from one line to the next: n, rounded up to 8 */
    void *forward, *backward; /* fftwf_plan, in place */
} csk_lines;

csk_status csk_lines_init(csk_lines *l, int64_t n) CSK_MUST_CHECK;
void csk_lines_clear(csk_lines *l);

/** Floats of a batch. */
int64_t csk_lines_len(const csk_lines *l);

/** Transform the batch at @p buf (aligned to CSK_ALIGN) in place, without a scale. */
void csk_lines_run(const csk_lines *l, bool inverse, float *buf);

/** c of the centred transform. */
static inline int64_t csk_centre(int64_t n)
{
    return n / 2;
}

/** Threads worth using for @p floats of work. */
int csk_line_threads(int64_t floats);
int csk_line_thread(void);

/**
 * out := scale * transform of @p in along @p axis of the complex array @p space, centred or
 * not; in place if out is in. @p work: CSK_LINE_THREADS batches.
 */
void csk_axis_pass(const csk_lines *l, const csk_space *space, int axis, bool inverse,
                   bool centred, float scale, float *out, const float *in, float *work);

#endif
