/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the importers of the architectures share. An importer walks through a state dict and
 * adds, for every module, the node to the graph and its tensors to the model. The first error
 * is kept and nothing happens after it, so that walks need no checks; numbers read from shapes
 * are then 0 or what was last known.
 */
#ifndef CSK_SAMPLERS_IMPORT_IMPORT_PRIV_H
#define CSK_SAMPLERS_IMPORT_IMPORT_PRIV_H

#include "samplers/import/import.h"
#include "samplers/net/graph_priv.h"

/* The name of a tensor or of a module, by value: it lives as long as the expression. */
typedef struct import_text {
    char s[128];
} import_text;

import_text csk_import_name(const char *fmt, ...) CSK_PRINTF(1, 2);

/* What an architecture says about itself, for the card. */
typedef struct import_facts {
    int channels, multiple;
    int size[2]; /* 0: any */
    double offset, factor, sigma[2];
    const char *preconditioning;
    json_t *more; /* further members; owned; NULL: none */
} import_facts;

typedef struct importer {
    const csk_import_opts *opts;
    const char *arch, *what;
    const csk_tensors *from;
    char prefix[128]; /* of all names in the file */
    bool *used;       /* one a tensor of the file */
    int *average;     /* of each the tensor to take its numbers from; NULL: itself */
    bool few_biases;  /* modules need none; else each must have one */
    csk_tensors to;
    csk_graph graph;
    csk_status err;
    import_facts facts;
} importer;

/* The lowest noise level of networks that were trained down to none. */
#define IMPORT_LOWEST 1e-3

/* One architecture. */
typedef struct import_class {
    const char *const *probes; /* tensors of which one must be there; closed by NULL */
    int range;                 /* csk_import_range it was published with */
    int (*walk)(
        importer *im); /* fills in the graph, the tensors and the facts; the output */
} import_class;

extern const import_class csk_import_dncnn, csk_import_ffdnet, csk_import_drunet,
    csk_import_tdv, csk_import_ddpm, csk_import_ncsnpp, csk_import_adm;

/* The layout of ddpm that is no U-Net (csk_import_ddpm_plain.c). */
int csk_import_ddpm_plain(importer *im);

/* -- tensors (import_tensors.c) --------------------------------------------------- */

enum { IMPORT_ANY = -1 };

/* Fail, unless something failed before. */
#define import_fail(im, code, ...)                                                     \
    ((im)->err ? (void)0 : (void)((im)->err = csk_fail((code), __VA_ARGS__)))

/* Whether the file holds it; its rank. No error either way. */
bool csk_import_has(const importer *im, const char *name);
int csk_import_rank(const importer *im, const char *name);

/* Side @p axis of a tensor that must exist and have @p rank axes; 0 on error. */
int csk_import_side(importer *im, const char *name, int rank, int axis);

/* The tensor if it has this shape, where IMPORT_ANY fits all; NULL on error. */
const csk_tensor *csk_import_need(importer *im, const char *name, int rank,
                                  const int64_t *dim);

/*
 * Averaged weights as a list without names, LIST.0, LIST.1, ..., in the order of the trained
 * tensors: take these from here on. @p fixed: names that are not trained, closed by NULL.
 * Nothing if there is no such list.
 */
void csk_import_averages(importer *im, const char *list, const char *const *fixed);

/* Say that a tensor is known and not wanted. */
void csk_import_ignore(importer *im, const char *name);

/* Check the shape and copy it to the model. */
void csk_import_keep(importer *im, const char *name, int rank, const int64_t *dim);

/* A new tensor of the model, zeros; NULL on error. */
float *csk_import_new(importer *im, const char *name, int rank, const int64_t *dim);

/* Fail if a tensor under the prefix was neither used nor ignored. */
void csk_import_leftovers(importer *im);

/* -- nodes with weights (import_nodes.c) ------------------------------------------ */

/* Shapes must be those of @p in, @p out and @p kernel; a bias must be there
 * unless the architecture has few of them. */
int csk_import_conv(importer *im, int a, const char *module, int in, int out,
                    int kernel, int stride, int pad);
int csk_import_linear(importer *im, int v, const char *module, int in, int out);
int csk_import_group_norm(importer *im, int a, const char *module, int channels,
                          int groups, double eps);

/* A 1x1 convolution whose weights come as [out][in], [out][in][1] or [out][in][1][1], or as
 * W [in][out] and b (a "network in network" of score_sde). */
int csk_import_pointwise(importer *im, int a, const char *module, int in, int out);

/*
 * A residual block of the DDPM family:
 *
 *     h = conv0(resample(silu(norm0(x)))); h = conv1(silu(norm1(h) with emb)); (skip(x) + h) scale
 *
 * skip is a 1x1 convolution, which must be there where the number of channels changes. emb is
 * a linear map of the embedding v: added before norm1, or with twice the channels scale and
 * shift after it (read from its shape).
 */
typedef struct import_block {
    import_text norm[2], conv[2], emb, skip;
    int in, out, groups; /* groups 0: min(channels / 4, 32) */
    double eps, scale;
    int up; /* 1: twice as large, -1: half as large */
    bool fir;
} import_block;

int csk_import_res_block(importer *im, int x, int v, int embedding,
                         const import_block *b);

/* Attention with one normalisation, a residual connection and weights q, k, v, out. */
typedef struct import_attention {
    import_text norm, q, k, v, out; /* k, v empty: q holds all three */
    int channels, groups, heads;
    bool legacy; /* heads before q, k, v */
    double eps, scale;
} import_attention;

int csk_import_attention_block(importer *im, int x, const import_attention *a);

/* Twice or half as large by the filter 1 3 3 1 or by copies and means. */
int csk_import_resample(importer *im, int a, int up, bool fir);

/* Groups of a norm in score_sde, or of all that have 32. */
static inline int import_groups(int groups, int channels)
{
    const int quarter = channels / 4;

    return groups ? groups : quarter < 32 ? quarter : 32;
}

/* Facts of a network that predicts noise, with T, betas and steps of the options. */
void csk_import_vp(importer *im, int channels, int multiple, double first, double last,
                   int timesteps);

#endif
