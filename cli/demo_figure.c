/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/demo.h"
#include "cli/figure.h"
#include "cs/mem.h"
#include "cs/vec.h"

#include <math.h>
#include <stdio.h>

enum { PANELS = 8, NOTE = 64 };

void demo_pictures_clear(demo_pictures *p)
{
    csk_array_clear(&p->truth);
    csk_array_clear(&p->mask);
    csk_array_clear(&p->zero_filled);
    csk_array_clear(&p->naive);
    csk_array_clear(&p->mean);
    csk_array_clear(&p->std);
    csk_array_clear(&p->low);
    csk_array_clear(&p->high);
    csk_array_clear(&p->sample);
}

static void score(char note[NOTE], const csk_metrics *m)
{
    (void)snprintf(note, NOTE, "PSNR %.2f dB, SSIM %.3f", m->psnr, m->ssim);
}

static cli_panel panel(const char *title, const char *note, const csk_array *a,
                       double hi)
{
    return (cli_panel){
        .title = title,
        .note = note,
        .pixel = a->data,
        .rows = a->space.dim[0],
        .cols = a->space.dim[1],
        .lo = 0.,
        .hi = hi,
        .bar = true,
    };
}

static csk_status draw(const cli_call *call, const demo_pictures *p,
                       const demo_scores *s, const csk_array *error, const char *path)
{
    const int64_t n = csk_space_size(&p->truth.space);
    const double peak = csk_max_modulus(n, 1, p->truth.data);
    char zero_filled[NOTE], naive[NOTE], mean[NOTE], sample[NOTE], mask[NOTE],
        slice[NOTE];
    char title[80], caption[1200];

    /* Both in one window, or they could not be compared: most of the error must fit. */
    float *sorted = csk_alloc(n, sizeof(*sorted));
    if (!sorted)
        return CSK_ERR_NOMEM;
    csk_copy(n, error->data, sorted);
    const double doubt = fmax(csk_quantile(n, sorted, .995), 1e-3 * peak);
    csk_free(sorted);

    (void)snprintf(title, sizeof(title),
                   "From %.3g %% of the measurements, and how sure we are",
                   100. / s->acceleration);
    (void)snprintf(slice, NOTE, "what was scanned: slice %d", s->slice);
    (void)snprintf(mask, NOTE, "white: measured, 1 in %.2f", s->acceleration);
    score(zero_filled, &s->zero_filled);
    score(naive, &s->naive);
    score(mean, &s->mean);
    score(sample, &s->sample);
    (void)snprintf(
        caption, sizeof(caption),
        "A slice of a head, scanned by %d simulated coils at one position in %.2f of its "
        "k-space, with noise of %g in each real number (the brightest pixel is %.3g). The "
        "mean of %d posterior samples has a PSNR of %.2f dB. l1-wavelet reaches %.2f dB and "
        "total variation %.2f dB, each with the weight that is best for this very image: "
        "nobody knows that weight without the truth, and the posterior was not told. The "
        "standard deviation is large where the samples disagree, which is where to doubt "
        "the mean; it has the same colours as the true error beside it. %.0f %% of the "
        "head's pixels lie between the samples' 5 %% and 95 %% quantiles; between those of "
        "%d ideal samples it would be %.0f %%.",
        s->coils, s->acceleration, s->noise, peak, s->samples, s->mean.psnr, s->l1.psnr,
        s->tv.psnr, 100. * s->coverage, s->samples, 100. * s->nominal);

    cli_panel panels[PANELS] = {
        panel("truth", slice, &p->truth, peak),
        panel("sampling mask", mask, &p->mask, 1.),
        panel("zero-filled", zero_filled, &p->zero_filled, peak),
        panel("naive estimate (l1-wavelet)", naive, &p->naive, peak),
        panel("posterior mean", mean, &p->mean, peak),
        panel("posterior standard deviation", "of the samples' magnitude", &p->std,
              doubt),
        panel("|error| of the mean", "known only because this is a simulation", error,
              doubt),
        panel("one posterior sample", sample, &p->sample, peak),
    };
    panels[5].map = panels[6].map = CLI_MAP_VIRIDIS;
    panels[1].bar = false;
    const cli_figure figure = {
        .title = title,
        .caption = caption,
        .columns = 4,
        .zoom = cli_figure_zoom(PANELS, panels),
        .count = PANELS,
        .panel = panels,
    };
    return cli_figure_write(call, &figure, path);
}

csk_status demo_draw(const cli_call *call, const demo_pictures *p, const demo_scores *s,
                     const char *path)
{
    const int64_t n = csk_space_size(&p->truth.space);
    csk_array error = { .data = NULL };
    csk_status err = csk_array_init(&error, &p->truth.space);

    for (int64_t i = 0; i < n && !err; i++)
        error.data[i] = fabsf(p->mean.data[i] - p->truth.data[i]);
    if (!err)
        err = draw(call, p, s, &error, path);
    csk_array_clear(&error);
    return err;
}
