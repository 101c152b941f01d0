/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/bench.h"
#include "cs/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif

double bench_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_foreign(void)
{
    char line[512] = "";
    double sum = 0.;
    FILE *f = fopen("/proc/stat", "r");

    if (!f)
        return 0.;
    char *at = fgets(line, sizeof(line), f) ? line + 3 : line; /* after "cpu" */
    (void)fclose(f);
    for (int i = 0; i < 8; i++) { /* user nice system idle iowait irq softirq steal */
        const double ticks = strtod(at, &at);
        if (i != 3 && i != 4)
            sum += ticks;
    }
    sum /= (double)sysconf(_SC_CLK_TCK);
    for (int i = 0; i < 2; i++) {
        struct rusage own;

        (void)getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &own);
        sum -= (double)own.ru_utime.tv_sec + 1e-6 * (double)own.ru_utime.tv_usec;
        sum -= (double)own.ru_stime.tv_sec + 1e-6 * (double)own.ru_stime.tv_usec;
    }
    return sum;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(int n, double *t)
{
    qsort(t, (size_t)n, sizeof(*t), rising);
    return t[n / 2];
}

bench_time bench_run(void (*body)(void *arg), void *arg)
{
    enum { MAX = 4000, MIN = 7 };
    static double sample[MAX];
    int n = 0;

    for (const double start = bench_now(); bench_now() - start < .1;)
        body(arg);
    const double others = bench_foreign(), start = bench_now();
    while (n < MAX && (n < MIN || bench_now() - start < .4)) {
        const double t = bench_now();
        body(arg);
        sample[n++] = bench_now() - t;
    }
    const double foreign = (bench_foreign() - others) / (bench_now() - start);
    return (bench_time){ .median = bench_median(n, sample),
                         .foreign = foreign > 0. ? foreign : 0. };
}

int bench_threads(int count)
{
#ifdef _OPENMP
    static int all = 0;

    if (all == 0)
        all = omp_get_max_threads();
    if (count == 0)
        count = all;
    omp_set_num_threads(count);
    return count;
#else
    (void)count;
    return 1;
#endif
}

void *bench_alloc(int64_t count, size_t size)
{
    void *p = csk_alloc(count, size);

    if (!p)
        bench_ok(CSK_ERR_NOMEM);
    return p;
}

void bench_ok(csk_status status)
{
    if (status) {
        (void)fprintf(stderr, "%s: %s\n", csk_status_name(status), csk_error_message());
        exit(EXIT_FAILURE);
    }
}
