"""How transferable are a network's layers? Yosinski et al.'s experiment (arXiv:1411.1792)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from course_utils.training import Recipe, fit_iter
from course_utils.transfer.freezing import freeze, freeze_batch_norm
from course_utils.transfer.stages import layers


@dataclass(frozen=True)
class Transferred:
    """One network of the experiment.

    Attributes:
        network: in the paper's notation ``"baseB"``, ``"B3B"``, ``"B3B+"``, ``"A3B"``, ``"A3B+"``: trained
            on B with its first three layers from a network trained on B or A, frozen or (+) fine-tuned.
        layers: how many were copied; 0 for the base.
        accuracy: on the classes B of the validation set.
        epochs: validation accuracy after each epoch.
    """

    network: str
    layers: int
    accuracy: float
    epochs: tuple[float, ...]


def split_classes(labels: np.ndarray, seed: int = 0) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two random halves A and B of the classes in ``labels`` (of an odd number B gets one more).

    Raises:
        ValueError: fewer than four classes: each half needs two.
    """
    classes = np.unique(labels)
    if len(classes) < 4:
        raise ValueError(f"labels have {len(classes)} classes: two halves need at least four")
    order = np.random.default_rng(seed).permutation(classes)
    a, b = order[: len(classes) // 2], order[len(classes) // 2 :]
    return tuple(sorted(a.tolist())), tuple(sorted(b.tolist()))


def transferability(
    make: Callable[[int], nn.Module],
    train: tuple,
    valid: tuple,
    recipe: Recipe,
    *,
    classes: tuple[Sequence[int], Sequence[int]] | None = None,
    copied: Sequence[int] | None = None,
    seed: int = 0,
    device: str | torch.device | None = None,
) -> Iterator[Transferred]:
    """Copy the first n layers of a network trained on A or on B, train the rest on B, and compare.

    Four networks for every n. ``BnB`` below ``baseB`` shows layers that had adapted to one another and were
    torn apart; ``AnB`` below ``BnB`` shows layers specific to A; ``BnB+`` should be as good as ``baseB``;
    ``AnB+`` above it is what transfer gains.

    Args:
        make: a function from a number of classes to a fresh network that is one chain of layers.
        train, valid: ``(uint8 images, labels, ...)``, as ``fit_iter`` takes.
        recipe: of every training run alike.
        classes: the halves (A, B); by default :func:`split_classes` of the training labels by ``seed``.
        copied: the n to try; by default 1 to the number of layers but the last.
        seed: of the initial weights. ``baseB`` and every rest start from weights of their own.
        device: as in ``fit_iter``.

    Yields:
        :class:`Transferred`, ``baseB`` first, as soon as each is trained.

    Raises:
        ValueError: halves that overlap or have a class without images, or n out of range.
    """
    a, b = split_classes(train[1], seed) if classes is None else classes
    both = set(a) & set(b)
    if both:
        raise ValueError(f"classes {sorted(both)} are in A and in B: the halves must not overlap")
    data = {
        half: (_only(train, own, "train"), _only(valid, own, "valid")) for half, own in (("A", a), ("B", b))
    }
    depth = len(layers(make(2)))
    copied = range(1, depth) if copied is None else copied
    wrong = [n for n in copied if not 1 <= n < depth]
    if wrong:
        raise ValueError(
            f"copied has {wrong}: expected 1 to {depth - 1}, the last of {depth} layers is the head"
        )
    return _transfer(make, data, len(a), len(b), recipe, copied, seed, device)


def _transfer(make, data, n_a, n_b, recipe, copied, seed, device) -> Iterator[Transferred]:
    def learn(model: nn.Module, half: str, name: str, n: int) -> Transferred:
        epochs = tuple(row.valid_accuracy for row in fit_iter(model, *data[half], recipe, device=device))
        return Transferred(name, n, epochs[-1], epochs)

    def fresh(classes: int, number: int) -> nn.Module:
        torch.manual_seed(seed * 1000 + number)
        return make(classes)

    base = {"A": fresh(n_a, 0), "B": fresh(n_b, 1)}
    learn(base["A"], "A", "baseA", 0)
    yield learn(base["B"], "B", "baseB", 0)
    for n in copied:
        rest = fresh(n_b, 1 + n)  # the same for all four networks of this n
        for source in ("B", "A"):
            for tuned in (False, True):
                model = copy.deepcopy(rest)
                copy_layers(base[source], model, n)
                if not tuned:
                    paths = [path for layer in layers(model)[:n] for path in layer]
                    freeze_batch_norm(freeze(model, *paths), *paths)
                yield learn(model, "B", f"{source}{n}B{'+' if tuned else ''}", n)


def copy_layers(source: nn.Module, target: nn.Module, n: int) -> None:
    """Give ``target`` the first ``n`` layers of ``source``, a network of the same chain: weights, buffers."""
    for paths in layers(source)[:n]:
        for path in paths:
            target.get_submodule(path).load_state_dict(source.get_submodule(path).state_dict())


def _only(data: tuple, classes: Sequence[int], name: str) -> tuple[np.ndarray, np.ndarray]:
    """The images of ``classes``, their labels counted from 0."""
    images, labels = np.asarray(data[0]), np.asarray(data[1])
    missing = sorted(set(classes) - set(np.unique(labels).tolist()))
    if missing:
        raise ValueError(f"{name} has no image of the classes {missing}")
    keep = np.isin(labels, classes)
    order = np.sort(np.asarray(classes))
    return images[keep], np.searchsorted(order, labels[keep])
