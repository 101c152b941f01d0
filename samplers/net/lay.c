/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plan's layout. Steps that only touch each pixel are absorbed by their neighbours, values
 * share memory where their times do not meet, and what the backward pass needs lives until then.
 *
 * Time runs: 0 the input enters, v what makes value v, K + 1 the output leaves, K + 2 its
 * derivative enters, 2 K + 3 - v value v backwards, 2 K + 3 the derivative by the input leaves.
 */
#include "cs/mem.h"
#include "samplers/net/plan_priv.h"

static int backward_time(const csk_net_plan *p, int value)
{
    return 2 * p->net->nodes + 3 - value;
}

static const net_node *node_of(const csk_net_plan *p, int value)
{
    return &p->net->node[value - 1];
}

/* -- who reads whom ------------------------------------------------------------------ */

static void find_live(csk_net_plan *p)
{
    p->step[p->net->output].live = true;
    for (int v = p->net->nodes; v > 0; v--) {
        const net_node *n = node_of(p, v);

        p->step[v].writes = p->step[v].when = v;
        for (int i = 0; i < n->inputs && p->step[v].live; i++)
            p->step[n->from[i]].live = true;
    }
    p->step[0].live = true;
}

static void find_wanted(csk_net_plan *p)
{
    p->step[0].wants = p->is.derivative != CSK_NET_NONE;
    for (int v = 1; v <= p->net->nodes; v++) {
        const net_node *n = node_of(p, v);
        bool wants = p->is.derivative == CSK_NET_WEIGHTS &&
                     (n->weight >= 0 || n->bias >= 0) && n->op != NET_NOISE_EMBEDDING;

        for (int i = 0; i < n->inputs; i++)
            wants = wants || p->step[n->from[i]].wants;
        p->step[v].wants = wants && p->step[v].live;
    }
}

static bool reads(const net_node *n, int value)
{
    for (int i = 0; i < n->inputs; i++) {
        if (n->from[i] == value)
            return true;
    }
    return false;
}

/* The last step that reads the value, node `except` left out; 0: none. */
static int last_read(const csk_net_plan *p, int value, int except)
{
    int last = value == p->net->output ? p->net->nodes + 1 : 0;

    for (int v = value + 1; v <= p->net->nodes; v++) {
        if (v != except && p->step[v].live && reads(node_of(p, v), value) &&
            p->step[v].when > last)
            last = p->step[v].when;
    }
    return last;
}

/* Whether the value is made by a node of that kind that only node `by` reads. */
static bool made_for(const csk_net_plan *p, int value, net_op op, int by)
{
    return value > 0 && node_of(p, value)->op == op && last_read(p, value, by) == 0;
}

/* -- absorbing ------------------------------------------------------------------------ */

/* An activation does the film node before it in the same pass. */
static void absorb_film(csk_net_plan *p, int v)
{
    const net_node *n = node_of(p, v);
    const int film = n->from[0];

    if (net_act_of(n->op) != NET_ACT_NONE && made_for(p, film, NET_FILM, v)) {
        p->step[film].absorbed = true;
        p->step[film].when = v;
        p->step[v].film = film;
    }
}

/* A convolution rectifies what it writes. */
static void absorb_relu(csk_net_plan *p, int v)
{
    const net_node *n = node_of(p, v);
    const int conv = n->from[0];

    if (n->op == NET_RELU && made_for(p, conv, NET_CONV, v)) {
        p->step[v].absorbed = true;
        p->step[conv].writes = v;
        p->step[conv].relu = true;
    }
}

/* A convolution adds to the other term, whose memory becomes that of the sum. */
static bool absorb_term(csk_net_plan *p, int v, int conv, int other)
{
    if (!made_for(p, conv, NET_CONV, v) || p->step[conv].relu || other >= conv ||
        node_of(p, conv)->from[0] == other || last_read(p, other, v) >= conv)
        return false;
    p->step[v].absorbed = true;
    p->step[v].when = conv;
    p->step[conv].writes = v;
    p->step[conv].sum = true;
    return true;
}

static void absorb_add(csk_net_plan *p, int v)
{
    const net_node *n = node_of(p, v);

    if (n->op == NET_ADD && !n->vector && n->gain == 1. && n->from[0] != n->from[1] &&
        p->is.derivative == CSK_NET_NONE && !absorb_term(p, v, n->from[1], n->from[0]))
        (void)absorb_term(p, v, n->from[0], n->from[1]);
}

static void absorb(csk_net_plan *p)
{
    for (int v = 1; v <= p->net->nodes; v++) {
        if (p->step[v].live)
            absorb_film(p, v);
    }
    for (int v = 1; v <= p->net->nodes; v++) {
        if (p->step[v].live)
            absorb_relu(p, v);
    }
    for (int v = 1; v <= p->net->nodes; v++) {
        if (p->step[v].live)
            absorb_add(p, v);
    }
}

/* -- buffers ------------------------------------------------------------------------------ */

static int64_t value_bytes(const csk_net_plan *p, int value)
{
    if (net_is_vector(p->net, value))
        return (int64_t)p->is.batch * net_channels(p->net, value) *
               (int64_t)sizeof(float);
    const net_image a = net_shape_of(p, value);
    return (int64_t)net_image_bytes(&a);
}

static int new_buffer(csk_net_plan *p, int64_t bytes, int born)
{
    p->buffer[p->buffers] =
        (net_buffer){ .bytes = net_bytes_padded(bytes), .born = born, .dead = born };
    return p->buffers++;
}

static void touch(csk_net_plan *p, int buffer, int time)
{
    net_buffer *b = &p->buffer[buffer];

    if (time > b->dead)
        b->dead = time;
    if (time < b->born)
        b->born = time;
}

/* Passes that may write over what they read. */
static bool in_place(net_op op)
{
    return net_act_of(op) != NET_ACT_NONE || op == NET_FILM || op == NET_SCALE ||
           op == NET_ADD || op == NET_GROUP_NORM;
}

/* The buffer of the value that step v writes. */
static int buffer_for(csk_net_plan *p, int v)
{
    const net_step *s = &p->step[v];
    const net_node *n = net_reads(p, v);

    if (s->sum) { /* the other term of the absorbed sum */
        const net_node *add = node_of(p, s->writes);
        return p->step[add->from[0] == v ? add->from[1] : add->from[0]].data;
    }
    if (p->is.derivative == CSK_NET_NONE && !n->vector && in_place(node_of(p, v)->op)) {
        const int reader = s->film ? s->film : v;
        if (last_read(p, n->from[0], reader) < v && n->from[0] != p->net->output)
            return p->step[n->from[0]].data;
    }
    return new_buffer(p, value_bytes(p, s->writes), v);
}

static void lay_forward(csk_net_plan *p)
{
    const int leave = p->net->nodes + 1;

    p->step[0].data = new_buffer(p, value_bytes(p, 0), 0);
    for (int v = 1; v <= p->net->nodes; v++) {
        net_step *s = &p->step[v];
        const net_node *n = net_reads(p, v);

        if (!s->live || s->absorbed)
            continue;
        for (int i = 0; i < n->inputs; i++)
            touch(p, p->step[n->from[i]].data, v);
        const int to = buffer_for(p, v);
        touch(p, to, v);
        p->step[s->writes].data = to;
    }
    touch(p, p->step[p->net->output].data, leave);
}

/* What the backward pass of step v reads again lives until then. */
static void keep(csk_net_plan *p, int v)
{
    const net_node *n = net_reads(p, v);
    const bool weights = p->is.derivative == CSK_NET_WEIGHTS;
    const int time = backward_time(p, v);

    if (n->op == NET_RELU) { /* its slope shows in what it made */
        touch(p, p->step[v].data, time);
        return;
    }
    switch (node_of(p, v)->op) {
    case NET_CONV:
    case NET_CONV_TRANSPOSE:
    case NET_LINEAR:
    case NET_AFFINE:
        if (weights)
            touch(p, p->step[n->from[0]].data, time);
        break;
    case NET_RELU:
    case NET_SILU:
    case NET_GELU:
    case NET_STUDENT:
    case NET_FILM:
    case NET_GROUP_NORM:
    case NET_ATTENTION:
        for (int i = 0; i < n->inputs; i++)
            touch(p, p->step[n->from[i]].data, time);
        break;
    default:
        break;
    }
    if (node_of(p, v)->op == NET_GROUP_NORM) {
        p->step[v].kept = new_buffer(
            p, (int64_t)p->is.batch * n->groups * 2 * (int64_t)sizeof(float), v);
        touch(p, p->step[v].kept, time);
    }
}

/*
 * A sum's derivative is that of each term. A term that nobody else reads may have the very
 * memory, as it is used up before anything is added to it: all other readers of the other term
 * come before the step that made this one.
 */
static void pass_on(csk_net_plan *p, int v)
{
    const net_node *n = node_of(p, v);
    net_step *s = &p->step[v];
    const int a = n->from[0], b = n->from[1];

    if (n->op != NET_ADD || n->gain != 1. || a == b || s->film)
        return;
    const bool alone_a = last_read(p, a, v) == 0, alone_b = last_read(p, b, v) == 0;
    const int one = alone_b ? 1 : alone_a ? 0 : -1, other = 1 - one;

    if (one < 0 || !p->step[n->from[one]].wants)
        return;
    s->passes |= 1u << one;
    const int made = n->from[one], rest = n->from[other];
    if (p->step[rest].wants && p->step[rest].grad < 0 && rest > 0 && made > 0 &&
        node_of(p, made)->op == NET_CONV && last_read(p, rest, v) < made)
        s->passes |= 1u << other;
}

static void lay_backward(csk_net_plan *p)
{
    const int enter = p->net->nodes + 2, end = 2 * p->net->nodes + 3;

    p->step[p->net->output].grad = new_buffer(p, value_bytes(p, p->net->output), enter);
    for (int v = p->net->nodes; v > 0; v--) {
        net_step *s = &p->step[v];
        const net_node *n = net_reads(p, v);
        const int time = backward_time(p, v);

        if (!s->wants || s->grad < 0 || (s->absorbed && node_of(p, v)->op == NET_FILM))
            continue;
        keep(p, v);
        touch(p, s->grad, time);
        pass_on(p, v);
        for (int i = 0; i < n->inputs; i++) {
            net_step *from = &p->step[n->from[i]];

            if (!from->wants)
                continue;
            if (s->passes >> i & 1u)
                from->grad = s->grad;
            else if (from->grad >= 0)
                s->adds |= 1u << i;
            else
                from->grad = new_buffer(p, value_bytes(p, n->from[i]), time);
            touch(p, from->grad, time);
        }
    }
    if (p->step[0].grad >= 0)
        touch(p, p->step[0].grad, end);
}

/* First fit, in the order of birth: where no living buffer is. */
static void place(csk_net_plan *p)
{
    for (int i = 0; i < p->buffers; i++) {
        net_buffer *b = &p->buffer[i];
        bool moved = true;

        while (moved) {
            moved = false;
            for (int j = 0; j < i; j++) {
                const net_buffer *o = &p->buffer[j];
                const bool meet = o->born <= b->dead && b->born <= o->dead;

                if (meet && o->at < b->at + b->bytes && b->at < o->at + o->bytes) {
                    b->at = o->at + o->bytes;
                    moved = true;
                }
            }
        }
        if (b->at + b->bytes > p->arena)
            p->arena = b->at + b->bytes;
    }
}

csk_status csk_net_plan_lay(csk_net_plan *p)
{
    const int64_t values = (int64_t)p->net->nodes + 1;

    p->buffer = csk_alloc(3 * values, sizeof(*p->buffer));
    if (!p->buffer)
        return CSK_ERR_NOMEM;
    for (int64_t v = 0; v < values; v++)
        p->step[v].data = p->step[v].grad = p->step[v].kept = -1;
    find_live(p);
    find_wanted(p);
    absorb(p);
    lay_forward(p);
    if (p->is.derivative != CSK_NET_NONE)
        lay_backward(p);
    place(p);
    return CSK_OK;
}
