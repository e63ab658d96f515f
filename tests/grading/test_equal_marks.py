"""Honest submissions get the marks that nbgrader itself gives, on courses that were not written for this grader."""

# ruff: noqa: E501  (a cell in one string)

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_utils.grading.assignment import Course
from course_utils.grading.run import close_graders, grade_class
from course_utils.grading.submissions import find

from . import courses, test_own_cells

BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

# What courses do with test cells: state, partial credit, names that depend on each other, magics, files, classes.
IDIOMS = [
    courses.given("%matplotlib inline\nimport numpy as np\nfrom math import sqrt\n\nnumbers = [3, 1, 2]\nlog = []"),
    courses.given("def helper(x):\n    return sqrt(x) + offset\n\n\noffset = 1", locked=True),
    courses.answer("ordered", "def ordered(items):\n    ### BEGIN SOLUTION\n    items.sort()\n    ### END SOLUTION"),
    courses.test("in-place", 2, "mine = [3, 1, 2]\nassert ordered(mine) is None\nassert mine == [1, 2, 3]"),
    courses.answer("total", "### BEGIN SOLUTION\ntotal = sum(numbers)\n### END SOLUTION"),
    courses.test("variable", 1, "assert total == 6"),
    courses.answer("uses", "def twice(x):\n    ### BEGIN SOLUTION\n    return add(x, x)\n    ### END SOLUTION\n\n\ndef add(a, b):\n    return a + b"),
    courses.test("relies", 2, "original = add\ncalled = []\nadd = lambda a, b: called.append((a, b)) or 0\ntry:\n    twice(3)\nfinally:\n    add = original\nassert called == [(3, 3)]\nassert twice(4) == 8"),
    courses.test("deleted", 1, "kept = add\ndel add\ntry:\n    twice(1)\nexcept NameError:\n    pass\nelse:\n    raise AssertionError\nfinally:\n    add = kept"),
    courses.answer("point", "class Point:\n    ### BEGIN SOLUTION\n    def __init__(self, x, y):\n        self.x, self.y = x, y\n\n    def __eq__(self, other):\n        return (self.x, self.y) == (other.x, other.y)\n\n    def __add__(self, other):\n        return Point(self.x + other.x, self.y + other.y)\n\n    def __repr__(self):\n        return f'Point({self.x}, {self.y})'\n    ### END SOLUTION"),
    courses.test("class", 2, "p = Point(1, 2)\nassert p + Point(2, 2) == Point(3, 4)\nassert p != Point(9, 9)\nassert isinstance(p, Point) and repr(p) == 'Point(1, 2)'\np.x = 7\nassert p.x == 7"),
    courses.test("class-again", 1, "assert p.x == 7 and p.y == 2"),
    courses.answer("error", "### BEGIN SOLUTION\nclass TooSmall(ValueError):\n    pass\n\n\ndef check(x):\n    if x < 0:\n        raise TooSmall(f'{x} is too small')\n    return x\n### END SOLUTION"),
    courses.test("exceptions", 2, "try:\n    check(-1)\nexcept TooSmall as error:\n    assert 'too small' in str(error)\nelse:\n    raise AssertionError\ntry:\n    check('a')\nexcept TypeError:\n    pass\nassert check(1) == 1"),
    courses.answer("generate", "def evens(n):\n    ### BEGIN SOLUTION\n    yield from range(0, n, 2)\n    ### END SOLUTION"),
    courses.test("generator", 1, "assert list(evens(5)) == [0, 2, 4]\nassert next(iter(evens(1))) == 0"),
    courses.answer("apply", "def apply(f, items):\n    ### BEGIN SOLUTION\n    return [f(x) for x in items]\n    ### END SOLUTION"),
    courses.test("callback", 1, "assert apply(lambda x: x + 1, [1, 2]) == [2, 3]\nassert apply(np.sqrt, [4.0]) == [2.0]\nassert apply(str, [1]) == ['1']"),
    courses.answer("logged", "def record(x):\n    ### BEGIN SOLUTION\n    log.append(x)\n    ### END SOLUTION\n\n\nrecord('first')"),
    courses.test("global-state", 1, "assert log == ['first']"),
    courses.answer("read", "def lines():\n    ### BEGIN SOLUTION\n    return open('data/words.txt').read().split()\n    ### END SOLUTION"),
    courses.test("file", 1, "assert lines() == open('data/words.txt').read().split() == ['one', 'two']"),
    courses.answer("partly", "def grade_me():\n    ### BEGIN SOLUTION\n    return 3\n    ### END SOLUTION"),
    courses.test("partial", 3, "points = 0\nfor n in (1, 2, 3):\n    points += grade_me() >= n\nfloat(points)"),
    courses.test("printed", 1, "print(grade_me())\nassert helper(4) == 3"),
    courses.answer("random", "def draw():\n    ### BEGIN SOLUTION\n    return np.random.rand()\n    ### END SOLUTION"),
    courses.test("seeded", 1, "np.random.seed(0)\nassert 0 <= draw() < 1"),
]  # fmt: skip
ANSWERS = {
    "perfect": {},
    "untouched": None,
    "half": {"partly": "def grade_me():\n    return 1.0", "total": "total = 5", "apply": "def apply(f, items):\n    return items"},
    "errors": {"point": "class Point(:", "error": "def check(x):\n    return x", "ordered": "def ordered(items):\n    return sorted(items)"},
    "own style": {
        "uses": "add = lambda a, b: a + b\n\n\ndef twice(x):\n    return add(x, x)",
        "generate": "def evens(n):\n    return (i for i in range(n) if i % 2 == 0)",
        "apply": "import functools\n\n\ndef apply(f, items):\n    return list(map(functools.partial(f), items))",
        "total": "total = 0\nfor n in numbers:\n    total += n",
        "error": "class TooSmall(ValueError):\n    def __init__(self, x):\n        super().__init__(f'{x} is too small')\n\n\ndef check(x):\n    if x < 0:\n        raise TooSmall(x)\n    return x",
    },
}  # fmt: skip


def nbgrader(folder, *arguments):
    done = subprocess.run(
        [BIN / "nbgrader", *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def scores(course, assignment):
    with Gradebook(course.db_url, course.course_id) as book:
        return {
            (s.student.id, n.name, g.name): g.auto_score
            for s in book.assignment_submissions(assignment)
            for n in s.notebooks
            for g in n.grades
        }


def compare(folder, name, submissions):
    """Marks of nbgrader and of this grader for {student: {notebook: content}} in the same folder."""
    nbgrader(folder, "generate_assignment", name)
    for student, notebooks in submissions.items():
        place = folder / "submitted" / student / name
        shutil.copytree(folder / "release" / name, place)
        for notebook, content in notebooks.items():
            nbformat.write(content, place / f"{notebook}.ipynb")
    nbgrader(folder, "autograde", name)
    course = Course(folder)
    theirs = scores(course, name)
    assignment = course.load(name)
    grade_class(course, assignment, find(course, name, None), workers=2)
    close_graders()
    return theirs, scores(course, name)


@pytest.mark.slow
def test_idioms_of_courses_give_nbgraders_marks(tmp_path):
    course = courses.make(tmp_path, IDIOMS, files=[("data/words.txt", b"one two\n")])
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    source = nbformat.read(course.source_folder("hw") / "hw.ipynb", as_version=4)
    assignment = course.load("hw")
    submissions = {}
    for student, changed in ANSWERS.items():
        notebook = copy.deepcopy(source)
        for cell, mine in zip(notebook.cells, assignment.notebooks[0].cells, strict=True):
            cell.source = mine.release
            if changed is not None and mine.role == "answer":
                cell.source = changed.get(mine.key, mine.source)
        submissions[student] = {"hw": notebook}
    theirs, ours = compare(tmp_path, "hw", submissions)
    assert ours == theirs
    assert sum(v for (student, *_), v in ours.items() if student == "perfect") == 20


@pytest.mark.slow
def test_nbgraders_own_example_course(tmp_path):
    nbgrader(tmp_path, "quickstart", "example")
    folder = tmp_path / "example"
    notebooks = {p.stem: nbformat.read(p, as_version=4) for p in (folder / "source" / "ps1").glob("*.ipynb")}
    partly = copy.deepcopy(notebooks)
    for cell in partly["problem1"].cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "squares":
            cell.source = "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]"
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "sum_of_squares":
            cell.source = "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6"
    submissions = {"bitdiddle": notebooks, "hacker": partly, "reasoner": {}}
    theirs, ours = compare(folder, "ps1", submissions)
    assert ours == theirs


def _cells_of_their_own(cells):
    """A plot alone, a report in a cell of its own: the rest is as it was released."""
    test_own_cells.cell(cells, "plot")["source"] = "value = 7"
    cells.append(nbformat.v4.new_markdown_cell("My report."))


def _above(cells):
    cells.insert(2, test_own_cells.own(test_own_cells.HALF))


def _below(cells):
    cells.insert(3, test_own_cells.own(test_own_cells.HALF))


MOVED = [
    test_own_cells.merged_below,
    test_own_cells.merged_above,
    test_own_cells.merged_in_a_new_cell,
    test_own_cells.split,
    test_own_cells.in_a_given_cell,
]


@pytest.mark.slow
def test_cells_that_were_merged_moved_or_added_cost_nothing_that_nbgrader_gives(tmp_path):
    courses.make(tmp_path, test_own_cells.CELLS, policy="uses = []\n")
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    nbgrader(tmp_path, "generate_assignment", "hw")
    released = nbformat.read(tmp_path / "release" / "hw" / "hw.ipynb", as_version=4)
    submissions = {}
    for change in [*MOVED, _cells_of_their_own, _above, _below]:
        notebook = copy.deepcopy(released)
        for cell in notebook.cells if change in MOVED else ():
            cell.source = test_own_cells.ANSWERS.get(cell.id, cell.source)
        change(notebook.cells)
        notebook.cells = [nbformat.from_dict(cell) for cell in notebook.cells]
        submissions[change.__name__] = {"hw": notebook}
    theirs, ours = compare(tmp_path, "hw", submissions)
    assert not {key: (ours[key], mark) for key, mark in theirs.items() if (mark or 0) > (ours[key] or 0)}
    assert [total(theirs, "merged_below"), total(theirs, "_below")] == [5, 3]
    assert [total(ours, student) for student in submissions] == [5, 5, 5, 5, 5, 1, 0, 3]


def total(marks, student):
    return sum(mark or 0 for (name, *_), mark in marks.items() if name == student)
