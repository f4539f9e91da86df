"""PyTorch's side of `npm run bench -- training`: trains one row's model on made-up data and reports times when asked.

Reads lines from the standard input: `steps N` makes N training steps and answers with their seconds and the peak memory in MiB; `end` ends.
Eager mode as fast as it gets on a CPU: channels_last and the fused optimizer. `--compile` uses torch.compile instead.
"""

import argparse
import resource
import sys
import time

import torch
import torchvision

arguments = argparse.ArgumentParser()
arguments.add_argument('--model')
arguments.add_argument('--size', type=int)
arguments.add_argument('--batch', type=int)
arguments.add_argument('--threads', type=int)
arguments.add_argument('--compile', action='store_true')
given = arguments.parse_args()

torch.set_num_threads(given.threads)
torch.manual_seed(0)
model = getattr(torchvision.models, given.model)(num_classes=10)
for module in model.modules():
    if isinstance(module, torchvision.ops.StochasticDepth):
        module.p = 0.0
model = model.to(memory_format=torch.channels_last).train()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
bytes_ = torch.randint(0, 256, (given.batch, given.size, given.size, 3), dtype=torch.uint8)
labels = torch.nn.functional.one_hot(torch.arange(given.batch) % 10, 10).float()
loss_of = torch.nn.CrossEntropyLoss()


def step():
    images = bytes_.permute(0, 3, 1, 2).float().div_(255).sub_(0.5).div_(0.25)
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


if given.compile:
    model = torch.compile(model)
for line in sys.stdin:
    words = line.split()
    if words[0] == 'end':
        break
    started = time.perf_counter()
    for _ in range(int(words[1])):
        step()
    seconds = time.perf_counter() - started
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
