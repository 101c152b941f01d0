/* SPDX-License-Identifier: BSD-3-Clause */
/* Members of a node: attributes, and the weights that they name. */
#include "cs/mem.h"
#include "samplers/net/parse_priv.h"

#include <math.h>
#include <string.h>

/* -- attributes ----------------------------------------------------------------- */

csk_status csk_net_get_int(const net_reader *r, const char *key, int preset, int lo,
                           int hi, int *out)
{
    const json_t *v = json_object_get(r->json, key);

    *out = preset;
    if (!v)
        return CSK_OK;
    const json_int_t value = json_integer_value(v);
    if (!json_is_integer(v) || value < lo || value > hi)
        return net_bad(r, ": \"%s\" is not a whole number from %d to %d", key, lo, hi);
    *out = (int)value;
    return CSK_OK;
}

csk_status csk_net_get_real(const net_reader *r, const char *key, double preset,
                            double lo, double hi, double *out)
{
    const json_t *v = json_object_get(r->json, key);

    *out = v ? json_number_value(v) : preset;
    if ((v && !json_is_number(v)) || !(*out >= lo && *out <= hi))
        return net_bad(r, ": \"%s\" is not a number from %g to %g", key, lo, hi);
    return CSK_OK;
}

csk_status csk_net_get_word(const net_reader *r, const char *key,
                            const char *const *words, int *out)
{
    const json_t *v = json_object_get(r->json, key);
    const char *text = json_string_value(v);

    *out = 0;
    if (!v)
        return CSK_OK;
    for (int i = 0; text && words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return CSK_OK;
        }
    }
    return net_bad(r, ": \"%s\" is \"%.32s\"; \"%s\" is one of its values", key,
                   text ? text : "no text", words[0]);
}

csk_status csk_net_get_ints(const net_reader *r, const char *key, int n, int lo, int hi,
                            int *out)
{
    const json_t *list = json_object_get(r->json, key);

    if (!json_is_array(list) || json_array_size(list) != (size_t)n)
        return net_bad(r, ": \"%s\" is no list of %d numbers", key, n);
    for (int i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, (size_t)i);
        const json_int_t value = json_integer_value(v);

        if (!json_is_integer(v) || value < lo || value > hi)
            return net_bad(r, ": \"%s\" holds what is not a whole number from %d to %d",
                           key, lo, hi);
        out[i] = (int)value;
    }
    return CSK_OK;
}

csk_status csk_net_get_taps(const net_reader *r)
{
    const json_t *list = json_object_get(r->json, "taps");
    const size_t n = json_array_size(list);

    if (!json_is_array(list) || n < 1 || n > NET_TAPS)
        return net_bad(r, ": \"%s\" is no list of 1 to %d numbers", "taps", NET_TAPS);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);

        if (!json_is_number(v) || !(fabs(json_number_value(v)) < 1e6))
            return net_bad(r, ": \"taps\"[%zu] is no number below 1e6", i);
        r->node->tap[i] = (float)json_number_value(v);
    }
    r->node->taps = (int)n;
    return CSK_OK;
}

csk_status csk_net_need(const net_reader *r, const char *key)
{
    return json_object_get(r->json, key) ? CSK_OK
                                         : net_bad(r, ": \"%s\" is missing", key);
}

/* -- weights -------------------------------------------------------------------- */

csk_status csk_net_get_tensor(const net_reader *r, const char *key, int rank,
                              int64_t *dim, int64_t *at)
{
    csk_net *net = r->net;
    const char *name = json_string_value(json_object_get(r->json, key));

    if (!name)
        return net_bad(r, ": \"%s\" is missing or no text", key);
    const csk_tensor *t = csk_tensors_find(r->weights, name);
    if (!t)
        return net_bad(r, ": there is no tensor \"%.80s\"", name);
    if (t->rank != rank)
        return net_bad(r, ": tensor \"%.60s\" has %d axes, expected %d", name, t->rank,
                       rank);
    int64_t len = 1;
    for (int i = 0; i < rank; i++) {
        const int64_t want = dim[i];

        if (want ? t->dim[i] != want : t->dim[i] < 1 || t->dim[i] > NET_SIDE)
            return net_bad(r, ": axis %d of tensor \"%.60s\" is %lld, expected %lld", i,
                           name, (long long)t->dim[i], (long long)(want ? want : 1));
        dim[i] = t->dim[i];
        len *= t->dim[i]; /* no overflow: the tensor exists in memory */
    }
    for (int k = 0; k < net->tensors; k++) { /* shared by several nodes */
        if (strcmp(net->tensor[k].name, name) == 0) {
            *at = net->tensor[k].at;
            return CSK_OK;
        }
    }
    for (int64_t i = 0; i < len; i++) {
        if (!isfinite(t->data[i]))
            return net_bad(r, ": tensor \"%.60s\" holds what is not finite", name);
    }
    net_tensor *new = &net->tensor[net->tensors];
    new->name = csk_alloc((int64_t)strlen(name) + 1, 1);
    if (!new->name)
        return CSK_ERR_NOMEM;
    memcpy(new->name, name, strlen(name));
    new->rank = rank;
    memcpy(new->dim, dim, (size_t)rank * sizeof(*dim));
    *at = new->at = net->parameters;
    new->len = len;
    net->parameters += len;
    net->tensors++;
    return CSK_OK;
}

csk_status csk_net_get_bias(const net_reader *r, int64_t len)
{
    const json_t *v = json_object_get(r->json, "bias");

    r->node->bias = -1;
    return v ? csk_net_get_tensor(r, "bias", 1, &len, &r->node->bias) : CSK_OK;
}
