/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network of 2.95 million parameters in csk, against the sum of its convolutions in oneDNN
 * alone and against PyTorch, all in one run: an image of 320x320, and a step of training
 * (forward, derivatives by the weights, the weights packed again) on 16 patches of 64x64; and
 * a whole step of csk_train_run() on as many: patches cut and noisy, loss, gradients summed and
 * cut, Adam, average.
 *
 *   bench_net [PYTHON SCRIPT]
 *
 * The network: 32-64-128-128 channels, at each scale two residual blocks (conv, ReLU, conv) down
 * and two up, 2x2 convolutions down, 1x1 and depth-to-space up, skips are added: 40 convolutions.
 */
#include "cs/array.h"
#include "cs/mem.h"
#include "cs/rng.h"
#include "cs/tensors.h"
#include "samplers/net/net.h"
#include "samplers/train/patches.h"
#include "samplers/train/train.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_dnnl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCALES = 4, BLOCKS = 2, CONVS = 40, ROUNDS = 31, TEXT = 1 << 14 };
enum { PART = 4 }; /* as csk train has it */

/* The same network as a description with weights and as a list of convolutions. */
typedef struct network {
    char graph[TEXT];
    size_t length;
    csk_tensors weights;
    bench_conv conv[CONVS];
    int convs, batch, side; /* of the image at the present scale */
} network;

static void add_weight(network *n, const char *name, int rank, const int64_t *dim)
{
    csk_tensor *t;
    int64_t inputs = 1;

    for (int i = 1; i < rank; i++)
        inputs *= dim[i];
    bench_ok(csk_tensors_add(&n->weights, name, rank, dim, &t));
    csk_rng_normal((csk_rng){ 1, (uint32_t)n->weights.count, 0 }, csk_tensor_size(t),
                   t->data);
    for (int64_t i = 0; i < csk_tensor_size(t); i++)
        t->data[i] *= .7F / sqrtf((float)inputs);
}

/* name = op(from): with the attributes @p with. */
static void add_node(network *n, const char *name, const char *op, const char *from,
                     const char *with)
{
    n->length += (size_t)snprintf(
        n->graph + n->length, TEXT - n->length,
        "{\"name\":\"%s\",\"op\":\"%s\",\"from\":[\"%s\"]%s},", name, op, from, with);
}

static void add_conv(network *n, const char *name, const char *from, int in, int out,
                     int kernel)
{
    const int64_t dim[] = { out, in, kernel, kernel };
    const int stride = kernel == 2 ? 2 : 1;
    char weight[24], bias[24], with[120];

    (void)snprintf(weight, sizeof(weight), "%s.w", name);
    (void)snprintf(bias, sizeof(bias), "%s.b", name);
    (void)snprintf(with, sizeof(with),
                   ",\"weight\":\"%s\",\"bias\":\"%s\",\"stride\":%d", weight, bias,
                   stride);
    add_weight(n, weight, 4, dim);
    add_weight(n, bias, 1, dim);
    add_node(n, name, "conv", from, with);
    n->conv[n->convs++] =
        (bench_conv){ n->batch, in, out, n->side, n->side, kernel, stride };
}

/* Two blocks on @p h, whose name becomes that of the result. */
static void add_blocks(network *n, char h[16], int width, const char *where)
{
    for (int i = 0; i < BLOCKS; i++) {
        char a[16], r[16], b[16], y[16], from[40];

        (void)snprintf(a, sizeof(a), "%s%da", where, i);
        (void)snprintf(r, sizeof(r), "%s%dr", where, i);
        (void)snprintf(b, sizeof(b), "%s%db", where, i);
        (void)snprintf(y, sizeof(y), "%s%d", where, i);
        add_conv(n, a, h, width, width, 3);
        add_node(n, r, "relu", a, "");
        add_conv(n, b, r, width, width, 3);
        (void)snprintf(from, sizeof(from), "%s\",\"%s", b, h);
        add_node(n, y, "add", from, "");
        (void)snprintf(h, 16, "%s", y);
    }
}

static network *network_new(int batch, int side)
{
    static const int width[SCALES] = { 32, 64, 128, 128 };
    network *n = bench_alloc(1, sizeof(*n));
    char h[16] = "in", skip[SCALES][16], name[16], from[40];

    n->batch = batch;
    n->side = side;
    n->length =
        (size_t)snprintf(n->graph, TEXT, "{\"input\":2,\"output\":\"out\",\"nodes\":[");
    add_conv(n, h, "x", 2, width[0], 3);
    for (int s = 0; s < SCALES; s++) {
        (void)snprintf(name, sizeof(name), "e%d_", s);
        add_blocks(n, h, width[s], name);
        if (s == SCALES - 1)
            break;
        (void)snprintf(skip[s], sizeof(skip[s]), "%s", h);
        (void)snprintf(name, sizeof(name), "down%d", s);
        add_conv(n, name, h, width[s], width[s + 1], 2);
        (void)snprintf(h, sizeof(h), "%s", name);
        n->side /= 2;
    }
    for (int s = SCALES - 1; s >= 0; s--) {
        if (s < SCALES - 1) {
            (void)snprintf(name, sizeof(name), "up%d", s);
            add_conv(n, name, h, width[s + 1], 4 * width[s], 1);
            (void)snprintf(h, sizeof(h), "wide%d", s);
            add_node(n, h, "depth_to_space", name, ",\"factor\":2");
            (void)snprintf(from, sizeof(from), "%s\",\"%s", h, skip[s]);
            (void)snprintf(h, sizeof(h), "sum%d", s);
            add_node(n, h, "add", from, "");
            n->side *= 2;
        }
        (void)snprintf(name, sizeof(name), "d%d_", s);
        add_blocks(n, h, width[s], name);
    }
    add_conv(n, "out", h, width[0], 2, 3);
    (void)snprintf(n->graph + n->length - 1, TEXT - n->length, "]}");
    return n;
}

static void network_free(network *n)
{
    csk_tensors_clear(&n->weights);
    csk_free(n);
}

/* -- csk -------------------------------------------------------------------- */

typedef enum work_kind { FORWARD, GRADIENTS, STEP } work_kind;

typedef struct ours {
    csk_net *net;
    csk_net_plan *plan;
    float *x, *y, *gw, *work;
    work_kind what;
    csk_array *image; /* for STEP */
    csk_patches *patches;
    csk_train *train;
} ours;

static void ours_run(void *arg)
{
    const ours *o = arg;

    if (o->what == STEP) {
        bench_ok(csk_train_run(o->train, csk_train_done(o->train) + 1, NULL, NULL));
        return;
    }
    csk_net_forward(o->plan, o->y, o->x, NULL, NULL, o->work);
    if (o->what == GRADIENTS) {
        csk_net_backward(o->plan, NULL, o->gw, o->y, o->work);
        csk_net_plan_update(o->plan);
    }
}

/* A training as csk train sets it up, on patches of noise. */
static void prepare_step(ours *o, const network *n, int precision)
{
    const int64_t dim[] = { 256, 256 };
    const csk_space space = csk_space_make(CSK_COMPLEX, 2, dim);
    csk_patch_opts cut = csk_patch_defaults();
    csk_train_opts how = csk_train_defaults();

    cut.size = n->side;
    how.batch = n->batch;
    how.precision = precision == CSK_NET_BF16 ? CSK_TRAIN_BF16 : CSK_TRAIN_F32;
    o->image = bench_alloc(1, sizeof(*o->image));
    bench_ok(csk_array_init(o->image, &space));
    csk_rng_normal((csk_rng){ .seed = 2 }, csk_space_len(&space), o->image->data);
    bench_ok(csk_patches_new(&o->patches, 1, o->image, NULL, &cut));
    bench_ok(csk_train_new(&o->train, o->net, o->patches, &how, 1));
}

static ours ours_new(const network *n, int precision, work_kind what)
{
    const int64_t size = 2 * (int64_t)n->batch * n->side * n->side;
    const csk_net_shape shape = { .batch = n->batch,
                                  .height = n->side,
                                  .width = n->side,
                                  .precision = precision,
                                  .derivative =
                                      what == FORWARD ? CSK_NET_NONE : CSK_NET_WEIGHTS,
                                  .part = what == FORWARD ? 0 : PART };
    ours o = { .what = what };

    bench_ok(csk_net_parse(&o.net, n->graph, &n->weights, "bench_net"));
    bench_ok(csk_net_plan_new(&o.plan, o.net, &shape));
    o.x = bench_alloc(size, sizeof(*o.x));
    o.y = bench_alloc(size, sizeof(*o.y));
    o.gw = bench_alloc(csk_net_parameters(o.net), sizeof(*o.gw));
    o.work = bench_alloc(csk_net_plan_work_len(o.plan), sizeof(*o.work));
    csk_rng_normal((csk_rng){ .seed = 1 }, size, o.x);
    if (what == STEP)
        prepare_step(&o, n, precision);
    return o;
}

static void ours_free(ours *o)
{
    csk_train_free(o->train);
    csk_patches_free(o->patches);
    if (o->image)
        csk_array_clear(o->image);
    csk_free(o->image);
    csk_net_plan_free(o->plan);
    csk_net_free(o->net);
    csk_free(o->x), csk_free(o->y), csk_free(o->gw), csk_free(o->work);
}

/* -- PyTorch ---------------------------------------------------------------- */

/* Seconds of the faster layout, for forward and step, in f32 and bf16; 0: not measured. */
typedef struct torch {
    double seconds[2][2];
} torch;

static void torch_line(torch *t, const char *line)
{
    char what[16], precision[16], layout[24], number[32];

    if (sscanf(line, "%15s %15s %23s %31s", what, precision, layout, number) != 4)
        return;
    const double seconds = strtod(number, NULL);
    double *least =
        &t->seconds[strcmp(what, "step") == 0][strcmp(precision, "bf16") == 0];
    if (seconds > 0. && (*least <= 0. || seconds < *least))
        *least = seconds;
}

/*
 * With memory kept instead of returned, as its tensors would otherwise be mapped, page by page,
 * in every call: without this it is several times slower.
 */
static torch torch_measure(const char *python, const char *script)
{
    char command[1000], line[200];
    torch t = { { { 0. } } };

    if (!script)
        return t;
    (void)snprintf(command, sizeof(command),
                   "MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=4294967296 "
                   "MALLOC_TOP_PAD_=268435456 '%s' '%s' %d",
                   python, script, bench_threads(0));
    FILE *f = popen(command, "r"); // NOLINT(cert-env33-c)
    while (f && fgets(line, sizeof(line), f))
        torch_line(&t, line);
    if (f)
        (void)pclose(f);
    return t;
}

/* -- both, in turns --------------------------------------------------------- */

/* Wall clock and processor time. */
typedef struct times {
    double wall[ROUNDS], cpu[ROUNDS];
} times;

static double cpu_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void sample(times *t, int round, void (*body)(void *arg), void *arg)
{
    const double wall = bench_now(), cpu = cpu_now();

    body(arg);
    if (round < 0)
        return;
    t->wall[round] = bench_now() - wall;
    t->cpu[round] = cpu_now() - cpu;
}

/* The median of the rounds' ratios: the two halves of a round see the same machine. */
static double ratio(const double *csk, const double *convs)
{
    double each[ROUNDS];

    for (int i = 0; i < ROUNDS; i++)
        each[i] = csk[i] / convs[i];
    return bench_median(ROUNDS, each);
}

static void row(const char *name, const network *n, int precision, work_kind what,
                double pytorch)
{
    const bool training = what != FORWARD;
    const bool bf16 = precision == CSK_NET_BF16;
    ours o = ours_new(n, precision, what);
    bench_raw *raw = precision == CSK_NET_F32_DIRECT
                         ? NULL
                         : bench_raw_new(n->convs, n->conv, bf16, training);
    times csk = { { 0. }, { 0. } }, dnnl = csk;
    const double others = bench_foreign(), start = bench_now();

    for (int round = -3; round < ROUNDS; round++) {
        sample(&csk, round, ours_run, &o);
        if (raw)
            sample(&dnnl, round, bench_raw_run, raw);
    }
    const double foreign = (bench_foreign() - others) / (bench_now() - start);
    const double wall = bench_median(ROUNDS, csk.wall);
    const double per = training ? 3. : 1.;

    (void)printf("%-22s %8.1f %7.0f", name, 1e3 * wall,
                 1e-9 * per * csk_net_plan_flops(o.plan) / wall);
    if (raw) {
        (void)printf(" %9.1f %8d %6.2f %6.2f", 1e3 * bench_median(ROUNDS, dnnl.wall),
                     bench_raw_winograd(raw), ratio(csk.wall, dnnl.wall),
                     ratio(csk.cpu, dnnl.cpu));
    } else {
        (void)printf(" %9s %8s %6s %6s", "-", "-", "-", "-");
    }
    if (pytorch > 0.)
        (void)printf(" %10.1f %6.2f", 1e3 * pytorch, pytorch / wall);
    else
        (void)printf(" %10s %6s", "-", "-");
    (void)printf(" %8.2f\n", foreign > 0. ? foreign : 0.);
    (void)fflush(stdout);
    bench_raw_free(raw);
    ours_free(&o);
}

static void table(const char *title, const network *n, work_kind what,
                  const double *f32)
{
    (void)printf("\n%s\n%-22s %8s %7s %9s %8s %6s %6s %10s %6s %8s\n", title, "",
                 "csk ms", "GFLOP/s", "convs ms", "Winograd", "ratio", "of cpu",
                 "PyTorch ms", "faster", "foreign");
    row("f32", n, CSK_NET_F32, what, f32[0]);
    if (what != STEP)
        row("f32, no Winograd", n, CSK_NET_F32_DIRECT, what, f32[0]);
    if (csk_net_can(CSK_NET_AUTO, CSK_NET_BF16))
        row("bf16", n, CSK_NET_BF16, what, f32[1]);
}

int main(int argc, char **argv)
{
    const char *python = argc > 2 ? argv[1] : NULL;
    const char *script = argc > 2 ? argv[2] : NULL;
    network *image = network_new(1, 320), *patches = network_new(16, 64);
    const double nothing[2] = { 0., 0. };
    torch t = torch_measure(python, script);

    (void)printf("%d threads, medians of %d in turns; ratio: csk to the convolutions "
                 "alone, of each turn; PyTorch in its faster layout, medians of 9\n",
                 bench_threads(0), ROUNDS);
    table("one image of 320x320, forward", image, FORWARD, t.seconds[0]);
    table("16 patches of 64x64, forward and gradients", patches, GRADIENTS,
          t.seconds[1]);
    table("16 patches of 64x64, a whole step of csk train", patches, STEP, nothing);
    if (script) {
        const torch again = torch_measure(python, script);

        (void)printf("\nPyTorch before and after, ms:");
        for (int i = 0; i < 4; i++)
            (void)printf(" %s %s %.1f %.1f%s", i / 2 ? "step" : "forward",
                         i % 2 ? "bf16" : "f32", 1e3 * t.seconds[i / 2][i % 2],
                         1e3 * again.seconds[i / 2][i % 2], i < 3 ? "," : "\n");
    }
    network_free(image);
    network_free(patches);
    return 0;
}
