"""Showing a class's marks: a table for the terminal, ``grades.csv``, and the JSON report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from .engine import Marked
from .prove import Proof

_SHORT = {
    "passed": ("green", "✓"), "partial": ("yellow", "½"), "failed": ("red", "✗"), "error": ("red", "E"),
    "timeout": ("magenta", "T"), "out of memory": ("magenta", "M"), "crashed": ("magenta", "C"),
    "forbidden": ("magenta", "F"), "not attempted": ("dim", "·"), "manual": ("cyan", "?"),
}  # fmt: skip


def table(title: str, marked: list[Marked]) -> Table:
    """One row a student: score, one sign a question, and the first problem."""
    result = Table(
        title=title, caption=", ".join(f"{sign} {verdict}" for verdict, (_, sign) in _SHORT.items())
    )
    result.add_column("student")
    result.add_column("score", justify="right")
    result.add_column("questions", no_wrap=True)
    result.add_column("seconds", justify="right")
    result.add_column("notes", overflow="fold")
    for entry in marked:
        signs = Text()
        for question in entry.questions:
            style, sign = _SHORT[question.verdict]
            signs.append(sign, style)
        notes = ([] if entry.status == "graded" else [entry.status]) + entry.problems
        if not entry.protected:
            notes.insert(0, "UNPROTECTED")
        shown = Text(notes[0] + (f" (+{len(notes) - 1})" if len(notes) > 1 else "") if notes else "")
        score = f"{entry.score:g}/{entry.max_score:g}"
        result.add_row(Text(_printable(entry.student)), score, signs, f"{entry.seconds:.1f}", shown)
    return result


def proof_table(proofs: list[Proof]) -> Table:
    """A row for each answer of the bank: what catches it, and whether the feedback names it. It fits 80
    columns, cell by cell. Mutants only if they fail.
    """
    result = Table(title="Which answer which test catches")
    result.add_column("answer", overflow="fold", max_width=32)
    result.add_column("score", justify="right")
    result.add_column("caught by", overflow="fold")
    result.add_column("named", overflow="fold")
    group = None
    for proof in proofs:
        if proof.kind == "mutant" and not proof.problem:
            continue
        if (proof.kind, proof.cell) != group:
            group = (proof.kind, proof.cell)
            result.add_section()
            if proof.cell:
                result.add_row(Text(f"{proof.kind}: {proof.cell}", "bold"), "", "", "")
        caught = ", ".join(name.removeprefix(f"{proof.cell}-") for name in proof.caught_by)
        if len(proof.caught_by) > 4:
            caught = f"{len(proof.caught_by)} tests"
        named = "✓" if proof.diagnosed and proof.diagnosed == proof.name else proof.diagnosed or ""
        row = (proof.name or proof.kind, f"{proof.score:g}", caught, named)
        result.add_row(*map(Text, row), style="red" if proof.problem else "")
    return result


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)


def write_csv(path: Path, marked: list[Marked]) -> None:
    """One row a submission: student, score, max_score, status, and the points of each question."""
    ids = list(dict.fromkeys((q.notebook, q.id) for entry in marked for q in entry.questions))
    several = len({notebook for notebook, _ in ids}) > 1
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        names = [f"{notebook}/{name}" if several else name for notebook, name in ids]
        writer.writerow(["student", "score", "max_score", "status", *names])
        for entry in marked:
            points = {(q.notebook, q.id): q.points for q in entry.questions}
            cells = [f"{points[key]:g}" if key in points else "" for key in ids]
            writer.writerow(
                [_cell(entry.student), f"{entry.score:g}", f"{entry.max_score:g}", entry.status, *cells]
            )


def _cell(text: str) -> str:
    """A student's folder name must not become a formula in a spreadsheet."""
    return "'" + text if text[:1] in "=+-@\t\r" else text


def write_json(path: Path, marked: list[Marked]) -> None:
    """The list of submissions in the documented shape."""
    text = json.dumps([entry.report() for entry in marked], indent=1, ensure_ascii=False)
    path.write_text(text.encode("utf-8", "replace").decode("utf-8") + "\n", encoding="utf-8")
