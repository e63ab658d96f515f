"""The demo class: what `nbgrader validate` tells its students, and what `nbgrader autograde` gives them."""

import csv
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from tests.assignments.running import read, score
from tests.demo_class import ASSIGNMENT, CLASS, RELEASE, ROOT, SOURCE, fill, right_answers, role, write_class


def nbgrader(folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # hidden tests use course_utils
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)


def test_the_class_has_a_submission_for_every_way_to_fail(tmp_path):
    scores = write_class(tmp_path)
    assert scores.keys() == {path.name for path in tmp_path.iterdir()}
    assert len(scores) == len(CLASS) >= 8
    assert (tmp_path / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").is_file()


HONEST = ("ada", "alonzo", "barbara", "claude", "dennis", "edsger", "frances", "katherine")


@pytest.mark.filterwarnings("ignore:slow loop")  # katherine's
@pytest.mark.parametrize("student", HONEST)
def test_honest_work_earns_the_designed_score(student):
    submission = next(submission for submission in CLASS if submission.student == student)
    source = read(SOURCE / f"{ASSIGNMENT}.ipynb")
    handed_in = nbformat.reads(submission.write(read(RELEASE), right_answers()), as_version=4)
    answers = {cell.id: cell.source for cell in handed_in.cells if role(cell).get("solution")}
    assert score(fill(source, answers)) == submission.score


def test_validate_accepts_the_perfect_submission_and_explains_the_wrong_one(tmp_path):
    write_class(tmp_path)
    told = {}
    for student in ("ada", "claude"):
        told[student] = nbgrader(tmp_path / student / ASSIGNMENT, "validate", f"{ASSIGNMENT}.ipynb").stdout
    assert "Success! Your notebook passes all the tests." in told["ada"]
    assert "VALIDATION FAILED ON 1 CELL" in told["claude"]  # the others fail on hidden tests alone
    assert "comes out when the kernel is turned by 180\n" in told["claude"]  # the message isn't cut off


@pytest.mark.slow
def test_plain_autograde_gives_everyone_the_designed_score(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "solutions" / ASSIGNMENT, tmp_path / "solutions" / ASSIGNMENT)
    designed = write_class(tmp_path / "submitted")
    assert nbgrader(tmp_path, "generate_assignment", ASSIGNMENT).returncode == 0
    graded = nbgrader(tmp_path, "autograde", ASSIGNMENT)
    assert (
        graded.returncode == 1 and "for student 'jean'" in graded.stderr
    )  # its file is no notebook; the rest is marked
    assert nbgrader(tmp_path, "export", "--to=grades.csv").returncode == 0
    with open(tmp_path / "grades.csv", newline="") as table:
        marked = {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}
    assert marked == designed
