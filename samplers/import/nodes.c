/* SPDX-License-Identifier: BSD-3-Clause */
/* Modules that several architectures consist of. */
#include "samplers/import/import_priv.h"

#include <math.h>
#include <string.h>

static import_text member(const char *module, const char *name)
{
    return csk_import_name("%.100s.%s", module, name);
}

/* Keep PREFIX.bias; false: there is none and need not be. */
static bool keep_bias(importer *im, const char *module, int64_t out)
{
    const import_text name = member(module, "bias");

    if (im->err || (im->few_biases && !csk_import_has(im, name.s)))
        return false;
    csk_import_keep(im, name.s, 1, &out);
    return true;
}

int csk_import_conv(importer *im, int a, const char *module, int in, int out,
                    int kernel, int stride, int pad)
{
    const int64_t dim[4] = { out, in, kernel, kernel };

    csk_import_keep(im, member(module, "weight").s, 4, dim);
    return csk_graph_conv(&im->graph, a, module, keep_bias(im, module, out), stride,
                          pad);
}

int csk_import_linear(importer *im, int v, const char *module, int in, int out)
{
    const int64_t dim[2] = { out, in };

    csk_import_keep(im, member(module, "weight").s, 2, dim);
    return csk_graph_linear(&im->graph, v, module, keep_bias(im, module, out));
}

int csk_import_group_norm(importer *im, int a, const char *module, int channels,
                          int groups, double eps)
{
    const int64_t dim = channels;

    csk_import_keep(im, member(module, "weight").s, 1, &dim);
    csk_import_keep(im, member(module, "bias").s, 1, &dim);
    if (groups < 1 || channels % groups)
        import_fail(im, CSK_ERR_FORMAT,
                    "%s: \"%s\" has %d channels, no multiple of %d groups", im->what,
                    module, channels, groups);
    return csk_graph_group_norm(&im->graph, a, module, groups, eps);
}

/* -- 1x1 convolutions ------------------------------------------------------------- */

/* Rows [out][in] of a map that may be stored in several ways, to @p to. */
static void copy_map(importer *im, float *to, const char *module, int in, int out)
{
    const bool transposed = csk_import_has(im, member(module, "W").s);
    const import_text name = member(module, transposed ? "W" : "weight");
    const int64_t dim[4] = { transposed ? in : out, transposed ? out : in, 1, 1 };
    const int rank = csk_import_rank(im, name.s);
    const csk_tensor *t =
        csk_import_need(im, name.s, transposed || rank < 2 || rank > 4 ? 2 : rank, dim);

    for (int64_t i = 0; t && to && i < (int64_t)in * out; i++)
        to[transposed ? i % out * in + i / out : i] = t->data[i];
}

static void copy_offset(importer *im, float *to, const char *module, int64_t out)
{
    const bool short_name = csk_import_has(im, member(module, "b").s);
    const import_text name = member(module, short_name ? "b" : "bias");
    const csk_tensor *t = csk_import_need(im, name.s, 1, &out);

    if (t && to)
        memcpy(to, t->data, (size_t)out * sizeof(float));
}

int csk_import_pointwise(importer *im, int a, const char *module, int in, int out)
{
    const int64_t dim[4] = { out, in, 1, 1 };

    copy_map(im, csk_import_new(im, member(module, "weight").s, 4, dim), module, in,
             out);
    copy_offset(im, csk_import_new(im, member(module, "bias").s, 1, dim), module, out);
    return csk_graph_conv(&im->graph, a, module, true, 1, -1);
}

/* -- resampling ------------------------------------------------------------------- */

int csk_import_resample(importer *im, int a, int up, bool fir)
{
    if (!fir)
        return csk_graph_unary(&im->graph, up > 0 ? "upsample" : "downsample", a);
    const double unit = up > 0 ? .25 : .125; /* a constant stays what it is */
    json_t *with = json_pack("{s:[ffff], s:i, s:i, s:[ii]}", "taps", unit, 3. * unit,
                             3. * unit, unit, "up", up > 0 ? 2 : 1, "down",
                             up > 0 ? 1 : 2, "pad", up > 0 ? 2 : 1, 1);

    return csk_graph_node(&im->graph, "fir", NULL, with, 1, &a);
}

/* -- blocks ----------------------------------------------------------------------- */

int csk_import_res_block(importer *im, int x, int v, int embedding,
                         const import_block *b)
{
    csk_graph *g = &im->graph;
    const int rows = csk_import_side(im, member(b->emb.s, "weight").s, 2, 0);
    const bool affine = rows == 2 * b->out;
    int h = csk_import_group_norm(im, x, b->norm[0].s, b->in,
                                  import_groups(b->groups, b->in), b->eps);

    h = csk_graph_unary(g, "silu", h);
    if (b->up) {
        h = csk_import_resample(im, h, b->up, b->fir);
        x = csk_import_resample(im, x, b->up, b->fir);
    }
    h = csk_import_conv(im, h, b->conv[0].s, b->in, b->out, 3, 1, -1);
    const int e =
        csk_import_linear(im, v, b->emb.s, embedding, affine ? 2 * b->out : b->out);
    if (!affine)
        h = csk_graph_film(g, h, e);
    h = csk_import_group_norm(im, h, b->norm[1].s, b->out,
                              import_groups(b->groups, b->out), b->eps);
    if (affine)
        h = csk_graph_film(g, h, e);
    h = csk_graph_unary(g, "silu", h);
    h = csk_import_conv(im, h, b->conv[1].s, b->out, b->out, 3, 1, -1);
    if (b->in != b->out || csk_import_has(im, member(b->skip.s, "weight").s))
        x = csk_import_pointwise(im, x, b->skip.s, b->in, b->out);
    return csk_graph_add(g, x, h, b->scale);
}

/* Rows (head, q|k|v, channel) into the order (q|k|v, head, channel). */
static void reorder(float *to, const float *from, int heads, int channels, int64_t row)
{
    const int each = channels / heads;

    for (int64_t i = 0; i < 3 * (int64_t)channels; i++) {
        const int64_t part = i / channels, head = i % channels / each, c = i % each;

        memcpy(to + i * row, from + ((head * 3 + part) * each + c) * row,
               (size_t)row * sizeof(float));
    }
}

/* q, k and v in one tensor of the file. */
static void join_qkv(importer *im, float *weight, float *bias,
                     const import_attention *a)
{
    const int64_t c = a->channels, dim[4] = { 3 * c, c, 1, 1 };
    const import_text name = member(a->q.s, "weight");
    const int rank = csk_import_rank(im, name.s), heads = a->legacy ? a->heads : 1;
    const csk_tensor *w =
        csk_import_need(im, name.s, rank < 2 || rank > 4 ? 3 : rank, dim);
    const csk_tensor *b = csk_import_need(im, member(a->q.s, "bias").s, 1, dim);

    if (im->err)
        return;
    reorder(weight, w->data, heads, a->channels, c);
    reorder(bias, b->data, heads, a->channels, 1);
}

static void gather_qkv(importer *im, const char *module, const import_attention *a)
{
    const int c = a->channels;
    const int64_t dim[4] = { 3 * (int64_t)c, c, 1, 1 };
    float *weight = csk_import_new(im, member(module, "weight").s, 4, dim);
    float *bias = csk_import_new(im, member(module, "bias").s, 1, dim);

    if (im->err)
        return;
    if (!a->k.s[0]) {
        join_qkv(im, weight, bias, a);
        return;
    }
    const char *part[3] = { a->q.s, a->k.s, a->v.s };
    for (int i = 0; i < 3; i++) {
        copy_map(im, weight + (int64_t)i * c * c, part[i], c, c);
        copy_offset(im, bias + (int64_t)i * c, part[i], c);
    }
}

int csk_import_attention_block(importer *im, int x, const import_attention *a)
{
    csk_graph *g = &im->graph;
    const import_text joint = csk_import_name("%.100s+qkv", a->norm.s);

    if (!im->err && (a->heads < 1 || a->channels % a->heads))
        import_fail(im, CSK_ERR_FORMAT,
                    "%s: \"%s\" has %d channels, no multiple of %d "
                    "heads",
                    im->what, a->norm.s, a->channels, a->heads);
    int h = csk_import_group_norm(im, x, a->norm.s, a->channels,
                                  import_groups(a->groups, a->channels), a->eps);
    gather_qkv(im, joint.s, a);
    h = csk_graph_conv(g, h, joint.s, true, 1, -1);
    h = csk_graph_attention(g, h, a->heads);
    h = csk_import_pointwise(im, h, a->out.s, a->channels, a->channels);
    return csk_graph_add(g, x, h, a->scale);
}

/* -- facts ------------------------------------------------------------------------ */

void csk_import_vp(importer *im, int channels, int multiple, double first, double last,
                   int timesteps)
{
    import_facts *f = &im->facts;
    double log_abar = log1p(-first);

    f->channels = channels;
    f->multiple = multiple;
    f->preconditioning = "vp";
    f->sigma[0] = sqrt(expm1(-log_abar)) / f->factor;
    for (int i = 1; i < timesteps; i++)
        log_abar += log1p(-(first + (last - first) * i / (timesteps - 1)));
    f->sigma[1] = sqrt(expm1(-log_abar)) / f->factor;
    f->more = json_pack("{s:i, s:{s:s, s:f, s:f}}", "timesteps", timesteps, "betas",
                        "kind", "linear", "first", first, "last", last);
    if (!f->more)
        import_fail(im, CSK_ERR_NOMEM, "%s: no memory for its card", im->what);
}
