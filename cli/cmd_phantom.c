/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "datasets/phantom.h"

typedef enum kind { SHEPP_LOGAN, DISK, SPARSE, GAUSSIAN } kind;

typedef struct phantom_opts {
    int kind;
    const char *shape;
    double radius;
    int nonzeros;
    bool complex_values;
} phantom_opts;

static const char *const kinds[] = { "shepp-logan", "disk", "sparse", "gaussian",
                                     NULL };

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_CHOICE(phantom_opts, kind, "kind", SHEPP_LOGAN, kinds, "what to draw"),
    CSK_OPT_TEXT(phantom_opts, shape, "shape", "N,...", "axes, the last one fastest (default 192,192)"),
    CSK_OPT_REAL(phantom_opts, radius, "radius", 0.75, 1e-3, 10, "R", "of the disc, in halves of the shortest axis"),
    CSK_OPT_INT(phantom_opts, nonzeros, "nonzeros", 10, 1, 1000000000, "K", "numbers that are not 0 in a sparse signal"),
    CSK_OPT_FLAG(phantom_opts, complex_values, "complex", 0, "complex numbers, for sparse and gaussian"),
    CSK_OPT_END,
};
/* clang-format on */

static csk_status make(csk_array *a, const csk_space *space, const cli_call *call)
{
    const phantom_opts *o = call->opts;

    switch ((kind)o->kind) {
    case SHEPP_LOGAN:
        return csk_phantom_shepp_logan(a, space);
    case DISK:
        return csk_phantom_disk(a, space, o->radius);
    case SPARSE:
        return csk_phantom_sparse(a, space, o->nonzeros, call->seed);
    case GAUSSIAN:
        break;
    }
    return csk_phantom_gaussian(a, space, call->seed);
}

static csk_status space_of(csk_space *space, const phantom_opts *o)
{
    int64_t dim[CSK_MAX_RANK];
    int rank;
    csk_status err =
        cli_parse_shape(dim, &rank, o->shape ? o->shape : "192,192", "shape");

    if (err)
        return err;
    if (o->complex_values && o->kind != SPARSE && o->kind != GAUSSIAN)
        return csk_fail(CSK_ERR_ARG,
                        "complex is for --kind sparse and gaussian, not %s",
                        kinds[o->kind]);
    *space = csk_space_make(o->complex_values ? CSK_COMPLEX : CSK_REAL, rank, dim);
    return csk_space_check(space, "shape");
}

static csk_status run(const cli_call *call)
{
    const phantom_opts *o = call->opts;
    csk_array a = { .data = NULL };
    csk_space space;
    csk_status err = space_of(&space, o);

    if (!err)
        err = make(&a, &space, call);
    if (err == CSK_ERR_NOMEM)
        err = csk_fail(err, "--shape %s needs %.1f GB of memory, more than there is",
                       o->shape ? o->shape : "192,192",
                       4e-9 * (double)csk_space_len(&space));
    if (!err)
        err = cli_write(call, &a, cli_arg_of(call, 0));
    if (!err) {
        cli_put_text(call, "kind", kinds[o->kind]);
        cli_put_shape(call, "shape", &space);
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
    p->bytes = csk_space_len(&space) * (int64_t)sizeof(float);
    p->seconds = (double)csk_space_len(&space) * 3e-7;
    return CSK_OK;
}

static const cli_arg args[] = {
    { "OUTPUT", "file to write", .role = CLI_OUTPUT },
    { .name = NULL },
};

static const cli_example examples[] = {
    { "phantom --shape 128,128 head.npy", "the Shepp-Logan head" },
    { "phantom --shape 16,64,64 stack.npy", "sixteen slices of the head" },
    { "phantom --kind sparse --shape 256 --nonzeros 10 --seed 3 sparse.npy",
      "ten spikes in a line of 256" },
    { "phantom --kind gaussian --shape 100,256 --seed 4 A.npy",
      "a matrix that measures 100 numbers of such a line" },
    { NULL, NULL },
};

static const char *const refs[] = {
    "Shepp, Logan, IEEE Trans. Nucl. Sci. 21 (1974) 21-43",
    "Toft, The Radon Transform, PhD thesis, TU Denmark (1996): the contrast",
    NULL,
};

const cli_cmd cmd_phantom = {
    .name = "phantom",
    .brief = "make a synthetic image, signal or sensing matrix",
    .about =
        "shepp-logan is the head phantom with the contrast of Toft, 2-D or 3-D, values 0 "
        "to 1; disk is 1 inside a disc (2-D) or ball (3-D). A pixel holds the mean over its "
        "area, so edges are not jagged.\n\n"
        "sparse has standard normal numbers at random places and 0 elsewhere. gaussian is "
        "a matrix of independent normal entries of variance 1/rows.",
    .args = args,
    .params = params,
    .opts_size = sizeof(phantom_opts),
    .examples = examples,
    .refs = refs,
    .run = run,
    .plan = plan,
};
