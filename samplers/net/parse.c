/* SPDX-License-Identifier: BSD-3-Clause */
/* A net from the description in a model file, which is not trusted. */
#include "cs/mem.h"
#include "samplers/net/parse_priv.h"

#include <string.h>

enum { NODES = 4096, KERNEL = 31, LARGEST_MULTIPLE = 1024 };

/* -- nodes ---------------------------------------------------------------------- */

static int channels_of(const net_reader *r, int i)
{
    return net_channels(r->net, r->node->from[i]);
}

static csk_status parse_conv(const net_reader *r)
{
    net_node *n = r->node;
    const bool transpose = n->op == NET_CONV_TRANSPOSE;
    int64_t dim[4] = { 0 };

    dim[transpose ? 0 : 1] = channels_of(r, 0);
    csk_status err = csk_net_get_tensor(r, "weight", 4, dim, &n->weight);
    if (!err && (dim[2] != dim[3] || dim[2] > KERNEL))
        err = net_bad(r, ": its kernel is %lld x %lld, expected a square of at most %d",
                      (long long)dim[2], (long long)dim[3], KERNEL);
    if (err)
        return err;
    n->kernel = (int)dim[2];
    n->channels = (int)dim[transpose ? 1 : 0];
    err = csk_net_get_bias(r, n->channels);
    if (!err)
        err = csk_net_get_int(r, "stride", 1, 1, 16, &n->stride);
    if (!err)
        err = csk_net_get_int(r, "pad", transpose ? 0 : (n->kernel - 1) / 2, 0,
                              n->kernel - 1, &n->pad);
    return err;
}

static csk_status parse_linear(const net_reader *r)
{
    int64_t dim[2] = { 0, channels_of(r, 0) };
    const csk_status err = csk_net_get_tensor(r, "weight", 2, dim, &r->node->weight);

    r->node->channels = (int)dim[0];
    return err ? err : csk_net_get_bias(r, dim[0]);
}

static csk_status parse_group_norm(const net_reader *r)
{
    net_node *n = r->node;
    int64_t len = n->channels;
    csk_status err = csk_net_get_int(r, "groups", 32, 1, NET_SIDE, &n->groups);

    if (!err)
        err = csk_net_get_real(r, "eps", 1e-5, 1e-12, 1., &n->eps);
    if (!err && n->channels % n->groups)
        err = net_bad(r, ": %d channels are not a multiple of %d groups", n->channels,
                      n->groups);
    if (!err && json_object_get(r->json, "weight"))
        err = csk_net_get_tensor(r, "weight", 1, &len, &n->weight);
    return err ? err : csk_net_get_bias(r, n->channels);
}

/* Of channels that go into pixels the number must be a multiple, and back. */
static csk_status parse_shuffle(const net_reader *r)
{
    net_node *n = r->node;
    const bool up = n->op == NET_DEPTH_TO_SPACE || n->op == NET_PIXEL_SHUFFLE;
    const csk_status err = csk_net_get_int(r, "factor", 2, 1, 16, &n->factor);
    const int area = n->factor * n->factor;

    if (!err && up && n->channels % area)
        return net_bad(r, ": %d channels are not a multiple of %d", n->channels, area);
    if (!err && !up && n->channels > NET_SIDE / area)
        return net_bad(r, ": %d channels are too many", n->channels);
    n->channels = up ? n->channels / area : n->channels * area;
    return err;
}

static csk_status parse_pad(const net_reader *r)
{
    static const char *const modes[] = { "zero", "symmetric", "reflect", NULL };
    const csk_status err = csk_net_get_word(r, "mode", modes, &r->node->mode);

    return err ? err : csk_net_get_ints(r, "size", 4, 0, NET_SIDE, r->node->sides);
}

/* One factor and one offset for every channel of every pixel: of images of one size. */
static csk_status parse_affine(const net_reader *r)
{
    net_node *n = r->node;
    int64_t dim[3] = { n->channels, 0, 0 };
    csk_status err = csk_net_get_tensor(r, "weight", 3, dim, &n->weight);

    r->net->size[0] = n->sides[0] = (int)dim[1];
    r->net->size[1] = n->sides[2] = (int)dim[2];
    return err || !json_object_get(r->json, "bias")
               ? err
               : csk_net_get_tensor(r, "bias", 3, dim, &n->bias);
}

static csk_status parse_fir(const net_reader *r)
{
    net_node *n = r->node;
    csk_status err = csk_net_get_taps(r);

    if (!err)
        err = csk_net_get_int(r, "up", 1, 1, 2, &n->up);
    if (!err)
        err = csk_net_get_int(r, "down", 1, 1, 2, &n->down);
    return err ? err : csk_net_get_ints(r, "pad", 2, 0, NET_TAPS, n->fir_pad);
}

static csk_status parse_concat(const net_reader *r)
{
    int64_t sum = 0;

    for (int i = 0; i < r->node->inputs; i++)
        sum += channels_of(r, i);
    if (sum > NET_SIDE)
        return net_bad(r, ": %lld channels are too many", (long long)sum);
    r->node->channels = (int)sum;
    return CSK_OK;
}

static csk_status parse_add(const net_reader *r)
{
    if (channels_of(r, 0) != channels_of(r, 1) ||
        net_is_vector(r->net, r->node->from[0]) !=
            net_is_vector(r->net, r->node->from[1]))
        return net_bad(r, ": adds %d channels to %d of another kind or number",
                       channels_of(r, 1), channels_of(r, 0));
    return csk_net_get_real(r, "scale", 1., -1e6, 1e6, &r->node->gain);
}

static csk_status parse_film(const net_reader *r)
{
    const int c = channels_of(r, 0), v = channels_of(r, 1);

    return v == c || v == 2 * c
               ? CSK_OK
               : net_bad(r,
                         ": a vector of %d for %d channels, expected as many or twice",
                         v, c);
}

static csk_status parse_attention(const net_reader *r)
{
    net_node *n = r->node;
    const csk_status err = csk_net_get_int(r, "heads", 1, 1, 1024, &n->heads);

    if (!err && n->channels % (3 * n->heads))
        return net_bad(r, ": %d channels are not q, k and v of %d heads", n->channels,
                       n->heads);
    n->channels /= 3;
    return err;
}

static csk_status parse_fourier(const net_reader *r)
{
    static const char *const of[] = { "log_sigma", "step", NULL };
    net_node *n = r->node;
    int64_t count = 0;
    int which = 0;
    csk_status err = csk_net_get_tensor(r, "weight", 1, &count, &n->weight);

    if (!err)
        err = csk_net_get_word(r, "of", of, &which);
    if (!err)
        err = csk_net_get_real(r, "factor", 1., -1e6, 1e6, &n->gain);
    if (!err)
        err = csk_net_get_real(r, "offset", 0., -1e6, 1e6, &n->offset);
    n->channels = (int)(2 * count);
    n->sin_first = true;
    n->of_step = which;
    return err;
}

static csk_status parse_embedding(const net_reader *r)
{
    static const char *const kinds[] = { "log", "sinusoidal", "fourier", NULL };
    static const char *const orders[] = { "cos_sin", "sin_cos", NULL };
    net_node *n = r->node;
    int sin_first = 0, shift = 0;
    csk_status err = csk_net_need(r, "kind");

    r->net->uses_sigma = true;
    if (!err)
        err = csk_net_get_word(r, "kind", kinds, &n->mode);
    if (!err && n->mode == NET_EMBED_FOURIER)
        return parse_fourier(r);
    if (!err)
        err = csk_net_need(r, "channels");
    if (!err)
        err = csk_net_get_int(r, "channels", 2, 2, 4096, &n->channels);
    if (!err && n->channels % 2)
        err = net_bad(r, ": an odd number of channels, %d", n->channels);
    if (!err)
        err = csk_net_get_real(r, "max_period", 1e4, 1., 1e9, &n->max_period);
    if (!err)
        err = csk_net_get_word(r, "order", orders, &sin_first);
    if (!err)
        err = csk_net_get_int(r, "shift", 0, 0, 1, &shift);
    if (!err && shift && n->channels < 4)
        err = net_bad(r, ": %d channels are too few for a shift", n->channels);
    n->sin_first = sin_first;
    n->shifted = shift;
    return err;
}

static csk_status parse_noise_map(const net_reader *r)
{
    r->net->uses_sigma = true;
    r->node->channels = 1;
    return csk_net_get_real(r, "factor", 1., -1e6, 1e6, &r->node->gain);
}

static csk_status parse_scale(const net_reader *r)
{
    const csk_status err = csk_net_need(r, "factor");

    return err ? err : csk_net_get_real(r, "factor", 1., -1e6, 1e6, &r->node->gain);
}

/* What an operation reads, in letters: i an image, v a vector, a either, + more of the last. */
static const struct {
    const char *name, *reads;
    csk_status (*parse)(const net_reader *r); /* NULL: nothing more to know */
} ops[NET_OPS] = {
    [NET_CONV] = { "conv", "i", parse_conv },
    [NET_CONV_TRANSPOSE] = { "conv_transpose", "i", parse_conv },
    [NET_DEPTH_TO_SPACE] = { "depth_to_space", "i", parse_shuffle },
    [NET_SPACE_TO_DEPTH] = { "space_to_depth", "i", parse_shuffle },
    [NET_PIXEL_SHUFFLE] = { "pixel_shuffle", "i", parse_shuffle },
    [NET_PIXEL_UNSHUFFLE] = { "pixel_unshuffle", "i", parse_shuffle },
    [NET_PAD] = { "pad", "i", parse_pad },
    [NET_CROP] = { "crop", "i", parse_pad },
    [NET_FOLD] = { "fold", "i", parse_pad },
    [NET_UPSAMPLE] = { "upsample", "i", NULL },
    [NET_DOWNSAMPLE] = { "downsample", "i", NULL },
    [NET_FIR] = { "fir", "i", parse_fir },
    [NET_GROUP_NORM] = { "group_norm", "i", parse_group_norm },
    [NET_AFFINE] = { "affine", "i", parse_affine },
    [NET_RELU] = { "relu", "a", NULL },
    [NET_SILU] = { "silu", "a", NULL },
    [NET_GELU] = { "gelu", "a", NULL },
    [NET_STUDENT] = { "student", "a", NULL },
    [NET_ADD] = { "add", "aa", parse_add },
    [NET_SCALE] = { "scale", "a", parse_scale },
    [NET_CONCAT] = { "concat", "ii+", parse_concat },
    [NET_NOISE_MAP] = { "noise_map", "", parse_noise_map },
    [NET_NOISE_EMBEDDING] = { "noise_embedding", "", parse_embedding },
    [NET_LINEAR] = { "linear", "v", parse_linear },
    [NET_FILM] = { "film", "iv", parse_film },
    [NET_ATTENTION] = { "attention", "i", parse_attention },
};

static int find_value(const csk_net *net, int known, const char *name)
{
    if (strcmp(name, "x") == 0)
        return 0;
    for (int k = 0; k < known; k++) {
        if (strcmp(net->node[k].name, name) == 0)
            return k + 1;
    }
    return -1;
}

static csk_status parse_from(const net_reader *r, int k)
{
    const json_t *list = json_object_get(r->json, "from");
    const char *reads = ops[r->node->op].reads;
    const size_t got = json_array_size(list), least = strcspn(reads, "+");

    if (least > 0 && !json_is_array(list))
        return net_bad(r, ": \"%s\" is missing or no list", "from");
    if (least ==
        0) { /* a noise map is as large as the input, an embedding has no size */
        const char *name = json_string_value(json_array_get(list, 0));
        return got == 0 || (got == 1 && name && strcmp(name, "x") == 0)
                   ? CSK_OK
                   : net_bad(r, " reads %zu values, expected \"x\" at most", got);
    }
    if (got < least || got > (reads[least] ? NET_FROM : least))
        return net_bad(r, " reads %zu values, expected %zu%s", got, least,
                       reads[least] ? " or more" : "");
    for (size_t i = 0; i < got; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        const int from = name ? find_value(r->net, k, name) : -1;
        const char wants = reads[i < least ? i : least - 1];

        if (from < 0)
            return net_bad(r, " reads \"%.60s\", which no node before it makes",
                           name ? name : "what is no text");
        const bool vector = net_is_vector(r->net, from);
        if (wants != 'a' && vector != (wants == 'v'))
            return net_bad(r, " reads \"%.60s\", which is %s", name,
                           vector ? "a vector" : "an image");
        r->node->from[i] = from;
    }
    r->node->inputs = (int)got;
    r->node->channels = channels_of(r, 0);
    r->node->vector = net_is_vector(r->net, r->node->from[0]);
    return CSK_OK;
}

static csk_status parse_node(net_reader *r, int k)
{
    const char *name = json_string_value(json_object_get(r->json, "name"));
    const char *op = json_string_value(json_object_get(r->json, "op"));
    net_node *n = r->node;

    if (!name || !op)
        return csk_fail(CSK_ERR_FORMAT, "%s: node %d of the graph has no name or no op",
                        r->what, k);
    n->name = csk_alloc((int64_t)strlen(name) + 1, 1);
    if (!n->name)
        return CSK_ERR_NOMEM;
    memcpy(n->name, name, strlen(name));
    n->weight = n->bias = -1;
    n->gain = 1.;
    if (find_value(r->net, k, name) >= 0)
        return net_bad(r, ": the name is taken: \"%.60s\"", name);
    n->op = NET_OPS;
    for (int i = 0; i < NET_OPS; i++) {
        if (strcmp(ops[i].name, op) == 0)
            n->op = (net_op)i;
    }
    if (n->op == NET_OPS)
        return net_bad(r, ": csk knows no op \"%.60s\"", op);
    csk_status err = parse_from(r, k);
    if (!err && (n->op == NET_NOISE_EMBEDDING))
        n->vector = true;
    return err || !ops[n->op].parse ? err : ops[n->op].parse(r);
}

/* -- the whole ------------------------------------------------------------------ */

static csk_status parse_head(csk_net *net, const json_t *root, const char *what)
{
    const json_t *inputs = json_object_get(root, "input");
    const json_t *nodes = json_object_get(root, "nodes");
    const size_t count = json_array_size(nodes);

    if (!json_is_integer(inputs) || json_integer_value(inputs) < 1 ||
        json_integer_value(inputs) > NET_SIDE)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: \"input\" of the graph is no number of channels", what);
    if (!json_is_array(nodes) || count < 1 || count > NODES)
        return csk_fail(CSK_ERR_FORMAT,
                        "%s: \"nodes\" of the graph is no list of 1 to %d", what,
                        NODES);
    net->inputs = (int)json_integer_value(inputs);
    net->node = csk_alloc((int64_t)count, sizeof(*net->node));
    net->tensor = csk_alloc(2 * (int64_t)count, sizeof(*net->tensor));
    return net->node && net->tensor ? CSK_OK : CSK_ERR_NOMEM;
}

static csk_status parse_output(csk_net *net, const json_t *root, const char *what)
{
    const char *name = json_string_value(json_object_get(root, "output"));

    net->output = name ? find_value(net, net->nodes, name) : -1;
    if (net->output < 1 || net_is_vector(net, net->output))
        return csk_fail(CSK_ERR_FORMAT, "%s: \"output\" of the graph names no image",
                        what);
    return CSK_OK;
}

static csk_status copy_weights(csk_net *net, const csk_tensors *weights)
{
    net->weights = csk_alloc(net->parameters, sizeof(float));
    if (!net->weights)
        return CSK_ERR_NOMEM;
    for (int k = 0; k < net->tensors; k++) {
        const net_tensor *t = &net->tensor[k];

        memcpy(net->weights + t->at, csk_tensors_find(weights, t->name)->data,
               (size_t)t->len * sizeof(float));
    }
    return CSK_OK;
}

/* The smallest number that sides must be multiples of. */
static csk_status find_multiple(csk_net *net, const char *what)
{
    const int prime = 257; /* so that the side has no other divisors than m's */
    int *size = csk_alloc(2 * ((int64_t)net->nodes + 1), sizeof(*size));
    int misfit = 0;

    if (!size)
        return CSK_ERR_NOMEM;
    if (net->size[0]) { /* it knows images of this size alone */
        size[0] = net->size[0];
        size[net->nodes + 1] = net->size[1];
        misfit = csk_net_sizes(net, size, size + net->nodes + 1);
        net->multiple = 1;
    }
    for (int m = 1; m <= LARGEST_MULTIPLE && !net->size[0] && misfit >= 0; m++) {
        size[0] = size[net->nodes + 1] = m * prime;
        misfit = csk_net_sizes(net, size, size + net->nodes + 1);
        net->multiple = m;
    }
    csk_free(size);
    return misfit < 0 ? CSK_OK
                      : csk_fail(CSK_ERR_FORMAT,
                                 "%s: node \"%.60s\": sizes do not fit, or the output "
                                 "is not as large as the input",
                                 what, net->node[misfit].name);
}

static csk_status parse(csk_net *net, const json_t *root, const csk_tensors *weights,
                        const char *what)
{
    csk_status err = parse_head(net, root, what);

    if (err)
        return err;
    const json_t *nodes = json_object_get(root, "nodes");
    const int count = (int)json_array_size(nodes);
    for (int k = 0; k < count && !err; k++) {
        net_reader r = { net, weights, what, json_array_get(nodes, (size_t)k),
                         &net->node[k] };

        net->nodes = k + 1; /* so that its name is freed */
        err = parse_node(&r, k);
    }
    if (!err)
        err = parse_output(net, root, what);
    if (!err)
        err = find_multiple(net, what);
    return err ? err : copy_weights(net, weights);
}

csk_status csk_net_parse(csk_net **out, const char *graph, const csk_tensors *weights,
                         const char *what)
{
    json_error_t why;
    json_t *root = json_loads(graph, JSON_REJECT_DUPLICATES, &why);

    if (!root && json_error_code(&why) == json_error_out_of_memory)
        return csk_fail(CSK_ERR_NOMEM, "%s: no memory to parse its graph", what);
    if (!json_is_object(root)) {
        json_decref(root);
        return csk_fail(CSK_ERR_FORMAT, "%s: its graph is no JSON object", what);
    }
    csk_net *net = csk_alloc(1, sizeof(*net));
    csk_status err = net ? parse(net, root, weights, what) : CSK_ERR_NOMEM;

    json_decref(root);
    if (err)
        csk_net_free(net);
    else
        *out = net;
    return err;
}
