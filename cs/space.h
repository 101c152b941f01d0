/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file cs/space.h
 * What a vector is: its shape, its scalars and the names of its axes.
 *
 * Arrays are dense and row-major (the last index runs fastest, as in FFTW and
 * HDF5) and hold single precision. Complex scalars are interleaved (re, im), so
 * a vector is always a `float *` of csk_space_len() floats, and norms and inner
 * products are those of the real vector: Re<x,y> = sum_i x_i y_i.
 *
 * The usual order of an image is [z][y][x], of multi-coil data [coil][z][y][x].
 */
#ifndef CSK_CS_SPACE_H
#define CSK_CS_SPACE_H

#include "cs/attr.h"
#include "cs/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSK_MAX_RANK = 8 };

/** The scalars of a space; the value is the number of floats in one of them. */
typedef enum csk_field { CSK_REAL = 1, CSK_COMPLEX = 2 } csk_field;

/** What an axis runs over. Names matter to files and to people, never to solvers. */
typedef enum csk_axis {
    CSK_AXIS_NONE = 0, /**< no name */
    CSK_AXIS_X,        /**< readout, the first image axis */
    CSK_AXIS_Y,        /**< phase encoding, the second image axis */
    CSK_AXIS_Z,        /**< partition, the third image axis */
    CSK_AXIS_COIL,
    CSK_AXIS_MAP,    /**< set of coil maps */
    CSK_AXIS_ECHO,   /**< echo time */
    CSK_AXIS_TIME,   /**< repetition, cardiac or other dynamic */
    CSK_AXIS_SLICE,  /**< slices of a multi-slice scan */
    CSK_AXIS_SAMPLE, /**< draws of a posterior or measurements in a list */
    CSK_AXES
} csk_axis;

typedef struct csk_space {
    csk_field field;
    int rank;                    /**< 1 .. CSK_MAX_RANK */
    int64_t dim[CSK_MAX_RANK];   /**< dim[0 .. rank-1], each >= 1; the rest 0 */
    csk_axis axis[CSK_MAX_RANK]; /**< name of each axis; CSK_AXIS_NONE is fine */
} csk_space;

/**
 * A space of rank @p rank; passed and kept by value. The last axes are named x,
 * y, z from the end, further ones have no name.
 */
CSK_API csk_space csk_space_make(csk_field field, int rank, const int64_t *dim);

/** @p count of @p s one after the other: one more axis, the first. s->rank < CSK_MAX_RANK. */
CSK_API csk_space csk_space_stack(const csk_space *s, csk_axis axis, int64_t count);

/** Number of scalars. */
CSK_API int64_t csk_space_size(const csk_space *s);

/** Number of floats: csk_space_size() times 1 or 2. */
CSK_API int64_t csk_space_len(const csk_space *s);

/** Same field, rank and dimensions; names are not compared. */
CSK_API bool csk_space_equal(const csk_space *a, const csk_space *b);

/** Position of the axis named @p axis, -1 if there is none. */
CSK_API int csk_space_find(const csk_space *s, csk_axis axis);

/** "coil"; "" for CSK_AXIS_NONE. */
CSK_API const char *csk_axis_name(csk_axis axis);

/** The axis called @p name, CSK_AXIS_NONE if there is none. */
CSK_API csk_axis csk_axis_parse(const char *name);

/** "complex 8x192x192" (or "real ...") into @p out; returns @p out. */
CSK_API char *csk_space_text(const csk_space *s, char *out, size_t room);

/**
 * Check sizes that come from outside: rank in range, every dimension >= 1, and
 * the bytes of a float vector fit an int64_t with room to spare.
 * CSK_ERR_ARG otherwise, with @p what in the message.
 */
CSK_API csk_status csk_space_check(const csk_space *s, const char *what) CSK_MUST_CHECK;

#endif
