/* SPDX-License-Identifier: BSD-3-Clause */
/* The prior that csk train --from begins with. */
#include "cli/train.h"

#include <string.h>

/* Does the network see the images in their own units? */
static bool in_their_units(const json_t *card)
{
    const json_t *range = json_object_get(card, "range");
    const json_t *factor = json_object_get(range, "factor");

    return (!factor || json_number_value(factor) == 1.) &&
           json_number_value(json_object_get(range, "offset")) == 0.;
}

/* Whatever is wrong with the card or the weights for those who use the prior. */
static csk_status runs(const csk_model *model, const char *what)
{
    const int64_t dim[] = { 8, 8 };
    const csk_space image = csk_space_make(csk_model_field(model), 2, dim);
    csk_prior *prior = NULL;
    csk_status err = csk_model_fits(model, &image, what);

    if (!err)
        err = csk_model_prior(&prior, &image, model, 1., NULL);

    csk_prior_unref(prior);
    return err;
}

/* A network is retrained as what it is: D of samplers/train/train.h, in the images' units. */
static csk_status check(const train_origin *f, const cli_call *call,
                        const train_opts *o)
{
    const char *what = f->prior.path;
    const char *edm = json_string_value(json_object_get(f->card, "preconditioning"));
    const json_t *d = json_object_get(f->card, "sigma_data");

    if (!f->arch || !edm || strcmp(edm, "edm") != 0 || !in_their_units(f->card))
        return csk_fail(CSK_ERR_ARG,
                        "%s: --from needs a network that csk train has trained", what);
    if (cli_given(call, "arch") && strcmp(f->arch, train_arch_names[o->arch]) != 0)
        return csk_fail(CSK_ERR_ARG, "%s is %s, not --arch %s", what, f->arch,
                        train_arch_names[o->arch]);
    if (o->attention)
        return csk_fail(CSK_ERR_ARG,
                        "%s has the attention it was trained with: no --attention with "
                        "--from",
                        what);
    if (!json_is_number(d) || json_number_value(d) != o->train.sigma_data)
        return csk_fail(CSK_ERR_ARG, "%s was trained with --sigma-data %g, not %g",
                        what, json_number_value(d), o->train.sigma_data);
    return CSK_OK;
}

csk_status train_origin_read(train_origin *f, const cli_call *call, const train_opts *o)
{
    csk_status err = cli_prior_read(call, &f->prior, o->from);

    if (err)
        return err;
    if (strcmp(csk_model_kind(f->prior.model), "network") != 0)
        return csk_fail(CSK_ERR_ARG, "%s: --from needs a network, this is a %s prior",
                        f->prior.path, csk_model_kind(f->prior.model));
    err = cli_bad_input(call, runs(f->prior.model, f->prior.path));
    if (err)
        return err;
    err = cli_bad_input(call, csk_tensors_read(&f->weights, f->prior.path));
    if (err)
        return err;
    f->card = json_loads(csk_model_card(f->prior.model), 0, NULL);
    if (!f->card)
        return cli_no_memory();
    f->arch = json_string_value(json_object_get(f->card, "architecture"));
    err = check(f, call, o);
    const char *licence = json_string_value(json_object_get(f->card, "licence"));
    if (!err && licence && !o->licence)
        cli_say(call, "'%s' has the licence %s; --licence says that of the new prior",
                f->prior.name, licence);
    return err;
}

csk_status train_origin_fits(const train_origin *f, bool complex)
{
    if ((csk_model_field(f->prior.model) == CSK_COMPLEX) == complex)
        return CSK_OK;
    return csk_fail(CSK_ERR_SHAPE, "%s is of %s images, these are %s", f->prior.path,
                    complex ? "real" : "complex",
                    complex ? "complex (--no-phase leaves real ones real)"
                            : "real (--phase gives them a phase)");
}

void train_origin_clear(train_origin *f)
{
    cli_prior_clear(&f->prior);
    csk_tensors_clear(&f->weights);
    json_decref(f->card);
    *f = (train_origin){ .arch = NULL };
}
