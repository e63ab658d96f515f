"""The bank at work: proof, mutants, the diagnosis, and what students see of it."""

# ruff: noqa: E501  (answers in one string)

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from course_utils.grading import bank, diagnosis, mutants
from course_utils.grading.assignment import CourseError
from course_utils.grading.cli import app
from course_utils.grading.engine import Grader
from course_utils.grading.run import close_graders

from . import courses

CELLS = [
    courses.answer(
        "size",
        "def size(n, k, s=1):\n    ### BEGIN SOLUTION\n    if k > n:\n        raise ValueError('too big')\n"
        "    return (n - k) // s + 1\n    ### END SOLUTION",
    ),
    courses.test("size-visible", 2, "assert size(5, 3) == 3"),
    courses.test(
        "size-hidden",
        3,
        "### BEGIN HIDDEN TESTS\nfor n in range(3, 12):\n    for s in (1, 2, 3):\n        assert size(n, 3, s) == len(range(0, n - 2, s)), (n, s)\n"
        "assert size(3, 3, 5) == 1\ntry:\n    size(2, 3)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError\n### END HIDDEN TESTS",
    ),
    courses.answer("name", "def name():\n    ### BEGIN SOLUTION\n    return 'x' * 3\n    ### END SOLUTION"),
    courses.test("name-test", 1, "assert name() == 'xxx'"),
]  # fmt: skip
FILES = {
    "wrong/size/stride-ignored.py": '"""A stride changes nothing.\n\nYou ignore the stride."""\ndef size(n, k, s=1):\n    if k > n:\n        raise ValueError\n    return n - k + 1',
    "wrong/size/no-plus-one@1.py": '"""Places are steps.\n\nYou forgot the first place."""\ndef size(n, k, s=1):\n    if k > n:\n        raise ValueError\n    return (n - k) // s',
    "wrong/size/never-refuses.py": '"""All fits.\n\nYou never refuse."""\ndef size(n, k, s=1):\n    return (n - k) // s + 1',
    "right/size/counted.py": '"""Counted one by one."""\ndef size(n, k, s=1):\n    if k > n:\n        raise ValueError\n    return len(range(0, n - k + 1, s))',
    "attacks/size/equal.py": '"""Equals all."""\nclass E(int):\n    __eq__ = lambda *a: True\n    __hash__ = int.__hash__\n\n\ndef size(n, k, s=1):\n    return E(0)',
}  # fmt: skip
ATTACK_AND_BELIEF = "def size(n, k, s=1):\n    '''<script>alert(1)</script>'''\n    if n < k:\n        raise ValueError\n    return 1 + n - k\n\n\nprint('<script>alert(2)</script>')"


def make(root, files=FILES):
    return courses.make(root, CELLS, policy="uses = []\n", files=[(p, t.encode()) for p, t in files.items()])


def prove(course, *more):
    arguments = [
        "prove",
        "hw",
        "--course",
        str(course.root),
        "--json",
        str(course.root / "proof.json"),
        *more,
    ]
    result = CliRunner().invoke(app, arguments)
    return result, json.loads((course.root / "proof.json").read_text()) if result.exit_code < 2 else []


def test_prove_holds_for_a_good_bank(tmp_path):
    result, proofs = prove(make(tmp_path), "--no-mutants")
    assert result.exit_code == 0, result.output
    by_name = {p["name"]: p for p in proofs}
    assert by_name["counted"]["score"] == 6 and by_name["counted"]["diagnosed"] is None
    assert {n: p["diagnosed"] for n, p in by_name.items() if p["kind"] == "wrong"} == {
        n: n for n in ("stride-ignored", "no-plus-one", "never-refuses")
    }
    assert by_name["never-refuses"]["caught_by"] == ["size-hidden"]
    assert by_name["equal"]["score"] == 1


@pytest.mark.parametrize(
    "path, text, problem",
    [
        ("wrong/size/fine.py", FILES["right/size/counted.py"].replace('one."""', 'one.\n\nTell."""'), "nobody catches it"),
        ("wrong/size/off@5.py", FILES["wrong/size/never-refuses.py"], "its name says 5"),
        ("right/size/bad.py", FILES["wrong/size/stride-ignored.py"], "a right answer is refused"),
        ("attacks/size/honest.py", FILES["right/size/counted.py"], "the attack earns 5 instead of 0"),
    ],
)  # fmt: skip
def test_prove_names_what_is_wrong_with_a_bank(tmp_path, path, text, problem):
    result, proofs = prove(make(tmp_path, {path: text}), "--no-mutants")
    assert result.exit_code == 1
    assert next(p["problem"] for p in proofs if p["problem"]).endswith(problem)


TYPO = [
    *CELLS[:1],
    courses.test("typo", 2, "assert size(5, 3) == 4, 'not [four] places'"),
    courses.test("fine", 1, "assert size(4, 3) == 2"),
    courses.answer("tensor", "### BEGIN SOLUTION\nimport torch\n\nt = torch.ones(2)\n### END SOLUTION"),
    courses.test("tensor-test", 3, "assert len(t) == 2"),
]


def test_a_solution_that_loses_points_is_told_with_the_reasons(tmp_path):
    """By a test with a typo, and by a module that the policy lacks: in proofs, and to whoever grades a class."""
    course = courses.make(tmp_path, TYPO, policy="uses = []\n")
    typo = "the solution gets 0 of 2 points in typo (failed: not [four] places)"
    tensor = "the solution gets 0 of 3 points in tensor-test (forbidden: "
    result, (solution,) = prove(course, "--no-mutants")
    assert result.exit_code == 1 and solution["caught_by"] == ["typo", "tensor-test"]
    assert solution["problem"].startswith(f"{typo}; {tensor}") and "torch" in solution["problem"]
    assert f"solution: {typo}; {tensor}" in result.output
    assignment = course.load("hw")
    for student, answers in (
        ("ann", courses.solution(assignment)),
        ("bob", {"size": "size = 1"}),
        ("cy", {}),
    ):
        folder = tmp_path / "in" / student
        folder.mkdir(parents=True)
        (folder / "hw.ipynb").write_bytes(courses.notebook(assignment, answers))
    files = ["--csv", tmp_path / "g.csv", "--json", tmp_path / "r.json"]
    command = ["grade", "hw", "--course", tmp_path, "--submitted", tmp_path / "in", *files]
    for _ in range(2):  # the second time from the journal
        result = CliRunner().invoke(app, [str(part) for part in command])
        assert result.exit_code == 0, result.output
        told = [line for line in result.stderr.splitlines() if "the solution gets" in line]
        assert [typo in told[0], tensor in told[1], len(told)] == [True, True, 2]
        assert "not [four] places" in result.stderr and "the solution gets" not in result.stdout
    assert "the solution" not in (tmp_path / "r.json").read_text()
    close_graders()


def test_prove_names_beliefs_that_cannot_be_told_apart(tmp_path):
    twin = (
        FILES["wrong/size/stride-ignored.py"].replace("n - k + 1", "1 + n - k").replace("nothing", "little")
    )
    result, proofs = prove(make(tmp_path, {**FILES, "wrong/size/stride-unused.py": twin}), "--no-mutants")
    assert result.exit_code == 0  # both lose points: the bank is sound, only the feedback is poorer
    like = {p["name"]: p["like"] for p in proofs if p["like"]}
    assert like == {"stride-ignored": ["stride-unused"], "stride-unused": ["stride-ignored"]}
    assert (
        "stride-unused: gives the same results as stride-ignored, so the feedback can name" in result.output
    )


def test_what_prove_prints_fits_a_log(tmp_path):
    result, _ = prove(make(tmp_path), "--no-mutants")
    lines = result.output.splitlines()
    table = [line for line in lines if line.startswith(("│", "┃"))]
    assert len(table) > 5 and max(map(len, table)) <= 80
    assert any("stride-ignored" in line and "✓" in line for line in table)
    assert re.search(r"^6 answers in \d+ s$", result.output, re.MULTILINE)


def test_mutants_must_be_caught_or_listed(tmp_path):
    cells = [*CELLS[:1], courses.test("weak", 1, "assert size(5, 3) == 3\nassert size(7, 3) == 5")]
    course = courses.make(tmp_path, cells, policy="uses = []\n")
    result, proofs = prove(course)
    missed = [p["name"] for p in proofs if p["kind"] == "mutant" and p["problem"]]
    assert result.exit_code == 1 and "return (n - k) // s + 1  =>  return n - k + 1" in missed
    entries = "".join(
        f"[[mutant]]\ncell = 'size'\nchange = {json.dumps(m)}\nreason = 'a weak test'\n" for m in missed
    )
    (course.source_folder("hw") / "equivalent.toml").write_text(entries)
    assert prove(course)[0].exit_code == 0


@pytest.mark.parametrize("text", ["[[mutant", "mutant = 3", "[mutant]\ncell = 'a'", "[[mutant]]\ncell = 'a'"])
def test_bad_lists_of_equivalent_mutants_are_named(tmp_path, text):
    (tmp_path / "equivalent.toml").write_text(text)
    with pytest.raises(ValueError, match=r"equivalent\.toml: "):
        mutants.equivalents(tmp_path)


def test_mutants_change_one_thing_each():
    source = "def f(x, y=2):\n    '''Doc 1.'''\n    if x > 1 and y:\n        return -x\n    z = [x, 3][0]\n    return z * y"
    found = {m.change for m in mutants.mutants("c", source)}
    assert {
        "if x > 1 and y:  =>  if x >= 1 and y:",
        "if x > 1 and y:  =>  if x > 1 or y:",
        "if x > 1 and y:  =>  (left out)",
        "return -x  =>  return x",
        "z = [x, 3][0]  =>  z = [x, 3][1]",
        "return z * y  =>  return z + y",
        "def f(x, y=2):  =>  def f(x, y=3):",
    } <= found
    assert not any("Doc" in change for change in found)
    for mutant in mutants.mutants("c", source):
        compile(mutant.source, "mutant", "exec")


def test_feedback_tells_the_belief_and_hides_the_tests(tmp_path):
    course = make(tmp_path)
    assignment = course.load("hw")
    folder = tmp_path / "in" / "sam"
    folder.mkdir(parents=True)
    answers = {**courses.solution(assignment), "size": ATTACK_AND_BELIEF}
    (folder / "hw.ipynb").write_bytes(courses.notebook(assignment, answers))
    arguments = ["--course", str(tmp_path)]
    more = [
        "--submitted",
        str(tmp_path / "in"),
        "--csv",
        str(tmp_path / "g.csv"),
        "--json",
        str(tmp_path / "r.json"),
    ]
    assert CliRunner().invoke(app, ["feedback", "hw", *arguments]).exit_code == 2
    assert CliRunner().invoke(app, ["grade", "hw", *arguments, *more]).exit_code == 0
    (entry,) = json.loads((tmp_path / "r.json").read_text())
    told = {q["id"]: q["diagnosis"] for q in entry["questions"]}
    assert told == {"size-visible": None, "size-hidden": "You ignore the stride.", "name-test": None}
    result = CliRunner().invoke(app, ["feedback", "hw", *arguments])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "feedback" / "sam" / "hw" / "hw.html").read_text()
    assert "You ignore the stride." in page and "size-visible" in page
    assert "range(0, n - 2, s)" not in page and "BEGIN HIDDEN" not in page
    assert "<script>alert" not in page
    close_graders()


@pytest.mark.parametrize("text", ["x = (", '"""Only a belief."""\nx = 1', "x = 1", "x = '\0'"])
def test_bad_bank_files_are_named(tmp_path, text):
    course = make(tmp_path, {"wrong/size/odd.py": text})
    with pytest.raises(CourseError, match=r"odd\.py"):
        course.load("hw")


@pytest.mark.parametrize(
    "path, says",
    [
        ("wrong/stray.py", "its place is .*wrong/<cell>/stray.py, with one of the cells name, size"),
        ("attacks/size/deeper/stray.py", "its place is .*attacks/<cell>/stray.py"),
        ("right/szie/x.py", r"no answer cell 'szie' \(there are: name, size\)"),
        ("right/size-hidden/x.py", "no answer cell 'size-hidden'"),
        ("wrong/size/one@x.py", r"one@x\.py: what follows @ in its name is the score, not 'x'"),
        ("wrong/size/one@.py", r"one@\.py: what follows @"),
    ],
)
def test_what_a_bank_would_overlook_is_named(tmp_path, path, says):
    course = make(tmp_path, {path: FILES["wrong/size/never-refuses.py"]})
    with pytest.raises(CourseError, match=says):
        course.load("hw")


def test_other_files_in_a_bank_are_no_matter(tmp_path):
    files = {"wrong/README.md": "", "right/size/notes.txt": "", "wrong/.ipynb_checkpoints/x.py": "("}
    assert make(tmp_path, files).load("hw").bank == ()
    assert bank.load(tmp_path, ()) == ()


@settings(max_examples=50)
@given(st.lists(st.floats(width=32), min_size=1, max_size=5))
def test_results_are_the_same_up_to_rounding(values):
    array = np.array(values)
    assert diagnosis.same(array, array.copy())
    assert diagnosis.same([("value", v, False) for v in values], [("value", v, False) for v in values])
    assert not diagnosis.same(array, array.astype(np.float32))
    assert not diagnosis.same(array, array[None])
    assert not diagnosis.same(1, 1.0) and not diagnosis.same(True, 1)


def test_odd_results_of_probes_cost_no_other_question(tmp_path):
    """Nested as deeply as a value may be, or together far too large to be reported."""
    assignment = make(tmp_path).load("hw")
    answers = {
        "deep": "def size(n, k, s=1):\n    r = []\n    for _ in range(57):\n        r = [r]\n    return r",
        "large": "def size(n, k, s=1):\n    return 'x' * (3 << 20)",
    }
    with Grader(assignment, seed=1) as grader:
        for answer in answers.values():
            marked = grader.grade(
                courses.hand_in(assignment, {**courses.solution(assignment), "size": answer})
            )
            assert [question.points for question in marked.questions] == [0, 0, 1]


def test_only_one_belief_explains():
    solution, other = [("value", 1, False)], [("value", 2, False)]
    assert diagnosis.explain(other, solution, {"a": other, "b": solution}) == "a"
    assert diagnosis.explain(other, solution, {"a": other, "b": other}) is None
    assert diagnosis.explain(solution, solution, {"a": solution}) is None
    assert diagnosis.explain(other, solution, {}) is None
