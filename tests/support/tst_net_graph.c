/* SPDX-License-Identifier: BSD-3-Clause */
/* The notation of tst_net_case.h, for descriptions and for weights. */
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/vec.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Append to a JSON text, in which @p at is the end. */
static char *put(char *at, const char *text, size_t length)
{
    memcpy(at, text, length);
    return at + length;
}

static char *put_all(char *at, const char *text)
{
    return put(at, text, strlen(text));
}

static char *put_quoted(char *at, const char *text, size_t length)
{
    return put_all(put(put_all(at, "\""), text, length), "\"");
}

/* "a,b" as ,"from":["a","b"] */
static char *put_names(char *at, const char *text, size_t length)
{
    at = put_all(at, ",\"from\":[");
    for (const char *end = text + length; text < end; text++) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma ? comma : end;

        at = put_quoted(at, text, (size_t)(stop - text));
        at = put_all(at, comma ? "," : "]");
        text = stop;
    }
    return at;
}

/* key=value: numbers and lists as they are. */
static char *put_attribute(char *at, const char *text, size_t length)
{
    const size_t key = strcspn(text, "=");
    const char *value = text + key + 1;

    at = put_all(put_quoted(put_all(at, ","), text, key), ":");
    return strchr("0123456789-.[", *value) ? put(at, value, length - key - 1)
                                           : put_quoted(at, value, length - key - 1);
}

/* One node, up to a ';'. */
static char *put_node(char *at, const char *text, const char *end)
{
    for (int word = 0; text < end; text += strspn(text, " "), word++) {
        const size_t length = strcspn(text, " ;");

        if (word == 0)
            at = put_quoted(put_all(at, "{\"name\":"), text, length);
        else if (word == 2) /* after the '=' */
            at = put_quoted(put_all(at, ",\"op\":"), text, length);
        else if (word == 3 && !memchr(text, '=', length))
            at = put_names(at, text, length);
        else if (word > 2)
            at = put_attribute(at, text, length);
        text += length;
    }
    return put_all(at, "}");
}

char *tst_net_graph(const tst_net_case *c)
{
    char *graph = csk_alloc(200 + 8 * (int64_t)strlen(c->nodes), 1), *at = graph;

    ck_assert_ptr_nonnull(graph);
    at += sprintf(at, "{\"input\":%d,\"output\":\"out\",\"nodes\":[", c->inputs);
    for (const char *text = c->nodes; *text; text += strspn(text, " ;")) {
        const char *end = text + strcspn(text, ";");

        at = put_all(put_node(at, text, end), *end ? "," : "");
        text = end;
    }
    (void)put_all(at, "]}");
    return graph;
}

static void randomise(csk_tensor *t, uint64_t seed, uint32_t stream)
{
    const int64_t size = csk_tensor_size(t);
    const double deviation =
        t->rank < 2 ? .5 : 1. / sqrt((double)size / (double)t->dim[0]);

    csk_rng_normal((csk_rng){ seed, stream, 0 }, size, t->data);
    csk_scale(size, deviation, t->data);
}

void tst_net_tensors(csk_tensors *t, const char *tensors, uint64_t seed)
{
    for (const char *at = tensors; *at;) {
        int64_t dim[CSK_TENSOR_RANK];
        char name[64], *end;
        int rank = 0;
        csk_tensor *made;

        while (*at == ' ' || *at == ',')
            at++;
        const size_t length = strcspn(at, " ");
        ck_assert_uint_lt(length, sizeof(name));
        (void)snprintf(name, sizeof(name), "%.*s", (int)length, at);
        at += length;
        for (long d = strtol(at, &end, 10); end != at; d = strtol(at, &end, 10)) {
            dim[rank++] = d;
            at = end;
        }
        tst_ok(csk_tensors_add(t, name, rank, dim, &made));
        randomise(made, seed, (uint32_t)t->count);
    }
}
