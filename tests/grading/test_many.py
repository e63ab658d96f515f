"""Many submissions, workers and machines: nothing is lost, nothing counts twice, whoever dies."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course_utils.grading import run
from course_utils.grading.assignment import Course, CourseError
from course_utils.grading.run import close_graders, grade_class
from course_utils.grading.submissions import find
from course_utils.grading.watchdog import descendants

from . import courses

CELLS = [
    courses.given("import numpy as np"),
    courses.answer("a", "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"),
    courses.test("a-test", 3, "assert double(np.arange(3))[2] == 4"),
    courses.manual("essay", 2, "Because."),
]
WRONG = "def double(x):\n    return x"
SLOW = "import time\n\n\ndef double(x):\n    time.sleep(0.3)\n    return 2 * x"


def write_class(root, students, slow=False):
    """A course and a class in which every third student is wrong: (course, assignment, folder, scores)."""
    course = courses.make(root, CELLS, policy='uses = ["numpy"]\n')
    assignment = course.load("hw")
    scores = {}
    for number in range(students):
        name = f"s{number:03}"
        folder = root / "handed-in" / name
        folder.mkdir(parents=True)
        right = SLOW if slow else CELLS[1].source
        answers = {"a": WRONG if number % 3 == 0 else right, "essay": "I think so."}
        (folder / "hw.ipynb").write_bytes(courses.notebook(assignment, answers))
        scores[name] = 0 if number % 3 == 0 else 3
    return course, assignment, root / "handed-in", scores


def rows(course):
    """What the gradebook says: points by student, and how many submissions it has of each."""
    with Gradebook(course.db_url) as book:
        submissions = book.assignment_submissions("hw")
        names = [s.student.id for s in submissions]
        assert len(names) == len(set(names)), "a submission was written twice"
        return {s.student.id: s.score for s in submissions}


@pytest.fixture(autouse=True)
def end_sandboxes():
    yield
    close_graders()


def test_manual_scores_survive_regrading(tmp_path):
    course, assignment, folder, _ = write_class(tmp_path, 2)
    places = find(course, "hw", folder)
    grade_class(course, assignment, places)
    with Gradebook(course.db_url) as book:
        grade = book.find_grade("essay", "hw", "hw", "s001")
        assert grade.needs_manual_grade and grade.auto_score is None
        grade.manual_score = 1.5
        book.db.commit()
    grade_class(course, assignment, places, again=True)
    with Gradebook(course.db_url) as book:
        grade = book.find_grade("essay", "hw", "hw", "s001")
        assert (grade.manual_score, grade.score) == (1.5, 1.5)
    assert rows(course) == {"s000": 0, "s001": 4.5}


def test_marks_by_hand_and_late_penalties_count_in_the_result(tmp_path):
    course, assignment, folder, _ = write_class(tmp_path, 2)
    places = find(course, "hw", folder)
    grade_class(course, assignment, places)
    with Gradebook(course.db_url) as book:
        book.find_grade("essay", "hw", "hw", "s001").manual_score = 1.5
        book.find_grade("essay", "hw", "hw", "s001").extra_credit = 0.25
        book.db.commit()
    for again in (False, True):
        marked = grade_class(course, assignment, places, again=again)
        assert [m.score for m in marked] == [0, 4.75]
        assert {q.id: q.points for q in marked[1].questions} == {"a-test": 3, "essay": 1.75}


LATE = """
from nbgrader.plugins import LateSubmissionPlugin

class TwoPoints(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 2

c = get_config()
c.AssignLatePenalties.plugin_class = TwoPoints
"""


def test_a_due_date_that_moves_moves_the_penalty(tmp_path):
    course, assignment, folder, _ = write_class(tmp_path, 2)
    (tmp_path / "nbgrader_config.py").write_text(LATE)
    course = Course(tmp_path)
    (folder / "s001" / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
    places = find(course, "hw", folder)

    def due(date):
        with Gradebook(course.db_url) as book:
            book.update_or_create_assignment("hw", duedate=date)
        (marked,) = (m for m in grade_class(course, assignment, places) if m.student == "s001")
        with Gradebook(course.db_url) as book:
            penalty = book.find_submission("hw", "s001").late_submission_penalty
        assert marked.late_penalty == penalty
        assert marked.score == 3 - penalty
        return penalty

    assert grade_class(course, assignment, places)[1].score == 3
    assert [due("2026-03-01"), due("2026-03-05"), due("2026-03-02")] == [2, 0, 2]
    (folder / "s001" / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    assert due("2026-03-02") == 0


def test_questions_that_are_added_later_get_into_the_gradebook(tmp_path):
    course, assignment, folder, scores = write_class(tmp_path, 2)
    places = find(course, "hw", folder)
    grade_class(course, assignment, places)
    courses.make(tmp_path, [*CELLS, courses.test("a-more", 4, "assert double(1) == 2")])
    grade_class(course, course.load("hw"), places)
    assert rows(course) == {student: score * 7 / 3 for student, score in scores.items()}


def test_questions_that_are_gone_count_no_longer_unless_a_person_has_marked_them(tmp_path):
    course, assignment, folder, scores = write_class(tmp_path, 2)
    places = find(course, "hw", folder)
    grade_class(course, assignment, places)
    renamed = courses.test("a-new-name", 3, CELLS[2].source)
    courses.make(tmp_path, [*CELLS[:2], renamed, CELLS[3]])
    grade_class(course, course.load("hw"), places)
    assert rows(course) == scores
    with Gradebook(course.db_url) as book:
        assert book.find_assignment("hw").max_score == 5
        book.find_grade("essay", "hw", "hw", "s001").manual_score = 2
        book.db.commit()
    courses.make(tmp_path, [*CELLS[:2], renamed])
    with pytest.raises(CourseError, match="no longer has the question 'essay'"):
        grade_class(course, course.load("hw"), places)
    assert rows(course) == scores | {"s001": 5}


@pytest.mark.parametrize("lost", ["the gradebook", "a student", "a folder"])
def test_what_the_gradebook_has_lost_is_graded_again(lost, tmp_path):
    course, assignment, folder, scores = write_class(tmp_path, 2)
    places = find(course, "hw", folder)
    grade_class(course, assignment, places)
    if lost == "the gradebook":
        (tmp_path / "gradebook.db").unlink()
    elif lost == "a student":
        with Gradebook(course.db_url) as book:
            book.remove_student("s001")
    else:
        shutil.rmtree(tmp_path / "autograded" / "s001")
    grade_class(course, assignment, places)
    assert rows(course) == scores
    assert (tmp_path / "autograded" / "s001" / "hw" / "hw.ipynb").exists()


def test_a_new_wrong_answer_reaches_the_feedback(tmp_path):
    course, assignment, folder, _ = write_class(tmp_path, 2)
    places = find(course, "hw", folder)
    assert grade_class(course, assignment, places)[0].questions[0].diagnosis is None
    bank = tmp_path / "source" / "hw" / "wrong" / "a"
    bank.mkdir(parents=True)
    (bank / "same.py").write_text(
        f'"""Doubling is for others.\n\nYou give back what you got."""\n\n\n{WRONG}\n'
    )
    (tmp_path / "nbgrader_config.py").write_text('get_config().CourseDirectory.ignore = ["wrong"]\n')
    course = Course(tmp_path)
    assert "give back" in grade_class(course, course.load("hw"), places)[0].questions[0].diagnosis


def test_a_machine_that_cannot_grade_marks_nobody(tmp_path, monkeypatch):
    course, assignment, folder, scores = write_class(tmp_path, 2)
    places = find(course, "hw", folder)
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "bwrap").write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    (broken / "bwrap").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{broken}{os.pathsep}{os.environ['PATH']}")
        with pytest.raises(run.CannotGrade, match="the solution of 'hw' cannot be run"):
            grade_class(course, assignment, places)
        process = command(course, folder)
        assert "cannot be run" in process.communicate(timeout=60)[0] and process.returncode == 2
    close_graders()
    assert grade_class(course, assignment, places)[1].score == 3
    assert rows(course) == scores


def test_a_cell_that_was_once_a_task_is_marked_as_what_it_is_now(tmp_path):
    course, assignment, folder, _ = write_class(tmp_path, 2)
    with Gradebook(course.db_url) as book:
        book.add_assignment("hw")
        book.add_notebook("hw", "hw")
        book.add_task_cell("a-test", "hw", "hw", max_score=3, cell_type="markdown")
    grade_class(course, assignment, find(course, "hw", folder))
    with Gradebook(course.db_url) as book:
        assert book.find_grade("a-test", "hw", "hw", "s001").auto_score == 3


def test_only_what_changed_is_graded_again(tmp_path, monkeypatch):
    course, assignment, folder, _ = write_class(tmp_path, 4)
    grade_class(course, assignment, find(course, "hw", folder))
    (folder / "s000" / "hw.ipynb").write_bytes(courses.notebook(assignment, {"a": CELLS[1].source}))
    graded = []
    original = run.grade_one

    def spy(assignment, seed, protected, submission):
        graded.append(submission.student)
        return original(assignment, seed, protected, submission)

    monkeypatch.setattr(run, "grade_one", spy)
    marked = grade_class(course, assignment, find(course, "hw", folder))
    assert graded == ["s000"]
    assert [m.score for m in marked] == [3, 3, 3, 0]


def test_a_dead_sandbox_is_started_again(tmp_path):
    course, assignment, folder, scores = write_class(tmp_path, 6)
    places = find(course, "hw", folder)
    grade_class(course, assignment, places[:2])
    for pid in descendants(os.getpid()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended with another
            if b"zygote" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
    grade_class(course, assignment, places, workers=2)
    assert rows(course) == scores


def test_a_submission_on_which_the_grader_fails_is_marked_crashed(tmp_path, monkeypatch):
    course, assignment, folder, scores = write_class(tmp_path, 3)
    original = run.grade_one

    def fails_on_one(assignment, seed, protected, submission):
        if submission.student == "s001":
            raise OSError("the disk is full")
        return original(assignment, seed, protected, submission)

    monkeypatch.setattr(run, "grade_one", fails_on_one)
    marked = {m.student: m for m in grade_class(course, assignment, find(course, "hw", folder))}
    assert marked["s001"].status == "crashed" and "the disk is full" in marked["s001"].problems[0]
    assert {q.verdict for q in marked["s001"].questions} == {"crashed"}
    assert marked["s002"].score == scores["s002"]
    assert rows(course)["s001"] == 0
    monkeypatch.undo()
    grade_class(course, assignment, find(course, "hw", folder))
    assert rows(course) == scores, "the next run tries again"
    monkeypatch.setattr(run, "grade_one", fails_on_one)
    grade_class(course, assignment, find(course, "hw", folder), again=True)
    assert rows(course) == scores, "earlier marks stay"


def command(course, folder, *more, prefix=()):
    arguments = [
        "grade",
        "hw",
        "--course",
        course.root,
        "--submitted",
        folder,
        "--csv",
        course.root / "grades.csv",
    ]
    grader = [*prefix, sys.executable, "-m", "course_utils.grading.cli"]
    line = [*grader, *map(str, arguments), *map(str, more)]
    environment = {**os.environ, "PYTHONPATH": str(Path(run.__file__).parents[2])}
    return subprocess.Popen(
        line,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # also in the background
    )


def wait_for(course, count, process):
    journal = course.root / ".grading" / "hw"
    while len(list(journal.glob("*.json"))) < count:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.timeout(2000)  # an idle machine needs a minute
@pytest.mark.parametrize("victim", ["everything", "coordinator", "sandboxes", "judges"])
def test_a_killed_run_of_a_hundred_is_finished_by_the_next(tmp_path, victim):
    """Kill in the middle; a rerun grades the rest, and no mark is lost or counted twice."""
    course, _, folder, scores = write_class(tmp_path, 100, slow=True)
    first = command(course, folder, "--workers", 2)
    wait_for(course, 30, first)
    below = descendants(first.pid)
    kinds = {"sandboxes": b"inside.zygote", "judges": b"judge_zygote"}
    if victim in kinds:
        for pid in below:
            if kinds[victim] in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        assert first.wait(900) == 0, "a worker's death is no reason to stop"
    else:
        first.kill()
        first.wait()
        for pid in below if victim == "everything" else ():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        kept = rows(course)
        assert 29 <= len(kept) < 100 and kept.items() <= scores.items()
        deadline = time.monotonic() + 60
        while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not any(Path(f"/proc/{pid}").exists() for pid in below), "processes survive the coordinator"
    second = command(course, folder, "--workers", 2, "--json", tmp_path / "report.json")
    output, _ = second.communicate(timeout=900)
    assert second.returncode == 0, output
    assert rows(course) == scores
    report = json.loads((tmp_path / "report.json").read_text())
    assert {entry["student"]: entry["score"] for entry in report} == scores


def test_an_interrupted_run_is_finished_by_the_next(tmp_path):
    course, _, folder, scores = write_class(tmp_path, 10)
    for place in sorted(folder.iterdir())[4:]:
        hanging = courses.notebook(course.load("hw"), {"a": SLOW.replace("0.3", "15")})
        (place / "hw.ipynb").write_bytes(hanging)
    first = command(course, folder, "--workers", 2)
    wait_for(course, 4, first)
    first.send_signal(signal.SIGINT)
    output, _ = first.communicate(timeout=60)
    kept = rows(course)
    assert first.returncode == 2 and "Traceback" not in output, (first.returncode, output)
    said = re.search(r"interrupted. (\d+) of 10 .* run the same command again", " ".join(output.split()))
    assert said and int(said[1]) in (len(kept) - 1, len(kept)), (kept, output)
    assert len(kept) == 4 and kept.items() <= scores.items(), "it waited for those that were running"
    for place in sorted(folder.iterdir())[4:]:
        (place / "hw.ipynb").write_bytes(courses.notebook(course.load("hw"), {"a": CELLS[1].source}))
    second = command(course, folder, "--workers", 2)
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 0, output
    assert rows(course) == kept | {f"s{number:03}": 3 for number in range(4, 10)}


def test_a_gradebook_that_cannot_be_opened_ends_the_run_at_once(tmp_path):
    course, assignment, folder, _ = write_class(tmp_path, 6)
    for place in folder.iterdir():
        hanging = courses.notebook(assignment, {"a": SLOW.replace("0.3", "18")})
        (place / "hw.ipynb").write_bytes(hanging)
    (tmp_path / "gradebook.db").mkdir()
    started = time.monotonic()
    with pytest.raises(Exception, match="unable to open"):
        grade_class(course, assignment, find(course, "hw", folder), workers=2)
    assert time.monotonic() - started < 17, "it waited for the submissions that were running"


class Machines:
    """A dask scheduler and two workers as processes of their own, each started with the words of `prefix`."""

    def __init__(self, folder, prefix=()):
        self.file = folder / "scheduler.json"
        environment = {**os.environ, "PYTHONPATH": str(Path(run.__file__).parents[2])}
        quiet = {
            "env": environment,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "cwd": folder,
        }
        tool = [*prefix, sys.executable, "-m", "dask"]
        file = ["--scheduler-file", str(self.file), "--no-dashboard"]
        lines = [[*tool, "scheduler", *file, "--port", "0", "--host", "127.0.0.1"]]
        lines += 2 * [[*tool, "worker", *file, "--nthreads", "1"]]
        self.processes = [subprocess.Popen(line, **quiet) for line in lines]

    def __enter__(self):
        deadline = time.monotonic() + 300
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.address = json.loads(self.file.read_text())["address"]
        return self

    def __exit__(self, *error):
        for process in self.processes:
            self.kill(process)

    @staticmethod
    def kill(process):
        below = descendants(process.pid)
        process.kill()
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
@pytest.mark.timeout(2000)  # an idle machine needs a minute
def test_workers_of_a_separate_scheduler_give_the_same_marks(tmp_path):
    course, _, folder, scores = write_class(tmp_path, 12)
    with Machines(tmp_path) as machines:
        first = command(course, folder, "--scheduler", machines.address, "--json", tmp_path / "report.json")
        wait_for(course, 2, first)
        machines.kill(machines.processes[1])  # one of the two machines goes away
        output, _ = first.communicate(timeout=900)
        assert first.returncode == 0, output
    report = json.loads((tmp_path / "report.json").read_text())
    assert {entry["student"]: entry["score"] for entry in report} == scores == rows(course)


SET_LOOPBACK = """
import fcntl, socket, struct, sys
with socket.socket() as any_socket:  # SIOCSIFFLAGS with or without IFF_UP
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", int(sys.argv[1])))
"""


@pytest.fixture
def network():
    """A network namespace of its own: a prefix for commands inside it, and a function that switches it."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "2000"], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    if holder.poll() is not None:
        pytest.skip("this account may not make a network namespace")
    prefix = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]

    def switch(on):
        subprocess.run([*prefix, sys.executable, "-c", SET_LOOPBACK, str(int(on))], check=True)

    switch(True)
    yield prefix, switch
    holder.kill()
    holder.wait()


@pytest.mark.slow
@pytest.mark.timeout(2000)  # an idle machine needs a minute
def test_a_network_that_goes_away_costs_no_mark(tmp_path, network):
    """The run stops and says why; what it had is kept, and the next run grades the rest."""
    prefix, switch = network
    course, _, folder, scores = write_class(tmp_path, 100, slow=True)
    with Machines(tmp_path, prefix) as machines:
        first = command(course, folder, "--scheduler", machines.address, prefix=prefix)
        wait_for(course, 30, first)
        switch(False)
        output, _ = first.communicate(timeout=900)
        assert first.returncode == 2 and "out of reach" in output and "again" in output, output
        assert "Traceback" not in output
    kept = rows(course)
    assert 29 <= len(kept) < 100 and kept.items() <= scores.items()
    second = command(course, folder, "--workers", 2, "--json", tmp_path / "report.json")
    output, _ = second.communicate(timeout=900)
    assert second.returncode == 0, output
    report = json.loads((tmp_path / "report.json").read_text())
    assert {entry["student"]: entry["score"] for entry in report} == scores == rows(course)
