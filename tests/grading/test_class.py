"""`course grade` over the bundled class: every submission gets the mark that it was made for."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from course_utils.grading.cli import app
from tests.demo_class import ROOT, write_class


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A copy of this course with its class graded: (folder, designed scores, the command's result)."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "solutions", root / "solutions")
    designed = write_class(root / "handed-in")
    policy = root / "solutions" / "convolution" / "policy.toml"
    policy.write_text(policy.read_text().replace("cell_seconds = 10", "cell_seconds = 3"))
    return root, designed, command(root)


def command(root, *more):
    arguments = [
        "grade",
        "convolution",
        "--course",
        root,
        "--submitted",
        root / "handed-in",
        "--workers",
        "2",
    ]
    files = ["--json", root / "report.json", "--csv", root / "grades.csv"]
    return CliRunner().invoke(app, [str(a) for a in [*arguments, *files, *more]])


def test_every_submission_gets_its_designed_mark(graded):
    root, designed, result = graded
    assert result.exit_code == 0, result.output
    report = json.loads((root / "report.json").read_text())
    assert {entry["student"]: entry["score"] for entry in report} == designed
    assert {entry["max_score"] for entry in report} == {100}
    for entry in report:
        assert sum(q["points"] for q in entry["questions"]) == entry["score"]
        assert all(q["message"] for q in entry["questions"])
        assert set(entry["questions"][0]) == {"id", "points", "max_points", "verdict", "message", "diagnosis"}


def test_csv_and_gradebook_agree(graded):
    root, designed, _ = graded
    with (root / "grades.csv").open() as file:
        assert {row["student"]: float(row["score"]) for row in csv.DictReader(file)} == designed
    with Gradebook(f"sqlite:///{root}/gradebook.db", "convnets") as book:
        submissions = book.assignment_submissions("convolution")
        assert {s.student.id: s.score for s in submissions} == designed
        assert not any(s.needs_manual_grade for s in submissions)


def test_a_second_run_grades_nothing_anew(graded, monkeypatch):
    root, designed, _ = graded
    monkeypatch.setattr("course_utils.grading.run.grade_one", lambda *a: pytest.fail("graded again"))
    assert command(root).exit_code == 0
    report = json.loads((root / "report.json").read_text())
    assert {entry["student"]: entry["score"] for entry in report} == designed


def test_unknown_assignment_is_a_sentence(graded):
    root, _, _ = graded
    result = CliRunner().invoke(app, ["grade", "recurrence", "--course", str(root)])
    assert result.exit_code == 2
    assert "no assignment 'recurrence'" in result.output and "convolution" in result.output


def test_autograded_notebooks_are_written(graded):
    root, designed, _ = graded
    written = {p.parent.parent.name for p in Path(root, "autograded").glob("*/convolution/convolution.ipynb")}
    assert written == set(designed)
