"""The assignment that is attacked, and the notebooks that attack it.

Every question but the attacked one is answered honestly, so each submission must earn exactly the honest
points, and the attacked question what the attack's file says (0 unless it says otherwise).
"""

# ruff: noqa: E501  (a test is a line)

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

from tests.grading.courses import answer, given, make, test

HERE = Path(__file__).parent
GROUPS = ("verdict", "reading", "tampering", "exhausting")

# Strings that no student process may ever see; what an attack prints is searched for them.
HIDDEN = "hidden-marker-5f1d"  # stands in a hidden test
OTHER = "other-student-marker-77ab"  # stands in another student's submission
ENVIRONMENT = "environment-marker-c3e0"  # stands in the grader's environment
OUTSIDE = "outside-marker-91d2"  # stands in files of the course folder
MARKERS = (HIDDEN, OTHER, ENVIRONMENT, OUTSIDE)
PLANTED = "planted-by-an-attack"  # part of the name of every file that an attack leaves behind

POLICY = """uses = ["numpy"]
forbids = ["torch", "course_utils"]

[limits]
cell_seconds = 2
submission_seconds = 60
memory_bytes = 400_000_000
processes = 40
file_bytes = 4_000_000
scratch_bytes = 8_000_000
answer_bytes = 32_000_000
"""

HONEST = {
    "scale": "def scale(x):\n    return rate * x",
    "target": "def target(x):\n    return x**2 - helper(x)",
    "value": "value = 0.125",
    "measure": "def measure(f):\n    return f(2) + f(3)",
    "last": "def last(words):\n    return sorted(words, key=len)",
}


def _hidden(text):
    return f"### BEGIN HIDDEN TESTS\n# {HIDDEN}\n{text}\n### END HIDDEN TESTS"


def _answer(key):
    return answer(key, f"### BEGIN SOLUTION\n{HONEST[key]}\n### END SOLUTION")


DRAW = "rng = np.random.default_rng()\nx = rng.normal(size=(3, 4))\nexpected = x**2 - helper(x)\ngot = target(x)\n"
# One test for each way in which test cells are commonly written, each with points of its own: a trick that
# beats a single one of them shows.
CELLS = [
    given("import numpy as np\n\nrate = 3\n\n\ndef helper(x):\n    return 2 * x + 1"),
    _answer("scale"),
    test("scale-test", 3, "assert scale(2) == 6\n" + _hidden("assert np.allclose(scale(np.arange(5.0)), 3 * np.arange(5.0))")),
    _answer("target"),
    test("target-seen", 1, "assert target(3) == 2\nassert target(0) == -1"),
    test("target-allclose", 2, _hidden(DRAW + "assert np.allclose(got, expected)")),
    test("target-difference", 2, _hidden(DRAW + "assert np.abs(got - expected).max() < 1e-9")),
    test("target-turned", 2, _hidden(DRAW + "assert abs(expected - got).sum() <= 1e-9")),
    test("target-methods", 2, _hidden(DRAW + "assert (got - expected).max() < 1e-9 and (got - expected).min() > -1e-9")),
    test("target-number", 2, _hidden("for x in np.random.default_rng().normal(size=5):\n    assert abs(target(float(x)) - (x**2 - helper(x))) < 1e-9")),
    test("target-map", 2, _hidden("draws = np.random.default_rng().integers(100, 10**6, size=6).tolist()\nfor x, got in zip(draws, map(target, draws)):\n    assert got == x**2 - helper(x)")),
    test("target-all", 2, _hidden("draws = np.random.default_rng().integers(100, 10**6, size=6).tolist()\nassert all(target(x) == x**2 - helper(x) for x in draws)\nassert sum(map(target, draws)) == sum(x**2 - helper(x) for x in draws)")),
    test("target-list", 2, _hidden("draws = np.random.default_rng().integers(100, 10**6, size=6)\nassert target(draws).tolist() == (draws**2 - helper(draws)).tolist()\nassert len(target(draws)) == 6")),
    test("target-sum", 2, _hidden("x = np.random.default_rng().normal(size=9)\nassert abs(sum(target(x)) - (x**2 - helper(x)).sum()) < 1e-9")),
    test("target-checks", 2, _hidden("from course_utils import checks\nrng = checks.generator('target')\nchecks.same_values(target, lambda x: x**2 - helper(x), [checks.case(rng.normal(size=n)) for n in (1, 4, 7)])")),
    test("target-share", 2, _hidden("draws = np.random.default_rng().integers(100, 10**6, size=4).tolist()\n2 * sum(target(x) == x**2 - helper(x) for x in draws) / 4")),
    _answer("value"),
    test("value-hidden", 4, _hidden("assert value == 0.125")),
    _answer("measure"),
    test("measure-test", 3, _hidden("factor = np.random.default_rng().integers(2, 99).item()\nasked = []\n\n\ndef f(x):\n    asked.append(x)\n    return factor * x\n\n\nassert measure(f) == 5 * factor and asked == [2, 3]")),
    _answer("last"),
    test("last-test", 4, "assert last(['bb', 'a']) == ['a', 'bb']\n" + _hidden("assert last(['ccc', 'bb', 'a', 'b']) == ['a', 'b', 'bb', 'ccc']\nassert rate == 3 and helper(1) == 3")),
]  # fmt: skip


def _points():
    points, key = {}, None
    for cell in CELLS:
        role = cell.metadata.get("nbgrader", {})
        if role.get("solution"):
            key = role["grade_id"]
        elif role.get("grade"):
            points[key] = points.get(key, 0) + role["points"]
    return points


POINTS = _points()
FULL = sum(POINTS.values())


@dataclass(frozen=True)
class Attack:
    """One file below a group's folder.

    The docstring says which class of attack it is, then in short sentences which answer it replaces (``On
    last.``; ``target`` unless it says otherwise), what that question earns (``Earns 1.``), whether the honest
    answers may be lost with it, for attacks that shoot the attacker's own foot (``May cost the rest,
    too.``), and whether it gains points where tests run in the student's own process (``Works in one
    process.``). Text below a line ``# %% before`` or ``# %% after`` is an ungraded cell of the student's in
    that place.
    """

    group: str
    slug: str
    replaces: str
    answer: str
    before: str
    after: str
    earns: float
    costs_the_rest: bool
    works_in_one_process: bool

    @property
    def student(self):
        return f"{self.group}-{self.slug}"

    @property
    def score(self):
        """What the whole submission earns, or may earn at most if it costs the rest."""
        return FULL - POINTS[self.replaces] + self.earns

    @property
    def answers(self):
        return {**HONEST, self.replaces: self.answer}


def read_attack(path):
    text = path.read_text(encoding="utf-8")
    said = " ".join(ast.get_docstring(ast.parse(text)).split())
    answered, *sections = re.split(r"^# %% (before|after)\n", text, flags=re.MULTILINE)
    extra = dict(zip(sections[::2], sections[1::2], strict=True))
    on = re.search(r"\bOn (\w+)\.", said)
    on = on.group(1) if on else "target"
    earns = re.search(r"Earns (\d+)\.", said)
    earned = float(earns.group(1)) if earns else 0.0
    return Attack(
        path.parent.name,
        path.stem,
        on,
        answered,
        extra.get("before", ""),
        extra.get("after", ""),
        earned,
        "May cost the rest, too." in said,
        "Works in one process." in said,
    )


ATTACKS = [read_attack(path) for group in GROUPS for path in sorted((HERE / group).glob("*.py"))]


def make_course(root):
    """The course folder."""
    return make(root, CELLS, "wall", POLICY, files=[("data/numbers.txt", b"1 2 3\n")])


def released(assignment):
    """The notebook that students received, as a plain dict; answers are filled in by ``fill``."""
    cells = []
    for cell in assignment.notebooks[0].cells:
        metadata = {} if cell.role == "given" else {"nbgrader": {"grade_id": cell.key, "schema_version": 3}}
        cells.append(_code(cell.release, cell.cell_id, metadata))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}


def _code(source, name, metadata=None):
    return {
        "cell_type": "code",
        "id": name,
        "source": source,
        "metadata": metadata or {},
        "outputs": [],
        "execution_count": None,
    }


def own_cell(source, name="mine"):
    """An ungraded cell that a student added."""
    return _code(source, name)


def find(notebook, key):
    """The index of the cell with this id."""
    return next(number for number, cell in enumerate(notebook["cells"]) if cell["id"] == key)


def fill(notebook, answers):
    """Put answers into their cells; returns the notebook."""
    for key, text in answers.items():
        notebook["cells"][find(notebook, key)]["source"] = text
    return notebook


def attacked(assignment, attack, where):
    """The text of an attack's notebook. ``@COURSE@`` in it becomes the course folder's real path: hiding
    paths is no protection.
    """
    notebook = fill(released(assignment), attack.answers)
    place = find(notebook, attack.replaces)
    if attack.after:
        notebook["cells"].insert(place + 1, own_cell(attack.after, "after"))
    if attack.before:
        notebook["cells"].insert(place, own_cell(attack.before, "before"))
    return json.dumps(notebook).replace("@COURSE@", json.dumps(str(where))[1:-1])
