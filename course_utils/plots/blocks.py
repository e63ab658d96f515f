"""A block drawn from its code: branches side by side, sums and concatenations, shapes on the lines."""

from functools import cache
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from course_utils.plots.layered import place
from course_utils.plots.style import COLOURS

# A colour for each kind of node; every box also says in words what it is.
KINDS = {
    "conv": "blue", "pointwise": "sky", "grouped": "purple", "pool": "green", "linear": "ochre",
    "merge": "vermilion", "other": "muted", "light": "muted",
}  # fmt: skip
LABEL, SMALL = 9.5, 8.0  # points
LINE = {LABEL: 0.175, SMALL: 0.15}  # inches
PADDING = 0.09
RADIUS = 0.15  # of a sum or product
TIP = 0.09  # length of an arrow's head
CROWD = 4  # boxes side by side


def show_block(module, input_shape, *, leaves=(), shapes=True, fused=True):
    """Draw a block's forward pass from top to bottom: its branches, where they meet, shapes on the lines.

    The picture is made from the module's own code, which runs once without data. Batch norms, activations
    and shuffles are small strips of the box they belong to: above it if they run before the layer, below it
    if after.

    Parameters
    ----------
    module
        A ``torch.nn.Module``: any block whose forward pass does not look at the values in its tensors.
    input_shape
        (C, H, W) without the batch; a list of such shapes if ``forward`` takes several inputs.
    leaves
        Classes of modules to draw as one box instead of opening them.
    shapes
        Write C × H × W on the lines.
    fused
        False draws every batch norm and activation as a box of its own.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        ``module`` is not a module.
    ValueError
        ``input_shape`` is not a shape, or not one that the module can take.
    """
    # Here and not above, because it needs torch.
    from course_utils.plots.graphs import fuse, trace  # only for pages that say show_block

    nodes = trace(module, input_shape, leaves)
    return _Picture(fuse(nodes) if fused else nodes, shapes).draw()


@cache
def text_width(text, size):
    """Inches that a text takes in the figures' font."""
    font = FontProperties(family=mpl.rcParams["font.family"], size=size)
    return TextPath((0, 0), text, prop=font).get_extents().width / 72 if text.strip() else 0.0


def draw_box(ax, x, y, width, height, colour, alpha=0.22):
    """A rounded box with its upper edge's middle at (x, y), on axes in inches that point down."""
    for fc, ec, opacity, zorder in (
        (COLOURS["paper"], "none", 1, 2),
        (COLOURS[colour], "none", alpha, 2),
        ("none", COLOURS[colour], 1, 3),
    ):
        ax.add_patch(
            FancyBboxPatch(
                (x - width / 2, y), width, height, boxstyle="round,pad=0,rounding_size=0.05", fc=fc, ec=ec,
                alpha=opacity, lw=1.1, zorder=zorder,
            )
        )  # fmt: skip


class _Box:
    """What is written in a node's box, and how large it is; inches."""

    def __init__(self, node, crowded):
        self.node = node
        self.round = node.kind == "merge" and len(node.label) == 1
        label = node.label
        if crowded and node.kind != "input":  # the shape below says how many channels
            label = label.partition(",")[0].replace(" ", "\n", 1)
        size = SMALL if node.kind == "light" else LABEL
        self.lines = [(line, size) for line in label.split("\n")]
        if node.kind == "input":
            self.lines.append((shape_text(node), SMALL))
        if node.detail:
            self.lines.append((node.detail, SMALL))
        self.width = max(text_width(*line) for line in self.lines) + 2 * PADDING
        if node.kind == "merge" and not self.round:
            self.width = max(self.width, 0.3 * len(node.sources))
        self.core = 0.11 + sum(LINE[size] for _, size in self.lines)
        self.before, self.after = self._strips(node.before), self._strips(node.after)
        for strip in (*self.before, *self.after):
            self.width = max(self.width, text_width(strip, SMALL) + 2 * PADDING)
        self.height = self.core + sum(map(_strip_height, (self.before, self.after)))
        if self.round:
            self.width = self.height = 2 * RADIUS

    def _strips(self, words):
        """The words in lines hardly broader than the label."""
        lines = []
        for word in words:
            longer = f"{lines[-1]}, {word}" if lines else word
            if lines and text_width(longer, SMALL) <= max(self.width, 1.2) - 2 * PADDING:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def draw(self, ax, x, y):
        """Draw it with the middle of its upper edge at (x, y)."""
        kind = self.node.kind
        if self.round:
            for fc, ec, alpha in (
                (COLOURS["paper"], "none", 1), (COLOURS["vermilion"], "none", 0.22),
                ("none", COLOURS["vermilion"], 1),
            ):  # fmt: skip
                ax.add_patch(Circle((x, y + RADIUS), RADIUS, fc=fc, ec=ec, alpha=alpha, lw=1.1, zorder=3))
            ax.text(x, y + RADIUS, self.node.label, ha="center", va="center", fontsize=12, zorder=4)
            return
        y = self._draw_strip(ax, x, y, self.before)
        if kind != "input":
            draw_box(ax, x, y, self.width, self.core, KINDS[kind], 0 if kind == "light" else 0.22)
        below = y + 0.055
        for i, (line, size) in enumerate(self.lines):
            muted = kind == "input" and i > 0
            ax.text(
                x, below + LINE[size] / 2, line, ha="center", va="center", fontsize=size, zorder=4,
                color=COLOURS["muted" if muted else "ink"],
            )  # fmt: skip
            below += LINE[size]
        self._draw_strip(ax, x, y + self.core, self.after)

    def _draw_strip(self, ax, x, y, lines):
        if not lines:
            return y
        height = _strip_height(lines)
        draw_box(ax, x, y, self.width, height, KINDS[self.node.kind], 0)
        for i, line in enumerate(lines):
            middle = y + 0.02 + (i + 0.5) * LINE[SMALL]
            ax.text(x, middle, line, ha="center", va="center", fontsize=SMALL, zorder=4)
        return y + height


def _strip_height(lines):
    return LINE[SMALL] * len(lines) + 0.04 if lines else 0.0


def shape_text(node):
    return " × ".join(map(str, node.shape))


class _Picture:
    """The layout of the boxes, in inches, and their drawing."""

    def __init__(self, nodes, shapes):
        self.nodes, self.shapes = nodes, shapes
        depth = {}
        for node in nodes:
            depth[node] = max((depth[s] + 1 for s in node.sources), default=0)
        self.crowded = max(list(depth.values()).count(d) for d in depth.values()) > CROWD
        self.boxes = {node: _Box(node, self.crowded) for node in nodes}
        self.layers, self.lines = place(
            nodes,
            lambda node: node.sources,
            self._room,
            gap=0.12 if self.crowded else 0.16,
            lane=0.2,
            most=CROWD,
            broad=lambda node: not self.boxes[node].round,
        )
        fed = {source for node in nodes for source in node.sources}
        self.ends = [node for node in nodes if node not in fed]
        self.tops, self.heights = [], []
        y = 0.04
        for i, layer in enumerate(self.layers):
            boxes = [self.boxes[spot.node] for spot in layer if spot.node]
            self.tops.append(y)
            self.heights.append(max(box.height for box in boxes))
            bends = i + 1 < len(self.layers) and any(
                abs(a.x - b.x) > 0.1 for line in self.lines
                for a, b in pairwise(line) if a.layer == i
            )  # fmt: skip
            y += self.heights[-1] + self._tail(i) + (0.24 if bends else 0.12)
        self.bottom = y + (0.0 if shapes else 0.08)  # room for the last arrow

    def _room(self, node):
        """The width to keep free for a node: of its box, or of the shape on the line below it."""
        box = self.boxes[node]
        if not self.shapes or node.kind == "input":
            return box.width
        return max(box.width, text_width(shape_text(node), SMALL) + 0.04)

    def _tail(self, layer):
        """How far lines run straight down from a layer's boxes: past the shapes, if there are any."""
        inputs = all(spot.node is None or spot.node.kind == "input" for spot in self.layers[layer])
        return 0.34 if self.shapes and not inputs else 0.05

    def draw(self):
        spots = [spot for layer in self.layers for spot in layer]
        left = min(spot.x - spot.width / 2 for spot in spots) - 0.05
        right = max(spot.x + spot.width / 2 for spot in spots) + 0.05
        fig = plt.figure(figsize=(right - left, self.bottom), layout="none")
        ax = fig.add_axes([0, 0, 1, 1])
        ax.set(xlim=(left, right), ylim=(self.bottom, 0))
        ax.axis("off")
        for line in self.lines:
            self._draw_line(ax, line)
        for spot in spots:
            if spot.node is not None:
                self._draw_spot(ax, spot)
        return fig

    def _edges(self, spot):
        """Upper and lower edge of a spot's box, which stands in the middle of its layer."""
        top = self.tops[spot.layer] + (self.heights[spot.layer] - self.boxes[spot.node].height) / 2
        return top, top + self.boxes[spot.node].height

    def _straight_to(self, spot):
        """Down to where a line that leaves or passes a layer runs straight."""
        return self.tops[spot.layer] + self.heights[spot.layer] + self._tail(spot.layer)

    def _draw_line(self, ax, line):
        """A line from the bottom of its first spot to the top (or side) of its last."""
        first, *between, last = line
        points = [(first.x, self._edges(first)[1]), (first.x, self._straight_to(first))]
        codes = [Path.MOVETO, Path.LINETO]

        def curve(x, y):
            x0, y0 = points[-1]
            points.extend([(x0, (y0 + y) / 2), (x, (y0 + y) / 2), (x, y)])
            codes.extend([Path.CURVE4] * 3)

        for spot in between:
            curve(spot.x, self.tops[spot.layer])
            points.append((spot.x, self._straight_to(spot)))
            codes.append(Path.LINETO)
        x, y = last.x, self._edges(last)[0]
        come = points[-1][0]
        if not self.crowded and between and self.boxes[last.node].round and abs(come - x) > 2 * RADIUS:
            side = 1 if come > x else -1
            y += RADIUS
            points += [(come, y - 0.12), (come, y), (come - side * 0.12, y), (x + side * (RADIUS + 0.05), y)]
            codes += [Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO]
            tip, back = (x + side * RADIUS, y), (x + side * (RADIUS + TIP), y)
        else:
            x = self._landing(line)
            curve(x, y - 0.05)
            tip, back = (x, y), (x, y - TIP)
        self._stroke(ax, points, codes)
        _draw_tip(ax, back, tip)

    def _landing(self, line):
        """Where a line meets its target: the middle, or one of evenly spaced places."""
        *_, before, last = line
        if last.node.kind != "merge" or self.boxes[last.node].round:
            return last.x
        come = sorted(other[-2].x for other in self.lines if other[-1] is last)
        share = (come.index(before.x) + 0.5) / len(come) - 0.5
        return last.x + share * self.boxes[last.node].width

    def _draw_spot(self, ax, spot):
        top, bottom = self._edges(spot)
        self.boxes[spot.node].draw(ax, spot.x, top)
        end = spot.node in self.ends
        if end:
            self._stroke(ax, [(spot.x, bottom), (spot.x, bottom + 0.13)], [Path.MOVETO, Path.LINETO])
            _draw_tip(ax, (spot.x, bottom + 0.18 - TIP), (spot.x, bottom + 0.18))
        if self.shapes and spot.node.kind != "input":
            ax.text(
                spot.x, bottom + (0.28 if end else 0.18), shape_text(spot.node), ha="center", va="center",
                fontsize=SMALL, color=COLOURS["muted"], zorder=5,
                bbox={"fc": COLOURS["paper"], "ec": "none", "pad": 1.0},
            )  # fmt: skip

    @staticmethod
    def _stroke(ax, points, codes):
        path = Path(points, codes)
        ax.add_patch(PathPatch(path, fc="none", ec=COLOURS["muted"], lw=1.2, zorder=1, capstyle="round"))


def _draw_tip(ax, start, end):
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, lw=1.2, color=COLOURS["muted"], shrinkA=0,
            shrinkB=0, zorder=4,
        )
    )  # fmt: skip
