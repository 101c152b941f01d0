/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/image_op.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/coil.h"
#include "operators/sense.h"

#include <math.h>
#include <stdlib.h>

enum { STREAM_NOISE = 7 };

typedef struct simulate_opts {
    const char *mask, *matrix, *operation;
    int coils;
    int phase;
    double noise;
} simulate_opts;

static const char *const phases[] = { "none", "smooth", NULL };

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_TEXT(simulate_opts, mask, "mask", "FILE", "measure k-space where this is not 0 (default: everywhere)"),
    CSK_OPT_TEXT(simulate_opts, matrix, "matrix", "FILE", "no MRI: multiply by this matrix (.mtx, or any array of two axes)"),
    CSK_OPT_TEXT(simulate_opts, operation, "operator", "OPERATOR", "no MRI: " CLI_IMAGE_OP_HELP),
    CSK_OPT_INT(simulate_opts, coils, "coils", 8, 1, 256, "N", "receive coils around the image; 1: a single one that sees everything alike"),
    CSK_OPT_CHOICE(simulate_opts, phase, "phase", 0, phases, "phase given to the image"),
    CSK_OPT_REAL(simulate_opts, noise, "noise", 0.01, 0, 1e30, "ETA", "standard deviation of the noise in each real number of k-space"),
    CSK_OPT_END,
};
/* clang-format on */

/* The image as complex numbers, with the phase that was asked for. */
static csk_status make_truth(csk_array *truth, const csk_array *image,
                             const cli_call *call)
{
    const simulate_opts *o = call->opts;
    const int64_t n = csk_space_size(&image->space);
    csk_space space = image->space;

    space.field = CSK_COMPLEX;
    const csk_status err = csk_array_init(truth, &space);
    if (err)
        return err;
    if (image->space.field == CSK_COMPLEX)
        csk_copy(2 * n, image->data, truth->data);
    else
        for (int64_t i = 0; i < n; i++)
            truth->data[2 * i] = image->data[i];
    return o->phase ? csk_smooth_phase(truth, call->seed) : CSK_OK;
}

static csk_status make_maps(csk_array *maps, const csk_space *image, int coils)
{
    if (coils > 1)
        return csk_coil_maps(maps, image, coils);

    csk_space space = { .field = CSK_COMPLEX, .rank = image->rank + 1 };
    space.dim[0] = 1;
    space.axis[0] = CSK_AXIS_COIL;
    for (int i = 0; i < image->rank; i++) {
        space.dim[i + 1] = image->dim[i];
        space.axis[i + 1] = image->axis[i];
    }
    const csk_status err = csk_array_init(maps, &space);
    for (int64_t i = 0; i < csk_space_size(image) && !err; i++)
        maps->data[2 * i] = 1.f;
    return err;
}

/* kspace := mask (F (maps truth) + noise): noise names its place, not its order. */
static csk_status measure(csk_array *kspace, const csk_array *truth,
                          const csk_array *maps, const uint8_t *mask, int64_t mask_len,
                          const cli_call *call)
{
    const simulate_opts *o = call->opts;
    const int64_t len = csk_space_len(&maps->space);
    csk_linop *A = NULL;
    float *noise = csk_alloc(len, sizeof(*noise)), *work = NULL;
    csk_status err = noise ? csk_array_init(kspace, &maps->space) : CSK_ERR_NOMEM;

    if (!err)
        err = csk_linop_sense(&A, &maps->space, maps->data, NULL);
    if (!err) {
        work = csk_alloc(csk_linop_work_len(A), sizeof(*work));
        err = work ? CSK_OK : CSK_ERR_NOMEM;
    }
    if (!err) {
        csk_linop_apply(A, kspace->data, truth->data, work);
        csk_rng_normal((csk_rng){ call->seed, STREAM_NOISE, 0 }, len, noise);
        csk_axpby(len, o->noise, noise, 1., kspace->data);
        for (int64_t i = 0; mask && i < len / 2; i++) {
            if (!mask[i % mask_len])
                kspace->data[2 * i] = kspace->data[2 * i + 1] = 0.f;
        }
    }
    if (!err && !isfinite(csk_max_modulus(len, 1, kspace->data)))
        err = cli_bad_input(call, csk_fail(CSK_ERR_NUMERIC,
                                           "%s: its k-space exceeds single precision",
                                           cli_arg_of(call, 0)));
    csk_free(noise);
    csk_free(work);
    csk_linop_unref(A);
    return err;
}

static csk_status write_with(const cli_call *call, const csk_array *a,
                             const char *suffix)
{
    char *path = cli_concat(cli_arg_of(call, 1), suffix);
    const csk_status err = path ? cli_write(call, a, path) : cli_no_memory();

    free(path);
    return err;
}

static void report(const cli_call *call, const csk_array *kspace, const uint8_t *mask,
                   int64_t mask_len)
{
    const simulate_opts *o = call->opts;
    const int64_t len = csk_space_len(&kspace->space), n = len / 2 / o->coils;
    int64_t samples = mask ? 0 : n;

    for (int64_t i = 0; mask && i < n; i++)
        samples += mask[i % mask_len];
    const double power =
        csk_dot(len, kspace->data, kspace->data) / (2. * (double)(samples * o->coils));
    cli_put_shape(call, "kspace", &kspace->space);
    cli_put_int(call, "samples", samples);
    cli_put_real(call, "acceleration", (double)n / (double)samples, 3, NULL);
    cli_put_real(call, "noise", o->noise, -1, NULL);
    if (o->noise > 0.)
        cli_put_real(call, "rms_to_noise", sqrt(power) / o->noise, 2, NULL);
}

static csk_status read_image(csk_array *image, const cli_call *call)
{
    const csk_status err = cli_read(call, image, cli_arg_of(call, 0), CLI_USABLE);

    if (err || image->space.rank == 2 || image->space.rank == 3)
        return err;
    const csk_status shape = csk_fail(
        CSK_ERR_SHAPE, "%s has %d axes, an image has 2 or 3; see csk convert --slice",
        cli_arg_of(call, 0), image->space.rank);
    return cli_bad_input(call, shape);
}

/* -- a matrix instead of a scanner --------------------------------------------------- */

/* y := A x + noise in double precision, then rounded. */
static csk_status multiply(csk_array *y, const csk_matrix *A, const csk_array *x,
                           const cli_call *call)
{
    const simulate_opts *o = call->opts;
    const int width = (int)A->field;
    const int64_t n = width * A->cols, m = width * A->rows;
    const csk_space space = csk_space_make(A->field, 1, &A->rows);
    double *from = csk_alloc(n, sizeof(*from)), *to = csk_alloc(m, sizeof(*to));
    csk_status err = from && to ? csk_array_init(y, &space) : CSK_ERR_NOMEM;

    if (!err) {
        const int64_t step = width / (int)x->space.field; /* real x, complex A: 2 */
        for (int64_t i = 0; i < n / step; i++)
            from[i * step] = x->data[i];
        csk_matrix_apply(A, false, to, from);
        csk_rng_normal((csk_rng){ call->seed, STREAM_NOISE, 0 }, m, y->data);
        for (int64_t i = 0; i < m; i++)
            y->data[i] = (float)(to[i] + o->noise * y->data[i]);
    }
    csk_free(from);
    csk_free(to);
    return err;
}

static csk_status check_product(const csk_matrix *A, const csk_array *x,
                                const cli_call *call)
{
    const simulate_opts *o = call->opts;
    const char *path = cli_arg_of(call, 0);

    if (A->cols != csk_space_size(&x->space))
        return csk_fail(CSK_ERR_SHAPE, "%s has %lld columns, %s has %lld numbers",
                        o->matrix, (long long)A->cols, path,
                        (long long)csk_space_size(&x->space));
    if (A->field < x->space.field)
        return csk_fail(CSK_ERR_SHAPE, "%s is complex, but %s is real", path,
                        o->matrix);
    return CSK_OK;
}

static csk_status run_matrix(const cli_call *call)
{
    const simulate_opts *o = call->opts;
    csk_array x = { .data = NULL }, y = x;
    csk_matrix A = { .value = NULL };
    csk_status err = CSK_OK;

    if (o->mask || o->phase)
        err = csk_fail(CSK_ERR_ARG,
                       "--mask and --phase are for scans, not with --matrix");
    if (!err)
        err = cli_read(call, &x, cli_arg_of(call, 0), CLI_USABLE);
    if (!err)
        err = cli_read_matrix(call, &A, o->matrix);
    if (!err)
        err = cli_bad_input(call, check_product(&A, &x, call));
    if (!err)
        err = multiply(&y, &A, &x, call);
    if (!err)
        err = write_with(call, &y, ".npy");
    if (!err) {
        cli_put_int(call, "rows", A.rows);
        cli_put_int(call, "columns", A.cols);
        cli_put_real(call, "noise", o->noise, -1, NULL);
    }
    csk_array_clear(&x);
    csk_array_clear(&y);
    csk_matrix_clear(&A);
    return err;
}

static csk_status run_operator(const cli_call *call)
{
    const simulate_opts *o = call->opts;

    if (o->mask || o->phase)
        return csk_fail(CSK_ERR_ARG,
                        "--mask and --phase are for scans, not with --operator");
    return cli_image_op_simulate(call, o->operation, o->noise);
}

static csk_status run(const cli_call *call)
{
    const simulate_opts *o = call->opts;

    if (o->matrix && o->operation)
        return csk_fail(CSK_ERR_ARG, "--matrix and --operator exclude each other");
    if (o->matrix)
        return run_matrix(call);
    if (o->operation)
        return run_operator(call);

    csk_array image = { .data = NULL }, truth = image, maps = image, kspace = image;
    uint8_t *mask = NULL;
    int64_t mask_len = 0;
    csk_status err = read_image(&image, call);

    if (!err && o->mask)
        err = cli_read_mask(call, &mask, &mask_len, o->mask, &image.space,
                            cli_arg_of(call, 0));
    if (!err)
        err = make_truth(&truth, &image, call);
    if (!err)
        err = make_maps(&maps, &truth.space, o->coils);
    if (!err)
        err = measure(&kspace, &truth, &maps, mask, mask_len, call);
    if (!err)
        err = write_with(call, &kspace, ".cfl");
    if (!err)
        err = write_with(call, &maps, "-coils.cfl");
    if (!err)
        err = write_with(call, &truth, "-truth.npy");
    if (!err)
        report(call, &kspace, mask, mask_len);
    csk_array_clear(&image);
    csk_array_clear(&truth);
    csk_array_clear(&maps);
    csk_array_clear(&kspace);
    csk_free(mask);
    return err;
}

static csk_status plan(const cli_call *call, cli_plan *p)
{
    const simulate_opts *o = call->opts;
    csk_array image = { .data = NULL };

    if (o->matrix || o->operation) {
        p->seconds = .1;
        return CSK_OK;
    }
    const csk_status err = read_image(&image, call);
    if (err)
        return err;
    /* k-space, maps (twice: the operator copies them), noise; the transform's scratch */
    p->bytes = csk_space_size(&image.space) * 8 * (5 * (int64_t)o->coils + 3);
    p->seconds = 1e-7 * (double)csk_space_size(&image.space) * o->coils;
    csk_array_clear(&image);
    return CSK_OK;
}

static const char *const *suffixes(const void *opts)
{
    static const char *const scan[] = { ".cfl", "-coils.cfl", "-truth.npy", NULL };
    static const char *const line[] = { ".npy", NULL };

    const simulate_opts *o = opts;

    return o->matrix || o->operation ? line : scan;
}

static const cli_arg args[] = {
    { "IMAGE", "real or complex, 2-D or 3-D", .role = CLI_INPUT },
    { "SCAN", "begin of the names of what is written", .role = CLI_OUTPUT,
      .is_stem = true },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "simulate head.npy --mask mask.npy --coils 8 --phase smooth --noise 0.01 --seed 1 -o "
      "scan",
      "an undersampled scan with eight coils" },
    { "simulate head.npy --coils 1 --noise 0 full", "all of k-space, no noise" },
    { "simulate sparse.npy --matrix A.npy --noise 0.01 y",
      "compressed sensing with a matrix: y = A x + noise" },
    { "simulate head.npy --operator blur:2 --noise 0.02 blurred",
      "a picture out of focus: see csk restore" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Pruessmann, Weiger, Scheidegger, Boesiger, Magn. Reson. Med. 42 (1999) 952-962",
    NULL,
};

const cli_cmd cmd_simulate = {
    .name = "simulate",
    .brief = "simulate a scan, a product with a matrix or a bad picture",
    .about =
        "Writes three files of a Cartesian scan:\n\n"
        "  SCAN.cfl        k-space [coil][y][x], 0 where it is not measured\n"
        "  SCAN-coils.cfl  the coil sensitivities [coil][y][x]\n"
        "  SCAN-truth.npy  the complex image that was measured\n\n"
        "The measurement is y_c = S F (s_c x) + n: s_c are smooth sensitivities with "
        "sum |s_c|^2 = 1, F is the unitary centred Fourier transform, S the mask and n "
        "white noise with standard deviation ETA in the real and in the imaginary part "
        "alike. (BART quotes the variance of the complex number, 2 ETA^2.)\n\n"
        "With --matrix it writes SCAN.npy, the product of the matrix and all numbers of "
        "IMAGE in their order, plus noise.\n\n"
        "With --operator it writes SCAN.npy, what csk restore undoes: IMAGE with noise "
        "(denoise); 0 where the array MASK is (inpaint:MASK; csk mask --kind random makes "
        "one); convolved over the edges (circularly) with a Gaussian of so many pixels or "
        "with an array (blur:3, blur:kernel.npy); or averaged over blocks (downsample:4).",
    .args = args,
    .params = params,
    .opts_size = sizeof(simulate_opts),
    .threads = true,
    .examples = examples,
    .refs = refs,
    .run = run,
    .plan = plan,
    .suffixes = suffixes,
};
