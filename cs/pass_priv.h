/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/pass_priv.h
 * Fused vector kernels of the solvers: one pass over the vectors does all the updates
 * and sums that a step of the iteration needs. Memory traffic is their whole cost.
 */
#ifndef CSK_CS_PASS_PRIV_H
#define CSK_CS_PASS_PRIV_H

#include "cs/status.h"

#include <stdint.h>

enum { CSK_SUMS = 4, CSK_CHUNK = 1024 };

/**
 * Floats at .. at + len - 1 of the vectors in @p args, len <= CSK_CHUNK; writes the sums
 * over them. What one chunk touches stays in the first-level cache, so a kernel is plain
 * loops and csk_chunk_dot(). Called from several threads, on disjoint ranges.
 */
typedef void csk_pass_fn(const void *args, int64_t at, int64_t len,
                         double sum[CSK_SUMS]);

/**
 * Run @p f over vectors of n floats. Chunks start at multiples of CSK_CHUNK; the parts
 * depend on n alone and their sums are added in order: the same bits for every number
 * of threads.
 */
void csk_pass(int64_t n, csk_pass_fn *f, const void *args, double sum[CSK_SUMS]);

/** sum_i x[i] y[i] of a chunk. */
double csk_chunk_dot(int64_t n, const float *x, const float *y);

/** CSK_ERR_NUMERIC, "fista: the data hold ...", if one of n floats is not finite. */
csk_status csk_require_finite(const char *who, const char *what, int64_t n,
                              const float *x) CSK_MUST_CHECK;

#endif
