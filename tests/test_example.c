/* SPDX-License-Identifier: BSD-3-Clause */
/* docs/examples/recover.c, run on a small simulated scan. CSK_RECOVER is its path. */
#include "cs/format.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "operators/mask.h"
#include "operators/sense.h"
#include "samplers/prior_wavelet.h"
#include "tests/support/tst.h"
#include "tests/support/tst_file.h"

#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIDE = 48, PIXELS = SIDE * SIDE, COILS = 6, TRAINING = 4, SAMPLES = 16 };
#define ETA 0.01

extern char **environ;

/* A head of sorts: an ellipse with a dozen ellipses inside, their places named by the seed. */
static csk_array head(uint64_t seed)
{
    enum { SHAPES = 13, NUMBERS = 5 };
    const csk_space space = TST_REAL(SIDE, SIDE);
    csk_array a;
    float u[SHAPES * NUMBERS];

    tst_ok(csk_array_init(&a, &space));
    csk_rng_uniform((csk_rng){ seed, 0, 0 }, SHAPES * NUMBERS, u);
    for (int64_t i = 0; i < PIXELS; i++) {
        const float x = (float)(i % SIDE - SIDE / 2) * 2.f / SIDE;
        const float y = (float)(i / SIDE - SIDE / 2) * 2.f / SIDE;

        if (x * x / .5f + y * y / .72f > 1.f)
            continue;
        a.data[i] = .4f;
        for (int k = 0; k < SHAPES; k++) {
            const float *v = u + (ptrdiff_t)k * NUMBERS;
            const float dx = (x - v[0] + .5f) / (.05f + .3f * v[2]);
            const float dy = (y - v[1] + .5f) / (.05f + .3f * v[3]);

            if (dx * dx + dy * dy < 1.f)
                a.data[i] += .3f * (v[4] - .5f);
        }
    }
    return a;
}

/* The complex image of seed 0, which no training image is. */
static csk_array truth(void)
{
    const csk_space space = TST_COMPLEX(SIDE, SIDE);
    csk_array real = head(0), a;

    tst_ok(csk_array_init(&a, &space));
    for (int64_t i = 0; i < PIXELS; i++)
        a.data[2 * i] = real.data[i];
    tst_ok(csk_smooth_phase(&a, 7));
    csk_array_clear(&real);
    return a;
}

/* k-space with noise, R = 3, into scan.cfl; returns the zero-filled image. */
static csk_array make_scan(const csk_array *image)
{
    const csk_mask_opts how = { CSK_MASK_POISSON, 3., 20 };
    uint8_t mask[PIXELS];
    csk_array coils = { .data = NULL }, kspace, zero_filled;
    csk_linop *A;

    tst_ok(csk_coil_maps(&coils, &image->space, COILS));
    tst_ok(csk_mask_make(mask, &image->space, &how, 1));
    tst_ok(csk_linop_sense(&A, &coils.space, coils.data, NULL));
    tst_ok(csk_array_init(&kspace, &coils.space));
    tst_ok(csk_array_init(&zero_filled, &image->space));
    float *work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
    float *noise = tst_normal(csk_space_len(&kspace.space), 1, 0);

    csk_linop_apply(A, kspace.data, image->data, work);
    csk_axpby(csk_space_len(&kspace.space), ETA, noise, 1., kspace.data);
    for (int64_t i = 0; i < csk_space_len(&kspace.space); i++)
        kspace.data[i] *= (float)mask[i / 2 % PIXELS];
    csk_linop_adjoint(A, zero_filled.data, kspace.data, work);
    tst_ok(csk_write(&kspace, tst_path("scan.cfl"), NULL));
    tst_ok(csk_write(&coils, tst_path("coils.cfl"), NULL));

    csk_free(noise);
    csk_free(work);
    csk_linop_unref(A);
    csk_array_clear(&kspace);
    csk_array_clear(&coils);
    return zero_filled;
}

static void make_prior(void)
{
    csk_array image[TRAINING];
    const csk_array *list[TRAINING];
    csk_wavelet_model model = { .weight = NULL };
    csk_wavelet_fit_opts opts = csk_wavelet_fit_defaults();

    for (int k = 0; k < TRAINING; k++) {
        image[k] = head(10 + (uint64_t)k);
        list[k] = &image[k];
    }
    opts.levels = 2;
    opts.iterations = 50;
    tst_ok(csk_wavelet_fit(&model, TRAINING, list, &opts, 1));
    tst_ok(csk_wavelet_model_write(&model, tst_path("prior.csk"), NULL));
    csk_wavelet_model_clear(&model);
    for (int k = 0; k < TRAINING; k++)
        csk_array_clear(&image[k]);
}

/* The exit code of recover with these arguments. */
static int run(const char *const *arguments)
{
    static char program[] = CSK_RECOVER;
    char *argv[9] = { program };
    pid_t pid;
    int state;

    for (int k = 0; arguments[k]; k++)
        ck_assert_ptr_nonnull(argv[k + 1] = strdup(arguments[k]));
    ck_assert_int_eq(posix_spawn(&pid, argv[0], NULL, NULL, argv, environ), 0);
    ck_assert_int_eq(waitpid(pid, &state, 0), pid);
    for (int k = 1; argv[k]; k++)
        free(argv[k]);
    ck_assert(WIFEXITED(state));
    return WEXITSTATUS(state);
}

static int run_on(const char *scan)
{
    /* tst_path() returns one of a few buffers: copy. */
    static const char *const names[] = { "coils.cfl", "prior.csk", "mean.npy",
                                         "std.npy" };
    char path[4][512];

    for (int k = 0; k < 4; k++)
        (void)snprintf(path[k], sizeof(path[k]), "%s", tst_path(names[k]));
    return run((const char *[]){ scan, path[0], path[1], path[2], path[3], NULL });
}

START_TEST(recovers)
{
    csk_array image = truth(), mean, std;
    csk_array zero_filled = make_scan(&image);
    const int64_t n = csk_space_len(&image.space);

    make_prior();
    ck_assert_int_eq(run_on(tst_path("scan.cfl")), 0);
    tst_ok(csk_read(&mean, tst_path("mean.npy")));
    tst_ok(csk_read(&std, tst_path("std.npy")));
    ck_assert(csk_space_equal(&mean.space, &image.space));

    const double error = tst_distance(n, mean.data, image.data);
    const double before = tst_distance(n, zero_filled.data, image.data);
    ck_assert_msg(error < .6 * before, "error %g, zero-filled %g", error, before);

    /* The error of the modulus is as large as the samples say, to a factor of 1.5. */
    csk_modulus(PIXELS, 2, mean.data, mean.data);
    csk_modulus(PIXELS, 2, image.data, image.data);
    const double found = csk_distance(PIXELS, mean.data, image.data);
    const double said = csk_norm(PIXELS, std.data) * sqrt(1. + 1. / SAMPLES);
    ck_assert_msg(found < 1.5 * said && found > said / 1.5, "error %g, std %g", found,
                  said);

    csk_array_clear(&std);
    csk_array_clear(&mean);
    csk_array_clear(&zero_filled);
    csk_array_clear(&image);
}
END_TEST

START_TEST(refuses)
{
    ck_assert_int_eq(run((const char *[]){ "alone", NULL }), 2);
    ck_assert_int_eq(run_on(tst_path("missing.cfl")), 1);
    ck_assert_int_eq(tst_count_files(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("example");
    TCase *cases = tcase_create("core");

    tcase_add_checked_fixture(cases, NULL, tst_remove_files);
    tcase_add_test(cases, recovers);
    tcase_add_test(cases, refuses);
    suite_add_tcase(suite, cases);
    return tst_main(suite);
}
