/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the members of one node of a graph, which is not trusted. Never installed. */
#ifndef CSK_SAMPLERS_NET_PARSE_PRIV_H
#define CSK_SAMPLERS_NET_PARSE_PRIV_H

#include "samplers/net/net_priv.h"

#include <jansson.h>

/* The node at hand. */
typedef struct net_reader {
    csk_net *net;
    const csk_tensors *weights;
    const char *what;
    const json_t *json; /* of the node */
    net_node *node;
} net_reader;

/* A macro, so that the compiler sees that the result is no success. */
#define net_bad(r, fmt, ...)                                                           \
    csk_fail(CSK_ERR_FORMAT, "%s: node \"%.60s\"" fmt, (r)->what, (r)->node->name,     \
             __VA_ARGS__)

csk_status csk_net_get_int(const net_reader *r, const char *key, int preset, int lo,
                           int hi, int *out) CSK_MUST_CHECK;
csk_status csk_net_get_real(const net_reader *r, const char *key, double preset,
                            double lo, double hi, double *out) CSK_MUST_CHECK;
/* The position of the text among the words, closed by NULL; absent: 0. */
csk_status csk_net_get_word(const net_reader *r, const char *key,
                            const char *const *words, int *out) CSK_MUST_CHECK;
csk_status csk_net_get_ints(const net_reader *r, const char *key, int n, int lo, int hi,
                            int *out) CSK_MUST_CHECK;
csk_status csk_net_get_taps(const net_reader *r) CSK_MUST_CHECK;
csk_status csk_net_need(const net_reader *r, const char *key) CSK_MUST_CHECK;
/*
 * The tensor that attribute `key` names goes into the vector of weights. Where dim[i] is 0
 * any length will do, and it is filled in.
 */
csk_status csk_net_get_tensor(const net_reader *r, const char *key, int rank,
                              int64_t *dim, int64_t *at) CSK_MUST_CHECK;
csk_status csk_net_get_bias(const net_reader *r, int64_t len) CSK_MUST_CHECK;

#endif
