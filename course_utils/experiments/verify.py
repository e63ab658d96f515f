"""Comparing a repetition with the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course_utils.experiments.experiment import Experiment
from course_utils.experiments.record import RecordError, rounded


@dataclass(frozen=True)
class Comparison:
    """One case's score then and now."""

    label: str
    recorded: float
    repeated: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.repeated - self.recorded) <= self.tolerance


def check_current(record: dict[str, Any], experiment: Experiment) -> None:
    """Make sure that the record was made with the settings the experiment has now.

    Raises:
        RecordError: it was not; the message names the first case that differs.
    """
    then = {case["label"]: case["settings"] for case in record["cases"]}
    now = {case.label: rounded(case.settings) for case in experiment.cases}
    for label in [*now, *then]:
        if then.get(label) != now.get(label):
            what = "is new" if label not in then else "is gone" if label not in now else "has other settings"
            raise RecordError(
                f"the record of {record['name']} is out of date: case {label!r} {what}; "
                f"make it anew with `course run {record['name']}`"
            )


def compare(record: dict[str, Any], repeated: dict[str, Any]) -> tuple[list[Comparison], list[str]]:
    """Scores side by side, and the findings that came out otherwise."""
    scores = {case["label"]: case["outcome"]["score"] for case in repeated["cases"]}
    rows = [
        Comparison(case["label"], case["outcome"]["score"], scores[case["label"]], record["tolerance"])
        for case in record["cases"]
    ]
    other = [what for what, holds in record["findings"].items() if repeated["findings"].get(what) != holds]
    return rows, other
