"""An assignment's bank: wrong answers with what to tell their authors, right ones in other styles, and
attacks.

``solutions/<assignment>/wrong/<cell>/<slug>.py`` replaces one answer cell. Its docstring has two paragraphs:
what the student believes, and what to tell them. ``<slug>@42.py`` states the exact score of the whole
notebook with that answer. ``right/`` holds honest variants that must get all points, ``attacks/`` hostile
ones that must get none on their own question (or what their docstring says: ``Earns 8.``). The files never
leave the instructor.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

BANKS = ("wrong", "right", "attacks")  # folders beside a source notebook that never leave the instructor


@dataclass(frozen=True)
class Entry:
    """One file of the bank.

    Attributes:
        kind: ``wrong``, ``right`` or ``attacks``.
        cell: the key of the answer that it replaces.
        slug: the file's name without ending and score.
        belief: the docstring's first paragraph, on one line.
        tell: the second paragraph: what to tell the student.
        source: the text of the cell, docstring included.
        score: the exact score of the notebook, where the name states it.
        earns: for attacks, the points on the cell's own tests.
    """

    kind: str
    cell: str
    slug: str
    belief: str
    tell: str
    source: str
    score: float | None = None
    earns: float = 0.0


def load(folder: Path, keys: Collection[str]) -> tuple[Entry, ...]:
    """All entries beside a source notebook, sorted.

    Args:
        keys: of the answer cells that entries may replace.

    Raises:
        ValueError: a file does not parse, replaces no answer cell, states a score that is no number, or is a
            wrong answer that does not say what to tell; the message names it.
    """
    entries = []
    for kind in BANKS:
        for path in _files(folder / kind, keys):
            try:
                source = path.read_text(encoding="utf-8")
                text = ast.get_docstring(ast.parse(source)) or ""
            except (SyntaxError, ValueError) as error:
                raise ValueError(f"{path}: {error}") from None
            paragraphs = [" ".join(p.split()) for p in text.split("\n\n")]
            if kind == "wrong" and len(paragraphs) < 2:
                raise ValueError(f"{path}: the docstring needs two paragraphs: the belief, and what to tell")
            slug, at, score = path.stem.partition("@")
            if at and not re.fullmatch(r"\d+(\.\d+)?", score):
                raise ValueError(f"{path}: what follows @ in its name is the score, not {score!r}")
            earns = re.search(r"Earns (\d+(?:\.\d+)?)\.", text)
            entries.append(
                Entry(
                    kind,
                    path.parent.name,
                    slug,
                    paragraphs[0],
                    " ".join(paragraphs[1:]),
                    source,
                    float(score) if at else None,
                    float(earns.group(1)) if earns else 0.0,
                )
            )
    return tuple(entries)


def _files(folder: Path, keys: Collection[str]) -> list[Path]:
    """The files of one kind, sorted; nothing may lie where it would be overlooked."""
    known = ", ".join(sorted(keys)) or "none"
    found = []
    for path in sorted(folder.rglob("*")):
        cell, *rest = parts = path.relative_to(folder).parts
        if any(part.startswith((".", "__")) for part in parts):
            continue
        if not rest and path.is_dir() and cell not in keys:
            raise ValueError(f"{path}: there is no answer cell {cell!r} (there are: {known})")
        if path.suffix == ".py":
            if len(rest) != 1:
                place = folder / "<cell>" / path.name
                raise ValueError(f"{path}: its place is {place}, with one of the cells {known}")
            found.append(path)
    return found
