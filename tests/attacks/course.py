"""The course that hostile submissions are aimed at, and what an attack is.

The honest part of every attack earns 5 of 10 points (``mean`` and ``Counter`` are right); ``conv`` is wrong. An attack
must not gain a point on that, and unless it says otherwise must not lose one either. (Some ruin their own process for good,
and so lose what would have come after.)
"""

# ruff: noqa: E501  (student code reads better in one string)

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.grading.courses import answer, given, test

HONEST = 5.0
CONV = """def conv(x, w):
    ### BEGIN SOLUTION
    return np.array([np.sum(x[i : i + len(w)] * w) for i in range(len(x) - len(w) + 1)])
    ### END SOLUTION"""
MEAN = """def mean(numbers):
    ### BEGIN SOLUTION
    return sum(numbers) / len(numbers)
    ### END SOLUTION"""
COUNTER = """class Counter:
    ### BEGIN SOLUTION
    def __init__(self):
        self.count = 0

    def step(self):
        self.count += 1
        return self.count
    ### END SOLUTION"""
CELLS = [
    given("import numpy as np\n\ndata = np.arange(6.0)"),
    answer("conv", CONV),
    test("conv-visible", 2, "assert np.allclose(conv(data, np.array([1.0, -1.0])), -1)"),
    test(
        "conv-hidden",
        3,
        "assert conv(data, np.array([1.0])).shape == (6,)\n### BEGIN HIDDEN TESTS\nSECRET_OF_THE_JUDGE = 271828\n"
        "def reference(x, w):\n    return np.correlate(x, w, 'valid')\n\n\n"
        "rng = np.random.default_rng()\nfor length in (1, 2, 3):\n    x, w = rng.normal(size=9), rng.normal(size=length)\n"
        "    got = conv(x, w)\n    assert np.allclose(got, reference(x, w)), 'wrong values'\n### END HIDDEN TESTS",
    ),
    answer("mean", MEAN),
    test(
        "mean-test",
        3,
        "assert abs(mean([1, 2, 6]) - 3) < 1e-9\n### BEGIN HIDDEN TESTS\nassert mean([4]) == 4\n### END HIDDEN TESTS",
    ),
    answer("counter", COUNTER),
    test("counter-test", 2, "c = Counter()\nassert c.step() == 1\nscore = 2 if c.step() == 2 else 1\nscore"),
]
POLICY = """uses = ["numpy"]
forbids = ["scipy", "torch"]

[limits]
cell_seconds = 2
submission_seconds = 40
memory_bytes = 400_000_000
processes = 40
"""


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    Attributes:
        name: short name.
        does: the class of attack, in a sentence.
        conv: text of the answer to ``conv``; None: the released stub.
        answers: further answers by key.
        extra: cells added as (index, source).
        change: last change to the notebook's dict; may return the file's bytes instead.
        files: files beside the notebook.
        earns: what it must get.
        slow: takes more than a second or two.
    """

    name: str
    does: str
    conv: str | None = "def conv(x, w):\n    return None"
    answers: dict[str, str] = field(default_factory=dict)
    extra: tuple[tuple[int, str], ...] = ()
    change: Callable[[dict], bytes | None] | None = None
    files: tuple[tuple[str, bytes], ...] = ()
    earns: float = HONEST
    slow: bool = False

    def notebook(self, make_notebook, assignment) -> bytes:
        """The submitted file."""
        right = {"mean": MEAN, "counter": COUNTER}
        answers = {**right, **({"conv": self.conv} if self.conv else {}), **self.answers}
        data = make_notebook(assignment, answers, self.extra)
        if self.change:
            content = json.loads(data)
            changed = self.change(content)
            data = changed if changed is not None else json.dumps(content).encode()
        return data
