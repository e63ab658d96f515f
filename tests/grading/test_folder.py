"""Reading a course folder without nbgrader gives what nbgrader gives."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from nbgrader.utils import is_grade, is_locked, is_solution
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from course_utils.grading.assignment import Course, CourseError
from tests.demo_class import ROOT

from . import courses

CONFIGS = {
    "none": "",
    "directories": "c.CourseDirectory.source_directory = 'src'\nc.CourseDirectory.db_url = 'sqlite:///x.db'\n",
    "structure": 'c.CourseDirectory.directory_structure = "{nbgrader_step}/{assignment_id}/{student_id}"\n',
    "stubs": 'c.ClearSolutions.code_stub = {"python": "pass  # here"}\nc.ClearSolutions.text_stub = "..."\n',
    "marks": (
        'c.ClearSolutions.begin_solution_delimeter = "<<"\nc.ClearSolutions.end_solution_delimeter = ">>"\n'
    ),
}
CELLS = [
    courses.given("x = 1"),
    courses.answer("a", "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\n\ny = f()"),
    courses.answer("b", "z = 3"),
    courses.answer("c", "def g():\n    <<\n    return 2\n    >>"),
    courses.test("t", 2, "assert f()\n### BEGIN HIDDEN TESTS\nassert f() == 1\n### END HIDDEN TESTS"),
    courses.manual("m", 3, "Because.\n### BEGIN MARK SCHEME\n3 for all\n### END MARK SCHEME"),
    new_markdown_cell("# text"),
]


@pytest.fixture(params=CONFIGS)
def course(request, tmp_path):
    text = CONFIGS[request.param]
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\n{text}")
    folder = tmp_path / ("src" if "src" in text else "source")
    made = courses.make(tmp_path, CELLS)
    if folder.name != "source":
        (tmp_path / "source").rename(folder)
    return made


def test_places_are_nbgraders(course):
    theirs = CourseDirectory(config=course.config)
    assert course.db_url == theirs.db_url
    for step in ("source", "release", "submitted", "autograded"):
        name = getattr(theirs, f"{step}_directory")
        for student in (".", "ann"):
            expected = theirs.format_path(name, student, "hw")
            assert (
                course.path(getattr(course, f"{step}_directory"), student, "hw")
                == type(course.root)(expected).resolve()
            )
    assert course.ignore == list(theirs.ignore) and course.course_id == theirs.course_id


CHANGES = {
    "append": "c.CourseDirectory.ignore.append('wrong')\n",
    "stub": 'c.ClearSolutions.code_stub.update({"python": "pass  # changed"})\n',
    "root": "c.CourseDirectory.root = 'below'\nc.CourseDirectory.db_url = 'sqlite:///marks/x.db'\n",
}


@pytest.mark.parametrize("change", CHANGES)
def test_settings_that_change_a_default_count_as_nbgrader_counts_them(tmp_path, monkeypatch, change):
    text = f"c = get_config()\n{CHANGES[change]}"
    (tmp_path / "nbgrader_config.py").write_text(text)
    course = courses.make(tmp_path, CELLS[:2])
    monkeypatch.chdir(tmp_path)  # where nbgrader is run
    theirs = CourseDirectory(config=PyFileConfigLoader("nbgrader_config.py", str(tmp_path)).load_config())
    assert course.ignore == list(theirs.ignore)
    base = theirs.format_path("source", ".", "hw")
    assert str(course.source_folder("hw")) == str((tmp_path / base).resolve())
    assert course.db_url.replace(f"{tmp_path}/marks", "marks") == theirs.db_url
    assert CourseDirectory(config=course.config).db_url == course.db_url  # for late penalties and feedback
    if change == "stub":
        assert "pass  # changed" in course.load("hw").notebooks[0].cells[1].release


@pytest.mark.parametrize(
    "url, place",
    [
        ("sqlite:///gradebook.db", "sqlite:///ROOT/gradebook.db"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql:///marks", "postgresql:///marks"),
    ],
)
def test_a_gradebook_lies_in_the_course_wherever_the_command_is_run(tmp_path, url, place):
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\nc.CourseDirectory.db_url = {url!r}\n")
    assert Course(tmp_path).db_url == place.replace("ROOT", str(tmp_path))


@pytest.mark.parametrize("text, says", [("\n1 / 0", "line 2: ZeroDivisionError"), ("x = (", "SyntaxError")])
def test_a_configuration_that_fails_is_named(tmp_path, text, says):
    (tmp_path / "nbgrader_config.py").write_text(text)
    with pytest.raises(CourseError, match=rf"nbgrader_config\.py.*{says}"):
        Course(tmp_path)


@pytest.mark.parametrize("name", ["hw/", "./hw", "../source/hw", "HW", ""])
def test_an_assignment_has_one_name(tmp_path, name):
    course = courses.make(tmp_path, [courses.answer("a", "x = 1")])
    with pytest.raises(CourseError, match=r"no assignment .* \(there are: hw\)"):
        course.load(name)


def _released(notebook, config):
    for step in (ClearSolutions, ClearHiddenTests, ClearMarkScheme):
        notebook, _ = step(config=config).preprocess(notebook, {})
    return notebook


def test_released_text_is_nbgraders(course):
    path = next(course.source_folder("hw").glob("*.ipynb"))
    theirs = _released(nbformat.read(path, as_version=4), Config(copy.deepcopy(course.config)))
    ours = course.load("hw").notebooks[0].cells
    assert [cell.release for cell in ours] == [cell.source for cell in theirs.cells]
    for cell, their in zip(ours, nbformat.read(path, as_version=4).cells, strict=True):
        assert cell.locked == bool(is_locked(their))
        assert (cell.role in ("answer", "manual")) == bool(is_solution(their))
        assert (cell.role in ("test", "manual")) == bool(is_grade(their))


def test_this_course_is_released_as_nbgrader_releases_it():
    course = Course(ROOT)
    for name in course.assignments():
        for path in course.source_folder(name).glob("*.ipynb"):
            theirs = _released(nbformat.read(path, as_version=4), course.config)
            notebook = next(n for n in course.load(name).notebooks if n.name == path.stem)
            assert [cell.release for cell in notebook.cells] == [cell.source for cell in theirs.cells]


@pytest.mark.parametrize(
    "cell, says",
    [
        (courses.answer("a", "### BEGIN SOLUTION\nx = 1"), "without"),
        (courses.answer("a", "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION"), "inside another"),
        (courses.given("### BEGIN SOLUTION\n### END SOLUTION"), "no answer"),
        (courses.given("### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS"), "not graded"),
    ],
)
def test_broken_regions_are_named(tmp_path, cell, says):
    with pytest.raises(CourseError, match=says):
        courses.make(tmp_path, [cell]).load("hw")


def test_two_cells_of_one_name(tmp_path):
    with pytest.raises(CourseError, match="two cells have the grade_id 'a'"):
        courses.make(tmp_path, [courses.answer("a", "x = 1"), courses.test("a", 1, "assert x")]).load("hw")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}', "not JSON"])
def test_a_broken_source_is_named(tmp_path, text):
    course = courses.make(tmp_path, [courses.given("x = 1")])
    (course.source_folder("hw") / "hw.ipynb").write_text(text)
    with pytest.raises(CourseError, match=r"hw\.ipynb"):
        course.load("hw")


def test_banks_and_policies_are_never_public(tmp_path):
    files = [
        ("data/numbers.csv", b"1"),
        ("wrong/a/x.py", b'"""B.\n\nT."""'),
        ("right/a/y.py", b""),
        ("attacks/a/z.py", b""),
    ]
    course = courses.make(tmp_path, [courses.answer("a", "x = 1")], policy="uses = []\n", files=files)
    assert course.load("hw").files == (("data/numbers.csv", b"1"),)


@pytest.mark.parametrize(
    "text, says",
    [
        ("use = []", "unknown key 'use'"),
        ("uses = 'numpy'", "list of module names"),
        ("[limits]\nminutes = 3", "unknown limit 'minutes'"),
        ("[limits]\ncell_seconds = -1", "positive number"),
        ("[limits]\ncell_seconds = inf", "finite"),
        ("[limits]\nmemory_bytes = 1.5", "memory_bytes must be a whole number, not 1.5"),
        ("limits = 3", "limits must be a table"),
        ("uses = [", r"policy\.toml: "),
    ],
)
def test_bad_policies_are_named(tmp_path, text, says):
    with pytest.raises(CourseError, match=says):
        courses.make(tmp_path, [courses.answer("a", "x = 1")], policy=text + "\n").load("hw")


def test_other_languages_are_refused(tmp_path):
    course = courses.make(tmp_path, [new_code_cell("x <- 1")])
    path = course.source_folder("hw") / "hw.ipynb"
    nbformat.write(
        new_notebook(metadata={"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}), path
    )
    with pytest.raises(CourseError, match="only Python"):
        course.load("hw")
