"""What an account consists of: rows, totals, and other ways to look at the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

Shape = tuple[int, ...]

# Which rows the tables of lectures and papers have. "layers" is the decks' choice: the boxes of a diagram.
ROW_SETS: dict[str, Callable[[Row], bool]] = {
    "all": lambda row: True,
    "computing": lambda row: not row.is_view,
    "layers": lambda row: row.macs > 0 or "pool" in row.kind or row.kind == "flatten",
    "weights": lambda row: row.macs > 0,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One operation that the model did."""

    index: int
    module: str
    """Path of the module whose ``forward`` made the call; empty for the model itself."""
    layer: str
    """That module's class."""
    kind: str
    """The function: ``conv2d``, ``add``, ``cat``, ``max_pool2d``, ..."""
    inputs: tuple[Shape, ...]
    """Shapes of the operands other than parameters, batch included."""
    outputs: tuple[Shape, ...]
    parameters: int
    """Parameters used here for the first time, biases included."""
    biases: int
    """How many of these are biases (the shifts of normalisation layers among them)."""
    reused_parameters: int
    """Parameters used here that an earlier row has counted: a shared layer."""
    macs: int
    """Multiply-accumulates of convolutions and matrix products; other operations have none."""
    output_bytes: int
    """Size of the outputs, whoever owns the memory."""
    activation_bytes: int
    """New memory for the outputs: 0 for a view and for an operation in place."""
    saved_bytes: int
    """Memory that autograd keeps for the backward pass because of this row, parameters excepted."""
    receptive_field: tuple[int | float, ...] | None
    """Side of the window of the input that one output value depends on, per spatial axis, in pixels, padding
    included. None where the output does not depend on an input's pixels in a way that is known."""
    jump: tuple[int | float, ...] | None
    """Distance in input pixels between the windows of neighbouring outputs; None once all see the same."""
    centre: tuple[int | float, ...] | None
    """Centre of the first output's window, in pixels of the input (0 is the first pixel's middle)."""
    covers_input: bool
    """Every output value depends on the whole input."""
    is_view: bool
    """Nothing is computed or copied: another shape for the same memory."""

    @property
    def flops(self) -> int:
        """Floating-point operations: one multiply-accumulate is a multiplication and an addition."""
        return 2 * self.macs

    @property
    def input_shape(self) -> Shape:
        return self.inputs[0] if self.inputs else ()

    @property
    def output_shape(self) -> Shape:
        return self.outputs[0]

    @property
    def name(self) -> str:
        return f"{self.module}.{self.kind}".lstrip(".")


@dataclass(frozen=True)
class Ledger:
    """The account of one forward pass: :attr:`rows` in order, and their totals.

    Print it, show it in a notebook, or take :meth:`to_frame`. MACs count the multiply-accumulates of
    convolutions and matrix products; FLOPs are twice that. Biases, normalisation, activations, additions and
    pooling are in neither, as in the literature.
    """

    name: str
    rows: tuple[Row, ...]
    inputs: tuple[Shape, ...]
    training: bool
    unused: dict[str, int] = field(default_factory=dict)
    """Parameters that this pass never used (auxiliary heads, say): name and count."""
    parameter_bytes: int = 0
    trainable: int = 0
    """Parameters that require a gradient, of the whole model."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, module: str) -> tuple[Row, ...]:
        """The rows of one module and of everything inside it, by its path."""
        found = tuple(r for r in self.rows if r.module == module or r.module.startswith(module + "."))
        if not found:
            known = ", ".join(dict.fromkeys(r.module for r in self.rows if r.module))
            raise KeyError(f"no operation of a module {module!r}; modules with operations: {known}")
        return found

    # ----- totals

    @property
    def parameters(self) -> int:
        """Each parameter once, used in this pass or not."""
        return sum(row.parameters for row in self.rows) + sum(self.unused.values())

    @property
    def macs(self) -> int:
        return sum(row.macs for row in self.rows)

    @property
    def flops(self) -> int:
        return 2 * self.macs

    @property
    def activation_bytes(self) -> int:
        """Memory that the rows' outputs take when nothing is freed."""
        return sum(row.activation_bytes for row in self.rows)

    @property
    def saved_bytes(self) -> int:
        """What autograd keeps between the forward and the backward pass, parameters excepted."""
        return sum(row.saved_bytes for row in self.rows)

    @property
    def receptive_field(self) -> tuple[int | float, ...] | None:
        """Of the last map that still has places, before global pooling or flattening: the largest one."""
        return max((row.receptive_field for row in self.rows if row.jump), key=prod, default=None)

    # ----- other tables of the same pass

    def restrict(
        self, rows: str | set[str] | Callable[[Row], bool] = "all", *, biases: bool = True
    ) -> Ledger:
        """The same account by another convention.

        :param rows: ``"all"``; ``"computing"`` (no views); ``"layers"`` (convolutions, matrix products,
            pooling and flattening, as the decks tabulate); ``"weights"`` (convolutions and matrix products);
            a set of kinds; or a function of a row.
        :param biases: False counts no biases among the parameters.
        :raises ValueError: a name that is none of these.
        """
        if isinstance(rows, str):
            if rows not in ROW_SETS:
                raise ValueError(
                    f"rows must be one of {', '.join(ROW_SETS)}, a set of kinds or a function, got {rows!r}"
                )
            keep = ROW_SETS[rows]
        else:
            keep = rows if callable(rows) else lambda row: row.kind in rows
        chosen = [row for row in self.rows if keep(row)]
        if not biases:
            chosen = [replace(row, parameters=row.parameters - row.biases, biases=0) for row in chosen]
        unused = self.unused if rows == "all" else {}
        if not biases:
            unused = {name: n for name, n in unused.items() if "bias" not in name.rpartition(".")[2]}
        return replace(self, rows=tuple(chosen), unused=unused)

    def fold(self, depth: int = 1) -> Ledger:
        """One row for each run of operations in the same module down to ``depth`` levels: a table of stages.

        Counts are summed; shapes, receptive field and jump are those of the stage's last operation.
        """
        if depth < 1:
            raise ValueError(f"depth must be at least 1, got {depth!r}")
        stages = []
        for path, group in groupby(self.rows, lambda row: ".".join(row.module.split(".")[:depth])):
            members = list(group)
            summed = {name: sum(getattr(row, name) for row in members) for name in _SUMMED}
            single = len(members) == 1
            stages.append(
                replace(
                    members[-1],
                    index=len(stages),
                    module=path,
                    kind=members[0].kind if single else "stage",
                    inputs=members[0].inputs,
                    is_view=all(row.is_view for row in members),
                    **summed,
                )
            )
        return replace(self, rows=tuple(stages))

    def to_frame(self) -> DataFrame:
        """A pandas data frame, one line a row, with the columns of :class:`Row` and ``flops``.

        :raises ImportError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_frame() needs pandas: pip install pandas") from error
        names = [f.name for f in fields(Row)]
        names.insert(names.index("macs") + 1, "flops")
        return pandas.DataFrame([[getattr(row, name) for name in names] for row in self.rows], columns=names)

    def __str__(self) -> str:
        from .render import as_text

        return as_text(self)

    def __rich__(self):
        from .render import as_rich

        return as_rich(self)

    def _repr_html_(self) -> str:
        from .render import as_html

        return as_html(self)


_SUMMED = (
    "parameters",
    "biases",
    "reused_parameters",
    "macs",
    "output_bytes",
    "activation_bytes",
    "saved_bytes",
)
