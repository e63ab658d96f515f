"""What the command refuses before it grades, and what it warns of, in sentences."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from typer.testing import CliRunner

from course_utils.grading.assignment import Course
from course_utils.grading.cli import app
from course_utils.grading.submissions import without

from . import courses

CELLS = [
    courses.answer("a", "### BEGIN SOLUTION\na = 1\n### END SOLUTION"),
    courses.test("t", 1, "assert a == 1"),
]
BANK = [("wrong/a/zero.py", b'"""Zero.\n\nOne."""\na = 0'), ("right/a/sum.py", b"a = 0 + 1")]


def make(root, **more):
    """A course with one student, whose answer is wrong."""
    course = courses.make(root, CELLS, **more)
    folder = root / "submitted" / "sam" / "hw"
    folder.mkdir(parents=True)
    (folder / "hw.ipynb").write_bytes(courses.notebook(course.load("hw"), {"a": "a = 2"}))
    return course


def command(what, course, *more):
    result = CliRunner().invoke(app, [what, "--course", str(course.root), *map(str, more)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.exit_code, result.output


def grade(course, *more):
    return command("grade", course, "hw", "--csv", course.root / "grades.csv", *more)


@pytest.mark.parametrize(
    "folder, found",
    [("submitted/sam", "hw"), ("submitted/sam/hw", r"hw.ipynb")],
    ids=["student", "assignment"],
)
def test_one_students_folder_is_no_class(tmp_path, folder, found):
    code, output = grade(make(tmp_path), "--submitted", tmp_path / folder)
    assert code == 2 and f"looks like one student's folder: {found} lies directly in it" in output


@pytest.mark.parametrize("option", ["--csv", "--json", "--html"])
def test_a_file_that_cannot_be_written_is_refused_before_grading(tmp_path, option):
    course = make(tmp_path)
    for path in ("source", "source/hw/hw.ipynb/report"):
        code, output = grade(course, option, tmp_path / path)
        assert code == 2 and f"{option} {tmp_path / path} cannot be written: " in output
    assert not (tmp_path / "gradebook.db").exists()


def test_trying_out_a_file_leaves_it_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr("course_utils.grading.run.grade_class", lambda *a, **k: 1 / 0)
    (tmp_path / "grades.csv").write_text("earlier")
    CliRunner().invoke(
        app,
        [
            "grade",
            "hw",
            "--course",
            str(make(tmp_path).root),
            "--csv",
            str(tmp_path / "grades.csv"),
            "--json",
            str(tmp_path / "x.json"),
        ],
    )
    assert (tmp_path / "grades.csv").read_text() == "earlier" and not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:9"])
def test_a_scheduler_that_nobody_answers_for_is_out_of_reach(tmp_path, address):
    import dask
    import distributed  # noqa: F401  (its settings must be there before one of them is changed)

    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        code, output = grade(make(tmp_path), "--scheduler", address)
    assert code == 2, output
    assert f"the scheduler {address} is out of reach" in output


def test_a_sandbox_that_is_refused_stops_a_proof(tmp_path, monkeypatch):
    with tempfile.TemporaryDirectory() as tools:
        os.chmod(tools, 0o755)  # the sandbox is started by nobody
        tool = Path(tools, "bwrap")
        tool.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
        code, output = command("prove", make(tmp_path), "hw")
    assert code == 2 and "the student sandbox did not start: bwrap: setting up uid map" in output


def test_who_has_handed_in_nothing_is_told(tmp_path):
    course = make(tmp_path, policy="uses = []\n")
    (tmp_path / "submitted" / "ann" / "HW").mkdir(parents=True)
    (tmp_path / "submitted" / "ann" / "HW" / "hw.ipynb").write_bytes(b"")
    (tmp_path / "submitted" / "bob" / "other").mkdir(parents=True)
    (tmp_path / "submitted" / "sam" / "hw" / "timestamp.txt").write_text("soon")
    code, output = grade(course, "--json", tmp_path / "report.json")
    assert code == 0 and "Without a folder 'hw': ann (has 'HW'), bob\n" in output
    (entry,) = json.loads((tmp_path / "report.json").read_text())
    late = "timestamp.txt cannot be read as a date: 'soon'. The submission counts as on time."
    assert (entry["student"], entry["problems"]) == ("sam", [late])
    (tmp_path / "submitted" / "sam" / "hw").rename(tmp_path / "submitted" / "sam" / "Hw")
    code, output = grade(course)
    assert code == 2 and "Without a folder 'hw': ann (has 'HW'), bob, sam (has 'Hw')\n" in output


def test_where_students_are_in_the_assignments_folder_none_is_without(tmp_path):
    structure = "{nbgrader_step}/{assignment_id}/{student_id}"
    (tmp_path / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.directory_structure = {structure!r}\n"
    )
    (tmp_path / "submitted" / "hw" / "sam").mkdir(parents=True)
    assert without(Course(tmp_path), "hw") == []


def test_doctor_needs_a_course_that_is_there(tmp_path):
    result = CliRunner().invoke(app, ["doctor", "--course", str(tmp_path / "nowhere")])
    assert result.exit_code == 2 and "nowhere is not a folder" in result.output + result.stderr


def test_a_bank_that_the_release_would_contain_is_warned_of(tmp_path, monkeypatch):
    """The line that is to be added is taken from the warning, and nbgrader then leaves the bank out."""
    course = make(tmp_path, files=[*BANK, ("equivalent.toml", b"")])
    (warning,) = course.concerns(course.load("hw"))
    assert "would hand out wrong, right, equivalent.toml" in warning
    line = warning.rpartition(": ")[2]
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\n{line}\n")
    course = Course(tmp_path)
    assert course.concerns(course.load("hw")) == []
    directory = CourseDirectory(config=course.config, assignment_id="hw")
    GenerateAssignment(coursedir=directory, config=course.config, create_assignment=True).start()
    released = tmp_path / "release" / "hw"
    assert [path.name for path in released.iterdir()] == ["hw.ipynb"]
    (released / "wrong").mkdir()
    (warning,) = course.concerns(course.load("hw"))
    assert warning == f"released already, with the answers in it: {released / 'wrong'}"


def test_modules_that_are_not_there_are_warned_of(tmp_path):
    uses = [
        "nunpy",
        "numpy",
        "numpy.linalg",
        "xml.dom",
        "course_utils.data",
        "course_utils.dato",
        "numpy.x.y",
        "",
    ]
    course = make(tmp_path, policy=f"uses = {json.dumps(uses)}\n")
    (warning,) = course.concerns(course.load("hw"))
    assert warning.endswith("uses lists what is not installed here: nunpy, course_utils.dato, numpy.x.y, ")


def test_every_command_warns(tmp_path, monkeypatch):
    monkeypatch.setattr("course_utils.grading.doctor.examine", lambda course: [])
    course = make(tmp_path, files=BANK, policy="uses = []\n")
    for what, *more in (
        ("doctor",),
        ("grade", "hw", "--csv", tmp_path / "g.csv"),
        ("prove", "hw", "--no-mutants"),
    ):
        code, output = command(what, course, *more)
        assert code == 0 and "warning:" in output and "ignore.extend(['wrong', 'right'])" in output, output
