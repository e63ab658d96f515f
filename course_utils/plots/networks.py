"""A whole network from the image to the answers: its stages, and the tensor that each gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import matplotlib.pyplot as plt

from course_utils.plots.blocks import KINDS, LABEL, LINE, SMALL, text_width
from course_utils.plots.style import COLOURS
from course_utils.plots.volumes import SLANT, draw_volume


@dataclass(frozen=True)
class Stage:
    """A layer or a block, or several alike in a row."""

    label: str
    detail: str
    kind: str
    shape: tuple[int, ...]
    """Of the last one's output, without the batch."""
    parameters: int = 0
    macs: int = 0
    times: int = 1


def show_network(model, input_size=None, *, collapse=True, counts=False, leaves=()):
    """Draw a network's stages from top to bottom, each with its output as a box and in numbers.

    Sides and depth of a box go with the square roots of the map's height and width and of the number of
    channels, so that the last map can still be seen. Batch norms and activations are left out.

    Parameters
    ----------
    model
        A ``torch.nn.Module``, or the name of one of ``course_utils.models.names()``.
    input_size
        (C, H, W); may be left out for the course's networks.
    collapse
        Draw equal stages in a row once, with "×3".
    counts
        Also write each stage's parameters and multiply-accumulates.
    leaves
        Classes of modules to show as one stage, although they contain nothing but other modules.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        ``model`` is neither a module nor a name.
    ValueError
        There is no such network, or ``input_size`` is missing or does not fit.
    """
    return _draw(network_stages(model, input_size, collapse=collapse, leaves=leaves), counts)


def network_stages(model, input_size=None, *, collapse=True, leaves=()):
    """The network's stages, the input first; the arguments are those of :func:`show_network`."""
    import torch  # here and not above: the other figures work without torch

    from course_utils import ledger, models  # only for pages that say show_network

    if isinstance(model, str):
        with torch.device("meta"):
            model = models.create(model)
    elif not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be a torch.nn.Module or a name, got {type(model).__name__}")
    input_size = input_size or getattr(model, "input_size", None)
    if input_size is None:
        raise ValueError(f"input_size is missing: (C, H, W) of what {type(model).__name__} takes")
    account = ledger.account(model, tuple(input_size))
    stages = [Stage("input", "", "input", tuple(account.inputs[0][1:]))]
    for path, rows in _units(model, account.rows, tuple(leaves)):
        stage = _stage(model.get_submodule(path) if path else None, rows)
        if stage is None:
            continue
        last = stages[-1]
        if collapse and stage.label == last.label and _alike(stage, last):
            stages[-1] = replace(
                last, shape=stage.shape, times=last.times + 1, parameters=last.parameters + stage.parameters,
                macs=last.macs + stage.macs, detail=last.detail or stage.detail,
            )  # fmt: skip
        else:
            stages.append(stage)
    return stages


def _alike(stage, last):
    """Same layer with the same output; of blocks, the channels may grow as long as the map keeps its size."""
    if stage.kind == "block":
        return stage.shape[1:] == last.shape[1:]
    return stage.shape == last.shape and stage.detail in ("", last.detail)


def _units(model, rows, leaves):
    """(path, rows) of each layer or block, in the order in which they run.

    A block is a module of its own class inside of the network; sequences are opened.
    """
    from torch import nn

    def path_of(row):
        module, path = model, []
        for part in row.module.split(".") if row.module else []:
            module = getattr(module, part)
            path.append(part)
            if isinstance(module, leaves) or not isinstance(module, nn.Sequential | nn.ModuleList):
                return ".".join(path)
        return None  # a function that the network, or a sequence of its, calls itself

    units = []
    for row in rows:
        path = path_of(row)
        if path is None:
            units.append(("", [row]))
        elif units and units[-1][0] == path:
            units[-1][1].append(row)
        else:
            units.append((path, [row]))
    return units


def _stage(module, rows):
    """How a unit is called; None for what the picture leaves out."""
    from torch import nn

    from course_utils.plots.graphs import class_words, describe_module  # only for pages that say show_network

    shape = tuple(rows[-1].output_shape[1:])
    counts = {"parameters": sum(r.parameters for r in rows), "macs": sum(r.macs for r in rows)}
    if module is None:
        kind = rows[0].kind
        if "pool" not in kind and kind != "mean":
            return None
        return Stage(
            "global average pool" if shape[1:] in ((), (1, 1)) else "pool", "", "pool", shape, **counts
        )
    inner = [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    node = describe_module(inner[0] if len(inner) == 1 else module)
    if node is not None:
        unchanged = node.kind == "pool" and tuple(rows[0].input_shape[1:]) == shape and len(shape) == 3
        if node.kind == "light" or (unchanged and "pool to" in node.label):
            return None
        label = node.label.partition(",")[0]
        return Stage(label, node.detail, node.kind, shape, **counts)
    if not any(row.macs for row in rows):
        return None
    before = rows[0].input_shape
    halves = len(before) == 4 and len(shape) == 3 and before[-1] >= 2 * shape[-1] > 0
    return Stage(
        class_words(module),
        f"stride {before[-1] // shape[-1]}" if halves else "",
        "block",
        shape,
        **counts,
    )


GAP = 0.16  # inches between rows


def _draw(stages, counts):
    largest = max(max(stage.shape[1:], default=1) for stage in stages)
    deepest = max(stage.shape[0] for stage in stages)
    sides = {s: [0.85 * sqrt(n / largest) for n in s.shape[1:3] or (1, 1)] for s in stages}
    depth = {s: 1.1 * sqrt(s.shape[0] / deepest) for s in stages}
    words = {s: _words(s) for s in stages}
    left = max(text_width(line, size) for lines in words.values() for line, size in lines) + 0.08
    numbers = {s: _numbers(s, counts) for s in stages}
    right = max(text_width(line, size) for lines in numbers.values() for line, size in lines) + 0.05
    middle = max(sides[s][1] + SLANT[0] * depth[s] for s in stages)

    heights = {}
    for s in stages:
        box = sides[s][0] - SLANT[1] * depth[s]
        text = max(sum(LINE[size] for _, size in lines) for lines in (words[s], numbers[s]))
        heights[s] = max(box, text)
    total = sum(heights.values()) + GAP * (len(stages) - 1) + 0.1
    broad = left + middle + right + 0.2
    fig = plt.figure(figsize=(broad, total), layout="none")
    ax = fig.add_axes([0, 0, 1, 1])
    ax.set(xlim=(0, broad), ylim=(total, 0))
    ax.axis("off")
    y = 0.05
    centre = left + 0.1 + middle / 2
    for stage in stages:
        height, width = sides[stage]
        full = height - SLANT[1] * depth[stage]
        top = y + (heights[stage] - full) / 2
        x = centre - (width + SLANT[0] * depth[stage]) / 2
        colour = {"input": "muted", "block": "blue"}.get(stage.kind) or KINDS[stage.kind]
        draw_volume(ax, (x, top - SLANT[1] * depth[stage]), depth[stage], height, width, colour=colour)
        _write(ax, words[stage], left, y + heights[stage] / 2, "right")
        _write(ax, numbers[stage], left + 0.2 + middle, y + heights[stage] / 2, "left")
        y += heights[stage] + GAP
    return fig


def _words(stage):
    label = f"{stage.label} ×{stage.times}" if stage.times > 1 else stage.label
    return [(label, LABEL)] + ([(stage.detail, SMALL)] if stage.detail else [])


def _numbers(stage, counts):
    lines = [(" × ".join(map(str, stage.shape)), LABEL)]
    if counts and stage.parameters:
        lines.append((f"{_short(stage.parameters)} parameters", SMALL))
    if counts and stage.macs:
        lines.append((f"{_short(stage.macs)} MACs", SMALL))
    return lines


def _short(number):
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number / unit:.3g} {letter}"
    return str(number)


def _write(ax, lines, x, middle, side):
    y = middle - sum(LINE[size] for _, size in lines) / 2
    for line, size in lines:
        colour = COLOURS["ink" if size == LABEL else "muted"]
        ax.text(x, y + LINE[size] / 2, line, ha=side, va="center", fontsize=size, color=colour)
        y += LINE[size]
