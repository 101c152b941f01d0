/* SPDX-License-Identifier: BSD-3-Clause */
/** @file tests/bench/bench.h  Wall-clock times of functions. */
#ifndef CSK_TESTS_BENCH_BENCH_H
#define CSK_TESTS_BENCH_BENCH_H

#include "cs/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bench_time {
    double median; /**< seconds a call */
    double
        foreign; /**< cores that other processes used meanwhile; more than 0.1: repeat */
} bench_time;

/** Call @p body(arg) for at least 0.1 s unmeasured, then for at least 0.4 s and 7 times. */
bench_time bench_run(void (*body)(void *arg), void *arg);

/** The median of t, which is reordered. n >= 1. */
double bench_median(int n, double *t);

/** Seconds on the monotonic clock. */
double bench_now(void);

/** CPU seconds that processes other than this one and its children have used. */
double bench_foreign(void);

/** Threads of the parallel regions that follow; 0: as many as at the start. */
int bench_threads(int count);

/** csk_alloc() that ends the program if there is no memory. */
void *bench_alloc(int64_t count, size_t size) __attribute__((returns_nonnull));

/** End the program with the message if @p status is a failure. */
void bench_ok(csk_status status);

#endif
