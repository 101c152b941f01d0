/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/image_op.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "operators/conv.h"
#include "operators/resize.h"
#include "operators/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_NOISE = 7 };

void cli_image_op_clear(cli_image_op *op)
{
    csk_linop_unref(op->A);
    *op = (cli_image_op){ .A = NULL };
}

/* -- one kind after the other: @p arg is what stands behind the colon ------------------- */

static csk_status not_understood(const char *text)
{
    return csk_fail(CSK_ERR_ARG,
                    "operator: '%s' is none of denoise, inpaint:MASK, blur:STD, "
                    "blur:KERNEL, downsample:N",
                    text);
}

/* All pixels, or those where the mask is not 0. */
static csk_status keep_pixels(const cli_call *call, cli_image_op *op,
                              const csk_space *have, const char *mask_path,
                              const char *path)
{
    int64_t len = csk_space_size(have);
    uint8_t *mask = NULL;
    csk_status err = CSK_OK;

    if (mask_path) {
        err = cli_read_mask(call, &mask, &len, mask_path, have, path);
    } else {
        mask = csk_alloc(len, sizeof(*mask));
        if (!mask)
            return CSK_ERR_NOMEM;
        memset(mask, 1, (size_t)len);
    }
    if (!err)
        err = cli_bad_input(call, csk_linop_sample(&op->A, have, mask, len));
    op->picks = true;
    op->image = op->data = *have;
    csk_free(mask);
    return err;
}

static csk_status blur(const cli_call *call, cli_image_op *op, const csk_space *have,
                       const char *arg)
{
    csk_array kernel = { .data = NULL };
    char *end;
    const double std = strtod(arg, &end);
    csk_status err;

    if (end != arg && *end == '\0')
        err = csk_kernel_gauss(&kernel, have, std);
    else
        err = cli_read(call, &kernel, arg, CLI_USABLE);
    if (!err && kernel.space.field != CSK_REAL)
        err = cli_bad_input(
            call, csk_fail(CSK_ERR_SHAPE, "%s: is complex, a kernel is real", arg));
    if (!err) {
        err = csk_linop_conv(&op->A, have, &kernel.space, kernel.data);
        if (err)
            err = csk_fail(err, "blur:%s: %s", arg, csk_error_message());
        err = cli_bad_input(call, err);
    }
    op->image = op->data = *have;
    csk_array_clear(&kernel);
    return err;
}

static csk_status downsample(const cli_call *call, cli_image_op *op,
                             const csk_space *have, bool is_data, const char *arg)
{
    int64_t factor[CSK_MAX_RANK];
    char *end;
    const long n = strtol(arg, &end, 10);

    if (end == arg || *end != '\0' || n < 1 || n > 4096)
        return csk_fail(
            CSK_ERR_ARG,
            "operator: downsample:%s, expected a number of pixels such as 4", arg);
    op->image = *have;
    for (int i = 0; i < have->rank; i++) {
        factor[i] = n;
        if (is_data)
            op->image.dim[i] *= n;
    }
    csk_status err = csk_space_check(&op->image, "operator");
    if (!err)
        err = cli_bad_input(call, csk_linop_block_average(&op->A, &op->image, factor));
    if (!err)
        op->data = *csk_linop_codomain(op->A);
    return err;
}

/* The text behind "word:" if @p text is that, else NULL. */
static const char *behind(const char *text, const char *word)
{
    const size_t len = strlen(word);

    return strncmp(text, word, len) == 0 && text[len] == ':' ? text + len + 1 : NULL;
}

csk_status cli_image_op_read(const cli_call *call, cli_image_op *op, const char *text,
                             const csk_space *have, bool is_data, const char *path)
{
    const char *arg;
    csk_status err;

    if (!text)
        return csk_fail(CSK_ERR_ARG, "--operator is missing: %s", CLI_IMAGE_OP_HELP);
    if (strcmp(text, "denoise") == 0)
        err = keep_pixels(call, op, have, NULL, path);
    else if ((arg = behind(text, "inpaint")))
        err = keep_pixels(call, op, have, arg, path);
    else if ((arg = behind(text, "blur")))
        err = blur(call, op, have, arg);
    else if ((arg = behind(text, "downsample")))
        err = downsample(call, op, have, is_data, arg);
    else
        err = not_understood(text);
    if (err)
        cli_image_op_clear(op);
    return err;
}

/* -- between files and vectors ------------------------------------------------------------ */

void cli_image_op_pick(const cli_image_op *op, float *b, const float *data, float *work)
{
    if (op->picks)
        csk_linop_apply(op->A, b, data, work);
    else
        csk_copy(csk_linop_rows(op->A), data, b);
}

void cli_image_op_place(const cli_image_op *op, float *data, const float *b,
                        float *work)
{
    if (op->picks)
        csk_linop_adjoint(op->A, data, b, work);
    else
        csk_copy(csk_linop_rows(op->A), b, data);
}

/* y := A x + noise, as a file holds it. */
static csk_status measure(const cli_call *call, const cli_image_op *op,
                          const csk_array *x, double noise, csk_array *y)
{
    const int64_t m = csk_linop_rows(op->A);
    float *b = csk_alloc(2 * csk_pad(m) + csk_linop_work_len(op->A), sizeof(*b));
    csk_status err = b ? csk_array_init(y, &op->data) : CSK_ERR_NOMEM;

    if (!err) {
        float *const n = b + csk_pad(m), *const work = n + csk_pad(m);

        csk_linop_apply(op->A, b, x->data, work);
        csk_rng_normal((csk_rng){ call->seed, STREAM_NOISE, 0 }, m, n);
        csk_axpby(m, noise, n, 1., b);
        cli_image_op_place(op, y->data, b, work);
    }
    csk_free(b);
    return err;
}

csk_status cli_image_op_simulate(const cli_call *call, const char *text, double noise)
{
    const char *path = cli_arg_of(call, 0);
    csk_array x = { .data = NULL }, y = x;
    cli_image_op op = { .A = NULL };
    char *out = cli_concat(cli_arg_of(call, 1), ".npy");
    csk_status err = out ? cli_read(call, &x, path, CLI_USABLE) : cli_no_memory();

    if (!err)
        err = cli_image_op_read(call, &op, text, &x.space, false, path);
    if (!err)
        err = measure(call, &op, &x, noise, &y);
    if (!err)
        err = cli_write(call, &y, out);
    if (!err) {
        const int64_t m = csk_linop_rows(op.A);
        cli_put_shape(call, "data", &y.space);
        cli_put_int(call, "measured", x.space.field == CSK_COMPLEX ? m / 2 : m);
        cli_put_real(call, "noise", noise, -1, NULL);
        if (noise > 0.)
            cli_put_real(call, "rms_to_noise",
                         csk_norm(csk_space_len(&y.space), y.data) / sqrt((double)m) /
                             noise,
                         2, NULL);
    }
    free(out);
    csk_array_clear(&x);
    csk_array_clear(&y);
    cli_image_op_clear(&op);
    return err;
}
