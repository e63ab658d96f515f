"""Images per second of `fit` against a plain PyTorch loop and Hugging Face accelerate's, in one run.

All three train the same network on the same images with the same batch size, optimizer and precision:

- plain: `DataLoader` over a `TensorDataset`, the loop of PyTorch's own quickstart tutorial
- accelerate: the same, prepared by an `Accelerator` (its `examples/cv_example.py`)
- fit: `course_utils.training.fit` on a `DeviceLoader`

Each takes its turn, several rounds over; a line gives the best round and the median ratio, round by
round, so a machine whose speed drifts does not decide. Run:

    python benchmarks/training.py [--rounds 5] [--images 4000] [--model small_convnet] [--batch-size 128]
"""

import argparse
import platform
import statistics
import time

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

from course_utils.data import fashion_mnist
from course_utils.models import create
from course_utils.training import Recipe, best_device, fit_iter
from course_utils.training.devices import synchronize


def model_of(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return create(name, num_classes=10, in_channels=1)


def dataset(images, labels) -> TensorDataset:
    return TensorDataset(torch.from_numpy(images).float().div(255), torch.from_numpy(labels).long())


def plain(name, images, labels, recipe, device) -> float:
    loader = DataLoader(dataset(images, labels), recipe.batch_size, shuffle=True)
    model = model_of(name).to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), recipe.lr, recipe.momentum)
    synchronize(device)
    start = time.perf_counter()
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    synchronize(device)
    return len(images) / (time.perf_counter() - start)


def accelerated(name, images, labels, recipe, device) -> float:
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=device.type == "cpu")
    model = model_of(name)
    optimizer = torch.optim.SGD(model.parameters(), recipe.lr, recipe.momentum)
    loader = DataLoader(dataset(images, labels), recipe.batch_size, shuffle=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    model.train()
    synchronize(device)
    start = time.perf_counter()
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
    synchronize(device)
    return len(images) / (time.perf_counter() - start)


def ours(name, images, labels, recipe, device) -> float:
    (row,) = fit_iter(model_of(name), (images, labels), None, recipe, device=device)
    return row.images_per_second


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--model", default="small_convnet")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--precision", default="float32", help="of `fit` alone: what a recipe adds")
    options = parser.parse_args()

    device = best_device()
    where = (
        torch.cuda.get_device_name() if device.type == "cuda" else platform.processor() or platform.machine()
    )
    print(f"torch {torch.__version__}, {device.type}: {where}, {torch.get_num_threads()} threads")
    print(f"{options.model}, batches of {options.batch_size}, {options.images} images an epoch\n")

    images, labels, _ = fashion_mnist("train")
    images, labels = images[: options.images], labels[: options.images]
    recipe = Recipe(epochs=1, batch_size=options.batch_size, lr=0.05)
    contestants = {
        "plain loop": (plain, recipe),
        "accelerate": (accelerated, recipe),
        "fit": (ours, recipe),
    }
    if options.precision != "float32":
        faster = recipe.replace(precision=options.precision, channels_last=True)
        contestants[f"fit, {options.precision}, channels last"] = (ours, faster)

    speeds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(options.rounds + 1):  # the first round warms up
        for name, (run, its) in contestants.items():
            speeds[name].append(run(options.model, images, labels, its, device))
    print(f"{'':32s}{'images/s':>12s}{'to plain':>10s}")
    for name, values in speeds.items():
        pairs = zip(values[1:], speeds["plain loop"][1:], strict=True)
        ratio = statistics.median(own / base for own, base in pairs)
        print(f"{name:32s}{max(values[1:]):12,.0f}{ratio:10.2f}")


if __name__ == "__main__":
    main()
