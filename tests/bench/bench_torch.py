#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The network of bench_net in PyTorch on the processor: medians in seconds.

usage: bench_torch.py THREADS

Prints lines "what precision layout seconds", where "what" is forward (320x320, one image) or
step (forward and backward of 16 patches of 64x64). A layout is default or channels_last.
"""
import statistics
import sys
import time

import torch
from torch import nn

WIDTHS = (32, 64, 128, 128)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = nn.Conv2d(width, width, 3, padding=1)
        self.b = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return x + self.b(torch.relu_(self.a(x)))


def blocks(width):
    return nn.Sequential(Block(width), Block(width))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, WIDTHS[0], 3, padding=1)
        self.last = nn.Conv2d(WIDTHS[0], 2, 3, padding=1)
        self.encoder = nn.ModuleList(blocks(w) for w in WIDTHS)
        self.decoder = nn.ModuleList(blocks(w) for w in WIDTHS)
        pairs = list(zip(WIDTHS, WIDTHS[1:]))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(nn.Conv2d(b, 4 * a, 1) for a, b in pairs)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x):
        h, skips = self.first(x), []
        for scale in range(len(WIDTHS)):
            h = self.encoder[scale](h)
            if scale < len(self.down):
                skips.append(h)
                h = self.down[scale](h)
        for scale in reversed(range(len(WIDTHS))):
            if scale < len(self.up):
                h = self.shuffle(self.up[scale](h)) + skips[scale]
            h = self.decoder[scale](h)
        return self.last(h)


def median(body):
    for _ in range(3):
        body()
    times = []
    for _ in range(9):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def step(net, x):
    net.zero_grad()
    net(x).pow(2).mean().backward()


def measure(precision, layout):
    torch.manual_seed(1)
    kinds = {"f32": torch.float32, "bf16": torch.bfloat16}
    formats = {"default": torch.contiguous_format, "channels_last": torch.channels_last}
    how = {"dtype": kinds[precision], "memory_format": formats[layout]}
    net = Net().to(**how)
    image = torch.randn(1, 2, 320, 320).to(**how)
    patches = torch.randn(16, 2, 64, 64).to(**how)
    with torch.no_grad():
        seconds = median(lambda: net(image))
    print("forward", precision, layout, seconds, flush=True)
    print("step", precision, layout, median(lambda: step(net, patches)), flush=True)


torch.set_num_threads(int(sys.argv[1]))
for precision_ in ("f32", "bf16"):
    for layout_ in ("default", "channels_last"):
        measure(precision_, layout_)
