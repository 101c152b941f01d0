/* SPDX-License-Identifier: BSD-3-Clause */
/* Every node of a network by itself, on awkward sizes, in every back end and precision. */
#include "tests/support/tst.h"
#include "tests/support/tst_net_case.h"

#define COUNT(list) (int)(sizeof(list) / sizeof((list)[0]))

static const tst_net_case convolutions[] = {
    { "conv of 3 channels", 2, 3, 7, 5, "out = conv x weight=w bias=b",
      "w 5 3 3 3, b 5" },
    { "conv without bias", 1, 1, 9, 4, "out = conv x weight=w", "w 1 1 3 3" },
    { "conv 1x1", 3, 33, 5, 3, "out = conv x weight=w bias=b", "w 17 33 1 1, b 17" },
    { "conv 5x5", 1, 2, 6, 11, "out = conv x weight=w bias=b", "w 16 2 5 5, b 16" },
    { "conv 7x7 on a smaller image", 1, 2, 5, 4, "out = conv x weight=w", "w 3 2 7 7" },
    { "conv of whole blocks", 2, 16, 12, 10, "out = conv x weight=w bias=b",
      "w 32 16 3 3, b 32" },
    { "conv on one pixel", 3, 5, 1, 1, "out = conv x weight=w bias=b",
      "w 2 5 3 3, b 2" },
    { "conv on one row", 1, 16, 1, 30, "out = conv x weight=w", "w 16 16 3 3" },
    { "convs of 1, 16, 33, 17, 2 channels", 2, 1, 11, 9,
      "a = conv x weight=wa bias=ba; b = conv a weight=wb bias=bb;"
      "c = conv b weight=wc; out = conv c weight=wd bias=bd",
      "wa 16 1 3 3, ba 16, wb 33 16 3 3, bb 33, wc 17 33 1 1, wd 2 17 5 5, bd 2" },
    { "pad 0 and pad 2", 1, 3, 6, 7,
      "a = conv x weight=wa pad=2 bias=b; out = conv a weight=wb pad=0",
      "wa 17 3 3 3, b 17, wb 5 17 3 3" },
    { "even kernels", 2, 3, 5, 5,
      "a = conv x weight=wa pad=1; out = conv a weight=wb pad=0 bias=b",
      "wa 4 3 2 2, wb 2 4 2 2, b 2" },
    { "same weights twice", 1, 3, 4, 6,
      "a = conv x weight=w bias=b; out = conv a weight=w bias=b", "w 3 3 3 3, b 3" },
    { "same weights of whole blocks twice", 2, 16, 4, 6,
      "a = conv x weight=w; out = conv a weight=w", "w 16 16 3 3" },
};

static const tst_net_case strides[] = {
    { "conv 2x2 stride 2, transposed back", 2, 3, 6, 10,
      "a = conv x weight=wa bias=ba stride=2 pad=0;"
      "out = conv_transpose a weight=wb bias=bb stride=2",
      "wa 17 3 2 2, ba 17, wb 17 5 2 2, bb 5" },
    { "conv 3x3 stride 2, upsample", 1, 2, 8, 6,
      "a = conv x weight=w bias=b stride=2; out = upsample a", "w 33 2 3 3, b 33" },
    { "stride 3, transposed back", 1, 5, 6, 9,
      "a = conv x weight=wa stride=3 pad=0; out = conv_transpose a weight=wb stride=3",
      "wa 16 5 3 3, wb 16 3 3 3" },
    { "conv_transpose 4x4 stride 2 pad 1", 2, 3, 4, 6,
      "a = downsample x; out = conv_transpose a weight=w bias=b stride=2 pad=1",
      "w 3 17 4 4, b 17" },
    { "conv_transpose 3x3 stride 1", 1, 17, 5, 4,
      "out = conv_transpose x weight=w bias=b pad=1", "w 17 2 3 3, b 2" },
    { "conv_transpose without pad", 1, 2, 7, 7,
      "a = conv x weight=wa pad=0; out = conv_transpose a weight=wb",
      "wa 16 2 5 5, wb 16 1 5 5" },
    { "down and up", 3, 17, 4, 6,
      "a = downsample x; b = conv a weight=w bias=b; out = upsample b",
      "w 3 17 3 3, b 3" },
};

static const tst_net_case shuffles[] = {
    { "space_to_depth and back", 2, 3, 6, 4,
      "a = space_to_depth x factor=2; b = conv a weight=w bias=b;"
      "out = depth_to_space b factor=2",
      "w 20 12 3 3, b 20" },
    { "whole blocks", 1, 16, 4, 4,
      "a = space_to_depth x factor=2; b = conv a weight=w; out = depth_to_space b factor=2",
      "w 128 64 1 1" },
    { "factor 3", 1, 2, 9, 6,
      "a = space_to_depth x factor=3; b = conv a weight=w; out = depth_to_space b factor=3",
      "w 9 18 3 3" },
    { "pixel_unshuffle and back", 2, 3, 4, 6,
      "a = pixel_unshuffle x factor=2; b = conv a weight=w bias=b;"
      "out = pixel_shuffle b factor=2",
      "w 8 12 3 3, b 8" },
    { "pixel_shuffle of blocks", 1, 5, 6, 6,
      "a = pixel_unshuffle x factor=3; b = conv a weight=w; out = pixel_shuffle b factor=3",
      "w 153 45 1 1" },
};

static const tst_net_case borders[] = {
    { "pad with zeros", 1, 3, 5, 4,
      "a = pad x size=[2,1,3,0] mode=zero; b = conv a weight=w bias=b;"
      "out = crop b size=[1,2,0,3]",
      "w 5 3 3 3, b 5" },
    { "pad symmetric", 2, 3, 4, 5,
      "a = pad x size=[2,3,1,4] mode=symmetric; b = conv a weight=w pad=0;"
      "out = crop b size=[3,0,1,2]",
      "w 17 3 3 3" },
    { "pad reflect", 1, 17, 5, 6,
      "a = pad x size=[2,2,2,2] mode=reflect; out = conv a weight=w pad=0 bias=b",
      "w 2 17 5 5, b 2" },
    { "crop, then pad", 1, 2, 7, 8,
      "a = crop x size=[1,0,2,1]; out = pad a size=[1,0,2,1] mode=reflect", "" },
    { "fold zero", 1, 3, 6, 7,
      "a = conv x weight=w pad=2; out = fold a size=[1,1,2,0] mode=zero", "w 5 3 3 3" },
    { "fold symmetric", 2, 17, 5, 4,
      "a = pad x size=[3,1,2,4] mode=zero; out = fold a size=[3,1,2,4] mode=symmetric",
      "" },
    { "pad and fold", 1, 2, 4, 6,
      "p = pad x size=[2,2,2,2] mode=symmetric; a = conv p weight=w pad=0; s = student a;"
      "t = conv_transpose s weight=w; out = fold t size=[2,2,2,2] mode=symmetric",
      "w 20 2 5 5" },
    { "fold reflect", 1, 3, 5, 6,
      "a = pad x size=[2,3,1,2] mode=zero; out = fold a size=[2,3,1,2] mode=reflect",
      "" },
    { "fir of odd length", 2, 3, 6, 5,
      "out = fir x taps=[0.1,0.5,-0.3,0.2,0.7] pad=[3,1]", "" },
    { "fir down and up", 1, 17, 8, 4,
      "a = fir x taps=[0.125,0.375,0.4,0.1] down=2 pad=[1,1];"
      "out = fir a taps=[0.25,0.75,0.7,0.3] up=2 pad=[2,1]",
      "" },
};

static const tst_net_case pointwise[] = {
    { "relu", 1, 3, 5, 6, "a = conv x weight=w; out = relu a", "w 17 3 3 3" },
    { "silu", 2, 3, 5, 6, "a = conv x weight=w bias=b; out = silu a",
      "w 5 3 3 3, b 5" },
    { "gelu", 1, 17, 3, 4, "out = gelu x", "" },
    { "student", 1, 2, 5, 6, "a = conv x weight=w; out = student a", "w 33 2 3 3" },
    { "relu of a value that others read, too", 1, 3, 4, 5,
      "a = conv x weight=w bias=b; r = relu a; c = conv r weight=v; out = concat a,c,r",
      "w 17 3 3 3, b 17, v 2 17 3 3" },
    { "add and scale", 1, 3, 5, 5,
      "a = conv x weight=w; s = scale a factor=-0.75; out = add x,s scale=0.7071",
      "w 3 3 3 3" },
    { "a value added to itself", 2, 17, 3, 3,
      "a = conv x weight=w; d = add a,a; out = add d,a scale=2", "w 5 17 1 1" },
    { "concat of odd channels", 2, 3, 4, 3, "a = conv x weight=w; out = concat a,x,x,a",
      "w 17 3 3 3" },
    { "concat of blocks", 1, 16, 4, 5,
      "a = conv x weight=w; c = concat x,a; out = conv c weight=v",
      "w 32 16 3 3, v 3 48 3 3" },
    { "affine", 2, 3, 4, 5, "a = affine x weight=w bias=b; out = affine a weight=v",
      "w 3 4 5, b 3 4 5, v 3 4 5" },
    { "affine of two blocks", 1, 17, 3, 2, "out = affine x weight=w bias=b",
      "w 17 3 2, b 17 3 2" },
    { "terms of a sum that are read again, and earlier", 1, 5, 4, 4,
      "c1 = conv x weight=a; z = conv x weight=b; c2 = conv z weight=c; r = silu c1;"
      "s = add c1,c2; out = add s,r",
      "a 5 5 3 3, b 5 5 3 3, c 5 5 3 3" },
    { "what nobody reads", 1, 3, 4, 4,
      "a = conv x weight=w; unused = conv a weight=v; out = silu a",
      "w 2 3 3 3, v 5 2 3 3" },
};

static const tst_net_case norms[] = {
    { "one group", 2, 5, 4, 6, "out = group_norm x groups=1 eps=1e-5 weight=w bias=b",
      "w 5, b 5" },
    { "groups across blocks", 1, 33, 3, 5,
      "out = group_norm x groups=3 eps=1e-5 weight=w bias=b", "w 33, b 33" },
    { "channels by themselves", 2, 17, 4, 4,
      "out = group_norm x groups=17 eps=1e-3 weight=w", "w 17" },
    { "groups of six", 1, 24, 5, 3, "out = group_norm x groups=4 eps=1e-6 weight=w",
      "w 24" },
    { "neither weight nor bias", 2, 20, 5, 3, "out = group_norm x groups=5 eps=1e-6",
      "" },
    { "bias alone", 1, 4, 3, 3, "out = group_norm x groups=2 eps=1e-5 bias=b", "b 4" },
    { "between convs", 3, 2, 6, 5,
      "a = conv x weight=wa bias=ba; n = group_norm a groups=8 eps=1e-5 weight=w bias=b;"
      "s = silu n; out = conv s weight=wb",
      "wa 64 2 3 3, ba 64, w 64, b 64, wb 2 64 3 3" },
};

static const tst_net_case levels[] = {
    { "log", 3, 3, 4, 5,
      "e = noise_embedding kind=log channels=8; l = linear e weight=w bias=b;"
      "out = film x,l",
      "w 6 8, b 6" },
    { "sinusoidal", 3, 17, 3, 3,
      "e = noise_embedding kind=sinusoidal channels=32; l = linear e weight=w bias=b;"
      "v = silu l; out = film x,v",
      "w 17 32, b 17" },
    { "sinusoidal, other conventions", 2, 5, 3, 3,
      "e = noise_embedding kind=sinusoidal channels=10 max_period=1000 order=sin_cos"
      " shift=1; l = linear e weight=w bias=b; out = film x,l",
      "w 10 10, b 10" },
    { "fourier", 2, 33, 3, 4,
      "e = noise_embedding kind=fourier weight=fixed; l = linear e weight=w bias=b;"
      "out = film x,l",
      "fixed 6, w 66 12, b 66" },
    { "fourier of the step", 3, 2, 3, 3,
      "e = noise_embedding kind=fourier weight=fixed of=step factor=0.01 offset=0.5;"
      "l = linear e weight=w bias=b; out = film x,l",
      "fixed 4, w 4 8, b 4" },
    { "vectors", 3, 5, 4, 3,
      "e = noise_embedding kind=log channels=6; l = linear e weight=wl bias=bl;"
      "g = gelu l; m = linear g weight=wm; t = add m,l scale=0.5; r = relu t;"
      "c = conv x weight=w bias=b; out = film c,r",
      "wl 34 6, bl 34, wm 34 34, w 17 5 3 3, b 17" },
    { "one vector for two films", 2, 3, 4, 3,
      "e = noise_embedding kind=log channels=4; l = linear e weight=w bias=b;"
      "c = conv x weight=u; f = film c,l; d = conv f weight=v; out = film d,l",
      "w 10 4, b 10, u 5 3 3 3, v 10 5 3 3" },
    { "noise map", 3, 2, 5, 4,
      "m = noise_map factor=0.5; c = concat x,m; out = conv c weight=w bias=b",
      "w 3 3 3 3, b 3" },
    { "noise map at half the size", 2, 1, 6, 4,
      "m = noise_map; u = pixel_unshuffle x factor=2; h = downsample m; c = concat u,h;"
      "d = conv c weight=w; out = pixel_shuffle d factor=2",
      "w 4 5 3 3" },
};

static const tst_net_case attentions[] = {
    { "one head", 2, 3, 4, 3, "a = conv x weight=w bias=b; out = attention a heads=1",
      "w 15 3 1 1, b 15" },
    { "three heads", 1, 18, 3, 5, "out = attention x heads=3", "" },
    { "heads of blocks", 2, 4, 4, 4,
      "a = conv x weight=w; h = attention a heads=4; p = conv h weight=v; out = add p,x",
      "w 192 4 1 1, v 4 64 1 1" },
    { "heads of one channel", 1, 51, 3, 3, "out = attention x heads=17", "" },
};

static void check_all(const tst_net_case *cases, int count, int way,
                      void (*check)(const tst_net_case *c, const csk_net_shape *way))
{
    csk_net_shape shape;

    if (!tst_net_way(way, &shape))
        return;
    for (int i = 0; i < count; i++)
        check(&cases[i], &shape);
}

#define TESTS(list)                                                                    \
    START_TEST(list##_forward)                                                         \
    {                                                                                  \
        check_all(list, COUNT(list), _i, tst_net_check_forward);                       \
    }                                                                                  \
    END_TEST                                                                           \
    START_TEST(list##_backward)                                                        \
    {                                                                                  \
        check_all(list, COUNT(list), _i, tst_net_check_backward);                      \
    }                                                                                  \
    END_TEST

TESTS(convolutions)
TESTS(strides)
TESTS(shuffles)
TESTS(borders)
TESTS(pointwise)
TESTS(norms)
TESTS(levels)
TESTS(attentions)

int main(void)
{
    const TTest *const tests[] = {
        convolutions_forward, convolutions_backward, strides_forward,
        strides_backward,     shuffles_forward,      shuffles_backward,
        borders_forward,      borders_backward,      pointwise_forward,
        pointwise_backward,   norms_forward,         norms_backward,
        levels_forward,       levels_backward,       attentions_forward,
        attentions_backward,
    };
    Suite *suite = suite_create("net_layers");
    TCase *core = tcase_create("core");

    for (int i = 0; i < COUNT(tests); i++)
        tcase_add_loop_test(core, tests[i], 0, TST_NET_WAYS);
    suite_add_tcase(suite, core);
    return tst_main(suite);
}
