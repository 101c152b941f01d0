/* SPDX-License-Identifier: BSD-3-Clause */
/* The verb prior import. */
#include "cli/cli.h"
#include "cli/json_text.h"
#include "cs/tensors.h"
#include "cs/vec.h"
#include "samplers/import/import.h"

#include <stdio.h>
#include <string.h>

typedef struct import_opts {
    const char *arch;
    csk_import_opts import;
} import_opts;

/* clang-format off */
static const csk_param params[] = {
    CSK_OPT_TEXT(import_opts, arch, "arch", "ARCH", "architecture: dncnn, ffdnet, drunet, tdv, ddpm, ncsnpp or adm"),
    CSK_OPT_GROUP(import_opts, import, csk_import_params),
    CSK_OPT_END,
};
/* clang-format on */

/* Position of the architecture that --arch names. */
static csk_status find_arch(int *arch, const char *name)
{
    char list[160] = "";
    size_t len = 0;

    for (int i = 0; csk_import_archs[i]; i++) {
        if (name && strcmp(name, csk_import_archs[i]) == 0) {
            *arch = i;
            return CSK_OK;
        }
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
                                csk_import_archs[i]);
    }
    return name ? csk_fail(CSK_ERR_ARG, "--arch %s is none of %s", name, list)
                : csk_fail(CSK_ERR_ARG, "--arch is missing: which of %s", list);
}

static int64_t numbers_in(const csk_tensors *t)
{
    int64_t sum = 0;

    for (int i = 0; i < t->count; i++)
        sum += csk_tensor_size(&t->item[i]);
    return sum;
}

static csk_status check_finite(const csk_tensors *model, const char *from)
{
    for (int k = 0; k < model->count; k++) {
        const csk_tensor *t = &model->item[k];
        if (csk_first_not_finite(csk_tensor_size(t), t->data) >= 0)
            return csk_fail(CSK_ERR_FORMAT,
                            "%s: tensor \"%.60s\" holds what is not finite", from,
                            t->name);
    }
    return CSK_OK;
}

static csk_status write_model(const cli_call *call, const csk_tensors *weights,
                              int arch)
{
    const import_opts *o = call->opts;
    const char *const note = cli_provenance(call);
    const char *const from = cli_arg_of(call, 0), *const to = cli_arg_of(call, 1);
    csk_tensors model = { .count = 0 };

    if (!note)
        return cli_no_memory();
    csk_status err = csk_import(&model, arch, weights, &o->import, note, from);
    if (!err)
        err = check_finite(&model, from);
    err = cli_bad_input(call, err);
    cli_catch_signals();
    if (!err)
        err = cli_wrote(call, to, csk_tensors_write(&model, to));
    if (!err) {
        cli_put_text(call, "architecture", csk_import_archs[arch]);
        cli_put_int(call, "tensors", model.count);
        cli_put_int(call, "parameters", numbers_in(&model));
    }
    csk_tensors_clear(&model);
    return err;
}

/* What the weights of one architecture do not tell is no option of the others. */
static csk_status check_options(const cli_call *call, int arch)
{
    const bool dncnn = arch == CSK_IMPORT_DNCNN, tdv = arch == CSK_IMPORT_TDV;
    const bool ncsnpp = arch == CSK_IMPORT_NCSNPP, adm = arch == CSK_IMPORT_ADM;
    const bool ddpm = arch == CSK_IMPORT_DDPM;
    const bool maps = dncnn || arch == CSK_IMPORT_FFDNET || arch == CSK_IMPORT_DRUNET;
    static const char diffusion[] = "--arch ddpm, ncsnpp or adm";
    const cli_reader readers[] = {
        { "sigma", dncnn || tdv, "--arch dncnn or tdv" },
        { "sigma-high", maps || ncsnpp, "--arch dncnn, ffdnet, drunet or ncsnpp" },
        { "timesteps", ddpm || ncsnpp || adm, diffusion },
        { "beta-first", ddpm || ncsnpp || adm, diffusion },
        { "beta-last", ddpm || ncsnpp || adm, diffusion },
        { "heads", ddpm || adm, "--arch ddpm or adm" },
        { "head-channels", ddpm || adm, "--arch ddpm or adm" },
        { "new-order", adm, "--arch adm" },
        { "steps", tdv, "--arch tdv" },
        { "fir", ncsnpp, "--arch ncsnpp" },
        { "rescale", ncsnpp, "--arch ncsnpp" },
        { NULL, false, NULL },
    };
    const csk_import_opts *o = &((const import_opts *)call->opts)->import;

    if (o->sigma > 0. && o->sigma < CSK_IMPORT_LEAST_SIGMA)
        return csk_fail(CSK_ERR_ARG, "--sigma is %g, expected at least %g", o->sigma,
                        CSK_IMPORT_LEAST_SIGMA);
    if (o->beta_first > o->beta_last)
        return csk_fail(CSK_ERR_ARG, "--beta-first %g is above --beta-last %g",
                        o->beta_first, o->beta_last);
    csk_status err = cli_check_readers(call, readers);
    if (!err)
        err = cli_check_utf8("name", o->name);
    if (!err)
        err = cli_check_utf8("about", o->about);
    return err ? err : cli_check_utf8("licence", o->licence);
}

static csk_status run(const cli_call *call)
{
    const import_opts *o = call->opts;
    const char *const path = cli_arg_of(call, 0);
    csk_tensors weights = { .count = 0 };
    int arch = 0;
    csk_status err = find_arch(&arch, o->arch);

    if (!err)
        err = check_options(call, arch);
    if (!err)
        err = cli_input(call, path);
    if (!err)
        err = cli_bad_input(call, csk_tensors_read(&weights, path));
    if (!err)
        err = write_model(call, &weights, arch);
    csk_tensors_clear(&weights);
    return err;
}

static const cli_arg args[] = {
    { "FILE", "weights: PyTorch's .pth, .safetensors or .npz", .role = CLI_INPUT },
    { "PRIOR", "the prior, any name; .csk is usual", .role = CLI_OUTPUT,
      .is_prior = true },
    { .name = NULL },
};

static const char *const refs[] = {
    "Zhang, Zuo, Chen, Meng, Zhang, IEEE Trans. Image Process. 26 (2017) 3142 (dncnn)",
    "Zhang, Zuo, Zhang, IEEE Trans. Image Process. 27 (2018) 4608 (ffdnet)",
    "Zhang et al., IEEE Trans. Pattern Anal. Mach. Intell. 44 (2022) 6360 (drunet)",
    "Kobler, Effland, Kunisch, Pock, CVPR 2020 (tdv)",
    "Ho, Jain, Abbeel, NeurIPS 2020 (ddpm)",
    "Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole, ICLR 2021 (ncsnpp)",
    "Dhariwal, Nichol, NeurIPS 2021 (adm)",
    NULL,
};

static const cli_example examples[] = {
    { "prior import /path/to/dncnn_25.pth --arch dncnn -o dncnn.csk",
      "KAIR's denoiser for one noise level" },
    { NULL, NULL },
};

const cli_cmd cmd_prior_import = {
    .name = "prior import",
    .brief = "make a prior of a published network's weights",
    .about =
        "FILE holds the state dict of a network trained with PyTorch; nothing in it is "
        "executed. --arch names the network:\n\n"
        "  dncnn   DnCNN and FDnCNN of KAIR\n"
        "  ffdnet  FFDNet of KAIR\n"
        "  drunet  DRUNet of KAIR and DPIR\n"
        "  tdv     total deep variation of VLOGroup\n"
        "  ddpm    Ho et al.: layouts of pytorch_diffusion and of diffusers; the CNN\n"
        "          of the minimal DDPM\n"
        "  ncsnpp  NCSN++ and DDPM++ of score_sde\n"
        "  adm     guided-diffusion without classes, FFHQ-256 of DPS among them\n\n"
        "Channels, layers, blocks and attention are read from the names and shapes of the "
        "tensors; a tensor that is missing, of another shape or left over is named. What "
        "they do not tell is an option, whose default is what was published.\n\n"
        "Grey networks act on images [y][x], colour networks on [3][y][x], of which 0 is "
        "black and 1 is white; the network's own range is --range. Noise levels are "
        "those of such images: 25/255 is 0.098.\n\n"
        "  csk prior import dncnn_25.pth --arch dncnn -o dncnn.csk\n"
        "  csk prior import ffhq_10m.pt --arch adm -o ffhq.csk",
    .args = args,
    .params = params,
    .opts_size = sizeof(import_opts),
    .refs = refs,
    .examples = examples,
    .run = run,
};
