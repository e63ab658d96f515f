"""Which page treats which part of which lecture: the data, its checks, and the directive that shows it.

A page says ``{lecture-map} file.yml``; the file beside it has the decks' parts and their pages. A part runs
from its line of the deck's text to the next part's, so every claim of `course_utils.slides` falls into one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from course_utils import slides


@dataclass(frozen=True)
class Part:
    """Some slides in a row of one deck."""

    line: int
    """Where it begins in the deck's text."""
    title: str
    pages: tuple[str, ...]
    """Pages below ``chapters/``."""
    claims: tuple[slides.Claim, ...]
    """What the slides of this part claim."""


@dataclass(frozen=True)
class LectureMap:
    decks: dict[slides.Deck, tuple[Part, ...]]

    def markdown(self, written: Collection[str]) -> str:
        """A table a deck. ``written`` are the documents of the book.

        :raises ValueError: a page that the book has not.
        """
        return "\n\n".join(
            f"## {deck.title}\n\n{self._table(parts, written)}" for deck, parts in self.decks.items()
        )

    def _table(self, parts: tuple[Part, ...], written: Collection[str]) -> str:
        lines = ["| Part | Pages | Checked |", "|---|---|---|"]
        for part in parts:
            pages = "; ".join(self._link(page, written) for page in part.pages)
            lines.append(f"| {part.title} | {pages} | {_checked(part.claims)} |")
        return "\n".join(lines)

    def _link(self, page: str, written: Collection[str]) -> str:
        if f"chapters/{page}" not in written:
            raise ValueError(f"chapters/{page} is no page of the book")
        return f"{{doc}}`/chapters/{page}`"


def _checked(claims: tuple[slides.Claim, ...]) -> str:
    wrong = sum(claim.verdict == "wrong" for claim in claims)
    return f"{len(claims)}, {wrong} wrong" if wrong else f"{len(claims) or ''}"


def read_map(path: Path) -> LectureMap:
    """Read and check a map.

    :raises ValueError: an unknown deck or one left out, parts out of order, a part without a page, or a claim
        before the first part of its deck.
    """
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    known = {deck.key: deck for deck in slides.decks() if deck.file}
    if list(data["decks"]) != list(known):
        raise ValueError(f"decks must be {', '.join(known)}, not {', '.join(data['decks'])}")
    decks = {known[key]: _parts(known[key], entries) for key, entries in data["decks"].items()}
    return LectureMap(decks)


def _parts(deck: slides.Deck, entries: list[dict]) -> tuple[Part, ...]:
    starts = [entry["line"] for entry in entries]
    for before, after in pairwise(starts):
        if before >= after:
            raise ValueError(f"{deck.key}: the part at line {after} comes after the one at line {before}")
    lines = sorted((claim.line, i, claim) for i, claim in enumerate(slides.claims(deck.key)) if claim.line)
    if lines and lines[0][0] < starts[0]:
        raise ValueError(f"{deck.key}: the claim at line {lines[0][0]} lies before the first part")
    parts = []
    for entry, end in zip(entries, [*starts[1:], float("inf")], strict=True):
        if not entry["pages"]:
            raise ValueError(f"{deck.key}: {entry['part']!r} has no page")
        claims = tuple(claim for line, _, claim in lines if entry["line"] <= line < end)
        parts.append(Part(entry["line"], entry["part"], tuple(entry["pages"]), claims))
    return tuple(parts)


class LectureMapDirective(SphinxDirective):
    """``{lecture-map} file.yml``: the file's tables, at this place of the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        relative, absolute = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        try:
            text = read_map(Path(absolute)).markdown(self.env.found_docs)
        except (OSError, ValueError) as error:
            raise self.error(str(error)) from error
        holder = nodes.section()
        holder.document = self.state.document
        self.state.nested_parse(StringList(text.splitlines(), source=relative), 0, holder, match_titles=True)
        return holder.children
