"""A table as plain text, as rich text for a terminal, and as HTML for a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from course_utils.arithmetic import format_bytes

if TYPE_CHECKING:
    from .rows import Ledger, Row


@dataclass(frozen=True)
class Table:
    """Strings, ready to be laid out; ``left`` counts the columns that are words and not numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[str, ...] | None
    notes: tuple[str, ...]
    left: int


def count(value: float) -> str:
    """1234567 -> 1,234,567; zero is a dash, so that the eye finds the rows that cost something."""
    return f"{value:,}" if value else "–"


def size(number_of_bytes: int) -> str:
    return format_bytes(number_of_bytes) if number_of_bytes else "–"


def shapes(many: tuple[tuple[int, ...], ...]) -> str:
    """1x64x56x56; several operands joined, the tail of a long list counted."""
    words = ["x".join(map(str, shape)) or "scalar" for shape in many]
    more = [f"{len(words) - 2} more"] if len(words) > 3 else []
    return " + ".join(words[: 2 if more else 3] + more)


def _axes(values: tuple[float, ...] | None) -> str:
    if values is None:
        return "–"
    words = [f"{v:g}" for v in values]
    return words[0] if len(set(words)) == 1 else "x".join(words)


def _cells(row: Row, name: str) -> tuple[str, ...]:
    parameters = (
        f"({row.reused_parameters:,})"
        if row.reused_parameters and not row.parameters
        else count(row.parameters)
    )
    field = "whole" if row.covers_input else _axes(row.receptive_field)
    return (
        row.module or f"({name})",
        row.kind,
        shapes(row.inputs),
        shapes(row.outputs),
        parameters,
        count(row.macs),
        count(row.flops),
        size(row.activation_bytes),
        size(row.saved_bytes),
        field,
        _axes(row.jump),
        _axes(row.centre),
    )


COLUMNS = (
    "module", "operation", "input", "output", "parameters", "MACs", "FLOPs",
    "activations", "saved for backward", "receptive field", "jump", "centre",
)  # fmt: skip


def table(ledger: Ledger) -> Table:
    mode = "training" if ledger.training else "evaluation"
    notes = ["1 MAC = 2 FLOPs; convolutions and matrix products. Receptive field, jump and centre in pixels."]
    if any(row.reused_parameters for row in ledger.rows):
        notes.append(
            "Parameters in parentheses belong to a shared layer and were counted where it was first used."
        )
    if ledger.unused:
        some = ", ".join(dict.fromkeys(name.split(".")[0] for name in ledger.unused))
        notes.append(f"{sum(ledger.unused.values()):,} parameters are not used in this pass ({some}).")
    field = _axes(ledger.receptive_field)
    return Table(
        title=f"{ledger.name}, input {shapes(ledger.inputs)}, {mode}",
        columns=COLUMNS,
        rows=tuple(_cells(row, ledger.name) for row in ledger.rows),
        totals=(
            "total", "", "", "", count(ledger.parameters), count(ledger.macs), count(ledger.flops),
            size(ledger.activation_bytes), size(ledger.saved_bytes), field, "", "",
        ),
        notes=tuple(notes),
        left=4,
    )  # fmt: skip


def _table(thing) -> Table:
    return thing if isinstance(thing, Table) else table(thing)


def as_text(thing) -> str:
    """Plain text in aligned columns."""
    t = _table(thing)
    lines = [t.columns, *t.rows, *([t.totals] if t.totals else [])]
    widths = [max(len(line[i]) for line in lines) for i in range(len(t.columns))]

    def lay(line: tuple[str, ...]) -> str:
        cells = (
            c.ljust(w) if i < t.left else c.rjust(w)
            for i, (c, w) in enumerate(zip(line, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    body = [lay(line) for line in t.rows]
    end = [rule, lay(t.totals)] if t.totals else []
    return "\n".join([t.title, lay(t.columns), rule, *body, *end, *t.notes])


def as_rich(thing):
    """A rich table: ``rich.print(ledger)`` uses it."""
    from rich.table import Table as RichTable

    t = _table(thing)
    rich = RichTable(title=t.title, caption=" ".join(t.notes), show_footer=t.totals is not None)
    for i, name in enumerate(t.columns):
        footer = t.totals[i] if t.totals else ""
        rich.add_column(name, footer=footer, justify="left" if i < t.left else "right", overflow="fold")
    for row in t.rows:
        rich.add_row(*row)
    return rich


def as_html(thing) -> str:
    """An HTML table that scrolls within itself and takes its colours from the page."""
    t = _table(thing)

    def line(cells: tuple[str, ...], tag: str) -> str:
        parts = []
        for i, cell in enumerate(cells):
            scope = ' scope="col"' if tag == "th" else ""
            side = "left" if i < t.left else "right"
            parts.append(f'<{tag}{scope} style="text-align:{side};white-space:nowrap">{escape(cell)}</{tag}>')
        return "<tr>" + "".join(parts) + "</tr>"

    foot = f"<tfoot style='font-weight:bold'>{line(t.totals, 'td')}</tfoot>" if t.totals else ""
    notes = "".join(f"<p style='margin:0.3em 0'>{escape(note)}</p>" for note in t.notes)
    return (
        "<div style='max-height:32em;overflow:auto' tabindex='0' role='region' "
        f"aria-label='{escape(t.title, quote=True)}'><table>"
        f"<caption style='text-align:left;font-weight:bold'>{escape(t.title)}</caption>"
        f"<thead>{line(t.columns, 'th')}</thead><tbody>{''.join(line(r, 'td') for r in t.rows)}</tbody>{foot}"
        f"</table></div>{notes}"
    )
