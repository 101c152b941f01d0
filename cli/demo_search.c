/* SPDX-License-Identifier: BSD-3-Clause */
/* Classical methods at their very best. */
#include "cli/demo.h"
#include "cs/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

csk_status demo_solve(demo *d, const char *method, const char *option,
                      const char *weight, const char *name)
{
    const char *const data = demo_file(d, "scan.cfl"), *const maps = demo_file(
                                                           d, "scan-coils.cfl");

    /* That a weight of the search is far too large needs no remark. */
    return option ? DEMO_LINE(d, "solve", data, "--coils", maps, "--method", method,
                              option, weight, demo_file(d, name), "--quiet")
                  : DEMO_LINE(d, "solve", data, "--coils", maps, "--method", method,
                              demo_file(d, name));
}

/* The weights noise x 2^(k/4), k = -SPAN .. SPAN: steps of 19 %. */
enum { SPAN = 24 };

typedef struct trial {
    bool done;
    char weight[24];
    csk_metrics m;
    double seconds;
} trial;

typedef struct search {
    demo *d;
    const char *method, *option;
    trial trial[2 * SPAN + 1];
} search;

static csk_status try_weight(search *s, int k)
{
    trial *t = &s->trial[k + SPAN];
    char name[64];

    if (t->done)
        return CSK_OK;
    (void)snprintf(t->weight, sizeof(t->weight), "%.3g", s->d->o->noise * exp2(k / 4.));
    (void)snprintf(name, sizeof(name), "%s-%s.npy", s->method, t->weight);
    csk_status err = demo_solve(s->d, s->method, s->option, t->weight, name);
    t->seconds = s->d->seconds;
    if (!err)
        err = demo_compare(s->d, &t->m, name);
    t->done = !err;
    return err;
}

static double value(const trial *t, bool ssim)
{
    return ssim ? t->m.ssim : t->m.psnr;
}

/* From weight @p k on upwards in PSNR or SSIM, which have one hill over the weight. */
static csk_status climb(search *s, bool ssim, int *k)
{
    csk_status err = try_weight(s, *k);

    for (int way = -1; way <= 1 && !err; way += 2) {
        while (*k + way >= -SPAN && *k + way <= SPAN) {
            err = try_weight(s, *k + way);
            if (err || value(&s->trial[*k + way + SPAN], ssim) <=
                           value(&s->trial[*k + SPAN], ssim))
                break;
            *k += way;
        }
    }
    return err;
}

csk_status demo_at_best_weight(demo *d, const char *method, const char *option,
                               int start, csk_metrics *best)
{
    search *s = csk_alloc(1, sizeof(*s));
    int psnr = start, ssim;

    if (!s)
        return CSK_ERR_NOMEM;
    s->d = d;
    s->method = method;
    s->option = option;
    csk_status err = climb(s, false, &psnr);
    ssim = psnr;
    if (!err)
        err = climb(s, true, &ssim);
    for (int pass = 0; pass < 2 && !err; pass++) {
        const trial *t = &s->trial[(pass ? ssim : psnr) + SPAN];
        demo_put(d->call, method,
                 psnr == ssim ? "truth, both"
                 : pass       ? "truth, SSIM"
                              : "truth, PSNR",
                 strtod(t->weight, NULL), &t->m, t->seconds);
        if (pass == 0)
            *best = t->m;
        if (psnr == ssim)
            break;
    }
    csk_free(s);
    return err;
}
