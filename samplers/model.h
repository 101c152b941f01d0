/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file samplers/model.h
 * What a prior's file holds, whatever its kind. A file is
 *
 *     JSON text       a wavelet prior, as csk_wavelet_model_write() writes it
 *     safetensors     a network or a ridge regulariser: weights and a card (cs/tensors.h)
 *
 * told apart by content. The card is one JSON object:
 *
 *     "csk": "prior", "version": 1, "kind": "network" | "ridge" | "wavelet",
 *     "field": "complex" | "real", "axes": 2, "scale": 1.0, "sigma": [lo, hi],
 *     "name", "about", "licence": texts, "training", "metrics", "score_norm", "provenance": objects
 *
 * and what the kind needs besides (samplers/prior_net.h, samplers/prior_ridge.h).
 */
#ifndef CSK_SAMPLERS_MODEL_H
#define CSK_SAMPLERS_MODEL_H

#include "cs/tensors.h"
#include "samplers/mismatch.h"
#include "samplers/prior.h"
#include "samplers/prior_wavelet.h"

typedef struct csk_model csk_model;

/** What a kind leaves open; NULL in calls: the defaults. */
typedef struct csk_model_opts {
    int shift; /**< csk_wavelet_shift of a wavelet prior, CSK_SHIFT_STEP by default */
    int precision; /**< csk_prior_precision of a network, CSK_PRIOR_F32 by default */
    bool turn;     /**< csk_prior_net_opts.turn, false by default */
} csk_model_opts;

/**
 * Read a prior. CSK_ERR_IO; CSK_ERR_FORMAT for a file that is no prior or one with a fault,
 * naming the file, the field and what was expected.
 */
CSK_API csk_status csk_model_read(csk_model **m, const char *path) CSK_MUST_CHECK;

/** The same for bytes in memory; @p what names them in messages. */
CSK_API csk_status csk_model_parse(csk_model **m, const void *bytes, size_t len,
                                   const char *what) CSK_MUST_CHECK;

/**
 * A model of weights in memory, with their card; @p tensors is taken over (and empty
 * afterwards) on success.
 */
CSK_API csk_status csk_model_of_tensors(csk_model **m, csk_tensors *tensors,
                                        const char *what) CSK_MUST_CHECK;

/** A model of what csk_wavelet_fit() learned; @p wavelet is taken over on success. */
CSK_API csk_status csk_model_of_wavelet(csk_model **m,
                                        csk_wavelet_model *wavelet) CSK_MUST_CHECK;

/** NULL is allowed. */
CSK_API void csk_model_free(csk_model *m);

CSK_API const char *csk_model_kind(
    const csk_model *m); /**< "wavelet", "network", "ridge" */
CSK_API csk_field csk_model_field(const csk_model *m); /**< of the images */
CSK_API int csk_model_axes(
    const csk_model *m); /**< 1 .. 3: the last axes of an image */

/** 99th percentile of |x| above 0 in the training images: their unit. */
CSK_API double csk_model_scale(const csk_model *m);

/** The noise levels it was made for, in the units of the training images; 0 .. INFINITY if any. */
CSK_API void csk_model_sigma(const csk_model *m, double *lo, double *hi);

/**
 * @p t_min, and for 0 what suits the model: of a wavelet prior a thousandth of the power of ten next to
 * csk_model_scale(), at most 1e9; 0 of others, for csk_schedule_end().
 */
CSK_API double csk_model_t_min(const csk_model *m, double t_min);

/** The card, JSON text of one object; of a wavelet prior the file without its bands. */
CSK_API const char *csk_model_card(const csk_model *m);

/** What its scores are like on images like those of the training; count 0: the card is silent. */
CSK_API const csk_score_norm *csk_model_score_norm(const csk_model *m);

/**
 * Put @p s into the card, with the command that found it (NULL: none), in place of what it has.
 */
CSK_API csk_status csk_model_set_score_norm(csk_model *m, const csk_score_norm *s,
                                            const char *command) CSK_MUST_CHECK;

/** Write a file that csk_model_read() reads, atomically. */
CSK_API csk_status csk_model_write(const csk_model *m, const char *path) CSK_MUST_CHECK;

/** What a prior of that kind holds; NULL for the other kind. */
CSK_API const csk_wavelet_model *csk_model_wavelet(const csk_model *m);
CSK_API const csk_tensors *csk_model_tensors(const csk_model *m);

/** CSK_ERR_SHAPE, naming @p what, unless it describes images of this field and number of axes. */
CSK_API csk_status csk_model_fits(const csk_model *m, const csk_space *image,
                                  const char *what) CSK_MUST_CHECK;

/**
 * CSK_ERR_UNSUPPORTED, naming @p what, for a prior that knows too few noise levels to draw
 * samples: the highest must be at least twice the lowest.
 */
CSK_API csk_status csk_model_samples(const csk_model *m,
                                     const char *what) CSK_MUST_CHECK;

/**
 * The prior for images of @p space, whose last axes are those of the model; further ones are
 * independent images. @p m may be freed afterwards.
 *
 * @param unit  images are this many times as large as the training images; > 0
 */
CSK_API csk_status csk_model_prior(csk_prior **out, const csk_space *space,
                                   const csk_model *m, double unit,
                                   const csk_model_opts *opts) CSK_MUST_CHECK;

#endif
