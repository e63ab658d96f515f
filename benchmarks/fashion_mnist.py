"""Fashion-MNIST by the recipe ``fashion-mnist``: ``python benchmarks/fashion_mnist.py``.

Target: 90 % on the embedded test images in at most 60 s of training on two CPU cores, mean of five seeds.
OMP_NUM_THREADS says how many threads; seconds are those of training, validation left out, as ``fit`` counts.
"""

import argparse
import statistics

import torch

from course_utils import models
from course_utils.data import fashion_mnist
from course_utils.data.augment import AlternatingFlip
from course_utils.data.device_loader import DeviceLoader
from course_utils.experiments.record import machine
from course_utils.training import RECIPES, best_device, fit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many (default 5)")
    seeds = parser.parse_args().seeds
    recipe = RECIPES["fashion-mnist"]
    images, labels, _ = fashion_mnist("train")
    test = fashion_mnist("test")
    made = machine()
    print(
        f"{made['processor']}, {made['device']}, threads: {made['threads']}; torch {torch.__version__}; "
        f"small_convnet, {len(images)} images, {recipe.epochs} epochs\n"
    )
    print(f"{'seed':>4} {'accuracy':>9} {'seconds':>8}")
    results = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        model = models.create("small_convnet")
        train = DeviceLoader(
            images,
            labels,
            recipe.batch_size,
            device=best_device(),
            shuffle=True,
            augment=[AlternatingFlip()],
            seed=seed,
        )
        history = fit(model, train, test, recipe.replace(seed=seed), progress=False)
        results.append((history.rows[-1].valid_accuracy, history.seconds))
        print(f"{seed:>4} {results[-1][0]:>9.4f} {results[-1][1]:>8.1f}", flush=True)
    accuracy, seconds = (statistics.mean(column) for column in zip(*results, strict=True))
    print(f"mean {accuracy:>9.4f} {seconds:>8.1f}")


if __name__ == "__main__":
    main()
