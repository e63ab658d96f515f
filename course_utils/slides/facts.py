"""Reading the facts: `Deck`, `Claim` and how to find them."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from .judge import judge, printed_numbers

VERDICTS = ("exact", "rounding", "wrong", "unverifiable")


@dataclass(frozen=True)
class Deck:
    """One slide deck, or the comparison of several."""

    key: str
    """``d0`` to ``d4`` in the order of the files; ``x`` for contradictions between decks."""
    title: str
    file: str | None = None


@dataclass(frozen=True)
class Claim:
    """One checkable statement of a deck. It has an `expression`, or a `source`, or both."""

    id: str
    deck: Deck
    claim: str
    """What the slide says or asks, in our words."""
    verdict: str
    """``exact``, ``rounding``, ``wrong`` or ``unverifiable``: what `judged` finds."""
    topic: str
    line: int | None = None
    """In the deck's text."""
    printed: str | None = None
    """As on the slide; None where it asks without answering."""
    unit: str = ""
    expression: str | None = None
    """Python that computes the value, see `expressions`."""
    published: str | None = None
    """For a number that only a publication can give, what it says; compared as `expression` is."""
    slip: str | None = None
    """For a wrong number: Python that arrives at the printed one, that is, the likely cause as code."""
    digits: int | None = None
    """How many of the printed digits count, where zeros at the end do not."""
    cut: bool = False
    """The deck cuts off digits where others round."""
    within: float | None = None
    """The slide says "about": this far off (relative) still counts as rounding."""
    legible: bool = True
    """False where the digits are damaged in the deck's text."""
    cause: str = ""
    """For a wrong claim, what probably happened."""
    source: str = ""
    """Where a fact that cannot be computed stands, or why it cannot be checked."""
    note: str = ""

    def compute(self) -> Any:
        """The value that the code gives.

        :raises ValueError: the claim has no expression: its `source` says why.
        """
        if self.expression is None:
            raise ValueError(f"{self.id} is not computed: {self.source}")
        from .expressions import evaluate

        return evaluate(self.expression)

    def judged(self) -> str:
        """The verdict by the rule of `judge`, from a fresh computation or from what is published.

        A claim that is neither computed nor published in numbers keeps its verdict; `source` says why.
        """
        if self.expression is not None:
            computed = self.compute()
            return "unverifiable" if self.printed is None or not self.legible else self._compare(computed)
        if self.published is not None:
            return self._compare([value for value, _ in printed_numbers(self.published)])
        return self.verdict

    def slips(self) -> str:
        """How the printed text compares with what the `slip` gives: the cause is right unless ``wrong``."""
        from .expressions import evaluate

        if self.slip is None:
            raise ValueError(f"{self.id} has no slip")
        return self._compare(evaluate(self.slip))

    def _compare(self, value: Any) -> str:
        return judge(self.printed, value, digits=self.digits, cut=self.cut, within=self.within)


@cache
def _load() -> tuple[dict[str, Deck], dict[str, Claim]]:
    decks, found = {}, {}
    folder = files(__package__) / "decks"
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".toml")]
    for content in sorted(map(tomllib.loads, texts), key=lambda content: content["deck"]["key"]):
        deck = Deck(**content["deck"])
        decks[deck.key] = deck
        for fields in content["claim"]:
            claim = Claim(deck=deck, **fields)
            if claim.id in found:
                raise ValueError(f"two claims are called {claim.id!r}")
            found[claim.id] = claim
    return decks, found


def decks() -> tuple[Deck, ...]:
    """The decks in order."""
    return tuple(_load()[0].values())


def claim(id: str) -> Claim:
    """One claim by its id.

    :raises KeyError: there is none.
    """
    found = _load()[1]
    if id not in found:
        raise KeyError(f"no claim {id!r}; claims() lists all {len(found)}")
    return found[id]


def claims(deck: str | None = None, verdict: str | None = None) -> tuple[Claim, ...]:
    """All claims, or those of one deck (by key, file name or title) or with one verdict, in slide order.

    :raises ValueError: no such deck or verdict.
    """
    decks, found = _load()
    if deck is not None:
        keys = [d.key for d in decks.values() if deck in (d.key, d.file, d.title)]
        if not keys:
            raise ValueError(f"deck must be one of {', '.join(decks)} or a file name or title, got {deck!r}")
    if verdict is not None and verdict not in VERDICTS:
        raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, got {verdict!r}")
    return tuple(
        c
        for c in found.values()
        if (deck is None or c.deck.key in keys) and (verdict is None or c.verdict == verdict)
    )


def counts(deck: str | None = None) -> dict[str, int]:
    """How many claims there are of each verdict."""
    number = Counter(c.verdict for c in claims(deck))
    return {verdict: number[verdict] for verdict in VERDICTS}
