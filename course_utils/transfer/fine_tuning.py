"""Fine-tuning: rates that fall towards the input, and schedules that wake a network from its head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from course_utils.training import Recipe, Row, fit_iter
from course_utils.transfer.freezing import freeze, freeze_batch_norm, unfreeze, unfreeze_batch_norm
from course_utils.transfer.stages import HEAD, stages


def parameter_groups(
    model: nn.Module, factor: float = 2.6, *, decay_vectors: bool = True
) -> list[dict[str, Any]]:
    """Parameter groups whose learning rate falls by ``factor`` a stage from the head to the input.

    Howard and Ruder (arXiv:1801.06146) found 2.6 to work well and called it discriminative fine-tuning:
    early stages, which are the most general, change least. Frozen parameters are left out.

    Args:
        model: a network that :func:`~course_utils.transfer.stages.stages` can cut.
        factor: at least 1; 1 is one rate for all.
        decay_vectors: whether biases and normalisation are decayed (as in ``Recipe``).

    Returns:
        For ``fit_iter(..., groups=)``: dictionaries with ``name`` (the stage), ``params``, ``lr_scale`` (1
        for the head) and, for vectors that shall not decay, ``weight_decay``.

    Raises:
        ValueError: ``factor`` is below 1, nothing is trainable, or a parameter lies outside all stages.
    """
    if not factor >= 1:
        raise ValueError(f"factor is {factor!r}: expected at least 1, the rate falls towards the input")
    groups: list[dict[str, Any]] = []
    left = {p: name for name, p in model.named_parameters() if p.requires_grad}
    for distance, stage in enumerate(reversed(stages(model).values())):
        # Weights that stages share go with the one nearest to the head.
        trainable = [p for p in stage.parameters() if left.pop(p, None)]
        common = {"name": stage.name, "lr_scale": factor**-distance}
        if decay_vectors:
            groups.append({**common, "params": trainable})
            continue
        groups.append({**common, "params": [p for p in trainable if p.ndim > 1]})
        groups.append({**common, "params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0})
    if left:
        raise ValueError(
            f"{', '.join(left.values())} belong to no stage, and so have no rate: "
            "give fit_iter groups of your own"
        )
    groups = [group for group in groups if group["params"]]
    if not groups:
        raise ValueError("model has no trainable parameter: unfreeze something before training")
    return groups


@dataclass(frozen=True)
class Phase:
    """One part of a schedule: which stages learn, by which recipe.

    Attributes:
        learns: names of stages; all others are frozen, their batch norm included.
        recipe: of this phase; its schedule of rates starts anew.
        factor: see :func:`parameter_groups`.
    """

    learns: tuple[str, ...]
    recipe: Recipe
    factor: float = 1.0


def head_then_all(model: nn.Module, head: Recipe, whole: Recipe, factor: float = 2.6) -> list[Phase]:
    """Two phases: the new head alone, then everything with discriminative rates.

    A head drawn at random sends large, meaningless gradients back; trained first, it does not spoil what
    the stages below have learned (Kumar et al., arXiv:2202.10054, measure that).
    """
    return [Phase((HEAD,), head), Phase(tuple(stages(model)), whole, factor)]


def gradual(model: nn.Module, recipe: Recipe, factor: float = 2.6) -> list[Phase]:
    """One phase a stage: the head; head and last stage; ... down to the input (arXiv:1801.06146).

    ``recipe.epochs`` are those of each phase.
    """
    names = list(stages(model))
    return [Phase(tuple(names[i:]), recipe, factor) for i in reversed(range(len(names)))]


def fine_tune(
    model: nn.Module, train: Any, valid: Any, phases: Sequence[Phase], **options: Any
) -> Iterator[tuple[int, Row]]:
    """Train ``model`` in place through ``phases``, handing over ``(phase from 0, row)`` after each epoch.

    Args:
        model, train, valid, options: as :func:`~course_utils.training.fit_iter` takes them. Of a
            ``checkpoint`` every phase keeps one of its own, ``name-phase0.ext`` and so on.
        phases: what learns when; :func:`head_then_all` and :func:`gradual` make some. The model is left as
            the last phase had it: its frozen stages stay frozen.

    Raises:
        ValueError: no phase, or a phase names a stage that the network lacks.
    """
    phases = list(phases)
    known = stages(model)
    if not phases:
        raise ValueError("phases is empty: expected at least one Phase")
    for number, phase in enumerate(phases):
        unknown = [name for name in phase.learns if name not in known]
        if unknown or not phase.learns:
            raise ValueError(f"phase {number} trains {phase.learns}: expected some of {', '.join(known)}")
    return _train(model, train, valid, phases, options)


def _train(model, train, valid, phases, options) -> Iterator[tuple[int, Row]]:
    checkpoint = Path(options["checkpoint"]) if options.get("checkpoint") is not None else None
    for number, phase in enumerate(phases):
        freeze(freeze_batch_norm(model))
        unfreeze(unfreeze_batch_norm(model, *phase.learns), *phase.learns)
        groups = parameter_groups(model, phase.factor, decay_vectors=phase.recipe.decay_vectors)
        if checkpoint is not None:
            options["checkpoint"] = checkpoint.with_name(
                f"{checkpoint.stem}-phase{number}{checkpoint.suffix}"
            )
        for row in fit_iter(model, train, valid, phase.recipe, groups=groups, **options):
            yield number, row
