"""The ledger against torchinfo, fvcore and ptflops: ``python benchmarks/ledger.py``.

The same networks go through every tool in one process. Three questions. Correctness: are MACs and parameters
right? That is worked out by hand for the small networks, by `torch.utils.flop_counter` for the large ones.
Coverage: of the operations that a network does (by torch.fx), how many have a row, and is the memory that
training keeps right (by what autograd really saves)? Time: the fastest of several calls, the tools taking
turns, as a ratio to ours.

Targets: every count right, a row for every operation, saved memory within 0.2 %.
"""

import argparse
import contextlib
import importlib.metadata
import io
import logging
import os
import platform
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import fvcore.nn
import torch
import torch.nn.functional as F
import torchinfo
from torch import fx, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from course_utils import models
from course_utils.ledger import account

# ptflops imports torchvision, whose wheel for another build of torch asks for operators it does not find.
try:
    _library = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
except RuntimeError:
    _library = None
import ptflops

logging.disable(logging.WARNING)
warnings.filterwarnings("ignore")


class Functional(nn.Module):
    """Parameters and function calls, no layers."""

    macs = 16 * 32**2 * 27 + 32 * 16**2 * 144 + 320

    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(16, 3, 3, 3))
        self.w2 = nn.Parameter(torch.randn(32, 16, 3, 3))
        self.w3 = nn.Parameter(torch.randn(10, 32))

    def forward(self, x):
        x = F.max_pool2d(F.relu(F.conv2d(x, self.w1, padding=1)), 2)
        x = F.relu(F.conv2d(x, self.w2, padding=1))
        return F.linear(F.adaptive_avg_pool2d(x, 1).flatten(1), self.w3)


class Shared(nn.Module):
    """One grouped layer twice, and a residual addition."""

    macs = 32**2 * (48 + 2 * 16 * 36)

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.conv = nn.Conv2d(16, 16, 3, padding=1, groups=4)

    def forward(self, x):
        x = self.stem(x)
        return x + self.conv(torch.relu(self.conv(x)))


class Transposed(nn.Module):
    """Down and up again: a transposed convolution and a concatenation."""

    macs = 8 * 16**2 * 27 + 8 * 16**2 * 4 * 16

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1)

    def forward(self, x):
        return torch.cat([x, self.up(self.down(x))], 1)


# ----- the tools: from (model, size) to MACs, parameters, and how many rows (None: no table of calls)


def ours(model, size):
    ledger = account(model, size)
    return ledger.macs, ledger.parameters, len(ledger)


def by_torchinfo(model, size):
    found = torchinfo.summary(model, (1, *size), verbose=0)
    return found.total_mult_adds, found.total_params, sum(info.is_leaf_layer for info in found.summary_list)


def by_fvcore(model, size):
    found = fvcore.nn.FlopCountAnalysis(model, torch.zeros(1, *size))
    return found.total(), fvcore.nn.parameter_count(model)[""], None


def by_ptflops(model, size, backend="pytorch"):
    with contextlib.redirect_stdout(io.StringIO()):
        macs, parameters = ptflops.get_model_complexity_info(
            model, size, backend=backend, as_strings=False, print_per_layer_stat=False, verbose=False
        )
    return macs, parameters, None


TOOLS = {
    "ours": ours,
    "torchinfo": by_torchinfo,
    "fvcore": by_fvcore,
    "ptflops": by_ptflops,
    "ptflops, aten": lambda model, size: by_ptflops(model, size, "aten"),
}

SMALL = {"functional only": Functional, "shared, grouped": Shared, "transposed": Transposed}
LARGE = ("alexnet", "vgg16", "googlenet", "resnet50", "resnet152", "densenet121", "mobilenet_v1")


def truth(model, size):
    """MACs, parameters and number of operations, from sources that none of the tools is."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, *size))
    macs = getattr(model, "macs", counter.get_total_flops() // 2)
    graph = fx.symbolic_trace(model)
    idle = (nn.Identity, nn.Dropout)  # neither does anything at test time
    operations = [
        node
        for node in graph.graph.nodes
        if node.op in ("call_function", "call_method")
        or (node.op == "call_module" and not isinstance(graph.get_submodule(node.target), idle))
    ]
    return macs, sum(p.numel() for p in model.parameters()), len(operations)


def best_of(rounds, functions):
    """Seconds of the fastest call of each function, None for those that fail; the functions take turns."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            try:
                function()
            except Exception:  # a tool that cannot take this network; the counts say so
                best[name] = None
                continue
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def compare_counts(rounds):
    print(f"{'network':<17}{'tool':<15}{'MACs':>16}{'of truth':>9}{'parameters':>13}{'of truth':>9}"
          f"{'rows':>6}{'of':>5}{'ms':>9}{'/ ours':>8}")  # fmt: skip
    cases = [(name, net().eval(), (3, 32, 32)) for name, net in SMALL.items()]
    cases += [(name, models.create(name).eval(), models.entry(name).input_size) for name in LARGE]
    for title, model, size in cases:
        macs, parameters, operations = truth(model, size)
        seconds = best_of(rounds, {t: lambda f=f, m=model, s=size: f(m, s) for t, f in TOOLS.items()})
        for tool, count in TOOLS.items():
            try:
                got, weights, rows = count(model, size)
            except Exception as error:
                print(f"{title:<17}{tool:<15}  {type(error).__name__}: {str(error).splitlines()[0][:80]}")
                continue
            print(
                f"{title:<17}{tool:<15}{got:>16,}{got / macs:>9.4f}{weights:>13,}{weights / parameters:>9.4f}"
                f"{'–' if rows is None else rows:>6}{operations:>5}{seconds[tool] * 1e3:>9.1f}"
                f"{seconds[tool] / seconds['ours']:>8.2f}",
                flush=True,
            )


def really_saved(model, batch):
    """Bytes of the storages that autograd keeps when the model runs, its own tensors excepted."""
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    kept = {}

    def pack(tensor):
        if tensor.untyped_storage().data_ptr() not in own:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        out = model(batch)
    total = sum(storage.nbytes() for storage in kept.values())
    del out
    return total


def compare_memory(batch):
    print(f"\nkept for the backward pass, batch {batch}, MiB")
    print(f"{'network':<17}{'autograd':>10}{'ours':>10}{'of truth':>10}{'torchinfo':>11}{'of truth':>10}")
    for name in ("alexnet", "vgg16", "resnet18", "resnet50", "densenet121", "mobilenet_v1"):
        model, size = models.create(name).train(), models.entry(name).input_size
        real = really_saved(model, torch.rand(batch, *size))
        mine = account(model, size, batch, training=True).saved_bytes
        theirs = torchinfo.summary(model, (batch, *size), mode="train", verbose=0).total_output_bytes
        print(
            f"{name:<17}{real / 2**20:>10.1f}{mine / 2**20:>10.1f}{mine / real:>10.4f}"
            f"{theirs / 2**20:>11.1f}{theirs / real:>10.4f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=5, help="calls of each tool on each network (default 5)"
    )
    parser.add_argument("--batch", type=int, default=4, help="pictures in the memory comparison (default 4)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    packages = ("torch", "torchinfo", "fvcore", "ptflops")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    print(f"Python {platform.python_version()}, {versions}; one thread")
    print(f"fastest of {arguments.rounds} calls, the tools taking turns\n")
    compare_counts(arguments.rounds)
    compare_memory(arguments.batch)


if __name__ == "__main__":
    main()
