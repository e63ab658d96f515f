"""Submissions that are no proper notebooks: each gets a mark and a sentence, and none stops the others."""

# ruff: noqa: E501  (a case is a line)

import copy
import gzip
import json
import os

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_utils.grading.engine import Grader
from course_utils.grading.rebuild import rebuild
from course_utils.grading.run import close_graders, grade_class
from course_utils.grading.submissions import find, read

from . import courses
from .courses import answer, make, notebook, solution
from .courses import test as graded

CELLS = [
    courses.given("import math"),
    answer("double", "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"),
    graded("double-test", 2, "assert double(3) == 6"),
    answer("half", "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION"),
    graded("half-test", 3, "assert half(3) == 1.5"),
]


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return make(tmp_path_factory.mktemp("course"), CELLS, policy="uses = []\n").load("hw")


@pytest.fixture(scope="module")
def grader(assignment):
    with Grader(assignment, seed=1) as grader:
        yield grader


def perfect(assignment):
    return notebook(assignment, solution(assignment))


def changed(change):
    """The perfect notebook with its parsed content changed."""

    def make_bytes(data):
        content = json.loads(data)
        return json.dumps(change(content) or content).encode()

    return make_bytes


def _cells(change):
    def apply(content):
        for cell in content["cells"]:
            change(cell)

    return changed(apply)


def _version_3(content):
    cells = [{"cell_type": "code", "input": c["source"], "language": "python", "outputs": [], "metadata": c["metadata"]}
             for c in content["cells"]]  # fmt: skip
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def _nested(depth):
    return lambda data: b'{"cells": ' + b"[" * depth + b"]" * depth + b"}"


def _one_id(content):
    for cell in content["cells"]:
        cell["id"] = "same"


def _swapped(content):
    content["cells"].reverse()


def _big_outputs(content):
    text = {"output_type": "stream", "name": "stdout", "text": "x" * (200 << 20)}
    content["cells"][0]["outputs"] = [text]


FULL, NONE = 5, 0
# name: (what is done to the perfect notebook's bytes, points, part of a problem that must be told or "")
CASES = {
    "untouched bytes": (lambda d: d, FULL, ""),
    "empty file": (lambda d: b"", NONE, "empty"),
    "empty copies of all cells": (changed(lambda c: {**c, "cells": c["cells"] + [{**x, "source": ""} for x in c["cells"]]}), FULL, "2 cells claim"),
    "names lost, magics": (_cells(lambda c: (c.pop("id"), c.pop("metadata"), c.update(source="%time 1\n" * 20 + c["source"]))), FULL, "lost its name"),
    "blank file": (lambda d: b" \n\t ", NONE, "empty"),
    "only null bytes": (lambda d: b"\0" * 100, NONE, "empty"),
    "null bytes inside": (lambda d: d[:50] + b"\0\0" + d[50:], NONE, "not valid JSON"),
    "truncated": (lambda d: d[: len(d) // 2], NONE, "not valid JSON"),
    "one bracket lost": (lambda d: d[:-1], NONE, "not valid JSON"),
    "text after the end": (lambda d: d + b"}", NONE, "not valid JSON"),
    "two notebooks joined": (lambda d: d + d, NONE, "not valid JSON"),
    "single quotes": (lambda d: d.replace(b'"', b"'"), NONE, "not valid JSON"),
    "plain python": (lambda d: b"def double(x):\n    return 2 * x\n", NONE, "not valid JSON"),
    "merge conflict": (lambda d: b"<<<<<<< HEAD\n" + d + b"\n>>>>>>> mine\n", NONE, "not valid JSON"),
    "web page": (lambda d: b"<!doctype html><title>Sign in</title>", NONE, "not valid JSON"),
    "compressed": (lambda d: gzip.compress(d), NONE, "not valid JSON"),
    "picture": (lambda d: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), NONE, "not valid JSON"),
    "JSON list": (lambda d: b"[" + d + b"]", NONE, "not a notebook"),
    "JSON number": (lambda d: b"100", NONE, "not a notebook"),
    "JSON null": (lambda d: b"null", NONE, "not a notebook"),
    "JSON string": (lambda d: json.dumps(d.decode()).encode(), NONE, "not a notebook"),
    "empty object": (lambda d: b"{}", NONE, "no list of cells"),
    "cells is text": (changed(lambda c: {**c, "cells": "all"}), NONE, "no list of cells"),
    "cells is a table": (changed(lambda c: {**c, "cells": {"0": 1}}), NONE, "no list of cells"),
    "no cells": (changed(lambda c: {**c, "cells": []}), NONE, ""),
    "cells of nonsense": (changed(lambda c: {**c, "cells": [1, None, [], "x", {}]}), NONE, "malformed"),
    "deeply nested": (_nested(100_000), NONE, "nested too deeply"),
    "version 3": (changed(_version_3), FULL, "old format"),
    "future version": (changed(lambda c: {**c, "nbformat": 9}), FULL, ""),
    "no version": (changed(lambda c: {"cells": c["cells"]}), FULL, ""),
    "metadata is a list": (changed(lambda c: {**c, "metadata": []}), FULL, ""),
    "cells without metadata": (_cells(lambda c: c.pop("metadata")), FULL, ""),
    "cells without ids": (_cells(lambda c: c.pop("id")), FULL, ""),
    "cells without any names": (_cells(lambda c: (c.pop("id"), c.pop("metadata"))), FULL, "lost its name"),
    "metadata is a number": (_cells(lambda c: c.update(metadata=3)), FULL, ""),
    "grade ids are numbers": (_cells(lambda c: c["metadata"].update(nbgrader={"grade_id": 3})), FULL, ""),
    "nbgrader is text": (_cells(lambda c: c["metadata"].update(nbgrader="yes")), FULL, ""),
    "sources as lists": (_cells(lambda c: c.update(source=c["source"].splitlines(keepends=True))), FULL, ""),
    "sources as numbers": (_cells(lambda c: c.update(source=7)), NONE, "malformed"),
    "sources lost": (_cells(lambda c: c.pop("source")), NONE, ""),
    "all markdown": (_cells(lambda c: c.update(cell_type="markdown")), FULL, "another type"),
    "unknown cell type": (_cells(lambda c: c.update(cell_type="poem")), FULL, "another type"),
    "one id for all": (changed(_one_id), FULL, ""),
    "every cell twice": (changed(lambda c: {**c, "cells": c["cells"] * 2}), FULL, "2 cells claim"),
    "reversed": (changed(_swapped), FULL, ""),
    "ten thousand cells": (changed(lambda c: {**c, "cells": c["cells"] + [{"cell_type": "markdown"}] * 10_000}), FULL, "ignored"),
    "a huge cell": (changed(lambda c: c["cells"].append({"cell_type": "code", "source": "#" * (2 << 20)})), FULL, "ignored"),
    "line ends of Windows": (_cells(lambda c: c.update(source=c["source"].replace("\n", "\r\n"))), FULL, ""),
    "line ends of old Macs": (_cells(lambda c: c.update(source=c["source"].replace("\n", "\r"))), FULL, ""),
    "CRLF file": (lambda d: json.dumps(json.loads(d), indent=1).replace("\n", "\r\n").encode(), FULL, ""),
    "byte-order mark": (lambda d: b"\xef\xbb\xbf" + d, FULL, "byte-order mark"),
    "UTF-16": (lambda d: d.decode().encode("utf-16"), FULL, "byte-order mark"),
    "Latin-1": (lambda d: d.replace(b"import math", "# é\\nimport math".encode("latin-1")), FULL, "Latin-1"),
    "lone surrogate": (lambda d: d.replace(b"import math", b"# \\ud800\\nimport math"), FULL, ""),
    "not-a-number in metadata": (changed(lambda c: c["metadata"].update(x=float("nan"))), FULL, ""),
    "outputs of 200 MB": (changed(_big_outputs), FULL, ""),
    "tabs for blanks": (_cells(lambda c: c.update(source=c["source"].replace("    ", "\t"))), FULL, ""),
    "magic lines": (changed(lambda c: c["cells"].insert(0, {"cell_type": "code", "source": "%matplotlib inline\n!ls\n%%bad"})), FULL, ""),
}  # fmt: skip


def test_there_are_enough():
    assert len(CASES) >= 40


@pytest.mark.parametrize("name", CASES)
def test_malformed_gets_a_mark_and_a_sentence(grader, assignment, name):
    spoil, points, says = CASES[name]
    submission = courses.Submission("sam", {"hw": spoil(perfect(assignment))})
    marked = grader.grade(submission)
    assert marked.score == points, (marked.problems, marked.questions)
    assert all(q.message for q in marked.questions) and len(marked.questions) == 2
    told = " ".join(marked.problems)
    assert says in told
    assert points == FULL or told or all(q.verdict == "not attempted" for q in marked.questions)


def _as_is(folder, data):
    (folder / "hw.ipynb").write_bytes(data)


def _link(folder, data):
    outside = folder.parent.parent / "outside.ipynb"
    outside.write_bytes(data)
    (folder / "hw.ipynb").symlink_to(outside)


def _link_to_secret(folder, data):
    (folder / "hw.ipynb").write_bytes(data)
    (folder / "data.txt").symlink_to("/etc/passwd")


def _pipe(folder, data):
    os.mkfifo(folder / "hw.ipynb")


def _folder(folder, data):
    (folder / "hw.ipynb").mkdir()


FILES = {
    "as it should be": (_as_is, FULL, ""),
    "another name": (lambda f, d: (f / "my homework (2).ipynb").write_bytes(d), FULL, "is called"),
    "unicode name": (lambda f, d: (f / "домашняя-hw-作业.ipynb").write_bytes(d), FULL, "is called"),
    "capital ending": (lambda f, d: (f / "HW.IPYNB").write_bytes(d), FULL, "is called"),
    "nothing there": (lambda f, d: None, NONE, "missing"),
    "only a text file": (lambda f, d: (f / "hw.py").write_text("x = 1"), NONE, "missing"),
    "a link": (_link, NONE, "link"),
    "a dangling link": (lambda f, d: (f / "hw.ipynb").symlink_to(f / "gone"), NONE, "link"),
    "a link beside it": (_link_to_secret, FULL, "data.txt"),
    "a pipe": (_pipe, NONE, "not an ordinary file"),
    "a folder": (_folder, NONE, "not an ordinary file"),
    "extra files": (
        lambda f, d: (_as_is(f, d), (f / "big.bin").write_bytes(bytes(30 << 20))),
        FULL,
        "big.bin",
    ),
    "timestamp of nonsense": (
        lambda f, d: (_as_is(f, d), (f / "timestamp.txt").write_bytes(b"\xff")),
        FULL,
        "timestamp.txt cannot be read",
    ),
    "two versions": (
        lambda f, d: ((f / "hw-backup.ipynb").write_bytes(d), (f / "hw-final.ipynb").write_bytes(b"")),
        FULL,
        "called 'hw-backup.ipynb' instead of 'hw.ipynb'; not graded: 'hw-final.ipynb'.",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_odd_files_get_a_mark_and_a_sentence(grader, assignment, tmp_path, name):
    put, points, says = FILES[name]
    folder = tmp_path / "handed-in" / "sam"
    folder.mkdir(parents=True)
    put(folder, perfect(assignment))
    (place,) = find(make(tmp_path, CELLS), "hw", tmp_path / "handed-in")
    marked = grader.grade(read(place, assignment))
    assert marked.score == points, marked.problems
    assert says in " ".join(marked.problems)
    assert "root:" not in json.dumps(marked.report())


def test_a_class_of_odd_folders_is_complete(tmp_path, assignment):
    """No student folder is left out, whatever its name; files and hidden folders are no students."""
    root = tmp_path / "handed-in"
    for name in ("ann", "Zoë", "李", "with blank", "-dash", "=1+1", "a" * 200):
        (root / name).mkdir(parents=True)
    (root / "readme.txt").write_text("not a student")
    (root / ".git").mkdir()
    (root / "linked").symlink_to(tmp_path)
    places = find(make(tmp_path, CELLS), "hw", root)
    assert {p.student for p in places} == {
        "ann",
        "Zoë",
        "李",
        "with blank",
        "-dash",
        "=1+1",
        "a" * 200,
        "linked",
    }
    linked = read(next(p for p in places if p.student == "linked"), assignment)
    assert linked.notebooks == {"hw": None} and "link" in linked.problems[0]


@pytest.mark.slow
def test_odd_names_and_times_are_recorded(tmp_path):
    """Names that are no text, names that begin alike and impossible times, up to the gradebook and back."""
    course = make(tmp_path, CELLS, policy="uses = []\n")
    assignment = course.load("hw")
    root = tmp_path / "handed-in"
    names = [
        b"caf\xe9",
        b"caf\xe8",
        b"a" * 120 + b"-one",
        b"a" * 120 + b"-two",
        "李 {0}\n%s".encode(),
        b"=1+1",
    ]
    times = [
        "0001-01-01T00:00:00+12:00",
        "9999-12-31",
        "2024-02-30",
        "2024-01-01 12:00 Nowhere/Else",
        "\0",
        "-1",
    ]
    for name, time in zip(names, times, strict=True):
        folder = os.path.join(os.fsencode(root), name)
        os.makedirs(folder)
        with open(os.path.join(folder, b"hw.ipynb"), "wb") as file:
            file.write(perfect(assignment))
        with open(os.path.join(folder, b"timestamp.txt"), "w") as file:
            file.write(time)
        with open(os.path.join(folder, b"extra-\xff.txt"), "w") as file:
            file.write("x")
    first = grade_class(course, assignment, find(course, "hw", root), seed=1)
    assert len({marked.student for marked in first}) == len(names)
    assert [marked.score for marked in first] == [FULL] * len(names), [marked.problems for marked in first]
    json.dumps([marked.report() for marked in first], ensure_ascii=False).encode()
    graded_again = []
    again = grade_class(course, assignment, find(course, "hw", root), seed=1, finish=graded_again.append)
    assert [marked.student for marked in again] == [marked.student for marked in first]
    assert graded_again == [], "each has an entry of its own in the journal"
    close_graders()


@pytest.mark.slow
@pytest.mark.parametrize("part", ["[],", "{},", '"",', "1,"])
def test_json_that_would_fill_the_memory_is_refused(assignment, part):
    """Small in the file and large once it is read: said in a sentence before it is read."""
    data = b'{"cells": [], "x": [' + part.encode() * 13_000_000 + b"1]}"
    result = rebuild(assignment.notebooks[0], data)
    assert not result.readable and "clear the outputs" in result.problems[0]


@pytest.mark.slow
def test_outputs_of_many_lines_are_read(assignment):
    """Twenty megabytes of brackets and commas in printed text are no parts of the file."""
    content = json.loads(perfect(assignment))
    lines = ['[1, 2, {3}], "[\n'] * 1_500_000
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": lines}]
    assert rebuild(assignment.notebooks[0], json.dumps(content).encode()).readable


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _paths(value, path=()):
    yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from _paths(child, (*path, key))


@st.composite
def mutated(draw, content):
    """A notebook in which a few parts were replaced by any JSON, removed, or doubled."""
    content = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(_paths(content))[1:] or [()]))
        if not path:
            return draw(JSON)
        parent = content
        for key in path[:-1]:
            parent = parent[key]
        action = draw(st.sampled_from(["replace", "remove", "double"]))
        if action == "replace":
            parent[path[-1]] = draw(JSON)
        elif action == "remove":
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[path[-1]]))
    return content


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_mutation_can_be_rebuilt(assignment, data):
    """Whatever happens to the JSON, the tests that will run are the instructor's, in order, each once."""
    content = data.draw(mutated(json.loads(perfect(assignment))))
    source = assignment.notebooks[0]
    result = rebuild(source, json.dumps(content).encode("utf-8", "surrogatepass"))
    mine = [step.cell for step in result.steps if step.cell]
    assert mine == list(source.cells)
    assert all(step.text == "" for step in result.steps if step.cell and step.cell.role == "test")
    assert all(isinstance(step.text, str) for step in result.steps)
    assert result.readable or result.problems


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 4000), junk=st.binary(max_size=40), at=st.integers(0, 4000))
def test_any_damage_to_the_bytes_can_be_rebuilt(assignment, cut, junk, at):
    data = perfect(assignment)
    at %= len(data)
    result = rebuild(assignment.notebooks[0], data[:at] + junk + data[at + cut % 60 :])
    assert [step.cell for step in result.steps if step.cell] == list(assignment.notebooks[0].cells)


def test_the_written_notebook_is_valid(grader, assignment):
    from course_utils.grading.gradebook import as_notebook

    spoiled = CASES["cells of nonsense"][0](perfect(assignment))
    marked = grader.grade(courses.Submission("sam", {"hw": spoiled}))
    nbformat.validate(as_notebook(assignment.notebooks[0], marked.cells["hw"], marked))
