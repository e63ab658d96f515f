"""Cells that students add, move or merge, and work that only a person marks: nothing of it gets lost."""

import json

import pytest
from nbformat.v4 import new_markdown_cell

from course_utils.grading import attached, feedback, inert
from course_utils.grading.engine import Grader
from course_utils.grading.gradebook import Writer, as_notebook
from course_utils.grading.rebuild import MAX_ADDED_TEXT, rebuild

from .courses import answer, by_id, hand_in, make, manual, notebook, task, test

CELLS = [
    answer("double", "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"),
    test("double-test", 2, "assert double(3) == 6"),
    answer("half", "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION"),
    test("half-test", 3, "assert half(3) == 1.5"),
    manual("plot", 4, "### BEGIN SOLUTION\nvalue = 7\n### END SOLUTION", code=True),
    test("plot-test", 1, "assert value == 7"),
    manual("essay", 5, "Because."),
]
HOSTILE = "<script>alert(1)</script> <img src=x onerror='alert(2)'> [see](javascript:alert(3)) *fine*"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make(tmp_path_factory.mktemp("course"), CELLS, policy="uses = []\n")


@pytest.fixture(scope="module")
def grader(course):
    with Grader(course.load("hw"), seed=1) as grader:
        yield grader


def grade(grader, change, answers=None):
    """The marks of a notebook with these answers, its list of cells changed."""
    content = json.loads(notebook(grader.assignment, answers))
    content["cells"] = change(content["cells"]) or content["cells"]
    submission = hand_in(grader.assignment)
    submission.notebooks["hw"] = json.dumps(content).encode()
    return grader.grade(submission)


def test_work_that_only_a_person_marks_runs_too(grader):
    marked = grader.grade(hand_in(grader.assignment, {"plot": "value = 7\nprint('shown')"}))
    assert [cell["output"] for cell in marked.cells["hw"] if cell["key"] == "plot"] == ["shown\n"]
    assert by_id(marked)["plot"].verdict == "manual"
    assert marked.score == by_id(marked)["plot-test"].points == 1


def test_nothing_runs_for_a_notebook_as_it_was_released(grader, monkeypatch):
    monkeypatch.setattr(grader, "_judged", lambda *a, **k: pytest.fail("ran"))
    assert grader.grade(hand_in(grader.assignment)).score == 0


def test_added_text_stays_where_it_stands_and_is_inert(grader, course):
    text = new_markdown_cell(f"My report. {HOSTILE}")
    marked = grade(grader, lambda cells: cells.insert(3, text))
    written = as_notebook(grader.assignment.notebooks[0], marked.cells["hw"], marked)
    assert [cell.source for cell in written.cells].index(text.source) == 3
    assert written.cells[3].cell_type == "markdown" and "nbgrader" not in written.cells[3].metadata
    with Writer(course, grader.assignment) as writer:
        writer.write(marked)
    (page,) = feedback.write(course, grader.assignment)
    page = page.read_text()
    assert "My report." in page and "<em>fine</em>" in page
    assert "<script>alert" not in page and "<img src" not in page and "javascript:alert" not in page


def test_a_written_answer_that_lost_its_name_is_shown(grader):
    def strip(cells):
        cells[-1].update(source="It is so because.", metadata={}, id="new")

    marked = grade(grader, strip)
    shown = [cell["text"] for cell in marked.cells["hw"]]
    assert "It is so because." in shown[-2:]


def test_added_text_is_bounded_but_pictures_do_not_count(grader):
    def steps(cells):
        content = json.loads(notebook(grader.assignment))
        content["cells"] += [json.loads(json.dumps(new_markdown_cell(text))) for text in cells]
        return rebuild(grader.assignment.notebooks[0], json.dumps(content).encode())

    half = "a" * (MAX_ADDED_TEXT // 2)
    rebuilt = steps([half, half, "one more", "and another"])
    assert [s.text for s in rebuilt.steps if not s.cell] == [half, half]
    assert any("262,144" in problem for problem in rebuilt.problems)
    picture = f"![](data:image/png;base64,{'A' * 900_000})"
    rebuilt = steps([picture, half, picture, "caption"])
    assert len([s for s in rebuilt.steps if not s.cell]) == 4 and rebuilt.problems == []


PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_a_photograph_of_a_written_answer_reaches_whoever_marks_it(grader, course):
    """Jupyter keeps a picture that is pasted into a text cell as the cell's attachment."""
    photo = {"my photo.png": {"image/png": [PNG[:40] + "\n", PNG[40:]]}}

    def paste(cells):
        cells[-1].update(source="By hand: ![](attachment:my%20photo.png)", attachments=photo)
        cells.insert(
            3, new_markdown_cell("![sketch](attachment:a.png)", attachments={"a.png": {"image/png": PNG}})
        )

    marked = grade(grader, paste)
    assert by_id(marked)["essay"].verdict == "manual" and marked.problems == []
    with Writer(course, grader.assignment) as writer:
        writer.write(marked)
    (page,) = feedback.write(course, grader.assignment)
    assert page.read_text().count(f'src="data:image/png;base64,{PNG}"') == 2


@pytest.mark.parametrize(
    "attachments",
    [
        None,
        [],
        {},
        {"other.png": {"image/png": PNG}},
        {"a.png": PNG},
        {"a.png": {"image/svg+xml": "PHN2Zz4="}},
        {"a.png": {"image/png": '" onerror="alert(1)'}},
        {"a.png": {"image/png": ["AAAA", 1]}},
    ],
)
def test_what_is_no_attached_picture_is_left_as_it_was_typed(attachments):
    assert attached.embed("![](attachment:a.png)", attachments, 1000) == ("![](attachment:a.png)", 1000)


def test_attached_pictures_are_bounded_however_often_they_are_shown(grader):
    content = json.loads(notebook(grader.assignment))
    photo = {"a.png": {"image/png": "A" * (attached.MAX_CHARACTERS // 4)}}
    shown = new_markdown_cell("![](attachment:a.png) " * 3, attachments=photo)
    content["cells"] += [json.loads(json.dumps(shown)) for _ in range(2)]
    rebuilt = rebuild(grader.assignment.notebooks[0], json.dumps(content).encode())
    texts = [step.text for step in rebuilt.steps if not step.cell]
    assert [text.count("data:image/png") for text in texts] == [3, 0]
    assert [text.count("attachment:") for text in texts] == [0, 3]
    assert rebuilt.problems == ["The attached pictures have more than 32 MiB; some were left out."]


def test_pictures_in_a_text_are_as_they_were_however_large():
    other = "data:image/png;base64,picture0="  # what stands for one of them in the meantime
    texts = [f"data:image/png;base64,{PNG}", other, f"data:image/jpeg;base64,{'A' * 3_000_000}"]
    page = inert.markdown("\n\n".join(f"![]({text})" for text in texts))
    assert [page.count(f'src="{text}"') for text in texts] == [1, 1, 1]


@pytest.mark.parametrize("address", ["http://x/" + "a" * 100_000, f"data:image/png;base64,{'A' * 4_000_000}"])
def test_a_page_does_not_grow_with_each_mention_of_a_long_address(address):
    page = inert.markdown(f"![a]\n\n[a]: {address}\n\n" + "![a] " * 8000)
    assert address in page and len(page) <= 1.5 * attached.MAX_CHARACTERS


def test_references_between_brackets_are_links():
    page = inert.markdown("See [the paper] and [it][the paper].\n\n[the paper]: https://example.org/a")
    assert page.count('href="https://example.org/a"') == 2


def test_an_instructors_picture_is_shown_and_is_no_answer(tmp_path):
    question = manual("essay", 5, "What is ![this](attachment:a.png)?")
    question.attachments = {"a.png": {"image/png": PNG}}
    question.source += "\n### BEGIN SOLUTION\nA dot.\n### END SOLUTION"
    assignment = make(tmp_path, [question], policy="uses = []\n").load("hw")
    content = json.loads(notebook(assignment))
    released = {
        **json.loads(json.dumps(question)),
        "source": "What is ![this](attachment:a.png)?\nYOUR ANSWER HERE",
    }
    content["cells"] = [released]
    rebuilt = rebuild(assignment.notebooks[0], json.dumps(content).encode())
    assert [(step.attempted, PNG in step.text) for step in rebuilt.steps] == [(False, True)]
    released["source"] += " A dot."
    content["cells"] = [released]
    rebuilt = rebuild(assignment.notebooks[0], json.dumps(content).encode())
    assert [(step.attempted, PNG in step.text) for step in rebuilt.steps] == [(True, True)]


DOUBLE, HALF = "def double(x):\n    return 2 * x", "def half(x):\n    return x / 2"
BOTH = f"{DOUBLE}\n\n\n{HALF}"
ANSWERS = {"double": DOUBLE, "half": HALF}


def cell(cells, key):
    return next(c for c in cells if c["id"] == key)


def own(text):
    return {
        "cell_type": "code",
        "id": "own",
        "execution_count": None,
        "metadata": {},
        "source": text,
        "outputs": [],
    }


def merged_below(cells):
    """Both answers in the first answer's cell."""
    cells.remove(cell(cells, "half"))
    cell(cells, "double")["source"] = BOTH


def merged_above(cells):
    """Both answers in the second answer's cell, which was moved to where the first one stood."""
    cells[0] = cell(cells, "half")
    cells[0]["source"] = BOTH
    del cells[2]


def merged_in_a_new_cell(cells):
    cells.remove(cell(cells, "half"))
    cells[0] = own(BOTH)


def split(cells):
    """The second answer in a cell of its own, with a helper that the solution lacks, its cell deleted."""
    cells.remove(cell(cells, "half"))
    cells.insert(0, own(f"import math\n\n\ndef third(x):\n    return x / 3\n\n\n{HALF}"))


def in_a_given_cell(cells):
    cells.remove(cell(cells, "half"))
    cells[0]["source"] = f"{DOUBLE}\n{HALF}"


@pytest.mark.parametrize("change", [merged_below, merged_above, merged_in_a_new_cell, split, in_a_given_cell])
def test_answers_that_were_merged_or_moved_count(grader, change):
    marked = grade(grader, change, ANSWERS)
    assert marked.score == 5, (marked.problems, marked.questions)
    assert any("is missing; other cells define" in p or "lost its name" in p for p in marked.problems)


def test_a_missing_answer_that_nobody_gives_is_not_attempted(grader):
    marked = grade(grader, lambda cells: cells.remove(cell(cells, "half")), ANSWERS)
    assert by_id(marked)["half-test"].verdict == "not attempted" and marked.score == 2
    assert marked.problems == ["The cell 'half' is missing: it counts as not attempted."]


def test_a_missing_written_answer_beside_added_text_is_for_a_person(grader):
    def replace(cells):
        cells[-1] = json.loads(json.dumps(new_markdown_cell("It is so because.")))

    marked = grade(grader, replace, ANSWERS)
    assert by_id(marked)["essay"].verdict == "manual"
    assert marked.problems == ["The cell 'essay' is missing; see the cells that the student added."]
    marked = grade(grader, lambda cells: cells.pop() and None, ANSWERS)
    assert by_id(marked)["essay"].verdict == "not attempted"


def test_names_that_only_the_solution_has_are_not_asked_of_an_answer_that_lost_its_name(tmp_path):
    source = (
        "def twice(x):\n    ### BEGIN SOLUTION\n    return _sum(x, x)\n    ### END SOLUTION\n\n\n"
        "### BEGIN SOLUTION\nimport operator\n\n\n"
        "def _sum(a, b):\n    return operator.add(a, b)\n### END SOLUTION"
    )
    cells = [answer("twice", source), test("twice-test", 1, "assert twice(2) == 4")]
    notebook_of = make(tmp_path, cells, policy="uses = []\n").load("hw").notebooks[0]
    mine = {"cells": [own("def twice(x):\n    return x + x")]}
    rebuilt = rebuild(notebook_of, json.dumps(mine).encode())
    assert rebuilt.steps[0].text == mine["cells"][0]["source"]


SCHEME = "Draw it.\n\n### BEGIN MARK SCHEME\nTwo points a mask.\n### END MARK SCHEME"


@pytest.mark.parametrize("written", ["", "My <b>drawing</b> is below."])
def test_a_mark_scheme_is_for_the_marker_alone(tmp_path, written):
    course = make(tmp_path, [task("draw", 4, SCHEME), *CELLS[:2]], policy="uses = []\n")
    assignment = course.load("hw")
    assert "Two points" not in assignment.notebooks[0].cells[0].release
    text = f"Draw it.\n\n{written}"
    with Grader(assignment, seed=1) as grader:
        marked = grader.grade(hand_in(assignment, {"draw": text, "double": DOUBLE}))
    shown = [as_notebook(assignment.notebooks[0], marked.cells["hw"], marked, h) for h in (True, False)]
    assert shown[0].cells[0].source.endswith(SCHEME) and written in shown[0].cells[0].source
    assert shown[1].cells[0].source == text
    with Writer(course, assignment) as writer:
        writer.write(marked)
    (page,) = feedback.write(course, assignment)
    assert "Draw it." in page.read_text() and "Two points" not in page.read_text()
    assert "drawing" in page.read_text() or not written
