/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptions of networks that are wrong: one line names the file and the node. */
#include "cs/mem.h"
#include "tests/support/tst.h"
#include "tests/support/tst_net_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nodes in the notation of tst_net_case.h; the input has 3 channels. */
static const struct {
    const char *nodes;   /* the node that is wrong is called "bad" */
    const char *tensors; /* all normal numbers */
} wrong[] = {
    /* operations and references */
    { "bad = wavelet x; out = relu bad", "" },
    { "bad = conv y weight=w; out = relu bad", "w 3 3 3 3" },
    { "bad = conv out weight=w; out = relu bad", "w 3 3 3 3" }, /* later */
    { "bad = add bad,x; out = relu bad", "" },                  /* itself */
    { "bad = relu x; bad = silu x; out = relu bad", "" },       /* the name twice */
    { "bad = relu; out = relu bad", "" },                       /* from nothing */
    { "bad = relu x,x; out = relu bad", "" },                   /* one too many */
    { "bad = add x; out = relu bad", "" },                      /* one too few */
    { "bad = add x,x,x; out = relu bad", "" },
    { "bad = noise_map x,x; out = relu bad", "" },

    /* weights */
    { "bad = conv x; out = relu bad", "w 3 3 3 3" },          /* none named */
    { "bad = conv x weight=v; out = relu bad", "w 3 3 3 3" }, /* not in the file */
    { "bad = conv x weight=3; out = relu bad", "w 3 3 3 3" },
    { "bad = conv x weight=w; out = relu bad", "w 3 3 3" }, /* rank */
    { "bad = conv x weight=w; out = relu bad", "w 3 3 3 3 1" },
    { "bad = conv x weight=w; out = relu bad", "w 3 4 3 3" }, /* channels */
    { "bad = conv x weight=w; out = relu bad", "w 3 3 3 5" }, /* not square */
    { "bad = conv x weight=w; out = relu bad", "w 0 3 3 3" },
    { "bad = conv x weight=w; out = relu bad", "w 3 3 0 0" },
    { "bad = conv x weight=w bias=b; out = relu bad", "w 5 3 3 3, b 3" },
    { "bad = conv x weight=w bias=b; out = relu bad", "w 5 3 3 3, b 5 1" },
    { "bad = conv x weight=w bias=c; out = relu bad", "w 5 3 3 3, b 5" },
    { "a = conv x weight=w; bad = conv_transpose a weight=v; out = relu bad",
      "w 5 3 3 3, v 3 5 3 3" }, /* a has 5 */
    { "bad = group_norm x groups=3 eps=1e-5 weight=w; out = relu bad", "w 4" },
    { "bad = group_norm x groups=3 eps=1e-5 weight=w; out = relu bad", "w 3 1" },
    { "a = conv x weight=w; bad = conv a weight=v; out = relu bad",
      "w 5 3 3 3, v 3 3 3 3" },

    /* numbers */
    { "bad = conv x weight=w stride=0; out = relu bad", "w 3 3 3 3" },
    { "bad = conv x weight=w stride=-1; out = relu bad", "w 3 3 3 3" },
    { "bad = conv x weight=w stride=1.5; out = relu bad", "w 3 3 3 3" },
    { "bad = conv x weight=w stride=two; out = relu bad", "w 3 3 3 3" },
    { "bad = conv x weight=w stride=1000000000000; out = relu bad", "w 3 3 3 3" },
    { "bad = conv x weight=w stride=2147483647; out = relu bad", "w 3 3 3 3" },
    { "bad = conv x weight=w pad=-1; out = relu bad", "w 3 3 3 3" },
    { "bad = conv x weight=w pad=2147483647; out = relu bad", "w 3 3 3 3" },
    { "bad = conv_transpose x weight=w pad=-1; out = relu bad", "w 3 3 3 3" },
    { "bad = conv_transpose x weight=w stride=0; out = relu bad", "w 3 3 3 3" },
    { "bad = depth_to_space x factor=2; out = relu bad", "" }, /* 3 channels */
    { "bad = pixel_shuffle x factor=2; out = relu bad", "" },
    { "bad = space_to_depth x factor=0; out = relu bad", "" },
    { "bad = space_to_depth x factor=-2; out = relu bad", "" },
    { "bad = pixel_unshuffle x factor=65536; out = relu bad", "" },
    { "bad = pad x; out = relu bad", "" },
    { "bad = pad x size=[1,1,1] mode=zero; out = relu bad", "" },
    { "bad = pad x size=[1,1,1,-1] mode=zero; out = relu bad", "" },
    { "bad = pad x size=[1,1,1,2147483647] mode=zero; out = relu bad", "" },
    { "bad = pad x size=[1,1,1,1] mode=periodic; out = relu bad", "" },
    { "bad = crop x size=[-1,0,0,0]; out = relu bad", "" },
    { "bad = fir x pad=[1,1]; out = relu bad", "" },
    { "bad = fir x taps=[] pad=[1,1]; out = relu bad", "" },
    { "bad = fir x taps=[1,[2],1] pad=[1,1]; out = relu bad", "" },
    { "bad = fir x taps=[1,2,1] pad=[1,1] up=3; out = relu bad", "" },
    { "bad = affine x weight=w; out = relu bad", "w 3 8" },
    { "bad = affine x weight=w; out = relu bad", "w 4 8 8" },
    { "bad = affine x weight=w bias=b; out = relu bad", "w 3 8 8, b 3 8 4" },
    { "bad = fold x size=[1,1]; out = relu bad", "" },
    { "bad = scale x; out = relu bad", "" },
    { "bad = fir x taps=[1,2,1] pad=[1,1] down=0; out = relu bad", "" },
    { "bad = fir x taps=[1,2,1] pad=[1]; out = relu bad", "" },
    { "bad = group_norm x groups=2 eps=1e-5; out = relu bad", "" },
    { "bad = group_norm x groups=0 eps=1e-5; out = relu bad", "" },
    { "bad = group_norm x groups=-3 eps=1e-5; out = relu bad", "" },
    { "bad = group_norm x groups=3 eps=-1; out = relu bad", "" },
    { "bad = scale x factor=much; out = relu bad", "" },
    { "bad = add x,x scale=much; out = relu bad", "" },
    { "bad = attention x heads=2; out = relu bad", "" },
    { "bad = attention x heads=0; out = relu bad", "" },
    { "a = conv x weight=w; bad = attention a heads=1; out = relu bad", "w 4 3 1 1" },

    /* images of different channels or scales, vectors */
    { "a = conv x weight=w; bad = add a,x; out = relu bad", "w 5 3 3 3" },
    { "a = downsample x; bad = add a,x; out = relu bad", "" },
    { "a = downsample x; bad = concat a,x; out = relu bad", "" },
    { "e = noise_embedding kind=log channels=6; bad = add x,e; out = relu bad", "" },
    { "e = noise_embedding kind=log channels=6; bad = conv e weight=w; out = relu bad",
      "w 3 6 1 1" },
    { "e = noise_embedding kind=log channels=6; bad = group_norm e groups=1 eps=1e-5;"
      "out = film x,bad",
      "" },
    { "e = noise_embedding kind=log channels=6; bad = upsample e; out = film x,bad",
      "" },
    { "e = noise_embedding kind=log channels=4; bad = film x,e; out = relu bad", "" },
    { "e = noise_embedding kind=log channels=6; bad = film e,x; out = relu bad", "" },
    { "bad = film x,x; out = relu bad", "" },
    { "bad = linear x weight=w; out = film x,bad", "w 3 3" },
    { "e = noise_embedding kind=log channels=6; bad = linear e weight=w; out = film x,bad",
      "w 3 5" },
    { "e = noise_embedding kind=log channels=6; bad = linear e weight=w bias=b;"
      "out = film x,bad",
      "w 3 6, b 2" },
    { "e = noise_embedding kind=log channels=6; bad = concat x,e; out = relu bad", "" },

    /* the noise level */
    { "bad = noise_embedding kind=cosine channels=6; out = film x,bad", "" },
    { "bad = noise_embedding kind=log channels=0; out = film x,bad", "" },
    { "bad = noise_embedding kind=log channels=-6; out = film x,bad", "" },
    { "bad = noise_embedding kind=sinusoidal channels=2000000000; out = film x,bad",
      "" },
    { "bad = noise_embedding kind=sinusoidal channels=6 max_period=0; out = film x,bad",
      "" },
    { "bad = noise_embedding kind=sinusoidal channels=6 order=random; out = film x,bad",
      "" },
    { "bad = noise_embedding kind=sinusoidal channels=6 shift=3; out = film x,bad",
      "" },
    { "bad = noise_embedding kind=fourier; out = film x,bad", "" },
    { "bad = noise_embedding kind=fourier weight=f; out = film x,bad", "f 3 1" },
};

/* JSON with ' for ", and what the message says of it. */
static const struct {
    const char *graph, *says;
} broken[] = {
    { "", "" },
    { "{", "" },
    { "[]", "" },
    { "null", "" },
    { "{}", "" },
    { "{'input':3,'output':'a','nodes':[]}", "nodes" },
    { "{'input':3,'output':'a'}", "nodes" },
    { "{'input':3,'output':'a','nodes':{'name':'a','op':'relu','from':['x']}}",
      "nodes" },
    { "{'output':'a','nodes':[{'name':'a','op':'relu','from':['x']}]}", "input" },
    { "{'input':0,'output':'a','nodes':[{'name':'a','op':'relu','from':['x']}]}",
      "input" },
    { "{'input':-3,'output':'a','nodes':[{'name':'a','op':'relu','from':['x']}]}",
      "input" },
    { "{'input':1e99,'output':'a','nodes':[{'name':'a','op':'relu','from':['x']}]}",
      "input" },
    { "{'input':4294967299,'output':'a','nodes':[{'name':'a','op':'relu','from':['x']}]}",
      "input" },
    { "{'input':'3','output':'a','nodes':[{'name':'a','op':'relu','from':['x']}]}",
      "input" },
    { "{'input':3,'nodes':[{'name':'a','op':'relu','from':['x']}]}", "output" },
    { "{'input':3,'output':'b','nodes':[{'name':'a','op':'relu','from':['x']}]}",
      "output" },
    { "{'input':3,'output':3,'nodes':[{'name':'a','op':'relu','from':['x']}]}",
      "output" },
    { "{'input':3,'output':'a','nodes':[7]}", "" },
    { "{'input':3,'output':'a','nodes':[{'op':'relu','from':['x']}]}", "name" },
    { "{'input':3,'output':'a','nodes':[{'name':'','op':'relu','from':['x']}]}",
      "name" },
    { "{'input':3,'output':'a','nodes':[{'name':'x','op':'relu','from':['x']}]}", "x" },
    { "{'input':3,'output':'a','nodes':[{'name':'a','from':['x']}]}", "a" },
    { "{'input':3,'output':'a','nodes':[{'name':'a','op':3,'from':['x']}]}", "a" },
    { "{'input':3,'output':'a','nodes':[{'name':'a','op':'relu'}]}", "a" },
    { "{'input':3,'output':'a','nodes':[{'name':'a','op':'relu','from':[3]}]}", "a" },
    { "{'input':3,'output':'a','nodes':[{'name':'a','op':'relu','from':[]}]}", "a" },
    /* a vector comes out */
    { "{'input':3,'output':'a','nodes':[{'name':'a','op':'noise_embedding','kind':'log',"
      "'channels':4}]}",
      "output" },
    /* an image of another size comes out */
    { "{'input':3,'output':'a','nodes':[{'name':'a','op':'upsample','from':['x']}]}",
      "" },
    { "{'input':3,'output':'a','nodes':[{'name':'a','op':'crop','from':['x'],"
      "'size':[1,0,0,0]}]}",
      "" },
};

static void check_message(const char *graph, const char *tensors, const char *says)
{
    csk_tensors weights = { 0 };
    csk_net *net = NULL;

    tst_net_tensors(&weights, tensors, 1);
    const csk_status err = csk_net_parse(&net, graph, &weights, "FILE.csk");
    ck_assert_msg(err == CSK_ERR_FORMAT, "%s: %s (%s)", graph, csk_status_name(err),
                  err ? csk_error_message() : "accepted");
    ck_assert_ptr_null(net);
    const char *said = csk_error_message();
    ck_assert_msg(strncmp(said, "FILE.csk: ", 10) == 0, "%s: %s", graph, said);
    ck_assert_msg(strstr(said + 10, says) && !strchr(said, '\n'), "%s: %s", graph,
                  said);
    csk_tensors_clear(&weights);
}

START_TEST(wrong_nodes)
{
    const tst_net_case c = { "wrong", 1, 3, 8, 8, wrong[_i].nodes, wrong[_i].tensors };
    char *graph = tst_net_graph(&c);

    check_message(graph, c.tensors, "bad");
    csk_free(graph);
}
END_TEST

START_TEST(broken_graphs)
{
    char graph[400];

    (void)snprintf(graph, sizeof(graph), "%s", broken[_i].graph);
    for (char *at = graph; (at = strchr(at, '\''));)
        *at = '"';
    check_message(graph, "", broken[_i].says);
}
END_TEST

/* However long names and lists are, and however deep. */
START_TEST(long_graphs)
{
    enum { ROOM = 200000, DEEP = 60000 };
    static char graph[ROOM], name[ROOM / 2];

    memset(graph, '[', DEEP);
    check_message(graph, "", "");
    memset(name, 'n', sizeof(name) - 1);
    (void)snprintf(graph, sizeof(graph),
                   "{\"input\":3,\"output\":\"a\",\"nodes\":[{\"name\":\"%s\",\"op\":"
                   "\"wavelet\",\"from\":[\"x\"]}]}",
                   name);
    check_message(graph, "", "");
}
END_TEST

/* Weights of a number that is none would make every result one. */
START_TEST(weights_that_are_no_numbers)
{
    csk_tensors weights = { 0 };
    csk_net *net = NULL;

    tst_net_tensors(&weights, "w 3 3 3 3", 1);
    weights.item[0].data[5] = (float)strtod("nan", NULL);
    ck_assert_int_eq(
        csk_net_parse(
            &net,
            "{\"input\":3,\"output\":\"bad\",\"nodes\":[{\"name\":\"bad\",\"op\":"
            "\"conv\",\"from\":[\"x\"],\"weight\":\"w\"}]}",
            &weights, "FILE.csk"),
        CSK_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(csk_error_message(), "w"));
    csk_tensors_clear(&weights);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_parse");
    TCase *core = tcase_create("core");

    tcase_add_loop_test(core, wrong_nodes, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_loop_test(core, broken_graphs, 0,
                        (int)(sizeof(broken) / sizeof(broken[0])));
    tcase_add_test(core, long_graphs);
    tcase_add_test(core, weights_that_are_no_numbers);
    suite_add_tcase(suite, core);
    return tst_main(suite);
}
