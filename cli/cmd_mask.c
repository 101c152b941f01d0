/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cs/mem.h"
#include "operators/mask.h"

typedef struct mask_opts {
    const char *shape;
    csk_mask_opts mask;
} mask_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_TEXT(mask_opts, shape, "shape", "N,...", "of the image, the last axis fastest (default 192,192)"),
    CSK_OPT_GROUP(mask_opts, mask, csk_mask_params),
    CSK_OPT_END,
};
/* clang-format on */

static csk_status space_of(csk_space *space, const mask_opts *o)
{
    int64_t dim[CSK_MAX_RANK];
    int rank;
    const csk_status err =
        cli_parse_shape(dim, &rank, o->shape ? o->shape : "192,192", "shape");

    if (err)
        return err;
    *space = csk_space_make(CSK_REAL, rank, dim);
    return csk_space_check(space, "shape");
}

static csk_status make(csk_array *a, const csk_space *space, const mask_opts *o,
                       uint64_t seed, int64_t *kept)
{
    const int64_t n = csk_space_size(space);
    uint8_t *mask = csk_alloc(n, sizeof(*mask));
    csk_status err = mask ? csk_mask_make(mask, space, &o->mask, seed) : CSK_ERR_NOMEM;

    if (!err)
        err = csk_array_init(a, space);
    *kept = 0;
    for (int64_t i = 0; i < n && !err; i++) {
        a->data[i] = mask[i];
        *kept += mask[i];
    }
    csk_free(mask);
    return err;
}

static csk_status run(const cli_call *call)
{
    csk_array a = { .data = NULL };
    csk_space space;
    int64_t kept;
    csk_status err = space_of(&space, call->opts);

    if (!err)
        err = make(&a, &space, call->opts, call->seed, &kept);
    if (!err)
        err = cli_write(call, &a, cli_arg_of(call, 0));
    if (!err) {
        const int64_t n = csk_space_size(&space);
        cli_put_shape(call, "shape", &space);
        cli_put_int(call, "samples", kept);
        cli_put_real(call, "acceleration", (double)n / (double)kept, 3, NULL);
    }
    csk_array_clear(&a);
    return err;
}

static csk_status plan(const cli_call *call, cli_plan *p)
{
    csk_space space;
    const csk_status err = space_of(&space, call->opts);

    if (err)
        return err;
    p->bytes = csk_space_size(&space) * 16;
    p->seconds = (double)csk_space_size(&space) * 5e-6;
    return CSK_OK;
}

static const cli_arg args[] = {
    { "OUTPUT", "file to write: 1 where k-space is measured, 0 elsewhere",
      .role = CLI_OUTPUT },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "mask --shape 128,128 --kind poisson --accel 4 --acs 24 --seed 1 mask.npy",
      "a variable-density Poisson disc, a quarter of k-space" },
    { "mask --shape 128,128 --kind uniform1d --accel 2 --acs 16 lines.png",
      "every other line, as a picture" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Lustig, Donoho, Pauly, Magn. Reson. Med. 58 (2007) 1182-1195",
    NULL,
};

const cli_cmd cmd_mask = {
    .name = "mask",
    .brief = "make an undersampling pattern for Cartesian k-space",
    .about =
        "Chooses which samples of k-space are measured. The centre of k-space is at entry "
        "floor(n/2) of every axis. Acceleration counts everything: all samples divided by "
        "those kept, the fully sampled centre included.\n\n"
        "poisson keeps points in the last two axes that are nowhere closer than a distance "
        "which grows away from the centre; uniform1d every R-th line of the last axis but "
        "one; gaussian1d lines at random, denser at the centre; random points anywhere.",
    .args = args,
    .params = params,
    .opts_size = sizeof(mask_opts),
    .examples = examples,
    .refs = refs,
    .run = run,
    .plan = plan,
};
