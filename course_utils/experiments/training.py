"""What the training experiments share: settings in, histories out."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils import models
from course_utils.data import augment, fashion_mnist
from course_utils.data.device_loader import DeviceLoader
from course_utils.experiments.chain import chain
from course_utils.experiments.experiment import Case, Outcome
from course_utils.training import NonFiniteLoss, Recipe, best_device, fit_iter


def train(
    case: Case,
    measure: str = "valid_accuracy",
    inspect: Callable[[nn.Module, DeviceLoader], dict[str, Any]] | None = None,
) -> Outcome:
    """Train the case's network once for each of its seeds.

    ``settings``: ``network`` (see :func:`build`), ``data`` (see :func:`load`), ``augment`` (name ->
    arguments), ``recipe``, ``seeds`` (of initial weights and training).

    The outcome: ``score``, the mean over the seeds of the last row's ``measure`` (for a run whose loss became
    no number, that of guessing: one in the number of classes), ``runs`` with each seed's rows, ``parameters``
    of the network. What ``inspect(network, test images)`` finds in each trained network is added to its run.
    """
    settings = case.settings
    recipe = Recipe(**settings["recipe"])
    (images, labels), valid = load(settings["data"])
    steps = [getattr(augment, kind)(**options) for kind, options in settings.get("augment", {}).items()]
    runs = []
    for seed in settings["seeds"]:
        torch.manual_seed(seed)
        model = build(settings["network"])
        loader = DeviceLoader(
            images,
            labels,
            recipe.batch_size,
            device=best_device(),
            shuffle=True,
            augment=steps,
            seed=seed,
        )
        rows, diverged = [], None
        try:
            for row in fit_iter(model, loader, valid, recipe.replace(seed=seed)):
                rows.append(dataclasses.asdict(row))
        except NonFiniteLoss as error:
            diverged = str(error)
        guess = 1 / len(np.unique(labels))
        score = guess if diverged else rows[-1][measure]
        run = {"seed": seed, "score": score, "diverged": diverged, "rows": rows}
        if inspect and not diverged:
            run |= inspect(model, DeviceLoader(*valid, 500, device=best_device(), like=loader))
        runs.append(run)
    return {
        "score": statistics.mean(run["score"] for run in runs),
        "parameters": sum(p.numel() for p in model.parameters()),
        "runs": runs,
    }


def build(network: dict[str, Any]) -> nn.Module:
    """``{"name": ..., **options}``: a registered network, or ``"chain"``."""
    options = dict(network)
    name = options.pop("name")
    return chain(**options) if name == "chain" else models.create(name, **options)


def load(data: dict[str, Any]) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Training and test images of the embedded Fashion-MNIST.

    ``{"train": images, "test": images, "side": 28 or 14}``: the first so many (balanced over the classes); at
    14 pixels each is the mean of four.
    """
    sets = []
    for split in ("train", "test"):
        images, labels, _ = fashion_mnist(split)
        images, labels = images[: data[split]], labels[: data[split]]
        if data["side"] == 14:
            n, c, h, w = images.shape
            images = np.rint(images.reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))).astype(np.uint8)
        sets.append((images, labels))
    return sets[0], sets[1]


def best(outcomes: dict[str, Outcome], prefix: str) -> float:
    """The highest score among the cases whose label begins with ``prefix``."""
    return max(outcome["score"] for label, outcome in outcomes.items() if label.startswith(prefix))
