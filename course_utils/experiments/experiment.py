"""What an experiment is: a question, the cases that answer it, and what to read off their outcomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Outcome = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One thing that is tried.

    Attributes:
        label: short, and unique in its experiment.
        settings: everything that decides the outcome (network, data, recipe, seeds), as plain data.
    """

    label: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Experiment:
    """A question and how it is answered.

    Attributes:
        question: one sentence.
        cases: what is tried, in order.
        run: from a case to its outcome: plain data with a number called ``"score"``, which
            is what a repetition is compared by.
        findings: from label -> outcome to statement -> whether it holds. Statements are written before
            the run; a false one is recorded as false.
        tolerance: how far a score may differ when the experiment is repeated elsewhere.
        score: what the scores are.
    """

    question: str
    cases: tuple[Case, ...]
    run: Callable[[Case], Outcome]
    findings: Callable[[dict[str, Outcome]], dict[str, bool]]
    tolerance: float
    score: str = "validation accuracy after the last epoch, mean over the seeds"

    def __post_init__(self):
        labels = [case.label for case in self.cases]
        if not labels or len(set(labels)) < len(labels):
            raise ValueError(
                f"cases are labelled {labels}: expected at least one, each with a label of its own"
            )
        if not self.tolerance >= 0:
            raise ValueError(f"tolerance is {self.tolerance!r}: expected 0 or more")
