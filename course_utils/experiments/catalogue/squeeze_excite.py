"""Squeeze-and-excitation in a chain of six convolutions: what it brings, and what its gates do.

Hu, Shen and Sun (arXiv:1709.01507) report a gain for a tenth more parameters, and that gates depend on the
class in late layers rather than in early ones (section 6.2).
"""

import torch
from torch import nn

from course_utils.data.device_loader import DeviceLoader
from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.training import train
from course_utils.models.squeeze_excite import SqueezeExcite
from course_utils.training import Recipe, evaluate

RECIPE = Recipe(
    epochs=8,
    batch_size=64,
    lr=0.1,
    schedule="triangle",
    warmup=1,
    weight_decay=5e-4,
    precision="bfloat16",
    channels_last=True,
)


def look_at_gates(model: nn.Module, test: DeviceLoader) -> dict:
    """Gates of a trained chain on the test images, and its accuracy with other gates than its own.

    ``accuracy``: with the image's ``own`` gates, with the ``mean`` gates of all images, with those of
    ``another`` image. ``gates``, block by block: ``by_class`` (classes, channels), the mean gates of each
    class; ``between``, their standard deviation over the classes, and ``within``, that of the images of one
    class, both as means over the channels. Empty for a network without gates.
    """
    blocks = [module for module in model.modules() if isinstance(module, SqueezeExcite)]
    if not blocks:
        return {}
    seen: dict[int, list[torch.Tensor]] = {i: [] for i in range(len(blocks))}
    hooks = [
        block.gate.register_forward_hook(lambda _, inputs, gates, i=i: seen[i].append(gates))
        for i, block in enumerate(blocks)
    ]
    with torch.inference_mode():
        accuracy = {"own": evaluate(model, test)[1]}
        own = [torch.cat(parts) for parts in seen.values()]
        _remove(hooks)
        order = torch.randperm(len(test.labels), generator=torch.Generator().manual_seed(0))
        others = {
            "mean": [gates.mean(0, keepdim=True).expand_as(gates) for gates in own],
            "another": [gates[order] for gates in own],
        }
        for kind, gates in others.items():
            accuracy[kind] = accuracy_with(model, test, blocks, gates)
        return {"accuracy": accuracy, "gates": [_by_class(gates, test.labels) for gates in own]}


def accuracy_with(model, test, blocks, gates) -> float:
    """Accuracy with these gates, one tensor (N, C, 1, 1) a block, in the order of the test images."""
    waiting = [iter(block_gates.split(test.batch_size)) for block_gates in gates]
    hooks = [
        block.gate.register_forward_hook(lambda _, inputs, own, batches=batches: next(batches))
        for block, batches in zip(blocks, waiting, strict=True)
    ]
    try:
        return evaluate(model, test)[1]
    finally:
        _remove(hooks)


def _by_class(gates, labels) -> dict:
    groups = [gates[labels == label, :, 0, 0] for label in labels.unique()]
    means = torch.stack([group.mean(0) for group in groups])
    return {
        "by_class": [[round(gate, 3) for gate in row] for row in means.tolist()],
        "between": means.std(0).mean().item(),
        "within": torch.stack([group.std(0) for group in groups]).mean().item(),
    }


def _remove(hooks) -> None:
    for hook in hooks:
        hook.remove()


def _run(case: Case):
    return train(case, inspect=look_at_gates)


def _case(label: str, reduction: int = 0, widths: tuple[int, ...] = (16, 32, 64)) -> Case:
    return Case(
        label,
        {
            "network": {"name": "chain", "side": 14, "reduction": reduction, "widths": list(widths)},
            "data": {"train": 6000, "test": 2000, "side": 14},
            "recipe": RECIPE.to_dict(),
            "seeds": [0, 1, 2],
        },
    )


def findings(outcomes):
    gated, plain, wider = (outcomes[label] for label in ("gated, ratio 4", "plain", "plain, wider"))

    def mean(kind):
        return sum(run["accuracy"][kind] for run in gated["runs"]) / len(gated["runs"])

    def between(block):
        return sum(run["gates"][block]["between"] for run in gated["runs"])

    return {
        "gates make the chain more accurate": gated["score"] > plain["score"],
        "more than the same parameters spent on width": gated["score"] > wider["score"],
        "mean gates instead of an image's own cost at least one point": mean("mean") < mean("own") - 0.01,
        "the gates of another image cost more than the mean gates": mean("another") < mean("mean"),
        "gates differ more between classes in the last layer than in the first": between(-1) > between(0),
    }


EXPERIMENT = Experiment(
    question="What do six squeeze-and-excitation blocks bring, and how much do they depend on the image?",
    cases=(
        _case("plain"),
        _case("gated, ratio 4", reduction=4),
        _case("gated, ratio 16", reduction=16),
        _case("plain, wider", widths=(17, 34, 66)),
    ),
    run=_run,
    findings=findings,
    tolerance=0.03,
)
