/* SPDX-License-Identifier: BSD-3-Clause */
#include "cs/blas_priv.h"

#include <cblas.h>
#include <pthread.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* For an OpenBLAS with threads of its own, whose number belongs to the process. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int depth, process_threads;

static void own_threads(int step)
{
    pthread_mutex_lock(&lock);
    if (step > 0 && depth == 0) {
        process_threads = openblas_get_num_threads();
        openblas_set_num_threads(1);
    }
    depth += step;
    if (step < 0 && depth == 0)
        openblas_set_num_threads(process_threads);
    pthread_mutex_unlock(&lock);
}

#ifdef _OPENMP

/* An OpenBLAS on OpenMP asks for omp_get_max_threads(), which belongs to the thread. */
int csk_blas_single(void)
{
    const int before = omp_get_max_threads();

    omp_set_num_threads(1);
    if (openblas_get_parallel() != OPENBLAS_OPENMP)
        own_threads(+1);
    return before;
}

void csk_blas_restore(int before)
{
    if (openblas_get_parallel() != OPENBLAS_OPENMP)
        own_threads(-1);
    omp_set_num_threads(before);
}

#else

int csk_blas_single(void)
{
    own_threads(+1);
    return 0;
}

void csk_blas_restore(int before)
{
    (void)before;
    own_threads(-1);
}

#endif
