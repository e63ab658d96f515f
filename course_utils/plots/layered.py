"""Where the boxes of a graph go: layers from top to bottom, few crossings, lines as straight as can be.

The steps are those of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System
Structures" (IEEE SMC 11(2), 1981): layers, order within them, coordinates.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import lsq_linear


@dataclass(eq=False)
class Spot:
    """A box, or a place that a long line passes through (no ``node``)."""

    node: object | None
    width: float
    layer: int
    x: float = 0.0


def place(nodes, sources, widths, *, gap, lane, most=4, broad=lambda node: True):
    """Lay a directed acyclic graph out in layers.

    :param nodes: in an order in which every node comes after its sources.
    :param sources: function of a node: the nodes that its lines come from.
    :param widths: function of a node: how wide its box is.
    :param gap: least distance between two boxes of a layer.
    :param lane: width of the lane that is kept free for a line passing a layer.
    :param most: a layer of more boxes than that becomes two, so that the picture stays narrow;
    :param broad: function of a node: does it count for that?
    :returns: list of layers, top first, each a list of :class:`Spot` from left to right; and the lines, each
        the list of spots that it passes, from its source to its target.
    """
    depth = {}
    for node in nodes:
        depth[node] = max((depth[s] + 1 for s in sources(node)), default=0)
    for node in reversed(nodes):  # close to what it feeds: sources of one sum stand side by side
        users = [depth[u] for u in nodes if node in sources(u)]
        if users and sources(node):
            depth[node] = min(users) - 1
    layers, lines = _lay(nodes, sources, widths, depth, lane)

    def boxes_of(layer):
        return [spot.node for spot in layer if spot.node is not None and broad(spot.node)]

    crowded = [layer for layer in layers if len(boxes_of(layer)) > most]
    if crowded:
        lower = {}
        for layer in crowded:
            lower |= dict.fromkeys(boxes_of(layer)[1::2])
        down = {node: d + sum(layer[0].layer < d for layer in crowded) for node, d in depth.items()}
        layers, lines = _lay(nodes, sources, widths, {n: d + (n in lower) for n, d in down.items()}, lane)
    _coordinates(layers, lines, gap)
    return layers, lines


def _lay(nodes, sources, widths, depth, lane):
    """Layers in a good order, and lines, for given depths."""
    spots = {node: Spot(node, widths(node), depth[node]) for node in nodes}
    lines = []
    for node in nodes:
        for source in sources(node):
            between = [Spot(None, lane, layer) for layer in range(depth[source] + 1, depth[node])]
            lines.append([spots[source], *between, spots[node]])
    return _ordered(list(spots.values()), lines), lines


def _ordered(spots, lines):
    """The layers with their spots in an order that crosses few lines."""
    links = [pair for line in lines for pair in pairwise(line)]
    every = list(dict.fromkeys([*spots, *(spot for line in lines for spot in line)]))
    layers = [[] for _ in range(1 + max(spot.layer for spot in every))]
    seen = set()

    def visit(spot):
        if spot in seen:
            return
        seen.add(spot)
        layers[spot.layer].append(spot)
        for one, other in links:
            if one is spot:
                visit(other)

    for spot in every:
        visit(spot)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, links)
    for sweep in range(12):
        down = sweep % 2 == 0
        for layer in layers[1:] if down else layers[-2::-1]:
            rank = {spot: i for row in layers for i, spot in enumerate(row)}
            near = {
                spot: [rank[a] for a, b in links if b is spot] if down
                else [rank[b] for a, b in links if a is spot]
                for spot in layer
            }  # fmt: skip
            layer.sort(key=lambda spot, near=near, rank=rank: np.mean(near[spot] or [rank[spot]]))
        crossings = _crossings(layers, links)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _crossings(layers, links):
    rank = {spot: i for layer in layers for i, spot in enumerate(layer)}
    ends = [(a.layer, rank[a], rank[b]) for a, b in links]
    return sum(
        (p[1] - q[1]) * (p[2] - q[2]) < 0 for i, p in enumerate(ends) for q in ends[:i] if p[0] == q[0]
    )


def _coordinates(layers, lines, gap):
    """The x of every spot: least squares of the lines' slants, with distances kept within a layer."""
    index, offset = {}, {}
    count = sum(map(len, layers))
    lower = np.full(count, -np.inf)
    k = 0
    for layer in layers:  # x = x of the layer's first spot + least distances + slacks >= 0
        row, least = np.zeros(count), 0.0
        for i, spot in enumerate(layer):
            if i:
                least += (layer[i - 1].width + spot.width) / 2 + gap
                lower[k] = 0
            row = row.copy()
            row[k] = 1
            index[spot], offset[spot] = row, least
            k += 1
    pull, target = [], []
    wide = max(sum(spot.node is not None for spot in layer) for layer in layers) > 2
    for line in lines:
        for a, b in pairwise(line):
            ends = (a.node is None) + (b.node is None)
            weight = {0: 1.0, 1: 1.0 if wide else 0.02, 2: 12.0}[ends]
            pull.append(weight * (index[a] - index[b]))
            target.append(weight * (offset[b] - offset[a]))
    for layer in layers:  # and everything near the middle
        for spot in layer:
            pull.append(1e-3 * index[spot])
            target.append(-1e-3 * offset[spot])
    found = lsq_linear(np.array(pull), np.array(target), (lower, np.inf)).x
    for layer in layers:
        for spot in layer:
            spot.x = float(index[spot] @ found + offset[spot])
