"""Our numpy convolution against torch's, on one thread: ``python benchmarks/layers.py``.

Five layers in float32, each forward (out) and backward (dx, dw, db). Peers: ``torch.nn.functional.conv2d`` on
the same arrays in its default layout, and im2col by fancy indexing of the whole batch at once, as it is
commonly taught. All results are compared before the clock starts; the functions take turns, in a new
order each round, and the fastest call of each counts. Beside them ``conv2d_windows``, the six-line telling
(slow, so called less often).

Targets: at most 2.0 times torch's time on every layer and at most 1.5 times on the geometric mean; at least
1.4 times as fast as fancy indexing on every layer.
"""

import argparse
import os
import platform
from statistics import geometric_mean

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
import torch
from timing import best_of, processor

from course_utils.layers import conv2d, conv2d_backward, conv2d_windows, conv2d_windows_backward

# images, channels, height, width, filters, kernel, stride; padded by half a kernel
LAYERS = [
    (32, 3, 32, 32, 32, 3, 1),
    (32, 64, 32, 32, 64, 3, 1),
    (8, 64, 56, 56, 128, 3, 1),
    (8, 256, 14, 14, 256, 3, 1),
    (8, 3, 224, 224, 64, 7, 2),
]
EACH_LIMIT, MEAN_LIMIT, FANCY_LIMIT = 2.0, 1.5, 1.4


def fancy_conv2d(x, w, b, *, stride, padding):
    """One index array picks the columns of all images at once."""
    (N, C, H, W), (F, _, K_h, K_w) = x.shape, w.shape
    H_out, W_out = (H + 2 * padding - K_h) // stride + 1, (W + 2 * padding - K_w) // stride + 1
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    channel = np.repeat(np.arange(C), K_h * K_w)[:, None]
    row = np.tile(np.repeat(np.arange(K_h), K_w), C)[:, None] + stride * np.repeat(np.arange(H_out), W_out)
    column = np.tile(np.arange(K_w), C * K_h)[:, None] + stride * np.tile(np.arange(W_out), H_out)
    columns = padded[:, channel, row, column].transpose(1, 2, 0).reshape(C * K_h * K_w, -1)
    out = (w.reshape(F, -1) @ columns + b[:, None]).reshape(F, H_out, W_out, N).transpose(3, 0, 1, 2)
    return out, (columns, (slice(None), channel, row, column), padded.shape, w, padding)


def fancy_conv2d_backward(dout, cache):
    columns, picked, padded_shape, w, padding = cache
    rows = dout.transpose(1, 2, 3, 0).reshape(len(w), -1)
    dcolumns = (w.reshape(len(w), -1).T @ rows).reshape(len(columns), -1, len(dout)).transpose(2, 0, 1)
    dpadded = np.zeros(padded_shape, dout.dtype)
    np.add.at(dpadded, picked, dcolumns)
    dx = dpadded[:, :, padding:-padding, padding:-padding]
    return dx, (rows @ columns.T).reshape(w.shape), rows.sum(axis=1)


NUMPY = {
    "ours": (conv2d, conv2d_backward),
    "fancy": (fancy_conv2d, fancy_conv2d_backward),
    "windows": (conv2d_windows, conv2d_windows_backward),
}


def contestants(layer):
    """Forward and backward of all, ready to call on the same arrays; their results have been compared."""
    N, C, H, W, F, K, stride = layer
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in ((N, C, H, W), (F, C, K, K), (F,))]
    tensors = [torch.from_numpy(array).requires_grad_() for array in arrays]
    options = {"stride": stride, "padding": K // 2}

    def torch_forward():
        with torch.no_grad():
            return torch.nn.functional.conv2d(*tensors, **options)

    graph = torch.nn.functional.conv2d(*tensors, **options)
    dout = rng.normal(size=tuple(graph.shape)).astype(np.float32)
    torch_dout = torch.from_numpy(dout)

    def torch_backward():
        return torch.autograd.grad(graph, tensors, torch_dout, retain_graph=True)

    functions = {"torch": (torch_forward, torch_backward)}
    for name, (forward, backward) in NUMPY.items():
        out, cache = forward(*arrays, **options)
        results = zip((out, *backward(dout, cache)), (graph.detach(), *torch_backward()), strict=True)
        for ours, theirs in results:
            scale = float(theirs.abs().max())
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5 * scale, rtol=0, err_msg=name)
        functions[name] = (
            lambda forward=forward: forward(*arrays, **options),
            lambda backward=backward, cache=cache: backward(dout, cache),
        )
    return functions


def measured(layer, rounds):
    """Best seconds (forward, backward) of each contestant by name."""
    functions = contestants(layer)
    windows = functions.pop("windows")
    best = best_of(rounds, *(function for pair in functions.values() for function in pair))
    by_name = dict(zip(functions, zip(best[::2], best[1::2], strict=True), strict=True))
    return by_name | {"windows": tuple(best_of(2, *windows))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40, help="calls of each function (default 40)")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, torch {torch.__version__}; "
        f"{processor()}; 1 thread, float32, best of {rounds}, interleaved, processor time\n"
    )
    times = [measured(layer, rounds) for layer in LAYERS]

    verdicts = []
    for index, direction in enumerate(("forward", "backward")):
        print(f"{direction + ', ms':<27}{'torch':>8} {'ours':>8} {'fancy':>8} {'windows':>8}", end="")
        print(f" {'ours/torch':>11} {'fancy/ours':>11}")
        to_torch, to_fancy = [], []
        for (N, C, H, W, F, K, stride), seconds in zip(LAYERS, times, strict=True):
            peer, ours, fancy, windows = (
                seconds[name][index] * 1e3 for name in ("torch", "ours", "fancy", "windows")
            )
            to_torch.append(ours / peer)
            to_fancy.append(fancy / ours)
            name = f"{N}x{C}x{H}x{W}, {F} of {K}x{K}" + (f", /{stride}" if stride > 1 else "")
            print(f"{name:<27}{peer:>8.2f} {ours:>8.2f} {fancy:>8.2f} {windows:>8.2f}", end="")
            print(f" {to_torch[-1]:>11.2f} {to_fancy[-1]:>11.2f}")
        mean = geometric_mean(to_torch)
        print(f"{'geometric mean':<63}{mean:>11.2f} {geometric_mean(to_fancy):>11.2f}\n")
        worst, least = max(to_torch), min(to_fancy)
        verdicts += [
            (f"{direction}, every layer: at most {EACH_LIMIT} x torch", worst, worst <= EACH_LIMIT),
            (f"{direction}, geometric mean: at most {MEAN_LIMIT} x torch", mean, mean <= MEAN_LIMIT),
            (
                f"{direction}, every layer: at least {FANCY_LIMIT} x fancy's speed",
                least,
                least >= FANCY_LIMIT,
            ),
        ]
    for target, value, reached in verdicts:
        print(f"{'reached' if reached else 'MISSED ':<8} {target}: {value:.2f}")


if __name__ == "__main__":
    main()
