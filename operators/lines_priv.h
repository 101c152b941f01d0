/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file operators/lines_priv.h
 * Eight one-dimensional transforms side by side: what every Fourier operator is made of.
 *
 * FFTW's plans of more than one dimension are only fast when they are timed (MEASURE), and
 * timing changes the bits of a result from run to run. Contiguous lines, out of place, are fast
 * with ESTIMATE: 192 lines of 192 take 0.028 ms (in place 0.038), so that two passes and the
 * transposition between them beat a measured 2-D plan.
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
    void *forward, *backward; /* fftwf_plan, out of place */
} csk_lines;

csk_status csk_lines_init(csk_lines *l, int64_t n) CSK_MUST_CHECK;
void csk_lines_clear(csk_lines *l);

/** Floats of a batch. */
int64_t csk_lines_len(const csk_lines *l);

/** out := transform of a batch, without a scale; distinct, aligned to CSK_ALIGN. */
void csk_lines_run(const csk_lines *l, bool inverse, float *out, const float *in);

/** to[c][r] := from[r][c], complex; a pitch is the distance of rows in complex numbers. */
void csk_turn(float *to, int64_t to_pitch, const float *from, int64_t from_pitch,
              int64_t rows, int64_t cols);

/** c of the centred transform. */
static inline int64_t csk_centre(int64_t n)
{
    return n / 2;
}

/** Threads worth using for @p floats of work. */
int csk_line_threads(int64_t floats);
int csk_line_thread(void);

/** Floats of workspace for csk_axis_pass(): two batches for each thread. */
int64_t csk_axis_work_len(const csk_lines *l);

/**
 * out := scale * transform of @p in along @p axis of the complex array @p space, centred or
 * not; in place if out is in. @p work: csk_axis_work_len() floats.
 */
void csk_axis_pass(const csk_lines *l, const csk_space *space, int axis, bool inverse,
                   bool centred, float scale, float *out, const float *in, float *work);

#endif
