"""The verdicts, and the sentence that goes with each."""

from __future__ import annotations

import math

SENTENCES = {
    "passed": "All tests of this question passed.",
    "partial": "Some of the tests of this question passed.",
    "failed": "The answer gives a wrong result.",
    "error": "The answer stopped with an error.",
    "timeout": "The answer did not finish in time.",
    "out of memory": "The answer used more memory than it may.",
    "crashed": "The answer ended its own process.",
    "forbidden": "The answer uses something that this assignment does not allow.",
    "not attempted": "This question was not attempted.",
    "manual": "A person will mark this question.",
}
ERROR = "could not be judged"


def clamp(score: object, maximum: float) -> float:
    """A score within [0, maximum]; what is not a number, or not a number at all, is 0."""
    try:
        value = float(score)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return 0.0 if math.isnan(value) else min(max(value, 0.0), maximum)
