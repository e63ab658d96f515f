"""Many submissions, workers and machines: nothing is lost, nothing counts twice, whoever dies."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course_utils.grading import run
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


def test_a_cell_that_was_once_a_task_is_marked_as_what_it_is_now(tmp_path):
    """The gradebook keeps both; nbgrader shows the later kind."""
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
