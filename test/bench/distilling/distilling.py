"""The recipe's ways of distilling side by side, in PyTorch on one GPU: a reimplementation of pipelines/ablation.yaml.

    python3 distilling.py DATA.npz OUT.jsonl [--teacher-epochs N] [--teacher-batch N] [--teacher-lr X] [--minutes M] [--smoke]

DATA.npz holds `train`, `train_labels`, `test`, `test_labels` (uint8, 28 x 28). Each arm's result is one line of JSON, written as it ends.
Whole steps (augmented batch in, loss, gradients, RAdam) are captured as CUDA graphs where there is a GPU: networks of this size are
limited by the launching of kernels.
"""

import argparse
import json
import math
import time

import numpy as np
import timm
import torch
import torch.nn.functional as F
import torchvision

CLASSES, SIDE = 10, 32


def log(text):
    print(f"[{time.time() - START:6.1f} s] {text}", flush=True)


def student_network():
    net = torchvision.models.mobilenet_v3_small(num_classes=CLASSES)
    old = net.features[0][0]
    net.features[0][0] = torch.nn.Conv2d(1, old.out_channels, 3, 2, 1, bias=False)
    return net


def teacher_network(name):
    net = timm.create_model(name, in_chans=1, num_classes=CLASSES)
    if name.startswith("efficientnet"):
        net.conv_stem.stride = (1, 1)
    elif "resnext" in name:
        net.conv1.stride = (1, 1)
    else:
        net.features.conv0.stride = (1, 1)
    return net


def crop_box(generator):
    lam = float(generator.beta(1.0, 1.0))
    row, column = generator.integers(SIDE), generator.integers(SIDE)
    half = int(SIDE * math.sqrt(1 - lam) / 2)
    return max(0, row - half), min(SIDE, row + half), max(0, column - half), min(SIDE, column + half)


class Trainer:
    """Trains one network; `teacher` answers each batch as the student sees it, `targets` are soft labels, `answers` stored ones."""

    def __init__(self, net, arm, batch, steps, lr, teacher=None, temperature=4.0, weight=0.9):
        self.net, self.arm, self.batch, self.steps, self.lr = net, arm, batch, steps, lr
        self.teacher, self.temperature, self.weight = teacher, temperature, weight
        self.images = torch.zeros(batch, 1, SIDE, SIDE, device=DEVICE).to(memory_format=torch.channels_last)
        self.targets = torch.zeros(batch, CLASSES, device=DEVICE)
        self.answers = torch.zeros(batch, CLASSES, device=DEVICE)
        self.rate = torch.tensor(lr, device=DEVICE)
        self.optimizer = torch.optim.RAdam(net.parameters(), lr=self.rate, capturable=DEVICE == "cuda", foreach=True)
        self.graph, self.done = None, 0

    def loss(self):
        logits = self.net(self.images)
        own = -(self.targets * F.log_softmax(logits, 1)).sum(1).mean()
        if self.arm in ("hard", "oof"):
            return own
        t = self.temperature
        if self.arm == "online":
            with torch.no_grad():
                teacher = F.log_softmax(self.teacher(self.images) / t, 1)
        else:
            teacher = self.answers
        divergence = F.kl_div(F.log_softmax(logits / t, 1), teacher, reduction="batchmean", log_target=True) if self.arm == "online" else (
            torch.xlogy(teacher, teacher).sum(1).mean() - (teacher * F.log_softmax(logits / t, 1)).sum(1).mean()
        )
        return (1 - self.weight) * own + self.weight * t * t * divergence

    def eager(self):
        self.optimizer.zero_grad(set_to_none=False)
        self.loss().backward()
        self.optimizer.step()

    def capture(self):
        state = {name: value.clone() for name, value in self.net.state_dict().items()}
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self.rate.fill_(0.0)
            for parameter in self.net.parameters():
                parameter.grad = torch.zeros_like(parameter)
            for _ in range(3):
                self.eager()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.eager()
        self.net.load_state_dict(state)
        for own in self.optimizer.state.values():
            for value in own.values():
                if torch.is_tensor(value):
                    value.zero_()

    def step(self, images, targets, answers):
        self.images.copy_(images)
        self.targets.copy_(targets)
        if answers is not None:
            self.answers.copy_(answers)
        if self.done == 0 and DEVICE == "cuda" and GRAPHS:
            self.capture()
        warm = 0.1 * self.steps
        rise = min(1.0, (self.done + 1) / warm)
        fall = 0.5 * (1 + math.cos(math.pi * max(0.0, self.done - warm) / (self.steps - warm)))
        self.rate.fill_(self.lr * min(rise, fall))
        if self.graph is not None:
            self.graph.replay()
        else:
            self.eager()
        self.done += 1


def train(net, arm, data, *, epochs, batch, lr, seed, mixing, teacher=None):
    """Trains over `data` = (images, targets, answers or None); images are flipped at random and mixed by CutMix or not at all."""
    images, targets, answers = data
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    per_epoch = len(images) // batch
    trainer = Trainer(net, arm, batch, epochs * per_epoch, lr, teacher)
    net.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), device=DEVICE)
        flips = (torch.rand(len(images), device=DEVICE) < 0.5)[:, None, None, None]
        seen = images[order]
        seen = torch.where(flips, seen.flip(3), seen)
        wanted, told = targets[order], None if answers is None else answers[order]
        for index in range(per_epoch):
            part = slice(index * batch, (index + 1) * batch)
            x, y, a = seen[part], wanted[part], None if told is None else told[part]
            if mixing == "cutmix":
                top, bottom, left, right = crop_box(generator)
                partners = torch.from_numpy(generator.permutation(batch)).to(DEVICE)
                x = x.clone()
                x[:, :, top:bottom, left:right] = seen[part][partners][:, :, top:bottom, left:right]
                own = 1 - (bottom - top) * (right - left) / SIDE**2
                y = own * y + (1 - own) * y[partners]
                a = None if a is None else own * a + (1 - own) * a[partners]
            trainer.step(x, y, a)
    net.eval()
    return net


@torch.no_grad()
def logits_of(net, images):
    net.eval()
    return torch.cat([net(part) for part in images.split(1000)]).float()


def accuracy(net, images, labels):
    return float((logits_of(net, images).argmax(1) == labels).float().mean())


def fresh(make, seed):
    torch.manual_seed(seed)
    return make().to(DEVICE).to(memory_format=torch.channels_last)


def main():
    global START, DEVICE, GRAPHS
    START = time.time()
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--teacher-epochs", type=int, default=20)
    parser.add_argument("--teacher-batch", type=int, default=64)
    parser.add_argument("--teacher-lr", type=float, default=0.006)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--eager", action="store_true")
    options = parser.parse_args()
    DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
    GRAPHS = not options.eager
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    if DEVICE == "cpu":
        torch.set_num_threads(2)
    file = np.load(options.data)
    out = open(options.out, "a", encoding="utf8")

    def tell(**line):
        line["seconds"] = round(time.time() - START, 1)
        out.write(json.dumps(line) + "\n")
        out.flush()
        log(json.dumps(line))

    def prepared(images):
        padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None].astype(np.float32) / 255
        return torch.from_numpy(padded).to(DEVICE).to(memory_format=torch.channels_last)

    count = 300 if options.smoke else 10_000
    train_images, test_images = prepared(file["train"][:count]), prepared(file["test"][:count])
    labels = torch.from_numpy(file["train_labels"][:count].astype(np.int64)).to(DEVICE)
    test_labels = torch.from_numpy(file["test_labels"][:count].astype(np.int64)).to(DEVICE)
    mean, std = train_images.mean(), train_images.std()
    train_images, test_images = (train_images - mean) / std, (test_images - mean) / std
    hard = F.one_hot(labels, CLASSES).float()
    fold = torch.arange(count, device=DEVICE) % 5  # the file is shuffled, and sorted by no class
    seen = fold != 0
    taught = dict(epochs=1 if options.smoke else options.teacher_epochs, batch=options.teacher_batch, lr=options.teacher_lr)
    left = lambda: options.minutes * 60 - (time.time() - START)

    # The five teachers, whose out-of-fold answers are mixed into the labels; the first one is also the one that answers alone.
    oof = torch.zeros(count, CLASSES, device=DEVICE)
    teachers = {}
    for index in range(5):
        own = fold != index
        net = train(fresh(lambda: teacher_network("efficientnet_b0"), 1), "hard", (train_images[own], hard[own], None),
                    **taught, seed=1, mixing="none")
        oof[~own] = F.softmax(logits_of(net, train_images[~own]), 1)
        teachers.setdefault("efficientnet_b0", net)
        log(f"teacher of fold {index}: {float((oof[~own].argmax(1) == labels[~own]).float().mean()):.4f}")
    tell(what="teachers", model="efficientnet_b0", oof=float((oof.argmax(1) == labels).float().mean()))
    mixed = 0.8 * hard + 0.2 * oof

    def student(arm, epochs, mixing, seed, teacher="efficientnet_b0"):
        if left() < 15:
            return
        model = teachers[teacher]
        answers = F.softmax(logits_of(model, train_images[seen]) / 4.0, 1) if arm == "stored" else None
        targets = mixed if arm != "hard" else hard
        if arm in ("stored", "online"):
            targets = hard
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        began = time.time()
        net = train(fresh(student_network, seed), arm, (train_images[seen], targets[seen], answers),
                    epochs=epochs, batch=64, lr=0.008, seed=seed, mixing=mixing, teacher=model if arm == "online" else None)
        tell(what="student", arm=arm, epochs=epochs, mixing=mixing, seed=seed, teacher=teacher,
             held_out=accuracy(net, train_images[~seen], labels[~seen]), test=accuracy(net, test_images, test_labels),
             took=round(time.time() - began, 1))

    seeds = [1] if options.smoke else [1, 2, 3]
    short, long = (1, 1) if options.smoke else (10, 30)
    for epochs in (short, long):
        for seed in seeds:
            for mixing in ("cutmix", "none"):
                for arm in ("hard", "oof", "stored", "online"):
                    student(arm, epochs, mixing, seed)
    for name in ("efficientnet_b1", "seresnext50_32x4d", "densenet121", "efficientnet_b4"):
        if left() < 40:
            break
        began = time.time()
        net = train(fresh(lambda: teacher_network(name), 1), "hard", (train_images[seen], hard[seen], None),
                    **taught, seed=1, mixing="none")
        teachers[name] = net
        tell(what="teacher", model=name, held_out=accuracy(net, train_images[~seen], labels[~seen]), took=round(time.time() - began, 1))
        for seed in seeds:
            student("online", long, "cutmix", seed, name)
    # Longer still: a patient teacher needs time.
    for seed in seeds:
        for arm in ("hard", "stored", "online"):
            if not options.smoke:
                student(arm, 100, "cutmix", seed)
    log("done")


main()
