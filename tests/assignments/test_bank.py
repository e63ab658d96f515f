"""The banks: every wrong answer loses marks on its own question, every right one keeps them all."""

import ast

import pytest

from course_utils import checks
from tests.assignments.running import points, question_tests, read, run
from tests.assignments.test_notebooks import ASSIGNMENTS
from tests.demo_class import ROOT, fill

FILES = sorted((ROOT / "solutions").glob("*/wrong/*/*.py")) + sorted(
    (ROOT / "solutions").glob("*/right/*/*.py")
)
WRONG = [path for path in FILES if path.parents[1].name == "wrong"]
RIGHT = [path for path in FILES if path.parents[1].name == "right"]
ANSWERS = {
    assignment: read(ROOT / "solutions" / assignment / f"{assignment}.ipynb") for assignment in ASSIGNMENTS
}


def named(path):
    return "/".join((path.parents[2].name, path.parent.name, path.stem))


@pytest.fixture
def seed(request):
    checks.set_seed(getattr(request, "param", 0))
    yield
    checks.set_seed(None)


def lost(path):
    """The points that the answer in this file loses on its own question, and on all others."""
    source = ANSWERS[path.parents[2].name]
    failed = run(fill(source, {path.parent.name: path.read_text(encoding="utf-8")}))
    own = question_tests(source)[path.parent.name]
    worth = points(source)
    return sum(worth[test] for test in own & failed.keys()), sum(
        worth[test] for test in failed.keys() & worth.keys() - own
    )


@pytest.mark.parametrize("path", WRONG, ids=named)
def test_a_wrong_answer_loses_points_on_its_question(path, seed):
    assert lost(path)[0] > 0


@pytest.mark.parametrize("path", RIGHT, ids=named)
def test_a_right_answer_loses_none_anywhere(path, seed):
    assert lost(path) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9), indirect=True)
def test_no_seed_spares_a_wrong_answer_or_hits_a_right_one(seed):
    assert [named(path) for path in WRONG if lost(path)[0] == 0] == []
    assert [named(path) for path in RIGHT if lost(path) != (0, 0)] == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_question_has_wrong_and_right_answers(assignment):
    questions = question_tests(ANSWERS[assignment])
    for bank, enough in (("wrong", 10), ("right", 3)):
        files = [
            path for path in FILES if path.parents[2].name == assignment and path.parents[1].name == bank
        ]
        by_question = {question: [p for p in files if p.parent.name == question] for question in questions}
        assert {question: len(paths) >= enough for question, paths in by_question.items()} == dict.fromkeys(
            questions, True
        )
        assert len(files) == sum(map(len, by_question.values()))  # no folder that belongs to no question


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_says_what_it_is(path):
    """Wrong: what the student believes, a blank line, what to tell them. Right: what is special about it."""
    text = path.read_text(encoding="utf-8")
    paragraphs = ast.get_docstring(ast.parse(text)).split("\n\n")
    assert len(paragraphs) == (2 if path in WRONG else 1)
    assert all(len(paragraph) > 15 and paragraph.endswith((".", ")")) for paragraph in paragraphs)
