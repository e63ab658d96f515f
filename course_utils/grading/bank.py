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
from dataclasses import dataclass
from pathlib import Path


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


def load(folder: Path) -> tuple[Entry, ...]:
    """All entries beside a source notebook, sorted.

    Raises:
        ValueError: a file does not parse, or a wrong answer does not say what to tell; the message names it.
    """
    entries = []
    for kind in ("wrong", "right", "attacks"):
        for path in sorted((folder / kind).glob("*/*.py")):
            source = path.read_text(encoding="utf-8")
            try:
                text = ast.get_docstring(ast.parse(source)) or ""
            except SyntaxError as error:
                raise ValueError(f"{path}: {error}") from None
            paragraphs = [" ".join(p.split()) for p in text.split("\n\n")]
            if kind == "wrong" and len(paragraphs) < 2:
                raise ValueError(f"{path}: the docstring needs two paragraphs: the belief, and what to tell")
            slug, _, score = path.stem.partition("@")
            earns = re.search(r"Earns (\d+(?:\.\d+)?)\.", text)
            entries.append(
                Entry(
                    kind,
                    path.parent.name,
                    slug,
                    paragraphs[0],
                    " ".join(paragraphs[1:]),
                    source,
                    float(score) if score else None,
                    float(earns.group(1)) if earns else 0.0,
                )
            )
    return tuple(entries)
