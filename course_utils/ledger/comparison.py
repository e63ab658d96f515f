"""Two accounts side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .render import Table, as_html, as_rich, as_text, count, size
from .rows import Ledger

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` returns: ``lines`` of (quantity, in a, in b, b / a or None where a has none)."""

    a: str
    b: str
    lines: tuple[tuple[str, int, int, float | None], ...]

    def __getitem__(self, quantity: str) -> tuple[int, int, float | None]:
        for name, *values in self.lines:
            if name == quantity:
                return tuple(values)
        raise KeyError(f"no quantity {quantity!r}; there are {', '.join(line[0] for line in self.lines)}")

    def to_frame(self) -> DataFrame:
        """A pandas data frame with the columns quantity, the two models, and ratio."""
        import pandas

        return pandas.DataFrame(self.lines, columns=["quantity", self.a, self.b, "ratio"])

    def _table(self) -> Table:
        def cells(quantity: str, a: int, b: int, ratio: float | None) -> tuple[str, ...]:
            show = size if "bytes" in quantity else count
            return (quantity, show(a), show(b), "–" if ratio is None else f"{ratio:.3g}")

        rows = tuple(cells(*line) for line in self.lines)
        return Table(f"{self.a} and {self.b}", ("", self.a, self.b, "ratio"), rows, None, (), left=1)

    def __str__(self) -> str:
        return as_text(self._table())

    def __rich__(self):
        return as_rich(self._table())

    def _repr_html_(self) -> str:
        return as_html(self._table())


def compare(a: Ledger, b: Ledger) -> Comparison:
    """Totals of two accounts, and where their MACs and parameters go, kind by kind.

    :raises TypeError: an argument is no ledger (call :func:`account` first).
    """
    for name, ledger in (("a", a), ("b", b)):
        if not isinstance(ledger, Ledger):
            raise TypeError(f"{name} must be a Ledger as account() returns, got {type(ledger).__name__}")

    def total(ledger: Ledger, quantity: str, kind: str) -> int:
        return sum(getattr(row, quantity) for row in ledger.rows if row.kind == kind)

    lines = [("operations", len(a), len(b))]
    for quantity in ("parameters", "macs", "flops", "activation_bytes", "saved_bytes"):
        lines.append((quantity, getattr(a, quantity), getattr(b, quantity)))
    for axis, (x, y) in enumerate(zip(a.receptive_field or (), b.receptive_field or (), strict=False)):
        lines.append((f"receptive field, axis {axis}", x, y))
    kinds = dict.fromkeys(row.kind for row in (*a.rows, *b.rows) if row.macs or row.parameters)
    for quantity in ("parameters", "macs"):
        for kind in kinds:
            values = total(a, quantity, kind), total(b, quantity, kind)
            if any(values):
                lines.append((f"{quantity} of {kind}", *values))
    names = (a.name, b.name) if a.name != b.name else (f"{a.name} (a)", f"{b.name} (b)")
    return Comparison(*names, tuple((q, x, y, y / x if x else None) for q, x, y in lines))
