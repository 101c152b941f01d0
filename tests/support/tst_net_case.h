/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file tests/support/tst_net_case.h
 * Small networks in a notation that is shorter than JSON, and csk_net against tst_net on them.
 *
 *     a = conv x weight=w bias=b stride=2; out = concat a,a
 *
 * is {"name":"a","op":"conv","from":["x"],"weight":"w","bias":"b","stride":2}, and so on.
 */
#ifndef CSK_TESTS_SUPPORT_TST_NET_CASE_H
#define CSK_TESTS_SUPPORT_TST_NET_CASE_H

#include "cs/tensors.h"
#include "samplers/net/net.h"

#include <stdbool.h>

typedef struct tst_net_case {
    const char *name;
    int batch, inputs, height, width;
    const char *nodes;   /**< see below; the output is the node "out" */
    const char *tensors; /**< such as "w 5 3 3 3, b 5": names and dimensions */
} tst_net_case;

/** Back end, precision and parts number i of TST_NET_WAYS; false: this build cannot do it. */
enum { TST_NET_WAYS = 9 };
bool tst_net_way(int i, csk_net_shape *shape);
const char *tst_net_way_name(const csk_net_shape *shape);

/** The description; csk_free() it. */
char *tst_net_graph(const tst_net_case *c);

/**
 * Add random tensors: normal numbers, of variance 1 / inputs of a row for weights of layers and
 * 1/4 for vectors, so that values keep their size from layer to layer.
 */
void tst_net_tensors(csk_tensors *t, const char *tensors, uint64_t seed);

/** csk_net_parse() with weights from tst_net_tensors(). */
csk_net *tst_net_parsed(const tst_net_case *c);

/** Noise levels and steps of the images of a batch: all differ. */
const double *tst_net_sigma(void);
const double *tst_net_step(void);

/** csk_net_forward() is tst_net_eval(), relative to the precision; kept or not for backward. */
void tst_net_check_forward(const tst_net_case *c, const csk_net_shape *way);

/**
 * csk_net_backward() by the input along some directions, and by every tensor of weights along
 * one, is tst_net_slope(). By a tensor called "fixed", frequencies, which are not trained, it is 0.
 */
void tst_net_check_backward(const tst_net_case *c, const csk_net_shape *way);

#endif
