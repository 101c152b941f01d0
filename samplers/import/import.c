/* SPDX-License-Identifier: BSD-3-Clause */
/* The options, the choice of the architecture, and the card. */
#include "samplers/import/import.h"
#include "cs/mem.h"
#include "samplers/import/import_priv.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1 };

const char *const csk_import_archs[] = { "dncnn", "ffdnet", "drunet", "tdv",
                                         "ddpm",  "ncsnpp", "adm",    NULL };

static const import_class *const classes[CSK_IMPORT_ARCHS] = {
    [CSK_IMPORT_DNCNN] = &csk_import_dncnn,   [CSK_IMPORT_FFDNET] = &csk_import_ffdnet,
    [CSK_IMPORT_DRUNET] = &csk_import_drunet, [CSK_IMPORT_TDV] = &csk_import_tdv,
    [CSK_IMPORT_DDPM] = &csk_import_ddpm,     [CSK_IMPORT_NCSNPP] = &csk_import_ncsnpp,
    [CSK_IMPORT_ADM] = &csk_import_adm,
};

static const char *const ranges[] = { "published", "unit", "signed", "centred", NULL };

#define S csk_import_opts
/* clang-format off */
const csk_param csk_import_params[] = {
    CSK_OPT_REAL(S, sigma,         "sigma",         0,    0, 1e4,     "SIGMA", "noise level trained for, of images in 0..1; 0: 25/255"),
    CSK_OPT_REAL(S, sigma_high,    "sigma-high",    0,    0, 1e4,     "SIGMA", "highest noise level trained for; 0: as published"),
    CSK_OPT_INT (S, timesteps,     "timesteps",     1000, 2, 1000000, "T",     "time steps of the diffusion"),
    CSK_OPT_REAL(S, beta_first,    "beta-first",    1e-4, 1e-9, .5,   "BETA",  "variance added in the first step"),
    CSK_OPT_REAL(S, beta_last,     "beta-last",     .02,  1e-9, .9,   "BETA",  "variance added in the last step"),
    CSK_OPT_INT (S, heads,         "heads",         0,    0, 1024,    "N",     "heads of attention; 0: from their channels"),
    CSK_OPT_INT (S, head_channels, "head-channels", 0,    0, 4096,    "N",     "channels of a head; 0: adm 64, else all"),
    CSK_OPT_FLAG(S, new_order,     "new-order",     0,                         "q, k and v come before heads (use_new_attention_order)"),
    CSK_OPT_INT (S, steps,         "steps",         10,   1, 1000,    "S",     "steps of the unrolled scheme of tdv"),
    CSK_OPT_FLAG(S, fir,           "fir",           1,                         "ncsnpp resamples by the filter 1 3 3 1"),
    CSK_OPT_FLAG(S, rescale,       "rescale",       1,                         "ncsnpp divides skip connections by sqrt 2"),
    CSK_OPT_CHOICE(S, range,       "range",         CSK_IMPORT_PUBLISHED, ranges, "black and white of the network: 0 1, -1 1, -0.5 0.5"),
    CSK_OPT_TEXT(S, name,          "name",    "NAME",  "name of the prior"),
    CSK_OPT_TEXT(S, about,         "about",   "TEXT",  "what it was trained on"),
    CSK_OPT_TEXT(S, licence,       "licence", "TEXT",  "licence of the weights"),
    CSK_OPT_END,
};
/* clang-format on */
#undef S

csk_import_opts csk_import_defaults(void)
{
    csk_import_opts o = { .name = NULL };

    csk_param_defaults(csk_import_params, &o);
    return o;
}

/* -- where the names begin -------------------------------------------------------- */

/* Length of what comes before @p probe in @p name; -1: it is not at its end. */
static long before(const char *name, const char *probe)
{
    const size_t len = strlen(name), end = strlen(probe);

    if (len < end || strcmp(name + len - end, probe) != 0)
        return -1;
    return len == end || name[len - end - 1] == '.' ? (long)(len - end) : -1;
}

/* A checkpoint may hold several sets of weights: averages ("ema") are preferred. */
static bool find_prefix(importer *im, const char *probe)
{
    long best = -1;

    for (int i = 0; i < im->from->count; i++) {
        const char *name = im->from->item[i].name;
        const long len = before(name, probe);

        if (len < 0 || len >= (long)sizeof(im->prefix))
            continue;
        char prefix[sizeof(im->prefix)] = "";
        memcpy(prefix, name, (size_t)len);
        if (best < 0 || (strstr(prefix, "ema") && !strstr(im->prefix, "ema"))) {
            memcpy(im->prefix, prefix, sizeof(prefix));
            best = len;
        }
    }
    return best >= 0;
}

static void find_start(importer *im, const char *const *probes)
{
    for (int i = 0; probes[i]; i++) {
        if (find_prefix(im, probes[i]))
            return;
    }
    import_fail(im, CSK_ERR_FORMAT, "%s: no %s: tensor \"%s\" is missing%s", im->what,
                im->arch, probes[0],
                probes[1] ? ", as are those of its other layouts" : "");
}

static void set_range(importer *im, int published)
{
    static const double offset[] = { 0., 0., -1., -.5 }, factor[] = { 1., 1., 2., 1. };
    const int range =
        im->opts->range == CSK_IMPORT_PUBLISHED ? published : im->opts->range;

    im->facts.offset = offset[range];
    im->facts.factor = factor[range];
}

/* -- the card --------------------------------------------------------------------- */

static json_t *text_of(const char *text)
{
    return text ? json_string(text) : NULL;
}

/* Everything but the graph, the facts' further members and the provenance. */
static json_t *head_of(const importer *im)
{
    const import_facts *f = &im->facts;
    const csk_import_opts *o = im->opts;
    json_t *size = f->size[0] ? json_pack("[ii]", f->size[0], f->size[1]) : NULL;

    return json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:i, s:i, s:f, s:[ff], s:i, s:s, s:{s:f, s:f}, s:s, "
        "s:o*, s:o*, s:o*}",
        "csk", "prior", "version", VERSION, "kind", "network", "name",
        o->name ? o->name : im->arch, "field", "real", "axes", 2, "channels",
        f->channels, "scale", 1., "sigma", f->sigma[0], f->sigma[1], "multiple",
        f->multiple, "preconditioning", f->preconditioning, "range", "offset",
        f->offset, "factor", f->factor, "architecture", im->arch, "size", size, "about",
        text_of(o->about), "licence", text_of(o->licence));
}

static csk_status add_provenance(json_t *card, const char *note)
{
    json_error_t why;
    json_t *provenance = note ? json_loads(note, 0, &why) : NULL;

    if (note && !provenance)
        return csk_fail(CSK_ERR_ARG, "import: the note is no JSON: %s", why.text);
    if (provenance && json_object_set_new(card, "provenance", provenance))
        return csk_fail(CSK_ERR_NOMEM, "import: no memory for the card");
    return CSK_OK;
}

static void write_card(importer *im, int output, const char *note)
{
    const int inputs = im->facts.channels;
    json_t *graph = csk_graph_finish(&im->graph, inputs, output);
    json_t *card = im->err ? NULL : head_of(im);
    char *text = NULL;

    if (card && graph && json_object_set(card, "graph", graph) == 0 &&
        (!im->facts.more || json_object_update(card, im->facts.more) == 0)) {
        const csk_status err = add_provenance(card, note);
        if (err)
            im->err = err;
        text = err ? NULL : json_dumps(card, JSON_COMPACT | JSON_REAL_PRECISION(17));
    }
    if (text)
        im->err = csk_tensors_set_card(&im->to, text);
    else
        import_fail(im, CSK_ERR_NOMEM,
                    "%s: no memory for its card, or a text that is "
                    "no UTF-8",
                    im->what);
    free(text);
    json_decref(card);
    json_decref(graph);
}

csk_status csk_import(csk_tensors *model, int arch, const csk_tensors *weights,
                      const csk_import_opts *opts, const char *note, const char *what)
{
    csk_status err = csk_param_check(csk_import_params, opts);

    if (!err && opts->sigma > 0. && opts->sigma < CSK_IMPORT_LEAST_SIGMA)
        err = csk_fail(CSK_ERR_ARG, "sigma is %g, expected at least %g", opts->sigma,
                       CSK_IMPORT_LEAST_SIGMA);
    if (err)
        return err;
    importer im = { .opts = opts,
                    .arch = csk_import_archs[arch],
                    .what = what,
                    .from = weights,
                    .used = csk_alloc(weights->count, sizeof(bool)),
                    .graph = csk_graph_new() };
    if (!im.used)
        im.err = CSK_ERR_NOMEM;
    set_range(&im, classes[arch]->range);
    find_start(&im, classes[arch]->probes);
    const int output = im.err ? 0 : classes[arch]->walk(&im);
    if (!im.err)
        csk_import_leftovers(&im);
    if (!im.err)
        write_card(&im, output, note);
    csk_graph_clear(&im.graph);
    json_decref(im.facts.more);
    csk_free(im.average);
    csk_free(im.used);
    if (im.err)
        csk_tensors_clear(&im.to);
    else
        *model = im.to;
    return im.err;
}
